//! A list against a model of it, whatever happens in between.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use proptest::prelude::*;
use tempfile::TempDir;

use super::{Listing, Order};
use crate::engine::groups::{GroupLine, GroupName, Grouping};
use crate::engine::viewer::Viewer;
use crate::model::filter::properties::valid_filter;
use crate::model::filter::{Field, FieldValue, Filter, Searched, fold, natural_order};
use crate::model::{
    BodyFacts, ConnId, Exchange, ExchangeId, Header, Headers, Kind, Leg, MonoTime, Request,
    Response, Row, SortBy, State, Summary, WallTime,
};
use crate::store::{Store, Writer};

/// A body and what is in it.
struct Sample {
    bytes: &'static str,
    tags: &'static [&'static str],
    loc_uris: &'static [&'static str],
    texts: &'static [&'static str],
}

const BODIES: [Sample; 4] = [
    Sample { bytes: "", tags: &[], loc_uris: &[], texts: &[] },
    Sample {
        bytes: "<Wipe>Quota &amp; exceeded</Wipe>",
        tags: &["Wipe"],
        loc_uris: &[],
        texts: &["Quota & exceeded"],
    },
    Sample {
        bytes: "<Item x=\"flag\"><LocURI>./DevInfo/Man</LocURI></Item>",
        tags: &["Item", "LocURI"],
        loc_uris: &["./DevInfo/Man"],
        texts: &["flag", "./DevInfo/Man"],
    },
    Sample { bytes: "plain quota", tags: &[], loc_uris: &[], texts: &["plain quota"] },
];

/// An exchange as the model knows it.
#[derive(Debug, Clone)]
struct Known {
    exchange: Exchange,
    device: &'static str,
    body: usize,
    marked: bool,
    comment: &'static str,
    hidden: bool,
}

impl Known {
    fn new(id: u64, device: &'static str, body: usize) -> Self {
        let started = WallTime(1_700_000_000_000_000 - i64::try_from(id).unwrap());
        let mut exchange = Exchange::begin(ExchangeId(id), ConnId(1), Kind::Http, started);
        exchange.host = "mail.example".into();
        let header = Header { name: "X-Kind".into(), value: device.into() };
        exchange.request = Some(Request {
            method: "POST".into(),
            target: "/".into(),
            headers: Headers(vec![header]),
            ..Request::default()
        });
        Self { exchange, device, body, marked: false, comment: "", hidden: false }
    }

    fn close(&mut self, status: u16) {
        if !self.exchange.in_flight() {
            return;
        }
        let size = BODIES[self.body].bytes.len() as u64;
        if let Some(request) = &mut self.exchange.request {
            request.body = BodyFacts { seen: size, kept: size, ended: true };
        }
        self.exchange.response = Some(Response { status, ..Response::default() });
        self.exchange.times.closed = Some(MonoTime(u64::from(status) * 1_000));
        self.exchange.state = State::Complete;
    }

    fn summary(&self) -> Summary {
        Summary { device: self.device.into(), command: "Sync".into(), ..Summary::default() }
    }

    fn row(&self) -> Row {
        Row {
            marked: self.marked,
            comment: self.comment.into(),
            hidden: self.hidden,
            ..Row::new(&self.exchange, self.summary())
        }
    }

    fn put(&self, writer: &Writer) {
        writer.put(self.exchange.clone(), Row::new(&self.exchange, self.summary()));
    }
}

impl Searched for Known {
    fn any(&self, field: Field, visit: &mut dyn FnMut(&str) -> bool) -> bool {
        // The bytes are in the file once it is closed.
        let body = &BODIES[if self.exchange.in_flight() { 0 } else { self.body }];
        match field {
            Field::Header => visit(&format!("X-Kind: {}", self.device)),
            Field::Tag => body.tags.iter().any(|tag| visit(tag)),
            Field::LocUri => body.loc_uris.iter().any(|uri| visit(uri)),
            _ => body.texts.iter().any(|text| visit(text)),
        }
    }
}

