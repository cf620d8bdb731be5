//! Rules about the provisioning document (MS-MDE2 2.2.9).

use crate::analyze::draft::clip;
use crate::analyze::enrolment::{Message, Stored};
use crate::analyze::rules::hit::Hit;
use crate::model::{Leg, NodeId};
use crate::seal::Proof;

use super::engine::{Enrolling, Given, Rule};
use super::request::{is_cut, is_example};

pub(super) const RULES: &[Rule] = &[
    ("enr-provdoc-parse", unreadable),
    ("enr-provdoc-cert-match", other_key),
    ("enr-provdoc-issuer", not_issued),
    ("enr-provdoc-thumbprint", other_name),
    ("enr-provdoc-w7-upper", not_capitals),
    ("enr-provdoc-providerid", other_provider),
    ("enr-provdoc-both-appauth", one_side),
    ("enr-provdoc-addr-https", unprotected),
    ("enr-provdoc-one-root", many_authorities),
];

fn unreadable(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let (leg, envelope) = scene.message(Message::RequestResponse)?;
    if is_cut(scene, leg) || scene.documents.iter().any(|given| given.leg == leg) {
        return None;
    }
    // A certificate alone, or a request still pending, is another service's answer.
    let node = envelope.find("BinarySecurityToken")?;
    if is_example(&envelope.text(node)) {
        return None;
    }
    Some(scene.node(leg, &envelope.document, node))
}

/// The first hit in any of the documents.
fn first(
    scene: &Enrolling<'_, '_>,
    find: impl Fn(&Given<'_>) -> Option<(NodeId, String)>,
) -> Option<Hit> {
    scene.documents.iter().find_map(|given| {
        let (node, words) = find(given)?;
        Some(scene.node(given.leg, &given.document.document, node).saying(words))
    })
}

fn stored<'a>(given: &Given<'a>) -> Vec<Stored<'a>> {
    given.document.certificates(given.decoded)
}

fn other_key(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let wanted = &scene.request.as_ref()?.pkcs10.as_ref()?.key;
    first(scene, |given| {
        let own: Vec<_> = stored(given).into_iter().filter(Stored::is_own).collect();
        let fits =
            |found: &&Stored<'_>| found.certificate.as_ref().is_some_and(|c| c.key == *wanted);
        if own.iter().any(|found| fits(&found)) {
            return None;
        }
        let other = own.into_iter().find(|found| found.certificate.is_some())?;
        let words = other.certificate.map(|found| clip(&found.subject)).unwrap_or_default();
        (given.leg == Leg::Response).then_some((other.parm, words))
    })
}

fn not_issued(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    first(scene, |given| {
        let all = stored(given);
        let wrong = all.iter().find(|found| found.issued_by(&all) == Some(Proof::Wrong))?;
        let words = wrong.certificate.as_ref().map(|found| clip(&found.subject));
        Some((wrong.parm, words.unwrap_or_default()))
    })
}

fn other_name(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    first(scene, |given| {
        stored(given).into_iter().find_map(|found| {
            found.certificate?;
            let sha1 = found.sha1;
            let named: String = found.thumbprint.split_whitespace().collect();
            let words = format!("{} instead of {sha1}", clip(&named));
            (!named.eq_ignore_ascii_case(&sha1)).then_some((found.node, words))
        })
    })
}

fn not_capitals(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    let low = |name: &str| name.bytes().any(|byte| byte.is_ascii_lowercase());
    first(scene, |given| {
        let document = &given.document;
        document.accounts().find_map(|account| {
            let inside: Vec<usize> = document.inside(account.at).collect();
            let types = std::iter::once(account.at).chain(inside.iter().copied());
            let mut types = types.map(|at| (document.node(at), document.kind(at)));
            let mut parms = document
                .parms
                .iter()
                .filter(|parm| parm.of == account.at || inside.contains(&parm.of))
                .map(|parm| (parm.node, parm.name));
            let (node, name) =
                types.find(|(_, kind)| low(kind)).or_else(|| parms.find(|(_, name)| low(name)))?;
            Some((node, clip(name)))
        })
    })
}

fn other_provider(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    first(scene, |given| {
        let document = &given.document;
        let providers: Vec<usize> = document.providers().collect();
        document.accounts().find_map(|account| {
            let own = account.value("PROVIDER-ID");
            let known = providers.iter().any(|at| document.kind(*at) == own);
            let other = providers.first().filter(|_| !known && !own.is_empty())?;
            let words = format!("{} and {}", clip(document.kind(*other)), clip(own));
            Some((document.node(*other), words))
        })
    })
}

fn one_side(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    first(scene, |given| {
        let document = &given.document;
        document.accounts().find_map(|account| {
            account.address()?;
            let levels: Vec<&str> =
                account.credentials().map(|at| document.value(at, "AAUTHLEVEL")).collect();
            let missing = ["CLIENT", "APPSRV"].into_iter().find(|level| !levels.contains(level))?;
            Some((document.node(account.at), format!("no {missing}")))
        })
    })
}

fn unprotected(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    first(scene, |given| {
        given.document.accounts().find_map(|account| {
            let parm = account.address()?;
            let url = parm.value.trim();
            let protected = url.to_ascii_lowercase().starts_with("https://");
            (!protected && !url.is_empty()).then(|| (parm.node, clip(url)))
        })
    })
}

fn many_authorities(scene: &Enrolling<'_, '_>) -> Option<Hit> {
    first(scene, |given| {
        let all = stored(given);
        ["Root", "CA"].into_iter().find_map(|store| {
            let mut inside = all.iter().filter(|found| found.is_in(store));
            let second = inside.nth(1)?;
            Some((second.node, format!("{} in {store}", inside.count() + 2)))
        })
    })
}
