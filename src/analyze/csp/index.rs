//! The table of nodes and the way from a path to its node.
//!
//! The table holds 6,462 nodes (DDF files of February 2025 and before). It is unpacked and indexed
//! on first use, about a tenth of a second in a debug build.

use std::collections::HashMap;
use std::io::Read as _;
use std::sync::LazyLock;

use crate::analyze::table::rows;

use super::node::CspNode;

/// Unpacked size ceiling in bytes; the table has 1.4 MB.
const TABLE_BYTES: u64 = 4 << 20;

/// Path segments looked at. The deepest known node has 12.
const SEGMENTS: usize = 32;

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
    let mut segments = segments(path)?;
    // The table has declared configuration for the device alone; it is there for users too (Windows
    // declared configuration, resource access).
    if let [user, vendor, _, name, ..] = segments.as_slice()
        && user == "user"
        && vendor == "vendor"
        && name == "declaredconfiguration"
    {
        segments.remove(0);
    }
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
