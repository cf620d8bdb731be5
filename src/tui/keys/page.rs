//! The reference page.

use std::fmt::Write as _;

use super::keymap::Keymap;
use super::table::Context;

/// `docs/reference/keys.md`: every action with its keys and its command.
pub fn keys_page() -> String {
    let map = Keymap::default();
    let mut page = String::from(
        "# Keys and commands\n\nGenerated from the key table. Every action is a command too: type `:` and its name. The names are\nalso those of the `[keys]` table of the settings file.\n",
    );
    for context in Context::ALL {
        let _ = write!(
            page,
            "\n## {}\n\n| keys | command | what it does |\n|---|---|---|\n",
            context.title()
        );
        for row in map.bindings(context) {
            let keys: Vec<_> = row.keys.iter().map(|key| format!("`{}`", key.label())).collect();
            let _ = writeln!(
                page,
                "| {} | `{}` | {} |",
                keys.join(" "),
                row.binding.name,
                row.binding.help
            );
        }
    }
    page
}
