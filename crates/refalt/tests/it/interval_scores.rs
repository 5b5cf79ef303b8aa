//! Scores of intervals by a model whose values are known: what the tables hold, and what a failure leaves.

use arrow::array::AsArray;
use arrow::datatypes::{Float32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::core::backend::{Answer, Backend, BackendError, ModelCard, Query, WindowLengths};
use refalt::core::{OutputType, Outputs, Resolution, Strand, Track, TrackSet, TrackValues};
use refalt::engine::ModelSource;
use refalt::interval_scores::{IntervalRequest, IntervalScoring, IntervalsText};
use refalt::predict::PredictError;
use refalt::scoring::GeneFiles;
use std::fs::{self, File};
use std::num::NonZeroU32;
use std::path::Path;

/// Predicts the offset of each base in its window, 100 more on the second track and 200 more on the third. Windows that begin
/// at 500 fail; one that begins at 700 ends everything.
struct Offsets(ModelCard);

impl Offsets {
    fn new() -> Self {
        let track = |(name, strand): (&str, Option<Strand>)| Track {
            name: name.to_owned(),
            strand,
            genetically_modified: Some(false),
            ..Track::default()
        };
        let tracks = [("p", Some(Strand::Forward)), ("p", Some(Strand::Reverse)), ("u", None)].map(track);
        Self(ModelCard {
            name: "offsets".to_owned(),
            version: "1".to_owned(),
            digest: "none".to_owned(),
            organism: "Homo sapiens".to_owned(),
            licence: "public domain".to_owned(),
            citation: "none".to_owned(),
            lengths: WindowLengths::OneOf(vec![NonZeroU32::new(256).unwrap()]),
            outputs: vec![TrackSet {
                output: OutputType::RnaSeq,
                resolution: Resolution::BP_1,
                tracks: tracks.into(),
            }],
        })
    }
}

impl Backend for Offsets {
    fn card(&self) -> &ModelCard {
        &self.0
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        let answer = |query: &Query<'_>| {
            let model = self.0.name.clone();
            match query.window.bed_start() {
                500 => {
                    return Err(BackendError::Query {
                        model,
                        window: query.window.to_string(),
                        reason: "it does not like 500".to_owned(),
                    });
                }
                700 => {
                    return Err(BackendError::Fatal {
                        model,
                        reason: "it broke".to_owned(),
                    });
                }
                _ => {}
            }
            let spans = query.outputs[0].spans.clone();
            let bins = spans.as_slice().iter().flat_map(|span| span.start()..span.end());
            let values = bins.flat_map(|bin| [0.0, 100.0, 200.0].map(|more| bin as f32 + more));
            let values = TrackValues::new(self.0.outputs[0].clone(), spans.clone(), values.collect()).unwrap();
            Ok(Answer {
                reference: Outputs::new(vec![values]),
                alternates: Vec::new(),
            })
        };
        queries.iter().map(answer).collect()
    }
}

/// Writes 1,000 bp and a gene on each strand: `+` from the base 101 with exons of 10 and 2, `-` from 300 with one of 4.
fn write(folder: &Path) -> GeneFiles {
    let bases = "ACGT".repeat(250);
    fs::write(folder.join("genome.fa"), format!(">chr1\n{bases}\n")).unwrap();
    let mut text = String::new();
    for (id, strand, exons) in [
        ("G1.5", '+', &[(101, 110), (151, 152)][..]),
        ("G2", '-', &[(297, 300)][..]),
    ] {
        let whole = [(exons[0].0, exons[exons.len() - 1].1)];
        for (kind, spans) in [("gene", &whole[..]), ("transcript", &whole), ("exon", exons)] {
            for (start, end) in spans {
                text.push_str(&format!(
                    "chr1\tx\t{kind}\t{start}\t{end}\t.\t{strand}\t.\tgene_id \"{id}\"; transcript_id \"T{id}\"; gene_type \"t\";\n"
                ));
            }
        }
    }
    let models = folder.join("genes.gtf");
    fs::write(&models, text).unwrap();
    GeneFiles {
        models,
        cache_folder: None,
        polya: None,
    }
}

fn request(folder: &Path, regions: &[&str]) -> IntervalRequest {
    let regions = regions.iter().map(|region| region.parse().unwrap()).collect();
    let scorer =
        |aggregation| format!("GeneMaskScorer(requested_output=RNA_SEQ, width=None, aggregation_type={aggregation})");
    IntervalRequest {
        scorers: ["MEAN", "SUM"].map(scorer).to_vec(),
        genes: Some(write(folder)),
        threads: 3,
        ..IntervalRequest::new(IntervalsText::Regions(regions), folder.join("genome.fa"))
    }
}

fn scoring(request: &IntervalRequest) -> IntervalScoring {
    IntervalScoring::prepare_with(Box::new(ModelSource(Box::new(Offsets::new()))), request, &|_| {}).unwrap()
}

fn read(path: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(path).unwrap()).unwrap();
    let mut batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

fn texts<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    batch.column_by_name(name).unwrap().as_string::<i32>().iter().collect()
}

