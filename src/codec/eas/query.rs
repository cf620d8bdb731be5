//! The ActiveSync query, plain and base64 (MS-ASHTTP 2.2.1.1.1), read as leniently as servers do.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::codec::limits;
use crate::codec::reader::Reader;
use crate::model::PolicyKey;

use super::command::Command;

/// How a query was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// There is none (an OPTIONS request, or a broken one).
    #[default]
    None,
    /// `Cmd=…&User=…` (MS-ASHTTP 2.2.1.1.1.2).
    Plain,
    /// Base64 of a byte string (MS-ASHTTP 2.2.1.1.1.1).
    Base64,
}

/// Something odd about a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryFault {
    /// Stable id, such as `query-truncated`.
    pub code: &'static str,
    /// One sentence without a full stop.
    pub text: String,
}

/// What an ActiveSync request line says. Empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// How it was written.
    pub form: Form,
    /// Protocol version, `14.1`; base64 form only (the plain form has a header for it).
    pub version: Option<String>,
    /// Command name; `unknown (42)` for an unlisted code.
    pub command: String,
    /// Command code; `None` for an unlisted name.
    pub command_code: Option<u8>,
    /// Windows language id (LCID); base64 form only.
    pub locale: Option<u16>,
    /// Device id for people: as sent if it is ASCII without blanks, else lower-case hex.
    pub device_id: String,
    /// Device id as bytes.
    pub device_id_raw: Vec<u8>,
    /// The policy key field is there, be it empty; base64 form only. No field differs from key 0.
    pub policy_key_present: bool,
    /// The policy key, when the field holds one.
    pub policy_key: Option<PolicyKey>,
    /// Device type (`iPhone`, `SP`).
    pub device_type: String,
    /// User, perhaps `DOMAIN\user` or an address.
    pub user: Option<String>,
    /// `AttachmentName` (`GetAttachment`).
    pub attachment_name: Option<String>,
    /// `CollectionId`.
    pub collection_id: Option<String>,
    /// `ItemId`.
    pub item_id: Option<String>,
    /// `LongId`.
    pub long_id: Option<String>,
    /// `Occurrence`.
    pub occurrence: Option<String>,
    /// A copy goes to Sent Items (`SaveInSent=T`, or option bit 0x01).
    pub save_in_sent: Option<bool>,
    /// The answer may be multipart (option bit 0x02; the plain form has a header for it).
    pub accept_multipart: Option<bool>,
    /// Everything else, by name (plain) or `tag N` (base64), in order.
    pub other: Vec<(String, String)>,
    /// What was odd, in order.
    pub faults: Vec<QueryFault>,
}

impl Query {
    /// Reads the query of a request target (`/path?query`, or an absolute URL).
    pub fn of_target(target: &str) -> Self {
        target.split_once('?').map(|(_, query)| Self::parse(query)).unwrap_or_default()
    }

    /// Reads a query, without its question mark.
    pub fn parse(query: &str) -> Self {
        let query = query.split('#').next().unwrap_or_default();
        if query.trim().is_empty() {
            return Self::default();
        }
        let plain = query.to_ascii_lowercase().contains("cmd=");
        let first = query.split('&').next().unwrap_or_default();
        if plain || first.len() > limits::QUERY_BYTES {
            return Self::parse_plain(query);
        }
        match decode_base64(first) {
            // A lone word is base64, however bad; beside other parts it has to make sense.
            Some(bytes) => {
                let parsed = Self::parse_bytes(&bytes);
                let sound = !parsed.faults.iter().any(|fault| fault.code == TRUNCATED);
                if sound || first.len() == query.len() { parsed } else { Self::parse_plain(query) }
            }
            None => Self::parse_plain(query),
        }
    }

    /// The device id as an identity: lower case (device ids compare without regard to case).
    pub fn device_key(&self) -> String {
        self.device_id.to_ascii_lowercase()
    }

