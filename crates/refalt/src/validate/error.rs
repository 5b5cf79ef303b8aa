//! Why a validation cannot be made.

use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use crate::figure::FigureError;
use crate::provenance::FileIdentity;
use crate::reference_fit::NotOnThisGenome;
use crate::report::ReportError;
use crate::track_source::TrackSourceError;
use refalt_core::nearest::question;
use refalt_core::stats::StatsError;
use std::io;
use std::path::PathBuf;

/// A validation cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ValidateError {
    /// The folder holds no finished run.
    #[error("`{folder}` holds no finished run: there is no `manifest.json`")]
    NotFinished {
        /// The folder.
        folder: PathBuf,
    },
    /// The manifest has another layout.
    #[error("the run in `{folder}` has layout {found}; this version reads layout {read}")]
    Layout {
        /// The folder.
        folder: PathBuf,
        /// Layout of the manifest.
        found: u32,
        /// The layout that is read.
        read: u32,
    },
    /// The run is in the wide layout.
    #[error("the run in `{folder}` has its scores in the wide layout")]
    WideLayout {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of the run is damaged or cannot be read.
    #[error(transparent)]
    Run(#[from] LedgerError),
    /// A table of the run cannot be read.
    #[error("cannot read the table `{path}`: {reason}")]
    Table {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The reference is not the one of the run.
    #[error(
        "the run was scored with the reference `{}` (SHA-256 {}), here `{}` (SHA-256 {}) is given",
        run.name, start(&run.sha256), given.name, start(&given.sha256)
    )]
    OtherReference {
        /// The reference of the run.
        run: Box<FileIdentity>,
        /// The reference given.
        given: Box<FileIdentity>,
    },
    /// The truth table cannot be read.
    #[error("{message}")]
    Truth {
        /// What and why.
        message: String,
        /// Where.
        place: Option<String>,
        /// What the user can do.
        hint: Option<String>,
    },
    /// Many rows have other bases than the reference.
    #[error(transparent)]
    NotOnThisGenome(#[from] NotOnThisGenome),
    /// The measured values are p-values.
    #[error("the measured effects of `{experiment}` are p-values and no effects: {evidence}")]
    PValues {
        /// The experiment.
        experiment: String,
        /// What the values are like.
        evidence: String,
    },
    /// A variant is measured twice in one experiment.
    #[error("measured more than once in one experiment ({total} in all): {}", shown.join("; "))]
    MeasuredTwice {
        /// How many variants.
        total: usize,
        /// The first of them, with experiment and lines.
        shown: Vec<String>,
        /// Whether an experiment column was named.
        has_experiments: bool,
    },
    /// No measured variant has scores.
    #[error("no measured variant has scores: of {rows} rows of the truth table {why}")]
    NothingJoined {
        /// Rows of the truth table.
        rows: u64,
        /// What became of them.
        why: String,
    },
    /// A name that the run or the summaries do not have.
    #[error("unknown {what} `{found}`")]
    Unknown {
        /// `scorer of the run`, `summary`.
        what: &'static str,
        /// The name.
        found: String,
        /// Names that come near.
        nearest: Vec<String>,
        /// All names, where they are few.
        known: Vec<String>,
    },
    /// The tracks asked for are not understood, or the run does not have them.
    #[error(transparent)]
    Tracks(#[from] TrackSourceError),
    /// Two rows of the score table claim the same place.
    #[error(
        "`{variant}` has more than one score by `{scorer}` on the track `{track}`{}",
        of_genes(genes)
    )]
    ScoredTwice {
        /// The variant.
        variant: String,
        /// The scorer.
        scorer: String,
        /// The track.
        track: String,
        /// The genes of the two scores, once when they are the same; none for scorers without genes.
        genes: Vec<String>,
        /// Whether the truth table was joined by gene.
        by_gene: bool,
    },
    /// The score table names something that the manifest or the track table does not.
    #[error("`{path}` names the {what} `{found}`, which the run's other tables do not have")]
    Unmatched {
        /// The file.
        path: PathBuf,
        /// What is named.
        what: &'static str,
        /// The name.
        found: String,
    },
    /// A cell of the truth table is not what its column is used for.
    #[error("line {line} of the truth table: the column `{column}` holds `{found}`, which is not {allowed}")]
    Cell {
        /// Line or record (1-based).
        line: u64,
        /// The column.
        column: String,
        /// The cell.
        found: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A column has more texts than strata can be read.
    #[error("the column `{column}` has {found} different values; at most {most} strata can be read")]
    Strata {
        /// The column.
        column: String,
        /// Different values.
        found: usize,
        /// The most.
        most: u32,
    },
    /// A name stands for several predictions.
    #[error("`{found}` is several predictions: `{}`", meant.join("`, `"))]
    Ambiguous {
        /// The name.
        found: String,
        /// The predictions.
        meant: Vec<String>,
    },
    /// Another run has no prediction of the same name.
    #[error("the run in `{folder}` has none of the predictions of the run that is validated")]
    NothingInCommon {
        /// The folder of the other run.
        folder: PathBuf,
    },
    /// Another run cannot be compared.
    #[error("the run in `{folder}` cannot be compared: {error}")]
    InOtherRun {
        /// Its folder.
        folder: PathBuf,
        /// Why.
        error: Box<ValidateError>,
    },
    /// A figure cannot be drawn or written.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The page cannot be set or written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// A file of the folder holds something else, and is not replaced.
    #[error("`{path}` is there and holds something else than this validation would write")]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// Intervals in closed form were asked for of rows in clusters.
    #[error(
        "`{option}` makes intervals in closed form, which take rows as independent, and rows are clustered by {cluster}"
    )]
    ClosedFormOfClusters {
        /// The option.
        option: &'static str,
        /// What makes the clusters.
        cluster: String,
    },
    /// Distances to transcription starts were asked for without gene models.
    #[error("`|tss_distance|` needs gene models")]
    NeedsGenes,
    /// No joined variant has a distance to a transcription start.
    #[error("the gene models `{genes}` have no transcription start for any of the joined variants")]
    NoTssDistance {
        /// The file.
        genes: String,
        /// Whether starts of named genes were looked for.
        by_gene: bool,
    },
    /// A covariate is the measured effect.
    #[error("the covariate `{column}` is the measured effect itself: nothing of the effect is left without it")]
    EffectAsCovariate {
        /// The column.
        column: String,
    },
    /// The run is compared with itself.
    #[error("`{folder}` is the run that is validated, or a copy: the same variants, model, scorers and settings")]
    SameRun {
        /// Its folder.
        folder: PathBuf,
    },
    /// Two of the other runs are one.
    #[error("`{folder}` is the run of `{other}`, or a copy: it would be compared twice")]
    SameOtherRun {
        /// Its folder.
        folder: PathBuf,
        /// That of the one before.
        other: PathBuf,
    },
    /// An option is out of its range.
    #[error(transparent)]
    Option(#[from] StatsError),
    /// An output cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// Names the genes of two scores.
fn of_genes(genes: &[String]) -> String {
    match genes {
        [] => String::new(),
        [gene] => format!(", for several junctions of the gene `{gene}`"),
        genes => format!(", for the genes `{}`", genes.join("` and `")),
    }
}

fn start(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

impl ValidateError {
    /// Takes over what a reader says.
    pub(super) fn of_truth(error: &impl Diagnostic) -> Self {
        Self::Truth {
            message: error.to_string(),
            place: error.place(),
            hint: error.hint(),
        }
    }
}

impl Diagnostic for ValidateError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Truth { place, .. } => place.clone(),
            Self::Tracks(error) => error.place(),
            Self::InOtherRun { error, .. } => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotFinished { .. } => {
                "give the folder that `refalt score --out` wrote; an unfinished run goes on with the same command"
            }
            Self::WideLayout { .. } => "score into another folder without `--layout wide`",
            Self::Layout { .. } => "score again with this version of refalt",
            Self::Run(error) => return error.hint(),
            Self::Table { .. } | Self::Unmatched { .. } => "the run is damaged; score again into another folder",
            Self::OtherReference { .. } => {
                "give the reference that the run names: a variant is only the same on the same sequence"
            }
            Self::Truth { hint, .. } => return hint.clone(),
            Self::NotOnThisGenome(error) => return Some(error.hint()),
            Self::PValues { .. } => {
                "name the column with the effect (--effect; in GTEx `slope`, and `pval_nominal` is one to the left); `refalt lint \
                 --explain RF006` says more"
            }
            Self::MeasuredTwice {
                has_experiments: true, ..
            } => "remove or merge the repeated rows, or keep some of them with a condition such as `barcodes>=10`",
            Self::MeasuredTwice { .. } => {
                "name the column that tells repeated measurements apart (--experiment COLUMN), or remove repeated rows"
            }
            Self::NothingJoined { .. } => {
                "check that both tables are on the same assembly and that the conditions leave rows; `refalt vet` finds \
                 the build and strand of a table"
            }
            Self::ScoredTwice { genes, .. } if genes.is_empty() => {
                "two tracks have the same name and strand; choose other scorers with --scorer"
            }
            Self::ScoredTwice { by_gene: true, .. } => {
                "take the one farthest from 0 (--collapse max_abs), or choose other scorers with --scorer"
            }
            Self::ScoredTwice { .. } => {
                "name the column of the truth table that holds the gene (--gene COLUMN), take the score farthest from 0 \
                 of all genes (--collapse max_abs), or choose other scorers with --scorer"
            }
            Self::Cell { .. } => {
                "leave the cell empty (`NA`) where there is no number, and the row is left out of what needs it"
            }
            Self::Strata { .. } => "cut numbers with edges or quantiles: `COLUMN:1,5,10`, `COLUMN:quantiles=4`",
            Self::Ambiguous { meant, .. } => {
                let name = meant
                    .first()
                    .and_then(|heading| heading.split(':').nth(1))
                    .unwrap_or_default();
                return Some(format!(
                    "name one of them, such as `{name}`, with `@SCORER` behind it where scorers differ"
                ));
            }
            Self::ClosedFormOfClusters { .. } => {
                "draw clusters (--interval bca), or leave them out one at a time (--interval jackknife, which needs no replicates)"
            }
            Self::NeedsGenes => "name a GTF or GFF3 (--genes FILE)",
            Self::NoTssDistance { by_gene: true, .. } => {
                "the column of genes (--gene) must hold ids of these gene models; versions do not count, symbols do"
            }
            Self::NoTssDistance { .. } => "give gene models of the contigs that are validated",
            Self::EffectAsCovariate { .. } => {
                "name columns that could explain the effect without a model: distance, frequency, conservation"
            }
            Self::SameOtherRun { .. } => "name each run once with --against",
            Self::SameRun { .. } => "name another run; aggregations and tracks of one run are compared with --compare",
            Self::NothingInCommon { .. } => "compare runs that share a scorer and summaries or tracks asked for",
            Self::InOtherRun { error, .. } => return error.hint(),
            Self::Figure(error) => return error.hint(),
            Self::Report(error) => return error.hint(),
            Self::Taken { .. } => "remove it, or give another folder with --out",
            Self::Option(error) => return error.hint(),
            Self::Tracks(error) => return error.hint(),
            Self::Unknown { nearest, known, .. } => {
                return Some(question(nearest).unwrap_or_else(|| format!("known: {}", known.join(", "))));
            }
            Self::Write { .. } => "free the space, or give a folder that can be written with --out",
        };
        Some(hint.to_owned())
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Ambiguous { .. } | Self::Option(_) | Self::Strata { .. } => true,
            Self::NeedsGenes
            | Self::ClosedFormOfClusters { .. }
            | Self::EffectAsCovariate { .. }
            | Self::SameRun { .. }
            | Self::SameOtherRun { .. } => true,
            Self::InOtherRun { error, .. } => error.is_usage(),
            Self::Tracks(error) => error.is_usage(),
            _ => false,
        }
    }
}
