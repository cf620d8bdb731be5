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

#[test]
fn the_keys_page_is_current() {
    check("keys.md", &synctap::tui::keys_page());
}

fn help(command: &mut Command, name: &str, page: &mut String) {
    let text = command.clone().term_width(100).render_long_help().to_string();
    let _ = write!(page, "\n## `{name}`\n\n```text\n{}\n```\n", text.trim_end());
    for sub in command.get_subcommands_mut().filter(|sub| sub.get_name() != "help") {
        let name = format!("{name} {}", sub.get_name());
        help(&mut sub.clone().bin_name(name.clone()), &name, page);
    }
}
