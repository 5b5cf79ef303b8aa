//! Which rows were compared, what became of the others, and what they are worth.

use super::super::{OtherRunRecord, Validation};
use crate::report::numbers::{grouped, plain};
use crate::report::{Block, Column, Fact, Level, Section, Table};
use std::collections::BTreeMap;

/// Makes the section.
pub(super) fn section(validation: &Validation) -> Section {
    let join = &validation.join;
    let truth = &join.truth;
    let mut facts = vec![
        Fact {
            label: "rows of the truth table".to_owned(),
            value: grouped(truth.rows),
            note: format!("{} used", grouped(truth.used)),
        },
        Fact {
            label: "variants scored in the run".to_owned(),
            value: grouped(join.scored),
            note: String::new(),
        },
        Fact {
            label: if join.without_gene_scores.is_some() {
                "pairs of variant and gene, measured and scored".to_owned()
            } else {
                "variants measured and scored".to_owned()
            },
            value: grouped(join.joined),
            note: "joined by contig, position, REF and ALT in normal form".to_owned(),
        },
    ];
    if let Some(lacking) = join.without_gene_scores {
        facts.push(Fact {
            label: "pairs without a score by their gene".to_owned(),
            value: grouped(lacking),
            note: String::new(),
        });
    }
    if let Some(turned) = &truth.orientation {
        facts.push(Fact {
            label: "effects with their sign turned".to_owned(),
            value: grouped(turned.flipped),
            note: format!(
                "effects of `{}`: {} as written, {} with alleles in the other order; {} palindromic",
                turned.effect_allele,
                grouped(turned.as_written),
                grouped(turned.reordered),
                grouped(turned.palindromic)
            ),
        });
    }
    let mut blocks = vec![Block::Facts { facts }];
    for warning in validation.provenance.against.iter().flat_map(OtherRunRecord::warnings) {
        blocks.push(Block::Callout {
            level: Level::Warning,
            text: warning,
        });
    }
    if !truth.rejected.is_empty() {
        blocks.push(Block::Callout {
            level: Level::Warning,
            text: format!(
                "{} rows of the truth table are rejected: {}. The first of them are in `metrics.json`.",
                grouped(truth.rejected.values().sum()),
                listed(&truth.rejected)
            ),
        });
    }
    let mixed = validation.provenance.mixed_sources.iter().map(ToString::to_string);
    for text in validation.provenance.effect_warnings.iter().cloned().chain(mixed) {
        blocks.push(Block::Callout {
            level: Level::Warning,
            text,
        });
    }
    if !truth.left_out.is_empty() {
        let conditions = truth
            .left_out
            .iter()
            .map(|(condition, count)| format!("{} do not meet `{condition}`", grouped(*count)));
        blocks.push(Block::paragraph(format!(
            "Rows that were left out: {}.",
            conditions.collect::<Vec<_>>().join(", ")
        )));
    }
    blocks.push(Block::Table(experiments(validation)));
    blocks.push(Block::Table(worth(validation)));
    if !validation.reliability.is_empty() {
        blocks.push(Block::Table(reliability(validation)));
    }
    Section {
        heading: "The rows".to_owned(),
        anchor: "rows".to_owned(),
        blocks,
    }
}

fn listed(counts: &BTreeMap<String, u64>) -> String {
    let parts: Vec<String> = counts
        .iter()
        .map(|(what, count)| format!("{} `{what}`", grouped(*count)))
        .collect();
    parts.join(", ")
}

fn experiments(validation: &Validation) -> Table {
    let rows = validation.join.experiments.iter().map(|experiment| {
        vec![
            experiment.experiment.clone(),
            grouped(experiment.measured),
            grouped(experiment.joined),
            listed(&experiment.not_scored),
            grouped(experiment.not_measured),
        ]
    });
    Table {
        caption: "How measurements and scores came together".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::number("measured"),
            Column::number("with scores"),
            Column::text("without scores"),
            Column::number("scored, not measured"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "Numbers of an experiment are over its rows with scores; a prediction that lacks a score has a smaller n. The joined \
             variants are in `joined.tsv`."
                .to_owned(),
        ],
    }
}

fn worth(validation: &Validation) -> Table {
    let count = |value: usize| grouped(value as u64);
    let rows = validation.effective.iter().map(|row| {
        vec![
            row.experiment.clone(),
            row.scorer.clone(),
            count(row.n),
            count(row.distinct_inputs),
            count(row.positions),
            count(row.loci),
            count(row.clusters),
            plain(row.intraclass_correlation, 2),
            plain(row.effective_rows, 0),
            plain(row.effective_weighted, 0),
            plain(row.detectable, 3),
            plain(row.detectable_effective, 3),
        ]
    });
    let locus_bp = validation.effective.first().map_or(0, |row| row.locus_bp);
    Table {
        caption: "What the rows are worth".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("scorer"),
            Column::number("n"),
            Column::number("distinct inputs"),
            Column::number("positions"),
            Column::number("loci"),
            Column::number("clusters"),
            Column::number("alike within"),
            Column::number("effective rows"),
            Column::number("under weights"),
            Column::number("least r at n"),
            Column::number("least r, effective"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![format!(
            "Distinct inputs: rows that differ in a score. Loci: rows with at most {} bp, the window, between them are one. \
             Clusters are resampled together; `alike within` is the intraclass correlation of the measured effects over them, and \
             effective rows are the independent rows that their mean is worth; under weights by Kish, less what clusters take. Least r: the smallest correlation that a test at the \
             level of the intervals finds with probability 0.8. From `effective_n.tsv`.",
            grouped(locus_bp.into())
        )],
    }
}

fn reliability(validation: &Validation) -> Table {
    let rows = validation.reliability.iter().map(|row| {
        vec![
            row.experiment.clone(),
            row.replicates.to_string(),
            plain(row.pearson, 3),
            plain(row.noise_ceiling_pearson, 3),
            plain(row.spearman, 3),
            plain(row.noise_ceiling_spearman, 3),
            plain(row.reliability_of_mean, 3),
        ]
    });
    Table {
        caption: "Replicates".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::number("replicates"),
            Column::number("mean r"),
            Column::number("ceiling √r"),
            Column::number("mean ρ"),
            Column::number("ceiling √ρ"),
            Column::number("reliability of the mean"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "Mean correlation with the other experiments, taken as replicates of this one. A prediction without error correlates with \
             the measurement by the root of it (Spearman 1904, https://doi.org/10.2307/1412159)."
                .to_owned(),
        ],
    }
}
