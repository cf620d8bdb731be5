//! Lines of groups: devices and sessions, and the preview of one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::engine::{DeviceBrief, DeviceGroup, GroupFacts, GroupLine, SessionGroup};
use crate::model::{Level, Row};
use crate::render::{clean, count, row, thousands, wipe_line};
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Cells of a device id on a narrow screen.
const ID_WIDTH: usize = 20;

/// Cells by which an exchange stands to the right of its device.
pub(super) const INDENT: usize = 4;

/// A piece of a line.
type Part = (Tone, String);

/// Draws a group behind the cursor's cell; false for an exchange.
pub(super) fn group(app: &App, pen: &mut Pen<'_>, line: &GroupLine) -> bool {
    let Some(facts) = line.facts() else { return false };
    let signs = app.theme.signs();
    let level = level_of(app, line, facts);
    pen.put(Tone::Level(level), level.mark().encode_utf8(&mut [0; 4]));
    let parts = match line {
        GroupLine::Device(device) => device_parts(app, device, pen.room()),
        GroupLine::Session(session) => {
            pen.skip(2);
            session_parts(session)
        }
        GroupLine::Exchange(_) => return false,
    };
    pen.put(Tone::Dim, if facts.open { signs.unfolded } else { signs.folded });
    for (at, (tone, text)) in parts.into_iter().enumerate() {
        // Whole words or nothing: half a number misleads. What one looks for is never left out.
        if at > 0 && fit::width(&text) + 2 > pen.room() && tone != Tone::Alert {
            continue;
        }
        if at > 0 {
            pen.skip(2);
        }
        pen.put(tone, &text);
    }
    true
}

/// A wipe is an alarm wherever it shows.
fn level_of(app: &App, line: &GroupLine, facts: &GroupFacts) -> Level {
    match line {
        GroupLine::Device(device)
            if app.standings().of(&device.device).iter().any(|brief| brief.wipe.is_some()) =>
        {
            Level::Alarm
        }
        _ => facts.level,
    }
}

/// The most important first: what finds no room is left out.
fn device_parts(app: &App, device: &DeviceGroup, room: usize) -> Vec<Part> {
    let briefs = app.standings().of(&device.device);
    let width = if room < 120 { ID_WIDTH } else { 40 };
    let mut parts =
        vec![(Tone::Strong, fit::cut_middle(&clean(&device.device), width).into_owned())];
    let wipe = briefs.iter().find_map(|brief| brief.wipe.as_ref());
    parts.extend(wipe.map(|wipe| (Tone::Alert, format!(" {} ", wipe_line(wipe)))));
    if let Some(brief) = briefs.first().filter(|_| wipe.is_none()) {
        parts.push((Tone::Strong, clean(&brief.standing).into_owned()));
    }
    parts.push((Tone::Plain, count(device.facts.exchanges, "exchange")));
    parts.extend(loud(&device.facts));
    parts.extend(waiting(&briefs));
    if !device.user.is_empty() {
        parts.push((Tone::Plain, clean(&device.user).into_owned()));
    }
    if !device.version.is_empty() {
        parts.push((Tone::Dim, clean(&device.version).into_owned()));
    }
    let findings: u64 = briefs.iter().map(|brief| brief.findings).sum();
    if findings > 0 {
        parts.push((Tone::Level(Level::Notable), count(findings, "finding")));
    }
    parts.extend(device.facts.last.as_deref().map(last));
    if !device.host.is_empty() {
        parts.push((Tone::Dim, clean(&device.host).into_owned()));
    }
    parts
}

