//! Which connections are opened: patterns, what is recorded of the rest, and changes while it runs.

use rustls::RootCertStore;
use synctap::model::{Exchange, Kind, State};
use synctap::proxy::{Choosing, Pattern};

use crate::support::{self, Lab, Origin, Peer};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

async fn lab(choosing: Choosing) -> Lab {
    Lab::with("regular@127.0.0.1:0", |settings| settings.choosing = choosing).await
}

/// Through the proxy to the origin, trusting the origin's own authority: works only unread.
async fn straight(lab: &Lab, origin: &Origin) -> std::io::Result<Peer> {
    let mut roots = RootCertStore::empty();
    roots.add(support::origin_authority().export_der().to_vec().into()).unwrap();
    let config = support::config_with(roots);
    let tunnel = lab.client().await.tunnel("localhost", origin.port()).await;
    tunnel.tls_with("localhost", config).await
}

async fn echoed(peer: &mut Peer) {
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello").await;
    assert_eq!(peer.message().await.body, b"hello");
}

fn unread(exchange: &Exchange) -> bool {
    exchange.kind == Kind::Tunnel && exchange.passthrough.is_some()
}

#[tokio::test]
async fn a_passed_on_host_speaks_to_its_own_server_and_leaves_its_metadata() {
    let origin = Origin::echo(true).await;
    let passthrough = vec![pattern("local*")];
    let mut lab = lab(Choosing { passthrough, ..Choosing::default() }).await;
    let mut peer = straight(&lab, &origin).await.unwrap();
    echoed(&mut peer).await;
    drop(peer);
    let exchange = lab.events.wait(|e| unread(e) && !e.in_flight()).await;
    assert_eq!(exchange.passthrough.as_deref(), Some("`--passthrough local*`"));
    assert_eq!((&*exchange.host, exchange.port), ("localhost", origin.port()));
    let tls = exchange.client_tls.unwrap();
    assert_eq!(tls.sni.as_deref(), Some("localhost"));
    assert_eq!(tls.alpn_offered, ["http/1.1"]);
    let relayed = exchange.relayed.unwrap();
    assert!(relayed.up > 300 && relayed.down > 500, "{relayed:?}");
    assert!(exchange.server.is_some() && exchange.times.connected.is_some());
    assert_eq!(exchange.state, State::Complete);
    lab.stop().await;
    assert_eq!(lab.events.all().len(), 1);
}

#[tokio::test]
async fn with_a_choice_of_hosts_all_others_are_left_alone() {
    let origin = Origin::echo(true).await;
    let intercept = vec![pattern("*.example")];
    let lab = lab(Choosing { intercept, ..Choosing::default() }).await;
    echoed(&mut straight(&lab, &origin).await.unwrap()).await;
    let exchange = lab.events.wait(unread).await;
    assert_eq!(exchange.passthrough.as_deref(), Some("no `--intercept` pattern names it"));
    // A range of addresses chooses what the tunnel was asked for.
    let intercept = vec![pattern("127.0.0.0/8")];
    let lab = self::lab(Choosing { intercept, ..Choosing::default() }).await;
    let tunnel = lab.client().await.tunnel("127.0.0.1", origin.port()).await;
    let mut peer = tunnel.tls("localhost").await;
    echoed(&mut peer).await;
    assert_eq!(lab.events.closed(1).await.kind, Kind::Http);
}

#[tokio::test]
async fn a_reverse_listener_passes_on_too() {
    let origin = Origin::echo(true).await;
    let lab = Lab::with(&support::reverse_mode(&origin), |settings| {
        settings.choosing.passthrough = vec![pattern("localhost")];
    })
    .await;
    let mut roots = RootCertStore::empty();
    roots.add(support::origin_authority().export_der().to_vec().into()).unwrap();
    let config = support::config_with(roots);
    let mut peer = lab.client().await.tls_with("localhost", config).await.unwrap();
    echoed(&mut peer).await;
    assert!(unread(&lab.events.wait(unread).await));
}

#[tokio::test]
async fn a_client_that_keeps_rejecting_us_is_let_through_if_asked_to() {
    let origin = Origin::echo(true).await;
    let lab = lab(Choosing { after_rejections: 2, ..Choosing::default() }).await;
    for id in 1..=2 {
        assert!(straight(&lab, &origin).await.is_err(), "it pins its server");
        assert!(matches!(lab.events.closed(id).await.state, State::Failed(_)));
    }
    echoed(&mut straight(&lab, &origin).await.unwrap()).await;
    let exchange = lab.events.wait(unread).await;
    let why = exchange.passthrough.unwrap();
    assert_eq!(why, "clients rejected our certificate 2 times");
}

#[tokio::test]
async fn rejections_of_one_client_do_not_outlast_the_trust_of_another() {
    let origin = Origin::echo(true).await;
    let lab = lab(Choosing { after_rejections: 2, ..Choosing::default() }).await;
    assert!(straight(&lab, &origin).await.is_err());
    lab.events.closed(1).await;
    echoed(&mut lab.tunnelled(&origin).await).await;
    assert!(straight(&lab, &origin).await.is_err());
    lab.events.closed(3).await;
    assert!(straight(&lab, &origin).await.is_err(), "one in a row is not two");
}

#[tokio::test]
async fn a_host_is_switched_while_it_runs() {
    let origin = Origin::echo(true).await;
    let lab = lab(Choosing::default()).await;
    echoed(&mut lab.tunnelled(&origin).await).await;
    assert_eq!(lab.monitor.passthrough("localhost"), None);
    lab.monitor.set_passthrough("LOCALHOST", true);
    assert!(lab.monitor.passthrough("localhost").is_some());
    echoed(&mut straight(&lab, &origin).await.unwrap()).await;
    lab.monitor.set_passthrough("localhost", false);
    echoed(&mut lab.tunnelled(&origin).await).await;
}

#[tokio::test]
async fn a_range_holds_for_a_name_that_leads_into_it() {
    let origin = Origin::echo(true).await;
    // `localhost` is a name; where it leads is looked up before it is decided.
    let passthrough = vec![pattern("127.0.0.0/8")];
    let left = lab(Choosing { passthrough, ..Choosing::default() }).await;
    echoed(&mut straight(&left, &origin).await.unwrap()).await;
    let exchange = left.events.wait(unread).await;
    assert_eq!(exchange.passthrough.as_deref(), Some("`--passthrough 127.0.0.0/8`"));
    let intercept = vec![pattern("127.0.0.0/8")];
    let opened = lab(Choosing { intercept, ..Choosing::default() }).await;
    echoed(&mut opened.tunnelled(&origin).await).await;
    assert_eq!(opened.events.closed(1).await.kind, Kind::Http);
    let passthrough = vec![pattern("203.0.113.0/24")];
    let elsewhere = lab(Choosing { passthrough, ..Choosing::default() }).await;
    echoed(&mut elsewhere.tunnelled(&origin).await).await;
    assert_eq!(elsewhere.events.closed(1).await.kind, Kind::Http);
}
