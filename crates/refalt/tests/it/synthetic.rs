//! A source of made-up scores in the shapes of the published human model, to measure and to test the engine with.
//!
//! It is no model: a score is a function of the variant's text, the scorer, the row and the track. Bits of the mantissa
//! are all random, so that nothing about the size on disk is flattering. Tracks are the published ones; every variant
//! has `genes` genes for each scorer by gene, every other one on `-`, and `junctions` junctions.

use refalt::core::Organism;
use refalt::core::backend::{ModelCard, WindowLengths};
use refalt::core::score::{Origin, ScoreBlock};
use refalt::core::scorer::{GeneRow, Needs, ScoreRows, ScoredGene};
use refalt::core::{
    Alternate, Annotation, CheckedVariant, ContigName, Dna, InMemoryReference, Interval, OutputType, Position, Strand,
    TrackSet, Variant,
};
use refalt::diagnostic::Diagnostic;
use refalt::engine::{InputRow, Plan, PlanOptions, RunIdentity, ScoreSource, SourceError, SourceJob, TableOptions};
use refalt::provenance::FileIdentity;
use refalt::track_catalogue::tracks;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Window length of the source, in bp; scores do not depend on it.
pub(crate) const WINDOW: NonZeroU32 = NonZeroU32::new(2048).unwrap();

/// A source of made-up scores.
pub(crate) struct Synthetic {
    card: ModelCard,
    genes: Vec<Arc<ScoredGene>>,
    junctions: u32,
    /// Variants that are still scored; afterwards the source fails for good.
    left: AtomicU64,
    /// Origins of the blocks, in turn: by the first base's place plus the scorer.
    pub(crate) origins: Vec<Arc<Origin>>,
    /// How long a batch takes beside making the scores.
    pub(crate) pause: Duration,
}

impl Synthetic {
    #[allow(dead_code, reason = "tests take fewer tracks")]
    pub(crate) fn new(genes: u32, junctions: u32) -> Self {
        Self::of_tracks(tracks(Organism::Human).to_vec(), genes, junctions)
    }

    pub(crate) fn of_tracks(outputs: Vec<TrackSet>, genes: u32, junctions: u32) -> Self {
        let gene = |index: u32| {
            Arc::new(ScoredGene {
                id: format!("ENSG{index:011}.{}", index + 1).into(),
                name: Some(format!("GENE{index}").into()),
                biotype: Some("protein_coding".into()),
                strand: Some(if index.is_multiple_of(2) {
                    Strand::Forward
                } else {
                    Strand::Reverse
                }),
            })
        };
        let origin = Origin {
            source: "made-up".to_owned(),
            model_version: "1".to_owned(),
            answered_on: None,
        };
        Self {
            origins: vec![Arc::new(origin.clone())],
            card: ModelCard {
                name: origin.source,
                version: origin.model_version,
                digest: "none".to_owned(),
                organism: "Homo sapiens".to_owned(),
                licence: "made-up numbers, of no meaning".to_owned(),
                citation: "none".to_owned(),
                lengths: WindowLengths::OneOf(vec![WINDOW]),
                outputs,
            },
            genes: (0..genes).map(gene).collect(),
            junctions,
            left: AtomicU64::new(u64::MAX),
            pause: Duration::ZERO,
        }
    }

    /// Fails for good after so many variants.
    #[allow(dead_code, reason = "the example does not fail")]
    pub(crate) fn failing_after(self, variants: u64) -> Self {
        self.left.store(variants, Ordering::SeqCst);
        self
    }

    /// Returns the origin of the scores of a job by the scorer of this number.
    pub(crate) fn origin(&self, variant: &CheckedVariant, scorer: usize) -> Arc<Origin> {
        let place = variant.position().one_based() as usize + scorer;
        Arc::clone(&self.origins[place % self.origins.len()])
    }

    fn rows(&self, needs: Needs, output: OutputType) -> ScoreRows {
        let row = |gene: &Arc<ScoredGene>, junction| GeneRow {
            gene: Arc::clone(gene),
            junction,
        };
        match (needs, output) {
            (Needs::Nothing, _) => ScoreRows::One,
            (_, OutputType::SpliceJunctions) => {
                let junction = |index: u32| {
                    let span = Interval::from_bed(1000 + index, 2000 + index);
                    row(&self.genes[index as usize % self.genes.len()], span)
                };
                ScoreRows::Genes((0..self.junctions).map(junction).collect())
            }
            _ => ScoreRows::Genes(self.genes.iter().map(|gene| row(gene, None)).collect()),
        }
    }
}

