//! A finished run, read back: what was scored, and the scores of chosen variants.
//!
//! Files are compared with the digests of the manifest before anything is taken from them. Of the score table only
//! five columns are decoded, and only the scores of the wanted variants are kept.

use super::error::ValidateError;
use crate::engine::Layout;
use crate::engine::ledger::{read_json, verify};
use crate::engine::manifest::{Manifest, ManifestScorer};
use crate::engine::{score_table, track_table};
use arrow::array::{Array, AsArray, DictionaryArray, Float32Array, StringArray};
use arrow::datatypes::{Float32Type, Int32Type};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use parquet::errors::ParquetError;
use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, TrackSet};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

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

/// The scores of the wanted variants by one scorer.
#[derive(Clone, Debug)]
pub(super) struct ScoreMatrix {
    pub(super) scorer: ManifestScorer,
    pub(super) tracks: Vec<TrackInfo>,
    variants: usize,
    /// `[tracks x variants]`, NaN where there is no score.
    values: Vec<f32>,
}

impl ScoreMatrix {
    /// Returns the scores of one track, one for each variant.
    pub(super) fn track(&self, track: usize) -> &[f32] {
        &self.values[track * self.variants..][..self.variants]
    }

    /// Returns the scores of one variant, one for each track.
    pub(super) fn variant(&self, variant: usize) -> Vec<f64> {
        let tracks = self.values[variant..].iter().step_by(self.variants.max(1));
        tracks.map(|score| f64::from(*score)).collect()
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

    /// Reads the scores of some variants by some scorers of the manifest.
    ///
    /// * `scorers`: indices into the manifest's scorers.
    /// * `wanted`: variant in normal form -> its index, from 0.
    pub(super) fn scores(
        &self,
        scorers: &[usize],
        wanted: &HashMap<&str, usize>,
    ) -> Result<Vec<ScoreMatrix>, ValidateError> {
        let mut matrices: Vec<ScoreMatrix> = scorers
            .iter()
            .map(|&scorer| {
                let scorer = self.manifest.scorers[scorer].clone();
                let tracks = self.tracks.get(&scorer.output_type).cloned().unwrap_or_default();
                ScoreMatrix {
                    values: vec![f32::NAN; tracks.len() * wanted.len()],
                    variants: wanted.len(),
                    tracks,
                    scorer,
                }
            })
            .collect();
        let places: Vec<TrackPlaces<'_>> = matrices
            .iter()
            .map(|matrix| TrackPlaces::of(self.tracks.get(&matrix.scorer.output_type)))
            .collect();
        let mut filled: Vec<Vec<bool>> = matrices.iter().map(|matrix| vec![false; matrix.values.len()]).collect();
        for part in &self.manifest.scores {
            let path = self.folder.join("scores").join(&part.name);
            verify(&path, part, &self.folder.join("manifest.json"))?;
            let problem = |error: TableProblem| error.at(&path);
            for batch in reader(&path, &SCORE_COLUMNS, Some(score_table::schema())).map_err(problem)? {
                let batch = batch.map_err(problem)?;
                let columns = ScoreColumns::of(&batch).map_err(problem)?;
                take(&columns, &path, wanted, &places, &mut matrices, &mut filled)?;
            }
        }
        Ok(matrices)
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

    fn find(&self, name: &str, strand: &str) -> Option<usize> {
        let strands = self.0.get(name)?;
        strands
            .iter()
            .find(|(known, _)| *known == strand)
            .map(|(_, place)| *place)
    }
}

/// Puts the scores of a batch in their places.
fn take(
    columns: &ScoreColumns<'_>,
    path: &Path,
    wanted: &HashMap<&str, usize>,
    places: &[TrackPlaces<'_>],
    matrices: &mut [ScoreMatrix],
    filled: &mut [Vec<bool>],
) -> Result<(), ValidateError> {
    let variant_of_key = columns.variant.map(|name| wanted.get(name).copied());
    let scorer_of_key = columns
        .scorer
        .map(|name| matrices.iter().position(|matrix| matrix.scorer.scorer == name));
    // The keys of a batch's dictionaries stand for the same texts throughout the batch.
    let mut track_of_keys: HashMap<[usize; 3], usize> = HashMap::new();
    for row in 0..columns.raw.len() {
        let Some(variant) = variant_of_key[columns.variant.key(row)] else {
            continue;
        };
        let Some(scorer) = scorer_of_key[columns.scorer.key(row)] else {
            continue;
        };
        let keys = [scorer, columns.track.key(row), columns.strand.key(row)];
        let track = match track_of_keys.get(&keys) {
            Some(track) => *track,
            None => {
                let (name, strand) = (columns.track.value(row), columns.strand.value(row));
                let found = places[scorer]
                    .find(name, strand)
                    .ok_or_else(|| ValidateError::Unmatched {
                        path: path.to_owned(),
                        what: "track",
                        found: format!("{name} {strand}"),
                    })?;
                track_of_keys.insert(keys, found);
                found
            }
        };
        let matrix = &mut matrices[scorer];
        let place = track * matrix.variants + variant;
        if std::mem::replace(&mut filled[scorer][place], true) {
            return Err(ValidateError::ScoredTwice {
                variant: columns.variant.value(row).to_owned(),
                scorer: matrix.scorer.scorer.clone(),
                track: columns.track.value(row).to_owned(),
            });
        }
        let score = columns.raw.value(row);
        matrix.values[place] = if score.is_finite() { score } else { f32::NAN };
    }
    Ok(())
}

/// The columns of the score table that are read.
const SCORE_COLUMNS: [&str; 5] = [
    "variant_id",
    "variant_scorer",
    "track_name",
    "track_strand",
    "raw_score",
];

/// Why a table of the run cannot be read.
enum TableProblem {
    File(io::Error),
    Parquet(ParquetError),
    Arrow(ArrowError),
    Column(String),
    Tracks(score_table::TableError),
}

impl TableProblem {
    fn at(self, path: &Path) -> ValidateError {
        let reason = match self {
            Self::File(error) => error.to_string(),
            Self::Parquet(error) => error.to_string(),
            Self::Arrow(error) => error.to_string(),
            Self::Tracks(error) => error.to_string(),
            Self::Column(name) => format!("it has no column `{name}` of the expected type"),
        };
        ValidateError::Table {
            path: path.to_owned(),
            reason,
        }
    }
}

impl From<io::Error> for TableProblem {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

impl From<ParquetError> for TableProblem {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl From<ArrowError> for TableProblem {
    fn from(error: ArrowError) -> Self {
        Self::Arrow(error)
    }
}

/// Opens a table for some of its columns, which come in the order given.
fn reader(
    path: &Path,
    columns: &[&str],
    schema: Option<arrow::datatypes::SchemaRef>,
) -> Result<Projected, TableProblem> {
    let options = match schema {
        Some(schema) => ArrowReaderOptions::new().with_schema(schema),
        None => ArrowReaderOptions::new(),
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path)?, options)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), columns.iter().copied());
    Ok(Projected {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        reader: builder.with_projection(mask).with_batch_size(1 << 16).build()?,
    })
}

/// Record batches with the columns in the order asked for.
struct Projected {
    columns: Vec<String>,
    reader: ParquetRecordBatchReader,
}

impl Iterator for Projected {
    type Item = Result<RecordBatch, TableProblem>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match self.reader.next()? {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error.into())),
        };
        let order: Result<Vec<usize>, TableProblem> = self
            .columns
            .iter()
            .map(|name| {
                batch
                    .schema()
                    .index_of(name)
                    .map_err(|_| TableProblem::Column(name.clone()))
            })
            .collect();
        Some(order.and_then(|order| Ok(batch.project(&order)?)))
    }
}

