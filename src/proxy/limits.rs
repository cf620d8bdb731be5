//! Every ceiling and every patience of the data path, with its unit.

use std::time::Duration;

/// Ceilings and patiences. None of them cuts a request that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// To find and reach a server: name look-up and TCP, all addresses together.
    pub connect: Duration,
    /// For one TLS handshake, on either side.
    pub handshake: Duration,
    /// Until the first request's head on a connection is complete. Later ones may take any time.
    pub first_head: Duration,
    /// Until the device speaks inside a CONNECT tunnel; then the server is dialled to see whether
    /// it is the one that speaks first.
    pub sniff: Duration,
    /// Between "stop" and "cut": requests under way may end.
    pub drain: Duration,
    /// Between "cut" and giving up on whoever should take the last events.
    pub farewell: Duration,
    /// Between two snapshots of a tunnel that moves bytes.
    pub tick: Duration,
    /// A body waits this long, in all, for its copy to find room; then it is only counted.
    pub patience: Duration,
    /// Idle time before TCP probes a silent peer, and between probes.
    pub keep_alive: Duration,
    /// A client that ended its own direction may wait this long for its answer, counted anew from
    /// every write to it. One that went away looks the same until it is written to.
    pub half_closed: Duration,
    /// What came of a request that its client broke off has this long to reach the server.
    pub linger: Duration,
    /// Head of a message, in bytes. At least 8 KiB.
    pub head_bytes: usize,
    /// Header fields in a head.
    pub headers: usize,
    /// Copied bytes of a body held before they are handed on, per body.
    pub chunk_bytes: usize,
    /// Copied bytes of all bodies together, until they are written.
    pub budget_bytes: usize,
    /// Devices' connections at a time; more wait in the listener's queue.
    pub connections: usize,
    /// Idle connections to different servers kept for one connection of a device.
    pub idle_upstreams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            handshake: Duration::from_secs(15),
            first_head: Duration::from_secs(30),
            sniff: Duration::from_secs(3),
            drain: Duration::from_secs(5),
            farewell: Duration::from_secs(5),
            tick: Duration::from_secs(5),
            patience: Duration::from_secs(2),
            keep_alive: Duration::from_mins(1),
            half_closed: Duration::from_secs(5),
            linger: Duration::from_secs(2),
            head_bytes: 64 * 1024,
            headers: 256,
            chunk_bytes: 256 * 1024,
            budget_bytes: 16 * 1024 * 1024,
            connections: 1024,
            idle_upstreams: 8,
        }
    }
}

/// Ways in that can be open at a time.
pub(super) const MODES: usize = 64;
/// Longest pause of a listener that cannot accept (no file descriptors left).
pub(super) const ACCEPT_PAUSE_MAX: Duration = Duration::from_secs(1);
/// First such pause; doubled each time.
pub(super) const ACCEPT_PAUSE_MIN: Duration = Duration::from_millis(10);
/// Largest `ClientHello` looked at, in bytes with its record headers. Post-quantum ones take 2 KiB.
pub(super) const CLIENT_HELLO_BYTES: usize = 32 * 1024;
/// Buffer of a relay, in bytes per direction.
pub(super) const RELAY_BYTES: usize = 16 * 1024;
/// Frames of a body between the two connections.
pub(super) const FRAMES_IN_HAND: usize = 2;
/// Most of a stranger's bytes that are quoted in a sentence.
pub(super) const QUOTE_BYTES: usize = 40;
