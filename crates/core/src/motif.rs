//! Transcription factor motifs: matrices, scores, exact p-values, scanning and occupancy.
//!
//! A motif passes through three stages, each a type of its own, and the method that leads from one to
//! the next asks for the parameter of that step:
//!
//! ```text
//! CountMatrix --frequencies(Pseudocount)--> Frequencies --log_odds(Background)--> LogOdds
//! ```
//!
//! * [`matrix`]: the three stages, [`Background`], [`Pseudocount`], information content, consensus.
//! * [`distribution`]: the distribution of the score of a random word; p-values and thresholds.
//! * [`mod@scan`]: the plain scan, one window after the other; the measure of every faster scan.
//! * [`mod@effect`]: what a variant does to the best window, and which sites it creates or destroys.
//! * [`occupancy`]: probability that a site is bound, and expected number of bound sites per bin.
//!
//! Matrices are `[width x 4]`, row-major, columns in the order A, C, G, T. Scores are log2 odds, in bits.
//! Sequences are ASCII; `acgt` equals `ACGT`, every other letter is unknown and a window that holds one has
//! no score.

pub mod distribution;
pub mod effect;
pub mod error;
pub mod matrix;
pub mod occupancy;
pub mod scan;

#[cfg(test)]
mod fixture;

pub use distribution::{ScoreDistribution, Threshold};
pub use effect::{AlleleContext, AlleleSite, MotifEffect, SiteChanges, effect, site_changes};
pub use error::MotifError;
pub use matrix::{Background, CountMatrix, Frequencies, LogOdds, MotifName, Pseudocount};
pub use occupancy::{OccupancyModel, Occupied};
pub use scan::{MotifHit, scan};
