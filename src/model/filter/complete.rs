//! What may be typed next.

use super::expression::quoted;
use super::field::{Field, FieldKind};
use super::lexer::{Token, TokenKind, lex};

/// Known values asked for and offered for one field.
const MAX_VALUES: usize = 50;

const FLAGS: &[&str] = &["yes", "no"];
const LEVELS: &[&str] = &["info", "notable", "warning", "alarm"];

/// One thing that may be typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// What to put in the place of `from..to`.
    pub text: String,
    /// First byte to replace; the cursor when there is nothing yet.
    pub from: usize,
    /// One past the last.
    pub to: usize,
    /// What it is, for a line beside it; empty for a value.
    pub what: &'static str,
}

/// What may stand at byte `cursor` of `text`: fields, operators, keywords or values, those that
/// begin with what is typed there already. `known` is asked for values of a field (hosts,
/// commands) that begin with a text, without case; at most 50 of them are offered.
pub fn complete(
    text: &str,
    cursor: usize,
    known: &mut dyn FnMut(Field, &str) -> Vec<String>,
) -> Vec<Completion> {
    let cursor = text.floor_char_boundary(cursor);
    let before = lex(&text[..cursor]);
    let mut tokens = before.tokens.as_slice();
    let mut typed = "";
    let mut from = cursor;
    if let [rest @ .., Token { kind: TokenKind::Word(word) | TokenKind::Quoted(word), start, end }] =
        tokens
        && *end == cursor
        && (before.unclosed.is_some() || matches!(tokens.last(), Some(t) if is_word(t)))
    {
        (tokens, typed, from) = (rest, word, *start);
    }
    let place = place(tokens);
    let quote = before.unclosed.and_then(|at| text[at..].chars().next());
    let rest = rest_of_word(&text[cursor..], quote, matches!(place, Place::Value(_)));
    let spot = Spot { from, to: cursor + rest, typed };
    match place {
        Place::Value(field) => values(field, &spot, known),
        // What is quoted is no field and no operator.
        _ if quote.is_some() => Vec::new(),
        Place::AfterField(field) => operators(field, &spot),
        Place::Term { joined } => terms(&spot, joined),
    }
}

/// What is being replaced.
struct Spot<'a> {
    from: usize,
    to: usize,
    typed: &'a str,
}

impl Spot<'_> {
    fn offer(&self, text: impl Into<String>, what: &'static str) -> Completion {
        Completion { text: text.into(), from: self.from, to: self.to, what }
    }

    fn begins(&self, text: &str) -> bool {
        let typed = self.typed.to_lowercase();
        text.to_lowercase().starts_with(&typed)
    }
}

enum Place {
    /// A term begins here; `joined`: one ended just before.
    Term { joined: bool },
    /// After a field's name.
    AfterField(Field),
    /// A value of this field.
    Value(Field),
}

fn place(tokens: &[Token]) -> Place {
    match tokens {
        [.., field, operator] if matches!(operator.kind, TokenKind::Operator(_)) => {
            field_of(field).map_or(Place::Term { joined: false }, Place::Value)
        }
        [.., last] if matches!(last.kind, TokenKind::Open | TokenKind::Comma) => {
            list_field(tokens).map_or(Place::Term { joined: false }, Place::Value)
        }
        [before @ .., last] => {
            let value =
                matches!(before.last(), Some(t) if matches!(t.kind, TokenKind::Operator(_)));
            match field_of(last) {
                Some(field) if !value => Place::AfterField(field),
                _ => Place::Term { joined: value || !is_keyword(last) },
            }
        }
        [] => Place::Term { joined: false },
    }
}

/// The field of the list that is open at the end.
fn list_field(tokens: &[Token]) -> Option<Field> {
    let open = tokens.iter().rposition(|t| matches!(t.kind, TokenKind::Open | TokenKind::Close))?;
    let (before, rest) = tokens.split_at(open);
    if rest.first()?.kind != TokenKind::Open {
        return None;
    }
    let (keyword, before) = before.split_last()?;
    if !matches!(&keyword.kind, TokenKind::Word(word) if word.eq_ignore_ascii_case("in")) {
        return None;
    }
    let (last, before) = before.split_last()?;
    match &last.kind {
        TokenKind::Word(word) if word.eq_ignore_ascii_case("not") => field_of(before.last()?),
        _ => field_of(last),
    }
}

fn field_of(token: &Token) -> Option<Field> {
    match &token.kind {
        TokenKind::Word(word) => Field::named(word),
        _ => None,
    }
}

fn is_word(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Word(_))
}

fn is_keyword(token: &Token) -> bool {
    match &token.kind {
        TokenKind::Word(word) => {
            ["and", "or", "not"].iter().any(|keyword| word.eq_ignore_ascii_case(keyword))
        }
        TokenKind::Bang => true,
        _ => false,
    }
}

/// How much of the value or word under the cursor stands behind it.
fn rest_of_word(rest: &str, quote: Option<char>, value: bool) -> usize {
    const OPERATORS: [char; 6] = ['=', '!', '<', '>', '~', ':'];
    // The next quote closes this one, unless it seems to open another value.
    if let Some((inside, _)) = quote.and_then(|quote| rest.split_once(quote))
        && !inside.contains(OPERATORS)
    {
        return inside.len() + 1;
    }
    let ends =
        |c: char| c.is_whitespace() || "(),\"'".contains(c) || (!value && OPERATORS.contains(&c));
    rest.find(ends).unwrap_or(rest.len())
}

