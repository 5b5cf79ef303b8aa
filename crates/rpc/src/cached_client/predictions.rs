//! Predictions: each output type an answer of its own, kept as the service sent it.

use super::CachedClient;
use crate::answer::{PredictedOutput, Records, read_one, read_variant};
use crate::cache::{AnswerCache, Predicted, Question, Recorded, now_utc_s};
use crate::client::{Place, Requested};
use crate::error::ApiError;
use crate::proto;
use refalt_core::{OutputType, RefAlt, Sequence, TrackSet, Window};

/// What is predicted of one output type: by the reference, and by the alternate allele where there is a variant. `None` when
/// the service gives nothing of it.
type Part = Option<(PredictedOutput, Option<PredictedOutput>)>;

/// A whole answer with what was recorded of it.
type Recordable = Result<(RefAlt<Vec<PredictedOutput>>, Records), ApiError>;

impl CachedClient {
    /// Predicts over a sequence.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn predict_sequence(
        &self,
        sequence: &Sequence,
        requested: Requested<'_>,
    ) -> Result<Vec<PredictedOutput>, ApiError> {
        let call = |requested: Requested<'_>, most| {
            let (answer, records) = self.client.record_sequence(sequence, requested, most)?;
            Ok((alone(answer), records))
        };
        let limits = self.client.options().limits;
        let read = |bytes: &[u8]| read_one::<proto::PredictSequenceResponse>(bytes, limits).map(alone);
        let asked = Asking {
            predicted: Predicted::Sequence { sequence },
            length_bp: sequence.len(),
        };
        Ok(self.predictions(&asked, requested, call, read)?.reference)
    }

    /// Predicts over a window of the reference.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn predict_interval(
        &self,
        window: &Window,
        requested: Requested<'_>,
    ) -> Result<Vec<PredictedOutput>, ApiError> {
        let call = |requested: Requested<'_>, most| {
            let (answer, records) = self.client.record_interval(window, requested, most)?;
            Ok((alone(answer), records))
        };
        let limits = self.client.options().limits;
        let read = |bytes: &[u8]| read_one::<proto::PredictIntervalResponse>(bytes, limits).map(alone);
        let asked = Asking {
            predicted: Predicted::Interval { window },
            length_bp: window.length().get() as usize,
        };
        Ok(self.predictions(&asked, requested, call, read)?.reference)
    }

    /// Predicts with the reference and with the alternate allele; each is in the coordinates of its own sequence.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn predict_variant(
        &self,
        place: Place<'_>,
        requested: Requested<'_>,
    ) -> Result<RefAlt<Vec<PredictedOutput>>, ApiError> {
        let call = |requested: Requested<'_>, most| self.client.record_variant(place, requested, most);
        let limits = self.client.options().limits;
        let (window, variant) = (place.window, place.variant);
        let asked = Asking {
            predicted: Predicted::Variant { window, variant },
            length_bp: window.length().get() as usize,
        };
        self.predictions(&asked, requested, call, |bytes| read_variant(bytes, limits))
    }

    fn predictions(
        &self,
        asked: &Asking<'_>,
        requested: Requested<'_>,
        call: impl Fn(Requested<'_>, Option<u64>) -> Recordable,
        read: impl Fn(&[u8]) -> Option<RefAlt<Vec<PredictedOutput>>>,
    ) -> Result<RefAlt<Vec<PredictedOutput>>, ApiError> {
        let mut outputs: Vec<OutputType> = requested.outputs.to_vec();
        outputs.sort_unstable();
        outputs.dedup();
        if outputs.is_empty() {
            // The service says what is wrong with it.
            return Ok(call(requested, None)?.0);
        }
        let terms = requested.ontology_curies;
        let question = |&output: &OutputType| Question::of_prediction(&self.service, asked.predicted, output, terms);
        let questions: Vec<Question> = outputs.iter().map(question).collect();
        let look_up = |cache: &AnswerCache, questions: &[&Question]| {
            let part = |bytes: &[u8]| {
                let mut found = read(bytes)?;
                let reference = found.reference.pop().filter(|_| found.reference.is_empty())?;
                Some(Some((reference, found.alternate.pop())))
            };
            cache.get_messages(questions, part)
        };
        let ask = |mine: &[Vec<usize>]| {
            let one = |group: &Vec<usize>| {
                let outputs: Vec<OutputType> = group.iter().map(|&index| outputs[index]).collect();
                let requested = Requested {
                    outputs: &outputs,
                    ontology_curies: terms,
                };
                let most = self.cache.as_deref().map(AnswerCache::most_answer_bytes);
                let (answer, records) = call(requested, most)?;
                self.tally.called(outputs.len() as u64);
                let parts = parts(answer, &outputs);
                for (output, record) in records {
                    let at = outputs.iter().position(|other| *other == output);
                    if let Some(at) = at.filter(|&at| self.is_sound(asked, &parts[at])) {
                        self.keep_record(&questions[group[at]], record);
                    }
                }
                Ok(parts)
            };
            mine.iter().map(one).collect()
        };
        let mut answers = self.desk().resolve(&questions, questions.len(), look_up, ask);
        let mut whole = alone(Vec::new());
        for (reference, alternate) in answers.pop().unwrap_or_else(|| Ok(Vec::new()))?.into_iter().flatten() {
            whole.reference.push(reference);
            whole.alternate.extend(alternate);
        }
        Ok(whole)
    }

    fn keep_record(&self, question: &Question, record: Recorded) {
        let Some(cache) = &self.cache else { return };
        match record {
            Recorded::Whole(messages) => cache.put_messages(question, messages, now_utc_s()),
            Recorded::TooLarge => cache.is_too_large(question.kind()),
        }
    }

    /// Says whether a prediction is what was asked for: whole, over the window, of tracks that the service lists.
    fn is_sound(&self, asked: &Asking<'_>, part: &Part) -> bool {
        let Some((reference, alternate)) = part else {
            return false;
        };
        let both = matches!(asked.predicted, Predicted::Variant { .. });
        let fits = |output: &PredictedOutput| fits(&self.listed, output, asked.length_bp);
        both == alternate.is_some() && fits(reference) && alternate.as_ref().is_none_or(fits)
    }
}

