//! Clients that end their own direction: with half a request, and with a whole one.

use std::time::Duration;

use synctap::model::State;

use crate::support::{self, Lab, Origin, Peer};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

#[tokio::test]
async fn what_came_of_a_broken_body_reaches_the_server() {
    const CAME: usize = 300_000;
    for tls in [false, true] {
        let (sender, mut got) = tokio::sync::mpsc::channel(1);
        let serve = move |mut peer: Peer| {
            let sender = sender.clone();
            async move {
                // Reads nothing until the device is long gone.
                tokio::time::sleep(Duration::from_millis(300)).await;
                peer.head().await;
                sender.send(peer.rest().await.len()).await.unwrap();
            }
        };
        let origin = if tls { Origin::tls(serve).await } else { Origin::plain(serve).await };
        let lab = Lab::reverse(&origin).await;
        let mut peer = lab.client().await;
        if tls {
            peer = peer.tls("localhost").await;
        }
        peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n").await;
        peer.send(vec![b'x'; CAME]).await;
        peer.shutdown().await;
        let exchange = lab.events.failed("request-body-short").await;
        assert_eq!(exchange.request.unwrap().body.seen, 300_000);
        let got = tokio::time::timeout(support::PATIENCE, got.recv()).await.unwrap();
        assert_eq!(got, Some(CAME), "tls: {tls}");
    }
}

#[tokio::test]
async fn a_client_that_ends_its_own_direction_gets_its_answer() {
    const BODY: usize = 3_000_000;
    for tls in [false, true] {
        let serve = move |mut peer: Peer| async move {
            peer.message().await;
            // Longer than a client that went away would be waited for after the last write.
            for piece in [0, 1, 2] {
                tokio::time::sleep(Duration::from_millis(300)).await;
                if piece == 0 {
                    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", BODY * 2);
                    peer.send(head).await;
                } else {
                    peer.send(vec![b'x'; BODY]).await;
                }
            }
            peer.rest().await;
        };
        let origin = if tls { Origin::tls(serve).await } else { Origin::plain(serve).await };
        let limits = support::impatient();
        let lab = Lab::with(&support::reverse_mode(&origin), |s| s.limits = limits).await;
        let mut peer = lab.client().await;
        if tls {
            peer = peer.tls("localhost").await;
        }
        peer.send(GET).await;
        peer.shutdown().await;
        assert!(peer.head().await.starts_with("HTTP/1.1 200 OK"));
        assert_eq!(peer.rest().await.len(), BODY * 2, "tls: {tls}");
        lab.events.wait(|exchange| exchange.state == State::Complete).await;
    }
}

#[tokio::test]
async fn a_half_closed_connection_ends_with_its_answer() {
    let origin = Origin::echo(false).await;
    let longer_than_the_test = Duration::from_mins(10);
    let lab = Lab::with(&support::reverse_mode(&origin), |settings| {
        settings.limits.half_closed = longer_than_the_test;
    })
    .await;
    let mut peer = lab.client().await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").await;
    peer.shutdown().await;
    assert_eq!(peer.message().await.body, b"ok");
    assert_eq!(peer.rest().await, b"");
}
