//! Positions in the order of a list, for lists of millions that change in the middle.

use super::keys::{Entry, Keys};

/// Lines in one block at most: what one insertion moves.
const BLOCK: usize = 1_024;

/// The lines of a list, in order, in blocks.
#[derive(Debug, Default)]
pub(super) struct Ranked {
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

    /// Puts a line in its place. It must not be in the list.
    pub(super) fn insert(&mut self, entry: Entry, keys: &Keys) {
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
        if block.positions.len() > BLOCK {
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

    fn push(&mut self, entry: Entry) {
        let full = self.blocks.last().is_none_or(|block| block.positions.len() >= BLOCK);
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
