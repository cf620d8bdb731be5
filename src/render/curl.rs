//! A request as a command that sends it again.

use std::fmt::Write as _;

use crate::model::Detail;

use super::clean;
use super::secrets::{Secrets, mask_header, mask_url};

/// Header fields that belong to one connection, or that curl writes itself.
const OWN: &[&str] = &[
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "expect",
];

/// Longest body that stands in the command itself, in bytes.
const INLINE: usize = 2048;

/// The request as a `curl` command for a POSIX shell. A body that is short text stands in it; any
/// other is read from `body_file`. `None` without a request.
pub fn curl(detail: &Detail, secrets: Secrets, body_file: &str) -> Option<String> {
    let exchange = &detail.exchange;
    let request = exchange.request.as_ref()?;
    let mut out = format!(
        "curl -X {} {}",
        quoted(&request.method),
        quoted(&mask_url(&exchange.url(), secrets))
    );
    for header in &request.headers.0 {
        let lower = header.name.to_ascii_lowercase();
        let usual = lower == "host" && header.value == exchange.authority();
        if usual || OWN.contains(&lower.as_str()) {
            continue;
        }
        let value = mask_header(&header.name, &header.value, secrets);
        let _ = write!(out, " \\\n  -H {}", quoted(&format!("{}: {value}", header.name)));
    }
    let body = detail.request.as_ref().and_then(|decoded| decoded.layers.first());
    let bytes = body.map(|layer| &*layer.bytes).unwrap_or_default();
    if !bytes.is_empty() {
        let short = bytes.len() <= INLINE && secrets == Secrets::Shown;
        match std::str::from_utf8(bytes) {
            Ok(text) if short && clean(text) == text => {
                let _ = write!(out, " \\\n  --data-raw {}", quoted(text));
            }
            _ => {
                let _ = write!(out, " \\\n  --data-binary {}", quoted(&format!("@{body_file}")));
            }
        }
    }
    Some(out)
}

/// One word of a POSIX shell, whatever the text is; characters that act on a terminal are replaced.
fn quoted(text: &str) -> String {
    let text = clean(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.into_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Annotated, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Request, WallTime,
    };

    fn detail(target: &str, headers: &[(&str, &str)]) -> Detail {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        exchange.host = "mail.example".into();
        let header =
            |(name, value): &(&str, &str)| Header { name: (*name).into(), value: (*value).into() };
        exchange.request = Some(Request {
            method: "POST".into(),
            target: target.into(),
            headers: Headers(headers.iter().map(header).collect()),
            ..Request::default()
        });
        Detail { exchange, request: None, response: None, annotated: Annotated::default() }
    }

    #[test]
    fn what_curl_writes_itself_is_left_out_and_secrets_are_masked() {
        let headers = [
            ("Host", "mail.example"),
            ("Content-Length", "3"),
            ("Authorization", "Basic YWxpY2U6c2VjcmV0"),
        ];
        let masked = curl(&detail("/a?b=c", &headers), Secrets::Masked, "body").unwrap();
        assert_eq!(
            masked,
            "curl -X POST 'https://mail.example/a?b=c' \\\n  -H 'Authorization: Basic ********'"
        );
        assert!(curl(&detail("/", &headers), Secrets::Shown, "body").unwrap().contains("YWxp"));
    }

    #[test]
    fn nothing_of_the_wire_leaves_its_quotes() {
        let hostile = detail("/$(rm -rf ~)'; rm -rf ~ #\x1b[31m", &[("X", "'`id`'")]);
        let command = curl(&hostile, Secrets::Shown, "body").unwrap();
        assert!(
            command.contains("'https://mail.example/$(rm -rf ~)'\\''; rm -rf ~ #␛[31m'"),
            "{command}"
        );
        assert!(command.contains("-H 'X: '\\''`id`'\\'''"), "{command}");
    }
}
