//! Variants of rows that are known by name, from another table.

use super::error::MeasuredError;
use super::row::{ListedEffect, RefusedLine};
use crate::engine::Rejection;
use crate::io::variants::{self, ColumnMap, ReadOptions, Source};
use refalt_core::{Reference, Variant};
use std::collections::HashMap;
use std::path::Path;

/// Variants by the names of rows.
pub(super) struct ByName {
    variants: HashMap<String, Result<Variant, Rejection>>,
}

impl ByName {
    /// Reads the table; one name for two variants is an error.
    pub(super) fn read(
        path: &Path,
        columns: &ColumnMap,
        reference: Option<&dyn Reference>,
    ) -> Result<Self, MeasuredError> {
        let mut variants: HashMap<String, (u64, Result<Variant, Rejection>)> = HashMap::new();
        for NameRow { line, name, variant } in variants_by_name(path, columns, reference)? {
            if let Some((first, known)) = variants.get(&name) {
                if *known != variant {
                    let words = |variant: &Result<Variant, Rejection>| match variant {
                        Ok(variant) => variant.to_string(),
                        Err(rejection) => format!("none ({})", rejection.reason),
                    };
                    return Err(MeasuredError::NameOfSeveral {
                        file: path.display().to_string(),
                        lines: [*first, line],
                        variants: [words(known), words(&variant)],
                        name,
                    });
                }
                continue;
            }
            variants.insert(name, (line, variant));
        }
        Ok(Self {
            variants: variants
                .into_iter()
                .map(|(name, (_, variant))| (name, variant))
                .collect(),
        })
    }

    /// Gives a row the variant of its name.
    pub(super) fn find(&self, mut row: ListedEffect) -> Result<ListedEffect, RefusedLine> {
        if row.variant.is_some() {
            return Ok(row);
        }
        let name = row.details.name.as_deref().unwrap_or_default();
        match self.variants.get(name) {
            Some(Ok(variant)) => {
                row.variant = Some(variant.clone());
                Ok(row)
            }
            Some(Err(rejection)) => Err(RefusedLine {
                line: row.line,
                text: name.to_owned(),
                rejection: rejection.clone(),
            }),
            None => Err(RefusedLine {
                line: row.line,
                text: name.to_owned(),
                rejection: Rejection {
                    code: "name_unknown",
                    reason: format!("the table of variants has no `{name}`"),
                },
            }),
        }
    }
}

/// A row of a table that names variants.
struct NameRow {
    /// Line or record (1-based).
    line: u64,
    name: String,
    variant: Result<Variant, Rejection>,
}

/// Reads a table of variants by name, for effects that have names only.
fn variants_by_name(
    path: &Path,
    columns: &ColumnMap,
    reference: Option<&dyn Reference>,
) -> Result<Vec<NameRow>, MeasuredError> {
    let options = ReadOptions {
        columns: columns.clone(),
        ..ReadOptions::default()
    };
    variants::open(&Source::Path(path.to_owned()), &options)?
        .map(|row| {
            let mut row = row?;
            if let Some(reference) = reference {
                row.resolve(reference);
            }
            let name = row.id.as_deref().unwrap_or_default().to_owned();
            let variant = row.variant.map_err(|problem| Rejection {
                code: problem.code(),
                reason: problem.to_string(),
            });
            Ok(NameRow {
                line: row.line,
                name,
                variant,
            })
        })
        .collect()
}
