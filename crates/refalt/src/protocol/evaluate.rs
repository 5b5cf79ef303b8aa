//! From rows to the metric, its interval and what stands beside it.

use super::error::ProtocolError;
use super::file::{Average, Cluster, Over, Protocol};
use super::rows::Row;
use crate::validate::ordered;
use refalt_core::stats::{
    BootstrapOptions, Clusters, GroupWeighted, GroupWeighting, IntervalMethod, MatchedDraws, Metric, MetricColumns,
    MetricInput, RowStatistic, StatsError, Units, distinct_rows, merged_loci, replicate_range, sign_accuracy,
    summarize,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// How much is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ProtocolOptions {
    /// Bootstrap replicates behind each interval; 0 for none.
    pub replicates: u64,
    /// Seed of resamples and draws.
    pub seed: u64,
    /// Nominal coverage of the intervals.
    pub level: f64,
}

impl Default for ProtocolOptions {
    /// 2,000 replicates, seed 0, 95 %.
    fn default() -> Self {
        Self {
            replicates: 2_000,
            seed: 0,
            level: 0.95,
        }
    }
}

/// The metric on all rows or on those of a group: a row of `metrics.tsv`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricLine {
    /// `all`, or the group.
    pub group: String,
    /// Metric.
    pub metric: &'static str,
    /// Rows with target and prediction that the value is of.
    pub n: usize,
    /// Rows with a positive label.
    pub positives: Option<usize>,
    /// Distinct variants among them, where rows name variants.
    pub variants: Option<usize>,
    /// What the bootstrap draws.
    pub drawn: &'static str,
    /// How many of these there are: the number of independent observations that the interval supposes.
    pub effective_n: usize,
    /// The metric.
    pub value: Option<f64>,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// How the interval was made: `bca`, `percentile`.
    pub interval: Option<&'static str>,
    /// The value to expect from a prediction without information.
    pub chance: Option<f64>,
    /// The share of the commoner label or sign: how often always naming it is right.
    pub majority: Option<f64>,
    /// Why there is no value, or no BCa interval.
    pub note: Option<String>,
}

/// What was computed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The metric of the protocol.
    pub overall: MetricLine,
    /// The metric in each group that is averaged.
    pub groups: Vec<MetricLine>,
    /// Groups that the protocol lists and that have no value here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_groups: Vec<String>,
    /// Standard error over groups drawn whole, each with the value that it has; with two groups or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_over_groups: Option<f64>,
    /// Standard error that the average has from the number of draws; with draws.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_of_draws: Option<f64>,
    /// What a reader has to know.
    pub notes: Vec<String>,
}

/// Groups that get intervals of their own, at most.
const MOST_GROUP_INTERVALS: usize = 64;
/// Rows times clusters up to which the jackknife of BCa is made.
const MOST_JACKKNIFE: usize = 4_000_000_000;
/// Replicates that one thread takes at a time.
const CHUNK: u64 = 50;

