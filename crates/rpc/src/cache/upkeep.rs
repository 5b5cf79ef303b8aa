//! What is in a cache, and keeping it small and sound.

use super::content;
use super::error::CacheError;
use super::kind::{ByKind, Kind};
use super::question::Question;
use super::schema::{self, DATABASE, Unsigned};
use super::store::{AnswerCache, checksum, in_transaction, read_tracks, remove};
use crate::answer::is_prediction;
use refalt_core::Track;
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::PathBuf;
use std::sync::Arc;

/// What a cache holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Answers by kind, with their bytes, compressed.
    pub by_kind: ByKind,
    /// Bytes of the database that are in use; what the bound counts.
    pub bytes_in_use: u64,
    /// Bytes on disk: freed pages and the log, too.
    pub disk_bytes: u64,
    /// By service and kind, in the order of names.
    pub services: Vec<ServiceStats>,
}

/// What a cache holds of one service, version and organism, of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceStats {
    /// Address, `HOST:PORT`.
    pub source: String,
    /// Version of the model that was asked for.
    pub model_version: String,
    /// Organism.
    pub organism: String,
    /// Kind of the answers.
    pub kind: Kind,
    /// Answers.
    pub entries: u64,
    /// Bytes of the answers, compressed.
    pub answer_bytes: u64,
    /// When the first was given, in seconds since 1970-01-01 UTC.
    pub oldest_utc_s: u64,
    /// When the last was given, in seconds since 1970-01-01 UTC.
    pub newest_utc_s: u64,
}

/// What to drop from a cache; all that is said, each by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prune {
    /// Everything.
    pub all: bool,
    /// The answers of a service, by address `HOST:PORT`.
    pub source: Option<String>,
    /// What was not used since, in seconds since 1970-01-01 UTC.
    pub unused_since_utc_s: Option<u64>,
    /// What was not used for longest, until so many bytes are enough.
    pub limit_bytes: Option<u64>,
}

/// What was dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Answers dropped, with their bytes.
    pub by_kind: ByKind,
    /// Bytes on disk before.
    pub disk_bytes_before: u64,
    /// Bytes on disk after.
    pub disk_bytes_after: u64,
}

/// A damaged entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Kind of the answer.
    pub kind: Kind,
    /// The question, a line for each part.
    pub question: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// What a look at every entry found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Entries read.
    pub by_kind: ByKind,
    /// Those that are damaged.
    pub damaged: Vec<Damage>,
    /// How many of them were removed.
    pub removed: u64,
    /// What is wrong with the database itself, in SQLite's words.
    pub structure: Vec<String>,
}

impl Verified {
    /// Says whether nothing is damaged.
    pub fn is_sound(&self) -> bool {
        self.damaged.is_empty() && self.structure.is_empty()
    }
}

/// Entries that are removed at a time, so that no other process waits long.
const AT_ONCE: i64 = 256;

