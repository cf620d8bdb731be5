//! An app with a canned capture behind it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use crate::engine::{CannedGroups, DeviceBrief, GroupName, Learned, Order, Status, open_value};
use crate::model::filter::{Filter, complete};
use crate::model::{Detail, Device, ExchangeId, Level, Marking, Row, SortBy, WallTime};
use crate::render::row_line;
use crate::tui::app::App;
use crate::tui::layout::Pane;
use crate::tui::message::{Effect, Message, Mode, Seek, Span, Window};
use crate::tui::overlays::{Choice, Topic};
use crate::tui::prepared::Prepared;
use crate::tui::search::next_line;
use crate::tui::settings::TuiSettings;
use crate::tui::sheets;
use crate::tui::view::view;

use super::canned;

/// An app, and what its queries find.
pub(super) struct Stage {
    pub(super) app: App,
    pub(super) capture: Vec<Detail>,
    pub(super) status: Status,
    /// What the list shows.
    filter: Filter,
    order: Order,
    mode: Mode,
    groups: CannedGroups,
    /// What analysis knows of the devices.
    pub(super) devices: Vec<Device>,
    /// URLs of the proxy's own pages.
    pub(super) urls: Vec<String>,
    /// What was said of exchanges.
    said: HashMap<ExchangeId, Marking>,
    /// Effects that were not queries, in order.
    pub(super) effects: Vec<Effect>,
    /// Queries answered.
    pub(super) queries: Vec<Effect>,
    /// Exchanges that are asked for are not given.
    pub(super) hold_details: bool,
}

impl Stage {
    pub(super) fn new(width: u16, height: u16, capture: Vec<Detail>) -> Self {
        Self::with(
            TuiSettings { palette: crate::tui::Palette::None, ..TuiSettings::default() },
            width,
            height,
            capture,
        )
    }

    pub(super) fn with(
        settings: TuiSettings,
        width: u16,
        height: u16,
        capture: Vec<Detail>,
    ) -> Self {
        let mut stage = Self {
            app: App::new(settings, canned::NOW),
            capture,
            status: canned::status(),
            filter: Filter::default(),
            order: Order::default(),
            mode: Mode::Exchanges,
            groups: CannedGroups::new(Vec::new(), |_| true, None),
            devices: canned::devices(),
            urls: vec!["http://192.168.1.20:8080/".into()],
            said: HashMap::new(),
            effects: Vec::new(),
            queries: Vec::new(),
            hold_details: false,
        };
        stage.send(Message::Resize(width, height));
        stage.send(Message::Changed);
        stage
    }

