//! `IntervalScorer` against `GeneIntervalScorer` of the reference: rows, masks and scores.

use super::safetensors::Tensors;
use super::{cases, compare, gene_table, generator, items, number, sign, text, tracks, window_of};
use refalt_core::interval_scorer::{IntervalAggregation, IntervalScorer};
use refalt_core::scorer::{ScoreRows, Width};
use refalt_core::{BinSpan, BinSpans, OutputType, Outputs, TrackValues};

#[test]
fn interval_scores_equal_the_reference() {
    let oracle = cases("interval_gene_mask");
    let tensors = Tensors::read("interval_gene_mask");
    let annotation = gene_table::annotation();
    let (mut largest, mut compared) = (0.0f64, 0);
    for group in items(&oracle["groups"]) {
        let output = OutputType::from_name(text(&group["output"])).unwrap();
        let set = tracks(output, text(&group["track_strands"]));
        assert_eq!(set.resolution.bp(), number::<u32>(&group["resolution"]));
        let window = window_of(&group["interval"]);
        let all = BinSpan::all(&window, set.resolution);
        let values = generator::array(&group["tracks"]);
        let outputs = Outputs::new([TrackValues::new(set.clone(), all, values).unwrap()]);
        for case in items(&group["cases"]) {
            let width = Width::ALL
                .into_iter()
                .find(|width| width.bp().map(u64::from) == case["width"].as_u64());
            let aggregation = if text(&case["aggregation"]) == "SUM" {
                IntervalAggregation::Sum
            } else {
                IntervalAggregation::Mean
            };
            let scorer = IntervalScorer {
                output,
                width: width.unwrap(),
                aggregation,
            };
            let name = format!("{} {scorer}", group["id"]);
            let scores = scorer.score(&outputs, &window, &annotation).unwrap();
            let ScoreRows::Genes(rows) = &scores.rows else {
                panic!("rows are genes")
            };
            let found: Vec<[&str; 4]> = rows
                .iter()
                .map(|row| {
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
            // The request is the union of the masks.
            let runs = items(&case["mask_runs"]).iter().flat_map(items).map(|run| {
                let bin = |place: usize| refalt_core::Bin::new(number(&run[place]));
                BinSpan::new(bin(0), bin(1))
            });
            let wanted = scorer.request(&set, &window, &annotation).unwrap().spans;
            assert_eq!(wanted, runs.collect::<BinSpans>(), "{name}");
            let (shape, expected) = tensors.f32(text(&case["tensor"]));
            assert_eq!(shape, [rows.len(), set.tracks.len()]);
            if aggregation == IntervalAggregation::Sum && text(&group["tracks"]["kind"]) == "dyadic" {
                assert_eq!(scores.raw, expected, "{name}");
            }
            largest = largest.max(compare(&name, &scores.raw, &expected, f64::abs));
            compared += 1;
        }
        // A target wider than the window is refused, as by the reference.
        let wide = IntervalScorer {
            output,
            width: Width::Bp100001,
            aggregation: IntervalAggregation::Sum,
        };
        assert!(wide.score(&outputs, &window, &annotation).is_err());
    }
    println!("interval_gene_mask: largest disagreement {largest:e}");
    assert_eq!(compared, 80);
}
