//! Answers to scoring, and the tracks there are.

use super::AnswerReader;
use crate::assembly::Assembly;
use crate::genome::{span, variant_text};
use crate::lean::{About, Part, Scored, VariantResponse};
use crate::proto;
use crate::tensor::{Array, Limits, Values};
use crate::track_metadata::{TrackCache, gene_row, track_set};
use crate::wire_error::WireError;
use bytes::Bytes;
use refalt_core::scorer::{Needs, ScoreRows};
use refalt_core::{Alternate, ContigName, Dna, OutputType, Position, TrackSet, Variant};
use std::marker::PhantomData;
use std::sync::Arc;

/// Scores of one variant or interval by one scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredTracks {
    /// The tracks, shared with other answers.
    pub tracks: TrackSet,
    /// What the rows are about.
    pub rows: ScoreRows,
    /// Raw scores, `[rows x tracks]`, row-major; NaN where nothing is defined.
    pub raw: Vec<f32>,
    /// Quantile scores like the raw ones, when the service gives them.
    pub quantile: Option<Vec<f32>>,
}

/// Scores of one substitution of a saturation mutagenesis.
#[derive(Clone, Debug, PartialEq)]
pub struct SubstitutionScores {
    /// The substitution.
    pub variant: Variant,
    /// Its scores, one for each scorer asked for, in order.
    pub scores: Vec<ScoredTracks>,
}

/// What a scorer that is asked for reads, and whether its rows are genes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) output: OutputType,
    pub(crate) by_gene: bool,
}

impl Asked {
    pub(crate) fn of(output: OutputType, needs: Needs) -> Self {
        Self {
            output,
            by_gene: needs != Needs::Nothing,
        }
    }
}

/// What an output says of its array.
#[derive(Debug)]
struct Heading<A> {
    about: A,
    tracks: Vec<Bytes>,
    genes: Vec<proto::GeneScorerMetadata>,
}

/// Takes messages and gives whole outputs.
#[derive(Debug)]
struct Outputs<R: Scored> {
    assembly: Assembly<Heading<R::About>>,
    message: PhantomData<fn(R)>,
}

type Whole<A> = (Heading<A>, Array);

impl<R: Scored> Outputs<R> {
    fn new(limits: Limits) -> Self {
        Self {
            assembly: Assembly::new(limits),
            message: PhantomData,
        }
    }

    fn take(&mut self, message: R) -> Result<Option<Whole<R::About>>, WireError> {
        match message.part() {
            Part::Empty => Err(WireError::Empty {
                expected: "an output or a chunk",
            }),
            Part::Chunk(chunk) => Ok(self.assembly.chunk(&chunk)?),
            Part::Output {
                header,
                about,
                tracks,
                genes,
            } => {
                let header = header.ok_or(WireError::Missing {
                    field: "the array of an answer",
                })?;
                let about = about.ok_or(WireError::Missing { field: R::About::FIELD })?;
                let heading = Heading { about, tracks, genes };
                Ok(self.assembly.output(heading, header)?)
            }
        }
    }
}

/// Makes scores of an output: `[1 or 2 x rows x tracks]`.
fn scored<A>(asked: Asked, whole: Whole<A>, cache: &TrackCache) -> Result<ScoredTracks, WireError> {
    let (heading, array) = whole;
    let tracks = cache.tracks(asked.output, &heading.tracks)?;
    let rows = if asked.by_gene {
        ScoreRows::Genes(heading.genes.into_iter().map(gene_row).collect::<Result<_, _>>()?)
    } else {
        ScoreRows::One
    };
    let (layers, size) = match *array.shape() {
        [layers @ (1 | 2), of_rows, of_tracks] if of_rows == rows.len() && of_tracks == tracks.len() => {
            (layers, of_rows * of_tracks)
        }
        _ => {
            return Err(WireError::Shape {
                found: array.shape().to_vec(),
                expected: format!("[1 or 2, {}, {}]", rows.len(), tracks.len()),
            });
        }
    };
    let mut raw = match array.into_values() {
        Values::Float32(values) => values,
        other => return Err(WireError::ElementType { found: other.kind() }),
    };
    let quantile = (layers == 2).then(|| raw.split_off(size));
    Ok(ScoredTracks {
        tracks: TrackSet {
            output: asked.output,
            resolution: asked.output.resolution(),
            tracks,
        },
        rows,
        raw,
        quantile,
    })
}

/// Reads the scores of one variant or interval: one output for each scorer, in order, all about what was asked.
#[derive(Debug)]
pub(crate) struct ScoreReader<R: Scored> {
    outputs: Outputs<R>,
    about: R::About,
    asked: Arc<[Asked]>,
    cache: Arc<TrackCache>,
    scores: Vec<ScoredTracks>,
}

impl<R: Scored> ScoreReader<R> {
    pub(crate) fn new(about: R::About, asked: Arc<[Asked]>, cache: Arc<TrackCache>, limits: Limits) -> Self {
        Self {
            outputs: Outputs::new(limits),
            about,
            asked,
            cache,
            scores: Vec::new(),
        }
    }
}

impl<R: Scored> AnswerReader for ScoreReader<R> {
    type Message = R;
    type Answer = Vec<ScoredTracks>;

