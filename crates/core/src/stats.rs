//! Statistics: slices in, numbers out.
//!
//! Correlations, classification metrics, bootstrap intervals, permutation p-values, multiple testing, power and
//! replicate ceilings, all in `f64`. Nothing here knows of variants or files.
//!
//! Conventions:
//!
//! - NaN is refused with an error; [`complete_pairs`] and [`complete_labels`] drop incomplete rows and say how many.
//! - A statistic without a value (constant column, one class) is an error or `None`, never NaN and never 0.
//! - Random draws take a seed and are numbered: the result for replicate `r` depends on (seed, `r`) alone, so that
//!   callers may compute ranges on any number of threads.
//! - Every metric is prepared once and evaluated on resamples as *how often each row occurs* ([`RowStatistic`]).
//!
//! Correlation sums of ranks are exact integers; the alternative, floating-point ranks, would make equal
//! resamples differ in the last digit.

mod bootstrap;
mod ceiling;
mod complete;
mod confidence;
mod error;
mod fisher;
mod labelled;
mod metric;
mod multiple_testing;
mod normal;
mod permutation;
mod quantile;
mod random;
mod rank;
mod row_statistic;
mod running;

pub use bootstrap::{
    BootstrapEstimate, BootstrapOptions, Clusters, Units, bootstrap, jackknife, replicate_range, replicate_range_of,
    summarize,
};
pub use ceiling::Reliability;
pub use complete::{CompleteLabels, CompletePairs, complete_labels, complete_pairs};
pub use confidence::{ConfidenceInterval, IntervalMethod, bca_interval, percentile_interval};
pub use error::StatsError;
pub use fisher::{fisher_interval, smallest_detectable_correlation, spearman_interval};
pub use metric::{
    Auroc, AveragePrecision, Kendall, METRICS, Metric, MetricInput, Pearson, Prepared, SignAccuracy, SignCounts,
    Spearman, auroc, average_precision, kendall_tau_b, pearson, sign_accuracy, spearman,
};
pub use multiple_testing::benjamini_hochberg;
pub use normal::{normal_cdf, normal_quantile};
pub use permutation::{Alternative, Exceedances, TrackFamily, permutation_p_value, permutation_range};
pub use quantile::quantile;
pub use random::{Purpose, RandomStream, philox_4x64};
pub use rank::{Standing, average_ranks, standing_by_magnitude};
pub use row_statistic::{Difference, RowFunction, RowStatistic};
pub use running::RunningCorrelation;
