//! Positions in the order of a list, for lists of millions that change in the middle.

use super::keys::{Entry, Keys};

/// Lines in one block at most: what one insertion moves.
const BLOCK: usize = 1_024;

/// Lines in a block that was filled from the front.
const PACKED: usize = BLOCK / 8 * 7;

/// The lines of a list, in order, in blocks.
#[derive(Debug, Default)]
pub(in crate::engine) struct Ranked {
    blocks: Vec<Block>,
    len: usize,
    keyed: bool,
}

/// Some lines in a row; never empty.
#[derive(Debug, Default)]
struct Block {
    positions: Vec<u32>,
    /// Empty where positions are all there is to sort by.
    keys: Vec<i64>,
}

impl Ranked {
    /// Nothing yet. `keyed`: lines have keys, else they are in the order of their positions.
    pub(super) fn new(keyed: bool) -> Self {
        Self { blocks: Vec::new(), len: 0, keyed }
    }

    /// Lines.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts lines in their places. They must not be in the list.
    pub(super) fn extend(&mut self, entries: &[Entry], keys: &Keys) {
        for entry in entries {
            self.insert(*entry, keys);
        }
    }

    fn insert(&mut self, entry: Entry, keys: &Keys) {
        let before =
            |block: &Block| block.last().is_some_and(|last| keys.compare(last, entry).is_lt());
        let at = self.blocks.partition_point(before);
        self.len += 1;
        if at == self.blocks.len() {
            return self.push(entry);
        }
        let block = &mut self.blocks[at];
        let place = block.place(|other| keys.compare(other, entry).is_lt());
        block.insert(place, entry, self.keyed);
        if block.positions.len() == BLOCK {
            let behind = block.split();
            self.blocks.insert(at + 1, behind);
        }
    }

    /// Takes out those of these positions that are in the list. They ascend.
    pub(super) fn remove(&mut self, positions: &[u32]) {
        if positions.is_empty() {
            return;
        }
        let (mut len, mut emptied) = (self.len, false);
        let sieve = Sieve::new(positions);
        let mut thin = |block: &mut Block| {
            let before = block.positions.len();
            block.remove(&sieve);
            len -= before - block.positions.len();
            emptied |= block.positions.is_empty();
        };
        if self.keyed {
            self.blocks.iter_mut().for_each(thin);
        } else {
            // Only blocks that can hold one of them.
            let mut done = None;
            for position in positions {
                let at = self.blocks.partition_point(|b| b.positions.last() < Some(position));
                if done.replace(at) != Some(at) {
                    self.blocks.get_mut(at).into_iter().for_each(&mut thin);
                }
            }
        }
        self.len = len;
        if emptied {
            self.blocks.retain(|block| !block.positions.is_empty());
        }
    }

    /// The positions of at most `limit` lines from line `offset`; `reversed` from the end.
    pub(super) fn slice(&self, offset: u64, limit: usize, reversed: bool) -> Vec<u64> {
        let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len);
        let limit = limit.min(self.len - offset);
        let first = if reversed { self.len - offset - limit } else { offset };
        let mut skip = first;
        let mut found = Vec::with_capacity(limit);
        for block in &self.blocks {
            if skip >= block.positions.len() {
                skip -= block.positions.len();
                continue;
            }
            let wanted = block.positions[skip..].iter().take(limit - found.len());
            found.extend(wanted.map(|position| u64::from(*position)));
            skip = 0;
            if found.len() == limit {
                break;
            }
        }
        if reversed {
            found.reverse();
        }
        found
    }

    /// The line at which a position stands.
    pub(super) fn rank(&self, position: u32, reversed: bool) -> Option<u64> {
        let mut before = 0;
        let mut found = None;
        for block in &self.blocks {
            if let Some(at) = block.find(position, self.keyed) {
                found = Some(before + at);
                break;
            }
            before += block.positions.len();
        }
        found.map(|at| if reversed { self.len - 1 - at } else { at } as u64)
    }

    /// Takes no more memory than it must, after much was put in the middle.
    pub(super) fn pack(&mut self) {
        if !self.keyed {
            return;
        }
        let loose = std::mem::take(&mut self.blocks);
        for block in loose {
            for index in 0..block.positions.len() {
                self.push(block.at(index));
            }
        }
    }

    fn push(&mut self, entry: Entry) {
        // Not quite full: the first line in the middle would split it.
        let full = self.blocks.last().is_none_or(|block| block.positions.len() >= PACKED);
        if full {
            self.blocks.push(Block::default());
        }
        if let Some(block) = self.blocks.last_mut() {
            let end = block.positions.len();
            block.insert(end, entry, self.keyed);
        }
    }
}

impl Block {
    fn at(&self, index: usize) -> Entry {
        let key = self.keys.get(index).copied().unwrap_or_default();
        Entry { position: self.positions[index], key }
    }

    fn last(&self) -> Option<Entry> {
        self.positions.len().checked_sub(1).map(|last| self.at(last))
    }

