//! Ceilings and patiences: memory, silence, truncation, and stopping.

use std::time::Duration;

use synctap::model::{Kind, Leg, Side, State};
use synctap::proxy::{Proxy, Settings};
use tokio_util::sync::CancellationToken;

use crate::support::{self, Lab, Origin, Peer};

const LARGE: usize = 300 * 1024 * 1024;
const MAY_GROW: usize = 64 * 1024 * 1024;

/// Resident memory of this process, in bytes: proxy, origin and device together.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Watches memory until dropped.
struct Watch {
    peak: std::sync::Arc<std::sync::atomic::AtomicUsize>,
    before: usize,
    task: tokio::task::JoinHandle<()>,
}

impl Watch {
    fn start() -> Self {
        let peak = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let shared = peak.clone();
        let task = tokio::spawn(async move {
            loop {
                shared.fetch_max(resident(), std::sync::atomic::Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        Self { peak, before: resident(), task }
    }

    fn grown(&self) -> usize {
        self.task.abort();
        let peak = self.peak.load(std::sync::atomic::Ordering::Relaxed).max(resident());
        peak.saturating_sub(self.before)
    }
}

async fn send_zeros(peer: &mut Peer, mut count: usize) {
    let zeros = vec![0; 64 * 1024];
    while count > 0 {
        let now = count.min(zeros.len());
        peer.send(&zeros[..now]).await;
        count -= now;
    }
}

#[test]
fn large_bodies_stream_through_in_little_memory() {
    // Memory is a process's: the tests beside this one must not be measured with it.
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "limits::large_bodies_alone", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by large_bodies_stream_through_in_little_memory in a process of its own"]
async fn large_bodies_alone() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        peer.head().await;
        peer.skip(LARGE).await;
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {LARGE}\r\n\r\n")).await;
        send_zeros(&mut peer, LARGE).await;
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    let watch = Watch::start();
    peer.send(format!("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {LARGE}\r\n\r\n")).await;
    send_zeros(&mut peer, LARGE).await;
    let head = peer.head().await;
    assert!(head.contains(&format!("Content-Length: {LARGE}")), "{head}");
    peer.skip(LARGE).await;
    let exchange = lab.events.closed(1).await;
    let grown = watch.grown();
    println!("grew by {} MiB", grown >> 20);
    assert!(grown < MAY_GROW, "grew by {} MiB", grown >> 20);
    assert_eq!(exchange.state, State::Complete);
    let limit = Settings::default().body_limit;
    for body in [exchange.request.unwrap().body, exchange.response.unwrap().body] {
        assert_eq!((body.seen, body.ended), (LARGE as u64, true));
        assert!(body.truncated() && body.kept <= limit, "{body:?}");
    }
}

#[tokio::test]
async fn a_body_beyond_its_limit_is_marked_truncated_and_forwarded_whole() {
    let origin = Origin::echo(true).await;
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.body_limit = 1000).await;
    let mut peer = lab.tunnelled(&origin).await;
    let body: Vec<u8> = (0..=250).cycle().take(5000).collect();
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n").await;
    peer.send(&body).await;
    assert!(peer.message().await.body == body);
    let exchange = lab.events.closed(1).await;
    assert!(exchange.truncated());
    for leg in [Leg::Request, Leg::Response] {
        assert_eq!(lab.events.body(exchange.id, leg), body[..1000]);
    }
    assert_eq!(exchange.response.unwrap().body.kept, 1000);
}

#[tokio::test]
async fn a_silent_poll_outlives_every_patience() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        loop {
            peer.message().await;
            // Longer than each of the patiences, and than all of them together.
            tokio::time::sleep(Duration::from_secs(3)).await;
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n").await;
            tokio::time::sleep(Duration::from_millis(1500)).await;
            peer.send("late").await;
        }
    })
    .await;
    let limits = support::impatient();
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.limits = limits).await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST /Ping HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!(peer.message().await.body, b"late");
    assert_eq!(lab.events.closed(1).await.state, State::Complete);
    // Silence between two requests is no fault either.
    tokio::time::sleep(Duration::from_millis(1500)).await;
    peer.send("POST /Ping HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!(peer.message().await.body, b"late");
}

#[tokio::test]
async fn a_silent_client_is_let_go() {
    let origin = Origin::echo(true).await;
    let limits = support::impatient();
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.limits = limits).await;
    let mut silent = lab.client().await;
    assert_eq!(silent.rest().await, b"");
    let exchange = lab.events.failed("request-timeout").await;
    assert_eq!((exchange.kind, exchange.id.0), (Kind::Connection, 1));
    let mut shaken = lab.tunnelled(&origin).await;
    shaken.send("GET / HTTP/1.1\r\nHost:").await;
    assert_eq!(shaken.rest().await, b"");
    let exchange = lab.events.closed(2).await;
    let State::Failed(failure) = exchange.state else { panic!() };
    assert_eq!((failure.side, &*failure.code), (Side::Client, "request-timeout"));
}

