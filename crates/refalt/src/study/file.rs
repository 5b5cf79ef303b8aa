//! The study file: TOML, paths relative to its folder.

use serde::Deserialize;
use std::fs;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// A study as written.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StudyFile {
    /// Title of the report.
    pub title: String,
    /// What the study is about, in one or two sentences.
    pub subtitle: String,
    /// Paragraphs at the beginning of the report.
    #[serde(default)]
    pub introduction: Vec<String>,
    /// Licences and citations of the data, a paragraph each.
    #[serde(default)]
    pub sources: Vec<String>,
    /// Output folder, relative to the working folder.
    pub out: PathBuf,
    /// The genome.
    pub reference: ReferencePart,
    /// A list of variants to audit.
    pub audit: Option<AuditPart>,
    /// The variants to score.
    pub score: ScorePart,
    /// The measurements to compare with.
    pub validate: ValidatePart,
    /// What the report shows.
    pub show: ShowPart,
    /// What the linter is told.
    pub lint: Option<LintPart>,
}

/// What the linter is told.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LintPart {
    /// Rules whose findings are allowed, by code, with the reason.
    #[serde(default)]
    pub allow: std::collections::BTreeMap<String, String>,
}

/// The genome of a study.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferencePart {
    /// FASTA.
    pub fasta: PathBuf,
    /// The assembly that the source states; content decides whether it is proven.
    pub stated_assembly: String,
}

/// A list of variants to audit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditPart {
    /// The variants.
    pub variants: PathBuf,
    /// Chain file from the other assembly to that of the reference.
    pub chain: Option<PathBuf>,
    /// Gene models, BED12.
    pub genes: Option<PathBuf>,
}

/// The variants to score.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScorePart {
    /// The variants.
    pub variants: PathBuf,
    /// The model.
    pub model: String,
    /// The scorers.
    pub scorers: Vec<String>,
    /// Which tracks get rows, as a selection; all when not given.
    #[serde(default)]
    pub tracks: Option<String>,
    /// Window length in bp.
    pub window_bp: NonZeroU32,
}

/// The measurements to compare with.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidatePart {
    /// Table of measured effects.
    pub truth: PathBuf,
    /// Column with the effect; of ALT against REF as written, unless `effect_allele` says otherwise.
    pub effect: String,
    /// Which allele the effect is of: `alt`, `ref` or a column.
    pub effect_allele: Option<String>,
    /// Unit of the effect, for axes: `log2 effect on expression`.
    pub effect_unit: String,
    /// Column that tells experiments apart.
    pub experiment: Option<String>,
    /// Column with the gene of the effect, by id.
    pub gene: Option<String>,
    /// What stands for several scores of a variant on a track, by name: `max_abs`.
    pub collapse: Option<String>,
    /// Conditions that rows meet.
    #[serde(default)]
    pub keep: Vec<String>,
    /// Rules that make positives.
    #[serde(default)]
    pub labels: Vec<String>,
    /// Table of variants whose ranks are reported.
    pub named: PathBuf,
    /// Tracks that are reported in full: names, factors or selections.
    #[serde(default)]
    pub tracks: Vec<String>,
    /// Permutations.
    pub permutations: u64,
    /// Bootstrap replicates.
    pub replicates: u64,
    /// Seed.
    pub seed: u64,
}

/// What the report shows.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShowPart {
    /// The experiment of the maps and scatters.
    pub experiment: String,
    /// Short names of experiments: cell type and treatment.
    #[serde(default)]
    pub experiment_names: std::collections::BTreeMap<String, String>,
    /// Predictions in maps and scatters: names of summaries, tracks or factors.
    pub predictions: Vec<String>,
    /// Named variants whose motif is drawn, as they are called in the table of named variants.
    pub hotspots: Vec<String>,
    /// Motif drawn at the hotspots, in any motif format.
    pub motif: PathBuf,
    /// Probability of a site in random sequence, on one strand, for sites created and destroyed.
    pub site_p_value: f64,
    /// Stretch whose created sequence is bracketed, in bases around the variant on the gene strand.
    #[serde(default)]
    pub created: Option<CreatedPart>,
    /// The map of the locus.
    pub locus: LocusPart,
}

