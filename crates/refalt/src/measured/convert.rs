//! A file of measured effects to the standard table: one allele order, one sign, every row accounted for.

use super::error::MeasuredError;
use super::fates::{Fates, OrderCounts};
use super::names::ByName;
use super::orient::{AlleleOrder, ORDER_AMBIGUOUS};
use super::orienter::{Orienter, StandardRow};
use super::read::{MeasuredReader, MeasuredSource};
use super::repeats::{RepeatCheck, Repeats, Taken};
use super::request::{MeasuredProvenance, MeasuredReport, MeasuredRequest, provenance};
use super::table_file::TableFile;
use crate::atomic_file::{AtomicFile, Complete};
use crate::io::fasta::{DigestProgress, FastaReference};
use crate::output_files::{place_new, record_path};
use crate::reference_assembly::{ReferenceAssembly, StatedByVariants};
use crate::reference_fit::ReferenceFit;
use crate::validate::Condition;
use refalt_core::Reference;
use std::io::{self, Write};
use std::path::Path;

/// Standard columns that conditions may name.
pub(crate) const STANDARD: [&str; 9] = [
    "effect",
    "se",
    "p",
    "gene",
    "feature",
    "experiment",
    "weight",
    "name",
    "orientation",
];

/// Reads a file of measured effects, brings it to the genome, and writes the standard table.
///
/// * `digesting`: is told how far the digests of a reference are that has none beside it.
///
/// # Errors
/// [`MeasuredError`]; nothing is written then.
pub fn measure(
    request: &MeasuredRequest,
    digesting: &(dyn Fn(DigestProgress) + Sync),
) -> Result<MeasuredReport, MeasuredError> {
    request.check_out()?;
    let open = |path: &Path| FastaReference::open_identified(path, digesting);
    let reference = request.reference.as_deref().map(open).transpose()?;
    let as_reference = reference.as_ref().map(|reference| reference as &dyn Reference);
    let assembly = match &reference {
        Some(reference) => ReferenceAssembly::of(reference, request.assembly)?,
        None => request
            .assembly
            .map_or(ReferenceAssembly::Unknown, ReferenceAssembly::Stated),
    };
    let mut source = request.source.clone();
    for (place, column) in source.carry.iter().enumerate() {
        if STANDARD.contains(&column.as_str()) || source.carry[..place].contains(column) {
            let column = column.clone();
            return Err(MeasuredError::CarriedTwice { column });
        }
    }
    let asked = source.carry.len();
    let conditions = request.keep.iter().map(Condition::column);
    for column in conditions.filter(|column| !STANDARD.contains(column)) {
        if !source.carry.iter().any(|name| name == column) {
            source.carry.push(column.to_owned());
        }
    }
    let reader = MeasuredReader::open(&source)?;
    let orienter = Orienter::new(&reader, as_reference, assembly, request.drop_palindromic)?;
    if request.repeats == Repeats::Mean
        && reference.is_none()
        && (request.alleles.is_some() || !reader.has_names_only())
    {
        return Err(MeasuredError::MeanWithoutReference);
    }
    let stated = StatedByVariants::of_header(reader.assembly_clues());
    stated.check_header(reader.label(), assembly)?;
    let by_name = match &request.alleles {
        Some((path, columns)) => Some(ByName::read(path, columns, as_reference)?),
        None => None,
    };
    let work = Work {
        request,
        source: &source,
        asked,
        reference: as_reference,
        assembly,
        by_name: by_name.as_ref(),
        provenance: provenance(request, &reader, assembly)?,
    };
    let (mut reader, mut orienter) = (reader, orienter);
    // The counts by which an order is chosen do not depend on the order, so there are two readings at most.
    let made = loop {
        match work.attempt(reader, &orienter, stated.clone())? {
            Attempt::Done(made) => break made,
            Attempt::Order(order) => orienter = orienter.with_order(order),
        }
        reader = MeasuredReader::open(&source)?;
    };
    let report = MeasuredReport {
        provenance: work.provenance,
        assembly: made.stated.record(assembly),
        rows: made.fates,
        notes: made.notes,
        table: made.table.as_ref().map(Complete::identity),
    };
    if let Some(table) = made.table {
        let record = record(&record_path(table.target()), &report)?;
        place_new(vec![table, record])?;
    }
    Ok(report)
}

