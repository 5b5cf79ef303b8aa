//! `refalt cache`: the answers of services that are kept.

use super::cache_options::answers_folder;
use crate::byte_size;
use crate::exit::Exit;
use crate::message::{Failure, counted};
use crate::terminal::{Settings, stderr_line};
use refalt_core::score::UtcDay;
use refalt_rpc::cache::{AnswerCache, ByKind, Prune, Stats};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Damaged entries that are listed one by one.
const LISTED: usize = 20;

/// Returns the day of a time in seconds since 1970-01-01 UTC.
fn day(utc_s: u64) -> String {
    UtcDay::of_unix_seconds(utc_s).map_or_else(String::new, |day| day.to_string())
}

/// Arguments of `refalt cache`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Answers of the hosted model are under its terms: for non-commercial use, and not to be passed on."
)]
pub(crate) struct Options {
    #[command(subcommand)]
    action: Action,

    /// Folder of the cache [default: ~/.cache/refalt].
    #[arg(long, value_name = "DIR", env = "REFALT_CACHE", global = true)]
    cache: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Say how many answers of which services are kept, and how much room they take.
    Stats,
    /// Drop answers and give their room back to the disk.
    Prune(PruneOptions),
    /// Read every answer and say which ones are damaged; the exit code is 3 when one is.
    Verify {
        /// Remove the damaged ones; they are asked for again when they are wanted.
        #[arg(long)]
        remove: bool,
    },
}

/// What to drop; all that is said.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct PruneOptions {
    /// What was not used for longest, until this is enough.
    #[arg(long, value_name = "SIZE", value_parser = byte_size::parse)]
    to: Option<u64>,

    /// What was not used for so many days.
    #[arg(long, value_name = "DAYS")]
    unused_for: Option<u64>,

    /// The answers of a service, by its address: a service of one's own whose model has changed.
    #[arg(long, value_name = "HOST:PORT")]
    source: Option<String>,

    /// Everything.
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let folder = answers_folder(options.cache.as_ref()).map_err(|error| Failure::of(&error))?;
    if !folder.is_dir() {
        return nothing(options, &folder.display().to_string(), settings);
    }
    let trouble = |trouble: &refalt_rpc::cache::CacheTrouble| stderr_line(trouble);
    let cache = AnswerCache::open(&folder, None, Arc::new(trouble)).map_err(|error| Failure::of(&error))?;
    match &options.action {
        Action::Stats => {
            let stats = cache.stats().map_err(|error| Failure::of(&error))?;
            print_stats(&stats, &cache, settings)?;
            Ok(Exit::Done)
        }
        Action::Prune(what) => prune(&cache, what, settings),
        Action::Verify { remove } => verify(&cache, *remove, settings),
    }
}

/// There is no cache: nothing is made to say so.
fn nothing(options: &Options, folder: &str, settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    if settings.json {
        let empty = match options.action {
            Action::Stats => json!({"folder": folder, "entries": 0, "services": []}),
            Action::Prune(_) => json!({"folder": folder, "dropped": 0}),
            Action::Verify { .. } => json!({"folder": folder, "entries": 0, "damaged": []}),
        };
        writeln!(out, "{empty}")?;
    } else {
        writeln!(out, "no answers are kept in `{folder}`")?;
    }
    Ok(Exit::Done)
}

fn print_stats(stats: &Stats, cache: &AnswerCache, settings: &Settings) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    let folder = cache.folder().display();
    if settings.json {
        let services: Vec<Value> = stats
            .services
            .iter()
            .map(|service| {
                json!({
                    "source": service.source,
                    "model_version": service.model_version,
                    "organism": service.organism,
                    "kind": service.kind.name(),
                    "entries": service.entries,
                    "answer_bytes": service.answer_bytes,
                    "oldest": day(service.oldest_utc_s),
                    "newest": day(service.newest_utc_s),
                })
            })
            .collect();
        let text = json!({
            "folder": folder.to_string(),
            "entries": stats.by_kind.total().entries,
            "answer_bytes": stats.by_kind.total().bytes,
            "kinds": kinds_json(&stats.by_kind),
            "bytes_in_use": stats.bytes_in_use,
            "disk_bytes": stats.disk_bytes,
            "services": services,
        });
        writeln!(out, "{text}")?;
        return Ok(());
    }
    writeln!(out, "folder    {folder}")?;
    writeln!(
        out,
        "answers   {}{}",
        stats.by_kind.total().entries,
        kinds_text(&stats.by_kind)
    )?;
    writeln!(
        out,
        "size      {} in use, {} on disk",
        byte_size::text(stats.bytes_in_use),
        byte_size::text(stats.disk_bytes)
    )?;
    for service in &stats.services {
        writeln!(
            out,
            "  {}, {}, {}: {}, {}, given {} to {}",
            service.source,
            service.model_version,
            service.organism,
            service.kind.counted(service.entries),
            byte_size::text(service.answer_bytes),
            day(service.oldest_utc_s),
            day(service.newest_utc_s),
        )?;
    }
    Ok(())
}

