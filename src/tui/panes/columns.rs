//! The columns of the list: which are shown, and how wide.

use crate::model::SortBy;
use crate::model::filter::Field;
use crate::render::RowText;
use crate::tui::fit;

/// One column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// Time of day.
    Time,
    /// Device id, or the client's address.
    Device,
    /// Command or method.
    Command,
    /// Host.
    Host,
    /// Statuses, or how it failed.
    Status,
    /// How long it took or lasts.
    Took,
    /// Body sizes.
    Sizes,
    /// What one would tell a colleague.
    Facts,
}

/// How a column takes room, in cells.
struct Spec {
    title: &'static str,
    /// Below which it is not shown.
    least: usize,
    /// With which it is content while others are in need.
    good: usize,
    /// It never needs more than.
    most: usize,
}

impl Column {
    /// In display order.
    pub(crate) const ALL: [Self; 8] = [
        Self::Time,
        Self::Device,
        Self::Command,
        Self::Host,
        Self::Status,
        Self::Took,
        Self::Sizes,
        Self::Facts,
    ];

    /// The last to be dropped on a narrow screen first.
    const RANKED: [Self; 8] = [
        Self::Command,
        Self::Status,
        Self::Time,
        Self::Facts,
        Self::Device,
        Self::Host,
        Self::Sizes,
        Self::Took,
    ];

    const fn spec(self) -> Spec {
        let (title, least, good, most) = match self {
            Self::Time => ("Time", 8, 8, 8),
            Self::Device => ("Device", 8, 9, 20),
            Self::Command => ("Command", 9, 12, 20),
            Self::Host => ("Host", 12, 18, 28),
            Self::Status => ("Status", 7, 10, 14),
            // Ages grow while one looks: room for the longest from the start.
            Self::Took => ("Took", 7, 7, 7),
            Self::Sizes => ("Sizes", 8, 12, 14),
            Self::Facts => ("Facts", 16, 34, 60),
        };
        Spec { title, least, good, most }
    }

    /// What the list is sorted by for it.
    pub(crate) const fn sort_by(self) -> SortBy {
        match self {
            Self::Time => SortBy::Started,
            Self::Device => SortBy::Field(Field::Device),
            Self::Command => SortBy::Field(Field::Command),
            Self::Host => SortBy::Field(Field::Host),
            Self::Status => SortBy::Field(Field::Status),
            Self::Took => SortBy::Field(Field::Time),
            Self::Sizes => SortBy::Field(Field::Size),
            Self::Facts => SortBy::Field(Field::Facts),
        }
    }

    /// The column with this heading.
    pub(crate) fn titled(title: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.title() == title)
    }

    /// Its heading.
    pub(crate) const fn title(self) -> &'static str {
        self.spec().title
    }

    /// True when its text stands at the right edge.
    pub(crate) const fn is_numeric(self) -> bool {
        matches!(self, Self::Took | Self::Sizes)
    }

    /// Its text of a row.
    pub(crate) fn text(self, row: &RowText) -> &str {
        match self {
            Self::Time => &row.time,
            Self::Device => &row.device,
            Self::Command => &row.command,
            Self::Host => &row.host,
            Self::Status => &row.status,
            Self::Took => &row.duration,
            Self::Sizes => &row.sizes,
            Self::Facts if row.facts.is_empty() => &row.path,
            Self::Facts => &row.facts,
        }
    }
}

/// Cells the widest text of each column takes, so far. Only grows: columns must not jump while one
/// scrolls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Widest([usize; Column::ALL.len()]);

impl Widest {
    /// Takes one more row into account.
    pub(crate) fn see(&mut self, row: &RowText) {
        for (widest, column) in self.0.iter_mut().zip(Column::ALL) {
            *widest = (*widest).max(fit::width(column.text(row)));
        }
    }

    /// What `column` could use, up to its ceiling.
    fn need(&self, column: Column) -> usize {
        let spec = column.spec();
        match self.0[column as usize] {
            _ if column == Column::Took => spec.good,
            0 => spec.good,
            widest => widest.clamp(spec.title.len(), spec.most),
        }
    }
}

