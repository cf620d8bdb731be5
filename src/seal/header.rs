//! The value of an `MS-Signature` header: base64 of a message, however it was written.

use std::borrow::Cow;

use crate::codec;
use crate::codec::{base64_any, pem};
use crate::model::Reason;

/// Longest value that is read, in bytes.
const VALUE_BYTES: usize = 1 << 20;

/// A header value, or a file, as far as it could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderValue {
    /// The message, in BER.
    pub message: Vec<u8>,
    /// How it differs from plain base64 in one line.
    pub remarks: Vec<Reason>,
}

/// Reads base64 (both alphabets, folded or not, quoted or not), hex, PEM, or the bytes of a message as
/// they are.
///
/// # Errors
/// Why it is none of these.
pub fn read_header(value: &[u8]) -> Result<HeaderValue, Reason> {
    let fault = |code, text: &str| Reason { code, text: text.to_owned() };
    if value.len() > VALUE_BYTES {
        return Err(fault("too-long", "the signature is longer than 1 MiB"));
    }
    if codec::cms::is_likely(value) {
        return Ok(HeaderValue { message: value.to_vec(), remarks: Vec::new() });
    }
    let mut remarks = Vec::new();
    let mut remark = |code, text: &str| remarks.push(fault(code, text));
    // Some write the separators of PEM into one line, or escape their line ends.
    let value = unescaped(value);
    if value.trim_ascii_start().starts_with(b"-----BEGIN ") {
        remark("pem", "the value is PEM, where base64 alone is expected");
        let block = pem(&value).next();
        let block = block.ok_or_else(|| fault("not-base64", "the PEM text cannot be read"))?;
        return Ok(HeaderValue { message: block.der, remarks });
    }
    let text = value.trim_ascii();
    if text.is_empty() {
        return Err(fault("empty", "the value is empty: there is no signature in it"));
    }
    // A byte sequence of structured fields (RFC 9651 3.3.5), or a string.
    let bare = [b':', b'"', b'\'']
        .into_iter()
        .find_map(|mark| text.strip_prefix(&[mark])?.strip_suffix(&[mark]).map(<[u8]>::trim_ascii));
    if bare.is_some() {
        remark("quoted", "the value stands between quotes or colons");
    }
    let text = bare.unwrap_or(text);
    if let Some(message) = hex(text) {
        remark("hex", "the value is hex, where base64 is expected");
        return Ok(HeaderValue { message, remarks });
    }
    if text.iter().any(u8::is_ascii_whitespace) {
        remark("folded", "the value is folded or has blanks in it");
    }
    if text.iter().any(|byte| matches!(byte, b'-' | b'_')) {
        remark("url-safe", "the value is in the base64 alphabet of URLs");
    }
    let message = base64_any(text).filter(|message| !message.is_empty());
    let message = message.ok_or_else(|| fault("not-base64", "the value is not base64"))?;
    Ok(HeaderValue { message, remarks })
}

/// The message that hex digits spell: they begin like a SEQUENCE.
fn hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    if !text.len().is_multiple_of(2) || !text.starts_with(b"30") {
        return None;
    }
    let pair = |pair: &[u8]| match *pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}

/// Line ends that were written as `\n`, `%0A` or `\r\n` in letters.
fn unescaped(value: &[u8]) -> Cow<'_, [u8]> {
    if !value.contains(&b'\\') && !value.contains(&b'%') {
        return Cow::Borrowed(value);
    }
    let text = String::from_utf8_lossy(value);
    let mut text = text.replace("\\r", "").replace("\\n", "\n");
    for (from, to) in [("%0D", ""), ("%0A", "\n"), ("%2B", "+"), ("%2F", "/"), ("%3D", "=")] {
        text = text.replace(from, to).replace(&from.to_ascii_lowercase(), to);
    }
    Cow::Owned(text.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: &str) -> (Vec<u8>, Vec<&'static str>) {
        let read = read_header(value.as_bytes()).unwrap();
        (read.message, read.remarks.iter().map(|remark| remark.code).collect())
    }

    #[test]
    fn every_way_of_writing_is_read_and_told() {
        let bytes = vec![0xFB, 0xEF, 0xFF, 1];
        assert_eq!(read("++//AQ=="), (bytes.clone(), vec![]));
        assert_eq!(read(" ++/\r\n /AQ== "), (bytes.clone(), vec!["folded"]));
        assert_eq!(read("--__AQ"), (bytes.clone(), vec!["url-safe"]));
        assert_eq!(read(":++//AQ==:"), (bytes.clone(), vec!["quoted"]));
        assert_eq!(read("\" ++//AQ==\""), (bytes.clone(), vec!["quoted"]));
        assert_eq!(read("30030201Ff"), (vec![0x30, 3, 2, 1, 0xFF], vec!["hex"]));
        assert_eq!(read("%2b%2B//AQ%3D%3d"), (bytes.clone(), vec![]));
        let pem = "-----BEGIN CMS-----\n++//AQ==\n-----END CMS-----";
        assert_eq!(read(pem), (bytes.clone(), vec!["pem"]));
        assert_eq!(read(&pem.replace('\n', "\\n")), (bytes, vec!["pem"]));
    }

    #[test]
    fn what_is_no_base64_is_said() {
        for value in ["", "  ", "\r\n"] {
            assert_eq!(read_header(value.as_bytes()).unwrap_err().code, "empty", "{value}");
        }
        for value in ["?", "abc$", "-----BEGIN CMS-----"] {
            assert_eq!(read_header(value.as_bytes()).unwrap_err().code, "not-base64", "{value}");
        }
        assert_eq!(read_header(&vec![b'A'; VALUE_BYTES + 1]).unwrap_err().code, "too-long");
    }
}
