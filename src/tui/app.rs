//! The state of the screen and how messages change it.

use crossterm::event::{KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect, Size};

use crate::engine::Status;
use crate::model::{ExchangeId, Row, WallTime};
use crate::render::clean;

use super::keys::{self, Context, STACKS};
use super::layout::{Areas, Arrangement, Pane, areas, bar_items};
use super::load::Load;
use super::message::{Action, Effect, Message, Span, Step, Wanted, Window};
use super::overlays::{Help, Overlay};
use super::panes::{DetailPane, ListPane};
use super::prepared::Prepared;
use super::theme::Theme;

/// Lines one turn of the wheel moves.
const WHEEL_LINES: isize = 3;

/// How the screen is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TuiSettings {
    /// Colours may be used (`NO_COLOR` is unset and the terminal has them).
    pub color: bool,
    /// Clicks and the wheel act here; when false the terminal's own selection works.
    pub mouse: bool,
    /// Starts with the newest exchange selected, and keeps it so.
    pub follow: bool,
}

impl Default for TuiSettings {
    fn default() -> Self {
        Self { color: true, mouse: true, follow: false }
    }
}

/// Everything the screen shows.
#[derive(Debug)]
pub(crate) struct App {
    /// How things look.
    pub(crate) theme: Theme,
    /// The state of the whole.
    pub(crate) status: Status,
    /// What time it is, for ages.
    pub(crate) now: WallTime,
    /// The list.
    pub(crate) list: ListPane,
    /// The selected exchange.
    pub(crate) detail: DetailPane,
    /// What lies over the panes, the topmost last.
    pub(crate) overlays: Vec<Overlay>,
    size: Size,
    focus: Pane,
    arrangement: Arrangement,
    /// Why rows or an exchange could not be read, until they can.
    unreadable: Option<(Wanted, String)>,
    status_load: Load<()>,
    window_load: Load<Span>,
    /// The rows asked for last: rows that a capture does not have are not asked for twice.
    window_asked: Option<Span>,
    detail_load: Load<ExchangeId>,
    /// The row whose exchange was asked for last: a row that changes asks again.
    detail_asked: Option<Row>,
}

impl App {
    /// A screen without size and content; its first messages bring both.
    pub(crate) fn new(settings: TuiSettings, now: WallTime) -> Self {
        Self {
            theme: Theme::new(settings.color),
            status: Status::default(),
            now,
            list: ListPane::new(settings.follow),
            detail: DetailPane::default(),
            overlays: Vec::new(),
            size: Size::default(),
            focus: Pane::List,
            arrangement: Arrangement::Split,
            unreadable: None,
            status_load: Load::default(),
            window_load: Load::default(),
            window_asked: None,
            detail_load: Load::default(),
            detail_asked: None,
        }
    }

