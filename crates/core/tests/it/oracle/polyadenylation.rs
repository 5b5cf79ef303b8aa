//! `Polyadenylation` against `PolyadenylationVariantScorer` of the reference.

use super::safetensors::Tensors;
use super::{Tally, as_written, cases, compare, gene_table, generator, items, number, sign, text, tracks, window_of};
use refalt_core::annotation::{PolyaSite, PolyaSites};
use refalt_core::scorer::{Polyadenylation, ScoreRows, Scorer, ScoringInput, ScoringPlace};
use refalt_core::{BinSpan, Interval, OutputType, Outputs, RefAlt, Strand, TrackValues};
use serde_json::Value;

/// Rows `[Chromosome, Start, End, strand, id]`.
fn sites(rows: &[Value]) -> PolyaSites {
    rows.iter()
        .map(|row| {
            let site = PolyaSite {
                span: Interval::from_bed(number(&row[1]), number(&row[2])).unwrap(),
                strand: Strand::from_sign(text(&row[3]).chars().next().unwrap()).unwrap(),
                id: "",
            };
            (text(&row[4]), site)
        })
        .collect()
}

#[test]
fn polyadenylation_scores_equal_the_reference() {
    let oracle = cases("polyadenylation");
    let tensors = Tensors::read("polyadenylation");
    let mut tally = Tally::default();
    let (mut largest, mut most) = (0.0f64, 0);
    for group in items(&oracle["groups"]) {
        let annotation = gene_table::genes(items(&group["genes"])).with_polya_sites(sites(items(&group["pas"])));
        let window = window_of(&group["interval"]);
        let set = tracks(OutputType::RnaSeq, text(&group["track_strands"]));
        let [reference, alternate] = ["ref", "alt"].map(|half| {
            let values = generator::array(&group[half]);
            let all = BinSpan::all(&window, set.resolution);
            Outputs::new([TrackValues::new(set.clone(), all, values).unwrap()])
        });
        for case in items(&group["cases"]) {
            let name = format!("{} {}", group["id"], case["variant"]);
            let Some(variant) = as_written(&case["variant"]) else {
                tally.count("not compared: another normal form");
                continue;
            };
            let place = ScoringPlace {
                variant: &variant,
                window: &window,
                annotation: Some(&annotation),
            };
            let scores = Polyadenylation.score(&ScoringInput {
                outputs: RefAlt {
                    reference: &reference,
                    alternate: &alternate,
                },
                place,
            });
            let Ok(scores) = scores else {
                assert!(window.offset_of(variant.position()).is_none(), "{name}");
                tally.count("refused: the variant does not lie in the window");
                continue;
            };
            let ScoreRows::Genes(rows) = &scores.rows else {
                panic!("rows are genes")
            };
            let found: Vec<(&str, &str)> = rows.iter().map(|row| (&*row.gene.id, sign(row.gene.strand))).collect();
            let expected: Vec<(&str, &str)> = items(&case["genes"])
                .iter()
                .map(|gene| (text(&gene[0]), text(&gene[1])))
                .collect();
            assert_eq!(found, expected, "{name}");
            let genes = Polyadenylation::genes(&annotation, &place);
            let counts: Vec<usize> = genes.iter().map(|gene| gene.sites.len()).collect();
            let expected: Vec<usize> = items(&case["num_pas"]).iter().map(number).collect();
            assert_eq!(counts, expected, "{name}");
            most = most.max(counts.into_iter().max().unwrap_or(0));
            // The reference takes a 0-based start from a 1-based position.
            let distance = |site: &PolyaSite<'_>| {
                (i64::from(site.span.bed_start()) - i64::from(variant.position().one_based())).abs()
            };
            let distances: Vec<i64> = genes
                .iter()
                .map(|gene| gene.sites.iter().map(distance).min().unwrap())
                .collect();
            let expected: Vec<i64> = items(&case["min_pas_var_distance"]).iter().map(number).collect();
            assert_eq!(distances, expected, "{name}");
            let (shape, expected) = tensors.f32(text(&case["tensor"]));
            assert_eq!(shape, [rows.len(), set.tracks.len()], "{name}");
            largest = largest.max(compare(&name, &scores.raw, &expected, |score| score.max(1.0)));
            tally.count("compared");
        }
    }
    println!("polyadenylation: largest disagreement {largest:e}");
    assert_eq!(most, 136);
    tally.assert(&[
        ("compared", 28),
        ("not compared: another normal form", 8),
        ("refused: the variant does not lie in the window", 4),
    ]);
}
