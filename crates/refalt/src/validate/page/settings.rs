//! How the numbers are made, and from what.

use super::super::compare::MetricRow;
use super::super::interval::IntervalKind;
use super::super::{Validation, family};
use crate::report::numbers::{grouped, p_value};
use crate::report::{Block, Section};

/// Returns what is resampled together, in words.
pub(super) fn unit(validation: &Validation) -> String {
    let provenance = &validation.provenance;
    match (&provenance.analysis.cluster, provenance.options.block_bp) {
        (Some(key), _) => format!("clusters by {key}"),
        (None, Some(bp)) if bp.get() == 1 => "positions".to_owned(),
        (None, Some(bp)) => format!("blocks of {bp} bp"),
        (None, None) => "rows".to_owned(),
    }
}

/// Returns what makes the p-values of some rows, in words.
pub(super) fn test<'a>(rows: impl Iterator<Item = &'a MetricRow>) -> String {
    tests(rows.filter_map(|row| row.test))
}

/// Returns tests in words, each once.
pub(super) fn tests<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut found: Vec<&str> = names.collect();
    found.sort_unstable();
    found.dedup();
    let words = found.iter().map(|test| match *test {
        family::SIGNS => "turned signs of whole clusters",
        family::WHOLE => "permutation of whole clusters of equal size",
        family::PERMUTATION => "permutation of rows",
        _ => "Student's t, rows taken as independent",
    });
    match words.collect::<Vec<_>>() {
        words if words.is_empty() => "nothing (none was drawn)".to_owned(),
        words => words.join(" or "),
    }
}

/// Returns the coverage of the intervals, `95 %`.
pub(super) fn level(validation: &Validation) -> String {
    let percent = format!("{:.2}", 100.0 * validation.provenance.options.level);
    format!("{} %", percent.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns what the intervals are, in words.
pub(super) fn interval(validation: &Validation) -> String {
    let options = &validation.provenance.options;
    let (level, unit) = (level(validation), unit(validation));
    match options.interval {
        IntervalKind::Fisher => format!("{level} interval in closed form, rows taken as independent"),
        IntervalKind::Jackknife => format!("{level} jackknife interval over {unit}"),
        kind => format!(
            "{level} bootstrap interval ({}) over {unit}",
            if kind == IntervalKind::Bca { "BCa" } else { "percentile" }
        ),
    }
}

/// Makes the section.
pub(super) fn section(validation: &Validation) -> Section {
    let options = &validation.provenance.options;
    let mut items = vec![
        format!(
            "Intervals: {}, {} replicates, where a table does not say otherwise. What is resampled together counts as one observation.",
            interval(validation),
            grouped(options.replicates)
        ),
        format!(
            "p: permutations of the measured effects, of whole clusters among those of equal size where rows are drawn in clusters; where \
             most rows are in clusters with a size of their own, turned signs of what whole clusters add to the correlation. {} \
             draws, so that none is below {}. Family p: the chance that any prediction of the \
             family (summaries, or tracks, of a scorer) does so well. Rotations keep the neighbourhood of variants that tile one place; \
             where they are given, believe them.",
            grouped(options.permutations),
            p_value((options.permutations > 0).then(|| 1.0 / (options.permutations as f64 + 1.0)))
        ),
        "Effective n: the independent rows that a correlation of rows so clustered is worth where prediction and measurement are \
         unrelated."
            .to_owned(),
        "Tracks that are chosen for being the best have values that are too large by the choice; their family p is not.".to_owned(),
        "Correlation over variants of one place speaks of other variants of that place, not of other places.".to_owned(),
    ];
    if validation
        .metrics
        .iter()
        .any(|row| row.score_kind.as_deref() == Some("activity"))
    {
        items.push(
            "Activity scores say how active a place is; their correlation with the size of an effect says that active places are \
             sensitive."
                .to_owned(),
        );
    }
    Section {
        heading: "How to read this".to_owned(),
        anchor: "reading".to_owned(),
        blocks: vec![Block::List { items }],
    }
}

/// Returns the table at the end of the page.
pub(super) fn provenance(validation: &Validation) -> Vec<(String, String)> {
    let from = &validation.provenance;
    let file = |identity: &crate::provenance::FileIdentity| {
        format!(
            "{} ({} bytes, SHA-256 {})",
            identity.name, identity.bytes, identity.sha256
        )
    };
    let run = |run: &crate::engine::RunIdentity, model: &crate::engine::manifest::ManifestModel| {
        format!(
            "{} version {}, {}; window {} bp; variants {}",
            model.name,
            model.version,
            model.digest,
            run.window_bp,
            file(&run.variants)
        )
    };
    let mut rows = vec![
        ("refalt".to_owned(), from.refalt.clone()),
        ("truth".to_owned(), file(&from.truth)),
        ("effect".to_owned(), from.effect_column.clone()),
    ];
    rows.extend(
        from.experiment_column
            .iter()
            .map(|column| ("experiment".to_owned(), column.clone())),
    );
    rows.extend(
        from.gene_column
            .iter()
            .map(|column| ("gene".to_owned(), column.clone())),
    );
    if !from.conditions.is_empty() {
        rows.push(("rows kept".to_owned(), from.conditions.join(", ")));
    }
    if !from.labels.is_empty() {
        rows.push(("positives".to_owned(), from.labels.join(", ")));
    }
    let name = from
        .run_name
        .as_ref()
        .map_or_else(|| "run".to_owned(), |name| format!("run {name}"));
    rows.push((name, run(&from.run, &from.model)));
    rows.push(("reference".to_owned(), file(&from.run.reference)));
    rows.push(("assembly".to_owned(), from.run.assembly.clone()));
    for other in &from.against {
        rows.push((format!("run {}", other.name), run(&other.run, &other.model)));
    }
    rows.push((
        "scorers".to_owned(),
        from.scorers
            .iter()
            .map(|scorer| scorer.scorer.clone())
            .collect::<Vec<_>>()
            .join("; "),
    ));
    rows.push(("licence of the scores".to_owned(), from.model.licence.clone()));
    rows.push((
        "random numbers".to_owned(),
        format!(
            "seed {}, {} permutations, {} replicates",
            from.options.seed, from.options.permutations, from.options.replicates
        ),
    ));
    rows
}

/// Returns the paragraphs at the foot of the page.
pub(super) fn footer(validation: &Validation) -> Vec<String> {
    let more = validation.experiments.len().saturating_sub(super::MOST_EXPERIMENTS);
    let mut footer = Vec::new();
    if more > 0 {
        footer.push(format!(
            "{more} more experiments have no section here; the tables of the folder hold them."
        ));
    }
    footer.push(
        "For research; not for clinical decisions. Every figure's data lie beside it in `figures`, and every number of this page is in \
         the tables of the folder."
            .to_owned(),
    );
    footer
}
