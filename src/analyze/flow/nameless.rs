//! Exchanges that name no device: OPTIONS and Autodiscover come before the device says who it is.

use std::collections::VecDeque;

use crate::analyze::eas::Head;
use crate::model::{ConnId, Exchange, Step};

use super::memory::Mark;

/// Exchanges that wait for their device; the oldest is forgotten first.
const WAITING: usize = 64;

/// Where an exchange came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sender {
    connection: ConnId,
    /// Address without port; empty when not known.
    address: String,
    agent: String,
    user: String,
}

impl Sender {
    pub(super) fn of(exchange: &Exchange, head: &Head) -> Self {
        let headers = exchange.request.as_ref().map(|request| &request.headers);
        let agent = headers.and_then(|headers| headers.first("User-Agent")).unwrap_or_default();
        let address = exchange.client.rsplit_once(':').map_or("", |(address, _)| address);
        Self {
            connection: exchange.conn,
            address: address.to_owned(),
            agent: agent.to_owned(),
            user: user_of(head),
        }
    }

    /// True when both seem to be one device: the same program of the same user, from one address or on one
    /// connection, where a request may leave its name out.
    pub(super) fn is_near(&self, other: &Self) -> bool {
        let users = self.user.is_empty() || other.user.is_empty() || self.user == other.user;
        let address = !self.address.is_empty() && self.address == other.address;
        let silent = self.agent.is_empty() || other.agent.is_empty();
        let same = self.agent == other.agent;
        users && ((same && address) || ((same || silent) && self.is_on(other)))
    }

    /// True on one and the same connection.
    pub(super) fn is_on(&self, other: &Self) -> bool {
        self.connection == other.connection
    }
}

/// The user without domain, lower case.
pub(super) fn user_of(head: &Head) -> String {
    let user = head.user.to_lowercase();
    user.rsplit('\\').next().unwrap_or_default().to_owned()
}

/// One exchange that waits for its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Early {
    pub(super) step: Step,
    /// Versions the server offered in it.
    pub(super) offered: Option<(Vec<String>, Mark)>,
    /// Empty for Autodiscover, which asks another host.
    host: String,
    sender: Sender,
}

impl Early {
    pub(super) fn new(
        step: Step,
        offered: Option<(Vec<String>, Mark)>,
        host: String,
        sender: Sender,
    ) -> Self {
        Self { step, offered, host, sender }
    }
}

/// Those that wait, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Nameless(VecDeque<Early>);

impl Nameless {
    pub(super) fn keep(&mut self, early: Early) {
        if self.0.len() == WAITING {
            self.0.pop_front();
        }
        self.0.push_back(early);
    }

    /// Takes out what is of the device that speaks to `host` from there.
    pub(super) fn take(&mut self, host: &str, sender: &Sender) -> Vec<Early> {
        let (own, others): (Vec<Early>, Vec<Early>) =
            std::mem::take(&mut self.0).into_iter().partition(|early: &Early| {
                (early.host.is_empty() || early.host == host) && early.sender.is_near(sender)
            });
        self.0 = others.into();
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender(connection: u64, address: &str, agent: &str, user: &str) -> Sender {
        let [address, agent, user] = [address, agent, user].map(str::to_owned);
        Sender { connection: ConnId(connection), address, agent, user }
    }

    #[test]
    fn who_is_near() {
        let phone = sender(1, "192.0.2.1", "Phone/1", "alice");
        assert!(phone.is_near(&sender(2, "192.0.2.1", "Phone/1", "")));
        assert!(phone.is_near(&sender(1, "", "", "")), "the same connection");
        assert!(!phone.is_near(&sender(2, "192.0.2.1", "", "")), "anybody behind that address");
        assert!(!phone.is_near(&sender(1, "192.0.2.1", "Tablet/1", "alice")));
        assert!(!phone.is_near(&sender(1, "192.0.2.1", "Phone/1", "bob")));
    }
}
