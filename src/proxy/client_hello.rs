//! What a `ClientHello` says, read from its bytes before any TLS library sees them.
//!
//! The library refuses TLS 1.0 and 1.1 with words about missing extensions; a person wants to hear
//! which version the device speaks. (RFC 8446 §4.1.2, RFC 6101 appendix E for the oldest form.)

use crate::proxy::limits::CLIENT_HELLO_BYTES;

/// What matters of a `ClientHello`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct HelloFacts {
    /// Highest version offered, as on the wire (`0x0303` is TLS 1.2).
    pub(super) version: u16,
    /// Server name asked for.
    pub(super) sni: Option<String>,
    /// Protocols offered (ALPN).
    pub(super) alpn: Vec<String>,
    /// Cipher suites offered, as on the wire, without GREASE.
    pub(super) suites: Vec<u16>,
}

/// How far a look at the first bytes got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hello {
    /// It begins like one; more bytes are needed.
    Partial,
    /// It is one.
    Whole(HelloFacts),
    /// It begins like one and is damaged, or is TLS that begins with something else; TLS will say
    /// how.
    Damaged,
    /// It is something else.
    No,
}

/// TLS 1.2 on the wire, the oldest version we speak.
pub(super) const TLS12: u16 = 0x0303;

/// Looks at the first bytes of a connection.
pub(super) fn read(bytes: &[u8]) -> Hello {
    match bytes {
        [] | [0x14..=0x17] | [0x14..=0x17, 3] => Hello::Partial,
        [0x16, 3, 0..=4, ..] => from_records(bytes),
        // Another record: an alert of a client that gave up before it began, most likely.
        [0x14..=0x17, 3, 0..=4, ..] => Hello::Damaged,
        // The SSL 2.0 form that clients of Windows CE times open with: length, 1, version.
        [0x80..=0xff, _, 1, major @ 0..=3, minor, ..] => {
            let version = u16::from_be_bytes([*major, *minor]);
            Hello::Whole(HelloFacts { version, ..HelloFacts::default() })
        }
        [0x80..=0xff] | [0x80..=0xff, _] | [0x80..=0xff, _, 1] | [0x80..=0xff, _, 1, 0..=3] => {
            Hello::Partial
        }
        _ => Hello::No,
    }
}

/// A version's name, as people say it.
pub(super) fn version_name(version: u16) -> String {
    match version {
        0x0002 => "SSL 2.0".into(),
        0x0300 => "SSL 3.0".into(),
        0x0301 => "TLS 1.0".into(),
        0x0302 => "TLS 1.1".into(),
        0x0303 => "TLS 1.2".into(),
        0x0304 => "TLS 1.3".into(),
        other => format!("TLS version 0x{other:04x}"),
    }
}

fn from_records(bytes: &[u8]) -> Hello {
    let mut message = Vec::new();
    let mut records = Reader(bytes);
    loop {
        if let Some(length) = handshake_length(&message)
            && message.len() >= length
        {
            return facts(&message[4..length]).map_or(Hello::Damaged, Hello::Whole);
        }
        if message.first().is_some_and(|kind| *kind != 1) {
            return Hello::Damaged;
        }
        match records.record() {
            Record::Handshake(payload) => message.extend_from_slice(payload),
            Record::Partial if bytes.len() < CLIENT_HELLO_BYTES => return Hello::Partial,
            Record::Partial | Record::Other => return Hello::Damaged,
        }
    }
}

/// Length of the handshake message with its 4-byte header, once that header is there.
fn handshake_length(message: &[u8]) -> Option<usize> {
    match message {
        [_, a, b, c, ..] => {
            let length = u32::from_be_bytes([0, *a, *b, *c]);
            usize::try_from(length).ok()?.checked_add(4)
        }
        _ => None,
    }
}

fn facts(body: &[u8]) -> Option<HelloFacts> {
    let mut reader = Reader(body);
    let mut facts = HelloFacts { version: reader.u16()?, ..HelloFacts::default() };
    reader.take(32)?;
    reader.vector8()?;
    facts.suites = numbers(reader.vector16()?).collect();
    reader.vector8()?;
    if reader.0.is_empty() {
        return Some(facts);
    }
    let mut extensions = Reader(reader.vector16()?);
    while !extensions.0.is_empty() {
        let kind = extensions.u16()?;
        let value = Reader(extensions.vector16()?);
        match kind {
            0 => facts.sni = server_name(value),
            16 => facts.alpn = protocols(value).unwrap_or_default(),
            43 => facts.version = highest(value).unwrap_or(facts.version),
            _ => {}
        }
    }
    Some(facts)
}

