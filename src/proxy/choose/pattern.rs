//! Patterns that hosts are chosen by.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::proxy::cidr::Cidr;
use crate::proxy::mode::split_authority;

/// A host name with `*` and `?` (`*.example.com`, `mail.example:8443`), or a range of addresses
/// (`10.0.0.0/8`). A `*` stands for any characters, dots included; case does not matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Hosts {
    Glob(String),
    Range(Cidr),
}

/// The text is no pattern of hosts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a host pattern: `{0}` (try `*.example.com`, `mail.example:8443` or `10.0.0.0/8`)")]
pub struct PatternError(String);

/// Longest pattern in bytes: that of a DNS name (RFC 1035 §2.3.4).
const PATTERN_BYTES: usize = 255;

/// Stands in for `?` while the port is split off; not valid in any host.
const ANY_ONE: &str = "!";

impl Pattern {
    /// True when it holds for `host` (name or address, no brackets). A pattern with a port holds for
    /// that port only; an unknown port matches no such pattern.
    pub fn matches(&self, host: &str, port: Option<u16>) -> bool {
        if self.port.is_some() && self.port != port {
            return false;
        }
        match &self.hosts {
            Hosts::Glob(glob) => {
                let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
                glob_matches(glob.as_bytes(), host.as_bytes())
            }
            Hosts::Range(_) => host.parse().is_ok_and(|ip| self.matches_address(ip, port)),
        }
    }

    /// True for a range of addresses that holds `address`, on this port.
    pub(super) fn matches_address(&self, address: IpAddr, port: Option<u16>) -> bool {
        let Hosts::Range(range) = &self.hosts else { return false };
        (self.port.is_none() || self.port == port) && range.contains(address)
    }

    /// True when it is a range of addresses.
    pub(super) fn is_range(&self) -> bool {
        matches!(self.hosts, Hosts::Range(_))
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let bad = || PatternError(text.to_owned());
        let text = text.trim();
        if text.contains(ANY_ONE) {
            return Err(bad());
        }
        if let Ok(range) = text.parse::<Cidr>() {
            return Ok(Self { hosts: Hosts::Range(range), port: None });
        }
        // A question mark stands for a character here; in an authority it would end it.
        let (host, port) = split_authority(&text.replace('?', ANY_ONE)).ok_or_else(bad)?;
        let host = host.replace(ANY_ONE, "?");
        if let Ok(range) = host.parse::<Cidr>() {
            return Ok(Self { hosts: Hosts::Range(range), port });
        }
        if host.is_empty() || host.len() > PATTERN_BYTES {
            return Err(bad());
        }
        let glob = host.strip_suffix('.').unwrap_or(&host).to_owned();
        Ok(Self { hosts: Hosts::Glob(glob), port })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.hosts {
            Hosts::Glob(glob) => f.write_str(glob)?,
            Hosts::Range(range) => range.fmt(f)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// Linear in the product of the lengths at worst: a `*` that fails is tried one byte further on.
fn glob_matches(glob: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at + 1, from));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == text[from] => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((after, tried)) = star else { return false };
                star = Some((after, tried + 1));
                at = after;
                from = tried + 1;
            }
        }
    }
    glob[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(pattern: &str, host: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().matches(host, Some(443))
    }

    #[test]
    fn names_match_as_a_shell_would() {
        assert!(holds("*.example.com", "mail.example.com"));
        assert!(holds("*.example.com", "a.b.EXAMPLE.com."));
        assert!(!holds("*.example.com", "example.com"));
        assert!(!holds("*.example.com", "mail.example.com.evil"));
        assert!(holds("*", "anything") && holds("m?il.*", "mail.x"));
        assert!(!holds("m?il", "mil"));
        assert!(holds("*a*a*b", "xaxaxab") && !holds("*a*a*b", "xab"));
    }

    #[test]
    fn ports_and_addresses() {
        assert!(holds("mail.example:443", "mail.example"));
        assert!(!holds("mail.example:8443", "mail.example"));
        assert!(!"h:1".parse::<Pattern>().unwrap().matches("h", None));
        assert!(holds("10.0.0.0/8", "10.1.2.3") && !holds("10.0.0.0/8", "11.1.2.3"));
        assert!(holds("10.0.0.7", "10.0.0.7") && holds("fd00::/8", "fd00::1"));
        assert!(!holds("10.0.0.0/8", "ten.example"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for bad in ["", " ", "a b", "https://x", "10.0.0.0/99", "h:port", "h:0"] {
            assert!(bad.parse::<Pattern>().is_err(), "{bad}");
        }
        let shown = |text: &str| text.parse::<Pattern>().unwrap().to_string();
        assert_eq!(shown("*.Example.com:8443"), "*.example.com:8443");
    }
}
