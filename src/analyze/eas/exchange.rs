//! One ActiveSync exchange, told: who, which command, what came of it.

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, joined};
use crate::model::{Leg, Level};

use super::head::Head;
use super::names::FolderNames;
use super::{
    autodiscover, folders, http, items, mail, provision, query, status, sync, values, waiting,
};

/// Tells an exchange that is ActiveSync.
pub(in crate::analyze) fn tell(
    subject: &Subject<'_>,
    head: &Head,
    names: FolderNames<'_>,
    draft: &mut Draft,
) {
    tell_head(head, draft);
    match head.command.as_str() {
        "OPTIONS" => tell_options(subject, draft),
        "Autodiscover" => autodiscover::tell(subject, draft),
        "Provision" => provision::tell(subject, head, draft),
        "Sync" => sync::tell(subject, names, draft),
        "GetItemEstimate" => waiting::tell_estimate(subject, names, draft),
        "Ping" => waiting::tell_ping(subject, names, draft),
        "FolderSync" | "FolderCreate" | "FolderUpdate" | "FolderDelete" => {
            folders::tell(subject, names, draft);
        }
        "SendMail" | "SmartReply" | "SmartForward" => mail::tell(subject, head, names, draft),
        _ => items::tell(subject, head, names, draft),
    }
    tell_device(subject, draft);
    if !matches!(head.command.as_str(), "Provision" | "OPTIONS" | "Autodiscover") {
        draft.row("policy key", head.key_words());
    }
    for (leg, document) in subject.documents() {
        values::annotate(leg, &document, draft);
    }
    tell_status(subject, head, draft);
    http::tell(subject, draft);
    tell_demand(subject, head, draft);
    // A wipe may stand in the answer to any command; told last, it is the first fact.
    provision::wipes(subject, draft);
}

fn tell_head(head: &Head, draft: &mut Draft) {
    draft.summary.version.clone_from(&head.version);
    draft.summary.command.clone_from(&head.command);
    draft.summary.device.clone_from(&head.device);
    draft.summary.user.clone_from(&head.user);
    draft.summary.policy_key = head.policy_key;
    draft.row("protocol", joined(["ActiveSync".to_owned(), head.version.clone()], " "));
    draft.row("command", head.command.clone());
    draft.row("device", head.device.clone());
    draft.row("device type", head.device_type.clone());
    draft.row("user", head.user.clone());
    query::tell(&head.query, draft);
    for problem in &head.problems {
        draft.raise(Level::Warning);
        draft.row("query", problem.clone());
    }
}

/// What the device says of itself, in Provision or Settings (MS-ASCMD 2.2.3.45).
fn tell_device(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.request else { return };
    let Some(set) = request.descend(request.root(), &["DeviceInformation", "Set"]) else { return };
    let shown = ["Model", "OS", "OSLanguage", "UserAgent"];
    let parts = shown.map(|name| {
        let text = request.child_text(set, name);
        text.map(|text| format!("{name} {}", clip(&text))).unwrap_or_default()
    });
    draft.row("device says", joined(parts, ", "));
}

/// Every Status of both bodies; the answer's is the one the list shows.
fn tell_status(subject: &Subject<'_>, head: &Head, draft: &mut Draft) {
    for (leg, document) in subject.documents() {
        let outcome = status::annotate(leg, command_of(head, &document), &document, draft);
        if leg == Leg::Request {
            if outcome.level > Level::Info && !outcome.text.is_empty() {
                draft.fact(format!("device says {} ({})", outcome.text, outcome.label));
            }
            continue;
        }
        if outcome.level >= Level::Warning {
            let words = [format!("status {}", outcome.text), outcome.label.to_owned()];
            draft.headline(joined(words, " "));
        }
        draft.row("status", joined([outcome.text.clone(), outcome.label.to_owned()], " "));
        draft.summary.status = outcome.text;
    }
}

