//! Who predicts: a model in process, or a service.

use crate::engine::{ModelSource, SourceError};
use refalt_core::scorer::splice_junction;
use refalt_core::splice_candidate::Splicing;
use refalt_core::{
    Annotation, Answer, Backend, BackendError, BinSpan, BinSpans, CheckedVariant, Interval, JunctionValues, ModelCard,
    OutputRequest, OutputType, Outputs, Query, RefAlt, Sequence, Strand, TrackSet, TrackValues, Window,
};

/// What is predicted over.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// A variant, with both alleles.
    Variant {
        /// The variant.
        variant: &'a CheckedVariant,
        /// The window around it.
        window: &'a Window,
        /// The sequences of the window.
        sequences: &'a RefAlt<Sequence>,
        /// Genes, which say where splice sites are known and looked for.
        annotation: Option<&'a Annotation>,
    },
    /// A window of the reference.
    Interval {
        /// The window.
        window: &'a Window,
        /// Its sequence.
        sequence: &'a Sequence,
    },
    /// A sequence that is no part of a reference.
    Sequence {
        /// The sequence as a window over a contig of its own.
        window: &'a Window,
        /// The sequence.
        sequence: &'a Sequence,
    },
}

impl<'a> Subject<'a> {
    /// Returns the window.
    pub fn window(&self) -> &'a Window {
        match self {
            Self::Variant { window, .. } | Self::Interval { window, .. } | Self::Sequence { window, .. } => window,
        }
    }
}

/// The tracks of an output type that are wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// What the source gives.
    pub given: TrackSet,
    /// What is wanted of it, in the order of the source.
    pub tracks: TrackSet,
    /// For each wanted track its index in what is given.
    pub columns: Vec<usize>,
    /// The bins that are read, of REF and ALT alike. A source may answer with more.
    pub spans: BinSpans,
}

impl Wanted {
    /// Takes the wanted tracks out of rows that have all given ones.
    fn narrowed<'v>(&'v self, rows: impl Iterator<Item = &'v [f32]> + 'v) -> impl Iterator<Item = f32> + 'v {
        rows.flat_map(|row| self.columns.iter().map(|&column| row[column]))
    }
}

/// A contact map over all bins of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactTable {
    /// The tracks.
    pub tracks: TrackSet,
    /// Number of bins of the window.
    pub bins: usize,
    /// Values, `[bins x bins x tracks]`, row-major.
    pub values: Vec<f32>,
}

/// Counts of splice junctions.
#[derive(Clone, Debug, PartialEq)]
pub struct JunctionTable {
    /// The tracks.
    pub tracks: TrackSet,
    /// Intron (0-based, half-open) and strand of each junction, each pair once.
    pub junctions: Vec<(Interval, Option<Strand>)>,
    /// Values, `[junctions x tracks]`, row-major.
    pub values: Vec<f32>,
}

/// What is predicted for one sequence, in its own coordinates, with the wanted tracks only.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceOutputs {
    /// Over bins, one for each output type.
    pub tracks: Vec<TrackValues>,
    /// The contact map.
    pub contacts: Option<ContactTable>,
    /// Splice junctions.
    pub junctions: Option<JunctionTable>,
}

/// An answer: REF, and ALT where there is a variant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PredictedPair {
    /// For the reference sequence, or the only one.
    pub reference: SequenceOutputs,
    /// For the sequence with the alternate allele, in its own coordinates.
    pub alternate: Option<SequenceOutputs>,
}

/// A source of predictions.
pub trait PredictionSource: Send + Sync {
    /// Returns what the source is and which tracks it gives.
    fn card(&self) -> &ModelCard;

    /// Says whether the source answers with the bins that are asked for and no others, so that memory can be small.
    fn is_cropping(&self) -> bool {
        true
    }

    /// Predicts.
    ///
    /// # Errors
    /// [`SourceError`] when there is no answer.
    fn predict(&self, subject: &Subject<'_>, wanted: &[Wanted]) -> Result<PredictedPair, SourceError>;
}

impl PredictionSource for ModelSource {
    fn card(&self) -> &ModelCard {
        self.0.card()
    }

