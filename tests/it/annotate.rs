//! What the analysis says about every captured exchange.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;
use synctap::analyze::annotate;
use synctap::codec::{Hints, decode};
use synctap::model::{
    Annotated, BodyFacts, ConnId, Decoded, Exchange, ExchangeId, Header, Headers, Kind, Leg, Level,
    MonoTime, NodeId, PolicyKey, Protocol, Request, Response, State, Tree, WallTime,
};

/// One captured exchange with what was made of it.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) exchange: Exchange,
    pub(crate) request: Decoded,
    pub(crate) response: Decoded,
    pub(crate) annotated: Annotated,
}

impl Case {
    fn load(request_path: &Path) -> Self {
        let response_path =
            PathBuf::from(request_path.to_string_lossy().replace("_request.bin", "_response.bin"));
        let (asked, answered) = (sidecar(request_path), sidecar(&response_path));
        let (question, answer) = (body(request_path), body(&response_path));
        let url = asked["url"].as_str().unwrap();
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, started(&asked));
        let ended = started(&answered).0 - exchange.started.0;
        exchange.times.response_end = Some(MonoTime(u64::try_from(ended).unwrap_or_default()));
        exchange.host = "mail.lab.test".into();
        exchange.state = State::Complete;
        exchange.request = Some(Request {
            method: asked["method"].as_str().unwrap().to_owned(),
            target: url.to_owned(),
            headers: headers(&asked),
            body: facts(&question),
            ..Request::default()
        });
        exchange.response = Some(Response {
            status: u16::try_from(answered["status"].as_u64().unwrap()).unwrap(),
            reason: answered["reason"].as_str().unwrap_or_default().to_owned(),
            headers: headers(&answered),
            body: facts(&answer),
            ..Response::default()
        });
        let request = decoded(question, &headers(&asked), url, Leg::Request);
        let response = decoded(answer, &headers(&answered), url, Leg::Response);
        let annotated = annotate(&exchange, Some(&request), Some(&response));
        let name = request_path.to_string_lossy().replace("_request.bin", "");
        let name = name.rsplit_once("captures/").unwrap().1.to_owned();
        Self { name, exchange, request, response, annotated }
    }

    /// The texts of the notes on nodes with this path, with the nodes' own text.
    fn notes(&self, leg: Leg, path: &str) -> Vec<String> {
        let (_, tree, _) = self.decoded(leg).document().unwrap();
        let notes = self.annotated.notes(leg).iter();
        notes
            .filter(|note| tree.path(note.node).join("/") == path)
            .map(|n| n.text.to_string())
            .collect()
    }

    fn decoded(&self, leg: Leg) -> &Decoded {
        match leg {
            Leg::Request => &self.request,
            Leg::Response => &self.response,
        }
    }

    fn facts(&self) -> &str {
        &self.annotated.summary.facts
    }

    fn row(&self, key: &str) -> &str {
        let found = self.annotated.overview.iter().find(|(known, _)| *known == key);
        found.map(|(_, text)| text.as_str()).unwrap_or_default()
    }
}

/// When a leg was seen.
fn started(sidecar: &Value) -> WallTime {
    #[expect(clippy::cast_possible_truncation, reason = "microseconds of this century")]
    sidecar["time_start"].as_f64().map_or(WallTime(0), |seconds| WallTime((seconds * 1e6) as i64))
}

fn sidecar(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path.with_extension("json")).unwrap()).unwrap()
}

fn body(path: &Path) -> Bytes {
    fs::read(path).unwrap().into()
}

fn facts(body: &Bytes) -> BodyFacts {
    BodyFacts { seen: body.len() as u64, kept: body.len() as u64, ended: true }
}

fn headers(sidecar: &Value) -> Headers {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pairs = sidecar["headers"].as_array().unwrap().iter();
    Headers(pairs.map(|pair| Header { name: text(&pair[0]), value: text(&pair[1]) }).collect())
}

