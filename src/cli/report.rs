//! Errors as people read them.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use crate::render::clean;

/// Exit code when something could not be done.
const CANNOT: u8 = 2;

/// Something that could not be done: what failed, why, and what to type instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    what: String,
    cause: Option<String>,
    /// A line of marks under the first, in the place of the cause.
    mark: Option<String>,
    hint: Option<String>,
    silent: bool,
}

impl Report {
    /// What failed: lower case, no full stop, the value in backticks.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), cause: None, mark: None, hint: None, silent: false }
    }

    /// Nothing to say: the reader of our output went away.
    pub fn broken_pipe() -> Self {
        Self { silent: true, ..Self::new("") }
    }

    /// Why.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Why, as a line of its own that points at a place in the first line.
    #[must_use]
    pub fn pointing(mut self, line: impl Into<String>) -> Self {
        self.mark = Some(line.into());
        self
    }

    /// What to type.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The lines, without colour.
    pub fn lines(&self) -> String {
        let mut out = format!("error: {}\n", clean(&self.what));
        if let Some(mark) = &self.mark {
            let _ = writeln!(out, "{}", clean(mark));
        }
        for (label, line) in [("cause", &self.cause), ("hint", &self.hint)] {
            if let Some(line) = line {
                let _ = writeln!(out, "  {label}: {}", clean(line));
            }
        }
        out
    }

    /// What failed and why in one line, and what to type.
    pub(super) fn parts(&self) -> (String, String) {
        let why = self.cause.iter().map(|cause| format!(": {cause}"));
        (
            why.fold(self.what.clone(), |line, why| line + &why),
            self.hint.clone().unwrap_or_default(),
        )
    }

    /// Prints the lines to stderr; the exit code is 2, or 0 for a broken pipe as is the custom.
    pub fn print(&self) -> ExitCode {
        if self.silent {
            return ExitCode::SUCCESS;
        }
        // Nobody is left to tell when stderr is gone too.
        let _ = std::io::stderr().lock().write_all(self.lines().as_bytes());
        ExitCode::from(CANNOT)
    }
}

/// An error and what caused it, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        // Transparent wrappers say the same words again.
        if !line.ends_with(&text) {
            let _ = write!(line, ": {text}");
        }
        source = error.source();
    }
    line
}

impl From<std::io::Error> for Report {
    /// For writes to stdout.
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::broken_pipe();
        }
        Self::new("cannot write to standard output").because(error)
    }
}

/// Lets the argument parser speak: help and version to stdout with 0, errors to stderr with 2.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(CANNOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_lines_what_why_what_to_type() {
        let report = Report::new("cannot listen on `127.0.0.1:8080`")
            .because("address in use")
            .hint("try `--listen 127.0.0.1:0`");
        assert_eq!(
            report.lines(),
            "error: cannot listen on `127.0.0.1:8080`\n  cause: address in use\n  hint: try `--listen 127.0.0.1:0`\n"
        );
    }

    #[test]
    fn no_escape_sequence_reaches_the_terminal() {
        assert!(!Report::new("cannot open `\x1b[31m`").lines().contains('\x1b'));
    }
}
