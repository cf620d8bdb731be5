//! Values of the settings file that know where they stand, so that a mistake has its line.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use toml::Spanned;

use crate::cli::args::parse_size;
use crate::cli::keys;
use crate::cli::settings;
use crate::proxy::{Cidr, Origin, Pattern};

/// What a text must be.
pub(super) trait Kind {
    /// Why it is not, if so.
    fn fault(text: &str) -> Option<String>;
}

/// A way in: `regular@127.0.0.1:8080`.
#[derive(Debug)]
pub(super) struct ModeSpec;
/// An address to listen on.
#[derive(Debug)]
pub(super) struct Address;
/// The front of a URL.
#[derive(Debug)]
pub(super) struct Server;
/// A network.
#[derive(Debug)]
pub(super) struct Network;
/// Hosts.
#[derive(Debug)]
pub(super) struct Hosts;
/// `USER:PASSWORD`.
#[derive(Debug)]
pub(super) struct UserPassword;
/// Anything.
#[derive(Debug)]
pub(super) struct Any;

impl Kind for ModeSpec {
    fn fault(text: &str) -> Option<String> {
        settings::parse_mode(text).err().map(|error| error.to_string())
    }
}

impl Kind for Address {
    fn fault(text: &str) -> Option<String> {
        settings::parse_address(text).err().map(|error| error.to_string())
    }
}

impl Kind for Server {
    fn fault(text: &str) -> Option<String> {
        text.parse::<Origin>().err().map(|error| error.to_string())
    }
}

impl Kind for Network {
    fn fault(text: &str) -> Option<String> {
        text.parse::<Cidr>().err().map(|error| error.to_string())
    }
}

impl Kind for Hosts {
    fn fault(text: &str) -> Option<String> {
        text.parse::<Pattern>().err().map(|error| error.to_string())
    }
}

impl Kind for UserPassword {
    fn fault(text: &str) -> Option<String> {
        // The text itself is a secret.
        let fits = keys::user_password(text).is_some();
        (!fits).then(|| "a password is written as `USER:PASSWORD`".to_owned())
    }
}

impl Kind for Any {
    fn fault(_: &str) -> Option<String> {
        None
    }
}

/// A text that should be of this kind, and where it stands.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<K> {
    text: Spanned<String>,
    #[serde(skip)]
    kind: PhantomData<K>,
}

impl<K: Kind> Text<K> {
    /// As written.
    pub(super) fn get(&self) -> String {
        self.text.get_ref().clone()
    }

    /// What is wrong with it, and the byte of the file where it begins.
    pub(super) fn fault(&self) -> Option<Fault> {
        let why = K::fault(self.text.get_ref())?;
        Some(Fault { at: self.text.span().start, why })
    }
}

/// A mistake, and the byte of the file where it is.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) why: String,
}

/// One text, or several.
#[derive(Debug)]
pub(super) struct List<K>(Vec<Text<K>>);

impl<K: Kind> List<K> {
    /// As written.
    pub(super) fn texts(&self) -> Vec<String> {
        self.0.iter().map(Text::get).collect()
    }

    /// What is wrong with the first that is.
    pub(super) fn fault(&self) -> Option<Fault> {
        self.0.iter().find_map(Text::fault)
    }
}

impl<'de, K> Deserialize<'de> for List<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Spanned::<OneOrMore<K>>::deserialize(deserializer)?;
        let span = written.span();
        Ok(Self(match written.into_inner() {
            OneOrMore::One(text) => {
                vec![Text { text: Spanned::new(span, text), kind: PhantomData }]
            }
            OneOrMore::More(all) => all,
        }))
    }
}

enum OneOrMore<K> {
    One(String),
    More(Vec<Text<K>>),
}

impl<'de, K> Deserialize<'de> for OneOrMore<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Texts(PhantomData))
    }
}

struct Texts<K>(PhantomData<K>);

impl<'de, K> Visitor<'de> for Texts<K> {
    type Value = OneOrMore<K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, or a list of texts")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(OneOrMore::One(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(OneOrMore::More(all))
    }
}

/// Bytes: a number, or a text such as `64M`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size(pub(super) u64);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of bytes, or a text such as \"64M\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Size, E> {
        u64::try_from(number).map(Size).map_err(|_| E::custom("it is negative"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Size, E> {
        parse_size(text).map(Size).map_err(E::custom)
    }
}
