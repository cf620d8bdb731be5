//! Rules about the first package, alerts, credentials and large objects of a session (OMA-DMP 7 to 9).

use crate::analyze::ledger::Turn;
use crate::analyze::rules::hit::Hit;
use crate::model::Leg;

use super::engine::TurnRule;

pub(super) const RULES: &[TurnRule] = &[
    ("alert-in-first-message", no_alert),
    ("alert-1200-1201-first", type_not_announced),
    ("alert-1200-1201-once", type_again),
    ("alert-synctype-scope", other_scope),
    ("alert-1223-after", after_abort),
    ("pkg1-devinfo", no_device_information),
    ("pkg1-devinfo-complete", incomplete_device_information),
    ("auth-212-then-cred", needless_credentials),
    ("auth-200-needs-cred", credentials_missing),
    ("auth-restart-resend", first_package_not_repeated),
    ("auth-nonce-reuse", nonce_again),
    ("auth-md5-verify", other_digest),
    ("auth-type-stable", other_kind),
    ("lo-moredata-213", not_acknowledged),
    ("lo-size-first", size_misplaced),
    ("lo-size-match", other_size),
    ("lo-contiguous", interrupted),
    ("lo-next-message", not_asked),
    ("lo-single-no-moredata", never_finished),
];

/// True for the message that opens a session.
fn opens(turn: &Turn<'_, '_>) -> bool {
    turn.leg == Leg::Request && turn.log.first && !turn.session.view.partial
}

fn no_alert(turn: &Turn<'_, '_>) -> Option<Hit> {
    (opens(turn) && turn.message.of_kind("Alert").next().is_none()).then(|| turn.half())
}

fn is_type(code: &str) -> bool {
    matches!(code, "1200" | "1201")
}

fn type_not_announced(turn: &Turn<'_, '_>) -> Option<Hit> {
    let alerts = turn.message.of_kind("Alert").next().is_some();
    let told = turn.message.alerts().any(is_type);
    (opens(turn) && alerts && !told).then(|| turn.half())
}

fn type_again(turn: &Turn<'_, '_>) -> Option<Hit> {
    let restart = matches!(turn.log.round.before, Some(401 | 407));
    let later = turn.leg == Leg::Request && !turn.log.first && !restart;
    (later && turn.message.alerts().any(is_type)).then(|| turn.half())
}

fn other_scope(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (kind, mark) = turn.session.facts.sync_type.as_ref()?;
    let forbidden = match kind.as_str() {
        "device" => "./user/",
        "user" => "./device/",
        _ => return None,
    };
    if turn.leg == Leg::Request {
        return None;
    }
    let items = turn.message.commands.iter().flat_map(|command| turn.message.items(command));
    let nodes: Vec<_> = items
        .filter(|item| item.uri().is_some_and(|uri| uri.to_lowercase().starts_with(forbidden)))
        .map(|item| item.node)
        .collect();
    Some(turn.nodes(&nodes)?.since(mark).saying(format!("in a {kind} session")))
}

fn after_abort(turn: &Turn<'_, '_>) -> Option<Hit> {
    let asks = turn.message.commands.iter().any(|command| command.verb != "Status");
    let abort = turn.session.aborted.filter(|_| turn.log.after_abort && asks)?;
    Some(turn.half().since(&abort))
}

/// The names below `./DevInfo` that a message tells, lower case.
fn device_information(turn: &Turn<'_, '_>) -> Vec<String> {
    let replaces = turn.message.commands.iter().filter(|command| command.verb == "Replace");
    replaces
        .flat_map(|command| turn.message.items(command))
        .filter_map(|item| {
            let uri = item.uri()?.to_lowercase();
            uri.strip_prefix("./devinfo/").map(str::to_owned)
        })
        .collect()
}

fn no_device_information(turn: &Turn<'_, '_>) -> Option<Hit> {
    (opens(turn) && device_information(turn).is_empty()).then(|| turn.half())
}

fn incomplete_device_information(turn: &Turn<'_, '_>) -> Option<Hit> {
    let told = if opens(turn) { device_information(turn) } else { Vec::new() };
    if told.is_empty() {
        return None;
    }
    let wanted = ["DevId", "Man", "Mod", "DmV", "Lang"];
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|name| !told.iter().any(|own| own.eq_ignore_ascii_case(name)))
        .collect();
    (!missing.is_empty()).then(|| turn.half().saying(format!("no {}", missing.join(", "))))
}

fn needless_credentials(turn: &Turn<'_, '_>) -> Option<Hit> {
    let node = turn.log.round.sent.filter(|_| turn.log.round.before == Some(212))?;
    turn.nodes(&[node])
}

fn credentials_missing(turn: &Turn<'_, '_>) -> Option<Hit> {
    let round = &turn.log.round;
    let due = turn.leg == Leg::Request && round.before == Some(200) && round.sent_before;
    (due && round.sent.is_none()).then(|| turn.half())
}

fn first_package_not_repeated(turn: &Turn<'_, '_>) -> Option<Hit> {
    let restart = turn.leg == Leg::Request && matches!(turn.log.round.before, Some(401 | 407));
    let alert = turn.message.of_kind("Alert").next().is_some();
    (restart && (!alert || device_information(turn).is_empty())).then(|| turn.half())
}

fn nonce_again(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&[turn.log.round.nonce_again?])
}

fn other_digest(turn: &Turn<'_, '_>) -> Option<Hit> {
    let round = &turn.log.round;
    if round.mac_verified == Some(false) {
        return Some(turn.half().saying("x-syncml-hmac"));
    }
    turn.nodes(&[round.sent.filter(|_| round.verified == Some(false))?])
}

fn other_kind(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (before, now) = turn.log.round.other_kind.as_ref()?;
    Some(turn.half().saying(format!("{now} after {before}")))
}

fn not_acknowledged(turn: &Turn<'_, '_>) -> Option<Hit> {
    Some(turn.half().since(&turn.log.objects.not_acknowledged?))
}

fn size_misplaced(turn: &Turn<'_, '_>) -> Option<Hit> {
    let objects = &turn.log.objects;
    if let Some(node) = objects.without_size {
        return Some(turn.nodes(&[node])?.saying("the first part has no Size"));
    }
    Some(turn.nodes(&[objects.size_again?])?.saying("a later part has a Size"))
}

fn other_size(turn: &Turn<'_, '_>) -> Option<Hit> {
    let (node, announced, came) = turn.log.objects.other_size?;
    Some(turn.nodes(&[node])?.saying(format!("{came} bytes instead of {announced}")))
}

fn interrupted(turn: &Turn<'_, '_>) -> Option<Hit> {
    turn.nodes(&[turn.log.objects.interrupted?])
}

fn not_asked(turn: &Turn<'_, '_>) -> Option<Hit> {
    Some(turn.half().since(&turn.log.objects.not_asked?))
}

fn never_finished(turn: &Turn<'_, '_>) -> Option<Hit> {
    Some(turn.half().since(&turn.log.objects.never_finished?))
}
