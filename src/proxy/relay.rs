//! Bytes passed on unread: tunnels and what follows an upgrade.

use std::io;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Duration, MissedTickBehavior, interval};

use super::failure;
use super::limits::RELAY_BYTES;
use super::recorder::Recorder;
use super::wire::Stream;
use crate::model::Failure;

/// Relays both directions until both have ended, counting; a snapshot every `tick` while bytes move.
///
/// # Errors
/// A failure of the side whose connection broke.
pub(super) async fn relay(
    recorder: &Recorder,
    device: impl Stream,
    server: impl Stream,
    tick: Duration,
) -> Result<(), Failure> {
    recorder.publish(|exchange| exchange.relayed = Some(recorder.relayed_so_far())).await;
    let (device_read, device_write) = tokio::io::split(device);
    let (server_read, server_write) = tokio::io::split(server);
    let broken = AtomicU8::new(NOBODY);
    let up = copy(device_read, server_write, recorder, true, &broken);
    let down = copy(server_read, device_write, recorder, false, &broken);
    let both = async { tokio::try_join!(up, down) };
    let ticking = report(recorder, tick);
    let ended = tokio::select! {
        ended = both => ended,
        never = ticking => match never {},
    };
    ended.map(drop).map_err(|error| match broken.load(Ordering::Relaxed) {
        DEVICE => {
            failure::client("client-reset", format!("the client broke the connection: {error}"), "")
        }
        _ => failure::server(
            "upstream-reset",
            format!("the server broke the connection: {error}"),
            "",
        ),
    })
}

const NOBODY: u8 = 0;
const DEVICE: u8 = 1;
const SERVER: u8 = 2;

async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    recorder: &Recorder,
    up: bool,
    broken: &AtomicU8,
) -> io::Result<()> {
    let (source, sink) = if up { (DEVICE, SERVER) } else { (SERVER, DEVICE) };
    let blame = |side: u8| {
        move |error: io::Error| {
            broken.store(side, Ordering::Relaxed);
            error
        }
    };
    let mut buffer = vec![0; RELAY_BYTES];
    loop {
        let count = match from.read(&mut buffer).await {
            Ok(count) => count,
            // TLS without a farewell: the bytes are there, only the politeness is not.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            Err(error) => return Err(blame(source)(error)),
        };
        if count == 0 {
            // The other side may have gone first; then there is nobody to tell.
            let _ = to.shutdown().await;
            return Ok(());
        }
        to.write_all(&buffer[..count]).await.map_err(blame(sink))?;
        to.flush().await.map_err(blame(sink))?;
        recorder.relayed(up, count);
    }
}

async fn report(recorder: &Recorder, tick: Duration) -> std::convert::Infallible {
    let mut ticks = interval(tick);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = recorder.relayed_so_far();
    loop {
        ticks.tick().await;
        let now = recorder.relayed_so_far();
        if now != told {
            told = now;
            recorder.publish(|_| ()).await;
        }
    }
}
