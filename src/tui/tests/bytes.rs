//! What reaches the terminal: no byte of the wire, and no colour when none is wanted.

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{TerminalOptions, Viewport};

use super::canned;
use super::stage::Stage;
use crate::tui::message::{Message, Wanted};
use crate::tui::settings::TuiSettings;
use crate::tui::view::view;

fn parser(width: u16, height: u16) -> vt100::Parser {
    vt100::Parser::new(height.try_into().unwrap(), width.try_into().unwrap(), 0)
}

/// The bytes one frame writes.
fn frame(stage: &Stage, width: u16, height: u16) -> Vec<u8> {
    let mut out = Vec::new();
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    let backend = CrosstermBackend::new(&mut out);
    let mut terminal = Terminal::with_options(backend, TerminalOptions { viewport }).unwrap();
    terminal.draw(|frame| view(&stage.app, frame)).unwrap();
    drop(terminal);
    out
}

/// Every `ESC [ … letter` of `out`, and the text without them.
fn split(out: &[u8]) -> (Vec<String>, String) {
    let text = std::str::from_utf8(out).unwrap();
    let (mut sequences, mut plain, mut rest) = (Vec::new(), String::new(), text);
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap() + 1;
        sequences.push(after[..end].to_owned());
        rest = &after[end..];
    }
    plain.push_str(rest);
    (sequences, plain)
}

/// Colours, as parameters of `ESC [ … m`.
fn colours(sequences: &[String]) -> Vec<&String> {
    let parameter = |p: &str| p.parse().is_ok_and(|n: u8| (30..=49).contains(&n) || n >= 58);
    let coloured =
        |s: &&String| s.ends_with('m') && s[1..s.len() - 1].split([';', ':']).any(parameter);
    sequences.iter().filter(coloured).collect()
}

fn no_trace_of_the_wire(stage: &Stage, width: u16, height: u16, place: &str) {
    let (sequences, plain) = split(&frame(stage, width, height));
    for sequence in sequences {
        let last = sequence.chars().last();
        assert!(
            sequence.starts_with('[') && matches!(last, Some('H' | 'm' | 'l' | 'h')),
            "{place}: {sequence:?}"
        );
        assert!(!sequence.contains("0;title"), "{place}: {sequence:?}");
    }
    let acts = |c: &char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    };
    assert_eq!(plain.chars().find(acts), None, "{place}: {plain:?}");
}

#[test]
fn hostile_strings_in_every_field_stay_text() {
    for (width, height) in [(80, 24), (200, 60), (60, 15)] {
        let mut stage = Stage::new(width, height, vec![canned::hostile(1), canned::hostile(2)]);
        stage.status.capture = canned::HOSTILE.into();
        stage.status.listeners = vec![canned::HOSTILE.into()];
        stage.status.trouble = Some(canned::HOSTILE.into());
        stage.send(Message::Changed);
        no_trace_of_the_wire(&stage, width, height, "list");
        let evil = stage.text(width, height).contains("evil");
        assert!(evil, "the hostile text is shown, not lost");
        for keys in ["1-", "2", "3", "24", "25", "26", "27", "34", "35", "36", "37", "?"] {
            stage.keys(keys);
            stage.keys("<Tab>");
            no_trace_of_the_wire(&stage, width, height, keys);
            stage.keys("G");
            no_trace_of_the_wire(&stage, width, height, keys);
        }
        stage.send(Message::Unreadable(Wanted::Window, canned::HOSTILE.into()));
        no_trace_of_the_wire(&stage, width, height, "error");
    }
}

#[test]
fn hostile_devices_stay_text() {
    for (width, height) in [(80, 24), (200, 60), (60, 15)] {
        let mut stage = Stage::new(width, height, vec![canned::hostile(1), canned::hostile(2)]);
        stage.devices = canned::hostile_devices();
        stage.urls = vec![canned::HOSTILE.into()];
        stage.status.listeners = vec![format!("{0}@{0}", canned::HOSTILE)];
        stage.send(Message::Changed);
        for keys in ["tL", "G", "H", "D", "G", "2", "G", "lll", "3", "G", "q", "S", "G", "q"] {
            stage.keys(keys);
            no_trace_of_the_wire(&stage, width, height, keys);
        }
        stage.keys("gD");
        assert!(stage.text(width, height).contains("evil"), "shown, not lost");
    }
}

/// What is dropped cannot act, but it cannot be seen either: escapes must stay visible.
#[test]
fn escapes_are_shown_as_pictures() {
    let bad = || "\u{1b}[31mX\u{202e}y".to_owned();
    let shown = "␛[31mX\u{fffd}y";
    let line = |stage: &Stage, y: usize| {
        let text = stage.text(80, 24);
        text.lines().nth(y).unwrap().to_owned()
    };
    let mut stage = Stage::new(80, 24, Vec::new());
    stage.status.listeners = vec![bad()];
    stage.send(Message::Changed);
    assert!(line(&stage, 0).contains(shown), "listener: {}", line(&stage, 0));
    assert!(line(&stage, 4).contains(shown), "where to point a device: {}", line(&stage, 4));
    stage.status.listeners.clear();
    stage.status.capture = bad();
    stage.status.trouble = Some(bad());
    stage.send(Message::Changed);
    assert!(line(&stage, 0).contains(shown), "capture: {}", line(&stage, 0));
    assert!(line(&stage, 1).contains(shown), "trouble: {}", line(&stage, 1));

    let mut detail = canned::provision(1);
    detail.annotated.summary.command = bad();
    detail.response.as_mut().unwrap().layers[0].label = bad().into();
    let mut stage = Stage::new(80, 24, vec![detail]);
    stage.keys("3-<Tab>");
    assert!(line(&stage, 1).contains(shown), "title: {}", line(&stage, 1));
    let strip = stage.text(80, 24);
    let strip = strip.lines().find(|line| line.contains("selected 0x")).unwrap();
    assert!(strip.contains(shown), "layer: {strip}");
}

