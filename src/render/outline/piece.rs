//! Lines as they are shown: runs of text with roles.

use std::fmt;

use crate::model::{LayerId, Level, NodeId, Span};

/// What a piece of a line is, so that a theme can colour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Element name.
    Tag,
    /// Namespace, sizes, offsets: what can be skipped.
    Dim,
    /// Attribute name.
    Attribute,
    /// A value.
    Text,
    /// Bytes shown as hex.
    Opaque,
    /// What an annotation says.
    Note(Level),
    /// What is wrong with the body.
    Problem,
    /// A layer's headline.
    Layer,
}

/// A run of text with one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Clean text.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// One line of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineLine {
    /// Indentation level.
    pub depth: usize,
    /// The layer it speaks of.
    pub layer: LayerId,
    /// The node, unless the line speaks of a whole layer or a problem.
    pub node: Option<NodeId>,
    /// The bytes of that layer it speaks of.
    pub span: Span,
    /// Its text.
    pub pieces: Vec<Piece>,
    /// The loudest note on it.
    pub level: Level,
    /// True when deeper lines follow it.
    pub expandable: bool,
}

impl OutlineLine {
    /// The line without roles or indentation.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }
}

impl fmt::Display for OutlineLine {
    /// The line without roles, two blanks a level before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:width$}", "", width = self.depth * 2)?;
        self.pieces.iter().try_for_each(|piece| f.write_str(&piece.text))
    }
}

/// Pieces being put together.
#[derive(Debug, Default)]
pub(super) struct Pieces(pub(super) Vec<Piece>);

impl Pieces {
    /// Adds a run of clean text.
    pub(super) fn add(&mut self, role: Role, text: impl Into<String>) {
        self.0.push(Piece { text: text.into(), role });
    }

    /// The loudest note among them.
    pub(super) fn level(&self) -> Level {
        let notes = self.0.iter().filter_map(|piece| match piece.role {
            Role::Note(level) => Some(level),
            _ => None,
        });
        notes.max().unwrap_or_default()
    }
}