/// Computes the metric of a protocol.
///
/// * `rows`: all with target and prediction, at least one.
pub(super) fn evaluate(
    protocol: &Protocol,
    rows: &[Row],
    options: ProtocolOptions,
    threads: usize,
) -> Result<Evaluation, ProtocolError> {
    // The call checks the level.
    refalt_core::stats::fisher_interval(0.0, 4, options.level)?;
    let metric = protocol.metric().ok_or_else(|| ProtocolError::Setting {
        file: protocol.name.clone(),
        key: "metric.name",
        found: protocol.metric.name.clone(),
        allowed: "the name of a metric".to_owned(),
    })?;
    let mut all: Vec<&Row> = rows.iter().collect();
    let no_value = |reason| ProtocolError::NoValue {
        metric: metric.name.to_owned(),
        rows: rows.len(),
        reason: named(reason),
    };
    if let Some(draws) = protocol.metric.draws {
        return matched(metric, &all, draws, options, threads).map_err(no_value);
    }
    let mut notes = Vec::new();
    let (Some(average), Some(over)) = (protocol.metric.average, protocol.metric.over) else {
        let columns = Columns::of(metric, &all);
        let clusters = clusters(protocol, &all, &mut notes)?;
        let statistic = columns.prepare(metric).map_err(no_value)?;
        let mut overall = line("all", metric, &all, &clusters);
        overall.chance = columns.chance(metric);
        overall.enter(statistic.as_ref(), &clusters, options, threads)?;
        return Ok(Evaluation {
            overall,
            groups: Vec::new(),
            missing_groups: Vec::new(),
            error_over_groups: None,
            error_of_draws: None,
            notes,
        });
    };
    let weighting = match average {
        Average::Rows => GroupWeighting::Rows,
        Average::Equal => GroupWeighting::Equal,
    };
    let mean_of = |rows: &[&Row]| {
        let keys: Vec<String> = rows.iter().map(|row| key(row, over).to_owned()).collect();
        GroupWeighted::new(metric, Columns::of(metric, rows).as_metric_columns(), &keys, weighting).map_err(no_value)
    };
    let mut mean = mean_of(&all)?;
    let skipped: BTreeMap<String, String> = mean
        .skipped()
        .iter()
        .map(|skipped| (skipped.key.clone(), named(skipped.reason.clone()).to_string()))
        .collect();
    let mut members: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        members.entry(key(row, over)).or_default().push(row);
    }
    if !skipped.is_empty() {
        // Rows of groups without a value are no part of the mean: they are neither drawn nor counted.
        all.retain(|row| !skipped.contains_key(key(row, over)));
        mean = mean_of(&all)?;
    }
    let clusters = clusters(protocol, &all, &mut notes)?;
    let mut groups = Vec::new();
    let with_intervals = members.len() <= MOST_GROUP_INTERVALS;
    for (name, of_group) in &members {
        let columns = Columns::of(metric, of_group);
        let clusters = self::clusters(protocol, of_group, &mut Vec::new())?;
        let mut line = line(name, metric, of_group, &clusters);
        if let Some(reason) = skipped.get(*name) {
            line.note = Some(format!("not in the mean: {reason}"));
        } else {
            let statistic = columns.prepare(metric).map_err(no_value)?;
            line.chance = columns.chance(metric);
            let replicates = if with_intervals { options.replicates } else { 0 };
            let options = ProtocolOptions { replicates, ..options };
            line.enter(statistic.as_ref(), &clusters, options, threads)?;
        }
        groups.push(line);
    }
    let mut overall = line("all", metric, &all, &clusters);
    overall.chance = chance_of_mean(&groups, average);
    overall.enter(&mean, &clusters, options, threads)?;
    if !skipped.is_empty() {
        let names: Vec<String> = skipped.keys().map(|name| format!("`{name}`")).collect();
        notes.push(format!(
            "{} groups have no value and are not in the mean: {}",
            names.len(),
            names.join(", ")
        ));
    }
    let has_value = |name: &str| groups.iter().any(|line| line.group == name && line.value.is_some());
    let listed = &protocol.metric.groups;
    let missing_groups: Vec<String> = listed.iter().filter(|name| !has_value(name)).cloned().collect();
    if !missing_groups.is_empty() {
        notes.push(format!(
            "warning: {} of the {} groups of the protocol are missing, and the mean is over the others: `{}`",
            missing_groups.len(),
            listed.len(),
            missing_groups.join("`, `")
        ));
    }
    let with_value = groups.iter().filter(|line| line.value.is_some()).count();
    let over_groups = mean.over_groups()?;
    let error = bootstrap(&over_groups, Units::Rows, IntervalMethod::Percentile, options, threads);
    Ok(Evaluation {
        overall,
        groups,
        missing_groups,
        error_over_groups: error
            .ok()
            .map(|found| found.standard_error)
            // Every draw of a single group is that group: an error of 0 would look sure.
            .filter(|_| options.replicates > 1 && with_value > 1),
        error_of_draws: None,
        notes,
    })
}

