//! Whether two files count along the same assembly: what each of them says, and what their coordinates exclude.

use crate::reference_assembly::contig_length;
use refalt_core::{Assembly, Interval};
use serde::Serialize;
use std::collections::BTreeMap;

/// Somebody says on which assembly a file counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The assembly.
    pub assembly: Assembly,
    /// Who says so, in words: `--peaks-assembly`, ``peaks.bed, line 1: `track db=hg38` ``.
    pub who: String,
}

/// What is known of the assembly of one side, the rows or the peaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Side {
    statements: Vec<Statement>,
    /// Assemblies on which the coordinates cannot be, with the first that shows it.
    excluded: BTreeMap<Assembly, String>,
}

/// Two statements, or a statement and coordinates, that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// A side names two assemblies.
    #[error("{side} are on {} by {}, and on {} by {}", first.assembly, first.who, other.assembly, other.who)]
    Contradiction {
        /// `the rows` or `the peaks`.
        side: &'static str,
        /// A statement.
        first: Statement,
        /// A statement for another assembly.
        other: Statement,
    },
    /// The two sides name two assemblies.
    #[error("the rows are on {} ({}), the peaks are on {} ({})", rows.assembly, rows.who, peaks.assembly, peaks.who)]
    Different {
        /// What the rows are on.
        rows: Statement,
        /// What the peaks are on.
        peaks: Statement,
    },
    /// Coordinates do not fit the assembly that is stated.
    #[error("{side} cannot be on {}, as {} says: {example}", stated.assembly, stated.who)]
    PastEnd {
        /// Whose coordinates: `the rows` or `the peaks`.
        side: &'static str,
        /// The statement, of this side or of the other one.
        stated: Statement,
        /// The place, and the length of the contig.
        example: String,
    },
}

impl Disagreement {
    /// Returns what the user can do.
    pub fn hint(&self) -> String {
        match self {
            Self::Contradiction { side, .. } => {
                format!("find out which assembly {side} are on; if a statement of yours is the wrong one, leave it out")
            }
            Self::Different { rows, .. } => format!(
                "take the peaks of {}, or lift one of the two over (`refalt vet --chain` for variants)",
                rows.assembly
            ),
            Self::PastEnd { .. } => {
                "one of the two files is on another assembly, or its positions are not what they are taken for"
                    .to_owned()
            }
        }
    }
}

/// What the check of two sides came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The assembly on which both sides are stated to be; `None` when that is not known of both.
    pub assembly: Option<&'static str>,
    /// Who says it of the rows.
    pub rows: Option<String>,
    /// Who says it of the peaks.
    pub peaks: Option<String>,
}

impl Agreement {
    /// Says whether both sides are known to be on one assembly.
    pub const fn is_known(&self) -> bool {
        self.assembly.is_some()
    }
}

impl std::fmt::Display for Agreement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.assembly, &self.rows, &self.peaks) {
            (Some(assembly), Some(rows), Some(peaks)) => {
                write!(f, "{assembly}: the rows by {rows}, the peaks by {peaks}")
            }
            (_, rows, peaks) => {
                let known = |who: &Option<String>| {
                    who.as_ref()
                        .map_or_else(|| "unknown".to_owned(), |who| format!("by {who}"))
                };
                write!(
                    f,
                    "assembly agreement not proven: the rows {}, the peaks {}",
                    known(rows),
                    known(peaks)
                )
            }
        }
    }
}

impl Side {
    /// Takes a statement.
    pub fn state(&mut self, assembly: Assembly, who: impl Into<String>) {
        let who = who.into();
        self.statements.push(Statement { assembly, who });
    }

    /// Takes a place: assemblies whose contig of this name ends before it are excluded.
    ///
    /// * `origin`: where the place stands, for messages.
    pub fn place(&mut self, contig: &str, interval: Interval, origin: impl Fn() -> String) {
        for assembly in Assembly::ALL {
            let length = contig_length(contig, assembly).filter(|&length| interval.bed_end() > length);
            if let Some(length) = length.filter(|_| !self.excluded.contains_key(&assembly)) {
                let example = format!(
                    "{contig}:{interval} ({}) ends past base {length}, the last one of the contig",
                    origin()
                );
                self.excluded.insert(assembly, example);
            }
        }
    }

    /// Returns the assemblies on which the coordinates cannot be, with an example for each.
    pub const fn excluded(&self) -> &BTreeMap<Assembly, String> {
        &self.excluded
    }