#[test]
fn an_empty_list_shows_hostile_listeners_as_text() {
    let mut stage = Stage::new(80, 24, Vec::new());
    stage.status.listeners = vec![canned::HOSTILE.into()];
    stage.send(Message::Changed);
    no_trace_of_the_wire(&stage, 80, 24, "empty");
}

#[test]
fn a_line_of_a_megabyte_is_cut_quickly() {
    let mut detail = canned::hostile(1);
    let long = format!("{}{}", "\u{301}".repeat(500_000), canned::HOSTILE.repeat(10_000));
    detail.annotated.summary.facts.clone_from(&long);
    detail.annotated.summary.command.clone_from(&long);
    detail.exchange.host.clone_from(&long);
    detail.exchange.request.as_mut().unwrap().headers.0[0].value = long;
    let mut stage = Stage::new(80, 24, vec![detail]);
    for keys in ["", "1", "26", "<Tab>"] {
        stage.keys(keys);
        no_trace_of_the_wire(&stage, 80, 24, keys);
    }
}

#[test]
fn colours_are_used_when_they_may_be() {
    let stage = Stage::with(TuiSettings::default(), 80, 24, canned::morning());
    let (sequences, _) = split(&frame(&stage, 80, 24));
    assert!(!colours(&sequences).is_empty());
}

#[test]
fn without_colour_the_selection_survives() {
    let settings = TuiSettings { palette: crate::tui::Palette::None, ..TuiSettings::default() };
    for (width, height) in [(80, 24), (60, 15), (160, 40)] {
        let mut stage = Stage::with(settings.clone(), width, height, canned::morning());
        for keys in ["", "jj", "3<Enter>", "6", "7", "?"] {
            stage.keys(keys);
            let out = frame(&stage, width, height);
            let (sequences, _) = split(&out);
            // The one reset comes when everything is drawn; before it, it would lose the reverse.
            let last: Vec<_> = sequences.iter().rev().take(6).collect();
            let early = colours(&sequences).into_iter().filter(|s| !last.contains(s)).count();
            assert_eq!(early, 0, "{keys}: {sequences:?}");
            let mut parser = parser(width, height);
            parser.process(&out);
            let inverse = |x, y| parser.screen().cell(y, x).is_some_and(vt100::Cell::inverse);
            let reversed = (0..height).any(|y| inverse(5, y) || inverse(width - 5, y));
            assert!(reversed, "{width}x{height} {keys}: nothing is reversed");
        }
    }
}

#[test]
fn the_selected_row_is_reversed_and_marked() {
    let settings = TuiSettings { palette: crate::tui::Palette::None, ..TuiSettings::default() };
    let mut stage = Stage::with(settings, 80, 24, canned::morning());
    stage.keys("jj");
    let mut parser = parser(80, 24);
    parser.process(&frame(&stage, 80, 24));
    let screen = parser.screen();
    for x in 0..80 {
        assert!(screen.cell(4, x).is_some_and(vt100::Cell::inverse), "cell {x}");
        assert!(!screen.cell(3, x).is_some_and(vt100::Cell::inverse), "cell {x} above");
    }
    assert_eq!(screen.cell(4, 0).map(|cell| cell.contents().to_owned()), Some("▌".to_owned()));
}

/// The reversed cells of the picture's lines `from..`, joined; what separates them is one blank.
fn reversed(stage: &Stage, width: u16, height: u16, from: u16) -> String {
    let shot = stage.shot(width, height);
    let buffer = shot.buffer();
    let mut out = String::new();
    for y in from..height {
        for x in 0..width {
            let cell = &buffer[(x, y)];
            let marked = cell.modifier.contains(ratatui::style::Modifier::REVERSED);
            out.push_str(if marked { cell.symbol() } else { "\n" });
        }
    }
    out.split('\n').filter(|run| !run.is_empty()).collect::<Vec<_>>().join("|")
}

#[test]
fn the_bytes_of_the_selected_node_are_marked() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<Enter>-jjjjjj7");
    // Row 3 of the dump holds the key of 16 bytes from 0x30 on.
    assert_eq!(
        reversed(&stage, 80, 24, 2),
        "49 03 31 33 30 37 31 39  39 35 38 34 00 01|I.1307199584.."
    );
    stage.keys("4k7");
    assert_eq!(reversed(&stage, 80, 24, 2), "4b 03 31 00 01|K.1..");
    let mut narrow = Stage::new(60, 15, canned::morning());
    narrow.keys("jj3jjjjjj7");
    assert_eq!(
        reversed(&narrow, 60, 15, 2),
        "49 03 31 33 30 37 31 39|I.130719|39 35 38 34 00 01|9584.."
    );
}
