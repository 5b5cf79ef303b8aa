//! `refalt overlap`: the rows of a table whose variants lie in peaks.

use super::input::{self, ReadingOptions};
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::{Settings, stderr_line};
use refalt::io::bed::BedLayout;
use refalt::overlap::{self, EnrichmentSummary, Extent, Output, Request, RowsReference, Summary};
use refalt::reference_assembly::ReferenceAssembly;
use std::io::{self, BufWriter, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

/// Contigs that are listed one by one.
const MOST_CONTIGS: usize = 40;

/// Arguments of `refalt overlap`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The table: VCF, BCF, TSV, CSV, BED, Parquet or one variant a line; plain, gzip or bgzip; `-` is standard input.
    #[arg(value_name = "TABLE")]
    table: String,

    /// Peaks: BED, narrowPeak or broadPeak, plain, gzip or bgzip; give it again for more files, which count as one.
    #[arg(long, value_name = "BED", required = true)]
    peaks: Vec<PathBuf>,

    /// What the columns of the peaks mean: bed3 to bed9, bed12, narrowPeak, broadPeak [default: by name and number of
    /// columns]; columns behind those are not read.
    #[arg(long, value_name = "LAYOUT")]
    peaks_layout: Option<String>,

    #[command(flatten)]
    reading: ReadingOptions,

    /// File to write; bgzip when its name ends in .gz, with FILE.json beside it; `-` is standard output.
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    out: PathBuf,

    /// Keep the rows that lie in no peak instead.
    #[arg(long, conflicts_with = "annotate")]
    invert: bool,

    /// Bases added to each peak at either side.
    #[arg(long, value_name = "BP", default_value_t = 0)]
    slop: u32,

    /// Which bases of a variant count: all of REF as it is written, or those that change.
    #[arg(long, value_name = "WHAT", default_value = "record")]
    extent: String,

    /// Add columns about the peak: how many, name, signal, distance to its summit.
    #[arg(long)]
    annotate: bool,

    /// Assembly of the table: GRCh38, GRCh37, GRCm38; with --reference that of the reference, where its content does not
    /// prove it.
    #[arg(long, value_name = "NAME")]
    assembly: Option<String>,

    /// Assembly of the peaks.
    #[arg(long, value_name = "NAME")]
    peaks_assembly: Option<String>,

    /// Reference sequence of the table: REF of a sample of rows is compared with it, and ends of contigs.
    #[arg(long, short, value_name = "FASTA")]
    reference: Option<PathBuf>,

    /// Chains to or from another assembly: peaks that fit the rows after liftover only are refused.
    #[arg(long, value_name = "FILE")]
    chain: Option<PathBuf>,

    /// Refuse unless table and peaks are known to be on one assembly.
    #[arg(long)]
    require_proof: bool,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let extent = Extent::from_name(&options.extent).ok_or_else(|| {
        input::unknown(
            "extent",
            &options.extent,
            Extent::ALL.iter().map(|extent| extent.name()),
        )
    })?;
    let assembly = options.assembly.as_deref().map(input::assembly).transpose()?;
    let peaks_assembly = options.peaks_assembly.as_deref().map(input::assembly).transpose()?;
    let reference = options
        .reference
        .as_ref()
        .map(|path| input::reference(path, settings))
        .transpose()?;
    let on = match &reference {
        Some(reference) => Some(
            ReferenceAssembly::of(reference, assembly)
                .map_err(|error| Failure::new(error.to_string()).with_hint(error.hint()).usage())?,
        ),
        None => None,
    };
    let name = options.reference.as_ref().map(|path| path.display().to_string());
    let request = Request {
        table: refalt::io::variants::Source::from_argument(&options.table),
        reading: options.reading.reading()?,
        peaks: options.peaks.clone(),
        peaks_layout: options.peaks_layout.as_deref().map(layout).transpose()?,
        slop_bp: options.slop,
        extent,
        inverted: options.invert,
        annotate: options.annotate,
        assembly,
        peaks_assembly,
        reference: reference
            .as_ref()
            .zip(on)
            .zip(name.as_deref())
            .map(|((reference, assembly), name)| RowsReference {
                reference,
                assembly,
                name,
            }),
        chain: options.chain.clone(),
        require_proof: options.require_proof,
        threads: NonZeroUsize::new(settings.threads).unwrap_or(NonZeroUsize::MIN),
    };
    let is_stdout = options.out == Path::new("-");
    let summary = if is_stdout {
        let mut out = BufWriter::with_capacity(1 << 17, io::stdout().lock());
        overlap::run(&request, Output::Stream(&mut out))
    } else {
        overlap::run(&request, Output::File(&options.out))
    };
    let summary = summary.map_err(|error| Failure::of(&error))?;
    if settings.json {
        let line = serde_json::to_string(&summary).map_err(|error| Failure::new(error.to_string()))?;
        if is_stdout {
            // The rows have standard output.
            stderr_line(&line);
        } else {
            writeln!(io::stdout().lock(), "{line}")?;
        }
    } else {
        tell(&summary, settings);
    }
    Ok(if summary.refused_total() > 0 {
        Exit::Partial
    } else {
        Exit::Done
    })
}

