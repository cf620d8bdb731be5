//! Layer by layer: content codings, charsets, documents, and the documents inside them.

use std::borrow::Cow;
use std::collections::VecDeque;

use bytes::Bytes;

use crate::model::{
    Decoded, Format, Grade, Layer, LayerId, Leg, NodeId, Origin, Problem, Span, Tree,
};

use super::asn1;
use super::asn1::Ber;
use super::children::{self, Child};
use super::content::Coding;
use super::decode::Hints;
use super::document_type::DocumentType;
use super::faults::{Fault, Faults};
use super::limits;
use super::message::{self, Opener, Part};
use super::mime::{self, Entity};
use super::multipart;
use super::sniff::{self, Kind};
use super::transcode::{self, Transcoded};
use super::wbxml::{self, Outside};
use super::x509;
use super::xml;

/// A layer whose bytes have not been read yet.
#[derive(Debug, Default)]
struct Task {
    layer: LayerId,
    /// Media type without parameters, lower case; may be empty.
    media_type: String,
    /// Charset from outside, lower case; may be empty.
    charset: String,
    forced: Option<DocumentType>,
    /// Documents around it.
    nesting: usize,
    /// It was made from text of another charset: what its declaration says is past.
    transcoded: bool,
}

/// A body being decoded.
#[derive(Debug)]
pub(crate) struct Unwrapping<'a> {
    hints: &'a Hints<'a>,
    forced: Option<DocumentType>,
    layers: Vec<Layer>,
    problems: Vec<Problem>,
    opener: Option<&'a dyn Opener>,
    tasks: VecDeque<Task>,
    /// Nodes that all trees together may still have.
    nodes_left: usize,
    /// Bytes that the layers above the body may still have.
    bytes_left: usize,
}

impl<'a> Unwrapping<'a> {
    /// Nothing read yet.
    pub(crate) fn new(hints: &'a Hints<'a>, forced: Option<DocumentType>) -> Self {
        Self {
            hints,
            forced,
            opener: None,
            // Most bodies are one, and room for more is not given back.
            layers: Vec::with_capacity(1),
            problems: Vec::new(),
            tasks: VecDeque::new(),
            nodes_left: limits::NODES,
            bytes_left: limits::LAYER_BYTES,
        }
    }

    /// With keys for what is encrypted.
    pub(crate) fn opening(self, opener: Option<&'a dyn Opener>) -> Self {
        Self { opener, ..self }
    }

    /// Reads everything.
    pub(crate) fn run(mut self, body: Bytes) -> Decoded {
        self.add("body", None, body);
        let layer = self.undo_codings(LayerId::BODY);
        let (mut media_type, charset) = sniff::content_type(self.hints.content_type);
        // Before 14.0 SendMail and its kin carry the message as it is, not always under its type.
        if matches!(media_type.as_str(), "" | "application/octet-stream")
            && self.hints.leg != Some(Leg::Response)
            && is_activesync(self.hints.target)
            && mime::is_likely(&self.bytes(layer))
        {
            "message/rfc822".clone_into(&mut media_type);
        }
        let forced = self.forced;
        self.read(Task { layer, media_type, charset, forced, ..Task::default() });
        while let Some(task) = self.tasks.pop_front() {
            self.read(task);
        }
        Decoded { layers: self.layers, problems: self.problems }
    }

    /// Undoes the content codings; returns the innermost layer.
    fn undo_codings(&mut self, body: LayerId) -> LayerId {
        let mut codings = Coding::list(self.hints.content_encoding);
        if codings.len() > limits::CODINGS {
            let text = format!("{} content codings, {} are undone", codings.len(), limits::CODINGS);
            self.problem(body, Span::default(), Grade::Broken, "content-codings", text);
        }
        codings.reverse();
        codings.truncate(limits::CODINGS);
        if codings.is_empty() {
            let layer = self.layers.get(body.index());
            codings.extend(layer.and_then(|layer| Coding::sniff(&layer.bytes)));
        }
        codings
            .into_iter()
            .try_fold(body, |at, coding| self.undo(at, coding))
            .unwrap_or_else(|at| at)
    }

