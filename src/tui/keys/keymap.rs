//! The table with the user's own keys in it.

use super::key::Key;
use super::table::{Binding, Context, STACKS, rows};
use crate::tui::action::Action;

/// Which keys mean what for this user.
#[derive(Debug, Clone)]
pub struct Keymap {
    rows: Vec<Bound>,
}

/// A row of the table with the keys that hold.
#[derive(Debug, Clone)]
pub(crate) struct Bound {
    /// The row.
    pub(crate) binding: Binding,
    /// The keys, the one to advertise first; may be empty.
    pub(crate) keys: Vec<Key>,
}

/// Why keys of the user cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Two actions that can be meant at the same time have the same key.
    #[error("`{key}` is the key of both `{first}` and `{second}`")]
    Conflict {
        /// The key.
        key: String,
        /// One action.
        first: String,
        /// The other.
        second: String,
    },
    /// A text that is no key, or one that terminals cannot send.
    #[error("`{key}`, given to `{action}`, is no key that a terminal can send")]
    NoKey {
        /// As written.
        key: String,
        /// The action it was meant for.
        action: String,
    },
    /// A key that types a character, where characters are to be typed.
    #[error(
        "`{key}` types a character and cannot be the key of `{action}`, which holds where one types"
    )]
    Types {
        /// The key.
        key: String,
        /// The action it was meant for.
        action: String,
    },
    /// An action without which there is no way out.
    #[error("`quit` has no key left")]
    NoWayOut,
}

impl Default for Keymap {
    fn default() -> Self {
        let rows = rows().map(|binding| Bound { binding, keys: binding.keys.to_vec() }).collect();
        Self { rows }
    }
}

impl Keymap {
    /// The table, in which the keys of the actions named in `own` are replaced by those given (none:
    /// the action keeps its command only). Names that no action has are given back: they belong to
    /// another version, and are no reason not to start.
    ///
    /// # Errors
    /// When a key cannot be read or has two meanings in one place, or when nothing quits.
    pub fn with<'a>(
        own: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>,
    ) -> Result<(Self, Vec<String>), KeyError> {
        let mut map = Self::default();
        let mut unknown = Vec::new();
        for (name, texts) in own {
            let Some(row) = map.rows.iter_mut().find(|row| row.binding.name == name) else {
                unknown.push(name.to_owned());
                continue;
            };
            row.keys = texts.iter().map(|text| read(text, row)).collect::<Result<_, _>>()?;
        }
        map.check()?;
        Ok((map, unknown))
    }

    /// What `key` does where `stack` holds.
    pub(crate) fn action(&self, key: impl Into<Key>, stack: &[Context]) -> Option<Action> {
        let key = key.into();
        let bound = |context: &Context| {
            let found = self.bindings(*context).find(|row| row.keys.contains(&key));
            found.map(|row| row.binding.action)
        };
        stack.iter().find_map(bound)
    }

    /// The keys of an action as people write them; empty when it has none.
    pub(crate) fn labels(&self, action: Action) -> String {
        let bound = self.rows.iter().find(|row| row.binding.action == action);
        bound.map(Bound::labels).unwrap_or_default()
    }

    /// The rows of one context, in display order.
    pub(crate) fn bindings(&self, context: Context) -> impl Iterator<Item = &Bound> {
        self.rows.iter().filter(move |row| row.binding.context == context)
    }

    fn check(&self) -> Result<(), KeyError> {
        for stack in STACKS {
            let mut seen: Vec<(Key, &str)> = Vec::new();
            let here = self.rows.iter().filter(|row| stack.contains(&row.binding.context));
            for (key, name) in here.flat_map(|row| row.keys.iter().map(|k| (*k, row.binding.name)))
            {
                if let Some((_, first)) = seen.iter().find(|(other, n)| *other == key && *n != name)
                {
                    return Err(KeyError::Conflict {
                        key: key.label(),
                        first: (*first).to_owned(),
                        second: name.to_owned(),
                    });
                }
                seen.push((key, name));
            }
        }
        let quits =
            self.rows.iter().any(|r| r.binding.action == Action::Quit && !r.keys.is_empty());
        if quits { Ok(()) } else { Err(KeyError::NoWayOut) }
    }
}

impl Bound {
    /// The keys as people write them.
    pub(crate) fn labels(&self) -> String {
        self.keys.iter().map(|key| key.label()).collect::<Vec<_>>().join(" ")
    }
}

fn read(text: &str, row: &Bound) -> Result<Key, KeyError> {
    let (key, action) = (text.to_owned(), row.binding.name.to_owned());
    let Some(read) = Key::parse(text) else { return Err(KeyError::NoKey { key, action }) };
    if row.binding.context == Context::Prompt && read.types().is_some() {
        return Err(KeyError::Types { key, action });
    }
    Ok(read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use crate::tui::action::Step;

    fn event(c: char, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), modifiers)
    }

    #[test]
    fn a_key_of_the_table_has_one_meaning_in_one_place() {
        assert_eq!(Keymap::default().check(), Ok(()));
    }

    #[test]
    fn shift_is_in_the_character_and_alt_is_another_key() {
        let (map, stack) = (Keymap::default(), STACKS[0]);
        let action = |c, modifiers| map.action(event(c, modifiers), stack);
        assert_eq!(action('G', KeyModifiers::SHIFT), Some(Action::Move(Step::Last)));
        assert_eq!(action('c', KeyModifiers::CONTROL), Some(Action::Quit));
        assert_eq!(action('q', KeyModifiers::ALT), None);
    }

    #[test]
    fn own_keys_replace_those_of_the_table() {
        let (map, unknown) =
            Keymap::with([("follow", vec!["T", "F5"]), ("layout", vec![]), ("fly", vec!["W"])])
                .unwrap();
        assert_eq!(unknown, ["fly"]);
        let action = |key: &str| map.action(Key::parse(key).unwrap(), STACKS[0]);
        assert_eq!(
            (action("T"), action("F5")),
            (Some(Action::ToggleFollow), Some(Action::ToggleFollow))
        );
        assert_eq!((action("F"), action("-")), (None, None));
    }

    #[test]
    fn what_cannot_work_is_refused() {
        let refused = |name, keys| Keymap::with([(name, keys)]).unwrap_err().to_string();
        assert_eq!(refused("follow", vec!["j"]), "`j` is the key of both `follow` and `down`");
        assert!(refused("follow", vec!["ctrl-m"]).contains("no key that a terminal can send"));
        assert!(refused("accept", vec!["a"]).contains("types a character"));
        assert_eq!(refused("quit", vec![]), "`quit` has no key left");
    }

    #[test]
    fn the_same_key_may_mean_two_things_in_two_places() {
        assert!(Keymap::with([("pager", vec!["o"])]).is_err(), "o opens values in a tree");
        assert!(Keymap::with([("follow", vec!["J"])]).is_ok(), "J is of the detail only");
        assert!(Keymap::with([("follow", vec!["h"])]).is_err(), "h folds groups");
    }
}
