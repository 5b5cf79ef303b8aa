//! `refalt saturation`: how far quantile scores are saturated, and by what.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::io::variants::{ColumnMap, ReadOptions, Source};
use refalt::measured::EffectAllele;
use refalt::saturation::{Measured, Saturation, SaturationOptions, SaturationRequest, saturation};
use refalt::validate::{AnalysisColumns, Condition, TruthColumns};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `refalt saturation`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder of a finished scoring run with quantile scores.
    #[arg(value_name = "DIR")]
    run: PathBuf,

    /// Folder of the same model with variants that nobody chose, or that match those of DIR.
    #[arg(long, value_name = "DIR")]
    controls: Option<PathBuf>,

    /// Table of measured effects; `-` for standard input.
    #[arg(long, value_name = "TABLE", requires_all = ["effect", "reference"])]
    truth: Option<String>,

    /// Column with the measured effect of ALT against REF.
    #[arg(long, value_name = "COLUMN", requires = "truth")]
    effect: Option<String>,

    /// Which allele the effect is of: `alt` or `ref` as listed, or the column that names it; as in `refalt validate`.
    #[arg(long, value_name = "alt|ref|COLUMN", requires = "truth")]
    effect_allele: Option<String>,

    /// Column that tells experiments apart.
    #[arg(long, value_name = "COLUMN", requires = "truth")]
    experiment: Option<String>,

    /// Keep rows of the table that meet a condition, `barcodes>=10`; may be given several times.
    #[arg(long, value_name = "CONDITION", requires = "truth")]
    keep: Vec<String>,

    /// Columns that make the variant, `chrom=CHR,pos=BP,ref=A2,alt=A1`; the usual names are known.
    #[arg(long, value_name = "MAP", default_value = "")]
    columns: String,

    /// Reference sequence of the run.
    #[arg(long, short, value_name = "FASTA", requires = "truth")]
    reference: Option<PathBuf>,

    /// Scorers to look at together, `expression=RNA_SEQ+CAGE+PROCAP`; may be given several times.
    #[arg(long, value_name = "NAME=SCORER+...")]
    group: Vec<String>,

    /// Thresholds of |q|.
    #[arg(long, value_name = "T,...", value_delimiter = ',', default_value = "0.5,0.9,0.99")]
    threshold: Vec<f64>,

    /// Lower edges of the bins of |effect|.
    #[arg(
        long,
        value_name = "EDGE,...",
        value_delimiter = ',',
        requires = "truth",
        default_value = "0,0.05,0.1,0.2,0.5"
    )]
    bins: Vec<f64>,

    /// Bootstrap replicates behind each interval.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    replicates: u64,

    /// Draws from nulls.
    #[arg(long, value_name = "N", default_value_t = 2000)]
    draws: u64,

    /// Permutations within tracks.
    #[arg(long, value_name = "N", default_value_t = 200)]
    permutations: u64,

    /// Variants whose scores on all tracks are kept, for correlations between tracks.
    #[arg(long, value_name = "N", default_value_t = 500)]
    sample: usize,

    /// Coverage of the intervals.
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    level: f64,

    /// Seed of all draws.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Output folder [default: `saturation` in DIR].
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let out = options.out.clone().unwrap_or_else(|| options.run.join("saturation"));
    let request = request(options)?;
    Saturation::check_folder(&out).map_err(|error| Failure::of(&error))?;
    let found = saturation(&request).map_err(|error| Failure::of(&error))?;
    found.write(&out).map_err(|error| Failure::of(&error))?;
    print(&found, settings)?;
    for warning in &found.warnings {
        settings.tell(format!("warning: {warning}"));
    }
    let mut exit = Exit::Done;
    if let Some(join) = &found.join {
        settings.note(format!(
            "measured effects: {} rows, {} used; {} variants scored, {} of them measured",
            join.truth.rows, join.truth.used, join.scored, join.joined
        ));
        if !join.truth.rejected.is_empty() {
            let total: u64 = join.truth.rejected.values().sum();
            settings.tell(format!(
                "{total} of {} rows of the table were rejected",
                join.truth.rows
            ));
            for row in &join.truth.rejected_first {
                settings.note(format!("    line {}: {}: {}", row.line, row.variant, row.reason));
            }
            exit = Exit::Partial;
        }
    }
    settings.note(format!("written to `{}`", out.display()));
    Ok(exit)
}

