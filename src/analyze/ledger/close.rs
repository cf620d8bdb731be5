//! Packages, and how a session ends (OMA DM Protocol 1.2.1, 6 and 8).

use crate::analyze::csp;
use crate::analyze::flow::Mark;
use crate::analyze::syncml::Message;
use crate::model::{LedgerEntry, Leg, Outcome, SessionVerdict, SyncmlSession};

use super::session::{Session, opposite};
use super::turn::Log;

/// Takes in what a message means for packages and the end of the session.
pub(super) fn follow(
    session: &mut Session,
    leg: Leg,
    message: &Message<'_>,
    mark: Mark,
    log: &mut Log,
) {
    let refused = matches!(log.round.answers, Some(401 | 407));
    if message.alerts().any(|code| code == "1223") {
        session.aborted = Some(mark);
    }
    let side = session.side_mut(leg);
    side.open = !message.ends_package;
    if message.ends_package {
        side.packages += 1;
    }
    if leg == Leg::Request && side.packages > 1 {
        session.view.managed = true;
    }
    if refused {
        // Package 1 is to be sent again.
        session.side_mut(opposite(leg)).packages = 0;
        session.side_mut(leg).packages = 0;
    }
    if message.ends_package && !refused {
        end_of_package(session, leg, log);
    }
    let asks = message.commands.iter().any(|c| !matches!(c.verb, "Status" | "Results"));
    let answered = !session.side(Leg::Request).open && !message.commands.is_empty();
    log.closed = leg == Leg::Response && message.ends_package && !asks && !refused && answered;
    judge(session, log, refused, leg);
}

/// What the other side asked is to be answered when this side ends its package.
fn end_of_package(session: &mut Session, leg: Leg, log: &mut Log) {
    let other = session.side_mut(opposite(leg));
    let waiting = std::mem::take(&mut other.waiting);
    let answered = std::mem::take(&mut other.answered);
    if session.aborted.is_some() {
        return;
    }
    for place in waiting {
        let Some(entry) = session.view.entries.get_mut(place as usize) else { continue };
        entry.outcome = Outcome::Unanswered;
        log.unanswered.push(place);
    }
    for place in answered {
        let Some(entry) = session.view.entries.get(place as usize) else { continue };
        if is_without_results(entry) {
            log.without_results.push(place);
        }
        let told = entry.items.iter().filter(|item| !item.code.is_empty()).count();
        let whole = entry.answers.iter().any(|answer| answer.refs.is_empty());
        if !whole && told > 0 && told < entry.items.len() {
            log.partly.push(place);
        }
    }
}

/// A Get that was answered with success and brought nothing, though its node has a value.
fn is_without_results(entry: &LedgerEntry) -> bool {
    let valueless = |uri: &str| csp::find(uri).is_some_and(|found| found.node().format == "null");
    entry.verb == "Get"
        && entry.code() == "200"
        && entry.results.is_empty()
        && !entry.items.iter().any(|item| valueless(&item.uri))
}

fn judge(session: &mut Session, log: &mut Log, refused: bool, leg: Leg) {
    let unfinished = [Leg::Request, Leg::Response]
        .into_iter()
        .find_map(|leg| session.side(leg).object.as_ref().map(|object| object.mark));
    let proof = session.authentication.of(opposite(leg));
    let again = refused && proof.codes.iter().filter(|code| **code == 401).count() > 1;
    let words = session.authentication.words();
    let view = &mut session.view;
    view.authentication = words;
    let (verdict, why) = if session.aborted.is_some() {
        log.closed = !log.after_abort;
        (SessionVerdict::Aborted, "alert 1223 was sent".to_owned())
    } else if again {
        (SessionVerdict::AuthFailed, "credentials were refused again".to_owned())
    } else if log.closed {
        closed(view)
    } else {
        (SessionVerdict::Open, String::new())
    };
    view.verdict = verdict;
    view.why = why;
    if log.closed {
        log.objects.never_finished = unfinished;
    }
}

fn closed(view: &SyncmlSession) -> (SessionVerdict, String) {
    match view.count(Leg::Response, Outcome::Unanswered) {
        0 => (SessionVerdict::Complete, String::new()),
        1 => (SessionVerdict::Interrupted, "a command of the server was never answered".to_owned()),
        n => {
            (SessionVerdict::Interrupted, format!("{n} commands of the server were never answered"))
        }
    }
}

/// The session as it stands when nothing more will come: what waits was never answered.
pub(super) fn settled(session: &Session) -> SyncmlSession {
    let mut view = session.view.clone();
    for entry in &mut view.entries {
        if entry.outcome == Outcome::Waiting && session.aborted.is_none() {
            entry.outcome = Outcome::Unanswered;
        } else if entry.outcome == Outcome::Waiting {
            "the session was aborted before its answer".clone_into(&mut entry.why);
        }
    }
    if view.verdict != SessionVerdict::Open {
        return view;
    }
    let refused = session.authentication.of(Leg::Request).refused.is_some();
    let waiting = view.count(Leg::Response, Outcome::Unanswered);
    let http = session.facts.refused.clone();
    (view.verdict, view.why) = match waiting {
        _ if refused => {
            (SessionVerdict::AuthFailed, "credentials were refused, and none came after".to_owned())
        }
        _ if http.is_some() => (SessionVerdict::Interrupted, http.unwrap_or_default()),
        0 => (SessionVerdict::Interrupted, "nothing came after its last message".to_owned()),
        1 => {
            (SessionVerdict::Interrupted, "a command of the server waits for its answer".to_owned())
        }
        n => {
            (SessionVerdict::Interrupted, format!("{n} commands of the server wait for an answer"))
        }
    };
    view
}
