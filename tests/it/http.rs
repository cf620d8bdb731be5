//! HTTP/1.1 as it must come through: heads, framing, order of events.

use synctap::model::{Leg, State};

use crate::support::{Lab, Message, Origin, Peer};

/// An origin that says `answer` to every request, and the heads it was sent.
async fn scripted(answer: &'static str) -> (Origin, tokio::sync::mpsc::UnboundedReceiver<Message>) {
    let (sender, heads) = tokio::sync::mpsc::unbounded_channel();
    let origin = Origin::tls(move |mut peer: Peer| {
        let sender = sender.clone();
        async move {
            loop {
                sender.send(peer.message().await).unwrap();
                peer.send(answer).await;
            }
        }
    })
    .await;
    (origin, heads)
}

#[tokio::test]
async fn heads_are_recorded_as_received_and_nothing_is_added() {
    let answer = "HTTP/1.1 449 Retry after sending a PROVISION command\r\nSet-Cookie: a=1\r\nX-dup: 1\r\nset-cookie: b=2\r\nX-Dup: 2\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n";
    let (origin, mut heads) = scripted(answer).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    let head = "OPTIONS /Microsoft-Server-ActiveSync?Cmd=x%20y HTTP/1.1\r\nX-A: 1\r\nhost: h\r\nx-a:  2 \r\nMS-ASProtocolVersion: 14.1\r\nConnection: close\r\n\r\n";
    peer.send(head).await;
    let received = peer.head().await;
    assert_eq!(
        received,
        "HTTP/1.1 449 Retry after sending a PROVISION command\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-dup: 1\r\nX-Dup: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(
        heads.recv().await.unwrap().head,
        "OPTIONS /Microsoft-Server-ActiveSync?Cmd=x%20y HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\nhost: h\r\nMS-ASProtocolVersion: 14.1\r\n\r\n"
    );
    let exchange = lab.events.closed(1).await;
    let (request, response) = (exchange.request.unwrap(), exchange.response.unwrap());
    assert_eq!(request.raw, head);
    assert_eq!(response.raw, answer);
    assert_eq!(response.reason, "Retry after sending a PROVISION command");
    let names: Vec<_> = request.headers.0.iter().map(|h| h.name.as_str()).collect();
    assert_eq!(names, ["X-A", "host", "x-a", "MS-ASProtocolVersion", "Connection"]);
    let cookies: Vec<_> = response.headers.all("set-cookie").collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
}

