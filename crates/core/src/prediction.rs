//! What a model answers: values over bins and tracks, contact maps, counts of splice junctions.

use crate::annotation::SpliceSiteClass;
use crate::strand::Strand;
use crate::track::{BinSpan, BinSpans, OutputType, TrackSet};
use crate::window::Offset;

/// Predicted values of one output type, `[bins x tracks]`, row-major, for the bins of some spans.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackValues {
    tracks: TrackSet,
    spans: BinSpans,
    values: Vec<f32>,
}

/// The number of values does not fit bins times tracks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{output} has {found} values, but {bins} bins x {tracks} tracks need {wanted}")]
pub struct ShapeError {
    /// The output type.
    pub output: OutputType,
    /// Values found.
    pub found: usize,
    /// Values needed.
    pub wanted: usize,
    /// Bins; of a contact map or a table of junctions, pairs of bins or sites.
    pub bins: usize,
    /// Tracks; of junctions, tissues on each of two strands.
    pub tracks: usize,
}

impl ShapeError {
    fn check(output: OutputType, found: usize, bins: usize, tracks: usize) -> Result<(), Self> {
        let wanted = bins * tracks;
        if found == wanted {
            return Ok(());
        }
        Err(Self {
            output,
            found,
            wanted,
            bins,
            tracks,
        })
    }
}

impl TrackValues {
    /// Keeps `values`, `[bins x tracks]`, row-major: the value of track t in the b-th bin of all spans in a row is
    /// `values[b * tracks + t]`.
    ///
    /// # Errors
    /// [`ShapeError`] when the number of values is not bins times tracks.
    pub fn new(tracks: TrackSet, spans: impl Into<BinSpans>, values: Vec<f32>) -> Result<Self, ShapeError> {
        let spans = spans.into();
        ShapeError::check(tracks.output, values.len(), spans.len(), tracks.tracks.len())?;
        Ok(Self { tracks, spans, values })
    }

    /// Returns the tracks, one for each column.
    pub fn tracks(&self) -> &TrackSet {
        &self.tracks
    }

    /// Returns the bins that are there.
    pub fn spans(&self) -> &BinSpans {
        &self.spans
    }

    /// Returns all values, `[bins x tracks]`, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the rows of the bins of `span`, each with one value for each track; `None` when a bin is missing.
    pub fn rows(&self, span: BinSpan) -> Option<impl Iterator<Item = &[f32]>> {
        let width = self.tracks.tracks.len();
        let first = if span.is_empty() { 0 } else { self.spans.row_of(span)? };
        let values = &self.values[first * width..(first + span.len()) * width];
        Some(values.chunks_exact(width.max(1)))
    }
}

/// Predicted contacts between bins of a window, `[bins x columns x tracks]`, row-major.
///
/// The rows are all bins of the window; the columns are those asked for, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactValues {
    tracks: TrackSet,
    rows: usize,
    columns: BinSpans,
    values: Vec<f32>,
}

impl ContactValues {
    /// Keeps `values`: that of track t between bin h and the c-th column is `values[(h * columns + c) * tracks + t]`.
    ///
    /// * `all`: all bins of the window.
    ///
    /// # Errors
    /// [`ShapeError`] when the number of values is not bins times columns times tracks.
    pub fn new(
        tracks: TrackSet,
        all: BinSpan,
        columns: impl Into<BinSpans>,
        values: Vec<f32>,
    ) -> Result<Self, ShapeError> {
        let (rows, columns) = (all.len(), columns.into());
        ShapeError::check(tracks.output, values.len(), rows * columns.len(), tracks.tracks.len())?;
        Ok(Self {
            tracks,
            rows,
            columns,
            values,
        })
    }

    /// Returns the tracks.
    pub fn tracks(&self) -> &TrackSet {
        &self.tracks
    }

    /// Returns the columns that are there.
    pub fn columns(&self) -> &BinSpans {
        &self.columns
    }

    /// Returns all values, `[bins x columns x tracks]`, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Returns the contacts of one bin with all bins of the window, in order, each with one value for each track.
    ///
    /// * `column`: a span of one bin; `None` when it is not among the columns.
    pub fn column(&self, column: BinSpan) -> Option<impl Iterator<Item = &[f32]>> {
        let place = self.columns.row_of(column)?;
        let (width, tracks) = (self.columns.len(), self.tracks.tracks.len());
        Some((0..self.rows).map(move |row| {
            let first = (row * width + place) * tracks;
            &self.values[first..first + tracks]
        }))
    }
}

