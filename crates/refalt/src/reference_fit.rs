//! Whether the bases of a table are those of the reference.
//!
//! METHOD: a table that is shifted by one, on another build or on the other strand fits the genome at some rows by chance, a quarter of
//! single bases and more where alleles are taken in either order; those rows carry the effects of other variants. So rows that do
//! not fit are counted against all rows whose alleles were compared. From 20 of these on a table is refused when a fifth do not fit:
//! releases of one assembly differ in far fewer bases. Of 5 to 19 rows more than half are needed, because one or two wrong lines say
//! nothing of the others.

use crate::engine::Rejection;

/// Compared rows from which on a fifth refuses a table.
const LEAST: u64 = 20;
/// One of so many rows must not fit.
const PARTS: u64 = 5;
/// Compared rows from which on more than half refuse a table.
const LEAST_OF_FEW: u64 = 5;

/// Counts the rows of a table by whether their alleles are those of the reference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ReferenceFit {
    compared: u64,
    neither: u64,
    swapped: u64,
    first: Option<String>,
}

impl ReferenceFit {
    /// Counts a row whose alleles fit.
    pub(crate) fn add_fit(&mut self) {
        self.compared += 1;
    }

    /// Counts a row that is not accepted, when the reason is what the reference says of its alleles.
    pub(crate) fn add_refused(&mut self, line: u64, rejection: &Rejection) {
        match rejection.code {
            "neither_allele_reference" | "ref_mismatch" => self.neither += 1,
            "swapped" => self.swapped += 1,
            "order_ambiguous" => return self.add_fit(),
            _ => return,
        }
        self.compared += 1;
        self.first
            .get_or_insert_with(|| format!("line {line}: {}", rejection.reason));
    }

    /// Refuses the table, after the last row, when too many rows do not fit.
    ///
    /// # Errors
    /// [`NotOnThisGenome`].
    pub(crate) fn check(&self, file: &str) -> Result<(), NotOnThisGenome> {
        let unfit = self.neither + self.swapped;
        let is_refused = match self.compared {
            ..LEAST_OF_FEW => false,
            LEAST_OF_FEW..LEAST => unfit * 2 > self.compared,
            _ => unfit * PARTS >= self.compared,
        };
        if !is_refused {
            return Ok(());
        }
        Err(NotOnThisGenome {
            file: file.to_owned(),
            compared: self.compared,
            neither: self.neither,
            swapped: self.swapped,
            first: self.first.clone(),
        })
    }
}

/// Many rows of a table have other bases than the reference, and the others may fit by chance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} of the {compared} rows of `{file}` that were compared with the reference do not have its bases{}: the table may be shifted by \
     one, on another build or strand",
    .neither + .swapped, swapped_in_words(*.swapped)
)]
pub struct NotOnThisGenome {
    /// The table.
    pub file: String,
    /// Rows whose alleles were compared with the reference.
    pub compared: u64,
    /// Rows that do not fit it; where alleles may be listed in either order, in neither.
    pub neither: u64,
    /// Rows that would fit with REF and ALT swapped, where that is not allowed.
    pub swapped: u64,
    /// The first of both, with its line and reason.
    pub first: Option<String>,
}

fn swapped_in_words(swapped: u64) -> String {
    match swapped {
        0 => String::new(),
        _ => format!(" ({swapped} would with REF and ALT swapped)"),
    }
}

impl NotOnThisGenome {
    /// Returns what the user can do.
    pub fn hint(&self) -> String {
        let first = self
            .first
            .as_ref()
            .map_or_else(String::new, |first| format!("{first}; "));
        let either = if self.swapped > self.neither {
            "; when the alleles are listed in either order, name the one that the effect is of (--effect-allele)"
        } else {
            ""
        };
        format!(
            "{first}rows that seem to fit may do so by chance: `refalt vet {} -r FA` tells a shift, a build and a strand apart{either}",
            self.file
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(fit: u64, code: &'static str, unfit: u64) -> bool {
        let mut counts = ReferenceFit::default();
        (0..fit).for_each(|_| counts.add_fit());
        let rejection = Rejection {
            code,
            reason: String::new(),
        };
        (0..unfit).for_each(|line| counts.add_refused(line, &rejection));
        counts.check("a.tsv").is_err()
    }

    #[test]
    fn a_fifth_of_twenty_rows_refuses_and_half_of_few() {
        let neither = "neither_allele_reference";
        assert!(refused(16, neither, 4) && !refused(17, neither, 4));
        assert!(refused(16, "swapped", 4) && refused(16, "ref_mismatch", 4));
        assert!(!refused(15, neither, 4));
        assert!(refused(2, neither, 3) && !refused(1, neither, 3));
        // What says nothing of the bases is not counted.
        assert!(!refused(16, "effect_missing", 100));
    }
}
