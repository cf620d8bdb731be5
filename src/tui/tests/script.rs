//! Scripts of messages: what is selected, asked for and done.

use crossterm::event::MouseEventKind;

use super::canned;
use super::stage::Stage;
use crate::model::{ExchangeId, LayerId, Leg};
use crate::tui::action::{Face, Tab};
use crate::tui::layout::Pane;
use crate::tui::message::{Effect, Message, Span, Wanted, Window};
use crate::tui::settings::TuiSettings;

fn shown(stage: &Stage) -> Option<ExchangeId> {
    stage.app.detail.shown().map(crate::tui::prepared::Prepared::id)
}

#[test]
fn a_first_look() {
    let mut stage = Stage::new(80, 24, canned::morning());
    assert_eq!(shown(&stage), Some(ExchangeId(1)), "the first one is selected and read");
    stage.keys("jj");
    assert_eq!(shown(&stage), Some(ExchangeId(3)));
    stage.keys("3<Enter>");
    assert_eq!(
        (stage.app.focus(), stage.app.detail.tab()),
        (Pane::Detail, Tab::Leg(Leg::Response))
    );
    let line = |stage: &Stage| {
        let shown = stage.app.detail.shown().unwrap();
        let pane = stage.app.detail.leg(Leg::Response);
        let tree = shown.half(Leg::Response).tree();
        tree.line(pane.tree.selected().unwrap()).unwrap().text()
    };
    assert!(line(&stage).starts_with("Provision"), "{}", line(&stage));
    stage.keys("j");
    assert_eq!(line(&stage), "Status: 1  — 1: success");
    stage.keys("<Esc>");
    assert_eq!(stage.app.focus(), Pane::List);
    stage.keys("<Esc>");
    assert!(stage.effects.is_empty(), "Esc at the top does nothing");
    stage.keys("q");
    assert_eq!(stage.effects, [Effect::Exit]);
}

#[test]
fn tab_and_face_stay_from_one_exchange_to_the_next() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj37<Enter>J");
    assert_eq!(shown(&stage), Some(ExchangeId(4)));
    assert_eq!(
        (stage.app.detail.tab(), stage.app.detail.face()),
        (Tab::Leg(Leg::Response), Face::Hex)
    );
    stage.keys("mm");
    assert_eq!(stage.app.detail.face(), Face::Xml);
    stage.keys("1m");
    assert_eq!(stage.app.detail.tab(), Tab::Leg(Leg::Response), "m leaves the overview first");
    stage.keys("]");
    assert_eq!(stage.app.detail.tab(), Tab::Overview);
    stage.keys("[[");
    assert_eq!(stage.app.detail.tab(), Tab::Leg(Leg::Request));
}

#[test]
fn the_selected_node_is_what_the_hex_marks() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<Enter>jjjjjj");
    let shown = stage.app.detail.shown().unwrap();
    let pane = stage.app.detail.leg(Leg::Response);
    let half = shown.half(Leg::Response);
    let (layer, span) = pane.selection(half);
    let bytes = span.of(half.bytes(layer));
    assert_eq!(bytes, b"\x49\x031307199584\x00\x01", "PolicyKey, its string and END");
}

#[test]
fn tree_and_xml_select_the_same_node() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jjj3<Enter>");
    let node = |stage: &Stage| {
        let half = stage.app.detail.shown().unwrap().half(Leg::Response);
        let line = stage.app.detail.leg(Leg::Response).tree.selected().unwrap();
        let (layer, node) = half.tree().place(line).unwrap();
        (layer, node.unwrap())
    };
    let xml = |stage: &Stage| {
        let half = stage.app.detail.shown().unwrap().half(Leg::Response);
        let pane = stage.app.detail.leg(Leg::Response);
        let line = half.xml_line(pane.selection(half).0, pane.xml.cursor()).unwrap();
        (line.layer, line.node.unwrap())
    };
    stage.keys("jjjjjj");
    assert_eq!(node(&stage), xml(&stage), "XML follows the tree");
    let before = node(&stage);
    stage.keys("5jjj");
    assert_eq!(node(&stage), xml(&stage), "the tree follows XML");
    assert_ne!(node(&stage), before);
    stage.keys("4hhh5G");
    assert_eq!(node(&stage).1, crate::model::NodeId(0), "the last line closes the root");
}

