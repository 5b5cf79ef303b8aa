//! Folders with rows of genes and junctions, exported and compared. The folders are written here, by hand.

use arrow::array::{ArrayRef, BooleanArray, Float32Array, Int64Array, StringArray};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use refalt::diff::{DiffOptions, diff};
use refalt::export::{ExportOptions, Format, export};
use refalt::provenance::FileIdentity;
use refalt::score_folder::ScoreFolder;
use serde_json::json;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

const SCORER: &str = "SomeGeneScorer(requested_output=RNA_SEQ)";

/// A score: input row, gene, junction, track, strand, value.
type Score = (
    i64,
    Option<&'static str>,
    Option<(i64, i64)>,
    &'static str,
    &'static str,
    f32,
);

const SCORES: [Score; 6] = [
    (1, Some("ENSG1"), None, "a b", "+", 0.5),
    (1, Some("ENSG1"), None, "a b", "-", -2.0),
    (1, Some("ENSG2"), Some((10, 20)), "a b", "+", f32::NAN),
    (1, Some("ENSG2"), Some((10, 20)), "a b", "-", 1.0),
    (2, Some("ENSG3"), None, "a b", "+", f32::NAN),
    (2, Some("ENSG3"), None, "a b", "-", f32::NAN),
];

fn table(path: &Path, columns: Vec<(&str, ArrayRef)>) -> FileIdentity {
    let columns = columns.into_iter().map(|(name, column)| (name, column, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    FileIdentity::of(path).unwrap()
}

fn texts<'a>(values: impl IntoIterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values))
}

fn integers(values: impl IntoIterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(Int64Array::from_iter(values))
}

/// Writes a folder of three variants: two with scores of genes, one that no gene is near.
fn folder(path: &Path, scores: &[Score]) -> ScoreFolder {
    std::fs::create_dir_all(path.join("scores")).unwrap();
    let part = table(
        &path.join("scores/part-000000.parquet"),
        vec![
            (
                "variant_id",
                texts(
                    scores
                        .iter()
                        .map(|s| Some(if s.0 == 1 { "chr1:5:A>C" } else { "chr1:6:A>C" })),
                ),
            ),
            ("gene_id", texts(scores.iter().map(|s| s.1))),
            ("gene_name", texts(scores.iter().map(|_| Some("N;1")))),
            ("gene_strand", texts(scores.iter().map(|_| Some("-")))),
            (
                "junction_Start",
                integers(scores.iter().map(|s| s.2.map(|junction| junction.0))),
            ),
            (
                "junction_End",
                integers(scores.iter().map(|s| s.2.map(|junction| junction.1))),
            ),
            ("output_type", texts(scores.iter().map(|_| Some("RNA_SEQ")))),
            ("variant_scorer", texts(scores.iter().map(|_| Some(SCORER)))),
            ("track_name", texts(scores.iter().map(|s| Some(s.3)))),
            ("track_strand", texts(scores.iter().map(|s| Some(s.4)))),
            (
                "raw_score",
                Arc::new(Float32Array::from_iter_values(scores.iter().map(|s| s.5))),
            ),
            ("row", integers(scores.iter().map(|s| Some(s.0)))),
        ],
    );
    let ids = ["chr1:5:A>C", "chr1:6:A>C", "chr1:7:A>C"];
    let variants = table(
        &path.join("variants.parquet"),
        vec![
            ("row", integers([Some(1), Some(2), Some(3)])),
            ("as_written", texts(ids.map(Some))),
            ("status", texts([Some("scored"); 3])),
            ("variant_id", texts(ids.map(Some))),
            ("chrom", texts([Some("chr1"); 3])),
            ("pos", integers([Some(5), Some(6), Some(7)])),
            ("ref", texts([Some("A"); 3])),
            ("alt", texts([Some("C"); 3])),
        ],
    );
    let mut columns = vec![
        ("output_type", texts([Some("RNA_SEQ"); 2])),
        ("resolution_bp", integers([Some(1); 2])),
        ("track_name", texts([Some("a b"); 2])),
        ("track_strand", texts([Some("+"), Some("-")])),
        (
            "genetically_modified",
            Arc::new(BooleanArray::from(vec![None, None])) as ArrayRef,
        ),
    ];
    for name in [
        "Assay title",
        "ontology_curie",
        "biosample_name",
        "biosample_type",
        "biosample_life_stage",
        "data_source",
        "endedness",
        "transcription_factor",
        "histone_mark",
        "gtex_tissue",
    ] {
        columns.push((name, texts([None; 2])));
    }
    let tracks = table(&path.join("tracks.parquet"), columns);
    let manifest = json!({
        "schema_version": 1,
        "identity": {},
        "model": {"name": "m", "version": "1", "digest": "d", "licence": "l", "citation": "c"},
        "scorers": [{"scorer": SCORER, "score_kind": "signed_effect", "output_type": "RNA_SEQ"}],
        "scores": [part],
        "variants": variants,
        "tracks": tracks,
    });
    std::fs::write(path.join("manifest.json"), manifest.to_string()).unwrap();
    ScoreFolder::open(path).unwrap()
}

#[test]
fn genes_are_listed_each_with_its_summaries() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), &SCORES);
    let out = place.path().join("out.vcf");
    export(&folder, Format::Vcf, &out, &ExportOptions::default()).unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    let key = "refalt_SomeGene_RNA_SEQ";
    // (0.5 - 2) / 2 = -0.75 and 1 / 1 = 1 by gene; (0.5 - 2 + 1) / 3 over both, in 32 bits.
    let genes = format!("{key}_GENES=ENSG1|N%3B1|-|0.5|-2|-0.75|-2|a%20b(-)|2,ENSG2|N%3B1|-|1|1|1|1|a%20b(-)|1");
    assert!(lines[0].contains(&genes), "{}", lines[0]);
    assert!(
        lines[0].contains(&format!("{key}_MEAN=-0.16666667;{key}_SIGNED_MAX=-2;")),
        "{}",
        lines[0]
    );
    // Scores that are all NaN are counted as none, and have no summary.
    assert!(
        lines[1].ends_with(&format!("{key}_COUNT=0;{key}_GENES=ENSG3|N%3B1|-|.|.|.|.|.|0")),
        "{}",
        lines[1]
    );
    assert!(lines[2].ends_with(&format!("{key}_COUNT=0")), "{}", lines[2]);
}

