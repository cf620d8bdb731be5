//! The selected exchange: bar, overview, header fields and XML; trees and bytes have files of
//! their own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::{LayerId, Leg, Level};
use crate::render::clean;
use crate::tui::action::{Action, Face, Tab};
use crate::tui::app::App;
use crate::tui::fit;
use crate::tui::layout::{Pane, bar_items};
use crate::tui::panes::{Pairs, Scroll};
use crate::tui::prepared::{Half, Prepared};
use crate::tui::theme::Tone;

use super::hex::Dumped;
use super::paint::Pen;
use super::{hex, tree};

/// Draws the bar and the tab that is shown.
pub(crate) fn detail(app: &App, buffer: &mut Buffer, area: Rect) {
    bar(app, buffer, area);
    let content = Rect { y: area.y + 1, height: area.height - 1, ..area };
    match (app.detail.shown(), app.detail.tab()) {
        (None, _) if app.list.len() == 0 => {}
        (None, _) => say(app, buffer, content, &app.instead_of_detail()),
        (Some(shown), Tab::Overview) => {
            pairs(app, buffer, content, &shown.overview, app.detail.overview(), overview_tone);
        }
        (Some(shown), Tab::Leg(leg)) => half(app, buffer, content, shown, leg),
    }
}

/// Draws one half of the exchange as it is to be shown.
fn half(app: &App, buffer: &mut Buffer, area: Rect, shown: &Prepared, leg: Leg) {
    let pane = app.detail.leg(leg);
    let half = shown.half(leg);
    let face = app.detail.face();
    let nothing = match face {
        Face::Headers => half.headers().is_empty(),
        // Bytes are there before they are decoded.
        Face::Hex => half.bytes(LayerId::BODY).is_empty() && half.tree().is_empty(),
        Face::Tree | Face::Xml => half.tree().is_empty(),
    };
    if nothing {
        let why = app.reading().unwrap_or_else(|| shown.missing(leg, app.now));
        say(app, buffer, area, &why);
        return;
    }
    match face {
        Face::Tree => tree::tree(app, buffer, area, shown, leg),
        Face::Headers => {
            pairs(app, buffer, area, half.headers(), pane.headers, |_, _| Tone::Plain);
        }
        Face::Xml => {
            let (layer, _) = pane.selection(half);
            match half.xml_len(layer) {
                0 => say(app, buffer, area, "no document in this body; 4 and 7 show what it is"),
                _ => xml(app, buffer, area, (half, layer), pane.xml),
            }
        }
        Face::Hex => {
            let (layer, span) = pane.selection(half);
            let masked = |offset| half.is_secret(layer, offset);
            let dumped = Dumped {
                bytes: half.bytes(layer),
                selected: span,
                cursor: Some(pane.hex.cursor()),
                masked: &masked,
                top: pane.hex.top(),
                row_bytes: app.detail.room().row_bytes,
            };
            hex::info(app, buffer, area, &half.place(layer, span));
            let rest = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
            hex::hex(app, buffer, rest, &dumped);
        }
    }
}

fn bar(app: &App, buffer: &mut Buffer, area: Rect) {
    let focused = app.focus() == Pane::Detail;
    let tone = if focused { Tone::BarFocused } else { Tone::Bar };
    let mut pen = Pen::new(buffer, app.theme, area, 0).over(tone);
    let mut at = 0;
    for item in bar_items(area.width) {
        let on = is_on(app, item.action);
        let tone = if on { Tone::Strong } else { Tone::Plain };
        // The cell before an item may hold the bracket of the one before it.
        if let Some(gap) = item.x.checked_sub(at + 1) {
            pen.skip(usize::from(gap));
            pen.put(tone, if on { "[" } else { " " });
        }
        pen.put(tone, &format!("{}{}{}", item.key, leg_mark(app, item.action), item.title));
        if on {
            pen.put(tone, "]");
        }
        at = item.x + item.width + u16::from(on);
    }
    let title = title(app);
    let room = pen.room().saturating_sub(2);
    if room >= 4 {
        let text = fit::cut(&title, room);
        pen.skip(room + 1 - fit::width(&text));
        pen.put(Tone::Strong, &text);
    }
}

fn is_on(app: &App, action: Action) -> bool {
    match action {
        Action::Show(tab) => tab == app.detail.tab(),
        Action::ShowAs(face) => face == app.detail.face() && app.detail.tab() != Tab::Overview,
        _ => false,
    }
}

/// The mark of the loudest thing said about the half an item shows.
fn leg_mark(app: &App, action: Action) -> char {
    match (action, app.detail.shown()) {
        (Action::Show(Tab::Leg(leg)), Some(shown)) => shown.level(leg).mark(),
        _ => ' ',
    }
}

/// `#12 Provision`, and what is being read in its place.
fn title(app: &App) -> String {
    match (app.detail.shown(), app.loading()) {
        (_, Some(id)) => format!("reading {id}…"),
        (Some(shown), None) => {
            let command = clean(&shown.detail.annotated.summary.command);
            format!("{} {command}", shown.id()).trim_end().to_owned()
        }
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
        let hit = if app.detail.pair_hit() == Some(at) { Tone::HitNow } else { Tone::Hit };
        let mut pen = Pen::new(buffer, app.theme, area, line);
        let label = fit::cut(label, folded.label);
        pen.mark(app.detail.marked(), &label, hit);
        pen.field_right(Tone::Dim, &label, folded.label);
        pen.skip(2);
        pen.mark(app.detail.marked(), text, hit);
        pen.put(of, text);
    }
}

fn xml(
    app: &App,
    buffer: &mut Buffer,
    area: Rect,
    (half, layer): (Half<'_>, LayerId),
    scroll: Scroll,
) {
    let focused = app.focus() == Pane::Detail;
    let visible = scroll.visible(half.xml_len(layer));
    let (lines, first) = half.xml(layer, visible.clone());
    let texts = lines.iter().skip(first).map(|line| line.text.as_str());
    for ((line, at), text) in (0..).zip(visible).zip(texts) {
        let mut pen = Pen::new(buffer, app.theme, area, line);
        let selected = at == scroll.cursor();
        if selected {
            pen = pen.over(if focused { Tone::Selected } else { Tone::SelectedIdle });
        }
        pen.put(Tone::Plain, app.theme.cursor(selected, focused));
        pen.mark(app.detail.marked(), text, if selected { Tone::HitNow } else { Tone::Hit });
        pen.put(Tone::Plain, text);
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
