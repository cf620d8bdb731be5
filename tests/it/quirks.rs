//! What real encoders and other decoders get wrong, one case each: read as people mean it, and never
//! the end of the reading.

use bytes::Bytes;
use synctap::codec::{Book, DocumentType, Hints, decode, decode_as};
use synctap::model::{Decoded, Format, Grade};
use synctap::render::{Secrets, xml};

fn read(body: &'static [u8]) -> Decoded {
    decode(Bytes::from_static(body), &Hints::default())
}

fn text(decoded: &Decoded) -> String {
    let text = xml(decoded, decoded.main(), Secrets::Shown);
    text.split_once('\n').map_or(String::new(), |(_, text)| text.trim_end().to_owned())
}

fn tag(key: &str, page: u8, token: u8) -> (&'static str, &'static str) {
    let tag = Book::by_key(key).unwrap().tag(page, token);
    tag.map_or(("", ""), |tag| (tag.namespace, tag.name))
}

#[test]
fn tokens_that_other_tables_have_wrong() {
    for (page, token, namespace, name) in [
        (1, 0x07, "Contacts", "AssistantPhoneNumber"),
        (1, 0x0D, "Contacts", "BusinessAddressCity"),
        (1, 0x28, "Contacts", "JobTitle"),
        (1, 0x29, "Contacts", "LastName"),
        (1, 0x37, "Contacts", "WebPage"),
        (2, 0x19, "Email", "ReplyTo"),
        (2, 0x26, "Email", "ResponseRequested"),
        (2, 0x33, "Email", "TimeZone"),
        (2, 0x3B, "Email", "Status"),
        (3, 0x05, "AirNotify", "Notify"),
        (4, 0x05, "Calendar", "Timezone"),
        (4, 0x16, "Calendar", "ExceptionStartTime"),
        (9, 0x0C, "Tasks", "DueDate"),
        (9, 0x0D, "Tasks", "UtcDueDate"),
        (13, 0x06, "Ping", "AutdState"),
        (14, 0x0E, "Provision", "DevicePasswordEnabled"),
        (14, 0x10, "Provision", "RequireStorageCardEncryption"),
        (16, 0x05, "GAL", "DisplayName"),
        (17, 0x19, "AirSyncBase", "BodyPartPreference"),
        (18, 0x2B, "Settings", "RightsManagementInformation"),
        (19, 0x08, "DocumentLibrary", "CreationDate"),
        (19, 0x0A, "DocumentLibrary", "IsHidden"),
        (21, 0x10, "ComposeMail", "Mime"),
        (24, 0x12, "RightsManagement", "Owner"),
        (25, 0x19, "Find", "GalSearchCriterion"),
        (25, 0x20, "Find", "Picture"),
        (25, 0x0F, "", ""),
        (25, 0x1A, "", ""),
    ] {
        let found = tag("eas", page, token);
        // Two sources disagree on the order of the three picture elements.
        let picture = page == 25 && (0x20..=0x22).contains(&token);
        assert!(
            found == (namespace, name) || picture && found.0 == "Find",
            "{page}:{token:#x} {found:?}"
        );
    }
    assert_eq!(tag("devinf11", 0, 0x1C).1, "Size");
    assert_eq!(tag("devinf12", 0, 0x1C).1, "MaxSize");
    assert_eq!(tag("syncml12", 0, 0x39).1, "SourceParent");
    assert_eq!(tag("syncml12", 0, 0x30), ("", ""));
    assert_eq!(tag("dmddf12", 2, 0x05).0, "syncml:dmddf1.2");
}

#[test]
fn attributes_that_other_tables_have_wrong() {
    let of = |key: &str| Book::by_key(key).unwrap();
    assert_eq!(of("emn10").value(0, 0x85), Some(".com"));
    let ordered = |token| of("wml13").attribute(0, token).map(|start| (start.name, start.prefix));
    assert_eq!(ordered(0x33), Some(("ordered", "true")));
    assert_eq!(ordered(0x34), Some(("ordered", "false")));
    let prov = of("prov10");
    assert_eq!(prov.value(1, 0x92), Some("BASIC"));
    assert_eq!(prov.value(1, 0x93), Some("DIGEST"));
    for token in 0x40..=0x44 {
        assert_eq!(prov.attribute(1, token), None, "a global token");
    }
    assert!(!prov.attributes().any(|(_, _, start)| start.prefix.contains("TRETRA")));
}

#[test]
fn public_ids_that_other_tables_have_wrong() {
    assert_eq!(Book::by_public_id(0x0D).unwrap().key, "emn10");
    assert_eq!(Book::by_public_id(0x11).unwrap().key, "wvcsp12");
    assert!(Book::by_public_id(0x020B).is_none(), "a content type of WSP");
}

#[test]
fn a_formal_public_identifier_in_mixed_case() {
    let decoded = read(
        b"\x02\x00\x00\x6A\x1E-//SyncML//DTD SyncML 1.1//EN\0\x6D\x6C\x71\x031.1\0\x01\x01\x01",
    );
    assert_eq!(decoded.layers[0].format, Format::Wbxml("SyncML 1.1"));
    assert!(text(&decoded).contains("<VerDTD>1.1</VerDTD>"), "{}", text(&decoded));
}

#[test]
fn version_1_0_has_no_charset() {
    let decoded = read(b"\x00\x06\x00\x85\x09\x03a\0\x05\x01");
    assert_eq!(decoded.layers[0].format, Format::Wbxml("Service Loading"));
    assert_eq!(text(&decoded), "<sl href=\"http://a\" action=\"execute-low\"/>");
}

