//! The servers: one that provisions and manages devices under several names, and some that misbehave.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use socket2::{Domain, SockRef, Socket, Type};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::pki::{Authority, KeyKind, Leaf, LeafMint, crypto_provider};

use super::office::Office;
use super::provisioning::{Standings, activesync};
use super::stage::{DemoError, HOST, MANAGER};
use super::wire::Wire;

/// Where each server listens; all stop when this is dropped.
#[derive(Debug)]
pub(super) struct Servers {
    /// Provisions and enrols devices.
    pub(super) good: SocketAddr,
    /// The management server of the story: asks for the certificate of the enrolment, and goes on
    /// without, as signatures say who it is.
    pub(super) manager: SocketAddr,
    /// Certified by somebody the proxy does not know.
    pub(super) untrusted: SocketAddr,
    /// Wants a certificate of its client.
    pub(super) exclusive: SocketAddr,
    /// Asks for a certificate of its client, and goes on without.
    pub(super) curious: SocketAddr,
    /// Its certificate has run out.
    pub(super) expired: SocketAddr,
    /// Its certificate holds from tomorrow on.
    pub(super) early: SocketAddr,
    /// Its certificate is for another name.
    pub(super) misnamed: SocketAddr,
    /// Picks up nothing.
    pub(super) deaf: SocketAddr,
    /// Speaks no TLS.
    pub(super) plain: SocketAddr,
    _deaf: Deaf,
    _tasks: JoinSet<()>,
}

impl Servers {
    pub(super) async fn start(
        trusted: Arc<Authority>,
        stranger: Arc<Authority>,
        office: Arc<Office>,
    ) -> Result<Self, DemoError> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.export_der().to_vec().into())?;
        let mut tasks = JoinSet::new();
        let mut enrolled = RootCertStore::empty();
        enrolled.add(office.root().to_vec().into())?;
        let backend = Backend { standings: Standings::default(), office };
        let mut serve = async |tls| listen(&mut tasks, tls, backend.clone()).await;
        let authority = Arc::clone(&trusted);
        let (trusted, stranger) = (LeafMint::new(trusted), LeafMint::new(stranger));
        let (now, day) = (OffsetDateTime::now_utc(), time::Duration::DAY);
        let good = serve(Some(by_name(LeafMint::new(Arc::clone(&authority)))?)).await?;
        let enrolled = Asks { roots: enrolled, insists: false };
        let manager = trusted.leaf(MANAGER, KeyKind::P256)?;
        let manager = serve(Some(config(&manager, Some(enrolled))?)).await?;
        let untrusted = serve(Some(config(&*leaf(&stranger)?, None)?)).await?;
        let exclusive = Asks { roots: roots.clone(), insists: true };
        let exclusive = serve(Some(config(&*leaf(&trusted)?, Some(exclusive))?)).await?;
        let curious = Asks { roots, insists: false };
        let curious = serve(Some(config(&*leaf(&trusted)?, Some(curious))?)).await?;
        let over = trusted.leaf_between(HOST, now - day * 30, now - day)?;
        let expired = serve(Some(config(&over, None)?)).await?;
        let later = trusted.leaf_between(HOST, now + day, now + day * 30)?;
        let early = serve(Some(config(&later, None)?)).await?;
        let other = trusted.leaf_between("other.example", now - day, now + day)?;
        let misnamed = serve(Some(config(&other, None)?)).await?;
        let plain = serve(None).await?;
        let (silent, deaf) = Deaf::start().await?;
        Ok(Self {
            good,
            manager,
            untrusted,
            exclusive,
            curious,
            expired,
            early,
            misnamed,
            deaf,
            plain,
            _deaf: silent,
            _tasks: tasks,
        })
    }
}

/// What answers requests.
#[derive(Clone)]
struct Backend {
    standings: Standings,
    office: Arc<Office>,
}

/// A certificate for each name that is asked for.
#[derive(Debug)]
struct ByName(LeafMint);

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let leaf = self.0.leaf(hello.server_name().unwrap_or(HOST), KeyKind::P256);
        leaf.ok().map(|leaf| Arc::clone(&leaf.key))
    }
}

/// Whose certificates a server asks its clients for.
struct Asks {
    roots: RootCertStore,
    /// Without one it refuses.
    insists: bool,
}

/// A socket whose queue is full: what knocks after that is not heard.
#[derive(Debug)]
struct Deaf {
    _socket: Socket,
    _queued: Vec<TcpStream>,
}

