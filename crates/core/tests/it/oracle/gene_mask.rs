//! The scorers by gene against `GeneVariantScorer` of the reference: rows, masks and scores.

use super::safetensors::Tensors;
use super::{
    Tally, as_written, cases, compare, gene_table, generator, items, moving_alike, number, sign, text, tracks,
    window_of,
};
use refalt_core::scorer::{
    GeneMaskActive, GeneMaskLfc, GeneMaskSplicing, ScoreRows, Scorer, ScoringInput, ScoringPlace, SplicingWidth,
};
use refalt_core::{Annotation, BinSpan, Interval, OutputType, Outputs, RefAlt, TrackSet, TrackValues, Window};
use serde_json::Value;

fn scorer(group: &Value, output: OutputType) -> Box<dyn Scorer> {
    match text(&group["scorer"]) {
        "GENE_MASK_LFC" => Box::new(GeneMaskLfc { output }),
        "GENE_MASK_ACTIVE" => Box::new(GeneMaskActive { output }),
        "GENE_MASK_SPLICING" => Box::new(GeneMaskSplicing {
            output,
            width: if text(&group["id"]).contains("_101_") {
                SplicingWidth::Bp101
            } else {
                SplicingWidth::Whole
            },
        }),
        other => panic!("{other}"),
    }
}

/// The genes of a case with the true runs of their masks, as the annotation gives them.
fn masks(annotation: &Annotation, scorer: &dyn Scorer, place: &ScoringPlace<'_>) -> Vec<(String, Vec<[i64; 2]>)> {
    let run = |span: Interval| {
        let bases = BinSpan::of_bases(place.window, span);
        [bases.start() as i64, bases.end() as i64]
    };
    let contig = place.variant.contig().as_str();
    if scorer.to_string().starts_with("GeneMaskSplicing") {
        let (r, a) = (
            place.variant.reference_bases().len_bp(),
            place.variant.alternate_bases().len_bp(),
        );
        let genes = annotation
            .genes_overlapping(contig, place.variant.position(), r, a)
            .into_iter();
        return genes
            .map(|gene| annotation.gene(gene))
            .map(|gene| {
                let run = run(gene.body);
                (gene.id.to_owned(), if run[0] < run[1] { vec![run] } else { Vec::new() })
            })
            .collect();
    }
    annotation
        .genes_with_tss_in(contig, place.window.interval())
        .into_iter()
        .map(|mask| {
            let id = annotation.gene(mask.gene).id.to_owned();
            (id, mask.spans.into_iter().map(run).collect())
        })
        .collect()
}

/// Only the bins that the scorer asks for.
fn cropped(set: &TrackSet, window: &Window, values: &[f32], wanted: &refalt_core::BinSpans) -> Outputs {
    let all = TrackValues::new(set.clone(), BinSpan::all(window, set.resolution), values.to_vec()).unwrap();
    let kept = wanted
        .as_slice()
        .iter()
        .flat_map(|&span| all.rows(span).unwrap().flatten().copied().collect::<Vec<_>>());
    Outputs::new([TrackValues::new(set.clone(), wanted.clone(), kept.collect()).unwrap()])
}

