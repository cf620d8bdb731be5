//! Credentials and challenges: which kind and for whom, never the secret.

use base64::Engine as _;

use crate::analyze::draft::{Draft, clip};
use crate::model::{Leg, Level};

use super::message::Message;

/// Notes the credentials of the header and every challenge. Returns the user, when one is named.
pub(super) fn annotate(leg: Leg, message: &Message<'_>, draft: &mut Draft) -> Option<String> {
    let document = &message.document;
    let mut challenge = None;
    for node in message.answers().filter_map(|(_, status)| status.challenge()) {
        let kind = document.text_at(node, &["Meta", "Type"]).unwrap_or_default();
        let nonce = document.text_at(node, &["Meta", "NextNonce"]).is_some();
        let nonce = if nonce { ", with the next nonce" } else { "" };
        let text = format!("asks for {}{nonce}", scheme(&kind));
        draft.note(leg, document, node, Level::Info, text);
        challenge.get_or_insert_with(|| format!("{}{nonce}", scheme(&kind)));
    }
    draft.row("challenge", challenge.unwrap_or_default());
    let credentials = document.child(message.header?, "Cred")?;
    let kind = document.text_at(credentials, &["Meta", "Type"]).unwrap_or_default();
    let data = document.child_text(credentials, "Data").unwrap_or_default();
    let user = match scheme(&kind).as_str() {
        "auth-basic" => basic_user(&data).or_else(|| named(&message.source_name)),
        _ => named(&message.source_name),
    };
    let who = user.as_ref().map(|user| format!(" of user {user}")).unwrap_or_default();
    let text = format!("{} credentials{who}", scheme(&kind));
    draft.note(leg, document, credentials, Level::Info, text.clone());
    draft.row("credentials", text);
    user
}

/// `syncml:auth-md5` as `auth-md5`.
fn scheme(kind: &str) -> String {
    match kind.trim_start_matches("syncml:") {
        "" => "auth-basic".to_owned(),
        kind => clip(kind),
    }
}

fn named(name: &str) -> Option<String> {
    (!name.is_empty()).then(|| name.to_owned())
}

/// The part before the colon of base64 `user:password`.
fn basic_user(data: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(data.trim()).ok()?;
    let end = bytes.iter().position(|byte| *byte == b':')?;
    named(&clip(&String::from_utf8_lossy(&bytes[..end])))
}
