//! Lists of variants: VCF, BCF, tables, Parquet, and one-word forms, from files, pipes and the command line.
//!
//! Every ALT of every record becomes one [`VariantRow`], in the order of the file. A row that is no variant keeps its
//! place and carries its reason ([`RowProblem`]); only what makes the rest of the file unreadable stops the reader
//! ([`ReadError`]). Nothing is verified against a genome here and nothing is repaired: contig names, alleles and
//! positions are as written. `docs/input.md` lists every accepted form.
//!
//! Text is read as a stream with fields split only when needed, so memory does not grow with the file.
//!
//! ```
//! use refalt::io::variants::{ReadOptions, VariantReader};
//!
//! let vcf = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\n5\t1295113\t.\tG\tA,*\n5\t0\t.\tG\tA\n";
//! let reader = VariantReader::from_reader(vcf.as_bytes(), "example.vcf", &ReadOptions::default())?;
//! let rows = reader.collect::<Result<Vec<_>, _>>()?;
//! // Two rows from the first record; the third is refused and still there.
//! assert_eq!(rows[0].text(), "5:1295113:G>A");
//! assert_eq!((rows[1].row, rows[1].line, rows[1].allele), (2, 3, 2));
//! assert_eq!(rows[2].variant.as_ref().unwrap_err().code(), "position_zero");
//! # Ok::<(), refalt::io::variants::ReadError>(())
//! ```

mod allele;
mod bcf;
mod cells;
mod columns;
mod contigs;
mod delimited;
mod error;
mod hgvs;
pub mod ids;
mod implied;
mod packing;
mod parquet;
pub(crate) mod places;
mod problem;
mod resolve;
mod row;
mod sniff;
mod source;
mod table;
mod vcf;
mod vcf_header;

pub(crate) use cells::variant_of_cells;
pub use columns::{ColumnMap, ColumnMapError, ColumnName, Role};
pub use error::{ReadCause, ReadError, ReadPlace};
pub use implied::{Edit, ImpliedVariant, MAX_FILLED_BP};
pub use problem::{Field, RowProblem};
pub use row::{RowNames, VariantRow};
pub use sniff::Format;
pub use source::Source;
pub use vcf_header::AssemblyClue;
pub(crate) use vcf_header::assembly_in;

use contigs::Contigs;
use refalt_core::Assembly;
use refalt_core::nearest::nearest;
use source::{Input, unreadable};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;
use table::Separator;
use vcf::{InfoKey, InfoKeys};
use vcf_header::PerAllele;

/// How to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The format; `None` finds it by content.
    pub format: Option<Format>,
    /// Which columns of a table are what; in VCF, which INFO keys hold gene, strand, rsid and HGVS.
    pub columns: ColumnMap,
    /// Columns (in VCF: INFO keys) whose cells travel with the rows in [`VariantRow::carried`].
    pub carry: Vec<String>,
}

/// Opens a source.
///
/// # Errors
/// [`ReadError`] when the source cannot be opened or is no list of variants, and when columns are missing.
pub fn open(source: &Source, options: &ReadOptions) -> Result<VariantReader, ReadError> {
    match source {
        Source::Path(path) | Source::Kept { path, .. } => VariantReader::open_path(path, &source.name(), options),
        Source::Stdin => VariantReader::from_reader(io::stdin(), &source.name(), options),
        Source::Literals(words) => Ok(VariantReader {
            name: source.name().into(),
            format: Format::Ids,
            rows: Rows::Literals(words.clone().into_iter().enumerate(), Contigs::default()),
            clues: Vec::new(),
            pending: VecDeque::new(),
            rows_out: 0,
            is_done: false,
        }),
    }
}

/// Reads rows one after the other.
///
/// After an error the reader is at its end.
pub struct VariantReader {
    name: Box<str>,
    format: Format,
    rows: Rows,
    clues: Vec<AssemblyClue>,
    pending: VecDeque<VariantRow>,
    rows_out: u64,
    is_done: bool,
}

enum Rows {
    Vcf(vcf::VcfRows),
    Bcf(bcf::BcfRows),
    Table(Box<table::TableRows>),
    Parquet(Box<parquet::ParquetRows>),
    Ids(Input, Contigs),
    Literals(std::iter::Enumerate<std::vec::IntoIter<String>>, Contigs),
}

