//! One experiment: the predictions in full, the best tracks, and their figures.

use super::super::compare::MetricRow;
use super::super::joined::JoinedColumn;
use super::super::output::ExperimentRecord;
use super::super::predictor::PredictorKind;
use super::super::{ValidateError, Validation};
use super::settings::test;
use super::{Names, Remark, figures, remarks, title};
use crate::report::numbers::{grouped, interval, p_value, plain, signed};
use crate::report::{Block, Column, Section, Table};

/// Tracks of the table of the best.
const BEST_TRACKS: usize = 10;

/// Makes the section.
pub(super) fn section(
    validation: &Validation,
    record: &ExperimentRecord,
    names: &mut Names,
) -> Result<Section, ValidateError> {
    let rows: Vec<&MetricRow> = validation
        .metrics
        .iter()
        .filter(|row| row.experiment == record.experiment)
        .collect();
    let predictions = in_full(&rows);
    let of = |row: &MetricRow| title(validation, &row.column());
    let mut blocks = Vec::new();
    let account = validation
        .join
        .experiments
        .iter()
        .find(|join| join.experiment == record.experiment);
    if let Some(account) = account {
        blocks.push(Block::paragraph(format!(
            "{} of {} measured variants have scores.{}",
            grouped(account.joined),
            grouped(account.measured),
            match record.rotations {
                Some(rotations) => format!(" They tile one place: {rotations} rotations."),
                None => String::new(),
            }
        )));
    }
    blocks.extend(figures::forest(validation, record, names)?.map(Block::figure));
    for compared in ["signed", "magnitude"] {
        blocks.extend(correlations(&predictions, compared, &of).map(Block::Table));
        blocks.extend(weighted(&predictions, compared, &of).map(Block::Table));
    }
    blocks.extend(directions(&predictions, &of).map(Block::Table));
    for label in &validation.provenance.labels {
        blocks.extend(labelled(&predictions, label, &of).map(Block::Table));
    }
    blocks.extend(
        figures::ranking(validation, record, names)?
            .into_iter()
            .map(Block::figure),
    );
    for place in validation.leads() {
        blocks.extend(figures::scatter(validation, record, place, names)?.map(Block::figure));
        blocks.extend(figures::calibration(validation, record, place, names)?.map(Block::figure));
    }
    blocks.extend(best_tracks(&rows, &of).map(Block::Table));
    let in_full = predictions.iter().flatten().map(|row| Remark {
        name: name(row, &of),
        metric: format!("{} ({})", row.metric, row.compared),
        note: row.note.as_deref(),
    });
    let items = remarks(in_full, "metrics.tsv");
    if !items.is_empty() {
        blocks.push(Block::Heading {
            text: "Numbers that are missing, and how to take others".to_owned(),
        });
        blocks.push(Block::List { items });
    }
    Ok(Section {
        heading: record.experiment.clone(),
        anchor: names.of(&["experiment", &record.experiment]),
        blocks,
    })
}

impl MetricRow {
    /// Returns the identity of the prediction.
    pub(super) fn column(&self) -> JoinedColumn {
        JoinedColumn {
            kind: self.predictor,
            name: self.name.clone(),
            scorer: self.scorer.clone().unwrap_or_default(),
            transcription_factor: self.transcription_factor.clone(),
            track_strand: self.track_strand.clone(),
        }
    }

    /// Says whether the row is of that prediction.
    pub(super) fn is_of(&self, column: &JoinedColumn) -> bool {
        self.predictor == column.kind
            && self.name == column.name
            && self.scorer.as_deref().unwrap_or_default() == column.scorer
            && self.track_strand == column.track_strand
    }
}

/// The rows of the predictions in full, prediction by prediction.
fn in_full<'a>(rows: &[&'a MetricRow]) -> Vec<Vec<&'a MetricRow>> {
    let rows: Vec<&MetricRow> = rows.iter().copied().filter(|row| row.in_full).collect();
    rows.chunk_by(|a, b| a.is_of(&b.column())).map(<[_]>::to_vec).collect()
}

fn find<'a>(rows: &[&'a MetricRow], metric: &str, compared: &str) -> Option<&'a MetricRow> {
    rows.iter()
        .copied()
        .find(|row| row.metric == metric && row.compared == compared && row.value.is_some())
}

