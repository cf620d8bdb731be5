//! Commands that take something from the device which cannot be brought back.

use std::sync::LazyLock;

use crate::analyze::csp::{Pattern, below_root};
use crate::analyze::table::rows;
use crate::model::Level;

const TABLE: &str = include_str!("../tables/dangerous_commands.tsv");

/// What a command does that cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Danger {
    /// In words.
    pub(in crate::analyze) what: &'static str,
    /// How loud it is.
    pub(in crate::analyze) level: Level,
}

/// A row of the table.
struct Row {
    /// Verbs, split at `,`; `*` = every one that does not read.
    verbs: &'static str,
    /// Lower-case segments below the `.`; `*` = any one, `**` at the end = any number, at least one;
    /// a trailing `*` in a segment = anything after it.
    path: Pattern,
    danger: Danger,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    rows::<5>(TABLE)
        .map(|[verbs, path, attention, what, _]| Row {
            verbs,
            path: Pattern::new(path),
            danger: Danger {
                what,
                level: if attention == "alarm" { Level::Alarm } else { Level::Warning },
            },
        })
        .collect()
});

/// What the command does to the device, if it cannot be taken back. Reading is harmless, and only the
/// management tree has such nodes; data sync items may be called anything.
pub(in crate::analyze) fn danger(verb: &str, path: &str) -> Option<Danger> {
    if matches!(verb, "Get" | "Results" | "Alert" | "Search" | "Status") {
        return None;
    }
    let path = below_root(path)?;
    let takes = |row: &&Row| {
        row.path.fits(&path) && (row.verbs == "*" || row.verbs.split(',').any(|own| own == verb))
    };
    ROWS.iter().find(takes).map(|row| row.danger)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::csp;
    use crate::analyze::table::check;

    fn what(verb: &str, path: &str) -> Option<&'static str> {
        danger(verb, path).map(|danger| danger.what)
    }

    #[test]
    fn the_table_parses() {
        assert_eq!(check(TABLE, "verbs path attention what source", 2), ROWS.len());
        for row in
            ROWS.iter().filter(|row| row.path.segments().iter().all(|part| !part.contains('*')))
        {
            let path = format!("./{}", row.path.segments().join("/"));
            assert!(matches!(csp::find(&path), Some(csp::Found::Node(_))), "{path}");
        }
    }

    #[test]
    fn executing_a_wipe_is_destructive_and_reading_it_is_not() {
        let path = "./Vendor/MSFT/RemoteWipe/doWipeProtected";
        assert_eq!(what("Exec", path), Some("REMOTE WIPE that cannot be interrupted"));
        assert_eq!(what("Get", path), None);
        assert_eq!(
            what("Exec", "./Device/Vendor/MSFT/RemoteWipe/doWipeSomethingNew"),
            Some("REMOTE WIPE")
        );
        assert_eq!(
            what("Exec", "./Vendor/MSFT/DMClient/Provider/X/Unenroll"),
            Some("UNENROLMENT of the device")
        );
        assert_eq!(
            what(
                "Replace",
                "./Vendor/MSFT/DMClient/Provider/X/NumberOfDaysAfterLostContactToUnenroll"
            ),
            None
        );
        assert_eq!(what("Add", "card/unenroll"), None);
    }

    #[test]
    fn removing_certificates_and_accounts_is_told() {
        let store = "./Vendor/MSFT/RootCATrustedCertificates/Root/ABCD";
        assert_eq!(what("Delete", store), Some("CERTIFICATE REMOVED"));
        assert_eq!(what("Add", store), None);
        assert_eq!(what("Delete", "./SyncML/DMAcc/one"), Some("MANAGEMENT ACCOUNT REMOVED"));
        assert_eq!(
            what("Delete", "./User/Vendor/MSFT/EMAIL2/%7BG%7D"),
            Some("MAIL ACCOUNT REMOVED")
        );
        assert_eq!(what("Delete", "./Vendor/MSFT/Policy/Config/Camera/AllowCamera"), None);
    }
}
