//! Problems of one layer while it is being decoded.

use std::collections::BTreeSet;

use crate::model::{Grade, Span};

use super::limits;

/// One thing wrong with a layer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The bytes it concerns, in the layer being decoded.
    pub(crate) span: Span,
    /// How bad.
    pub(crate) grade: Grade,
    /// Stable id.
    pub(crate) code: &'static str,
    /// What was expected and what was found.
    pub(crate) text: String,
}

/// The faults of one layer; at most [`limits::PROBLEMS`] are kept, a broken one always.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    /// Reported already: kind, page, token.
    once: BTreeSet<(&'static str, u8, u8)>,
}

impl Faults {
    /// Against the grammar or the tables, but nothing was lost.
    pub(crate) fn odd(&mut self, span: Span, code: &'static str, text: impl Into<String>) {
        if self.list.len() < limits::PROBLEMS {
            self.list.push(Fault { span, grade: Grade::Odd, code, text: text.into() });
        }
    }

    /// The same, the first time for this kind, code page and token.
    pub(crate) fn odd_once(
        &mut self,
        key: (&'static str, u8, u8),
        span: Span,
        code: &'static str,
        text: impl FnOnce() -> String,
    ) {
        if self.once.insert(key) {
            self.odd(span, code, text());
        }
    }

    /// Something could not be understood.
    pub(crate) fn broken(&mut self, span: Span, code: &'static str, text: impl Into<String>) {
        if self.list.len() < limits::PROBLEMS.saturating_mul(2) {
            self.list.push(Fault { span, grade: Grade::Broken, code, text: text.into() });
        }
    }

    /// True when something could not be understood.
    pub(crate) fn is_broken(&self) -> bool {
        self.list.iter().any(|fault| fault.grade == Grade::Broken)
    }

    /// All of them, in the order found.
    pub(crate) fn into_list(self) -> Vec<Fault> {
        self.list
    }
}
