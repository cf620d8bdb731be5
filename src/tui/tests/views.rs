//! Pictures of every view, at a usual size, a small one and a wide one.

use super::canned;
use super::managed;
use super::stage::Stage;
use crate::model::Detail;

const USUAL: (u16, u16) = (80, 24);
const SMALL: (u16, u16) = (60, 15);
const WIDE: (u16, u16) = (160, 40);
const LARGE: (u16, u16) = (160, 50);

/// Opens `capture`, presses `keys`, and compares the picture with the one on file.
fn picture(name: &str, (width, height): (u16, u16), capture: Vec<Detail>, keys: &str) {
    let mut stage = Stage::new(width, height, capture);
    stage.keys(keys);
    insta::assert_snapshot!(format!("{name}_{width}x{height}"), stage.text(width, height));
}

#[test]
fn empty() {
    for size in [USUAL, SMALL] {
        picture("empty", size, Vec::new(), "");
    }
}

#[test]
fn an_opened_file_without_exchanges() {
    let mut stage = Stage::new(80, 24, Vec::new());
    stage.status.listeners.clear();
    stage.status.connections = 0;
    stage.send(crate::tui::message::Message::Changed);
    insta::assert_snapshot!("empty_file_80x24", stage.text(80, 24));
}

#[test]
fn one_exchange() {
    for size in [USUAL, SMALL] {
        picture("one", size, vec![canned::provision(1)], "");
    }
}

#[test]
fn a_morning() {
    for size in [USUAL, SMALL, WIDE, (100, 30)] {
        picture("morning", size, canned::morning(), "jj");
    }
}

#[test]
fn many_with_new_ones_below() {
    for (width, height) in [USUAL, SMALL] {
        let mut stage = Stage::new(width, height, canned::many(1204));
        stage.keys("jj<PgDn>");
        stage.arrive((1205..1217).map(canned::refused));
        insta::assert_snapshot!(format!("many_{width}x{height}"), stage.text(width, height));
        stage.keys("F");
        insta::assert_snapshot!(format!("follow_{width}x{height}"), stage.text(width, height));
    }
}

#[test]
fn overviews() {
    for (name, keys) in [("failure", "jjjjj"), ("rejected", "jjjjjj"), ("in_flight", "G")] {
        for size in [USUAL, SMALL] {
            picture(&format!("overview_{name}"), size, canned::morning(), &format!("{keys}<In>"));
        }
    }
    picture("overview_full", USUAL, canned::morning(), "jj<In>-");
}

#[test]
fn trees() {
    for size in [USUAL, SMALL, WIDE] {
        picture("tree_response", size, canned::morning(), "jj3<In>jjj");
        picture("tree_gzip", size, canned::morning(), "jjj3<In>");
    }
    picture("tree_full", USUAL, canned::morning(), "jj3<In>-jjjjj");
    picture("tree_folded", USUAL, canned::morning(), "jj3<In>-jjjjjjjh");
    picture("tree_truncated", USUAL, canned::morning(), "jjjj3<In>-");
    picture("tree_long_value", USUAL, canned::morning(), "jjjj3<In>-jjjjjj");
    picture("tree_long_value", SMALL, canned::morning(), "jjjj3<In>-jjjjjj");
    picture("tree_text", USUAL, canned::morning(), "3<In>");
    picture("tree_in_flight", USUAL, canned::morning(), "G3<In>");
    picture("tree_none", USUAL, canned::morning(), "jjjjj2<In>");
}

#[test]
fn xml() {
    picture("xml", USUAL, canned::morning(), "jj35<In>-jjjj");
    picture("xml", SMALL, canned::morning(), "jj35");
    picture("xml_nested", USUAL, vec![canned::nested(1)], "35<In>-jjjjj");
    picture("tree_nested", USUAL, vec![canned::nested(1)], "3<In>-jjj");
    picture("xml_none", USUAL, canned::morning(), "35<In>");
}

#[test]
fn header_fields() {
    for size in [USUAL, SMALL] {
        picture("headers_request", size, canned::morning(), "jj26<In>");
    }
    picture("headers_none", USUAL, canned::morning(), "jjjjjj36<In>");
}

#[test]
fn bytes() {
    for size in [USUAL, SMALL, WIDE] {
        picture("hex", size, canned::morning(), "jj3<In>jjjjj7");
    }
    picture("hex_empty", USUAL, canned::morning(), "jjjjj27<In>");
}

#[test]
fn help() {
    for size in [USUAL, SMALL] {
        picture("help", size, canned::morning(), "?");
    }
    picture("help_tree", USUAL, canned::morning(), "3<In>?");
}

#[test]
fn menus_and_lines() {
    for size in [USUAL, SMALL] {
        picture("menu_copy", size, canned::morning(), "jjy");
        picture("menu_export", size, canned::morning(), "jje<Down>");
        picture("commands", size, canned::morning(), ":");
        picture("commands_some", size, canned::morning(), "jj:copy<Down>");
        picture("filter", size, canned::morning(), "jjfcmd = P");
        picture("filter_wrong", size, canned::morning(), "jjfhttp >= many");
        picture("filter_nothing", size, canned::morning(), "jjfhttp = 999<Enter>");
        picture("filtered", size, canned::morning(), "jjfcmd = Provision<Enter>jm");
        picture("menu_sort", size, canned::morning(), "oco");
        picture("menu_columns", size, canned::morning(), "ch");
        picture("clear", size, canned::morning(), "z");
        picture("opened", size, canned::morning(), "jj3<In>/policykey<Enter>o");
        picture("search", size, canned::morning(), "jj/policy key");
        picture("search_nothing", size, canned::morning(), "jj3<In>/absent<Enter>");
    }
}

