//! Why the data path cannot start. What happens later is a row, never an error.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::pki::PkiError;

/// Why the proxy could not start. `Display` is what failed, the source chain is the cause,
/// [`ProxyError::hint`] what to type.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The address cannot be listened on.
    #[error("cannot listen on `{address}`")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// Listening beyond this machine without saying who may connect.
    #[error("refusing to listen on `{address}` for everyone")]
    NeedsAllow {
        /// The address.
        address: SocketAddr,
    },
    /// No way in was given.
    #[error("no mode to listen in")]
    NoMode,
    /// There are as many ways in as there may be.
    #[error("cannot listen in more than {most} ways")]
    TooManyModes {
        /// The ceiling.
        most: usize,
    },
    /// The proxy has stopped, or is stopping.
    #[error("the proxy is not running any more")]
    Stopped,
    /// The file for TLS secrets cannot be opened.
    #[error("cannot append TLS secrets to `{}`", path.display())]
    KeyLog {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Certificates.
    #[error(transparent)]
    Pki(#[from] PkiError),
}

impl ProxyError {
    /// What a person could type or do; empty when there is nothing sensible to say.
    pub fn hint(&self) -> String {
        match self {
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                "try another address, such as `--listen 127.0.0.1:0`".into()
            }
            Self::Listen { .. } => "check that the address belongs to this machine".into(),
            Self::NeedsAllow { .. } => {
                "say who may connect, such as `--allow 192.168.1.0/24`".into()
            }
            Self::TooManyModes { .. } => "start a second synctap for the others".into(),
            Self::Stopped => "start synctap again".into(),
            Self::NoMode => "add `--mode regular`".into(),
            Self::KeyLog { .. } => "check or unset SSLKEYLOGFILE".into(),
            Self::Pki(error) => error.hint(),
        }
    }
}
