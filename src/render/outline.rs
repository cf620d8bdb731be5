//! The annotated outline of a decoded body: one line a node, notes beside it, children of opened
//! values below it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::model::{
    Attribute, Decoded, Format, Grade, Layer, LayerId, Level, Name, NodeId, NodeKind, Note, Span,
    Tree,
};

use super::clean;
use super::hidden::Hidden;
use super::secrets::{MASK, Secrets, mask_form};
use super::units::count;

/// What a piece of a line is, so that a theme can colour it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Element name.
    Tag,
    /// Namespace, sizes, offsets: what can be skipped.
    Dim,
    /// Attribute name.
    Attribute,
    /// A value.
    Text,
    /// Bytes shown as hex.
    Opaque,
    /// What an annotation says.
    Note(Level),
    /// What is wrong with the body.
    Problem,
    /// A layer's headline.
    Layer,
}

/// A run of text with one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Clean text.
    pub text: String,
    /// What it is.
    pub role: Role,
}

/// One line of the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutlineLine {
    /// Indentation level.
    pub depth: usize,
    /// The layer it speaks of.
    pub layer: LayerId,
    /// The node, unless the line speaks of a whole layer or a problem.
    pub node: Option<NodeId>,
    /// The bytes of that layer it speaks of.
    pub span: Span,
    /// Its text.
    pub pieces: Vec<Piece>,
    /// The loudest note on it.
    pub level: Level,
    /// True when deeper lines follow it.
    pub expandable: bool,
}

impl OutlineLine {
    /// The line without roles or indentation.
    pub fn text(&self) -> String {
        self.pieces.iter().map(|piece| piece.text.as_str()).collect()
    }
}

/// How an outline is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutlineOptions {
    /// Longest value printed, in characters; what is cut off is counted.
    pub value_limit: usize,
    /// Most lines of a text or binary layer.
    pub layer_lines: usize,
    /// Whether secret values are shown.
    pub secrets: Secrets,
}

impl Default for OutlineOptions {
    fn default() -> Self {
        Self { value_limit: 400, layer_lines: 40, secrets: Secrets::Masked }
    }
}

/// The outline of `decoded` with `notes` on its nodes.
pub fn outline(decoded: &Decoded, notes: &[Note], options: OutlineOptions) -> Vec<OutlineLine> {
    let hidden = Hidden::of(decoded, options.secrets);
    let mut builder =
        Builder { decoded, options, hidden, notes: HashMap::new(), lines: Vec::new() };
    for note in notes {
        builder.notes.entry((note.layer, note.node)).or_default().push(note);
    }
    builder.layer(LayerId::BODY, 0);
    builder.mark_expandable();
    builder.lines
}

/// The outline as plain text, two blanks a level.
pub fn outline_text(lines: &[OutlineLine]) -> String {
    let mut out = String::new();
    for line in lines {
        let _ = writeln!(out, "{:width$}{}", "", line.text(), width = line.depth * 2);
    }
    out
}

/// The namespace of namespace declarations (Namespaces in XML 1.0, 3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// Deepest line: layers inside layers and elements inside elements are bounded by the codec; this
/// only guards the walk.
const MAX_DEPTH: usize = 4096;

struct Builder<'a> {
    decoded: &'a Decoded,
    options: OutlineOptions,
    hidden: Hidden,
    notes: HashMap<(LayerId, NodeId), Vec<&'a Note>>,
    lines: Vec<OutlineLine>,
}

impl<'a> Builder<'a> {
    fn layer(&mut self, id: LayerId, depth: usize) {
        let Some(layer) = self.decoded.layer(id) else { return };
        if depth > MAX_DEPTH {
            return;
        }
        self.push(id, None, Span::new(0, layer.bytes.len()), depth, headline(layer));
        match &layer.tree {
            Some(tree) => self.tree(id, layer, tree, depth + 1),
            None => self.plain(id, layer, depth + 1),
        }
        for child in self.children(id, None) {
            self.layer(child, depth + 1);
        }
        self.problems(id, depth + 1);
    }

    fn children(&self, of: LayerId, node: Option<NodeId>) -> Vec<LayerId> {
        let inside = |layer: &Layer| layer.origin.is_some_and(|o| o.layer == of && o.node == node);
        self.decoded.ids().filter(|(id, l)| *id > of && inside(l)).map(|(id, _)| id).collect()
    }

