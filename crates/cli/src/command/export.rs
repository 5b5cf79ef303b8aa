//! `refalt export`: scores in the formats of other programs.

use super::input::unknown;
use super::score::split_scorers;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::export::{ExportOptions, FORMATS, Format, export};
use refalt::score_folder::ScoreFolder;
use serde_json::json;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `refalt export`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Folder of a finished scoring run.
    #[arg(value_name = "DIR")]
    run: PathBuf,

    /// Format: vcf, bcf, tsv, bedgraph, bigwig, matrix.
    #[arg(long, visible_alias = "format", value_name = "FORMAT")]
    to: String,

    /// File to write; a name that ends in .gz is compressed (bgzip), and indexed where the format has an index.
    #[arg(long, short, value_name = "FILE", value_parser = super::input::output_file)]
    out: PathBuf,

    /// Scorers of the run, by name or text [default: all].
    #[arg(long, value_name = "SCORER,...", default_value = "")]
    scorers: String,

    /// Tracks: the whole name of one, or a selection, `tf=GABPA & biosample=HepG2` [default: all].
    #[arg(long, value_name = "SELECTION")]
    tracks: Option<String>,

    /// Summaries over the tracks, for VCF and BCF: max, min, mean, signed_max, signed_max_track, count [default: all].
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    summary: Vec<String>,

    /// How several scores at one position become one, for bedGraph and bigWig: max, min, mean, signed_max.
    #[arg(long, value_name = "NAME")]
    aggregate: Option<String>,

    /// Reference of the run, for the lengths of contigs in bigWig where the run does not know the assembly.
    #[arg(long, short, value_name = "FASTA")]
    reference: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let format = Format::from_name(&options.to)
        .ok_or_else(|| unknown("format", &options.to, FORMATS.iter().map(|entry| entry.name)))?;
    let folder = ScoreFolder::open(&options.run).map_err(|error| Failure::of(&error))?;
    let chosen = ExportOptions {
        scorers: split_scorers(&options.scorers),
        tracks: options.tracks.clone(),
        summaries: options.summary.clone(),
        aggregate: options.aggregate.clone(),
        reference: options.reference.clone(),
    };
    let report = export(&folder, format, &options.out, &chosen).map_err(|error| Failure::of(&error))?;
    if settings.json {
        let files: Vec<String> = report.files.iter().map(|file| file.display().to_string()).collect();
        let mut line = json!({ "records": report.records, "unscored": report.unscored, "files": files });
        if !report.mixed_sources.is_empty() {
            line["mixed_sources"] = json!(report.mixed_sources);
        }
        writeln!(std::io::stdout().lock(), "{line}")?;
        return Ok(Exit::Done);
    }
    for mixed in &report.mixed_sources {
        settings.tell(format!("warning: {mixed}"));
    }
    for statement in &report.statements {
        settings.note(statement);
    }
    let unscored = match report.unscored {
        0 => String::new(),
        count => format!(", {count} of them without scores"),
    };
    let files: Vec<String> = report
        .files
        .iter()
        .map(|file| format!("`{}`", file.display()))
        .collect();
    settings.note(format!(
        "{} records{unscored}, written to {}",
        report.records,
        files.join(" and ")
    ));
    settings.note(format!("licence of the scores: {}", folder.model().licence));
    Ok(Exit::Done)
}
