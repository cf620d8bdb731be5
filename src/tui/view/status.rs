//! The first and the last line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::render::{clean, count, thousands};
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::footer::items;
use crate::tui::theme::Tone;

use super::paint::Pen;

/// What listens, what is recorded, and where in it we are.
pub(crate) fn status(app: &App, buffer: &mut Buffer, area: Rect) {
    let right = position(app);
    let right_width = right.iter().map(|(_, text)| fit::width(text) + 2).sum::<usize>();
    let mut pen = Pen::new(buffer, app.theme, area, 0);
    pen.put(Tone::Strong, " synctap");
    // What must not be overlooked comes first and is never dropped.
    for alert in alerts(app) {
        pen.put(Tone::Plain, " ");
        pen.put(Tone::Alert, &alert);
    }
    for (tone, text) in facts(app) {
        let room = pen.room().saturating_sub(right_width + 2);
        let fitting = if text.width <= room { Some(text.text) } else { text.cut(room) };
        let Some(text) = fitting else { continue };
        pen.put(Tone::Plain, "  ");
        pen.put(tone, &text);
    }
    let gap = pen.room().saturating_sub(right_width);
    pen.skip(gap);
    for (tone, text) in right {
        pen.put(Tone::Plain, "  ");
        pen.put(tone, &text);
    }
}

/// What was done last, else the keys that matter now.
pub(crate) fn footer(app: &App, buffer: &mut Buffer, area: Rect) {
    let mut pen = Pen::new(buffer, app.theme, area, 0);
    if let Some((level, text)) = &app.notice {
        pen.put(Tone::Level(*level), &format!(" {} ", level.mark()));
        pen.put(Tone::Plain, text);
        return;
    }
    let mut at = 0;
    for item in items(app, area.width) {
        pen.skip(usize::from(item.x.saturating_sub(at)));
        at = item.cells().end;
        pen.put(Tone::Key, &item.key);
        pen.put(Tone::Plain, " ");
        pen.put(Tone::Plain, item.label);
    }
}

fn alerts(app: &App) -> Vec<String> {
    let mut alerts = Vec::new();
    if app.status.insecure_upstream {
        alerts.push(" INSECURE UPSTREAM ".to_owned());
    }
    if app.status.lost > 0 {
        alerts.push(format!(" {} LOST ", thousands(app.status.lost)));
    }
    alerts
}

/// A part of the line that may be shortened, or left out.
struct Part {
    text: String,
    width: usize,
    /// Cells below which it is not worth showing.
    least: usize,
    /// Its start tells more than its end.
    from_end: bool,
}

impl Part {
    fn new(text: String, least: usize) -> Self {
        Self { width: fit::width(&text), text, least, from_end: false }
    }

    fn cut(&self, room: usize) -> Option<String> {
        let cut = if self.from_end { fit::cut } else { fit::cut_left };
        (room >= self.least).then(|| cut(&self.text, room).into_owned())
    }
}

fn facts(app: &App) -> Vec<(Tone, Part)> {
    let status = &app.status;
    let mut parts = Vec::new();
    if !app.filter().is_empty() {
        let text = format!("filter: {}", clean(app.filter()));
        parts.push((Tone::Strong, Part { from_end: true, ..Part::new(text, 16) }));
    }
    for listener in &status.listeners {
        parts.push((Tone::Live, Part::new(clean(listener).into_owned(), 16)));
    }
    if !status.listeners.is_empty() {
        parts.push((Tone::Plain, Part::new(count(status.connections, "connection"), 99)));
    }
    if status.truncated > 0 {
        let text = format!("{} truncated", thousands(status.truncated));
        parts.push((Tone::Plain, Part::new(text, 99)));
    }
    if !status.capture.is_empty() {
        parts.push((Tone::Dim, Part::new(clean(&status.capture).into_owned(), 16)));
    }
    parts
}

fn position(app: &App) -> Vec<(Tone, String)> {
    let (total, all) = (app.list.len() as u64, app.list.all() as u64);
    let mut parts = Vec::new();
    if let Some(looked_at) = app.list.looked_at() {
        let percent = looked_at * 100 / (app.list.all() as u64).max(1);
        parts.push((Tone::Live, format!("searching {percent} %")));
    }
    if app.shows_secrets() {
        parts.push((Tone::Alert, " SECRETS ".to_owned()));
    }
    if app.is_paused() {
        parts.push((Tone::Live, "PAUSED".to_owned()));
    } else if app.list.follows() {
        parts.push((Tone::Live, "FOLLOW".to_owned()));
    } else if app.list.unseen() > 0 {
        let new = format!("{} new", thousands(app.list.unseen() as u64));
        parts.push((Tone::Strong, new));
    }
    if let Some((devices, exchanges)) = app.list.sums() {
        let of = if exchanges == all { String::new() } else { format!(" of {}", thousands(all)) };
        let (exchanges, devices) = (thousands(exchanges), count(devices, "device"));
        parts.push((Tone::Plain, format!("{exchanges}{of} in {devices} ")));
    } else if total > 0 {
        let at = thousands(app.list.cursor() as u64 + 1);
        let of = if total == all { String::new() } else { format!(" of {}", thousands(all)) };
        parts.push((Tone::Plain, format!("{at}/{}{of} ", thousands(total))));
    } else if all > 0 {
        parts.push((Tone::Plain, format!("0/{} ", thousands(all))));
    } else {
        parts.push((Tone::Plain, format!("{} ", count(0, "exchange"))));
    }
    parts
}