/// A value with its interval, `0.14 (0.06 to 0.21)`.
fn with_interval(row: Option<&MetricRow>) -> String {
    let Some(row) = row else { return "–".to_owned() };
    match interval(row.low, row.high) {
        ends if ends.is_empty() => plain(row.value, 2),
        ends => format!("{} ({ends})", plain(row.value, 2)),
    }
}

fn name(row: &MetricRow, of: &impl Fn(&MetricRow) -> String) -> String {
    match row.predictor {
        PredictorKind::Experiment => format!("measured in {}", row.name),
        _ => of(row),
    }
}

fn correlations(predictions: &[Vec<&MetricRow>], compared: &str, of: &impl Fn(&MetricRow) -> String) -> Option<Table> {
    let has_ceiling = predictions.iter().flatten().any(|row| row.noise_ceiling.is_some()) && compared == "signed";
    let rows: Vec<Vec<String>> = predictions
        .iter()
        .filter_map(|rows| {
            let spearman = find(rows, "spearman", compared)?;
            let mut cells = vec![
                name(spearman, of),
                spearman.n.to_string(),
                with_interval(find(rows, "pearson", compared)),
                with_interval(Some(spearman)),
                with_interval(find(rows, "kendall", compared)),
            ];
            cells.extend([
                plain(spearman.effective_n, 0),
                p_value(spearman.p),
                p_value(spearman.p_adjusted),
                p_value(spearman.p_rotation),
                plain(spearman.share_of_ceiling, 2),
            ]);
            if has_ceiling {
                cells.push(plain(spearman.share_of_noise_ceiling, 2));
            }
            Some(cells)
        })
        .collect();
    if rows.is_empty() {
        return None;
    }
    let mut counts: Vec<usize> = predictions
        .iter()
        .filter_map(|rows| find(rows, "spearman", compared)?.clusters)
        .collect();
    counts.sort_unstable();
    counts.dedup();
    let mut columns = vec![
        Column::text("prediction"),
        Column::number("n"),
        Column::text("Pearson r"),
        Column::text("Spearman ρ"),
        Column::text("Kendall τ-b"),
    ];
    columns.extend(["effective n", "p of ρ", "family p", "p, rotations", "share of ceiling"].map(Column::number));
    if has_ceiling {
        columns.push(Column::number("share of √ρ"));
    }
    let clusters = match counts.as_slice() {
        [] => "no clusters".to_owned(),
        [one] => format!("{one} clusters"),
        [first, .., last] => format!("{first} to {last} clusters"),
    };
    let tests = test(predictions.iter().flatten().copied());
    Some(Table {
        caption: match compared {
            "signed" => "Correlation of the effects, with their signs".to_owned(),
            _ => "Correlation of the sizes of the effects".to_owned(),
        },
        columns,
        rows,
        emphasised: Vec::new(),
        notes: vec![format!(
            "Values with intervals in brackets, over {clusters}. p for ρ by {tests}, {}. The ceiling is the best value of another experiment in the \
             place of a prediction. From `metrics.tsv`, `compared` = `{compared}`.",
            if compared == "signed" {
                "two-sided"
            } else {
                "one-sided for being large"
            }
        )],
    })
}

fn weighted(predictions: &[Vec<&MetricRow>], compared: &str, of: &impl Fn(&MetricRow) -> String) -> Option<Table> {
    let rows: Vec<Vec<String>> = predictions
        .iter()
        .filter_map(|rows| {
            let spearman = find(rows, "weighted_spearman", compared)?;
            Some(vec![
                name(spearman, of),
                spearman.n.to_string(),
                with_interval(find(rows, "weighted_pearson", compared)),
                with_interval(Some(spearman)),
            ])
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: format!("Weighted correlation, {compared}"),
        columns: vec![
            Column::text("prediction"),
            Column::number("n"),
            Column::text("weighted r"),
            Column::text("weighted ρ"),
        ],
        rows,
        emphasised: Vec::new(),
        notes: vec!["Rows count by their weight. From `metrics.tsv`.".to_owned()],
    })
}

