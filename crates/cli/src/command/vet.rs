//! `refalt vet`: which build, strand, allele order and offset a list of variants is on.

use super::input::{InputOptions, unknown};
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::vet::{VetReport, VetRequest, vet_files};
use refalt_core::audit::Repair;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `refalt vet`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(flatten)]
    input: InputOptions,

    /// Reference sequence: FASTA, plain or bgzip; records named `chr5:1294490-1296547` are slices.
    #[arg(long, short, value_name = "FASTA")]
    reference: PathBuf,

    /// Assembly of the reference, where its content does not prove it: GRCh38, GRCh37, GRCm38.
    #[arg(long, value_name = "NAME")]
    assembly: Option<String>,

    /// Chain file (UCSC) from the other assembly to that of the reference; without it other builds are not weighed.
    #[arg(long, value_name = "CHAIN")]
    chain: Option<PathBuf>,

    /// Gene models, for rows that name a gene or an HGVS c. change: GTF or GFF3 of GENCODE, Ensembl or RefSeq, or BED12 (BED6
    /// for strands alone).
    #[arg(long, value_name = "FILE")]
    genes: Option<PathBuf>,

    /// Folder for the index of GTF or GFF3 when that of the file cannot be written.
    #[arg(long, value_name = "DIR", env = "REFALT_CACHE")]
    cache: Option<PathBuf>,

    /// Known variants with their identifiers (VCF or table), for rows that name an rsID.
    #[arg(long, value_name = "FILE")]
    known: Option<PathBuf>,

    /// Repairs to do: other_assembly, swapped, complement, swapped_complement, off_by_one, joined by commas or, as verdicts
    /// write them, by `+`; none unless named.
    #[arg(long, value_name = "REPAIR,...", value_delimiter = ',')]
    apply: Vec<String>,

    /// Folder for every row with its verdict, the accepted variants as VCF, and the summary.
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,

    /// Rows that are listed when they are not right; all are in the row table.
    #[arg(long, default_value_t = 50, value_name = "N")]
    list: usize,
}

pub(crate) fn run(options: Options, settings: &Settings) -> Result<Exit, Failure> {
    let assembly = options.assembly.as_deref().map(super::input::assembly).transpose()?;
    let apply = options
        .apply
        .iter()
        // As verdicts spell several repairs of one row, `other_assembly+complement`, too.
        .flat_map(|names| names.split('+'))
        .map(|name| {
            let name = name.trim();
            Repair::from_name(name).ok_or_else(|| {
                let names = Repair::ALL.iter().map(|repair| repair.name());
                unknown("repair", name, names)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let request = VetRequest {
        reading: options.input.reading()?,
        assembly,
        chain: options.chain,
        genes: options.genes,
        gene_cache: options.cache,
        known: options.known,
        apply,
        out: options.out.clone(),
        listed_rows: options.list,
        threads: settings.threads,
        ..VetRequest::new(options.input.source()?, options.reference)
    };
    let report = vet_files(&request).map_err(|error| Failure::of(&error))?;
    print(&report, settings)?;
    if let Some(out) = &options.out {
        settings.note(format!("written to `{}`", out.display()));
    }
    Ok(if !report.is_undecided() && report.accepted == report.rows {
        Exit::Done
    } else {
        Exit::Partial
    })
}

fn print(report: &VetReport, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        writeln!(out, "{}", report.to_json())?;
        return Ok(());
    }
    writeln!(out, "{}", report.sentence())?;
    if let Some(decides) = report.what_would_decide() {
        writeln!(out, "{decides}")?;
    }
    writeln!(out, "reference: {}", report.assembly)?;
    if let (Some(assembly), "stated") = (report.reference_assembly, report.assembly_basis) {
        writeln!(out, "the reference is stated to be {assembly}")?;
    }
    if let Some(stated) = report.stated_assembly {
        writeln!(out, "the file says {stated}")?;
    }
    for (stated, count) in &report.stated_by_rows {
        writeln!(out, "{count} of {} rows say {stated}", report.rows)?;
    }
    let says_something = report.stated_assembly.is_some() || !report.stated_by_rows.is_empty();
    if says_something && report.reference_assembly.is_none() {
        writeln!(
            out,
            "say with --assembly what the reference is, so that the two can be compared"
        )?;
    }
    if !report.has_chain {
        writeln!(out, "no chain was given, so other builds were not weighed")?;
    }
    let others = (report.file.conventions.iter()).filter(|known| known.convention != report.file.convention);
    for known in others.take(3) {
        writeln!(
            out,
            "  or: {} ({:.4})",
            report.in_words(&known.convention),
            known.posterior
        )?;
    }
    for deviation in &report.file.deviations {
        writeln!(
            out,
            "about {:.1} % of rows (95 % interval {:.1} to {:.1}) differ: {}",
            100.0 * deviation.share,
            100.0 * deviation.interval.0,
            100.0 * deviation.interval.1,
            deviation.change
        )?;
    }
    writeln!(
        out,
        "\n{} rows, {} distinct; {} compared with the reference, {} distinct",
        report.rows, report.distinct, report.compared, report.distinct_compared
    )?;
    for (verdict, count) in &report.counts {
        writeln!(out, "{count:>10}  {verdict}")?;
    }
    writeln!(
        out,
        "{} accepted{}",
        report.accepted,
        if report.repaired > 0 {
            format!(", {} of them repaired", report.repaired)
        } else {
            String::new()
        }
    )?;
    if !report.listed.is_empty() {
        writeln!(
            out,
            "\nrow\tline\tid\tas_written\tverdict\tposterior\tproposed\tevidence"
        )?;
    }
    for row in &report.listed {
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\t{:.4}\t{}\t{}",
            row.row,
            row.line,
            row.id.as_deref().unwrap_or("."),
            row.text,
            row.verdict.name(),
            row.posterior,
            row.proposed
                .as_ref()
                .map_or_else(|| ".".to_owned(), ToString::to_string),
            row.evidence.as_deref().unwrap_or("")
        )?;
    }
    let unlisted = report.not_ok.saturating_sub(report.listed.len() as u64);
    if unlisted > 0 {
        writeln!(out, "and {unlisted} more; `--out DIR` writes every row")?;
    }
    Ok(())
}
