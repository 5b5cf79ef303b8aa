//! The audit: is this the build, the strand, the position and the allele that the file says?
//!
//! For every row 24 hypotheses are weighed (2 assemblies x 4 orientations of the alleles x 3 positions), for the file
//! 30 conventions and that none of them holds. The genome answers each with match, mismatch or nothing ([`Observer`]);
//! the file is fitted over the distinct answers ([`fit`]); a row is judged with what its file does in general, its own bases and its names.
//! Nothing is repaired here: a verdict proposes, the caller decides. `docs/audit.md` has the model and its measured
//! error rates.

mod convention;
mod deviation;
mod fit;
pub mod hgvs;
mod hypothesis;
mod judge;
mod lift;
mod likelihood;
mod marginal;
mod mixture;
mod name_habit;
mod names;
mod observe;
mod prior;
mod relative;
mod tally;

pub use convention::ConventionPosterior;
pub use deviation::Deviation;
pub use fit::{FileFit, fit};
pub use hypothesis::{
    Convention, Coordinates, Hypothesis, HypothesisSet, Orientation, Repair, Repairs, Shift, Spelling,
};
pub use judge::{Judgement, Reading, Thresholds, Verdict, is_palindromic, judge};
pub use lift::{Lift, Lifted, LiftedBase};
pub use names::{KnownSite, NameEvidence, RowNames};
pub use observe::{Observation, Observer, RowAlleles};
pub use prior::{Agreement, DeviationPrior, Prior};
pub use tally::Tally;