fn request(options: Options) -> Result<SaturationRequest, Failure> {
    let columns: ColumnMap = options.columns.parse().map_err(|error| Failure::of(&error))?;
    let condition = |text: &String| text.parse::<Condition>().map_err(|error| Failure::of(&error));
    let measured = match (options.truth, options.effect, options.reference) {
        (Some(truth), Some(effect), Some(reference)) => Some(Measured {
            truth: Source::from_argument(&truth),
            reading: ReadOptions {
                columns,
                ..ReadOptions::default()
            },
            columns: TruthColumns {
                effect,
                effect_allele: options.effect_allele.as_deref().map(EffectAllele::named),
                experiment: options.experiment,
                gene: None,
                keep: options.keep.iter().map(condition).collect::<Result<_, _>>()?,
                labels: Vec::new(),
                analysis: AnalysisColumns::default(),
            },
            reference,
        }),
        _ => None,
    };
    let group = |text: &String| match text.split_once('=') {
        Some((name, members)) => Ok((
            name.trim().to_owned(),
            members.split('+').map(|member| member.trim().to_owned()).collect(),
        )),
        None => Err(Failure::new(format!("`{text}` is no group of scorers"))
            .with_hint("write a name and scorers: `expression=RNA_SEQ+CAGE+PROCAP`")
            .usage()),
    };
    Ok(SaturationRequest {
        run: options.run,
        controls: options.controls,
        measured,
        options: SaturationOptions {
            thresholds: options.threshold,
            groups: options.group.iter().map(group).collect::<Result<_, _>>()?,
            level: options.level,
            replicates: options.replicates,
            draws: options.draws,
            permutations: options.permutations,
            sample: options.sample,
            bins: options.bins,
            seed: options.seed,
            ..SaturationOptions::default()
        },
    })
}

/// Prints the shares, and the correlations where effects are measured.
fn print(found: &Saturation, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        writeln!(
            out,
            "{}",
            json!({
                "groups": found.groups,
                "join": found.join,
                "controls": found.controls,
                "made_table": found.made_table,
                "warnings": found.warnings,
            })
        )?;
        return Ok(());
    }
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
    writeln!(
        out,
        "group\tthreshold\tn\ttracks\tshare\tlow\thigh\tcorrelated\tindependent\tcontrols\tdifference_p\tbeyond_resolution"
    )?;
    for group in &found.groups {
        for (place, row) in group.thresholds.iter().enumerate() {
            let control = group.controls.get(place);
            writeln!(
                out,
                "{}\t{}\t{}\t{}\t{:.4}\t{:.4}\t{:.4}\t{}\t{:.4}\t{}\t{}\t{}",
                group.group,
                row.threshold,
                row.n,
                group.tracks,
                row.share,
                row.low,
                row.high,
                number(row.correlated),
                row.independent,
                number(control.map(|control| control.share)),
                number(control.and_then(|control| control.p_value)),
                row.beyond_resolution
            )?;
        }
    }
    if found.groups.iter().all(|group| group.agreement.is_empty()) {
        return Ok(());
    }
    writeln!(out, "\ngroup\texperiment\twhat\tn\tspearman\tlow\thigh")?;
    for group in &found.groups {
        for agreement in &group.agreement {
            let mut line = |what: String, value, low, high| {
                writeln!(
                    out,
                    "{}\t{}\t{what}\t{}\t{}\t{}\t{}",
                    group.group,
                    agreement.experiment,
                    agreement.n,
                    number(value),
                    number(low),
                    number(high)
                )
            };
            for row in &agreement.predictors {
                line(
                    format!("{}: {}", row.selection, row.value),
                    row.spearman,
                    row.low,
                    row.high,
                )?;
            }
            for row in &agreement.contrasts {
                line(
                    format!("difference: {}", row.contrast),
                    row.difference,
                    row.low,
                    row.high,
                )?;
            }
        }
    }
    Ok(())
}
