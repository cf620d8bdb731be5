//! Reading the tables: tab-separated text, first line = column names, no quoting.

/// The rows of `text` below its heading, cut or padded to `N` fields.
pub(super) fn rows<const N: usize>(
    text: &'static str,
) -> impl Iterator<Item = [&'static str; N]> + use<N> {
    text.lines().skip(1).filter(|line| !line.is_empty()).map(|line| {
        let mut row = [""; N];
        for (field, value) in row.iter_mut().zip(line.split('\t')) {
            *field = value;
        }
        row
    })
}

/// The numbers a table allows: single values, `a..b` ranges and the word `empty`, split at `;`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers(pub(super) &'static str);

impl Numbers {
    /// True when the table names no numbers at all.
    pub(super) fn is_unstated(self) -> bool {
        self.0.is_empty()
    }

    /// True when `value` is one of them.
    pub(super) fn contains(self, value: i64) -> bool {
        self.0.split(';').any(|part| match part.split_once("..") {
            Some((low, high)) => {
                low.parse().is_ok_and(|low: i64| low <= value)
                    && high.parse().is_ok_and(|high: i64| value <= high)
            }
            None => part.parse() == Ok(value),
        })
    }

    /// For a sentence: `1..16 or empty`.
    pub(super) fn words(self) -> String {
        let parts: Vec<&str> = self.0.split(';').collect();
        match parts.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, first)) => format!("{} or {last}", first.join(", ")),
            None => String::new(),
        }
    }
}

/// Proves that a table has this heading, that every row has as many fields as the heading, and
/// that the first `keys` fields tell rows apart. Returns the number of rows.
#[cfg(test)]
pub(super) fn check(text: &str, heading: &str, keys: usize) -> usize {
    let mut lines = text.lines();
    let columns: Vec<&str> = heading.split(' ').collect();
    let found: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    assert_eq!(found, columns);
    let mut seen = std::collections::HashSet::new();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields.len(), columns.len(), "{line}");
        assert!(!fields[0].is_empty() || keys > 1, "{line}");
        assert!(seen.insert(fields[..keys].to_vec()), "twice: {line}");
    }
    seen.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_padded_and_cut() {
        let found: Vec<[&str; 2]> = rows("a\tb\n1\n1\t2\t3\n").collect();
        assert_eq!(found, [["1", ""], ["1", "2"]]);
    }

    #[test]
    fn numbers_read_ranges_and_values() {
        let numbers = Numbers("-1..3;9;empty");
        let inside: Vec<i64> = (-3..12).filter(|n| numbers.contains(*n)).collect();
        assert_eq!(inside, [-1, 0, 1, 2, 3, 9]);
        assert_eq!(numbers.words(), "-1..3, 9 or empty");
        assert!(!Numbers("").contains(0));
    }
}
