//! Layers: content codings, charsets, documents inside documents.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use synctap::codec::{Hints, decode};
use synctap::model::{Decoded, Format, Grade, LayerId, Origin, Span, Tree};

fn read(body: impl Into<Vec<u8>>, content_type: &str) -> Decoded {
    decode(Bytes::from(body.into()), &Hints { content_type, ..Hints::default() })
}

/// Labels and formats, in order.
fn layers(decoded: &Decoded) -> Vec<(&str, &Format)> {
    decoded.layers.iter().map(|layer| (&*layer.label, &layer.format)).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

const PING: &[u8] = b"\x03\x01\x6A\x00\x00\x0D\x45\x48\x03480\0\x01\x01";

#[test]
fn gzip_with_and_without_header() {
    let body = gzip(PING);
    for content_encoding in ["gzip", "x-gzip", ""] {
        let hints = Hints { content_encoding, ..Hints::default() };
        let decoded = decode(body.clone().into(), &hints);
        assert_eq!(decoded.problems, []);
        assert_eq!(
            layers(&decoded),
            [("body", &Format::Wrapper("gzip")), ("gzip", &Format::Wbxml("ActiveSync"))]
        );
        let span = Span::new(0, body.len());
        let origin = Origin { layer: LayerId::BODY, span, node: None };
        assert_eq!(decoded.layers[1].origin, Some(origin));
        assert_eq!(decoded.main(), LayerId(1));
    }
}

#[test]
fn codings_stack_and_lie() {
    let twice = gzip(&gzip(PING));
    let hints = Hints { content_encoding: "gzip, gzip", ..Hints::default() };
    assert_eq!(decode(twice.into(), &hints).layers.len(), 3);
    // The header says gzip, the body is not: read as it is, and said so.
    let hints = Hints { content_encoding: "gzip", ..Hints::default() };
    let decoded = decode(Bytes::from_static(PING), &hints);
    assert_eq!(layers(&decoded), [("body", &Format::Wbxml("ActiveSync"))]);
    let problem = &decoded.problems[0];
    assert_eq!((problem.grade, problem.code), (Grade::Broken, "content-gzip"));
}

#[test]
fn a_cut_gzip_keeps_its_beginning() {
    let mut body = gzip(PING);
    body.truncate(body.len() - 6);
    let broken = read(body.clone(), "");
    assert_eq!((broken.problems[0].code, broken.layers.len()), ("content-gzip", 2));
    let hints = Hints { truncated: true, ..Hints::default() };
    assert!(!decode(body.into(), &hints).is_broken());
}

#[test]
fn an_early_end_is_expected_of_a_truncated_capture() {
    let hints = Hints { truncated: true, ..Hints::default() };
    for length in 4..PING.len() {
        let decoded = decode(Bytes::from_static(&PING[..length]), &hints);
        assert!(!decoded.is_broken(), "{length}: {:?}", decoded.problems);
        assert!(!decoded.problems.is_empty(), "{length}");
    }
}

#[test]
fn utf16_is_a_layer() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-16\"?><SyncML><SyncHdr><VerDTD>1.2</VerDTD></SyncHdr></SyncML>";
    let body: Vec<u8> =
        "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let decoded = read(body, "application/vnd.syncml.dm+xml");
    assert_eq!(decoded.problems, []);
    assert_eq!(
        layers(&decoded),
        [("body", &Format::Wrapper("utf-16le")), ("utf-16le -> utf-8", &Format::Xml("SyncML 1.2")),]
    );
    assert_eq!(&decoded.layers[1].bytes[..], text.as_bytes());
}

#[test]
fn a_declared_charset_is_read_once() {
    let body = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>h\xF6he</a>";
    let decoded = read(&body[..], "text/xml");
    assert_eq!(decoded.problems, []);
    assert_eq!(decoded.layers.len(), 2);
    let (_, tree, bytes) = decoded.document().unwrap();
    assert_eq!(tree.text(tree.root().unwrap(), bytes), "höhe");
}

