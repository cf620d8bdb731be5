//! Exchanges as they happen: an ActiveSync device is provisioned, and some things go wrong.

use std::sync::Arc;

use bytes::Bytes;

use crate::engine::Status;
use crate::model::{
    Annotated, BodyFacts, CertificateFacts, ConnId, Decoded, Detail, Device, DeviceKey, Exchange,
    ExchangeId, Failure, Folder, Format, Grade, Header, Headers, KeyRole, KeyStep, Kind, Layer,
    LayerId, Level, MonoTime, Name, Namespace, NodeId, NodeKind, Origin, Policy, PolicyKey,
    Problem, Protocol, ProvisionState, Request, Response, Setting, Side, Span, State, Step,
    StepFinding, Summary, Text, Times, Tls, Verdict, Waiting, WallTime, Wipe, WipeKind, Written,
};
use crate::render::Secrets;
use crate::tui::prepared::Prepared;

use super::document::Document;

/// 2026-11-20T14:03:00Z.
pub(super) const NOW: WallTime = WallTime(1_795_183_380_000_000);

const HOST: &str = "mail.lab.example";
const DEVICE: &str = "0311dd9b1e5b83c4868c64b7cc1773a0";

pub(super) fn status() -> Status {
    Status {
        listeners: vec!["regular@127.0.0.1:8080".into()],
        capture: "2026-11-20-1358.synctap".into(),
        connections: 2,
        ..Status::default()
    }
}

fn raw(bytes: &'static [u8], format: Format) -> Decoded {
    let layer = Layer {
        label: "body".into(),
        origin: None,
        bytes: Bytes::from_static(bytes),
        format,
        tree: None,
        facts: Vec::new(),
    };
    Decoded { layers: vec![layer], problems: Vec::new() }
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let header = |(name, value): &(&str, &str)| Header {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Headers(pairs.iter().map(header).collect())
}

fn tls(version: &str, names: &str, verdict: Verdict) -> Tls {
    Tls {
        version: version.into(),
        suite: "TLS_AES_128_GCM_SHA256".into(),
        sni: Some(HOST.into()),
        alpn_offered: vec!["http/1.1".into()],
        alpn: Some("http/1.1".into()),
        chain: vec![CertificateFacts {
            subject: format!("CN={names}"),
            issuer: "CN=Lab CA".into(),
            names: vec![names.into()],
            not_before: WallTime(1_780_000_000_000_000),
            not_after: WallTime(1_796_000_000_000_000),
            sha256: "5ad50a7a0dee6ff41177e7a5d4e2bc31d53e14cbf4cbe91cbe2e2b5e5d2ee1fc".into(),
        }],
        verdict,
        client_certificate_asked: false,
        client_certificate: None,
    }
}

/// An ActiveSync command sent `ago` seconds before now.
fn active_sync(id: u64, command: &str, ago: i64) -> Detail {
    let started = WallTime(NOW.0 - ago * 1_000_000);
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(1 + id / 4), Kind::Http, started);
    exchange.mode = "regular".into();
    exchange.client = "192.0.2.17:50122".into();
    exchange.server = Some("198.51.100.4:443".into());
    exchange.host = HOST.into();
    exchange.client_tls = Some(tls("TLSv1.2", HOST, Verdict::None));
    exchange.server_tls = Some(tls("TLSv1.3", HOST, Verdict::Verified));
    exchange.request = Some(Request {
        method: "POST".into(),
        target: format!(
            "/Microsoft-Server-ActiveSync?Cmd={command}&User=alice&DeviceId={DEVICE}&DeviceType=LabPhone"
        ),
        version: "HTTP/1.1".into(),
        headers: headers(&[
            ("Host", HOST),
            ("User-Agent", "LabPhone/7.1-EAS-1.0"),
            ("MS-ASProtocolVersion", "14.1"),
            ("Authorization", "Basic YWxpY2U6c2VjcmV0"),
            ("X-MS-PolicyKey", "416687436"),
            ("Content-Type", "application/vnd.ms-sync.wbxml"),
            ("Content-Length", "59"),
        ]),
        ..Request::default()
    });
    let summary = Summary {
        protocol: Protocol::ActiveSync,
        version: "14.1".into(),
        device: DEVICE.into(),
        user: "alice".into(),
        command: command.into(),
        policy_key: Some(PolicyKey(416_687_436)),
        ..Summary::default()
    };
    let overview = vec![
        ("command", format!("{command}, ActiveSync 14.1")),
        ("device", format!("{DEVICE}, LabPhone")),
        ("user", "alice".to_owned()),
    ];
    let annotated = Annotated { summary, overview, ..Annotated::default() };
    Detail { exchange, request: None, response: None, annotated }
}

