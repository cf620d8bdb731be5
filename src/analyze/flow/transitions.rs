//! The state machine of provisioning as a table (MS-ASPROV 3.1.5.1, 3.2.5.1).

use crate::model::ProvisionState::{
    Acking, Demanded, Downloading, NoPolicy, PolicyOffered, Provisioned, Refused, Unknown,
    Unprovisioned, WipeAcked, WipeDemanded, WipeDirected, WipeQuery, Wiped,
};
use crate::model::{ProvisionState, WipeKind};

use super::event::{Ask, Reply};

/// Where a transition leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum To {
    /// To this state.
    Go(ProvisionState),
    /// To this state, though how it came about was not seen.
    Assume(ProvisionState),
    /// To the state before the request.
    Back,
    /// Nowhere.
    Stay,
}

/// States a row is for; empty = all.
type From = &'static [ProvisionState];

/// Questions a row is for.
type Fits = fn(Ask) -> bool;

const ALL: From = &[];
const WIPE: From = &[WipeDemanded, WipeDirected, WipeAcked, Wiped];

/// What a question does, before it is answered. The first row that fits counts.
const ASKED: &[(From, Fits, To)] = &[
    (ALL, |ask| ask == Ask::Initial, To::Go(Downloading)),
    (ALL, |ask| ask == Ask::WipeQuery, To::Go(WipeQuery)),
    (&[PolicyOffered], |ask| ask == Ask::Acknowledge, To::Go(Acking)),
    (ALL, |ask| ask == Ask::Acknowledge, To::Assume(Acking)),
    (&[WipeDirected], is_report, To::Go(WipeAcked)),
    (ALL, is_report, To::Assume(WipeAcked)),
];

fn is_report(ask: Ask) -> bool {
    matches!(ask, Ask::WipeReport(_))
}

