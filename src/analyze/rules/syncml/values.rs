//! Rules about items: addresses, values, and what the table of nodes says of them (MS-MDM 2.2.3.5,
//! 2.2.5; Microsoft's DDF files).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::analyze::csp::{Found, is_sensitive};
use crate::analyze::draft::clip;
use crate::analyze::ledger::Turn;
use crate::analyze::rules::hit::Hit;
use crate::analyze::syncml::{Address, Command, Item};
use crate::model::{Leg, Level, NodeId};

use super::engine::{MessageRule, Said, TurnRule};

pub(super) const RULES: &[MessageRule] = &[
    ("item-data-last", after_data),
    ("item-data-required", data_missing),
    ("item-data-external", external),
    ("item-data-external-both", external_and_inline),
    ("lo-moredata-last", more_before_data),
    ("meta-known-client", meta_unlisted),
    ("meta-format-known", format_unknown),
    ("meta-format-value", value_unfit),
    ("meta-override", meta_twice),
    ("results-format-matches-csp", results_other_format),
    ("uri-syntax", bad_uri),
    ("uri-no-leading-slash", leading_slash),
    ("uri-dot-segment", dot_segment),
    ("uri-empty-segment", empty_segment),
    ("uri-prefix", unprefixed),
    ("uri-cimv2", bridge),
    ("uri-encoding", unencoded),
    ("uri-whitespace", blanks),
    ("uri-locuri-present", address_missing),
    ("acl-property", acl),
    ("csp-unknown-path", unknown_node),
    ("csp-verb-allowed", verb_refused),
    ("csp-format-mismatch", other_format),
    ("csp-value-allowed", value_unlisted),
    ("csp-deprecated", deprecated),
    ("csp-secret-get", secret_read),
    ("csp-atomic-required", outside_atomic),
    ("delete-root", delete_permanent),
];

pub(super) const TURN_RULES: &[TurnRule] =
    &[("csp-os-build", too_new), ("results-meta-format", results_without_format)];

/// Formats of values (OMA MetInf 1.2).
const FORMATS: [&str; 11] =
    ["chr", "int", "bool", "node", "null", "b64", "bin", "xml", "time", "date", "float"];

/// The items that fit, as evidence.
fn items(
    said: &Said<'_, '_>,
    of: impl Fn(&Command<'_>) -> bool,
    fits: impl Fn(&Item<'_>) -> bool,
) -> Option<Hit> {
    let found = said.items(of).filter(|item| fits(item));
    let nodes: Vec<NodeId> = found.map(|item| item.node).collect();
    said.nodes(&nodes)
}

fn any(_: &Command<'_>) -> bool {
    true
}

/// Commands whose data is the value of a node.
fn writes(command: &Command<'_>) -> bool {
    matches!(command.verb, "Add" | "Replace")
}

fn after_data(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, any, |item| item.goes_on_after_data)
}

fn more_before_data(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, any, |item| item.data_after_more)
}

fn data_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let server = said.leg == Leg::Response;
    items(
        said,
        |command| server && writes(command),
        |item| {
            let format = item.meta_text("Format");
            let table = || item.csp_node().map_or("", |node| node.format);
            let valueless = |format: &str| matches!(format, "node" | "null");
            let external = said.text(item.source()).contains("://");
            let meant = if format.is_empty() { table() } else { format.as_ref() };
            item.data().is_none() && !external && !valueless(meant)
        },
    )
}

fn is_external(item: &Item<'_>) -> bool {
    let source = item.source().map(|id| item.document.text(id)).unwrap_or_default();
    let source = source.to_lowercase();
    source.starts_with("http://") || source.starts_with("https://")
}

fn external(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, any, |item| is_external(item) && item.data().is_none())
}

fn external_and_inline(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, any, |item| is_external(item) && item.data().is_some())
}

fn meta_unlisted(said: &Said<'_, '_>) -> Option<Hit> {
    if said.leg == Leg::Response {
        return None;
    }
    let document = said.message.document;
    let listed =
        ["Format", "NextNonce", "MaxMsgSize", "Type", "Mark", "Size", "MaxObjSize", "MetInf"];
    let own = said.own.iter().filter(|own| own.in_meta).map(|own| own.node);
    let strange = own.filter(|id| !listed.contains(&document.name(*id)));
    let nodes: Vec<NodeId> = strange.take(16).collect();
    said.nodes(&nodes)
}

fn format_unknown(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, any, |item| {
        let format = item.meta_text("Format");
        !format.is_empty() && !FORMATS.contains(&format.as_ref())
    })
}

fn value_unfit(said: &Said<'_, '_>) -> Option<Hit> {
    items(
        said,
        |command| writes(command) || command.verb == "Results",
        |item| {
            let Some(data) = item.data().filter(|_| item.more().is_none()) else { return false };
            let value = item.document.text(data);
            let markup = item.document.children(data).next().is_some();
            !value.is_empty() && !markup && !fits_format(&item.meta_text("Format"), &value)
        },
    )
}

