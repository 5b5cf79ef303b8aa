//! A finished run, read back: what was scored, and the scores of chosen variants.
//!
//! Files are compared with the digests of the manifest before anything is taken from them. Of the score table only
//! six columns are decoded, and only the scores of the wanted variants are kept.

mod columns;

use super::error::ValidateError;
use super::options::Collapse;
use super::truth::Unit;
use crate::engine::Layout;
use crate::engine::ledger::{read_json, verify};
use crate::engine::manifest::{Manifest, ManifestScorer};
use crate::engine::{score_table, track_table};
use arrow::array::Array;
use columns::{SCORE_COLUMNS, ScoreColumns, TableProblem, reader, text};
use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, TrackSet};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A track of the run, in texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TrackInfo {
    pub(super) name: String,
    pub(super) strand: String,
    pub(super) transcription_factor: Option<String>,
}

impl TrackInfo {
    fn of(track: &Track) -> Self {
        Self {
            name: track.name.clone(),
            strand: sign_or_dot(track.strand).to_owned(),
            transcription_factor: track.transcription_factor.clone(),
        }
    }
}

/// What became of a variant in the run, in a word: `scored`, `failed`, or the code of a rejection.
pub(super) type Fate = String;

/// A finished run.
pub(super) struct RunFolder {
    folder: PathBuf,
    pub(super) manifest: Manifest,
    /// The tracks of each output type, in the model's order.
    sets: Vec<TrackSet>,
    /// The same, by the name of the output type.
    tracks: BTreeMap<String, Vec<TrackInfo>>,
}

/// What scores are wanted for: units, by variant.
pub(super) struct Wanted<'a> {
    of_variant: HashMap<&'a str, &'a [usize]>,
    /// The gene of each unit, by id without version.
    genes: Vec<Option<&'a str>>,
}

impl<'a> Wanted<'a> {
    /// * `index`: variant in normal form -> places in `units`.
    pub(super) fn of(index: &'a BTreeMap<String, Vec<usize>>, units: &'a [Unit]) -> Self {
        let of_variant = index.iter().map(|(name, places)| (name.as_str(), places.as_slice()));
        Self {
            of_variant: of_variant.collect(),
            genes: units.iter().map(|unit| unit.gene.as_deref()).collect(),
        }
    }
}

