//! The items of commands with their addresses, data and meta information, each resolved once.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::analyze::csp::{self, CspNode, Found};
use crate::analyze::document::Document;
use crate::model::{Level, NodeId};

use super::danger::{Danger, danger};

/// One item of a command.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Item<'a> {
    pub(in crate::analyze) document: Document<'a>,
    pub(in crate::analyze) node: NodeId,
    /// The command it belongs to.
    pub(in crate::analyze) around: NodeId,
    /// The verb of that command.
    pub(in crate::analyze) verb: &'static str,
    target: Option<Address<'a>>,
    source: Option<Address<'a>>,
    data: Option<NodeId>,
    more: Option<NodeId>,
    /// Something other than Data and `MoreData` stands after its Data.
    pub(in crate::analyze) goes_on_after_data: bool,
    /// A Data stands after its `MoreData`.
    pub(in crate::analyze) data_after_more: bool,
    own: Meta,
    /// What the command says of all its items.
    pub(super) outer: Meta,
    found: OnceCell<Option<Found>>,
    danger: OnceCell<Option<Danger>>,
    meaning: OnceCell<Option<(Level, String)>>,
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
        let address = |id: Option<NodeId>| Address::read(&document, id?);
        Self {
            document,
            node,
            around,
            verb,
            target: address(target),
            source: address(source),
            data,
            more,
            goes_on_after_data,
            data_after_more,
            own: meta.map(|meta| Meta::read(&document, meta)).unwrap_or_default(),
            outer: Meta::default(),
            found: OnceCell::new(),
            danger: OnceCell::new(),
            meaning: OnceCell::new(),
        }
    }

    /// The node of its target address.
    pub(in crate::analyze) fn target(&self) -> Option<NodeId> {
        self.target.as_ref().map(|address| address.node)
    }

    /// The node of its source address.
    pub(in crate::analyze) fn source(&self) -> Option<NodeId> {
        self.source.as_ref().map(|address| address.node)
    }

    /// The node of the address that [`Item::uri`] is.
    pub(in crate::analyze) fn place(&self) -> Option<NodeId> {
        self.addresses().next().map(|address| address.node)
    }

    /// The text of its target address, else of its source address.
    pub(in crate::analyze) fn uri(&self) -> Option<&str> {
        self.addresses().next().map(|address| &*address.text)
    }

    /// The addresses it has that are not empty, target first.
    pub(in crate::analyze) fn addresses(&self) -> impl Iterator<Item = &Address<'a>> {
        let both = [&self.target, &self.source].into_iter().flatten();
        both.filter(|address| !address.text.is_empty())
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

    /// What its data means as the value of that node.
    pub(in crate::analyze) fn meaning(&self) -> Option<&(Level, String)> {
        let meaning = self.meaning.get_or_init(|| {
            let node = self.csp_node()?;
            node.value(&self.document.text(self.data?))
        });
        meaning.as_ref()
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

/// The `LocURI` of a target or a source.
#[derive(Debug, Clone)]
pub(in crate::analyze) struct Address<'a> {
    pub(in crate::analyze) node: NodeId,
    /// Without the blanks around it.
    pub(in crate::analyze) text: Cow<'a, str>,
    /// It is a path of the management tree spelled without anything that needs a second look.
    pub(in crate::analyze) plain: bool,
}

impl<'a> Address<'a> {
    fn read(document: &Document<'a>, around: NodeId) -> Option<Self> {
        let node = document.child(around, "LocURI")?;
        let text = document.text(node);
        let plain = is_plain(&text);
        Some(Self { node, text, plain })
    }
}

/// True for `./` and segments of letters, digits, `-`, `_` and `.`, none of them empty or a dot alone.
fn is_plain(text: &str) -> bool {
    let Some(path) = text.strip_prefix("./") else { return false };
    // Bytes of the segment so far, and whether they are one dot.
    let (mut length, mut dot) = (0_usize, false);
    for byte in path.bytes() {
        match byte {
            b'/' if length == 0 || dot => return false,
            b'/' => length = 0,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => length += 1,
            _ => return false,
        }
        dot = length == 1 && byte == b'.';
    }
    length > 0 && !dot
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_need_no_second_look() {
        for text in ["./DevInfo/DevId", "./a", "./.a/b.c", "./Vendor/MSFT/A-b_c/1.2"] {
            assert!(is_plain(text), "{text}");
        }
        let odd = ["", "a", "/a", "./", "./a/", ".//a", "./a//b", "././a", "./a/.", "./a/./b"];
        for text in
            odd.into_iter().chain(["./a b", "./a%20b", "./a?list=x", "./a*", "./é", "https://a"])
        {
            assert!(!is_plain(text), "{text}");
        }
    }
}
