//! Which fields of an answer are wanted: the header `x-goog-fieldmask`.

use crate::proto::atlas::v1main as wire;

/// A field mask cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field mask names `{path}`, which the answer does not have")]
pub struct FieldMaskError {
    /// The path.
    pub path: String,
}

/// The fields of an answer that are wanted; all of them when none is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldMask(Vec<String>);

/// The paths of `DenseVariantScores` that can be left out, coarse before fine.
const PATHS: [&str; 10] = [
    "variant",
    "interval",
    "scores",
    "scores.variant_scorer",
    "scores.metadata",
    "scores.metadata.tracks",
    "scores.metadata.gene_scorers",
    "scores.shape",
    "scores.scores",
    "scores.calibrated_scores",
];

impl FieldMask {
    /// Reads paths separated by commas.
    ///
    /// * `prefix`: the path of the scores in the answer, `variant_scores.` for lists, else empty.
    ///
    /// # Errors
    /// [`FieldMaskError`] for a path that is none, or goes below what can be left out.
    pub fn parse(text: &str, prefix: &str) -> Result<Self, FieldMaskError> {
        let mut paths = Vec::new();
        for path in text.split(',').map(str::trim).filter(|path| !path.is_empty()) {
            let of_list = ["interval", "next_page_token", "variant_scores"];
            let is_known = path == "*"
                || path.strip_prefix(prefix).is_some_and(|path| PATHS.contains(&path))
                || !prefix.is_empty() && of_list.contains(&path);
            if !is_known {
                return Err(FieldMaskError { path: path.to_owned() });
            }
            paths.push(path.to_owned());
        }
        Ok(Self(paths))
    }

    /// Says whether a field, or a part of it, is wanted.
    pub fn wants(&self, field: &str) -> bool {
        let below = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
        self.0.is_empty()
            || self
                .0
                .iter()
                .any(|path| path == "*" || path == field || below(field, path) || below(path, field))
    }

    /// Takes out what is not wanted.
    ///
    /// * `prefix`: as for [`parse`](Self::parse).
    pub fn apply(&self, scores: &mut wire::DenseVariantScores, prefix: &str) {
        let wants = |path: &str| self.wants(&format!("{prefix}{path}"));
        if !wants("variant") {
            scores.variant = None;
        }
        if !wants("interval") {
            scores.interval = None;
        }
        if !wants("scores") {
            scores.scores.clear();
        }
        let (tracks, genes) = (wants("scores.metadata.tracks"), wants("scores.metadata.gene_scorers"));
        for score in &mut scores.scores {
            score.metadata.retain(|part| match part.payload {
                Some(wire::metadata::Payload::Tracks(_)) => tracks,
                Some(wire::metadata::Payload::GeneScorers(_)) => genes,
                None => false,
            });
            if !wants("scores.variant_scorer") {
                score.variant_scorer = None;
            }
            if !wants("scores.shape") {
                score.shape.clear();
            }
            if !wants("scores.scores") {
                score.scores.clear();
            }
            if !wants("scores.calibrated_scores") {
                score.calibrated_scores = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_means_what_is_above_and_below_it() {
        let mask = FieldMask::parse("variant, scores.metadata.gene_scorers,scores.shape", "").unwrap();
        for (field, wanted) in [
            ("variant", true),
            ("interval", false),
            ("scores", true),
            ("scores.metadata", true),
            ("scores.metadata.gene_scorers", true),
            ("scores.metadata.tracks", false),
            ("scores.scores", false),
        ] {
            assert_eq!(mask.wants(field), wanted, "{field}");
        }
        assert!(FieldMask::parse("scores", "").unwrap().wants("scores.metadata.tracks"));
        assert!(FieldMask::default().wants("interval"));
        assert!(FieldMask::parse("*", "").unwrap().wants("interval"));
    }

    #[test]
    fn unknown_paths_are_refused() {
        for (text, prefix) in [
            ("score", ""),
            ("variant_scores.variant", ""),
            ("variant", "variant_scores."),
        ] {
            assert!(FieldMask::parse(text, prefix).is_err(), "{text}");
        }
        assert!(FieldMask::parse("next_page_token,variant_scores.scores.shape", "variant_scores.").is_ok());
    }
}