fn directions(predictions: &[Vec<&MetricRow>], of: &impl Fn(&MetricRow) -> String) -> Option<Table> {
    let rows: Vec<Vec<String>> = predictions
        .iter()
        .filter_map(|rows| {
            let accuracy = find(rows, "sign_accuracy", "signed")?;
            let gain = find(rows, "sign_accuracy_gain", "signed");
            Some(vec![
                name(accuracy, of),
                accuracy.n.to_string(),
                with_interval(Some(accuracy)),
                plain(accuracy.chance, 2),
                with_interval(gain),
                p_value(gain.and_then(|gain| gain.p_exact)),
                p_value(accuracy.p_exact),
                p_value(accuracy.p),
            ])
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: "Directions, beside always naming the commoner one".to_owned(),
        columns: vec![
            Column::text("prediction"),
            Column::number("n"),
            Column::text("right direction"),
            Column::number("commoner direction"),
            Column::text("gain"),
            Column::number("p, McNemar"),
            Column::number("p, above commoner"),
            Column::number("p"),
        ],
        rows,
        emphasised: Vec::new(),
        notes: vec![format!(
            "Gain: share of right directions less that of the commoner direction, on the same variants. The exact tests take rows as \
             independent; the last p is by {tests}, one-sided. From `metrics.tsv`, `sign_accuracy` and `sign_accuracy_gain`.",
            tests = test(predictions.iter().flatten().copied())
        )],
    })
}

fn labelled(predictions: &[Vec<&MetricRow>], label: &str, of: &impl Fn(&MetricRow) -> String) -> Option<Table> {
    let rows: Vec<Vec<String>> = predictions
        .iter()
        .filter_map(|rows| {
            let auroc = find(rows, "auroc", label)?;
            let precision = find(rows, "average_precision", label);
            Some(vec![
                name(auroc, of),
                auroc.n.to_string(),
                auroc
                    .positives
                    .map_or_else(String::new, |positives| positives.to_string()),
                with_interval(Some(auroc)),
                p_value(auroc.p),
                p_value(auroc.p_adjusted),
                with_interval(precision),
                plain(precision.and_then(|row| row.chance), 3),
                p_value(precision.and_then(|row| row.p)),
            ])
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: format!("Positives: {label}"),
        columns: vec![
            Column::text("prediction"),
            Column::number("n"),
            Column::number("positives"),
            Column::text("AUROC"),
            Column::number("p"),
            Column::number("family p"),
            Column::text("average precision"),
            Column::number("by chance"),
            Column::number("p"),
        ],
        rows,
        emphasised: Vec::new(),
        notes: vec![format!(
            "Variants are ordered by the size of the score; p by {}, one-sided. From `metrics.tsv`, `compared` = `{label}`.",
            test(predictions.iter().flatten().copied())
        )],
    })
}

fn best_tracks(rows: &[&MetricRow], of: &impl Fn(&MetricRow) -> String) -> Option<Table> {
    let tracks = |compared: &str| -> Vec<&MetricRow> {
        let is_it = |row: &&&MetricRow| {
            row.predictor == PredictorKind::Track
                && row.metric == "spearman"
                && row.compared == compared
                && row.value.is_some()
        };
        rows.iter().filter(is_it).copied().collect()
    };
    let (mut best, compared) = match tracks("signed") {
        found if found.is_empty() => (tracks("magnitude"), "the sizes of the effects"),
        found => (found, "the effects"),
    };
    let all = best.len();
    let tests = test(best.iter().copied());
    let size = |row: &MetricRow| row.value.map_or(0.0, f64::abs);
    best.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.name.cmp(&b.name)));
    best.truncate(BEST_TRACKS);
    let rows: Vec<Vec<String>> = best
        .into_iter()
        .map(|row| {
            vec![
                of(row),
                row.n.to_string(),
                signed(row.value, 3),
                interval(row.low, row.high),
                row.interval.unwrap_or_default().to_owned(),
                plain(row.effective_n, 0),
                p_value(row.p),
                p_value(row.q),
                p_value(row.p_adjusted),
                p_value(row.p_rotation_adjusted),
            ]
        })
        .collect();
    (!rows.is_empty()).then(|| Table {
        caption: format!("The strongest of {all} tracks by Spearman correlation with {compared}"),
        columns: vec![
            Column::text("track"),
            Column::number("n"),
            Column::number("ρ"),
            Column::text("interval"),
            Column::text("by"),
            Column::number("effective n"),
            Column::number("p"),
            Column::number("q (BH)"),
            Column::number("family p"),
            Column::number("family p, rotations"),
        ],
        rows,
        emphasised: Vec::new(),
        notes: vec![format!(
            "Chosen after the fact: the family p is the chance that the best of all does so well. p by {tests}. From `metrics.tsv`.",
        )],
    })
}
