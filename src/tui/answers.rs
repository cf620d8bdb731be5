//! What answers and changes do to the screen, and what it asks for in turn.

use std::sync::Arc;

use crate::engine::Order;
use crate::model::{ExchangeId, Level, WallTime};
use crate::render::clean;

use super::app::App;
use super::message::{Effect, Mode, Seek, Wanted, Window};
use super::overlays::{Overlay, Pages, Topic};
use super::prepared::Prepared;

impl App {
    /// It is later.
    pub(super) fn tick(&mut self, now: WallTime, effects: &mut Vec<Effect>) {
        self.now = now;
        // Connections close without anything being recorded.
        if self.status.connections > 0 {
            effects.extend(self.status_load.ask(()).map(|()| Effect::LoadStatus));
        }
        self.learn(effects);
    }

    /// There may be something new.
    pub(super) fn changed(&mut self, effects: &mut Vec<Effect>) {
        effects.extend(self.status_load.ask(()).map(|()| Effect::LoadStatus));
        if self.paused.is_some() {
            return;
        }
        self.window_asked = None;
        self.standings.outdated();
        self.learn(effects);
    }

    /// Learns of devices what is to be seen and may be known by now.
    pub(super) fn learn(&mut self, effects: &mut Vec<Effect>) {
        let sheet = self.overlays.iter().find_map(|overlay| match overlay {
            Overlay::Sheet(sheet) => Some(sheet.topic().clone()),
            _ => None,
        });
        if sheet.is_none() && self.mode == Mode::Exchanges {
            return;
        }
        if let Some(effect) = self.standings.ask(self.now) {
            effects.push(effect);
            let load = sheet.and_then(|topic| self.sheet_load.ask(topic));
            effects.extend(load.map(Effect::LoadSheet));
        }
    }

    /// Takes the pages of a sheet, if it is still open.
    pub(super) fn take_sheet(&mut self, of: &Topic, pages: Pages, effects: &mut Vec<Effect>) {
        effects.extend(self.sheet_load.done().map(Effect::LoadSheet));
        let again = pages.unfinished.then(|| of.clone());
        for overlay in &mut self.overlays {
            if let Overlay::Sheet(sheet) = overlay
                && sheet.topic() == of
            {
                sheet.take(pages);
                let load = again.and_then(|topic| self.sheet_load.ask(topic));
                effects.extend(load.map(Effect::LoadSheet));
                return;
            }
        }
    }

    /// Takes lines of the list.
    pub(super) fn take_window(&mut self, mut window: Window, effects: &mut Vec<Effect>) {
        if let Some(frozen) = self.paused.filter(|_| self.mode == Mode::Exchanges) {
            window.total = window.total.min(frozen);
            window.lines.truncate(frozen.saturating_sub(window.offset));
        }
        let stays = matches!(window.sought, Some(Seek::Stay(_) | Seek::Newest));
        if !stays && window.sought != self.seek {
            // Whoever moved meanwhile is not moved.
            window.at = None;
        } else if window.at.is_some() || window.looked_at.is_none() {
            self.seek.take_if(|_| !stays);
        }
        self.list.take(window);
        self.readable(Wanted::Window);
        if self.list.len() == 0 {
            self.detail.clear();
            self.detail_asked = None;
        }
        effects.extend(self.window_load.done().map(|(span, seek)| Effect::LoadWindow(span, seek)));
    }

    pub(super) fn take_detail(
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
    pub(super) fn take_undecoded(&mut self, prepared: Arc<Prepared>) {
        let id = prepared.id();
        if self.list.is_selected(id) && !self.detail.is_shown(id) {
            self.opened.clear();
            self.detail.show(prepared);
        }
    }

    pub(super) fn take_opened(&mut self, id: ExchangeId, prepared: Option<Arc<Prepared>>) {
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

    pub(super) fn take_found(&mut self, found: Option<ExchangeId>) {
        match found {
            Some(id) => {
                self.notice = None;
                self.go_to(id);
            }
            None => self.notice = Some((Level::Warning, "not found in the list".to_owned())),
        }
    }

    pub(super) fn take_failure(&mut self, what: Wanted, why: String, effects: &mut Vec<Effect>) {
        match what {
            Wanted::Devices => self.standings.fail(self.now),
            Wanted::Sheet => effects.extend(self.sheet_load.done().map(Effect::LoadSheet)),
            _ => {}
        }
        if matches!(what, Wanted::Hit | Wanted::Export | Wanted::Devices | Wanted::Sheet) {
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
            Wanted::Hit | Wanted::Export | Wanted::Devices | Wanted::Sheet => None,
        });
    }

    pub(super) fn readable(&mut self, what: Wanted) {
        self.unreadable.take_if(|(unreadable, _)| *unreadable == what);
    }

    /// Asks for what is in sight and not at hand.
    pub(super) fn ask(&mut self, effects: &mut Vec<Effect>) {
        let span = self.list.wanted();
        let missing = self.list.lacks() && self.window_asked != Some(span);
        if missing || self.window_asked.is_none() {
            self.window_asked = Some(span);
            let seek = self.seek.clone().or_else(|| self.stay());
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

    /// What is to stay in sight: in another order than that of arrival, what is new comes between.
    fn stay(&self) -> Option<Seek> {
        match self.mode {
            Mode::Devices if self.list.follows() && self.paused.is_none() => Some(Seek::Newest),
            Mode::Exchanges if self.order == Order::default() => None,
            _ => self.list.anchor().map(Seek::Stay),
        }
    }
}
