//! Claims: who asks the service for what.
//!
//! A claim is a row that names a process as the one that asks a question. It ends with the answer, with the guard
//! [`Claims`], or with the process: each claimant holds a lock on a file of its own, which the operating system frees
//! however the process ends. Where file systems have no locks, and for a process that is stopped but not dead, a claimant
//! counts as gone when it has not renewed itself for [`LEASE_S`].

use super::question::Question;
use super::schema::Unsigned;
use super::store::{AnswerCache, Shared, now_utc_s};
use rusqlite::{OptionalExtension as _, Transaction, params};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long a claimant lives without renewing itself, in seconds.
const LEASE_S: u64 = 60;

/// How often a claimant renews itself.
const BEAT: Duration = Duration::from_secs(LEASE_S / 4);

/// Who asks a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Whoever claimed it just now.
    Mine,
    /// Somebody else, who is at it.
    Theirs,
    /// Nobody: there is an answer.
    Answered,
}

/// Claims that end when this is dropped.
#[derive(Debug)]
pub struct Claims<'a> {
    cache: &'a AnswerCache,
    keys: Vec<[u8; 32]>,
}

impl Drop for Claims<'_> {
    fn drop(&mut self) {
        if self.keys.is_empty() {
            return;
        }
        let id = self.cache.claimant_id();
        self.cache.shared.writing(|transaction| {
            let mut statement = transaction.prepare_cached("DELETE FROM claims WHERE key = ?1 AND claimant = ?2")?;
            self.keys
                .iter()
                .try_for_each(|key| statement.execute(params![key, id]).map(drop))
        });
    }
}

/// This process as a claimant.
pub(super) struct Claimant {
    id: i64,
    path: PathBuf,
    _lock: File,
    /// Ends the thread that renews it when it is dropped.
    _beating: Sender<()>,
}

fn lock_path(folder: &Path, id: i64) -> PathBuf {
    folder.join(format!("claimant-{id}.lock"))
}

impl AnswerCache {
    /// Claims questions, for each the one process that asks it.
    ///
    /// When the cache cannot be used, everything is the caller's.
    pub fn claim(&self, questions: &[&Question]) -> (Vec<Claim>, Claims<'_>) {
        let mut claims = Claims {
            cache: self,
            keys: Vec::new(),
        };
        let Some(me) = self.become_claimant() else {
            return (vec![Claim::Mine; questions.len()], claims);
        };
        let claimed = self.shared.writing(|transaction| {
            let mut office = Office {
                transaction,
                folder: &self.shared.folder,
                me,
                alive: HashMap::from([(me, true)]),
                now: now_utc_s(),
            };
            questions
                .iter()
                .map(|question| office.claim(question))
                .collect::<rusqlite::Result<Vec<Claim>>>()
        });
        let Some(claimed) = claimed else {
            return (vec![Claim::Mine; questions.len()], claims);
        };
        let mine = questions
            .iter()
            .zip(&claimed)
            .filter(|(_, claim)| **claim == Claim::Mine);
        claims.keys = mine.map(|(question, _)| question.key).collect();
        (claimed, claims)
    }

    fn claimant_id(&self) -> i64 {
        let claimant = self.claimant.lock().unwrap_or_else(PoisonError::into_inner);
        claimant.as_ref().map_or(0, |claimant| claimant.id)
    }

    /// Returns the number of this process as a claimant.
    fn become_claimant(&self) -> Option<i64> {
        let mut claimant = self.claimant.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claimant) = claimant.as_ref() {
            return Some(claimant.id);
        }
        // The lock is held before anybody can see the claimant, and what the dead left is removed.
        let (id, path, lock) = self.shared.writing(|transaction| {
            sweep(transaction, &self.shared.folder)?;
            let mut statement = transaction.prepare_cached("INSERT INTO claimants (alive_until) VALUES (?1)")?;
            statement.execute([Unsigned(now_utc_s() + LEASE_S)])?;
            let id = transaction.last_insert_rowid();
            let path = lock_path(&self.shared.folder, id);
            let lock = File::create(&path).map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
            let _ = lock.try_lock();
            Ok((id, path, lock))
        })?;
        let (beating, stopped) = channel();
        let shared = Arc::clone(&self.shared);
        let beat = move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                renew(&shared, id);
            }
        };
        // Without the thread the lock alone speaks for the process, until the lease ends.
        let _ = std::thread::Builder::new().name("refalt-claims".to_owned()).spawn(beat);
        *claimant = Some(Claimant {
            id,
            path,
            _lock: lock,
            _beating: beating,
        });
        Some(id)
    }
}

