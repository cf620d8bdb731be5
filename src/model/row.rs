//! One line of a list: the summary cache of an exchange.

use serde::{Deserialize, Serialize};

use super::annotation::{Finding, Level, Summary};
use super::clock::WallTime;
use super::exchange::{Exchange, Kind, Side, State};
use super::filter::Field;
use super::ids::ExchangeId;

/// How far a row's exchange got, without the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// Still going.
    InFlight,
    /// Done.
    Complete,
    /// Failed on this side.
    Failed(Side),
    /// In flight when the capture was cut off.
    CutOff,
}

/// What a list shows and filters by. A function of the exchange, its summary and what the user said
/// of it; the first two are cached in the capture with the decoder's version, rebuilt when that is
/// older, the last is kept beside them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "facts that are independent of each other")]
pub struct Row {
    /// Which exchange.
    pub id: ExchangeId,
    /// When it began.
    pub started: WallTime,
    /// What it records.
    pub kind: Kind,
    /// How far it got.
    pub progress: Progress,
    /// Client address without port.
    pub client: String,
    /// HTTP method; empty when there was no request.
    pub method: String,
    /// Host with unusual port.
    pub host: String,
    /// Path with query.
    pub path: String,
    /// HTTP status.
    pub http_status: Option<u16>,
    /// Request body bytes forwarded (tunnels: bytes up).
    pub request_size: u64,
    /// Response body bytes forwarded (tunnels: bytes down).
    pub response_size: u64,
    /// A body in the capture is shorter than what was forwarded.
    pub truncated: bool,
    /// The request body is.
    #[serde(default, skip_serializing_if = "is_false")]
    pub request_truncated: bool,
    /// The response body is. Rows of older captures do not tell the two apart.
    #[serde(default, skip_serializing_if = "is_false")]
    pub response_truncated: bool,
    /// From begin to close, in microseconds; `None` in flight.
    pub duration: Option<u64>,
    /// The failure's cause; empty when there is none.
    pub cause: String,
    /// What it is about.
    pub summary: Summary,
    /// What breaks a rule, as far as the exchanges before it were known; loudest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// The user marked it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub marked: bool,
    /// The user's words about it, at most 4 KiB; empty when there are none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// The user deleted it from view.
    #[serde(default, skip_serializing_if = "is_false")]
    pub hidden: bool,
}

/// What the user says of an exchange; `None` leaves it as it was.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Marking {
    /// It is marked, or not.
    pub marked: Option<bool>,
    /// Words about it, of which the first 4 KiB are kept; empty takes them away.
    pub comment: Option<String>,
    /// It is deleted from view, or not.
    pub hidden: Option<bool>,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SortBy {
    /// When exchanges began.
    Started,
    /// A field. Fields of bodies have no order of their own: then the list keeps that of arrival.
    Field(Field),
}

impl Row {
    /// The row of `exchange`, about which `summary` is known and the user said nothing.
    pub fn new(exchange: &Exchange, summary: Summary) -> Self {
        let request = exchange.request.as_ref();
        let response = exchange.response.as_ref();
        let (progress, cause) = match &exchange.state {
            State::InFlight => (Progress::InFlight, String::new()),
            State::Complete => (Progress::Complete, String::new()),
            State::CutOff => (Progress::CutOff, "cut off: synctap was stopped".to_owned()),
            State::Failed(failure) => (Progress::Failed(failure.side), failure.cause.clone()),
        };
        let relayed = exchange.relayed.unwrap_or_default();
        Self {
            id: exchange.id,
            started: exchange.started,
            kind: exchange.kind,
            progress,
            client: exchange.client.rsplit_once(':').map_or("", |(ip, _)| ip).to_owned(),
            method: request.map(|r| r.method.clone()).unwrap_or_default(),
            host: exchange.authority(),
            path: request.map(|r| r.path_and_query().to_owned()).unwrap_or_default(),
            http_status: response.map(|r| r.status),
            request_size: request.map_or(0, |r| r.body.seen) + relayed.up,
            response_size: response.map_or(0, |r| r.body.seen) + relayed.down,
            truncated: exchange.truncated(),
            request_truncated: request.is_some_and(|r| r.body.truncated()),
            response_truncated: response.is_some_and(|r| r.body.truncated()),
            duration: exchange.times.closed.map(|t| t.0),
            cause,
            summary,
            findings: Vec::new(),
            marked: false,
            comment: String::new(),
            hidden: false,
        }
    }

    /// The row of `exchange`, about which the same is said.
    pub fn anew(&self, exchange: &Exchange) -> Self {
        let findings = self.findings.clone();
        Self { findings, ..Self::new(exchange, self.summary.clone()) }
    }

    /// The loudest level: a failure is always an alarm, a truncated body always worth a look.
    pub fn level(&self) -> Level {
        match self.progress {
            Progress::Failed(_) => Level::Alarm,
            Progress::CutOff => self.summary.level.max(Level::Warning),
            _ if self.truncated => self.summary.level.max(Level::Notable),
            _ => self.summary.level,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(flag: &bool) -> bool {
    !flag
}
