//! The service as a source of predictions, and of saturation mutagenesis.

use crate::answer::{PredictedOutput, PredictedTracks};
use crate::cached_client::Answered;
use crate::client::{Place, Requested};
use crate::source::{ApiSource, today};
use crate::wire_error::WireError;
use refalt::engine::{Plan, ScoreSource, SourceError, origin};
use refalt::ism::{IsmSource, Stretch};
use refalt::predict::{
    ContactTable, JunctionTable, PredictedPair, PredictionSource, SequenceOutputs, Subject, Wanted, narrow,
};
use refalt_core::score::ScoreBlock;
use refalt_core::scorer::Scorer;
use refalt_core::strand::sign_or_dot;
use refalt_core::{BinSpan, ModelCard, OutputType, RefAlt, Track, TrackSet, TrackValues, Window};
use std::sync::Arc;

impl PredictionSource for ApiSource {
    fn card(&self) -> &ModelCard {
        self.model_card()
    }

    fn is_cropping(&self) -> bool {
        false
    }

    fn predict(&self, subject: &Subject<'_>, wanted: &[Wanted]) -> Result<PredictedPair, SourceError> {
        let outputs: Vec<OutputType> = wanted.iter().map(|wanted| wanted.given.output).collect();
        let terms = terms(wanted);
        let requested = Requested {
            outputs: &outputs,
            ontology_curies: &terms,
        };
        let client = self.cached();
        let failed = |error| self.source_error(&error);
        let answer = match subject {
            Subject::Variant { variant, window, .. } => {
                let RefAlt { reference, alternate } = client
                    .predict_variant(Place { variant, window }, requested)
                    .map_err(failed)?;
                (reference, Some(alternate))
            }
            Subject::Interval { window, .. } => (client.predict_interval(window, requested).map_err(failed)?, None),
            Subject::Sequence { sequence, .. } => (client.predict_sequence(sequence, requested).map_err(failed)?, None),
        };
        let wrong = |error: WireError| SourceError::Job {
            from: self.model_card().name.clone(),
            reason: error.to_string(),
        };
        let window = subject.window();
        let kept = |answer| sequence_outputs(answer, window, wanted).map_err(wrong);
        Ok(PredictedPair {
            reference: kept(answer.0)?,
            alternate: answer.1.map(kept).transpose()?,
        })
    }
}

impl IsmSource for ApiSource {
    fn as_scores(&self) -> &dyn ScoreSource {
        self
    }

    fn score_stretch(
        &self,
        plan: &Plan,
        stretch: &Stretch<'_>,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<Vec<Vec<ScoreBlock>>, SourceError> {
        let scorers = plan.planned().iter();
        let scorers: Vec<(&dyn Scorer, &str)> = scorers
            .map(|planned| (planned.scorer.as_ref(), planned.text.as_str()))
            .collect();
        let answers = self
            .cached()
            .score_substitutions(stretch.window, stretch.substitutions, &scorers, progress)
            .map_err(|error| self.source_error(&error))?;
        // A matrix does not say the day of its answers.
        let origin = Arc::new(origin(self.model_card(), today()));
        let blocks = |answered: Vec<Answered>| -> Result<Vec<ScoreBlock>, SourceError> {
            let numbered = plan.planned().iter().enumerate().zip(answered);
            numbered
                .map(|((number, planned), answered)| self.block(number, planned, answered.scored, Arc::clone(&origin)))
                .collect()
        };
        answers.into_iter().map(blocks).collect()
    }
}

/// Returns the ontology terms that are enough to be asked for; none, which is all, when a track has no term.
fn terms(wanted: &[Wanted]) -> Vec<String> {
    let mut terms: Vec<String> = Vec::new();
    // Splice sites are of no biosample, and the service never leaves them out.
    let filtered = wanted
        .iter()
        .filter(|wanted| wanted.given.output != OutputType::SpliceSites);
    for track in filtered.flat_map(|wanted| wanted.tracks.tracks.iter()) {
        match track.ontology_curie.as_deref() {
            None => return Vec::new(),
            Some(term) if !terms.iter().any(|known| known == term) => terms.push(term.to_owned()),
            Some(_) => {}
        }
    }
    terms
}

