//! TLS that is not opened: passed on from its first byte, with what can be seen from outside.

use std::sync::Arc;

use crate::model::Exchange;
use crate::model::Failure;
use crate::model::Kind;
use crate::model::State;
use crate::model::Tls;
use crate::proxy::choose::Why;
use crate::proxy::client_hello::HelloFacts;
use crate::proxy::dial;
use crate::proxy::failure;
use crate::proxy::recorder::{Moment, Recorder};
use crate::proxy::relay::relay;
use crate::proxy::serve::describe_target;
use crate::proxy::shared::{Device, Shared};
use crate::proxy::target::Target;
use crate::proxy::wire::Wire;

/// A connection that is passed on unread.
pub(super) struct Unread<'a> {
    pub(super) target: &'a Target,
    /// What its first message says; absent when it is damaged.
    pub(super) hello: Option<HelloFacts>,
    pub(super) why: Why,
    pub(super) begun: Moment,
}

/// Relays until both ends are done. The row tells name, sizes, times and why it was not opened.
pub(super) async fn passthrough(
    shared: Arc<Shared>,
    device: Arc<Device>,
    wire: Wire,
    unread: Unread<'_>,
) {
    let recorder = shared.record(&device, Kind::Tunnel, unread.begun);
    recorder.publish(|exchange| unread.describe(exchange)).await;
    let carried = tokio::select! {
        biased;
        () = shared.scope.cut.cancelled() => Err(failure::shutdown()),
        carried = carry(&shared, &recorder, wire, unread.target) => carried,
    };
    recorder.close(carried.map_or_else(State::Failed, |()| State::Complete)).await;
}

async fn carry(
    shared: &Shared,
    recorder: &Recorder,
    wire: Wire,
    target: &Target,
) -> Result<(), Failure> {
    let server = dial::connect(shared, target).await?;
    let address = server.peer_addr().ok().map(|address| address.to_string());
    let now = recorder.now();
    recorder
        .note(|exchange| {
            exchange.server = address;
            exchange.times.connected = Some(now);
        })
        .await;
    relay(recorder, wire, server, shared.settings.limits.tick).await
}

impl Unread<'_> {
    fn describe(&self, exchange: &mut Exchange) {
        describe_target(exchange, self.target);
        exchange.passthrough = Some(self.why.to_string());
        if let Some(hello) = &self.hello {
            exchange.client_tls = Some(Tls {
                sni: hello.sni.clone(),
                alpn_offered: hello.alpn.clone(),
                ..Tls::default()
            });
        }
    }
}
