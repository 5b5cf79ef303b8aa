//! Scores by gene through the engine: which rows there are, in which order, and what a plan without annotation says.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Float32Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::core::annotation::{GeneAttributes, Place, TranscriptAttributes};
use refalt::core::backend::{Answer, Backend, BackendError, ModelCard, Query, WindowLengths};
use refalt::core::{
    Alternate, Annotation, AnnotationBuilder, ContigName, Dna, InMemoryReference, Interval, OutputType, Outputs,
    Position, Resolution, Strand, Track, TrackSet, TrackValues, Variant,
};
use refalt::diagnostic::Diagnostic;
use refalt::engine::{InputRow, Plan, PlanOptions, RunIdentity, Setting, Silent, run};
use refalt::provenance::FileIdentity;
use refalt::reference_assembly::AssemblyRecord;
use std::num::NonZeroU32;
use std::sync::Arc;

/// The input of these tests has no damage.
#[derive(Debug, thiserror::Error)]
#[error("none")]
struct Never;

impl Diagnostic for Never {}

/// Predicts 1 for REF and 3, 7, 15 for ALT on the tracks `+`, `-` and `.`, at every base.
struct Constant(ModelCard);

impl Constant {
    fn new() -> Self {
        let track = |(name, strand): (&str, Option<Strand>)| Track {
            name: name.to_owned(),
            strand,
            ..Track::default()
        };
        let tracks = [("p", Some(Strand::Forward)), ("m", Some(Strand::Reverse)), ("u", None)].map(track);
        Self(ModelCard {
            name: "constant".to_owned(),
            version: "1".to_owned(),
            digest: "none".to_owned(),
            organism: "any".to_owned(),
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

impl Backend for Constant {
    fn card(&self) -> &ModelCard {
        &self.0
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        let answer = |query: &Query<'_>| {
            let spans = &query.outputs[0].spans;
            let outputs = |row: [f32; 3]| {
                let values = TrackValues::new(self.0.outputs[0].clone(), spans.clone(), row.repeat(spans.len()));
                Outputs::new([values.unwrap()])
            };
            Ok(Answer {
                reference: outputs([1.0; 3]),
                alternates: query.alternates.iter().map(|_| outputs([3.0, 7.0, 15.0])).collect(),
            })
        };
        queries.iter().map(answer).collect()
    }
}

/// A gene on each strand near base 500; the gene on `-` comes first in the table.
fn annotation() -> Annotation {
    let mut builder = AnnotationBuilder::default();
    for (id, strand) in [("M.2", Strand::Reverse), ("P.1", Strand::Forward)] {
        let place = Place {
            contig: "1",
            strand,
            span: Interval::from_bed(450, 550).unwrap(),
        };
        let gene = GeneAttributes {
            id,
            name: Some(id),
            biotype: Some("lncRNA"),
        };
        let transcript = TranscriptAttributes {
            id,
            ..TranscriptAttributes::default()
        };
        builder.exon(gene, transcript, place).unwrap();
    }
    builder.build().unwrap()
}

fn options(scorers: &[&str], annotation: Option<Annotation>) -> PlanOptions {
    PlanOptions {
        tracks: None,
        scorers: scorers.iter().map(|&scorer| scorer.to_owned()).collect(),
        window: NonZeroU32::new(256).unwrap(),
        rows_per_part: None,
        annotation: annotation.map(Arc::new),
    }
}

fn rows(positions: &[u32]) -> Vec<Result<InputRow, Never>> {
    let row = |(index, &position): (usize, &u32)| {
        let variant = Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(position).unwrap(),
            reference_bases: Dna::parse(b"A").unwrap(),
            alternate: Alternate::Bases(Dna::parse(b"C").unwrap()),
        };
        Ok(InputRow {
            row: index as u64 + 1,
            line: index as u64 + 1,
            id: None,
            text: variant.to_string(),
            variant: Ok(variant),
            repair: None,
        })
    };
    positions.iter().enumerate().map(row).collect()
}

fn text(batch: &arrow::record_batch::RecordBatch, column: &str, row: usize) -> Option<String> {
    let column = batch.column_by_name(column).unwrap();
    let column = arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8).unwrap();
    let texts = column.as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row).to_owned())
}

