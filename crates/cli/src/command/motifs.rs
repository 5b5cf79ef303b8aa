//! `refalt motifs`: the motifs, their sites in a sequence, and what variants do to them.

use super::input::InputOptions;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::io::fasta::FastaReference;
use refalt::motif_set::{EFFECT_COLUMNS, LIST_COLUMNS, LocatedSite, MotifSet, SCAN_COLUMNS, header};
use refalt::reference_assembly::ReferenceAssembly;
use refalt::scoring::input_row;
use refalt_core::{Reference, check};
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Arguments of `refalt motifs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the motifs with the score and p-value of a site.
    List(MotifOptions),
    /// Find the sites of motifs in a sequence.
    Scan {
        /// Sequence: FASTA, plain or bgzip.
        #[arg(value_name = "FASTA")]
        sequence: PathBuf,
        #[command(flatten)]
        motifs: MotifOptions,
    },
    /// Say which sites variants create and destroy, and by how many bits.
    Effect {
        #[command(flatten)]
        input: InputOptions,
        /// Reference sequence: FASTA, plain or bgzip.
        #[arg(long, short, value_name = "FASTA")]
        reference: PathBuf,
        #[command(flatten)]
        motifs: MotifOptions,
        /// Print every motif, not just those with a site created or destroyed.
        #[arg(long)]
        all: bool,
    },
}

/// Which motifs, and what counts as a site.
#[derive(Debug, clap::Args)]
struct MotifOptions {
    /// Motifs: JASPAR, PFM, MEME, TRANSFAC or UniPROBE [default: JASPAR 2024 CORE vertebrates].
    #[arg(long, value_name = "FILE")]
    motifs: Option<PathBuf>,

    /// Accessions or factor names to keep, separated by commas.
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    select: Vec<String>,

    /// Probability of a site in random sequence, on one strand.
    #[arg(long, short, default_value_t = 1e-4, value_name = "P")]
    p_value: f64,
}

impl MotifOptions {
    fn prepare(&self) -> Result<MotifSet, Failure> {
        MotifSet::new(self.motifs.as_deref(), &self.select, self.p_value).map_err(|error| Failure::of(&error))
    }
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    if settings.json {
        return Err(Failure::new("`refalt motifs` writes tables, not JSON")
            .with_hint("leave out --json")
            .usage());
    }
    match &options.action {
        Action::List(motifs) => list(&motifs.prepare()?),
        Action::Scan { sequence, motifs } => {
            let reference = open(sequence, settings)?;
            scan(&motifs.prepare()?, &reference)
        }
        Action::Effect {
            input,
            reference,
            motifs,
            all,
        } => {
            let reference = open(reference, settings)?;
            effect(input, &motifs.prepare()?, &reference, *all, settings)
        }
    }
}

fn open(path: &std::path::Path, settings: &Settings) -> Result<FastaReference, Failure> {
    let reference = FastaReference::open(path).map_err(|error| Failure::of(&error))?;
    for note in reference.notes() {
        settings.note(note.to_string());
    }
    Ok(reference)
}

fn list(set: &MotifSet) -> Result<Exit, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", header(LIST_COLUMNS))?;
    for motif in set.motifs() {
        let name = motif.name();
        write!(
            out,
            "{}\t{}\t{}\t{:.4}",
            name.accession,
            name.factor,
            motif.log_odds.width(),
            motif.log_odds.maximum()
        )?;
        match motif.threshold {
            Some(threshold) => writeln!(out, "\t{:.4}\t{:.4e}", threshold.score, threshold.p_value)?,
            None => writeln!(out, "\t\t")?,
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn scan(set: &MotifSet, reference: &FastaReference) -> Result<Exit, Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", header(SCAN_COLUMNS))?;
    let mut failed = None;
    for contig in reference.contigs() {
        let Some(id) = reference.contig_id(contig.name.as_str()) else {
            continue;
        };
        for &part in &contig.known {
            let scanned = set.scan(reference, id, part, |motif, site| {
                let name = set.motifs()[motif].name();
                let written = write!(out, "{}\t{}\t{}\t", name.accession, name.factor, contig.name)
                    .and_then(|()| writeln!(out, "{}", site_cells(&site)));
                if let (Err(error), None) = (written, &failed) {
                    failed = Some(error);
                }
            });
            scanned.map_err(|error| Failure::new(error.to_string()))?;
            if let Some(error) = failed.take() {
                return Err(error.into());
            }
        }
    }
    out.flush()?;
    Ok(Exit::Done)
}

/// Writes first base, last base (1-based), strand, score, p-value and bases of a site.
fn site_cells(site: &LocatedSite) -> String {
    let number = |position: Option<refalt_core::Position>| position.map_or(String::new(), |p| p.to_string());
    format!(
        "{}\t{}\t{}\t{:.4}\t{:.4e}\t{}",
        number(site.interval.first()),
        number(site.interval.last()),
        site.strand,
        site.score,
        site.p_value,
        site.bases
    )
}

fn effect(
    input: &InputOptions,
    set: &MotifSet,
    reference: &FastaReference,
    all: bool,
    settings: &Settings,
) -> Result<Exit, Failure> {
    let reader =
        refalt::io::variants::open(&input.source()?, &input.reading()?).map_err(|error| Failure::of(&error))?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    writeln!(out, "{}", header(EFFECT_COLUMNS))?;
    let assembly = ReferenceAssembly::of(reference, None).unwrap_or(ReferenceAssembly::Unknown);
    let mut refused = 0_u64;
    let mut rows = 0_u64;
    for row in reader {
        rows += 1;
        let row = input_row(row.map_err(|error| Failure::of(&error))?, reference, assembly);
        let checked = match &row.variant {
            Ok(variant) => check(variant, reference).map_err(|error| error.to_string()),
            Err(rejection) => Err(rejection.reason.clone()),
        };
        let variant = match checked {
            Ok(variant) => variant,
            Err(reason) => {
                refused += 1;
                settings.note(format!("row {}, line {}: {}: {reason}", row.row, row.line, row.text));
                continue;
            }
        };
        let effects = set
            .effects(&variant, reference)
            .map_err(|error| Failure::new(error.to_string()))?;
        for found in effects {
            if !all && found.created.is_empty() && found.destroyed.is_empty() {
                continue;
            }
            let name = set.motifs()[found.motif].name();
            let delta = found.delta_bits.map_or(String::new(), |bits| format!("{bits:+.4}"));
            write!(
                out,
                "{variant}\t{}\t{}\t{delta}\t{}\t{}",
                name.accession,
                name.factor,
                found.created.len(),
                found.destroyed.len()
            )?;
            for site in [&found.reference, &found.alternate] {
                let cells = site.as_ref().map_or("\t\t\t\t\t".to_owned(), site_cells);
                write!(out, "\t{cells}")?;
            }
            writeln!(out)?;
        }
    }
    out.flush()?;
    if refused > 0 {
        settings.tell(format!(
            "{refused} of {rows} rows were not accepted and have no lines in the table"
        ));
    }
    Ok(if refused > 0 { Exit::Partial } else { Exit::Done })
}