/// Predicted counts of splice junctions between candidate sites, `[donors x acceptors x 2 tissues]`.
///
/// The tracks are tissues; each has a count on the forward and one on the reverse strand.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionValues {
    tracks: TrackSet,
    sites: [Vec<Offset>; 4],
    slots: usize,
    counts: Vec<f32>,
}

impl JunctionValues {
    /// Keeps `counts`, `[slots x slots x 2 tissues]`, row-major: with T tissues, the count of tissue t between the d-th
    /// donor and the a-th acceptor is at `(d * slots + a) * 2 T + t` for the forward and `T` further for the reverse
    /// strand.
    ///
    /// * `sites`: candidate sites of each class in the order of [`SpliceSiteClass::ALL`], ascending, without padding.
    /// * `slots`: places for sites of a class, at least as many as the longest list has; the rest is padding.
    ///
    /// # Errors
    /// [`ShapeError`] when the number of counts does not fit, or a class has more sites than slots.
    pub fn new(tracks: TrackSet, sites: [Vec<Offset>; 4], slots: usize, counts: Vec<f32>) -> Result<Self, ShapeError> {
        let needed = sites.iter().map(Vec::len).max().unwrap_or(0).max(slots);
        ShapeError::check(tracks.output, counts.len(), needed * needed, 2 * tracks.tracks.len())?;
        Ok(Self {
            tracks,
            sites,
            slots,
            counts,
        })
    }

    /// Returns the tissues.
    pub fn tracks(&self) -> &TrackSet {
        &self.tracks
    }

    /// Returns the candidate sites of a class, ascending.
    pub fn sites(&self, class: SpliceSiteClass) -> &[Offset] {
        &self.sites[class.index()]
    }

    /// Returns the counts of one pair of sites on a strand, one for each tissue.
    ///
    /// * `donor`, `acceptor`: places in the lists of the strand's donors and acceptors.
    pub fn counts(&self, strand: Strand, donor: usize, acceptor: usize) -> Option<&[f32]> {
        let tissues = self.tracks.tracks.len();
        let reverse = usize::from(strand == Strand::Reverse);
        let first = ((donor * self.slots + acceptor) * 2 + reverse) * tissues;
        if donor >= self.slots || acceptor >= self.slots {
            return None;
        }
        self.counts.get(first..first + tissues)
    }
}

/// The answer of a model for one sequence: at most one prediction for each output type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outputs {
    tracks: Vec<TrackValues>,
    contacts: Option<ContactValues>,
    junctions: Option<JunctionValues>,
    reference_junctions: Option<JunctionValues>,
}

impl Outputs {
    /// Keeps predictions over bins; a later one of the same output type takes the place of an earlier one.
    pub fn new(predictions: impl IntoIterator<Item = TrackValues>) -> Self {
        let mut kept: Vec<TrackValues> = Vec::new();
        for prediction in predictions {
            kept.retain(|other| other.tracks.output != prediction.tracks.output);
            kept.push(prediction);
        }
        Self {
            tracks: kept,
            ..Self::default()
        }
    }

    /// Adds a contact map.
    #[must_use]
    pub fn with_contacts(self, contacts: ContactValues) -> Self {
        Self {
            contacts: Some(contacts),
            ..self
        }
    }

    /// Adds splice junctions.
    #[must_use]
    pub fn with_junctions(self, junctions: JunctionValues) -> Self {
        Self {
            junctions: Some(junctions),
            ..self
        }
    }

    /// Adds, to the answer for an alternate sequence, the reference's junctions between the sites that were chosen for the two.
    ///
    /// A model that chooses sites does so for each pair; with several alternates, the reference has other sites with each.
    #[must_use]
    pub fn with_reference_junctions(self, junctions: JunctionValues) -> Self {
        Self {
            reference_junctions: Some(junctions),
            ..self
        }
    }

    /// Returns the prediction of an output type over bins.
    pub fn get(&self, output: OutputType) -> Option<&TrackValues> {
        self.tracks.iter().find(|prediction| prediction.tracks.output == output)
    }

    /// Returns the contact map.
    pub fn contacts(&self) -> Option<&ContactValues> {
        self.contacts.as_ref()
    }

    /// Returns the splice junctions.
    pub fn junctions(&self) -> Option<&JunctionValues> {
        self.junctions.as_ref()
    }

    /// Returns the reference's junctions between the sites of this alternate sequence, where they are its own.
    pub fn reference_junctions(&self) -> Option<&JunctionValues> {
        self.reference_junctions.as_ref()
    }
}
