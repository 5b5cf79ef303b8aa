//! What is known of the assembly of a reference, and on whose word; what the variants state beside it.

use crate::engine::Rejection;
use crate::io::variants::AssemblyClue;
use refalt_core::{Assembly, Chromosome, Reference};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The assembly of a reference, with the ground on which it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceAssembly {
    /// The content of the reference proves it.
    Proven(Assembly),
    /// The user vouches for it; the content neither proves it nor contradicts it.
    Stated(Assembly),
    /// Nobody says.
    Unknown,
}

/// The user states another assembly than the content of the reference proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`--assembly` says {stated}, and the content of the reference proves {proven}")]
pub struct AssemblyContradicted {
    /// What the user says.
    pub stated: Assembly,
    /// What the content proves.
    pub proven: Assembly,
}

impl AssemblyContradicted {
    /// Returns what the user can do.
    pub fn hint(&self) -> String {
        format!(
            "leave out --assembly, or give the {} reference; it is the assembly of the reference, not of the variants",
            self.stated
        )
    }
}

impl ReferenceAssembly {
    /// Brings together what the content proves and what the user states.
    ///
    /// # Errors
    /// [`AssemblyContradicted`] when the two differ.
    pub fn of(reference: &dyn Reference, stated: Option<Assembly>) -> Result<Self, AssemblyContradicted> {
        match (reference.assembly().proven(), stated) {
            (Some(proven), Some(stated)) if proven != stated => Err(AssemblyContradicted { stated, proven }),
            (Some(proven), _) => Ok(Self::Proven(proven)),
            (None, Some(stated)) => Ok(Self::Stated(stated)),
            (None, None) => Ok(Self::Unknown),
        }
    }

    /// Refuses a row that states another assembly than the reference has.
    ///
    /// # Errors
    /// `other_assembly`.
    pub fn check_row(self, said: Option<Assembly>) -> Result<(), Rejection> {
        match (said, self.known()) {
            (Some(said), Some(known)) if said != known => Err(Rejection {
                code: "other_assembly",
                reason: format!("the row says it is on {said}, the reference {self}"),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the assembly, proven or stated.
    pub const fn known(self) -> Option<Assembly> {
        match self {
            Self::Proven(assembly) | Self::Stated(assembly) => Some(assembly),
            Self::Unknown => None,
        }
    }

    /// Returns the assembly that the user states and the content does not prove.
    pub const fn stated(self) -> Option<Assembly> {
        match self {
            Self::Stated(assembly) => Some(assembly),
            Self::Proven(_) | Self::Unknown => None,
        }
    }

    /// Returns the ground in a word: `proven`, `stated` or `unknown`.
    pub const fn basis(self) -> &'static str {
        match self {
            Self::Proven(_) => "proven",
            Self::Stated(_) => "stated",
            Self::Unknown => "unknown",
        }
    }
}

/// Returns the length in bp of a contig of an assembly by its name or an alias; `None` for a contig that the table of
/// assemblies does not have, or an accession of another assembly.
pub fn contig_length(name: &str, assembly: Assembly) -> Option<u32> {
    let chromosome = Chromosome::of(name).filter(|found| found.assembly.is_none_or(|own| own == assembly))?;
    let contig = assembly
        .contigs()
        .iter()
        .find(|contig| contig.number == chromosome.number)?;
    Some(contig.length_bp)
}

impl fmt::Display for ReferenceAssembly {
    /// Completes the sentence "the reference ...".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Proven(assembly) => write!(f, "is {assembly}"),
            Self::Stated(assembly) => write!(f, "is stated to be {assembly}"),
            Self::Unknown => f.write_str("is on an assembly that is not proven"),
        }
    }
}

/// What a file of variants states of its assembly does not go with what is known of the reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssemblyRefused {
    /// The file as a whole is on another assembly.
    #[error("the variants in `{variants}` are said to be on {said}, the reference {known}")]
    Other {
        /// The file of variants.
        variants: String,
        /// The assembly that its header, or its format, states.
        said: Assembly,
        /// What is known of the reference.
        known: ReferenceAssembly,
    },
    /// Header and rows state several assemblies, and nothing says which one the reference is.
    #[error(
        "the variants in `{variants}` are stated to be on different assemblies, and that of the reference is not proven: {}",
        .statements.iter().map(|(assembly, who)| format!("{assembly} ({who})")).collect::<Vec<_>>().join(", ")
    )]
    Disagree {
        /// The file of variants.
        variants: String,
        /// Each assembly, and who states it.
        statements: Vec<(Assembly, String)>,
    },
}