/// The text of the only document inside the main one.
fn inside(decoded: &Decoded) -> (&Format, &[u8]) {
    assert_eq!(decoded.problems, []);
    let [main, inner] = &decoded.layers[..] else { panic!("{:?}", layers(decoded)) };
    let origin = inner.origin.unwrap();
    let node = main.tree.as_ref().unwrap().get(origin.node.unwrap()).unwrap();
    assert!(origin.span.start >= node.span.start && origin.span.end <= node.span.end);
    (&inner.format, &inner.bytes)
}

#[test]
fn provisioning_xml_in_activesync_2_5() {
    let xml =
        "<wap-provisioningdoc><characteristic type=\"SecurityPolicy\"/></wap-provisioningdoc>";
    let mut body = b"\x03\x01\x6A\x00\x00\x0E\x45\x46\x47\x4A\x03".to_vec();
    body.extend(xml.as_bytes());
    body.extend(b"\0\x01\x01\x01\x01");
    let decoded = read(body, "application/vnd.ms-sync.wbxml");
    assert_eq!(inside(&decoded), (&Format::Xml("wap-provisioningdoc"), xml.as_bytes()));
}

const DEVINF: &[u8] = b"\x02\xA4\x03\x6A\x00\x4A\x65\x031.2\0\x01\x01";

/// `<Results><Item><Data>…` with a declared type, the data written by `data`.
fn syncml(media_type: &str, data: &[u8]) -> Vec<u8> {
    let mut body = b"\x02\xA4\x01\x6A\x00\x6D\x6B\x62\x5A\x00\x01\x53\x03".to_vec();
    body.extend(media_type.as_bytes());
    body.extend(b"\0\x01\x01\x00\x00\x54\x4F");
    body.extend(data);
    body.extend(b"\x01\x01\x01\x01\x01");
    body
}

#[test]
fn devinf_in_opaque_data_whatever_its_type_says() {
    let opaque = [b"\xC3", &[u8::try_from(DEVINF.len()).unwrap()][..], DEVINF].concat();
    for declared in ["application/vnd.syncml-devinf+wbxml", "application/vnd.syncml-devinf+xml", ""]
    {
        let body = syncml(declared, &opaque);
        let decoded = read(body, "application/vnd.syncml+wbxml");
        assert_eq!(inside(&decoded), (&Format::Wbxml("DevInf 1.2"), DEVINF), "{declared}");
    }
}

#[test]
fn bytes_that_do_not_parse_stay_bytes() {
    let body = syncml("application/vnd.syncml-devinf+wbxml", b"\xC3\x03\x00\x00\x00");
    let decoded = read(body, "application/vnd.syncml+wbxml");
    assert_eq!((decoded.layers.len(), decoded.problems.len()), (1, 0));
}

#[test]
fn escaped_cdata_and_base64_in_xml() {
    let around = |meta: &str, data: &str| {
        format!(
            "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncBody><Results><Meta>{meta}</Meta><Item><Data>{data}\
             </Data></Item></Results></SyncBody></SyncML>"
        )
    };
    let inner = "<DevInf xmlns='syncml:devinf'><VerDTD>1.2</VerDTD></DevInf>";
    let escaped = inner.replace('<', "&lt;").replace('>', "&gt;");
    for data in [escaped, format!("<![CDATA[{inner}]]>")] {
        let decoded = read(around("", &data), "application/vnd.syncml+xml");
        assert_eq!(inside(&decoded), (&Format::Xml("DevInf"), inner.as_bytes()));
    }
    let meta = "<Format xmlns='syncml:metinf'>b64</Format>";
    let decoded = read(around(meta, "AqQDagBKZQMxLjIAAQE="), "application/vnd.syncml+xml");
    assert_eq!(inside(&decoded), (&Format::Wbxml("DevInf 1.2"), DEVINF));
    // No documents: they stay text, and nothing is wrong with them.
    for data in ["a &lt;b", "<![CDATA[<enabled/><data id=\"a\" value=\"1\"/>]]>", "&lt;b&gt;"] {
        let decoded = read(around("", data), "application/vnd.syncml+xml");
        assert_eq!((decoded.layers.len(), decoded.problems.len()), (1, 0), "{data}");
    }
}

