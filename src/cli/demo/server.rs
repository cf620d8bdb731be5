//! The servers: one that provisions devices, and some that misbehave.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::server::WebPkiClientVerifier;
use rustls::sign::SingleCertAndKey;
use rustls::{RootCertStore, ServerConfig};
use socket2::{Domain, SockRef, Socket, Type};
use time::OffsetDateTime;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::codec::Query;
use crate::pki::{Authority, KeyKind, Leaf, LeafMint, crypto_provider};

use super::body;
use super::stage::{DemoError, HOST};
use super::wire::{Message, Wire};

/// Where each server listens; all stop when this is dropped.
#[derive(Debug)]
pub(super) struct Servers {
    /// Provisions devices.
    pub(super) good: SocketAddr,
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

/// What the server knows of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Standing {
    /// It has no policy.
    #[default]
    New,
    /// It was given a temporary key and must acknowledge.
    Offered,
    /// It acknowledged.
    Provisioned,
    /// An administrator wants it wiped.
    ToBeWiped,
}

/// The key a device gets with the policy, and the one after it acknowledged.
const TEMPORARY_KEY: u32 = 1_307_199_584;
const FINAL_KEY: u32 = 3_942_919_513;

/// The device whose second `FolderSync` finds that it is to be wiped.
pub(super) const LOST_DEVICE: &str = "DEMOLOSTTABLET01";

type Standings = Arc<Mutex<HashMap<String, Standing>>>;

impl Servers {
    pub(super) async fn start(
        trusted: Arc<Authority>,
        stranger: Arc<Authority>,
    ) -> Result<Self, DemoError> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.export_der().to_vec().into())?;
        let mut tasks = JoinSet::new();
        let standings = Standings::default();
        let mut serve = async |tls| listen(&mut tasks, tls, standings.clone()).await;
        let (trusted, stranger) = (LeafMint::new(trusted), LeafMint::new(stranger));
        let (now, day) = (OffsetDateTime::now_utc(), time::Duration::DAY);
        let good = serve(Some(config(&*leaf(&trusted)?, None)?)).await?;
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
    standings: Standings,
) -> Result<SocketAddr, DemoError> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tasks.spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(connection(stream, tls.clone(), standings.clone()));
        }
    });
    Ok(address)
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, standings: Standings) {
    // A reset instead of a farewell needs the socket below TLS, prepared beforehand.
    let reset = SockRef::from(&stream).try_clone();
    let wire = match tls {
        None => Ok(Wire::new(stream)),
        Some(tls) => tls.accept(stream).await.map(Wire::new),
    };
    // What goes wrong here is what the demonstration shows on the other side.
    let Ok(mut wire) = wire else { return };
    match converse(&mut wire, &standings).await {
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

async fn converse(wire: &mut Wire, standings: &Standings) -> io::Result<Ended> {
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
            "/dm" => dm(wire, &request).await?,
            _ => activesync(wire, &request, standings).await?,
        }
    }
    Ok(Ended::InOrder)
}

async fn activesync(wire: &mut Wire, request: &Message, standings: &Standings) -> io::Result<()> {
    let query = Query::of_target(request.second_word());
    if request.head.starts_with("OPTIONS") {
        let head = "HTTP/1.1 200 OK\r\nMS-ASProtocolVersions: 12.1,14.0,14.1\r\n\
            MS-ASProtocolCommands: Sync,FolderSync,Provision,Ping,Settings";
        return wire.say(head, b"").await;
    }
    let xml = body::as_xml(&request.body, "application/vnd.ms-sync.wbxml");
    let answer = {
        let mut standings = standings.lock().unwrap_or_else(PoisonError::into_inner);
        let standing = standings.entry(query.device_id.to_ascii_uppercase()).or_default();
        let key = query
            .policy_key
            .map(|key| key.0)
            .or_else(|| request.header("x-ms-policykey").and_then(|value| value.parse().ok()));
        answer(&query, &xml, key.unwrap_or_default(), standing)
    };
    let body = body::activesync(&answer).map_err(io::Error::other)?;
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.ms-sync.wbxml\r\nMS-Server-ActiveSync: 14.1";
    wire.say(head, &body).await
}

/// One step of MS-ASPROV 3.1.5.1 as a server takes it.
fn answer(query: &Query, xml: &str, key: u32, standing: &mut Standing) -> String {
    let provision = query.command == "Provision";
    match (*standing, provision) {
        (Standing::ToBeWiped, false) => folder_sync_status(140),
        (Standing::ToBeWiped, true) if xml.contains("<RemoteWipe>") => {
            *standing = Standing::New;
            "<Provision xmlns=\"Provision\"><Status>1</Status></Provision>".into()
        }
        (Standing::ToBeWiped, true) => {
            "<Provision xmlns=\"Provision\"><Status>1</Status><RemoteWipe/></Provision>".into()
        }
        (_, true) if xml.contains("<PolicyKey>") => {
            *standing = Standing::Provisioned;
            policy(FINAL_KEY, "")
        }
        (_, true) => {
            *standing = Standing::Offered;
            policy(TEMPORARY_KEY, POLICY)
        }
        (Standing::Provisioned, false) if key == FINAL_KEY => {
            if query.device_id.eq_ignore_ascii_case(LOST_DEVICE) {
                *standing = Standing::ToBeWiped;
            }
            FOLDERS.into()
        }
        (_, false) => folder_sync_status(142),
    }
}

