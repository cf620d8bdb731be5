//! What actions do.

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::model::Level;
use crate::render::{Secrets, row_line};

use super::action::{Action, Piece, Program, Scope, Step};
use super::app::{App, help_height};
use super::copy::{self, NamedBytes};
use super::keys::Key;
use super::layout::{Arrangement, Pane};
use super::listing::is_listing;
use super::message::{Effect, Selection};
use super::overlays::{Help, Overlay};
use super::panes::Sought;
use super::search::{Needle, Way};

/// Thousandths of the screen that one key gives a pane.
const GROWTH: u16 = 50;

impl App {
    /// Takes a key: what is open has it first.
    pub(super) fn key(&mut self, event: KeyEvent) -> Option<Effect> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        self.notice = None;
        if let Some(Overlay::Menu(menu)) = self.overlays.last()
            && let Some(action) = Key::from(event).types().and_then(|c| menu.choice(c))
        {
            self.overlays.pop();
            return self.act(action);
        }
        if let Some(action) = self.keymap.action(event, self.stack()) {
            return self.act(action);
        }
        if let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut()
            && prompt.key(event)
        {
            return self.typed();
        }
        None
    }

    /// Takes pasted text.
    pub(super) fn paste(&mut self, text: &str) -> Option<Effect> {
        let Some(Overlay::Prompt(prompt)) = self.overlays.last_mut() else { return None };
        prompt.paste(text);
        self.typed()
    }

    /// Does what the user wants.
    pub(super) fn act(&mut self, action: Action) -> Option<Effect> {
        match action {
            Action::Quit => return Some(Effect::Exit),
            Action::Suspend => return Some(Effect::Suspend),
            Action::Redraw => return Some(Effect::Redraw),
            Action::BackOrQuit if !self.back() => return Some(Effect::Exit),
            Action::BackOrQuit => {}
            Action::Back => {
                self.back();
            }
            Action::Accept => return self.accept(),
            Action::Complete
            | Action::Older
            | Action::Newer
            | Action::PreviousChoice
            | Action::NextChoice => return self.in_prompt(action),
            Action::Ask(line) => return self.ask_for(line),
            Action::Offer(choices) => self.offer(choices),
            Action::NextHit => return self.search(Way::Forward),
            Action::PreviousHit => return self.search(Way::Backward),
            Action::Copy(piece) => return self.copy(piece),
            Action::Save(_) if self.is_stale() => {}
            Action::Save(coding) => {
                let body = copy::body(&self.detail, coding);
                return self.or_say(body.map(Effect::Write), "there is no body to save");
            }
            Action::Export(scope, how) => {
                let selected = self.list.selected().map(|row| row.id);
                let selection = match scope {
                    Scope::Selected => {
                        Selection::One(self.or_say(selected, "no exchange is selected")?)
                    }
                    Scope::Marked => Selection::Marked,
                    Scope::Listed => Selection::All,
                };
                return Some(Effect::Export(selection, how, self.secrets));
            }
            Action::View(program) => return self.view(program),
            Action::OpenValue => return self.open_value(),
            Action::Inspect(_) | Action::TurnSheet(_) | Action::SetUp | Action::Ledger => {
                return self.act_on_sheets(action);
            }
            Action::Fold | Action::Unfold if self.sheet_is_open() => {
                return self.act_on_sheets(action);
            }
            Action::ToggleDevices | Action::FoldAll(_) => return self.act_on_groups(action),
            Action::Open | Action::Fold | Action::Unfold if self.on_groups() => {
                return self.act_on_groups(action);
            }
            Action::TogglePassthrough => return self.toggle_passthrough(),
            Action::ToggleSecrets => self.toggle_secrets(),
            Action::ToggleMouse => {
                self.mouse = !self.mouse;
                return Some(Effect::Mouse(self.mouse));
            }
            other if is_listing(other) => return self.act_on_list(other),
            other => self.act_on_panes(other),
        }
        None
    }

    fn act_on_panes(&mut self, action: Action) {
        match action {
            Action::ToggleHelp => self.toggle_help(),
            Action::Move(step) => self.step(step),
            Action::Open => self.focus = Pane::Detail,
            Action::NextPane | Action::PreviousPane | Action::Show(_) | Action::ShowAs(_)
                if self.list.selected_line().is_some_and(|line| line.row().is_none()) =>
            {
                self.say(Level::Notable, "this line is a group; D shows its device");
            }
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
            Action::Grow(sign) => self.grow(sign),
            Action::ToggleFollow => {
                self.list.toggle_follow();
                self.window_asked = None;
            }
            Action::TogglePause => self.toggle_pause(),
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
    }

    /// One level up; false at the top.
    fn back(&mut self) -> bool {
        if self.overlays.pop().is_some() {
            return true;
        }
        self.detail.unmark();
        std::mem::replace(&mut self.focus, Pane::List) != Pane::List
    }

    fn step(&mut self, step: Step) {
        match (self.overlays.last_mut(), self.focus) {
            (Some(Overlay::Help(help)), _) => help.step(step),
            (Some(Overlay::Sheet(sheet)), _) => sheet.step(step),
            (Some(Overlay::Menu(menu)), _) => menu.step(step),
            (Some(Overlay::Prompt(_)), _) => {}
            (None, Pane::List) => {
                self.seek = None;
                self.list.step(step);
            }
            (None, Pane::Detail) => {
                self.detail.act(Action::Move(step));
            }
        }
    }

    fn toggle_help(&mut self) {
        if self.overlays.pop().is_none() {
            let height = self.areas().map_or(0, |areas| help_height(&areas));
            let help = Help::new(&self.keymap, self.pane_stack(), height);
            self.overlays.push(Overlay::Help(help));
        }
    }

    fn grow(&mut self, sign: i8) {
        let Some(share) = self.areas().and_then(|areas| areas.share()) else { return };
        let up = (sign > 0) == (self.focus == Pane::List);
        let share = if up { share.saturating_add(GROWTH) } else { share.saturating_sub(GROWTH) };
        self.list_share = Some(share.min(1000));
    }

    fn toggle_secrets(&mut self) {
        self.secrets = match self.secrets {
            Secrets::Masked => Secrets::Shown,
            Secrets::Shown => Secrets::Masked,
        };
    }

    pub(super) fn search_for(&mut self, text: &str) -> Option<Effect> {
        self.searches.add(text);
        // An empty line searches for the same again.
        let text = self.searches.last().filter(|_| text.is_empty()).unwrap_or(text);
        self.needle = Needle::parse(text);
        self.search(Way::Forward)
    }

    fn search(&mut self, way: Way) -> Option<Effect> {
        let needle = self.needle.clone();
        let needle = self.or_say(needle, "nothing to search for yet")?;
        if self.focus == Pane::List {
            let from = self.list.exchange();
            self.notice = Some((Level::Info, "searching…".to_owned()));
            return Some(Effect::Find(needle, from, way));
        }
        self.search_detail(&needle, way)
    }

    /// Goes to the next hit of the detail, or has all of them looked for first.
    pub(super) fn search_detail(&mut self, needle: &Needle, way: Way) -> Option<Effect> {
        match self.detail.find(needle, way) {
            Sought::At(number) => self.say(Level::Info, &format!("hit {number}")),
            Sought::Nowhere => self.say(Level::Warning, "not found here"),
            Sought::Ask(quest) => {
                self.say(Level::Info, "searching…");
                return Some(Effect::Search(quest, way));
            }
        }
        None
    }

    fn copy(&mut self, piece: Piece) -> Option<Effect> {
        if self.is_stale() {
            return None;
        }
        let row = self.list.selected()?.clone();
        let text = if self.focus == Pane::List && matches!(piece, Piece::Node | Piece::Value) {
            Some(row_line(&row, self.now, self.secrets))
        } else {
            copy::copied(&self.detail, piece)
        };
        let stem = format!("synctap-{:06}-copy", row.id.0);
        self.or_say(text.map(|text| Effect::Copy(text, stem)), "there is nothing like that here")
    }

    /// True, and told, while what is in sight is not yet what is selected.
    fn is_stale(&mut self) -> bool {
        let Some(id) = self.list.selected().map(|row| row.id) else {
            self.say(Level::Notable, "no exchange is selected");
            return true;
        };
        let decoded = self.detail.shown().is_some_and(|shown| !shown.undecoded);
        let stale = !self.detail.is_shown(id) || !decoded;
        if stale {
            self.say(Level::Notable, &format!("{id} is still being read"));
        }
        stale
    }

    fn open_value(&mut self) -> Option<Effect> {
        let place = self.detail.selected_value();
        let place = self.or_say(place, "there is no value on this line")?;
        let mut places = self.opened.clone();
        places.push(place);
        let id = self.detail.shown()?.id();
        Some(Effect::OpenValue(id, self.secrets, places))
    }

    fn view(&mut self, program: Program) -> Option<Effect> {
        if self.is_stale() {
            return None;
        }
        let text = copy::copied(&self.detail, Piece::Xml).map(|text| ("xml", text));
        let text = text.or_else(|| copy::copied(&self.detail, Piece::Node).map(|t| ("txt", t)));
        let stem = self.detail.shown().map(|s| copy::stem(s, self.detail.current_leg()));
        let named = stem.zip(text).map(|(stem, (extension, text))| {
            Effect::View(program, NamedBytes { stem, extension, bytes: text.into() })
        });
        self.or_say(named, "there is nothing to show")
    }

    pub(super) fn or_say<T>(&mut self, what: Option<T>, otherwise: &str) -> Option<T> {
        if what.is_none() {
            self.say(Level::Warning, otherwise);
        }
        what
    }

    pub(super) fn say(&mut self, level: Level, text: &str) {
        self.notice = Some((level, text.to_owned()));
    }
}
