//! Permutation tests that keep clusters of rows whole.
//!
//! METHOD: rows of a cluster (alternate bases of a position, an LD block, a match group) are alike, so that permuting rows makes
//! p-values too small. Two tests keep them together. [`WholeClusters`] permutes the measured values of whole clusters among
//! clusters of the same size: exact where clusters are exchangeable, whatever the distribution, for every metric; clusters with
//! a size of their own stay in place. [`ClusterFlips`] turns the signs of what each cluster adds to a correlation: for sizes of any
//! kind, but approximate, and wrong for long-tailed values.
//!
//! # Source
//! Winkler, Webster, Vidaurre, Nichols, Smith (2015), Multi-level block permutation, doi:10.1016/j.neuroimage.2015.05.092 (both).
//! Hemerik, Goeman, Finos (2020), Robust testing in generalized linear models by sign flipping score contributions,
//! doi:10.1111/rssb.12369. Cameron, Gelbach, Miller (2008), Bootstrap-based improvements for inference with clustered errors,
//! doi:10.1162/rest.90.3.414 (the wild cluster bootstrap with the null imposed).

use super::bootstrap::Clusters;
use super::error::{StatsError, same_length};
use super::permutation::{Alternative, Exceedances, TrackFamily};
use super::random::{Purpose, RandomStream};
use std::collections::BTreeMap;
use std::ops::Range;

/// Permutations of whole clusters among those of the same size, the rows of each in their order.
#[derive(Clone, Debug)]
pub struct WholeClusters {
    /// The rows of each cluster, ascending.
    members: Vec<Vec<u32>>,
    /// The clusters of each size that more than one has, smallest first.
    classes: Vec<Vec<u32>>,
    rows: usize,
}

impl WholeClusters {
    /// Sorts clusters by size.
    pub fn new(clusters: &Clusters) -> Self {
        let mut members = vec![Vec::new(); clusters.count()];
        for (row, &cluster) in (0..).zip(clusters.of_rows()) {
            members[cluster as usize].push(row);
        }
        let mut of_size: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
        for (cluster, rows) in (0..).zip(&members) {
            of_size.entry(rows.len()).or_default().push(cluster);
        }
        Self {
            members,
            classes: of_size.into_values().filter(|class| class.len() > 1).collect(),
            rows: clusters.of_rows().len(),
        }
    }

    /// Returns how many rows are in clusters that can change places.
    pub fn movable_rows(&self) -> usize {
        let rows = |cluster: &u32| self.members[*cluster as usize].len();
        self.classes.iter().flatten().map(rows).sum()
    }

    /// Writes into `order`, for each row, the row whose measured value it gets in permutation `replicate`.
    pub fn permute(&self, seed: u64, replicate: u64, order: &mut Vec<u32>) {
        order.clear();
        order.extend(0..self.rows as u32);
        let mut stream = RandomStream::new(seed, Purpose::Permutation, replicate);
        for class in &self.classes {
            let mut sources = class.clone();
            stream.shuffle(&mut sources);
            for (&cluster, &source) in class.iter().zip(&sources) {
                let places = &self.members[cluster as usize];
                for (&place, &row) in places.iter().zip(&self.members[source as usize]) {
                    order[place as usize] = row;
                }
            }
        }
    }
}

/// Many tracks correlated with one measurement over clusters of rows, prepared for turning the signs of whole clusters.
///
/// METHOD: a correlation is the sum over rows of the product of the two centred and scaled columns, and so the sum of what
/// each cluster adds. Where the columns are unrelated, that has mean 0 whatever the size of the cluster and however alike its
/// rows are: its sign may be turned, and the draws have the variance that the clusters themselves show. All tracks share the
/// signs of a draw, so that the largest of them gives p-values adjusted for the family.
///
/// METHOD: for ranks, signs and labels. Turned signs take what a cluster adds as symmetric around 0. Where a few clusters carry
/// most of a track and the measurement is skewed, most of them add something of the same sign by chance, and the p-value is too
/// small: permute [`WholeClusters`] there.
#[derive(Clone, Debug)]
pub struct ClusterFlips(TrackFamily);

impl ClusterFlips {
    /// Counts, over draws `range`, how often each observed correlation is reached; every cluster keeps or turns its sign with
    /// probability 1/2.
    ///
    /// Counts of disjoint ranges are put together with [`Exceedances::merge`]; the sum does not depend on the split.
    pub fn exceedances(&self, alternative: Alternative, seed: u64, range: Range<u64>) -> Exceedances {
        self.0.count(alternative, range, |draw, signs| {
            let mut stream = RandomStream::new(seed, Purpose::Permutation, draw);
            for sign in signs {
                *sign = if stream.below(2) == 1 { -1.0 } else { 1.0 };
            }
        })
    }
}

