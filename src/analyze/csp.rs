//! Configuration service providers: the nodes a Windows device can be managed through.
//!
//! The table holds 6,462 nodes (DDF files of February 2025 and before). It is unpacked and indexed
//! on first use, about a tenth of a second in a debug build.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::LazyLock;

use crate::model::Level;

use super::draft::{clip, joined};
use super::table::rows;

/// Unpacked size ceiling in bytes; the table has 1.4 MB.
const TABLE_BYTES: u64 = 4 << 20;

/// Path segments looked at. The deepest known node has 12.
const SEGMENTS: usize = 32;

static PACKED: &[u8] = include_bytes!("tables/csp_nodes.tsv.gz");

static TABLE: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::new();
    let read = flate2::read::GzDecoder::new(PACKED).take(TABLE_BYTES).read_to_string(&mut text);
    // The bytes are ours: a test proves that they unpack.
    if read.is_err() { String::new() } else { text }
});

static NODES: LazyLock<Index> = LazyLock::new(|| Index::new(&TABLE));

/// One node of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CspNode {
    /// Path with `{name}` for segments the sender chooses.
    pub(super) path: &'static str,
    pub(super) format: &'static str,
    pub(super) access: &'static str,
    pub(super) default: &'static str,
    allowed_type: &'static str,
    allowed: &'static str,
    min_build: &'static str,
    admx: &'static str,
    dependency: &'static str,
    flags: &'static str,
    pub(super) source: &'static str,
}

/// What was found for a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The node itself.
    Node(&'static CspNode),
    /// `Policy/Result`: the effective value of this `Policy/Config` node.
    Result(&'static CspNode),
    /// No such node; the nearest one above it.
    Below(&'static CspNode),
}

impl Found {
    /// The table row.
    pub(super) fn node(self) -> &'static CspNode {
        match self {
            Self::Node(node) | Self::Result(node) | Self::Below(node) => node,
        }
    }
}

/// Looks a `LocURI` up. `./Vendor` and `./Device/Vendor` are the same, case does not count, a
/// query behind the path is left out.
pub(super) fn find(path: &str) -> Option<Found> {
    let mut segments = segments(path)?;
    // The table lists results only as `{AreaName}/{PolicyName}`: the setting itself says more.
    let result = segments.windows(2).position(|pair| pair == ["policy", "result"]);
    if let Some(at) = result {
        let mut config = segments.clone();
        "config".clone_into(&mut config[at + 1]);
        let setting =
            NODES.walk(&config).filter(|node| node.format != "node" && !node.path.ends_with('}'));
        if let Some(found) = setting {
            return Some(Found::Result(found));
        }
    }
    if let Some(found) = NODES.walk(&segments) {
        return Some(Found::Node(found));
    }
    while segments.pop().is_some() && segments.len() >= 2 {
        if let Some(found) = NODES.walk(&segments) {
            return Some(Found::Below(found));
        }
    }
    None
}

/// Lower-case segments below the `.`; `None` for what is no path of the tree.
fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.split('?').next().unwrap_or_default().trim();
    let path = path.strip_prefix("./").or_else(|| path.strip_prefix('/')).unwrap_or(path);
    let mut segments: Vec<String> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .take(SEGMENTS + 1)
        .map(str::to_lowercase)
        .collect();
    if segments.len() >= 2 && segments[0] == "device" && segments[1] == "vendor" {
        segments.remove(0);
    }
    (!segments.is_empty() && segments.len() <= SEGMENTS).then_some(segments)
}

/// A tree of path segments.
struct Index {
    branches: Vec<Branch>,
}

#[derive(Default)]
struct Branch {
    children: HashMap<String, usize>,
    /// Where any segment leads, for `{name}`.
    any: Option<usize>,
    node: Option<CspNode>,
}

impl Index {
    fn new(table: &'static str) -> Self {
        let mut index = Self { branches: vec![Branch::default()] };
        for row in rows::<11>(table) {
            let [
                path,
                format,
                access,
                default,
                allowed_type,
                allowed,
                min_build,
                admx,
                dependency,
                flags,
                source,
            ] = row;
            let node = CspNode {
                path,
                format,
                access,
                default,
                allowed_type,
                allowed,
                min_build,
                admx,
                dependency,
                flags,
                source,
            };
            index.insert(node);
        }
        index
    }

