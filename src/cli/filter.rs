//! A filter as typed on the command line.

use unicode_width::UnicodeWidthStr as _;

use crate::model::filter::{Filter, FilterError};
use crate::render::clean;

use super::report::Report;

/// Characters shown on either side of what is wrong.
const AROUND: usize = 30;

/// What is said before the filter: the label and this.
const WHAT: &str = "cannot read the filter ";

/// Reads `--filter`; nothing passes everything.
///
/// # Errors
/// What is wrong, with a mark under it.
pub(super) fn parse(text: Option<&str>) -> Result<Option<Filter>, Report> {
    let filter = text.map(|text| Filter::parse(text).map_err(|error| wrong(text, &error)));
    Ok(filter.transpose()?.filter(|filter| !filter.is_blank()))
}

fn wrong(text: &str, error: &FilterError) -> Report {
    let (before, rest) = text.split_at_checked(error.at).unwrap_or((text, ""));
    let (place, after) =
        rest.split_at_checked(error.end.saturating_sub(error.at)).unwrap_or((rest, ""));
    let skipped = before.chars().count().saturating_sub(AROUND);
    let before: String = before.chars().skip(skipped).collect();
    let before = if skipped > 0 { format!("…{before}") } else { before };
    let shown = |part: &str| {
        let cut: String = part.chars().take(AROUND).collect();
        if cut.len() < part.len() { format!("{cut}…") } else { cut }
    };
    let (place, after) = (shown(place), shown(after));
    let (before, place) = (clean(&before), clean(&place));
    let what = format!("{WHAT}`{before}{place}{after}`");
    // The place is under the text of the first line, behind its label and the backtick.
    let column = "error: ".len() + WHAT.len() + 1 + before.width();
    let marks = "^".repeat(place.width().max(1));
    Report::new(what).pointing(format!("{}{marks} {}", " ".repeat(column), error.message)).hint(
        "fields and operators are in docs/reference/filter.md; quote the filter for the shell",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> String {
        parse(Some(text)).unwrap_err().lines()
    }

    #[test]
    fn a_mark_stands_under_what_is_wrong() {
        let expected = "\
error: cannot read the filter `é http = x`
                                        ^ `http` is compared with a number
  hint: fields and operators are in docs/reference/filter.md; quote the filter for the shell
";
        assert_eq!(lines("é http = x"), expected);
    }

    #[test]
    fn something_missing_is_marked_behind_the_end() {
        let lines = lines("host =");
        let mut lines = lines.lines();
        assert_eq!(lines.next().unwrap().find('`').map(|at| at + 7), Some(37));
        assert_eq!(lines.next().unwrap().find("^ expected a value"), Some(37));
    }

    #[test]
    fn a_long_filter_is_cut_around_the_place() {
        let lines = lines(&format!("{} http = x {}", "a ".repeat(60), "b ".repeat(60)));
        let (first, second) = lines.split_once('\n').unwrap();
        let column = second.chars().position(|c| c == '^').unwrap();
        assert_eq!(first.chars().nth(column), Some('x'), "{lines}");
        assert!(first.chars().count() < 110, "{lines}");
    }

    #[test]
    fn control_characters_are_shown_as_pictures() {
        assert!(!lines("\u{1b}[31m http = \u{1b}").contains('\u{1b}'));
    }

    #[test]
    fn nothing_typed_is_no_filter() {
        assert_eq!(parse(None).unwrap(), None);
        assert_eq!(parse(Some("  ")).unwrap(), None);
        assert!(parse(Some("err")).unwrap().is_some());
    }
}
