//! Differences, strata, groups and covariates.

use super::super::difference::DifferenceRow;
use super::super::interval::Estimate;
use super::super::strata::StratumRow;
use super::super::{ValidateError, Validation};
use super::{Names, figures, title};
use crate::report::numbers::{interval, p_value, plain, signed};
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

/// The first rows of a table, and a note on the others.
fn shortened(mut table: Table, file: &str) -> Table {
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
                first,
                second,
                format!("{} ({})", row.metric, row.compared),
                row.estimate.n.to_string(),
                format!("{} / {}", row.only_first, row.only_second),
                plain(row.first_value, 2),
                plain(row.second_value, 2),
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
            Column::text("first"),
            Column::text("second"),
            Column::text("metric"),
            Column::number("n, both"),
            Column::number("lost: first / second only"),
            Column::number("first"),
            Column::number("second"),
            Column::text("difference"),
            Column::number("clusters"),
            Column::number("p"),
            Column::number("q (BH)"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec!["Differences with intervals in brackets; q over all differences of the metric.".to_owned()],
    };
    shortened(table, "differences.tsv")
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
    shortened(table, "strata.tsv")
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
    shortened(table, "groups.tsv")
}

fn partial(validation: &Validation) -> Table {
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
            Column::number("p, Student's t"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "The linear share of the covariates (of their ranks for Spearman) is taken out of both sides; plain on the same rows. p takes \
             rows as independent."
                .to_owned(),
        ],
    };
    shortened(table, "partial.tsv")
}