#[derive(Debug, Clone)]
enum Happens {
    Begins(&'static str, usize),
    Closes(usize, u16),
    IsMarked(usize, bool),
    IsCommented(usize, &'static str),
    IsHidden(usize),
    IsRebuilt(usize, &'static str),
    ViewIsCleared,
    AllIsShown,
    ListCatchesUp,
}

const DEVICES: [&str; 6] = ["", "a9", "A10", "b", "É", "a9"];

fn happens() -> impl Strategy<Value = Happens> {
    let device = || prop::sample::select(&DEVICES);
    let index = || 0_usize..64;
    prop_oneof![
        8 => (device(), 0_usize..BODIES.len()).prop_map(|(device, body)| Happens::Begins(device, body)),
        8 => (index(), prop::sample::select(&[200, 449, 503])).prop_map(|(i, s)| Happens::Closes(i, s)),
        2 => (index(), any::<bool>()).prop_map(|(i, marked)| Happens::IsMarked(i, marked)),
        1 => (index(), prop::sample::select(&["", "why?", "a"])).prop_map(|(i, c)| Happens::IsCommented(i, c)),
        2 => index().prop_map(Happens::IsHidden),
        1 => (index(), device()).prop_map(|(i, device)| Happens::IsRebuilt(i, device)),
        1 => prop_oneof![Just(Happens::ViewIsCleared), Just(Happens::AllIsShown)],
        6 => Just(Happens::ListCatchesUp),
    ]
}

fn filter() -> impl Strategy<Value = String> {
    let known = [
        "",
        "",
        "http = 449",
        "state = in_flight",
        "device ~ ^a",
        "not device = b",
        "mark",
        "hidden",
        "quota",
        "tag:wipe",
        "locuri:devinfo",
        "body ~ '& exceeded$'",
        "flag or http = 503",
        "header:'x-kind: b'",
        "not tag:item",
        "body",
        "comment",
    ];
    prop_oneof![
        2 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => valid_filter(true)
    ]
}

fn order() -> impl Strategy<Value = Order> {
    let column = prop_oneof![
        Just(SortBy::Started),
        prop::sample::select(Field::ALL).prop_map(|facts| SortBy::Field(facts.field)),
        Just(SortBy::Field(Field::Device)),
        Just(SortBy::Field(Field::Time)),
    ];
    (column, any::<bool>()).prop_map(|(column, descending)| Order { column, descending })
}

/// A capture, what the model knows of it, and a window.
struct Stage {
    viewer: Viewer,
    writer: Writer,
    known: Vec<Known>,
    _folder: TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(&folder.path().join("a.synctap"), 1).unwrap();
        let writer = store.writer();
        let viewer = Viewer::of_capture(Arc::new(store), "a".into()).unwrap();
        Self { viewer, writer, known: Vec::new(), _folder: folder }
    }

    fn play(&mut self, what: &Happens) {
        let count = self.known.len();
        let pick = |index: &usize| (count > 0).then(|| index % count);
        match what {
            Happens::Begins(device, body) => {
                let known = Known::new(count as u64 + 1, device, *body);
                known.put(&self.writer);
                self.known.push(known);
            }
            Happens::Closes(index, status) => self.close(pick(index), *status),
            Happens::IsMarked(index, marked) => self.with(pick(index), |known, viewer| {
                known.marked = *marked;
                viewer.mark(known.exchange.id, *marked);
            }),
            Happens::IsCommented(index, comment) => self.with(pick(index), |known, viewer| {
                known.comment = comment;
                viewer.comment(known.exchange.id, (*comment).to_owned());
            }),
            Happens::IsHidden(index) => self.with(pick(index), |known, viewer| {
                known.hidden = true;
                viewer.hide(&[known.exchange.id]);
            }),
            Happens::IsRebuilt(index, device) => {
                let writer = self.writer.clone();
                self.with(pick(index), |known, _| {
                    known.device = device;
                    if let Some(request) = &mut known.exchange.request {
                        request.headers.0[0].value = (*device).to_owned();
                    }
                    known.put(&writer);
                    writer.put_row(known.row());
                });
            }
            Happens::ViewIsCleared => {
                self.writer.flush();
                self.viewer.clear();
                self.known.iter_mut().for_each(|known| known.hidden = true);
            }
            Happens::AllIsShown => {
                self.viewer.show_all();
                self.known.iter_mut().for_each(|known| known.hidden = false);
            }
            Happens::ListCatchesUp => {}
        }
    }

    fn with(&mut self, index: Option<usize>, change: impl FnOnce(&mut Known, &Viewer)) {
        if let Some(known) = index.map(|index| &mut self.known[index]) {
            change(known, &self.viewer);
        }
    }

    fn close(&mut self, index: Option<usize>, status: u16) {
        let Some(known) = index.map(|index| &mut self.known[index]) else { return };
        if known.exchange.in_flight() {
            let body = Bytes::from(BODIES[known.body].bytes);
            if !body.is_empty() {
                self.writer.append(known.exchange.id, Leg::Request, body, || ());
            }
            known.close(status);
            known.put(&self.writer);
        }
    }

    /// What the list must be.
    fn expected(&self, text: &str, order: Order, hidden: bool) -> Vec<ExchangeId> {
        let filter = Filter::parse(text).unwrap();
        let names_hidden = filter.names_hidden();
        let passes = |known: &&Known| {
            let mut row = known.row();
            row.hidden &= names_hidden || !hidden;
            filter.matches(&row, *known)
        };
        let mut passing: Vec<Row> = self.known.iter().filter(passes).map(Known::row).collect();
        match order.column {
            SortBy::Started if order.descending => passing.reverse(),
            SortBy::Started => {}
            SortBy::Field(field) => passing.sort_by(|a, b| {
                let compared = compare(a.field(field), b.field(field));
                if order.descending { compared.reverse() } else { compared }
            }),
        }
        passing.into_iter().map(|row| row.id).collect()
    }
}

fn compare(a: FieldValue<'_>, b: FieldValue<'_>) -> Ordering {
    match (a, b) {
        (FieldValue::Number(a), FieldValue::Number(b)) => a.cmp(&b),
        (FieldValue::Text(a), FieldValue::Text(b)) => natural_order(&fold(a), &fold(b)),
        _ => Ordering::Equal,
    }
}

fn ids(listing: &Listing) -> Vec<ExchangeId> {
    listing.window(0, usize::MAX >> 1).unwrap().iter().map(|row| row.id).collect()
}

fn is_true(listing: &Listing, expected: &[ExchangeId]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ids(listing), expected);
    prop_assert_eq!(listing.count(), expected.len() as u64);
    for (place, id) in (0..).zip(expected) {
        prop_assert_eq!(listing.position(*id).unwrap(), Some(place));
    }
    let middle = expected.len() / 3;
    let rows = listing.window(middle as u64, 2).unwrap();
    let rows: Vec<_> = rows.iter().map(|row| row.id).collect();
    prop_assert_eq!(&rows[..], &expected[middle..expected.len().min(middle + 2)]);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) })]

    #[test]
    fn a_list_is_what_passes_whatever_happens(
        before in prop::collection::vec(happens(), 0..20),
        after in prop::collection::vec(happens(), 0..40),
        (text, order, hidden) in (filter(), order(), any::<bool>()),
    ) {
        let mut stage = Stage::new();
        for what in &before {
            stage.play(what);
        }
        stage.writer.flush();
        let filter = Filter::parse(&text).unwrap();
        let (listing, scanner) = stage.viewer.prepare(filter, order, hidden);
        let mut scanner = scanner.unwrap();
        for what in &after {
            stage.play(what);
            if matches!(what, Happens::ListCatchesUp) {
                // Whatever part of it is committed by now.
                scanner.catch_up();
            }
        }
        stage.writer.flush();
        scanner.catch_up();
        is_true(&listing, &stage.expected(&text, order, hidden))?;
        let progress = listing.progress();
        let total = stage.known.len() as u64;
        prop_assert_eq!((progress.scanned, progress.total), (total, total));
        prop_assert!(progress.done && progress.error.is_none());
    }
}

