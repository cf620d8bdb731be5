//! What is secret, by the table `secrets.tsv`, and masking it in header fields, URLs and forms.
//!
//! Secret values inside decoded documents are found by [`super::hidden`] with the same table.

use std::borrow::Cow;
use std::sync::LazyLock;

/// Whether secrets are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Secrets {
    /// Replaced by a mask that keeps the scheme or name.
    #[default]
    Masked,
    /// As they are.
    Shown,
}

/// Stands where a secret was.
pub(super) const MASK: &str = "********";

/// `secrets.tsv` by kind of match; names compare without case.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Header fields and how each is masked.
    headers: Vec<(&'static str, How)>,
    /// Names in URL queries, forms, pages and JSON.
    parameters: Vec<&'static str>,
    /// Ends of element paths: everything inside is secret.
    elements: Vec<PathEnd>,
    /// Ends of management paths: the data of items that name them is secret.
    nodes: Vec<PathEnd>,
    /// `Meta/Type` of items whose data is secret.
    types: Vec<&'static str>,
}

/// What of a header field is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// All of it.
    Value,
    /// What follows the scheme.
    Scheme,
    /// The values of cookies.
    Cookie,
    /// The value of the cookie, not its attributes.
    SetCookie,
    /// The parameter `mac`.
    Mac,
    /// What follows `Negotiate` or `NTLM`.
    Challenge,
    /// Parts of the URL that it is.
    Url,
}

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in include_str!("secrets.tsv").lines().skip(1) {
        let mut fields = line.split('\t');
        let (Some(kind), Some(name), Some(how)) = (fields.next(), fields.next(), fields.next())
        else {
            continue;
        };
        match kind {
            "header" => table.headers.extend(how_of(how).map(|how| (name, how))),
            "parameter" => table.parameters.push(name),
            "element" => table.elements.push(PathEnd::new(name)),
            "node" => table.nodes.push(PathEnd::new(name)),
            "type" => table.types.push(name),
            _ => {}
        }
    }
    table
});

fn how_of(word: &str) -> Option<How> {
    Some(match word {
        "value" => How::Value,
        "scheme" => How::Scheme,
        "cookie" => How::Cookie,
        "set-cookie" => How::SetCookie,
        "mac" => How::Mac,
        "challenge" => How::Challenge,
        "url" => How::Url,
        _ => return None,
    })
}

impl Table {
    /// True when `path`, given from its last name outwards, ends as an element of the table.
    pub(super) fn has_element<'a>(&self, path: &(impl Iterator<Item = &'a str> + Clone)) -> bool {
        ends_as_any(path, &self.elements)
    }

    /// True when a management path ends as a node of the table.
    pub(super) fn has_node(&self, uri: &str) -> bool {
        let path = uri.split('?').next().unwrap_or_default().trim().trim_end_matches('/');
        self.has_path(&path.rsplit('/'))
    }

    /// The same for a path given from its last name outwards.
    pub(super) fn has_path<'a>(&self, path: &(impl Iterator<Item = &'a str> + Clone)) -> bool {
        ends_as_any(path, &self.nodes)
    }

    /// True for the `Meta/Type` of a secret.
    pub(super) fn has_type(&self, text: &str) -> bool {
        contains(&self.types, text.trim())
    }

    /// True for the name of a secret in a form, a query, a page or JSON.
    pub(super) fn has_parameter(&self, name: &str) -> bool {
        contains(&self.parameters, percent_decoded(name).trim())
    }
}

fn contains(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The end of a path: names from the last outwards; `*` stands for any one.
#[derive(Debug)]
struct PathEnd {
    last: &'static str,
    around: Vec<&'static str>,
}

impl PathEnd {
    fn new(text: &'static str) -> Self {
        let mut names = text.rsplit('/');
        let last = names.next().unwrap_or_default();
        Self { last, around: names.collect() }
    }
}

/// True when a path, given from its last name outwards, has one of these ends. Most have another last
/// name, which is looked at first.
fn ends_as_any<'a>(path: &(impl Iterator<Item = &'a str> + Clone), ends: &[PathEnd]) -> bool {
    let mut path = path.clone();
    let Some(name) = path.next() else { return false };
    let is = |wanted: &str, name: &str| wanted == "*" || wanted.eq_ignore_ascii_case(name);
    ends.iter().filter(|end| is(end.last, name)).any(|end| {
        let mut around = path.clone();
        end.around.iter().all(|wanted| around.next().is_some_and(|name| is(wanted, name)))
    })
}

