//! Scores of intervals: for each interval, gene and track how strong the predicted signal over the gene's exons is.
//!
//! Intervals come written out or as BED. Each becomes a window that a model reads: the interval itself, where it has such a
//! length, or the window of a named length around its middle. An [`IntervalSource`] scores it by the published interval
//! scorers: a model in process with gene models, or a service. Every interval is in the output with what became of it.

mod input;
mod plan;
mod run;
mod source;
mod tables;

pub use input::{IntervalsText, WindowRule};
pub use plan::{IntervalPlan, PlannedIntervalScorer};
pub use run::{IntervalCounts, UnscoredInterval};
pub use source::{IntervalBlock, IntervalJob, IntervalSource};
pub use tables::{FORMATS, TableFormat};

use crate::engine::ModelSource;
use crate::io::fasta::DigestProgress;
use crate::model;
use crate::predict::{Genome, PredictError, WorkIdentity, WorkManifest};
use crate::scoring::{GeneFiles, OpenGenes};
use crate::track_source::TrackSourceError;
use input::PlacedRow;
use refalt_core::Assembly;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Scores of intervals that are asked for.
#[derive(Clone, Debug)]
pub struct IntervalRequest {
    /// The intervals.
    pub intervals: IntervalsText,
    /// The reference sequence, FASTA.
    pub reference: PathBuf,
    /// The assembly of the reference, where its content does not prove it and the user vouches for it.
    pub assembly: Option<Assembly>,
    /// The model, by name.
    pub model: String,
    /// Scorers by name or text, in order; `recommended` stands for those of the published protocol that the model can
    /// serve.
    pub scorers: Vec<String>,
    /// Tracks in the language of [`refalt_core::track_selection`]; all when not given.
    pub tracks: Option<String>,
    /// Length in bp of the window around the middle of each interval; the intervals themselves when not given.
    pub window: Option<NonZeroU32>,
    /// Gene annotation; a service brings its own.
    pub genes: Option<GeneFiles>,
    /// Whether rows whose gene and track lie on different strands are left out.
    pub match_gene_strand: bool,
    /// Whether the tracks of the two strands are made one.
    pub merge_stranded: bool,
    /// The formats of the tables.
    pub formats: Vec<TableFormat>,
    /// Threads that compute.
    pub threads: usize,
}

impl IntervalRequest {
    /// Returns a request with the defaults: the motif model, the recommended scorers, Parquet.
    pub fn new(intervals: IntervalsText, reference: PathBuf) -> Self {
        Self {
            intervals,
            reference,
            assembly: None,
            model: "motif".to_owned(),
            scorers: vec![crate::engine::RECOMMENDED_NAME.to_owned()],
            tracks: None,
            window: None,
            genes: None,
            match_gene_strand: true,
            merge_stranded: false,
            formats: vec![TableFormat::Parquet],
            threads: 1,
        }
    }
}

/// Scores of intervals whose inputs are open and checked.
pub struct IntervalScoring {
    source: Box<dyn IntervalSource>,
    plan: IntervalPlan,
    genome: Genome,
    genes: Option<OpenGenes>,
    rows: Vec<PlacedRow>,
    digest: String,
    request: IntervalRequest,
    notes: Vec<String>,
}

impl IntervalScoring {
    /// Opens everything and checks it, with the model that the request names.
    ///
    /// # Errors
    /// [`PredictError`]; nothing is written.
    pub fn prepare(
        request: &IntervalRequest,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, PredictError> {
        let model = model::open(&request.model).map_err(TrackSourceError::from)?;
        Self::prepare_with(Box::new(ModelSource(model)), request, digesting)
    }

    /// Prepares like [`prepare`](Self::prepare) with a source of the caller's; the name of the model is not read.
    ///
    /// # Errors
    /// [`PredictError`]; nothing is written.
    pub fn prepare_with(
        source: Box<dyn IntervalSource>,
        request: &IntervalRequest,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, PredictError> {
        let has_genes = source.brings_genes() || request.genes.is_some();
        let plan = IntervalPlan::new(source.card(), has_genes, request)?;
        let intervals = request.intervals.read()?;
        let genome = Genome::open(&request.reference, request.assembly, digesting)?;
        intervals.check_assembly(genome.known)?;
        let mut notes = genome.notes.clone();
        notes.extend(genome.check_model(source.card())?);
        notes.extend(plan.notes());
        notes.extend(intervals.notes());
        let genes = request.genes.as_ref().map(GeneFiles::open).transpose()?;
        if let Some(genes) = &genes {
            notes.extend(genes.check(&genome.reference, genome.known)?);
        }
        let rule = WindowRule {
            lengths: source.card().lengths.clone(),
            length: request.window,
            widest: plan.widest(),
        };
        let digest = intervals.digest();
        let rows = intervals.rows.into_iter().map(|row| row.placed(&genome, &rule));
        Ok(Self {
            rows: rows.collect(),
            digest,
            source,
            plan,
            genome,
            genes,
            request: request.clone(),
            notes,
        })
    }

    /// Returns what the user may want to know of the inputs.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the number of intervals.
    pub fn intervals(&self) -> usize {
        self.rows.len()
    }

    /// Scores every interval and writes everything into a folder; the manifest comes last.
    ///
    /// * `progress`: told how many intervals are done.
    ///
    /// # Errors
    /// [`PredictError::Folder`] when the folder holds something else, [`PredictError::Source`] when the source cannot go on;
    /// nothing is left in the folder then that was not there.
    pub fn run(
        &self,
        out: &Path,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(WorkManifest, Vec<UnscoredInterval>), PredictError> {
        run::run(self, out, progress)
    }

    fn identity(&self) -> WorkIdentity {
        let (command, refalt, model) = WorkIdentity::base("score-interval", self.source.card());
        let mut options: Vec<String> = self
            .plan
            .scorers
            .iter()
            .map(|of| format!("scorer={}", of.text))
            .collect();
        options.push(format!("match_gene_strand={}", self.request.match_gene_strand));
        options.push(format!("merge_stranded={}", self.request.merge_stranded));
        options.extend(
            self.request
                .formats
                .iter()
                .map(|format| format!("format={}", format.name())),
        );
        let subject = match self.rows.as_slice() {
            [one] if one.row.line.is_none() => one.row.as_written.clone(),
            rows => format!("{} intervals, sha256:{}", rows.len(), self.digest),
        };
        WorkIdentity {
            command,
            refalt,
            model,
            subject,
            window: match self.request.window {
                Some(length) => format!("{length} bp around the middle of each interval"),
                None => "the intervals as they are".to_owned(),
            },
            reference: Some(self.genome.identity.clone()),
            assembly: Some(self.genome.known.to_string()),
            stated_assembly: self.genome.known.stated().map(|assembly| assembly.name().to_owned()),
            annotation: self.genes.as_ref().map(|genes| genes.identity.clone()),
            tracks: self.plan.selection.iter().map(ToString::to_string).collect(),
            options,
        }
    }
}
