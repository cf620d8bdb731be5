//! Looks a code, path or name up in every table at hand.

use serde::Serialize;

use crate::analyze::draft::clip;
use crate::analyze::hresult;

use super::{code, name, path};

/// Characters of a question that are looked at.
const QUESTION_CHARS: usize = 1_024;

/// One thing known about what was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Which table it is from, as a heading: `ActiveSync common status`.
    pub table: &'static str,
    /// The code, path or name it was found under.
    pub key: String,
    /// What is known, a sentence a line.
    pub lines: Vec<String>,
    /// Specification and section, or the file it was published in; may be empty.
    pub source: String,
}

/// Looks `what` up: a number (`165`, `-2147024846`), a hexadecimal HRESULT (`0x80070032`), a path
/// (`./Vendor/MSFT/…`), the name of a policy, command, header, element, status or error symbol.
/// Everything it is known as, one entry each, best first; empty when nothing is known. Names are
/// compared without case. Only the first 1,024 characters count.
pub fn explain(what: &str) -> Vec<Explanation> {
    let what: String = what.trim().chars().take(QUESTION_CHARS).collect();
    if what.is_empty() {
        return Vec::new();
    }
    if what.contains('/') && !what.contains("://") {
        let found = path::explain(&what);
        // Alert types have slashes too.
        return if found.is_empty() { name::explain(&what) } else { found };
    }
    match hresult::parse(&what) {
        Some(value) => code::explain(&what, value),
        None => name::explain(&what),
    }
}

/// Collects the lines of an explanation; empty values add none.
pub(super) struct Lines(pub(super) Vec<String>);

impl Lines {
    pub(super) fn new(first: impl Into<String>) -> Self {
        Self(vec![first.into()])
    }

    pub(super) fn add(mut self, key: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.0.push(format!("{key}: {value}"));
        }
        self
    }

    /// `  0 = Bluetooth off`, a line each.
    pub(super) fn list<'a>(mut self, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        self.0.extend(pairs.map(|(value, words)| format!("  {value} = {words}")));
        self
    }

    pub(super) fn done(self, table: &'static str, key: &str, source: &str) -> Explanation {
        Explanation { table, key: clip(key), lines: self.0, source: source.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tables(what: &str) -> Vec<(&'static str, String)> {
        explain(what).into_iter().map(|found| (found.table, found.lines.join(" | "))).collect()
    }

    #[test]
    fn a_common_status_is_explained_with_its_contexts() {
        let found = tables("165");
        assert_eq!(found[0].0, "ActiveSync common status");
        assert!(
            found[0].1.starts_with(
                "DeviceInformationRequired: initial Provision lacks DeviceInformation"
            ),
            "{}",
            found[0].1
        );
        assert!(
            found.iter().any(|(table, text)| *table == "ActiveSync Provision status"
                && text.contains("resend with settings:DeviceInformation")),
            "{found:?}"
        );
    }

    #[test]
    fn a_small_number_has_many_contexts_each_once() {
        let found = tables("3");
        let commands: Vec<&String> = found
            .iter()
            .filter(|(table, _)| *table == "ActiveSync command status")
            .map(|(_, text)| text)
            .collect();
        assert_eq!(commands.len(), 1, "{commands:?}");
        assert!(
            commands[0]
                .contains("Sync (Sync, Collection, Add, Change, Delete, Fetch): bad-synckey"),
            "{}",
            commands[0]
        );
        assert!(commands[0].contains("MoveItems (Response): success"));
    }

    #[test]
    fn numbers_reach_every_table() {
        let has = |what: &str, table: &str| tables(what).iter().any(|(found, _)| *found == table);
        assert!(has("449", "HTTP status in ActiveSync"));
        assert!(has("404", "SyncML status"));
        assert!(has("1226", "SyncML alert"));
        assert!(has("170", "Win32 error"));
        assert!(has("20", "ActiveSync command code"));
        assert!(has("-2147024846", "HRESULT"));
    }

    #[test]
    fn hresults_listed_and_derived() {
        let found = tables("0x80070032");
        assert_eq!(found[0].0, "HRESULT");
        assert!(found[0].1.starts_with("ERROR_NOT_SUPPORTED"), "{}", found[0].1);
        assert!(tables("0x801901F5")[0].1.contains("HTTP status 501"));
        assert!(tables("0x87D10194")[0].1.contains("SyncML status 404"));
    }

    #[test]
    fn paths_and_names() {
        let found = tables("./Vendor/MSFT/RemoteWipe/doWipe");
        assert_eq!(found[0].0, "Configuration service provider");
        assert!(found[0].1.contains("access: Exec"), "{}", found[0].1);
        let short = tables("RemoteWipe/doWipe");
        assert_eq!(short, found);
        assert_eq!(tables("allowbluetooth")[0].0, "ActiveSync policy");
        assert!(tables("FolderSync").iter().any(|(table, _)| *table == "ActiveSync command"));
        assert!(tables("ERROR_BUSY")[0].1.contains("0x800700AA"));
        assert!(tables("DeviceNotProvisioned")[0].1.contains("142"));
        assert!(tables("x-ms-policykey").iter().any(|(table, _)| *table == "ActiveSync header"));
        assert!(tables("com.microsoft/MDM/LoginStatus")[0].0.starts_with("SyncML alert type"));
        assert!(tables("CmdRef").iter().any(|(table, _)| *table == "SyncML element"));
    }

    #[test]
    fn nonsense_is_unknown() {
        for what in ["", "   ", "no such thing", "./Nowhere", "999999", "0x12345678", "://"] {
            assert_eq!(explain(what), [], "{what}");
        }
        assert_eq!(explain(&"/x".repeat(100_000)), []);
    }
}
