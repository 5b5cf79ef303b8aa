//! Candidate sites against `generate_splice_site_positions`, annotated ones against `SpliceSiteAnnotationExtractor`,
//! exactly.

use super::{cases, generator, items, number, text, window_of};
use refalt_core::annotation::{AnnotationBuilder, GeneAttributes, Place, SpliceSiteClass};
use refalt_core::splice_candidate::{CandidateOptions, SiteProbabilities, candidate_splice_sites, known_splice_sites};
use refalt_core::{Interval, Offset, Position, Strand};
use serde_json::Value;

#[test]
fn candidate_sites_equal_the_reference() {
    let oracle = cases("splice_sites");
    let mut compared = 0;
    for group in items(&oracle["groups"])
        .iter()
        .filter(|group| !group["positions"].is_null())
    {
        let reference = generator::array(&group["ref"]);
        let alternate = (!group["alt"].is_null()).then(|| generator::array(&group["alt"]));
        // Class 4 is "no site" and never a candidate.
        let known: Vec<(Offset, SpliceSiteClass)> = group["known"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|site| {
                let class = SpliceSiteClass::ALL.get(number::<usize>(&site[1]))?;
                Some((Offset::new(number(&site[0])), *class))
            })
            .collect();
        let options = CandidateOptions {
            per_class: number(&group["k"]),
            threshold: group["threshold"].as_f64().unwrap() as f32,
            within: None,
        };
        let probabilities = SiteProbabilities {
            reference: &reference,
            alternate: alternate.as_deref(),
            columns: 5,
        };
        let found = candidate_splice_sites(&probabilities, &known, &options).unwrap();
        for (class, found) in found.iter().enumerate() {
            let padded: Vec<i64> = items(&group["positions"][class]).iter().map(number).collect();
            assert_eq!(padded.len(), number::<usize>(&group["pad_to_length"]));
            let expected: Vec<usize> = padded.iter().filter_map(|&site| usize::try_from(site).ok()).collect();
            let found: Vec<usize> = found.iter().map(|site| site.index()).collect();
            assert_eq!(found, expected, "{}, class {class}", group["id"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 12 * 4);
}

/// Rows `[Chromosome, Start or End, strand]`: the base of the exon before the intron's first, or after its last base.
fn exon_base(row: &Value, starts: bool) -> (&str, SpliceSiteClass, Position) {
    let bound: u32 = number(&row[1]);
    let strand = Strand::from_sign(text(&row[2]).chars().next().unwrap()).unwrap();
    let (start, end) = if starts { (bound, bound + 1) } else { (bound - 1, bound) };
    let [before, after] = SpliceSiteClass::beside(Interval::from_bed(start, end).unwrap(), strand);
    let (class, site) = if starts { before } else { after };
    (text(&row[0]), class, site.unwrap())
}

#[test]
fn annotated_sites_equal_the_reference() {
    let oracle = cases("splice_sites");
    let mut compared = 0;
    for group in items(&oracle["groups"])
        .iter()
        .filter(|group| !group["classes"].is_null())
    {
        let window = window_of(&group["interval"]);
        let mut builder = AnnotationBuilder::default();
        let place = Place {
            contig: text(&group["interval"]["chromosome"]),
            strand: Strand::Forward,
            span: Interval::from_bed(1, 2).unwrap(),
        };
        builder.gene(GeneAttributes::default(), place).unwrap();
        let given = |key: &str, starts: bool| {
            let rows = items(&group[key]).iter();
            rows.map(move |row| exon_base(row, starts)).collect::<Vec<_>>()
        };
        let sites = [given("intron_starts", true), given("intron_ends", false)].concat();
        let annotation = builder.build().unwrap().with_splice_sites(sites);
        let known = known_splice_sites(&annotation, &window);
        let reverse = text(&group["interval"]["strand"]) == "-";
        for class in SpliceSiteClass::ALL {
            let own = known.iter().filter(|(_, other)| *other == class);
            let mut found: Vec<usize> = own.map(|(site, _)| site.index()).collect();
            // A `-` interval is read backwards, and its strands change places.
            let place = if reverse {
                (class.index() + 2) % 4
            } else {
                class.index()
            };
            if reverse {
                let last = window.length().get() as usize - 1;
                found = found.iter().rev().map(|site| last - site).collect();
            }
            let expected: Vec<usize> = items(&group["classes"][place]).iter().map(number).collect();
            assert_eq!(found, expected, "{}, {class:?}", group["id"]);
            compared += 1;
        }
    }
    assert_eq!(compared, 2 * 4);
}
