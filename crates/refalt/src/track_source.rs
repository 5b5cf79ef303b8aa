//! Where tracks come from (the catalogue, a model, a score folder), and which of them a text selects.
//!
//! The language and its resolution are `refalt_core::track_selection`; this is what files and models add to it.

use crate::diagnostic::Diagnostic;
use crate::engine::score_table::TableError;
use crate::engine::track_table;
use crate::model::{self, ModelError};
use crate::track_catalogue;
use refalt_core::track_selection::{Resolved, Selection, SelectionError, SelectionSyntaxError};
use refalt_core::{Organism, TrackSet};
use std::fmt;
use std::path::PathBuf;

/// Where tracks come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrackSource {
    /// The published tracks of an organism.
    Catalogue(Organism),
    /// A model, by name.
    Model(String),
    /// The tracks that have rows in a score folder.
    Folder(PathBuf),
}

impl fmt::Display for TrackSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Catalogue(organism) => write!(f, "the published {} tracks", organism.common_name()),
            Self::Model(name) => write!(f, "the model `{name}`"),
            Self::Folder(path) => write!(f, "the scores in `{}`", path.display()),
        }
    }
}

/// Tracks cannot be listed or selected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackSourceError {
    /// The model cannot be opened.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The table of tracks cannot be read.
    #[error("cannot read the tracks in `{path}`: {source}")]
    Table {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: TableError,
    },
    /// The selection is not understood.
    #[error(transparent)]
    Syntax(#[from] SelectionSyntaxError),
    /// The selection has no tracks.
    #[error(transparent)]
    Selection(#[from] SelectionError),
}

impl Diagnostic for TrackSourceError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.place(),
            Self::Syntax(error) => Some(place_of(error)),
            Self::Table { .. } | Self::Selection(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Model(error) => error.hint(),
            Self::Syntax(error) => error.hint(),
            Self::Selection(error) => error.hint(),
            Self::Table { .. } => Some("give a folder that `refalt score --out` wrote".to_owned()),
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Model(error) => error.is_usage(),
            Self::Syntax(_) | Self::Selection(_) => true,
            Self::Table { .. } => false,
        }
    }
}

/// Says where in a selection it is not understood: the column, and the text with a caret below.
pub(crate) fn place_of(error: &SelectionSyntaxError) -> String {
    let marked = error.marked().replace('\n', "\n      ");
    format!("the selection, column {}\n      {marked}", error.column)
}

impl TrackSource {
    /// Returns the tracks, by output type, in the order of the model.
    ///
    /// # Errors
    /// [`TrackSourceError`] when the model or the folder cannot be opened.
    pub fn tracks(&self) -> Result<Vec<TrackSet>, TrackSourceError> {
        match self {
            Self::Catalogue(organism) => Ok(track_catalogue::tracks(*organism).to_vec()),
            Self::Model(name) => Ok(model::open(name)?.card().outputs.clone()),
            Self::Folder(folder) => {
                let path = folder.join("tracks.parquet");
                track_table::read(&path).map_err(|source| TrackSourceError::Table { path, source })
            }
        }
    }
}

/// Selects tracks by a text.
///
/// ```
/// use refalt::core::Organism;
/// use refalt::track_catalogue::tracks;
/// use refalt::track_source::select;
///
/// let (selection, gabpa) = select("CHIP_TF & tf=GABPA & HepG2", tracks(Organism::Human)).unwrap();
/// assert_eq!(selection.to_string(), "output=CHIP_TF & tf=GABPA & HepG2");
/// assert_eq!(gabpa.len(), 2);
/// ```
///
/// # Errors
/// [`TrackSourceError`] when the text is not understood, or no track is selected.
pub fn select(text: &str, sets: &[TrackSet]) -> Result<(Selection, Resolved), TrackSourceError> {
    let selection: Selection = text.parse()?;
    let resolved = selection.resolve(sets)?;
    Ok((selection, resolved))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_text_is_shown_with_a_caret() {
        let error = select("CHIP_TF & tf=", &[]).unwrap_err();
        assert_eq!(
            error.place().unwrap(),
            "the selection, column 14\n      CHIP_TF & tf=\n                   ^"
        );
        assert!(error.is_usage());
    }

    #[test]
    fn a_model_has_tracks_of_its_own() {
        let sets = TrackSource::Model("motif".to_owned()).tracks().unwrap();
        let (_, gabpa) = select("GABPA", &sets).unwrap();
        assert_eq!(gabpa.len(), 1);
        let error = select("biosample=HepG2", &sets).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no match for biosample=`HepG2`: none of the tracks has the field biosample"
        );
        let folder = TrackSource::Folder(PathBuf::from("no/such/folder"));
        let error = folder.tracks().unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("cannot read the tracks in `no/such/folder/tracks.parquet`")
        );
        assert!(!error.is_usage());
    }
}
