//! Saturation mutagenesis in silico: every substitution of a stretch by every scorer, on the tracks that are chosen.
//!
//! One window, around the middle of the stretch, serves all substitutions: a model in process predicts the reference once
//! for a batch of alternates, a service scores the stretch by itself. The result is a matrix for each scorer and track (and
//! gene), positions by bases; [`refalt_core::ism`] has the arithmetic of what a base contributes.

mod files;
mod matrix;
mod source;

pub use matrix::{IsmMatrix, IsmTable};
pub use source::{IsmSource, Stretch};

use crate::engine::{ModelSource, Plan, PlanOptions};
use crate::io::fasta::DigestProgress;
use crate::model;
use crate::predict::{Genome, PredictError, Region, WorkIdentity, WorkManifest, unknown_note};
use crate::scoring::{GeneFiles, OpenGenes};
use crate::track_source::TrackSourceError;
use refalt_core::ism::substitutions;
use refalt_core::strand::sign_or_dot;
use refalt_core::{
    Assembly, CheckedVariant, ContigId, Interval, Position, Reference, Resolution, Sequence, Window, normalize,
};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A saturation mutagenesis that is asked for.
#[derive(Clone, Debug)]
pub struct IsmRequest {
    /// The stretch, `chr5:1295100-1295150` (1-based, inclusive).
    pub stretch: Region,
    /// The base around which the window lies; the middle of the stretch when not given. Stretches with the same middle are
    /// one question to a model: what they share has the same scores.
    pub middle: Option<Position>,
    /// The reference sequence, FASTA.
    pub reference: PathBuf,
    /// The assembly of the reference, where its content does not prove it and the user vouches for it.
    pub assembly: Option<Assembly>,
    /// The model, by name.
    pub model: String,
    /// Scorers, tracks, window; its annotation is replaced by that of `genes`.
    pub plan: PlanOptions,
    /// Gene annotation, for scorers that work by gene.
    pub genes: Option<GeneFiles>,
    /// Figures at most, of the tracks with the greatest effects.
    pub figures: usize,
    /// Memory for effects in bytes; what needs more is refused.
    pub most_bytes: u64,
    /// Threads that compute.
    pub threads: usize,
}

/// A saturation mutagenesis whose inputs are open and checked.
pub struct Mutagenesis {
    source: Box<dyn IsmSource>,
    plan: Plan,
    genome: Genome,
    genes: Option<OpenGenes>,
    contig: ContigId,
    interval: Interval,
    window: Window,
    /// The bases of the stretch.
    bases: Vec<u8>,
    sequence: Sequence,
    substitutions: Vec<CheckedVariant>,
    figures: usize,
    threads: usize,
    notes: Vec<String>,
}

impl Mutagenesis {
    /// Opens everything and checks it, with the model that the request names.
    ///
    /// # Errors
    /// [`PredictError`]; nothing is written.
    pub fn prepare(request: &IsmRequest, digesting: &(dyn Fn(DigestProgress) + Sync)) -> Result<Self, PredictError> {
        let model = model::open(&request.model).map_err(TrackSourceError::from)?;
        Self::prepare_with(Box::new(ModelSource(model)), request, digesting)
    }

