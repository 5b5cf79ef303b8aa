//! `refalt score`: scores of each variant for each track, as a Parquet table.

use super::cache_options::CacheOptions;
use super::input::InputOptions;
use crate::args::at_least_one;
use crate::exit::Exit;
use crate::message::{Failure, counted};
use crate::terminal::{DigestBar, RunProgress, Settings};
use refalt::Diagnostic;
use refalt::engine::{Counts, Layout, Manifest, PlanOptions, SourceShare, Summary, Survey, TableOptions, unscored};
use refalt::scoring::{GeneFiles, PolyaSource, ScoreRequest, Scoring};
use refalt_core::abbreviation::abbreviated;
use serde_json::json;
use std::io::Write;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of `refalt score`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    input: InputOptions,

    /// Reference sequence: FASTA, plain or bgzip; records named `chr5:1294490-1296547` are slices.
    #[arg(long, short, value_name = "FASTA")]
    reference: PathBuf,

    /// Assembly of the reference, where its content does not prove it and you vouch for it: GRCh38, GRCh37, GRCm38. Rows
    /// that state another one are rejected.
    #[arg(long, value_name = "NAME")]
    assembly: Option<String>,

    /// Model: `motif`, `motif:FILE` for the motifs of a file (JASPAR, MEME, TRANSFAC), `alphagenome:PATH` for AlphaGenome's
    /// weights on this machine (`,organism=mouse` behind the path for the other organism), `api` for the hosted one, `atlas` for its computed scores of substitutions, or `auto` for the Atlas where it has scores and `--auto-rest` else.
    #[arg(long, default_value = "motif")]
    model: String,

    /// Scorers by name or full text, separated by commas outside parentheses; `recommended` stands for those of the
    /// published protocol that the model can serve; `refalt scorers` lists them.
    #[arg(long, default_value = "CHIP_TF", value_name = "NAME,...")]
    scorers: String,

    /// Tracks that get rows, as a selection: `tf=GABPA,ETS1`, `CHIP_TF & biosample=HepG2` [default: all].
    #[arg(long, value_name = "SELECTION")]
    tracks: Option<String>,

    #[cfg(feature = "api")]
    #[command(flatten)]
    service: super::service::ServiceOptions,

    #[cfg(feature = "api")]
    #[command(flatten)]
    atlas: super::service::AtlasOptions,

    #[command(flatten)]
    cache: CacheOptions,

    #[command(flatten)]
    genes: GeneOptions,

    #[command(flatten)]
    table: TableArguments,

    /// Window around each variant, in bp.
    #[arg(long, default_value = "16384", value_name = "BP", value_parser = at_least_one::<NonZeroU32>)]
    window: NonZeroU32,

    /// Output folder; a run that was interrupted goes on in it.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    /// Input rows of a part, the unit of resuming [default: about 4 million score rows].
    #[arg(long, value_name = "N", value_parser = at_least_one::<NonZeroU64>)]
    rows_per_part: Option<NonZeroU64>,

    /// Say what would be done (variants, calls, rows, disk, time) and write nothing.
    #[arg(long)]
    dry_run: bool,
}

/// The gene annotation, for scorers that work by gene.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct GeneOptions {
    /// Gene models: GTF or GFF3 of GENCODE, Ensembl or RefSeq, on the assembly of the reference.
    #[arg(long, value_name = "FILE")]
    genes: Option<PathBuf>,

    /// Sites of polyadenylation: a table (PolyADB, PolyASite), or `transcript-ends` to take the ends of transcripts.
    #[arg(long, value_name = "FILE", requires = "genes")]
    polya: Option<PathBuf>,
}

impl GeneOptions {
    pub(crate) fn files(self, cache_folder: Option<PathBuf>) -> Option<GeneFiles> {
        let polya = self.polya.map(|path| match path.to_str() {
            Some("transcript-ends") => PolyaSource::TranscriptEnds,
            _ => PolyaSource::Table(path),
        });
        self.genes.map(|models| GeneFiles {
            models,
            cache_folder,
            polya,
        })
    }
}