fn text(batch: &RecordBatch, column: usize) -> Result<&StringArray, TableProblem> {
    let array = batch.column(column).as_string_opt::<i32>();
    array.ok_or_else(|| TableProblem::Column(batch.schema().field(column).name().clone()))
}

/// A text column with its dictionary.
struct DictionaryText<'a> {
    keys: &'a [i32],
    values: &'a StringArray,
}

impl<'a> DictionaryText<'a> {
    fn of(batch: &'a RecordBatch, column: usize) -> Result<Self, TableProblem> {
        let missing = || TableProblem::Column(SCORE_COLUMNS[column].to_owned());
        let array: &DictionaryArray<Int32Type> = batch.column(column).as_dictionary_opt().ok_or_else(missing)?;
        if array.null_count() > 0 {
            return Err(missing());
        }
        let values = array.values().as_string_opt::<i32>().ok_or_else(missing)?;
        Ok(Self {
            keys: array.keys().values(),
            values,
        })
    }

    fn key(&self, row: usize) -> usize {
        self.keys[row] as usize
    }

    fn value(&self, row: usize) -> &'a str {
        self.values.value(self.key(row))
    }

    /// Looks every value of the dictionary up, once.
    fn map<T>(&self, mut look_up: impl FnMut(&str) -> T) -> Vec<T> {
        (0..self.values.len())
            .map(|key| look_up(self.values.value(key)))
            .collect()
    }
}

/// A batch of the score table.
struct ScoreColumns<'a> {
    variant: DictionaryText<'a>,
    scorer: DictionaryText<'a>,
    track: DictionaryText<'a>,
    strand: DictionaryText<'a>,
    raw: &'a Float32Array,
}

impl<'a> ScoreColumns<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, TableProblem> {
        let raw = batch.column(4).as_primitive_opt::<Float32Type>();
        Ok(Self {
            variant: DictionaryText::of(batch, 0)?,
            scorer: DictionaryText::of(batch, 1)?,
            track: DictionaryText::of(batch, 2)?,
            strand: DictionaryText::of(batch, 3)?,
            raw: raw.ok_or_else(|| TableProblem::Column(SCORE_COLUMNS[4].to_owned()))?,
        })
    }
}
