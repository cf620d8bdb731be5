//! A device on another network, in a network namespace of its own: who may connect is decided by the
//! address it really comes from. Needs root and `ip` (iproute2); left out, and said so, where they
//! are missing, unless `SYNCTAP_NETNS` is set (`.ci/run` sets it where it can).

use std::process::Command;

use synctap::model::{Kind, Side, State};

use crate::support::{Lab, PATIENCE};

/// A namespace joined to this one by a pair of virtual cards; gone when dropped.
struct Network {
    name: String,
    /// Our address.
    here: String,
    /// The device's.
    there: String,
}

fn ip(args: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(args).output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", args.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

impl Network {
    fn new() -> Result<Self, String> {
        let id = std::process::id();
        // Of the range for tests of network devices (RFC 2544, C.2.2).
        let subnet = format!("198.18.{}", id % 250);
        let name = format!("synctap{id}");
        let (near, far) = (format!("st{id}a"), format!("st{id}b"));
        ip(&["netns", "add", &name])?;
        let network =
            Self { name: name.clone(), here: format!("{subnet}.1"), there: format!("{subnet}.2") };
        ip(&["link", "add", &near, "type", "veth", "peer", "name", &far])?;
        ip(&["link", "set", &far, "netns", &name])?;
        ip(&["addr", "add", &format!("{}/30", network.here), "dev", &near])?;
        ip(&["link", "set", &near, "up"])?;
        ip(&["-n", &name, "addr", "add", &format!("{}/30", network.there), "dev", &far])?;
        ip(&["-n", &name, "link", "set", &far, "up"])?;
        Ok(network)
    }

    /// What a device there hears from `lab` when it asks for the set-up page.
    async fn ask(&self, lab: &Lab) -> String {
        let (host, port) = (lab.address.ip(), lab.address.port());
        let script = format!(
            "exec 3<>/dev/tcp/{host}/{port}; \
             printf 'GET / HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3"
        );
        let mut device = tokio::process::Command::new("ip");
        device.args(["netns", "exec", &self.name, "bash", "-c", &script]).kill_on_drop(true);
        let heard = tokio::time::timeout(PATIENCE, device.output()).await.unwrap().unwrap();
        String::from_utf8_lossy(&heard.stdout).into_owned()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The cards go with it.
        let _ = ip(&["netns", "del", &self.name]);
    }
}

#[tokio::test]
async fn a_device_of_another_network_needs_permission() {
    let network = match Network::new() {
        Ok(network) => network,
        Err(why) => {
            assert!(std::env::var_os("SYNCTAP_NETNS").is_none(), "no namespace: {why}");
            eprintln!("left out: no network namespace can be made here ({why})");
            return;
        }
    };
    let mode = format!("regular@{}:0", network.here);
    let lab = Lab::with(&mode, |s| s.allow = vec!["203.0.113.0/24".parse().unwrap()]).await;
    assert_eq!(network.ask(&lab).await, "", "not even a page");
    let exchange = lab.events.failed("not-allowed").await;
    let State::Failed(failure) = &exchange.state else { panic!() };
    assert_eq!((failure.side, exchange.kind), (Side::Proxy, Kind::Connection));
    let cause = format!("{} is not among the addresses that may connect", network.there);
    assert_eq!(failure.cause, cause);
    assert!(failure.advice.contains("--allow"), "{}", failure.advice);
    assert!(exchange.client.starts_with(&network.there), "{}", exchange.client);
    let allowed = format!("{}/32", network.there).parse().unwrap();
    let lab = Lab::with(&mode, |s| s.allow = vec![allowed]).await;
    let page = network.ask(&lab).await;
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    assert!(lab.events.all().is_empty());
}
