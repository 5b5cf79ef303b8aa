//! Values that are not finite, ties, 0 to 300 genes, both window ends: the reference's answers to `make_adversarial.py`.

use super::safetensors::Tensors;
use super::{Tally, as_written, cases, compare, generator, items, number, text, tracks, window_of};
use refalt_core::annotation::{GeneAttributes, Place, SpliceSiteClass, TranscriptAttributes};
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::scorer::{
    ContactMap, ScoreRows, Scorer, ScoringInput, ScoringPlace, SpliceJunction, TrackScores, parse,
};
use refalt_core::splice_candidate::{CandidateOptions, SiteProbabilities, candidate_splice_sites};
use refalt_core::{
    Annotation, AnnotationBuilder, BinSpan, ContactValues, Interval, JunctionValues, Offset, OutputType, Outputs,
    RefAlt, Strand, TrackValues, Window,
};
use serde_json::{Value, json};

const START: u32 = 5_000_000;

/// Genes `[id, strand, [[start, end], ...]]`, one transcript each; a number stands for as many made ones.
fn annotation(genes: &Value) -> Annotation {
    let made: Vec<Value> = match genes.as_u64() {
        Some(count) => (0..count).map(made_gene).collect(),
        None => items(genes).to_vec(),
    };
    let mut builder = AnnotationBuilder::default();
    for gene in &made {
        let id = text(&gene[0]);
        let attributes = GeneAttributes {
            id,
            name: Some(id),
            biotype: Some("protein_coding"),
        };
        let transcript = TranscriptAttributes {
            id,
            ..TranscriptAttributes::default()
        };
        for exon in items(&gene[2]) {
            let place = Place {
                contig: "chr1",
                strand: Strand::from_sign(text(&gene[1]).chars().next().unwrap()).unwrap(),
                span: Interval::from_bed(number(&exon[0]), number(&exon[1])).unwrap(),
            };
            builder.exon(attributes, transcript, place).unwrap();
        }
    }
    builder.build().unwrap()
}

/// The i-th gene of `genes_of` in the script.
fn made_gene(i: u64) -> Value {
    let (start, end) = (
        u64::from(START) + 1 + (i * 7) % 900,
        u64::from(START) + 1100 + (i * 11) % 900,
    );
    let sign = if i.is_multiple_of(2) { "+" } else { "-" };
    let exons = [[start, start + 40], [start + 60, end - 30], [end - 20, end]];
    json!([format!("ENSGN{i}.{}", i % 5), sign, exons])
}

fn ids(scores: &TrackScores) -> Vec<String> {
    scores
        .rows
        .iter()
        .flatten()
        .map(|row| row.gene.id.to_string())
        .collect()
}

/// The answer of the reference.
struct Case<'a> {
    id: &'a str,
    expected: Vec<f32>,
    rows: Vec<&'a str>,
}

impl<'a> Case<'a> {
    fn read(case: &'a Value, tensors: &Tensors) -> Self {
        Self {
            id: text(&case["id"]),
            expected: tensors.f32(text(&case["tensor"])).1,
            rows: case["rows"].as_array().into_iter().flatten().map(text).collect(),
        }
    }
}

