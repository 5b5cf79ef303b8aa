//! The figure of a prediction.

use super::folder::WrittenFile;
use super::prediction::bases_of;
use super::{PredictError, Predicting, Prediction, Question, TrackPrediction};
use crate::figure::{self, GeneModel, Labels, MarkedVariant, TrackPlot, TrackRow};
use crate::scoring::OpenGenes;
use refalt_core::{Interval, Strand};
use std::path::Path;

/// Genes that are drawn; where there are more, those that code for proteins.
const MOST_GENES: usize = 30;

/// Draws the figure and writes its files; what was left out is said in the notes.
pub(super) fn write(
    work: &Predicting,
    prediction: &Prediction,
    out: &Path,
    notes: &mut Vec<String>,
) -> Result<Vec<WrittenFile>, PredictError> {
    let shown = bases_of(&work.window, work.span);
    let shown = work.extent.in_contig(shown).unwrap_or(shown);
    let zoom = work
        .zoom
        .and_then(|zoom| zoom.intersect(shown))
        .filter(|zoom| *zoom != shown);
    let mut ranked = ranked(prediction, zoom.unwrap_or(shown), notes);
    let all = ranked.len();
    if all == 0 {
        notes.push("no figure: no track with values over bins is left to draw".to_owned());
        return Ok(Vec::new());
    }
    let most = work.request.figure_tracks;
    let mut caption = String::new();
    if all > most {
        ranked.truncate(most);
        let rank = match work.question {
            Question::Variant { .. } => "the greatest difference",
            _ => "the greatest value",
        };
        caption = format!("Of {all} tracks the {most} with {rank} in what is shown.");
    } else {
        ranked.sort_by_key(|candidate| candidate.order);
    }
    let (title, variant) = match &work.question {
        Question::Variant { variant, .. } => {
            let marked = MarkedVariant {
                bases: variant.reference_interval(),
                label: format!(
                    "{} {}>{}",
                    variant.position(),
                    short(variant.reference_bases().as_str()),
                    short(variant.alternate_bases().as_str())
                ),
            };
            (format!("Prediction of {}", short(&variant.to_string())), Some(marked))
        }
        Question::Interval { region, .. } => (format!("Prediction over {region}"), None),
        Question::Sequence { .. } => (format!("Prediction over {}", work.window.contig()), None),
    };
    let card = work.card();
    let plot = TrackPlot {
        labels: Labels {
            name: "tracks".to_owned(),
            title,
            subtitle: format!("{} {}, window of {} bp", card.name, card.version, work.window.length()),
            caption,
        },
        contig: work.window.contig().to_string(),
        assembly: work
            .genome
            .as_ref()
            .and_then(|genome| genome.known.known())
            .map_or(String::new(), |assembly| assembly.name().to_owned()),
        interval: shown,
        zoom,
        unknown: work.extent.unknown_of(shown),
        rows: ranked.iter().map(|candidate| candidate.row(prediction)).collect(),
        genes: work.genes.as_ref().map_or_else(Vec::new, |genes| {
            gene_models(genes, work.window.contig().as_str(), shown, notes)
        }),
        variant: variant.filter(|variant| variant.bases.intersect(shown).is_some()),
    };
    let drawn = plot.draw()?;
    figure::write(&drawn, out)?;
    let files = ["svg", "png", "tsv"].map(|ending| {
        let holds = if ending == "tsv" {
            "the numbers of the figure"
        } else {
            "the figure"
        };
        WrittenFile::of(out, &format!("tracks.{ending}"), holds)
    });
    files.into_iter().collect()
}

/// Shortens a long allele for a label.
fn short(text: &str) -> String {
    if text.chars().count() <= 40 {
        return text.to_owned();
    }
    let kept: String = text.chars().take(38).collect();
    format!("{kept}\u{2026}")
}

/// A track that may be drawn.
struct Candidate<'a> {
    order: usize,
    predicted: &'a TrackPrediction,
    track: usize,
    rank: f32,
}

