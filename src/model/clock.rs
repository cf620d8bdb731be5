//! Two clocks: the one we show and the one we subtract.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Wall-clock time in microseconds since 1970-01-01T00:00:00Z. Shown, never subtracted: it may step.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WallTime(pub i64);

impl WallTime {
    /// From whole and fractional seconds since 1970.
    pub fn from_unix(seconds: i64, micros: u32) -> Self {
        Self(seconds.saturating_mul(1_000_000).saturating_add(i64::from(micros)))
    }

    /// As a date in UTC; the epoch when out of range.
    pub fn utc(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// RFC 3339 in UTC with microseconds where there are any.
    pub fn rfc3339(self) -> String {
        self.utc().format(&Rfc3339).unwrap_or_default()
    }

    /// Reads what [`WallTime::rfc3339`] writes, and any other RFC 3339 date.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let date = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        i64::try_from(date.unix_timestamp_nanos() / 1_000).ok().map(Self)
    }
}

/// Monotonic time in microseconds since the exchange began. Only differences mean anything.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct MonoTime(pub u64);

impl MonoTime {
    /// As a duration since the exchange began.
    pub fn duration(self) -> Duration {
        Duration::from_micros(self.0)
    }
}

impl From<Duration> for MonoTime {
    fn from(value: Duration) -> Self {
        Self(u64::try_from(value.as_micros()).unwrap_or(u64::MAX))
    }
}
/// A point in time as text, for machines that read it.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
pub(super) fn as_text<S: serde::Serializer>(time: &WallTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&time.rfc3339())
}

/// The same of one that may be missing.
#[expect(clippy::ref_option, reason = "serde calls it so")]
pub(super) fn as_text_if_any<S: serde::Serializer>(
    time: &Option<WallTime>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => as_text(time, to),
        None => to.serialize_none(),
    }
}
