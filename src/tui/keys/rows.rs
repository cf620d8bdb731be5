//! The rows of the table: every key as it is unless the user says otherwise.

use crossterm::event::KeyCode;

use crate::model::Leg;
use crate::tui::action::{
    Action, Choices, Coding, Export, Face, Line, Piece, Program, Scope, SheetPage, Step, Tab,
};
use crate::tui::panes::Column;

use super::key::Key;
use super::table::{Context, Group, Row};

const fn c(c: char) -> Key {
    Key::char(c)
}

const fn p(code: KeyCode) -> Key {
    Key::plain(code)
}

const NONE: &[Key] = &[];
const REQUEST: Tab = Tab::Leg(Leg::Request);
const RESPONSE: Tab = Tab::Leg(Leg::Response);

pub(super) const GROUPS: &[Group] = &[
    Group { context: Context::Devices, rows: DEVICES },
    Group { context: Context::List, rows: LIST },
    Group { context: Context::Tree, rows: TREE },
    Group { context: Context::Hex, rows: HEX },
    Group { context: Context::Detail, rows: DETAIL },
    Group { context: Context::Panes, rows: PANES },
    Group { context: Context::Panes, rows: COMMANDS },
    Group { context: Context::Panes, rows: PAGES },
    Group { context: Context::Panes, rows: SORTS },
    Group { context: Context::Everywhere, rows: EVERYWHERE },
    Group { context: Context::Prompt, rows: PROMPT },
    Group { context: Context::Sheet, rows: SHEET },
    Group { context: Context::Menu, rows: MENU },
    Group { context: Context::Help, rows: HELP },
];

const LIST: &[Row] = &[
    ("open", &[p(KeyCode::Enter)], Action::Open, "open", "open the selected exchange"),
    ("mark", &[c('m')], Action::ToggleMark, "mark", "mark the exchange, or take its mark away"),
    ("unmark-all", &[c('U')], Action::UnmarkAll, "", "take all marks away"),
    ("only-marked", &[c('M')], Action::OnlyMarked, "", "show only what is marked, or everything"),
    ("delete", &[c('d')], Action::Hide, "", "delete the exchange from view; the capture keeps it"),
    ("clear", &[c('z')], Action::Offer(Choices::HideAll), "", "delete everything from view"),
    ("undelete", &[c('u')], Action::ShowAll, "", "take back everything deleted from view"),
    ("sort", &[c('o')], Action::Offer(Choices::Sort), "", "sort by a column"),
    ("reverse", &[c('v')], Action::Reverse, "", "turn the order round"),
    ("columns", &[c('c')], Action::Offer(Choices::Columns), "", "choose columns"),
    ("follow", &[c('F')], Action::ToggleFollow, "follow", "keep the newest exchange selected"),
];

const TREE: &[Row] = &[
    (
        "fold",
        &[c('h'), p(KeyCode::Left)],
        Action::Fold,
        "fold",
        "hide what is inside, or go to the line around it",
    ),
    (
        "unfold",
        &[c('l'), p(KeyCode::Right)],
        Action::Unfold,
        "unfold",
        "show what is inside, or go into it",
    ),
    (
        "open-value",
        &[c('o')],
        Action::OpenValue,
        "",
        "open the value: base64, hex, XML, a certificate, JWT, MIME, time",
    ),
    ("toggle-fold", &[p(KeyCode::Enter)], Action::ToggleFold, "", "hide or show what is inside"),
];

const HEX: &[Row] = &[
    ("left", &[c('h'), p(KeyCode::Left)], Action::Fold, "", "a byte back"),
    ("right", &[c('l'), p(KeyCode::Right)], Action::Unfold, "", "a byte on"),
];

const DETAIL: &[Row] = &[
    ("next-view", &[c('m')], Action::NextFace, "view", "show the body the next way"),
    ("next-tab", &[c(']')], Action::NextTab, "", "next tab"),
    ("previous-tab", &[c('[')], Action::PreviousTab, "", "previous tab"),
    ("next-exchange", &[c('J')], Action::NextExchange, "next", "select the next exchange"),
    ("previous-exchange", &[c('K')], Action::PreviousExchange, "", "select the previous exchange"),
    ("pager", &[c('v')], Action::View(Program::Pager), "", "show the document in $PAGER"),
    (
        "editor",
        &[c('V')],
        Action::View(Program::Editor),
        "",
        "show a copy of the document in $EDITOR",
    ),
];

