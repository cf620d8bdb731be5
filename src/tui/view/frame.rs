//! The whole screen.

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::tui::app::App;
use crate::tui::layout::{Areas, LEAST_HEIGHT, LEAST_WIDTH};
use crate::tui::overlays::Overlay;
use crate::tui::theme::Tone;

use super::paint::Pen;
use super::{detail, group, help, list, menu, prompt, sheet, status};

/// Draws `app`.
pub(crate) fn view(app: &App, frame: &mut Frame<'_>) {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let Some(areas) = app.areas() else {
        too_small(app, buffer, area);
        return;
    };
    status::status(app, buffer, areas.status);
    if let (Some(area), Some(why)) = (areas.alert, app.alert()) {
        let mut pen = Pen::new(buffer, app.theme, area, 0).over(Tone::Alert);
        pen.put(Tone::Alert, " X ");
        pen.put(Tone::Alert, &why);
    }
    match app.overlays.last() {
        Some(Overlay::Help(open)) => help::help(app, open, buffer, areas.body),
        Some(Overlay::Sheet(open)) => sheet::sheet(app, open, buffer, areas.body),
        _ => panes(app, buffer, &areas),
    }
    match app.overlays.last() {
        Some(Overlay::Prompt(open)) => prompt::prompt(app, open, buffer, &areas),
        Some(Overlay::Menu(open)) => {
            menu::menu(app, open, buffer, &areas);
            status::footer(app, buffer, areas.footer);
        }
        _ => status::footer(app, buffer, areas.footer),
    }
}

fn panes(app: &App, buffer: &mut Buffer, areas: &Areas) {
    if let Some(area) = areas.list {
        list::list(app, buffer, area);
    }
    if let Some(area) = areas.divider {
        for line in 0..area.height {
            Pen::new(buffer, app.theme, area, line).put(Tone::Dim, app.theme.signs().down);
        }
    }
    if let Some(area) = areas.detail {
        match app.list.selected_line().filter(|line| line.row().is_none()) {
            Some(line) => group::preview(app, line, buffer, area),
            None => detail::detail(app, buffer, area),
        }
    }
}

fn too_small(app: &App, buffer: &mut Buffer, area: Rect) {
    let lines = [
        "too small".to_owned(),
        format!("need {LEAST_WIDTH}x{LEAST_HEIGHT}"),
        "Q quits".to_owned(),
    ];
    for (at, line) in (0..).zip(lines) {
        Pen::new(buffer, app.theme, area, at).put(Tone::Plain, &line);
    }
}