fn answered(mut detail: Detail, status: u16, micros: u64) -> Detail {
    detail.exchange.response = Some(Response {
        status,
        reason: if status == 200 { "OK".into() } else { "Unauthorized".into() },
        version: "HTTP/1.1".into(),
        headers: headers(&[
            ("Server", "nginx/1.22.1"),
            ("Date", "Fri, 20 Nov 2026 14:02:11 GMT"),
            ("Content-Type", "application/vnd.ms-sync.wbxml"),
            ("MS-Server-ActiveSync", "14.1"),
            ("Set-Cookie", "session=8f14e45fceea167a; Path=/; HttpOnly"),
        ]),
        ..Response::default()
    });
    detail.exchange.state = State::Complete;
    detail.exchange.times = Times {
        client_tls: Some(MonoTime(2_100)),
        request_head: Some(MonoTime(2_900)),
        request_end: Some(MonoTime(3_000)),
        connected: Some(MonoTime(4_200)),
        server_tls: Some(MonoTime(9_800)),
        response_head: Some(MonoTime(micros - 500)),
        response_end: Some(MonoTime(micros - 100)),
        closed: Some(MonoTime(micros)),
    };
    with_sizes(detail)
}

fn with_sizes(mut detail: Detail) -> Detail {
    let facts = |decoded: Option<&Decoded>| {
        let bytes = decoded.map_or(0, |d| d.layers[0].bytes.len() as u64);
        BodyFacts { seen: bytes, kept: bytes, ended: decoded.is_some() }
    };
    if let Some(request) = &mut detail.exchange.request {
        request.body = facts(detail.request.as_ref());
    }
    if let Some(response) = &mut detail.exchange.response {
        response.body = facts(detail.response.as_ref());
    }
    detail
}

