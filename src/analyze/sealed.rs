//! Bodies that are encrypted: for whom, and whether a key that was given opened them.

use crate::model::{Decoded, Format, Layer, Leg};

use super::document::Subject;
use super::draft::{Draft, clip, joined};

/// Layers that may stand above the encrypted one: content codings, base64, a signature around it.
const ABOVE: usize = 8;

/// Says which of the two bodies are encrypted. What is encrypted inside a document is not meant.
pub(super) fn tell(subject: &Subject<'_>, draft: &mut Draft) {
    let bodies = [(Leg::Request, "request"), (Leg::Response, "answer")];
    let found = bodies.map(|(leg, name)| {
        let layer = sealed(subject.body(leg)?)?;
        draft.row("encrypted", format!("{name}: {}", words(layer)));
        Some((name, is_opened(layer), known(layer)))
    });
    match found {
        [Some((_, asked, device)), Some((_, answered, server))] if asked == answered => {
            draft.fact(format!("encrypted both ways, {}", state(asked)));
            for (name, whose) in [("request", device), ("answer", server)] {
                if !whose.is_empty() {
                    draft.fact(format!("{name} for {whose}"));
                }
            }
        }
        each => {
            for (name, opened, whose) in each.into_iter().flatten() {
                let whom = if whose.is_empty() { whose } else { format!(" for {whose}") };
                draft.fact(format!("{name} encrypted{whom}, {}", state(opened)));
            }
        }
    }
}

/// Whose the certificates of its recipients are, as far as they are known: the first, and how many more.
fn known(layer: &Layer) -> String {
    let mut all = all(layer, "known as").map(clip);
    let Some(first) = all.next() else { return String::new() };
    match all.count() {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn state(opened: bool) -> &'static str {
    if opened { "opened" } else { "not opened" }
}

/// The encrypted layer of a body, if that is what it is.
fn sealed(decoded: &Decoded) -> Option<&Layer> {
    const NAMES: [&str; 3] =
        ["CMS EnvelopedData", "CMS AuthEnvelopedData", "PKCS#7 signedAndEnvelopedData"];
    let wraps = |layer: &&Layer| {
        layer.tree.is_none() || matches!(layer.format, Format::Binary(_) | Format::Wrapper(_))
    };
    let mut above = decoded.layers.iter().take(ABOVE).take_while(wraps);
    above.find(|layer| matches!(layer.format, Format::Binary(name) if NAMES.contains(&name)))
}

fn all<'l>(layer: &'l Layer, name: &'static str) -> impl Iterator<Item = &'l str> {
    layer.facts.iter().filter(move |(own, _)| *own == name).map(|(_, text)| text.as_ref())
}

fn is_opened(layer: &Layer) -> bool {
    all(layer, "opened").any(|text| !text.starts_with("no: "))
}

/// `aes-256-cbc for serial 64… of CN=…, that is CN=server; opened with server.key`.
fn words(layer: &Layer) -> String {
    let cipher = all(layer, "cipher").next().unwrap_or_default();
    let mut recipients = Vec::new();
    for (name, text) in &layer.facts {
        match (*name, recipients.last_mut()) {
            ("recipient", _) => recipients.push(clip(text)),
            ("known as", Some(last)) => *last = format!("{last}, that is {}", clip(text)),
            _ => {}
        }
    }
    let recipients = joined(recipients, " and ");
    let opened = all(layer, "opened").next().unwrap_or_default();
    let opened = match opened.strip_prefix("no: ") {
        Some(why) => format!("not opened: {}", clip(why)),
        None => format!("opened {}", clip(opened)),
    };
    let whom = if recipients.is_empty() { String::new() } else { format!(" for {recipients}") };
    format!("{}{whom}; {opened}", clip(cipher))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Hints, decode};
    use crate::model::{ConnId, Exchange, ExchangeId, Kind, WallTime};

    const SEALED: &[u8] = include_bytes!("../../captures/cms/sealed-two.der");

    fn told(request: &[u8], response: &[u8]) -> (String, Vec<(&'static str, String)>) {
        let exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let read = |bytes: &[u8]| decode(bytes.to_vec().into(), &Hints::default());
        let (request, response) = (read(request), read(response));
        let mut draft = Draft::default();
        tell(&Subject::new(&exchange, Some(&request), Some(&response)), &mut draft);
        let annotated = draft.finish();
        (annotated.summary.facts, annotated.overview)
    }

    #[test]
    fn each_side_is_told_and_for_whom() {
        let (facts, rows) = told(SEALED, SEALED);
        assert_eq!((facts.as_str(), rows.len()), ("encrypted both ways, not opened", 2));
        assert!(rows[0].1.starts_with("request: aes-256-cbc for serial "), "{rows:?}");
        assert!(rows[0].1.contains(" and serial "), "two recipients: {rows:?}");
        assert!(rows[1].1.ends_with("; not opened: no key was given"), "{rows:?}");
        assert_eq!(told(b"<a/>", SEALED).0, "answer encrypted, not opened");
        assert_eq!(told(b"<a/>", b"text"), (String::new(), Vec::new()));
    }
}
