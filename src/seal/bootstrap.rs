//! The code that authenticates a document of OMA client provisioning (OMA-WAP-TS-ProvBoot 5.2): an
//! HMAC with SHA-1 over the WBXML, keyed with something both sides know, in parameters of the media
//! type.

use std::fmt::Write as _;

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};

/// Digits of a PIN or of a network identity that are taken.
const DIGITS: usize = 64;

/// What the key is made of (`SEC`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    NetworkPin,
    UserPin,
    UserNetworkPin,
    UserPinMac,
    Unknown,
}

/// `SEC` and `MAC` of a media type (OMA-WAP-TS-ProvBoot 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bootstrap {
    security: Security,
    /// As sent, lower case; empty when missing.
    mac: String,
}

/// What a user knows and gives to have the code checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pin<'a> {
    /// Digits that the sender told the user (`USERPIN`); empty when not given.
    pub user: &'a str,
    /// International mobile subscriber identity of the device, in digits (`NETWPIN`); empty when not
    /// given.
    pub imsi: &'a str,
}

/// What came of checking the code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Integrity {
    /// The code is right: the document is as its sender made it.
    Valid,
    /// The code is another: a wrong PIN, or a changed document.
    Invalid,
    /// It could not be checked; why.
    Unchecked(&'static str),
}

impl Integrity {
    /// One word for programs: `valid`, `invalid`, `unchecked`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unchecked(_) => "unchecked",
        }
    }

    /// For people.
    pub fn words(&self) -> String {
        match self {
            Self::Valid => "right: the document is as its sender made it".to_owned(),
            Self::Invalid => "WRONG: another PIN, or a changed document".to_owned(),
            Self::Unchecked(why) => format!("not checked: {why}"),
        }
    }
}

impl Bootstrap {
    /// Reads the parameters of a `Content-Type`; `None` when there are neither.
    pub fn of_content_type(value: &str) -> Option<Self> {
        let parameter = |name: &str| {
            value.split(';').skip(1).filter_map(|part| part.split_once('=')).find_map(
                |(own, text)| {
                    own.trim().eq_ignore_ascii_case(name).then(|| text.trim().trim_matches('"'))
                },
            )
        };
        let (security, mac) = (parameter("SEC"), parameter("MAC"));
        security.or(mac)?;
        let security = match security.unwrap_or_default().to_ascii_uppercase().as_str() {
            "0" | "NETWPIN" => Security::NetworkPin,
            "1" | "USERPIN" => Security::UserPin,
            "2" | "USERNETWPIN" => Security::UserNetworkPin,
            "3" | "USERPINMAC" => Security::UserPinMac,
            _ => Security::Unknown,
        };
        Some(Self { security, mac: mac.unwrap_or_default().to_ascii_lowercase() })
    }

    /// How the document is protected, in words.
    pub fn words(&self) -> String {
        let key = match self.security {
            Security::NetworkPin => "NETWPIN: keyed with the IMSI or ESN of the device",
            Security::UserPin => "USERPIN: keyed with a PIN the user is told",
            Security::UserNetworkPin => "USERNETWPIN: keyed with the IMSI and a PIN",
            Security::UserPinMac => "USERPINMAC: the PIN carries the check itself",
            Security::Unknown => "unknown kind of key",
        };
        let rest = match (self.security, self.mac.as_str()) {
            (Security::UserPinMac, _) => "not checked without it",
            (_, "") => "no MAC",
            _ => "MAC not checked without it",
        };
        format!("{key}; {rest}")
    }

    /// Checks the code over `body`, the WBXML bytes as sent. Nothing is guessed: without the secret,
    /// or when the secret is no row of digits, it stays unchecked.
    pub fn verify(&self, body: &[u8], pin: Pin<'_>) -> Integrity {
        if self.security == Security::UserPinMac {
            return in_pin(body, pin.user);
        }
        if self.mac.is_empty() {
            return Integrity::Unchecked("the media type has no MAC");
        }
        let key = match self.key(pin) {
            Ok(key) => key,
            Err(why) => return Integrity::Unchecked(why),
        };
        let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), body);
        let mut computed = String::new();
        for byte in tag.as_ref() {
            let _ = write!(computed, "{byte:02x}");
        }
        if computed == self.mac { Integrity::Valid } else { Integrity::Invalid }
    }

    fn key(&self, pin: Pin<'_>) -> Result<Vec<u8>, &'static str> {
        let user = || digits(pin.user).ok_or("no PIN was given, and none is guessed");
        let network = || {
            let digits = digits(pin.imsi).ok_or("no IMSI was given, and none is guessed")?;
            Ok(semi_octets(digits))
        };
        match self.security {
            Security::NetworkPin => network(),
            Security::UserPin => user().map(|digits| digits.as_bytes().to_vec()),
            Security::UserNetworkPin => {
                let mut key: Vec<u8> = network()?;
                key.extend_from_slice(user()?.as_bytes());
                Ok(key)
            }
            Security::UserPinMac | Security::Unknown => {
                Err("the media type names no known kind of key")
            }
        }
    }
}

