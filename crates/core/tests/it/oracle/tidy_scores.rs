//! `tidy` against `tidy_scores` of the published client, exactly: columns, rows, order.

use super::{Tally, cases, items, number, text};
use refalt_core::scorer::{GeneRow, ScoreRows, ScoredGene};
use refalt_core::strand::sign_or_dot;
use refalt_core::tidy::{BlockColumns, RowOrder, Scored, TidyOptions, TrackColumn, columns, rows};
use refalt_core::{Interval, Strand, Track};
use serde_json::{Value, json};
use std::sync::Arc;

/// An AnnData object of the oracle.
pub(super) struct Block {
    pub(super) rows: ScoreRows,
    pub(super) tracks: Vec<Track>,
    pub(super) raw: Vec<f32>,
    pub(super) quantile: Option<Vec<f32>>,
}

fn numbers(matrix: &Value) -> Vec<f32> {
    let value = |value: &Value| value.as_f64().map_or(f32::NAN, |value| value as f32);
    items(matrix).iter().flat_map(items).map(value).collect()
}

/// The cell of a row of a table, `null` when the table has no such column.
fn cell<'a>(table: &'a Value, row: &'a Value, name: &str) -> &'a Value {
    let place = items(&table["columns"]).iter().position(|column| column == name);
    place.map_or(&Value::Null, |place| &row[place])
}

impl Block {
    pub(super) fn read(block: &Value) -> Self {
        let (obs, var) = (&block["obs"], &block["var"]);
        let shared = |value: &Value| value.as_str().map(Arc::<str>::from);
        let strand = |value: &Value| value.as_str().and_then(|sign| Strand::from_sign(sign.chars().next()?));
        let gene = |row: &Value| GeneRow {
            gene: Arc::new(ScoredGene {
                id: text(cell(obs, row, "gene_id")).into(),
                name: shared(cell(obs, row, "gene_name")),
                biotype: shared(cell(obs, row, "gene_type")),
                strand: strand(cell(obs, row, "strand")),
            }),
            junction: cell(obs, row, "junction_Start").as_u64().map(|_| {
                let bound = |name: &str| number(cell(obs, row, name));
                Interval::from_bed(bound("junction_Start"), bound("junction_End")).unwrap()
            }),
        };
        let rows = if items(&obs["columns"]).is_empty() {
            ScoreRows::One
        } else {
            ScoreRows::Genes(items(&obs["rows"]).iter().map(gene).collect())
        };
        let track = |row: &Value| {
            let own = |name: &str| cell(var, row, name).as_str().map(str::to_owned);
            Track {
                nonzero_mean: None,
                channel_index: None,
                name: text(cell(var, row, "name")).to_owned(),
                strand: strand(cell(var, row, "strand")),
                assay_title: own("Assay title"),
                ontology_curie: own("ontology_curie"),
                biosample_name: own("biosample_name"),
                biosample_type: own("biosample_type"),
                biosample_life_stage: own("biosample_life_stage"),
                data_source: own("data_source"),
                endedness: own("endedness"),
                genetically_modified: cell(var, row, "genetically_modified").as_bool(),
                transcription_factor: own("transcription_factor"),
                histone_mark: own("histone_mark"),
                gtex_tissue: own("gtex_tissue"),
            }
        };
        Self {
            rows,
            tracks: items(&var["rows"]).iter().map(track).collect(),
            raw: numbers(&block["X"]),
            quantile: block["quantiles"].as_array().map(|_| numbers(&block["quantiles"])),
        }
    }
}

/// A number as the oracle writes it.
fn as_json(value: f32) -> Value {
    if value.is_nan() { json!("NaN") } else { json!(value) }
}

