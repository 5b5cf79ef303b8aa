//! One file for each command: it converts arguments, calls the library and prints.

pub(crate) mod analysis_options;
#[cfg(feature = "api")]
pub(crate) mod cache;
pub(crate) mod cache_options;
pub(crate) mod calibrate;
pub(crate) mod completions;
pub(crate) mod diff;
pub(crate) mod export;
pub(crate) mod genes;
pub(crate) mod input;
pub(crate) mod ism;
pub(crate) mod lint;
pub(crate) mod man;
pub(crate) mod measured;
pub(crate) mod motifs;
pub(crate) mod overlap;
pub(crate) mod predict;
pub(crate) mod protocols;
pub(crate) mod query;
pub(crate) mod run;
pub(crate) mod saturation;
pub(crate) mod score;
pub(crate) mod score_interval;
pub(crate) mod scorers;
#[cfg(feature = "api")]
pub(crate) mod serve;
#[cfg(feature = "api")]
pub(crate) mod service;
pub(crate) mod tracks;
pub(crate) mod validate;
pub(crate) mod vet;

use crate::args::Command;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;

/// Runs a command.
pub(crate) fn dispatch(command: Command, settings: &Settings) -> Result<Exit, Failure> {
    match command {
        Command::Run(options) => run::run(&options, settings),
        Command::Score(options) => score::run(options, settings),
        Command::Predict(options) => predict::run(options, settings),
        Command::Ism(options) => ism::run(options, settings),
        Command::ScoreInterval(options) => score_interval::run(options, settings),
        Command::Genes(options) => genes::run(&options, settings),
        Command::Motifs(options) => motifs::run(&options, settings),
        Command::Vet(options) => vet::run(options, settings),
        Command::Validate(options) => validate::run(options, settings),
        Command::Saturation(options) => saturation::run(options, settings),
        Command::Calibrate(options) => calibrate::run(options, settings),
        Command::Measured(options) => measured::run(options, settings),
        Command::Protocols(options) => protocols::run(&options, settings),
        Command::Export(options) => export::run(&options, settings),
        Command::Lint(options) => lint::run(&options, settings),
        Command::Diff(options) => diff::run(&options, settings),
        Command::Overlap(options) => overlap::run(&options, settings),
        Command::Query(options) => query::run(&options, settings),
        Command::Tracks(options) => tracks::run(&options, settings),
        #[cfg(feature = "api")]
        Command::Serve(options) => serve::run(options, settings),
        Command::Scorers(options) => scorers::run(&options, settings),
        #[cfg(feature = "api")]
        Command::Cache(options) => cache::run(&options, settings),
        Command::Completions(options) => completions::run(&options),
        Command::Man(options) => man::run(&options),
    }
}
