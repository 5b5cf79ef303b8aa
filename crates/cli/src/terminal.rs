//! What the terminal allows: colour, progress, JSON.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use refalt::engine::{Observer, Progress};
use refalt::io::fasta::DigestProgress;
use std::io::{IsTerminal, Write};
use std::num::NonZeroUsize;
use std::time::Duration;

/// What every command needs to know.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Results and errors as JSON.
    pub(crate) json: bool,
    /// Print no progress.
    pub(crate) quiet: bool,
    /// Threads that compute.
    pub(crate) threads: usize,
}

impl Settings {
    pub(crate) fn new(json: bool, quiet: bool, threads: Option<NonZeroUsize>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self {
            json,
            quiet,
            threads: threads.map_or(cores, NonZeroUsize::get),
        }
    }

    /// Prints a line that nobody may miss to standard error, with `--quiet`, too; JSON says it in its own words.
    pub(crate) fn tell(&self, line: impl AsRef<str>) {
        if !self.json {
            stderr_line(line.as_ref());
        }
    }

    /// Prints a line about what is going on to standard error.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        if !self.quiet && !self.json {
            stderr_line(line.as_ref());
        }
    }
}

/// Prints a line to standard error. Where it cannot be written, there is nobody to tell it, and the work goes on.
pub(crate) fn stderr_line(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Colour for standard error, if it is a terminal and `NO_COLOR` is not set.
pub(crate) struct Paint(bool);

impl Paint {
    pub(crate) fn stderr() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self(wanted && std::io::stderr().is_terminal())
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    pub(crate) fn error(&self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn hint(&self, text: &str) -> String {
        self.paint("1;36", text)
    }

    pub(crate) fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }
}

/// Shows how far the digesting of a reference is; appears only when it takes longer than a blink.
pub(crate) struct DigestBar(ProgressBar);

impl DigestBar {
    pub(crate) fn new(settings: &Settings) -> Self {
        let bar = ProgressBar::with_draw_target(None, target(settings));
        if let Ok(style) = ProgressStyle::with_template("digesting the reference {wide_bar} {percent}%, {eta} left") {
            bar.set_style(style);
        }
        Self(bar)
    }

    pub(crate) fn show(&self, progress: DigestProgress) {
        self.0.set_length(progress.bases);
        self.0.set_position(progress.bases_done);
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// Shows how many of a known number of things are done.
pub(crate) struct CountBar(ProgressBar);

impl CountBar {
    /// Begins.
    ///
    /// * `what`: the things, in the plural.
    pub(crate) fn new(what: &'static str, total: u64, settings: &Settings) -> Self {
        let bar = ProgressBar::with_draw_target(Some(total), target(settings));
        if let Ok(style) = ProgressStyle::with_template("{wide_bar} {human_pos}/{human_len} {msg}, {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    pub(crate) fn show(&self, done: u64) {
        self.0.set_position(done);
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

fn target(settings: &Settings) -> ProgressDrawTarget {
    if settings.quiet || settings.json {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr_with_hz(4)
    }
}

/// Shows how far a scoring run is: rows, rate, time left, rows that were not scored.
pub(crate) struct RunProgress {
    bar: ProgressBar,
    started: bool,
}

impl RunProgress {
    /// Begins with the number of input rows.
    pub(crate) fn new(rows: u64, settings: &Settings) -> Self {
        let bar = ProgressBar::with_draw_target(Some(rows), target(settings));
        let template = "scoring {wide_bar} {human_pos}/{human_len} rows, {per_sec}, {eta} left{msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, started: false }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for RunProgress {
    fn advanced(&mut self, progress: &Progress) {
        let counts = &progress.counts;
        if !self.started {
            // Rows of earlier runs say nothing about the rate of this one.
            self.bar.set_position(progress.resumed_rows);
            self.bar.reset_eta();
            self.started = true;
        }
        self.bar.set_position(counts.rows);
        let rejected = counts.rejected_total();
        if rejected + counts.failed > 0 {
            self.bar
                .set_message(format!(", {rejected} rejected, {} failed", counts.failed));
        }
    }
}
