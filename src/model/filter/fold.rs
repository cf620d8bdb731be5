//! Text as filters compare it: without case, numbers in it as numbers.

use std::borrow::Cow;
use std::cmp::Ordering;

/// The text without case: every character in lower case by itself (the final sigma as the other),
/// so that a part of a text folds to a part of the folded text.
pub fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            text.to_ascii_lowercase().into()
        } else {
            text.into()
        };
    }
    let lower = text.chars().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect::<String>().into()
}

/// Orders text character by character, and runs of ASCII digits as numbers: `14.1` after `2.5`.
pub fn natural_order(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        let (a, b) = (digits(left), digits(right));
        if !a.is_empty() && !b.is_empty() {
            let (small, great) = (a.trim_start_matches('0'), b.trim_start_matches('0'));
            let compared = small.len().cmp(&great.len()).then_with(|| small.cmp(great));
            if compared.is_ne() {
                return compared;
            }
            (left, right) = (&left[a.len()..], &right[b.len()..]);
            continue;
        }
        let (mut a, mut b) = (left.chars(), right.chars());
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (x, y) if x != y => return x.cmp(&y),
            _ => (left, right) = (a.as_str(), b.as_str()),
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_goes_in_every_script() {
        assert_eq!(fold("ΟΔΟΣ ÄÖ iPhone"), "οδοσ äö iphone");
        assert_eq!(fold("ς"), "σ");
        assert_eq!(fold("ABC"), "abc");
        assert!(matches!(fold("abc"), Cow::Borrowed("abc")));
    }

    #[test]
    fn numbers_in_text_are_numbers() {
        let mut versions = ["16.0", "2.5", "12.1", "", "14.1", "a", "14.0", "007"];
        versions.sort_by(|a, b| natural_order(a, b));
        assert_eq!(versions, ["", "2.5", "007", "12.1", "14.0", "14.1", "16.0", "a"]);
        assert_eq!(natural_order("a01", "a1"), Ordering::Equal);
        assert_eq!(natural_order("a1b", "a1"), Ordering::Greater);
    }
}
