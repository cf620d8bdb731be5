//! An outline of which parts are folded away.

use crate::render::{OutlineLine, Outlined};
use crate::tui::action::Step;
use crate::tui::fit;

use super::folds::Folds;
use super::scroll::Scroll;

/// Deepest indentation, in levels: what is deeper stays readable at the same place.
const DEEPEST: usize = 16;

/// Most lines the selected line unfolds to.
const UNFOLDED_LINES: usize = 6;

/// Cells of cursor and fold mark.
const BEFORE_TEXT: usize = 3;

/// Which lines of an outline are in sight, and which is selected.
#[derive(Debug, Clone, Default)]
pub(crate) struct TreePane {
    scroll: Scroll,
    folds: Folds,
}

impl TreePane {
    /// Shows another outline from its start, nothing folded.
    pub(crate) fn reset(&mut self, tree: Outlined<'_>) {
        self.folds = Folds::none(tree);
        let height = self.scroll.height();
        self.scroll = Scroll::default();
        self.scroll.resize(height, self.rows());
        // The body's headline comes first; what people look for is the document below it.
        self.scroll.go(tree.first_node(), self.rows());
    }

    /// Shows a newer version of the same outline: folds and selection stay.
    pub(crate) fn refresh(&mut self, old: Outlined<'_>, new: Outlined<'_>) {
        let line = self.selected().unwrap_or(0);
        let again = match old.place(line) {
            Some((layer, Some(node))) => new.position(layer, node),
            Some((layer, None)) => {
                // As far behind its headline as before: the rows of a text or dump.
                let behind = old.headline(layer).map_or(0, |first| line - first);
                new.headline(layer).map(|first| (first + behind).min(new.end(first) - 1))
            }
            None => None,
        };
        self.folds.refresh(new);
        let height = self.scroll.height();
        self.scroll.resize(height, self.rows());
        self.select(again.unwrap_or(line), new);
    }

    /// Moves the selection.
    pub(crate) fn step(&mut self, step: Step) {
        self.scroll.step(step, self.rows());
    }

    /// Moves the page.
    pub(crate) fn wheel(&mut self, lines: isize) {
        self.scroll.wheel(lines, self.rows());
    }

    /// The pane is `height` lines high.
    pub(crate) fn resize(&mut self, height: usize) {
        self.scroll.resize(height, self.rows());
    }

    /// The selected line.
    pub(crate) fn selected(&self) -> Option<usize> {
        let row = self.scroll.cursor();
        (row < self.rows()).then(|| self.folds.line(row))
    }

    /// How many lines no fold hides.
    pub(crate) fn rows(&self) -> usize {
        self.folds.rows()
    }

    /// The line in a row: the n-th that no fold hides.
    pub(crate) fn line(&self, row: usize) -> usize {
        self.folds.line(row)
    }

    /// Where the pane stands among its rows.
    pub(crate) fn scroll(&self) -> Scroll {
        self.scroll
    }

    /// The lines in sight, when lines are `width` cells wide.
    pub(crate) fn page(&self, tree: Outlined<'_>, width: usize) -> TreePage {
        let height = self.scroll.height();
        let line = self.selected().and_then(|at| tree.line(at));
        let unfolded = line.map_or_else(Vec::new, |line| unfold(&line, width, height));
        // The rest of the selected line pushes what follows down; near the end, what precedes up.
        let cursor = self.scroll.cursor();
        let used = cursor.saturating_sub(self.scroll.top()) + unfolded.len().max(1);
        let first = self.scroll.top() + used.saturating_sub(height);
        TreePage { first, cursor, unfolded }
    }

    /// True when what is inside a line is hidden.
    pub(crate) fn is_folded(&self, tree: Outlined<'_>, line: usize) -> bool {
        self.folds.is_folded(tree, line)
    }

    /// Selects the line in a row.
    pub(crate) fn point(&mut self, row: usize) {
        if row < self.rows() {
            self.scroll.go(row, self.rows());
        }
    }

