//! Weights: named arrays, from a file or from elsewhere, and what can be wrong with them.
//!
//! Names and layouts are those of the released checkpoint (Haiku paths, `alphagenome/sequence_encoder/...`): linear weights
//! `[inputs x outputs]`, convolutions `[taps x inputs x outputs]`. Widths are not written anywhere: a model is as wide as its
//! arrays, and arrays that do not fit each other are refused.

mod file;
mod names;

pub use file::WeightsFile;

/// Named arrays.
pub trait Weights {
    /// Returns the extents of an array, `None` when there is none of this name.
    fn shape(&self, name: &str) -> Option<Vec<usize>>;

    /// Reads the values of an array, row-major.
    ///
    /// # Errors
    /// [`WeightsError`] when it is missing or cannot be read.
    fn read(&self, name: &str) -> Result<Vec<f32>, WeightsError>;
}

/// Weights cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file cannot be read.
    #[error("cannot read the weights `{path}`: {source}")]
    Io {
        /// The file.
        path: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not one of arrays.
    #[error("`{path}` is no safetensors file: {reason}")]
    Format {
        /// The file.
        path: String,
        /// The cause in words.
        reason: String,
    },
    /// A folder does not hold exactly one file of weights.
    #[error("`{path}` has {}", several(.found))]
    Folder {
        /// The folder.
        path: String,
        /// The files it has.
        found: Vec<String>,
    },
    /// An array is missing.
    #[error("the weights have no array `{name}`")]
    Missing {
        /// Its name.
        name: String,
    },
    /// An array has other extents than the model's other arrays ask for.
    #[error("the array `{name}` is {found:?}, and the rest of the model asks for {wanted}")]
    Shape {
        /// Its name.
        name: String,
        /// Its extents.
        found: Vec<usize>,
        /// What fits, in words.
        wanted: String,
    },
    /// An array has a kind of numbers that no weights have.
    #[error("the array `{name}` holds {found}; weights are F32, BF16 or F16")]
    Numbers {
        /// Its name.
        name: String,
        /// The kind found.
        found: String,
    },
    /// An array holds what is no number.
    #[error("the array `{name}` has values that are NaN or infinite: {count}")]
    NotFinite {
        /// Its name.
        name: String,
        /// How many.
        count: usize,
    },
    /// The means of tracks in the file are not those of the tracks that the columns are taken for.
    #[error("track {track} of {output}: its mean is {found} in the weights and {expected} in the catalogue of tracks")]
    TrackMeans {
        /// The output type.
        output: &'static str,
        /// Name of the first track that differs.
        track: String,
        /// The mean of the file.
        found: f32,
        /// The mean of the track.
        expected: f32,
    },
}

fn several(found: &[String]) -> String {
    match found.len() {
        0 => "no file of weights (.safetensors)".to_owned(),
        count => format!("{count} files of weights (.safetensors): {}", found.join(", ")),
    }
}

impl WeightsError {
    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Io { .. } | Self::Folder { .. } => {
                "name the .safetensors file of the weights, or a folder that holds one; docs/local-model.md says how to get it"
            }
            Self::Format { .. } => {
                "fetch or convert a file that is cut off again; the released checkpoint is a folder of another format, of which \
                 `scripts/convert_checkpoint.py` makes a safetensors file"
            }
            Self::Missing { .. } | Self::Shape { .. } | Self::Numbers { .. } => {
                "the file must hold the whole AlphaGenome model, with the names of the released checkpoint or of alphagenome-pytorch"
            }
            Self::NotFinite { .. } => "the file is damaged; fetch or convert it again",
            Self::TrackMeans { .. } => {
                "the weights are those of other tracks than the published ones; refalt would give the columns wrong names"
            }
        };
        Some(text.to_owned())
    }
}

/// A place among the names, from which layers are read.
#[derive(Clone)]
pub(crate) struct Scope<'a> {
    weights: &'a dyn Weights,
    path: String,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(weights: &'a dyn Weights, path: &str) -> Self {
        Self {
            weights,
            path: path.to_owned(),
        }
    }

    /// Returns the scope of a part.
    pub(crate) fn at(&self, part: &str) -> Self {
        Self {
            weights: self.weights,
            path: self.name(part),
        }
    }

    /// Returns the scope of the `index`-th part of a name: `name`, `name_1`, `name_2`.
    pub(crate) fn nth(&self, part: &str, index: usize) -> Self {
        match index {
            0 => self.at(part),
            _ => self.at(&format!("{part}_{index}")),
        }
    }

    /// Returns the path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    fn name(&self, leaf: &str) -> String {
        format!("{}/{leaf}", self.path)
    }

    /// Returns the extents of an array.
    pub(crate) fn shape(&self, leaf: &str) -> Result<Vec<usize>, WeightsError> {
        let name = self.name(leaf);
        self.weights.shape(&name).ok_or(WeightsError::Missing { name })
    }

    /// Says whether there is an array.
    pub(crate) fn has(&self, leaf: &str) -> bool {
        self.weights.shape(&self.name(leaf)).is_some()
    }

    /// Reads an array of `extents`, in which 0 stands for any.
    pub(crate) fn read(&self, leaf: &str, extents: &[usize]) -> Result<Vec<f32>, WeightsError> {
        let (name, found) = (self.name(leaf), self.shape(leaf)?);
        let fits = found.len() == extents.len() && found.iter().zip(extents).all(|(f, &w)| w == 0 || *f == w);
        if !fits || found.contains(&0) {
            let wanted: Vec<String> = extents
                .iter()
                .map(|&extent| {
                    if extent == 0 {
                        "any".to_owned()
                    } else {
                        extent.to_string()
                    }
                })
                .collect();
            let wanted = format!("[{}]", wanted.join(", "));
            return Err(WeightsError::Shape { name, found, wanted });
        }
        self.finite(name, found)
    }

    /// Reads one value for each of `channels`; the extents may have leading ones.
    pub(crate) fn channels(&self, leaf: &str, channels: usize) -> Result<Vec<f32>, WeightsError> {
        let (name, found) = (self.name(leaf), self.shape(leaf)?);
        let (last, leading) = found.split_last().unwrap_or((&1, &[]));
        if *last != channels || leading.iter().any(|&extent| extent != 1) {
            let wanted = format!("{channels} channels");
            return Err(WeightsError::Shape { name, found, wanted });
        }
        self.finite(name, found)
    }

    fn finite(&self, name: String, shape: Vec<usize>) -> Result<Vec<f32>, WeightsError> {
        let values = self.weights.read(&name)?;
        if values.len() != shape.iter().product::<usize>() {
            let wanted = format!("{} values", values.len());
            return Err(WeightsError::Shape {
                name,
                found: shape,
                wanted,
            });
        }
        match values.iter().filter(|value| !value.is_finite()).count() {
            0 => Ok(values),
            count => Err(WeightsError::NotFinite { name, count }),
        }
    }
}
