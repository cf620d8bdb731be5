//! One signer of a message.

use aws_lc_rs::digest;

use crate::codec::cms::{Algorithm, Attributes, SignerInfo};
use crate::codec::{Certificate, id_words};
use crate::model::{Holds, Reason, SignerCertificate, SignerReport};

use super::algorithm::{
    Scheme, digest_of, digest_words, is_weak, scheme_of, sha1_hex, sha256_hex, unknown_digest,
};
use super::chain::{follow, out_of_date, seconds};
use super::check::{digest, is_signed_by};
use super::cipher;
use super::form::{Form, FormKind};
use super::verify::{Circumstances, Opened, Over};

/// Seconds that the signer's clock may be off before it is told.
const SKEW_SECONDS: i64 = 300;

/// Keys tried to find out whose made a signature that its certificate's did not.
const KEYS: usize = 32;

const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
const SIGNING_TIME: &str = "1.2.840.113549.1.9.5";

/// What the signers of one message have in common.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) over: Over<'a>,
    pub(super) content_type: &'a str,
    /// That came with the message.
    pub(super) certificates: &'a [Certificate],
    pub(super) circumstances: &'a Circumstances<'a>,
    pub(super) unsealed: Option<Opened<'a>>,
}

/// The verdict on one signer.
pub(super) fn check_signer(signer: &SignerInfo<'_>, bench: &Bench<'_>) -> SignerReport {
    let scheme = scheme_of(&signer.algorithm, Some(&signer.digest));
    let mut trial = Trial {
        signer,
        bench,
        report: SignerReport {
            holds: Holds::Valid,
            reasons: Vec::new(),
            remarks: Vec::new(),
            signer: id_words(&signer.id),
            certificate: None,
            digest: digest_name(&signer.digest),
            algorithm: scheme
                .as_ref()
                .map_or_else(|_| signer.algorithm.name().to_owned(), Scheme::words),
            signing_time: None,
            skew: None,
            form: String::new(),
        },
    };
    trial.run(scheme);
    trial.report.reasons.sort_by_key(|reason| std::cmp::Reverse(gravity(reason.code)));
    trial.report
}

fn digest_name(algorithm: &Algorithm<'_>) -> String {
    digest_of(&algorithm.oid)
        .map_or_else(|| algorithm.name().to_owned(), |d| digest_words(d).into())
}

/// What a reason does to the verdict.
fn gravity(code: &str) -> Holds {
    match code {
        "unknown-issuer" | "issuer-no-ca" | "expired" | "not-yet-valid" => Holds::Untrusted,
        "no-certificate" | "unknown-algorithm" | "several-values" => Holds::Unchecked,
        _ => Holds::Bad,
    }
}

/// A span of time in its two largest units: `3 d 4 h`, `12 min 5 s`.
fn span_words(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let part =
        |unit: u64, of: u64| seconds.checked_div(unit).unwrap_or(0).checked_rem(of).unwrap_or(0);
    let parts = [
        (part(86_400, u64::MAX), "d"),
        (part(3_600, 24), "h"),
        (part(60, 60), "min"),
        (part(1, 60), "s"),
    ];
    let told = parts.into_iter().skip_while(|(number, _)| *number == 0).take(2);
    let told = told.filter(|(number, _)| *number > 0);
    told.map(|(number, unit)| format!("{number} {unit}")).collect::<Vec<_>>().join(" ")
}

struct Trial<'a> {
    signer: &'a SignerInfo<'a>,
    bench: &'a Bench<'a>,
    report: SignerReport,
}

