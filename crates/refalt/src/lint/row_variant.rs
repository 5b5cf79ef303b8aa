//! The variant of a row of a table, and what identifies it.

use super::role::{Columns, LintRole};
use super::statistic::key_of;
use crate::io::table::Cells;
use crate::io::variants::ids;
use refalt_core::Variant;

/// Reads the variant of a row: its coordinate columns where they are all there, else its word.
pub(super) fn variant_of_row(columns: &Columns, cells: &Cells) -> Option<Variant> {
    let cell = |role| cells.get(columns.first(role)?);
    let from_columns = || {
        let contig = cell(LintRole::Contig)?;
        let (reference, alternate) = alleles(columns, cells)?;
        let text = match cell(LintRole::Position) {
            Some(position) => format!("{contig}:{position}:{reference}:{alternate}"),
            None => {
                // BED specification 1.0, section 1.5: "chromStart ... 0-based".
                let start: u32 = cell(LintRole::Start0)?.parse().ok()?;
                format!("{contig}:{}:{reference}:{alternate}", start.checked_add(1)?)
            }
        };
        ids::parse(&text).variant.ok()
    };
    from_columns().or_else(|| variant_of_word(columns, cells))
}

/// Returns REF and ALT, or the other and the effect allele where a table has only those.
fn alleles<'a>(columns: &Columns, cells: &'a Cells) -> Option<(&'a str, &'a str)> {
    let cell = |role| cells.get(columns.first(role)?);
    match (cell(LintRole::Reference), cell(LintRole::Alternate)) {
        (Some(reference), Some(alternate)) => Some((reference, alternate)),
        _ => Some((cell(LintRole::OtherAllele)?, cell(LintRole::EffectAllele)?)),
    }
}

/// Reads the variant that a row's word names.
pub(super) fn variant_of_word(columns: &Columns, cells: &Cells) -> Option<Variant> {
    columns.all(LintRole::Variant).find_map(|column| {
        let word = cells.get(column)?;
        word.contains([':', '_', '-', '>'])
            .then(|| ids::parse(word).variant.ok())
            .flatten()
    })
}

/// The key of a row: its variant with the contig's plain name, else its word.
pub(super) fn key_of_row(columns: &Columns, cells: &Cells, variant: Option<&Variant>) -> Option<u64> {
    match variant {
        Some(variant) => {
            let contig = variant.contig.as_str();
            let contig = contig.strip_prefix("chr").unwrap_or(contig);
            Some(key_of((
                contig,
                variant.position,
                &variant.reference_bases,
                &variant.alternate,
            )))
        }
        None => {
            let word = cells.get(columns.first(LintRole::Variant)?)?;
            Some(key_of(word))
        }
    }
}