impl VariantReader {
    fn open_path(path: &Path, name: &str, options: &ReadOptions) -> Result<Self, ReadError> {
        let fail = |error: io::Error| unreadable(&error).at(name, None);
        let mut file = File::open(path).map_err(fail)?;
        if file.metadata().map_err(fail)?.is_file() {
            let mut magic = [0; 4];
            let is_parquet = file.read_exact(&mut magic).is_ok() && &magic == b"PAR1";
            file.rewind().map_err(fail)?;
            if is_parquet || options.format == Some(Format::Parquet) {
                let rows = parquet::ParquetRows::new(file, name, &options.columns, &options.carry)?;
                let clues = rows.clues().to_vec();
                return Ok(Self::of(name, Format::Parquet, Rows::Parquet(Box::new(rows)), clues));
            }
        }
        Self::of_input(Input::from_file(file, name)?, options)
    }

    /// Reads from any stream; `name` stands for the file in messages.
    ///
    /// # Errors
    /// As [`open`]; Parquet needs a file.
    pub fn from_reader(
        reader: impl Read + Send + 'static,
        name: &str,
        options: &ReadOptions,
    ) -> Result<Self, ReadError> {
        Self::of_input(Input::from_reader(Box::new(reader), name)?, options)
    }

    fn of_input(mut input: Input, options: &ReadOptions) -> Result<Self, ReadError> {
        let name: Box<str> = input.name().into();
        let format = match options.format {
            Some(format) => format,
            None => sniff::format_of(&mut input, &options.columns)?,
        };
        let (rows, clues) = match format {
            Format::Vcf => {
                let mut rows = vcf::VcfRows::new(input)?;
                let info = info_keys(rows.header(), options).map_err(|cause| cause.at(&name, None))?;
                rows.set_info(info);
                let clues = rows.header().clues.clone();
                (Rows::Vcf(rows), clues)
            }
            Format::Bcf => {
                let rows = bcf::BcfRows::new(input)?;
                let wanted = options.columns.entries().first().map(|(role, _)| role.key().to_owned());
                if let Some(role) = wanted.or_else(|| options.carry.first().cloned()) {
                    let format = "BCF";
                    return Err(ReadCause::ColumnsFixed { role, format }.at(&name, None));
                }
                let clues = rows.header().clues.clone();
                (Rows::Bcf(rows), clues)
            }
            Format::Tsv | Format::Csv => {
                let separator = if format == Format::Tsv {
                    Separator::Tab
                } else {
                    Separator::Comma
                };
                let rows = table::TableRows::new(input, separator, &options.columns, &options.carry)?;
                let clues = rows.clues().to_vec();
                (Rows::Table(Box::new(rows)), clues)
            }
            Format::Parquet => return Err(ReadCause::ParquetFromPipe.at(&name, None)),
            Format::Ids => (Rows::Ids(input, Contigs::default()), Vec::new()),
        };
        Ok(Self::of(&name, format, rows, clues))
    }

    fn of(name: &str, format: Format, rows: Rows, clues: Vec<AssemblyClue>) -> Self {
        Self {
            name: name.into(),
            format,
            rows,
            clues,
            pending: VecDeque::new(),
            rows_out: 0,
            is_done: false,
        }
    }

    /// Returns the format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Returns the name of the source for messages: its path, `<stdin>`, `<command line>`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns every place of the header that speaks of an assembly.
    pub fn assembly_clues(&self) -> &[AssemblyClue] {
        &self.clues
    }

    /// Returns the assembly that the header states: the one of all clues, `None` without clues or when they disagree.
    pub fn header_assembly(&self) -> Option<Assembly> {
        let first = self.clues.first()?.assembly;
        self.clues.iter().all(|clue| clue.assembly == first).then_some(first)
    }

    /// Appends the rows of the next record to `pending`; false at the end.
    fn read_record(&mut self) -> Result<bool, ReadError> {
        match &mut self.rows {
            Rows::Vcf(rows) => rows.next_record(&mut self.pending),
            Rows::Bcf(rows) => rows.next_record(&mut self.pending),
            Rows::Table(rows) => rows.next_record(&mut self.pending),
            Rows::Parquet(rows) => rows.next_record(&mut self.pending),
            Rows::Ids(input, contigs) => next_word(input, contigs, &mut self.pending),
            Rows::Literals(words, contigs) => {
                let Some((index, word)) = words.next() else {
                    return Ok(false);
                };
                self.pending.push_back(word_row(index as u64 + 1, &word, contigs));
                Ok(true)
            }
        }
    }
}

