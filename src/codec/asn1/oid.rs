//! Object identifiers by name.

use std::collections::HashMap;
use std::sync::LazyLock;

const TABLE: &str = include_str!("oids.tsv");

static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    TABLE
        .lines()
        .skip(1)
        .filter_map(|row| {
            let mut fields = row.split('\t');
            Some((fields.next()?, fields.next()?))
        })
        .collect()
});

/// The name of an object identifier in numbers with dots; `None` when the table has none.
pub fn oid_name(oid: &str) -> Option<&'static str> {
    NAMES.get(oid).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_parses() {
        let mut lines = TABLE.lines();
        assert_eq!(lines.next(), Some("oid\tname\tsource"));
        let mut seen = std::collections::HashSet::new();
        for line in lines {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 3, "{line}");
            assert!(fields.iter().all(|field| !field.is_empty()), "{line}");
            let numbers = fields[0].split('.').all(|part| part.parse::<u32>().is_ok());
            assert!(numbers && seen.insert(fields[0]), "{line}");
        }
        assert_eq!(NAMES.len(), seen.len());
        assert_eq!(oid_name("1.2.840.113549.1.7.4"), Some("signedAndEnvelopedData"));
        assert_eq!(oid_name("9.9"), None);
    }
}
