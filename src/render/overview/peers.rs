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
        let mut text = format!("{} {}", tls.version, tls.suite);
        if let Some(sni) = &tls.sni {
            let _ = write!(text, ", SNI {sni}");
        }
        let offered = tls.alpn_offered.join(", ");
        match &tls.alpn {
            Some(alpn) if tls.alpn_offered.len() > 1 => {
                let _ = write!(text, ", ALPN {alpn} (offered {offered})");
            }
            Some(alpn) => {
                let _ = write!(text, ", ALPN {alpn}");
            }
            None if offered.is_empty() => {}
            None => {
                let _ = write!(text, ", no ALPN agreed (offered {offered})");
            }
        }
        if tls.client_certificate_asked {
            text.push_str(", asks for a client certificate");
        }
        match &tls.verdict {
            Verdict::None => {}
            Verdict::Verified => text.push_str(", certificate verified"),
            Verdict::Unverified(reason) => {
                let _ = write!(text, ", CERTIFICATE NOT VERIFIED: {reason}");
            }
        }
        self.add("tls", text.trim_start());
        for certificate in &tls.chain {
            self.add(chain, &certificate_line(certificate));
        }
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
