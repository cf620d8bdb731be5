//! Paths of the management tree.

use crate::analyze::csp::{self, Found};

use super::look_up::{Explanation, Lines};

const TABLE: &str = "Configuration service provider";

/// The node a path names, or the nearest above it. `Policy/Config/…` alone will do.
pub(super) fn explain(path: &str) -> Vec<Explanation> {
    let below_vendor = || csp::find(&format!("./Vendor/MSFT/{path}"));
    let Some(found) = csp::find(path).or_else(below_vendor) else { return Vec::new() };
    let node = found.node();
    let (lead, key) = match found {
        Found::Node(_) => (None, node.path),
        Found::Result(_) => (
            Some(
                "effective value of the policy below (Config is what is set, Result what is in force)",
            ),
            path,
        ),
        Found::Below(_) => (Some("no such node is listed; the nearest above it:"), path),
    };
    let mut lines: Vec<String> = lead.map(str::to_owned).into_iter().collect();
    if key != node.path {
        lines.push(node.path.to_owned());
    }
    lines.extend(node.lines());
    vec![Lines(lines).done(TABLE, key, node.source)]
}