    /// Undoes one coding; `Err` with the same layer when there is nothing more to undo.
    fn undo(&mut self, at: LayerId, coding: Coding) -> Result<LayerId, LayerId> {
        let bytes = self.bytes(at);
        if bytes.is_empty() {
            return Err(at);
        }
        let undone = coding.undo(&bytes);
        let whole = Span::new(0, bytes.len());
        if let Some(trouble) = undone.trouble {
            let text = format!("{} is damaged or ends early: {trouble}", coding.name());
            let grade = if self.hints.truncated { Grade::Odd } else { Grade::Broken };
            self.problem(at, Span::at(bytes.len()), grade, coding.code(), text);
            if undone.bytes.is_empty() {
                return Err(at);
            }
        }
        self.set_format(at, Format::Wrapper(coding.name()));
        let origin = Origin { layer: at, span: whole, node: None };
        let label = coding.name();
        Ok(self.add(label, Some(origin), undone.bytes.into()).unwrap_or(at))
    }

    fn read(&mut self, task: Task) {
        let bytes = self.bytes(task.layer);
        if bytes.is_empty() {
            return;
        }
        let kind = task.forced.map_or_else(|| Kind::of(&bytes, &task.media_type), Kind::forced);
        match kind {
            Kind::Wbxml => self.read_wbxml(&task, &bytes),
            Kind::Xml => self.read_xml(task, &bytes),
            Kind::Multipart => self.read_multipart(&task, &bytes),
            Kind::Message => self.read_message(&task, &bytes),
            Kind::Pem => self.read_pem(&task, &bytes),
            Kind::Text(words) => self.read_text(task, &bytes, words),
            Kind::Asn1 => self.read_asn1(&task, &bytes),
            Kind::Base64 => self.read_base64(&task, &bytes),
            Kind::Binary(words) => self.set_format(task.layer, Format::Binary(words)),
        }
    }

    fn read_wbxml(&mut self, task: &Task, bytes: &Bytes) {
        let book = match task.forced {
            Some(DocumentType::Wbxml(book)) => Some(book),
            _ => None,
        };
        let outside = Outside {
            media_type: &task.media_type,
            charset: &task.charset,
            book,
            truncated: self.hints.truncated,
            nodes: self.nodes_left,
            strict: self.hints.strict,
            progress: self.hints.progress,
        };
        let document = wbxml::read(bytes, &outside);
        self.nodes_left = self.nodes_left.saturating_sub(document.tree.len());
        self.faults(task.layer, document.faults);
        self.set_format(task.layer, Format::Wbxml(document.book.name));
        if let Some(layer) = self.layers.get_mut(task.layer.index()) {
            layer.facts = document.facts;
            layer.tree = Some(document.tree).filter(|tree| !tree.is_empty());
        }
        self.open_children(task, Some(&document.holders));
    }

    fn read_xml(&mut self, task: Task, bytes: &Bytes) {
        if task.forced.is_none() && sniff::is_wbxml_type(&task.media_type) {
            let text = format!("the media type is {}, the body is XML text", task.media_type);
            self.problem(task.layer, Span::new(0, 1), Grade::Odd, "media-type", text);
        }
        let Some(task) = self.transcode(task, bytes, true) else { return };
        let meter = self.hints.progress.of(bytes.len());
        let document = xml::read(bytes, self.hints.truncated, self.nodes_left, meter);
        self.nodes_left = self.nodes_left.saturating_sub(document.tree.len());
        self.faults(task.layer, document.faults);
        self.set_format(task.layer, Format::Xml(document.name));
        if let Some(layer) = self.layers.get_mut(task.layer.index()) {
            layer.facts.extend(document.facts);
            layer.tree = Some(document.tree).filter(|tree| !tree.is_empty());
        }
        self.open_children(&task, None);
    }

