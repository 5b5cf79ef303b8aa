//! Candidate splice sites of an answer, and the counts between them.
//!
//! The sites are those of REF and ALT together, on the coordinates of REF, so they are known only when both sequences have been
//! decoded. The embeddings of a sequence's own best candidates are kept on the way; of others, which another allele has made
//! candidates, the decoder makes them again.

use super::Failure;
use crate::head::{JunctionHead, SiteRows};
use crate::matrix::Matrix;
use crate::pass::{Context, Pass, Pieces};
use refalt_core::align::{Alignment, Source, greatest};
use refalt_core::splice_candidate::{CandidateOptions, SiteProbabilities, candidate_splice_sites};
use refalt_core::{Bin, BinSpan, BinSpans, JunctionValues, Offset, OutputRequest, Query, TrackSet};
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

/// Classes of sites.
const CLASSES: usize = 4;

/// What is seen of the splice sites of one sequence.
pub(super) struct Sites {
    /// Where sites are looked for, in the sequence's own coordinates.
    spans: BinSpans,
    alignment: Option<Alignment>,
    threshold: f32,
    per_class: usize,
    /// Bases that are annotated sites, in the sequence's own coordinates.
    known: Vec<usize>,
    /// `[bases x classes]`, 0 where nobody looks.
    probabilities: Vec<f32>,
    /// The best bases of each class, the worst of them on top.
    best: [BinaryHeap<Reverse<Candidate>>; CLASSES],
    /// Embeddings of the best and the known bases, with how many lists a base is in.
    embeddings: BTreeMap<usize, (usize, Vec<f32>)>,
}

/// A probability, and the base that has it; of equal ones the lower base is better.
#[derive(Clone, Copy, PartialEq)]
struct Candidate(f32, usize);

impl Eq for Candidate {}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0).then(other.1.cmp(&self.1))
    }
}

impl Sites {
    pub(super) fn new(
        query: &Query<'_>,
        request: &OutputRequest,
        alignment: Option<&Alignment>,
        options: &CandidateOptions,
    ) -> Self {
        let spans = match alignment {
            Some(alignment) => alignment.sources(&request.spans),
            None => request.spans.clone(),
        };
        let known = query.known_sites.iter().map(|(site, _)| single(site.index()));
        let known: BinSpans = known.filter(|&site| request.spans.covers(site)).collect();
        let known = alignment.map_or_else(|| known.clone(), |alignment| alignment.sources(&known));
        let known = known
            .as_slice()
            .iter()
            .flat_map(|span| span.start()..span.end())
            .collect();
        Self {
            spans,
            alignment: alignment.cloned(),
            threshold: options.threshold,
            per_class: options.per_class,
            known,
            probabilities: vec![0.0; query.reference.len() * CLASSES],
            best: Default::default(),
            embeddings: BTreeMap::new(),
        }
    }

    /// Returns the bases of a stretch where sites are looked for.
    pub(super) fn within(&self, stretch: &Range<usize>) -> Vec<Range<usize>> {
        let common = |span: &BinSpan| span.start().max(stretch.start)..span.end().min(stretch.end);
        self.spans
            .as_slice()
            .iter()
            .map(common)
            .filter(|common| !common.is_empty())
            .collect()
    }

    /// Sees the probabilities of bases from `first` on, and their embeddings.
    pub(super) fn see(&mut self, first: usize, probabilities: &Matrix, embeddings: &Matrix) {
        for (row, found) in probabilities.values.chunks_exact(probabilities.width).enumerate() {
            let (base, classes) = (first + row, probabilities.width.min(CLASSES));
            self.probabilities[base * CLASSES..base * CLASSES + classes].copy_from_slice(&found[..classes]);
            let embedding = || embeddings.slice(row..row + 1).to_vec();
            if self.known.binary_search(&base).is_ok() {
                self.embeddings.entry(base).or_insert_with(|| (0, embedding())).0 += 1;
            }
            for (best, &probability) in self.best.iter_mut().zip(found) {
                let candidate = Candidate(probability, base);
                let is_full = best.len() >= self.per_class;
                let beaten = || best.peek().is_none_or(|Reverse(worst)| candidate <= *worst);
                if candidate.0.is_nan() || candidate.0 < self.threshold || (is_full && beaten()) {
                    continue;
                }
                if is_full && let Some(Reverse(Candidate(_, worst))) = best.pop() {
                    let lists = self.embeddings.get_mut(&worst).map(|(lists, _)| {
                        *lists -= 1;
                        *lists
                    });
                    if lists == Some(0) {
                        self.embeddings.remove(&worst);
                    }
                }
                best.push(Reverse(candidate));
                self.embeddings.entry(base).or_insert_with(|| (0, embedding())).0 += 1;
            }
        }
    }

    /// Returns the probabilities on the coordinates of the reference.
    fn on_reference(&self) -> Vec<f32> {
        match &self.alignment {
            Some(alignment) => alignment.laid(&self.probabilities, CLASSES),
            None => self.probabilities.clone(),
        }
    }