/// Writes how many answers there are of each kind, with their size: `: 1200 scores (1.1 MB), 3 predictions (80.0 MB)`.
fn kinds_text(counts: &ByKind) -> String {
    let kinds = counts
        .present()
        .map(|(kind, count)| format!("{} ({})", kind.counted(count.entries), byte_size::text(count.bytes)));
    let kinds: Vec<String> = kinds.collect();
    if kinds.is_empty() {
        return String::new();
    }
    format!(": {}", kinds.join(", "))
}

fn kinds_json(counts: &ByKind) -> Value {
    let kinds = counts.present().map(|(kind, count)| {
        let value = json!({"entries": count.entries, "answer_bytes": count.bytes});
        (kind.name().to_owned(), value)
    });
    Value::Object(kinds.collect())
}

fn prune(cache: &AnswerCache, what: &PruneOptions, settings: &Settings) -> Result<Exit, Failure> {
    let unused_since_utc_s = what.unused_for.map(|days| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        since
            .saturating_sub(Duration::from_secs(days.saturating_mul(86_400)))
            .as_secs()
    });
    let pruned = cache
        .prune(&Prune {
            all: what.all,
            source: what.source.clone(),
            unused_since_utc_s,
            limit_bytes: what.to,
        })
        .map_err(|error| Failure::of(&error))?;
    let mut out = std::io::stdout().lock();
    if settings.json {
        let text = json!({
            "folder": cache.folder().display().to_string(),
            "dropped": pruned.by_kind.total().entries,
            "answer_bytes": pruned.by_kind.total().bytes,
            "kinds": kinds_json(&pruned.by_kind),
            "disk_bytes_before": pruned.disk_bytes_before,
            "disk_bytes_after": pruned.disk_bytes_after,
        });
        writeln!(out, "{text}")?;
    } else {
        writeln!(
            out,
            "dropped {}{}; on disk {}, before {}",
            counted(pruned.by_kind.total().entries, "answer"),
            kinds_text(&pruned.by_kind),
            byte_size::text(pruned.disk_bytes_after),
            byte_size::text(pruned.disk_bytes_before),
        )?;
    }
    Ok(Exit::Done)
}

fn verify(cache: &AnswerCache, remove: bool, settings: &Settings) -> Result<Exit, Failure> {
    let verified = cache.verify(remove).map_err(|error| Failure::of(&error))?;
    let mut out = std::io::stdout().lock();
    if settings.json {
        let damaged: Vec<Value> = verified
            .damaged
            .iter()
            .map(|damage| json!({"kind": damage.kind.name(), "question": damage.question, "reason": damage.reason}))
            .collect();
        let text = json!({
            "folder": cache.folder().display().to_string(),
            "entries": verified.by_kind.total().entries,
            "kinds": kinds_json(&verified.by_kind),
            "damaged": damaged,
            "removed": verified.removed,
            "structure": verified.structure,
        });
        writeln!(out, "{text}")?;
    } else {
        writeln!(
            out,
            "{} read, {} damaged, {} removed{}",
            counted(verified.by_kind.total().entries, "answer"),
            verified.damaged.len(),
            verified.removed,
            kinds_text(&verified.by_kind)
        )?;
        for damage in verified.damaged.iter().take(LISTED) {
            let lines = damage.question.lines().filter(|line| {
                let named = ["source ", "window ", "variant ", "sequence ", "scorer ", "output "];
                named.iter().any(|name| line.starts_with(name))
            });
            writeln!(out, "  {}: {}", lines.collect::<Vec<_>>().join(", "), damage.reason)?;
        }
        let more = verified.damaged.len().saturating_sub(LISTED);
        if more > 0 {
            writeln!(out, "  and {more} more; `--json` lists all")?;
        }
        for line in &verified.structure {
            writeln!(out, "  the database: {line}")?;
        }
        if !verified.damaged.is_empty() && !remove {
            settings.note("`refalt cache verify --remove` removes them; they are asked for again when they are wanted");
        }
        if !verified.structure.is_empty() {
            settings.note(format!(
                "remove the folder `{}` to begin anew",
                cache.folder().display()
            ));
        }
    }
    Ok(if verified.is_sound() { Exit::Done } else { Exit::Partial })
}