#[test]
fn scores_are_those_of_the_arithmetic_and_every_interval_is_in_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    // As they are; the second fails, the third has another length, the fourth no gene.
    let request = request(folder, &["chr1:101-356", "chr1:501-756", "chr1:1-100", "chr1:601-856"]);
    let out = folder.join("out");
    let (manifest, unscored) = scoring(&request).run(&out, &|_| {}).unwrap();
    let batch = read(&out.join("interval_scores.parquet"));
    let raw = batch.column_by_name("raw_score").unwrap().as_primitive::<Float32Type>();
    // The gene on `+` has offsets 0 to 9, 50 and 51: (45 + 101) / 12; that on `-` 196 to 199: 197.5.
    let mean = [146.0 / 12.0, 197.5];
    let expected = [
        // Track after track, in each its genes: those on the other strand are left out.
        (mean[0], Some("G1"), "p", "+"),
        (mean[1] + 100.0, Some("G2"), "p", "-"),
        (mean[0] + 200.0, Some("G1"), "u", "."),
        (mean[1] + 200.0, Some("G2"), "u", "."),
        (146.0, Some("G1"), "p", "+"),
        (790.0 + 400.0, Some("G2"), "p", "-"),
        (146.0 + 2_400.0, Some("G1"), "u", "."),
        (790.0 + 800.0, Some("G2"), "u", "."),
    ];
    assert_eq!(batch.num_rows(), expected.len());
    let [genes, tracks, strands] = ["gene_id", "track_name", "track_strand"].map(|name| texts(&batch, name));
    for (row, (value, gene, track, strand)) in expected.into_iter().enumerate() {
        assert_eq!(raw.value(row), value, "{row}");
        assert_eq!(
            (genes[row], tracks[row], strands[row]),
            (gene, Some(track), Some(strand))
        );
    }
    assert!(
        texts(&batch, "scored_interval")
            .iter()
            .all(|text| *text == Some("chr1:100-356:."))
    );
    let modified = batch.column_by_name("genetically_modified").unwrap().as_boolean();
    assert!(modified.iter().all(|flag| flag == Some(false)));

    let batch = read(&out.join("intervals.parquet"));
    let found: Vec<_> = texts(&batch, "status").into_iter().zip(texts(&batch, "code")).collect();
    let expected = [
        (Some("scored"), None),
        (Some("failed"), None),
        (Some("rejected"), Some("length")),
        (Some("no_gene"), None),
    ];
    assert_eq!(found, expected);
    let scores = batch.column_by_name("scores").unwrap().as_primitive::<Int64Type>();
    assert_eq!(scores.values().to_vec(), [8, 0, 0, 0]);
    let reasons: Vec<&str> = unscored.iter().map(|of| of.reason.as_str()).collect();
    assert!(reasons[0].ends_with("it does not like 500"), "{reasons:?}");
    assert_eq!(reasons[1], "the model does not read intervals of 100 bp; it reads 256");
    let counts = manifest.intervals.unwrap();
    assert_eq!(
        (
            counts.rows,
            counts.scored,
            counts.no_gene,
            counts.failed,
            counts.rejected_total(),
            counts.score_rows
        ),
        (4, 1, 1, 1, 1, 8)
    );
}

#[test]
fn merged_strands_have_the_score_of_the_genes_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let request = IntervalRequest {
        merge_stranded: true,
        window: NonZeroU32::new(256),
        tracks: Some("name=p".to_owned()),
        ..request(folder, &["chr1:228-229"])
    };
    let out = folder.join("out");
    scoring(&request).run(&out, &|_| {}).unwrap();
    let batch = read(&out.join("interval_scores.parquet"));
    // The window of 256 bp around 228-229 begins at 100.
    assert_eq!(texts(&batch, "scored_interval")[0], Some("chr1:100-356:."));
    let raw = batch.column_by_name("raw_score").unwrap().as_primitive::<Float32Type>();
    assert_eq!(raw.values().to_vec(), [146.0 / 12.0, 297.5, 146.0, 1_190.0]);
    assert!(texts(&batch, "track_strand").iter().all(|strand| *strand == Some(".")));
}

#[test]
fn an_interval_that_is_shorter_than_a_scorer_is_rejected_and_a_window_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let wide = IntervalRequest {
        scorers: vec!["GeneMaskScorer(requested_output=RNA_SEQ, width=501, aggregation_type=SUM)".to_owned()],
        ..request(folder, &["chr1:101-356"])
    };
    let (manifest, unscored) = scoring(&wide).run(&folder.join("out"), &|_| {}).unwrap();
    assert_eq!(manifest.intervals.unwrap().rejected["shorter_than_scorer"], 1);
    assert!(
        unscored[0].reason.ends_with("is wider than the window of 256 bp"),
        "{unscored:?}"
    );
    let window = IntervalRequest {
        window: NonZeroU32::new(256),
        ..wide
    };
    let source = Box::new(ModelSource(Box::new(Offsets::new())));
    let error = IntervalScoring::prepare_with(source, &window, &|_| {}).err().unwrap();
    assert!(
        error.to_string().contains("is wider than the window of 256 bp"),
        "{error}"
    );
}

#[test]
fn a_run_that_cannot_go_on_leaves_a_folder_that_is_free() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let out = folder.join("out");
    let broken = request(folder, &["chr1:101-356", "chr1:701-956"]);
    let error = scoring(&broken).run(&out, &|_| {}).unwrap_err();
    assert!(matches!(error, PredictError::Source(_)), "{error}");
    assert!(!out.exists());
    let other = request(folder, &["chr1:101-356"]);
    scoring(&other).run(&out, &|_| {}).unwrap();
    // A finished folder of another work is refused, whatever would come of the work.
    let error = scoring(&broken).run(&out, &|_| {}).unwrap_err();
    assert!(matches!(error, PredictError::Folder(_)), "{error}");
}
