//! When a device asks for work (`Poll` of the `DMClient` CSP), in words.

use std::borrow::Cow;

/// The schedule of one provider. Counts and gaps as sent; `None` when not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::analyze) struct Poll {
    /// Three phases: how often, and every how many minutes. A count of 0 has no end.
    phases: [(Option<u64>, Option<u64>); 3],
    on_login: bool,
    first_login_of_all: bool,
}

/// The names of the parameters of the three phases.
const PHASES: [(&str, &str); 3] = [
    ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries"),
    ("NumberOfSecondRetries", "IntervalForSecondSetOfRetries"),
    ("NumberOfRemainingScheduledRetries", "IntervalForRemainingScheduledRetries"),
];

impl Poll {
    /// Reads the parameters by name.
    pub(in crate::analyze) fn of<'a>(value: impl Fn(&str) -> Option<Cow<'a, str>>) -> Self {
        let number = |name| value(name).and_then(|text| text.trim().parse().ok());
        let is_on = |name| value(name).is_some_and(|text| text.trim().eq_ignore_ascii_case("true"));
        Self {
            phases: PHASES.map(|(count, gap)| (number(count), number(gap))),
            on_login: is_on("PollOnLogin"),
            first_login_of_all: is_on("AllUsersPollOnFirstLogin"),
        }
    }

    /// `8 times every 15 min, then 5 times every 3 min, then every 26 h for ever; also at each login`;
    /// empty when nothing is said.
    pub(in crate::analyze) fn words(&self) -> String {
        let mut phases: Vec<String> = Vec::new();
        let mut ends = true;
        for (count, gap) in self.phases {
            let Some(gap) = gap.filter(|_| ends) else { continue };
            let every = format!("every {}", minutes(gap));
            phases.push(match count {
                Some(1) => format!("once after {}", minutes(gap)),
                Some(0) => format!("{every} for ever"),
                Some(count) => format!("{count} times {every}"),
                None => every,
            });
            ends = count != Some(0);
        }
        let mut words = phases.join(", then ");
        if !words.is_empty() && ends {
            words.push_str(", then no more");
        }
        let also = [
            (self.on_login, "at each login"),
            (self.first_login_of_all, "at the first login of each user"),
        ];
        let also: Vec<&str> = also.iter().filter(|(is, _)| *is).map(|(_, words)| *words).collect();
        match (words.is_empty(), also.is_empty()) {
            (_, true) => words,
            (true, false) => also.join(" and "),
            (false, false) => format!("{words}; also {}", also.join(" and ")),
        }
    }
}

/// Minutes as people count them.
fn minutes(count: u64) -> String {
    duration(count.saturating_mul(60))
}

/// Seconds in the largest unit that counts them whole: `14 days`, `26 h`, `15 min`.
pub(super) fn duration(seconds: u64) -> String {
    let whole = |unit: u64| seconds >= unit && seconds.is_multiple_of(unit);
    if whole(86_400) {
        let days = seconds / 86_400;
        if days == 1 { "1 day".to_owned() } else { format!("{days} days") }
    } else if whole(3_600) {
        format!("{} h", seconds / 3_600)
    } else if whole(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(pairs: &[(&str, &str)]) -> String {
        let value = |name: &str| {
            let found = pairs.iter().find(|(known, _)| *known == name);
            found.map(|(_, text)| Cow::Owned((*text).to_owned()))
        };
        Poll::of(value).words()
    }

    #[test]
    fn a_schedule_is_read_aloud() {
        let usual = [
            ("NumberOfFirstRetries", "8"),
            ("IntervalForFirstSetOfRetries", "15"),
            ("NumberOfSecondRetries", "5"),
            ("IntervalForSecondSetOfRetries", "3"),
            ("NumberOfRemainingScheduledRetries", "0"),
            ("IntervalForRemainingScheduledRetries", "1560"),
            ("PollOnLogin", "true"),
        ];
        assert_eq!(
            words(&usual),
            "8 times every 15 min, then 5 times every 3 min, then every 26 h for ever; also at each login"
        );
        assert_eq!(
            words(&[("NumberOfFirstRetries", "1"), ("IntervalForFirstSetOfRetries", "1440")]),
            "once after 1 day, then no more"
        );
        assert_eq!(words(&[]), "");
        assert_eq!(
            words(&[("AllUsersPollOnFirstLogin", "TRUE")]),
            "at the first login of each user"
        );
    }

    #[test]
    fn what_comes_after_for_ever_is_not_told() {
        let pairs = [
            ("NumberOfFirstRetries", "0"),
            ("IntervalForFirstSetOfRetries", "60"),
            ("NumberOfSecondRetries", "5"),
            ("IntervalForSecondSetOfRetries", "3"),
        ];
        assert_eq!(words(&pairs), "every 1 h for ever");
        let huge = [
            ("NumberOfFirstRetries", "3"),
            ("IntervalForFirstSetOfRetries", "18446744073709551615"),
        ];
        assert!(words(&huge).starts_with("3 times every "), "no overflow");
    }
}
