//! A body that is no part of a capture, looked at as if it were.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use crate::analyze::likely_leg;
use crate::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Kind, Leg, Request, Response, State, WallTime,
};
use crate::seal::Keyring;
use crate::store::Store;

use super::folds::Folds;
use super::live::open_with_keys;
use super::meaning::{DECODER_VERSION, ROW_LIMIT, decode_leg, row_of};
use super::viewer::{DETAIL_LIMIT, EngineError, Viewer};

/// Bytes of a body that are queued at a time.
const PIECE: usize = 1 << 20;

/// A window on a lone body, as on a capture with one exchange that carries it: as the half of it that it
/// seems to be, begun and ended at `when`. Of a body above 64 MiB the rest is counted and not looked at.
/// `None` when the beginning (1 MiB) of the body is no document.
///
/// # Errors
/// When there is no room for it among the temporary files.
pub fn open_body(
    file: &Path,
    body: &Bytes,
    when: WallTime,
    keyring: Arc<Keyring>,
) -> Result<Option<Viewer>, EngineError> {
    let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, when);
    exchange.host = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
    let (seen, kept) = (body.len() as u64, body.len().min(DETAIL_LIMIT));
    let facts = BodyFacts { seen, kept: kept as u64, ended: true };
    exchange.request = Some(Request { body: facts, ..Request::default() });
    let head = body.slice(..body.len().min(ROW_LIMIT));
    let decoded = decode_leg(&exchange, Leg::Request, head, Some(&keyring));
    if decoded.document().is_none() {
        return Ok(None);
    }
    let leg = likely_leg(&decoded);
    let mut halves = [Some(&decoded), None];
    if leg == Leg::Response {
        exchange.request = None;
        exchange.response = Some(Response { body: facts, ..Response::default() });
        halves.reverse();
    }
    exchange.state = State::Complete;
    let [request, response] = halves;
    let row = row_of(&exchange, request, response, &mut Folds::new(&keyring));
    let store = Store::temporary(DECODER_VERSION)?;
    let writer = store.writer();
    for start in (0..kept).step_by(PIECE) {
        let piece = body.slice(start..kept.min(start + PIECE));
        writer.append(exchange.id, leg, piece, || ());
    }
    writer.put(exchange, row);
    writer.flush();
    open_with_keys(Arc::new(store), file, keyring).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(body: &str) -> Option<Viewer> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        open_body(Path::new("folder/one.xml"), &body, WallTime(7), Arc::default()).unwrap()
    }

    #[test]
    fn a_body_is_the_half_that_it_seems_to_be() {
        let message = |to: &str, from: &str| {
            let header = format!(
                "<SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto><SessionID>1</SessionID><MsgID>1</MsgID><Target><LocURI>{to}</LocURI></Target><Source><LocURI>{from}</LocURI></Source></SyncHdr>"
            );
            let body = "<SyncBody><Get><CmdID>1</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target></Item></Get><Final/></SyncBody>";
            format!("<SyncML xmlns=\"SYNCML:SYNCML1.2\">{header}{body}</SyncML>")
        };
        for (text, leg) in [
            (message("https://mdm.lab.test", "urn:uuid:1"), Leg::Request),
            (message("urn:uuid:1", "https://mdm.lab.test"), Leg::Response),
        ] {
            let viewer = open(&text).unwrap();
            assert_eq!(viewer.count().unwrap(), 1);
            let detail = viewer.detail(ExchangeId(1)).unwrap().unwrap();
            assert_eq!(detail.exchange.host, "one.xml");
            assert_eq!(detail.exchange.started, WallTime(7));
            let bytes = detail.decoded(leg).unwrap().layers[0].bytes.clone();
            assert_eq!(bytes, text);
            let sessions = viewer.syncml_sessions().unwrap();
            assert_eq!(sessions[0].entries[0].leg, leg);
        }
    }

    #[test]
    fn what_is_no_document_is_not_opened() {
        assert!(open("").is_none());
        assert!(open("some text").is_none());
    }
}