#[tokio::test]
async fn without_a_listener_for_events_everything_is_forwarded() {
    let origin = Origin::echo(true).await;
    let (events, told) = tokio::sync::mpsc::channel(1);
    drop(told);
    let settings = Settings {
        modes: vec!["regular@127.0.0.1:0".parse().unwrap()],
        upstream_ca: vec![support::origin_authority().facts().certificate],
        ..Settings::default()
    };
    let proxy = Proxy::bind(settings, support::authority(), events).await.unwrap();
    let address = proxy.listeners()[0].1;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(proxy.run(shutdown.clone()));
    let tunnel = Peer::tcp(address).await.tunnel("localhost", origin.port()).await;
    let mut peer = tunnel.tls("localhost").await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 600000\r\n\r\n").await;
    send_zeros(&mut peer, 600_000).await;
    assert_eq!(peer.message().await.body.len(), 600_000);
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_slow_listener_for_events_costs_copies_not_bytes() {
    let origin = Origin::echo(true).await;
    let (events, mut told) = tokio::sync::mpsc::channel(4);
    let settings = Settings {
        modes: vec!["regular@127.0.0.1:0".parse().unwrap()],
        upstream_ca: vec![support::origin_authority().facts().certificate],
        limits: support::impatient(),
        ..Settings::default()
    };
    let proxy = Proxy::bind(settings, support::authority(), events).await.unwrap();
    let address = proxy.listeners()[0].1;
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(proxy.run(shutdown.clone()));
    let tunnel = Peer::tcp(address).await.tunnel("localhost", origin.port()).await;
    let mut peer = tunnel.tls("localhost").await;
    let size = 8 << 20;
    peer.send(format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n")).await;
    // Nobody reads events: 4 fit, then bodies wait a short while once and are only counted.
    send_zeros(&mut peer, size).await;
    let reading = tokio::spawn(async move {
        let mut last = None;
        while let Some(event) = told.recv().await {
            if let synctap::proxy::ProxyEvent::Exchange(exchange) = event {
                last = Some(exchange);
            }
        }
        last.unwrap()
    });
    assert_eq!(peer.message().await.body.len(), size);
    shutdown.cancel();
    running.await.unwrap();
    let exchange = reading.await.unwrap();
    let body = exchange.request.as_ref().unwrap().body;
    assert!(body.truncated() && body.seen == size as u64, "the loss is visible: {body:?}");
}

#[tokio::test]
async fn stopping_under_load_closes_every_exchange_and_every_task() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        let request = peer.message().await;
        if request.head.contains("/half") {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await;
        }
        peer.rest().await;
    })
    .await;
    let raw = Origin::plain(|mut peer: Peer| async move {
        peer.rest().await;
    })
    .await;
    let limits = support::impatient();
    let mut lab = Lab::with("regular@127.0.0.1:0", |s| s.limits = limits).await;
    let mut peers = Vec::new();
    for n in 0..10 {
        let mut peer = lab.tunnelled(&origin).await;
        let path = if n % 2 == 0 { "/half" } else { "/never" };
        peer.send(format!("GET {path} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        peers.push(peer);
    }
    let mut upload = lab.tunnelled(&origin).await;
    upload.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\nsome").await;
    let mut tunnel = lab.client().await.tunnel("localhost", raw.port()).await;
    tunnel.send(b"\x00").await;
    let idle = lab.client().await;
    lab.events.wait(|e| e.id.0 == 12).await;
    lab.events.wait(|e| e.response.is_some()).await;
    assert_eq!(lab.monitor.connections(), 13);
    lab.stop().await;
    assert_eq!((lab.monitor.tasks(), lab.monitor.connections()), (0, 0));
    let all = lab.events.all();
    assert_eq!(all.len(), 12);
    for exchange in &all {
        let State::Failed(failure) = &exchange.state else { panic!("{exchange:?}") };
        assert_eq!((failure.side, &*failure.code), (Side::Proxy, "shutdown"));
        assert!(exchange.times.closed.is_some());
    }
    let halves = all.iter().filter(|e| e.response.as_ref().is_some_and(|r| r.body.kept == 4));
    assert_eq!(halves.count(), 5, "what came of a body is kept");
    drop((peers, upload, tunnel, idle));
}

#[tokio::test]
async fn stopping_lets_requests_end_and_takes_no_new_ones() {
    let (go, wait) = tokio::sync::watch::channel(false);
    let origin = Origin::tls(move |mut peer: Peer| {
        let mut wait = wait.clone();
        async move {
            peer.message().await;
            wait.wait_for(|go| *go).await.unwrap();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let mut lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    lab.events.wait(|e| e.server.is_some()).await;
    lab.shutdown.cancel();
    while tokio::net::TcpStream::connect(lab.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    go.send(true).unwrap();
    assert_eq!(peer.message().await.body, b"ok");
    lab.stop().await;
    assert_eq!(lab.events.closed(1).await.state, State::Complete);
}

#[tokio::test]
async fn beyond_the_ceiling_connections_wait_for_their_turn() {
    let origin = Origin::echo(true).await;
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.limits.connections = 1).await;
    let mut first = lab.tunnelled(&origin).await;
    let post = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx";
    first.send(post).await;
    assert_eq!(first.message().await.body, b"x");
    let mut second = lab.client().await;
    second.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n").await;
    first.send(post).await;
    assert_eq!(first.message().await.body, b"x");
    assert_eq!(lab.monitor.connections(), 1);
    assert_eq!(lab.events.all().len(), 2, "the second client has not been heard");
    drop(first);
    assert_eq!(second.message().await.status(), 400);
    lab.events.failed("not-a-proxy-request").await;
}