#[test]
fn xml_leads_through_a_document_inside_another() {
    let mut stage = Stage::new(80, 24, vec![canned::nested(1)]);
    stage.keys("35<Enter>g");
    let mut layers = Vec::new();
    for _ in 0..stage.app.detail.shown().unwrap().half(Leg::Response).xml_len(LayerId::BODY) {
        let half = stage.app.detail.shown().unwrap().half(Leg::Response);
        let (layer, _) = stage.app.detail.leg(Leg::Response).selection(half);
        layers.push(layer.0);
        stage.keys("j");
    }
    layers.dedup();
    assert_eq!(layers, [0, 1, 0], "in, and out again: {layers:?}");
}

#[test]
fn new_traffic_does_not_move_the_cursor() {
    let mut stage = Stage::new(80, 24, canned::many(30));
    stage.keys("jjj");
    stage.arrive((31..43).map(canned::refused));
    assert_eq!((stage.app.list.cursor(), shown(&stage)), (3, Some(ExchangeId(4))));
    assert_eq!(stage.app.list.unseen(), 12);
    stage.keys("F");
    assert_eq!((shown(&stage), stage.app.list.unseen()), (Some(ExchangeId(42)), 0));
    stage.arrive([canned::provision(43)]);
    assert_eq!(shown(&stage), Some(ExchangeId(43)));
    stage.keys("k");
    stage.arrive([canned::provision(44)]);
    assert_eq!(shown(&stage), Some(ExchangeId(42)));
}

#[test]
fn follow_from_the_start() {
    let settings = TuiSettings { follow: true, ..TuiSettings::default() };
    let stage = Stage::with(settings, 80, 24, canned::many(100));
    assert_eq!(shown(&stage), Some(ExchangeId(100)));
}

#[test]
fn only_rows_near_the_page_are_read() {
    let mut stage = Stage::new(80, 24, canned::many(5000));
    stage.keys("G");
    for effect in &stage.queries {
        if let Effect::LoadWindow(Span { limit, .. }, _) = effect {
            assert!(*limit <= 3 * 24, "{limit}");
        }
    }
    assert!(stage.app.list.lines().all(|(_, line)| line.is_some()));
    let before = stage.queries.len();
    stage.keys("kk");
    let windows = stage.queries[before..].iter().filter(|e| matches!(e, Effect::LoadWindow(..)));
    assert_eq!(windows.count(), 0, "the page is at hand");
}

#[test]
fn queries_do_not_pile_up() {
    let mut stage = Stage::new(80, 24, canned::morning());
    let first = stage.app.update(Message::Changed);
    assert_eq!(first.len(), 2, "{first:?}");
    for _ in 0..100 {
        assert_eq!(stage.app.update(Message::Changed), [], "while both run, nothing starts");
    }
    let lines = stage.app.list.lines().filter_map(|(_, line)| line.cloned()).collect();
    let again =
        stage.app.update(Message::Window(Window { lines, total: 8, all: 8, ..Window::default() }));
    assert!(matches!(again[..], [Effect::LoadWindow(..)]), "one more for all of them: {again:?}");
}

#[test]
fn a_capture_that_cannot_be_read_is_told_and_not_asked_forever() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.app.update(Message::Changed);
    let why = || "disk I/O error\u{1b}".to_owned();
    let effects = stage.app.update(Message::Unreadable(Wanted::Window, why()));
    assert_eq!(effects, []);
    assert_eq!(stage.app.alert().unwrap(), "disk I/O error␛");
    stage.send(Message::Status(canned::status()));
    assert!(stage.app.alert().is_some(), "the status can be read, the rows still cannot");
    stage.send(Message::Changed);
    assert_eq!(stage.app.alert(), None, "until they can");
}

#[test]
fn rows_that_a_capture_promises_and_lacks_are_not_asked_for_again_and_again() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.app.update(Message::Changed);
    let promise = || Message::Window(Window { total: 100, all: 100, ..Window::default() });
    assert_eq!(stage.app.update(promise()), [], "the rows in sight were just asked for");
    assert_eq!(stage.app.update(Message::Tick(canned::NOW)), []);
    assert!(stage.text(80, 24).contains('…'), "what is missing is shown as missing");
}

#[test]
fn an_exchange_that_cannot_be_read_is_not_mistaken_for_another() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.app.update(Message::Key(crossterm::event::KeyCode::Char('j').into()));
    stage.send(Message::Unreadable(Wanted::Detail, "broken page".into()));
    assert_eq!(shown(&stage), None);
    assert_eq!(stage.text(80, 24).matches("broken page").count(), 2, "above, and in its place");
    stage.keys("j");
    assert_eq!(shown(&stage), Some(ExchangeId(3)));
    assert_eq!(stage.app.alert(), None);
}