    fn read_text(&mut self, task: Task, bytes: &Bytes, words: &'static str) {
        if let Some(task) = self.transcode(task, bytes, false) {
            self.set_format(task.layer, Format::Text(words));
        }
    }

    /// Gives the task back when its bytes are UTF-8; else queues a layer whose bytes are.
    fn transcode(&mut self, task: Task, bytes: &Bytes, is_xml: bool) -> Option<Task> {
        if task.transcoded {
            return Some(task);
        }
        let Some(Transcoded { name, text, bad }) =
            transcode::to_utf8(bytes, &task.charset, is_xml, self.hints.truncated)
        else {
            return Some(task);
        };
        if let Some(at) = bad {
            let text = format!("the text is not valid {name}");
            self.problem(task.layer, Span::at(at), Grade::Broken, "charset", text);
        }
        self.set_format(task.layer, Format::Wrapper(name));
        let span = Span::new(0, bytes.len());
        let origin = Origin { layer: task.layer, span, node: None };
        let label = format!("{name} -> utf-8");
        if let Some(layer) = self.add(label, Some(origin), text.into()) {
            let forced = Some(if is_xml { DocumentType::Xml } else { DocumentType::Text });
            self.tasks.push_back(Task { layer, forced, transcoded: true, ..task });
        }
        None
    }

    fn read_multipart(&mut self, task: &Task, bytes: &Bytes) {
        let mut faults = Faults::default();
        let parts = multipart::parts(bytes, self.hints.truncated, &mut faults);
        self.faults(task.layer, faults.into_list());
        self.set_format(task.layer, Format::Wrapper("multipart"));
        if let Some(layer) = self.layers.get_mut(task.layer.index()) {
            layer.facts.push(("parts", parts.len().to_string().into()));
        }
        for (index, span) in parts.into_iter().enumerate() {
            let origin = Origin { layer: task.layer, span, node: None };
            let part = bytes.slice(span.range());
            let label = format!("part {index}");
            let Some(layer) = self.add(label, Some(origin), part.clone()) else { return };
            let media_type = match index {
                0 => sniff::ACTIVESYNC,
                // Mail bodies are pieces of HTML more often than documents.
                _ if sniff::looks_like_xml(&part) && !xml::is_document(&part) => "text/html",
                _ => "",
            };
            self.tasks.push_back(Task {
                layer,
                media_type: media_type.to_owned(),
                nesting: task.nesting,
                ..Task::default()
            });
        }
    }

    /// A message: its parts are layers, their transfer encoding undone.
    fn read_message(&mut self, task: &Task, bytes: &Bytes) {
        self.set_format(task.layer, Format::Text("message"));
        let Some(entity) = mime::entity(bytes, Span::new(0, bytes.len())) else { return };
        if let Some(layer) = self.layers.get_mut(task.layer.index()) {
            layer.facts.extend(entity.facts.iter().cloned().map(own));
            layer.facts.push(("type", entity.media_type.clone().into()));
        }
        if task.nesting >= limits::NESTING {
            return;
        }
        if entity.parts.is_empty() {
            let label = entity.media_type.clone();
            self.open_part(task, bytes, entity, label);
            return;
        }
        for (number, span) in (1..).zip(entity.parts) {
            let Some(part) = mime::entity(bytes, span).or_else(|| mime::bare(bytes, span)) else {
                continue;
            };
            let label = format!("part {number} {}", part.media_type);
            if part.parts.is_empty() {
                self.open_part(task, bytes, part, label);
            } else {
                let whole = mime::Entity { content: span, ..mime::Entity::default() };
                let media_type = "message/rfc822".to_owned();
                self.open_part(task, bytes, mime::Entity { media_type, ..whole }, label);
            }
        }
    }

