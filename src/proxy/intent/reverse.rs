//! The reverse proxy: the device takes us for the server.

use std::sync::Arc;

use hyper::header::HeaderValue;
use tokio::time::timeout;

use super::connect::secured;
use crate::model::Scheme;
use crate::proxy::failure;
use crate::proxy::mode::Origin;
use crate::proxy::recorder::Moment;
use crate::proxy::serve::{Route, describe_target, serve};
use crate::proxy::shared::{Device, Shared};
use crate::proxy::sniff::{First, sniff};
use crate::proxy::target::Target;
use crate::proxy::wire::Wire;

/// Serves a device that takes us for `origin`, with or without TLS. The listener has no answers of
/// its own: whatever is asked goes to the server.
pub(in crate::proxy) async fn reverse(
    shared: Arc<Shared>,
    device: Arc<Device>,
    origin: &Origin,
    mut wire: Wire,
) {
    let begun = Moment::now();
    let target = Target::of(origin);
    let patience = shared.settings.limits.first_head;
    let first = tokio::select! {
        () = shared.scope.drain.cancelled() => return,
        first = timeout(patience, sniff(&mut wire)) => first,
    };
    let host = (!shared.settings.keep_host)
        .then(|| HeaderValue::from_str(&origin.authority()).ok())
        .flatten();
    let route = Route::Fixed { target: target.clone(), host };
    match first {
        // Nobody said anything: a port scan, a preconnection, a health check.
        Ok(Ok(First::Nothing) | Err(_)) => {}
        Ok(Ok(First::Tls(hello))) => {
            secured(shared, device, wire, hello, &target, |_| route).await;
        }
        Ok(Ok(first @ (First::Http | First::Other))) => {
            if first == First::Http && origin.scheme == Scheme::Https {
                let failure = failure::plain_http(&target.label());
                let describe = |exchange: &mut _| describe_target(exchange, &target);
                shared.connection_failed(&device, begun, failure, describe).await;
            }
            serve(shared, device, route, wire, None).await;
        }
        Err(_) => {
            let failure = failure::head_timeout();
            let describe = |exchange: &mut _| describe_target(exchange, &target);
            shared.connection_failed(&device, begun, failure, describe).await;
        }
    }
}