/// Scrambles a counter (SplitMix64).
fn scrambled(counter: u64) -> u64 {
    let z = counter.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Returns a score with a random sign, 23 random bits of mantissa and an exponent that halves in frequency with each
/// step down from 0.5, and a quantile of 24 random bits between -1 and 1.
fn numbers(bits: u64) -> (f32, f32) {
    let exponent = 126 - ((bits >> 24 & 0xffff) as u32 | 1 << 16).trailing_zeros();
    let raw = f32::from_bits(((bits >> 23 & 1) as u32) << 31 | exponent << 23 | (bits & 0x7f_ffff) as u32);
    (raw, (bits >> 40) as f32 / (1_u64 << 23) as f32 - 1.0)
}

impl ScoreSource for Synthetic {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn brings_genes(&self) -> bool {
        true
    }

    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        std::thread::sleep(self.pause);
        let score = |job: &SourceJob<'_>| {
            let left = self
                .left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if left.is_err() {
                return Err(SourceError::Fatal {
                    from: "made-up".to_owned(),
                    reason: "out of calls".to_owned(),
                    hint: None,
                });
            }
            let text = job.variant.to_string();
            let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
            let blocks = plan.planned().iter().enumerate().map(|(scorer, planned)| {
                let rows = self.rows(planned.scorer.needs(), planned.scorer.output());
                let count = rows.len() * planned.given.tracks.len();
                let first = seed ^ (scorer as u64) << 40;
                let numbers = (0..count as u64).map(|place| numbers(scrambled(first.wrapping_add(place))));
                let (raw, quantile): (Vec<f32>, Vec<f32>) = numbers.unzip();
                ScoreBlock {
                    scorer,
                    raw: planned.keep(&rows, raw),
                    quantile: Some(planned.keep(&rows, quantile)),
                    rows,
                    terms: None,
                    origin: self.origin(job.variant, scorer),
                }
            });
            Ok(blocks.collect())
        };
        jobs.iter().map(score).collect()
    }
}

/// Returns a genome of one contig that holds so many variants.
pub(crate) fn genome(variants: u32) -> InMemoryReference {
    let bases: Vec<u8> = (0..variants + 2 * WINDOW.get())
        .map(|place| b"ACGT"[(scrambled(u64::from(place)) % 4) as usize])
        .collect();
    InMemoryReference::of_contigs([("chr1", bases.as_slice())])
}

/// The input has no damage.
#[derive(Debug, thiserror::Error)]
#[error("none")]
pub(crate) struct Never;

impl Diagnostic for Never {}

/// Returns single-nucleotide variants of the genome at neighbouring bases.
pub(crate) fn variants(count: u32) -> impl Iterator<Item = Result<InputRow, Never>> + Send {
    (0..count).map(|index| {
        let place = index + WINDOW.get();
        let base = (scrambled(u64::from(place)) % 4) as usize;
        let variant = Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(place + 1).expect("a place after the first window"),
            reference_bases: Dna::parse(&b"ACGT"[base..=base]).expect("a base"),
            alternate: Alternate::Bases(Dna::parse(&b"CGTA"[base..=base]).expect("a base")),
        };
        Ok(InputRow {
            row: u64::from(index) + 1,
            line: u64::from(index) + 1,
            id: None,
            text: variant.to_string(),
            variant: Ok(variant),
            repair: None,
        })
    })
}

/// Makes a plan of every recommended scorer.
pub(crate) fn plan(source: &Synthetic, scorers: &[&str], table: TableOptions, rows_per_part: Option<u64>) -> Plan {
    let options = PlanOptions {
        scorers: scorers.iter().map(|&name| name.to_owned()).collect(),
        window: WINDOW,
        tracks: None,
        rows_per_part,
        annotation: None::<Arc<Annotation>>,
        table,
    };
    Plan::for_source(source, &options).expect("the source gives every output")
}

/// Names the run of a plan.
pub(crate) fn identity(plan: &Plan) -> RunIdentity {
    let file = |name: &str| FileIdentity {
        name: name.to_owned(),
        bytes: 1,
        sha256: "00".to_owned(),
    };
    let card = plan.card();
    RunIdentity {
        refalt: "made-up".to_owned(),
        variants: file("variants"),
        reading: Vec::new(),
        reference: file("genome"),
        assembly: "not proven".to_owned(),
        stated_assembly: None,
        annotation: None,
        model: [card.name.clone(), card.version.clone(), card.digest.clone()],
        scorers: plan.scorers().map(str::to_owned).collect(),
        tracks: None,
        tracks_given: None,
        quantiles: None,
        layout: plan.table().layout.name().to_owned(),
        terms: plan.table().terms,
        all_strands: !plan.table().match_gene_strand,
        merge_stranded: plan.table().merge_stranded,
        polya: None,
        window_bp: plan.window().get(),
        rows_per_part: plan.rows_per_part(),
    }
}
