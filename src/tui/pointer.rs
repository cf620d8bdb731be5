//! What the mouse does.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::action::{Action, Step};
use super::app::App;
use super::footer;
use super::layout::{Areas, Pane, bar_items};
use super::message::Effect;
use super::overlays::Overlay;
use super::view::{gutter, list_columns};

/// Lines one turn of the wheel moves.
const WHEEL_LINES: isize = 3;

impl App {
    /// Takes what the mouse did.
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Option<Effect> {
        let areas = self.areas()?;
        let at = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(&areas, at, WHEEL_LINES),
            MouseEventKind::ScrollUp => self.wheel(&areas, at, -WHEEL_LINES),
            MouseEventKind::Down(MouseButton::Left) => return self.click(&areas, at),
            MouseEventKind::Drag(MouseButton::Left) if self.drawing_edge => {
                self.list_share = Some(areas.share_at(at));
            }
            MouseEventKind::Up(MouseButton::Left) => self.drawing_edge = false,
            _ => {}
        }
        None
    }

    fn wheel(&mut self, areas: &Areas, at: Position, lines: isize) {
        match self.overlays.last_mut() {
            Some(Overlay::Sheet(sheet)) => return sheet.wheel(lines),
            Some(Overlay::Help(help)) => return help.wheel(lines),
            Some(Overlay::Prompt(prompt)) => return prompt.wheel(lines > 0),
            Some(Overlay::Menu(menu)) => {
                return menu.step(if lines > 0 { Step::Down } else { Step::Up });
            }
            None => {}
        }
        if areas.list.is_some_and(|list| list.contains(at)) {
            self.seek = None;
            self.list.wheel(lines);
        } else if areas.detail.is_some_and(|detail| detail.contains(at)) {
            self.detail.wheel(lines);
        }
    }

    fn click(&mut self, areas: &Areas, at: Position) -> Option<Effect> {
        self.notice = None;
        if areas.footer.contains(at) && !matches!(self.overlays.last(), Some(Overlay::Prompt(_))) {
            let items = footer::items(self, areas.footer.width);
            let hit = items.iter().find(|item| item.cells().contains(&at.x))?;
            return self.act(hit.action);
        }
        if !self.overlays.is_empty() {
            return self.click_overlay(areas, at);
        }
        self.drawing_edge = areas.is_edge(at);
        if let Some(area) = areas.list.filter(|area| area.contains(at)) {
            return self.click_list(area, at);
        }
        let area = areas.detail.filter(|area| area.contains(at))?;
        self.focus = Pane::Detail;
        if at.y == area.y {
            let x = at.x - area.x;
            let item =
                bar_items(area.width).into_iter().find(|i| (i.x..i.x + i.width).contains(&x));
            return self.act(item?.action);
        }
        self.detail.point(usize::from(at.y - area.y - 1));
        None
    }

    /// A click on a choice takes it; a click elsewhere closes what is open.
    fn click_overlay(&mut self, areas: &Areas, at: Position) -> Option<Effect> {
        let line = |lines: usize, skipped: usize| {
            let area = areas.box_of(lines);
            let line = area.contains(at).then(|| usize::from(at.y - area.y))?;
            line.checked_sub(skipped)
        };
        match self.overlays.last_mut()? {
            Overlay::Help(_) => {}
            Overlay::Sheet(sheet) => {
                if at.y == areas.body.y {
                    sheet.turn(true);
                }
                return None;
            }
            Overlay::Menu(menu) => {
                let item = line(menu.items().len() + 1, 1).and_then(|at| menu.items().get(at));
                if let Some(action) = item.map(|item| item.action) {
                    self.overlays.pop();
                    return self.act(action);
                }
            }
            Overlay::Prompt(prompt) => {
                let shown = prompt.visible();
                if let Some(line) = line(prompt.lines(), 0).filter(|line| *line < shown.len())
                    && prompt.mark(shown.start + line)
                {
                    return self.act(Action::Accept);
                }
            }
        }
        self.overlays.pop();
        None
    }

    /// A click selects; a click on what is selected opens it.
    fn click_list(&mut self, area: Rect, at: Position) -> Option<Effect> {
        let before = (self.focus, self.list.cursor());
        self.focus = Pane::List;
        if at.y == area.y {
            let (columns, gutter) = (list_columns(self, area.width), gutter(self));
            let x = usize::from(at.x - area.x);
            let hit =
                columns.iter().find(|c| (c.x..c.x + c.width).contains(&x.wrapping_sub(gutter)));
            return self.act(Action::Sort(hit?.column));
        }
        let line = usize::from(at.y.checked_sub(area.y + 1)?);
        self.seek = None;
        let hit = self.list.point(line);
        if hit && before == (Pane::List, self.list.cursor()) {
            return self.act(Action::Open);
        }
        None
    }
}
