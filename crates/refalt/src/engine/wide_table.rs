//! The score table in the wide layout: `scores/SCORER/part-*.parquet`, one column for each track.
//!
//! The folder is named after the scorer: its recommended name, or its full text. The files of quantile scores and of
//! the terms of REF and ALT lie in folders of their own, `SCORER.quantile`, `SCORER.reference`, `SCORER.alternate`, with
//! the same rows and columns. A score of a gene on a track of the other strand is missing where strands are matched.

use super::ledger::part_name;
use super::plan::{Plan, PlannedScorer};
use super::run::{RunError, at};
use super::score_table::{ScoredVariant, TableError, properties};
use crate::atomic_file::{AtomicFile, Committed};
use arrow::array::{ArrayRef, Float32Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use refalt_core::Track;
use refalt_core::score::ScoreBlock;
use refalt_core::scorer::{GeneRow, Needs};
use refalt_core::strand::sign_or_dot;
use refalt_core::tidy::strands_match;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The layout of the tables of a plan.
pub(crate) struct WideTemplate<'a> {
    plan: &'a Plan,
    schemas: Vec<SchemaRef>,
}

/// A set of values of a scorer, with the end of its folder's name.
const SETS: [&str; 4] = ["", ".quantile", ".reference", ".alternate"];

fn values(block: &ScoreBlock, set: usize) -> Option<&[f32]> {
    let terms = block.terms.as_ref();
    match set {
        0 => Some(&block.raw),
        1 => block.quantile.as_deref(),
        2 => terms.map(|terms| terms.reference.as_slice()),
        _ => terms.map(|terms| terms.alternate.as_slice()),
    }
}

/// Columns before those of the tracks.
fn keys(by_gene: bool) -> Vec<Field> {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str, nullable| Field::new(name, DataType::Int64, nullable);
    let mut keys = vec![
        number("row", false),
        text("variant_id", false),
        text("scored_interval", false),
    ];
    if by_gene {
        keys.extend(["gene_id", "gene_name", "gene_type", "gene_strand"].map(|name| text(name, true)));
        keys.extend(["junction_Start", "junction_End"].map(|name| number(name, true)));
    }
    keys.extend([
        text("source", false),
        text("model_version", false),
        text("answered_on", true),
    ]);
    keys
}

/// Names the columns of tracks: the track's name, with the strand where several tracks share it, with the index where
/// these share the strand, too.
fn track_columns(tracks: &[Track]) -> Vec<String> {
    let stranded = |track: &Track| format!("{} ({})", track.name, sign_or_dot(track.strand));
    let mut times: HashMap<String, usize> = HashMap::new();
    for track in tracks {
        *times.entry(track.name.clone()).or_default() += 1;
        *times.entry(stranded(track)).or_default() += 1;
    }
    let name = |(index, track): (usize, &Track)| match (times[&track.name], times[&stranded(track)]) {
        (1, _) => track.name.clone(),
        (_, 1) => stranded(track),
        _ => format!("{} #{index}", stranded(track)),
    };
    tracks.iter().enumerate().map(name).collect()
}

fn by_gene(planned: &PlannedScorer) -> bool {
    planned.scorer.needs() != Needs::Nothing
}

impl<'a> WideTemplate<'a> {
    pub(crate) fn new(plan: &'a Plan) -> Self {
        let schema = |planned: &PlannedScorer| {
            let tracks = track_columns(&planned.tracks.tracks);
            let tracks = tracks.into_iter().map(|name| Field::new(name, DataType::Float32, true));
            let fields: Vec<Field> = keys(by_gene(planned)).into_iter().chain(tracks).collect();
            Arc::new(Schema::new(fields))
        };
        Self {
            plan,
            schemas: plan.scorers.iter().map(schema).collect(),
        }
    }
}

/// Writes the files of one part.
pub(crate) struct WideTables {
    folder: PathBuf,
    number: u64,
    /// By scorer and set.
    tables: BTreeMap<(usize, usize), WideTable>,
    rows: u64,
}

impl WideTables {
    pub(crate) fn new(folder: &Path, number: u64) -> Self {
        Self {
            folder: folder.to_owned(),
            number,
            tables: BTreeMap::new(),
            rows: 0,
        }
    }

    /// Appends a variant; the number of its rows.
    pub(crate) fn append(&mut self, template: &WideTemplate<'_>, variant: &ScoredVariant) -> Result<u64, RunError> {
        let mut rows = 0;
        for block in variant.blocks.iter().filter(|block| !block.rows.is_empty()) {
            rows += block.rows.len() as u64;
            for (set, end) in SETS.iter().enumerate() {
                let Some(values) = values(block, set) else { continue };
                let key = (block.scorer, set);
                if !self.tables.contains_key(&key) {
                    let name = format!("{}{end}", template.plan.scorers[block.scorer].name());
                    let table = WideTable::create(&self.folder, name, self.number, template, block.scorer)?;
                    self.tables.insert(key, table);
                }
                if let Some(table) = self.tables.get_mut(&key) {
                    let path = table.path.clone();
                    table.append(template, block, values, variant).map_err(at(&path))?;
                }
            }
        }
        self.rows += rows;
        Ok(rows)
    }

