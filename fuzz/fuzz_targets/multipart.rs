//! ActiveSync multipart bodies.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    oracle::read(data, "application/vnd.ms-sync.multipart");
});
