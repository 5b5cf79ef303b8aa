//! How many independent observations a table is worth.
//!
//! n alone misleads: alternate bases of one position, genes of one variant and variants of one locus share their inputs.
//! Beside n belong the number of distinct inputs ([`distinct_rows`]), of distinct loci ([`merged_loci`]), the size left
//! after weights ([`effective_rows`]) or clusters ([`cluster_design`]), and, where many tracks are tried, the number of
//! tracks that are not copies of each other ([`correlation_spectrum`]).

use super::bootstrap::Clusters;
use super::error::{StatsError, all_finite, row_count, same_length, weights_allowed};
use crate::interval::Interval;
use std::collections::BTreeSet;

/// Returns the number of distinct rows: those with equal keys are one input.
pub fn distinct_rows<K: Ord>(keys: &[K]) -> usize {
    keys.iter().collect::<BTreeSet<_>>().len()
}

/// Merges spans into loci: spans of one contig belong together when at most `within_bp` bases lie between them, directly or
/// through others.
///
/// Spans that overlap or touch have 0 bases between them. The loci are the clusters to bootstrap, and their number stands
/// beside n.
///
/// * `spans`: contig and span of each row, in any order; contigs with equal keys are one.
///
/// # Errors
/// [`StatsError::TooManyRows`] above 2^31 - 1 rows.
///
/// ```
/// use refalt_core::Interval;
/// use refalt_core::stats::merged_loci;
///
/// let at = |start, end| ("chr1", Interval::from_bed(start, end).unwrap());
/// // 10 bases between the first two, 11 between the last two.
/// let loci = merged_loci(&[at(0, 10), at(20, 30), at(41, 42)], 10)?;
/// assert_eq!(loci.count(), 2);
/// # Ok::<(), refalt_core::stats::StatsError>(())
/// ```
pub fn merged_loci<K: Ord>(spans: &[(K, Interval)], within_bp: u32) -> Result<Clusters, StatsError> {
    row_count(spans.len(), 0)?;
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by(|&left, &right| {
        let key = |row: usize| (&spans[row].0, spans[row].1.bed_start());
        key(left).cmp(&key(right))
    });
    let mut locus_of_row = vec![0usize; spans.len()];
    let mut locus = 0;
    let mut reach: Option<(usize, u32)> = None;
    for &row in &order {
        let (contig, span) = &spans[row];
        let joins = reach
            .is_some_and(|(last, end)| spans[last].0 == *contig && span.bed_start().saturating_sub(end) <= within_bp);
        let end = match reach {
            Some((_, end)) if joins => end.max(span.bed_end()),
            _ => {
                locus += 1;
                span.bed_end()
            }
        };
        reach = Some((row, end));
        locus_of_row[row] = locus;
    }
    Clusters::from_keys(&locus_of_row)
}

/// Returns Kish's effective number of rows under weights: sum(w)^2 / sum(w^2).
///
/// The number of equally weighted rows whose mean is as sure as the weighted mean, for independent rows of equal variance.
///
/// # Errors
/// [`StatsError::TooFewRows`], weights that are negative, not finite or all 0.
///
/// # Source
/// Kish (1965), Survey sampling, section 11.7.
pub fn effective_rows(weights: &[f64]) -> Result<f64, StatsError> {
    row_count(weights.len(), 1)?;
    weights_allowed(weights)?;
    // The ratio does not depend on scale: dividing by the largest keeps squares within the doubles.
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let (sum, squares) = weights
        .iter()
        .map(|weight| weight / largest)
        .fold((0.0, 0.0), |(sum, squares), weight| {
            (sum + weight, squares + weight * weight)
        });
    Ok(sum * sum / squares)
}

