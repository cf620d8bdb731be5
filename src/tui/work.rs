//! What takes time, done off the screen's thread.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::{mpsc, watch};

use crate::engine::{
    DetailStep, EngineError, Grouping, Listing, Order, ValuePlace, Viewer, WayError, open_value,
};
use crate::model::filter::{Filter, complete};
use crate::model::{Detail, ExchangeId, Leg, Level, Row, WallTime};
use crate::render::{Secrets, count, json, row_line};

use super::action::Export;
use super::copy::extension;
use super::files;
use super::message::{Message, Mode, Selection, Wanted};
use super::overlays::Choice;
use super::prepared::Prepared;
use super::search::{Needle, Way};

/// Rows read at a time while the list is searched or exported.
const CHUNK: usize = 1000;

/// Known values offered for one field of a filter.
const VALUES: usize = 50;

/// What queries ask.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The capture.
    pub(crate) viewer: Viewer,
    /// What of it the list shows, one a line.
    pub(crate) list: Arc<Listing>,
    /// The same by device, while it is shown so.
    pub(crate) groups: Option<Arc<Grouping>>,
}

/// Runs queries; every one is answered by a message.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    /// What is asked.
    pub(crate) source: Source,
    /// The groups shown last, for what is unfolded in them.
    unfolded: Option<Arc<Grouping>>,
    /// Where answers go.
    pub(crate) answer: mpsc::Sender<Message>,
}

impl Worker {
    /// Of a capture, all of which is in the list. Like [`Worker::list`] it must be called on a runtime.
    pub(crate) fn new(viewer: Viewer, answer: mpsc::Sender<Message>) -> Self {
        let list = Arc::new(viewer.listing(Filter::default(), Order::default(), false));
        Self { source: Source { viewer, list, groups: None }, unfolded: None, answer }
    }

    /// Queries ask another list from now on.
    pub(crate) fn list(&mut self, filter: Filter, order: Order, mode: Mode) {
        // What was unfolded when the list was last by device is so again.
        self.unfolded = self.source.groups.take().or(self.unfolded.take());
        if mode == Mode::Devices {
            let like = self.unfolded.take();
            let groups = self.source.viewer.grouping(filter.clone(), like.as_deref());
            self.source.groups = Some(Arc::new(groups));
        }
        self.source.list = Arc::new(self.source.viewer.listing(filter, order, false));
    }

    /// Rings when more was found for the list.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        let Source { list, groups, .. } = &self.source;
        groups.as_ref().map_or_else(|| list.revision(), |groups| groups.revision())
    }

    /// Runs a query; its answer comes back as a message, in any case.
    pub(crate) fn query(
        &self,
        what: Wanted,
        query: impl FnOnce(&Source) -> Message + Send + 'static,
    ) {
        let Self { source, answer, .. } = self.clone();
        // Not awaited: the loop goes on, and an answer that nobody waits for any more is dropped.
        drop(tokio::task::spawn_blocking(move || {
            let message = catch_unwind(AssertUnwindSafe(|| query(&source))).unwrap_or_else(|_| {
                Message::Unreadable(what, "reading the capture panicked; see the log".to_owned())
            });
            // The capture must not be held while the answer waits for the screen.
            drop(source);
            let _ = answer.blocking_send(message);
        }));
    }

    /// Writes a file into the current folder, and says its name after `why`.
    pub(crate) fn write(
        &self,
        why: &'static str,
        write: impl FnOnce(&Path) -> io::Result<PathBuf> + Send + 'static,
    ) {
        self.query(Wanted::Export, move |_| match write(Path::new(".")) {
            Ok(path) => Message::Said(Level::Info, format!("{why}wrote {}", name(&path))),
            Err(error) => Message::Said(Level::Alarm, format!("cannot write a file here: {error}")),
        });
    }
}

