//! The polyadenylation scorer: a shift of coverage between the sites where a gene's transcripts end.

use super::{
    Needs, ScoreError, ScoreKind, ScoreRows, Scorer, ScorerDocs, ScoringInput, ScoringPlace, TrackScores,
    WithoutArguments,
};
use crate::annotation::{Annotation, GeneIndex, PolyaSite};
use crate::backend::OutputRequest;
use crate::gene_signal::{self, GeneSignal};
use crate::strand::Strand;
use crate::track::{Bin, BinSpan, OutputType, TrackSet};
use crate::window::{RefAlt, Window};
use std::fmt;

/// Bases of coverage read before each site, in bp.
pub const COVERAGE_BP: u32 = 400;

/// Scores the genes that the variant touches by the greatest shift between early and late sites, ALT laid on REF.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Polyadenylation;

/// A gene that can be scored, with its sites in the window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneSites<'a> {
    /// The gene.
    pub gene: GeneIndex,
    /// Its sites in the window, in the order of their table.
    pub sites: Vec<PolyaSite<'a>>,
}

impl Polyadenylation {
    /// Returns the genes that the variant touches and that can be scored.
    ///
    /// With the window [s, e), a gene needs sites on its strand, 80 % of them with a start of at least s, 80 % with an
    /// end below e, and two or more with both.
    pub fn genes<'a>(annotation: &'a Annotation, place: &ScoringPlace<'_>) -> Vec<GeneSites<'a>> {
        let Some(table) = annotation.polya_sites() else {
            return Vec::new();
        };
        let begins = |site: &PolyaSite<'_>| i64::from(site.span.bed_start()) >= place.window.bed_start();
        let ends = |site: &PolyaSite<'_>| i64::from(site.span.bed_end()) < place.window.bed_end();
        let mut genes = Vec::new();
        for index in gene_signal::touched(annotation, place) {
            let gene = annotation.gene(index);
            let mut sites: Vec<PolyaSite<'a>> = table
                .of_gene(gene.id)
                .filter(|site| site.strand == gene.strand)
                .collect();
            let share = |keep: &dyn Fn(&PolyaSite<'_>) -> bool| {
                sites.iter().filter(|site| keep(site)).count() as f64 / sites.len() as f64
            };
            // No site at all is 0 / 0, NaN, and not enough.
            if !(share(&begins) >= 0.8 && share(&ends) >= 0.8) {
                continue;
            }
            sites.retain(|site| begins(site) && ends(site));
            if sites.len() > 1 {
                genes.push(GeneSites { gene: index, sites });
            }
        }
        genes
    }

    /// Returns the bases (bins of 1 bp) whose coverage counts for a site: up to its first base in transcript order.
    fn coverage(site: &PolyaSite<'_>, window: &Window) -> BinSpan {
        let offset = i64::from(site.span.bed_start()) - window.bed_start();
        let width = i64::from(COVERAGE_BP);
        let (from, to) = match site.strand {
            Strand::Forward => (offset + 1 - width, offset + 1),
            Strand::Reverse => (offset, offset + width),
        };
        let length = window.length().get();
        let clamp = |base: i64| Bin::new(u32::try_from(base.clamp(0, i64::from(length))).unwrap_or(length));
        BinSpan::new(clamp(from), clamp(to))
    }
}

impl fmt::Display for Polyadenylation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{CLASS}()")
    }
}

/// Returns the value, 0 when it is NaN or infinite.
fn finite(value: f64) -> f64 {
    if value.is_finite() { value } else { 0.0 }
}

/// Returns the greatest |log2| of mean early over mean late ratio, over all ways to part the sites into early and late.
///
/// * `ratios`: `[sites x tracks]`, finite.
fn scores(ratios: &[f64], tracks: usize, scores: &mut [f32]) {
    let count = ratios.len() / tracks.max(1);
    for (track, score) in scores.iter_mut().enumerate() {
        let ratio = |site: usize| ratios[site * tracks + track];
        let mut best = 0.0f64;
        let mut early = 0.0;
        for split in 1..count {
            early += ratio(split - 1);
            let late: f64 = (split..count).map(ratio).sum();
            let scale = (count - split) as f64 / split as f64;
            best = best.max(finite((scale * early / late).log2().abs()));
        }
        *score = best as f32;
    }
}

