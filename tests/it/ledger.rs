//! Sessions of SyncML: what is drawn of each exchange, and the ledger of its commands.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use synctap::analyze::{Sessions, configurations};
use synctap::codec::{Hints, decode};
use synctap::model::{
    Detail, ExchangeId, LedgerEntry, Leg, Level, Outcome, SessionVerdict, SyncmlSession,
};
use synctap::render::{self, OutlineOptions, Secrets};

use crate::annotate::cases;
use crate::conversation::{Turn, turns};
use crate::devices::{capture, synctap};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/sessions");
    fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Folds a conversation.
fn folded(turns: &[Turn]) -> Vec<SyncmlSession> {
    let mut sessions = Sessions::new();
    for turn in turns {
        turn.observe(&mut sessions);
    }
    sessions.syncml_sessions(true)
}

/// Everything a reader sees: each exchange as overview and annotated outline, then the ledgers.
fn told(turns: Vec<Turn>) -> String {
    let mut out = String::new();
    let mut sessions = Sessions::new();
    for turn in turns {
        let seen = turn.observe(&mut sessions);
        let mut annotated = turn.annotated;
        annotated.findings = seen.map(|seen| seen.findings).unwrap_or_default();
        let Turn { exchange, request, response, .. } = turn;
        let detail = Detail { exchange, request, response, annotated };
        let _ = writeln!(out, "{}", detail.annotated.summary.facts);
        for (label, text) in render::overview(&detail, Secrets::Masked) {
            let _ = writeln!(out, "{label:<10} {text}");
        }
        for leg in [Leg::Request, Leg::Response] {
            let Some(decoded) = detail.decoded(leg) else { continue };
            let notes = detail.annotated.notes(leg);
            let lines = render::outline(decoded, notes, OutlineOptions::default());
            let _ = write!(out, "{}\n{}", leg.name(), render::outline_text(&lines));
        }
        out.push('\n');
    }
    for session in sessions.syncml_sessions(true) {
        let lines = render::ledger_lines(&session, Secrets::Masked);
        let wide = lines.iter().find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "wider than 80 columns");
        let _ = writeln!(out, "{}\n", lines.join("\n"));
    }
    out
}

fn golden(name: &str) -> Vec<SyncmlSession> {
    let text = fixture(name);
    insta::assert_snapshot!(format!("session_{name}"), told(turns(&text)));
    folded(&turns(&text))
}

#[test]
fn a_session_as_it_should_be() {
    let session = golden("normal").remove(0);
    assert_eq!(session.verdict, SessionVerdict::Complete);
    let codes: Vec<&str> =
        session.entries.iter().filter(|e| e.leg == Leg::Response).map(LedgerEntry::code).collect();
    assert_eq!(codes, ["200", "200", "418", "200", "202"]);
    assert_eq!(session.entries[2].results[0].value.as_deref(), Some("10.0.26100.1"));
}

/// The published exchange has faults of its own; none may be told louder than a warning.
#[test]
fn the_published_exchange() {
    let session = golden("ms-mdm-4").remove(0);
    assert_eq!(session.verdict, SessionVerdict::Complete);
    let mut sessions = Sessions::new();
    for turn in turns(&fixture("ms-mdm-4")) {
        for finding in turn.observe(&mut sessions).unwrap().findings {
            assert!(finding.level <= Level::Warning, "{finding:?}");
        }
    }
}

#[test]
fn a_stale_nonce_costs_one_round() {
    let session = golden("md5-round").remove(0);
    assert_eq!(session.verdict, SessionVerdict::Complete);
    assert_eq!(session.authentication, "auth-md5: 401, 212");
    let mut sessions = Sessions::new();
    sessions.know_password("labuser", "labsecret");
    for turn in turns(&fixture("md5-round")) {
        turn.observe(&mut sessions);
    }
    let told = &sessions.syncml_sessions(true)[0].authentication;
    assert_eq!(told, "auth-md5: 401, 212 (the digest is that of the password)");
    // What was sent with refused credentials is no command that failed.
    assert_eq!(session.entries[0].outcome, Outcome::NotExecuted);
}