#[test]
fn a_matrix_has_a_row_for_each_gene_and_junction() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), &SCORES);
    let out = place.path().join("out.tsv");
    export(&folder, Format::Matrix, &out, &ExportOptions::default()).unwrap();
    assert_eq!(
        std::fs::read_to_string(&out).unwrap(),
        "row\tvariant_id\tgene_id\tjunction_Start\tjunction_End\ta b (+)\ta b (-)\n\
         1\tchr1:5:A>C\tENSG1\t\t\t0.5\t-2\n\
         1\tchr1:5:A>C\tENSG2\t10\t20\tNaN\t1\n\
         2\tchr1:6:A>C\tENSG3\t\t\tNaN\tNaN\n"
    );
}

#[test]
fn a_file_that_was_changed_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path(), &SCORES);
    std::fs::write(place.path().join("tracks.parquet.bak"), "kept").unwrap();
    let part = place.path().join("scores/part-000000.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[10] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let out = place.path().join("out.tsv");
    let error = export(&folder, Format::Tsv, &out, &ExportOptions::default()).unwrap_err();
    assert!(error.to_string().contains("SHA-256 differs"), "{error}");
    assert!(!out.exists());
}

#[test]
fn genes_junctions_and_nan_are_joined_whatever_the_order_of_rows() {
    let places = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let left = folder(places[0].path(), &SCORES);
    // Within each variant in another order.
    let mut scores = vec![SCORES[3], SCORES[0], SCORES[2], SCORES[1], SCORES[5], SCORES[4]];
    let right = folder(places[1].path(), &scores);
    let report = diff(&left, &right, &DiffOptions::default()).unwrap();
    assert!(report.is_same(), "{report:?}");
    assert_eq!((report.scorers[0].compared, report.scorers[0].both_nan), (6, 3));
    // NaN against a number, another junction, another value.
    scores[5].5 = 1.0;
    scores[2].2 = Some((10, 21));
    scores[1].5 = 0.75;
    std::fs::remove_dir_all(places[1].path()).unwrap();
    let right = folder(places[1].path(), &scores);
    let report = diff(&left, &right, &DiffOptions::default()).unwrap();
    let found = &report.scorers[0];
    assert_eq!(
        (found.compared, found.beyond, found.only_left, found.only_right),
        (5, 2, 1, 1)
    );
    assert_eq!(found.max_difference, Some(0.25));
    // What is NaN on one side stands first.
    assert_eq!(
        (found.examples[0].left.as_str(), found.examples[0].right.as_str()),
        ("NaN", "1")
    );
    assert_eq!(found.examples[1].gene.as_deref(), Some("ENSG1"));
}