/// The rows of a block under some columns; a column that only other blocks have is NaN.
fn table(block: &Value, columns: &[&str], options: TidyOptions) -> Vec<Vec<Value>> {
    let read = Block::read(block);
    let scorer = ["variant_scorer", "interval_scorer"]
        .into_iter()
        .find_map(|key| block[key].as_str())
        .unwrap();
    let output = match scorer {
        "PolyadenylationScorer()" => "RNA_SEQ",
        "ContactMapScorer()" => "CONTACT_MAPS",
        "SpliceJunctionScorer()" => "SPLICE_JUNCTIONS",
        other => {
            let after = other.split_once("requested_output=").unwrap().1;
            after.split([',', ')']).next().unwrap()
        }
    };
    let width = read.tracks.len();
    rows(&read.rows, &read.tracks, options)
        .map(|row| {
            let track = &read.tracks[row.track];
            let gene = row.gene.map(|row| &*row.gene);
            let junction = row.gene.and_then(|gene| gene.junction);
            let value = |column: &&str| match *column {
                "variant_id" => block["variant"].clone(),
                "scored_interval" => block["interval"].clone(),
                "gene_id" => json!(gene.map(ScoredGene::id_without_version)),
                "gene_name" => json!(gene.and_then(|gene| gene.name.as_deref())),
                "gene_type" => json!(gene.and_then(|gene| gene.biotype.as_deref())),
                "gene_strand" => json!(gene.map(|gene| sign_or_dot(gene.strand))),
                "junction_Start" => json!(junction.map(Interval::bed_start)),
                "junction_End" => json!(junction.map(Interval::bed_end)),
                "output_type" => json!(output),
                "variant_scorer" | "interval_scorer" => json!(scorer),
                "track_name" => json!(track.name),
                "track_strand" => json!(sign_or_dot(track.strand)),
                "raw_score" => as_json(read.raw[row.row * width + row.track]),
                "quantile_score" => {
                    let quantile = read.quantile.as_ref();
                    as_json(quantile.map_or(f32::NAN, |values| values[row.row * width + row.track]))
                }
                other => {
                    let column = TrackColumn::ALL
                        .into_iter()
                        .find(|column| column.name() == other)
                        .unwrap();
                    match (column, track.genetically_modified) {
                        (TrackColumn::GeneticallyModified, flag) => flag.map_or(json!("NaN"), |flag| json!(flag)),
                        _ => column.of(track).map_or(json!("NaN"), |text| json!(text)),
                    }
                }
            };
            columns.iter().map(value).collect()
        })
        .collect()
}

/// Numbers are compared as f32, everything else letter for letter.
fn same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => found as f32 == expected as f32,
        _ => found == expected,
    }
}

#[test]
fn tidy_tables_equal_the_reference() {
    let oracle = cases("tidy_scores");
    let mut tally = Tally::default();
    for group in items(&oracle["groups"]) {
        let id = text(&group["id"]);
        let nested = group["nested"].as_bool().unwrap();
        let names: Vec<&Value> = if nested {
            items(&group["scores"]).iter().flat_map(items).collect()
        } else {
            items(&group["scores"]).iter().collect()
        };
        let blocks: Vec<&Value> = names.iter().map(|name| &oracle["inputs"][text(name)]).collect();
        if !group["reference_fails"].is_null() || group["output"].is_null() {
            tally.count("no table: the reference fails or has none");
            continue;
        }
        let options = TidyOptions {
            match_gene_strand: group["match_gene_strand"].as_bool().unwrap(),
            order: if nested {
                RowOrder::TrackMajor
            } else {
                RowOrder::GeneMajor
            },
        };
        let scored = if blocks[0]["interval_scorer"].is_null() {
            Scored::Variants
        } else {
            Scored::Intervals
        };
        let read: Vec<Block> = blocks.iter().map(|block| Block::read(block)).collect();
        let with_rows = read.iter().filter(|block| !block.raw.is_empty());
        let parts = with_rows.map(|block| BlockColumns {
            tracks: &block.tracks,
            has_quantiles: block.quantile.is_some(),
        });
        let columns = columns(scored, parts, group["include_extended_metadata"].as_bool().unwrap());
        let expected: Vec<&str> = items(&group["output"]["columns"]).iter().map(text).collect();
        assert_eq!(columns, expected, "{id}");
        let found: Vec<Vec<Value>> = blocks
            .iter()
            .flat_map(|block| table(block, &columns, options))
            .collect();
        let expected = items(&group["output"]["rows"]);
        assert_eq!(found.len(), expected.len(), "{id}");
        for (found, expected) in found.iter().zip(expected) {
            for ((found, expected), column) in found.iter().zip(items(expected)).zip(&columns) {
                assert!(
                    same(found, expected),
                    "{id}, {column}: found {found}, expected {expected}"
                );
            }
        }
        tally.count("compared");
    }
    tally.assert(&[("compared", 48), ("no table: the reference fails or has none", 12)]);
}