fn terms(spot: &Spot<'_>, joined: bool) -> Vec<Completion> {
    let keywords: &[(&str, &str)] = if joined {
        &[("and", "both"), ("or", "either"), ("not", "the opposite")]
    } else {
        &[("not", "the opposite")]
    };
    let mut offers: Vec<_> = keywords
        .iter()
        .filter(|(keyword, _)| spot.begins(keyword))
        .map(|(keyword, what)| spot.offer(*keyword, what))
        .collect();
    let fields = Field::ALL.iter().filter(|facts| spot.begins(facts.name));
    let fields = fields.map(|facts| spot.offer(facts.name, facts.about));
    // Once something is typed it is rather a field.
    let at = if spot.typed.is_empty() { offers.len() } else { 0 };
    offers.splice(at..at, fields);
    offers
}

fn operators(field: Field, spot: &Spot<'_>) -> Vec<Completion> {
    const EQUAL: (&str, &str) = ("=", "equal");
    const OTHER: (&str, &str) = ("!=", "not equal");
    const ORDER: [(&str, &str); 4] =
        [("<", "less"), ("<=", "at most"), (">", "more"), (">=", "at least")];
    const TEXT: [(&str, &str); 3] =
        [(":", "contains"), ("~", "regular expression"), ("!~", "no match")];
    const LIST: (&str, &str) = ("in", "one of a list");
    let kind = field.kind();
    let mut offers = vec![EQUAL, OTHER];
    if !kind.is_number() {
        offers.extend(TEXT);
    }
    if !matches!(kind, FieldKind::Flag | FieldKind::Choice(_) | FieldKind::Body) {
        offers.extend(ORDER);
    }
    offers.push(LIST);
    if kind != FieldKind::Body {
        offers.extend([("and", "it is set, and"), ("or", "it is set, or")]);
    }
    let offers = offers.into_iter().filter(|(operator, _)| spot.begins(operator));
    offers.map(|(operator, what)| spot.offer(operator, what)).collect()
}

fn values(
    field: Field,
    spot: &Spot<'_>,
    known: &mut dyn FnMut(Field, &str) -> Vec<String>,
) -> Vec<Completion> {
    let fixed = match field.kind() {
        FieldKind::Choice(choices) => choices,
        FieldKind::Flag => FLAGS,
        FieldKind::Level => LEVELS,
        _ => {
            let found = known(field, spot.typed).into_iter().take(MAX_VALUES);
            return found
                .filter(|value| spot.begins(value))
                .map(|value| spot.offer(written(&value), ""))
                .collect();
        }
    };
    let offers = fixed.iter().filter(|value| spot.begins(value));
    offers.map(|value| spot.offer(*value, "")).collect()
}

/// A value as it has to be typed: quoted where it would end early.
fn written(value: &str) -> String {
    let plain =
        !value.is_empty() && value.chars().all(|c| !c.is_whitespace() && !"(),\"'".contains(c));
    if plain { value.to_owned() } else { quoted(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(marked: &str) -> Vec<String> {
        let cursor = marked.find('|').unwrap();
        let text = marked.replace('|', "");
        let mut known = |field: Field, prefix: &str| {
            assert_eq!(field, Field::Host, "{prefix}");
            vec!["mail.example".to_owned(), "a b".to_owned()]
        };
        let offers = complete(&text, cursor, &mut known);
        let apply = |offer: &Completion| {
            format!("{}{}|{}", &text[..offer.from], offer.text, &text[offer.to..])
        };
        offers.iter().map(apply).collect()
    }

    #[test]
    fn fields_where_a_term_begins() {
        assert_eq!(offers("ho|"), ["host|"]);
        assert_eq!(offers("err and (po|x"), ["err and (policykey|"]);
        assert_eq!(offers("http = 4 pr| x"), ["http = 4 protocol| x"]);
        assert_eq!(offers("|").len(), Field::ALL.len() + 1);
        assert_eq!(offers("err = x |")[..3], ["err = x and|", "err = x or|", "err = x not|"]);
        assert_eq!(offers("no|"), ["not|"]);
    }

    #[test]
    fn operators_after_a_field() {
        assert_eq!(offers("mark |"), ["mark =|", "mark !=|", "mark in|", "mark and|", "mark or|"]);
        assert!(offers("version |").contains(&"version >=|".to_owned()));
        assert!(!offers("tag |").contains(&"tag <|".to_owned()));
    }

    #[test]
    fn values_after_an_operator_and_in_a_list() {
        assert_eq!(offers("level >= wa|"), ["level >= warning|"]);
        assert_eq!(
            offers("state in (failed, c|"),
            ["state in (failed, complete|", "state in (failed, cut_off|"]
        );
        assert_eq!(offers("host = |"), ["host = mail.example|", "host = \"a b\"|"]);
        assert_eq!(offers("host=MA|il"), ["host=mail.example|"]);
        assert_eq!(offers("host not in (\"a |"), ["host not in (\"a b\"|"]);
        assert_eq!(offers("host = ma|il:8443 err"), ["host = mail.example| err"]);
        assert_eq!(offers("host = \"a| x\" err"), ["host = \"a b\"| err"]);
        assert_eq!(offers("host = \"a| user=\"x\""), ["host = \"a b\"| user=\"x\""]);
        assert_eq!(offers("host = 'ma|il' err"), ["host = mail.example| err"]);
        assert!(offers("\"ho|").is_empty() && offers("err \"|").is_empty());
    }
}