    fn open_part(&mut self, task: &Task, bytes: &Bytes, part: Entity, label: String) {
        let raw = bytes.slice(part.content.range());
        let content = match mime::undo(&part.encoding, &raw) {
            Some(Cow::Owned(content)) => content.into(),
            Some(Cow::Borrowed(_)) => raw,
            None => {
                let text = format!("the part is not {}", part.encoding);
                self.problem(task.layer, part.content, Grade::Odd, "mime-encoding", text);
                raw
            }
        };
        let origin = Origin { layer: task.layer, span: part.content, node: None };
        let Some(layer) = self.add(label, Some(origin), content) else { return };
        if let Some(made) = self.layers.get_mut(layer.index()) {
            let named = part.facts.into_iter().filter(|(name, _)| *name == "attachment");
            made.facts.extend(named.map(own));
        }
        self.tasks.push_back(Task {
            layer,
            media_type: part.media_type,
            charset: part.charset,
            nesting: task.nesting.saturating_add(1),
            ..Task::default()
        });
    }

    fn read_pem(&mut self, task: &Task, bytes: &Bytes) {
        self.set_format(task.layer, Format::Text("PEM"));
        for block in x509::pem(bytes) {
            let label = block.label.to_ascii_lowercase();
            let origin = Origin { layer: task.layer, span: block.span, node: None };
            let Some(layer) = self.add(label, Some(origin), block.der.into()) else { return };
            let bytes = self.bytes(layer);
            let nesting = task.nesting.saturating_add(1);
            self.read_asn1(&Task { layer, nesting, ..Task::default() }, &bytes);
        }
    }

    /// A message as base64 text.
    fn read_base64(&mut self, task: &Task, bytes: &Bytes) {
        let Some(message) = mime::base64_any(bytes) else {
            let text = "the base64 text of a message is damaged".to_owned();
            self.problem(task.layer, Span::new(0, bytes.len()), Grade::Broken, "base64", text);
            return self.set_format(task.layer, Format::Text("text"));
        };
        self.set_format(task.layer, Format::Wrapper("base64"));
        let origin = Origin { layer: task.layer, span: Span::new(0, bytes.len()), node: None };
        if let Some(layer) = self.add("base64".to_owned(), Some(origin), message.into()) {
            self.tasks.push_back(Task { layer, nesting: task.nesting, ..Task::default() });
        }
    }

    fn read_asn1(&mut self, task: &Task, bytes: &Bytes) {
        let ber = Ber::read(bytes);
        let read = message::read(&ber, self.opener);
        self.set_format(task.layer, Format::Binary(read.name));
        if let Some(Fault { span, grade, code, text }) = read.fault {
            let cut = self.hints.truncated && grade == Grade::Broken;
            let grade = if cut { Grade::Odd } else { grade };
            self.problem(task.layer, span, grade, code, text);
        }
        let tree = asn1::tree(&ber, read.of, self.nodes_left);
        self.nodes_left = self.nodes_left.saturating_sub(tree.len());
        let places: Vec<_> = read.inside.iter().map(|part| place(&tree, part.span)).collect();
        if let Some(layer) = self.layers.get_mut(task.layer.index()) {
            layer.facts.extend(read.facts.into_iter().map(own));
            layer.tree = Some(tree).filter(|tree| !tree.is_empty());
        }
        if task.nesting >= limits::NESTING {
            return;
        }
        for (part, node) in read.inside.into_iter().zip(places) {
            let Part { label, span, bytes: inside } = part;
            let origin = Origin { layer: task.layer, span, node };
            let inside = inside.map_or_else(|| bytes.slice(span.range()), Bytes::from);
            let Some(layer) = self.add(label.to_owned(), Some(origin), inside) else { return };
            let nesting = task.nesting.saturating_add(1);
            self.tasks.push_back(Task { layer, nesting, ..Task::default() });
        }
    }