/// The first half of the PIN is the key, the second the code: of each of as many bytes of the HMAC the
/// rest of a division by ten (OMA-WAP-TS-ProvBoot 5.2, USERPINMAC).
fn in_pin(body: &[u8], pin: &str) -> Integrity {
    let Some(digits) = digits(pin) else {
        return Integrity::Unchecked("no PIN was given, and none is guessed");
    };
    if !digits.len().is_multiple_of(2) || digits.len() > PIN_DIGITS {
        return Integrity::Unchecked("a PIN that carries a code has two halves");
    }
    let (key, code) = digits.as_bytes().split_at(digits.len() / 2);
    let tag = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, key), body);
    let right = tag.as_ref().iter().zip(code).all(|(byte, digit)| byte % 10 == digit & 0x0F);
    if right { Integrity::Valid } else { Integrity::Invalid }
}

/// Digits of a PIN that carries a code: half of them are as many as the bytes of an HMAC with SHA-1.
const PIN_DIGITS: usize = 40;

fn digits(text: &str) -> Option<&str> {
    let fits = !text.is_empty() && text.len() <= DIGITS && text.bytes().all(|b| b.is_ascii_digit());
    fits.then_some(text)
}

/// An IMSI as a SIM keeps it (3GPP TS 51.011 10.3.2): the first nibble says whether the number of
/// digits is odd, then the digits, low nibble first, filled up with F.
fn semi_octets(digits: &str) -> Vec<u8> {
    let parity = if digits.len().is_multiple_of(2) { 1 } else { 9 };
    let mut nibbles = vec![parity];
    nibbles.extend(digits.bytes().map(|digit| digit.wrapping_sub(b'0') & 0x0F));
    nibbles
        .chunks(2)
        .map(|pair| match pair {
            [low, high] => (high << 4) | low,
            [low] => 0xF0 | low,
            _ => 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn protected(sec: &str, mac: &str) -> Bootstrap {
        let value = format!("application/vnd.wap.connectivity-wbxml; SEC={sec}; MAC={mac}");
        Bootstrap::of_content_type(&value).unwrap()
    }

    /// `printf 'hello' | openssl dgst -sha1 -hmac 1234`
    const USER: &str = "4639deae5dd39bdf0634eed9c49caf07a4d8e16b";

    #[test]
    fn an_imsi_is_packed_as_on_the_sim() {
        assert_eq!(
            semi_octets("123456789012345"),
            [0x19, 0x32, 0x54, 0x76, 0x98, 0x10, 0x32, 0x54]
        );
        assert_eq!(semi_octets("12345678"), [0x11, 0x32, 0x54, 0x76, 0xF8]);
    }

    #[test]
    fn a_right_pin_is_told_from_a_wrong_one_and_from_none() {
        let user = Pin { user: "1234", imsi: "" };
        assert_eq!(protected("1", USER).verify(b"hello", user), Integrity::Valid);
        assert_eq!(
            protected("USERPIN", &USER.to_uppercase()).verify(b"hello", user),
            Integrity::Valid
        );
        assert_eq!(protected("1", USER).verify(b"hellO", user), Integrity::Invalid);
        let none = protected("1", USER).verify(b"hello", Pin::default());
        assert_eq!(none, Integrity::Unchecked("no PIN was given, and none is guessed"));
        let network = protected("0", USER).verify(b"hello", user);
        assert_eq!(network, Integrity::Unchecked("no IMSI was given, and none is guessed"));
    }

    /// `openssl dgst -sha1 -mac HMAC -macopt hexkey:…`, the key as packed above, then with `1234`.
    #[test]
    fn the_network_identity_is_a_key_alone_and_with_a_pin() {
        let pin = Pin { user: "1234", imsi: "123456789012345" };
        let network = protected("0", "fc39fc82fcaa4f2d445e3f70d3791d8feee167ad");
        assert_eq!(network.verify(b"hello", pin), Integrity::Valid);
        let both = protected("USERNETWPIN", "1dbda8039b338c9c2914ee1b31495178bfedd613");
        assert_eq!(both.verify(b"hello", pin), Integrity::Valid);
        let other = Pin { imsi: "123456789012346", ..pin };
        assert_eq!(both.verify(b"hello", other), Integrity::Invalid);
    }

    /// The bytes of [`USER`] begin with 70, 57, 222, 174.
    #[test]
    fn a_pin_may_carry_the_code_itself() {
        let check = |pin| protected("3", "").verify(b"hello", Pin { user: pin, imsi: "" });
        assert_eq!(check("12340724"), Integrity::Valid);
        assert_eq!(check("12340725"), Integrity::Invalid);
        assert_eq!(check("12350724"), Integrity::Invalid);
        let why = "a PIN that carries a code has two halves";
        assert_eq!(check("1234072"), Integrity::Unchecked(why));
    }

    #[test]
    fn other_media_types_have_none() {
        assert_eq!(Bootstrap::of_content_type("text/xml; charset=utf-8"), None);
        assert!(Bootstrap::of_content_type("x; mac=ab").is_some());
    }
}
