//! What a filter can ask about.

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// As text, without case.
    Text,
    /// As text of one or more words: `=` also when one of them is equal, and the order against a
    /// number is that of the numbers among them (`Alert Replace`, `Policy 2`).
    Words,
    /// As one of these words.
    Choice(&'static [&'static str]),
    /// As a number.
    Number,
    /// As a 32-bit key, signed or not.
    Key,
    /// As a size in bytes: `512`, `4K`, `1.5M`.
    Size,
    /// As a duration: `250ms`, `2s`, `1m`; seconds without a unit.
    Duration,
    /// As one of the levels, ordered.
    Level,
    /// As yes or no.
    Flag,
    /// As text of decoded bodies and heads: the exchange has to be decoded to tell.
    Body,
}

impl FieldKind {
    /// True when values are compared as numbers.
    pub const fn is_number(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Key | Self::Size | Self::Duration | Self::Level | Self::Flag
        )
    }
}

/// A field of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// Decoded text of either body.
    Body,
    /// Client address.
    Client,
    /// ActiveSync command or SyncML commands.
    Command,
    /// The user's comment.
    Comment,
    /// Device id.
    Device,
    /// The failure's cause.
    Error,
    /// The key facts.
    Facts,
    /// A header of either leg, as `name: value`.
    Header,
    /// Deleted from view by the user.
    Hidden,
    /// Host with unusual port.
    Host,
    /// HTTP status code.
    Http,
    /// Number in the capture.
    Id,
    /// What it records.
    Kind,
    /// The loudest level.
    Level,
    /// A `LocURI` in either body.
    LocUri,
    /// Marked by the user.
    Mark,
    /// HTTP method.
    Method,
    /// Path with query.
    Path,
    /// Policy key the request was sent with.
    PolicyKey,
    /// The conversation.
    Protocol,
    /// Bytes of the request body.
    RequestSize,
    /// Bytes of the response body.
    ResponseSize,
    /// SyncML session id.
    Session,
    /// Bytes of both bodies.
    Size,
    /// How far it got.
    State,
    /// Status inside the protocol.
    Status,
    /// An element name in either body.
    Tag,
    /// How long it took, in microseconds.
    Time,
    /// A body in the capture is shorter than what was forwarded.
    Truncated,
    /// User.
    User,
    /// Protocol version.
    Version,
}

/// What is to be known of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldFacts {
    /// The field.
    pub field: Field,
    /// Its name in the language.
    pub name: &'static str,
    /// A second name; the same as the first when there is none.
    pub alias: &'static str,
    /// How it is compared.
    pub kind: FieldKind,
    /// What it is, for the help and for completion.
    pub about: &'static str,
}

const PROTOCOLS: FieldKind = FieldKind::Choice(&["http", "activesync", "syncml", "enrolment"]);
const STATES: FieldKind = FieldKind::Choice(&["in_flight", "complete", "failed", "cut_off"]);
const KINDS: FieldKind = FieldKind::Choice(&["http", "tunnel", "connection"]);

