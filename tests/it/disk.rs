//! A capture that may not grow, under the whole proxy: traffic goes on, trouble is told with its
//! beginning, recording resumes, and what is shown as whole is whole.

use std::time::{Duration, Instant};

use synctap::engine::{Live, LiveSettings, Viewer};
use synctap::model::{ExchangeId, Progress};
use synctap::pki::Authority;
use synctap::proxy::Settings;
use tokio_util::sync::CancellationToken;

use crate::support::{self, Origin, Peer};

/// Body of each request and of its answer: more than what free pages can take.
const SIZE: usize = 200_000;
const FULL: u64 = 12;

/// Waits for something that must come true.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_secs(30), "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn echoed(peer: &mut Peer, path: &str) {
    let head = format!("POST /{path} HTTP/1.1\r\nHost: h\r\nContent-Length: {SIZE}\r\n\r\n");
    peer.send([head.as_bytes(), &vec![b'x'; SIZE]].concat()).await;
    assert_eq!(peer.message().await.body.len(), SIZE, "the device gets all of it");
}

/// True when every exchange up to `last` is there, and ended.
fn recorded(viewer: &Viewer, last: u64) -> bool {
    (1..=last).all(|id| {
        let row = viewer.row(ExchangeId(id)).unwrap();
        row.is_some_and(|row| row.progress == Progress::Complete)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_traffic_goes_on_and_with_room_so_does_recording() {
    let (origin, folder) = (Origin::echo(true).await, tempfile::tempdir().unwrap());
    let settings = LiveSettings {
        proxy: Settings {
            modes: vec![support::reverse_mode(&origin).parse().unwrap()],
            upstream_ca: vec![support::origin_authority().facts().certificate],
            ..Settings::default()
        },
        ca: Authority::open(&folder.path().join("ca")).unwrap(),
        capture: folder.path().join("a.synctap"),
        capture_limit: None,
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(settings.ca.export_der().to_vec().into()).unwrap();
    let live = Live::start(settings, CancellationToken::new()).await.unwrap();
    let viewer = live.viewer();
    let listener = viewer.status().listeners.remove(0);
    let address = listener.rsplit('@').next().unwrap().parse().unwrap();
    let tls = support::config_with(roots);
    let mut peer = Peer::tcp(address).await.tls_with("localhost", tls).await.unwrap();
    echoed(&mut peer, "before").await;
    until("the first is recorded", || recorded(&viewer, 1)).await;
    assert_eq!((viewer.status().trouble, viewer.status().lost), (None, 0));

    // A ceiling below what is there already stops the file where it is.
    live.limit_capture(Some(0));
    for _ in 0..FULL {
        echoed(&mut peer, "full").await;
    }
    until("trouble is told", || viewer.status().trouble.is_some()).await;
    let told = viewer.status().trouble.unwrap();
    assert!(told.starts_with("since ") && told.contains(" UTC: the capture is as large"), "{told}");

    live.limit_capture(None);
    until("recording goes on", || viewer.status().trouble.is_none()).await;
    echoed(&mut peer, "after").await;
    let last = FULL + 2;
    until("everything is recorded", || recorded(&viewer, last)).await;
    let status = viewer.status();
    assert_eq!(status.recorded, last, "no exchange is lost");
    assert!(
        status.lost > 0 && status.truncated > 0,
        "pieces of bodies are, and it shows: {status:?}"
    );
    for id in 1..=last {
        let detail = viewer.detail(ExchangeId(id)).unwrap().unwrap();
        let kept = |body: Option<&synctap::model::Decoded>| {
            body.and_then(|body| body.layers.first()).map_or(0, |layer| layer.bytes.len() as u64)
        };
        let request = detail.exchange.request.as_ref().unwrap().body;
        let response = detail.exchange.response.as_ref().unwrap().body;
        assert_eq!((request.seen, response.seen), (SIZE as u64, SIZE as u64));
        assert_eq!(request.kept, kept(detail.request.as_ref()), "{id}");
        assert_eq!(response.kept, kept(detail.response.as_ref()), "{id}");
        if id == 1 || id == last {
            assert!(!request.truncated() && !response.truncated(), "{id} is whole");
        }
    }
    drop((peer, viewer));
    live.stop().await.unwrap();
}
