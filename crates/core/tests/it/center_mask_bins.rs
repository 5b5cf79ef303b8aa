//! The masked bins of `CenterMask` against their definition, bin by bin.
//!
//! Written for this test: with w = ceil(width / r) bins and c the bin of the variant's first base, bin b is masked
//! exactly when the middle of the mask is nearer than half its width: 2 |b - c| < w for odd w, and for even w,
//! where the middle lies on the border to the left of c, |2 (b - c) + 1| < w. Source: the rule of the published
//! `CenterMaskVariantScorer`, [max(c - w div 2, 0), min(c - w div 2 + w, L div r)).

use crate::place::{checked, position, window};
use refalt_core::scorer::{Aggregation, CenterMask, Scorer, ScoringPlace, Width};
use refalt_core::{BinSpan, CheckedVariant, OutputType, Position, Resolution, TrackSet, Window};

/// Says whether a bin is masked, for a variant in the bin `center`.
fn is_masked(bin: i64, center: i64, width: Width, resolution: Resolution) -> bool {
    let Some(width_bp) = width.bp() else { return true };
    let bins = (f64::from(width_bp) / f64::from(resolution.bp())).ceil() as i64;
    let twice = 2 * (bin - center);
    if bins % 2 == 1 {
        twice.abs() < bins
    } else {
        (twice + 1).abs() < bins
    }
}

fn scorer(width: Width) -> CenterMask {
    CenterMask {
        output: OutputType::Dnase,
        width,
        aggregation: Aggregation::DiffLog2Sum,
    }
}

/// An SNV, an insertion and a deletion whose first base is `at`.
fn variants(contig: &str, at: Position) -> [CheckedVariant; 3] {
    [("A", "C"), ("A", "AC"), ("AC", "A")].map(|(r, a)| {
        let variant = checked(contig, at, r, a).unwrap();
        assert_eq!(variant.position(), at);
        variant
    })
}

/// The mask, which all kinds of variant and the request share.
fn mask(width: Width, resolution: Resolution, window: &Window, variants: &[CheckedVariant]) -> BinSpan {
    let scorer = scorer(width);
    let tracks = TrackSet {
        output: scorer.output,
        resolution,
        tracks: [].into(),
    };
    let span = scorer.mask(resolution, &variants[0], window);
    for variant in variants {
        assert_eq!(scorer.mask(resolution, variant, window), span, "{variant}");
        let place = ScoringPlace {
            variant,
            window,
            annotation: None,
        };
        assert_eq!(scorer.request(&tracks, &place).spans, span.into(), "{variant}");
    }
    span
}

/// Compares the masks of all variants at these offsets of a window that begins at `bed_start` (0-based).
fn compare(bed_start: i64, length_bp: u32, resolution: Resolution, offsets: impl Iterator<Item = u32>) -> usize {
    let window = window("chr1", bed_start, length_bp);
    let bins = i64::from(length_bp / resolution.bp());
    let mut compared = 0;
    for offset in offsets {
        let Ok(index) = u32::try_from(bed_start + i64::from(offset)) else {
            continue; // before the first base of the contig
        };
        let variants = variants("chr1", Position::from_zero_based(index).unwrap());
        let center = i64::from(offset / resolution.bp());
        for width in Width::ALL {
            let span = mask(width, resolution, &window, &variants);
            let mut masked = 0;
            for bin in 0..bins {
                let expected = is_masked(bin, center, width, resolution);
                let found = (span.start() as i64..span.end() as i64).contains(&bin);
                assert_eq!(
                    found, expected,
                    "bin {bin}, offset {offset}, width {width}, window {window}"
                );
                masked += usize::from(expected);
            }
            // Bins past the last one are not in the span, either.
            assert_eq!(span.len(), masked, "offset {offset}, width {width}, window {window}");
            compared += 1;
        }
    }
    compared
}

/// The first, middle and last `count` offsets of a window.
fn places(length_bp: u32, count: u32) -> impl Iterator<Item = u32> {
    let count = count.min(length_bp);
    let middle = (length_bp - count) / 2;
    [0, middle, length_bp - count]
        .into_iter()
        .flat_map(move |first| first..first + count)
}

