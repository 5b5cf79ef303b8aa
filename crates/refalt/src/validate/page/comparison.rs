//! Differences, strata, groups and covariates.

use super::super::difference::DifferenceRow;
use super::super::interval::Estimate;
use super::super::joined::JoinedColumn;
use super::super::side_by_side::RunRow;
use super::super::strata::StratumRow;
use super::super::{ValidateError, Validation};
use super::settings::tests;
use super::{Names, Remark, figures, remarks, title};
use crate::report::numbers::{grouped, interval, p_value, plain, signed};
use crate::report::{Block, Column, Level, Section, Table};

/// Rows of a table of the page; the files hold all.
const MOST_ROWS: usize = 60;

/// Makes the sections for which there are numbers.
pub(super) fn sections(validation: &Validation, names: &mut Names) -> Result<Vec<Section>, ValidateError> {
    let mut sections = Vec::new();
    if !validation.differences.is_empty() {
        let mut blocks = vec![Block::paragraph(
            "First less second, on the variants that both have and on the same resamples. p is by exchange: the two predictions of a \
             cluster change places with probability 1/2, standardised or ranked before.",
        )];
        blocks.extend(figures::differences(validation, names)?.into_iter().map(Block::figure));
        blocks.push(Block::Table(differences(validation)));
        sections.push(named("Differences between predictions", "differences", blocks));
    }
    if !validation.runs.is_empty() {
        let mut blocks: Vec<Block> = figures::runs(validation, names)?
            .into_iter()
            .map(Block::figure)
            .collect();
        blocks.push(Block::Table(runs(validation)));
        sections.push(named("Runs side by side", "runs", blocks));
    }
    if !validation.strata.is_empty() {
        let mut blocks = Vec::new();
        let on_outcome = validation.strata.iter().any(|row| {
            let note = row.estimate.note.as_deref().unwrap_or_default();
            note.contains("cut by the outcome")
        });
        if on_outcome {
            blocks.push(Block::Callout {
                level: Level::Warning,
                text: "Some strata are cut by the outcome itself. Correlations within them are not comparable with the whole, and a small \
                       one does not show that small effects cannot be predicted."
                    .to_owned(),
            });
        }
        blocks.extend(figures::strata(validation, names)?.into_iter().map(Block::figure));
        blocks.push(Block::Table(strata(validation)));
        sections.push(named("Strata", "strata", blocks));
    }
    if !validation.groups.is_empty() {
        sections.push(named("Groups", "groups", vec![Block::Table(groups(validation))]));
    }
    if !validation.partial.is_empty() {
        sections.push(named(
            "Covariates taken out",
            "covariates",
            vec![Block::Table(partial(validation))],
        ));
    }
    Ok(sections)
}

fn named(heading: &str, anchor: &str, blocks: Vec<Block>) -> Section {
    Section {
        heading: heading.to_owned(),
        anchor: anchor.to_owned(),
        blocks,
    }
}

/// The first rows of a table, a note on the others, and what is said of its rows.
fn shortened<'a>(mut table: Table, file: &str, said: impl Iterator<Item = Remark<'a>>) -> Table {
    table.notes.extend(remarks(said, file));
    let all = table.rows.len();
    table.rows.truncate(MOST_ROWS);
    let more = all - table.rows.len();
    table.notes.push(match more {
        0 => format!("From `{file}`."),
        _ => format!("The first {MOST_ROWS} of {all} rows; all are in `{file}`."),
    });
    table
}

fn value(estimate: &Estimate, digits: usize) -> String {
    match interval(estimate.low, estimate.high) {
        ends if ends.is_empty() => signed(estimate.value, digits),
        ends => format!("{} ({ends})", signed(estimate.value, digits)),
    }
}

fn clusters(estimate: &Estimate) -> String {
    estimate
        .clusters
        .map_or_else(|| "–".to_owned(), |clusters| clusters.to_string())
}

/// Returns what the two sides are called, each with its run where there are several.
pub(super) fn sides(validation: &Validation, row: &DifferenceRow) -> [String; 2] {
    let side = |run: &Option<String>, column| match run {
        None => title(validation, column),
        Some(run) => format!("{} in {run}", title(validation, column)),
    };
    [side(&row.first_run, &row.first), side(&row.second_run, &row.second)]
}