    fn predict(&self, subject: &Subject<'_>, wanted: &[Wanted]) -> Result<PredictedPair, SourceError> {
        predict_with(self.0.as_ref(), subject, wanted)
    }
}

/// Asks a model in process, the reference and the alternate sequence together.
///
/// # Errors
/// [`SourceError`] when the model does not answer, or lacks what was asked for.
pub fn predict_with(
    model: &dyn Backend,
    subject: &Subject<'_>,
    wanted: &[Wanted],
) -> Result<PredictedPair, SourceError> {
    let (reference, alternates) = match subject {
        Subject::Variant { sequences, .. } => (&sequences.reference, std::slice::from_ref(&sequences.alternate)),
        Subject::Interval { sequence, .. } | Subject::Sequence { sequence, .. } => (*sequence, &[][..]),
    };
    let window = subject.window();
    let request = |wanted: &Wanted| OutputRequest {
        output: wanted.given.output,
        spans: wanted.spans.clone(),
    };
    let mut outputs: Vec<OutputRequest> = wanted.iter().map(request).collect();
    let splicing = match *subject {
        Subject::Variant {
            variant, annotation, ..
        } => Splicing::of_predicted_variant(&mut outputs, window, variant, annotation),
        _ => Splicing::default(),
    };
    let query = Query {
        window,
        reference,
        alternates,
        alignments: splicing.alignments(),
        known_sites: splicing.known_sites(),
        abandoned: Default::default(),
        outputs: &outputs,
    };
    let failed = |reason: &str| BackendError::Query {
        model: model.card().name.clone(),
        window: window.to_string(),
        reason: reason.to_owned(),
    };
    let none = || failed("it gave no answer");
    let Answer { reference, alternates } = model.predict(&[query]).pop().ok_or_else(none)??;
    let missing = |output: OutputType| failed(&format!("the answer lacks bins of {output}"));
    let kept = |outputs: &Outputs| sequence_outputs(outputs, window, wanted).map_err(missing);
    let alternate = match subject {
        Subject::Variant { .. } => Some(kept(alternates.first().ok_or_else(none)?)?),
        _ => None,
    };
    Ok(PredictedPair {
        reference: kept(&reference)?,
        alternate,
    })
}

/// Takes what is wanted out of an answer; the output type of which something is missing otherwise.
fn sequence_outputs(outputs: &Outputs, window: &Window, wanted: &[Wanted]) -> Result<SequenceOutputs, OutputType> {
    let mut kept = SequenceOutputs::default();
    for wanted in wanted {
        let output = wanted.given.output;
        let missing = || output;
        match output {
            OutputType::ContactMaps => {
                let contacts = outputs.contacts().ok_or_else(missing)?;
                let all = BinSpan::all(window, wanted.given.resolution);
                let (bins, tracks) = (all.len(), wanted.columns.len());
                let mut values = vec![0.0; bins * bins * tracks];
                for column in 0..bins {
                    let rows = contacts.column(bin(column)).ok_or_else(missing)?;
                    for (row, of_bin) in rows.enumerate() {
                        for (track, &place) in wanted.columns.iter().enumerate() {
                            values[(row * bins + column) * tracks + track] = of_bin[place];
                        }
                    }
                }
                kept.contacts = Some(ContactTable {
                    tracks: wanted.tracks.clone(),
                    bins,
                    values,
                });
            }
            OutputType::SpliceJunctions => {
                let junctions = outputs.junctions().ok_or_else(missing)?;
                kept.junctions = Some(junction_table(junctions, window, wanted));
            }
            _ => {
                let predicted = outputs.get(output).ok_or_else(missing)?;
                kept.tracks.push(narrow(predicted, wanted).ok_or_else(missing)?);
            }
        }
    }
    Ok(kept)
}

fn bin(index: usize) -> BinSpan {
    let bin = |index: usize| refalt_core::Bin::new(u32::try_from(index).expect("a window has fewer than 2^32 bins"));
    BinSpan::new(bin(index), bin(index + 1))
}

/// Takes the wanted bins and tracks out of a prediction that has all given tracks; `None` when a bin is missing.
pub fn narrow(predicted: &TrackValues, wanted: &Wanted) -> Option<TrackValues> {
    let mut values = Vec::with_capacity(wanted.spans.len() * wanted.columns.len());
    for &span in wanted.spans.as_slice() {
        values.extend(wanted.narrowed(predicted.rows(span)?));
    }
    TrackValues::new(wanted.tracks.clone(), wanted.spans.clone(), values).ok()
}

fn junction_table(junctions: &JunctionValues, window: &Window, wanted: &Wanted) -> JunctionTable {
    let mut table = JunctionTable {
        tracks: wanted.tracks.clone(),
        junctions: Vec::new(),
        values: Vec::new(),
    };
    for strand in [Strand::Forward, Strand::Reverse] {
        for junction in splice_junction::junctions(junctions, strand, window) {
            let counts = junctions.counts(strand, junction.donor, junction.acceptor);
            table.junctions.push((junction.intron, Some(strand)));
            table.values.extend(wanted.narrowed(counts.into_iter()));
        }
    }
    table
}
