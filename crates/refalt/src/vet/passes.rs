//! The two passes over the input.

use super::VetRequest;
use super::error::VetError;
use super::files::RowFiles;
use super::lift::BlockLift;
use super::names::NameResolver;
use super::numbers::{FIXED, Numbers, NumbersWriter};
use super::ordered::batches;
use super::record::VetRow;
use crate::io::fasta::FastaReference;
use crate::io::variants::VariantRow;
use crate::reference_assembly::{ReferenceAssembly, StatedByVariants};
use crate::seen::{DistinctVariants, SeenVariants, VariantKey};
use crate::spool::Spool;
use refalt_core::audit::{
    Coordinates, FileFit, Hypothesis, NameEvidence, Observation, Observer, Repairs, RowAlleles, Tally, Thresholds,
    Verdict, judge,
};
use refalt_core::normalize::check_on;
use refalt_core::{Alternate, Assembly, Reference, Variant};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What both passes work with.
pub(super) struct Work<'a> {
    pub(super) request: &'a VetRequest,
    pub(super) input: &'a Spool,
    pub(super) reference: &'a FastaReference,
    pub(super) lift: Option<&'a BlockLift>,
    pub(super) names: &'a NameResolver,
    /// What is known of the reference's assembly.
    pub(super) known: ReferenceAssembly,
    pub(super) assembly: Option<Assembly>,
    /// The assembly that the header of the variants states.
    pub(super) header: Option<Assembly>,
}

impl Work<'_> {
    /// Returns the folder of temporary files: that of the output, or what there is of its path, so that they lie
    /// where space for the output is needed anyway.
    fn temporary_folder(&self) -> PathBuf {
        let Some(out) = &self.request.out else {
            return std::env::temp_dir();
        };
        let exists = out.ancestors().find(|folder| folder.is_dir());
        exists.unwrap_or(Path::new(".")).to_owned()
    }
}

/// What the first pass found.
pub(super) struct FirstPass {
    /// Distinct observations with the number of distinct variants that show each.
    pub(super) tally: Tally,
    /// Rows compared with the genome.
    pub(super) compared: u64,
    /// Distinct variants as written, compared or not.
    pub(super) distinct: u64,
    /// Which assemblies header and rows state.
    pub(super) stated: StatedByVariants,
    /// For each row the number of its observation, or [`FIXED`].
    numbers: Numbers,
}

/// What the second pass found.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Rows by verdict.
    pub(super) counts: BTreeMap<String, u64>,
    /// Rows that go on.
    pub(super) accepted: u64,
    /// Rows that go on repaired.
    pub(super) repaired: u64,
    /// The first rows that are not right.
    pub(super) listed: Vec<VetRow>,
    /// Rows that are not right.
    pub(super) not_ok: u64,
}

/// Returns the verdict of a row whose alleles are no A, C, G, T, or that holds no variant.
fn fixed_verdict(row: &VariantRow) -> Option<Verdict> {
    let variant = match &row.variant {
        Ok(variant) => variant,
        Err(_) => return Some(Verdict::Malformed),
    };
    match &variant.alternate {
        Alternate::Symbolic(_) => Some(Verdict::Symbolic),
        Alternate::Star => Some(Verdict::StarAllele),
        Alternate::Breakend(_) => Some(Verdict::Breakend),
        Alternate::Missing => Some(Verdict::NoAlternate),
        Alternate::Bases(alternate) => {
            if variant.reference_bases == *alternate {
                Some(Verdict::NoChange)
            } else if variant.reference_bases.is_acgt() && alternate.is_acgt() {
                None
            } else {
                Some(Verdict::AmbiguousBases)
            }
        }
    }
}

/// Returns the alleles of a row that [`fixed_verdict`] leaves open.
fn alleles<'r>(row: &'r VariantRow, reference: &FastaReference) -> Option<(RowAlleles<'r>, &'r Variant)> {
    let variant = row.variant.as_ref().ok()?;
    let Alternate::Bases(alternate) = &variant.alternate else {
        return None;
    };
    let alleles = RowAlleles {
        contig: variant.contig.as_str(),
        contig_id: reference.contig_id(variant.contig.as_str()),
        position: variant.position,
        reference_bases: variant.reference_bases.as_bytes(),
        alternate_bases: alternate.as_bytes(),
        stated: row.said_assembly,
    };
    Some((alleles, variant))
}

