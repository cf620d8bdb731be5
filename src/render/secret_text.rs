//! Where secrets stand in text that is no document: forms, JSON, pages, private keys in PEM.

use std::borrow::Cow;
use std::ops::Range;

use memchr::{memchr_iter, memmem};

use crate::model::{Format, Layer, Span};

use super::secrets::{MASK, TABLE, secret_value};

/// The bytes of a layer of text that are secrets, in order; they do not overlap.
pub(super) fn secret_spans(layer: &Layer) -> Vec<Span> {
    let mut spans = Vec::new();
    let Format::Text(words) = layer.format else { return spans };
    match words {
        "form" => in_form(&layer.bytes, &mut spans),
        "JSON" => in_json(&layer.bytes, &mut spans),
        "HTML" => in_page(&layer.bytes, &mut spans),
        _ => {}
    }
    private_keys(&layer.bytes, &mut spans);
    spans.retain(|span| !span.is_empty());
    spans.sort_unstable();
    spans.dedup_by(|span, before| {
        let inside = span.start < before.end;
        if inside {
            *before = before.join(*span);
        }
        inside
    });
    spans
}

/// Some bytes of a text as characters, a mask in place of every secret.
pub(super) fn masked_text<'a>(
    bytes: &'a [u8],
    range: Range<usize>,
    secrets: &[Span],
) -> Cow<'a, str> {
    let text = |range: Range<usize>| {
        String::from_utf8_lossy(
            bytes.get(range.start..range.end.min(bytes.len())).unwrap_or_default(),
        )
    };
    let first = secrets.partition_point(|span| span.end as usize <= range.start);
    let mut inside = secrets.iter().skip(first).take_while(|span| span.range().start < range.end);
    let Some(secret) = inside.next() else { return text(range) };
    let (mut at, mut out) = (range.start, String::new());
    for secret in std::iter::once(secret).chain(inside) {
        out.push_str(&text(at..secret.range().start.max(at)));
        out.push_str(MASK);
        at = secret.range().end;
    }
    out.push_str(&text(at..range.end.max(at)));
    out.into()
}

/// Values of parameters (WHATWG URL 5.1), to the end of their pair.
fn in_form(bytes: &[u8], spans: &mut Vec<Span>) {
    let mut start = 0;
    for pair in bytes.split(|byte| *byte == b'&') {
        let value = secret_value(&names_of(pair));
        spans.extend(value.map(|at| Span::new(start + at, start + pair.trim_ascii_end().len())));
        start += pair.len() + 1;
    }
}

/// The same text with one byte for each byte; names are ASCII.
fn names_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => bytes.iter().map(|b| if b.is_ascii() { char::from(*b) } else { '?' }).collect(),
    }
}

/// Strings and numbers of members with secret names, and all that is inside them (RFC 8259). Reads
/// what is broken too: nothing but quotes and brackets is needed.
fn in_json(bytes: &[u8], spans: &mut Vec<Span>) {
    let (mut at, mut depth) = (0, 0_usize);
    // The value that comes is a member's with a secret name; all below this depth is inside one.
    let (mut named, mut below): (bool, Option<usize>) = (false, None);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => {
                let end = string_end(bytes, at + 1);
                let content = Span::new(at + 1, end);
                let after = bytes.get(end + 1..).unwrap_or_default();
                let gap = after.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                at = end + 1;
                if after.get(gap) == Some(&b':') {
                    named = is_secret_name(content.of(bytes));
                    at += gap + 1;
                    continue;
                }
                spans.extend((named || below.is_some()).then_some(content));
                named = false;
            }
            b'{' | b'[' => {
                if named {
                    below = below.or(Some(depth));
                }
                (depth, named, at) = (depth + 1, false, at + 1);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                below = below.filter(|from| depth > *from);
                (named, at) = (false, at + 1);
            }
            b',' => (named, at) = (false, at + 1),
            b':' | b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            _ => {
                let rest = bytes.get(at..).unwrap_or_default();
                let ends = |byte: &u8| b",]}\" \t\r\n:[{".contains(byte);
                let len = rest.iter().position(ends).unwrap_or(rest.len()).max(1);
                let word = rest.get(..len).unwrap_or_default();
                let tells = !matches!(word, b"null" | b"true" | b"false");
                let secret = tells && (named || below.is_some());
                spans.extend(secret.then(|| Span::new(at, at + len)));
                (named, at) = (false, at + len);
            }
        }
    }
}

