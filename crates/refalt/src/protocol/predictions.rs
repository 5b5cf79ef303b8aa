//! Rows of a table of predictions: Feather, Parquet, TSV, CSV, columns by name.
//!
//! METHOD: values are taken as the table has them; the released tables of AlphaGenome hold predictions that are already
//! aggregated over tracks. A row that lacks target or prediction is left out and counted, as `dropna` does in the
//! published computation; infinities, which that computation does not define, are errors.

use super::error::ProtocolError;
use super::file::{LabelOf, Protocol};
use super::rows::{Place, Row, RowCounts, Rows};
use crate::io::table::{Cells, Table};
use crate::io::variants::ids;
use crate::lint::EffectWatch;
use crate::validate::Condition;
use refalt_core::Assembly;
use refalt_core::nearest::nearest;
use std::collections::HashSet;
use std::path::Path;

/// Finds a column by its name, letter by letter.
fn column(table: &Table, path: &Path, name: &str) -> Result<usize, ProtocolError> {
    let place = table.header.iter().position(|column| column == name);
    place.ok_or_else(|| ProtocolError::NoColumn {
        path: path.to_owned(),
        column: name.to_owned(),
        nearest: nearest(name, table.header.iter().map(String::as_str)),
        columns: table.header.clone(),
    })
}

/// Reads all rows of a table.
pub(super) fn read(path: &Path, protocol: &Protocol) -> Result<Rows, ProtocolError> {
    let part = &protocol.predictions;
    let mut table = Table::open(path)?;
    let find = |name: &str| column(&table, path, name);
    let target = find(&part.target)?;
    let prediction = find(&part.prediction)?;
    let group = part.group.as_deref().map(find).transpose()?;
    let match_group = part.match_group.as_deref().map(find).transpose()?;
    let keep: Vec<(usize, Condition)> = part
        .keep
        .iter()
        .filter_map(|text| text.parse::<Condition>().ok())
        .map(|condition| Ok((find(condition.column())?, condition)))
        .collect::<Result<_, ProtocolError>>()?;
    let coordinates = match &part.coordinates {
        None => None,
        Some([contig, position, reference, alternate]) => {
            Some([find(contig)?, find(position)?, find(reference)?, find(alternate)?])
        }
    };
    let variant = part
        .variant
        .iter()
        .find_map(|name| table.header.iter().position(|column| column == name));
    let without_places = (variant.is_none() && coordinates.is_none()).then(|| {
        let names: Vec<String> = part.variant.iter().map(|name| format!("`{name}`")).collect();
        format!("the table has no column {}", names.join(" or "))
    });
    let is_labelled = protocol.is_labelled();
    let wanted = Assembly::from_name(&protocol.source.assembly);

    let mut counts = RowCounts::default();
    let mut rows = Vec::new();
    let mut watch = EffectWatch::default();
    let mut cells = Cells::default();
    while let Some(line) = table.next_row(&mut cells)? {
        counts.read += 1;
        if cells.count() != table.header.len() {
            counts.leave_out(format!(
                "rejected: field_count (the row has another number of cells than the header, {})",
                table.header.len()
            ));
            continue;
        }
        if let Some((_, condition)) = keep
            .iter()
            .find(|(at, condition)| condition.holds(cells.get(*at)) != Some(true))
        {
            counts.leave_out(format!("do not meet `{condition}`"));
            continue;
        }
        let wrong = |column: &str, found: &str, expected| ProtocolError::Cell {
            path: path.to_owned(),
            line,
            column: column.to_owned(),
            found: found.to_owned(),
            expected,
        };
        let finite = |at: usize, column: &str| match cells.get(at) {
            None => Ok(f64::NAN),
            Some(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Err(wrong(column, text, "finite number")),
            },
        };
        let target = if is_labelled && part.labels == LabelOf::Target {
            match cells.get(target) {
                None => f64::NAN,
                Some(text) => label(text).ok_or_else(|| wrong(&part.target, text, "label (0, 1, false, true)"))?,
            }
        } else {
            let effect = finite(target, &part.target)?;
            watch.add(effect);
            labelled(effect, is_labelled)
        };
        let text = |at: Option<usize>| at.and_then(|at| cells.get(at)).map(str::to_owned);
        let variant = match coordinates {
            None => text(variant),
            Some(places) => {
                let [contig, position, reference, alternate] = places.map(|at| cells.get(at));
                contig.zip(position).zip(reference).zip(alternate).map(
                    |(((contig, position), reference), alternate)| {
                        format!("{contig}:{position}:{reference}:{alternate}")
                    },
                )
            }
        };
        let parsed = variant.as_deref().map(ids::parse);
        let said = parsed.as_ref().and_then(|parsed| parsed.said_assembly);
        if let (Some(said), Some(wanted)) = (said, wanted)
            && said != wanted
        {
            counts.leave_out(format!(
                "rejected: other_assembly ({said}, and the protocol is on {wanted})"
            ));
            continue;
        }
        rows.push(Row {
            target,
            prediction: finite(prediction, &part.prediction)?,
            group: text(group),
            match_group: text(match_group),
            place: parsed.and_then(|parsed| Place::of(&parsed.variant.ok()?)),
            variant,
        });
    }
    if let Some(evidence) = watch.p_values() {
        return Err(ProtocolError::PValues {
            path: path.to_owned(),
            column: part.target.clone(),
            evidence,
        });
    }
    let copies = copies(&rows);
    let mut rows = Rows::of(rows, counts, protocol, without_places);
    if copies > 0 {
        rows.notes.push(format!(
            "warning: {copies} rows are copies of earlier ones (variant, target, prediction and groups alike): each counts again, and \
             intervals are too narrow for it; remove them"
        ));
    }
    if rows.rows.is_empty() {
        return Err(ProtocolError::NoRows {
            name: path.display().to_string(),
            why: rows.counts.losses(),
        });
    }
    Ok(rows)
}

/// Counts rows that say what an earlier one says.
fn copies(rows: &[Row]) -> usize {
    let mut seen = HashSet::with_capacity(rows.len());
    let named = rows.iter().filter(|row| row.variant.is_some());
    let said = named.map(|row| {
        let numbers = [row.target.to_bits(), row.prediction.to_bits()];
        (&row.variant, numbers, &row.group, &row.match_group)
    });
    said.filter(|said| !seen.insert(*said)).count()
}

/// Reads a label.
pub(super) fn label(text: &str) -> Option<f64> {
    match text {
        "0" | "0.0" | "false" | "False" | "FALSE" => Some(0.0),
        "1" | "1.0" | "true" | "True" | "TRUE" => Some(1.0),
        _ => None,
    }
}

/// Makes a label of an effect, where the metric takes labels: 1 for what is not below 0.
pub(super) fn labelled(effect: f64, is_labelled: bool) -> f64 {
    match is_labelled && !effect.is_nan() {
        true => f64::from(u8::from(effect >= 0.0)),
        false => effect,
    }
}
