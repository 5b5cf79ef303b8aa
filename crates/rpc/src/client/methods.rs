//! The seven methods, blocking.

use super::call::{Caller, Method, Probe};
use super::connection::ClientOptions;
use crate::answer::Asked;
use crate::answer::{
    IsmReader, MetadataReader, PredictReader, PredictedOutput, Recording, Records, ScoreReader, ScoredTracks,
    SubstitutionScores, VariantPredictReader,
};
use crate::error::ApiError;
use crate::genome::{
    interval_message, ontology_message, organism_message, output_message, variant_message, wire_contig,
};
use crate::lean::{IntervalResponse, VariantResponse};
use crate::proto;
use crate::scorer_message::{interval_scorer_message, scorer_message};
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::scorer::{Needs, Scorer};
use refalt_core::{CheckedVariant, Interval, OutputType, RefAlt, Sequence, TrackSet, Window};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

macro_rules! method {
    ($name:literal) => {
        Method(concat!(
            "/google.gdm.gdmscience.alphagenome.v1main.DnaModelService/",
            $name
        ))
    };
}

/// The most scorers of a request, as the published client has it.
pub const MOST_SCORERS: usize = 20;

/// The most bases of a piece of a saturation mutagenesis, as the published client has it.
pub(crate) const ISM_PIECE_BP: u32 = 10;

/// Window lengths of the hosted model in bp.
pub const WINDOW_LENGTHS: [u32; 4] = [16_384, 131_072, 524_288, 1_048_576];

/// A variant and the window around it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The variant.
    pub variant: &'a CheckedVariant,
    /// The window.
    pub window: &'a Window,
}

/// A variant and what is asked about it in one call.
pub(crate) struct Wanted<'a> {
    pub(crate) place: Place<'a>,
    pub(crate) scorers: Vec<&'a dyn Scorer>,
}

/// A piece of a saturation mutagenesis: 10 bases at most, and what is asked about them in one call.
pub(crate) struct Piece<'a> {
    pub(crate) stretch: Interval,
    pub(crate) scorers: Vec<&'a dyn Scorer>,
}

/// Which predictions are wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Requested<'a> {
    /// Output types.
    pub outputs: &'a [OutputType],
    /// Biosamples by ontology term, `EFO:0001187`; all when none is named.
    pub ontology_curies: &'a [String],
}

