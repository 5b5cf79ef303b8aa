//! The engine: order, accounting, resume, refusal.

use crate::folder_contents::files;
use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::core::backend::{Answer, Backend, BackendError, ModelCard, Query, WindowLengths};
use refalt::core::{
    Alternate, Bin, BinSpan, ContigName, Dna, InMemoryReference, OutputType, Outputs, Position, Resolution, Sequence,
    Track, TrackSet, TrackValues, Variant,
};
use refalt::diagnostic::Diagnostic;
use refalt::engine::{
    InputRow, Plan, PlanOptions, Predictor, RunError, RunIdentity, Setting, Silent, Summary, TableOptions, run,
};
use refalt::provenance::FileIdentity;
use refalt::reference_assembly::AssemblyRecord;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts letters in bins: track 0 counts G and C, track 1 counts A.
struct LetterCounter {
    card: ModelCard,
    /// Calls that are still answered; afterwards the model fails for good.
    calls_left: AtomicU64,
}

impl LetterCounter {
    fn new(calls_left: u64) -> Self {
        let track = |name: &str| Track {
            name: name.to_owned(),
            transcription_factor: Some(name.to_owned()),
            ..Track::default()
        };
        Self {
            card: ModelCard {
                name: "letters".to_owned(),
                version: "1".to_owned(),
                digest: "none".to_owned(),
                organism: "any".to_owned(),
                licence: "public domain".to_owned(),
                citation: "none".to_owned(),
                lengths: WindowLengths::OneOf(vec![NonZeroU32::new(256).unwrap()]),
                outputs: vec![TrackSet {
                    output: OutputType::ChipTf,
                    resolution: Resolution::BP_128,
                    tracks: [track("GC"), track("A")].into(),
                }],
            },
            calls_left: AtomicU64::new(calls_left),
        }
    }

    fn count(&self, sequence: &Sequence, span: BinSpan) -> Outputs {
        let mut values = Vec::new();
        for bin in span.start()..span.end() {
            let bases = &sequence.as_bytes()[bin * 128..(bin + 1) * 128];
            let number = |letters: &[u8]| bases.iter().filter(|base| letters.contains(base)).count() as f32;
            values.extend([number(b"GC"), number(b"A")]);
        }
        Outputs::new([TrackValues::new(self.card.outputs[0].clone(), span, values).unwrap()])
    }
}

impl Backend for LetterCounter {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        let answer = |query: &Query<'_>| {
            let left = self
                .calls_left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_err() {
                return Err(BackendError::Fatal {
                    model: "letters".to_owned(),
                    reason: "out of calls".to_owned(),
                });
            }
            let span = query.outputs[0].spans.hull();
            assert!(BinSpan::new(Bin::new(0), Bin::new(2)).covers(span));
            Ok(Answer {
                reference: self.count(query.reference, span),
                alternates: query
                    .alternates
                    .iter()
                    .map(|alternate| self.count(alternate, span))
                    .collect(),
            })
        };
        queries.iter().map(answer).collect()
    }
}

#[derive(Debug, thiserror::Error)]
#[error("line 7 is damaged")]
struct Damaged;

impl Diagnostic for Damaged {
    fn place(&self) -> Option<String> {
        Some("variants.tsv, line 7".to_owned())
    }
}

const GENOME_LENGTH: u32 = 2000;

fn genome() -> Vec<u8> {
    // A fixed walk over the four letters without long repeats.
    (0..GENOME_LENGTH)
        .map(|i| b"ACGT"[((i * i + i / 3) % 4) as usize])
        .collect()
}

fn rows(count: u32) -> Vec<Result<InputRow, Damaged>> {
    let genome = genome();
    (0..count)
        .map(|index| {
            let position = 300 + (index * 7) % 1400;
            let base = genome[position as usize - 1];
            // Every tenth row has a REF that the genome does not have.
            let reference = if index % 10 == 9 { other(base) } else { base };
            let variant = Variant {
                contig: ContigName::new("1"),
                position: Position::new(position).unwrap(),
                reference_bases: Dna::parse(&[reference]).unwrap(),
                alternate: Alternate::Bases(Dna::parse(&[other(reference)]).unwrap()),
            };
            Ok(InputRow {
                row: u64::from(index) + 1,
                line: u64::from(index) + 2,
                id: None,
                text: variant.to_string(),
                variant: Ok(variant),
                repair: None,
            })
        })
        .collect()
}

