//! Bytes as the data of a SyncML item, of a Provision policy and of a mail: what opens inside is
//! checked as any body.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// Before and behind the bytes: `SyncML/SyncBody/Results/Item/Data`, `Provision/…/Data`,
/// `SendMail/Mime`.
const PLACES: [(&[u8], usize); 3] = [
    (b"\x02\xA4\x01\x6A\x00\x6D\x6B\x62\x54\x4F", 5),
    (b"\x03\x01\x6A\x00\x00\x0E\x45\x46\x47\x4A", 4),
    (b"\x03\x01\x6A\x00\x00\x15\x45\x50", 2),
];

fuzz_target!(|data: &[u8]| {
    let Some((choice, inner)) = data.split_first() else { return };
    if inner.len() > 0x3FFF {
        return;
    }
    let (before, open) = PLACES[usize::from(*choice) % PLACES.len()];
    let mut body = before.to_vec();
    if choice & 0x80 == 0 {
        body.extend([0xC3, 0x80 | (inner.len() >> 7) as u8, (inner.len() & 0x7F) as u8]);
        body.extend(inner);
    } else {
        body.push(3);
        body.extend(inner.iter().filter(|byte| **byte != 0));
        body.push(0);
    }
    body.extend(std::iter::repeat_n(1, open));
    oracle::comes_back(&oracle::read(&body, ""));
});
