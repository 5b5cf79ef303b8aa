//! The models that run in process. A model that ships is one file and one line in [`MODELS`], one that is read from a file of the
//! user's one file and its prefix in [`open`].

pub mod alphagenome;
pub mod motif;

use crate::diagnostic::Diagnostic;
use alphagenome::LocalModelError;
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
    /// The weights of AlphaGenome cannot be used.
    #[error(transparent)]
    Local(#[from] LocalModelError),
    /// The motifs cannot be used.
    #[error(transparent)]
    Motif(#[from] MotifModelError),
}

impl Diagnostic for ModelError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Motif(error) => error.place(),
            Self::Unknown { .. } | Self::Local(_) => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Motif(error) => error.hint(),
            Self::Unknown { .. } => Some(
                "`--model motif:FILE` makes a model of a motif file of one's own, `--model alphagenome:PATH` runs weights of \
                 AlphaGenome on this machine, `--model api` asks the hosted one; `atlas` and `auto` are for `refalt score`"
                    .to_owned(),
            ),
            Self::Local(error) => error.hint(),
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Unknown { .. } => true,
            Self::Local(error) => error.is_usage(),
            Self::Motif(_) => false,
        }
    }
}

/// Opens a model by name: `motif`, `motif:FILE` for the motifs of a file, `alphagenome:PATH` for weights of AlphaGenome
/// ([`alphagenome::Spec`] has its options).
///
/// # Errors
/// [`ModelError`] when no model has the name, or its motifs or weights cannot be used.
pub fn open(name: &str) -> Result<Box<dyn Backend>, ModelError> {
    if let Some(path) = name.strip_prefix("motif:") {
        return Ok(Box::new(MotifModel::from_file(Path::new(path))?));
    }
    if let Some(spec) = alphagenome::Spec::parse(name) {
        return Ok(Box::new(spec?.open()?));
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
