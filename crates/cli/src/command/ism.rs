//! `refalt ism`: every substitution of a stretch.

use super::cache_options::CacheOptions;
use super::predict::tell;
use super::score::split_scorers;
use crate::args::at_least_one;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::{CountBar, DigestBar, Settings};
use refalt::engine::{PlanOptions, TableOptions};
use refalt::ism::{IsmRequest, Mutagenesis};
use refalt::predict::Region;
use refalt::scoring::GeneFiles;
use refalt_core::Position;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::PathBuf;

/// Arguments of `refalt ism`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The stretch, `chr5:1295100-1295150` (1-based, inclusive), or one base, `chr5:1295113`.
    #[arg(value_name = "REGION")]
    stretch: Region,

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

    /// Scorers by name or full text, separated by commas outside parentheses; `refalt scorers` lists them.
    #[arg(long, default_value = "CHIP_TF", value_name = "NAME,...")]
    scorers: String,

    /// Tracks, as a selection: `tf=GABPA,ETS1`, `CHIP_TF & biosample=HepG2` [default: all].
    #[arg(long, value_name = "SELECTION")]
    tracks: Option<String>,

    #[cfg(feature = "api")]
    #[command(flatten)]
    service: super::service::ServiceOptions,

    #[command(flatten)]
    cache: CacheOptions,

    /// Gene models, for scorers that work by gene: GTF or GFF3, on the assembly of the reference.
    #[arg(long, value_name = "FILE")]
    genes: Option<PathBuf>,

    /// Base of the contig around which the window lies (1-based) [default: the middle of the stretch]. Stretches with the same
    /// one share scores, and what a service has answered.
    #[arg(long, value_name = "BASE", value_parser = at_least_one::<NonZeroU32>)]
    middle: Option<NonZeroU32>,

    /// Window around the middle, one for all substitutions, in bp.
    #[arg(long, default_value = "16384", value_name = "BP", value_parser = at_least_one::<NonZeroU32>)]
    window: NonZeroU32,

    /// Figures at most, of the tracks with the greatest effects.
    #[arg(long, value_name = "N", default_value = "4")]
    figures: usize,

    /// Memory for effects in MB; what needs more is refused.
    #[arg(long, value_name = "MB", default_value = "4096", value_parser = at_least_one::<NonZeroU64>)]
    memory: NonZeroU64,

    /// Output folder: absent, empty, or that of the same work.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    #[cfg(feature = "api")]
    if options.model == super::service::MODEL && options.genes.is_some() {
        return Err(Failure::new("--genes: the service brings genes of its own").usage());
    }
    let request = IsmRequest {
        stretch: options.stretch,
        middle: options.middle.and_then(|base| Position::new(base.get())),
        reference: options.reference,
        assembly: options.assembly.as_deref().map(super::input::assembly).transpose()?,
        model: options.model,
        plan: PlanOptions {
            scorers: split_scorers(&options.scorers),
            tracks: options.tracks,
            window: options.window,
            rows_per_part: None,
            annotation: None,
            table: TableOptions::default(),
        },
        genes: options.genes.map(|models| GeneFiles {
            models,
            cache_folder: options.cache.cache.clone(),
            polya: None,
        }),
        figures: options.figures,
        most_bytes: options.memory.get().saturating_mul(1 << 20),
        threads: settings.threads,
    };
    #[cfg(feature = "api")]
    let service = options.service.open(&request.model, &options.cache, settings)?;
    let digesting = DigestBar::new(settings);
    let show = |progress| digesting.show(progress);
    #[cfg(feature = "api")]
    let (source, answers) = service.unzip();
    #[cfg(feature = "api")]
    let work = match source {
        Some(source) => Mutagenesis::prepare_with(Box::new(source), &request, &show),
        None => Mutagenesis::prepare(&request, &show),
    };
    #[cfg(not(feature = "api"))]
    let work = Mutagenesis::prepare(&request, &show);
    digesting.finish();
    let work = work.map_err(|error| Failure::of(&error))?;
    for note in work.notes() {
        settings.note(note);
    }
    let bar = CountBar::new("substitutions", work.substitutions() as u64, settings);
    let manifest = work.run(&options.out, &|done| bar.show(done));
    bar.finish();
    let manifest = manifest.map_err(|error| Failure::of(&error))?;
    #[cfg(feature = "api")]
    if let Some(answers) = answers {
        settings.note(answers.text());
    }
    tell(&manifest, work.notes().len(), &options.out, settings)?;
    Ok(Exit::Done)
}
