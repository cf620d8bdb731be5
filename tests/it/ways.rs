//! Ways in that are opened while the proxy runs: the rules of the start hold for them too.

use std::sync::Arc;

use synctap::engine::{Live, LiveSettings, Viewer};
use synctap::model::State;
use synctap::pki::Authority;
use synctap::proxy::{Mode, ProxyError, Settings};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::support::{self, Lab, Origin, Peer};

fn mode(spec: &str) -> Mode {
    spec.parse().unwrap()
}

async fn echoed(peer: &mut Peer) {
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(peer.message().await.body, b"ok");
}

#[tokio::test]
async fn a_further_listener_serves_at_once_and_stops_with_the_rest() {
    let (first, second) = (Origin::echo(true).await, Origin::echo(true).await);
    let mut lab = Lab::reverse(&first).await;
    let at = lab.monitor.add_mode(&mode(&support::reverse_mode(&second))).unwrap();
    assert_eq!(lab.monitor.listeners().len(), 2);
    let mut peer = Peer::tcp(at).await.tls("localhost").await;
    echoed(&mut peer).await;
    let exchange = lab.events.closed(1).await;
    assert_eq!((exchange.port, &exchange.state), (second.port(), &State::Complete));
    assert_eq!(exchange.mode, format!("reverse:{}", second.url()));
    assert_eq!(exchange.other_modes, [format!("reverse:{}", first.url())]);
    drop(peer);
    lab.stop().await;
    assert_eq!((lab.monitor.tasks(), lab.monitor.connections()), (0, 0));
    assert!(tokio::net::TcpStream::connect(at).await.is_err(), "its address is free again");
    let late = lab.monitor.add_mode(&mode("regular@127.0.0.1:0"));
    assert!(matches!(late, Err(ProxyError::Stopped)), "{late:?}");
}

#[tokio::test]
async fn the_rules_of_the_start_hold() {
    let lab = Lab::regular().await;
    let open = lab.monitor.add_mode(&mode("regular@0.0.0.0:0")).unwrap_err();
    assert!(matches!(open, ProxyError::NeedsAllow { .. }), "{open:?}");
    assert!(open.hint().contains("--allow"), "{}", open.hint());
    let taken = lab.monitor.add_mode(&mode(&format!("regular@{}", lab.address))).unwrap_err();
    assert!(matches!(taken, ProxyError::Listen { .. }), "{taken:?}");
    // A listener that leads to ourselves is refused with its first request, as at the start.
    let to_us = format!("reverse:http://{}@127.0.0.1:0", lab.address);
    let mut peer = Peer::tcp(lab.monitor.add_mode(&mode(&to_us)).unwrap()).await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 508);
    lab.events.failed("proxy-loop").await;
    let many = (0..100).map(|_| lab.monitor.add_mode(&mode("regular@127.0.0.1:0")));
    let refused = many.filter(Result::is_err).count();
    assert_eq!(lab.monitor.listeners().len(), 64);
    assert_eq!(refused, 38);
}

/// A run with an engine, as a front end sees it.
struct Run {
    viewer: Viewer,
    live: Live,
    _folder: TempDir,
}

impl Run {
    async fn start(mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = LiveSettings {
            proxy: Settings {
                modes: vec![mode.parse().unwrap()],
                upstream_ca: vec![support::origin_authority().facts().certificate],
                ..Settings::default()
            },
            ca: Authority::open(&folder.path().join("ca")).unwrap(),
            capture: folder.path().join("a.synctap"),
            capture_limit: None,
        };
        let live = Live::start(settings, CancellationToken::new()).await.unwrap();
        Self { viewer: live.viewer(), live, _folder: folder }
    }
}

#[tokio::test]
async fn a_server_the_device_was_sent_to_is_covered() {
    let other = Arc::new(Origin::echo(true).await);
    let run = Run::start("reverse:https://mail.example@127.0.0.1:0").await;
    // The origin has that port on this address: another one must do.
    let covered = run.viewer.cover(&other.url()).unwrap();
    assert_ne!(covered.at.port(), other.port());
    let words = covered.to_string();
    let told = format!("the device must be told https://127.0.0.1:{}", covered.at.port());
    assert!(words.contains(&told) && words.contains("cannot be had"), "{words}");
    assert_eq!(run.viewer.cover(&other.url()).unwrap().at, covered.at, "it is there already");
    let listener = format!("reverse:{}@{}", other.url(), covered.at);
    assert!(run.viewer.status().listeners.contains(&listener), "{:?}", run.viewer.status());
    // One whose port is free gets it, and the device only needs the name to lead here.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let covered = run.viewer.cover(&format!("b.example:{free}")).unwrap();
    assert_eq!(covered.at, format!("127.0.0.1:{free}").parse().unwrap());
    let words = covered.to_string();
    assert!(words.contains("the line `127.0.0.1 b.example` in its hosts file"), "{words}");
    let wrong = run.viewer.cover("no server/at all").unwrap_err().to_string();
    assert!(wrong.starts_with("not a server: "), "{wrong}");
    let wrong = run.viewer.add_mode("regular@0.0.0.0:0").unwrap_err().to_string();
    assert!(wrong.ends_with("say who may connect, such as `--allow 192.168.1.0/24`"), "{wrong}");
    let Run { viewer, live, _folder } = run;
    drop(viewer);
    live.stop().await.unwrap();
}

#[tokio::test]
async fn a_device_that_uses_the_proxy_needs_nothing() {
    let run = Run::start("regular@127.0.0.1:0").await;
    let proxy = run.viewer.status().listeners[0].replace("regular@", "");
    let words = run.viewer.cover("https://b.example:1").map(|covered| covered.to_string());
    let end = format!("; a device that uses the proxy {proxy} needs nothing");
    assert!(words.as_ref().is_ok_and(|words| words.ends_with(&end)), "{words:?}");
    let Run { viewer, live, _folder } = run;
    drop(viewer);
    live.stop().await.unwrap();
}
