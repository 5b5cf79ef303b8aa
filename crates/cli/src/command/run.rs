//! `refalt run`: a whole study, from one file to a report.

use super::score::{exit_of, list_unscored};
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::{RunProgress, Settings};
use refalt::engine::{Observer, Progress};
use refalt::study::{Step, Study, StudyError, StudyObserver, StudyOutcome};
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

/// Arguments of `refalt run`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The study.
    #[arg(value_name = "STUDY.toml")]
    study: PathBuf,

    /// Output folder in place of the study's own.
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let started = Instant::now();
    let study = Study::read(&options.study, options.out.as_deref(), settings.threads)
        .map_err(|error| Failure::of(&StudyError::from(error)))?;
    let mut steps = Steps {
        settings,
        progress: None,
    };
    let outcome = study.run(&mut steps);
    steps.end();
    let outcome = outcome.map_err(|error| Failure::of(&error))?;
    print(&outcome, started.elapsed().as_secs_f64(), settings)?;
    list_unscored(&outcome.scores.manifest, &study.out().join("scores"), settings);
    Ok(exit_of(&outcome.scores.manifest))
}

fn print(outcome: &StudyOutcome, seconds: f64, settings: &Settings) -> Result<(), Failure> {
    let counts = &outcome.scores.manifest.counts;
    let warnings = &outcome.validation.provenance.effect_warnings;
    for warning in warnings {
        settings.tell(format!("warning: {warning}"));
    }
    let mut out = std::io::stdout().lock();
    if settings.json {
        let mut summary = json!({
            "report": outcome.report,
            "rows": counts.rows,
            "scored": counts.scored,
            "rejected": counts.rejected,
            "failed": counts.failed,
            "score_rows": outcome.scores.manifest.score_rows,
            "joined": outcome.validation.joined.variants.len(),
            "seconds": seconds,
        });
        if !warnings.is_empty() {
            summary["effect_warnings"] = json!(warnings);
        }
        writeln!(out, "{summary}")?;
        return Ok(());
    }
    settings.note(format!(
        "{} of {} variants scored ({} score rows), {} compared with measurements, in {seconds:.1} s",
        counts.scored,
        counts.rows,
        outcome.scores.manifest.score_rows,
        outcome.validation.joined.variants.len(),
    ));
    writeln!(out, "{}", outcome.report.display())?;
    Ok(())
}

/// Tells each step, and shows the progress of the long one.
struct Steps<'a> {
    settings: &'a Settings,
    progress: Option<RunProgress>,
}

impl Steps<'_> {
    fn end(&mut self) {
        if let Some(progress) = self.progress.take() {
            progress.finish();
        }
    }
}

impl Observer for Steps<'_> {
    fn advanced(&mut self, progress: &Progress) {
        if let Some(bar) = &mut self.progress {
            bar.advanced(progress);
        }
    }
}

impl StudyObserver for Steps<'_> {
    fn begins(&mut self, step: Step) {
        self.end();
        self.settings.note(match step {
            Step::Audit => "auditing the list of variants".to_owned(),
            Step::Score { rows } => format!("scoring {rows} variants"),
            Step::Validate => "comparing with measurements".to_owned(),
            Step::Report => "drawing figures, writing the report".to_owned(),
        });
        if let Step::Score { rows } = step {
            self.progress = Some(RunProgress::new(rows, self.settings));
        }
    }
}
