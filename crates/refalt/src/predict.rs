//! Predictions: tracks of REF and ALT over a window, as files for browsers and for numpy, as a table, and as a figure.
//!
//! Three questions: a variant (both alleles), a region of the reference, a sequence of one's own. The answer comes from a
//! [`PredictionSource`]: a model in process, or a service. Memory is bounded by the bins and tracks that are kept: a
//! model in process is asked for no others, and what would not fit is refused before anything is predicted.
//!
//! An indel moves everything to its right. The alternate prediction is kept twice: as predicted, in the coordinates of the
//! alternate sequence, and laid on the reference ([`refalt_core::align`]); differences are made of the latter.

mod choice;
mod error;
mod files;
mod folder;
mod genome;
mod picture;
mod place;
mod prediction;
mod request;
mod source;

pub use error::PredictError;
pub use folder::{WorkIdentity, WorkManifest, WrittenFile};
pub use place::{NotPart, NotRegion, Part, Region, SequenceError, SequenceInput};
pub use prediction::{AlternateValues, ContactPrediction, JunctionPrediction, Prediction, TrackPrediction};
pub use request::{FORMATS, Format, PredictRequest, SubjectText};
pub use source::{
    ContactTable, JunctionTable, PredictedPair, PredictionSource, SequenceOutputs, Subject, Wanted, narrow,
    predict_with,
};

pub(crate) use files::table_error;
pub(crate) use genome::{Extent, Genome};

use crate::io::fasta::DigestProgress;
use crate::model;
use crate::provenance::hexadecimal;
use crate::scoring::OpenGenes;
use crate::track_source::TrackSourceError;
use choice::Choice;
use prediction::{all_bases, bases_of, bins_read, kept_bins};
use refalt_core::align::Alignment;
use refalt_core::strand::sign_or_dot;
use refalt_core::{
    BinSpan, CheckedVariant, ContigName, Interval, ModelCard, OutputType, RefAlt, Sequence, TrackSet, Window,
};
use sha2::{Digest, Sha256};
use std::path::Path;

/// What is predicted over, with everything read.
enum Question {
    Variant {
        variant: Box<CheckedVariant>,
        sequences: RefAlt<Sequence>,
        alignment: Alignment,
    },
    Interval {
        region: Region,
        sequence: Sequence,
    },
    Sequence {
        sequence: Sequence,
    },
}

/// A prediction whose inputs are open and checked.
pub struct Predicting {
    source: Box<dyn PredictionSource>,
    question: Question,
    window: Window,
    /// What is kept, as bins of 1 bp.
    span: BinSpan,
    zoom: Option<Interval>,
    choice: Choice,
    extent: Extent,
    genome: Option<Genome>,
    genes: Option<OpenGenes>,
    request: PredictRequest,
    notes: Vec<String>,
}

/// The window when none is given.
const WINDOW_BP: u32 = 16_384;

