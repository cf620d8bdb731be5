//! Both ways in, and that what goes through comes out the same.

use synctap::engine::{Live, LiveError, LiveSettings};
use synctap::model::{Kind, Leg, Relayed, Scheme, Side, State};
use synctap::pki::Authority;
use synctap::proxy::{Proxy, ProxyError, Settings};
use tokio_util::sync::CancellationToken;

use crate::support::{self, Lab, Origin, Peer};

/// Sends a body and gets it back, through everything.
async fn round_trip(lab: &Lab, peer: &mut Peer, id: u64, body: &[u8], chunked: bool) {
    let framing = if chunked {
        "Transfer-Encoding: chunked".to_owned()
    } else {
        format!("Content-Length: {}", body.len())
    };
    peer.send(format!("POST /sync?x=1 HTTP/1.1\r\nHost: localhost\r\n{framing}\r\n\r\n")).await;
    if chunked {
        for piece in body.chunks(70_000) {
            peer.send(format!("{:x}\r\n", piece.len())).await;
            peer.send(piece).await;
            peer.send("\r\n").await;
        }
        peer.send("0\r\n\r\n").await;
    } else {
        peer.send(body).await;
    }
    let answer = peer.message().await;
    assert_eq!(answer.status(), 200);
    assert!(answer.body == body, "the device got back what it sent");
    assert_eq!(answer.header("transfer-encoding").is_some(), chunked);
    assert_eq!(answer.header("content-length").is_some(), !chunked);
    let exchange = lab.events.closed(id).await;
    assert_eq!(exchange.state, State::Complete);
    assert!(lab.events.body(exchange.id, Leg::Request) == body, "the copy of the request");
    assert!(lab.events.body(exchange.id, Leg::Response) == body, "the copy of the answer");
    let request = exchange.request.unwrap();
    assert_eq!((request.body.seen, request.body.ended), (body.len() as u64, true));
    assert_eq!(request.target, "/sync?x=1");
}

fn bodies() -> Vec<Vec<u8>> {
    let mebibyte = (0..1 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut gzip, &[b'z'; 10_000]).unwrap();
    vec![Vec::new(), vec![7], mebibyte.collect(), gzip.finish().unwrap()]
}

#[tokio::test]
async fn regular_mode_forwards_bodies_byte_for_byte() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    let mut id = 0;
    for body in bodies() {
        for chunked in [false, true] {
            id += 1;
            round_trip(&lab, &mut peer, id, &body, chunked).await;
        }
    }
    let first = lab.events.closed(1).await;
    assert_eq!((first.kind, first.scheme), (Kind::Http, Scheme::Https));
    assert_eq!(first.url(), format!("https://localhost:{}/sync?x=1", origin.port()));
    assert_eq!(first.server, Some(origin.address.to_string()));
    assert!(first.times.connected.is_some() && first.times.client_tls.is_some());
    let second = lab.events.closed(2).await;
    assert!(second.times.connected.is_none(), "the connection was used again");
    assert_eq!(second.server_tls, first.server_tls);
}

#[tokio::test]
async fn reverse_mode_forwards_bodies_byte_for_byte() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await.tls("phone.example").await;
    let mut id = 0;
    for body in bodies() {
        for chunked in [false, true] {
            id += 1;
            round_trip(&lab, &mut peer, id, &body, chunked).await;
        }
    }
    let first = lab.events.closed(1).await;
    assert_eq!(first.mode, format!("reverse:{}", origin.url()));
    assert_eq!((&*first.host, first.port), ("localhost", origin.port()));
}

/// Answers with the request's head as its body.
async fn mirror(mut peer: Peer) {
    loop {
        let head = peer.head().await;
        let length = head.len();
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{head}")).await;
    }
}

