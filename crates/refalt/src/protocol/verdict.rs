//! What a value says beside the published ones.

use super::file::{Protocol, PublishedValue};
use refalt_core::stats::Metric;
use serde::Serialize;

/// How a value stands to a published one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The same in every digit that was published.
    Equal,
    /// Within the tolerance of the protocol.
    WithinTolerance,
    /// The other sign, at the same size or with an interval that is wholly on the other side of no effect: the alleles of one of
    /// the two are named the other way, or the predictions are negated.
    OppositeSign,
    /// Different; the interval of the value holds the published one.
    WithinInterval,
    /// Different; the interval does not hold it, or there is none.
    Different,
    /// Not compared: so few rows say nothing about a published value.
    TooFewRows,
    /// Not compared: the value lacks groups that the published one is over.
    GroupsMissing,
}

/// Rows from which on a value is compared.
const LEAST_ROWS: usize = 10;

/// A value beside a published one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Whose predictions the published value is of.
    pub predictor: String,
    /// `reported` or `recomputed`.
    pub kind: String,
    /// The published value.
    pub published: f64,
    /// The value less the published one.
    pub difference: f64,
    /// How they stand.
    pub status: Status,
    /// The same in a sentence.
    pub statement: String,
}

/// Compares a value with everything that was published for the protocol.
///
/// * `interval`: the interval of the value, where there is one.
/// * `rows`: the rows that the value is of.
/// * `missing`: how many groups it lacks that the protocol lists.
pub(super) fn verdicts(
    protocol: &Protocol,
    metric: &Metric,
    value: f64,
    interval: Option<(f64, f64)>,
    rows: usize,
    missing: usize,
) -> Vec<Verdict> {
    let compare = |published: &PublishedValue| {
        if rows < LEAST_ROWS {
            return not_compared(
                published,
                value,
                Status::TooFewRows,
                &format!("{rows} rows are too few, from {LEAST_ROWS} on a value is judged"),
            );
        }
        if missing > 0 {
            return not_compared(
                published,
                value,
                Status::GroupsMissing,
                &format!(
                    "{missing} of the {} groups of the protocol are missing, and it is over all of them",
                    protocol.metric.groups.len()
                ),
            );
        }
        verdict(published, protocol, metric, value, interval)
    };
    protocol.published.iter().map(compare).collect()
}

/// Sets a value beside a published one without a word on their difference: a correlation of two rows is 1 or -1 whatever they are, and
/// its interval holds everything; a mean over some groups is another quantity than that over all.
fn not_compared(published: &PublishedValue, value: f64, status: Status, why: &str) -> Verdict {
    Verdict {
        predictor: published.predictor.clone(),
        kind: published.kind.clone(),
        published: published.number(),
        difference: value - published.number(),
        status,
        statement: format!("not compared with the {} {}: {why}", published.kind, published.value),
    }
}

