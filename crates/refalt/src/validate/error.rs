//! Why a validation cannot be made.

use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use crate::provenance::FileIdentity;
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
            Self::Unknown { .. } | Self::Option(_) => true,
            Self::Tracks(error) => error.is_usage(),
            _ => false,
        }
    }
}
