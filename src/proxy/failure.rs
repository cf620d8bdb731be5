//! The words for everything that goes wrong: side, stable code, cause, advice.

use std::error::Error as StdError;
use std::io;

use rustls::{AlertDescription, PeerIncompatible, PeerMisbehaved};

use super::client_hello::{HelloFacts, TLS12, version_name};
use super::distrust::distrusted;
use super::limits::QUOTE_BYTES;
use super::tap::End;
use crate::model::Failure;
use crate::model::Side;
use crate::model::Tls;
use crate::model::Verdict;

/// A failure of the device's side.
pub(super) fn client(code: &str, cause: impl Into<String>, advice: &str) -> Failure {
    failure(Side::Client, code, cause, advice)
}

/// A failure of our own making.
pub(super) fn proxy(code: &str, cause: impl Into<String>, advice: &str) -> Failure {
    failure(Side::Proxy, code, cause, advice)
}

/// A failure of the server's side.
pub(super) fn server(code: &str, cause: impl Into<String>, advice: &str) -> Failure {
    failure(Side::Server, code, cause, advice)
}

fn failure(side: Side, code: &str, cause: impl Into<String>, advice: &str) -> Failure {
    Failure { side, code: code.into(), cause: cause.into(), advice: advice.into() }
}

/// synctap is stopping.
pub(super) fn shutdown() -> Failure {
    proxy("shutdown", "synctap was stopped while this was under way", "")
}

/// The device went away before the exchange was over.
pub(super) fn client_gone() -> Failure {
    client("client-aborted", "the client closed the connection before the exchange was over", "")
}

/// What to do about a device that does not believe our certificate.
const TRUST_US: &str = "install the synctap CA on the device and trust it there: \
    http://synctap.internal/ has it with the steps, `synctap ca export` too";

/// A handshake with the device failed.
pub(super) fn client_handshake(error: &io::Error, hello: Option<&HelloFacts>) -> Failure {
    if let Some(hello) = hello
        && hello.version < TLS12
    {
        let version = version_name(hello.version);
        let cause = format!("the client offers {version} at most; synctap speaks TLS 1.2 and 1.3");
        return client("tls-too-old", cause, "update the client, or allow TLS 1.2 in its settings");
    }
    match tls_error(error) {
        Some(rustls::Error::AlertReceived(alert)) => rejected(*alert),
        Some(rustls::Error::PeerIncompatible(what)) => incompatible(what, hello),
        Some(rustls::Error::NoApplicationProtocol) => client(
            "no-shared-protocol",
            format!(
                "the client speaks {} only, not http/1.1",
                hello.map(|hello| hello.alpn.join(", ")).unwrap_or_default()
            ),
            "",
        ),
        Some(rustls::Error::PeerMisbehaved(PeerMisbehaved::ServerNameMustContainOneHostName)) => {
            let name = hello.and_then(|hello| hello.sni.as_deref()).unwrap_or_default();
            client(
                "bad-server-name",
                format!(
                    "the client asked for the server name `{}` (SNI), which is no host name",
                    quote(name.as_bytes())
                ),
                "configure the server on the device by a host name without wildcard or accents",
            )
        }
        Some(error) => client(
            "client-tls-failed",
            format!("the TLS handshake of the client failed: {error}"),
            "",
        ),
        None if error.kind() == io::ErrorKind::UnexpectedEof
            || error.kind() == io::ErrorKind::ConnectionReset
            || error.kind() == io::ErrorKind::BrokenPipe =>
        {
            client(
                "closed-in-handshake",
                "the client closed the connection during the TLS handshake; \
                 it probably does not trust the certificate",
                TRUST_US,
            )
        }
        None => client(
            "client-tls-failed",
            format!("the TLS handshake of the client failed: {error}"),
            "",
        ),
    }
}

/// The device sent a TLS alert.
pub(super) fn rejected(alert: AlertDescription) -> Failure {
    let name = alert_name(alert);
    let about_us = matches!(
        alert,
        AlertDescription::UnknownCA
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateUnknown
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateRevoked
            | AlertDescription::AccessDenied
    );
    if about_us {
        let cause = format!("the client rejected our certificate (TLS alert {name})");
        client("certificate-rejected", cause, TRUST_US)
    } else {
        let cause = format!("the client broke off the TLS handshake (TLS alert {name})");
        client("client-tls-failed", cause, "")
    }
}

/// The handshake was done, and nothing came.
pub(super) fn closed_before_request() -> Failure {
    client(
        "closed-before-request",
        "the client finished the TLS handshake and closed before any request; \
         it probably does not trust the certificate",
        TRUST_US,
    )
}

/// A handshake took too long.
pub(super) fn client_handshake_timeout() -> Failure {
    client("client-tls-timeout", "the client did not finish the TLS handshake in time", "")
}

