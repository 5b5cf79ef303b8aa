//! Why a FASTA file is not accepted as a reference.

use crate::diagnostic::Diagnostic;
use refalt_core::{ContigName, Position};
use std::io;
use std::path::{Path, PathBuf};

/// A FASTA file, or an index beside it, could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FastaError {
    /// The system refused.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `open`, `read`, `write`.
        action: &'static str,
        /// The system's answer.
        source: io::Error,
    },
    /// The file does not begin as a FASTA does.
    #[error("`{}` is not a FASTA file: it begins with {found}, expected `>`", path.display())]
    NotFasta {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// Compressed by gzip as one stream: there is no way to a base in the middle.
    #[error("`{}` is compressed with gzip, which allows no random access", path.display())]
    PlainGzip {
        /// The file.
        path: PathBuf,
    },
    /// A bgzip file that ends early or is damaged.
    #[error("the bgzip file `{}` is truncated or damaged: {reason}", path.display())]
    BgzipDamaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The file is shorter than its index says.
    #[error(
        "`{}` ends early: record `{record}` needs {expected_bytes} bytes of sequence text, the file has {found_bytes}",
        path.display()
    )]
    Truncated {
        /// The file.
        path: PathBuf,
        /// The record that does not fit.
        record: String,
        /// Bytes up to the last base of the record, after decompression.
        expected_bytes: u64,
        /// Bytes of the file, after decompression.
        found_bytes: u64,
    },
    /// An index file is malformed.
    #[error("the index `{}` is malformed in line {line}: {reason}", path.display())]
    Index {
        /// The `.fai` file.
        path: PathBuf,
        /// The line (1-based).
        line: u64,
        /// What was found.
        reason: String,
    },
    /// A `.gzi` file is malformed, or belongs to another file.
    #[error("the bgzip index `{}` does not fit its file: {reason}", path.display())]
    BgzipIndex {
        /// The `.gzi` file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// The text of the FASTA cannot be indexed.
    #[error("`{}` cannot be indexed, line {line}: {reason}", path.display())]
    Layout {
        /// The FASTA file.
        path: PathBuf,
        /// The line (1-based).
        line: u64,
        /// What was found.
        reason: String,
    },
    /// The index belongs to another file, or to an earlier state of it.
    #[error("the index of `{}` does not fit it: record `{record}`: {reason}", path.display())]
    StaleIndex {
        /// The FASTA file.
        path: PathBuf,
        /// The record.
        record: String,
        /// What was found where the index says something else.
        reason: String,
    },
    /// A sequence line holds something that is no letter.
    #[error("`{}` has `{found}` at base {position} of record `{record}`, which is no nucleotide letter", path.display())]
    Letter {
        /// The FASTA file.
        path: PathBuf,
        /// The record.
        record: String,
        /// The base of the record (1-based).
        position: Position,
        /// What is there.
        found: char,
    },
    /// There is no record.
    #[error("`{}` has no record", path.display())]
    NoRecord {
        /// The FASTA file.
        path: PathBuf,
    },
    /// Two records have one name.
    #[error("`{}` has two records named `{name}`", path.display())]
    DuplicateRecord {
        /// The FASTA file.
        path: PathBuf,
        /// The name.
        name: String,
    },
    /// A contig longer than a coordinate can say.
    #[error("record `{record}` of `{}` has {length_bp} bases; supported: up to 4294967295", path.display())]
    ContigTooLong {
        /// The FASTA file.
        path: PathBuf,
        /// The record.
        record: String,
        /// Its length in bp.
        length_bp: u64,
    },
    /// A record named as a slice has another number of bases than its name says.
    #[error(
        "record `{record}` of `{}` is named as a slice of {named_bp} bp (1-based, inclusive) but has {sequence_bp} bases",
        path.display()
    )]
    SliceLength {
        /// The FASTA file.
        path: PathBuf,
        /// The record.
        record: String,
        /// Bases that the name promises.
        named_bp: u64,
        /// Bases that are there.
        sequence_bp: u64,
        /// The name with the coordinates that would fit, when the start looks 0-based.
        proposed: Option<String>,
    },
    /// A record named as a slice with an impossible range.
    #[error("record `{record}` of `{}` is named as a slice with an impossible range: {reason}", path.display())]
    SliceRange {
        /// The FASTA file.
        path: PathBuf,
        /// The record.
        record: String,
        /// Why.
        reason: String,
    },
    /// A contig is there whole and as slices.
    #[error("`{}` has `{contig}` both whole and as the slice `{record}`", path.display())]
    SliceOfWhole {
        /// The FASTA file.
        path: PathBuf,
        /// The contig.
        contig: ContigName,
        /// The slice.
        record: String,
    },
    /// Two overlapping slices have different bases at one place.
    #[error(
        "the slices `{first}` and `{second}` of `{}` disagree at {contig}:{position}: `{first_base}` and `{second_base}`",
        path.display()
    )]
    SlicesDisagree {
        /// The FASTA file.
        path: PathBuf,
        /// The contig.
        contig: ContigName,
        /// The first base at which they differ (1-based).
        position: Position,
        /// One record.
        first: String,
        /// The other record.
        second: String,
        /// The base in the first.
        first_base: char,
        /// The base in the second.
        second_base: char,
    },
}

impl Diagnostic for FastaError {
    fn hint(&self) -> Option<String> {
        let again = |path: &Path| format!("make the index again: `samtools faidx {}`", path.display());
        match self {
            Self::Io { .. } | Self::NotFasta { .. } | Self::NoRecord { .. } | Self::ContigTooLong { .. } => None,
            Self::PlainGzip { path } => {
                let shown = path.display();
                let stem = path.with_extension("");
                Some(format!(
                    "recompress with bgzip: `gunzip -c {shown} | bgzip > {stem}.bgz`, or unpack it: `gunzip -k {shown}`",
                    stem = stem.display()
                ))
            }
            Self::BgzipDamaged { .. } | Self::Truncated { .. } => {
                Some("copy or download the file again, then make its indexes again".to_owned())
            }
            Self::Index { path, .. } => Some(again(&path.with_extension(""))),
            Self::BgzipIndex { path, .. } => Some(format!(
                "make it again: `bgzip -r {}`, or delete it; it is then built in memory",
                path.with_extension("").display()
            )),
            Self::StaleIndex { path, .. } => Some(again(path)),
            Self::Layout { .. } => Some(
                "every sequence line of a record but its last must have the same length; `seqkit seq -w 60` or \
                 `fasta_formatter -w 60` rewraps a file"
                    .to_owned(),
            ),
            Self::Letter { .. } => Some("a reference holds letters only: no gaps, stops or numbers".to_owned()),
            Self::DuplicateRecord { .. } => Some("rename or remove one of them".to_owned()),
            Self::SliceLength { proposed, .. } => Some(match proposed {
                Some(name) => format!("the start looks 0-based, as `bedtools getfasta` writes it; rename to `{name}`"),
                None => "write 1-based inclusive coordinates, as `samtools faidx` does, or a name without a range"
                    .to_owned(),
            }),
            Self::SliceRange { .. } => Some(
                "write 1-based inclusive coordinates, as `samtools faidx` does, or a name without a range".to_owned(),
            ),
            Self::SliceOfWhole { .. } => Some("keep one of the two".to_owned()),
            Self::SlicesDisagree { .. } => {
                Some("the slices come from different assemblies, or one is named wrongly".to_owned())
            }
        }
    }
}
