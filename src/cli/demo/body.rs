//! Bodies: written as XML, sent as WBXML, made by the codec's own encoder.

use bytes::Bytes;

use crate::codec::{Book, DocumentType, Hints, Preamble, decode, decode_as, encode};
use crate::render;

use super::stage::DemoError;

/// WBXML by ActiveSync's token tables.
pub(super) fn activesync(xml: &str) -> Result<Vec<u8>, DemoError> {
    let xml = Bytes::copy_from_slice(xml.as_bytes());
    let read = decode_as(xml, DocumentType::Xml, &Hints::default());
    let (_, tree, bytes) = read.document().ok_or(DemoError::Body("no document"))?;
    let preamble = Preamble::canonical(Book::activesync());
    encode(tree, bytes, &preamble).map_err(|_| DemoError::Body("no WBXML for it"))
}

/// A received body as XML; empty when it is no document.
pub(super) fn as_xml(body: &[u8], content_type: &str) -> String {
    let hints = Hints { content_type, ..Hints::default() };
    let decoded = decode(Bytes::copy_from_slice(body), &hints);
    render::xml(&decoded, decoded.main(), render::Secrets::Shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let xml = "<FolderSync xmlns=\"FolderHierarchy\"><SyncKey>0</SyncKey></FolderSync>";
        let body = activesync(xml).unwrap();
        assert_eq!(body, b"\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x30\x00\x01\x01");
        assert!(as_xml(&body, "application/vnd.ms-sync.wbxml").contains("<SyncKey>0</SyncKey>"));
        assert!(activesync("no document").is_err());
    }
}
