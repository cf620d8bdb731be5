//! Which namespace declarations hold where the writer is.

/// One declaration that was written.
#[derive(Debug, Clone, Copy)]
struct Binding<'a> {
    prefix: &'a str,
    namespace: &'a str,
}

/// Declarations in scope, innermost last.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    bindings: Vec<Binding<'a>>,
}

/// How far a [`Scope`] was filled when an element began.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark(usize);

impl<'a> Scope<'a> {
    /// Where to come back to when the element ends.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.bindings.len())
    }

    /// Forgets what was declared since.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.bindings.truncate(mark.0);
    }

    /// True when nothing is declared.
    pub(super) fn is_empty(&self) -> bool {
        self.bindings.is_empty()
    }

    /// True when no more declarations are taken: looking one up takes longer with each.
    pub(super) fn is_full(&self) -> bool {
        self.bindings.len() >= MOST
    }

    /// Declares a prefix; empty for the default namespace.
    pub(super) fn declare(&mut self, prefix: &'a str, namespace: &'a str) {
        self.bindings.push(Binding { prefix, namespace });
    }

    /// The namespace of a prefix; the empty prefix always has one.
    pub(super) fn namespace(&self, prefix: &str) -> Option<&'a str> {
        let found = self.bindings.iter().rev().find(|binding| binding.prefix == prefix);
        match (found, prefix) {
            (Some(binding), _) => Some(binding.namespace),
            (None, "") => Some(""),
            (None, "xml") => Some(XML),
            (None, _) => None,
        }
    }

    /// A prefix (not empty) that stands for `namespace` here.
    pub(super) fn prefix(&self, namespace: &str) -> Option<&'a str> {
        if namespace == XML {
            return Some("xml");
        }
        let bound = self.bindings.iter().rev().filter(|binding| !binding.prefix.is_empty());
        bound
            .filter(|binding| binding.namespace == namespace)
            .map(|binding| binding.prefix)
            .find(|prefix| self.namespace(prefix) == Some(namespace))
    }

    /// True when `prefix` was declared since `mark`: on the element being written.
    pub(super) fn is_declared_since(&self, mark: Mark, prefix: &str) -> bool {
        let own = self.bindings.get(mark.0..).unwrap_or_default();
        own.iter().any(|binding| binding.prefix == prefix)
    }
}

/// Declarations in scope at once that are written.
const MOST: usize = 64;

const XML: &str = "http://www.w3.org/XML/1998/namespace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_prefix_is_not_used() {
        let mut scope = Scope::default();
        scope.declare("p", "urn:a");
        let mark = scope.mark();
        scope.declare("p", "urn:b");
        assert_eq!((scope.prefix("urn:a"), scope.prefix("urn:b")), (None, Some("p")));
        assert!(scope.is_declared_since(mark, "p"));
        scope.back_to(mark);
        assert_eq!(scope.prefix("urn:a"), Some("p"));
        assert_eq!((scope.namespace(""), scope.namespace("q")), (Some(""), None));
    }
}