impl Trial<'_> {
    fn reason(&mut self, code: &'static str, text: impl Into<String>) {
        self.report.holds = self.report.holds.max(gravity(code));
        self.report.reasons.push(Reason { code, text: text.into() });
    }

    fn remark(&mut self, code: &'static str, text: impl Into<String>) {
        self.report.remarks.push(Reason { code, text: text.into() });
    }

    fn run(&mut self, scheme: Result<Scheme, String>) {
        if is_weak(&self.signer.digest.oid) {
            let text = format!("{} no longer protects", self.report.digest);
            self.remark("weak-digest", text);
        }
        let digests = digest_of(&self.signer.digest.oid);
        if digests.is_none() {
            let name = self.signer.digest.name().to_owned();
            self.reason("unknown-algorithm", unknown_digest(&name));
        }
        self.signing_time();
        if let (Some(algorithm), Some(attributes)) = (digests, &self.signer.attributes) {
            self.attributes(attributes, algorithm);
        }
        let certificate = self.certificate();
        let scheme = match scheme {
            Ok(scheme) => Some(scheme),
            // It was told already when it is the digest's.
            Err(_) if digests.is_none() => None,
            Err(why) => {
                self.reason("unknown-algorithm", why);
                None
            }
        };
        let Some((certificate, source)) = certificate else { return };
        self.tell(&certificate, source);
        if let (Some(scheme), Some(digests)) = (scheme, digests) {
            if scheme.weak && !is_weak(&self.signer.digest.oid) {
                self.remark("weak-digest", "the signature is over SHA-1, which no longer protects");
            }
            match &self.signer.attributes {
                Some(attributes) => self.signature(attributes, &scheme, &certificate),
                None => self.bare(&scheme, digests, &certificate),
            }
        }
        self.trust(&certificate);
    }

    /// When it says that it was signed.
    fn signing_time(&mut self) {
        let attributes = self.signer.attributes.as_ref();
        let time = attributes.and_then(|a| a.get(SIGNING_TIME)?.value?.time());
        self.report.signing_time = time;
        let Some(time) = time else { return };
        let micros = self.bench.circumstances.at.0.saturating_sub(time.0);
        let skew = micros.checked_div(1_000_000).unwrap_or_default();
        self.report.skew = Some(skew);
        if skew < -SKEW_SECONDS || (skew > SKEW_SECONDS && self.bench.circumstances.now.is_none()) {
            let side = if skew < 0 { "after" } else { "before" };
            let text = format!("signed {} {side} it arrived", span_words(skew));
            self.remark("skew", text);
        }
    }

    /// Whether the attributes speak of this content (RFC 5652 5.4, 11.1, 11.2).
    fn attributes(&mut self, attributes: &Attributes<'_>, algorithm: &'static digest::Algorithm) {
        let content_type = attributes.get(CONTENT_TYPE).and_then(|a| a.value?.oid());
        match content_type {
            Some(oid) if oid == self.bench.content_type => {}
            Some(_) => self.reason("content-type", "what was signed is of another content type"),
            None => {
                self.reason("content-type", "the signed attributes do not say the content type");
            }
        }
        let stated = attributes.list.iter().filter(|a| a.oid == MESSAGE_DIGEST);
        let values: Vec<_> = stated.map(|a| (a.values, a.value)).collect();
        let [(1, Some(stated))] = values[..] else {
            let text = "the signed attributes do not hold one digest of the content";
            return self.reason("no-message-digest", text);
        };
        let stated = stated.octets();
        let matches = |form: &Form<'_>| {
            let once = digest(algorithm, &form.bytes);
            let found = match form.kind {
                FormKind::Digest => digest(algorithm, &once),
                FormKind::Signed | FormKind::Before => once,
            };
            found == *stated
        };
        let sent = self.bench.over.sent();
        if matches(&sent) {
            return sent.name.clone_into(&mut self.report.form);
        }
        let found = self.bench.over.forms().into_iter().find(matches);
        self.found(found);
        if self.report.form.is_empty() {
            let hex = |bytes: &[u8]| crate::codec::asn1::hex(bytes.get(..4).unwrap_or(bytes));
            let own = hex(&digest(algorithm, &sent.bytes));
            let text = format!("the body has the digest {own}…, signed was {}…", hex(&stated));
            self.remark("digests", text);
        }
    }

    /// Tells which form of the body was signed, or that none was.
    fn found(&mut self, form: Option<Form<'_>>) {
        const CHANGED: &str = "the body is not what was signed (digest mismatch)";
        match form {
            Some(form) if form.kind == FormKind::Before => {
                self.reason("digest-mismatch", format!("{CHANGED}: {}", form.name));
            }
            Some(form) => {
                form.name.clone_into(&mut self.report.form);
                self.remark("form", format!("signed is {}", form.name));
            }
            None => {
                let text = format!("{CHANGED}: it was changed after it was signed");
                self.reason("digest-mismatch", text);
            }
        }
    }

    /// The signer's certificate and where it was found.
    fn certificate(&mut self) -> Option<(Certificate, String)> {
        let id = &self.signer.id;
        let found = self.candidates().find(|(candidate, _)| candidate.is(id));
        let found = found.map(|(certificate, source)| (certificate.clone(), source.to_owned()));
        let found = found.or_else(|| {
            let inside = self.attribute_certificate()?;
            inside.is(id).then(|| (inside, "the signed attributes".to_owned()))
        });
        if found.is_none() {
            let words = self.report.signer.clone();
            let count = self.bench.certificates.len();
            let text = match count {
                0 => format!("no certificate came with it, and none is known with {words}"),
                _ => format!(
                    "none of the {count} certificates that came with it, nor any other known, has {words}"
                ),
            };
            self.reason("no-certificate", text);
        }
        found
    }

    /// Every certificate at hand, those of the message first.
    fn candidates(&self) -> impl Iterator<Item = (&Certificate, &str)> {
        let circumstances = self.bench.circumstances;
        let own = self.bench.certificates.iter().map(|c| (c, "the message"));
        let trusted = circumstances.keyring.trusted().iter().map(|c| (c, "--trust"));
        let seen = circumstances.known.iter().map(|k| (&k.certificate, k.source.as_str()));
        let keys = circumstances.keyring.certificates().map(|c| (c, "--key"));
        own.chain(trusted).chain(seen).chain(keys)
    }

    /// A certificate as an attribute, which is one way to read the specification of the header.
    fn attribute_certificate(&self) -> Option<Certificate> {
        let attributes = self.signer.attributes.as_ref()?;
        attributes.list.iter().find_map(|attribute| Certificate::of(attribute.value?.raw()))
    }

    fn tell(&mut self, certificate: &Certificate, source: String) {
        self.report.certificate = Some(SignerCertificate {
            subject: certificate.subject.clone(),
            issuer: certificate.issuer.clone(),
            serial: certificate.serial_hex(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            sha1: sha1_hex(certificate.der()).to_uppercase(),
            sha256: sha256_hex(certificate.der()),
            key: certificate.key.to_string(),
            key_sha256: sha256_hex(&certificate.key.der),
            source,
            chain: Vec::new(),
        });
    }

    /// The signatures to try: as sent, and of `signedAndEnvelopedData` decrypted (RFC 2315 11.2).
    fn signatures(&self) -> Vec<Vec<u8>> {
        let mut found = vec![self.signer.signature.to_vec()];
        if let Some((sealed, unsealed)) = self.bench.unsealed {
            found.extend(
                cipher::open(&sealed.cipher, &unsealed.key, &self.signer.signature, None).ok(),
            );
        }
        found
    }

    /// Whether the key of the certificate signed the attributes.
    fn signature(
        &mut self,
        attributes: &Attributes<'_>,
        scheme: &Scheme,
        certificate: &Certificate,
    ) {
        for signature in self.signatures() {
            match is_signed_by(&certificate.key, scheme, &attributes.signed_bytes, &signature) {
                Ok(true) => return,
                Ok(false) => {}
                Err(why) => return self.reason("unknown-algorithm", why),
            }
            let sorted = attributes.sorted_bytes.as_deref();
            if sorted
                .is_some_and(|s| is_signed_by(&certificate.key, scheme, s, &signature) == Ok(true))
            {
                let text = "the attributes were not sent in the order in which they were signed";
                return self.remark("attribute-order", text);
            }
        }
        let message = attributes.signed_bytes.clone();
        self.wrong_key(scheme, certificate, &message);
    }

    /// A signature over the content itself.
    fn bare(
        &mut self,
        scheme: &Scheme,
        digests: &'static digest::Algorithm,
        certificate: &Certificate,
    ) {
        self.remark("no-attributes", "there are no signed attributes, and so no signing time");
        if self.bench.content_type != "1.2.840.113549.1.7.1" {
            let text = "signed attributes are missing, which content of this type must have";
            self.reason("content-type", text);
        }
        let signatures = self.signatures();
        let mut trouble = None;
        let mut matches = |form: &Form<'_>| {
            let hashed = (form.kind == FormKind::Digest).then(|| digest(digests, &form.bytes));
            let bytes = hashed.as_deref().unwrap_or(&form.bytes);
            signatures.iter().any(|signature| {
                let signed = is_signed_by(&certificate.key, scheme, bytes, signature);
                signed.map_err(|why| trouble = Some(why)) == Ok(true)
            })
        };
        let sent = self.bench.over.sent();
        if matches(&sent) {
            return sent.name.clone_into(&mut self.report.form);
        }
        let found = self.bench.over.forms().into_iter().find(&mut matches);
        if let Some(why) = trouble {
            return self.reason("unknown-algorithm", why);
        }
        if found.is_some() {
            return self.found(found);
        }
        let text = "the signature does not hold: the body was changed, or another key signed";
        self.reason("digest-or-key", text);
    }

    /// Says that another key signed, and whose if that is known.
    fn wrong_key(&mut self, scheme: &Scheme, certificate: &Certificate, message: &[u8]) {
        let signature = &self.signer.signature;
        let other = self.candidates().take(KEYS).find(|(other, _)| {
            other.key != certificate.key
                && is_signed_by(&other.key, scheme, message, signature) == Ok(true)
        });
        let text = match other {
            Some((other, _)) => format!(
                "signed with the wrong key: that of {}, not that of {}",
                other.subject, certificate.subject
            ),
            None => format!(
                "the key of {} did not make this signature: another key signed, or what was signed \
                 with it was changed",
                certificate.subject
            ),
        };
        self.reason("wrong-key", text);
    }

    /// Whether the certificate may be believed.
    fn trust(&mut self, certificate: &Certificate) {
        let circumstances = self.bench.circumstances;
        let at = circumstances.at;
        let dated = out_of_date(certificate, at, "");
        let signed = self.report.signing_time.and_then(|time| out_of_date(certificate, time, ""));
        let dated = match (dated, self.report.signing_time, &signed) {
            (Some(Reason { code, text }), Some(time), None) => {
                let text = format!("{text}; it was in date when it was signed, {}", seconds(time));
                Some(Reason { code, text })
            }
            (dated, ..) => dated,
        };
        if let Some(Reason { code, text }) = dated.or(signed) {
            self.reason(code, text);
        } else if circumstances.now.is_some_and(|now| now > certificate.not_after) {
            let text = format!(
                "the certificate has expired since, at {}",
                certificate.not_after.rfc3339()
            );
            self.remark("expired-since", text);
        }
        if !certificate.purposes.may_sign {
            self.remark(
                "key-usage",
                "the key usage of the certificate does not speak of signatures",
            );
        }
        let roots = circumstances.known.iter().filter(|known| known.trusted);
        let trusted: Vec<&Certificate> =
            circumstances.keyring.trusted().iter().chain(roots.map(|k| &k.certificate)).collect();
        let others: Vec<&Certificate> = self.candidates().map(|(candidate, _)| candidate).collect();
        let chain = follow(certificate, &trusted, &others, at);
        if let Some(told) = &mut self.report.certificate {
            told.chain.clone_from(&chain.subjects);
        }
        for Reason { code, text } in chain.faults {
            let hint = if code == "unknown-issuer" && trusted.is_empty() {
                " (no authority was given with --trust)"
            } else {
                ""
            };
            self.reason(code, format!("{text}{hint}"));
        }
    }
}