/// What is written of the scores, and how.
#[derive(Debug, clap::Args)]
struct TableArguments {
    /// Layout: `tidy` has a row for each score, `wide` a folder for each scorer and a column for each track.
    #[arg(long, default_value = Layout::Tidy.name(), value_name = "NAME", value_parser = Layout::ALL.map(Layout::name))]
    layout: String,

    /// Keep the terms of REF and ALT beside the scores, for scorers that are made of two terms.
    #[arg(long)]
    keep_ref_alt: bool,

    /// Leave out rows whose gene and track lie on different strands (the default).
    #[arg(long, conflicts_with = "all_strands")]
    match_gene_strand: bool,

    /// Keep rows whose gene and track lie on different strands.
    #[arg(long)]
    all_strands: bool,

    /// Make one track of the two strands of a track, for scorers by gene: a gene has the score of its own strand.
    #[arg(long, conflicts_with = "all_strands")]
    merge_stranded: bool,
}

impl TableArguments {
    fn options(&self) -> TableOptions {
        TableOptions {
            layout: Layout::from_name(&self.layout).unwrap_or_default(),
            terms: self.keep_ref_alt,
            match_gene_strand: !self.all_strands,
            merge_stranded: self.merge_stranded,
        }
    }
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let request = ScoreRequest {
        variants: options.input.source()?,
        reading: options.input.reading()?,
        reference: options.reference,
        assembly: options.assembly.as_deref().map(super::input::assembly).transpose()?,
        model: options.model,
        plan: PlanOptions {
            scorers: split_scorers(&options.scorers),
            tracks: options.tracks,
            window: options.window,
            rows_per_part: options.rows_per_part.map(NonZeroU64::get),
            annotation: None,
            table: options.table.options(),
        },
        genes: options.genes.files(options.cache.cache.clone()),
        threads: settings.threads,
    };
    #[cfg(feature = "api")]
    let service = options
        .service
        .source(&options.atlas, &request, &options.cache, settings)?;
    #[cfg(feature = "api")]
    let (source, answers) = match service {
        Some(service) => (Some(service.source), Some(service.answers)),
        None => (None, None),
    };
    #[cfg(not(feature = "api"))]
    let source = None;
    let digesting = DigestBar::new(settings);
    let show = |progress| digesting.show(progress);
    let scoring = match source {
        Some(source) => Scoring::prepare_with(source, &request, &show),
        None => Scoring::prepare(&request, &show),
    };
    digesting.finish();
    let scoring = scoring.map_err(|error| Failure::of(&error))?;
    for note in scoring.notes() {
        settings.note(note);
    }
    if options.dry_run {
        let done = scoring
            .check_folder(&options.out)
            .map_err(|error| Failure::of(&error))?;
        let survey = scoring.survey().map_err(|error| Failure::of(&error))?;
        print_survey(&survey, done, settings)?;
        return Ok(Exit::Done);
    }
    let started = Instant::now();
    let summary = score(&scoring, &options.out, settings);
    #[cfg(feature = "api")]
    let notes = answers.as_ref().map(|answers| (answers.text(), answers.json()));
    #[cfg(not(feature = "api"))]
    let notes: Option<(String, serde_json::Value)> = None;
    if let Some((text, _)) = &notes {
        settings.note(text);
    }
    let summary = summary?;
    let answers = notes.map(|(_, answers)| answers);
    print_summary(
        &summary,
        answers,
        &options.out,
        started.elapsed().as_secs_f64(),
        settings,
    )?;
    Ok(exit_of(&summary.manifest))
}

/// Runs a prepared job with a progress bar.
fn score(scoring: &Scoring, out: &Path, settings: &Settings) -> Result<Summary, Failure> {
    let mut progress = RunProgress::new(scoring.rows(), settings);
    let summary = scoring.run(out, &mut progress);
    progress.finish();
    summary.map_err(|error| Failure::of(&error as &dyn Diagnostic))
}

