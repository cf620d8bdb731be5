//! How the screen is to be.

use std::path::PathBuf;

use crate::model::filter::Filter;

use super::keys::Keymap;
use super::palette::Palette;

/// How the screen is to be.
#[derive(Debug, Clone)]
pub struct TuiSettings {
    /// The colours that may be used ([`Palette::None`] under `NO_COLOR`).
    pub palette: Palette,
    /// Lines and marks of ASCII only.
    pub ascii_borders: bool,
    /// Clicks and the wheel act here; when false the terminal's own selection works.
    pub mouse: bool,
    /// Starts with the newest exchange selected, and keeps it so.
    pub follow: bool,
    /// What the list shows at the start; blank for everything.
    pub filter: Filter,
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
            palette: Palette::Terminal,
            ascii_borders: false,
            mouse: true,
            follow: false,
            filter: Filter::default(),
            keymap: Keymap::default(),
            memory: None,
            notice: None,
        }
    }
}
