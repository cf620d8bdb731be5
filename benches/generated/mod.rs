//! A capture of a million exchanges without bodies, made once, in the build's folder. Set
//! `SYNCTAP_BENCH_ROWS` for another size.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use synctap::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Kind, Level, MonoTime, PolicyKey, Protocol, Request,
    Response, Row, State, Summary, WallTime,
};
use synctap::store::Store;

/// Version of the decoder that is said to have made the rows.
const DECODER: u32 = 1;

/// The capture, generated at the first call.
pub(crate) fn capture() -> &'static Arc<Store> {
    static CAPTURE: OnceLock<Arc<Store>> = OnceLock::new();
    CAPTURE.get_or_init(|| {
        let rows = std::env::var("SYNCTAP_BENCH_ROWS").ok();
        let rows = rows.and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
        let path =
            PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("filter-{rows}.synctap"));
        generate(&path, rows);
        Arc::new(Store::open(&path, DECODER).unwrap())
    })
}

fn generate(path: &Path, rows: u64) {
    let store = Store::create(path, DECODER).unwrap();
    let writer = store.writer();
    for id in store.last_id().0 + 1..=rows {
        let exchange = exchange(id);
        let row = Row::new(&exchange, summary(id));
        writer.put(exchange, row);
    }
    store.close().unwrap();
}

const COMMANDS: [&str; 6] =
    ["Sync", "Ping", "Provision", "FolderSync", "Settings", "ItemOperations"];

/// The exchange of this number.
pub(crate) fn exchange(id: u64) -> Exchange {
    let started = WallTime(1_700_000_000_000_000 + i64::try_from(id).unwrap() * 2_000);
    let mut exchange = Exchange::begin(ExchangeId(id), ConnId(id / 10), Kind::Http, started);
    exchange.client = format!("192.0.2.{}:50001", id % 200);
    exchange.host = format!("mail{}.example", id % 7);
    let command = COMMANDS[usize::try_from(id % 6).unwrap()];
    let (user, device) = (id % 997, device(id));
    let seen = |seen| BodyFacts { seen, kept: 0, ended: true };
    exchange.request = Some(Request {
        method: "POST".into(),
        target: format!(
            "/Microsoft-Server-ActiveSync?Cmd={command}&User=u{user}&DeviceId={device}&DeviceType=iPhone"
        ),
        version: "HTTP/1.1".into(),
        body: seen(0),
        ..Request::default()
    });
    exchange.response = Some(Response {
        status: if id.is_multiple_of(50) { 449 } else { 200 },
        version: "HTTP/1.1".into(),
        body: seen(id * 7_919 % 2_000_000),
        ..Response::default()
    });
    exchange.times.closed = Some(MonoTime(id * 104_729 % 5_000_000));
    exchange.state = State::Complete;
    exchange
}

/// What its row says.
pub(crate) fn summary(id: u64) -> Summary {
    Summary {
        protocol: Protocol::ActiveSync,
        version: "14.1".into(),
        device: device(id),
        user: format!("u{}@mail.example", id % 997),
        session: String::new(),
        command: COMMANDS[usize::try_from(id % 6).unwrap()].into(),
        status: if id.is_multiple_of(50) { "142" } else { "1" }.into(),
        policy_key: Some(PolicyKey(1_307_199_584)),
        facts: format!("key 1307199584, {} changes from the server", id % 90),
        story: Vec::new(),
        level: if id.is_multiple_of(50) { Level::Warning } else { Level::Info },
    }
}

fn device(id: u64) -> String {
    format!("iPhone{}", id * 31 % 5_000)
}