    fn open_children(&mut self, task: &Task, among: Option<&[NodeId]>) {
        // Without nodes left nothing inside could be read; the ceiling was told already.
        if task.nesting >= limits::NESTING || self.nodes_left == 0 {
            return;
        }
        let Some(layer) = self.layers.get(task.layer.index()) else { return };
        let Some(tree) = &layer.tree else { return };
        for child in children::find(tree, &layer.bytes, among) {
            let Child { node, span, bytes, media_type, label } = child;
            let origin = Origin { layer: task.layer, span, node: Some(node) };
            let Some(layer) = self.add(label, Some(origin), bytes) else { return };
            self.tasks.push_back(Task {
                layer,
                media_type,
                nesting: task.nesting.saturating_add(1),
                ..Task::default()
            });
        }
    }

    /// Adds a layer; `None`, reported once, when there are too many.
    fn add(
        &mut self,
        label: impl Into<Cow<'static, str>>,
        origin: Option<Origin>,
        bytes: Bytes,
    ) -> Option<LayerId> {
        let fits = origin.is_none() || bytes.len() <= self.bytes_left;
        if self.layers.len() >= limits::LAYERS || !fits {
            if let Some(origin) = origin
                && !self.problems.iter().any(|problem| problem.code == "layers")
            {
                let text = format!(
                    "more than {} layers or {} bytes in them",
                    limits::LAYERS,
                    limits::LAYER_BYTES
                );
                self.problem(origin.layer, origin.span, Grade::Broken, "layers", text);
            }
            return None;
        }
        let id = LayerId(u32::try_from(self.layers.len()).ok()?);
        let format = if bytes.is_empty() { Format::Empty } else { Format::Binary("binary") };
        if origin.is_some() {
            self.bytes_left = self.bytes_left.saturating_sub(bytes.len());
        }
        let (tree, facts) = (None, Vec::new());
        self.layers.push(Layer { label: label.into(), origin, bytes, format, tree, facts });
        Some(id)
    }

    fn bytes(&self, layer: LayerId) -> Bytes {
        self.layers.get(layer.index()).map(|layer| layer.bytes.clone()).unwrap_or_default()
    }

    fn set_format(&mut self, layer: LayerId, format: Format) {
        if let Some(layer) = self.layers.get_mut(layer.index()) {
            layer.format = format;
        }
    }

    fn faults(&mut self, layer: LayerId, faults: Vec<Fault>) {
        let all = self.bytes(layer).len();
        for Fault { span, grade, code, mut text } in faults {
            if matches!(code, "wbxml-nodes" | "xml-nodes") {
                let left = all.saturating_sub(span.range().start);
                text = format!("{text}: of {all} bytes the last {left} are not read");
            }
            self.problem(layer, span, grade, code, text);
        }
    }

    fn problem(
        &mut self,
        layer: LayerId,
        span: Span,
        grade: Grade,
        code: &'static str,
        text: String,
    ) {
        if self.problems.len() < limits::PROBLEMS.saturating_mul(2) {
            self.problems.push(Problem { layer, span, grade, code, text });
        }
    }
}

/// A fact as layers have it.
fn own((name, value): (&'static str, String)) -> (&'static str, Cow<'static, str>) {
    (name, value.into())
}

/// True for the path of the ActiveSync service (MS-ASHTTP 2.2.1.1.1).
fn is_activesync(target: &str) -> bool {
    const PATH: &str = "/microsoft-server-activesync";
    let path = target.split('?').next().unwrap_or_default();
    path.to_ascii_lowercase().ends_with(PATH)
}

/// The node whose content a part of an ASN.1 document is; of a part that is a whole value, that.
fn place(tree: &Tree, span: Span) -> Option<NodeId> {
    let offset = span.range().start;
    let mut at = tree.at_offset(offset.min(span.range().end.saturating_sub(1)).max(offset));
    while let Some(id) = at {
        let node = tree.get(id)?;
        let is_element = tree.element(id).is_some();
        if is_element && node.span.start <= span.start && node.span.end >= span.end {
            return Some(id);
        }
        at = node.parent;
    }
    None
}