    fn insert(&mut self, node: CspNode) {
        let Some(segments) = segments(node.path) else { return };
        let mut at = 0;
        for segment in segments {
            let next = self.branches.len();
            let branch = &mut self.branches[at];
            at = if segment.starts_with('{') {
                *branch.any.get_or_insert(next)
            } else {
                *branch.children.entry(segment).or_insert(next)
            };
            if at == next {
                self.branches.push(Branch::default());
            }
        }
        self.branches[at].node = Some(node);
    }

    /// The node at the end of `segments`; a literal segment wins over a chosen one.
    fn walk(&'static self, segments: &[String]) -> Option<&'static CspNode> {
        // Depth first over (branch, segments used); each step is one segment deeper, and a branch
        // has at most two ways on, of which the chosen one is rare.
        let mut open = vec![(0, 0)];
        while let Some((at, used)) = open.pop() {
            let branch = &self.branches[at];
            let Some(segment) = segments.get(used) else {
                match &branch.node {
                    Some(node) => return Some(node),
                    None => continue,
                }
            };
            open.extend(branch.any.map(|next| (next, used + 1)));
            open.extend(branch.children.get(segment).map(|next| (*next, used + 1)));
        }
        None
    }
}

impl CspNode {
    /// The provider, and what is below it: `DMClient` and `Provider/{ProviderID}/EntDMID`; for a
    /// policy the area and name.
    pub(super) fn split(&self) -> (&'static str, &'static str) {
        let path = self.path.trim_start_matches("./");
        let path =
            path.strip_prefix("Device/").or_else(|| path.strip_prefix("User/")).unwrap_or(path);
        let path = path.strip_prefix("Vendor/MSFT/").unwrap_or(path);
        let (provider, rest) = path.split_once('/').unwrap_or((path, ""));
        (provider, rest.strip_prefix("Config/").filter(|_| provider == "Policy").unwrap_or(rest))
    }

    /// `user` or `device`.
    pub(super) fn scope(&self) -> &'static str {
        if self.path.starts_with("./User/") { "user" } else { "device" }
    }

    /// One line: provider, node, scope, format, access, default, first build.
    pub(super) fn sentence(&self) -> String {
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
    pub(super) fn lines(&self) -> Vec<String> {
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
    pub(super) fn value(&self, value: &str) -> Option<(Level, String)> {
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
    use crate::analyze::table::check;

    fn path(text: &str) -> Option<&'static str> {
        find(text).map(|found| found.node().path)
    }

    #[test]
    fn the_table_unpacks_and_parses() {
        let heading = "path format access default allowed_type allowed min_build admx dependency flags source";
        assert_eq!(check(&TABLE, heading, 1), 6462);
        assert!((TABLE.len() as u64) < TABLE_BYTES);
    }

    #[test]
    fn every_node_finds_itself() {
        for row in rows::<11>(&TABLE) {
            let found = find(row[0]);
            assert!(matches!(found, Some(Found::Node(_))), "{}", row[0]);
        }
    }

    #[test]
    fn spellings_of_one_path_meet() {
        let node = "./Device/Vendor/MSFT/RemoteWipe/doWipe";
        assert_eq!(path("./Vendor/MSFT/RemoteWipe/doWipe"), Some(node));
        assert_eq!(path("./device/vendor/msft/remotewipe/DOWIPE"), Some(node));
        assert_eq!(path("./Vendor/MSFT/RemoteWipe/doWipe?list=StructData"), Some(node));
        assert_eq!(path("./Nowhere/At/All"), None);
        assert_eq!(path(""), None);
        assert_eq!(path(&"./a".repeat(5000)), None);
    }

    #[test]
    fn chosen_names_match_anything_and_literals_win() {
        let node = "./Device/Vendor/MSFT/DMClient/Provider/{ProviderID}/AADDeviceID";
        assert_eq!(
            path("./Vendor/MSFT/DMClient/Provider/MS%20DM%20Server/AADDeviceID"),
            Some(node)
        );
        assert_eq!(
            path("./Vendor/MSFT/DMClient/Unenroll"),
            Some("./Device/Vendor/MSFT/DMClient/Unenroll")
        );
    }

    #[test]
    fn results_and_unknown_nodes_name_what_they_belong_to() {
        let result = find(
            "./Device/Vendor/MSFT/Policy/Result/DeviceLock/MinDevicePasswordComplexCharacters",
        );
        assert!(matches!(result, Some(Found::Result(_))));
        let below = find("./Vendor/MSFT/RemoteWipe/doNothing");
        assert!(matches!(below, Some(Found::Below(node)) if node.path.ends_with("/RemoteWipe")));
    }

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
        *find("./Vendor/MSFT/RemoteWipe").unwrap().node()
    }
}
