//! An outline of which parts are folded away.

use std::collections::HashSet;

use crate::model::{LayerId, NodeId};
use crate::render::OutlineLine;
use crate::tui::action::Step;
use crate::tui::fit;

use super::scroll::Scroll;

/// Deepest indentation, in levels: what is deeper stays readable at the same place.
const DEEPEST: usize = 16;

/// Most lines the selected line unfolds to.
const UNFOLDED_LINES: usize = 6;

/// Cells of cursor and fold mark.
const BEFORE_TEXT: usize = 3;

/// What names a line across two versions of the same outline: an exchange in flight grows.
type LineKey = (LayerId, Option<NodeId>, u32, usize);

/// Which lines of an outline are in sight, and which is selected.
#[derive(Debug, Clone, Default)]
pub(crate) struct TreePane {
    scroll: Scroll,
    folded: HashSet<LineKey>,
    /// Indices of the lines that no fold hides.
    shown: Vec<usize>,
}

impl TreePane {
    /// Shows another outline from its start, nothing folded.
    pub(crate) fn reset(&mut self, lines: &[OutlineLine]) {
        self.folded.clear();
        self.shown = (0..lines.len()).collect();
        let height = self.scroll.height();
        self.scroll = Scroll::default();
        self.scroll.resize(height, self.shown.len());
        // The body's headline comes first; what people look for is the document below it.
        let document = lines.iter().position(|line| line.node.is_some()).unwrap_or(0);
        self.scroll.go(document, self.shown.len());
    }

    /// Shows a newer version of the same outline: folds and selection stay.
    pub(crate) fn refresh(&mut self, old: &[OutlineLine], new: &[OutlineLine]) {
        let selected = self.selected().and_then(|at| old.get(at)).map(key);
        let again = selected.and_then(|selected| new.iter().position(|line| key(line) == selected));
        let cursor = again.unwrap_or(self.scroll.cursor());
        self.rebuild(new);
        self.select(cursor, new);
    }

    /// Moves the selection.
    pub(crate) fn step(&mut self, step: Step) {
        self.scroll.step(step, self.shown.len());
    }

    /// Moves the page.
    pub(crate) fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.shown.len());
    }

    /// The pane is `height` lines high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.scroll.resize(height, self.shown.len());
    }

    /// Index of the selected line.
    pub(crate) fn selected(&self) -> Option<usize> {
        self.shown.get(self.scroll.cursor()).copied()
    }

    /// Indices of the lines that no fold hides.
    pub(crate) fn shown(&self) -> &[usize] {
        &self.shown
    }

    /// Where the pane stands in [`TreePane::shown`].
    pub(crate) fn scroll(&self) -> Scroll {
        self.scroll
    }

    /// The lines in sight, when lines are `width` cells wide.
    pub(crate) fn page(&self, lines: &[OutlineLine], width: usize) -> TreePage {
        let height = self.scroll.height();
        let line = self.selected().and_then(|at| lines.get(at));
        let unfolded = line.map_or_else(Vec::new, |line| unfold(line, width, height));
        // The rest of the selected line pushes what follows down; near the end, what precedes up.
        let cursor = self.scroll.cursor();
        let used = cursor.saturating_sub(self.scroll.top()) + unfolded.len().max(1);
        let first = self.scroll.top() + used.saturating_sub(height);
        TreePage { first, cursor, unfolded }
    }

    /// True when what is inside `line` is hidden.
    pub(crate) fn is_folded(&self, line: &OutlineLine) -> bool {
        self.folded.contains(&key(line))
    }

    /// Selects the line at `row` of [`TreePane::shown`].
    pub(crate) fn point(&mut self, row: usize) {
        if row < self.shown.len() {
            self.scroll.go(row, self.shown.len());
        }
    }

    /// Selects the line with this index, opening what hides it.
    pub(crate) fn select(&mut self, index: usize, lines: &[OutlineLine]) {
        if self.shown.binary_search(&index).is_err() {
            let mut inside = index;
            while let Some(around) = parent(lines, inside) {
                self.folded.remove(&key(&lines[around]));
                inside = around;
            }
            self.rebuild(lines);
        }
        let row = self.shown.binary_search(&index).unwrap_or_else(|row| row);
        self.scroll.go(row, self.shown.len());
    }

    /// Hides what is inside the selected line; where nothing is to hide, goes to the line around it.
    pub(crate) fn fold(&mut self, lines: &[OutlineLine]) {
        let Some(at) = self.selected() else { return };
        let line = &lines[at];
        if line.expandable && self.folded.insert(key(line)) {
            self.rebuild(lines);
        } else if let Some(around) = parent(lines, at) {
            self.select(around, lines);
        }
    }

    /// Shows what is inside the selected line; where it is shown, goes to its first line.
    pub(crate) fn unfold(&mut self, lines: &[OutlineLine]) {
        let Some(at) = self.selected() else { return };
        let line = &lines[at];
        if self.folded.remove(&key(line)) {
            self.rebuild(lines);
        } else if line.expandable {
            self.step(Step::Down);
        }
    }

    /// Hides or shows what is inside the selected line.
    pub(crate) fn toggle(&mut self, lines: &[OutlineLine]) {
        match self.selected().map(|at| &lines[at]) {
            Some(line) if self.is_folded(line) => self.unfold(lines),
            Some(line) if line.expandable => self.fold(lines),
            _ => {}
        }
    }

    fn rebuild(&mut self, lines: &[OutlineLine]) {
        self.shown.clear();
        let mut hidden_below = usize::MAX;
        for (at, line) in lines.iter().enumerate() {
            if line.depth > hidden_below {
                continue;
            }
            hidden_below = if self.is_folded(line) { line.depth } else { usize::MAX };
            self.shown.push(at);
        }
        let height = self.scroll.height();
        self.scroll.resize(height, self.shown.len());
    }
}

