//! The arguments, as people type them.

use crate::command;
use crate::terminal::Settings;
use clap::{Parser, Subcommand};
use std::num::NonZeroUsize;
use std::str::FromStr;

const LONG_VERSION: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\ncommit:  ",
    env!("REFALT_COMMIT"),
    "\nbuilt:   ",
    env!("REFALT_PROFILE"),
    " for ",
    env!("REFALT_TARGET"),
    " by ",
    env!("REFALT_RUSTC"),
    "\nformats: noodles 0.119 (VCF, BCF, FASTA, BED), arrow and parquet 59",
    "\nmotifs:  lightmotif 0.10.1, JASPAR 2024 CORE vertebrates (CC BY 4.0)",
);

/// Turns a list of non-coding variants into evidence about what they do to gene regulation.
#[derive(Debug, Parser)]
#[command(
    name = "refalt",
    version = env!("CARGO_PKG_VERSION"),
    long_version = LONG_VERSION,
    propagate_version = true,
    after_help = "Exit codes: 0 done; 1 a file, a folder or the machine failed; 2 wrong usage: a value is wrong in itself or \
                  names what the inputs do not have; 3 done, but some variants were rejected or failed (they are \
                  listed), the runs that were compared differ, or the linter found something; 4 credentials; 5 quota or service, run again to go on."
)]
pub(crate) struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Print results and errors as JSON, for machines.
    #[arg(long, global = true)]
    json: bool,

    /// Print no progress and no notes; errors, and how many rows were rejected, are told all the same.
    #[arg(long, short, global = true)]
    quiet: bool,

    /// Threads that compute [default: one for each core].
    #[arg(long, global = true, value_name = "N", env = "REFALT_THREADS", value_parser = at_least_one::<NonZeroUsize>)]
    threads: Option<NonZeroUsize>,
}

/// Reads a whole number from 1 up.
pub(crate) fn at_least_one<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "not a whole number from 1 up".to_owned())
}

impl Arguments {
    /// Returns what every command needs to know.
    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.json, self.quiet, self.threads)
    }
}

/// The commands; one file each in `command/`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a whole study, from one file to a report.
    Run(command::run::Options),
    /// Audit a list of variants: build, strand, allele order, offset.
    Vet(command::vet::Options),
    /// Score variants with a model, into a Parquet table; goes on where an earlier run stopped.
    Score(command::score::Options),
    /// Predict tracks over a variant, a region or a sequence: bigWig, npz, Parquet, figure.
    Predict(command::predict::Options),
    /// Score every substitution of a stretch: matrix, heat map and logo.
    Ism(command::ism::Options),
    /// Score intervals: the predicted signal over the exons of each gene in a place, for each track.
    ScoreInterval(command::score_interval::Options),
    /// Compare scores with measured effects, with intervals, p-values and ranks; judge predictions by a benchmark.
    Validate(command::validate::Options),
    /// Say how far quantile scores are saturated, and by what: shares beside chance, raw against quantile.
    Saturation(command::saturation::Options),
    /// Make quantiles of a scored background, and quantile scores from them.
    Calibrate(command::calibrate::Options),
    /// Read measured effects of any known format into one table: allele named, sign kept, every row counted.
    Measured(command::measured::Options),
    /// Benchmarks as data: list the protocols of `validate --protocol`, print one.
    Protocols(command::protocols::Options),
    /// Write scores in the formats of other programs: VCF, BCF, TSV, bedGraph, matrices.
    Export(command::export::Options),
    /// Look for numbers that do not mean what they are taken for: rules over tables, runs and studies.
    Lint(command::lint::Options),
    /// Keep the rows of a table whose variants lie in peaks, after comparing the assemblies.
    Overlap(command::overlap::Options),
    /// Say in what two scoring runs differ, and by how much.
    Diff(command::diff::Options),
    /// Answer SQL over a score folder.
    Query(command::query::Options),
    /// Motifs: list them, find their sites, say what variants do to them.
    Motifs(command::motifs::Options),
    /// Tracks: list, search and count them; say which ones a selection takes.
    Tracks(command::tracks::Options),
    /// Gene annotation: what it holds, and the gene, strand and region of places and variants.
    Genes(command::genes::Options),
    /// Serve a model over gRPC, to clients that were written for the hosted AlphaGenome.
    #[cfg(feature = "api")]
    Serve(command::serve::Options),
    /// List the scorers with their formulas.
    Scorers(command::scorers::Options),
    /// Answers of services that are kept: count, drop and verify them.
    #[cfg(feature = "api")]
    Cache(command::cache::Options),
    /// Print shell completions.
    Completions(command::completions::Options),
    /// Write the manual pages.
    Man(command::man::Options),
}
