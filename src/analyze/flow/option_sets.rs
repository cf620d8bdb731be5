//! The option sets of a collection: one for each class, and sending one again withdraws the others
//! (MS-ASMS 3.1.4.1.1.1).

use crate::analyze::document::Document;
use crate::analyze::draft::clip;
use crate::analyze::eas::is_sms;
use crate::model::NodeId;

/// Options blocks of one collection that are looked at; the protocol allows two.
const BLOCKS: usize = 8;

/// Types of folders with mail (MS-ASCMD 2.2.3.186): Inbox, Drafts, Deleted Items, Sent Items, Outbox,
/// the user's own. What a type 1 folder holds is not said.
const MAIL: [&str; 7] = ["1", "2", "3", "4", "5", "6", "12"];

/// Those that may hold text messages in version 14.0 (MS-ASMS 3.1.4.1).
const SMS_IN_14_0: [&str; 3] = ["2", "5", "6"];

/// The highest `FilterType` for text messages (MS-ASMS 3.1.4.1.1.2).
const FILTER: u32 = 5;

/// Which sets are in force for one collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct OptionSets {
    sms: bool,
    /// A set for another class, which is mail.
    mail: bool,
}

impl OptionSets {
    /// Text messages are asked for.
    pub(super) fn has_sms(self) -> bool {
        self.sms
    }

    /// Takes in one Sync of the collection; says which class is asked for no longer, or newly.
    pub(super) fn follow(&mut self, request: &Document<'_>, collection: NodeId) -> Option<String> {
        let mut now = Self::default();
        for block in blocks(request, collection) {
            if is_sms(request, block) { now.sms = true } else { now.mail = true }
        }
        if now == Self::default() {
            // Without a set, those before it go on; a new beginning has none.
            if request.child_text(collection, "SyncKey").as_deref() == Some("0") {
                *self = now;
            }
            return None;
        }
        let before = std::mem::replace(self, now);
        match (before, now) {
            (Self { sms: true, .. }, Self { sms: false, .. }) => Some(
                "options for mail alone: SMS is no longer asked for, the server is to take it away"
                    .into(),
            ),
            (Self { mail: true, .. }, Self { mail: false, .. }) => Some(
                "options for SMS alone: mail is no longer asked for, the server is to take it away"
                    .into(),
            ),
            (Self { sms: false, mail: true }, Self { sms: true, .. }) => {
                Some("asks for SMS beside mail from now on".into())
            }
            _ => None,
        }
    }
}

/// What a server refuses with Status 4 in options about text messages (MS-ASMS 3.2.5.1, 3.2.5.2); `kind`
/// is the type of the folder, `None` when not known.
pub(super) fn faults(
    request: &Document<'_>,
    collection: NodeId,
    version: &str,
    kind: Option<&str>,
) -> Vec<String> {
    let all: Vec<NodeId> = blocks(request, collection).collect();
    let sms: Vec<NodeId> = all.iter().copied().filter(|block| is_sms(request, *block)).collect();
    let mut faults = Vec::new();
    if all.len() > 2 {
        faults.push(format!("{} Options blocks where at most 2 are allowed", all.len()));
    } else if sms.len() == 2 {
        faults.push("two Options blocks for SMS".to_owned());
    } else if all.len() == 2 && sms.is_empty() {
        faults.push("two Options blocks, neither for SMS".to_owned());
    }
    let filter = |block: &NodeId| request.child_text(*block, "FilterType")?.parse::<u32>().ok();
    if let Some(filter) = sms.iter().find_map(filter).filter(|filter| *filter > FILTER) {
        faults.push(format!("FilterType {filter} for SMS, which has 0 to {FILTER}"));
    }
    if let Some(class) = miswritten(request, &all) {
        faults.push(format!("class `{class}` is not `SMS`"));
    }
    if !sms.is_empty() && kind.is_some_and(|kind| !MAIL.contains(&kind)) {
        faults.push("options for SMS on a folder without mail".to_owned());
    }
    for fault in &mut faults {
        fault.push_str(": expect Status 4");
    }
    if !sms.is_empty() && version == "14.0" && kind.is_some_and(|kind| !SMS_IN_14_0.contains(&kind))
    {
        faults.push("in 14.0 only Inbox, Sent Items and Outbox hold SMS".to_owned());
    }
    faults
}