#[tokio::test]
async fn a_request_is_over_before_its_answer_comes() {
    let (go, mut wait) = tokio::sync::mpsc::channel::<()>(1);
    let wait = std::sync::Arc::new(tokio::sync::Mutex::new({
        let _ = &mut wait;
        wait
    }));
    let origin = Origin::tls(move |mut peer: Peer| {
        let wait = wait.clone();
        async move {
            peer.message().await;
            wait.lock().await.recv().await.unwrap();
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").await;
        }
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody").await;
    let asked = lab.events.wait(|e| e.request.as_ref().is_some_and(|r| r.body.ended)).await;
    assert!(asked.in_flight() && asked.response.is_none());
    assert_eq!(lab.events.body(asked.id, Leg::Request), b"body");
    go.send(()).await.unwrap();
    assert_eq!(peer.message().await.body, b"ok");
    lab.events.closed(1).await;
    let story: Vec<_> = lab
        .events
        .snapshots(asked.id)
        .into_iter()
        .map(|e| (e.request.unwrap().body.ended, e.response.is_some(), e.state == State::Complete))
        .collect();
    assert_eq!(story.first(), Some(&(false, false, false)));
    assert_eq!(story.last(), Some(&(true, true, true)));
    assert!(story.is_sorted(), "facts only grow: {story:?}");
    let times = lab.events.closed(1).await.times;
    let order = [
        times.client_tls,
        times.request_head,
        times.connected,
        times.server_tls,
        times.response_head,
        times.response_end,
        times.closed,
    ];
    assert!(order.iter().all(Option::is_some) && order.is_sorted(), "{times:?}");
}

#[tokio::test]
async fn expect_continue_is_answered_and_the_body_follows() {
    let (origin, mut heads) = scripted("HTTP/1.1 204 No Content\r\n\r\n").await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(peer.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hello").await;
    assert_eq!(peer.head().await, "HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(heads.recv().await.unwrap().body, b"hello");
}

#[tokio::test]
async fn interim_answers_are_recorded() {
    let answer = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!";
    let (origin, _heads) = scripted(answer).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.message().await.body, b"!");
    let response = lab.events.closed(1).await.response.unwrap();
    assert_eq!((response.interim, response.status), (vec![103], 200));
}

#[tokio::test]
async fn trailers_go_through_both_ways() {
    let answer = "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n";
    let (origin, mut heads) = scripted(answer).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nTE: trailers\r\nConnection: TE\r\nTrailer: X-Sig\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sig: 1\r\n\r\n").await;
    let received = peer.message().await;
    assert_eq!(received.raw, b"2\r\nok\r\n0\r\nx-sum: 2\r\n\r\n");
    assert_eq!(heads.recv().await.unwrap().raw, b"4\r\nbody\r\n0\r\nx-sig: 1\r\n\r\n");
    let exchange = lab.events.closed(1).await;
    assert_eq!(exchange.request.unwrap().trailers.first("x-sig"), Some("1"));
    assert_eq!(exchange.response.unwrap().trailers.first("x-sum"), Some("2"));
}

#[tokio::test]
async fn one_connection_serves_requests_in_turn_also_pipelined() {
    let origin = Origin::echo(true).await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    let post =
        |n: u32| format!("POST /{n} HTTP/1.1\r\nHost: h\r\nN: {n}\r\nContent-Length: 1\r\n\r\n{n}");
    peer.send(post(1)).await;
    assert_eq!(peer.message().await.body, b"1");
    peer.send([post(2), post(3), post(4)].concat()).await;
    for n in [b"2", b"3", b"4"] {
        assert_eq!(peer.message().await.body, n);
    }
    for n in 1..=4 {
        let exchange = lab.events.closed(n).await;
        let request = exchange.request.unwrap();
        assert_eq!(request.raw.len(), post(1).len() - 1, "each has its own head");
        assert_eq!(request.headers.first("N").unwrap(), n.to_string());
        assert_eq!(exchange.times.connected.is_some(), n == 1);
    }
}

#[tokio::test]
async fn an_idle_connection_that_the_server_closed_is_replaced() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        peer.message().await;
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx").await;
        peer.shutdown().await;
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    for n in 1..=3 {
        peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").await;
        assert_eq!(peer.message().await.body, b"x");
        let exchange = lab.events.closed(n).await;
        assert_eq!(exchange.state, State::Complete);
        // The farewell of the server may still be on its way; give it a moment to be read.
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn answers_without_a_body_end_at_once() {
    let cases = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ];
    for (method, answer) in cases {
        let (origin, _heads) = scripted(answer).await;
        let lab = Lab::regular().await;
        let mut peer = lab.tunnelled(&origin).await;
        for n in 1..=2 {
            peer.send(format!("{method} / HTTP/1.1\r\nHost: h\r\n\r\n")).await;
            assert_eq!(peer.head().await, answer, "{method}");
            let exchange = lab.events.closed(n).await;
            assert_eq!(exchange.state, State::Complete);
            assert!(exchange.response.unwrap().body.ended);
        }
    }
}

#[tokio::test]
async fn chunks_win_over_a_length() {
    for (body, data) in [("5\r\nhello\r\n0\r\n\r\n", "hello"), ("0\r\n\r\n", "")] {
        let lengths = "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        let answer = format!("HTTP/1.1 200 OK\r\n{lengths}{body}");
        let (origin, _heads) = scripted(answer.leak()).await;
        let lab = Lab::regular().await;
        let mut peer = lab.tunnelled(&origin).await;
        peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
        let seen = peer.message().await;
        assert_eq!(seen.head, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(seen.body, data.as_bytes());
        let exchange = lab.events.closed(1).await;
        assert_eq!(exchange.state, State::Complete);
        let recorded = exchange.response.unwrap();
        assert_eq!(recorded.headers.first("content-length"), Some("3"), "as received");
    }
}

#[tokio::test]
async fn a_body_that_ends_with_its_connection_is_whole() {
    let origin = Origin::tls(|mut peer: Peer| async move {
        peer.head().await;
        peer.send("HTTP/1.0 200 OK\r\nX: y\r\n\r\nall of it").await;
        peer.shutdown().await;
    })
    .await;
    let lab = Lab::regular().await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("GET / HTTP/1.0\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.head().await, "HTTP/1.0 200 OK\r\nX: y\r\n\r\n");
    assert_eq!(peer.rest().await, b"all of it");
    let exchange = lab.events.closed(1).await;
    assert_eq!(exchange.state, State::Complete);
    assert_eq!(lab.events.body(exchange.id, Leg::Response), b"all of it");
}