#[test]
fn the_last_nonce_of_a_session_is_the_first_of_the_next() {
    let next = |digest: &str| {
        let own = fixture("md5-round");
        let (_, second) = own.split_once("\n> 2\n").unwrap();
        let (message, _) = second.split_once("\n> 3\n").unwrap();
        let message = message.replace("LQTTRxQYViphG+LMEPL2+Q==", digest);
        let answer = message.replace("<MsgRef>2", "<MsgRef>1");
        let header = "<Status><CmdID>3</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>";
        let first = answer.replacen(header, "", 1);
        let mut sessions = Sessions::new();
        sessions.know_password("labuser", "labsecret");
        for turn in turns(&format!("{own}\n> 1 session=6\n{first}\n")) {
            turn.observe(&mut sessions);
        }
        sessions.syncml_sessions(true).pop().unwrap()
    };
    let session = next("pvdWjztIlzgtdvEAlL+MCA==");
    assert_eq!(session.id, "6");
    assert_eq!(session.authentication, "auth-md5: 212 (the digest is that of the password)");
    // Another session that was not seen may have brought another nonce.
    assert_eq!(next("LQTTRxQYViphG+LMEPL2+Q==").authentication, "auth-md5: 212");
}

#[test]
fn a_group_rolled_back_names_who_failed() {
    let session = golden("atomic-rolled-back").remove(0);
    let why: Vec<&str> = session.entries[2..].iter().map(|entry| entry.why.as_str()).collect();
    assert_eq!(
        why,
        [
            "failed because Replace 6 failed with 500 (0x80070057)",
            "rolled back because Replace 6 failed with 500 (0x80070057)",
            "",
            "left out because Replace 6 failed with 500 (0x80070057)"
        ]
    );
    assert_eq!(session.entries[3].within, Some(2));
}

#[test]
fn an_object_in_parts() {
    let session = golden("large-object").remove(0);
    assert_eq!(session.verdict, SessionVerdict::Complete);
    assert!(session.entries.iter().all(|entry| entry.level == Level::Info));
}

/// The first part is acknowledged with 213 and the next message asked for: none of it is a fault.
#[test]
fn a_value_in_parts_from_the_device() {
    let session = golden("upload-in-parts").remove(0);
    assert_eq!(session.verdict, SessionVerdict::Complete);
    let get = &session.entries[3];
    assert_eq!((get.verb, get.results.len()), ("Get", 1));
    let mut sessions = Sessions::new();
    for turn in turns(&fixture("upload-in-parts")) {
        for finding in turn.observe(&mut sessions).unwrap().findings {
            assert!(finding.level < Level::Warning, "{finding:?}");
        }
    }
}

/// What says that it is not to be answered is no fault when it is not.
#[test]
fn no_answer_is_owed_where_none_is_wanted() {
    let text = fixture("normal").replace("<Get><CmdID>4</CmdID>", "<Get><CmdID>4</CmdID><NoResp/>");
    let text = text.replace("<Status><CmdID>2</CmdID><MsgRef>1</MsgRef><CmdRef>4</CmdRef><Cmd>Get</Cmd><Data>200</Data></Status>\n", "");
    let session = folded(&turns(&text)).remove(0);
    let get = &session.entries[2];
    assert_eq!((get.verb, get.outcome, get.results.len()), ("Get", Outcome::NotOwed, 1));
    assert_eq!(session.verdict, SessionVerdict::Complete);
    let mut sessions = Sessions::new();
    for turn in turns(&text) {
        for finding in turn.observe(&mut sessions).unwrap().findings {
            assert!(
                !["status-one-per-command", "results-only-after-get-200"]
                    .contains(&finding.id.as_str()),
                "{finding:?}"
            );
        }
    }
}

