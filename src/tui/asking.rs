//! What the screen asks of the capture, sent to where it is answered.

use super::lookup;
use super::message::{Effect, Message, Wanted};
use super::work::{Worker, add_mode, completions, cover, detail, export, find, open, unmark_all};

/// Starts what is answered from another thread; the answer comes as a message.
pub(super) fn ask(worker: &Worker, effect: Effect) {
    match effect {
        Effect::LoadStatus => {
            worker.query(Wanted::Status, |source| Message::Status(source.viewer.status()));
        }
        Effect::LoadWindow(span, seek) => {
            worker.query(Wanted::Window, move |source| lookup::window(source, span, seek));
        }
        Effect::Complete(text, cursor) => {
            worker.query(Wanted::Hit, move |source| completions(source, text, cursor));
        }
        Effect::Mark(id, marking) => worker.query(Wanted::Export, move |source| {
            source.viewer.say(id, marking);
            Message::Marked
        }),
        Effect::UnmarkAll => worker.query(Wanted::Export, unmark_all),
        Effect::HideAll => worker.query(Wanted::Export, |source| {
            source.viewer.clear();
            Message::Marked
        }),
        Effect::ShowAll => worker.query(Wanted::Export, |source| {
            source.viewer.show_all();
            Message::Marked
        }),
        Effect::LoadDetail(id, secrets) => {
            let answer = worker.answer.clone();
            worker.query(Wanted::Detail, move |source| detail(source, id, secrets, &answer));
        }
        Effect::Fold(name, open) => {
            worker.query(Wanted::Export, move |source| lookup::fold(source, Some(&name), open));
        }
        Effect::FoldAll(open) => {
            worker.query(Wanted::Export, move |source| lookup::fold(source, None, open));
        }
        Effect::LoadDevices => worker.query(Wanted::Devices, lookup::devices),
        Effect::LoadSheet(topic) => {
            worker.query(Wanted::Sheet, move |source| lookup::sheet(source, topic));
        }
        Effect::TogglePassthrough(host) => {
            worker.query(Wanted::Export, move |source| lookup::toggle_passthrough(source, &host));
        }
        Effect::OpenValue(id, secrets, places) => {
            worker.query(Wanted::Hit, move |source| open(source, id, secrets, places));
        }
        Effect::Find(needle, from, way) => {
            worker.query(Wanted::Hit, move |source| find(source, &needle, from, way));
        }
        Effect::Export(id, how, secrets) => {
            worker.query(Wanted::Export, move |source| export(source, id, how, secrets));
        }
        Effect::Cover(server) => {
            worker.query(Wanted::Status, move |source| cover(source, &server));
        }
        Effect::AddMode(spec) => {
            worker.query(Wanted::Status, move |source| add_mode(source, &spec));
        }
        _ => {}
    }
}