/// The policy is downloaded and the key changes.
pub(super) fn provision(id: u64) -> Detail {
    let mut detail = active_sync(id, "Provision", 49);
    let mut ask = Document::new();
    ask.page(0x0E).open(0x0E, 0x05, "Provision").open(0x0E, 0x06, "Policies");
    ask.open(0x0E, 0x07, "Policy").value(0x0E, 0x08, "PolicyType", "MS-EAS-Provisioning-WBXML");
    ask.value(0x0E, 0x09, "PolicyKey", "416687436").note(Level::Info, "the key of phase 1");
    ask.value(0x0E, 0x0B, "Status", "1").note(Level::Info, "1: success, the policy is applied");
    ask.close().close().close();

    let mut answer = Document::new();
    answer.page(0x0E).open(0x0E, 0x05, "Provision");
    answer.value(0x0E, 0x0B, "Status", "1").note(Level::Info, "1: success");
    answer.open(0x0E, 0x06, "Policies").open(0x0E, 0x07, "Policy");
    answer.value(0x0E, 0x08, "PolicyType", "MS-EAS-Provisioning-WBXML");
    answer.value(0x0E, 0x0B, "Status", "1").note(Level::Info, "1: success");
    answer.value(0x0E, 0x09, "PolicyKey", "1307199584");
    answer.note(Level::Notable, "new key, the device must send it from now on");
    answer.open(0x0E, 0x0A, "Data").open(0x0E, 0x0D, "EASProvisionDoc");
    for (token, name, value, level, meaning) in [
        (0x0E, "DevicePasswordEnabled", "1", Level::Info, "a password is required"),
        (0x0F, "AlphanumericDevicePasswordRequired", "0", Level::Info, "digits are enough"),
        (0x11, "PasswordRecoveryEnabled", "0", Level::Info, "no recovery password"),
        (0x14, "AttachmentsEnabled", "1", Level::Info, "attachments may be downloaded"),
        (0x15, "MinDevicePasswordLength", "4", Level::Info, "4 characters or more"),
        (0x16, "MaxInactivityTimeDeviceLock", "900", Level::Info, "locks after 15 minutes"),
        (
            0x17,
            "MaxDevicePasswordFailedAttempts",
            "8",
            Level::Notable,
            "wipes after 8 wrong passwords",
        ),
        (0x19, "AllowSimpleDevicePassword", "1", Level::Warning, "1234 would do"),
    ] {
        answer.value(0x0E, token, name, value).note(level, meaning);
    }
    answer.close().close().close().close().close();

    detail.request = Some(ask.body(Format::Wbxml("ActiveSync")));
    detail.response = Some(answer.body(Format::Wbxml("ActiveSync")));
    detail.annotated.request = ask.notes;
    detail.annotated.response = answer.notes;
    let summary = &mut detail.annotated.summary;
    summary.status = "1".into();
    summary.facts = "key 416687436 -> 1307199584, policy acknowledged".into();
    summary.level = Level::Notable;
    detail.annotated.overview.push(("phase", "acknowledge: the device applied the policy".into()));
    detail.annotated.overview.push(("policy key", "416687436 -> 1307199584".into()));
    answered(detail, 200, 48_300)
}

/// The server wants the device to provision first.
pub(super) fn refused(id: u64) -> Detail {
    let mut detail = active_sync(id, "FolderSync", 50);
    let mut ask = Document::new();
    ask.page(7).open(7, 0x16, "FolderSync").value(7, 0x12, "SyncKey", "0").close();
    detail.request = Some(ask.body(Format::Wbxml("ActiveSync")));
    let mut answer = Document::new();
    answer.page(7).open(7, 0x16, "FolderSync").value(7, 0x0C, "Status", "142");
    answer.note(Level::Warning, "142: the device is not provisioned, Provision must come first");
    answer.close();
    detail.response = Some(answer.body(Format::Wbxml("ActiveSync")));
    detail.annotated.response = answer.notes;
    let summary = &mut detail.annotated.summary;
    summary.status = "142".into();
    summary.facts = "142: device not provisioned".into();
    summary.level = Level::Warning;
    answered(detail, 200, 31_000)
}

/// A long poll that is still open.
pub(super) fn ping(id: u64) -> Detail {
    let mut detail = active_sync(id, "Ping", 132);
    let mut ask = Document::new();
    ask.page(0x0D).open(0x0D, 0x05, "Ping").value(0x0D, 0x08, "HeartbeatInterval", "900");
    ask.note(Level::Info, "the server may be silent for 15 minutes");
    ask.close();
    detail.request = Some(ask.body(Format::Wbxml("ActiveSync")));
    detail.annotated.request = ask.notes;
    detail.annotated.summary.facts = "heartbeat 15 min, 3 folders".into();
    with_sizes(detail)
}

/// The server could not be reached.
pub(super) fn failed(id: u64) -> Detail {
    let mut detail = active_sync(id, "OPTIONS", 12);
    detail.exchange.server_tls = None;
    detail.exchange.host = "autodiscover.branch-office.lab.example".into();
    detail.exchange.state = State::Failed(Failure {
        side: Side::Server,
        code: "upstream-refused".into(),
        cause: "198.51.100.4:443 refused the connection".into(),
        advice: "see whether the server listens there".into(),
    });
    detail.exchange.times.closed = Some(MonoTime(3_200));
    detail.annotated.summary.command = "OPTIONS".into();
    detail
}

