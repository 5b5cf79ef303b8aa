//! The binary index of an annotation: its columns as they lie in memory.
//!
//! ```text
//! 8 bytes   REFALTGX
//! u32       version of the format
//! stamp     of the annotated file: size u64, modified i64 s and u32 ns, SHA-256 of samples, SHA-256 of the whole
//! text      what is known of the source, JSON
//! columns   each: number of values u64, values
//! 32 bytes  SHA-256 of everything before
//! ```
//!
//! Numbers are little-endian. Nothing is derived when an index is loaded, and nothing is believed: the digest at the
//! end, every length and every reference from one column into another are checked.
//! Rejected: a memory map, which needs `unsafe` and reads a file that may change under it; Parquet, which takes five times
//! as long to load.

use super::header::GenesHeader;
use super::line::GeneFormat;
use super::{Genes, GenesSource, LeftOut};
use crate::provenance::{FileIdentity, hexadecimal};
use refalt_core::annotation::{Annotation, AnnotationColumns, Texts};
use refalt_core::{ContigName, Interval};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::{self, Write};
use std::path::Path;

const MAGIC: &[u8; 8] = b"REFALTGX";

/// Changes whenever the columns, their order or the meaning of one change.
pub(super) const VERSION: u32 = 2;

/// What an index says of the file that it was made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) bytes: u64,
    pub(super) modified_s: i64,
    pub(super) modified_ns: u32,
    /// SHA-256 of samples of the file, all over it.
    pub(super) samples: [u8; 32],
    /// SHA-256 of the whole file.
    pub(super) digest: [u8; 32],
}

impl Stamp {
    /// Returns what identifies the file with this path.
    pub(super) fn identity(&self, path: &str) -> FileIdentity {
        let name = Path::new(path).file_name().unwrap_or_default();
        FileIdentity {
            name: name.to_string_lossy().into_owned(),
            bytes: self.bytes,
            sha256: hexadecimal(&self.digest),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Source {
    format: String,
    assembly: Option<String>,
    assembly_line: Option<String>,
    description: Option<String>,
    regions: Vec<(String, u32, u32)>,
    row_kinds: Vec<(String, u64)>,
    transcripts_without_exon_rows: u64,
    left_out: u64,
    left_out_lines: Vec<(u64, String, String)>,
}

impl Source {
    fn of(source: &GenesSource) -> Self {
        Self {
            format: source.format.name().to_owned(),
            assembly: source.header.assembly.clone(),
            assembly_line: source.header.assembly_line.clone(),
            description: source.header.description.clone(),
            regions: source
                .header
                .regions
                .iter()
                .map(|(contig, region)| (contig.to_string(), region.bed_start(), region.bed_end()))
                .collect(),
            row_kinds: source.row_kinds.clone(),
            transcripts_without_exon_rows: source.transcripts_without_exon_rows,
            left_out: source.left_out,
            left_out_lines: source
                .left_out_lines
                .iter()
                .map(|line| (line.line, line.text.clone(), line.reason.clone()))
                .collect(),
        }
    }

    fn into_source(self, name: &str, stamp: &Stamp) -> Option<GenesSource> {
        let formats = [GeneFormat::Gtf, GeneFormat::Gff3];
        let regions = self.regions.iter().map(|(contig, start, end)| {
            let region = Interval::from_bed(*start, *end)?;
            Some((ContigName::new(contig), region))
        });
        Some(GenesSource {
            name: name.to_owned(),
            identity: Some(stamp.identity(name)),
            format: formats.into_iter().find(|format| format.name() == self.format)?,
            header: GenesHeader {
                assembly: self.assembly,
                assembly_line: self.assembly_line,
                description: self.description,
                regions: regions.collect::<Option<_>>()?,
            },
            row_kinds: self.row_kinds,
            transcripts_without_exon_rows: self.transcripts_without_exon_rows,
            left_out: self.left_out,
            left_out_lines: self
                .left_out_lines
                .into_iter()
                .map(|(line, text, reason)| LeftOut { line, text, reason })
                .collect(),
        })
    }
}

/// A column that an index can hold.
trait Column: Sized {
    fn write(&self, out: &mut dyn Write) -> io::Result<()>;
    fn read(bytes: &mut Bytes<'_>) -> Option<Self>;
}

/// What of an index has not been read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u64::from_le_bytes(self.array()?)).ok()
    }
}

fn write_length(out: &mut dyn Write, length: usize) -> io::Result<()> {
    out.write_all(&(length as u64).to_le_bytes())
}

macro_rules! number_column {
    ($number:ty, $size:literal) => {
        impl Column for Vec<$number> {
            fn write(&self, out: &mut dyn Write) -> io::Result<()> {
                write_length(out, self.len())?;
                let bytes: Vec<u8> = self.iter().flat_map(|value| value.to_le_bytes()).collect();
                out.write_all(&bytes)
            }

            fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
                let length = bytes.length()?;
                let (values, _) = bytes.take(length.checked_mul($size)?)?.as_chunks::<$size>();
                Some(
                    values
                        .iter()
                        .map(|value| <$number>::from_le_bytes(*value))
                        .collect(),
                )
            }
        }
    };
}

number_column!(u8, 1);
number_column!(u16, 2);
number_column!(u32, 4);

impl Column for Texts {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let (text, ends) = self.as_parts();
        write_length(out, text.len())?;
        out.write_all(text.as_bytes())?;
        ends.to_vec().write(out)
    }

