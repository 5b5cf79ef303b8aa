//! The tables of a score folder.

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use datafusion::common::TableReference;
use datafusion::datasource::MemTable;
use datafusion::error::Result;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use refalt::score_folder::ScoreFolder;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Makes the tables known.
pub(crate) async fn register(context: &SessionContext, folder: &ScoreFolder) -> Result<()> {
    let scores = folder.score_tables();
    if scores.is_empty() {
        let empty = MemTable::try_new(refalt::engine::score_table::schema(), vec![vec![]])?;
        context.register_table("scores", Arc::new(empty))?;
    }
    for (name, paths) in &scores {
        parquet(context, name, paths).await?;
    }
    parquet(context, "variants", &[folder.variants_path()]).await?;
    parquet(context, "tracks", &[folder.tracks_path()]).await?;
    let summaries = parts(&folder.path().join("summaries"))?;
    if !summaries.is_empty() {
        parquet(context, "summaries", &summaries).await?;
    }
    context.register_table("manifest", Arc::new(manifest(folder.manifest())?))?;
    Ok(())
}

async fn parquet(context: &SessionContext, name: &str, paths: &[PathBuf]) -> Result<()> {
    let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let frame = context.read_parquet(paths, ParquetReadOptions::default()).await?;
    // A bare name: that of a table in the wide layout may have a point, which SQL takes for a schema's.
    context.register_table(TableReference::bare(name), frame.into_view())?;
    Ok(())
}

/// The tables that are known, in the order of the documentation, those of scorers in the wide layout first.
pub(crate) fn names(context: &SessionContext) -> Vec<String> {
    let others = ["scores", "variants", "tracks", "summaries", "manifest"];
    let schemas = context
        .catalog_names()
        .into_iter()
        .filter_map(|name| context.catalog(&name));
    let mut names: Vec<String> = schemas
        .flat_map(|catalog| {
            catalog
                .schema_names()
                .into_iter()
                .filter_map(move |name| catalog.schema(&name))
        })
        .flat_map(|schema| schema.table_names())
        .collect();
    names.sort_by_key(|name| (others.iter().position(|other| other == name), name.clone()));
    names
}

/// Returns the Parquet files of a folder by name; none where there is no folder.
fn parts(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "parquet") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The entries of the manifest, `identity.window_bp` and its value.
fn manifest(manifest: &Value) -> Result<MemTable> {
    let mut entries = Vec::new();
    collect(String::new(), manifest, &mut entries);
    let (keys, values): (Vec<String>, Vec<Option<String>>) = entries.into_iter().unzip();
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("key", Arc::new(StringArray::from(keys)) as ArrayRef, false),
        ("value", Arc::new(StringArray::from(values)), true),
    ])?;
    MemTable::try_new(batch.schema(), vec![vec![batch]])
}

fn collect(path: String, value: &Value, entries: &mut Vec<(String, Option<String>)>) {
    let below = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| collect(below(key), value, entries)),
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                collect(below(&index.to_string()), value, entries);
            }
        }
        Value::Null => entries.push((path, None)),
        Value::String(text) => entries.push((path, Some(text.clone()))),
        other => entries.push((path, Some(other.to_string()))),
    }
}