#[tokio::test]
async fn reverse_mode_speaks_to_the_server_in_its_own_name() {
    let origin = Origin::tls(mirror).await;
    for (keep, host) in [(false, format!("localhost:{}", origin.port())), (true, "phone".into())] {
        let mode = support::reverse_mode(&origin);
        let lab = Lab::with(&mode, |settings| settings.keep_host = keep).await;
        let mut peer = lab.client().await.tls("phone.example").await;
        peer.send("GET /a HTTP/1.1\r\nA: b\r\nHost: phone\r\nC: d\r\n\r\n").await;
        let seen = peer.message().await.body;
        let expected = format!("GET /a HTTP/1.1\r\nA: b\r\nHost: {host}\r\nC: d\r\n\r\n");
        assert_eq!(String::from_utf8(seen).unwrap(), expected);
        let exchange = lab.events.closed(1).await;
        assert_eq!(exchange.client_tls.unwrap().sni.as_deref(), Some("phone.example"));
        assert_eq!(exchange.server_tls.unwrap().sni.as_deref(), Some("localhost"));
        assert_eq!(exchange.request.unwrap().headers.first("host"), Some("phone"));
    }
}

#[tokio::test]
async fn reverse_mode_takes_plain_http_too() {
    let origin = Origin::tls(mirror).await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send("GET /plain HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert!(peer.message().await.body.starts_with(b"GET /plain HTTP/1.1\r\n"));
    let exchange = lab.events.closed(2).await;
    assert_eq!((exchange.client_tls, exchange.scheme), (None, Scheme::Https));
}

#[tokio::test]
async fn absolute_targets_are_forwarded_in_origin_form() {
    let origin = Origin::plain(mirror).await;
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    let port = origin.port();
    for (target, form) in [("/p?q=1", "/p?q=1"), ("", "/"), ("?q", "/?q")] {
        let head = format!(
            "GET http://localhost:{port}{target} HTTP/1.1\r\nHost: device's\r\nProxy-Connection: keep-alive\r\nConnection: keep-alive, x-mine\r\nX-Mine: 1\r\nUser-Agent: d\r\n\r\n"
        );
        peer.send(&head).await;
        let seen = String::from_utf8(peer.message().await.body).unwrap();
        let expected =
            format!("GET {form} HTTP/1.1\r\nHost: localhost:{port}\r\nUser-Agent: d\r\n\r\n");
        assert_eq!(seen, expected, "the target's authority replaces the device's Host");
    }
    let exchange = lab.events.closed(1).await;
    assert_eq!((exchange.scheme, exchange.port), (Scheme::Http, port));
    let target = exchange.request.as_ref().map(|request| request.target.as_str());
    assert_eq!(target, Some(&*format!("http://localhost:{port}/p?q=1")));
    assert_eq!(exchange.request.unwrap().headers.first("host"), Some("device's"), "as received");
    assert_eq!(lab.events.closed(3).await.times.connected, None, "one connection for all");
    // Without a Host, and with words before an @ that are no part of one.
    peer.send(format!("GET http://u:p@localhost:{port}/ HTTP/1.1\r\n\r\n")).await;
    let seen = String::from_utf8(peer.message().await.body).unwrap();
    let lower = seen.to_ascii_lowercase();
    assert_eq!(lower, format!("get / http/1.1\r\nhost: localhost:{port}\r\n\r\n"));
}

#[tokio::test]
async fn a_request_for_the_proxy_itself_is_told_what_to_do() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    peer.send("GET /mail HTTP/1.1\r\nHost: x\r\n\r\n").await;
    let answer = peer.message().await;
    assert_eq!(answer.status(), 400);
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains(&format!("set {} as HTTP proxy", lab.address)), "{text}");
    let exchange = lab.events.failed("not-a-proxy-request").await;
    let response = exchange.response.unwrap();
    assert!(response.ours && response.status == 400);
    assert_eq!(exchange.host, "x");
    assert_eq!(lab.events.body(exchange.id, Leg::Response), text.as_bytes());
}

