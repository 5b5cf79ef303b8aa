//! The figures of a prediction: tracks, contact maps, splice junctions.

use super::folder::WrittenFile;
use super::prediction::{bases_of, bin_bases};
use super::{PHASE_NOTE, PredictError, Predicting, Prediction, Question, TrackPrediction, is_out_of_phase};
use crate::figure::{
    self, ContactMapPlot, ContactMapTrack, Figure, GeneModel, JunctionArc, JunctionPlot, JunctionTrack, Labels,
    MarkedVariant, TrackPlot, TrackRow,
};
use crate::scoring::OpenGenes;
use refalt_core::{CheckedVariant, Interval, Strand, Track};
use std::path::Path;

/// Genes that are drawn; where there are more, those that code for proteins.
const MOST_GENES: usize = 30;

/// Draws the figures and writes their files; what was left out is said in the notes.
pub(super) fn write(
    work: &Predicting,
    prediction: &Prediction,
    out: &Path,
    notes: &mut Vec<String>,
) -> Result<Vec<WrittenFile>, PredictError> {
    let shown = bases_of(&work.window, work.span);
    let shown = work.extent.in_contig(shown).unwrap_or(shown);
    let scene = Scene::of(work, shown, notes);
    let mut files = Vec::new();
    let mut is_drawn = false;
    for figure in [
        track_figure(work, prediction, &scene, notes)?,
        contact_figure(work, prediction, &scene, notes)?,
        junction_figure(work, prediction, &scene, notes)?,
    ]
    .into_iter()
    .flatten()
    {
        is_drawn = true;
        figure::write(&figure, out)?;
        for ending in ["svg", "png", "tsv"] {
            let holds = if ending == "tsv" {
                "the numbers of the figure"
            } else {
                "the figure"
            };
            files.push(WrittenFile::of(out, &format!("{}.{ending}", figure.name), holds)?);
        }
    }
    if !is_drawn {
        notes.push("no figure: nothing with values is left to draw".to_owned());
    }
    Ok(files)
}

/// What all figures of a prediction show.
struct Scene {
    shown: Interval,
    zoom: Option<Interval>,
    title: String,
    subtitle: String,
    contig: String,
    assembly: String,
    unknown: Vec<Interval>,
    genes: Vec<GeneModel>,
    variant: Option<MarkedVariant>,
}

impl Scene {
    fn of(work: &Predicting, shown: Interval, notes: &mut Vec<String>) -> Self {
        let (title, variant) = match &work.question {
            Question::Variant { variant, .. } => {
                let marked = MarkedVariant {
                    bases: variant.reference_interval(),
                    label: format!("{} {}", variant.position(), change(variant)),
                };
                let title = format!(
                    "Prediction of {}:{}:{}",
                    variant.contig(),
                    variant.position(),
                    change(variant)
                );
                (title, Some(marked))
            }
            Question::Interval { region, .. } => (format!("Prediction over {region}"), None),
            Question::Sequence { .. } => (format!("Prediction over {}", work.window.contig()), None),
        };
        let card = work.card();
        let contig = work.window.contig();
        Self {
            zoom: work
                .zoom
                .and_then(|zoom| zoom.intersect(shown))
                .filter(|zoom| *zoom != shown),
            title,
            subtitle: format!("{} {}, window of {} bp", card.name, card.version, work.window.length()),
            contig: contig.to_string(),
            assembly: work
                .genome
                .as_ref()
                .and_then(|genome| genome.known.known())
                .map_or(String::new(), |assembly| assembly.name().to_owned()),
            unknown: work.extent.unknown_of(shown),
            genes: work
                .genes
                .as_ref()
                .map_or_else(Vec::new, |genes| gene_models(genes, contig.as_str(), shown, notes)),
            variant: variant.filter(|variant| variant.bases.intersect(shown).is_some()),
            shown,
        }
    }

    fn labels(&self, name: &str, what: &str, caption: String) -> Labels {
        Labels {
            name: name.to_owned(),
            title: format!("{}{what}", self.title),
            subtitle: self.subtitle.clone(),
            caption,
        }
    }
}

