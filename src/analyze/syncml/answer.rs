//! What a Status or Results answers.

use std::borrow::Cow;

use crate::analyze::document::Document;
use crate::model::NodeId;

/// A `Status` or `Results`, as the answer it is.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Status<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) node: NodeId,
    /// It is a Results.
    pub(in crate::analyze) results: bool,
    message: Cow<'a, str>,
    command: Cow<'a, str>,
    verb: Cow<'a, str>,
    code: Cow<'a, str>,
    data: Option<NodeId>,
    challenge: Option<NodeId>,
}

impl<'a> Status<'a> {
    /// Reads the Status at `node`, or the Results.
    pub(super) fn read(document: Document<'a>, node: NodeId, results: bool) -> Self {
        let [mut message, mut command, mut verb, mut data, mut challenge] = [None; 5];
        for child in document.tree.children(node) {
            let place = match document.name(child) {
                "MsgRef" => &mut message,
                "CmdRef" => &mut command,
                "Cmd" => &mut verb,
                "Data" => &mut data,
                "Chal" => &mut challenge,
                _ => continue,
            };
            place.get_or_insert(child);
        }
        let text = |id: Option<NodeId>| id.map(|id| document.text(id)).unwrap_or_default();
        Self {
            document,
            node,
            results,
            message: text(message),
            command: text(command),
            verb: text(verb),
            code: text(data),
            data,
            challenge,
        }
    }

    /// `MsgID` of the message it answers; empty when absent.
    pub(in crate::analyze) fn message(&self) -> &str {
        &self.message
    }

    /// `CmdID` of the command it answers; empty when absent.
    pub(in crate::analyze) fn command(&self) -> &str {
        &self.command
    }

    /// Verb of the command it answers, as it says; empty when absent.
    pub(in crate::analyze) fn verb(&self) -> &str {
        &self.verb
    }

    /// Status code; empty when absent.
    pub(in crate::analyze) fn code(&self) -> &str {
        &self.code
    }

    /// Its `Data`.
    pub(in crate::analyze) fn data(&self) -> Option<NodeId> {
        self.data
    }

    /// True when it answers a header (MS-MDM 2.2.6.1).
    pub(in crate::analyze) fn is_header(&self) -> bool {
        self.command == "0" || self.command.is_empty() && self.verb == "SyncHdr"
    }

    /// The challenge it brings.
    pub(in crate::analyze) fn challenge(&self) -> Option<NodeId> {
        self.challenge
    }

    /// The addresses of the items it is for, as plain text or inside `LocURI`.
    pub(in crate::analyze) fn refs(&self) -> impl Iterator<Item = Cow<'a, str>> + use<'a> {
        let document = self.document;
        document
            .children(self.node)
            .filter(move |id| matches!(document.name(*id), "TargetRef" | "SourceRef"))
            .map(move |id| {
                let inner = document.child_text(id, "LocURI");
                inner.unwrap_or_else(|| document.text(id))
            })
            .filter(|text| !text.is_empty())
    }

    /// `msft:originalerror` on the Status or its Data (MS-MDM 15.0, 2.2.5.1).
    pub(in crate::analyze) fn error(&self) -> Option<&'a str> {
        let places = [Some(self.node), self.data].into_iter().flatten();
        places.into_iter().find_map(|id| self.document.attribute(id, "originalerror"))
    }
}
