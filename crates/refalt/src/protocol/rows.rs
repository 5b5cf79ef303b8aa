//! The rows of a benchmark, from wherever they come: target, prediction, and what they are grouped by.

use super::file::{Protocol, SplitRole};
use crate::io::variants::ids;
use crate::lint::EffectWatch;
use refalt_core::{Chromosome, Interval, Variant};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Where the variant of a row lies.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// The chromosome without prefix, or the contig as written where it is none.
    pub(super) chromosome: String,
    /// The bases that REF covers.
    pub(super) interval: Interval,
}

impl Place {
    pub(super) fn of(variant: &Variant) -> Option<Self> {
        let contig = variant.contig.as_str();
        Some(Self {
            chromosome: chromosome_number(contig).to_owned(),
            interval: variant.reference_interval()?,
        })
    }

    /// Reads a variant in one word.
    pub(super) fn of_text(text: &str) -> Option<Self> {
        Self::of(&ids::parse(text).variant.ok()?)
    }
}

/// Returns the number of a chromosome, or the name as it is.
fn chromosome_number(name: &str) -> &str {
    Chromosome::of(name).map_or(name, |chromosome| chromosome.number)
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// What was measured, 1 and 0 for labels; NaN where missing.
    pub(super) target: f64,
    /// What was predicted; NaN where missing.
    pub(super) prediction: f64,
    pub(super) group: Option<String>,
    pub(super) match_group: Option<String>,
    /// The variant as written.
    pub(super) variant: Option<String>,
    pub(super) place: Option<Place>,
}

/// What became of the rows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// Rows of the table; for a score folder, of the truth table.
    pub read: u64,
    /// Rows that are left out, by the first reason that applies.
    pub left_out: BTreeMap<String, u64>,
    /// Rows that are used.
    pub used: u64,
}

impl RowCounts {
    pub(super) fn leave_out(&mut self, why: impl Into<String>) {
        self.leave_out_many(why, 1);
    }

    pub(super) fn leave_out_many(&mut self, why: impl Into<String>, rows: u64) {
        *self.left_out.entry(why.into()).or_default() += rows;
    }

    /// Says where the rows went, when none is left.
    pub(super) fn losses(&self) -> String {
        let parts = self.left_out.iter().map(|(why, count)| format!("{count} {why}"));
        let parts: Vec<String> = parts.collect();
        format!(
            "{} read{}{}",
            self.read,
            if parts.is_empty() { "" } else { ", " },
            parts.join(", ")
        )
    }
}

/// What is known of the chromosomes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SplitCheck {
    /// What the protocol expects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// Rows by chromosome, before any is left out for it.
    pub chromosomes: BTreeMap<String, u64>,
    /// Rows on other chromosomes than those of the split.
    pub outside: u64,
    /// Rows whose variant names no place.
    pub unplaced: u64,
    /// All of it in a sentence.
    pub statement: String,
}

/// The rows of a benchmark, those without target or prediction left out.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    pub(super) counts: RowCounts,
    pub(super) split: SplitCheck,
    /// What a reader has to know of the targets.
    pub(super) notes: Vec<String>,
}

