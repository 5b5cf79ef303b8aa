//! Measured effects as the truth of a validation: rows of [`crate::validate`], signs left to its join.

use super::error::MeasuredError;
use super::orient::{AlleleOrder, EffectAllele, ListedAllele};
use super::read::MeasuredReader;
use super::row::{ListedEffect, RefusedLine};
use crate::engine::Rejection;
use crate::reference_assembly::{ReferenceAssembly, StatedByVariants};
use crate::validate::{TruthColumns, TruthRow};
use refalt_core::{Alternate, Dna, Reference};

/// The column of truth rows that names the allele of the effect.
const EFFECT_ALLELE: &str = "effect_allele";

/// Says which columns the rows of a reader have, for a validation.
///
/// * `columns`: what the user asked for; the effect, and the experiment and the gene where the user named none, are those
///   of the format.
///
/// # Errors
/// [`MeasuredError::Activities`], [`MeasuredError::NamesOnly`] for effects that are of no variant.
pub fn truth_columns(reader: &MeasuredReader, columns: &TruthColumns) -> Result<TruthColumns, MeasuredError> {
    if reader.is_activity() {
        return Err(MeasuredError::Activities {
            file: reader.label().to_owned(),
            format: reader.format_name(),
        });
    }
    if reader.has_names_only() {
        return Err(MeasuredError::NamesOnly {
            file: reader.label().to_owned(),
            format: reader.format_name(),
        });
    }
    let standard = |name: &str| Some(name.to_owned());
    Ok(TruthColumns {
        effect: "effect".to_owned(),
        effect_allele: Some(match reader.order() {
            AlleleOrder::ReferenceFirst if !matches!(reader.effect_allele(), EffectAllele::Column(_)) => {
                reader.effect_allele().clone()
            }
            // With a column the join knows that the order is not.
            _ => EffectAllele::Column(EFFECT_ALLELE.to_owned()),
        }),
        experiment: columns
            .experiment
            .clone()
            .or_else(|| standard("experiment").filter(|_| reader.has_experiments())),
        gene: columns
            .gene
            .clone()
            .or_else(|| standard("gene").filter(|_| reader.has_genes())),
        ..columns.clone()
    })
}

/// The rows of a reader as those of a truth table.
pub struct TruthRows<'a> {
    reader: MeasuredReader,
    names: Vec<String>,
    reference: &'a dyn Reference,
    assembly: ReferenceAssembly,
    stated: StatedByVariants,
    rows: u64,
    is_done: bool,
}

impl<'a> TruthRows<'a> {
    /// Begins to read.
    ///
    /// * `names`: the columns whose cells the rows carry, standard ones or those of the file that the reader carries.
    pub fn new(
        reader: MeasuredReader,
        names: Vec<String>,
        reference: &'a dyn Reference,
        assembly: ReferenceAssembly,
    ) -> Self {
        Self {
            stated: StatedByVariants::of_header(reader.assembly_clues()),
            rows: 0,
            reader,
            names,
            reference,
            assembly,
            is_done: false,
        }
    }

    fn row(&self, row: Result<ListedEffect, RefusedLine>) -> TruthRow {
        match row {
            Ok(row) => {
                let variant = match (self.assembly.check_row(row.said_assembly), &row.variant) {
                    (Err(rejection), _) => Err(rejection),
                    (Ok(()), Some(variant)) => Ok(variant.clone()),
                    (Ok(()), None) => Err(Rejection {
                        code: "name_only",
                        reason: format!("`{}` is a name, and no variant", row.text),
                    }),
                };
                let cells = self.names.iter().map(|name| self.cell(&row, name)).collect();
                TruthRow {
                    line: row.line,
                    text: row.text,
                    variant,
                    cells,
                }
            }
            Err(refused) => TruthRow {
                line: refused.line,
                text: refused.text,
                variant: Err(refused.rejection),
                cells: Vec::new(),
            },
        }
    }

    fn cell(&self, row: &ListedEffect, name: &str) -> Option<String> {
        match name {
            EFFECT_ALLELE => Some(allele(row)?),
            "effect" => Some(row.effect.to_string()),
            _ => row.details.cell(name, self.reader.extras()),
        }
    }
}

/// Returns the bases of the allele that an effect is of, `-` for none.
fn allele(row: &ListedEffect) -> Option<String> {
    let variant = row.variant.as_ref()?;
    let bases: &Dna = match (row.effect_of, &variant.alternate) {
        (ListedAllele::Reference, _) => &variant.reference_bases,
        (ListedAllele::Alternate, Alternate::Bases(bases)) => bases,
        (ListedAllele::Alternate, _) => return None,
    };
    Some(if bases.is_empty() {
        "-".to_owned()
    } else {
        bases.to_string()
    })
}

impl Iterator for TruthRows<'_> {
    type Item = Result<TruthRow, MeasuredError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_done {
            return None;
        }
        match self.reader.next_row(Some(self.reference)) {
            Ok(Some(row)) => {
                self.rows += 1;
                if let Ok(row) = &row {
                    self.stated.add_row(self.rows, row.said_assembly);
                }
                Some(Ok(self.row(row)))
            }
            Ok(None) => {
                self.is_done = true;
                let stated = self.stated.check_rows(self.reader.label(), self.assembly);
                stated.err().map(|refused| Err(refused.into()))
            }
            Err(error) => {
                self.is_done = true;
                Some(Err(error))
            }
        }
    }
}