/// Everything that one reading of the file needs.
struct Work<'a> {
    request: &'a MeasuredRequest,
    source: &'a MeasuredSource,
    /// Columns that the user asked for; those after them are carried for conditions only.
    asked: usize,
    reference: Option<&'a dyn Reference>,
    assembly: ReferenceAssembly,
    by_name: Option<&'a ByName>,
    provenance: MeasuredProvenance,
}

/// What one reading came to.
enum Attempt {
    Done(Box<Made>),
    /// Indels have to be taken in another order, which the other rows show.
    Order(AlleleOrder),
}

/// A table that has not its name yet.
struct Made {
    fates: Fates,
    stated: StatedByVariants,
    notes: Vec<String>,
    table: Option<Complete>,
}

impl Work<'_> {
    fn attempt(
        &self,
        mut reader: MeasuredReader,
        orienter: &Orienter<'_>,
        mut stated: StatedByVariants,
    ) -> Result<Attempt, MeasuredError> {
        // Columns that only conditions need do not go into the table; those of counts come after what was asked for.
        let (asked, hidden) = (self.asked, self.source.carry.len() - self.asked);
        let columns: Vec<String> = visible(reader.extras(), asked, hidden).cloned().collect();
        let mut file = match &self.request.out {
            Some(out) => Some(TableFile::create(out, &columns, &self.provenance)?),
            None => None,
        };
        let (mut fates, mut fit) = (Fates::default(), ReferenceFit::default());
        let mut repeats = RepeatCheck::new(self.request.repeats);
        let mut write = |mut row: StandardRow| -> Result<(), MeasuredError> {
            let extras = std::mem::take(&mut row.details.extras);
            row.details.extras = visible(&extras, asked, hidden).cloned().collect();
            file.as_mut().map_or(Ok(()), |file| file.add(&row))
        };
        while let Some(row) = reader.next_row(self.reference)? {
            fates.rows += 1;
            if let Ok(row) = &row {
                stated.add_row(fates.rows, row.said_assembly);
            }
            let row = match self.by_name {
                Some(by_name) => row.and_then(|row| by_name.find(row)),
                None => row,
            };
            let row = match row.and_then(|row| orienter.orient(row)) {
                Ok(row) => row,
                Err(refused) => {
                    if refused.rejection.code == ORDER_AMBIGUOUS {
                        fates.order.add_ambiguous();
                    }
                    fit.add_refused(refused.line, &refused.rejection);
                    fates.drop(&refused);
                    continue;
                }
            };
            if let Some(proven) = row.proven {
                fit.add_fit();
                fates.order.add(proven, row.is_palindromic);
            }
            let fails = |condition: &&Condition| {
                let cell = row.cell(condition.column(), reader.extras());
                condition.holds(cell.as_deref()) != Some(true)
            };
            if let Some(condition) = self.request.keep.iter().find(fails) {
                fates.leave_out(condition.to_string());
                continue;
            }
            fates.without_variant += u64::from(row.variant.is_none() && !reader.is_activity());
            fates.orient(row.orientation, row.is_palindromic);
            match repeats.take(row) {
                Taken::Row(row) => {
                    fates.written += 1;
                    write(*row)?;
                }
                Taken::Repeat => fates.merged += 1,
                Taken::Later => {}
            }
        }
        stated.check_rows(reader.label(), self.assembly)?;
        fit.check(reader.label())?;
        if let Some(order) = other_order(orienter.order(), &fates.order, self.request.indels_as_others) {
            return Ok(Attempt::Order(order));
        }
        if let Some(evidence) = reader.one_sided().filter(|_| self.request.source.effect_is.is_signed()) {
            return Err(MeasuredError::OneSided {
                file: reader.label().to_owned(),
                evidence,
            });
        }
        for (row, merged) in repeats.finish()? {
            fates.written += 1;
            fates.merged += merged;
            write(row)?;
        }
        debug_assert!(fates.is_complete(), "{fates:?}");
        if fates.written == 0 {
            return Err(MeasuredError::NothingLeft {
                file: reader.label().to_owned(),
                rows: fates.rows,
                why: fates.losses(),
                hint: fates.way_out(),
            });
        }
        let mut notes = reader.notes().to_vec();
        notes.extend(reader.doubt());
        notes.extend(order_in_words(orienter.order(), &fates.order));
        notes.extend(stated.record(self.assembly).note.filter(|_| self.reference.is_some()));
        Ok(Attempt::Done(Box::new(Made {
            fates,
            stated,
            notes,
            table: file.map(TableFile::finish).transpose()?,
        })))
    }
}