    /// Returns where the embedding of a base of the reference comes from.
    fn source(&self, base: usize) -> Source {
        match &self.alignment {
            None => Source::Bases(single(base)),
            Some(alignment) => alignment
                .pieces(single(base))
                .next()
                .map_or(Source::Nothing, |(_, source)| source),
        }
    }

    /// Returns the embeddings of bases of the reference, one row for each.
    fn rows(&self, context: Context<'_>, sites: &[usize], pass: &Pass, width: usize) -> Result<Matrix, Failure> {
        let sources: Vec<Range<usize>> = sites
            .iter()
            .map(|&site| match self.source(site) {
                Source::Bases(from) | Source::Maximum(from) => from.start()..from.end(),
                Source::Nothing => 0..0,
            })
            .collect();
        let mut missing: Vec<usize> = sources.iter().cloned().flatten().collect();
        missing.retain(|base| !self.embeddings.contains_key(base));
        missing.sort_unstable();
        missing.dedup();
        let tokens = pass.towered.tokens.rows;
        let mut again: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
        for piece in Pieces::over(missing.iter().map(|&base| base..base + 1), tokens).iter() {
            let decoded = pass.decode(context, &piece)?;
            let whole = piece.start * crate::encoder::TOKEN_BP..piece.end * crate::encoder::TOKEN_BP;
            for &base in missing.iter().filter(|base| whole.contains(base)) {
                again.insert(base, decoded.embed(context, base..base + 1).values);
            }
        }
        let kept = |base: usize| self.embeddings.get(&base).map(|(_, row)| row);
        let row = |base: usize| kept(base).or_else(|| again.get(&base)).map_or(&[][..], Vec::as_slice);
        Ok(Matrix {
            rows: sites.len(),
            width,
            // A base that the alternate sequence has not is a row of zeros.
            values: sources
                .into_iter()
                .flat_map(|source| greatest(width, source.map(row)))
                .collect(),
        })
    }
}

fn single(base: usize) -> BinSpan {
    let bin = |index: usize| Bin::new(u32::try_from(index).expect("a window is shorter than 2^32 bases"));
    BinSpan::new(bin(base), bin(base + 1))
}

/// A sequence with what was seen of its sites.
pub(super) type Seen = (Sites, Pass);

/// What counts are made with.
pub(super) struct Counting<'a> {
    pub(super) context: Context<'a>,
    pub(super) head: &'a JunctionHead,
    pub(super) tracks: &'a TrackSet,
    pub(super) query: &'a Query<'a>,
    pub(super) request: &'a OutputRequest,
    pub(super) options: &'a CandidateOptions,
}

impl Counting<'_> {
    /// Counts the junctions of the reference between its own candidate sites.
    ///
    /// # Errors
    /// Why values do not make counts, which no check before would have let pass.
    pub(super) fn alone(&self, reference: &Seen) -> Result<JunctionValues, Failure> {
        self.counts(reference, &self.choose(&reference.0, None)?)
    }

    /// Counts the junctions of the reference and of an alternate between the candidate sites of both.
    ///
    /// # Errors
    /// As [`alone`](Self::alone).
    pub(super) fn pair(&self, reference: &Seen, alternate: &Seen) -> Result<[JunctionValues; 2], Failure> {
        let chosen = self.choose(&reference.0, Some(&alternate.0.on_reference()))?;
        Ok([self.counts(reference, &chosen)?, self.counts(alternate, &chosen)?])
    }

    fn choose(&self, reference: &Sites, alternate: Option<&[f32]>) -> Result<[Vec<Offset>; 4], Failure> {
        let probabilities = SiteProbabilities {
            reference: &reference.probabilities,
            alternate,
            columns: CLASSES,
        };
        let options = CandidateOptions {
            within: Some(self.request.spans.clone()),
            ..self.options.clone()
        };
        let known = self.query.known_sites;
        candidate_splice_sites(&probabilities, known, &options).map_err(Failure::shape)
    }

    fn counts(&self, (sites, pass): &Seen, chosen: &[Vec<Offset>; 4]) -> Result<JunctionValues, Failure> {
        let slots = chosen.iter().map(Vec::len).max().unwrap_or(0);
        let of_class = |offsets: &Vec<Offset>| -> Result<SiteRows, Failure> {
            let bases: Vec<usize> = offsets.iter().map(|offset| offset.index()).collect();
            Ok(SiteRows {
                embeddings: sites.rows(self.context, &bases, pass, self.head.inputs())?,
                offsets: bases.iter().filter_map(|&base| u32::try_from(base).ok()).collect(),
            })
        };
        let [a, b, c, d] = chosen.each_ref().map(of_class);
        let counts = self.head.predict(&[a?, b?, c?, d?], slots);
        JunctionValues::new(self.tracks.clone(), chosen.clone(), slots, counts).map_err(Failure::shape)
    }
}
