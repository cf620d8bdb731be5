//! What a filter means.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::field::{Field, FieldKind};
use super::number;
use super::parser::{self, FilterError};

/// Largest compiled expression of `~`, in bytes.
const PATTERN_LIMIT: usize = 1 << 20;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    /// What was typed.
    pub text: String,
    /// What it means; `None` passes everything that is not deleted from view.
    pub expr: Option<Expr>,
}

/// A filter expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// All of these.
    And(Vec<Self>),
    /// Any of these.
    Or(Vec<Self>),
    /// Not.
    Not(Box<Self>),
    /// The field is set: not empty, not zero.
    Is(Field),
    /// A field of text compared.
    Text(Field, TextOp),
    /// A field of numbers compared.
    Number(Field, NumberOp),
    /// Anything decoded contains this folded text.
    Word(String),
}

/// How text is compared. Operands are folded, see [`super::fold()`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextOp {
    /// `=`, `in`: equal to one of these.
    In(Vec<String>),
    /// `:`: contains this.
    Contains(String),
    /// `~`: matches this expression.
    Matches(Pattern),
    /// `<` …: ordered against this.
    Order(Order, String),
}

/// How numbers are compared. Operands are in the unit of the field and at most `i64::MAX`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberOp {
    /// `=`, `in`: equal to one of these.
    In(Vec<u64>),
    /// `<` …: ordered against this.
    Order(Order, u64),
}

/// An order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// A regular expression, without case and without anchors of its own.
#[derive(Debug, Clone)]
pub struct Pattern(Regex);

/// What is to be said of a filter while it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Validity {
    /// Nothing typed: everything passes.
    Blank,
    /// It can be used.
    Valid(Filter),
    /// Right so far: something is missing at the end.
    Unfinished(FilterError),
    /// Wrong, whatever may follow.
    Wrong(FilterError),
}

impl Filter {
    /// Reads a filter; blank text passes everything.
    ///
    /// # Errors
    /// What is wrong and where. A filter has at most 256 comparisons and words, 32 levels of
    /// parentheses and `not`, and 64 KiB.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self { text: text.to_owned(), expr: parser::parse(text)? })
    }

    /// Reads a filter that may still be typed.
    pub fn check(text: &str) -> Validity {
        match Self::parse(text) {
            Ok(filter) if filter.expr.is_none() => Validity::Blank,
            Ok(filter) => Validity::Valid(filter),
            Err(error) if error.unfinished => Validity::Unfinished(error),
            Err(error) => Validity::Wrong(error),
        }
    }

    /// True when nothing was typed: everything that is not deleted from view passes.
    pub fn is_blank(&self) -> bool {
        self.expr.is_none()
    }

    /// True when the filter names `hidden`, and so decides itself about what is deleted from view.
    pub fn names_hidden(&self) -> bool {
        self.expr.as_ref().is_some_and(|expr| expr.names(Field::Hidden))
    }

    /// True when there are exchanges that rows alone cannot decide.
    pub fn needs_bodies(&self) -> bool {
        self.expr.as_ref().is_some_and(Expr::needs_bodies)
    }
}

impl Expr {
    fn names(&self, wanted: Field) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(|expr| expr.names(wanted)),
            Self::Not(inner) => inner.names(wanted),
            Self::Is(field) | Self::Text(field, _) | Self::Number(field, _) => *field == wanted,
            Self::Word(_) => false,
        }
    }

    fn needs_bodies(&self) -> bool {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().any(Self::needs_bodies),
            Self::Not(inner) => inner.needs_bodies(),
            Self::Word(_) => true,
            Self::Is(field) | Self::Text(field, _) | Self::Number(field, _) => {
                field.kind() == FieldKind::Body
            }
        }
    }
}

impl Order {
    /// Whether `left op right` holds, given how left compares with right.
    pub fn holds(self, compared: std::cmp::Ordering) -> bool {
        match self {
            Self::Lt => compared.is_lt(),
            Self::Le => compared.is_le(),
            Self::Gt => compared.is_gt(),
            Self::Ge => compared.is_ge(),
        }
    }

    /// As written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
        }
    }
}

impl Pattern {
    /// Compiles an expression; `None` when it is none, or larger than 1 MiB compiled.
    pub fn new(text: &str) -> Option<Self> {
        let mut builder = RegexBuilder::new(text);
        let built = builder.case_insensitive(true).size_limit(PATTERN_LIMIT).build();
        built.ok().map(Self)
    }

