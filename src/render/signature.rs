//! Signatures in words.

use crate::model::{SignatureReport, SignerReport, WallTime};

use super::clean::clean;

/// Everything said about a signature, for a person: the verdict, then each signer.
pub fn signature_lines(report: &SignatureReport) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", report.carrier.name(), clean(&report.words()))];
    for signer in &report.signers {
        signer_lines(signer, &mut lines);
    }
    lines.extend(report.remarks.iter().map(|remark| format!("  note: {}", clean(&remark.text))));
    lines
}

fn signer_lines(signer: &SignerReport, lines: &mut Vec<String>) {
    let mut say = |label: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("  {label:<12} {}", clean(text)));
        }
    };
    match &signer.certificate {
        Some(certificate) => {
            say("signer", &certificate.subject);
            say("issuer", &certificate.issuer);
            say("serial", &certificate.serial);
            let valid = format!(
                "{} to {}",
                certificate.not_before.rfc3339(),
                certificate.not_after.rfc3339()
            );
            say("certificate", &format!("from {}; valid {valid}", certificate.source));
            say("chain", &certificate.chain.join(" <- "));
        }
        None => say("signer", &signer.signer),
    }
    say("digest", &signer.digest);
    say("signature", &signer.algorithm);
    say("signed at", &signer.signing_time.map(WallTime::rfc3339).unwrap_or_default());
    say("over", &signer.form);
    for remark in &signer.remarks {
        say("note", &remark.text);
    }
}