fn folder_sync_status(status: u16) -> String {
    format!("<FolderSync xmlns=\"FolderHierarchy\"><Status>{status}</Status></FolderSync>")
}

fn policy(key: u32, data: &str) -> String {
    format!(
        "<Provision xmlns=\"Provision\"><Status>1</Status><Policies><Policy>\
         <PolicyType>MS-EAS-Provisioning-WBXML</PolicyType><Status>1</Status>\
         <PolicyKey>{key}</PolicyKey>{data}</Policy></Policies></Provision>"
    )
}

const POLICY: &str = "<Data><EASProvisionDoc><DevicePasswordEnabled>1</DevicePasswordEnabled>\
    <AlphanumericDevicePasswordRequired>1</AlphanumericDevicePasswordRequired>\
    <PasswordRecoveryEnabled>0</PasswordRecoveryEnabled><AttachmentsEnabled>1</AttachmentsEnabled>\
    <MinDevicePasswordLength>8</MinDevicePasswordLength>\
    <MaxInactivityTimeDeviceLock>300</MaxInactivityTimeDeviceLock>\
    <MaxDevicePasswordFailedAttempts>6</MaxDevicePasswordFailedAttempts>\
    <AllowSimpleDevicePassword>0</AllowSimpleDevicePassword>\
    <DevicePasswordExpiration>90</DevicePasswordExpiration>\
    <AllowCamera>0</AllowCamera><RequireDeviceEncryption>1</RequireDeviceEncryption>\
    </EASProvisionDoc></Data>";

const FOLDERS: &str = "<FolderSync xmlns=\"FolderHierarchy\"><Status>1</Status><SyncKey>1</SyncKey>\
    <Changes><Count>3</Count>\
    <Add><ServerId>1</ServerId><ParentId>0</ParentId><DisplayName>Inbox</DisplayName><Type>2</Type></Add>\
    <Add><ServerId>2</ServerId><ParentId>0</ParentId><DisplayName>Calendar</DisplayName><Type>8</Type></Add>\
    <Add><ServerId>3</ServerId><ParentId>0</ParentId><DisplayName>Contacts</DisplayName><Type>9</Type></Add>\
    </Changes></FolderSync>";

/// A management session in two packages (OMA-TS-DM_Protocol 8): commands, then nothing more to do.
async fn dm(wire: &mut Wire, request: &Message) -> io::Result<()> {
    let media_type = "application/vnd.syncml.dm+wbxml";
    let xml = body::as_xml(&request.body, media_type);
    let first = xml.contains("<MsgID>1</MsgID>");
    let (message, commands) = if first { (1, DM_COMMANDS) } else { (2, "") };
    let answer = format!(
        "<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr><VerDTD>1.2</VerDTD><VerProto>DM/1.2</VerProto>\
         <SessionID>1</SessionID><MsgID>{message}</MsgID>\
         <Target><LocURI>urn:uuid:demo-pc</LocURI></Target>\
         <Source><LocURI>https://{HOST}/dm</LocURI></Source></SyncHdr><SyncBody>\
         <Status><CmdID>1</CmdID><MsgRef>{message}</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd>\
         <Data>212</Data></Status>{commands}<Final/></SyncBody></SyncML>"
    );
    let body = body::syncml(&answer).map_err(io::Error::other)?;
    wire.say(&format!("HTTP/1.1 200 OK\r\nContent-Type: {media_type}"), &body).await
}

/// Of the Atomic the second value is beyond what the device takes.
const DM_COMMANDS: &str = "<Status><CmdID>7</CmdID><MsgRef>1</MsgRef><CmdRef>1</CmdRef><Cmd>Alert</Cmd>\
    <Data>200</Data></Status><Status><CmdID>8</CmdID><MsgRef>1</MsgRef><CmdRef>2</CmdRef>\
    <Cmd>Replace</Cmd><Data>200</Data></Status><Get><CmdID>2</CmdID><Item><Target><LocURI>./DevDetail/SwV</LocURI></Target>\
    </Item></Get><Replace><CmdID>3</CmdID><Item><Target>\
    <LocURI>./Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordEnabled</LocURI></Target>\
    <Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>0</Data></Item></Replace>\
    <Atomic><CmdID>4</CmdID><Replace><CmdID>5</CmdID><Item><Target>\
    <LocURI>./Vendor/MSFT/Policy/Config/Camera/AllowCamera</LocURI></Target>\
    <Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>0</Data></Item></Replace>\
    <Replace><CmdID>6</CmdID><Item><Target>\
    <LocURI>./Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordLength</LocURI></Target>\
    <Meta><Format xmlns=\"syncml:metinf\">int</Format></Meta><Data>99</Data></Item></Replace></Atomic>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_goes_from_142_to_its_folders() {
        let mut standing = Standing::default();
        let mut ask = |command: &str, xml: &str, key| {
            let query = Query::parse(&format!("Cmd={command}&DeviceId=a&DeviceType=b"));
            answer(&query, xml, key, &mut standing)
        };
        assert!(ask("FolderSync", "", 0).contains("142"));
        assert!(ask("Provision", "<Policy/>", 0).contains("EASProvisionDoc"));
        assert!(ask("FolderSync", "", TEMPORARY_KEY).contains("142"), "not acknowledged yet");
        assert!(ask("Provision", "<PolicyKey>1</PolicyKey>", TEMPORARY_KEY).contains("3942919513"));
        assert!(ask("FolderSync", "", FINAL_KEY).contains("Inbox"));
    }
}