/// A device that does not trust our certificate.
pub(super) fn rejected(id: u64) -> Detail {
    let started = WallTime(NOW.0 - 8_000_000);
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(9), Kind::Connection, started);
    exchange.mode = "regular".into();
    exchange.client = "192.0.2.18:61000".into();
    exchange.host = HOST.into();
    exchange.state = State::Failed(Failure {
        side: Side::Client,
        code: "certificate-rejected".into(),
        cause: "the device rejected our certificate (unknown_ca)".into(),
        advice: "install the CA on the device: synctap ca export".into(),
    });
    exchange.times.closed = Some(MonoTime(9_100));
    Detail { exchange, request: None, response: None, annotated: Annotated::default() }
}

/// More was forwarded than is kept, and what is kept breaks off.
pub(super) fn truncated(id: u64) -> Detail {
    let mut detail = active_sync(id, "Sync", 30);
    let mut answer = Document::new();
    answer.page(0).open(0, 0x05, "Sync").open(0, 0x1C, "Collections");
    answer.open(0, 0x0F, "Collection").value(0, 0x0B, "SyncKey", "{9d1a}12");
    answer.value(0, 0x0E, "Status", "1").note(Level::Info, "1: success");
    answer.opaque(0, 0x10, "ConversationId", &[0xA5, 0x00, 0x1B, 0x5B, 0x9C, 0xFF, 0x07, 0x80]);
    answer.value(
        0,
        0x18,
        "Body",
        "Dear Alice, this is the first line of a message that is a good deal longer than any \
         terminal is wide, so that it must be folded when it is selected and cut when it is not.",
    );
    let mut body = answer.break_off().body(Format::Wbxml("ActiveSync"));
    body.problems.push(Problem {
        layer: LayerId::BODY,
        span: Span::at(answer.bytes.len()),
        grade: Grade::Broken,
        code: "wbxml-truncated",
        text: "the body ends inside Collection: END expected".into(),
    });
    detail.response = Some(body);
    detail.annotated.response = answer.notes;
    detail.annotated.summary.facts = "1 collection, 25 added".into();
    detail.annotated.summary.status = "1".into();
    detail = answered(detail, 200, 2_480_000);
    if let Some(response) = &mut detail.exchange.response {
        response.body = BodyFacts { seen: 73_400_320, kept: 67_108_864, ended: true };
    }
    detail
}

/// A gzip body around a document: two layers.
pub(super) fn gzipped(id: u64) -> Detail {
    let mut detail = provision(id);
    let inner = detail.response.take().unwrap();
    let outer = Layer {
        label: "body".into(),
        origin: None,
        bytes: Bytes::from_static(&[0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x64, 0x02]),
        format: Format::Wrapper("gzip"),
        tree: None,
        facts: Vec::new(),
    };
    let span = Span::new(0, outer.bytes.len());
    let mut layer = inner.layers.into_iter().next().unwrap();
    layer.label = "gzip".into();
    layer.origin = Some(Origin { layer: LayerId::BODY, span, node: None });
    detail.response = Some(Decoded { layers: vec![outer, layer], problems: Vec::new() });
    for note in &mut detail.annotated.response {
        note.layer = LayerId(1);
    }
    detail
}

