//! The model as a backend: queries in, outputs of the bins that are asked for.

mod assemble;
mod junctions;

use crate::network::{Head, Network};
use crate::pass::{Context, Pass, Pieces, Stopped};
use crate::probe::Probe;
use crate::rope::Angles;
use crate::weights::{Weights, WeightsError};
use assemble::Assembled;
use junctions::{Counting, Seen, Sites};
use refalt_core::splice_candidate::CandidateOptions;
use refalt_core::{
    Answer, Backend, BackendError, BinSpan, BinSpans, ModelCard, Organism, OutputRequest, OutputType, Query,
    Resolution, TrackSet, WindowLengths,
};
use std::num::{NonZeroU32, NonZeroUsize};
use std::ops::Range;
use std::sync::Mutex;

/// Windows are as long as whole stretches of the pair representation.
const STEP_BP: u32 = 2048;

/// The longest window that the model was trained for.
const LONGEST_BP: u32 = 1 << 20;

/// What the model is besides its weights.
#[derive(Clone, Debug)]
pub struct Options {
    /// The organism whose tracks are predicted.
    pub organism: Organism,
    /// Tracks of each output type, with their columns ([`channel_index`](refalt_core::Track::channel_index)) and means.
    pub tracks: Vec<TrackSet>,
    /// Angles of the position embeddings.
    pub angles: Angles,
    /// How candidate splice sites are chosen; `within` is that of each query.
    pub sites: CandidateOptions,
    /// Columns that heads have been cut to, of models made small for tests; their tracks are those of the first columns.
    pub cut_to: Option<usize>,
    /// Threads of a prediction. Predictions follow one another: memory is that of one.
    pub threads: NonZeroUsize,
    /// Version of the weights, for the card.
    pub version: String,
    /// Digest of the weights, for the card.
    pub digest: String,
}

/// The open AlphaGenome model of one organism.
pub struct AlphaGenome {
    card: ModelCard,
    network: Network,
    sites: CandidateOptions,
    threads: rayon::ThreadPool,
    /// Held by the prediction that runs: the pass of the reference before, which often is that of the next.
    turn: Mutex<Option<Pass>>,
}

/// Why there is no answer.
enum Failure {
    /// Nobody waits for it any more.
    Stopped,
    /// Values do not make a prediction, which no check before would have let pass.
    Shape(String),
}

impl Failure {
    fn shape(error: impl std::fmt::Display) -> Self {
        Self::Shape(error.to_string())
    }
}

impl From<Stopped> for Failure {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl AlphaGenome {
    /// Reads the model.
    ///
    /// # Errors
    /// [`WeightsError`] when arrays are missing or do not fit.
    ///
    /// # Panics
    /// When the system gives no threads.
    pub fn read(weights: &dyn Weights, options: Options) -> Result<Self, WeightsError> {
        let organism = match options.organism {
            Organism::Human => 0,
            Organism::Mouse => 1,
        };
        let tracks = match options.cut_to {
            None => options.tracks,
            Some(columns) => options.tracks.iter().map(|set| first_columns(set, columns)).collect(),
        };
        let tracks: Vec<TrackSet> = tracks.into_iter().filter(|set| !set.tracks.is_empty()).collect();
        let network = Network::read(weights, organism, &tracks, options.angles, options.cut_to)?;
        let bp = |length| NonZeroU32::new(length).expect("the length is written here and not 0");
        let version = match options.angles {
            Angles::Bfloat16 => options.version,
            Angles::Float32 => format!("{}, {} angles", options.version, options.angles),
        };
        let card = ModelCard {
            name: "alphagenome".to_owned(),
            version,
            digest: options.digest,
            organism: options.organism.name().to_owned(),
            licence: "AlphaGenome Model Terms: weights, outputs and what derives from them for non-commercial use only, not to be \
                      redistributed"
                .to_owned(),
            citation: "Avsec et al. 2026, Nature 649:1206, doi:10.1038/s41586-025-10014-0".to_owned(),
            lengths: WindowLengths::Multiples {
                step: bp(STEP_BP),
                least: bp(STEP_BP),
                most: bp(LONGEST_BP),
            },
            outputs: tracks,
        };
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(options.threads.get())
            .thread_name(|index| format!("alphagenome {index}"))
            .build()
            .expect("the system gives threads to a process that has none yet");
        Ok(Self {
            card,
            network,
            sites: options.sites,
            threads,
            turn: Mutex::new(None),
        })
    }

