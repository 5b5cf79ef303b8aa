//! What is believed before a file is read, as numbers with their reasons.
//!
//! The numbers matter for files of a few rows; from some twenty rows up the genome outweighs them. `docs/audit.md`
//! shows what each does to the verdicts.

use crate::audit::hypothesis::{Convention, Coordinates, Hypothesis, Orientation, Shift, Spelling};

/// Probabilities that the audit starts from.
#[derive(Clone, Debug, PartialEq)]
pub struct Prior {
    /// That a file counts on the other assembly. A wrong build label is the commonest fault of a whole file; the
    /// caller raises this when the file itself says another assembly than the reference's.
    pub other_assembly: f64,
    /// That a file's positions have nothing to do with the reference under any of the conventions: they count on a
    /// build of which nobody thinks. Where no chain is given, the other assembly is one of these.
    pub unrelated: f64,
    /// That a file writes the effect or alternate allele first throughout.
    pub swapped: f64,
    /// That a file gives the alleles of an array's or a database's own strand, complement to the genome throughout.
    pub complement: f64,
    /// Both at once.
    pub swapped_complement: f64,
    /// That a file with named genes gives the alleles of the transcript, as HGVS `c.` names do. Used only when a
    /// row names a gene on the reverse strand.
    pub transcript_strand: f64,
    /// That a file's positions are one too low: the 0-based start of BED or SPDI read as 1-based.
    pub too_low: f64,
    /// That a file's positions are one too high.
    pub too_high: f64,
    /// Share of rows that follow the file's convention, on average over files.
    pub following: f64,
    /// Weight of that belief in rows: how many rows of a file say as much as the belief.
    pub following_rows: f64,
    /// Weight, in rows, of the belief how rows deviate: it keeps one or two odd rows from settling how all odd rows
    /// of their file came about.
    pub deviating_rows: f64,
    /// That the rows of a file which do not follow differ in no way that the hypotheses know. Without it a file with one
    /// rare fault in a third of its rows is less probable than one whose positions have nothing to do with the reference.
    pub deviating_by_chance: f64,
    /// Of the rows that do not follow: how they differ.
    pub deviation: DeviationPrior,
    /// That a base of the other assembly lies in a gap of its chain. The chain between the two human builds leaves
    /// out less than 2 % of the sequenced bases.
    pub gap: f64,
    /// That an insertion repeats the bases beside it; else its bases are random.
    pub duplicating_insertion: f64,
    /// That a name which gives a place or a known variant is right, and its odds against a coincidence.
    pub named_place: Agreement,
    /// That the alleles in a name are those of the row under the true hypothesis, and under a wrong one.
    pub named_alleles: Agreement,
    /// That the version of an accession states the assembly rightly, and wrongly.
    pub accession: Agreement,
}

/// How a row differs from the convention of its file, given that it does: probabilities of each part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviationPrior {
    /// The other of the two assemblies.
    pub coordinates: f64,
    /// REF and ALT exchanged.
    pub swapped: f64,
    /// The other strand.
    pub complement: f64,
    /// Both.
    pub swapped_complement: f64,
    /// Another position, each of the two.
    pub shift: f64,
    /// Nothing that the 24 hypotheses know: a typing error, another variant, a base that was revised.
    pub unexplained: f64,
}

/// Probability of an agreement under the true hypothesis and under a false one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Agreement {
    /// Factor of a hypothesis with which the name agrees.
    pub agrees: f64,
    /// Factor of a hypothesis with which it disagrees.
    pub disagrees: f64,
}

impl Default for Prior {
    fn default() -> Self {
        Self {
            other_assembly: 0.1,
            unrelated: 0.01,
            swapped: 0.06,
            complement: 0.03,
            swapped_complement: 0.01,
            transcript_strand: 0.25,
            too_low: 0.02,
            too_high: 0.01,
            following: 0.98,
            following_rows: 10.0,
            deviating_rows: 2.0,
            deviating_by_chance: 0.1,
            deviation: DeviationPrior {
                coordinates: 0.15,
                swapped: 0.25,
                complement: 0.15,
                swapped_complement: 0.05,
                shift: 0.075,
                unexplained: 0.1,
            },
            gap: 0.02,
            duplicating_insertion: 0.5,
            // One name in twenty is wrong; that a wrong one points exactly where another hypothesis leads is rarer still.
            named_place: Agreement {
                agrees: 0.95,
                disagrees: 0.001,
            },
            // HGVS alleles are on the strand of the gene; one table in ten writes them otherwise.
            named_alleles: Agreement {
                agrees: 0.95,
                disagrees: 0.1,
            },
            accession: Agreement {
                agrees: 0.98,
                disagrees: 0.02,
            },
        }
    }
}

