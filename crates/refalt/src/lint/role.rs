//! What the columns of a table hold, recognised by name or told by the user.

use refalt_core::nearest::{nearest, question};
use std::collections::BTreeMap;
use std::str::FromStr;

/// What a column holds, as far as rules ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LintRole {
    /// A variant in one word.
    Variant,
    /// The contig.
    Contig,
    /// The position (1-based).
    Position,
    /// The position (0-based), as BED starts are.
    Start0,
    /// The end of an interval, as in BED.
    End,
    /// The reference allele.
    Reference,
    /// The alternate allele.
    Alternate,
    /// The allele that the effect is of.
    EffectAllele,
    /// The allele that the effect is against.
    OtherAllele,
    /// A measured effect with a sign.
    Effect,
    /// A p-value.
    PValue,
    /// A z or t statistic of the effect.
    ZScore,
    /// An odds ratio of the effect.
    OddsRatio,
    /// Frequency of the alternate allele.
    AlternateFrequency,
    /// Frequency of the effect allele.
    EffectFrequency,
    /// Frequency of the rarer allele.
    MinorFrequency,
    /// The gene or trait.
    Gene,
    /// Posterior probability or credible set of a fine-mapping.
    Posterior,
    /// A predicted effect.
    Prediction,
    /// The prediction of the reference sequence.
    ReferenceScore,
    /// The prediction of the alternate sequence.
    AlternateScore,
    /// A model's score on a track.
    RawScore,
    /// A score as a quantile of a background.
    QuantileScore,
    /// The output type of a score.
    OutputType,
    /// The scorer of a score.
    Scorer,
    /// The track of a score.
    Track,
    /// The interval that the model read.
    Window,
    /// How many tracks are behind a number.
    TrackCount,
    /// How many rows are behind a statistic.
    RowCount,
    /// How many independent observations are behind a statistic.
    EffectiveCount,
    /// A correlation, an area or another statistic of agreement.
    Statistic,
    /// The predictor or method that a statistic is of.
    Predictor,
    /// The part of a split: training, test, a fold.
    Split,
    /// The sequence that a model read.
    Sequence,
}

use LintRole as R;

