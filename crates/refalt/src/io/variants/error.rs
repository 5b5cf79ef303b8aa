//! Why a file cannot be read, or not read further.

use super::columns::Role;
use crate::Diagnostic;
use refalt_core::nearest::question;
use std::fmt;

/// A file of variants cannot be read, or not read further.
///
/// What concerns one row is no error but a [`RowProblem`](super::RowProblem).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// The file as the user named it; `<stdin>` for standard input.
    pub file: Box<str>,
    /// Where in the file reading stopped.
    pub place: ReadPlace,
    /// The cause.
    pub cause: Box<ReadCause>,
}

/// Where in a file reading stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadPlace {
    /// Before any line, or in the file as a whole.
    File,
    /// At a line of text (1-based).
    Line(u64),
    /// At a record of a binary format (1-based).
    Record(u64),
}

impl fmt::Display for ReadError {
    /// Writes the cause; the place is in [`Diagnostic::place`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read variants: {}", self.cause)
    }
}

impl std::error::Error for ReadError {}

impl Diagnostic for ReadError {
    fn place(&self) -> Option<String> {
        let file = &self.file;
        Some(match self.place {
            ReadPlace::File => file.to_string(),
            ReadPlace::Line(line) => format!("{file}, line {line}"),
            ReadPlace::Record(record) => format!("{file}, record {record}"),
        })
    }

    fn hint(&self) -> Option<String> {
        self.cause.hint()
    }

    fn is_usage(&self) -> bool {
        matches!(
            *self.cause,
            ReadCause::ColumnUnknown { .. } | ReadCause::ColumnsFixed { .. }
        )
    }
}

