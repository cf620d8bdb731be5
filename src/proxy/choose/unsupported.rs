//! Hosts whose vendor says that inspection is not supported.

use std::sync::LazyLock;

use super::pattern::Pattern;

/// One host, or a family of them.
#[derive(Debug)]
pub(super) struct Unsupported {
    pub(super) pattern: Pattern,
    /// What it is, for a sentence.
    pub(super) what: &'static str,
}

/// Rows are `pattern`, what it is, source.
const TABLE: &str = include_str!("unsupported.tsv");

static LIST: LazyLock<Vec<Unsupported>> = LazyLock::new(|| TABLE.lines().filter_map(row).collect());

/// The entry that holds for `host`.
pub(super) fn find(host: &str, port: Option<u16>) -> Option<&'static Unsupported> {
    LIST.iter().find(|entry| entry.pattern.matches(host, port))
}

fn row(line: &'static str) -> Option<Unsupported> {
    let mut cells = line.split('\t');
    let pattern = cells.next().filter(|cell| !cell.starts_with('#'))?.parse().ok()?;
    Some(Unsupported { pattern, what: cells.next()? })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_is_read_and_has_a_source() {
        let rows: Vec<_> = TABLE.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(rows.len(), LIST.len());
        for row in &rows {
            let cells: Vec<_> = row.split('\t').collect();
            assert!(cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty()), "{row}");
        }
        let keys: HashSet<_> = rows.iter().filter_map(|row| row.split('\t').next()).collect();
        assert_eq!(keys.len(), rows.len());
    }

    #[test]
    fn the_services_of_intune_are_known() {
        assert_eq!(
            find("r.manage.microsoft.com", Some(443)).unwrap().what,
            "Intune device management"
        );
        assert!(find("manage.microsoft.com.evil.example", None).is_none());
        assert!(find("outlook.office365.com", None).is_none());
    }
}
