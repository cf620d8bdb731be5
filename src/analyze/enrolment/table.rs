//! The tables of names and numbers of MS-MDE2.

use std::sync::LazyLock;

use crate::analyze::table::rows;

const TABLE: &str = include_str!("../tables/enrolment.tsv");
const FAULTS: &str = include_str!("../tables/enrolment_faults.tsv");

/// One name or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct Entry {
    kind: &'static str,
    pub(super) key: &'static str,
    pub(super) value: &'static str,
    pub(super) meaning: &'static str,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    rows::<5>(TABLE)
        .map(|[kind, key, value, meaning, _]| Entry { kind, key, value, meaning })
        .collect()
});

fn of_kind(kind: &'static str) -> impl Iterator<Item = &'static Entry> {
    ENTRIES.iter().filter(move |entry| entry.kind == kind)
}

/// A `wsa:Action`, compared without case.
pub(in crate::analyze) fn action(uri: &str) -> Option<&'static Entry> {
    of_kind("action").find(|entry| entry.value.eq_ignore_ascii_case(uri.trim()))
}

/// The short name of a `ValueType`, `TokenType` or the like, compared without case and white space: one document has a
/// stray blank.
pub(in crate::analyze) fn token(uri: &str) -> Option<&'static str> {
    let uri: String = uri.split_whitespace().collect();
    // One printing of the provisioning document's type leaves a part out.
    let other = uri.replace(".com/ConfigurationManager/", ".com/5.0.0.0/ConfigurationManager/");
    let mut known = of_kind("token");
    let found =
        known.find(|e| e.value.eq_ignore_ascii_case(&uri) || e.value.eq_ignore_ascii_case(&other));
    found.map(|entry| entry.key)
}

/// A `ContextItem` of the certificate request.
pub(super) fn context(name: &str) -> Option<&'static Entry> {
    of_kind("context").find(|entry| entry.key == name)
}

/// A field by the end of its path.
pub(super) fn field(path: &str) -> Option<&'static Entry> {
    of_kind("field").find(|entry| entry.key == path)
}

/// The Windows edition of a number.
pub(super) fn edition(number: &str) -> Option<&'static str> {
    of_kind("edition").find(|entry| entry.key == number.trim()).map(|entry| entry.meaning)
}

/// The name of an algorithm by its object identifier.
pub(super) fn algorithm(oid: &str) -> Option<&'static str> {
    of_kind("oid").find(|entry| entry.key == oid.trim()).map(|entry| entry.value)
}

/// What a `parm` of a provisioning document is, by the types of the characteristics around it and its
/// name; `{…}` and `*` of the table stand for any one type.
pub(super) fn setting(path: &[&str]) -> Option<&'static Entry> {
    of_kind("prov").find(|entry| {
        let mut names = path.iter();
        let fits = entry.key.split('/').all(|wanted| {
            names.next().is_some_and(|name| {
                wanted == "*" || wanted.starts_with('{') || wanted.eq_ignore_ascii_case(name)
            })
        });
        fits && names.next().is_none()
    })
}

/// A reason to refuse an enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::analyze) struct FaultCode {
    pub(in crate::analyze) name: &'static str,
    pub(super) hresult: &'static str,
    pub(super) symbol: &'static str,
    pub(super) meaning: &'static str,
    pub(super) advice: &'static str,
}

static FAULT_CODES: LazyLock<Vec<FaultCode>> = LazyLock::new(|| {
    rows::<7>(FAULTS)
        .map(|[name, _, hresult, symbol, meaning, advice, _]| FaultCode {
            name,
            hresult,
            symbol,
            meaning,
            advice,
        })
        .collect()
});

/// The reason called `name` (a subcode without its prefix, or an `ErrorType`), without case.
pub(in crate::analyze) fn fault(name: &str) -> Option<&'static FaultCode> {
    let name = name.rsplit(':').next().unwrap_or_default().trim();
    FAULT_CODES.iter().find(|code| code.name.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::hresult;
    use crate::analyze::table::check;

    #[test]
    fn the_tables_parse() {
        assert_eq!(check(TABLE, "kind key value meaning source", 3), 133);
        let heading = "name kind hresult symbol meaning advice source";
        assert_eq!(check(FAULTS, heading, 1), 15);
    }

    #[test]
    fn every_fault_is_a_listed_hresult() {
        for code in FAULT_CODES.iter() {
            let value = hresult::parse(code.hresult).unwrap();
            let row = hresult::listed(value).unwrap();
            assert_eq!(row.symbol, code.symbol);
        }
    }

    #[test]
    fn names_are_found_as_senders_write_them() {
        assert_eq!(fault("s:authorization").unwrap().hresult, "0x80180003");
        assert_eq!(fault("devicecapreached").unwrap().hresult, "0x80180013");
        assert!(fault("s:Receiver").is_none());
        assert!(
            token("http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS10").is_some()
        );
        assert_eq!(
            setting(&["CertificateStore", "Root", "System", "AB", "EncodedCertificate"])
                .unwrap()
                .meaning,
            "trust anchor"
        );
        assert!(setting(&["APPLICATION", "ADDR", "more"]).is_none());
        assert_eq!(edition("48"), Some("Professional"));
    }
}
