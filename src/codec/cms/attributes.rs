//! Attributes, and the exact bytes a signature or tag is over.

use crate::codec::asn1;
use crate::codec::asn1::Value;

/// Tag of a SET OF (X.690 8.12), which is what a signature is over.
const SET: u8 = 0x31;

/// One attribute (RFC 5652 5.3) with its first value.
#[derive(Debug, Clone)]
pub struct Attribute<'b> {
    /// Type, in numbers with dots.
    pub oid: String,
    /// The first value.
    pub value: Option<Value<'b>>,
    /// How many values it has.
    pub values: usize,
}

/// The attributes that are signed or authenticated together with the content.
#[derive(Debug, Clone)]
pub struct Attributes<'b> {
    /// Each, in the order sent.
    pub list: Vec<Attribute<'b>>,
    /// As sent, under the tag of a SET: what the signature is over (RFC 5652 5.4).
    pub signed_bytes: Vec<u8>,
    /// The same in the order of DER, when they were sent in another: some signers sort first.
    pub sorted_bytes: Option<Vec<u8>>,
}

impl<'b> Attributes<'b> {
    /// Reads a field that is a SET OF Attribute under another tag.
    pub(super) fn of(value: Value<'b>) -> Self {
        let read = |child: Value<'b>| {
            let values = child.child(1)?;
            Some(Attribute {
                oid: child.child(0)?.oid()?,
                value: values.child(0),
                values: values.children().count(),
            })
        };
        let list = value.children().filter_map(read).collect();
        let parts: Vec<&[u8]> = value.children().map(Value::raw).collect();
        let mut sorted = parts.clone();
        sorted.sort_unstable();
        let sorted_bytes = (sorted != parts).then(|| asn1::write(SET, &sorted.concat()));
        Self { list, signed_bytes: asn1::write(SET, value.content()), sorted_bytes }
    }

    /// The attribute of this type.
    pub fn get(&self, oid: &str) -> Option<&Attribute<'b>> {
        self.list.iter().find(|attribute| attribute.oid == oid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::asn1::Ber;

    #[test]
    fn the_bytes_are_those_sent_under_the_tag_of_a_set() {
        let ber = Ber::read(b"\xA0\x0E\x30\x05\x06\x01\x2B\x31\x00\x30\x05\x06\x01\x2A\x31\x00");
        let attributes = Attributes::of(ber.root().unwrap());
        assert_eq!(attributes.list.len(), 2);
        assert_eq!(attributes.signed_bytes[..4], [SET, 0x0E, 0x30, 5]);
        let sorted = attributes.sorted_bytes.unwrap();
        assert_eq!(sorted[6], 0x2A);
    }
}
