//! `refalt diff`.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;

/// Arguments of `refalt diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(_options: &Options, _settings: &Settings) -> Result<Exit, Failure> {
    Err(Failure::new("not there"))
}