#[test]
fn devices() {
    for size in [USUAL, SMALL, LARGE] {
        picture("devices", size, canned::morning(), "t");
        picture("devices_folded", size, canned::morning(), "th");
        picture("devices_empty", size, Vec::new(), "t");
    }
}

#[test]
fn a_large_screen_uses_its_room() {
    picture("large", LARGE, canned::morning(), "jj3<In>jjj");
    picture("large_overview", LARGE, canned::morning(), "jj");
    picture("large_filter", LARGE, canned::morning(), "jjfcmd = P");
    picture("large_hex", LARGE, canned::morning(), "jj3<In>jjjjj7");
}

#[test]
fn trouble() {
    for (width, height) in [USUAL, SMALL] {
        let mut stage = Stage::new(width, height, canned::morning());
        stage.status.insecure_upstream = true;
        stage.status.lost = 3;
        stage.status.truncated = 1;
        stage.status.listeners.push("reverse:https://mail.lab.example@127.0.0.1:8443".into());
        stage.status.trouble = Some("the disk is full (2026-11-20-1358.synctap)".into());
        stage.send(crate::tui::message::Message::Changed);
        insta::assert_snapshot!(format!("trouble_{width}x{height}"), stage.text(width, height));
    }
}

#[test]
fn too_small() {
    picture("too_small", (30, 6), canned::morning(), "");
    picture("least", (40, 8), canned::morning(), "jj");
}

#[test]
fn wide_characters_keep_columns_in_place() {
    let mut detail = canned::provision(1);
    detail.annotated.summary.device = "端末デバイス識別子".into();
    detail.annotated.summary.command = "Re\u{301}vision".into();
    let mut other = canned::provision(2);
    other.annotated.summary.facts = "鍵 0 -> 1307199584、ポリシーをダウンロードしました".into();
    picture("wide_characters", USUAL, vec![detail, other, canned::refused(3)], "");
}

/// The same at every size, from a stage that is made ready.
fn pictures(name: &str, capture: &[Detail], ready: impl Fn(&mut Stage), keys: &str) {
    for (width, height) in [USUAL, SMALL, LARGE] {
        let mut stage = Stage::new(width, height, capture.to_vec());
        ready(&mut stage);
        stage.keys(keys);
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), stage.text(width, height));
    }
}

#[test]
fn sheets() {
    let morning = canned::morning();
    pictures("device_state", &morning, |_| (), "jjD");
    pictures("device_policy", &morning, |_| (), "jj:policy<Enter>");
    pictures("device_sequence", &morning, |_| (), "jj:sequence<Enter>");
    pictures("device_wiped", &morning, |stage| stage.devices = canned::wiped(), "jjD");
    pictures("device_managed", &morning, |stage| stage.devices = managed::managed(), "jjD");
    pictures("device_enrolled", &morning, |stage| stage.devices = managed::enrolled(), "jjD");
    pictures("device_certificates", &morning, |stage| stage.devices = managed::enrolled(), "jjDG");
    pictures("device_unknown", &morning, |stage| stage.devices.clear(), "jjD");
    pictures("set_up", &morning, |_| (), "S");
    let broken = |stage: &mut Stage| {
        stage.status.trouble = Some("since 13:40:02 UTC: the disk is full".into());
        stage.status.lost = 3;
        stage.send(crate::tui::message::Message::Changed);
    };
    pictures("set_up_trouble", &morning, broken, "S");
    let opened = |stage: &mut Stage| {
        stage.status.listeners.clear();
        stage.urls.clear();
        stage.send(crate::tui::message::Message::Changed);
    };
    pictures("set_up_file", &morning, opened, "S");
}

#[test]
fn the_list_by_device() {
    let morning = canned::morning();
    pictures("groups", &morning, |_| (), "jjt");
    pictures("groups_all_folded", &morning, |_| (), "tHG");
    pictures("groups_wiped", &morning, |stage| stage.devices = canned::wiped(), "tHG");
    pictures("groups_filtered", &morning, |_| (), "tLfcmd = Provision<Enter>");
    pictures("groups_many", &canned::many(1204), |_| (), "G-t");
    pictures("groups_nothing", &morning, |_| (), "tfhttp = 999<Enter>");
}

#[test]
fn lists_and_overlays_on_a_large_screen() {
    let morning = canned::morning();
    pictures("list_one", &[canned::provision(1)], |_| (), "-");
    pictures("list_marked", &morning, |_| (), "jm;why?<Enter>j-");
    pictures("list_in_flight", &[canned::ping(1)], |_| (), "-");
    for (name, keys) in [
        ("help", "?"),
        ("palette", ":"),
        ("confirm", "z"),
        ("comment", "jj;seen on the second phone too"),
        ("columns", "c"),
        ("export", "e"),
    ] {
        picture(&format!("overlay_{name}"), LARGE, canned::morning(), keys);
    }
}
