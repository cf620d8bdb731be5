//! Any bytes as a body: the first byte chooses the media type.
#![no_main]

use libfuzzer_sys::fuzz_target;

const TYPES: [&str; 6] = [
    "",
    "application/vnd.ms-sync.wbxml",
    "application/vnd.syncml.dm+wbxml",
    "application/vnd.wap.connectivity-wbxml",
    "application/vnd.wap.wmlc",
    "application/vnd.wv.csp.wbxml",
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, body)) = data.split_first() else { return };
    oracle::tokens_cover(body, 1);
    oracle::tokens_cover(body, 2);
    oracle::read(body, TYPES[usize::from(*choice) % TYPES.len()]);
});