    fn parse_plain(query: &str) -> Self {
        let mut parsed = Self { form: Form::Plain, ..Self::default() };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = text(&percent_decode(name, true));
            let value = percent_decode(value, true);
            parsed.plain_part(name, &value);
        }
        if parsed.command.is_empty() {
            parsed.fault("query-command", "the query names no command".to_owned());
        }
        parsed
    }

    fn plain_part(&mut self, name: String, value: &[u8]) {
        match name.to_ascii_lowercase().as_str() {
            "cmd" => {
                let value = text(value);
                let known = Command::by_name(&value);
                if known.is_none() {
                    self.fault("query-command", format!("command `{value}` is not known"));
                }
                self.command_code = known.map(|command| command.code);
                self.command = known.map_or(value, |command| command.name.to_owned());
            }
            "user" => self.user = Some(text(value)),
            "deviceid" => self.set_device_id(value),
            "devicetype" => self.device_type = text(value),
            "attachmentname" => self.attachment_name = Some(text(value)),
            "collectionid" => self.collection_id = Some(text(value)),
            "itemid" => self.item_id = Some(text(value)),
            "longid" => self.long_id = Some(text(value)),
            "occurrence" => self.occurrence = Some(text(value)),
            "saveinsent" => self.save_in_sent = Some(value.eq_ignore_ascii_case(b"T")),
            _ => self.other.push((name, text(value))),
        }
    }

    fn parse_bytes(bytes: &[u8]) -> Self {
        let mut parsed = Self { form: Form::Base64, ..Self::default() };
        let mut reader = Reader::new(bytes);
        if parsed.fixed_part(&mut reader, bytes).is_none() {
            parsed.fault(TRUNCATED, "the query ends before its fields do".to_owned());
            return parsed;
        }
        while !reader.is_empty() {
            if parsed.parameter(&mut reader, bytes).is_none() {
                parsed.fault(TRUNCATED, "the query ends inside a parameter".to_owned());
                break;
            }
        }
        parsed
    }

    /// Version to device type; `None` when the bytes end early (what was read is kept).
    fn fixed_part(&mut self, reader: &mut Reader<'_>, bytes: &[u8]) -> Option<()> {
        let version = reader.byte()?;
        self.version = Some(format!("{}.{}", version / 10, version % 10));
        if !matches!(version, 121 | 140 | 141 | 160 | 161) {
            let text = format!("protocol version byte {version} is not one of this form");
            self.fault("query-version", text);
        }
        let code = reader.byte()?;
        self.command_code = Some(code);
        self.command = if let Some(command) = Command::by_code(code) {
            command.name.to_owned()
        } else {
            self.fault("query-command", format!("command code {code} is not known"));
            format!("unknown ({code})")
        };
        let locale = reader.take(2)?.of(bytes).try_into().ok()?;
        self.locale = Some(u16::from_le_bytes(locale));
        let device_id = counted(reader, bytes)?;
        if device_id.is_empty() {
            self.fault("query-device-id", "the device id is empty".to_owned());
        }
        self.set_device_id(device_id);
        let policy_key = counted(reader, bytes)?;
        self.policy_key_present = true;
        match (policy_key.len(), policy_key.try_into()) {
            (0, _) => self.policy_key_present = false,
            (_, Ok(key)) => self.policy_key = Some(PolicyKey(u32::from_le_bytes(key))),
            (length, Err(_)) => {
                let text = format!("the policy key has {length} bytes, expected 0 or 4");
                self.fault("query-policy-key", text);
            }
        }
        self.device_type = text(counted(reader, bytes)?);
        Some(())
    }

    fn parameter(&mut self, reader: &mut Reader<'_>, bytes: &[u8]) -> Option<()> {
        let tag = reader.byte()?;
        let value = counted(reader, bytes)?;
        match parameter_name(tag) {
            Some("AttachmentName") => self.attachment_name = Some(text(value)),
            Some("CollectionId") => self.collection_id = Some(text(value)),
            Some("ItemId") => self.item_id = Some(text(value)),
            Some("LongId") => self.long_id = Some(text(value)),
            Some("Occurrence") => self.occurrence = Some(text(value)),
            Some("User") => self.user = Some(text(value)),
            Some("Options") => {
                let options = value.first().copied().unwrap_or(0);
                self.save_in_sent = Some(options & SAVE_IN_SENT != 0);
                self.accept_multipart = Some(options & ACCEPT_MULTIPART != 0);
                if value.len() != 1 || options & !(SAVE_IN_SENT | ACCEPT_MULTIPART) != 0 {
                    let text = format!("options are {value:02X?}, expected one byte 00 to 03");
                    self.fault("query-options", text);
                }
            }
            Some(name) => self.other.push((name.to_owned(), text(value))),
            None => {
                self.fault("query-parameter", format!("parameter tag {tag} is not known"));
                self.other.push((format!("tag {tag}"), readable(value)));
            }
        }
        Some(())
    }

    fn set_device_id(&mut self, value: &[u8]) {
        self.device_id = readable(value);
        self.device_id_raw = value.to_vec();
    }

    fn fault(&mut self, code: &'static str, text: String) {
        self.faults.push(QueryFault { code, text });
    }
}