    /// Returns the statements in the order in which they were made.
    pub fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Returns the assembly of the side.
    fn known(&self, side: &'static str) -> Result<Option<&Statement>, Disagreement> {
        let Some(first) = self.statements.first() else {
            return Ok(None);
        };
        match self.statements.iter().find(|other| other.assembly != first.assembly) {
            Some(other) => Err(Disagreement::Contradiction {
                side,
                first: first.clone(),
                other: other.clone(),
            }),
            None => Ok(Some(first)),
        }
    }
}

const ROWS: &str = "the rows";
const PEAKS: &str = "the peaks";

/// Brings together what is known of both sides.
///
/// # Errors
/// [`Disagreement`] when two statements differ, or coordinates lie behind the ends of what is stated.
pub fn agreement(rows: &Side, peaks: &Side) -> Result<Agreement, Disagreement> {
    let (rows_on, peaks_on) = (rows.known(ROWS)?, peaks.known(PEAKS)?);
    if let (Some(rows), Some(peaks)) = (rows_on, peaks_on)
        && rows.assembly != peaks.assembly
    {
        return Err(Disagreement::Different {
            rows: rows.clone(),
            peaks: peaks.clone(),
        });
    }
    // What is stated of one side must hold for the other one as well, or the two have nothing to do with each other.
    for stated in [rows_on, peaks_on].into_iter().flatten() {
        for (side, of) in [(ROWS, rows), (PEAKS, peaks)] {
            if let Some(example) = of.excluded.get(&stated.assembly) {
                return Err(Disagreement::PastEnd {
                    side,
                    stated: stated.clone(),
                    example: example.clone(),
                });
            }
        }
    }
    Ok(Agreement {
        assembly: rows_on.and(peaks_on).map(|stated| stated.assembly.name()),
        rows: rows_on.map(|stated| stated.who.clone()),
        peaks: peaks_on.map(|stated| stated.who.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(statements: &[(Assembly, &str)], places: &[(&str, u32)]) -> Side {
        let mut side = Side::default();
        for (assembly, who) in statements {
            side.state(*assembly, *who);
        }
        for &(contig, end) in places {
            side.place(contig, Interval::from_bed(end - 1, end).unwrap(), || "row 1".to_owned());
        }
        side
    }

    const HUMAN: Assembly = Assembly::GRCh38;
    const OLD: Assembly = Assembly::GRCh37;

    #[test]
    fn two_statements_for_one_assembly_agree_and_say_who() {
        let agreed = agreement(
            &side(&[(HUMAN, "`_b38`")], &[]),
            &side(&[(HUMAN, "--peaks-assembly")], &[]),
        )
        .unwrap();
        assert!(agreed.is_known());
        assert_eq!(
            agreed.to_string(),
            "GRCh38: the rows by `_b38`, the peaks by --peaks-assembly"
        );
    }

    #[test]
    fn silence_of_one_side_is_no_agreement() {
        let agreed = agreement(&side(&[(HUMAN, "`_b38`")], &[]), &side(&[], &[])).unwrap();
        assert_eq!(
            agreed.to_string(),
            "assembly agreement not proven: the rows by `_b38`, the peaks unknown"
        );
    }

    #[test]
    fn two_assemblies_are_refused_within_and_between_the_sides() {
        let rows = side(&[(HUMAN, "a"), (OLD, "b")], &[]);
        let error = agreement(&rows, &side(&[], &[])).unwrap_err();
        assert_eq!(error.to_string(), "the rows are on GRCh38 by a, and on GRCh37 by b");
        let error = agreement(&side(&[(HUMAN, "a")], &[]), &side(&[(OLD, "b")], &[])).unwrap_err();
        assert!(error.hint().contains("peaks of GRCh38"));
    }

    #[test]
    fn coordinates_past_the_end_contradict_a_statement_about_either_side() {
        // chr22 has 50,818,468 bases in GRCh38 and 51,304,566 in GRCh37.
        for (rows, peaks) in [
            (side(&[(HUMAN, "a")], &[]), side(&[], &[("22", 51_000_000)])),
            (side(&[], &[("chr22", 50_818_469)]), side(&[(HUMAN, "a")], &[])),
        ] {
            assert!(matches!(agreement(&rows, &peaks), Err(Disagreement::PastEnd { .. })));
        }
        let fits = side(&[(OLD, "a")], &[("22", 51_000_000)]);
        assert!(
            agreement(&fits, &side(&[(OLD, "b")], &[("chr22", 51_304_566)]))
                .unwrap()
                .is_known()
        );
        let last = side(&[], &[("chr22", 50_818_468), ("chrUn_x", 4_000_000_000)]);
        assert!(last.excluded().get(&HUMAN).is_none());
    }
}