/// Which key did not do, when the server demands provisioning.
fn tell_demand(subject: &Subject<'_>, head: &Head, draft: &mut Draft) {
    let by_http = subject.http_status() == Some(449);
    let by_status = matches!(draft.summary.status.as_str(), "140" | "141" | "142" | "143" | "144");
    if (by_http || by_status) && head.command != "Provision" {
        draft.fact(format!("policy key {}", head.key_words()));
    }
}

/// The command the tables know: the query's, or the root element when the query has none.
fn command_of<'a>(head: &'a Head, document: &Document<'a>) -> &'a str {
    if head.command.is_empty() { document.root_name() } else { &head.command }
}

/// What a server offers in the answer to OPTIONS (MS-ASHTTP 2.2.4).
fn tell_options(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(response) = &subject.exchange.response else { return };
    if let Some(versions) = response.headers.first("MS-ASProtocolVersions") {
        draft.fact(format!("versions {}", clip(versions)));
        draft.row("versions", clip(versions));
    }
    if let Some(commands) = response.headers.first("MS-ASProtocolCommands") {
        let count = commands.split(',').filter(|command| !command.trim().is_empty()).count();
        draft.fact(format!("{count} commands"));
        draft.row("commands", commands.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use crate::analyze::annotate;
    use crate::analyze::document::sketch;
    use crate::model::{
        Annotated, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Level, PolicyKey, Protocol,
        Request, Response, State, WallTime,
    };

    fn exchange(command: &str, key: &str, status: u16) -> Exchange {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let target = format!(
            "/Microsoft-Server-ActiveSync?Cmd={command}&User=deviceuser&DeviceId=6F24CAD599A5BF1A690246B8C68FAE8D&DeviceType=PocketPC"
        );
        let headers =
            Headers(vec![header("MS-ASProtocolVersion", "14.1"), header("X-MS-PolicyKey", key)]);
        exchange.request =
            Some(Request { method: "POST".into(), target, headers, ..Request::default() });
        if status != 0 {
            exchange.response = Some(Response { status, ..Response::default() });
            exchange.state = State::Complete;
        }
        exchange
    }

    fn told(exchange: &Exchange, request: &str, response: &str) -> Annotated {
        let decoded = |text: &str| (!text.is_empty()).then(|| sketch::decoded(text));
        annotate(exchange, decoded(request).as_ref(), decoded(response).as_ref())
    }

    fn row<'a>(annotated: &'a Annotated, key: &str) -> &'a str {
        let found = annotated.overview.iter().find(|(known, _)| *known == key);
        found.map(|(_, text)| text.as_str()).unwrap_or_default()
    }

    const ASK: &str = "<Provision><DeviceInformation><Set><Model>x</Model></Set></DeviceInformation><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType></Policy></Policies></Provision>";
    const OFFER: &str = "<Provision><DeviceInformation><Status>1</Status></DeviceInformation><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>1307199584</PolicyKey><Data><EASProvisionDoc><DevicePasswordEnabled>1</DevicePasswordEnabled><MinDevicePasswordLength/><AllowCamera>0</AllowCamera></EASProvisionDoc></Data></Policy></Policies></Provision>";
    const ACKNOWLEDGE: &str = "<Provision><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>1307199584</PolicyKey><Status>1</Status></Policy></Policies></Provision>";
    const FINAL: &str = "<Provision><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status><PolicyKey>3942919513</PolicyKey></Policy></Policies></Provision>";

    #[test]
    fn the_head_is_told() {
        let summary = told(&exchange("Provision", "0", 0), ASK, "").summary;
        assert_eq!(summary.protocol, Protocol::ActiveSync);
        assert_eq!((summary.version.as_str(), summary.command.as_str()), ("14.1", "Provision"));
        assert_eq!(summary.user, "deviceuser");
        assert_eq!(summary.device, "6F24CAD599A5BF1A690246B8C68FAE8D");
        assert_eq!(summary.policy_key, Some(PolicyKey(0)));
        assert_eq!(summary.facts, "key 0, asking for the policy");
    }

    #[test]
    fn a_policy_download() {
        let annotated = told(&exchange("Provision", "0", 200), ASK, OFFER);
        assert_eq!(annotated.summary.facts, "key 0 -> 1307199584, policy downloaded");
        assert_eq!(row(&annotated, "phase"), "initial: policy downloaded");
        assert_eq!(row(&annotated, "policy key"), "0 -> 1307199584 (temporary)");
        assert_eq!(
            row(&annotated, "policy"),
            "3 settings, 2 restrictive: DevicePasswordEnabled 1, AllowCamera 0"
        );
        assert_eq!(annotated.summary.level, Level::Notable);
        assert_eq!(annotated.summary.status, "1");
    }

    #[test]
    fn an_acknowledgement() {
        let annotated = told(&exchange("Provision", "1307199584", 200), ACKNOWLEDGE, FINAL);
        let facts = "key 1307199584 -> 3942919513, policy acknowledged";
        assert_eq!(annotated.summary.facts, facts);
        assert_eq!(row(&annotated, "phase"), "acknowledge: policy acknowledged");
        assert_eq!(row(&annotated, "policy key"), "1307199584 -> 3942919513 (final)");
        assert!(annotated.request[1].text.starts_with("1 applied: client applies"));
    }

    #[test]
    fn a_key_printed_signed_is_the_same_key() {
        let signed = FINAL.replace("3942919513", "-352047783");
        let annotated = told(&exchange("Provision", "-1", 200), ACKNOWLEDGE, &signed);
        assert!(annotated.summary.facts.starts_with("key 4294967295 -> 3942919513"));
    }

    #[test]
    fn a_refused_acknowledgement_is_told_by_both_sides() {
        let partly = ACKNOWLEDGE.replace("<Status>1</Status>", "<Status>2</Status>");
        let answer = "<Provision><Status>139</Status></Provision>";
        let summary = told(&exchange("Provision", "1307199584", 200), &partly, answer).summary;
        assert_eq!(summary.status, "139");
        assert_eq!(
            summary.facts,
            "status 139 not-fully-provisionable, key 1307199584, device says Policy 2 (partly-applied)"
        );
        assert_eq!(summary.level, Level::Warning);
    }

    #[test]
    fn no_policy_is_notable_and_said_once() {
        let answer = "<Provision><Status>1</Status><Policies><Policy><PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>2</Status></Policy></Policies></Provision>";
        let annotated = told(&exchange("Provision", "0", 200), ASK, answer);
        assert_eq!(annotated.summary.facts, "key 0, no policy");
        let keyed = answer.replace("<Status>2<", "<PolicyKey>77</PolicyKey><Status>2<");
        let keyed = told(&exchange("Provision", "0", 200), ASK, &keyed);
        assert_eq!(row(&keyed, "policy key"), "0 -> 77 (without a policy)");
        assert_eq!(annotated.summary.status, "Policy 2");
        assert_eq!(annotated.summary.level, Level::Notable);
    }

    #[test]
    fn a_wipe_cannot_be_overlooked() {
        let order = "<Provision><Status>1</Status><RemoteWipe/></Provision>";
        let asked = told(&exchange("Provision", "0", 200), "<Provision/>", order);
        assert_eq!(asked.summary.level, Level::Alarm);
        assert!(asked.summary.facts.starts_with("REMOTE WIPE ordered"), "{}", asked.summary.facts);
        assert_eq!(row(&asked, "phase"), "wipe query: asking for a wipe directive");
        assert_eq!(row(&asked, "wipe"), "REMOTE WIPE ordered");
        let done = "<Provision><AccountOnlyRemoteWipe><Status>2</Status></AccountOnlyRemoteWipe></Provision>";
        let acknowledged = told(&exchange("Provision", "0", 0), done, "");
        assert!(acknowledged.summary.facts.starts_with("ACCOUNT-ONLY WIPE reported FAILED"));
        assert_eq!(row(&acknowledged, "phase"), "wipe acknowledge");
        assert_eq!(acknowledged.summary.level, Level::Alarm);
        let demanded = "<FolderSync><Status>140</Status></FolderSync>";
        let demanded = told(&exchange("FolderSync", "1", 200), "", demanded).summary;
        assert_eq!((demanded.level, demanded.status.as_str()), (Level::Alarm, "140"));
    }

    #[test]
    fn http_449_names_the_next_step() {
        let summary = told(&exchange("FolderSync", "0", 449), "", "").summary;
        assert_eq!(summary.facts, "HTTP 449: provision first, policy key 0");
        assert_eq!(summary.level, Level::Warning);
    }

    #[test]
    fn a_sync_is_told_per_collection() {
        let ask = "<Sync><Collections><Collection><SyncKey>0</SyncKey><CollectionId>5</CollectionId></Collection></Collections></Sync>";
        let answer = "<Sync><Collections><Collection><SyncKey>1</SyncKey><CollectionId>5</CollectionId><Status>1</Status><MoreAvailable/><Commands><Add/><Add/><Add/><Delete/></Commands></Collection></Collections></Sync>";
        let annotated = told(&exchange("Sync", "7", 200), ask, answer);
        assert_eq!(
            annotated.summary.facts,
            "collection 5: sync key 0 -> 1, 3 adds, 1 delete, more available"
        );
        assert_eq!(annotated.request[0].text, "0: first round, the client holds no state");
    }

    #[test]
    fn a_filter_is_said_in_words() {
        let ask = "<Sync><Collections><Collection><SyncKey>4</SyncKey><CollectionId>5</CollectionId><Options><FilterType>3</FilterType></Options><Commands><Change/></Commands></Collection></Collections></Sync>";
        let summary = told(&exchange("Sync", "7", 0), ask, "").summary;
        assert_eq!(summary.facts, "collection 5: sync key 4, client sends 1 change, last week");
    }

    #[test]
    fn folders_are_counted_by_type() {
        let answer = "<FolderSync><Status>1</Status><SyncKey>1</SyncKey><Changes><Count>3</Count><Add><Type>2</Type></Add><Add><Type>12</Type></Add><Add><Type>12</Type></Add></Changes></FolderSync>";
        let ask = "<FolderSync><SyncKey>0</SyncKey></FolderSync>";
        let summary = told(&exchange("FolderSync", "7", 200), ask, answer).summary;
        assert_eq!(summary.facts, "sync key 0 -> 1, 3 folders (Inbox, 2 user mail)");
    }

    #[test]
    fn a_ping_in_flight_says_how_long() {
        let ask = "<Ping><HeartbeatInterval>540</HeartbeatInterval><Folders><Folder><Id>1</Id></Folder><Folder><Id>2</Id></Folder></Folders></Ping>";
        let summary = told(&exchange("Ping", "7", 0), ask, "").summary;
        assert_eq!(
            (summary.facts.as_str(), summary.level),
            ("heartbeat 9 min, 2 folders", Level::Info)
        );
        let answer = "<Ping><Status>2</Status><Folders><Folder>1</Folder></Folders></Ping>";
        let summary = told(&exchange("Ping", "7", 200), ask, answer).summary;
        assert_eq!(summary.facts, "heartbeat 9 min, 2 folders, changes in 1");
        assert_eq!(summary.level, Level::Info);
    }

    #[test]
    fn options_lists_what_is_offered() {
        let mut exchange = exchange("x", "0", 200);
        exchange.request.as_mut().unwrap().method = "OPTIONS".into();
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        exchange.response.as_mut().unwrap().headers = Headers(vec![
            header("MS-ASProtocolVersions", "12.1,14.0"),
            header("MS-ASProtocolCommands", "Sync,Ping, Find"),
        ]);
        let summary = annotate(&exchange, None, None).summary;
        assert_eq!(summary.command, "OPTIONS");
        assert_eq!(summary.facts, "versions 12.1,14.0, 3 commands");
        assert_eq!(summary.level, Level::Info);
    }
}