/// Calls columns what a protocol calls them.
fn named(reason: StatsError) -> StatsError {
    let name = |column| match column {
        "x" => "prediction",
        "y" => "target",
        other => other,
    };
    match reason {
        StatsError::Constant { column, rows } => StatsError::Constant {
            column: name(column),
            rows,
        },
        other => other,
    }
}

/// The group of a row.
fn key(row: &Row, over: Over) -> &str {
    match over {
        Over::Group => row.group.as_deref().unwrap_or_default(),
        Over::Chromosome => row.place.as_ref().map_or("", |place| place.chromosome.as_str()),
    }
}

/// Computes a metric of matched pairs.
fn matched(
    metric: &'static Metric,
    rows: &[&Row],
    draws: u32,
    options: ProtocolOptions,
    threads: usize,
) -> Result<Evaluation, StatsError> {
    let in_group: Vec<&Row> = rows.iter().copied().filter(|row| row.match_group.is_some()).collect();
    let keys: Vec<&str> = in_group.iter().filter_map(|row| row.match_group.as_deref()).collect();
    let columns = Columns::of(metric, &in_group);
    let labels: Vec<bool> = columns.labels.iter().map(|label| *label == Some(true)).collect();
    let drawn = MatchedDraws::new(metric, &keys, &labels, &columns.predicted, draws, options.seed)?;
    let mut notes = vec![format!(
        "the mean over {draws} draws of one positive and one negative from each of {} match groups",
        drawn.rows()
    )];
    if drawn.unmatched() > 0 {
        notes.push(format!(
            "{} match groups lack positives or negatives and give no pair",
            drawn.unmatched()
        ));
    }
    if in_group.len() < rows.len() {
        notes.push(format!(
            "{} rows name no match group and give no pair",
            rows.len() - in_group.len()
        ));
    }
    let units = Clustering {
        clusters: None,
        drawn: Cluster::MatchGroup.in_words(),
        count: drawn.rows(),
    };
    let mut overall = line("all", metric, &in_group, &units);
    overall.chance = match metric.name {
        "average_precision" | "auroc" => Some(0.5),
        _ => None,
    };
    overall.majority = Some(0.5);
    overall.enter(&drawn, &units, options, threads)?;
    Ok(Evaluation {
        overall,
        groups: Vec::new(),
        missing_groups: Vec::new(),
        error_over_groups: None,
        error_of_draws: drawn.draw_error(),
        notes,
    })
}

/// The columns of some rows, in the form that the metric takes.
struct Columns {
    predicted: Vec<f64>,
    measured: Vec<f64>,
    labels: Vec<Option<bool>>,
    is_labelled: bool,
}

impl Columns {
    fn of(metric: &Metric, rows: &[&Row]) -> Self {
        Self {
            predicted: rows.iter().map(|row| row.prediction).collect(),
            measured: rows.iter().map(|row| row.target).collect(),
            labels: rows.iter().map(|row| Some(row.target == 1.0)).collect(),
            is_labelled: matches!(metric.input, MetricInput::LabelsAndScores(_)),
        }
    }

    fn as_metric_columns(&self) -> MetricColumns<'_> {
        match self.is_labelled {
            true => MetricColumns::Labels(&self.labels, &self.predicted),
            false => MetricColumns::Pair(&self.predicted, &self.measured),
        }
    }

    fn prepare(&self, metric: &Metric) -> Result<Box<dyn RowStatistic>, StatsError> {
        match metric.input {
            MetricInput::ContinuousPair(prepare) => prepare(&self.predicted, &self.measured),
            MetricInput::LabelsAndScores(prepare) => {
                let labels: Vec<bool> = self.labels.iter().map(|label| *label == Some(true)).collect();
                prepare(&labels, &self.predicted)
            }
        }
    }

    fn chance(&self, metric: &Metric) -> Option<f64> {
        match metric.name {
            "pearson" | "spearman" | "kendall" => Some(0.0),
            "auroc" => Some(0.5),
            "average_precision" => Some(share(&self.labels)),
            "sign_accuracy" => sign_accuracy(&self.predicted, &self.measured)
                .ok()
                .map(|counts| counts.majority_baseline()),
            _ => None,
        }
    }
}

