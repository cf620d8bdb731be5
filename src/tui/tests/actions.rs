//! Scripts of what one does with an exchange: search, copy, save, show, reveal; and the command line.

use crossterm::event::MouseEventKind;

use super::canned;
use super::stage::Stage;
use crate::model::Leg;
use crate::render::Secrets;
use crate::tui::action::{Export, Face, Program, Tab};
use crate::tui::keys::{Context, Keymap, STACKS, rows};
use crate::tui::layout::Pane;
use crate::tui::message::{Effect, Selection};
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
        let half = stage.app.detail.shown().unwrap().half(Leg::Response);
        let pane = stage.app.detail.leg(Leg::Response);
        half.tree().line(pane.tree.selected().unwrap()).unwrap().text()
    };
    assert!(line(&stage).starts_with("PolicyKey"), "{}", line(&stage));
    stage.keys("7g/0x 45<Enter>");
    let pane = stage.app.detail.leg(Leg::Response);
    let shown = stage.app.detail.shown().unwrap();
    let half = shown.half(Leg::Response);
    let (layer, span) = pane.selection(half);
    assert_eq!(half.bytes(layer)[pane.hex.cursor()], 0x45);
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
        let half = stage.app.detail.shown().unwrap().half(Leg::Response);
        let pane = stage.app.detail.leg(Leg::Response);
        assert!(pane.selection(half).1.contains(pane.hex.cursor()));
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
    assert_eq!(stage.effects[0], Effect::Export(Selection::One(id), Export::Json, Secrets::Masked));
    assert_eq!(stage.effects[1], Effect::Export(Selection::All, Export::Bodies, Secrets::Masked));
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

#[test]
fn a_filter_is_judged_completed_used_and_remembered() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jjjfcmd = Pro");
    assert!(stage.text(80, 24).contains("Provision"), "known values are offered");
    stage.keys("<Tab><Enter>");
    assert_eq!((stage.app.filter(), stage.app.list.len()), ("cmd = Provision", 2));
    assert_eq!(stage.app.list.selected().unwrap().id.0, 4, "what was selected stays so");
    let text = stage.text(80, 24);
    assert!(text.contains("2/2 of 8") && text.contains("filter: cmd = Prov"), "{text}");
    stage.keys("f<C-u>http >=<Enter>");
    assert_eq!(stage.app.list.len(), 2, "what is not finished is not used");
    assert_eq!(stage.app.overlays.len(), 1, "and stays there to be put right");
    stage.keys("<Esc>f<C-u><Enter>");
    assert_eq!((stage.app.list.len(), stage.app.list.selected().unwrap().id.0), (8, 4));
    stage.keys("f<Up><Enter>");
    assert_eq!(stage.app.filter(), "cmd = Provision");
    stage.keys("f<C-u>cmd = Nothing<Enter>");
    assert!(stage.text(80, 24).contains("Nothing passes the filter"));
    assert!(stage.text(80, 24).contains("0/8"));
}

#[test]
fn exchanges_are_marked_commented_and_deleted_from_view() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jm");
    assert!(stage.app.list.selected().unwrap().marked);
    stage.keys("jm;look here<Enter>");
    let text = stage.text(80, 24);
    assert!(text.contains("\"\"look here\"") || text.contains("\"look he"), "{text}");
    assert_eq!(text.matches('•').count(), 2);
    stage.keys("M");
    assert_eq!((stage.app.list.len(), stage.app.filter()), (2, "mark"));
    stage.keys("d");
    assert_eq!(stage.app.list.len(), 1, "deleted from view");
    stage.keys("M");
    assert_eq!(stage.app.list.len(), 7);
    stage.keys("U");
    assert!(!stage.text(80, 24).contains('•'));
    stage.keys("zn");
    assert_eq!(stage.app.list.len(), 7, "asked first");
    stage.keys("zy");
    assert_eq!(stage.app.list.len(), 0);
    assert!(stage.text(80, 24).contains("Everything is deleted from view"));
    stage.keys("u");
    assert_eq!(stage.app.list.len(), 8);
}