/// Which columns the user left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LeftOut([bool; Column::ALL.len()]);

impl LeftOut {
    /// Leaves a column out, or shows it again.
    pub(crate) fn toggle(&mut self, column: Column) {
        self.0[column as usize] ^= true;
    }

    /// True when the user left it out.
    pub(crate) fn has(self, column: Column) -> bool {
        self.0[column as usize]
    }
}

/// A column with its place: cells from the left edge of the columns, and cells wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Placed {
    /// Which.
    pub(crate) column: Column,
    /// First cell.
    pub(crate) x: usize,
    /// Cells.
    pub(crate) width: usize,
}

/// Places columns in `room` cells. The most important ones take first what they must have; those that
/// find no room are dropped. What is left goes to what they are content with, then to those that need
/// more, then to the facts.
pub(crate) fn place(room: usize, widest: &Widest, left_out: LeftOut) -> Vec<Placed> {
    let gap = if room < 120 { 1 } else { 2 };
    let mut left = room + gap;
    let mut widths = [0; Column::ALL.len()];
    for column in Column::RANKED.into_iter().filter(|column| !left_out.has(*column)) {
        let least = widest.need(column).min(column.spec().least);
        if least + gap <= left {
            widths[column as usize] = least;
            left -= least + gap;
        }
    }
    let good = |column: Column| widest.need(column).min(column.spec().good);
    let need = |column: Column| widest.need(column);
    for wish in [&good as &dyn Fn(Column) -> usize, &need] {
        for column in Column::RANKED {
            let width = &mut widths[column as usize];
            if *width > 0 {
                let more = wish(column).saturating_sub(*width).min(left);
                *width += more;
                left -= more;
            }
        }
    }
    let mut x = 0;
    let mut placed = Vec::new();
    for column in Column::ALL.into_iter().filter(|column| widths[*column as usize] > 0) {
        let extra = if column == Column::Facts { left } else { 0 };
        let width = widths[column as usize] + extra;
        placed.push(Placed { column, x, width });
        x += width + gap;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest() -> Widest {
        let mut widest = Widest::default();
        widest.see(&RowText {
            time: "14:02:11".into(),
            device: "0311dd9b1e5b83c4868c64b7cc1773a0".into(),
            command: "Provision".into(),
            host: "autodiscover.mail.example.com:8443".into(),
            status: "200 · 142".into(),
            sizes: "1.5K → 20K".into(),
            duration: "12 ms".into(),
            facts: "key 0 -> 1307199584, policy downloaded".into(),
            ..RowText::default()
        });
        widest
    }

    fn shown(room: usize) -> Vec<Column> {
        place(room, &widest(), LeftOut::default()).iter().map(|placed| placed.column).collect()
    }

    #[test]
    fn narrow_screens_drop_the_least_important_first() {
        use Column::{Command, Device, Facts, Host, Sizes, Status, Time, Took};
        assert_eq!(shown(157), [Time, Device, Command, Host, Status, Took, Sizes, Facts]);
        assert_eq!(shown(97), [Time, Device, Command, Host, Status, Took, Sizes, Facts]);
        assert_eq!(shown(77), [Time, Device, Command, Host, Status, Sizes, Facts]);
        assert_eq!(shown(57), [Time, Device, Command, Status, Facts]);
        assert_eq!(shown(37), [Time, Device, Command, Status]);
        assert_eq!(shown(3), []);
    }

    #[test]
    fn columns_never_overlap_or_leave_the_room() {
        for room in 0..250 {
            let placed = place(room, &widest(), LeftOut::default());
            for pair in placed.windows(2) {
                assert!(pair[0].x + pair[0].width < pair[1].x, "{room}: {placed:?}");
            }
            if let Some(last) = placed.last() {
                assert!(last.x + last.width <= room, "{room}: {placed:?}");
            }
        }
    }

    #[test]
    fn a_row_without_facts_shows_its_path() {
        let row = RowText { path: "/certsrv".into(), ..RowText::default() };
        assert_eq!(Column::Facts.text(&row), "/certsrv");
    }
}
