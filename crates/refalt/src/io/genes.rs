//! Gene annotation: GTF and GFF3 of GENCODE, Ensembl and RefSeq; plain, gzip or bgzip.
//!
//! Columns, separated by tabs: seqname, source, feature, start (1-based), end (1-based, inclusive), score, strand,
//! frame, attributes. Used are the rows of genes, transcripts, exons, CDS, start and stop codons; rows of other types
//! are counted and not used. Gene and transcript rows may be missing: spans are then those of the parts.
//! Specifications: GTF 2.2, GFF3 1.26.
//!
//! A line that cannot be used is an error with its number, its text and what to do. Who must use a damaged file says
//! so ([`MalformedLines::LeaveOut`]), and the lines left out are listed with the result.
//!
//! A whole annotation is kept in a binary index beside its file ([`open`]), so that it is parsed once.

mod error;
mod fit;
mod gff3;
mod gtf;
mod header;
mod index;
mod keep;
mod line;
mod problems;
mod stream;
mod tags;

pub use error::{GeneProblem, GenesError, LineProblem};
pub use header::GenesHeader;
pub use keep::{IndexUse, OpenOptions, open};
pub use line::GeneFormat;

use crate::io::gzip::read_line;
use crate::provenance::FileIdentity;
use gff3::Gff3Rows;
use header::Directive;
use line::Columns;
use problems::Problems;
use refalt_core::annotation::{Annotation, AnnotationBuilder};
use std::io::{self, BufRead};

/// What to do with lines that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MalformedLines {
    /// The file is refused.
    #[default]
    Refuse,
    /// They are left out, counted and listed.
    LeaveOut,
}

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The line (1-based).
    pub line: u64,
    /// Its text, cut to 80 characters.
    pub text: String,
    /// Why, in words.
    pub reason: String,
}

/// Where gene models come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GenesSource {
    /// The file, as it was named.
    pub name: String,
    /// Name, size and SHA-256 of the file as it is stored, for manifests; `None` for a text that is no regular file.
    pub identity: Option<FileIdentity>,
    /// How it writes its attributes.
    pub format: GeneFormat,
    /// What its header says.
    pub header: GenesHeader,
    /// How many rows of each type (column 3) it has, used or not, by type.
    pub row_kinds: Vec<(String, u64)>,
    /// Transcripts with `CDS` rows and no `exon` row. In GFF3 the CDS stand for the exons; in GTF such a transcript has
    /// none.
    pub transcripts_without_exon_rows: u64,
    /// How many lines were left out.
    pub left_out: u64,
    /// The first lines that were left out, at most 20.
    pub left_out_lines: Vec<LeftOut>,
}

/// Gene models and where they come from.
#[derive(Clone, Debug, PartialEq)]
pub struct Genes {
    /// The gene models.
    pub annotation: Annotation,
    /// Where they come from.
    pub source: GenesSource,
}

/// Reads gene annotation from a text.
///
/// * `name`: how errors call the text.
///
/// # Errors
/// [`GenesError`] when the text cannot be read, has lines that cannot be used, or has no gene.
pub fn parse(name: &str, text: &mut dyn BufRead, malformed: MalformedLines) -> Result<Genes, GenesError> {
    let mut rows = Rows::default();
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let more = read_line(text, &mut bytes).map_err(|source| unreadable(name, source))?;
        if !more {
            break;
        }
        let mut line = bytes.as_slice();
        if number == 1 {
            // A byte order mark, as spreadsheets write it.
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        match rows.take(line, number) {
            Ok(true) => {}
            Ok(false) => break,
            Err(problem) => rows.problems.add(number, line, problem),
        }
    }
    rows.finish(name, malformed)
}

fn unreadable(name: &str, source: io::Error) -> GenesError {
    GenesError::Io {
        name: name.to_owned(),
        source,
    }
}

/// Rows of either format.
#[derive(Debug)]
enum Models {
    Gtf(Box<AnnotationBuilder>),
    Gff3(Box<Gff3Rows>),
}

