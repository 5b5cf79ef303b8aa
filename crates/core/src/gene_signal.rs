//! REF and ALT over the bases of genes: what the scorers by gene share.
//!
//! Rows of a prediction are read one after the other, each once for a gene, into sums that are made once for a variant;
//! ALT is read through [`Alignment`], never moved. Only the bases of genes are asked for and read.

use crate::align::{Alignment, Source};
use crate::annotation::{Annotation, GeneIndex, GeneMask};
use crate::backend::OutputRequest;
use crate::prediction::TrackValues;
use crate::scorer::{GeneRow, ScoreError, ScoreRows, ScoredGene, Scorer, ScoringInput, ScoringPlace, TrackScores};
use crate::strand::Strand;
use crate::track::{BinSpan, BinSpans, OutputType, Track};
use crate::window::{RefAlt, Window};
use std::sync::Arc;

/// A gene and its bases in a window, as bins of 1 bp.
pub(crate) type GeneBases = (GeneIndex, Vec<BinSpan>);

/// Returns the exons of the genes that start in the window.
pub(crate) fn exons(annotation: &Annotation, window: &Window) -> Vec<GeneBases> {
    let masks = annotation.genes_with_tss_in(window.contig().as_str(), window.interval());
    let bases = |mask: GeneMask| {
        let spans = mask.spans.iter().map(|&span| BinSpan::of_bases(window, span));
        (mask.gene, spans.collect())
    };
    masks.into_iter().map(bases).collect()
}

/// Returns the genes whose bodies the variant touches.
pub(crate) fn touched(annotation: &Annotation, place: &ScoringPlace<'_>) -> Vec<GeneIndex> {
    let variant = place.variant;
    annotation.genes_overlapping(
        variant.contig().as_str(),
        variant.position(),
        variant.reference_bases().len_bp(),
        variant.alternate_bases().len_bp(),
    )
}

/// Returns the bodies of the genes that the variant touches.
pub(crate) fn bodies(annotation: &Annotation, place: &ScoringPlace<'_>) -> Vec<GeneBases> {
    let genes = touched(annotation, place).into_iter();
    genes
        .map(|gene| (gene, vec![BinSpan::of_bases(place.window, annotation.gene(gene).body)]))
        .collect()
}

/// Returns the request for the bases of genes, with those that ALT has in their place.
pub(crate) fn request<'a>(
    output: OutputType,
    bases: impl IntoIterator<Item = &'a [BinSpan]>,
    place: &ScoringPlace<'_>,
) -> OutputRequest {
    let reference: BinSpans = bases.into_iter().flatten().copied().collect();
    let alternate = Alignment::of(place.variant, place.window).map(|alignment| alignment.sources(&reference));
    let spans = alternate.map_or_else(|_| reference.clone(), |alternate| reference.union(&alternate));
    OutputRequest { output, spans }
}

/// Says whether a gene is scored on a track: the strands are the same, or the track has none.
pub(crate) fn on_strand(gene: Option<Strand>, track: &Track) -> bool {
    track.strand.is_none() || track.strand == gene
}

/// Returns the row of a gene of the annotation.
pub(crate) fn row(annotation: &Annotation, gene: GeneIndex) -> GeneRow {
    GeneRow {
        gene: Arc::new(ScoredGene::from(annotation.gene(gene))),
        junction: None,
    }
}

/// Both predictions of an output at 1 bp, ALT read on reference coordinates.
pub(crate) struct GeneSignal<'a> {
    scorer: &'a dyn Scorer,
    reference: &'a TrackValues,
    alternate: &'a TrackValues,
    alignment: Alignment,
}

impl<'a> GeneSignal<'a> {
    /// Takes the predictions of a scorer's output.
    pub(crate) fn of(scorer: &'a dyn Scorer, input: &ScoringInput<'a>) -> Result<Self, ScoreError> {
        let output = scorer.output();
        let missing = || ScoreError::OutputMissing {
            scorer: scorer.to_string(),
            output,
        };
        let reference = input.outputs.reference.get(output).ok_or_else(missing)?;
        let alternate = input.outputs.alternate.get(output).ok_or_else(missing)?;
        if reference.tracks().tracks.len() != alternate.tracks().tracks.len() {
            return Err(ScoreError::TracksDiffer { output });
        }
        let alignment = Alignment::of(input.place.variant, input.place.window);
        Ok(Self {
            scorer,
            reference,
            alternate,
            alignment: alignment.map_err(|cause| ScoreError::Outside {
                scorer: scorer.to_string(),
                cause,
            })?,
        })
    }

