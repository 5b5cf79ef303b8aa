//! Scorers and tracks as the official client writes and reads them.

use prost::Message;
use refalt_core::Track;
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::scorer::{SCORERS, parse};
use refalt_core::strand::sign_or_dot;
use refalt_rpc::proto;
use refalt_rpc::scorer_message::{interval_scorer, interval_scorer_message, scorer, scorer_message};
use refalt_rpc::track_metadata::track;
use serde_json::{Map, Value};

#[test]
fn every_scorer_of_the_official_client_has_the_same_text_and_bytes() {
    let (mut variant, mut interval) = (0, 0);
    for line in crate::data("scorers.tsv").lines().skip(1) {
        let (text, hex) = line.split_once('\t').unwrap();
        let bytes = crate::bytes_of(hex);
        if text.starts_with("GeneMaskScorer(") {
            let own = IntervalScorer::parse(text).unwrap();
            assert_eq!(interval_scorer_message(&own).encode_to_vec(), bytes, "{text}");
            let message = proto::IntervalScorer::decode(bytes.as_slice()).unwrap();
            assert_eq!(interval_scorer(&message).unwrap().to_string(), text);
            interval += 1;
        } else {
            let own = parse(text).unwrap();
            assert_eq!(scorer_message(own.as_ref()).unwrap().encode_to_vec(), bytes, "{text}");
            let message = proto::VariantScorer::decode(bytes.as_slice()).unwrap();
            assert_eq!(scorer(&message).unwrap().to_string(), text);
            variant += 1;
        }
    }
    // Each scorer of our table has been seen, and no other.
    let table: usize = SCORERS.iter().map(|kind| kind.all().len()).sum();
    assert_eq!((variant, interval), (table, IntervalScorer::all().count()));
}

#[test]
fn scorers_outside_the_published_lists_are_refused() {
    use proto::variant_scorer::Scorer;
    let wrong = [
        None,
        Some(Scorer::CenterMask(proto::CenterMaskScorer {
            width: Some(500),
            aggregation_type: 1,
            requested_output: 1,
        })),
        Some(Scorer::CenterMask(proto::CenterMaskScorer {
            width: None,
            aggregation_type: 0,
            requested_output: 1,
        })),
        Some(Scorer::GeneMask(proto::GeneMaskLfcScorer { requested_output: 11 })),
        Some(Scorer::GeneMaskActive(proto::GeneMaskActiveScorer {
            requested_output: 0,
        })),
    ];
    for message in wrong {
        assert!(scorer(&proto::VariantScorer { scorer: message }).is_err());
    }
}

/// The columns of a track under the names of the official client.
fn columns(track: &Track) -> Map<String, Value> {
    let texts = [
        ("Assay title", &track.assay_title),
        ("ontology_curie", &track.ontology_curie),
        ("biosample_name", &track.biosample_name),
        ("biosample_type", &track.biosample_type),
        ("biosample_life_stage", &track.biosample_life_stage),
        ("transcription_factor", &track.transcription_factor),
        ("histone_mark", &track.histone_mark),
        ("gtex_tissue", &track.gtex_tissue),
        ("data_source", &track.data_source),
        ("endedness", &track.endedness),
    ];
    let mut columns = Map::new();
    columns.insert("name".into(), track.name.clone().into());
    columns.insert("strand".into(), sign_or_dot(track.strand).into());
    for (name, text) in texts {
        if let Some(text) = text {
            columns.insert(name.into(), text.clone().into());
        }
    }
    if let Some(modified) = track.genetically_modified {
        columns.insert("genetically_modified".into(), modified.into());
    }
    if let Some(mean) = track.nonzero_mean {
        columns.insert("nonzero_mean".into(), f64::from(mean).into());
    }
    columns
}

#[test]
fn every_track_has_the_columns_that_the_official_client_reads() {
    let mut count = 0;
    for line in crate::data("tracks.tsv").lines().skip(1) {
        let (hex, expected) = line.split_once('\t').unwrap();
        let message = proto::TrackMetadata::decode(crate::bytes_of(hex).as_slice()).unwrap();
        let expected: Map<String, Value> = serde_json::from_str(expected).unwrap();
        let found = columns(&track(message).unwrap());
        assert_eq!(found.len(), expected.len(), "{expected:?}");
        for (name, value) in expected {
            assert_eq!(found[&name], value, "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 60);
}
