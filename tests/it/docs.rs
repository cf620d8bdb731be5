//! Generated pages are current.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use synctap::model::FindingSide;
use synctap::model::filter::{Field, FieldKind, Filter};

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
fn the_page_of_rules_is_current() {
    let mut page = String::from(
        "# Rules\n\nGenerated from the catalogue. A finding names the rule by its id. *Requirement* is the wording of the specification\n(MUST also stands for plain normative statements), *attention* is how loud a finding is in lists: `X` alarm, `!` warning, blank\ninformation. A rule that needs what happened before says nothing when the capture begins later.\n",
    );
    for rule in synctap::analyze::catalogue() {
        let side = match rule.side {
            FindingSide::Client => "device",
            FindingSide::Server => "server",
            FindingSide::Both => "device and server",
        };
        let _ = write!(
            page,
            "\n## `{}`\n\n{}.\n\n- duty of the {side}, {}, attention `{}`, versions {}\n- looked at: {}\n- source: {}\n",
            rule.id,
            capital(rule.sentence),
            rule.requirement.name(),
            rule.level.mark(),
            rule.versions,
            rule.when,
            rule.source,
        );
        for (name, text) in [
            ("known to look like it", rule.false_positives),
            ("judged less strictly", rule.departure),
        ] {
            if !text.is_empty() {
                let _ = writeln!(page, "- {name}: {text}");
            }
        }
    }
    page.push_str(
        "\n# What cannot be checked from traffic\n\n| rule | what it says | why it is not looked at | source |\n|---|---|---|---|\n",
    );
    for line in include_str!("../../src/analyze/rules/unchecked.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, sentence, reason, source] = cells[..] else { panic!("four columns: {line}") };
        let known = synctap::analyze::catalogue().iter().any(|rule| rule.id == id);
        assert!(!known, "{id} is looked at");
        let _ = writeln!(page, "| `{id}` | {sentence} | {reason} | {source} |");
    }
    check("rules.md", &page);
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

#[test]
fn the_keys_page_is_current() {
    check("keys.md", &synctap::tui::keys_page());
}

/// What precedes the table of fields.
const LANGUAGE: &str = "\
# Filters

Generated from the fields of the filter language, which `--filter` of `synctap run` and `synctap show` and the screen share.

```text
cmd = Provision and http >= 400          device ~ ^iphone or user in (alice, bob)
not host = mail.example time > 2s        tag:RemoteWipe   locuri:DMClient   \"quota exceeded\"
```

- A comparison is `field op value`. Comparisons side by side mean `and`, which binds closer than `or`; `not` (or `!`) binds closest; `( )`
  groups. A field alone asks whether it is set: `err`, `mark`, `policykey`.
- A bare word, or a text in quotes, searches everything decoded: the list's line, element names, headers, and the text of bodies through
  all layers (gzip, WBXML, base64 parts).
- Text is compared without case. A value with spaces or operators stands in `\"…\"` or `'…'`; `\\` escapes a quote.
- Only what passes for sure is shown: a missing number fails every comparison, and what is deleted from view passes only a filter that
  names `hidden`.

| operator | means |
|---|---|
| `=` `==` | equal; for a command or status also one of its words |
| `!=` | not equal |
| `:` | contains |
| `~` `!~` | matches, or not, this regular expression |
| `<` `<=` `>` `>=` | order; numbers inside text compare as numbers (`version >= 12.1`) |
| `in (a, b)` `not in (a, b)` | equal to one of these, or to none |

Fields of bodies are looked at only where the list's line cannot decide, the first 16 MiB of each body.

| field | is | values |
|---|---|---|
";

#[test]
fn the_filter_page_is_current() {
    let mut page = String::from(LANGUAGE);
    for field in Field::ALL {
        let values = match field.kind {
            FieldKind::Text => "text",
            FieldKind::Words => "words",
            FieldKind::Choice(_) => "one of these",
            FieldKind::Number => "number",
            FieldKind::Key => "32-bit number, signed or not",
            FieldKind::Size => "bytes: `512`, `4K`, `1.5M`",
            FieldKind::Duration => "`250ms`, `2s`, `1m`; seconds without a unit",
            FieldKind::Level => "one of these, ordered",
            FieldKind::Flag => "`yes` or `no`",
            FieldKind::Body => "text of heads and bodies",
        };
        let alias = match field.alias {
            alias if alias == field.name => String::new(),
            alias => format!(" `{alias}`"),
        };
        let _ = writeln!(page, "| `{}`{alias} | {} | {values} |", field.name, field.about);
    }
    check("filter.md", &page);
}

/// Every example on the page can be read.
#[test]
fn the_examples_of_filters_are_filters() {
    let block = LANGUAGE.split("```").nth(1).unwrap().trim_start_matches("text");
    for example in block.lines().flat_map(|line| line.split("   ")).map(str::trim) {
        Filter::parse(example).unwrap_or_else(|error| panic!("{example}: {error}"));
    }
    for text in ["not in", "host not in (a, b)", "!err", "version >= 12.1", "err", "policykey"] {
        assert_eq!(Filter::parse(text).is_ok(), text != "not in", "{text}");
    }
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
each byte of the body (a tag with nothing but attributes, one a byte), plus the text\n\
and layers that the ceilings below allow. A usual message takes less than four times its size.\n\
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
