//! Where log lines go.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;

use super::report::Report;

/// What is logged unless `SYNCTAP_LOG` says otherwise.
const DEFAULT_FILTER: &str = "warn,synctap=info";

/// Starts logging to `file`, or to stderr. The guard writes what is left when it is dropped.
///
/// # Errors
/// When the file cannot be opened.
pub(super) fn start(file: Option<&Path>) -> Result<WorkerGuard, Report> {
    let filter =
        EnvFilter::try_from_env("SYNCTAP_LOG").unwrap_or_else(|_| EnvFilter::new(DEFAULT_FILTER));
    let (writer, guard) = match file {
        Some(file) => {
            let log = OpenOptions::new().create(true).append(true).mode(0o600).open(file);
            let log = log.map_err(|error| {
                Report::new(format!("cannot open the log `{}`", file.display()))
                    .because(error)
                    .hint("name another with `--log-file FILE`")
            })?;
            tracing_appender::non_blocking(log)
        }
        None => tracing_appender::non_blocking(std::io::stderr()),
    };
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(false);
    // A second start in one process (tests) keeps the first subscriber.
    let _ = subscriber.try_init();
    Ok(guard)
}