    /// Answers a query while `probe` sees the output of each block.
    ///
    /// # Errors
    /// [`BackendError`] when the model does not give what is asked for.
    pub fn answer(&self, query: &Query<'_>, probe: Probe<'_>) -> Result<Answer, BackendError> {
        self.check(query)?;
        // A panic of another prediction leaves nothing behind.
        let mut last = self.turn.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let last: &mut Option<Pass> = &mut last;
        self.threads.install(|| self.predict_one(query, probe, last))
    }

    fn failed(&self, query: &Query<'_>, reason: String) -> BackendError {
        BackendError::Query {
            model: self.card.name.clone(),
            window: query.window.to_string(),
            reason,
        }
    }

    fn check(&self, query: &Query<'_>) -> Result<(), BackendError> {
        let length = query.window.length();
        if !self.card.lengths.allow(length) {
            return Err(BackendError::LengthUnknown {
                model: self.card.name.clone(),
                length,
                allowed: self.card.lengths.to_string(),
            });
        }
        let sequences = std::iter::once(query.reference).chain(query.alternates);
        for sequence in sequences {
            if sequence.len() != length.get() as usize {
                let reason = format!("a sequence has {} bases, the window {length}", sequence.len());
                return Err(self.failed(query, reason));
            }
        }
        if !query.alignments.is_empty() && query.alignments.len() != query.alternates.len() {
            let (found, wanted) = (query.alignments.len(), query.alternates.len());
            return Err(self.failed(query, format!("{found} alignments for {wanted} alternates")));
        }
        for request in query.outputs {
            let Some(tracks) = self.card.tracks(request.output) else {
                return Err(BackendError::OutputUnknown {
                    model: self.card.name.clone(),
                    output: request.output,
                });
            };
            let all = BinSpan::all(query.window, tracks.resolution);
            let hull = request.spans.hull();
            if !all.covers(hull) {
                let reason = format!(
                    "bins {}..{} of {} reach outside the {} bins of the window",
                    hull.start(),
                    hull.end(),
                    request.output,
                    all.len()
                );
                return Err(self.failed(query, reason));
            }
        }
        Ok(())
    }