#[test]
fn the_list_is_sorted_by_key_command_and_click() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj");
    let ids = |stage: &Stage| -> Vec<u64> {
        stage.app.list.lines().map(|(_, line)| line.unwrap().row().unwrap().id.0).collect()
    };
    let before = ids(&stage);
    stage.keys("oc");
    let sorted = ids(&stage);
    assert_ne!(sorted, before);
    assert_eq!(stage.app.list.selected().unwrap().id.0, 3, "the selection goes with its exchange");
    stage.arrive([canned::provision(9)]);
    assert_eq!(stage.app.list.selected().unwrap().id.0, 3, "also when what is new comes before it");
    stage.keys("v");
    assert!(stage.text(80, 24).contains("Command↓"));
    stage.click(5, 1);
    assert!(!stage.text(80, 24).contains('↓'), "the time's heading");
    assert_eq!(&ids(&stage)[..8], &before[..]);
}

#[test]
fn columns_are_chosen() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("cdl<Esc>");
    let text = stage.text(80, 24);
    let heading = text.lines().nth(1).unwrap();
    assert!(!heading.contains("Device") && !heading.contains("Took"), "{heading}");
    assert!(heading.contains("Host"), "others use the room: {heading}");
}

#[test]
fn a_value_is_opened_as_what_it_may_be() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jj3<In>/policykey<Enter>");
    let before = stage.app.detail.leg(Leg::Response).tree.selected();
    stage.keys("o");
    let text = stage.text(80, 24);
    assert!(text.contains("time text") && text.contains("2011-06-04"), "{text}");
    assert_eq!(stage.app.detail.leg(Leg::Response).tree.selected(), before, "the selection stays");
    stage.keys("ggo");
    assert_eq!(notice(&stage), "there is no value on this line");
    stage.keys("/policytype<Enter>o");
    assert_eq!(notice(&stage), "nothing is known to be inside this value");
    assert!(stage.text(80, 24).contains("2011-06-04"), "what is open stays so");
}

#[test]
fn further_ways_in_are_opened_by_command() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys(":cover b.example<Enter>:mode regular@:9<Enter>");
    stage.keys(":cover<Enter>c.example<Enter>");
    let expected = [
        Effect::Cover("b.example".into()),
        Effect::AddMode("regular@:9".into()),
        Effect::Cover("c.example".into()),
    ];
    assert_eq!(stage.effects, expected);
}

/// What one sees and what was asked for.
fn state(stage: &Stage) -> (String, String) {
    (stage.text(80, 24), format!("{:?}", stage.effects))
}

#[test]
fn every_command_is_reached_by_name_by_key_and_by_the_mouse_alone() {
    let own = |context| {
        !matches!(context, Context::Prompt | Context::Menu | Context::Help | Context::Sheet)
    };
    for row in rows().filter(|row| own(row.context)) {
        let stacks = STACKS.iter().filter(|stack| stack.contains(&row.context));
        for key in row.keys {
            let mut meant = stacks.clone().map(|stack| Keymap::default().action(*key, stack));
            assert!(
                meant.any(|action| action == Some(row.action)),
                "{} of {}",
                key.label(),
                row.name
            );
        }
        let mut typed = Stage::new(80, 24, canned::morning());
        typed.keys(&format!("jj:{}<Enter>", row.name));
        let mut clicked = Stage::new(80, 24, canned::morning());
        clicked.keys("jj");
        let hints = crate::tui::footer::items(&clicked.app, 80);
        let command = hints.iter().find(|item| item.label == "command").unwrap();
        clicked.click(command.x, 23);
        click_choice(&mut clicked, row.name);
        assert_eq!(state(&clicked), state(&typed), "{}", row.name);
    }
}

/// Turns the wheel until a choice is in sight, and clicks it.
fn click_choice(stage: &mut Stage, name: &str) {
    for _ in 0..50 {
        let Some(Overlay::Prompt(prompt)) = stage.app.overlays.last() else { break };
        let at = prompt.choices().iter().position(|choice| choice.text == name).unwrap();
        if prompt.visible().contains(&at) {
            let line = at - prompt.visible().start;
            let area = stage.app.areas().unwrap().box_of(prompt.lines());
            let line = u16::try_from(line).unwrap();
            return stage.click(10, area.y + line);
        }
        stage.mouse(MouseEventKind::ScrollDown, 10, 10);
    }
    panic!("{name} is not among the choices");
}
