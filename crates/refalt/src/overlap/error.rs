//! Why rows cannot be picked.

use super::assembly::Disagreement;
use crate::diagnostic::Diagnostic;
use crate::io::bed::BedError;
use crate::io::chain::ChainError;
use crate::io::fasta::FastaError;
use crate::io::variants::ReadError;
use crate::output_files::OutputFileError;
use std::io;
use std::path::PathBuf;

/// Rows cannot be picked by peaks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OverlapError {
    /// A file of peaks cannot be read.
    #[error(transparent)]
    Peaks(#[from] BedError),
    /// The table cannot be read.
    #[error(transparent)]
    Rows(#[from] ReadError),
    /// The chain file cannot be read.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The reference cannot be read.
    #[error(transparent)]
    Reference(Box<FastaError>),
    /// There is no peak.
    #[error("there are no peaks in {files}")]
    NoPeaks {
        /// The files.
        files: String,
    },
    /// The assemblies differ.
    #[error(transparent)]
    Assembly(Disagreement),
    /// A row states another assembly than the rows before it, or than the table.
    #[error("the row is on {found}, and the rows are on {expected} ({who})")]
    RowAssembly {
        /// The table.
        file: String,
        /// The line or record (1-based).
        line: u64,
        /// What the row states.
        found: refalt_core::Assembly,
        /// What is known of the rows.
        expected: refalt_core::Assembly,
        /// Who says so.
        who: String,
    },
    /// Chromosomes end before a place, in the reference that was given.
    #[error("{example}")]
    PastReference {
        /// The place and the length of the contig.
        example: String,
    },
    /// REF of the rows is not what the reference has.
    #[error("REF of {agree} of {compared} rows agrees with the reference: the rows are not on it")]
    ReferenceBases {
        /// Rows whose REF agrees.
        agree: u64,
        /// Rows compared.
        compared: u64,
    },
    /// The peaks fit the rows after liftover only.
    #[error(
        "the peaks are on the other assembly of the chain: {hits} of {places} places lie in peaks, {moved} when they are \
         moved by 5 to 20 kb; after liftover {lifted} against {lifted_moved}"
    )]
    OtherAssembly {
        /// Places in peaks.
        hits: u64,
        /// Places looked at.
        places: u64,
        /// Mean of the hits of moved places.
        moved: String,
        /// Lifted places in peaks.
        lifted: u64,
        /// Mean of the hits of moved lifted places.
        lifted_moved: String,
    },
    /// Proof is asked for and there is none.
    #[error("{0}")]
    NotProven(String),
    /// Columns cannot be added to this format.
    #[error("columns cannot be added to {format}")]
    NoColumns {
        /// The format, with article.
        format: &'static str,
    },
    /// Parquet cannot be written to a stream.
    #[error("Parquet is written to a file")]
    ParquetToStream,
    /// A column that would be added is there already.
    #[error("the table has the column `{0}` already")]
    ColumnThere(String),
    /// A file cannot be written or read.
    #[error("cannot {action} `{path}`: {source}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// An output cannot be written, or another file has its name.
    #[error(transparent)]
    Output(#[from] OutputFileError),
    /// The output is one of the inputs.
    #[error("the output `{0}` is one of the inputs")]
    SameFile(PathBuf),
}

impl From<Disagreement> for OverlapError {
    fn from(disagreement: Disagreement) -> Self {
        Self::Assembly(disagreement)
    }
}

impl Diagnostic for OverlapError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Peaks(error) => error.place(),
            Self::Rows(error) => error.place(),
            Self::Chain(error) => error.place(),
            Self::Reference(error) => error.place(),
            Self::RowAssembly { file, line, .. } => Some(format!("{file}, line {line}")),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Peaks(error) => error.hint(),
            Self::Rows(error) => error.hint(),
            Self::Chain(error) => error.hint(),
            Self::Reference(error) => error.hint(),
            Self::Assembly(disagreement) => Some(disagreement.hint()),
            Self::NoPeaks { .. } => Some("give files with at least one line of BED".to_owned()),
            Self::RowAssembly { .. } => Some("split the table by assembly, or lift its rows to one".to_owned()),
            Self::PastReference { .. } | Self::ReferenceBases { .. } => {
                Some("give the reference on which the rows count; `refalt vet` says which one that is".to_owned())
            }
            Self::OtherAssembly { .. } => {
                Some("take peaks of the assembly of the rows, or lift one of the two over".to_owned())
            }
            Self::NotProven(_) => Some(
                "state what is not known with --assembly (the rows) and --peaks-assembly, or leave --require-proof out"
                    .to_owned(),
            ),
            Self::NoColumns { .. } => {
                Some("leave --annotate out, or convert the table (`bcftools view` writes VCF)".to_owned())
            }
            Self::ParquetToStream => Some("give --out FILE".to_owned()),
            Self::ColumnThere(_) => Some("rename the column of the table".to_owned()),
            Self::SameFile(_) => Some("give another name for the output".to_owned()),
            Self::Output(error) => Some(error.hint()),
            Self::Io { .. } => None,
        }
    }

    fn is_usage(&self) -> bool {
        match self {
            Self::Peaks(error) => error.is_usage(),
            Self::Rows(error) => error.is_usage(),
            Self::NoColumns { .. }
            | Self::ParquetToStream
            | Self::ColumnThere(_)
            | Self::SameFile(_)
            | Self::NotProven(_) => true,
            _ => false,
        }
    }
}
