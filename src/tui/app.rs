//! The state of the screen and how messages change it.

use std::sync::Arc;

use ratatui::layout::Size;

use crate::engine::{Order, Status, ValuePlace};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, Level, Row, WallTime};
use crate::render::{Secrets, bytes, clean, count};

use super::keys::{Context, Keymap, STACKS};
use super::layout::{Areas, Arrangement, Pane, Shape, areas};
use super::load::Load;
use super::message::{Effect, Message, Span, Wanted, Window};
use super::overlays::{History, Overlay};
use super::panes::{DetailPane, ListPane};
use super::prepared::Prepared;
use super::search::Needle;
use super::settings::TuiSettings;
use super::theme::Theme;

/// Everything the screen shows.
#[derive(Debug)]
pub(crate) struct App {
    /// How things look.
    pub(crate) theme: Theme,
    /// Which keys mean what.
    pub(crate) keymap: Keymap,
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
    /// What was done last, until the next key.
    pub(crate) notice: Option<(Level, String)>,
    /// What was searched for last.
    pub(super) needle: Option<Needle>,
    /// Lines searched for.
    pub(super) searches: History,
    /// Filters used.
    pub(super) filters: History,
    /// What the list shows.
    pub(super) filter: Filter,
    /// In which order.
    pub(super) order: Order,
    /// The exchange to be selected in a new list, until it is there or the list is whole.
    seek: Option<ExchangeId>,
    pub(super) size: Size,
    pub(super) focus: Pane,
    pub(super) arrangement: Arrangement,
    /// Thousandths of the body that the list gets.
    pub(super) list_share: Option<u16>,
    /// The edge between the panes is being drawn with the mouse.
    pub(super) drawing_edge: bool,
    pub(super) secrets: Secrets,
    pub(super) mouse: bool,
    /// Values of the exchange in sight that the user opened.
    pub(super) opened: Vec<ValuePlace>,
    /// Exchanges there were when the user paused.
    paused: Option<usize>,
    devices_load: Load<()>,
    /// Why rows or an exchange could not be read, until they can.
    unreadable: Option<(Wanted, String)>,
    status_load: Load<()>,
    window_load: Load<(Span, Option<ExchangeId>)>,
    /// The rows asked for last: rows that a capture does not have are not asked for twice.
    window_asked: Option<Span>,
    detail_load: Load<(ExchangeId, Secrets)>,
    /// How far the bodies being read are decoded: bytes, of how many.
    decoding: Option<(ExchangeId, u64, u64)>,
    /// The row whose exchange was asked for last: a row that changes asks again.
    detail_asked: Option<(Row, Secrets)>,
}

impl App {
    /// A screen without size and content; its first messages bring both.
    pub(crate) fn new(settings: TuiSettings, now: WallTime) -> Self {
        Self {
            theme: Theme::new(settings.palette, settings.ascii_borders),
            keymap: settings.keymap,
            status: Status::default(),
            now,
            list: ListPane::new(settings.follow),
            detail: DetailPane::default(),
            overlays: Vec::new(),
            notice: settings.notice.map(|text| (Level::Warning, clean(&text).into_owned())),
            needle: None,
            searches: History::default(),
            filters: History::default(),
            filter: Filter::default(),
            order: Order::default(),
            seek: None,
            size: Size::default(),
            focus: Pane::List,
            arrangement: Arrangement::Split,
            list_share: None,
            drawing_edge: false,
            secrets: Secrets::Masked,
            mouse: settings.mouse,
            opened: Vec::new(),
            paused: None,
            devices_load: Load::default(),
            unreadable: None,
            status_load: Load::default(),
            window_load: Load::default(),
            window_asked: None,
            detail_load: Load::default(),
            decoding: None,
            detail_asked: None,
        }
    }

