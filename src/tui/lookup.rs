//! What the list and sheets ask of the capture, done off the screen's thread.

use crate::engine::{EngineError, GroupName, Grouping};
use crate::model::Level;

use super::message::{Message, Seek, Span, Wanted, Window};
use super::overlays::Topic;
use super::sheets;
use super::work::{Source, cells};

/// Exchanges that are read for devices before one looks whether anybody still asks.
const LEARNED: usize = 4_096;

/// Lines of the list, and the place of one in it.
pub(super) fn window(source: &Source, span: Span, seek: Option<Seek>) -> Message {
    let read = match &source.groups {
        Some(groups) => grouped(source, groups, span, seek),
        None => listed(source, span, seek),
    };
    match read {
        Ok(window) => Message::Window(window),
        Err(error) => Message::Unreadable(Wanted::Window, error.to_string()),
    }
}

fn listed(source: &Source, span: Span, seek: Option<Seek>) -> Result<Window, EngineError> {
    let list = &source.list;
    let progress = list.progress();
    let id = match &seek {
        Some(Seek::Stay(GroupName::Exchange(id)) | Seek::Go(GroupName::Exchange(id))) => Some(*id),
        _ => None,
    };
    let at = id.map(|id| list.position(id)).transpose()?.flatten().map(cells);
    let offset = around(span, at);
    let rows = list.window(offset as u64, span.limit)?;
    Ok(Window {
        offset,
        lines: Window::lines_of(rows),
        total: cells(list.count()),
        all: cells(source.viewer.count()?),
        sums: None,
        looked_at: (!progress.done).then_some(progress.scanned),
        trouble: progress.error,
        sought: seek,
        at,
    })
}

fn grouped(
    source: &Source,
    groups: &Grouping,
    span: Span,
    seek: Option<Seek>,
) -> Result<Window, EngineError> {
    let progress = groups.progress();
    let name = match &seek {
        Some(Seek::Stay(name) | Seek::Go(name)) => Some(name.clone()),
        Some(Seek::Newest) => {
            let newest = source.list.window(source.list.count().saturating_sub(1), 1)?;
            newest.first().map(|row| GroupName::Exchange(row.id))
        }
        None => None,
    };
    if let (Some(Seek::Go(_) | Seek::Newest), Some(GroupName::Exchange(id))) = (&seek, &name) {
        groups.reveal(*id)?;
    }
    let at = name.map(|name| groups.line_of(&name)).transpose()?.flatten().map(cells);
    let offset = around(span, at);
    let lines = groups.window(offset as u64, span.limit)?;
    Ok(Window {
        offset,
        lines,
        total: cells(groups.count()),
        all: cells(source.viewer.count()?),
        sums: Some(groups.sums()),
        looked_at: (!progress.done).then_some(progress.scanned),
        trouble: progress.error,
        sought: seek,
        at,
    })
}

/// The first line to read: around the one that was asked for, where the span does not hold it.
fn around(span: Span, at: Option<usize>) -> usize {
    let missed = at.filter(|at| !(span.offset..span.offset + span.limit).contains(at));
    missed.map_or(span.offset, |at| at.saturating_sub(span.limit / 2))
}

/// Folds a group, or unfolds it; every group without a name.
pub(super) fn fold(source: &Source, name: Option<&GroupName>, open: bool) -> Message {
    if let Some(groups) = &source.groups {
        match name {
            Some(name) => {
                groups.fold(name, open);
            }
            None => groups.fold_all(open),
        }
    }
    Message::Folded
}

/// More of what is known of the devices.
pub(super) fn devices(source: &Source) -> Message {
    match source.viewer.learn_devices(LEARNED) {
        Ok(learned) => Message::Devices(learned),
        Err(error) => Message::Unreadable(Wanted::Devices, error.to_string()),
    }
}

/// The pages of a sheet.
pub(super) fn sheet(source: &Source, topic: Topic) -> Message {
    let viewer = &source.viewer;
    let pages = match &topic {
        Topic::SetUp => {
            sheets::of_set_up(&viewer.status(), viewer.pages(), &viewer.lan_addresses())
        }
        Topic::Ledger(id) => match viewer.learn_syncml_session(*id, LEARNED) {
            Ok(learned) => sheets::of_ledger(&learned),
            Err(error) => return Message::Unreadable(Wanted::Sheet, error.to_string()),
        },
        Topic::Device(device) => match viewer.learn_device(device, LEARNED) {
            Ok(learned) => sheets::of_devices(&learned),
            Err(error) => return Message::Unreadable(Wanted::Sheet, error.to_string()),
        },
    };
    Message::Sheet(topic, pages)
}

/// Passes TLS to a host on unread from now on, or opens it again.
pub(super) fn toggle_passthrough(source: &Source, host: &str) -> Message {
    let viewer = &source.viewer;
    let pass = viewer.passthrough(host).is_none();
    let said = match (viewer.set_passthrough(host, pass), pass) {
        (false, _) => {
            return Message::Said(Level::Warning, "no proxy is running: this is a file".into());
        }
        (true, true) => format!("new connections to {host} are passed on unread"),
        (true, false) => format!("new connections to {host} are opened"),
    };
    Message::Said(Level::Notable, said)
}