/// A client of a service, shared by threads.
///
/// It holds threads of its own for the network; a blocking method must not be called from within an `async` runtime.
pub struct Client {
    runtime: Runtime,
    caller: Arc<Caller>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.caller.options)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client; it connects with the first call.
    ///
    /// # Errors
    /// [`ApiError`] when the TLS roots cannot be used or threads cannot be started.
    pub fn new(options: ClientOptions) -> Result<Self, ApiError> {
        let setup = |error: std::io::Error| ApiError::Setup {
            reason: error.to_string(),
        };
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("refalt-rpc")
            .enable_all()
            .build()
            .map_err(setup)?;
        // The channel is bound to the runtime that is entered.
        let caller = {
            let _entered = runtime.enter();
            Arc::new(Caller::new(options)?)
        };
        Ok(Self { runtime, caller })
    }

    /// Returns how the service is reached.
    pub fn options(&self) -> &ClientOptions {
        &self.caller.options
    }

    /// Returns the number of attempts so far, repeated and failed ones among them.
    pub fn attempts(&self) -> u64 {
        self.caller.attempts()
    }

    /// Returns why no further call is made, if none is.
    pub(crate) fn stopped(&self) -> Option<ApiError> {
        self.caller.stopped()
    }

    /// Returns the digest with which the model's service states its model, genome and genes; `None` before its first answer,
    /// and of services that state nothing.
    pub fn states(&self) -> Option<String> {
        self.caller.states(SCORE_VARIANT)
    }

    /// Lists the tracks of each output type, in the order of output types.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn metadata(&self) -> Result<Vec<TrackSet>, ApiError> {
        let request = proto::MetadataRequest {
            organism: self.organism(),
        };
        let call = self
            .caller
            .call(method!("GetMetadata"), &request, "the tracks", MetadataReader::default);
        self.runtime.block_on(call)
    }

    /// Scores a variant by each scorer, in order.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn score_variant(&self, place: Place<'_>, scorers: &[&dyn Scorer]) -> Result<Vec<ScoredTracks>, ApiError> {
        let mut answers = self.score_variants(&[place], scorers);
        let missing = || ApiError::Setup {
            reason: "a call ended without an answer".to_owned(),
        };
        answers.pop().unwrap_or_else(|| Err(missing()))
    }

    /// Scores variants, several at once; the answers are in the order of the places.
    ///
    /// A variant that fails does so alone. When the service stops (quota, key, network), what is not scored yet gets the
    /// same error, and nothing is called any more.
    pub fn score_variants(
        &self,
        places: &[Place<'_>],
        scorers: &[&dyn Scorer],
    ) -> Vec<Result<Vec<ScoredTracks>, ApiError>> {
        let (messages, asked) = match variant_scorers(scorers) {
            Ok(messages) => messages,
            Err(error) => return places.iter().map(|_| Err(error.clone())).collect(),
        };
        let spawn = |place: &Place<'_>| {
            let request = self.score_request(place, messages.clone());
            self.runtime
                .spawn(score_variant(Arc::clone(&self.caller), request, Arc::clone(&asked)))
        };
        let running: Vec<JoinHandle<_>> = places.iter().map(spawn).collect();
        self.collect(running)
    }

    /// Scores variants like [`Client::score_variants`], each by scorers of its own.
    ///
    /// * `taken`: is given each answer as soon as it is whole, with its index, on a thread that may wait.
    pub(crate) fn score_each<T: Send + 'static>(
        &self,
        wanted: &[Wanted<'_>],
        taken: Taken<Vec<ScoredTracks>, T>,
    ) -> Vec<Result<T, ApiError>> {
        let spawn = |(index, wanted): (usize, &Wanted<'_>)| {
            let (caller, taken) = (Arc::clone(&self.caller), Arc::clone(&taken));
            let prepared = variant_scorers(&wanted.scorers)
                .map(|(messages, asked)| (self.score_request(&wanted.place, messages), asked));
            self.runtime.spawn(async move {
                let (request, asked) = prepared?;
                let answer = score_variant(caller, request, asked).await?;
                take(taken, index, answer).await
            })
        };
        let running: Vec<JoinHandle<_>> = wanted.iter().enumerate().map(spawn).collect();
        self.collect(running)
    }

    fn score_request(
        &self,
        place: &Place<'_>,
        variant_scorers: Vec<proto::VariantScorer>,
    ) -> proto::ScoreVariantRequest {
        proto::ScoreVariantRequest {
            interval: Some(interval_message(place.window)),
            variant: Some(variant_message(place.variant)),
            organism: self.organism(),
            variant_scorers,
            model_version: self.model_version(),
            merge_stranded_gene_tracks: self.caller.options.merge_stranded_gene_tracks,
        }
    }

    /// Scores an interval by each scorer, in order.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn score_interval(&self, window: &Window, scorers: &[IntervalScorer]) -> Result<Vec<ScoredTracks>, ApiError> {
        check_count(scorers.len())?;
        let about = interval_message(window);
        let request = proto::ScoreIntervalRequest {
            interval: Some(about.clone()),
            organism: self.organism(),
            interval_scorers: scorers.iter().map(interval_scorer_message).collect(),
            model_version: self.model_version(),
            merge_stranded_gene_tracks: self.caller.options.merge_stranded_gene_tracks,
        };
        let asked: Arc<[Asked]> = scorers
            .iter()
            .map(|scorer| Asked::of(scorer.output, Needs::Genes))
            .collect();
        let open = || {
            let (asked, tracks) = (Arc::clone(&asked), Arc::clone(&self.caller.tracks));
            ScoreReader::<IntervalResponse>::new(about.clone(), asked, tracks, self.caller.options.limits)
        };
        let what = window.to_string();
        self.runtime
            .block_on(self.caller.call(method!("ScoreInterval"), &request, &what, open))
    }

    /// Scores every substitution in a stretch of the window, by position and base.
    ///
    /// The stretch is asked for in pieces of 10 bases, several at once.
    ///
    /// # Errors
    /// [`ApiError`] of the first piece without answer.
    pub fn score_ism(
        &self,
        window: &Window,
        stretch: Interval,
        scorers: &[&dyn Scorer],
    ) -> Result<Vec<SubstitutionScores>, ApiError> {
        let mut pieces = Vec::new();
        let mut start = stretch.bed_start();
        while start < stretch.bed_end() {
            let end = start.saturating_add(ISM_PIECE_BP).min(stretch.bed_end());
            pieces.extend(Interval::from_bed(start, end).map(|stretch| Piece {
                stretch,
                scorers: scorers.to_vec(),
            }));
            start = end;
        }
        let answers = self.score_pieces(window, &pieces, Arc::new(|_, answer| Ok(answer)), &|_| {});
        let answers: Result<Vec<Vec<SubstitutionScores>>, ApiError> = answers.into_iter().collect();
        Ok(answers?.into_iter().flatten().collect())
    }

    /// Scores every substitution of pieces of the window, several calls at once.
    ///
    /// * `taken`: is given each answer as soon as it is whole, with the index of its piece, on a thread that may wait.
    /// * `done`: told how many pieces are.
    pub(crate) fn score_pieces<T: Send + 'static>(
        &self,
        window: &Window,
        pieces: &[Piece<'_>],
        taken: Taken<Vec<SubstitutionScores>, T>,
        done: &dyn Fn(usize),
    ) -> Vec<Result<T, ApiError>> {
        let spawn = |(index, piece): (usize, &Piece<'_>)| {
            let prepared = variant_scorers(&piece.scorers);
            let interval = proto::Interval {
                chromosome: wire_contig(window.contig()),
                start: piece.stretch.bed_start().into(),
                end: piece.stretch.bed_end().into(),
                strand: proto::Strand::Unstranded.into(),
            };
            let mut request = proto::ScoreIsmVariantRequest {
                interval: Some(interval_message(window)),
                ism_interval: Some(interval.clone()),
                organism: self.organism(),
                variant_scorers: Vec::new(),
                model_version: self.model_version(),
                interval_variant: None,
                merge_stranded_gene_tracks: self.caller.options.merge_stranded_gene_tracks,
            };
            let (caller, taken) = (Arc::clone(&self.caller), Arc::clone(&taken));
            self.runtime.spawn(async move {
                let (messages, asked) = prepared?;
                request.variant_scorers = messages;
                let open = || {
                    let (asked, tracks) = (Arc::clone(&asked), Arc::clone(&caller.tracks));
                    IsmReader::new(interval.clone(), asked, tracks, caller.options.limits)
                };
                let what = crate::genome::interval_text(&interval);
                let answer = caller.call(method!("ScoreIsmVariant"), &request, &what, open).await?;
                take(taken, index, answer).await
            })
        };
        let running: Vec<JoinHandle<_>> = pieces.iter().enumerate().map(spawn).collect();
        let mut answers = Vec::with_capacity(running.len());
        for call in running {
            answers.push(self.block_on(call).unwrap_or_else(|error| {
                Err(ApiError::Setup {
                    reason: error.to_string(),
                })
            }));
            done(answers.len());
        }
        answers
    }

    /// Predicts over a sequence.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn predict_sequence(
        &self,
        sequence: &Sequence,
        requested: Requested<'_>,
    ) -> Result<Vec<PredictedOutput>, ApiError> {
        Ok(self.record_sequence(sequence, requested, None)?.0)
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
        Ok(self.record_interval(window, requested, None)?.0)
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
        Ok(self.record_variant(place, requested, None)?.0)
    }

    /// Predicts over a sequence, and records the answer.
    ///
    /// * `most`: bytes of a record, for each output type; `None` to record nothing.
    pub(crate) fn record_sequence(
        &self,
        sequence: &Sequence,
        requested: Requested<'_>,
        most: Option<u64>,
    ) -> Result<(Vec<PredictedOutput>, Records), ApiError> {
        let (requested_outputs, ontology_terms) = requested_messages(requested)?;
        let request = proto::PredictSequenceRequest {
            sequence: String::from_utf8_lossy(sequence.as_bytes()).into_owned(),
            organism: self.organism(),
            ontology_terms,
            requested_outputs,
            model_version: self.model_version(),
        };
        let limits = self.caller.options.limits;
        let open = || Recording::new(PredictReader::<proto::PredictSequenceResponse>::new(limits), most);
        let what = format!("a sequence of {} bp", sequence.len());
        self.block_on(self.caller.call(method!("PredictSequence"), &request, &what, open))
    }

    /// Predicts over a window, and records the answer like [`record_sequence`](Self::record_sequence).
    pub(crate) fn record_interval(
        &self,
        window: &Window,
        requested: Requested<'_>,
        most: Option<u64>,
    ) -> Result<(Vec<PredictedOutput>, Records), ApiError> {
        let (requested_outputs, ontology_terms) = requested_messages(requested)?;
        let request = proto::PredictIntervalRequest {
            interval: Some(interval_message(window)),
            organism: self.organism(),
            requested_outputs,
            ontology_terms,
            model_version: self.model_version(),
        };
        let limits = self.caller.options.limits;
        let open = || Recording::new(PredictReader::<proto::PredictIntervalResponse>::new(limits), most);
        let what = window.to_string();
        self.block_on(self.caller.call(method!("PredictInterval"), &request, &what, open))
    }

    /// Predicts with both alleles, and records the answer like [`record_sequence`](Self::record_sequence).
    pub(crate) fn record_variant(
        &self,
        place: Place<'_>,
        requested: Requested<'_>,
        most: Option<u64>,
    ) -> Result<(RefAlt<Vec<PredictedOutput>>, Records), ApiError> {
        let (requested_outputs, ontology_terms) = requested_messages(requested)?;
        let request = proto::PredictVariantRequest {
            interval: Some(interval_message(place.window)),
            variant: Some(variant_message(place.variant)),
            organism: self.organism(),
            requested_outputs,
            ontology_terms,
            model_version: self.model_version(),
        };
        let limits = self.caller.options.limits;
        let open = || Recording::new(VariantPredictReader::new(limits), most);
        let what = place.variant.to_string();
        self.block_on(self.caller.call(method!("PredictVariant"), &request, &what, open))
    }

    fn organism(&self) -> i32 {
        organism_message(self.caller.options.organism).into()
    }

    fn model_version(&self) -> String {
        self.caller.options.model_version.clone().unwrap_or_default()
    }

    /// Returns what calls share.
    pub(crate) fn caller(&self) -> &Arc<Caller> {
        &self.caller
    }

    /// Waits for a call.
    pub(crate) fn block_on<F: Future>(&self, call: F) -> F::Output {
        self.runtime.block_on(call)
    }

    /// Starts a call.
    pub(crate) fn spawn<T: Send + 'static>(&self, call: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
        self.runtime.spawn(call)
    }

    /// Waits for calls under way; the answers are in their order.
    pub(crate) fn collect<T>(&self, running: Vec<JoinHandle<Result<T, ApiError>>>) -> Vec<Result<T, ApiError>> {
        self.runtime.block_on(async {
            let mut answers = Vec::with_capacity(running.len());
            for call in running {
                answers.push(call.await.unwrap_or_else(|error| {
                    Err(ApiError::Setup {
                        reason: error.to_string(),
                    })
                }));
            }
            answers
        })
    }
}