/// Option bit of `SendMail`, `SmartForward` and `SmartReply`.
const SAVE_IN_SENT: u8 = 0x01;
/// Option bit of `ItemOperations`.
const ACCEPT_MULTIPART: u8 = 0x02;
const TRUNCATED: &str = "query-truncated";

static PARAMETERS: LazyLock<Vec<(u8, &'static str)>> = LazyLock::new(|| {
    let rows = include_str!("query_params.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?.parse().ok()?, cells.next()?))
    })
    .collect()
});

fn parameter_name(tag: u8) -> Option<&'static str> {
    PARAMETERS.iter().find(|(code, _)| *code == tag).map(|(_, name)| *name)
}

/// A length byte and as many bytes; when fewer are left, `None`.
fn counted<'a>(reader: &mut Reader<'_>, bytes: &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::from(reader.byte()?);
    Some(reader.take(length)?.of(bytes))
}

/// UTF-8, with replacements where it is not.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Characters of ASCII as they are, anything else as lower-case hex: ids with hyphens are text, a
/// GUID in its 16 bytes is not.
fn readable(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    if bytes.iter().all(u8::is_ascii_graphic) {
        return text(bytes);
    }
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Undoes percent encoding; a stray `%` stays. `plus` turns `+` into a space, as forms do.
fn percent_decode(text: &str, plus: bool) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut reader = Reader::new(text.as_bytes());
    while let Some(byte) = reader.byte() {
        let escape = if byte == b'%' { reader.rest().get(..2).and_then(hex_pair) } else { None };
        if escape.is_some() {
            reader.take(2);
        }
        decoded.push(match (escape, byte) {
            (Some(escaped), _) => escaped,
            (None, b'+') if plus => b' ',
            (None, byte) => byte,
        });
    }
    decoded
}

