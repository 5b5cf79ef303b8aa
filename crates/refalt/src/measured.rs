//! Measured effects of variants, whatever file they come in, brought to one allele order and one sign.
//!
//! A format is recognised by the names of its columns ([`FORMATS`]); which allele its effects are of is in its documentation
//! or for the user to say; the genome says which allele is REF. [`measure`] makes the standard table of it and counts every
//! row; [`TruthRows`] hands the rows to a validation. `docs/measured.md` is made of the table of formats.

mod archive;
mod convert;
mod counts;
mod effect_kind;
mod error;
mod fates;
mod format;
mod names;
mod orient;
mod orienter;
#[cfg(test)]
mod page;
mod read;
mod repeats;
mod request;
mod row;
mod table_file;
mod truth_rows;
mod watch;

pub(crate) use convert::STANDARD;
pub use convert::measure;
pub use counts::{CountOptions, Scaling};
pub use effect_kind::EffectKind;
pub use error::MeasuredError;
pub use fates::{Fates, OrderCounts};
pub use format::{Column, FORMATS, FREE_TABLE, Format, StatedAllele};
pub use orient::{AlleleOrder, EffectAllele, ListedAllele, Orientation, Oriented, ProvenOrder, orient};
pub use orienter::Orienter;
pub use read::{FreeColumns, MeasuredReader, MeasuredSource};
pub use repeats::Repeats;
pub use request::{MeasuredProvenance, MeasuredReport, MeasuredRequest};
pub use row::{Details, Extra, ListedEffect, RefusedLine};
pub use table_file::COLUMNS;
pub use truth_rows::{TruthRows, truth_columns};
