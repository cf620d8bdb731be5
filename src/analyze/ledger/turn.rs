//! What one message did to its session: what the rules of sessions look at.

use crate::analyze::document::Subject;
use crate::analyze::flow::Mark;
use crate::analyze::syncml::Message;
use crate::model::{Leg, NodeId};

use super::authentication::Round;
use super::object::ObjectLog;
use super::session::Session;

/// One message with the session it belongs to, as it stands after it.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct Turn<'s, 'a> {
    pub(in crate::analyze) subject: &'s Subject<'a>,
    pub(in crate::analyze) leg: Leg,
    pub(in crate::analyze) message: &'s Message<'a>,
    /// The device's message of the same exchange.
    pub(in crate::analyze) request: Option<&'s Message<'a>>,
    pub(in crate::analyze) session: &'s Session,
    pub(in crate::analyze) log: &'s Log,
}

/// What was noticed while a message was taken in. Nodes are those of the message.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub(in crate::analyze) struct Log {
    /// The message was sent before, byte by byte: nothing else is noted of it.
    pub(in crate::analyze) retry: bool,
    /// Microseconds since the last message of the session.
    pub(in crate::analyze) waited: i64,
    /// Where this side was asked to send to (`RespURI`), and by which message.
    pub(in crate::analyze) asked_to: Option<(String, Mark)>,
    /// The server asked for patience (HTTP 429), which is not over.
    pub(in crate::analyze) impatient: Option<Mark>,
    /// The session began with this message, as far as was seen.
    pub(in crate::analyze) first: bool,
    /// The same session id was used before by this device, from the beginning as now.
    pub(in crate::analyze) id_reused: bool,
    /// The other side sent a message before it.
    pub(in crate::analyze) heard: bool,
    /// `MsgID` of the message of this side before it; empty for its first.
    pub(in crate::analyze) previous: String,
    /// A message of this side had the same `MsgID` and other bytes.
    pub(in crate::analyze) id_taken: bool,
    /// The other side only asked for the next message (alert 1222).
    pub(in crate::analyze) other_waits: bool,
    /// The package of this side was still open before this message.
    pub(in crate::analyze) continues: bool,
    /// The other side's package was still open before this message.
    pub(in crate::analyze) other_open: bool,
    /// The session was over (alert 1223) before this message.
    pub(in crate::analyze) after_abort: bool,
    /// Answers whose `MsgRef` names no message of the other side.
    pub(in crate::analyze) unknown_message: Vec<NodeId>,
    /// Answers whose `CmdRef` names no command of the message.
    pub(in crate::analyze) unknown_command: Vec<NodeId>,
    /// Answers that name another verb than the command has, with that of the command.
    pub(in crate::analyze) other_verb: Vec<(NodeId, &'static str)>,
    /// Answers to what was answered already.
    pub(in crate::analyze) repeated: Vec<NodeId>,
    /// Answers in another order than the commands.
    pub(in crate::analyze) disordered: Vec<NodeId>,
    /// `TargetRef` or `SourceRef` on the only Status of a command with one item.
    pub(in crate::analyze) needless_ref: Vec<NodeId>,
    /// Results for what is no Get, or for a Get that was not answered with success.
    pub(in crate::analyze) stray_results: Vec<NodeId>,
    /// Results items that are about another node than was asked for.
    pub(in crate::analyze) other_node: Vec<NodeId>,
    /// Status with the verb it answers and its code.
    pub(in crate::analyze) codes: Vec<(NodeId, &'static str, u16)>,
    /// The message answers the header of a message.
    pub(in crate::analyze) header_answered: bool,
    /// Entries of the other side that had to be answered by now and are not.
    pub(in crate::analyze) unanswered: Vec<u32>,
    /// Gets of the other side that were answered with success, and whose value did not come.
    pub(in crate::analyze) without_results: Vec<u32>,
    /// Entries of the other side with several items of which only some have a status.
    pub(in crate::analyze) partly: Vec<u32>,
    /// Groups of the other side that were answered in this message.
    pub(in crate::analyze) groups: Vec<u32>,
    /// Commands of this message were sent while earlier ones of this side wait for an answer.
    pub(in crate::analyze) early: bool,
    /// The round of credentials before this message, when it has something to do with one.
    pub(in crate::analyze) round: Round,
    /// Large objects.
    pub(in crate::analyze) objects: ObjectLog,
    /// This message closed the session.
    pub(in crate::analyze) closed: bool,
}
