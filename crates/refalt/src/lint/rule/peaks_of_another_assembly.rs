//! Peaks that lie on another assembly than the variants.

use super::{Context, Row, Rule, TableCheck};
use crate::lint::finding::{Finding, Severity, grouped};
use crate::lint::statistic::{key_of, poisson_at_most};
use crate::overlap::{Enrichment, LONGEST_PEAK_BP};
use refalt_core::{Assembly, IntervalSet, Position};
use std::collections::HashSet;

/// Distinct positions that are looked at.
const MOST_PLACES: usize = 200_000;
/// The enrichment of regulatory variants in open chromatin that is taken for the least.
const LEAST_ENRICHMENT: f64 = 2.0;
pub(super) static RULE: Rule = Rule {
    code: "RF009",
    name: "peaks-of-another-assembly",
    severity: Severity::Error,
    finds: "peaks (`--peaks`) that count on another assembly than the variants",
    why: "An intersection of files on two assemblies keeps random variants. A study kept the 4.4 % of its GRCh38 variants \
          that lie in DNase peaks of GRCh37.",
    statistic: "Exact: a peak that ends behind the end of its chromosome in GRCh38 but not in GRCh37, or the other way \
                round, tells the assembly of the peaks; a note when the reference proves the same, else an error. By \
                numbers: variants in peaks against the same variants moved by 5 to 20 kb to either side (32 shifts), \
                which keeps GC, gene density and clustering; a warning when a twofold enrichment is excluded at p < 0.05 \
                (Poisson) and at least 3 hits are expected beside. With `--chain` the same is done after liftover, and a \
                warning follows, too, when the hits beyond those of moved places more than double. \
                False alarm: variants that are not regulatory in the peaks' cell type, as those of a screen of linked \
                variants.",
    remedy: "Take peaks of the assembly of the variants, or lift one of them (`refalt vet --chain` for variants), and \
             look at the overlap again.",
    source: "wgEncodeOpenChromDnaseK562Pk is a table of GRCh37; chromosome lengths of the Genome Reference Consortium.",
    table: Some(|context| {
        let peaks = context.peaks?;
        let spans = peaks
            .records
            .iter()
            .filter(|record| record.interval.len() <= LONGEST_PEAK_BP);
        let intervals: IntervalSet = spans.map(|record| (record.contig.clone(), record.interval)).collect();
        Some(Box::new(Check {
            context,
            intervals,
            seen: HashSet::new(),
            places: Vec::new(),
        }) as Box<dyn TableCheck + '_>)
    }),
    plan: None,
};

struct Check<'a> {
    context: &'a Context<'a>,
    intervals: IntervalSet,
    seen: HashSet<u64>,
    places: Vec<(String, Position)>,
}

/// Says whether a twofold enrichment is excluded.
fn is_no_more_than_beside(here: &Enrichment) -> bool {
    here.can_be_judged() && poisson_at_most(here.hits, LEAST_ENRICHMENT * here.beside()) < 0.05
}

/// Looks at places on the contigs of `intervals`.
fn enrichment(intervals: &IntervalSet, places: &[(String, Position)]) -> Enrichment {
    let places: Vec<(&str, Position)> = (places.iter().map(|(contig, place)| (contig.as_str(), *place))).collect();
    Enrichment::of(&places, |contig, position| intervals.contains(contig, position))
}

impl Check<'_> {
    /// The one assembly of human whose chromosomes hold all peaks, with an example that the other one does not.
    fn assembly_by_length(&self) -> Option<(Assembly, String)> {
        let peaks = self.context.peaks?;
        let outside = |assembly: Assembly| {
            peaks.records.iter().find(|record| {
                let plain = record.contig.as_str();
                let plain = plain.strip_prefix("chr").unwrap_or(plain);
                let contig = assembly.contigs().iter().find(|contig| contig.number == plain);
                contig.is_some_and(|contig| record.interval.bed_end() > contig.length_bp)
            })
        };
        match (outside(Assembly::GRCh38), outside(Assembly::GRCh37)) {
            (Some(record), None) => Some((Assembly::GRCh37, format!("{}:{}", record.contig, record.interval))),
            (None, Some(record)) => Some((Assembly::GRCh38, format!("{}:{}", record.contig, record.interval))),
            _ => None,
        }
    }
}

