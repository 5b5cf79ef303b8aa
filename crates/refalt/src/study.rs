//! A study: audit, scores, comparison with measurement, figures and a report, from one file.
//!
//! Each step is also a command of its own; a study only puts them in a row and writes the report. Running it again
//! repeats what is quick and goes on with the scoring where it stopped.

mod file;
mod section;

pub use file::{
    AuditPart, CreatedPart, FeaturePart, LintPart, LocusPart, ReferencePart, ScorePart, ShowPart, StartPart, StudyFile,
    StudyFileError, ValidatePart,
};

use crate::diagnostic::Diagnostic;
use crate::engine::{Observer, PlanOptions, RunError, Summary, TableOptions};
use crate::figure::{self, FigureError};
use crate::io::fasta::{FastaError, FastaReference};
use crate::io::motif::{MotifReadError, MotifRecord, read_path};
use crate::io::variants::{ReadError, ReadOptions, Source};
use crate::measured::EffectAllele;
use crate::motif_set::{MotifSet, MotifSetError};
use crate::provenance::VERSION;
use crate::reference_assembly::ReferenceAssembly;
use crate::report::{Report, ReportError, figures_of};
use crate::scoring::{ScoreRequest, Scoring, ScoringError};
use crate::validate::{
    AnalysisColumns, Collapse, Condition, IntervalKind, LabelRule, NamedVariant, Pairing, RowKey, StratumRule,
    TruthColumns, ValidateFilesError, ValidateOptions, ValidateRequest, Validation, check_folder, named_variants,
    validate_files,
};
use refalt_core::nearest::question;
use refalt_core::normalize::VariantError;
use refalt_core::{Assembly, CheckedVariant, Position, Reference, check};
use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A study whose file is read.
#[derive(Clone, Debug)]
pub struct Study {
    file: StudyFile,
    out: PathBuf,
    threads: usize,
}

/// A step of a study, told before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The list of variants is audited.
    Audit,
    /// Variants are scored.
    Score {
        /// Rows to score.
        rows: u64,
    },
    /// Scores are compared with measurements.
    Validate,
    /// Figures and report are made.
    Report,
}

/// Is told how a study goes.
pub trait StudyObserver: Observer {
    /// A step begins.
    fn begins(&mut self, step: Step);
}

/// What a study came to.
#[derive(Clone, Debug)]
pub struct StudyOutcome {
    /// The report.
    pub report: PathBuf,
    /// The scoring run.
    pub scores: Summary,
    /// The comparison.
    pub validation: Validation,
}