#[test]
fn what_libwbxml_calls_activesync() {
    let body = b"\x03\0\0j\x21-//MICROSOFT//DTD ActiveSync//EN\0\0\x0D\x05";
    assert_eq!(text(&read(body)), "<Ping xmlns=\"Ping\"/>");
    // With spaces where nobody looked.
    let body = b"\x03\0\0j\x24 - //wapforum//DTD  CHANNEL 1.2//EN\0\x05";
    assert_eq!(text(&read(body)), "<channel/>");
}

/// Electricity meters name SyncML 1.2 by its number, in the string table, without an end.
#[test]
fn a_number_where_the_name_should_be() {
    let decoded = read(b"\x03\0\0\x03\x02\x12\x01\x6D\x6C\x5B\x02\x5E\x01\x01\x01");
    assert_eq!(decoded.layers[0].format, Format::Wbxml("SyncML 1.2"));
    let codes: Vec<_> = decoded.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["wbxml-public-id"]);
    assert!(text(&decoded).contains("<MsgID>^</MsgID>"));
    // A name that nobody knows, before a root that is known.
    let decoded = read(b"\x03\0\0\x6A\x02x\0\x00\x0D\x05");
    assert_eq!(text(&decoded), "<Ping xmlns=\"Ping\"/>");
}

/// libwbxml writes a charset into version 1.0, which has none, and cannot read it back.
#[test]
fn version_1_0_with_a_charset() {
    let decoded = read(b"\0\x05\x6A\x02a\0\x45\x86\x0B\x83\0\x01\x01");
    assert_eq!(decoded.layers[0].format, Format::Wbxml("Service Indication"));
    let codes: Vec<_> = decoded.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["wbxml-version"]);
    assert_eq!(text(&decoded), "<si><indication href=\"a\"/></si>");
}

#[test]
fn strings_of_the_table_may_be_shared_and_open_ended() {
    let decoded = read(b"\x03\x01\x6A\x05ab\0cd\x45\x4B\x83\x01\x01\x4B\x83\x03\x01\x01");
    assert_eq!(decoded.problems, []);
    assert_eq!(
        text(&decoded),
        "<Sync xmlns=\"AirSync\"><SyncKey>b</SyncKey><SyncKey>cd</SyncKey></Sync>"
    );
}

#[test]
fn an_unlisted_page_is_read_on() {
    let decoded = read(b"\x03\x01\x6A\x00\x45\x00\xC8\x45\x03x\0\x01\x00\x00\x4B\x031\0\x01\x01");
    let text = text(&decoded);
    assert!(text.contains("<unknown_pC8_t05") && text.contains("<SyncKey>1</SyncKey>"), "{text}");
    assert!(!decoded.is_broken());
}

/// A null category of a phone: `STR_I` with neither text nor NUL, so that ENDs become text.
#[test]
fn a_string_that_was_left_out() {
    let decoded = read(
        b"\x03\x01\x6A\x00\x45\x5C\x4F\x00\x01\x55\x56\x03\x01\x01\x01\x01\x00\x00\x48\x03x\0\x01\x01",
    );
    assert!(decoded.layers[0].tree.is_some());
    assert!(text(&decoded).contains("Categories"), "{}", text(&decoded));
}

#[test]
fn what_crashed_or_hung_other_decoders() {
    for body in [
        // An opaque length that wraps 32 bits when it is added to.
        &b"\x03\x01\x6A\x00\x45\xC3\x8F\xFF\xFF\xFF\x7Fx"[..],
        b"\x03\x01\x6A\x00\x45\xC3\x8F\xFF\xFF\xFF\x7E",
        // A string table length and an offset beyond the end.
        b"\x03\x01\x6A\x8F\xFF\xFF\xFF\x7F\x45",
        b"\x03\x01\x6A\x02a\0\x45\x83\x02\x01",
        b"\x03\x01\x6A\x01a\x04\x01\x01",
        b"\x03\x00\x05\x6A\x01a\x45",
        // An entity that is no character, and one beyond Unicode.
        b"\x03\x01\x6A\x00\x45\x02\x00\x01",
        b"\x03\x01\x6A\x00\x45\x02\x8F\xFF\xFF\xFF\x7F\x01",
        // Content and END with no element open.
        b"\x03\x01\x6A\x00\xC3\x01\xFF",
        b"\x03\x01\x6A\x00\x01\x01\x01",
        // The body ends in the middle of a string, an attribute, an instruction.
        b"\x03\x01\x6A\x00\x45\x4B\x03never ended",
        b"\x03\x01\x6A\x00\xC5\x05",
        b"\x03\x01\x6A\x00\x43\x05\x03x",
    ] {
        for book in [Book::activesync(), Book::by_key("wml13").unwrap()] {
            let body = Bytes::from_static(body);
            let decoded = decode_as(body, DocumentType::Wbxml(book), &Hints::default());
            assert!(!decoded.problems.is_empty());
            crate::robust::spans_lie_inside(&decoded).unwrap();
            if decoded.document().is_some() {
                crate::xml::assert_well_formed(
                    &xml(&decoded, decoded.main(), Secrets::Shown),
                    "a case",
                );
            }
        }
    }
}

#[test]
fn empty_bodies_are_legal() {
    let hints = Hints { content_type: "application/vnd.ms-sync.wbxml", ..Hints::default() };
    let decoded = decode(Bytes::new(), &hints);
    assert_eq!((decoded.layers[0].format.clone(), decoded.problems.len()), (Format::Empty, 0));
}

#[test]
fn bytes_behind_the_root_are_told_and_not_fatal() {
    let decoded = read(b"\x03\x01\x6A\x00\x45\x4B\x031\0\x01\x01\x00\x00");
    let grades: Vec<_> = decoded.problems.iter().map(|p| (p.code, p.grade)).collect();
    assert_eq!(grades, [("wbxml-trailing", Grade::Odd)]);
}
