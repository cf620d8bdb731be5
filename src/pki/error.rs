//! What can go wrong with certificates, said so that a person can act.

use std::io;
use std::path::PathBuf;

use crate::model::WallTime;

/// Why a certificate or key could not be made, read or used.
///
/// `Display` is what failed, the source chain is the cause, [`PkiError::hint`] what to type: three
/// lines at most.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PkiError {
    /// A file or folder could not be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file or folder could not be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// One of the authority's two files is there without the other.
    #[error("the certificate authority is incomplete: no `{}`", missing.display())]
    Incomplete {
        /// The file that is missing.
        missing: PathBuf,
        /// The file that is there.
        present: PathBuf,
    },
    /// The file holds no certificate that can be read.
    #[error("no usable certificate in `{}`: {reason}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file that should name authorities to trust holds no certificate that can be read.
    #[error("no usable certificate in `{}`: {reason}", path.display())]
    Root {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file holds no private key that can be used.
    #[error("no usable private key in `{}`: {reason}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never the key itself.
        reason: String,
    },
    /// The private key belongs to another certificate.
    #[error("the key `{}` does not belong to the certificate `{}`", key.display(), certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate may not sign others.
    #[error("`{}` is not the certificate of an authority", path.display())]
    NotAnAuthority {
        /// The certificate's file.
        path: PathBuf,
    },
    /// The authority's certificate is over.
    #[error("the certificate authority `{}` expired: {}", path.display(), not_after.rfc3339())]
    Expired {
        /// The certificate's file.
        path: PathBuf,
        /// When it ended.
        not_after: WallTime,
    },
    /// The authority's certificate has not begun.
    #[error("the certificate authority `{}` is not valid before {}", path.display(), not_before.rfc3339())]
    NotYetValid {
        /// The certificate's file.
        path: PathBuf,
        /// When it begins.
        not_before: WallTime,
    },
    /// A certificate could not be made.
    #[error("cannot make a certificate for `{name}`")]
    Mint {
        /// Whose.
        name: String,
        /// Why.
        source: rcgen::Error,
    },
    /// The TLS library refused what it was given.
    #[error("cannot set up TLS")]
    Tls(#[from] rustls::Error),
    /// No verifier could be built from the roots at hand.
    #[error("cannot verify servers with the roots at hand: {reason}")]
    Roots {
        /// Why.
        reason: String,
    },
}

impl PkiError {
    /// What a person could type or do; empty when there is nothing sensible to say.
    pub fn hint(&self) -> String {
        match self {
            Self::Read { path, .. } => format!("check that `{}` is readable", path.display()),
            Self::Write { path, .. } => format!("check the folder of `{}`", path.display()),
            Self::Incomplete { present, .. } => {
                format!("restore the missing file, or delete `{}` to make a new authority (devices must trust it again)", present.display())
            }
            Self::Expired { path, .. } | Self::Certificate { path, .. } => {
                format!("delete `{}` and its key to make a new authority (devices must trust it again)", path.display())
            }
            Self::Root { .. } => "name a PEM file with the certificate of an authority to trust".into(),
            Self::Key { path, .. } => format!("restore `{}`, or delete it and the certificate to make a new authority", path.display()),
            Self::Mismatch { .. } => "restore the key that belongs to the certificate, or delete both to make a new authority".into(),
            Self::NotAnAuthority { .. } => "use a certificate with the basic constraint CA:TRUE".into(),
            Self::NotYetValid { .. } => "check the clock of this machine".into(),
            Self::Mint { .. } | Self::Tls(_) | Self::Roots { .. } => String::new(),
        }
    }
}

/// Why nothing could be made for `name`.
pub(super) fn mint(name: &str, source: rcgen::Error) -> PkiError {
    PkiError::Mint { name: name.to_owned(), source }
}
