//! A provisioning document in words: certificates, the account, the schedule, Wi-Fi.

use crate::analyze::document::Document;
use crate::analyze::draft::{Draft, clip, joined, labelled, percent_decoded};
use crate::codec::x509::PublicKey;
use crate::model::{Decoded, Leg, Level, WallTime};
use crate::seal::Proof;

use super::poll::duration;
use super::provisioning::{Account, Parm, Provisioning, Stored};
use super::{identity, table};

/// Parameters explained of one document.
const EXPLAINED: usize = 500;

/// What is known around a provisioning document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting<'a> {
    pub(super) leg: Leg,
    pub(super) decoded: &'a Decoded,
    /// When it was sent; 0 when not known.
    pub(super) now: WallTime,
    /// The key of the request that it answers.
    pub(super) requested: Option<&'a PublicKey>,
}

/// Says what the document does to the device.
pub(super) fn tell(document: &Provisioning<'_>, setting: Setting<'_>, draft: &mut Draft) {
    tell_certificates(document, setting, draft);
    for account in document.accounts() {
        tell_account(document, account, setting.leg, draft);
    }
    for provider in document.providers() {
        tell_provider(document, provider, setting.leg, draft);
    }
    for parm in document.parms.iter().take(EXPLAINED) {
        tell_parm(document, parm, setting, draft);
    }
    tell_areas(document, draft);
}

fn tell_certificates(document: &Provisioning<'_>, setting: Setting<'_>, draft: &mut Draft) {
    let stored = document.certificates(setting.decoded);
    for found in &stored {
        let Some(certificate) = &found.certificate else {
            let text = if found.is_placeholder() {
                "no certificate: other text stands here"
            } else {
                "a certificate that cannot be read"
            };
            draft.note(setting.leg, &document.document, found.parm, Level::Notable, text);
            continue;
        };
        let words = identity::certificate_words(certificate);
        let key = match (found.is_own(), found.is_in("Root")) {
            (true, _) => "issued",
            (_, true) => "root",
            _ => "intermediate",
        };
        let fits = setting.requested.filter(|_| found.is_own()).map(|key| *key == certificate.key);
        let fits = match fits {
            Some(true) => "for the key of the request",
            Some(false) => "NOT for the key of the request",
            None => "",
        };
        let words = joined([words, fits.to_owned(), chain(found, &stored)], ", ");
        draft.row(key, words.clone());
        if found.is_own() {
            let (who, until) = (clip(&certificate.subject), identity::day(certificate.not_after));
            draft.fact(format!("certificate for {who} until {until}"));
        }
        tell_name(document, found, setting.leg, draft);
        let late = identity::outdated(certificate, setting.now);
        let level = if late.is_some() { Level::Warning } else { Level::Info };
        let text = joined([words, late.unwrap_or_default()], "; ");
        draft.note(setting.leg, &document.document, found.parm, level, text);
    }
}

/// Who in the same document issued it.
fn chain(found: &Stored<'_>, stored: &[Stored<'_>]) -> String {
    let Some(certificate) = found.certificate.as_ref().filter(|c| !c.is_self_issued()) else {
        return String::new();
    };
    let issuer = stored.iter().find(|other| {
        other
            .certificate
            .as_ref()
            .is_some_and(|c| c.subject == certificate.issuer && c.purposes.is_ca())
    });
    match issuer {
        Some(issuer) => {
            let signed = match found.issued_by(stored) {
                Some(Proof::Right) => ", whose signature it carries",
                Some(Proof::Wrong) => ", whose signature it does NOT carry",
                Some(Proof::Unchecked) | None => "",
            };
            format!("the issuer is sent along ({}){signed}", issuer.store)
        }
        None => "the issuer is not sent along".to_owned(),
    }
}

/// Compares the name of the characteristic with the thumbprint.
fn tell_name(document: &Provisioning<'_>, found: &Stored<'_>, leg: Leg, draft: &mut Draft) {
    let sha1 = &found.sha1;
    let named: String = found.thumbprint.split_whitespace().collect();
    let text = if named.eq_ignore_ascii_case(sha1) {
        "its SHA-1, as computed".to_owned()
    } else {
        format!("not its SHA-1, which is {sha1}")
    };
    draft.note(leg, &document.document, found.node, Level::Info, text);
}

fn tell_account(
    document: &Provisioning<'_>,
    account: Account<'_, '_>,
    leg: Leg,
    draft: &mut Draft,
) {
    let address = account.address().map(|parm| clip(parm.value.trim())).unwrap_or_default();
    let provider = clip(account.value("PROVIDER-ID"));
    let label = clip(account.value("NAME"));
    draft.fact(labelled("managed by", &address));
    let encoding = account.value("DEFAULTENCODING");
    let encoding = encoding.rsplit("syncml.dm+").next().unwrap_or_default();
    let words = [
        address,
        labelled("provider", &provider),
        labelled("called", &label),
        labelled("messages in", &clip(encoding)),
    ];
    draft.row("management", joined(words, ", "));
    let mut auth: Vec<String> = Vec::new();
    for at in account.credentials().take(8) {
        let words = credentials_words(document, at);
        draft.note(leg, &document.document, document.node(at), Level::Info, words.clone());
        auth.push(words);
    }
    draft.row("management login", auth.join("; "));
}

