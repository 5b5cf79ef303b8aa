//! The open AlphaGenome model from a file of weights: `alphagenome:PATH`, with options after commas.
//!
//! The weights are gated and come with terms of their own; refalt ships none. `docs/local-model.md` says how they are had.

use crate::Diagnostic;
use crate::reference_assembly::ReferenceAssembly;
use crate::track_catalogue;
use refalt_alphagenome::{AlphaGenome, Angles, Options, WeightsError, WeightsFile};
use refalt_core::splice_candidate::CandidateOptions;
use refalt_core::{ModelCard, Organism, OutputType, TrackSet};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// The name of the model, before the colon.
pub const NAME: &str = "alphagenome";

/// More threads than this are a slip of the hand, and the system may not come back from them.
const MOST_THREADS: usize = 1024;

/// What `alphagenome:PATH,...` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// The file of weights, or a folder with one.
    pub path: PathBuf,
    /// Whose tracks are predicted.
    pub organism: Organism,
    /// Angles of the position embeddings.
    pub angles: Angles,
    /// Threads of a prediction; all there are when not given.
    pub threads: Option<NonZeroUsize>,
    /// Which of the published weights the user says they are.
    pub version: Option<&'static str>,
}

/// The published weights.
const VERSIONS: [&str; 5] = ["ALL_FOLDS", "FOLD_0", "FOLD_1", "FOLD_2", "FOLD_3"];

/// A local model cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalModelError {
    /// No path follows the name.
    #[error("`{text}` names no weights")]
    NoPath {
        /// What was given.
        text: String,
    },
    /// What stands behind the path is no option, and no part of the path.
    #[error("`{option}` is no option of `{NAME}`, and there is no file `{path}`")]
    Option {
        /// What stands there.
        option: String,
        /// The path that it would belong to.
        path: String,
    },
    /// An option has a value that it does not take.
    #[error("`{key}={value}`: {key} is {allowed}")]
    Value {
        /// The option.
        key: String,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// The weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The tracks are those of another organism than the reference.
    #[error("`{NAME}` predicts tracks of {organism}, and the reference {known}")]
    OtherOrganism {
        /// The organism of the tracks.
        organism: Organism,
        /// What is known of the reference.
        known: ReferenceAssembly,
    },
}

impl Diagnostic for LocalModelError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::NoPath { .. } => Some(format!(
                "write `{NAME}:PATH` with the .safetensors file of the weights, or a folder that holds it; `--model api` asks the \
                 hosted model, which needs no weights"
            )),
            Self::Option { .. } => Some(
                "options: organism=human|mouse, angles=bfloat16|float32, threads=N, version=ALL_FOLDS|FOLD_0|..."
                    .to_owned(),
            ),
            Self::Value { .. } => Some(format!("write it as in `{NAME}:PATH,organism=mouse`")),
            Self::Weights(error) => error.hint(),
            Self::OtherOrganism { .. } => Some(format!(
                "write `{NAME}:PATH,organism=human` or `,organism=mouse` as the reference is, or give the other reference"
            )),
        }
    }

    fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NoPath { .. } | Self::Option { .. } | Self::Value { .. } | Self::OtherOrganism { .. }
        )
    }
}

impl Spec {
    /// Reads what follows `alphagenome`, `None` when the text names another model.
    ///
    /// Options stand behind the path, `,organism=mouse`, `,angles=float32`, `,threads=4`; what is none of these is part of the
    /// path.
    ///
    /// # Errors
    /// [`LocalModelError`] when there is no path, or an option has another value than it takes.
    pub fn parse(text: &str) -> Option<Result<Self, LocalModelError>> {
        let rest = text.strip_prefix(NAME)?;
        match rest.strip_prefix(':') {
            Some(rest) => Some(Self::of(text, rest)),
            None => rest
                .is_empty()
                .then(|| Err(LocalModelError::NoPath { text: text.to_owned() })),
        }
    }

    fn of(text: &str, mut path: &str) -> Result<Self, LocalModelError> {
        let (mut organism, mut angles, mut threads) = (Organism::Human, Angles::default(), None);
        let mut version = None;
        while let Some((before, option)) = path.rsplit_once(',') {
            let Some((key, value)) = option.split_once('=') else {
                break;
            };
            let wrong = |allowed| LocalModelError::Value {
                key: key.to_owned(),
                value: value.to_owned(),
                allowed,
            };
            match key {
                "organism" => {
                    organism = Organism::from_common_name(value).ok_or_else(|| wrong("`human` or `mouse`"))?;
                }
                "angles" => angles = value.parse().map_err(|()| wrong("`bfloat16` or `float32`"))?,
                "threads" => {
                    let number = value
                        .parse()
                        .ok()
                        .filter(|number: &NonZeroUsize| number.get() <= MOST_THREADS);
                    threads = Some(number.ok_or_else(|| wrong("a number from 1 to 1024"))?);
                }
                "version" => {
                    let known = VERSIONS.into_iter().find(|known| *known == value);
                    version = Some(known.ok_or_else(|| wrong("ALL_FOLDS or FOLD_0 to FOLD_3"))?);
                }
                _ => break,
            }
            path = before;
        }
        if path.is_empty() {
            return Err(LocalModelError::NoPath { text: text.to_owned() });
        }
        if !Path::new(path).exists()
            && let Some((before, option)) = path.split_once(',')
            && Path::new(before).exists()
        {
            return Err(LocalModelError::Option {
                option: option.to_owned(),
                path: path.to_owned(),
            });
        }
        Ok(Self {
            path: PathBuf::from(path),
            organism,
            angles,
            threads,
            version,
        })
    }

