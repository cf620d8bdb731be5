//! Characters to tokens.

/// A piece of a filter, with where it stands (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A bare word.
    Word(String),
    /// A quoted string; never a keyword or a field.
    Quoted(String),
    /// `=` `!=` `<` `<=` `>` `>=` `~` `!~` `:`
    Operator(&'static str),
    Open,
    Close,
    Comma,
    /// `!` alone.
    Bang,
}

/// What was split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    /// The byte of a quote that is never closed; its text is the last token.
    pub(super) unclosed: Option<usize>,
}

/// Longest first, so that `<=` is not read as `<`.
const OPERATORS: [&str; 10] = ["==", "!=", "!~", "<=", ">=", "=", "<", ">", "~", ":"];

/// What may stand where a word begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A field or a word to search for: ends before an operator.
    Term,
    /// A value: may hold operators (`path = /a:b`).
    Value,
    /// A regular expression: may hold balanced parentheses and commas as well.
    Pattern,
}

/// Splits a filter.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexed = Lexed { tokens: Vec::new(), unclosed: None };
    let mut at = 0;
    let mut in_list = false;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let place = place(&lexed.tokens, in_list);
        let (kind, end) = token(text, at, c, place, &mut lexed.unclosed);
        match kind {
            TokenKind::Open => in_list = opens_list(&lexed.tokens),
            TokenKind::Close => in_list = false,
            _ => {}
        }
        lexed.tokens.push(Token { kind, start: at, end });
        at = end;
    }
    lexed
}

fn place(before: &[Token], in_list: bool) -> Place {
    match before.last().map(|token| &token.kind) {
        Some(TokenKind::Operator("~" | "!~")) => Place::Pattern,
        Some(TokenKind::Operator(_)) => Place::Value,
        _ if in_list => Place::Value,
        _ => Place::Term,
    }
}

/// True after `field in` and `field not in`.
fn opens_list(before: &[Token]) -> bool {
    let [.., first, last] = before else { return false };
    matches!(&last.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case("in"))
        && !matches!(first.kind, TokenKind::Operator(_))
}

fn token(
    text: &str,
    at: usize,
    c: char,
    place: Place,
    unclosed: &mut Option<usize>,
) -> (TokenKind, usize) {
    let rest = &text[at..];
    match c {
        '"' | '\'' => return quoted(text, at, c, unclosed),
        ')' => return (TokenKind::Close, at + 1),
        '(' if place != Place::Pattern => return (TokenKind::Open, at + 1),
        ',' if place != Place::Pattern => return (TokenKind::Comma, at + 1),
        _ => {}
    }
    if place == Place::Term {
        if let Some(operator) = OPERATORS.iter().find(|op| rest.starts_with(**op)) {
            let meant = if *operator == "==" { "=" } else { operator };
            return (TokenKind::Operator(meant), at + operator.len());
        }
        if c == '!' {
            return (TokenKind::Bang, at + 1);
        }
    }
    let length = match place {
        Place::Pattern => pattern_length(rest),
        _ => rest.find(|c: char| ends_word(c, place)).unwrap_or(rest.len()).max(c.len_utf8()),
    };
    (TokenKind::Word(rest[..length].to_owned()), at + length)
}

fn ends_word(c: char, place: Place) -> bool {
    c.is_whitespace() || "(),\"'".contains(c) || (place == Place::Term && "=!<>~:".contains(c))
}

/// Up to white space, or to a parenthesis that closes none of its own.
fn pattern_length(rest: &str) -> usize {
    let mut open = 0_usize;
    let mut escaped = false;
    for (at, c) in rest.char_indices() {
        match c {
            c if c.is_whitespace() => return at,
            _ if escaped => {}
            '(' => open += 1,
            ')' if open == 0 => return at,
            ')' => open -= 1,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    rest.len()
}

fn quoted(text: &str, at: usize, quote: char, unclosed: &mut Option<usize>) -> (TokenKind, usize) {
    let mut out = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match c {
            // Only the quote and the backslash are escaped, so that expressions stay readable.
            '\\' => match chars.next() {
                Some((_, next)) if next == quote || next == '\\' => out.push(next),
                Some((_, next)) => out.extend(['\\', next]),
                None => out.push('\\'),
            },
            c if c == quote => return (TokenKind::Quoted(out), at + 1 + offset + 1),
            c => out.push(c),
        }
    }
    *unclosed = Some(at);
    (TokenKind::Quoted(out), text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<String> {
        let show = |token: &Token| match &token.kind {
            TokenKind::Word(word) => word.clone(),
            TokenKind::Quoted(text) => format!("[{text}]"),
            TokenKind::Operator(op) => format!("<{op}>"),
            other => format!("{other:?}"),
        };
        lex(text).tokens.iter().map(show).collect()
    }

    #[test]
    fn values_may_hold_what_ends_a_field() {
        assert_eq!(kinds("path=/a:b?c=d"), ["path", "<=>", "/a:b?c=d"]);
        assert_eq!(
            kinds("host in (a:1,b)c:d"),
            ["host", "in", "Open", "a:1", "Comma", "b", "Close", "c", "<:>", "d"]
        );
        assert_eq!(
            kinds("(device ~ ^(a|b,c)\\)$) x"),
            ["Open", "device", "<~>", "^(a|b,c)\\)$", "Close", "x"]
        );
        assert_eq!(kinds("a!=b !c !~ d"), ["a", "<!=>", "b", "Bang", "c", "<!~>", "d"]);
    }

    #[test]
    fn quotes_escape_themselves_only() {
        assert_eq!(kinds(r#""a\"b\\c\d" 'x"y'"#), [r#"[a"b\c\d]"#, "[x\"y]"]);
        let lexed = lex("a \"b c");
        assert_eq!(lexed.unclosed, Some(2));
        assert_eq!(lexed.tokens[1].kind, TokenKind::Quoted("b c".into()));
    }
}
