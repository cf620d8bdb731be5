//! What it takes to check signatures and to read certificates.
//!
//! `cargo bench --bench seals`. One core, the fixtures of `captures/cms` and `certs`. Prints signatures
//! checked a second (parsing, digest of the body, signature and chain), raw signatures a second of the
//! `openssl` of this machine in the same run, and certificates read and made into trees a second.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a benchmark may panic and talks"
)]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::Bytes;
use synctap::codec::{Hints, decode, pem};
use synctap::model::{Carrier, Holds, WallTime};
use synctap::seal::{Circumstances, Keyring, Over, verify};

/// How long each is measured.
const TIME: Duration = Duration::from_secs(2);

/// When the fixtures are looked at: after they were made.
const AT: WallTime = WallTime(1_798_761_600_000_000);

fn main() {
    let mut keyring = Keyring::new();
    keyring.trust(&file("certs/test-ca.pem")).unwrap();
    let body = file("captures/cms/body.xml");
    for (name, what) in [
        ("good.der", "RSA-2048, SHA-256"),
        ("pss.der", "RSA-2048 PSS"),
        ("p256.der", "ECDSA P-256"),
        ("p384.der", "ECDSA P-384"),
    ] {
        let message = file(&format!("captures/cms/{name}"));
        let circumstances = Circumstances {
            carrier: Carrier::File,
            at: AT,
            now: None,
            keyring: &keyring,
            known: &[],
        };
        let rate = per_second(|| {
            let report = verify(&message, Some(Over::Bytes(&body)), &circumstances);
            assert_eq!(report.holds, Holds::Valid, "{name}: {}", report.words());
        });
        println!("signature, {what}: {rate:.0}/s");
    }
    let der: Bytes = pem(&file("certs/device.pem")).next().unwrap().der.into();
    let rate = per_second(|| {
        let decoded = decode(der.clone(), &Hints::default());
        assert!(decoded.layers[0].tree.is_some());
    });
    println!("certificate of {} bytes, facts and tree: {rate:.0}/s", der.len());
    let sealed: Bytes = file("captures/cms/attached.der").into();
    let rate = per_second(|| {
        assert!(decode(sealed.clone(), &Hints::default()).layers.len() > 1);
    });
    println!("signed message of {} bytes, tree and all inside: {rate:.0}/s", sealed.len());
    peer();
}

/// Runs `work` for a while: times a second.
fn per_second(mut work: impl FnMut()) -> f64 {
    work();
    let begun = Instant::now();
    let mut times = 0_u64;
    while begun.elapsed() < TIME {
        work();
        times += 1;
    }
    times as f64 / begun.elapsed().as_secs_f64()
}

/// What the library of the `openssl` command does: one signature by one key, without message or chain.
fn peer() {
    let mut command = Command::new("openssl");
    command.args(["speed", "-seconds", "2", "rsa2048", "ecdsap256", "ecdsap384"]);
    match command.output() {
        Ok(output) => {
            let text = String::from_utf8_lossy(&output.stdout);
            let lines =
                text.lines().filter(|line| line.contains("verify/s") || line.contains("bits"));
            lines.for_each(|line| println!("openssl: {}", line.trim()));
        }
        Err(error) => println!("openssl: {error}"),
    }
}

fn file(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}
