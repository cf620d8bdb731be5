//! Whatever goes wrong is a row that says which side failed and why; the device gets an answer
//! where one can be given, and the proxy lives on.

use std::time::Duration;

use socket2::SockRef;
use synctap::model::{Exchange, Failure, Kind, Leg, Side, State};
use synctap::pki::{AnyClient, KeyKind, LeafMint, crypto_provider};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::{self, Lab, Origin, Peer};

const GET: &str = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";

async fn failed(lab: &Lab, code: &str) -> (Exchange, Failure) {
    let exchange = lab.events.failed(code).await;
    let State::Failed(failure) = exchange.state.clone() else { panic!() };
    (exchange, failure)
}

/// The proxy still does its work.
async fn lives(lab: &Lab) {
    let origin = Origin::echo(true).await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(peer.message().await.body, b"ok");
}

/// Closes with a reset instead of a farewell.
fn reset(stream: TcpStream) {
    SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

/// What the origin reports next.
async fn next(told: &mut tokio::sync::mpsc::Receiver<&'static str>) -> &'static str {
    tokio::time::timeout(support::PATIENCE, told.recv()).await.unwrap().unwrap()
}

/// An origin that asks its clients for a certificate, and answers 200.
async fn asking(
    verifier: std::sync::Arc<dyn rustls::server::danger::ClientCertVerifier>,
) -> Origin {
    let leaf = LeafMint::new(support::origin_authority()).leaf("localhost", KeyKind::P256).unwrap();
    let key = rustls::sign::SingleCertAndKey::from(std::sync::Arc::clone(&leaf.key));
    let config = rustls::ServerConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_cert_resolver(std::sync::Arc::new(key));
    Origin::tls_with(config, |mut peer: Peer| async move {
        peer.message().await;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        peer.rest().await;
    })
    .await
}

async fn asked_through(lab: &Lab, port: u16) -> u16 {
    let tunnel = lab.client().await.tunnel("localhost", port).await;
    let mut peer = tunnel.tls("localhost").await;
    peer.send(GET).await;
    let answer = peer.message().await;
    assert!(answer.body.starts_with(b"synctap: "), "{answer:?}");
    answer.status()
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let lab = Lab::regular().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(asked_through(&lab, free.port()).await, 502);
    let (exchange, failure) = failed(&lab, "upstream-refused").await;
    assert_eq!(failure.side, Side::Server);
    assert_eq!(failure.cause, format!("localhost:{} refused the connection", free.port()));
    let response = exchange.response.unwrap();
    assert!(response.ours && response.status == 502 && response.body.ended);
    assert!(lab.events.body(exchange.id, Leg::Response).starts_with(b"synctap: localhost:"));
    lives(&lab).await;
}

#[tokio::test]
async fn a_name_without_an_address() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    peer.send("GET http://no-such-host.invalid/x HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 502);
    let (exchange, failure) = failed(&lab, "upstream-not-found").await;
    assert_eq!((failure.side, exchange.kind), (Side::Server, Kind::Http));
    assert!(failure.cause.contains("`no-such-host.invalid`"), "{}", failure.cause);
    assert_eq!(exchange.url(), "http://no-such-host.invalid/x");
}

#[tokio::test]
async fn a_tunnel_to_nowhere_is_a_tunnel_that_failed() {
    let lab = Lab::regular().await;
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let mut peer = lab.client().await.tunnel("localhost", free.port()).await;
    peer.send(b"\x00not TLS").await;
    assert_eq!(peer.rest().await, b"");
    let (exchange, failure) = failed(&lab, "upstream-refused").await;
    assert_eq!((exchange.kind, failure.side), (Kind::Tunnel, Side::Server));
}

#[tokio::test]
async fn a_server_without_tls() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
        peer.rest().await;
    })
    .await;
    let lab = Lab::regular().await;
    assert_eq!(asked_through(&lab, origin.port()).await, 502);
    let (_, failure) = failed(&lab, "upstream-not-tls").await;
    assert_eq!(failure.side, Side::Server);
    assert_eq!(failure.cause, "the server does not speak TLS on this port");
}