impl Scorer for Polyadenylation {
    fn output(&self) -> OutputType {
        OutputType::RnaSeq
    }

    fn kind(&self) -> ScoreKind {
        ScoreKind::UnsignedEffect
    }

    fn needs(&self) -> Needs {
        Needs::PolyaSites
    }

    fn request(&self, _tracks: &TrackSet, place: &ScoringPlace<'_>) -> OutputRequest {
        let genes = place
            .annotation
            .map_or_else(Vec::new, |annotation| Self::genes(annotation, place));
        let spans: Vec<BinSpan> = genes
            .iter()
            .flat_map(|gene| &gene.sites)
            .map(|site| Self::coverage(site, place.window))
            .collect();
        gene_signal::request(self.output(), [spans.as_slice()], place)
    }

    fn score(&self, input: &ScoringInput<'_>) -> Result<TrackScores, ScoreError> {
        let annotation = input.place.annotation_for(self)?;
        let signal = GeneSignal::of(self, input)?;
        let tracks = signal.tracks().len();
        let genes = Self::genes(annotation, &input.place);
        let mut raw = vec![0.0; genes.len() * tracks];
        let mut sums = RefAlt {
            reference: Vec::new(),
            alternate: Vec::new(),
        };
        let mut ratios: Vec<f64> = Vec::new();
        for (gene, row) in genes.iter().zip(raw.chunks_exact_mut(tracks.max(1))) {
            ratios.clear();
            for site in &gene.sites {
                signal.sum(&[Self::coverage(site, input.place.window)], &mut sums)?;
                ratios.extend(sums.reference.iter().zip(&sums.alternate).map(|(r, a)| finite(a / r)));
            }
            scores(&ratios, tracks, row);
        }
        let rows = genes.iter().map(|gene| gene_signal::row(annotation, gene.gene));
        Ok(TrackScores {
            rows: ScoreRows::Genes(rows.collect()),
            raw,
        })
    }
}

const CLASS: &str = "PolyadenylationScorer";

/// The class `PolyadenylationScorer` for the table of scorers.
pub const KIND: WithoutArguments = WithoutArguments {
    class: CLASS,
    docs: &DOCS,
    make: || Box::new(Polyadenylation),
};

static DOCS: ScorerDocs = ScorerDocs {
    measures: "How far the variant shifts the ends of a gene's transcripts between its early and its late sites of \
        polyadenylation.",
    formula: "PAS: max over k of |log2(((N - k) / k) * P / D)|, with P the sum of x over the first k sites, D the sum \
        over the others and N the number of sites. x is the ratio sum(A) / sum(R) of RNA_SEQ over the 400 bases that end \
        with the site's first base in the transcript's direction, ALT laid on REF; a ratio, or a score, that is NaN or \
        infinite counts as 0. \
        A gene is scored when the variant touches its body and it has sites on its own strand: 80 % of them start in \
        the window, 80 % end before its last base, and at least two do both. \
        All tracks are scored, also those of the other strand; the score table leaves these out.",
    when_to_use: "Effects on alternative polyadenylation, in human: for mouse no table of sites is published.",
    limits: "Sites count in the order of their table, as in the published scorer; a table that is not in order of the \
        contig gives early and late sites that are neither. The published scorer refuses more than 22 genes and fails on \
        the 137th site of a gene; neither limit exists here. Swapping REF and ALT leaves the score of a gene with two \
        sites, not that of one with more, because means of ratios are compared. Sites derived from the ends of \
        transcripts are others than those of PolyADB, and so are the scores.",
    source: "AlphaGenome, PolyadenylationScorer of the client 0.10.0 and of alphagenome_research 3f79219, after Borzoi \
        (doi:10.1038/s41588-024-02053-6).",
};
