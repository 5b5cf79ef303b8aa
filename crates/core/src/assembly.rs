//! Assemblies, identified by the content of their contigs and not by what somebody called the file.

use std::fmt;

mod table;

/// A genome assembly that refalt can recognise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::upper_case_acronyms, reason = "the published names of the assemblies")]
pub enum Assembly {
    /// Human, Genome Reference Consortium build 38 (hg38).
    GRCh38,
    /// Human, Genome Reference Consortium build 37 (hg19 shares its chromosomes but for the mitochondrion).
    GRCh37,
    /// Mouse, Genome Reference Consortium build 38 (mm10).
    GRCm38,
}

/// A contig of a known assembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssemblyContig {
    /// The name without prefix: `1` to `22`, `X`, `Y`, `M`.
    pub number: &'static str,
    /// RefSeq accession with version, `NC_000005.10`.
    pub accession: &'static str,
    /// Length in bp.
    pub length_bp: u32,
    /// GA4GH refget digest: SHA-512 of the upper-case bases, first 24 bytes, base64url, with the `SQ.` prefix;
    /// empty when no published value was at hand.
    pub refget: &'static str,
}

impl Assembly {
    /// Every assembly of the table.
    pub const ALL: [Self; 3] = [Self::GRCh38, Self::GRCh37, Self::GRCm38];

    /// Reads a name in use for an assembly: `GRCh38`, `hg38`, `b38`, `GRCh38.p13`, `GRCh37`, `hg19`, `b37`, `GRCm38`, `mm10`.
    pub fn from_name(name: &str) -> Option<Self> {
        let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
        match stem.to_ascii_lowercase().as_str() {
            "grch38" | "hg38" | "b38" => Some(Self::GRCh38),
            "grch37" | "hg19" | "b37" | "hs37d5" => Some(Self::GRCh37),
            "grcm38" | "mm10" => Some(Self::GRCm38),
            _ => None,
        }
    }

    /// Returns the name of the Genome Reference Consortium.
    pub const fn name(self) -> &'static str {
        match self {
            Self::GRCh38 => "GRCh38",
            Self::GRCh37 => "GRCh37",
            Self::GRCm38 => "GRCm38",
        }
    }

    /// Returns the chromosomes and the mitochondrion.
    pub const fn contigs(self) -> &'static [AssemblyContig] {
        match self {
            Self::GRCh38 => table::GRCH38,
            Self::GRCh37 => table::GRCH37,
            Self::GRCm38 => table::GRCM38,
        }
    }

    /// Returns the assembly and contig with this refget digest (`SQ.` and 32 characters).
    ///
    /// A sequence that two assemblies share (the human mitochondrion) proves neither and is not returned.
    pub fn by_refget(digest: &str) -> Option<(Self, &'static AssemblyContig)> {
        let mut found = None;
        for assembly in Self::ALL {
            for contig in assembly.contigs() {
                if !contig.refget.is_empty() && contig.refget == digest {
                    if found.is_some() {
                        return None;
                    }
                    found = Some((assembly, contig));
                }
            }
        }
        found
    }
}

impl fmt::Display for Assembly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What the content of a reference says about its assembly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssemblyEvidence {
    /// The digests of whole contigs equal those of one assembly, and none equals another's.
    Proven {
        /// The assembly.
        assembly: Assembly,
        /// How many contigs were compared and agreed.
        contigs: usize,
    },
    /// No digest settles it; the reason is for people.
    NotProven {
        /// Why, in words.
        reason: String,
    },
}

impl AssemblyEvidence {
    /// Returns the assembly when the content proves it.
    pub const fn proven(&self) -> Option<Assembly> {
        match self {
            Self::Proven { assembly, .. } => Some(*assembly),
            Self::NotProven { .. } => None,
        }
    }
}

impl fmt::Display for AssemblyEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven { assembly, contigs } => {
                write!(f, "{assembly} (refget digests of {contigs} contigs agree)")
            }
            Self::NotProven { reason } => write!(f, "assembly not proven ({reason})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_names_one_contig_of_one_assembly() {
        // GATK RefGetAccessionProvider, GRCh37 chr1 and GRCh38 chr5.
        let (assembly, contig) = Assembly::by_refget("SQ.S_KjnFVz-FE7M0W6yoaUDgYxLPc1jyWU").unwrap();
        assert_eq!((assembly, contig.number), (Assembly::GRCh37, "1"));
        let (assembly, contig) = Assembly::by_refget("SQ.aUiQCzCPZ2d0csHbMSbh2NzInhonSXwI").unwrap();
        assert_eq!((assembly, contig.number), (Assembly::GRCh38, "5"));
    }

    #[test]
    fn the_mitochondrion_that_two_assemblies_share_proves_neither() {
        assert_eq!(Assembly::by_refget("SQ.k3grVkjY-hoWcCUojHw6VU6GE3MZ8Sct"), None);
        assert_eq!(Assembly::by_refget(""), None);
    }

    #[test]
    fn every_digest_is_well_formed_and_only_the_mitochondrion_occurs_twice() {
        let mut seen = std::collections::BTreeMap::new();
        for assembly in Assembly::ALL {
            for contig in assembly.contigs() {
                if contig.refget.is_empty() {
                    assert_eq!(assembly, Assembly::GRCm38, "{assembly} {}", contig.number);
                    continue;
                }
                let digest = contig.refget.strip_prefix("SQ.").unwrap();
                assert_eq!(digest.len(), 32, "{assembly} {}", contig.number);
                assert!(
                    digest
                        .bytes()
                        .all(|letter| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_')
                );
                seen.entry(contig.refget).or_insert_with(Vec::new).push(contig.number);
            }
        }
        let twice: Vec<_> = seen.values().filter(|numbers| numbers.len() > 1).collect();
        assert_eq!(twice, [&vec!["M", "M"]]);
    }
}
