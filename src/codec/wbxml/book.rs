//! Token tables: one [`Book`] a document type, and how documents find theirs.

use crate::codec::children;
use crate::model::Vocabulary;

use super::pages::Pages;
use super::tables::{ACTIVESYNC, BOOKS, EAS};

/// The token tables of one document type, and how it is recognised.
#[derive(Debug)]
pub struct Book {
    /// Short name for `--as`: `eas`, `syncml12`.
    pub key: &'static str,
    /// Name for people: `ActiveSync`, `SyncML 1.2`.
    pub name: &'static str,
    /// Registered public id; `None` for document types without one.
    pub public_id: Option<u32>,
    /// Formal public identifier, as specified.
    pub fpi: &'static str,
    /// The registered public id and the formal one, for people.
    pub(super) public_id_words: String,
    /// Formal public identifiers that encoders write instead.
    pub(super) other_fpis: Vec<&'static str>,
    /// Root element; empty when there are many (ActiveSync).
    pub root: &'static str,
    /// Media types, lower case.
    pub media_types: Vec<&'static str>,
    /// System identifier of the XML form's document type declaration; may be empty.
    pub system_id: &'static str,
    /// Tables of other names that belong to this document type too.
    pub(super) includes: Vec<&'static str>,
    pub(super) tags: Pages<Tag>,
    pub(super) vocabulary: Vocabulary,
    pub(super) attributes: Pages<AttributeStart>,
    pub(super) values: Pages<&'static str>,
    pub(super) extensions: Vec<(u32, &'static str)>,
    /// Names that other tools and older revisions have for tags: page, token, name.
    pub(super) aliases: Vec<(u8, u8, &'static str)>,
}

/// What a tag token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    /// Element name.
    pub name: &'static str,
    /// Namespace; empty for none.
    pub namespace: &'static str,
    /// First ActiveSync protocol version with this element (2.5 means "2.5 or before"); empty
    /// outside ActiveSync and where it is not known.
    pub first_version: &'static str,
    /// Last one; empty while current.
    pub last_version: &'static str,
    /// The content is bytes, written as `OPAQUE`.
    pub opaque: bool,
}

impl Tag {
    /// True when this element exists in an ActiveSync protocol version (`12.1`); `None` when the
    /// version is no number, or the tables do not say since when the element exists.
    ///
    /// A first version of 2.5 counts as "always": the tables begin there.
    pub fn exists_in(&self, version: &str) -> Option<bool> {
        let asked = version_number(version)?;
        let first = version_number(self.first_version)?;
        let last = version_number(self.last_version);
        let since = self.first_version == "2.5" || first <= asked;
        Some(since && last.is_none_or(|last| asked <= last))
    }
}

/// `14.1` as major and minor.
fn version_number(text: &str) -> Option<(u8, u8)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// What an attribute start token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttributeStart {
    /// Attribute name.
    pub name: &'static str,
    /// How the value begins.
    pub prefix: &'static str,
}

