//! Queries over a folder whose numbers are known.
#![allow(clippy::unwrap_used, reason = "a test stops where an expectation fails")]

use arrow::array::{ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::Diagnostic;
use refalt::score_folder::ScoreFolder;
use refalt_query::{Format, QueryError, QueryOptions, query};
use serde_json::json;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

/// Variants of the folder.
const VARIANTS: usize = 300;
/// Tracks of each.
const TRACKS: usize = 40;

/// The score of a variant on a track: whole numbers, so that sums are exact.
fn score(variant: usize, track: usize) -> f32 {
    ((variant * 7 + track * 13) % 101) as f32 - 50.0
}

fn table(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn texts(values: impl Iterator<Item = String>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

/// Writes a folder of two parts.
fn folder(path: &Path) -> ScoreFolder {
    std::fs::create_dir(path.join("scores")).unwrap();
    for part in 0..2 {
        let variants = part * VARIANTS / 2..(part + 1) * VARIANTS / 2;
        let rows: Vec<(usize, usize)> = variants
            .flat_map(|variant| (0..TRACKS).map(move |track| (variant, track)))
            .collect();
        table(
            &path.join(format!("scores/part-00000{part}.parquet")),
            vec![
                (
                    "variant_id",
                    texts(rows.iter().map(|(variant, _)| format!("chr1:{}:A>C", variant + 1))),
                ),
                (
                    "junction_Start",
                    Arc::new(Int64Array::from_iter_values(rows.iter().map(|_| 5))),
                ),
                ("Assay title", texts(rows.iter().map(|_| "x".to_owned()))),
                (
                    "track_name",
                    texts(rows.iter().map(|(_, track)| format!("track {track}"))),
                ),
                (
                    "raw_score",
                    Arc::new(Float32Array::from_iter_values(rows.iter().map(|&(v, t)| score(v, t)))),
                ),
                (
                    "row",
                    Arc::new(Int64Array::from_iter_values(rows.iter().map(|(v, _)| *v as i64 + 1))),
                ),
            ],
        );
    }
    let every = || 0..VARIANTS;
    table(
        &path.join("variants.parquet"),
        vec![
            (
                "row",
                Arc::new(Int64Array::from_iter_values(every().map(|row| row as i64 + 1))),
            ),
            (
                "status",
                texts(every().map(|row| if row % 3 == 0 { "rejected" } else { "scored" }.to_owned())),
            ),
        ],
    );
    table(
        &path.join("tracks.parquet"),
        vec![("track_name", texts((0..TRACKS).map(|track| format!("track {track}"))))],
    );
    let file = |name: &str| json!({"name": name, "bytes": 0, "sha256": ""});
    let manifest = json!({
        "schema_version": 1,
        "identity": {"window_bp": 2048},
        "model": {"name": "m", "version": "1", "digest": "d", "licence": "l", "citation": "c"},
        "scorers": [],
        "scores": [file("part-000000.parquet"), file("part-000001.parquet")],
        "variants": file("variants.parquet"),
        "tracks": file("tracks.parquet"),
    });
    std::fs::write(path.join("manifest.json"), manifest.to_string()).unwrap();
    ScoreFolder::open(path).unwrap()
}

fn ask(folder: &ScoreFolder, sql: &str, format: Format) -> Result<String, QueryError> {
    let mut out = Vec::new();
    query(folder, sql, &QueryOptions::default(), format, &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

#[test]
fn answers_are_those_counted_by_hand() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path());
    let scores = || (0..VARIANTS).flat_map(|variant| (0..TRACKS).map(move |track| score(variant, track)));
    let positive = scores().filter(|&score| score > 0.0).count();
    let greatest = (0..TRACKS).map(|track| score(17, track)).fold(f32::MIN, f32::max);
    for (sql, expected) in [
        (
            "SELECT count(*) AS n FROM scores",
            format!("n\n{}\n", VARIANTS * TRACKS),
        ),
        (
            "SELECT COUNT(*) AS n FROM scores WHERE raw_score > 0",
            format!("n\n{positive}\n"),
        ),
        (
            "SELECT sum(raw_score) AS s FROM scores",
            format!("s\n{:.1}\n", scores().map(f64::from).sum::<f64>()),
        ),
        (
            "SELECT max(raw_score) AS m FROM scores WHERE variant_id = 'chr1:18:A>C'",
            format!("m\n{greatest:.1}\n"),
        ),
        (
            "SELECT count(DISTINCT s.variant_id) AS n FROM scores s JOIN variants v ON s.row = v.row \
             WHERE v.status = 'rejected'",
            format!("n\n{}\n", VARIANTS.div_ceil(3)),
        ),
        ("SELECT count(*) AS n FROM tracks", format!("n\n{TRACKS}\n")),
        (
            "SELECT value FROM manifest WHERE key = 'identity.window_bp'",
            "value\n2048\n".to_owned(),
        ),
        // Names as in the files.
        (
            "SELECT min(junction_Start) AS j, min(\"Assay title\") AS a FROM scores",
            "j\ta\n5\tx\n".to_owned(),
        ),
        ("SELECT row FROM scores WHERE row < 0", "row\n".to_owned()),
    ] {
        assert_eq!(ask(&folder, sql, Format::Tsv).unwrap(), expected, "{sql}");
    }
}

#[test]
fn rows_come_in_the_format_asked_for() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path());
    let sql = "SELECT track_name, raw_score FROM scores WHERE row = 1 ORDER BY raw_score LIMIT 1";
    let least = (0..TRACKS)
        .min_by(|&a, &b| score(0, a).total_cmp(&score(0, b)))
        .unwrap();
    let value = score(0, least);
    assert_eq!(
        ask(&folder, sql, Format::JsonLines).unwrap(),
        format!("{{\"track_name\":\"track {least}\",\"raw_score\":{value:.1}}}\n")
    );
    assert_eq!(
        ask(&folder, sql, Format::Csv).unwrap(),
        format!("track_name,raw_score\ntrack {least},{value:.1}\n")
    );
    assert!(
        ask(&folder, sql, Format::Table)
            .unwrap()
            .contains(&format!("| track {least} "))
    );
    let path = place.path().join("out.parquet");
    let mut file = File::create(&path).unwrap();
    query(
        &folder,
        "SELECT * FROM scores",
        &QueryOptions::default(),
        Format::Parquet,
        &mut file,
    )
    .unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let rows: usize = reader.build().unwrap().map(|batch| batch.unwrap().num_rows()).sum();
    assert_eq!(rows, VARIANTS * TRACKS);
}

#[test]
fn what_is_not_there_is_named_with_what_may_be_meant() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path());
    for (sql, expected, hint) in [
        ("SELECT raw_scores FROM scores", "`raw_scores`", "is `raw_score` meant?"),
        (
            "SELECT junction_start FROM scores",
            "`junction_start`",
            "is `junction_Start` meant?",
        ),
        (
            "SELECT 1 FROM score",
            "`score`; the folder has scores",
            "is `scores` meant?",
        ),
    ] {
        let error = ask(&folder, sql, Format::Tsv).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(error.hint().as_deref(), Some(hint), "{error}");
        assert!(error.is_usage());
    }
    for sql in [
        "SELEC 1",
        "DROP TABLE scores",
        "CREATE TABLE x AS SELECT 1",
        "COPY scores TO 'x.parquet'",
    ] {
        assert!(
            matches!(ask(&folder, sql, Format::Tsv), Err(QueryError::Query { .. })),
            "{sql}"
        );
    }
}

