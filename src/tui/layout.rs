//! Where things stand on a screen of a given size: the same answer for drawing and for the mouse.

use ratatui::layout::{Position, Rect, Size};

use super::action::{Action, Face, Tab};
use super::fit;

/// Columns below which nothing is drawn but a request for more.
pub(crate) const LEAST_WIDTH: u16 = 40;
/// Rows below which nothing is drawn but a request for more.
pub(crate) const LEAST_HEIGHT: u16 = 8;
/// Rows below which there is one pane at a time.
const SPLIT_HEIGHT: u16 = 18;
/// Columns from which the panes stand side by side.
const BESIDE_WIDTH: u16 = 140;
/// Columns of a dump of 16 bytes a row with its margin.
const WIDE_DUMP: u16 = 76;
/// Rows of detail from which a tree leaves some to the bytes below it.
const STRIP_FROM: usize = 14;
/// Most cells of the names in overview and header fields.
pub(crate) const LABEL_WIDTH: usize = 28;

/// A pane that can have the focus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pane {
    /// The list of exchanges.
    List,
    /// The selected exchange.
    Detail,
}

/// How panes share the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// Both, where there is room.
    Split,
    /// The one with the focus.
    Single,
}

/// What decides how a screen of a given size is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Two panes, or one.
    pub(crate) arrangement: Arrangement,
    /// Which pane has the focus.
    pub(crate) focus: Pane,
    /// A line about what is wrong is needed.
    pub(crate) alert: bool,
    /// Thousandths of the body that the list gets, when the user said so.
    pub(crate) list: Option<u16>,
}

/// Thousandths below which no pane shrinks.
const LEAST_SHARE: u16 = 150;

/// The parts of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Areas {
    /// The first line.
    pub(crate) status: Rect,
    /// A line about what is wrong, while something is.
    pub(crate) alert: Option<Rect>,
    /// The list, its heading included.
    pub(crate) list: Option<Rect>,
    /// Between panes that stand side by side.
    pub(crate) divider: Option<Rect>,
    /// The detail, its bar included.
    pub(crate) detail: Option<Rect>,
    /// The last line.
    pub(crate) footer: Rect,
    /// Everything between the first lines and the last one.
    pub(crate) body: Rect,
}

/// What the detail has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct DetailRoom {
    /// Columns.
    pub(crate) width: usize,
    /// Rows without the bar.
    pub(crate) height: usize,
    /// Of these, rows of a tree at least; the others show the selected bytes.
    pub(crate) tree: usize,
    /// Bytes in one row of a dump.
    pub(crate) row_bytes: usize,
}

/// Divides a screen; `None` when it is too small to be of use.
pub(crate) fn areas(size: Size, shape: Shape) -> Option<Areas> {
    let Shape { arrangement, focus, alert, list } = shape;
    if size.width < LEAST_WIDTH || size.height < LEAST_HEIGHT {
        return None;
    }
    let line = |y| Rect::new(0, y, size.width, 1);
    let top = if alert { 2 } else { 1 };
    let body = Rect::new(0, top, size.width, size.height - top - 1);
    let mut areas = Areas {
        status: line(0),
        alert: alert.then(|| line(1)),
        list: None,
        divider: None,
        detail: None,
        footer: line(size.height - 1),
        body,
    };
    if arrangement == Arrangement::Single || size.height < SPLIT_HEIGHT {
        match focus {
            Pane::List => areas.list = Some(body),
            Pane::Detail => areas.detail = Some(body),
        }
    } else if size.width >= BESIDE_WIDTH {
        let usual = body.width - (body.width / 20 * 9).max(WIDE_DUMP) - 1;
        let list = list.map_or(usual, |share| part(body.width, share));
        let detail = body.width - list - 1;
        areas.list = Some(Rect { width: list, ..body });
        areas.divider = Some(Rect { x: list, width: 1, ..body });
        areas.detail = Some(Rect { x: list + 1, width: detail, ..body });
    } else {
        let list = part(body.height, list.unwrap_or(450));
        areas.list = Some(Rect { height: list, ..body });
        areas.detail = Some(Rect { y: body.y + list, height: body.height - list, ..body });
    }
    Some(areas)
}

/// `share` thousandths of `cells`.
fn part(cells: u16, share: u16) -> u16 {
    let share = u32::from(share.clamp(LEAST_SHARE, 1000 - LEAST_SHARE));
    u16::try_from(u32::from(cells) * share / 1000).unwrap_or(cells)
}

impl Areas {
    /// True where the edge between the panes can be taken with the mouse: on the divider, or on the
    /// detail's bar below a list.
    pub(crate) fn is_edge(&self, at: Position) -> bool {
        match (self.divider, self.list, self.detail) {
            (Some(divider), ..) => divider.contains(at),
            (None, Some(_), Some(detail)) => at.y == detail.y,
            _ => false,
        }
    }

    /// Thousandths of the body the list has when the edge is drawn to `at`.
    pub(crate) fn share_at(&self, at: Position) -> u16 {
        let (cells, of) = match self.divider {
            Some(_) => (at.x.saturating_sub(self.body.x), self.body.width),
            None => (at.y.saturating_sub(self.body.y), self.body.height),
        };
        // Rounded up, so that the same share gives the same edge again.
        let share = (u32::from(cells) * 1000).div_ceil(u32::from(of.max(1)));
        u16::try_from(share).unwrap_or(1000).clamp(LEAST_SHARE, 1000 - LEAST_SHARE)
    }

