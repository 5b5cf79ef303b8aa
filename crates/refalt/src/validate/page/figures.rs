//! The figures, one for each question.

use super::super::compare::MetricRow;
use super::super::output::ExperimentRecord;
use super::super::predictor::PredictorKind;
use super::super::ranking_curves::RankingCurves;
use super::super::side_by_side::RunRow;
use super::super::{ValidateError, Validation};
use super::comparison::sides;
use super::settings::{interval as interval_words, level};
use super::{Names, title};
use crate::figure::{Curve, Curves, Figure, Forest, ForestMark, ForestRow, Labels, Point, Scatter};
use crate::report::numbers::{grouped, interval, p_value, plain};

/// Rows of a forest that can be read.
const MOST_ROWS: usize = 40;

fn labels(name: String, title: String, subtitle: String, caption: String) -> Labels {
    Labels {
        name,
        title,
        subtitle,
        caption,
    }
}

/// Shortens a text for the side of a figure.
fn short(text: &str) -> String {
    const MOST: usize = 44;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    let start: String = text.chars().take(MOST - 1).collect();
    format!("{start}…")
}

/// A row of a forest, when there is a value with an interval that holds it.
fn row(label: String, value: Option<f64>, low: Option<f64>, high: Option<f64>, emphasised: bool) -> Option<ForestRow> {
    let (estimate, low, high) = (value?, low?, high?);
    // A BCa interval of a skewed statistic may leave out its estimate; it is drawn up to it.
    Some(ForestRow {
        label: short(&label),
        estimate,
        low: low.min(estimate),
        high: high.max(estimate),
        emphasised,
    })
}

/// Says what is compared for correlations of an experiment: effects, or sizes where nothing has a direction.
fn compared_of(rows: &[&MetricRow]) -> &'static str {
    let has_direction = rows
        .iter()
        .any(|row| row.predictor != PredictorKind::Experiment && row.compared == "signed" && row.value.is_some());
    if has_direction { "signed" } else { "magnitude" }
}

