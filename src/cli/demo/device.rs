//! The device: an explicit proxy, a tunnel, TLS, and requests of ActiveSync.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::stage::{DemoError, HOST, MAIL, server_name};
use super::wire::{Message, Wire};

/// The port of HTTPS.
const HTTPS: u16 = 443;

/// A device behind the proxy.
pub(super) struct Device {
    proxy: SocketAddr,
    config: Option<Arc<ClientConfig>>,
}

/// How a device writes its ActiveSync query (MS-ASHTTP 2.2.1.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueryForm {
    Plain,
    Base64,
}

/// Who speaks ActiveSync.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) id: &'static str,
    pub(super) kind: &'static str,
    pub(super) agent: &'static str,
    pub(super) form: QueryForm,
}

impl Device {
    pub(super) fn new(proxy: SocketAddr, config: Option<Arc<ClientConfig>>) -> Self {
        Self { proxy, config }
    }

    /// Where its proxy is.
    pub(super) fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// A bare connection to the proxy.
    pub(super) async fn connect(&self) -> Result<Wire, DemoError> {
        let stream = TcpStream::connect(self.proxy).await?;
        stream.set_nodelay(true)?;
        Ok(Wire::new(stream))
    }

    /// A tunnel through the proxy.
    pub(super) async fn tunnel(&self, host: &str, port: u16) -> Result<Wire, DemoError> {
        let mut wire = self.connect().await?;
        let to = format!("{host}:{port}");
        wire.send(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n").as_bytes()).await?;
        let answer = wire.hear().await?.unwrap_or_default();
        expect("CONNECT", "200", &answer)?;
        Ok(wire)
    }

    /// TLS with `host` inside `wire`.
    pub(super) async fn secure(&self, wire: Wire, host: &'static str) -> Result<Wire, DemoError> {
        let config = self.config.clone().ok_or(DemoError::Body("no TLS configuration"))?;
        let connecting = TlsConnector::from(config).connect(server_name(host)?, wire);
        match connecting.into_fallible().await {
            Ok(stream) => Ok(Wire::new(stream)),
            Err((error, mut wire)) => {
                // Closing at once could reset the connection, and the alert would be lost.
                wire.end().await;
                wire.wait_for_end().await;
                Err(error.into())
            }
        }
    }

    /// A tunnel with TLS inside to the server on `port`.
    pub(super) async fn open(&self, port: u16) -> Result<Wire, DemoError> {
        self.secure(self.tunnel(HOST, port).await?, HOST).await
    }

    /// A tunnel with TLS inside to a server of the story.
    pub(super) async fn reach(&self, host: &'static str) -> Result<Wire, DemoError> {
        self.secure(self.tunnel(host, HTTPS).await?, host).await
    }
}

impl Identity {
    /// Asks one ActiveSync command; the answer must have `status`.
    pub(super) async fn ask(
        &self,
        wire: &mut Wire,
        command: (&'static str, u8),
        policy_key: u32,
        body: &[u8],
    ) -> Result<Message, DemoError> {
        let query = self.query(command, policy_key);
        let mut head = format!(
            "POST /Microsoft-Server-ActiveSync?{query} HTTP/1.1\r\nHost: {MAIL}\r\n\
             User-Agent: {}\r\n{}\r\nContent-Type: application/vnd.ms-sync.wbxml",
            self.agent,
            authorization(),
        );
        if self.form == QueryForm::Plain {
            head.push_str("\r\nMS-ASProtocolVersion: 14.1\r\nX-MS-PolicyKey: ");
            head.push_str(&policy_key.to_string());
        }
        wire.say(&head, body).await?;
        let answer = wire.hear().await?.unwrap_or_default();
        expect(command.0, "200", &answer)?;
        Ok(answer)
    }

    fn query(&self, (name, code): (&str, u8), policy_key: u32) -> String {
        let Self { id, kind, .. } = self;
        match self.form {
            QueryForm::Plain => format!("Cmd={name}&User=demo&DeviceId={id}&DeviceType={kind}"),
            QueryForm::Base64 => {
                // Version 14.1, command, locale en-US.
                let mut bytes = vec![0x8d, code, 0x09, 0x04];
                let key = policy_key.to_le_bytes();
                for field in [id.as_bytes(), &key, kind.as_bytes()] {
                    bytes.push(u8::try_from(field.len()).unwrap_or_default());
                    bytes.extend_from_slice(field);
                }
                STANDARD.encode(bytes)
            }
        }
    }
}

/// The header field that every request of ActiveSync carries (MS-ASHTTP 2.2.1.1.2.2).
pub(super) fn authorization() -> String {
    format!("Authorization: Basic {}", STANDARD.encode("demo:not a secret"))
}

/// The answer must have this status.
pub(super) fn expect(
    step: &'static str,
    status: &'static str,
    answer: &Message,
) -> Result<(), DemoError> {
    if answer.second_word() == status {
        return Ok(());
    }
    let got = answer.head.lines().next().unwrap_or("the end of the connection").to_owned();
    Err(DemoError::Unexpected { step, expected: status, got })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::{Form, Query};

    #[test]
    fn both_forms_of_the_query_say_the_same() {
        let plain = Identity { id: "demo1", kind: "DemoPhone", agent: "", form: QueryForm::Plain };
        let packed = Identity { form: QueryForm::Base64, ..plain };
        let read = |identity: &Identity| Query::parse(&identity.query(("Provision", 20), 7));
        let (plain, packed) = (read(&plain), read(&packed));
        assert_eq!((plain.form, packed.form), (Form::Plain, Form::Base64));
        assert_eq!((&plain.command, &plain.device_type), (&packed.command, &packed.device_type));
        assert_eq!(packed.policy_key.map(|key| key.0), Some(7));
        assert!(packed.faults.is_empty(), "{:?}", packed.faults);
    }
}