fn hex_pair(digits: &[u8]) -> Option<u8> {
    let digits = std::str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

/// Decodes one query component: percent-encoded or not, either alphabet, padded or not, spaces
/// where form decoders ate a `+`, line breaks inside.
fn decode_base64(component: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let plain = percent_decode(component, false);
    let normal: Vec<u8> = plain
        .into_iter()
        .filter(|byte| !matches!(byte, b'\r' | b'\n' | b'\t'))
        .map(|byte| match byte {
            b' ' | b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    let end =
        normal.iter().rposition(|byte| *byte != b'=').map_or(0, |last| last.saturating_add(1));
    LENIENT.decode(normal.get(..end)?).ok().filter(|bytes| !bytes.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "6f24cad599a5bf1a690246b8c68fae8d";

    #[test]
    fn example_1_of_the_specification() {
        let query = Query::parse("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l");
        let expected = Query {
            form: Form::Base64,
            version: Some("14.0".into()),
            command: "Sync".into(),
            command_code: Some(0),
            locale: Some(0x0409),
            device_id: "v140Device".into(),
            device_id_raw: b"v140Device".into(),
            device_type: "SmartPhone".into(),
            ..Query::default()
        };
        assert_eq!(query, expected);
    }

    #[test]
    fn example_2_key_beyond_i32_and_user() {
        let query = Query::parse("jQkHBBBBcHBsRE5RSzEyMzRGMTlDBFktBOsGaVBob25lCApkZXZpY2V1c2Vy");
        assert_eq!(query.version.as_deref(), Some("14.1"));
        assert_eq!((query.command.as_str(), query.locale), ("FolderSync", Some(0x0407)));
        assert_eq!(query.device_id, "ApplDNQK1234F19C");
        assert_eq!(query.policy_key, Some(PolicyKey(3_942_919_513)));
        assert_eq!(
            (query.device_type.as_str(), query.user.as_deref()),
            ("iPhone", Some("deviceuser"))
        );
        assert_eq!(query.faults, []);
    }

    #[test]
    fn example_3_guid_and_options_in_every_spelling() {
        for spelling in [
            "oRMJBBBvJMrVmaW/GmkCRrjGj66NBGBI6k0DV1A4BwEC",
            "oRMJBBBvJMrVmaW%2FGmkCRrjGj66NBGBI6k0DV1A4BwEC",
            "oRMJBBBvJMrVmaW_GmkCRrjGj66NBGBI6k0DV1A4BwEC",
            "oRMJBBBvJMrVmaW/GmkCRrjG%0D%0Aj66NBGBI6k0DV1A4BwEC",
            "oRMJBBBvJMrVmaW/GmkCRrjGj66NBGBI6k0DV1A4BwEC&lb=3",
        ] {
            let query = Query::parse(spelling);
            assert_eq!(query.command, "ItemOperations", "{spelling}");
            assert_eq!(query.device_id, GUID);
            assert_eq!(query.policy_key, Some(PolicyKey(1_307_199_584)));
            assert_eq!((query.save_in_sent, query.accept_multipart), (Some(false), Some(true)));
            assert_eq!(query.faults, []);
        }
    }

    #[test]
    fn example_4_padding_and_key_zero() {
        let padded = "jAMJBAp2MTQwRGV2aWNlBAAAAAACU1ABATcDBDc6MTIHAQE=";
        for spelling in [padded, padded.trim_end_matches('='), &padded.replace('=', "%3D")] {
            let query = Query::parse(spelling);
            assert_eq!(query.form, Form::Base64);
            assert_eq!(query.command, "SmartReply");
            assert!(query.policy_key_present);
            assert_eq!(query.policy_key, Some(PolicyKey(0)));
            assert_eq!(query.collection_id.as_deref(), Some("7"));
            assert_eq!(query.item_id.as_deref(), Some("7:12"));
            assert_eq!(query.save_in_sent, Some(true));
            assert_eq!(query.faults, []);
        }
    }

    #[test]
    fn example_5_awkward_guid() {
        let plain = "eRQMBBD/++++Pvr/v/v//j//++++BAAAAAADUFBD";
        let safe = "eRQMBBD_----Pvr_v_v__j__----BAAAAAADUFBD";
        let percent = plain.replace('+', "%2B").replace('/', "%2F");
        let eaten = plain.replace('+', " ");
        for spelling in [plain, safe, &percent, &eaten] {
            let query = Query::parse(spelling);
            assert_eq!(query.version.as_deref(), Some("12.1"), "{spelling}");
            assert_eq!((query.command.as_str(), query.locale), ("Provision", Some(0x040C)));
            assert_eq!(query.device_id, "fffbefbe3efaffbffbfffe3ffffbefbe");
            assert_eq!((query.policy_key, query.device_type.as_str()), (Some(PolicyKey(0)), "PPC"));
        }
    }

    #[test]
    fn plain_in_any_order_and_case() {
        let query = Query::of_target(
            "/Microsoft-Server-ActiveSync?User=LAB%5Calice&deviceid=A1&DeviceType=WP8&cmd=provision&X=1",
        );
        assert_eq!(query.form, Form::Plain);
        assert_eq!((query.command.as_str(), query.command_code), ("Provision", Some(20)));
        assert_eq!(query.user.as_deref(), Some("LAB\\alice"));
        assert_eq!((query.device_id.as_str(), query.device_type.as_str()), ("A1", "WP8"));
        assert_eq!(query.other, [("X".to_owned(), "1".to_owned())]);
        assert_eq!(query.faults, []);
        assert_eq!(Query::parse("User=a&DeviceId=b").form, Form::Plain);
        assert_eq!(Query::of_target("/Microsoft-Server-ActiveSync").form, Form::None);
    }

    #[test]
    fn oddities_are_named_and_survived() {
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let codes = |bytes: &[u8]| {
            let query = Query::parse(&encode(bytes));
            (query.clone(), query.faults.iter().map(|f| f.code).collect::<Vec<_>>())
        };
        let (query, faults) = codes(b"\x8D\x14\x09\x04\x02ab\x03xyz\x02SP\x09\x01q\x07\x00");
        assert_eq!(faults, ["query-policy-key", "query-parameter", "query-options"]);
        assert_eq!((query.policy_key, query.device_type.as_str()), (None, "SP"));
        assert_eq!(query.other, [("tag 9".to_owned(), "q".to_owned())]);
        let (query, faults) = codes(b"\x19\x63\x09\x04\x00\x00\x02SP\x01\x09ab");
        assert_eq!(
            faults,
            ["query-version", "query-command", "query-device-id", "query-truncated"]
        );
        assert_eq!(query.version.as_deref(), Some("2.5"));
        let (query, faults) = codes(b"\x8D\x00\x09\x04\x20ab");
        assert_eq!((query.command.as_str(), faults), ("Sync", vec!["query-truncated"]));
    }

    #[test]
    fn every_parameter_row_parses() {
        let rows = include_str!("query_params.tsv").lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(PARAMETERS.len(), rows);
        assert_eq!(parameter_name(7), Some("Options"));
    }
}