/// Spearman correlations of the predictions in full, other experiments as the ceiling.
pub(super) fn forest(
    validation: &Validation,
    record: &ExperimentRecord,
    names: &mut Names,
) -> Result<Option<Figure>, ValidateError> {
    let of_experiment = validation
        .metrics
        .iter()
        .filter(|row| row.experiment == record.experiment);
    let all: Vec<&MetricRow> = of_experiment.filter(|row| row.in_full).collect();
    let compared = compared_of(&all);
    let mut rows = Vec::new();
    let mut marks = Vec::new();
    for metric in all
        .iter()
        .filter(|row| row.metric == "spearman" && row.compared == compared)
    {
        let is_ceiling = metric.predictor == PredictorKind::Experiment;
        let label = match metric.predictor {
            PredictorKind::Experiment => format!("measured in {}", metric.name),
            _ => title(validation, &metric.column()),
        };
        let Some(row) = row(label, metric.value, metric.low, metric.high, is_ceiling) else {
            continue;
        };
        if let Some(value) = metric.noise_ceiling.filter(|_| !is_ceiling) {
            marks.push(ForestMark {
                row: rows.len(),
                value,
                label: "what a prediction without error could reach".to_owned(),
            });
        }
        rows.push(row);
        if rows.len() == MOST_ROWS {
            break;
        }
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let forest = Forest {
        labels: labels(
            names.of(&["forest", &record.experiment]),
            "How well each prediction orders the effects".to_owned(),
            format!("{}, n {}", record.experiment, grouped(record.n as u64)),
            "Other experiments, in the place of a prediction, set the ceiling.".to_owned(),
        ),
        value_title: match compared {
            "signed" => "Spearman correlation with the measured effect".to_owned(),
            _ => "Spearman correlation of sizes".to_owned(),
        },
        interval: interval_words(validation),
        null_value: Some(0.0),
        rows,
    };
    Ok(Some(forest.draw_with(&marks)?))
}

/// Measured against predicted values.
pub(super) fn scatter(
    validation: &Validation,
    record: &ExperimentRecord,
    place: usize,
    names: &mut Names,
) -> Result<Option<Figure>, ValidateError> {
    let column = &validation.joined.columns[place];
    let Some(experiment) = validation
        .joined
        .experiments
        .iter()
        .position(|name| *name == record.experiment)
    else {
        return Ok(None);
    };
    let named = |variant: &str| {
        let found = validation
            .ranks
            .iter()
            .find(|row| row.variant.as_deref() == Some(variant));
        found.map(|row| row.name.clone())
    };
    let points: Vec<Point> = validation
        .joined
        .variants
        .iter()
        .filter_map(|joined| {
            let variant = joined.variant.to_string();
            let name = named(&variant);
            Some(Point {
                x: joined.predicted[place]?,
                y: joined.measured[experiment]?,
                emphasised: name.is_some(),
                label: name.unwrap_or(variant),
            })
        })
        .collect();
    if points.is_empty() {
        return Ok(None);
    }
    let statistic = |metric: &str, compared: &str, title: &str| {
        let row = validation.metrics.iter().find(|row| {
            row.experiment == record.experiment
                && row.is_of(column)
                && row.metric == metric
                && row.compared == compared
                && row.value.is_some()
        })?;
        let ends = match interval(row.low, row.high) {
            ends if ends.is_empty() => String::new(),
            ends => format!(" ({} {ends})", level(validation)),
        };
        Some(format!(
            "{title} {}{ends}, n {}",
            plain(row.value, 2),
            grouped(row.n as u64)
        ))
    };
    let statistics: Vec<String> = [
        statistic("pearson", "signed", "Pearson"),
        statistic("spearman", "signed", "Spearman"),
        statistic("spearman", "magnitude", "Spearman of sizes"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let scatter = Scatter {
        labels: labels(
            names.of(&["scatter", &record.experiment, &column.name, &column.scorer]),
            format!("Measured against {}", title(validation, column)),
            record.experiment.clone(),
            String::new(),
        ),
        x_title: format!("predicted: {}, {}", column.name, column.scorer),
        y_title: format!("measured: {}", validation.provenance.effect_column),
        points,
        fit: None,
        identity_line: false,
        statistics,
    };
    Ok(Some(scatter.draw()?))
}

/// Mean measured effect in bins of the score.
pub(super) fn calibration(
    validation: &Validation,
    record: &ExperimentRecord,
    place: usize,
    names: &mut Names,
) -> Result<Option<Figure>, ValidateError> {
    let column = &validation.joined.columns[place];
    let of = |compared: &str| {
        let rows = validation
            .calibration
            .iter()
            .filter(|row| row.experiment == record.experiment && row.prediction == *column && row.compared == compared);
        rows.collect::<Vec<_>>()
    };
    let (bins, value_title) = match of("signed") {
        bins if bins.is_empty() => (of("magnitude"), "mean size of the measured effect"),
        bins => (bins, "mean measured effect"),
    };
    let rows: Vec<ForestRow> = bins
        .iter()
        .rev()
        .filter_map(|bin| {
            let label = format!("{} to {}, n {}", significant(bin.least), significant(bin.most), bin.n);
            row(label, Some(bin.mean_measured), bin.low, bin.high, false)
        })
        .collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let forest = Forest {
        labels: labels(
            names.of(&["calibration", &record.experiment, &column.name, &column.scorer]),
            "How large the effect is at each score".to_owned(),
            format!("{}, {}", record.experiment, title(validation, column)),
            "Bins of about as many variants each, highest scores at the top.".to_owned(),
        ),
        value_title: value_title.to_owned(),
        interval: format!(
            "{} interval of the mean (Student's t), rows taken as independent",
            level(validation)
        ),
        null_value: Some(0.0),
        rows,
    };
    Ok(Some(forest.draw()?))
}

/// A number with three significant digits.
fn significant(value: f64) -> String {
    let rounded: f64 = format!("{value:.2e}").parse().unwrap_or(value);
    rounded.to_string().replace('-', "\u{2212}")
}

/// ROC and precision-recall curves, a pair for each label rule.
pub(super) fn ranking(
    validation: &Validation,
    record: &ExperimentRecord,
    names: &mut Names,
) -> Result<Vec<Figure>, ValidateError> {
    let mut figures = Vec::new();
    for rule in &validation.provenance.labels {
        let mut all: Vec<&RankingCurves> = validation
            .curves
            .iter()
            .filter(|curves| curves.experiment == record.experiment && curves.compared == *rule)
            .collect();
        // Tracks asked for first, then the summaries.
        all.sort_by_key(|curves| curves.prediction.kind != PredictorKind::Track);
        let sheets = all.len().div_ceil(MOST_CURVES).min(MOST_CURVE_FIGURES);
        let undrawn = all.len().saturating_sub(sheets * MOST_CURVES);
        for (number, curves) in all.chunks(MOST_CURVES).take(sheets).enumerate() {
            let sheet = match sheets {
                1 => String::new(),
                _ => format!(" ({} of {sheets})", number + 1),
            };
            let undrawn = match undrawn {
                0 => String::new(),
                more => format!(" {more} more predictions are not drawn; `metrics.tsv` has their areas."),
            };
            figures.extend(curve_pair(validation, record, rule, curves, names, (&sheet, &undrawn))?);
        }
    }
    Ok(figures)
}

/// Predictions that can be told apart in one figure.
const MOST_CURVES: usize = 6;
/// Figures of curves for each experiment and label rule.
const MOST_CURVE_FIGURES: usize = 4;

/// The ROC and precision-recall curves of some predictions.
fn curve_pair(
    validation: &Validation,
    record: &ExperimentRecord,
    rule: &str,
    curves: &[&RankingCurves],
    names: &mut Names,
    (sheet, undrawn): (&str, &str),
) -> Result<Vec<Figure>, ValidateError> {
    let Some(first) = curves.first() else {
        return Ok(Vec::new());
    };
    let value = |metric: &str, column| {
        let row = validation.metrics.iter().find(|row| {
            row.experiment == record.experiment && row.is_of(column) && row.metric == metric && row.compared == rule
        });
        plain(row.and_then(|row| row.value), 2)
    };
    let every = curves.iter().map(|curves| curves.every).max().unwrap_or(1);
    let thinned = match every {
        1 => String::new(),
        _ => format!(" Up to every {every}th threshold is drawn."),
    };
    let curve = |points, metric: &str, column| Curve {
        label: format!("{}, {}", short(&title(validation, column)), value(metric, column)),
        points,
    };
    let roc = Curves {
        labels: labels(
            names.of(&["roc", &record.experiment, rule]),
            format!("ROC{sheet}"),
            format!("{}, positives: {rule}", record.experiment),
            format!("Variants in the order of the size of the score; AUROC in the legend.{thinned}{undrawn}"),
        ),
        x_title: "share of negatives above the threshold".to_owned(),
        y_title: "share of positives above the threshold".to_owned(),
        curves: curves
            .iter()
            .map(|of| curve(of.roc.clone(), "auroc", &of.prediction))
            .collect(),
        comparison: Some(Curve {
            label: "by chance".to_owned(),
            points: vec![(0.0, 0.0), (1.0, 1.0)],
        }),
        ranges: Some(((0.0, 1.0), (0.0, 1.0))),
    };
    let precision_recall = Curves {
        labels: labels(
            names.of(&["precision-recall", &record.experiment, rule]),
            format!("Precision and recall{sheet}"),
            format!("{}, positives: {rule}", record.experiment),
            format!("Steps, as average precision (in the legend) adds them up.{thinned}{undrawn}"),
        ),
        x_title: "recall".to_owned(),
        y_title: "precision".to_owned(),
        curves: curves
            .iter()
            .map(|of| curve(steps(&of.precision_recall), "average_precision", &of.prediction))
            .collect(),
        comparison: Some(Curve {
            label: format!("by chance, {}", plain(Some(first.positives), 3)),
            points: vec![(0.0, first.positives), (1.0, first.positives)],
        }),
        ranges: Some(((0.0, 1.0), (0.0, 1.0))),
    };
    Ok(vec![roc.draw()?, precision_recall.draw()?])
}

/// Turns points of falling recall into steps: from each recall down to the next, precision is that of the larger.
fn steps(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let mut steps = Vec::with_capacity(2 * points.len());
    for pair in points.windows(2) {
        steps.push(pair[0]);
        steps.push((pair[1].0, pair[0].1));
    }
    if steps.is_empty() { points.to_vec() } else { steps }
}

/// Differences of Spearman correlations and areas, a figure for each metric.
pub(super) fn differences(validation: &Validation, names: &mut Names) -> Result<Vec<Figure>, ValidateError> {
    let wanted = [
        ("spearman", "signed", "Difference of Spearman correlations"),
        ("spearman", "magnitude", "Difference of Spearman correlations of sizes"),
        ("auroc", "", "Difference of AUROC"),
    ];
    let mut figures = Vec::new();
    for (metric, compared, value_title) in wanted {
        let of_metric = validation
            .differences
            .iter()
            .filter(|row| row.metric == metric && (compared.is_empty() || row.compared == compared));
        let rows: Vec<ForestRow> = of_metric
            .filter_map(|difference| {
                let [first, second] = sides(validation, difference);
                let label = match validation.experiments.len() {
                    1 => format!("{first} − {second}"),
                    _ => format!("{}: {first} − {second}", difference.experiment),
                };
                let estimate = &difference.estimate;
                let is_clear = difference.q.is_some_and(|q| q <= 0.05);
                row(label, estimate.value, estimate.low, estimate.high, is_clear)
            })
            .take(MOST_ROWS)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let forest = Forest {
            labels: labels(
                names.of(&["differences", metric, compared]),
                value_title.to_owned(),
                "first less second, on the variants of both".to_owned(),
                "Emphasised: q (Benjamini-Hochberg) at most 0.05.".to_owned(),
            ),
            value_title: value_title
                .to_lowercase()
                .replace("spearman", "Spearman")
                .replace("auroc", "AUROC"),
            interval: format!("paired {}", interval_words(validation)),
            null_value: Some(0.0),
            rows,
        };
        figures.push(forest.draw()?);
    }
    Ok(figures)
}

/// Spearman correlations of each run on the variants of all, a figure for each experiment.
pub(super) fn runs(validation: &Validation, names: &mut Names) -> Result<Vec<Figure>, ValidateError> {
    let mut figures = Vec::new();
    for record in &validation.experiments {
        let of = |compared: &str| -> Vec<&RunRow> {
            let rows = validation.runs.iter().filter(|row| {
                row.experiment == record.experiment && row.metric == "spearman" && row.compared == compared
            });
            rows.collect()
        };
        let (found, value_title) = match of("signed") {
            found if found.is_empty() => (of("magnitude"), "Spearman correlation of sizes"),
            found => (found, "Spearman correlation with the measured effect"),
        };
        let all = found.len();
        let rows: Vec<ForestRow> = found
            .into_iter()
            .filter_map(|run| {
                let name = title(validation, &run.prediction);
                let label = format!("{name}, {} ({} bp)", run.run, grouped(run.window_bp.into()));
                let estimate = &run.estimate;
                row(label, estimate.value, estimate.low, estimate.high, false)
            })
            .take(MOST_ROWS)
            .collect();
        if rows.is_empty() {
            continue;
        }
        let undrawn = match all - rows.len() {
            0 => String::new(),
            more => format!(" {more} more are not drawn, for want of an interval or of room; `runs.tsv` has them."),
        };
        let n = validation
            .runs
            .iter()
            .filter(|row| row.experiment == record.experiment)
            .map(|row| row.estimate.n);
        let forest = Forest {
            labels: labels(
                names.of(&["runs", &record.experiment]),
                "Runs side by side".to_owned(),
                format!(
                    "{}, n up to {}",
                    record.experiment,
                    grouped(n.max().unwrap_or(0) as u64)
                ),
                format!("Each run on the variants that all runs have; windows in brackets.{undrawn}"),
            ),
            value_title: value_title.to_owned(),
            interval: interval_words(validation),
            null_value: Some(0.0),
            rows,
        };
        figures.push(forest.draw()?);
    }
    Ok(figures)
}

/// Spearman correlations within strata, a figure for each rule, experiment and prediction that figures show.
pub(super) fn strata(validation: &Validation, names: &mut Names) -> Result<Vec<Figure>, ValidateError> {
    let leads: Vec<_> = validation
        .leads()
        .into_iter()
        .map(|place| &validation.joined.columns[place])
        .collect();
    let mut figures = Vec::new();
    let rules = &validation.provenance.analysis.strata;
    for (rule, record) in rules
        .iter()
        .flat_map(|rule| validation.experiments.iter().map(move |record| (rule, record)))
        .take(MOST_STRATA_FIGURES)
    {
        let by = rule.to_string();
        let mut rows = Vec::new();
        let mut tests = Vec::new();
        let mut undrawn = Vec::new();
        for lead in &leads {
            let of = |compared: &str| {
                let rows = validation.strata.iter().filter(|row| {
                    row.by == by
                        && row.experiment == record.experiment
                        && row.prediction == **lead
                        && row.metric == "spearman"
                        && row.compared == compared
                });
                rows.collect::<Vec<_>>()
            };
            let found = match of("signed") {
                found if found.is_empty() => of("magnitude"),
                found => found,
            };
            tests.push(match found.first().and_then(|row| row.p_heterogeneity) {
                Some(p) => format!("{}: p = {}", title(validation, lead), p_value(Some(p))),
                None => format!("{}: none, for want of two strata with a value", title(validation, lead)),
            });
            undrawn.extend(found.iter().filter(|row| row.estimate.low.is_none()).map(|stratum| {
                format!(
                    "{}, {} (n {}){}",
                    title(validation, lead),
                    stratum.stratum,
                    stratum.estimate.n,
                    stratum
                        .estimate
                        .note
                        .as_ref()
                        .map_or_else(String::new, |note| format!(": {note}"))
                )
            }));
            rows.extend(found.into_iter().filter_map(|stratum| {
                let estimate = &stratum.estimate;
                let name = short(&title(validation, lead));
                let label = format!("{name}, {} (n {})", stratum.stratum, estimate.n);
                row(label, estimate.value, estimate.low, estimate.high, false)
            }));
        }
        rows.truncate(MOST_ROWS);
        if rows.is_empty() {
            continue;
        }
        let undrawn = match undrawn.is_empty() {
            true => String::new(),
            false => format!(" Without an interval, and not drawn: {}.", undrawn.join("; ")),
        };
        let note = validation
            .strata
            .iter()
            .find(|row| row.by == by)
            .and_then(|row| row.estimate.note.as_deref());
        let on_outcome = match note.is_some_and(|note| note.contains("cut by the outcome")) {
            true => " The strata are cut by the outcome itself and not comparable with the whole.",
            false => "",
        };
        let forest = Forest {
            labels: labels(
                names.of(&["strata", &by, &record.experiment]),
                "Within strata".to_owned(),
                format!("{}, by {by}", record.experiment),
                format!(
                    "Test of all strata being alike: {}.{undrawn}{on_outcome}",
                    tests.join("; ")
                ),
            ),
            value_title: "Spearman correlation with the measured effect".to_owned(),
            interval: interval_words(validation),
            null_value: Some(0.0),
            rows,
        };
        figures.push(forest.draw()?);
    }
    Ok(figures)
}

/// Figures of strata on a page; the table holds all.
const MOST_STRATA_FIGURES: usize = 12;
