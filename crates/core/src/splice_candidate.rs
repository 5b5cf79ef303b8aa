//! Candidate splice sites: the places between which a model predicts junctions.
//!
//! The published model counts junctions between a few hundred sites of each class, chosen for REF and ALT together. A
//! model that runs in process makes the choice here; a hosted one has made it.

use crate::align::Alignment;
use crate::annotation::{Annotation, SpliceSiteClass};
use crate::backend::OutputRequest;
use crate::gene_signal;
use crate::scorer::ScoringPlace;
use crate::track::{BinSpans, OutputType};
use crate::variant::CheckedVariant;
use crate::window::{Offset, Window};

/// How candidates are chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct CandidateOptions {
    /// Sites of a class that are kept, at most.
    pub per_class: usize,
    /// Probability that a site must reach; 0 keeps `per_class` sites whatever their probability.
    pub threshold: f32,
    /// Bases (bins of 1 bp) where sites are looked for; elsewhere every probability, and every known site, counts as 0.
    /// `None` looks everywhere.
    pub within: Option<BinSpans>,
}

impl Default for CandidateOptions {
    /// The published 512 sites of a class with a probability of at least 0.1, everywhere.
    fn default() -> Self {
        Self {
            per_class: 512,
            threshold: 0.1,
            within: None,
        }
    }
}

/// Predicted probabilities of sites, one row for each base of the window.
#[derive(Clone, Copy, Debug)]
pub struct SiteProbabilities<'a> {
    /// Of REF, `[bases x columns]`, row-major; the first four columns are the classes of [`SpliceSiteClass::ALL`].
    pub reference: &'a [f32],
    /// Of ALT, laid on reference coordinates ([`on_reference`](crate::align::on_reference)), if there is one.
    pub alternate: Option<&'a [f32]>,
    /// Number of columns, 4 or more.
    pub columns: usize,
}

/// The values do not make rows for REF and ALT alike.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reference} values of REF and {alternate} of ALT do not make equal rows of {columns} columns, at least 4")]
pub struct CandidateError {
    /// Values of REF.
    pub reference: usize,
    /// Values of ALT.
    pub alternate: usize,
    /// Columns.
    pub columns: usize,
}

/// Chooses the candidate sites of each class, ascending.
///
/// The value of a base is the greatest of the probability in REF, that in ALT, and 1 where a site is known. Of each
/// class the `per_class` bases with the greatest values are kept, of equal ones those with the lower coordinate; then
/// those below the threshold are dropped. A value that is NaN is no site. Which of equal values the published model
/// keeps is not defined there (`approx_max_k`); the values that are kept are the same.
///
/// * `known`: annotated sites, in any order.
///
/// # Errors
/// [`CandidateError`] when the values do not make rows.
///
/// # Source
/// `generate_splice_site_positions` of alphagenome_research 3f79219, which pads with -1 where this list ends.
pub fn candidate_splice_sites(
    probabilities: &SiteProbabilities<'_>,
    known: &[(Offset, SpliceSiteClass)],
    options: &CandidateOptions,
) -> Result<[Vec<Offset>; 4], CandidateError> {
    let SiteProbabilities {
        reference,
        alternate,
        columns,
    } = *probabilities;
    let other = alternate.map_or(reference.len(), <[f32]>::len);
    if columns < 4 || !reference.len().is_multiple_of(columns) || other != reference.len() {
        return Err(CandidateError {
            reference: reference.len(),
            alternate: other,
            columns,
        });
    }
    let bases = reference.len() / columns;
    let mut values = vec![0.0f32; bases * 4];
    for (base, row) in values.chunks_exact_mut(4).enumerate() {
        let from = base * columns;
        row.copy_from_slice(&reference[from..from + 4]);
        if let Some(alternate) = alternate {
            for (value, &a) in row.iter_mut().zip(&alternate[from..from + 4]) {
                if a > *value || a.is_nan() {
                    *value = a;
                }
            }
        }
    }
    for &(offset, class) in known {
        if let Some(value) = values.get_mut(offset.index() * 4 + class.index()) {
            *value = value.max(1.0);
        }
    }
    if let Some(within) = &options.within {
        let mut next = 0;
        for span in within.as_slice() {
            let start = span.start().min(bases);
            values[next * 4..start.max(next) * 4].fill(0.0);
            next = span.end().min(bases);
        }
        values[next * 4..].fill(0.0);
    }
    Ok(SpliceSiteClass::ALL.map(|class| choose(&values, class, options)))
}

fn choose(values: &[f32], class: SpliceSiteClass, options: &CandidateOptions) -> Vec<Offset> {
    let mut sites: Vec<(f32, u32)> = values
        .iter()
        .skip(class.index())
        .step_by(4)
        .copied()
        .zip(0..)
        .filter(|(value, _)| *value >= options.threshold)
        .collect();
    let order = |one: &(f32, u32), other: &(f32, u32)| other.0.total_cmp(&one.0).then(one.1.cmp(&other.1));
    if sites.len() > options.per_class {
        sites.select_nth_unstable_by(options.per_class, order);
        sites.truncate(options.per_class);
    }
    let mut offsets: Vec<Offset> = sites.into_iter().map(|(_, offset)| Offset::new(offset)).collect();
    offsets.sort_unstable();
    offsets
}

