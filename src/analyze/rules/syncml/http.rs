//! Rules about one exchange as HTTP carries it (MS-MDM 2.1).

use crate::analyze::draft::clip;
use crate::analyze::ledger::Mac;
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::Token;
use crate::model::{Format, Leg, Scheme};

use super::engine::{ExchangeRule, Stage};

pub(super) const RULES: &[ExchangeRule] = &[
    ("http-post-only", no_post),
    ("http-content-type", media_type),
    ("http-type-body-mismatch", other_body),
    ("http-encoding-flip", other_encoding),
    ("http-scheme-https", unprotected),
    ("http-port-443", port),
    ("http-mode-value", mode_unknown),
    ("http-mode-present", mode_missing),
    ("http-platform-value", platform),
    ("http-user-agent", user_agent),
    ("http-useragentorigin", origin),
    ("http-ms-cv", correlation_vector),
    ("http-authorization-bearer", no_bearer),
    ("http-bearer-expired", expired),
    ("http-devicetoken-header", device_token),
    ("http-generic-alert-format", alert_format),
    ("http-response-status", refused),
    ("http-hmac-header", hmac),
    ("status-only-message-server", no_answer),
];

/// Seconds that clocks may differ.
const SKEW: i64 = 300;

impl Stage<'_, '_> {
    fn half(&self, leg: Leg) -> Hit {
        Hit::half(self.subject.exchange.id, leg)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.subject.exchange.request.as_ref()?.headers.first(name)
    }

    /// A parameter of the URL.
    fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.subject.exchange.request.as_ref()?.query();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn media(&self, leg: Leg) -> Option<String> {
        let exchange = self.subject.exchange;
        let headers = match leg {
            Leg::Request => exchange.request.as_ref().map(|request| &request.headers),
            Leg::Response => exchange.response.as_ref().map(|response| &response.headers),
        };
        headers.map(crate::model::Headers::media_type)
    }

    /// Whether the body of a leg is WBXML; `None` when it is no message.
    fn is_wbxml(&self, leg: Leg) -> Option<bool> {
        let at = usize::from(leg == Leg::Response);
        self.messages[at].as_ref()?;
        let decoded = self.subject.body(leg)?;
        Some(matches!(decoded.layer(decoded.main())?.format, Format::Wbxml(_)))
    }

    /// The legs that carry a message.
    fn legs(&self) -> impl Iterator<Item = Leg> {
        let legs = [Leg::Request, Leg::Response].into_iter().zip(self.messages);
        legs.filter(|(_, message)| message.is_some()).map(|(leg, _)| leg)
    }
}

fn no_post(stage: &Stage<'_, '_>) -> Option<Hit> {
    let method = &stage.subject.exchange.request.as_ref()?.method;
    (method != "POST").then(|| stage.half(Leg::Request).saying(clip(method)))
}

fn media_type(stage: &Stage<'_, '_>) -> Option<Hit> {
    stage.legs().find_map(|leg| {
        let media = stage.media(leg)?;
        // Older peers and data synchronisation leave `dm` out; a PKCS#7 body has no type of its own.
        let known = ["application/vnd.syncml.dm+xml", "application/vnd.syncml.dm+wbxml"];
        (!known.contains(&media.as_str())).then(|| stage.half(leg).saying(clip(&media)))
    })
}

fn other_body(stage: &Stage<'_, '_>) -> Option<Hit> {
    stage.legs().find_map(|leg| {
        let media = stage.media(leg)?;
        let wbxml = stage.is_wbxml(leg)?;
        let says =
            (media.ends_with("+wbxml"), media.ends_with("xml") && !media.ends_with("+wbxml"));
        let wrong = match says {
            (true, _) => !wbxml,
            (_, true) => wbxml,
            _ => false,
        };
        wrong.then(|| stage.half(leg).saying(clip(&media)))
    })
}

fn other_encoding(stage: &Stage<'_, '_>) -> Option<Hit> {
    let (asked, answered) = (stage.is_wbxml(Leg::Request)?, stage.is_wbxml(Leg::Response)?);
    (asked != answered).then(|| stage.half(Leg::Response))
}

fn unprotected(stage: &Stage<'_, '_>) -> Option<Hit> {
    (stage.subject.exchange.scheme == Scheme::Http).then(|| stage.half(Leg::Request))
}