    /// Returns the tracks.
    pub(crate) fn tracks(&self) -> &'a [Track] {
        &self.reference.tracks().tracks
    }

    fn rows(&self, values: &'a TrackValues, span: BinSpan) -> Result<impl Iterator<Item = &'a [f32]>, ScoreError> {
        values.rows(span).ok_or_else(|| ScoreError::OutputMissing {
            scorer: self.scorer.to_string(),
            output: self.scorer.output(),
        })
    }

    /// Returns the maximum of each track of ALT over some bases; NaN when one is.
    fn maxima(&self, span: BinSpan) -> Result<Vec<f32>, ScoreError> {
        let mut maxima = vec![f32::NEG_INFINITY; self.tracks().len()];
        for row in self.rows(self.alternate, span)? {
            for (maximum, &value) in maxima.iter_mut().zip(row) {
                // `f32::max` would pass over NaN; the published scorer does not.
                if value > *maximum || value.is_nan() {
                    *maximum = value;
                }
            }
        }
        Ok(maxima)
    }

    /// Sets `sums` to the sums of each track over some bases.
    pub(crate) fn sum(&self, spans: &[BinSpan], sums: &mut RefAlt<Vec<f64>>) -> Result<(), ScoreError> {
        for half in [&mut sums.reference, &mut sums.alternate] {
            half.clear();
            half.resize(self.tracks().len(), 0.0);
        }
        for &span in spans {
            for row in self.rows(self.reference, span)? {
                add(&mut sums.reference, row);
            }
            for (_, source) in self.alignment.pieces(span) {
                match source {
                    Source::Bases(from) => {
                        for row in self.rows(self.alternate, from)? {
                            add(&mut sums.alternate, row);
                        }
                    }
                    Source::Maximum(from) => add(&mut sums.alternate, &self.maxima(from)?),
                    Source::Nothing => {}
                }
            }
        }
        Ok(())
    }

    /// Sets `largest` to the greatest |A - R| of each track over some bases, 0 over none, NaN when one is.
    pub(crate) fn largest_difference(&self, spans: &[BinSpan], largest: &mut [f32]) -> Result<(), ScoreError> {
        largest.fill(0.0);
        for &span in spans {
            for (part, source) in self.alignment.pieces(span) {
                let reference = self.rows(self.reference, part)?;
                match source {
                    Source::Bases(from) => {
                        for (r, a) in reference.zip(self.rows(self.alternate, from)?) {
                            widen(largest, r, a.iter().copied());
                        }
                    }
                    Source::Maximum(from) => {
                        let maxima = self.maxima(from)?;
                        for r in reference {
                            widen(largest, r, maxima.iter().copied());
                        }
                    }
                    Source::Nothing => {
                        for r in reference {
                            widen(largest, r, std::iter::repeat(0.0));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Scores genes by the means over their bases: `score` takes those of REF and ALT.
    ///
    /// METHOD: sums run in f64, base after base, so they do not depend on vector width; the published scorers sum in
    /// f32, which agrees to 1e-6. A gene without bases has the mean 0 / 0, NaN, as there.
    pub(crate) fn score_means(
        &self,
        annotation: &Annotation,
        genes: &[GeneBases],
        score: impl Fn(RefAlt<f64>) -> f64,
    ) -> Result<TrackScores, ScoreError> {
        let mut raw = Vec::with_capacity(genes.len() * self.tracks().len());
        let mut rows = Vec::with_capacity(genes.len());
        let mut sums = RefAlt {
            reference: Vec::new(),
            alternate: Vec::new(),
        };
        for (gene, spans) in genes {
            self.sum(spans, &mut sums)?;
            let bases = spans.iter().map(|span| span.len()).sum::<usize>() as f64;
            let row = row(annotation, *gene);
            let pairs = sums.reference.iter().zip(&sums.alternate);
            raw.extend(self.tracks().iter().zip(pairs).map(|(track, (r, a))| {
                if !on_strand(row.gene.strand, track) {
                    return f32::NAN;
                }
                let (reference, alternate) = (r / bases, a / bases);
                score(RefAlt { reference, alternate }) as f32
            }));
            rows.push(row);
        }
        Ok(TrackScores {
            rows: ScoreRows::Genes(rows),
            raw,
        })
    }
}

/// Returns the terms of a scorer by means over exons: `term` of the mean of REF and of that of ALT.
pub(crate) fn mean_terms(
    scorer: &dyn Scorer,
    input: &ScoringInput<'_>,
    term: impl Fn(f64) -> f64,
) -> Result<RefAlt<Vec<f32>>, ScoreError> {
    let annotation = input.place.annotation_for(scorer)?;
    let genes = exons(annotation, input.place.window);
    let signal = GeneSignal::of(scorer, input)?;
    Ok(RefAlt {
        reference: signal.score_means(annotation, &genes, |mean| term(mean.reference))?.raw,
        alternate: signal.score_means(annotation, &genes, |mean| term(mean.alternate))?.raw,
    })
}

fn add(sums: &mut [f64], row: &[f32]) {
    for (sum, &value) in sums.iter_mut().zip(row) {
        *sum += f64::from(value);
    }
}

fn widen(largest: &mut [f32], r: &[f32], a: impl Iterator<Item = f32>) {
    for ((largest, &r), a) in largest.iter_mut().zip(r).zip(a) {
        let difference = (a - r).abs();
        if difference > *largest || difference.is_nan() {
            *largest = difference;
        }
    }
}
