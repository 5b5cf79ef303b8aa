//! Validation of scores by gene and junction: which effect a score is compared with, and what stands for several.

use crate::synthetic::{Never, WINDOW, genome, identity, variants};
use refalt::core::backend::{ModelCard, WindowLengths};
use refalt::core::score::ScoreBlock;
use refalt::core::scorer::{GeneRow, ScoreRows, ScoredGene};
use refalt::core::{Interval, OutputType, Strand, Track, TrackSet};
use refalt::diagnostic::Diagnostic;
use refalt::engine::{Plan, PlanOptions, ScoreSource, Setting, Silent, SourceError, SourceJob, TableOptions, run};
use refalt::reference_assembly::AssemblyRecord;
use refalt::validate::{
    AnalysisColumns, Collapse, NamedVariant, TruthColumns, TruthRow, ValidateError, ValidateInput, ValidateOptions,
    Validation, validate,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const VARIANTS: u32 = 6;

/// Scores of the six variants: by gene A, by gene B, and by no gene.
const A: [f32; 6] = [0.5, -1.0, 0.25, 2.0, -0.75, 0.1];
const B: [f32; 6] = [-0.6, 0.2, -0.25, f32::NAN, 0.8, -3.0];
const PLACE: [f32; 6] = [1.0, 2.0, -1.0, 0.5, 0.0, 3.0];

/// Gives the scores above on the track `t`, and on the track `half` half of them.
struct ByGene {
    card: ModelCard,
    genes: [Arc<ScoredGene>; 2],
    /// The jobs that have come; there is one thread, so they come in order.
    job: AtomicUsize,
}

impl ByGene {
    fn new() -> Self {
        let gene = |id: &str| {
            Arc::new(ScoredGene {
                id: id.into(),
                name: None,
                biotype: None,
                strand: Some(Strand::Forward),
            })
        };
        let track = |name: &str| Track {
            name: name.to_owned(),
            ..Track::default()
        };
        let set = |output: OutputType| TrackSet {
            output,
            resolution: output.resolution(),
            tracks: ["t", "half"].map(track).into(),
        };
        Self {
            card: ModelCard {
                name: "by-gene".to_owned(),
                version: "1".to_owned(),
                digest: "none".to_owned(),
                organism: "Homo sapiens".to_owned(),
                licence: "none".to_owned(),
                citation: "none".to_owned(),
                lengths: WindowLengths::OneOf(vec![WINDOW]),
                outputs: [OutputType::Dnase, OutputType::RnaSeq, OutputType::SpliceJunctions]
                    .map(set)
                    .into(),
            },
            genes: [gene("ENSG01.4"), gene("ENSG02.1")],
            job: AtomicUsize::new(0),
        }
    }

    fn rows(&self, output: OutputType, job: usize) -> (ScoreRows, Vec<f32>) {
        let row = |gene: usize, junction| GeneRow {
            gene: Arc::clone(&self.genes[gene]),
            junction,
        };
        let (rows, scores) = match output {
            OutputType::Dnase => (ScoreRows::One, vec![PLACE[job]]),
            OutputType::RnaSeq => (ScoreRows::Genes(vec![row(0, None), row(1, None)]), vec![A[job], B[job]]),
            _ => {
                let junction = |start| Interval::from_bed(start, 900);
                let rows = vec![row(0, junction(100)), row(0, junction(200)), row(1, junction(300))];
                // Of gene A the second junction is the stronger.
                (ScoreRows::Genes(rows), vec![A[job] / 4.0, A[job], B[job]])
            }
        };
        (rows, scores.iter().flat_map(|score| [*score, score / 2.0]).collect())
    }
}

impl ScoreSource for ByGene {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn brings_genes(&self) -> bool {
        true
    }

    fn score(&self, plan: &Plan, jobs: &[SourceJob<'_>]) -> Vec<Result<Vec<ScoreBlock>, SourceError>> {
        let blocks = |_: &SourceJob<'_>| {
            let job = self.job.fetch_add(1, Ordering::SeqCst) % VARIANTS as usize;
            let block = |(scorer, planned): (usize, &refalt::engine::PlannedScorer)| {
                let (rows, raw) = self.rows(planned.scorer.output(), job);
                ScoreBlock {
                    scorer,
                    rows,
                    raw,
                    quantile: None,
                    terms: None,
                    origin: Arc::new(refalt::engine::origin(&self.card, None)),
                }
            };
            Ok(plan.planned().iter().enumerate().map(block).collect())
        };
        jobs.iter().map(blocks).collect()
    }
}

/// Scores the six variants and validates them against a table.
///
/// * `truth`: place of the variant, gene, effect.
fn validated(
    scorers: &[&str],
    by_gene: bool,
    collapse: Option<Collapse>,
    truth: &[(usize, Option<&str>, f32)],
) -> Result<Validation, ValidateError> {
    let folder = tempfile::tempdir().unwrap();
    let source = ByGene::new();
    let options = PlanOptions {
        scorers: scorers.iter().map(|&name| name.to_owned()).collect(),
        window: WINDOW,
        tracks: None,
        rows_per_part: None,
        annotation: None,
        table: TableOptions::default(),
    };
    let plan = Plan::for_source(&source, &options).unwrap();
    let (reference, identity) = (genome(VARIANTS), identity(&plan));
    let setting = Setting {
        plan: &plan,
        identity: &identity,
        assembly: &AssemblyRecord::default(),
        reference: &reference,
        source: &source,
        out: folder.path(),
        threads: 1,
    };
    run(&setting, variants(VARIANTS), &mut Silent).unwrap();

    let variants: Vec<_> = variants(VARIANTS).map(|row| row.unwrap().variant.unwrap()).collect();
    let rows = truth.iter().zip(2..).map(|((variant, gene, effect), line)| {
        let mut cells = vec![Some(effect.to_string())];
        cells.extend(by_gene.then(|| gene.map(str::to_owned)));
        Ok::<_, Never>(TruthRow {
            line,
            text: variants[*variant].to_string(),
            variant: Ok(variants[*variant].clone()),
            cells,
        })
    });
    let input = ValidateInput {
        run: folder.path(),
        against: &[],
        reference: &reference,
        reference_file: &identity.reference,
        truth_file: &identity.variants,
        columns: &TruthColumns {
            effect: "beta".to_owned(),
            effect_allele: None,
            experiment: None,
            gene: by_gene.then(|| "gene".to_owned()),
            keep: Vec::new(),
            labels: Vec::new(),
            analysis: AnalysisColumns::default(),
        },
        named: &[NamedVariant {
            name: "first".to_owned(),
            variant: Ok(variants[0].clone()),
        }],
        named_file: None,
        genes: None,
    };
    let options = ValidateOptions {
        permutations: 0,
        replicates: 0,
        collapse,
        ..ValidateOptions::default()
    };
    let validation = validate(&input, rows, &options, 1)?;
    validation.write(&folder.path().join("validate")).unwrap();
    let joined = std::fs::read_to_string(folder.path().join("validate/joined.tsv")).unwrap();
    assert_eq!(joined.lines().count(), 1 + validation.joined.variants.len());
    let columns = |line: &str| line.split('\t').count();
    assert!(
        joined
            .lines()
            .all(|line| columns(line) == columns(joined.lines().next().unwrap()))
    );
    Ok(validation)
}

/// The predicted values of a column, one for each joined row.
fn column(found: &Validation, heading: &str) -> Vec<Option<f64>> {
    let headings: Vec<String> = found.joined.columns.iter().map(|column| column.heading()).collect();
    let place = headings.iter().position(|known| known == heading);
    let place = place.unwrap_or_else(|| panic!("{heading} is not among {headings:?}"));
    found.joined.variants.iter().map(|row| row.predicted[place]).collect()
}

fn some(scores: &[f32]) -> Vec<Option<f64>> {
    let known = |score: &f32| (!score.is_nan()).then_some(f64::from(*score));
    scores.iter().map(known).collect()
}

#[test]
fn several_genes_are_refused_with_both_remedies_named() {
    let truth: Vec<_> = (0..6).map(|variant| (variant, None, 1.0)).collect();
    let error = validated(&["RNA_SEQ"], false, None, &truth).unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("for the genes `ENSG01` and `ENSG02`"), "{text}");
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("--gene COLUMN") && hint.contains("--collapse max_abs"),
        "{hint}"
    );

    // By gene there is one score for each track, but not for each junction.
    let truth: Vec<_> = (0..6).map(|variant| (variant, Some("ENSG01"), 1.0)).collect();
    let error = validated(&["SPLICE_JUNCTIONS"], true, None, &truth).unwrap_err();
    let text = error.to_string();
    assert!(text.ends_with("for several junctions of the gene `ENSG01`"), "{text}");
    let hint = error.hint().unwrap();
    assert!(
        !hint.contains("--gene") && hint.contains("--collapse max_abs"),
        "{hint}"
    );
}