impl Predicting {
    /// Opens everything and checks it, with the model that the request names.
    ///
    /// * `digesting`: told how far the digesting of the reference is.
    ///
    /// # Errors
    /// [`PredictError`]; nothing is written.
    pub fn prepare(
        request: &PredictRequest,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, PredictError> {
        let model = model::open(&request.model).map_err(TrackSourceError::from)?;
        Self::prepare_with(Box::new(crate::engine::ModelSource(model)), request, digesting)
    }

    /// Prepares like [`prepare`](Self::prepare) with a source of the caller's; the name of the model is not read.
    ///
    /// # Errors
    /// [`PredictError`]; nothing is written.
    pub fn prepare_with(
        source: Box<dyn PredictionSource>,
        request: &PredictRequest,
        digesting: &(dyn Fn(DigestProgress) + Sync),
    ) -> Result<Self, PredictError> {
        let mut choice = Choice::of(source.card(), request)?;
        request.check_formats(&choice.wanted)?;
        let genome = match &request.reference {
            Some(path) => Some(Genome::open(path, request.assembly, digesting)?),
            None => None,
        };
        let mut notes: Vec<String> = genome.iter().flat_map(|genome| genome.notes.clone()).collect();
        if let Some(genome) = &genome {
            notes.extend(genome.check_model(source.card())?);
        }
        notes.append(&mut choice.notes);
        let (question, window, middle, extent) = question(source.card(), request, genome.as_ref())?;
        let span = match &request.span {
            None => all_bases(&window),
            Some(part) => part
                .bases(&window, middle)
                .ok_or_else(|| outside("--span", part, format!("the window {}", samtools(&window))))?,
        };
        let kept = bases_of(&window, span);
        let zoom = match &request.zoom {
            None => None,
            Some(part) => {
                let bases = part.bases(&window, middle).map(|bases| bases_of(&window, bases));
                let inside = bases.filter(|bases| kept.covers(*bases) && !bases.is_empty());
                let within = || format!("what is kept, {}:{kept}", window.contig());
                Some(inside.ok_or_else(|| outside("--zoom", part, within()))?)
            }
        };
        let alignment = match &question {
            Question::Variant { alignment, .. } => Some(alignment),
            _ => None,
        };
        for wanted in &mut choice.wanted {
            let resolution = wanted.given.resolution;
            wanted.spans = bins_read(wanted.given.output, resolution, &window, span, alignment);
        }
        check_size(source.as_ref(), &choice, &window, span, request)?;
        let genes = request.genes.as_ref().map(|files| files.open()).transpose()?;
        if let (Some(genes), Some(genome)) = (&genes, &genome) {
            notes.extend(genes.check(&genome.reference, genome.known)?);
        }
        if let Question::Variant { variant, .. } = &question
            && choice
                .wanted
                .iter()
                .any(|wanted| is_out_of_phase(variant, &wanted.tracks))
        {
            notes.push(PHASE_NOTE.to_owned());
        }
        let covered = match &question {
            Question::Variant { sequences, .. } => &sequences.reference,
            Question::Interval { sequence, .. } | Question::Sequence { sequence } => sequence,
        };
        notes.extend(unknown_note(covered));
        Ok(Self {
            source,
            question,
            window,
            span,
            zoom,
            choice,
            extent,
            genome,
            genes,
            request: request.clone(),
            notes,
        })
    }

    /// Returns what the user may want to know of the inputs.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Returns the window that the model reads.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Returns the variant, where there is one.
    pub fn variant(&self) -> Option<&CheckedVariant> {
        match &self.question {
            Question::Variant { variant, .. } => Some(variant),
            _ => None,
        }
    }

    /// Asks the model and keeps what was wanted; nothing is written.
    ///
    /// # Errors
    /// [`PredictError::Source`] when there is no answer, [`PredictError::Incomplete`] when it lacks values.
    pub fn predict(&self) -> Result<Prediction, PredictError> {
        let window = &self.window;
        let (subject, alignment) = match &self.question {
            Question::Variant {
                variant,
                sequences,
                alignment,
            } => (
                Subject::Variant {
                    annotation: self.genes.as_ref().map(|genes| genes.annotation()),
                    variant: variant.as_ref(),
                    window,
                    sequences,
                },
                Some(alignment),
            ),
            Question::Interval { sequence, .. } => (Subject::Interval { window, sequence }, None),
            Question::Sequence { sequence } => (Subject::Sequence { window, sequence }, None),
        };
        let pair = self.source.predict(&subject, &self.choice.wanted)?;
        Prediction::of(pair, &self.choice.wanted, window, self.span, alignment).map_err(|missing| {
            PredictError::Incomplete {
                model: self.source.card().name.clone(),
                output: missing.0,
            }
        })
    }

    /// Predicts and writes everything into a folder; the manifest comes last.
    ///
    /// # Errors
    /// [`PredictError::Folder`] when the folder holds something else; nothing is changed then.
    pub fn run(&self, out: &Path) -> Result<WorkManifest, PredictError> {
        let identity = self.identity();
        let folder = identity.check(out)?;
        folder.create()?;
        let prediction = self.predict()?;
        let folder = folder.claim(&identity)?;
        let mut notes = self.notes.clone();
        let mut files = files::write(self, &prediction, out)?;
        if self.request.figure_tracks > 0 {
            files.extend(picture::write(self, &prediction, out, &mut notes)?);
        }
        WorkManifest::write(folder, identity, self.source.card(), notes, files)
    }

    fn card(&self) -> &ModelCard {
        self.source.card()
    }

    fn identity(&self) -> WorkIdentity {
        let (command, refalt, model) = WorkIdentity::base("predict", self.card());
        let subject = match &self.question {
            Question::Variant { variant, .. } => variant.to_string(),
            Question::Interval { region, .. } => region.to_string(),
            Question::Sequence { sequence } => {
                format!("sequence sha256:{}", hexadecimal(&Sha256::digest(sequence.as_bytes())))
            }
        };
        let genome = self.genome.as_ref();
        let option = |name: &str, value: &dyn std::fmt::Display| format!("{name}={value}");
        let mut options = vec![option("span", &bases_of(&self.window, self.span))];
        options.extend(self.zoom.map(|zoom| option("zoom", &zoom)));
        options.push(option("figure_tracks", &self.request.figure_tracks));
        options.extend(
            self.request
                .formats
                .iter()
                .map(|format| option("format", &format.name())),
        );
        WorkIdentity {
            command,
            refalt,
            model,
            subject,
            window: self.window.to_string(),
            reference: genome.map(|genome| genome.identity.clone()),
            assembly: genome.map(|genome| genome.known.to_string()),
            stated_assembly: genome.and_then(|genome| Some(genome.known.stated()?.name().to_owned())),
            annotation: self.genes.as_ref().map(|genes| genes.identity.clone()),
            tracks: track_names(&self.choice.wanted),
            options,
        }
    }
}

/// Tracks that an identity lists; more are digested.
const LISTED_TRACKS: usize = 50;

/// Names tracks for an identity.
pub(crate) fn track_names(wanted: &[Wanted]) -> Vec<String> {
    let names = wanted.iter().flat_map(|wanted| {
        let tracks = wanted.tracks.tracks.iter();
        tracks.map(|track| format!("{} {} {}", wanted.tracks.output, track.name, sign_or_dot(track.strand)))
    });
    let names: Vec<String> = names.collect();
    if names.len() <= LISTED_TRACKS {
        return names;
    }
    let digest = hexadecimal(&Sha256::digest(names.join("\n").as_bytes()));
    vec![format!("{} tracks, sha256:{digest}", names.len())]
}

fn outside(option: &'static str, part: &Part, within: String) -> PredictError {
    PredictError::PartOutside {
        option,
        part: part.to_string(),
        within,
    }
}

/// What an indel does to bins behind it.
pub(crate) const PHASE_NOTE: &str = "the alternate sequence is read in another phase of the bins right of an indel: \
    differences there of a bin and its neighbour in the other direction are no effect";

/// Says whether an indel moves bins of the alternate sequence against those of the reference.
///
/// A change of the length by whole bins does not; contact maps and junctions are not laid on the reference.
pub(crate) fn is_out_of_phase(variant: &CheckedVariant, tracks: &TrackSet) -> bool {
    let [reference, alternate] = [variant.reference_bases(), variant.alternate_bases()].map(|dna| dna.as_bytes().len());
    let bin = tracks.resolution.bp() as usize;
    let is_laid_on = !matches!(tracks.output, OutputType::ContactMaps | OutputType::SpliceJunctions);
    is_laid_on && !tracks.tracks.is_empty() && reference.abs_diff(alternate) % bin != 0
}

/// Says how many bases of a window are known, where not all are.
pub(crate) fn unknown_note(sequence: &Sequence) -> Option<String> {
    let (known, all) = (sequence.known_bases(), sequence.len());
    let note = || format!("{known} of the {all} bases of the window are known; the model read N for the rest");
    (known < all).then(note)
}

/// Writes a window as samtools does.
pub(crate) fn samtools(window: &Window) -> String {
    format!("{}:{}", window.contig(), window.interval())
}

/// Reads the place, lays the window and reads its sequences.
fn question(
    card: &ModelCard,
    request: &PredictRequest,
    genome: Option<&Genome>,
) -> Result<(Question, Window, Interval, Extent), PredictError> {
    let length = request
        .window
        .or(std::num::NonZeroU32::new(WINDOW_BP))
        .expect("the default window has bases");
    let checked = |window: Window| {
        let length_bp = window.length();
        if card.lengths.allow(length_bp) {
            return Ok(window);
        }
        Err(PredictError::WindowLength {
            model: card.name.clone(),
            length_bp,
            allowed: card.lengths.to_string(),
        })
    };
    let lay = |contig: &ContigName, interval: Interval, place: &dyn std::fmt::Display, length| {
        let window = checked(Window::around(contig, interval, length))?;
        if interval.len() > length.get() {
            return Err(PredictError::TooLong {
                place: place.to_string(),
                length_bp: interval.len(),
                window_bp: length,
            });
        }
        Ok(window)
    };
    let text = match &request.subject {
        SubjectText::Sequence(input) => {
            let (name, sequence) = input.read()?;
            let own = u32::try_from(sequence.len())
                .ok()
                .and_then(|bp| Interval::from_bed(0, bp));
            let own = own.expect("a sequence that was read has 1 to 2^32 bases");
            let length = request
                .window
                .or(std::num::NonZeroU32::new(own.len()))
                .unwrap_or(length);
            let window = lay(&name, own, &format!("the sequence `{name}`"), length)?;
            let before = usize::try_from(-window.bed_start()).unwrap_or(0);
            let mut bases = vec![b'N'; before];
            bases.extend_from_slice(sequence.as_bytes());
            bases.resize(window.length().get() as usize, b'N');
            let extent = Extent {
                contig: crate::io::bigwig::ContigLength {
                    name: name.to_string(),
                    length_bp: own.len(),
                },
                known: vec![own],
            };
            let sequence = Sequence::from_bases(bases);
            return Ok((Question::Sequence { sequence }, window, own, extent));
        }
        SubjectText::Place(text) => text,
    };
    let genome = genome.ok_or_else(|| PredictError::NoReference { place: text.clone() })?;
    if Region::is_meant(text) {
        let region: Region = text.parse()?;
        let contig = genome.place(&region)?;
        let name = &refalt_core::Reference::contig(&genome.reference, contig).name;
        let window = lay(name, region.interval, &region, length)?;
        let sequence = window.reference_sequence(contig, &genome.reference)?;
        let middle = region.interval;
        let region = Region {
            contig: name.to_string(),
            ..region
        };
        let extent = genome.extent(contig);
        return Ok((Question::Interval { region, sequence }, window, middle, extent));
    }
    let variant = genome.variant(text)?;
    let middle = variant.reference_interval();
    let window = lay(variant.contig(), middle, &variant, length)?;
    let sequences = window.sequences(&variant, &genome.reference)?;
    let alignment = Alignment::of(&variant, &window).map_err(|_| refalt_core::WindowError::VariantOutside {
        variant: variant.to_string(),
        window: window.to_string(),
    })?;
    let extent = genome.extent(variant.contig_id());
    let question = Question::Variant {
        variant: Box::new(variant),
        sequences,
        alignment,
    };
    Ok((question, window, middle, extent))
}

/// Refuses what needs more memory than is allowed, before anything is predicted.
fn check_size(
    source: &dyn PredictionSource,
    choice: &Choice,
    window: &Window,
    span: BinSpan,
    request: &PredictRequest,
) -> Result<(), PredictError> {
    let mut needed = 0_u64;
    let mut values = 0_u64;
    for wanted in &choice.wanted {
        let resolution = wanted.given.resolution;
        let all = BinSpan::all(window, resolution).len();
        let kept = kept_bins(resolution, window, span).len();
        let read = if source.is_cropping() { wanted.spans.len() } else { all };
        let (read, kept) = match wanted.given.output {
            OutputType::ContactMaps => (all * all, kept * kept),
            _ => (read, kept),
        };
        let (given, tracks) = (wanted.given.tracks.len() as u64, wanted.tracks.tracks.len() as u64);
        // REF and ALT as they come, and as they are kept, ALT twice; 4 bytes each.
        let own = read as u64 * given * 2 + kept as u64 * tracks * 3;
        values += kept as u64 * tracks;
        needed = needed.saturating_add(4 * own);
    }
    if needed > request.most_bytes {
        return Err(PredictError::TooMuch {
            values,
            needed,
            allowed: request.most_bytes,
        });
    }
    Ok(())
}