const BP: [Resolution; 2] = [Resolution::BP_1, Resolution::BP_128];

#[test]
fn the_mask_is_its_definition_at_every_offset_modulo_128_and_at_both_ends_of_the_window() {
    for resolution in BP {
        // Shorter than the narrowest mask; as the short windows of models; all but the two widest masks fit.
        for length_bp in [256, 2048, 16_384] {
            let compared = compare(1_000_000, length_bp, resolution, places(length_bp, 128));
            assert_eq!(compared, 3 * 128 * Width::ALL.len());
        }
    }
    // The widest masks fit.
    compare(1_000_000, 262_144, Resolution::BP_128, places(262_144, 128));
    compare(1_000_000, 262_144, Resolution::BP_1, places(262_144, 2));
}

#[test]
fn the_mask_of_a_window_over_the_first_base_of_the_contig_is_its_definition() {
    for resolution in BP {
        // The contig begins at the window's first base, in the middle of its first bin and of a later one.
        for before in [0, 77, 128, 1000] {
            let offsets = before as u32..before as u32 + 128;
            assert_eq!(compare(-before, 2048, resolution, offsets), 128 * Width::ALL.len());
        }
    }
}

#[test]
fn bases_behind_the_last_whole_bin_are_in_no_mask() {
    // 2,000 bp are 15 bins of 128 bp and 80 bp that no bin holds; variants there are still in the window.
    let compared = compare(5_000, 2000, Resolution::BP_128, 0..2000);
    assert_eq!(compared, 2000 * Width::ALL.len());
}

#[test]
fn at_the_last_base_of_the_contig_nothing_changes() {
    // The slices behind `checked` end with REF, so each window above reaches past the contig's end; here the
    // offset is counted from that end: the last base of chr1 of GRCh38 (248,956,422) is offset 300 of the window.
    let window = window("chr1", 248_956_421 - 300, 2048);
    let at = position(248_956_422);
    let snv = checked("chr1", at, "A", "C").unwrap();
    let span = |width, resolution| {
        let span = scorer(width).mask(resolution, &snv, &window);
        (span.start(), span.end())
    };
    // 501 bp at 1 bp: 300 - 250 = 50 up to 300 + 250 = 550.
    assert_eq!(span(Width::Bp501, Resolution::BP_1), (50, 551));
    // c = 300 div 128 = 2; 501 bp are 4 bins, from 2 - 2 = 0; 2,001 bp are 16 bins, from 2 - 8 < 0 up to 10.
    assert_eq!(span(Width::Bp501, Resolution::BP_128), (0, 4));
    assert_eq!(span(Width::Bp2001, Resolution::BP_128), (0, 10));
}

#[test]
fn a_variant_outside_the_window_or_on_another_contig_masks_nothing() {
    let window = window("chr1", 1_000_000, 2048);
    for resolution in BP {
        for width in Width::ALL {
            // 1-based 1,000,000 is the base before the window, 1,002,049 the one after it.
            for outside in [1_000_000, 1_002_049] {
                assert!(mask(width, resolution, &window, &variants("chr1", position(outside))).is_empty());
            }
            for inside in [1_000_001, 1_002_048] {
                assert!(!mask(width, resolution, &window, &variants("chr1", position(inside))).is_empty());
            }
            for variant in variants("chr2", position(1_001_000)) {
                assert!(scorer(width).mask(resolution, &variant, &window).is_empty());
            }
        }
    }
}

#[test]
fn the_published_examples() {
    // 501 bp at 1 bp is [i - 250, i + 250], 501 positions; at 128 bp [c - 2, c + 1]; 2,001 bp there [c - 8, c + 7].
    let window = window("chr1", 1_000_000, 16_384);
    let variants = variants("chr1", position(1_000_001 + 8192));
    let span = |width, resolution| {
        let span = mask(width, resolution, &window, &variants);
        (span.start(), span.end(), span.len())
    };
    assert_eq!(span(Width::Bp501, Resolution::BP_1), (8192 - 250, 8192 + 251, 501));
    assert_eq!(span(Width::Bp501, Resolution::BP_128), (62, 66, 4));
    assert_eq!(span(Width::Bp2001, Resolution::BP_128), (56, 72, 16));
}