fn port(stage: &Stage<'_, '_>) -> Option<Hit> {
    let exchange = stage.subject.exchange;
    let usual = exchange.scheme.default_port() == Some(exchange.port);
    (!usual).then(|| stage.half(Leg::Request).saying(exchange.port.to_string()))
}

fn mode_unknown(stage: &Stage<'_, '_>) -> Option<Hit> {
    let mode = stage.parameter("mode")?;
    let known = ["Maintenance", "Machine"].iter().any(|own| own.eq_ignore_ascii_case(mode));
    (!known).then(|| stage.half(Leg::Request).saying(clip(mode)))
}

fn mode_missing(stage: &Stage<'_, '_>) -> Option<Hit> {
    stage.parameter("mode").is_none().then(|| stage.half(Leg::Request))
}

fn platform(stage: &Stage<'_, '_>) -> Option<Hit> {
    let platform = stage.parameter("Platform")?;
    (!platform.eq_ignore_ascii_case("WoA")).then(|| stage.half(Leg::Request).saying(clip(platform)))
}

fn user_agent(stage: &Stage<'_, '_>) -> Option<Hit> {
    let agent = stage.header("User-Agent")?;
    let known = agent == "Enrollment" || agent.starts_with("MSFT OMA DM Client/");
    (!known).then(|| stage.half(Leg::Request).saying(clip(agent)))
}

fn origin(stage: &Stage<'_, '_>) -> Option<Hit> {
    let origin = stage.header("UserAgentOrigin")?;
    let good = |part: &str| matches!(part.trim().parse::<u8>(), Ok(1..=7));
    (!origin.split(',').all(good)).then(|| stage.half(Leg::Request).saying(clip(origin)))
}

fn correlation_vector(stage: &Stage<'_, '_>) -> Option<Hit> {
    // Only newer builds send one; they are known by their other header.
    stage.header("client-request-id")?;
    stage.header("MS-CV").is_none().then(|| stage.half(Leg::Request))
}

fn no_bearer(stage: &Stage<'_, '_>) -> Option<Hit> {
    let value = stage.header("Authorization")?;
    let scheme = value.split_whitespace().next().unwrap_or_default();
    (Token::read(value).is_none()).then(|| stage.half(Leg::Request).saying(clip(scheme)))
}

fn expired(stage: &Stage<'_, '_>) -> Option<Hit> {
    let token = Token::read(stage.header("Authorization")?)?;
    let now = stage.subject.exchange.started.0 / 1_000_000;
    let until = token.number("exp")?;
    let words = || format!("{} s ago", now - until);
    (until.saturating_add(SKEW) < now).then(|| stage.half(Leg::Request).saying(words()))
}

fn device_token(stage: &Stage<'_, '_>) -> Option<Hit> {
    stage.header("DeviceToken").map(|_| stage.half(Leg::Request))
}

fn alert_format(stage: &Stage<'_, '_>) -> Option<Hit> {
    let value = stage.header("MDM-GenericAlert")?.trim();
    let inner = value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let good = |part: &str| !part.is_empty() && !part.contains(['<', '>']);
    let whole = inner.is_some_and(|inner| inner.split("><").all(good));
    (!whole).then(|| stage.half(Leg::Request).saying(clip(value)))
}

fn refused(stage: &Stage<'_, '_>) -> Option<Hit> {
    let status = stage.subject.http_status()?;
    // The device waits and comes again (MS-MDM 15.0, 3.1.6).
    let later = matches!(status, 429 | 503);
    let hit = || stage.half(Leg::Response).saying(format!("HTTP {status}"));
    (status != 200).then(|| hit().only_info(later, "the server asks the device to come later"))
}

fn hmac(stage: &Stage<'_, '_>) -> Option<Hit> {
    let of = |leg| Some((leg, Mac::of(stage.subject, leg)?));
    let (leg, mac) = of(Leg::Request).or_else(|| of(Leg::Response))?;
    let words = format!("algorithm {}, user {}", clip(mac.algorithm), clip(mac.user));
    Some(stage.half(leg).saying(words))
}

fn no_answer(stage: &Stage<'_, '_>) -> Option<Hit> {
    let asked = stage.messages[0].is_some() && stage.messages[1].is_none();
    let body = stage.subject.exchange.response.as_ref().is_some_and(|r| r.status == 200);
    // A body that cannot be read is damage, not silence.
    let empty = stage.subject.exchange.response.as_ref().is_some_and(|r| r.body.seen == 0);
    (asked && body && empty && !stage.subject.exchange.in_flight())
        .then(|| stage.half(Leg::Response))
}
