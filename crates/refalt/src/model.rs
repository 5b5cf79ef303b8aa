//! The models that run in process. A model is one file and one line in [`MODELS`].

pub mod motif;

use crate::diagnostic::Diagnostic;
use motif::{MotifModel, MotifModelError};
use refalt_core::Backend;
use std::path::Path;

/// A model that ships with refalt.
pub struct ShippedModel {
    /// The name, as `--model` takes it.
    pub name: &'static str,
    /// What it predicts.
    pub docs: &'static str,
    open: fn() -> Result<Box<dyn Backend>, ModelError>,
}

/// Every model that ships.
pub const MODELS: &[ShippedModel] = &[ShippedModel {
    name: "motif",
    docs: "occupancy of 739 vertebrate transcription factor motifs (JASPAR 2024), as CHIP_TF tracks",
    open: || Ok(Box::new(MotifModel::jaspar_2024()?)),
}];

/// A model cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// No model has this name.
    #[error("unknown model `{name}`; known: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A model that refalt asks, and does not run.
    #[error("`{name}`: refalt does not run AlphaGenome weights on this machine")]
    Weights {
        /// The name.
        name: String,
    },
    /// The motifs cannot be used.
    #[error(transparent)]
    Motif(#[from] MotifModelError),
}

impl Diagnostic for ModelError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Motif(error) => error.place(),
            Self::Unknown { .. } | Self::Weights { .. } => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Motif(error) => error.hint(),
            Self::Unknown { .. } => Some(
                "`--model motif:FILE` makes a model of a motif file of one's own, `--model api` asks the hosted AlphaGenome; `atlas` \
                 and `auto` are for `refalt score`"
                    .to_owned(),
            ),
            Self::Weights { .. } => Some(
                "`--model api` asks the hosted model, `--model api --address HOST:PORT` a service of your own that runs the weights \
                 by the same protocol, and `--model motif` needs neither"
                    .to_owned(),
            ),
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Unknown { .. } | Self::Weights { .. } => true,
            Self::Motif(_) => false,
        }
    }
}

/// Opens a model by name: `motif`, or `motif:FILE` for the motifs of a file.
///
/// # Errors
/// [`ModelError`] when no model has the name, or its motifs cannot be used.
pub fn open(name: &str) -> Result<Box<dyn Backend>, ModelError> {
    if let Some(path) = name.strip_prefix("motif:") {
        return Ok(Box::new(MotifModel::from_file(Path::new(path))?));
    }
    if name == "alphagenome" || name.starts_with("alphagenome:") {
        return Err(ModelError::Weights { name: name.to_owned() });
    }
    let model = MODELS
        .iter()
        .find(|model| model.name == name)
        .ok_or_else(|| ModelError::Unknown {
            name: name.to_owned(),
            known: MODELS.iter().map(|model| model.name).collect::<Vec<_>>().join(", "),
        })?;
    (model.open)()
}
