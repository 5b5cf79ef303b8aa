//! A protocol as written: TOML, every key known.

use super::error::ProtocolError;
use super::{check, one_class};
use refalt_core::stats::{Metric, MetricInput};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How a benchmark is run: where its data come from, which rows count, what is computed, what others reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Protocol {
    /// Name, as `--protocol` takes it: small letters, digits and `_`.
    pub name: String,
    /// Title of figures and tables.
    pub title: String,
    /// What the benchmark asks, in a sentence.
    pub question: String,
    /// Output type or types that are judged.
    pub modality: String,
    /// What a reader of the result has to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Where the data come from.
    pub source: SourcePart,
    /// Chromosomes that rows are expected on; any when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<SplitPart>,
    /// Columns of a table of predictions.
    pub predictions: PredictionsPart,
    /// Columns of the truth table that a score folder is joined with; without it, a folder cannot be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truth: Option<TruthPart>,
    /// How the scores of a folder become one prediction for each row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scores: Option<ScoresPart>,
    /// What is computed.
    pub metric: MetricPart,
    /// Groups that are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<ExcludedGroup>,
    /// Values that were published for this protocol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<PublishedValue>,
    /// Values that other predictors reach.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baseline: Vec<Baseline>,
}

/// Where the data come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourcePart {
    /// Whom to cite.
    pub citation: String,
    /// Where the table is downloaded.
    pub url: String,
    /// Under which terms.
    pub licence: String,
    /// Assembly of the coordinates.
    pub assembly: String,
    /// SHA-256 of the table at `url`, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// What a split does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SplitRole {
    /// Rows on other chromosomes are left out.
    Filter,
    /// Rows on other chromosomes are counted, and stay.
    Check,
}

/// Chromosomes that rows are expected on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SplitPart {
    /// What they are.
    pub name: String,
    /// What happens to rows on other chromosomes.
    pub role: SplitRole,
    /// Their numbers, with or without `chr`.
    pub chromosomes: Vec<String>,
}

/// Columns of a table of predictions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PredictionsPart {
    /// What was measured: a number, or 0 and 1 (true and false).
    pub target: String,
    /// What makes a row positive, for metrics of labels.
    #[serde(default)]
    pub labels: LabelOf,
    /// What was predicted.
    pub prediction: String,
    /// Names under which a column with the variant in one word is looked for; the split and loci are read off it.
    #[serde(default = "variant_names")]
    pub variant: Vec<String>,
    /// In place of `variant`: the columns of contig, position (1-based), REF and ALT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coordinates: Option<[String; 4]>,
    /// Group over which the metric is averaged: tissue, element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Match group of positives and negatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_group: Option<String>,
    /// Conditions that rows meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
}

fn variant_names() -> Vec<String> {
    ["variant_id", "variant"].map(str::to_owned).to_vec()
}

/// Which allele the effect of a truth table belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EffectAllele {
    /// The effect is that of ALT against REF.
    Alt,
    /// The table has labels, which belong to no allele.
    None,
}

/// What happens to rows of a truth table that measure one variant more than once in one group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// They are an error.
    #[default]
    Refuse,
    /// All of them are rejected, and counted: deletions along a run of one base are one variant.
    LeaveOut,
}

/// Columns of a truth table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TruthPart {
    /// Which table, and where it is found.
    pub table: String,
    /// Columns that make the variant, `chrom=Chrom,pos=Pos,ref=Ref,alt=Alt`; the usual names are known.
    #[serde(default)]
    pub columns: String,
    /// What was measured: a number, or 0 and 1 (true and false).
    pub target: String,
    /// What makes a row positive, for metrics of labels.
    #[serde(default)]
    pub labels: LabelOf,
    /// Which allele the measured effect belongs to.
    pub effect_allele: EffectAllele,
    /// Group over which the metric is averaged: tissue, element.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Gene of the effect, by id: the benchmark is by gene.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gene: Option<String>,
    /// Match group of positives and negatives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub match_group: Option<String>,
    /// Conditions that rows meet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// What happens to rows that measure one variant more than once in one group.
    #[serde(default)]
    pub repeats: Repeats,
    /// What the table writes in ALT for the deletion of REF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion: Option<String>,
}

/// How the scores of several tracks become one prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// Mean of the scores, with their signs.
    Mean,
    /// Mean of the sizes of the scores.
    MeanAbs,
    /// The score farthest from 0, with its sign; of equals the first in the model's order.
    MaxAbs,
    /// The largest size.
    LargestSize,
    /// The largest score.
    Max,
    /// max SPLICE_SITES + max SPLICE_SITE_USAGE + max SPLICE_JUNCTIONS / 5.
    SplicingComposite,
}

impl Aggregation {
    /// Every aggregation.
    pub const ALL: [Self; 6] = [
        Self::Mean,
        Self::MeanAbs,
        Self::MaxAbs,
        Self::LargestSize,
        Self::Max,
        Self::SplicingComposite,
    ];

    /// Reads a name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|aggregation| aggregation.name() == name)
    }

    /// Returns the name as the protocol writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::MeanAbs => "mean_abs",
            Self::MaxAbs => "max_abs",
            Self::LargestSize => "largest_size",
            Self::Max => "max",
            Self::SplicingComposite => "splicing_composite",
        }
    }

    /// Says whether the result has no direction.
    pub const fn is_size(self) -> bool {
        matches!(self, Self::MeanAbs | Self::LargestSize | Self::SplicingComposite)
    }
}

