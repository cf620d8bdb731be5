//! Address ranges of devices that may connect.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address range such as `192.168.1.0/24` (RFC 4632 §3.1); a lone address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

/// The text is no address range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an address range: `{0}` (try `192.168.1.0/24`)")]
pub struct CidrError(String);

impl Cidr {
    /// True when `address` lies inside. An IPv4 address written as IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(one)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                (net.to_bits() ^ one.to_bits()) & mask == 0
            }
            (IpAddr::V6(net), IpAddr::V6(one)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                (net.to_bits() ^ one.to_bits()) & mask == 0
            }
            _ => false,
        }
    }
}

/// True when a device at `address` may connect: this machine always, others when a range of `allow`
/// holds them.
pub(super) fn admits(allow: &[Cidr], address: IpAddr) -> bool {
    address.to_canonical().is_loopback() || allow.iter().any(|range| range.contains(address))
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let bad = || CidrError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |p| p.parse::<u8>().map_err(|_| bad()))?;
        if prefix > most {
            return Err(bad());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        range.parse::<Cidr>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn ranges_hold_what_they_say() {
        assert!(holds("192.168.1.0/24", "192.168.1.255"));
        assert!(!holds("192.168.1.0/24", "192.168.2.0"));
        assert!(holds("192.168.1.77", "192.168.1.77"));
        assert!(!holds("192.168.1.77", "192.168.1.78"));
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.1.2.3"));
        assert!(holds("2001:db8::/32", "2001:db8:ffff::1") && holds("::/0", "fe80::1"));
        assert!(!holds("2001:db8::/33", "2001:db8:8000::1"));
    }

    #[test]
    fn this_machine_and_the_allowed_are_admitted() {
        let allow = ["192.168.0.0/16".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let admitted = |address: &str| admits(&allow, address.parse().unwrap());
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "192.168.3.4", "2001:db8::9"] {
            assert!(admitted(address), "{address}");
        }
        for address in ["192.169.0.1", "10.0.0.1", "2001:db9::1"] {
            assert!(!admitted(address), "{address}");
        }
        assert!(!admits(&[], "192.168.3.4".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "localhost", "1.2.3.4/33", "1.2.3.4/", "1.2.3.4/-1", "::1/129", "1.2.3/8"]
        {
            assert_eq!(text.parse::<Cidr>(), Err(CidrError(text.into())));
        }
        assert_eq!("10.0.0.0/8".parse::<Cidr>().unwrap().to_string(), "10.0.0.0/8");
    }
}