#[tokio::test]
async fn a_server_that_never_shakes_hands() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.rest().await;
    })
    .await;
    let limits = support::impatient();
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.limits = limits).await;
    assert_eq!(asked_through(&lab, origin.port()).await, 504);
    let (_, failure) = failed(&lab, "upstream-tls-timeout").await;
    assert_eq!(failure.side, Side::Server);
}

/// What a device sees when the server says `answer` and closes.
async fn answered(answer: &'static [u8]) -> (Vec<u8>, Lab) {
    let origin = Origin::plain(move |mut peer: Peer| async move {
        peer.head().await;
        peer.send(answer).await;
        peer.shutdown().await;
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send(GET).await;
    (peer.rest().await, lab)
}

#[tokio::test]
async fn a_server_that_closes_before_it_answers() {
    let (seen, lab) = answered(b"").await;
    assert!(seen.starts_with(b"HTTP/1.1 502 Bad Gateway\r\n"));
    let (_, failure) = failed(&lab, "upstream-closed").await;
    assert_eq!(failure.side, Side::Server);
    assert_eq!(failure.cause, "the server closed the connection before it answered");
}

#[tokio::test]
async fn an_answer_that_is_not_http() {
    let (seen, lab) = answered(b"220 smtp.example ready\x1b[2J\r\n\r\n").await;
    assert!(seen.starts_with(b"HTTP/1.1 502 Bad Gateway\r\n"));
    let (_, failure) = failed(&lab, "upstream-malformed").await;
    assert_eq!(failure.side, Side::Server);
    assert!(failure.cause.contains("`220 smtp.example ready\\x1b[2J"), "{}", failure.cause);
}

#[tokio::test]
async fn an_answer_with_an_endless_head() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.head().await;
        let _ = peer.try_send("HTTP/1.1 200 OK\r\n").await;
        let line = format!("X: {}\r\n", "x".repeat(1000));
        while peer.try_send(&line).await.is_ok() {}
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send(GET).await;
    assert_eq!(peer.message().await.status(), 502);
    let (_, failure) = failed(&lab, "upstream-head-too-large").await;
    assert_eq!(
        (failure.side, &*failure.cause),
        (Side::Server, "the head of the answer is too large")
    );
}

/// Tries of what used to depend on which thread was faster.
const TRIES: usize = 25;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_came_before_the_break_reaches_the_device() {
    for _ in 0..TRIES {
        let short = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnine byte";
        assert_eq!(answered(short).await.0, short);
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
        assert_eq!(answered(chunked).await.0, chunked);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_slow_device_gets_what_came_before_the_break() {
    const CAME: usize = 8 * 1024 * 1024;
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.head().await;
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", CAME + 1)).await;
        peer.send(vec![7; CAME]).await;
        peer.shutdown().await;
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send(GET).await;
    peer.head().await;
    peer.skip(CAME).await;
    assert_eq!(peer.rest().await, b"");
    failed(&lab, "response-body-short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_ends_tls_without_a_farewell() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        let asked = peer.head().await;
        let length = if asked.contains("/short") { "Content-Length: 10\r\n" } else { "" };
        peer.send(format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\nhello")).await;
    })
    .await;
    let lab = Lab::regular().await;
    for _ in 0..TRIES {
        let mut peer = lab.tunnelled(&origin).await;
        peer.send("GET / HTTP/1.0\r\n\r\n").await;
        assert!(peer.rest().await.ends_with(b"\r\n\r\nhello"));
    }
    let exchange = lab.events.closed(1).await;
    assert_eq!(exchange.state, State::Complete, "nothing is missing that was promised");
    for _ in 0..TRIES {
        let mut peer = lab.tunnelled(&origin).await;
        peer.send("GET /short HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert!(peer.rest().await.ends_with(b"\r\n\r\nhello"));
    }
    let (_, failure) = failed(&lab, "response-body-short").await;
    assert_eq!(failure.cause, "the server closed after 5 of 10 bytes");
}

#[tokio::test]
async fn an_answer_shorter_than_promised() {
    let (seen, lab) = answered(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await;
    assert_eq!(seen, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", "and then the end");
    let (exchange, failure) = failed(&lab, "response-body-short").await;
    assert_eq!(failure.side, Side::Server);
    assert_eq!(failure.cause, "the server closed after 5 of 10 bytes");
    assert_eq!(lab.events.body(exchange.id, Leg::Response), b"hello", "what came is kept");
    let body = exchange.response.unwrap().body;
    assert_eq!((body.seen, body.kept, body.ended), (5, 5, false));
}

#[tokio::test]
async fn a_chunked_answer_that_breaks_off() {
    let (seen, lab) =
        answered(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n").await;
    assert!(seen.ends_with(b"5\r\nhello\r\n"), "no final chunk: nobody may take it for whole");
    let (_, failure) = failed(&lab, "response-body-short").await;
    assert_eq!(failure.cause, "the server closed after 5 bytes of an unfinished chunked body");
}

#[tokio::test]
async fn a_server_that_resets_in_the_middle_of_a_body() {
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let wait = std::sync::Arc::new(tokio::sync::Mutex::new(Some(wait)));
    let origin = Origin::raw(move |mut stream: TcpStream| {
        let wait = wait.clone();
        async move {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello").await.unwrap();
            let wait = wait.lock().await.take().unwrap();
            wait.await.unwrap();
            reset(stream);
        }
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send(GET).await;
    peer.head().await;
    assert_eq!(peer.exact(5).await, b"hello");
    go.send(()).unwrap();
    assert_eq!(peer.rest().await, b"");
    let (_, failure) = failed(&lab, "upstream-reset").await;
    assert_eq!(failure.side, Side::Server);
    assert_eq!(failure.cause, "the server reset the connection after 5 of 10 bytes");
}

#[tokio::test]
async fn a_request_shorter_than_promised() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.rest().await;
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello").await;
    peer.shutdown().await;
    let (exchange, failure) = failed(&lab, "request-body-short").await;
    assert_eq!(failure.side, Side::Client);
    assert_eq!(failure.cause, "the client closed after 5 of 10 bytes");
    assert_eq!(lab.events.body(exchange.id, Leg::Request), b"hello");
    assert!(!exchange.request.unwrap().body.ended);
}

#[tokio::test]
async fn a_device_that_resets_in_the_middle_of_a_body() {
    let (sender, mut gone) = tokio::sync::mpsc::channel(1);
    let origin = Origin::plain(move |mut peer: Peer| {
        let sender = sender.clone();
        async move {
            peer.head().await;
            peer.exact(5).await;
            sender.send("asked").await.unwrap();
            peer.rest().await;
            sender.send("let go").await.unwrap();
        }
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut stream = TcpStream::connect(lab.address).await.unwrap();
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhello";
    stream.write_all(head).await.unwrap();
    assert_eq!(next(&mut gone).await, "asked");
    reset(stream);
    let (_, failure) = failed(&lab, "client-aborted").await;
    assert_eq!(failure.side, Side::Client);
    assert!(failure.cause.starts_with("the client "), "{}", failure.cause);
    assert_eq!(next(&mut gone).await, "let go");
    lives_plain(&lab).await;
}

/// The reverse proxy still takes connections.
async fn lives_plain(lab: &Lab) {
    let mut peer = lab.client().await;
    peer.send("nonsense\r\n\r\n").await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
}

#[tokio::test]
async fn a_device_that_goes_away_while_waiting() {
    let (sender, mut gone) = tokio::sync::mpsc::channel(1);
    let origin = Origin::tls(move |mut peer: Peer| {
        let sender = sender.clone();
        async move {
            peer.message().await;
            sender.send("asked").await.unwrap();
            peer.rest().await;
            sender.send("let go").await.unwrap();
        }
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST /Ping HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").await;
    assert_eq!(next(&mut gone).await, "asked");
    drop(peer);
    let (exchange, failure) = failed(&lab, "client-aborted").await;
    assert_eq!(failure.side, Side::Client);
    assert!(exchange.response.is_none(), "nobody was there to be answered");
    assert_eq!(next(&mut gone).await, "let go");
}

#[tokio::test]
async fn a_device_that_goes_away_while_an_answer_trickles() {
    let (sender, mut gone) = tokio::sync::mpsc::channel(1);
    let origin = Origin::tls(move |mut peer: Peer| {
        let sender = sender.clone();
        async move {
            peer.message().await;
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n").await;
            peer.rest().await;
            sender.send("let go").await.unwrap();
        }
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send(GET).await;
    peer.head().await;
    peer.exact(6).await;
    drop(peer);
    let (exchange, failure) = failed(&lab, "client-aborted").await;
    assert_eq!(failure.side, Side::Client);
    assert_eq!(exchange.response.unwrap().body.seen, 1);
    assert_eq!(next(&mut gone).await, "let go");
}

#[tokio::test]
async fn garbage_instead_of_http() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    peer.send(b"\x05\x01\x00hello\r\n\r\n").await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{}", answer.escape_ascii());
    let (exchange, failure) = failed(&lab, "malformed-request").await;
    assert_eq!((exchange.kind, failure.side), (Kind::Connection, Side::Client));
    assert!(failure.cause.contains("`\\x05\\x01\\x00hello"), "{}", failure.cause);
    lives(&lab).await;
}

#[tokio::test]
async fn garbage_after_a_good_request_is_a_row_of_its_own() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx").await;
    assert_eq!(peer.message().await.body, b"x");
    peer.send("what?\r\n\r\n").await;
    assert!(peer.rest().await.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
    let (exchange, _) = failed(&lab, "malformed-request").await;
    assert_eq!((exchange.kind, &*exchange.host), (Kind::Connection, "localhost"));
    assert_eq!(lab.events.closed(1).await.state, State::Complete);
}

#[tokio::test]
async fn a_head_that_is_refused_is_shown() {
    let origin = Origin::echo(false).await;
    for (head, quoted, target) in [
        ("GET /a`b HTTP/1.1\r\nHost: h\r\n\r\n", "`GET /a`b HTTP/1.1", "/a`b"),
        ("GET /a<b HTTP/1.1\r\nHost: h\r\n\r\n", "`GET /a<b HTTP/1.1", "/a<b"),
        (
            "GET /2 HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            "`GET /2 HTTP/1.1",
            "/2",
        ),
    ] {
        let lab = Lab::reverse(&origin).await;
        let mut peer = lab.client().await;
        peer.send(head).await;
        assert!(peer.rest().await.starts_with(b"HTTP/1.1 400 Bad Request\r\n"));
        let (exchange, failure) = failed(&lab, "malformed-request").await;
        assert!(failure.cause.contains(quoted), "{}", failure.cause);
        let request = exchange.request.unwrap();
        assert_eq!((&*request.method, &*request.target), ("GET", target));
    }
}

#[tokio::test]
async fn a_chunk_without_a_size_is_answered() {
    let origin = Origin::plain(|mut peer: Peer| async move {
        peer.rest().await;
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").await;
    let answer = peer.rest().await;
    assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{}", answer.escape_ascii());
    let (exchange, failure) = failed(&lab, "malformed-request").await;
    assert_eq!((exchange.kind, failure.side), (Kind::Http, Side::Client));
    let response = exchange.response.unwrap();
    assert_eq!((response.status, response.ours), (400, true));
}

#[tokio::test]
async fn an_answer_with_two_lengths_is_quoted() {
    let (seen, lab) =
        answered(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd").await;
    assert!(seen.starts_with(b"HTTP/1.1 502 Bad Gateway\r\n"));
    let (_, failure) = failed(&lab, "upstream-malformed").await;
    assert!(failure.cause.contains("`HTTP/1.1 200 OK\\r\\n"), "{}", failure.cause);
}

#[tokio::test]
async fn an_oversized_head() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    peer.send("GET http://localhost/ HTTP/1.1\r\n").await;
    let line = format!("X: {}\r\n", "x".repeat(1000));
    for _ in 0..80 {
        if peer.try_send(&line).await.is_err() {
            break;
        }
    }
    let answer = peer.rest().await;
    let status = b"HTTP/1.1 431 Request Header Fields Too Large\r\n";
    assert!(answer.starts_with(status) || answer.is_empty(), "a reset may have overtaken it");
    let (exchange, failure) = failed(&lab, "head-too-large").await;
    assert_eq!((exchange.kind, failure.side), (Kind::Connection, Side::Client));
    assert_eq!(failure.cause, "the request's head is too large");
    lives(&lab).await;
}

#[tokio::test]
async fn tls_to_the_proxy_itself() {
    let lab = Lab::regular().await;
    let shaken = lab.client().await.tls_with("localhost", support::client_config()).await;
    let error = shaken.err().unwrap().to_string();
    assert!(error.contains("UnexpectedMessage"), "the device gets an alert: {error}");
    let (exchange, failure) = failed(&lab, "tls-to-proxy-port").await;
    assert_eq!((exchange.kind, failure.side), (Kind::Connection, Side::Client));
    assert!(failure.cause.starts_with("the client spoke TLS to the proxy itself"));
    assert!(failure.advice.starts_with("set it as HTTP proxy"), "{}", failure.advice);
}

#[tokio::test]
async fn half_a_head() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    peer.send("GET http://localhost/ HTTP/1.1\r\nHost: ").await;
    peer.shutdown().await;
    peer.rest().await;
    let (_, failure) = failed(&lab, "client-aborted").await;
    assert!(failure.cause.contains("in the middle of a request's head"), "{}", failure.cause);
}

#[tokio::test]
async fn a_target_that_is_none() {
    let lab = Lab::regular().await;
    for target in ["CONNECT localhost", "CONNECT localhost:0", "GET ftp://h/x"] {
        let mut peer = lab.client().await;
        peer.send(format!("{target} HTTP/1.1\r\nHost: h\r\n\r\n")).await;
        let answer = peer.rest().await;
        assert!(answer.starts_with(b"HTTP/1.1 400 Bad Request\r\n"), "{target}");
    }
}

/// What a device sees of an answer to a connection that stays open, and the proxy between.
async fn told(answer: &'static [u8]) -> (Vec<u8>, Lab) {
    let origin = Origin::plain(move |mut peer: Peer| async move {
        peer.head().await;
        peer.send(answer).await;
        peer.rest().await;
    })
    .await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send(GET).await;
    let body = peer.message().await.body;
    lab.events.closed(1).await;
    (body, lab)
}

#[tokio::test]
async fn an_answer_longer_than_promised() {
    let (seen, lab) = told(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more").await;
    assert_eq!(seen, b"four", "the device gets what was promised");
    let (exchange, failure) = failed(&lab, "response-body-long").await;
    assert_eq!(failure.side, Side::Server);
    assert!(failure.cause.contains("9 bytes more than the 4"), "{}", failure.cause);
    assert!(exchange.response.unwrap().body.ended);
    let (_, lab) = told(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour").await;
    assert_eq!(lab.events.closed(1).await.state, State::Complete);
}

#[tokio::test]
async fn a_request_longer_than_promised() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nfour and more\r\n\r\n").await;
    assert_eq!(peer.message().await.body, b"four");
    let (_, failure) = failed(&lab, "request-body-long").await;
    assert_eq!(failure.side, Side::Client);
    assert!(failure.cause.contains("` and more"), "{}", failure.cause);
    assert_eq!(lab.events.closed(1).await.state, State::Complete);
}

#[tokio::test]
async fn plain_http_to_a_port_that_speaks_tls() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    let port = origin.port();
    peer.send(format!("GET http://localhost:{port}/ HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    assert_eq!(peer.message().await.status(), 502);
    let (_, failure) = failed(&lab, "upstream-speaks-tls").await;
    assert_eq!(failure.side, Side::Server);
    assert!(failure.cause.contains("was asked in plain HTTP"), "{}", failure.cause);
    assert!(failure.advice.contains("https://"), "{}", failure.advice);
}

#[tokio::test]
async fn a_server_that_hangs_up_in_the_handshake() {
    let origin = Origin::raw(|stream| async move { drop(stream) }).await;
    let lab = Lab::regular().await;
    let mut peer =
        lab.client().await.tunnel("localhost", origin.port()).await.tls("localhost").await;
    peer.send(GET).await;
    assert_eq!(peer.message().await.status(), 502);
    let ended = |e: &Exchange| matches!(&e.state, State::Failed(f) if f.side == Side::Server);
    let State::Failed(failure) = lab.events.wait(ended).await.state else { panic!() };
    assert!(failure.code.starts_with("upstream-tls"), "{failure:?}");
}

#[tokio::test]
async fn a_server_that_asks_for_a_certificate_and_goes_on_without() {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(support::origin_authority().export_der().to_vec().into()).unwrap();
    let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
        std::sync::Arc::new(roots),
        crypto_provider(),
    )
    .allow_unauthenticated()
    .build()
    .unwrap();
    let origin = asking(verifier).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send(GET).await;
    assert_eq!(peer.message().await.status(), 200);
    let exchange = lab.events.closed(1).await;
    assert!(exchange.server_tls.as_ref().unwrap().client_certificate_asked);
    let detail = synctap::engine::detail_of(exchange, None, None);
    let row = detail.annotated.overview.iter().find(|(label, _)| *label == "certificate");
    assert!(row.unwrap().1.contains("none was sent"), "{row:?}");
}

#[tokio::test]
async fn a_device_without_tls_before_a_server_with_it() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx").await;
    assert_eq!(peer.message().await.body, b"x", "it is served all the same");
    let (connection, failure) = failed(&lab, "plain-http-to-tls").await;
    assert_eq!((connection.kind, failure.side), (Kind::Connection, Side::Client));
    assert_eq!((&*connection.host, connection.port), ("localhost", origin.port()));
    let cause = format!(
        "the client spoke plain HTTP to a port where localhost:{} speaks TLS; \
         it is served all the same, unprotected on its way here",
        origin.port()
    );
    assert_eq!(failure.cause, cause);
    assert!(failure.advice.contains("turn on SSL/TLS"), "{}", failure.advice);
    let detail = synctap::engine::detail_of(lab.events.closed(2).await, None, None);
    let row = detail.annotated.overview.iter().find(|(label, _)| *label == "unprotected");
    assert!(row.unwrap().1.contains("plain HTTP"), "{row:?}");
}

/// A server that asks for a certificate: the device is asked from its next connection on, and what it
/// shows is recorded.
#[tokio::test]
async fn a_device_is_asked_where_its_server_asks() {
    let origin = asking(std::sync::Arc::new(AnyClient::new())).await;
    let lab = Lab::regular().await;
    let own = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, "5CD1234ABC");
    let certificate = params.self_signed(&own).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(own.serialize_der()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(support::authority().export_der().to_vec().into()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate.der().clone()], key)
        .unwrap();
    for round in 1..=2 {
        let tunnel = lab.client().await.tunnel("localhost", origin.port()).await;
        let mut peer = tunnel.tls_with("localhost", config.clone()).await.unwrap();
        peer.send(GET).await;
        assert_eq!(peer.message().await.status(), 200);
        let exchange = lab.events.closed(round).await;
        let shown = exchange.client_tls.unwrap().client_certificate;
        let subject = shown.map(|shown| shown.facts.subject);
        let expected = (round == 2).then(|| "CN=5CD1234ABC".to_owned());
        assert_eq!(subject, expected, "connection {round}");
    }
    // A device that has none goes on without.
    let mut peer = lab.tunnelled(&origin).await;
    peer.send(GET).await;
    assert_eq!(peer.message().await.status(), 200);
    let exchange = lab.events.closed(3).await;
    assert_eq!(exchange.client_tls.unwrap().client_certificate, None);
}
