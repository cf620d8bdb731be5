//! Which lines of an outline are hidden, and which row of the screen is which line.

use std::collections::HashSet;

use crate::model::{LayerId, NodeId};
use crate::render::Outlined;

/// What names a line across two versions of the same outline: an exchange in flight grows.
pub(crate) type LineKey = (LayerId, Option<NodeId>);

/// Lines folded away. Finding a row or a line takes the logarithm of the folds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folds {
    folded: HashSet<LineKey>,
    /// In order; they do not touch.
    runs: Vec<Run>,
    /// All lines.
    lines: usize,
}

/// Lines that a fold hides.
#[derive(Debug, Clone, Copy)]
struct Run {
    start: usize,
    end: usize,
    /// Lines hidden before.
    before: usize,
}

impl Run {
    /// Lines hidden up to its end.
    fn until_end(self) -> usize {
        self.before + (self.end - self.start)
    }
}

impl Folds {
    /// Of an outline, nothing folded.
    pub(crate) fn none(tree: Outlined<'_>) -> Self {
        Self { lines: tree.len(), ..Self::default() }
    }

    /// The same folds of another version of the outline.
    pub(crate) fn refresh(&mut self, tree: Outlined<'_>) {
        self.lines = tree.len();
        let line = |(layer, node): &LineKey| match node {
            Some(node) => tree.position(*layer, *node),
            None => tree.headline(*layer),
        };
        let mut folded: Vec<usize> = self.folded.iter().filter_map(line).collect();
        folded.sort_unstable();
        self.runs.clear();
        let (mut end, mut before) = (0, 0);
        for at in folded.into_iter().filter(|at| tree.is_expandable(*at)) {
            // A fold inside another hides nothing more.
            if at >= end {
                let run = Run { start: at + 1, end: tree.end(at), before };
                (end, before) = (run.end, run.until_end());
                self.runs.push(run);
            }
        }
    }

    /// How many lines are to be seen.
    pub(crate) fn rows(&self) -> usize {
        self.lines - self.runs.last().map_or(0, |run| run.until_end())
    }

    /// The line in a row.
    pub(crate) fn line(&self, row: usize) -> usize {
        let after = self.runs.partition_point(|run| run.start - run.before <= row);
        row + after.checked_sub(1).map_or(0, |at| self.runs[at].until_end())
    }

    /// The row of a line, when no fold hides it.
    pub(crate) fn row(&self, line: usize) -> Option<usize> {
        let after = self.runs.partition_point(|run| run.start <= line);
        match after.checked_sub(1).map(|at| self.runs[at]) {
            Some(run) if line < run.end => None,
            Some(run) => Some(line - run.until_end()),
            None => Some(line),
        }
    }

    /// True when what is inside a line is hidden.
    pub(crate) fn is_folded(&self, tree: Outlined<'_>, line: usize) -> bool {
        key(tree, line).is_some_and(|key| self.folded.contains(&key))
    }

    /// Hides what is inside a line; false when nothing is, or it is hidden already.
    pub(crate) fn fold(&mut self, tree: Outlined<'_>, line: usize) -> bool {
        let key = key(tree, line).filter(|_| tree.is_expandable(line));
        let folded = key.is_some_and(|key| self.folded.insert(key));
        if folded {
            self.refresh(tree);
        }
        folded
    }

    /// Shows what is inside a line; false when it is shown already.
    pub(crate) fn unfold(&mut self, tree: Outlined<'_>, line: usize) -> bool {
        let unfolded = key(tree, line).is_some_and(|key| self.folded.remove(&key));
        if unfolded {
            self.refresh(tree);
        }
        unfolded
    }

    /// Opens every fold around a line.
    pub(crate) fn reveal(&mut self, tree: Outlined<'_>, line: usize) {
        if self.row(line).is_some() {
            return;
        }
        for around in std::iter::successors(tree.parent(line), |line| tree.parent(*line)) {
            if let Some(key) = key(tree, around) {
                self.folded.remove(&key);
            }
        }
        self.refresh(tree);
    }
}

/// The name of a line that may be folded.
pub(crate) fn key(tree: Outlined<'_>, line: usize) -> Option<LineKey> {
    let (layer, node) = tree.place(line)?;
    (node.is_some() || tree.is_headline(line)).then_some((layer, node))
}
