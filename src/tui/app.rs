//! The state of the screen and how messages change it.

use ratatui::layout::Size;

use crate::engine::{GroupName, Order, Status, ValuePlace};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, Level, Row, WallTime};
use crate::render::{Secrets, clean};

use super::keys::{Context, Keymap, STACKS};
use super::layout::{Areas, Arrangement, Pane, Shape, areas};
use super::load::Load;
use super::message::{Effect, Message, Mode, Seek, Span, Wanted};
use super::overlays::{History, Overlay, Topic};
use super::panes::{DetailPane, ListPane};
use super::search::Needle;
use super::settings::TuiSettings;
use super::standing::Standings;
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
    /// By device, or one a line.
    pub(super) mode: Mode,
    /// What is known of the devices.
    pub(super) standings: Standings,
    /// What is to be selected in a new list, until it is there or the list is whole.
    pub(super) seek: Option<Seek>,
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
    pub(super) paused: Option<usize>,
    pub(super) sheet_load: Load<Topic>,
    /// Why rows or an exchange could not be read, until they can.
    pub(super) unreadable: Option<(Wanted, String)>,
    pub(super) status_load: Load<()>,
    pub(super) window_load: Load<(Span, Option<Seek>)>,
    /// The rows asked for last: rows that a capture does not have are not asked for twice.
    pub(super) window_asked: Option<Span>,
    pub(super) detail_load: Load<(ExchangeId, Secrets)>,
    /// How far the bodies being read are decoded: bytes, of how many.
    pub(super) decoding: Option<(ExchangeId, u64, u64)>,
    /// The row whose exchange was asked for last: a row that changes asks again.
    pub(super) detail_asked: Option<(Row, Secrets)>,
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
            mode: Mode::Exchanges,
            standings: Standings::default(),
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
            sheet_load: Load::default(),
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
            Message::Tick(now) => self.tick(now, &mut effects),
            Message::Changed => self.changed(&mut effects),
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
            Message::Folded => self.window_asked = None,
            Message::Devices(learned) => effects.extend(self.standings.take(learned, self.now)),
            Message::Sheet(topic, pages) => self.take_sheet(&topic, pages, &mut effects),
            Message::Found(id) => self.take_found(id),
            Message::Completed(text, choices) => self.take_completed(&text, choices),
            Message::Marked => effects.push(self.show_list()),
            Message::Said(level, text) => self.notice = Some((level, clean(&text).into_owned())),
            Message::Unreadable(what, why) => self.take_failure(what, why, &mut effects),
        }
        self.lay_out();
        self.ask(&mut effects);
        effects
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
            Some(Overlay::Sheet(sheet)) if sheet.topic().is_one_page() => STACKS[9],
            Some(Overlay::Sheet(_)) => STACKS[8],
            Some(Overlay::Menu(_)) => STACKS[4],
            Some(Overlay::Prompt(_)) => STACKS[5],
            None => self.pane_stack(),
        }
    }

    /// The contexts that hold in the panes.
    pub(crate) fn pane_stack(&self) -> &'static [Context] {
        match self.focus {
            Pane::List if self.mode == Mode::Devices => STACKS[7],
            Pane::List => STACKS[0],
            Pane::Detail if self.detail.in_tree() => STACKS[2],
            Pane::Detail if self.detail.in_hex() => STACKS[6],
            Pane::Detail => STACKS[1],
        }
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

    /// Selects an exchange of the list, wherever it stands.
    pub(super) fn go_to(&mut self, id: ExchangeId) {
        self.seek = Some(Seek::Go(GroupName::Exchange(id)));
        self.window_asked = None;
    }

    /// What is deleted from view, marked or filtered has changed: the list is made anew, the selected
    /// exchange stays selected if it is in it.
    pub(super) fn show_list(&mut self) -> Effect {
        let selected = || self.list.anchor().map(Seek::Go);
        self.seek = self.seek.take().or_else(selected);
        self.window_asked = None;
        Effect::List(self.filter.clone(), self.order, self.mode)
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
                Overlay::Sheet(sheet) => {
                    let width = usize::from(list.body.width.saturating_sub(2));
                    sheet.resize(help_height(&list), width);
                }
                Overlay::Menu(_) | Overlay::Prompt(_) => {}
            }
        }
    }
}

/// Rows of the help without its title.
pub(super) fn help_height(areas: &Areas) -> usize {
    usize::from(areas.body.height.saturating_sub(1))
}
