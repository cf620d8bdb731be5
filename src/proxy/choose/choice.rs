//! The decision for one connection.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::pattern::Pattern;
use super::unsupported;
use crate::model::Failure;
use crate::proxy::pages;

/// Which hosts' TLS is opened. A run-time choice goes first, then `passthrough`, then `intercept`
/// (which also overrides the built-in list), then a device's own rejections, then that list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choosing {
    /// Open only these; empty means all that nothing else excludes.
    pub intercept: Vec<Pattern>,
    /// Never open these.
    pub passthrough: Vec<Pattern>,
    /// Leave alone the hosts whose vendor says that inspection is not supported.
    pub unsupported: bool,
    /// After this many rejections of our certificate for a host, pass it on; 0 is never.
    pub after_rejections: u32,
}

impl Default for Choosing {
    fn default() -> Self {
        Self {
            intercept: Vec::new(),
            passthrough: Vec::new(),
            unsupported: true,
            after_rejections: 0,
        }
    }
}

/// Why a connection is passed on unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::proxy) enum Why {
    /// A person said so while it ran.
    Asked,
    /// A pattern of `--passthrough`.
    Pattern(String),
    /// There are patterns of `--intercept`, and none holds.
    NotChosen,
    /// The built-in list.
    Unsupported(&'static str),
    /// The client rejected our certificate this often.
    Rejected(u32),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("switched to passthrough while it ran"),
            Self::Pattern(pattern) => write!(f, "`--passthrough {pattern}`"),
            Self::NotChosen => f.write_str("no `--intercept` pattern names it"),
            Self::Unsupported(what) => {
                write!(f, "{what}: its vendor does not support inspection")
            }
            Self::Rejected(times) => {
                write!(f, "clients rejected our certificate {times} times")
            }
        }
    }
}

/// Codes of failures that mean a client did not take our certificate.
const REJECTIONS: [&str; 3] =
    ["certificate-rejected", "closed-in-handshake", "closed-before-request"];

/// Most hosts whose rejections or run-time choices are remembered; past it, new ones are not.
const REMEMBERED: usize = 10_000;

/// What was chosen, and what happened since.
#[derive(Debug)]
pub(in crate::proxy) struct Choice {
    settings: Choosing,
    learnt: Mutex<Learnt>,
}

#[derive(Debug, Default)]
struct Learnt {
    asked: HashMap<String, bool>,
    rejections: HashMap<String, u32>,
}

impl Choice {
    pub(in crate::proxy) fn new(settings: Choosing) -> Self {
        Self { settings, learnt: Mutex::default() }
    }

    /// True when a range of addresses may decide about `host`, which is a name.
    pub(in crate::proxy) fn needs_addresses(&self, host: &str) -> bool {
        let Choosing { intercept, passthrough, .. } = &self.settings;
        host.parse::<IpAddr>().is_err()
            && intercept.iter().chain(passthrough).any(Pattern::is_range)
    }

    /// Why TLS to `host`, which has `addresses` as far as they are known, is passed on unread; `None`
    /// when it is opened.
    pub(in crate::proxy) fn passes(
        &self,
        host: &str,
        port: Option<u16>,
        addresses: &[IpAddr],
    ) -> Option<Why> {
        if pages::asks_for_us(host) {
            return None;
        }
        let host = normal(host);
        let rejections = {
            let learnt = self.learnt();
            match learnt.asked.get(&host) {
                Some(true) => return Some(Why::Asked),
                Some(false) => return None,
                None => learnt.rejections.get(&host).copied().unwrap_or_default(),
            }
        };
        let settings = &self.settings;
        let find = |patterns: &[Pattern]| {
            let holds = |pattern: &&Pattern| {
                pattern.matches(&host, port)
                    || addresses.iter().any(|ip| pattern.matches_address(*ip, port))
            };
            patterns.iter().find(holds).map(ToString::to_string)
        };
        if let Some(pattern) = find(&settings.passthrough) {
            return Some(Why::Pattern(pattern));
        }
        let chosen = find(&settings.intercept).is_some();
        if !chosen && !settings.intercept.is_empty() {
            return Some(Why::NotChosen);
        }
        if settings.after_rejections > 0 && rejections >= settings.after_rejections {
            return Some(Why::Rejected(rejections));
        }
        if chosen || !settings.unsupported {
            return None;
        }
        unsupported::find(&host, port).map(|entry| Why::Unsupported(entry.what))
    }

    /// As [`Choice::passes`], for a connection to `host` that asks for `sni`: either name decides, and
    /// the addresses of `host`.
    pub(in crate::proxy) fn passes_either(
        &self,
        host: &str,
        sni: Option<&str>,
        port: u16,
        addresses: &[IpAddr],
    ) -> Option<Why> {
        let by_host = || self.passes(host, Some(port), addresses);
        let Some(sni) = sni.filter(|sni| !sni.eq_ignore_ascii_case(host)) else {
            return by_host();
        };
        match (self.passes(sni, Some(port), &[]), by_host()) {
            // One of the two was named to be opened.
            (None, Some(Why::NotChosen)) | (Some(Why::NotChosen), None) => None,
            (by_name, by_host) => by_name.or(by_host),
        }
    }

