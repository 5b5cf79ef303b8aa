//! A source of scores whose tracks are correlated in a known way.

use crate::synthetic::{Never, WINDOW, genome, identity, variants};
use refalt::core::backend::{ModelCard, WindowLengths};
use refalt::core::score::{Origin, ScoreBlock};
use refalt::core::scorer::ScoreRows;
use refalt::core::stats::{Purpose, RandomStream, normal_quantile};
use refalt::core::{Annotation, OutputType, Reference, Track, TrackSet};
use refalt::engine::{
    InputRow, Plan, PlanOptions, ScoreSource, Setting, Silent, SourceError, SourceJob, TableOptions, run,
};
use refalt::provenance::FileIdentity;
use refalt::reference_assembly::AssemblyRecord;
use std::path::Path;
use std::sync::Arc;

/// The scorer that the folders have.
pub(crate) const SCORER: &str = "ATAC";

/// Normal scores, correlated alike between tracks.
pub(crate) struct Correlated {
    card: ModelCard,
    correlation: f64,
    seed: u64,
    /// Raw scores below this size are 0 on the first track: ties.
    zeros_below: f64,
    /// Track `t` has its scores times `(t + 1) ^ spread`: tracks of different scale.
    spread: f64,
    /// The quantile score of every row.
    quantile: Option<f32>,
}

impl Correlated {
    pub(crate) fn new(tracks: usize, correlation: f64, seed: u64) -> Self {
        let track = |index: usize| Track {
            name: format!("track {index}"),
            ..Track::default()
        };
        Self {
            card: ModelCard {
                name: "correlated".to_owned(),
                version: "1".to_owned(),
                digest: "none".to_owned(),
                organism: "Homo sapiens".to_owned(),
                licence: "made-up numbers, of no meaning".to_owned(),
                citation: "none".to_owned(),
                lengths: WindowLengths::OneOf(vec![WINDOW]),
                outputs: vec![TrackSet {
                    output: OutputType::Atac,
                    resolution: OutputType::Atac.resolution(),
                    tracks: (0..tracks).map(track).collect(),
                }],
            },
            correlation,
            seed,
            zeros_below: 0.0,
            spread: 0.0,
            quantile: None,
        }
    }

    pub(crate) fn with_zeros_below(self, zeros_below: f64) -> Self {
        Self { zeros_below, ..self }
    }

    pub(crate) fn with_spread(self, spread: f64) -> Self {
        Self { spread, ..self }
    }

    pub(crate) fn with_quantile(self, quantile: f32) -> Self {
        let quantile = Some(quantile);
        Self { quantile, ..self }
    }

    fn scores(&self, place: u32) -> Vec<f32> {
        let mut stream = RandomStream::new(self.seed, Purpose::Sampling, u64::from(place));
        let mut normal = || normal_quantile(stream.next_fraction().max(1e-16)).unwrap();
        let shared = normal();
        let tracks = self.card.outputs[0].tracks.len();
        let score = |track: usize, own: f64| {
            let value = self.correlation.sqrt() * shared + (1.0 - self.correlation).sqrt() * own;
            let value = if track == 0 && value.abs() < self.zeros_below {
                0.0
            } else {
                value
            };
            (value * ((track + 1) as f64).powf(self.spread)) as f32
        };
        (0..tracks).map(|track| score(track, normal())).collect()
    }

    /// Scores so many variants into a folder.
    pub(crate) fn score(&self, count: u32, out: &Path) {
        self.score_from(0, count, out);
    }

    /// Scores so many variants, the ones after the first `before`, into a folder.
    pub(crate) fn score_from(&self, before: u32, count: u32, out: &Path) {
        let rows = variants(before + count).skip(before as usize).zip(1..);
        let rows = rows.map(|(row, number)| {
            row.map(|row| InputRow {
                row: number,
                line: number,
                ..row
            })
        });
        let rows: Vec<InputRow> = rows.map(Result::unwrap).collect();
        self.score_rows(rows, &genome(before + count), None, out);
    }

    /// Scores rows on a reference, which is the file `path` where it is one.
    pub(crate) fn score_rows(&self, rows: Vec<InputRow>, reference: &dyn Reference, path: Option<&Path>, out: &Path) {
        let options = PlanOptions {
            scorers: vec![SCORER.to_owned()],
            window: WINDOW,
            tracks: None,
            rows_per_part: Some(400),
            annotation: None::<Arc<Annotation>>,
            table: TableOptions::default(),
        };
        let plan = Plan::for_source(self, &options).unwrap();
        let mut identity = identity(&plan);
        // The numbers stand for another list of variants with each seed.
        identity.variants.sha256 = format!("seed {}", self.seed);
        if let Some(path) = path {
            identity.reference = FileIdentity::of(path).unwrap();
        }
        let setting = Setting {
            plan: &plan,
            identity: &identity,
            assembly: &AssemblyRecord::default(),
            reference,
            source: self,
            out,
            threads: 2,
        };
        run(&setting, rows.into_iter().map(Ok::<_, Never>), &mut Silent).unwrap();
    }
}

impl ScoreSource for Correlated {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn score(&self, _plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        let block = |job: &SourceJob<'_>| ScoreBlock {
            scorer: 0,
            rows: ScoreRows::One,
            raw: self.scores(job.variant.position().one_based()),
            quantile: self
                .quantile
                .map(|quantile| vec![quantile; self.card.outputs[0].tracks.len()]),
            terms: None,
            origin: Arc::new(Origin {
                source: "correlated".to_owned(),
                model_version: "1".to_owned(),
                answered_on: None,
            }),
        };
        jobs.iter().map(|job| Ok(vec![block(job)])).collect()
    }
}
