//! The commands of the protocol, with the versions that know them.

use std::sync::LazyLock;

use crate::analyze::table::rows;

const TABLE: &str = include_str!("../tables/commands.tsv");

/// One row of the command table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct CommandRow {
    pub(in crate::analyze) code: &'static str,
    pub(in crate::analyze) name: &'static str,
    pub(in crate::analyze) first: &'static str,
    pub(in crate::analyze) last: &'static str,
    pub(in crate::analyze) request: &'static str,
    pub(in crate::analyze) response: &'static str,
    pub(in crate::analyze) key: &'static str,
    pub(in crate::analyze) notes: &'static str,
    pub(in crate::analyze) source: &'static str,
}

/// Every ActiveSync command (MS-ASHTTP 2.2.1.1.1.1.2).
pub(in crate::analyze) static COMMANDS: LazyLock<Vec<CommandRow>> = LazyLock::new(|| {
    rows::<9>(TABLE)
        .map(|[code, name, first, last, request, response, key, notes, source]| CommandRow {
            code,
            name,
            first,
            last,
            request,
            response,
            key,
            notes,
            source,
        })
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        let heading = "code command first_version last_version body_request body_response needs_policy_key notes source";
        assert_eq!(check(TABLE, heading, 2), 27);
    }

    #[test]
    fn versions_bound_commands() {
        let row = |name: &str| COMMANDS.iter().find(|row| row.name == name).unwrap();
        assert_eq!((row("Find").first, row("GetAttachment").last), ("16.1", "12.1"));
    }
}
