//! Failures as they are publicly reported, played again: what is said of each has to be right, and of use.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use synctap::analyze::Sessions;
use synctap::model::Requirement;
use synctap::render;

use crate::conversation::turns;

/// The conversations of `captures/reported`, by name.
fn conversations() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/reported");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    let named = files.into_iter().filter(|path| path.extension().is_some_and(|e| e == "txt"));
    let read = |path: std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    named.map(read).collect()
}

/// What a reader is shown of a conversation: the devices at its end, each step, and every finding.
fn told(text: &str) -> String {
    let mut sessions = Sessions::new();
    let mut steps = String::new();
    for turn in turns(text) {
        let (annotated, seen) = turn.tell(&mut sessions);
        let Some(seen) = seen else {
            let _ = writeln!(steps, "{} {}", turn.exchange.id, annotated.summary.facts);
            continue;
        };
        for step in seen.earlier.iter().chain([&seen.step]) {
            let _ = writeln!(steps, "{}", render::step_lines(step).join("\n"));
        }
        for finding in seen.findings {
            let (mark, side) = (finding.level.mark(), finding.side);
            let word = if finding.requirement == Requirement::Must { "MUST" } else { "" };
            let _ = writeln!(steps, "{mark:>23} {word} {side:?}: {}", finding.text);
        }
    }
    let devices = sessions.devices();
    let lines = devices.iter().flat_map(render::device_lines);
    lines.collect::<Vec<_>>().join("\n") + "\n\n" + &steps
}

#[test]
fn what_is_said_of_reported_failures() {
    let mut all = String::new();
    for (name, text) in conversations() {
        let _ = writeln!(all, "===== {name}\n{}", told(&text));
    }
    insta::assert_snapshot!(all);
}
