//! The set-up page in a real browser: its verdict is right before the certificate is trusted, and
//! after. Needs Chromium and `certutil` (libnss3-tools); left out, and said so, where they are missing,
//! unless `SYNCTAP_BROWSER` is set (`.ci/run` sets it where it can).

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use synctap::model::{Exchange, State};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::support::{self, Lab};

/// A browser on a busy machine takes its time to start.
const START: Duration = Duration::from_mins(2);

/// The page as the browser has it once its checks are done.
async fn page(lab: &Lab, home: &Path) -> String {
    let profile = TempDir::new().unwrap();
    // The browser looks for updates and the time whatever it is told; the script leads that nowhere.
    let script = format!(
        "function FindProxyForURL(url, host) {{ return host == 'synctap.internal' ? 'PROXY {}' : \
         'PROXY 127.0.0.1:9'; }}",
        lab.address
    );
    let mut browser = tokio::process::Command::new("chromium");
    browser
        .args(["--headless", "--no-sandbox", "--disable-gpu"])
        .args(["--disable-background-networking", "--disable-component-update", "--no-first-run"])
        .args(["--disable-sync", "--disable-default-apps", "--disable-extensions"])
        .arg("--disable-features=NetworkTimeServiceQuerying")
        .arg(format!(
            "--proxy-pac-url=data:application/x-ns-proxy-autoconfig;base64,{}",
            STANDARD.encode(script)
        ))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(["--virtual-time-budget=15000", "--dump-dom", "http://synctap.internal/"])
        .env("HOME", home)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = timeout(START, browser.output()).await.expect("the browser ends").unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn certutil(store: &str, args: &[&str]) {
    let done = Command::new("certutil").args(["-d", store]).args(args).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// Trusts the proxy's authority, as the page tells Linux users to.
fn trust(home: &Path) {
    let folder = home.join(".pki/nssdb");
    std::fs::create_dir_all(&folder).unwrap();
    let store = format!("sql:{}", folder.display());
    let certificate = home.join("synctap.pem");
    std::fs::write(&certificate, support::authority().export_pem()).unwrap();
    certutil(&store, &["-N", "--empty-password"]);
    let file = certificate.to_str().unwrap();
    certutil(&store, &["-A", "-t", "C,,", "-n", "synctap", "-i", file]);
}

#[tokio::test]
async fn the_pages_own_verdict_is_right_before_and_after() {
    for (program, question) in [("chromium", "--version"), ("certutil", "-H")] {
        if Command::new(program).arg(question).output().is_err() {
            assert!(std::env::var_os("SYNCTAP_BROWSER").is_none(), "{program} is not installed");
            eprintln!("left out: {program} is not installed");
            return;
        }
    }
    let (lab, home) = (Lab::regular().await, TempDir::new().unwrap());
    let before = page(&lab, home.path()).await;
    let words = "This device uses the proxy but does not trust its certificate yet";
    assert!(before.contains(words), "{before}");
    let ours = |e: &Exchange| e.host == "synctap.internal" && matches!(&e.state, State::Failed(_));
    let State::Failed(failure) = lab.events.wait(ours).await.state else { panic!() };
    assert_eq!(failure.code, "certificate-rejected");
    trust(home.path());
    let after = page(&lab, home.path()).await;
    assert!(after.contains("This device uses the proxy and trusts its certificate"), "{after}");
    assert!(!after.contains(words));
    let hosts: Vec<_> = lab.events.all().into_iter().map(|exchange| exchange.host).collect();
    assert!(hosts.iter().all(|host| host == "synctap.internal"), "it needs nobody else: {hosts:?}");
}
