//! The verdict on one row, from what its file does, its own bases and its names.

use crate::audit::fit::FileFit;
use crate::audit::hypothesis::{Hypothesis, Orientation, Shift};
use crate::audit::likelihood::UNEXPLAINED;
use crate::audit::observe::{Observation, Observer, RowAlleles};
use crate::normalize::check_on;
use crate::reference::ReferenceError;
use crate::variant::{CheckedVariant, Variant};
use crate::{Interval, VariantError};

/// What the audit says of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// One hypothesis explains the row; [`Hypothesis::AS_WRITTEN`] is `ok`.
    Explained(Hypothesis),
    /// Several readings that mean different variants, or different effect alleles, are comparably probable.
    Ambiguous,
    /// REF differs from the reference and nothing known explains it.
    RefMismatch,
    /// The place is outside the reference.
    NotInReference,
    /// The reference has N at the place.
    NInReference,
    /// The row is right, but its normal form reaches the edge of the known sequence.
    LeftEdge,
    /// REF and ALT are the same.
    NoChange,
    /// An allele has letters other than A, C, G, T.
    AmbiguousBases,
    /// ALT is symbolic, such as `<DEL>`.
    Symbolic,
    /// ALT is `*`.
    StarAllele,
    /// ALT is a breakend.
    Breakend,
    /// ALT is `.`.
    NoAlternate,
    /// The row holds no variant that could be read.
    Malformed,
    /// The same variant stands in an earlier row.
    Duplicate,
    /// The row states another assembly than that of the reference, and nothing moves it there.
    StatesOtherAssembly,
}

impl Verdict {
    /// Returns the word for tables; an explained row is named by its repairs joined with `+`.
    pub fn name(self) -> String {
        match self {
            Self::Explained(hypothesis) => hypothesis.to_string(),
            other => other.fixed_name().to_owned(),
        }
    }

    /// Returns the word of a verdict that is none of [`Verdict::Explained`].
    const fn fixed_name(self) -> &'static str {
        match self {
            Self::Explained(_) => "explained",
            Self::Ambiguous => "ambiguous",
            Self::RefMismatch => "ref_mismatch",
            Self::NotInReference => "not_in_reference",
            Self::NInReference => "n_in_reference",
            Self::LeftEdge => "left_edge",
            Self::NoChange => "no_change",
            Self::AmbiguousBases => "ambiguous_bases",
            Self::Symbolic => "symbolic",
            Self::StarAllele => "star_allele",
            Self::Breakend => "breakend",
            Self::NoAlternate => "no_alternate",
            Self::Malformed => "malformed",
            Self::Duplicate => "duplicate",
            Self::StatesOtherAssembly => "states_other_assembly",
        }
    }

    /// Says whether the row is right as it stands.
    pub fn is_ok(self) -> bool {
        self == Self::Explained(Hypothesis::AS_WRITTEN)
    }
}

/// When a reading is believed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Thresholds {
    /// A row is `ok` from this probability on; below it is `ambiguous`.
    pub accept: f64,
    /// Another reading is named as the verdict from this probability on; repairs are still done from `accept` on only.
    pub name: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            accept: 0.9,
            name: 0.75,
        }
    }
}

/// A reading of a row: all hypotheses that lead to the same variant with the same effect allele.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The most probable of the hypotheses; `None` for "nothing explains the row".
    pub hypothesis: Option<Hypothesis>,
    /// The variant in normal form, where the genome confirms it.
    pub variant: Option<CheckedVariant>,
    /// Probability.
    pub posterior: f64,
}

/// The verdict on a row with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Probability of the reading that the verdict is about; 1 where the verdict needs no weighing.
    pub posterior: f64,
    /// The variant that the row is taken to mean, in normal form: itself when `ok`, the proposal otherwise; `None`
    /// where the readings disagree or nothing is confirmed.
    pub proposed: Option<CheckedVariant>,
    /// Readings, most probable first, without those below 1 %.
    pub readings: Vec<Reading>,
}

/// Probabilities below this are not followed up.
const SMALL: f64 = 1e-4;