fn fits_format(format: &str, value: &str) -> bool {
    match format {
        "int" => {
            let digits = value.strip_prefix(['+', '-']).unwrap_or(value);
            !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
        }
        "bool" => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
        "b64" => {
            let text: Vec<u8> = value.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
            STANDARD.decode(text).is_ok()
        }
        "xml" => value.starts_with('<'),
        _ => true,
    }
}

fn meta_twice(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, any, |item| {
        let both = [item.around, item.node];
        both.iter().all(|id| item.document.child(*id, "Meta").is_some())
    })
}

fn results_without_format(turn: &Turn<'_, '_>) -> Option<Hit> {
    let later_part = |id| turn.log.objects.later_parts.contains(&id);
    let results = turn.message.commands.iter().filter(|command| command.verb == "Results");
    let items = results.flat_map(|command| turn.message.items(command)).filter(|item| {
        item.meta("Format").is_none()
            && item.data().is_some()
            && !later_part(item.node)
            && item.csp_node().is_some_and(|node| !matches!(node.format, "chr" | ""))
    });
    let nodes: Vec<NodeId> = items.map(|item| item.node).collect();
    turn.nodes(&nodes)
}

/// True when the item names a format other than the table has.
fn differs(item: &Item<'_>) -> bool {
    let format = item.meta_text("Format");
    // ForceAadToken is bool in the table and numeric in its values.
    !format.is_empty()
        && !item.uri().unwrap_or_default().to_lowercase().ends_with("/forceaadtoken")
        && item.csp_node().is_some_and(|node| !node.format.is_empty() && node.format != format)
}

fn results_other_format(said: &Said<'_, '_>) -> Option<Hit> {
    items(said, |command| command.verb == "Results", differs)
}

fn other_format(said: &Said<'_, '_>) -> Option<Hit> {
    let server = said.leg == Leg::Response;
    items(said, |command| server && writes(command), differs)
}

/// The same of addresses that are not plain paths; those have nothing of what is looked for.
fn odd_addresses(
    said: &Said<'_, '_>,
    server_only: bool,
    fits: impl Fn(&str) -> bool,
) -> Option<Hit> {
    addresses(said, server_only, |address| !address.plain && fits(&address.text))
}

/// The addresses of items that fit.
fn addresses(
    said: &Said<'_, '_>,
    server_only: bool,
    fits: impl Fn(&Address<'_>) -> bool,
) -> Option<Hit> {
    if server_only && said.leg == Leg::Request {
        return None;
    }
    let all = said.items(|command| !matches!(command.verb, "Status" | "Alert"));
    let mut found = all.flat_map(Item::addresses).filter(|address| fits(address));
    let first = found.next()?;
    let nodes: Vec<NodeId> =
        std::iter::once(first.node).chain(found.map(|address| address.node)).collect();
    Some(said.nodes(&nodes)?.saying(clip(&first.text)))
}

/// The path of an address of the management tree: without query; empty for a URL.
fn path(text: &str) -> &str {
    if text.contains("://") { "" } else { text.split('?').next().unwrap_or_default() }
}

fn bad_uri(said: &Said<'_, '_>) -> Option<Hit> {
    odd_addresses(said, false, |text| {
        let bad = |c: char| {
            c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '^' | '`' | '|')
        };
        let hex =
            |part: &str| part.len() >= 2 && part.bytes().take(2).all(|b| b.is_ascii_hexdigit());
        text.contains(bad) || text.split('%').skip(1).any(|part| !hex(part))
    })
}

fn leading_slash(said: &Said<'_, '_>) -> Option<Hit> {
    odd_addresses(said, true, |text| text.starts_with('/'))
}

fn dot_segment(said: &Said<'_, '_>) -> Option<Hit> {
    odd_addresses(said, true, |text| path(text).split('/').skip(1).any(|segment| segment == "."))
}

fn empty_segment(said: &Said<'_, '_>) -> Option<Hit> {
    odd_addresses(said, true, |text| {
        let path = path(text);
        let inner = path.trim_start_matches('/').trim_end_matches('/');
        !inner.is_empty() && inner.split('/').any(|segment| matches!(segment, "" | "*"))
    })
}

/// True when `text` begins with `start`, whatever its case.
fn begins(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|own| own.eq_ignore_ascii_case(start))
}

fn unprefixed(said: &Said<'_, '_>) -> Option<Hit> {
    addresses(said, true, |address| begins(&address.text, "./vendor/"))
}

fn bridge(said: &Said<'_, '_>) -> Option<Hit> {
    addresses(said, true, |address| begins(&address.text, "./cimv2/"))
}

