//! Scoring a file of variants: everything between the names that a user gives and a run of the engine.

mod genes;

pub(crate) use genes::OpenGenes;
pub use genes::{GeneFiles, GeneFilesError, PolyaSource};

use crate::diagnostic::Diagnostic;
use crate::engine::{
    self, InputRow, ModelSource, Observer, Plan, PlanError, PlanOptions, Rejection, RunError, RunIdentity, ScoreSource,
    Setting, Summary, Survey,
};
use crate::io::fasta::{DigestProgress, FastaError, FastaReference};
use crate::io::variants::{Format, ReadError, ReadOptions, Source, VariantReader, VariantRow};
use crate::model::alphagenome::check_reference;
use crate::model::{self, ModelError};
use crate::provenance::{FileIdentity, VERSION};
use crate::reference_assembly::{
    AssemblyContradicted, AssemblyRecord, AssemblyRefused, ReferenceAssembly, StatedByVariants,
};
use crate::spool::{Spool, SpoolError};
use refalt_core::backend::ModelCard;
use refalt_core::{Assembly, Organism, Reference};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What to score, with what, into which folder.
#[derive(Clone, Debug)]
pub struct ScoreRequest {
    /// The variants.
    pub variants: Source,
    /// How to read them.
    pub reading: ReadOptions,
    /// The reference sequence, FASTA.
    pub reference: PathBuf,
    /// The assembly of the reference, where its content does not prove it and the user vouches for it.
    pub assembly: Option<Assembly>,
    /// The model, by name.
    pub model: String,
    /// Scorers, window, parts, layout; its annotation is replaced by that of `genes`.
    pub plan: PlanOptions,
    /// Gene annotation, for scorers that work by gene.
    pub genes: Option<GeneFiles>,
    /// Threads that compute.
    pub threads: usize,
}

/// A scoring job whose inputs are open and whose plan holds.
pub struct Scoring {
    reading: ReadOptions,
    input: Spool,
    reference: FastaReference,
    known: ReferenceAssembly,
    stated: AssemblyRecord,
    source: Box<dyn ScoreSource>,
    plan: Plan,
    identity: RunIdentity,
    rows: u64,
    notes: Vec<String>,
    threads: usize,
}

