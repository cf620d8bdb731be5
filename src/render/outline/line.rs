//! The text of one line.

use std::borrow::Cow;
use std::fmt::Write;

use crate::model::{
    Attribute, Element, Format, Grade, Layer, LayerId, Level, Name, NodeId, NodeKind, Problem,
    Span, Tree,
};
use crate::render::secret_text::masked_text;
use crate::render::secrets::MASK;
use crate::render::units::count;
use crate::render::{HEX_ROW, clean, hex, printable};

use super::index::{Entry, Kind, only_value};
use super::outlined::{Outlined, text_line};
use super::piece::{Pieces, Role};

/// The namespace of namespace declarations (Namespaces in XML 1.0, 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Bytes of an opaque value shown as hex.
const PREVIEW: usize = 24;

impl Outlined<'_> {
    /// The text of a line.
    pub(super) fn pieces(self, entry: Entry) -> Pieces {
        let mut line = Pieces::default();
        let Some(layer) = self.decoded.layer(entry.layer) else { return line };
        let what = entry.what as usize;
        match entry.kind {
            Kind::Headline => headline(layer, &mut line),
            Kind::Node => self.node(entry.layer, layer, NodeId(entry.what), &mut line),
            Kind::Text => self.text(entry.layer, layer, what, &mut line),
            Kind::Bytes => bytes(layer, what, &mut line),
            Kind::Masked => line.add(Role::Text, MASK),
            Kind::More => {
                line.add(Role::Dim, format!("… {} more", count(u64::from(entry.what), "line")));
            }
            Kind::Asn1 => {
                let values = count(u64::from(entry.what), "ASN.1 value");
                line.add(Role::Dim, format!("… {values} more"));
            }
            Kind::Problem => {
                if let Some(problem) = self.decoded.problems.get(what) {
                    line.add(Role::Problem, problem_text(problem));
                }
            }
        }
        line
    }

    /// The level of a line that has one of its own.
    pub(super) fn level(self, entry: Entry) -> Option<Level> {
        if entry.kind != Kind::Problem {
            return None;
        }
        self.decoded.problems.get(entry.what as usize).map(problem_level)
    }

    fn node(self, id: LayerId, layer: &Layer, node: NodeId, line: &mut Pieces) {
        let Some(tree) = &layer.tree else { return };
        let value = only_value(tree, node);
        match tree.element(node) {
            Some(element) => {
                self.element((id, layer, tree), node, &element, line);
                if let Some(size) = self.opened_below(id, layer, node) {
                    line.add(Role::Dim, format!(": {}", count(size as u64, "byte")));
                } else if let Some(value) = value {
                    line.add(Role::Dim, ": ");
                    self.value(id, layer, tree, value, line);
                }
            }
            None => self.value(id, layer, tree, node, line),
        }
        let notes = |node| self.index.notes(self.notes, id, node);
        let notes = notes(node).chain(value.into_iter().flat_map(notes));
        for (at, note) in notes.enumerate() {
            let (gap, mark) = (if at == 0 { "  — " } else { "; " }, note.level.mark());
            let mark = if mark == ' ' { String::new() } else { format!("{mark} ") };
            line.add(Role::Note(note.level), format!("{gap}{mark}{}", clean(&note.text)));
        }
    }

    /// Bytes of an ASN.1 value that follows as a layer of its own: it is not to be read twice.
    fn opened_below(self, id: LayerId, layer: &Layer, node: NodeId) -> Option<usize> {
        matches!(layer.format, Format::Binary(_)).then_some(())?;
        let mut layers = self.decoded.layers.iter().filter_map(|layer| layer.origin);
        let origin = layers.find(|origin| origin.layer == id && origin.node == Some(node))?;
        Some(origin.span.len())
    }

    fn element(
        self,
        (id, layer, tree): (LayerId, &Layer, &Tree),
        node: NodeId,
        element: &Element<'_>,
        line: &mut Pieces,
    ) {
        line.add(Role::Tag, name_text(element.name));
        let around = tree.parent(node).and_then(|parent| tree.element(parent));
        let namespace = element.namespace.as_str();
        if !namespace.is_empty() && around.is_none_or(|p| p.namespace.as_str() != namespace) {
            line.add(Role::Dim, format!(" [{}]", clean(namespace)));
        }
        // Namespaces are shown where they change; their declarations say it twice.
        let shown = |a: &Attribute<'_>| a.namespace.as_str() != XMLNS;
        let hidden = self.index.hidden.layer(id);
        let attributes = element.attributes.iter().enumerate();
        for (at, attribute) in attributes.filter(|(_, a)| shown(a)) {
            line.add(Role::Attribute, format!(" {}=", name_text(attribute.name)));
            let plain = Tree::resolve(&attribute.value, &layer.bytes);
            let text = if hidden.attribute(node, at) { MASK } else { plain };
            line.add(Role::Text, format!("\"{}\"", self.cut(text)));
        }
    }

    fn value(self, id: LayerId, layer: &Layer, tree: &Tree, node: NodeId, line: &mut Pieces) {
        let is_element = tree.is_element(node);
        if !is_element && self.index.hidden.layer(id).value(node) {
            return line.add(Role::Text, MASK);
        }
        match tree.get(node).map(|n| n.kind) {
            Some(NodeKind::Text(text, _)) => {
                line.add(Role::Text, self.cut(Tree::resolve(&text, &layer.bytes)));
            }
            Some(NodeKind::Opaque(span)) => self.opaque(span.of(&layer.bytes), line),
            Some(NodeKind::Comment(span)) => {
                let text = String::from_utf8_lossy(span.of(&layer.bytes));
                line.add(Role::Dim, self.cut(&text));
            }
            Some(NodeKind::Instruction(text)) => {
                line.add(
                    Role::Dim,
                    format!("<?{}?>", self.cut(Tree::resolve(&text, &layer.bytes))),
                );
            }
            Some(NodeKind::Element(_)) | None => {}
        }
    }

    fn opaque(self, bytes: &[u8], line: &mut Pieces) {
        if printable(bytes) {
            let text = String::from_utf8_lossy(bytes);
            line.add(Role::Text, self.cut(&text));
            line.add(Role::Dim, format!(" (opaque, {})", count(bytes.len() as u64, "byte")));
            return;
        }
        line.add(Role::Dim, format!("{}: ", count(bytes.len() as u64, "byte")));
        line.add(Role::Opaque, hex_preview(bytes));
    }

    fn text(self, id: LayerId, layer: &Layer, start: usize, line: &mut Pieces) {
        let end = start + text_line(&layer.bytes, start).len();
        let text = masked_text(&layer.bytes, start..end, self.index.hidden.layer(id).spans());
        line.add(Role::Text, self.cut(text.trim_end_matches(['\r', '\n'])));
    }

    /// The first characters of a value, cleaned, and how many more there are.
    fn cut(self, text: &str) -> String {
        match text.char_indices().nth(self.index.options.value_limit) {
            None => clean(text).into_owned(),
            Some((at, _)) => {
                let (head, rest) = text.split_at(at);
                let left = rest.chars().count() as u64;
                format!("{}… (+{})", clean(head), count(left, "character"))
            }
        }
    }
}

