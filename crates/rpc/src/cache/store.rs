//! Entries: looked up, kept, and dropped when there is no room.

use super::claims::Claimant;
use super::content::{self, TracksKey};
use super::error::CacheError;
use super::folder::{DEFAULT_LIMIT_BYTES, make_private};
use super::question::Question;
use super::schema::{self, Unsigned};
use crate::answer::ScoredTracks;
use refalt_core::Track;
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// An answer that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// The answer, every score with its bits.
    pub scored: ScoredTracks,
    /// When the service gave it, in seconds since 1970-01-01 UTC.
    pub answered_on_utc_s: u64,
}

/// What went wrong with a cache while it was in use; each is told once.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CacheTrouble {
    /// An entry is damaged. It is removed and asked for again.
    Damaged {
        /// Which one: the last line of its question.
        question: String,
    },
    /// The cache cannot be read or written any more. Everything else is asked for, and not kept.
    Off {
        /// The cause in words.
        reason: String,
    },
    /// An answer is too large to be kept.
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The bound of the cache.
        limit_bytes: u64,
    },
}

impl fmt::Display for CacheTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { question } => write!(
                f,
                "an answer in the cache is damaged and is asked for again ({question}); `refalt cache verify` looks at all"
            ),
            Self::Off { reason } => write!(f, "{reason}; answers are not kept from here on"),
            Self::TooLarge { bytes, limit_bytes } => write!(
                f,
                "an answer of {bytes} bytes is not kept: the cache may have {limit_bytes} bytes"
            ),
        }
    }
}

/// Is told of troubles, from any thread.
pub type Told = Arc<dyn Fn(&CacheTrouble) + Send + Sync>;

/// Answers on disk, shared by threads and processes.
pub struct AnswerCache {
    pub(super) shared: Arc<Shared>,
    pub(super) claimant: Mutex<Option<Claimant>>,
}

/// What the thread that renews claims needs, too.
pub(super) struct Shared {
    pub(super) folder: PathBuf,
    limit_bytes: u64,
    connection: Mutex<Connection>,
    /// Lists of tracks by digest.
    tracks: Mutex<HashMap<TracksKey, Arc<[Track]>>>,
    off: AtomicBool,
    told: Told,
    told_damaged: AtomicBool,
    told_large: AtomicBool,
}

impl fmt::Debug for AnswerCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerCache")
            .field("folder", &self.shared.folder)
            .finish_non_exhaustive()
    }
}

/// A use is written down when the last one is so long ago.
const USE_STEP_S: u64 = 60;

/// Entries that are dropped in one transaction.
const DROPPED_AT_ONCE: u32 = 64;

impl AnswerCache {
    /// Opens the answers in a folder, which is made for its owner alone when it is not there.
    ///
    /// * `limit_bytes`: when there is more, what was not used for longest goes; `None` for 20 GB.
    /// * `told`: is told of troubles. They never reach a caller as errors: a cache that fails is as good as none.
    ///
    /// # Errors
    /// [`CacheError`] when the folder cannot be used.
    pub fn open(folder: &Path, limit_bytes: Option<u64>, told: Told) -> Result<Self, CacheError> {
        make_private(folder)?;
        let connection = schema::open(folder)?;
        Ok(Self {
            shared: Arc::new(Shared {
                folder: folder.to_owned(),
                limit_bytes: limit_bytes.unwrap_or(DEFAULT_LIMIT_BYTES),
                connection: Mutex::new(connection),
                tracks: Mutex::default(),
                off: AtomicBool::new(false),
                told,
                told_damaged: AtomicBool::new(false),
                told_large: AtomicBool::new(false),
            }),
            claimant: Mutex::new(None),
        })
    }

    /// Returns the folder.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Returns what is kept for each question; `None` where nothing is, or nothing that is whole.
    pub fn get(&self, questions: &[&Question]) -> Vec<Option<Kept>> {
        let now = now_utc_s();
        let mut used = Vec::new();
        let found = questions.iter().map(|question| {
            let entry = self.shared.using(|connection| read(connection, question)).flatten()?;
            match self.shared.whole(&entry, question) {
                Some(scored) => {
                    if entry.used_on.abs_diff(now) >= USE_STEP_S {
                        used.push(entry.id);
                    }
                    Some(Kept {
                        scored,
                        answered_on_utc_s: entry.answered_on,
                    })
                }
                None => {
                    self.shared.drop_damaged(entry.id, question);
                    None
                }
            }
        });
        let found: Vec<Option<Kept>> = found.collect();
        if !used.is_empty() {
            self.shared.writing(|transaction| {
                let mut statement = transaction.prepare_cached("UPDATE uses SET used_on = ?2 WHERE id = ?1")?;
                used.iter()
                    .try_for_each(|id| statement.execute(params![id, Unsigned(now)]).map(drop))
            });
        }
        found
    }

