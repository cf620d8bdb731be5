//! The settings file: `config.toml` in the user's configuration folder, or the one `--config` names.
//!
//! ```toml
//! listen = "0.0.0.0:8080"     # what `synctap run` takes as flags, by the same names with `_`
//! allow = ["192.168.1.0/24"]
//! passthrough = ["*.bank.example", "10.0.0.0/8"]
//!
//! mouse = true                # how the screen looks
//! theme = "terminal"          # or "dark", "light", "none"
//! ascii_borders = false
//!
//! [keys]                      # actions by the names of docs/reference/keys.md
//! follow = "T"
//! layout = ["w", "F5"]
//! pause = []                  # no key: only the command `:pause`
//! ```
//!
//! What lives here: reading it, and putting it below what the command line says. A mistake in it is
//! told with its line before anything starts; nothing in it is passed over.

mod file;
mod run;
mod screen;
mod value;

pub(super) use file::SettingsFile;
