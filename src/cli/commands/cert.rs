//! `synctap cert`: certificates and requests with the fields people look for.

use std::io::Write as _;
use std::process::ExitCode;

use serde_json::json;

use crate::cli::args::CertArgs;
use crate::cli::input;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::codec;
use crate::codec::Hints;
use crate::model::{Decoded, Format, Layer, LayerId};
use crate::render;
use crate::render::{OutlineOptions, clean};
use crate::seal;

/// Prints every certificate and request in the file.
pub(super) fn run(args: &CertArgs) -> Result<ExitCode, Report> {
    let decoded = codec::decode(input::read(&args.file)?, &Hints::default());
    let found: Vec<(LayerId, &Layer)> = decoded.ids().filter(|(_, l)| kind(l).is_some()).collect();
    if found.is_empty() {
        return Err(Report::new(format!("cannot show `{}`", args.file.display()))
            .because("there is no certificate and no request in it")
            .hint(
                "name a file in PEM, DER, PKCS#7 or PKCS#10; anything else: synctap decode FILE",
            ));
    }
    let mut out = stdout();
    for (at, (id, layer)) in found.into_iter().enumerate() {
        if args.json {
            writeln!(out, "{}", object(layer))?;
            continue;
        }
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{}", kind(layer).unwrap_or_default())?;
        for (name, text) in fields(layer) {
            writeln!(out, "  {name:<23} {}", clean(&text))?;
        }
        if args.tree {
            out.write_all(tree(&decoded, id).as_bytes())?;
        }
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// What a layer is, if it is shown here.
fn kind(layer: &Layer) -> Option<&'static str> {
    match layer.format {
        Format::Binary(name @ ("X.509 certificate" | "PKCS#10 request")) => Some(name),
        _ => None,
    }
}

fn fields(layer: &Layer) -> Vec<(&'static str, String)> {
    let facts = layer.facts.iter().map(|(name, text)| (*name, text.to_string()));
    let mut fields: Vec<_> = facts.collect();
    fields.push(("SHA-256", seal::sha256_hex(&layer.bytes)));
    fields.push(("SHA-1 (thumbprint)", seal::sha1_hex(&layer.bytes)));
    fields
}

fn object(layer: &Layer) -> serde_json::Value {
    let mut object = json!({ "schema": render::SCHEMA, "kind": kind(layer) });
    for (name, text) in fields(layer) {
        object[name] = text.into();
    }
    object
}

/// The ASN.1 tree of one layer.
fn tree(decoded: &Decoded, id: LayerId) -> String {
    let options =
        OutlineOptions { value_limit: 200, only_inside: false, ..OutlineOptions::default() };
    let lines = render::outline(decoded, &[], options);
    let own: Vec<_> =
        lines.into_iter().filter(|line| line.layer == id && line.node.is_some()).collect();
    render::outline_text(&own)
}
