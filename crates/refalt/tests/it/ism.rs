//! Saturation mutagenesis of the TERT promoter.

use crate::study;
use refalt::engine::{PlanOptions, TableOptions};
use refalt::ism::{IsmRequest, IsmTable, Mutagenesis};
use refalt::predict::PredictError;
use refalt_core::Position;
use std::num::NonZeroU32;

fn request(stretch: &str) -> IsmRequest {
    IsmRequest {
        stretch: stretch.parse().unwrap(),
        middle: None,
        reference: study("tert/chr5_1294490_1296547.fa"),
        assembly: None,
        // The motif of the study: GABPA, MA0062.3.
        model: format!("motif:{}", study("tert/MA0062.3.jaspar").display()),
        plan: PlanOptions {
            scorers: vec!["CHIP_TF".to_owned()],
            tracks: None,
            window: NonZeroU32::new(2048).unwrap(),
            rows_per_part: None,
            annotation: None,
            table: TableOptions::default(),
        },
        genes: None,
        figures: 1,
        most_bytes: 1 << 30,
        threads: 2,
    }
}

fn score(request: &IsmRequest) -> IsmTable {
    let work = Mutagenesis::prepare(request, &|_| {}).unwrap();
    work.score(&|_| {}).unwrap()
}

/// Returns the effect of a substitution, `1295113 A`.
fn effect(table: &IsmTable, position: u32, base: char) -> Option<f32> {
    let at = table
        .positions()
        .position(|(own, _)| own.one_based() == position)
        .unwrap();
    table.matrices[0].effects[at]["ACGT".find(base).unwrap()]
}

#[test]
fn the_two_hotspots_stand_out() {
    let table = score(&request("chr5:1295080-1295170"));
    assert_eq!((table.matrices.len(), table.bases.len()), (1, 91));
    let (c228t, c250t) = (
        effect(&table, 1_295_113, 'A').unwrap(),
        effect(&table, 1_295_135, 'A').unwrap(),
    );
    let mut all: Vec<f32> = table.matrices[0].effects.iter().flatten().flatten().copied().collect();
    assert_eq!(all.len(), 3 * 91);
    all.sort_by(|a, b| b.total_cmp(a));
    // Both make CCGGAAG out of CCGGGAG; they are the two greatest gains of the stretch but for their like.
    let rank = |value: f32| all.iter().position(|other| *other == value).unwrap();
    assert!(
        c228t > 0.0 && c250t > 0.0 && rank(c228t) < 6 && rank(c250t) < 6,
        "{c228t} {c250t} {all:?}"
    );
    // The reference base has no effect on itself, and what it contributes is minus the mean of the others.
    assert_eq!(effect(&table, 1_295_113, 'G'), None);
    let at = table
        .positions()
        .position(|(own, _)| own.one_based() == 1_295_113)
        .unwrap();
    let contribution = table.matrices[0].contributions().nth(at).unwrap().unwrap();
    let sum: f32 = "ACT".chars().map(|base| effect(&table, 1_295_113, base).unwrap()).sum();
    assert!((contribution + sum / 3.0).abs() < 1e-6);
}

#[test]
fn the_score_of_a_substitution_is_that_of_the_variant() {
    use refalt::core::scorer::parse;
    let table = score(&request("chr5:1295100-1295120"));
    // Window of the stretch: [c - 1024, c + 1024) around base 1,295,110, not around the variant. A variant in the same
    // window, scored alone, gives the same number.
    let predicted = {
        use refalt::core::scorer::{ScoringInput, ScoringPlace};
        use refalt::core::{Backend, BinSpan, OutputRequest, Query, RefAlt, Reference, Window};
        let reference = refalt::io::fasta::FastaReference::open(study("tert/chr5_1294490_1296547.fa")).unwrap();
        let model = refalt::model::motif::MotifModel::from_file(&study("tert/MA0062.3.jaspar")).unwrap();
        let row = refalt::io::variants::ids::parse("chr5:1295113:G>A").variant.unwrap();
        let variant = refalt::core::check(&row, &reference).unwrap();
        let contig = reference.contig_id("chr5").unwrap();
        let name = reference.contig(contig).name.clone();
        let window = Window::around(&name, table.interval, NonZeroU32::new(2048).unwrap());
        let pair = window.sequences(&variant, &reference).unwrap();
        let tracks = &model.card().outputs[0];
        let outputs = [OutputRequest {
            output: tracks.output,
            spans: BinSpan::all(&window, tracks.resolution).into(),
        }];
        let query = Query {
            window: &window,
            reference: &pair.reference,
            alternates: std::slice::from_ref(&pair.alternate),
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &outputs,
        };
        let answer = model.predict(&[query]).pop().unwrap().unwrap();
        let input = ScoringInput {
            outputs: RefAlt {
                reference: &answer.reference,
                alternate: &answer.alternates[0],
            },
            place: ScoringPlace {
                variant: &variant,
                window: &window,
                annotation: None,
            },
        };
        parse("CHIP_TF").unwrap().score(&input).unwrap().raw[0]
    };
    let found = effect(&table, 1_295_113, 'A').unwrap();
    assert!((found - predicted).abs() < 1e-6, "{found} {predicted}");
}