#[test]
fn documents_nest_only_so_deep() {
    let mut xml = "<a>x</a>".to_owned();
    for _ in 0..12 {
        let escaped = xml.replace('&', "&amp;").replace('<', "&lt;");
        xml = format!("<SyncML><Data>{escaped}</Data></SyncML>");
    }
    let decoded = read(xml, "");
    assert!((5..10).contains(&decoded.layers.len()), "{}", decoded.layers.len());
}

#[test]
fn times_in_push_messages_are_read() {
    // <si><indication created="1999-06-25T15:23:15Z" …> as in SI 1.0 §8.3.
    let body = b"\x02\x05\x6A\x00\x45\xC6\x0A\xC3\x07\x19\x99\x06\x25\x15\x23\x15\x10\xC3\x04\x19\x99\x06\x30\x01\x03hi\0\x01\x01";
    let decoded = read(&body[..], "application/vnd.wap.sic");
    assert_eq!(decoded.problems, []);
    let (_, tree, bytes) = decoded.document().unwrap();
    let indication = tree.child(tree.root().unwrap(), "indication").unwrap();
    let values: Vec<_> = tree
        .element(indication)
        .unwrap()
        .attributes
        .iter()
        .map(|attribute| Tree::resolve(&attribute.value, bytes).to_owned())
        .collect();
    assert_eq!(values, ["1999-06-25T15:23:15Z", "1999-06-30T00:00:00Z"]);
}

#[test]
fn the_path_tells_a_message_without_media_type() {
    let body = b"From: a@lab\r\nContent-Type: text/plain\r\n\r\nhi\r\n";
    for (target, format) in [
        ("", Format::Text("text")),
        ("/x?/Microsoft-Server-ActiveSync", Format::Text("text")),
        ("/Microsoft-Server-ActiveSync?Cmd=SendMail", Format::Text("message")),
    ] {
        let decoded = decode(Bytes::from_static(body), &Hints { target, ..Hints::default() });
        assert_eq!(decoded.layers[0].format, format, "{target}");
        assert_eq!(decoded.main(), LayerId::BODY);
    }
}

fn certificate() -> Vec<u8> {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["device.lab.example".to_owned()]).unwrap();
    parameters.self_signed(&key).unwrap().der().to_vec()
}

#[test]
fn a_message_in_sendmail_opens_part_by_part() {
    let mail = format!(
        "From: a@lab\r\nSubject: policy\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\
         Content-Transfer-Encoding: quoted-printable\r\n\r\nh=F6he\r\n\
         --b\r\nContent-Type: application/pkix-cert\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n--b--\r\n",
        STANDARD.encode(certificate())
    );
    let length = mail.len();
    let mut body = b"\x03\x01\x6A\x00\x00\x15\x45\x50\xC3".to_vec();
    body.extend([0x80 | u8::try_from(length >> 7).unwrap(), u8::try_from(length & 0x7F).unwrap()]);
    body.extend(mail.as_bytes());
    body.extend(b"\x01\x01");
    let decoded = read(body, "application/vnd.ms-sync.wbxml");
    assert_eq!(decoded.problems, []);
    assert_eq!(
        layers(&decoded),
        [
            ("body", &Format::Wbxml("ActiveSync")),
            ("Mime", &Format::Text("message")),
            ("part 1 text/plain", &Format::Wrapper("windows-1252")),
            ("part 2 application/pkix-cert", &Format::Binary("X.509 certificate")),
            ("windows-1252 -> utf-8", &Format::Text("text")),
        ]
    );
    assert_eq!(&decoded.layers[4].bytes[..], "höhe".as_bytes());
    assert!(decoded.layers[1].facts.contains(&("Subject", "policy".into())));
    let part = decoded.layers[2].origin.unwrap();
    assert_eq!((part.layer, part.span.of(&decoded.layers[1].bytes)), (LayerId(1), &b"h=F6he"[..]));
    assert_eq!(decoded.main(), LayerId::BODY);
}