fn share(labels: &[Option<bool>]) -> f64 {
    labels.iter().filter(|label| **label == Some(true)).count() as f64 / labels.len() as f64
}

/// The chance of a mean over groups, averaged as the metric is.
fn chance_of_mean(groups: &[MetricLine], average: Average) -> Option<f64> {
    let (mut weights, mut sum) = (0.0, 0.0);
    for line in groups.iter().filter(|line| line.value.is_some()) {
        let weight = match average {
            Average::Rows => line.n as f64,
            Average::Equal => 1.0,
        };
        weights += weight;
        sum += weight * line.chance?;
    }
    (weights > 0.0).then(|| sum / weights)
}

/// What the bootstrap draws.
struct Clustering {
    /// `None` when each row of the statistic is a unit.
    clusters: Option<Clusters>,
    drawn: &'static str,
    count: usize,
}

impl Clustering {
    fn units(&self) -> Units<'_> {
        self.clusters.as_ref().map_or(Units::Rows, Units::Clusters)
    }

    /// Rows times clusters: the work of the jackknife.
    fn work(&self, rows: usize) -> usize {
        self.clusters
            .as_ref()
            .map_or(0, |clusters| rows.saturating_mul(clusters.count()))
    }
}

/// Puts rows into clusters; what cannot be done as the protocol says is done by rows, and said.
fn clusters(protocol: &Protocol, rows: &[&Row], notes: &mut Vec<String>) -> Result<Clustering, StatsError> {
    let by_row = |count| Clustering {
        clusters: None,
        drawn: Cluster::Row.in_words(),
        count,
    };
    let cluster = protocol.metric.cluster;
    let mut lacking = |what: &str| {
        notes.push(format!(
            "the interval draws single rows, not {}: {what}; it may be too narrow",
            cluster.in_words()
        ));
        Ok(by_row(rows.len()))
    };
    let made = match cluster {
        Cluster::Row => return Ok(by_row(rows.len())),
        Cluster::Variant => {
            let keys: Option<Vec<&str>> = rows.iter().map(|row| row.variant.as_deref()).collect();
            match keys {
                Some(keys) => Clusters::from_keys(&keys)?,
                None => return lacking("rows do not name their variant"),
            }
        }
        Cluster::MatchGroup => {
            let keys: Option<Vec<&str>> = rows.iter().map(|row| row.match_group.as_deref()).collect();
            match keys {
                Some(keys) => Clusters::from_keys(&keys)?,
                None => return lacking("some rows name no match group"),
            }
        }
        Cluster::Position | Cluster::Locus | Cluster::Chromosome => {
            let places: Option<Vec<_>> = rows.iter().map(|row| row.place.as_ref()).collect();
            let Some(places) = places else {
                return lacking("some rows name no place");
            };
            match cluster {
                Cluster::Position => {
                    let position = |place: &&super::rows::Place| (place.chromosome.clone(), place.interval.bed_start());
                    Clusters::from_keys(&places.iter().map(position).collect::<Vec<_>>())?
                }
                Cluster::Chromosome => {
                    Clusters::from_keys(&places.iter().map(|place| place.chromosome.as_str()).collect::<Vec<_>>())?
                }
                _ => {
                    let spans: Vec<_> = places
                        .iter()
                        .map(|place| (place.chromosome.as_str(), place.interval))
                        .collect();
                    merged_loci(&spans, protocol.metric.locus_bp.unwrap_or_default())?
                }
            }
        }
    };
    Ok(Clustering {
        drawn: cluster.in_words(),
        count: made.count(),
        clusters: Some(made),
    })
}

