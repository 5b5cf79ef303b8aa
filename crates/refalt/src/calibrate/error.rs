//! Why quantiles cannot be made or applied.

use super::setting::SettingDifference;
use super::{LEAST_VARIANTS, Pooling};
use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use crate::engine::score_table::TableError;
use crate::io::fasta::FastaError;
use crate::io::genes::GenesError;
use crate::io::variants::ReadError;
use crate::output_files::OutputFileError;
use crate::reference_assembly::AssemblyContradicted;
use crate::score_folder::ScoreFolderError;
use refalt_core::ReferenceError;
use refalt_core::nearest::question;
use refalt_core::stats::StatsError;
use std::io;
use std::path::PathBuf;

/// Quantiles cannot be made or applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrateError {
    /// A score folder cannot be read.
    #[error(transparent)]
    Folder(#[from] ScoreFolderError),
    /// A folder cannot be written to, or a file of it was changed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The background is too small.
    #[error(
        "{found} variants of `{}` are left to make quantiles of{}; {LEAST_VARIANTS} are the least: of fewer not even |q| = 0.9 is \
         resolved",
        folder.display(),
        if *held_out > 0 { format!(", {held_out} are held out") } else { String::new() }
    )]
    FewVariants {
        /// The folder.
        folder: PathBuf,
        /// Variants that would make the tables.
        found: u64,
        /// Variants held out.
        held_out: u64,
    },
    /// There is no score to make quantiles of.
    #[error("`{}` has no score to make quantiles of: {nan} are NaN", folder.display())]
    NoScores {
        /// The folder.
        folder: PathBuf,
        /// Scores that are NaN.
        nan: u64,
    },
    /// The scores of one table do not fit the memory.
    #[error("the scores of {series} take {needed} bytes, and {given} are given")]
    Memory {
        /// The series.
        series: String,
        /// Bytes needed.
        needed: u64,
        /// Bytes given.
        given: u64,
        /// Which scores share a table.
        pooling: Pooling,
    },
    /// The score table names a scorer that the manifest does not.
    #[error("the scores of `{}` name the scorer `{scorer}`, which the manifest does not have", folder.display())]
    UnknownScorer {
        /// The folder.
        folder: PathBuf,
        /// The scorer.
        scorer: String,
    },
    /// The scores of a series make no table.
    #[error("no quantiles of {series}: {source}")]
    Series {
        /// The series.
        series: String,
        /// The cause.
        source: StatsError,
    },
    /// The share to hold out is none.
    #[error("a share of `{found}` cannot be held out; allowed: 0 to below 1")]
    HoldOut {
        /// The share.
        found: f64,
    },
    /// A covariate cannot be had.
    #[error("the covariate `{covariate}` needs {needs}")]
    CovariateNeeds {
        /// The covariate.
        covariate: String,
        /// What is missing.
        needs: &'static str,
    },
    /// A cell of a covariate is no number.
    #[error("the covariate `{covariate}` is `{found}`, which is no number{}", allowed)]
    CovariateValue {
        /// The covariate.
        covariate: String,
        /// The cell.
        found: String,
        /// What is allowed, after a semicolon; may be empty.
        allowed: &'static str,
        /// File and line.
        place: String,
    },
    /// No target variant can be matched.
    #[error("nothing is matched: {why}")]
    NothingMatched {
        /// Why, with counts.
        why: String,
        /// What the user can do.
        remedy: &'static str,
    },
    /// The reference is not that of the background.
    #[error("the background was scored with the reference `{run}` (SHA-256 {run_sha256}), here `{given}` is given")]
    OtherReference {
        /// File name of the run's reference.
        run: String,
        /// Its digest.
        run_sha256: String,
        /// File name of the one given.
        given: String,
    },
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// Bases cannot be read.
    #[error(transparent)]
    Bases(#[from] ReferenceError),
    /// The assembly is not as stated.
    #[error(transparent)]
    Assembly(#[from] AssemblyContradicted),
    /// The gene annotation cannot be used.
    #[error(transparent)]
    Genes(#[from] Box<GenesError>),
    /// A list of variants cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A statistic cannot be computed.
    #[error(transparent)]
    Statistic(#[from] StatsError),
    /// A file is no table of quantiles.
    #[error("`{}` is no table of quantiles: {reason}", path.display())]
    NoTable {
        /// The file.
        path: PathBuf,
        /// The cause in words.
        reason: String,
    },
    /// The table is of another model.
    #[error("the quantiles are of the model {table}, the scores of {run}")]
    OtherModel {
        /// Name, version and digest of the table's model.
        table: String,
        /// Those of the run's.
        run: String,
    },
    /// The background was scored otherwise than the run.
    #[error(
        "the background was scored otherwise than the run: {}",
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    OtherSetting {
        /// What differs.
        differences: Vec<SettingDifference>,
    },
    /// The table lacks series of the run.
    #[error("the table of quantiles lacks {count} of the run's scorers and tracks, such as {first}")]
    Lacking {
        /// How many.
        count: usize,
        /// The first.
        first: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// The run has quantile scores.
    #[error("the scores in `{}` have quantile scores of their own", folder.display())]
    HasQuantiles {
        /// The folder.
        folder: PathBuf,
    },
    /// A file of another content has the name.
    #[error(transparent)]
    Output(#[from] OutputFileError),
    /// A table cannot be written.
    #[error("cannot write the table `{}`: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: TableError,
    },
    /// A file cannot be used.
    #[error("cannot {action} `{}`: {source}", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl Diagnostic for CalibrateError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.place(),
            Self::CovariateValue { place, .. } => Some(place.clone()),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Output(error) => return Some(error.hint()),
            Self::Folder(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Reference(error) => return error.hint(),
            Self::Genes(error) => return error.hint(),
            Self::Read(error) => return error.hint(),
            Self::Assembly(error) => return Some(error.hint()),
            Self::Series { source, .. } => return source.hint(),
            Self::Statistic(error) => return error.hint(),
            Self::Memory {
                pooling: Pooling::Modality,
                ..
            } => "give more with --memory, or make a table for each track (--per track)",
            Self::Memory { .. } => "give more with --memory",
            Self::FewVariants { .. } => {
                "score a larger background; for |q| up to t it takes 2 / (1 - t) variants or more, 2,000 for 0.999"
            }
            Self::NoScores { .. } => {
                "`refalt export` shows the scores; where all are NaN the scorer has nothing to look at"
            }
            Self::UnknownScorer { .. } => "the run is damaged; score again into another folder",
            Self::CovariateNeeds { .. } | Self::HoldOut { .. } | Self::CovariateValue { .. } => return None,
            Self::NothingMatched { remedy, .. } => remedy,
            Self::OtherReference { .. } => "give the reference that the background was scored with",
            Self::NoTable { .. } => "give the table that `refalt calibrate --out` wrote",
            Self::OtherModel { .. } => "score a background with the model of the run, and calibrate that",
            Self::OtherSetting { .. } => {
                "a rank among scores of another setting means nothing: score the background, or the run, as the other was, and \
                 calibrate again"
            }
            Self::Lacking { nearest, .. } if !nearest.is_empty() => return question(nearest),
            Self::Lacking { .. } => "score the background with the scorers and tracks of the run, and calibrate that",
            Self::HasQuantiles { .. } => "replace them with --replace; the folder itself stays as it is",
            Self::Bases(_) | Self::Write { .. } | Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::HoldOut { .. } | Self::CovariateNeeds { .. } | Self::Memory { .. } | Self::FewVariants { .. } => true,
            Self::Read(error) => error.is_usage(),
            _ => false,
        }
    }
}