    /// * `last`: the pass of the reference before, in whose place that of this query is left.
    fn predict_one(
        &self,
        query: &Query<'_>,
        probe: Probe<'_>,
        last: &mut Option<Pass>,
    ) -> Result<Answer, BackendError> {
        let failed = |failure: Failure| match failure {
            Failure::Shape(reason) => self.failed(query, reason),
            Failure::Stopped => BackendError::Abandoned {
                model: self.card.name.clone(),
                window: query.window.to_string(),
            },
        };
        let stopped = |stopped: Stopped| failed(stopped.into());
        let tokens = query.reference.len() / crate::encoder::TOKEN_BP;
        let decoded = Pieces::over(self.bases_read(query).as_slice().iter().map(range), tokens);
        let junctions = query
            .outputs
            .iter()
            .find(|request| request.output == OutputType::SpliceJunctions);

        let context = Context {
            network: &self.network,
            probe,
            abandoned: query.abandoned,
        };
        let run = |pass: &Pass, alignment| -> Result<(Assembled, Option<Sites>), BackendError> {
            let sites = junctions.map(|request| Sites::new(query, request, alignment, &self.sites));
            Assembled::of(context, pass, query, &decoded, sites).map_err(failed)
        };
        // One place is asked about often: base by base, variant by variant in one interval.
        let bases = query.reference.as_bytes();
        let again = last.take().and_then(|pass| pass.again(bases, &decoded));
        let pass = match again {
            Some(pass) => pass,
            None => Pass::reference(context, bases, &decoded).map_err(stopped)?,
        };
        let (reference, sites) = run(&pass, None)?;
        let mut alternates: Vec<(Assembled, Option<Seen>)> = Vec::with_capacity(query.alternates.len());
        for (index, alternate) in query.alternates.iter().enumerate() {
            let Some(pass) = pass.alternate(context, alternate.as_bytes()).map_err(stopped)? else {
                // The same bases: the same outputs, and the same sites.
                alternates.push((reference.clone(), None));
                continue;
            };
            let (assembled, sites) = run(&pass, query.alignments.get(index))?;
            alternates.push((assembled, sites.map(|sites| (sites, pass.forget()))));
        }
        let (Some(sites), Some(request), Some((tracks, Head::Junctions(head)))) =
            (sites, junctions, self.network.head(OutputType::SpliceJunctions))
        else {
            *last = Some(pass);
            return Ok(Answer {
                reference: reference.into_outputs(),
                alternates: alternates
                    .into_iter()
                    .map(|(assembled, _)| assembled.into_outputs())
                    .collect(),
            });
        };
        let own = (sites, pass);
        let counting = Counting {
            context,
            head,
            tracks,
            query,
            request,
            options: &self.sites,
        };
        let alone = || counting.alone(&own).map_err(failed);
        let mut of_reference = None;
        let mut outputs = Vec::with_capacity(alternates.len());
        for (assembled, seen) in alternates {
            let [beside, junctions] = match &seen {
                Some(seen) => counting.pair(&own, seen).map_err(failed)?,
                None => {
                    let own = alone()?;
                    [own.clone(), own]
                }
            };
            of_reference = Some(beside.clone());
            let assembled = assembled.into_outputs();
            outputs.push(assembled.with_junctions(junctions).with_reference_junctions(beside));
        }
        // With one alternate, the reference is shown with the sites of the pair.
        let of_reference = match of_reference {
            Some(beside) if outputs.len() == 1 => beside,
            _ => alone()?,
        };
        *last = Some(own.1);
        Ok(Answer {
            reference: reference.into_outputs().with_junctions(of_reference),
            alternates: outputs,
        })
    }

    /// Returns the bases whose embeddings are read.
    fn bases_read(&self, query: &Query<'_>) -> BinSpans {
        let at_1_bp = |request: &&OutputRequest| {
            let resolution = self.card.tracks(request.output).map(|tracks| tracks.resolution);
            resolution == Some(Resolution::BP_1)
        };
        let spans = query.outputs.iter().filter(at_1_bp);
        spans.fold(BinSpans::default(), |all, request| match request.output {
            // An alternate's bases that lie on these may lie beside them.
            OutputType::SpliceJunctions => query
                .alignments
                .iter()
                .fold(all.union(&request.spans), |all, alignment| {
                    all.union(&alignment.sources(&request.spans))
                }),
            _ => all.union(&request.spans),
        })
    }
}

/// Returns the tracks of the first columns.
fn first_columns(set: &TrackSet, columns: usize) -> TrackSet {
    let is_first = |track: &&refalt_core::Track| track.channel_index.is_none_or(|column| (column as usize) < columns);
    TrackSet {
        tracks: set.tracks.iter().filter(is_first).cloned().collect(),
        ..set.clone()
    }
}

fn range(span: &BinSpan) -> Range<usize> {
    span.start()..span.end()
}

impl Backend for AlphaGenome {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn is_slow(&self) -> bool {
        true
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        queries.iter().map(|query| self.answer(query, Probe::NONE)).collect()
    }
}
