//! Scores against measured effects.

use super::super::{Findings, StudyError};
use super::{Prediction, element, experiment_name, metric, predictions, shown_experiment};
use crate::figure::{EffectMap, EffectMark, EffectPanel, Figure, Forest, ForestRow, Labels, Point, Scatter};
use crate::report::numbers::{grouped, interval, p_value, plain};
use crate::report::{Block, Column, Level, Section, Table};
use crate::validate::{MetricRow, PredictorKind};
use refalt_core::{Interval, Reference};

/// Tracks of the table and of the forest.
const BEST_TRACKS: usize = 10;

/// Makes the section.
pub(super) fn section(findings: &Findings<'_>) -> Result<Section, StudyError> {
    let file = findings.file;
    let predictions = predictions(findings)?;
    let mut blocks = vec![
        Block::paragraph(
            "Every variant has one score for each motif: the change, ALT against REF, of the expected number of bound \
             sites around the variant, log2(1 + sum) over 4 bins of 128 bp. A summary makes one number of all motifs. \
             Scores and measurements are joined by the checked variant, position and both alleles.",
        ),
        join_paragraph(findings),
    ];
    let warnings = &findings.validation.provenance.effect_warnings;
    blocks.extend(warnings.iter().map(|warning| Block::Callout {
        level: Level::Warning,
        text: warning.clone(),
    }));
    blocks.push(Block::figure(map(findings, &predictions)?.draw()?));
    for prediction in &predictions {
        blocks.push(Block::figure(scatter(findings, prediction)?.draw()?));
    }
    blocks.extend(forest(findings)?.map(Block::figure));
    blocks.push(Block::Table(summaries(findings)));
    blocks.push(Block::Table(best_tracks(findings)));
    blocks.push(Block::paragraph(format!(
        "An interval is a {} ({} replicates) or, where the table says so, a closed form. p-values are by \
         permutation of {} ({} draws), whole ones of equal size, so none is below {}; the adjusted ones hold for the whole family of tracks. Neighbouring variants share sites, which makes p-values too \
         small: the p of rotations keeps the neighbourhood.",
        findings.validation.interval_in_words(),
        grouped(file.validate.replicates),
        findings.validation.unit_in_words(),
        grouped(file.validate.permutations),
        p_value(Some(1.0 / (file.validate.permutations as f64 + 1.0))),
    )));
    Ok(Section {
        heading: "Scores against measurement".to_owned(),
        anchor: "measurement".to_owned(),
        blocks,
    })
}

fn join_paragraph(findings: &Findings<'_>) -> Block {
    let joined = &findings.validation.joined;
    let numbers = joined.experiments.iter().enumerate().map(|(index, experiment)| {
        let measured = joined
            .variants
            .iter()
            .filter(|variant| variant.measured[index].is_some());
        format!(
            "{} in {}",
            grouped(measured.count() as u64),
            experiment_name(findings.file, experiment)
        )
    });
    Block::paragraph(format!(
        "Variants with a score and a measurement: {}.",
        numbers.collect::<Vec<_>>().join(", ")
    ))
}

