//! The settings file: `config.toml` in the user's configuration folder.
//!
//! ```toml
//! mouse = true
//! theme = "terminal"          # or "dark", "light", "none"
//! ascii_borders = false
//!
//! [keys]                      # actions by the names of docs/reference/keys.md
//! follow = "T"
//! layout = ["w", "F5"]
//! pause = []                  # no key: only the command `:pause`
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use serde::Deserialize;

use crate::tui::{Depth, Keymap, Palette, TuiSettings};

use super::report::Report;

/// Longest file read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The file as written.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    mouse: Option<bool>,
    theme: Option<ThemeName>,
    ascii_borders: Option<bool>,
    keys: BTreeMap<String, Keys>,
    #[serde(flatten)]
    unknown: BTreeMap<String, toml::Value>,
}

/// The colours wanted.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ThemeName {
    /// Those of the terminal.
    Terminal,
    /// For a dark background.
    Dark,
    /// For a light background.
    Light,
    /// No colour.
    None,
}

/// One key, or some.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Keys {
    One(String),
    Some(Vec<String>),
}

impl Keys {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::One(key) => vec![key],
            Self::Some(keys) => keys.iter().map(String::as_str).collect(),
        }
    }
}

/// Puts what the file says into `settings`; a file that is not there says nothing. What this version
/// does not know is told in [`TuiSettings::notice`] and passed over.
///
/// # Errors
/// When the file cannot be read, is no TOML, or its keys conflict.
pub(super) fn apply(path: &Path, settings: TuiSettings) -> Result<TuiSettings, Report> {
    let cannot = |error: &dyn std::fmt::Display| {
        Report::new(format!("cannot use the settings file `{}`", path.display())).because(error)
    };
    let text = match read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(settings),
        Err(error) => return Err(cannot(&error)),
    };
    let file: File = toml::from_str(&text).map_err(|error| {
        let line = error
            .span()
            .map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
        cannot(&format!("line {line}: {}", error.message()))
            .hint("docs/guide.md shows what may stand in it")
    })?;
    resolve(&file, settings).map_err(|error| {
        cannot(&error).hint("give one of them another key under `[keys]`; `[]` takes its key away")
    })
}

fn resolve(file: &File, mut settings: TuiSettings) -> Result<TuiSettings, crate::tui::KeyError> {
    let own = file.keys.iter().map(|(name, keys)| (name.as_str(), keys.texts()));
    let (keymap, mut unknown) = Keymap::with(own)?;
    settings.keymap = keymap;
    settings.palette = palette(file.theme, settings.palette);
    settings.ascii_borders = file.ascii_borders.unwrap_or(settings.ascii_borders);
    settings.mouse = file.mouse.unwrap_or(settings.mouse);
    unknown.extend(file.unknown.keys().cloned());
    if !unknown.is_empty() {
        let names = unknown.join("`, `");
        settings.notice = Some(format!("the settings file names what is not known: `{names}`"));
    }
    Ok(settings)
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

fn read(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(text: &str) -> Result<TuiSettings, Report> {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        apply(&path, TuiSettings::default())
    }

    #[test]
    fn no_file_says_nothing() {
        let settings = apply(Path::new("/nowhere/config.toml"), TuiSettings::default()).unwrap();
        assert!(settings.mouse && settings.notice.is_none());
    }

    #[test]
    fn what_is_written_holds_and_what_is_unknown_is_told() {
        let text = "theme = \"none\"\nmouse = false\nwings = 2\n[keys]\nfollow = \"T\"\npause = []\nfly = [\"W\"]\n";
        let settings = with(text).unwrap();
        assert_eq!((settings.mouse, settings.palette), (false, Palette::None));
        let notice = settings.notice.unwrap();
        assert!(notice.ends_with("`fly`, `wings`"), "{notice}");
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

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let lines = with("mouse = true\n\n[keys\n").unwrap_err().lines();
        assert!(lines.contains("line 3"), "{lines}");
        let lines = with("mouse = \"maybe\"\n").unwrap_err().lines();
        assert!(lines.contains("line 1"), "{lines}");
    }
}
