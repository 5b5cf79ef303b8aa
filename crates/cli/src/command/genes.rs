//! `refalt genes`: what a gene annotation holds, and which gene a place or a variant belongs to.

use super::input::ReadingOptions;
use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::gene_context::GeneContext;
use refalt::io::genes::{Genes, IndexUse, MalformedLines, OpenOptions, open};
use refalt::reference_assembly::ReferenceAssembly;
use refalt_core::annotation::GeneIndex;
use refalt_core::{ContigName, Position, Reference};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write};
use std::path::PathBuf;

/// Arguments of `refalt genes`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Gene annotation: GTF or GFF3 of GENCODE, Ensembl or RefSeq; plain, gzip or bgzip.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// A place, `chr5:1295113` (1-based); give it again for more.
    #[arg(long, value_name = "CONTIG:BASE", conflicts_with = "variants")]
    at: Vec<String>,

    /// Variants: a file, `-`, or variants written out, as every command takes them; the first base of
    /// REF is the place. Give it again for more variants written out.
    #[arg(long, value_name = "VARIANTS")]
    variants: Vec<String>,

    #[command(flatten)]
    reading: ReadingOptions,

    /// Reference sequence that the annotation must fit: assembly, contigs, lengths.
    #[arg(long, short, value_name = "FASTA")]
    reference: Option<PathBuf>,

    /// Assembly of the reference, where its content does not prove it: GRCh38, GRCh37, GRCm38.
    #[arg(long, value_name = "NAME", requires = "reference")]
    assembly: Option<String>,

    /// Lines that cannot be used: refuse the file, or leave them out and list them.
    #[arg(long, value_name = "WHAT", default_value = "refuse", value_parser = ["refuse", "leave-out"])]
    malformed: String,

    /// Parse the file, and leave no index beside it.
    #[arg(long)]
    no_index: bool,

    /// Folder for the index when that of the file cannot be written.
    #[arg(long, value_name = "DIR", env = "REFALT_CACHE")]
    cache: Option<PathBuf>,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let places = options
        .at
        .iter()
        .map(|text| place(text))
        .collect::<Result<Vec<_>, _>>()?;
    let said = options.assembly.as_deref().map(super::input::assembly).transpose()?;
    let opening = OpenOptions {
        malformed: if options.malformed == "leave-out" {
            MalformedLines::LeaveOut
        } else {
            MalformedLines::Refuse
        },
        without_index: options.no_index,
        cache_folder: options.cache.clone(),
    };
    let (genes, index) = open(&options.file, &opening).map_err(|error| Failure::of(&error))?;
    tell(&genes, &index, options.no_index, settings);
    for contradiction in genes.contradictions() {
        settings.tell(format!("`{}` contradicts itself: {contradiction}", genes.source.name));
    }
    let reference = options
        .reference
        .as_deref()
        .map(|path| super::input::reference(path, settings));
    let reference = reference.transpose()?;
    if let Some(reference) = &reference {
        let on = ReferenceAssembly::of(reference, said)
            .map_err(|error| Failure::new(error.to_string()).with_hint(error.hint()).usage())?;
        genes
            .check_against(reference, on)
            .map_err(|error| Failure::of(&error))?;
    }
    let known = Known {
        genes: &genes,
        reference: reference.as_ref().map(|reference| reference as &dyn Reference),
    };
    let asked = !places.is_empty() || !options.variants.is_empty();
    if asked && !genes.marks_canonical() {
        settings.note(format!(
            "`{}` marks no canonical transcripts: the longest transcript stands for each gene, and the start of another \
             may be nearer",
            genes.source.name
        ));
    }
    let mut out = BufWriter::new(std::io::stdout().lock());
    let exit = if !places.is_empty() {
        write_header(&mut out, settings)?;
        let mut refused = 0;
        for (text, contig, position) in &places {
            refused += u64::from(!write_row(&mut out, &known, text, None, contig, *position, settings)?);
        }
        exit_of(refused, places.len() as u64, "places", settings)
    } else if !options.variants.is_empty() {
        write_variants(&mut out, &known, options, settings)?
    } else {
        summarize(&mut out, &genes, &index, settings)?;
        Exit::Done
    };
    out.flush()?;
    Ok(exit)
}

