//! The device is sent to another host: by a redirect, by Autodiscover, by enrolment discovery, or by
//! an address in a provisioning document.
//!
//! What it says there passes by whoever listens here only, so every such answer says where the device
//! goes and whether the way it came in covers that.

use crate::model::{Decoded, Exchange, Level, NodeId};

use super::document::Document;
use super::draft::{Draft, clip};

/// Most destinations told of one answer.
const DESTINATIONS: usize = 16;
/// Most bytes of a JSON answer that are read.
const JSON_BYTES: usize = 64 * 1024;

/// What sends the device elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `X-MS-Location` (MS-ASHTTP 2.2.2.1.2.6).
    MsLocation,
    /// `Location` of a redirect (RFC 9110 §10.2.2).
    Redirect,
    /// Autodiscover (MS-ASCMD 2.2.3.186.1, `Url`; MS-OXDSCLI, `RedirectUrl`).
    Autodiscover,
    /// Addresses of the enrolment services (MS-MDE2 3.1.4.1.2.2).
    Enrollment,
    /// An address in a provisioning document (OMA-WAP-TS-ProvCont, `ADDR`).
    Provisioning,
    /// `RespURI` of a message (OMA-TS-SyncML-RepPro 6.1.26).
    RespUri,
}

impl Way {
    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MsLocation => "X-MS-Location",
            Self::Redirect => "redirect",
            Self::Autodiscover => "Autodiscover",
            Self::Enrollment => "enrolment discovery",
            Self::Provisioning => "provisioning document",
            Self::RespUri => "RespURI",
        }
    }
}

/// Where an answer sends the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// `http` or `https`.
    pub scheme: &'static str,
    /// Host name or address, in lower case, without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// What says so.
    pub way: Way,
    /// False when the device came in by a reverse listener and none that was open then is for this
    /// server: what it says there does not pass by.
    pub covered: bool,
}

impl Destination {
    /// Scheme, host, and the port when it is not the scheme's.
    pub fn origin(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.scheme, self.port) {
            ("https", 443) | ("http", 80) => format!("{}://{host}", self.scheme),
            (scheme, port) => format!("{scheme}://{host}:{port}"),
        }
    }
}

/// The other servers that the answer of `exchange` sends the device to, each once, at most 16.
pub fn destinations(exchange: &Exchange, response: Option<&Decoded>) -> Vec<Destination> {
    let mut found = Vec::new();
    for (way, url) in addresses(exchange, response) {
        let Some((scheme, host, port)) = parse(&url) else { continue };
        let here = host.eq_ignore_ascii_case(&exchange.host) && port == exchange.port;
        let known = found.iter().any(|d: &Destination| d.host == host && d.port == port);
        if here || known || found.len() == DESTINATIONS {
            continue;
        }
        let covered = covers(exchange, scheme, &host, port);
        found.push(Destination { scheme, host, port, way, covered });
    }
    found
}

/// Says where the device goes from here.
pub(super) fn tell(exchange: &Exchange, response: Option<&Decoded>, draft: &mut Draft) {
    let (mut through, mut past) = (Vec::new(), Vec::new());
    for to in destinations(exchange, response) {
        let host = clip(&to.host);
        // A redirect says so itself; RespURI only names the next message of this session.
        let told = to.covered && matches!(to.way, Way::Redirect | Way::RespUri);
        let words = if to.covered { "" } else { " (not through this proxy)" };
        if !told && !draft.append_to(&host, words) {
            if to.covered { &mut through } else { &mut past }.push(host);
        }
        if !told {
            draft.raise(if to.covered { Level::Notable } else { Level::Warning });
        }
        draft.row("sent to", whereto(exchange, &to));
    }
    if !through.is_empty() {
        draft.fact(format!("sends the device to {}", through.join(", ")));
    }
    if !past.is_empty() {
        draft.fact(format!("sends the device to {}, not through this proxy", past.join(", ")));
    }
}

/// A destination as the overview has it, and what is to be done to see what is said there.
fn whereto(exchange: &Exchange, to: &Destination) -> String {
    let (origin, way) = (clip(&to.origin()), to.way.name());
    if !to.covered {
        return format!(
            "{origin} ({way}): not through this proxy; `:cover` listens for it too, \
             as `--mode reverse:{origin}@ADDRESS` does; let that name point here"
        );
    }
    let how = if exchange.mode.starts_with("reverse:") {
        "by the listener for it, if that name points there"
    } else {
        "through this proxy, if it is set for it"
    };
    format!("{origin} ({way}): {how}")
}

/// Whether what the device says to a server passes by one of the ways in that were open. With an
/// explicit proxy, all of it does. A device that came by a reverse listener knows of no proxy: for it
/// there must be a reverse listener for that very server.
fn covers(exchange: &Exchange, scheme: &str, host: &str, port: u16) -> bool {
    if !exchange.mode.starts_with("reverse:") {
        return true;
    }
    let ways = std::iter::once(&exchange.mode).chain(&exchange.other_modes);
    let mut origins = ways.filter_map(|mode| parse(mode.strip_prefix("reverse:")?));
    origins.any(|own| own == (scheme_of(scheme), host.into(), port))
}

