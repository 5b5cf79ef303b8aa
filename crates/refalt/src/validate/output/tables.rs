//! The tables beside metrics, ranks and joined variants.

use super::super::Validation;
use super::super::calibration_bins::CalibrationRow;
use super::super::difference::DifferenceRow;
use super::super::effective_size::EffectiveRow;
use super::super::group_means::GroupRow;
use super::super::interval::Estimate;
use super::super::joined::JoinedColumn;
use super::super::partial::PartialRow;
use super::super::side_by_side::RunRow;
use super::super::strata::StratumRow;
use super::super::tsv::Tsv;

/// Returns names and contents of the tables that have rows.
pub(super) fn all(validation: &Validation) -> Vec<(&'static str, String)> {
    let table = |name: &'static str, rows: usize, content: String| (rows > 0).then_some((name, content));
    [
        table(
            "effective_n.tsv",
            validation.effective.len(),
            effective(&validation.effective),
        ),
        table(
            "calibration.tsv",
            validation.calibration.len(),
            calibration(&validation.calibration),
        ),
        table(
            "differences.tsv",
            validation.differences.len(),
            differences(&validation.differences),
        ),
        table("runs.tsv", validation.runs.len(), runs(&validation.runs)),
        table("strata.tsv", validation.strata.len(), strata(&validation.strata)),
        table("groups.tsv", validation.groups.len(), groups(&validation.groups)),
        table("partial.tsv", validation.partial.len(), partial(&validation.partial)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Columns that say which prediction a row is of.
const PREDICTION: [&str; 5] = ["predictor", "name", "transcription_factor", "track_strand", "scorer"];
/// Columns of an estimate.
const ESTIMATE: [&str; 6] = ["n", "value", "low", "high", "interval", "clusters"];

fn headed(parts: &[&[&'static str]]) -> Tsv {
    Tsv::new(parts.concat())
}

impl Tsv {
    fn prediction(&mut self, column: &JoinedColumn) -> &mut Self {
        self.text(column.kind.name())
            .text(&column.name)
            .optional_text(column.transcription_factor.as_deref())
            .optional_text(column.track_strand.as_deref())
            .text(&column.scorer)
    }

    fn estimate(&mut self, estimate: &Estimate) -> &mut Self {
        self.optional(Some(estimate.n))
            .optional(estimate.value)
            .optional(estimate.low)
            .optional(estimate.high)
            .optional_text(estimate.interval)
            .optional(estimate.clusters)
    }
}

fn effective(rows: &[EffectiveRow]) -> String {
    let mut tsv = headed(&[&[
        "experiment",
        "scorer",
        "n",
        "distinct_inputs",
        "positions",
        "loci",
        "locus_bp",
        "clusters",
        "intraclass_correlation",
        "effective_rows",
        "effective_weighted",
        "detectable",
        "detectable_effective",
    ]]);
    for row in rows {
        tsv.text(&row.experiment)
            .text(&row.scorer)
            .optional(Some(row.n))
            .optional(Some(row.distinct_inputs))
            .optional(Some(row.positions))
            .optional(Some(row.loci))
            .optional(Some(row.locus_bp))
            .optional(Some(row.clusters))
            .optional(row.intraclass_correlation)
            .optional(row.effective_rows)
            .optional(row.effective_weighted)
            .optional(row.detectable)
            .optional(row.detectable_effective)
            .end();
    }
    tsv.finish()
}

fn calibration(rows: &[CalibrationRow]) -> String {
    let mut tsv = headed(&[
        &["experiment"],
        &PREDICTION,
        &[
            "compared",
            "bin",
            "least",
            "most",
            "mean_score",
            "n",
            "positives",
            "mean_measured",
            "low",
            "high",
        ],
    ]);
    for row in rows {
        tsv.text(&row.experiment)
            .prediction(&row.prediction)
            .text(&row.compared)
            .optional(Some(row.bin))
            .score(Some(row.least))
            .score(Some(row.most))
            .optional(Some(row.mean_score))
            .optional(Some(row.n))
            .optional(row.positives)
            .optional(Some(row.mean_measured))
            .optional(row.low)
            .optional(row.high)
            .end();
    }
    tsv.finish()
}

fn differences(rows: &[DifferenceRow]) -> String {
    let mut tsv = headed(&[&[
        "experiment",
        "first_run",
        "first",
        "second_run",
        "second",
        "metric",
        "compared",
        "n",
        "only_first",
        "only_second",
        "first_value",
        "second_value",
        "difference",
        "low",
        "high",
        "interval",
        "clusters",
        "p",
        "q",
        "note",
    ]]);
    for row in rows {
        tsv.text(&row.experiment)
            .optional_text(row.first_run.as_deref())
            .text(&row.first.heading())
            .optional_text(row.second_run.as_deref())
            .text(&row.second.heading())
            .text(row.metric)
            .text(&row.compared)
            .optional(Some(row.estimate.n))
            .optional(Some(row.only_first))
            .optional(Some(row.only_second))
            .optional(row.first_value)
            .optional(row.second_value)
            .optional(row.estimate.value)
            .optional(row.estimate.low)
            .optional(row.estimate.high)
            .optional_text(row.estimate.interval)
            .optional(row.estimate.clusters)
            .optional(row.p)
            .optional(row.q)
            .optional_text(row.estimate.note.as_deref())
            .end();
    }
    tsv.finish()
}

fn runs(rows: &[RunRow]) -> String {
    let mut tsv = headed(&[
        &["experiment"],
        &PREDICTION,
        &["metric", "compared", "run", "window_bp", "model"],
        &ESTIMATE,
        &["note"],
    ]);
    for row in rows {
        tsv.text(&row.experiment)
            .prediction(&row.prediction)
            .text(row.metric)
            .text(&row.compared)
            .text(&row.run)
            .optional(Some(row.window_bp))
            .text(&row.model)
            .estimate(&row.estimate)
            .optional_text(row.estimate.note.as_deref())
            .end();
    }
    tsv.finish()
}

fn strata(rows: &[StratumRow]) -> String {
    let mut tsv = headed(&[
        &["experiment"],
        &PREDICTION,
        &["metric", "compared", "by", "stratum"],
        &ESTIMATE,
        &["positives", "p_heterogeneity", "q_heterogeneity", "note"],
    ]);
    for row in rows {
        tsv.text(&row.experiment)
            .prediction(&row.prediction)
            .text(row.metric)
            .text(&row.compared)
            .text(&row.by)
            .text(&row.stratum)
            .estimate(&row.estimate)
            .optional(row.positives)
            .optional(row.p_heterogeneity)
            .optional(row.q_heterogeneity)
            .optional_text(row.estimate.note.as_deref())
            .end();
    }
    tsv.finish()
}

fn groups(rows: &[GroupRow]) -> String {
    let mut tsv = headed(&[
        &["experiment"],
        &PREDICTION,
        &["metric", "compared", "by", "group", "weighting", "groups"],
        &ESTIMATE,
        &["standard_error", "note"],
    ]);
    for row in rows {
        tsv.text(&row.experiment)
            .prediction(&row.prediction)
            .text(row.metric)
            .text(&row.compared)
            .text(&row.by)
            .optional_text(row.group.as_deref())
            .optional_text(row.weighting)
            .optional(row.groups)
            .estimate(&row.estimate)
            .optional(row.standard_error)
            .optional_text(row.estimate.note.as_deref())
            .end();
    }
    tsv.finish()
}

fn partial(rows: &[PartialRow]) -> String {
    let mut tsv = headed(&[
        &["experiment"],
        &PREDICTION,
        &["metric", "compared", "covariates", "without_covariate", "plain"],
        &ESTIMATE,
        &["p", "note", "test"],
    ]);
    for row in rows {
        tsv.text(&row.experiment)
            .prediction(&row.prediction)
            .text(row.metric)
            .text(row.compared)
            .text(&row.covariates)
            .optional(Some(row.without_covariate))
            .optional(row.plain)
            .estimate(&row.estimate)
            .optional(row.p)
            .optional_text(row.estimate.note.as_deref())
            .optional_text(row.test)
            .end();
    }
    tsv.finish()
}