#[test]
fn scores_by_gene_equal_the_reference() {
    let oracle = cases("gene_mask");
    let tensors = Tensors::read("gene_mask");
    let annotation = gene_table::annotation();
    let mut tally = Tally::default();
    let mut largest = std::collections::BTreeMap::<String, f64>::new();
    for group in items(&oracle["groups"]) {
        if group["cases"].is_null() {
            // The shapes of scores without genes: no rows, which the rows of other cases show as well.
            assert!(items(&group["shapes"]).iter().all(|shape| shape[0] == 0));
            tally.count("shapes without genes");
            continue;
        }
        let (id, output) = (
            text(&group["id"]),
            OutputType::from_name(text(&group["output"])).unwrap(),
        );
        let (scorer, window) = (scorer(group, output), window_of(&group["interval"]));
        let reverse = text(&group["interval"]["strand"]) == "-";
        let set = tracks(output, text(&group["track_strands"]));
        let values = RefAlt {
            reference: generator::array(&group["ref"]),
            alternate: generator::array(&group["alt"]),
        };
        let first_runs = &items(&group["cases"])[0]["mask_runs"];
        for case in items(&group["cases"]) {
            let name = format!("{id} {}", case["variant"]);
            // Bodies are those that the written alleles touch, exons those of the window whatever the alleles.
            let accept = if text(&group["scorer"]) == "GENE_MASK_SPLICING" {
                as_written
            } else {
                moving_alike
            };
            let Some(variant) = accept(&case["variant"]) else {
                tally.count("not compared: a normal form that moves other values");
                continue;
            };
            let place = ScoringPlace {
                variant: &variant,
                window: &window,
                annotation: Some(&annotation),
            };
            let wanted = scorer.request(&set, &place);
            let crop = |values: &[f32]| cropped(&set, &window, values, &wanted.spans);
            let (reference, alternate) = (crop(&values.reference), crop(&values.alternate));
            let input = ScoringInput {
                outputs: RefAlt {
                    reference: &reference,
                    alternate: &alternate,
                },
                place,
            };
            let Ok(scores) = scorer.score(&input) else {
                let inside = window.offset_of(variant.position()).is_some_and(|offset| {
                    offset.index() + variant.reference_bases().len_bp() as usize <= window.length().get() as usize
                });
                assert!(!inside, "{name}");
                tally.count("refused: REF does not lie in the window");
                continue;
            };
            let ScoreRows::Genes(rows) = &scores.rows else {
                panic!("rows are genes")
            };
            let found: Vec<[&str; 4]> = rows
                .iter()
                .map(|row| {
                    assert!(row.junction.is_none());
                    let gene = &row.gene;
                    let (name, biotype) = (gene.name.as_deref().unwrap(), gene.biotype.as_deref().unwrap());
                    [&*gene.id, sign(gene.strand), name, biotype]
                })
                .collect();
            let expected: Vec<[&str; 4]> = items(&case["genes"])
                .iter()
                .map(|gene| [0, 1, 2, 3].map(|field| text(&gene[field])))
                .collect();
            assert_eq!(found, expected, "{name}");
            // No runs stand for those of the group's first case.
            let runs = if case["mask_runs"].is_null() {
                first_runs
            } else {
                &case["mask_runs"]
            };
            let found: Vec<Vec<[i64; 2]>> = masks(&annotation, scorer.as_ref(), &place)
                .into_iter()
                .map(|(_, runs)| runs)
                .collect();
            let expected: Vec<Vec<[i64; 2]>> = items(runs)
                .iter()
                .map(|runs| {
                    items(runs)
                        .iter()
                        .map(|run| [number(&run[0]), number(&run[1])])
                        .collect()
                })
                .collect();
            assert_eq!(found, expected, "{name}");
            if reverse && variant.reference_bases().len_bp() != variant.alternate_bases().len_bp() {
                tally.count("genes and masks only: an indel on a `-` interval, aligned from the wrong end");
                continue;
            }
            let (shape, expected) = tensors.f32(text(&case["tensor"]));
            assert_eq!(shape, [rows.len(), set.tracks.len()], "{name}");
            if group["alt"]["kind"] == "ramp" {
                let same = |(found, expected): (&f32, &f32)| found == expected || found.is_nan() && expected.is_nan();
                assert!(
                    scores.raw.iter().zip(&expected).all(same),
                    "{name}: {:?} {expected:?}",
                    scores.raw
                );
            }
            let lfc = text(&group["scorer"]) == "GENE_MASK_LFC";
            let disagreement = compare(
                &name,
                &scores.raw,
                &expected,
                |score| if lfc { 1.0 } else { score.abs() },
            );
            let entry = largest.entry(text(&group["scorer"]).to_owned()).or_default();
            *entry = entry.max(disagreement);
            tally.count("compared");
        }
    }
    println!("gene masks: largest disagreements {largest:?}");
    tally.assert(&[
        ("compared", 389),
        (
            "genes and masks only: an indel on a `-` interval, aligned from the wrong end",
            32,
        ),
        ("not compared: a normal form that moves other values", 129),
        ("refused: REF does not lie in the window", 50),
        ("shapes without genes", 1),
    ]);
}
