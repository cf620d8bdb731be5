//! The certificates of the devices of a capture.

use crate::model::{CertificateStanding, Device, DeviceCertificate};
use crate::render::certificate_line;

use super::check::Check;

/// A line for each certificate that is not replaced, and for each request that came to nothing.
pub(crate) fn certificates(devices: &[Device]) -> Vec<Check> {
    let mut checks = Vec::new();
    for device in devices {
        let about = format!("certificate of {}", device.key.device);
        let own = device.certificates.iter().filter(|own| own.renewed_by.is_none());
        checks.extend(own.map(|certificate| of(&about, device, certificate)));
        let unanswered = device.requests.iter().rfind(|asked| {
            let known = device.certificates.iter().any(|own| own.key_sha256 == asked.key_sha256);
            !asked.answered && !known
        });
        checks.extend(unanswered.map(|asked| {
            let found = format!("asked for in {}, and none came", asked.exchange);
            Check::fail(&about, found, "look at the answer: `synctap show FILE ID`")
        }));
    }
    checks
}

fn of(about: &str, device: &Device, certificate: &DeviceCertificate) -> Check {
    let found = certificate_line(certificate, device.last_seen);
    if certificate.key_requested == Some(false) {
        let found = format!("{found}; its key is not that of the request");
        let advice = "the device cannot use it: see what the authority did with the request";
        return Check::fail(about, found, advice);
    }
    match certificate.standing(device.last_seen) {
        CertificateStanding::Valid | CertificateStanding::Renewed => Check::ok(about, found),
        CertificateStanding::RenewalDue => {
            Check::warn(about, found, "the device is to ask for another at its next session")
        }
        CertificateStanding::NotYetValid => {
            Check::fail(about, found, "see whether the clocks of device and authority agree")
        }
        CertificateStanding::Expired => {
            Check::fail(about, found, "the device has to enrol again: it was not renewed in time")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::model::{DeviceKey, WallTime};

    fn device(at: i64, certificate: DeviceCertificate) -> Device {
        let mut device = Device::new(DeviceKey::default(), WallTime(at));
        device.certificates.push(certificate);
        device
    }

    #[test]
    fn certificates_are_told_by_their_dates_and_keys() {
        let certificate = DeviceCertificate {
            not_before: WallTime(10),
            renewal: Some(WallTime(20)),
            not_after: WallTime(30),
            ..DeviceCertificate::default()
        };
        for (at, verdict) in
            [(5, Verdict::Fail), (15, Verdict::Ok), (25, Verdict::Warn), (35, Verdict::Fail)]
        {
            let checks = certificates(&[device(at, certificate.clone())]);
            assert_eq!(checks.iter().map(|c| c.verdict).collect::<Vec<_>>(), [verdict], "{at}");
        }
        let wrong = DeviceCertificate { key_requested: Some(false), ..certificate.clone() };
        assert_eq!(certificates(&[device(15, wrong)])[0].verdict, Verdict::Fail);
        let replaced = DeviceCertificate { renewed_by: Some("2".into()), ..certificate };
        assert!(certificates(&[device(35, replaced)]).is_empty());
    }
}