/// A study stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyError {
    /// The study file cannot be used.
    #[error(transparent)]
    File(#[from] StudyFileError),
    /// A value of the study cannot be used.
    #[error("the study's {what} `{value}` cannot be used: {reason}")]
    Value {
        /// The key.
        what: &'static str,
        /// The value.
        value: String,
        /// Why.
        reason: String,
    },
    /// The scoring cannot start.
    #[error(transparent)]
    Scoring(#[from] ScoringError),
    /// The scoring stopped.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The comparison cannot be made.
    #[error(transparent)]
    Validate(#[from] ValidateFilesError),
    /// The results of the comparison cannot be written.
    #[error(transparent)]
    Results(#[from] crate::validate::ValidateError),
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// A table cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A motif cannot be read.
    #[error(transparent)]
    Motif(#[from] MotifReadError),
    /// Motifs cannot be used.
    #[error(transparent)]
    Motifs(#[from] MotifSetError),
    /// A named variant is not accepted.
    #[error("the named variant `{name}` is not accepted: {reason}")]
    Named {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A figure cannot be drawn or written.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The report cannot be set or written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A folder cannot be made.
    #[error("cannot create the folder `{path}`: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The audit cannot be made.
    #[error(transparent)]
    Audit(#[from] crate::vet::VetError),
}

impl Diagnostic for StudyError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Run(error) => error.place(),
            Self::Read(error) => error.place(),
            Self::Audit(error) => error.place(),
            Self::Validate(error) => error.place(),
            Self::Motif(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Scoring(error) => error.hint(),
            Self::Run(error) => error.hint(),
            Self::Validate(error) => error.hint(),
            Self::Results(error) => error.hint(),
            Self::Reference(error) => error.hint(),
            Self::Read(error) => error.hint(),
            Self::Motif(error) => error.hint(),
            Self::Motifs(error) => error.hint(),
            Self::Figure(error) => error.hint(),
            Self::Report(error) => error.hint(),
            Self::Audit(error) => error.hint(),
            Self::File(StudyFileError::Form { nearest, .. }) => question(nearest),
            Self::File(_) | Self::Value { .. } | Self::Named { .. } => None,
            Self::Folder { .. } => Some("give another folder with --out".to_owned()),
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::File(_) | Self::Value { .. } => true,
            Self::Scoring(error) => error.is_usage(),
            Self::Validate(error) => error.is_usage(),
            Self::Read(error) => error.is_usage(),
            Self::Motifs(error) => error.is_usage(),
            Self::Audit(error) => error.is_usage(),
            _ => false,
        }
    }
}

/// What the sections of the report draw on.
pub(crate) struct Findings<'a> {
    pub(crate) file: &'a StudyFile,
    pub(crate) reference: &'a FastaReference,
    pub(crate) audit: Option<crate::vet::VetReport>,
    pub(crate) scores: Summary,
    pub(crate) validation: Validation,
    pub(crate) named: Vec<Named>,
    pub(crate) motif: MotifRecord,
    pub(crate) motifs: MotifSet,
}

/// A named variant, checked.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) variant: CheckedVariant,
}

impl Study {
    /// Reads a study file.
    ///
    /// * `out`: output folder in place of the study's own.
    ///
    /// # Errors
    /// [`StudyFileError`] names what is wrong with the file.
    pub fn read(path: &Path, out: Option<&Path>, threads: usize) -> Result<Self, StudyFileError> {
        let file = StudyFile::read(path)?;
        let out = out.map_or_else(|| file.out.clone(), Path::to_owned);
        Ok(Self { file, out, threads })
    }

    /// Returns the output folder.
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Runs the study and writes its folder.
    ///
    /// # Errors
    /// [`StudyError`]; what was finished before stays good.
    pub fn run(&self, observer: &mut dyn StudyObserver) -> Result<StudyOutcome, StudyError> {
        let file = &self.file;
        // What the study says is read before anything is computed.
        let truth = self.truth_columns()?;
        let options = self.validate_options()?;
        let reading = self.reading()?;
        let compared = self.out.join("validate");
        check_folder(&compared)?;
        let reference = FastaReference::open(&file.reference.fasta)?;
        let known = ReferenceAssembly::of(&reference, self.stated_assembly()).map_err(ScoringError::from)?;
        let named = checked(&named_variants(&file.validate.named, &reference, known)?, &reference)?;
        let motif = self.motif()?;
        section::check(file, &named)?;

        let audit = match &file.audit {
            Some(part) => {
                observer.begins(Step::Audit);
                Some(self.audit(part)?)
            }
            None => None,
        };
        let scoring = Scoring::prepare(&self.score_request(), &|_| {})?;
        let run = self.out.join("scores");
        let comparison = self.validate_request(&run, truth, options, reading);
        comparison.options.check_tracks(&scoring.plan().written())?;
        observer.begins(Step::Score { rows: scoring.rows() });
        let scores = scoring.run(&run, observer)?;
        observer.begins(Step::Validate);
        let validation = validate_files(&comparison)?;
        validation.write(&compared)?;
        observer.begins(Step::Report);
        let motifs = MotifSet::new(None, &[], file.show.site_p_value)?;
        let findings = Findings {
            file,
            reference: &reference,
            audit,
            scores,
            validation,
            named,
            motif,
            motifs,
        };
        let report = self.report(&findings)?;
        Ok(StudyOutcome {
            report,
            scores: findings.scores,
            validation: findings.validation,
        })
    }

    /// Returns the assembly that the study vouches for, where it is one that refalt knows.
    fn stated_assembly(&self) -> Option<Assembly> {
        Assembly::from_name(&self.file.reference.stated_assembly)
    }

    fn audit(&self, part: &AuditPart) -> Result<crate::vet::VetReport, StudyError> {
        let request = crate::vet::VetRequest {
            assembly: self.stated_assembly(),
            chain: part.chain.clone(),
            genes: part.genes.clone(),
            out: Some(self.out.join("audit")),
            threads: self.threads,
            ..crate::vet::VetRequest::new(Source::Path(part.variants.clone()), self.file.reference.fasta.clone())
        };
        Ok(crate::vet::vet_files(&request)?)
    }

    fn score_request(&self) -> ScoreRequest {
        let part = &self.file.score;
        ScoreRequest {
            variants: Source::Path(part.variants.clone()),
            reading: ReadOptions::default(),
            reference: self.file.reference.fasta.clone(),
            assembly: self.stated_assembly(),
            model: part.model.clone(),
            plan: PlanOptions {
                scorers: part.scorers.clone(),
                window: part.window_bp,
                tracks: part.tracks.clone(),
                rows_per_part: None,
                annotation: None,
                table: TableOptions::default(),
            },
            genes: None,
            threads: self.threads,
        }
    }

    fn truth_columns(&self) -> Result<TruthColumns, StudyError> {
        let part = &self.file.validate;
        let condition = |what, text: &String| read::<Condition>(what, text);
        let label = |text: &String| match text.parse::<f64>() {
            Ok(least) if least.is_finite() => Ok(LabelRule::Magnitude(least)),
            _ => condition("label", text).map(LabelRule::Column),
        };
        Ok(TruthColumns {
            effect: part.effect.clone(),
            effect_allele: part.effect_allele.as_deref().map(EffectAllele::named),
            experiment: part.experiment.clone(),
            gene: part.gene.clone(),
            keep: part
                .keep
                .iter()
                .map(|text| condition("condition", text))
                .collect::<Result<_, _>>()?,
            labels: part.labels.iter().map(label).collect::<Result<_, _>>()?,
            analysis: AnalysisColumns {
                weight: part.weight.clone(),
                group: part.group.as_deref().map(RowKey::read),
                cluster: part.cluster.as_deref().map(RowKey::read),
                covariates: part.covariates.clone(),
                strata: part
                    .stratify
                    .iter()
                    .map(|text| read::<StratumRule>("stratify", text))
                    .collect::<Result<_, _>>()?,
            },
        })
    }

    /// Reads the choices of the comparison.
    fn validate_options(&self) -> Result<ValidateOptions, StudyError> {
        let part = &self.file.validate;
        let default = ValidateOptions::default();
        let interval = part.interval.as_deref().map(|name| {
            IntervalKind::from_name(name).ok_or_else(|| StudyError::Value {
                what: "interval",
                value: name.to_owned(),
                reason: format!("known: {}", IntervalKind::ALL.map(IntervalKind::name).join(", ")),
            })
        });
        if part.cluster.is_some() && part.block.is_some() {
            return Err(StudyError::Value {
                what: "block",
                value: part.block.unwrap_or_default().to_string(),
                reason: "`cluster` says already what is resampled together".to_owned(),
            });
        }
        if part.replicate_experiments && part.experiment.is_none() {
            return Err(StudyError::Value {
                what: "replicate_experiments",
                value: "true".to_owned(),
                reason: "it needs `experiment`, the column that tells the replicates apart".to_owned(),
            });
        }
        Ok(ValidateOptions {
            scorers: part.scorers.clone(),
            summaries: part.summaries.clone(),
            tracks: part.tracks.clone(),
            collapse: self.collapse()?,
            permutations: part.permutations,
            replicates: part.replicates,
            seed: part.seed,
            interval: interval.transpose()?.unwrap_or(default.interval),
            level: part.level.unwrap_or(default.level),
            top_tracks: part.top_tracks.unwrap_or(default.top_tracks),
            block_bp: part.block.map_or(default.block_bp, NonZeroU32::new),
            compare: part
                .compare
                .iter()
                .map(|text| read::<Pairing>("compare", text))
                .collect::<Result<_, _>>()?,
            replicate_experiments: part.replicate_experiments,
            ..default
        })
    }

    fn collapse(&self) -> Result<Option<Collapse>, StudyError> {
        let Some(name) = &self.file.validate.collapse else {
            return Ok(None);
        };
        let known = Collapse::from_name(name);
        known.map(Some).ok_or_else(|| StudyError::Value {
            what: "collapse",
            value: name.clone(),
            reason: format!("known: {}", Collapse::ALL.map(Collapse::name).join(", ")),
        })
    }

    /// Reads which columns make the variant of the truth table.
    fn reading(&self) -> Result<ReadOptions, StudyError> {
        let text = self.file.validate.columns.as_deref().unwrap_or_default();
        Ok(ReadOptions {
            columns: read("columns", text)?,
            ..ReadOptions::default()
        })
    }

    fn validate_request(
        &self,
        run: &Path,
        columns: TruthColumns,
        options: ValidateOptions,
        reading: ReadOptions,
    ) -> ValidateRequest {
        let part = &self.file.validate;
        ValidateRequest {
            run: run.to_owned(),
            against: part.against.clone(),
            reference: self.file.reference.fasta.clone(),
            truth: Source::Path(part.truth.clone()),
            reading,
            measured: None,
            columns,
            named: Some(part.named.clone()),
            genes: part.genes.clone(),
            options,
            threads: self.threads,
        }
    }

    fn motif(&self) -> Result<MotifRecord, StudyError> {
        let path = &self.file.show.motif;
        let first = read_path(path)?.into_iter().next();
        first.ok_or_else(|| StudyError::Value {
            what: "motif",
            value: path.display().to_string(),
            reason: "it holds none".to_owned(),
        })
    }

    /// Draws the figures, writes each beside its data, and sets the report.
    fn report(&self, findings: &Findings<'_>) -> Result<PathBuf, StudyError> {
        let sections = section::all(findings)?;
        let folder = self.out.join("figures");
        std::fs::create_dir_all(&folder).map_err(|source| StudyError::Folder {
            path: folder.clone(),
            source,
        })?;
        for figure in figures_of(&sections) {
            figure::write(figure, &folder)?;
        }
        let file = findings.file;
        let report = Report {
            title: file.title.clone(),
            subtitle: file.subtitle.clone(),
            sections,
            provenance: provenance(findings),
            footer: footer(file),
        };
        let path = self.out.join("report.html");
        report.write(&path)?;
        Ok(path)
    }
}

/// Reads a value of the study.
fn read<T: FromStr<Err: Display>>(what: &'static str, text: &str) -> Result<T, StudyError> {
    text.parse().map_err(|error: T::Err| StudyError::Value {
        what,
        value: text.to_owned(),
        reason: error.to_string(),
    })
}

fn checked(named: &[NamedVariant], reference: &dyn Reference) -> Result<Vec<Named>, StudyError> {
    let refused = |name: &str, reason: String| StudyError::Named {
        name: name.to_owned(),
        reason,
    };
    named
        .iter()
        .map(|one| {
            let variant = one
                .variant
                .as_ref()
                .map_err(|rejection| refused(&one.name, rejection.reason.clone()))?;
            let variant =
                check(variant, reference).map_err(|error: VariantError| refused(&one.name, error.to_string()))?;
            Ok(Named {
                name: one.name.clone(),
                variant,
            })
        })
        .collect()
}

fn provenance(findings: &Findings<'_>) -> Vec<(String, String)> {
    let manifest = &findings.scores.manifest;
    let identity = &manifest.identity;
    let file = |identity: &crate::provenance::FileIdentity| {
        format!(
            "{} ({} bytes, SHA-256 {})",
            identity.name, identity.bytes, identity.sha256
        )
    };
    let part = &findings.file.validate;
    let mut rows = vec![
        ("refalt".to_owned(), VERSION.to_owned()),
        ("variants".to_owned(), file(&identity.variants)),
        ("reference".to_owned(), file(&identity.reference)),
        ("assembly".to_owned(), identity.assembly.clone()),
        (
            "model".to_owned(),
            format!(
                "{} version {}, {}",
                manifest.model.name, manifest.model.version, manifest.model.digest
            ),
        ),
        ("licence of the scores".to_owned(), manifest.model.licence.clone()),
        ("scorers".to_owned(), identity.scorers.join("; ")),
        ("window".to_owned(), format!("{} bp", identity.window_bp)),
        (
            "random numbers".to_owned(),
            format!(
                "seed {}, {} permutations, {} bootstrap replicates",
                part.seed, part.permutations, part.replicates
            ),
        ),
    ];
    if !part.keep.is_empty() {
        rows.push(("measurements kept".to_owned(), part.keep.join(", ")));
    }
    rows
}

fn footer(file: &StudyFile) -> Vec<String> {
    let mut footer = file.sources.clone();
    footer.push(
        "For research; not for clinical decisions. Every figure's data lie beside it as a table, and every number of \
         this page is in the tables of the folder."
            .to_owned(),
    );
    footer
}

/// Returns the base that a 1-based number of the study names.
pub(crate) fn position(number: std::num::NonZeroU32) -> Position {
    Position::new(number.get()).unwrap_or(Position::FIRST)
}
