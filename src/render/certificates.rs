//! The certificates of a device in words.

use crate::model::{CertificateStanding, CertificateUse, Device, DeviceCertificate, WallTime};

use super::clean;
use super::units::count;

/// What is known of the certificates of a device, a certificate an entry: the first line names it, the
/// others tell what it is for and where it comes from. All clean. Dates are judged at the device's last
/// exchange.
pub fn certificate_lines(device: &Device) -> Vec<Vec<String>> {
    let mut entries: Vec<Vec<String>> =
        device.certificates.iter().map(|own| of_certificate(own, device.last_seen)).collect();
    for asked in device.requests.iter().filter(|asked| !asked.answered) {
        // One that was used later came of it.
        if device.certificates.iter().any(|own| own.key_sha256 == asked.key_sha256) {
            continue;
        }
        let what = if asked.renewal { "renewal" } else { "certificate" };
        let line = format!(
            "{what} asked for in {}, and none came: {}, {}",
            asked.exchange, asked.subject, asked.key
        );
        entries.push(vec![clean(&line).into_owned()]);
    }
    entries
}

/// One line: `CN=…, serial 4712, RSA 2048, until 2027-11-01, EXPIRED`.
pub fn certificate_line(certificate: &DeviceCertificate, now: WallTime) -> String {
    let DeviceCertificate { subject, serial, key, not_after, .. } = certificate;
    let mut line = format!("{subject}, serial {serial}, {key}, until {}", day(*not_after));
    let standing = certificate.standing(now);
    if standing != CertificateStanding::Valid {
        line.push_str(", ");
        line.push_str(standing.name());
    }
    clean(&line).into_owned()
}

fn of_certificate(certificate: &DeviceCertificate, now: WallTime) -> Vec<String> {
    let mut lines = vec![certificate_line(certificate, now)];
    lines.push(format!(
        "valid from {}, thumbprint {}",
        day(certificate.not_before),
        certificate.sha1
    ));
    lines.push(match certificate.issued {
        Some(at) => format!("issued in {at} by {}", certificate.issuer),
        None => format!("issued by {}, not in this capture", certificate.issuer),
    });
    lines.extend(match (certificate.requested, certificate.key_requested) {
        (Some(at), Some(true)) => Some(format!("for the key of the request in {at}")),
        (Some(at), Some(false)) => Some(format!("NOT for the key of the request in {at}")),
        _ => None,
    });
    let uses = [
        uses("proves the device by TLS", "exchange", certificate.tls),
        uses("signs messages", "message", certificate.signed),
    ];
    let uses: Vec<String> = uses.into_iter().flatten().collect();
    lines.push(if uses.is_empty() { "not seen in use".to_owned() } else { uses.join("; ") });
    if let Some(serial) = &certificate.renewed_by {
        lines.push(format!("renewed: serial {serial} took its place"));
    } else if let Some(from) = certificate.renewal {
        lines.push(format!("to be renewed from {} on", day(from)));
    }
    lines.iter().map(|line| clean(line).into_owned()).collect()
}

/// `signs messages (4 messages, #6 to #9)`.
fn uses(what: &str, of: &str, uses: Option<CertificateUse>) -> Option<String> {
    let CertificateUse { first, last, times } = uses?;
    let times = count(times, of);
    let range = if first == last { first.to_string() } else { format!("{first} to {last}") };
    Some(format!("{what} ({times}, {range})"))
}

fn day(time: WallTime) -> String {
    time.utc().date().to_string()
}