/// What stops a file from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadCause {
    /// The operating system refuses.
    #[error("{reason}")]
    Unreadable {
        /// The reason of the operating system.
        reason: String,
    },
    /// There is nothing in the file.
    #[error("it is empty")]
    Empty,
    /// The file is packed in a way that is not unpacked here.
    #[error("it is {found}")]
    UnsupportedPacking {
        /// What the first bytes say, with article: `a ZIP archive`.
        found: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The file is a known format that holds no variants.
    #[error("it is {found}, which holds no list of variants")]
    OtherFormat {
        /// What the first bytes say, with article.
        found: &'static str,
    },
    /// The first line is neither a header nor a variant.
    #[error("the first line is neither a VCF header, nor a table header, nor a variant: `{first_line}`")]
    NotVariants {
        /// The line, cut to 80 characters.
        first_line: String,
    },
    /// The first line is one of BED.
    #[error("it looks like BED (contig, start, end), which has places and no alleles: `{first_line}`")]
    Bed {
        /// The line, cut to 80 characters.
        first_line: String,
    },
    /// The compressed data end early.
    #[error("the compressed data are cut off: {reason}")]
    Truncated {
        /// How that shows.
        reason: &'static str,
    },
    /// The compressed data are damaged.
    #[error("the compressed data are damaged: {reason}")]
    Damaged {
        /// What the decoder says.
        reason: String,
    },
    /// A line among the VCF header lines is no header line.
    #[error("{reason}: `{text}`")]
    VcfHeader {
        /// What is wrong.
        reason: &'static str,
        /// The line, cut to 80 characters.
        text: String,
    },
    /// Bytes that no text has.
    #[error("it holds binary data (a NUL byte)")]
    Binary,
    /// A needed field is no UTF-8.
    #[error("{field} is not UTF-8 text: `{text}`")]
    NotUtf8 {
        /// The field or column.
        field: String,
        /// The bytes, with U+FFFD for what is no UTF-8.
        text: String,
    },
    /// A line does not end.
    #[error("the line is longer than {limit_bytes} bytes")]
    LineTooLong {
        /// The limit.
        limit_bytes: usize,
    },
    /// Lines end as on a classic Mac.
    #[error("lines end with a carriage return alone")]
    CarriageReturns,
    /// The table lacks columns that make a variant.
    #[error("no column for {}; columns present: {}", list(missing), quoted(present))]
    ColumnsMissing {
        /// The roles without a column.
        missing: Vec<Role>,
        /// The header as written.
        present: Vec<String>,
        /// Columns whose names come close, with the role they may have.
        nearest: Vec<(Role, String)>,
    },
    /// Several columns can have one role.
    #[error("several columns may be {role}: {}", quoted(candidates))]
    ColumnAmbiguous {
        /// The role.
        role: Role,
        /// The columns.
        candidates: Vec<String>,
    },
    /// A column that the user names is not there.
    #[error("there is no column `{column}`; columns present: {}", quoted(present))]
    ColumnUnknown {
        /// The column asked for.
        column: String,
        /// The header as written, or the INFO keys of a VCF header.
        present: Vec<String>,
        /// The columns whose names come closest.
        nearest: Vec<String>,
    },
    /// Two columns that the user names have one name.
    #[error("the header has the column `{column}` twice")]
    ColumnTwice {
        /// The name.
        column: String,
    },
    /// A column map for a format whose columns are fixed.
    #[error("{role} cannot be chosen in {format}, whose columns are fixed")]
    ColumnsFixed {
        /// The role that the user maps.
        role: String,
        /// The format.
        format: &'static str,
    },
    /// A column of a type that is no text and no number.
    #[error("the column `{column}` has the type {found}")]
    ColumnType {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// A BCF record or header does not follow the specification.
    #[error("the BCF data are damaged: {reason}")]
    Bcf {
        /// What is wrong.
        reason: &'static str,
    },
    /// The Parquet file does not follow the specification or uses what is not supported.
    #[error("{reason}")]
    Parquet {
        /// What the Parquet reader says.
        reason: String,
    },
    /// Parquet is read from its end, which a pipe does not have.
    #[error("Parquet cannot be read from a pipe: its index is at the end of the file")]
    ParquetFromPipe,
}

impl ReadCause {
    /// Joins the cause with a file and, where there is one, a line.
    pub(crate) fn at(self, file: &str, line: Option<u64>) -> ReadError {
        self.in_file(file, line.map_or(ReadPlace::File, ReadPlace::Line))
    }

    /// Joins the cause with a file and a record of it.
    pub(super) fn at_record(self, file: &str, record: u64) -> ReadError {
        self.in_file(file, ReadPlace::Record(record))
    }

    fn in_file(self, file: &str, place: ReadPlace) -> ReadError {
        ReadError {
            file: file.into(),
            place,
            cause: Box::new(self),
        }
    }

    /// Returns what the user can do.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::UnsupportedPacking { remedy, .. } => (*remedy).to_owned(),
            Self::Empty | Self::Unreadable { .. } | Self::OtherFormat { .. } | Self::NotVariants { .. } => {
                "give VCF, BCF, a table with a header line, Parquet, or one variant per line such as `chr5:1295113:G>A`; \
                 a table without a header is read with numbered columns, `--columns chrom=1,pos=2,ref=3,alt=4`"
                    .to_owned()
            }
            Self::Bed { .. } => {
                "give the variants with REF and ALT; where later columns hold the alleles, say which, and that the start \
                 counts from 0: `--columns chrom=1,start0=2,ref=4,alt=5`, or `id=4` for whole variants; gene models go to `--genes`"
                    .to_owned()
            }
            Self::Truncated { .. } | Self::Damaged { .. } => {
                "copy or download the file again; what came before this place was read".to_owned()
            }
            Self::VcfHeader { .. } => {
                "every line before the records begins with `##` or is the `#CHROM` line, separated by tabs".to_owned()
            }
            Self::Binary | Self::NotUtf8 { .. } => "convert the file to UTF-8 text".to_owned(),
            Self::LineTooLong { .. } => return None,
            Self::CarriageReturns => "convert line ends, for example with `tr '\\r' '\\n'`".to_owned(),
            Self::ColumnsMissing { missing, nearest, .. } => missing_hint(missing, nearest),
            Self::ColumnAmbiguous { role, candidates } => {
                let first = candidates.first().map_or("", String::as_str);
                format!("choose one: `--columns {}={}`", role.key(), super::columns::quote(first))
            }
            Self::ColumnUnknown { nearest, .. } => return question(nearest),
            Self::ColumnTwice { .. } => "rename one of the two in the header".to_owned(),
            Self::ColumnsFixed { .. } => {
                "in VCF, gene, strand, rsid and hgvs may name INFO keys; leave the others out".to_owned()
            }
            Self::ColumnType { .. } => "write the column as text or whole numbers".to_owned(),
            Self::Bcf { .. } => "`bcftools view` says more; copy or download the file again".to_owned(),
            Self::Parquet { .. } => "write the file again, compressed with zstd, snappy or not at all".to_owned(),
            Self::ParquetFromPipe => "give the path of the file".to_owned(),
        };
        Some(text)
    }
}

/// Proposes a column map from near misses.
fn missing_hint(missing: &[Role], nearest: &[(Role, String)]) -> String {
    let entries = missing.iter().map(|role| {
        let near = nearest.iter().find(|(near, _)| near == role);
        let column = near.map_or("COLUMN".to_owned(), |(_, column)| super::columns::quote(column));
        format!("{}={column}", role.key())
    });
    let map = entries.collect::<Vec<_>>().join(",");
    let start = if missing.contains(&Role::Position) {
        "; `start0=` in place of `pos=` for a column that counts from 0, as BED does"
    } else {
        ""
    };
    format!("say which columns they are: `--columns {map}`{start}; or `id=COLUMN` for a column of whole variants")
}

fn list(roles: &[Role]) -> String {
    roles.iter().map(Role::to_string).collect::<Vec<_>>().join(", ")
}

fn quoted(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Cuts a line for a message.
pub(super) fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    match text.char_indices().nth(80) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.into_owned(),
    }
}