impl AssemblyRefused {
    /// Returns what the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::Other { said, .. } => format!(
                "give the {said} reference, or lift the variants: `refalt vet --chain CHAIN --apply other_assembly`"
            ),
            Self::Disagree { .. } => {
                "say with --assembly (of a finished run when it is scored) what the reference is: rows that state another assembly are then \
                 rejected, one by one"
                    .to_owned()
            }
        }
    }
}

/// What a list of variants states about its assembly: its header, and its rows one by one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatedByVariants {
    /// What the header says, where its clues agree.
    pub header: Option<Assembly>,
    /// The clues of a header that contradicts itself, in words.
    pub header_disagrees: Vec<String>,
    /// How many rows state an assembly, and the first of them (1-based).
    pub rows: BTreeMap<Assembly, (u64, u64)>,
}

impl StatedByVariants {
    /// Takes what a header says.
    pub fn of_header(clues: &[AssemblyClue]) -> Self {
        let first = clues.first().map(|clue| clue.assembly);
        let agree = clues.iter().all(|clue| Some(clue.assembly) == first);
        let words = |clue: &AssemblyClue| format!("{} (line {}: {})", clue.assembly, clue.line, clue.text);
        Self {
            header: first.filter(|_| agree),
            header_disagrees: if agree {
                Vec::new()
            } else {
                clues.iter().map(words).collect()
            },
            rows: BTreeMap::new(),
        }
    }

    /// Takes what a row states.
    pub fn add_row(&mut self, row: u64, stated: Option<Assembly>) {
        if let Some(assembly) = stated {
            self.rows.entry(assembly).or_insert((0, row)).0 += 1;
        }
    }

    /// Takes what the rows of another count state, which come after those of this one.
    pub fn append(&mut self, later: &Self) {
        for (&assembly, &(count, first)) in &later.rows {
            self.rows.entry(assembly).or_insert((0, first)).0 += count;
        }
    }