/// A number of lines.
pub(crate) fn cells(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Listens for a further server, and says what is left to do.
pub(crate) fn cover(source: &Source, server: &str) -> Message {
    way(source.viewer.cover(server).map(|covered| covered.to_string()))
}

/// Opens a further way in.
pub(crate) fn add_mode(source: &Source, spec: &str) -> Message {
    way(source.viewer.add_mode(spec).map(|address| format!("listening on {address}: {spec}")))
}

fn way(opened: Result<String, WayError>) -> Message {
    match opened {
        Ok(text) => Message::Said(Level::Notable, text),
        Err(error) => Message::Said(Level::Warning, error.to_string()),
    }
}

/// What may stand in a filter.
pub(crate) fn completions(source: &Source, text: String, cursor: usize) -> Message {
    // Without the capture's values the language's own are offered all the same.
    let mut known =
        |field, prefix: &str| source.viewer.known_values(field, prefix, VALUES).unwrap_or_default();
    let found = complete(&text, cursor, &mut known);
    let choices = found.into_iter().map(|found| Choice {
        text: found.text,
        from: found.from,
        to: found.to,
        what: found.what.to_owned(),
    });
    let choices = choices.collect();
    Message::Completed(text, choices)
}

/// Takes all marks away.
pub(crate) fn unmark_all(source: &Source) -> Message {
    let unmark = |row: &Row| {
        if row.marked {
            source.viewer.mark(row.id, false);
        }
        Ok(0)
    };
    match each_row(|offset| source.viewer.window(offset, CHUNK), unmark) {
        Ok(_) => Message::Marked,
        Err(why) => Message::Said(Level::Alarm, why),
    }
}

/// An exchange, ready to be looked at.
pub(crate) fn detail(
    source: &Source,
    id: ExchangeId,
    secrets: Secrets,
    answer: &mpsc::Sender<Message>,
) -> Message {
    // What there is no room for is not waited for: it is only news of what is coming.
    let tell = |step| {
        let _ = answer.try_send(match step {
            DetailStep::Bodies(detail) => {
                Message::Undecoded(Arc::new(Prepared::undecoded(*detail, secrets)))
            }
            DetailStep::Decoding { done, all } => Message::Decoding(id, done as u64, all as u64),
        });
    };
    match source.viewer.detail_in_steps(id, &tell) {
        Ok(found) => {
            let prepared = found.map(|detail| Arc::new(Prepared::new(detail, secrets)));
            Message::Detail(id, prepared)
        }
        Err(error) => Message::Unreadable(Wanted::Detail, error.to_string()),
    }
}

/// An exchange with these values open; without an answer when the last one holds nothing.
pub(crate) fn open(
    source: &Source,
    id: ExchangeId,
    secrets: Secrets,
    places: Vec<ValuePlace>,
) -> Message {
    let mut detail = match source.viewer.detail(id) {
        Ok(Some(detail)) => detail,
        Ok(None) => return Message::Opened(id, None),
        Err(error) => return Message::Said(Level::Alarm, error.to_string()),
    };
    let mut found = false;
    for place in &places {
        found = open_value(&mut detail, *place);
    }
    let prepared = found.then(|| {
        let mut prepared = Prepared::new(detail, secrets);
        prepared.opened = places;
        Arc::new(prepared)
    });
    Message::Opened(id, prepared)
}

/// The next row that holds what is searched for.
pub(crate) fn find(
    source: &Source,
    needle: &Needle,
    from: Option<ExchangeId>,
    way: Way,
) -> Message {
    let found = found(&source.list, needle, from, way);
    found.map_or_else(|error| Message::Said(Level::Alarm, error.to_string()), Message::Found)
}

fn found(
    list: &Listing,
    needle: &Needle,
    from: Option<ExchangeId>,
    way: Way,
) -> Result<Option<ExchangeId>, EngineError> {
    let total = cells(list.count());
    let from = from.map(|id| list.position(id)).transpose()?.flatten();
    let from = cells(from.unwrap_or(0)).min(total);
    let hit = |row: &Row| {
        needle.is_in(&row_line(row, WallTime::default(), Secrets::Masked))
            || needle.is_in(&row.path)
    };
    let after = (from + 1).min(total);
    let parts = match way {
        Way::Forward => [after..total, 0..after],
        Way::Backward => [0..from, from..total],
    };
    for part in parts {
        let chunks = (part.start..part.end).step_by(CHUNK);
        let starts: Vec<_> = match way {
            Way::Forward => chunks.collect(),
            Way::Backward => chunks.rev().collect(),
        };
        for start in starts {
            let rows = list.window(start as u64, CHUNK.min(part.end - start))?;
            let found = match way {
                Way::Forward => rows.iter().find(|row| hit(row)),
                Way::Backward => rows.iter().rfind(|row| hit(row)),
            };
            if let Some(found) = found {
                return Ok(Some(found.id));
            }
        }
    }
    Ok(None)
}

/// Writes exchanges into files of the current folder.
pub(crate) fn export(source: &Source, which: Selection, how: Export, secrets: Secrets) -> Message {
    let said = match how {
        Export::Json => export_json(source, which, secrets),
        Export::Bodies => export_bodies(source, which),
    };
    said.map_or_else(
        |why| Message::Said(Level::Alarm, format!("cannot export: {why}")),
        |said| Message::Said(Level::Info, said),
    )
}

fn export_json(source: &Source, which: Selection, secrets: Secrets) -> Result<String, String> {
    let stem = match which {
        Selection::One(id) => format!("synctap-{:06}", id.0),
        Selection::Marked => "synctap-marked".to_owned(),
        Selection::All => "synctap-list".to_owned(),
    };
    let (file, path) = files::create(Path::new("."), &stem, "jsonl").map_err(|e| e.to_string())?;
    let mut file = io::BufWriter::new(file);
    let written = each(source, which, |detail| {
        writeln!(file, "{}", json(detail, secrets)).map_err(|error| error.to_string())?;
        Ok(1)
    })?;
    file.flush().map_err(|error| error.to_string())?;
    Ok(format!("wrote {} to {}", count(written, "exchange"), name(&path)))
}

fn export_bodies(source: &Source, which: Selection) -> Result<String, String> {
    let mut last = None;
    let written = each(source, which, |detail| {
        let mut written = 0;
        for leg in [Leg::Request, Leg::Response] {
            let body = detail.decoded(leg).and_then(|decoded| decoded.layers.first());
            let Some(layer) = body.filter(|layer| !layer.bytes.is_empty()) else { continue };
            let stem = format!("synctap-{:06}-{}", detail.exchange.id.0, leg.name());
            let path = files::write(Path::new("."), &stem, extension(&layer.format), &layer.bytes);
            last = Some(path.map_err(|error| error.to_string())?);
            written += 1;
        }
        Ok(written)
    })?;
    let last = last.map(|path| format!(", the last {}", name(&path))).unwrap_or_default();
    Ok(format!("wrote {}{last}", count(written, "file")))
}

/// Does something with each of these exchanges; adds up what it says.
fn each(
    source: &Source,
    which: Selection,
    mut act: impl FnMut(&Detail) -> Result<u64, String>,
) -> Result<u64, String> {
    let mut one = |id| match source.viewer.detail(id) {
        Ok(Some(detail)) => act(&detail),
        Ok(None) => Ok(0),
        Err(error) => Err(error.to_string()),
    };
    if let Selection::One(id) = which {
        return one(id);
    }
    each_row(
        |offset| source.list.window(offset, CHUNK),
        |row| if row.marked || which == Selection::All { one(row.id) } else { Ok(0) },
    )
}

fn each_row(
    read: impl Fn(u64) -> Result<Vec<Row>, EngineError>,
    mut act: impl FnMut(&Row) -> Result<u64, String>,
) -> Result<u64, String> {
    let (mut offset, mut sum) = (0, 0);
    loop {
        let rows = read(offset).map_err(|error| error.to_string())?;
        if rows.is_empty() {
            return Ok(sum);
        }
        offset += rows.len() as u64;
        for row in &rows {
            sum += act(row)?;
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
