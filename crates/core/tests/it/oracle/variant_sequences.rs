//! `check` and `Window::sequences` against `extract_variant_sequences` of the reference, letter by letter.
//!
//! The reference writes the variant's REF into the sequence whatever the genome says, and splits a variant at the
//! edges of the interval. Here both are refused. So that the arithmetic is compared all the same, a refused REF is
//! tried again on a genome that has it.

use super::{Tally, cases, items, number, text};
use crate::place::{position, window, written};
use refalt_core::{Dna, InMemoryReference, Sequence, Variant, VariantError, WindowError, check};

fn reverse_complement(sequence: &str) -> String {
    Dna::parse(sequence.as_bytes())
        .unwrap()
        .reverse_complement()
        .to_string()
}

fn as_text(sequence: &Sequence) -> String {
    String::from_utf8(sequence.as_bytes().to_vec()).unwrap()
}

/// The contig with the bases of REF where the variant says; N between its end and a REF behind it.
fn with_reference_bases(contig: &str, variant: &Variant) -> String {
    let mut bases = contig.as_bytes().to_vec();
    let interval = variant.reference_interval().unwrap();
    let (start, end) = (interval.bed_start() as usize, interval.bed_end() as usize);
    bases.resize(bases.len().max(end), b'N');
    bases[start..end].copy_from_slice(variant.reference_bases.as_bytes());
    String::from_utf8(bases).unwrap()
}

#[test]
fn reference_and_alternate_sequences_equal_the_reference() {
    let oracle = cases("variant_sequences");
    let [group] = items(&oracle["groups"]) else {
        panic!("one group")
    };
    let columns: Vec<&str> = items(&group["columns"]).iter().map(text).collect();
    assert_eq!(
        columns,
        ["interval", "position", "ref", "alt", "ref_sequence", "alt_sequence"]
    );
    let mut tally = Tally::default();
    let mut on_genome = Tally::default();
    for case in items(&group["cases"]) {
        let contig = text(&case[0]["chromosome"]);
        let variant = written(contig, position(number(&case[1])), text(&case[2]), text(&case[3]));
        let genome = text(&oracle["genome"][contig]);
        let as_is = InMemoryReference::of_contigs([(contig, genome.as_bytes())]);
        let patched = with_reference_bases(genome, &variant);
        let patched = InMemoryReference::of_contigs([(contig, patched.as_bytes())]);

        let on_as_is = check(&variant, &as_is);
        let checked = match check(&variant, &patched) {
            Ok(checked) => checked,
            Err(VariantError::NoChange { .. }) => {
                tally.count("refused: REF and ALT are the same");
                assert!(on_as_is.is_err());
                continue;
            }
            Err(VariantError::NInReference { .. }) => {
                tally.count("refused: its normal form begins with a base that is N");
                assert!(on_as_is.is_err());
                continue;
            }
            Err(error) => panic!("{case}: {error}"),
        };
        let reference = match on_as_is {
            Ok(found) => {
                assert_eq!(found, checked);
                on_genome.count("REF equals the genome");
                as_is
            }
            Err(VariantError::ReferenceMismatch { .. }) => {
                on_genome.count("refused: REF differs from the genome");
                patched
            }
            Err(VariantError::OutsideReference { .. }) => {
                on_genome.count("refused: REF lies past the end of the contig");
                patched
            }
            Err(error) => panic!("{case}: {error}"),
        };

        let (start, end): (i64, i64) = (number(&case[0]["start"]), number(&case[0]["end"]));
        let window = window(contig, start, u32::try_from(end - start).unwrap());
        let first = i64::from(variant.position.zero_based());
        let inside = start <= first && first + i64::from(variant.reference_bases.len_bp()) <= end;
        let pair = match window.sequences(&checked, &reference) {
            Ok(pair) => pair,
            Err(WindowError::VariantOutside { .. }) => {
                tally.count(if inside {
                    "refused: in normal form it crosses the edge of the window"
                } else {
                    "refused: it crosses the edge of the window or lies outside"
                });
                continue;
            }
            Err(error) => panic!("{case}: {error}"),
        };
        let mut found = [as_text(&pair.reference), as_text(&pair.alternate)];
        let reverse = text(&case[0]["strand"]) == "-";
        if reverse {
            // A window has no strand; what a model of the reverse strand reads is the reverse complement.
            found = found.map(|sequence| reverse_complement(&sequence));
        }
        if !inside {
            tally.count("not compared: it crosses the edge as written, but not in normal form");
            continue;
        }
        assert_eq!(found, [text(&case[4]), text(&case[5])], "{case}");
        tally.count(match (reverse, checked.position() == variant.position) {
            (false, true) => "compared",
            (false, false) => "compared: in normal form, at another position",
            (true, _) => "compared: as reverse complement, `-` interval",
        });
    }
    on_genome.assert(&[
        ("REF equals the genome", 156),
        ("refused: REF differs from the genome", 163),
        ("refused: REF lies past the end of the contig", 107),
    ]);
    tally.assert(&[
        ("compared", 72),
        ("compared: as reverse complement, `-` interval", 84),
        ("compared: in normal form, at another position", 35),
        (
            "not compared: it crosses the edge as written, but not in normal form",
            8,
        ),
        ("refused: REF and ALT are the same", 7),
        ("refused: in normal form it crosses the edge of the window", 2),
        ("refused: it crosses the edge of the window or lies outside", 225),
        ("refused: its normal form begins with a base that is N", 11),
    ]);
}
