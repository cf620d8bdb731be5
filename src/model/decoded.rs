//! What the codec makes of one body: layers, the tree of each, and what was wrong.

use std::borrow::Cow;

use bytes::Bytes;

use super::node::NodeId;
use super::span::Span;
use super::tree::Tree;

/// Index of a layer in [`Decoded::layers`]; the body as received is layer 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct LayerId(pub u32);

impl LayerId {
    /// The body as received, after transfer decoding.
    pub const BODY: Self = Self(0);

    /// As an index into [`Decoded::layers`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a layer's bytes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The layer they were made from.
    pub layer: LayerId,
    /// The bytes of that layer they were made from.
    pub span: Span,
    /// The node they stood in, when that layer has a tree.
    pub node: Option<NodeId>,
}

/// What a layer's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// No bytes at all.
    Empty,
    /// Bytes that only carry another layer (a gzip stream, UTF-16 text); says what they are.
    Wrapper(&'static str),
    /// A WBXML document: the document type's name (such as `ActiveSync` or `SyncML 1.2`).
    Wbxml(&'static str),
    /// An XML document: what it is (such as `SyncML 1.2`), or `XML`.
    Xml(&'static str),
    /// Text; the media type's words for it (`text`, `HTML`, `JSON`, `form`).
    Text(&'static str),
    /// Anything else; says what it seems to be (such as `binary` or `PNG`).
    Binary(&'static str),
}

impl Format {
    /// One or two words for a person.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Wrapper(name)
            | Self::Wbxml(name)
            | Self::Xml(name)
            | Self::Text(name)
            | Self::Binary(name) => name,
        }
    }
}

/// The bytes of a body at one stage of unwrapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// How it was made (`body`, `gzip`, `utf-16le`, `part 1`, `Data`): the last step of its path.
    pub label: Cow<'static, str>,
    /// Where it came from; `None` for the body itself.
    pub origin: Option<Origin>,
    /// Its bytes. Spans of its tree count from the first of them.
    pub bytes: Bytes,
    /// What they are.
    pub format: Format,
    /// The document, if they are one; empty trees are `None`.
    pub tree: Option<Tree>,
    /// Facts about the layer as a whole, in display order: (`version`, `1.3`), (`public id`, …).
    pub facts: Vec<(&'static str, Cow<'static, str>)>,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grade {
    /// Against the grammar or the tables, but nothing was lost.
    Odd,
    /// Something could not be understood.
    Broken,
}

/// One thing wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The layer it stands in.
    pub layer: LayerId,
    /// The bytes it concerns; empty at the place where something is missing.
    pub span: Span,
    /// How bad.
    pub grade: Grade,
    /// Stable id, such as `wbxml-truncated`.
    pub code: &'static str,
    /// One sentence without a full stop: what was expected and what was found.
    pub text: String,
}

/// A body, unwrapped and decoded as far as it could be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decoded {
    /// The body, then what was found inside, parents before children.
    pub layers: Vec<Layer>,
    /// In the order of discovery.
    pub problems: Vec<Problem>,
}

impl Decoded {
    /// The layer with this id, if there is one.
    pub fn layer(&self, id: LayerId) -> Option<&Layer> {
        self.layers.get(id.index())
    }

    /// Layers with their ids.
    pub fn ids(&self) -> impl Iterator<Item = (LayerId, &Layer)> {
        (0..).map(LayerId).zip(&self.layers)
    }

    /// The layer a person wants to see first: the first document (a tree that is not that of ASN.1
    /// around something else), else the first tree, else the innermost reached from the body through
    /// wrappers alone.
    pub fn main(&self) -> LayerId {
        let trees = || self.ids().filter(|(_, layer)| layer.tree.is_some());
        let document = trees().find(|(_, layer)| !matches!(layer.format, Format::Binary(_)));
        let with_tree = document.or_else(|| trees().next()).map(|(id, _)| id);
        with_tree.unwrap_or_else(|| {
            let mut at = LayerId::BODY;
            let wraps =
                |id| self.layer(id).is_some_and(|layer| matches!(layer.format, Format::Wrapper(_)));
            while let Some((next, _)) = self.ids().find(|(_, layer)| {
                layer.origin.is_some_and(|o| o.layer == at && o.node.is_none() && wraps(at))
            }) {
                at = next;
            }
            at
        })
    }

    /// The main document: its layer id, tree and bytes.
    pub fn document(&self) -> Option<(LayerId, &Tree, &[u8])> {
        let id = self.main();
        let layer = self.layer(id)?;
        Some((id, layer.tree.as_ref()?, &layer.bytes))
    }

    /// True when something could not be understood.
    pub fn is_broken(&self) -> bool {
        self.problems.iter().any(|problem| problem.grade == Grade::Broken)
    }
}
