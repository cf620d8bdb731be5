//! One file a command.

mod ca;
mod cert;
mod configuration;
mod decode;
mod demo;
mod devices;
mod doctor;
mod encode;
mod explain;
mod ledger;
mod open;
mod policy;
mod run;
mod shell;
mod show;
mod timeline;
mod verify;

use std::process::ExitCode;

use super::args::{Args, Command};
use super::report::Report;

/// Does what was asked.
///
/// # Errors
/// Whatever could not be done, ready to print.
pub(super) fn run(args: Args) -> Result<ExitCode, Report> {
    let config = args.config.as_deref();
    match args.command {
        None => run::run(&args.run, config),
        Some(Command::Run(args)) => run::run(&args, config),
        Some(Command::Open(args)) => open::run(&args, config),
        Some(Command::Show(args)) => show::run(&args, config),
        Some(Command::Timeline(args)) => timeline::run(&args),
        Some(Command::Policy(args)) => policy::run(&args),
        Some(Command::Ledger(args)) => ledger::run(&args, config),
        Some(Command::Config(args)) => configuration::run(&args),
        Some(Command::Decode(args)) => decode::run(&args),
        Some(Command::Verify(args)) => verify::run(&args),
        Some(Command::Cert(args)) => cert::run(&args),
        Some(Command::Encode(args)) => encode::run(&args),
        Some(Command::Explain(args)) => explain::run(&args),
        Some(Command::Ca(args)) => ca::run(&args, config),
        Some(Command::Demo(args)) => demo::run(&args, config),
        Some(Command::Doctor(args)) => doctor::run(&args, config),
        Some(Command::Completions { shell }) => shell::completions(shell),
        Some(Command::Man) => shell::man(),
    }
}
