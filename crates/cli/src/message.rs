//! How failures are told, in one place: what and why, where, what to do.

use crate::exit::Exit;
use crate::terminal::{Paint, Settings};
use refalt::Diagnostic;
use serde_json::json;
use std::error::Error;
use std::io;
use std::path::Path;
use std::process::ExitCode;

/// A command that failed.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    place: Option<String>,
    hint: Option<String>,
    broken_pipe: bool,
}

impl Failure {
    /// Tells a failure of the library.
    pub(crate) fn of(error: &(dyn Diagnostic + 'static)) -> Self {
        Self {
            exit: if error.is_usage() { Exit::Usage } else { Exit::Failure },
            message: error.to_string(),
            place: error.place(),
            hint: error.hint(),
            broken_pipe: caused_by_broken_pipe(error),
        }
    }

    /// Tells a failure in words.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Failure,
            message: message.into(),
            place: None,
            hint: None,
            broken_pipe: false,
        }
    }

    /// Tells that a file could not be used.
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(format!("cannot {action} `{}`: {error}", path.display()))
    }

    /// Adds what the user can do.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Marks it as the command line's fault.
    pub(crate) fn usage(mut self) -> Self {
        self.exit = Exit::Usage;
        self
    }

    /// Prints the failure to standard error and returns the exit code; a reader that went away is no failure.
    pub(crate) fn report(&self, settings: &Settings) -> ExitCode {
        if self.broken_pipe {
            return Exit::Done.into();
        }
        if settings.json {
            let error = json!({
                "error": self.message,
                "place": self.place,
                "hint": self.hint,
                "exit_code": self.exit as u8,
            });
            eprintln!("{error}");
        } else {
            let paint = Paint::stderr();
            eprintln!("{}: {}", paint.error("error"), self.message);
            if let Some(place) = &self.place {
                eprintln!("  {} {place}", paint.dim("-->"));
            }
            if let Some(hint) = &self.hint {
                eprintln!("{}: {hint}", paint.hint("hint"));
            }
        }
        self.exit.into()
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self {
            broken_pipe,
            ..Self::new(format!("cannot write the output: {error}"))
        }
    }
}

fn caused_by_broken_pipe(error: &dyn Error) -> bool {
    let mut cause: Option<&dyn Error> = error.source();
    while let Some(error) = cause {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return io.kind() == io::ErrorKind::BrokenPipe;
        }
        cause = error.source();
    }
    false
}

/// Prints help, the version or a usage error.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Help asked for goes to standard output; a reader that went away is no failure.
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Done.into()
    }
}
