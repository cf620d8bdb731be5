//! What takes time, done off the screen's thread.

use std::io::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use tokio::sync::mpsc;

use crate::engine::{EngineError, Viewer};
use crate::model::{Detail, ExchangeId, Leg, Level, WallTime};
use crate::render::{Secrets, count, json, row_line};

use super::action::Export;
use super::copy::extension;
use super::files;
use super::message::{Message, Span, Wanted, Window};
use super::prepared::Prepared;
use super::search::{Needle, Way};

/// Rows read at a time while the list is searched or exported.
const CHUNK: usize = 1000;

/// Runs queries; every one is answered by a message.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    /// What is asked.
    pub(crate) viewer: Viewer,
    /// Where answers go.
    pub(crate) answer: mpsc::Sender<Message>,
}

impl Worker {
    /// Runs a query; its answer comes back as a message, in any case.
    pub(crate) fn query(
        &self,
        what: Wanted,
        query: impl FnOnce(&Viewer) -> Message + Send + 'static,
    ) {
        let Self { viewer, answer } = self.clone();
        // Not awaited: the loop goes on, and an answer that nobody waits for any more is dropped.
        drop(tokio::task::spawn_blocking(move || {
            let message = catch_unwind(AssertUnwindSafe(|| query(&viewer))).unwrap_or_else(|_| {
                Message::Unreadable(what, "reading the capture panicked; see the log".to_owned())
            });
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

/// Rows of the list.
pub(crate) fn window(viewer: &Viewer, span: Span) -> Message {
    let read = || -> Result<Window, EngineError> {
        let total = usize::try_from(viewer.count()?).unwrap_or(usize::MAX);
        let rows = viewer.window(span.offset as u64, span.limit)?;
        Ok(Window { offset: span.offset, rows, total })
    };
    match read() {
        Ok(window) => Message::Window(window),
        Err(error) => Message::Unreadable(Wanted::Window, error.to_string()),
    }
}

/// An exchange, ready to be looked at.
pub(crate) fn detail(viewer: &Viewer, id: ExchangeId, secrets: Secrets) -> Message {
    match viewer.detail(id) {
        Ok(found) => {
            let prepared = found.map(|detail| Box::new(Prepared::new(detail, secrets)));
            Message::Detail(id, prepared)
        }
        Err(error) => Message::Unreadable(Wanted::Detail, error.to_string()),
    }
}

/// The next row that holds what is searched for.
pub(crate) fn find(viewer: &Viewer, needle: &Needle, from: usize, way: Way) -> Message {
    let found = found(viewer, needle, from, way);
    found.map_or_else(|error| Message::Said(Level::Alarm, error.to_string()), Message::Found)
}

fn found(
    viewer: &Viewer,
    needle: &Needle,
    from: usize,
    way: Way,
) -> Result<Option<usize>, EngineError> {
    let total = usize::try_from(viewer.count()?).unwrap_or(usize::MAX);
    let from = from.min(total);
    let hit = |row: &crate::model::Row| {
        needle.is_in(&row_line(row, WallTime::default())) || needle.is_in(&row.path)
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
            let rows = viewer.window(start as u64, CHUNK.min(part.end - start))?;
            let at = match way {
                Way::Forward => rows.iter().position(hit),
                Way::Backward => rows.iter().rposition(hit),
            };
            if let Some(at) = at {
                return Ok(Some(start + at));
            }
        }
    }
    Ok(None)
}

/// Writes one exchange, or the list, into files of the current folder.
pub(crate) fn export(
    viewer: &Viewer,
    id: Option<ExchangeId>,
    how: Export,
    secrets: Secrets,
) -> Message {
    let said = match how {
        Export::Json => export_json(viewer, id, secrets),
        Export::Bodies => export_bodies(viewer, id),
    };
    said.map_or_else(
        |why| Message::Said(Level::Alarm, format!("cannot export: {why}")),
        |said| Message::Said(Level::Info, said),
    )
}

fn export_json(
    viewer: &Viewer,
    id: Option<ExchangeId>,
    secrets: Secrets,
) -> Result<String, String> {
    let stem = id.map_or("synctap-list".to_owned(), |id| format!("synctap-{:06}", id.0));
    let (file, path) = files::create(Path::new("."), &stem, "jsonl").map_err(|e| e.to_string())?;
    let mut file = io::BufWriter::new(file);
    let written = each(viewer, id, |detail| {
        writeln!(file, "{}", json(detail, secrets)).map_err(|error| error.to_string())?;
        Ok(1)
    })?;
    file.flush().map_err(|error| error.to_string())?;
    Ok(format!("wrote {} to {}", count(written, "exchange"), name(&path)))
}

fn export_bodies(viewer: &Viewer, id: Option<ExchangeId>) -> Result<String, String> {
    let mut last = None;
    let written = each(viewer, id, |detail| {
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

/// Does something with one exchange, or with each of the list; adds up what it says.
fn each(
    viewer: &Viewer,
    id: Option<ExchangeId>,
    mut act: impl FnMut(&Detail) -> Result<u64, String>,
) -> Result<u64, String> {
    let mut one = |id| match viewer.detail(id) {
        Ok(Some(detail)) => act(&detail),
        Ok(None) => Ok(0),
        Err(error) => Err(error.to_string()),
    };
    if let Some(id) = id {
        return one(id);
    }
    let (mut offset, mut sum) = (0, 0);
    loop {
        let rows = viewer.window(offset, CHUNK).map_err(|error| error.to_string())?;
        if rows.is_empty() {
            return Ok(sum);
        }
        offset += rows.len() as u64;
        for row in rows {
            sum += one(row.id)?;
        }
    }
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