const PANES: &[Row] = &[
    ("filter", &[c('f')], Action::Ask(Line::Filter), "filter", "choose what the list shows"),
    ("comment", &[c(';')], Action::Ask(Line::Comment), "", "write a comment about the exchange"),
    ("search", &[c('/')], Action::Ask(Line::Search), "search", "search in this pane; 0x for bytes"),
    ("next-hit", &[c('n')], Action::NextHit, "", "next hit of the search"),
    ("previous-hit", &[c('N')], Action::PreviousHit, "", "previous hit of the search"),
    ("copy", &[c('y')], Action::Offer(Choices::Copy), "copy", "copy node, value, path, XML, curl"),
    ("save", &[c('b')], Action::Offer(Choices::Save), "", "save a body into a file"),
    ("export", &[c('e'), c('x')], Action::Offer(Choices::Export), "export", "export exchanges"),
    ("reveal", &[c('*')], Action::ToggleSecrets, "", "show secrets, or mask them"),
    ("pause", &[c('p')], Action::TogglePause, "", "pause: take no notice of new traffic"),
    ("overview", &[c('1')], Action::Show(Tab::Overview), "", "show the overview"),
    ("request", &[c('2')], Action::Show(REQUEST), "", "show the request"),
    ("response", &[c('3')], Action::Show(RESPONSE), "", "show the response"),
    ("tree", &[c('4')], Action::ShowAs(Face::Tree), "", "show a body as annotated tree"),
    ("xml", &[c('5')], Action::ShowAs(Face::Xml), "", "show a body as XML"),
    ("headers", &[c('6')], Action::ShowAs(Face::Headers), "", "show the header fields"),
    ("hex", &[c('7')], Action::ShowAs(Face::Hex), "", "show a body as hex"),
    ("next-pane", &[p(KeyCode::Tab)], Action::NextPane, "pane", "next pane"),
    ("previous-pane", &[p(KeyCode::BackTab)], Action::PreviousPane, "", "previous pane"),
    (
        "devices",
        &[c('t')],
        Action::ToggleDevices,
        "devices",
        "by device and session, or one a line",
    ),
    (
        "device",
        &[c('D')],
        Action::Inspect(SheetPage::State),
        "device",
        "what is known of the device: state, policy, sequence",
    ),
    (
        "ledger",
        &[c('C')],
        Action::Ledger,
        "",
        "the commands of the SyncML session, and what became of each",
    ),
    ("set-up", &[c('S')], Action::SetUp, "", "how to set devices up, and what is recorded"),
    (
        "passthrough",
        &[c('I')],
        Action::TogglePassthrough,
        "",
        "pass the host on unread from now on, or open it again",
    ),
    ("layout", &[c('-')], Action::CycleLayout, "layout", "two panes, or one"),
    ("shrink", &[c('<')], Action::Grow(-1), "", "make this pane smaller"),
    ("grow", &[c('>')], Action::Grow(1), "", "make this pane larger"),
    (
        "mouse",
        &[Key::ctrl('t')],
        Action::ToggleMouse,
        "",
        "leave the mouse to the terminal, or take it",
    ),
    ("command", &[c(':')], Action::Ask(Line::Command), "command", "choose a command"),
    ("help", &[c('?')], Action::ToggleHelp, "help", "show this help"),
];

/// Commands without a key of their own: menus offer them.
const COMMANDS: &[Row] = &[
    (
        "copy-node",
        NONE,
        Action::Copy(Piece::Node),
        "",
        "copy the selected node with what is inside",
    ),
    ("cover", NONE, Action::Ask(Line::Cover), "", "listen for a further server: cover HOST"),
    ("mode", NONE, Action::Ask(Line::Mode), "", "open a further way in: mode SPEC@ADDR"),
    ("copy-value", NONE, Action::Copy(Piece::Value), "", "copy the selected value"),
    ("copy-path", NONE, Action::Copy(Piece::Path), "", "copy the path of the selected node"),
    ("copy-xml", NONE, Action::Copy(Piece::Xml), "", "copy the document as XML"),
    ("copy-curl", NONE, Action::Copy(Piece::Curl), "", "copy the request as a curl command"),
    ("copy-url", NONE, Action::Copy(Piece::Url), "", "copy the URL"),
    ("save-raw", NONE, Action::Save(Coding::Raw), "", "save the body as received"),
    (
        "save-decoded",
        NONE,
        Action::Save(Coding::Decoded),
        "",
        "save the body as XML or decoded bytes",
    ),
    (
        "export-json",
        NONE,
        Action::Export(Scope::Selected, Export::Json),
        "",
        "export the selected exchange as JSON",
    ),
    (
        "export-bodies",
        NONE,
        Action::Export(Scope::Selected, Export::Bodies),
        "",
        "export the bodies of the selected exchange",
    ),
    (
        "export-marked-json",
        NONE,
        Action::Export(Scope::Marked, Export::Json),
        "",
        "export the marked exchanges as JSON lines",
    ),
    (
        "export-marked-bodies",
        NONE,
        Action::Export(Scope::Marked, Export::Bodies),
        "",
        "export the bodies of the marked exchanges",
    ),
    (
        "export-all-json",
        NONE,
        Action::Export(Scope::Listed, Export::Json),
        "",
        "export every exchange of the list as JSON lines",
    ),
    (
        "export-all-bodies",
        NONE,
        Action::Export(Scope::Listed, Export::Bodies),
        "",
        "export every body of the list",
    ),
];

/// Commands of pages that also turn within a sheet.
const PAGES: &[Row] = &[
    ("policy", NONE, Action::Inspect(SheetPage::Policy), "", "the policy of the device"),
    (
        "sequence",
        NONE,
        Action::Inspect(SheetPage::Sequence),
        "",
        "the device's history as a drawing",
    ),
];