impl Field {
    /// Every field, in the order of the help.
    pub const ALL: &'static [FieldFacts] = &[
        facts(Self::Command, "cmd", "command", FieldKind::Words, "ActiveSync or SyncML command"),
        facts(Self::Device, "device", "device", FieldKind::Text, "device id"),
        facts(Self::User, "user", "user", FieldKind::Text, "user"),
        facts(Self::Host, "host", "host", FieldKind::Text, "host with unusual port"),
        facts(Self::Path, "path", "path", FieldKind::Text, "path with query"),
        facts(Self::Method, "method", "method", FieldKind::Text, "HTTP method"),
        facts(Self::Http, "http", "http", FieldKind::Number, "HTTP status code"),
        facts(Self::Status, "status", "status", FieldKind::Words, "status inside the protocol"),
        facts(Self::Version, "version", "version", FieldKind::Text, "protocol version"),
        facts(
            Self::PolicyKey,
            "policykey",
            "policykey",
            FieldKind::Key,
            "policy key of the request",
        ),
        facts(Self::Session, "session", "session", FieldKind::Text, "SyncML session id"),
        facts(Self::Size, "size", "size", FieldKind::Size, "bytes of both bodies"),
        facts(
            Self::RequestSize,
            "reqsize",
            "reqsize",
            FieldKind::Size,
            "bytes of the request body",
        ),
        facts(
            Self::ResponseSize,
            "respsize",
            "respsize",
            FieldKind::Size,
            "bytes of the answer's body",
        ),
        facts(Self::Time, "time", "duration", FieldKind::Duration, "how long it took"),
        facts(Self::Error, "err", "error", FieldKind::Text, "why it failed"),
        facts(Self::Level, "level", "level", FieldKind::Level, "info, notable, warning or alarm"),
        facts(Self::Facts, "facts", "facts", FieldKind::Text, "the key facts of the line"),
        facts(Self::Protocol, "protocol", "protocol", PROTOCOLS, "http, activesync or syncml"),
        facts(Self::State, "state", "state", STATES, "in_flight, complete, failed or cut_off"),
        facts(Self::Kind, "kind", "kind", KINDS, "http, tunnel or connection"),
        facts(
            Self::Truncated,
            "truncated",
            "truncated",
            FieldKind::Flag,
            "a body is not kept whole",
        ),
        facts(Self::Client, "client", "client", FieldKind::Text, "address of the device"),
        facts(Self::Id, "id", "id", FieldKind::Number, "number in the capture"),
        facts(Self::Mark, "mark", "marked", FieldKind::Flag, "marked by you"),
        facts(Self::Comment, "comment", "comment", FieldKind::Text, "your comment"),
        facts(Self::Hidden, "hidden", "hidden", FieldKind::Flag, "deleted from view by you"),
        facts(Self::Tag, "tag", "tag", FieldKind::Body, "element name in a body"),
        facts(Self::LocUri, "locuri", "locuri", FieldKind::Body, "LocURI in a body"),
        facts(Self::Header, "header", "header", FieldKind::Body, "header as `name: value`"),
        facts(Self::Body, "body", "body", FieldKind::Body, "decoded text of a body"),
    ];

    /// The field of this name, compared without case.
    pub fn named(name: &str) -> Option<Self> {
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        Self::ALL.iter().find(|facts| is(facts.name) || is(facts.alias)).map(|facts| facts.field)
    }

    /// The field whose name someone may have meant.
    pub fn like(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let length = name.chars().count();
        // A word of text is no slip of a name: the shorter, the closer it must be.
        let slips = match length {
            0..=2 => return None,
            3..=5 => 1,
            _ => 2,
        };
        let near = |facts: &&FieldFacts| {
            [facts.name, facts.alias].iter().any(|known| {
                known.starts_with(&name)
                    || known.len().abs_diff(length) <= slips && distance(known, &name) <= slips
            })
        };
        Self::ALL.iter().find(near).map(|facts| facts.field)
    }

    /// What is to be known of it.
    pub fn facts(self) -> &'static FieldFacts {
        // Every field is in the table, as a test proves.
        Self::ALL.iter().find(|facts| facts.field == self).unwrap_or(&Self::ALL[0])
    }

    /// Its name in the language.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// How it is compared.
    pub const fn kind(self) -> FieldKind {
        match self {
            Self::Command | Self::Status => FieldKind::Words,
            Self::Client
            | Self::Comment
            | Self::Device
            | Self::Error
            | Self::Facts
            | Self::Host
            | Self::Method
            | Self::Path
            | Self::Session
            | Self::User
            | Self::Version => FieldKind::Text,
            Self::Protocol => PROTOCOLS,
            Self::State => STATES,
            Self::Kind => KINDS,
            Self::Http | Self::Id => FieldKind::Number,
            Self::PolicyKey => FieldKind::Key,
            Self::RequestSize | Self::ResponseSize | Self::Size => FieldKind::Size,
            Self::Time => FieldKind::Duration,
            Self::Level => FieldKind::Level,
            Self::Hidden | Self::Mark | Self::Truncated => FieldKind::Flag,
            Self::Body | Self::Header | Self::LocUri | Self::Tag => FieldKind::Body,
        }
    }
}

const fn facts(
    field: Field,
    name: &'static str,
    alias: &'static str,
    kind: FieldKind,
    about: &'static str,
) -> FieldFacts {
    FieldFacts { field, name, alias, kind, about }
}

/// Letters to change, add or leave out to get from one word to the other (Levenshtein).
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (i, a) in left.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, b) in right.chars().enumerate() {
            let kept = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = kept.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_field_is_listed_once_and_found_by_its_names() {
        let names: HashSet<_> = Field::ALL.iter().flat_map(|f| [f.name, f.alias]).collect();
        let aliases = Field::ALL.iter().filter(|f| f.name != f.alias).count();
        assert_eq!(names.len(), Field::ALL.len() + aliases);
        let fields: HashSet<_> = Field::ALL.iter().map(|f| f.field).collect();
        // `Version` is the last variant: a variant that is not in the table makes this fail.
        assert_eq!((fields.len(), Field::ALL.len()), (Field::Version as usize + 1, fields.len()));
        for facts in Field::ALL {
            assert_eq!(Field::named(&facts.name.to_uppercase()), Some(facts.field));
            assert_eq!(Field::named(facts.alias), Some(facts.field));
            assert_eq!((facts.field.facts(), facts.field.kind()), (facts, facts.kind));
        }
    }

    #[test]
    fn slips_find_the_name() {
        assert_eq!(Field::like("devcie"), Some(Field::Device));
        assert_eq!(Field::like("hots"), None);
        assert_eq!(Field::like("hos"), Some(Field::Host));
        assert_eq!(Field::like("statsu"), Some(Field::Status));
        assert_eq!(Field::like("mail.example"), None);
        assert_eq!(Field::like("x"), None);
    }
}