impl TableCheck for Check<'_> {
    fn row(&mut self, row: &Row<'_>) {
        let Some(variant) = row.variant.filter(|_| self.places.len() < MOST_PLACES) else {
            return;
        };
        // A file of peaks may hold some chromosomes only; others say nothing.
        if self.intervals.on(variant.contig.as_str()).is_empty() {
            return;
        }
        if self.seen.insert(key_of((variant.contig.as_str(), variant.position))) {
            self.places.push((variant.contig.to_string(), variant.position));
        }
    }

    fn finish(self: Box<Self>) -> Vec<Finding> {
        let mut found = Vec::new();
        if let Some((assembly, example)) = self.assembly_by_length() {
            let other = if assembly == Assembly::GRCh37 {
                Assembly::GRCh38
            } else {
                Assembly::GRCh37
            };
            let message =
                format!("the peaks are of {assembly}: `{example}` ends behind the chromosome's end in {other}");
            let is_theirs = self.context.reference.is_some_and(|reference| {
                use refalt_core::Reference as _;
                reference.assembly().proven() == Some(assembly)
            });
            let severity = if is_theirs { Severity::Note } else { Severity::Error };
            found.push(Finding::new(&RULE, severity, message).with("assembly_of_peaks", assembly.name()));
        }
        let here = enrichment(&self.intervals, &self.places);
        let lifted = self.context.chain.map(|chain| {
            let lift = |(contig, position): &(String, Position)| {
                let lifted = chain.lift_position(contig, *position).ok()?;
                Some((lifted.place.contig.to_string(), lifted.place.position))
            };
            let places: Vec<_> = self.places.iter().filter_map(lift).collect();
            enrichment(&self.intervals, &places)
        });
        let fits_lifted = lifted.as_ref().is_some_and(|lifted| lifted.fits_better_than(&here));
        if is_no_more_than_beside(&here) || fits_lifted {
            let mut message = format!(
                "{} of {} places lie in peaks, {:.1} when they are moved by 5 to 20 kb",
                grouped(here.hits),
                grouped(here.places),
                here.beside()
            );
            if is_no_more_than_beside(&here) {
                message.push_str(": no more than beside");
            }
            let mut finding = Finding::new(&RULE, Severity::Warning, "")
                .with("places", self.places.len())
                .with("in_peaks", here.hits)
                .with("in_peaks_when_moved", here.beside())
                .with(
                    "p_of_twofold_enrichment",
                    poisson_at_most(here.hits, LEAST_ENRICHMENT * here.beside()),
                );
            if let Some(lifted) = lifted {
                message.push_str(&format!(
                    "; after liftover {} against {:.1}",
                    grouped(lifted.hits),
                    lifted.beside()
                ));
                finding = finding
                    .with("in_peaks_lifted", lifted.hits)
                    .with("in_peaks_lifted_when_moved", lifted.beside());
            }
            finding.message = message;
            found.push(finding);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::run::findings_with;

    /// 40 places, each in a peak of 500 bp, `offset` bases away from where the table says.
    fn run(offset: u32, peaks_end: u32) -> Vec<Finding> {
        let mut rows = String::from("chrom\tpos\tref\talt\n");
        let mut peaks = String::new();
        for index in 0..40_u32 {
            let at = 1_000_000 + index * 3000;
            rows.push_str(&format!("chr22\t{}\tA\tC\n", at + offset));
            peaks.push_str(&format!("chr22\t{}\t{}\n", at - 250, at + 250));
        }
        peaks.push_str(&format!("chr22\t{}\t{peaks_end}\n", peaks_end - 100));
        findings_with(&RULE, "a.tsv", &rows, |folder, request| {
            let path = folder.join("peaks.bed");
            std::fs::write(&path, &peaks).unwrap();
            request.peaks = Some(path);
        })
    }

    #[test]
    fn places_beside_the_peaks_are_found_and_places_in_them_are_silent() {
        assert!(run(0, 40_000_000).is_empty());
        let found = run(1200, 40_000_000);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Warning));
    }

    #[test]
    fn a_peak_behind_the_end_of_the_chromosome_tells_the_assembly() {
        // chr22 has 50,818,468 bases in GRCh38 and 51,304,566 in GRCh37.
        let found = run(0, 51_000_000);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Error));
        assert_eq!(found[0].evidence["assembly_of_peaks"], "GRCh37");
    }
}
