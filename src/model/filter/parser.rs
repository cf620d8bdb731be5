//! Tokens to an expression.

use super::expression::{Expr, NumberOp, Order, Pattern, TextOp};
use super::field::{Field, FieldKind};
use super::fold::fold;
use super::lexer::{Lexed, Token, TokenKind, lex};
use super::number;

/// Deepest nesting of parentheses and `not`.
const MAX_DEPTH: usize = 32;
/// Comparisons, listed values and words in one filter: a database nests conditions so deep.
const MAX_TERMS: usize = 256;
/// Longest filter, in bytes.
const MAX_LENGTH: usize = 64 << 10;

const KEYWORDS: [&str; 4] = ["and", "or", "not", "in"];

/// Why a filter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// The byte where what is wrong begins, at most the length of the text.
    pub at: usize,
    /// The byte behind it; `at` where something is missing.
    pub end: usize,
    /// One sentence without a full stop: what is wrong, or what is expected.
    pub message: String,
    /// Nothing is wrong but that something is missing at the end.
    pub unfinished: bool,
}

/// Reads a whole filter; `None` when it is blank.
pub(super) fn parse(text: &str) -> Result<Option<Expr>, FilterError> {
    if text.len() > MAX_LENGTH {
        let message = format!("a filter has at most {MAX_LENGTH} bytes");
        return Err(FilterError { at: 0, end: text.len(), message, unfinished: false });
    }
    let Lexed { tokens, unclosed } = lex(text);
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser { tokens, next: 0, end: text.len(), depth: 0, terms: 0 };
    let parsed = parser.either().and_then(|expr| match parser.peek() {
        None => Ok(expr),
        Some(TokenKind::Close) => Err(parser.here("this `)` closes nothing")),
        Some(_) => Err(parser.here("expected `and`, `or` or the end")),
    });
    match (parsed, unclosed) {
        (Ok(_), Some(at)) => Err(FilterError {
            at,
            end: text.len(),
            message: "this quote is never closed".to_owned(),
            unfinished: true,
        }),
        (parsed, _) => parsed.map(Some),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    /// Length of the text.
    end: usize,
    depth: usize,
    terms: usize,
}

impl Parser {
    fn peek(&self) -> Option<&TokenKind> {
        self.tokens.get(self.next).map(|token| &token.kind)
    }

    fn take(&mut self) -> Option<TokenKind> {
        let kind = self.peek().cloned();
        self.next += usize::from(kind.is_some());
        kind
    }

    /// An error at the next token, or at the end: then more may follow.
    fn here(&self, message: impl Into<String>) -> FilterError {
        let message = message.into();
        match self.tokens.get(self.next) {
            Some(token) => {
                FilterError { at: token.start, end: token.end, message, unfinished: false }
            }
            None => FilterError { at: self.end, end: self.end, message, unfinished: true },
        }
    }

    /// An error at the token that was just taken.
    fn before(&self, message: impl Into<String>) -> FilterError {
        let taken = self.next.checked_sub(1).and_then(|at| self.tokens.get(at));
        let (at, end) = taken.map_or((0, 0), |token| (token.start, token.end));
        // The last word may be longer one day: `level = warn`.
        let unfinished = self.next == self.tokens.len() && end == self.end && end > 0;
        FilterError { at, end, message: message.into(), unfinished }
    }

    fn keyword(&self) -> Option<&'static str> {
        let Some(TokenKind::Word(word)) = self.peek() else { return None };
        KEYWORDS.into_iter().find(|key| word.eq_ignore_ascii_case(key))
    }

    fn either(&mut self) -> Result<Expr, FilterError> {
        let mut any = vec![self.both()?];
        while self.keyword() == Some("or") {
            self.next += 1;
            any.push(self.both()?);
        }
        Ok(single(any, Expr::Or))
    }

    fn both(&mut self) -> Result<Expr, FilterError> {
        let mut all = vec![self.not()?];
        loop {
            if self.keyword() == Some("and") {
                self.next += 1;
            } else if matches!(self.peek(), None | Some(TokenKind::Close))
                || self.keyword() == Some("or")
            {
                return Ok(single(all, Expr::And));
            }
            all.push(self.not()?);
        }
    }

    fn not(&mut self) -> Result<Expr, FilterError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.before(format!("more than {MAX_DEPTH} levels of `(` and `not`")));
        }
        let result = if self.keyword() == Some("not") || self.peek() == Some(&TokenKind::Bang) {
            self.next += 1;
            self.not().map(|inner| Expr::Not(Box::new(inner)))
        } else {
            self.primary()
        };
        self.depth -= 1;
        result
    }

    fn primary(&mut self) -> Result<Expr, FilterError> {
        const WANTED: &str = "expected a field, a word to search for or `(`";
        match self.peek().cloned() {
            Some(TokenKind::Open) => {
                self.next += 1;
                let inner = self.either()?;
                match self.peek() {
                    Some(TokenKind::Close) => self.next += 1,
                    _ => return Err(self.here("expected `)`")),
                }
                Ok(inner)
            }
            Some(TokenKind::Quoted(text)) => {
                self.next += 1;
                self.count()?;
                Ok(Expr::Word(fold(&text).into_owned()))
            }
            Some(TokenKind::Word(word)) => {
                self.next += 1;
                self.word(&word)
            }
            Some(TokenKind::Operator(op)) => {
                Err(self.here(format!("`{op}` needs a field before it")))
            }
            Some(_) | None => Err(self.here(WANTED)),
        }
    }

    /// A term that begins with `word`, which was taken.
    fn word(&mut self, word: &str) -> Result<Expr, FilterError> {
        if let Some(keyword) = ["and", "or", "in"].iter().find(|k| word.eq_ignore_ascii_case(k)) {
            return Err(self.before(format!("`{keyword}` needs something before it")));
        }
        self.count()?;
        let field = Field::named(word);
        let not_in = field.is_some() && self.takes_not_in();
        let compared = not_in
            || matches!(self.peek(), Some(TokenKind::Operator(_)))
            || self.keyword() == Some("in");
        match field {
            Some(field) if compared => {
                let expr = self.comparison(field)?;
                Ok(if not_in { Expr::Not(Box::new(expr)) } else { expr })
            }
            Some(field) if field.kind() != FieldKind::Body => Ok(Expr::Is(field)),
            None if compared => {
                let hint = Field::like(word).map_or_else(
                    || "quote it to search for the text".to_owned(),
                    |near| format!("did you mean `{}`?", near.name()),
                );
                let word: String = word.chars().take(40).collect();
                Err(self.before(format!("`{word}` is not a field: {hint}")))
            }
            _ => Ok(Expr::Word(fold(word).into_owned())),
        }
    }

    /// Takes the `not` of `field not in (…)`.
    fn takes_not_in(&mut self) -> bool {
        let word = |at: usize, wanted: &str| {
            let token = self.tokens.get(at).map(|token| &token.kind);
            matches!(token, Some(TokenKind::Word(word)) if word.eq_ignore_ascii_case(wanted))
        };
        let found = word(self.next, "not") && word(self.next + 1, "in");
        self.next += usize::from(found);
        found
    }

    /// Counts a term.
    fn count(&mut self) -> Result<(), FilterError> {
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(FilterError {
                unfinished: false,
                ..self.before(format!("more than {MAX_TERMS} comparisons and words"))
            });
        }
        Ok(())
    }

    fn comparison(&mut self, field: Field) -> Result<Expr, FilterError> {
        let Some(TokenKind::Operator(operator)) = self.take() else {
            return self.list(field);
        };
        self.check_operator(field, operator)?;
        let (negated, operator) = match operator {
            "!=" => (true, "="),
            "!~" => (true, "~"),
            other => (false, other),
        };
        let value = self.value(field)?;
        let expr = if field.kind().is_number() {
            let number = self.number(field, &value)?;
            let order = order(operator).map(|order| NumberOp::Order(order, number));
            Expr::Number(field, order.unwrap_or_else(|| NumberOp::In(vec![number])))
        } else {
            Expr::Text(field, self.text_op(field, operator, &value)?)
        };
        Ok(if negated { Expr::Not(Box::new(expr)) } else { expr })
    }

    /// The operator was taken: does it go with the field?
    fn check_operator(&self, field: Field, operator: &str) -> Result<(), FilterError> {
        let name = field.name();
        let ordered = order(operator).is_some();
        let message = match field.kind() {
            FieldKind::Flag if ordered => {
                format!("`{name}` has no order: use `{name}` or `not {name}`")
            }
            kind if kind.is_number() && operator.ends_with('~') => {
                format!("`{name}` is a number: use `=`, `!=`, `<`, `>` or `in`")
            }
            FieldKind::Choice(_) if ordered => format!("`{name}` has no order: use `=` or `in`"),
            FieldKind::Body if ordered => format!("`{name}` has no order: use `:`, `=` or `~`"),
            _ => return Ok(()),
        };
        Err(FilterError { unfinished: false, ..self.before(message) })
    }

    fn value(&mut self, field: Field) -> Result<String, FilterError> {
        match self.peek().cloned() {
            Some(TokenKind::Word(text) | TokenKind::Quoted(text)) => {
                self.next += 1;
                Ok(text)
            }
            _ => Err(self.here(format!("expected {}", wanted(field)))),
        }
    }

    fn text_op(&self, field: Field, op: &str, value: &str) -> Result<TextOp, FilterError> {
        Ok(match op {
            "=" => TextOp::In(vec![self.text(field, value)?]),
            ":" => TextOp::Contains(fold(value).into_owned()),
            "~" => TextOp::Matches(Pattern::new(value).ok_or_else(|| {
                self.before("not a regular expression: use `:` to search for plain text")
            })?),
            other => match order(other) {
                Some(order) => TextOp::Order(order, fold(value).into_owned()),
                None => return Err(self.before("expected an operator")),
            },
        })
    }

    /// A value to be equal to.
    fn text(&self, field: Field, value: &str) -> Result<String, FilterError> {
        let value = fold(value);
        let FieldKind::Choice(choices) = field.kind() else { return Ok(value.into_owned()) };
        // `in-flight` and `inflight` are as good as `in_flight`.
        let plain = |text: &str| text.replace(['_', '-'], "");
        let found = choices.iter().find(|choice| plain(choice) == plain(&value));
        let found = found.map(|choice| (*choice).to_owned());
        found.ok_or_else(|| self.before(format!("`{}` is {}", field.name(), wanted(field))))
    }

    fn number(&self, field: Field, value: &str) -> Result<u64, FilterError> {
        number::read(field.kind(), value).ok_or_else(|| {
            self.before(format!("`{}` is compared with {}", field.name(), wanted(field)))
        })
    }

    /// `in (a, b, c)`; `in` was taken.
    fn list(&mut self, field: Field) -> Result<Expr, FilterError> {
        if self.peek() != Some(&TokenKind::Open) {
            return Err(self.here("expected `(` and a list of values after `in`"));
        }
        self.next += 1;
        let (mut texts, mut numbers) = (Vec::new(), Vec::new());
        loop {
            let value = self.value(field)?;
            self.count()?;
            if field.kind().is_number() {
                numbers.push(self.number(field, &value)?);
            } else {
                texts.push(self.text(field, &value)?);
            }
            match self.peek() {
                Some(TokenKind::Comma) => self.next += 1,
                Some(TokenKind::Close) => {
                    self.next += 1;
                    break;
                }
                _ => return Err(self.here("expected `,` or `)`")),
            }
        }
        Ok(if field.kind().is_number() {
            Expr::Number(field, NumberOp::In(numbers))
        } else {
            Expr::Text(field, TextOp::In(texts))
        })
    }
}

fn single(mut exprs: Vec<Expr>, many: impl FnOnce(Vec<Expr>) -> Expr) -> Expr {
    match exprs.len() {
        1 => exprs.remove(0),
        _ => many(exprs),
    }
}

fn order(op: &str) -> Option<Order> {
    match op {
        "<" => Some(Order::Lt),
        "<=" => Some(Order::Le),
        ">" => Some(Order::Gt),
        ">=" => Some(Order::Ge),
        _ => None,
    }
}

/// What a field is compared with, for an error.
fn wanted(field: Field) -> String {
    match field.kind() {
        FieldKind::Text | FieldKind::Words | FieldKind::Body => "a value".to_owned(),
        FieldKind::Choice(choices) => format!("one of {}", choices.join(", ")),
        FieldKind::Number | FieldKind::Key => "a number".to_owned(),
        FieldKind::Size => "a size such as 512, 4K or 1.5M".to_owned(),
        FieldKind::Duration => "a duration such as 250ms, 2s or 1m".to_owned(),
        FieldKind::Level => "info, notable, warning or alarm".to_owned(),
        FieldKind::Flag => "yes or no".to_owned(),
    }
}
