//! `refalt protocols`: the benchmarks that ship, as data.

use crate::exit::Exit;
use crate::message::Failure;
use crate::terminal::Settings;
use refalt::protocol::{PROTOCOLS, Protocol, find, find_or_read};
use serde_json::json;
use std::io::Write;

/// Arguments of `refalt protocols`.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// List the protocols: name, metric, published value, title.
    List,
    /// Print a protocol as the TOML that it is; a file is checked.
    Show {
        /// Name, or a file, NAME.toml.
        #[arg(value_name = "NAME|FILE")]
        name: String,
    },
}

pub(crate) fn run(options: &Options, settings: &Settings) -> Result<Exit, Failure> {
    let mut out = std::io::stdout().lock();
    match &options.what {
        What::List => {
            let all: Vec<Protocol> = PROTOCOLS
                .iter()
                .map(|shipped| find(shipped.name))
                .collect::<Result<_, _>>()
                .map_err(|error| Failure::of(&error))?;
            if settings.json {
                writeln!(out, "{}", json!({ "protocols": all }))?;
                return Ok(Exit::Done);
            }
            writeln!(out, "name\tmetric\tpublished\ttitle")?;
            for protocol in &all {
                let published = protocol
                    .published
                    .first()
                    .map_or("", |published| published.value.as_str());
                writeln!(
                    out,
                    "{}\t{}\t{published}\t{}",
                    protocol.name, protocol.metric.name, protocol.title
                )?;
            }
        }
        What::Show { name } => {
            let protocol = find_or_read(name).map_err(|error| Failure::of(&error))?;
            let shipped = PROTOCOLS.iter().find(|shipped| shipped.name == name);
            match (settings.json, shipped) {
                (true, _) => writeln!(out, "{}", json!(protocol))?,
                (false, Some(shipped)) => write!(out, "{}", shipped.text)?,
                (false, None) => {
                    let path = std::path::Path::new(name);
                    let text = std::fs::read_to_string(path).map_err(|error| Failure::file("read", path, &error))?;
                    write!(out, "{text}")?;
                }
            }
        }
    }
    Ok(Exit::Done)
}
