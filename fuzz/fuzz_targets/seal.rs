//! Signed and encrypted messages, certificates, key files: any bytes, with a key that fits and one
//! that is trusted. The keys are those of certs/, for tests only.
#![no_main]

use std::sync::LazyLock;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use synctap::codec::{Hints, decode_opening};
use synctap::model::{Carrier, Holds, WallTime};
use synctap::seal::{Circumstances, Keyring, Over, read_header, verify};

static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
    let mut keyring = Keyring::new();
    keyring.trust(include_bytes!("../../certs/test-ca.pem")).unwrap();
    for key in [
        &include_bytes!("../../certs/server.key")[..],
        include_bytes!("../../certs/server-p256.key"),
    ] {
        keyring.add_key("test", key, None).unwrap();
    }
    keyring
});

fuzz_target!(|data: &[u8]| {
    let keyring = &*KEYRING;
    let decoded = decode_opening(Bytes::copy_from_slice(data), None, &Hints::default(), keyring);
    oracle::check(&decoded);
    let at = WallTime(1_800_000_000_000_000);
    let known = Circumstances { carrier: Carrier::File, at, now: Some(at), keyring, known: &[] };
    if let Ok(read) = read_header(data) {
        // Nobody signed these bytes.
        let report = verify(&read.message, Some(Over::Bytes(b"fuzz")), &known);
        assert_ne!(report.holds, Holds::Valid);
        assert_ne!(report.holds, Holds::Untrusted);
    }
    let _ = Keyring::new().add_key("fuzz", data, Some("test"));
    let _ = Keyring::new().trust(data);
});