fn session_parts(session: &SessionGroup) -> Vec<Part> {
    let time =
        |row: &Option<Box<Row>>| row.as_deref().map(|found| row_of(found).time).unwrap_or_default();
    let name = match session.id.as_str() {
        "" => session.kind.name().to_owned(),
        id => format!("{} session {}", session.kind.name(), clean(id)),
    };
    let facts = &session.facts;
    let mut parts = vec![(Tone::Strong, fit::cut(&name, 40).into_owned())];
    parts.push((Tone::Dim, format!("{}-{}", time(&facts.first), time(&facts.last))));
    parts.push((Tone::Plain, count(facts.exchanges, "exchange")));
    parts.extend(loud(facts));
    parts.extend(facts.last.as_deref().map(last));
    parts
}

fn loud(facts: &GroupFacts) -> Vec<Part> {
    let mut parts = Vec::new();
    for (level, number) in [(Level::Alarm, facts.alarms), (Level::Warning, facts.warnings)] {
        if number > 0 {
            let text = format!("{} {}", level.mark(), thousands(number));
            parts.push((Tone::Level(level), text));
        }
    }
    parts
}

fn waiting(briefs: &[&DeviceBrief]) -> Option<Part> {
    let waiting = briefs.iter().find_map(|brief| brief.waiting)?;
    let heartbeat = waiting.heartbeat.map(|seconds| format!(" {seconds} s")).unwrap_or_default();
    Some((Tone::Live, format!("Ping{heartbeat}…")))
}

fn last(row: &Row) -> Part {
    let text = row_of(row);
    (Tone::Dim, format!("last {} {}", text.command, text.time))
}

fn row_of(found: &Row) -> crate::render::RowText {
    // Ages do not matter here.
    row(found, found.started)
}

/// What is known of the selected group, in the place of an exchange.
pub(super) fn preview(app: &App, line: &GroupLine, buffer: &mut Buffer, area: Rect) {
    let Some(facts) = line.facts() else { return };
    let title = match line {
        GroupLine::Device(_) => " Device",
        _ => " Session",
    };
    Pen::new(buffer, app.theme, area, 0).over(Tone::Bar).put(Tone::Strong, title);
    let mut lines = match line {
        GroupLine::Device(device) => device_preview(app, device),
        _ => Vec::new(),
    };
    lines.push((Tone::Plain, format!("exchanges   {}", thousands(facts.exchanges))));
    lines.push((Tone::Plain, format!("warnings    {}", thousands(facts.warnings))));
    lines.push((Tone::Plain, format!("alarms      {}", thousands(facts.alarms))));
    for (name, found) in [("first", &facts.first), ("last", &facts.last)] {
        if let Some(found) = found {
            let text = row_of(found);
            let words = [&text.time, &text.command, &text.status, &text.facts];
            let words: Vec<_> = words.into_iter().map(String::as_str).collect();
            lines.push((Tone::Plain, format!("{name:<11} {}", words.join(" "))));
        }
    }
    let unread = app.standings().progress();
    lines.extend(unread.map(|part| (Tone::Live, format!("states      reading, {part} %"))));
    for (at, (tone, text)) in (1..).zip(lines) {
        let mut pen = Pen::new(buffer, app.theme, area, at);
        pen.skip(1);
        pen.put(tone, &text);
    }
}

fn device_preview(app: &App, device: &DeviceGroup) -> Vec<Part> {
    let mut lines = vec![(Tone::Strong, format!("device      {}", clean(&device.device)))];
    let briefs = app.standings().of(&device.device);
    for brief in &briefs {
        if let Some(wipe) = &brief.wipe {
            lines.push((Tone::Alert, format!("WIPE        {}", wipe_line(wipe))));
        }
        let who = clean(&brief.key.to_string()).into_owned();
        lines.push((Tone::Strong, format!("state       {}", clean(&brief.standing))));
        if briefs.len() > 1 {
            lines.push((Tone::Plain, format!("            {who}")));
        }
    }
    for (name, text) in
        [("user", &device.user), ("host", &device.host), ("version", &device.version)]
    {
        if !text.is_empty() {
            lines.push((Tone::Plain, format!("{name:<11} {}", clean(text))));
        }
    }
    lines
}
