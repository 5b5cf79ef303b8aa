//! One row of the input: one ALT of one record, with everything that the row says about itself.

use super::ids;
use super::problem::RowProblem;
use crate::engine::Rejection;
use refalt_core::{Assembly, Reference, Strand, Variant};
use std::borrow::Cow;
use std::fmt::Write as _;

/// One alternate allele of one record. Every variant in is a row out, refused or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariantRow {
    /// Number of the row in the input, counting each ALT (1-based).
    pub row: u64,
    /// Line (text) or record (BCF, Parquet) that the row comes from (1-based).
    pub line: u64,
    /// Which ALT of its record the row is (1-based).
    pub allele: u32,
    /// The name as given: the ID column, or the name column of a table.
    pub id: Option<Box<str>>,
    /// The assembly that the row's own text states: a suffix such as `_b38`, the version of an accession.
    pub said_assembly: Option<Assembly>,
    /// What the row says about gene and transcript.
    pub names: RowNames,
    /// The variant as written, when `variant` does not say it letter for letter; read it with [`Self::text`].
    pub written: Option<Box<str>>,
    /// The variant, or why the row is none.
    pub variant: Result<Variant, RowProblem>,
    /// The cells of the columns asked for in [`ReadOptions::carry`](super::ReadOptions::carry), in that order;
    /// `None` for missing values.
    pub carried: Box<[Option<Box<str>>]>,
    /// Places in `carried` of values that the record gives once for several ALTs; empty for a record of one.
    pub shared: Box<[usize]>,
}

/// Names that a row carries besides its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowNames {
    /// dbSNP name from a column of its own; see also [`VariantRow::rsid`].
    pub rsid: Option<Box<str>>,
    /// Gene symbol or identifier.
    pub gene: Option<Box<str>>,
    /// Strand of the gene.
    pub gene_strand: Option<Strand>,
    /// HGVS descriptions, on a chromosome or a transcript, as written.
    pub hgvs: Vec<Box<str>>,
}

impl VariantRow {
    /// Makes a row of a line that is no variant.
    pub(super) fn refused(line: u64, written: Box<str>, problem: RowProblem) -> Self {
        Self {
            row: 0,
            line,
            allele: 1,
            id: None,
            said_assembly: None,
            names: RowNames::default(),
            written: Some(written),
            variant: Err(problem),
            carried: Box::default(),
            shared: Box::default(),
        }
    }

    /// Returns the variant as written, for messages and outputs.
    pub fn text(&self) -> Cow<'_, str> {
        match (&self.written, &self.variant) {
            (Some(written), _) => Cow::Borrowed(written),
            (None, Ok(variant)) => {
                // With room for nearly every variant, so that the text is not moved while it grows.
                let mut text = String::with_capacity(32);
                let _ = write!(text, "{variant}");
                Cow::Owned(text)
            }
            (None, Err(_)) => Cow::Borrowed(""),
        }
    }

    /// Refuses an effect, by its place in `carried`, that is one number for several ALTs: it is not known which allele it is of.
    ///
    /// # Errors
    /// `effect_of_several_alleles`.
    pub fn check_effect_of_one(&self, effect: usize) -> Result<(), Rejection> {
        if !self.shared.contains(&effect) {
            return Ok(());
        }
        Err(Rejection {
            code: "effect_of_several_alleles",
            reason: "the row lists several ALTs with one effect, and an effect of one allele is not that of the others: give each ALT \
                     a row with its own effect"
                .to_owned(),
        })
    }

    /// Returns the dbSNP name of the row: its column, or the ID when that is one (the first of several).
    pub fn rsid(&self) -> Option<&str> {
        let id = || {
            self.id
                .as_deref()?
                .split([';', ','])
                .find(|name| ids::is_dbsnp_name(name))
        };
        self.names.rsid.as_deref().or_else(id)
    }

    /// Fills in bases that the text leaves to the reference; rows that are complete or refused stay as they are.
    ///
    /// A row waits for this with [`RowProblem::NeedsReference`].
    pub fn resolve(&mut self, reference: &dyn Reference) {
        if let Err(RowProblem::NeedsReference(implied)) = &self.variant {
            self.variant = implied.resolve(reference);
        }
    }
}

/// Splits a cell of HGVS descriptions at commas, semicolons, bars and spaces.
pub(super) fn hgvs_list(text: &str) -> Vec<Box<str>> {
    text.split([',', ';', '|', ' ', '\t'])
        .filter(|name| name.contains('.') && name.len() > 2)
        .map(Into::into)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: &str) -> VariantRow {
        VariantRow {
            id: Some(id.into()),
            ..VariantRow::refused(1, "x".into(), RowProblem::PositionZero)
        }
    }

    #[test]
    fn the_dbsnp_name_is_found_among_several_ids() {
        assert_eq!(row("COSV1;rs199681827;rs1234").rsid(), Some("rs199681827"));
        assert_eq!(row("chr1_1_A_C_b38").rsid(), None);
    }

    #[test]
    fn a_cell_of_hgvs_descriptions_is_split() {
        let list = hgvs_list("NM_000277.2:c.1A>G, NC_000012.12:g.102917130T>C; ");
        assert_eq!(list.len(), 2);
        assert_eq!(&*list[1], "NC_000012.12:g.102917130T>C");
    }
}
