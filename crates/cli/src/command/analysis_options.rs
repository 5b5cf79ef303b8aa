//! Options of `refalt validate` on intervals, comparisons, strata and what else is computed beside the metrics.

use crate::message::Failure;
use refalt::validate::{AnalysisColumns, IntervalKind, Pairing, RowKey, StratumRule, ValidateOptions};
use std::path::PathBuf;

/// What is computed beside the metrics.
#[derive(Debug, clap::Args)]
pub(crate) struct AnalysisOptions {
    /// Two predictions to compare on the variants of both, `max_abs,sum` or `GABPA,ETV5`; `@SCORER` behind a name tells
    /// scorers apart; may be given several times.
    #[arg(long, value_name = "A,B")]
    compare: Vec<String>,

    /// Other finished runs (windows, models): each prediction in full is compared with that of the same name, on the
    /// variants of both; may be given several times.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub(crate) against: Vec<PathBuf>,

    /// Compare within strata of a column: its texts, between edges (`maf:0.01,0.05`) or quantiles (`maf:quantiles=4`);
    /// `|effect|` is the size of the effect, `|tss_distance|` the bases to the transcription start (--genes); may be given
    /// several times.
    #[arg(long, value_name = "COLUMN[:CUT]")]
    stratify: Vec<String>,

    /// Column with a number whose share is taken out of correlations, such as distance (`|tss_distance|`: from --genes) or
    /// frequency; may be given several times.
    #[arg(long, value_name = "COLUMN")]
    covariate: Vec<String>,

    /// Gene models (GTF, GFF3) for `|tss_distance|`: bases to the nearest transcription start, or with --gene to that of the gene.
    #[arg(long, value_name = "FILE")]
    pub(crate) genes: Option<PathBuf>,

    /// Column with the weight of each row, for weighted correlations.
    #[arg(long, value_name = "COLUMN")]
    weight: Option<String>,

    /// Average the metrics over groups: `chromosome`, `position`, a column.
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,

    /// Resample together the rows of a column (LD block, match group), of a `position`, a `chromosome`, or of a locus: rows
    /// with at most so many bp between them.
    #[arg(long, value_name = "COLUMN|BP", conflicts_with = "block")]
    cluster: Option<String>,

    /// How intervals are made: `bca`, `percentile`, `jackknife` (clusters left out), `fisher` (closed form).
    #[arg(long, value_name = "KIND", default_value = "bca", value_parser = interval)]
    interval: IntervalKind,

    /// The experiments are replicates of one measurement: states what a prediction without error could reach.
    #[arg(long, requires = "experiment")]
    replicate_experiments: bool,
}

fn interval(text: &str) -> Result<IntervalKind, String> {
    IntervalKind::from_name(text).ok_or_else(|| {
        let known: Vec<String> = IntervalKind::ALL
            .iter()
            .map(|kind| format!("`{}`", kind.name()))
            .collect();
        format!("known: {}", known.join(", "))
    })
}

impl AnalysisOptions {
    /// Returns the columns of the truth table that are needed.
    pub(crate) fn columns(&self) -> Result<AnalysisColumns, Failure> {
        Ok(AnalysisColumns {
            weight: self.weight.clone(),
            group: self.group.as_deref().map(RowKey::read),
            cluster: self.cluster.as_deref().map(RowKey::read),
            covariates: self.covariate.clone(),
            strata: self
                .stratify
                .iter()
                .map(|text| text.parse::<StratumRule>().map_err(|error| Failure::of(&error)))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Puts the choices among those of the validation.
    pub(crate) fn enter(&self, options: &mut ValidateOptions) -> Result<(), Failure> {
        options.interval = self.interval;
        options.replicate_experiments = self.replicate_experiments;
        for text in &self.compare {
            options
                .compare
                .push(text.parse::<Pairing>().map_err(|error| Failure::of(&error))?);
        }
        Ok(())
    }
}