#[test]
fn an_effect_on_a_gene_is_compared_with_the_score_of_that_gene() {
    // Genes with versions of their own, in no order; the third variant has no effect on gene B, the last none on A.
    let mut truth: Vec<_> = (0..5).map(|variant| (variant, Some("ENSG01.9"), A[variant])).collect();
    truth.extend([5, 4, 3, 1, 0].map(|variant| (variant, Some("ENSG02"), if variant == 3 { 1.0 } else { B[variant] })));
    truth.push((2, Some("ENSG03"), 7.0));
    truth.push((2, None, 7.0));
    let found = validated(&["DNASE", "RNA_SEQ"], true, None, &truth).unwrap();

    let genes: Vec<&str> = found
        .joined
        .variants
        .iter()
        .map(|row| row.gene.as_deref().unwrap())
        .collect();
    let (a, b) = ("ENSG01", "ENSG02");
    assert_eq!(genes, [a, b, a, b, a, "ENSG03", a, b, a, b, b]);
    let expected = [A[0], B[0], A[1], B[1], A[2], f32::NAN, A[3], f32::NAN, A[4], B[4], B[5]];
    assert_eq!(column(&found, "track:t:RNA_SEQ"), some(&expected));
    // A score that is of no gene is that of the variant, whichever gene the effect is on.
    let places = [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5].map(|variant| PLACE[variant]);
    assert_eq!(column(&found, "track:t:DNASE"), some(&places));
    // Where there is a score by gene, the made-up effect is that score.
    let pearson = found.metrics.iter().find(|row| {
        (row.name.as_str(), row.metric, row.compared.as_str()) == ("t", "pearson", "signed")
            && row.scorer.as_deref() == Some("RNA_SEQ")
    });
    let pearson = pearson.unwrap();
    assert_eq!(pearson.n, 9);
    assert!((pearson.value.unwrap() - 1.0).abs() < 1e-12);

    let join = &found.join;
    assert_eq!(join.truth.rejected, [("gene_missing".to_owned(), 1)].into());
    assert_eq!((join.scored, join.joined, join.without_gene_scores), (6, 11, Some(1)));
    let experiment = &join.experiments[0];
    assert_eq!(
        (experiment.measured, experiment.joined, experiment.not_measured),
        (11, 11, 0)
    );
    // A named variant has a rank for each of its genes.
    let ranked = found.ranks.iter().filter(|row| row.by == "measured");
    let ranked: Vec<(Option<&str>, Option<f64>)> = ranked.map(|row| (row.gene.as_deref(), row.value)).collect();
    assert_eq!(
        ranked,
        [(Some(a), Some(0.5)), (Some(b), Some(f64::from(-0.6_f32)))].map(|(gene, value)| {
            // The cell of the table holds the shortest text of the number.
            (gene, value.map(|value: f64| (value * 1e6).round() / 1e6))
        })
    );
}