/// How a score folder is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoresPart {
    /// Scorers, by recommended name or text: one, or the three of the splicing composite.
    pub scorers: Vec<String>,
    /// The tracks that count, as a selection; `{group}` stands for the group of the row. All when not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tracks: Option<String>,
    /// How their scores become one number.
    pub aggregation: Aggregation,
    /// What stands for several scores of a variant on one track, of its genes or junctions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub collapse: Option<String>,
}

/// How groups are averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Average {
    /// Mean over groups, weighted by their rows without a missing value.
    Rows,
    /// Plain mean over groups.
    Equal,
}

/// What the groups of an average are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// The group column.
    Group,
    /// The chromosomes of the variants.
    Chromosome,
}

/// What becomes a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelOf {
    /// The target is 0 or 1.
    #[default]
    Target,
    /// The target is an effect; positive is what is not below 0.
    NotNegative,
}

/// What the average precision of rows of one class is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneClass {
    /// None: a group of one class is not in the mean, and listed.
    #[default]
    NoValue,
    /// What scikit-learn returns: 0 without positives, 1 without negatives; such a group is in the mean.
    AsScikitLearn,
}

/// What is drawn together by the bootstrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cluster {
    /// Each row by itself.
    #[default]
    Row,
    /// Rows of one variant.
    Variant,
    /// Rows whose variants start at one position.
    Position,
    /// Rows whose variants have at most `locus_bp` between them, directly or through others.
    Locus,
    /// Rows of one match group.
    MatchGroup,
    /// Rows of one chromosome.
    Chromosome,
}

impl Cluster {
    /// Returns what is drawn, in words, for tables.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Row => "rows",
            Self::Variant => "variants",
            Self::Position => "positions",
            Self::Locus => "loci",
            Self::MatchGroup => "match groups",
            Self::Chromosome => "chromosomes",
        }
    }
}

/// What is computed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetricPart {
    /// Name of the metric, `pearson`.
    pub name: String,
    /// How groups are averaged; without it all rows are one group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<Average>,
    /// What the groups are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub over: Option<Over>,
    /// The groups that published values are over, where they are known by name; a value without one of them is compared with none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What the average precision of a group of one class is.
    #[serde(default)]
    pub one_class: OneClass,
    /// What the bootstrap draws.
    #[serde(default)]
    pub cluster: Cluster,
    /// Most bases between variants of one locus.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locus_bp: Option<u32>,
    /// Draws of one positive and one negative from each match group, over which the metric is averaged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draws: Option<u32>,
    /// Two values of the metric that differ by no more agree.
    pub tolerance: f64,
}

/// A group that is left out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExcludedGroup {
    /// The group.
    pub group: String,
    /// Why.
    pub reason: String,
}

/// A published value of the metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedValue {
    /// Whose predictions it is of.
    pub predictor: String,
    /// `reported`, or `recomputed` from the released table.
    pub kind: String,
    /// The value, in the digits that were published.
    pub value: String,
    /// Where it stands.
    pub source: String,
}

impl PublishedValue {
    /// Returns the value as a number; protocols that are read have no others.
    pub fn number(&self) -> f64 {
        self.value.parse().unwrap_or(f64::NAN)
    }

    /// Returns half a unit of the last digit that was published.
    pub fn half_unit(&self) -> f64 {
        let decimals = self.value.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        0.5 * 10f64.powi(-(decimals as i32))
    }
}

/// What another predictor reaches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// The predictor.
    pub predictor: String,
    /// Its value.
    pub value: f64,
    /// Where it stands.
    pub source: String,
}

impl Protocol {
    /// Reads a protocol from its text.
    ///
    /// * `named`: file name for messages.
    ///
    /// # Errors
    /// [`ProtocolError::Form`] with line and column for what TOML or the keys forbid, [`ProtocolError::Setting`] for values
    /// that cannot be.
    pub fn parse(text: &str, named: &str) -> Result<Self, ProtocolError> {
        let protocol: Self = toml::from_str(text).map_err(|error| ProtocolError::Form {
            file: named.to_owned(),
            reason: error.to_string().trim_end().to_owned(),
        })?;
        check::check(&protocol, named)?;
        Ok(protocol)
    }

    /// Reads a protocol from a file.
    ///
    /// # Errors
    /// As [`Self::parse`], and [`ProtocolError::Unreadable`].
    pub fn read(path: &Path) -> Result<Self, ProtocolError> {
        let text = std::fs::read_to_string(path).map_err(|source| ProtocolError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Returns the metric.
    pub(super) fn metric(&self) -> Option<&'static Metric> {
        match self.metric.one_class {
            OneClass::NoValue => Metric::of(&self.metric.name),
            OneClass::AsScikitLearn => Some(&one_class::AVERAGE_PRECISION),
        }
    }

    /// Says whether the metric is one of labels.
    pub fn is_labelled(&self) -> bool {
        let input = self.metric().map(|metric| metric.input);
        matches!(input, Some(MetricInput::LabelsAndScores(_)))
    }
}
