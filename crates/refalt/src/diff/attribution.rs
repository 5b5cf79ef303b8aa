//! In what two runs were made differently, from their manifests.

use super::DiffError;
use crate::score_folder::ScoreFolder;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// One thing that differs between the runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Attribution {
    /// What it belongs to: `model`, `source`, `scorers`, `interval`, `inputs`, `reference`, `annotation`, `tracks`,
    /// `version`, `options`.
    pub area: &'static str,
    /// The entry, `window_bp`.
    pub what: String,
    /// Its value in the left run; `None` where it has none.
    pub left: Option<String>,
    /// Its value in the right run.
    pub right: Option<String>,
}

/// Areas by the words that the path of an entry begins with or holds; the first that fits counts.
const AREAS: [(&str, &str); 17] = [
    ("polya", "annotation"),
    ("annotation", "annotation"),
    ("genes", "annotation"),
    ("sites", "annotation"),
    ("track", "tracks"),
    ("model", "model"),
    ("source", "source"),
    ("backend", "source"),
    ("service", "source"),
    ("window", "interval"),
    ("interval", "interval"),
    ("variants", "inputs"),
    ("reading", "inputs"),
    ("reference", "reference"),
    ("assembly", "reference"),
    ("refalt", "version"),
    ("schema_version", "version"),
];

/// Entries that say what came out, or the same as another entry; and how the output is cut into parts.
const LEFT_OUT: [&str; 8] = [
    "counts",
    "score_rows",
    "scores",
    "summaries",
    "variants",
    "tracks",
    "identity.model",
    "identity.rows_per_part",
];

/// Compares the manifests, and the tracks.
pub(super) fn attribute(left: &ScoreFolder, right: &ScoreFolder) -> Result<Vec<Attribution>, DiffError> {
    let (lefts, rights) = (leaves(left.manifest()), leaves(right.manifest()));
    let mut found = scorers(left, right);
    let mut paths: Vec<&String> = lefts.keys().chain(rights.keys()).collect();
    paths.sort_unstable();
    paths.dedup();
    for path in paths {
        let (l, r) = (lefts.get(path), rights.get(path));
        if l != r {
            found.push(Attribution {
                area: area(path),
                what: path.strip_prefix("identity.").unwrap_or(path).to_owned(),
                left: l.cloned(),
                right: r.cloned(),
            });
        }
    }
    if left.tracks()? != right.tracks()? {
        let count = |run: &ScoreFolder| -> Result<String, DiffError> {
            let tracks: usize = run.tracks()?.iter().map(|set| set.tracks.len()).sum();
            Ok(format!("{tracks} tracks"))
        };
        found.push(Attribution {
            area: "tracks",
            what: "names or metadata of the tracks".to_owned(),
            left: Some(count(left)?),
            right: Some(count(right)?),
        });
    }
    found.sort_by_key(|attribution| attribution.area);
    Ok(found)
}

fn area(path: &str) -> &'static str {
    let path = path.strip_prefix("identity.").unwrap_or(path);
    let first = path.split('.').next().unwrap_or_default();
    let found = AREAS.iter().find(|(word, _)| first.contains(word));
    found.map_or("options", |(_, area)| area)
}

/// Scorers that only one run has.
fn scorers(left: &ScoreFolder, right: &ScoreFolder) -> Vec<Attribution> {
    let texts =
        |run: &ScoreFolder| -> Vec<String> { run.scorers().iter().map(|scorer| scorer.scorer.clone()).collect() };
    let (lefts, rights) = (texts(left), texts(right));
    let only = |own: &[String], other: &[String]| -> Vec<String> {
        own.iter().filter(|text| !other.contains(text)).cloned().collect()
    };
    let removed = only(&lefts, &rights).into_iter().map(|text| Attribution {
        area: "scorers",
        what: "only in the left run".to_owned(),
        left: Some(text),
        right: None,
    });
    let added = only(&rights, &lefts).into_iter().map(|text| Attribution {
        area: "scorers",
        what: "only in the right run".to_owned(),
        left: None,
        right: Some(text),
    });
    removed.chain(added).collect()
}

/// Returns the leaves of a manifest by path: those that say how the run was made, names of files left out.
fn leaves(manifest: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    collect("", manifest, &mut found);
    found
}

fn collect(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let is_name_of_file = path.ends_with(".name") && path != "model.name";
    let is_scorers = path == "scorers" || path == "identity.scorers";
    if LEFT_OUT.contains(&path) || is_name_of_file || is_scorers || path.starts_with("assembly.rows") {
        return;
    }
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                collect(&path, value, found);
            }
        }
        Value::Null => {}
        // Who scored; how much each scored is what came out.
        Value::Array(sources) if path == "sources" => {
            let name = |source: &Value| {
                let part = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                format!("{} {}", part("source"), part("model_version"))
            };
            found.insert(
                path.to_owned(),
                sources
                    .iter()
                    .map(name)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect::<Vec<_>>()
                    .join(", "),
            );
        }
        Value::String(text) => {
            found.insert(path.to_owned(), text.clone());
        }
        other => {
            found.insert(path.to_owned(), other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_belong_to_the_area_that_people_look_in() {
        for (path, expected) in [
            ("identity.window_bp", "interval"),
            ("identity.variants.sha256", "inputs"),
            ("identity.reference.sha256", "reference"),
            ("identity.stated_assembly", "reference"),
            ("identity.refalt", "version"),
            ("identity.annotation.sha256", "annotation"),
            ("identity.track_selection", "tracks"),
            ("model.digest", "model"),
            ("identity.something_else", "options"),
        ] {
            assert_eq!(area(path), expected, "{path}");
        }
    }

    #[test]
    fn results_and_names_of_files_are_no_causes() {
        let manifest = serde_json::json!({
            "identity": {"variants": {"name": "a.vcf", "sha256": "1"}, "window_bp": 5, "rows_per_part": 7},
            "model": {"name": "m"},
            "counts": {"rows": 3},
            "scores": [{"sha256": "2"}],
        });
        let paths: Vec<String> = leaves(&manifest).into_keys().collect();
        assert_eq!(paths, ["identity.variants.sha256", "identity.window_bp", "model.name"]);
    }
}