    /// Sends a message and answers every query it leads to.
    pub(super) fn send(&mut self, message: Message) {
        let mut waiting = VecDeque::from([message]);
        while let Some(message) = waiting.pop_front() {
            assert!(self.queries.len() < 10_000, "queries without end");
            for effect in self.app.update(message) {
                waiting.extend(self.answer(effect));
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm an effect")]
    fn answer(&mut self, effect: Effect) -> Option<Message> {
        let message = match effect.clone() {
            Effect::LoadStatus => {
                self.status.recorded = self.capture.len() as u64;
                Message::Status(self.status.clone())
            }
            Effect::LoadWindow(span, seek) => Message::Window(self.window(span, seek)),
            Effect::List(filter, order, mode) => {
                (self.filter, self.order, self.mode) = (filter, order, mode);
                Message::Changed
            }
            Effect::Fold(name, open) => {
                self.groups.fold(&name, open);
                Message::Folded
            }
            Effect::FoldAll(open) => {
                self.groups.fold_all(open);
                Message::Folded
            }
            Effect::LoadSheet(topic) => {
                let pages = match &topic {
                    Topic::SetUp => sheets::of_set_up(&self.status, &self.urls, &[]),
                    Topic::Ledger(_) => sheets::of_ledger(&Learned { known: None, read: 9, of: 9 }),
                    Topic::Device(id) => {
                        let called = |device: &&Device| device.key.device.eq_ignore_ascii_case(id);
                        let known = self.devices.iter().filter(called).cloned().collect();
                        sheets::of_devices(&Learned { known, read: 9, of: 9 })
                    }
                };
                Message::Sheet(topic, pages)
            }
            Effect::TogglePassthrough(host) => {
                Message::Said(Level::Notable, format!("new connections to {host} are opened"))
            }
            Effect::Complete(text, cursor) => {
                let known = &mut |_, prefix: &str| {
                    let values = ["Provision", "Ping", "mail.lab.example"];
                    let known = values.iter().filter(|value| value.starts_with(prefix));
                    known.map(|value| (*value).to_owned()).collect()
                };
                let found = complete(&text, cursor, known).into_iter().map(|c| Choice {
                    text: c.text,
                    from: c.from,
                    to: c.to,
                    what: c.what.into(),
                });
                let found = found.collect();
                Message::Completed(text, found)
            }
            Effect::Mark(id, marking) => {
                self.say(id, &marking);
                Message::Marked
            }
            Effect::UnmarkAll => {
                for row in self.said.values_mut() {
                    row.marked = Some(false);
                }
                Message::Marked
            }
            Effect::HideAll => {
                for id in self.capture.iter().map(|d| d.exchange.id).collect::<Vec<_>>() {
                    self.say(id, &Marking { hidden: Some(true), ..Marking::default() });
                }
                Message::Marked
            }
            Effect::ShowAll => {
                for row in self.said.values_mut() {
                    row.hidden = Some(false);
                }
                Message::Marked
            }
            Effect::LoadDetail(..) if self.hold_details => return None,
            Effect::LoadDetail(id, secrets) => {
                let found = self.capture.iter().find(|detail| detail.exchange.id == id);
                Message::Detail(id, found.cloned().map(|detail| canned::prepared(detail, secrets)))
            }
            Effect::LoadDevices => {
                let known = self.devices.iter().cloned().map(DeviceBrief::of).collect();
                Message::Devices(Learned { known, read: 9, of: 9 })
            }
            Effect::OpenValue(id, secrets, places) => {
                let found = self.capture.iter().find(|detail| detail.exchange.id == id);
                let mut detail = found.unwrap().clone();
                let opened = places.iter().map(|p| open_value(&mut detail, *p)).last().unwrap();
                Message::Opened(
                    id,
                    opened.then(|| {
                        let mut prepared = Prepared::new(detail, secrets);
                        prepared.opened = places;
                        Arc::new(prepared)
                    }),
                )
            }
            Effect::Find(needle, from, way) => {
                let hit = |at: &usize| {
                    needle.is_in(&row_line(
                        &row(&self.capture[*at]),
                        canned::NOW,
                        crate::render::Secrets::Masked,
                    ))
                };
                let from = self.capture.iter().position(|d| Some(d.exchange.id) == from);
                let found = next_line(self.capture.len(), from.unwrap_or(0), way, hit);
                Message::Found(found.map(|at| self.capture[at].exchange.id))
            }
            Effect::Search(quest, way) => {
                let shown = self.app.detail.shared().unwrap();
                let half = shown.half(quest.leg);
                Message::Hits(quest.run(half), way)
            }
            other => {
                self.effects.push(other);
                return None;
            }
        };
        self.queries.push(effect);
        Some(message)
    }

    /// Presses keys: one a character, and `<Enter>`, `<Esc>`, `<Tab>`, `<PgDn>`, `<C-z>`.
    pub(super) fn keys(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let (name, after) = match rest.strip_prefix('<').and_then(|r| r.split_once('>')) {
                Some((name, after)) => (name, after),
                None => rest.split_at(first.len_utf8()),
            };
            rest = after;
            if name == "In" {
                self.enter_detail();
                continue;
            }
            self.send(Message::Key(key(name)));
        }
    }

    /// A key that the notation of [`Stage::keys`] uses itself.
    pub(super) fn send_key(&mut self, c: char) {
        self.send(Message::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)));
    }

    /// `<In>`: the detail gets the focus, if it has not got it.
    fn enter_detail(&mut self) {
        if self.app.focus() == Pane::List {
            self.keys("<Tab>");
        }
    }