/// The exchanges below each device, everything unfolded.
fn below_devices(grouping: &Grouping) -> Vec<(String, Vec<ExchangeId>)> {
    grouping.fold_all(true);
    let mut found: Vec<(String, Vec<ExchangeId>)> = Vec::new();
    for line in grouping.window(0, usize::MAX >> 1).unwrap() {
        match line {
            GroupLine::Device(device) => {
                found.push((fold(&device.device).into_owned(), Vec::new()));
            }
            GroupLine::Session(_) => {}
            GroupLine::Exchange(row) => found.last_mut().unwrap().1.push(row.id),
        }
    }
    found.sort();
    found
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn groups_hold_what_passes_whatever_happens(
        before in prop::collection::vec(happens(), 0..20),
        after in prop::collection::vec(happens(), 0..40),
        text in filter(),
    ) {
        let mut stage = Stage::new();
        for what in &before {
            stage.play(what);
        }
        stage.writer.flush();
        let (grouping, scanner) = stage.viewer.prepare_groups(Filter::parse(&text).unwrap(), None);
        let mut scanner = scanner.unwrap();
        for what in &after {
            stage.play(what);
            if matches!(what, Happens::ListCatchesUp) {
                scanner.catch_up();
            }
        }
        stage.writer.flush();
        scanner.catch_up();
        let passing = stage.expected(&text, Order::default(), false);
        let mut expected: Vec<(String, Vec<ExchangeId>)> = Vec::new();
        for known in stage.known.iter().filter(|known| passing.contains(&known.exchange.id)) {
            let (name, id) = (fold(known.device).into_owned(), known.exchange.id);
            match expected.iter_mut().find(|(device, _)| *device == name) {
                Some((_, ids)) => ids.push(id),
                None => expected.push((name, vec![id])),
            }
        }
        expected.sort();
        prop_assert_eq!(below_devices(&grouping), expected);
        prop_assert_eq!(grouping.sums().1, passing.len() as u64);
        let lines = grouping.window(0, usize::MAX >> 1).unwrap();
        prop_assert_eq!(grouping.count(), lines.len() as u64);
        for (at, line) in (0..).zip(&lines) {
            prop_assert_eq!(grouping.line_of(&line.name()).unwrap(), Some(at));
            prop_assert_eq!(&grouping.window(at, 1).unwrap()[0], line);
        }
        grouping.fold_all(false);
        prop_assert_eq!(grouping.count(), grouping.sums().0);
    }
}