/// Whether a row, or the header for it, states the assembly of the reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stated {
    /// It does, or says nothing, or nobody knows the assembly of the reference.
    Here,
    /// It states the assembly that the chain lifts from, or one of which the chain does not say that it is another.
    Liftable,
    /// It states an assembly that nothing moves onto the reference.
    OutOfReach,
}

fn states_elsewhere(work: &Work<'_>, row: &VariantRow) -> Stated {
    let Some(said) = row.said_assembly.or(work.header) else {
        return Stated::Here;
    };
    let source = work.lift.map(|lift| lift.source_assembly());
    match (work.assembly, source) {
        (Some(own), _) if own == said => Stated::Here,
        (Some(_), Some(source)) if source.is_none_or(|source| source == said) => Stated::Liftable,
        (Some(_), _) => Stated::OutOfReach,
        (None, Some(Some(source))) if source == said => Stated::Liftable,
        (None, _) => Stated::Here,
    }
}

/// What a row says to the file: an observation, and what tells its variant from others.
#[derive(Clone, Copy, Debug, Default)]
struct Witness {
    observation: Option<Observation>,
    key: Option<VariantKey>,
}

fn witness(work: &Work<'_>, observer: &mut Observer<'_>, row: &VariantRow) -> Result<Witness, VetError> {
    if fixed_verdict(row).is_some() {
        return Ok(Witness::default());
    }
    let Some((alleles, _)) = alleles(row, work.reference) else {
        return Ok(Witness::default());
    };
    if states_elsewhere(work, row) == Stated::OutOfReach {
        return Ok(Witness {
            observation: None,
            key: Some(key(&alleles, None)),
        });
    }
    let names = work.names.resolve(row, work.reference, work.assembly);
    let observed = observer.observe(&alleles, &names)?;
    // METHOD: a row that lies outside the reference under every hypothesis says nothing about the file: the reference
    // may be a part of a genome. It is judged, and it is not counted.
    let considered = |hypothesis: &Hypothesis| hypothesis.coordinates == Coordinates::AsSaid || observer.has_lift();
    let is_outside = Hypothesis::all()
        .filter(considered)
        .all(|hypothesis| observed.unknown.contains(hypothesis));
    Ok(Witness {
        observation: (!is_outside).then_some(observed),
        key: Some(key(&alleles, Some(&observed))),
    })
}

/// Returns what tells a variant as written from others: contig, position and alleles, and what its names say.
///
/// The gene is not part of it: a list that repeats a variant for each gene says the same of it each time.
fn key(row: &RowAlleles<'_>, observed: Option<&Observation>) -> VariantKey {
    let contig = row.contig_id.and_then(|contig| u32::try_from(contig.index()).ok());
    let contig = contig.unwrap_or_else(|| hashed(row.contig) as u32 | 1 << 31);
    let says_something = |seen: &&Observation| seen.names != NameEvidence::default() || seen.states_other_assembly;
    let names = observed
        .filter(says_something)
        .map_or(0, |seen| hashed((seen.names, seen.states_other_assembly)));
    VariantKey::as_written(contig, row.position, row.reference_bases, row.alternate_bases, names)
}

