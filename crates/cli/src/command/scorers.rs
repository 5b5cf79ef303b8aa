//! `refalt scorers`: the scorers with their formulas.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt_core::interval_scorer::{self, IntervalScorer};
use refalt_core::scorer::{RECOMMENDED, SCORERS, ScorerDocs};
use serde_json::json;
use std::io::Write;

/// Arguments of `refalt scorers`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {}

pub(crate) fn run(_options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let [variants, intervals] = [RECOMMENDED, interval_scorer::RECOMMENDED].map(|named| {
            let named = named.iter();
            named
                .map(|scorer| json!({"name": scorer.name, "scorer": scorer.text}))
                .collect::<Vec<_>>()
        });
        writeln!(
            out,
            "{}",
            json!({ "recommended": variants, "recommended_for_intervals": intervals })
        )?;
        return Ok(Exit::Done);
    }
    writeln!(out, "Recommended scorers (use the name or the text):")?;
    for scorer in RECOMMENDED {
        writeln!(out, "  {:20} {}", scorer.name, scorer.text)?;
    }
    writeln!(out, "\nRecommended interval scorers, of `refalt score-interval`:")?;
    for scorer in interval_scorer::RECOMMENDED {
        writeln!(out, "  {:20} {}", scorer.name, scorer.text)?;
    }
    let variants = SCORERS.iter().map(|kind| (kind.class(), kind.docs()));
    for (class, docs) in variants.chain([("GeneMaskScorer (intervals)", IntervalScorer::docs())]) {
        write_docs(&mut out, class, docs)?;
    }
    Ok(Exit::Done)
}

fn write_docs(out: &mut impl Write, class: &str, docs: &ScorerDocs) -> Result<(), Failure> {
    writeln!(out, "\n{class}")?;
    for (heading, text) in [
        ("What it measures", docs.measures),
        ("Formula", docs.formula),
        ("When to use", docs.when_to_use),
        ("Limits", docs.limits),
        ("Source", docs.source),
    ] {
        writeln!(out, "  {heading}: {text}")?;
    }
    Ok(())
}
