//! JSON Web Tokens that devices present (RFC 7519): what they say, never the token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::analyze::draft::{clip_to, joined};

/// Longest token that is opened, in bytes.
const TOKEN_BYTES: usize = 64 * 1024;

/// Characters of one claim.
const CLAIM_CHARS: usize = 80;

/// Claims that say who it is for and what about, in the order told.
const CLAIMS: [&str; 11] =
    ["aud", "iss", "appid", "tid", "upn", "unique_name", "oid", "deviceid", "scp", "iat", "exp"];

/// The claims of a token.
#[derive(Debug, Clone, PartialEq, Default)]
pub(in crate::analyze) struct Token(Value);

impl Token {
    /// Reads what stands behind `Bearer`, or alone; `None` when it is no such token.
    pub(in crate::analyze) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.split_once(' ').map_or(text, |(scheme, rest)| {
            if scheme.eq_ignore_ascii_case("bearer") { rest.trim() } else { text }
        });
        if text.len() > TOKEN_BYTES || text.split('.').count() != 3 {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?.trim_end_matches('=')).ok()?;
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        claims.is_object().then_some(Self(claims))
    }

    /// A claim that is a number, such as `exp` in seconds since 1970.
    pub(in crate::analyze) fn number(&self, name: &str) -> Option<i64> {
        self.0.get(name)?.as_i64()
    }

    /// A claim that is a text.
    pub(in crate::analyze) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// `aud https://…, upn user@lab.test, exp 1795000000`: claims, no token.
    pub(in crate::analyze) fn words(&self) -> String {
        let told = CLAIMS.iter().filter_map(|name| {
            let value = match self.0.get(*name)? {
                Value::String(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                _ => return None,
            };
            Some(format!("{name} {}", clip_to(&value, CLAIM_CHARS)))
        });
        joined(told, ", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `{"alg":"none"}` and the claims.
    fn token(claims: &str) -> String {
        format!("eyJhbGciOiJub25lIn0.{}.c2ln", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn claims_are_told_and_the_token_is_not() {
        let text = token("{\"aud\":\"https://mdm.lab.test\",\"exp\":1795000000,\"nested\":{}}");
        let read = Token::read(&format!("Bearer {text}")).unwrap();
        assert_eq!(read.words(), "aud https://mdm.lab.test, exp 1795000000");
        assert_eq!(read.number("exp"), Some(1_795_000_000));
    }

    #[test]
    fn what_is_no_token_is_none() {
        for text in ["", "Bearer opaque", "a.b.c", "Basic dXNlcg==", &token("[1]"), &token("{")] {
            assert_eq!(Token::read(text), None, "{text}");
        }
    }
}
