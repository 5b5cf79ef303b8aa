//! The run: intervals in, tables out, each interval with what became of it.

use super::IntervalScoring;
use super::input::{Placed, PlacedRow, bounds};
use super::plan::PlannedIntervalScorer;
use super::source::{IntervalBlock, IntervalJob};
use super::tables::{Cell, Table};
use crate::engine::SourceError;
use crate::predict::{PredictError, WorkManifest, WrittenFile};
use refalt_core::Interval;
use refalt_core::score::{Column, INTERVAL_COLUMNS, interval_columns};
use refalt_core::strand::sign_or_dot;
use refalt_core::tidy::{self, RowOrder, TidyOptions, TidyRow, TrackColumn};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many intervals became what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntervalCounts {
    /// Intervals of the input.
    pub rows: u64,
    /// Intervals with scores.
    pub scored: u64,
    /// Intervals that were scored and in whose targets no gene starts.
    pub no_gene: u64,
    /// Intervals that were refused, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Intervals on which the source failed.
    pub failed: u64,
    /// Intervals of whose windows the reference has less than half.
    #[serde(default)]
    pub mostly_unknown: u64,
    /// Rows of the table of scores.
    pub score_rows: u64,
}

impl IntervalCounts {
    /// Returns the number of intervals that were refused.
    pub fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }
}

/// An interval that was refused, or on which the source failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnscoredInterval {
    /// Number of the row (1-based).
    pub row: u64,
    /// Line of the file (1-based), where it comes from one.
    pub line: Option<u64>,
    /// The interval, `chr1:1001-2000` (1-based, inclusive).
    pub as_written: String,
    /// Its name.
    pub name: Option<String>,
    /// Why it has no scores.
    pub reason: String,
}

/// Intervals that are under way at once; the tables are written between such groups.
const GROUP: usize = 64;

/// Intervals without scores that are told one by one.
const LISTED: usize = 10;

/// What became of a placed interval.
enum Outcome {
    Scored { known: f32, blocks: Vec<IntervalBlock> },
    Failed { known: f32, reason: String },
}

pub(super) fn run(
    work: &IntervalScoring,
    out: &Path,
    progress: &(dyn Fn(u64) + Sync),
) -> Result<(WorkManifest, Vec<UnscoredInterval>), PredictError> {
    let identity = work.identity();
    let folder = identity.check(out)?;
    folder.create()?;
    let columns = interval_columns();
    let (card, formats) = (work.source.card(), &work.request.formats);
    let mut tables = Tables {
        work,
        contents: columns.iter().map(Content::of).collect(),
        scores: Table::create(out, "interval_scores", &columns, formats, card)?,
        intervals: Table::create(out, "intervals", INTERVAL_COLUMNS, formats, card)?,
        counts: IntervalCounts::default(),
        unscored: Vec::new(),
    };
    let done = AtomicU64::new(0);
    for rows in work.rows.chunks(GROUP) {
        let told = |scored: u64| progress(done.fetch_add(scored, Ordering::Relaxed) + scored);
        let outcomes = score(work, rows, &told)?;
        for (row, outcome) in rows.iter().zip(outcomes) {
            tables.append(row, outcome)?;
        }
    }
    let Tables {
        scores,
        intervals,
        mut counts,
        unscored,
        ..
    } = tables;
    counts.score_rows = scores.rows();
    let mut complete = Vec::new();
    for (table, holds) in [
        (scores, "scores: a row for each interval, scorer, gene and track"),
        (intervals, "every interval and what became of it"),
    ] {
        complete.extend(table.complete()?.into_iter().map(|file| (file, holds)));
    }
    let folder = folder.claim(&identity)?;
    let mut files = Vec::new();
    for (file, holds) in complete {
        let path = file.target().to_owned();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let written = file.place().map_err(PredictError::file("write", &path))?;
        files.push(WrittenFile::new(name, written, holds));
    }
    let manifest = WorkManifest {
        schema_version: 1,
        identity,
        model: card.into(),
        notes: work.notes.clone(),
        intervals: Some(counts),
        files,
    };
    Ok((manifest.complete(folder)?, unscored))
}

/// Scores the placed rows of a group, several at once; the outcomes are in the order of the rows, `None` for rows that have
/// no window.
fn score(
    work: &IntervalScoring,
    rows: &[PlacedRow],
    told: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Option<Outcome>>, PredictError> {
    let slots: Vec<Mutex<Option<Result<Outcome, PredictError>>>> = rows.iter().map(|_| Mutex::new(None)).collect();
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        while !stopped.load(Ordering::Relaxed) {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let (Some(row), Some(slot)) = (rows.get(at), slots.get(at)) else {
                break;
            };
            if let Ok(placed) = &row.placed {
                let outcome = score_one(work, placed);
                stopped.fetch_or(outcome.is_err(), Ordering::Relaxed);
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            }
            told(1);
        }
    };
    let threads = work.source.at_once(work.request.threads).clamp(1, rows.len().max(1));
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(run);
        }
        run();
    });
    let outcomes = slots
        .into_iter()
        .map(|slot| slot.into_inner().unwrap_or_else(PoisonError::into_inner).transpose());
    outcomes.collect()
}

