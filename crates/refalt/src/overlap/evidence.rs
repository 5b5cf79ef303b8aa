//! What content says about the assembly: bases of the reference, ends of its contigs, places in peaks before and after
//! liftover.

use super::assembly::Side;
use super::enrichment::Enrichment;
use super::error::OverlapError;
use super::filter::has_base;
use super::peaks::Peaks;
use super::run::RowsReference;
use super::sample::Sample;
use super::summary::{EnrichmentSummary, ReferenceBases};
use crate::liftover::Liftover;
use refalt_core::contig::same_contig;
use refalt_core::{ContigId, Interval, Position, Reference};

/// Rows that must be compared before REF says anything.
const LEAST_COMPARED: u64 = 20;
/// Share of agreeing REF from which on rows are taken to be on the reference.
///
/// METHOD: of bases at places that have nothing to do with REF about three in ten agree; 0.95 leaves room for rows with
/// REF and ALT swapped here and there.
const ENOUGH_AGREE: f64 = 0.95;

/// Finds a contig of the reference, by its exact name first.
fn contig_of(reference: &dyn Reference, name: &str) -> Option<usize> {
    let contigs = reference.contigs();
    let exact = contigs.iter().position(|contig| contig.name.as_str() == name);
    exact.or_else(|| {
        contigs
            .iter()
            .position(|contig| same_contig(contig.name.as_str(), name))
    })
}

/// Refuses a place behind the end of its contig in the reference.
pub(super) fn check_end(
    on: RowsReference<'_>,
    contig: &str,
    end: u32,
    origin: impl Fn() -> String,
) -> Result<(), OverlapError> {
    let found = contig_of(on.reference, contig).and_then(|at| on.reference.contigs()[at].length_bp);
    match found.filter(|&length| end > length) {
        None => Ok(()),
        Some(length) => Err(OverlapError::PastReference {
            example: format!(
                "{contig}:{end} ({}) is past base {length}, the last one of the contig in `{}`",
                origin(),
                on.name
            ),
        }),
    }
}

/// As [`check_end`] for all peaks.
pub(super) fn check_ends(peaks: &Peaks, on: RowsReference<'_>) -> Result<(), OverlapError> {
    for contig in &peaks.contigs {
        check_end(on, contig.name.as_str(), contig.furthest_bed_end, || {
            "a peak".to_owned()
        })?;
    }
    Ok(())
}

/// Compares REF of the sampled rows with the reference.
pub(super) fn compare_bases(
    sample: &Sample,
    peaks: &Peaks,
    on: RowsReference<'_>,
    side: &mut Side,
    notes: &mut Vec<String>,
) -> Result<Option<ReferenceBases>, OverlapError> {
    let (mut compared, mut agree) = (0, 0);
    let mut bases = Vec::new();
    let mut places: Vec<_> = sample.places().collect();
    places.sort_by_key(|place| (place.contig, place.position));
    for place in places {
        let Some(expected) = &place.reference else { continue };
        let Some(at) = contig_of(on.reference, peaks.contigs[place.contig].name.as_str()) else {
            continue;
        };
        let interval = u32::try_from(expected.len())
            .ok()
            .and_then(|length| Interval::at(place.position, length));
        let known = interval.filter(|&interval| on.reference.contigs()[at].known_part(interval).is_some());
        let (Some(interval), Ok(index)) = (known, u32::try_from(at)) else {
            continue;
        };
        bases.clear();
        on.reference
            .fetch(ContigId::new(index), interval, &mut bases)
            .map_err(|error| OverlapError::Io {
                action: "read",
                path: on.name.into(),
                source: std::io::Error::other(error),
            })?;
        compared += 1;
        agree += u64::from(bases.eq_ignore_ascii_case(expected));
    }
    if compared >= LEAST_COMPARED && agree * 2 < compared {
        return Err(OverlapError::ReferenceBases { agree, compared });
    }
    let share = agree as f64 / compared.max(1) as f64;
    let words = format!("REF of {agree} of {compared} sampled rows agrees with `{}`", on.name);
    match on.assembly.known() {
        Some(assembly) if compared >= LEAST_COMPARED && share >= ENOUGH_AGREE => side.state(assembly, words),
        _ => notes.push(format!(
            "{words}; that does not tell the assembly of the rows ({} compared rows, {} % agreement and a reference of known \
             assembly are needed)",
            LEAST_COMPARED,
            (ENOUGH_AGREE * 100.0).round()
        )),
    }
    Ok(Some(ReferenceBases { compared, agree }))
}

/// Places in peaks against the same places moved, as they are and, with chains, after liftover.
pub(super) fn enrichment(
    sample: &Sample,
    peaks: &Peaks,
    chain: Option<&Liftover>,
    rows: &Side,
) -> Result<(Option<EnrichmentSummary>, Option<EnrichmentSummary>), OverlapError> {
    let covered = peaks.without_artefacts();
    let is_hit = |contig: usize, position: Position| has_base(&covered[contig], position);
    let places: Vec<(usize, Position)> = sample.places().map(|place| (place.contig, place.position)).collect();
    if places.is_empty() {
        return Ok((None, None));
    }
    let here = Enrichment::of(&places, is_hit);
    let Some(chain) = chain else {
        return Ok((Some((&here).into()), None));
    };
    // Rows that are known to be on an assembly of the chain are lifted from there only.
    let known = rows.statements().first().map(|statement| statement.assembly);
    let is_from = |assembly| known.is_none() || assembly == known;
    let inverted = chain.inverted();
    let mut ways: Vec<&Liftover> = Vec::new();
    ways.extend(Some(chain).filter(|chain| is_from(chain.from_assembly())));
    ways.extend(Some(&inverted).filter(|chain| is_from(chain.from_assembly())));
    let lifted = |chain: &Liftover| {
        let lift = |&(contig, position): &(usize, Position)| {
            let lifted = chain
                .lift_position(peaks.contigs[contig].name.as_str(), position)
                .ok()?;
            Some((peaks.index_of(lifted.place.contig.as_str())?, lifted.place.position))
        };
        let places: Vec<(usize, Position)> = places.iter().filter_map(lift).collect();
        Enrichment::of(&places, is_hit)
    };
    let best = ways.into_iter().map(lifted).max_by_key(|lifted| lifted.hits);
    if let Some(lifted) = best.as_ref()
        && lifted.fits_better_than(&here)
    {
        return Err(OverlapError::OtherAssembly {
            hits: here.hits,
            places: here.places,
            moved: format!("{:.1}", here.beside()),
            lifted: lifted.hits,
            lifted_moved: format!("{:.1}", lifted.beside()),
        });
    }
    Ok((Some((&here).into()), best.as_ref().map(Into::into)))
}
