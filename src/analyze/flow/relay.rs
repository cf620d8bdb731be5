//! Text messages: what a device reports, and what it sends for its server (MS-ASMS 3.1.4.1.3, 3.1.4.3,
//! 3.1.5.1).

use std::collections::VecDeque;

use crate::analyze::document::Document;
use crate::analyze::draft::{clip, counted};
use crate::analyze::eas::is_sms;
use crate::analyze::rules::Scene;
use crate::model::NodeId;

use super::mailbox::text;
use super::option_sets::OptionSets;

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

/// One collection as a Sync asks for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a, 'b> {
    pub(super) request: &'b Document<'a>,
    pub(super) node: NodeId,
    /// Type of its folder; `None` when not known.
    pub(super) kind: Option<&'b str>,
    /// What is asked for, by this request or one before.
    pub(super) options: OptionSets,
    /// How it is called.
    pub(super) label: &'b str,
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
        let number = number.filter(|number| !number.is_empty());
        // Exchange 2010 RTM alone insists on it (MS-ASMS 3.2.5.3, note 1).
        let number =
            number.map_or(" without naming its number".into(), |n| format!(" as {}", clip(&n)));
        told.push(match (on, self.enabled) {
            (true, _) => format!("SMS relay: the device offers to send SMS for the server{number}"),
            (false, Some(true)) => {
                "SMS relay: the device no longer sends SMS for the server".into()
            }
            (false, _) => "SMS relay: the device does not send SMS for the server".into(),
        });
        self.enabled = Some(on);
    }

    /// One collection of a Sync.
    pub(super) fn sync(
        &mut self,
        asked: &Asked<'_, '_>,
        answer: Option<(&Document<'_>, NodeId)>,
        told: &mut Vec<String>,
    ) {
        self.reported(asked, told);
        if asked.kind == Some(OUTBOX) {
            self.outbox(asked, answer, told);
        } else if let Some((document, node)) = answer {
            for item in sms(document, node).take(TOLD) {
                // A request without Options goes on with those before it (MS-ASMS 3.1.4.1.1.1).
                let before = match asked.request.child(asked.node, "Options") {
                    None if asked.options.has_sms() => ", asked for by options of before",
                    _ => "",
                };
                told.push(format!("{}: SMS{}{before}", asked.label, between(document, item)));
            }
        }
    }

    /// Items the device adds: SMS it received or sent itself, and reports that one was not delivered.
    fn reported(&self, asked: &Asked<'_, '_>, told: &mut Vec<String>) {
        let Asked { request, node, kind, label, .. } = *asked;
        let inbox = kind == Some(INBOX);
        let last = self.sent.back().or_else(|| self.pending.back()).filter(|_| inbox);
        let last = last.map(|message| format!("message {} to {}", message.id, message.to));
        for item in sms(request, node).take(TOLD) {
            let item = between(request, item);
            told.push(match &last {
                Some(last) => format!(
                    "{label}: device adds an SMS{item}: one it received, or the non-delivery report of {last}"
                ),
                None if inbox => format!("{label}: device adds an SMS it received{item}"),
                None => format!("{label}: device adds an SMS{item}"),
            });
        }
        let adds = commands(request, node).filter(|id| request.name(*id) == "Add");
        let others = adds.filter(|id| !is_sms(request, *id)).count();
        // A device adds no mail to the Inbox but this (MS-ASMS 3.1.5.1).
        if let Some(last) = last.filter(|_| others > 0) {
            told.push(format!(
                "{label}: device adds {}: perhaps the non-delivery report of {last}",
                counted(others, "item that is no SMS", "items that are no SMS")
            ));
        }
    }

    fn outbox(
        &mut self,
        asked: &Asked<'_, '_>,
        answer: Option<(&Document<'_>, NodeId)>,
        told: &mut Vec<String>,
    ) {
        let Asked { request, node, label, .. } = *asked;
        let before = told.len();
        let mut unknown = 0;
        for id in commands(request, node).filter(|id| request.name(*id) == "Delete") {
            let server_id = text(request, id, "ServerId");
            let at = self.pending.iter().position(|message| message.id == server_id);
            match at.and_then(|at| self.pending.remove(at)) {
                Some(message) => {
                    told.push(format!(
                        "{label}: SMS relay: message {} to {} deleted: sent, unless a non-delivery report follows",
                        message.id, message.to
                    ));
                    keep(&mut self.sent, message);
                }
                None => unknown += 1,
            }
        }
        if unknown > 0 {
            let count = counted(unknown, "item", "items");
            told.push(format!(
                "{label}: SMS relay: {count} deleted: sent, unless a non-delivery report follows"
            ));
        }
        let Some((document, answer)) = answer else { return };
        let offered = match self.enabled {
            Some(false) => ", although it does not offer to send",
            _ => "",
        };
        for item in sms(document, answer) {
            let message = Message {
                id: clip(&text(document, item, "ServerId")),
                to: address(document, item, "To"),
            };
            told.push(format!(
                "{label}: SMS relay: the device is to send message {} to {}{offered}",
                message.id, message.to
            ));
            keep(&mut self.pending, message);
        }
        if told.len() == before && asked.options.has_sms() {
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

/// An address of a text message (MS-ASMS 2.2.2.1.6, 2.2.2.1.10), and whether it is none.
fn address(document: &Document<'_>, item: NodeId, name: &str) -> String {
    let text = document.text_at(item, &["ApplicationData", name]).unwrap_or_default();
    match text.contains("[MOBILE:") {
        true => clip(&text),
        false if text.is_empty() => String::new(),
        false => format!("{} (not of the form \"Name\" [MOBILE:number])", clip(&text)),
    }
}

/// ` from "Carol" [MOBILE:…] to …`.
fn between(document: &Document<'_>, item: NodeId) -> String {
    let word = |name: &str, word: &str| {
        let address = address(document, item, name);
        if address.is_empty() { address } else { format!(" {word} {address}") }
    };
    word("From", "from") + &word("To", "to")
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
