//! `synctap ledger`: the commands of each SyncML session, and what became of them.

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::args::LedgerArgs;
use crate::cli::config::SettingsFile;
use crate::cli::keys;
use crate::cli::output::stdout;
use crate::cli::report::Report;
use crate::model::SyncmlSession;
use crate::render;
use crate::render::Secrets;
use crate::seal::Keyring;

use super::devices::cannot_read;
use super::open;

/// Prints what was asked for.
pub(super) fn run(args: &LedgerArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    let mut keyring = Keyring::new();
    for (user, password) in SettingsFile::load(config)?.dm_passwords() {
        keyring.know_password(&user, &password);
    }
    for text in &args.password {
        let (user, password) = password(text)?;
        keyring.know_password(&user, &password);
    }
    let viewer = open::viewer_with(&args.file, keyring)?;
    let sessions = viewer.syncml_sessions().map_err(cannot_read)?;
    let secrets = if args.show_secrets { Secrets::Shown } else { Secrets::Masked };
    let mut out = stdout();
    for session in chosen(&sessions, args)? {
        if args.json {
            writeln!(out, "{}", render::ledger_json(session, secrets))?;
            continue;
        }
        for line in render::ledger_lines(session, secrets) {
            writeln!(out, "{line}")?;
        }
        writeln!(out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// `USER:PASSWORD`.
fn password(text: &str) -> Result<(String, String), Report> {
    keys::user_password(text).ok_or_else(|| {
        Report::new("cannot read the password")
            .because("there is no `:` in it")
            .hint("write it as USER:PASSWORD")
    })
}

/// The sessions that are meant.
fn chosen<'a>(
    sessions: &'a [SyncmlSession],
    args: &LedgerArgs,
) -> Result<Vec<&'a SyncmlSession>, Report> {
    let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|id| own.eq_ignore_ascii_case(id));
    let (session, device) = (args.session.as_deref(), args.device.as_deref());
    let fits = |own: &&SyncmlSession| is(session, &own.id) && is(device, &own.device);
    let found: Vec<_> = sessions.iter().filter(fits).collect();
    if found.is_empty() { Err(nothing(sessions, args, &args.file)) } else { Ok(found) }
}

fn nothing(sessions: &[SyncmlSession], args: &LedgerArgs, file: &Path) -> Report {
    let Some(first) = sessions.first() else {
        return Report::new(format!("cannot find a session in `{}`", file.display()))
            .because("the capture has no SyncML message");
    };
    let named = [("session", &args.session), ("device", &args.device)];
    let named = named.into_iter().filter_map(|(what, id)| Some((what, id.as_ref()?)));
    let words: Vec<String> = named.map(|(what, id)| format!("{what} `{id}`")).collect();
    let own = render::clean(&first.device);
    Report::new(format!("cannot find {} in `{}`", words.join(" of "), file.display()))
        .hint(format!("there is session `{}` of device `{own}`", render::clean(&first.id)))
}
