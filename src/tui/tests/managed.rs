//! Devices that are managed, as sheets show them.

use super::canned::{self, HOSTILE};
use crate::model::{
    CertificateRequested, CertificateUse, Device, DeviceCertificate, Enrolment, ExchangeId,
    Management, SessionBrief, SessionVerdict, WallTime,
};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The device of the canned exchanges, as SyncML alone tells of it.
pub(super) fn managed() -> Vec<Device> {
    let mut device = Device::new(canned::devices()[0].key.clone(), canned::NOW);
    device.version = "DM/1.2".into();
    device.user_agent = "MSFT OMA DM Client/1.2.0.1".into();
    (device.last_command, device.last) = ("Alert 1201".into(), ExchangeId(8));
    (device.exchanges, device.findings) = (12, 2);
    device.management = Some(Management {
        told: vec![
            ("manufacturer", "Contoso".into()),
            ("model", "Lab 5".into()),
            ("software", "10.0.22631.2861".into()),
        ],
        sessions: 3,
        last: Some(SessionBrief {
            id: "2F".into(),
            protocol: "DM/1.2".into(),
            host: "dm.lab.example".into(),
            user: String::new(),
            started: canned::NOW,
            first: ExchangeId(6),
            end: ExchangeId(8),
            verdict: SessionVerdict::Complete,
            why: String::new(),
            authentication: "MD5, accepted".into(),
            done: 11,
            failed: 1,
            waiting: 0,
        }),
    });
    vec![device]
}

/// The same, whose enrolment was seen, with certificates of every standing.
pub(super) fn enrolled() -> Vec<Device> {
    let mut devices = managed();
    let device = &mut devices[0];
    device.enrolment = Some(Enrolment {
        user: "alice@lab.example".into(),
        name: "LAB-PC-1".into(),
        enrolled: Some(ExchangeId(3)),
        renewals: 1,
        server: "https://dm.lab.example/omadm".into(),
        schedule: "8 times every 15 min; also at each login".into(),
        joined: "its certificate",
        ..Enrolment::default()
    });
    device.signing = Some(ExchangeId(5));
    let old = certificate(1, -350, 15);
    let uses = CertificateUse { first: ExchangeId(4), last: ExchangeId(6), times: 3 };
    let old = DeviceCertificate {
        issued: Some(ExchangeId(3)),
        requested: Some(ExchangeId(3)),
        key_requested: Some(true),
        tls: Some(uses),
        signed: Some(uses),
        renewed_by: Some("4713".into()),
        ..old
    };
    let new = DeviceCertificate {
        issued: Some(ExchangeId(7)),
        requested: Some(ExchangeId(7)),
        key_requested: Some(false),
        renewal: Some(WallTime(canned::NOW.0 + 300 * DAY)),
        ..certificate(2, 0, 365)
    };
    let stranger = DeviceCertificate { signed: Some(uses), ..certificate(3, -400, -1) };
    device.certificates = vec![old, new, stranger];
    device.requests = vec![CertificateRequested {
        exchange: ExchangeId(8),
        subject: "CN=Lab PC".into(),
        key: "EC P-256".into(),
        key_sha256: "no other's".into(),
        renewal: true,
        answered: false,
    }];
    devices
}

fn certificate(number: u8, from: i64, until: i64) -> DeviceCertificate {
    DeviceCertificate {
        subject: "CN=Lab PC".into(),
        issuer: "CN=Lab Issuing CA, O=Lab".into(),
        serial: format!("471{}", number + 1),
        key: "RSA 2048".into(),
        key_sha256: format!("key {number}"),
        not_before: WallTime(canned::NOW.0 + from * DAY),
        not_after: WallTime(canned::NOW.0 + until * DAY),
        sha1: format!("{number:040X}"),
        sha256: format!("{number:064x}"),
        ..DeviceCertificate::default()
    }
}

/// The same, with text of the wire that a terminal would act on.
pub(super) fn hostile() -> Vec<Device> {
    let bad = || HOSTILE.to_owned();
    let mut devices = enrolled();
    let device = &mut devices[0];
    (device.key.host, device.key.user, device.key.device) = (bad(), bad(), bad().to_lowercase());
    (device.version, device.user_agent, device.last_command) = (bad(), bad(), bad());
    let enrolment = device.enrolment.as_mut().unwrap();
    (enrolment.user, enrolment.name, enrolment.server) = (bad(), bad(), bad());
    let management = device.management.as_mut().unwrap();
    management.told[0].1 = bad();
    let last = management.last.as_mut().unwrap();
    (last.id, last.protocol, last.host, last.why) = (bad(), bad(), bad(), bad());
    last.authentication = bad();
    for own in &mut device.certificates {
        (own.subject, own.issuer, own.serial, own.key) = (bad(), bad(), bad(), bad());
        own.renewed_by = Some(bad());
    }
    (device.requests[0].subject, device.requests[0].key) = (bad(), bad());
    devices
}
