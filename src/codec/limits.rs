//! Ceilings for what a peer may make us do. Hitting one is a problem in the result, never an error.

/// Bytes that undoing content codings may yield, each layer; 64 MiB, the proxy's body limit.
pub(crate) const INFLATED_BYTES: usize = 64 << 20;

/// Output bytes per input byte above which a content coding is stopped, once
/// [`INFLATED_FREE_BYTES`] are out. Deflate cannot exceed 1032; brotli can.
pub(crate) const INFLATED_RATIO: usize = 1_100;

/// Output bytes that are granted whatever the ratio.
pub(crate) const INFLATED_FREE_BYTES: usize = 1 << 20;

/// Content codings stacked on one body.
pub(crate) const CODINGS: usize = 4;

/// Elements open at once in one WBXML document.
pub(crate) const DEPTH: usize = 256;

/// Elements open at once in one XML document: what [`NESTING`] WBXML documents inside each other
/// are as XML, with an empty element inside and a root around them.
pub(crate) const XML_DEPTH: usize = (DEPTH + 1) * (NESTING + 1) + 1;

/// Nodes of all trees of one body together (32 bytes of memory each, twice that while a tree
/// grows).
pub(crate) const NODES: usize = 2 << 20;

/// Nodes that room is made for before a document is read (32 bytes of memory each).
pub(crate) const RESERVED_NODES: usize = 4096;

/// Attributes of one document.
pub(crate) const ATTRIBUTES: usize = 1 << 20;

/// Bytes of text that tokens and string-table references may yield in one document: this, or
/// [`TABLE_RATIO`] times the body if that is more. A two-byte `STR_T` can name the whole table.
pub(crate) const TABLE_BYTES: usize = 16 << 20;

/// See [`TABLE_BYTES`].
pub(crate) const TABLE_RATIO: usize = 8;

/// Bytes of a name that comes from the body; longer ones are cut.
pub(crate) const NAME_BYTES: usize = 256;

/// Bytes of all layers above the body together: parts of a multipart body may overlap.
pub(crate) const LAYER_BYTES: usize = 256 << 20;

/// Children of an element among which its `Meta` is looked for; it comes first.
pub(crate) const META_SIBLINGS: usize = 16;

/// Layers of one body, itself included.
pub(crate) const LAYERS: usize = 256;

/// Documents inside documents.
pub(crate) const NESTING: usize = 6;

/// Problems listed for one body.
pub(crate) const PROBLEMS: usize = 200;

/// Parts of one multipart body.
pub(crate) const PARTS: usize = 200;

/// Bytes of the header of one message or MIME part.
pub(crate) const MIME_HEADER_BYTES: usize = 64 << 10;

/// Header fields of one message or MIME part.
pub(crate) const MIME_FIELDS: usize = 500;

/// Characters of one fact about a message.
pub(crate) const MIME_FACT_CHARS: usize = 1_000;

/// Addresses of one field that are named; the rest is counted.
pub(crate) const MIME_ADDRESSES: usize = 20;

/// Bytes of a text node that is tried as a document of its own.
pub(crate) const EMBEDDED_BYTES: usize = 8 << 20;

/// Namespace declarations in scope at once in one XML document.
pub(crate) const NAMESPACES: usize = 256;

/// Bytes of a query component that is tried as base64.
pub(crate) const QUERY_BYTES: usize = 16 << 10;

/// Values of one ASN.1 document (about 60 bytes of memory each).
pub(crate) const ASN1_VALUES: usize = 100_000;

/// ASN.1 values inside each other.
pub(crate) const ASN1_DEPTH: usize = 64;