fn renew(shared: &Shared, id: i64) {
    shared.writing(|transaction| {
        let mut statement = transaction.prepare_cached("UPDATE claimants SET alive_until = ?2 WHERE id = ?1")?;
        statement
            .execute(params![id, Unsigned(now_utc_s() + LEASE_S)])
            .map(drop)
    });
}

impl Drop for AnswerCache {
    fn drop(&mut self) {
        let claimant = self.claimant.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(claimant) = claimant {
            self.shared.writing(|transaction| bury(transaction, claimant.id));
            let _ = std::fs::remove_file(&claimant.path);
        }
    }
}

/// Removes a claimant with its claims.
fn bury(transaction: &Transaction<'_>, id: i64) -> rusqlite::Result<()> {
    transaction.execute("DELETE FROM claims WHERE claimant = ?1", [id])?;
    transaction.execute("DELETE FROM claimants WHERE id = ?1", [id])?;
    Ok(())
}

/// Removes the claimants that are dead.
fn sweep(transaction: &Transaction<'_>, folder: &Path) -> rusqlite::Result<()> {
    let ids: Vec<i64> = {
        let mut statement = transaction.prepare("SELECT id FROM claimants")?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for id in ids {
        if is_free(&lock_path(folder, id)) {
            bury(transaction, id)?;
            let _ = std::fs::remove_file(lock_path(folder, id));
        }
    }
    Ok(())
}

/// Says whether nobody holds the lock of a claimant.
fn is_free(path: &Path) -> bool {
    match File::open(path) {
        Ok(file) => match file.try_lock_shared() {
            Ok(()) => true,
            // A file system without locks: the lease decides.
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
        },
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    }
}

/// Where claims are made, within one transaction.
struct Office<'a> {
    transaction: &'a Transaction<'a>,
    folder: &'a Path,
    me: i64,
    alive: HashMap<i64, bool>,
    now: u64,
}

impl Office<'_> {
    fn claim(&mut self, question: &Question) -> rusqlite::Result<Claim> {
        let key = &question.key;
        let mut answered = self
            .transaction
            .prepare_cached("SELECT 1 FROM entries WHERE key = ?1")?;
        if answered.exists([key])? {
            return Ok(Claim::Answered);
        }
        let mut holder = self
            .transaction
            .prepare_cached("SELECT claimant FROM claims WHERE key = ?1")?;
        let holder: Option<i64> = holder.query_row([key], |row| row.get(0)).optional()?;
        if let Some(holder) = holder
            && self.is_alive(holder)?
        {
            return Ok(Claim::Theirs);
        }
        let sql = "INSERT OR REPLACE INTO claims (key, claimant) VALUES (?1, ?2)";
        self.transaction.prepare_cached(sql)?.execute(params![key, self.me])?;
        Ok(Claim::Mine)
    }

    fn is_alive(&mut self, id: i64) -> rusqlite::Result<bool> {
        if let Some(&known) = self.alive.get(&id) {
            return Ok(known);
        }
        let mut statement = self
            .transaction
            .prepare_cached("SELECT alive_until FROM claimants WHERE id = ?1")?;
        let until: Option<Unsigned> = statement.query_row([id], |row| row.get(0)).optional()?;
        // A time far ahead was written under another clock.
        let in_time = until.is_some_and(|until| (self.now..=self.now + 2 * LEASE_S).contains(&until.0));
        let alive = in_time && !is_free(&lock_path(self.folder, id));
        self.alive.insert(id, alive);
        Ok(alive)
    }
}
