//! Looking for a name when its spelling is not known.

use super::count::{Counted, Grouping, count};
use refalt_core::TrackSet;
use refalt_core::nearest::nearest;
use refalt_core::track_selection::Field;
use refalt_core::track_selection::synonym::{gtex_code, related_to, synonym_of};

/// How a value came to be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// It is the text, without regard to case; a selection takes it.
    Exact,
    /// The text is another spelling of it; a selection takes it and says so.
    Synonym,
    /// The text names something close to it, for this reason.
    Related(&'static str),
    /// It holds the text.
    Holds,
    /// Few letters differ.
    Near,
}

impl Match {
    /// Returns the word used in tables.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Synonym => "synonym",
            Self::Related(_) => "related",
            Self::Holds => "holds",
            Self::Near => "near",
        }
    }
}

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// How.
    pub found: Match,
    /// The field.
    pub field: Field,
    /// The value with its tracks.
    pub counted: Counted,
}

/// The fields that are searched. Names of tracks repeat them.
const FIELDS: [Field; 8] = [
    Field::Output,
    Field::Biosample,
    Field::Tissue,
    Field::Factor,
    Field::Histone,
    Field::Assay,
    Field::Ontology,
    Field::Source,
];

/// Returns the values that a text may mean: exact ones first, then synonyms, related ones, those that hold it, near ones;
/// within each, most tracks first.
///
/// ```
/// use refalt::track_catalogue::search::{Match, search};
/// use refalt::core::Organism;
/// use refalt::track_catalogue::tracks;
///
/// let hits = search(tracks(Organism::Human), "hepg-2");
/// assert_eq!((hits[0].counted.value.as_str(), &hits[0].found), ("HepG2", &Match::Near));
/// ```
pub fn search(sets: &[TrackSet], text: &str) -> Vec<Hit> {
    let text = text.trim();
    if text.is_empty() {
        return Vec::new();
    }
    let lower = text.to_lowercase();
    let synonym = synonym_of(text).map(|synonym| synonym.biosample);
    let related = related_to(text);
    let tissue = gtex_code(text);
    let mut hits: Vec<Hit> = Vec::new();
    for field in FIELDS {
        let counts = count(sets, Grouping::Field(field));
        let near = nearest(text, counts.rows.iter().map(|row| row.value.as_str()));
        for counted in counts.rows {
            let value = counted.value.as_str();
            let is_related = related.filter(|related| field == Field::Biosample && related.biosamples.contains(&value));
            let found = if field.is(value, text) {
                Match::Exact
            } else if (field == Field::Biosample && synonym == Some(value))
                || (field == Field::Tissue && value.eq_ignore_ascii_case(&tissue))
            {
                Match::Synonym
            } else if let Some(related) = is_related {
                Match::Related(related.reason)
            } else if value.to_lowercase().contains(&lower) {
                Match::Holds
            } else if near.iter().any(|name| name == value) {
                Match::Near
            } else {
                continue;
            };
            hits.push(Hit { found, field, counted });
        }
    }
    hits.sort_by(|a, b| {
        a.found
            .cmp(&b.found)
            .then_with(|| b.counted.tracks.cmp(&a.counted.tracks))
    });
    hits
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track_catalogue::tracks;
    use refalt_core::Organism;

    fn found(text: &str) -> Vec<(&'static str, &'static str, String)> {
        let hits = search(tracks(Organism::Human), text).into_iter();
        hits.map(|hit| (hit.found.name(), hit.field.name(), hit.counted.value))
            .collect()
    }

    #[test]
    fn the_surest_matches_come_first() {
        let first = |text: &str| {
            let (found, field, value) = found(text).swap_remove(0);
            (found, field, value)
        };
        assert_eq!(first("gabpa"), ("exact", "tf", "GABPA".to_owned()));
        assert_eq!(first("Hep-G2"), ("synonym", "biosample", "HepG2".to_owned()));
        assert_eq!(first("Whole Blood"), ("synonym", "tissue", "Whole_Blood".to_owned()));
        assert_eq!(first("hela"), ("related", "biosample", "HeLa-S3".to_owned()));
        assert_eq!(first("hepg-2"), ("near", "biosample", "HepG2".to_owned()));
        let liver = found("liver");
        assert_eq!(liver[0], ("exact", "biosample", "liver".to_owned()));
        assert_eq!(liver[1], ("exact", "tissue", "Liver".to_owned()));
        assert!(liver.contains(&("holds", "biosample", "right lobe of liver".to_owned())));
        assert!(found(" ").is_empty() && found("xyzzyxyzzy").is_empty());
    }
}
