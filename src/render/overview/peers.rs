//! Both ends of both connections: addresses, TLS, certificates, and what was done with them.

use std::fmt::Write;

use crate::model::{CertificateFacts, Exchange, Kind, Tls, Verdict};

use super::lines::Lines;

impl Lines {
    /// Adds what is known of device and server.
    pub(super) fn peers(&mut self, exchange: &Exchange) {
        self.add(
            "client",
            &format!("{} ({}), by {}", exchange.client, exchange.conn, exchange.mode),
        );
        if let Some(tls) = &exchange.client_tls {
            self.tls(tls, "shown");
        }
        if let Some(server) = &exchange.server {
            let reused = exchange.times.connected.is_none() && exchange.response.is_some();
            let reused = if reused { ", on a connection used before" } else { "" };
            self.add("server", &format!("{server}{reused}"));
        }
        if let Some(tls) = &exchange.server_tls {
            self.tls(tls, "chain");
        }
        // What is passed on unread has said why already.
        if exchange.passthrough.is_none() {
            self.add("handled", handled(exchange));
        }
    }

    fn tls(&mut self, tls: &Tls, chain: &str) {
        // What was passed on unread has a name, and neither version nor suite.
        let spoken = format!("{} {}", tls.version, tls.suite);
        let name = tls.sni.as_ref().map(|sni| format!("SNI {sni}")).unwrap_or_default();
        let asked = if tls.client_certificate_asked { "asks for a client certificate" } else { "" };
        let verdict = match &tls.verdict {
            Verdict::None => String::new(),
            Verdict::Verified => "certificate verified".to_owned(),
            Verdict::Unverified(reason) => format!("CERTIFICATE NOT VERIFIED: {reason}"),
        };
        let parts = [spoken.trim(), &name, &protocol(tls), asked, &verdict];
        let parts: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        if !parts.is_empty() {
            self.add("tls", &parts.join(", "));
        }
        for certificate in &tls.chain {
            self.add(chain, &certificate_line(certificate));
        }
        if let Some(certificate) = &tls.client_certificate {
            self.add("its own", &certificate_line(&certificate.facts));
        }
    }
}

/// The protocol agreed on by ALPN, and what else was offered.
fn protocol(tls: &Tls) -> String {
    let offered = tls.alpn_offered.join(", ");
    match &tls.alpn {
        Some(alpn) if tls.alpn_offered.len() > 1 => format!("ALPN {alpn} (offered {offered})"),
        Some(alpn) => format!("ALPN {alpn}"),
        None if offered.is_empty() => String::new(),
        None => format!("no ALPN agreed (offered {offered})"),
    }
}

/// What was done with the connection.
fn handled(exchange: &Exchange) -> &'static str {
    let ours = exchange.response.as_ref().is_some_and(|response| response.ours);
    match (exchange.kind, &exchange.client_tls, &exchange.server_tls) {
        (Kind::Http, ..) if ours => "answered by synctap",
        (Kind::Http, Some(_), Some(_)) => {
            "TLS of the device ended here, another begun to the server"
        }
        (Kind::Http, Some(_), None) => "TLS of the device ended here",
        (Kind::Http, None, Some(_)) => "plain HTTP from the device, TLS to the server",
        (Kind::Http, None, None) => "plain HTTP",
        (Kind::Tunnel, ..) => "relayed unread",
        (Kind::Connection, ..) => "no request was read",
    }
}

/// Names of a certificate that are told.
const NAMES: usize = 4;

fn certificate_line(certificate: &CertificateFacts) -> String {
    let day = |time: crate::model::WallTime| time.utc().date().to_string();
    // The subject says one of the names, often.
    let said = |name: &String| certificate.subject == format!("CN={name}");
    let mut names: Vec<&str> =
        certificate.names.iter().filter(|name| !said(name)).map(String::as_str).collect();
    let more = names.len().saturating_sub(NAMES);
    names.truncate(NAMES);
    let mut names = names.join(", ");
    if more > 0 {
        let _ = write!(names, " and {more} more");
    }
    let names = if names.is_empty() { names } else { format!(" for {names}") };
    format!(
        "{}{names}, issued by {}, {} to {}, SHA-256 {}",
        certificate.subject,
        certificate.issuer,
        day(certificate.not_before),
        day(certificate.not_after),
        certificate.sha256.get(..16).unwrap_or(&certificate.sha256),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_alone_is_all_that_is_said_of_tls_passed_on() {
        let tls = Tls { sni: Some("h.example".into()), ..Tls::default() };
        let mut lines = Lines::default();
        lines.tls(&tls, "chain");
        assert_eq!(lines.0.len(), 1);
        assert_eq!(lines.0[0].1, "SNI h.example");
    }
}
