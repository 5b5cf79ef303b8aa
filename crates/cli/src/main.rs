//! The command line of refalt: arguments in, library calls, messages and exit codes out.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the command line is the one crate that talks to people"
)]

mod args;
#[cfg(feature = "api")]
mod byte_size;
mod command;
mod exit;
mod message;
mod terminal;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match args::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return message::usage(&error),
    };
    let settings = arguments.settings();
    match command::dispatch(arguments.command, &settings) {
        Ok(code) => code.into(),
        Err(failure) => failure.report(&settings),
    }
}
