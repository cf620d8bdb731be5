//! The colours of a theme, and the signs of lines.

use ratatui::style::Color;

/// Which colours a terminal gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Palette {
    /// None at all, no colour reset either.
    None,
    /// The sixteen of the terminal's own palette: right on dark and on light.
    #[default]
    Terminal,
    /// Colours for a dark background.
    Dark(Depth),
    /// Colours for a light background.
    Light(Depth),
}

/// How many colours a terminal has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Depth {
    /// 16: only those of the terminal's own palette.
    #[default]
    Sixteen,
    /// 256.
    Indexed,
    /// All.
    True,
}

impl Depth {
    /// What the environment says of the terminal (`COLORTERM` and `TERM`).
    pub fn of(colorterm: &str, term: &str) -> Self {
        if colorterm.contains("truecolor") || colorterm.contains("24bit") {
            Self::True
        } else if term.contains("256") {
            Self::Indexed
        } else {
            Self::Sixteen
        }
    }
}

/// What a colour says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hue {
    /// What can be skipped.
    Dim,
    /// What must not be overlooked.
    Alarm,
    /// Odd.
    Warning,
    /// Worth a look; names.
    Notable,
    /// Goes on, or explains.
    Live,
    /// Headlines.
    Layer,
    /// Attributes.
    Attribute,
}

impl Palette {
    /// The colour for `hue`; `None` for none at all.
    pub(crate) fn color(self, hue: Hue) -> Option<Color> {
        let (rgb, depth) = match self {
            Self::None => return None,
            Self::Terminal | Self::Dark(Depth::Sixteen) | Self::Light(Depth::Sixteen) => {
                return Some(terminal(hue));
            }
            Self::Dark(depth) => (dark(hue), depth),
            Self::Light(depth) => (light(hue), depth),
        };
        let (r, g, b) = rgb;
        Some(if depth == Depth::True { Color::Rgb(r, g, b) } else { Color::Indexed(cube(rgb)) })
    }
}

const fn terminal(hue: Hue) -> Color {
    match hue {
        Hue::Dim => Color::DarkGray,
        Hue::Alarm => Color::Red,
        Hue::Warning => Color::Yellow,
        Hue::Notable => Color::Cyan,
        Hue::Live => Color::Green,
        Hue::Layer => Color::Blue,
        Hue::Attribute => Color::Magenta,
    }
}

/// At least 4.5 to 1 on black (WCAG 2.2, 1.4.3).
const fn dark(hue: Hue) -> (u8, u8, u8) {
    match hue {
        Hue::Dim => (138, 138, 138),
        Hue::Alarm => (255, 95, 95),
        Hue::Warning => (255, 215, 95),
        Hue::Notable => (95, 215, 255),
        Hue::Live => (135, 215, 135),
        Hue::Layer => (135, 175, 255),
        Hue::Attribute => (215, 135, 255),
    }
}

/// At least 4.5 to 1 on white.
const fn light(hue: Hue) -> (u8, u8, u8) {
    match hue {
        Hue::Dim => (95, 95, 95),
        Hue::Alarm => (175, 0, 0),
        Hue::Warning => (135, 95, 0),
        Hue::Notable => (0, 95, 135),
        Hue::Live => (0, 95, 0),
        Hue::Layer => (0, 0, 215),
        Hue::Attribute => (135, 0, 135),
    }
}

/// The nearest colour of the 6x6x6 cube that terminals of 256 colours have (xterm).
fn cube((r, g, b): (u8, u8, u8)) -> u8 {
    const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    let nearest = |part: u8| {
        let near = (0_u8..).zip(STEPS).min_by_key(|(_, step)| step.abs_diff(part));
        near.map_or(0, |(at, _)| at)
    };
    16 + 36 * nearest(r) + 6 * nearest(g) + nearest(b)
}

/// The signs of lines, each with its width as a constant of the layout.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    /// Marks the selected line of the pane that has the focus, beside its style.
    pub(crate) cursor: &'static str,
    /// Marks the selected line of another pane.
    pub(crate) cursor_idle: &'static str,
    /// Beside an exchange that the user marked.
    pub(crate) marked: &'static str,
    /// Before a line whose inside is shown.
    pub(crate) unfolded: &'static str,
    /// Before a line whose inside is hidden.
    pub(crate) folded: &'static str,
    /// A line across.
    pub(crate) across: &'static str,
    /// A line down.
    pub(crate) down: &'static str,
    /// The end of an arrow to the server, and that of one to the device: two cells each.
    pub(crate) up_to: &'static str,
    /// See [`Signs::up_to`].
    pub(crate) down_to: &'static str,
}

/// Signs of the block and box drawing characters.
pub(crate) const DRAWN: Signs = Signs {
    cursor: "▌",
    cursor_idle: "│",
    marked: "•",
    unfolded: "▾ ",
    folded: "▸ ",
    across: "─",
    down: "│",
    up_to: "─▶",
    down_to: "◀─",
};

/// Signs of ASCII.
pub(crate) const ASCII: Signs = Signs {
    cursor: ">",
    cursor_idle: "|",
    marked: "*",
    unfolded: "- ",
    folded: "+ ",
    across: "-",
    down: "|",
    up_to: "->",
    down_to: "<-",
};

#[cfg(test)]
mod tests {
    use super::*;

    const HUES: [Hue; 7] =
        [Hue::Dim, Hue::Alarm, Hue::Warning, Hue::Notable, Hue::Live, Hue::Layer, Hue::Attribute];

    #[test]
    fn the_environment_tells_how_many_colours() {
        assert_eq!(Depth::of("truecolor", "xterm"), Depth::True);
        assert_eq!(Depth::of("", "xterm-256color"), Depth::Indexed);
        assert_eq!(Depth::of("", "vt100"), Depth::Sixteen);
    }

    #[test]
    fn no_more_colours_than_there_are() {
        for hue in HUES {
            assert_eq!(Palette::None.color(hue), None);
            let sixteen = [Palette::Terminal, Palette::Dark(Depth::Sixteen)];
            for palette in sixteen {
                assert!(!matches!(palette.color(hue), Some(Color::Indexed(_) | Color::Rgb(..))));
            }
            let indexed = Palette::Light(Depth::Indexed).color(hue);
            assert!(matches!(indexed, Some(Color::Indexed(16..=231))), "{hue:?}");
        }
        assert_eq!(cube((255, 95, 95)), 203);
    }

    /// Relative luminance (WCAG 2.2).
    fn luminance((r, g, b): (u8, u8, u8)) -> f64 {
        let part = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b)
    }

    #[test]
    fn every_colour_can_be_read_on_its_background() {
        for hue in HUES {
            assert!((luminance(dark(hue)) + 0.05) / 0.05 >= 4.5, "{hue:?} on black");
            assert!(1.05 / (luminance(light(hue)) + 0.05) >= 4.5, "{hue:?} on white");
        }
    }

    #[test]
    fn signs_take_the_same_cells() {
        use crate::tui::fit::width;
        for (drawn, ascii) in [
            (DRAWN.cursor, ASCII.cursor),
            (DRAWN.cursor_idle, ASCII.cursor_idle),
            (DRAWN.marked, ASCII.marked),
            (DRAWN.unfolded, ASCII.unfolded),
            (DRAWN.folded, ASCII.folded),
            (DRAWN.across, ASCII.across),
            (DRAWN.down, ASCII.down),
            (DRAWN.up_to, ASCII.up_to),
            (DRAWN.down_to, ASCII.down_to),
        ] {
            assert_eq!(width(drawn), width(ascii));
            assert!(ascii.is_ascii());
        }
    }
}
