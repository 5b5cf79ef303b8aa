//! `refalt validate`: scores against measured effects.

use super::analysis_options::AnalysisOptions;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::io::variants::{ColumnMap, ReadOptions, Source};
use refalt::measured::{EffectAllele, MeasuredSource};
use refalt::validate::{
    Collapse, Condition, JoinReport, LabelRule, TruthColumns, ValidateOptions, ValidateRequest, Validation,
    check_folder, validate_files,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Arguments of `refalt validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder of a finished scoring run.
    #[arg(value_name = "DIR")]
    run: PathBuf,

    /// Table of measured effects, one row for each variant and experiment; `-` for standard input.
    #[arg(long, value_name = "TABLE")]
    truth: String,

    /// Columns that make the variant, `chrom=CHR,pos=BP,ref=A2,alt=A1`; the usual names are known.
    #[arg(long, value_name = "MAP", default_value = "")]
    columns: String,

    /// Read the table of measured effects by a known format, `auto` for the one that its columns are of: then effect, allele,
    /// experiment and gene need not be named (`refalt measured --formats`).
    #[arg(long, value_name = "NAME")]
    truth_format: Option<String>,

    /// File of an archive of measured effects, by name or its part before the first dot.
    #[arg(long, value_name = "NAME", requires = "truth_format")]
    member: Option<String>,

    /// Column with the measured effect.
    #[arg(
        long,
        value_name = "COLUMN",
        required_unless_present = "truth_format",
        conflicts_with = "truth_format"
    )]
    effect: Option<String>,

    /// Which allele the effect is of: `alt` or `ref` as listed, or the column that names it. Effects are then brought to the
    /// genome's ALT, with their sign; without it the effect is that of ALT, and rows with REF and ALT swapped are rejected.
    #[arg(long, value_name = "alt|ref|COLUMN")]
    effect_allele: Option<String>,

    /// Column that tells experiments apart (replicates, cell types); each is compared by itself.
    #[arg(long, value_name = "COLUMN")]
    experiment: Option<String>,

    /// Column with the gene of the effect, by id; scores by gene are compared with the effect on their gene.
    #[arg(long, value_name = "COLUMN")]
    gene: Option<String>,

    /// What stands for several scores of a variant on a track, of its genes or junctions: `max_abs`, the one farthest
    /// from 0; refused when not given.
    #[arg(long, value_name = "NAME", value_parser = collapse)]
    collapse: Option<Collapse>,

    /// Keep rows that meet a condition, `barcodes>=10`; may be given several times.
    #[arg(long, value_name = "CONDITION")]
    keep: Vec<String>,

    /// Positives for AUROC and average precision: a condition (`p_value<1e-5`), or a number, the least size of the
    /// effect; may be given several times.
    #[arg(long, value_name = "RULE")]
    label: Vec<String>,

    /// Reference sequence of the run.
    #[arg(long, short, value_name = "FASTA")]
    reference: PathBuf,

    /// Table of variants whose ranks are reported, with a column `name`.
    #[arg(long, value_name = "TABLE")]
    named: Option<PathBuf>,

    /// Scorers of the run, by name; all when not given.
    #[arg(long, value_name = "NAME")]
    scorer: Vec<String>,

    /// Tracks that are reported in full: names, factors (`GABPA,ETV5`) or a selection; may be given several times.
    #[arg(long, value_name = "SELECTION")]
    tracks: Vec<String>,

    /// Summaries over the tracks [default: max_abs, sum, mean_abs, max, min].
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    summaries: Vec<String>,

    /// Bootstrap replicates behind each interval; 0 for closed forms only.
    #[arg(long, default_value_t = 2000, value_name = "N")]
    replicates: u64,

    /// Tracks with bootstrap intervals, for each metric the best; the others get closed forms.
    #[arg(long, default_value_t = 10, value_name = "N")]
    top_tracks: usize,

    /// Coverage of the intervals.
    #[arg(long, default_value_t = 0.95, value_name = "SHARE")]
    level: f64,

    /// Permutations behind each p-value; 0 for none.
    #[arg(long, default_value_t = 2000, value_name = "N")]
    permutations: u64,

    /// Seed of resamples and permutations.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Resample blocks of so many bp together; 1 keeps the variants of a position together, 0 takes each by itself.
    #[arg(long, default_value_t = 1, value_name = "BP")]
    block: u32,

    #[command(flatten)]
    analysis: AnalysisOptions,

    /// Output folder [default: `validate` in DIR].
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let columns = options
        .columns
        .parse::<ColumnMap>()
        .map_err(|error| Failure::of(&error))?;
    let condition = |text: &String| text.parse::<Condition>().map_err(|error| Failure::of(&error));
    let label = |text: &String| match text.parse::<f64>() {
        Ok(least) => Ok(LabelRule::Magnitude(least)),
        Err(_) => condition(text).map(LabelRule::Column),
    };
    let out = options.out.clone().unwrap_or_else(|| options.run.join("validate"));
    let measured = options.truth_format.map(|format| MeasuredSource {
        path: options.truth.clone().into(),
        format,
        member: options.member,
        ..MeasuredSource::default()
    });
    let mut request = ValidateRequest {
        measured,
        run: options.run,
        against: options.analysis.against.clone(),
        reference: options.reference,
        truth: Source::from_argument(&options.truth),
        reading: ReadOptions {
            columns,
            ..ReadOptions::default()
        },
        columns: TruthColumns {
            effect: options.effect.unwrap_or_default(),
            effect_allele: options.effect_allele.as_deref().map(EffectAllele::named),
            experiment: options.experiment,
            gene: options.gene,
            keep: options.keep.iter().map(condition).collect::<Result<_, _>>()?,
            labels: options.label.iter().map(label).collect::<Result<_, _>>()?,
            analysis: options.analysis.columns()?,
        },
        named: options.named,
        options: ValidateOptions {
            scorers: options.scorer,
            summaries: options.summaries,
            tracks: options.tracks,
            collapse: options.collapse,
            permutations: options.permutations,
            replicates: options.replicates,
            seed: options.seed,
            level: options.level,
            top_tracks: options.top_tracks,
            block_bp: NonZeroU32::new(options.block),
            ..ValidateOptions::default()
        },
        threads: settings.threads,
    };
    options.analysis.enter(&mut request.options)?;
    check_folder(&out).map_err(|error| Failure::of(&error))?;
    let validation = validate_files(&request).map_err(|error| Failure::of(&error))?;
    validation.write(&out).map_err(|error| Failure::of(&error))?;
    print(&validation, settings)?;
    for mixed in &validation.provenance.mixed_sources {
        settings.tell(format!("warning: {mixed}"));
    }
    for statement in &validation.provenance.track_statements {
        settings.note(statement);
    }
    tell_join(&validation.join, settings);
    let pairs = validation.differences.len();
    if pairs > 0 {
        settings.note(format!("{pairs} paired differences in `differences.tsv`"));
    }
    settings.note(format!(
        "written to `{}`, with figures and `report.html`",
        out.display()
    ));
    Ok(if validation.join.truth.rejected.is_empty() {
        Exit::Done
    } else {
        Exit::Partial
    })
}

fn collapse(text: &str) -> Result<Collapse, String> {
    Collapse::from_name(text).ok_or_else(|| {
        let known: Vec<String> = Collapse::ALL
            .iter()
            .map(|known| format!("`{}`", known.name()))
            .collect();
        format!("known: {}", known.join(", "))
    })
}

/// Says what was joined and what was not.
fn tell_join(join: &JoinReport, settings: &Settings) {
    let listed = |counts: &BTreeMap<String, u64>| {
        let parts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
        parts.join(", ")
    };
    let truth = &join.truth;
    settings.note(format!("truth: {} rows, {} used", truth.rows, truth.used));
    if let Some(orientation) = &truth.orientation {
        settings.note(format!(
            "  effects of `{}`: {} as written, {} flipped with their sign, {} with alleles in the other order; {} palindromic",
            orientation.effect_allele,
            orientation.as_written,
            orientation.flipped,
            orientation.reordered,
            orientation.palindromic
        ));
    }
    for (condition, count) in &truth.left_out {
        settings.note(format!("  {count} do not meet `{condition}`"));
    }
    if !truth.rejected.is_empty() {
        let total: u64 = truth.rejected.values().sum();
        settings.tell(format!(
            "{total} of {} rows of the truth were rejected: {}",
            truth.rows,
            listed(&truth.rejected)
        ));
    }
    for row in &truth.rejected_first {
        settings.note(format!("    line {}: {}: {}", row.line, row.variant, row.reason));
    }
    for experiment in &join.experiments {
        let mut line = format!(
            "{}: {} of {} measured variants have scores",
            experiment.experiment, experiment.joined, experiment.measured
        );
        if !experiment.not_scored.is_empty() {
            line.push_str(&format!(" ({})", listed(&experiment.not_scored)));
        }
        settings.note(line);
    }
    if let Some(lacking) = join.without_gene_scores.filter(|lacking| *lacking > 0) {
        settings.note(format!(
            "{lacking} of {} pairs of variant and gene have no score by gene",
            join.joined
        ));
    }
}

/// Prints the join, and the correlations of the summaries and of the tracks that were asked for.
fn print(validation: &Validation, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let mut join = serde_json::to_value(&validation.join).map_err(|error| Failure::new(error.to_string()))?;
        let mixed = &validation.provenance.mixed_sources;
        if !mixed.is_empty() {
            join["mixed_sources"] = json!(mixed);
        }
        writeln!(out, "{join}")?;
        return Ok(());
    }
    writeln!(
        out,
        "experiment\tpredictor\tname\tmetric\tcompared\tn\tvalue\tlow\thigh\tp"
    )?;
    for row in &validation.metrics {
        if !row.in_full || !["pearson", "spearman"].contains(&row.metric) {
            continue;
        }
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            row.experiment,
            row.predictor.name(),
            row.name,
            row.metric,
            row.compared,
            row.n,
            number(row.value),
            number(row.low),
            number(row.high),
            number(row.p)
        )?;
    }
    Ok(())
}
