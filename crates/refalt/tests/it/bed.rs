//! Real BED files, where they are at hand.

use crate::shared;
use refalt::core::{Interval, Position};
use refalt::io::bed::{self, BedLayout};

#[test]
fn the_gaps_of_hg38_are_counted_as_published() {
    let Some(path) = shared("annotation/hg38_gaps.bed") else {
        return;
    };
    let file = bed::read(path, None).unwrap();
    // Its README: 796 gaps, 159,950,299 bp.
    assert_eq!((file.records.len(), file.intervals().total_bp()), (796, 159_950_299));
    assert!(file.intervals().contains("1", Position::FIRST));
}

#[test]
fn the_peaks_of_k562_have_their_summits() {
    let Some(path) = shared("k562_dnase/k562_dnase_ENCFF860XAE_chr22_hg38.narrowPeak.gz") else {
        return;
    };
    let file = bed::read(path, None).unwrap();
    assert_eq!((file.layout, file.records.len()), (BedLayout::NarrowPeak, 26_612));
    let first = &file.records[0];
    assert_eq!(first.interval, Interval::from_bed(0, 10_709_810).unwrap());
    // The first line: summit at 0 + 10677503, 0-based.
    assert_eq!(first.peak.unwrap().summit, Position::from_zero_based(10_677_503));
}

#[test]
fn elements_with_a_class_after_nine_columns_are_read_as_stated() {
    let Some(path) = shared("regulatory_elements/encode_ccre_v4_ENCFF420VPZ_chr20.bed.gz") else {
        return;
    };
    let error = bed::read(&path, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column peak is `CA`; expected a whole number up to 4294967295"
    );
    let file = bed::read(path, Some(BedLayout::Standard(9))).unwrap();
    assert_eq!(file.records.len(), 2_755);
}