    /// A person's choice for `host`.
    pub(in crate::proxy) fn set(&self, host: &str, passthrough: bool) {
        let mut learnt = self.learnt();
        if learnt.asked.len() < REMEMBERED || learnt.asked.contains_key(&normal(host)) {
            learnt.asked.insert(normal(host), passthrough);
        }
    }

    /// A connection to `host` that asked for `sni` ended with `failure` before any request.
    pub(in crate::proxy) fn learn(&self, host: &str, sni: Option<&str>, failure: &Failure) {
        if REJECTIONS.contains(&failure.code.as_str()) {
            self.rejected(sni.unwrap_or(host));
        }
    }

    /// A client took our certificate for `host`: what was counted before was no pinning.
    pub(in crate::proxy) fn accepted(&self, host: &str) {
        if self.settings.after_rejections > 0 {
            self.learnt().rejections.remove(&normal(host));
        }
    }

    fn rejected(&self, host: &str) {
        if self.settings.after_rejections == 0 {
            return;
        }
        let mut learnt = self.learnt();
        if learnt.rejections.len() < REMEMBERED || learnt.rejections.contains_key(&normal(host)) {
            let times = learnt.rejections.entry(normal(host)).or_default();
            *times = times.saturating_add(1);
        }
    }

    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        // Counters and choices: nothing a panic elsewhere could leave half done.
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn normal(host: &str) -> String {
    host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(intercept: &[&str], passthrough: &[&str], after_rejections: u32) -> Choice {
        let patterns = |list: &[&str]| list.iter().map(|text| text.parse().unwrap()).collect();
        Choice::new(Choosing {
            intercept: patterns(intercept),
            passthrough: patterns(passthrough),
            after_rejections,
            ..Choosing::default()
        })
    }

    #[test]
    fn everything_is_opened_but_what_vendors_ask_to_leave_alone() {
        let choice = choice(&[], &[], 0);
        assert_eq!(choice.passes("mail.example", Some(443), &[]), None);
        let intune = choice.passes("x.manage.microsoft.com", Some(443), &[]);
        assert_eq!(intune, Some(Why::Unsupported("Intune device management")));
    }

    #[test]
    fn naming_a_host_overrides_the_list_and_excludes_the_others() {
        let choice = choice(&["*.manage.microsoft.com", "*.example"], &["secret.example"], 0);
        assert_eq!(choice.passes("x.manage.microsoft.com", None, &[]), None);
        assert_eq!(choice.passes("other.test", None, &[]), Some(Why::NotChosen));
        let why = choice.passes("secret.example", None, &[]).unwrap().to_string();
        assert_eq!(why, "`--passthrough secret.example`");
        assert_eq!(choice.passes_either("10.0.0.1", Some("mail.example"), 443, &[]), None);
        assert!(choice.passes_either("10.0.0.1", Some("secret.example"), 443, &[]).is_some());
    }

    #[test]
    fn a_range_holds_for_a_name_that_leads_into_it() {
        let (inside, outside): (IpAddr, IpAddr) = ([10, 1, 2, 3].into(), [192, 0, 2, 1].into());
        let left = choice(&[], &["10.0.0.0/8"], 0);
        assert!(left.needs_addresses("ten.example") && !left.needs_addresses("10.1.2.3"));
        let why = left.passes("ten.example", Some(443), &[outside, inside]);
        assert_eq!(why, Some(Why::Pattern("10.0.0.0/8".into())));
        assert_eq!(left.passes("ten.example", Some(443), &[outside]), None);
        let opened = choice(&["10.0.0.0/8"], &[], 0);
        assert_eq!(opened.passes("ten.example", Some(443), &[inside]), None);
        assert_eq!(opened.passes("ten.example", Some(443), &[]), Some(Why::NotChosen));
        assert!(!choice(&["*.example"], &["login.*"], 0).needs_addresses("ten.example"));
    }

    #[test]
    fn a_person_decides_last_and_may_come_back() {
        let choice = choice(&[], &["a.example"], 0);
        choice.set("A.example.", false);
        assert_eq!(choice.passes("a.example", None, &[]), None);
        choice.set("b.example", true);
        assert_eq!(choice.passes("b.example", None, &[]), Some(Why::Asked));
        choice.set("synctap.internal", true);
        assert_eq!(
            choice.passes("synctap.internal", None, &[]),
            None,
            "our own pages are always ours"
        );
    }

    #[test]
    fn rejections_count_only_when_asked_to() {
        let counts = choice(&[], &[], 2);
        counts.rejected("pinned.example");
        assert_eq!(counts.passes("pinned.example", None, &[]), None);
        counts.rejected("PINNED.example");
        assert_eq!(counts.passes("pinned.example", None, &[]), Some(Why::Rejected(2)));
        let never = choice(&[], &[], 0);
        never.rejected("pinned.example");
        assert_eq!(never.passes("pinned.example", None, &[]), None);
    }
}
