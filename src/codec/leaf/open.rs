//! What a value may be, the most certain guess first.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;

use crate::codec::decode::{Hints, decode};
use crate::codec::limits;
use crate::codec::sniff;
use crate::codec::x509;
use crate::model::{Decoded, Format, Layer};

use super::time;

/// Characters below which hex is not guessed.
const SHORT: usize = 8;

/// Characters below which base64 is not guessed: too many words look like it.
const SHORT_BASE64: usize = 12;

/// Characters from which base64 or hex of bytes that nobody knows is still believed.
const LONG: usize = 16;

/// Padding is often left out.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Opens a value, whatever it was meant for: the layers of what it holds, the first one named after
/// how it was made (`base64`, `hex`, `XML`, `JWT`, `certificate`, `MIME`, `time`). `None` when it is
/// nothing but what it says, or longer than 8 MiB.
pub fn open_value(value: &[u8]) -> Option<Decoded> {
    if value.len() > limits::EMBEDDED_BYTES {
        return None;
    }
    let Ok(text) = std::str::from_utf8(value) else { return bytes(value, "bytes", LONG) };
    let text = text.trim();
    None.or_else(|| xml(text))
        .or_else(|| certificate(&x509::pem(text.as_bytes()).next()?.der))
        .or_else(|| jwt(text))
        .or_else(|| mime(text))
        .or_else(|| time::explain(text).map(|said| lone("time", "text", said)))
        .or_else(|| bytes(&hex(text)?, "hex", text.len()))
        .or_else(|| bytes(&base64(text)?, "base64", text.len()))
}

fn xml(text: &str) -> Option<Decoded> {
    let unescaped = text.starts_with("&lt;").then(|| unescape(text));
    let text = unescaped.as_deref().unwrap_or(text);
    let looks = text.starts_with('<') && sniff::looks_like_xml(text.as_bytes());
    let found = looks.then(|| read("XML", text.to_owned().into(), "text/xml"))?;
    found.layers.iter().any(|layer| layer.tree.is_some()).then_some(found)
}

