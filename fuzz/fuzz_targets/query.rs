//! The ActiveSync query, plain and base64.
#![no_main]

use libfuzzer_sys::fuzz_target;
use synctap::codec::Query;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let _ = Query::parse(&text);
    let _ = Query::of_target(&format!("/Microsoft-Server-ActiveSync?{text}"));
    let _ = Query::parse(&base64(data));
});

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let mut whole = [0; 3];
        whole[..group.len()].copy_from_slice(group);
        let number = u32::from_be_bytes([0, whole[0], whole[1], whole[2]]);
        for place in 0..4 {
            let digit = DIGITS[(number >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