    /// Prepares like [`prepare`](Self::prepare) with a source of the caller's; the name of the model is not read.
    ///
    /// # Errors
    /// [`PredictError`]; nothing is written.
    pub fn prepare_with(
        source: Box<dyn IsmSource>,
        request: &IsmRequest,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, PredictError> {
        let genes = request.genes.as_ref().map(GeneFiles::open).transpose()?;
        let options = PlanOptions {
            annotation: genes.as_ref().map(|genes| Arc::new(genes.annotation().clone())),
            ..request.plan.clone()
        };
        let plan = Plan::for_source(source.as_scores(), &options)?;
        let genome = Genome::open(&request.reference, request.assembly, digesting)?;
        let mut notes = genome.notes.clone();
        notes.extend(genome.check_model(source.card())?);
        if let Some(selection) = plan.selection() {
            let [written, given] = plan.tracks();
            notes.push(format!("tracks `{selection}`: {written} of {given}"));
            notes.extend(plan.statements().iter().map(ToString::to_string));
        }
        if let Some(genes) = &genes {
            notes.extend(genes.check(&genome.reference, genome.known)?);
        }
        let contig = genome.place(&request.stretch)?;
        let interval = request.stretch.interval;
        let name = genome.reference.contig(contig).name.clone();
        if interval.len() > plan.window().get() {
            return Err(PredictError::TooLong {
                place: request.stretch.to_string(),
                length_bp: interval.len(),
                window_bp: plan.window(),
            });
        }
        check_size(&plan, interval, request.most_bytes)?;
        let middle = request
            .middle
            .and_then(|base| Interval::at(base, 1))
            .unwrap_or(interval);
        let window = Window::around(&name, middle, plan.window());
        let (start, end) = (interval.bed_start().into(), interval.bed_end().into());
        if window.bed_start() > start || window.bed_end() < end {
            return Err(PredictError::StretchOutside {
                place: request.stretch.to_string(),
                window: window.to_string(),
            });
        }
        check_masks(&plan, &window, interval, &request.stretch)?;
        let sequence = window.reference_sequence(contig, &genome.reference)?;
        let mut bases = Vec::new();
        genome.reference.fetch_masked(contig, interval, &mut bases)?;
        let written = substitutions(&name, interval, &bases);
        let checked: Result<Vec<CheckedVariant>, _> = written
            .iter()
            .map(|variant| normalize::check(variant, &genome.reference))
            .collect();
        let substitutions = checked?;
        if substitutions.is_empty() {
            return Err(PredictError::NothingToChange {
                place: request.stretch.to_string(),
            });
        }
        let unknown = bases.iter().filter(|base| **base == b'N').count();
        if unknown > 0 {
            notes.push(format!(
                "{unknown} of {} bases of the stretch are N and are not changed",
                bases.len()
            ));
        }
        notes.extend(unknown_note(&sequence));
        Ok(Self {
            source,
            plan,
            genome,
            genes,
            contig,
            interval,
            window,
            bases,
            sequence,
            substitutions,
            figures: request.figures,
            threads: request.threads,
            notes,
        })
    }

    /// Returns what the user may want to know of the inputs.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the number of substitutions.
    pub fn substitutions(&self) -> usize {
        self.substitutions.len()
    }

    /// Scores every substitution; nothing is written.
    ///
    /// * `progress`: told how many substitutions are done.
    ///
    /// # Errors
    /// [`PredictError::Source`] when the source fails.
    pub fn score(&self, progress: &(dyn Fn(u64) + Sync)) -> Result<IsmTable, PredictError> {
        let stretch = Stretch {
            window: &self.window,
            interval: self.interval,
            reference: &self.sequence,
            substitutions: &self.substitutions,
            threads: self.threads,
        };
        let blocks = self.source.score_stretch(&self.plan, &stretch, progress)?;
        let name = self.genome.reference.contig(self.contig).name.clone();
        Ok(IsmTable::of(
            &self.plan,
            name,
            self.interval,
            &self.bases,
            &self.substitutions,
            &blocks,
        ))
    }

    /// Scores and writes everything into a folder; the manifest comes last.
    ///
    /// # Errors
    /// [`PredictError::Folder`] when the folder holds something else; nothing is changed then.
    pub fn run(&self, out: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<WorkManifest, PredictError> {
        let identity = self.identity();
        let folder = identity.check(out)?;
        folder.create()?;
        let table = self.score(progress)?;
        let folder = folder.claim(&identity)?;
        let assembly = self.genome.known.known();
        let assembly = assembly.map_or("", |assembly| assembly.name());
        let files = files::write(&table, self.plan.card(), assembly, self.figures, out)?;
        WorkManifest::write(folder, identity, self.plan.card(), self.notes.clone(), files)
    }

    fn identity(&self) -> WorkIdentity {
        let (command, refalt, model) = WorkIdentity::base("ism", self.plan.card());
        let mut options: Vec<String> = self.plan.scorers().map(|scorer| format!("scorer={scorer}")).collect();
        options.push(format!("figures={}", self.figures));
        let tracks = self.plan.selection();
        WorkIdentity {
            command,
            refalt,
            model,
            subject: format!("{}:{}", self.window.contig(), self.interval),
            window: self.window.to_string(),
            reference: Some(self.genome.identity.clone()),
            assembly: Some(self.genome.known.to_string()),
            stated_assembly: self.genome.known.stated().map(|assembly| assembly.name().to_owned()),
            annotation: self.genes.as_ref().map(|genes| genes.identity.clone()),
            tracks: tracks.map(|selection| selection.to_string()).into_iter().collect(),
            options,
        }
    }
}

/// Refuses a window that ends within what a scorer reads around a base of the stretch.
fn check_masks(plan: &Plan, window: &Window, stretch: Interval, place: &Region) -> Result<(), PredictError> {
    for planned in plan.planned() {
        let Some(width_bp) = planned.scorer.width_bp() else {
            continue;
        };
        let resolution = planned.given.resolution;
        if holds_masks(window, stretch, width_bp, resolution) {
            continue;
        }
        // Longer windows hold all that shorter ones do, but for the rounding to bins.
        let most_bp = stretch
            .len()
            .saturating_add(2 * width_bp)
            .saturating_add(MOST_WINDOW_BP);
        let least_bp = (window.length().get()..=most_bp)
            .filter_map(NonZeroU32::new)
            .find(|length| {
                let longer = Window::around(window.contig(), stretch, *length);
                plan.card().lengths.allow(*length) && holds_masks(&longer, stretch, width_bp, resolution)
            });
        return Err(PredictError::MaskOutside {
            scorer: planned.text.clone(),
            width_bp,
            stretch: place.to_string(),
            window_bp: window.length(),
            least_bp,
        });
    }
    Ok(())
}

/// Windows that are tried beyond what masks need, as models read some lengths only.
const MOST_WINDOW_BP: u32 = 1 << 20;

/// Says whether a window has all bins of the masks around the first and the last base of a stretch.
///
/// The bins are those of [`refalt_core::scorer::CenterMask::mask`] before they are cut to the window.
fn holds_masks(window: &Window, stretch: Interval, width_bp: u32, resolution: Resolution) -> bool {
    let width = i64::from(width_bp.div_ceil(resolution.bp()));
    let bins = i64::from(resolution.bins_in(window));
    let ends = [stretch.first(), stretch.last()].into_iter().flatten();
    ends.filter_map(|position| window.offset_of(position)).all(|offset| {
        let centre = resolution.bin_of(offset).index() as i64;
        let start = centre - width / 2;
        start >= 0 && start + width <= bins
    })
}

/// Refuses what needs more memory than is allowed.
fn check_size(plan: &Plan, stretch: Interval, allowed: u64) -> Result<(), PredictError> {
    let tracks: u64 = plan
        .planned()
        .iter()
        .map(|planned| planned.tracks.tracks.len() as u64)
        .sum();
    let values = 3 * u64::from(stretch.len()) * tracks;
    // As blocks of the source, and as matrices.
    let needed = values * (4 + 8);
    if needed > allowed {
        return Err(PredictError::TooMuch {
            values,
            needed,
            allowed,
        });
    }
    Ok(())
}

/// Names a track with its strand where it has one.
fn track_label(track: &refalt_core::Track) -> String {
    match track.strand {
        Some(_) => format!("{} ({})", track.name, sign_or_dot(track.strand)),
        None => track.name.clone(),
    }
}