    fn take(&mut self, message: R) -> Result<(), WireError> {
        let Some(whole) = self.outputs.take(message)? else {
            return Ok(());
        };
        if whole.0.about != self.about {
            return Err(WireError::Other {
                what: "the place",
                found: whole.0.about.text(),
                asked: self.about.text(),
            });
        }
        let place = self.scores.len();
        let asked = *self.asked.get(place).ok_or(WireError::Answers {
            found: place + 1,
            asked: self.asked.len(),
        })?;
        self.scores.push(scored(asked, whole, &self.cache)?);
        Ok(())
    }

    fn end(self) -> Result<Self::Answer, WireError> {
        self.outputs.assembly.end()?;
        if self.scores.len() != self.asked.len() {
            return Err(WireError::Answers {
                found: self.scores.len(),
                asked: self.asked.len(),
            });
        }
        Ok(self.scores)
    }
}

/// Reads the scores of the substitutions in a piece of a contig: for each one output for each scorer, in order.
pub(crate) struct IsmReader {
    outputs: Outputs<VariantResponse>,
    piece: proto::Interval,
    asked: Arc<[Asked]>,
    cache: Arc<TrackCache>,
    scores: Vec<(proto::Variant, Vec<ScoredTracks>)>,
}

impl IsmReader {
    pub(crate) fn new(piece: proto::Interval, asked: Arc<[Asked]>, cache: Arc<TrackCache>, limits: Limits) -> Self {
        Self {
            outputs: Outputs::new(limits),
            piece,
            asked,
            cache,
            scores: Vec::new(),
        }
    }

    /// Says whether a variant is a substitution of one base in the piece.
    fn belongs(&self, variant: &proto::Variant) -> bool {
        variant.chromosome == self.piece.chromosome
            && (self.piece.start < variant.position && variant.position <= self.piece.end)
            && variant.reference_bases.len() == 1
            && variant.alternate_bases.len() == 1
    }
}

impl AnswerReader for IsmReader {
    type Message = VariantResponse;
    type Answer = Vec<SubstitutionScores>;

    fn take(&mut self, message: VariantResponse) -> Result<(), WireError> {
        let Some(whole) = self.outputs.take(message)? else {
            return Ok(());
        };
        let variant = whole.0.about.clone();
        if !self.belongs(&variant) {
            return Err(WireError::Other {
                what: "the substitution",
                found: variant_text(&variant),
                asked: crate::genome::interval_text(&self.piece),
            });
        }
        let known = self.scores.iter().position(|(other, _)| *other == variant);
        let place = known.unwrap_or_else(|| {
            self.scores.push((variant, Vec::new()));
            self.scores.len() - 1
        });
        let scores = &mut self.scores[place].1;
        let asked = *self.asked.get(scores.len()).ok_or(WireError::Answers {
            found: scores.len() + 1,
            asked: self.asked.len(),
        })?;
        scores.push(scored(asked, whole, &self.cache)?);
        Ok(())
    }

    fn end(mut self) -> Result<Self::Answer, WireError> {
        self.outputs.assembly.end()?;
        // Three alternatives to a known base, four to N.
        for position in self.piece.start + 1..=self.piece.end {
            let here = || self.scores.iter().filter(|(variant, _)| variant.position == position);
            let unknown = here().any(|(variant, _)| variant.reference_bases == "N");
            let (found, asked) = (here().count(), if unknown { 4 } else { 3 });
            if found != asked {
                return Err(WireError::Other {
                    what: "the number of substitutions at a base",
                    found: found.to_string(),
                    asked: asked.to_string(),
                });
            }
        }
        let key = |variant: &proto::Variant| (variant.position, variant.alternate_bases.clone());
        self.scores.sort_by_cached_key(|(variant, _)| key(variant));
        let wanted = self.asked.len();
        let make = |(variant, scores): (proto::Variant, Vec<ScoredTracks>)| {
            if scores.len() != wanted {
                return Err(WireError::Answers {
                    found: scores.len(),
                    asked: wanted,
                });
            }
            Ok(SubstitutionScores {
                variant: core_variant(&variant)?,
                scores,
            })
        };
        self.scores.into_iter().map(make).collect()
    }
}

/// Reads a variant.
fn core_variant(message: &proto::Variant) -> Result<Variant, WireError> {
    let base = span("variant", message.position.saturating_sub(1), message.position)?;
    let position = base.first().unwrap_or(Position::FIRST);
    let bases = |text: &str| {
        Dna::parse(text.as_bytes()).map_err(|_| WireError::Missing {
            field: "an allele of A, C, G, T, N",
        })
    };
    Ok(Variant {
        contig: ContigName::new(&message.chromosome),
        position,
        reference_bases: bases(&message.reference_bases)?,
        alternate: Alternate::Bases(bases(&message.alternate_bases)?),
    })
}

/// Reads which tracks there are; a later list of an output type takes the place of an earlier one.
#[derive(Default)]
pub(crate) struct MetadataReader {
    sets: Vec<TrackSet>,
}

impl AnswerReader for MetadataReader {
    type Message = proto::MetadataResponse;
    type Answer = Vec<TrackSet>;

    fn take(&mut self, message: proto::MetadataResponse) -> Result<(), WireError> {
        for output in message.output_metadata {
            let set = track_set(output)?;
            self.sets.retain(|other| other.output != set.output);
            self.sets.push(set);
        }
        Ok(())
    }

    fn end(mut self) -> Result<Self::Answer, WireError> {
        self.sets.sort_by_key(|set| set.output);
        Ok(self.sets)
    }
}
