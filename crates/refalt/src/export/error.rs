//! Why an export fails.

use crate::diagnostic::Diagnostic;
use crate::io::bigwig::BigWigError;
use crate::io::fasta::FastaError;
use crate::output_files::OutputFileError;
use crate::score_folder::ScoreFolderError;
use crate::track_source::TrackSourceError;
use refalt_core::Position;
use refalt_core::nearest::{nearest, question};
use std::io;
use std::path::Path;

/// A folder cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] ScoreFolderError),
    /// A name is not known.
    #[error("unknown {what} `{found}`{}", listed(known))]
    Unknown {
        /// What the name is of: `scorer`, `track`, `summary`.
        what: &'static str,
        /// The name.
        found: String,
        /// The names that may be meant.
        nearest: Vec<String>,
        /// The known names, when they are few.
        known: Vec<String>,
    },
    /// Two tracks have one name and strand, and the rows of scores tell no more of them.
    #[error("the track `{track}` is there twice, and its scores cannot be told apart")]
    TrackTwice {
        /// The track, with its strand.
        track: String,
    },
    /// A score belongs to a track that the table of tracks does not have.
    #[error("the score table has the track `{track}`, and tracks.parquet does not")]
    TrackUnknown {
        /// The track, with its strand.
        track: String,
    },
    /// No track is selected.
    #[error(transparent)]
    Tracks(#[from] TrackSourceError),
    /// The format takes one scorer.
    #[error("{format} takes one scorer, and {} are selected: {}", found.len(), found.join(", "))]
    NotOneScorer {
        /// The format.
        format: &'static str,
        /// The scorers.
        found: Vec<String>,
    },
    /// The format takes one track.
    #[error("{format} takes one track, and {found} are selected")]
    NotOneTrack {
        /// The format.
        format: &'static str,
        /// How many are selected.
        found: usize,
    },
    /// Several scores stand at one position, and nothing says which of them is meant.
    #[error("more than one score stands at {contig}:{position}, and {format} has one value for a position")]
    SeveralAtPosition {
        /// The format.
        format: &'static str,
        /// The contig.
        contig: String,
        /// The position (1-based).
        position: Position,
    },
    /// The length of a contig is not known, and the format states lengths.
    #[error("the length of `{contig}` is not known, and bigWig states the length of each contig")]
    LengthUnknown {
        /// The contig.
        contig: String,
    },
    /// The reference cannot be used.
    #[error(transparent)]
    Reference(#[from] FastaError),
    /// A bigWig file cannot be written.
    #[error(transparent)]
    BigWig(#[from] BigWigError),
    /// The selection leaves nothing.
    #[error("no scorer of the run reads a selected track")]
    NothingSelected,
    /// A file cannot be written, or another file has its name.
    #[error(transparent)]
    Output(#[from] OutputFileError),
}

fn listed(known: &[String]) -> String {
    if known.is_empty() {
        String::new()
    } else {
        format!("; known: {}", known.join(", "))
    }
}

/// Names that a message lists at most.
const LISTED: usize = 20;

impl ExportError {
    /// Says that a name is not among the known ones.
    pub(super) fn unknown(what: &'static str, found: &str, known: &[&str]) -> Self {
        let few = known.len() <= LISTED;
        Self::Unknown {
            what,
            found: found.to_owned(),
            nearest: nearest(found, known.iter().copied()),
            known: known.iter().filter(|_| few).map(|&name| name.to_owned()).collect(),
        }
    }

    /// Says that a file cannot be written.
    pub(super) fn write(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| {
            let path = path.clone();
            OutputFileError::Write { path, source }.into()
        }
    }
}

impl Diagnostic for ExportError {
    fn is_usage(&self) -> bool {
        match self {
            Self::Tracks(error) => error.is_usage(),
            Self::Reference(_) | Self::BigWig(_) => false,
            Self::Folder(_) | Self::Output(_) | Self::TrackUnknown { .. } => false,
            _ => true,
        }
    }

    fn place(&self) -> Option<String> {
        match self {
            Self::Tracks(error) => error.place(),
            Self::Reference(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Folder(error) => error.hint(),
            Self::Unknown { nearest, .. } => question(nearest),
            Self::NothingSelected => Some("choose scorers of the same output type as the tracks".to_owned()),
            Self::Output(error) => Some(error.hint()),
            Self::TrackTwice { .. } => Some(
                "choose other tracks with --tracks, or score with `--layout wide`, which numbers such columns"
                    .to_owned(),
            ),
            Self::TrackUnknown { .. } => Some("export it as tsv".to_owned()),
            Self::Tracks(error) => error.hint(),
            Self::LengthUnknown { .. } => Some("give the reference of the run with --reference".to_owned()),
            Self::Reference(error) => error.hint(),
            Self::BigWig(error) => error.hint(),
            Self::NotOneScorer { .. } => Some("choose one with --scorers".to_owned()),
            Self::NotOneTrack { .. } => {
                Some("choose one with --tracks; the whole name of a track selects it".to_owned())
            }
            Self::SeveralAtPosition { .. } => {
                Some("say how they are brought together: --aggregate max, min, mean or signed_max".to_owned())
            }
        }
    }
}