/// One row about answers: in which states, to which question, with which answer.
type Answered = (From, Fits, &'static [Reply], To);

fn any(_: Ask) -> bool {
    true
}

const DIRECTIVES: &[Reply] =
    &[Reply::Directive(WipeKind::Device), Reply::Directive(WipeKind::Account)];

/// What an answer does. The first row that fits counts; without one the state stays.
const ANSWERED: &[Answered] = &[
    // The answer to a wipe report first: some servers repeat the order beside success.
    (&[WipeAcked], |ask| ask == Ask::WipeReport(true), &[], To::Go(Wiped)),
    (&[WipeAcked], |ask| ask == Ask::WipeReport(false), DIRECTIVES, To::Go(WipeDirected)),
    (&[WipeAcked], |ask| ask == Ask::WipeReport(false), &[], To::Go(WipeDemanded)),
    (ALL, any, DIRECTIVES, To::Go(WipeDirected)),
    (ALL, any, &[Reply::WipeDemand], To::Go(WipeDemanded)),
    // A request sent without the acknowledgement: the temporary key remains valid.
    (&[PolicyOffered], any, &[Reply::Demand], To::Stay),
    (WIPE, any, &[Reply::Demand], To::Stay),
    (ALL, any, &[Reply::Demand], To::Go(Demanded)),
    (&[Downloading, WipeQuery], any, &[Reply::Offer], To::Go(PolicyOffered)),
    (&[Downloading, WipeQuery, Acking], any, &[Reply::NoPolicy], To::Go(NoPolicy)),
    (&[Downloading], any, &[Reply::WantsDeviceInformation, Reply::UnknownType], To::Go(Demanded)),
    (&[Downloading, Acking], any, &[Reply::Refused], To::Go(Refused)),
    (&[Downloading, WipeQuery], any, &[Reply::Retry], To::Back),
    (&[WipeQuery], any, &[Reply::Plain], To::Back),
    (&[Acking], any, &[Reply::Final], To::Go(Provisioned)),
    (&[Acking], any, &[Reply::Retry], To::Go(PolicyOffered)),
    (&[Downloading, Acking], any, &[Reply::Mismatch], To::Go(Demanded)),
    // A failed Provision leaves the device where it was.
    (&[Downloading, WipeQuery], Ask::is_provision, &[Reply::Failed], To::Back),
    (&[Acking], Ask::is_provision, &[Reply::Failed], To::Go(PolicyOffered)),
];

/// What a command with a key (true) or without one says about a device not seen from the start.
const SERVED: &[(From, bool, To)] = &[
    (&[Unknown, Unprovisioned], true, To::Assume(Provisioned)),
    (&[Unknown], false, To::Go(Unprovisioned)),
];

/// The state once the question is on its way.
pub(super) fn asked(state: ProvisionState, ask: Ask) -> To {
    let row = ASKED.iter().find(|(from, fits, _)| within(from, state) && fits(ask));
    row.map_or(To::Stay, |(_, _, to)| *to)
}

/// The state once the answer is there; `keyed`: the request carried a key.
pub(super) fn answered(state: ProvisionState, ask: Ask, reply: Reply, keyed: bool) -> To {
    if reply == Reply::None {
        // A wiped device does not wait (MS-ASPROV 3.1.5.1.2.2).
        let gone = state == WipeAcked && ask == Ask::WipeReport(true);
        return if gone { To::Go(Wiped) } else { To::Stay };
    }
    if ask == Ask::Command && matches!(reply, Reply::Served) {
        let row = SERVED.iter().find(|(from, with, _)| within(from, state) && *with == keyed);
        return row.map_or(To::Stay, |(_, _, to)| *to);
    }
    let row = ANSWERED.iter().find(|(from, fits, replies, _)| {
        within(from, state) && fits(ask) && (replies.is_empty() || replies.contains(&reply))
    });
    row.map_or(To::Stay, |(_, _, _, to)| *to)
}

fn within(from: From, state: ProvisionState) -> bool {
    from.is_empty() || from.contains(&state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wipe_is_never_forgotten_by_a_demand() {
        for state in [WipeDemanded, WipeDirected, WipeAcked, Wiped] {
            assert_eq!(answered(state, Ask::Command, Reply::Demand, true), To::Stay);
        }
        for state in ProvisionState::ALL {
            let to = answered(state, Ask::Command, Reply::WipeDemand, true);
            assert_eq!(to, To::Go(WipeDemanded), "{state:?}");
        }
    }

    #[test]
    fn a_failed_wipe_is_no_wipe() {
        let after = |reply| answered(WipeAcked, Ask::WipeReport(false), reply, false);
        assert_eq!(after(Reply::Directive(WipeKind::Device)), To::Go(WipeDirected));
        assert_eq!(after(Reply::Plain), To::Go(WipeDemanded));
        assert_eq!(after(Reply::Retry), To::Go(WipeDemanded));
        assert_eq!(after(Reply::None), To::Stay);
        let done = |reply| answered(WipeAcked, Ask::WipeReport(true), reply, false);
        assert_eq!(done(Reply::None), To::Go(Wiped));
        assert_eq!(done(Reply::Directive(WipeKind::Device)), To::Go(Wiped));
    }

    #[test]
    fn exempt_commands_say_nothing_about_the_key() {
        for state in ProvisionState::ALL {
            for keyed in [false, true] {
                assert_eq!(answered(state, Ask::Exempt, Reply::Served, keyed), To::Stay);
                assert_eq!(asked(state, Ask::Exempt), To::Stay);
            }
        }
    }

    #[test]
    fn what_was_not_seen_is_assumed() {
        assert_eq!(answered(Unknown, Ask::Command, Reply::Served, true), To::Assume(Provisioned));
        assert_eq!(answered(Unknown, Ask::Command, Reply::Served, false), To::Go(Unprovisioned));
        assert_eq!(asked(Unknown, Ask::Acknowledge), To::Assume(Acking));
        assert_eq!(asked(PolicyOffered, Ask::Acknowledge), To::Go(Acking));
    }

    #[test]
    fn the_way_to_a_final_key() {
        assert_eq!(asked(Demanded, Ask::Initial), To::Go(Downloading));
        let initial = |reply| answered(Downloading, Ask::Initial, reply, false);
        assert_eq!(initial(Reply::Offer), To::Go(PolicyOffered));
        assert_eq!(initial(Reply::NoPolicy), To::Go(NoPolicy));
        assert_eq!(initial(Reply::WantsDeviceInformation), To::Go(Demanded));
        assert_eq!(initial(Reply::Retry), To::Back);
        assert_eq!(initial(Reply::Refused), To::Go(Refused));
        let ack = |reply| answered(Acking, Ask::Acknowledge, reply, true);
        assert_eq!(ack(Reply::Final), To::Go(Provisioned));
        assert_eq!(ack(Reply::Mismatch), To::Go(Demanded));
        assert_eq!(ack(Reply::Retry), To::Go(PolicyOffered));
    }
}