fn track_case(case: &Value, window: &Window, tensors: &Tensors, tally: &mut Tally) {
    let scorer = parse(text(&case["scorer"])).unwrap();
    let output = OutputType::from_name(text(&case["output"])).unwrap();
    let set = tracks(output, text(&case["strands"]));
    let genes = (!case["genes"].is_null()).then(|| annotation(&case["genes"]));
    let [reference, alternate] = ["ref", "alt"].map(|half| {
        let all = BinSpan::all(window, set.resolution);
        Outputs::new([TrackValues::new(set.clone(), all, generator::array(&case[half])).unwrap()])
    });
    let variant = as_written(&case["variant"]).unwrap();
    let scores = scorer
        .score(&ScoringInput {
            outputs: RefAlt {
                reference: &reference,
                alternate: &alternate,
            },
            place: ScoringPlace {
                variant: &variant,
                window,
                annotation: genes.as_ref(),
            },
        })
        .unwrap();
    let id = text(&case["id"]);
    if !case["reference_fails"].is_null() {
        assert_eq!(Some(scores.rows.len() as u64), case["genes"].as_u64(), "{id}");
        tally.count("more genes than the reference takes");
        return;
    }
    let read = Case::read(case, tensors);
    assert_eq!(ids(&scores), read.rows, "{id}");
    assert_eq!(scores.raw.len(), read.expected.len(), "{id}");
    // The reference multiplies by its mask, so that what is not finite beside a gene becomes NaN in it; and the maximum
    // of its compiler, over an insertion or over a gene, keeps or drops a NaN as it happens. Here a NaN counts where it
    // lies, and stays. Either is possible only where the case puts in what is not finite.
    let differs = |(found, expected): (&f32, &f32)| found.is_nan() != expected.is_nan();
    if genes.is_some() && scores.raw.iter().zip(&read.expected).any(differs) {
        assert_ne!(
            case["alt"]["put"],
            json!([]),
            "{id}: {:?} {:?}",
            scores.raw,
            read.expected
        );
        for (&found, &expected) in scores.raw.iter().zip(&read.expected) {
            if found.is_finite() && expected.is_finite() {
                compare(id, &[found], &[expected], |score| score.abs().max(1.0));
            }
        }
        tally.count("compared where both are finite: a NaN is spread or dropped by the reference");
        return;
    }
    // 501 terms of about 3, whose sums the reference takes in f32, are the scale of this difference.
    let least = if id.contains("DIFF_SUM_LOG2") { 1500.0 } else { 1.0 };
    let scale = |score: f64| score.abs().max(least);
    compare(id, &scores.raw, &read.expected, scale);
    tally.count(if scores.raw.iter().any(|score| !score.is_finite()) {
        "compared, not all finite"
    } else {
        "compared"
    });
}

#[test]
fn scores_of_awkward_predictions_equal_the_reference() {
    let oracle = cases("adversarial");
    let tensors = Tensors::read("adversarial");
    let window = window_of(&oracle["interval"]);
    let mut tally = Tally::default();
    for case in items(&oracle["tracks"]) {
        track_case(case, &window, &tensors, &mut tally);
    }
    tally.assert(&[
        ("compared", 55),
        (
            "compared where both are finite: a NaN is spread or dropped by the reference",
            14,
        ),
        ("compared, not all finite", 190),
        ("more genes than the reference takes", 6),
    ]);
}

#[test]
fn contacts_that_are_not_finite_count_in_their_own_column() {
    let oracle = cases("adversarial");
    let tensors = Tensors::read("adversarial");
    for case in items(&oracle["contacts"]) {
        let window = crate::place::window("chr1", i64::from(START), number::<u32>(&case["end"]) - START);
        let set = tracks(OutputType::ContactMaps, "..");
        let all = BinSpan::all(&window, set.resolution);
        let [reference, alternate] = ["ref", "alt"].map(|half| {
            let values = ContactValues::new(set.clone(), all, all, generator::array(&case[half]));
            Outputs::default().with_contacts(values.unwrap())
        });
        let variant = as_written(&case["variant"]).unwrap();
        let scores = ContactMap.score(&ScoringInput {
            outputs: RefAlt {
                reference: &reference,
                alternate: &alternate,
            },
            place: ScoringPlace {
                variant: &variant,
                window: &window,
                annotation: None,
            },
        });
        let read = Case::read(case, &tensors);
        compare(read.id, &scores.unwrap().raw, &read.expected, f64::abs);
    }
    assert_eq!(items(&oracle["contacts"]).len(), 4);
}

