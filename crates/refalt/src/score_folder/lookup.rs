//! Scores of chosen variants of a finished folder, without reading the rest.
//!
//! The variants are held in memory, sorted by place; the footers of the parts say which row groups hold which input rows.
//! Only those row groups are opened, and in them only the pages of the rows asked for are decoded.

use super::scores::ScoreBatch;
use super::{ScoreFolder, ScoreFolderError};
use arrow::array::{AsArray, BooleanArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowPredicateFn, ArrowReaderOptions, ParquetRecordBatchReaderBuilder, RowFilter};
use parquet::file::statistics::Statistics;
use refalt_core::contig::same_contig;
use refalt_core::scorer::{GeneRow, ScoreRows, ScoredGene};
use refalt_core::{Interval, Position, Strand};
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A scored variant of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredVariant {
    /// Row of the input (1-based).
    pub row: u64,
    /// Contig, as the reference names it.
    pub contig: Arc<str>,
    /// First base of REF in normal form (1-based).
    pub position: Position,
    /// REF in normal form.
    pub reference_bases: Box<str>,
    /// ALT in normal form.
    pub alternate_bases: Box<str>,
    /// Start of the window (0-based), which may lie below 0.
    pub window_start: i64,
    /// End of the window (0-based, exclusive).
    pub window_end: i64,
}

/// Scores of one variant by one scorer.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredScores {
    /// What the rows are about, in the order in which the table has them first.
    pub rows: ScoreRows,
    /// Raw scores, `[rows x tracks]`, row-major; NaN where the table has no row, as for a gene and a track on different
    /// strands.
    pub raw: Vec<f32>,
    /// Quantile scores like the raw ones, where the table has any.
    pub quantile: Option<Vec<f32>>,
}

/// The input rows that a row group holds.
#[derive(Clone, Copy, Debug)]
struct GroupRows {
    part: usize,
    group: usize,
    first: i64,
    last: i64,
}

/// The variants of a folder, by place, and the way to their scores.
#[derive(Debug)]
pub struct ScoreLookup {
    variants: Vec<StoredVariant>,
    /// For each contig its variants in `variants`.
    contigs: HashMap<Arc<str>, Range<usize>>,
    parts: Vec<PathBuf>,
    groups: Vec<GroupRows>,
    scorers: HashMap<String, usize>,
    /// For each scorer the number of its tracks, and the place of each.
    tracks: Vec<(usize, TrackPlaces)>,
}

/// The place of a track by name and strand.
type TrackPlaces = HashMap<(String, String), usize>;

impl ScoreLookup {
    /// Reads the variant table of a folder and the footers of its parts.
    ///
    /// * `most`: variants that are held in memory at most, about 100 bytes each.
    ///
    /// # Errors
    /// [`ScoreFolderError`] when a table cannot be read, holds more variants, or has tracks that cannot be told apart.
    pub fn open(folder: &ScoreFolder, most: usize) -> Result<Self, ScoreFolderError> {
        let refused = |path: PathBuf, reason: String| ScoreFolderError::Table { path, reason };
        let mut variants: Vec<StoredVariant> = Vec::new();
        let mut names: HashMap<String, Arc<str>> = HashMap::new();
        for row in folder.variants()? {
            let row = row?;
            if !row.is_scored() {
                continue;
            }
            let window = row.scored_interval.as_deref().and_then(window_of);
            let (Some(normal), Some((window_start, window_end))) = (row.normal_form, window) else {
                let reason = format!("the scored row {} has no variant or no window", row.row);
                return Err(refused(folder.variants_path(), reason));
            };
            if variants.len() == most {
                let reason = format!("it has more than {most} scored variants, which is as many as are held in memory");
                return Err(refused(folder.variants_path(), reason));
            }
            let contig = names
                .entry(normal.contig)
                .or_insert_with_key(|name| name.as_str().into());
            variants.push(StoredVariant {
                row: row.row,
                contig: Arc::clone(contig),
                position: normal.position,
                reference_bases: normal.reference_bases.into(),
                alternate_bases: normal.alternate_bases.into(),
                window_start,
                window_end,
            });
        }
        variants.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut contigs: HashMap<Arc<str>, Range<usize>> = HashMap::new();
        for (index, variant) in variants.iter().enumerate() {
            let range = contigs.entry(Arc::clone(&variant.contig)).or_insert(index..index);
            range.end = index + 1;
        }
        let sets = folder.tracks()?;
        let mut tracks = Vec::new();
        for scorer in folder.scorers() {
            let set = sets.iter().find(|set| set.output.name() == scorer.output_type);
            let mut places = HashMap::new();
            let list = set.map_or(&[][..], |set| &set.tracks);
            for (place, track) in list.iter().enumerate() {
                let strand = refalt_core::strand::sign_or_dot(track.strand);
                if places.insert((track.name.clone(), strand.to_owned()), place).is_some() {
                    let reason = format!(
                        "the track `{}` {strand} is there twice and cannot be told apart",
                        track.name
                    );
                    return Err(refused(folder.tracks_path(), reason));
                }
            }
            tracks.push((list.len(), places));
        }
        let scorers = folder.scorers().iter().enumerate();
        let mut lookup = Self {
            variants,
            contigs,
            parts: folder.scores_paths(),
            groups: Vec::new(),
            scorers: scorers.map(|(index, scorer)| (scorer.scorer.clone(), index)).collect(),
            tracks,
        };
        lookup.groups = lookup.read_groups()?;
        Ok(lookup)
    }

