//! `refalt man DIR`: a manual page for refalt and for each command.

use crate::args::Arguments;
use crate::exit::Exit;
use crate::message::Failure;
use clap::CommandFactory;
use std::path::PathBuf;

/// Arguments of `refalt man`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder for the pages.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<Exit, Failure> {
    let folder = &options.folder;
    std::fs::create_dir_all(folder).map_err(|error| Failure::file("create the folder", folder, &error))?;
    clap_mangen::generate_to(Arguments::command(), folder)
        .map_err(|error| Failure::file("write into", folder, &error))?;
    Ok(Exit::Done)
}