#[tokio::test]
async fn a_request_to_ourselves_is_refused() {
    let lab = Lab::regular().await;
    let port = lab.address.port();
    let mut id = 0;
    for host in ["127.0.0.1", "localhost", "[::1]", "127.0.0.2", "0.0.0.0"] {
        for request in [
            format!("CONNECT {host}:{port} HTTP/1.1\r\n\r\n"),
            format!("GET http://{host}:{port}/ HTTP/1.1\r\nHost: h\r\n\r\n"),
        ] {
            let mut peer = lab.client().await;
            peer.send(&request).await;
            assert_eq!(peer.message().await.status(), 508, "{request}");
            id += 1;
            let exchange = lab.events.closed(id).await;
            let State::Failed(failure) = exchange.state else { panic!("{exchange:?}") };
            assert_eq!((failure.side, &*failure.code), (Side::Proxy, "proxy-loop"));
            assert!(failure.cause.contains("leads back to this proxy"), "{}", failure.cause);
        }
    }
}

#[tokio::test]
async fn a_reverse_proxy_for_itself_is_refused() {
    // The port must be known before the mode is made.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mode = format!("reverse:http://localhost:{}@{free}", free.port());
    let lab = Lab::with(&mode, |_| ()).await;
    let mut peer = lab.client().await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 508);
    lab.events.failed("proxy-loop").await;
}

#[tokio::test]
async fn a_tunnel_to_something_else_is_relayed_and_counted() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        let line = peer.exact(6).await;
        peer.send(b"you said ").await;
        peer.send(line).await;
        assert_eq!(peer.rest().await, b"bye");
        peer.send(b"!").await;
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.client().await.tunnel("localhost", origin.port()).await;
    peer.send(b"\x00hello").await;
    assert_eq!(peer.exact(15).await, b"you said \x00hello");
    peer.send(b"bye").await;
    peer.shutdown().await;
    assert_eq!(peer.rest().await, b"!", "half a tunnel goes on alone");
    let exchange = lab.events.closed(1).await;
    assert_eq!((exchange.kind, exchange.scheme), (Kind::Tunnel, Scheme::Tcp));
    assert_eq!(exchange.state, State::Complete);
    assert_eq!(exchange.relayed, Some(Relayed { up: 9, down: 16 }));
    assert_eq!(exchange.request.unwrap().method, "CONNECT");
}

#[tokio::test]
async fn a_client_may_speak_first_in_capitals() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        let said = peer.exact(10).await;
        peer.send(said).await;
        peer.rest().await;
    })
    .await;
    let limits = support::impatient();
    let lab = Lab::with("regular@127.0.0.1:0", |settings| settings.limits = limits).await;
    // The last one ends no line: the server may answer it all the same.
    for line in [b"NICK bob\r\n", b"EHLO abc\r\n", b"AUTH token"] {
        let mut peer = lab.client().await.tunnel("localhost", origin.port()).await;
        peer.send(line).await;
        assert_eq!(peer.exact(10).await, line);
        peer.shutdown().await;
        assert_eq!(peer.rest().await, b"");
    }
    for n in 1..=3 {
        let exchange = lab.events.closed(n).await;
        assert_eq!((exchange.kind, exchange.state), (Kind::Tunnel, State::Complete));
        assert_eq!(exchange.relayed, Some(Relayed { up: 10, down: 10 }));
    }
}

#[tokio::test]
async fn a_server_may_greet_first() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.send(b"* OK ready\r\n").await;
        assert_eq!(peer.exact(3).await, b"GET");
    })
    .await;
    let limits = support::impatient();
    let lab = Lab::with("regular@127.0.0.1:0", |settings| settings.limits = limits).await;
    let mut peer = lab.client().await.tunnel("localhost", origin.port()).await;
    assert_eq!(peer.exact(12).await, b"* OK ready\r\n");
    peer.send(b"GET").await;
    assert_eq!(peer.rest().await, b"");
    peer.shutdown().await;
    let exchange = lab.events.wait(|e| !e.in_flight()).await;
    assert_eq!(exchange.kind, Kind::Tunnel);
    assert_eq!(exchange.relayed, Some(Relayed { up: 3, down: 12 }));
}