fn score_one(work: &IntervalScoring, placed: &Placed) -> Result<Outcome, PredictError> {
    let sequence = placed
        .window
        .reference_sequence(placed.contig, &work.genome.reference)?;
    let known = (sequence.known_bases() as f64 / sequence.len() as f64) as f32;
    let job = IntervalJob {
        window: &placed.window,
        sequence: &sequence,
        annotation: work.genes.as_ref().map(|genes| genes.annotation()),
    };
    let scorers = work.plan.scorers();
    let scored = work.source.score_interval(&job, scorers).and_then(|blocks| {
        check_shape(scorers, &blocks)?;
        Ok(blocks)
    });
    match scored {
        Ok(blocks) => Ok(Outcome::Scored { known, blocks }),
        Err(error) if error.is_fatal() => Err(error.into()),
        Err(error) => Ok(Outcome::Failed {
            known,
            reason: error.to_string(),
        }),
    }
}

/// Compares the blocks of an answer with the plan.
fn check_shape(scorers: &[PlannedIntervalScorer], blocks: &[IntervalBlock]) -> Result<(), SourceError> {
    let wrong = |scorer: &str, found, rows, tracks| SourceError::Shape {
        scorer: scorer.to_owned(),
        found,
        rows,
        tracks,
    };
    if blocks.len() != scorers.len() {
        return Err(wrong("the source", blocks.len(), 1, scorers.len()));
    }
    for (block, planned) in blocks.iter().zip(scorers) {
        let (rows, tracks) = (block.rows.len(), planned.given.tracks.len());
        for values in [Some(&block.raw), block.quantile.as_ref()].into_iter().flatten() {
            if values.len() != rows * tracks {
                return Err(wrong(&planned.text, values.len(), rows, tracks));
            }
        }
    }
    Ok(())
}

/// The tables under way.
struct Tables<'a> {
    work: &'a IntervalScoring,
    contents: Vec<Content>,
    scores: Table,
    intervals: Table,
    counts: IntervalCounts,
    unscored: Vec<UnscoredInterval>,
}

impl Tables<'_> {
    fn append(&mut self, row: &PlacedRow, outcome: Option<Outcome>) -> Result<(), PredictError> {
        self.counts.rows += 1;
        let before = self.scores.rows();
        let (mut code, mut reason, mut known_share, mut genes) = (None, None, None, 0);
        let status = match (&row.placed, outcome) {
            (Ok(placed), Some(Outcome::Scored { known, blocks })) => {
                known_share = Some(known);
                genes = self.append_scores(row, placed, known, blocks)?;
                if genes > 0 { "scored" } else { "no_gene" }
            }
            (Err(rejection), _) => {
                code = Some(rejection.code);
                reason = Some(rejection.reason.clone());
                "rejected"
            }
            (Ok(_), Some(Outcome::Failed { known, reason: why })) => {
                known_share = Some(known);
                reason = Some(why);
                "failed"
            }
            (Ok(_), None) => {
                reason = Some("it was not asked for".to_owned());
                "failed"
            }
        };
        if known_share.is_some_and(|known| known < 0.5) {
            self.counts.mostly_unknown += 1;
        }
        match (status, code) {
            ("scored", _) => self.counts.scored += 1,
            ("no_gene", _) => self.counts.no_gene += 1,
            (_, Some(code)) => *self.counts.rejected.entry(code.to_owned()).or_default() += 1,
            _ => self.counts.failed += 1,
        }
        let of = &row.row;
        let window = row.placed.as_ref().ok().map(|placed| placed.window.to_string());
        let contig = row.placed.as_ref().ok().map(|placed| placed.window.contig().as_str());
        let [start, end] = bounds(of.region.interval);
        let number = |value: u64| Cell::Number(i64::try_from(value).ok());
        let cells = [
            number(of.row),
            Cell::Number(of.line.and_then(|line| i64::try_from(line).ok())),
            Cell::Text(of.name.as_deref()),
            Cell::Text(Some(&of.as_written)),
            Cell::Text(Some(status)),
            Cell::Text(code),
            Cell::Text(reason.as_deref()),
            Cell::Text(contig),
            Cell::Number(Some(start)),
            Cell::Number(Some(end)),
            Cell::Text(window.as_deref()),
            Cell::Float(known_share),
            number(genes),
            number(self.scores.rows() - before),
        ];
        self.intervals.push(&cells)?;
        if let Some(reason) = reason.filter(|_| self.unscored.len() < LISTED) {
            self.unscored.push(UnscoredInterval {
                row: of.row,
                line: of.line,
                as_written: of.as_written.clone(),
                name: of.name.as_deref().map(str::to_owned),
                reason,
            });
        }
        Ok(())
    }

    /// Appends the scores of an interval; the number of genes that have some.
    fn append_scores(
        &mut self,
        row: &PlacedRow,
        placed: &Placed,
        known: f32,
        blocks: Vec<IntervalBlock>,
    ) -> Result<u64, PredictError> {
        let window = placed.window.to_string();
        let options = TidyOptions {
            match_gene_strand: self.work.request.match_gene_strand,
            order: RowOrder::TrackMajor,
        };
        let mut genes = HashSet::new();
        for (planned, block) in self.work.plan.scorers.iter().zip(blocks) {
            let raw = planned.keep(&block.rows, block.raw);
            let quantile = block.quantile.map(|quantile| planned.keep(&block.rows, quantile));
            genes.extend(block.rows.iter().flatten().map(|row| row.gene.id.clone()));
            let answered_on = block.origin.answered_on.map(|day| day.to_string());
            let tracks = &planned.tracks.tracks;
            let mut cells = Vec::with_capacity(self.contents.len());
            for tidy in tidy::rows(&block.rows, tracks, options) {
                let place = tidy.row * tracks.len() + tidy.track;
                let of = ScoreRow {
                    row,
                    placed,
                    window: &window,
                    known,
                    planned,
                    tidy,
                    raw: raw[place],
                    quantile: quantile.as_ref().map(|values| values[place]),
                    source: &block.origin.source,
                    model_version: &block.origin.model_version,
                    answered_on: answered_on.as_deref(),
                };
                cells.clear();
                cells.extend(self.contents.iter().map(|content| content.cell(&of)));
                self.scores.push(&cells)?;
            }
        }
        Ok(genes.len() as u64)
    }
}

