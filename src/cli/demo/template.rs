//! Messages as files: `{name}` stands for a value.

/// `text` with the value of each name in its place.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    values
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// What stands between `start` and the `end` after it; empty when there is no such thing.
pub(super) fn between<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let inside = text.split_once(start).and_then(|(_, rest)| rest.split_once(end));
    inside.map_or("", |(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_values_and_are_found_again() {
        let text = fill("<a>{x}</a><b>{y}{x}</b>", &[("x", "1"), ("y", "2")]);
        assert_eq!(text, "<a>1</a><b>21</b>");
        assert_eq!((between(&text, "<b>", "</b>"), between(&text, "<c>", "</c>")), ("21", ""));
    }
}
