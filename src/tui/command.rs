//! The command line: every action by its name.

use super::action::Action;
use super::keys::{Context, Keymap};
use super::overlays::Choice;

/// The commands that `text` may mean: the one of that name, those whose name begins with it, then those whose name holds
/// it, then those that it explains; what holds in the present view first.
pub(crate) fn choices(map: &Keymap, stack: &[Context], text: &str) -> Vec<Choice> {
    let typed = text.trim().to_lowercase();
    let contexts = stack.iter().copied().chain(others(stack));
    let rows: Vec<_> = contexts.flat_map(|context| map.bindings(context)).collect();
    let rank = |name: &str, help: &str| match () {
        // Whoever types a name means it, also where others begin with it.
        () if name == typed => Some(-1),
        () if name.starts_with(&typed) => Some(0),
        () if name.contains(&typed) => Some(1),
        () if help.to_lowercase().contains(&typed) => Some(2),
        () => None,
    };
    let mut ranked: Vec<_> = rows
        .into_iter()
        .filter_map(|row| Some((rank(row.binding.name, row.binding.help)?, row)))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let choice = |(_, row): (i32, &super::keys::Bound)| {
        let keys = row.labels();
        let keys = if keys.is_empty() { keys } else { format!("  ({keys})") };
        Choice {
            text: row.binding.name.to_owned(),
            from: 0,
            to: text.len(),
            what: format!("{}{keys}", row.binding.help),
        }
    };
    ranked.into_iter().map(choice).collect()
}

/// The action with this name.
pub(crate) fn action(map: &Keymap, name: &str) -> Option<Action> {
    let contexts = Context::ALL.into_iter().filter(|context| is_command(*context));
    let mut rows = contexts.flat_map(|context| map.bindings(context));
    rows.find(|row| row.binding.name == name.trim()).map(|row| row.binding.action)
}

fn others(stack: &[Context]) -> impl Iterator<Item = Context> {
    Context::ALL.into_iter().filter(|c| is_command(*c) && !stack.contains(c))
}

/// Keys of overlays are no commands: while they hold, there is no command line.
fn is_command(context: Context) -> bool {
    !matches!(context, Context::Prompt | Context::Menu | Context::Help | Context::Sheet)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::keys::STACKS;

    fn names(text: &str) -> Vec<String> {
        choices(&Keymap::default(), STACKS[0], text).into_iter().map(|c| c.text).collect()
    }

    #[test]
    fn names_come_before_explanations() {
        assert_eq!(names("copy-c"), ["copy-curl"]);
        assert_eq!(names("curl"), ["copy-curl", "copy"]);
        assert!(names("no such thing").is_empty());
        assert_eq!(names("")[0], "open", "what holds here comes first");
    }

    #[test]
    fn every_action_of_the_panes_is_a_command() {
        let map = Keymap::default();
        for context in Context::ALL.into_iter().filter(|c| is_command(*c)) {
            for row in map.bindings(context) {
                assert_eq!(action(&map, row.binding.name), Some(row.binding.action));
                assert!(names(row.binding.name).contains(&row.binding.name.to_owned()));
            }
        }
        assert_eq!(action(&map, "accept"), None);
    }
}