    fn tree(&mut self, id: LayerId, layer: &'a Layer, tree: &'a Tree, depth: usize) {
        let opened: HashSet<NodeId> = self
            .decoded
            .layers
            .iter()
            .filter_map(|l| l.origin.filter(|o| o.layer == id).and_then(|o| o.node))
            .collect();
        // Depth by the open ends, not by climbing parents: linear in the size of the tree.
        let mut open: Vec<usize> = Vec::new();
        let mut skip = None;
        for (index, node) in tree.nodes().enumerate() {
            while open.last().is_some_and(|end| *end <= index) {
                open.pop();
            }
            let here = depth + open.len();
            let node_id = NodeId(u32::try_from(index).unwrap_or(u32::MAX));
            if matches!(node.kind, NodeKind::Element(_)) {
                open.push(node.end.index());
            }
            if skip != Some(node_id) {
                let value = only_value(tree, node_id);
                skip = value;
                let pieces = self.node(id, layer, tree, node_id, value);
                self.push(id, Some(node_id), node.span, here, pieces);
            }
            if opened.contains(&node_id) {
                for child in self.children(id, Some(node_id)) {
                    self.layer(child, here + 1);
                }
            }
        }
    }

    fn node(
        &self,
        id: LayerId,
        layer: &'a Layer,
        tree: &'a Tree,
        node: NodeId,
        value: Option<NodeId>,
    ) -> Vec<Piece> {
        let mut line = Line::default();
        match tree.get(node).map(|n| n.kind) {
            Some(NodeKind::Element(element)) => {
                line.add(Role::Tag, name_text(element.name));
                let around = tree.parent(node).and_then(|p| tree.element(p));
                let namespace = element.namespace.as_str();
                if !namespace.is_empty() && around.is_none_or(|p| p.namespace.as_str() != namespace)
                {
                    line.add(Role::Dim, format!(" [{namespace}]"));
                }
                // Namespaces are shown where they change; their declarations say it twice.
                let shown = |a: &Attribute<'_>| a.namespace.as_str() != XMLNS;
                let hidden = self.hidden.layer(id);
                let attributes = element.attributes.iter().enumerate();
                for (at, attribute) in attributes.filter(|(_, a)| shown(a)) {
                    line.add(Role::Attribute, format!(" {}=", name_text(attribute.name)));
                    let plain = Tree::resolve(&attribute.value, &layer.bytes);
                    let text = if hidden.attribute(node, at) { MASK } else { plain };
                    line.add(Role::Text, format!("\"{}\"", self.cut(text)));
                }
                if let Some(value) = value {
                    line.add(Role::Dim, ": ");
                    self.value(id, layer, tree, value, &mut line);
                }
            }
            _ => self.value(id, layer, tree, node, &mut line),
        }
        let on_value = value.and_then(|value| self.notes.get(&(id, value)));
        let notes = self.notes.get(&(id, node)).into_iter().chain(on_value).flatten();
        for (at, note) in notes.enumerate() {
            let (gap, mark) = (if at == 0 { "  — " } else { "; " }, note.level.mark());
            let mark = if mark == ' ' { String::new() } else { format!("{mark} ") };
            line.add(Role::Note(note.level), format!("{gap}{mark}{}", clean(&note.text)));
        }
        line.0
    }