#[test]
fn groups_fold_and_stay_so_while_the_list_is_made_anew() {
    let mut stage = Stage::new();
    (0..9).for_each(|turn| stage.play(&Happens::Begins(DEVICES[turn % 3], 0)));
    stage.writer.flush();
    let (grouping, scanner) = stage.viewer.prepare_groups(Filter::default(), None);
    let mut scanner = scanner.unwrap();
    scanner.catch_up();
    assert_eq!((grouping.count(), grouping.sums()), (3, (3, 9)));
    grouping.reveal(ExchangeId(5)).unwrap();
    assert_eq!(grouping.count(), 3 + 1 + 3);
    let line = grouping.line_of(&GroupName::Exchange(ExchangeId(5))).unwrap().unwrap();
    assert_eq!(grouping.window(line, 1).unwrap()[0].row().unwrap().id, ExchangeId(5));
    for turn in 0..66_000 {
        stage.viewer.mark(ExchangeId(turn % 9 + 1), turn % 2 == 0);
    }
    stage.writer.flush();
    scanner.catch_up();
    assert_eq!(grouping.count(), 3 + 1 + 3, "more changed than is known in detail");
    let session = grouping.window(2, 1).unwrap().remove(0).name();
    assert!(grouping.fold(&session, false) && !grouping.fold(&session, false));
    assert_eq!(grouping.count(), 3 + 1);
    let at = grouping.line_of(&GroupName::Exchange(ExchangeId(5))).unwrap();
    assert_eq!(at, grouping.line_of(&session).unwrap(), "what is folded is found at its group");
}

