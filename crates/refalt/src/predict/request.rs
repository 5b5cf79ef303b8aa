//! What a user asks for.

use super::error::PredictError;
use super::place::{Part, SequenceInput};
use super::source::Wanted;
use crate::scoring::GeneFiles;
use refalt_core::{Assembly, OutputType};
use std::num::NonZeroU32;
use std::path::PathBuf;

/// What is predicted over, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectText {
    /// A variant, or a region such as `chr5:1294000-1296000`.
    Place(String),
    /// A sequence without place.
    Sequence(SequenceInput),
}

/// A format of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// bigWig, a file for each track and allele.
    BigWig,
    /// Arrays of numpy, one file.
    Npz,
    /// A tidy table, one file for each kind of output.
    Parquet,
}

/// The formats, by name.
pub const FORMATS: [Format; 3] = [Format::BigWig, Format::Npz, Format::Parquet];

impl Format {
    /// Returns the name, `bigwig`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BigWig => "bigwig",
            Self::Npz => "npz",
            Self::Parquet => "parquet",
        }
    }

    /// Looks a name up.
    ///
    /// # Errors
    /// [`PredictError::Unknown`] with the names there are.
    pub fn from_name(name: &str) -> Result<Self, PredictError> {
        let found = FORMATS
            .into_iter()
            .find(|format| format.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| PredictError::unknown_format(name, FORMATS.map(Self::name)))
    }
}

/// A prediction that is asked for.
#[derive(Clone, Debug)]
pub struct PredictRequest {
    /// What is predicted over.
    pub subject: SubjectText,
    /// The reference sequence, FASTA; needed for places.
    pub reference: Option<PathBuf>,
    /// The assembly of the reference, where its content does not prove it and the user vouches for it.
    pub assembly: Option<Assembly>,
    /// The model, by name.
    pub model: String,
    /// Output types by name; all that the model gives when empty.
    pub outputs: Vec<String>,
    /// Ontology terms of biosamples, `EFO:0001187`; all when empty.
    pub ontology: Vec<String>,
    /// Tracks in the language of [`refalt_core::track_selection`]; all when not given.
    pub tracks: Option<String>,
    /// The window in bp, around the middle; 16,384 for places, the length of a sequence otherwise.
    pub window: Option<NonZeroU32>,
    /// The part of the window that is kept; all of it when not given.
    pub span: Option<Part>,
    /// The part that the figure shows magnified.
    pub zoom: Option<Part>,
    /// Gene models for the figure.
    pub genes: Option<GeneFiles>,
    /// The formats.
    pub formats: Vec<Format>,
    /// Tracks in the figure at most; no figure when 0.
    pub figure_tracks: usize,
    /// Memory for values in bytes; what needs more is refused.
    pub most_bytes: u64,
}

impl PredictRequest {
    /// Returns a request with the defaults: the motif model, everything it gives, a table and a figure of 8 tracks.
    pub fn new(subject: SubjectText) -> Self {
        Self {
            subject,
            reference: None,
            assembly: None,
            model: "motif".to_owned(),
            outputs: Vec::new(),
            ontology: Vec::new(),
            tracks: None,
            window: None,
            span: None,
            zoom: None,
            genes: None,
            formats: vec![Format::Parquet],
            figure_tracks: 8,
            most_bytes: 4 << 30,
        }
    }

    /// Refuses output types that a format cannot hold.
    pub(super) fn check_formats(&self, wanted: &[Wanted]) -> Result<(), PredictError> {
        if !self.formats.contains(&Format::BigWig) {
            return Ok(());
        }
        let why = |output| match output {
            OutputType::ContactMaps => Some("a contact is between two places, and the format has one value for a base"),
            OutputType::SpliceJunctions => Some("a junction joins two places, and the format has one value for a base"),
            _ => None,
        };
        let mut outputs = wanted.iter().map(|wanted| wanted.given.output);
        match outputs.find_map(|output| Some((output, why(output)?))) {
            Some((output, why)) => Err(PredictError::Format {
                format: "bigWig",
                output,
                why,
            }),
            None => Ok(()),
        }
    }
}
