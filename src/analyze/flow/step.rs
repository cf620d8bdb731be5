//! One exchange in the history of its device, in words.

use crate::analyze::draft::{clip, clip_to, joined};
use crate::analyze::eas::key_text;
use crate::analyze::rules::Scene;
use crate::model::{Finding, ProvisionState, Step, StepFinding, Summary};

use super::event::{Ask, Reply};
use super::machine::Machine;
use super::memory::over;
use super::walk;

/// Characters of the facts in one step.
pub(super) const FACTS_CHARS: usize = 400;

/// The walk's steps; the last two count once after each final key.
pub(super) fn walk_of(
    machine: &mut Machine,
    scene: &Scene<'_>,
    states: [ProvisionState; 2],
    counts: bool,
) -> [&'static str; 2] {
    if !counts {
        return ["", ""];
    }
    let known = machine.memory.known.as_ref().filter(|known| !known.assumed);
    let first = !machine.walked && known.is_some_and(|known| known.key == scene.key.text());
    let [before, after] = states;
    let command = scene.head.command.as_str();
    let steps = walk::steps(before, after, scene.ask, scene.reply, command, first);
    if scene.ask == Ask::Command && scene.reply == Reply::Served && !steps[1].is_empty() {
        machine.walked = true;
    }
    steps
}

/// An exchange as one step.
pub(super) fn step(
    scene: &Scene<'_>,
    summary: &Summary,
    states: [ProvisionState; 2],
    assumed: bool,
    findings: &[Finding],
) -> Step {
    let exchange = scene.subject.exchange;
    let key = match scene.ask {
        Ask::Exempt if scene.key.is_none() => String::new(),
        _ => format!("key {}", scene.head.key_words()),
    };
    let what = match scene.ask {
        Ask::Initial => "initial",
        Ask::Acknowledge => "acknowledge",
        Ask::WipeQuery => "empty",
        Ask::WipeReport(true) => "WIPE DONE",
        Ask::WipeReport(false) => "WIPE FAILED",
        Ask::Exempt | Ask::Command => "",
    };
    let duration = over(exchange).0.saturating_sub(exchange.started.0);
    Step {
        exchange: exchange.id,
        started: exchange.started,
        duration: u64::try_from(duration).unwrap_or_default(),
        request: joined([clip(&scene.head.command), what.to_owned(), key], ", "),
        response: answer_words(scene, &summary.status),
        facts: clip_to(&summary.facts, FACTS_CHARS),
        walk: ["", ""],
        states,
        assumed,
        findings: findings.iter().map(StepFinding::of).collect(),
    }
}

/// The answer in a few words.
fn answer_words(scene: &Scene<'_>, status: &str) -> String {
    let http = scene.subject.http_status();
    match (http, scene.reply) {
        (None, _) if scene.subject.exchange.in_flight() => "in flight".to_owned(),
        (None, _) => "no answer".to_owned(),
        (Some(code), _) if code != 200 => format!("HTTP {code}"),
        (_, Reply::Offer) => {
            format!("policy, temporary key {}", offered_key(scene))
        }
        (_, Reply::Final) => format!("final key {}", offered_key(scene)),
        (_, Reply::NoPolicy) => "no policy".to_owned(),
        (_, Reply::Directive(kind)) => format!("{} ORDERED", kind.name().to_uppercase()),
        (_, Reply::WipeDemand) => "status 140: WIPE DEMANDED".to_owned(),
        _ if status.is_empty() || status == "1" => "ok".to_owned(),
        _ => format!("status {}", clip(status)),
    }
}

fn offered_key(scene: &Scene<'_>) -> String {
    let text = scene.answer.as_ref().map(|message| message.policy_text("PolicyKey"));
    key_text(&text.unwrap_or_default())
}
