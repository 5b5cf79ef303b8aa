//! `refalt query`: SQL over a score folder.
//!
//! The engine behind it is large and built on request, with the feature `query`. Without it the command exists all the
//! same and says how to get it.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use std::path::PathBuf;

/// Arguments of `refalt query`.
#[derive(Debug, clap::Args)]
#[cfg_attr(
    not(feature = "query"),
    allow(dead_code, reason = "read and answered only with the feature `query`")
)]
pub(crate) struct Options {
    /// The query, a SELECT over the tables scores, variants, tracks, manifest, and summaries where there are any.
    #[arg(value_name = "SQL")]
    sql: String,

    /// Folder of a finished scoring run.
    #[arg(value_name = "DIR")]
    run: PathBuf,

    /// table, tsv, csv, jsonl or parquet [default: by the ending of --out; else table on a terminal, tsv in a pipe, jsonl
    /// with --json].
    #[arg(long, value_name = "FORMAT")]
    format: Option<String>,

    /// File to write [default: standard output].
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Memory of sorts, groups and joins; the rest goes to temporary files. 500MB, 2GB, or bytes.
    #[arg(long, value_name = "SIZE", default_value = "500MB", value_parser = size)]
    memory: usize,

    /// Folder of temporary files [default: the system's].
    #[arg(long, value_name = "DIR")]
    temporary: Option<PathBuf>,
}

/// Reads a size: bytes, or a number with kB, MB, GB (powers of 1000).
fn size(text: &str) -> Result<usize, String> {
    let split = text
        .find(|letter: char| letter.is_ascii_alphabetic())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: usize = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err("write bytes, or a number with kB, MB or GB".to_owned()),
    };
    let number: usize = number.trim().parse().map_err(|_| "not a whole number".to_owned())?;
    match number.checked_mul(factor) {
        Some(bytes) if bytes > 0 => Ok(bytes),
        _ => Err("not a size from 1 byte up".to_owned()),
    }
}

#[cfg(not(feature = "query"))]
pub(crate) fn run(options: &Options, _settings: &Settings) -> Result<Exit, Failure> {
    Err(Failure::new("this refalt was built without SQL").with_hint(how_else(&options.run)))
}

/// Says how to get SQL, and what else reads the tables of a folder.
#[cfg(any(test, not(feature = "query")))]
fn how_else(run: &std::path::Path) -> String {
    let run = run.display();
    format!(
        "build it with `cargo install --path crates/cli --features query` (some minutes more), or read the Parquet files with \
         another program: `duckdb -c \"SELECT variant_id, max(raw_score) FROM '{run}/scores/*.parquet' GROUP BY variant_id\"`, \
         `pyarrow.dataset.dataset(\"{run}/scores\").to_table()`"
    )
}

#[cfg(feature = "query")]
pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    use refalt::score_folder::ScoreFolder;
    use refalt_query::{QueryOptions, query};

    let format = format(options, settings)?;
    let folder = ScoreFolder::open(&options.run).map_err(|error| Failure::of(&error))?;
    let chosen = QueryOptions {
        memory_bytes: options.memory,
        partitions: 1,
        temporary: options.temporary.clone(),
    };
    let Some(path) = &options.out else {
        let mut out = Watched {
            out: std::io::BufWriter::new(std::io::stdout()),
            is_gone: false,
        };
        let answered = query(&folder, &options.sql, &chosen, format, &mut out).map_err(|error| Failure::of(&error));
        let answered = answered.and_then(|_| Ok(std::io::Write::flush(&mut out)?));
        // Not every format tells why it could not write.
        return if out.is_gone {
            Ok(Exit::Done)
        } else {
            answered.map(|()| Exit::Done)
        };
    };
    let failed = |error| Failure::file("write", path, &error);
    let mut file = refalt::atomic_file::AtomicFile::create(path).map_err(failed)?;
    let rows = query(&folder, &options.sql, &chosen, format, &mut file).map_err(|error| Failure::of(&error))?;
    let file = file.complete().map_err(failed)?;
    refalt::output_files::place_new(vec![file])
        .map_err(|error| Failure::new(error.to_string()).with_hint(error.hint()))?;
    settings.note(format!("{rows} rows, written to `{}`", path.display()));
    Ok(Exit::Done)
}

/// An output that remembers whether its reader went away.
#[cfg(feature = "query")]
struct Watched<W> {
    out: W,
    is_gone: bool,
}

#[cfg(feature = "query")]
impl<W> Watched<W> {
    fn seen<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        self.is_gone |= matches!(&result, Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe);
        result
    }
}

#[cfg(feature = "query")]
impl<W: std::io::Write> std::io::Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.out.write(bytes);
        self.seen(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.out.flush();
        self.seen(flushed)
    }
}

/// Returns the format that was asked for, or the one that fits.
#[cfg(feature = "query")]
fn format(options: &Options, settings: &Settings) -> Result<refalt_query::Format, Failure> {
    use refalt_query::Format;
    use std::io::IsTerminal;

    let ending = || options.out.as_ref()?.extension()?.to_str();
    let found = match (&options.format, ending()) {
        (Some(name), _) => Format::from_name(name)
            .ok_or_else(|| super::input::unknown("format", name, Format::ALL.iter().map(|(name, _)| *name)))?,
        (None, Some(ending)) => Format::from_name(ending).unwrap_or(Format::Tsv),
        _ if settings.json => Format::JsonLines,
        _ if options.out.is_none() && std::io::stdout().is_terminal() => Format::Table,
        _ => Format::Tsv,
    };
    if found == Format::Parquet && options.out.is_none() {
        return Err(Failure::new("Parquet goes to a file")
            .with_hint("name it with --out")
            .usage());
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::{how_else, size};

    #[test]
    fn without_sql_it_is_said_how_to_get_it_and_what_else_reads_the_folder() {
        let hint = how_else(std::path::Path::new("run"));
        assert!(
            hint.contains("--features query") && hint.contains("'run/scores/*.parquet'"),
            "{hint}"
        );
    }

    #[test]
    fn sizes_are_read_in_powers_of_a_thousand() {
        for (text, expected) in [
            ("5", Some(5)),
            ("500MB", Some(500_000_000)),
            ("2 GB", Some(2_000_000_000)),
        ] {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
        for text in ["", "0", "MB", "1.5GB", "3 apples", "99999999999GB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