#[tokio::test]
async fn plain_http_inside_a_tunnel_is_read() {
    let origin = Origin::plain(mirror).await;
    let lab = Lab::regular().await;
    let mut peer = lab.client().await.tunnel("localhost", origin.port()).await;
    peer.send("GET /in HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert!(peer.message().await.body.starts_with(b"GET /in "));
    let exchange = lab.events.closed(1).await;
    assert_eq!((exchange.kind, exchange.scheme), (Kind::Http, Scheme::Http));
}

#[tokio::test]
async fn an_upgrade_is_relayed_and_counted() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        let head = peer.head().await;
        assert!(head.contains("Upgrade: websocket\r\nConnection: Upgrade\r\n"), "{head}");
        peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x01\x02").await;
        let bytes = peer.exact(4).await;
        peer.send(bytes).await;
        peer.shutdown().await;
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        .await;
    let head = peer.head().await;
    assert_eq!(
        head,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    );
    assert_eq!(peer.exact(2).await, [1, 2]);
    peer.send(b"ping").await;
    assert_eq!(peer.exact(4).await, b"ping");
    peer.shutdown().await;
    let exchange = lab.events.closed(1).await;
    assert_eq!(exchange.state, State::Complete);
    assert_eq!(exchange.response.unwrap().status, 101);
    assert_eq!(exchange.relayed, Some(Relayed { up: 4, down: 6 }));
}

#[tokio::test]
async fn listening_for_everyone_needs_to_be_allowed() {
    let (events, _told) = tokio::sync::mpsc::channel(1);
    let settings =
        Settings { modes: vec!["regular@0.0.0.0:0".parse().unwrap()], ..Settings::default() };
    let bound = Proxy::bind(settings.clone(), support::authority(), events.clone()).await;
    let error = bound.err().unwrap();
    assert!(matches!(error, ProxyError::NeedsAllow { .. }), "{error}");
    assert!(error.hint().contains("--allow"));
    let allowed = Settings { allow: vec!["192.0.2.0/24".parse().unwrap()], ..settings };
    let proxy = Proxy::bind(allowed, support::authority(), events).await.unwrap();
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn an_address_in_use_is_an_error_with_a_hint() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let mode = format!("regular@{address}");
    let settings = Settings { modes: vec![mode.parse().unwrap()], ..Settings::default() };
    let (events, _told) = tokio::sync::mpsc::channel(1);
    let error = Proxy::bind(settings, support::authority(), events).await.err().unwrap();
    assert_eq!(error.to_string(), format!("cannot listen on `{address}`"));
    assert!(error.hint().contains("--listen"));
}

#[tokio::test]
async fn a_start_that_fails_leaves_no_capture_behind() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let busy = format!("regular@{}", taken.local_addr().unwrap());
    let nothing = folder.path().join("nothing.pem");
    for (mode, upstream_ca) in [(&*busy, vec![]), ("regular@127.0.0.1:0", vec![nothing])] {
        let capture = folder.path().join("made.synctap");
        let settings = LiveSettings {
            proxy: Settings {
                modes: vec![mode.parse().unwrap()],
                upstream_ca,
                ..Settings::default()
            },
            ca: Authority::open(&folder.path().join("ca")).unwrap(),
            capture: capture.clone(),
            capture_limit: None,
        };
        let started = Live::start(settings, CancellationToken::new()).await;
        assert!(matches!(started.err(), Some(LiveError::Proxy(_))));
        let left = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["ca"]);
    }
}

/// The device's next request may come before the last exchange has put its connection to the
/// server back; servers that tie a login to the connection (NTLM) must not see a second one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn one_device_connection_uses_one_server_connection() {
    let origin = Origin::echo(false).await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    for _ in 1..=100 {
        peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").await;
        assert_eq!(peer.message().await.body, b"ok");
    }
    for id in 1..=100 {
        let connected = lab.events.closed(id).await.times.connected.is_some();
        assert_eq!(connected, id == 1, "exchange {id}");
    }
}
