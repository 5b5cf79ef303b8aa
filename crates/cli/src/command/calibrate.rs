//! `refalt calibrate`: quantiles of a scored background, and quantile scores from them.

use crate::args::at_least_one;
use crate::byte_size;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::calibrate::{
    ApplyReport, ApplyRequest, BALANCED, CalibrateRequest, Calibration, Covariate, LEAST_VARIANTS, MatchReport,
    MatchRequest, Pooling, Ties, apply, calibrate, shown_resolution,
};
use refalt::io::variants::{ColumnMap, Source};
use std::io::Write;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// Arguments of `refalt calibrate`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without --apply: DIR is a scored background, and --out the table of its quantiles. With --apply: DIR is a run, and \
                  --out the folder that gets its scores with quantile scores."
)]
pub(crate) struct Options {
    /// Folder of a finished scoring run, in the tidy layout.
    #[arg(value_name = "DIR")]
    run: PathBuf,

    /// The table of quantiles (Parquet) to write; with --apply the folder.
    #[arg(long, short, value_name = "TABLE|DIR")]
    out: PathBuf,

    /// Fill the quantile scores of DIR from this table, into another folder.
    #[arg(long, value_name = "TABLE", conflicts_with_all = ["match_by", "targets", "hold_out", "per"])]
    apply: Option<PathBuf>,

    /// What shares a table: `track`, the scores by one scorer on one track; `modality`, those by one scorer.
    #[arg(long, value_name = "NAME", default_value = "track", value_parser = pooling)]
    per: Pooling,

    /// Draw the background to resemble --targets by these: `maf`, `tss_distance`, `gc`, or columns of numbers.
    #[arg(long = "match", value_name = "NAME,...", value_delimiter = ',', requires_all = ["targets", "reference"])]
    match_by: Vec<String>,

    /// The variants in question, in any format of variants.
    #[arg(long, value_name = "TABLE", requires = "match_by")]
    targets: Option<String>,

    /// The variants of the background with the columns of --match, in any format of variants.
    #[arg(long, value_name = "TABLE", requires = "match_by")]
    variants_meta: Option<String>,

    /// Columns that make the variants of these tables, `chrom=CHR,pos=BP,ref=A2,alt=A1`; the usual names are known.
    #[arg(long, value_name = "MAP", default_value = "")]
    columns: String,

    /// Column (in VCF: INFO key) with the allele frequency, for `maf`.
    #[arg(long, value_name = "COLUMN", default_value = "maf")]
    maf_column: String,

    /// Reference sequence of the run, for `gc` and to know variants by.
    #[arg(long, short, value_name = "FASTA", requires = "match_by")]
    reference: Option<PathBuf>,

    /// Gene annotation (GTF, GFF3), for `tss_distance`.
    #[arg(long, value_name = "FILE", requires = "match_by")]
    genes: Option<PathBuf>,

    /// Bases around a variant whose G and C are counted.
    #[arg(long, value_name = "BP", default_value_t = 501)]
    gc_window: u32,

    /// Background variants for each target.
    #[arg(long, value_name = "N", default_value = "10", value_parser = at_least_one::<NonZeroU32>)]
    per_target: NonZeroU32,

    /// Bins of each covariate, at quantiles of the targets.
    #[arg(long, value_name = "N", default_value = "5", value_parser = at_least_one::<NonZeroU32>)]
    match_bins: NonZeroU32,

    /// Share of the background's variants that make no quantiles and are ranked among them, to see whether ranks are
    /// uniform.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    hold_out: f64,

    /// Memory for scores; what does not fit is read in several passes.
    #[arg(long, value_name = "SIZE", default_value = "500MB", value_parser = byte_size::parse)]
    memory: u64,

    /// With --apply, the rank of a score that equals several quantiles: `random`, drawn among them, or `middle`.
    #[arg(long, value_name = "NAME", default_value = "random", value_parser = ties)]
    ties: Ties,

    /// With --apply, replace quantile scores that are there.
    #[arg(long, requires = "apply")]
    replace: bool,

    /// Seed of draws.
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let out = options.out.clone();
    match options.apply.clone() {
        Some(table) => {
            let report = apply(&ApplyRequest {
                run: options.run,
                table,
                out: options.out,
                ties: options.ties,
                seed: options.seed,
                replace: options.replace,
            })
            .map_err(|error| Failure::of(&error))?;
            print_applied(&report, settings)?;
        }
        None => {
            let request = CalibrateRequest {
                matching: matching(&options)?,
                background: options.run,
                out: options.out,
                pooling: options.per,
                hold_out: options.hold_out,
                seed: options.seed,
                memory_bytes: options.memory,
            };
            let (calibration, _) = calibrate(&request).map_err(|error| Failure::of(&error))?;
            print_made(&calibration, settings)?;
            warn(&calibration, settings);
        }
    }
    settings.note(format!("written to `{}`", out.display()));
    Ok(Exit::Done)
}

fn pooling(text: &str) -> Result<Pooling, String> {
    let found = Pooling::ALL.into_iter().find(|pooling| pooling.name() == text);
    found.ok_or_else(|| "known: `track`, `modality`".to_owned())
}

fn ties(text: &str) -> Result<Ties, String> {
    let found = Ties::ALL.into_iter().find(|ties| ties.name() == text);
    found.ok_or_else(|| "known: `random`, `middle`".to_owned())
}

