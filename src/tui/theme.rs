//! From what a text is to how it looks.
//!
//! The sixteen colours of the terminal's own palette, so that light and dark both work. Without
//! colour nothing but attributes is emitted, no colour reset either: a terminal may take the reset
//! for one of every attribute, which would lose the reverse video of the selection.

use ratatui::style::{Color, Modifier, Style};

use crate::model::Level;
use crate::render::Role;

/// What a run of cells is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Plain text.
    Plain,
    /// What can be skipped.
    Dim,
    /// Names and headings.
    Strong,
    /// The bar of the pane that has the focus.
    BarFocused,
    /// The bar of another pane.
    Bar,
    /// The selected line of the pane that has the focus.
    Selected,
    /// The selected line of another pane.
    SelectedIdle,
    /// The bytes of the selected node.
    Bytes,
    /// The byte under the cursor.
    ByteCursor,
    /// A key to press.
    Key,
    /// What must not be overlooked.
    Alert,
    /// What just happened, or goes on.
    Live,
    /// Something with a level.
    Level(Level),
    /// A piece of a prepared line.
    Piece(Role),
}

/// How things look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Theme {
    color: bool,
}

impl Theme {
    /// A theme with or without colour.
    pub(crate) fn new(color: bool) -> Self {
        Self { color }
    }

    /// The style of `tone`.
    pub(crate) fn style(self, tone: Tone) -> Style {
        let (color, modifier) = match tone {
            Tone::Plain | Tone::Piece(Role::Text) => (None, Modifier::empty()),
            Tone::Dim | Tone::Piece(Role::Dim) => (Some(Color::DarkGray), Modifier::DIM),
            Tone::Strong => (None, Modifier::BOLD),
            Tone::BarFocused | Tone::Selected | Tone::Bytes => (None, Modifier::REVERSED),
            Tone::ByteCursor => (None, Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED),
            Tone::Bar => (None, Modifier::UNDERLINED),
            Tone::SelectedIdle => (None, Modifier::BOLD.union(Modifier::UNDERLINED)),
            Tone::Key => (Some(Color::Cyan), Modifier::BOLD),
            Tone::Alert => (Some(Color::Red), Modifier::BOLD.union(Modifier::REVERSED)),
            Tone::Live | Tone::Piece(Role::Note(Level::Info)) => {
                (Some(Color::Green), Modifier::empty())
            }
            Tone::Piece(Role::Layer) => (Some(Color::Blue), Modifier::BOLD),
            Tone::Piece(Role::Tag) => (Some(Color::Cyan), Modifier::empty()),
            Tone::Piece(Role::Attribute) => (Some(Color::Magenta), Modifier::empty()),
            Tone::Piece(Role::Opaque) => (Some(Color::Yellow), Modifier::empty()),
            Tone::Piece(Role::Problem) => level(Level::Alarm),
            Tone::Level(of) | Tone::Piece(Role::Note(of)) => level(of),
        };
        let style = Style::new().add_modifier(modifier);
        match color {
            // A dark grey says "dim" better than the attribute, which some terminals ignore.
            Some(Color::DarkGray) if self.color => Style::new().fg(Color::DarkGray),
            Some(color) if self.color => style.fg(color),
            _ => style,
        }
    }
}

fn level(level: Level) -> (Option<Color>, Modifier) {
    match level {
        Level::Info => (None, Modifier::empty()),
        Level::Notable => (Some(Color::Cyan), Modifier::empty()),
        Level::Warning => (Some(Color::Yellow), Modifier::BOLD),
        Level::Alarm => (Some(Color::Red), Modifier::BOLD),
    }
}

/// Marks the selected line of the pane that has the focus, beside its style.
pub(crate) const CURSOR: &str = "▌";
/// Marks the selected line of another pane.
pub(crate) const CURSOR_IDLE: &str = "│";
/// Beside an exchange that the user marked.
pub(crate) const MARKED: &str = "•";
/// Before a line whose inside is shown.
pub(crate) const UNFOLDED: &str = "▾ ";
/// Before a line whose inside is hidden.
pub(crate) const FOLDED: &str = "▸ ";
/// Before a line with nothing inside.
pub(crate) const LEAF: &str = "  ";

#[cfg(test)]
mod tests {
    use super::*;

    const LEVELS: [Level; 4] = [Level::Info, Level::Notable, Level::Warning, Level::Alarm];

    fn tones() -> Vec<Tone> {
        let roles = [
            Role::Tag,
            Role::Dim,
            Role::Attribute,
            Role::Text,
            Role::Opaque,
            Role::Problem,
            Role::Layer,
        ];
        let mut tones = vec![
            Tone::Plain,
            Tone::Dim,
            Tone::Strong,
            Tone::BarFocused,
            Tone::Bar,
            Tone::Selected,
            Tone::SelectedIdle,
            Tone::Bytes,
            Tone::ByteCursor,
            Tone::Key,
            Tone::Alert,
            Tone::Live,
        ];
        tones.extend(roles.map(Tone::Piece));
        tones.extend(LEVELS.map(Tone::Level));
        tones.extend(LEVELS.map(|level| Tone::Piece(Role::Note(level))));
        tones
    }

    #[test]
    fn without_colour_there_is_none() {
        for tone in tones() {
            let style = Theme::new(false).style(tone);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{tone:?}");
        }
    }

    #[test]
    fn without_colour_a_selection_and_an_alert_still_show() {
        let theme = Theme::new(false);
        for tone in [Tone::Selected, Tone::SelectedIdle, Tone::Bytes, Tone::Alert, Tone::BarFocused]
        {
            assert_ne!(theme.style(tone), theme.style(Tone::Plain), "{tone:?}");
        }
        assert_ne!(theme.style(Tone::Selected), theme.style(Tone::SelectedIdle));
    }
}