fn verdict(
    published: &PublishedValue,
    protocol: &Protocol,
    metric: &Metric,
    value: f64,
    interval: Option<(f64, f64)>,
) -> Verdict {
    let number = published.number();
    let tolerance = protocol.metric.tolerance.max(published.half_unit());
    let (kind, text) = (&published.kind, &published.value);
    // Room for the rounding of the subtraction itself.
    let near = |other: f64, within: f64| (value - other).abs() <= within * (1.0 + 1e-9);
    // A correlation changes its sign when alleles change their names, an AUROC of signed scores its side of 1/2.
    let mirrored = match metric.name {
        "pearson" | "spearman" | "kendall" => Some(-number),
        "auroc" => Some(1.0 - number),
        _ => None,
    };
    let is_mirrored = mirrored.is_some_and(|mirrored| near(mirrored, tolerance)) && !near(number, tolerance);
    let difference = value - number;
    let (status, statement) = if near(number, published.half_unit()) {
        (
            Status::Equal,
            format!("equal to the {kind} {text} in every digit published"),
        )
    } else if near(number, tolerance) {
        (
            Status::WithinTolerance,
            format!("equal to the {kind} {text} within {tolerance} ({value:.4}, difference {difference:+.5})"),
        )
    } else if is_mirrored {
        let what = if metric.name == "auroc" { "direction" } else { "sign" };
        (
            Status::OppositeSign,
            format!(
                "{what} is opposite: alleles are named the other way, or predictions are negated ({value:.4} against {text})"
            ),
        )
    } else if let Some((low, high)) = interval.filter(|&bounds| is_on_other_side(metric, number, bounds)) {
        (
            Status::OppositeSign,
            format!(
                "direction is opposite to the {kind} {text} of {}, and the size differs: the interval [{low:.4}, {high:.4}] lies on \
                 the other side of no effect; alleles may be named the other way, or predictions be negated",
                published.predictor
            ),
        )
    } else {
        let holds = interval.is_some_and(|(low, high)| (low..=high).contains(&number));
        let about = match interval {
            None => "there is no interval".to_owned(),
            Some((low, high)) => {
                format!(
                    "the interval [{low:.4}, {high:.4}] {} it",
                    if holds { "holds" } else { "does not hold" }
                )
            }
        };
        let status = if holds {
            Status::WithinInterval
        } else {
            Status::Different
        };
        (
            status,
            format!(
                "differs from the {kind} {text} of {} by {difference:+.4}; {about}",
                published.predictor
            ),
        )
    };
    Verdict {
        predictor: published.predictor.clone(),
        kind: kind.clone(),
        published: number,
        difference,
        status,
        statement,
    }
}

/// Says whether an interval is wholly on the other side of no effect than the published value.
fn is_on_other_side(metric: &Metric, published: f64, (low, high): (f64, f64)) -> bool {
    let none = match metric.name {
        "pearson" | "spearman" | "kendall" => 0.0,
        "auroc" => 0.5,
        _ => return false,
    };
    published > none && high < none || published < none && low > none
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: f64, published: &str, metric: &str, interval: Option<(f64, f64)>) -> Verdict {
        let protocol = super::super::find("dsqtl_yoruba_variant_coefficient_human").unwrap();
        let published = PublishedValue {
            value: published.to_owned(),
            ..protocol.published[0].clone()
        };
        verdict(&published, &protocol, Metric::of(metric).unwrap(), value, interval)
    }

    #[test]
    fn digits_tolerance_sign_and_interval_decide() {
        let status = |value, published, metric, interval| of(value, published, metric, interval).status;
        assert_eq!(status(0.83234, "0.8323", "pearson", None), Status::Equal);
        assert_eq!(status(-0.83234, "-0.8323", "pearson", None), Status::Equal);
        assert_eq!(status(0.8329, "0.8323", "pearson", None), Status::WithinTolerance);
        assert_eq!(
            status(-0.8323, "0.8323", "pearson", Some((-0.9, -0.7))),
            Status::OppositeSign
        );
        // Negated and of another size.
        assert_eq!(
            status(-0.75, "0.8323", "pearson", Some((-0.8, -0.7))),
            Status::OppositeSign
        );
        assert_eq!(
            status(-0.05, "0.8323", "pearson", Some((-0.1, 0.01))),
            Status::Different
        );
        assert_eq!(status(0.3, "0.81", "auroc", Some((0.25, 0.35))), Status::OppositeSign);
        assert_eq!(
            status(0.3, "0.81", "average_precision", Some((0.25, 0.35))),
            Status::Different
        );
        // 1 - 0.81 for an AUROC; for an average precision nothing is opposite.
        assert_eq!(status(0.19, "0.81", "auroc", None), Status::OppositeSign);
        assert_eq!(status(0.19, "0.81", "average_precision", None), Status::Different);
        assert_eq!(
            status(0.7, "0.8323", "pearson", Some((0.6, 0.9))),
            Status::WithinInterval
        );
        assert_eq!(status(0.7, "0.8323", "pearson", Some((0.6, 0.8))), Status::Different);
        // Near 0 both signs are near; then nothing is called opposite.
        assert_eq!(status(-0.0002, "0.0003", "pearson", None), Status::WithinTolerance);
        let statement = of(-0.8323, "0.8323", "pearson", None).statement;
        assert_eq!(
            statement,
            "sign is opposite: alleles are named the other way, or predictions are negated (-0.8323 against 0.8323)"
        );
    }
}
