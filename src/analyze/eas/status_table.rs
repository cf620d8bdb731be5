//! The tables of status codes.

use std::sync::LazyLock;

use crate::analyze::table::rows;
use crate::model::Level;

const PROVISION: &str = include_str!("../tables/provision_status.tsv");
const COMMAND: &str = include_str!("../tables/command_status.tsv");
const COMMON: &str = include_str!("../tables/common_status.tsv");

/// What one code means in one context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct StatusMeaning {
    /// Where it stands: a path of element names, or command and parent element.
    pub(in crate::analyze) context: (&'static str, &'static str),
    pub(in crate::analyze) code: &'static str,
    pub(in crate::analyze) label: &'static str,
    outcome: &'static str,
    pub(in crate::analyze) meaning: &'static str,
    pub(in crate::analyze) client_action: &'static str,
    pub(in crate::analyze) versions: &'static str,
    pub(in crate::analyze) notes: &'static str,
    pub(in crate::analyze) source: &'static str,
}

impl StatusMeaning {
    /// How loud it is: success is plain, a failure a warning, anything about a wipe an alarm.
    pub(in crate::analyze) fn level(&self) -> Level {
        match self.outcome {
            "ok" => Level::Info,
            "notable" => Level::Notable,
            "alarm" => Level::Alarm,
            _ => Level::Warning,
        }
    }

    /// One sentence: `165 DeviceInformationRequired: … (client: resend with …)`.
    pub(in crate::analyze) fn sentence(&self) -> String {
        self.sentence_with(self.client_action)
    }

    /// The same with another next step; none when that is empty.
    pub(super) fn sentence_with(&self, next: &str) -> String {
        let mut text = format!("{} {}: {}", self.code, self.label, self.meaning);
        if !next.is_empty() {
            text.push_str(" (next: ");
            text.push_str(next);
            text.push(')');
        }
        text
    }
}

/// A common code (101-184), which may stand in the answer to any command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct CommonStatus {
    pub(in crate::analyze) status: StatusMeaning,
    pub(in crate::analyze) retry: &'static str,
    pub(in crate::analyze) provisioning: &'static str,
    /// The HTTP status protocol versions before 14.0 say this with.
    pub(in crate::analyze) http_before_14: &'static str,
}

/// Codes of Provision by path and direction (MS-ASPROV 2.2.2.54).
pub(in crate::analyze) static PROVISION_STATUSES: LazyLock<Vec<StatusMeaning>> =
    LazyLock::new(|| in_context(PROVISION));

/// Codes by command and parent element (MS-ASCMD).
pub(in crate::analyze) static COMMAND_STATUSES: LazyLock<Vec<StatusMeaning>> =
    LazyLock::new(|| in_context(COMMAND));

fn in_context(table: &'static str) -> Vec<StatusMeaning> {
    rows::<10>(table)
        .map(|[one, two, code, label, outcome, meaning, client_action, versions, notes, source]| {
            let context = (one, two);
            StatusMeaning {
                context,
                code,
                label,
                outcome,
                meaning,
                client_action,
                versions,
                notes,
                source,
            }
        })
        .collect()
}

/// Codes every command may answer with (MS-ASCMD 2.2.2).
pub(in crate::analyze) static COMMON_STATUSES: LazyLock<Vec<CommonStatus>> = LazyLock::new(|| {
    rows::<11>(COMMON)
        .map(
            |[
                code,
                label,
                outcome,
                meaning,
                action,
                retry,
                provisioning,
                versions,
                http,
                notes,
                source,
            ]| {
                let context = ("", "");
                let status = StatusMeaning {
                    context,
                    code,
                    label,
                    outcome,
                    meaning,
                    client_action: action,
                    versions,
                    notes,
                    source,
                };
                CommonStatus { status, retry, provisioning, http_before_14: http }
            },
        )
        .collect()
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_tables_parse() {
        let provision =
            "path direction code label outcome meaning client_action versions notes source";
        assert_eq!(check(PROVISION, provision, 3), 31);
        let command =
            "command parent code label outcome meaning client_action versions notes source";
        assert_eq!(check(COMMAND, command, 3), 325);
        let common = "code label outcome meaning client_action retry provisioning versions http_before_14 notes source";
        assert_eq!(check(COMMON, common, 1), 78);
    }
}