/// Takes the answer of a call, with the index of the call among those made together.
pub(crate) type Taken<A, T> = Arc<dyn Fn(usize, A) -> Result<T, ApiError> + Send + Sync>;

/// Gives an answer away, on a thread that may wait.
pub(crate) async fn take<A: Send + 'static, T: Send + 'static>(
    taken: Taken<A, T>,
    index: usize,
    answer: A,
) -> Result<T, ApiError> {
    let taking = tokio::task::spawn_blocking(move || taken(index, answer));
    let taken = taking.await.map_err(|error| ApiError::Setup {
        reason: error.to_string(),
    });
    taken?
}

async fn score_variant(
    caller: Arc<Caller>,
    request: proto::ScoreVariantRequest,
    asked: Arc<[Asked]>,
) -> Result<Vec<ScoredTracks>, ApiError> {
    let reader = {
        let about = request.variant.clone().unwrap_or_default();
        let asked = Arc::clone(&asked);
        move |caller: &Caller| {
            let (asked, tracks) = (Arc::clone(&asked), Arc::clone(&caller.tracks));
            ScoreReader::<VariantResponse>::new(about.clone(), asked, tracks, caller.options.limits)
        }
    };
    let what = crate::genome::variant_text(&request.variant.clone().unwrap_or_default());
    let answer = caller.call(SCORE_VARIANT, &request, &what, || reader(&caller)).await?;
    caller.remember(|| -> Probe {
        Arc::new(move |caller: Arc<Caller>| {
            let (request, reader) = (request.clone(), reader(&caller));
            Box::pin(async move { caller.attempt(SCORE_VARIANT, &request, reader).await.map(drop) })
        })
    });
    Ok(answer)
}