#[test]
fn a_declared_configuration_with_its_result() {
    let sessions = golden("declared-configuration");
    let session = &sessions[0];
    assert_eq!(session.verdict, SessionVerdict::Complete);
    let set = &session.entries[2].items[0];
    assert_eq!(set.parts[0].uri, "./User/Vendor/MSFT/VPNv2/Lab/AlwaysOn");
    let failed = &session.entries[4].results[0].parts[1];
    assert_eq!(failed.code, "0x86000031");
    let tree = configurations(&sessions).remove(0);
    let lines = render::configuration_lines(&tree, Secrets::Masked).join("\n");
    assert!(lines.contains("AlwaysOn = true"), "{lines}");
    assert!(lines.contains("ProfileXML = ********"), "{lines}");
    let json = render::ledger_json(session, Secrets::Masked).to_string();
    assert!(json.contains("AlwaysOn") && !json.contains("hunter2"), "{json}");
}

/// An exchange that began earlier may end later: then the other one was the repetition.
#[test]
fn messages_stand_in_the_order_they_were_sent() {
    let all = turns(&fixture("interrupted"));
    let mut sessions = Sessions::new();
    for at in [1, 0, 2] {
        all[at].observe(&mut sessions);
    }
    let session = sessions.syncml_sessions(true).remove(0);
    let told: Vec<(u64, bool)> = session
        .messages
        .iter()
        .filter(|message| message.leg == Leg::Request)
        .map(|message| (message.exchange.0, message.retry))
        .collect();
    assert_eq!(told, [(1, false), (2, true), (3, false)]);
    assert!(session.holds(ExchangeId(1)));
}

#[test]
fn generic_alerts() {
    assert_eq!(golden("generic-alert").remove(0).verdict, SessionVerdict::Complete);
}

#[test]
fn an_abort_is_no_fault_of_the_answers() {
    let session = golden("aborted").remove(0);
    assert_eq!(session.verdict, SessionVerdict::Aborted);
    assert_eq!(session.count(Leg::Response, Outcome::Unanswered), 0);
}

#[test]
fn user_and_machine_are_two_sessions() {
    let sessions = golden("user-and-machine");
    let modes: Vec<(&str, SessionVerdict)> =
        sessions.iter().map(|session| (session.mode.as_str(), session.verdict)).collect();
    let complete = SessionVerdict::Complete;
    assert_eq!(modes, [("Machine", complete), ("Maintenance", complete)]);
    assert_eq!(sessions[1].entries[2].code(), "405");
}

#[test]
fn a_message_sent_again_is_no_fault() {
    let session = golden("interrupted").remove(0);
    assert_eq!((session.retries, session.verdict), (1, SessionVerdict::Interrupted));
}

#[test]
fn the_configuration_of_a_device_is_a_tree_with_its_commands() {
    let sessions = folded(&turns(&fixture("two-check-ins")));
    let trees = configurations(&sessions);
    assert_eq!(trees.len(), 1);
    let lines = render::configuration_lines(&trees[0], Secrets::Masked).join("\n");
    assert!(!lines.contains("hunter2"), "{lines}");
    assert!(
        !render::configuration_json(&trees[0], None, Secrets::Masked)
            .to_string()
            .contains("hunter2")
    );
    insta::assert_snapshot!(lines);
}

#[test]
fn the_commands_print_a_capture() {
    let folder = tempfile::tempdir().unwrap();
    let file = capture(folder.path(), &turns(&fixture("two-check-ins")));
    let file = file.to_str().unwrap();
    let (out, code) = synctap(&["ledger", file, "--session", "2"]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with(
        "session 2 of urn:uuid:LAB0001 at mdm.lab.test, mode Maintenance\ncomplete\n"
    ));
    assert!(out.contains("LOCAL ACCOUNT REMOVED"), "{out}");
    let (out, _) = synctap(&["ledger", file, "--json"]);
    let objects: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects.len(), 2);
    assert_eq!(objects[0]["session"]["verdict"], "complete");
    assert!(!out.contains("hunter2"), "{out}");
    let (out, code) = synctap(&["config", file]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("changes in the last session (2)"), "{out}");
    let (out, code) = synctap(&["config", file, "--against", file]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.ends_with("\nchanges from urn:uuid:LAB0001 at mdm.lab.test: none\n\n"), "{out}");
    let other = tempfile::tempdir().unwrap();
    let early = capture(other.path(), &turns(&fixture("two-check-ins"))[..2]);
    let (out, code) = synctap(&["config", file, "--against", early.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("\nchanges from urn:uuid:LAB0001 at mdm.lab.test\n  "), "{out}");
    let (out, code) = synctap(&["config", file, "--against", "nobody"]);
    assert_eq!(code, Some(2), "{out}");
    assert!(out.contains("hint: use one of: urn:uuid:LAB0001"), "{out}");
    let (out, code) = synctap(&["timeline", file]);
    assert_eq!(code, Some(0), "{out}");
    assert!(out.starts_with("urn:uuid:LAB0001 at mdm.lab.test, DM/1.2\n2 sessions, "), "{out}");
    assert!(out.contains("\nsession 2, mode Maintenance, complete\n"), "{out}");
    let (out, code) = synctap(&["ledger", file, "--session", "9"]);
    assert_eq!(code, Some(2), "{out}");
    assert!(out.contains("hint: there is session `1`"), "{out}");
}

