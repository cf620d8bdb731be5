//! What tells groups apart.

use crate::model::Protocol;
use crate::model::filter::fold;

/// Bytes of a device or session id by which it is told apart. Longer ones that begin alike are one.
const LONGEST: usize = 256;

/// What makes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionKind {
    /// A SyncML session: its messages carry the same id.
    SyncMl,
    /// ActiveSync traffic without half an hour of silence.
    ActiveSync,
    /// An enrolment: its messages without half an hour of silence.
    Enrolment,
    /// Other traffic without half an hour of silence.
    Other,
}

impl SessionKind {
    /// What makes a session of this conversation.
    pub(super) const fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::ActiveSync => Self::ActiveSync,
            Protocol::SyncMl => Self::SyncMl,
            Protocol::Enrolment => Self::Enrolment,
            Protocol::Http => Self::Other,
        }
    }

    /// As people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SyncMl => "SyncML",
            Self::Enrolment => "enrolment",
            Self::ActiveSync => "ActiveSync",
            Self::Other => "HTTP",
        }
    }
}

/// An id as it is compared: without case, and of a bounded length.
pub(super) fn told_apart(id: &str) -> String {
    fold(cut(id)).into_owned()
}

/// The part of an id that is kept.
pub(super) fn cut(id: &str) -> &str {
    &id[..id.floor_char_boundary(LONGEST)]
}
