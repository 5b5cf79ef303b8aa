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
use refalt::engine::{InputRow, Plan, PlanOptions, Predictor, RunIdentity, Setting, Silent, TableOptions, run};
use refalt::provenance::FileIdentity;
use refalt::reference_assembly::AssemblyRecord;
use std::num::NonZeroU32;
use std::path::Path;
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
        table: TableOptions::default(),
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

/// Runs a plan over A>C at some positions and returns the score table.
fn run_plan(plan: &Plan, backend: &Constant, out: &Path, positions: &[u32]) -> arrow::record_batch::RecordBatch {
    let genome = vec![b'A'; 2000];
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let file = FileIdentity {
        name: "none".to_owned(),
        bytes: 1,
        sha256: "00".to_owned(),
    };
    let identity = RunIdentity {
        tracks: plan.selection().map(ToString::to_string),
        tracks_given: plan.selection_given().map(str::to_owned),
        quantiles: None,
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
        layout: "tidy".to_owned(),
        terms: false,
        all_strands: false,
        merge_stranded: false,
        polya: None,
    };
    let setting = Setting {
        plan,
        identity: &identity,
        reference: &reference,
        assembly: &AssemblyRecord::default(),
        source: &Predictor(backend),
        out,
        threads: 1,
    };
    run(&setting, rows(positions).into_iter(), &mut Silent).unwrap();

    let scores = out.join("scores");
    let part = std::fs::read_dir(scores).unwrap().next().unwrap().unwrap().path();
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(part).unwrap()).unwrap();
    reader.build().unwrap().next().unwrap().unwrap()
}

#[test]
fn genes_are_rows_in_the_order_of_the_tidy_table() {
    let folder = tempfile::tempdir().unwrap();
    let backend = Constant::new();
    let center = "CenterMaskScorer(requested_output=RNA_SEQ, width=501, aggregation_type=DIFF_MEAN)";
    let plan = Plan::new(backend.card(), &options(&["RNA_SEQ", center], Some(annotation()))).unwrap();
    // The second variant has no gene in its window.
    let batch = run_plan(&plan, &backend, folder.path(), &[500, 1500]);
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
    let sites = sites.unwrap();
    assert!(sites.to_string().contains("needs sites of polyadenylation"));
    assert!(sites.hint().unwrap().contains("--polya"));
}

#[test]
fn a_refused_plan_says_which_file_or_scorer_to_give() {
    let backend = Constant::new();
    let hint = |scorers: &[&str]| {
        Plan::new(backend.card(), &options(scorers, None))
            .err()
            .unwrap()
            .hint()
            .unwrap()
    };
    assert!(hint(&["RNA_SEQ"]).contains("--genes"));
    assert_eq!(
        hint(&["CHIP_TF"]),
        "the model can serve RNA_SEQ, RNA_SEQ_ACTIVE, POLYADENYLATION"
    );
    assert!(hint(&["RNASEQ"]).starts_with("is `RNA_SEQ`"));
}

#[test]
fn recommended_stands_for_what_the_model_can_serve_and_names_the_rest() {
    let backend = Constant::new();
    let plan = Plan::new(backend.card(), &options(&["recommended"], Some(annotation()))).unwrap();
    let names: Vec<&str> = plan.planned().iter().map(|planned| planned.name()).collect();
    assert_eq!(names, ["RNA_SEQ", "RNA_SEQ_ACTIVE"]);
    assert_eq!(plan.passed_over().len(), 17);
    let told = |name: &str| {
        plan.passed_over()
            .iter()
            .find(|other| other.scorer == name)
            .unwrap()
            .to_string()
    };
    assert_eq!(told("DNASE"), "DNASE (the model gives no DNASE)");
    assert_eq!(
        told("POLYADENYLATION"),
        "POLYADENYLATION (it needs sites of polyadenylation)"
    );
    let none = Plan::new(backend.card(), &options(&["recommended"], None))
        .err()
        .unwrap();
    assert!(
        none.to_string().contains("RNA_SEQ (it needs a gene annotation)"),
        "{none}"
    );
}

#[test]
fn terms_stand_beside_the_score_that_is_made_of_them() {
    let backend = Constant::new();
    let options = |scorers: &[&str]| PlanOptions {
        table: TableOptions {
            terms: true,
            ..TableOptions::default()
        },
        ..options(scorers, Some(annotation()))
    };
    let sizes = "CenterMaskScorer(requested_output=RNA_SEQ, width=501, aggregation_type=L2_DIFF)";
    let error = Plan::new(backend.card(), &options(&["RNA_SEQ", sizes])).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!("the run cannot start: the score of `{sizes}` is not made of a term of REF and a term of ALT")
    );

    let means = "CenterMaskScorer(requested_output=RNA_SEQ, width=501, aggregation_type=DIFF_MEAN)";
    let plan = Plan::new(backend.card(), &options(&["RNA_SEQ", "RNA_SEQ_ACTIVE", means])).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let batch = run_plan(&plan, &backend, folder.path(), &[500]);
    let column = |name: &str| {
        batch
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Float32Type>()
            .clone()
    };
    let (raw, reference, alternate) = (column("raw_score"), column("reference_term"), column("alternate_term"));
    for row in 0..batch.num_rows() {
        // REF is 1 at every base, and ALT 3, 7 or 15: ln(x + 0.001), x, x.
        let scorer = text(&batch, "variant_scorer", row).unwrap();
        let mean = match text(&batch, "track_strand", row).unwrap().as_str() {
            "+" => 3.0,
            "-" => 7.0,
            _ => 15.0_f64,
        };
        let of_genes = scorer == "GeneMaskLFCScorer(requested_output=RNA_SEQ)";
        let term = |mean: f64| if of_genes { (mean + 0.001).ln() } else { mean };
        assert_eq!(reference.value(row), term(1.0) as f32, "{scorer}");
        assert_eq!(alternate.value(row), term(mean) as f32, "{scorer}");
        let (r, a) = (reference.value(row), alternate.value(row));
        let made = if scorer.contains("Active") { r.max(a) } else { a - r };
        assert!((made - raw.value(row)).abs() <= 1e-6 * made.abs(), "{scorer}: {made}");
    }
}