/// Reads `chr5:1295113`; commas between thousands are allowed.
fn place(text: &str) -> Result<(String, ContigName, Position), Failure> {
    let wrong = || {
        Failure::new(format!("`{text}` is no place"))
            .with_hint("write a contig, a colon and a base (1-based): `chr5:1295113`")
            .usage()
    };
    let (contig, base) = text.rsplit_once(':').ok_or_else(wrong)?;
    let base = base
        .replace(',', "")
        .parse()
        .ok()
        .and_then(Position::new)
        .ok_or_else(wrong)?;
    if contig.is_empty() {
        return Err(wrong());
    }
    Ok((text.to_owned(), ContigName::new(contig), base))
}

/// Says what happened to the index and to lines that were left out.
fn tell(genes: &Genes, index: &IndexUse, no_index: bool, settings: &Settings) {
    match index {
        IndexUse::Built { path, replaced, .. } => {
            if let Some(reason) = replaced {
                settings.note(format!("the index `{}` was made again: {reason}", path.display()));
            }
        }
        IndexUse::None { reason } if !no_index => settings.note(format!("no index was kept: {reason}")),
        IndexUse::Loaded { .. } | IndexUse::None { .. } => {}
    }
    let source = &genes.source;
    if source.left_out > 0 {
        settings.tell(format!("{} lines of `{}` were left out", source.left_out, source.name));
        for line in &source.left_out_lines {
            settings.note(format!("  line {}: {}: {}", line.line, line.reason, line.text));
        }
    }
}

const COLUMNS: [&str; 13] = [
    "variant_id",
    "rsid",
    "gene_id",
    "gene_name",
    "gene_type",
    "gene_strand",
    "transcript_id",
    "transcript_rule",
    "tss_distance_bp",
    "region",
    "region_gene",
    "overlapping_genes",
    "note",
];

fn write_header(out: &mut impl Write, settings: &Settings) -> Result<(), Failure> {
    if !settings.json {
        writeln!(out, "{}", COLUMNS.join("\t"))?;
    }
    Ok(())
}

/// Writes a row; a place without genes has empty cells and a note.
/// What places are looked up in.
struct Known<'a> {
    genes: &'a Genes,
    reference: Option<&'a dyn Reference>,
}

impl Known<'_> {
    /// Says where the contig ends in the reference, for a place beyond.
    fn beyond(&self, contig: &ContigName, position: Position) -> Option<String> {
        let reference = self.reference?;
        let contig = reference.contig(reference.contig_id(contig.as_str())?);
        let length_bp = contig.length_bp?;
        (position.one_based() > length_bp).then(|| format!("`{}` ends at {length_bp} in the reference", contig.name))
    }
}

/// Writes the row of a place; false where it is beyond the end of its contig.
fn write_row(
    out: &mut impl Write,
    known: &Known<'_>,
    id: &str,
    rsid: Option<&str>,
    contig: &ContigName,
    position: Position,
    settings: &Settings,
) -> Result<bool, Failure> {
    if let Some(note) = known.beyond(contig, position) {
        write_cells(out, id, rsid, None, &note, settings)?;
        return Ok(false);
    }
    match known.genes.context(contig, position) {
        Ok(context) => write_cells(out, id, rsid, Some(&context), "", settings)?,
        Err(reason) => write_cells(out, id, rsid, None, &reason.to_string(), settings)?,
    }
    Ok(true)
}

/// Says how many were refused, if any.
fn exit_of(refused: u64, all: u64, what: &str, settings: &Settings) -> Exit {
    if refused == 0 {
        return Exit::Done;
    }
    settings.tell(format!("{refused} of {all} {what} were refused; `note` says why"));
    Exit::Partial
}