fn bytes(layer: &Layer, start: usize, line: &mut Pieces) {
    let span = Span::new(start, start + HEX_ROW);
    for row in hex(span.of(&layer.bytes), 0, 1) {
        line.add(Role::Dim, format!("{start:06x}  "));
        line.add(Role::Opaque, format!("{:<49}  {}", row.cells, row.ascii));
    }
}

fn problem_level(problem: &Problem) -> Level {
    match problem.grade {
        Grade::Odd => Level::Warning,
        Grade::Broken => Level::Alarm,
    }
}

fn problem_text(problem: &Problem) -> String {
    let (mark, at) = (problem_level(problem).mark(), problem.span.start);
    format!("{mark} byte {at} (0x{at:04x}): {}", clean(&problem.text))
}

fn headline(layer: &Layer, line: &mut Pieces) {
    if layer.origin.is_some() {
        line.add(Role::Layer, format!("{} ", clean(&layer.label)));
    }
    let kind = match layer.format {
        Format::Wbxml(name) => format!("{name} (WBXML)"),
        Format::Xml(name) if name != "XML" => format!("{name} (XML)"),
        _ => layer.format.label().to_owned(),
    };
    line.add(Role::Layer, kind);
    if layer.format != Format::Empty {
        line.add(Role::Dim, format!(", {}", count(layer.bytes.len() as u64, "byte")));
    }
    for (name, value) in &layer.facts {
        line.add(Role::Dim, format!(", {name} {}", clean(value)));
    }
}

fn name_text(name: Name<'_>) -> Cow<'_, str> {
    match name {
        Name::Known(name) => Cow::Borrowed(name),
        Name::Literal(name) => clean(name),
        Name::Unknown { page, token } => {
            Cow::Owned(format!("unknown (page {page}, token 0x{token:02X})"))
        }
    }
}

fn hex_preview(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (at, byte) in bytes.iter().take(PREVIEW).enumerate() {
        let _ = write!(out, "{}{byte:02x}", if at == 0 { "" } else { " " });
    }
    if bytes.len() > PREVIEW {
        out.push('…');
    }
    out
}
