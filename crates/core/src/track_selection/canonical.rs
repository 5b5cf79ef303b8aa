//! The canonical form of a selection: one text for everything that says the same of the same tracks.

use super::{Comparison, Expression, Field, Selection, Term};
use crate::track::{Track, TrackSet};

impl Selection {
    /// Returns the selection with values as the tracks spell them, and values and conditions in order, each once.
    ///
    /// Values are compared without regard to case, so case cannot make two selections differ; patterns are in small letters.
    /// A value that no track has, such as a synonym, stays as it is written. The canonical form takes the same tracks.
    pub(super) fn canonical(&self, tracks: &[(&TrackSet, &Track)]) -> Self {
        Self::new(expression(&self.expression, tracks))
    }
}

fn expression(given: &Expression, tracks: &[(&TrackSet, &Track)]) -> Expression {
    let ordered = |parts: &[Expression]| {
        let mut parts: Vec<(String, Expression)> = parts
            .iter()
            .map(|part| expression(part, tracks))
            .map(|part| (part.to_string(), part))
            .collect();
        parts.sort_by(|a, b| a.0.cmp(&b.0));
        parts.dedup_by(|a, b| a.0 == b.0);
        parts.into_iter().map(|(_, part)| part).collect()
    };
    match given {
        Expression::Term(given) => Expression::Term(term(given, tracks)),
        Expression::Not(inner) => Expression::Not(Box::new(expression(inner, tracks))),
        Expression::And(parts) => Expression::all_of(ordered(parts)).unwrap_or_else(|| given.clone()),
        Expression::Or(parts) => Expression::any_of(ordered(parts)).unwrap_or_else(|| given.clone()),
    }
}

fn term(given: &Term, tracks: &[(&TrackSet, &Track)]) -> Term {
    let mut values: Vec<String> = given
        .values
        .iter()
        .map(|value| match given.comparison {
            Comparison::Is => spelled(given.field, value, tracks).unwrap_or(value).to_owned(),
            Comparison::Like => value.to_lowercase(),
        })
        .collect();
    values.sort();
    values.dedup();
    Term {
        values,
        ..given.clone()
    }
}

/// Returns a value as the tracks have it; of several spellings the first in order.
fn spelled<'a>(field: Option<Field>, value: &str, tracks: &[(&'a TrackSet, &'a Track)]) -> Option<&'a str> {
    let any = field.map_or_else(|| Field::ANY.to_vec(), |field| vec![field]);
    let of_track = |&(set, track): &(&'a TrackSet, &'a Track)| {
        let found = any.iter().filter_map(move |&field| {
            let found = field.of(set, track)?;
            field.is(found, value).then_some(found)
        });
        found.min()
    };
    tracks.iter().filter_map(of_track).min()
}