fn hashed(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// The first pass: observes every row and counts observations of distinct variants.
pub(super) fn observe(work: &Work<'_>, header: StatedByVariants) -> Result<FirstPass, VetError> {
    let rows = work.input.open(&work.request.reading)?;
    let folder = work.temporary_folder();
    let mut tally = Tally::default();
    let mut stated = header;
    let (mut compared, mut variants) = (0, 0);
    let mut numbers = NumbersWriter::new(folder.clone());
    let mut distinct = DistinctVariants::new(&folder);
    batches(
        rows.map(|row| row.map_err(VetError::from)),
        work.request.threads,
        || work.observer(),
        |observer, batch| {
            let mut tally = Tally::default();
            let mut stated = StatedByVariants::default();
            let mut rows = Vec::with_capacity(batch.len());
            for mut row in batch {
                row.resolve(work.reference);
                stated.add_row(row.row, row.said_assembly);
                let seen = witness(work, observer, &row)?;
                let number = seen.observation.map_or(FIXED, |observation| tally.number(observation));
                rows.push((number, seen.key));
            }
            Ok((tally, stated, rows))
        },
        |(batch_tally, batch_stated, rows)| {
            let moved = tally.append(&batch_tally);
            stated.append(&batch_stated);
            for (number, key) in rows {
                let number = moved.get(number as usize).copied().unwrap_or(FIXED);
                let is_compared = number != FIXED;
                compared += u64::from(is_compared);
                if let Some(key) = key
                    && distinct.is_first(key)?
                {
                    variants += 1;
                    if is_compared {
                        tally.count(number);
                    }
                }
                numbers.push(number)?;
            }
            Ok(())
        },
    )?;
    Ok(FirstPass {
        tally,
        compared,
        distinct: variants,
        stated,
        numbers: numbers.finish()?,
    })
}

/// The second pass: judges every row, finds duplicates, writes.
pub(super) fn judge_all(
    work: &Work<'_>,
    first: &mut FirstPass,
    fit: &FileFit,
    thresholds: Thresholds,
    allowed: Repairs,
) -> Result<Judged, VetError> {
    // Most rows are right beyond doubt; those need no weighing of 24 readings.
    let contradiction = first.stated.contradicts_itself(work.known);
    let observations = if contradiction || fit.rests_on_belief() {
        &[]
    } else {
        first.tally.observations()
    };
    let as_written: Vec<f64> = observations
        .iter()
        .map(|(observation, _)| fit.posterior(observation)[Hypothesis::AS_WRITTEN.index()])
        .collect();
    let mut files = match &work.request.out {
        Some(out) => Some(RowFiles::create(out, work)?),
        None => None,
    };
    let mut judged = Judged::default();
    let mut seen = SeenVariants::new(&work.temporary_folder());
    let mut counts: HashMap<Verdict, u64> = HashMap::new();
    let rows = work.input.open(&work.request.reading)?;
    let expected = first.numbers.rows();
    let mut numbers = first.numbers.read()?;
    let mut read = 0;
    batches(
        rows.map(|row| {
            let row = row?;
            match numbers.next() {
                Some(number) => Ok((row, number?)),
                None => Err(VetError::InputChanged {
                    name: work.input.identity().name.clone(),
                }),
            }
        }),
        work.request.threads,
        || work.observer(),
        |observer, batch| {
            let mut rows = Vec::with_capacity(batch.len());
            let mut keys = Vec::with_capacity(batch.len());
            for (row, number) in batch {
                let sure = as_written
                    .get(number as usize)
                    .copied()
                    .filter(|&posterior| posterior >= thresholds.accept);
                let mut row = judge_row(work, observer, row, sure, fit, thresholds, allowed)?;
                if contradiction && matches!(row.verdict, Verdict::Explained(_)) {
                    row.leave_open("header and rows name several assemblies, and that of the reference is not known");
                }
                keys.push(row.proposed.as_ref().filter(|_| row.accepted).map(VariantKey::of));
                rows.push(row);
            }
            Ok((rows, keys))
        },
        |(mut rows, keys)| {
            read += rows.len() as u64;
            for (row, key) in rows.iter_mut().zip(keys) {
                if let Some(key) = key
                    && let Some(earlier) = seen.earlier_row(key, row.row)?
                {
                    row.duplicate_of = Some(earlier);
                    row.evidence = Some(format!("the same variant as row {earlier}"));
                    row.verdict = Verdict::Duplicate;
                    row.accepted = false;
                }
                *counts.entry(row.verdict).or_default() += 1;
                judged.count(row, work.request.listed_rows);
            }
            match &mut files {
                Some(files) => files.append(rows),
                None => Ok(()),
            }
        },
    )?;
    if read != expected {
        return Err(VetError::InputChanged {
            name: work.input.identity().name.clone(),
        });
    }
    if let Some(files) = files {
        files.commit()?;
    }
    judged.counts = counts
        .into_iter()
        .map(|(verdict, rows)| (verdict.name(), rows))
        .collect();
    Ok(judged)
}

impl Judged {
    fn count(&mut self, row: &VetRow, listed_rows: usize) {
        self.accepted += u64::from(row.accepted);
        self.repaired += u64::from(row.accepted && !row.repaired.is_empty());
        if !row.verdict.is_ok() {
            self.not_ok += 1;
            if self.listed.len() < listed_rows {
                self.listed.push(row.clone());
            }
        }
    }
}

/// Says which assembly a row, or the header for it, states that is not the reference's.
fn states_other(work: &Work<'_>, row: &VariantRow) -> Option<String> {
    let (who, said) = match (row.said_assembly, work.header) {
        (Some(said), _) => ("the row", said),
        (None, Some(said)) => ("the header", said),
        (None, None) => return None,
    };
    Some(match work.assembly {
        Some(own) => format!("{who} says it is on {said}, the reference is {own}"),
        None => format!("{who} says it is on {said}, from which the chain lifts"),
    })
}

fn judge_row(
    work: &Work<'_>,
    observer: &mut Observer<'_>,
    mut row: VariantRow,
    sure: Option<f64>,
    fit: &FileFit,
    thresholds: Thresholds,
    allowed: Repairs,
) -> Result<VetRow, VetError> {
    row.resolve(work.reference);
    let mut judged = VetRow {
        row: row.row,
        line: row.line,
        text: row.text().into_owned(),
        verdict: Verdict::Malformed,
        posterior: 1.0,
        proposed: None,
        accepted: false,
        repaired: Repairs::default(),
        duplicate_of: None,
        evidence: None,
        said_assembly: row.said_assembly,
        id: None,
    };
    if let Some(verdict) = fixed_verdict(&row) {
        judged.verdict = verdict;
        judged.evidence = match &row.variant {
            Err(problem) => Some(problem.to_string()),
            Ok(_) => None,
        };
        judged.id = row.id.map(String::from);
        return Ok(judged);
    }
    let stated = states_elsewhere(work, &row);
    if stated == Stated::OutOfReach {
        judged.verdict = Verdict::StatesOtherAssembly;
        judged.evidence = states_other(work, &row);
    } else if let Some((alleles, variant)) = alleles(&row, work.reference) {
        let quick = sure.filter(|_| stated == Stated::Here).and_then(|posterior| {
            let checked = check_on(variant, alleles.contig_id?, work.reference).ok()?;
            Some((posterior, checked))
        });
        if let Some((posterior, checked)) = quick {
            judged.verdict = Verdict::Explained(Hypothesis::AS_WRITTEN);
            judged.posterior = posterior;
            judged.proposed = Some(checked);
            judged.accepted = true;
        } else {
            let names = work.names.resolve(&row, work.reference, work.assembly);
            let seen = observer.observe(&alleles, &names)?;
            let judgement = judge(&alleles, &seen, observer, fit, thresholds)?;
            judged.verdict = judgement.verdict;
            judged.posterior = judgement.posterior;
            if !judgement.verdict.is_ok() {
                let evidence = judgement.explain(variant, &alleles, &seen, observer)?;
                judged.evidence = Some(if fit.rests_on_belief() {
                    format!("the file has too few variants to tell by; {evidence}")
                } else {
                    evidence
                });
            }
            judged.proposed = judgement.proposed;
            let needed = judged.repairs_needed();
            let explained = matches!(judged.verdict, Verdict::Explained(_)) && judged.proposed.is_some();
            judged.accepted = explained
                && needed.is_covered_by(allowed)
                && (needed.is_empty() || judged.posterior >= thresholds.accept);
            if judged.accepted {
                judged.repaired = needed;
            }
            if judged.verdict.is_ok() && stated == Stated::Liftable {
                // The bases agree with the reference and the row says otherwise: somebody has to decide.
                judged.verdict = Verdict::StatesOtherAssembly;
                judged.accepted = false;
                judged.evidence = states_other(work, &row).map(|says| format!("{says}; REF fits as it is written"));
            }
        }
    }
    judged.id = row.id.map(String::from);
    Ok(judged)
}
