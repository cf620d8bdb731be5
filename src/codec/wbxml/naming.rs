//! Names of XML to tokens, as the material that people have at hand spells them: namespaces of
//! older revisions and of other tools, prefixes nobody declared, no namespaces at all.

use super::book::Book;

/// What libwbxml puts before the name of a code page for `-l AIRSYNC`.
const SYNCE: &str = "http://synce.org/formats/airsync_wm5/";

/// The token of an element of an XML document: page and token. `page` is the code page before it,
/// which is preferred where the document does not say.
pub(super) fn token(book: &Book, namespace: &str, name: &str, page: u8) -> Option<(u8, u8)> {
    let namespace = bare(namespace);
    let (prefix, local) = match name.split_once(':') {
        Some((prefix, local)) if namespace.is_empty() => (prefix, local),
        _ => ("", name),
    };
    let wanted = Some(if prefix.is_empty() { namespace } else { prefix });
    let wanted = wanted.filter(|namespace| !namespace.is_empty());
    book.tag_token(wanted, name, page)
        .or_else(|| book.tag_token(wanted, local, page))
        .or_else(|| book.prefixed_tag_token(name))
        .or_else(|| unknown_token(name))
        // A namespace that the document type does not have, or one declared at the root alone.
        .or_else(|| book.tag_token(None, local, page))
}

/// The name of a code page as the tables have it: `Email:` and libwbxml's addresses are older.
fn bare(namespace: &str) -> &str {
    namespace.strip_prefix(SYNCE).unwrap_or(namespace).trim_end_matches(':')
}

/// Page and token of `unknown_p14_t3F`, as XML output names a token that no table lists.
fn unknown_token(name: &str) -> Option<(u8, u8)> {
    unknown(name, "_t").filter(|(_, token)| (5..=0x3F).contains(token))
}

/// The same of an attribute, `unknown_p00_a55`.
pub(super) fn unknown_attribute(name: &str) -> Option<(u8, u8)> {
    unknown(name, "_a").filter(|(_, token)| token & 0x80 == 0 && token & 0x3F > 4)
}

/// The first `unknown_p00_v86` in an attribute's value: what is before it, page, token, what is behind.
pub(super) fn unknown_value(text: &str) -> Option<(&str, u8, u8, &str)> {
    const LENGTH: usize = "unknown_p00_v86".len();
    let at = text.find("unknown_p")?;
    let (before, rest) = text.split_at_checked(at)?;
    let (name, behind) = rest.split_at_checked(LENGTH)?;
    let (page, token) =
        unknown(name, "_v").filter(|(_, token)| token & 0x80 != 0 && token & 0x3F > 4)?;
    Some((before, page, token, behind))
}

fn unknown(name: &str, kind: &str) -> Option<(u8, u8)> {
    let (page, token) = name.strip_prefix("unknown_p")?.split_once(kind)?;
    let byte = |text: &str| u8::from_str_radix(text, 16).ok().filter(|_| text.len() == 2);
    Some((byte(page)?, byte(token)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_others_spell_them() {
        let eas = Book::activesync();
        for (namespace, name, page, found) in [
            ("ComposeMail", "Mime", 0, (21, 0x10)),
            ("ComposeMail:", "MIME", 0, (21, 0x10)),
            ("http://synce.org/formats/airsync_wm5/email", "Subject", 0, (2, 0x14)),
            // Declared at the root alone, and not at all.
            ("AirSync", "FirstName", 0, (1, 0x1F)),
            ("", "Status", 7, (7, 0x0C)),
            ("", "Data", 17, (17, 0x0B)),
            // Prefixes nobody declared; a log of Z-Push.
            ("", "airsyncbase:Body", 0, (17, 0x0A)),
            ("", "A:PolicyKey", 14, (14, 0x09)),
            ("", "Synchronize", 0, (0, 0x05)),
            ("", "FolderHierarchy:FolderSync", 0, (7, 0x16)),
            ("Calendar", "Recurrence_Type", 0, (4, 0x1C)),
            ("", "unknown_p19_t3F", 0, (0x19, 0x3F)),
        ] {
            assert_eq!(token(eas, namespace, name, page), Some(found), "{namespace} {name}");
        }
        assert_eq!(token(eas, "Email", "Frobnicate", 2), None);
        assert_eq!(unknown_attribute("unknown_p01_a55"), Some((1, 0x55)));
        assert_eq!(unknown_attribute("unknown_p01_a85"), None);
        assert_eq!(unknown_value("aunknown_p01_v85b"), Some(("a", 1, 0x85, "b")));
        assert_eq!(unknown_value("aunknown_p01_v05b"), None);
        assert_eq!(token(eas, "", "unknown_p19_t00", 2), None);
        let drm = Book::by_key("drmrel10").unwrap();
        assert_eq!(token(drm, "http://odrl.net/1.1/ODRL-EX", "rights", 0), Some((0, 0x05)));
        let syncml = Book::by_key("syncml12").unwrap();
        assert_eq!(token(syncml, "SYNCML:SYNCML1.1", "SyncHdr", 0), Some((0, 0x2C)));
        assert_eq!(token(syncml, "", "Anchor", 0), Some((1, 0x05)));
    }
}
