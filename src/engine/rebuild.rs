//! Rows made by an older decoder are made again, in the background.

use std::thread;

use crate::model::{ExchangeId, Leg, Row};
use crate::store::{Reader, StoreError, Writer};

use super::meaning::{decode_leg, row_of};
use super::pipeline::ROW_LIMIT;

/// Rows read and rebuilt at a time.
const BATCH: usize = 256;

/// Starts a thread that rebuilds what is stale and then ends.
pub(super) fn spawn(reader: Reader, writer: Writer) -> std::io::Result<()> {
    let work = move || {
        if let Err(error) = rebuild(&reader, &writer) {
            tracing::warn!(%error, "rows of an older version could not be rebuilt");
        }
    };
    thread::Builder::new().name("rebuild".to_owned()).spawn(work).map(drop)
}

fn rebuild(reader: &Reader, writer: &Writer) -> Result<(), StoreError> {
    let mut last = ExchangeId(0);
    loop {
        let stale = reader.stale_rows(last, BATCH)?;
        let Some(newest) = stale.last() else { return Ok(()) };
        last = *newest;
        for id in stale {
            if let Some(row) = row(reader, id)? {
                writer.put_row(row);
            }
        }
        writer.flush();
    }
}

fn row(reader: &Reader, id: ExchangeId) -> Result<Option<Row>, StoreError> {
    let Some(exchange) = reader.exchange(id)? else { return Ok(None) };
    let decode = |leg, present: bool| -> Result<_, StoreError> {
        let bytes = present.then(|| reader.body(id, leg, ROW_LIMIT)).transpose()?;
        Ok(bytes.map(|bytes| decode_leg(&exchange, leg, bytes)))
    };
    let request = decode(Leg::Request, exchange.request.is_some())?;
    let response = decode(Leg::Response, exchange.response.is_some())?;
    Ok(Some(row_of(&exchange, request.as_ref(), response.as_ref())))
}
