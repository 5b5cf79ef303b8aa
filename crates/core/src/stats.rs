//! Statistics: slices in, numbers out.
//!
//! Correlations (weighted, partial), classification metrics, calibration, means over groups, intervals by bootstrap and
//! block jackknife, permutation p-values, multiple testing, power, effective sizes, replicate ceilings, curves to draw,
//! nulls of maxima over tracks, quantile tables and whether held-out ranks are uniform in them, bins of the outcome, all in
//! `f64`. Nothing here knows of variants or files.
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

mod beta;
mod binomial;
mod block_jackknife;
mod bootstrap;
mod calibration;
mod ceiling;
mod cluster_permutation;
mod complete;
mod confidence;
mod curves;
mod effective_rows;
mod error;
mod fisher;
mod group_weighted;
mod kolmogorov;
mod labelled;
mod log_ratio;
mod matched_draws;
mod matched_null;
mod maximum;
mod metric;
mod moderated_variance;
mod multiple_testing;
mod normal;
mod outcome_bins;
mod partial_correlation;
mod permutation;
mod polygamma;
mod quantile;
mod quantile_grid;
mod quantile_table;
mod random;
mod rank;
mod row_statistic;
mod running;
mod sign_comparison;
mod student;
mod track_copula;
mod weighted_correlation;
mod weighted_mean;

pub use binomial::{binomial_test, mcnemar_exact, share_difference_interval, wilson_interval};
pub use block_jackknife::{JackknifeEstimate, block_jackknife};
pub use bootstrap::{
    BootstrapEstimate, BootstrapOptions, Clusters, Units, bootstrap, jackknife, replicate_range, replicate_range_of,
    summarize,
};
pub use calibration::{
    BinnedMean, Bins, ReliabilityBin, binned_means, brier_score, expected_calibration_error, reliability_curve,
};
pub use ceiling::Reliability;
pub use cluster_permutation::{ClusterFlips, WholeClusters};
pub use complete::{CompleteLabels, CompletePairs, complete_labels, complete_pairs};
pub use confidence::{ConfidenceInterval, IntervalMethod, bca_interval, percentile_interval};
pub use curves::{
    DensityGrid, EcdfPoint, PrecisionRecallPoint, RocPoint, density_grid, ecdf, precision_recall_curve, roc_curve,
};
pub use effective_rows::{
    ClusterDesign, CorrelationSpectrum, cluster_design, correlation_spectrum, distinct_rows, effective_rows,
    merged_loci, weighted_cluster_size,
};
pub use error::StatsError;
pub use fisher::{fisher_interval, kendall_interval, smallest_detectable_correlation, spearman_interval};
pub use group_weighted::{GroupValue, GroupWeighted, GroupWeighting, MetricColumns, SkippedGroup};
pub use kolmogorov::{GridUniformity, grid_uniformity, kolmogorov_survival};
pub use log_ratio::{LogRatio, Replicates, log_ratio};
pub use matched_draws::MatchedDraws;
pub use matched_null::MatchedNull;
pub use maximum::{MaximumOf, TrackMaxima, equicorrelated_tail, independent_tail};
pub use metric::{
    Auroc, AveragePrecision, Better, Brier, CalibrationError, Kendall, METRICS, Metric, MetricInput, Pearson, Prepared,
    SignAccuracy, SignAccuracyGain, SignCounts, Spearman, auroc, average_precision, kendall_tau_b, pearson,
    sign_accuracy, spearman,
};
pub use moderated_variance::ModeratedVariances;
pub use multiple_testing::benjamini_hochberg;
pub use normal::{normal_cdf, normal_quantile};
pub use outcome_bins::{OutcomeBin, OutcomeBinOptions, outcome_bins};
pub use partial_correlation::{Correlation, PartialCorrelation, PartialCorrelationTest};
pub use permutation::{Alternative, Exceedances, TrackFamily, permutation_p_value, permutation_range};
pub use quantile::quantile;
pub use quantile_grid::{QUANTILE_GRID_POINTS, QuantileGrid, ScoreSign};
pub use quantile_table::{QuantileTable, TiedRank};
pub use random::{Purpose, RandomStream, philox_4x64};
pub use rank::{Standing, average_ranks, standing_by_magnitude};
pub use row_statistic::{Difference, RowFunction, RowStatistic};
pub use running::RunningCorrelation;
pub use sign_comparison::{SignComparison, sign_comparison};
pub use student::{student_t_quantile, student_t_two_sided};
pub use track_copula::TrackCopula;
pub use weighted_correlation::{WeightedPearson, WeightedSpearman, weighted_pearson, weighted_spearman};
pub use weighted_mean::{WeightedMean, weighted_mean};
