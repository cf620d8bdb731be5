//! The list by device, and sheets about devices.

use crate::engine::{GroupLine, GroupName};

use super::action::{Action, SheetPage, Step};
use super::app::App;
use super::layout::Pane;
use super::message::{Effect, Mode, Seek};
use super::overlays::{Overlay, Sheet, Topic};

impl App {
    /// True where the selected line of the list may be a group.
    pub(super) fn on_groups(&self) -> bool {
        self.mode == Mode::Devices && self.focus == Pane::List && self.overlays.is_empty()
    }

    /// True while a sheet has the keys.
    pub(super) fn sheet_is_open(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Sheet(_)))
    }

    /// Does what concerns the list by device.
    pub(super) fn act_on_groups(&mut self, action: Action) -> Option<Effect> {
        let line = self
            .list
            .selected_line()
            .map(|line| (line.name(), line.facts().map(|facts| facts.open)));
        match (action, line) {
            (Action::ToggleDevices, _) => Some(self.toggle_mode()),
            (Action::FoldAll(open), _) => {
                self.or_say((self.mode == Mode::Devices).then_some(()), "t groups by device")?;
                if !open {
                    // The newest would open its groups again.
                    self.list.stay();
                }
                Some(Effect::FoldAll(open))
            }
            (Action::Open, Some((_, None))) => {
                self.focus = Pane::Detail;
                None
            }
            (Action::Open, Some((name, Some(open)))) => Some(Effect::Fold(name, !open)),
            (Action::Unfold, Some((name, Some(false)))) => Some(Effect::Fold(name, true)),
            (Action::Unfold, _) => {
                self.list.step(Step::Down);
                None
            }
            (Action::Fold, Some((name, Some(true)))) => Some(Effect::Fold(name, false)),
            (Action::Fold, _) => {
                self.list.step_out();
                None
            }
            _ => None,
        }
    }

    fn toggle_mode(&mut self) -> Effect {
        self.mode = match self.mode {
            Mode::Exchanges => Mode::Devices,
            Mode::Devices => Mode::Exchanges,
        };
        self.focus = Pane::List;
        // The exchange stays selected; of a group the last one.
        let exchange = self.list.exchange().map(|id| Seek::Go(GroupName::Exchange(id)));
        self.seek = exchange.or(self.seek.take());
        self.standings.outdated();
        self.show_list()
    }

    /// Does what concerns sheets.
    pub(super) fn act_on_sheets(&mut self, action: Action) -> Option<Effect> {
        if let Some(Overlay::Sheet(sheet)) = self.overlays.last_mut() {
            match action {
                Action::Inspect(page) => sheet.show(page),
                Action::TurnSheet(on) => sheet.turn(on),
                Action::Fold => sheet.shift(false),
                _ => sheet.shift(true),
            }
            return None;
        }
        match action {
            Action::SetUp => self.open_sheet(Topic::SetUp, SheetPage::State),
            Action::Ledger => {
                let exchange = self.list.exchange();
                let exchange = self.or_say(exchange, "no exchange is selected")?;
                self.open_sheet(Topic::Ledger(exchange), SheetPage::State)
            }
            Action::Inspect(page) => {
                let device = self.selected_device();
                let device = self.or_say(device, "no device id is known of this line")?;
                self.open_sheet(Topic::Device(device), page)
            }
            _ => None,
        }
    }

    fn open_sheet(&mut self, topic: Topic, page: SheetPage) -> Option<Effect> {
        self.overlays.push(Overlay::Sheet(Sheet::new(topic.clone(), page)));
        self.sheet_load.ask(topic).map(Effect::LoadSheet)
    }

    fn selected_device(&self) -> Option<String> {
        let device = match self.list.selected_line()? {
            GroupLine::Device(device) => device.device.clone(),
            GroupLine::Session(session) => session.device().to_owned(),
            GroupLine::Exchange(row) => row.summary.device.clone(),
        };
        (!device.is_empty()).then_some(device)
    }

    /// From now on TLS to the selected host is passed on unread, or opened again.
    pub(super) fn toggle_passthrough(&mut self) -> Option<Effect> {
        let host = self.list.selected().map(|row| host_of(&row.host).to_owned());
        let host = self.or_say(host.filter(|host| !host.is_empty()), "no host is selected")?;
        Some(Effect::TogglePassthrough(host))
    }
}

/// A host without its port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_stand_without_their_port() {
        for (authority, host) in [
            ("mail.example", "mail.example"),
            ("mail.example:8443", "mail.example"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("[2001:db8::1]:8443", "[2001:db8::1]"),
        ] {
            assert_eq!(host_of(authority), host);
        }
    }
}