/// A role, its key in `--columns`, and the names that have it without being told, best first.
///
/// Names are compared in lower case, letters and digits alone.
const ROLES: [(LintRole, &str, &[&str]); 34] = [
    (
        R::Variant,
        "id",
        &[
            "variantid",
            "variant",
            "spdi",
            "hgvsg",
            "markername",
            "snpid",
            "varsnpid",
            "hmvariantid",
            "snp",
            "v",
            "id",
            "name",
        ],
    ),
    (
        R::Contig,
        "chrom",
        &["chrom", "chr", "chromosome", "contig", "varchr", "hmchrom", "leadchrom"],
    ),
    (
        R::Position,
        "pos",
        &[
            "pos",
            "position",
            "bp",
            "basepairlocation",
            "snppos",
            "varposhg38",
            "hmpos",
            "genomicposition",
            "leadpos",
        ],
    ),
    (R::Start0, "start0", &["start", "chromstart"]),
    (R::End, "end", &["end", "chromend"]),
    (
        R::Reference,
        "ref",
        &[
            "ref",
            "reference",
            "refallele",
            "referenceallele",
            "referencebases",
            "refbase",
            "leadref",
            "varallele1",
            "allele1",
        ],
    ),
    (
        R::Alternate,
        "alt",
        &[
            "alt",
            "alternate",
            "altallele",
            "alternateallele",
            "alternatebases",
            "altbase",
            "leadalt",
            "varallele2",
            "allele2",
        ],
    ),
    (
        R::EffectAllele,
        "effect_allele",
        &["effectallele", "hmeffectallele", "testedallele", "assessedallele"],
    ),
    (
        R::OtherAllele,
        "other_allele",
        &["otherallele", "hmotherallele", "noneffectallele"],
    ),
    (
        R::Effect,
        "effect",
        &[
            "slope",
            "beta",
            "effect",
            "effectsize",
            "logfc",
            "log2fc",
            "log2foldchange",
            "coefficient",
            "logskewcomb",
            "hmbeta",
            "lfc",
            "effectlog2",
            "eqtlbeta",
            "betamarginal",
            "measured",
            "measuredeffect",
            "target",
        ],
    ),
    (
        R::PValue,
        "p",
        &["pvalue", "p", "pval", "pvalnominal", "eqtlp", "pmeta"],
    ),
    (
        R::ZScore,
        "z",
        &["z", "zscore", "zstat", "tstat", "eqtltstat", "tstatistic"],
    ),
    (R::OddsRatio, "odds_ratio", &["oddsratio", "or", "hmoddsratio"]),
    (
        R::AlternateFrequency,
        "af",
        &[
            "af",
            "altaf",
            "altfreq",
            "alternateallelefrequency",
            "infoaf",
            "gnomadaf",
        ],
    ),
    (
        R::EffectFrequency,
        "effect_frequency",
        &["effectallelefrequency", "eaf", "hmeffectallelefrequency"],
    ),
    (R::MinorFrequency, "maf", &["maf", "minorallelefrequency"]),
    (
        R::Gene,
        "gene",
        &[
            "geneid",
            "gene",
            "genename",
            "genesymbol",
            "phenotypeid",
            "moleculartraitid",
            "eqtlgene",
            "feature",
            "trait",
        ],
    ),
    (
        R::Posterior,
        "posterior",
        &[
            "pip",
            "posterior",
            "susiepip",
            "finemappip",
            "eqtlpip",
            "maxpip",
            "prob",
            "csid",
            "cs",
        ],
    ),
    (
        R::Prediction,
        "prediction",
        &[
            "deltapred",
            "prediction",
            "pred",
            "predicted",
            "predictedeffect",
            "varianteffectscore",
            "delta",
        ],
    ),
    (
        R::ReferenceScore,
        "ref_score",
        &["refscore", "referencescore", "predref"],
    ),
    (
        R::AlternateScore,
        "alt_score",
        &["altscore", "alternatescore", "predalt"],
    ),
    (R::RawScore, "raw_score", &["rawscore"]),
    (R::QuantileScore, "quantile_score", &["quantilescore"]),
    (R::OutputType, "output_type", &["outputtype"]),
    (R::Scorer, "scorer", &["variantscorer", "scorer", "scorekind"]),
    (R::Track, "track", &["trackname", "track", "trackorgene"]),
    (R::Window, "window", &["scoredinterval", "interval"]),
    (
        R::TrackCount,
        "tracks",
        &["ntracks", "tracks", "trackcount", "matchedtracks"],
    ),
    (R::RowCount, "n", &["n", "nvariants", "nrows"]),
    (
        R::EffectiveCount,
        "n_effective",
        &[
            "neffective",
            "neff",
            "effectiven",
            "clusters",
            "nclusters",
            "independent",
            "interval",
        ],
    ),
    (
        R::Statistic,
        "statistic",
        &[
            "spearmanr",
            "spearman",
            "rho",
            "pearsonr",
            "pearson",
            "correlation",
            "auroc",
            "auprc",
            "value",
        ],
    ),
    (
        R::Predictor,
        "predictor",
        &[
            "predictor",
            "recipe",
            "aggregation",
            "method",
            "model",
            "scorer",
            "name",
        ],
    ),
    (R::Split, "split", &["split", "fold", "partition", "subset"]),
    (
        R::Sequence,
        "sequence",
        &["sequence", "inputsequence", "refsequence", "altsequence", "oligo"],
    ),
];

impl LintRole {
    /// Returns the key of the role in `--columns`.
    pub fn key(self) -> &'static str {
        ROLES
            .iter()
            .find(|(role, ..)| *role == self)
            .map_or("", |(_, key, _)| key)
    }

    /// Returns every role.
    pub fn all() -> impl Iterator<Item = Self> {
        ROLES.iter().map(|(role, ..)| *role)
    }

    /// Returns the names that have the role without being told, in lower case, letters and digits alone.
    pub fn known_names(self) -> &'static [&'static str] {
        ROLES
            .iter()
            .find(|(role, ..)| *role == self)
            .map_or(&[], |(.., names)| names)
    }
}

/// A text of `--columns` is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LintColumnsError {
    /// No `=`.
    #[error("`{text}` is no `ROLE=COLUMN`")]
    NoAssignment {
        /// The text.
        text: String,
    },
    /// No such role.
    #[error("unknown role `{role}`{}", question(.nearest).map_or(String::new(), |question| format!("; {question}")))]
    UnknownRole {
        /// The role.
        role: String,
        /// Roles that may be meant.
        nearest: Vec<String>,
    },
}

/// What the user says of columns: `effect=slope,prediction=delta_pred`. A number is the number of a column (1-based).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LintColumns(Vec<(LintRole, String)>);

impl LintColumns {
    /// Says what a column holds.
    pub fn insert(&mut self, role: LintRole, column: impl Into<String>) {
        self.0.push((role, column.into()));
    }
}

impl FromStr for LintColumns {
    type Err = LintColumnsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut columns = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let (key, column) = part
                .split_once('=')
                .ok_or_else(|| LintColumnsError::NoAssignment { text: part.to_owned() })?;
            let key = key.trim();
            let role = LintRole::all()
                .find(|role| role.key() == key)
                .ok_or_else(|| LintColumnsError::UnknownRole {
                    role: key.to_owned(),
                    nearest: nearest(key, LintRole::all().map(LintRole::key)),
                })?;
            columns.insert(role, column.trim());
        }
        Ok(columns)
    }
}

