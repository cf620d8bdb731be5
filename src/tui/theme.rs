//! From what a text is to how it looks.
//!
//! Without colour nothing but attributes is emitted, no colour reset either: a terminal may take the reset
//! for one of every attribute, which would lose the reverse video of the selection.

use ratatui::style::{Color, Modifier, Style};

use crate::model::Level;
use crate::render::Role;

use super::palette::{ASCII, DRAWN, Hue, Palette, Signs};

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
    /// What was searched for.
    Hit,
    /// The same where one is.
    HitNow,
    /// A key to press.
    Key,
    /// A code to be scanned: dark on light, whatever the terminal's own colours.
    Scan,
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
    palette: Palette,
    signs: &'static Signs,
}

impl Theme {
    /// A theme with these colours; lines and marks of ASCII only, or not.
    pub(crate) fn new(palette: Palette, ascii: bool) -> Self {
        Self { palette, signs: if ascii { &ASCII } else { &DRAWN } }
    }

    /// The signs of lines.
    pub(crate) fn signs(self) -> &'static Signs {
        self.signs
    }

    /// The cell before a line that can be selected.
    pub(crate) fn cursor(self, selected: bool, focused: bool) -> &'static str {
        match (selected, focused) {
            (true, true) => self.signs.cursor,
            (true, false) => self.signs.cursor_idle,
            (false, _) => " ",
        }
    }

    /// The style of `tone`.
    pub(crate) fn style(self, tone: Tone) -> Style {
        if tone == Tone::Scan && self.palette != Palette::None {
            return Style::new().fg(Color::Black).bg(Color::White);
        }
        let (hue, modifier) = match tone {
            Tone::Plain | Tone::Piece(Role::Text) => (None, Modifier::empty()),
            Tone::Dim | Tone::Piece(Role::Dim) => (Some(Hue::Dim), Modifier::DIM),
            Tone::Strong => (None, Modifier::BOLD),
            Tone::BarFocused | Tone::Selected | Tone::Bytes | Tone::Scan => {
                (None, Modifier::REVERSED)
            }
            Tone::ByteCursor | Tone::HitNow => {
                (None, Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED)
            }
            Tone::Bar => (None, Modifier::UNDERLINED),
            Tone::Hit => (Some(Hue::Live), Modifier::UNDERLINED),
            Tone::SelectedIdle => (None, Modifier::BOLD.union(Modifier::UNDERLINED)),
            Tone::Key => (Some(Hue::Notable), Modifier::BOLD),
            Tone::Alert => (Some(Hue::Alarm), Modifier::BOLD.union(Modifier::REVERSED)),
            Tone::Live | Tone::Piece(Role::Note(Level::Info)) => {
                (Some(Hue::Live), Modifier::empty())
            }
            Tone::Piece(Role::Layer) => (Some(Hue::Layer), Modifier::BOLD),
            Tone::Piece(Role::Tag) => (Some(Hue::Notable), Modifier::empty()),
            Tone::Piece(Role::Attribute) => (Some(Hue::Attribute), Modifier::empty()),
            Tone::Piece(Role::Opaque) => (Some(Hue::Warning), Modifier::empty()),
            Tone::Piece(Role::Problem) => level(Level::Alarm),
            Tone::Level(of) | Tone::Piece(Role::Note(of)) => level(of),
        };
        let style = Style::new().add_modifier(modifier);
        match hue.and_then(|hue| self.palette.color(hue)) {
            // A grey says "dim" better than the attribute, which some terminals ignore.
            Some(color) if hue == Some(Hue::Dim) => Style::new().fg(color),
            Some(color) => style.fg(color),
            None => style,
        }
    }
}

fn level(level: Level) -> (Option<Hue>, Modifier) {
    match level {
        Level::Info => (None, Modifier::empty()),
        Level::Notable => (Some(Hue::Notable), Modifier::empty()),
        Level::Warning => (Some(Hue::Warning), Modifier::BOLD),
        Level::Alarm => (Some(Hue::Alarm), Modifier::BOLD),
    }
}

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
            Tone::Hit,
            Tone::HitNow,
            Tone::Key,
            Tone::Scan,
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
            let style = Theme::new(Palette::None, false).style(tone);
            assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{tone:?}");
        }
    }

    #[test]
    fn without_colour_a_selection_and_an_alert_still_show() {
        let theme = Theme::new(Palette::None, false);
        for tone in [Tone::Selected, Tone::SelectedIdle, Tone::Bytes, Tone::Alert, Tone::BarFocused]
        {
            assert_ne!(theme.style(tone), theme.style(Tone::Plain), "{tone:?}");
        }
        assert_ne!(theme.style(Tone::Selected), theme.style(Tone::SelectedIdle));
    }
}