fn differences(validation: &Validation) -> Table {
    let rows = validation
        .differences
        .iter()
        .filter(|row| row.metric != "kendall")
        .map(|row| {
            let [first, second] = sides(validation, row);
            vec![
                row.experiment.clone(),
                format!("{first} less {second}"),
                format!("{} ({})", row.metric, row.compared),
                row.estimate.n.to_string(),
                format!("{} / {}", row.only_first, row.only_second),
                format!("{} / {}", plain(row.first_value, 2), plain(row.second_value, 2)),
                value(&row.estimate, 2),
                clusters(&row.estimate),
                p_value(row.p),
                p_value(row.q),
            ]
        });
    let table = Table {
        caption: "Paired differences".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("first less second"),
            Column::text("metric"),
            Column::number("n, both"),
            Column::number("in one only"),
            Column::number("values"),
            Column::text("difference"),
            Column::number("clusters"),
            Column::number("p"),
            Column::number("q (BH)"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec!["`n, both` counts the variants that both have, `in one only` those that the first, the second has alone; values of the first and \
             the second on the variants of both; differences with intervals in brackets; q over all differences of the metric.".to_owned()],
    };
    let said = validation.differences.iter().map(|row| {
        let [first, second] = sides(validation, row);
        Remark {
            name: format!("{first} less {second}"),
            metric: format!("{} ({})", row.metric, row.compared),
            note: row.estimate.note.as_deref(),
        }
    });
    shortened(table, "differences.tsv", said)
}

/// Runs with their windows as columns would be too wide on paper: a row for each run.
fn runs(validation: &Validation) -> Table {
    let is_shown = |row: &&RunRow| matches!(row.metric, "spearman" | "auroc");
    let rows = validation.runs.iter().filter(is_shown).map(|row| {
        vec![
            row.experiment.clone(),
            title(validation, &row.prediction),
            format!("{} ({})", row.metric, row.compared),
            row.run.clone(),
            grouped(row.window_bp.into()),
            row.model.clone(),
            row.estimate.n.to_string(),
            value(&row.estimate, 2),
            clusters(&row.estimate),
        ]
    });
    let table = Table {
        caption: "Each run on the variants that all runs have".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("prediction"),
            Column::text("metric"),
            Column::text("run"),
            Column::number("window, bp"),
            Column::text("model"),
            Column::number("n"),
            Column::text("value"),
            Column::number("clusters"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "Intervals that overlap do not show that runs are alike, nor the other way round: the paired differences above do.".to_owned(),
        ],
    };
    let said = validation
        .runs
        .iter()
        .map(|row| remark(validation, &row.prediction, row.metric, &row.compared, &row.estimate));
    shortened(table, "runs.tsv", said)
}

/// What the note of an estimate says, and of what.
fn remark<'a>(
    validation: &Validation,
    prediction: &JoinedColumn,
    metric: &str,
    compared: &str,
    estimate: &'a Estimate,
) -> Remark<'a> {
    Remark {
        name: title(validation, prediction),
        metric: format!("{metric} ({compared})"),
        note: estimate.note.as_deref(),
    }
}

fn strata(validation: &Validation) -> Table {
    let is_shown = |row: &&StratumRow| matches!(row.metric, "spearman" | "auroc");
    let rows = validation.strata.iter().filter(is_shown).map(|row| {
        vec![
            row.experiment.clone(),
            title(validation, &row.prediction),
            format!("{} ({})", row.metric, row.compared),
            row.by.clone(),
            row.stratum.clone(),
            row.estimate.n.to_string(),
            value(&row.estimate, 2),
            clusters(&row.estimate),
            p_value(row.p_heterogeneity),
            p_value(row.q_heterogeneity),
        ]
    });
    let table = Table {
        caption: "Within strata".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("prediction"),
            Column::text("metric"),
            Column::text("by"),
            Column::text("stratum"),
            Column::number("n"),
            Column::text("value"),
            Column::number("clusters"),
            Column::number("p, all alike"),
            Column::number("q (BH)"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "p, all alike: permutation of the strata, for the rule as a whole. That one stratum is above chance and another is not does \
             not show that they differ."
                .to_owned(),
        ],
    };
    let said = validation.strata.iter().map(|row| Remark {
        name: format!("{}, {} {}", title(validation, &row.prediction), row.by, row.stratum),
        metric: format!("{} ({})", row.metric, row.compared),
        note: row.estimate.note.as_deref(),
    });
    shortened(table, "strata.tsv", said)
}

fn groups(validation: &Validation) -> Table {
    let rows = validation.groups.iter().filter(|row| row.group.is_none()).map(|row| {
        vec![
            row.experiment.clone(),
            title(validation, &row.prediction),
            format!("{} ({})", row.metric, row.compared),
            row.by.clone(),
            row.weighting.unwrap_or_default().to_owned(),
            row.groups.map_or_else(|| "–".to_owned(), |groups| groups.to_string()),
            row.estimate.n.to_string(),
            value(&row.estimate, 2),
            clusters(&row.estimate),
            plain(row.standard_error, 3),
        ]
    });
    let table = Table {
        caption: "Means over groups".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("prediction"),
            Column::text("metric"),
            Column::text("groups by"),
            Column::text("weighted by"),
            Column::number("groups"),
            Column::number("n"),
            Column::text("mean"),
            Column::number("clusters"),
            Column::number("standard error"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "The interval is over rows of the same groups, the standard error over whole groups. Groups without a value are named in the \
             file."
                .to_owned(),
        ],
    };
    let said = validation
        .groups
        .iter()
        .map(|row| remark(validation, &row.prediction, row.metric, &row.compared, &row.estimate));
    shortened(table, "groups.tsv", said)
}

fn partial(validation: &Validation) -> Table {
    let test = tests(validation.partial.iter().filter_map(|row| row.test));
    let rows = validation.partial.iter().map(|row| {
        vec![
            row.experiment.clone(),
            title(validation, &row.prediction),
            format!("{} ({})", row.metric, row.compared),
            row.covariates.clone(),
            row.estimate.n.to_string(),
            row.without_covariate.to_string(),
            plain(row.plain, 2),
            value(&row.estimate, 2),
            clusters(&row.estimate),
            p_value(row.p),
        ]
    });
    let table = Table {
        caption: "Partial correlations".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("prediction"),
            Column::text("correlation"),
            Column::text("without"),
            Column::number("n"),
            Column::number("rows that lack one"),
            Column::number("plain"),
            Column::text("partial"),
            Column::number("clusters"),
            Column::number("p"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![format!(
            "The linear share of the covariates (of their ranks for Spearman) is taken out of both sides; plain on the same rows. p, two-sided, by \
             {test}.",
        )],
    };
    let said = validation
        .partial
        .iter()
        .map(|row| remark(validation, &row.prediction, row.metric, row.compared, &row.estimate));
    shortened(table, "partial.tsv", said)
}
