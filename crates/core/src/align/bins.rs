//! Bins of an alternate prediction on the bins of the reference, at any resolution.

use super::{Alignment, Source};
use crate::prediction::TrackValues;
use crate::track::{Bin, BinSpan, BinSpans, Resolution};

/// Returns the span of bases `[start, end)`, counted in bins of 1 bp.
fn bases(start: usize, end: usize) -> BinSpan {
    let bin = |index: usize| Bin::new(u32::try_from(index).expect("a window is shorter than 2^32 bases"));
    BinSpan::new(bin(start), bin(end))
}

impl Alignment {
    /// Returns the bins of the alternate prediction that [`lay_bins`](Self::lay_bins) reads for some bins of the reference.
    pub fn source_bins(&self, bins: &BinSpans, resolution: Resolution) -> BinSpans {
        let size = resolution.bp() as usize;
        let spans = bins.as_slice().iter();
        let of_bases: BinSpans = spans
            .map(|span| bases(span.start() * size, span.end() * size))
            .collect();
        let sources = self.sources(&of_bases);
        sources.as_slice().iter().map(|span| span.pooled(resolution)).collect()
    }

    /// Lays the prediction of the alternate sequence on bins of the reference; `None` when it lacks a bin that is read.
    ///
    /// The value of a bin of the alternate prediction stands for each of its bases. A bin of the reference has the mean over
    /// its bases of what [`lay`](super::lay) gives them, deleted bases left out, and 0 where no base is left. With bins of
    /// 1 bp this is `lay`; where REF and ALT are as long it is the alternate prediction as it is.
    ///
    /// * `alternate`: prediction of the alternate sequence in its own coordinates.
    /// * `span`: bins of the reference.
    /// * Returns `[bins of the span x tracks]`, row-major.
    ///
    /// # Source
    /// The published scorers align predictions of 1 bp only. The mean over bases is the continuation of their rule to
    /// coarser bins that keeps the scale of a bin, whether it holds a mean or a sum over its bases.
    pub fn lay_bins(&self, alternate: &TrackValues, span: BinSpan) -> Option<Vec<f32>> {
        let size = alternate.tracks().resolution.bp() as usize;
        let tracks = alternate.tracks().tracks.len();
        let mut laid = Vec::with_capacity(span.len() * tracks);
        let mut sums = vec![0.0_f64; tracks];
        for bin in span.start()..span.end() {
            sums.fill(0.0);
            let mut weight = 0.0;
            for (part, source) in self.pieces(bases(bin * size, (bin + 1) * size)) {
                match source {
                    Source::Nothing => {}
                    Source::Bases(from) => {
                        let read = from.pooled(alternate.tracks().resolution);
                        for (index, row) in (read.start()..).zip(alternate.rows(read)?) {
                            let shared = from.intersect(bases(index * size, (index + 1) * size)).len() as f64;
                            for (sum, &value) in sums.iter_mut().zip(row) {
                                *sum += shared * f64::from(value);
                            }
                            weight += shared;
                        }
                    }
                    Source::Maximum(from) => {
                        let read = from.pooled(alternate.tracks().resolution);
                        let shared = part.len() as f64;
                        for (track, sum) in sums.iter_mut().enumerate() {
                            let values = alternate.rows(read)?.map(|row| row[track]);
                            // NaN stays NaN, as in `lay`.
                            let highest = values.fold(f32::NEG_INFINITY, |highest, value| {
                                if value > highest || value.is_nan() {
                                    value
                                } else {
                                    highest
                                }
                            });
                            *sum += shared * f64::from(highest);
                        }
                        weight += shared;
                    }
                }
            }
            let mean = |sum: &f64| if weight > 0.0 { (sum / weight) as f32 } else { 0.0 };
            laid.extend(sums.iter().map(mean));
        }
        Some(laid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::{Replacement, lay};
    use crate::track::{OutputType, Track, TrackSet};
    use crate::window::Offset;
    use proptest::prelude::*;
    use std::num::{NonZeroU32, NonZeroUsize};

    fn values(size: u32, tracks: usize, values: Vec<f32>) -> TrackValues {
        let bins = values.len() / tracks;
        let set = TrackSet {
            output: OutputType::Atac,
            resolution: Resolution::from_bp(size).unwrap(),
            tracks: vec![Track::default(); tracks].into(),
        };
        TrackValues::new(set, bases(0, bins), values).unwrap()
    }

    fn alignment(first: u32, reference: u32, alternate: u32, length: usize) -> Alignment {
        let replacement = Replacement {
            first: Offset::new(first),
            reference_bp: NonZeroU32::new(reference).unwrap(),
            alternate_bp: NonZeroU32::new(alternate).unwrap(),
        };
        Alignment::new(replacement, length)
    }

    #[test]
    fn a_bin_has_the_mean_of_what_its_bases_have() {
        // Four bins of 4 bp. Bases 6 and 7 are deleted (REF is bases 5 to 7): ALT base b is REF base b up to 5, b + 2 later.
        let deletion = alignment(5, 3, 1, 16);
        let alternate = values(4, 1, vec![1.0, 2.0, 3.0, 9.0]);
        // Bin 1 keeps bases 4 and 5, both of bin 1. Bin 2 is ALT bases 6 to 9: (2 + 2 + 3 + 3) / 4.
        // Bin 3 is ALT bases 10 to 13: (3 + 3 + 9 + 9) / 4.
        assert_eq!(
            deletion.lay_bins(&alternate, bases(0, 4)).unwrap(),
            [1.0, 2.0, 2.5, 6.0]
        );
        // All of bin 1 deleted: REF is bases 3 to 7.
        let whole = alignment(3, 5, 1, 16);
        assert_eq!(whole.lay_bins(&alternate, bases(1, 2)).unwrap(), [0.0]);
        // Two bases behind base 5: it has the maximum over ALT bases 5 to 7, all of bin 1; bases 6 and 7 are ALT 8 and 9.
        let insertion = alignment(5, 1, 3, 16);
        // Bin 1: (2 + 2 + 3 + 3) / 4; bin 3: bases 12 and 13 are ALT 14 and 15, bases 14 and 15 are none.
        assert_eq!(
            insertion.lay_bins(&alternate, bases(0, 4)).unwrap(),
            [1.0, 2.5, 6.0, 9.0]
        );
    }

    proptest! {
        #[test]
        fn with_bins_of_one_base_it_is_lay(
            first in 0u32..20, reference in 1u32..6, alternate in 1u32..6, seed in 0u32..1000
        ) {
            let length = 30;
            let own: Vec<f32> = (0..2 * length as u32).map(|i| ((i * 37 + seed) % 101) as f32).collect();
            let map = alignment(first, reference, alternate, length);
            let mut expected = own.clone();
            let replacement = Replacement {
                first: Offset::new(first),
                reference_bp: NonZeroU32::new(reference).unwrap(),
                alternate_bp: NonZeroU32::new(alternate).unwrap(),
            };
            lay(&mut expected, NonZeroUsize::new(2).unwrap(), replacement).unwrap();
            prop_assert_eq!(map.lay_bins(&values(1, 2, own), bases(0, length)).unwrap(), expected);
        }

        #[test]
        fn a_substitution_changes_nothing_and_sources_suffice(
            first in 0u32..20, reference in 1u32..6, alternate in 1u32..6, from in 0usize..7, size in 1u32..5
        ) {
            let length = 8 * size as usize * 4;
            let own: Vec<f32> = (0..length / size as usize).map(|i| (i * 7 % 13) as f32).collect();
            let map = alignment(first, reference, alternate, length);
            let whole = values(size, 1, own.clone());
            let all = map.lay_bins(&whole, bases(0, own.len())).unwrap();
            if reference == alternate {
                prop_assert_eq!(&all, &own);
            }
            let span = bases(from, from + 2);
            let read = map.source_bins(&span.into(), whole.tracks().resolution);
            let cropped: Vec<f32> = read.as_slice().iter().flat_map(|s| own[s.start()..s.end()].to_vec()).collect();
            let cropped = TrackValues::new(whole.tracks().clone(), read, cropped).unwrap();
            prop_assert_eq!(map.lay_bins(&cropped, span).unwrap(), &all[from..from + 2]);
        }
    }
}
