//! What was searched for is marked wherever it is in sight, and counted.

use ratatui::style::Modifier;

use super::canned;
use super::stage::Stage;
use crate::tui::message::Effect;

/// Runs of marked cells, in reading order: their text, and whether one is there.
fn marked(stage: &Stage) -> Vec<(String, bool)> {
    let shot = stage.shot(80, 24);
    let buffer = shot.buffer();
    let mut runs: Vec<(String, bool)> = Vec::new();
    // Between the bar and the last line.
    for y in 2..23 {
        let mut inside = None;
        for x in 0..80 {
            let cell = &buffer[(x, y)];
            let marked = cell.modifier.contains(Modifier::UNDERLINED);
            let now = marked.then(|| cell.modifier.contains(Modifier::BOLD));
            match (now, inside == now) {
                (Some(_), true) => runs.last_mut().unwrap().0.push_str(cell.symbol()),
                (Some(now), false) => runs.push((cell.symbol().to_owned(), now)),
                (None, _) => {}
            }
            inside = now;
        }
    }
    runs
}

fn notice(stage: &Stage) -> &str {
    stage.app.notice.as_ref().map_or("", |(_, text)| text)
}

fn found(text: &str, now: &[bool]) -> Vec<(String, bool)> {
    now.iter().map(|now| (text.to_owned(), *now)).collect()
}

#[test]
fn in_a_tree() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<In>-/password<Enter>");
    assert_eq!(notice(&stage), "hit 1/6");
    let hits: Vec<_> =
        marked(&stage).into_iter().map(|(text, now)| (text.to_lowercase(), now)).collect();
    // The first line holds it twice: in the name and in what is said of it.
    let on_line = [true, true];
    assert_eq!(hits[..2], found("password", &on_line));
    assert!(hits[2..].iter().all(|(text, now)| text == "password" && !now), "{hits:?}");
    assert!(hits.len() >= 5, "{hits:?}");
    stage.keys("n");
    assert_eq!(notice(&stage), "hit 2/6");
    stage.keys("NN");
    assert_eq!(notice(&stage), "hit 6/6", "round the end");
    let searches = stage.queries.iter().filter(|q| matches!(q, Effect::Search(..))).count();
    assert_eq!(searches, 1, "all places are looked for once");
    stage.keys("<Esc>");
    assert!(marked(&stage).is_empty(), "leaving the pane ends it");
}

#[test]
fn across_the_pieces_of_a_line() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<In>-/enabled: 1  — a pass<Enter>");
    assert_eq!(marked(&stage), found("Enabled: 1  — a pass", &[true]));
    stage.keys("k");
    assert_eq!(marked(&stage), found("Enabled: 1  — a pass", &[false]));
}

#[test]
fn in_xml() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj35<In>-/<BS><BS>status<Enter>");
    assert_eq!(notice(&stage), "hit 1/2");
    let names = marked(&stage);
    assert_eq!(names, found("Status", &[true, true, false, false]), "both tags of two elements");
    stage.keys("n");
    assert_eq!(marked(&stage), found("Status", &[false, false, true, true]));
}

#[test]
fn in_bytes() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj37<In>-g/0x 4b 03 31<Enter>");
    assert_eq!(notice(&stage), "hit 1/2");
    // In hex and as characters; a wider gap stands in the middle of a row.
    let runs = [("4b  03 31", true), ("K.1", true), ("4b 03 31", false), ("K.1", false)];
    assert_eq!(marked(&stage), runs.map(|(text, now)| (text.to_owned(), now)));
    stage.keys("n");
    assert_eq!(notice(&stage), "hit 2/2");
}

#[test]
fn in_header_fields_and_the_overview() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj26<In>-/protocol<Enter>");
    assert_eq!((notice(&stage), marked(&stage)), ("hit 1/1", found("Protocol", &[true])));
    stage.keys("1/lab ca<Enter>");
    assert_eq!(notice(&stage), "hit 1/2");
    assert_eq!(marked(&stage), found("Lab CA", &[true, false]));
    stage.keys("n");
    assert_eq!(marked(&stage), found("Lab CA", &[false, true]));
    stage.keys("n");
    assert_eq!(notice(&stage), "hit 1/2");
}

#[test]
fn a_masked_secret_is_not_found_in_bytes() {
    let mut stage = Stage::new(80, 24, vec![canned::secret(1)]);
    stage.keys("27<In>-/hunter2<Enter>");
    assert_eq!(notice(&stage), "not found here");
    stage.keys("*n");
    assert_eq!(notice(&stage), "hit 1/1");
}

#[test]
fn another_exchange_is_searched_anew() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<In>-/policykey<Enter>");
    assert_eq!(notice(&stage), "hit 1/1");
    stage.keys("Jn");
    let searches = stage.queries.iter().filter(|q| matches!(q, Effect::Search(..))).count();
    assert_eq!((notice(&stage), searches), ("hit 1/1", 2));
}
