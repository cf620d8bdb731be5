//! Both ways in, and that what goes through comes out the same.

use synctap::model::{Kind, Leg, Scheme, State};

use crate::support::{Lab, Origin, Peer};

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
