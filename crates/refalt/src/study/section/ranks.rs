//! Where the named variants rank, by measurement and by each prediction.

use super::super::{Findings, StudyError};
use super::{element, experiment_name, shown_experiment};
use crate::figure::{Labels, RankedBar, RankedBars};
use crate::report::{Block, Column, Section, Table};

/// Bars shown from the top, besides the named variants.
const TOP: usize = 12;

/// Makes the section.
pub(super) fn section(findings: &Findings<'_>) -> Result<Section, StudyError> {
    Ok(Section {
        heading: "Where the named variants rank".to_owned(),
        anchor: "ranks".to_owned(),
        blocks: vec![
            Block::paragraph("Rank 1 has the largest effect by size; equal sizes share the better rank."),
            Block::figure(bars(findings)?.draw()?),
            Block::Table(table(findings)),
        ],
    })
}

fn bars(findings: &Findings<'_>) -> Result<RankedBars, StudyError> {
    let file = findings.file;
    let shown = shown_experiment(findings)?;
    let mut sizes: Vec<(f64, String, bool)> = findings
        .validation
        .joined
        .variants
        .iter()
        .filter_map(|joined| {
            let name = element::name_of(&findings.named, &joined.variant);
            let label = name.map_or_else(|| joined.variant.to_string(), str::to_owned);
            Some((joined.measured[shown]?.abs(), label, name.is_some()))
        })
        .collect();
    sizes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    let total = sizes.len();
    let mut rank = 0;
    let mut previous = f64::INFINITY;
    let mut bars = Vec::new();
    for (index, (size, label, emphasised)) in sizes.into_iter().enumerate() {
        if size < previous {
            rank = index + 1;
            previous = size;
        }
        if index < TOP || emphasised {
            bars.push(RankedBar {
                rank,
                label,
                value: size,
                interval: None,
                emphasised,
            });
        }
    }
    Ok(RankedBars {
        labels: Labels {
            name: "ranks".to_owned(),
            title: "The largest measured effects".to_owned(),
            subtitle: format!("by size, in {}", experiment_name(file, &file.show.experiment)),
            caption: "Named variants in bold, with their ranks.".to_owned(),
        },
        value_title: format!("|{}|", file.validate.effect_unit),
        bars,
        total,
    })
}

fn table(findings: &Findings<'_>) -> Table {
    let file = findings.file;
    let names: Vec<&str> = findings.named.iter().map(|named| named.name.as_str()).collect();
    // One line for each experiment and ranking, one column for each named variant, in the order of the results.
    let mut keys: Vec<(&str, &str, &str)> = Vec::new();
    for row in &findings.validation.ranks {
        let key = (row.experiment.as_str(), row.by, row.predictor.as_str());
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let mut emphasised = Vec::new();
    let rows = keys.iter().enumerate().map(|(index, &(experiment, by, predictor))| {
        if by == "measured" {
            emphasised.push(index);
        }
        let found = |name: &str| {
            findings.validation.ranks.iter().find(|row| {
                row.name == name && row.experiment == experiment && row.by == by && row.predictor == predictor
            })
        };
        let of = names.iter().find_map(|name| found(name)).map_or(0, |row| row.of);
        let mut cells = vec![
            experiment_name(file, experiment).to_owned(),
            match by {
                "measured" => "measured".to_owned(),
                "summary" => format!("motifs, {predictor}"),
                _ => predictor.to_owned(),
            },
            of.to_string(),
        ];
        cells.extend(names.iter().map(|name| {
            found(name)
                .and_then(|row| row.rank)
                .map_or_else(|| "–".to_owned(), |rank| rank.to_string())
        }));
        cells
    });
    let rows = rows.collect();
    let mut columns = vec![
        Column::text("experiment"),
        Column::text("ranked by"),
        Column::number("of"),
    ];
    columns.extend(names.iter().map(|name| Column::number(*name)));
    Table {
        caption: "Ranks by size".to_owned(),
        columns,
        rows,
        emphasised,
        notes: vec![
            "Motifs listed by accession are those asked for and the three strongest of the experiment.".to_owned(),
        ],
    }
}