/// Plays what keeps coming while a list of its own thread follows, then waits for it to be true.
fn follow(text: &str, order: Order) {
    let mut stage = Stage::new();
    let listing = stage.viewer.listing(Filter::parse(text).unwrap(), order, false);
    for turn in 0_u16..400 {
        let index = usize::from(turn);
        stage.play(&Happens::Begins(DEVICES[index % 6], index % 4));
        stage.play(&Happens::Closes(index * 7, 200 + turn % 3));
        match turn % 50 {
            10 => stage.play(&Happens::IsHidden(index / 2)),
            20 => stage.play(&Happens::IsMarked(index / 3, true)),
            30 => stage.play(&Happens::IsRebuilt(index / 4, "z")),
            _ => {}
        }
    }
    stage.writer.flush();
    let expected = stage.expected(text, order, false);
    assert!(expected.len() > 10);
    until(|| ids(&listing) == expected);
    // And it stays so.
    let before = *listing.revision().borrow();
    stage.viewer.mark(ExchangeId(1), true);
    until(|| *listing.revision().borrow() != before);
    is_true(&listing, &expected).unwrap();
}

/// Waits for what must come.
fn until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !done() {
        assert!(Instant::now() < deadline, "it never came");
        std::thread::yield_now();
    }
}

#[test]
fn a_list_follows_on_its_own() {
    let by = |field, descending| Order { column: SortBy::Field(field), descending };
    follow("", Order::default());
    follow("http = 201", Order { descending: true, ..Order::default() });
    follow("not device = b", by(Field::Device, false));
    follow("quota", by(Field::Time, true));
}

#[test]
fn a_change_too_large_for_the_journal_is_found_all_the_same() {
    let mut stage = Stage::new();
    for _ in 0..300 {
        stage.play(&Happens::Begins("a", 0));
    }
    stage.writer.flush();
    let text = Filter::parse("device = a").unwrap();
    let (listing, scanner) = stage.viewer.prepare(text, Order::default(), false);
    let mut scanner = scanner.unwrap();
    scanner.catch_up();
    assert_eq!(listing.count(), 300);
    for turn in 0..66_000 {
        stage.viewer.mark(ExchangeId(turn % 300 + 1), turn % 2 == 0);
    }
    stage.viewer.hide(&[ExchangeId(7)]);
    stage.writer.flush();
    scanner.catch_up();
    assert_eq!(listing.count(), 299);
    assert_eq!(listing.position(ExchangeId(8)).unwrap(), Some(6));
}

#[test]
fn a_dropped_list_stops_its_thread() {
    let mut stage = Stage::new();
    for turn in 0..3_000 {
        stage.play(&Happens::Begins("a", 1));
        stage.play(&Happens::Closes(turn, 200));
    }
    stage.writer.flush();
    let listing =
        stage.viewer.listing(Filter::parse("tag:nothing").unwrap(), Order::default(), false);
    let thread = stage.viewer.threads().pop().unwrap();
    drop(listing);
    until(|| thread.is_finished());
    let listing =
        stage.viewer.listing(Filter::parse("http = 200").unwrap(), Order::default(), false);
    until(|| listing.progress().done);
    let thread = stage.viewer.threads().pop().unwrap();
    assert!(!thread.is_finished(), "it follows");
    drop(listing);
    until(|| thread.is_finished());
}

#[test]
fn the_last_to_go_waits_for_its_thread() {
    let mut stage = Stage::new();
    stage.play(&Happens::Begins("a", 1));
    let listing = stage.viewer.listing(Filter::parse("quota").unwrap(), Order::default(), false);
    let board = listing.board();
    drop(stage);
    drop(listing);
    assert_eq!(Arc::strong_count(&board), 1, "the thread is gone");
}

/// The last holder of a capture may be a list: it must stop its search before it waits for it.
#[test]
fn a_list_that_is_the_last_to_go_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(&folder.path().join("last.synctap"), 1).unwrap();
    let viewer = Viewer::of_capture(Arc::new(store), String::new()).unwrap();
    let filter = Filter::parse("http = 200").unwrap();
    let list = viewer.listing(filter, Order::default(), false);
    drop(viewer);
    let (done, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(list);
        done.send(()).unwrap();
    });
    ended.recv_timeout(std::time::Duration::from_secs(20)).unwrap();
}