    fn read_groups(&self) -> Result<Vec<GroupRows>, ScoreFolderError> {
        let mut groups = Vec::new();
        for (part, path) in self.parts.iter().enumerate() {
            let builder = ParquetRecordBatchReaderBuilder::try_new(file(path)?)
                .map_err(|error| ScoreFolderError::table(path, &error))?;
            let schema = builder.parquet_schema();
            let column = (0..schema.num_columns()).find(|&index| schema.column(index).name() == "row");
            for (group, metadata) in builder.metadata().row_groups().iter().enumerate() {
                let statistics = column.and_then(|column| metadata.column(column).statistics());
                let Some(Statistics::Int64(rows)) = statistics else {
                    return Err(ScoreFolderError::Column {
                        path: path.clone(),
                        column: "row".to_owned(),
                        expected: "64-bit integer with statistics",
                    });
                };
                groups.push(GroupRows {
                    part,
                    group,
                    first: rows.min_opt().copied().unwrap_or(i64::MIN),
                    last: rows.max_opt().copied().unwrap_or(i64::MAX),
                });
            }
        }
        Ok(groups)
    }

    /// Returns how many variants have scores.
    pub fn len(&self) -> usize {
        self.variants.len()
    }

    /// Says whether no variant has scores.
    pub fn is_empty(&self) -> bool {
        self.variants.is_empty()
    }

    /// Says whether a variant on this contig has scores, under any name of it.
    pub fn has_contig(&self, contig: &str) -> bool {
        self.range(contig).is_some()
    }

    /// Returns the variants of a contig: under its name in the folder, or another one (`9`, `chr9`).
    fn range(&self, contig: &str) -> Option<Range<usize>> {
        let alias = || self.contigs.iter().find(|(name, _)| same_contig(name, contig));
        let range = self.contigs.get(contig).or_else(|| Some(alias()?.1));
        range.cloned()
    }

    /// Returns the variants whose first base lies in a stretch, by position, then alleles.
    ///
    /// * `stretch`: 0-based, half-open.
    pub fn within(&self, contig: &str, stretch: Interval) -> &[StoredVariant] {
        let Some(range) = self.range(contig) else {
            return &[];
        };
        let of_contig = &self.variants[range];
        // The first base of a stretch is the position after its 0-based start.
        let first = of_contig.partition_point(|variant| variant.position.one_based() <= stretch.bed_start());
        let end = of_contig.partition_point(|variant| variant.position.one_based() <= stretch.bed_end());
        &of_contig[first..end.max(first)]
    }

