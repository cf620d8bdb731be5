//! Scripts of what one does with an exchange: search, copy, save, show, reveal; and the command line.

use crossterm::event::MouseEventKind;

use super::canned;
use super::stage::Stage;
use crate::model::Leg;
use crate::render::Secrets;
use crate::tui::action::{Export, Face, Program, Tab};
use crate::tui::layout::Pane;
use crate::tui::message::Effect;
use crate::tui::overlays::Overlay;

fn copied(stage: &Stage) -> &str {
    match stage.effects.last() {
        Some(Effect::Copy(text, _)) => text,
        other => panic!("nothing was copied: {other:?}"),
    }
}

fn notice(stage: &Stage) -> &str {
    stage.app.notice.as_ref().map_or("", |(_, text)| text)
}

#[test]
fn the_list_is_searched_and_n_goes_on() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("/provision<Enter>");
    let first = stage.app.list.cursor();
    assert!(first > 0, "the line one is on comes last");
    stage.keys("n");
    assert_ne!(stage.app.list.cursor(), first);
    stage.keys("N");
    assert_eq!(stage.app.list.cursor(), first);
    stage.keys("/no such thing<Enter>");
    assert_eq!((stage.app.list.cursor(), notice(&stage)), (first, "not found in the list"));
    stage.keys("j");
    assert_eq!(notice(&stage), "", "the next key takes it away");
}

#[test]
fn a_tree_is_searched_and_everything_follows() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<In>/policykey<Enter>");
    let line = |stage: &Stage| {
        let lines = stage.app.detail.shown().unwrap().leg(Leg::Response);
        let pane = stage.app.detail.leg(Leg::Response);
        lines.tree[pane.tree.selected().unwrap()].text()
    };
    assert!(line(&stage).starts_with("PolicyKey"), "{}", line(&stage));
    stage.keys("7g/0x 45<Enter>");
    let pane = stage.app.detail.leg(Leg::Response);
    let shown = stage.app.detail.shown().unwrap();
    let (layer, span) = pane.selection(shown.leg(Leg::Response));
    assert_eq!(shown.bytes(Leg::Response, layer)[pane.hex.cursor()], 0x45);
    assert!(span.contains(pane.hex.cursor()), "the tree follows the bytes");
    stage.keys("/0x ff ff ff<Enter>");
    assert_eq!(notice(&stage), "not found here");
}

#[test]
fn the_byte_cursor_leads_the_tree() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj37<In>g");
    let mut nodes = Vec::new();
    for _ in 0..40 {
        let lines = stage.app.detail.shown().unwrap().leg(Leg::Response);
        let pane = stage.app.detail.leg(Leg::Response);
        assert!(pane.selection(lines).1.contains(pane.hex.cursor()));
        nodes.push(pane.tree.selected());
        stage.keys("l");
    }
    nodes.dedup();
    assert!(nodes.len() > 4, "{nodes:?}");
}

#[test]
fn pieces_are_copied_as_they_are_shown() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<In>/policykey<Enter>yv");
    assert_eq!(copied(&stage), "1307199584");
    stage.keys("yp");
    assert_eq!(copied(&stage), "/Provision/Policies/Policy/PolicyKey");
    stage.keys("yn");
    assert!(copied(&stage).starts_with("PolicyKey: 1307199584"), "{}", copied(&stage));
    stage.keys("yx");
    assert!(copied(&stage).contains("<PolicyKey>1307199584</PolicyKey>\n"));
    stage.keys("yc");
    assert!(copied(&stage).contains("Authorization: Basic ********"), "{}", copied(&stage));
    assert!(copied(&stage).contains("--data-binary @synctap-000003-request.wbxml"));
    stage.keys("*yc");
    assert!(copied(&stage).contains("YWxpY2U6c2VjcmV0"));
    stage.keys("1yn");
    assert!(copied(&stage).contains("exchange: #3 POST"), "{}", copied(&stage));
    stage.keys("y<Down><Down><Enter>");
    assert!(copied(&stage).starts_with("/Provision"), "arrows choose too");
}

#[test]
fn secrets_are_masked_until_one_asks() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj26<In>");
    assert!(!stage.text(80, 24).contains("YWxpY2U6c2VjcmV0"));
    stage.keys("*");
    assert!(
        stage.queries.contains(&Effect::LoadDetail(crate::model::ExchangeId(3), Secrets::Shown))
    );
    let text = stage.text(80, 24);
    assert!(text.contains("YWxpY2U6c2VjcmV0") && text.contains("SECRETS"), "{text}");
    stage.keys("J");
    stage.keys("*");
    assert!(!stage.text(80, 24).contains("YWxpY2U6c2VjcmV0"));
}

