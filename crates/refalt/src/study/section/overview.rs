//! The first section: what the study asks and its main numbers.

use super::super::Findings;
use super::experiment_name;
use crate::report::numbers::{grouped, interval, plain};
use crate::report::{Block, Fact, Section};
use crate::validate::PredictorKind;

/// Makes the section.
pub(super) fn section(findings: &Findings<'_>) -> Section {
    let file = findings.file;
    let validation = &findings.validation;
    let shown = &file.show.experiment;
    let mut blocks: Vec<Block> = file.introduction.iter().map(Block::paragraph).collect();
    let counts = &findings.scores.manifest.counts;
    let mut facts = vec![Fact {
        label: "variants scored".to_owned(),
        value: format!("{} of {}", grouped(counts.scored), grouped(counts.rows)),
        note: format!("{} score rows", grouped(findings.scores.manifest.score_rows)),
    }];
    for hotspot in &file.show.hotspots {
        let measured = validation
            .ranks
            .iter()
            .find(|row| row.name == *hotspot && row.experiment == *shown && row.by == "measured");
        if let Some(row) = measured
            && let Some(rank) = row.rank
        {
            facts.push(Fact {
                label: format!("{hotspot}, rank by measured effect"),
                value: format!("{rank} of {}", row.of),
                note: format!("by size, in {}", experiment_name(file, shown)),
            });
        }
    }
    let spearman = |kind: PredictorKind, name: Option<&str>| {
        validation.metrics.iter().find(|row| {
            row.experiment == *shown
                && row.predictor == kind
                && name.is_none_or(|name| row.name == name)
                && row.metric == "spearman"
                && row.compared == "signed"
        })
    };
    if let Some(row) = spearman(PredictorKind::Summary, Some("sum")) {
        facts.push(Fact {
            label: "motifs in sum against measurement".to_owned(),
            value: format!("ρ = {}", plain(row.value, 2)),
            note: format!("Spearman, 95 % interval {}, n {}", interval(row.low, row.high), row.n),
        });
    }
    if let Some(row) = spearman(PredictorKind::Experiment, None) {
        facts.push(Fact {
            label: format!("ceiling: {}", experiment_name(file, &row.name)),
            value: format!("ρ = {}", plain(row.value, 2)),
            note: format!(
                "another experiment as the prediction, {}, n {}",
                interval(row.low, row.high),
                row.n
            ),
        });
    }
    blocks.push(Block::Facts { facts });
    Section {
        heading: "What this is".to_owned(),
        anchor: "overview".to_owned(),
        blocks,
    }
}