#[test]
fn junctions_of_awkward_counts_equal_the_reference() {
    let oracle = cases("adversarial");
    let tensors = Tensors::read("adversarial");
    let window = window_of(&oracle["interval"]);
    for case in items(&oracle["junctions"]) {
        let set = tracks(OutputType::SpliceJunctions, "..");
        let sites = [0, 1, 2, 3].map(|class| {
            let padded = items(&case["positions"][class]).iter().map(number::<i64>);
            padded
                .filter_map(|site| u32::try_from(site).ok())
                .map(Offset::new)
                .collect::<Vec<_>>()
        });
        let [reference, alternate] = ["ref", "alt"].map(|half| {
            let counts = generator::array(&case[half]);
            Outputs::default().with_junctions(JunctionValues::new(set.clone(), sites.clone(), 4, counts).unwrap())
        });
        let variant = as_written(&case["variant"]).unwrap();
        let genes = annotation(&case["genes"]);
        let scores = SpliceJunction
            .score(&ScoringInput {
                outputs: RefAlt {
                    reference: &reference,
                    alternate: &alternate,
                },
                place: ScoringPlace {
                    variant: &variant,
                    window: &window,
                    annotation: Some(&genes),
                },
            })
            .unwrap();
        let ScoreRows::Genes(rows) = &scores.rows else {
            panic!("rows are genes")
        };
        let found: Vec<Value> = rows
            .iter()
            .map(|row| {
                let junction = row.junction.unwrap();
                json!([&*row.gene.id, junction.bed_start(), junction.bed_end()])
            })
            .collect();
        assert_eq!(found, items(&case["rows"]), "{}", case["id"]);
        let expected = tensors.f32(text(&case["tensor"])).1;
        let same = |(found, expected): (&f32, &f32)| found == expected || found.is_nan() && expected.is_nan();
        assert!(
            scores.raw.iter().zip(&expected).all(same),
            "{}: {:?} {expected:?}",
            case["id"],
            scores.raw
        );
    }
    assert_eq!(items(&oracle["junctions"]).len(), 7);
}

#[test]
fn interval_scores_that_are_not_finite_equal_the_reference() {
    let oracle = cases("adversarial");
    let tensors = Tensors::read("adversarial");
    let window = window_of(&oracle["interval"]);
    for case in items(&oracle["intervals"]) {
        let scorer = IntervalScorer::parse(text(&case["scorer"])).unwrap();
        assert_eq!(scorer.to_string(), text(&case["scorer"]));
        let set = tracks(OutputType::RnaSeq, "+.");
        let all = BinSpan::all(&window, set.resolution);
        let values = TrackValues::new(set, all, generator::array(&case["values"])).unwrap();
        let scores = scorer
            .score(&Outputs::new([values]), &window, &annotation(&case["genes"]))
            .unwrap();
        let read = Case::read(case, &tensors);
        assert_eq!(ids(&scores), read.rows, "{}", read.id);
        compare(read.id, &scores.raw, &read.expected, f64::abs);
    }
    assert_eq!(items(&oracle["intervals"]).len(), 6);
}

#[test]
fn of_sites_with_equal_probabilities_as_good_ones_are_chosen() {
    let oracle = cases("adversarial");
    let mut whole = 0;
    for case in items(&oracle["sites"]) {
        let [reference, alternate] = ["ref", "alt"].map(|half| generator::array(&case[half]));
        let probabilities = SiteProbabilities {
            reference: &reference,
            alternate: Some(&alternate),
            columns: 5,
        };
        let options = CandidateOptions {
            per_class: number(&case["k"]),
            threshold: case["threshold"].as_f64().unwrap() as f32,
            within: None,
        };
        let found = candidate_splice_sites(&probabilities, &[], &options).unwrap();
        for class in SpliceSiteClass::ALL {
            let padded = items(&case["positions"][class.index()]).iter().map(number::<i64>);
            let expected: Vec<usize> = padded.filter_map(|site| usize::try_from(site).ok()).collect();
            let found: Vec<usize> = found[class.index()].iter().map(|site| site.index()).collect();
            // Which of equal values at the limit are kept is not defined in the reference (`approx_max_k`); here the
            // lower coordinates are.
            let value = |&site: &usize| {
                let place = site * 5 + class.index();
                reference[place].max(alternate[place])
            };
            let values = |sites: &[usize]| {
                let mut values: Vec<f32> = sites.iter().map(value).collect();
                values.sort_by(f32::total_cmp);
                values
            };
            assert_eq!(values(&found), values(&expected), "{} {class:?}", case["id"]);
            if found.len() < options.per_class {
                assert_eq!(found, expected, "{} {class:?}", case["id"]);
                whole += 1;
            }
        }
    }
    assert_eq!((items(&oracle["sites"]).len(), whole), (12, 8));
}
