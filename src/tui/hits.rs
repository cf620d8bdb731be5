//! All places of one half of an exchange that hold what is searched for.

use crate::model::{LayerId, Leg};

use super::action::Face;
use super::prepared::Half;
use super::search::{Needle, Way};

/// Places kept; what is beyond is counted as one more.
const MOST: usize = 100_000;

/// A search of one half, as one face shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quest {
    /// What for.
    pub(crate) needle: Needle,
    /// Which version of what is in sight.
    pub(crate) version: u64,
    /// Which half.
    pub(crate) leg: Leg,
    /// Which way of showing it.
    pub(crate) face: Face,
    /// The layer of the selection: bytes are of it, XML is that it stands in.
    pub(crate) layer: LayerId,
}

/// Where it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hits {
    /// What was searched for.
    pub(crate) quest: Quest,
    /// Lines of the tree or of the XML, or offsets of bytes, in order.
    at: Vec<u32>,
    /// There are more than are kept.
    more: bool,
}

impl Quest {
    /// True when what is found are bytes: in a dump, and for bytes in a tree.
    pub(crate) fn is_for_bytes(&self) -> bool {
        let bytes = matches!(self.needle, Needle::Bytes(_));
        self.face == Face::Hex || self.face == Face::Tree && bytes
    }

    /// Looks at everything.
    pub(crate) fn run(self, half: Half<'_>) -> Hits {
        let mut hits = Hits { at: Vec::new(), more: false, quest: self };
        let Quest { needle, face, layer, .. } = hits.quest.clone();
        if hits.quest.is_for_bytes() {
            let length = needle.bytes().len();
            // What is masked is not found: that would tell what it is.
            let is_open = |at: usize| (at..at + length).all(|at| !half.is_secret(layer, at));
            needle.each_in_bytes(half.bytes(layer), &mut |at| !is_open(at) || hits.add(at));
            return hits;
        }
        match face {
            Face::Tree => {
                let tree = half.tree();
                for (at, line) in tree.lines(0..tree.len()).enumerate() {
                    if needle.is_in(&line.text()) && !hits.add(at) {
                        break;
                    }
                }
            }
            Face::Xml => {
                half.each_xml_line(layer, &mut |at, text| !needle.is_in(text) || hits.add(at));
            }
            Face::Headers | Face::Hex => {}
        }
        hits
    }
}

impl Hits {
    /// Keeps a place; false when no more are.
    fn add(&mut self, at: usize) -> bool {
        match u32::try_from(at) {
            Ok(at) if self.at.len() < MOST => self.at.push(at),
            _ => self.more = true,
        }
        !self.more
    }

    /// The next place after (or before) `from`, round the end if need be, and which of all it is.
    pub(crate) fn next(&self, from: usize, way: Way) -> Option<(usize, String)> {
        let last = self.at.len().checked_sub(1)?;
        let number = match way {
            Way::Forward => {
                let after = self.at.partition_point(|at| *at as usize <= from);
                if after > last { 0 } else { after }
            }
            Way::Backward => {
                let before = self.at.partition_point(|at| (*at as usize) < from);
                before.checked_sub(1).unwrap_or(last)
            }
        };
        let more = if self.more { "+" } else { "" };
        Some((self.at[number] as usize, format!("{}/{}{more}", number + 1, self.at.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(at: &[u32]) -> Hits {
        let needle = Needle::parse("x").unwrap();
        let (leg, face, layer) = (Leg::Request, Face::Tree, LayerId::BODY);
        Hits { quest: Quest { needle, version: 0, leg, face, layer }, at: at.into(), more: false }
    }

    #[test]
    fn the_next_place_goes_round_the_end() {
        let hits = hits(&[2, 5, 9]);
        let next = |from, way| hits.next(from, way).unwrap();
        assert_eq!(next(2, Way::Forward), (5, "2/3".into()));
        assert_eq!(next(9, Way::Forward), (2, "1/3".into()));
        assert_eq!(next(2, Way::Backward), (9, "3/3".into()));
        assert_eq!(next(6, Way::Backward), (5, "2/3".into()));
    }

    #[test]
    fn nothing_found_is_no_place_and_too_many_are_said() {
        assert_eq!(hits(&[]).next(0, Way::Forward), None);
        let mut many = hits(&[]);
        let taken = (0..=MOST).filter(|at| many.add(*at)).count();
        assert_eq!(taken, MOST);
        assert_eq!(many.next(0, Way::Backward).unwrap().1, format!("{MOST}/{MOST}+"));
    }
}
