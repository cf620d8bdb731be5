//! Rows made by an older decoder are made again, in the background.

use std::sync::Arc;
use std::thread;

use crate::model::{ExchangeId, Leg, Row};
use crate::seal::Keyring;
use crate::store::{Reader, StoreError, Writer};

use super::folds::Folds;
use super::meaning::{ROW_LIMIT, decode_knowing, row_of};

/// Rows read and rebuilt at a time.
const BATCH: usize = 256;

/// Starts a thread that rebuilds what is stale and then ends.
pub(super) fn spawn(reader: Reader, writer: Writer, keyring: Arc<Keyring>) -> std::io::Result<()> {
    let work = move || {
        if let Err(error) = rebuild(&reader, &writer, &keyring) {
            tracing::warn!(%error, "rows of an older version could not be rebuilt");
        }
    };
    thread::Builder::new().name("rebuild".to_owned()).spawn(work).map(drop)
}

fn rebuild(reader: &Reader, writer: &Writer, keyring: &Arc<Keyring>) -> Result<(), StoreError> {
    let mut last = ExchangeId(0);
    let mut folds = Folds::new(keyring);
    loop {
        let stale = reader.stale_rows(last, BATCH)?;
        let Some(newest) = stale.last() else { return Ok(()) };
        last = *newest;
        for id in stale {
            if let Some(row) = row(reader, id, &mut folds)? {
                writer.put_row(row);
            }
        }
        writer.flush();
    }
}

fn row(reader: &Reader, id: ExchangeId, folds: &mut Folds) -> Result<Option<Row>, StoreError> {
    let Some(exchange) = reader.exchange(id)? else { return Ok(None) };
    let decode = |leg, present: bool| -> Result<_, StoreError> {
        let bytes = present.then(|| reader.body(id, leg, ROW_LIMIT)).transpose()?;
        Ok(bytes.map(|bytes| decode_knowing(&exchange, leg, bytes, folds)))
    };
    let request = decode(Leg::Request, exchange.request.is_some())?;
    let response = decode(Leg::Response, exchange.response.is_some())?;
    Ok(Some(row_of(&exchange, request.as_ref(), response.as_ref(), folds)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::DECODER_VERSION;
    use crate::model::{BodyFacts, ConnId, Exchange, Kind, Request, State, Summary, WallTime};
    use crate::store::Store;

    #[test]
    fn a_row_of_an_older_decoder_is_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.synctap");
        let mut exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let target = "/Microsoft-Server-ActiveSync?Cmd=FolderSync&DeviceId=phone1".to_owned();
        let body = b"\x03\x01\x6a\x00\x00\x07\x56\x52\x03\x30\x00\x01\x01".as_slice();
        let size = body.len() as u64;
        exchange.request = Some(Request {
            method: "POST".into(),
            target,
            body: BodyFacts { seen: size, kept: size, ended: true },
            ..Request::default()
        });
        exchange.state = State::Complete;
        let row = Row::new(&exchange, Summary::default());
        let store = Store::create(&path, DECODER_VERSION - 1).unwrap();
        store.writer().append(ExchangeId(1), Leg::Request, body.into(), || ());
        store.writer().put(exchange, row);
        store.close().unwrap();

        let store = Store::open(&path, DECODER_VERSION).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.row(ExchangeId(1)).unwrap().unwrap().summary, Summary::default());
        rebuild(&reader, &store.writer(), &Arc::default()).unwrap();
        let summary = reader.row(ExchangeId(1)).unwrap().unwrap().summary;
        assert_eq!(summary.command, "FolderSync");
        assert_eq!(summary.device, "phone1");
        assert!(reader.stale_rows(ExchangeId(0), 10).unwrap().is_empty());
    }
}
