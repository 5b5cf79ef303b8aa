//! Why saturation cannot be looked at.

use super::ControlsRecord;
use crate::calibrate::CalibrateError;
use crate::diagnostic::Diagnostic;
use crate::engine::ledger::LedgerError;
use crate::figure::FigureError;
use crate::report::ReportError;
use crate::score_folder::ScoreFolderError;
use crate::validate::ValidateFilesError;
use refalt_core::nearest::question;
use refalt_core::stats::StatsError;
use std::io;
use std::path::PathBuf;

/// Saturation cannot be looked at, or the result not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaturationError {
    /// A score folder cannot be read.
    #[error(transparent)]
    Folder(#[from] ScoreFolderError),
    /// A folder cannot be written to, or a file of it was changed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// Measured effects cannot be read or joined.
    #[error(transparent)]
    Measured(#[from] Box<ValidateFilesError>),
    /// There are no quantile scores.
    #[error("the scores in `{}` have no quantile scores", folder.display())]
    NoQuantiles {
        /// The folder.
        folder: PathBuf,
    },
    /// A number in the column of quantile scores is none.
    #[error("the quantile score of `{variant}` in `{}` is `{found}`; a quantile is -1 to 1, of scores without sign 0 to 1", folder.display())]
    NoQuantile {
        /// The folder.
        folder: PathBuf,
        /// The variant.
        variant: String,
        /// The number.
        found: f32,
    },
    /// The controls are of another model.
    #[error("the controls are of the model {controls}, the run of {run}")]
    OtherModel {
        /// Name, version and digest of the run's model.
        run: String,
        /// Those of the controls'.
        controls: String,
    },
    /// The quantiles of the controls are of another background.
    #[error("the quantile scores of the controls come from {controls}, those of the run from {run}")]
    OtherQuantiles {
        /// Where those of the run come from.
        run: String,
        /// Where those of the controls come from.
        controls: String,
    },
    /// No control is left.
    #[error(
        "no control is left of {} in `{}`: {} made the table of quantiles, or may have, and {} are variants of the run",
        record.scored, folder.display(), record.made_table, record.in_run
    )]
    NoControls {
        /// The folder.
        folder: PathBuf,
        /// How many were left out.
        record: ControlsRecord,
    },
    /// What is written of the background cannot be read.
    #[error(transparent)]
    Background(#[from] Box<CalibrateError>),
    /// A group names a scorer that the run does not have.
    #[error("the group `{group}` names the scorer `{found}`, which the run does not have; it has {}", known.join(", "))]
    UnknownScorer {
        /// The group.
        group: String,
        /// The name.
        found: String,
        /// Names that come near.
        nearest: Vec<String>,
        /// The short names of the run's scorers.
        known: Vec<String>,
    },
    /// A group has scores of several kinds.
    #[error("the group `{group}` has scores of several kinds: {}", kinds.join(", "))]
    MixedKinds {
        /// The group.
        group: String,
        /// The kinds.
        kinds: Vec<String>,
    },
    /// A name is taken, or empty.
    #[error("the name `{group}` of a group is empty or taken")]
    GroupName {
        /// The name.
        group: String,
    },
    /// A threshold is none.
    #[error("a threshold of |q| is `{found}`; allowed: 0 to below 1, at least one")]
    Threshold {
        /// The threshold.
        found: f64,
    },
    /// A statistic cannot be computed.
    #[error(transparent)]
    Statistic(#[from] StatsError),
    /// A figure cannot be drawn.
    #[error(transparent)]
    Figure(#[from] FigureError),
    /// The page cannot be set.
    #[error(transparent)]
    Report(#[from] ReportError),
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

impl Diagnostic for SaturationError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Measured(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Folder(error) => return error.hint(),
            Self::Ledger(error) => return error.hint(),
            Self::Measured(error) => return error.hint(),
            Self::Statistic(error) => return error.hint(),
            Self::Figure(error) => return error.hint(),
            Self::Report(error) => return error.hint(),
            Self::NoQuantiles { .. } => {
                "score a background with the same model, `refalt calibrate BACKGROUND --out TABLE`, then \
                 `refalt calibrate DIR --apply TABLE --out OTHER`, and look at OTHER"
            }
            Self::NoQuantile { .. } => {
                "fill the column with `refalt calibrate DIR --apply TABLE --replace --out OTHER`"
            }
            Self::OtherModel { .. } => "score the controls with the model of the run",
            Self::OtherQuantiles { .. } => {
                "fill both from one table: `refalt calibrate DIR --apply TABLE --out OTHER` for the run and for the controls"
            }
            Self::NoControls { .. } => {
                "variants that made the table cannot lie beyond its largest scores: give controls that are not in the background, or \
                 `refalt calibrate --hold-out 0.2`, whose held-out variants are controls"
            }
            Self::Background(error) => return error.hint(),
            Self::UnknownScorer { nearest, .. } => return question(nearest),
            Self::MixedKinds { .. } => {
                "put scorers of one kind together: effects with a direction, or sizes, or activities"
            }
            Self::GroupName { .. } => "give each group a name of its own, `expression=RNA_SEQ+CAGE+PROCAP`",
            Self::Threshold { .. } | Self::File { .. } => return None,
        };
        Some(hint.to_owned())
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::UnknownScorer { .. }
            | Self::MixedKinds { .. }
            | Self::GroupName { .. }
            | Self::Threshold { .. }
            | Self::Statistic(_) => true,
            Self::Measured(error) => error.is_usage(),
            _ => false,
        }
    }
}
