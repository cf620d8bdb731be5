//! The table of nodes and the way from a path to its node.
//!
//! The table holds 6,462 nodes (DDF files of February 2025 and before). It is unpacked and indexed
//! on first use, about a tenth of a second in a debug build.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::{LazyLock, OnceLock};

use crate::analyze::table::rows;

use super::node::CspNode;

/// Unpacked size ceiling in bytes; the table has 1.4 MB.
const TABLE_BYTES: u64 = 4 << 20;

/// Path segments looked at. The deepest known node has 12.
const SEGMENTS: usize = 32;

/// Longest path looked up, in bytes.
const PATH_BYTES: usize = 8 << 10;

static PACKED: &[u8] = include_bytes!("../tables/csp_nodes.tsv.gz");

static TABLE: LazyLock<String> = LazyLock::new(|| {
    let mut text = String::new();
    let read = flate2::read::GzDecoder::new(PACKED).take(TABLE_BYTES).read_to_string(&mut text);
    // The bytes are ours: a test proves that they unpack.
    if read.is_err() { String::new() } else { text }
});

static NODES: LazyLock<Index> = LazyLock::new(|| Index::new(&TABLE));

/// What was found for a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) enum Found {
    /// The node itself.
    Node(&'static CspNode),
    /// `Policy/Result`: the effective value of this `Policy/Config` node.
    Result(&'static CspNode),
    /// No such node; the nearest one above it.
    Below(&'static CspNode),
}

impl Found {
    /// The table row.
    pub(in crate::analyze) fn node(self) -> &'static CspNode {
        match self {
            Self::Node(node) | Self::Result(node) | Self::Below(node) => node,
        }
    }
}

/// Looks a `LocURI` up. `./Vendor` and `./Device/Vendor` are the same, case does not count, a
/// query behind the path is left out.
pub(in crate::analyze) fn find(path: &str) -> Option<Found> {
    let lower = lower(path)?;
    let (mut segments, count) = segments(&lower)?;
    let segments = segments.get_mut(..count)?;
    // The table lists results only as `{AreaName}/{PolicyName}`: the setting itself says more.
    let result = segments.windows(2).position(|pair| pair == ["policy", "result"]);
    if let Some(at) = result {
        segments[at + 1] = "config";
        let setting =
            NODES.walk(segments).filter(|node| node.format != "node" && !node.path.ends_with('}'));
        if let Some(found) = setting {
            return Some(Found::Result(found));
        }
        segments[at + 1] = "result";
    }
    if let Some(found) = NODES.walk(segments) {
        return Some(Found::Node(found));
    }
    let shorter = (2..segments.len()).rev();
    let mut above = shorter.filter_map(|length| NODES.walk(&segments[..length]));
    above.next().map(Found::Below)
}

/// The path below the `.` without query, lower case; `None` for what is longer than any path.
fn lower(path: &str) -> Option<String> {
    let path = path.split('?').next().unwrap_or_default().trim();
    let path = path.strip_prefix("./").or_else(|| path.strip_prefix('/')).unwrap_or(path);
    (path.len() <= PATH_BYTES).then(|| path.to_ascii_lowercase())
}

/// The segments of such a path and how many they are; `None` for what is no path of the tree.
fn segments(path: &str) -> Option<([&str; SEGMENTS + 1], usize)> {
    let mut segments = [""; SEGMENTS + 1];
    let mut count = 0;
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        *segments.get_mut(count)? = segment;
        count += 1;
    }
    // The table has declared configuration for the device alone; it is there for users too (Windows
    // declared configuration, resource access).
    let whose = ["user", "vendor", "msft", "declaredconfiguration"];
    if matches!(segments, ["device", "vendor", ..]) || segments.starts_with(&whose) {
        segments.rotate_left(1);
        count -= 1;
    }
    (1..=SEGMENTS).contains(&count).then_some((segments, count))
}

/// A tree of path segments.
struct Index {
    branches: Vec<Branch>,
}

#[derive(Default)]
struct Branch {
    children: HashMap<Box<str>, usize>,
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
                told: OnceLock::new(),
            };
            index.insert(node);
        }
        index
    }

    fn insert(&mut self, node: CspNode) {
        let Some(lower) = lower(node.path) else { return };
        let Some((segments, count)) = segments(&lower) else { return };
        let mut at = 0;
        for segment in segments.into_iter().take(count) {
            let next = self.branches.len();
            let branch = &mut self.branches[at];
            at = if segment.starts_with('{') {
                *branch.any.get_or_insert(next)
            } else {
                *branch.children.entry(segment.into()).or_insert(next)
            };
            if at == next {
                self.branches.push(Branch::default());
            }
        }
        self.branches[at].node = Some(node);
    }

    /// The node at the end of `segments`; a literal segment wins over a chosen one.
    fn walk(&'static self, segments: &[&str]) -> Option<&'static CspNode> {
        self.walk_from(0, segments)
    }

    /// Recursion is one segment deeper at each step, and a branch has at most two ways on, of which the
    /// chosen one is rare.
    fn walk_from(&'static self, at: usize, segments: &[&str]) -> Option<&'static CspNode> {
        let branch = self.branches.get(at)?;
        let Some((segment, rest)) = segments.split_first() else { return branch.node.as_ref() };
        let literal = branch.children.get(*segment);
        literal
            .and_then(|next| self.walk_from(*next, rest))
            .or_else(|| self.walk_from(branch.any?, rest))
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
            assert!(matches!(found, Some(Found::Node(node)) if node.path == row[0]), "{}", row[0]);
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
}
