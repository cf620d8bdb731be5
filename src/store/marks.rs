//! What the user says of exchanges: marks, comments, what is deleted from view.

use rusqlite::params;

use crate::model::{ExchangeId, Marking};

use super::columns::Bits;
use super::record::{Recorder, Tally};

/// Longest comment, in bytes.
const COMMENT: usize = 4 << 10;

impl Recorder<'_> {
    /// Keeps what the user says of a known exchange.
    pub(super) fn mark(self, id: ExchangeId, marking: &Marking) -> rusqlite::Result<Tally> {
        let Some(known) = self.known(id)? else { return Ok(Tally::default()) };
        let comment =
            marking.comment.as_ref().map(|text| &text[..text.floor_char_boundary(COMMENT)]);
        self.connection
            .prepare_cached(
                "INSERT INTO mark (position, marked, comment, hidden)
                 VALUES (?1, coalesce(?2, 0), coalesce(?3, ''), coalesce(?4, 0))
                 ON CONFLICT (position) DO UPDATE SET marked = coalesce(?2, marked),
                 comment = coalesce(?3, comment), hidden = coalesce(?4, hidden)",
            )?
            .execute(params![Bits(known.position), marking.marked, comment, marking.hidden])?;
        self.connection
            .prepare_cached(
                "DELETE FROM mark WHERE position = ?1 AND NOT marked AND NOT hidden
                 AND comment = ''",
            )?
            .execute([Bits(known.position)])?;
        Ok(Tally::default())
    }

    /// Deletes everything up to this exchange from view.
    pub(super) fn hide_through(self, last: ExchangeId) -> rusqlite::Result<Tally> {
        let Some(known) = self.known(last)? else { return Ok(Tally::default()) };
        self.connection
            .prepare_cached(
                "INSERT INTO mark (position, marked, comment, hidden)
                 SELECT position, 0, '', 1 FROM exchange WHERE position <= ?1
                 ON CONFLICT (position) DO UPDATE SET hidden = 1",
            )?
            .execute([Bits(known.position)])?;
        Ok(Tally::default())
    }

    /// Takes back everything that was deleted from view.
    pub(super) fn show_all(self) -> rusqlite::Result<Tally> {
        self.connection.execute("DELETE FROM mark WHERE NOT marked AND comment = ''", [])?;
        self.connection.execute("UPDATE mark SET hidden = 0 WHERE hidden", [])?;
        Ok(Tally::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Row;
    use crate::model::filter::Filter;
    use crate::store::{Reader, Store, sample};

    fn marked() -> Marking {
        Marking { marked: Some(true), ..Marking::default() }
    }

    fn hidden(hidden: bool) -> Marking {
        Marking { hidden: Some(hidden), ..Marking::default() }
    }

    fn comment(text: &str) -> Marking {
        Marking { comment: Some(text.to_owned()), ..Marking::default() }
    }

    fn filled(folder: &std::path::Path, count: u64) -> (Store, Reader) {
        let store = sample::capture(folder);
        for id in 1..=count {
            sample::record(&store.writer(), id, b"", b"");
        }
        store.writer().flush();
        let reader = store.reader().unwrap();
        (store, reader)
    }

    fn row(reader: &Reader, id: u64) -> Row {
        reader.row(ExchangeId(id)).unwrap().unwrap()
    }

    fn shown(reader: &Reader) -> Vec<u64> {
        reader.matching(&Filter::default(), 0..100).unwrap()
    }

    #[test]
    fn each_word_is_kept_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let (store, reader) = filled(dir.path(), 2);
        let writer = store.writer();
        writer.mark(ExchangeId(2), marked());
        writer.mark(ExchangeId(2), comment("why 449?"));
        writer.mark(ExchangeId(2), hidden(false));
        writer.mark(ExchangeId(99), marked());
        writer.flush();
        let expected = Row {
            marked: true,
            comment: "why 449?".into(),
            ..sample::row(&sample::complete(2, 0, 0))
        };
        assert_eq!(row(&reader, 2), expected);
        assert_eq!(reader.window(1, 1).unwrap(), [expected]);
        assert!(!row(&reader, 1).marked);
        assert_eq!(store.status().lost, 0);
        let found = Filter::parse("comment:449 device ~ '#2$' mark").unwrap();
        assert_eq!(reader.matching(&found, 0..9).unwrap(), [1]);
        writer.mark(ExchangeId(2), comment(""));
        writer.mark(ExchangeId(2), Marking { marked: Some(false), ..Marking::default() });
        writer.flush();
        assert_eq!(row(&reader, 2), sample::row(&sample::complete(2, 0, 0)));
        let left: u32 =
            reader.connection.query_row("SELECT count(*) FROM mark", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "nothing said, nothing kept");
    }

    #[test]
    fn a_long_comment_is_cut_between_characters() {
        let dir = tempfile::tempdir().unwrap();
        let (store, reader) = filled(dir.path(), 1);
        store.writer().mark(ExchangeId(1), comment(&format!("a{}", "é".repeat(4_000))));
        store.writer().flush();
        assert_eq!(row(&reader, 1).comment.len(), COMMENT - 1);
    }

    #[test]
    fn a_mark_that_cannot_be_written_is_lost_and_said_so() {
        let dir = tempfile::tempdir().unwrap();
        let (store, reader) = filled(dir.path(), 1);
        store.sabotage(|connection| {
            connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_LENGTH, 1_000).unwrap();
        });
        store.writer().mark(ExchangeId(1), comment(&"x".repeat(2_000)));
        store.writer().flush();
        let status = store.status();
        assert_eq!((status.lost, status.trouble.is_some()), (1, true));
        assert_eq!(row(&reader, 1).comment, "");
    }

    #[test]
    fn marks_survive_new_states_rebuilt_rows_and_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let store = sample::capture(dir.path());
        let writer = store.writer();
        let open = sample::in_flight(1);
        writer.put(open.clone(), sample::row(&open));
        let said = Marking { hidden: Some(true), ..comment("mine") };
        writer.mark(ExchangeId(1), Marking { marked: Some(true), ..said });
        let closed = sample::complete(1, 0, 0);
        writer.put(closed.clone(), sample::row(&closed));
        store.close().unwrap();

        let store = Store::open(&dir.path().join("a.synctap"), sample::DECODER + 1).unwrap();
        let reader = store.reader().unwrap();
        assert_eq!(reader.stale_rows(ExchangeId(0), 9).unwrap(), [ExchangeId(1)]);
        store.writer().put_row(sample::row(&closed));
        store.writer().flush();
        assert!(reader.stale_rows(ExchangeId(0), 9).unwrap().is_empty());
        let row = row(&reader, 1);
        assert_eq!((row.marked, row.comment.as_str(), row.hidden), (true, "mine", true));
    }

    #[test]
    fn what_is_deleted_from_view_is_found_only_when_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        let (store, reader) = filled(dir.path(), 5);
        store.writer().mark(ExchangeId(3), marked());
        store.writer().mark(ExchangeId(4), hidden(true));
        store.writer().flush();
        assert_eq!((shown(&reader), reader.hidden().unwrap()), (vec![0, 1, 2, 4], 1));
        let asked = Filter::parse("hidden").unwrap();
        assert_eq!(reader.matching(&asked, 0..100).unwrap(), [3]);
        assert_eq!(reader.count().unwrap(), 5, "positions stay");

        store.writer().hide_through(ExchangeId(3));
        store.writer().flush();
        assert_eq!((shown(&reader), reader.hidden().unwrap()), (vec![4], 4));
        store.writer().show_all();
        store.writer().flush();
        assert_eq!((shown(&reader), reader.hidden().unwrap()), (vec![0, 1, 2, 3, 4], 0));
        assert!(row(&reader, 3).marked);
    }
}