fn decoded(body: Bytes, headers: &Headers, target: &str, leg: Leg) -> Decoded {
    let hints = Hints {
        content_type: headers.first("content-type").unwrap_or_default(),
        content_encoding: headers.first("content-encoding").unwrap_or_default(),
        target,
        leg: Some(leg),
        truncated: false,
        ..Hints::default()
    };
    decode(body, &hints)
}

/// The exchanges of one folder below `captures`, in order.
pub(crate) fn cases(folder: &str) -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures").join(folder);
    let mut paths: Vec<PathBuf> =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with("_request.bin"));
    paths.sort();
    assert!(paths.len() >= 18, "{folder} has {} exchanges", paths.len());
    paths.iter().map(|path| Case::load(path)).collect()
}

fn all() -> Vec<Case> {
    let folders = ["eas/sogo-14.1", "eas/zpush-14.0", "syncml/wbxml12", "syncml/xml12"];
    folders.iter().flat_map(|folder| cases(folder)).collect()
}

/// The case whose name ends so.
fn case(folder: &str, name: &str) -> Case {
    cases(folder).into_iter().find(|case| case.name.ends_with(name)).unwrap()
}

/// True when nothing more than what a reader sees holds `secret`.
fn says(annotated: &Annotated, secret: &str) -> bool {
    format!("{annotated:?}").contains(secret)
}