/// A document in the opaque data of another one.
pub(super) fn nested(id: u64) -> Detail {
    let mut detail = active_sync(id, "Settings", 20);
    let mut inner = Document::new();
    inner.page(0x12).open(0x12, 0x05, "Settings").value(0x12, 0x06, "Status", "1").close();
    let mut outer = Document::new();
    outer.page(0).open(0, 0x05, "Sync").value(0, 0x0E, "Status", "1");
    outer.opaque(0, 0x10, "Data", &inner.bytes).value(0, 0x0B, "SyncKey", "2").close();
    let mut body = outer.body(Format::Wbxml("ActiveSync"));
    let opaque = |node: crate::model::Node<'_>| matches!(node.kind, NodeKind::Opaque(_));
    let at = outer.tree.nodes().position(opaque).unwrap();
    let mut layer = inner.body(Format::Wbxml("ActiveSync")).layers.remove(0);
    layer.label = "Data".into();
    let node = NodeId(u32::try_from(at).unwrap());
    let span = outer.tree.get(node).unwrap().span;
    layer.origin = Some(Origin { layer: LayerId::BODY, span, node: Some(node) });
    body.layers.push(layer);
    detail.response = Some(body);
    answered(detail, 200, 12_000)
}

/// A user name and its password in a form.
pub(super) fn secret(id: u64) -> Detail {
    let mut detail = active_sync(id, "POST", 5);
    detail.request = Some(raw(b"user=alice&password=hunter2&x=1", Format::Text("form")));
    answered(detail, 200, 7_300)
}

/// An answer with more in it than any screen shows.
pub(super) fn long(id: u64) -> Detail {
    let mut detail = active_sync(id, "Sync", 30);
    let mut answer = Document::new();
    answer.page(0).open(0, 0x05, "Sync").open(0, 0x1C, "Collections").open(0, 0x0F, "Collection");
    for number in 0..300 {
        answer.open(0, 0x07, "Add").value(0, 0x0D, "ServerId", &format!("5:{number}")).close();
    }
    answer.close().close().close();
    detail.response = Some(answer.body(Format::Wbxml("ActiveSync")));
    detail.annotated.summary.facts = "1 collection, 300 added".into();
    let mut detail = answered(detail, 200, 480_000);
    if let Some(response) = &mut detail.exchange.response {
        let cookie = |number| Header {
            name: "Set-Cookie".into(),
            value: format!("part{number}=8f14e45fceea167a; Path=/; HttpOnly"),
        };
        response.headers.0.extend((0..60).map(cookie));
    }
    for number in 0..40 {
        detail.annotated.overview.push(("folder", format!("{number}: 12 added, 1 changed")));
    }
    detail
}

/// Plain HTTP with a text body.
pub(super) fn plain(id: u64) -> Detail {
    let mut detail = active_sync(id, "GET", 5);
    detail.annotated = Annotated::default();
    if let Some(request) = &mut detail.exchange.request {
        request.method = "GET".into();
        request.target = "/certsrv/certcarc.asp?type=new&long=parameters".into();
    }
    detail.response =
        Some(raw(b"<html>\n<title>Unauthorized</title>\n</html>\n", Format::Text("HTML")));
    detail.annotated.summary.level = Level::Warning;
    answered(detail, 401, 7_300)
}

/// Everything about `detail`, ready to be shown.
pub(super) fn prepared(detail: Detail, secrets: Secrets) -> Arc<Prepared> {
    Arc::new(Prepared::new(detail, secrets))
}