#[test]
fn a_sort_beyond_the_memory_goes_to_temporary_files_and_is_right() {
    let place = tempfile::tempdir().unwrap();
    let folder = folder(place.path());
    // 12,000 rows by 20 numbers with a text of 200 letters: some 50 MB, far beyond the limit.
    let sql = "SELECT variant_id, raw_score, repeat(variant_id, 20) AS wide, copy.value AS number FROM scores \
               CROSS JOIN generate_series(1, 20) AS copy ORDER BY raw_score, wide, number";
    let mut out = Vec::new();
    let options = QueryOptions {
        memory_bytes: 12_000_000,
        temporary: Some(place.path().to_owned()),
        ..QueryOptions::default()
    };
    let rows = query(&folder, sql, &options, Format::Tsv, &mut out).unwrap();
    assert_eq!(rows, (VARIANTS * TRACKS * 20) as u64);
    let text = String::from_utf8(out).unwrap();
    let scores = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').nth(1).unwrap().parse::<f32>().unwrap());
    assert!(scores.is_sorted());
    // Too little for anything is an error that says so.
    let starved = QueryOptions {
        memory_bytes: 1000,
        ..QueryOptions::default()
    };
    let error = query(&folder, sql, &starved, Format::Tsv, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, QueryError::Memory { limit_bytes: 1000, .. }), "{error}");
    assert!(error.hint().unwrap().contains("--memory"));
}