#[test]
fn genes_are_rows_in_the_order_of_the_tidy_table() {
    let folder = tempfile::tempdir().unwrap();
    let genome = vec![b'A'; 2000];
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let backend = Constant::new();
    let center = "CenterMaskScorer(requested_output=RNA_SEQ, width=501, aggregation_type=DIFF_MEAN)";
    let plan = Plan::new(backend.card(), &options(&["RNA_SEQ", center], Some(annotation()))).unwrap();
    let file = FileIdentity {
        name: "none".to_owned(),
        bytes: 1,
        sha256: "00".to_owned(),
    };
    let identity = RunIdentity {
        tracks: plan.selection().map(ToString::to_string),
        refalt: "test".to_owned(),
        variants: file.clone(),
        reading: Vec::new(),
        reference: file,
        assembly: "not proven".to_owned(),
        stated_assembly: None,
        annotation: None,
        model: ["constant", "1", "none"].map(str::to_owned),
        scorers: plan.scorers().map(str::to_owned).collect(),
        window_bp: 256,
        rows_per_part: plan.rows_per_part(),
    };
    let setting = Setting {
        plan: &plan,
        identity: &identity,
        reference: &reference,
        assembly: &AssemblyRecord::default(),
        backend: &backend,
        out: folder.path(),
        threads: 1,
    };
    // The second variant has no gene in its window.
    run(&setting, rows(&[500, 1500]).into_iter(), &mut Silent).unwrap();

    let scores = folder.path().join("scores");
    let part = std::fs::read_dir(scores).unwrap().next().unwrap().unwrap().path();
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(part).unwrap()).unwrap();
    let batch = reader.build().unwrap().next().unwrap().unwrap();
    let raw = batch.column_by_name("raw_score").unwrap().as_primitive::<Float32Type>();
    let found: Vec<(String, Option<String>, String, f32)> = (0..batch.num_rows())
        .map(|row| {
            let strand = text(&batch, "track_strand", row).unwrap();
            assert!(text(&batch, "gene_type", row).is_none_or(|biotype| biotype == "lncRNA"));
            (
                text(&batch, "variant_id", row).unwrap(),
                text(&batch, "gene_id", row),
                strand,
                raw.value(row),
            )
        })
        .collect();
    let (one, two) = ("chr1:500:A>C", "chr1:1500:A>C");
    // ln((mean + 0.001) / (1 + 0.001)), and mean - 1.
    let lfc = |mean: f64| ((mean + 0.001) / 1.001).ln() as f32;
    let expected = [
        (one, Some("P"), "+", lfc(3.0)),
        (one, Some("M"), "-", lfc(7.0)),
        (one, Some("M"), ".", lfc(15.0)),
        (one, Some("P"), ".", lfc(15.0)),
        (one, None, "+", 2.0),
        (one, None, "-", 6.0),
        (one, None, ".", 14.0),
        (two, None, "+", 2.0),
        (two, None, "-", 6.0),
        (two, None, ".", 14.0),
    ];
    assert_eq!(found.len(), expected.len());
    for (found, (variant, gene, strand, score)) in found.iter().zip(expected) {
        assert_eq!(
            (found.0.as_str(), found.1.as_deref(), found.2.as_str()),
            (variant, gene, strand)
        );
        assert!((found.3 - score).abs() < 1e-6, "{found:?} {score}");
    }
    let junctions = batch.column_by_name("junction_Start").unwrap();
    assert_eq!(junctions.null_count(), batch.num_rows());
}

#[test]
fn a_scorer_by_gene_without_annotation_is_refused_with_the_other_problems() {
    let backend = Constant::new();
    let error = Plan::new(
        backend.card(),
        &options(&["RNA_SEQ", "POLYADENYLATION", "CHIP_TF"], None),
    )
    .err();
    assert_eq!(
        error.unwrap().to_string(),
        "the run cannot start: the scorer `RNA_SEQ` needs a gene annotation, and none is given; the scorer \
         `POLYADENYLATION` needs a gene annotation, and none is given; the scorer `CHIP_TF` reads CHIP_TF, which the \
         model `constant` does not give; it gives RNA_SEQ"
    );
    let sites = Plan::new(backend.card(), &options(&["POLYADENYLATION"], Some(annotation()))).err();
    assert!(sites.unwrap().to_string().contains("needs sites of polyadenylation"));
}
