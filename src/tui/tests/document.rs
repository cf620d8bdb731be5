//! Documents built by hand: bytes and tree grow together, so that every span is true.

use bytes::Bytes;

use crate::model::{
    Attributes, Decoded, Element, Format, Layer, LayerId, Level, Name, Namespace, Node, NodeId,
    NodeKind, Note, Span, Text, Tree, Written,
};

/// A document written as WBXML.
pub(super) struct Document {
    pub(super) bytes: Vec<u8>,
    pub(super) tree: Tree,
    open: Vec<NodeId>,
    pub(super) notes: Vec<Note>,
}

impl Document {
    pub(super) fn new() -> Self {
        let bytes = vec![0x03, 0x01, 0x6A, 0x00];
        Self { bytes, tree: Tree::new(), open: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn push(&mut self, kind: NodeKind<'_>, start: usize) -> NodeId {
        let span = Span::new(start, self.bytes.len());
        self.tree.push(kind, span, self.open.last().copied())
    }

    pub(super) fn open(&mut self, page: u8, token: u8, name: &'static str) -> &mut Self {
        let start = self.bytes.len();
        self.bytes.push(token | 0x40);
        let element = Element {
            name: Name::Known(name),
            namespace: Namespace::Known(match page {
                0x0E => "Provision",
                0x12 => "Settings",
                0x0D => "Ping",
                _ => "AirSync",
            }),
            token: Some((page, token)),
            attributes: Attributes::NONE,
            tag: Span::new(start, start + 1),
        };
        let id = self.push(NodeKind::Element(element), start);
        self.open.push(id);
        self
    }

    pub(super) fn page(&mut self, page: u8) -> &mut Self {
        self.bytes.extend([0x00, page]);
        self
    }

    pub(super) fn close(&mut self) -> &mut Self {
        self.bytes.push(0x01);
        if let Some(id) = self.open.pop() {
            self.tree.close(id, self.bytes.len());
        }
        self
    }

    /// The body breaks off: what is open ends where the bytes do.
    pub(super) fn break_off(&mut self) -> &mut Self {
        while let Some(id) = self.open.pop() {
            self.tree.close(id, self.bytes.len());
        }
        self
    }

    pub(super) fn value(
        &mut self,
        page: u8,
        token: u8,
        name: &'static str,
        value: &str,
    ) -> &mut Self {
        self.open(page, token, name);
        let start = self.bytes.len();
        self.bytes.push(0x03);
        self.bytes.extend(value.bytes());
        let text = Text::Slice(Span::new(start + 1, self.bytes.len()));
        self.bytes.push(0x00);
        self.push(NodeKind::Text(text, Written::InlineString), start);
        self.close()
    }

    pub(super) fn opaque(
        &mut self,
        page: u8,
        token: u8,
        name: &'static str,
        value: &[u8],
    ) -> &mut Self {
        self.open(page, token, name);
        let start = self.bytes.len();
        self.bytes.extend([0xC3, u8::try_from(value.len()).unwrap()]);
        let payload = self.bytes.len();
        self.bytes.extend(value);
        let kind = NodeKind::Opaque(Span::new(payload, self.bytes.len()));
        self.push(kind, start);
        self.close()
    }

    /// Notes what the element closed last means.
    pub(super) fn note(&mut self, level: Level, text: &str) -> &mut Self {
        let element = |(_, node): &(usize, Node<'_>)| matches!(node.kind, NodeKind::Element(_));
        let (last, _) = self.tree.nodes().enumerate().rfind(element).unwrap();
        let node = NodeId(u32::try_from(last).unwrap());
        self.notes.push(Note { layer: LayerId::BODY, node, level, text: text.to_owned().into() });
        self
    }

    pub(super) fn body(&self, format: Format) -> Decoded {
        let layer = Layer {
            label: "body".into(),
            origin: None,
            bytes: Bytes::from(self.bytes.clone()),
            format,
            tree: Some(self.tree.clone()),
            facts: vec![("version", "1.3".into()), ("charset", "UTF-8".into())],
        };
        Decoded { layers: vec![layer], problems: Vec::new() }
    }
}