    /// Whether it is found in `value`.
    pub fn is_match(&self, value: &str) -> bool {
        self.0.is_match(value)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Eq for Pattern {}

/// In full, with every value quoted. What is printed means the same when it is read again.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.as_ref().map_or(Ok(()), |expr| fmt::Display::fmt(expr, f))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(all) => joined(f, all, " and "),
            Self::Or(all) => joined(f, all, " or "),
            Self::Not(inner) if inner.has_negation() => inner.compared(f, true),
            Self::Not(inner) => {
                f.write_str("not ")?;
                inner.as_part(f)
            }
            Self::Is(field) => f.write_str(field.name()),
            Self::Word(word) => f.write_str(&quoted(word)),
            Self::Text(..) | Self::Number(..) => self.compared(f, false),
        }
    }
}

impl Expr {
    fn as_part(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(_) | Self::Or(_) => write!(f, "({self})"),
            _ => fmt::Display::fmt(self, f),
        }
    }

    /// True when there is an operator for the opposite: printing it nests no deeper than what was
    /// typed.
    fn has_negation(&self) -> bool {
        matches!(
            self,
            Self::Text(_, TextOp::In(_) | TextOp::Matches(_)) | Self::Number(_, NumberOp::In(_))
        )
    }

    fn compared(&self, f: &mut fmt::Formatter<'_>, negated: bool) -> fmt::Result {
        match self {
            Self::Text(field, TextOp::In(values)) => {
                f.write_str(field.name())?;
                listed(f, negated, values.iter().map(|value| quoted(value)))
            }
            Self::Text(field, TextOp::Matches(Pattern(regex))) => {
                let operator = if negated { "!~" } else { "~" };
                write!(f, "{} {operator} {}", field.name(), quoted(regex.as_str()))
            }
            Self::Text(field, TextOp::Contains(value)) => {
                write!(f, "{}:{}", field.name(), quoted(value))
            }
            Self::Text(field, TextOp::Order(order, value)) => {
                write!(f, "{} {} {}", field.name(), order.symbol(), quoted(value))
            }
            Self::Number(field, NumberOp::In(values)) => {
                f.write_str(field.name())?;
                listed(f, negated, values.iter().map(|value| number::print(field.kind(), *value)))
            }
            Self::Number(field, NumberOp::Order(order, value)) => {
                let value = number::print(field.kind(), *value);
                write!(f, "{} {} {value}", field.name(), order.symbol())
            }
            _ => Ok(()),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, parts: &[Expr], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        part.as_part(f)?;
    }
    Ok(())
}

fn listed(
    f: &mut fmt::Formatter<'_>,
    negated: bool,
    values: impl Iterator<Item = String>,
) -> fmt::Result {
    let values: Vec<_> = values.collect();
    match values.as_slice() {
        [one] => write!(f, " {} {one}", if negated { "!=" } else { "=" }),
        many => write!(f, " {} ({})", if negated { "not in" } else { "in" }, many.join(", ")),
    }
}

/// A value between quotes, as the lexer reads it.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printing_is_in_full() {
        let printed = |text: &str| Filter::parse(text).unwrap().to_string();
        assert_eq!(
            printed("CMD=Sync not (err or time>1.5s) a\\b"),
            r#"cmd = "sync" and not (err or time > 1500000us) and "a\\b""#
        );
        assert_eq!(
            printed("http in (200,449) device ~ ^A"),
            r#"http in (200, 449) and device ~ "^A""#
        );
        assert_eq!(printed("level >= warning mark = yes"), "level >= warning and mark = yes");
        assert_eq!(printed("tag:Wipe size < 4K"), r#"tag:"wipe" and size < 4096"#);
        assert_eq!(printed("not host = A and user !~ B"), r#"host != "a" and user !~ "B""#);
        assert_eq!(printed("http not in (1,2) id != 3"), "http not in (1, 2) and id != 3");
        assert_eq!(printed("  "), "");
    }

    #[test]
    fn bodies_are_needed_where_rows_end() {
        let needs = |text: &str| Filter::parse(text).unwrap().needs_bodies();
        assert!(!needs("cmd = Sync or not err"));
        assert!(needs("cmd = Sync or not tag:Wipe"));
        assert!(needs("word"));
        assert!(!needs(""));
    }
}