/// A scoring job cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScoringError {
    /// The model is not known.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The plan does not hold.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// The variants cannot be read.
    #[error(transparent)]
    Variants(#[from] ReadError),
    /// The variants cannot be kept for a second reading.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The gene annotation cannot be used.
    #[error(transparent)]
    Genes(#[from] GeneFilesError),
    /// A file cannot be digested.
    #[error("cannot read `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The user states another assembly of the reference than its content proves.
    #[error(transparent)]
    Contradicted(#[from] AssemblyContradicted),
    /// What the variants state of their assembly does not go with the reference.
    #[error(transparent)]
    Assemblies(#[from] AssemblyRefused),
    /// The service reads the genome of another assembly than the reference.
    #[error("`{model}` reads the {organism} genome {reads}, and the reference `{reference}` {known}")]
    OtherGenome {
        /// The model's name.
        model: String,
        /// The common name of its organism.
        organism: &'static str,
        /// The assembly that it reads.
        reads: Assembly,
        /// The reference.
        reference: PathBuf,
        /// What is known of its assembly.
        known: ReferenceAssembly,
    },
}

/// Refuses a service that scores another genome than the reference: it would find other bases at the positions.
fn refuse_other_genome(card: &ModelCard, request: &ScoreRequest, known: ReferenceAssembly) -> Result<(), ScoringError> {
    let Some(organism) = Organism::from_name(&card.organism) else {
        return Ok(());
    };
    match known.known() {
        Some(assembly) if assembly != organism.assembly() => Err(ScoringError::OtherGenome {
            model: card.name.clone(),
            organism: organism.common_name(),
            reads: organism.assembly(),
            reference: request.reference.clone(),
            known,
        }),
        _ => Ok(()),
    }
}

impl Diagnostic for ScoringError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Genes(error) => error.place(),
            Self::Model(error) => error.place(),
            Self::Plan(error) => error.place(),
            Self::Reference(error) => error.place(),
            Self::Variants(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.hint(),
            Self::Plan(error) => error.hint(),
            Self::Reference(error) => error.hint(),
            Self::Genes(error) => error.hint(),
            Self::Variants(error) => error.hint(),
            Self::Spool(_) | Self::Unreadable { .. } => None,
            Self::Contradicted(error) => Some(error.hint()),
            Self::OtherGenome { reads, .. } => Some(format!(
                "give variants and reference on {reads}, or name the other organism with --organism"
            )),
            Self::Assemblies(error) => Some(error.hint()),
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Model(error) => error.is_usage(),
            Self::Plan(error) => error.is_usage(),
            Self::Variants(error) => error.is_usage(),
            Self::Contradicted(_) => true,
            _ => false,
        }
    }
}

impl Scoring {
    /// Opens everything, makes the plan, identifies the inputs and counts the rows.
    ///
    /// The reference is digested when no digests lie beside it, to know its assembly by content; `digesting` is
    /// told how far that is.
    ///
    /// # Errors
    /// [`ScoringError`]; nothing is written.
    pub fn prepare(request: &ScoreRequest, digesting: &(dyn Fn(DigestProgress) + Sync)) -> Result<Self, ScoringError> {
        let source = ModelSource(model::open(&request.model)?);
        Self::prepare_with(Box::new(source), request, digesting)
    }

    /// Prepares like [`prepare`](Self::prepare) with a source of scores of the caller's; the name of the model is not read.
    ///
    /// # Errors
    /// [`ScoringError`]; nothing is written.
    pub fn prepare_with(
        source: Box<dyn ScoreSource>,
        request: &ScoreRequest,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, ScoringError> {
        let genes = request.genes.as_ref().map(GeneFiles::open).transpose()?;
        let plan = Plan::for_source(
            source.as_ref(),
            &PlanOptions {
                annotation: genes.as_ref().map(|genes| Arc::new(genes.annotation().clone())),
                ..request.plan.clone()
            },
        )?;
        let reference = FastaReference::open_identified(&request.reference, digesting)?;
        let mut notes: Vec<String> = reference.notes().iter().map(ToString::to_string).collect();
        notes.push(format!(
            "reference `{}`: {}",
            request.reference.display(),
            reference.assembly()
        ));
        if let Some(selection) = plan.selection() {
            let [written, given] = plan.tracks();
            notes.push(format!("tracks `{selection}`: {written} of {given}"));
            notes.extend(plan.statements().iter().map(ToString::to_string));
        }
        let window_bp = plan.window().get();
        for planned in plan.planned() {
            let wide = planned.scorer.width_bp().filter(|&width_bp| width_bp > window_bp);
            notes.extend(wide.map(|width_bp| {
                format!(
                    "`{}` reads {width_bp} bp around a variant, and the window has {window_bp} bp: its mask is cut to the window, give a \
                     longer --window",
                    planned.scorer
                )
            }));
        }
        if !plan.merged().is_empty() {
            let merged: Vec<String> = plan.merged().iter().map(ToString::to_string).collect();
            notes.push(format!("strands merged for scorers by gene: {}", merged.join(", ")));
        }
        let known = ReferenceAssembly::of(&reference, request.assembly)?;
        if known.stated().is_some() {
            notes.push(format!("reference `{}` {known}", request.reference.display()));
        }
        if source.is_service() {
            refuse_other_genome(source.card(), request, known)?;
        }
        notes.extend(check_reference(source.card(), known).map_err(ModelError::from)?);
        if let Some(genes) = &genes {
            notes.extend(genes.check(&reference, known)?);
        }
        if !plan.passed_over().is_empty() {
            let passed_over: Vec<String> = plan.passed_over().iter().map(ToString::to_string).collect();
            notes.push(format!("recommended scorers left out: {}", passed_over.join(", ")));
        }
        let input = Spool::of(&request.variants)?;
        let reader = input.open(&request.reading)?;
        let mut stated = StatedByVariants::of_header(reader.assembly_clues());
        stated.check_header(reader.name(), known)?;
        let name = reader.name().to_owned();
        let format = reader.format();
        let mut rows = 0;
        for row in reader {
            let row = row?;
            stated.add_row(row.row, row.said_assembly);
            rows += 1;
        }
        stated.check_rows(&name, known)?;
        let reference_file = FileIdentity::of(&request.reference).map_err(|source| ScoringError::Unreadable {
            path: request.reference.clone(),
            source,
        })?;
        let card = source.card();
        let identity = RunIdentity {
            refalt: VERSION.to_owned(),
            variants: input.identity().clone(),
            reading: described(&request.reading, format),
            reference: reference_file,
            assembly: reference.assembly().to_string(),
            stated_assembly: known.stated().map(|assembly| assembly.name().to_owned()),
            annotation: genes.as_ref().map(|genes| genes.identity.clone()),
            model: [card.name.clone(), card.version.clone(), card.digest.clone()],
            scorers: plan.scorers().map(str::to_owned).collect(),
            layout: plan.table().layout.name().to_owned(),
            terms: plan.table().terms,
            all_strands: !plan.table().match_gene_strand,
            merge_stranded: plan.table().merge_stranded,
            polya: genes.and_then(|genes| genes.polya),
            tracks: plan.selection().map(ToString::to_string),
            tracks_given: plan.selection_given().map(str::to_owned),
            quantiles: None,
            window_bp: plan.window().get(),
            rows_per_part: plan.rows_per_part(),
        };
        Ok(Self {
            reading: request.reading.clone(),
            input,
            stated: stated.record(known),
            known,
            reference,
            source,
            plan,
            identity,
            rows,
            notes,
            threads: request.threads,
        })
    }

    /// Returns the number of input rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Returns what the user may want to know of the inputs.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Returns the reference.
    pub fn reference(&self) -> &FastaReference {
        &self.reference
    }

    /// Says what a run would come to, without writing.
    ///
    /// # Errors
    /// [`RunError`] when the input cannot be read on, or the model cannot work.
    pub fn survey(&self) -> Result<Survey, RunError> {
        let rows = self.input_rows()?;
        engine::survey(&self.plan, rows, &self.reference, self.source.as_ref(), self.threads)
    }

    /// Says whether the job may write to a folder, without changing anything, and how many input rows are done there.
    ///
    /// # Errors
    /// [`RunError::Ledger`] when the folder holds another run, files that are no run, or a part that was damaged.
    pub fn check_folder(&self, out: &Path) -> Result<u64, RunError> {
        engine::check_folder(&self.identity, out)
    }

    /// Runs the job into a folder, or goes on where an earlier run stopped.
    ///
    /// # Errors
    /// [`RunError`]; what was finished before stays good.
    pub fn run(&self, out: &Path, observer: &mut dyn Observer) -> Result<Summary, RunError> {
        let rows = self.input_rows()?;
        let setting = Setting {
            plan: &self.plan,
            identity: &self.identity,
            assembly: &self.stated,
            reference: &self.reference,
            source: self.source.as_ref(),
            out,
            threads: self.threads,
        };
        engine::run(&setting, rows, observer)
    }

    fn input_rows(&self) -> Result<InputRows<'_>, RunError> {
        let reader = self
            .input
            .open(&self.reading)
            .map_err(|error| RunError::input(&error))?;
        Ok(InputRows {
            reader,
            reference: &self.reference,
            assembly: self.known,
        })
    }
}

/// The rows of a file as the engine takes them.
struct InputRows<'a> {
    reader: VariantReader,
    reference: &'a FastaReference,
    assembly: ReferenceAssembly,
}

impl Iterator for InputRows<'_> {
    type Item = Result<InputRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.reader.next()?;
        Some(row.map(|row| input_row(row, self.reference, self.assembly)))
    }
}

/// Turns a row of a file into one of the engine.
///
/// A row that states another assembly than that of the reference is not accepted.
pub fn input_row(mut row: VariantRow, reference: &dyn Reference, assembly: ReferenceAssembly) -> InputRow {
    row.resolve(reference);
    let text = row.text().into_owned();
    let variant = assembly.check_row(row.said_assembly).and_then(|()| {
        row.variant.map_err(|problem| Rejection {
            code: problem.code(),
            reason: problem.to_string(),
        })
    });
    InputRow {
        row: row.row,
        line: row.line,
        id: row.id.map(String::from),
        text,
        variant,
        repair: None,
    }
}

/// Returns what in the reading options decides the rows, as text.
fn described(reading: &ReadOptions, format: Format) -> Vec<String> {
    let mut described: Vec<String> = reading
        .columns
        .entries()
        .iter()
        .map(|(role, column)| format!("{}={column}", role.key()))
        .collect();
    // Without a header the name of a file may decide what it is, and a name is no part of the identity.
    described.push(format!("format={format}"));
    described
}