/// Returns for each wanted track its column in the tracks of an answer.
fn columns(wanted: &TrackSet, found: &[Track]) -> Result<Vec<usize>, WireError> {
    let column = |track: &Track| {
        let is_same = |other: &Track| other.name == track.name && other.strand == track.strand;
        found.iter().position(is_same).ok_or_else(|| WireError::Tracks {
            output: wanted.output,
            difference: format!("`{}` {} is missing", track.name, sign_or_dot(track.strand)),
        })
    };
    wanted.tracks.iter().map(column).collect()
}

fn sequence_outputs(
    answer: Vec<PredictedOutput>,
    window: &Window,
    wanted: &[Wanted],
) -> Result<SequenceOutputs, WireError> {
    let mut kept = SequenceOutputs::default();
    for wanted in wanted {
        let output = wanted.given.output;
        let missing = || WireError::Empty {
            expected: "every output that was asked for",
        };
        let found = answer
            .iter()
            .find(|found| found.output() == output)
            .ok_or_else(missing)?;
        match found {
            PredictedOutput::Tracks(tracks) if output == OutputType::ContactMaps => {
                kept.contacts = Some(contacts(tracks, window, wanted)?);
            }
            PredictedOutput::Tracks(tracks) => kept.tracks.push(over_bins(tracks, window, wanted)?),
            PredictedOutput::Junctions(junctions) => {
                let columns = columns(&wanted.tracks, &junctions.tracks.tracks)?;
                let rows = junctions.values.chunks_exact(junctions.tracks.tracks.len().max(1));
                kept.junctions = Some(JunctionTable {
                    tracks: wanted.tracks.clone(),
                    junctions: junctions.junctions.clone(),
                    values: rows.flat_map(|row| columns.iter().map(|&column| row[column])).collect(),
                });
            }
            PredictedOutput::Bare { output, .. } => {
                return Err(WireError::Tracks {
                    output: *output,
                    difference: "a bare array in place of tracks".to_owned(),
                });
            }
        }
    }
    Ok(kept)
}

/// Says that an answer does not have the bins of the window.
fn bins(found: &PredictedTracks, window: &Window, axes: usize) -> Result<BinSpan, WireError> {
    let all = BinSpan::all(window, found.tracks.resolution);
    if found.bins == vec![all.len(); axes] {
        return Ok(all);
    }
    Err(WireError::Shape {
        found: found.bins.clone(),
        expected: format!("{:?} bins of {} bp", vec![all.len(); axes], found.bin_bp),
    })
}

fn over_bins(found: &PredictedTracks, window: &Window, wanted: &Wanted) -> Result<TrackValues, WireError> {
    let all = bins(found, window, 1)?;
    let shape = || WireError::Shape {
        found: found.bins.clone(),
        expected: format!("bins of {} bp", wanted.given.resolution.bp()),
    };
    let values = TrackValues::new(found.tracks.clone(), all, found.values.clone()).map_err(|_| shape())?;
    let columns = columns(&wanted.tracks, &found.tracks.tracks)?;
    if found.tracks.resolution != wanted.given.resolution {
        return Err(shape());
    }
    let of_answer = Wanted {
        given: found.tracks.clone(),
        columns,
        ..wanted.clone()
    };
    narrow(&values, &of_answer).ok_or_else(shape)
}