    /// Takes a message and says what is to be done about it.
    pub(crate) fn update(&mut self, message: Message) -> Vec<Effect> {
        let mut effects = Vec::new();
        match message {
            Message::Key(event) => effects.extend(self.key(event)),
            Message::Mouse(event) => effects.extend(self.mouse(event)),
            Message::Paste(text) => effects.extend(self.paste(&text)),
            Message::Resize(width, height) => self.size = Size::new(width, height),
            Message::Tick(now) => {
                self.now = now;
                // Connections close without anything being recorded.
                if self.status.connections > 0 {
                    effects.extend(self.status_load.ask(()).map(|()| Effect::LoadStatus));
                }
            }
            Message::Changed => {
                effects.extend(self.status_load.ask(()).map(|()| Effect::LoadStatus));
                self.window_asked = self.window_asked.filter(|_| self.paused.is_some());
                if matches!(self.overlays.first(), Some(Overlay::Devices(_)))
                    && self.paused.is_none()
                {
                    effects.extend(self.load_devices());
                }
            }
            Message::Status(status) => {
                self.status = status;
                self.readable(Wanted::Status);
                effects.extend(self.status_load.done().map(|()| Effect::LoadStatus));
            }
            Message::Window(window) => self.take_window(window, &mut effects),
            Message::Detail(id, prepared) => self.take_detail(id, prepared, &mut effects),
            Message::Undecoded(prepared) => self.take_undecoded(prepared),
            Message::Decoding(id, done, all) => {
                self.decoding = Some((id, done, all)).filter(|_| self.detail_load.running());
            }
            Message::Hits(hits, way) => {
                let needle = hits.quest.needle.clone();
                if self.detail.take_hits(hits) {
                    // All places are known now: this asks for nothing.
                    effects.extend(self.search_detail(&needle, way));
                }
            }
            Message::Opened(id, prepared) => self.take_opened(id, prepared),
            Message::Devices(groups) => {
                effects.extend(self.devices_load.done().map(|()| Effect::LoadDevices));
                if let Some(Overlay::Devices(open)) = self.overlays.first_mut() {
                    open.take(groups);
                }
            }
            Message::Found(at) => self.take_found(at),
            Message::Completed(text, choices) => self.take_completed(&text, choices),
            Message::Marked => effects.push(self.show_list()),
            Message::Said(level, text) => self.notice = Some((level, clean(&text).into_owned())),
            Message::Unreadable(what, why) => self.take_failure(what, why, &mut effects),
        }
        self.lay_out();
        self.ask(&mut effects);
        effects
    }

    /// True while something in sight gets older by the second.
    pub(crate) fn ages(&self) -> bool {
        let in_flight = |row: &Row| row.duration.is_none() && row.cause.is_empty();
        self.status.connections > 0
            || self.list.rows().any(|(_, row)| row.is_some_and(in_flight))
            || self.detail.shown().is_some_and(|shown| shown.detail.exchange.in_flight())
    }

    /// The parts of the screen; `None` when it is too small.
    pub(crate) fn areas(&self) -> Option<Areas> {
        self.areas_with(self.focus)
    }

    /// The pane that has the focus.
    pub(crate) fn focus(&self) -> Pane {
        self.focus
    }

