//! Who a message says it is from: the WS-Security header (MS-MDE2 3.3.4.1.1, 3.4.4.1.1).

use serde_json::Value;

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, joined, labelled};
use crate::analyze::syncml;
use crate::codec;
use crate::model::{Decoded, Leg, Level, NodeId, WallTime};

use super::envelope::Envelope;
use super::identity;
use super::table;

/// Most bytes of a token that are read.
const TOKEN_BYTES: usize = 64 << 10;

/// What proves who the device or its user is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) enum Credentials {
    /// Nothing in the message; a certificate in TLS, perhaps.
    None,
    /// User name and password (on-premises authentication).
    Password { node: NodeId, user: String, is_clear: bool },
    /// A token.
    Token { node: NodeId, value_type: String },
}

impl Credentials {
    /// Reads the security header of `envelope`.
    pub(in crate::analyze) fn of(envelope: &Envelope<'_>) -> Self {
        let Some(security) = envelope.security() else { return Self::None };
        let document = &envelope.document;
        if let Some(node) = envelope.child(security, "BinarySecurityToken") {
            let value_type = document.attribute(node, "ValueType").unwrap_or_default();
            let value_type = clip(value_type.trim());
            // Some keep an empty user name beside it.
            return Self::Token { node, value_type };
        }
        let user = envelope.child(security, "UsernameToken").and_then(|token| {
            let text = |name| envelope.child(token, name);
            let user = text("Username").map(|id| clip(&envelope.text(id))).unwrap_or_default();
            let password = text("Password");
            let empty = password.is_none_or(|id| envelope.text(id).is_empty());
            if user.is_empty() && empty {
                return None;
            }
            let kind = password.and_then(|id| document.attribute(id, "Type")).unwrap_or_default();
            let is_clear = !empty && (kind.is_empty() || kind.trim().ends_with("#PasswordText"));
            Some(Self::Password { node: password.unwrap_or(token), user, is_clear })
        });
        user.unwrap_or(Self::None)
    }

    /// How it authenticates, in words.
    pub(super) fn words(&self) -> &'static str {
        match self {
            Self::None => "nothing in the message: by certificate in TLS, if at all",
            Self::Password { .. } => "user name and password",
            Self::Token { value_type, .. } => match table::token(value_type) {
                Some("UserToken") => "token of the web sign-in",
                Some("JWT") => "token (JWT) of the identity service",
                Some("X509v3") => "certificate",
                _ => "token of an unknown type",
            },
        }
    }
}

/// Says how the sender of a request authenticates; gives back the user.
pub(super) fn tell(
    envelope: &Envelope<'_>,
    decoded: Option<&Decoded>,
    draft: &mut Draft,
) -> Option<String> {
    let credentials = Credentials::of(envelope);
    let document = &envelope.document;
    draft.row("authentication", credentials.words());
    match &credentials {
        Credentials::None => None,
        Credentials::Password { node, user, is_clear } => {
            if *is_clear {
                let text = "the password itself: only TLS protects it";
                draft.note(Leg::Request, document, *node, Level::Info, text);
            }
            Some(user.clone())
        }
        Credentials::Token { node, .. } => {
            let text = credentials.words();
            draft.note(Leg::Request, document, *node, Level::Info, text);
            let token = Token::of(document, *node, decoded)?;
            draft.row("token", token.words());
            Some(token.user).filter(|user| !user.is_empty())
        }
    }
}

/// The token that a request carries, when its claims can be read.
pub(super) fn token_of(envelope: &Envelope<'_>, decoded: Option<&Decoded>) -> Option<Token> {
    match Credentials::of(envelope) {
        Credentials::Token { node, .. } => Token::of(&envelope.document, node, decoded),
        _ => None,
    }
}

/// Who a token is for, as the identity service names devices and users.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Claimed {
    /// `deviceid`; empty when absent.
    device: String,
    /// `oid`, else `sub`; empty when absent.
    subject: String,
    /// `upn` and its older names; empty when absent.
    user: String,
}

impl Claimed {
    /// What a token of management claims.
    pub(super) fn of(token: &syncml::Token) -> Self {
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| token.text(name));
            found.map(clip).unwrap_or_default()
        };
        Self { device: text(&["deviceid"]), subject: text(&SUBJECT), user: text(&USER) }
    }

    /// True when both name one device.
    pub(super) fn is_device(&self, other: &Self) -> bool {
        same(&self.device, &other.device)
    }

    /// True when both name one user, and not two devices.
    pub(super) fn is_user(&self, other: &Self) -> bool {
        let one_device = self.device.is_empty() || other.device.is_empty() || self.is_device(other);
        let user = same(&self.subject, &other.subject) || same(&self.user, &other.user);
        user && one_device
    }
}

