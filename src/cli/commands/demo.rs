//! `synctap demo`: a device and a server of our own with the real proxy between them.

use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum as _;
use tokio_util::sync::CancellationToken;

use crate::cli::args::{DemoArgs, RunArgs};
use crate::cli::config::SettingsFile;
use crate::cli::demo::{DemoError, Mishap, Stage, Ways};
use crate::cli::logging;
use crate::cli::output::say;
use crate::cli::report::{Report, chain};
use crate::cli::settings::Settings;
use crate::engine::{Live, LiveSettings};

use super::run as proxy_run;

/// Servers are close by: nobody should wait longer to see that one does not answer.
const CONNECT: Duration = Duration::from_secs(2);

/// Plays it, with the UI or headless.
pub(super) fn run(args: &DemoArgs, config: Option<&Path>) -> Result<ExitCode, Report> {
    let settings = settings(args)?;
    let _log = logging::start(settings.log_file.as_deref())?;
    // Of the settings file only what is said of the screen.
    let screen = proxy_run::screen(&settings, &SettingsFile::load(config)?)?;
    proxy_run::runtime()?.block_on(async {
        let shutdown = CancellationToken::new();
        proxy_run::signals(&shutdown, screen.is_none())?;
        let (stage, ca) = Stage::set(args.fast).await.map_err(|error| failed(&error))?;
        let mut proxy = settings.proxy.clone();
        proxy.upstream_ca = vec![stage.upstream_ca()];
        proxy.hosts = stage.hosts();
        proxy.limits.connect = CONNECT;
        let keys = Arc::new(stage.keys().map_err(|error| failed(&error))?);
        let capture = settings.capture.clone();
        let live = LiveSettings { proxy, ca, capture, capture_limit: None };
        let live = Live::start_with(live, keys, shutdown.clone()).await;
        let live = live.map_err(|error| proxy_run::cannot_start(&settings.capture, &error))?;
        let mishaps = mishaps(args);
        let ways = ways(&live, &stage, &mishaps)?;
        let (ending, alone) = (shutdown.clone(), screen.is_none());
        let play = tokio::spawn(async move {
            let played = tokio::select! {
                () = ending.cancelled() => Ok(()),
                played = stage.play(ways, &mishaps) => played,
            };
            // With the screen, people go on looking; without, there is nothing more to come.
            if alone {
                ending.cancel();
            }
            played.map(|()| stage)
        });
        let capture = settings.capture.clone();
        proxy_run::show(live, settings, screen, shutdown).await?;
        let played = play.await.map_err(|error| Report::new("cannot play").because(error))?;
        played.map_err(|error| failed(&error))?;
        say(&format!("look again: synctap open {}", capture.display()));
        Ok(ExitCode::SUCCESS)
    })
}

fn settings(args: &DemoArgs) -> Result<Settings, Report> {
    let run = RunArgs {
        modes: vec!["regular@127.0.0.1:0".into()],
        capture: args.capture.clone(),
        // The authority is one of the demonstration's own; the user's is not touched.
        ca_dir: Some(std::env::temp_dir()),
        body_limit: Some(1024 * 1024),
        no_tui: args.no_tui,
        json: args.json,
        ..RunArgs::default()
    };
    Settings::resolve(&run, io::stdout().is_terminal(), proxy_run::now())
}

fn mishaps(args: &DemoArgs) -> Vec<Mishap> {
    if args.fail_all { Mishap::value_variants().to_vec() } else { args.fail.clone() }
}

/// Where the proxy listens; from now on for its server alone too, if a mishap needs that.
fn ways(live: &Live, stage: &Stage, mishaps: &[Mishap]) -> Result<Ways, Report> {
    let missing = || Report::new("cannot find the demonstration's own proxy");
    let viewer = live.viewer();
    let listeners = viewer.status().listeners;
    let address = listeners.first().and_then(|listener| listener.rsplit('@').next());
    let proxy = address.and_then(|address| address.parse().ok()).ok_or_else(missing)?;
    let needed = mishaps.contains(&Mishap::PlainHttpToTls);
    let reverse = needed.then(|| viewer.add_mode(&stage.reverse())).transpose();
    let reverse = reverse.map_err(|error| missing().because(error))?;
    Ok(Ways { proxy, reverse })
}

fn failed(error: &DemoError) -> Report {
    Report::new("cannot play the demonstration").because(chain(error))
}
