//! Holding up: many connections, no more file descriptors, a full disk.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream as Blocking};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use synctap::model::{Kind, Side, State};
use synctap::proxy::lan_addresses;
use tokio::net::{TcpListener, TcpStream};

use crate::support::{self, Lab, Origin, Peer};

const BINARY: &str = env!("CARGO_BIN_EXE_synctap");

async fn lives(lab: &Lab) {
    let origin = Origin::echo(true).await;
    let mut peer = lab.tunnelled(&origin).await;
    peer.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok").await;
    assert_eq!(peer.message().await.body, b"ok");
}

/// Waits for something that must come true.
async fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < Duration::from_mins(1), "not in time: {what}");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_connections_leave_nothing_behind() {
    let lab = Lab::regular().await;
    let before = lab.monitor.tasks();
    for _ in 0..100 {
        let mut batch = Vec::new();
        for _ in 0..100 {
            batch.push(TcpStream::connect(lab.address).await.unwrap());
        }
        drop(batch);
    }
    until("every connection is let go", || lab.monitor.connections() == 0).await;
    until("every task has ended", || lab.monitor.tasks() <= before.max(1)).await;
    assert!(lab.events.all().is_empty(), "silence is no exchange");
    lives(&lab).await;
}

#[tokio::test]
async fn a_server_that_does_not_pick_up() {
    // A queue of one, filled: the kernel drops what knocks after that.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    let mut queued = Vec::new();
    for _ in 0..4 {
        let knock = TcpStream::connect(("127.0.0.1", port));
        queued.push(tokio::time::timeout(Duration::from_millis(200), knock).await);
    }
    let limits = support::impatient();
    let lab = Lab::with("regular@127.0.0.1:0", |s| s.limits = limits).await;
    let mut peer = lab.client().await;
    peer.send(format!("GET http://127.0.0.1:{port}/ HTTP/1.1\r\nHost: h\r\n\r\n")).await;
    assert_eq!(peer.message().await.status(), 504);
    let exchange = lab.events.failed("upstream-timeout").await;
    let State::Failed(failure) = exchange.state else { panic!() };
    assert_eq!(failure.side, Side::Server);
    assert_eq!(failure.cause, format!("127.0.0.1:{port} did not answer in time"));
}

#[tokio::test]
async fn a_stranger_on_the_network_is_refused() {
    let Some(lan) = lan_addresses().first().copied() else {
        eprintln!("not checked: this machine has no address on a network");
        return;
    };
    let mode = format!("regular@{}", SocketAddr::new(lan, 0));
    let allow = "203.0.113.0/24".parse().unwrap();
    let lab = Lab::with(&mode, |settings| settings.allow = vec![allow]).await;
    let mut peer = Peer::tcp(lab.address).await;
    let _ = peer.try_send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.rest().await, b"", "not even a page");
    let exchange = lab.events.failed("not-allowed").await;
    let State::Failed(failure) = exchange.state else { panic!() };
    assert_eq!((failure.side, exchange.kind), (Side::Proxy, Kind::Connection));
    assert_eq!(failure.cause, format!("{lan} is not among the addresses that may connect"));
    let allow = format!("{lan}/32").parse().unwrap();
    let lab = Lab::with(&mode, |settings| settings.allow = vec![allow]).await;
    let mut peer = Peer::tcp(lab.address).await;
    peer.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(peer.message().await.status(), 200, "one that is allowed is served");
}

/// A headless synctap under limits of its shell.
struct Limited {
    child: Child,
    address: SocketAddr,
}

impl Limited {
    fn start(home: &Path, limits: &str, capture: &Path) -> Self {
        Self::start_with(home, limits, capture, &[])
    }

    fn start_with(home: &Path, limits: &str, capture: &Path, more: &[&str]) -> Self {
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("{limits} exec \"$0\" \"$@\""))
            .arg(BINARY)
            .args(["--listen", "127.0.0.1:0", "--no-tui", "--capture"])
            .arg(capture)
            .args(more)
            .env("HOME", home)
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut talk = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = talk
            .find_map(|line| line.unwrap().strip_prefix("listening: regular@").map(str::to_owned))
            .unwrap();
        thread::spawn(move || talk.for_each(drop));
        Self { child, address: address.parse().unwrap() }
    }

    fn ask(&self, request: &str) -> Vec<u8> {
        let mut stream = Blocking::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }
}