fn server_name(mut value: Reader<'_>) -> Option<String> {
    let mut names = Reader(value.vector16()?);
    while !names.0.is_empty() {
        let kind = names.take(1)?;
        let name = names.vector16()?;
        if kind == [0] {
            return Some(String::from_utf8_lossy(name).into_owned());
        }
    }
    None
}

fn protocols(mut value: Reader<'_>) -> Option<Vec<String>> {
    let mut names = Reader(value.vector16()?);
    let mut found = Vec::new();
    while !names.0.is_empty() {
        found.push(String::from_utf8_lossy(names.vector8()?).into_owned());
    }
    Some(found)
}

fn highest(mut value: Reader<'_>) -> Option<u16> {
    numbers(value.vector8()?).filter(|version| *version < 0x0400).max()
}

/// 16-bit numbers; GREASE values (RFC 8701) are noise on purpose and left out.
fn numbers(bytes: &[u8]) -> impl Iterator<Item = u16> {
    let numbers = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
    numbers.filter(|number| number & 0x0f0f != 0x0a0a)
}

struct Reader<'a>(&'a [u8]);

enum Record<'a> {
    /// The payload of a handshake record; not empty.
    Handshake(&'a [u8]),
    /// Another kind of record, or an empty one.
    Other,
    /// Not all of it is there.
    Partial,
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).map(|b| u16::from_be_bytes([b[0], b[1]]))
    }

    fn vector8(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(*self.take(1)?.first()?);
        self.take(length)
    }

    fn vector16(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    fn record(&mut self) -> Record<'a> {
        if self.0.first().is_some_and(|kind| *kind != 0x16) {
            return Record::Other;
        }
        let mut whole = Reader(self.0);
        let payload = whole.take(3).and_then(|_| whole.vector16());
        let Some(payload) = payload else { return Record::Partial };
        self.0 = whole.0;
        if payload.is_empty() { Record::Other } else { Record::Handshake(payload) }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::*;
    use crate::pki::crypto_provider;

    fn real_hello() -> Vec<u8> {
        let mut config = ClientConfig::builder_with_provider(crypto_provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("mail.example").unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }

    /// Cuts the message into records of `size` bytes.
    fn fragmented(hello: &[u8], size: usize) -> Vec<u8> {
        let records = hello[5..].chunks(size).map(|piece| {
            let length = u16::try_from(piece.len()).unwrap().to_be_bytes();
            [&[0x16, 3, 1], &length[..], piece].concat()
        });
        records.collect::<Vec<_>>().concat()
    }

    #[test]
    fn a_real_hello_is_read_whole_and_in_pieces() {
        let hello = real_hello();
        let Hello::Whole(facts) = read(&hello) else { panic!("{:?}", read(&hello)) };
        assert_eq!((facts.version, facts.sni.as_deref()), (0x0304, Some("mail.example")));
        assert_eq!(facts.alpn, ["h2", "http/1.1"]);
        assert!(facts.suites.contains(&0x1301), "{:x?}", facts.suites);
        assert_eq!(read(&fragmented(&hello, 11)), Hello::Whole(facts));
        for end in 0..hello.len() {
            assert_eq!(read(&hello[..end]), Hello::Partial, "{end}");
        }
    }

    #[test]
    fn flipped_bytes_never_panic() {
        let hello = real_hello();
        for at in 0..hello.len() {
            let mut bad = hello.clone();
            bad[at] ^= 0xff;
            let _ = read(&bad);
        }
        assert_eq!(read(b"\x16\x03\x01\x00\x04\x02\x00\x00\x00"), Hello::Damaged);
        assert_eq!(read(b"\x16\x03\x01\x00\x00"), Hello::Damaged);
    }

    #[test]
    fn old_clients_and_other_protocols_are_told_apart() {
        // TLS 1.0: version, random, no session, one suite, null compression, no extensions.
        let mut body = vec![3, 1];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0, 0x2f, 1, 0]);
        let length = u8::try_from(body.len()).unwrap();
        let message = [&[0x16, 3, 1, 0, length + 4, 1, 0, 0, length], &body[..]].concat();
        let Hello::Whole(facts) = read(&message) else { panic!("{:?}", read(&message)) };
        assert_eq!(version_name(facts.version), "TLS 1.0");
        assert_eq!(facts.suites, [0x002f]);
        let Hello::Whole(facts) = read(&[0x80, 0x2e, 1, 3, 1, 0]) else { panic!() };
        assert_eq!(facts.version, 0x0301);
        for other in [&b"GET / HTTP/1.1"[..], b"\x05\x01\x00", b"SSH-2.0", b"\x16\x02"] {
            assert_eq!(read(other), Hello::No);
        }
    }
}