fn other(base: u8) -> u8 {
    if base == b'A' { b'G' } else { b'A' }
}

fn options() -> PlanOptions {
    PlanOptions {
        tracks: None,
        scorers: vec!["CHIP_TF".to_owned(), "CHIP_TF_ACTIVE".to_owned()],
        window: NonZeroU32::new(256).unwrap(),
        rows_per_part: Some(30),
        annotation: None,
        table: TableOptions::default(),
    }
}

fn identity(plan: &Plan) -> RunIdentity {
    let file = |name: &str| FileIdentity {
        name: name.to_owned(),
        bytes: 1,
        sha256: "00".to_owned(),
    };
    RunIdentity {
        tracks: plan.selection().map(ToString::to_string),
        tracks_given: plan.selection_given().map(str::to_owned),
        quantiles: None,
        refalt: "test".to_owned(),
        variants: file("variants.tsv"),
        reading: Vec::new(),
        reference: file("genome.fa"),
        assembly: "not proven".to_owned(),
        stated_assembly: None,
        annotation: None,
        model: [
            plan.card().name.clone(),
            plan.card().version.clone(),
            plan.card().digest.clone(),
        ],
        scorers: plan.scorers().map(str::to_owned).collect(),
        window_bp: plan.window().get(),
        rows_per_part: plan.rows_per_part(),
        layout: "tidy".to_owned(),
        terms: false,
        all_strands: false,
        merge_stranded: false,
        polya: None,
    }
}

fn score(out: &Path, rows: Vec<Result<InputRow, Damaged>>, calls: u64, threads: usize) -> Result<Summary, RunError> {
    let genome = genome();
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let backend = LetterCounter::new(calls);
    score_with(&options(), &reference, &backend, out, rows, threads)
}

fn score_with(
    options: &PlanOptions,
    reference: &InMemoryReference,
    backend: &LetterCounter,
    out: &Path,
    rows: Vec<Result<InputRow, Damaged>>,
    threads: usize,
) -> Result<Summary, RunError> {
    let plan = Plan::new(backend.card(), options).unwrap();
    let identity = identity(&plan);
    let setting = Setting {
        plan: &plan,
        identity: &identity,
        assembly: &AssemblyRecord::default(),
        reference,
        source: &Predictor(backend),
        out,
        threads,
    };
    run(&setting, rows.into_iter(), &mut Silent)
}

/// Returns the scores of a folder with their tracks, in the order of the table.
fn scores_of(folder: &Path) -> Vec<(String, u32)> {
    let mut scores = Vec::new();
    let mut parts: Vec<_> = std::fs::read_dir(folder.join("scores"))
        .unwrap()
        .map(|part| part.unwrap().path())
        .collect();
    parts.sort();
    for part in parts {
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(part).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            let batch = batch.unwrap();
            let tracks = batch.column_by_name("track_name").unwrap().as_string::<i32>();
            let raw = batch.column_by_name("raw_score").unwrap().as_primitive::<Float32Type>();
            scores.extend((0..batch.num_rows()).map(|row| (tracks.value(row).to_owned(), raw.value(row).to_bits())));
        }
    }
    scores
}

