//! A server's certificate that does not hold: why, with the chain it showed, and what helps.

use rustls::CertificateError;

use super::failure;
use crate::model::CertificateFacts;
use crate::model::Failure;

/// Most certificates of a chain named in one sentence.
const LINKS_NAMED: usize = 4;
/// Longest name of a certificate in that sentence, in characters.
const NAME_CHARS: usize = 64;

/// What is wrong, as the code of its row.
const fn code(invalid: &CertificateError) -> &'static str {
    use CertificateError as Invalid;
    match invalid {
        Invalid::Expired | Invalid::ExpiredContext { .. } => "upstream-expired",
        Invalid::NotValidYet | Invalid::NotValidYetContext { .. } => "upstream-not-yet-valid",
        Invalid::NotValidForName | Invalid::NotValidForNameContext { .. } => "upstream-wrong-name",
        Invalid::UnknownIssuer | Invalid::Other(_) => "upstream-untrusted",
        _ => "upstream-certificate",
    }
}

/// Another authority helps only where it is the authority that is not trusted.
fn advice(code: &str) -> &'static str {
    match code {
        "upstream-expired" => {
            "renew the server's certificate, check the clock of this machine, \
             or go on with `--insecure-upstream`"
        }
        "upstream-not-yet-valid" => {
            "check the clocks of this machine and of the server, \
             or go on with `--insecure-upstream`"
        }
        "upstream-wrong-name" => {
            "ask for the server by a name it is certified for, or go on with `--insecure-upstream`"
        }
        "upstream-untrusted" => {
            "add its authority with `--upstream-ca FILE`, or go on with `--insecure-upstream`"
        }
        _ => "replace the server's certificate, or go on with `--insecure-upstream`",
    }
}

/// The server showed `chain`, which does not hold because of `why`.
pub(super) fn distrusted(
    invalid: &CertificateError,
    why: &str,
    chain: &[CertificateFacts],
) -> Failure {
    let code = code(invalid);
    let cause = format!("the server's certificate does not hold: {why}{}", shown(chain));
    failure::server(code, cause, advice(code))
}

/// The chain in words: ` (it showed CN=mail.example, signed by CN=Some CA)`.
fn shown(chain: &[CertificateFacts]) -> String {
    let Some(leaf) = chain.first() else { return String::new() };
    let own = match (leaf.subject.as_str(), leaf.names.first()) {
        ("", Some(name)) => name,
        (subject, _) => subject,
    };
    let mut names = vec![clip(own)];
    for certificate in chain.iter().take(LINKS_NAMED) {
        let issuer = clip(&certificate.issuer);
        // A root that is sent along signed itself: once is enough.
        if names.last() != Some(&issuer) {
            names.push(issuer);
        }
    }
    if chain.len() > LINKS_NAMED {
        names.push(format!("{} more", chain.len() - LINKS_NAMED));
    }
    let by = if names.len() == 1 { ", by itself" } else { "" };
    format!(" (it showed {}{by})", names.join(", signed by "))
}

fn clip(name: &str) -> String {
    if name.chars().count() <= NAME_CHARS {
        return name.to_owned();
    }
    name.chars().take(NAME_CHARS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate(subject: &str, issuer: &str) -> CertificateFacts {
        CertificateFacts {
            subject: subject.into(),
            issuer: issuer.into(),
            names: vec!["mail.example".into()],
            ..CertificateFacts::default()
        }
    }

    #[test]
    fn each_kind_has_a_code_and_an_authority_is_advised_only_where_it_helps() {
        use CertificateError as Invalid;
        for (invalid, code) in [
            (Invalid::UnknownIssuer, "upstream-untrusted"),
            (Invalid::Expired, "upstream-expired"),
            (Invalid::NotValidYet, "upstream-not-yet-valid"),
            (Invalid::NotValidForName, "upstream-wrong-name"),
            (Invalid::Revoked, "upstream-certificate"),
            (Invalid::BadSignature, "upstream-certificate"),
        ] {
            let failure = distrusted(&invalid, "why", &[]);
            assert_eq!(failure.code, code);
            let authority = failure.advice.contains("--upstream-ca");
            assert_eq!(authority, code == "upstream-untrusted", "{}", failure.advice);
            assert!(failure.advice.contains("--insecure-upstream"), "{}", failure.advice);
        }
    }

    #[test]
    fn the_chain_is_told_from_the_leaf_on() {
        assert_eq!(shown(&[]), "");
        let leaf = certificate("CN=mail", "CN=Middle");
        assert_eq!(shown(std::slice::from_ref(&leaf)), " (it showed CN=mail, signed by CN=Middle)");
        let chain = [leaf, certificate("CN=Middle", "CN=Root"), certificate("CN=Root", "CN=Root")];
        let words = " (it showed CN=mail, signed by CN=Middle, signed by CN=Root)";
        assert_eq!(shown(&chain), words);
        assert_eq!(shown(&[certificate("CN=self", "CN=self")]), " (it showed CN=self, by itself)");
        assert_eq!(
            shown(&[certificate("", "CN=Root")]),
            " (it showed mail.example, signed by CN=Root)"
        );
        let long = certificate(&"x".repeat(1000), "y");
        assert!(shown(&vec![long; 10]).len() < 400);
    }
}