/// The five references that every XML document knows.
fn unescape(text: &str) -> String {
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    pairs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// A JSON Web Token (RFC 7519): header and claims; the signature is not checked.
fn jwt(text: &str) -> Option<Decoded> {
    let mut parts = text.split('.');
    let (header, claims) = (parts.next()?, parts.next()?);
    parts.next().filter(|_| parts.next().is_none())?;
    let part = |part: &str| String::from_utf8(URL_SAFE.decode(part).ok()?).ok();
    let (header, claims) = (part(header)?, part(claims)?);
    let object = |text: &str| text.starts_with('{') && text.ends_with('}');
    (object(&header) && object(&claims))
        .then(|| lone("JWT", "JSON", format!("{header}\n{claims}\n")))
}

/// A message or part with header fields (RFC 2045): its body, by its media type.
fn mime(text: &str) -> Option<Decoded> {
    let split = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"));
    let (head, body) = split?;
    let field = |name: &str| {
        head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let media_type = field("content-type")?;
    let coding = field("content-transfer-encoding").unwrap_or_default();
    let body = if coding.eq_ignore_ascii_case("base64") {
        base64(body)?.into()
    } else {
        Bytes::from(body.to_owned())
    };
    Some(read("MIME", body, &media_type))
}

/// Pairs of hex digits with a letter among them or `0x` before them: digits alone are a number.
fn hex(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let certain = digits.len() < text.len() || digits.bytes().any(|b| b.is_ascii_alphabetic());
    if digits.len() < SHORT || !certain {
        return None;
    }
    let digits: Vec<u32> = digits.chars().map(|c| c.to_digit(16)).collect::<Option<_>>()?;
    let pair = |pair: &[u32]| match pair {
        [high, low] => u8::try_from(high.checked_mul(16)?.checked_add(*low)?).ok(),
        _ => None,
    };
    digits.chunks(2).map(pair).collect()
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    // Digits alone are a number.
    if text.len() < SHORT_BASE64 || text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    STANDARD.decode(&text).or_else(|_| URL_SAFE.decode(&text)).ok()
}

/// Bytes that were made from a value of `from` characters, when they are something.
fn bytes(bytes: &[u8], label: &str, from: usize) -> Option<Decoded> {
    if let Some(found) = certificate(bytes) {
        return Some(found);
    }
    let found = read(label, Bytes::copy_from_slice(bytes), "");
    let known = found.layers.iter().any(|layer| {
        layer.tree.is_some() || matches!(layer.format, Format::Text(_) | Format::Wrapper(_))
    });
    (known || from >= LONG).then_some(found)
}

fn certificate(der: &[u8]) -> Option<Decoded> {
    x509::facts(der)?;
    Some(read("certificate", Bytes::copy_from_slice(der), ""))
}

fn read(label: &str, bytes: Bytes, content_type: &str) -> Decoded {
    let mut decoded = decode(bytes, &Hints { content_type, ..Hints::default() });
    if let Some(first) = decoded.layers.first_mut() {
        first.label = label.to_owned().into();
    }
    decoded
}

/// One layer of text that was made here.
fn lone(label: &str, words: &'static str, text: String) -> Decoded {
    let layer = Layer {
        label: label.to_owned().into(),
        origin: None,
        bytes: text.into(),
        format: Format::Text(words),
        tree: None,
        facts: Vec::new(),
    };
    Decoded { layers: vec![layer], problems: Vec::new() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn opened(value: &str) -> Option<(String, &'static str, String)> {
        let decoded = open_value(value.as_bytes())?;
        let first = &decoded.layers[0];
        let text = String::from_utf8_lossy(&first.bytes).into_owned();
        Some((first.label.to_string(), first.format.label(), text))
    }

    fn label(value: &str) -> Option<String> {
        opened(value).map(|(label, ..)| label)
    }

    #[test]
    fn each_kind_is_known() {
        assert_eq!(label("<a><b>1</b></a>").as_deref(), Some("XML"));
        assert_eq!(label("&lt;a&gt;&amp;amp;&lt;/a&gt;").as_deref(), Some("XML"));
        let (label_of, _, text) = opened("YWxpY2U6c2VjcmV0").unwrap();
        assert_eq!((label_of.as_str(), text.as_str()), ("base64", "alice:secret"));
        assert_eq!(opened("616c6963653a736563726574").unwrap().2, "alice:secret");
        assert_eq!(label("0x0301").as_deref(), None, "too short to be believed");
        let token = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.";
        let (label_of, words, text) = opened(token).unwrap();
        assert_eq!((label_of.as_str(), words), ("JWT", "JSON"));
        assert_eq!(text, "{\"alg\":\"none\"}\n{\"sub\":\"alice\"}\n");
        let mime = "MIME-Version: 1.0\r\nContent-Type: text/xml\r\n\r\n<a/>";
        assert_eq!(label(mime).as_deref(), Some("MIME"));
        assert_eq!(label("20261120T140211Z").as_deref(), Some("time"));
    }

    #[test]
    fn a_certificate_is_known_in_every_dress() {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(vec!["mail.example".to_owned()]).unwrap();
        let made = params.self_signed(&key).unwrap();
        let hex: Vec<_> = made.der().iter().map(|byte| format!("{byte:02x}")).collect();
        for value in [STANDARD.encode(made.der()), made.pem(), hex.concat()] {
            let (label, _, text) = opened(&value).unwrap();
            assert_eq!(label, "certificate");
            assert!(text.contains("mail.example"), "{text}");
        }
    }

    #[test]
    fn a_document_in_base64_is_read_as_one() {
        // WBXML of `FolderSync` with sync key 0.
        let decoded = open_value(b"AwFqAAAHVlIDMAABAQ==").unwrap();
        assert!(decoded.layers[0].tree.is_some(), "{decoded:?}");
    }

    #[test]
    fn words_and_numbers_stay_what_they_are() {
        for value in
            ["", "1", "Provision", "Contacts", "130719958412", "MS-EAS-Provisioning-WBXML", "a: b"]
        {
            assert_eq!(label(value), None, "{value}");
        }
    }

    #[test]
    fn what_is_too_long_is_left_alone() {
        assert!(open_value(&vec![b'A'; limits::EMBEDDED_BYTES + 1]).is_none());
    }

    proptest! {
        #[test]
        fn nothing_panics(value in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = open_value(&value);
        }

        #[test]
        fn no_text_panics(value in "[0-9A-Za-z+/=.<>&;:\\-\r\n TZ]{0,120}") {
            let _ = open_value(value.as_bytes());
        }
    }
}
