//! What a node is, and what a value means for it.

use std::sync::OnceLock;

use crate::analyze::draft::{clip, joined};
use crate::model::Level;

/// One node of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::analyze) struct CspNode {
    /// Path with `{name}` for segments the sender chooses.
    pub(in crate::analyze) path: &'static str,
    pub(in crate::analyze) format: &'static str,
    pub(in crate::analyze) access: &'static str,
    pub(in crate::analyze) default: &'static str,
    pub(super) allowed_type: &'static str,
    pub(super) allowed: &'static str,
    pub(super) min_build: &'static str,
    pub(super) admx: &'static str,
    pub(super) dependency: &'static str,
    pub(super) flags: &'static str,
    pub(in crate::analyze) source: &'static str,
    /// What it is in one line, once that was asked for.
    pub(super) told: OnceLock<String>,
}

impl CspNode {
    /// The provider, and what is below it: `DMClient` and `Provider/{ProviderID}/EntDMID`; for a
    /// policy the area and name.
    pub(in crate::analyze) fn split(&self) -> (&'static str, &'static str) {
        let path = self.path.trim_start_matches("./");
        let path =
            path.strip_prefix("Device/").or_else(|| path.strip_prefix("User/")).unwrap_or(path);
        let path = path.strip_prefix("Vendor/MSFT/").unwrap_or(path);
        let (provider, rest) = path.split_once('/').unwrap_or((path, ""));
        (provider, rest.strip_prefix("Config/").filter(|_| provider == "Policy").unwrap_or(rest))
    }

    /// `user` or `device`.
    pub(in crate::analyze) fn scope(&self) -> &'static str {
        if self.path.starts_with("./User/") { "user" } else { "device" }
    }

    /// One line: provider, node, scope, format, access, default, first build. Made at the first call.
    pub(in crate::analyze) fn sentence(&self) -> &str {
        self.told.get_or_init(|| self.tell())
    }

    fn tell(&self) -> String {
        let (provider, rest) = self.split();
        let name = joined([format!("{provider} CSP"), rest.to_owned()], " ");
        let access = self.access.replace(',', "/");
        let part = |word: &str, value: &str| {
            if value.is_empty() { String::new() } else { format!("{word} {value}") }
        };
        let parts = [
            format!("{name}, {} scope: {}", self.scope(), self.format),
            access,
            part("default", self.default),
            part("since", self.first_build().unwrap_or_default()),
            if self.flags.contains("deprecated") { "deprecated".to_owned() } else { String::new() },
        ];
        joined(parts, ", ")
    }

    /// True when one of its flags says so (`deprecated`, `atomic-required`, `permanent`).
    pub(in crate::analyze) fn has_flag(&self, flag: &str) -> bool {
        let flags =
            self.flags.split(',').map(|own| own.split(['@', ':']).next().unwrap_or_default());
        flags.into_iter().any(|own| own == flag)
    }

    /// True when the node takes this verb. Replace sets what is not there on many nodes, and Add what
    /// is: they count as one.
    pub(in crate::analyze) fn takes(&self, verb: &str) -> bool {
        let has = |wanted: &str| self.access.split(',').any(|own| own.trim() == wanted);
        has(verb) || matches!(verb, "Add" | "Replace") && (has("Add") || has("Replace"))
    }

    /// True when a device of `build` (`10.0.26100.1`) is older than every build that has the node;
    /// nothing is said without a public build.
    pub(in crate::analyze) fn is_newer_than(&self, build: &str) -> bool {
        let Some(own) = parts(build) else { return false };
        let mut known =
            self.min_build.split(',').map(str::trim).filter(|text| !text.is_empty()).peekable();
        known.peek().is_some()
            && known.all(|text| {
                !matches!(text, "99.9.99999" | "88.8.88888")
                    && parts(text).is_some_and(|wanted| own < wanted)
            })
    }

    /// The first build that has it; `None` when not stated.
    fn first_build(&self) -> Option<&'static str> {
        let build = self.min_build.split(',').next().unwrap_or_default().trim();
        match build {
            "" => None,
            // Placeholders of the published files.
            "99.9.99999" | "88.8.88888" => Some("no public build"),
            build => Some(build),
        }
    }

    /// Everything the table has, line by line.
    pub(in crate::analyze) fn lines(&self) -> Vec<String> {
        let (provider, rest) = self.split();
        let mut lines = vec![format!(
            "{provider} CSP, {} scope{}",
            self.scope(),
            if rest.is_empty() { String::new() } else { format!(": {rest}") }
        )];
        let mut add = |key: &str, value: &str| {
            if !value.is_empty() {
                lines.push(format!("{key}: {value}"));
            }
        };
        add("format", self.format);
        add("access", &self.access.replace(',', ", "));
        add("default", self.default);
        match self.allowed_type {
            "ADMX" => {
                add("value", "ADMX-backed: <enabled/> with <data id=… value=…/>, or <disabled/>");
            }
            "" | "None" | "None+list" | "ENUM" | "ENUM+list" | "Flag" => {}
            kind => add(&format!("allowed ({kind})"), self.allowed),
        }
        add("ADMX", self.admx);
        add("depends", self.dependency);
        add(
            "builds",
            if self.first_build() == Some("no public build") {
                "no public build"
            } else {
                self.min_build
            },
        );
        add("flags", self.flags);
        if self.allowed_type.starts_with("ENUM") || self.allowed_type == "Flag" {
            let kind = if self.allowed_type == "Flag" { "bits" } else { "values" };
            lines.push(format!("{kind} (labels are shortened by machine: take them as hints):"));
            lines.extend(self.pairs().map(|(value, label)| format!("  {value} = {label}")));
        }
        lines
    }

    /// What `value` means for this node, when the table says.
    pub(in crate::analyze) fn value(&self, value: &str) -> Option<(Level, String)> {
        let value = value.trim();
        if value.is_empty() {
            return None;
        }
        let (level, text) = match self.allowed_type {
            "ENUM" => self.enumerated(value)?,
            "Flag" => (Level::Info, self.flag_words(value)?),
            "Range" => self.range(value)?,
            "ADMX" => (Level::Info, admx(value)?.to_owned()),
            _ => return None,
        };
        let default = !self.default.is_empty() && value.eq_ignore_ascii_case(self.default);
        Some((level, if default { format!("{text} (the default)") } else { text }))
    }

    /// `value=label` pairs. A base64 value ends in `=` itself: the last of a run splits.
    fn pairs(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        self.allowed.split(" | ").filter_map(|entry| {
            let start = entry.find('=')?;
            let run = entry[start..].len() - entry[start..].trim_start_matches('=').len();
            let split = start + run - 1;
            let (value, label) = (&entry[..split], &entry[split + 1..]);
            // `delim=` closes the values of a list: how they are joined, not one of them.
            (value != "delim").then_some((value, label))
        })
    }

    fn enumerated(&self, value: &str) -> Option<(Level, String)> {
        if let Some((_, label)) = self.pairs().find(|(known, _)| known.eq_ignore_ascii_case(value))
        {
            return Some((Level::Info, format!("{}: {label}", clip(value))));
        }
        let known: Vec<&str> = self.pairs().map(|(known, _)| known).take(12).collect();
        // A default outside the listed values is allowed.
        (!known.is_empty() && !value.eq_ignore_ascii_case(self.default)).then(|| {
            (
                Level::Notable,
                format!("{} is not among the listed values: {}", clip(value), known.join(", ")),
            )
        })
    }

    fn flag_words(&self, value: &str) -> Option<String> {
        let bits = integer(value)?;
        if let Some((_, label)) = self.pairs().find(|(known, _)| integer(known) == Some(bits)) {
            return Some(format!("{}: {label}", clip(value)));
        }
        let set = |known: &str| integer(known).is_some_and(|bit| bit != 0 && bits & bit == bit);
        let labels: Vec<&str> =
            self.pairs().filter(|(known, _)| set(known)).map(|(_, label)| label).collect();
        (!labels.is_empty()).then(|| format!("{}: {}", clip(value), labels.join(" + ")))
    }

    /// `[0-100]`, with negative ends as `(-1)`.
    fn range(&self, value: &str) -> Option<(Level, String)> {
        let inner = self.allowed.strip_prefix('[')?.strip_suffix(']')?;
        let (low, high) = match inner.strip_prefix("(-").and_then(|rest| rest.split_once(")-")) {
            Some((low, high)) => (format!("-{low}"), high),
            None => inner.split_once('-').map(|(low, high)| (low.to_owned(), high))?,
        };
        let (low, high): (i64, i64) = (low.parse().ok()?, high.parse().ok()?);
        let number: i64 = value.parse().ok()?;
        Some(if (low..=high).contains(&number) {
            (Level::Info, format!("{number}, within {low} to {high}"))
        } else {
            (Level::Notable, format!("{number} is outside {low} to {high}"))
        })
    }
}