fn track_figure(
    work: &Predicting,
    prediction: &Prediction,
    scene: &Scene,
    notes: &mut Vec<String>,
) -> Result<Option<Figure>, PredictError> {
    let mut ranked = ranked(prediction, scene.zoom.unwrap_or(scene.shown), notes);
    let all = ranked.len();
    if all == 0 {
        return Ok(None);
    }
    let most = work.request.figure_tracks;
    let mut caption = String::new();
    if all > most {
        ranked.truncate(most);
        caption = left_out(work, all, "tracks", "in what is shown");
    } else {
        ranked.sort_by_key(|candidate| candidate.order);
    }
    let mut labels = scene.labels("tracks", "", caption);
    if let Question::Variant { variant, .. } = &work.question
        && ranked
            .iter()
            .any(|candidate| is_out_of_phase(variant, &candidate.predicted.tracks))
    {
        labels.subtitle.push_str("; ");
        labels.subtitle.push_str(PHASE_NOTE);
    }
    let plot = TrackPlot {
        labels,
        contig: scene.contig.clone(),
        assembly: scene.assembly.clone(),
        interval: scene.shown,
        zoom: scene.zoom,
        unknown: scene.unknown.clone(),
        rows: ranked.iter().map(|candidate| candidate.row(prediction)).collect(),
        genes: scene.genes.clone(),
        variant: scene.variant.clone(),
    };
    Ok(Some(plot.draw()?))
}

/// Says which of many are drawn.
fn left_out(work: &Predicting, all: usize, what: &str, within: &str) -> String {
    let rank = match work.question {
        Question::Variant { .. } => "the greatest difference",
        _ => "the greatest value",
    };
    format!(
        "Of {all} {what} the {} with {rank} {within}.",
        work.request.figure_tracks
    )
}

/// Returns the columns of the tracks to draw, those that differ most (or have the greatest value), in their order; those with
/// values that are no numbers are left out and said.
fn chosen(
    work: &Predicting,
    (tracks, what): (&[Track], &str),
    reference: &[f32],
    alternate: Option<&[f32]>,
    notes: &mut Vec<String>,
) -> (Vec<usize>, String) {
    let width = tracks.len().max(1);
    let mut ranked: Vec<(usize, f32)> = Vec::new();
    let mut unfit = 0;
    for column in 0..tracks.len() {
        let own = || reference.iter().skip(column).step_by(width).copied();
        let other = || alternate.map(|values| values.iter().skip(column).step_by(width).copied());
        // A junction that an allele lacks is NaN.
        let is_finite = |value: f32| !value.is_infinite() && (what == JUNCTIONS || !value.is_nan());
        if !own().chain(other().into_iter().flatten()).all(is_finite) {
            unfit += 1;
            continue;
        }
        let known = |value: f32| if value.is_nan() { 0.0 } else { value };
        let rank = match other() {
            None => own().map(|value| known(value).abs()).fold(0.0, f32::max),
            Some(other) => own()
                .zip(other)
                .map(|(own, other)| (known(other) - known(own)).abs())
                .fold(0.0, f32::max),
        };
        ranked.push((column, rank));
    }
    if unfit > 0 {
        notes.push(format!("{unfit} {what} are not drawn, their values are no numbers"));
    }
    let all = ranked.len();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut caption = String::new();
    if all > work.request.figure_tracks {
        ranked.truncate(work.request.figure_tracks);
        caption = left_out(work, all, what, "");
        caption = caption.replace(" .", ".");
    }
    let mut columns: Vec<usize> = ranked.into_iter().map(|(column, _)| column).collect();
    columns.sort_unstable();
    (columns, caption)
}

const MAPS: &str = "contact maps";
const JUNCTIONS: &str = "tracks of junctions";