fn layout(name: &str) -> Result<BedLayout, Failure> {
    const LAYOUTS: [(&str, BedLayout); 10] = [
        ("bed3", BedLayout::Standard(3)),
        ("bed4", BedLayout::Standard(4)),
        ("bed5", BedLayout::Standard(5)),
        ("bed6", BedLayout::Standard(6)),
        ("bed7", BedLayout::Standard(7)),
        ("bed8", BedLayout::Standard(8)),
        ("bed9", BedLayout::Standard(9)),
        ("bed12", BedLayout::Standard(12)),
        ("narrowPeak", BedLayout::NarrowPeak),
        ("broadPeak", BedLayout::BroadPeak),
    ];
    let found = LAYOUTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found
        .map(|(_, layout)| *layout)
        .ok_or_else(|| input::unknown("layout of peaks", name, LAYOUTS.iter().map(|(known, _)| *known)))
}

fn enriched(of: &EnrichmentSummary) -> String {
    format!(
        "{} of {} places in peaks, {:.1} when they are moved by 5 to 20 kb (p {:.2})",
        of.in_peaks, of.places, of.in_peaks_when_moved, of.p_value
    )
}

fn tell(summary: &Summary, settings: &Settings) {
    let what = if summary.inverted { "in no peak" } else { "in peaks" };
    settings.note(format!(
        "{} of {} rows kept ({what}), {} left out",
        summary.kept, summary.rows, summary.left_out
    ));
    match summary.assembly.is_known() {
        true => settings.note(format!("assembly: {}", summary.assembly)),
        false => settings.tell(format!("note: {}", summary.assembly)),
    }
    if let Some(of) = &summary.enrichment {
        settings.note(format!("sampled: {}", enriched(of)));
    }
    if let Some(of) = &summary.enrichment_lifted {
        settings.note(format!("after liftover: {}", enriched(of)));
    }
    let listed = summary.contigs.len().min(MOST_CONTIGS);
    for contig in &summary.contigs[..listed] {
        settings.note(format!(
            "  {}: {} rows, {} in peaks, {} peaks",
            contig.contig, contig.rows, contig.in_peaks, contig.peaks
        ));
    }
    if summary.contigs.len() > listed {
        settings.note(format!("  and {} more contigs", summary.contigs.len() - listed));
    }
    let (mut rows, mut names) = (0, Vec::new());
    for contig in summary.only_in_table() {
        rows += contig.rows;
        names.push(contig.contig.as_str());
    }
    if !names.is_empty() {
        settings.tell(format!(
            "note: {} contigs of the table have no peak ({rows} rows): {}",
            names.len(),
            few(&names)
        ));
    }
    if !summary.only_in_peaks.is_empty() {
        let peaks: u64 = summary.only_in_peaks.iter().map(|(_, peaks)| peaks).sum();
        let names: Vec<&str> = summary.only_in_peaks.iter().map(|(name, _)| name.as_str()).collect();
        settings.tell(format!(
            "note: {} contigs of the peaks have no row ({peaks} peaks): {}",
            names.len(),
            few(&names)
        ));
    }
    for note in &summary.notes {
        settings.tell(format!("note: {note}"));
    }
    let without_bases: u64 = summary.peaks.iter().map(|file| file.without_bases).sum();
    if without_bases > 0 && summary.slop_bp == 0 {
        settings.tell(format!("note: {without_bases} peaks have no base and cover nothing"));
    }
    if summary.other_lines > 0 {
        settings.note(format!(
            "{} lines between the rows are no rows (empty, comments) and were not written",
            summary.other_lines
        ));
    }
    if summary.refused_total() > 0 {
        let reasons: Vec<String> = summary
            .refused
            .iter()
            .map(|(code, count)| format!("{count} {code}"))
            .collect();
        settings.tell(format!(
            "{} of {} rows have no place that can be read and were neither kept nor left out: {}",
            summary.refused_total(),
            summary.rows,
            reasons.join(", ")
        ));
        for row in &summary.refused_rows {
            settings.note(format!("  line {}: {}", row.line, row.reason));
        }
    }
}

/// Lists the first names.
fn few(names: &[&str]) -> String {
    match names {
        [first @ .., _, _] if names.len() > 12 => format!("{} and {} more", first[..10].join(", "), names.len() - 10),
        all => all.join(", "),
    }
}
