//! The command line: arguments, settings, commands, and how errors are told.
//!
//! stdout is data, stderr is talk. Every error that a person can cause leaves as three lines at
//! most: what failed, why, what to type. Exit codes: 0 done, 1 the input has problems, 2 it could
//! not be done.

mod args;
mod commands;
mod config;
mod demo;
mod doctor;
mod files;
mod filter;
mod folders;
mod input;
mod keys;
mod logging;
mod output;
mod report;
mod settings;

use std::process::ExitCode;

use clap::Parser as _;

pub use args::{Args, Command};
pub use report::Report;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return report::usage(&error),
    };
    match commands::run(args) {
        Ok(code) => code,
        Err(report) => report.print(),
    }
}
