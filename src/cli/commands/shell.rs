//! `synctap completions`, `synctap man`: both made from the flags.

use std::io::Write as _;
use std::process::ExitCode;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::cli::args::Args;
use crate::cli::output::stdout;
use crate::cli::report::Report;

/// Prints the completion script of a shell.
pub(super) fn completions(shell: Shell) -> Result<ExitCode, Report> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "synctap", &mut out);
    print(&out)
}

/// Prints the manual page.
pub(super) fn man() -> Result<ExitCode, Report> {
    let mut out = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut out)?;
    print(&out)
}

fn print(bytes: &[u8]) -> Result<ExitCode, Report> {
    let mut out = stdout();
    out.write_all(bytes)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}