/// Wherever a capture begins, nothing is found that rests on what was not seen.
#[test]
fn a_capture_that_begins_late_breaks_no_must() {
    for name in ["normal", "md5-round", "atomic-rolled-back", "large-object", "user-and-machine"] {
        let count = turns(&fixture(name)).len();
        for from in 1..count {
            let mut sessions = Sessions::new();
            for turn in turns(&fixture(name)).into_iter().skip(from) {
                let Some(seen) = turn.observe(&mut sessions) else { continue };
                // A reboot is dangerous wherever it is seen.
                let loud = seen.findings.iter().filter(|finding| {
                    finding.level > Level::Info && finding.id != "exec-dangerous"
                });
                let ids: Vec<&str> = loud.map(|finding| finding.id.as_str()).collect();
                assert!(ids.is_empty(), "{name} from {from}: {ids:?}");
            }
        }
    }
}

/// Damage anywhere in a conversation: no panic, lines within their width.
#[test]
fn any_damage_is_survived() {
    for name in ["atomic-rolled-back", "md5-round", "large-object"] {
        let turns = turns(&fixture(name));
        for (place, turn) in turns.iter().enumerate() {
            let bytes = turn.request.as_ref().unwrap().layers[0].bytes.clone();
            for at in (0..bytes.len()).step_by(29) {
                let mut copy = bytes.to_vec();
                copy[at] ^= 0x15;
                let damaged = decode(copy.into(), &Hints::default());
                let mut sessions = Sessions::new();
                for (own, turn) in turns.iter().enumerate() {
                    let request = if own == place { Some(&damaged) } else { turn.request.as_ref() };
                    sessions.tell(&turn.exchange, request, turn.response.as_ref());
                }
                for session in sessions.syncml_sessions(true) {
                    let lines = render::ledger_lines(&session, Secrets::Masked);
                    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{name} {at}");
                }
            }
        }
    }
}

/// Real data synchronisation: every command is answered, and nothing is found that is none.
#[test]
fn real_sessions_of_data_synchronisation() {
    let mut out = String::new();
    for folder in ["syncml/xml12", "syncml/wbxml12"] {
        let mut sessions = Sessions::new();
        for (id, mut case) in (1..).zip(cases(folder)) {
            case.exchange.id = ExchangeId(id);
            let (request, response) = (Some(&case.request), Some(&case.response));
            let seen = sessions.observe(&case.exchange, request, response, &case.annotated);
            for finding in seen.unwrap().findings {
                let _ = writeln!(
                    out,
                    "{} {} {}: {}",
                    case.name,
                    finding.level.mark(),
                    finding.id,
                    finding.text
                );
            }
        }
        for session in sessions.syncml_sessions(true) {
            let unanswered = session.count(Leg::Request, Outcome::Unanswered)
                + session.count(Leg::Response, Outcome::Unanswered);
            let _ = writeln!(out, "{unanswered} unanswered");
            let _ =
                writeln!(out, "{}\n", render::ledger_lines(&session, Secrets::Masked).join("\n"));
        }
    }
    insta::assert_snapshot!(out);
}