    /// Refuses a file whose header names another assembly than the reference has.
    ///
    /// # Errors
    /// [`AssemblyRefused::Other`].
    pub fn check_header(&self, variants: &str, reference: ReferenceAssembly) -> Result<(), AssemblyRefused> {
        match self.header {
            Some(said) if reference.known().is_some_and(|known| known != said) => Err(AssemblyRefused::Other {
                variants: variants.to_owned(),
                said,
                known: reference,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses a file that [contradicts itself](Self::contradicts_itself), once every row was taken.
    ///
    /// # Errors
    /// [`AssemblyRefused::Disagree`].
    pub fn check_rows(&self, variants: &str, reference: ReferenceAssembly) -> Result<(), AssemblyRefused> {
        if !self.contradicts_itself(reference) {
            return Ok(());
        }
        Err(AssemblyRefused::Disagree {
            variants: variants.to_owned(),
            statements: self.statements(),
        })
    }

    /// Says whether header and rows name more than one assembly while nobody knows that of the reference: then some of
    /// them are on another one, and nothing tells which.
    pub fn contradicts_itself(&self, reference: ReferenceAssembly) -> bool {
        reference.known().is_none() && self.disagrees()
    }

    /// Returns every assembly that is stated, with who states it.
    pub fn statements(&self) -> Vec<(Assembly, String)> {
        let header = self.header.map(|assembly| (assembly, "the header".to_owned()));
        let rows = self.rows.iter().map(|(&assembly, (count, first))| {
            let who = match count {
                1 => format!("row {first}"),
                _ => format!("{count} rows, the first is row {first}"),
            };
            (assembly, who)
        });
        header.into_iter().chain(rows).collect()
    }

    /// Says whether header and rows name more than one assembly.
    pub fn disagrees(&self) -> bool {
        let statements = self.statements();
        statements.iter().any(|(assembly, _)| *assembly != statements[0].0)
    }

    /// Returns the record of a run for its manifest.
    pub fn record(&self, reference: ReferenceAssembly) -> AssemblyRecord {
        AssemblyRecord {
            reference: reference.known().map(|assembly| assembly.name().to_owned()),
            basis: reference.basis().to_owned(),
            header: self.header.map(|assembly| assembly.name().to_owned()),
            rows: self
                .rows
                .iter()
                .map(|(assembly, (count, _))| (assembly.name().to_owned(), *count))
                .collect(),
            note: self.note(reference),
        }
    }

    /// Says what was not checked, when something was not.
    fn note(&self, reference: ReferenceAssembly) -> Option<String> {
        let mut notes = Vec::new();
        if !self.header_disagrees.is_empty() {
            notes.push(format!(
                "the header of the variants names several assemblies and none was believed: {}",
                self.header_disagrees.join(", ")
            ));
        }
        if let (None, Some((stated, _))) = (reference.known(), self.statements().first()) {
            notes.push(format!(
                "the variants are stated to be on {stated}; the assembly of the reference is not proven, so this was not \
                 checked except through the bases of REF"
            ));
        }
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// What a manifest records about assemblies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssemblyRecord {
    /// The assembly of the reference, where it is known.
    pub reference: Option<String>,
    /// On what ground: `proven` by content, `stated` by the user, `unknown`.
    pub basis: String,
    /// What the header of the variants says.
    pub header: Option<String>,
    /// How many rows state which assembly.
    pub rows: BTreeMap<String, u64>,
    /// What was not checked, when something was not.
    pub note: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::{AssemblyEvidence, ContigId, InMemoryReference, Interval, ReferenceContig, ReferenceError};

    #[test]
    fn rows_and_header_that_name_two_assemblies_disagree() {
        let mut stated = StatedByVariants::default();
        stated.add_row(1, None);
        assert!(!stated.disagrees());
        stated.add_row(2, Some(Assembly::GRCh37));
        stated.add_row(5, Some(Assembly::GRCh37));
        assert!(!stated.disagrees());
        stated.header = Some(Assembly::GRCh38);
        assert!(stated.disagrees());
        assert_eq!(stated.statements()[1].1, "2 rows, the first is row 2");
    }

    #[test]
    fn what_the_user_vouches_for_is_never_called_proven() {
        let reference = InMemoryReference::of_contigs([("chr1", b"ACGT".as_slice())]);
        let known = ReferenceAssembly::of(&reference, Some(Assembly::GRCh38)).unwrap();
        assert_eq!(known, ReferenceAssembly::Stated(Assembly::GRCh38));
        let record = StatedByVariants::default().record(known);
        assert_eq!((record.basis.as_str(), record.note), ("stated", None));
    }

    /// A reference whose content proves GRCh38.
    struct Proven(AssemblyEvidence);

    impl Reference for Proven {
        fn contigs(&self) -> &[ReferenceContig] {
            &[]
        }

        fn fetch(&self, _: ContigId, _: Interval, _: &mut Vec<u8>) -> Result<(), ReferenceError> {
            Ok(())
        }

        fn assembly(&self) -> &AssemblyEvidence {
            &self.0
        }
    }

    #[test]
    fn what_the_user_states_does_not_overrule_the_content() {
        let reference = Proven(AssemblyEvidence::Proven {
            assembly: Assembly::GRCh38,
            contigs: 1,
        });
        let of = |stated| ReferenceAssembly::of(&reference, stated);
        assert_eq!(
            of(Some(Assembly::GRCh38)),
            Ok(ReferenceAssembly::Proven(Assembly::GRCh38))
        );
        let error = of(Some(Assembly::GRCh37)).unwrap_err();
        assert_eq!((error.stated, error.proven), (Assembly::GRCh37, Assembly::GRCh38));
    }

    #[test]
    fn a_statement_that_nothing_checks_is_noted() {
        let mut stated = StatedByVariants::default();
        stated.add_row(1, Some(Assembly::GRCh37));
        assert!(stated.record(ReferenceAssembly::Unknown).note.is_some());
        assert!(
            stated
                .record(ReferenceAssembly::Stated(Assembly::GRCh37))
                .note
                .is_none()
        );
    }
}
