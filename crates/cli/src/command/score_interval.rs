//! `refalt score-interval`: scores of the genes in intervals.

use super::cache_options::CacheOptions;
use super::predict::tell;
use super::score::{listed, split_scorers};
use crate::args::at_least_one;
use crate::exit::Exit;
use crate::message::{Failure, counted};
use crate::terminal::{CountBar, DigestBar, Settings};
use refalt::interval_scores::{IntervalCounts, IntervalRequest, IntervalScoring, IntervalsText, TableFormat};
use refalt::predict::{PredictError, Region};
use refalt::scoring::GeneFiles;
use refalt_core::abbreviation::abbreviated;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

/// Arguments of `refalt score-interval`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Intervals written out, `chr1:1001-17384` (1-based, inclusive), or a BED file (plain, gzip, bgzip; names in its fourth
    /// column), or `-` for BED on standard input.
    #[arg(value_name = "INTERVALS", required = true)]
    intervals: Vec<String>,

    /// Reference sequence: FASTA, plain or bgzip; records named `chr5:1294490-1296547` are slices.
    #[arg(long, short, value_name = "FASTA")]
    reference: PathBuf,

    /// Assembly of the reference, where its content does not prove it and you vouch for it: GRCh38, GRCh37, GRCm38.
    #[arg(long, value_name = "NAME")]
    assembly: Option<String>,

    /// Model: `motif`, `motif:FILE` for the motifs of a file, `alphagenome:PATH` for AlphaGenome's weights on this machine, or
    /// `api` for the hosted one.
    #[arg(long, default_value = "motif")]
    model: String,

    /// Interval scorers by name or full text, separated by commas outside parentheses; `recommended` stands for those of the
    /// published protocol that the model can serve; `refalt scorers` describes them.
    #[arg(
        long,
        visible_alias = "scorer",
        default_value = "recommended",
        value_name = "NAME,..."
    )]
    scorers: String,

    /// Tracks that get rows, as a selection: `RNA_SEQ & biosample=liver` [default: all].
    #[arg(long, value_name = "SELECTION")]
    tracks: Option<String>,

    /// Gene models, where the model is no service: GTF or GFF3, on the assembly of the reference.
    #[arg(long, value_name = "FILE")]
    genes: Option<PathBuf>,

    /// Lay a window of this length in bp around the middle of each interval, in place of the interval itself. Without it an
    /// interval has to have a length that the model reads; a longer interval is refused.
    #[arg(long, value_name = "BP", value_parser = at_least_one::<NonZeroU32>)]
    window: Option<NonZeroU32>,

    /// Keep rows whose gene and track lie on different strands.
    #[arg(long)]
    all_strands: bool,

    /// Make one track of the two strands of a track: a gene has the score of its own strand. The published client's default.
    #[arg(long, conflicts_with = "all_strands")]
    merge_stranded: bool,

    /// Formats of the tables: parquet, tsv.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_value = "parquet")]
    format: Vec<String>,

    /// Output folder: absent, empty, or that of the same work.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,

    #[cfg(feature = "api")]
    #[command(flatten)]
    service: super::service::ServiceOptions,

    #[command(flatten)]
    cache: CacheOptions,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    #[cfg(feature = "api")]
    if options.model == super::service::MODEL && options.genes.is_some() {
        return Err(Failure::new("--genes: the service brings genes of its own").usage());
    }
    let formats = options.format.iter().map(|name| TableFormat::from_name(name));
    let formats: Result<Vec<TableFormat>, PredictError> = formats.collect();
    let request = IntervalRequest {
        assembly: options.assembly.as_deref().map(super::input::assembly).transpose()?,
        model: options.model,
        scorers: split_scorers(&options.scorers),
        tracks: options.tracks,
        window: options.window,
        genes: options.genes.map(|models| GeneFiles {
            models,
            cache_folder: options.cache.cache.clone(),
            polya: None,
        }),
        match_gene_strand: !options.all_strands,
        merge_stranded: options.merge_stranded,
        formats: formats.map_err(|error| Failure::of(&error))?,
        threads: settings.threads,
        ..IntervalRequest::new(intervals(&options.intervals)?, options.reference)
    };
    #[cfg(feature = "api")]
    let service = options.service.open(&request.model, &options.cache, settings)?;
    let digesting = DigestBar::new(settings);
    let show = |progress| digesting.show(progress);
    #[cfg(feature = "api")]
    let (source, answers) = service.unzip();
    #[cfg(feature = "api")]
    let work = match source {
        Some(source) => IntervalScoring::prepare_with(Box::new(source), &request, &show),
        None => IntervalScoring::prepare(&request, &show),
    };
    #[cfg(not(feature = "api"))]
    let work = IntervalScoring::prepare(&request, &show);
    digesting.finish();
    let work = work.map_err(|error| Failure::of(&error))?;
    for note in work.notes() {
        settings.note(note);
    }
    let bar = CountBar::new("intervals", work.intervals() as u64, settings);
    let done = work.run(&options.out, &|done| bar.show(done));
    bar.finish();
    #[cfg(feature = "api")]
    if let Some(answers) = answers {
        settings.note(answers.text());
    }
    let (manifest, unscored) = done.map_err(|error| Failure::of(&error))?;
    let counts = manifest.intervals.clone().unwrap_or_default();
    if !settings.json {
        tell_counts(&counts, request.window, settings);
        let without = counts.rejected_total() + counts.failed;
        for of in &unscored {
            let line = of.line.map_or(String::new(), |line| format!(", line {line}"));
            let name = of.name.as_deref().map_or(String::new(), |name| format!(" ({name})"));
            let told = format!("  row {}{line}: {}{name}: {}", of.row, of.as_written, of.reason);
            settings.note(abbreviated(&told));
        }
        if without > unscored.len() as u64 {
            settings.note(format!("  and {} more", without - unscored.len() as u64));
        }
    }
    tell(&manifest, work.notes().len(), &options.out, settings)?;
    Ok(if counts.rejected_total() + counts.failed > 0 {
        Exit::Partial
    } else {
        Exit::Done
    })
}

