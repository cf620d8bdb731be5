//! What the file says of the screen.

use serde::Deserialize;

use super::file::SettingsFile;
use crate::cli::report::Report;
use crate::tui::{Depth, Keymap, Palette, TuiSettings};

/// The colours wanted.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ThemeName {
    /// Those of the terminal.
    Terminal,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// No colour.
    None,
}

impl SettingsFile {
    /// Puts what the file says into `settings`.
    ///
    /// # Errors
    /// When its keys conflict, or are for what cannot be done.
    pub(in crate::cli) fn screen(&self, mut settings: TuiSettings) -> Result<TuiSettings, Report> {
        let file = &self.written;
        let keys: Vec<_> =
            file.keys.iter().map(|(name, keys)| (name.get_ref().as_str(), keys.texts())).collect();
        let own =
            keys.iter().map(|(name, keys)| (*name, keys.iter().map(String::as_str).collect()));
        let (keymap, unknown) = Keymap::with(own).map_err(|error| {
            let hint = "give one of them another key under `[keys]`; `[]` takes its key away";
            self.wrong(&error).hint(hint)
        })?;
        if let Some(name) = unknown.first() {
            let byte =
                file.keys.keys().find(|key| key.get_ref() == name).map_or(0, |k| k.span().start);
            return Err(self
                .at(byte, &format!("there is no command `{name}` to give a key to"))
                .hint("docs/reference/keys.md names the commands; so does `:` on the screen"));
        }
        settings.keymap = keymap;
        settings.palette = palette(file.theme, settings.palette);
        settings.ascii_borders = file.ascii_borders.unwrap_or(settings.ascii_borders);
        settings.mouse = file.mouse.unwrap_or(settings.mouse);
        Ok(settings)
    }
}

/// `NO_COLOR` holds whatever the file says.
fn palette(theme: Option<ThemeName>, now: Palette) -> Palette {
    let depth = || {
        let variable = |name| std::env::var(name).unwrap_or_default();
        Depth::of(&variable("COLORTERM"), &variable("TERM"))
    };
    match theme {
        _ if now == Palette::None => Palette::None,
        None => now,
        Some(ThemeName::Terminal) => Palette::Terminal,
        Some(ThemeName::Dark) => Palette::Dark(depth()),
        Some(ThemeName::Light) => Palette::Light(depth()),
        Some(ThemeName::None) => Palette::None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::file::written;
    use super::*;

    fn with(text: &str) -> Result<TuiSettings, Report> {
        written(text)?.screen(TuiSettings::default())
    }

    #[test]
    fn no_file_says_nothing() {
        let settings = SettingsFile::default().screen(TuiSettings::default()).unwrap();
        assert!(settings.mouse && settings.notice.is_none());
    }

    #[test]
    fn what_is_written_holds() {
        let text = "theme = \"none\"\nmouse = false\n[keys]\nfollow = \"T\"\npause = []\n";
        let settings = with(text).unwrap();
        assert_eq!((settings.mouse, settings.palette), (false, Palette::None));
    }

    #[test]
    fn a_key_for_nothing_is_told_with_its_line() {
        let lines =
            with("mouse = true\n\n[keys]\nfollow = \"T\"\nfly = \"W\"\n").unwrap_err().lines();
        assert!(lines.contains("cause: line 5: there is no command `fly`"), "{lines}");
        assert_eq!(lines.lines().count(), 3, "{lines}");
    }

    #[test]
    fn no_color_holds_whatever_the_theme() {
        assert_eq!(palette(Some(ThemeName::Light), Palette::None), Palette::None);
        assert!(matches!(palette(Some(ThemeName::Light), Palette::Terminal), Palette::Light(_)));
        assert_eq!(palette(None, Palette::Terminal), Palette::Terminal);
    }

    #[test]
    fn a_conflict_is_three_lines() {
        let lines = with("[keys]\nfollow = \"j\"\n").unwrap_err().lines();
        assert_eq!(lines.lines().count(), 3, "{lines}");
        assert!(lines.contains("cause: `j` is the key of both `follow` and `down`"), "{lines}");
    }
}