/// Returns the mean size of a cluster as a weighted row sees it: sum over clusters of (sum of weights)^2, over sum(w^2).
///
/// With equal weights it is sum(m^2) / n of [`ClusterDesign::mean_size`]. Rows under weights and in clusters are worth Kish's
/// number ([`effective_rows`]) over 1 + (size - 1) * intraclass correlation.
///
/// # Errors
/// Columns of different length, weights that are negative, not finite or all 0.
///
/// # Source
/// Gabler, Haeder, Lahiri (1999), A model based justification of Kish's formula for design effects for weighting and
/// clustering, Survey Methodology 25:105-106.
pub fn weighted_cluster_size(weights: &[f64], clusters: &Clusters) -> Result<f64, StatsError> {
    same_length("weights", weights.len(), "clusters", clusters.of_rows().len())?;
    row_count(weights.len(), 1)?;
    weights_allowed(weights)?;
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let mut sums = vec![0.0; clusters.count()];
    let mut squares = 0.0;
    for (&cluster, weight) in clusters.of_rows().iter().zip(weights) {
        let weight = weight / largest;
        sums[cluster as usize] += weight;
        squares += weight * weight;
    }
    Ok(sums.iter().map(|sum| sum * sum).sum::<f64>() / squares)
}

/// What clusters do to the mean of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusterDesign {
    /// Rows.
    pub rows: usize,
    /// Clusters.
    pub clusters: usize,
    /// Mean cluster size as a row sees it: sum(m^2) / n.
    pub mean_size: f64,
    /// Intraclass correlation, from one-way analysis of variance; may be below 0 by chance.
    pub intraclass_correlation: f64,
    /// 1 + (mean_size - 1) * intraclass correlation, at least 1: by how much clusters multiply the variance of the mean.
    pub design_effect: f64,
    /// rows / design effect.
    pub effective_rows: f64,
}

/// Estimates how many independent rows the clustered rows of `values` are worth.
///
/// With N rows in k clusters of m rows: between and within mean squares MB = sum(m (cluster mean - mean)^2) / (k - 1) and
/// MW = sum((value - cluster mean)^2) / (N - k), m0 = (N - sum(m^2) / N) / (k - 1), and the intraclass correlation
/// (MB - MW) / (MB + (m0 - 1) MW).
///
/// METHOD: an estimate below 0 is taken as 0, so that clustering never adds rows.
///
/// # Errors
/// Columns of different length, values that are not finite, fewer than 2 clusters ([`StatsError::TooFewRows`]), no
/// cluster with 2 rows or a constant column ([`StatsError::Constant`]).
///
/// # Source
/// Kish (1965), Survey sampling, section 5.4 (design effect); Donner (1986), doi:10.2307/1403259 (intraclass correlation,
/// unequal clusters).
pub fn cluster_design(values: &[f64], clusters: &Clusters) -> Result<ClusterDesign, StatsError> {
    same_length("values", values.len(), "clusters", clusters.of_rows().len())?;
    all_finite("values", values)?;
    row_count(clusters.count(), 2)?;
    let (rows, count) = (values.len(), clusters.count());
    row_count(rows, count + 1)?;
    let (n, k) = (rows as f64, count as f64);
    let mean = values.iter().sum::<f64>() / n;
    let sizes = clusters.sizes();
    let mut means = vec![0.0; count];
    for (&cluster, value) in clusters.of_rows().iter().zip(values) {
        means[cluster as usize] += (value - mean) / f64::from(sizes[cluster as usize]);
    }
    let between: f64 = sizes
        .iter()
        .zip(&means)
        .map(|(&size, mean)| f64::from(size) * mean * mean)
        .sum();
    let within: f64 = clusters
        .of_rows()
        .iter()
        .zip(values)
        .map(|(&cluster, value)| (value - mean - means[cluster as usize]).powi(2))
        .sum();
    let (between, within) = (between / (k - 1.0), within / (n - k));
    let squares: f64 = sizes.iter().map(|&size| f64::from(size).powi(2)).sum();
    let typical = (n - squares / n) / (k - 1.0);
    let total = between + (typical - 1.0) * within;
    if total <= 0.0 {
        return Err(StatsError::Constant { column: "values", rows });
    }
    let intraclass_correlation = (between - within) / total;
    let mean_size = squares / n;
    let design_effect = 1.0 + (mean_size - 1.0) * intraclass_correlation.max(0.0);
    Ok(ClusterDesign {
        rows,
        clusters: count,
        mean_size,
        intraclass_correlation,
        design_effect,
        effective_rows: n / design_effect,
    })
}

