//! What lists are sorted by, as numbers.

use std::cmp::Ordering;
use std::hash::{BuildHasher as _, RandomState};

use crate::model::filter::natural_order;
use crate::store::SortValue;

/// Places in which the texts seen last are looked for, 256 KiB of them.
const RECENT: usize = 65_536;

/// Bytes of text that are kept; more, and the rest counts as the empty text.
const TEXT_LIMIT: usize = 1 << 30;

/// The key of what has nothing to be sorted by: before everything.
const NOTHING: i64 = i64::MIN;

/// One line of a sorted list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where the exchange stands in the capture.
    pub(super) position: u32,
    /// What it is sorted by; 0 in the order of the capture.
    pub(super) key: i64,
}

/// Orders keys. A number is its own key; of a text it is the place in a store of texts.
#[derive(Debug)]
pub(super) struct Keys {
    descending: bool,
    /// Every text behind the other. Texts that repeat are mostly found again, and kept once.
    texts: String,
    /// Where each text ends.
    ends: Vec<u32>,
    /// By hash, the text with that hash that was seen last.
    recent: Vec<u32>,
    hasher: RandomState,
    textual: bool,
}

impl Keys {
    /// Of a field of text, or else of numbers.
    pub(super) fn new(textual: bool, descending: bool) -> Self {
        let recent = if textual { vec![u32::MAX; RECENT] } else { Vec::new() };
        let (texts, ends, hasher) = (String::new(), Vec::new(), RandomState::new());
        Self { descending, texts, ends, recent, hasher, textual }
    }

    /// Forgets every key there was.
    pub(super) fn clear(&mut self) {
        self.texts.clear();
        self.ends.clear();
        self.recent.fill(u32::MAX);
    }

    /// The key of a value.
    pub(super) fn key(&mut self, value: &SortValue<'_>) -> i64 {
        match value {
            SortValue::None => NOTHING,
            SortValue::Number(number) => *number,
            SortValue::Text(text) => self.place(text),
        }
    }

    /// How two lines stand to each other: by key, and those that are equal in the order of the
    /// capture.
    pub(super) fn compare(&self, a: Entry, b: Entry) -> Ordering {
        let keys = match (self.text(a.key), self.text(b.key)) {
            _ if a.key == b.key => Ordering::Equal,
            (Some(a), Some(b)) => natural_order(a, b),
            _ => a.key.cmp(&b.key),
        };
        let keys = if self.descending { keys.reverse() } else { keys };
        keys.then(a.position.cmp(&b.position))
    }

    fn place(&mut self, text: &str) -> i64 {
        let hash = usize::try_from(self.hasher.hash_one(text) % RECENT as u64).unwrap_or_default();
        let known = self.recent.get(hash).map(|place| i64::from(*place));
        if let Some(place) = known
            && self.text(place) == Some(text)
        {
            return place;
        }
        let text = if self.texts.len() + text.len() > TEXT_LIMIT { "" } else { text };
        self.texts.push_str(text);
        let (Ok(end), Ok(place)) =
            (u32::try_from(self.texts.len()), u32::try_from(self.ends.len()))
        else {
            return NOTHING;
        };
        self.ends.push(end);
        if let Some(recent) = self.recent.get_mut(hash) {
            *recent = place;
        }
        i64::from(place)
    }

    fn text(&self, key: i64) -> Option<&str> {
        let place = usize::try_from(key).ok().filter(|_| self.textual)?;
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.texts.get(start as usize..end as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(keys: &Keys, mut entries: Vec<Entry>) -> Vec<u32> {
        entries.sort_by(|a, b| keys.compare(*a, *b));
        entries.into_iter().map(|entry| entry.position).collect()
    }

    fn entries(keys: &mut Keys, values: &[SortValue<'_>]) -> Vec<Entry> {
        (0..)
            .zip(values)
            .map(|(position, value)| Entry { position, key: keys.key(value) })
            .collect()
    }

    #[test]
    fn numbers_and_nothing() {
        let values =
            [SortValue::Number(5), SortValue::None, SortValue::Number(-3), SortValue::None];
        let mut keys = Keys::new(false, false);
        let all = entries(&mut keys, &values);
        assert_eq!(sorted(&keys, all), [1, 3, 2, 0]);
        let mut keys = Keys::new(false, true);
        let all = entries(&mut keys, &values);
        assert_eq!(sorted(&keys, all), [0, 2, 1, 3], "equal ones keep the order of arrival");
    }

    #[test]
    fn texts_sort_naturally_and_are_kept_once() {
        let texts = ["a10", "a9", "", "a10", "b"].map(|text| SortValue::Text(text.into()));
        let mut keys = Keys::new(true, false);
        let all = entries(&mut keys, &texts);
        assert_eq!(sorted(&keys, all), [2, 1, 0, 3, 4]);
        assert_eq!(keys.texts, "a10a9b");
    }
}
