//! What the screen remembers from one run to the next: filters, searches, columns, the panes' sizes.
//!
//! One line a thing: a word, a tab, a value. What cannot be understood is passed over: the file may
//! be another version's.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use super::app::App;
use super::overlays::History;
use super::panes::Column;

/// Longest file read, in bytes.
const LONGEST: u64 = 1 << 20;

impl App {
    /// Takes up what was remembered.
    pub(super) fn recall(&mut self, text: &str) {
        let lines = || text.lines().filter_map(|line| line.split_once('\t'));
        let of = |what: &str| {
            let found = lines().filter(move |(word, _)| *word == what);
            found.map(|(_, value)| value.to_owned()).collect()
        };
        self.filters = History::new(of("filter"));
        self.searches = History::new(of("search"));
        for (_, title) in lines().filter(|(word, _)| *word == "hide") {
            if let Some(column) = Column::titled(title).filter(|c| !self.list.left_out.has(*c)) {
                self.list.left_out.toggle(column);
            }
        }
        let share = lines().find(|(word, _)| *word == "list");
        self.list_share = share.and_then(|(_, share)| share.parse().ok());
    }

    /// What is to be remembered.
    pub(super) fn memory(&self) -> String {
        let mut text = String::new();
        for (word, history) in [("filter", &self.filters), ("search", &self.searches)] {
            for line in history.lines() {
                let _ = writeln!(text, "{word}\t{line}");
            }
        }
        for column in Column::ALL.into_iter().filter(|column| self.list.left_out.has(*column)) {
            let _ = writeln!(text, "hide\t{}", column.title());
        }
        if let Some(share) = self.list_share {
            let _ = writeln!(text, "list\t{share}");
        }
        text
    }
}

/// What was remembered; nothing when it cannot be read.
pub(crate) fn read(path: &Path) -> String {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    read.map(|_| text).unwrap_or_default()
}

/// Remembers, as a whole or not at all: filters may name people, so only their owner reads them.
pub(crate) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let (folder, pid) = (path.parent().unwrap_or(Path::new(".")), std::process::id());
    fs::create_dir_all(folder)?;
    let name = format!("screen-{pid}");
    let made = super::files::write(folder, &name, "new", text.as_bytes())?;
    fs::rename(&made, path).inspect_err(|_| {
        // The half of it that is left is of no use.
        let _ = fs::remove_file(&made);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::WallTime;
    use crate::tui::TuiSettings;

    fn app() -> App {
        App::new(TuiSettings::default(), WallTime(0))
    }

    #[test]
    fn what_is_remembered_comes_back() {
        let text =
            "filter\tcmd = Sync\nfilter\thttp >= 400\nsearch\tPolicyKey\nhide\tHost\nlist\t300\n";
        let mut first = app();
        first.recall(text);
        assert_eq!(first.memory(), text);
        assert!(first.list.left_out.has(Column::Host));
    }

    #[test]
    fn what_another_version_wrote_is_passed_over() {
        let mut app = app();
        app.recall("wings\t2\nhide\tWings\nlist\tmany\n\nnothing\n");
        assert_eq!(app.memory(), "");
    }

    #[test]
    fn the_file_is_replaced_as_a_whole() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = folder.path().join("state/screen");
        assert_eq!(read(&path), "");
        write(&path, "a\tb\n").unwrap();
        write(&path, "c\td\n").unwrap();
        assert_eq!(read(&path), "c\td\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
