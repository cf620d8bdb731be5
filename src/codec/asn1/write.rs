//! Writing one value.

/// `content` under the one-byte tag `tag`, with a DER length (X.690 10.1).
pub fn write(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    if let Ok(short @ 0..0x80) = u8::try_from(content.len()) {
        out.push(short);
    } else {
        let length = content.len().to_be_bytes();
        let skipped = length.iter().take_while(|byte| **byte == 0).count();
        let digits = length.get(skipped..).unwrap_or_default();
        let count = u8::try_from(digits.len()).unwrap_or_default();
        out.push(0x80 | count);
        out.extend_from_slice(digits);
    }
    out.extend_from_slice(content);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::asn1::Ber;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        assert_eq!(write(0x31, &[0; 300])[..4], [0x31, 0x82, 1, 44]);
        assert_eq!(write(0x31, &[0; 128])[..3], [0x31, 0x81, 128]);
        assert_eq!(write(0x04, b"hi"), b"\x04\x02hi");
        assert!(Ber::read(&write(0x04, &vec![1; 70_000])).is_whole());
    }
}