/// The value of a header field with credentials masked: the scheme of `Authorization` and the names
/// of cookies stay, as they are evidence and no secret.
pub fn mask_header(name: &str, value: &str, secrets: Secrets) -> String {
    let known = TABLE.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    let Some((_, how)) = known.filter(|_| secrets == Secrets::Masked) else {
        return value.to_owned();
    };
    match how {
        How::Value => MASK.to_owned(),
        How::Scheme => match value.trim_start().split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {MASK}"),
            None => MASK.to_owned(),
        },
        How::Cookie => value.split(';').map(mask_cookie).collect::<Vec<_>>().join("; "),
        How::SetCookie => match value.split_once(';') {
            Some((cookie, attributes)) => format!("{};{attributes}", mask_cookie(cookie)),
            None => mask_cookie(value),
        },
        How::Mac => value.split(',').map(mask_mac).collect::<Vec<_>>().join(","),
        How::Challenge => value.split(',').map(mask_challenge).collect::<Vec<_>>().join(","),
        How::Url => mask_url(value, secrets).into_owned(),
    }
}

fn mask_cookie(cookie: &str) -> String {
    match cookie.trim().split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

/// The tokens of these schemes hold hashes of passwords; what other schemes say is no secret.
fn mask_challenge(challenge: &str) -> String {
    let (scheme, token) = challenge.trim().split_once(' ').unwrap_or_default();
    let tells = ["Negotiate", "NTLM"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    if tells && !token.is_empty() { format!("{scheme} {MASK}") } else { challenge.to_owned() }
}

fn mask_mac(part: &str) -> String {
    match part.split_once('=') {
        Some((name, _)) if name.trim().eq_ignore_ascii_case("mac") => format!("{name}={MASK}"),
        _ => part.to_owned(),
    }
}

/// A URL or request target with the password of its user information (RFC 3986 3.2.1) and the
/// secret parameters of its query and fragment masked. User information without a colon is masked
/// whole: it may be a token.
pub fn mask_url(text: &str, secrets: Secrets) -> Cow<'_, str> {
    if secrets == Secrets::Shown {
        return Cow::Borrowed(text);
    }
    let (head, query) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
    let masked_head = mask_user_information(head);
    let masked_query = mask_form(query);
    match (&masked_head, &masked_query) {
        (Cow::Borrowed(_), Cow::Borrowed(_)) => Cow::Borrowed(text),
        _ => Cow::Owned(format!("{masked_head}{masked_query}")),
    }
}

fn mask_user_information(head: &str) -> Cow<'_, str> {
    let start = match head.find("://") {
        Some(at) => at + 3,
        None if head.starts_with('/') => return Cow::Borrowed(head),
        None => 0,
    };
    let (scheme, rest) = head.split_at(start);
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let Some((user, host)) = authority.rsplit_once('@') else { return Cow::Borrowed(head) };
    let user = user.split_once(':').map(|(user, _)| format!("{user}:")).unwrap_or_default();
    Cow::Owned(format!("{scheme}{user}{MASK}@{host}{path}"))
}

/// A form (`name=value&…`) or query with the values of secret parameters masked.
fn mask_form(text: &str) -> Cow<'_, str> {
    if !text.split('&').any(|pair| secret_value(pair).is_some()) {
        return Cow::Borrowed(text);
    }
    let mask = |pair: &str| match secret_value(pair) {
        Some(at) => format!("{}{MASK}", &pair[..at]),
        None => pair.to_owned(),
    };
    Cow::Owned(text.split('&').map(mask).collect::<Vec<_>>().join("&"))
}

/// Where the first secret value of a pair begins; it is masked to the pair's end. Some senders
/// separate pairs by `;`, and fragments are forms too.
pub(super) fn secret_value(pair: &str) -> Option<usize> {
    let mut start = 0;
    for part in pair.split_inclusive(['?', '#', ';']) {
        if let Some((name, value)) = part.split_once('=')
            && !value.is_empty()
            && TABLE.has_parameter(name)
        {
            return Some(start + name.len() + 1);
        }
        start += part.len();
    }
    None
}