    /// Takes a message and says what is to be done about it.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Effect> {
        let mut effects = Vec::new();
        match message {
            Message::Key(event) => effects.extend(self.key(event)),
            Message::Mouse(event) => effects.extend(self.mouse(event)),
            Message::Resize(width, height) => self.size = Size::new(width, height),
            Message::Tick(now) => self.now = now,
            Message::Changed => {
                effects.extend(self.status_load.ask(()).map(|()| Effect::LoadStatus));
                self.window_asked = None;
            }
            Message::Status(status) => {
                self.status = status;
                self.readable(Wanted::Status);
                effects.extend(self.status_load.done().map(|()| Effect::LoadStatus));
            }
            Message::Window(window) => self.take_window(window, &mut effects),
            Message::Detail(id, prepared) => self.take_detail(id, prepared, &mut effects),
            Message::Unreadable(what, why) => self.take_failure(what, why, &mut effects),
        }
        self.lay_out();
        self.ask(&mut effects);
        effects
    }

    /// True while something in sight gets older by the second.
    pub(crate) fn ages(&self) -> bool {
        let in_flight = |row: &Row| row.duration.is_none() && row.cause.is_empty();
        self.list.rows().any(|(_, row)| row.is_some_and(in_flight))
            || self.detail.shown().is_some_and(|shown| shown.detail.exchange.in_flight())
    }

    /// The parts of the screen; `None` when it is too small.
    pub(crate) fn areas(&self) -> Option<Areas> {
        areas(self.size, self.arrangement, self.focus, self.alert().is_some())
    }

    /// The pane that has the focus.
    pub(crate) fn focus(&self) -> Pane {
        self.focus
    }

    /// The contexts that hold now, most specific first.
    pub(crate) fn stack(&self) -> &'static [Context] {
        match (self.overlays.last(), self.focus) {
            (Some(Overlay::Help(_)), _) => STACKS[3],
            (None, _) => self.pane_stack(),
        }
    }

    /// What is wrong, in one clean line.
    pub(crate) fn alert(&self) -> Option<String> {
        let trouble =
            self.status.trouble.as_deref().map(|why| format!("not recording: {}", clean(why)));
        let unreadable = self.unreadable.as_ref().map(|(_, why)| clean(why).into_owned());
        trouble.or(unreadable)
    }

    /// What to say in place of the selected exchange.
    pub(crate) fn instead_of_detail(&self) -> String {
        match &self.unreadable {
            Some((Wanted::Detail, why)) => clean(why).into_owned(),
            _ => "reading…".to_owned(),
        }
    }

    /// The exchange that is being read, when it is not the one in sight.
    pub(crate) fn loading(&self) -> Option<ExchangeId> {
        let id = self.list.selected()?.id;
        (self.detail_load.running() && !self.detail.is_shown(id)).then_some(id)
    }

    fn pane_stack(&self) -> &'static [Context] {
        match self.focus {
            Pane::List => STACKS[0],
            Pane::Detail if self.detail.in_tree() => STACKS[2],
            Pane::Detail => STACKS[1],
        }
    }

    fn key(&mut self, event: KeyEvent) -> Option<Effect> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        self.act(keys::action(event, self.stack())?)
    }

    fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Quit => return Some(Effect::Exit),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Redraw => return Some(Effect::Redraw),
            Action::BackOrQuit if !self.back() => return Some(Effect::Exit),
            Action::BackOrQuit => {}
            Action::Back => {
                self.back();
            }
            Action::ToggleHelp => self.toggle_help(),
            Action::Move(step) => self.step(step),
            Action::Open => self.focus = Pane::Detail,
            Action::NextPane | Action::PreviousPane => {
                self.focus = match self.focus {
                    Pane::List => Pane::Detail,
                    Pane::Detail => Pane::List,
                };
            }
            Action::NextExchange => self.list.step(Step::Down),
            Action::PreviousExchange => self.list.step(Step::Up),
            Action::CycleLayout => {
                self.arrangement = match self.arrangement {
                    Arrangement::Split => Arrangement::Single,
                    Arrangement::Single => Arrangement::Split,
                };
            }
            Action::ToggleFollow => self.list.toggle_follow(),
            Action::Show(_) | Action::ShowAs(_)
                if self.areas().is_some_and(|a| a.detail.is_none()) =>
            {
                // Where one pane is in sight, what was asked for must come into it.
                self.focus = Pane::Detail;
                self.detail.act(action);
            }
            other => {
                self.detail.act(other);
            }
        }
        None
    }

    /// One level up; false at the top.
    fn back(&mut self) -> bool {
        if self.overlays.pop().is_some() {
            return true;
        }
        std::mem::replace(&mut self.focus, Pane::List) != Pane::List
    }

    fn step(&mut self, step: Step) {
        match (self.overlays.last_mut(), self.focus) {
            (Some(Overlay::Help(help)), _) => help.step(step),
            (None, Pane::List) => self.list.step(step),
            (None, Pane::Detail) => {
                self.detail.act(Action::Move(step));
            }
        }
    }

    fn toggle_help(&mut self) {
        if self.overlays.pop().is_none() {
            let height = self.areas().map_or(0, |areas| help_height(&areas));
            self.overlays.push(Overlay::Help(Help::new(self.pane_stack(), height)));
        }
    }

    fn mouse(&mut self, event: MouseEvent) -> Option<Effect> {
        let areas = self.areas()?;
        let at = Position::new(event.column, event.row);
        let lines = match event.kind {
            MouseEventKind::ScrollDown => WHEEL_LINES,
            MouseEventKind::ScrollUp => -WHEEL_LINES,
            MouseEventKind::Down(MouseButton::Left) => return self.click(&areas, at),
            _ => return None,
        };
        if let Some(Overlay::Help(help)) = self.overlays.last_mut() {
            help.wheel(lines);
        } else if areas.list.is_some_and(|list| list.contains(at)) {
            self.list.wheel(lines);
        } else if areas.detail.is_some_and(|detail| detail.contains(at)) {
            self.detail.wheel(lines);
        }
        None
    }

    fn click(&mut self, areas: &Areas, at: Position) -> Option<Effect> {
        if !self.overlays.is_empty() {
            self.overlays.pop();
            return None;
        }
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

    /// A click selects; a click on what is selected opens it.
    fn click_list(&mut self, area: Rect, at: Position) -> Option<Effect> {
        let before = (self.focus, self.list.cursor());
        self.focus = Pane::List;
        let line = usize::from(at.y.checked_sub(area.y + 1)?);
        let hit = self.list.point(line);
        if hit && before == (Pane::List, self.list.cursor()) {
            return self.act(Action::Open);
        }
        None
    }

    fn take_window(&mut self, window: Window, effects: &mut Vec<Effect>) {
        self.list.take(window);
        self.readable(Wanted::Window);
        if self.list.len() == 0 {
            self.detail.clear();
            self.detail_asked = None;
        }
        effects.extend(self.window_load.done().map(Effect::LoadWindow));
    }

    fn take_detail(
        &mut self,
        id: ExchangeId,
        prepared: Option<Box<Prepared>>,
        effects: &mut Vec<Effect>,
    ) {
        self.readable(Wanted::Detail);
        match prepared {
            Some(prepared) => self.detail.show(prepared),
            None if self.list.is_selected(id) => self.detail.clear(),
            None => {}
        }
        effects.extend(self.detail_load.done().map(Effect::LoadDetail));
    }

    fn take_failure(&mut self, what: Wanted, why: String, effects: &mut Vec<Effect>) {
        self.unreadable = Some((what, why));
        effects.extend(match what {
            Wanted::Status => self.status_load.done().map(|()| Effect::LoadStatus),
            Wanted::Window => self.window_load.done().map(Effect::LoadWindow),
            Wanted::Detail => {
                // What is in sight is no longer what is selected.
                self.detail.clear();
                self.detail_load.done().map(Effect::LoadDetail)
            }
        });
    }

    fn readable(&mut self, what: Wanted) {
        self.unreadable.take_if(|(unreadable, _)| *unreadable == what);
    }

    fn lay_out(&mut self) {
        // A pane out of sight is laid out as if it had the focus, so that it is right when it has.
        let with = |focus| areas(self.size, self.arrangement, focus, self.alert().is_some());
        let (Some(list), Some(detail)) = (with(Pane::List), with(Pane::Detail)) else { return };
        self.list.resize(list.list_height());
        self.detail.resize(detail.detail_room());
        if let Some(Overlay::Help(help)) = self.overlays.last_mut() {
            help.resize(help_height(&list));
        }
    }

    /// Asks for what is in sight and not at hand.
    fn ask(&mut self, effects: &mut Vec<Effect>) {
        let span = self.list.wanted();
        let missing = self.list.lacks() && self.window_asked != Some(span);
        if missing || self.window_asked.is_none() {
            self.window_asked = Some(span);
            effects.extend(self.window_load.ask(span).map(Effect::LoadWindow));
        }
        let Some(row) = self.list.selected() else { return };
        if self.detail_asked.as_ref() != Some(row) {
            let id = row.id;
            self.detail_asked = Some(row.clone());
            effects.extend(self.detail_load.ask(id).map(Effect::LoadDetail));
        }
    }
}

/// Rows of the help without its title.
fn help_height(areas: &Areas) -> usize {
    usize::from(areas.body.height.saturating_sub(1))
}