fn map(findings: &Findings<'_>, predictions: &[Prediction<'_>]) -> Result<EffectMap, StudyError> {
    let file = findings.file;
    let joined = &findings.validation.joined;
    let shown = shown_experiment(findings)?;
    let positions = || joined.variants.iter().map(|variant| variant.variant.position());
    let (Some(first), Some(last)) = (positions().min(), positions().max()) else {
        return Err(StudyError::Value {
            what: "truth",
            value: file.validate.truth.display().to_string(),
            reason: "no variant of it was scored".to_owned(),
        });
    };
    let element = Interval::from_bases(first, last).ok_or_else(|| StudyError::Value {
        what: "truth",
        value: file.validate.truth.display().to_string(),
        reason: "its variants span no stretch".to_owned(),
    })?;
    let length = element.len() as usize;
    let mut panels = vec![EffectPanel {
        label: "measured".to_owned(),
        value_title: file.validate.effect_unit.clone(),
        effects: vec![[None; 4]; length],
        ..EffectPanel::default()
    }];
    panels.extend(predictions.iter().map(|prediction| EffectPanel {
        label: match prediction.data.kind {
            PredictorKind::Track => prediction.data.transcription_factor.clone().unwrap_or_default(),
            _ => format!("motifs, {}", prediction.data.name),
        },
        value_title: prediction.title(),
        effects: vec![[None; 4]; length],
        ..EffectPanel::default()
    }));
    for joined in &joined.variants {
        let variant = &joined.variant;
        let (&[_], &[alternate]) = (
            variant.reference_bases().as_bytes(),
            variant.alternate_bases().as_bytes(),
        ) else {
            continue;
        };
        let row = b"ACGT".iter().position(|&base| base == alternate);
        let column = usize::try_from(first.distance_to(variant.position())).ok();
        let (Some(row), Some(column)) = (row, column) else {
            continue;
        };
        panels[0].effects[column][row] = joined.measured[shown];
        for (panel, prediction) in panels[1..].iter_mut().zip(predictions) {
            panel.effects[column][row] = joined.predicted[prediction.column];
        }
    }
    let contig = joined.variants[0].variant.contig_id();
    let mut bases = Vec::new();
    findings
        .reference
        .fetch(contig, element, &mut bases)
        .map_err(|error| StudyError::Motifs(crate::motif_set::MotifSetError::Reference(error)))?;
    let marks = findings
        .named
        .iter()
        .filter(|named| element.contains(named.variant.position()))
        .map(|named| EffectMark {
            position: named.variant.position(),
            alternate: named.variant.alternate_bases().as_str().chars().next(),
            label: named.name.clone(),
        });
    Ok(EffectMap {
        labels: Labels {
            name: "effect-map".to_owned(),
            title: "Every base change of the element".to_owned(),
            subtitle: format!(
                "measured in {}, predicted below",
                experiment_name(file, &file.show.experiment)
            ),
            caption: format!(
                "Predicted values are changes of log2(1 + expected bound sites); `{}`.",
                findings.scores.manifest.identity.scorers.join("`, `")
            ),
        },
        contig: joined.variants[0].variant.contig().to_string(),
        assembly: file.reference.stated_assembly.clone(),
        first,
        reference_bases: String::from_utf8_lossy(&bases).into_owned(),
        panels,
        marks: marks.collect(),
        bases_per_line: None,
        contributions: None,
    })
}

fn scatter(findings: &Findings<'_>, prediction: &Prediction<'_>) -> Result<Scatter, StudyError> {
    let file = findings.file;
    let shown = shown_experiment(findings)?;
    let points = findings.validation.joined.variants.iter().filter_map(|joined| {
        let name = element::name_of(&findings.named, &joined.variant);
        Some(Point {
            x: joined.predicted[prediction.column]?,
            y: joined.measured[shown]?,
            label: name.map_or_else(|| joined.variant.to_string(), str::to_owned),
            emphasised: name.is_some(),
        })
    });
    let statistic = |name: &str, title: &str| {
        let row = metric(
            &findings.validation,
            &file.show.experiment,
            prediction.data,
            name,
            "signed",
        )?;
        Some(format!(
            "{title} {} (95 % interval {}), n {}",
            plain(row.value, 3),
            interval(row.low, row.high),
            row.n
        ))
    };
    Ok(Scatter {
        labels: Labels {
            name: format!(
                "scatter-{}",
                prediction
                    .data
                    .transcription_factor
                    .as_deref()
                    .unwrap_or(&prediction.data.name)
                    .to_ascii_lowercase()
                    .replace(|c: char| !c.is_ascii_alphanumeric(), "-")
            ),
            title: format!("Measurement against {}", prediction.title()),
            subtitle: format!("measured in {}", experiment_name(file, &file.show.experiment)),
            caption: String::new(),
        },
        x_title: format!("predicted: {}, change of log2(1 + expected sites)", prediction.title()),
        y_title: format!("measured: {}", file.validate.effect_unit),
        points: points.collect(),
        fit: None,
        identity_line: false,
        statistics: [statistic("pearson", "Pearson"), statistic("spearman", "Spearman")]
            .into_iter()
            .flatten()
            .collect(),
    })
}