    /// The first line of which `before` does not hold.
    fn place(&self, before: impl Fn(Entry) -> bool) -> usize {
        let (mut low, mut high) = (0, self.positions.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if before(self.at(middle)) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn insert(&mut self, at: usize, entry: Entry, keyed: bool) {
        self.positions.insert(at, entry.position);
        if keyed {
            self.keys.insert(at, entry.key);
        }
    }

    /// Gives away the second half.
    fn split(&mut self) -> Self {
        let half = self.positions.len() / 2;
        let keys = if self.keys.is_empty() { Vec::new() } else { self.keys.split_off(half) };
        Self { positions: self.positions.split_off(half), keys }
    }

    fn find(&self, position: u32, keyed: bool) -> Option<usize> {
        if keyed {
            return self.positions.iter().position(|other| *other == position);
        }
        self.positions.binary_search(&position).ok()
    }

    fn remove(&mut self, sieve: &Sieve<'_>) {
        let gone = |position: &u32| sieve.has(*position);
        if !self.positions.iter().any(gone) {
            return;
        }
        let mut keys = std::mem::take(&mut self.keys).into_iter();
        let mut kept = Vec::with_capacity(keys.len());
        self.positions.retain(|position| {
            let key = keys.next();
            let stays = !gone(position);
            kept.extend(key.filter(|_| stays));
            stays
        });
        self.keys = kept;
    }
}

/// A few positions, quick to look for in many.
struct Sieve<'a> {
    positions: &'a [u32],
    /// By the last bits of a position, whether there can be one.
    bits: Vec<u64>,
}

impl<'a> Sieve<'a> {
    const SIZE: u32 = 1 << 16;

    fn new(positions: &'a [u32]) -> Self {
        let mut bits = vec![0; (Self::SIZE / u64::BITS) as usize];
        for position in positions {
            let (word, bit) = Self::place(*position);
            bits[word] |= bit;
        }
        Self { positions, bits }
    }

    fn has(&self, position: u32) -> bool {
        let (word, bit) = Self::place(position);
        self.bits[word] & bit != 0 && self.positions.binary_search(&position).is_ok()
    }

    const fn place(position: u32) -> (usize, u64) {
        let low = position % Self::SIZE;
        ((low / u64::BITS) as usize, 1 << (low % u64::BITS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SortValue;

    /// Numbers in no order, the same each time.
    fn shuffled(count: u32) -> impl Iterator<Item = u32> {
        (0..count).map(move |index| (index * 7_919 + 13) % count)
    }

    fn is(list: &Ranked, expected: &[u32]) {
        let all = |reversed| list.slice(0, usize::MAX, reversed);
        let wanted: Vec<u64> = expected.iter().map(|position| u64::from(*position)).collect();
        assert_eq!((list.len(), all(false)), (wanted.len(), wanted.clone()));
        assert_eq!(all(true), wanted.iter().rev().copied().collect::<Vec<_>>());
        for (rank, position) in expected.iter().enumerate().step_by(97) {
            assert_eq!(list.rank(*position, false), Some(rank as u64));
            assert_eq!(list.rank(*position, true), Some((expected.len() - 1 - rank) as u64));
            assert_eq!(list.slice(rank as u64, 3, false), wanted[rank..wanted.len().min(rank + 3)]);
        }
        assert!(list.blocks.iter().all(|block| (1..=BLOCK).contains(&block.positions.len())));
    }

    #[test]
    fn positions_stay_in_order_over_many_blocks() {
        let keys = Keys::new(false, false);
        let mut list = Ranked::new(false);
        for position in shuffled(10_007) {
            list.extend(&[Entry { position, key: 0 }], &keys);
        }
        is(&list, &(0..10_007).collect::<Vec<_>>());
        let gone: Vec<u32> =
            (0..10_007).filter(|p| p % 3 == 0 || (2_000..5_000).contains(p)).collect();
        list.remove(&gone);
        list.remove(&[20_000]);
        let left: Vec<u32> =
            (0..10_007).filter(|p| p % 3 != 0 && !(2_000..5_000).contains(p)).collect();
        is(&list, &left);
        assert_eq!((list.rank(3_000, false), list.rank(3, false)), (None, None));
    }

    #[test]
    fn keys_decide_over_many_blocks_also_packed() {
        let mut keys = Keys::new(true, true);
        let mut list = Ranked::new(true);
        let text = |position: u32| format!("device {}", position % 41);
        let mut insert = |list: &mut Ranked, position| {
            let key = keys.key(&SortValue::Text(text(position).into()));
            list.extend(&[Entry { position, key }], &keys);
        };
        shuffled(8_009).filter(|p| p % 2 == 0).for_each(|p| insert(&mut list, p));
        list.pack();
        shuffled(8_009).filter(|p| p % 2 == 1).for_each(|p| insert(&mut list, p));
        let mut expected: Vec<u32> = (0..8_009).collect();
        expected.sort_by_key(|p| (std::cmp::Reverse(p % 41), *p));
        is(&list, &expected);
        let gone: Vec<u32> = (0..8_009).filter(|p| p % 41 < 20).collect();
        list.remove(&gone);
        expected.retain(|p| p % 41 >= 20);
        is(&list, &expected);
        list.remove(&(0..8_009).collect::<Vec<_>>());
        is(&list, &[]);
    }
}