/// Returns where the intervals come from: one argument is a file, standard input or an interval, several are intervals.
fn intervals(arguments: &[String]) -> Result<IntervalsText, Failure> {
    if let [one] = arguments {
        if one == "-" {
            return Ok(IntervalsText::Stdin);
        }
        if Path::new(one).exists() {
            return Ok(IntervalsText::File(PathBuf::from(one)));
        }
        if !one.contains(':') {
            return Err(Failure::new(format!("there is no file `{one}`, and it is no interval")).usage());
        }
    }
    let regions = arguments.iter().map(|text| text.parse::<Region>());
    let regions: Result<Vec<Region>, _> = regions.collect();
    let failed = |error| Failure::of(&PredictError::from(error));
    regions.map(IntervalsText::Regions).map_err(failed)
}

fn tell_counts(counts: &IntervalCounts, window: Option<NonZeroU32>, settings: &Settings) {
    let told = format!(
        "{}: {} scored, {} without a gene, rejected {}, failed {}; {}",
        counted(counts.rows, "interval"),
        counts.scored,
        counts.no_gene,
        listed(&counts.rejected),
        counts.failed,
        counted(counts.score_rows, "score row")
    );
    let unknown = (counts.mostly_unknown > 0).then(|| {
        format!(
            "{} of {} windows are mostly N: the reference has less than half of their bases (`window_known`); the model saw only \
             the rest",
            counts.mostly_unknown, counts.rows
        )
    });
    if counts.rejected_total() + counts.failed == 0 {
        settings.note(told);
        unknown.into_iter().for_each(|text| settings.tell(text));
        return;
    }
    settings.tell(told);
    unknown.into_iter().for_each(|text| settings.tell(text));
    if window.is_none() && counts.rejected.contains_key("length") {
        settings.tell("--window BP lays a window that the model reads around the middle of each interval");
    }
}
