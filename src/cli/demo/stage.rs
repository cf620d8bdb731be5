//! What the demonstration stands on: authorities in a folder of their own, servers, and the pace.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use tokio::time::sleep;

use crate::pki::{Authority, ClientKey, PkiError, crypto_provider};
use crate::seal::Keyring;

use super::device::Device;
use super::mishap::{Mishap, Ways};
use super::office::{Office, ring};
use super::server::Servers;
use super::story;

/// Why the demonstration did not go as it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// An authority or a certificate.
    #[error(transparent)]
    Pki(#[from] PkiError),
    /// TLS refused a configuration.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// A socket.
    #[error("the demonstration's connection failed")]
    Io(#[from] io::Error),
    /// A body that could not be made.
    #[error("a body could not be made: {0}")]
    Body(&'static str),
    /// The other side said something else than it should.
    #[error("{step}: expected {expected}, got `{got}`")]
    Unexpected {
        /// What was under way.
        step: &'static str,
        /// What should have come.
        expected: &'static str,
        /// What came.
        got: String,
    },
}

/// Authorities, servers and pace of one demonstration.
pub(crate) struct Stage {
    folder: Folder,
    proxy_roots: RootCertStore,
    servers: Servers,
    office: Arc<Office>,
    pc_key: ClientKey,
    pace: Duration,
}

/// A folder that goes with the demonstration.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system's own cleaning of temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Between two steps, slow enough to watch.
const PACE: Duration = Duration::from_millis(1500);

impl Stage {
    /// Makes the authorities and starts the servers; `fast` leaves out the pauses. The authority is
    /// the one that the proxy is to sign with. Blocks for up to some seconds: it makes keys.
    pub(crate) async fn set(fast: bool) -> Result<(Self, Authority), DemoError> {
        let name = format!("synctap-demo-{}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        let proxy = Authority::open(&folder.0.join("proxy"))?;
        let mut proxy_roots = RootCertStore::empty();
        proxy_roots.add(proxy.export_der().to_vec().into())?;
        let trusted = Arc::new(Authority::open(&folder.0.join("server"))?);
        let stranger = Arc::new(Authority::open(&folder.0.join("stranger"))?);
        let office = Arc::new(Office::open()?);
        let servers = Servers::start(trusted, stranger, Arc::clone(&office)).await?;
        let pace = if fast { Duration::ZERO } else { PACE };
        let pc_key = ClientKey::make()?;
        Ok((Self { folder, proxy_roots, servers, office, pc_key, pace }, proxy))
    }

    /// Where the servers of the story are; no one else knows their names.
    pub(crate) fn hosts(&self) -> HashMap<String, SocketAddr> {
        let mut hosts: HashMap<String, SocketAddr> = [MAIL, DISCOVERY, LOGIN, ENROLMENT]
            .map(|name| (name.to_owned(), self.servers.good))
            .into();
        hosts.insert(MANAGER.to_owned(), self.servers.manager);
        hosts
    }

    /// The keys that the bodies of the story are encrypted for, as `--key` would give them.
    pub(crate) fn keys(&self) -> Result<Keyring, DemoError> {
        ring([
            ("the demonstration's device", &self.pc_key.secret()),
            ("the demonstration's management server", &self.office.secret()),
        ])
    }

    /// The key of the PC.
    pub(super) fn pc_key(&self) -> &ClientKey {
        &self.pc_key
    }

    /// A way in for the server of the story alone, as `--mode` spells it.
    pub(crate) fn reverse(&self) -> String {
        format!("reverse:https://{HOST}:{}@127.0.0.1:0", self.servers.good.port())
    }

    /// The authority of the demonstration's servers, which the proxy is to trust.
    pub(crate) fn upstream_ca(&self) -> PathBuf {
        self.folder.0.join("server/synctap-ca.pem")
    }

    /// Plays the story, or the mishaps asked for, through the proxy.
    ///
    /// # Errors
    /// When something else happens than should.
    pub(crate) async fn play(&self, ways: Ways, mishaps: &[Mishap]) -> Result<(), DemoError> {
        if mishaps.is_empty() {
            return story::play(self, ways.proxy).await;
        }
        for mishap in mishaps {
            mishap.play(self, ways).await?;
            self.pause().await;
        }
        Ok(())
    }

    /// A device behind `proxy` that trusts it.
    pub(super) fn device(&self, proxy: SocketAddr) -> Device {
        Device::new(proxy, trusting(self.proxy_roots.clone(), None))
    }

    /// The same, which shows who it is to servers that ask for its certificate.
    pub(super) fn identified(&self, proxy: SocketAddr, identity: Arc<SingleCertAndKey>) -> Device {
        Device::new(proxy, trusting(self.proxy_roots.clone(), Some(identity)))
    }

    /// A device that trusts nobody.
    #[expect(clippy::unused_self, reason = "reads as what the stage gives")]
    pub(super) fn distrustful(&self, proxy: SocketAddr) -> Device {
        Device::new(proxy, trusting(RootCertStore::empty(), None))
    }

    pub(super) fn servers(&self) -> &Servers {
        &self.servers
    }

    /// Gives a person time to look.
    pub(super) async fn pause(&self) {
        sleep(self.pace).await;
    }
}

fn trusting(
    roots: RootCertStore,
    identity: Option<Arc<SingleCertAndKey>>,
) -> Option<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(crypto_provider())
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(identity),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(Arc::new(config))
}

/// The name of the servers that misbehave.
pub(super) const HOST: &str = "localhost";

/// The servers of the story, in a domain that exists nowhere (RFC 6761 6.2).
pub(super) const MAIL: &str = "mail.demo.test";
pub(super) const DISCOVERY: &str = "enterpriseenrollment.demo.test";
pub(super) const LOGIN: &str = "login.demo.test";
pub(super) const ENROLMENT: &str = "enrol.demo.test";
pub(super) const MANAGER: &str = "dm.demo.test";

/// A name for TLS.
pub(super) fn server_name(host: &'static str) -> Result<ServerName<'static>, DemoError> {
    ServerName::try_from(host).map_err(|_| DemoError::Body("no server name"))
}

impl std::fmt::Debug for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let folder: &Path = &self.folder.0;
        f.debug_struct("Stage").field("folder", &folder).finish_non_exhaustive()
    }
}
