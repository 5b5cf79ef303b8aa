//! A run over the TERT variants whose scores are those of a table.

use refalt::core::backend::{Answer, Backend, BackendError, ModelCard, Query, WindowLengths};
use refalt::core::{
    Alternate, ContigName, Dna, InMemoryReference, OutputType, Outputs, Position, Resolution, Track, TrackSet,
    TrackValues, Variant, Window, check,
};
use refalt::engine::{InputRow, Plan, PlanOptions, Predictor, RunIdentity, Setting, Silent, TableOptions, run};
use refalt::provenance::FileIdentity;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

const WINDOW_BP: NonZeroU32 = NonZeroU32::new(1024).unwrap();

/// First base of the shipped slice of chromosome 5 (1-based).
const SLICE_START: usize = 1_294_490;

pub(crate) const SIGNED: &str = "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_SUM)";
pub(crate) const UNSIGNED: &str = "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=L2_DIFF)";
pub(crate) const ACTIVITY: &str = "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=ACTIVE_SUM)";

/// Returns a path below the root of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The slice of chromosome 5 at its place; everything before it is N.
pub(crate) fn reference() -> InMemoryReference {
    let text = std::fs::read_to_string(repository("studies/tert/chr5_1294490_1296547.fa")).unwrap();
    let mut bases = vec![b'N'; SLICE_START - 1];
    bases.extend(text.lines().skip(1).flat_map(str::bytes));
    InMemoryReference::of_contigs([("chr5", bases.as_slice())])
}

/// The shipped slice of chromosome 5.
pub(crate) fn reference_path() -> PathBuf {
    repository("studies/tert/chr5_1294490_1296547.fa")
}

/// The identity that the runs here give for their reference.
pub(crate) fn reference_file() -> FileIdentity {
    FileIdentity::of(&reference_path()).unwrap()
}

pub(crate) fn snv(contig: &str, position: u32, reference: &str, alternate: &str) -> Variant {
    Variant {
        contig: ContigName::new(contig),
        position: Position::new(position).unwrap(),
        reference_bases: Dna::parse(reference.as_bytes()).unwrap(),
        alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
    }
}

/// A table of scores: names of tracks, and for each variant one score per track (NaN for none).
pub(crate) struct Scores {
    pub(crate) tracks: Vec<String>,
    pub(crate) variants: Vec<(Variant, Vec<f32>)>,
}

impl Scores {
    /// Reads `predictions.tsv`.
    pub(crate) fn of_fixture() -> Self {
        let path = repository("tests/data/validate/predictions.tsv");
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
        let tracks = lines.next().unwrap()[4..]
            .iter()
            .map(|name| (*name).to_owned())
            .collect();
        let variants = lines.map(|cells| {
            let score = |cell: &&str| {
                if cell.is_empty() {
                    f32::NAN
                } else {
                    cell.parse().unwrap()
                }
            };
            (
                snv(cells[0], cells[1].parse().unwrap(), cells[2], cells[3]),
                cells[4..].iter().map(score).collect(),
            )
        });
        Self {
            tracks,
            variants: variants.collect(),
        }
    }
}

/// Predicts nothing for REF and, for ALT, the scores of the table in the first bin asked for.
struct TableModel {
    card: ModelCard,
    /// Bases of the alternate window -> scores.
    scores_of_alternate: HashMap<Vec<u8>, Vec<f32>>,
}

impl TableModel {
    fn new(scores: &Scores, reference: &InMemoryReference) -> Self {
        let track = |name: &String| Track {
            name: name.clone(),
            transcription_factor: Some(format!("TF_{name}")),
            ..Track::default()
        };
        let scores_of_alternate = scores.variants.iter().filter_map(|(variant, scores)| {
            let checked = check(variant, reference).ok()?;
            let window = Window::around(checked.contig(), checked.reference_interval(), WINDOW_BP);
            let sequences = window.sequences(&checked, reference).unwrap();
            Some((sequences.alternate.as_bytes().to_vec(), scores.clone()))
        });
        Self {
            scores_of_alternate: scores_of_alternate.collect(),
            card: ModelCard {
                name: "table".to_owned(),
                version: "1".to_owned(),
                digest: "none".to_owned(),
                organism: "human".to_owned(),
                licence: "none".to_owned(),
                citation: "none".to_owned(),
                lengths: WindowLengths::OneOf(vec![WINDOW_BP]),
                outputs: vec![TrackSet {
                    output: OutputType::ChipTf,
                    resolution: Resolution::BP_128,
                    tracks: scores.tracks.iter().map(track).collect(),
                }],
            },
        }
    }
}

impl Backend for TableModel {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        let answer = |query: &Query<'_>| {
            let span = query.outputs[0].spans.hull();
            let tracks = self.card.outputs[0].tracks.len();
            let outputs = |scores: Option<&Vec<f32>>| {
                let mut values = vec![0.0; span.len() * tracks];
                if let Some(scores) = scores {
                    values[..tracks].copy_from_slice(scores);
                }
                Outputs::new([TrackValues::new(self.card.outputs[0].clone(), span, values).unwrap()])
            };
            Ok(Answer {
                reference: outputs(None),
                alternates: query
                    .alternates
                    .iter()
                    .map(|alternate| outputs(self.scores_of_alternate.get(alternate.as_bytes())))
                    .collect(),
            })
        };
        queries.iter().map(answer).collect()
    }
}

/// Scores the variants of a table into a folder.
pub(crate) fn score(out: &Path, scores: &Scores, scorers: &[&str]) {
    let reference = reference();
    let model = TableModel::new(scores, &reference);
    let options = PlanOptions {
        tracks: None,
        scorers: scorers.iter().map(|text| (*text).to_owned()).collect(),
        window: WINDOW_BP,
        // Several parts.
        rows_per_part: Some(300),
        annotation: None,
        table: TableOptions::default(),
    };
    let plan = Plan::new(model.card(), &options).unwrap();
    let card = plan.card();
    let identity = RunIdentity {
        tracks: None,
        tracks_given: None,
        quantiles: None,
        refalt: "test".to_owned(),
        variants: FileIdentity {
            name: "tert_variants.vcf".to_owned(),
            bytes: 1,
            sha256: "01".to_owned(),
        },
        reading: Vec::new(),
        reference: reference_file(),
        assembly: "not proven".to_owned(),
        stated_assembly: None,
        annotation: None,
        model: [card.name.clone(), card.version.clone(), card.digest.clone()],
        scorers: plan.scorers().map(str::to_owned).collect(),
        window_bp: WINDOW_BP.get(),
        rows_per_part: plan.rows_per_part(),
        layout: "tidy".to_owned(),
        terms: false,
        all_strands: false,
        merge_stranded: false,
        polya: None,
    };
    let rows = scores.variants.iter().zip(1..).map(|((variant, _), row)| {
        Ok::<_, Damaged>(InputRow {
            row,
            line: row,
            id: None,
            text: variant.to_string(),
            variant: Ok(variant.clone()),
            repair: None,
        })
    });
    let setting = Setting {
        plan: &plan,
        identity: &identity,
        assembly: &refalt::reference_assembly::AssemblyRecord::default(),
        reference: &reference,
        source: &Predictor(&model),
        out,
        threads: 2,
    };
    run(&setting, rows, &mut Silent).unwrap();
}

/// An error of a reader.
#[derive(Debug, thiserror::Error)]
#[error("line 7 is damaged")]
pub(crate) struct Damaged;

impl refalt::Diagnostic for Damaged {
    fn place(&self) -> Option<String> {
        Some("truth.tsv, line 7".to_owned())
    }
}
