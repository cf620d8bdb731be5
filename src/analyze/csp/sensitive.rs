//! Nodes whose value is a secret.

use std::sync::LazyLock;

use crate::analyze::table::rows;

use super::pattern::{Pattern, below_root};

const TABLE: &str = include_str!("../tables/sensitive_nodes.tsv");

static PATTERNS: LazyLock<Vec<Pattern>> =
    LazyLock::new(|| rows::<4>(TABLE).map(|[path, ..]| Pattern::new(path)).collect());

/// True when the value of the node at `uri` is a secret.
pub(in crate::analyze) fn is_sensitive(uri: &str) -> bool {
    below_root(uri).is_some_and(|path| PATTERNS.iter().any(|pattern| pattern.fits(&path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses_and_finds_passwords() {
        assert_eq!(check(TABLE, "path class why source", 1), PATTERNS.len());
        assert!(is_sensitive("./Vendor/MSFT/Accounts/Users/bob/Password"));
        assert!(!is_sensitive("./DevDetail/SwV"));
    }
}