/// A command a column.
const SORTS: &[Row] = &[
    ("sort-time", NONE, Action::Sort(Column::Time), "", "sort by time, the order of arrival"),
    ("sort-device", NONE, Action::Sort(Column::Device), "", "sort by device"),
    ("sort-command", NONE, Action::Sort(Column::Command), "", "sort by command"),
    ("sort-host", NONE, Action::Sort(Column::Host), "", "sort by host"),
    ("sort-status", NONE, Action::Sort(Column::Status), "", "sort by the protocol's status"),
    ("sort-took", NONE, Action::Sort(Column::Took), "", "sort by how long it took"),
    ("sort-sizes", NONE, Action::Sort(Column::Sizes), "", "sort by size"),
    ("sort-facts", NONE, Action::Sort(Column::Facts), "", "sort by facts"),
];

const EVERYWHERE: &[Row] = &[
    ("down", &[c('j'), p(KeyCode::Down)], Action::Move(Step::Down), "", "down"),
    ("up", &[c('k'), p(KeyCode::Up)], Action::Move(Step::Up), "", "up"),
    (
        "page-down",
        &[p(KeyCode::PageDown), Key::ctrl('f'), c(' ')],
        Action::Move(Step::PageDown),
        "",
        "a page down",
    ),
    ("page-up", &[p(KeyCode::PageUp), Key::ctrl('b')], Action::Move(Step::PageUp), "", "a page up"),
    ("half-down", &[Key::ctrl('d')], Action::Move(Step::HalfDown), "", "half a page down"),
    ("half-up", &[Key::ctrl('u')], Action::Move(Step::HalfUp), "", "half a page up"),
    ("first", &[c('g'), p(KeyCode::Home)], Action::Move(Step::First), "", "to the first line"),
    ("last", &[c('G'), p(KeyCode::End)], Action::Move(Step::Last), "", "to the last line"),
    ("back", &[p(KeyCode::Esc)], Action::Back, "", "one level up"),
    ("back-or-quit", &[c('q')], Action::BackOrQuit, "back", "one level up; quit at the top"),
    ("quit", &[c('Q'), Key::ctrl('c')], Action::Quit, "", "quit now"),
    ("suspend", &[Key::ctrl('z')], Action::Suspend, "", "suspend; `fg` brings it back"),
    ("redraw", &[Key::ctrl('l')], Action::Redraw, "", "draw the screen anew"),
];

const PROMPT: &[Row] = &[
    ("accept", &[p(KeyCode::Enter)], Action::Accept, "accept", "take the line"),
    ("complete", &[p(KeyCode::Tab)], Action::Complete, "complete", "complete the word"),
    ("older", &[p(KeyCode::Up)], Action::Older, "", "an older line; the choice above of a command"),
    (
        "newer",
        &[p(KeyCode::Down)],
        Action::Newer,
        "",
        "a newer line; the choice below of a command",
    ),
    ("previous-choice", &[Key::ctrl('p')], Action::PreviousChoice, "", "the choice above"),
    ("next-choice", &[Key::ctrl('n')], Action::NextChoice, "", "the choice below"),
    (
        "cancel",
        &[p(KeyCode::Esc), Key::ctrl('c')],
        Action::Back,
        "cancel",
        "leave things as they were",
    ),
];

const MENU: &[Row] =
    &[("choose", &[p(KeyCode::Enter)], Action::Accept, "choose", "take the marked choice")];

const DEVICES: &[Row] = &[
    ("fold-group", &[c('h'), p(KeyCode::Left)], Action::Fold, "fold", "hide what is in the group"),
    ("unfold-group", &[c('l'), p(KeyCode::Right)], Action::Unfold, "unfold", "show what is in it"),
    ("fold-groups", &[c('H')], Action::FoldAll(false), "", "hide what is in every group"),
    ("unfold-groups", &[c('L')], Action::FoldAll(true), "", "show what is in every group"),
];

const SHEET: &[Row] = &[
    ("show-state", &[c('1')], Action::Inspect(SheetPage::State), "state", "show where it stands"),
    ("show-policy", &[c('2')], Action::Inspect(SheetPage::Policy), "policy", "show its policy"),
    (
        "show-sequence",
        &[c('3')],
        Action::Inspect(SheetPage::Sequence),
        "sequence",
        "show what was said, one after the other",
    ),
    ("next-page", &[p(KeyCode::Tab), c(']')], Action::TurnSheet(true), "", "the next page"),
    (
        "previous-page",
        &[p(KeyCode::BackTab), c('[')],
        Action::TurnSheet(false),
        "",
        "the page before",
    ),
    ("sheet-left", &[c('h'), p(KeyCode::Left)], Action::Fold, "", "to the left"),
    ("sheet-right", &[c('l'), p(KeyCode::Right)], Action::Unfold, "", "to the right"),
];

const HELP: &[Row] = &[("close-help", &[c('?')], Action::ToggleHelp, "close", "close the help")];
