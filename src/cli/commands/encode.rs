//! `synctap encode`: XML from a file or standard input to WBXML.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::EncodeArgs;
use crate::cli::input;
use crate::cli::output::{say, stdout};
use crate::cli::report::Report;
use crate::codec;
use crate::codec::{Book, DocumentType, EncodeError, Hints, Preamble};
use crate::model::{Decoded, Grade, Name, NodeKind};
use crate::render;

/// Exit code when the XML has problems that lost nothing; the document is written all the same.
const HAS_PROBLEMS: u8 = 1;

/// Reads XML, writes WBXML.
pub(super) fn run(args: &EncodeArgs) -> Result<ExitCode, Report> {
    let book = book(&args.as_type)?;
    let output = args.output.as_deref().filter(|path| *path != Path::new("-"));
    if output.is_none() && io::stdout().is_terminal() {
        return Err(Report::new("cannot write WBXML to a terminal")
            .because("it is binary")
            .hint("name a file with `-o FILE`, or pipe it into a command"));
    }
    let body = input::read(&args.file)?;
    let decoded = codec::decode_as(body, DocumentType::Xml, &Hints::default());
    let wbxml = encode(args, &decoded, book)?;
    let unknown = unknown_names(&wbxml, book);
    if let Some(path) = output {
        fs::write(path, wbxml).map_err(|error| {
            Report::new(format!("cannot write `{}`", path.display())).because(error)
        })?;
    } else {
        let mut out = stdout();
        out.write_all(&wbxml)?;
        out.flush()?;
    }
    for problem in &decoded.problems {
        say(&format!("byte {}: {}", problem.span.start, render::clean(&problem.text)));
    }
    if let Some(text) = &unknown {
        say(text);
    }
    let sound = decoded.problems.is_empty() && unknown.is_none();
    Ok(if sound { ExitCode::SUCCESS } else { HAS_PROBLEMS.into() })
}

/// Says which names have no token and were written as they are.
fn unknown_names(wbxml: &[u8], book: &'static Book) -> Option<String> {
    let body = wbxml.to_vec().into();
    let written = codec::decode_as(body, DocumentType::Wbxml(book), &Hints::default());
    let (_, tree, _) = written.document()?;
    let mut names = BTreeSet::new();
    for node in tree.nodes() {
        let NodeKind::Element(element) = &node.kind else { continue };
        let attributes = element.attributes.iter().map(|attribute| attribute.name);
        names.extend(std::iter::once(element.name).chain(attributes).filter_map(
            |name| match name {
                Name::Literal(name) => Some(render::clean(name).into_owned()),
                _ => None,
            },
        ));
    }
    let shown: Vec<_> = names.iter().take(NAMES).map(|name| format!("`{name}`")).collect();
    let more = names.len().checked_sub(NAMES).filter(|more| *more > 0);
    let more = more.map_or_else(String::new, |more| format!(" and {more} more"));
    (!names.is_empty())
        .then(|| format!("no token in {}, written by name: {}{more}", book.name, shown.join(", ")))
}

/// Names that are told one by one.
const NAMES: usize = 8;

fn encode(args: &EncodeArgs, decoded: &Decoded, book: &'static Book) -> Result<Vec<u8>, Report> {
    let cannot = || Report::new(format!("cannot encode `{}`", args.file.display()));
    if let Some(problem) = decoded.problems.iter().find(|p| p.grade == Grade::Broken) {
        return Err(cannot()
            .because(format!("byte {}: {}", problem.span.start, problem.text))
            .hint("give one XML document, such as `synctap decode --xml` prints"));
    }
    let Some((_, tree, layer)) = decoded.document() else {
        return Err(cannot().because(EncodeError::NoRoot));
    };
    codec::encode(tree, layer, &Preamble::for_xml(tree, layer, book)).map_err(|error| match error {
        EncodeError::Base64(id) => {
            let name = tree.name(id).unwrap_or("an instruction");
            cannot().because(format!("`{name}` says it holds base64 and does not"))
        }
        other => cannot().because(other),
    })
}

fn book(name: &str) -> Result<&'static Book, Report> {
    if let Ok(DocumentType::Wbxml(book)) = name.parse() {
        return Ok(book);
    }
    let keys: Vec<_> = Book::all().iter().map(|book| book.key).collect();
    Err(Report::new(format!("cannot encode as `{name}`"))
        .because("no WBXML document type has this name")
        .hint(format!("use one of: {}", keys.join(", "))))
}
