//! The domain and the mathematics of refalt: coordinates, variants, windows, tracks, scorers, statistics.
//!
//! The crate opens no file, spawns no thread, reads no clock and keeps no global state; a seed is an argument.
//! Everything downstream of a reader takes a [`CheckedVariant`], which only [`normalize::check`] makes.

pub mod abbreviation;
pub mod align;
pub mod annotation;
pub mod assembly;
pub mod audit;
pub mod backend;
pub mod contig;
pub mod dna;
mod gene_signal;
mod half;
pub mod interval;
pub mod interval_scorer;
pub mod interval_set;
pub mod ism;
pub mod motif;
pub mod nearest;
pub mod normalize;
pub mod organism;
pub mod position;
pub mod prediction;
pub mod reference;
pub mod reverse_strand;
pub mod score;
pub mod scorer;
mod scorer_class;
mod scorer_text;
pub mod splice_candidate;
pub mod stats;
pub mod strand;
pub mod stranded_merge;
pub mod tidy;
pub mod track;
pub mod track_selection;
pub mod transcript;
pub mod variant;
pub mod window;

pub use annotation::{Annotation, AnnotationBuilder};
pub use assembly::{Assembly, AssemblyEvidence};
pub use backend::{Abandoned, Answer, Backend, BackendError, ModelCard, OutputRequest, Query, WindowLengths};
pub use contig::{Chromosome, ContigName};
pub use dna::{Dna, Sequence};
pub use interval::Interval;
pub use interval_set::IntervalSet;
pub use normalize::{VariantError, check};
pub use organism::Organism;
pub use position::Position;
pub use prediction::{ContactValues, JunctionValues, Outputs, TrackValues};
pub use reference::{ContigId, InMemoryReference, Reference, ReferenceContig, ReferenceError};
pub use reverse_strand::ReverseStrand;
pub use strand::Strand;
pub use track::{Bin, BinSpan, BinSpans, OutputType, Resolution, Track, TrackSet};
pub use variant::{Alternate, CheckedVariant, Variant, VariantClass};
pub use window::{Offset, RefAlt, Window, WindowError};
