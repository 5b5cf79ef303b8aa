//! How failures are told, in one place: what and why, where, what to do.

use crate::exit::Exit;
use crate::terminal::{Paint, Settings, stderr_line};
use refalt::{Diagnostic, ServiceStop};
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
    detail: Option<String>,
    broken_pipe: bool,
}

impl Failure {
    /// Tells a failure of the library.
    pub(crate) fn of(error: &(dyn Diagnostic + 'static)) -> Self {
        Self {
            exit: match error.service_stop() {
                Some(ServiceStop::Credentials) => Exit::Credentials,
                Some(ServiceStop::Unavailable) => Exit::Stopped,
                None if error.is_usage() => Exit::Usage,
                None => Exit::Failure,
            },
            message: in_words(&error.to_string()),
            place: error.place(),
            hint: error.hint(),
            detail: error.detail().map(|detail| in_words(&detail)),
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
            detail: None,
            broken_pipe: false,
        }
    }

    /// Tells that a file could not be used.
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        Self::new(in_words(&format!("cannot {action} `{}`: {error}", path.display())))
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

    /// Returns the exit code of a verdict once it was printed: a reader that went away does not change it.
    pub(crate) fn verdict(printed: Result<(), Self>, exit: Exit) -> Result<Exit, Self> {
        match printed {
            Err(failure) if !failure.broken_pipe => Err(failure),
            _ => Ok(exit),
        }
    }

    /// Prints the failure to standard error and returns the exit code; a reader that went away is no failure.
    pub(crate) fn report(&self, settings: &Settings) -> ExitCode {
        if self.broken_pipe {
            return Exit::Done.into();
        }
        if settings.json {
            let mut error = json!({
                "error": self.message,
                "place": self.place,
                "hint": self.hint,
                "exit_code": self.exit as u8,
            });
            if let Some(detail) = &self.detail {
                error["detail"] = detail.as_str().into();
            }
            stderr_line(&error);
        } else {
            let paint = Paint::stderr();
            stderr_line(format_args!("{}: {}", paint.error("error"), self.message));
            if let Some(place) = &self.place {
                stderr_line(format_args!("  {} {place}", paint.dim("-->")));
            }
            if let Some(hint) = &self.hint {
                stderr_line(format_args!("{}: {hint}", paint.hint("hint")));
            }
            if let Some(detail) = &self.detail {
                stderr_line(format_args!("{}: {detail}", paint.dim("detail")));
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

/// Writes a number of things, `1 call`, `2 calls`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// Takes the numbers of the operating system's errors out of a message; its words stay, in lower case.
fn in_words(message: &str) -> String {
    let mut words = String::new();
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(" (os error ") {
        let Some((number, behind)) = after.split_once(')') else {
            break;
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            break;
        }
        match before.rsplit_once(": ") {
            Some((what, reason)) => {
                let mut letters = reason.chars();
                let first = letters.next().map(|letter| letter.to_ascii_lowercase());
                words.push_str(what);
                words.push_str(": ");
                words.extend(first);
                words.push_str(letters.as_str());
            }
            None => words.push_str(before),
        }
        rest = behind;
    }
    words.push_str(rest);
    words
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

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn an_error_of_the_system_is_told_without_its_number() {
        for (message, expected) in [
            (
                "cannot read `a`: Permission denied (os error 13)",
                "cannot read `a`: permission denied",
            ),
            (
                "cannot write: No space left on device (os error 28); tried twice",
                "cannot write: no space left on device; tried twice",
            ),
            ("a name (os error x) stays", "a name (os error x) stays"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(in_words(message), expected);
        }
    }
}