/// What a row of the table of scores is made of.
struct ScoreRow<'a> {
    row: &'a PlacedRow,
    placed: &'a Placed,
    window: &'a str,
    known: f32,
    planned: &'a PlannedIntervalScorer,
    tidy: TidyRow<'a>,
    raw: f32,
    quantile: Option<f32>,
    source: &'a str,
    model_version: &'a str,
    answered_on: Option<&'a str>,
}

/// What a column of the table of scores is made of.
#[derive(Clone, Copy)]
enum Content {
    Of(for<'a> fn(&ScoreRow<'a>) -> Cell<'a>),
    Track(TrackColumn),
    Flag,
}

impl Content {
    fn of(column: &Column) -> Self {
        if column.name == TrackColumn::GeneticallyModified.name() {
            return Self::Flag;
        }
        if let Some(track) = TrackColumn::ALL.into_iter().find(|track| track.name() == column.name) {
            return Self::Track(track);
        }
        Self::Of(match column.name {
            "scored_interval" => |of| Cell::Text(Some(of.window)),
            "gene_id" => |of| Cell::Text(of.tidy.gene.map(|row| row.gene.id_without_version())),
            "gene_name" => |of| Cell::Text(of.tidy.gene.and_then(|row| row.gene.name.as_deref())),
            "gene_type" => |of| Cell::Text(of.tidy.gene.and_then(|row| row.gene.biotype.as_deref())),
            "gene_strand" => |of| Cell::Text(of.tidy.gene.map(|row| sign_or_dot(row.gene.strand))),
            "junction_Start" => |of| Cell::Number(junction(of).map(|[start, _]| start)),
            "junction_End" => |of| Cell::Number(junction(of).map(|[_, end]| end)),
            "output_type" => |of| Cell::Text(Some(of.planned.scorer.output.name())),
            "interval_scorer" => |of| Cell::Text(Some(&of.planned.text)),
            "track_name" => |of| Cell::Text(Some(&of.track().name)),
            "track_strand" => |of| Cell::Text(Some(sign_or_dot(of.track().strand))),
            "raw_score" => |of| Cell::Float(Some(of.raw)),
            "quantile_score" => |of| Cell::Float(of.quantile),
            "row" => |of| Cell::Number(i64::try_from(of.row.row.row).ok()),
            "name" => |of| Cell::Text(of.row.row.name.as_deref()),
            "chrom" => |of| Cell::Text(Some(of.placed.window.contig().as_str())),
            "start" => |of| Cell::Number(Some(bounds(of.row.row.region.interval)[0])),
            "end" => |of| Cell::Number(Some(bounds(of.row.row.region.interval)[1])),
            "score_kind" => |of| Cell::Text(Some(of.planned.scorer.kind().name())),
            "window_known" => |of| Cell::Float(Some(of.known)),
            "source" => |of| Cell::Text(Some(of.source)),
            "model_version" => |of| Cell::Text(Some(of.model_version)),
            "answered_on" => |of| Cell::Text(of.answered_on),
            other => unreachable!("the column `{other}` has no content"),
        })
    }

    fn cell<'a>(self, of: &ScoreRow<'a>) -> Cell<'a> {
        match self {
            Self::Of(value) => value(of),
            Self::Track(column) => Cell::Text(column.of(of.track())),
            Self::Flag => Cell::Flag(of.track().genetically_modified),
        }
    }
}

impl<'a> ScoreRow<'a> {
    fn track(&self) -> &'a refalt_core::Track {
        &self.planned.tracks.tracks[self.tidy.track]
    }
}

fn junction(of: &ScoreRow<'_>) -> Option<[i64; 2]> {
    of.tidy
        .gene
        .and_then(|row| row.junction)
        .map(|junction: Interval| bounds(junction))
}
