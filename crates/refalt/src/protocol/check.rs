//! What a protocol must not say, though it can be read: values that cannot be, settings that do not go together.

use super::error::ProtocolError;
use super::file::{Aggregation, Cluster, OneClass, Over, PredictionsPart, Protocol, TruthPart};
use crate::io::variants::ColumnMap;
use crate::validate::{Collapse, Condition};
use refalt_core::{Assembly, Chromosome};

/// Refuses values that parse and cannot be.
pub(super) fn check(protocol: &Protocol, file: &str) -> Result<(), ProtocolError> {
    let wrong = |key: &'static str, found: &str, allowed: String| ProtocolError::Setting {
        file: file.to_owned(),
        key,
        found: found.to_owned(),
        allowed,
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !protocol.name.starts_with(|c: char| c.is_ascii_lowercase()) || !protocol.name.chars().all(plain) {
        let allowed = "a small letter, then small letters, digits and `_`".to_owned();
        return Err(wrong("name", &protocol.name, allowed));
    }
    if protocol.metric().is_none() {
        let names = refalt_core::stats::METRICS.iter().map(|metric| metric.name);
        return Err(wrong(
            "metric.name",
            &protocol.metric.name,
            names.collect::<Vec<_>>().join(", "),
        ));
    }
    if Assembly::from_name(&protocol.source.assembly).is_none() {
        return Err(wrong(
            "source.assembly",
            &protocol.source.assembly,
            "GRCh38, GRCh37, GRCm38".to_owned(),
        ));
    }
    for chromosome in protocol.split.iter().flat_map(|split| &split.chromosomes) {
        if Chromosome::of(chromosome).is_none() {
            return Err(wrong(
                "split.chromosomes",
                chromosome,
                "1 to 22, X, Y, M, with or without `chr`".to_owned(),
            ));
        }
    }
    let keeps = protocol.predictions.keep.iter();
    for condition in keeps.chain(protocol.truth.iter().flat_map(|truth| &truth.keep)) {
        if let Err(error) = condition.parse::<Condition>() {
            return Err(wrong("keep", condition, error.to_string()));
        }
    }
    if let Some(truth) = &protocol.truth
        && let Err(error) = truth.columns.parse::<ColumnMap>()
    {
        return Err(wrong("truth.columns", &truth.columns, error.to_string()));
    }
    if let Some(scores) = &protocol.scores {
        let needed = if scores.aggregation == Aggregation::SplicingComposite {
            3
        } else {
            1
        };
        if scores.scorers.len() != needed {
            let found = scores.scorers.len().to_string();
            let allowed = "one scorer, or the three of `splicing_composite`: sites, usage, junctions".to_owned();
            return Err(wrong("scores.scorers", &found, allowed));
        }
        if let Some(name) = &scores.collapse
            && Collapse::from_name(name).is_none()
        {
            return Err(wrong("scores.collapse", name, "max_abs".to_owned()));
        }
    }
    check_metric(protocol, &wrong)?;
    for published in &protocol.published {
        if published
            .value
            .parse::<f64>()
            .ok()
            .is_none_or(|value| !value.is_finite())
        {
            return Err(wrong(
                "published.value",
                &published.value,
                "a number in quotes, as published".to_owned(),
            ));
        }
    }
    if let Some(baseline) = protocol.baseline.iter().find(|baseline| !baseline.value.is_finite()) {
        return Err(wrong(
            "baseline.value",
            &baseline.value.to_string(),
            "a number".to_owned(),
        ));
    }
    Ok(())
}

/// Refuses settings of the metric that do not go together.
fn check_metric(
    protocol: &Protocol,
    wrong: &dyn Fn(&'static str, &str, String) -> ProtocolError,
) -> Result<(), ProtocolError> {
    let metric = &protocol.metric;
    if !(metric.tolerance >= 0.0 && metric.tolerance.is_finite()) {
        return Err(wrong(
            "metric.tolerance",
            &metric.tolerance.to_string(),
            "0 or more".to_owned(),
        ));
    }
    if metric.average.is_some() != metric.over.is_some() {
        let allowed = "`average` and `over` go together".to_owned();
        return Err(wrong("metric.over", metric.over.map_or("", |_| "given"), allowed));
    }
    let has = |column: fn(&PredictionsPart) -> bool, of_truth: fn(&TruthPart) -> bool| {
        column(&protocol.predictions) && protocol.truth.as_ref().is_none_or(of_truth)
    };
    let has_groups = has(|part| part.group.is_some(), |part| part.group.is_some());
    if metric.over == Some(Over::Group) && !has_groups {
        let allowed = "`group` in [predictions] and [truth]".to_owned();
        return Err(wrong("metric.over", "group", allowed));
    }
    let is_left_out = |group: &&String| protocol.exclude.iter().any(|excluded| excluded.group == **group);
    if let Some(group) = metric.groups.iter().find(is_left_out) {
        return Err(wrong(
            "metric.groups",
            group,
            "groups that [[exclude]] does not leave out".to_owned(),
        ));
    }
    if let Some(group) = metric.groups.first().filter(|_| metric.over != Some(Over::Group)) {
        return Err(wrong(
            "metric.groups",
            group,
            "groups with `over = \"group\"` alone".to_owned(),
        ));
    }
    let has_matches = has(|part| part.match_group.is_some(), |part| part.match_group.is_some());
    if (metric.cluster == Cluster::MatchGroup || metric.draws.is_some()) && !has_matches {
        let allowed = "`match_group` in [predictions] and [truth]".to_owned();
        return Err(wrong("metric.cluster", "match_group", allowed));
    }
    if let Some(draws) = metric.draws
        && (draws == 0 || metric.average.is_some() || !protocol.is_labelled())
    {
        let allowed = "1 or more, for a metric of labels that is not averaged over groups".to_owned();
        return Err(wrong("metric.draws", &draws.to_string(), allowed));
    }
    if metric.one_class == OneClass::AsScikitLearn && metric.name != "average_precision" {
        let allowed = "`as_scikit_learn` with `average_precision` alone".to_owned();
        return Err(wrong("metric.one_class", "as_scikit_learn", allowed));
    }
    if (metric.cluster == Cluster::Locus) != metric.locus_bp.is_some() {
        let found = metric.locus_bp.map_or(String::new(), |bp| bp.to_string());
        return Err(wrong(
            "metric.locus_bp",
            &found,
            "a number with `cluster = \"locus\"` alone".to_owned(),
        ));
    }
    Ok(())
}
