//! The parts of commands: items with their meta information, and what a Status or Results answers.

use std::borrow::Cow;

use crate::analyze::document::Document;
use crate::model::NodeId;

/// One item of a command.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct Item<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) node: NodeId,
    /// The command it belongs to.
    pub(in crate::analyze) around: NodeId,
}

impl<'a> Item<'a> {
    /// The node of its target address.
    pub(in crate::analyze) fn target(&self) -> Option<NodeId> {
        self.document.descend(self.node, &["Target", "LocURI"])
    }

    /// The node of its source address.
    pub(in crate::analyze) fn source(&self) -> Option<NodeId> {
        self.document.descend(self.node, &["Source", "LocURI"])
    }

    /// The text of its target address, else of its source address.
    pub(in crate::analyze) fn uri(&self) -> Option<Cow<'a, str>> {
        let text = |id: Option<NodeId>| {
            id.map(|id| self.document.text(id)).filter(|text| !text.is_empty())
        };
        text(self.target()).or_else(|| text(self.source()))
    }

    /// Its `Data`.
    pub(in crate::analyze) fn data(&self) -> Option<NodeId> {
        self.document.child(self.node, "Data")
    }

    /// Its `MoreData`.
    pub(in crate::analyze) fn more(&self) -> Option<NodeId> {
        self.document.child(self.node, "MoreData")
    }

    /// One field of its meta information; what the command says counts where the item is silent
    /// (MS-MDM 2.2.5.3).
    pub(in crate::analyze) fn meta(&self, name: &str) -> Option<NodeId> {
        meta(&self.document, self.node, name).or_else(|| meta(&self.document, self.around, name))
    }

    /// The text of one field of its meta information; empty when absent.
    pub(in crate::analyze) fn meta_text(&self, name: &str) -> Cow<'a, str> {
        self.meta(name).map(|id| self.document.text(id)).unwrap_or_default()
    }
}

/// One field of the `Meta` directly below `id`, with or without `MetInf` around it.
pub(in crate::analyze) fn meta(document: &Document<'_>, id: NodeId, name: &str) -> Option<NodeId> {
    let around = document.child(id, "Meta")?;
    document.child(around, name).or_else(|| document.descend(around, &["MetInf", name]))
}

/// A `Status` or `Results`, as the answer it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::analyze) struct Status<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) node: NodeId,
}

impl<'a> Status<'a> {
    /// The text of a child; empty when absent.
    fn text(&self, name: &str) -> Cow<'a, str> {
        self.document.child_text(self.node, name).unwrap_or_default()
    }

    /// `MsgID` of the message it answers; empty when absent.
    pub(in crate::analyze) fn message(&self) -> Cow<'a, str> {
        self.text("MsgRef")
    }

    /// `CmdID` of the command it answers; empty when absent.
    pub(in crate::analyze) fn command(&self) -> Cow<'a, str> {
        self.text("CmdRef")
    }

    /// Verb of the command it answers, as it says; empty when absent.
    pub(in crate::analyze) fn verb(&self) -> Cow<'a, str> {
        self.text("Cmd")
    }

    /// Status code; empty when absent.
    pub(in crate::analyze) fn code(&self) -> Cow<'a, str> {
        self.text("Data")
    }

    /// True when it answers a header (MS-MDM 2.2.6.1).
    pub(in crate::analyze) fn is_header(&self) -> bool {
        let reference = self.command();
        reference == "0" || reference.is_empty() && self.verb() == "SyncHdr"
    }

    /// The challenge it brings.
    pub(in crate::analyze) fn challenge(&self) -> Option<NodeId> {
        self.document.child(self.node, "Chal")
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
        let data = self.document.child(self.node, "Data");
        [Some(self.node), data]
            .into_iter()
            .flatten()
            .find_map(|id| self.document.attribute(id, "originalerror"))
    }
}