impl Iterator for VariantReader {
    type Item = Result<VariantRow, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.pending.is_empty() && !self.is_done {
            match self.read_record() {
                Ok(true) => {}
                Ok(false) => self.is_done = true,
                Err(error) => {
                    self.is_done = true;
                    return Some(Err(error));
                }
            }
        }
        let mut row = self.pending.pop_front()?;
        self.rows_out += 1;
        row.row = self.rows_out;
        Some(Ok(row))
    }
}

impl std::fmt::Debug for VariantReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VariantReader")
            .field("name", &self.name)
            .field("format", &self.format)
            .field("rows_out", &self.rows_out)
            .finish_non_exhaustive()
    }
}

/// Reads the next line that is neither empty nor a comment as one word.
fn next_word(input: &mut Input, contigs: &mut Contigs, rows: &mut VecDeque<VariantRow>) -> Result<bool, ReadError> {
    while let Some(line) = input.next_line()? {
        let (number, is_comment) = (line.number, line.bytes.starts_with(b"#"));
        let row = match std::str::from_utf8(line.bytes) {
            _ if is_comment => continue,
            Ok(text) if text.trim().is_empty() => continue,
            Ok(text) => Ok(word_row(number, text.trim(), contigs)),
            Err(_) => Err(ReadCause::NotUtf8 {
                field: "the line".to_owned(),
                text: error::shown(line.bytes),
            }),
        };
        rows.push_back(row.map_err(|cause| cause.at(input.name(), Some(number)))?);
        return Ok(true);
    }
    Ok(false)
}

fn word_row(line: u64, word: &str, contigs: &mut Contigs) -> VariantRow {
    let parsed = ids::parse_with(word, contigs);
    VariantRow {
        row: 0,
        line,
        allele: 1,
        id: Some(word.into()),
        said_assembly: parsed.said_assembly,
        names: RowNames {
            hgvs: if hgvs::split(word).is_some() {
                vec![word.into()]
            } else {
                Vec::new()
            },
            ..RowNames::default()
        },
        written: Some(word.into()),
        variant: parsed.variant,
        carried: Box::default(),
        shared: Box::default(),
    }
}

/// Finds the INFO keys that the user asks for in a VCF header.
fn info_keys(header: &vcf_header::VcfHeader, options: &ReadOptions) -> Result<InfoKeys, ReadCause> {
    let key_of = |name: &str| {
        let name = name.strip_prefix("INFO/").unwrap_or(name);
        let known = header.info.iter().find(|(key, _)| &**key == name);
        match known {
            Some((key, per_allele)) => Ok(InfoKey {
                key: key.clone(),
                per_allele: *per_allele,
            }),
            // Without a header there is nothing to check the key against.
            None if header.info.is_empty() => Ok(InfoKey {
                key: name.into(),
                per_allele: PerAllele::No,
            }),
            None => {
                let present: Vec<String> = header.info.iter().map(|(key, _)| key.to_string()).collect();
                Err(ReadCause::ColumnUnknown {
                    column: format!("INFO/{name}"),
                    nearest: nearest(name, present.iter().map(String::as_str)),
                    present,
                })
            }
        }
    };
    let mut keys = InfoKeys::default();
    for (role, column) in options.columns.entries() {
        let slot = match (role, column) {
            (Role::Rsid, ColumnName::Name(_)) => &mut keys.rsid,
            (Role::Gene, ColumnName::Name(_)) => &mut keys.gene,
            (Role::GeneStrand, ColumnName::Name(_)) => &mut keys.strand,
            (Role::Hgvs, ColumnName::Name(_)) => &mut keys.hgvs,
            _ => {
                let role = format!("`{}`", role.key());
                return Err(ReadCause::ColumnsFixed { role, format: "VCF" });
            }
        };
        if let ColumnName::Name(name) = column {
            *slot = Some(key_of(name)?);
        }
    }
    keys.carried = options
        .carry
        .iter()
        .map(|name| key_of(name))
        .collect::<Result<_, _>>()?;
    Ok(keys)
}
