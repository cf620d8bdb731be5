//! `SendMail`, `SmartReply` and `SmartForward`: the message that goes out, as the body itself (up to
//! 12.1) or inside WBXML (from 14.0; MS-ASCMD 2.2.1.17, 2.2.1.19, 2.2.1.20).

use crate::analyze::document::Subject;
use crate::analyze::draft::{Draft, clip, joined};
use crate::model::{Decoded, Format, Layer, LayerId, Leg};

use super::head::Head;
use super::names::FolderNames;

/// Attachments named in the list; the overview has more.
const NAMED: usize = 3;

/// Attachments of one overview.
const LISTED: usize = 20;

/// Recipients of a forwarded meeting that are named.
const FORWARDEES: usize = 5;

/// Tells what is sent, about which item, and whether it was taken.
pub(super) fn tell(subject: &Subject<'_>, head: &Head, names: FolderNames<'_>, draft: &mut Draft) {
    let message = subject.body(Leg::Request).and_then(Message::of);
    match &message {
        Some(message) => message.tell(draft),
        None => tell_size(subject, draft),
    }
    tell_source(subject, head, names, draft);
    let kept = subject.request.is_some_and(|d| d.child(d.root(), "SaveInSentItems").is_some())
        || head.query.save_in_sent == Some(true);
    draft.fact(if kept { "kept in Sent Items" } else { "" });
    if subject.http_status() == Some(200) && subject.response_is_empty() {
        draft.fact("sent");
    }
}

/// A message of which nothing could be read but its size.
fn tell_size(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(request) = &subject.exchange.request else { return };
    let mime = subject.request.and_then(|document| {
        let mime = document.child(document.root(), "Mime")?;
        Some(document.opaque(mime).map_or_else(|| document.text(mime).len(), <[u8]>::len))
    });
    let bytes = mime.map(|length| length as u64).or_else(|| {
        (request.headers.media_type() == "message/rfc822").then_some(request.body.seen)
    });
    draft.fact(bytes.map(|bytes| format!("message of {bytes} bytes")).unwrap_or_default());
}

/// What is answered or forwarded: named by the body from 14.0 on, by the query before.
fn tell_source(subject: &Subject<'_>, head: &Head, names: FolderNames<'_>, draft: &mut Draft) {
    let inside = |name: &str| {
        let document = subject.request?;
        document.text_at(document.root(), &["Source", name]).map(|text| clip(&text))
    };
    let query = &head.query;
    let part = |name: &str, asked: Option<&String>| inside(name).or_else(|| asked.map(|t| clip(t)));
    let item = part("ItemId", query.item_id.as_ref());
    let folder = part("FolderId", query.collection_id.as_ref());
    let long = part("LongId", query.long_id.as_ref());
    let instance = part("InstanceId", query.occurrence.as_ref());
    let words = [
        item.map(|id| format!("item {id}")),
        folder.map(|id| format!("of folder {}", names.label(&id))),
        long.map(|id| format!("search result {id}")),
        instance.map(|id| format!("occurrence {id}")),
    ];
    let source = joined(words.into_iter().flatten(), " ");
    let verb = if head.command == "SmartForward" { "forwards" } else { "answers" };
    if !source.is_empty() && head.command != "SendMail" {
        draft.fact(format!("{verb} {source}"));
        draft.row("source", source);
    }
    tell_forwardees(subject, draft);
}

/// From 16.0 on a meeting is forwarded by naming those who get it, without a message.
fn tell_forwardees(subject: &Subject<'_>, draft: &mut Draft) {
    let Some(document) = &subject.request else { return };
    let Some(list) = document.child(document.root(), "Forwardees") else { return };
    let mails = document
        .named(list, "Forwardee")
        .take(FORWARDEES)
        .map(|one| document.child_text(one, "Email").map(|mail| clip(&mail)).unwrap_or_default());
    draft.fact(format!("meeting forwarded to {}", joined(mails, ", ")));
}

/// An internet message among the layers of a body.
struct Message<'a> {
    decoded: &'a Decoded,
    id: LayerId,
    layer: &'a Layer,
}

impl<'a> Message<'a> {
    /// The outermost one; messages inside it are attachments.
    fn of(decoded: &'a Decoded) -> Option<Self> {
        let mut all = decoded.ids();
        let (id, layer) = all.find(|(_, layer)| layer.format == Format::Text("message"))?;
        Some(Self { decoded, id, layer })
    }

    fn tell(&self, draft: &mut Draft) {
        let subject = self.text("Subject").unwrap_or_default();
        let subject = if subject.is_empty() { "no subject".into() } else { format!("`{subject}`") };
        let who = [("from", "From"), ("to", "To"), ("cc", "Cc")].map(|(word, name)| {
            self.text(name).map(|names| format!("{word} {names}")).unwrap_or_default()
        });
        draft.fact(joined([subject].into_iter().chain(who), " "));
        let rows = [("from", "From"), ("to", "To"), ("cc", "Cc"), ("subject", "Subject")];
        for (key, name) in rows {
            draft.row(key, self.text(name).unwrap_or_default());
        }
        self.tell_attachments(draft);
        if let Some(words) = self.smime() {
            draft.fact(words);
            draft.row("protection", words);
        }
        draft.fact(format!("message of {} bytes", self.layer.bytes.len()));
    }