    /// Selects a line, opening what hides it.
    pub(crate) fn select(&mut self, line: usize, tree: Outlined<'_>) {
        self.folds.reveal(tree, line);
        let row = self.folds.row(line).unwrap_or(0);
        self.scroll.go(row, self.rows());
    }

    /// Hides what is inside the selected line; where nothing is to hide, goes to the line around it.
    pub(crate) fn fold(&mut self, tree: Outlined<'_>) {
        let Some(at) = self.selected() else { return };
        if self.folds.fold(tree, at) {
            self.resize(self.scroll.height());
        } else if let Some(around) = tree.parent(at) {
            self.select(around, tree);
        }
    }

    /// Shows what is inside the selected line; where it is shown, goes to its first line.
    pub(crate) fn unfold(&mut self, tree: Outlined<'_>) {
        let Some(at) = self.selected() else { return };
        if self.folds.unfold(tree, at) {
            self.resize(self.scroll.height());
        } else if tree.is_expandable(at) {
            self.step(Step::Down);
        }
    }

    /// Hides or shows what is inside the selected line.
    pub(crate) fn toggle(&mut self, tree: Outlined<'_>) {
        match self.selected() {
            Some(at) if self.is_folded(tree, at) => self.unfold(tree),
            Some(at) if tree.is_expandable(at) => self.fold(tree),
            _ => {}
        }
    }
}

/// A page of a tree, on which the selected line shows all of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TreePage {
    /// The first row.
    pub(crate) first: usize,
    /// The row of the selected line.
    pub(crate) cursor: usize,
    /// The text of the selected line, folded; empty when it fits as it is.
    pub(crate) unfolded: Vec<String>,
}