/// The device of these exchanges, as analysis knows it: provisioned, with a policy that changed.
pub(super) fn devices() -> Vec<Device> {
    let since = ExchangeId(3);
    let setting = |name: &str, value: &str, meaning: &str, restrictive| Setting {
        name: name.into(),
        value: value.into(),
        meaning: meaning.into(),
        entries: Vec::new(),
        restrictive,
        introduced: "12.0".into(),
        since,
    };
    let policy = |exchange, settings| Policy {
        exchange: ExchangeId(exchange),
        acknowledged: Some(ExchangeId(exchange + 1)),
        settings,
        absent: Vec::new(),
    };
    let key = |key: &str, role, exchange| KeyStep {
        key: key.into(),
        role,
        exchange: ExchangeId(exchange),
    };
    let step = |exchange, request: &str, response: &str, states| Step {
        exchange: ExchangeId(exchange),
        started: NOW,
        duration: 12_000,
        request: request.into(),
        response: response.into(),
        facts: String::new(),
        walk: ["", ""],
        states,
        assumed: false,
        findings: Vec::new(),
    };
    let asked = [ProvisionState::Unprovisioned, ProvisionState::Demanded];
    let offered = [ProvisionState::Demanded, ProvisionState::PolicyOffered];
    let mut refused = step(2, "FolderSync, key 0", "HTTP 449", asked);
    refused.walk = ["1 command", "2 demand"];
    let (id, level) = ("prov-first-command".into(), Level::Warning);
    refused.findings = vec![StepFinding { id, level }];
    let old = vec![
        setting("DevicePasswordEnabled", "0", "no password is needed", false),
        setting("AllowCamera", "1", "the camera may be used", false),
    ];
    let new = vec![
        setting("DevicePasswordEnabled", "1", "a password is needed", true),
        setting("MinDevicePasswordLength", "6", "at least 6 characters", true),
    ];
    let key_of_device =
        DeviceKey { host: HOST.into(), user: "alice".into(), device: DEVICE.into() };
    vec![Device {
        state: ProvisionState::Provisioned,
        version: "14.1".into(),
        device_type: "iPhone".into(),
        user_agent: "Apple-iPhone12C1/1805.92".into(),
        keys: vec![
            key("0", KeyRole::Sent, 2),
            key("1307199584", KeyRole::Temporary, 3),
            key("3942919513", KeyRole::Final, 4),
        ],
        policy: Some(policy(3, new)),
        previous: Some(policy(1, old)),
        folders: vec![Folder {
            id: "1".into(),
            parent: "0".into(),
            name: "Inbox".into(),
            kind: "2".into(),
            label: "default Inbox folder".into(),
            sync_key: "5".into(),
        }],
        waiting: Some(Waiting { exchange: ExchangeId(8), since: NOW, heartbeat: Some(540) }),
        last_command: "Ping".into(),
        last: ExchangeId(8),
        exchanges: 130,
        findings: 1,
        steps: vec![refused, step(3, "Provision, key 0", "ok", offered)],
        ..Device::new(key_of_device, NOW)
    }]
}

/// The device of [`hostile`], with the same text wherever analysis keeps text of the wire.
pub(super) fn hostile_devices() -> Vec<Device> {
    let bad = || HOSTILE.to_owned();
    let mut devices = wiped();
    let device = &mut devices[0];
    device.key = DeviceKey { host: bad(), user: bad(), device: bad().to_lowercase() };
    (device.version, device.device_type, device.user_agent) = (bad(), bad(), bad());
    (device.last_command, device.keys[0].key) = (bad(), bad());
    (device.folders[0].name, device.folders[0].sync_key) = (bad(), bad());
    (device.folders[0].label, device.folders[0].kind) = (String::new(), bad());
    for policy in [&mut device.policy, &mut device.previous].into_iter().flatten() {
        policy.absent.clone_from(&policy.settings);
        for setting in policy.settings.iter_mut().chain(&mut policy.absent) {
            setting.entries = vec![bad()];
            (setting.name, setting.introduced) = (format!("{}{}", setting.name, HOSTILE), bad());
            (setting.value, setting.meaning) = (format!("{}{}", setting.value, HOSTILE), bad());
        }
    }
    for step in &mut device.steps {
        (step.request, step.response, step.facts) = (bad(), bad(), bad());
        step.findings = vec![StepFinding { id: bad(), level: Level::Alarm }];
    }
    devices.extend(super::managed::hostile());
    devices
}

/// The same device, ordered to wipe itself.
pub(super) fn wiped() -> Vec<Device> {
    let mut devices = devices();
    let reported = None;
    let kind = Some(WipeKind::Device);
    devices[0].wipe = Some(Wipe { kind, ordered: ExchangeId(4), reported });
    devices[0].state = ProvisionState::WipeDirected;
    devices
}

