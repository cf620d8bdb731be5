//! Namespace declarations in scope (Namespaces in XML 1.0 §6).

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::codec::limits;
use crate::codec::wbxml::Book;
use crate::model::{Namespace, NamespaceId};

/// The namespace of `xmlns` declarations themselves.
pub(super) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// One declaration.
#[derive(Debug)]
struct Binding {
    depth: usize,
    prefix: Box<str>,
    namespace: NamespaceId,
}

/// The declarations of the elements that are open.
#[derive(Debug, Default)]
pub(super) struct Scope {
    bindings: Vec<Binding>,
}

impl Scope {
    /// Declares `prefix` (empty for the default namespace) on the element at `depth`; false when
    /// there are too many.
    pub(super) fn declare(&mut self, depth: usize, prefix: &str, namespace: NamespaceId) -> bool {
        if self.bindings.len() >= limits::NAMESPACES {
            return false;
        }
        self.bindings.push(Binding { depth, prefix: prefix.into(), namespace });
        true
    }

    /// Forgets the declarations of elements deeper than `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.bindings.last().is_some_and(|binding| binding.depth > depth) {
            self.bindings.pop();
        }
    }

    /// The namespace of a prefix; `None` when it is not declared. The empty prefix always is.
    pub(super) fn resolve(&self, prefix: &str) -> Option<NamespaceId> {
        // Most have none: two empty texts are told by their length, as comparing them costs more than
        // comparing long ones where the processor masks its loads (AVX-512).
        let same = |own: &str| own.len() == prefix.len() && (own.is_empty() || own == prefix);
        let found = self.bindings.iter().rev().find(|binding| same(&binding.prefix));
        match (found, prefix) {
            (Some(binding), _) => Some(binding.namespace),
            (None, "") => Some(NamespaceId::NONE),
            (None, "xml") => Some(NamespaceId::known(XML)),
            (None, "xmlns") => Some(NamespaceId::known(XMLNS)),
            (None, _) => None,
        }
    }
}

/// The namespace of this name; those of the product's tables need no copy.
pub(super) fn known(namespace: &str) -> Namespace<'_> {
    static KNOWN: LazyLock<BTreeSet<&'static str>> = LazyLock::new(|| {
        Book::all().iter().flat_map(Book::namespaces).filter(|name| !name.is_empty()).collect()
    });
    KNOWN.get(namespace).map_or_else(
        || {
            if namespace.is_empty() { Namespace::NONE } else { Namespace::Literal(namespace) }
        },
        |name| Namespace::Known(name),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_declarations_win_and_end() {
        let mut scope = Scope::default();
        let [outer, inner] = ["urn:a", "urn:b"].map(NamespaceId::known);
        assert!(scope.declare(1, "", outer) && scope.declare(2, "", inner));
        assert_eq!(scope.resolve(""), Some(inner));
        scope.leave(1);
        assert_eq!(scope.resolve(""), Some(outer));
        assert_eq!(scope.resolve("p"), None);
        scope.leave(0);
        assert_eq!(scope.resolve(""), Some(NamespaceId::NONE));
    }

    #[test]
    fn declarations_have_a_ceiling() {
        let mut scope = Scope::default();
        let made =
            (0..=limits::NAMESPACES).filter(|_| scope.declare(1, "p", NamespaceId::NONE)).count();
        assert_eq!(made, limits::NAMESPACES);
    }
}
