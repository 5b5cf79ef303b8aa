//! Answers of services, kept: no answer is paid for twice.
//!
//! An [`AnswerCache`] is a folder that processes share. It holds one entry for each [`Question`], which is one variant or
//! interval by one scorer of one service, so that asking for three scorers after nineteen asks the service for nothing, and
//! for nineteen after three for sixteen; or the prediction of one output type. An entry is written in a transaction of its
//! own as soon as its call has returned.
//! What two processes want at once is asked for by the one that claims it ([`Claims`]); the other waits.
//!
//! The store is an SQLite database with a write-ahead log. Rejected: a folder of files (two million small ones, no bound
//! without walking it, no claims) and stores that admit one process. The log is not synchronised at each answer: a process
//! that is killed loses nothing, a machine that loses power may lose the answers of the last moments, never more.
//!
//! * `answers.sqlite` (and `-wal`, `-shm`): the entries, tracks and claims.
//! * `claimant-N.lock`: held by a process while it lives; the operating system frees it, however the process ends.
//!
//! No key of a service is ever in it.

mod claims;
mod content;
mod error;
mod folder;
mod kind;
mod messages;
mod question;
mod schema;
mod store;
mod upkeep;

pub use claims::{Claim, Claims};
pub use error::CacheError;
pub use folder::{ANSWERS_FOLDER, DEFAULT_LIMIT_BYTES, default_folder};
pub use kind::{ByKind, Count, Kind};
pub(crate) use messages::{Recorded, Recorder, replay};
pub use question::{Predicted, Question, Service};
pub(crate) use store::now_utc_s;
pub use store::{AnswerCache, CacheTrouble, Kept, MOST_ANSWER_BYTES, Told};
pub use upkeep::{Damage, Prune, Pruned, ServiceStats, Stats, Verified};
