//! SQL over score folders: a `SELECT` in, rows out, streamed, within a memory limit.
//!
//! DataFusion answers; it is `async` and large, so it stands in this crate and the default build leaves it out. What is
//! `async` does not leave it: [`query`] blocks, on a runtime of one thread that ends with the call.
//!
//! METHOD: memory is that of sorts, groups and joins. What does not fit goes to temporary files; what cannot be spilled
//! ends with an error that says so. Batches under way come on top, some ten megabytes.

mod error;
mod format;
mod tables;

pub use error::QueryError;
pub use format::Format;

use datafusion::execution::context::SQLOptions;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};
use futures::StreamExt;
use refalt::score_folder::ScoreFolder;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

/// Memory when nothing else is said, in bytes.
pub const DEFAULT_MEMORY_BYTES: usize = 500_000_000;

/// How a query is run.
#[derive(Clone, Debug)]
pub struct QueryOptions {
    /// Memory of sorts, groups and joins, in bytes.
    pub memory_bytes: usize,
    /// Pieces that a table is read and worked on in; they share one thread.
    pub partitions: usize,
    /// Folder of temporary files; the system's when not given.
    pub temporary: Option<PathBuf>,
}

impl Default for QueryOptions {
    fn default() -> Self {
        Self {
            memory_bytes: DEFAULT_MEMORY_BYTES,
            partitions: 1,
            temporary: None,
        }
    }
}

/// Answers a query and returns the number of rows.
///
/// The tables are `scores` (in the wide layout one for each scorer, under the name of its folder), `variants`, `tracks`,
/// `manifest` (columns `key` and `value`), and `summaries` where the folder has them. Names of columns are written as they are in the files, upper and lower case; those with spaces in
/// double quotes. Only `SELECT` and `EXPLAIN` are answered: nothing is ever written to a folder.
///
/// # Errors
/// [`QueryError`] when the query is not understood, names what is not there, needs more memory than it may, or when the
/// output cannot be written.
pub fn query(
    folder: &ScoreFolder,
    sql: &str,
    options: &QueryOptions,
    format: Format,
    out: &mut (dyn Write + Send),
) -> Result<u64, QueryError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(QueryError::Runtime)?;
    runtime.block_on(answer(folder, sql, options, format, out))
}

async fn answer(
    folder: &ScoreFolder,
    sql: &str,
    options: &QueryOptions,
    format: Format,
    out: &mut (dyn Write + Send),
) -> Result<u64, QueryError> {
    let mode = match &options.temporary {
        Some(folder) => DiskManagerMode::Directories(vec![folder.clone()]),
        None => DiskManagerMode::OsTmpDirectory,
    };
    let failed = |error| QueryError::of(error, options.memory_bytes);
    let environment = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(FairSpillPool::new(options.memory_bytes)))
        .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(mode))
        .build_arc()
        .map_err(failed)?;
    // A sort sets memory aside for merging what it spilled: by default 10 MB, more than a small limit has.
    let reserved = (options.memory_bytes / 8 / options.partitions.max(1)).min(10 << 20);
    let config = SessionConfig::new()
        .with_target_partitions(options.partitions.max(1))
        .with_sort_spill_reservation_bytes(reserved)
        // Columns are named as in the files: `junction_Start`.
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false);
    let context = SessionContext::new_with_config_rt(config, environment);
    tables::register(&context, folder).await.map_err(failed)?;
    let allowed = SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false);
    let frame = match context.sql_with_options(sql, allowed).await {
        Ok(frame) => frame,
        Err(error) => return Err(QueryError::of_plan(error, options.memory_bytes, &context)),
    };
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let mut writer = format::BatchWriter::new(format, stream.schema(), out)?;
    let mut rows = 0;
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(failed)?;
        rows += batch.num_rows() as u64;
        writer.write(&batch)?;
    }
    writer.finish()?;
    Ok(rows)
}
