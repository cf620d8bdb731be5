//! DER as text.

use crate::codec::mime;
use crate::model::Span;

/// One block of PEM text (RFC 7468).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemBlock {
    /// What it says that it is: `CERTIFICATE`, ….
    pub label: String,
    /// Its base64 text, in bytes of the text around it.
    pub span: Span,
    /// Its bytes.
    pub der: Vec<u8>,
}

/// The blocks of PEM text (RFC 7468 §2) whose base64 can be read. Lines with a colon at the beginning
/// of a block are passed over (RFC 1421 4.6.1): an encrypted key of that kind is not read.
pub fn pem(text: &[u8]) -> impl Iterator<Item = PemBlock> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const END: &[u8] = b"-----END ";
    const DASHES: &[u8] = b"-----";
    let mut at = 0_usize;
    std::iter::from_fn(move || {
        loop {
            let begin = find(text.get(at..)?, BEGIN)?;
            let name = at.saturating_add(begin).saturating_add(BEGIN.len());
            let length = find(text.get(name..)?, DASHES)?;
            let label = text.get(name..name.saturating_add(length))?;
            let start = name.saturating_add(length).saturating_add(DASHES.len());
            let end = start.saturating_add(find(text.get(start..)?, END)?);
            at = end.saturating_add(END.len());
            let body = text.get(start..end)?;
            if let Some(der) = mime::base64(body).filter(|_| label.len() < 64) {
                let label = String::from_utf8_lossy(label).into_owned();
                return Some(PemBlock { label, span: Span::new(start, end), der });
            }
        }
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_blocks_are_found() {
        let text = b"x\n-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n\
            -----BEGIN CMS-----\naG8=\n-----END CMS-----\n-----BEGIN CERTIFICATE-----";
        let found: Vec<_> = pem(text).collect();
        assert_eq!(found.len(), 2);
        let label = "CERTIFICATE".to_owned();
        assert_eq!(found[0], PemBlock { label, span: Span::new(29, 35), der: b"hi".to_vec() });
        assert_eq!((found[1].label.as_str(), &*found[1].der), ("CMS", &b"ho"[..]));
    }
}
