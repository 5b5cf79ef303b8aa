//! Tests of the command line, one binary.
#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]

mod assembly;
mod basics;
#[cfg(feature = "api")]
mod cache;
mod calibrate;
mod diff;
mod exit_codes;
mod export;
#[cfg(feature = "api")]
#[allow(dead_code, reason = "what the tests of refalt-rpc need of it is more")]
#[path = "../../../rpc/tests/it/fault_server.rs"]
mod fault_server;
#[path = "../../../refalt/tests/it/folder_contents.rs"]
mod folder_contents;
mod folders;
mod genes;
mod lint;
#[cfg(feature = "api")]
mod local_model;
mod made_up;
mod measured;
mod motifs;
mod overlap;
mod predict;
mod protocols;
mod query;
mod score;
mod score_interval;
mod score_tables;
#[cfg(feature = "api")]
mod serve;
#[cfg(feature = "api")]
mod service;
mod tracks;
mod validate;
mod validate_tables;
mod vep;

use assert_cmd::Command;

/// Returns a command of the binary under test, without colour.
fn refalt() -> Command {
    let mut command = Command::cargo_bin("refalt").unwrap();
    command.env("NO_COLOR", "1").env_remove("REFALT_THREADS");
    command
}
