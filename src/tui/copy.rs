//! What is put on the clipboard or into a file of what is in sight.

use std::fmt::Write as _;

use bytes::Bytes;

use crate::model::{Format, Leg};
use crate::render::{clean, curl, outline_text};

use super::action::{Coding, Face, Piece, Tab};
use super::panes::DetailPane;
use super::prepared::Prepared;

/// Bytes for a file, and what it is to be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedBytes {
    /// Its name without ending.
    pub(crate) stem: String,
    /// Its ending.
    pub(crate) extension: &'static str,
    /// What is in it.
    pub(crate) bytes: Bytes,
}

/// The piece of the selected exchange that `piece` names, as it is shown: masked where that is.
/// `None` when there is no such thing.
pub(crate) fn copied(pane: &DetailPane, piece: Piece) -> Option<String> {
    let shown = pane.shown()?;
    let leg = pane.current_leg();
    match piece {
        Piece::Url => Some(kept_lines(&shown.detail.exchange.url())),
        Piece::Curl => curl(&shown.detail, shown.secrets, &body_name(shown, Leg::Request)),
        Piece::Xml => xml(pane, shown, leg),
        Piece::Node => node(pane, shown),
        Piece::Value => value(pane, shown, leg),
        Piece::Path => path(pane, shown, leg),
    }
}

/// The body of the half that is shown.
pub(crate) fn body(pane: &DetailPane, coding: Coding) -> Option<NamedBytes> {
    let shown = pane.shown()?;
    let leg = pane.current_leg();
    let decoded = shown.detail.decoded(leg)?;
    let stem = stem(shown, leg);
    if coding == Coding::Decoded {
        if let Some(text) = xml(pane, shown, leg) {
            return Some(NamedBytes { stem, extension: "xml", bytes: text.into() });
        }
        let layer = decoded.layer(decoded.main())?;
        let stem = format!("{stem}-decoded");
        return Some(NamedBytes {
            stem,
            extension: extension(&layer.format),
            bytes: layer.bytes.clone(),
        });
    }
    let layer = decoded.layers.first()?;
    Some(NamedBytes { stem, extension: extension(&layer.format), bytes: layer.bytes.clone() })
}

/// `synctap-000012-response`: nothing of it comes from the wire.
pub(crate) fn stem(shown: &Prepared, leg: Leg) -> String {
    format!("synctap-{:06}-{}", shown.id().0, leg.name())
}

/// The ending of a file with such bytes.
pub(crate) fn extension(format: &Format) -> &'static str {
    match format {
        Format::Wbxml(_) => "wbxml",
        Format::Xml(_) => "xml",
        Format::Text("HTML") => "html",
        Format::Text("JSON") => "json",
        Format::Text(_) => "txt",
        Format::Wrapper("gzip") => "gz",
        Format::Empty | Format::Wrapper(_) | Format::Binary(_) => "bin",
    }
}

fn body_name(shown: &Prepared, leg: Leg) -> String {
    let first = shown.detail.decoded(leg).and_then(|decoded| decoded.layers.first());
    let extension = first.map_or("bin", |layer| extension(&layer.format));
    format!("{}.{extension}", stem(shown, leg))
}

/// The selected line with what is inside it; in views without a tree everything that is shown.
fn node(pane: &DetailPane, shown: &Prepared) -> Option<String> {
    let pairs = match (pane.tab(), pane.face()) {
        (Tab::Overview, _) => &shown.overview,
        (Tab::Leg(leg), Face::Headers) => shown.half(leg).headers(),
        (Tab::Leg(leg), Face::Tree | Face::Xml | Face::Hex) => {
            let tree = shown.half(leg).tree();
            let at = pane.leg(leg).tree.selected()?;
            let depth = tree.depth(at);
            let mut part: Vec<_> = tree.lines(at..tree.end(at)).collect();
            for line in &mut part {
                line.depth -= depth;
            }
            return Some(outline_text(&part));
        }
    };
    let mut out = String::new();
    for (name, value) in pairs {
        let _ = writeln!(out, "{name}: {value}");
    }
    (!out.is_empty()).then_some(out)
}

fn value(pane: &DetailPane, shown: &Prepared, leg: Leg) -> Option<String> {
    if pane.tab() == Tab::Overview {
        return None;
    }
    let half = shown.half(leg);
    let line = half.tree().line(pane.leg(leg).tree.selected()?)?;
    let decoded = half.decoded?;
    let layer = decoded.layer(line.layer)?;
    let (Some(id), Some(tree)) = (line.node, &layer.tree) else {
        return Some(line.text());
    };
    if half.hidden().has(decoded, line.layer, id) {
        return Some("********".to_owned());
    }
    let text = tree.text(id, &layer.bytes);
    if text.is_empty() { Some(line.text()) } else { Some(kept_lines(&text)) }
}

/// `/Provision/Policies/Policy`, through documents that stand inside others.
fn path(pane: &DetailPane, shown: &Prepared, leg: Leg) -> Option<String> {
    let half = shown.half(leg);
    let (mut at, mut node) = half.tree().place(pane.leg(leg).tree.selected()?)?;
    let decoded = half.decoded?;
    let mut parts: Vec<String> = Vec::new();
    // Parents stand before children: this ends at the body.
    loop {
        let layer = decoded.layer(at)?;
        if let (Some(tree), Some(id)) = (&layer.tree, node) {
            let mut names: Vec<_> =
                tree.path(id).into_iter().map(|n| clean(n).into_owned()).collect();
            names.append(&mut parts);
            parts = names;
        }
        let Some(origin) = layer.origin.filter(|origin| origin.layer < at) else { break };
        (at, node) = (origin.layer, origin.node);
    }
    (!parts.is_empty()).then(|| format!("/{}", parts.join("/")))
}

fn xml(pane: &DetailPane, shown: &Prepared, leg: Leg) -> Option<String> {
    let half = shown.half(leg);
    let (layer, _) = pane.leg(leg).selection(half);
    let mut out = String::new();
    half.each_xml_line(layer, &mut |_, line| {
        out.push_str(&clean(line));
        out.push('\n');
        true
    });
    (!out.is_empty()).then_some(out)
}

/// Text whose only control characters are line ends and tabs.
fn kept_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for piece in text.split_inclusive(['\n', '\t']) {
        let end = piece.chars().next_back().filter(|c| matches!(c, '\n' | '\t'));
        out.push_str(&clean(end.map_or(piece, |_| &piece[..piece.len() - 1])));
        out.extend(end);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_stay_and_what_acts_on_a_terminal_goes() {
        assert_eq!(kept_lines("a\r\nb\tc\x1b[31m"), "a\u{240d}\nb\tc\u{241b}[31m");
    }
}