/// The columns of a table with their roles.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub(super) header: Vec<String>,
    roles: Vec<(LintRole, usize)>,
    /// Columns that the user named and the table does not have.
    pub(super) missing: Vec<String>,
}

impl Columns {
    pub(super) fn new(header: Vec<String>, told: &LintColumns) -> Self {
        let plain: Vec<String> = header.iter().map(|name| plain(name)).collect();
        let mut roles = Vec::new();
        let mut missing = Vec::new();
        let place = |name: &String| {
            let by_number = name.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
            let found = header.iter().position(|column| column == name);
            found.or(by_number.filter(|&index| index < header.len()))
        };
        // A column that the user gives a role has no other by its name.
        let is_told = |index: usize| told.0.iter().any(|(_, name)| place(name) == Some(index));
        for (role, _, names) in &ROLES {
            let own: Vec<&String> = told
                .0
                .iter()
                .filter(|(said, _)| said == role)
                .map(|(_, name)| name)
                .collect();
            for name in &own {
                match place(name) {
                    Some(index) => roles.push((*role, index)),
                    None => missing.push((*name).clone()),
                }
            }
            if own.is_empty() {
                for name in *names {
                    roles.extend(
                        plain
                            .iter()
                            .enumerate()
                            .filter(|(index, found)| found == name && !is_told(*index))
                            .map(|(index, _)| (*role, index)),
                    );
                }
                if *role == LintRole::Prediction {
                    let named = |name: &str| name.starts_with("pred") && name.len() > 4 && !name.ends_with("jsd");
                    let also = plain.iter().enumerate().filter(|(index, name)| {
                        !is_told(*index)
                            && !names.contains(&name.as_str())
                            && named(name)
                            && !["predictor", "predref", "predalt"].contains(&name.as_str())
                    });
                    roles.extend(also.map(|(index, _)| (*role, index)));
                }
            }
        }
        Self { header, roles, missing }
    }

    /// Says whether no column has a role.
    pub(super) fn is_unknown(&self) -> bool {
        self.roles.is_empty()
    }

    /// Returns the names of the columns by the key of their role.
    pub(super) fn by_role(&self) -> BTreeMap<&'static str, Vec<String>> {
        let mut by_role: BTreeMap<_, Vec<String>> = BTreeMap::new();
        for (role, column) in &self.roles {
            by_role
                .entry(role.key())
                .or_default()
                .push(self.name(*column).to_owned());
        }
        by_role
    }

    /// Returns the first column with a role.
    pub(super) fn first(&self, role: LintRole) -> Option<usize> {
        self.all(role).next()
    }

    /// Returns every column with a role, best first.
    pub(super) fn all(&self, role: LintRole) -> impl Iterator<Item = usize> {
        self.roles
            .iter()
            .filter(move |(own, _)| *own == role)
            .map(|(_, column)| *column)
    }

    pub(super) fn has(&self, role: LintRole) -> bool {
        self.first(role).is_some()
    }

    pub(super) fn name(&self, column: usize) -> &str {
        self.header.get(column).map_or("", String::as_str)
    }

    /// Returns the columns whose names, in lower case with single spaces between their words, meet a condition.
    pub(super) fn named(&self, wanted: impl Fn(&[&str]) -> bool) -> Vec<usize> {
        let meets = |name: &String| {
            let lower = name.to_lowercase();
            let words: Vec<&str> = lower
                .split(|letter: char| !letter.is_alphanumeric())
                .filter(|word| !word.is_empty())
                .collect();
            wanted(&words)
        };
        (0..self.header.len())
            .filter(|&index| meets(&self.header[index]))
            .collect()
    }
}

fn plain(name: &str) -> String {
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_found_by_name_and_by_what_the_user_says() {
        let header: Vec<String> = ["variant_id", "slope", "my_model", "pred.chrombpnet.logfc"]
            .map(str::to_owned)
            .into();
        let columns = Columns::new(header.clone(), &LintColumns::default());
        assert_eq!(columns.first(LintRole::Variant), Some(0));
        assert_eq!(columns.first(LintRole::Effect), Some(1));
        assert_eq!(columns.first(LintRole::Prediction), Some(3));
        let columns = Columns::new(header, &"prediction=my_model,effect=nothing,id=1".parse().unwrap());
        assert_eq!(columns.first(LintRole::Prediction), Some(2));
        assert_eq!(columns.missing, ["nothing"]);
        let columns = Columns::new(vec!["delta_pred".to_owned()], &"effect=delta_pred".parse().unwrap());
        assert_eq!(columns.first(LintRole::Effect), Some(0));
        assert!(!columns.has(LintRole::Prediction));
        assert!(
            "effekt=a"
                .parse::<LintColumns>()
                .unwrap_err()
                .to_string()
                .contains("`effect`")
        );
    }
}
