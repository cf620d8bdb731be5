//! What the terminal can do.

use std::env;
use std::io::{self, IsTerminal as _};

use super::check::Check;

/// Smallest screen that shows the list and an exchange without crowding, in columns and rows.
const COMFORTABLE: (u16, u16) = (80, 24);
/// Below this many columns and rows the screen leaves things out.
const CRAMPED: (u16, u16) = (60, 15);

/// What is known of the terminal that this process has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terminal<V> {
    /// Standard output is one.
    pub(super) attached: bool,
    /// Columns and rows.
    pub(super) size: Option<(u16, u16)>,
    /// Looks into the environment.
    pub(super) variable: V,
}

/// The terminal of this process.
pub(super) fn own() -> Vec<Check> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    checks(&Terminal {
        attached: io::stdout().is_terminal(),
        size: size.map(|size| (size.ws_col, size.ws_row)),
        variable: |name: &str| env::var(name).ok(),
    })
}

pub(super) fn checks<V: Fn(&str) -> Option<String>>(terminal: &Terminal<V>) -> Vec<Check> {
    if !terminal.attached {
        return vec![Check::ok("terminal", "none: lines are printed instead of the screen")];
    }
    let term = terminal.get("TERM");
    if term.is_empty() || term == "dumb" {
        let found = format!("TERM is `{term}`");
        let advice = "set TERM (`xterm-256color`), or use `--no-tui`";
        return vec![Check::fail("terminal", found, advice)];
    }
    vec![
        terminal.letters(&term),
        terminal.room(),
        terminal.colours(&term),
        terminal.clipboard(&term),
    ]
}

impl<V: Fn(&str) -> Option<String>> Terminal<V> {
    /// A variable; empty when it is not set.
    fn get(&self, name: &str) -> String {
        (self.variable)(name).unwrap_or_default()
    }

    fn letters(&self, term: &str) -> Check {
        let names = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter();
        let locale = names.map(|name| self.get(name)).find(|value| !value.is_empty());
        let locale = locale.unwrap_or_default().to_ascii_lowercase().replace('-', "");
        if locale.contains("utf8") {
            return Check::ok("terminal", format!("{term}, UTF-8"));
        }
        let found = format!("{term}, and the locale is not UTF-8");
        Check::warn(
            "terminal",
            found,
            "set LANG=C.UTF-8, or `ascii_borders = true` in the settings file",
        )
    }

    fn room(&self) -> Check {
        let Some((columns, rows)) = self.size.filter(|(columns, rows)| *columns > 0 && *rows > 0)
        else {
            return Check::warn(
                "size",
                "the terminal does not tell",
                "resize it once, or `stty size`",
            );
        };
        let found = format!("{columns} columns, {rows} rows");
        let at_least = |(wide, high)| columns >= wide && rows >= high;
        if at_least(COMFORTABLE) {
            Check::ok("size", found)
        } else if at_least(CRAMPED) {
            Check::ok("size", format!("{found}: one pane at a time"))
        } else {
            Check::warn(
                "size",
                format!("{found}: things are left out"),
                "make it 80 by 24 or larger",
            )
        }
    }

    fn colours(&self, term: &str) -> Check {
        if !self.get("NO_COLOR").is_empty() {
            return Check::ok("colours", "none, as NO_COLOR asks");
        }
        let many = ["truecolor", "24bit"].contains(&self.get("COLORTERM").as_str());
        let found = match () {
            () if many => "16 million (COLORTERM)",
            () if term.contains("256color") || term.contains("direct") => "256 (TERM)",
            () => "16",
        };
        Check::ok("colours", found)
    }

    /// Copying goes by OSC 52, which terminals and multiplexers may refuse; none of them says so.
    fn clipboard(&self, term: &str) -> Check {
        const MOUSE: &str = "the mouse can be used";
        if term == "linux" {
            let advice = "save (`b`) and export (`e`) write files instead";
            return Check::warn("clipboard", "the console has none, and no mouse", advice);
        }
        if !self.get("TMUX").is_empty() {
            let found = format!("through tmux, if it lets it through; {MOUSE}");
            return Check::warn("clipboard", found, "in tmux: `set -g set-clipboard on`");
        }
        if term.starts_with("screen") {
            let found = format!("GNU screen does not pass it on; {MOUSE}");
            return Check::warn("clipboard", found, "use tmux, or save to files (`b`, `e`)");
        }
        if !self.get("VTE_VERSION").is_empty() {
            let found = format!("terminals built on VTE (GNOME) refuse it before 0.84; {MOUSE}");
            return Check::warn(
                "clipboard",
                found,
                "save to files (`b`, `e`), or use another terminal",
            );
        }
        Check::ok("clipboard", format!("by OSC 52, if the terminal allows programs that; {MOUSE}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::Verdict;
    use super::*;

    fn of(size: (u16, u16), variables: &[(&str, &str)]) -> Vec<(String, Verdict, String)> {
        let variable = |name: &str| {
            variables.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
        };
        let terminal = Terminal { attached: true, size: Some(size), variable };
        checks(&terminal).into_iter().map(|c| (c.about, c.verdict, c.found)).collect()
    }

    #[test]
    fn a_good_terminal_is_fine_throughout() {
        let variables =
            [("TERM", "xterm-256color"), ("LANG", "en_US.UTF-8"), ("COLORTERM", "truecolor")];
        let checks = of((120, 40), &variables);
        assert!(checks.iter().all(|(_, verdict, _)| *verdict == Verdict::Ok), "{checks:?}");
        assert_eq!(checks[1].2, "120 columns, 40 rows");
        assert_eq!(checks[2].2, "16 million (COLORTERM)");
    }

    #[test]
    fn what_is_missing_is_told() {
        let checks = of((50, 10), &[("TERM", "screen"), ("LANG", "C"), ("NO_COLOR", "1")]);
        let verdicts: Vec<_> =
            checks.iter().map(|(about, verdict, _)| (&**about, *verdict)).collect();
        assert_eq!(
            verdicts,
            [
                ("terminal", Verdict::Warn),
                ("size", Verdict::Warn),
                ("colours", Verdict::Ok),
                ("clipboard", Verdict::Warn)
            ]
        );
        assert!(checks[2].2.contains("NO_COLOR"));
        assert_eq!(of((80, 24), &[("TERM", "dumb")])[0].1, Verdict::Fail);
        let tmux =
            of((80, 24), &[("TERM", "tmux-256color"), ("LANG", "C.utf8"), ("TMUX", "/tmp/x")]);
        assert!(tmux[3].2.contains("tmux"), "{tmux:?}");
        let none = Terminal { attached: false, size: None, variable: |_: &str| None };
        assert_eq!(checks_len(&none), 1);
    }

    fn checks_len<V: Fn(&str) -> Option<String>>(terminal: &Terminal<V>) -> usize {
        checks(terminal).len()
    }
}