fn matching(options: &Options) -> Result<Option<MatchRequest>, Failure> {
    let (Some(targets), Some(reference)) = (&options.targets, &options.reference) else {
        return Ok(None);
    };
    let columns: ColumnMap = options.columns.parse().map_err(|error| Failure::of(&error))?;
    let covariate = |name: &String| -> Covariate {
        match name.trim().parse() {
            Ok(covariate) => covariate,
            Err(never) => match never {},
        }
    };
    Ok(Some(MatchRequest {
        covariates: options.match_by.iter().map(covariate).collect(),
        targets: Source::from_argument(targets),
        columns,
        background: options.variants_meta.as_deref().map(Source::from_argument),
        reference: reference.clone(),
        genes: options.genes.clone(),
        maf_column: options.maf_column.clone(),
        gc_window_bp: options.gc_window,
        per_target: options.per_target,
        bins: options.match_bins,
    }))
}

/// The highest of the thresholds that are looked at by default.
const FINE: f64 = 0.99;

fn print_made(made: &Calibration, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let text = serde_json::to_string(made).map_err(|error| Failure::new(error.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{} tables of {} variants (of {} scored), {} scores; {} to {} scores each",
        made.tables, made.variants, made.scored_variants, made.scores, made.least_rows, made.most_rows
    )?;
    for scorer in &made.scorers {
        writeln!(
            out,
            "{} tables of {}: {} scores or more each; |q| is resolved up to {}",
            scorer.tables,
            scorer.scorer,
            scorer.least_rows,
            shown_resolution(scorer.resolution())
        )?;
    }
    if made.nan_scores > 0 || made.without_scores > 0 {
        writeln!(
            out,
            "{} scores are NaN; {} scorers and tracks have no other and no table",
            made.nan_scores, made.without_scores
        )?;
    }
    if made.tied_tables > 0 {
        writeln!(
            out,
            "in {} tables half of the background or more is one score",
            made.tied_tables
        )?;
    }
    if let Some(matching) = &made.matching {
        print_matching(&mut out, matching)?;
    }
    if let Some(held) = &made.held_out {
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.4}"));
        writeln!(
            out,
            "held out: {} variants in {} tables; distance from uniform {} (median), {} (largest); p below 0.05 in {}; \
             least p times tables {}",
            held.variants,
            held.tables,
            number(held.median_distance),
            number(held.largest_distance),
            held.below_0_05,
            number(held.least_p_adjusted)
        )?;
    }
    Ok(())
}

/// Says what nobody may miss of a table.
fn warn(made: &Calibration, settings: &Settings) {
    let coarse = made.scorers.iter().filter(|scorer| scorer.resolution() < FINE);
    for scorer in coarse {
        settings.tell(format!(
            "warning: {} scores of {} do not resolve |q| of {FINE}: what is beyond {} lies beyond the largest of them, and how far is \
             not known",
            scorer.least_rows,
            scorer.scorer,
            shown_resolution(scorer.resolution())
        ));
    }
    if made.small_tables > 0 {
        settings.tell(format!(
            "warning: {} of {} tables have fewer than {LEAST_VARIANTS} scores",
            made.small_tables, made.tables
        ));
    }
    match &made.held_out {
        None => settings.tell(
            "no variant was held out: whether ranks are uniform on variants that made no table was not looked at (--hold-out 0.2)",
        ),
        Some(held) if held.variants < LEAST_VARIANTS => settings.tell(format!(
            "warning: --hold-out {} held {} of {} variants out, too few to see whether ranks are uniform",
            made.hold_out,
            held.variants,
            made.variants + held.variants
        )),
        Some(_) => {}
    }
    let unbalanced = made.matching.iter().flat_map(|matching| &matching.balance);
    for balance in unbalanced.filter(|balance| !balance.is_balanced()) {
        let difference = balance
            .difference_after
            .map_or("means differ and nothing varies".to_owned(), |difference| {
                format!("standardised mean difference {difference:.3}")
            });
        settings.tell(format!(
            "warning: `{}` is not balanced after matching: {difference}, beyond {BALANCED} (Austin 2009, doi:10.1002/sim.3697); \
             the background does not resemble the targets",
            balance.covariate
        ));
    }
}

fn print_matching(out: &mut impl Write, matching: &MatchReport) -> Result<(), Failure> {
    writeln!(
        out,
        "matched: {} of {} background variants drawn for {} targets; {} targets without a match, {} with fewer than {} each, \
         {} without covariates, {} repeated",
        matching.drawn,
        matching.candidates,
        matching.targets,
        matching.targets_unmatched,
        matching.targets_short,
        matching.per_target,
        matching.targets_without_covariates,
        matching.targets_repeated
    )?;
    for (code, count) in &matching.targets_rejected {
        writeln!(out, "  {count} rows of the targets are rejected: {code}")?;
    }
    if matching.background_without_covariates + matching.background_in_targets > 0 {
        writeln!(
            out,
            "  background: {} without covariates, {} that are targets; they are not drawn",
            matching.background_without_covariates, matching.background_in_targets
        )?;
    }
    writeln!(out, "covariate\ttargets\tbackground\tdrawn\tdifference\tafter")?;
    for balance in &matching.balance {
        let number = |value: Option<f64>| value.map_or("-".to_owned(), |value| format!("{value:.3}"));
        writeln!(
            out,
            "{}\t{:.4}\t{:.4}\t{:.4}\t{}\t{}",
            balance.covariate,
            balance.targets,
            balance.before,
            balance.after,
            number(balance.difference_before),
            number(balance.difference_after)
        )?;
    }
    Ok(())
}

fn print_applied(report: &ApplyReport, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let text = serde_json::to_string(report).map_err(|error| Failure::new(error.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{} rows have quantile scores among {} background variants; {} rows are NaN and have none; {} were replaced",
        report.rows - report.nan,
        report.calibration.variants,
        report.nan,
        report.replaced
    )?;
    for remark in &report.remarks {
        settings.note(remark);
    }
    Ok(())
}
