//! Values of fields.

use super::field::Field;
use super::number::rank;
use crate::model::{Kind, Progress, Protocol, Row};

/// What a row says of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldValue<'a> {
    /// Text; empty when there is none.
    Text(&'a str),
    /// A number in the unit of the field (bytes, microseconds, rank, 0 or 1), at most `i64::MAX`:
    /// anything above counts as that. `None` when there is none.
    Number(Option<u64>),
    /// A row does not say.
    Body,
}

/// Largest number: what a capture can order.
const LARGEST: u64 = i64::MAX.unsigned_abs();

impl Row {
    /// The value of a field.
    pub fn field(&self, field: Field) -> FieldValue<'_> {
        let summary = &self.summary;
        let text: &str = match field {
            Field::Client => &self.client,
            Field::Command => &summary.command,
            Field::Comment => &self.comment,
            Field::Device => &summary.device,
            Field::Error => &self.cause,
            Field::Facts => &summary.facts,
            Field::Host => &self.host,
            Field::Kind => match self.kind {
                Kind::Http => "http",
                Kind::Tunnel => "tunnel",
                Kind::Connection => "connection",
            },
            Field::Method => &self.method,
            Field::Path => &self.path,
            Field::Protocol => match summary.protocol {
                Protocol::Http => "http",
                Protocol::ActiveSync => "activesync",
                Protocol::SyncMl => "syncml",
                Protocol::Enrolment => "enrolment",
            },
            Field::Session => &summary.session,
            Field::State => match self.progress {
                Progress::InFlight => "in_flight",
                Progress::Complete => "complete",
                Progress::Failed(_) => "failed",
                Progress::CutOff => "cut_off",
            },
            Field::Status => &summary.status,
            Field::User => &summary.user,
            Field::Version => &summary.version,
            Field::Body | Field::Header | Field::LocUri | Field::Tag => return FieldValue::Body,
            _ => return FieldValue::Number(self.number(field).map(|number| number.min(LARGEST))),
        };
        FieldValue::Text(text)
    }

    fn number(&self, field: Field) -> Option<u64> {
        match field {
            Field::Hidden => Some(u64::from(self.hidden)),
            Field::Http => self.http_status.map(u64::from),
            Field::Id => Some(self.id.0),
            Field::Level => Some(rank(self.level())),
            Field::Mark => Some(u64::from(self.marked)),
            Field::PolicyKey => self.summary.policy_key.map(|key| u64::from(key.0)),
            Field::RequestSize => Some(self.request_size),
            Field::ResponseSize => Some(self.response_size),
            Field::Size => Some(self.request_size.saturating_add(self.response_size)),
            Field::Time => self.duration,
            Field::Truncated => Some(u64::from(self.truncated)),
            _ => None,
        }
    }
}
