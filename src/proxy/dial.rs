//! Reaching a server: name, TCP, TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::failure;
use super::shared::Shared;
use super::target::Target;
use super::terminate::{HTTP11, note_session};
use super::wire::Wire;
use crate::model::Failure;
use crate::model::Tls;
use crate::pki::Witness;

/// Connects to the server's TCP port, refusing to connect to ourselves.
///
/// # Errors
/// A failure of the server's side, or `proxy-loop`.
pub(super) async fn connect(shared: &Shared, target: &Target) -> Result<TcpStream, Failure> {
    let until = Instant::now() + shared.settings.limits.connect;
    let found = timeout_at(until, addresses(shared, target)).await;
    let addresses = found.map_err(|_| failure::dial_timeout(&target.label()))??;
    if let Some(us) = addresses.iter().find(|address| shared.is_us(**address)) {
        return Err(failure::proxy(
            "proxy-loop",
            leads_back(target, *us),
            "name the server itself; the set-up page is http://synctap.internal/",
        ));
    }
    let stream = first_to_answer(&addresses, until, &target.label()).await?;
    tune(&stream, shared.settings.limits.keep_alive);
    Ok(stream)
}

/// The address is told where the target has only a name.
fn leads_back(target: &Target, us: SocketAddr) -> String {
    let label = target.label();
    let address = us.to_string();
    let at = if label == address { String::new() } else { format!(" ({address})") };
    format!("{label} leads back to this proxy{at}")
}

/// No delay for small segments, and probes for peers that are silent for long: both legs need them.
pub(super) fn tune(stream: &TcpStream, keep_alive: Duration) {
    let probes = TcpKeepalive::new().with_time(keep_alive).with_interval(keep_alive);
    let tuned =
        stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&probes));
    if let Err(error) = tuned {
        tracing::debug!(%error, "socket options were not set");
    }
}

/// A TLS connection to a server.
pub(super) struct Secured {
    pub(super) wire: Wire,
    pub(super) tls: Tls,
    pub(super) witness: Arc<Witness>,
}

/// Shakes hands with the server.
///
/// # Errors
/// The failure, and what the handshake showed until then.
pub(super) async fn secure(
    shared: &Shared,
    target: &Target,
    stream: TcpStream,
) -> Result<Secured, (Failure, Tls)> {
    let mut tls = Tls::default();
    let (mut config, witness) = match shared.trust.client_config() {
        Ok(made) => made,
        Err(error) => return Err((failure::proxy("tls-setup", error.to_string(), ""), tls)),
    };
    config.alpn_protocols = vec![HTTP11.to_vec()];
    config.enable_sni = target.send_name;
    if let Some(keylog) = &shared.keylog {
        config.key_log = Arc::clone(keylog);
    }
    let Ok(name) = ServerName::try_from(target.name.clone()) else {
        let cause = format!("`{}` is no name a certificate could hold for", target.name);
        return Err((failure::server("upstream-name", cause, ""), tls));
    };
    tls.sni = target.send_name.then(|| target.name.clone());
    tls.alpn_offered = vec!["http/1.1".into()];
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let shaken = timeout(shared.settings.limits.handshake, connecting).await;
    let seen = witness.seen();
    tls.chain = seen.chain;
    tls.verdict = seen.verdict;
    tls.client_certificate_asked = seen.client_certificate_asked;
    match shaken {
        Ok(Ok(stream)) => {
            note_session(&mut tls, stream.get_ref().1);
            Ok(Secured { wire: Wire::new(stream), tls, witness })
        }
        Ok(Err(error)) => Err((failure::server_handshake(&error, &tls), tls)),
        Err(_) => {
            let cause = "the server did not finish the TLS handshake in time";
            Err((failure::server("upstream-tls-timeout", cause, ""), tls))
        }
    }
}

/// True when the target, as written, is an address of ours: said before anything is looked up.
pub(super) fn is_plainly_us(shared: &Shared, target: &Target) -> bool {
    let literal = match target.host.as_str() {
        "localhost" => Some(IpAddr::from([127, 0, 0, 1])),
        host => host.parse().ok(),
    };
    literal.is_some_and(|address| shared.is_us(SocketAddr::new(address, target.port)))
}

/// The addresses that `host` has now; none when it has none, or nobody tells in time.
pub(super) async fn look_up(shared: &Shared, host: &str, port: u16) -> Vec<IpAddr> {
    if let Some(known) = shared.settings.hosts.get(host) {
        return vec![known.ip()];
    }
    let found = timeout(shared.settings.limits.connect, lookup_host((host, port))).await;
    match found {
        Ok(Ok(found)) => found.map(|address| address.ip()).collect(),
        Ok(Err(_)) | Err(_) => Vec::new(),
    }
}

async fn addresses(shared: &Shared, target: &Target) -> Result<Vec<SocketAddr>, Failure> {
    if let Some(known) = shared.settings.hosts.get(&target.host) {
        return Ok(vec![*known]);
    }
    let found = lookup_host((target.host.as_str(), target.port)).await;
    match found.map(Iterator::collect::<Vec<_>>) {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(failure::not_found(&target.host, None)),
        Err(error) => Err(failure::not_found(&target.host, Some(&error))),
    }
}

/// Tries the addresses in turn, each with its share of the time that is left.
async fn first_to_answer(
    addresses: &[SocketAddr],
    until: Instant,
    label: &str,
) -> Result<TcpStream, Failure> {
    let mut last = None;
    for (at, address) in addresses.iter().enumerate() {
        let tries_left = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(Instant::now()) / tries_left;
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = last.or_else(|| Some(io::ErrorKind::TimedOut.into())),
        }
    }
    let error = last.unwrap_or_else(|| io::ErrorKind::TimedOut.into());
    Err(failure::dial(&error, label))
}