    pub(super) fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) {
        let modifiers = KeyModifiers::NONE;
        self.send(Message::Mouse(MouseEvent { kind, column, row, modifiers }));
    }

    pub(super) fn click(&mut self, column: u16, row: u16) {
        self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
    }

    /// The rows that pass, in order of arrival or of their commands: enough for what the screen does
    /// with them.
    fn listed(&self) -> Vec<Row> {
        let passes = |row: &Row| self.filter.decide(row).unwrap_or(false);
        let mut rows: Vec<Row> = self.rows().into_iter().filter(passes).collect();
        if self.order.column != SortBy::Started {
            rows.sort_by(|a, b| a.summary.command.cmp(&b.summary.command));
        }
        if self.order.descending {
            rows.reverse();
        }
        rows
    }

    fn rows(&self) -> Vec<Row> {
        let said = |detail| {
            let mut row = row(detail);
            if let Some(said) = self.said.get(&row.id) {
                row.marked = said.marked.unwrap_or(false);
                row.hidden = said.hidden.unwrap_or(false);
                row.comment = said.comment.clone().unwrap_or_default();
            }
            row
        };
        self.capture.iter().map(said).collect()
    }

    fn window(&mut self, span: Span, seek: Option<Seek>) -> Window {
        if self.mode == Mode::Devices {
            return self.grouped(span, seek);
        }
        let listed = self.listed();
        let at = match &seek {
            Some(Seek::Stay(GroupName::Exchange(id)) | Seek::Go(GroupName::Exchange(id))) => {
                listed.iter().position(|row| row.id == *id)
            }
            _ => None,
        };
        let (total, all) = (listed.len(), self.capture.len());
        let offset = offset(span, at);
        let lines = Window::lines_of(listed.into_iter().skip(offset).take(span.limit));
        Window { offset, lines, total, all, sought: seek, at, ..Window::default() }
    }

    fn grouped(&mut self, span: Span, seek: Option<Seek>) -> Window {
        let filter = self.filter.clone();
        let passes = move |row: &Row| filter.decide(row).unwrap_or(false);
        self.groups = CannedGroups::new(self.rows(), passes, Some(&self.groups));
        let newest = self.listed().last().map(|row| row.id);
        let name = match &seek {
            Some(Seek::Stay(name) | Seek::Go(name)) => Some(name.clone()),
            Some(Seek::Newest) => newest.map(GroupName::Exchange),
            None => None,
        };
        if let (Some(Seek::Go(_) | Seek::Newest), Some(GroupName::Exchange(id))) = (&seek, &name) {
            self.groups.reveal(*id);
        }
        let at = name.and_then(|name| self.groups.line_of(&name));
        let offset = offset(span, at);
        Window {
            offset,
            lines: self.groups.window(offset, span.limit),
            total: self.groups.count(),
            all: self.capture.len(),
            sums: Some(self.groups.sums()),
            sought: seek,
            at,
            ..Window::default()
        }
    }

    fn say(&mut self, id: ExchangeId, marking: &Marking) {
        let said = self.said.entry(id).or_default();
        said.marked = marking.marked.or(said.marked);
        said.hidden = marking.hidden.or(said.hidden);
        said.comment = marking.comment.clone().or(said.comment.take());
    }

    /// Adds to the capture, as live traffic does.
    pub(super) fn arrive(&mut self, details: impl IntoIterator<Item = Detail>) {
        self.capture.extend(details);
        self.send(Message::Changed);
    }

    pub(super) fn tick(&mut self, seconds: i64) {
        self.send(Message::Tick(WallTime(canned::NOW.0 + seconds * 1_000_000)));
    }

    /// The picture.
    pub(super) fn shot(&self, width: u16, height: u16) -> TestBackend {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| view(&self.app, frame)).unwrap();
        terminal.backend().clone()
    }

    pub(super) fn text(&self, width: u16, height: u16) -> String {
        self.shot(width, height).to_string()
    }
}

/// As the real lookup does.
fn offset(span: Span, at: Option<usize>) -> usize {
    let missed = at.filter(|at| !(span.offset..span.offset + span.limit).contains(at));
    missed.map_or(span.offset, |at| at.saturating_sub(span.limit / 2))
}

fn row(detail: &Detail) -> Row {
    Row::new(&detail.exchange, detail.annotated.summary.clone())
}

pub(super) fn key(name: &str) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match name {
        "Enter" => plain(KeyCode::Enter),
        "Esc" => plain(KeyCode::Esc),
        "Tab" => plain(KeyCode::Tab),
        "Up" => plain(KeyCode::Up),
        "Down" => plain(KeyCode::Down),
        "BS" => plain(KeyCode::Backspace),
        "S-Tab" => plain(KeyCode::BackTab),
        "PgDn" => plain(KeyCode::PageDown),
        "PgUp" => plain(KeyCode::PageUp),
        _ => match name.strip_prefix("C-") {
            Some(c) => {
                KeyEvent::new(KeyCode::Char(c.chars().next().unwrap()), KeyModifiers::CONTROL)
            }
            None => plain(KeyCode::Char(name.chars().next().unwrap())),
        },
    }
}