#[test]
fn selected_tracks_have_the_scores_that_they_have_among_all() {
    let (all, selected) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    score(all.path(), rows(100), u64::MAX, 2).unwrap();
    let genome = genome();
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let backend = LetterCounter::new(u64::MAX);
    let options = |tracks: &str| PlanOptions {
        tracks: Some(tracks.to_owned()),
        ..options()
    };
    let run = |tracks: &str| score_with(&options(tracks), &reference, &backend, selected.path(), rows(100), 2);
    let summary = run("chip_tf & TF = a").unwrap();
    assert_eq!(
        summary.manifest.identity.tracks.as_deref(),
        Some("output=CHIP_TF & tf=A")
    );
    assert_eq!(
        summary
            .manifest
            .scorers
            .iter()
            .map(|scorer| scorer.tracks)
            .collect::<Vec<_>>(),
        [1, 1]
    );
    let mut expected = scores_of(all.path());
    expected.retain(|(track, _)| track == "A");
    assert_eq!(expected.len(), 180);
    assert_eq!(scores_of(selected.path()), expected);
    let sets = refalt::engine::track_table::read(&selected.path().join("tracks.parquet")).unwrap();
    assert_eq!(sets.len(), 1);
    assert_eq!(sets[0].resolution, Resolution::BP_128);
    assert_eq!(sets[0].tracks.to_vec(), [backend.card.outputs[0].tracks[1].clone()]);
    assert_eq!(
        summary.manifest.identity.tracks_given.as_deref(),
        Some("chip_tf & TF = a")
    );
    // The same selection in other words is the same run, and keeps the words of the first.
    let again = run("tf in {A, a} & output=CHIP_TF").unwrap();
    assert_eq!(again.manifest, summary.manifest);
    // Another selection is another run.
    let error = run("tf=GC").unwrap_err().to_string();
    assert!(error.contains("tracks"), "{error}");
    // A word without a field is told and recorded.
    let words = tempfile::tempdir().unwrap();
    let summary = score_with(&options("GC"), &reference, &backend, words.path(), rows(10), 1).unwrap();
    assert_eq!(
        summary.manifest.track_statements,
        ["`GC` is the tf of 1 track, and the name of 1 track"]
    );
}

#[test]
fn a_selection_that_takes_nothing_is_refused_before_anything_runs() {
    let backend = LetterCounter::new(0);
    let refused = |tracks: &str| {
        let options = PlanOptions {
            tracks: Some(tracks.to_owned()),
            ..options()
        };
        let error = Plan::new(backend.card(), &options).map(|_| ()).unwrap_err();
        (error.to_string(), error.place())
    };
    assert_eq!(
        refused("tf=GCA").0,
        "the run cannot start: no exact match for tf=`GCA`; nearest are GC (1 track), A (1 track), among the tracks that \
         the scorers read"
    );
    assert_eq!(
        refused("DNASE").0,
        "the run cannot start: none of the tracks is DNASE; there are CHIP_TF (2 tracks), among the tracks that the \
         scorers read"
    );
    let (message, place) = refused("tf=");
    assert!(
        message.contains("expected a value after `tf=`, found the end"),
        "{message}"
    );
    assert_eq!(place.unwrap(), "the selection, column 4\n      tf=\n         ^");
}

#[test]
fn every_row_in_is_accounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let summary = score(folder.path(), rows(250), u64::MAX, 2).unwrap();
    let counts = &summary.manifest.counts;
    // 250 rows: 25 with a foreign REF; positions repeat after 200 rows, so the last 50 hold 45 duplicates.
    assert_eq!((counts.rows, counts.rejected_total(), counts.duplicate), (250, 25, 45));
    assert_eq!(counts.rejected["ref_mismatch"], 25);
    assert_eq!(counts.scored, 250 - 25 - 45);
    // Two scorers of two tracks.
    assert_eq!(summary.manifest.score_rows, counts.scored * 4);
    assert!(!folder.path().join("ledger").exists());
}

#[test]
fn threads_do_not_change_a_byte() {
    let (one, four) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    score(one.path(), rows(250), u64::MAX, 1).unwrap();
    score(four.path(), rows(250), u64::MAX, 4).unwrap();
    assert_eq!(files(one.path()), files(four.path()));
}