impl Rows {
    /// Applies what the protocol asks of every row: chromosomes, excluded groups, values that are there.
    ///
    /// * `counts`: what was left out before.
    /// * `without_places`: why no row has a place, where none can have one.
    pub(super) fn of(
        rows: Vec<Row>,
        mut counts: RowCounts,
        protocol: &Protocol,
        without_places: Option<String>,
    ) -> Self {
        let wanted: Option<BTreeSet<&str>> = protocol
            .split
            .as_ref()
            .map(|split| split.chromosomes.iter().map(|name| chromosome_number(name)).collect());
        let filters = protocol
            .split
            .as_ref()
            .is_some_and(|split| split.role == SplitRole::Filter);
        let mut split = SplitCheck {
            expected: protocol.split.as_ref().map(|split| split.name.clone()),
            ..SplitCheck::default()
        };
        let by_group = protocol.predictions.group.is_some();
        let mut kept = Vec::with_capacity(rows.len());
        for row in rows {
            let mut outside = false;
            match &row.place {
                None => split.unplaced += 1,
                Some(place) => {
                    *split.chromosomes.entry(place.chromosome.clone()).or_default() += 1;
                    outside = wanted
                        .as_ref()
                        .is_some_and(|wanted| !wanted.contains(place.chromosome.as_str()));
                    split.outside += u64::from(outside);
                }
            }
            let group = row.group.as_deref();
            if outside && filters {
                counts.leave_out("on chromosomes outside the split");
            } else if by_group && group.is_none() {
                counts.leave_out("without a group");
            } else if let Some(excluded) = protocol
                .exclude
                .iter()
                .find(|excluded| Some(excluded.group.as_str()) == group)
            {
                counts.leave_out(format!(
                    "in the group `{}`, which the protocol leaves out",
                    excluded.group
                ));
            } else if row.target.is_nan() {
                counts.leave_out("without a target");
            } else if row.prediction.is_nan() {
                counts.leave_out("without a prediction");
            } else {
                kept.push(row);
            }
        }
        counts.used = kept.len() as u64;
        split.statement = statement(&split, protocol, without_places);
        Self {
            notes: doubts(&kept, protocol),
            rows: kept,
            counts,
            split,
        }
    }
}

/// Says what the targets may be that are no signed effects; a protocol turns no sign, so they are no error.
fn doubts(rows: &[Row], protocol: &Protocol) -> Vec<String> {
    if protocol.is_labelled() {
        return Vec::new();
    }
    let mut watch = EffectWatch::default();
    rows.iter().for_each(|row| watch.add(row.target));
    let evidence = watch.one_sided().or_else(|| watch.few_on_one_side());
    let doubt = match (watch.doubt(), evidence) {
        (Some(evidence), _) => Some(format!("they may be p-values: {evidence}")),
        (None, Some(evidence)) => Some(format!("they may be p-values, sizes or ratios: {evidence}")),
        (None, None) => None,
    };
    doubt
        .map(|doubt| format!("warning: the targets have no sign, {doubt}"))
        .into_iter()
        .collect()
}

/// Says in a sentence what is known of the chromosomes.
fn statement(split: &SplitCheck, protocol: &Protocol, without_places: Option<String>) -> String {
    let found = || {
        let mut names: Vec<&str> = split.chromosomes.keys().map(String::as_str).collect();
        names.sort_by_key(|name| (name.parse::<u32>().unwrap_or(u32::MAX), *name));
        names.join(", ")
    };
    if split.chromosomes.is_empty() {
        let why = without_places.unwrap_or_else(|| "no variant names a place".to_owned());
        return format!("chromosomes are not checked: {why}");
    }
    let unplaced = match split.unplaced {
        0 => String::new(),
        rows => format!("; {rows} rows name no place"),
    };
    match &protocol.split {
        None => format!(
            "the protocol names no split; the rows are on chromosomes {}{unplaced}",
            found()
        ),
        Some(part) if split.outside == 0 => format!("all rows are on {} ({}){unplaced}", part.name, found()),
        Some(part) if part.role == SplitRole::Filter => {
            format!(
                "{} rows are not on {} and are left out{unplaced}",
                split.outside, part.name
            )
        }
        Some(part) => format!(
            "{} rows are not on {} and are part of the metric, as in the published computation{unplaced}",
            split.outside, part.name
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_off_every_form_of_variant() {
        for text in ["chr3:100:A>G", "chr3_100_A_G_b38", "3-100-A-G", "chr3:100:A:G"] {
            let place = Place::of_text(text).unwrap();
            assert_eq!(
                (place.chromosome.as_str(), place.interval.first().unwrap().one_based()),
                ("3", 100)
            );
        }
        assert_eq!(Place::of_text("rs123"), None);
        assert_eq!(Place::of_text("3_100"), None);
    }
}