/// Says what stands behind the name of a track.
fn detail(track: &Track, rest: &str) -> String {
    let known = [
        track.biosample_name.as_deref(),
        track.assay_title.as_deref(),
        Some(rest),
    ];
    known
        .into_iter()
        .flatten()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn contact_figure(
    work: &Predicting,
    prediction: &Prediction,
    scene: &Scene,
    notes: &mut Vec<String>,
) -> Result<Option<Figure>, PredictError> {
    let Some(contacts) = &prediction.contacts else {
        return Ok(None);
    };
    let (set, all) = (&contacts.tracks, contacts.span.len());
    // Bins before the contig have no bases, and no place in the figure.
    let places: Vec<(usize, Interval)> = (0..all)
        .filter_map(|bin| {
            let bases = bin_bases(&prediction.window, set.resolution, contacts.span.start() + bin)?;
            Some((bin, bases.intersect(scene.shown)?))
        })
        .collect();
    let (columns, caption) = chosen(
        work,
        (&set.tracks, MAPS),
        &contacts.reference,
        contacts.alternate.as_deref(),
        notes,
    );
    if columns.is_empty() || places.is_empty() {
        return Ok(None);
    }
    let width = set.tracks.len();
    let square = |values: &[f32], column: usize| -> Vec<f64> {
        let pairs = places
            .iter()
            .flat_map(|(row, _)| places.iter().map(move |(other, _)| (*row, *other)));
        pairs
            .map(|(row, other)| values[(row * all + other) * width + column].into())
            .collect()
    };
    let map = |&column: &usize| ContactMapTrack {
        label: set.tracks[column].name.clone(),
        detail: detail(&set.tracks[column], &format!("{} bp bins", set.resolution.bp())),
        reference: square(&contacts.reference, column),
        alternate: contacts.alternate.as_deref().map(|values| square(values, column)),
    };
    let plot = ContactMapPlot {
        labels: scene.labels("contacts", ": contacts", caption),
        contig: scene.contig.clone(),
        assembly: scene.assembly.clone(),
        interval: scene.shown,
        unknown: scene.unknown.clone(),
        maps: columns.iter().map(map).collect(),
        bins: places.iter().map(|(_, bases)| *bases).collect(),
        genes: scene.genes.clone(),
        variant: scene.variant.clone(),
    };
    Ok(Some(plot.draw()?))
}

/// Junctions of a track that are drawn at most.
const MOST_ARCS: usize = 40;

fn junction_figure(
    work: &Predicting,
    prediction: &Prediction,
    scene: &Scene,
    notes: &mut Vec<String>,
) -> Result<Option<Figure>, PredictError> {
    let Some(junctions) = &prediction.junctions else {
        return Ok(None);
    };
    if junctions.junctions.is_empty() {
        notes.push("no figure of junctions: none is predicted in what is kept".to_owned());
        return Ok(None);
    }
    let set = &junctions.tracks;
    let (columns, mut caption) = chosen(
        work,
        (&set.tracks, JUNCTIONS),
        &junctions.reference,
        junctions.alternate.as_deref(),
        notes,
    );
    if columns.is_empty() {
        return Ok(None);
    }
    let width = set.tracks.len();
    let mut most = 0;
    let mut track = |&column: &usize| {
        let given = |values: &[f32], index: usize| Some(values[index * width + column]).filter(|value| !value.is_nan());
        let arcs = junctions
            .junctions
            .iter()
            .enumerate()
            .map(|(index, (intron, strand))| JunctionArc {
                intron: *intron,
                strand: *strand,
                reference: given(&junctions.reference, index).map(f64::from),
                alternate: junctions
                    .alternate
                    .as_deref()
                    .and_then(|values| given(values, index))
                    .map(f64::from),
            });
        let mut arcs: Vec<JunctionArc> = arcs.collect();
        most = most.max(arcs.len());
        let rank = |arc: &JunctionArc| {
            arc.reference
                .unwrap_or(0.0)
                .abs()
                .max(arc.alternate.unwrap_or(0.0).abs())
        };
        arcs.sort_by(|a, b| rank(b).total_cmp(&rank(a)));
        arcs.truncate(MOST_ARCS);
        arcs.sort_by_key(|arc| (arc.intron, arc.strand));
        JunctionTrack {
            label: set.tracks[column].name.clone(),
            detail: detail(&set.tracks[column], ""),
            arcs,
        }
    };
    let tracks: Vec<JunctionTrack> = columns.iter().map(&mut track).collect();
    if most > MOST_ARCS {
        let more = format!("Of {most} junctions the {MOST_ARCS} with the greatest count in each track.");
        caption = [caption, more].join(" ").trim().to_owned();
    }
    let plot = JunctionPlot {
        labels: scene.labels("junctions", ": splice junctions", caption),
        contig: scene.contig.clone(),
        assembly: scene.assembly.clone(),
        interval: scene.shown,
        unknown: scene.unknown.clone(),
        tracks,
        has_alternate: junctions.alternate.is_some(),
        genes: scene.genes.clone(),
        variant: scene.variant.clone(),
    };
    Ok(Some(plot.draw()?))
}

/// Bases of an allele that a label spells out at most.
const SPELLED: usize = 8;

/// Names the change of a variant: `G>A`, `20-bp deletion`, `ACGTACGT\u{2026}>T`.
fn change(variant: &CheckedVariant) -> String {
    let (reference, alternate) = (variant.reference_bases().as_str(), variant.alternate_bases().as_str());
    if reference.len().max(alternate.len()) > SPELLED {
        if reference.starts_with(alternate) {
            return format!("{}-bp deletion", reference.len() - alternate.len());
        }
        if alternate.starts_with(reference) {
            return format!("{}-bp insertion", alternate.len() - reference.len());
        }
    }
    let short = |bases: &str| match bases.get(..SPELLED) {
        Some(kept) if bases.len() > SPELLED => format!("{kept}\u{2026}"),
        _ => bases.to_owned(),
    };
    format!("{}>{}", short(reference), short(alternate))
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
