//! One figure for each question.

use super::GroupReport;
use super::agreement::{Agreement, MeasuredPoint};
use crate::digit_groups::grouped;
use crate::figure::{Curve, Curves, Figure, FigureError, Forest, ForestRow, Labels, Point, Scatter};

/// What figures of a group are drawn of.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Drawn {
    /// Largest |q| of each variant.
    pub(crate) maxima: Vec<f64>,
    /// That of each control.
    pub(crate) controls: Vec<f64>,
    /// Draws of the null with correlated tracks.
    pub(crate) null: Option<Vec<f64>>,
    /// Distribution of |q| over rows: value, share at it or below.
    pub(crate) rows: Vec<(f64, f64)>,
    /// Rows of each variant.
    pub(crate) rows_per_variant: Vec<u32>,
}

/// Points of a curve.
const POINTS: usize = 201;

/// End of the axis of distributions: beyond the outermost point of the grid, 0.99998 or 0.99999.
const END: f64 = 5.0;

/// Draws the figures of every group, in the order of the report: place of the group, figures.
pub(super) fn all(groups: &[GroupReport]) -> Result<Vec<(usize, Vec<Figure>)>, FigureError> {
    let mut drawn = vec![(usize::MAX, vec![shares(groups)?])];
    for (place, group) in groups.iter().enumerate() {
        let mut figures = vec![distribution(group, format!("distribution-{}", place + 1))?];
        for (number, agreement) in group.agreement.iter().enumerate() {
            let name = |what: &str| figure_name(what, place, number);
            figures.extend(scatters(group, agreement, &name)?);
            figures.push(predictors(group, agreement, name("predictors"))?);
            figures.extend(bins(group, agreement, &name("bins"))?);
        }
        drawn.push((place, figures));
    }
    Ok(drawn)
}

/// Says whether a variant has several rows of one track.
fn has_several(group: &GroupReport) -> bool {
    group.rows_per_variant[2] as usize > group.tracks
}

fn figure_name(what: &str, group: usize, experiment: usize) -> String {
    format!("{what}-{}-{}", group + 1, experiment + 1)
}

/// Shares at the highest threshold that quantiles resolve, beside chance.
fn shares(groups: &[GroupReport]) -> Result<Figure, FigureError> {
    let mut rows = Vec::new();
    let all = || groups.iter().flat_map(|group| &group.thresholds);
    let is_resolved = |threshold: f64| all().all(|row| row.threshold != threshold || !row.beyond_resolution);
    let highest = |among: &dyn Fn(f64) -> bool| {
        let thresholds = all().map(|row| row.threshold).filter(|&threshold| among(threshold));
        thresholds.reduce(f64::max)
    };
    let threshold = highest(&is_resolved).or_else(|| highest(&|_| true)).unwrap_or(0.0);
    for group in groups {
        let Some(row) = group.thresholds.iter().find(|row| row.threshold == threshold) else {
            continue;
        };
        rows.push(ForestRow {
            label: format!("{}, n {}", group.group, grouped(row.n)),
            estimate: row.share,
            low: row.low,
            high: row.high,
            emphasised: true,
        });
        let mut chance = |label: &str, value: Option<f64>| {
            if let Some(value) = value {
                rows.push(ForestRow {
                    label: format!("  {label}"),
                    estimate: value,
                    low: value,
                    high: value,
                    emphasised: false,
                });
            }
        };
        // With several rows of a track (genes, junctions) the two are the least and the most that a maximum over them can be.
        if has_several(group) {
            chance("chance, tracks correlated, genes alike", row.correlated);
            chance(
                "chance, tracks correlated, genes independent",
                row.correlated_genes_independent,
            );
        } else {
            chance("chance, tracks correlated", row.correlated);
        }
        chance("chance, rows independent", Some(row.independent));
        let control = group.controls.iter().find(|control| control.threshold == row.threshold);
        if let Some(control) = control {
            rows.push(ForestRow {
                label: format!("  controls, n {}", grouped(control.n)),
                estimate: control.share,
                low: control.low,
                high: control.high,
                emphasised: false,
            });
        }
    }
    Forest {
        labels: Labels {
            name: "shares".to_owned(),
            title: format!("Variants whose largest |q| reaches {threshold}"),
            subtitle: "with what chance makes of the same maximum".to_owned(),
            caption:
                "Intervals are Wilson's. Chance: every track uniform; correlated as in a sample of the variants, or \
                      every row independent. The threshold is the highest that all quantiles resolve, where there is one."
                    .to_owned(),
        },
        value_title: "share of variants".to_owned(),
        interval: "95 % interval".to_owned(),
        null_value: None,
        rows,
    }
    .draw()
}

