//! What a request line says beside command, device and user (MS-ASHTTP 2.2.1.1.1).

use std::sync::LazyLock;

use crate::analyze::draft::{Draft, clip, joined};
use crate::analyze::table::rows;
use crate::codec::{Form, Query};

const LOCALES: &str = include_str!("../tables/locales.tsv");

/// Windows language ids in hexadecimal, and the language with its country (MS-LCID 2.2).
static NAMES: LazyLock<Vec<[&'static str; 2]>> = LazyLock::new(|| rows::<2>(LOCALES).collect());

/// Parameters of one query that are told.
const PARAMETERS: usize = 16;

/// Tells the form of the query, and its parameters.
pub(super) fn tell(query: &Query, draft: &mut Draft) {
    // The plain form is read off the request line.
    let form = if query.form == Form::Base64 { "base64" } else { "" };
    let locale = query.locale.map(locale).unwrap_or_default();
    let key = match (query.form, query.policy_key, query.policy_key_present) {
        (Form::Base64, Some(key), _) => format!("key {key}"),
        (Form::Base64, None, false) => "no key".to_owned(),
        _ => String::new(),
    };
    draft.row("query", joined([form.to_owned(), locale, key], ", "));
    let flag = |set: Option<bool>| set.map(|set| if set { "T" } else { "F" }.to_owned());
    let known = [
        ("AttachmentName", query.attachment_name.clone()),
        ("CollectionId", query.collection_id.clone()),
        ("ItemId", query.item_id.clone()),
        ("LongId", query.long_id.clone()),
        ("Occurrence", query.occurrence.clone()),
        ("SaveInSent", flag(query.save_in_sent)),
        ("AcceptMultiPart", flag(query.accept_multipart)),
    ];
    let known = known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    for (name, value) in known.chain(query.other.iter().cloned()).take(PARAMETERS) {
        draft.row("parameter", format!("{}: {}", clip(&name), clip(&value)));
    }
}

/// `locale 0x0409 (en-US)`.
fn locale(id: u16) -> String {
    let hex = format!("{id:04x}");
    let name = NAMES.iter().find(|[known, _]| *known == hex);
    let name = name.map(|[_, name]| format!("({name})")).unwrap_or_default();
    joined([format!("locale 0x{hex}"), name], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::table::check;

    #[test]
    fn the_table_parses() {
        assert_eq!(check(LOCALES, "lcid name source", 1), 36);
    }

    #[test]
    fn a_base64_query_is_told_with_all_its_fields() {
        let mut draft = Draft::default();
        // SmartReply 14.0 with key 0, a collection, an item and options.
        tell(&Query::parse("jAMJBAp2MTQwRGV2aWNlBAAAAAACU1ABATcDBDc6MTIHAQE="), &mut draft);
        let told: Vec<_> = draft.finish().overview.into_iter().map(|(_, text)| text).collect();
        assert_eq!(
            told,
            [
                "base64, locale 0x0409 (en-US), key 0",
                "CollectionId: 7",
                "ItemId: 7:12",
                "SaveInSent: T",
                "AcceptMultiPart: F"
            ]
        );
    }

    #[test]
    fn an_unknown_locale_keeps_its_number() {
        assert_eq!(locale(0x7FFF), "locale 0x7fff");
    }
}
