//! The devices view.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::Level;
use crate::render::{brief, clean, count, row};
use crate::tui::app::App;
use crate::tui::overlays::{DeviceLine, Devices};
use crate::tui::theme::Tone;

use super::paint::Pen;

/// Draws the lines in sight over the whole body.
pub(crate) fn devices(app: &App, devices: &Devices, buffer: &mut Buffer, area: Rect) {
    let mut pen = Pen::new(buffer, app.theme, area, 0).over(Tone::BarFocused);
    pen.put(Tone::Strong, " Devices");
    let number = devices.groups().len() as u64;
    pen.put(Tone::Plain, &format!("  {}", count(number, "device")));
    if !devices.is_loaded() {
        Pen::new(buffer, app.theme, area, 2).put(Tone::Plain, "   reading…");
        return;
    }
    for (y, (line, selected)) in (1..).zip(devices.visible()) {
        let mut pen = Pen::new(buffer, app.theme, area, y);
        if selected {
            pen = pen.over(Tone::Selected);
        }
        pen.put(Tone::Plain, app.theme.cursor(selected, true));
        draw(app, devices, &mut pen, line);
    }
}

fn draw(app: &App, devices: &Devices, pen: &mut Pen<'_>, line: DeviceLine) {
    let signs = app.theme.signs();
    let fold = if devices.is_folded(line) { signs.folded } else { signs.unfolded };
    match line {
        DeviceLine::Device(d) => {
            let group = &devices.groups()[d];
            mark(pen, group.level());
            pen.put(Tone::Dim, fold);
            pen.put(Tone::Strong, &clean(&group.device));
            let user = group.rows().map(|row| row.summary.user.as_str()).find(|u| !u.is_empty());
            if let Some(user) = user {
                pen.put(Tone::Plain, &format!("  {}", clean(user)));
            }
            let exchanges = count(group.rows().count() as u64, "exchange");
            pen.put(Tone::Dim, &format!("  {exchanges}"));
            let sessions = group.sessions.iter().filter(|s| !s.session.is_empty()).count();
            if sessions > 0 {
                pen.put(Tone::Dim, &format!(", {}", count(sessions as u64, "session")));
            }
        }
        DeviceLine::Session(d, s) => {
            let group = &devices.groups()[d].sessions[s];
            mark(pen, group.level());
            pen.skip(2);
            pen.put(Tone::Dim, fold);
            pen.put(Tone::Strong, &format!("session {}", clean(&group.session)));
            let exchanges = count(group.rows.len() as u64, "exchange");
            pen.put(Tone::Dim, &format!("  {exchanges}"));
        }
        DeviceLine::Exchange(d, s, r) => {
            let found = &devices.groups()[d].sessions[s].rows[r];
            let text = row(found, app.now);
            mark(pen, text.level);
            pen.put(Tone::Strong, if found.marked { signs.marked } else { " " });
            pen.skip(3);
            for (tone, text, cells) in [
                (Tone::Dim, text.time.as_str(), 9),
                (Tone::Strong, text.command.as_str(), 14),
                (Tone::Level(text.level), text.status.as_str(), 11),
            ] {
                pen.field(tone, text, cells - 1);
                pen.skip(1);
            }
            let facts = if text.facts.is_empty() { &text.path } else { &text.facts };
            pen.put(Tone::Level(text.level), &brief(facts));
        }
    }
}

fn mark(pen: &mut Pen<'_>, level: Level) {
    pen.put(Tone::Level(level), level.mark().encode_utf8(&mut [0; 4]));
}
