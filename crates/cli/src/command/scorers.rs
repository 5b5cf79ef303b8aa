//! `refalt scorers`: the scorers with their formulas.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt_core::scorer::{RECOMMENDED, SCORERS};
use serde_json::json;
use std::io::Write;

/// Arguments of `refalt scorers`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(_options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let named: Vec<_> = RECOMMENDED
            .iter()
            .map(|scorer| json!({"name": scorer.name, "scorer": scorer.text}))
            .collect();
        writeln!(out, "{}", json!({ "recommended": named }))?;
        return Ok(Exit::Done);
    }
    writeln!(out, "Recommended scorers (use the name or the text):")?;
    for scorer in RECOMMENDED {
        writeln!(out, "  {:20} {}", scorer.name, scorer.text)?;
    }
    for kind in SCORERS {
        let docs = kind.docs();
        writeln!(out, "\n{}", kind.class())?;
        for (heading, text) in [
            ("What it measures", docs.measures),
            ("Formula", docs.formula),
            ("When to use", docs.when_to_use),
            ("Limits", docs.limits),
            ("Source", docs.source),
        ] {
            writeln!(out, "  {heading}: {text}")?;
        }
    }
    Ok(Exit::Done)
}
