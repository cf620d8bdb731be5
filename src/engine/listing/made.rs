//! What a search makes of what it finds.

use crate::engine::groups::Groups;

use super::keys::{Entry, Keys};
use super::ranked::Ranked;

/// A list, or groups.
#[derive(Debug)]
pub(in crate::engine) enum Made {
    /// Lines in some order.
    Lines(Ranked),
    /// Devices and sessions.
    Groups(Groups),
}

impl Made {
    /// Takes out those of these positions that are in it. They ascend.
    pub(super) fn remove(&mut self, positions: &[u32]) {
        match self {
            Self::Lines(lines) => lines.remove(positions),
            Self::Groups(groups) => groups.hide(positions),
        }
    }

    /// Puts lines into a list.
    pub(super) fn extend(&mut self, entries: &[Entry], keys: &Keys) {
        if let Self::Lines(lines) = self {
            lines.extend(entries, keys);
        }
    }

    /// Shows what was placed in groups.
    pub(super) fn show(&mut self, positions: &[u64]) {
        if let Self::Groups(groups) = self {
            groups.show(positions);
        }
    }

    /// Everything was looked at once.
    pub(super) fn complete(&mut self) {
        if let Self::Lines(lines) = self {
            lines.pack();
        }
    }

    /// What is made in the stead of this, before anything is found.
    pub(super) fn anew(&self) -> Option<Self> {
        match self {
            Self::Lines(_) => None,
            Self::Groups(groups) => Some(Self::Groups(Groups::unfolded(groups.unfolding()))),
        }
    }

    /// The lines of a list.
    pub(super) fn lines(&self) -> Option<&Ranked> {
        match self {
            Self::Lines(lines) => Some(lines),
            Self::Groups(_) => None,
        }
    }
}