/// `the device proves itself by BASIC as testclient`.
fn credentials_words(document: &Provisioning<'_>, at: usize) -> String {
    let who = match document.value(at, "AAUTHLEVEL") {
        "CLIENT" => "the server proves itself to the device",
        "APPSRV" => "the device proves itself to the server",
        "OBEX" | "HTTP" => "a credential of the transport",
        _ => "a credential of unknown level",
    };
    let kind = clip(document.value(at, "AAUTHTYPE"));
    let name = clip(document.value(at, "AAUTHNAME"));
    joined([who.to_owned(), labelled("by", &kind), labelled("as", &name)], " ")
}

fn tell_provider(document: &Provisioning<'_>, provider: usize, leg: Leg, draft: &mut Draft) {
    let (node, schedule) = document.schedule(provider);
    if let Some(node) = node {
        draft.note(leg, &document.document, node, Level::Info, format!("asks for work {schedule}"));
    }
    draft.row("schedule", schedule);
    let value = |name| clip(document.value(provider, name));
    draft.row("enrolled user", value("UPN"));
    draft.row("device at the server", joined([value("EntDeviceName"), value("EntDMID")], ", "));
    if value("RequireMessageSigning").eq_ignore_ascii_case("true") {
        draft.row("signing", "every message of the device is signed from now on");
    }
}

fn tell_parm(
    document: &Provisioning<'_>,
    parm: &Parm<'_>,
    setting: Setting<'_>,
    draft: &mut Draft,
) {
    let leg = setting.leg;
    if parm.name == "WlanXml" {
        if let Some(words) = wifi(document, parm, setting.decoded) {
            draft.row("Wi-Fi", words.clone());
            draft.note(leg, &document.document, parm.node, Level::Info, words);
        }
        return;
    }
    // Certificates have notes of their own.
    if parm.name == "EncodedCertificate" {
        return;
    }
    let mut path = document.path(parm.of);
    path.push(parm.name);
    let Some(entry) = table::setting(&path) else { return };
    let text = match parm.name {
        "SSLCLIENTCERTSEARCHCRITERIA" => {
            joined([entry.meaning.to_owned(), search_words(parm.value)], ": ")
        }
        _ => joined([entry.meaning.to_owned(), quantity(entry.value, parm.value)], ": "),
    };
    draft.note(leg, &document.document, parm.node, Level::Info, text);
}

/// A number with its unit, as people count; nothing for a value without one.
fn quantity(unit: &str, value: &str) -> String {
    let Ok(number) = value.trim().parse::<u64>() else { return String::new() };
    match unit {
        "ms" if number.is_multiple_of(1_000) => duration(number / 1_000),
        "minutes" => duration(number.saturating_mul(60)),
        "days" => duration(number.saturating_mul(86_400)),
        _ => String::new(),
    }
}

/// The criteria for a certificate, percent-decoded: `Subject=CN=x, Stores=My\User`. The `&` between
/// them is escaped twice in the samples of the documentation.
fn search_words(value: &str) -> String {
    let value = value.replace("&amp;", "&");
    let parts = value.split('&').map(|part| clip(&percent_decoded(part)));
    joined(parts.take(8), ", ")
}

/// A Wi-Fi profile: its name and how it is protected. The key is not told.
fn wifi(document: &Provisioning<'_>, parm: &Parm<'_>, decoded: &Decoded) -> Option<String> {
    let layer = document.opened(parm.node)?;
    let profile = Document::all(decoded).find(|document| document.layer == layer)?;
    let root = profile.root();
    let text = |path: &[&str]| profile.text_at(root, path).map(|text| clip(&text));
    let name = text(&["SSIDConfig", "SSID", "name"]).or_else(|| text(&["name"]))?;
    let security = ["MSM", "security", "authEncryption"];
    let part = |last| text(&[security[0], security[1], security[2], last]).unwrap_or_default();
    let kept = joined([part("authentication"), part("encryption")], " with ");
    Some(joined([format!("network {name}"), kept], ", "))
}

/// What else the document sets up, by the outermost types (OMA-WAP-TS-ProvCont 4.5).
fn tell_areas(document: &Provisioning<'_>, draft: &mut Draft) {
    const AREAS: [(&str, &str); 8] = [
        ("ACCESS", "access rules"),
        ("BOOTSTRAP", "bootstrap"),
        ("CLIENTIDENTITY", "client identity"),
        ("EMAIL2", "mail account"),
        ("NAPDEF", "network access point"),
        ("PXLOGICAL", "proxy"),
        ("VENDORCONFIG", "vendor configuration"),
        ("VPNv2", "VPN"),
    ];
    let outermost = |name: &str| {
        let mut all =
            (0..document.characteristics.len()).filter(|at| document.path(*at).len() == 1);
        all.any(|at| document.kind(at).eq_ignore_ascii_case(name))
    };
    let found =
        AREAS.iter().filter(|(name, _)| outermost(name)).map(|(_, words)| (*words).to_owned());
    draft.row("also sets", joined(found, ", "));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_criteria_are_read_aloud() {
        let value = "Subject=DC%3dcom%2cCN%3dUsers&amp;Stores=My%5CUser";
        assert_eq!(search_words(value), "Subject=DC=com,CN=Users, Stores=My\\User");
    }
}