fn write_cells(
    out: &mut impl Write,
    id: &str,
    rsid: Option<&str>,
    context: Option<&GeneContext<'_>>,
    note: &str,
    settings: &Settings,
) -> Result<(), Failure> {
    fn region_gene<'a>(context: &GeneContext<'a>) -> Option<&'a str> {
        context.region_gene.map(|gene| gene.name.unwrap_or(gene.id))
    }
    let overlapping = |context: &GeneContext<'_>| -> Vec<String> {
        let named = context
            .overlapping
            .iter()
            .map(|gene| gene.name.unwrap_or(gene.id).to_owned());
        named.collect()
    };
    if settings.json {
        let row = json!({
            "variant_id": id,
            "rsid": rsid,
            "gene_id": context.map(|context| context.nearest.id),
            "gene_name": context.map(|context| context.nearest.name),
            "gene_type": context.map(|context| context.nearest.biotype),
            "gene_strand": context.map(|context| context.nearest.strand.to_string()),
            "transcript_id": context.map(|context| context.transcript.id),
            "transcript_rule": context.map(|context| context.rule.name()),
            "tss_distance_bp": context.map(|context| context.distance_bp),
            "region": context.map(|context| context.region.name()),
            "region_gene": context.map(region_gene),
            "overlapping_genes": context.map(overlapping),
            "note": Some(note).filter(|note| !note.is_empty()),
        });
        writeln!(out, "{row}")?;
        return Ok(());
    }
    write!(out, "{id}\t{}", rsid.unwrap_or("."))?;
    match context {
        Some(context) => write!(
            out,
            "\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}",
            context.nearest.id,
            context.nearest.name.unwrap_or("."),
            context.nearest.biotype.unwrap_or("."),
            context.nearest.strand,
            context.transcript.id,
            context.rule.name(),
            context.distance_bp,
            context.region.name(),
            region_gene(context).unwrap_or("."),
            match overlapping(context) {
                none if none.is_empty() => ".".to_owned(),
                some => some.join(","),
            }
        )?,
        None => write!(out, "{}", "\t.".repeat(10))?,
    }
    writeln!(out, "\t{note}")?;
    Ok(())
}

/// Writes a row for each variant, in the order of the input; refused ones say why.
fn write_variants(
    out: &mut impl Write,
    known: &Known<'_>,
    options: &Options,
    settings: &Settings,
) -> Result<Exit, Failure> {
    let source = super::input::source(&options.variants)?;
    let reader =
        refalt::io::variants::open(&source, &options.reading.reading()?).map_err(|error| Failure::of(&error))?;
    let assembly = known.genes.assembly().map(|(assembly, _)| assembly);
    if let (Some(variants_on), Some(genes_on)) = (reader.header_assembly(), assembly)
        && variants_on != genes_on
    {
        return Err(Failure::new(format!(
            "the variants `{}` are on {variants_on}, the annotation on {genes_on}",
            options.variants.join(" ")
        ))
        .with_hint(format!(
            "give the annotation of {variants_on}, or lift the variants over"
        )));
    }
    write_header(out, settings)?;
    let (mut rows, mut refused) = (0_u64, 0_u64);
    for row in reader {
        let row = row.map_err(|error| Failure::of(&error))?;
        rows += 1;
        let id = row.text();
        let rsid = row.rsid();
        let said = row
            .said_assembly
            .zip(assembly)
            .filter(|(said, genes_on)| said != genes_on);
        if let Some((said, genes_on)) = said {
            let note = format!("the row says it is on {said}, the annotation is on {genes_on}");
            write_cells(out, &id, rsid, None, &note, settings)?;
            refused += 1;
            continue;
        }
        match &row.variant {
            Ok(variant) => {
                let is_placed = write_row(out, known, &id, rsid, &variant.contig, variant.position, settings)?;
                refused += u64::from(!is_placed);
            }
            Err(problem) => {
                write_cells(out, &id, rsid, None, &problem.to_string(), settings)?;
                refused += 1;
            }
        }
    }
    Ok(exit_of(refused, rows, "variants", settings))
}

/// Genes, transcripts and exons.
type Counts = [u64; 3];

struct Summary<'a> {
    total: Counts,
    biotypes: BTreeMap<&'a str, Counts>,
    contigs: Vec<(&'a str, Counts)>,
}