/// Returns the exit code of a finished run.
pub(crate) fn exit_of(manifest: &Manifest) -> Exit {
    let counts = &manifest.counts;
    if counts.rejected_total() + counts.failed > 0 {
        Exit::Partial
    } else {
        Exit::Done
    }
}

/// Splits at commas outside parentheses: a scorer's full text has commas of its own.
pub(crate) fn split_scorers(text: &str) -> Vec<String> {
    let mut scorers = vec![String::new()];
    let mut depth = 0_usize;
    for letter in text.chars() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                scorers.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(last) = scorers.last_mut() {
            last.push(letter);
        }
    }
    scorers
        .into_iter()
        .map(|scorer| scorer.trim().to_owned())
        .filter(|scorer| !scorer.is_empty())
        .collect()
}

fn print_survey(survey: &Survey, done: u64, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let (counts, estimate) = (&survey.counts, &survey.estimate);
    let seconds = survey.duration.as_secs_f64();
    if settings.json {
        let plan = json!({
            "rows": counts.rows,
            "rows_done": done,
            "variants": estimate.variants,
            "duplicate": counts.duplicate,
            "rejected": counts.rejected,
            "calls": estimate.calls,
            "score_rows": estimate.score_rows,
            "disk_bytes": estimate.disk_bytes,
            "seconds": (survey.sample > 0).then_some(seconds),
            "sample": survey.sample,
        });
        writeln!(out, "{plan}")?;
        return Ok(());
    }
    writeln!(out, "input rows      {}", counts.rows)?;
    if done > 0 {
        writeln!(
            out,
            "done            {done} rows are finished in the folder; below is the whole run"
        )?;
    }
    writeln!(out, "variants        {} to score", estimate.variants)?;
    writeln!(out, "duplicates      {}", counts.duplicate)?;
    writeln!(out, "rejected        {}", listed(&counts.rejected))?;
    writeln!(out, "calls           {}", estimate.calls)?;
    writeln!(out, "score rows      {}", estimate.score_rows)?;
    writeln!(out, "disk            about {:.1} MB", estimate.disk_bytes as f64 / 1e6)?;
    if survey.sample > 0 {
        writeln!(
            out,
            "time            about {seconds:.1} s (from {} variants)",
            survey.sample
        )?;
    } else {
        writeln!(out, "time            not known: nothing was scored to measure it")?;
    }
    Ok(())
}

/// Says how many variants and scores are from each source, where a run has several.
fn shares(manifest: &Manifest) -> Option<String> {
    // The name of a run by several sources is made of theirs.
    let names: Vec<&str> = manifest.model.name.split(" + ").collect();
    let shares = SourceShare::of(&manifest.sources, names.iter().copied().filter(|_| names.len() > 1));
    let shares: Vec<String> = shares
        .iter()
        .map(|of| {
            let (variants, scores) = (counted(of.variants, "variant"), counted(of.scores, "score"));
            format!("`{}` {variants} ({scores})", of.source)
        })
        .collect();
    (shares.len() > 1).then(|| format!("scored by {}", shares.join(", by ")))
}

/// Rows without scores that are listed one by one.
const LISTED: usize = 10;

/// Says how many rows have no scores, in one line that `--quiet` does not hide, and lists the first of them.
pub(crate) fn list_unscored(manifest: &Manifest, out: &Path, settings: &Settings) {
    let counts = &manifest.counts;
    let total = counts.rejected_total() + counts.failed;
    if total == 0 {
        return;
    }
    settings.tell(format!(
        "{total} of {} rows were not scored: rejected {}, failed {}; all are in `{}`, with the reason in `reason`",
        counts.rows,
        listed(&counts.rejected),
        counts.failed,
        out.join("variants.parquet").display()
    ));
    // The run is done and its table verified; a list that cannot be read is no reason to fail.
    let rows = unscored(out, LISTED).unwrap_or_default();
    for row in &rows {
        let id = row.id.as_deref().map_or(String::new(), |id| format!(" ({id})"));
        let told = format!(
            "  row {}, line {}: {}{id}: {}",
            row.row, row.line, row.as_written, row.reason
        );
        settings.note(abbreviated(&told));
    }
    let more = total.saturating_sub(rows.len() as u64);
    if more > 0 {
        settings.note(format!("  and {more} more"));
    }
}