fn percent_decoded(name: &str) -> Cow<'_, str> {
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let bytes = name.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let digits = name.get(at + 1..at + 3).filter(|_| *byte == b'%');
        if let Some(decoded) = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            out.push(decoded);
            at += 3;
        } else {
            out.push(*byte);
            at += 1;
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_row_of_the_table_means_something() {
        let mut lines = include_str!("secrets.tsv").lines();
        assert_eq!(lines.next(), Some("kind\tmatch\thow\tsource"));
        let mut seen = HashSet::new();
        for line in lines {
            let fields: Vec<&str> = line.split('\t').collect();
            let [kind, name, how, source] = fields[..] else { panic!("{line}") };
            assert!(["header", "parameter", "element", "node", "type"].contains(&kind), "{line}");
            assert!(!name.is_empty() && !source.is_empty(), "{line}");
            assert!(how_of(how).is_some_and(|how| kind == "header" || how == How::Value), "{line}");
            assert!(seen.insert((kind, name.to_ascii_lowercase())), "twice: {line}");
        }
    }

    #[test]
    fn no_secret_is_left_in_headers() {
        let mask = |name, value| mask_header(name, value, Secrets::Masked);
        assert_eq!(mask("Authorization", "Basic YWxpY2U6c2VjcmV0"), "Basic ********");
        assert_eq!(mask("authorization", "YWxpY2U6c2VjcmV0"), "********");
        assert_eq!(mask("X-Forwarded-Authorization", "Bearer abc"), "Bearer ********");
        assert_eq!(mask("x-api-key", "abc"), "********");
        assert_eq!(mask("Cookie", "a=secret; b=c"), "a=********; b=********");
        assert_eq!(mask("Set-Cookie", "a=secret; path=/; secure"), "a=********; path=/; secure");
        assert_eq!(mask("x-syncml-hmac", "algorithm=MD5, mac=NTI2"), "algorithm=MD5, mac=********");
        assert_eq!(
            mask("Location", "https://h/cb#access_token=abc&x=1"),
            "https://h/cb#access_token=********&x=1"
        );
        assert_eq!(mask("WWW-Authenticate", "NTLM TlRMTVNTUAAC"), "NTLM ********");
        let open = "Negotiate,Basic realm=\"lab\"";
        assert_eq!(mask("WWW-Authenticate", open), open);
        assert_eq!(mask("Host", "mail"), "mail");
        assert_eq!(mask_header("Cookie", "a=b", Secrets::Shown), "a=b");
    }

    #[test]
    fn no_secret_is_left_in_urls() {
        let mask = |text| mask_url(text, Secrets::Masked).into_owned();
        for (url, masked) in [
            ("http://al:pw@h/p?a=b", "http://al:********@h/p?a=b"),
            ("http://token@h:1", "http://********@h:1"),
            ("al:p@w@h:443", "al:********@h:443"),
            ("/p?password=x&b=c&Access_Token=y", "/p?password=********&b=c&Access_Token=********"),
            ("/p?a=b;pwd=c;d", "/p?a=b;pwd=********"),
            ("/p?pass%77ord=x", "/p?pass%77ord=********"),
            ("/p?password=&passwords=2", "/p?password=&passwords=2"),
            ("/a@b?User=al@h&%zz=%e", "/a@b?User=al@h&%zz=%e"),
        ] {
            assert_eq!(mask(url), masked);
        }
        assert_eq!(mask_url("/?password=x", Secrets::Shown), "/?password=x");
    }

    #[test]
    fn management_paths_match_from_their_end() {
        assert!(TABLE.has_node("./Vendor/MSFT/WiFi/Profile/Guests/WlanXml"));
        assert!(TABLE.has_node("./Vendor/MSFT/Accounts/Users/al/password/"));
        assert!(!TABLE.has_node("./Vendor/MSFT/WiFi/Profile/WlanXml"));
        assert!(!TABLE.has_node("./Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordEnabled"));
    }
}
