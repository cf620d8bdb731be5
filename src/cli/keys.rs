//! Keys and trusted certificates as files name them.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::seal::{KeyError, Keyring};

use super::args::KeyArgs;
use super::config::SettingsFile;
use super::input;
use super::report::Report;

/// Environment variable with the password of key files.
const PASSWORD: &str = "SYNCTAP_KEY_PASSWORD";

/// Longest password that is read, in bytes.
const PASSWORD_BYTES: u64 = 1024;

/// Reads every file named.
///
/// # Errors
/// When one cannot be used.
pub(super) fn load(args: &KeyArgs) -> Result<Keyring, Report> {
    let mut keyring = Keyring::new();
    for file in &args.keys {
        let bytes = Zeroizing::new(input::read(file)?.to_vec());
        add(&mut keyring, file, &bytes)?;
    }
    for file in &args.trust {
        let bytes = input::read(file)?;
        keyring.trust(&bytes).map_err(|error| cannot_use(file, &error))?;
    }
    Ok(keyring)
}

/// The same, with the passwords of management accounts that the settings file names.
///
/// # Errors
/// When a file cannot be used.
pub(super) fn load_knowing(args: &KeyArgs, config: Option<&Path>) -> Result<Keyring, Report> {
    let mut keyring = load(args)?;
    for (user, password) in SettingsFile::load(config)?.dm_passwords() {
        keyring.know_password(&user, &password);
    }
    Ok(keyring)
}

/// `USER:PASSWORD` as its parts; `None` without a colon.
pub(super) fn user_password(text: &str) -> Option<(String, String)> {
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn add(keyring: &mut Keyring, file: &Path, bytes: &[u8]) -> Result<(), Report> {
    let name = file.display().to_string();
    let given = std::env::var(PASSWORD).ok().map(Zeroizing::new);
    let result = keyring.add_key(&name, bytes, given.as_ref().map(|given| given.as_str()));
    let result = match result {
        Err(KeyError::NeedsPassword) if io::stdin().is_terminal() => {
            let asked = ask(&name)?;
            keyring.add_key(&name, bytes, Some(&asked))
        }
        other => other,
    };
    result.map(drop).map_err(|error| cannot_use(file, &error))
}

/// Asks on the terminal, without showing what is typed.
fn ask(name: &str) -> Result<Zeroizing<String>, Report> {
    let cannot = |error: io::Error| Report::new("cannot read a password").because(error);
    let mut stderr = io::stderr().lock();
    write!(stderr, "password of {}: ", crate::render::clean(name)).map_err(cannot)?;
    stderr.flush().map_err(cannot)?;
    let stdin = io::stdin();
    let shown = tcgetattr(&stdin).map_err(|error| cannot(error.into()))?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&stdin, OptionalActions::Now, &hidden).map_err(|error| cannot(error.into()))?;
    let mut line = Zeroizing::new(String::new());
    let read = io::Read::take(stdin.lock(), PASSWORD_BYTES).read_line(&mut line);
    // Whatever was read, the terminal is to show again what is typed.
    let back = tcsetattr(&stdin, OptionalActions::Now, &shown);
    writeln!(stderr).map_err(cannot)?;
    read.map_err(cannot)?;
    back.map_err(|error| cannot(error.into()))?;
    Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

fn cannot_use(file: &Path, error: &KeyError) -> Report {
    let name = file.display();
    let report = Report::new(format!("cannot use `{name}`")).because(error);
    match error {
        KeyError::NeedsPassword | KeyError::WrongPassword => {
            report.hint(format!("set {PASSWORD}, or run synctap in a terminal to be asked"))
        }
        KeyError::OldCipher { convert, .. } => {
            report.hint(format!("convert it: {}", convert.replace("OLD", &name.to_string())))
        }
        KeyError::NoCertificate => report.hint("name a file in PEM or DER after `--trust`"),
        _ => report.hint("name a private key in PEM, PKCS#8 or PKCS#12 after `--key`"),
    }
}
