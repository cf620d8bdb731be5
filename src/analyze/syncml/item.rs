//! The items of commands with their addresses, data and meta information, each resolved once.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::analyze::csp::{self, CspNode, Found};
use crate::analyze::document::Document;
use crate::model::NodeId;

use super::danger::{Danger, danger};

/// One item of a command.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Item<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) node: NodeId,
    /// The command it belongs to.
    pub(in crate::analyze) around: NodeId,
    /// The verb of that command.
    verb: &'static str,
    target: Option<NodeId>,
    source: Option<NodeId>,
    data: Option<NodeId>,
    more: Option<NodeId>,
    /// The texts of its target and its source address; empty when absent.
    addresses: [Cow<'a, str>; 2],
    /// Something other than Data and `MoreData` stands after its Data.
    pub(in crate::analyze) goes_on_after_data: bool,
    /// A Data stands after its `MoreData`.
    pub(in crate::analyze) data_after_more: bool,
    own: Meta,
    /// What the command says of all its items.
    pub(super) outer: Meta,
    found: OnceCell<Option<Found>>,
    danger: OnceCell<Option<Danger>>,
}

impl<'a> Item<'a> {
    /// Reads the item at `node` of a command; what that says of all its items is still to come.
    pub(super) fn read(
        document: Document<'a>,
        node: NodeId,
        (around, verb): (NodeId, &'static str),
    ) -> Self {
        let [mut target, mut source, mut data, mut more, mut meta] = [None; 5];
        let (mut goes_on_after_data, mut data_after_more) = (false, false);
        for child in document.children(node) {
            let name = document.name(child);
            goes_on_after_data |= data.is_some() && !matches!(name, "Data" | "MoreData");
            data_after_more |= more.is_some() && name == "Data";
            let place = match name {
                "Target" => &mut target,
                "Source" => &mut source,
                "Data" => &mut data,
                "MoreData" => &mut more,
                "Meta" => &mut meta,
                _ => continue,
            };
            place.get_or_insert(child);
        }
        let address = |id: Option<NodeId>| id.and_then(|id| document.child(id, "LocURI"));
        let (target, source) = (address(target), address(source));
        let text = |id: Option<NodeId>| id.map(|id| document.text(id)).unwrap_or_default();
        Self {
            document,
            node,
            around,
            verb,
            target,
            source,
            data,
            more,
            addresses: [text(target), text(source)],
            goes_on_after_data,
            data_after_more,
            own: meta.map(|meta| Meta::read(&document, meta)).unwrap_or_default(),
            outer: Meta::default(),
            found: OnceCell::new(),
            danger: OnceCell::new(),
        }
    }

    /// The node of its target address.
    pub(in crate::analyze) fn target(&self) -> Option<NodeId> {
        self.target
    }

    /// The node of its source address.
    pub(in crate::analyze) fn source(&self) -> Option<NodeId> {
        self.source
    }

    /// The node of the address that [`Item::uri`] is.
    pub(in crate::analyze) fn place(&self) -> Option<NodeId> {
        if self.addresses[0].is_empty() { self.source } else { self.target }
    }

    /// The text of its target address, else of its source address.
    pub(in crate::analyze) fn uri(&self) -> Option<&str> {
        let text = self.addresses.iter().find(|text| !text.is_empty());
        text.map(|text| &**text)
    }

    /// The addresses it has, target first: node and text, which is not empty.
    pub(in crate::analyze) fn addresses(&self) -> impl Iterator<Item = (NodeId, &str)> {
        let nodes = [self.target, self.source].into_iter().zip(&self.addresses);
        nodes.filter_map(|(node, text)| Some((node.filter(|_| !text.is_empty())?, &**text)))
    }

    /// What the table of nodes has for that address.
    pub(in crate::analyze) fn found(&self) -> Option<Found> {
        *self.found.get_or_init(|| csp::find(self.uri()?))
    }

    /// The node of the table at that address.
    pub(in crate::analyze) fn csp_node(&self) -> Option<&'static CspNode> {
        match self.found()? {
            Found::Node(node) | Found::Result(node) => Some(node),
            Found::Below(_) => None,
        }
    }

    /// What its command does there that cannot be taken back.
    pub(in crate::analyze) fn danger(&self) -> Option<Danger> {
        *self.danger.get_or_init(|| danger(self.verb, self.uri()?))
    }

    /// Its `Data`.
    pub(in crate::analyze) fn data(&self) -> Option<NodeId> {
        self.data
    }

    /// Its `MoreData`.
    pub(in crate::analyze) fn more(&self) -> Option<NodeId> {
        self.more
    }

    /// One field of its meta information; what the command says counts where the item is silent
    /// (MS-MDM 2.2.5.3).
    pub(in crate::analyze) fn meta(&self, name: &str) -> Option<NodeId> {
        let known = |meta: &Meta| match name {
            "Format" => Some(meta.format),
            "Mark" => Some(meta.mark),
            "Size" => Some(meta.size),
            "Type" => Some(meta.kind),
            _ => None,
        };
        let (Some(own), Some(outer)) = (known(&self.own), known(&self.outer)) else {
            let of = |id| meta(&self.document, id, name);
            return of(self.node).or_else(|| of(self.around));
        };
        own.or(outer)
    }

    /// The text of one field of its meta information; empty when absent.
    pub(in crate::analyze) fn meta_text(&self, name: &str) -> Cow<'a, str> {
        self.meta(name).map(|id| self.document.text(id)).unwrap_or_default()
    }
}

/// The fields of a `Meta` that are asked for most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Meta {
    format: Option<NodeId>,
    kind: Option<NodeId>,
    size: Option<NodeId>,
    mark: Option<NodeId>,
}

impl Meta {
    /// Reads the `Meta` at `around`, with or without `MetInf` inside.
    pub(super) fn read(document: &Document<'_>, around: NodeId) -> Self {
        let mut meta = Self::default();
        let mut inner = None;
        for child in document.tree.children(around) {
            if document.name(child) == "MetInf" {
                inner.get_or_insert(child);
            }
            meta.take(document, child);
        }
        for child in inner.into_iter().flat_map(|inner| document.tree.children(inner)) {
            meta.take(document, child);
        }
        meta
    }

    fn take(&mut self, document: &Document<'_>, child: NodeId) {
        let place = match document.name(child) {
            "Format" => &mut self.format,
            "Mark" => &mut self.mark,
            "Size" => &mut self.size,
            "Type" => &mut self.kind,
            _ => return,
        };
        place.get_or_insert(child);
    }
}

/// One field of the `Meta` directly below `id`, with or without `MetInf` around it.
pub(in crate::analyze) fn meta(document: &Document<'_>, id: NodeId, name: &str) -> Option<NodeId> {
    let around = document.child(id, "Meta")?;
    document.child(around, name).or_else(|| document.descend(around, &["MetInf", name]))
}
