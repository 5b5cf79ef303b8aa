//! Rows of any format brought to one allele order and one sign, or refused with a reason.

use super::error::MeasuredError;
use super::orient::{AlleleOrder, ListedAllele, Orientation, ProvenOrder, is_palindromic, orient};
use super::read::MeasuredReader;
use super::row::{Details, ListedEffect, RefusedLine};
use crate::engine::Rejection;
use crate::reference_assembly::ReferenceAssembly;
use refalt_core::annotation::without_version;
use refalt_core::{Alternate, Reference, Variant};

/// A row of the standard table.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StandardRow {
    pub(super) line: u64,
    /// Contig, position (1-based), REF and ALT; `None` for what is known by name only.
    pub(super) variant: Option<Variant>,
    pub(super) effect: f64,
    pub(super) orientation: Orientation,
    /// What the genome says of the order of the alleles, where it was asked.
    pub(super) proven: Option<ProvenOrder>,
    pub(super) is_palindromic: bool,
    pub(super) details: Details,
}

/// Brings listed effects to the genome.
pub struct Orienter<'a> {
    reference: Option<&'a dyn Reference>,
    assembly: ReferenceAssembly,
    is_forward: bool,
    order: AlleleOrder,
    drop_palindromic: bool,
}

impl<'a> Orienter<'a> {
    /// Prepares for the rows of a reader.
    ///
    /// # Errors
    /// [`MeasuredError::ReferenceNeeded`] when only the genome tells which allele is REF.
    pub fn new(
        reader: &MeasuredReader,
        reference: Option<&'a dyn Reference>,
        assembly: ReferenceAssembly,
        drop_palindromic: bool,
    ) -> Result<Self, MeasuredError> {
        let order = reader.order();
        if reference.is_none() && order == AlleleOrder::Unknown && !reader.is_activity() {
            return Err(MeasuredError::ReferenceNeeded {
                file: reader.label().to_owned(),
                format: reader.format_name(),
            });
        }
        Ok(Self {
            reference,
            assembly,
            is_forward: reader.is_forward(),
            order,
            drop_palindromic,
        })
    }

    /// Returns what the order of the alleles is taken to say.
    pub(super) const fn order(&self) -> AlleleOrder {
        self.order
    }

    /// Takes another order, which the rows themselves show.
    pub(super) const fn with_order(self, order: AlleleOrder) -> Self {
        Self { order, ..self }
    }

    /// Brings a row to the genome's ALT.
    pub(super) fn orient(&self, row: ListedEffect) -> Result<StandardRow, RefusedLine> {
        let refuse = |rejection| RefusedLine {
            line: row.line,
            text: row.text.clone(),
            rejection,
        };
        let Some(listed) = &row.variant else {
            return Ok(StandardRow {
                line: row.line,
                variant: None,
                effect: row.effect,
                orientation: Orientation::Unchecked,
                proven: None,
                is_palindromic: false,
                details: row.details,
            });
        };
        self.assembly.check_row(row.said_assembly).map_err(refuse)?;
        let (variant, effect, orientation, proven) = match self.reference {
            Some(reference) => {
                let oriented = orient(listed, row.effect_of, self.order, reference).map_err(refuse)?;
                let effect = oriented.effect(row.effect);
                let checked = &oriented.variant;
                let variant = Variant {
                    contig: checked.contig().clone(),
                    position: checked.position(),
                    reference_bases: checked.reference_bases().clone(),
                    alternate: Alternate::Bases(checked.alternate_bases().clone()),
                };
                (variant, effect, oriented.orientation, Some(oriented.proven))
            }
            None => {
                if !matches!(listed.alternate, Alternate::Bases(_)) {
                    return Err(refuse(Rejection {
                        code: "no_bases",
                        reason: format!("the alternate allele `{}` names no bases", listed.alternate),
                    }));
                }
                let effect = match row.effect_of {
                    ListedAllele::Alternate => row.effect,
                    ListedAllele::Reference => -row.effect,
                };
                (listed.clone(), effect, Orientation::Unchecked, None)
            }
        };
        let is_palindromic = !self.is_forward && is_palindromic(listed);
        if is_palindromic && self.drop_palindromic {
            return Err(refuse(Rejection {
                code: "palindromic",
                reason: format!("the alleles of {listed} are complements, and nothing states their strand"),
            }));
        }
        Ok(StandardRow {
            line: row.line,
            variant: Some(variant),
            effect,
            orientation,
            proven,
            is_palindromic,
            details: row.details,
        })
    }
}

impl StandardRow {
    /// Returns the cell of a standard column as text, or of a column carried along.
    pub(super) fn cell(&self, column: &str, extras: &[String]) -> Option<String> {
        match column {
            "effect" => Some(self.effect.to_string()),
            "orientation" => Some(self.orientation.name().to_owned()),
            _ => self.details.cell(column, extras),
        }
    }

    /// What a row is the only one of.
    pub(super) fn key(&self) -> String {
        let variant = match &self.variant {
            Some(variant) => variant.to_string(),
            None => self.details.name.clone().unwrap_or_default(),
        };
        let details = &self.details;
        let parts = [
            details.gene.as_deref().map(without_version),
            details.feature.as_deref(),
            details.experiment.as_deref(),
        ];
        let mut key = variant;
        for part in parts {
            key.push('\t');
            key.push_str(part.unwrap_or_default());
        }
        key
    }
}
