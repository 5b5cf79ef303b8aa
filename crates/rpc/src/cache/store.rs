//! Entries: looked up, kept, and dropped when there is no room.

use super::claims::Claimant;
use super::content::{self, TracksKey};
use super::error::CacheError;
use super::folder::{DEFAULT_LIMIT_BYTES, make_private};
use super::kind::{ByKind, Kind};
use super::question::Question;
use super::schema::{self, Unsigned};
use crate::answer::ScoredTracks;
use crate::proto;
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
    /// The window that the answer stated (0-based, half-open), where it did.
    pub window: Option<proto::Interval>,
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
        /// What the answer is, `scores`.
        kind: Kind,
        /// The most that one may take.
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
            Self::TooLarge { kind, limit_bytes } => write!(
                f,
                "an answer ({kind}) is not kept, and is asked for again when it is wanted: it takes more than the {} MB \
                 that one answer may take in this cache",
                limit_bytes / 1_000_000
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

/// Entries that are dropped in one transaction at most.
const DROPPED_AT_ONCE: u32 = 64;

/// The most that one answer may take, compressed: what SQLite, which takes 1 GB, writes in seconds.
pub const MOST_ANSWER_BYTES: u64 = 512_000_000;

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

    /// Returns the most that one answer may take, compressed: 512 MB, and no more than half of the cache.
    pub fn most_answer_bytes(&self) -> u64 {
        MOST_ANSWER_BYTES.min(self.shared.limit_bytes / 2)
    }

    /// Returns what is kept for each question; `None` where nothing is, or nothing that is whole.
    pub fn get(&self, questions: &[&Question]) -> Vec<Option<Kept>> {
        self.find(questions, |entry| {
            let (scored, window) = self.shared.scores(&entry.content)?;
            Some(Kept {
                scored,
                window,
                answered_on_utc_s: entry.answered_on,
            })
        })
    }

    /// Returns what is kept for each question as messages of the service.
    ///
    /// * `read`: reads the messages; `None` when they are no answer, which is dropped then.
    pub(crate) fn get_messages<T>(&self, questions: &[&Question], read: impl Fn(&[u8]) -> Option<T>) -> Vec<Option<T>> {
        self.find(questions, |entry| read(&entry.content))
    }

    fn find<T>(&self, questions: &[&Question], read_entry: impl Fn(&Entry) -> Option<T>) -> Vec<Option<T>> {
        let now = now_utc_s();
        let mut used = Vec::new();
        let found = questions.iter().map(|question| {
            let entry = self.shared.using(|connection| read(connection, question)).flatten()?;
            let is_sound = checksum(&question.key, entry.answered_on, &entry.content)[..] == entry.checksum[..];
            match is_sound.then(|| read_entry(&entry)).flatten() {
                Some(answer) => {
                    if entry.used_on.abs_diff(now) >= USE_STEP_S {
                        used.push(entry.id);
                    }
                    Some(answer)
                }
                None => {
                    self.shared.drop_damaged(entry.id, question);
                    None
                }
            }
        });
        let found: Vec<Option<T>> = found.collect();
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
        let without_window = answers.iter().map(|&(question, scored)| (question, scored, None));
        self.put_with_windows(&without_window.collect::<Vec<_>>(), answered_on_utc_s);
    }

    /// Keeps answers like [`put`](Self::put), each with the window that it states.
    pub fn put_with_windows(
        &self,
        answers: &[(&Question, &ScoredTracks, Option<&proto::Interval>)],
        answered_on_utc_s: u64,
    ) {
        let mut encoded: Vec<(&Question, KeptTracks<'_>, Vec<u8>)> = Vec::with_capacity(answers.len());
        for &(question, scored, window) in answers {
            let tracks = self.shared.known(&scored.tracks.tracks);
            let Ok(content) = content::encode(scored, &tracks, window) else {
                return;
            };
            encoded.push((question, Some((tracks, &scored.tracks.tracks[..])), content));
        }
        self.keep(&encoded, answered_on_utc_s);
    }

    /// Keeps the messages of an answer.
    pub(crate) fn put_messages(&self, question: &Question, messages: Vec<u8>, answered_on_utc_s: u64) {
        self.keep(&[(question, None, messages)], answered_on_utc_s);
    }

    /// Says that an answer is not kept because it is too large.
    pub(crate) fn is_too_large(&self, kind: Kind) {
        self.shared.too_large(kind, self.most_answer_bytes());
    }

    fn keep(&self, answers: &[(&Question, KeptTracks<'_>, Vec<u8>)], answered_on_utc_s: u64) {
        let bytes: u64 = answers.iter().map(|(_, _, content)| content.len() as u64).sum();
        if bytes > self.most_answer_bytes() {
            if let Some((question, ..)) = answers.first() {
                self.is_too_large(question.kind());
            }
            return;
        }
        let summed = answers.iter().map(|(question, tracks, content)| {
            let checksum = checksum(&question.key, answered_on_utc_s, content);
            (question, tracks, content, checksum)
        });
        // Before the transaction, which others wait for.
        let summed: Vec<_> = summed.collect();
        let now = Unsigned(now_utc_s());
        let kept = self.shared.writing(|transaction| {
            for (question, tracks, content, checksum) in &summed {
                if let Some((key, tracks)) = tracks {
                    keep_tracks(transaction, key, tracks)?;
                }
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

/// The tracks of an answer with their digest; `None` for one that holds its own.
type KeptTracks<'a> = Option<(TracksKey, &'a [Track])>;

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

    fn too_large(&self, kind: Kind, limit_bytes: u64) {
        if !self.told_large.swap(true, Ordering::Relaxed) {
            (self.told)(&CacheTrouble::TooLarge { kind, limit_bytes });
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

    /// Returns the scores in an entry, and the window that it states, when they are whole.
    fn scores(&self, content: &[u8]) -> Option<(ScoredTracks, Option<proto::Interval>)> {
        let decoded = content::decode(content)?;
        let (key, window) = (decoded.tracks, decoded.window.clone());
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
        Some((decoded.with(tracks)?, window))
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

    /// Drops what was not used for longest until `limit_bytes` are enough; returns what was dropped.
    pub(super) fn make_room(&self, limit_bytes: u64) -> ByKind {
        let mut all = ByKind::default();
        // A little more than needed, so that not every answer makes room for itself.
        let aim = limit_bytes - limit_bytes / 200;
        let mut limit = limit_bytes;
        loop {
            let dropped = self.using(|connection| {
                let in_use = schema::bytes_in_use(connection)?;
                if in_use <= limit {
                    return Ok(None);
                }
                in_transaction(connection, |transaction| drop_oldest(transaction, in_use - aim)).map(Some)
            });
            match dropped.flatten() {
                Some(dropped) if dropped.total().entries > 0 => {
                    all.append(&dropped);
                    limit = aim;
                }
                _ => return all,
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

/// Drops what was not used for longest, until so many bytes are dropped or it is enough for one transaction.
fn drop_oldest(transaction: &Transaction<'_>, bytes: u64) -> rusqlite::Result<ByKind> {
    let sql =
        "SELECT u.id, e.bytes, e.kind FROM uses u JOIN entries e ON e.id = u.id ORDER BY u.used_on, u.id LIMIT ?1";
    let oldest: Vec<(i64, Unsigned, i64)> = {
        let mut statement = transaction.prepare_cached(sql)?;
        let rows = statement.query_map([DROPPED_AT_ONCE], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let mut dropped = ByKind::default();
    for (id, size, kind) in &oldest {
        if dropped.total().bytes >= bytes {
            break;
        }
        remove(transaction, *id)?;
        dropped.add(Kind::of_number(*kind), size.0);
    }
    Ok(dropped)
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
        let sql = "INSERT OR IGNORE INTO entries (key, service, answered_on, bytes, checksum, question, content, kind) \
                   VALUES (?1, (SELECT id FROM services WHERE name = ?2), ?3, ?4, ?5, ?6, ?7, ?8)";
        let bytes = Unsigned(self.content.len() as u64);
        let values = params![
            self.question.key,
            name,
            Unsigned(self.answered_on),
            bytes,
            self.checksum,
            text,
            self.content,
            self.question.kind().number()
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