/// Where the quote stands that ends a string, or the text.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn is_secret_name(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    if !name.contains('\\') {
        return TABLE.has_parameter(name);
    }
    let unescaped: Option<String> = serde_json::from_str(&format!("\"{name}\"")).ok();
    unescaped.is_some_and(|name| TABLE.has_parameter(&name))
}

/// Values of inputs that are passwords or have secret names (HTML, 4.10.5).
fn in_page(bytes: &[u8], spans: &mut Vec<Span>) {
    const TAG: &[u8] = b"<input";
    for start in memchr_iter(b'<', bytes) {
        let tag = bytes.get(start..).unwrap_or_default();
        let (name, rest) = tag.split_at(tag.len().min(TAG.len()));
        let ends = rest.first().is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'/');
        if !name.eq_ignore_ascii_case(TAG) || !ends {
            continue;
        }
        let mut secret = false;
        let mut value = None;
        each_attribute(bytes, start + TAG.len(), &mut |name, text| match name
            .to_ascii_lowercase()
            .as_slice()
        {
            b"type" => secret |= text.of(bytes).eq_ignore_ascii_case(b"password"),
            b"name" | b"id" => secret |= is_secret_name(text.of(bytes)),
            b"value" => value = Some(text),
            _ => {}
        });
        spans.extend(value.filter(|_| secret));
    }
}

/// Calls `each` with the name and the place of the value of every attribute of a tag that goes on here.
fn each_attribute(bytes: &[u8], start: usize, each: &mut dyn FnMut(&[u8], Span)) {
    let mut at = start;
    let run = |at: usize, ends: &dyn Fn(u8) -> bool| {
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(|byte| ends(*byte)).unwrap_or(rest.len())
    };
    loop {
        at = run(at, &|byte| !byte.is_ascii_whitespace() && byte != b'/');
        if bytes.get(at).is_none_or(|byte| *byte == b'>') {
            return;
        }
        let end = run(at + 1, &|byte| byte.is_ascii_whitespace() || b"=>/".contains(&byte));
        let name = bytes.get(at..end).unwrap_or_default();
        at = run(end, &|byte| !byte.is_ascii_whitespace());
        if bytes.get(at) != Some(&b'=') {
            continue;
        }
        at = run(at + 1, &|byte| !byte.is_ascii_whitespace());
        let value = match bytes.get(at) {
            Some(quote @ (b'"' | b'\'')) => Span::new(at + 1, run(at + 1, &|byte| byte == *quote)),
            _ => Span::new(at, run(at, &|byte| byte.is_ascii_whitespace() || byte == b'>')),
        };
        at = value.range().end + usize::from(value.range().start > at);
        each(name, value);
    }
}