impl AnswerCache {
    /// Counts what is kept.
    ///
    /// # Errors
    /// [`CacheError::Store`] when the database cannot be read.
    pub fn stats(&self) -> Result<Stats, CacheError> {
        let disk_bytes = self.disk_bytes();
        self.asking(|connection| {
            let sql = "SELECT s.name, count(*), sum(e.bytes), min(e.answered_on), max(e.answered_on), e.kind \
                       FROM entries e JOIN services s ON s.id = e.service GROUP BY s.id, e.kind ORDER BY s.name, e.kind";
            let mut statement = connection.prepare(sql)?;
            let service = |row: &rusqlite::Row<'_>| {
                let name: String = row.get(0)?;
                let mut parts = name.split('\t').map(str::to_owned);
                let mut part = || parts.next().unwrap_or_default();
                Ok(ServiceStats {
                    source: part(),
                    model_version: part(),
                    organism: part(),
                    kind: Kind::of_number(row.get(5)?),
                    entries: row.get::<_, Unsigned>(1)?.0,
                    answer_bytes: row.get::<_, Unsigned>(2)?.0,
                    oldest_utc_s: row.get::<_, Unsigned>(3)?.0,
                    newest_utc_s: row.get::<_, Unsigned>(4)?.0,
                })
            };
            let services: Vec<ServiceStats> = statement.query_map([], service)?.collect::<rusqlite::Result<_>>()?;
            let mut by_kind = ByKind::default();
            for service in &services {
                by_kind.add_all(service.kind, service.entries, service.answer_bytes);
            }
            Ok(Stats {
                by_kind,
                bytes_in_use: schema::bytes_in_use(connection)?,
                disk_bytes,
                services,
            })
        })
    }

    /// Drops entries and gives their room back to the disk.
    ///
    /// # Errors
    /// [`CacheError::Store`] when the database cannot be written.
    pub fn prune(&self, prune: &Prune) -> Result<Pruned, CacheError> {
        let mut pruned = Pruned {
            disk_bytes_before: self.disk_bytes(),
            ..Pruned::default()
        };
        let mut drop_where = |condition: &str, value: &dyn rusqlite::ToSql| -> Result<(), CacheError> {
            let sql = format!("SELECT e.id, e.bytes, e.kind FROM entries e {condition} LIMIT {AT_ONCE}");
            loop {
                let dropped: Vec<(i64, Unsigned, i64)> = self.asking(|connection| {
                    in_transaction(connection, |transaction| {
                        let found: Vec<(i64, Unsigned, i64)> = {
                            let mut statement = transaction.prepare_cached(&sql)?;
                            let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
                            let rows = statement.query_map([value], row)?;
                            rows.collect::<rusqlite::Result<_>>()?
                        };
                        found.iter().try_for_each(|(id, ..)| remove(transaction, *id))?;
                        Ok(found)
                    })
                })?;
                if dropped.is_empty() {
                    return Ok(());
                }
                for (_, bytes, kind) in dropped {
                    pruned.by_kind.add(Kind::of_number(kind), bytes.0);
                }
            }
        };
        if prune.all {
            drop_where("WHERE ?1", &true)?;
        }
        if let Some(source) = &prune.source {
            // The name of a service begins with its address.
            let condition =
                "JOIN services s ON s.id = e.service WHERE substr(s.name, 1, instr(s.name, char(9)) - 1) = ?1";
            drop_where(condition, source)?;
        }
        if let Some(since) = prune.unused_since_utc_s {
            drop_where("JOIN uses u ON u.id = e.id WHERE u.used_on < ?1", &Unsigned(since))?;
        }
        if let Some(limit) = prune.limit_bytes {
            pruned.by_kind.append(&self.shared.make_room(limit));
        }
        self.asking(|connection| {
            if prune.all {
                connection.execute_batch("DELETE FROM tracks; DELETE FROM services;")?;
            }
            drain(connection, "PRAGMA incremental_vacuum")?;
            drain(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
        })?;
        pruned.disk_bytes_after = self.disk_bytes();
        Ok(pruned)
    }

    /// Reads every entry and says which ones are damaged.
    ///
    /// * `remove_damaged`: whether they are removed, too; they are asked for again when they are wanted.
    ///
    /// # Errors
    /// [`CacheError::Store`] when the database cannot be read.
    pub fn verify(&self, remove_damaged: bool) -> Result<Verified, CacheError> {
        let mut verified = Verified {
            structure: self.asking(|connection| {
                let mut statement = connection.prepare("PRAGMA quick_check")?;
                let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
                let lines: Vec<String> = rows.collect::<rusqlite::Result<_>>()?;
                Ok(lines.into_iter().filter(|line| line != "ok").collect())
            })?,
            ..Verified::default()
        };
        let mut tracks = HashMap::new();
        let mut last = 0_i64;
        while let Some(entry) = self.asking(|connection| next_entry(connection, last))? {
            last = entry.id;
            verified.by_kind.add(entry.kind, entry.content.len() as u64);
            let Some(reason) = self.asking(|connection| entry.damage(connection, &mut tracks))? else {
                continue;
            };
            if remove_damaged {
                self.asking(|connection| in_transaction(connection, |transaction| remove(transaction, entry.id)))?;
                verified.removed += 1;
            }
            verified.damaged.push(Damage {
                kind: entry.kind,
                question: entry.question,
                reason,
            });
        }
        Ok(verified)
    }

    /// Does something with the database, and says when that is not possible.
    fn asking<T>(&self, action: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Result<T, CacheError> {
        let path = self.shared.folder.join(DATABASE);
        action(&mut self.shared.connection()).map_err(|error| CacheError::store(&path, &error))
    }

    fn disk_bytes(&self) -> u64 {
        let files = ["", "-wal", "-shm"].map(|end| self.shared.folder.join(format!("{DATABASE}{end}")));
        let size = |path: PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        files.map(size).into_iter().sum()
    }
}

/// Runs a pragma that does its work while its rows are read.
fn drain(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}

struct RawEntry {
    id: i64,
    kind: Kind,
    key: Vec<u8>,
    answered_on: u64,
    checksum: Vec<u8>,
    question: String,
    content: Vec<u8>,
}

/// Reads the entry behind a number: one at a time, because an answer may be large.
fn next_entry(connection: &Connection, last: i64) -> rusqlite::Result<Option<RawEntry>> {
    let sql = "SELECT id, key, answered_on, checksum, question, content, kind FROM entries WHERE id > ?1 ORDER BY id \
               LIMIT 1";
    let entry = |row: &rusqlite::Row<'_>| {
        Ok(RawEntry {
            id: row.get(0)?,
            key: row.get(1)?,
            answered_on: row.get::<_, Unsigned>(2)?.0,
            checksum: row.get(3)?,
            question: row.get(4)?,
            content: row.get(5)?,
            kind: Kind::of_number(row.get(6)?),
        })
    };
    connection
        .prepare_cached(sql)?
        .query_row(params![last], entry)
        .optional()
}

impl RawEntry {
    fn damage(
        &self,
        connection: &Connection,
        tracks: &mut HashMap<[u8; 32], Option<Arc<[Track]>>>,
    ) -> rusqlite::Result<Option<&'static str>> {
        let question = Question::of_text(self.question.clone());
        if question.key[..] != self.key[..] {
            return Ok(Some("its key is not that of its question"));
        }
        if question.kind() != self.kind {
            return Ok(Some("its kind is not that of its question"));
        }
        if checksum(&self.key, self.answered_on, &self.content)[..] != self.checksum[..] {
            return Ok(Some("its checksum is not that of its content"));
        }
        if self.kind == Kind::Predictions {
            let is_whole = is_prediction(&question, &self.content);
            return Ok((!is_whole).then_some("its content cannot be read"));
        }
        let Some(decoded) = content::decode(&self.content) else {
            return Ok(Some("its content cannot be read"));
        };
        let key = decoded.tracks;
        let known = match tracks.entry(key) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let read = read_tracks(connection, &key)?;
                place.insert(read.and_then(|bytes| content::decode_tracks(&key, &bytes)))
            }
        };
        let Some(tracks) = known.clone() else {
            return Ok(Some("its tracks are missing or damaged"));
        };
        Ok(decoded
            .with(tracks)
            .is_none()
            .then_some("its scores do not fit its tracks"))
    }
}