/// Spearman correlations of the effects: other experiments, summaries, the best tracks.
/// The correlations that have an interval; none has where too few clusters are resampled.
fn forest(findings: &Findings<'_>) -> Result<Option<Figure>, StudyError> {
    let file = findings.file;
    let shown = &file.show.experiment;
    let rows = |kind: PredictorKind| {
        findings.validation.metrics.iter().filter(move |row| {
            row.experiment == *shown && row.predictor == kind && row.metric == "spearman" && row.compared == "signed"
        })
    };
    let line = |row: &MetricRow, label: String, emphasised: bool| {
        Some(ForestRow {
            label,
            estimate: row.value?,
            // A BCa interval of a skewed statistic may leave out its estimate; it is drawn up to it.
            low: row.low?.min(row.value?),
            high: row.high?.max(row.value?),
            emphasised,
        })
    };
    let mut lines: Vec<ForestRow> = rows(PredictorKind::Experiment)
        .filter_map(|row| line(row, format!("measured in {}", experiment_name(file, &row.name)), true))
        .collect();
    lines.extend(rows(PredictorKind::Summary).filter_map(|row| line(row, format!("motifs, {}", row.name), false)));
    lines.extend(
        strongest(findings)
            .into_iter()
            .filter_map(|row| line(row, row.name.clone(), false)),
    );
    if lines.is_empty() {
        return Ok(None);
    }
    let forest = Forest {
        labels: Labels {
            name: "correlations".to_owned(),
            title: "How well each prediction orders the effects".to_owned(),
            subtitle: format!("against {}", experiment_name(file, shown)),
            caption: format!(
                "Other experiments set the ceiling. The {BEST_TRACKS} motifs are the strongest of {}, chosen by this very \
                 correlation: their values are too large by selection.",
                findings.motifs.motifs().len()
            ),
        },
        value_title: "Spearman correlation with the measured effect".to_owned(),
        interval: findings.validation.interval_in_words(),
        null_value: Some(0.0),
        rows: lines,
    };
    Ok(Some(forest.draw()?))
}

/// The tracks with the strongest Spearman correlation, strongest first.
fn strongest<'a>(findings: &'a Findings<'_>) -> Vec<&'a MetricRow> {
    let mut tracks: Vec<&MetricRow> = findings
        .validation
        .metrics
        .iter()
        .filter(|row| {
            row.experiment == findings.file.show.experiment
                && row.predictor == PredictorKind::Track
                && row.metric == "spearman"
                && row.compared == "signed"
                && row.value.is_some()
        })
        .collect();
    let size = |row: &MetricRow| row.value.map_or(0.0, f64::abs);
    tracks.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.name.cmp(&b.name)));
    tracks.truncate(BEST_TRACKS);
    tracks
}

fn summaries(findings: &Findings<'_>) -> Table {
    let file = findings.file;
    let rows: Vec<Vec<String>> = findings
        .validation
        .metrics
        .iter()
        .filter(|row| {
            row.predictor == PredictorKind::Summary
                && row.metric == "spearman"
                && (row.compared == "magnitude" || row.value.is_some())
        })
        .map(|row| {
            vec![
                experiment_name(file, &row.experiment).to_owned(),
                row.name.clone(),
                if row.compared == "signed" { "effects" } else { "sizes" }.to_owned(),
                row.n.to_string(),
                plain(row.value, 3),
                interval(row.low, row.high),
                p_value(row.p),
                p_value(row.p_rotation),
            ]
        })
        .collect();
    Table {
        caption: "Summaries over all motifs, Spearman correlation".to_owned(),
        columns: vec![
            Column::text("experiment"),
            Column::text("summary"),
            Column::text("compared"),
            Column::number("n"),
            Column::number("ρ"),
            Column::text("95 % interval"),
            Column::number("p"),
            Column::number("p, rotations"),
        ],
        rows,
        emphasised: Vec::new(),
        notes: vec![format!(
            "Each summary is over {} tracks. `effects` compares with the sign, `sizes` the absolute values.",
            findings.motifs.motifs().len()
        )],
    }
}

fn best_tracks(findings: &Findings<'_>) -> Table {
    let rows = strongest(findings).into_iter().map(|row| {
        vec![
            row.name.clone(),
            row.n.to_string(),
            plain(row.value, 3),
            interval(row.low, row.high),
            row.interval.unwrap_or_default().to_owned(),
            p_value(row.p),
            p_value(row.q),
            p_value(row.p_adjusted),
            p_value(row.p_rotation_adjusted),
        ]
    });
    Table {
        caption: format!(
            "The {BEST_TRACKS} motifs with the strongest Spearman correlation in {}",
            experiment_name(findings.file, &findings.file.show.experiment)
        ),
        columns: vec![
            Column::text("motif"),
            Column::number("n"),
            Column::number("ρ"),
            Column::text("95 % interval"),
            Column::text("interval by"),
            Column::number("p"),
            Column::number("q (BH)"),
            Column::number("p, family"),
            Column::number("p, family, rotations"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "Chosen after the fact, so read the family's p: the chance that the best of all motifs does as well, when variants are shuffled freely and when the measurement is rotated along the element."
                .to_owned(),
        ],
    }
}
