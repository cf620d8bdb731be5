//! What a proxy must not pass on, and nothing else (RFC 9110 §7.6.1, RFC 9112 §9).

use hyper::HeaderMap;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE,
};

/// Fields about this connection alone. `Transfer-Encoding` and `Trailer` stay: the body is passed
/// on in the framing it came in.
const HOP_BY_HOP: [&str; 4] =
    ["keep-alive", "proxy-connection", "proxy-authorization", "proxy-authentication-info"];

/// Takes the device's connection out of a request's head.
pub(super) fn strip_request(headers: &mut HeaderMap) {
    let keeps_upgrade = asks_upgrade(headers);
    strip(headers, keeps_upgrade);
    let trailers = headers
        .get_all(TE)
        .iter()
        .any(|value| list(value).any(|option| option.eq_ignore_ascii_case("trailers")));
    if trailers {
        if headers.get_all(TE).iter().any(|value| value != "trailers") {
            headers.insert(TE, HeaderValue::from_static("trailers"));
        }
    } else {
        headers.remove(TE);
    }
}

/// Takes the server's connection out of an answer's head. `switching` for 101.
pub(super) fn strip_response(headers: &mut HeaderMap, switching: bool) {
    strip(headers, switching);
}

/// True when a request asks for a protocol that we relay. HTTP/2 without TLS is not among them:
/// its requests could not be read any more, and refusing an upgrade is always allowed.
pub(super) fn asks_upgrade(headers: &HeaderMap) -> bool {
    let listed = headers
        .get_all(CONNECTION)
        .iter()
        .any(|value| list(value).any(|option| option.eq_ignore_ascii_case("upgrade")));
    let wanted = headers.get_all(UPGRADE).iter().flat_map(list).collect::<Vec<_>>();
    listed && !wanted.is_empty() && !wanted.iter().any(|p| p.to_ascii_lowercase().starts_with("h2"))
}

fn strip(headers: &mut HeaderMap, keeps_upgrade: bool) {
    let mut kept = Vec::new();
    let mut dropped = Vec::new();
    for option in headers.get_all(CONNECTION).iter().flat_map(list) {
        let stays = (keeps_upgrade && option.eq_ignore_ascii_case("upgrade"))
            || option.eq_ignore_ascii_case("te");
        if stays {
            kept.push(option.to_owned());
        } else if let Ok(name) = HeaderName::from_bytes(option.as_bytes())
            && !is_framing(&name)
        {
            dropped.push(name);
        }
    }
    for name in dropped {
        headers.remove(name);
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    if !keeps_upgrade {
        headers.remove(UPGRADE);
    }
    // The chunks delimit the body; a length beside them must not go on (RFC 9112 §6.3).
    if headers.contains_key(TRANSFER_ENCODING) {
        headers.remove(CONTENT_LENGTH);
    }
    match HeaderValue::from_str(&kept.join(", ")) {
        Ok(value) if !kept.is_empty() => {
            headers.insert(CONNECTION, value);
        }
        _ => {
            headers.remove(CONNECTION);
        }
    }
}

/// A `Connection` option must not take away what delimits or addresses the message.
fn is_framing(name: &HeaderName) -> bool {
    ["content-length", "transfer-encoding", "host", "trailer", "connection"]
        .contains(&name.as_str())
}

fn list(value: &HeaderValue) -> impl Iterator<Item = &str> {
    let text = value.to_str().unwrap_or_default();
    text.split(',').map(str::trim).filter(|option| !option.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(*name, HeaderValue::from_static(value));
        }
        map
    }

    fn request(fields: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut map = map(fields);
        strip_request(&mut map);
        map
    }

    #[test]
    fn what_connection_names_goes_and_the_rest_stays() {
        let left = request(&[
            ("host", "h"),
            ("connection", "close, X-Mine"),
            ("x-mine", "1"),
            ("keep-alive", "5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authorization", "Basic x"),
            ("x-other", "2"),
            ("transfer-encoding", "chunked"),
        ]);
        assert_eq!(left, map(&[("host", "h"), ("x-other", "2"), ("transfer-encoding", "chunked")]));
    }

    #[test]
    fn connection_cannot_remove_the_framing() {
        let left = request(&[
            ("connection", "content-length, host"),
            ("content-length", "3"),
            ("host", "h"),
        ]);
        assert_eq!(left, map(&[("content-length", "3"), ("host", "h")]));
    }

    #[test]
    fn a_length_beside_chunks_goes() {
        let fields = [("content-length", "3"), ("transfer-encoding", "chunked")];
        assert_eq!(request(&fields), map(&fields[1..]));
        let mut answer = map(&fields);
        strip_response(&mut answer, false);
        assert_eq!(answer, map(&fields[1..]));
    }

    #[test]
    fn trailers_stay_wanted() {
        let left = request(&[("te", "trailers, deflate;q=0.5"), ("connection", "TE")]);
        assert_eq!(left, map(&[("te", "trailers"), ("connection", "TE")]));
        assert_eq!(request(&[("te", "gzip")]), map(&[]));
    }

    #[test]
    fn upgrades_stay_unless_they_are_http_2() {
        let fields = [("connection", "keep-alive, Upgrade"), ("upgrade", "websocket")];
        assert_eq!(request(&fields), map(&[("connection", "Upgrade"), ("upgrade", "websocket")]));
        let h2c = [
            ("connection", "Upgrade, HTTP2-Settings"),
            ("upgrade", "h2c"),
            ("http2-settings", "x"),
        ];
        assert_eq!(request(&h2c), map(&[]));
        let mut answer = map(&[("connection", "upgrade"), ("upgrade", "websocket")]);
        strip_response(&mut answer, true);
        assert_eq!(answer.len(), 2);
        strip_response(&mut answer, false);
        assert_eq!(answer.len(), 0);
    }
}