    /// The contexts that hold now, most specific first.
    pub(crate) fn stack(&self) -> &'static [Context] {
        match self.overlays.last() {
            Some(Overlay::Help(_)) => STACKS[3],
            Some(Overlay::Devices(_)) => STACKS[7],
            Some(Overlay::Menu(_)) => STACKS[4],
            Some(Overlay::Prompt(_)) => STACKS[5],
            None => self.pane_stack(),
        }
    }

    /// The contexts that hold in the panes.
    pub(crate) fn pane_stack(&self) -> &'static [Context] {
        match self.focus {
            Pane::List => STACKS[0],
            Pane::Detail if self.detail.in_tree() => STACKS[2],
            Pane::Detail if self.detail.in_hex() => STACKS[6],
            Pane::Detail => STACKS[1],
        }
    }

    /// The filter that holds, as it was typed.
    pub(crate) fn filter(&self) -> &str {
        &self.filter.text
    }

    /// The order that holds.
    pub(crate) fn order(&self) -> Order {
        self.order
    }

    /// What is wrong, in one clean line.
    pub(crate) fn alert(&self) -> Option<String> {
        let trouble =
            self.status.trouble.as_deref().map(|why| format!("not recording: {}", clean(why)));
        let unreadable = self.unreadable.as_ref().map(|(_, why)| clean(why).into_owned());
        let ended = self.list.trouble().map(|why| format!("not all was searched: {}", clean(why)));
        trouble.or(unreadable).or(ended)
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

    /// What to say while the selected exchange is being read; `None` while it is not.
    pub(crate) fn reading(&self) -> Option<String> {
        let row = self.list.selected().filter(|_| self.detail_load.running())?;
        if let Some((_, done, all)) = self.decoding.filter(|(id, ..)| *id == row.id) {
            return Some(format!("decoded {} of {}…", bytes(done), bytes(all)));
        }
        let size = row.request_size.saturating_add(row.response_size);
        Some(format!("reading and decoding {}…", count(size, "byte")))
    }

    /// True while new traffic is not looked at.
    pub(crate) fn is_paused(&self) -> bool {
        self.paused.is_some()
    }

    /// True while secrets are shown.
    pub(crate) fn shows_secrets(&self) -> bool {
        self.secrets == Secrets::Shown
    }

    /// Takes no notice of new traffic from now on, or takes notice again.
    pub(super) fn toggle_pause(&mut self) {
        if self.paused.take().is_some() {
            self.window_asked = None;
        } else {
            self.paused = Some(self.list.len());
        }
    }

    fn areas_with(&self, focus: Pane) -> Option<Areas> {
        let (arrangement, list) = (self.arrangement, self.list_share);
        areas(self.size, Shape { arrangement, focus, alert: self.alert().is_some(), list })
    }

    fn take_window(&mut self, mut window: Window, effects: &mut Vec<Effect>) {
        if let Some(frozen) = self.paused {
            window.total = window.total.min(frozen);
            window.rows.truncate(frozen.saturating_sub(window.offset));
        }
        if window.at.is_some() || window.looked_at.is_none() {
            self.seek = None;
        }
        self.list.take(window);
        self.readable(Wanted::Window);
        if self.list.len() == 0 {
            self.detail.clear();
            self.detail_asked = None;
        }
        effects.extend(self.window_load.done().map(|(span, seek)| Effect::LoadWindow(span, seek)));
    }

    /// Asks for the rows by device.
    pub(super) fn load_devices(&mut self) -> Option<Effect> {
        self.devices_load.ask(()).map(|()| Effect::LoadDevices)
    }

    /// Selects an exchange of the list, wherever it stands.
    pub(super) fn go_to(&mut self, id: ExchangeId) {
        self.seek = Some(id);
        self.window_asked = None;
    }

    /// What is deleted from view, marked or filtered has changed: the list is made anew, the selected
    /// exchange stays selected if it is in it.
    pub(super) fn show_list(&mut self) -> Effect {
        self.seek = self.seek.or(self.list.selected().map(|row| row.id));
        self.window_asked = None;
        Effect::List(self.filter.clone(), self.order)
    }

    fn take_detail(
        &mut self,
        id: ExchangeId,
        prepared: Option<Arc<Prepared>>,
        effects: &mut Vec<Effect>,
    ) {
        self.readable(Wanted::Detail);
        self.decoding = None;
        match prepared {
            Some(prepared) => {
                self.opened.clear();
                self.detail.show(prepared);
            }
            None if self.list.is_selected(id) => self.detail.clear(),
            None => {}
        }
        let next = self.detail_load.done();
        effects.extend(next.map(|(id, secrets)| Effect::LoadDetail(id, secrets)));
    }

    /// Shows header fields and bytes while the bodies are being decoded. What is shown decoded already
    /// stays until its newer version is.
    fn take_undecoded(&mut self, prepared: Arc<Prepared>) {
        let id = prepared.id();
        if self.list.is_selected(id) && !self.detail.is_shown(id) {
            self.opened.clear();
            self.detail.show(prepared);
        }
    }

    fn take_opened(&mut self, id: ExchangeId, prepared: Option<Arc<Prepared>>) {
        match prepared {
            Some(prepared) if self.detail.is_shown(id) => {
                self.opened.clone_from(&prepared.opened);
                self.detail.show(prepared);
            }
            Some(_) => {}
            None => {
                let text = "nothing is known to be inside this value".to_owned();
                self.notice = Some((Level::Notable, text));
            }
        }
    }

    fn take_found(&mut self, at: Option<usize>) {
        match at {
            Some(at) => {
                self.notice = None;
                self.list.select(at);
            }
            None => self.notice = Some((Level::Warning, "not found in the list".to_owned())),
        }
    }

    fn take_failure(&mut self, what: Wanted, why: String, effects: &mut Vec<Effect>) {
        if what == Wanted::Devices {
            effects.extend(self.devices_load.done().map(|()| Effect::LoadDevices));
        }
        if matches!(what, Wanted::Hit | Wanted::Export | Wanted::Devices) {
            self.notice = Some((Level::Alarm, clean(&why).into_owned()));
            return;
        }
        self.unreadable = Some((what, why));
        effects.extend(match what {
            Wanted::Status => self.status_load.done().map(|()| Effect::LoadStatus),
            Wanted::Window => {
                self.window_load.done().map(|(span, seek)| Effect::LoadWindow(span, seek))
            }
            Wanted::Detail => {
                // What is in sight is no longer what is selected.
                self.detail.clear();
                self.detail_load.done().map(|(id, secrets)| Effect::LoadDetail(id, secrets))
            }
            Wanted::Hit | Wanted::Export | Wanted::Devices => None,
        });
    }

    fn readable(&mut self, what: Wanted) {
        self.unreadable.take_if(|(unreadable, _)| *unreadable == what);
    }

    fn lay_out(&mut self) {
        // A pane out of sight is laid out as if it had the focus, so that it is right when it has.
        let (Some(list), Some(detail)) =
            (self.areas_with(Pane::List), self.areas_with(Pane::Detail))
        else {
            return;
        };
        self.list.resize(list.list_height());
        self.detail.resize(detail.detail_room());
        for overlay in &mut self.overlays {
            match overlay {
                Overlay::Help(help) => help.resize(help_height(&list)),
                Overlay::Devices(devices) => devices.resize(help_height(&list)),
                Overlay::Menu(_) | Overlay::Prompt(_) => {}
            }
        }
    }

    /// Asks for what is in sight and not at hand.
    fn ask(&mut self, effects: &mut Vec<Effect>) {
        let span = self.list.wanted();
        let missing = self.list.lacks() && self.window_asked != Some(span);
        if missing || self.window_asked.is_none() {
            self.window_asked = Some(span);
            // In another order than that of arrival, what is new comes between.
            let stays = (self.order != Order::default()).then(|| self.list.selected()).flatten();
            let seek = self.seek.or(stays.map(|row| row.id));
            let load = self.window_load.ask((span, seek));
            effects.extend(load.map(|(span, seek)| Effect::LoadWindow(span, seek)));
        }
        let Some(row) = self.list.selected() else { return };
        let asked = self.detail_asked.as_ref();
        if asked.is_none_or(|(asked, secrets)| asked != row || *secrets != self.secrets) {
            let id = row.id;
            self.detail_asked = Some((row.clone(), self.secrets));
            let load = self.detail_load.ask((id, self.secrets));
            effects.extend(load.map(|(id, secrets)| Effect::LoadDetail(id, secrets)));
        }
    }
}

/// Rows of the help without its title.
pub(super) fn help_height(areas: &Areas) -> usize {
    usize::from(areas.body.height.saturating_sub(1))
}