impl Book {
    /// Every document type.
    pub fn all() -> &'static [Self] {
        &BOOKS
    }

    /// The ActiveSync tables.
    pub fn activesync() -> &'static Self {
        &ACTIVESYNC
    }

    /// By its short name, in any case.
    pub fn by_key(key: &str) -> Option<&'static Self> {
        BOOKS.iter().find(|book| book.key.eq_ignore_ascii_case(key))
    }

    /// By its name for people, which a layer's format carries.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        BOOKS.iter().find(|book| book.name == name)
    }

    /// By registered public id.
    pub fn by_public_id(public_id: u32) -> Option<&'static Self> {
        BOOKS.iter().find(|book| book.public_id == Some(public_id))
    }

    /// By formal public identifier, in any case and with any spaces.
    pub fn by_fpi(fpi: &str) -> Option<&'static Self> {
        let fpi: String = fpi.split_ascii_whitespace().collect();
        let is_it = |known: &str| {
            let known = known.chars().filter(|c| *c != ' ');
            !fpi.is_empty()
                && known
                    .map(|c| c.to_ascii_lowercase())
                    .eq(fpi.chars().map(|c| c.to_ascii_lowercase()))
        };
        BOOKS.iter().find(|book| is_it(book.fpi) || book.other_fpis.iter().any(|fpi| is_it(fpi)))
    }

    /// All with this media type (without parameters, lower case), newest version first.
    pub fn by_media_type(media_type: &str) -> impl Iterator<Item = &'static Self> {
        BOOKS.iter().rev().filter(move |book| book.media_types.contains(&media_type))
    }

    /// True for ActiveSync.
    pub fn is_activesync(&self) -> bool {
        self.key == EAS
    }

    /// The meaning of a tag token (without flag bits).
    pub fn tag(&self, page: u8, token: u8) -> Option<&Tag> {
        self.tags.row(page, token)
    }

    /// The names of the tag tokens alone, as trees keep them.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The namespaces of the elements; some more than once.
    pub fn namespaces(&self) -> impl Iterator<Item = &'static str> {
        self.tags.iter().map(|(_, _, tag)| tag.namespace)
    }

    pub(super) fn set_tag(&mut self, page: u8, token: u8, tag: Tag) {
        let Tag { name, namespace, .. } = tag;
        self.vocabulary.set((page, token), name, namespace, children::may_hold(name));
        self.tags.set(page, token, tag);
    }

    /// The token of an element, preferring `page`, and its own name to what others call it.
    pub fn tag_token(&self, namespace: Option<&str>, name: &str, page: u8) -> Option<(u8, u8)> {
        let is_in = |tag: &Tag| namespace.is_none_or(|n| n.eq_ignore_ascii_case(tag.namespace));
        let fits = |tag: &Tag| tag.name == name && is_in(tag);
        let on_page = self.tags.rows_of(page).find(|(_, tag)| fits(tag));
        let found = on_page.map(|(token, _)| (page, token));
        let anywhere = || self.tags.iter().find(|(_, _, tag)| fits(tag));
        found.or_else(|| anywhere().map(|(page, token, _)| (page, token))).or_else(|| {
            let known = self.aliases.iter().filter(|(page, token, alias)| {
                *alias == name && self.tag(*page, *token).is_some_and(is_in)
            });
            let nearest = known.min_by_key(|(on, token, _)| (*on != page, *on, *token));
            nearest.map(|(page, token, _)| (*page, *token))
        })
    }

    /// The token of an element that the table lists with a prefix (`o-ex:rights`), by its local
    /// name.
    pub fn prefixed_tag_token(&self, local: &str) -> Option<(u8, u8)> {
        let fits = |tag: &Tag| tag.name.split_once(':').is_some_and(|(_, name)| name == local);
        self.tags.iter().find(|(_, _, tag)| fits(tag)).map(|(page, token, _)| (page, token))
    }

    /// The meaning of an attribute start token.
    pub fn attribute(&self, page: u8, token: u8) -> Option<&AttributeStart> {
        self.attributes.row(page, token)
    }

    /// All attribute start tokens: page, token, meaning.
    pub fn attributes(&self) -> impl Iterator<Item = (u8, u8, &AttributeStart)> {
        self.attributes.iter()
    }

    /// The piece of text that an attribute value token stands for.
    pub fn value(&self, page: u8, token: u8) -> Option<&'static str> {
        self.values.row(page, token).copied()
    }

    /// All attribute value tokens: page, token, text.
    pub fn values(&self) -> impl Iterator<Item = (u8, u8, &'static str)> {
        self.values.iter().map(|(page, token, text)| (page, token, *text))
    }

    /// The text that `EXT_T_0` with this operand stands for (Wireless Village).
    pub fn extension(&self, operand: u32) -> Option<&'static str> {
        self.extensions.iter().find(|(code, _)| *code == operand).map(|(_, text)| *text)
    }

    /// True when this document type has extension values.
    pub fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    /// True when opaque content may be a packed number or time (Wireless Village).
    pub(super) fn has_packed_values(&self) -> bool {
        self.key.starts_with("wvcsp")
    }

    /// True when an attribute's value is a packed time (`%Datetime` of SI 1.0 and EMN 1.0).
    pub(super) fn has_times(&self, attribute: &str) -> bool {
        matches!(self.key, "si10" | "emn10")
            && matches!(attribute, "created" | "si-expires" | "timestamp")
    }

    /// The operand of `EXT_T_0` that stands for `text` (Wireless Village).
    pub(super) fn extension_of(&self, text: &str) -> Option<u32> {
        self.extensions.iter().find(|(_, known)| *known == text).map(|(code, _)| *code)
    }

    /// True when `EXT` tokens are WML variables.
    pub fn has_variables(&self) -> bool {
        self.key.starts_with("wml") || self.key.starts_with("wta")
    }

    /// The document type whose documents, with this root, stand in elements of this one as bytes:
    /// device information in SyncML.
    pub(super) fn inner(&self, root: &str) -> Option<&'static Self> {
        let version = self.key.strip_prefix("syncml").filter(|_| root == "DevInf")?;
        Self::by_key(&format!("devinf{version}"))
    }

    /// True when a document may begin with this tag.
    pub fn is_root(&self, page: u8, token: u8) -> bool {
        let Some(tag) = self.tag(page, token) else { return false };
        if self.is_activesync() { eas_root(page, tag.name) } else { tag.name == self.root }
    }
}

/// Root elements of ActiveSync bodies: the commands (MS-ASCMD 2.2.1) and the page they stand on.
fn eas_root(page: u8, name: &str) -> bool {
    matches!(
        (page, name),
        (0, "Sync")
            | (5, "MoveItems")
            | (6, "GetItemEstimate")
            | (7, "FolderSync" | "FolderCreate" | "FolderDelete" | "FolderUpdate")
            | (8, "MeetingResponse")
            | (10, "ResolveRecipients")
            | (11, "ValidateCert")
            | (13, "Ping")
            | (14, "Provision")
            | (15, "Search")
            | (18, "Settings")
            | (20, "ItemOperations")
            | (21, "SendMail" | "SmartForward" | "SmartReply")
            | (25, "Find")
    )
}
