//! The page: every number with its n, its interval, its test and the rows that it comes from.

use super::agreement::Agreement;
use super::{GroupReport, Saturation};
use crate::calibrate::shown_resolution;
use crate::digit_groups::grouped;
use crate::figure::Figure;
use crate::report::numbers::{p_value, plain, signed};
use crate::report::{Block, Column, Level, Report, Section, Table};

/// Lays out the page.
pub(super) fn page(saturation: &Saturation, figures: &[(usize, Vec<Figure>)]) -> Report {
    let of = |place: usize| {
        let found = figures.iter().find(|(group, _)| *group == place);
        found.map_or(&[][..], |(_, figures)| figures.as_slice())
    };
    let mut sections = vec![overview(saturation, of(usize::MAX))];
    for (place, group) in saturation.groups.iter().enumerate() {
        sections.push(section(saturation, place, group, of(place)));
    }
    let provenance = &saturation.provenance;
    let options = &provenance.options;
    let mut made = vec![
        ("refalt".to_owned(), provenance.refalt.clone()),
        (
            "run".to_owned(),
            format!("{}, SHA-256 {}", provenance.run.name, provenance.run.sha256),
        ),
        ("model".to_owned(), provenance.model.join(", ")),
    ];
    let files = [
        ("controls", provenance.controls.as_ref()),
        ("measured effects", provenance.truth.as_ref()),
        (
            "table of quantiles",
            provenance.quantiles.as_ref().map(|quantiles| &quantiles.table),
        ),
    ];
    for (what, file) in files {
        if let Some(file) = file {
            made.push((what.to_owned(), format!("{}, SHA-256 {}", file.name, file.sha256)));
        }
    }
    made.push((
        "draws".to_owned(),
        format!(
            "{} bootstrap replicates, {} draws from nulls, {} permutations, {} sampled variants, seed {}",
            options.replicates, options.draws, options.permutations, options.sample, options.seed
        ),
    ));
    Report {
        title: "Saturation of quantile scores".to_owned(),
        subtitle:
            "How often the largest quantile score over tracks is near 1, by chance and in this run, and what raw and \
                   quantile scores say of measured effects."
                .to_owned(),
        sections,
        provenance: made,
        footer: vec![
            format!("Scores: {}", provenance.licence),
            format!("Cite: {}", provenance.citation),
            "For research. Not for clinical decisions.".to_owned(),
        ],
    }
}

fn overview(saturation: &Saturation, figures: &[Figure]) -> Section {
    let mut blocks = vec![Block::paragraph(
        "A quantile score is the rank of a raw score among those of background variants on the same track: by chance \
         |q| is beyond 0.9 for one row in ten. The largest |q| over tracks is another number: its chance depends on how \
         many rows it is taken over and on how the tracks go together.",
    )];
    blocks.extend(saturation.warnings.iter().map(|warning| Block::Callout {
        level: Level::Warning,
        text: sentence(warning),
    }));
    blocks.extend(figures.iter().cloned().map(Block::figure));
    blocks.push(Block::Table(behind(&saturation.groups)));
    blocks.push(Block::Table(ends(&saturation.groups)));
    Section {
        heading: "Overview".to_owned(),
        anchor: "overview".to_owned(),
        blocks,
    }
}