/// The distribution of the maximum and of single rows, beside chance.
fn distribution(group: &GroupReport, name: String) -> Result<Figure, FigureError> {
    let drawn = &group.drawn;
    // The axis is -log10(1 - |q|): the maximum stands at its end, where |q| itself shows nothing.
    let steps = || {
        let place = |step| step as f64 / (POINTS - 1) as f64 * END;
        (0..POINTS).map(move |step| (place(step), 1.0 - 10f64.powf(-place(step))))
    };
    let below = |sorted: &[f64], at: f64| sorted.partition_point(|&q| q <= at) as f64 / sorted.len() as f64;
    let of = |label: String, values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Curve {
            label,
            points: steps().map(|(x, at)| (x, below(&sorted, at))).collect(),
        }
    };
    let count = |count: usize| grouped(count as u64);
    let mut curves = vec![of(format!("maximum, n {}", count(drawn.maxima.len())), &drawn.maxima)];
    if !drawn.controls.is_empty() {
        curves.push(of(
            format!("maximum, controls, n {}", count(drawn.controls.len())),
            &drawn.controls,
        ));
    }
    if let Some(null) = &drawn.null {
        let label = if has_several(group) {
            "chance, tracks correlated, genes alike"
        } else {
            "chance, tracks correlated"
        };
        curves.push(of(label.to_owned(), null));
    }
    let independent = |at: f64| {
        let rows = drawn.rows_per_variant.iter();
        rows.map(|&rows| at.powi(i32::try_from(rows).unwrap_or(i32::MAX)))
            .sum::<f64>()
            / drawn.maxima.len() as f64
    };
    curves.push(Curve {
        label: "chance, rows independent".to_owned(),
        points: steps().map(|(x, at)| (x, independent(at))).collect(),
    });
    let row_share = |at: f64| {
        let reached = drawn.rows.partition_point(|(size, _)| *size <= at);
        reached.checked_sub(1).map_or(0.0, |place| drawn.rows[place].1)
    };
    curves.push(Curve {
        label: format!("single rows, n {}", grouped(group.rows)),
        points: steps().map(|(x, at)| (x, row_share(at))).collect(),
    });
    Curves {
        labels: Labels {
            name,
            title: format!("{}: |q| of the maximum over tracks", group.group),
            subtitle: format!(
                "{} tracks, {} rows behind a maximum (median)",
                group.tracks, group.rows_per_variant[1]
            ),
            caption:
                "Share of variants, or rows, at or below |q|. A calibrated track follows the dashed line over its \
                      background."
                    .to_owned(),
        },
        x_title: "\u{2212}log10(1 \u{2212} |quantile score|): 1 is 0.9, 2 is 0.99".to_owned(),
        y_title: "cumulative share".to_owned(),
        curves,
        comparison: Some(Curve {
            label: "one calibrated track".to_owned(),
            points: steps().collect(),
        }),
        ranges: Some(((0.0, END), (0.0, 1.0))),
    }
    .draw()
}

/// A quantile where maxima can be told apart: -log10(1 - |q|) with the sign of q.
///
/// Maxima over many tracks are all near -1 or 1; on this axis 0.9, 0.99 and 0.999 are 1, 2 and 3. It ends at [`END`].
fn spread(quantile: f64) -> f64 {
    let size = -(1.0 - quantile.abs()).max(0.0).log10();
    quantile.signum() * size.min(END)
}

fn scatters(
    group: &GroupReport,
    agreement: &Agreement,
    name: &dyn Fn(&str) -> String,
) -> Result<Vec<Figure>, FigureError> {
    let draw = |what: &str, title: &str, [scale, end]: [&str; 2], value: fn(&MeasuredPoint) -> f64, place: usize| {
        let points = agreement.points.iter().map(|point| Point {
            x: value(point),
            y: point.effect,
            label: point.variant.clone(),
            emphasised: false,
        });
        let row = &agreement.predictors[place];
        let text = match (row.spearman, row.low, row.high) {
            (Some(rho), Some(low), Some(high)) => {
                format!(
                    "Spearman {rho:.3} [{low:.3}, {high:.3}], n {}",
                    grouped(agreement.n as u64)
                )
            }
            _ => format!(
                "no correlation: the prediction is constant, n {}",
                grouped(agreement.n as u64)
            ),
        };
        Scatter {
            labels: Labels {
                name: name(what),
                title: format!("{}: {title} against {}", group.group, agreement.experiment),
                subtitle: String::new(),
                caption: format!(
                    "From `maxima.tsv` and the measured effects. Intervals by bootstrap ({}), positions resampled.{end}",
                    row.interval
                ),
            },
            x_title: format!("{title}{scale}"),
            y_title: "measured effect".to_owned(),
            points: points.collect(),
            fit: None,
            identity_line: false,
            statistics: vec![text],
        }
        .draw()
    };
    Ok(vec![
        draw("raw", "raw score of the largest |raw|", [""; 2], |point| point.raw, 0)?,
        draw(
            "quantile",
            "quantile of the largest |quantile|",
            [
                ": \u{2212}log10(1 \u{2212} |q|) with its sign; 1 is 0.9, 2 is 0.99",
                " The outermost columns are the end of the grid, beyond the largest background score.",
            ],
            |point| spread(point.quantile),
            3,
        )?,
    ])
}

