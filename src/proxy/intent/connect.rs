//! CONNECT (RFC 9110 §9.3.6): a tunnel, and what turns out to be inside.

use std::sync::Arc;

use hyper::Response;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::Exchange;
use crate::model::Failure;
use crate::model::Kind;
use crate::model::Request as Asked;
use crate::model::Scheme;
use crate::model::State;
use crate::model::Tls;
use crate::proxy::answer::Reply;
use crate::proxy::body::Outgoing;
use crate::proxy::client_hello::HelloFacts;
use crate::proxy::dial;
use crate::proxy::exchange::Arrived;
use crate::proxy::failure;
use crate::proxy::pages;
use crate::proxy::recorder::Moment;
use crate::proxy::relay::relay;
use crate::proxy::serve::{Route, Session, describe_target, pages_target, serve};
use crate::proxy::shared::{Device, Handshake, Shared};
use crate::proxy::sniff::{First, hesitates, sniff};
use crate::proxy::tap::Tapped;
use crate::proxy::target::Target;
use crate::proxy::terminate::terminate;
use crate::proxy::watch::RequestWatch;
use crate::proxy::wire::Wire;

use super::passthrough::{Unread, passthrough};

/// A tunnel that was asked for.
struct Tunnel {
    shared: Arc<Shared>,
    device: Arc<Device>,
    host: String,
    port: u16,
    asked: Asked,
    begun: Moment,
}

/// Opens the tunnel and goes on with what is inside. The server is dialled only when its bytes are
/// needed: with TLS inside, each request reaches it on its own.
pub(in crate::proxy) async fn connect(
    session: Arc<Session>,
    arrived: Arrived,
    host: String,
    port: u16,
    mut reply: Reply,
) {
    let Arrived { mut request, asked, begun, .. } = arrived;
    let upgrade = hyper::upgrade::on(&mut request);
    let tunnel = Tunnel {
        shared: Arc::clone(&session.shared),
        device: Arc::clone(&session.device),
        host,
        port,
        asked,
        begun,
    };
    // The session ends here: its connection to the device becomes the tunnel.
    drop((session, request));
    reply.send(Response::new(Outgoing::Empty));
    let opened = tokio::select! {
        () = tunnel.shared.scope.cut.cancelled() => return,
        opened = upgrade => opened,
    };
    match opened {
        Ok(upgraded) => inside(tunnel, wire(upgraded)).await,
        Err(_) => tunnel.failed(failure::client_gone()).await,
    }
}

/// TLS with the device, then HTTP inside it; a row when it gets no further.
pub(super) async fn secured(
    shared: Arc<Shared>,
    device: Arc<Device>,
    wire: Wire,
    hello: Option<HelloFacts>,
    target: &Target,
    route: impl FnOnce(&Tls) -> Route,
) {
    let begun = Moment::now();
    let sni = hello.as_ref().and_then(|hello| hello.sni.as_deref());
    let addresses = if shared.choice.needs_addresses(&target.host) {
        tokio::select! {
            () = shared.scope.cut.cancelled() => return,
            found = dial::look_up(&shared, &target.host, target.port) => found,
        }
    } else {
        Vec::new()
    };
    if target.scheme == Scheme::Https
        && let Some(why) = shared.choice.passes_either(&target.host, sni, target.port, &addresses)
    {
        let unread = Unread { target, hello, why, begun };
        return passthrough(shared, device, wire, unread).await;
    }
    let shaken = tokio::select! {
        () = shared.scope.cut.cancelled() => return,
        shaken = terminate(&shared, wire, hello, &target.host) => shaken,
    };
    match shaken {
        Ok((wire, tls)) => {
            let handshake = Handshake { begun, done: std::time::Instant::now() };
            let route = route(&tls);
            serve(shared, device, route, wire, Some((tls, handshake))).await;
        }
        Err(refused) => {
            let asked = refused.tls.sni.as_deref();
            shared.choice.learn(target.display_host(), asked, &refused.failure);
            let describe = |exchange: &mut Exchange| {
                describe_target(exchange, target);
                exchange.client_tls = Some(refused.tls);
            };
            shared.connection_failed(&device, begun, refused.failure, describe).await;
        }
    }
}

async fn inside(tunnel: Tunnel, mut wire: Wire) {
    let patience = tunnel.shared.settings.limits.sniff;
    let first = tokio::select! {
        () = tunnel.shared.scope.cut.cancelled() => return,
        first = timeout(patience, sniff(&mut wire)) => first,
    };
    match first {
        Ok(Ok(first)) => go_on(tunnel, wire, first, None).await,
        Ok(Err(_)) => tunnel.failed(failure::client_gone()).await,
        Err(_) if hesitates(wire.ahead()) => go_on(tunnel, wire, First::Other, None).await,
        Err(_) => who_speaks_first(tunnel, wire).await,
    }
}