/// What is asked about.
struct Asking<'a> {
    predicted: Predicted<'a>,
    length_bp: usize,
}

/// Outputs of the reference alone.
fn alone(reference: Vec<PredictedOutput>) -> RefAlt<Vec<PredictedOutput>> {
    RefAlt {
        reference,
        alternate: Vec::new(),
    }
}

/// Takes an answer apart by output type.
fn parts(answer: RefAlt<Vec<PredictedOutput>>, outputs: &[OutputType]) -> Vec<Part> {
    let RefAlt {
        mut reference,
        mut alternate,
    } = answer;
    let take = |from: &mut Vec<PredictedOutput>, output| {
        let at = from.iter().position(|found| found.output() == output)?;
        Some(from.swap_remove(at))
    };
    let part = |&output: &OutputType| Some((take(&mut reference, output)?, take(&mut alternate, output)));
    outputs.iter().map(part).collect()
}

fn fits(listed: &[TrackSet], output: &PredictedOutput, length_bp: usize) -> bool {
    let tracks = match output {
        PredictedOutput::Tracks(tracks) => {
            let bins = length_bp / tracks.bin_bp as usize;
            if tracks.bins.iter().any(|&found| found != bins) {
                return false;
            }
            &tracks.tracks
        }
        PredictedOutput::Junctions(junctions) => &junctions.tracks,
        PredictedOutput::Bare { .. } => return false,
    };
    let Some(known) = listed.iter().find(|known| known.output == tracks.output) else {
        return false;
    };
    let is_known = |track: &refalt_core::Track| {
        let same = |other: &refalt_core::Track| other.name == track.name && other.strand == track.strand;
        known.tracks.iter().any(same)
    };
    tracks.tracks.iter().all(is_known)
}