    /// Keeps answers, all or none, and ends the claims on their questions. What is kept already stays as it is.
    pub fn put(&self, answers: &[(&Question, &ScoredTracks)], answered_on_utc_s: u64) {
        let encode = |(question, scored): &(&Question, &ScoredTracks)| {
            let tracks = self.shared.known(&scored.tracks.tracks);
            let content = content::encode(scored, &tracks).ok()?;
            let checksum = checksum(&question.key, answered_on_utc_s, &content);
            Some((tracks, content, checksum))
        };
        let encoded: Option<Vec<_>> = answers.iter().map(encode).collect();
        let Some(encoded) = encoded else { return };
        let bytes: u64 = encoded.iter().map(|(_, content, _)| content.len() as u64).sum();
        if bytes > self.shared.limit_bytes / 2 {
            self.shared.too_large(bytes);
            return;
        }
        let now = Unsigned(now_utc_s());
        let kept = self.shared.writing(|transaction| {
            for ((question, scored), (tracks, content, checksum)) in answers.iter().zip(&encoded) {
                keep_tracks(transaction, tracks, &scored.tracks.tracks)?;
                let entry = NewEntry {
                    question,
                    answered_on: answered_on_utc_s,
                    checksum,
                    content,
                };
                entry.keep(transaction, now)?;
                let mut claim = transaction.prepare_cached("DELETE FROM claims WHERE key = ?1")?;
                claim.execute([&question.key])?;
            }
            Ok(())
        });
        if kept.is_some() {
            self.shared.make_room(self.shared.limit_bytes);
        }
    }
}

impl Shared {
    pub(super) fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the database; `None` when that is not possible, which ends the use of the cache.
    pub(super) fn using<T>(&self, action: impl FnOnce(&mut Connection) -> rusqlite::Result<T>) -> Option<T> {
        if self.off.load(Ordering::Relaxed) {
            return None;
        }
        let done = action(&mut self.connection());
        done.map_err(|error| self.turn_off(&error)).ok()
    }

