//! One end of a connection that speaks HTTP/1 by hand, so that every byte is known.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use synctap::pki::crypto_provider;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{PATIENCE, authority};

/// Bytes of any kind.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// One end of a connection.
pub(crate) struct Peer {
    io: BufReader<Box<dyn Stream>>,
}

/// A message as it stood on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) head: String,
    /// After the head, framing included.
    pub(crate) raw: Vec<u8>,
    /// Without framing.
    pub(crate) body: Vec<u8>,
}

impl Message {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

impl Peer {
    pub(crate) fn new(io: impl Stream + 'static) -> Self {
        Self { io: BufReader::new(Box::new(io)) }
    }

    pub(crate) async fn tcp(to: std::net::SocketAddr) -> Self {
        Self::new(TcpStream::connect(to).await.unwrap())
    }

    /// TLS on top, trusting the proxy's authority.
    pub(crate) async fn tls(self, name: &str) -> Self {
        self.tls_with(name, client_config()).await.unwrap()
    }

    pub(crate) async fn tls_with(self, name: &str, config: ClientConfig) -> std::io::Result<Self> {
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self::new(connector.connect(name, self.io).await?))
    }

    /// Asks the proxy for a tunnel.
    pub(crate) async fn tunnel(mut self, host: &str, port: u16) -> Self {
        self.send(format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n")).await;
        let head = self.head().await;
        assert_eq!(head, "HTTP/1.1 200 OK\r\n\r\n");
        self
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.unwrap();
    }

    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        let sending = async {
            self.io.write_all(bytes.as_ref()).await?;
            self.io.flush().await
        };
        timeout(PATIENCE, sending).await.unwrap()
    }

    /// Up to and including the empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let line = timeout(PATIENCE, self.io.read_until(b'\n', &mut head));
            assert_ne!(line.await.unwrap().unwrap(), 0, "ended in a head: {head:?}");
        }
        String::from_utf8(head).unwrap()
    }

    pub(crate) async fn exact(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        timeout(PATIENCE, self.io.read_exact(&mut bytes)).await.unwrap().unwrap();
        bytes
    }

    /// Reads `count` bytes and forgets them.
    pub(crate) async fn skip(&mut self, mut count: usize) {
        let mut buffer = vec![0; 64 * 1024];
        while count > 0 {
            let most = count.min(buffer.len());
            let read = timeout(PATIENCE, self.io.read(&mut buffer[..most])).await.unwrap().unwrap();
            assert_ne!(read, 0, "ended early");
            count -= read;
        }
    }

    /// Everything until the end, however it ends.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, self.io.read_to_end(&mut bytes)).await.unwrap();
        bytes
    }

    /// The next message, its body delimited by its head. Answers to HEAD are to be read by `head`.
    pub(crate) async fn message(&mut self) -> Message {
        let head = self.head().await;
        let mut message = Message { head, raw: Vec::new(), body: Vec::new() };
        if message.header("transfer-encoding").is_some() {
            while !message.raw.ends_with(b"\r\n0\r\n\r\n") && message.raw != b"0\r\n\r\n" {
                if self.trailers_done(&mut message.raw).await {
                    break;
                }
            }
            message.body = dechunk(&message.raw);
        } else if let Some(length) = message.header("content-length") {
            let length = length.parse().unwrap();
            message.raw = self.exact(length).await;
            message.body.clone_from(&message.raw);
        }
        message
    }

    /// Reads one chunk; true after the trailer section.
    async fn trailers_done(&mut self, raw: &mut Vec<u8>) -> bool {
        let start = raw.len();
        let line = timeout(PATIENCE, self.io.read_until(b'\n', raw));
        assert_ne!(line.await.unwrap().unwrap(), 0, "ended in a chunked body");
        let size = String::from_utf8_lossy(&raw[start..]).trim().to_owned();
        let size = usize::from_str_radix(size.split(';').next().unwrap(), 16).unwrap();
        if size > 0 {
            raw.extend(self.exact(size + 2).await);
            return false;
        }
        loop {
            let start = raw.len();
            timeout(PATIENCE, self.io.read_until(b'\n', raw)).await.unwrap().unwrap();
            if &raw[start..] == b"\r\n" {
                return true;
            }
        }
    }

    /// Ends our direction.
    pub(crate) async fn shutdown(&mut self) {
        let _ = timeout(PATIENCE, self.io.shutdown()).await.unwrap();
    }
}

/// Trusts the proxy's authority, offers HTTP/1.1.
pub(crate) fn client_config() -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority().export_der().to_vec().into()).unwrap();
    config_with(roots)
}

pub(crate) fn config_with(roots: RootCertStore) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}

/// The data of a chunked body.
pub(crate) fn dechunk(mut raw: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    loop {
        let end = raw.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = std::str::from_utf8(&raw[..end]).unwrap();
        let size = usize::from_str_radix(size.split(';').next().unwrap(), 16).unwrap();
        if size == 0 {
            return data;
        }
        data.extend_from_slice(&raw[end + 2..end + 2 + size]);
        raw = &raw[end + 4 + size..];
    }
}