#[test]
fn an_exchange_in_flight_is_read_again_when_its_row_changes() {
    let mut stage = Stage::new(80, 24, vec![canned::ping(1)]);
    assert!(stage.app.ages());
    stage.status.connections = 0;
    let details = |stage: &Stage| {
        stage.queries.iter().filter(|e| matches!(e, Effect::LoadDetail(..))).count()
    };
    stage.send(Message::Changed);
    assert_eq!(details(&stage), 1, "nothing changed");
    stage.capture[0] = canned::provision(1);
    stage.send(Message::Changed);
    assert_eq!(details(&stage), 2);
    assert!(!stage.app.ages(), "nothing in sight grows older: no more ticks");
}

#[test]
fn ages_grow_with_the_tick() {
    let mut stage = Stage::new(80, 24, vec![canned::ping(1)]);
    assert!(stage.text(80, 24).contains("2m 12s"));
    stage.tick(3);
    assert!(stage.text(80, 24).contains("2m 15s"));
}

#[test]
fn resizing_keeps_selection_and_what_is_in_sight() {
    let mut stage = Stage::new(80, 24, canned::many(100));
    stage.keys("<PgDn><PgDn>jj");
    let before = (stage.app.list.cursor(), shown(&stage));
    for (width, height) in [(60, 15), (30, 5), (200, 60), (80, 24)] {
        stage.send(Message::Resize(width, height));
        stage.text(width, height);
        assert_eq!((stage.app.list.cursor(), shown(&stage)), before, "{width}x{height}");
    }
}

#[test]
fn one_pane_at_a_time_shows_the_one_that_was_asked_for() {
    let mut stage = Stage::new(60, 15, canned::morning());
    stage.keys("jj2");
    assert_eq!(stage.app.focus(), Pane::Detail);
    stage.keys("<Tab>");
    assert_eq!(stage.app.focus(), Pane::List);
    stage.keys("<S-Tab>");
    assert_eq!(stage.app.focus(), Pane::Detail);
    stage.keys("q");
    assert_eq!((stage.app.focus(), stage.effects.len()), (Pane::List, 0));
}

#[test]
fn the_help_takes_the_keys_and_gives_them_back() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("?jjF3");
    assert_eq!((stage.app.list.cursor(), stage.app.list.follows()), (0, false));
    assert_eq!(stage.app.detail.tab(), Tab::Overview);
    stage.keys("q");
    assert!(stage.app.overlays.is_empty() && stage.effects.is_empty());
    stage.keys("??j");
    assert_eq!((stage.app.overlays.len(), stage.app.list.cursor()), (0, 1));
    stage.keys("?Q");
    assert_eq!(stage.effects, [Effect::Exit]);
}

#[test]
fn keys_for_the_terminal() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("<C-z><C-l><C-c>");
    assert_eq!(stage.effects, [Effect::Suspend, Effect::Redraw, Effect::Exit]);
}

#[test]
fn the_mouse_selects_opens_scrolls_and_turns_tabs() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.click(20, 4);
    assert_eq!((stage.app.list.cursor(), stage.app.focus()), (2, Pane::List));
    stage.click(20, 4);
    assert_eq!(stage.app.focus(), Pane::Detail, "a second click opens");
    let bar = stage.app.areas().unwrap().detail.unwrap().y;
    let x = crate::tui::layout::bar_items(80)[2].x;
    stage.click(x, bar);
    assert_eq!(stage.app.detail.tab(), Tab::Leg(Leg::Response));
    stage.click(10, bar + 4);
    assert_eq!(stage.app.detail.leg(Leg::Response).tree.selected(), Some(3));
    stage.mouse(MouseEventKind::ScrollDown, 10, bar + 4);
    assert_eq!(stage.app.detail.leg(Leg::Response).tree.scroll().top(), 3);
    stage.mouse(MouseEventKind::ScrollDown, 10, 4);
    assert_eq!(stage.app.detail.leg(Leg::Response).tree.scroll().top(), 3, "the list's wheel");
    stage.click(10, 0);
    stage.click(79, 23);
}

#[test]
fn every_key_is_harmless_everywhere() {
    let keys: Vec<char> = (' '..='~').filter(|c| !"<>".contains(*c)).collect();
    for (width, height) in [(80, 24), (60, 15), (160, 40), (40, 8), (10, 3), (1, 1), (0, 0)] {
        for capture in [Vec::new(), canned::morning(), canned::many(50)] {
            let mut stage = Stage::new(width, height, capture);
            for first in ["", "3<Enter>", "25<Enter>", "37<Enter>", "6<Tab>", "?"] {
                stage.keys(first);
                for key in &keys {
                    stage.keys(&key.to_string());
                    stage.shot(width, height);
                }
                stage.keys("<PgDn><PgUp><C-d><C-u><C-f><C-b><Esc><Esc>");
            }
        }
    }
}
