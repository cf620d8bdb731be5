//! `synctap verify`: what became of every signature.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::analyze::signature;
use crate::analyze::signature::Signature;
use crate::cli::args::VerifyArgs;
use crate::cli::input;
use crate::cli::keys;
use crate::cli::output::{say, stdout};
use crate::cli::report::Report;
use crate::codec;
use crate::codec::Hints;
use crate::model::{Carrier, Decoded, Device, Exchange, Holds, SignatureReport};
use crate::render;
use crate::seal;
use crate::seal::{Circumstances, Keyring, Over};

use super::open;
use super::run::now;

/// Exit code when a signature that should hold does not.
const DOES_NOT_HOLD: u8 = 1;

/// Checks what was asked for.
pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, Report> {
    let keyring = keys::load(&args.keys)?;
    if let Some(file) = args.file.as_ref().filter(|file| is_capture(file)) {
        return capture(args, file, keyring);
    }
    let reports = match (&args.signature, &args.file) {
        (Some(signature), _) => alone(args, signature, &keyring)?,
        (None, Some(file)) => body(args, file, &keyring)?,
        (None, None) => Vec::new(),
    };
    let mut out = stdout();
    for report in &reports {
        print(&mut out, report, args.json)?;
    }
    out.flush()?;
    let trusted = keyring.has_trusted();
    let holds = reports.iter().all(|report| holds(report, trusted));
    Ok(if holds { ExitCode::SUCCESS } else { DOES_NOT_HOLD.into() })
}

/// True for a file that `synctap run` wrote.
fn is_capture(file: &Path) -> bool {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut head = [0; 16];
    let read = File::open(file).and_then(|mut file| file.read_exact(&mut head));
    read.is_ok() && head == *MAGIC
}

/// One line for each signature of a capture.
fn capture(args: &VerifyArgs, file: &Path, keyring: Keyring) -> Result<ExitCode, Report> {
    let (mut all_hold, mut found) = (true, false);
    let has_trusted = keyring.has_trusted();
    let viewer = open::viewer_with(file, keyring)?;
    let mut out = stdout();
    let mut failed = None;
    let mut tell = |exchange: &Exchange, signature: &Signature| {
        found = true;
        all_hold &= holds(&signature.report, has_trusted);
        let told = tell_exchange(&mut out, exchange, signature, args.json);
        failed = failed.take().or(told.err());
    };
    let devices = viewer.signatures(&mut tell);
    let devices = devices.map_err(|e| Report::new("cannot read the capture").because(e))?;
    if let Some(failed) = failed {
        return Err(failed);
    }
    for device in &devices {
        tell_device(&mut out, device, args.json)?;
    }
    if !found {
        say("no exchange of this capture is signed");
    }
    out.flush()?;
    Ok(if all_hold { ExitCode::SUCCESS } else { DOES_NOT_HOLD.into() })
}

fn tell_exchange(
    out: &mut impl Write,
    exchange: &Exchange,
    signature: &Signature,
    json: bool,
) -> Result<(), Report> {
    let report = &signature.report;
    if json {
        let mut object = object(report);
        object["exchange"] = exchange.id.0.into();
        object["started"] = exchange.started.rfc3339().into();
        object["url"] = exchange.url().into();
        object["leg"] = signature.leg.name().into();
        writeln!(out, "{object}")?;
        return Ok(());
    }
    let (started, leg) = (exchange.started.rfc3339(), signature.leg.name());
    let signer = report.signers.first().and_then(|s| s.certificate.as_ref());
    let signer = signer.map_or_else(String::new, |c| format!(" ({})", c.subject));
    let line = format!(
        "{} {started} {leg} {}: {}{signer}",
        exchange.id,
        report.carrier.name(),
        report.words()
    );
    writeln!(out, "{}", render::clean(&line))?;
    Ok(())
}

/// A device and its certificates.
fn tell_device(out: &mut impl Write, device: &Device, json: bool) -> Result<(), Report> {
    if json {
        for certificate in &device.certificates {
            let object = json!({
                "schema": render::SCHEMA,
                "device": device.key,
                "device_certificate": certificate,
            });
            writeln!(out, "{object}")?;
        }
        return Ok(());
    }
    writeln!(out, "device {}", render::clean(&device.key.to_string()))?;
    for entry in render::certificate_lines(device) {
        for (at, line) in entry.iter().enumerate() {
            writeln!(out, "  {}{line}", if at == 0 { "" } else { "  " })?;
        }
    }
    Ok(())
}

/// True for a signature that does what it can: who issued its certificate is only asked when
/// somebody is trusted.
fn holds(report: &SignatureReport, trusted: bool) -> bool {
    match report.holds {
        Holds::Valid => true,
        Holds::Untrusted => !trusted && report.all_reasons().all(|r| r.code == "unknown-issuer"),
        Holds::Unchecked | Holds::Bad => false,
    }
}

fn circumstances<'a>(args: &VerifyArgs, keyring: &'a Keyring) -> Circumstances<'a> {
    let now = now();
    let at = args.at.unwrap_or(now);
    Circumstances { carrier: Carrier::File, at, now: Some(now), keyring, known: &[] }
}

/// One signature over one body, or over what it holds itself.
fn alone(
    args: &VerifyArgs,
    signature: &Path,
    keyring: &Keyring,
) -> Result<Vec<SignatureReport>, Report> {
    let bytes = input::read(signature)?;
    let circumstances = circumstances(args, keyring);
    let Some(body) = &args.body else {
        return body_of(args, &bytes, keyring)
            .map_or_else(|| Ok(vec![over(&bytes, None, &circumstances)]), Ok);
    };
    let body = decoded(&input::read(body)?, keyring);
    Ok(vec![over(&bytes, Some(Over::Body(&body)), &circumstances)])
}

fn over(signature: &[u8], over: Option<Over<'_>>, known: &Circumstances<'_>) -> SignatureReport {
    match seal::read_header(signature) {
        Ok(read) => {
            let mut report = seal::verify(&read.message, over, known);
            report.remarks.splice(0..0, read.remarks);
            report
        }
        Err(reason) => SignatureReport::unchecked(Carrier::File, reason.code, reason.text),
    }
}

fn decoded(bytes: &[u8], keyring: &Keyring) -> Decoded {
    codec::decode_opening(bytes.to_vec().into(), None, &Hints::default(), keyring)
}

/// The signatures inside a body, encrypted or not.
fn body_of(args: &VerifyArgs, bytes: &[u8], keyring: &Keyring) -> Option<Vec<SignatureReport>> {
    let decoded = decoded(bytes, keyring);
    let found = signature::in_body(&decoded, &circumstances(args, keyring));
    (!found.is_empty()).then(|| found.into_iter().map(|(_, report)| report).collect())
}

fn body(args: &VerifyArgs, file: &Path, keyring: &Keyring) -> Result<Vec<SignatureReport>, Report> {
    let bytes = input::read(file)?;
    body_of(args, &bytes, keyring).ok_or_else(|| {
        Report::new(format!("cannot verify `{}`", file.display()))
            .because("there is no signature in it that can be read")
            .hint("look inside: synctap decode --key KEY FILE")
    })
}

fn object(report: &SignatureReport) -> serde_json::Value {
    let mut object = serde_json::to_value(report).unwrap_or_default();
    object["schema"] = render::SCHEMA.into();
    object
}

fn print(out: &mut impl Write, report: &SignatureReport, json: bool) -> Result<(), Report> {
    if json {
        writeln!(out, "{}", object(report))?;
        return Ok(());
    }
    for line in render::signature_lines(report) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
