//! The explicit proxy: each request names its server.

use std::sync::Arc;
use std::time::Duration;

use hyper::Method;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;

use crate::model::Failure;
use crate::proxy::dial;
use crate::proxy::exchange::Arrived;
use crate::proxy::failure;
use crate::proxy::mode::{Origin, Way, split_authority};
use crate::proxy::pages;
use crate::proxy::recorder::Moment;
use crate::proxy::serve::{Route, Session, serve};
use crate::proxy::shared::{Device, Shared};
use crate::proxy::sniff::{First, sniff};
use crate::proxy::target::Target;
use crate::proxy::wire::Wire;

/// What a request wants of us.
pub(in crate::proxy) enum Intent {
    /// A tunnel.
    Connect {
        /// Name or address, without brackets.
        host: String,
        /// TCP port.
        port: u16,
    },
    /// An answer of this server.
    Forward(Target),
    /// One of our own pages.
    Page,
    /// Nothing that could be done.
    Refuse(Failure),
}

/// A TLS alert, fatal, `unexpected_message`, in a record of its own (RFC 8446 §5.1, §6).
const UNEXPECTED_MESSAGE: [u8; 7] = [0x15, 3, 1, 0, 2, 2, 10];
/// The device gets this long to take the alert.
const ALERT_PATIENCE: Duration = Duration::from_secs(1);

/// Serves a device that knows of the proxy.
pub(in crate::proxy) async fn regular(shared: Arc<Shared>, device: Arc<Device>, mut wire: Wire) {
    let begun = Moment::now();
    let patience = shared.settings.limits.first_head;
    let first = tokio::select! {
        () = shared.scope.drain.cancelled() => return,
        first = timeout(patience, sniff(&mut wire)) => first,
    };
    let failure = match first {
        // Nobody said anything: a port scan, a preconnection, a health check.
        Ok(Ok(First::Nothing) | Err(_)) => return,
        Ok(Ok(First::Http | First::Other)) => {
            return serve(shared, device, Route::Named, wire, None).await;
        }
        Ok(Ok(First::Tls(_))) => {
            // The alert is a courtesy.
            let _ = timeout(ALERT_PATIENCE, wire.write_all(&UNEXPECTED_MESSAGE)).await;
            failure::client(
                "tls-to-proxy-port",
                "the client spoke TLS to the proxy itself instead of sending a proxy request",
                "set it as HTTP proxy on the device, or listen with `--mode reverse:https://HOST`",
            )
        }
        Err(_) => failure::head_timeout(),
    };
    shared.connection_failed(&device, begun, failure, |_| ()).await;
}

/// What `arrived` wants, by its target's form (RFC 9112 §3.2) and the connection it came on.
pub(in crate::proxy) fn of(session: &Session, arrived: &Arrived) -> Intent {
    let connect = arrived.request.method() == Method::CONNECT;
    match &session.route {
        Route::Fixed { .. } if connect => {
            Intent::Refuse(bad_target("the client sent CONNECT to a server that is no proxy"))
        }
        Route::Fixed { target, .. } => Intent::Forward(target.clone()),
        Route::Pages { .. } if connect => {
            Intent::Refuse(bad_target("the client sent CONNECT to pages that are no proxy"))
        }
        Route::Pages { .. } => Intent::Page,
        Route::Named if connect => match split_authority(&arrived.asked.target) {
            Some((host, Some(port))) => checked(session, host, port),
            _ => Intent::Refuse(bad_target("the target of CONNECT is not HOST:PORT")),
        },
        Route::Named => named(session, arrived),
    }
}

fn checked(session: &Session, host: String, port: u16) -> Intent {
    let target = Target::tunnelled(&host, port, None);
    if dial::is_plainly_us(&session.shared, &target) {
        return Intent::Refuse(failure::proxy(
            "proxy-loop",
            format!("{} leads back to this proxy", target.label()),
            "name the server itself; the set-up page is http://synctap.internal/",
        ));
    }
    Intent::Connect { host, port }
}

fn named(session: &Session, arrived: &Arrived) -> Intent {
    let uri = arrived.request.uri();
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        if pages::knows(uri.path()) {
            return Intent::Page;
        }
        let open = session.shared.listeners.all();
        let regular = open.iter().filter(|(mode, _)| mode.way == Way::Regular);
        let addresses = regular.map(|(_, address)| address.to_string());
        return Intent::Refuse(failure::client(
            "not-a-proxy-request",
            "this is a proxy, and the client asked it as if it were a server",
            &format!(
                "set {} as HTTP proxy on the device",
                addresses.collect::<Vec<_>>().join(" or ")
            ),
        ));
    };
    // What stands before an @ is no part of where to connect to.
    let host = authority.as_str().rsplit('@').next().unwrap_or_default();
    match format!("{scheme}://{host}").parse::<Origin>() {
        Ok(origin) if pages::asks_for_us(&origin.host) => Intent::Page,
        Ok(origin) => Intent::Forward(Target::of(&origin)),
        Err(_) => Intent::Refuse(bad_target("the request's target is no http or https URL")),
    }
}

fn bad_target(cause: &str) -> Failure {
    failure::client("bad-target", cause, "")
}