const SCORE_VARIANT: Method = method!("ScoreVariant");

fn check_count(scorers: usize) -> Result<(), ApiError> {
    if (1..=MOST_SCORERS).contains(&scorers) {
        return Ok(());
    }
    Err(ApiError::Request {
        what: format!("{scorers} scorers in one request"),
        reason: format!("a request has 1 to {MOST_SCORERS}"),
    })
}

type ScorerMessages = (Vec<proto::VariantScorer>, Arc<[Asked]>);

fn variant_scorers(scorers: &[&dyn Scorer]) -> Result<ScorerMessages, ApiError> {
    check_count(scorers.len())?;
    let message = |scorer: &&dyn Scorer| {
        scorer_message(*scorer).ok_or_else(|| ApiError::Request {
            what: format!("`{scorer}`"),
            reason: "the service has no such scorer".to_owned(),
        })
    };
    let messages: Result<Vec<proto::VariantScorer>, ApiError> = scorers.iter().map(message).collect();
    let asked = scorers.iter().map(|scorer| Asked::of(scorer.output(), scorer.needs()));
    Ok((messages?, asked.collect()))
}

type RequestedMessages = (Vec<i32>, Vec<proto::OntologyTerm>);

/// Writes what is wanted, each once, in order.
fn requested_messages(requested: Requested<'_>) -> Result<RequestedMessages, ApiError> {
    let mut outputs: Vec<i32> = Vec::new();
    for &output in requested.outputs {
        let number = output_message(output).into();
        if !outputs.contains(&number) {
            outputs.push(number);
        }
    }
    let mut terms: Vec<proto::OntologyTerm> = Vec::new();
    for curie in requested.ontology_curies {
        let term = ontology_message(curie)?;
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    Ok((outputs, terms))
}

/// Returns the window lengths of the hosted model.
pub fn window_lengths() -> Vec<NonZeroU32> {
    WINDOW_LENGTHS.into_iter().filter_map(NonZeroU32::new).collect()
}
