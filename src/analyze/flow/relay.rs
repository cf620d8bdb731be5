//! Text messages: what a device reports, and what it sends for its server (MS-ASMS 3.1.4.1.3, 3.1.4.3,
//! 3.1.5.1).

use std::collections::VecDeque;

use crate::analyze::document::Document;
use crate::analyze::draft::{clip, counted};
use crate::analyze::eas::is_sms;
use crate::analyze::rules::Scene;
use crate::model::NodeId;

use super::mailbox::text;

/// Folder types (MS-ASCMD 2.2.3.186).
const INBOX: &str = "2";
const OUTBOX: &str = "6";

/// Messages on their way that are remembered.
const PENDING: usize = 64;

/// Messages told one by one.
const TOLD: usize = 4;

/// A message the device is to send.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Message {
    id: String,
    to: String,
}

/// What is known of the relay of one device.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Relay {
    /// The device offered to send, or said that it does no more.
    enabled: Option<bool>,
    pending: VecDeque<Message>,
    /// Taken from the Outbox last: a report of failure may still come.
    sent: VecDeque<Message>,
}

impl Relay {
    /// `EnableOutboundSMS`, in Settings or in Provision.
    pub(super) fn settings(&mut self, scene: &Scene<'_>, told: &mut Vec<String>) {
        let Some(request) = &scene.subject.request else { return };
        let path = ["DeviceInformation", "Set"];
        let Some(set) = request.descend(request.root(), &path) else { return };
        let Some(value) = request.child_text(set, "EnableOutboundSMS") else { return };
        let on = match value.as_ref() {
            "1" => true,
            "0" => false,
            _ => return,
        };
        let number = request.child_text(set, "PhoneNumber");
        let number = number.map(|n| format!(" as {}", clip(&n))).unwrap_or_default();
        told.push(match (on, self.enabled) {
            (true, _) => format!("SMS relay: the device offers to send SMS for the server{number}"),
            (false, Some(true)) => {
                "SMS relay: the device no longer sends SMS for the server".into()
            }
            (false, _) => "SMS relay: the device does not send SMS for the server".into(),
        });
        self.enabled = Some(on);
    }

    /// One collection of a Sync; `kind` is the type of its folder, empty when not known.
    pub(super) fn sync(
        &mut self,
        request: &Document<'_>,
        asked: NodeId,
        answer: Option<(&Document<'_>, NodeId)>,
        kind: &str,
        label: &str,
        told: &mut Vec<String>,
    ) {
        self.reported(request, asked, kind, label, told);
        if kind == OUTBOX {
            self.outbox(request, asked, answer, label, told);
        } else if let Some((document, node)) = answer {
            for item in sms(document, node).take(TOLD) {
                let (from, to) = (address(document, item, "From"), address(document, item, "To"));
                told.push(format!("{label}: SMS from {from} to {to}"));
            }
        }
    }

    /// Messages the device adds: received ones, those it sent itself, and reports of failure.
    fn reported(
        &self,
        request: &Document<'_>,
        asked: NodeId,
        kind: &str,
        label: &str,
        told: &mut Vec<String>,
    ) {
        let count = sms(request, asked).count();
        if count == 0 {
            return;
        }
        let words = counted(count, "SMS", "SMS");
        let late = self.sent.back().or_else(|| self.pending.back()).filter(|_| kind == INBOX);
        told.push(match late {
            Some(message) => format!(
                "{label}: device reports {words}: received, or not delivered (the last it was to send: {} to {})",
                message.id, message.to
            ),
            None if kind == INBOX => format!("{label}: device reports {words} received"),
            None => format!("{label}: device adds {words}"),
        });
    }

    fn outbox(
        &mut self,
        request: &Document<'_>,
        asked: NodeId,
        answer: Option<(&Document<'_>, NodeId)>,
        label: &str,
        told: &mut Vec<String>,
    ) {
        let mut unknown = 0;
        for id in commands(request, asked).filter(|id| request.name(*id) == "Delete") {
            let server_id = text(request, id, "ServerId");
            let at = self.pending.iter().position(|message| message.id == server_id);
            match at.and_then(|at| self.pending.remove(at)) {
                Some(message) => {
                    told.push(format!(
                        "{label}: SMS relay: message {} to {} sent and deleted",
                        message.id, message.to
                    ));
                    keep(&mut self.sent, message);
                }
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            let count = counted(unknown, "item", "items");
            told.push(format!("{label}: SMS relay: {count} sent and deleted"));
        }
        let Some((document, node)) = answer else { return };
        for item in sms(document, node) {
            let message = Message {
                id: clip(&text(document, item, "ServerId")),
                to: address(document, item, "To"),
            };
            told.push(format!(
                "{label}: SMS relay: the device is to send message {} to {}",
                message.id, message.to
            ));
            keep(&mut self.pending, message);
        }
        if told.is_empty() && wants_sms(request, asked) {
            let waiting = counted(self.pending.len(), "message", "messages");
            let waiting = if waiting.is_empty() {
                "nothing to send".into()
            } else {
                waiting + " not yet sent"
            };
            told.push(format!("{label}: SMS relay: polls the Outbox, {waiting}"));
        }
    }
}

fn keep(list: &mut VecDeque<Message>, message: Message) {
    if list.len() == PENDING {
        list.pop_front();
    }
    list.push_back(message);
}

/// True when an Options block of the collection is about text messages.
fn wants_sms(request: &Document<'_>, collection: NodeId) -> bool {
    request.named(collection, "Options").any(|block| is_sms(request, block))
}

fn address(document: &Document<'_>, item: NodeId, name: &str) -> String {
    document.text_at(item, &["ApplicationData", name]).map(|a| clip(&a)).unwrap_or_default()
}

/// Items of class SMS that one side adds.
fn sms<'a>(document: &Document<'a>, collection: NodeId) -> impl Iterator<Item = NodeId> + use<'a> {
    let document = *document;
    commands(&document, collection)
        .filter(move |id| document.name(*id) == "Add" && is_sms(&document, *id))
}

fn commands<'a>(
    document: &Document<'a>,
    collection: NodeId,
) -> impl Iterator<Item = NodeId> + use<'a> {
    let list = document.child(collection, "Commands");
    let document = *document;
    list.into_iter().flat_map(move |list| document.children(list))
}
