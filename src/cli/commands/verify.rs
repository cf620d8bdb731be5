//! `synctap verify`: what became of every signature.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;

use crate::analyze::signature;
use crate::cli::args::VerifyArgs;
use crate::cli::input;
use crate::cli::keys;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::codec;
use crate::codec::Hints;
use crate::model::{Carrier, Decoded, Holds, SignatureReport};
use crate::render;
use crate::seal;
use crate::seal::{Circumstances, Keyring, Over};

use super::run::now;

/// Exit code when a signature that should hold does not.
const DOES_NOT_HOLD: u8 = 1;

/// Checks what was asked for.
pub(super) fn run(args: &VerifyArgs) -> Result<ExitCode, Report> {
    let keyring = keys::load(&args.keys)?;
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
    let holds = reports.iter().all(|report| holds(report, &keyring));
    Ok(if holds { ExitCode::SUCCESS } else { DOES_NOT_HOLD.into() })
}

/// True for a signature that does what it can: who issued its certificate is only asked when
/// somebody is trusted.
fn holds(report: &SignatureReport, keyring: &Keyring) -> bool {
    match report.holds {
        Holds::Valid => true,
        Holds::Untrusted => {
            !keyring.has_trusted() && report.all_reasons().all(|r| r.code == "unknown-issuer")
        }
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

fn print(out: &mut impl Write, report: &SignatureReport, json: bool) -> Result<(), Report> {
    if json {
        let mut object = json!({ "schema": render::SCHEMA });
        if let (Some(object), Ok(serde_json::Value::Object(report))) =
            (object.as_object_mut(), serde_json::to_value(report))
        {
            object.extend(report);
        }
        writeln!(out, "{object}")?;
    } else {
        for line in render::signature_lines(report) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