    /// Thousandths of the body the list has now; `None` while one pane is in sight.
    pub(crate) fn share(&self) -> Option<u16> {
        self.detail.zip(self.list).map(|(detail, _)| {
            let edge = self.divider.map_or(detail.y, |divider| divider.x);
            let (x, y) = if self.divider.is_some() { (edge, 0) } else { (0, edge) };
            self.share_at(Position::new(x, y))
        })
    }

    /// `lines` lines at the end of the body, for a menu or what may be meant by a line.
    pub(crate) fn box_of(&self, lines: usize) -> Rect {
        let lines = u16::try_from(lines).unwrap_or(u16::MAX).min(self.body.height);
        Rect { y: self.body.bottom() - lines, height: lines, ..self.body }
    }

    /// What the detail has room for; nothing while it is out of sight.
    pub(crate) fn detail_room(&self) -> DetailRoom {
        let Some(area) = self.detail else { return DetailRoom::default() };
        let height = usize::from(area.height.saturating_sub(1));
        let strip = if height < STRIP_FROM { 0 } else { (height / 3).min(8) };
        DetailRoom {
            width: usize::from(area.width),
            height,
            tree: height - strip,
            row_bytes: if area.width < WIDE_DUMP { 8 } else { 16 },
        }
    }

    /// Rows of the list without its heading.
    pub(crate) fn list_height(&self) -> usize {
        self.list.map_or(0, |area| usize::from(area.height.saturating_sub(1)))
    }
}

/// Something to choose on the detail's bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BarItem {
    /// Its number key.
    pub(crate) key: char,
    /// Its words.
    pub(crate) title: &'static str,
    /// First cell, from the left edge of the bar; one before it is free for a bracket.
    pub(crate) x: u16,
    /// Cells; one after them is free for a bracket.
    pub(crate) width: u16,
    /// What choosing it does.
    pub(crate) action: Action,
}

/// The tabs and ways of showing, as they stand on a bar of `width` cells.
pub(crate) fn bar_items(width: u16) -> Vec<BarItem> {
    let short = width < 72;
    let tabs = Tab::ALL.map(|tab| {
        let title = if short { tab.short() } else { tab.title() };
        (title, Action::Show(tab))
    });
    let faces = Face::ALL.map(|face| {
        let title = if width < 100 { face.short() } else { face.title() };
        (title, Action::ShowAs(face))
    });
    let mut x = 1;
    let mut items = Vec::new();
    for (at, (title, action)) in tabs.into_iter().chain(faces).enumerate() {
        // A wider gap between what is shown and how.
        if at == tabs.len() {
            x += if short { 1 } else { 2 };
        }
        let cells = u16::try_from(fit::width(title) + 2).unwrap_or(u16::MAX);
        let key = char::from_digit(u32::try_from(at + 1).unwrap_or(0), 10).unwrap_or(' ');
        if x + cells < width {
            items.push(BarItem { key, title, x, width: cells, action });
        }
        x += cells + if width < 100 { 1 } else { 2 };
    }
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(width: u16, height: u16) -> Areas {
        areas(Size::new(width, height), shape(Pane::List, false)).unwrap()
    }

    fn shape(focus: Pane, alert: bool) -> Shape {
        Shape { arrangement: Arrangement::Split, focus, alert, list: None }
    }

    #[test]
    fn below_the_least_size_there_is_nothing() {
        let none = |w, h| areas(Size::new(w, h), shape(Pane::List, false)).is_none();
        assert!(none(39, 24) && none(80, 7) && none(0, 0));
        assert!(!none(LEAST_WIDTH, LEAST_HEIGHT));
    }

    #[test]
    fn parts_cover_the_screen_without_overlap() {
        for (width, height) in [(40, 8), (60, 15), (80, 24), (139, 40), (140, 40), (250, 80)] {
            for alert in [false, true] {
                for focus in [Pane::List, Pane::Detail] {
                    let size = Size::new(width, height);
                    let a = areas(size, shape(focus, alert)).unwrap();
                    let parts =
                        [Some(a.status), a.alert, a.list, a.divider, a.detail, Some(a.footer)];
                    let cells: u32 = parts.iter().flatten().map(|part| part.area()).sum();
                    assert_eq!(cells, size.area(), "{size} {a:?}");
                }
            }
        }
    }

    #[test]
    fn wide_screens_stand_side_by_side_and_low_ones_show_one_pane() {
        assert!(split(160, 50).divider.is_some());
        assert!(split(139, 50).divider.is_none());
        assert_eq!(split(60, 15).detail, None);
        assert!(split(140, 30).detail_room().row_bytes == 16);
    }

    #[test]
    fn the_edge_between_panes_goes_where_it_is_drawn() {
        for size in [Size::new(80, 24), Size::new(160, 50)] {
            for list in [0, 150, 300, 555, 850, 1000] {
                let shape = Shape { list: Some(list), ..shape(Pane::List, false) };
                let areas = areas(size, shape).unwrap();
                let edge = areas.divider.or(areas.detail).unwrap();
                let at = Position::new(edge.x, edge.y);
                assert!(areas.is_edge(at) && !areas.is_edge(Position::new(0, 1)));
                let again = Shape { list: areas.share(), ..shape };
                assert_eq!(super::areas(size, again), Some(areas), "{size} {list}");
            }
        }
    }

    #[test]
    fn the_bar_fits_and_its_keys_are_the_bound_ones() {
        for width in [40, 60, 80, 120] {
            let items = bar_items(width);
            assert!(items.iter().all(|item| item.x + item.width < width));
            assert_eq!(items.len(), if width < 60 { 5 } else { 7 }, "{width}");
            for item in items {
                let map = super::super::keys::Keymap::default();
                let key = super::super::keys::Key::char(item.key);
                assert_eq!(map.action(key, super::super::keys::STACKS[0]), Some(item.action));
            }
        }
    }
}
