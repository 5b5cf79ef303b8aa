//! What makes two runs the same run.

use crate::provenance::FileIdentity;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Everything that decides the bytes of the output. A run resumes only under the same identity.
///
/// An input is its content: a file under another name is the same input. Its name is recorded all the same, as it was
/// when the run began, and the output keeps that name however often the run is resumed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// Version of refalt.
    pub refalt: String,
    /// The variants.
    pub variants: FileIdentity,
    /// How the variants are read: column map, and the format as given or found.
    pub reading: Vec<String>,
    /// The reference sequence.
    pub reference: FileIdentity,
    /// What the content of the reference says of its assembly.
    pub assembly: String,
    /// The assembly of the reference that the user vouches for, where the content proves none.
    #[serde(default)]
    pub stated_assembly: Option<String>,
    /// The gene annotation, where scorers read one.
    #[serde(default)]
    pub annotation: Option<FileIdentity>,
    /// Name, version and digest of the model.
    pub model: [String; 3],
    /// The scorers, in order.
    pub scorers: Vec<String>,
    /// The selection of tracks in its canonical form; none when every track has rows.
    #[serde(default)]
    pub tracks: Option<String>,
    /// The selection of tracks as it was given when the run began; like the names of files it makes no other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracks_given: Option<String>,
    /// The layout of the score table.
    #[serde(default = "tidy")]
    pub layout: String,
    /// Whether the terms of REF and ALT stand beside the scores.
    #[serde(default)]
    pub terms: bool,
    /// Whether rows of genes and tracks on different strands are there, too.
    #[serde(default)]
    pub all_strands: bool,
    /// Whether the tracks of the two strands are one for scorers by gene.
    #[serde(default)]
    pub merge_stranded: bool,
    /// The sites of polyadenylation, where scorers need them: a table, or a word for where they are taken from.
    #[serde(default)]
    pub polya: Option<PolyaIdentity>,
    /// Where quantile scores that the model did not give come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantiles: Option<QuantileIdentity>,
    /// Window length in bp.
    pub window_bp: u32,
    /// Input rows of a part.
    pub rows_per_part: u64,
}

fn tidy() -> String {
    super::Layout::Tidy.name().to_owned()
}

/// Where sites of polyadenylation come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PolyaIdentity {
    /// A table of sites.
    Table(FileIdentity),
    /// The ends of the annotation's transcripts.
    TranscriptEnds,
}

/// The background among which quantile scores are ranks, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuantileIdentity {
    /// The table of the background's quantiles.
    pub table: FileIdentity,
    /// How scores that equal several of them are ranked: `random` or `middle`.
    pub ties: String,
    /// Seed of the random ranks.
    pub seed: u64,
}

/// A part of the identity that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What differs, `variants.sha256`.
    pub what: String,
    /// The value of the run in the folder.
    pub before: String,
    /// The value of this run.
    pub here: String,
}

impl RunIdentity {
    /// Returns what differs from the identity `before`; names of inputs do not count.
    pub fn differences(&self, before: &Self) -> Vec<Difference> {
        differences(before, self)
    }
}

/// Returns the leaves in which two identities differ, names of files and texts as given left out.
pub(crate) fn differences<T: Serialize>(before: &T, here: &T) -> Vec<Difference> {
    let (Ok(here), Ok(before)) = (serde_json::to_value(here), serde_json::to_value(before)) else {
        return Vec::new();
    };
    let mut differences = Vec::new();
    compare("", &before, &here, &mut differences);
    differences.retain(|difference| !NAMES.iter().any(|name| difference.what.ends_with(name)));
    differences
}

/// How the leaves end that say how something is called or was written, and nothing of its content.
const NAMES: [&str; 2] = [".name", "tracks_given"];

/// Collects the leaves in which two JSON values differ.
fn compare(path: &str, before: &Value, here: &Value, found: &mut Vec<Difference>) {
    match (before, here) {
        (Value::Object(b), Value::Object(h)) => {
            let removed = b.keys().filter(|key| !h.contains_key(*key));
            let here = |key: &String| h.get(key).unwrap_or(&Value::Null);
            for (key, value) in h.keys().chain(removed).map(|key| (key, here(key))) {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                compare(&path, b.get(key).unwrap_or(&Value::Null), value, found);
            }
        }
        (b, h) if b != h => found.push(Difference {
            what: path.to_owned(),
            before: shown(b),
            here: shown(h),
        }),
        _ => {}
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