/// A Class that means SMS and does not say so.
fn miswritten(request: &Document<'_>, blocks: &[NodeId]) -> Option<String> {
    let mut classes = blocks.iter().filter_map(|block| request.child_text(*block, "Class"));
    let class = classes.find(|class| class != "SMS" && class.trim().eq_ignore_ascii_case("SMS"))?;
    Some(clip(&class))
}

fn blocks<'a>(
    request: &Document<'a>,
    collection: NodeId,
) -> impl Iterator<Item = NodeId> + use<'a> {
    request.named(collection, "Options").take(BLOCKS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::document::sketch;

    /// The collection `<Collection>{inside}</Collection>` given to `look`.
    fn with<T>(inside: &str, look: impl FnOnce(&Document<'_>, NodeId) -> T) -> T {
        let decoded = sketch::decoded(&format!("<Collection>{inside}</Collection>"));
        let document = Document::of(&decoded).unwrap();
        look(&document, document.root())
    }

    const SMS: &str = "<Options><Class>SMS</Class></Options>";
    const MAIL_ONLY: &str = "<Options><FilterType>2</FilterType></Options>";

    #[test]
    fn sending_one_set_again_withdraws_the_other() {
        let mut sets = OptionSets::default();
        let mut say = |key: &str, options: &str| {
            let inside = format!("<SyncKey>{key}</SyncKey>{options}");
            let told = with(&inside, |document, node| sets.follow(document, node));
            (told.unwrap_or_default(), sets.has_sms())
        };
        let both = format!("{SMS}{MAIL_ONLY}");
        assert_eq!(say("1", &both), (String::new(), true));
        assert_eq!(say("2", ""), (String::new(), true), "as before");
        let (told, _) = say("3", SMS);
        assert!(told.starts_with("options for SMS alone: mail is no longer asked for"), "{told}");
        let (told, sms) = say("4", MAIL_ONLY);
        assert!(told.starts_with("options for mail alone: SMS is no longer asked for"), "{told}");
        assert!(!sms);
        assert_eq!(say("5", &both), ("asks for SMS beside mail from now on".to_owned(), true));
        assert_eq!(say("0", ""), (String::new(), false), "a new beginning");
    }

    #[test]
    fn what_a_server_refuses() {
        let say = |inside: &str, version: &str, kind| {
            with(inside, |document, node| faults(document, node, version, kind)).join("; ")
        };
        assert_eq!(say(&format!("{SMS}{MAIL_ONLY}"), "14.1", Some("2")), "");
        assert!(say(&[SMS, SMS, MAIL_ONLY].concat(), "14.1", None).starts_with("3 Options blocks"));
        assert_eq!(
            say(&[SMS, SMS].concat(), "14.1", None),
            "two Options blocks for SMS: expect Status 4"
        );
        assert!(say(&[MAIL_ONLY, MAIL_ONLY].concat(), "14.1", None).contains("neither for SMS"));
        let far = "<Options><Class>SMS</Class><FilterType>6</FilterType></Options>";
        assert!(say(far, "14.1", None).starts_with("FilterType 6 for SMS, which has 0 to 5"));
        assert_eq!(say(&far.replace("SMS", "Calendar"), "14.1", Some("8")), "");
        assert!(say("<Options><Class>sms</Class></Options>", "14.1", None).contains("class `sms`"));
        assert!(say(SMS, "14.1", Some("8")).contains("a folder without mail: expect Status 4"));
        assert_eq!(say(SMS, "14.1", Some("3")), "");
        assert!(say(SMS, "14.0", Some("3")).contains("in 14.0 only Inbox"));
    }
}