    fn tell_attachments(&self, draft: &mut Draft) {
        let all: Vec<String> = self.attachments();
        for one in all.iter().take(LISTED) {
            draft.row("attachment", one.clone());
        }
        let named = all.iter().take(NAMED).cloned();
        let rest = all.len().saturating_sub(NAMED);
        let rest = if rest == 0 { String::new() } else { format!("{rest} more") };
        let words = joined(named.chain([rest]), ", ");
        match all.len() {
            0 => {}
            1 => draft.fact(format!("attachment {words}")),
            count => draft.fact(format!("{count} attachments ({words})")),
        }
    }

    /// `plan.pdf (1204 bytes)`, in order.
    fn attachments(&self) -> Vec<String> {
        let inside = self.decoded.ids().filter(|(id, _)| self.holds(*id));
        let named = inside.filter_map(|(_, layer)| {
            let (_, name) = layer.facts.iter().find(|(name, _)| *name == "attachment")?;
            Some(format!("{} ({} bytes)", clip(name), layer.bytes.len()))
        });
        named.collect()
    }

    /// True when the layer was made from this message, but not from a message attached to it.
    fn holds(&self, id: LayerId) -> bool {
        let mut at = id;
        while let Some(origin) = self.decoded.layer(at).and_then(|layer| layer.origin) {
            if origin.layer == self.id {
                return true;
            }
            let around = self.decoded.layer(origin.layer);
            if around.is_some_and(|layer| layer.facts.iter().any(|(name, _)| *name == "attachment"))
            {
                return false;
            }
            at = origin.layer;
        }
        false
    }

    fn smime(&self) -> Option<&'static str> {
        match self.text("type")?.as_str() {
            "multipart/signed" => Some("S/MIME signed"),
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => Some("S/MIME protected"),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<String> {
        let found = self.layer.facts.iter().find(|(known, _)| *known == name);
        found.map(|(_, text)| clip(text)).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::analyze::annotate;
    use crate::codec::{Hints, decode};
    use crate::model::{
        Annotated, ConnId, Exchange, ExchangeId, Kind, Leg, Request, Response, State, WallTime,
    };

    const MESSAGE: &str = "From: alice@lab.test\r\nTo: Bob <bob@lab.test>\r\nSubject: =?utf-8?Q?Caf=C3=A9?=\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--b\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nAAECAw==\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=old.eml\r\n\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: image/png; name=inner.png\r\n\r\nx\r\n--c--\r\n--b--\r\n";

    fn told(target: &str, media_type: &str, body: &[u8]) -> Annotated {
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let target = format!("/Microsoft-Server-ActiveSync?{target}&DeviceId=LAB1&DeviceType=x");
        let hints = Hints {
            content_type: media_type,
            target: &target,
            leg: Some(Leg::Request),
            ..Hints::default()
        };
        let decoded = decode(Bytes::copy_from_slice(body), &hints);
        exchange.request =
            Some(Request { method: "POST".into(), target: target.clone(), ..Request::default() });
        let mut response = Response { status: 200, ..Response::default() };
        response.body.ended = true;
        exchange.response = Some(response);
        exchange.state = State::Complete;
        annotate(&exchange, Some(&decoded), None)
    }

    fn rows<'a>(annotated: &'a Annotated, key: &str) -> Vec<&'a str> {
        let found = annotated.overview.iter().filter(|(known, _)| *known == key);
        found.map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn a_message_that_is_the_body() {
        let told = told("Cmd=SendMail&SaveInSent=T", "message/rfc822", MESSAGE.as_bytes());
        assert_eq!(
            told.summary.facts,
            format!(
                "`Café` from alice@lab.test to Bob <bob@lab.test>, 2 attachments (plan.pdf (4 bytes), old.eml ({} bytes)), message of {} bytes, kept in Sent Items, sent",
                MESSAGE.find("--b--").unwrap() - MESSAGE.find("Subject: inner").unwrap() - 2,
                MESSAGE.len()
            )
        );
        assert_eq!(rows(&told, "subject"), ["Café"]);
        assert_eq!(
            rows(&told, "attachment").len(),
            2,
            "that inside the attached message is its own"
        );
    }

    #[test]
    fn what_is_answered_is_named_by_the_query() {
        let query = "Cmd=SmartReply&CollectionId=7&ItemId=7%3A12";
        let told = told(query, "message/rfc822", b"Subject: Re: x\r\n\r\nhi");
        assert_eq!(
            told.summary.facts,
            "`Re: x`, message of 20 bytes, answers item 7:12 of folder 7, sent"
        );
    }

    #[test]
    fn a_message_inside_wbxml() {
        let mut body = vec![0x03, 0x01, 0x6A, 0x00, 0x00, 0x15, 0x45, 0x08, 0x50, 0xC3, 36];
        body.extend(b"Subject: in wbxml\r\nFrom: a@b.c\r\n\r\nhi");
        body.extend([0x01, 0x01]);
        let told = told("Cmd=SendMail", "application/vnd.ms-sync.wbxml", &body);
        assert_eq!(
            told.summary.facts,
            "`in wbxml` from a@b.c, message of 36 bytes, kept in Sent Items, sent"
        );
    }
}