impl TreePage {
    /// Which row stands `y` lines below the top.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{
        Attributes, Decoded, Element, Format, Layer, Name, Namespace, NodeId, NodeKind, Span, Tree,
    };
    use crate::render::{Outline, OutlineOptions};

    /// A document with an element at each of these depths, one below its headline at least.
    fn document(depths: &[usize]) -> Decoded {
        let mut tree = Tree::new();
        let mut open: Vec<NodeId> = Vec::new();
        for (at, depth) in depths.iter().enumerate() {
            while open.len() >= *depth {
                tree.close(open.pop().unwrap(), at);
            }
            let element = Element {
                name: Name::Known("word word word word word word word word word word word word"),
                namespace: Namespace::NONE,
                token: None,
                attributes: Attributes::NONE,
                tag: Span::at(at),
            };
            let parent = open.last().copied();
            open.push(tree.push(NodeKind::Element(element), Span::at(at), parent));
        }
        while let Some(id) = open.pop() {
            tree.close(id, depths.len());
        }
        let layer = Layer {
            label: "body".into(),
            origin: None,
            bytes: vec![0; depths.len()].into(),
            format: Format::Xml("XML"),
            tree: Some(tree),
            facts: Vec::new(),
        };
        Decoded { layers: vec![layer], problems: Vec::new() }
    }

    /// Checks something of a pane on an outline whose lines, its headline first, are this deep.
    fn with<T>(depths: &[usize], check: impl FnOnce(&mut TreePane, Outlined<'_>) -> T) -> T {
        let decoded = document(depths.get(1..).unwrap_or_default());
        let decoded = (!depths.is_empty()).then_some(decoded);
        let index = decoded
            .as_ref()
            .map(|decoded| Outline::new(decoded, &[], OutlineOptions::default()))
            .unwrap_or_default();
        let tree = Outlined::new(&index, decoded.as_ref(), &[]);
        let mut pane = TreePane::default();
        pane.resize(10);
        pane.reset(tree);
        pane.step(Step::First);
        check(&mut pane, tree)
    }

    fn shown(pane: &TreePane) -> Vec<usize> {
        (0..pane.rows()).map(|row| pane.line(row)).collect()
    }

    #[test]
    fn folding_hides_what_is_deeper() {
        with(&[0, 1, 2, 3, 3, 2, 1], |pane, tree| {
            pane.step(Step::Down);
            pane.step(Step::Down);
            pane.fold(tree);
            assert_eq!(shown(pane), [0, 1, 2, 5, 6]);
            assert_eq!(pane.selected(), Some(2));
            pane.fold(tree);
            assert_eq!(pane.selected(), Some(1), "folded already: to the line around it");
            pane.fold(tree);
            assert_eq!(shown(pane), [0, 1, 6]);
            pane.unfold(tree);
            assert_eq!(shown(pane), [0, 1, 2, 5, 6], "an inner fold stays");
            pane.unfold(tree);
            assert_eq!(pane.selected(), Some(2), "open already: into it");
        });
    }

    #[test]
    fn rows_and_lines_agree_whatever_is_folded() {
        let depths = [0, 1, 2, 3, 3, 2, 1, 2, 2, 3, 1];
        for folded in 0..1_u32 << depths.len() {
            with(&depths, |pane, tree| {
                let mut hidden = [false; 11];
                for at in (0..depths.len()).filter(|at| folded & (1 << at) != 0) {
                    pane.select(at, tree);
                    if tree.is_expandable(at) {
                        pane.fold(tree);
                    }
                }
                // Selecting a line opened the folds around it: those that are left hide lines.
                for at in (0..depths.len()).filter(|at| pane.is_folded(tree, *at)) {
                    hidden[at + 1..tree.end(at)].fill(true);
                }
                let expected: Vec<usize> = (0..11).filter(|at| !hidden[*at]).collect();
                assert_eq!(shown(pane), expected, "{folded:b}");
            });
        }
    }

    #[test]
    fn selecting_a_hidden_line_opens_the_folds_around_it() {
        with(&[0, 1, 2, 3, 3, 2, 1], |pane, tree| {
            pane.point(2);
            for _ in 0..3 {
                pane.fold(tree);
            }
            assert_eq!(pane.rows(), 3);
            pane.select(4, tree);
            assert_eq!((pane.selected(), pane.rows()), (Some(4), 7));
        });
    }

    #[test]
    fn a_longer_version_keeps_selection_and_folds() {
        let mut pane = with(&[0, 1, 2, 3, 2], |pane, old| {
            pane.point(2);
            pane.fold(old);
            pane.point(3);
            assert_eq!(pane.selected(), Some(4));
            pane.refresh(old, old);
            pane.clone()
        });
        with(&[0, 1, 2, 3, 2, 2, 2], |_, new| {
            pane.refresh(new, new);
            assert_eq!((pane.selected(), shown(&pane)), (Some(4), vec![0, 1, 2, 4, 5, 6]));
        });
    }

    #[test]
    fn a_long_selected_line_unfolds_and_is_one_line_to_the_mouse() {
        with(&[0, 1, 2, 2, 2], |pane, tree| {
            assert!(pane.page(tree, 40).unfolded.is_empty(), "the headline fits");
            pane.step(Step::Down);
            let page = pane.page(tree, 40);
            assert_eq!((page.first, page.unfolded.len()), (0, 2));
            let rows: Vec<_> = (0..6).map(|y| page.row_at(y)).collect();
            assert_eq!(rows, [0, 1, 1, 2, 3, 4]);
            pane.resize(4);
            assert_eq!(pane.page(tree, 20).unfolded.len(), 2, "no more than half of the page");
            assert!(pane.page(tree, 300).unfolded.is_empty(), "it fits");
        });
    }

    #[test]
    fn an_empty_outline_answers_every_key() {
        with(&[], |pane, tree| {
            pane.fold(tree);
            pane.unfold(tree);
            pane.toggle(tree);
            pane.point(3);
            pane.step(Step::Last);
            assert_eq!(pane.selected(), None);
        });
    }
}