/// What stands between the lines of a private key (RFC 7468 10, 11).
fn private_keys(bytes: &[u8], spans: &mut Vec<Span>) {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const KEY: &[u8] = b"PRIVATE KEY-----";
    for at in memmem::find_iter(bytes, KEY) {
        let before = bytes.get(..at).unwrap_or_default();
        let line = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let begins = before.get(line..).is_some_and(|line| memmem::find(line, BEGIN).is_some());
        if !begins {
            continue;
        }
        let start = at + KEY.len();
        let rest = bytes.get(start..).unwrap_or_default();
        let end = memmem::find(rest, b"-----END").unwrap_or(rest.len());
        let lead = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count().min(end);
        let text = rest.get(..end).unwrap_or_default().trim_ascii_end().len().max(lead);
        spans.push(Span::new(start + lead, start + text));
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn layer(words: &'static str, bytes: &[u8]) -> Layer {
        Layer {
            label: "body".into(),
            origin: None,
            bytes: Bytes::copy_from_slice(bytes),
            format: Format::Text(words),
            tree: None,
            facts: Vec::new(),
        }
    }

    fn masked(words: &'static str, text: &str) -> String {
        let layer = layer(words, text.as_bytes());
        masked_text(&layer.bytes, 0..text.len(), &secret_spans(&layer)).into_owned()
    }

    #[test]
    fn forms() {
        assert_eq!(
            masked("form", "user=al&password=x&b=1\r\n"),
            "user=al&password=********&b=1\r\n"
        );
        assert_eq!(masked("form", "a=ü&code_verifier=ü"), "a=ü&code_verifier=********");
        assert_eq!(masked("form", "password=&a=b"), "password=&a=b", "nothing to hide");
        let layer = layer("form", b"a=\xff\xff&pwd=xyz");
        assert_eq!(secret_spans(&layer), [Span::new(9, 12)], "one byte for each byte");
    }

    #[test]
    fn json() {
        for (text, shown) in [
            (r#"{"access_token":"abc","user":"al"}"#, r#"{"access_token":"********","user":"al"}"#),
            (r#"{"Password" :  "a\"b", "n": 1}"#, r#"{"Password" :  "********", "n": 1}"#),
            (r#"{"pass\u0077ord":"x"}"#, r#"{"pass\u0077ord":"********"}"#),
            (
                r#"{"secret":{"a":["x",7,true,null]},"b":"y"}"#,
                r#"{"secret":{"a":["********",********,true,null]},"b":"y"}"#,
            ),
            (r#"{"secret":[1,[2]],"b":[3]}"#, r#"{"secret":[********,[********]],"b":[3]}"#),
            (r#"["password","x"]"#, r#"["password","x"]"#),
            (r#"{"password":"cut o"#, r#"{"password":"********"#),
            (r#"{"password":12"#, r#"{"password":********"#),
            (
                r#"{"a":{"password":"x"},"password":"y"}"#,
                r#"{"a":{"password":"********"},"password":"********"}"#,
            ),
        ] {
            assert_eq!(masked("JSON", text), shown);
        }
    }

    #[test]
    fn pages() {
        for (text, shown) in [
            (
                "<form><INPUT type=hidden name='wresult' value=\"&lt;t>\"/>",
                "<form><INPUT type=hidden name='wresult' value=\"********\"/>",
            ),
            ("<input value=abc type=Password>", "<input value=******** type=Password>"),
            (
                "<input name=user value=al><inputs type=password value=x>",
                "<input name=user value=al><inputs type=password value=x>",
            ),
            ("<input type=password value='cut", "<input type=password value='********"),
            (
                "<input disabled type=\"password\" value=''>",
                "<input disabled type=\"password\" value=''>",
            ),
        ] {
            assert_eq!(masked("HTML", text), shown);
        }
    }

    #[test]
    fn private_keys_and_no_public_ones() {
        let key = "x\n-----BEGIN EC PRIVATE KEY-----\nAAAA\nBBBB\n-----END EC PRIVATE KEY-----\n";
        let shown = "x\n-----BEGIN EC PRIVATE KEY-----\n********\n-----END EC PRIVATE KEY-----\n";
        assert_eq!(masked("text", key), shown);
        let other = key.replace("PRIVATE", "PUBLIC");
        assert_eq!(masked("text", &other), other);
        assert_eq!(
            masked("PEM", "-----BEGIN PRIVATE KEY-----\nAA"),
            "-----BEGIN PRIVATE KEY-----\n********"
        );
    }

    #[test]
    fn a_line_in_the_middle_of_a_secret_is_masked() {
        let key = "-----BEGIN PRIVATE KEY-----\nAAAA\nBBBB\n-----END PRIVATE KEY-----\n";
        let layer = layer("text", key.as_bytes());
        let spans = secret_spans(&layer);
        let line = |start: usize, end: usize| masked_text(&layer.bytes, start..end, &spans);
        assert_eq!(line(0, 28), "-----BEGIN PRIVATE KEY-----\n");
        assert_eq!((line(28, 33), line(33, 38)), ("********".into(), "********\n".into()));
    }

    proptest! {
        #[test]
        fn nothing_panics_and_spans_are_in_order(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
            text in "[\\{\\}\\[\\]\",:a-z \\\\<>=&/'-]{0,80}",
        ) {
            let secret = "\"password\":<input type=password value=";
            for bytes in [bytes, text.clone().into_bytes(), format!("{text}{secret}{text}").into_bytes()] {
                for words in ["form", "JSON", "HTML", "text"] {
                    let layer = layer(words, &bytes);
                    let spans = secret_spans(&layer);
                    prop_assert!(spans.windows(2).all(|two| two[0].end <= two[1].start));
                    prop_assert!(spans.iter().all(|span| span.range().end <= bytes.len()));
                    masked_text(&layer.bytes, 0..bytes.len(), &spans);
                }
            }
        }
    }
}