/// The sequence that hotspots create.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreatedPart {
    /// The sequence, 5' to 3' on the strand.
    pub sequence: String,
    /// The strand, `+` or `-`.
    pub strand: char,
}

/// The map of the locus; positions 1-based, inclusive.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocusPart {
    /// Contig.
    pub contig: String,
    /// First base shown.
    pub first: NonZeroU32,
    /// Last base shown.
    pub last: NonZeroU32,
    /// Transcription start sites.
    #[serde(default)]
    pub starts: Vec<StartPart>,
    /// Stretches with names.
    #[serde(default)]
    pub features: Vec<FeaturePart>,
}

/// A transcription start site.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StartPart {
    /// Name.
    pub label: String,
    /// First transcribed base (1-based).
    pub position: NonZeroU32,
    /// `+` or `-`.
    pub strand: char,
}

/// A stretch with a name; positions 1-based, inclusive.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeaturePart {
    /// Name.
    pub label: String,
    /// `gene`, `exon`, `promoter`, `element` or `site`.
    pub kind: String,
    /// First base.
    pub first: NonZeroU32,
    /// Last base.
    pub last: NonZeroU32,
}

/// A study file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StudyFileError {
    /// The file cannot be read.
    #[error("cannot read the study `{path}`: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is no study.
    #[error("the study `{path}` is not right: {reason}")]
    Form {
        /// The file.
        path: PathBuf,
        /// Line, column and cause, as the parser says it.
        reason: String,
    },
    /// Files that the study names are not there.
    #[error("the study `{path}` names files that are not there: {}", .missing.iter().map(|m| format!("`{}`", m.display())).collect::<Vec<_>>().join(", "))]
    FilesMissing {
        /// The study.
        path: PathBuf,
        /// The files.
        missing: Vec<PathBuf>,
    },
}

impl StudyFile {
    /// Reads a study and makes its paths relative to the working folder.
    ///
    /// # Errors
    /// [`StudyFileError`], with all missing files at once.
    pub fn read(path: &Path) -> Result<Self, StudyFileError> {
        let text = fs::read_to_string(path).map_err(|source| StudyFileError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut study: Self = toml::from_str(&text).map_err(|error| StudyFileError::Form {
            path: path.to_owned(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut missing = Vec::new();
        for named in study.paths() {
            *named = folder.join(&*named);
            if !named.is_file() {
                missing.push(named.clone());
            }
        }
        if missing.is_empty() {
            Ok(study)
        } else {
            Err(StudyFileError::FilesMissing {
                path: path.to_owned(),
                missing,
            })
        }
    }

    /// Every input file that the study names.
    fn paths(&mut self) -> Vec<&mut PathBuf> {
        let mut paths = vec![
            &mut self.reference.fasta,
            &mut self.score.variants,
            &mut self.validate.truth,
            &mut self.validate.named,
            &mut self.show.motif,
        ];
        if let Some(audit) = &mut self.audit {
            paths.push(&mut audit.variants);
            paths.extend(&mut audit.chain);
            paths.extend(&mut audit.genes);
        }
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("study.toml");
        fs::write(&path, "title = \"t\"\nsubtitel = \"s\"\n").unwrap();
        let message = StudyFile::read(&path).unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("subtitel"), "{message}");
    }

    #[test]
    fn the_study_that_ships_is_read_and_its_files_are_there() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/tert.toml");
        let study = StudyFile::read(&path).unwrap();
        assert_eq!(study.show.hotspots, ["C228T", "C250T"]);
    }

    #[test]
    fn the_gene_of_an_effect_and_what_stands_for_several_scores_are_keys() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/tert.toml");
        let text = fs::read_to_string(shipped).unwrap();
        let of = |more: &str| {
            let text = text.replace("[validate]\n", &format!("[validate]\n{more}\n"));
            toml::from_str::<StudyFile>(&text).map(|study| study.validate)
        };
        let part = of("gene = \"gene_id\"\ncollapse = \"max_abs\"").unwrap();
        assert_eq!(
            (part.gene.as_deref(), part.collapse.as_deref()),
            (Some("gene_id"), Some("max_abs"))
        );
        assert!(of("genes = \"gene_id\"").is_err());
        assert_eq!(of("").unwrap().gene, None);
    }
}
