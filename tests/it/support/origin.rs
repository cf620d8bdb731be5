//! A server that does what the test says, byte by byte.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::sign::SingleCertAndKey;
use synctap::pki::{KeyKind, LeafMint, crypto_provider};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::Peer;
use super::origin_authority;

/// A server on the loopback; it stops when dropped.
pub(crate) struct Origin {
    pub(crate) address: SocketAddr,
    pub(crate) tls: bool,
    task: JoinHandle<()>,
}

impl Origin {
    /// HTTPS for `localhost`; `serve` gets every connection after its handshake.
    pub(crate) async fn tls<F>(serve: impl Fn(Peer) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::tls_with(server_config(), serve).await
    }

    pub(crate) async fn tls_with<F>(
        config: ServerConfig,
        serve: impl Fn(Peer) -> F + Clone + Send + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let mut origin = Self::raw(move |stream| {
            let (acceptor, serve) = (acceptor.clone(), serve.clone());
            async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    serve(Peer::new(stream)).await;
                }
            }
        })
        .await;
        origin.tls = true;
        origin
    }

    /// Plain HTTP.
    pub(crate) async fn plain<F>(serve: impl Fn(Peer) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::raw(move |stream| serve(Peer::new(stream))).await
    }

    /// The bare connection.
    pub(crate) async fn raw<F>(serve: impl Fn(TcpStream) -> F + Clone + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream));
            }
        });
        Self { address, tls: false, task }
    }

    /// Answers every request with 200 and the request's own body, framed alike.
    pub(crate) async fn echo(tls: bool) -> Self {
        if tls { Self::tls(echo).await } else { Self::plain(echo).await }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// As in a URL.
    pub(crate) fn url(&self) -> String {
        format!("{}://localhost:{}", if self.tls { "https" } else { "http" }, self.port())
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn server_config() -> ServerConfig {
    let leaf = LeafMint::new(origin_authority()).leaf("localhost", KeyKind::P256).unwrap();
    let mut config = ServerConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&leaf.key))));
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

async fn echo(mut peer: Peer) {
    loop {
        let request = peer.message().await;
        let framing = match request.header("transfer-encoding") {
            Some(_) => "Transfer-Encoding: chunked".to_owned(),
            None => format!("Content-Length: {}", request.body.len()),
        };
        let kind = request.header("content-type").unwrap_or("application/octet-stream");
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n");
        peer.send(head).await;
        peer.send(&request.raw).await;
    }
}
