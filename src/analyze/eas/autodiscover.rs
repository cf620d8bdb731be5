//! Autodiscover: where the server of an address is, in XML (MS-OXDSCLI, the mobilesync schema) and in
//! JSON (version 2 of the service).

use serde_json::Value;

use crate::analyze::document::{Document, Subject};
use crate::analyze::draft::{Draft, clip, joined};
use crate::model::{Decoded, Format, Level, Request};

/// Most bytes of a JSON answer that are read; real ones have a hundred.
const JSON_BYTES: usize = 64 * 1024;

/// True for a request to version 2 of the service that asks for ActiveSync.
pub(super) fn asks_json(request: &Request) -> bool {
    request.path().to_ascii_lowercase().contains("/autodiscover/autodiscover.json")
        && request.query().to_ascii_lowercase().contains("protocol=activesync")
}

/// Tells what an XML document asks or answers.
pub(super) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    if let Some(request) = &subject.request {
        draft.fact(joined(["for".to_owned(), first(request, "EMailAddress")], " "));
    }
    let Some(response) = &subject.response else { return };
    let url = first(response, "Url");
    if !url.is_empty() {
        draft.fact(format!("server {url}"));
        draft.row("server url", url);
    }
    let redirect = first(response, "Redirect");
    if !redirect.is_empty() {
        draft.fact(format!("ask again for {redirect}"));
    }
    let error = response.elements().find(|id| response.name(*id) == "Error");
    if let Some(error) = error {
        draft.raise(Level::Warning);
        let code = ["Status", "ErrorCode", "Message", "DebugData"];
        let parts = code.map(|name| {
            let text = response.child_text(error, name);
            text.map(|text| format!("{name} {}", clip(&text))).unwrap_or_default()
        });
        draft.fact(format!("error: {}", joined(parts, ", ")));
    }
}

/// Tells a JSON answer: the address of the server, or why there is none.
pub(in crate::analyze) fn tell_json(response: Option<&Decoded>, draft: &mut Draft) {
    let Some(decoded) = response else { return };
    let json = decoded.layers.iter().find(|layer| layer.format == Format::Text("JSON"));
    let Some(bytes) = json.map(|layer| &layer.bytes).filter(|b| b.len() <= JSON_BYTES) else {
        return;
    };
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(clip).unwrap_or_default();
    let (url, error) = (text("Url"), text("ErrorCode"));
    if !url.is_empty() {
        draft.fact(format!("server {url}"));
        draft.row("server url", url);
    }
    if !error.is_empty() {
        draft.raise(Level::Warning);
        draft.fact(joined([format!("error: {error}"), text("ErrorMessage")], ", "));
    }
}

fn first(document: &Document<'_>, name: &str) -> String {
    let found = document.elements().find(|id| document.name(*id) == name);
    found.map(|id| clip(&document.text(id))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::analyze::annotate;
    use crate::analyze::document::sketch;
    use crate::model::{
        Annotated, ConnId, Exchange, ExchangeId, Kind, Layer, Protocol, Response, State, WallTime,
    };

    fn exchange(target: &str) -> Exchange {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        exchange.request =
            Some(Request { method: "POST".into(), target: target.into(), ..Request::default() });
        exchange.response = Some(Response { status: 200, ..Response::default() });
        exchange.state = State::Complete;
        exchange
    }

    fn json(text: &'static str) -> Annotated {
        let layer = Layer {
            label: "body".into(),
            origin: None,
            bytes: Bytes::from_static(text.as_bytes()),
            format: Format::Text("JSON"),
            tree: None,
            facts: Vec::new(),
        };
        let decoded = Decoded { layers: vec![layer], problems: Vec::new() };
        let target = "/autodiscover/autodiscover.json/v1.0/a@example.org?Protocol=ActiveSync";
        annotate(&exchange(target), None, Some(&decoded))
    }

    #[test]
    fn json_names_the_server_or_the_error() {
        let told = json(
            r#"{"Protocol":"ActiveSync","Url":"https://m.example/Microsoft-Server-ActiveSync"}"#,
        );
        assert_eq!(told.summary.protocol, Protocol::ActiveSync);
        assert_eq!(told.summary.command, "Autodiscover");
        assert_eq!(told.summary.facts, "server https://m.example/Microsoft-Server-ActiveSync");
        let told = json(r#"{"ErrorCode":"ProtocolNotSupported","ErrorMessage":"no"}"#).summary;
        assert_eq!(told.facts, "error: ProtocolNotSupported, no");
        assert_eq!(told.level, Level::Warning);
        assert_eq!(json("[").summary.facts, "");
    }

    #[test]
    fn xml_names_the_server_or_the_error() {
        let ask = "<Autodiscover><Request><EMailAddress>a@example.org</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>";
        let tell = |answer: &str| {
            let (ask, answer) = (sketch::decoded(ask), sketch::decoded(answer));
            annotate(&exchange("/autodiscover/autodiscover.xml"), Some(&ask), Some(&answer)).summary
        };
        let server = "<Autodiscover><Response><Action><Settings><Server><Type>MobileSync</Type><Url>https://m.example/x</Url></Server></Settings></Action></Response></Autodiscover>";
        assert_eq!(tell(server).facts, "for a@example.org, server https://m.example/x");
        let error = "<Autodiscover><Response><Error><ErrorCode>600</ErrorCode></Error></Response></Autodiscover>";
        let told = tell(error);
        assert!(told.facts.contains("error: ErrorCode 600"), "{}", told.facts);
        assert!(told.level >= Level::Warning);
    }
}