    /// Reads the scores of variants by every scorer of the run, in the order of the run; those of a variant by a scorer
    /// without rows are no rows.
    ///
    /// # Errors
    /// [`ScoreFolderError`] when the table cannot be read or holds what the folder does not know.
    pub fn scores(&self, variants: &[&StoredVariant]) -> Result<Vec<Vec<StoredScores>>, ScoreFolderError> {
        let wanted: HashMap<i64, usize> = variants
            .iter()
            .enumerate()
            .filter_map(|(place, variant)| Some((i64::try_from(variant.row).ok()?, place)))
            .collect();
        let mut gathered: Vec<Vec<Gathered>> = variants
            .iter()
            .map(|_| self.tracks.iter().map(|_| Gathered::default()).collect())
            .collect();
        for (part, path) in self.parts.iter().enumerate() {
            let holds = |group: &&GroupRows| {
                group.part == part && wanted.keys().any(|row| (group.first..=group.last).contains(row))
            };
            let groups: Vec<usize> = self.groups.iter().filter(holds).map(|group| group.group).collect();
            if !groups.is_empty() {
                self.read(path, groups, &wanted, &mut gathered)?;
            }
        }
        let finish = |scores: Vec<Gathered>| {
            let pairs = scores.into_iter().zip(&self.tracks);
            pairs.map(|(scores, (tracks, _))| scores.finish(*tracks)).collect()
        };
        Ok(gathered.into_iter().map(finish).collect())
    }

    fn read(
        &self,
        path: &Path,
        groups: Vec<usize>,
        wanted: &HashMap<i64, usize>,
        gathered: &mut [Vec<Gathered>],
    ) -> Result<(), ScoreFolderError> {
        let failed = |error: parquet::errors::ParquetError| ScoreFolderError::table(path, &error);
        let plain = ParquetRecordBatchReaderBuilder::try_new(file(path)?).map_err(failed)?;
        let fields = plain.schema().fields().iter().map(|field| {
            let data_type = match field.data_type() {
                DataType::Utf8 => DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)),
                other => other.clone(),
            };
            Field::new(field.name(), data_type, field.is_nullable())
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let options = ArrowReaderOptions::new().with_schema(schema);
        let builder = ParquetRecordBatchReaderBuilder::try_new_with_options(file(path)?, options).map_err(failed)?;
        let columns = builder.parquet_schema();
        let mask = ProjectionMask::columns(columns, super::scores::COLUMNS);
        let rows: std::collections::HashSet<i64> = wanted.keys().copied().collect();
        let is_wanted = ArrowPredicateFn::new(ProjectionMask::columns(columns, ["row"]), move |batch| {
            let column = batch.column(0).as_primitive::<Int64Type>();
            Ok(column
                .values()
                .iter()
                .map(|row| Some(rows.contains(row)))
                .collect::<BooleanArray>())
        });
        let reader = builder
            .with_row_groups(groups)
            .with_projection(mask)
            .with_row_filter(RowFilter::new(vec![Box::new(is_wanted)]))
            .build()
            .map_err(failed)?;
        for batch in reader {
            let batch = batch.map_err(|error| ScoreFolderError::table(path, &error))?;
            let scores = ScoreBatch::of(&batch, path)?;
            for row in 0..batch.num_rows() {
                if let Some(&place) = wanted.get(&scores.input_row(row)) {
                    self.take(&scores, row, path, &mut gathered[place])?;
                }
            }
        }
        Ok(())
    }

    /// Takes one row of the table.
    fn take(
        &self,
        batch: &ScoreBatch,
        row: usize,
        path: &Path,
        scores: &mut [Gathered],
    ) -> Result<(), ScoreFolderError> {
        let unknown = |what: String| ScoreFolderError::Table {
            path: path.to_path_buf(),
            reason: format!("{what} is not in the folder's manifest or track table"),
        };
        let text = batch.scorer.text(row).unwrap_or_default();
        let scorer = *self
            .scorers
            .get(text)
            .ok_or_else(|| unknown(format!("the scorer `{text}`")))?;
        let name = batch.track.text(row).unwrap_or_default();
        let strand = batch.strand.text(row).unwrap_or(".");
        let place = self.tracks[scorer].1.get(&(name.to_owned(), strand.to_owned()));
        let place = *place.ok_or_else(|| unknown(format!("the track `{name}` {strand}")))?;
        scores[scorer].add(batch, row, place);
        Ok(())
    }
}