#[test]
fn bodies_are_saved_under_our_names() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3brbd");
    let names: Vec<_> = stage
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Write(named) => Some(format!("{}.{}", named.stem, named.extension)),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["synctap-000003-response.wbxml", "synctap-000003-response.xml"]);
    stage.keys("jjj2br");
    assert_eq!(notice(&stage), "there is no body to save");
}

#[test]
fn export_and_programs_are_asked_for() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jjejxB3<Tab>v");
    let id = crate::model::ExchangeId(3);
    assert_eq!(stage.effects[0], Effect::Export(Some(id), Export::Json, Secrets::Masked));
    assert_eq!(stage.effects[1], Effect::Export(None, Export::Bodies, Secrets::Masked));
    assert!(
        matches!(&stage.effects[2], Effect::View(Program::Pager, xml) if xml.extension == "xml")
    );
}

#[test]
fn every_command_can_be_typed() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys(":hex<Enter>");
    assert_eq!(stage.app.detail.face(), Face::Hex);
    stage.keys(":overv<Tab><Enter>");
    assert_eq!(stage.app.detail.tab(), Tab::Overview);
    stage.keys(":response<Enter>:xml<Enter>");
    assert_eq!(stage.app.detail.face(), Face::Xml);
    stage.keys(":no such command<Enter>");
    assert_eq!(notice(&stage), "there is no such command");
    stage.keys(":quit<Esc>");
    assert!(stage.app.overlays.is_empty() && stage.effects.is_empty());
    stage.keys(":quit<Enter>");
    assert_eq!(stage.effects, [Effect::Exit]);
}

#[test]
fn choices_and_hints_can_be_clicked() {
    let mut stage = Stage::new(80, 24, canned::morning());
    let hint = crate::tui::footer::items(&stage.app, 80);
    let command = hint.iter().find(|item| item.label == "command").unwrap();
    stage.click(command.x, 23);
    assert!(matches!(stage.app.overlays.last(), Some(Overlay::Prompt(_))));
    stage.keys("respon");
    stage.click(10, 22);
    assert_eq!(stage.app.detail.tab(), Tab::Leg(Leg::Response));
    stage.keys("b");
    stage.click(10, 21);
    assert!(matches!(&stage.effects[0], Effect::Write(named) if named.extension != "xml"));
    stage.keys("b");
    stage.click(10, 5);
    assert!(stage.app.overlays.is_empty(), "a click elsewhere closes it");
}

#[test]
fn panes_grow_and_the_edge_is_drawn() {
    let mut stage = Stage::new(80, 24, canned::morning());
    let list = |stage: &Stage| stage.app.areas().unwrap().list.unwrap().height;
    let before = list(&stage);
    stage.keys(">>");
    assert!(list(&stage) > before);
    stage.keys("<Tab>");
    stage.send_key('<');
    stage.keys(">>");
    assert!(list(&stage) <= before + 1, "the other pane grew");
    let edge = stage.app.areas().unwrap().detail.unwrap().y;
    stage.click(79, edge);
    stage.mouse(MouseEventKind::Drag(crossterm::event::MouseButton::Left), 79, 15);
    assert_eq!(stage.app.areas().unwrap().detail.unwrap().y, 15);
    stage.mouse(MouseEventKind::Up(crossterm::event::MouseButton::Left), 79, 15);
    stage.mouse(MouseEventKind::Drag(crossterm::event::MouseButton::Left), 79, 8);
    assert_eq!(stage.app.areas().unwrap().detail.unwrap().y, 15, "let go");
}

#[test]
fn a_pause_holds_the_list_and_its_end_shows_what_came() {
    let mut stage = Stage::new(80, 24, canned::many(30));
    stage.keys("FpG");
    stage.arrive((31..43).map(canned::refused));
    stage.keys("GG");
    assert_eq!((stage.app.list.len(), stage.app.is_paused()), (30, true));
    assert!(stage.text(80, 24).contains("PAUSED"));
    stage.keys("p");
    assert_eq!(stage.app.list.len(), 42);
}

#[test]
fn the_mouse_can_be_left_to_the_terminal() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("<C-t><C-t>");
    assert_eq!(stage.effects, [Effect::Mouse(false), Effect::Mouse(true)]);
    assert_eq!(stage.app.focus(), Pane::List);
}

#[test]
fn own_keys_are_what_footer_and_help_show() {
    let (keymap, _) = crate::tui::Keymap::with([("follow", vec!["T"])]).unwrap();
    let settings = crate::tui::TuiSettings { keymap, ..crate::tui::TuiSettings::default() };
    let mut stage = Stage::with(settings, 80, 24, canned::many(30));
    assert!(stage.text(80, 24).contains("T follow"));
    stage.keys("T");
    assert!(stage.app.list.follows());
}