#[test]
fn certificates_in_base64_and_pem() {
    let der = certificate();
    let base64 = STANDARD.encode(&der);
    let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
    let item = |meta: &str, data: &str| {
        format!(
            "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncBody><Add><Item><Meta>{meta}</Meta>\
             <Data>{data}</Data></Item></Add></SyncBody></SyncML>"
        )
    };
    let format = "<Format xmlns='syncml:metinf'>b64</Format>";
    for (body, depth) in [(item(format, &base64), 1), (item("", &pem), 2)] {
        let decoded = read(body, "application/vnd.syncml+xml");
        assert_eq!(decoded.problems, []);
        let layer = &decoded.layers[depth];
        assert_eq!(layer.format, Format::Binary("X.509 certificate"));
        assert_eq!(layer.bytes, der);
        assert!(layer.facts.iter().any(|(name, _)| *name == "not after"));
    }
    // Credentials are base64 too; they do not open.
    let body = "<SyncML xmlns='SYNCML:SYNCML1.2'><SyncHdr><Cred><Meta><Format>b64</Format></Meta>\
        <Data>YWxpY2U6c2VjcmV0</Data></Cred></SyncHdr></SyncML>";
    assert_eq!(read(body, "application/vnd.syncml+xml").layers.len(), 1);
}

#[test]
fn a_lone_file_is_recognised() {
    for (body, format) in [
        (&b"\x03\x01\x6A\x00\xFF\xFF\xFF"[..], Format::Wbxml("ActiveSync")),
        (PING, Format::Wbxml("ActiveSync")),
        (DEVINF, Format::Wbxml("DevInf 1.2")),
        (b"\x02\x00\x00\x6A\x1D-//SYNCML//DTD SyncML 1.1//EN\x2D", Format::Wbxml("SyncML 1.1")),
        (b"\x01\x02\x03\x04", Format::Binary("binary")),
        (b"\x89PNG\r\n\x1A\n", Format::Binary("PNG")),
        (b"hello", Format::Text("text")),
        (b"", Format::Empty),
    ] {
        assert_eq!(read(body, "").layers[0].format, format, "{body:?}");
    }
}

#[test]
fn wide_charsets_are_read_and_written() {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
    let table = wide("-//SYNCML//DTD SyncML 1.1//EN\0");
    let length = u8::try_from(table.len()).unwrap();
    // Version 1.2, public id in the table, UTF-16BE; `SyncML/SyncHdr/VerDTD` with one string.
    let body = [
        b"\x02\x00\x00\x87\x75",
        &[length][..],
        &table,
        b"\x6D\x6C\x71\x03",
        &wide("1.1\0"),
        b"\x01\x01\x01",
    ]
    .concat();
    let decoded = read(body.clone(), "");
    assert_eq!(decoded.problems, []);
    assert_eq!(decoded.layers[0].format, Format::Wbxml("SyncML 1.1"));
    let (_, tree, bytes) = decoded.document().unwrap();
    let version = tree.descend(tree.root().unwrap(), &["SyncHdr", "VerDTD"]).unwrap();
    assert_eq!(tree.text(version, bytes), "1.1");
    assert_eq!(crate::round_trip::encode_again(&decoded.layers[0]), Some(body));
}

#[test]
fn bytes_that_are_not_the_charset_are_odd_and_kept() {
    let body = b"\x03\x01\x6A\x00\x45\x4B\x03a\xFFb\0\x01\x01";
    let decoded = read(&body[..], "");
    let problem = &decoded.problems[0];
    assert_eq!(
        (problem.grade, problem.code, problem.span),
        (Grade::Odd, "wbxml-charset", Span::new(7, 10))
    );
    assert_eq!(crate::round_trip::encode_again(&decoded.layers[0]).unwrap(), body);
}

#[test]
fn a_recording_cut_inside_a_character() {
    let hints = Hints { content_type: "text/xml", truncated: true, ..Hints::default() };
    let decoded = decode(Bytes::from_static(b"<a>h\xC3"), &hints);
    assert!(!decoded.is_broken(), "{:?}", decoded.problems);
    let (_, tree, bytes) = decoded.document().unwrap();
    assert_eq!(tree.text(tree.root().unwrap(), bytes), "h");
}
