//! `refalt validate --protocol`: predictions judged by a benchmark's protocol.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::protocol::{
    Aggregation, MetricLine, ProtocolOptions, ProtocolRequest, ProtocolResult, Status, check_folder, find_or_read, run,
};
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `refalt validate` that are those of protocols.
#[derive(Debug, clap::Args)]
pub(crate) struct ProtocolArguments {
    /// Judge by a benchmark: a name of `refalt protocols list`, or a file, NAME.toml.
    #[arg(long, value_name = "NAME|FILE", requires = "pred", conflicts_with_all = ["run", "effect", "effect_allele", "truth_format", "member", "experiment", "gene", "columns", "keep", "label", "named", "block", "permutations", "top_tracks", "AnalysisOptions"])]
    pub(crate) protocol: Option<String>,

    /// What is judged by --protocol: a table of predictions (Feather, Parquet, TSV, CSV) or a score folder.
    #[arg(long, value_name = "TABLE|DIR", requires = "protocol")]
    pred: Option<PathBuf>,
}

/// What a protocol run takes of the other arguments.
pub(crate) struct Shared {
    pub(crate) truth: Option<String>,
    pub(crate) reference: Option<PathBuf>,
    pub(crate) out: Option<PathBuf>,
    pub(crate) scorers: Vec<String>,
    pub(crate) tracks: Vec<String>,
    pub(crate) summaries: Vec<String>,
    pub(crate) collapse: Option<refalt::validate::Collapse>,
    pub(crate) options: ProtocolOptions,
}

/// Runs a protocol.
pub(crate) fn judge(options: ProtocolArguments, shared: Shared, settings: &Settings) -> Result<Exit, Failure> {
    let (Some(word), Some(predictions)) = (options.protocol, options.pred) else {
        return Err(Failure::new("--protocol needs --pred").usage());
    };
    let mut protocol = find_or_read(&word).map_err(|error| Failure::of(&error))?;
    let out = shared.out.clone().ok_or_else(|| {
        Failure::new("a result by protocol needs a folder")
            .with_hint("give one with --out DIR")
            .usage()
    })?;
    let truth = match shared.truth.as_deref() {
        Some("-") => {
            return Err(Failure::new("the truth table of a protocol is read more than once")
                .with_hint("give a file, not standard input")
                .usage());
        }
        truth => truth.map(PathBuf::from),
    };
    let choices = replace_scores(&mut protocol, &shared)?;
    let request = ProtocolRequest {
        protocol,
        choices,
        predictions,
        truth,
        reference: shared.reference,
        options: shared.options,
        threads: settings.threads,
    };
    check_folder(&out).map_err(|error| Failure::of(&error))?;
    let result = run(&request).map_err(|error| Failure::of(&error))?;
    result.write(&out).map_err(|error| Failure::of(&error))?;
    print(&result, settings)?;
    tell(&result, settings);
    settings.note(format!("written to `{}`", out.display()));
    let rejected = result.rows.left_out.keys().any(|why| why.starts_with("rejected: "));
    Ok(if rejected { Exit::Partial } else { Exit::Done })
}

/// Puts scorer, tracks and aggregation of the command line in the place of the protocol's; returns what was chosen, in words.
fn replace_scores(protocol: &mut refalt::protocol::Protocol, shared: &Shared) -> Result<Vec<String>, Failure> {
    let name = protocol.name.clone();
    let (given, collapse) = ([&shared.scorers, &shared.tracks, &shared.summaries], shared.collapse);
    if given.iter().all(|list| list.is_empty()) && collapse.is_none() {
        return Ok(Vec::new());
    }
    let Some(scores) = &mut protocol.scores else {
        return Err(Failure::new(format!("the protocol `{name}` has no scores to choose"))
            .with_hint("leave out --scorer, --tracks, --summaries and --collapse")
            .usage());
    };
    let mut notes = Vec::new();
    if !shared.scorers.is_empty() {
        notes.push(format!(
            "scorers {} in place of {}",
            shared.scorers.join(", "),
            scores.scorers.join(", ")
        ));
        scores.scorers.clone_from(&shared.scorers);
        // Tracks of another output type are not meant.
        scores.tracks = None;
    }
    if !shared.tracks.is_empty() {
        let all: Vec<String> = shared.tracks.iter().map(|tracks| format!("({tracks})")).collect();
        let tracks = match all.as_slice() {
            [_] => shared.tracks[0].clone(),
            _ => all.join(" | "),
        };
        notes.push(format!("tracks `{tracks}` by choice"));
        scores.tracks = Some(tracks);
    }
    match shared.summaries.as_slice() {
        [] => {}
        [one] => {
            let aggregation = Aggregation::from_name(one).ok_or_else(|| {
                let names: Vec<&str> = Aggregation::ALL.iter().map(|known| known.name()).collect();
                Failure::new(format!("unknown aggregation `{one}`"))
                    .with_hint(format!("known: {}", names.join(", ")))
                    .usage()
            })?;
            notes.push(format!("aggregation {one} in place of {}", scores.aggregation.name()));
            scores.aggregation = aggregation;
        }
        _ => {
            return Err(Failure::new("a protocol has one aggregation")
                .with_hint("give one name with --summaries")
                .usage());
        }
    }
    if let Some(collapse) = collapse {
        scores.collapse = Some(collapse.name().to_owned());
    }
    Ok(notes)
}

/// Prints value, interval and what stands beside it, then the groups.
fn print(result: &ProtocolResult, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        write!(out, "{}", result.to_json())?;
        return Ok(());
    }
    writeln!(
        out,
        "group\tmetric\tn\tpositives\tdrawn\teffective_n\tvalue\tlow\thigh\tchance"
    )?;
    let evaluation = &result.evaluation;
    for line in std::iter::once(&evaluation.overall).chain(&evaluation.groups) {
        let MetricLine {
            group,
            metric,
            n,
            positives,
            drawn,
            effective_n,
            value,
            low,
            high,
            chance,
            ..
        } = line;
        let number = |value: &Option<f64>| value.map_or(String::new(), |value| format!("{value:.4}"));
        let [value, low, high, chance] = [value, low, high, chance].map(number);
        let positives = positives.map_or(String::new(), |positives| positives.to_string());
        writeln!(
            out,
            "{group}\t{metric}\t{n}\t{positives}\t{drawn}\t{effective_n}\t{value}\t{low}\t{high}\t{chance}"
        )?;
    }
    for verdict in &result.verdicts {
        writeln!(
            out,
            "verdict ({}, {}): {}",
            verdict.predictor, verdict.kind, verdict.statement
        )?;
    }
    Ok(())
}

/// Says what became of the rows; a sign that is opposite is a warning, with `--quiet`, too.
fn tell(result: &ProtocolResult, settings: &Settings) {
    for verdict in &result.verdicts {
        if verdict.status == Status::OppositeSign {
            settings.tell(format!("warning: {}", verdict.statement));
        }
    }
    let rows = &result.rows;
    settings.note(format!("{} rows read, {} used", rows.read, rows.used));
    for (why, count) in &rows.left_out {
        settings.note(format!("  {count} {why}"));
    }
    settings.note(&result.split.statement);
    settings.note(&result.provenance.digest);
    if let Some(error) = result.evaluation.error_over_groups {
        settings.note(format!("standard error over whole groups: {error:.4}"));
    }
    if let Some(error) = result.evaluation.error_of_draws {
        settings.note(format!("standard error of the draws: {error:.5}"));
    }
    for note in &result.notes {
        if note.starts_with("warning: ") {
            settings.tell(note);
        } else {
            settings.note(note);
        }
    }
}