fn line(group: &str, metric: &'static Metric, rows: &[&Row], clustering: &Clustering) -> MetricLine {
    let is_labelled = matches!(metric.input, MetricInput::LabelsAndScores(_));
    let positives = rows.iter().filter(|row| row.target == 1.0).count();
    let variants: Option<Vec<&str>> = rows.iter().map(|row| row.variant.as_deref()).collect();
    let nonnegative = if is_labelled {
        positives
    } else {
        rows.iter().filter(|row| row.target > 0.0).count()
    };
    let signed = if is_labelled {
        rows.len()
    } else {
        rows.iter().filter(|row| row.target != 0.0).count()
    };
    let share = nonnegative as f64 / signed as f64;
    MetricLine {
        group: group.to_owned(),
        metric: metric.name,
        n: rows.len(),
        positives: is_labelled.then_some(positives),
        variants: variants.map(|variants| distinct_rows(&variants)),
        drawn: clustering.drawn,
        effective_n: clustering.count,
        value: None,
        low: None,
        high: None,
        interval: None,
        chance: None,
        majority: (signed > 0).then(|| share.max(1.0 - share)),
        note: None,
    }
}

impl MetricLine {
    /// Computes value and interval; where BCa does not exist the percentile interval stands in its place.
    fn enter(
        &mut self,
        statistic: &dyn RowStatistic,
        clustering: &Clustering,
        options: ProtocolOptions,
        threads: usize,
    ) -> Result<(), StatsError> {
        self.value = statistic.on_all_rows();
        if options.replicates == 0 {
            return Ok(());
        }
        if clustering.count < 2 {
            // Every resample is the sample: an interval of no width would look sure.
            self.note = Some(format!(
                "no interval: {} of {} is drawn",
                clustering.count, clustering.drawn
            ));
            return Ok(());
        }
        let units = clustering.units();
        let mut found = Err("too many rows and clusters for the jackknife of BCa".to_owned());
        if clustering.work(statistic.rows()) <= MOST_JACKKNIFE {
            found =
                bootstrap(statistic, units, IntervalMethod::Bca, options, threads).map_err(|error| error.to_string());
        }
        let method = match found {
            Ok(estimate) => Some((estimate.interval, IntervalMethod::Bca)),
            Err(reason) => {
                self.note = Some(reason);
                bootstrap(statistic, units, IntervalMethod::Percentile, options, threads)
                    .ok()
                    .map(|estimate| (estimate.interval, IntervalMethod::Percentile))
            }
        };
        if let Some((interval, _)) = &method
            && interval.low == interval.high
        {
            let is_of_one_class = self
                .positives
                .is_some_and(|positives| positives == 0 || positives == self.n);
            let why = if is_of_one_class {
                "all rows are of one class"
            } else {
                "every resample has the same value"
            };
            self.note = Some(format!("no interval: {why}"));
            return Ok(());
        }
        if let Some((interval, method)) = method {
            (self.low, self.high) = (Some(interval.low), Some(interval.high));
            self.interval = Some(method.name());
        }
        Ok(())
    }
}

/// Bootstraps on several threads; the result is that of one.
fn bootstrap(
    statistic: &dyn RowStatistic,
    units: Units<'_>,
    method: IntervalMethod,
    options: ProtocolOptions,
    threads: usize,
) -> Result<refalt_core::stats::BootstrapEstimate, StatsError> {
    let options = BootstrapOptions {
        replicates: options.replicates,
        seed: options.seed,
        level: options.level,
        method,
    };
    let chunks = options.replicates.div_ceil(CHUNK) as usize;
    let parts = ordered(threads, chunks, |chunk| {
        let start = chunk as u64 * CHUNK;
        replicate_range(
            statistic,
            units,
            options.seed,
            start..(start + CHUNK).min(options.replicates),
        )
    });
    let replicates: Vec<Option<f64>> = parts.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    summarize(statistic, units, &replicates, options)
}
