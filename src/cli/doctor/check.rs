//! One check and its result.

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// Fine.
    Ok,
    /// It works, but perhaps not as wanted.
    Warn,
    /// It is in the way.
    Fail,
}

impl Verdict {
    /// As printed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line of the result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at.
    #[serde(rename = "check")]
    pub(crate) about: String,
    /// How it came out.
    pub(crate) verdict: Verdict,
    /// What was found, without a full stop.
    pub(crate) found: String,
    /// What to do; empty when there is nothing to do.
    pub(crate) advice: String,
}

impl Check {
    pub(super) fn ok(about: &str, found: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            verdict: Verdict::Ok,
            found: found.into(),
            advice: String::new(),
        }
    }

    pub(super) fn warn(about: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, advice: advice.into(), ..Self::ok(about, found) }
    }

    pub(super) fn fail(about: &str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fail, advice: advice.into(), ..Self::ok(about, found) }
    }
}