#[test]
fn every_exchange_in_one_line() {
    let lines = all().into_iter().map(|case| {
        let summary = &case.annotated.summary;
        let (mark, command, status) = (summary.level.mark(), &summary.command, &summary.status);
        format!("{mark} {} {command} [{status}] {}", case.name, summary.facts)
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn sogo_has_no_policy_and_says_so() {
    for name in ["003_Provision_initial", "004_Provision_ack"] {
        let case = case("eas/sogo-14.1", name);
        assert_eq!(case.facts(), "key 0, no policy");
        let notes = case.notes(Leg::Response, "Provision/Policies/Policy/Status");
        assert_eq!(
            notes,
            [
                "2 no-policy: server holds no policy of that type for this client (next: stop asking; work without policy)"
            ]
        );
        assert_eq!(case.annotated.summary.status, "Policy 2");
    }
}

#[test]
fn zpush_policies_are_explained_one_by_one() {
    let case = case("eas/zpush-14.0", "003_Provision");
    let (_, tree, _) = case.response.document().unwrap();
    let path = ["Policies", "Policy", "Data", "EASProvisionDoc"];
    let policies = tree.descend(tree.root().unwrap(), &path).unwrap();
    let settings: Vec<_> = tree.children(policies).collect();
    assert_eq!(settings.len(), 42);
    for setting in settings {
        let notes = case.annotated.response.iter().filter(|note| note.node == setting);
        assert_eq!(notes.count(), 1, "{:?}", tree.name(setting));
    }
    let note = |name: &str| {
        let path = format!("Provision/Policies/Policy/Data/EASProvisionDoc/{name}");
        case.notes(Leg::Response, &path).join(" | ")
    };
    assert_eq!(
        note("AllowBluetooth"),
        "Bluetooth fully allowed; since 12.1; counts where device has Bluetooth"
    );
    assert_eq!(note("MaxInactivityTimeDeviceLock"), "lock after 900 seconds idle");
    assert_eq!(
        note("MinDevicePasswordLength"),
        "at least 4 characters; ignored because DevicePasswordEnabled is 0"
    );
    // Z-Push writes its own "no limit", which the type does not have.
    assert_eq!(note("MaxAttachmentSize"), "-1 is outside what is allowed: 0..4294967295 or empty");
    assert_eq!(case.annotated.summary.level, Level::Warning);
    assert_eq!(case.row("policy"), "42 settings, 1 restrictive: MaxInactivityTimeDeviceLock 900");
}

#[test]
fn the_policy_key_moves_from_none_to_temporary_to_final() {
    let demanded = case("eas/zpush-14.0", "002_FolderSync");
    assert!(demanded.facts().starts_with("HTTP 449: provision first"));
    let download = case("eas/zpush-14.0", "003_Provision");
    assert_eq!(download.facts(), "key 0 -> 416687436, policy downloaded");
    assert_eq!(download.row("policy key"), "0 -> 416687436 (temporary)");
    assert_eq!(download.row("phase"), "initial: policy downloaded");
    let acknowledged = case("eas/zpush-14.0", "004_Provision");
    assert_eq!(acknowledged.facts(), "key 416687436 -> 280095921, policy acknowledged");
    assert_eq!(acknowledged.row("phase"), "acknowledge: policy acknowledged");
    let key = |name| case("eas/zpush-14.0", name).annotated.summary.policy_key;
    assert_eq!(key("005_FolderSync"), Some(PolicyKey(280_095_921)));
    assert_eq!(key("007_FolderSync_b64query"), Some(PolicyKey(280_095_921)));
    assert_eq!(key("060_FolderSync"), None);
}

#[test]
fn both_query_forms_name_the_same_device_and_user() {
    for folder in ["eas/sogo-14.1", "eas/zpush-14.0"] {
        let mut devices = Vec::new();
        for case in cases(folder) {
            let summary = &case.annotated.summary;
            assert_eq!(summary.protocol, Protocol::ActiveSync, "{}", case.name);
            assert_eq!(summary.user, "alice", "{}", case.name);
            if summary.command != "OPTIONS" {
                devices.push(summary.device.to_lowercase());
                let version = folder.rsplit_once('-').unwrap().1;
                assert_eq!(summary.version, version, "{}", case.name);
            }
        }
        devices.dedup();
        assert_eq!(devices.len(), 1, "{devices:?}");
    }
}

#[test]
fn every_status_is_explained() {
    let mut seen = 0;
    for case in all() {
        for leg in [Leg::Request, Leg::Response] {
            let Some((_, tree, bytes)) = case.decoded(leg).document() else { continue };
            let syncml = tree.name(tree.root().unwrap()) == Some("SyncML");
            let ids = (0..tree.len()).map(|index| NodeId(u32::try_from(index).unwrap()));
            for id in ids.filter(|id| is_status(tree, *id, syncml)) {
                let notes = case.annotated.notes(leg);
                let note = notes.iter().find(|note| note.node == id);
                let code = tree.text(id, bytes);
                let text = note.map(|note| &*note.text).unwrap_or_default();
                assert!(text.starts_with(&*code), "{} {:?}: {text}", case.name, tree.path(id));
                assert!(!text.contains("in no table"), "{}: {text}", case.name);
                seen += 1;
            }
        }
    }
    assert!(seen > 300, "{seen}");
}

/// The element with a status code in it: `Status`, in SyncML the `Data` of one. Items have a
/// `Status` of their own (of a flag, say), which is content.
fn is_status(tree: &Tree, id: NodeId, syncml: bool) -> bool {
    let path = tree.path(id);
    match tree.name(id) {
        Some("Status") => {
            !syncml && !path.iter().any(|name| ["ApplicationData", "Properties"].contains(name))
        }
        Some("Data") => syncml && path.ends_with(&["Status", "Data"]),
        _ => false,
    }
}

#[test]
fn no_secret_is_repeated() {
    let mut secrets = 0;
    for case in all() {
        for secret in ["YWxpY2U6c2VjcmV0", "secret"] {
            assert!(!says(&case.annotated, secret), "{}", case.name);
        }
        for leg in [Leg::Request, Leg::Response] {
            let Some((_, tree, bytes)) = case.decoded(leg).document() else { continue };
            for index in 0..tree.len() {
                let id = NodeId(u32::try_from(index).unwrap());
                let path = tree.path(id).join("/");
                if tree.element(id).is_some()
                    && (path.ends_with("Cred/Data") || path.ends_with("NextNonce"))
                {
                    secrets += 1;
                    assert!(!says(&case.annotated, &tree.text(id, bytes)), "{} {path}", case.name);
                }
            }
        }
    }
    assert!(secrets > 20, "{secrets}");
}

#[test]
fn syncml_reads_the_same_in_xml_and_wbxml() {
    let (xml, wbxml) = (cases("syncml/xml12"), cases("syncml/wbxml12"));
    assert_eq!(xml.len(), wbxml.len());
    for (xml, wbxml) in xml.iter().zip(&wbxml) {
        let mut expected = xml.annotated.summary.clone();
        assert_eq!(expected.protocol, Protocol::SyncMl);
        assert!(!expected.session.is_empty());
        expected.device = expected.device.replace("xml12", "wbxml12");
        assert_eq!(wbxml.annotated.summary, expected, "{}", wbxml.name);
        let texts = |case: &Case| {
            let notes = case.annotated.request.iter().chain(&case.annotated.response);
            let texts = notes.map(|note| note.text.replace("wbxml12", "xml12"));
            texts.collect::<Vec<_>>()
        };
        assert_eq!(texts(wbxml), texts(xml), "{}", wbxml.name);
    }
}

#[test]
fn a_wrong_password_is_told_from_a_first_round() {
    let level = |name| case("syncml/xml12", name).annotated.summary.level;
    assert_eq!(level("016_SyncML"), Level::Notable);
    assert_eq!(level("017_SyncML"), Level::Warning);
    assert!(case("syncml/xml12", "017_SyncML").facts().contains("credentials refused again"));
}

#[test]
fn the_request_alone_is_told_and_never_contradicted() {
    for case in all() {
        let mut early = case.exchange.clone();
        early.response = None;
        early.state = State::InFlight;
        let before = annotate(&early, Some(&case.request), None);
        let (before, after) = (before.summary, &case.annotated.summary);
        assert_eq!((&before.device, &before.user), (&after.device, &after.user), "{}", case.name);
        assert_eq!(before.policy_key, after.policy_key, "{}", case.name);
        assert_eq!(before.session, after.session, "{}", case.name);
    }
}

#[test]
fn notes_point_at_nodes_in_document_order() {
    for case in all() {
        for leg in [Leg::Request, Leg::Response] {
            let notes = case.annotated.notes(leg);
            assert!(notes.is_sorted_by_key(|note| (note.layer, note.node)), "{}", case.name);
            for note in notes {
                let tree = case.decoded(leg).layer(note.layer).unwrap().tree.as_ref().unwrap();
                assert!(tree.get(note.node).is_some(), "{}", case.name);
                assert!(!note.text.is_empty() && !note.text.ends_with('.'), "{}", note.text);
            }
        }
    }
}

#[test]
fn cut_bodies_are_annotated_without_alarm_while_in_flight() {
    for case in cases("eas/zpush-14.0").into_iter().chain(cases("syncml/wbxml12")) {
        let mut cut = case.exchange.clone();
        cut.state = State::InFlight;
        let whole = case.response.layers[0].bytes.clone();
        let headers = cut.response.as_ref().unwrap().headers.clone();
        let target = cut.request.as_ref().unwrap().target.clone();
        for length in (0..whole.len()).step_by(whole.len() / 12 + 1) {
            let part = whole.slice(..length);
            let body = BodyFacts { ended: false, ..facts(&part) };
            cut.response.as_mut().unwrap().body = body;
            let part = decoded(part, &headers, &target, Leg::Response);
            let summary = annotate(&cut, Some(&case.request), Some(&part)).summary;
            assert!(!summary.facts.contains("response body damaged"), "{}", case.name);
        }
    }
}

/// Annotates an exchange whose two bodies are XML.
fn tell(target: &str, media_type: &str, request: &str, response: &str) -> Annotated {
    let headers = Headers(vec![Header { name: "Content-Type".into(), value: media_type.into() }]);
    let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
    exchange.state = State::Complete;
    exchange.request = Some(Request {
        method: "POST".into(),
        target: target.into(),
        headers: headers.clone(),
        ..Request::default()
    });
    exchange.response =
        Some(Response { status: 200, headers: headers.clone(), ..Response::default() });
    let body = |text: &str, leg| decoded(Bytes::from(text.to_owned()), &headers, target, leg);
    let (request, response) = (body(request, Leg::Request), body(response, Leg::Response));
    annotate(&exchange, Some(&request), Some(&response))
}

/// What a list and an overview show stays small, whatever a body holds.
#[test]
fn hostile_counts_stay_in_bounds() {
    let repeat = |element: fn(usize) -> String| (0..2_000).map(element).collect::<String>();
    let collections = repeat(|i| {
        format!(
            "<Collection><SyncKey>{i}</SyncKey><CollectionId>{i}</CollectionId><Status>{i}</Status></Collection>"
        )
    });
    let sync = format!("<Sync><Collections>{collections}</Collections></Sync>");
    let folders = repeat(|i| format!("<Add><Type>{i}</Type></Add>"));
    let folders = format!("<FolderSync><Changes>{folders}</Changes></FolderSync>");
    let wipes = format!("<Provision>{}</Provision>", "<RemoteWipe/>".repeat(2_000));
    let statuses = repeat(|i| {
        format!(
            "<Status><CmdID>{i}</CmdID><MsgRef>1</MsgRef><CmdRef>{i}</CmdRef><Chal/><Data>{i}</Data></Status><Alert><CmdID>{i}</CmdID><Data>{i}</Data></Alert>"
        )
    });
    let syncml = format!(
        "<SyncML><SyncHdr><MsgID>1</MsgID></SyncHdr><SyncBody>{statuses}</SyncBody></SyncML>"
    );
    let directory = "/Microsoft-Server-ActiveSync?Cmd=";
    for (target, body) in [
        (format!("{directory}Sync"), sync),
        (format!("{directory}FolderSync"), folders),
        (format!("{directory}Provision"), wipes),
        ("/dm".to_owned(), syncml),
    ] {
        let annotated = tell(&target, "text/xml", &body, &body);
        assert!(annotated.summary.facts.chars().count() <= 401, "{}", annotated.summary.facts);
        assert!(annotated.overview.len() <= 100, "{target}");
        for (key, text) in &annotated.overview {
            assert!(text.chars().count() <= 1_001, "{key}: {text}");
        }
        // Notes are not cut: there is one for each node that has a meaning.
        assert!(annotated.response.len() > 15, "{target}");
    }
}

/// MS-MDM section 4: what a reader of that exchange should be told.
#[test]
fn the_mdm_walk_is_told() {
    let header = |to: &str, from: &str| {
        format!(
            "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>{to}</LocURI></Target><Source><LocURI>{from}</LocURI></Source></SyncHdr>"
        )
    };
    let message = |header: String, body: &str| {
        format!(
            "<SyncML xmlns=\"SYNCML:SYNCML1.2\">{header}<SyncBody>{body}<Final/></SyncBody></SyncML>"
        )
    };
    let request = message(
        header("https://mdm.example", "device"),
        "<Alert><CmdID>2</CmdID><Data>1224</Data><Item><Meta><Type xmlns=\"syncml:metinf\">com.microsoft/MDM/LoginStatus</Type></Meta><Data>user</Data></Item></Alert><Replace><CmdID>3</CmdID><Item><Source><LocURI>./DevInfo/DevId</LocURI></Source><Data>device</Data></Item></Replace>",
    );
    let response = message(
        header("device", "https://mdm.example"),
        "<Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status><Get><CmdID>4</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get>",
    );
    let annotated = tell("/dm", "application/vnd.syncml.dm+xml", &request, &response);
    let summary = &annotated.summary;
    assert_eq!(
        summary.facts,
        "session 1 msg 1: alert 1224 client event, 1 Replace, 1 Get, 1 status 200"
    );
    assert_eq!((summary.command.as_str(), summary.device.as_str()), ("Alert Replace +1", "device"));
    assert_eq!(summary.level, Level::Info);
    let texts = |leg| annotated.notes(leg).iter().map(|n| &*n.text).collect::<Vec<_>>();
    assert_eq!(
        texts(Leg::Request),
        [
            "1224 CLIENT EVENT: Something happened on the device",
            "package 1 of each session; data: user; others; none",
            "DevInfo CSP DevId, device scope: chr, Get, since 10.0.10586",
            "last message of this package",
        ]
    );
    assert_eq!(
        texts(Leg::Response),
        [
            "answers the header of message 1",
            "200 OK: Command done",
            "DevDetail CSP SwV, device scope: chr, Get, since 10.0.10586",
            "last message of this package",
        ]
    );
}
