//! The selected exchange: bar, overview, header fields and XML; trees and bytes have files of
//! their own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{Leg, Level};
use crate::render::{XmlLine, clean};
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::{Pane, bar_items};
use crate::tui::message::{Action, Face, Tab};
use crate::tui::panes::{Pairs, Scroll};
use crate::tui::theme::{CURSOR, CURSOR_IDLE, Tone};

use super::paint::Pen;
use super::{hex, tree};

/// Draws the bar and the tab that is shown.
pub(crate) fn detail(app: &App, buffer: &mut Buffer, area: Rect) {
    bar(app, buffer, area);
    let content = Rect { y: area.y + 1, height: area.height - 1, ..area };
    let Some(shown) = app.detail.shown() else {
        if app.list.len() > 0 {
            say(app, buffer, content, "reading…");
        }
        return;
    };
    let Tab::Leg(leg) = app.detail.tab() else {
        let tone = |label: &str, text: &str| overview_tone(label, text);
        pairs(app, buffer, content, &shown.overview, app.detail.overview(), tone);
        return;
    };
    let pane = app.detail.leg(leg);
    let lines = shown.leg(leg);
    match app.detail.face() {
        Face::Headers if lines.headers.is_empty() => {
            say(app, buffer, content, &shown.missing(leg, app.now));
        }
        Face::Headers => {
            pairs(app, buffer, content, &lines.headers, pane.headers, |_, _| Tone::Plain);
        }
        _ if lines.tree.is_empty() => say(app, buffer, content, &shown.missing(leg, app.now)),
        Face::Tree => tree::tree(app, buffer, content, shown, leg),
        Face::Xml => {
            let (layer, _) = pane.selection(lines);
            match lines.document(layer).filter(|(_, lines)| !lines.is_empty()) {
                Some((_, lines)) => xml(app, buffer, content, lines, pane.xml),
                None => {
                    say(app, buffer, content, "no document in this body; 4 and 7 show what it is")
                }
            }
        }
        Face::Hex => {
            let (layer, span) = pane.selection(lines);
            hex::info(app, buffer, content, &shown.place(leg, layer, span));
            let bytes =
                Rect { y: content.y + 1, height: content.height.saturating_sub(1), ..content };
            let row_bytes = app.detail.room().row_bytes;
            hex::hex(
                app,
                buffer,
                bytes,
                (shown.bytes(leg, layer), span),
                pane.hex.top(),
                row_bytes,
            );
        }
    }
}

fn bar(app: &App, buffer: &mut Buffer, area: Rect) {
    let focused = app.focus() == Pane::Detail;
    let tone = if focused { Tone::BarFocused } else { Tone::Bar };
    let items = bar_items(area.width);
    let mut pen = Pen::new(buffer, app.theme, area, 0).over(tone);
    let mut at = 0;
    for item in items {
        pen.skip(usize::from(item.x.saturating_sub(at)));
        at = item.x + item.width;
        let on = match item.action {
            Action::Show(tab) => tab == app.detail.tab(),
            Action::ShowAs(face) => face == app.detail.face() && app.detail.tab() != Tab::Overview,
            _ => false,
        };
        pen.put(Tone::Dim, &item.key.to_string());
        pen.put(Tone::Plain, if on { "▸" } else { " " });
        pen.put(if on { Tone::BarChosen } else { Tone::Plain }, item.title);
    }
    let title = title(app);
    let room = pen.room().saturating_sub(2);
    if room >= 4 {
        let text = fit::cut(&title, room);
        pen.skip(room + 1 - fit::width(&text));
        pen.put(Tone::Strong, &text);
    }
}

/// `#12 Provision`, and what is being read in its place.
fn title(app: &App) -> String {
    let shown = app.detail.shown().map(|shown| {
        let summary = &shown.detail.annotated.summary;
        let mark = [Leg::Request, Leg::Response].map(|leg| shown.level(leg)).into_iter().max();
        let mark = match mark.unwrap_or_default() {
            Level::Info => String::new(),
            level => format!("{} ", level.mark()),
        };
        format!("{mark}{} {}", shown.id(), clean(&summary.command))
    });
    match (shown, app.loading()) {
        (_, Some(id)) => format!("reading {id}…"),
        (Some(shown), None) => shown.trim_end().to_owned(),
        (None, None) => String::new(),
    }
}

fn overview_tone(label: &str, text: &str) -> Tone {
    let loud = [Level::Alarm, Level::Warning, Level::Notable];
    let marked = |level: &&Level| {
        let mut start = text.chars();
        start.next() == Some(level.mark()) && start.next() == Some(' ')
    };
    match loud.iter().find(marked) {
        Some(level) => Tone::Level(*level),
        None if label == "exchange" => Tone::Strong,
        None => Tone::Plain,
    }
}

fn pairs(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    pairs: &[(String, String)],
    scroll: Scroll,
    tone: impl Fn(&str, &str) -> Tone,
) {
    let folded = Pairs::new(pairs, usize::from(area.width));
    let visible = scroll.visible(folded.len());
    let mut of = Tone::Plain;
    for (at, (label, text)) in folded.lines().iter().enumerate().take(visible.end) {
        if !label.is_empty() {
            of = tone(label, text);
        }
        let Some(line) = at.checked_sub(visible.start).and_then(|l| u16::try_from(l).ok()) else {
            continue;
        };
        let mut pen = Pen::new(buffer, app.theme, area, line);
        pen.field_right(Tone::Dim, &fit::cut(label, folded.label), folded.label);
        pen.skip(2);
        pen.put(of, text);
    }
}

fn xml(app: &App, buffer: &mut Buffer, area: Rect, lines: &[XmlLine], scroll: Scroll) {
    let focused = app.focus() == Pane::Detail;
    for (line, at) in (0..).zip(scroll.visible(lines.len())) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        let selected = at == scroll.cursor();
        if selected {
            pen = pen.over(if focused { Tone::Selected } else { Tone::SelectedIdle });
        }
        pen.put(Tone::Plain, cursor(selected, focused));
        pen.put(Tone::Plain, &lines[at].text);
    }
}

/// The cell before a line that can be selected.
pub(crate) fn cursor(selected: bool, focused: bool) -> &'static str {
    match (selected, focused) {
        (true, true) => CURSOR,
        (true, false) => CURSOR_IDLE,
        (false, _) => " ",
    }
}

fn say(app: &App, buffer: &mut Buffer, area: Rect, text: &str) {
    let room = usize::from(area.width.saturating_sub(4));
    for (line, text) in (1..).zip(fit::fold(text, room, 4)) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        pen.skip(2);
        pen.put(Tone::Plain, &text);
    }
}