/// Connections that fill a queue of none: the kernel takes one or two all the same.
const QUEUED: usize = 4;
/// Longest wait for each of them.
const KNOCK: Duration = Duration::from_millis(50);

impl Deaf {
    async fn start() -> io::Result<(Self, SocketAddr)> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        socket.listen(0)?;
        let address = socket.local_addr()?.as_socket();
        let address = address.ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut queued = Vec::new();
        for _ in 0..QUEUED {
            if let Ok(Ok(stream)) = timeout(KNOCK, TcpStream::connect(address)).await {
                queued.push(stream);
            }
        }
        Ok((Self { _socket: socket, _queued: queued }, address))
    }
}

fn leaf(mint: &LeafMint) -> Result<Arc<Leaf>, DemoError> {
    Ok(mint.leaf(HOST, KeyKind::P256)?)
}

fn by_name(mint: LeafMint) -> Result<TlsAcceptor, DemoError> {
    let config = ServerConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ByName(mint)));
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn config(leaf: &Leaf, clients: Option<Asks>) -> Result<TlsAcceptor, DemoError> {
    let builder = ServerConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()?;
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(Asks { roots, insists }) => {
            let provider = crypto_provider();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = if insists { verifier } else { verifier.allow_unauthenticated() };
            let verifier = verifier.build().map_err(|_| DemoError::Body("no verifier"))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let key = SingleCertAndKey::from(Arc::clone(&leaf.key));
    Ok(TlsAcceptor::from(Arc::new(builder.with_cert_resolver(Arc::new(key)))))
}

async fn listen(
    tasks: &mut JoinSet<()>,
    tls: Option<TlsAcceptor>,
    backend: Backend,
) -> Result<SocketAddr, DemoError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection(stream, tls.clone(), backend.clone()));
        }
    });
    Ok(address)
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, backend: Backend) {
    // As servers do: an answer that follows a handshake would wait for it to be acknowledged.
    let _ = stream.set_nodelay(true);
    // A reset instead of a farewell needs the socket below TLS, prepared beforehand.
    let reset = SockRef::from(&stream).try_clone();
    let wire = match tls {
        None => Ok(Wire::new(stream)),
        Some(tls) => tls.accept(stream).await.map(Wire::new),
    };
    // What goes wrong here is what the demonstration shows on the other side.
    let Ok(mut wire) = wire else { return };
    match converse(&mut wire, &backend).await {
        Ok(Ended::Reset) => {
            if let Ok(socket) = reset {
                let _ = socket.set_linger(Some(Duration::ZERO));
            }
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let _ = wire.say("HTTP/1.1 400 Bad Request\r\nConnection: close", b"").await;
            wire.end().await;
        }
        _ => {}
    }
}

/// Time for the words before a reset to be read.
const BEFORE_RESET: Duration = Duration::from_millis(200);

enum Ended {
    InOrder,
    Reset,
}

async fn converse(wire: &mut Wire, backend: &Backend) -> io::Result<Ended> {
    while let Some(request) = wire.hear().await? {
        let target = request.second_word().to_owned();
        match target.as_str() {
            "/demo/reset" => {
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first words").await?;
                // A reset also drops what the other side has not read yet.
                tokio::time::sleep(BEFORE_RESET).await;
                return Ok(Ended::Reset);
            }
            "/demo/short" => {
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nless").await?;
                wire.end().await;
                return Ok(Ended::InOrder);
            }
            "/demo/long" => {
                wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmore than that").await?;
            }
            "/demo/unfinished" => {
                let text = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
                wire.send(text).await?;
                wire.end().await;
                return Ok(Ended::InOrder);
            }
            "/demo/coding" => {
                let head =
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: zip9000";
                wire.say(head, b"nobody can read this").await?;
            }
            "/demo/fine" => {
                wire.say("HTTP/1.1 200 OK\r\nContent-Type: text/plain", b"fine").await?;
            }
            "/demo/elsewhere" => {
                let to = "https://other.example/Microsoft-Server-ActiveSync";
                let head = format!("HTTP/1.1 451 Redirect\r\nX-MS-Location: {to}");
                wire.say(&head, b"").await?;
            }
            path if path.starts_with("/omadm") => backend.office.manage(wire, &request).await?,
            path if path.starts_with("/Enrollment") || path.starts_with("/enrol/") => {
                backend.office.enrol(wire, &request).await?;
            }
            _ => activesync(wire, &request, &backend.standings).await?,
        }
    }
    Ok(Ended::InOrder)
}