impl Prior {
    /// Returns the probability that a file follows none of the conventions, its positions having nothing to do with the
    /// reference.
    ///
    /// * `weighs_other_build`: whether there is a chain, so that the other assembly is among the conventions.
    pub fn unrelated(&self, weighs_other_build: bool) -> f64 {
        let other = if weighs_other_build { 0.0 } else { self.other_assembly };
        (self.unrelated + other).min(0.99)
    }

    /// Returns the probability of a convention for a file that follows one.
    ///
    /// * `has_lift`: whether the other assembly is considered at all.
    /// * `has_reverse_gene`: whether some row names a gene on the reverse strand.
    pub fn convention(&self, convention: Convention, has_lift: bool, has_reverse_gene: bool) -> f64 {
        let other = if has_lift { self.other_assembly } else { 0.0 };
        let coordinates = match convention.coordinates {
            Coordinates::AsSaid => 1.0 - other,
            Coordinates::OtherAssembly => other,
        };
        let transcript = if has_reverse_gene { self.transcript_strand } else { 0.0 };
        let uniform = 1.0 - transcript;
        let spelling = match convention.spelling {
            Spelling::TranscriptStrand => transcript,
            Spelling::Uniform(Orientation::AsWritten) => {
                uniform * (1.0 - self.swapped - self.complement - self.swapped_complement)
            }
            Spelling::Uniform(Orientation::Swapped) => uniform * self.swapped,
            Spelling::Uniform(Orientation::Complement) => uniform * self.complement,
            Spelling::Uniform(Orientation::SwappedComplement) => uniform * self.swapped_complement,
        };
        let shift = match convention.shift {
            Shift::None => 1.0 - self.too_low - self.too_high,
            Shift::WrittenTooLow => self.too_low,
            Shift::WrittenTooHigh => self.too_high,
        };
        coordinates * spelling * shift
    }

    /// Returns how a row that deviates from `followed` is distributed over the other hypotheses, and last over
    /// "unexplained"; the entry of `followed` is 0 and the 25 sum to 1.
    pub fn deviations(&self, followed: Hypothesis, has_lift: bool) -> [f64; Hypothesis::COUNT + 1] {
        let prior = &self.deviation;
        let mut weights = [0.0; Hypothesis::COUNT + 1];
        for hypothesis in Hypothesis::all() {
            if hypothesis == followed || (!has_lift && hypothesis.coordinates == Coordinates::OtherAssembly) {
                continue;
            }
            let coordinates = match (hypothesis.coordinates == followed.coordinates, has_lift) {
                (true, true) => 1.0 - prior.coordinates,
                (true, false) => 1.0,
                (false, _) => prior.coordinates,
            };
            let orientation = match hypothesis.orientation.then(followed.orientation) {
                Orientation::AsWritten => 1.0 - prior.swapped - prior.complement - prior.swapped_complement,
                Orientation::Swapped => prior.swapped,
                Orientation::Complement => prior.complement,
                Orientation::SwappedComplement => prior.swapped_complement,
            };
            let shift = if hypothesis.shift == followed.shift {
                1.0 - 2.0 * prior.shift
            } else {
                prior.shift
            };
            weights[hypothesis.index()] = coordinates * orientation * shift;
        }
        let explained: f64 = weights.iter().sum();
        for weight in &mut weights {
            *weight *= (1.0 - prior.unexplained) / explained;
        }
        weights[Hypothesis::COUNT] = prior.unexplained;
        weights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beliefs_sum_to_one() {
        let prior = Prior::default();
        for (has_lift, has_reverse_gene) in [(false, false), (true, false), (false, true), (true, true)] {
            let sum: f64 = Convention::all()
                .map(|convention| prior.convention(convention, has_lift, has_reverse_gene))
                .sum();
            assert!((sum - 1.0).abs() < 1e-12, "{sum}");
            for followed in Hypothesis::all().filter(|h| has_lift || h.coordinates == Coordinates::AsSaid) {
                let weights = prior.deviations(followed, has_lift);
                assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-12);
                assert_eq!(weights[followed.index()], 0.0);
            }
        }
    }
}
