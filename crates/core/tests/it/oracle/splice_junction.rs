//! `SpliceJunction` against `SpliceJunctionVariantScorer` of the reference, exactly: rows, ties, 16-bit steps.

use super::safetensors::Tensors;
use super::{Tally, as_written, cases, gene_table, generator, items, number, sign, text, tracks, window_of};
use refalt_core::scorer::{ScoreRows, Scorer, ScoringInput, ScoringPlace, SpliceJunction};
use refalt_core::{JunctionValues, Offset, OutputType, Outputs, RefAlt};

/// The step of 16-bit floats at a size.
fn half_step(size: f32) -> f32 {
    2f32.powi(size.max(2f32.powi(-14)).log2().floor() as i32 - 10)
}

#[test]
fn junction_rows_and_scores_equal_the_reference() {
    let oracle = cases("splice_junction");
    let tensors = Tensors::read("splice_junction");
    let mut tally = Tally::default();
    for group in items(&oracle["groups"]) {
        let id = text(&group["id"]);
        let annotation = gene_table::genes(items(&group["genes"]));
        let window = window_of(&group["interval"]);
        let tissues: usize = number(&group["tissues"]);
        let set = tracks(OutputType::SpliceJunctions, &".".repeat(tissues));
        let slots: usize = number(&group["ref"]["shape"][0]);
        let sites = [0, 1, 2, 3].map(|class| {
            let padded = items(&group["positions"][class]).iter().map(number::<i64>);
            let known = padded.filter_map(|site| u32::try_from(site).ok());
            known.map(Offset::new).collect::<Vec<_>>()
        });
        let [reference, alternate] = ["ref", "alt"].map(|half| {
            let counts = generator::array(&group[half]);
            Outputs::default().with_junctions(JunctionValues::new(set.clone(), sites.clone(), slots, counts).unwrap())
        });
        let variant = as_written(&group["variant"]).unwrap();
        let scores = SpliceJunction
            .score(&ScoringInput {
                outputs: RefAlt {
                    reference: &reference,
                    alternate: &alternate,
                },
                place: ScoringPlace {
                    variant: &variant,
                    window: &window,
                    annotation: Some(&annotation),
                },
            })
            .unwrap();
        let ScoreRows::Genes(rows) = &scores.rows else {
            panic!("rows are genes")
        };
        if !group["reference_fails"].is_null() {
            assert!(rows.is_empty(), "{id}");
            tally.count("no rows where the reference fails");
            continue;
        }
        let found: Vec<(&str, &str, u32, u32)> = rows
            .iter()
            .map(|row| {
                let junction = row.junction.unwrap();
                (
                    &*row.gene.id,
                    sign(row.gene.strand),
                    junction.bed_start(),
                    junction.bed_end(),
                )
            })
            .collect();
        let expected: Vec<(&str, &str, u32, u32)> = items(&group["rows"])
            .iter()
            .map(|row| (text(&row[0]), text(&row[1]), number(&row[2]), number(&row[3])))
            .collect();
        assert_eq!(found, expected, "{id}");
        let (shape, expected) = tensors.f32(text(&group["tensor"]));
        assert_eq!(shape, [rows.len(), tissues], "{id}");
        if let Some(name) = group["delta_f16"].as_str() {
            // Every score is the size of one of the 16-bit differences.
            let (_, deltas) = tensors.f16(name);
            assert!(
                expected
                    .iter()
                    .all(|score| deltas.iter().any(|delta| delta.abs() == *score)),
                "{id}"
            );
        }
        for (&found, &expected) in scores.raw.iter().zip(&expected) {
            // Another logarithm of the platform may round to the neighbour.
            assert!(
                (found - expected).abs() <= half_step(expected),
                "{id}: {found} {expected}"
            );
            tally.count(if found == expected {
                "equal numbers"
            } else {
                "one step of 16 bits apart"
            });
        }
        tally.count(if rows.is_empty() {
            "equal: no rows"
        } else {
            "equal rows"
        });
    }
    tally.assert(&[
        ("equal numbers", 258),
        ("equal rows", 15),
        ("equal: no rows", 5),
        ("no rows where the reference fails", 2),
    ]);
}
