//! What the screen has to say.

use crate::engine::{GroupLine, Order};
use crate::model::{ExchangeId, Row};
use crate::render::{Secrets, clean, count};

use super::app::App;
use super::message::Wanted;
use super::standing::Standings;

impl App {
    /// True while something in sight gets older by the second.
    pub(crate) fn ages(&self) -> bool {
        let in_flight = |row: &Row| row.duration.is_none() && row.cause.is_empty();
        let mut rows = self.list.lines().filter_map(|(_, line)| line.and_then(GroupLine::row));
        self.status.connections > 0
            || self.standings.is_due()
            || rows.any(in_flight)
            || self.detail.shown().is_some_and(|shown| shown.detail.exchange.in_flight())
    }

    /// The filter that holds, as it was typed.
    pub(crate) fn filter(&self) -> &str {
        &self.filter.text
    }

    /// The order that holds.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// What is wrong, in one clean line.
    pub(crate) fn alert(&self) -> Option<String> {
        let trouble =
            self.status.trouble.as_deref().map(|why| format!("not recording: {}", clean(why)));
        let unreadable = self.unreadable.as_ref().map(|(_, why)| clean(why).into_owned());
        let ended = self.list.trouble().map(|why| format!("not all was searched: {}", clean(why)));
        trouble.or(unreadable).or(ended)
    }

    /// What is known of the devices.
    pub(crate) fn standings(&self) -> &Standings {
        &self.standings
    }

    /// What to say in place of the selected exchange.
    pub(crate) fn instead_of_detail(&self) -> String {
        match &self.unreadable {
            Some((Wanted::Detail, why)) => clean(why).into_owned(),
            _ => "reading…".to_owned(),
        }
    }

    /// The exchange that is being read, when it is not the one in sight.
    pub(crate) fn loading(&self) -> Option<ExchangeId> {
        let id = self.list.selected()?.id;
        (self.detail_load.running() && !self.detail.is_shown(id)).then_some(id)
    }

    /// What to say while the selected exchange is being read; `None` while it is not.
    pub(crate) fn reading(&self) -> Option<String> {
        let row = self.list.selected().filter(|_| self.detail_load.running())?;
        if let Some((_, done, all)) = self.decoding.filter(|(id, ..)| *id == row.id) {
            return Some(decoded_so_far(done, all));
        }
        let size = row.request_size.saturating_add(row.response_size);
        Some(format!("reading and decoding {}…", count(size, "byte")))
    }

    /// True while new traffic is not looked at.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// True while secrets are shown.
    pub(crate) fn shows_secrets(&self) -> bool {
        self.secrets == Secrets::Shown
    }
}

/// `decoded 1.2 of 8.0 MB`.
#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn decoded_so_far(done: u64, all: u64) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    format!("decoded {:.1} of {:.1} MB", megabytes(done), megabytes(all))
}
