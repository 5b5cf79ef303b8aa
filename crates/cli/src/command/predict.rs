//! `refalt predict`: predicted tracks of a variant, a region or a sequence.

use super::cache_options::CacheOptions;
use crate::args::at_least_one;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::{DigestBar, Settings};
use refalt::predict::{Format, Part, PredictRequest, Predicting, SequenceInput, SubjectText, WorkManifest};
use refalt::scoring::GeneFiles;
use std::io::Write;
use std::num::{NonZeroU32, NonZeroU64};
use std::path::{Path, PathBuf};

/// Arguments of `refalt predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// A variant (`chr5:1295113:G>A`, GTEx, gnomAD, SPDI, HGVS g.), or a region `chr5:1294000-1296000` (1-based, inclusive).
    #[arg(
        value_name = "PLACE",
        required_unless_present = "sequence",
        conflicts_with = "sequence"
    )]
    place: Option<String>,

    /// A sequence without place: a file (FASTA with one record, or bases), `-` for standard input, or the bases.
    #[arg(long, value_name = "FILE|BASES")]
    sequence: Option<String>,

    /// Reference sequence: FASTA, plain or bgzip; records named `chr5:1294490-1296547` are slices.
    #[arg(long, short, value_name = "FASTA", conflicts_with = "sequence")]
    reference: Option<PathBuf>,

    /// Assembly of the reference, where its content does not prove it and you vouch for it: GRCh38, GRCh37, GRCm38.
    #[arg(long, value_name = "NAME", requires = "reference")]
    assembly: Option<String>,

    /// Model: `motif`, `motif:FILE` for the motifs of a file, `alphagenome:PATH` for AlphaGenome's weights on this machine, or
    /// `api` for the hosted one.
    #[arg(long, default_value = "motif")]
    model: String,

    /// Output types, `CHIP_TF,DNASE` [default: all that the model gives].
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    outputs: Vec<String>,

    /// Ontology terms of biosamples, `EFO:0001187,CL:0000084` [default: all].
    #[arg(long, value_name = "CURIE,...", value_delimiter = ',')]
    ontology: Vec<String>,

    /// Tracks, as a selection: `tf=GABPA,ETS1`, `CHIP_TF & biosample=HepG2` [default: all].
    #[arg(long, value_name = "SELECTION")]
    tracks: Option<String>,

    #[cfg(feature = "api")]
    #[command(flatten)]
    service: super::service::ServiceOptions,

    #[command(flatten)]
    cache: CacheOptions,

    /// Window that the model reads, in bp, around the place [default: 16384; of a sequence its length].
    #[arg(long, value_name = "BP", value_parser = at_least_one::<NonZeroU32>)]
    window: Option<NonZeroU32>,

    /// Part of the window to keep: bp around the place, or a region [default: the window].
    #[arg(long, value_name = "BP|REGION")]
    span: Option<Part>,

    /// Part to show magnified in the figure: bp around the place, or a region.
    #[arg(long, value_name = "BP|REGION")]
    zoom: Option<Part>,

    /// Gene models: GTF or GFF3, on the assembly of the reference. For the figure; a variant's splice junctions are then looked
    /// for in the genes that it touches, with their annotated sites.
    #[arg(long, value_name = "FILE", conflicts_with = "sequence")]
    genes: Option<PathBuf>,

    /// Formats of the values: bigwig, npz, parquet.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', default_value = "parquet")]
    format: Vec<String>,

    /// Tracks in the figure at most, those that differ most; 0 for no figure.
    #[arg(long, value_name = "N", default_value = "8")]
    figure_tracks: usize,

    /// Memory for values in MB; what needs more is refused.
    #[arg(long, value_name = "MB", default_value = "4096", value_parser = at_least_one::<NonZeroU64>)]
    memory: NonZeroU64,

    /// Output folder: absent, empty, or that of the same prediction.
    #[arg(long, short, value_name = "DIR")]
    out: PathBuf,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let formats = options.format.iter().map(|name| Format::from_name(name));
    let subject = match (options.place, &options.sequence) {
        (_, Some(word)) => SubjectText::Sequence(SequenceInput::from_argument(word)),
        (Some(place), None) => SubjectText::Place(place),
        (None, None) => return Err(Failure::new("give a variant, a region, or --sequence").usage()),
    };
    let request = PredictRequest {
        reference: options.reference,
        assembly: options.assembly.as_deref().map(super::input::assembly).transpose()?,
        model: options.model,
        outputs: options.outputs,
        ontology: options.ontology,
        tracks: options.tracks,
        window: options.window,
        span: options.span,
        zoom: options.zoom,
        genes: options.genes.map(|models| GeneFiles {
            models,
            cache_folder: options.cache.cache.clone(),
            polya: None,
        }),
        formats: formats.collect::<Result<_, _>>().map_err(|error| Failure::of(&error))?,
        figure_tracks: options.figure_tracks,
        most_bytes: options.memory.get().saturating_mul(1 << 20),
        ..PredictRequest::new(subject)
    };
    #[cfg(feature = "api")]
    let service = options.service.open(&request.model, &options.cache, settings)?;
    let digesting = DigestBar::new(settings);
    let show = |progress| digesting.show(progress);
    #[cfg(feature = "api")]
    let (source, answers) = service.unzip();
    #[cfg(feature = "api")]
    let work = match source {
        Some(source) => Predicting::prepare_with(Box::new(source), &request, &show),
        None => Predicting::prepare(&request, &show),
    };
    #[cfg(not(feature = "api"))]
    let work = Predicting::prepare(&request, &show);
    digesting.finish();
    let work = work.map_err(|error| Failure::of(&error))?;
    for note in work.notes() {
        settings.note(note);
    }
    let manifest = work.run(&options.out).map_err(|error| Failure::of(&error))?;
    #[cfg(feature = "api")]
    if let Some(answers) = answers {
        settings.note(answers.text());
    }
    tell(&manifest, work.notes().len(), &options.out, settings)?;
    Ok(Exit::Done)
}

/// Says what was written.
///
/// * `told`: how many of the manifest's notes were told before.
pub(crate) fn tell(manifest: &WorkManifest, told: usize, out: &Path, settings: &Settings) -> Result<(), Failure> {
    if settings.json {
        let text = serde_json::to_string(manifest).map_err(|error| Failure::new(error.to_string()))?;
        writeln!(std::io::stdout().lock(), "{text}")?;
        return Ok(());
    }
    for note in manifest.notes.iter().skip(told) {
        settings.note(note);
    }
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    let size = format!("{} files, {:.1} MB", manifest.files.len(), bytes as f64 / 1e6);
    settings.note(match manifest.intervals {
        Some(_) => format!("windows: {}; {size}", manifest.identity.window),
        None => format!(
            "{} over {} (0-based, half-open): {size}",
            manifest.identity.subject, manifest.identity.window
        ),
    });
    settings.note(format!(
        "written to `{}`; licence: {}",
        out.display(),
        manifest.model.licence
    ));
    Ok(())
}