    /// Does something in a transaction.
    pub(super) fn writing<T>(&self, action: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Option<T> {
        self.using(|connection| in_transaction(connection, action))
    }

    fn turn_off(&self, error: &rusqlite::Error) {
        if !self.off.swap(true, Ordering::Relaxed) {
            let error = CacheError::store(&self.folder.join(schema::DATABASE), error);
            (self.told)(&CacheTrouble::Off {
                reason: error.to_string(),
            });
        }
    }

    fn too_large(&self, bytes: u64) {
        if !self.told_large.swap(true, Ordering::Relaxed) {
            (self.told)(&CacheTrouble::TooLarge {
                bytes,
                limit_bytes: self.limit_bytes,
            });
        }
    }

    fn drop_damaged(&self, id: i64, question: &Question) {
        self.writing(|transaction| remove(transaction, id));
        if !self.told_damaged.swap(true, Ordering::Relaxed) {
            let lines: Vec<&str> = question.text.lines().rev().take(2).collect();
            (self.told)(&CacheTrouble::Damaged {
                question: lines.join(", "),
            });
        }
    }

    /// Returns the answer in an entry when it is whole.
    fn whole(&self, entry: &Entry, question: &Question) -> Option<ScoredTracks> {
        if checksum(&question.key, entry.answered_on, &entry.content)[..] != entry.checksum[..] {
            return None;
        }
        let decoded = content::decode(&entry.content)?;
        let key = decoded.tracks;
        let known = self.tracks().get(&key).cloned();
        let tracks = match known {
            Some(tracks) => tracks,
            None => {
                let content = self.using(|connection| read_tracks(connection, &key)).flatten()?;
                let tracks = content::decode_tracks(&key, &content)?;
                self.tracks().insert(key, Arc::clone(&tracks));
                tracks
            }
        };
        decoded.with(tracks)
    }

    /// Returns the digest of a list of tracks, which is computed once for each list in memory.
    fn known(&self, tracks: &Arc<[Track]>) -> TracksKey {
        let same = |(key, known): (&TracksKey, &Arc<[Track]>)| Arc::ptr_eq(known, tracks).then_some(*key);
        let known = self.tracks().iter().find_map(same);
        known.unwrap_or_else(|| {
            let (key, _) = content::encode_tracks(tracks);
            // The list of answers takes the place of one that was read: it is the one that is looked up.
            self.tracks().insert(key, Arc::clone(tracks));
            key
        })
    }

    fn tracks(&self) -> MutexGuard<'_, HashMap<TracksKey, Arc<[Track]>>> {
        self.tracks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Drops what was not used for longest until `limit_bytes` are enough; returns entries and bytes dropped.
    pub(super) fn make_room(&self, limit_bytes: u64) -> (u64, u64) {
        let (mut entries, mut bytes) = (0, 0);
        // A little more than needed, so that not every answer makes room for itself.
        let aim = limit_bytes - limit_bytes / 200;
        let mut limit = limit_bytes;
        loop {
            let dropped = self.using(|connection| {
                if schema::bytes_in_use(connection)? <= limit {
                    return Ok(None);
                }
                in_transaction(connection, drop_oldest).map(Some)
            });
            match dropped.flatten() {
                Some((count, size)) if count > 0 => {
                    entries += count;
                    bytes += size;
                    limit = aim;
                }
                _ => return (entries, bytes),
            }
        }
    }
}

pub(super) fn in_transaction<T>(
    connection: &mut Connection,
    action: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<T> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = action(&transaction)?;
    transaction.commit()?;
    Ok(done)
}

fn drop_oldest(transaction: &Transaction<'_>) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT u.id, e.bytes FROM uses u JOIN entries e ON e.id = u.id ORDER BY u.used_on, u.id LIMIT ?1";
    let oldest: Vec<(i64, Unsigned)> = {
        let mut statement = transaction.prepare_cached(sql)?;
        let rows = statement.query_map([DROPPED_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for (id, _) in &oldest {
        remove(transaction, *id)?;
    }
    Ok((oldest.len() as u64, oldest.iter().map(|(_, bytes)| bytes.0).sum()))
}

/// Removes an entry.
pub(super) fn remove(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM entries WHERE id = ?1")?
        .execute([id])?;
    transaction
        .prepare_cached("DELETE FROM uses WHERE id = ?1")?
        .execute([id])?;
    Ok(())
}

/// An entry as it lies in the database.
struct Entry {
    id: i64,
    used_on: u64,
    answered_on: u64,
    checksum: Vec<u8>,
    content: Vec<u8>,
}

fn read(connection: &Connection, question: &Question) -> rusqlite::Result<Option<Entry>> {
    let sql = "SELECT e.id, u.used_on, e.answered_on, e.checksum, e.content FROM entries e LEFT JOIN uses u ON u.id = e.id \
               WHERE e.key = ?1";
    let entry = |row: &rusqlite::Row<'_>| {
        Ok(Entry {
            id: row.get(0)?,
            used_on: row.get::<_, Option<Unsigned>>(1)?.map_or(0, u64::from),
            answered_on: row.get::<_, Unsigned>(2)?.0,
            checksum: row.get(3)?,
            content: row.get(4)?,
        })
    };
    connection
        .prepare_cached(sql)?
        .query_row([&question.key], entry)
        .optional()
}

pub(super) fn read_tracks(connection: &Connection, key: &TracksKey) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut statement = connection.prepare_cached("SELECT content FROM tracks WHERE digest = ?1")?;
    statement.query_row([key], |row| row.get(0)).optional()
}

fn keep_tracks(transaction: &Transaction<'_>, key: &TracksKey, tracks: &[Track]) -> rusqlite::Result<()> {
    let mut known = transaction.prepare_cached("SELECT 1 FROM tracks WHERE digest = ?1")?;
    if known.exists([key])? {
        return Ok(());
    }
    let (_, content) = content::encode_tracks(tracks);
    let mut statement = transaction.prepare_cached("INSERT INTO tracks (digest, content) VALUES (?1, ?2)")?;
    statement.execute(params![key, content]).map(drop)
}

struct NewEntry<'a> {
    question: &'a Question,
    answered_on: u64,
    checksum: &'a [u8; 32],
    content: &'a [u8],
}

impl NewEntry<'_> {
    fn keep(&self, transaction: &Transaction<'_>, now: Unsigned) -> rusqlite::Result<()> {
        let text = self.question.text.as_str();
        let name = Question::service(text);
        transaction
            .prepare_cached("INSERT OR IGNORE INTO services (name) VALUES (?1)")?
            .execute([&name])?;
        let sql = "INSERT OR IGNORE INTO entries (key, service, answered_on, bytes, checksum, question, content) \
                   VALUES (?1, (SELECT id FROM services WHERE name = ?2), ?3, ?4, ?5, ?6, ?7)";
        let bytes = Unsigned(self.content.len() as u64);
        let values = params![
            self.question.key,
            name,
            Unsigned(self.answered_on),
            bytes,
            self.checksum,
            text,
            self.content
        ];
        if transaction.prepare_cached(sql)?.execute(values)? == 1 {
            let id = transaction.last_insert_rowid();
            let mut uses = transaction.prepare_cached("INSERT OR REPLACE INTO uses (id, used_on) VALUES (?1, ?2)")?;
            uses.execute(params![id, now])?;
        }
        Ok(())
    }
}

/// Returns the checksum of an entry: SHA-256 of its key, its time and its content.
pub(super) fn checksum(key: &[u8], answered_on_utc_s: u64, content: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(key);
    hasher.update(answered_on_utc_s.to_le_bytes());
    hasher.update(content);
    hasher.finalize().into()
}

/// Returns the seconds since 1970-01-01 UTC.
pub(crate) fn now_utc_s() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
