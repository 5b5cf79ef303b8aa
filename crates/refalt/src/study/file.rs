//! The study file: TOML, paths relative to its folder.

use refalt_core::nearest::nearest;
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
    /// Scorers of the run, by name; all when not given.
    #[serde(default)]
    pub scorers: Vec<String>,
    /// Summaries over the tracks, by name; the default ones when not given.
    #[serde(default)]
    pub summaries: Vec<String>,
    /// Columns that make the variant of the truth table, `chrom=CHR,pos=BP,ref=A2,alt=A1`.
    pub columns: Option<String>,
    /// Permutations.
    pub permutations: u64,
    /// Bootstrap replicates.
    pub replicates: u64,
    /// Seed.
    pub seed: u64,
    /// How intervals are made, by name.
    pub interval: Option<String>,
    /// Coverage of the intervals.
    pub level: Option<f64>,
    /// For each metric the best tracks that get bootstrap intervals.
    pub top_tracks: Option<usize>,
    /// Bases in blocks of which rows are resampled together; 0 takes each row by itself.
    pub block: Option<u32>,
    /// What is resampled together in the place of blocks: a column, `position`, `chromosome`, or bp.
    pub cluster: Option<String>,
    /// Column with the weight of each row.
    pub weight: Option<String>,
    /// Groups over which metrics are averaged.
    pub group: Option<String>,
    /// Rules that make strata.
    #[serde(default)]
    pub stratify: Vec<String>,
    /// Columns whose share is taken out of correlations.
    #[serde(default)]
    pub covariates: Vec<String>,
    /// Pairs of predictions that are compared, `max_abs,sum`.
    #[serde(default)]
    pub compare: Vec<String>,
    /// Folders of other finished runs.
    #[serde(default)]
    pub against: Vec<PathBuf>,
    /// Gene models (GTF, GFF3), for `|tss_distance|`.
    pub genes: Option<PathBuf>,
    /// Whether the experiments are replicates of one measurement.
    #[serde(default)]
    pub replicate_experiments: bool,
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
        /// Keys that come near to one that is not known.
        nearest: Vec<String>,
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

/// Returns the keys that may be meant, from a message "unknown field `a`, expected one of `b`, `c`".
fn nearest_keys(message: &str) -> Vec<String> {
    let Some((found, known)) = message
        .strip_prefix("unknown field `")
        .and_then(|rest| rest.split_once('`'))
    else {
        return Vec::new();
    };
    nearest(found, known.split('`').skip(1).step_by(2))
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
            nearest: nearest_keys(error.message()),
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut missing = Vec::new();
        for named in study.paths() {
            *named = folder.join(&*named);
            if !named.is_file() {
                missing.push(named.clone());
            }
        }
        for run in &mut study.validate.against {
            *run = folder.join(&*run);
            if !run.is_dir() {
                missing.push(run.clone());
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
        paths.extend(&mut self.validate.genes);
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
    fn options_of_the_comparison_are_keys() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/tert.toml");
        let text = fs::read_to_string(shipped).unwrap();
        let keys = "cluster = \"position\"\ninterval = \"jackknife\"\nlevel = 0.9\ntop_tracks = 3\nweight = \"barcodes\"\n\
                    group = \"ref\"\nstratify = [\"pos:1295069\"]\ncovariates = [\"pos\"]\ncompare = [\"sum,max_abs\"]\n\
                    against = [\"other\"]\ngenes = \"genes.gtf\"\nsummaries = [\"sum\"]\nscorers = [\"CHIP_TF\"]\n\
                    columns = \"pos=BP\"\nreplicate_experiments = true\n";
        let text = text.replace("[validate]\n", &format!("[validate]\n{keys}"));
        let part = toml::from_str::<StudyFile>(&text).unwrap().validate;
        assert_eq!((part.level, part.top_tracks, part.block), (Some(0.9), Some(3), None));
        assert_eq!(
            (part.stratify, part.compare),
            (vec!["pos:1295069".to_owned()], vec!["sum,max_abs".to_owned()])
        );
        assert_eq!(
            (part.against, part.genes),
            (vec![PathBuf::from("other")], Some(PathBuf::from("genes.gtf")))
        );
        assert!(part.replicate_experiments);
    }

    #[test]
    fn an_unknown_key_is_told_what_it_may_be() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/tert.toml");
        let text = fs::read_to_string(shipped).unwrap();
        for (key, meant) in [
            ("clusters = \"pos\"", "cluster"),
            ("covariate = [\"pos\"]", "covariates"),
        ] {
            let text = text.replace("[validate]\n", &format!("[validate]\n{key}\n"));
            let error = toml::from_str::<StudyFile>(&text).unwrap_err();
            assert_eq!(nearest_keys(error.message()), [meant], "{error}");
        }
        assert_eq!(nearest_keys("invalid type: integer `1`"), Vec::<String>::new());
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
        assert!(of("gene_column = \"gene_id\"").is_err());
        assert_eq!(of("").unwrap().gene, None);
    }
}