#[test]
fn bigwig_has_the_values_of_bedgraph_and_the_lengths_of_the_reference() {
    let place = tempfile::tempdir().unwrap();
    let scores = [
        (1, Some("ENSG1"), None, "a b", "+", 0.5),
        (1, Some("ENSG2"), None, "a b", "+", -2.0),
        (2, Some("ENSG1"), None, "a b", "+", f32::NAN),
        (2, Some("ENSG2"), None, "a b", "+", 0.25),
    ];
    let folder = folder(&place.path().join("run"), &scores);
    let genome = place.path().join("genome.fa");
    std::fs::write(&genome, format!(">chr1\n{}\n", "ACGTA".repeat(20))).unwrap();
    let options = |aggregate: Option<&str>, reference: bool| ExportOptions {
        tracks: Some("strand=+".to_owned()),
        aggregate: aggregate.map(str::to_owned),
        reference: reference.then(|| genome.clone()),
        ..ExportOptions::default()
    };
    let wig = place.path().join("a.bw");
    let fails = |options: &ExportOptions| {
        let error = export(&folder, Format::BigWig, &wig, options).unwrap_err().to_string();
        assert!(!wig.exists(), "{error}");
        error
    };
    assert_eq!(
        fails(&options(Some("mean"), false)),
        "the length of `chr1` is not known, and bigWig states the length of each contig"
    );
    assert_eq!(
        fails(&options(None, true)),
        "more than one score stands at chr1:5, and bigWig has one value for a position"
    );
    for (aggregate, first) in [("max", 0.5), ("min", -2.0), ("mean", -0.75), ("signed_max", -2.0)] {
        let options = options(Some(aggregate), true);
        let [text, wig] = ["bedgraph", "bw"].map(|ending| place.path().join(format!("{aggregate}.{ending}")));
        export(&folder, Format::BedGraph, &text, &options).unwrap();
        let report = export(&folder, Format::BigWig, &wig, &options).unwrap();
        assert_eq!(report.records, 2);
        let mut read = bigtools::BigWigRead::open_file(&wig).unwrap();
        assert_eq!((read.chroms()[0].name.as_str(), read.chroms()[0].length), ("chr1", 100));
        let values = read.get_interval("chr1", 0, 100).unwrap().map(Result::unwrap);
        let found: Vec<String> = values
            .map(|value| format!("chr1\t{}\t{}\t{}", value.start, value.end, value.value))
            .collect();
        let written = std::fs::read_to_string(&text).unwrap();
        assert_eq!(found, written.lines().collect::<Vec<_>>());
        assert_eq!(found, [format!("chr1\t4\t5\t{first}"), "chr1\t5\t6\t0.25".to_owned()]);
    }
}
