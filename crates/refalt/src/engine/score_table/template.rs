//! What the columns of the score table are made of, laid out once for a plan.

use super::column::{Dictionary, Value};
use crate::engine::plan::{Plan, PlannedScorer};
use refalt_core::score::{COLUMNS, Origin, VariantPart};
use refalt_core::scorer::GeneRow;
use refalt_core::strand::sign_or_dot;
use refalt_core::{Track, tidy::TrackColumn};

/// What a column is made of.
pub(super) enum Content {
    /// One value for a variant.
    Variant(fn(&VariantPart) -> Option<Value>),
    /// One value for a scorer: its key.
    Scorer(Dictionary, Vec<u32>),
    /// One value for a block of scores, of its origin.
    Origin(fn(&Origin) -> Option<Value>),
    /// One value for a track of a scorer.
    Track(Dictionary, Vec<TrackKeys>),
    /// A truth value for a track of a scorer.
    Flag(Vec<Vec<Option<bool>>>),
    /// One value for a gene or junction; none in rows that are about no gene.
    Gene(fn(&GeneRow) -> Option<Value>),
    /// One value for each row.
    Score(ScoreOf),
}

/// The keys of the tracks of a scorer.
pub(super) struct TrackKeys {
    /// One key for each track.
    pub(super) each: Vec<u32>,
    /// The same as runs, for rows that are about no gene.
    pub(super) runs: Vec<(u32, u32)>,
}

/// A column of scores.
#[derive(Clone, Copy)]
pub(super) enum ScoreOf {
    Raw,
    Quantile,
    Reference,
    Alternate,
}

/// The contents of the columns, in the order of `COLUMNS`.
pub(crate) struct Template {
    pub(super) columns: Vec<Content>,
    pub(super) match_gene_strand: bool,
    /// The tracks of each scorer of the plan.
    pub(super) tracks: Vec<std::sync::Arc<[Track]>>,
}

impl Template {
    /// Lays the columns out for the scorers of a plan.
    pub(crate) fn new(plan: &Plan) -> Self {
        let tracks = plan.scorers.iter().map(|planned| planned.tracks.tracks.clone());
        Self {
            columns: COLUMNS.iter().map(|column| content(plan, column.name)).collect(),
            match_gene_strand: plan.table.match_gene_strand,
            tracks: tracks.collect(),
        }
    }
}

fn text(text: impl AsRef<str>) -> Option<Value> {
    Some(Value::from(text.as_ref()))
}

fn content(plan: &Plan, name: &str) -> Content {
    let of_track = |value: fn(&Track) -> Option<Value>| track_keys(plan, value);
    let of_scorer = |value: &dyn Fn(&PlannedScorer) -> Option<Value>| {
        let mut dictionary = Dictionary::default();
        let keys = plan.scorers.iter().map(|planned| dictionary.key(value(planned)));
        let keys = keys.collect();
        Content::Scorer(dictionary, keys)
    };
    match name {
        "variant_id" => Content::Variant(|part| text(part.variant.to_string())),
        "scored_interval" => Content::Variant(|part| text(part.window.to_string())),
        "row" => Content::Variant(|part| i64::try_from(part.row).ok().map(Value::Int64)),
        "chrom" => Content::Variant(|part| text(part.variant.contig().as_str())),
        "pos" => Content::Variant(|part| Some(Value::Int64(part.variant.position().one_based().into()))),
        "ref" => Content::Variant(|part| text(part.variant.reference_bases().to_string())),
        "alt" => Content::Variant(|part| text(part.variant.alternate_bases().to_string())),
        "window_known" => Content::Variant(|part| Some(Value::Float32(part.window_known.to_bits()))),
        "repair" => Content::Variant(|part| part.repair.as_deref().map(Value::from)),
        "gene_id" => Content::Gene(|row| text(row.gene.id_without_version())),
        "gene_name" => Content::Gene(|row| row.gene.name.as_deref().map(Value::from)),
        "gene_type" => Content::Gene(|row| row.gene.biotype.as_deref().map(Value::from)),
        "gene_strand" => Content::Gene(|row| text(sign_or_dot(row.gene.strand))),
        "junction_Start" => Content::Gene(|row| row.junction.map(|junction| Value::Int64(junction.bed_start().into()))),
        "junction_End" => Content::Gene(|row| row.junction.map(|junction| Value::Int64(junction.bed_end().into()))),
        "output_type" => of_scorer(&|planned| text(planned.scorer.output().name())),
        "variant_scorer" => of_scorer(&|planned| text(&planned.text)),
        "score_kind" => of_scorer(&|planned| text(planned.scorer.kind().name())),
        "source" => Content::Origin(|origin| text(&origin.source)),
        "model_version" => Content::Origin(|origin| text(&origin.model_version)),
        "answered_on" => Content::Origin(|origin| origin.answered_on.and_then(|day| text(day.to_string()))),
        "track_name" => of_track(|track| text(&track.name)),
        "track_strand" => of_track(|track| text(sign_or_dot(track.strand))),
        "genetically_modified" => Content::Flag(
            plan.scorers
                .iter()
                .map(|planned| {
                    planned
                        .tracks
                        .tracks
                        .iter()
                        .map(|track| track.genetically_modified)
                        .collect()
                })
                .collect(),
        ),
        "raw_score" => Content::Score(ScoreOf::Raw),
        "quantile_score" => Content::Score(ScoreOf::Quantile),
        "reference_term" => Content::Score(ScoreOf::Reference),
        "alternate_term" => Content::Score(ScoreOf::Alternate),
        other => match TrackColumn::ALL.into_iter().find(|column| column.name() == other) {
            Some(column) => track_keys(plan, |track| column.of(track).map(Value::from)),
            None => unreachable!("the column `{other}` has no content"),
        },
    }
}

fn track_keys(plan: &Plan, value: impl Fn(&Track) -> Option<Value>) -> Content {
    let mut dictionary = Dictionary::default();
    let of_scorer = |planned: &PlannedScorer| {
        let tracks = planned.tracks.tracks.iter();
        let each: Vec<u32> = tracks.map(|track| dictionary.key(value(track))).collect();
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for &key in &each {
            match runs.last_mut() {
                Some((last, rows)) if *last == key => *rows += 1,
                _ => runs.push((key, 1)),
            }
        }
        TrackKeys { each, runs }
    };
    let keys = plan.scorers.iter().map(of_scorer).collect();
    Content::Track(dictionary, keys)
}