/// Numbers of a build that are compared.
const PARTS: usize = 8;

/// `10.0.26100.1` as numbers, and how many; `None` for anything else.
fn parts(build: &str) -> Option<([u32; PARTS], usize)> {
    let (mut parts, mut count) = ([0; PARTS], 0);
    for part in build.trim().split('.') {
        *parts.get_mut(count)? = part.parse().ok()?;
        count += 1;
    }
    Some((parts, count))
}

fn integer(text: &str) -> Option<u64> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None => text.parse().ok(),
    }
}

/// The state of an ADMX-backed policy.
fn admx(value: &str) -> Option<&'static str> {
    let value = value.trim_start();
    if value.starts_with("<enabled") {
        Some("policy enabled (ADMX)")
    } else if value.starts_with("<disabled") {
        Some("policy disabled (ADMX)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::csp::find;

    #[test]
    fn values_have_labels() {
        let node =
            find("./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordComplexCharacters")
                .unwrap()
                .node();
        assert_eq!(node.value("2").unwrap().1, "2: Digits lowercase letters required");
        assert_eq!(node.value("1").unwrap().1, "1: Digits only (the default)");
        assert_eq!(node.value("9").unwrap().0, Level::Notable);
        assert_eq!(node.value(""), None);
        assert!(node.sentence().starts_with("Policy CSP DeviceLock/MinDevicePasswordComplexCharacters, device scope: int, Add/Delete/Get/Replace, default 1, since 10.0.10240"));
    }

    #[test]
    fn base64_values_split_at_the_last_sign_of_a_run() {
        let node =
            CspNode { allowed_type: "ENUM", allowed: "AQ===Enable | AA===Disable", ..sample() };
        assert_eq!(node.value("AQ==").unwrap().1, "AQ==: Enable");
    }

    #[test]
    fn ranges_and_flags_are_checked() {
        let range = CspNode { allowed_type: "Range", allowed: "[(-1)-100]", ..sample() };
        assert_eq!(range.value("-1").unwrap().0, Level::Info);
        assert_eq!(range.value("101").unwrap().0, Level::Notable);
        let flag =
            CspNode { allowed_type: "Flag", allowed: "0x0=none | 0x1=one | 0x4=four", ..sample() };
        assert_eq!(flag.value("5").unwrap().1, "5: one + four");
        assert_eq!(flag.value("0").unwrap().1, "0: none");
    }

    fn sample() -> CspNode {
        find("./Vendor/MSFT/RemoteWipe").unwrap().node().clone()
    }
}