/// A page of a tree, on which the selected line shows all of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreePage {
    /// The first line, as a row of [`TreePane::shown`].
    pub(crate) first: usize,
    /// The selected line, as a row of [`TreePane::shown`].
    pub(crate) cursor: usize,
    /// The text of the selected line, folded; empty when it fits as it is.
    pub(crate) unfolded: Vec<String>,
}

impl TreePage {
    /// Which row of [`TreePane::shown`] stands `y` lines below the top.
    pub(crate) fn row_at(&self, y: usize) -> usize {
        let row = self.first.saturating_add(y);
        let extra = self.unfolded.len().saturating_sub(1);
        row - row.saturating_sub(self.cursor).min(extra)
    }
}

/// Cells a line is indented by, without its fold mark.
pub(crate) fn indent(line: &OutlineLine) -> usize {
    line.depth.min(DEEPEST) * 2
}

/// The whole text of a line that would be cut off, folded to `width`; empty for one that fits.
fn unfold(line: &OutlineLine, width: usize, height: usize) -> Vec<String> {
    let room = width.saturating_sub(BEFORE_TEXT + indent(line));
    let text = line.text();
    let most = (height / 2).min(UNFOLDED_LINES);
    if most < 2 || fit::width(&text) <= room {
        return Vec::new();
    }
    fit::fold(&text, room, most).into_iter().map(std::borrow::Cow::into_owned).collect()
}

/// The nearest line above that is less deep.
fn parent(lines: &[OutlineLine], of: usize) -> Option<usize> {
    let depth = lines.get(of)?.depth;
    lines[..of].iter().rposition(|line| line.depth < depth)
}

fn key(line: &OutlineLine) -> LineKey {
    (line.layer, line.node, line.span.start, line.depth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Level, Span};

    fn lines(depths: &[usize]) -> Vec<OutlineLine> {
        let line = |(at, depth): (usize, &usize)| OutlineLine {
            depth: *depth,
            layer: LayerId::BODY,
            node: Some(NodeId(u32::try_from(at).unwrap())),
            span: Span::at(at),
            pieces: Vec::new(),
            level: Level::Info,
            expandable: depths.get(at + 1).is_some_and(|next| next > depth),
        };
        depths.iter().enumerate().map(line).collect()
    }

    fn pane(lines: &[OutlineLine]) -> TreePane {
        let mut pane = TreePane::default();
        pane.resize(10);
        pane.reset(lines);
        pane
    }

    #[test]
    fn folding_hides_what_is_deeper() {
        let lines = lines(&[0, 1, 2, 2, 1, 0]);
        let mut pane = pane(&lines);
        pane.step(Step::Down);
        pane.fold(&lines);
        assert_eq!(pane.shown(), [0, 1, 4, 5]);
        assert_eq!(pane.selected(), Some(1));
        pane.fold(&lines);
        assert_eq!(pane.selected(), Some(0), "folded already: to the line around it");
        pane.fold(&lines);
        assert_eq!(pane.shown(), [0, 5]);
        pane.unfold(&lines);
        assert_eq!(pane.shown(), [0, 1, 4, 5], "an inner fold stays");
        pane.unfold(&lines);
        assert_eq!(pane.selected(), Some(1), "open already: into it");
    }

    #[test]
    fn selecting_a_hidden_line_opens_the_folds_around_it() {
        let lines = lines(&[0, 1, 2, 2, 1, 0]);
        let mut pane = pane(&lines);
        pane.step(Step::Down);
        pane.fold(&lines);
        pane.fold(&lines);
        pane.fold(&lines);
        pane.select(3, &lines);
        assert_eq!((pane.selected(), pane.shown().len()), (Some(3), 6));
    }

    #[test]
    fn a_longer_version_keeps_selection_and_folds() {
        let old = lines(&[0, 1, 2, 1]);
        let mut pane = pane(&old);
        pane.step(Step::Down);
        pane.fold(&old);
        pane.step(Step::Down);
        assert_eq!(pane.selected(), Some(3));
        let new = lines(&[0, 1, 2, 1, 1, 1]);
        pane.refresh(&old, &new);
        assert_eq!((pane.selected(), pane.shown()), (Some(3), &[0, 1, 3, 4, 5][..]));
    }

    #[test]
    fn a_long_selected_line_unfolds_and_is_one_line_to_the_mouse() {
        let mut lines = lines(&[0, 1, 1, 1]);
        lines[1].pieces = vec![crate::render::Piece {
            text: "word ".repeat(20),
            role: crate::render::Role::Text,
        }];
        let mut pane = pane(&lines);
        assert!(pane.page(&lines, 40).unfolded.is_empty(), "it is not selected");
        pane.step(Step::Down);
        let page = pane.page(&lines, 40);
        assert_eq!((page.first, page.unfolded.len()), (0, 3));
        let rows: Vec<_> = (0..7).map(|y| page.row_at(y)).collect();
        assert_eq!(rows, [0, 1, 1, 1, 2, 3, 4]);
        pane.resize(4);
        assert_eq!(pane.page(&lines, 40).unfolded.len(), 2, "no more than half of the page");
        assert!(pane.page(&lines, 300).unfolded.is_empty(), "it fits");
    }

    #[test]
    fn an_empty_outline_answers_every_key() {
        let mut pane = pane(&[]);
        pane.fold(&[]);
        pane.unfold(&[]);
        pane.toggle(&[]);
        pane.point(3);
        pane.step(Step::Last);
        assert_eq!(pane.selected(), None);
    }
}