/// Genes by number: those of the units first, then those of the score table as they come.
#[derive(Default)]
struct GeneNumbers {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl GeneNumbers {
    fn of(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

/// In the place of a gene: no score has come yet.
const NO_SCORE: u32 = u32::MAX;
/// In the place of a gene: the score is of no gene.
const NO_GENE: u32 = u32::MAX - 1;

/// The scores of the wanted units by one scorer.
#[derive(Clone, Debug)]
pub(super) struct ScoreMatrix {
    pub(super) scorer: ManifestScorer,
    pub(super) tracks: Vec<TrackInfo>,
    units: usize,
    /// `[tracks x units]`, NaN where there is no score.
    values: Vec<f32>,
    /// The number of the gene of each value.
    gene_of_value: Vec<u32>,
    /// For each unit the genes that its scores are of.
    genes: Vec<Vec<u32>>,
    gene_names: Arc<[String]>,
    /// Whether scores are by gene and several stand as one.
    pub(super) collapsed: bool,
}

impl ScoreMatrix {
    /// Returns the scores of one track, one for each unit.
    pub(super) fn track(&self, track: usize) -> &[f32] {
        &self.values[track * self.units..][..self.units]
    }

    /// Returns the scores of one unit, one for each track.
    pub(super) fn variant(&self, unit: usize) -> Vec<f64> {
        let tracks = self.values[unit..].iter().step_by(self.units.max(1));
        tracks.map(|score| f64::from(*score)).collect()
    }

    /// Returns the bits of the scores of one unit, one for each track: units with the same bits are one input.
    pub(super) fn bits(&self, unit: usize) -> Vec<u32> {
        let tracks = self.values[unit..].iter().step_by(self.units.max(1));
        tracks.map(|score| score.to_bits()).collect()
    }

    /// Returns the gene of a score, where it has one.
    pub(super) fn gene(&self, track: usize, unit: usize) -> Option<&str> {
        let number = self.gene_of_value[track * self.units + unit];
        self.gene_names.get(number as usize).map(String::as_str)
    }

    /// Returns how many genes the scores of a unit are of.
    pub(super) fn genes_behind(&self, unit: usize) -> usize {
        self.genes[unit].len()
    }
}

impl RunFolder {
    /// Opens a folder and verifies its small tables.
    pub(super) fn open(folder: &Path) -> Result<Self, ValidateError> {
        let path = folder.join("manifest.json");
        if !path.is_file() {
            return Err(ValidateError::NotFinished {
                folder: folder.to_owned(),
            });
        }
        let manifest: Manifest = read_json(&path)?;
        if manifest.schema_version != Manifest::SCHEMA_VERSION {
            return Err(ValidateError::Layout {
                folder: folder.to_owned(),
                found: manifest.schema_version,
                read: Manifest::SCHEMA_VERSION,
            });
        }
        if manifest.identity.layout != Layout::Tidy.name() {
            return Err(ValidateError::WideLayout {
                folder: folder.to_owned(),
            });
        }
        verify(&folder.join("variants.parquet"), &manifest.variants, &path)?;
        let tracks_path = folder.join("tracks.parquet");
        verify(&tracks_path, &manifest.tracks, &path)?;
        let sets = track_table::read(&tracks_path).map_err(|error| TableProblem::Tracks(error).at(&tracks_path))?;
        let named = |set: &TrackSet| {
            let tracks = set.tracks.iter().map(TrackInfo::of).collect();
            (set.output.name().to_owned(), tracks)
        };
        let tracks = sets.iter().map(named).collect();
        Ok(Self {
            folder: folder.to_owned(),
            manifest,
            sets,
            tracks,
        })
    }

    /// Returns the tracks of each output type, in the model's order.
    pub(super) fn sets(&self) -> &[TrackSet] {
        &self.sets
    }

    /// Calls `each` with the variant and the fate of every row of the run that has a checked variant, duplicates left
    /// out.
    pub(super) fn variants(&self, mut each: impl FnMut(&str, &str)) -> Result<(), ValidateError> {
        let path = self.folder.join("variants.parquet");
        let read = |each: &mut dyn FnMut(&str, &str)| -> Result<(), TableProblem> {
            for batch in reader(&path, &["variant_id", "status", "code"], None)? {
                let batch = batch?;
                let (ids, status, code) = (text(&batch, 0)?, text(&batch, 1)?, text(&batch, 2)?);
                for row in (0..batch.num_rows()).filter(|&row| ids.is_valid(row)) {
                    match status.value(row) {
                        "duplicate" => {}
                        "rejected" if code.is_valid(row) => each(ids.value(row), code.value(row)),
                        fate => each(ids.value(row), fate),
                    }
                }
            }
            Ok(())
        };
        read(&mut each).map_err(|error| error.at(&path))
    }

    /// Reads the scores of some units by some scorers of the manifest, and counts the units with a gene for which no
    /// scorer has a score by that gene.
    ///
    /// A unit with a gene takes the scores of that gene and those that are of no gene; one without takes all.
    ///
    /// * `scorers`: indices into the manifest's scorers.
    /// * `collapse`: what stands for several scores of a unit on a track; `None` refuses them.
    pub(super) fn scores(
        &self,
        scorers: &[usize],
        wanted: &Wanted<'_>,
        collapse: Option<Collapse>,
    ) -> Result<(Vec<ScoreMatrix>, u64), ValidateError> {
        let units = wanted.genes.len();
        let mut genes = GeneNumbers::default();
        let mut taker = Taker {
            unit_genes: wanted
                .genes
                .iter()
                .map(|gene| gene.map(|gene| genes.of(gene)))
                .collect(),
            wanted,
            collapse,
            genes,
        };
        let mut matrices: Vec<ScoreMatrix> = scorers
            .iter()
            .map(|&scorer| {
                let scorer = self.manifest.scorers[scorer].clone();
                let tracks = self.tracks.get(&scorer.output_type).cloned().unwrap_or_default();
                ScoreMatrix {
                    values: vec![f32::NAN; tracks.len() * units],
                    gene_of_value: vec![NO_SCORE; tracks.len() * units],
                    genes: vec![Vec::new(); units],
                    gene_names: Arc::new([]),
                    collapsed: false,
                    units,
                    tracks,
                    scorer,
                }
            })
            .collect();
        let places: Vec<TrackPlaces<'_>> = matrices
            .iter()
            .map(|matrix| TrackPlaces::of(self.tracks.get(&matrix.scorer.output_type)))
            .collect();
        for part in &self.manifest.scores {
            let path = self.folder.join("scores").join(&part.name);
            verify(&path, part, &self.folder.join("manifest.json"))?;
            let problem = |error: TableProblem| error.at(&path);
            for batch in reader(&path, &SCORE_COLUMNS, Some(score_table::schema())).map_err(problem)? {
                let batch = batch.map_err(problem)?;
                let columns = ScoreColumns::of(&batch).map_err(problem)?;
                taker.take(&columns, &path, &places, &mut matrices)?;
            }
        }
        let names: Arc<[String]> = taker.genes.names.into();
        for matrix in &mut matrices {
            matrix.gene_names = Arc::clone(&names);
            matrix.collapsed = collapse.is_some() && matrix.genes.iter().any(|genes| !genes.is_empty());
        }
        let has_scores = |unit: usize| matrices.iter().any(|matrix| !matrix.genes[unit].is_empty());
        let lacking = (0..units).filter(|&unit| wanted.genes[unit].is_some() && !has_scores(unit));
        let lacking = lacking.count() as u64;
        Ok((matrices, lacking))
    }
}

/// Where the tracks of an output type stand: name -> strand -> place.
struct TrackPlaces<'a>(HashMap<&'a str, Vec<(&'a str, usize)>>);

impl<'a> TrackPlaces<'a> {
    fn of(tracks: Option<&'a Vec<TrackInfo>>) -> Self {
        let mut places: HashMap<&str, Vec<(&str, usize)>> = HashMap::new();
        for (place, track) in tracks.into_iter().flatten().enumerate() {
            places.entry(&track.name).or_default().push((&track.strand, place));
        }
        Self(places)
    }

    /// Returns the places of the tracks of a name and strand: one, unless tracks are alike.
    fn find(&self, name: &str, strand: &str) -> impl Iterator<Item = usize> {
        let strands = self.0.get(name).into_iter().flatten();
        strands
            .filter(move |(known, _)| *known == strand)
            .map(|(_, place)| *place)
    }
}

/// Puts scores in their places.
struct Taker<'a> {
    wanted: &'a Wanted<'a>,
    /// The number of each unit's gene.
    unit_genes: Vec<Option<u32>>,
    genes: GeneNumbers,
    collapse: Option<Collapse>,
}

impl Taker<'_> {
    /// Takes the scores of a batch.
    fn take(
        &mut self,
        columns: &ScoreColumns<'_>,
        path: &Path,
        places: &[TrackPlaces<'_>],
        matrices: &mut [ScoreMatrix],
    ) -> Result<(), ValidateError> {
        let units_of_key = columns.variant.map(|name| self.wanted.of_variant.get(name).copied());
        let scorer_of_key = columns
            .scorer
            .map(|name| matrices.iter().position(|matrix| matrix.scorer.scorer == name));
        let gene_of_key = columns.gene.map(|name| self.genes.of(name));
        // The keys of a batch's dictionaries stand for the same texts throughout the batch.
        let mut track_of_keys: HashMap<[usize; 3], usize> = HashMap::new();
        for row in 0..columns.raw.len() {
            let Some(units) = units_of_key[columns.variant.key(row)] else {
                continue;
            };
            let Some(scorer) = scorer_of_key[columns.scorer.key(row)] else {
                continue;
            };
            let keys = [scorer, columns.track.key(row), columns.strand.key(row)];
            let track = match track_of_keys.get(&keys) {
                Some(track) => *track,
                None => {
                    let found = track_of(columns, row, path, &places[scorer], &matrices[scorer])?;
                    track_of_keys.insert(keys, found);
                    found
                }
            };
            let gene = columns.gene.key_if_any(row).map(|key| gene_of_key[key]);
            let score = columns.raw.value(row);
            let score = if score.is_finite() { score } else { f32::NAN };
            for &unit in units {
                let is_other = |gene| self.unit_genes[unit].is_some_and(|wanted| wanted != gene);
                if gene.is_some_and(is_other) {
                    continue;
                }
                self.put(score, gene, [track, unit], &mut matrices[scorer])
                    .map_err(|genes| ValidateError::ScoredTwice {
                        variant: columns.variant.value(row).to_owned(),
                        scorer: columns.scorer.value(row).to_owned(),
                        track: columns.track.value(row).to_owned(),
                        by_gene: self.unit_genes[unit].is_some(),
                        genes,
                    })?;
            }
        }
        Ok(())
    }

    /// Puts one score in its place; the genes of both when the place is taken and scores are not collapsed.
    fn put(
        &self,
        score: f32,
        gene: Option<u32>,
        [track, unit]: [usize; 2],
        matrix: &mut ScoreMatrix,
    ) -> Result<(), Vec<String>> {
        let place = track * matrix.units + unit;
        let known = matrix.gene_of_value[place];
        if known != NO_SCORE {
            match (gene, self.collapse) {
                (Some(_), Some(collapse)) if !collapse.prefers(score, matrix.values[place]) => {
                    matrix.note_gene(unit, gene);
                    return Ok(());
                }
                (Some(_), Some(_)) => {}
                _ => {
                    let numbers = [known, gene.unwrap_or(NO_GENE)];
                    let names = numbers
                        .iter()
                        .filter_map(|&number| self.genes.names.get(number as usize));
                    let mut names: Vec<String> = names.cloned().collect();
                    names.dedup();
                    return Err(names);
                }
            }
        }
        matrix.values[place] = score;
        matrix.gene_of_value[place] = gene.unwrap_or(NO_GENE);
        matrix.note_gene(unit, gene);
        Ok(())
    }
}

impl ScoreMatrix {
    /// Remembers that a unit has scores of a gene.
    fn note_gene(&mut self, unit: usize, gene: Option<u32>) {
        let known = &mut self.genes[unit];
        if let Some(gene) = gene.filter(|gene| !known.contains(gene)) {
            known.push(gene);
        }
    }
}

/// Returns the place of the track of a row; tracks that are alike cannot be told apart.
fn track_of(
    columns: &ScoreColumns<'_>,
    row: usize,
    path: &Path,
    places: &TrackPlaces<'_>,
    matrix: &ScoreMatrix,
) -> Result<usize, ValidateError> {
    let (name, strand) = (columns.track.value(row), columns.strand.value(row));
    let mut found = places.find(name, strand);
    match (found.next(), found.next()) {
        (Some(place), None) => Ok(place),
        (Some(_), Some(_)) => Err(ValidateError::ScoredTwice {
            variant: columns.variant.value(row).to_owned(),
            scorer: matrix.scorer.scorer.clone(),
            track: name.to_owned(),
            genes: Vec::new(),
            by_gene: false,
        }),
        (None, _) => Err(ValidateError::Unmatched {
            path: path.to_owned(),
            what: "track",
            found: format!("{name} {strand}"),
        }),
    }
}