#[test]
fn a_run_that_failed_goes_on_and_ends_with_the_same_bytes() {
    let whole = tempfile::tempdir().unwrap();
    score(whole.path(), rows(250), u64::MAX, 2).unwrap();
    let expected = files(whole.path());
    for calls in [0, 1, 40, 64, 100, 129, 179] {
        let folder = tempfile::tempdir().unwrap();
        let error = score(folder.path(), rows(250), calls, 2).unwrap_err();
        assert!(matches!(error, RunError::Source(_)), "{error}");
        assert!(!folder.path().join("manifest.json").exists());
        let summary = score(folder.path(), rows(250), u64::MAX, 3).unwrap();
        assert_eq!(files(folder.path()), expected, "after {calls} calls");
        assert_eq!(summary.resumed_rows % 30, 0);
    }
}

#[test]
fn a_finished_run_is_not_run_again() {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), rows(50), u64::MAX, 2).unwrap();
    // No call is left, so a second run would fail if it asked the model.
    let summary = score(folder.path(), rows(50), 0, 2).unwrap();
    assert_eq!(summary.resumed_rows, 50);
}

#[test]
fn damaged_input_stops_the_run_and_keeps_what_was_done() {
    let folder = tempfile::tempdir().unwrap();
    let mut damaged = rows(100);
    damaged[95] = Err(Damaged);
    let error = score(folder.path(), damaged, u64::MAX, 2).unwrap_err();
    assert_eq!(error.to_string(), "line 7 is damaged");
    assert_eq!(error.place().unwrap(), "variants.tsv, line 7");
    let summary = score(folder.path(), rows(100), u64::MAX, 2).unwrap();
    assert_eq!(summary.manifest.counts.rows, 100);
}

#[test]
fn another_input_does_not_resume_and_the_difference_is_named() {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), rows(50), u64::MAX, 2).unwrap();
    let genome = genome();
    let reference = InMemoryReference::of_contigs([("chr1", genome.as_slice())]);
    let backend = LetterCounter::new(u64::MAX);
    let plan = Plan::new(backend.card(), &options()).unwrap();
    let mut changed = identity(&plan);
    changed.variants.sha256 = "11".to_owned();
    let setting = Setting {
        plan: &plan,
        identity: &changed,
        assembly: &AssemblyRecord::default(),
        reference: &reference,
        source: &Predictor(&backend),
        out: folder.path(),
        threads: 1,
    };
    let error = run(&setting, rows(50).into_iter(), &mut Silent).unwrap_err();
    assert!(
        error.to_string().contains("variants.sha256 was `00`, here it is `11`"),
        "{error}"
    );
}

#[test]
fn a_corrupt_part_is_found_named_and_computed_again_when_removed() {
    let folder = tempfile::tempdir().unwrap();
    score(folder.path(), rows(250), 100, 1).unwrap_err();
    let part = folder.path().join("scores/part-000001.parquet");
    let mut bytes = std::fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&part, bytes).unwrap();
    let error = score(folder.path(), rows(250), u64::MAX, 1).unwrap_err();
    assert!(error.to_string().contains("part-000001.parquet"), "{error}");
    assert!(error.hint().unwrap().contains("only that part"), "{:?}", error.hint());
    std::fs::remove_file(&part).unwrap();
    std::fs::remove_file(folder.path().join("ledger/part-000001.json")).unwrap();
    let summary = score(folder.path(), rows(250), u64::MAX, 1).unwrap();
    // 100 calls finish three parts of 30 rows with 27 calls each; one of the three was removed.
    assert_eq!(summary.resumed_rows, 60);
    let whole = tempfile::tempdir().unwrap();
    score(whole.path(), rows(250), u64::MAX, 2).unwrap();
    assert_eq!(files(folder.path()), files(whole.path()));
}

#[test]
fn all_problems_of_a_plan_come_together() {
    let backend = LetterCounter::new(0);
    let options = PlanOptions {
        tracks: None,
        scorers: vec!["CHIP_TFF".to_owned(), "DNASE".to_owned()],
        window: NonZeroU32::new(300).unwrap(),
        rows_per_part: None,
        annotation: None,
        table: TableOptions::default(),
    };
    let Err(error) = Plan::new(backend.card(), &options) else {
        panic!("the plan cannot hold");
    };
    assert_eq!(error.problems.len(), 3, "{error}");
}