/// Says in which order indels that fit in both are to be taken, when it is another one than they were.
///
/// METHOD: the order of a file is that of the rows whose order the genome decides. Where one in a hundred of them is listed the
/// other way, nothing tells which indels are, too, and they are dropped; they are taken in the order of the others only when
/// the user says so, and 99 of 100 rows agree.
fn other_order(taken: AlleleOrder, counts: &OrderCounts, as_others: bool) -> Option<AlleleOrder> {
    if counts.either == 0 {
        return None;
    }
    let agreed = counts.agreed().filter(|_| as_others);
    let wanted = match taken {
        AlleleOrder::ReferenceFirst if counts.contradicts_listed() => agreed.unwrap_or(AlleleOrder::Unknown),
        AlleleOrder::Unknown if agreed.is_some() => agreed?,
        // What was taken from the rows in the reading before stands.
        _ => return None,
    };
    (wanted != taken).then_some(wanted)
}

/// Says what became of indels that fit in both orders, when rows are listed the other way.
fn order_in_words(taken: AlleleOrder, counts: &OrderCounts) -> Option<String> {
    if counts.either == 0 || (counts.swapped == 0 && taken == AlleleOrder::ReferenceFirst) {
        return None;
    }
    let what = match taken {
        AlleleOrder::ReferenceFirst => "stand as listed",
        AlleleOrder::AlternateFirst => "were taken in the other order, too",
        AlleleOrder::Unknown => "were dropped",
    };
    Some(format!(
        "{} of {} rows whose order the genome decides list the alleles in the other order; {} indels that fit in both orders {what}",
        counts.swapped,
        counts.proven(),
        counts.either
    ))
}

/// Leaves out the columns that were carried for conditions only.
fn visible<T>(all: &[T], asked: usize, hidden: usize) -> impl Iterator<Item = &T> {
    all.iter().take(asked).chain(all.iter().skip(asked + hidden))
}

/// Writes the record of a table under its temporary name.
fn record(path: &Path, report: &MeasuredReport) -> Result<Complete, MeasuredError> {
    let written = serde_json::to_vec_pretty(report)
        .map_err(io::Error::from)
        .and_then(|mut text| {
            text.push(b'\n');
            let mut file = AtomicFile::create(path)?;
            file.write_all(&text)?;
            file.complete()
        });
    written.map_err(MeasuredError::write(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_indels_is_that_of_the_rows_that_have_one() {
        use AlleleOrder::{AlternateFirst, ReferenceFirst, Unknown};
        let of = |taken, as_listed, swapped, as_others| {
            let counts = OrderCounts {
                as_listed,
                swapped,
                either: 1,
            };
            other_order(taken, &counts, as_others)
        };
        // The definition of the format is believed until one row in a hundred speaks against it.
        assert_eq!(of(ReferenceFirst, 1000, 0, false), None);
        assert_eq!(of(ReferenceFirst, 1000, 10, false), None);
        assert_eq!(of(ReferenceFirst, 990, 10, false), Some(Unknown));
        assert_eq!(of(ReferenceFirst, 0, 50, false), Some(Unknown));
        // The order of the others is taken when the user says so, and they have one.
        assert_eq!(of(ReferenceFirst, 0, 50, true), Some(AlternateFirst));
        assert_eq!(of(ReferenceFirst, 25, 25, true), Some(Unknown));
        assert_eq!(of(ReferenceFirst, 0, 19, true), Some(Unknown));
        assert_eq!(of(Unknown, 50, 0, true), Some(ReferenceFirst));
        assert_eq!(of(Unknown, 50, 0, false), None);
        // A second reading stays with what the first one showed.
        assert_eq!(of(Unknown, 25, 25, true), None);
        assert_eq!(of(AlternateFirst, 0, 50, true), None);
    }
}
