//! `refalt diff`: in what two scoring runs differ, and by how much.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::diff::{DiffOptions, DiffReport, Tolerance, diff};
use refalt::score_folder::ScoreFolder;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `refalt diff`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 the scores are the same within tolerance; 3 they differ.")]
pub(crate) struct Options {
    /// Folder of a finished scoring run.
    #[arg(value_name = "LEFT")]
    left: PathBuf,

    /// Folder of the run that is compared with it.
    #[arg(value_name = "RIGHT")]
    right: PathBuf,

    /// By how much scores may differ: `1e-3` of the greater size, `1e-3+1e-6` and so much more, `CHIP_TF=1e-3` for one
    /// scorer; may be given several times [default: 0 for one model, 1e-3+1e-6 for two].
    #[arg(long, value_name = "SCORER=REL")]
    tolerance: Vec<String>,

    /// Folder for `diff.json` and for `differences.tsv`, every score that differs.
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let mut chosen = DiffOptions {
        out: options.out.clone(),
        ..DiffOptions::default()
    };
    for text in &options.tolerance {
        // The text of a scorer has `=` of its own, a tolerance has none.
        let (scorer, value) = match text.rsplit_once('=') {
            Some((scorer, value)) => (Some(scorer), value),
            None => (None, text.as_str()),
        };
        let tolerance: Tolerance = value.parse().map_err(|error| Failure::of(&error))?;
        match scorer {
            Some(scorer) => {
                chosen.by_scorer.insert(scorer.to_owned(), tolerance);
            }
            None => chosen.tolerance = Some(tolerance),
        }
    }
    let open = |path: &Path| ScoreFolder::open(path).map_err(|error| Failure::of(&error));
    let (left, right) = (open(&options.left)?, open(&options.right)?);
    let report = diff(&left, &right, &chosen).map_err(|error| Failure::of(&error))?;
    if let Some(out) = &options.out {
        settings.note(format!("written to `{}`", out.display()));
    }
    let exit = if report.is_same() { Exit::Done } else { Exit::Partial };
    Failure::verdict(print(&report, settings), exit)
}

fn print(report: &DiffReport, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let text = serde_json::to_string(report).map_err(|error| Failure::new(error.to_string()))?;
        writeln!(out, "{text}")?;
        return Ok(());
    }
    if report.attribution.is_empty() {
        writeln!(out, "The manifests tell of no difference in how the runs were made.")?;
    } else {
        writeln!(out, "In how the runs were made:")?;
        for found in &report.attribution {
            let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            writeln!(
                out,
                "  {:10} {}: {} -> {}",
                found.area,
                found.what,
                side(&found.left),
                side(&found.right)
            )?;
        }
    }
    let variants = &report.variants;
    writeln!(
        out,
        "Variants: {} scored in both runs, {} only in the left, {} only in the right; {} in different windows",
        variants.both, variants.only_left, variants.only_right, variants.windows_differ
    )?;
    for (change, count) in &variants.fates_changed {
        writeln!(out, "  {count} rows: {change}")?;
    }
    writeln!(
        out,
        "\nscorer\tcompared\tbeyond\trelative\tabsolute\tmax_difference\tpearson\tboth_nan\tonly_left\tonly_right"
    )?;
    let number = |value: Option<f64>| value.map_or(String::new(), |value| format!("{value:.6}"));
    for scorer in &report.scorers {
        let difference = scorer
            .max_difference
            .map_or(String::new(), |value| format!("{value:.3e}"));
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{difference}\t{}\t{}\t{}\t{}",
            scorer.scorer,
            scorer.compared,
            scorer.beyond,
            scorer.tolerance.relative,
            scorer.tolerance.absolute,
            number(scorer.pearson),
            scorer.both_nan,
            scorer.only_left,
            scorer.only_right
        )?;
    }
    for scorer in report.scorers.iter().filter(|scorer| !scorer.examples.is_empty()) {
        writeln!(out, "\n{}, the greatest differences:", scorer.scorer)?;
        for example in &scorer.examples {
            let gene = example.gene.as_deref().map_or(String::new(), |gene| format!(" {gene}"));
            let junction = example
                .junction
                .as_deref()
                .map_or(String::new(), |text| format!(" {text}"));
            writeln!(
                out,
                "  {}{gene}{junction} {}: {} -> {}",
                example.variant, example.track, example.left, example.right
            )?;
        }
    }
    Ok(())
}
