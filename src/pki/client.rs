//! Both ends of an enrolment: the key of a device, and the authority that certifies it by its request.
//!
//! They live in memory alone, and are the demonstration's.

use std::fmt;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
    SanType, SigningKey as _, SubjectPublicKeyInfo,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use time::{Duration, OffsetDateTime};
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;
use zeroize::Zeroizing;

use super::authority::{self, BACKDATED};
use super::cms;
use super::error::{PkiError, mint};
use super::trust::crypto_provider;

/// From the begin to the end of a certificate: what policies of enrolment usually ask for.
const VALIDITY: Duration = Duration::days(365);
/// The extension with the hardware id in a request (MS-MDE2 3.4).
const HARDWARE_ID: &[u64] = &[1, 3, 6, 1, 4, 1, 311, 66, 1, 0];
/// An alternative name of the kind `User Principal Name`.
const PRINCIPAL: &[u64] = &[1, 3, 6, 1, 4, 1, 311, 20, 2, 3];

/// The organisation that every name carries: nothing may take them for real.
const ORGANIZATION: &str = "synctap TEST ONLY";

/// The key of a client: RSA-2048, in memory alone.
pub struct ClientKey(KeyPair);

impl ClientKey {
    /// Makes one. Takes up to a second.
    ///
    /// # Errors
    /// `Mint` when none can be made.
    pub fn make() -> Result<Self, PkiError> {
        let made = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048);
        made.map(Self).map_err(|source| mint("a device", source))
    }

    /// A certificate request for `name` (PKCS#10, DER) as Windows makes it, with `hardware` as hardware
    /// id (MS-MDE2 3.4).
    ///
    /// # Errors
    /// `Mint` when it cannot be made.
    pub fn request(&self, name: &str, hardware: &str) -> Result<Vec<u8>, PkiError> {
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished(name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let id = [hardware.as_bytes(), b"\0"].concat();
        params.custom_extensions = vec![CustomExtension::from_oid_content(HARDWARE_ID, id)];
        let made = params.serialize_request(&self.0).map_err(|source| mint(name, source))?;
        Ok(made.der().to_vec())
    }

    /// A detached signature over `content`, made now; `certificate` (DER) is the one of this key.
    ///
    /// # Errors
    /// `Mint` when the certificate cannot be read.
    pub fn sign(&self, content: &[u8], certificate: &[u8]) -> Result<Vec<u8>, PkiError> {
        let now = OffsetDateTime::now_utc();
        let made = cms::signed(content, certificate, now, |bytes| self.0.sign(bytes).ok());
        made.ok_or_else(|| mint("a signature", rcgen::Error::CouldNotParseCertificate))
    }

    /// What a TLS client with this key and `certificate` (DER) shows a server that asks.
    ///
    /// # Errors
    /// `Tls` when the TLS library refuses the key.
    pub fn identity(&self, certificate: &[u8]) -> Result<Arc<SingleCertAndKey>, PkiError> {
        let private = PrivateKeyDer::try_from(self.0.serialize_der())
            .map_err(|reason| rustls::Error::General(reason.into()))?;
        let signing = crypto_provider().key_provider.load_private_key(private)?;
        let chain = vec![certificate.to_vec().into()];
        Ok(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, signing))))
    }

    /// The key itself, as PKCS#8 in DER: for what opens messages, never for a file.
    pub fn secret(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.0.serialize_der())
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientKey").finish_non_exhaustive()
    }
}

/// Encrypts `content` for the RSA key of `certificate` (DER): enveloped data with AES-256-CBC, in DER.
///
/// # Errors
/// `Mint` when the certificate is not one of an RSA key.
pub fn seal_for(content: &[u8], certificate: &[u8]) -> Result<Vec<u8>, PkiError> {
    let made = cms::sealed(content, certificate);
    made.map_err(|_| mint("an encrypted message", rcgen::Error::CouldNotParseCertificate))
}

/// An authority that certifies clients by their requests, in memory alone.
pub struct ClientAuthority {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

impl ClientAuthority {
    /// Makes one of this name. Takes up to a second.
    ///
    /// # Errors
    /// `Mint` when it cannot be made.
    pub fn make(name: &str) -> Result<Self, PkiError> {
        let mut params = parameters(name, Duration::days(3650));
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let ClientKey(key) = ClientKey::make()?;
        let der = params.self_signed(&key).map_err(|source| mint(name, source))?.der().clone();
        Ok(Self { issuer: Issuer::new(params, key), der })
    }

    /// Its own certificate, DER.
    pub fn certificate(&self) -> &[u8] {
        &self.der
    }

    /// The certificate (DER) of the key in `request` (PKCS#10, DER), for client authentication as `name`
    /// with `principal` as its user; valid for 365 days, one of which is over.
    ///
    /// # Errors
    /// `Mint` when the request cannot be read.
    pub fn issue(&self, request: &[u8], name: &str, principal: &str) -> Result<Vec<u8>, PkiError> {
        let failed = |source| mint(name, source);
        let (_, read) = X509CertificationRequest::from_der(request)
            .map_err(|_| failed(rcgen::Error::CouldNotParseCertificationRequest))?;
        let key = SubjectPublicKeyInfo::from_der(read.certification_request_info.subject_pki.raw);
        let mut params = parameters(name, VALIDITY);
        params.subject_alt_names = vec![SanType::OtherName((PRINCIPAL.to_vec(), principal.into()))];
        params.use_authority_key_identifier_extension = true;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.key_usages =
            vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        let made = params.signed_by(&key.map_err(failed)?, &self.issuer).map_err(failed)?;
        Ok(made.der().to_vec())
    }
}

impl fmt::Debug for ClientAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientAuthority").finish_non_exhaustive()
    }
}

fn parameters(name: &str, validity: Duration) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = OffsetDateTime::now_utc() - BACKDATED;
    params.not_after = params.not_before + validity;
    params.serial_number = authority::serial();
    params.distinguished_name = distinguished(name);
    params
}

fn distinguished(name: &str) -> DistinguishedName {
    let mut made = DistinguishedName::new();
    made.push(DnType::CommonName, name);
    made.push(DnType::OrganizationName, ORGANIZATION);
    made
}

#[cfg(test)]
mod tests {
    use x509_parser::prelude::X509Certificate;

    use super::*;

    #[test]
    fn a_certificate_is_for_the_key_of_its_request() {
        let (authority, key) =
            (ClientAuthority::make("Test CA").unwrap(), ClientKey::make().unwrap());
        let request = key.request("device!1", "HW1").unwrap();
        let issued = authority.issue(&request, "device!1", "ada@demo.test").unwrap();
        let (_, issued) = X509Certificate::from_der(&issued).unwrap();
        let (_, by) = X509Certificate::from_der(authority.certificate()).unwrap();
        assert_eq!(issued.issuer().as_raw(), by.subject().as_raw());
        let (_, read) = X509CertificationRequest::from_der(&request).unwrap();
        let wanted = read.certification_request_info.subject_pki.raw;
        assert_eq!(issued.public_key().raw, wanted);
        assert!(issued.subject().to_string().contains(ORGANIZATION));
        assert!(authority.issue(b"rubbish", "", "").is_err());
        assert!(!format!("{key:?}{authority:?}").contains("PRIVATE"));
    }
}