impl TrackFamily {
    /// Counts, over permutations `range` of whole clusters, how often each observed correlation is reached.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] when clusters and measurement differ in rows.
    pub fn whole_cluster_exceedances(
        &self,
        clusters: &WholeClusters,
        alternative: Alternative,
        seed: u64,
        range: Range<u64>,
    ) -> Result<Exceedances, StatsError> {
        same_length("clusters", clusters.rows, "measured", self.measured.len())?;
        let mut order = Vec::with_capacity(self.measured.len());
        Ok(self.count(alternative, range, |replicate, arranged| {
            clusters.permute(seed, replicate, &mut order);
            for (value, &row) in arranged.iter_mut().zip(&order) {
                *value = self.measured[row as usize];
            }
        }))
    }

    /// Prepares the test that turns the signs of whole clusters.
    ///
    /// # Errors
    /// [`StatsError::LengthMismatch`] when clusters and measurement differ in rows.
    pub fn by_cluster(&self, clusters: &Clusters) -> Result<ClusterFlips, StatsError> {
        same_length("clusters", clusters.of_rows().len(), "measured", self.measured.len())?;
        let sums = |track: &Vec<f64>| {
            let mut sums = vec![0.0; clusters.count()];
            for ((&cluster, predicted), measured) in clusters.of_rows().iter().zip(track).zip(&self.measured) {
                sums[cluster as usize] += predicted * measured;
            }
            sums
        };
        Ok(ClusterFlips(Self {
            measured: vec![1.0; clusters.count()],
            tracks: self.tracks.iter().map(|track| track.as_ref().map(sums)).collect(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::normal_quantile;

    #[test]
    fn clusters_change_places_with_those_of_their_size_and_keep_their_order() {
        let clusters = Clusters::from_keys(&["a", "b", "a", "c", "b", "d", "c", "e", "e", "e"]).unwrap();
        let whole = WholeClusters::new(&clusters);
        // a, b and c have two rows; d and e a size of their own.
        assert_eq!(whole.movable_rows(), 6);
        let pairs = [[0, 2], [1, 4], [3, 6]];
        let mut order = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for replicate in 0..200 {
            whole.permute(5, replicate, &mut order);
            assert_eq!((order[5], &order[7..]), (5, &[7, 8, 9][..]));
            let sources = pairs.map(|[first, second]| [order[first], order[second]]);
            assert!(
                sources
                    .iter()
                    .all(|source| pairs.map(|pair| pair.map(|row| row as u32)).contains(source))
            );
            seen.insert(sources);
        }
        assert_eq!(seen.len(), 6);
        // Clusters of one row are rows.
        let single = WholeClusters::new(&Clusters::contiguous(9, 9).unwrap());
        let rows = crate::stats::permutation_range(9, 5, 0..20, |order| f64::from(order[3])).unwrap();
        let of_clusters: Vec<f64> = (0..20)
            .map(|replicate| {
                single.permute(5, replicate, &mut order);
                f64::from(order[3])
            })
            .collect();
        assert_eq!(rows, of_clusters);
    }

    #[test]
    fn signs_of_clusters_are_turned_as_written_out() {
        // Centred and with length 1: measured (-1, -1, 1, 1) / 2, track (-1, 1, -1, 1) / 2 and (-3, -1, 1, 3) / sqrt(20). Of the
        // clusters {1, 2}, {3, 4} the second track adds 4 / (2 sqrt(20)) each, so that half of the draws reach its
        // correlation of 0.894; the first adds 0 each, and every draw reaches 0.
        let clusters = Clusters::from_keys(&[1, 1, 2, 2]).unwrap();
        let measured = [0.0, 0.0, 1.0, 1.0];
        let family =
            TrackFamily::pearson(&measured, &[&[1.0, 2.0, 1.0, 2.0], &[1.0, 2.0, 3.0, 4.0], &[5.0; 4]]).unwrap();
        let flips = family.by_cluster(&clusters).unwrap();
        let counts = flips.exceedances(Alternative::TwoSided, 3, 0..4_000);
        let [first, second] = [0, 1].map(|track| counts.own[track].unwrap());
        assert_eq!((first, counts.own[2]), (4_000, None));
        // Five standard errors of a share of one half over 4,000 draws: 0.04.
        assert!((second as f64 / 4_000.0 - 0.5).abs() < 0.04, "{second}");
        let split = flips.exceedances(Alternative::TwoSided, 3, 0..1_500);
        let rest = flips.exceedances(Alternative::TwoSided, 3, 1_500..4_000);
        assert_eq!(split.merge(&rest).unwrap(), counts);
        assert!(family.by_cluster(&Clusters::from_keys(&[1, 2]).unwrap()).is_err());
    }

    #[test]
    fn clusters_of_alike_rows_are_declared_at_the_stated_rate_and_permuted_rows_too_often() {
        // Two unrelated columns of 40 clusters with 1 to 9 rows, each alike within clusters (intraclass correlation 0.8).
        let sizes: Vec<usize> = (0..40).map(|cluster| 1 + cluster % 9).collect();
        let keys: Vec<usize> = (0..40).flat_map(|cluster| vec![cluster; sizes[cluster]]).collect();
        let clusters = Clusters::from_keys(&keys).unwrap();
        let tables = 400;
        let whole = WholeClusters::new(&clusters);
        let mut declared = [0; 3];
        for table in 0..tables {
            let mut stream = RandomStream::new(table, Purpose::Sampling, 9);
            let mut normal = || normal_quantile(stream.next_fraction().max(1e-12)).unwrap();
            let columns: Vec<Vec<f64>> = (0..2)
                .map(|_| {
                    let of_cluster = |size: &usize| {
                        let shared = normal() * 0.8f64.sqrt();
                        (0..*size)
                            .map(|_| shared + 0.2f64.sqrt() * normal())
                            .collect::<Vec<_>>()
                    };
                    sizes.iter().flat_map(of_cluster).collect()
                })
                .collect();
            let family = TrackFamily::spearman(&columns[0], &[&columns[1]]).unwrap();
            let flips = family.by_cluster(&clusters).unwrap();
            let found = [
                flips.exceedances(Alternative::TwoSided, table, 0..199),
                family
                    .whole_cluster_exceedances(&whole, Alternative::TwoSided, table, 0..199)
                    .unwrap(),
                family.exceedances(Alternative::TwoSided, table, 0..199),
            ];
            for (declared, counts) in declared.iter_mut().zip(found) {
                *declared += u32::from(counts.p_values()[0].unwrap() <= 0.05);
            }
        }
        let share = declared.map(|count| f64::from(count) / tables as f64);
        // Standard error sqrt(0.05 * 0.95 / 400) = 0.011. Permuted rows: the variance is 1 + (m - 1) * 0.64 times what they
        // take it for, with m = sum(size^2) / n = 6.3: 2 * normal_cdf(-1.96 / sqrt(4.4)) = 0.35.
        assert!(
            share[..2].iter().all(|share| (0.015..=0.085).contains(share)),
            "{share:?}"
        );
        assert!((0.25..=0.45).contains(&share[2]), "{share:?}");
    }

    #[test]
    fn tracks_that_few_clusters_carry_are_declared_by_turned_signs_and_not_by_whole_clusters() {
        // 60 clusters of 3 alike rows; the track is 0 but in 8 of them, and a tenth of the clusters have an effect.
        let keys: Vec<usize> = (0..180).map(|row| row / 3).collect();
        let clusters = Clusters::from_keys(&keys).unwrap();
        let whole = WholeClusters::new(&clusters);
        let tables = 400;
        let mut declared = [0; 2];
        for table in 0..tables {
            let mut stream = RandomStream::new(table, Purpose::Sampling, 4);
            let of_cluster: Vec<f64> = (0..60)
                .map(|_| f64::from(u8::from(stream.next_fraction() < 0.1)) + 0.1 * stream.next_fraction())
                .collect();
            let measured: Vec<f64> = keys
                .iter()
                .map(|&key| of_cluster[key] + 0.01 * stream.next_fraction())
                .collect();
            let track: Vec<f64> = keys.iter().map(|&key| f64::from(u8::from(key % 8 == 1))).collect();
            let family = TrackFamily::pearson(&measured, &[&track]).unwrap();
            let found = [
                family
                    .by_cluster(&clusters)
                    .unwrap()
                    .exceedances(Alternative::TwoSided, table, 0..199),
                family
                    .whole_cluster_exceedances(&whole, Alternative::TwoSided, table, 0..199)
                    .unwrap(),
            ];
            for (declared, counts) in declared.iter_mut().zip(found) {
                *declared += u32::from(counts.p_values()[0].unwrap() <= 0.05);
            }
        }
        let share = declared.map(|count| f64::from(count) / tables as f64);
        // 0.15 and 0.07 in 400 tables of a program of its own; the standard error of 0.05 is 0.011.
        assert!(share[0] > 0.09 && (0.015..=0.085).contains(&share[1]), "{share:?}");
    }
}
