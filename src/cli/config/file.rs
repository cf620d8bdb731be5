//! The file as written.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::screen::ThemeName;
use super::value::{
    Address, Any, Fault, Hosts, List, ModeSpec, Network, Server, Size, Text, UserPassword,
};
use crate::cli::folders::Folders;
use crate::cli::keys;
use crate::cli::report::Report;

/// Where to look.
const SHOWN: &str = "docs/guide.md shows what may stand in it";
/// Longest file read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What may stand in it.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Written {
    pub(super) mode: Option<List<ModeSpec>>,
    pub(super) listen: Option<Text<Address>>,
    pub(super) reverse: Option<Text<Server>>,
    pub(super) admin: Option<Text<Address>>,
    pub(super) keep_host: bool,
    pub(super) allow: Option<List<Network>>,
    pub(super) intercept: Option<List<Hosts>>,
    pub(super) passthrough: Option<List<Hosts>>,
    pub(super) auto_passthrough: Option<NonZeroU32>,
    pub(super) upstream_ca: Option<List<Any>>,
    pub(super) insecure_upstream: bool,
    pub(super) body_limit: Option<Size>,
    pub(super) capture_limit: Option<Size>,
    pub(super) ca_dir: Option<PathBuf>,
    pub(super) dm_passwords: Option<List<UserPassword>>,
    pub(super) log_file: Option<PathBuf>,
    pub(super) mouse: Option<bool>,
    pub(super) theme: Option<ThemeName>,
    pub(super) ascii_borders: Option<bool>,
    pub(super) keys: BTreeMap<Spanned<String>, List<Any>>,
}

impl Written {
    /// The first text that is not what it should be.
    fn fault(&self) -> Option<Fault> {
        let faults = [
            self.mode.as_ref().and_then(List::fault),
            self.listen.as_ref().and_then(Text::fault),
            self.reverse.as_ref().and_then(Text::fault),
            self.admin.as_ref().and_then(Text::fault),
            self.allow.as_ref().and_then(List::fault),
            self.intercept.as_ref().and_then(List::fault),
            self.passthrough.as_ref().and_then(List::fault),
            self.dm_passwords.as_ref().and_then(List::fault),
        ];
        faults.into_iter().flatten().min_by_key(|fault| fault.at)
    }
}

/// The settings file of this run.
#[derive(Debug, Default)]
pub(in crate::cli) struct SettingsFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    pub(super) written: Written,
    found: bool,
}

impl SettingsFile {
    /// Reads the file at `named`, or the user's own, which may not be there.
    ///
    /// # Errors
    /// When it cannot be read, is no TOML, or says what cannot be: with the line.
    pub(in crate::cli) fn load(named: Option<&Path>) -> Result<Self, Report> {
        // Without a home there is no file of the user's.
        let own = || Folders::of_user().ok().map(|folders| folders.settings_file());
        let Some(path) = named.map(Path::to_owned).or_else(own) else {
            return Ok(Self::default());
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound && named.is_none() => {
                return Ok(Self { path, ..Self::default() });
            }
            Err(error) => return Err(cannot_use(&path).because(error)),
        };
        let mut file = Self { path, text, found: true, ..Self::default() };
        file.written = toml::from_str(&file.text).map_err(|error| file.mistake(&error))?;
        match file.written.fault() {
            Some(fault) => Err(file.at(fault.at, &fault.why).hint(SHOWN)),
            None => Ok(file),
        }
    }

    /// Where it is, or would be; empty without a home.
    pub(in crate::cli) fn path(&self) -> &Path {
        &self.path
    }

    /// False when there is none.
    pub(in crate::cli) fn found(&self) -> bool {
        self.found
    }

    /// User and password of management accounts (`dm_passwords`).
    pub(in crate::cli) fn dm_passwords(&self) -> Vec<(String, String)> {
        let texts = self.written.dm_passwords.as_ref().map(List::texts).unwrap_or_default();
        texts.iter().filter_map(|text| keys::user_password(text)).collect()
    }

    /// What is wrong, at this byte of the file.
    pub(super) fn at(&self, byte: usize, why: &dyn Display) -> Report {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        cannot_use(&self.path).because(format!("line {line}: {why}"))
    }

    /// As [`Self::at`], without a place.
    pub(super) fn wrong(&self, why: &dyn Display) -> Report {
        cannot_use(&self.path).because(why)
    }

    fn mistake(&self, error: &toml::de::Error) -> Report {
        let byte = error.span().map_or(0, |span| span.start);
        let message = error.message().lines().next().unwrap_or_default();
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split_once('`'));
        let Some((name, known)) = unknown else {
            return self.at(byte, &message).hint("docs/guide.md shows what may stand in it");
        };
        let known = known.trim_start_matches(", expected one of ").trim_start_matches(", ");
        self.at(byte, &format!("there is no setting `{name}`")).hint(format!("there are {known}"))
    }
}

fn cannot_use(path: &Path) -> Report {
    Report::new(format!("cannot use the settings file `{}`", path.display()))
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
pub(super) fn written(text: &str) -> Result<SettingsFile, Report> {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("config.toml");
    fs::write(&path, text).unwrap();
    SettingsFile::load(Some(&path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_named_must_be_there() {
        let error = SettingsFile::load(Some(Path::new("/nowhere/config.toml"))).unwrap_err();
        assert!(error.lines().contains("cause: No such file"), "{}", error.lines());
    }

    #[test]
    fn a_mistake_is_three_lines_with_its_own() {
        for (text, expected) in [
            ("mouse = true\n\n[keys\n", "line 3: "),
            ("mouse = \"maybe\"\n", "line 1: "),
            ("mouse = true\nwings = 2\n", "line 2: there is no setting `wings`"),
            ("passthrough = [\n  \"ok.example\",\n  \"no pattern\",\n]\n", "line 3: not a host"),
            ("\nintercept = \"a b\"\n", "line 2: not a host pattern: `a b`"),
            ("listen = \"home\"\n", "line 1: "),
            ("mode = [\"socks\"]\n", "line 1: unknown mode: `socks`"),
            ("reverse = \"mail.example\"\n", "line 1: not a server"),
            ("allow = \"everyone\"\n", "line 1: "),
            ("\n\nbody_limit = \"much\"\n", "line 3: expected a number"),
            ("body_limit = -1\n", "line 1: it is negative"),
            ("auto_passthrough = 0\n", "line 1: "),
            ("theme = \"pink\"\n", "line 1: "),
        ] {
            let lines = written(text).unwrap_err().lines();
            assert!(lines.contains(&format!("cause: {expected}")), "{text}: {lines}");
            assert_eq!(lines.lines().count(), 3, "{lines}");
        }
    }

    #[test]
    fn what_the_guide_shows_can_be_read() {
        let guide = include_str!("../../../docs/guide.md");
        let mut blocks = guide.split("```toml\n").skip(1).peekable();
        assert!(blocks.peek().is_some());
        for block in blocks {
            let text = block.split("```").next().unwrap();
            let file = written(text).unwrap_or_else(|error| panic!("{}", error.lines()));
            assert!(file.found());
        }
    }
}