fn predictors(group: &GroupReport, agreement: &Agreement, name: String) -> Result<Figure, FigureError> {
    let of = |label: String, value: Option<f64>, low: Option<f64>, high: Option<f64>, emphasised| {
        let (value, low, high) = (value?, low?, high?);
        // BCa intervals of skewed statistics may end at the estimate.
        Some(ForestRow {
            label,
            estimate: value,
            low: low.min(value),
            high: high.max(value),
            emphasised,
        })
    };
    let predictors = agreement.predictors.iter().filter_map(|row| {
        let label = format!("{}, {}", row.selection, row.value);
        of(label, row.spearman, row.low, row.high, false)
    });
    let contrasts = agreement.contrasts.iter().filter_map(|row| {
        let label = format!("difference: {}", row.contrast);
        of(label, row.difference, row.low, row.high, true)
    });
    Forest {
        labels: Labels {
            name,
            title: format!("{}: raw against quantile on the same variants", group.group),
            subtitle: format!("{}, n {}", agreement.experiment, grouped(agreement.n as u64)),
            caption: "Spearman correlations with the measured effects, and paired differences of them.".to_owned(),
        },
        value_title: "Spearman correlation".to_owned(),
        interval: "bootstrap interval".to_owned(),
        null_value: Some(0.0),
        rows: predictors.chain(contrasts).collect(),
    }
    .draw()
}

fn bins(group: &GroupReport, agreement: &Agreement, name: &str) -> Result<Option<Figure>, FigureError> {
    let mut rows = Vec::new();
    let mut not_shown = Vec::new();
    for bin in &agreement.bins {
        let range = match bin.to {
            Some(to) => format!("{} to {to}", bin.from),
            None => format!("{} and more", bin.from),
        };
        // What chance makes of a bin without a correlation would stand under the bin before.
        let (Some(estimate), Some(low), Some(high)) = (bin.spearman, bin.low, bin.high) else {
            not_shown.push(format!("{}, {range} (n {})", bin.value, grouped(bin.n as u64)));
            continue;
        };
        rows.push(ForestRow {
            label: format!("{}, |effect| {range}, n {}", bin.value, grouped(bin.n as u64)),
            estimate,
            low,
            high,
            emphasised: true,
        });
        if let (Some(estimate), Some(low), Some(high)) = (bin.expected, bin.expected_low, bin.expected_high) {
            rows.push(ForestRow {
                label: "  one correlation for all".to_owned(),
                estimate,
                low: low.min(estimate),
                high: high.max(estimate),
                emphasised: false,
            });
        }
    }
    if rows.is_empty() {
        return Ok(None);
    }
    let figure = Forest {
        labels: Labels {
            name: name.to_owned(),
            title: format!("{}: correlation by size of the effect", group.group),
            subtitle: format!("{}, n {}", agreement.experiment, grouped(agreement.n as u64)),
            caption: format!(
                "Bins of the measured size are bins of the outcome: below each is where its correlation lies when one correlation \
                 holds for all variants.{}",
                if not_shown.is_empty() {
                    String::new()
                } else {
                    format!(" Too few variants for an interval: {}.", not_shown.join("; "))
                }
            ),
        },
        value_title: "Spearman correlation in the bin".to_owned(),
        interval: "95 % interval".to_owned(),
        null_value: Some(0.0),
        rows,
    }
    .draw()?;
    Ok(Some(figure))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maxima_near_the_ends_are_told_apart() {
        for (quantile, expected) in [
            (0.0, 0.0),
            (0.9, 1.0),
            (-0.99, -2.0),
            (0.99998, 4.699),
            (1.0, END),
            (-1.0, -END),
        ] {
            assert!(
                (spread(quantile) - expected).abs() < 1e-3,
                "{quantile} {}",
                spread(quantile)
            );
        }
    }
}