/// Judges a row.
///
/// * `row`, `observation`: the row and what `observer` observed of it.
/// * `fit`: what the file does.
///
/// # Errors
/// [`ReferenceError`] when the reference cannot be read.
pub fn judge(
    row: &RowAlleles<'_>,
    observation: &Observation,
    observer: &Observer<'_>,
    fit: &FileFit,
    thresholds: Thresholds,
) -> Result<Judgement, ReferenceError> {
    let posterior = fit.posterior(observation);
    let mut order: Vec<Hypothesis> = Hypothesis::all()
        .filter(|hypothesis| posterior[hypothesis.index()] > SMALL)
        .collect();
    // Stable, so equally probable hypotheses stay simplest first.
    order.sort_by(|a, b| posterior[b.index()].total_cmp(&posterior[a.index()]));
    let mut readings: Vec<Reading> = Vec::new();
    let mut edge = false;
    for hypothesis in order {
        let probability = posterior[hypothesis.index()];
        let variant = confirm(row, hypothesis, observer, &mut edge)?;
        let same = readings.iter_mut().find(|reading| {
            reading
                .hypothesis
                .is_some_and(|known| known.orientation.is_swapped() == hypothesis.orientation.is_swapped())
                && variant.is_some()
                && reading.variant == variant
        });
        match same {
            Some(reading) => {
                reading.posterior += probability;
                // A reading with nothing to repair is the one to name.
                if hypothesis == Hypothesis::AS_WRITTEN {
                    reading.hypothesis = Some(hypothesis);
                }
            }
            None => readings.push(Reading {
                hypothesis: Some(hypothesis),
                variant,
                posterior: probability,
            }),
        }
    }
    readings.push(Reading {
        hypothesis: None,
        variant: None,
        posterior: posterior[UNEXPLAINED],
    });
    readings.sort_by(|a, b| b.posterior.total_cmp(&a.posterior));
    let best = &readings[0];
    let (mut verdict, proposed) = decide(row, observation, observer, &readings, thresholds, edge);
    // What is believed of files is no evidence on a row.
    if fit.rests_on_belief() && matches!(verdict, Verdict::Explained(_)) {
        verdict = Verdict::Ambiguous;
    }
    let posterior = best.posterior;
    readings.retain(|reading| reading.posterior >= 0.01);
    Ok(Judgement {
        verdict,
        posterior,
        proposed,
        readings,
    })
}

fn decide(
    row: &RowAlleles<'_>,
    observation: &Observation,
    observer: &Observer<'_>,
    readings: &[Reading],
    thresholds: Thresholds,
    edge: bool,
) -> (Verdict, Option<CheckedVariant>) {
    let best = &readings[0];
    let unknown_as_written = observation.unknown.contains(Hypothesis::AS_WRITTEN);
    let unknown = || {
        if unknown_as_written && has_n(row, observer) {
            Verdict::NInReference
        } else if unknown_as_written {
            Verdict::NotInReference
        } else {
            Verdict::RefMismatch
        }
    };
    let Some(hypothesis) = best.hypothesis else {
        // A REF that fits a file whose positions have nothing to do with the reference fits by chance, and differs not.
        if observation.matches.contains(Hypothesis::AS_WRITTEN) {
            return (Verdict::Ambiguous, None);
        }
        return (unknown(), None);
    };
    if observation.unknown.contains(hypothesis) {
        return (unknown(), None);
    }
    let needed = if hypothesis == Hypothesis::AS_WRITTEN {
        thresholds.accept
    } else {
        thresholds.name
    };
    if best.posterior < needed {
        // Readings that differ only in which allele is the effect allele agree on the variant.
        let contenders: Vec<&Reading> = readings
            .iter()
            .filter(|reading| reading.posterior > (1.0 - thresholds.accept) / 2.0)
            .collect();
        let agreed = contenders.iter().all(|reading| reading.variant == best.variant);
        return (Verdict::Ambiguous, best.variant.clone().filter(|_| agreed));
    }
    match &best.variant {
        Some(variant) => (Verdict::Explained(hypothesis), Some(variant.clone())),
        // The bases match, so only left-alignment can have failed: at the edge of what is known, or at an N.
        None if edge => (Verdict::LeftEdge, None),
        None => (Verdict::NInReference, None),
    }
}