    /// Finishes the files and puts them in place.
    pub(crate) fn commit(self) -> Result<(Vec<(String, Committed)>, u64), RunError> {
        let mut files = Vec::new();
        for mut table in self.tables.into_values() {
            let path = table.path.clone();
            table.flush().map_err(at(&path))?;
            let commit = || -> Result<Committed, TableError> { Ok(table.writer.into_inner()?.commit()?) };
            files.push((table.name, commit().map_err(at(&path))?));
        }
        Ok((files, self.rows))
    }
}

/// Values that are turned into columns at once, over all tracks.
const VALUES_PER_BATCH: usize = 1 << 20;

struct WideTable {
    path: PathBuf,
    /// Name under `scores/`.
    name: String,
    schema: SchemaRef,
    writer: ArrowWriter<AtomicFile>,
    row: Int64Builder,
    texts: Vec<StringBuilder>,
    junctions: [Int64Builder; 2],
    /// Source, model version and day of answer.
    origin: [StringBuilder; 3],
    tracks: Vec<Float32Builder>,
    waiting: usize,
}

impl WideTable {
    fn create(
        scores: &Path,
        folder: String,
        number: u64,
        template: &WideTemplate<'_>,
        scorer: usize,
    ) -> Result<Self, RunError> {
        let name = format!("{folder}/{}", part_name(number));
        let path = scores.join(&name);
        let planned = &template.plan.scorers[scorer];
        let schema = Arc::clone(&template.schemas[scorer]);
        let create = || -> Result<ArrowWriter<AtomicFile>, TableError> {
            fs::create_dir_all(scores.join(&folder))?;
            let floats = schema
                .fields()
                .iter()
                .filter(|field| *field.data_type() == DataType::Float32);
            let floats: Vec<&str> = floats.map(|field| field.name().as_str()).collect();
            let options = ArrowWriterOptions::new()
                .with_properties(properties(template.plan, &floats)?)
                .with_skip_arrow_metadata(true);
            let file = AtomicFile::create(&path)?;
            Ok(ArrowWriter::try_new_with_options(file, Arc::clone(&schema), options)?)
        };
        Ok(Self {
            writer: create().map_err(at(&path))?,
            path,
            name,
            row: Int64Builder::new(),
            texts: (0..if by_gene(planned) { 6 } else { 2 })
                .map(|_| StringBuilder::new())
                .collect(),
            junctions: [Int64Builder::new(), Int64Builder::new()],
            origin: [StringBuilder::new(), StringBuilder::new(), StringBuilder::new()],
            tracks: planned.tracks.tracks.iter().map(|_| Float32Builder::new()).collect(),
            schema,
            waiting: 0,
        })
    }

    fn append(
        &mut self,
        template: &WideTemplate<'_>,
        block: &ScoreBlock,
        values: &[f32],
        variant: &ScoredVariant,
    ) -> Result<(), TableError> {
        let plan = template.plan;
        let tracks = &plan.scorers[block.scorer].tracks.tracks;
        let (id, window) = (variant.part.variant.to_string(), variant.part.window.to_string());
        let answered_on = block.origin.answered_on.map(|day| day.to_string());
        let rows = block.rows.iter().zip(values.chunks(tracks.len().max(1)));
        for (gene, values) in rows {
            self.row
                .append_value(i64::try_from(variant.part.row).unwrap_or(i64::MAX));
            self.keys(&id, &window, gene);
            let [source, version, day] = &mut self.origin;
            source.append_value(&block.origin.source);
            version.append_value(&block.origin.model_version);
            day.append_option(answered_on.as_deref());
            let strand = gene.and_then(|row| row.gene.strand);
            for ((builder, &value), track) in self.tracks.iter_mut().zip(values).zip(tracks.iter()) {
                let kept = !plan.table.match_gene_strand || strands_match(strand, track.strand);
                builder.append_option(kept.then_some(value));
            }
            self.waiting += 1;
        }
        if self.waiting * tracks.len() >= VALUES_PER_BATCH {
            self.flush()?;
        }
        Ok(())
    }

    fn keys(&mut self, id: &str, window: &str, row: Option<&GeneRow>) {
        let texts = [
            Some(id),
            Some(window),
            row.map(|row| row.gene.id_without_version()),
            row.and_then(|row| row.gene.name.as_deref()),
            row.and_then(|row| row.gene.biotype.as_deref()),
            row.map(|row| sign_or_dot(row.gene.strand)),
        ];
        for (builder, text) in self.texts.iter_mut().zip(texts) {
            builder.append_option(text);
        }
        if self.texts.len() > 2 {
            let junction = row.and_then(|row| row.junction);
            let ends = junction.map(|junction| [junction.bed_start(), junction.bed_end()]);
            for (end, builder) in self.junctions.iter_mut().enumerate() {
                builder.append_option(ends.map(|ends| i64::from(ends[end])));
            }
        }
    }

    fn flush(&mut self) -> Result<(), TableError> {
        if self.waiting == 0 {
            return Ok(());
        }
        let mut columns: Vec<ArrayRef> = vec![Arc::new(self.row.finish())];
        let by_gene = self.texts.len() > 2;
        columns.extend(
            self.texts
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        if by_gene {
            columns.extend(
                self.junctions
                    .iter_mut()
                    .map(|builder| Arc::new(builder.finish()) as ArrayRef),
            );
        }
        columns.extend(
            self.origin
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        columns.extend(
            self.tracks
                .iter_mut()
                .map(|builder| Arc::new(builder.finish()) as ArrayRef),
        );
        self.writer
            .write(&RecordBatch::try_new(Arc::clone(&self.schema), columns)?)?;
        self.waiting = 0;
        Ok(())
    }
}
