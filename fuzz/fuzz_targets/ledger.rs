//! A conversation of SyncML: bodies split at zero bytes, device and server in turn, folded into sessions.
#![no_main]

use libfuzzer_sys::fuzz_target;
use synctap::analyze::{Sessions, configurations};
use synctap::codec::{Hints, decode};
use synctap::model::{
    ConnId, Exchange, ExchangeId, Kind, Leg, Request, Response, State, WallTime,
};
use synctap::render::{self, Secrets};

const MEDIA: &str = "application/vnd.syncml.dm+xml";

/// Exchanges of one conversation.
const EXCHANGES: usize = 16;

fuzz_target!(|data: &[u8]| {
    let bodies: Vec<&[u8]> = data.split(|byte| *byte == 0).collect();
    let mut sessions = Sessions::new();
    for (number, pair) in (1_u64..).zip(bodies.chunks(2).take(EXCHANGES)) {
        let mut exchange =
            Exchange::begin(ExchangeId(number), ConnId(1), Kind::Http, WallTime(0));
        exchange.request = Some(Request { method: "POST".into(), ..Request::default() });
        exchange.response = Some(Response { status: 200, ..Response::default() });
        exchange.state = State::Complete;
        let read = |body: &[u8], leg| {
            let hints = Hints { content_type: MEDIA, leg: Some(leg), ..Hints::default() };
            decode(bytes::Bytes::copy_from_slice(body), &hints)
        };
        let request = read(pair[0], Leg::Request);
        let response = pair.get(1).map(|body| read(body, Leg::Response));
        sessions.tell(&exchange, Some(&request), response.as_ref());
    }
    let all = sessions.syncml_sessions(true);
    for session in &all {
        for line in render::ledger_lines(session, Secrets::Masked) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
    for configuration in configurations(&all) {
        render::configuration_lines(&configuration, Secrets::Masked);
    }
});
