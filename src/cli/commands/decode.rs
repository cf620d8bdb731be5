//! `synctap decode`: one body from a file or standard input.

use std::io::{self, IsTerminal as _, Write as _};
use std::panic::resume_unwind;
use std::process::ExitCode;
use std::thread;

use crate::analyze;
use crate::cli::args::{DecodeArgs, LegArg};
use crate::cli::input;
use crate::cli::keys;
use crate::cli::output::{say, stdout};
use crate::cli::report::Report;
use crate::codec;
use crate::codec::{DocumentType, Hints};
use crate::model::{Decoded, Leg};
use crate::render;
use crate::render::{Outline, OutlineOptions, Outlined, Secrets};
use crate::seal::{Bootstrap, Integrity, Pin};

/// Exit code when the body has problems; what was understood is printed all the same.
const HAS_PROBLEMS: u8 = 1;

/// Longest value of an outline line, in characters; XML and JSON print values whole.
const VALUE_LIMIT: usize = 2000;

/// Decodes and prints.
pub(super) fn run(args: &DecodeArgs) -> Result<ExitCode, Report> {
    let body = input::read(&args.file)?;
    let leg = args.leg.map(|leg| match leg {
        LegArg::Request => Leg::Request,
        LegArg::Response => Leg::Response,
    });
    let content_type = &args.content_type;
    let hints = Hints { content_type, leg, strict: args.strict, ..Hints::default() };
    let integrity = check_mac(&body, args);
    let keyring = keys::load(&args.keys)?;
    let as_type = args.as_type.as_deref().map(document_type).transpose()?;
    let decoded = codec::decode_opening(body, as_type, &hints, &keyring);
    // XML for a file or a program is a conversion, which `encode` turns back; on a terminal somebody
    // may look on.
    let converts = args.xml && !io::stdout().is_terminal();
    let secrets = if args.show_secrets || converts { Secrets::Shown } else { Secrets::Masked };
    let mut out = stdout();
    if args.json {
        let notes = analyze::annotate_body(&decoded, leg);
        let mut object = render::json_decoded(&decoded, &notes, secrets);
        object["schema"] = render::SCHEMA.into();
        if let Some(integrity) = &integrity {
            object["integrity"] = integrity.name().into();
        }
        writeln!(out, "{object}")?;
    } else if args.xml {
        print_xml(&mut out, &decoded, secrets)?;
    } else {
        let (layer_lines, only_inside) = (usize::MAX, !args.asn1);
        let options =
            OutlineOptions { value_limit: VALUE_LIMIT, layer_lines, secrets, only_inside };
        print_outline(&mut out, &decoded, leg, options)?;
    }
    out.flush()?;
    if let Some(integrity) = &integrity {
        say(&format!("MAC: {}", integrity.words()));
    }
    let sound = decoded.problems.is_empty() && integrity != Some(Integrity::Invalid);
    Ok(if sound { ExitCode::SUCCESS } else { HAS_PROBLEMS.into() })
}

/// The code of a provisioning document that its media type carries, checked with what was given.
fn check_mac(body: &[u8], args: &DecodeArgs) -> Option<Integrity> {
    let bootstrap = Bootstrap::of_content_type(&args.content_type)?;
    Some(bootstrap.verify(body, Pin { user: &args.pin, imsi: &args.imsi }))
}

/// One line at a time: the first does not wait for the last. Notes and lines are found side by side.
fn print_outline(
    out: &mut impl io::Write,
    decoded: &Decoded,
    leg: Option<Leg>,
    options: OutlineOptions,
) -> io::Result<()> {
    let (index, notes) = thread::scope(|scope| {
        let notes = scope.spawn(|| analyze::annotate_body(decoded, leg));
        let index = Outline::bare(decoded, options);
        (index, notes.join().unwrap_or_else(|panic| resume_unwind(panic)))
    });
    let index = index.noted(&notes);
    for line in Outlined::new(&index, Some(decoded), &notes).lines(0..usize::MAX) {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// XML on stdout is data; what is wrong with the body is talk.
fn print_xml(out: &mut impl io::Write, decoded: &Decoded, secrets: Secrets) -> Result<(), Report> {
    let Some((layer, ..)) = decoded.document() else {
        if decoded.is_broken() {
            say_problems(decoded);
            return Ok(());
        }
        let format = decoded.layer(decoded.main()).map_or("empty", |l| l.format.label());
        return Err(Report::new("cannot print the body as XML")
            .because(format!("it is {format}"))
            .hint("leave out `--xml`, or say what it is with `--as TYPE`"));
    };
    // A string table may hold what is masked.
    let print = |secrets| {
        let note = |id| codec::note(decoded, id, secrets == Secrets::Shown);
        render::xml_exact(decoded, layer, secrets, &note)
    };
    let text = print(secrets);
    writeln!(out, "{text}")?;
    if secrets == Secrets::Masked && text != print(Secrets::Shown) {
        say("credentials are masked on a terminal; `--show-secrets`, a file or a pipe has them");
    }
    say_problems(decoded);
    Ok(())
}

fn say_problems(decoded: &Decoded) {
    for problem in &decoded.problems {
        let text = render::clean(&problem.text);
        say(&format!("byte {}: {text}", problem.span.start));
    }
}

fn document_type(name: &str) -> Result<DocumentType, Report> {
    name.parse().map_err(|_| {
        Report::new(format!("cannot decode as `{name}`"))
            .because("no document type has this name")
            .hint(format!("use one of: {}", DocumentType::names().collect::<Vec<_>>().join(", ")))
    })
}