    fn value(&self, id: LayerId, layer: &'a Layer, tree: &'a Tree, node: NodeId, line: &mut Line) {
        let is_element = tree.element(node).is_some();
        if !is_element && self.hidden.layer(id).value(node) {
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

    fn opaque(&self, bytes: &[u8], line: &mut Line) {
        if super::printable(bytes) {
            let text = String::from_utf8_lossy(bytes);
            line.add(Role::Text, self.cut(&text));
            line.add(Role::Dim, format!(" (opaque, {})", count(bytes.len() as u64, "byte")));
            return;
        }
        line.add(Role::Dim, format!("{}: ", count(bytes.len() as u64, "byte")));
        line.add(Role::Opaque, hex_preview(bytes));
    }

    /// The first characters of a value, cleaned, and how many more there are.
    fn cut(&self, text: &str) -> String {
        match text.char_indices().nth(self.options.value_limit) {
            None => clean(text).into_owned(),
            Some((at, _)) => {
                let left = text[at..].chars().count() as u64;
                format!("{}… (+{})", clean(&text[..at]), count(left, "character"))
            }
        }
    }

    fn plain(&mut self, id: LayerId, layer: &'a Layer, depth: usize) {
        let limit = self.options.layer_lines;
        if self.hidden.layer(id).content() && !layer.bytes.is_empty() {
            let pieces = vec![Piece { text: MASK.to_owned(), role: Role::Text }];
            return self.push(id, None, Span::new(0, layer.bytes.len()), depth, pieces);
        }
        let mask = layer.format == Format::Text("form") && self.options.secrets == Secrets::Masked;
        match layer.format {
            Format::Text(_) => {
                let text = String::from_utf8_lossy(&layer.bytes);
                let mut offset = 0;
                for (at, raw) in text.split_inclusive('\n').enumerate() {
                    let span = Span::new(offset, offset + raw.len());
                    offset += raw.len();
                    if at == limit {
                        let left = text.split_inclusive('\n').count() - limit;
                        self.more(id, depth, left);
                        break;
                    }
                    let line = raw.trim_end_matches(['\r', '\n']);
                    let shown = if mask { self.cut(&mask_form(line)) } else { self.cut(line) };
                    self.push(id, None, span, depth, vec![Piece { text: shown, role: Role::Text }]);
                }
            }
            Format::Binary(_) | Format::Xml(_) | Format::Wbxml(_) => {
                for line in super::hex(&layer.bytes, 0, limit) {
                    let span = Span::new(line.offset, line.offset + line.bytes.len());
                    let mut pieces = Line::default();
                    pieces.add(Role::Dim, format!("{:06x}  ", line.offset));
                    pieces.add(Role::Opaque, format!("{:<49}  {}", line.cells, line.ascii));
                    self.push(id, None, span, depth, pieces.0);
                }
                let rows = layer.bytes.len().div_ceil(super::HEX_ROW);
                if rows > limit {
                    self.more(id, depth, rows - limit);
                }
            }
            Format::Empty | Format::Wrapper(_) => {}
        }
    }

    fn more(&mut self, id: LayerId, depth: usize, left: usize) {
        let text = format!("… {} more", count(left as u64, "line"));
        self.push(id, None, Span::default(), depth, vec![Piece { text, role: Role::Dim }]);
    }

    fn problems(&mut self, id: LayerId, depth: usize) {
        for problem in self.decoded.problems.iter().filter(|p| p.layer == id) {
            let level = match problem.grade {
                Grade::Odd => Level::Warning,
                Grade::Broken => Level::Alarm,
            };
            let text = format!(
                "{} byte {} (0x{:04x}): {}",
                level.mark(),
                problem.span.start,
                problem.span.start,
                clean(&problem.text)
            );
            self.push(id, None, problem.span, depth, vec![Piece { text, role: Role::Problem }]);
            if let Some(line) = self.lines.last_mut() {
                line.level = level;
            }
        }
    }

    fn push(
        &mut self,
        layer: LayerId,
        node: Option<NodeId>,
        span: Span,
        depth: usize,
        pieces: Vec<Piece>,
    ) {
        let level = pieces
            .iter()
            .filter_map(|piece| match piece.role {
                Role::Note(level) => Some(level),
                _ => None,
            })
            .max();
        let level = level.unwrap_or_default();
        self.lines.push(OutlineLine { depth, layer, node, span, pieces, level, expandable: false });
    }

    fn mark_expandable(&mut self) {
        for at in 1..self.lines.len() {
            if self.lines[at].depth > self.lines[at - 1].depth {
                self.lines[at - 1].expandable = true;
            }
        }
    }
}

#[derive(Default)]
struct Line(Vec<Piece>);

impl Line {
    fn add(&mut self, role: Role, text: impl Into<String>) {
        self.0.push(Piece { text: text.into(), role });
    }
}

/// The one text or opaque child of an element that has nothing else inside.
fn only_value(tree: &Tree, id: NodeId) -> Option<NodeId> {
    tree.element(id)?;
    let mut children = tree.children(id);
    let only = children.next()?;
    let leaf = matches!(tree.get(only)?.kind, NodeKind::Text(..) | NodeKind::Opaque(_));
    (leaf && children.next().is_none()).then_some(only)
}

fn headline(layer: &Layer) -> Vec<Piece> {
    let mut line = Line::default();
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
    line.0
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
    const SHOWN: usize = 24;
    let mut out = String::new();
    for (at, byte) in bytes.iter().take(SHOWN).enumerate() {
        let _ = write!(out, "{}{byte:02x}", if at == 0 { "" } else { " " });
    }
    if bytes.len() > SHOWN {
        out.push('…');
    }
    out
}
