//! What a certificate is for, or is asked to be for.

use x509_parser::extensions::{ExtendedKeyUsage, GeneralName, KeyUsage, ParsedExtension};

use crate::codec::asn1;
use crate::codec::asn1::oid_name;

use super::name::clip;

/// Names listed of one certificate.
const NAMES: usize = 16;

/// What extensions say of the use of a key (RFC 5280 §4.2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purposes {
    /// Alternative names of the subject (§4.2.1.6), at most 16: `DNS mail.example`.
    pub names: Vec<String>,
    /// Key usage (§4.2.1.3) in words: `digital signature`.
    pub usage: Vec<String>,
    /// Extended key usage (§4.2.1.12): `client authentication`, else the object identifier.
    pub extended: Vec<String>,
    /// The key may sign certificates (§4.2.1.9); `None` when nothing is said.
    pub authority: Option<bool>,
    /// Key usages allow it to sign certificates (§4.2.1.3); true when it does not say.
    pub may_certify: bool,
    /// Key usages allow it to sign messages; true when it does not say.
    pub may_sign: bool,
    /// The subject key identifier (§4.2.1.2); empty when there is none.
    pub key_id: Vec<u8>,
    /// The key identifier of the issuer (§4.2.1.1); empty when there is none.
    pub issuer_key_id: Vec<u8>,
    /// The hardware id that Windows puts into an enrolment request, extension
    /// 1.3.6.1.4.1.311.66.1.0 (MS-MDE2 3.4); empty when there is none.
    pub hardware_id: String,
}

impl Default for Purposes {
    /// Nothing said.
    fn default() -> Self {
        Self {
            names: Vec::new(),
            usage: Vec::new(),
            extended: Vec::new(),
            authority: None,
            may_certify: true,
            may_sign: true,
            key_id: Vec::new(),
            issuer_key_id: Vec::new(),
            hardware_id: String::new(),
        }
    }
}

impl Purposes {
    /// True when it says that it may sign certificates.
    pub fn is_ca(&self) -> bool {
        self.authority == Some(true)
    }

    /// Takes in one extension.
    pub(super) fn add(&mut self, extension: &ParsedExtension<'_>) {
        match extension {
            ParsedExtension::SubjectAlternativeName(found) => {
                let room = NAMES.saturating_sub(self.names.len());
                self.names.extend(found.general_names.iter().take(room).map(name));
            }
            ParsedExtension::KeyUsage(usage) => {
                self.usage = usages(*usage);
                self.may_certify = usage.key_cert_sign();
                self.may_sign = usage.digital_signature() || usage.non_repudiation();
            }
            ParsedExtension::ExtendedKeyUsage(usage) => self.extended = extended(usage),
            ParsedExtension::BasicConstraints(basic) => self.authority = Some(basic.ca),
            ParsedExtension::SubjectKeyIdentifier(id) => self.key_id = id.0.to_vec(),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                self.issuer_key_id =
                    id.key_identifier.as_ref().map_or_else(Vec::new, |id| id.0.to_vec());
            }
            _ => {}
        }
    }

    /// Takes in the value of the hardware id extension: a string that ends with a NUL, bare or in
    /// an ASN.1 string.
    pub(super) fn add_hardware_id(&mut self, value: &[u8]) {
        let inner = match value {
            // OCTET STRING, UTF8String, PrintableString and IA5String with a short length.
            [0x04 | 0x0C | 0x13 | 0x16, length, rest @ ..]
                if usize::from(*length) == rest.len() =>
            {
                rest
            }
            _ => value,
        };
        let text = String::from_utf8_lossy(inner);
        self.hardware_id = clip(text.trim_end_matches('\0'));
    }
}

fn name(name: &GeneralName<'_>) -> String {
    clip(&match name {
        GeneralName::RFC822Name(text) => format!("mail {text}"),
        GeneralName::DNSName(text) => format!("DNS {text}"),
        GeneralName::URI(text) => format!("URI {text}"),
        GeneralName::DirectoryName(name) => format!("directory {name}"),
        GeneralName::IPAddress([a, b, c, d]) => format!("IP {a}.{b}.{c}.{d}"),
        GeneralName::IPAddress(bytes) => <[u8; 16]>::try_from(*bytes).map_or_else(
            |_| format!("IP {}", asn1::hex(bytes)),
            |bytes| format!("IP {}", std::net::Ipv6Addr::from(bytes)),
        ),
        // The user principal name of Windows: an explicitly tagged UTF8String.
        GeneralName::OtherName(oid, value) if oid.to_id_string() == "1.3.6.1.4.1.311.20.2.3" => {
            let text = String::from_utf8_lossy(value.get(4..).unwrap_or_default()).into_owned();
            format!("UPN {text}")
        }
        other => other.to_string(),
    })
}

fn usages(usage: KeyUsage) -> Vec<String> {
    let bits = [
        (usage.digital_signature(), "digital signature"),
        (usage.non_repudiation(), "non-repudiation"),
        (usage.key_encipherment(), "key encipherment"),
        (usage.data_encipherment(), "data encipherment"),
        (usage.key_agreement(), "key agreement"),
        (usage.key_cert_sign(), "certificate signing"),
        (usage.crl_sign(), "CRL signing"),
    ];
    bits.into_iter().filter(|(set, _)| *set).map(|(_, words)| words.to_owned()).collect()
}

fn extended(usage: &ExtendedKeyUsage<'_>) -> Vec<String> {
    let bits = [
        (usage.any, "any purpose"),
        (usage.server_auth, "server authentication"),
        (usage.client_auth, "client authentication"),
        (usage.code_signing, "code signing"),
        (usage.email_protection, "e-mail protection"),
        (usage.time_stamping, "time stamping"),
        (usage.ocsp_signing, "OCSP signing"),
    ];
    let known = bits.into_iter().filter(|(set, _)| *set).map(|(_, words)| words.to_owned());
    let other = usage.other.iter().take(NAMES).map(|oid| {
        let oid = oid.to_id_string();
        oid_name(&oid).map(str::to_owned).unwrap_or(oid)
    });
    known.chain(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hardware_id_is_read_bare_and_wrapped() {
        for value in [&b"ABC1\0"[..], b"\x04\x05ABC1\0", b"\x0C\x04ABC1", b"ABC1"] {
            let mut found = Purposes::default();
            found.add_hardware_id(value);
            assert_eq!(found.hardware_id, "ABC1", "{value:?}");
        }
    }
}
