//! Whether the clock of this machine can be right, without asking anybody: by what it wrote itself, and
//! by the times that servers told in a capture.

use std::path::Path;
use std::time::UNIX_EPOCH;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::check::Check;
use crate::model::WallTime;

/// A file may be this much younger than now: its disk may belong to another machine.
const FILE_SLACK: i64 = 5 * 60;
/// A server's time may differ by this much: certificates and tokens bear it.
const SERVER_SLACK: i64 = 5 * 60;

/// Certificates begin a day back, so a clock that is a little behind does no harm; one that stands
/// before the authority was made, or before files that were written here, does. `files` are some that
/// this machine wrote.
pub(super) fn check(now: WallTime, made: Option<WallTime>, files: &[&Path]) -> Check {
    let found = format!("it is {}", WallTime::from_unix(seconds_of(now), 0).rfc3339());
    let advice = "set this machine's clock";
    if made.is_some_and(|made| now < made) {
        return Check::fail("clock", format!("{found}, before the authority"), advice);
    }
    let from_the_future = files.iter().find(|path| {
        written(path).is_some_and(|seconds| seconds > seconds_of(now).saturating_add(FILE_SLACK))
    });
    match from_the_future {
        Some(path) => {
            let found = format!("{found}, before `{}` was written", path.display());
            Check::fail("clock", found, advice)
        }
        None => Check::ok("clock", format!("{found}; the device's must agree within a day")),
    }
}

/// The same by what servers said: pairs of our time and the `Date` of an answer (RFC 9110 §6.6.1).
/// `None` when no answer had one.
pub(crate) fn against_servers(answers: impl Iterator<Item = (WallTime, String)>) -> Option<Check> {
    let mut apart: Vec<i64> =
        answers.filter_map(|(ours, date)| Some(seconds_of(ours) - http_date(&date)?)).collect();
    apart.sort_unstable();
    // Answers may come from a cache and be old; the middle one is not.
    let middle = *apart.get(apart.len() / 2)?;
    let answers = apart.len();
    if middle.abs() <= SERVER_SLACK {
        let found = format!("agreed with {answers} answers of servers within {} s", middle.abs());
        return Some(Check::ok("clock", found));
    }
    let way = if middle > 0 { "ahead of" } else { "behind" };
    let found = format!("was {} s {way} the servers ({answers} answers with a date)", middle.abs());
    Some(Check::warn("clock", found, "set the clock of the machine that recorded it"))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` as seconds since 1970; the two old forms are not read.
fn http_date(text: &str) -> Option<i64> {
    let parsed = OffsetDateTime::parse(&text.trim().replace("GMT", "+0000"), &Rfc2822);
    parsed.ok().map(OffsetDateTime::unix_timestamp)
}

fn written(path: &Path) -> Option<i64> {
    let changed = path.metadata().ok()?.modified().ok()?;
    let since = changed.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

fn seconds_of(time: WallTime) -> i64 {
    time.0.div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn at(seconds: i64) -> WallTime {
        WallTime::from_unix(seconds, 0)
    }

    #[test]
    fn a_clock_before_what_was_written_is_wrong() {
        assert_eq!(check(at(100), Some(at(200)), &[]).verdict, Verdict::Fail);
        assert_eq!(check(at(200), Some(at(100)), &[]).verdict, Verdict::Ok);
        let file = tempfile::NamedTempFile::new().unwrap();
        let early = check(at(1_000_000), None, &[file.path()]);
        assert_eq!(early.verdict, Verdict::Fail);
        assert!(early.found.contains("was written"), "{early:?}");
        assert_eq!(check(at(4_000_000_000), None, &[file.path()]).verdict, Verdict::Ok);
        assert_eq!(check(at(0), None, &[Path::new("/nowhere")]).verdict, Verdict::Ok);
    }

    #[test]
    fn servers_tell_the_time() {
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(http_date("soon"), None);
        let answers = |ahead: i64| {
            let dates = ["Sun, 06 Nov 1994 08:49:37 GMT", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"];
            let ours = at(784_111_777 + ahead);
            against_servers(dates.into_iter().map(move |date| (ours, date.to_owned()))).unwrap()
        };
        assert_eq!(answers(20).verdict, Verdict::Ok);
        assert_eq!(answers(4000).verdict, Verdict::Warn);
        assert!(answers(4000).found.contains("4000 s ahead of the servers (2 answers"));
        assert!(answers(-4000).found.contains("behind"));
        assert_eq!(against_servers(std::iter::empty()), None);
    }
}
