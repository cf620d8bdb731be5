//! Rooms look down only, pure rooms do no I/O.
//!
//! A text search, not a compiler pass: write cross-room imports as `use crate::<room>::...`,
//! one room per line, and never `use crate::{...}`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

/// Every room, bottom to top, with the rooms it may name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("codec", &["model"]),
    ("seal", &["model", "codec"]),
    ("analyze", &["model", "codec", "seal"]),
    ("render", &["model"]),
    ("store", &["model"]),
    ("pki", &["model"]),
    ("proxy", &["model", "pki"]),
    ("engine", &["model", "codec", "seal", "analyze", "render", "store", "pki", "proxy"]),
    ("tui", &["model", "render", "engine"]),
    (
        "cli",
        &["model", "codec", "seal", "analyze", "render", "store", "pki", "proxy", "engine", "tui"],
    ),
];

/// Rooms that are functions of their arguments.
const PURE: &[&str] = &["model", "codec", "seal", "analyze", "render"];

/// What a pure room may not name.
const IO: &[&str] =
    &["tokio", "hyper::", "rustls::", "rusqlite", "ratatui", "std::fs", "std::net::Tcp", "::now()"];

/// A crate and the only rooms that may name it.
const OWNED: &[(&str, &[&str])] = &[
    ("ratatui", &["tui"]),
    ("crossterm", &["tui"]),
    ("rusqlite", &["store"]),
    ("rcgen", &["pki"]),
    ("clap", &["cli"]),
    ("quick_xml", &["codec"]),
    ("aws_lc_rs", &["seal", "pki"]),
    ("mail_parser", &["codec"]),
    ("hyper", &["proxy", "engine"]),
];

#[test]
fn rooms_look_down_only() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut faults = Vec::new();
    for (room, allowed) in MAY_USE {
        for file in sources(&src.join(room)) {
            check_file(room, allowed, &file, &mut faults);
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn every_room_is_listed() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for entry in fs::read_dir(src).unwrap().map(Result::unwrap).filter(|e| e.path().is_dir()) {
        let name = entry.file_name().into_string().unwrap();
        assert!(MAY_USE.iter().any(|(room, _)| *room == name), "src/{name} is not in MAY_USE");
    }
}

fn check_file(room: &str, allowed: &[&str], file: &Path, faults: &mut Vec<String>) {
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    for (number, line) in code.lines().enumerate() {
        if line.trim_start().starts_with("//") {
            continue;
        }
        if let Some(why) = fault_in(room, allowed, line) {
            faults.push(format!("{}:{}: {why}", file.display(), number + 1));
        }
    }
}

fn fault_in(room: &str, allowed: &[&str], line: &str) -> Option<String> {
    if line.contains("crate::{") {
        return Some("name one room per import line".into());
    }
    let upward = MAY_USE.iter().map(|(other, _)| *other).find(|other| {
        *other != room && !allowed.contains(other) && names(line, &format!("crate::{other}"))
    });
    if let Some(other) = upward {
        return Some(format!("{room} may not use {other}"));
    }
    if PURE.contains(&room)
        && let Some(io) = IO.iter().find(|io| line.contains(**io))
    {
        return Some(format!("{room} is pure, `{io}` is not"));
    }
    OWNED
        .iter()
        .find(|(krate, owners)| names(line, &format!("{krate}::")) && !owners.contains(&room))
        .map(|(krate, owners)| format!("only {owners:?} may name `{krate}`"))
}

/// True when `path` occurs in `line` as a whole path, not inside a longer word.
fn names(line: &str, path: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(path).any(|(at, found)| {
        let before = line[..at].chars().next_back();
        let after = line[at + found.len()..].chars().next();
        !before.is_some_and(word) && (path.ends_with("::") || !after.is_some_and(word))
    })
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(dir) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for path in entries.map(|e| e.unwrap().path()) {
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