fn key(variant: &StoredVariant) -> (&str, Position, &str, &str) {
    (
        &variant.contig,
        variant.position,
        &variant.reference_bases,
        &variant.alternate_bases,
    )
}

fn file(path: &Path) -> Result<File, ScoreFolderError> {
    File::open(path).map_err(|source| ScoreFolderError::File {
        action: "open",
        path: path.to_path_buf(),
        source,
    })
}

/// Reads start and end of a window, `chr22:35677410-36725986:.` (0-based, half-open; the start may lie below 0).
fn window_of(text: &str) -> Option<(i64, i64)> {
    let (front, _) = text.rsplit_once(':')?;
    let (_, span) = front.rsplit_once(':')?;
    // The start may have a sign of its own.
    let dash = span.get(1..)?.find('-')? + 1;
    Some((span[..dash].parse().ok()?, span[dash + 1..].parse().ok()?))
}

/// A gene or junction with its scores by track.
#[derive(Debug)]
struct GatheredRow {
    gene: Option<GeneRow>,
    scores: HashMap<usize, (f32, Option<f32>)>,
}

/// Scores of one variant by one scorer, as far as they were read.
#[derive(Debug, Default)]
struct Gathered {
    rows: Vec<GatheredRow>,
}

impl Gathered {
    fn add(&mut self, batch: &ScoreBatch, row: usize, track: usize) {
        let junction = batch
            .junction(row)
            .and_then(|(start, end)| Interval::from_bed(u32::try_from(start).ok()?, u32::try_from(end).ok()?));
        let id = batch.gene_id.text(row);
        let same = |known: &GatheredRow| match (&known.gene, id) {
            (None, None) => true,
            (Some(gene), Some(id)) => *gene.gene.id == *id && gene.junction == junction,
            _ => false,
        };
        let text = |column: &super::TextColumn| column.text(row).map(Into::into);
        let index = self.rows.iter().rposition(same).unwrap_or_else(|| {
            let gene = id.map(|id| GeneRow {
                gene: Arc::new(ScoredGene {
                    id: id.into(),
                    name: text(&batch.gene_name),
                    biotype: text(&batch.gene_type),
                    strand: match batch.gene_strand.text(row) {
                        Some("+") => Some(Strand::Forward),
                        Some("-") => Some(Strand::Reverse),
                        _ => None,
                    },
                }),
                junction,
            });
            self.rows.push(GatheredRow {
                gene,
                scores: HashMap::new(),
            });
            self.rows.len() - 1
        });
        let scores = (batch.score(row), batch.quantile(row));
        self.rows[index].scores.insert(track, scores);
    }

    fn finish(self, tracks: usize) -> StoredScores {
        let score = |row: &GatheredRow, track: usize| row.scores.get(&track).copied();
        let places = || {
            self.rows
                .iter()
                .flat_map(|row| (0..tracks).map(move |track| (row, track)))
        };
        let raw = places().map(|(row, track)| score(row, track).map_or(f32::NAN, |(raw, _)| raw));
        let quantile = || places().map(|(row, track)| score(row, track).and_then(|(_, quantile)| quantile));
        StoredScores {
            raw: raw.collect(),
            quantile: quantile()
                .any(|value| value.is_some())
                .then(|| quantile().map(|value| value.unwrap_or(f32::NAN)).collect()),
            rows: match self.rows.as_slice() {
                [GatheredRow { gene: None, .. }] => ScoreRows::One,
                rows => ScoreRows::Genes(rows.iter().filter_map(|row| row.gene.clone()).collect()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::window_of;

    #[test]
    fn windows_may_begin_below_zero() {
        assert_eq!(window_of("chr22:35677410-36725986:."), Some((35_677_410, 36_725_986)));
        assert_eq!(window_of("chr8:-495768-552808:."), Some((-495_768, 552_808)));
        assert_eq!(window_of("HLA-A*01:5-9:."), Some((5, 9)));
        assert_eq!(window_of("chr8"), None);
    }
}
