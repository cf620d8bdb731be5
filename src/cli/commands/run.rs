//! `synctap run`: the proxy with its terminal UI, or headless.

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::cli::args::RunArgs;
use crate::cli::config::SettingsFile;
use crate::cli::files::FileLimit;
use crate::cli::folders::Folders;
use crate::cli::keys;
use crate::cli::logging;
use crate::cli::output::{say, stdout};
use crate::cli::report::{Report, chain};
use crate::cli::settings::{Output, Settings};
use crate::engine::{EngineError, Live, LiveError, LiveSettings, Viewer};
use crate::model::filter::Filter;
use crate::model::{ExchangeId, WallTime};
use crate::proxy::ProxyError;
use crate::render;
use crate::render::Secrets;
use crate::render::clean;
use crate::tui;
use crate::tui::{Palette, TuiSettings};

use super::ca;
use super::open::cannot_open;

/// Exchanges printed at a time.
const BATCH: usize = 256;

/// Exit code when the same signal came twice.
const FORCED: i32 = 130;

/// Runs until it is told to stop.
pub(super) fn run(args: &RunArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    // What is wrong with the settings file is told before anything listens.
    let file = SettingsFile::load(config)?;
    let settings = Settings::resolve(&file.under(args), io::stdout().is_terminal(), now())?;
    let screen = screen(&settings, &file)?;
    let _log = logging::start(settings.log_file.as_deref())?;
    let ca = ca::load(&settings.ca_dir)?;
    let keyring = Arc::new(keys::load_knowing(&args.keys, config)?);
    let files = FileLimit::raise();
    if !files.holds(settings.proxy.limits.connections) {
        tracing::warn!(limit = files.soft, "few open files are allowed: connections may wait");
    }
    let live = LiveSettings {
        proxy: settings.proxy.clone(),
        ca,
        capture: settings.capture.clone(),
        capture_limit: settings.capture_limit,
    };
    let shutdown = CancellationToken::new();
    runtime()?.block_on(async {
        signals(&shutdown, screen.is_none())?;
        let live = Live::start_with(live, keyring, shutdown.clone()).await;
        let live = live.map_err(|error| cannot_start(&settings.capture, &error))?;
        show(live, settings, screen, shutdown).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// How the screen looks, if there is to be one.
///
/// # Errors
/// When the settings file cannot be used.
pub(super) fn screen(
    settings: &Settings,
    file: &SettingsFile,
) -> Result<Option<TuiSettings>, Report> {
    if settings.output != Output::Tui {
        return Ok(None);
    }
    let filter = settings.filter.clone().unwrap_or_default();
    Ok(Some(TuiSettings { filter, ..tui_settings(true, file)? }))
}

/// Shows what passes, on the screen or as lines, until told to stop; then stops in order.
pub(super) async fn show(
    live: Live,
    settings: Settings,
    screen: Option<TuiSettings>,
    shutdown: CancellationToken,
) -> Result<(), Report> {
    let Settings { capture, output, filter, show_secrets, .. } = settings;
    let viewer = live.viewer();
    if let Some(screen) = screen {
        let done = tui::run(viewer, screen, shutdown).await;
        stop(live, &capture).await?;
        return done.map_err(|error| Report::new("cannot use the terminal").because(error));
    }
    greet(&viewer, &capture);
    let secrets = if show_secrets { Secrets::Shown } else { Secrets::Masked };
    let sequence = live.last_closed();
    let printer = Printer { viewer, output, secrets, filter, sequence, trouble: None };
    headless(printer, live, &capture, shutdown).await
}

/// The async runtime of the process.
pub(super) fn runtime() -> Result<Runtime, Report> {
    Runtime::new().map_err(|error| Report::new("cannot start the runtime").because(error))
}

/// Cancels `shutdown` on SIGTERM and SIGHUP, and on SIGINT if it is ours: the terminal UI deals with
/// that itself, as it may be meant for a pager. The same signal again ends the process.
pub(super) fn signals(shutdown: &CancellationToken, interrupt: bool) -> Result<(), Report> {
    let kinds = [SignalKind::terminate(), SignalKind::hangup()];
    for kind in kinds.into_iter().chain(interrupt.then(SignalKind::interrupt)) {
        let mut stream = signal(kind)
            .map_err(|error| Report::new("cannot listen for signals").because(error))?;
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            stream.recv().await;
            shutdown.cancel();
            // Asked twice: what was shown as complete is in the capture already.
            stream.recv().await;
            std::process::exit(FORCED);
        });
    }
    Ok(())
}

/// What the environment asks of the UI; live traffic is followed until the user moves.
///
/// # Errors
/// When the settings file cannot be used.
pub(super) fn tui_settings(follow: bool, file: &SettingsFile) -> Result<TuiSettings, Report> {
    let color = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    let folders = Folders::of_user()?;
    let memory = Some(folders.screen_memory());
    let palette = if color { Palette::Terminal } else { Palette::None };
    let settings = TuiSettings { palette, follow, memory, ..TuiSettings::default() };
    file.screen(settings)
}

/// The time on the wall.
pub(super) fn now() -> WallTime {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    WallTime(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// Says where it listens and records; scripts read data from stdout, not this.
fn greet(viewer: &Viewer, capture: &Path) {
    let status = viewer.status();
    for listener in &status.listeners {
        say(&format!("listening: {listener}"));
    }
    if status.insecure_upstream {
        say("warning: --insecure-upstream: server certificates are NOT verified");
    }
    say(&format!("capture: {}", capture.display()));
    invite(viewer.pages());
}

/// Where a device finds the set-up pages, as a code to scan too when there is a screen for it.
fn invite(pages: &[String]) {
    let Some(first) = pages.first() else { return };
    for page in pages {
        say(&format!("set up a device: {page}"));
    }
    let local = |host: &str| host.starts_with("127.") || host.starts_with("[::1]");
    if local(first.trim_start_matches("http://")) {
        return say(
            "devices on the network cannot reach it: add `--listen 0.0.0.0:8080 --allow NETWORK`",
        );
    }
    if io::stderr().is_terminal() {
        // Dark on light, whatever the terminal's own colours.
        for line in render::qr(first) {
            say(&format!("  \x1b[30;107m{line}\x1b[0m"));
        }
    }
}

/// Prints exchanges as they close.
struct Printer {
    viewer: Viewer,
    output: Output,
    secrets: Secrets,
    filter: Option<Filter>,
    sequence: u64,
    /// What was said of recording last.
    trouble: Option<String>,
}

impl Printer {
    /// Prints what closed since the last call.
    fn print(&mut self) -> Result<(), Report> {
        self.tell_trouble();
        let mut out = stdout();
        loop {
            let closed = self.viewer.closed_after(self.sequence, BATCH);
            let closed = closed.map_err(|e| Report::new("cannot read the capture").because(e))?;
            let Some((last, _)) = closed.last() else { break };
            self.sequence = *last;
            for (_, id) in closed {
                let line =
                    self.line(id).map_err(|e| Report::new("cannot read the capture").because(e))?;
                if let Some(line) = line {
                    writeln!(out, "{line}")?;
                }
            }
        }
        out.flush()?;
        Ok(())
    }

    /// Says at once when recording fails, and when it goes on.
    fn tell_trouble(&mut self) {
        let trouble = self.viewer.status().trouble;
        if trouble == self.trouble {
            return;
        }
        match &trouble {
            Some(why) => say(&format!("warning: nothing is recorded {}", clean(why))),
            None => say("recording again"),
        }
        self.trouble = trouble;
    }

    /// What is printed of an exchange; nothing of one that does not pass.
    fn line(&self, id: ExchangeId) -> Result<Option<String>, EngineError> {
        let Some(row) = self.viewer.row(id)? else { return Ok(None) };
        if let Some(filter) = &self.filter
            && !self.viewer.passes(filter, &row)?
        {
            return Ok(None);
        }
        if self.output == Output::Json {
            let detail = self.viewer.detail(id)?;
            return Ok(detail.map(|detail| render::json(&detail, self.secrets).to_string()));
        }
        Ok(Some(render::row_line(&row, row.started, self.secrets)))
    }
}

/// Prints until told to stop, then what is left.
async fn headless(
    mut printer: Printer,
    mut live: Live,
    capture: &Path,
    shutdown: CancellationToken,
) -> Result<(), Report> {
    let mut revision = printer.viewer.revision();
    let mut result = Ok(());
    while result.is_ok() {
        tokio::select! {
            changed = revision.changed() => if changed.is_err() { break },
            () = shutdown.cancelled() => break,
        }
        (printer, result) = print(printer).await?;
    }
    live.drain().await;
    if result.is_ok() {
        (printer, result) = print(printer).await?;
    }
    drop(printer);
    stop(live, capture).await?;
    result
}

/// Runs the printer where it may block.
async fn print(mut printer: Printer) -> Result<(Printer, Result<(), Report>), Report> {
    let work = tokio::task::spawn_blocking(move || {
        let result = printer.print();
        (printer, result)
    });
    work.await.map_err(|error| Report::new("cannot print").because(error))
}

async fn stop(live: Live, capture: &Path) -> Result<(), Report> {
    live.stop().await.map_err(|error| {
        Report::new(format!("cannot close the capture `{}`", capture.display())).because(error)
    })
}

/// Why the proxy did not start, and what to type.
pub(super) fn cannot_start(capture: &Path, error: &LiveError) -> Report {
    match error {
        LiveError::Store(error) => cannot_open(capture, error),
        LiveError::Proxy(error) => proxy_report(error),
        error => Report::new("cannot start").because(error),
    }
}

/// The proxy's errors carry their own cause and hint.
fn proxy_report(error: &ProxyError) -> Report {
    let report = Report::new(error.to_string());
    let report = match std::error::Error::source(error) {
        Some(source) => report.because(chain(source)),
        None => report,
    };
    match error.hint() {
        hint if hint.is_empty() => report,
        hint => report.hint(hint),
    }
}