fn behind(groups: &[GroupReport]) -> Table {
    let rows = groups.iter().map(|group| {
        vec![
            group.group.clone(),
            grouped(group.variants),
            grouped(group.rows),
            grouped(group.tracks as u64),
            group.rows_per_variant.map(|rows| grouped(u64::from(rows))).join(" / "),
            plain(group.mean_correlation, 3),
            plain(group.effective_tracks, 1),
        ]
    });
    Table {
        caption: "What is behind a maximum".to_owned(),
        columns: vec![
            Column::text("scores"),
            Column::number("variants"),
            Column::number("rows"),
            Column::number("tracks"),
            Column::number("rows each: least / median / most"),
            Column::number("mean correlation"),
            Column::number("effective tracks"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "From `groups.tsv`. Rows: those with raw and quantile score. Correlation: of normal scores between tracks, in the sample \
             of variants. Effective tracks: participation ratio, corrected for the size of the sample."
                .to_owned(),
        ],
    }
}

fn ends(groups: &[GroupReport]) -> Table {
    let rows = groups.iter().map(|group| {
        vec![
            group.group.clone(),
            group.background_rows.map_or("–".to_owned(), grouped),
            shown_resolution(group.resolution),
            plain(Some(group.maxima_at_end), 3),
            plain(Some(group.maxima_tied), 3),
            grouped(group.distinct_maxima as u64),
        ]
    });
    Table {
        caption: "What quantiles tell apart".to_owned(),
        columns: vec![
            Column::text("scores"),
            Column::number("background scores"),
            Column::number("|q| resolved up to"),
            Column::number("maxima at the end"),
            Column::number("maxima tied"),
            Column::number("distinct maxima"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "From `groups.tsv`. Background scores: the least behind a table; among n of them signed quantiles tell |q| apart up to \
             1 \u{2212} 2/n, others up to 1 \u{2212} 1/n; the model does not say n of quantiles that it gave. At the end: share of \
             variants whose maximum is the outermost of the 999 points of the grid. Tied: share whose maximum two rows or more \
             reach."
                .to_owned(),
        ],
    }
}

fn range(low: f64, high: f64, digits: usize) -> String {
    format!("{} to {}", plain(Some(low), digits), plain(Some(high), digits))
}

fn section(saturation: &Saturation, place: usize, group: &GroupReport, figures: &[Figure]) -> Section {
    let mut figures = figures.iter().cloned();
    let mut blocks: Vec<Block> = figures.next().map(Block::figure).into_iter().collect();
    blocks.push(Block::Table(thresholds(group)));
    blocks.push(Block::Table(chance(group)));
    if !group.controls.is_empty() {
        blocks.push(Block::Table(controls(group)));
    }
    let level = saturation.provenance.options.level;
    for agreement in &group.agreement {
        blocks.push(Block::Heading {
            text: format!("Against {}", agreement.experiment),
        });
        blocks.push(Block::paragraph(format!(
            "{} variants with a measurement and a maximum, at {} positions; standard deviation of the effects {}. Variants \
             of one position are resampled together. Intervals hold {} %.",
            grouped(agreement.n as u64),
            grouped(agreement.positions as u64),
            plain(Some(agreement.effect_sd), 4),
            level * 100.0
        )));
        blocks.extend(figures.by_ref().take(3).map(Block::figure));
        blocks.push(Block::Table(predictors(agreement)));
        blocks.push(Block::Table(contrasts(agreement)));
        blocks.push(Block::paragraph(single(agreement)));
        if !agreement.bins.is_empty() {
            blocks.extend(figures.next().map(Block::figure));
            blocks.push(Block::Table(bins(agreement)));
        }
    }
    Section {
        heading: group.group.clone(),
        anchor: format!("group-{}", place + 1),
        blocks,
    }
}

fn thresholds(group: &GroupReport) -> Table {
    let rows = group.thresholds.iter().map(|row| {
        vec![
            shown_threshold(row.threshold, row.beyond_resolution),
            format!("{} of {}", grouped(row.reached), grouped(row.n)),
            plain(Some(row.share), 3),
            range(row.low, row.high, 3),
            plain(Some(row.row_share), 3),
            plain(Some(1.0 - row.threshold), 3),
        ]
    });
    Table {
        caption: format!("{}: share of variants whose largest |q| reaches t", group.group),
        columns: vec![
            Column::number("t"),
            Column::number("variants"),
            Column::number("share"),
            Column::number("Wilson interval"),
            Column::number("single rows"),
            Column::number("chance, single row"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: std::iter::once("From `thresholds.tsv`.".to_owned())
            .chain(beyond_note(group))
            .collect(),
    }
}

fn chance(group: &GroupReport) -> Table {
    let rows = group.thresholds.iter().map(|row| {
        let permuted = match (row.permuted, row.permuted_low, row.permuted_high) {
            (Some(value), Some(low), Some(high)) => format!("{} ({})", plain(Some(value), 3), range(low, high, 3)),
            _ => "–".to_owned(),
        };
        vec![
            shown_threshold(row.threshold, row.beyond_resolution),
            plain(Some(row.share), 3),
            plain(row.correlated, 3),
            plain(row.correlated_genes_independent, 3),
            plain(row.equicorrelated, 3),
            plain(Some(row.independent), 3),
            plain(row.equivalent_tracks, 1),
            permuted,
        ]
    });
    Table {
        caption: format!("{}: what chance makes of the same share", group.group),
        columns: vec![
            Column::number("t"),
            Column::number("share"),
            Column::number("tracks correlated"),
            Column::number("genes independent"),
            Column::number("one correlation"),
            Column::number("rows independent"),
            Column::number("independent tracks"),
            Column::number("permuted within tracks"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: std::iter::once(format!(
            "From `thresholds.tsv`. Chance takes every track as uniform. Tracks correlated: as in {} sampled variants, {} \
             tracks, genes of a variant alike; genes independent: the same, each gene by itself; one correlation: the mean one \
             between all. Independent tracks: how many would make the first. Permuted: the sample's own values, tracks made \
             independent, mean and range.",
            grouped(group.sampled as u64),
            grouped(group.correlated_tracks as u64)
        ))
        .chain(beyond_note(group))
        .collect(),
    }
}

/// A threshold, marked where quantiles do not resolve it.
fn shown_threshold(threshold: f64, is_beyond: bool) -> String {
    format!("{threshold}{}", if is_beyond { " †" } else { "" })
}

fn beyond_note(group: &GroupReport) -> Option<String> {
    let is_beyond = group.thresholds.iter().any(|row| row.beyond_resolution);
    is_beyond.then(|| {
        format!(
            "† Finer than the quantiles, which tell |q| apart up to {}: what reaches it is beyond the largest score of the \
             background, and chance is not 1 \u{2212} t there.",
            shown_resolution(group.resolution)
        )
    })
}

/// Begins a text with a capital and ends it with a full stop.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn controls(group: &GroupReport) -> Table {
    let rows = group.controls.iter().zip(&group.thresholds).map(|(control, row)| {
        vec![
            shown_threshold(control.threshold, row.beyond_resolution),
            format!("{} (n {})", plain(Some(row.share), 3), grouped(row.n)),
            format!("{} (n {})", plain(Some(control.share), 3), grouped(control.n)),
            range(control.low, control.high, 3),
            signed(Some(control.difference), 3),
            range(control.difference_low, control.difference_high, 3),
            p_value(control.p_value),
        ]
    });
    Table {
        caption: format!("{}: the same maximum for controls", group.group),
        columns: vec![
            Column::number("t"),
            Column::number("variants"),
            Column::number("controls"),
            Column::number("Wilson interval"),
            Column::number("difference"),
            Column::number("Newcombe interval"),
            Column::number("permutation p"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: std::iter::once(
            "What controls reach is the maximum's; the difference is the variants'. p is two-sided, labels shuffled, and takes \
             variants as independent."
                .to_owned(),
        )
        .chain(beyond_note(group))
        .collect(),
    }
}

fn optional_range(low: Option<f64>, high: Option<f64>) -> String {
    match (low, high) {
        (Some(low), Some(high)) => range(low, high, 3),
        _ => "–".to_owned(),
    }
}

fn predictors(agreement: &Agreement) -> Table {
    let rows = agreement.predictors.iter().map(|row| {
        vec![
            row.selection.to_owned(),
            row.value.to_owned(),
            signed(row.spearman, 3),
            optional_range(row.low, row.high),
            row.interval.to_owned(),
            grouped(row.distinct as u64),
        ]
    });
    let matched = &agreement.matched;
    Table {
        caption: format!(
            "Spearman correlation with the measured effects, n {}",
            grouped(agreement.n as u64)
        ),
        columns: vec![
            Column::text("row taken"),
            Column::text("number"),
            Column::number("Spearman"),
            Column::number("interval"),
            Column::text("method"),
            Column::number("distinct values"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![format!(
            "From `predictors.tsv`. Matched: the largest |raw| ranked among that of {} variants of the {}, a monotone map, \
             which leaves the correlation as it is; |matched| is above 0.5 for {} and above 0.9 for {} of the variants.",
            grouped(matched.null_n as u64),
            matched.null,
            plain(Some(matched.above_0_5), 3),
            plain(Some(matched.above_0_9), 3)
        )],
    }
}

fn contrasts(agreement: &Agreement) -> Table {
    let rows = agreement.contrasts.iter().map(|row| {
        vec![
            row.contrast.to_owned(),
            row.meaning.to_owned(),
            signed(row.difference, 3),
            optional_range(row.low, row.high),
        ]
    });
    Table {
        caption: format!("Differences on the same variants, n {}", grouped(agreement.n as u64)),
        columns: vec![
            Column::text("difference"),
            Column::text("what it is"),
            Column::number("of Spearman"),
            Column::number("paired interval"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "Total is selection plus value. From `contrasts.tsv`; paired bootstrap, each resample drawn once for all."
                .to_owned(),
        ],
    }
}

fn single(agreement: &Agreement) -> String {
    let single = &agreement.single_tracks;
    format!(
        "Single tracks, one by one ({} tracks, evenly chosen; {} without a correlation): median Spearman {} of raw and {} of \
         quantile scores; the largest difference on a track is {}. On one track the quantile is a monotone map of the raw \
         score: what differs is ties.",
        grouped(single.tracks as u64),
        grouped(single.constant as u64),
        signed(single.median_raw, 3),
        signed(single.median_quantile, 3),
        plain(single.largest_difference, 3)
    )
}

fn bins(agreement: &Agreement) -> Table {
    let rows = agreement.bins.iter().map(|row| {
        let size = match row.to {
            Some(to) => format!("{} to {to}", row.from),
            None => format!("{} and more", row.from),
        };
        vec![
            format!("{}, {}", row.selection, row.value),
            size,
            grouped(row.n as u64),
            signed(row.spearman, 3),
            optional_range(row.low, row.high),
            signed(row.expected, 3),
            optional_range(row.expected_low, row.expected_high),
            p_value(row.p_value),
        ]
    });
    Table {
        caption: "Correlation by size of the measured effect".to_owned(),
        columns: vec![
            Column::text("prediction"),
            Column::number("|effect|"),
            Column::number("n"),
            Column::number("Spearman"),
            Column::number("interval (closed form)"),
            Column::number("one correlation for all"),
            Column::number("its range"),
            Column::number("p"),
        ],
        rows: rows.collect(),
        emphasised: Vec::new(),
        notes: vec![
            "The bins are of the outcome. One correlation for all: predictions drawn with the correlation of all variants and \
             the measured values as they are; p is two-sided against them. From `bins.tsv`."
                .to_owned(),
        ],
    }
}
