//! synctap's own pages, over real sockets, on every way in that has them.

use synctap::model::State;

use crate::support::{self, Lab, Message, Origin, Peer};

async fn get(peer: &mut Peer, target: &str, host: &str) -> Message {
    peer.send(format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: X11\r\n\r\n")).await;
    peer.message().await
}

fn text(message: &Message) -> String {
    String::from_utf8(message.body.clone()).unwrap()
}

#[tokio::test]
async fn the_pages_are_served_through_the_proxy_and_are_no_exchanges() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    let page = get(&mut peer, "http://synctap.internal/", "synctap.internal").await;
    assert_eq!(page.status(), 200);
    assert!(text(&page).contains("this page came through the proxy"), "{}", text(&page));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let der = get(&mut peer, "http://synctap.internal/synctap.cer", "synctap.internal").await;
    assert_eq!(der.body, support::authority().export_der());
    assert_eq!(der.header("content-type"), Some("application/x-x509-ca-cert"));
    let pem = get(&mut peer, "http://synctap.internal/synctap.pem", "synctap.internal").await;
    assert_eq!(text(&pem), support::authority().export_pem());
    let profile = "http://synctap.internal/synctap.mobileconfig";
    let profile = get(&mut peer, profile, "synctap.internal").await;
    assert_eq!(profile.header("content-type"), Some("application/x-apple-aspen-config"));
    let via = get(&mut peer, "http://synctap.internal/via?1", "synctap.internal").await;
    assert_eq!((via.status(), via.header("access-control-allow-origin")), (200, Some("*")));
    let plain = get(&mut peer, "http://synctap.internal/trusted", "synctap.internal").await;
    assert_eq!(plain.status(), 404, "without TLS nothing is proved");
    assert!(lab.events.all().is_empty());
}

#[tokio::test]
async fn a_device_that_trusts_us_can_load_the_proof() {
    let lab = Lab::regular().await;
    let tunnel = lab.client().await.tunnel("synctap.internal", 443).await;
    let mut peer = tunnel.tls("synctap.internal").await;
    let proof = get(&mut peer, "/trusted?1", "synctap.internal").await;
    assert_eq!((proof.status(), &*text(&proof)), (200, "synctap: trusted\n"));
    assert_eq!(proof.header("access-control-allow-origin"), Some("*"));
    // One that does not is a row with the name of the pages.
    let tunnel = lab.client().await.tunnel("synctap.internal", 443).await;
    let distrust = support::config_with(rustls::RootCertStore::empty());
    assert!(tunnel.tls_with("synctap.internal", distrust).await.is_err());
    let exchange = lab.events.failed("certificate-rejected").await;
    assert_eq!(exchange.host, "synctap.internal");
}

#[tokio::test]
async fn a_listener_asked_directly_answers_and_tells_its_address() {
    let lab = Lab::regular().await;
    let mut peer = lab.client().await;
    let page = get(&mut peer, "/", "whoever").await;
    assert_eq!(page.status(), 200);
    let at = format!("{}   port {}", lab.address.ip(), lab.address.port());
    assert!(text(&page).contains(&at), "{}", text(&page));
    let pac = get(&mut peer, "/proxy.pac", "whoever").await;
    assert!(text(&pac).contains(&format!("return \"PROXY {}\"", lab.address)), "{}", text(&pac));
    assert_eq!(get(&mut peer, "/via", "whoever").await.status(), 404, "not through the proxy");
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 405);
}

#[tokio::test]
async fn a_reverse_listener_never_answers_itself() {
    let origin = Origin::echo(true).await;
    let lab = Lab::reverse(&origin).await;
    let mut peer = lab.client().await;
    peer.send("GET /proxy.pac HTTP/1.1\r\nHost: synctap.internal\r\nContent-Length: 2\r\n\r\nhi")
        .await;
    assert_eq!(peer.message().await.body, b"hi", "the server's answer");
    lab.events.failed("plain-http-to-tls").await;
    assert_eq!(lab.events.closed(2).await.state, State::Complete);
}

#[tokio::test]
async fn an_admin_listener_serves_pages_and_forwards_nothing() {
    let lab = Lab::with("admin@127.0.0.1:0", |_| ()).await;
    let mut peer = lab.client().await;
    assert_eq!(get(&mut peer, "/", "x").await.status(), 200);
    assert_eq!(get(&mut peer, "/proxy.pac", "x").await.status(), 404, "there is no proxy");
    assert_eq!(get(&mut peer, "http://mail.example/mail", "x").await.status(), 404);
    peer.send("CONNECT mail.example:443 HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 400);
    assert_eq!(lab.events.failed("bad-target").await.host, "synctap.internal");
}