/// Plain HTTP where the server behind the listener speaks TLS.
pub(super) fn plain_http(server: &str) -> Failure {
    client(
        "plain-http-to-tls",
        format!(
            "the client spoke plain HTTP to a port where {server} speaks TLS; \
             it is served all the same, unprotected on its way here"
        ),
        "turn on SSL/TLS in the account's settings on the device, or write `https://` in its URL",
    )
}

/// The first head took too long.
pub(super) fn head_timeout() -> Failure {
    client("request-timeout", "the client sent no complete request in time", "")
}

/// Not HTTP. `overrun`: it came right behind a body, in one go with its end.
pub(super) fn malformed_request(error: &hyper::Error, start: &[u8], overrun: bool) -> Failure {
    if error.is_parse_too_large() {
        return client("head-too-large", "the request's head is too large", "");
    }
    if overrun {
        let cause = format!(
            "the client's body goes on after the end its head promised: `{}`",
            quote(start)
        );
        return client("request-body-long", cause, "check how the client counts Content-Length");
    }
    let cause =
        format!("the client sent something that is not HTTP/1: `{}` ({error})", quote(start));
    client("malformed-request", cause, "")
}

/// A server's address is not to be had, or nobody is there.
pub(super) fn dial(error: &io::Error, to: &str) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => server(
            "upstream-refused",
            format!("{to} refused the connection"),
            "check that the server is running and the port is right",
        ),
        io::ErrorKind::TimedOut => dial_timeout(to),
        _ => server(
            "upstream-unreachable",
            format!("{to} cannot be reached: {error}"),
            "check the network of this machine",
        ),
    }
}

/// Nobody answered in time.
pub(super) fn dial_timeout(to: &str) -> Failure {
    server(
        "upstream-timeout",
        format!("{to} did not answer in time"),
        "check the address, and firewalls on the way",
    )
}

/// A name without addresses.
pub(super) fn not_found(host: &str, error: Option<&io::Error>) -> Failure {
    let why = error.map(|error| format!(": {error}")).unwrap_or_default();
    server(
        "upstream-not-found",
        format!("no address is known for `{host}`{why}"),
        "check the name, and the name server of this machine",
    )
}

/// A handshake with the server failed; `seen` is what it showed until then.
pub(super) fn server_handshake(error: &io::Error, seen: &Tls) -> Failure {
    let tls = tls_error(error);
    if let (Some(rustls::Error::InvalidCertificate(invalid)), Verdict::Unverified(why)) =
        (tls, &seen.verdict)
    {
        return distrusted(invalid, why, &seen.chain);
    }
    if seen.client_certificate_asked {
        return client_certificate_wanted(&error.to_string());
    }
    match tls {
        Some(rustls::Error::InvalidMessage(_)) => server(
            "upstream-not-tls",
            "the server does not speak TLS on this port",
            "check scheme and port (`http://` instead of `https://`?)",
        ),
        None if error.kind() == io::ErrorKind::UnexpectedEof => server(
            "upstream-tls-closed",
            "the server closed the connection during the TLS handshake",
            "check that this port speaks TLS, and that the server serves this name",
        ),
        Some(rustls::Error::AlertReceived(alert)) => server(
            "upstream-tls-failed",
            format!("the server broke off the TLS handshake (TLS alert {})", alert_name(*alert)),
            "",
        ),
        _ => server(
            "upstream-tls-failed",
            format!("the TLS handshake with the server failed: {error}"),
            "",
        ),
    }
}

/// The server wants a certificate that we do not have.
pub(super) fn client_certificate_wanted(error: &str) -> Failure {
    server(
        "client-certificate-wanted",
        format!("the server asked for a client certificate and refused to go on without: {error}"),
        "the device's own certificate cannot be used through a proxy: \
         pass the host on unread (`--passthrough HOST`)",
    )
}

/// A request was sent and no answer's head came back.
pub(super) fn no_answer(error: &hyper::Error, end: Option<End>, start: &[u8]) -> Failure {
    if error.is_parse_too_large() {
        return server("upstream-head-too-large", "the head of the answer is too large", "");
    }
    if let [0x15 | 0x16, 3, ..] = start {
        return server(
            "upstream-speaks-tls",
            "the server speaks TLS on this port, and was asked in plain HTTP",
            "check scheme and port (`https://` instead of `http://`?)",
        );
    }
    if error.is_parse() {
        let cause = format!("the answer is not HTTP/1: `{}` ({error})", quote(start));
        return server("upstream-malformed", cause, "");
    }
    match end {
        Some(End::Broken(io::ErrorKind::ConnectionReset, ..)) => {
            server("upstream-reset", "the server reset the connection before it answered", "")
        }
        Some(End::Broken(io::ErrorKind::UnexpectedEof, ..) | End::Closed) => {
            server("upstream-closed", "the server closed the connection before it answered", "")
        }
        Some(End::Broken(_, text, _)) => {
            server("upstream-failed", format!("reading the answer failed: {text}"), "")
        }
        None => server(
            "upstream-failed",
            format!("the request could not be sent: {}", deepest(error)),
            "",
        ),
    }
}

