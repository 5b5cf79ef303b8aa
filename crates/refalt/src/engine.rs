//! The batch job: variants in, score table out, resumable.
//!
//! Bounded stages: a reader (check against the genome, lay the window, fetch the sequences), workers (a source of
//! scores), and a writer that puts batches back in input order and sums them up. Memory is the number of batches under
//! way times the size of a batch, whatever the number of variants; the set of
//! variants seen, which finds duplicates, goes to temporary files in the output folder where it outgrows its 100 MB.
//!
//! A part is a fixed range of input rows. It is written under a temporary name, renamed into place when complete
//! and then entered in the ledger, so a run that is killed at any moment loses at most one part, and the files of
//! a run in several goes are byte for byte those of a run in one.

pub(crate) mod folder;
pub mod identity;
pub mod input;
mod kept_rows;
pub mod ledger;
pub mod manifest;
mod part_scores;
pub mod plan;
pub mod run;
pub mod score_table;
pub mod source;
pub mod sources;
mod stage;
mod summary_table;
pub mod survey;
mod table_options;
pub mod track_table;
pub mod unscored;
pub mod variant_table;
mod wide_table;

pub use identity::{Difference, QuantileIdentity, RunIdentity};
pub use input::{InputRow, Rejection, RowStatus};
pub use manifest::{Counts, Manifest};
pub use plan::{
    Estimate, MergedTracks, PassedOver, Plan, PlanError, PlanOptions, PlanProblem, PlannedScorer, RECOMMENDED_NAME,
};
pub use run::{Observer, Progress, RunError, Setting, Silent, Summary, check_folder, run};
pub use source::{ModelSource, Predictor, ScoreSource, SourceError, SourceJob, origin};
pub use sources::{MixedSources, SourceShare, SourceTally};
pub use survey::{Survey, survey};
pub use table_options::{Layout, TableOptions};
pub use unscored::{UnscoredRow, unscored};
