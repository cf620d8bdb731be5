//! The capture's format: whose file it is, which version, and the steps from one to the next.

use rusqlite::{Connection, TransactionBehavior};

/// `PRAGMA application_id` of a capture: `SyCT`.
pub(super) const APPLICATION_ID: i32 = 0x5379_4354;

/// Step `n` (from 0) makes format `n + 1` out of format `n`; 0 is an empty file.
const STEPS: &[&str] = &[include_str!("schema.sql"), include_str!("schema_2.sql")];

/// What a database says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    /// `PRAGMA application_id`.
    pub(super) application: i32,
    /// `PRAGMA user_version`; nonsense below 0 counts as the newest there can be.
    pub(super) version: u32,
}

/// The newest format known here.
pub(super) fn known() -> u32 {
    u32::try_from(STEPS.len()).unwrap_or(u32::MAX)
}

/// Reads whose database this is.
pub(super) fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let version = u32::try_from(pragma("user_version")?).unwrap_or(u32::MAX);
    Ok(Identity { application: pragma("application_id")?, version })
}

/// Brings the file from format `from` to the newest, all in one transaction.
pub(super) fn migrate(connection: &mut Connection, from: u32) -> rusqlite::Result<()> {
    let done = usize::try_from(from).unwrap_or(usize::MAX);
    let Some(steps) = STEPS.get(done..).filter(|steps| !steps.is_empty()) else {
        return Ok(());
    };
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for step in steps {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", known())?;
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_database_becomes_a_capture() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, 0).unwrap();
        let found = identity(&connection).unwrap();
        assert_eq!(found, Identity { application: APPLICATION_ID, version: known() });
        connection.prepare("SELECT facts FROM exchange, chunk, summary").unwrap_err();
        connection.prepare("SELECT position FROM exchange JOIN summary USING (position)").unwrap();
    }

    #[test]
    fn a_capture_of_format_1_gets_marks_and_keeps_the_rest() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(STEPS[0]).unwrap();
        let exchange = "INSERT INTO exchange VALUES (0, 1, NULL, '{}', NULL, NULL)";
        connection.execute(exchange, []).unwrap();
        connection.prepare("SELECT marked FROM mark").unwrap_err();
        migrate(&mut connection, 1).unwrap();
        assert_eq!(identity(&connection).unwrap().version, 2);
        let sql = "SELECT count(*) FROM exchange LEFT JOIN mark USING (position)
                   WHERE comment IS NULL";
        let count: u32 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 1);
    }

    #[test]
    fn the_newest_format_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        migrate(&mut connection, known()).unwrap();
        migrate(&mut connection, u32::MAX).unwrap();
        assert_eq!(identity(&connection).unwrap().application, 0);
    }
}