/// A file while it is read.
#[derive(Debug, Default)]
struct Rows {
    header: GenesHeader,
    format: Option<GeneFormat>,
    models: Option<Models>,
    kinds: Vec<(String, u64)>,
    problems: Problems,
}

impl Rows {
    /// Takes a line; `false` where the features end.
    fn take(&mut self, line: &[u8], number: u64) -> Result<bool, GeneProblem> {
        if line.is_empty() {
            return Ok(true);
        }
        if line[0] == b'#' {
            match self.header.read(&String::from_utf8_lossy(line)) {
                Directive::Fasta => return Ok(false),
                Directive::Format(format) => self.format = Some(format),
                Directive::Comment => {}
            }
            return Ok(true);
        }
        let columns = line::split(line)?;
        self.count(columns.kind);
        let models = self.models.get_or_insert_with(|| {
            // `gff-version 2` stands above files of either kind; 3 does not.
            let format = self.format.filter(|&format| format == GeneFormat::Gff3);
            match format.unwrap_or_else(|| line::format_of(columns.attributes)) {
                GeneFormat::Gtf => Models::Gtf(Box::default()),
                GeneFormat::Gff3 => Models::Gff3(Box::default()),
            }
        });
        match models {
            Models::Gtf(builder) => gtf::take(builder, &columns)?,
            Models::Gff3(rows) => {
                if is_contig(&columns) {
                    self.header.region(columns.contig, columns.interval);
                }
                rows.take(&columns, number)?;
            }
        }
        Ok(true)
    }

    fn count(&mut self, kind: &str) {
        match self.kinds.iter_mut().find(|(known, _)| known == kind) {
            Some((_, count)) => *count += 1,
            None => self.kinds.push((kind.to_owned(), 1)),
        }
    }

    fn finish(mut self, name: &str, malformed: MalformedLines) -> Result<Genes, GenesError> {
        let (format, (builder, stood_in)) = match self.models.take() {
            None => (GeneFormat::Gtf, (AnnotationBuilder::default(), 0)),
            Some(Models::Gtf(builder)) => (GeneFormat::Gtf, (*builder, 0)),
            Some(Models::Gff3(rows)) => (GeneFormat::Gff3, rows.finish(&mut self.problems)),
        };
        self.kinds.sort();
        if malformed == MalformedLines::Refuse && self.problems.count > 0 {
            return Err(GenesError::Lines {
                name: name.to_owned(),
                count: self.problems.count,
                problems: self.problems.first,
            });
        }
        let annotation = builder.build().map_err(|source| GenesError::Models {
            name: name.to_owned(),
            source,
        })?;
        if annotation.gene_count() == 0 {
            let kinds: Vec<String> = self
                .kinds
                .iter()
                .map(|(kind, count)| format!("{count} `{kind}`"))
                .collect();
            let reason = if kinds.is_empty() {
                "it has no rows".to_owned()
            } else {
                format!("its rows are {}", kinds.join(", "))
            };
            return Err(GenesError::NoGene {
                name: name.to_owned(),
                reason,
            });
        }
        fit::parts_in_wholes(name, &annotation)?;
        let without_exons = annotation
            .transcripts()
            .filter(|transcript| transcript.coding.is_some() && annotation.exons(transcript.index).next().is_none())
            .count() as u64;
        let left_out = |problem: LineProblem| LeftOut {
            line: problem.line,
            text: problem.text,
            reason: problem.problem.to_string(),
        };
        Ok(Genes {
            annotation,
            source: GenesSource {
                name: name.to_owned(),
                identity: None,
                format,
                header: self.header,
                row_kinds: self.kinds,
                transcripts_without_exon_rows: stood_in + without_exons,
                left_out: self.problems.count,
                left_out_lines: self.problems.first.into_iter().map(left_out).collect(),
            },
        })
    }
}

/// Says whether a GFF3 row is a whole contig: Ensembl's `chromosome:21`, RefSeq's source region.
fn is_contig(columns: &Columns<'_>) -> bool {
    match columns.kind {
        "chromosome" | "scaffold" | "supercontig" => true,
        "region" => columns.attributes.contains("gbkey=Src"),
        _ => false,
    }
}
