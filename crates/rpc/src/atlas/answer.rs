//! Answers of the Atlas, checked: shapes, sizes, and what they are about.

use crate::answer::AnswerReader;
use crate::genome::variant_text;
use crate::proto;
use crate::proto::atlas::v1main as wire;
use crate::track_metadata::{gene_row, track};
use crate::wire_error::WireError;
use refalt_core::Track;
use refalt_core::scorer::ScoreRows;
use std::marker::PhantomData;
use std::sync::Arc;

/// A scorer of the Atlas.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasScorer {
    /// Name, that of a recommended scorer: `CHIP_TF`.
    pub name: String,
    /// Whether its scores have a sign.
    pub is_signed: bool,
    /// Its tracks, in the order of the scores.
    pub tracks: Arc<[Track]>,
}

/// Scores of one variant by one scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasScore {
    /// What the rows are about.
    pub rows: ScoreRows,
    /// Raw scores, `[rows x tracks]`, row-major; NaN where nothing is defined.
    pub raw: Vec<f32>,
    /// Quantile scores like the raw ones; none where the Atlas is not calibrated.
    pub quantile: Option<Vec<f32>>,
}

/// Scores of one variant.
#[derive(Clone, Debug, PartialEq)]
pub struct AtlasScores {
    /// The variant, as the Atlas states it (1-based).
    pub variant: proto::Variant,
    /// The window in which it was scored (0-based, half-open), where the Atlas states it.
    pub interval: Option<proto::Interval>,
    /// One for each scorer asked for, in order.
    pub scores: Vec<AtlasScore>,
}

/// Reads the scorers of the Atlas.
pub(crate) fn scorers(message: wire::ListVariantScoresMetadataResponse) -> Result<Vec<AtlasScorer>, WireError> {
    let mut scorers: Vec<AtlasScorer> = Vec::new();
    for entry in message.variant_scorer_metadata {
        let info = entry.variant_scorer.ok_or(WireError::Missing {
            field: "the scorer of an entry of the metadata",
        })?;
        let lists = entry.metadata.into_iter().filter_map(|part| match part.payload {
            Some(wire::metadata::Payload::Tracks(list)) => Some(list.metadata),
            _ => None,
        });
        let mut lists: Vec<Vec<proto::TrackMetadata>> = lists.collect();
        if lists.len() > 1 || scorers.iter().any(|known| known.name == info.name) {
            return Err(WireError::Other {
                what: "the tracks of a scorer, given twice",
                found: info.name.clone(),
                asked: info.name,
            });
        }
        let tracks: Result<Vec<Track>, WireError> = lists.pop().unwrap_or_default().into_iter().map(track).collect();
        scorers.push(AtlasScorer {
            name: info.name,
            is_signed: info.is_signed,
            tracks: tracks?.into(),
        });
    }
    Ok(scorers)
}

/// Reads the scores of a variant by the scorers that were asked for.
pub(crate) fn scores(message: wire::DenseVariantScores, asked: &[AtlasScorer]) -> Result<AtlasScores, WireError> {
    let variant = message.variant.ok_or(WireError::Missing {
        field: "the variant of an answer",
    })?;
    let mut found: Vec<Option<AtlasScore>> = asked.iter().map(|_| None).collect();
    for score in message.scores {
        let name = score.variant_scorer.as_ref().map_or("", |info| info.name.as_str());
        let Some(place) = asked.iter().position(|scorer| scorer.name == name) else {
            return Err(WireError::Other {
                what: "the scorer",
                found: name.to_owned(),
                asked: names(asked),
            });
        };
        if found[place].is_some() {
            return Err(WireError::Other {
                what: "a scorer twice,",
                found: name.to_owned(),
                asked: names(asked),
            });
        }
        found[place] = Some(one(score, asked[place].tracks.len())?);
    }
    let present = found.iter().flatten().count();
    let scores: Option<Vec<AtlasScore>> = found.into_iter().collect();
    Ok(AtlasScores {
        variant,
        interval: message.interval,
        scores: scores.ok_or(WireError::Answers {
            found: present,
            asked: asked.len(),
        })?,
    })
}

fn names(asked: &[AtlasScorer]) -> String {
    let names: Vec<&str> = asked.iter().map(|scorer| scorer.name.as_str()).collect();
    names.join(", ")
}

/// Reads the scores of one scorer, `[rows x tracks]`.
fn one(score: wire::DenseVariantScore, tracks: usize) -> Result<AtlasScore, WireError> {
    let genes = score.metadata.into_iter().find_map(|part| match part.payload {
        Some(wire::metadata::Payload::GeneScorers(list)) => Some(list.metadata),
        _ => None,
    });
    let shape: Vec<usize> = score
        .shape
        .iter()
        .filter_map(|&size| usize::try_from(size).ok())
        .collect();
    let rows = match (genes, shape.first()) {
        (Some(genes), _) => ScoreRows::Genes(genes.into_iter().map(gene_row).collect::<Result<_, _>>()?),
        (None, Some(0)) => ScoreRows::Genes(Vec::new()),
        (None, _) => ScoreRows::One,
    };
    if shape != [rows.len(), tracks] || score.shape.len() != 2 {
        return Err(WireError::Shape {
            found: shape,
            expected: format!("[{}, {tracks}]", rows.len()),
        });
    }
    let floats = |field: &'static str, bytes: &[u8]| {
        let expected = rows.len() * tracks * 4;
        if bytes.len() != expected {
            return Err(WireError::Bytes {
                field,
                found: bytes.len(),
                expected,
            });
        }
        let values = bytes.chunks_exact(4);
        Ok(values
            .map(|value| f32::from_le_bytes([value[0], value[1], value[2], value[3]]))
            .collect::<Vec<f32>>())
    };
    let raw = floats("scores", &score.scores)?;
    // An empty list of calibrated scores is none, as the published client reads it.
    let quantile = score.calibrated_scores.filter(|bytes| !bytes.is_empty());
    Ok(AtlasScore {
        quantile: quantile.map(|bytes| floats("calibrated scores", &bytes)).transpose()?,
        rows,
        raw,
    })
}

/// Reads one message and nothing more.
pub(crate) struct OneMessage<M, T, F> {
    read: F,
    message: Option<M>,
    answer: PhantomData<fn() -> T>,
}

impl<M, T, F: FnOnce(M) -> Result<T, WireError>> OneMessage<M, T, F> {
    pub(crate) fn new(read: F) -> Self {
        Self {
            read,
            message: None,
            answer: PhantomData,
        }
    }
}

impl<M, T, F> AnswerReader for OneMessage<M, T, F>
where
    M: prost::Message + Default + 'static,
    F: FnOnce(M) -> Result<T, WireError>,
{
    type Message = M;
    type Answer = T;

    fn take(&mut self, message: M) -> Result<(), WireError> {
        if self.message.is_some() {
            return Err(WireError::Answers { found: 2, asked: 1 });
        }
        self.message = Some(message);
        Ok(())
    }

    fn end(self) -> Result<T, WireError> {
        let message = self.message.ok_or(WireError::Empty { expected: "an answer" })?;
        (self.read)(message)
    }
}

/// Says whether an answer is about the variant that was asked for.
pub(crate) fn check_variant(found: &proto::Variant, asked: &proto::Variant) -> Result<(), WireError> {
    if found == asked {
        return Ok(());
    }
    Err(WireError::Other {
        what: "the variant",
        found: variant_text(found),
        asked: variant_text(asked),
    })
}
