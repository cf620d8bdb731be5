//! The addresses of this machine that a device can type.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use crate::proxy::mode::{Mode, Way, bracketed};

/// Where the kernel lists its local IPv4 addresses.
const ROUTES: &str = "/proc/net/fib_trie";
/// A documentation address (RFC 5737): asking for the way there sends nothing.
const FAR_AWAY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 9);

/// The IPv4 addresses of this machine on its networks, the one of the default route first. Loopback
/// and link-local ones are left out. Empty without a network.
pub fn lan_addresses() -> Vec<IpAddr> {
    let mut found: Vec<IpAddr> = default_route().into_iter().collect();
    let routes = fs::read_to_string(ROUTES).unwrap_or_default();
    for address in local_addresses(&routes) {
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// The URLs of the pages, those that other devices can reach first. `lan` are the addresses of this
/// machine, for listeners on all of them.
pub(in crate::proxy) fn page_urls(listeners: &[(Mode, SocketAddr)], lan: &[IpAddr]) -> Vec<String> {
    let mut urls = Vec::new();
    let mut own = listeners.iter().filter(|(mode, _)| serves_pages(&mode.way)).collect::<Vec<_>>();
    own.sort_by_key(|(_, address)| address.ip().to_canonical().is_loopback());
    for (_, address) in own {
        if address.ip().is_unspecified() {
            urls.extend(lan.iter().map(|ip| url(*ip, address.port())));
        } else {
            urls.push(url(address.ip(), address.port()));
        }
    }
    urls
}

/// The address of the explicit proxy for a device that reached us at `local`.
pub(super) fn proxy_address(
    listeners: &[(Mode, SocketAddr)],
    local: SocketAddr,
) -> Option<SocketAddr> {
    let regular = || listeners.iter().filter(|(mode, _)| mode.way == Way::Regular);
    let same = |address: &SocketAddr| {
        let ip = address.ip().to_canonical();
        ip.is_unspecified() || ip == local.ip().to_canonical()
    };
    let reached = regular().map(|(_, address)| *address).find(same);
    let at = reached.or_else(|| regular().map(|(_, address)| *address).next())?;
    let ip = if at.ip().is_unspecified() { local.ip().to_canonical() } else { at.ip() };
    Some(SocketAddr::new(ip, at.port()))
}

fn serves_pages(way: &Way) -> bool {
    matches!(way, Way::Regular | Way::Admin)
}

fn url(ip: IpAddr, port: u16) -> String {
    format!("http://{}:{port}/", bracketed(&ip.to_canonical().to_string()))
}

/// The address this machine would use to reach other networks.
fn default_route() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(FAR_AWAY).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_loopback() && !address.is_unspecified()).then_some(address)
}

/// The host addresses in the kernel's routing trie: the line before `/32 host LOCAL`.
fn local_addresses(routes: &str) -> Vec<IpAddr> {
    let mut found = Vec::new();
    let mut last = None;
    for line in routes.lines() {
        if let Some((_, address)) = line.split_once("|-- ") {
            last = address.trim().parse::<Ipv4Addr>().ok();
        } else if line.contains("/32 host LOCAL")
            && let Some(address) = last.take()
            && !address.is_loopback()
            && !address.is_link_local()
            && !found.contains(&IpAddr::V4(address))
        {
            found.push(IpAddr::V4(address));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRIE: &str = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 0.0.0.0\n        /0 universe UNICAST\n\
        \x20    |-- 127.0.0.1\n        /32 host LOCAL\n     |-- 192.168.1.0\n        /24 link UNICAST\n\
        \x20    |-- 192.168.1.7\n        /32 host LOCAL\n     |-- 169.254.3.4\n        /32 host LOCAL\n\
        \x20    |-- 192.168.1.255\n        /32 link BROADCAST\nLocal:\n     |-- 192.168.1.7\n\
        \x20       /32 host LOCAL\n     |-- 10.0.0.1\n        /32 host LOCAL\n";

    fn listener(spec: &str) -> (Mode, SocketAddr) {
        let mode: Mode = spec.parse().unwrap();
        let address = mode.listen;
        (mode, address)
    }

    #[test]
    fn addresses_of_the_networks_are_found() {
        let expected: [IpAddr; 2] = [[192, 168, 1, 7].into(), [10, 0, 0, 1].into()];
        assert_eq!(local_addresses(TRIE), expected);
        assert!(lan_addresses().iter().all(|address| !address.is_loopback()));
    }

    #[test]
    fn what_others_can_reach_comes_first_and_a_reverse_listener_never() {
        let listeners = [
            listener("regular@127.0.0.1:8080"),
            listener("reverse:https://mail.example@0.0.0.0:8443"),
            listener("regular@0.0.0.0:3128"),
        ];
        let lan = [[192, 168, 1, 7].into(), [10, 0, 0, 1].into()];
        assert_eq!(
            page_urls(&listeners, &lan),
            ["http://192.168.1.7:3128/", "http://10.0.0.1:3128/", "http://127.0.0.1:8080/"]
        );
        assert!(page_urls(&listeners[1..2], &lan).is_empty());
    }

    #[test]
    fn the_proxys_address_is_the_one_the_device_came_to() {
        let both = [listener("regular@127.0.0.1:8080"), listener("regular@0.0.0.0:3128")];
        let at = |local: &str| proxy_address(&both, local.parse().unwrap()).unwrap().to_string();
        assert_eq!(at("192.168.1.7:9000"), "192.168.1.7:3128");
        assert_eq!(at("127.0.0.1:8080"), "127.0.0.1:8080");
        let only = [listener("reverse:https://mail.example@0.0.0.0:8443")];
        assert_eq!(proxy_address(&only, "192.168.1.7:1".parse().unwrap()), None);
    }
}