/// How many independent tests a set of correlated ones is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrelationSpectrum {
    /// Eigenvalues of the correlation matrix, descending; they sum to the number of tests.
    pub eigenvalues: Vec<f64>,
    /// (sum of eigenvalues)^2 / sum of their squares: the number of directions that carry the variance.
    pub participation_ratio: f64,
    /// Sum over eigenvalues of (1 where it is at least 1) + its fractional part: Li and Ji's number of independent tests.
    pub li_ji: f64,
}

/// Returns the eigenvalues of a correlation matrix and the numbers of independent tests they stand for.
///
/// * `correlations`: row-major, `[tests x tests]`, symmetric, 1 on the diagonal.
///
/// Cost grows with the cube of the number of tests: a second for about 500.
///
/// # Errors
/// [`StatsError::LengthMismatch`] unless the matrix is square, [`StatsError::OutOfRange`] for entries outside -1 to 1, a
/// diagonal other than 1, or entries that differ across the diagonal by more than 1e-9.
///
/// # Source
/// Li and Ji (2005), Adjusting multiple testing in multilocus analyses using the eigenvalues of a correlation matrix,
/// doi:10.1038/sj.hdy.6800717. Eigenvalues by cyclic Jacobi rotations (Golub and Van Loan, Matrix computations, 8.5).
pub fn correlation_spectrum(tests: usize, correlations: &[f64]) -> Result<CorrelationSpectrum, StatsError> {
    row_count(tests, 1)?;
    same_length("tests squared", tests * tests, "correlations", correlations.len())?;
    all_finite("correlations", correlations)?;
    for row in 0..tests {
        for column in 0..tests {
            let value = correlations[row * tests + column];
            let mirrored = correlations[column * tests + row];
            let diagonal = row != column || (value - 1.0).abs() < 1e-9;
            if value.abs() > 1.0 + 1e-9 || (value - mirrored).abs() > 1e-9 || !diagonal {
                return Err(StatsError::OutOfRange {
                    parameter: "correlation",
                    value,
                    allowed: "-1 to 1, symmetric, 1 on the diagonal",
                });
            }
        }
    }
    let mut eigenvalues = symmetric_eigenvalues(tests, correlations.to_vec());
    eigenvalues.sort_by(|left, right| right.total_cmp(left));
    let sum: f64 = eigenvalues.iter().sum();
    let squares: f64 = eigenvalues.iter().map(|value| value * value).sum();
    let part = |value: &f64| {
        // Rounding puts an eigenvalue of exactly 1 or 2 on either side of the step: whole within 1e-9 is whole.
        let value = value.abs();
        let value = if (value - value.round()).abs() < 1e-9 {
            value.round()
        } else {
            value
        };
        f64::from(u8::from(value >= 1.0)) + value - value.floor()
    };
    Ok(CorrelationSpectrum {
        participation_ratio: sum * sum / squares,
        li_ji: eigenvalues.iter().map(part).sum(),
        eigenvalues,
    })
}

