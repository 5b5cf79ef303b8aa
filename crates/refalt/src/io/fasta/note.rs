//! What was found while a genome was opened, and is no error.

use refalt_core::ContigName;
use std::fmt;
use std::path::PathBuf;

/// What was done, on opening, that the user may want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FastaNote {
    /// There was no index file, so the index was made in memory.
    IndexBuilt {
        /// The index file that was looked for.
        missing: PathBuf,
    },
    /// A file with digests was there but belongs to another state of the FASTA.
    DigestsIgnored {
        /// The file.
        path: PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// Two contigs are the same chromosome by name; only their exact names tell them apart.
    SameChromosome {
        /// The contig that the other names of the chromosome mean.
        first: ContigName,
        /// The contig that only its own name means.
        second: ContigName,
    },
}

impl fmt::Display for FastaNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IndexBuilt { missing } => {
                write!(
                    f,
                    "no index `{}`: it was made in memory by reading the file",
                    missing.display()
                )
            }
            Self::DigestsIgnored { path, reason } => {
                write!(f, "the digests in `{}` are not used: {reason}", path.display())
            }
            Self::SameChromosome { first, second } => write!(
                f,
                "`{first}` and `{second}` are one chromosome by name; other names of it mean `{first}`"
            ),
        }
    }
}