fn contacts(found: &PredictedTracks, window: &Window, wanted: &Wanted) -> Result<ContactTable, WireError> {
    let all = bins(found, window, 2)?;
    let columns = columns(&wanted.tracks, &found.tracks.tracks)?;
    let rows = found.values.chunks_exact(found.tracks.tracks.len().max(1));
    Ok(ContactTable {
        tracks: wanted.tracks.clone(),
        bins: all.len(),
        values: rows.flat_map(|row| columns.iter().map(|&column| row[column])).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::PredictedJunctions;
    use refalt_core::{ContigName, Interval, Strand};
    use std::num::NonZeroU32;

    fn set(output: OutputType, names: &[&str]) -> TrackSet {
        let track = |name: &&str| Track {
            name: (*name).to_owned(),
            ontology_curie: Some(format!("CL:{name}")),
            ..Track::default()
        };
        TrackSet {
            output,
            resolution: output.resolution(),
            tracks: names.iter().map(track).collect(),
        }
    }

    fn window() -> Window {
        let middle = Interval::from_bed(10_000, 10_001).unwrap();
        Window::around(&ContigName::new("chr1"), middle, NonZeroU32::new(16_384).unwrap())
    }

    fn wanted(output: OutputType, names: &[&str]) -> Wanted {
        Wanted {
            given: set(output, &["a", "b", "c"]),
            tracks: set(output, names),
            columns: Vec::new(),
            spans: BinSpan::new(refalt_core::Bin::new(2), refalt_core::Bin::new(4)).into(),
        }
    }

    fn tracks(output: OutputType, names: &[&str], bins: Vec<usize>) -> PredictedOutput {
        let count = bins.iter().product::<usize>() * names.len();
        PredictedOutput::Tracks(PredictedTracks {
            tracks: set(output, names),
            bin_bp: output.resolution().bp(),
            bins,
            values: (0..count).map(|value| value as f32).collect(),
        })
    }

    #[test]
    fn wanted_tracks_are_found_by_name_and_cropped() {
        // The answer has other tracks than are wanted, in another order: c, a; 128 bins.
        let answer = vec![tracks(OutputType::ChipTf, &["c", "a"], vec![128])];
        let kept = sequence_outputs(answer, &window(), &[wanted(OutputType::ChipTf, &["a"])]).unwrap();
        // Bins 2 and 3, second column: 2 x 2 + 1 and 3 x 2 + 1.
        assert_eq!(kept.tracks[0].values(), [5.0, 7.0]);
        assert_eq!(kept.tracks[0].tracks().tracks[0].name, "a");
    }

    #[test]
    fn contacts_and_junctions_keep_their_shape() {
        let junctions = PredictedOutput::Junctions(PredictedJunctions {
            tracks: set(OutputType::SpliceJunctions, &["a", "b"]),
            junctions: vec![(Interval::from_bed(10, 30).unwrap(), Some(Strand::Reverse))],
            values: vec![1.0, 2.0],
        });
        let answer = vec![junctions, tracks(OutputType::ContactMaps, &["b"], vec![8, 8])];
        let wanted = [
            wanted(OutputType::SpliceJunctions, &["b"]),
            wanted(OutputType::ContactMaps, &["b"]),
        ];
        let kept = sequence_outputs(answer, &window(), &wanted).unwrap();
        assert_eq!(kept.junctions.unwrap().values, [2.0]);
        let contacts = kept.contacts.unwrap();
        assert_eq!((contacts.bins, contacts.values.len(), contacts.values[9]), (8, 64, 9.0));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let fails = |answer| {
            let wanted = [wanted(OutputType::ChipTf, &["a"])];
            sequence_outputs(answer, &window(), &wanted).unwrap_err().to_string()
        };
        assert!(fails(vec![tracks(OutputType::ChipTf, &["c"], vec![128])]).contains("`a` . is missing"));
        assert!(fails(vec![tracks(OutputType::ChipTf, &["a"], vec![64])]).contains("64"));
        assert!(!fails(Vec::new()).is_empty());
    }

    #[test]
    fn terms_are_those_of_the_tracks_and_none_when_one_has_none() {
        let mut all = vec![
            wanted(OutputType::ChipTf, &["a", "b"]),
            wanted(OutputType::Atac, &["b"]),
        ];
        assert_eq!(terms(&all), ["CL:a", "CL:b"]);
        let without = TrackSet {
            tracks: vec![Track::default()].into(),
            ..set(OutputType::Cage, &[])
        };
        all.push(Wanted {
            tracks: without,
            ..wanted(OutputType::Cage, &[])
        });
        assert!(terms(&all).is_empty());
    }
}