fn unencoded(said: &Said<'_, '_>) -> Option<Hit> {
    odd_addresses(said, true, |text| {
        path(text).contains(|c: char| !c.is_ascii() || matches!(c, ' ' | '{' | '}' | '\\' | '"'))
    })
}

fn blanks(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    addresses(said, false, |address| {
        document.raw_text(address.node) != address.text && document.opaque(address.node).is_none()
    })
}

fn address_missing(said: &Said<'_, '_>) -> Option<Hit> {
    let document = said.message.document;
    let nodes = said.items(any).flat_map(|item| {
        [document.child(item.node, "Target"), document.child(item.node, "Source")]
    });
    let bare = nodes.flatten().filter(|id| document.child(*id, "LocURI").is_none());
    let nodes: Vec<NodeId> = bare.collect();
    said.nodes(&nodes)
}

fn acl(said: &Said<'_, '_>) -> Option<Hit> {
    odd_addresses(said, true, |text| {
        let query = text.split_once('?').map_or("", |(_, query)| query).to_lowercase();
        query.split('&').any(|part| part == "prop=acl")
    })
}

/// Items of the server's commands, compared with the table.
fn server_items(
    said: &Said<'_, '_>,
    fits: impl Fn(&Command<'_>, &Item<'_>) -> bool,
) -> Option<Hit> {
    if said.leg == Leg::Request {
        return None;
    }
    let mut nodes = Vec::new();
    let mut first = String::new();
    for command in &said.message.commands {
        if matches!(command.verb, "Status" | "Results" | "Alert") {
            continue;
        }
        for item in said.message.items(command).filter(|item| fits(command, item)) {
            if first.is_empty() {
                first = clip(item.uri().unwrap_or_default());
            }
            nodes.push(item.node);
        }
    }
    Some(said.nodes(&nodes)?.saying(first))
}

fn unknown_node(said: &Said<'_, '_>) -> Option<Hit> {
    server_items(said, |_, item| {
        let uri = item.uri().unwrap_or_default();
        uri.starts_with("./") && item.csp_node().is_none()
    })
}

fn verb_refused(said: &Said<'_, '_>) -> Option<Hit> {
    server_items(said, |command, item| {
        let judged = matches!(command.verb, "Add" | "Replace" | "Get" | "Delete" | "Exec");
        match item.found().filter(|_| judged) {
            Some(Found::Node(node)) => !node.access.is_empty() && !node.takes(command.verb),
            Some(Found::Result(_)) => command.verb != "Get",
            _ => false,
        }
    })
}

fn value_unlisted(said: &Said<'_, '_>) -> Option<Hit> {
    server_items(said, |command, item| {
        let Some(node) = item.csp_node().filter(|_| writes(command) && item.more().is_none())
        else {
            return false;
        };
        let value = item.data().map(|data| item.document.text(data)).unwrap_or_default();
        let is_default = !node.default.is_empty() && node.default.eq_ignore_ascii_case(&value);
        let judged = item.meaning().is_some_and(|(level, _)| *level > Level::Info);
        judged && !is_default && !value.starts_with("0x")
    })
}

fn deprecated(said: &Said<'_, '_>) -> Option<Hit> {
    server_items(said, |_, item| item.csp_node().is_some_and(|node| node.has_flag("deprecated")))
}

fn secret_read(said: &Said<'_, '_>) -> Option<Hit> {
    items(
        said,
        |command| command.verb == "Results",
        |item| item.data().is_some() && item.uri().is_some_and(is_sensitive),
    )
}

fn outside_atomic(said: &Said<'_, '_>) -> Option<Hit> {
    server_items(said, |command, item| {
        let changes = matches!(command.verb, "Add" | "Replace" | "Delete");
        let around = command.within.and_then(|at| said.message.commands.get(at));
        let inside = around.is_some_and(|around| around.verb == "Atomic");
        changes && !inside && item.csp_node().is_some_and(|node| node.has_flag("atomic-required"))
    })
}

fn delete_permanent(said: &Said<'_, '_>) -> Option<Hit> {
    server_items(said, |command, item| {
        command.verb == "Delete"
            && matches!(item.found(), Some(Found::Node(node)) if node.has_flag("permanent"))
    })
}

fn too_new(turn: &Turn<'_, '_>) -> Option<Hit> {
    let build = turn.session.facts.build.as_deref().filter(|_| turn.leg == Leg::Response)?;
    let commands = turn.message.commands.iter().filter(|command| command.verb != "Status");
    let items = commands.flat_map(|command| turn.message.items(command));
    let nodes: Vec<NodeId> = items
        .filter(|item| item.csp_node().is_some_and(|node| node.is_newer_than(build)))
        .map(|item| item.node)
        .collect();
    Some(turn.nodes(&nodes)?.saying(format!("the device has {build}")))
}
