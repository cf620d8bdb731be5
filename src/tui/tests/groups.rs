//! The list by device, and sheets: what is selected, folded and asked for.

use super::canned;
use super::stage::Stage;
use crate::engine::{GroupLine, GroupName};
use crate::model::{Detail, ExchangeId};
use crate::tui::message::{Effect, Message, Seek, Window};
use crate::tui::overlays::Overlay;

fn selected(stage: &Stage) -> GroupName {
    stage.app.list.selected_line().unwrap().name()
}

fn exchange(id: u64) -> GroupName {
    GroupName::Exchange(ExchangeId(id))
}

/// One exchange of another device.
fn of_tablet(id: u64) -> Detail {
    let mut detail = canned::provision(id);
    detail.annotated.summary.device = "tablet".into();
    detail
}

#[test]
fn the_selected_exchange_stays_selected_in_either_view() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jjjt");
    assert_eq!(selected(&stage), exchange(4), "its groups are unfolded");
    stage.keys("j");
    let other = selected(&stage);
    stage.keys("t");
    assert_eq!((selected(&stage), stage.app.list.sums()), (other, None));
}

#[test]
fn groups_fold_and_stay_folded() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("tH");
    let lines = stage.app.list.len();
    assert_eq!(stage.app.list.sums().unwrap().0, lines as u64, "devices alone");
    stage.keys("<Enter>");
    assert!(stage.app.list.len() > lines);
    stage.keys("<Enter>L");
    let all = stage.app.list.len();
    assert!(all > 8, "every exchange below its session");
    stage.keys("Gh");
    assert!(matches!(stage.app.list.selected_line(), Some(GroupLine::Session(_))));
    stage.keys("h");
    assert!(stage.app.list.len() < all);
    stage.keys("h");
    assert!(matches!(stage.app.list.selected_line(), Some(GroupLine::Device(_))));
    stage.keys("hl");
    let folded = stage.app.list.len();
    stage.keys("fcmd = Provision<Enter>f<C-u><Enter>");
    assert_eq!(stage.app.list.len(), folded, "a filter forgets none");
}

#[test]
fn hiding_every_group_ends_following() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("tF");
    assert!(stage.app.list.follows());
    stage.keys("H");
    assert!(!stage.app.list.follows(), "the newest would open its groups again");
    assert_eq!(stage.app.list.sums().unwrap().0, stage.app.list.len() as u64);
}

#[test]
fn what_comes_moves_no_line_in_sight() {
    let mut stage = Stage::new(80, 24, canned::many(40));
    stage.arrive([of_tablet(41), of_tablet(42)]);
    stage.keys("tLG");
    let (name, top) = (selected(&stage), stage.text(80, 24));
    assert_eq!(name, exchange(42));
    let line = |text: &str| text.lines().position(|line| line.contains('▌'));
    stage.arrive((43..60).map(canned::provision));
    assert_eq!(selected(&stage), name, "17 lines came above it");
    assert_eq!(line(&stage.text(80, 24)), line(&top), "and it stands where it stood");
    assert!(stage.text(80, 24).contains("17 new"));
    stage.keys("F");
    assert_eq!(selected(&stage), exchange(59), "unless one follows");
    stage.arrive([of_tablet(60)]);
    assert_eq!(selected(&stage), exchange(60));
    stage.keys("k");
    assert!(!stage.app.list.follows());
}

#[test]
fn who_moved_meanwhile_is_not_moved() {
    let mut stage = Stage::new(80, 24, canned::morning());
    let effects = stage.app.update(Message::Key(super::stage::key("t")));
    assert!(matches!(effects[0], Effect::List(..)), "{effects:?}");
    stage.app.update(Message::Key(super::stage::key("j")));
    let lines = stage.app.list.lines().filter_map(|(_, line)| line.cloned()).collect();
    let sought = Some(Seek::Go(exchange(1)));
    let window = Window { lines, total: 8, all: 8, at: Some(6), sought, ..Window::default() };
    stage.app.update(Message::Window(window));
    assert_eq!(stage.app.list.cursor(), 1);
}

#[test]
fn the_rows_before_stay_until_others_are_found() {
    let mut stage = Stage::new(80, 24, canned::morning());
    let before = stage.text(80, 24);
    let searching = |total, looked_at| Window { total, all: 8, looked_at, ..Window::default() };
    stage.app.update(Message::Window(searching(0, Some(3))));
    assert_eq!(stage.app.list.len(), 8);
    assert!(stage.text(80, 24).contains("searching 37 %"));
    assert!(before.contains("Provision") && stage.text(80, 24).contains("Provision"));
    stage.app.update(Message::Window(searching(0, None)));
    assert_eq!(stage.app.list.len(), 0, "nothing passes");
}

#[test]
fn the_list_is_searched_by_device_too() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("tH/ping<Enter>");
    assert_eq!(selected(&stage), exchange(8), "what holds it is unfolded");
}

#[test]
fn keys_of_exchanges_say_so_on_a_group() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("tHg");
    for keys in ["yn", "m", "d", "<Tab>", "3", ";", "I"] {
        stage.keys(keys);
        let (notice, effects) = (stage.app.notice.take(), std::mem::take(&mut stage.effects));
        assert!(notice.is_some() && effects.is_empty(), "{keys}: {effects:?}");
        assert!(stage.app.overlays.is_empty(), "{keys}");
    }
    assert_eq!(stage.app.focus(), crate::tui::layout::Pane::List);
}

#[test]
fn a_sheet_tells_of_the_device_of_any_line() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jjD");
    let text = stage.text(80, 24);
    assert!(text.contains("provisioned") && text.contains("1307199584  temporary, #3"), "{text}");
    stage.keys("2");
    assert!(stage.text(80, 24).contains("MinDevicePasswordLength"));
    stage.keys("]");
    assert!(stage.text(80, 24).contains("FolderSync, key 0"));
    stage.keys("q");
    assert!(stage.app.overlays.is_empty());
    stage.keys("D");
    stage.devices = canned::wiped();
    stage.tick(2);
    stage.send(Message::Changed);
    stage.tick(4);
    assert!(stage.text(80, 24).contains("REMOTE WIPE"), "it goes on with the traffic");
    stage.keys("qtHG:sequence<Enter>");
    assert!(matches!(stage.app.overlays.last(), Some(Overlay::Sheet(sheet)) if sheet.at() == 2));
    stage.keys("qgt:device<Enter>");
    assert!(stage.app.overlays.is_empty(), "the first one names no device");
}

#[test]
fn a_wipe_stands_on_the_line_of_its_device() {
    for width in [60, 80, 160] {
        let mut stage = Stage::new(width, 24, canned::morning());
        stage.devices = canned::wiped();
        stage.keys("tH");
        assert!(stage.text(width, 24).contains("REMOTE WIPE demanded"), "{width}");
    }
}

#[test]
fn a_host_is_passed_on_and_the_set_up_is_told() {
    let mut stage = Stage::new(80, 24, canned::morning());
    stage.keys("jI");
    assert!(stage.queries.contains(&Effect::TogglePassthrough("mail.lab.example".into())));
    stage.keys("S");
    let text = stage.text(80, 24);
    assert!(
        text.contains("127.0.0.1 port 8080") && text.contains("http://192.168.1.20:8080/"),
        "{text}"
    );
    stage.keys("]S<Esc>");
    assert!(stage.app.overlays.is_empty());
}