fn scheme_of(scheme: &str) -> &'static str {
    if scheme == "http" { "http" } else { "https" }
}

fn addresses(exchange: &Exchange, response: Option<&Decoded>) -> Vec<(Way, String)> {
    let mut found = Vec::new();
    if let Some(answer) = &exchange.response {
        if answer.ours {
            return found;
        }
        let header = |name| answer.headers.first(name).map(str::to_owned);
        found.extend(header("x-ms-location").map(|url| (Way::MsLocation, url)));
        let location = header("location").filter(|_| (300..400).contains(&answer.status));
        found.extend(location.map(|url| (Way::Redirect, url)));
    }
    let Some(decoded) = response else { return found };
    for document in Document::all(decoded) {
        for id in document.elements() {
            found.extend(named(&document, id));
            if found.len() >= DESTINATIONS * 4 {
                return found;
            }
        }
    }
    found.extend(json_address(exchange, decoded));
    found
}

/// The address that this element gives, if it is one of those that send a device somewhere.
fn named(document: &Document<'_>, id: NodeId) -> Option<(Way, String)> {
    let way = match document.name(id) {
        "parm" => {
            let name = document.attribute(id, "name")?;
            let value = document.attribute(id, "value")?;
            let address = name.eq_ignore_ascii_case("ADDR");
            return address.then(|| (Way::Provisioning, value.to_owned()));
        }
        "Url" if document.parent_name(id) == "Server" => Way::Autodiscover,
        "RedirectUrl" => Way::Autodiscover,
        "AuthenticationServiceUrl" | "EnrollmentPolicyServiceUrl" | "EnrollmentServiceUrl" => {
            Way::Enrollment
        }
        "RespURI" => Way::RespUri,
        _ => return None,
    };
    Some((way, document.text(id).into_owned()))
}

/// Autodiscover in JSON: `{"Protocol": "ActiveSync", "Url": "https://…"}`.
fn json_address(exchange: &Exchange, decoded: &Decoded) -> Option<(Way, String)> {
    let asked = exchange.request.as_ref()?.path().to_ascii_lowercase();
    if !asked.contains("/autodiscover.json") {
        return None;
    }
    let bytes = &decoded.layer(decoded.main())?.bytes;
    let value: serde_json::Value =
        serde_json::from_slice(bytes.get(..JSON_BYTES.min(bytes.len()))?).ok()?;
    let url = value.get("Url").or_else(|| value.get("RedirectUrl"))?;
    Some((Way::Autodiscover, url.as_str()?.to_owned()))
}