/// Returns the tracks, greatest difference (or value) within `seen` first; tracks with values that are no numbers are left out.
fn ranked<'a>(prediction: &'a Prediction, seen: Interval, notes: &mut Vec<String>) -> Vec<Candidate<'a>> {
    let mut found = Vec::new();
    let mut unfit = Vec::new();
    for predicted in &prediction.tracks {
        let is_seen: Vec<bool> = (0..predicted.span.len())
            .map(|bin| {
                predicted
                    .bases(&prediction.window, bin)
                    .is_some_and(|bases| bases.intersect(seen).is_some())
            })
            .collect();
        for track in 0..predicted.tracks.tracks.len() {
            let reference = predicted.column(&predicted.reference, track);
            let alternate = predicted
                .alternate
                .as_ref()
                .map(|alternate| predicted.column(&alternate.on_reference, track));
            let mut rank = f32::NEG_INFINITY;
            let mut is_finite = true;
            match alternate {
                None => {
                    for (value, seen) in reference.zip(&is_seen) {
                        is_finite &= value.is_finite();
                        if *seen {
                            rank = rank.max(value);
                        }
                    }
                }
                Some(alternate) => {
                    for ((reference, alternate), seen) in reference.zip(alternate).zip(&is_seen) {
                        is_finite &= reference.is_finite() && alternate.is_finite();
                        if *seen {
                            rank = rank.max((alternate - reference).abs());
                        }
                    }
                }
            }
            if !is_finite {
                unfit.push(predicted.tracks.tracks[track].name.clone());
                continue;
            }
            found.push(Candidate {
                order: found.len(),
                predicted,
                track,
                rank,
            });
        }
    }
    if let Some(first) = unfit.first() {
        notes.push(format!(
            "{} tracks are not drawn, their values are no numbers; the first is `{first}`",
            unfit.len()
        ));
    }
    found.sort_by(|a, b| b.rank.total_cmp(&a.rank).then(a.order.cmp(&b.order)));
    found
}

impl Candidate<'_> {
    fn row(&self, prediction: &Prediction) -> TrackRow {
        let predicted = self.predicted;
        let track = &predicted.tracks.tracks[self.track];
        let strand = match track.strand {
            Some(Strand::Forward) => Some("forward strand".to_owned()),
            Some(Strand::Reverse) => Some("reverse strand".to_owned()),
            None => None,
        };
        let bins = format!("{} bp bins", predicted.tracks.resolution.bp());
        let known = [
            Some(predicted.tracks.output.name().to_owned()),
            track.biosample_name.clone(),
            strand,
            Some(bins),
        ];
        // Bins before the contig have no bases, and no place in the figure.
        let places: Vec<(usize, Interval)> = (0..predicted.span.len())
            .filter_map(|bin| Some((bin, predicted.bases(&prediction.window, bin)?)))
            .collect();
        let width = predicted.tracks.tracks.len();
        let values = |values: &[f32]| -> Vec<f64> {
            places
                .iter()
                .map(|(bin, _)| values[bin * width + self.track].into())
                .collect()
        };
        TrackRow {
            label: track.name.clone(),
            detail: known.into_iter().flatten().collect::<Vec<String>>().join(", "),
            reference: values(&predicted.reference),
            alternate: predicted
                .alternate
                .as_ref()
                .map(|alternate| values(&alternate.on_reference)),
            bins: places.iter().map(|(_, bases)| *bases).collect(),
        }
    }
}

/// Returns the genes with a base in what is shown, each by its canonical transcript.
fn gene_models(genes: &OpenGenes, contig: &str, shown: Interval, notes: &mut Vec<String>) -> Vec<GeneModel> {
    let annotation = genes.annotation();
    let mut found = annotation.genes_in(contig, shown);
    if found.len() > MOST_GENES {
        let all = found.len();
        found.retain(|gene| annotation.gene(*gene).biotype == Some("protein_coding"));
        notes.push(format!(
            "of {all} genes the figure shows the {} that code for proteins",
            found.len()
        ));
    }
    let model = |gene| {
        let gene = annotation.gene(gene);
        let transcript = annotation.canonical_transcript(gene.index)?;
        let body = annotation.transcript(transcript);
        body.body.intersect(shown)?;
        Some(GeneModel {
            label: gene.name.unwrap_or(gene.id).to_owned(),
            strand: gene.strand,
            body: body.body,
            exons: annotation.exons(transcript).collect(),
            coding: body.coding,
        })
    };
    found.into_iter().filter_map(model).collect()
}