/// Brings the variant of a hypothesis into normal form; `None` when the genome does not confirm it.
fn confirm(
    row: &RowAlleles<'_>,
    hypothesis: Hypothesis,
    observer: &Observer<'_>,
    edge: &mut bool,
) -> Result<Option<CheckedVariant>, ReferenceError> {
    let Some((contig, variant)) = observer.implied(row, hypothesis) else {
        return Ok(None);
    };
    match check_on(&variant, contig, observer.reference()) {
        Ok(checked) => Ok(Some(checked)),
        Err(VariantError::Reference(error)) => Err(error),
        Err(VariantError::LeftEdge { .. } | VariantError::NoAnchor { .. }) => {
            *edge = true;
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

/// Says whether the place as written lies on the reference, which then has N there.
fn has_n(row: &RowAlleles<'_>, observer: &Observer<'_>) -> bool {
    let length_bp = u32::try_from(row.reference_bases.len()).unwrap_or(u32::MAX);
    row.contig_id
        .zip(Interval::at(row.position, length_bp))
        .is_some_and(|(contig, interval)| observer.reference().contig(contig).known_part(interval).is_some())
}

/// Says whether the alleles are their own reverse complement in exchange, A/T, C/G and longer ones: then swapping and
/// complementing give the same variant, and only other rows can tell which allele an effect belongs to.
///
/// ```
/// use refalt_core::audit::is_palindromic;
///
/// assert!(is_palindromic(b"A", b"T") && is_palindromic(b"AC", b"GT"));
/// assert!(!is_palindromic(b"A", b"C"));
/// ```
pub fn is_palindromic(reference_bases: &[u8], alternate_bases: &[u8]) -> bool {
    reference_bases.len() == alternate_bases.len()
        && reference_bases
            .iter()
            .rev()
            .map(|&base| crate::dna::complement(base))
            .eq(alternate_bases.iter().copied())
}

impl Judgement {
    /// Returns the reasons in a sentence or two, for people.
    ///
    /// * `variant`: the row as written.
    pub fn explain(
        &self,
        variant: &Variant,
        row: &RowAlleles<'_>,
        observation: &Observation,
        observer: &Observer<'_>,
    ) -> Result<String, ReferenceError> {
        let mut parts = vec![self.reference_fact(variant, row, observation, observer)?];
        if is_palindromic(row.reference_bases, row.alternate_bases) {
            parts.push("the alleles are complementary, so their strand cannot be read off them".to_owned());
        }
        let told: Vec<String> = self
            .readings
            .iter()
            .take(4)
            .map(|reading| {
                let name = reading.hypothesis.map_or_else(|| "unexplained".to_owned(), describe);
                match &reading.variant {
                    Some(variant) => format!("{name} {:.3} ({variant})", reading.posterior),
                    None => format!("{name} {:.3}", reading.posterior),
                }
            })
            .collect();
        if !told.is_empty() {
            parts.push(told.join(", "));
        }
        parts.extend(name_facts(
            observation,
            self.readings.first().and_then(|reading| reading.hypothesis),
        ));
        Ok(parts.join("; "))
    }

    fn reference_fact(
        &self,
        variant: &Variant,
        row: &RowAlleles<'_>,
        observation: &Observation,
        observer: &Observer<'_>,
    ) -> Result<String, ReferenceError> {
        if observation.matches.contains(Hypothesis::AS_WRITTEN) {
            return Ok("REF as written matches".to_owned());
        }
        if observation.unknown.contains(Hypothesis::AS_WRITTEN) {
            return Ok("the reference does not know the place as written".to_owned());
        }
        let (Some(contig), Some(interval)) = (row.contig_id, variant.reference_interval()) else {
            return Ok("the reference does not have the contig".to_owned());
        };
        let mut bases = Vec::new();
        observer.reference().fetch(contig, interval, &mut bases)?;
        Ok(format!(
            "the reference has {} at {}:{}, REF is {}",
            String::from_utf8_lossy(&bases),
            variant.contig,
            variant.position,
            variant.reference_bases
        ))
    }
}

/// Names a hypothesis with the direction of an offset.
fn describe(hypothesis: Hypothesis) -> String {
    match hypothesis.shift {
        Shift::None => hypothesis.to_string(),
        Shift::WrittenTooHigh => format!("{hypothesis} (one too high)"),
        Shift::WrittenTooLow => format!("{hypothesis} (one too low)"),
    }
}

fn name_facts(observation: &Observation, best: Option<Hypothesis>) -> Vec<String> {
    let mut facts = Vec::new();
    if let Some(strand) = observation.gene_strand {
        facts.push(format!("its gene is on the {strand} strand"));
    }
    let said = |what: &str, agrees: bool| format!("{what} {}", if agrees { "agrees" } else { "disagrees" });
    for (what, set) in [
        ("the place of its HGVS name", observation.names.place),
        ("the base change of its name", observation.names.alleles),
        ("the known variant of its identifier", observation.names.site),
    ] {
        if let (Some(set), Some(best)) = (set, best) {
            facts.push(if set.is_empty() {
                format!("{what} fits no hypothesis")
            } else {
                said(what, set.contains(best))
            });
        }
    }
    if observation.states_other_assembly {
        facts.push("it says itself that it is on another assembly than the reference".to_owned());
    }
    if best.is_some_and(|best| best.orientation != Orientation::AsWritten && best.orientation.is_swapped()) {
        facts.push("an effect of ALT changes its sign".to_owned());
    }
    facts
}
