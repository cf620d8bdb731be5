//! Which devices a capture holds, and how far each got.

use std::collections::BTreeMap;

use crate::model::{Level, Progress, Protocol, Row};

use super::check::Check;

/// Most devices told apart; a capture may come from anyone.
const DEVICES: usize = 1_000;

/// What was seen of one device.
#[derive(Debug, Default)]
struct Device {
    exchanges: u64,
    failed: u64,
    farthest: Step,
    last_trouble: String,
    wiped: bool,
}

/// How far a device got, in the order it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Step {
    #[default]
    Connected,
    Asked,
    MustProvision,
    PolicyDownloaded,
    PolicyAcknowledged,
    Enrolling,
    Enrolled,
    Managed,
    Synchronised,
}

impl Step {
    const fn words(self) -> &'static str {
        match self {
            Self::Connected => "connected, and no request was read",
            Self::Asked => "asked, without provisioning",
            Self::MustProvision => "was told to provision, and did not",
            Self::PolicyDownloaded => "downloaded its policy, and did not acknowledge it",
            Self::PolicyAcknowledged => "acknowledged its policy, and has not synchronised since",
            Self::Enrolling => "began to enrol, and got no certificate",
            Self::Enrolled => "enrolled, and has not been managed since",
            Self::Managed => "was managed (SyncML)",
            Self::Synchronised => "provisioned and synchronised",
        }
    }
}

/// A line for each device in `rows`.
pub(crate) fn devices(rows: impl Iterator<Item = Row>) -> Vec<Check> {
    let mut devices: BTreeMap<String, Device> = BTreeMap::new();
    for row in rows {
        let name = name(&row);
        if devices.len() < DEVICES || devices.contains_key(&name) {
            devices.entry(name).or_default().add(&row);
        }
    }
    devices.into_iter().map(|(name, device)| device.check(&name)).collect()
}

/// The device id where a request names one, else the address it came from.
fn name(row: &Row) -> String {
    match row.summary.device.as_str() {
        "" => format!("address {}", row.client),
        id => format!("device {id}"),
    }
}

impl Device {
    fn add(&mut self, row: &Row) {
        self.exchanges += 1;
        self.farthest = self.farthest.max(step(row));
        self.wiped |= row.summary.facts.to_ascii_lowercase().contains("wipe");
        if let Progress::Failed(_) = row.progress {
            self.failed += 1;
            self.last_trouble.clone_from(&row.cause);
        }
    }

    fn check(self, name: &str) -> Check {
        let mut found = format!("{} ({} exchanges", self.farthest.words(), self.exchanges);
        if self.failed > 0 {
            found = format!("{found}, {} failed: {}", self.failed, self.last_trouble);
        }
        found.push(')');
        if self.wiped {
            found.push_str("; the server ordered a wipe");
        }
        match self.farthest {
            Step::Connected if self.failed > 0 => {
                let advice = "open http://synctap.internal/ on it: the page says what is missing";
                Check::fail(name, found, advice)
            }
            Step::Synchronised | Step::Managed | Step::Asked if !self.wiped && self.failed == 0 => {
                Check::ok(name, found)
            }
            _ => Check::warn(name, found, "look at its last exchanges: `synctap open FILE`"),
        }
    }
}

/// How far this one exchange shows the device to be.
fn step(row: &Row) -> Step {
    let summary = &row.summary;
    if row.method.is_empty() || row.method == "CONNECT" {
        return Step::Connected;
    }
    let answered = row.http_status == Some(200) && summary.level < Level::Warning;
    let holds_key = summary.policy_key.is_some_and(|key| key.0 != 0);
    match (summary.protocol, summary.command.as_str()) {
        (Protocol::SyncMl, _) if row.http_status == Some(200) => Step::Managed,
        (Protocol::Enrolment, command)
            if answered && command.starts_with("RequestSecurityToken") =>
        {
            Step::Enrolled
        }
        (Protocol::Enrolment, _) => Step::Enrolling,
        (Protocol::ActiveSync, "Provision") if answered && holds_key => Step::PolicyAcknowledged,
        (Protocol::ActiveSync, "Provision") if answered => Step::PolicyDownloaded,
        (Protocol::ActiveSync, _) if must_provision(row) => Step::MustProvision,
        (Protocol::ActiveSync, "FolderSync" | "Sync" | "Ping") if answered => Step::Synchronised,
        _ => Step::Asked,
    }
}

/// Statuses 140 to 144 (MS-ASCMD 2.2.2), or HTTP 449 of older versions.
fn must_provision(row: &Row) -> bool {
    let status = row.summary.status.parse::<u16>().unwrap_or_default();
    row.http_status == Some(449) || (140..=144).contains(&status)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;
    use crate::model::{ConnId, Exchange, ExchangeId, Kind, PolicyKey, Summary, WallTime};

    fn row(command: &str, status: &str, key: u32) -> Row {
        let exchange = Exchange::begin(ExchangeId(1), ConnId(1), Kind::Http, WallTime(0));
        let summary = Summary {
            protocol: Protocol::ActiveSync,
            device: "phone".into(),
            command: command.into(),
            status: status.into(),
            policy_key: Some(PolicyKey(key)),
            ..Summary::default()
        };
        let mut row = Row::new(&exchange, summary);
        (row.method, row.http_status) = ("POST".into(), Some(200));
        row
    }

    fn told(rows: Vec<Row>) -> Check {
        let mut checks = devices(rows.into_iter());
        assert_eq!(checks.len(), 1);
        checks.remove(0)
    }

    #[test]
    fn a_device_is_told_by_the_farthest_step() {
        let asked = || vec![row("FolderSync", "142", 0)];
        assert!(told(asked()).found.contains("told to provision"));
        let mut rows = asked();
        rows.push(row("Provision", "1", 0));
        assert!(told(rows.clone()).found.contains("did not acknowledge"));
        rows.push(row("Provision", "1", 7));
        let check = told(rows.clone());
        assert_eq!(check.verdict, Verdict::Warn);
        rows.push(row("FolderSync", "1", 8));
        let check = told(rows);
        assert_eq!((check.verdict, &*check.about), (Verdict::Ok, "device phone"));
        assert!(check.found.starts_with("provisioned and synchronised (4 exchanges"), "{check:?}");
    }

    #[test]
    fn a_device_that_only_failed_is_in_the_way() {
        let mut failed = row("", "", 0);
        failed.method.clear();
        failed.summary.device.clear();
        failed.progress = Progress::Failed(crate::model::Side::Client);
        failed.cause = "the client rejected our certificate".into();
        failed.client = "192.168.1.9".into();
        let check = told(vec![failed]);
        assert_eq!((check.verdict, &*check.about), (Verdict::Fail, "address 192.168.1.9"));
        assert!(check.found.contains("rejected our certificate"), "{check:?}");
    }
}