/// Scheme, host and port of an absolute http or https URL.
fn parse(url: &str) -> Option<(&'static str, String, u16)> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let (scheme, usual) = match scheme.to_ascii_lowercase().as_str() {
        "http" => ("http", 80),
        "https" => ("https", 443),
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(address) => {
            let (address, port) = address.split_once(']')?;
            (address, port.strip_prefix(':'))
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None | Some("") => usual,
        Some(digits) => digits.parse().ok()?,
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>\"\\".contains(c);
    (!host.is_empty() && !host.contains(odd)).then(|| (scheme, host.to_ascii_lowercase(), port))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::analyze::annotate;
    use crate::analyze::document::sketch;
    use crate::model::{
        ConnId, ExchangeId, Format, Header, Headers, Kind, Layer, Request, Response, State,
        WallTime,
    };

    fn exchange(mode: &str, status: u16, headers: &[(&str, &str)]) -> Exchange {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        exchange.mode = mode.into();
        exchange.host = "mail.example".into();
        exchange.request = Some(Request { target: "/x".into(), ..Request::default() });
        let header =
            |(name, value): &(&str, &str)| Header { name: (*name).into(), value: (*value).into() };
        let headers = Headers(headers.iter().map(header).collect());
        exchange.response = Some(Response { status, headers, ..Response::default() });
        exchange.state = State::Complete;
        exchange
    }

    fn origins(exchange: &Exchange, body: &str) -> Vec<(String, Way)> {
        let decoded = (!body.is_empty()).then(|| sketch::decoded(body));
        let found = destinations(exchange, decoded.as_ref());
        found.into_iter().map(|to| (to.origin(), to.way)).collect()
    }

    const REVERSE: &str = "reverse:https://mail.example";

    #[test]
    fn headers_send_devices_elsewhere() {
        let moved = [("X-MS-Location", "https://b.example/Microsoft-Server-ActiveSync")];
        assert_eq!(
            origins(&exchange(REVERSE, 451, &moved), ""),
            [("https://b.example".into(), Way::MsLocation)]
        );
        let redirect = [("Location", "http://mail.example/x")];
        assert_eq!(
            origins(&exchange(REVERSE, 302, &redirect), ""),
            [("http://mail.example".into(), Way::Redirect)],
            "another port is another server"
        );
        assert!(origins(&exchange(REVERSE, 302, &[("Location", "/there")]), "").is_empty());
        assert!(origins(&exchange(REVERSE, 201, &redirect), "").is_empty());
        let same = [("X-MS-Location", "https://MAIL.example/other")];
        assert!(origins(&exchange(REVERSE, 451, &same), "").is_empty());
    }

    #[test]
    fn documents_send_devices_elsewhere() {
        let plain = exchange("regular", 200, &[]);
        for (body, origin, way) in [
            (
                "<Autodiscover><Server><Url>https://eas.example:8443/x</Url></Server></Autodiscover>",
                "https://eas.example:8443",
                Way::Autodiscover,
            ),
            (
                "<DiscoverResult><EnrollmentServiceUrl>https://mdm.example/e</EnrollmentServiceUrl></DiscoverResult>",
                "https://mdm.example",
                Way::Enrollment,
            ),
            (
                "<wap-provisioningdoc><parm name=\"ADDR\" value=\"https://[::1]/dm\"/></wap-provisioningdoc>",
                "https://[::1]",
                Way::Provisioning,
            ),
            (
                "<SyncML><RespURI>http://dm.example/1</RespURI></SyncML>",
                "http://dm.example",
                Way::RespUri,
            ),
        ] {
            assert_eq!(origins(&plain, body), [(origin.into(), way)]);
        }
        assert!(origins(&plain, "<a><Url>https://x.example</Url></a>").is_empty());
    }

    #[test]
    fn autodiscover_in_json_is_read() {
        let mut exchange = exchange("regular", 200, &[]);
        exchange.request.as_mut().unwrap().target = "/autodiscover/autodiscover.json/v1.0/a".into();
        let bytes =
            Bytes::from_static(br#"{"Protocol":"ActiveSync","Url":"https://eas.example/x"}"#);
        let layer = Layer {
            label: "body".into(),
            origin: None,
            bytes,
            format: Format::Binary("JSON"),
            tree: None,
            facts: Vec::new(),
        };
        let decoded = Decoded { layers: vec![layer], problems: Vec::new() };
        assert_eq!(destinations(&exchange, Some(&decoded))[0].host, "eas.example");
    }

    #[test]
    fn a_reverse_proxy_covers_its_server_only() {
        let moved = [("X-MS-Location", "https://b.example/x")];
        let said = annotate(&exchange(REVERSE, 451, &moved), None, None);
        assert!(said.summary.facts.contains("b.example, not through this proxy"), "{said:?}");
        assert_eq!(said.summary.level, Level::Warning);
        let row = said.overview.iter().find(|(label, _)| *label == "sent to").unwrap();
        assert!(row.1.contains("`--mode reverse:https://b.example@ADDRESS`"), "{}", row.1);
        let said = annotate(&exchange("regular", 451, &moved), None, None);
        assert!(!said.summary.facts.contains("not through"), "{said:?}");
        let back = destinations(&exchange("reverse:https://b.example", 451, &moved), None);
        assert!(back[0].covered, "the host asked for may differ from the server behind");
    }

    #[test]
    fn several_destinations_are_told_in_one_breath() {
        let body = "<DiscoverResult><EnrollmentServiceUrl>https://a.example/e</EnrollmentServiceUrl>\
            <AuthenticationServiceUrl>https://b.example/a</AuthenticationServiceUrl></DiscoverResult>";
        let said = annotate(&exchange(REVERSE, 200, &[]), None, Some(&sketch::decoded(body)));
        let words = "sends the device to a.example, b.example, not through this proxy";
        assert!(said.summary.facts.ends_with(words), "{}", said.summary.facts);
        assert_eq!(said.overview.iter().filter(|(label, _)| *label == "sent to").count(), 2);
    }

    #[test]
    fn another_listener_that_is_open_covers_its_server_too() {
        let moved = [("X-MS-Location", "https://b.example/x")];
        let mut sent = exchange(REVERSE, 451, &moved);
        sent.other_modes = vec!["regular".into(), "reverse:https://c.example".into()];
        assert!(!destinations(&sent, None)[0].covered, "it knows of no proxy");
        sent.other_modes.push("reverse:https://b.example".into());
        assert!(destinations(&sent, None)[0].covered);
        let said = annotate(&sent, None, None);
        let row = said.overview.iter().find(|(label, _)| *label == "sent to").unwrap();
        assert!(row.1.ends_with("by the listener for it, if that name points there"), "{}", row.1);
    }

    #[test]
    fn what_is_no_url_sends_nowhere() {
        for text in ["", "mail.example", "ftp://x", "https://", "https://a b/", "https://x:port/"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("HTTPS://User@A.example:1/x?y"), Some(("https", "a.example".into(), 1)));
    }
}
