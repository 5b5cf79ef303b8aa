//! Variants in peaks: which rows of a table lie in the intervals of BED files, with the assemblies compared first.
//!
//! [`Peaks`] are what files hold, [`Side`] is what is known of the assembly of a file, and a [`Filter`] comes from both: it
//! cannot be had without the comparison. Which bases of a variant count is an [`Extent`]. [`Enrichment`] is the test by
//! which peaks of another assembly show when nobody says anything.
//!
//! [`run`] picks the rows of a whole table and writes them as they are. Peaks are kept in memory, sorted and joined; rows are
//! not kept. The rejected alternative, an interval tree over all peaks, is slower to ask: whether a base lies in any peak is
//! one search in the joined intervals, and rows in the order of the genome are found where the last one was.

mod annotate;
mod assembly;
mod binary;
mod enrichment;
mod error;
mod evidence;
mod extent;
mod filter;
mod output;
mod peaks;
mod pick;
mod run;
mod sample;
mod summary;

pub use assembly::{Agreement, Disagreement, Side, Statement, agreement};
pub use enrichment::{Enrichment, LEAST_EXPECTED, LONGEST_PEAK_BP};
pub use error::OverlapError;
pub use extent::Extent;
pub use filter::{Filter, FilterContig};
pub use output::Output;
pub use peaks::{Peak, PeakFile, PeakOptions, Peaks};
pub use run::{Request, RowsReference, run};
pub use summary::{ContigSummary, EnrichmentSummary, ReferenceBases, RefusedRow, Summary};
