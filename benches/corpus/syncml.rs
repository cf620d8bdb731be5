//! SyncML 1.2 messages of an OMA DM session.

use super::random::Random;
use super::writer::Writer;

/// Version 1.2, public id 0x1201, UTF-8, no string table.
const HEADER: &[u8] = b"\x02\xA4\x01\x6A\x00";

const SYNCML: &str = "SYNCML:SYNCML1.2";
const METINF: &str = "syncml:metinf";

fn message(
    random: &mut Random,
    target: &str,
    body: impl FnOnce(&mut Writer, &mut Random),
) -> Vec<u8> {
    let mut writer = Writer::new("syncml12", HEADER);
    let device = format!("urn:uuid:{:08x}", random.below(1 << 32));
    writer.element(SYNCML, "SyncML", |w| {
        w.element(SYNCML, "SyncHdr", |w| {
            w.text(SYNCML, "VerDTD", "1.2");
            w.text(SYNCML, "VerProto", "DM/1.2");
            w.text(SYNCML, "SessionID", &random.number(65_535));
            w.text(SYNCML, "MsgID", &random.number(20));
            w.element(SYNCML, "Target", |w| w.text(SYNCML, "LocURI", target));
            w.element(SYNCML, "Source", |w| w.text(SYNCML, "LocURI", &device));
        });
        w.element(SYNCML, "SyncBody", |w| {
            body(w, random);
            w.empty(SYNCML, "Final");
        });
    });
    writer.finish()
}

/// The first message of a session.
pub(super) fn client_alert(random: &mut Random) -> Vec<u8> {
    message(random, "https://mdm.lab.example/dm", |w, random| {
        w.element(SYNCML, "Alert", |w| {
            w.text(SYNCML, "CmdID", "1");
            w.text(SYNCML, "Data", random.pick(&["1200", "1201"]));
        });
        w.element(SYNCML, "Replace", |w| {
            w.text(SYNCML, "CmdID", "2");
            for (uri, value) in [
                ("./DevInfo/DevId", "urn:uuid:1"),
                ("./DevInfo/Man", "Lab"),
                ("./DevInfo/Mod", "Model & One"),
                ("./DevInfo/DmV", "1.3"),
                ("./DevInfo/Lang", "de-CH"),
            ] {
                w.element(SYNCML, "Item", |w| {
                    w.element(SYNCML, "Source", |w| w.text(SYNCML, "LocURI", uri));
                    w.text(SYNCML, "Data", value);
                });
            }
        });
    })
}

/// Commands and statuses, at least `length` bytes of them.
pub(super) fn package(random: &mut Random, length: usize) -> Vec<u8> {
    message(random, "urn:uuid:device", |w, random| {
        let mut id = 1_u32;
        while w.len() < length {
            match random.below(4) {
                0 => status(w, random, id),
                1 => get(w, random, id),
                _ => replace(w, random, id),
            }
            id += 1;
        }
    })
}

fn status(w: &mut Writer, random: &mut Random, id: u32) {
    w.element(SYNCML, "Status", |w| {
        w.text(SYNCML, "CmdID", &id.to_string());
        w.text(SYNCML, "MsgRef", &random.number(20));
        w.text(SYNCML, "CmdRef", &random.number(50));
        w.text(SYNCML, "Cmd", random.pick(&["Replace", "Get", "Exec", "SyncHdr"]));
        w.text(SYNCML, "Data", random.pick(&["200", "212", "404", "405", "500"]));
    });
}

fn get(w: &mut Writer, random: &mut Random, id: u32) {
    w.element(SYNCML, "Get", |w| {
        w.text(SYNCML, "CmdID", &id.to_string());
        w.element(SYNCML, "Item", |w| {
            let uri = format!("./Vendor/MSFT/DeviceStatus/Node{}", random.number(1000));
            w.element(SYNCML, "Target", |w| w.text(SYNCML, "LocURI", &uri));
        });
    });
}

fn replace(w: &mut Writer, random: &mut Random, id: u32) {
    let name = random.pick(&["Replace", "Add"]);
    let size = 4 + random.below(60);
    let value = random.prose(usize::try_from(size).unwrap_or(0));
    w.element(SYNCML, name, |w| {
        w.text(SYNCML, "CmdID", &id.to_string());
        w.element(SYNCML, "Item", |w| {
            let area = random.pick(&["DeviceLock", "Camera", "WiFi", "Browser"]);
            let uri = format!("./Device/Vendor/MSFT/Policy/Config/{area}/{}", random.number(100));
            w.element(SYNCML, "Target", |w| w.text(SYNCML, "LocURI", &uri));
            w.element(SYNCML, "Meta", |w| {
                w.text(METINF, "Format", "chr");
                w.text(METINF, "Type", "text/plain");
            });
            w.text(SYNCML, "Data", &value);
        });
    });
}
