//! The database: its tables, and how it is opened.

use super::error::CacheError;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{Connection, TransactionBehavior};
use std::fs::File;
use std::path::Path;
use std::time::Duration;

/// Layout of the tables, in SQLite's `user_version`.
const LAYOUT: i64 = 2;

/// How long a process waits for another one's transaction.
const BUSY: Duration = Duration::from_secs(30);

/// The times an entry was used are a table of their own, so that a use does not rewrite the answer.
const TABLES: &str = "
CREATE TABLE services (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE tracks (digest BLOB PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    service INTEGER NOT NULL,
    answered_on INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    checksum BLOB NOT NULL,
    question TEXT NOT NULL,
    content BLOB NOT NULL,
    kind INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX entries_by_service ON entries (service, kind, answered_on, bytes);
CREATE TABLE uses (id INTEGER PRIMARY KEY, used_on INTEGER NOT NULL);
CREATE INDEX uses_by_time ON uses (used_on, id);
CREATE TABLE claimants (id INTEGER PRIMARY KEY AUTOINCREMENT, alive_until INTEGER NOT NULL);
CREATE TABLE claims (key BLOB PRIMARY KEY, claimant INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX claims_by_claimant ON claims (claimant);
";

/// From layout 1, whose entries are all scores.
const FROM_1: &str = "
DROP INDEX entries_by_service;
ALTER TABLE entries ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;
CREATE INDEX entries_by_service ON entries (service, kind, answered_on, bytes);
";

/// The name of the database in the folder of answers.
pub(super) const DATABASE: &str = "answers.sqlite";

/// Opens the database of a folder, and makes it when it is not there.
pub(super) fn open(folder: &Path) -> Result<Connection, CacheError> {
    let path = folder.join(DATABASE);
    // Making the tables and switching to the log is for one process at a time. Where there are no locks, SQLite's
    // own have to do.
    let lock = File::create(folder.join("open.lock")).map_err(|error| CacheError::Folder {
        path: folder.to_owned(),
        reason: error.to_string(),
    })?;
    let _ = lock.lock();
    let failed = |error: rusqlite::Error| CacheError::store(&path, &error);
    let mut connection = Connection::open(&path).map_err(failed)?;
    connection.busy_timeout(BUSY).map_err(failed)?;
    let layout: i64 = version(&connection).map_err(failed)?;
    match layout {
        0 => {
            // Must come before the first table: pages that are freed can then be given back to the disk.
            connection
                .pragma_update(None, "auto_vacuum", "INCREMENTAL")
                .map_err(failed)?;
        }
        1 | LAYOUT => {}
        found => {
            return Err(CacheError::Layout {
                path,
                found,
                known: LAYOUT,
            });
        }
    }
    let mode: String = connection
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(failed)?;
    if mode != "wal" {
        return Err(CacheError::Store {
            path,
            reason: format!("the file system does not allow a write-ahead log (the journal is `{mode}`)"),
            damaged: false,
        });
    }
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(failed)?;
    connection
        .pragma_update(None, "journal_size_limit", 64_i64 << 20)
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(64);
    // A transaction that may write says whether the database can be written.
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(failed)?;
    let changes = match layout {
        0 => Some(TABLES),
        1 => Some(FROM_1),
        _ => None,
    };
    if let Some(changes) = changes {
        transaction.execute_batch(changes).map_err(failed)?;
        transaction
            .pragma_update(None, "user_version", LAYOUT)
            .map_err(failed)?;
    }
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Returns the bytes of the database that are in use, those of freed pages left out.
pub(super) fn bytes_in_use(connection: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, Unsigned>(0).map(u64::from));
    Ok((pragma("page_count")?.saturating_sub(pragma("freelist_count")?)) * pragma("page_size")?)
}

/// A whole number from 0 up; SQLite's own are signed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsigned(pub(super) u64);

impl From<Unsigned> for u64 {
    fn from(number: Unsigned) -> Self {
        number.0
    }
}

impl ToSql for Unsigned {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let number = i64::try_from(self.0).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
        Ok(number.into())
    }
}

impl FromSql for Unsigned {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u64::try_from(number)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(number))
    }
}