/// The device is silent. In some protocols the server greets first, so it is dialled now.
async fn who_speaks_first(tunnel: Tunnel, mut wire: Wire) {
    let target = tunnel.target(Scheme::Tcp);
    let server = tokio::select! {
        () = tunnel.shared.scope.cut.cancelled() => return,
        server = dial::connect(&tunnel.shared, &target) => server,
    };
    let server = match server {
        Ok(server) => server,
        Err(failure) => return tunnel.failed(failure).await,
    };
    let mut byte = [0];
    let first = tokio::select! {
        () = tunnel.shared.scope.cut.cancelled() => return,
        first = sniff(&mut wire) => first,
        _ = server.peek(&mut byte) => Ok(First::Other),
    };
    match first {
        Ok(first) => go_on(tunnel, wire, first, Some(server)).await,
        Err(_) => tunnel.failed(failure::client_gone()).await,
    }
}

async fn go_on(tunnel: Tunnel, wire: Wire, first: First, server: Option<TcpStream>) {
    if pages::asks_for_us(&tunnel.host) {
        return own_pages(tunnel, wire, first).await;
    }
    match first {
        First::Tls(hello) => {
            let Tunnel { shared, device, host, port, .. } = tunnel;
            let sni = hello.as_ref().and_then(|hello| hello.sni.clone());
            let target = Target::tunnelled(&host, port, sni.as_deref());
            let route = |tls: &Tls| Route::Fixed {
                target: Target::tunnelled(&host, port, tls.sni.as_deref()),
                host: None,
            };
            secured(shared, device, wire, hello, &target, route).await;
        }
        First::Http => {
            let target = tunnel.target(Scheme::Http);
            let route = Route::Fixed { target, host: None };
            serve(tunnel.shared, tunnel.device, route, wire, None).await;
        }
        First::Other => relayed(tunnel, wire, server).await,
        First::Nothing => tunnel.failed(failure::client_gone()).await,
    }
}

/// A tunnel to our own pages: over TLS the device shows whether it trusts us.
async fn own_pages(tunnel: Tunnel, wire: Wire, first: First) {
    let route = Route::Pages { tunnelled: true };
    match first {
        First::Tls(hello) => {
            let target = pages_target(true);
            secured(tunnel.shared, tunnel.device, wire, hello, &target, |_| route).await;
        }
        First::Http => serve(tunnel.shared, tunnel.device, route, wire, None).await,
        First::Other | First::Nothing => tunnel.failed(failure::client_gone()).await,
    }
}

/// Bytes that are neither TLS nor HTTP: passed on and counted.
async fn relayed(tunnel: Tunnel, wire: Wire, server: Option<TcpStream>) {
    let target = tunnel.target(Scheme::Tcp);
    let recorder = tunnel.shared.record(&tunnel.device, Kind::Tunnel, tunnel.begun);
    recorder.publish(|exchange| tunnel.describe(exchange)).await;
    let carried = async {
        let server = match server {
            Some(server) => server,
            None => dial::connect(&tunnel.shared, &target).await?,
        };
        let address = server.peer_addr().ok().map(|address| address.to_string());
        let now = recorder.now();
        recorder
            .note(|exchange| {
                exchange.server = address;
                exchange.times.connected = Some(now);
            })
            .await;
        relay(&recorder, wire, server, tunnel.shared.settings.limits.tick).await
    };
    let carried = tokio::select! {
        biased;
        () = tunnel.shared.scope.cut.cancelled() => Err(failure::shutdown()),
        carried = carried => carried,
    };
    recorder.close(carried.map_or_else(State::Failed, |()| State::Complete)).await;
}

impl Tunnel {
    fn target(&self, scheme: Scheme) -> Target {
        Target::plain(&self.host, self.port, scheme)
    }

    fn describe(&self, exchange: &mut Exchange) {
        describe_target(exchange, &self.target(Scheme::Tcp));
        exchange.request = Some(self.asked.clone());
    }

    /// A tunnel nothing came out of.
    async fn failed(&self, failure: Failure) {
        let describe = |exchange: &mut Exchange| self.describe(exchange);
        self.shared.connection_failed(&self.device, self.begun, failure, describe).await;
    }
}

/// The stream below the HTTP library, with what it had read beyond CONNECT.
fn wire(upgraded: Upgraded) -> Wire {
    match upgraded.downcast::<TokioIo<Tapped<RequestWatch>>>() {
        Ok(parts) => parts.io.into_inner().into_wire().unread(&parts.read_buf),
        Err(upgraded) => Wire::new(TokioIo::new(upgraded)),
    }
}