fn count(genes: &Genes) -> Summary<'_> {
    let annotation = &genes.annotation;
    let mut summary = Summary {
        total: [0; 3],
        biotypes: BTreeMap::new(),
        contigs: annotation
            .contigs()
            .iter()
            .map(|contig| (contig.as_str(), [0; 3]))
            .collect(),
    };
    let mut add = |index: GeneIndex, what: usize, number: u64| {
        let gene = annotation.gene(index);
        summary.total[what] += number;
        summary.biotypes.entry(gene.biotype.unwrap_or(".")).or_default()[what] += number;
        if let Some((_, counts)) = summary.contigs.iter_mut().find(|(contig, _)| *contig == gene.contig) {
            counts[what] += number;
        }
    };
    for gene in annotation.genes() {
        add(gene.index, 0, 1);
    }
    for transcript in annotation.transcripts() {
        add(transcript.gene, 1, 1);
        add(transcript.gene, 2, annotation.exons(transcript.index).count() as u64);
    }
    summary
}

fn summarize(out: &mut impl Write, genes: &Genes, index: &IndexUse, settings: &Settings) -> Result<(), Failure> {
    let source = &genes.source;
    let summary = count(genes);
    let [gene_count, transcripts, exons] = summary.total;
    let assembly = genes.assembly();
    if settings.json {
        let counted = |counts: &Counts| json!({"genes": counts[0], "transcripts": counts[1], "exons": counts[2]});
        let of = |entries: Vec<(&str, Counts)>| -> Value {
            entries
                .iter()
                .map(|(name, counts)| ((*name).to_owned(), counted(counts)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let lines: Vec<Value> = source
            .left_out_lines
            .iter()
            .map(|line| json!({"line": line.line, "reason": line.reason, "text": line.text}))
            .collect();
        let index = match index {
            IndexUse::Loaded { path } | IndexUse::Built { path, .. } => Some(path.display().to_string()),
            IndexUse::None { .. } => None,
        };
        let rows: serde_json::Map<String, Value> = source
            .row_kinds
            .iter()
            .map(|(kind, count)| (kind.clone(), (*count).into()))
            .collect();
        let value = json!({
            "file": source.name,
            "format": source.format.name(),
            "assembly": assembly.as_ref().map(|(assembly, _)| assembly.name()),
            "assembly_as_written": source.header.assembly,
            "contradictions": genes.contradictions(),
            "description": source.header.description,
            "index": index,
            "genes": gene_count,
            "transcripts": transcripts,
            "exons": exons,
            "biotypes": of(summary.biotypes.into_iter().collect()),
            "contigs": of(summary.contigs),
            "rows": rows,
            "transcripts_without_exon_rows": source.transcripts_without_exon_rows,
            "left_out": source.left_out,
            "left_out_lines": lines,
        });
        writeln!(out, "{value}")?;
        return Ok(());
    }
    writeln!(out, "{}: {}", source.name, source.format.name())?;
    match (&assembly, &source.header.assembly) {
        (Some((assembly, evidence)), _) => writeln!(out, "assembly: {assembly} ({evidence})")?,
        (None, Some(text)) => writeln!(out, "assembly: {text}, which is not in the table of assemblies")?,
        (None, None) => writeln!(out, "assembly: the file does not say")?,
    }
    if let Some(description) = &source.header.description {
        writeln!(out, "description: {description}")?;
    }
    match index {
        IndexUse::Loaded { path } => writeln!(out, "index: {}", path.display())?,
        IndexUse::Built { path, bytes, .. } => writeln!(out, "index: {} (written, {bytes} bytes)", path.display())?,
        IndexUse::None { .. } => {}
    }
    writeln!(out, "{gene_count} genes, {transcripts} transcripts, {exons} exons")?;
    if source.transcripts_without_exon_rows > 0 {
        let count = source.transcripts_without_exon_rows;
        writeln!(out, "{count} transcripts have CDS rows and no exon rows")?;
    }
    writeln!(out, "\ngene_type\tgenes\ttranscripts\texons")?;
    for (biotype, [genes, transcripts, exons]) in &summary.biotypes {
        writeln!(out, "{biotype}\t{genes}\t{transcripts}\t{exons}")?;
    }
    writeln!(out, "\ncontig\tgenes\ttranscripts\texons")?;
    for (contig, [genes, transcripts, exons]) in &summary.contigs {
        writeln!(out, "{contig}\t{genes}\t{transcripts}\t{exons}")?;
    }
    writeln!(out, "\nrow_type\trows")?;
    for (kind, rows) in &source.row_kinds {
        writeln!(out, "{kind}\t{rows}")?;
    }
    Ok(())
}