#[test]
fn files_are_the_same_for_any_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let run = |name: &str, threads: usize| {
        let request = IsmRequest {
            threads,
            ..request("chr5:1295050-1295130")
        };
        let work = Mutagenesis::prepare(&request, &|_| {}).unwrap();
        assert_eq!(work.substitutions(), 243);
        work.run(&folder.path().join(name), &|_| {}).unwrap()
    };
    let one = run("one", 1);
    assert_eq!(run("three", 3), one);
    let names: Vec<&str> = one.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(names, ["ism.parquet", "ism.tsv", "ism_1.svg", "ism_1.png", "ism_1.tsv"]);
    let text = std::fs::read_to_string(folder.path().join("one/ism.tsv")).unwrap();
    let header = text.lines().next().unwrap();
    assert!(header.ends_with("contig\tjunction_Start\tjunction_End\tposition\tref\tA\tC\tG\tT\tcontribution"));
    assert_eq!(text.lines().count(), 82);
    let row = text.lines().find(|line| line.contains("\t1295113\tG\t")).unwrap();
    let cells: Vec<&str> = row.split('\t').collect();
    assert!(cells[12].parse::<f32>().unwrap() > 0.0 && cells[14].is_empty(), "{row}");
}

#[test]
fn what_cannot_be_changed_is_refused() {
    let fails = |request: IsmRequest| Mutagenesis::prepare(&request, &|_| {}).map(|_| ()).unwrap_err();
    let error = fails(request("chr5:1-100"));
    assert!(matches!(error, PredictError::NotInReference { .. }), "{error}");
    let error = fails(request("chr5:1294490-1296547"));
    assert_eq!(
        error.to_string(),
        "chr5:1294490-1296547 has 2058 bp, more than the window of 2048 bp"
    );
    let error = fails(IsmRequest {
        most_bytes: 10,
        ..request("chr5:1295100-1295110")
    });
    assert!(matches!(error, PredictError::TooMuch { .. }), "{error}");
    let mut wrong = request("chr5:1295100-1295110");
    wrong.plan.scorers = vec!["RNA_SEQ".to_owned()];
    assert!(matches!(fails(wrong), PredictError::Plan(_)));
}

#[test]
fn stretches_around_one_middle_share_their_scores() {
    let around = |stretch: &str| IsmRequest {
        middle: Position::new(1_295_113),
        ..request(stretch)
    };
    let (left, right) = (
        score(&around("chr5:1295080-1295120")),
        score(&around("chr5:1295100-1295160")),
    );
    let mut shared = 0;
    for position in 1_295_100..=1_295_120 {
        for base in "ACGT".chars() {
            assert_eq!(
                effect(&left, position, base),
                effect(&right, position, base),
                "{position} {base}"
            );
            shared += usize::from(effect(&left, position, base).is_some());
        }
    }
    assert_eq!(shared, 3 * 21);
    let far = IsmRequest {
        middle: Position::new(1_296_400),
        ..request("chr5:1295080-1295120")
    };
    let error = Mutagenesis::prepare(&far, &|_| {}).map(|_| ()).unwrap_err();
    assert!(matches!(error, PredictError::StretchOutside { .. }), "{error}");
}
