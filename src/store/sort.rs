//! Lists in another order than that of arrival.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;

use rusqlite::types::ValueRef;
use rusqlite::{Statement, params_from_iter};

use crate::model::SortBy;
use crate::model::filter::{Bound, FieldKind, Filter, fold, natural_order};

use super::columns::{Bits, bits};
use super::condition::{Condition, column};
use super::error::StoreError;
use super::reader::Reader;

/// Characters of a text it is ordered by.
const PREFIX: usize = 64;
/// Positions this close together are read in one go.
const SPARSE: u64 = 8;

/// What one row is sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortValue<'a> {
    /// Nothing: before everything.
    None,
    /// A number, in the unit of the field.
    Number(i64),
    /// The first 64 characters of a text, folded; compared by
    /// [`natural_order`](crate::model::filter::natural_order).
    Text(Cow<'a, str>),
}

impl<'a> SortValue<'a> {
    fn of(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Integer(number) => Self::Number(number),
            ValueRef::Text(text) => Self::Text(cut(std::str::from_utf8(text).unwrap_or_default())),
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Self::None,
        }
    }
}

/// Gathers positions with what they are sorted by, chunk by chunk, then orders them. Takes 16 bytes
/// a row, and each different text once (its first 64 characters).
#[derive(Debug)]
pub struct Sorter {
    by: SortBy,
    descending: bool,
    /// Folded text to its place in `texts`.
    places: HashMap<String, i64>,
    texts: Vec<String>,
    /// The number or the text's place, and the position.
    keys: Vec<(i64, u64)>,
}

impl Sorter {
    /// Nothing gathered yet.
    pub fn new(by: SortBy, descending: bool) -> Self {
        let (places, texts, keys) = (HashMap::new(), Vec::new(), Vec::new());
        Self { by, descending, places, texts, keys }
    }

    /// Gathers the positions in the range that [`Reader::matching`] gives for `filter`.
    ///
    /// # Errors
    /// `Query`.
    pub fn add_matching(
        &mut self,
        reader: &Reader,
        filter: &Filter,
        positions: Range<u64>,
    ) -> Result<(), StoreError> {
        let range = reader.clamp(positions)?;
        let condition = Condition::new(filter, Bound::Possible);
        let sql = sql(self.by, &condition.sql);
        let numbers = reader.prepare(&range, condition)?;
        let mut statement = reader.connection.prepare(&sql)?;
        let mut found = statement.query(params_from_iter(numbers))?;
        while let Some(row) = found.next()? {
            self.gather(bits(row, 0)?, SortValue::of(row.get_ref(1)?));
        }
        Ok(())
    }

    /// Gathers these positions, in ascending order: what was found by looking into bodies.
    ///
    /// # Errors
    /// `Query`.
    pub fn add(&mut self, reader: &Reader, positions: &[u64]) -> Result<(), StoreError> {
        let by = self.by;
        reader.sort_values(by, positions, &mut |position, value| self.gather(position, value))
    }

    /// The positions in order. Those that are equal, or have nothing to be sorted by, keep the order
    /// of arrival among themselves; having nothing comes before everything.
    pub fn finish(self) -> Vec<u64> {
        let Self { by: _, descending, places: _, texts, mut keys } = self;
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by(|a, b| natural_order(&texts[*a], &texts[*b]));
        let mut ranks = vec![0_i64; texts.len()];
        let mut rank = 0_i64;
        let mut before: Option<usize> = None;
        for place in order {
            let differs = |other: usize| natural_order(&texts[other], &texts[place]).is_ne();
            rank += i64::from(before.is_some_and(differs));
            ranks[place] = rank;
            before = Some(place);
        }
        for (key, _) in keys.iter_mut().filter(|_| !ranks.is_empty()) {
            let place = usize::try_from(*key).ok();
            *key = place.and_then(|place| ranks.get(place)).copied().unwrap_or(-1);
        }
        if descending {
            keys.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        } else {
            keys.sort_unstable();
        }
        keys.into_iter().map(|(_, position)| position).collect()
    }

    fn gather(&mut self, position: u64, value: SortValue<'_>) {
        let key = match value {
            SortValue::Number(number) => number,
            SortValue::Text(text) => self.place(text),
            SortValue::None => i64::MIN,
        };
        self.keys.push((key, position));
    }

    fn place(&mut self, text: Cow<'_, str>) -> i64 {
        if let Some(place) = self.places.get(text.as_ref()) {
            return *place;
        }
        let place = i64::try_from(self.texts.len()).unwrap_or(i64::MAX);
        self.texts.push(text.clone().into_owned());
        self.places.insert(text.into_owned(), place);
        place
    }
}

/// The part of a text it is ordered by.
fn cut(text: &str) -> Cow<'_, str> {
    let end = text.char_indices().nth(PREFIX).map_or(text.len(), |(at, _)| at);
    fold(&text[..end])
}

/// Positions and what they are sorted by, in the order of the list.
fn sql(by: SortBy, condition: &str) -> String {
    let key = match by {
        SortBy::Started => "started".to_owned(),
        SortBy::Field(field) if field.kind() == FieldKind::Body => "NULL".to_owned(),
        SortBy::Field(field) => column(field),
    };
    format!(
        "SELECT summary.position, {key} FROM summary
         WHERE summary.position >= ?1 AND summary.position < ?2 AND ({condition})
         ORDER BY summary.position"
    )
}

/// Reads the wanted positions of the range, which ascend.
fn read(
    statement: &mut Statement<'_>,
    range: Range<u64>,
    wanted: &[u64],
    visit: &mut dyn FnMut(u64, SortValue<'_>),
) -> Result<(), StoreError> {
    let mut wanted = wanted.iter().peekable();
    let mut found = statement.query((Bits(range.start), Bits(range.end)))?;
    while let Some(row) = found.next()? {
        let position = bits(row, 0)?;
        while wanted.next_if(|next| **next < position).is_some() {}
        if wanted.next_if(|next| **next == position).is_some() {
            visit(position, SortValue::of(row.get_ref(1)?));
        }
    }
    Ok(())
}

impl Reader {
    /// The positions of everything that [`Reader::matching`] gives for `filter`, in this order:
    /// a [`Sorter`] over the whole capture at once, for lists that need neither progress nor a stop.
    ///
    /// # Errors
    /// `Query`.
    pub fn sorted(
        &self,
        filter: &Filter,
        by: SortBy,
        descending: bool,
    ) -> Result<Vec<u64>, StoreError> {
        let mut sorter = Sorter::new(by, descending);
        sorter.add_matching(self, filter, 0..u64::MAX)?;
        Ok(sorter.finish())
    }

    /// What the rows at these positions, in ascending order, are sorted by. Positions that are not
    /// in the capture are left out.
    ///
    /// # Errors
    /// `Query`.
    pub fn sort_values(
        &self,
        by: SortBy,
        positions: &[u64],
        visit: &mut dyn FnMut(u64, SortValue<'_>),
    ) -> Result<(), StoreError> {
        let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
            return Ok(());
        };
        let mut statement = self.connection.prepare_cached(&sql(by, "1"))?;
        if last.saturating_sub(*first) / SPARSE < positions.len() as u64 {
            return read(&mut statement, *first..last.saturating_add(1), positions, visit);
        }
        for position in positions {
            let range = *position..position.saturating_add(1);
            read(&mut statement, range, std::slice::from_ref(position), visit)?;
        }
        Ok(())
    }
}
