//! Header fields for display, secrets masked.

use crate::model::{Detail, Header, Leg};

use super::clean;

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// Replaced by a mask that keeps the scheme or name.
    #[default]
    Masked,
    /// As they are.
    Shown,
}

/// Stands where a secret was.
pub(super) const MASK: &str = "********";

/// The header fields of one leg as clean (name, value) pairs, in the order received.
pub fn headers(detail: &Detail, leg: Leg, secrets: Secrets) -> Vec<(String, String)> {
    let fields = match leg {
        Leg::Request => detail.exchange.request.as_ref().map(|r| &r.headers),
        Leg::Response => detail.exchange.response.as_ref().map(|r| &r.headers),
    };
    let show = |h: &Header| {
        (clean(&h.name).into_owned(), clean(&mask_header(&h.name, &h.value, secrets)).into_owned())
    };
    fields.map(|fields| fields.0.iter().map(show).collect()).unwrap_or_default()
}

/// The value of a header field with credentials masked: the scheme of `Authorization` and the names
/// of cookies stay, as they are evidence and no secret.
pub fn mask_header(name: &str, value: &str, secrets: Secrets) -> String {
    if secrets == Secrets::Shown {
        return value.to_owned();
    }
    match name.to_ascii_lowercase().as_str() {
        "authorization" | "proxy-authorization" | "devicetoken" => {
            match value.trim_start().split_once(' ') {
                Some((scheme, _)) => format!("{scheme} {MASK}"),
                None => MASK.to_owned(),
            }
        }
        "cookie" => value.split(';').map(mask_cookie).collect::<Vec<_>>().join("; "),
        "set-cookie" => match value.split_once(';') {
            Some((cookie, attributes)) => format!("{};{attributes}", mask_cookie(cookie)),
            None => mask_cookie(value),
        },
        "x-syncml-hmac" => value.split(',').map(mask_mac).collect::<Vec<_>>().join(","),
        _ => value.to_owned(),
    }
}

fn mask_cookie(cookie: &str) -> String {
    match cookie.trim().split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

fn mask_mac(part: &str) -> String {
    match part.split_once('=') {
        Some((name, _)) if name.trim().eq_ignore_ascii_case("mac") => format!("{name}={MASK}"),
        _ => part.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_is_left() {
        let mask = |name, value| mask_header(name, value, Secrets::Masked);
        assert_eq!(mask("Authorization", "Basic YWxpY2U6c2VjcmV0"), "Basic ********");
        assert_eq!(mask("authorization", "YWxpY2U6c2VjcmV0"), "********");
        assert_eq!(mask("Cookie", "a=secret; b=c"), "a=********; b=********");
        assert_eq!(mask("Set-Cookie", "a=secret; path=/; secure"), "a=********; path=/; secure");
        assert_eq!(mask("x-syncml-hmac", "algorithm=MD5, mac=NTI2"), "algorithm=MD5, mac=********");
        assert_eq!(mask("Host", "mail"), "mail");
        assert_eq!(mask_header("Cookie", "a=b", Secrets::Shown), "a=b");
    }
}
