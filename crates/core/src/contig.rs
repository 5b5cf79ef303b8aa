//! Contig names and their aliases (chr5 / 5 / NC_000005.10).

use crate::assembly::Assembly;
use std::fmt;
use std::sync::Arc;

/// The name of a contig exactly as a file writes it; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContigName(Arc<str>);

impl ContigName {
    /// Keeps a name as written.
    pub fn new(name: &str) -> Self {
        Self(Arc::from(name))
    }

    /// Returns the name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for ContigName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ContigName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a contig name means.
///
/// A RefSeq accession carries a version and so names one assembly; `chr5` and `5` name the chromosome in
/// whichever assembly the file is on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chromosome {
    /// The name without prefix: `1` to `22`, `X`, `Y`, `M`.
    pub number: &'static str,
    /// The assembly that the name itself states, if it does.
    pub assembly: Option<Assembly>,
}

const NUMBERS: [&str; 25] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "20",
    "21", "22", "X", "Y", "M",
];

impl Chromosome {
    /// Looks a name up in the alias table: `chr5`, `5`, `NC_000005.10`, `chrM`, `MT`.
    ///
    /// Returns `None` for names outside the table (unplaced contigs, patches, other organisms): those match
    /// only themselves, letter for letter. Case counts: `CHR5` is not in the table.
    ///
    /// ```
    /// use refalt_core::{Assembly, Chromosome};
    ///
    /// assert_eq!(Chromosome::of("chr5").unwrap().number, "5");
    /// assert_eq!(Chromosome::of("NC_000005.9").unwrap().assembly, Some(Assembly::GRCh37));
    /// assert_eq!(Chromosome::of("chrUn_KI270302v1"), None);
    /// ```
    pub fn of(name: &str) -> Option<Self> {
        if name.starts_with("NC_") {
            let mut found = Assembly::ALL.iter().filter_map(|&assembly| {
                let contig = assembly.contigs().iter().find(|contig| contig.accession == name)?;
                Some(Self {
                    number: contig.number,
                    assembly: Some(assembly),
                })
            });
            let first = found.next()?;
            // GRCh37 and GRCh38 share the mitochondrion, NC_012920.1: the name states neither.
            return Some(match found.next() {
                Some(_) => Self {
                    assembly: None,
                    ..first
                },
                None => first,
            });
        }
        let bare = name.strip_prefix("chr").unwrap_or(name);
        let bare = if bare == "MT" { "M" } else { bare };
        let number = NUMBERS.iter().find(|&&number| number == bare)?;
        Some(Self { number, assembly: None })
    }
}

/// Returns the chromosome number of a human or mouse chromosome name of the table, as used by GTEx and SPDI readers.
pub fn same_contig(left: &str, right: &str) -> bool {
    if left == right {
        return true;
    }
    match (Chromosome::of(left), Chromosome::of(right)) {
        (Some(a), Some(b)) => {
            a.number == b.number
                && match (a.assembly, b.assembly) {
                    (Some(x), Some(y)) => x == y,
                    _ => true,
                }
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_names_of_a_chromosome_are_one() {
        assert!(same_contig("chr5", "5"));
        assert!(same_contig("NC_000005.10", "chr5"));
        assert!(same_contig("MT", "chrM"));
        assert!(!same_contig("chr5", "chr15"));
        assert!(!same_contig("chr5_alt", "5"));
    }

    #[test]
    fn an_accession_that_two_assemblies_share_states_neither() {
        let mitochondrion = Chromosome::of("NC_012920.1").unwrap();
        assert_eq!((mitochondrion.number, mitochondrion.assembly), ("M", None));
    }

    #[test]
    fn accessions_of_two_assemblies_are_two_contigs() {
        assert!(!same_contig("NC_000005.9", "NC_000005.10"));
    }
}