/// A body broke off after `seen` bytes; `promised` is its Content-Length.
pub(super) fn body_cut(side: Side, end: Option<End>, seen: u64, promised: Option<u64>) -> Failure {
    let (who, short, reset) = match side {
        Side::Server => ("server", "response-body-short", "upstream-reset"),
        _ => ("client", "request-body-short", "client-aborted"),
    };
    let length = match promised {
        Some(promised) => format!("{seen} of {promised} bytes"),
        None => format!("{seen} bytes of an unfinished chunked body"),
    };
    match end {
        Some(End::Broken(kind, text, _)) if kind != io::ErrorKind::UnexpectedEof => {
            let how = if kind == io::ErrorKind::ConnectionReset {
                "reset the connection".to_owned()
            } else {
                format!("broke the connection ({text})")
            };
            failure(side, reset, format!("the {who} {how} after {length}"), "")
        }
        Some(_) => failure(side, short, format!("the {who} closed after {length}"), ""),
        None => {
            let code =
                if side == Side::Server { "upstream-malformed" } else { "malformed-request" };
            failure(
                side,
                code,
                format!("the {who}'s body is not framed as HTTP/1 after {length}"),
                "",
            )
        }
    }
}

/// `excess` bytes came behind the body whose length was `promised`.
pub(super) fn body_long(promised: u64, excess: u64) -> Failure {
    server(
        "response-body-long",
        format!(
            "the server sent {excess} bytes more than the {promised} its Content-Length promised"
        ),
        "clients take the first ones, or none: the server must count what it sends",
    )
}

/// A stranger's first bytes, safe to show: printable ASCII, the rest escaped.
pub(super) fn quote(bytes: &[u8]) -> String {
    bytes[..bytes.len().min(QUOTE_BYTES)].escape_ascii().to_string()
}

/// The alert's name as in RFC 8446 §6.
pub(super) fn alert_name(alert: AlertDescription) -> String {
    let mut name = String::new();
    for (at, letter) in format!("{alert:?}").char_indices() {
        if at > 0 && letter.is_uppercase() && !name.ends_with('C') {
            name.push('_');
        }
        name.push(letter);
    }
    name.to_ascii_lowercase()
}

/// The TLS library's error inside an I/O error.
pub(super) fn tls_error(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref()
}

fn incompatible(what: &PeerIncompatible, hello: Option<&HelloFacts>) -> Failure {
    let offered = hello.map(|hello| suite_list(&hello.suites)).unwrap_or_default();
    let cause = match what {
        PeerIncompatible::NoCipherSuitesInCommon => {
            format!("no cipher suite in common (it offers {offered})")
        }
        PeerIncompatible::NoKxGroupsInCommon => {
            format!("no key exchange group in common (it offers {offered})")
        }
        PeerIncompatible::NoSignatureSchemesInCommon => "no signature scheme in common".into(),
        other => format!("{other:?}"),
    };
    client(
        "no-shared-cipher",
        format!("the client and synctap share no way to speak TLS: {cause}"),
        "update the client: synctap speaks TLS 1.2 and 1.3 with forward secrecy only",
    )
}

/// Cipher suites by name where the TLS library knows one, else by number.
fn suite_list(suites: &[u16]) -> String {
    let name = |number: &u16| {
        let suite = rustls::CipherSuite::from(*number);
        suite.as_str().map_or_else(|| format!("0x{number:04x}"), str::to_owned)
    };
    let mut names: Vec<_> = suites.iter().take(SUITES_NAMED).map(name).collect();
    if suites.len() > SUITES_NAMED {
        names.push(format!("{} more", suites.len() - SUITES_NAMED));
    }
    names.join(", ")
}

/// Most cipher suites named in one sentence.
const SUITES_NAMED: usize = 6;

fn deepest(error: &hyper::Error) -> String {
    let mut at: &dyn StdError = error;
    while let Some(next) = at.source() {
        at = next;
    }
    at.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_have_the_names_of_the_standard() {
        for (alert, name) in [
            (AlertDescription::UnknownCA, "unknown_ca"),
            (AlertDescription::CertificateUnknown, "certificate_unknown"),
            (AlertDescription::BadCertificate, "bad_certificate"),
            (AlertDescription::HandshakeFailure, "handshake_failure"),
        ] {
            assert_eq!(alert_name(alert), name);
        }
    }

    #[test]
    fn quotes_are_short_and_printable() {
        assert_eq!(quote(b"\x1b[2J\x00"), "\\x1b[2J\\x00");
        assert_eq!(quote(&[b'a'; 1000]).len(), QUOTE_BYTES);
    }

    #[test]
    fn an_old_client_is_named_by_its_version() {
        let error = io::Error::other("whatever the library says");
        let hello = HelloFacts { version: 0x0301, ..HelloFacts::default() };
        let failure = client_handshake(&error, Some(&hello));
        assert_eq!(failure.code, "tls-too-old");
        assert!(failure.cause.contains("offers TLS 1.0 at most"), "{}", failure.cause);
    }
}