    /// Opens the model; the weights are read, about 2 GB, and digested.
    ///
    /// # Errors
    /// [`LocalModelError`] when the weights cannot be used.
    pub fn open(&self) -> Result<AlphaGenome, LocalModelError> {
        let file = WeightsFile::open(&self.path)?;
        let tracks = track_catalogue::tracks(self.organism).to_vec();
        check_means(&file, self.organism, &tracks)?;
        let all = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let digest = file.sha256()?;
        let options = Options {
            organism: self.organism,
            tracks,
            angles: self.angles,
            sites: CandidateOptions::default(),
            cut_to: None,
            threads: self.threads.unwrap_or(all),
            version: version(self.version, &digest),
            digest: format!("sha256:{digest}"),
        };
        Ok(AlphaGenome::read(&file, options)?)
    }
}

/// Refuses a reference of another organism than that of the model's tracks; other models than this one read any.
///
/// * Returns what the user may want to know of a reference on another assembly of the same organism.
///
/// # Errors
/// [`LocalModelError::OtherOrganism`].
pub fn check_reference(card: &ModelCard, known: ReferenceAssembly) -> Result<Option<String>, LocalModelError> {
    let (Some(organism), Some(assembly)) = (Organism::from_name(&card.organism), known.known()) else {
        return Ok(None);
    };
    if card.name != NAME || assembly == organism.assembly() {
        return Ok(None);
    }
    if Organism::of_assembly(assembly) == organism {
        return Ok(Some(format!(
            "the reference is on {assembly}: `{NAME}` reads its bases, but was trained on {}, and published scores are on that",
            organism.assembly()
        )));
    }
    Err(LocalModelError::OtherOrganism { organism, known })
}

/// The weights by the beginning of their digest: a copy under another name is the same model.
fn version(stated: Option<&str>, sha256: &str) -> String {
    let stated = stated.map_or_else(String::new, |stated| format!("{stated}, "));
    format!("{stated}weights {}", &sha256[..12.min(sha256.len())])
}

/// Heads of the file of which means of tracks may be kept.
const HEADS_WITH_MEANS: [(OutputType, &str); 7] = [
    (OutputType::Atac, "atac"),
    (OutputType::Cage, "cage"),
    (OutputType::Dnase, "dnase"),
    (OutputType::RnaSeq, "rna_seq"),
    (OutputType::ChipHistone, "chip_histone"),
    (OutputType::ChipTf, "chip_tf"),
    (OutputType::Procap, "procap"),
];

/// Compares the means that a file keeps of its columns with those of the tracks that they are taken for.
///
/// A mean is as good as a name: no two tracks of a head have the same. Weights of other tracks, or of the same in another order,
/// are noticed here.
fn check_means(file: &WeightsFile, organism: Organism, tracks: &[TrackSet]) -> Result<(), LocalModelError> {
    for (output, head) in HEADS_WITH_MEANS {
        let (Some(set), Some((columns, means))) =
            (tracks.iter().find(|set| set.output == output), file.track_means(head)?)
        else {
            continue;
        };
        let first = organism as usize * columns;
        for track in set.tracks.iter() {
            let (Some(column), Some(expected)) = (track.channel_index, track.nonzero_mean) else {
                continue;
            };
            let found = means.get(first + column as usize).copied().unwrap_or(f32::NAN);
            // Both are single precision; one may have passed through text.
            if found.is_nan() || (found - expected).abs() > 1e-4 * expected.abs() {
                return Err(WeightsError::TrackMeans {
                    output: output.name(),
                    track: track.name.clone(),
                    found,
                    expected,
                }
                .into());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_stand_behind_the_path() {
        let spec = |text: &str| Spec::parse(text).unwrap().unwrap();
        let plain = spec("alphagenome:/models/all folds.safetensors");
        assert_eq!(plain.path, Path::new("/models/all folds.safetensors"));
        assert_eq!(
            (plain.organism, plain.angles, plain.threads),
            (Organism::Human, Angles::Bfloat16, None)
        );
        let all = spec("alphagenome:a,b,organism=mouse,version=FOLD_1,angles=float32,threads=3");
        assert_eq!(all.version, Some("FOLD_1"));
        assert_eq!(version(all.version, "0123456789abcdef"), "FOLD_1, weights 0123456789ab");
        assert_eq!(all.path, Path::new("a,b"));
        assert_eq!((all.organism, all.angles), (Organism::Mouse, Angles::Float32));
        assert_eq!(all.threads, NonZeroUsize::new(3));
        assert_eq!(spec("alphagenome:x,fold=1").path, Path::new("x,fold=1"));
        assert!(Spec::parse("motif").is_none() && Spec::parse("alphagenome2").is_none());
    }

    #[test]
    fn what_an_option_does_not_take_is_refused() {
        let error = |text: &str| Spec::parse(text).unwrap().unwrap_err().to_string();
        assert_eq!(error("alphagenome"), "`alphagenome` names no weights");
        assert_eq!(error("alphagenome:"), "`alphagenome:` names no weights");
        assert_eq!(
            error("alphagenome:x,organism=rat"),
            "`organism=rat`: organism is `human` or `mouse`"
        );
        assert_eq!(
            error("alphagenome:x,threads=0"),
            "`threads=0`: threads is a number from 1 to 1024"
        );
        assert_eq!(
            error("alphagenome:x,angles=f32"),
            "`angles=f32`: angles is `bfloat16` or `float32`"
        );
    }
}