/// What a first morning looks like.
pub(super) fn morning() -> Vec<Detail> {
    vec![
        plain(1),
        refused(2),
        provision(3),
        gzipped(4),
        truncated(5),
        failed(6),
        rejected(7),
        ping(8),
    ]
}

/// `count` exchanges.
pub(super) fn many(count: u64) -> Vec<Detail> {
    (1..=count).map(|id| if id % 3 == 0 { provision(id) } else { refused(id) }).collect()
}

/// Text that a terminal would act on, or that misleads a reader.
pub(super) const HOSTILE: &str =
    "a\u{1b}[31mred\u{1b}]0;title\u{7}\u{9b}2J\0\r\n\t\u{202e}evil\u{200b}\u{feff}\u{7f}\u{85}z";

/// [`HOSTILE`] wherever the wire, a file name or an error can put text.
pub(super) fn hostile(id: u64) -> Detail {
    let bad = || HOSTILE.to_owned();
    let mut detail = answered(active_sync(id, "Sync", 3), 200, 9_000);
    let e = &mut detail.exchange;
    (e.mode, e.client, e.server, e.host) = (bad(), bad(), Some(bad()), bad());
    for tls in [&mut e.client_tls, &mut e.server_tls].into_iter().flatten() {
        (tls.version, tls.suite, tls.sni, tls.alpn) = (bad(), bad(), Some(bad()), Some(bad()));
        tls.verdict = Verdict::Unverified(bad());
        tls.chain[0].subject = bad();
        tls.chain[0].issuer = bad();
        tls.chain[0].sha256 = bad();
    }
    let request = e.request.as_mut().unwrap();
    (request.method, request.target, request.version) = (bad(), bad(), bad());
    request.headers = Headers(vec![Header { name: bad(), value: bad() }]);
    let response = e.response.as_mut().unwrap();
    (response.reason, response.version) = (bad(), bad());
    response.headers = Headers(vec![Header { name: bad(), value: bad() }]);
    e.state =
        State::Failed(Failure { side: Side::Server, code: bad(), cause: bad(), advice: bad() });
    let summary = &mut detail.annotated.summary;
    (summary.command, summary.status, summary.facts, summary.device) = (bad(), bad(), bad(), bad());
    detail.annotated.overview = vec![("command", bad())];
    let mut document = Document::new();
    document.page(0).open(0, 0x05, "Sync").value(0, 0x0B, "SyncKey", HOSTILE);
    document.note(Level::Warning, HOSTILE);
    document.open(0, 0x0F, "Collection");
    let text = NodeKind::Text(Text::Owned(HOSTILE), Written::Plain);
    document.push(text, 4);
    document.close().close();
    let mut body = document.body(Format::Wbxml("ActiveSync"));
    let mut named = document.tree.clone();
    let (name, namespace) = (Name::Literal(HOSTILE), Namespace::Literal(HOSTILE));
    named.rename(NodeId(0), name, namespace, Some((0, 0x05)));
    let (namespace, value) = (Namespace::NONE, Text::Owned(HOSTILE));
    let attribute = crate::model::Attribute { name, namespace, value, span: Span::at(4) };
    named.add_attribute(NodeId(0), attribute);
    body.layers[0].tree = Some(named);
    body.layers[0].label = bad().into();
    body.layers[0].facts = vec![("version", bad().into())];
    body.problems.push(Problem {
        layer: LayerId::BODY,
        span: Span::at(1),
        grade: Grade::Broken,
        code: "wbxml-bad",
        text: bad(),
    });
    detail.request = Some(body.clone());
    detail.response = Some(body);
    detail.annotated.request.clone_from(&document.notes);
    detail.annotated.response = document.notes;
    detail
}