/// Returns the annotated sites in a window, class by class, ascending.
pub fn known_splice_sites(annotation: &Annotation, window: &Window) -> Vec<(Offset, SpliceSiteClass)> {
    let sites = |class| {
        let found = annotation.splice_sites(window.contig().as_str(), window.interval(), class);
        found.filter_map(move |site| Some((window.offset_of(site)?, class)))
    };
    SpliceSiteClass::ALL.into_iter().flat_map(sites).collect()
}

/// What a model that chooses candidate sites itself is told of a place, besides its bases; nothing where no junctions are asked
/// for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Splicing {
    alignments: Vec<Alignment>,
    known_sites: Vec<(Offset, SpliceSiteClass)>,
}

impl Splicing {
    /// Returns what is to be told.
    ///
    /// * `variants`: of the alternate sequences, in order. One that does not lie in the window, which has no alternate
    ///   sequence, leaves the alternates without alignments.
    /// * `annotation`: where sites are known.
    pub fn of<'a>(
        outputs: &[OutputRequest],
        window: &Window,
        variants: impl IntoIterator<Item = &'a CheckedVariant>,
        annotation: Option<&Annotation>,
    ) -> Self {
        if outputs
            .iter()
            .all(|request| request.output != OutputType::SpliceJunctions)
        {
            return Self::default();
        }
        let alignments = variants.into_iter().map(|variant| Alignment::of(variant, window));
        Self {
            alignments: alignments.collect::<Result<_, _>>().unwrap_or_default(),
            known_sites: annotation.map_or_else(Vec::new, |annotation| known_splice_sites(annotation, window)),
        }
    }

    /// Lets sites be looked for in the genes that a variant touches, where it touches any; returns what is to be told.
    ///
    /// METHOD: as the published model predicts a variant. Scorers ask for the same genes by themselves
    /// ([`SpliceJunction`](crate::scorer::splice_junction::SpliceJunction)), and for nothing where there are none.
    pub fn of_predicted_variant(
        outputs: &mut [OutputRequest],
        window: &Window,
        variant: &CheckedVariant,
        annotation: Option<&Annotation>,
    ) -> Self {
        let junctions = outputs
            .iter_mut()
            .find(|request| request.output == OutputType::SpliceJunctions);
        if let (Some(request), Some(annotation)) = (junctions, annotation) {
            let place = ScoringPlace {
                variant,
                window,
                annotation: Some(annotation),
            };
            let bodies = gene_signal::bodies(annotation, &place).into_iter();
            let bodies: BinSpans = bodies.flat_map(|(_, spans)| spans).collect();
            if !bodies.is_empty() {
                request.spans = bodies;
            }
        }
        Self::of(outputs, window, [variant], annotation)
    }

    /// Returns how each alternate lies on the reference.
    pub fn alignments(&self) -> &[Alignment] {
        &self.alignments
    }

    /// Returns the annotated sites.
    pub fn known_sites(&self) -> &[(Offset, SpliceSiteClass)] {
        &self.known_sites
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Bin, BinSpan};

    fn offsets(values: &[f32], known: &[u32], options: &CandidateOptions) -> Vec<usize> {
        let rows: Vec<f32> = values.iter().flat_map(|&value| [value, 0.0, 0.0, 0.0]).collect();
        let probabilities = SiteProbabilities {
            reference: &rows,
            alternate: None,
            columns: 4,
        };
        let known: Vec<_> = known
            .iter()
            .map(|&at| (Offset::new(at), SpliceSiteClass::DonorForward))
            .collect();
        let [donors, ..] = candidate_splice_sites(&probabilities, &known, options).unwrap();
        donors.into_iter().map(Offset::index).collect()
    }

    #[test]
    fn of_equal_values_the_lower_coordinate_is_kept() {
        let two = CandidateOptions {
            per_class: 2,
            ..CandidateOptions::default()
        };
        assert_eq!(offsets(&[0.5, 0.9, 0.5, 0.5], &[], &two), [0, 1]);
        assert_eq!(offsets(&[0.5, 0.9, f32::NAN, 0.05], &[3], &two), [1, 3]);
    }

    #[test]
    fn outside_the_genes_there_is_no_site() {
        let within = BinSpan::new(Bin::new(1), Bin::new(3)).into();
        let options = CandidateOptions {
            within: Some(within),
            ..CandidateOptions::default()
        };
        assert_eq!(offsets(&[0.9, 0.9, 0.2, 0.9, 0.9], &[4], &options), [1, 2]);
        let none = CandidateOptions {
            within: Some(BinSpans::default()),
            ..CandidateOptions::default()
        };
        assert!(offsets(&[0.9, 0.9], &[0], &none).is_empty());
    }
}