#[test]
fn two_effects_on_one_gene_are_refused() {
    let truth = [(0, Some("ENSG01.1"), 1.0), (0, Some("ENSG01.2"), 2.0)];
    let error = validated(&["RNA_SEQ"], true, None, &truth).unwrap_err();
    assert!(
        matches!(error, ValidateError::MeasuredTwice { total: 1, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("and ENSG01"), "{error}");
}

#[test]
fn collapsed_scores_are_those_farthest_from_zero_with_the_genes_behind_them() {
    let truth: Vec<_> = (0..6).map(|variant| (variant, None, A[variant])).collect();
    let scorers = ["DNASE", "RNA_SEQ", "SPLICE_JUNCTIONS"];
    let found = validated(&scorers, false, Some(Collapse::MaxAbs), &truth).unwrap();
    // Of 0.25 and -0.25 the first in the table; NaN gives way.
    let farthest = [-0.6, -1.0, 0.25, 2.0, 0.8, -3.0];
    let genes = ["ENSG02", "ENSG01", "ENSG01", "ENSG01", "ENSG02", "ENSG02"];
    for scorer in ["RNA_SEQ", "SPLICE_JUNCTIONS"] {
        assert_eq!(column(&found, &format!("track:t:{scorer}")), some(&farthest));
    }
    assert_eq!(column(&found, "track:t:DNASE"), some(&PLACE));
    assert_eq!(found.joined.collapsed, [false, true, true]);
    for (row, gene) in found.joined.variants.iter().zip(genes) {
        let of_gene = Some((2, Some(gene.to_owned())));
        assert_eq!(row.genes, [None, of_gene.clone(), of_gene]);
    }
    assert_eq!(found.join.without_gene_scores, None);
}
