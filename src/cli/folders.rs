//! Where things are kept: the XDG base directories.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use etcetera::base_strategy::Xdg;

use crate::model::WallTime;

use super::report::Report;

/// Folders below the user's home.
#[derive(Debug, Clone)]
pub(super) struct Folders {
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
}

impl Folders {
    /// From the environment.
    ///
    /// # Errors
    /// When the home folder is unknown.
    pub(super) fn of_user() -> Result<Self, Report> {
        let xdg = Xdg::new().map_err(|error| {
            Report::new("cannot find the home folder")
                .because(error)
                .hint("set HOME, or name the files: `--ca-dir DIR --capture FILE`")
        })?;
        let state = xdg.state_dir().unwrap_or_else(|| xdg.data_dir());
        let name = "synctap";
        Ok(Self {
            config: xdg.config_dir().join(name),
            data: xdg.data_dir().join(name),
            state: state.join(name),
        })
    }

    /// What the screen remembers, which may not exist.
    pub(super) fn screen_memory(&self) -> PathBuf {
        self.state.join("screen")
    }

    /// The settings file, which may not exist.
    pub(super) fn settings_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The certificate authority.
    pub(super) fn ca(&self) -> PathBuf {
        self.data.join("ca")
    }

    /// Where captures are written, if nothing else is said.
    pub(super) fn captures(&self) -> PathBuf {
        self.data.join("captures")
    }

    /// The capture of a run that begins now, in a folder that exists afterwards.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn new_capture(&self, now: WallTime) -> Result<PathBuf, Report> {
        let folder = self.captures();
        private_folder(&folder)?;
        let utc = now.utc();
        let name = format!(
            "{}T{:02}-{:02}-{:02}Z-{}.synctap",
            utc.date(),
            utc.hour(),
            utc.minute(),
            utc.second(),
            std::process::id()
        );
        Ok(folder.join(name))
    }

    /// The log while the terminal UI runs, in a folder that exists afterwards.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub(super) fn log(&self) -> Result<PathBuf, Report> {
        private_folder(&self.state)?;
        Ok(self.state.join("synctap.log"))
    }
}

/// Makes a folder that only the user can enter.
fn private_folder(folder: &Path) -> Result<(), Report> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Report::new(format!("cannot make the folder `{}`", folder.display()))
            .because(error)
            .hint("name the file with `--capture FILE`, or set XDG_DATA_HOME")
    })
}
