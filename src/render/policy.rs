//! A policy, and what changed in it, as a table in text.

use crate::model::{Policy, PolicyChange, Setting};

use super::clean;
use super::units::count;

/// Most characters of a value in a column; the rest shows as `…`.
const VALUE: usize = 24;

/// The policy as a table: setting, value, since which exchange, the protocol version that brought it,
/// meaning; `+` marks what is restrictive. Lists follow with an entry a line, then what is absent with
/// a meaning; all clean.
pub fn policy_table(policy: &Policy) -> Vec<String> {
    let restrictive = policy.settings.iter().filter(|setting| setting.restrictive).count() as u64;
    let state = match policy.acknowledged {
        Some(id) => format!("in force since {id}"),
        None => "not acknowledged".to_owned(),
    };
    let mut lines = vec![format!(
        "policy of {}, {state}: {}, {restrictive} restrictive",
        policy.exchange,
        count(policy.settings.len() as u64, "setting"),
    )];
    let [width, values] = widths(policy);
    let heading = format!(
        "  {:<width$}  {:<values$}  {:<6}  {:<5} meaning",
        "setting", "value", "since", "from"
    );
    lines.push(heading);
    for setting in &policy.settings {
        let mark = if setting.restrictive { '+' } else { ' ' };
        let (name, value) = (clean(&setting.name), value(setting));
        let (since, from) = (setting.since.to_string(), clean(&setting.introduced));
        let meaning = clean(&setting.meaning);
        let line =
            format!("{mark} {name:<width$}  {value:<values$}  {since:<6}  {from:<5} {meaning}");
        lines.push(line.trim_end().to_owned());
        lines.extend(setting.entries.iter().map(|entry| format!("    {}", clean(entry))));
    }
    if !policy.absent.is_empty() {
        lines.push("  absent, which means:".to_owned());
        let absent = policy.absent.iter();
        lines
            .extend(absent.map(|one| format!("    {}: {}", clean(&one.name), clean(&one.meaning))));
    }
    lines
}

/// The column of [`policy_table`] in which meanings begin.
pub fn policy_meaning_at(policy: &Policy) -> usize {
    let [width, values] = widths(policy);
    2 + width + 2 + values + 2 + 6 + 2 + 6
}

/// Characters of the longest name and the longest value.
fn widths(policy: &Policy) -> [usize; 2] {
    let names = policy.settings.iter().map(|s| clean(&s.name).chars().count());
    let values = policy.settings.iter().map(|s| value(s).chars().count());
    [names.max().unwrap_or(0).max(7), values.max().unwrap_or(0).max(5)]
}

/// What differs: one line a setting; all clean.
pub fn policy_changes(changes: &[PolicyChange]) -> Vec<String> {
    let told = changes.iter().map(|change| {
        let name = clean(&change.name);
        match (&change.before, &change.after) {
            (None, Some(after)) => {
                format!("  + {name} {} ({})", value(after), clean(&after.meaning))
            }
            (Some(before), None) => format!("  - {name} {}", value(before)),
            (Some(before), Some(after)) => {
                let (old, new) = (value(before), value(after));
                format!("  ~ {name} {old} -> {new} ({})", clean(&after.meaning))
            }
            (None, None) => format!("    {name}"),
        }
    });
    told.collect()
}

fn value(setting: &Setting) -> String {
    let text = clean(&setting.value);
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    match text.char_indices().nth(VALUE) {
        Some((at, _)) => {
            let mut cut: String = text[..at].chars().take(VALUE - 1).collect();
            cut.push('…');
            cut
        }
        None => text.into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ExchangeId;

    fn setting(name: &str, value: &str, restrictive: bool) -> Setting {
        Setting {
            name: name.into(),
            value: value.into(),
            meaning: "what it does".into(),
            restrictive,
            since: ExchangeId(3),
            ..Setting::default()
        }
    }

    #[test]
    fn a_table_marks_what_is_restrictive() {
        let settings = vec![setting("AllowCamera", "0", true), setting("AllowWiFi", "", false)];
        let policy =
            Policy { exchange: ExchangeId(3), acknowledged: None, settings, absent: Vec::new() };
        let lines = policy_table(&policy);
        assert_eq!(lines[0], "policy of #3, not acknowledged: 2 settings, 1 restrictive");
        assert!(lines[2].starts_with("+ AllowCamera  0 "), "{}", lines[2]);
        assert!(lines[3].starts_with("  AllowWiFi    (empty) "), "{}", lines[3]);
    }

    #[test]
    fn changes_are_signed() {
        let (old, new) = (setting("A", "0", true), setting("A", "1", false));
        let change = |before: Option<&Setting>, after: Option<&Setting>| PolicyChange {
            name: "A".into(),
            before: before.cloned(),
            after: after.cloned(),
        };
        let all =
            [change(Some(&old), Some(&new)), change(None, Some(&new)), change(Some(&old), None)];
        assert_eq!(
            policy_changes(&all),
            ["  ~ A 0 -> 1 (what it does)", "  + A 1 (what it does)", "  - A 0"]
        );
    }
}
