//! The header `x-syncml-hmac` (OMA DM Security 1.2.1, 5.4).

use crate::analyze::document::Subject;
use crate::model::Leg;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Mac<'a> {
    /// `algorithm`; MD5 when absent.
    pub(in crate::analyze) algorithm: &'a str,
    /// `username`, without its quotation marks.
    pub(in crate::analyze) user: &'a str,
    /// `mac`, base64.
    pub(in crate::analyze) code: &'a str,
}

impl<'a> Mac<'a> {
    /// That of one message; `None` without the header.
    pub(in crate::analyze) fn of(subject: &Subject<'a>, leg: Leg) -> Option<Self> {
        let exchange = subject.exchange;
        let headers = match leg {
            Leg::Request => &exchange.request.as_ref()?.headers,
            Leg::Response => &exchange.response.as_ref()?.headers,
        };
        Some(Self::read(headers.first("x-syncml-hmac")?))
    }

    fn read(mut rest: &'a str) -> Self {
        let mut found = Self::default();
        while let Some((name, after)) = rest.split_once('=') {
            let after = after.trim_start();
            // A user name may have commas; between quotation marks they part nothing.
            let (value, next) = match after.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => after.split_at(after.find(',').unwrap_or(after.len())),
            };
            match name.trim().to_ascii_lowercase().as_str() {
                "algorithm" => found.algorithm = value.trim(),
                "username" => found.user = value,
                "mac" => found.code = value.trim(),
                _ => {}
            }
            rest = next.trim_start().trim_start_matches(',');
        }
        found
    }

    /// True for the one algorithm there is.
    pub(super) fn is_md5(&self) -> bool {
        self.algorithm.is_empty() || self.algorithm.eq_ignore_ascii_case("MD5")
    }
}

/// The body of one message as it was sent, when it was kept whole.
pub(super) fn whole_body<'a>(subject: &Subject<'a>, leg: Leg) -> Option<&'a [u8]> {
    let exchange = subject.exchange;
    let facts = match leg {
        Leg::Request => exchange.request.as_ref()?.body,
        Leg::Response => exchange.response.as_ref()?.body,
    };
    let layer = subject.body(leg)?.layers.first()?;
    (facts.ended && facts.seen == facts.kept && layer.bytes.len() as u64 == facts.seen)
        .then_some(&*layer.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_parts_come_in_any_order() {
        let told = Mac { algorithm: "MD5", user: "Robert, Jordan", code: "NTI2OTJjNw==" };
        let read = Mac::read("algorithm=MD5, username=\"Robert, Jordan\", mac=NTI2OTJjNw==");
        assert_eq!(read, told);
        let read = Mac::read("MAC=NTI2OTJjNw== ,username=\"Robert, Jordan\",algorithm=MD5");
        assert_eq!(read, told);
        assert_eq!(Mac::read("username=\"open").user, "open");
        assert_eq!(Mac::read("nothing"), Mac::default());
    }
}
