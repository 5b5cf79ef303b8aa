//! `refalt validate`: scores against measured effects.

mod protocol;

use super::analysis_options::AnalysisOptions;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::io::variants::{ColumnMap, ReadOptions, Source};
use refalt::measured::{EffectAllele, MeasuredSource};
use refalt::protocol::ProtocolOptions;
use refalt::validate::{
    Collapse, Condition, JoinReport, LabelRule, OtherRunRecord, TruthColumns, ValidateOptions, ValidateRequest,
    Validation, check_folder, validate_files,
};
use std::collections::BTreeMap;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Arguments of `refalt validate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder of a finished scoring run.
    #[arg(value_name = "DIR", required_unless_present = "protocol")]
    run: Option<PathBuf>,

    #[command(flatten)]
    protocol: protocol::ProtocolArguments,

    /// Table of measured effects, one row for each variant and experiment; `-` for standard input.
    #[arg(long, value_name = "TABLE", required_unless_present = "protocol")]
    truth: Option<String>,

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
        required_unless_present_any = ["truth_format", "protocol"],
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
    #[arg(long, short, value_name = "FASTA", required_unless_present = "protocol")]
    reference: Option<PathBuf>,

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
    if options.protocol.protocol.is_some() {
        return judge(options, settings);
    }
    // The command line has them without `--protocol`.
    let (run, truth) = (options.run.unwrap_or_default(), options.truth.unwrap_or_default());
    let columns = options
        .columns
        .parse::<ColumnMap>()
        .map_err(|error| Failure::of(&error))?;
    let condition = |text: &String| text.parse::<Condition>().map_err(|error| Failure::of(&error));
    let label = |text: &String| match text.parse::<f64>() {
        Ok(least) if least.is_finite() => Ok(LabelRule::Magnitude(least)),
        _ => condition(text).map(LabelRule::Column),
    };
    let out = options.out.clone().unwrap_or_else(|| run.join("validate"));
    let measured = options.truth_format.map(|format| MeasuredSource {
        path: truth.clone().into(),
        format,
        member: options.member,
        ..MeasuredSource::default()
    });
    let mut request = ValidateRequest {
        measured,
        run,
        against: options.analysis.against.clone(),
        reference: options.reference.unwrap_or_default(),
        truth: Source::from_argument(&truth),
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
        genes: options.analysis.genes.clone(),
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
    for warning in &validation.provenance.effect_warnings {
        settings.tell(format!("warning: {warning}"));
    }
    for mixed in &validation.provenance.mixed_sources {
        settings.tell(format!("warning: {mixed}"));
    }
    for warning in validation.provenance.against.iter().flat_map(OtherRunRecord::warnings) {
        settings.tell(format!("warning: {warning}"));
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

/// Judges by a protocol, with the arguments that it shares.
fn judge(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let shared = protocol::Shared {
        truth: options.truth,
        reference: options.reference,
        out: options.out,
        scorers: options.scorer,
        tracks: options.tracks,
        summaries: options.summaries,
        collapse: options.collapse,
        options: ProtocolOptions {
            replicates: options.replicates,
            seed: options.seed,
            level: options.level,
        },
    };
    protocol::judge(options.protocol, shared, settings)
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

/// Columns of the results on the terminal.
const PRINTED: [&str; 14] = [
    "experiment",
    "predictor",
    "name",
    "scorer",
    "metric",
    "compared",
    "n",
    "value",
    "low",
    "high",
    "p",
    "p_adjusted",
    "p_rotation",
    "note",
];

/// Returns the join at the top, and beside it the numbers of the tables: metrics of the predictions in full, and what was
/// asked for beside them.
fn as_json(validation: &Validation) -> Result<serde_json::Value, Failure> {
    let value = |rows: serde_json::Result<serde_json::Value>| rows.map_err(|error| Failure::new(error.to_string()));
    let mut printed = value(serde_json::to_value(&validation.join))?;
    let in_full: Vec<_> = validation.metrics.iter().filter(|row| row.in_full).collect();
    let parts = [
        (
            "effect_warnings",
            serde_json::to_value(&validation.provenance.effect_warnings),
        ),
        (
            "mixed_sources",
            serde_json::to_value(&validation.provenance.mixed_sources),
        ),
        ("results", serde_json::to_value(in_full)),
        ("effective_n", serde_json::to_value(&validation.effective)),
        ("reliability", serde_json::to_value(&validation.reliability)),
        ("differences", serde_json::to_value(&validation.differences)),
        ("runs", serde_json::to_value(&validation.runs)),
        ("strata", serde_json::to_value(&validation.strata)),
        ("groups", serde_json::to_value(&validation.groups)),
        ("partial", serde_json::to_value(&validation.partial)),
    ];
    for (name, rows) in parts {
        let rows = value(rows)?;
        if rows.as_array().is_some_and(|rows| !rows.is_empty()) {
            printed[name] = rows;
        }
    }
    Ok(printed)
}

/// Prints the join, and the correlations and areas of the summaries and of the tracks that were asked for.
fn print(validation: &Validation, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        writeln!(out, "{}", as_json(validation)?)?;
        return Ok(());
    }
    writeln!(out, "{}", PRINTED.join("\t"))?;
    for row in &validation.metrics {
        if !row.in_full || !["pearson", "spearman", "auroc", "average_precision"].contains(&row.metric) {
            continue;
        }
        let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
        let cells: [String; PRINTED.len()] = [
            row.experiment.clone(),
            row.predictor.name().to_owned(),
            row.name.clone(),
            row.scorer.clone().unwrap_or_default(),
            row.metric.to_owned(),
            row.compared.clone(),
            row.n.to_string(),
            number(row.value),
            number(row.low),
            number(row.high),
            number(row.p),
            number(row.p_adjusted),
            number(row.p_rotation),
            row.note.clone().unwrap_or_default(),
        ];
        writeln!(out, "{}", cells.join("\t"))?;
    }
    Ok(())
}