    fn read(bytes: &mut Bytes<'_>) -> Option<Self> {
        let length = bytes.length()?;
        let text = std::str::from_utf8(bytes.take(length)?).ok()?.to_owned();
        Self::from_parts(text, Column::read(bytes)?)
    }
}

/// Every column once, in the order of the file: writing and reading cannot disagree.
macro_rules! columns {
    ($($name:ident),* $(,)?) => {
        fn write_columns(columns: &AnnotationColumns, out: &mut dyn Write) -> io::Result<()> {
            // A column that is missing below does not compile.
            let AnnotationColumns { $($name),* } = columns;
            $($name.write(out)?;)*
            Ok(())
        }

        fn read_columns(bytes: &mut Bytes<'_>) -> Option<AnnotationColumns> {
            Some(AnnotationColumns { $($name: Column::read(bytes)?),* })
        }
    };
}

columns!(
    contigs,
    biotypes,
    gene_id,
    gene_name,
    gene_biotype,
    gene_contig,
    gene_strand,
    gene_start,
    gene_end,
    gene_canonical,
    transcript_id,
    transcript_gene,
    transcript_biotype,
    transcript_tags,
    transcript_start,
    transcript_end,
    transcript_coding_start,
    transcript_coding_end,
    transcript_exon_end,
    exon_start,
    exon_end,
    gene_order,
    gene_reach,
    contig_gene_end,
    tss_order,
    contig_tss_end,
    splice_site,
    splice_site_end,
);

/// Passes bytes on and digests them.
struct Digesting<'a> {
    out: &'a mut dyn Write,
    hasher: Sha256,
}

impl Write for Digesting<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.out.write(buffer)?;
        self.hasher.update(&buffer[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Writes an index.
pub(super) fn write(out: &mut dyn Write, genes: &Genes, stamp: &Stamp) -> io::Result<()> {
    let mut out = Digesting {
        out,
        hasher: Sha256::new(),
    };
    out.write_all(MAGIC)?;
    out.write_all(&VERSION.to_le_bytes())?;
    out.write_all(&stamp.bytes.to_le_bytes())?;
    out.write_all(&stamp.modified_s.to_le_bytes())?;
    out.write_all(&stamp.modified_ns.to_le_bytes())?;
    out.write_all(&stamp.samples)?;
    out.write_all(&stamp.digest)?;
    let source = serde_json::to_vec(&Source::of(&genes.source))?;
    write_length(&mut out, source.len())?;
    out.write_all(&source)?;
    write_columns(genes.annotation.columns(), &mut out)?;
    let digest = out.hasher.finalize();
    out.out.write_all(&digest)
}

/// What an index holds.
#[derive(Debug)]
pub(super) struct Index {
    pub(super) stamp: Stamp,
    pub(super) genes: Genes,
}

/// Reads an index of the file called `name`, or says why it cannot be used.
pub(super) fn read(index: &[u8], name: &str) -> Result<Index, String> {
    let mut bytes = Bytes(index);
    if bytes.take(MAGIC.len()) != Some(MAGIC) {
        return Err("it is no index of gene annotation".to_owned());
    }
    match bytes.array().map(u32::from_le_bytes) {
        Some(VERSION) => {}
        Some(other) => return Err(format!("it has version {other} of the format; in use is {VERSION}")),
        None => return Err("it ends early".to_owned()),
    }
    let Some((content, digest)) = index.split_last_chunk::<32>() else {
        return Err("it ends early".to_owned());
    };
    if Sha256::digest(content).as_slice() != digest {
        return Err("its digest does not fit its content".to_owned());
    }
    bytes.0 = &content[MAGIC.len() + 4..];
    let damaged = || "its columns do not fit its length".to_owned();
    let stamp = read_stamp(&mut bytes).ok_or_else(damaged)?;
    let length = bytes.length().ok_or_else(damaged)?;
    let source = bytes.take(length).ok_or_else(damaged)?;
    let source: Source = serde_json::from_slice(source).map_err(|error| error.to_string())?;
    let source = source.into_source(name, &stamp).ok_or_else(damaged)?;
    let columns = read_columns(&mut bytes)
        .filter(|_| bytes.0.is_empty())
        .ok_or_else(damaged)?;
    let annotation = Annotation::from_columns(columns).map_err(|error| error.to_string())?;
    Ok(Index {
        stamp,
        genes: Genes { annotation, source },
    })
}

fn read_stamp(bytes: &mut Bytes<'_>) -> Option<Stamp> {
    Some(Stamp {
        bytes: u64::from_le_bytes(bytes.array()?),
        modified_s: i64::from_le_bytes(bytes.array()?),
        modified_ns: u32::from_le_bytes(bytes.array()?),
        samples: bytes.array()?,
        digest: bytes.array()?,
    })
}
