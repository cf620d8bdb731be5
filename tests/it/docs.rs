//! Generated pages are current.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};

/// Compares a page with what the code says now; `UPDATE_DOCS=1 cargo test docs` writes it.
fn check(page: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference").join(page);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "docs/reference/{page} is stale: UPDATE_DOCS=1 cargo test --test it docs"
    );
}

#[test]
fn the_command_line_page_is_current() {
    let mut page = String::from("# Command line\n\nGenerated from the flags.\n");
    help(&mut synctap::cli::Args::command().bin_name("synctap"), "synctap", &mut page);
    check("cli.md", &page);
}

/// The ceilings of the codec, from their definitions.
#[test]
fn the_limits_page_is_current() {
    let source = include_str!("../../src/codec/limits.rs");
    let mut page = String::from(LIMITS);
    let mut doc = String::new();
    for line in source.lines() {
        if let Some(text) = line.strip_prefix("/// ") {
            doc.push_str(if doc.is_empty() { "" } else { " " });
            doc.push_str(text);
        } else if let Some(definition) = line.strip_prefix("pub(crate) const ") {
            let (name, value) = definition.split_once(": usize = ").unwrap();
            let value = number(value.trim_end_matches(';'));
            let _ = writeln!(page, "| `{name}` | {value} | {doc} |");
            doc.clear();
        }
    }
    check("limits.md", &page);
}

const LIMITS: &str = "# Limits of the decoder\n\n\
Generated from `src/codec/limits.rs`.\n\n\
Whatever a peer sends, decoding ends, and takes memory in proportion: at most about 120 bytes for\n\
each byte of the body (a document of nothing but empty elements, one node a byte), plus the text\n\
and layers that the ceilings below allow. A usual message takes less than twelve times its size.\n\
What meets a ceiling is reported as a problem; what was understood before it is kept.\n\n\
| name | value | meaning |\n|---|---|---|\n";

/// `64 << 20` as a number; other expressions as they are.
fn number(expression: &str) -> String {
    match expression.split_once(" << ") {
        Some((value, shift)) => {
            let value: u64 = value.parse().unwrap();
            (value << shift.parse::<u32>().unwrap()).to_string()
        }
        None => expression.replace('_', if expression.contains('(') { "_" } else { "" }),
    }
}

fn help(command: &mut Command, name: &str, page: &mut String) {
    let text = command.clone().term_width(100).render_long_help().to_string();
    let _ = write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", text.trim_end());
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let name = format!("{name} {}", sub.get_name());
        help(&mut sub.clone().bin_name(name.clone()), &name, page);
    }
}
