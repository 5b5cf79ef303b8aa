//! `refalt completions SHELL`: completions for a shell, on standard output.

use crate::args::Arguments;
use crate::exit::Exit;
use crate::message::Failure;
use clap::CommandFactory;
use std::io::Write;

/// Arguments of `refalt completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The shell.
    shell: clap_complete::Shell,
}

pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut Arguments::command(), "refalt", &mut script);
    std::io::stdout().lock().write_all(&script)?;
    Ok(Exit::Done)
}
