//! `synctap ca`: the certificate authority that devices must trust.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::args::{CaArgs, CaCommand};
use crate::cli::config::SettingsFile;
use crate::cli::folders::Folders;
use crate::cli::output::{say, stdout};
use crate::cli::report::{Report, chain};
use crate::pki::Authority;

/// Shows or exports it; it is made first if there is none.
pub(super) fn run(args: &CaArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    let own = match &args.ca_dir {
        Some(folder) => Some(folder.clone()),
        None => SettingsFile::load(config)?.ca_dir(),
    };
    let folder = folder(own.as_deref())?;
    let authority = load(&folder)?;
    let mut out = stdout();
    match &args.command {
        None => {
            let shown = authority.facts();
            let facts = &shown.facts;
            let days = (facts.not_before.utc().date(), facts.not_after.utc().date());
            writeln!(out, "certificate  {}", shown.certificate.display())?;
            writeln!(out, "subject      {}", facts.subject)?;
            writeln!(out, "SHA-256      {}", colons(&facts.sha256))?;
            writeln!(out, "valid        {} to {}", days.0, days.1)?;
        }
        Some(CaCommand::Export(export)) if export.der => out.write_all(authority.export_der())?,
        Some(CaCommand::Export(export)) if export.mobileconfig => {
            out.write_all(authority.export_mobileconfig().as_bytes())?;
        }
        Some(CaCommand::Export(_)) => out.write_all(authority.export_pem().as_bytes())?,
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The folder of the certificate authority.
pub(super) fn folder(given: Option<&Path>) -> Result<PathBuf, Report> {
    match given {
        Some(folder) => Ok(folder.to_owned()),
        None => Ok(Folders::of_user()?.ca()),
    }
}

/// Loads it, or makes it on first run; says what is odd about it.
pub(super) fn load(folder: &Path) -> Result<Authority, Report> {
    let authority = Authority::open(folder).map_err(|error| {
        let what = format!("cannot use the certificate authority in `{}`", folder.display());
        let report = Report::new(what).because(chain(&error));
        match error.hint() {
            hint if hint.is_empty() => report.hint("name another folder with `--ca-dir DIR`"),
            hint => report.hint(hint),
        }
    })?;
    for warning in &authority.facts().warnings {
        say(&format!("warning: {warning}"));
    }
    Ok(authority)
}

/// Pairs of hex digits in capitals, as other tools print fingerprints.
fn colons(hex: &str) -> String {
    let pairs: Vec<_> = hex.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
    pairs.join(":").to_uppercase()
}
