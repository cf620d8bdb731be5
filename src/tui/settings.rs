//! How the screen is to be.

use std::path::PathBuf;

use super::keys::Keymap;

/// How the screen is to be.
#[derive(Debug, Clone)]
pub struct TuiSettings {
    /// Colours may be used (`NO_COLOR` is unset and the terminal has them).
    pub color: bool,
    /// Clicks and the wheel act here; when false the terminal's own selection works.
    pub mouse: bool,
    /// Starts with the newest exchange selected, and keeps it so.
    pub follow: bool,
    /// Which keys mean what.
    pub keymap: Keymap,
    /// Where filters, columns and sizes are remembered; `None` forgets them.
    pub memory: Option<PathBuf>,
    /// Something to tell at the start.
    pub notice: Option<String>,
}

impl Default for TuiSettings {
    fn default() -> Self {
        Self {
            color: true,
            mouse: true,
            follow: false,
            keymap: Keymap::default(),
            memory: None,
            notice: None,
        }
    }
}