impl Drop for Limited {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn without_file_descriptors_it_waits_and_goes_on() {
    let home = tempfile::tempdir().unwrap();
    let limited = Limited::start(home.path(), "ulimit -n 64;", &home.path().join("a.synctap"));
    let idle: Vec<_> = (0..80).map(|_| Blocking::connect(limited.address).unwrap()).collect();
    drop(idle);
    let answer = limited.ask("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
}

/// A server of the standard library: the answer's body is large.
fn large_answers(size: usize) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            while lines.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n");
            let _ = stream.write_all(head.as_bytes());
            let _ = stream.write_all(&vec![b'x'; size]);
        }
    });
    address
}

#[test]
fn with_a_full_disk_traffic_goes_on_and_recording_resumes() {
    const SIZE: usize = 300_000;
    let home = tempfile::tempdir().unwrap();
    let capture = home.path().join("a.synctap");
    // The shell counts files in units of 512 bytes or of 1 KiB: at most 1 MiB either way.
    let limits = "trap '' XFSZ; ulimit -S -f 1024;";
    let limited = Limited::start(home.path(), limits, &capture);
    let origin = large_answers(SIZE);
    let get = |path: &str| {
        format!("GET http://{origin}/{path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
    };
    for _ in 0..12 {
        let answer = limited.ask(&get("full"));
        assert!(answer.len() > SIZE, "the device gets all of it: {}", answer.len());
    }
    let raised = Command::new("prlimit")
        .args(["--pid", &limited.child.id().to_string(), "--fsize=unlimited"])
        .status();
    if !raised.is_ok_and(|status| status.success()) {
        eprintln!("recovery not checked: the limit cannot be raised (prlimit)");
        return;
    }
    // What was held back is tried once a second.
    let began = Instant::now();
    let recorded = || {
        let answer = limited.ask(&get("again"));
        assert!(answer.len() > SIZE);
        let shown = Command::new(BINARY).arg("show").arg(&capture).output().unwrap();
        let text = String::from_utf8(shown.stdout).unwrap();
        text.lines().any(|line| line.contains("/again") && line.contains(" 200 "))
    };
    while !recorded() {
        assert!(began.elapsed() < Duration::from_mins(1), "nothing is recorded again");
        thread::sleep(Duration::from_millis(200));
    }
}

/// Resident memory of a process, in KiB.
fn resident(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// 500 devices wait for an answer, TLS on both legs; the figure is in `docs/benchmarks.md`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_idle_polls_take_little_memory() {
    const POLLS: u64 = 500;
    let hard = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: hard, maximum: hard }).unwrap();
    let (asked, waiting) = tokio::sync::watch::channel(0_u64);
    let origin = Origin::tls(move |mut peer: Peer| {
        let asked = asked.clone();
        async move {
            peer.message().await;
            asked.send_modify(|count| *count += 1);
            peer.rest().await;
        }
    })
    .await;
    let home = tempfile::tempdir().unwrap();
    let own = support::authority().facts().certificate;
    let upstream = support::origin_authority().facts().certificate;
    let more = [
        "--ca-dir",
        own.parent().unwrap().to_str().unwrap(),
        "--upstream-ca",
        upstream.to_str().unwrap(),
    ];
    let limited = Limited::start_with(home.path(), "", &home.path().join("a.synctap"), &more);
    let process = limited.child.id();
    let before = resident(process);
    let mut peers = Vec::new();
    for _ in 0..POLLS {
        let tunnel = Peer::tcp(limited.address).await.tunnel("localhost", origin.port()).await;
        let mut peer = tunnel.tls("localhost").await;
        peer.send("POST /Ping HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi").await;
        peers.push(peer);
    }
    until("every poll waits at the server", || *waiting.borrow() == POLLS).await;
    let each = resident(process).saturating_sub(before) / POLLS;
    println!("{before} KiB before, {each} KiB for each of {POLLS} polls");
    assert!(each < 400, "{each} KiB for each poll");
    drop(peers);
}

#[tokio::test]
async fn a_listener_that_cannot_be_had_is_free_again_afterwards() {
    let mut lab = Lab::regular().await;
    let address = lab.address;
    lab.stop().await;
    TcpListener::bind(address).await.unwrap();
}