/// Claims that number a user.
const SUBJECT: [&str; 2] = ["oid", "sub"];

/// Claims that name a user.
const USER: [&str; 4] = ["upn", "unique_name", "preferred_username", "email"];

fn same(a: &str, b: &str) -> bool {
    !a.is_empty() && a.eq_ignore_ascii_case(b)
}

/// What a JSON Web Token claims (RFC 7519 4.1); the token itself is a secret and not kept. Nothing
/// of it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Token {
    audience: String,
    issuer: String,
    tenant: String,
    pub(in crate::analyze) user: String,
    pub(in crate::analyze) device: String,
    subject: String,
    expires: Option<i64>,
}

impl Token {
    /// The token in an element: in base64, so its text is a layer of its own, or as it is.
    pub(in crate::analyze) fn of(
        document: &Document<'_>,
        node: NodeId,
        decoded: Option<&Decoded>,
    ) -> Option<Self> {
        let inside = decoded.and_then(|decoded| {
            let of = |id: Option<NodeId>| id.and_then(|id| document.parent(id)) == Some(node);
            decoded
                .layers
                .iter()
                .find(|l| l.origin.is_some_and(|o| o.layer == document.layer && of(o.node)))
        });
        let text = document.text(node);
        let bytes = inside.map_or(text.as_bytes(), |layer| &*layer.bytes);
        Self::read(bytes)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > TOKEN_BYTES {
            return None;
        }
        let opened = codec::open_value(bytes)?;
        let layer = opened.layers.first().filter(|layer| layer.label == "JWT")?;
        let text = std::str::from_utf8(&layer.bytes).ok()?;
        // The header is the first line; claims may be of many.
        let claims: Value = serde_json::from_str(text.split_once('\n')?.1).ok()?;
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| claims.get(*name)?.as_str());
            found.map(clip).unwrap_or_default()
        };
        Some(Self {
            audience: text(&["aud"]),
            issuer: text(&["iss"]),
            tenant: text(&["tid"]),
            user: text(&USER),
            device: text(&["deviceid"]),
            subject: text(&SUBJECT),
            expires: claims.get("exp").and_then(Value::as_i64),
        })
    }

    /// Who it is for.
    pub(super) fn claimed(&self) -> Claimed {
        let Self { device, subject, user, .. } = self.clone();
        Claimed { device, subject, user }
    }

    fn words(&self) -> String {
        let until =
            self.expires.map(|at| identity::day(WallTime::from_unix(at, 0))).unwrap_or_default();
        let parts = [
            labelled("for", &self.audience),
            labelled("issued by", &self.issuer),
            labelled("tenant", &self.tenant),
            labelled("user", &self.user),
            labelled("device", &self.device),
            labelled("until", &until),
        ];
        format!("claims, not verified: {}", joined(parts, ", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;

    fn credentials(security: &str) -> Credentials {
        let decoded = sketch::decoded(&format!(
            "<Envelope><Header><Security>{security}</Security></Header><Body><GetPolicies/></Body></Envelope>"
        ));
        Credentials::of(&Envelope::of(Document::of(&decoded).unwrap()).unwrap())
    }

    #[test]
    fn an_empty_user_name_is_none() {
        assert_eq!(
            credentials("<UsernameToken><Username/><Password/></UsernameToken>"),
            Credentials::None
        );
        let found = credentials(
            "<UsernameToken><Username>al</Username><Password Type=\"x#PasswordText\">p</Password></UsernameToken>",
        );
        assert!(matches!(found, Credentials::Password { is_clear: true, .. }), "{found:?}");
    }

    #[test]
    fn tokens_are_named_by_their_type() {
        let found = credentials(
            "<BinarySecurityToken ValueType=\"urn:ietf:params:oauth:token-type:jwt\">x</BinarySecurityToken>",
        );
        assert_eq!(found.words(), "token (JWT) of the identity service");
    }

    #[test]
    fn claims_are_told_and_the_token_is_not() {
        // {"alg":"none"} and {"aud":"https://mdm.example","upn":"al@example","exp":1795000000}
        let token = "eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL21kbS5leGFtcGxlIiwidXBuIjoiYWxAZXhhbXBsZSIsImV4cCI6MTc5NTAwMDAwMH0.c2ln";
        let read = Token::read(token.as_bytes()).unwrap();
        assert_eq!(read.user, "al@example");
        let words = read.words();
        assert_eq!(
            words,
            "claims, not verified: for https://mdm.example, user al@example, until 2026-11-18"
        );
        assert!(Token::read(b"opaque").is_none());
    }
}