/// Says where to look when REF differs from the reference in most rows: then the list as a whole is something else than
/// it is taken for, and the audit weighs what.
fn mostly_mismatched(counts: &Counts) -> Option<String> {
    let mismatched = counts.rejected.get("ref_mismatch").copied().unwrap_or(0);
    (2 * mismatched > counts.rows).then(|| {
        format!(
            "REF differs from the reference in {mismatched} of {} rows: the list may be on another build or strand, or one \
             off; `refalt vet` weighs which",
            counts.rows
        )
    })
}

/// Says how many windows are mostly N, when some are.
fn mostly_unknown(counts: &Counts) -> Option<String> {
    (counts.mostly_unknown > 0).then(|| {
        format!(
            "{} of {} windows are mostly N: the reference has less than half of their bases (`window_known` in \
             variants.parquet); the model saw only the rest",
            counts.mostly_unknown, counts.scored
        )
    })
}

pub(crate) fn listed(rejected: &std::collections::BTreeMap<String, u64>) -> String {
    if rejected.is_empty() {
        return "0".to_owned();
    }
    let total: u64 = rejected.values().sum();
    let reasons: Vec<String> = rejected.iter().map(|(code, count)| format!("{code} {count}")).collect();
    format!("{total} ({})", reasons.join(", "))
}

/// Prints what a run came to.
///
/// * `answers`: where those of a service came from. It is no part of the manifest, which is the same however they came.
fn print_summary(
    summary: &Summary,
    answers: Option<serde_json::Value>,
    out: &Path,
    seconds: f64,
    settings: &Settings,
) -> Result<(), Failure> {
    let manifest = &summary.manifest;
    let counts = &manifest.counts;
    if settings.json {
        let mut text = serde_json::to_value(manifest).map_err(|error| Failure::new(error.to_string()))?;
        if let (Some(answers), Some(members)) = (answers, text.as_object_mut()) {
            members.insert("answers".to_owned(), answers);
        }
        writeln!(std::io::stdout().lock(), "{text}")?;
        return Ok(());
    }
    settings.note(format!(
        "{} rows: {} scored, {} duplicates, rejected {}, failed {}; {} score rows in {seconds:.1} s",
        counts.rows,
        counts.scored,
        counts.duplicate,
        listed(&counts.rejected),
        counts.failed,
        manifest.score_rows,
    ));
    if let Some(told) = shares(manifest) {
        settings.tell(told);
    }
    if summary.resumed_rows > 0 {
        settings.note(format!("{} rows were finished by an earlier run", summary.resumed_rows));
    }
    list_unscored(manifest, out, settings);
    if let Some(advice) = mostly_mismatched(counts) {
        settings.tell(advice);
    }
    if let Some(warning) = mostly_unknown(counts) {
        settings.note(warning);
    }
    if let Some(note) = &manifest.assembly.note {
        settings.note(note);
    }
    settings.note(format!(
        "written to `{}`; licence: {}",
        out.display(),
        manifest.model.licence
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::split_scorers;

    #[test]
    fn commas_within_a_scorer_do_not_split_it() {
        let full = "CenterMaskScorer(requested_output=CHIP_TF, width=501, aggregation_type=DIFF_MEAN)";
        assert_eq!(split_scorers(&format!("CHIP_TF, {full},")), ["CHIP_TF", full]);
    }
}