/// Eigenvalues of a symmetric matrix, row-major, in no order.
fn symmetric_eigenvalues(size: usize, mut matrix: Vec<f64>) -> Vec<f64> {
    let at = |row: usize, column: usize| row * size + column;
    for _sweep in 0..64 {
        let off: f64 = (0..size)
            .flat_map(|row| (0..row).map(move |column| (row, column)))
            .map(|(row, column)| matrix[at(row, column)].powi(2))
            .sum();
        if off <= 1e-26 * size as f64 {
            break;
        }
        for p in 0..size {
            for q in p + 1..size {
                let apq = matrix[at(p, q)];
                if apq == 0.0 {
                    continue;
                }
                let theta = (matrix[at(q, q)] - matrix[at(p, p)]) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let t = if theta == 0.0 { 1.0 } else { t };
                let c = 1.0 / (t * t + 1.0).sqrt();
                let s = t * c;
                for k in 0..size {
                    let (kp, kq) = (matrix[at(k, p)], matrix[at(k, q)]);
                    matrix[at(k, p)] = c * kp - s * kq;
                    matrix[at(k, q)] = s * kp + c * kq;
                }
                for k in 0..size {
                    let (pk, qk) = (matrix[at(p, k)], matrix[at(q, k)]);
                    matrix[at(p, k)] = c * pk - s * qk;
                    matrix[at(q, k)] = s * pk + c * qk;
                }
            }
        }
    }
    (0..size).map(|index| matrix[at(index, index)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loci_join_through_others_and_never_across_contigs() {
        let at = |contig: &'static str, start, end| (contig, Interval::from_bed(start, end).unwrap());
        let spans = [
            at("chr2", 0, 5),
            at("chr1", 100, 101),
            at("chr1", 0, 95),
            at("chr1", 10, 20),
            at("chr1", 107, 108),
        ];
        let loci = merged_loci(&spans, 5).unwrap();
        // 95-100 leaves 5 bases, 101-107 leaves 6; 10-20 lies inside the first span.
        assert_eq!(loci.of_rows(), [0, 1, 1, 1, 2]);
        assert_eq!(merged_loci(&spans, 6).unwrap().count(), 2);
        assert_eq!(distinct_rows(&[3, 1, 3]), 2);
    }

    #[test]
    fn equal_weights_are_all_rows_and_one_weight_is_one_row() {
        assert_eq!(effective_rows(&[0.5; 8]), Ok(8.0));
        assert_eq!(effective_rows(&[0.0, 1e-300, 0.0]), Ok(1.0));
    }

    #[test]
    fn clusters_under_weights_are_as_large_as_their_weight() {
        let clusters = Clusters::from_keys(&[1, 1, 1, 2, 3, 3]).unwrap();
        // (9 + 1 + 4) / 6 rows; then a cluster whose other rows count nothing is one row: (1 + 1 + 1) / 3.
        assert!((weighted_cluster_size(&[2.0; 6], &clusters).unwrap() - 14.0 / 6.0).abs() < 1e-15);
        assert_eq!(
            weighted_cluster_size(&[1.0, 0.0, 0.0, 1.0, 0.0, 1.0], &clusters),
            Ok(1.0)
        );
        // (3^2 + 1 + 1) / (4 + 1 + 1 + 1).
        assert_eq!(
            weighted_cluster_size(&[2.0, 1.0, 0.0, 1.0, 1.0, 0.0], &clusters),
            Ok(11.0 / 7.0)
        );
        assert!(weighted_cluster_size(&[0.0; 6], &clusters).is_err());
    }

    #[test]
    fn copies_within_clusters_are_one_row_each() {
        let clusters = Clusters::from_keys(&[1, 1, 1, 2, 2, 2, 3, 3, 3]).unwrap();
        let copies = [1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 2.0, 2.0, 2.0];
        let design = cluster_design(&copies, &clusters).unwrap();
        assert_eq!((design.intraclass_correlation, design.design_effect), (1.0, 3.0));
        assert_eq!(design.effective_rows, 3.0);
        // Cluster means alike: MB = 0, ICC = -MW / (2 MW) = -1/2; no rows are added.
        let alike = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 1.0, 2.0, 3.0];
        let design = cluster_design(&alike, &clusters).unwrap();
        assert!((design.intraclass_correlation + 0.5).abs() < 1e-15);
        assert_eq!(design.effective_rows, 9.0);
        assert!(cluster_design(&[2.0; 9], &clusters).is_err());
    }

    #[test]
    fn independent_tests_count_fully_and_copies_once() {
        let identity: Vec<f64> = (0..16).map(|index| f64::from(u8::from(index % 5 == 0))).collect();
        let spectrum = correlation_spectrum(4, &identity).unwrap();
        assert_eq!((spectrum.participation_ratio, spectrum.li_ji), (4.0, 4.0));
        let copies = correlation_spectrum(4, &[1.0; 16]).unwrap();
        assert!((copies.participation_ratio - 1.0).abs() < 1e-12 && (copies.li_ji - 1.0).abs() < 1e-9);
        // Equal correlations r: eigenvalues 1 + 2 r and twice 1 - r.
        let r = 0.25;
        let spectrum = correlation_spectrum(3, &[1.0, r, r, r, 1.0, r, r, r, 1.0]).unwrap();
        for (found, expected) in spectrum.eigenvalues.iter().zip([1.5, 0.75, 0.75]) {
            assert!((found - expected).abs() < 1e-14);
        }
        // Li and Ji: 1 + 0.5 + 0.75 + 0.75.
        assert!((spectrum.li_ji - 3.0).abs() < 1e-12);
        assert!(correlation_spectrum(2, &[1.0, 0.5, 0.4, 1.0]).is_err());
    }
}
