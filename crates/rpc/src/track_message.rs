//! Tracks and genes, to the wire: the reverse of [`crate::track_metadata`].

use crate::genome::{ontology_message, output_message, strand_message};
use crate::proto::{self, output_metadata::Payload};
use refalt_core::scorer::GeneRow;
use refalt_core::{OutputType, Track, TrackSet};

/// Writes a track.
///
/// A field that the track does not have is absent. A term of an ontology that the protocol does not have is left out.
pub fn track_message(track: &Track) -> proto::TrackMetadata {
    proto::TrackMetadata {
        name: track.name.clone(),
        strand: strand_message(track.strand).into(),
        ontology_term: ontology(track),
        biosample: biosample(track),
        assay: track.assay_title.clone(),
        gtex_tissue: track.gtex_tissue.clone(),
        histone_mark_code: track.histone_mark.clone(),
        transcription_factor_code: track.transcription_factor.clone(),
        data_source: track.data_source.clone(),
        endedness: track.endedness.as_deref().and_then(endedness),
        genetically_modified: track.genetically_modified,
        nonzero_mean: track.nonzero_mean,
    }
}

/// Writes a track of junctions, which has no strand.
pub fn junction_track_message(track: &Track) -> proto::JunctionMetadata {
    proto::JunctionMetadata {
        name: track.name.clone(),
        ontology_term: ontology(track),
        biosample: biosample(track),
        gtex_tissue: track.gtex_tissue.clone(),
        data_source: track.data_source.clone(),
        assay: track.assay_title.clone(),
    }
}

/// Writes the tracks of an output type as the service's metadata.
pub fn track_set_message(set: &TrackSet) -> proto::OutputMetadata {
    let payload = if set.output == OutputType::SpliceJunctions {
        Payload::Junctions(proto::JunctionsMetadata {
            metadata: set.tracks.iter().map(junction_track_message).collect(),
        })
    } else {
        Payload::Tracks(proto::TracksMetadata {
            metadata: set.tracks.iter().map(track_message).collect(),
        })
    };
    proto::OutputMetadata {
        output_type: output_message(set.output).into(),
        payload: Some(payload),
    }
}

/// Writes what a row of scores is about.
pub fn gene_message(row: &GeneRow) -> proto::GeneScorerMetadata {
    let gene = &row.gene;
    let bound = |bound: fn(refalt_core::Interval) -> u32| row.junction.map(|junction| bound(junction).into());
    proto::GeneScorerMetadata {
        gene_id: gene.id.to_string(),
        strand: Some(strand_message(gene.strand).into()),
        name: gene.name.as_deref().map(str::to_owned),
        r#type: gene.biotype.as_deref().map(str::to_owned),
        junction_start: bound(refalt_core::Interval::bed_start),
        junction_end: bound(refalt_core::Interval::bed_end),
    }
}

fn ontology(track: &Track) -> Option<proto::OntologyTerm> {
    ontology_message(track.ontology_curie.as_deref()?).ok()
}

/// Writes the biosample; `None` when nothing is known of it. A kind that the protocol does not have is 0.
fn biosample(track: &Track) -> Option<proto::Biosample> {
    if track.biosample_name.is_none() && track.biosample_type.is_none() {
        return None;
    }
    let kind = track
        .biosample_type
        .as_deref()
        .and_then(|kind| proto::BiosampleType::from_str_name(&format!("BIOSAMPLE_TYPE_{}", kind.to_ascii_uppercase())));
    Some(proto::Biosample {
        r#type: kind.unwrap_or(proto::BiosampleType::Unspecified).into(),
        name: track.biosample_name.clone().unwrap_or_default(),
        stage: track.biosample_life_stage.clone(),
    })
}

fn endedness(text: &str) -> Option<i32> {
    proto::Endedness::from_str_name(&format!("ENDEDNESS_{}", text.to_ascii_uppercase())).map(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track_metadata::{gene_row, junction_track, track, track_set};
    use refalt_core::scorer::ScoredGene;
    use refalt_core::{Interval, Organism, Resolution, Strand};
    use std::sync::Arc;

    #[test]
    fn every_published_track_comes_back_from_the_wire() {
        for organism in Organism::ALL {
            let sets = refalt::track_catalogue::tracks(organism);
            assert!(sets.len() >= 10, "{organism}");
            for set in sets.iter() {
                let back = track_set(track_set_message(set)).unwrap();
                assert_eq!((back.output, back.tracks.len()), (set.output, set.tracks.len()));
                for (given, back) in set.tracks.iter().zip(back.tracks.iter()) {
                    let mut given = given.clone();
                    // The column of the model's head is not on the wire.
                    given.channel_index = None;
                    if set.output == OutputType::SpliceJunctions {
                        given.nonzero_mean = None;
                    }
                    assert_eq!(*back, given);
                }
            }
        }
    }

    #[test]
    fn a_bare_track_and_a_gene_come_back() {
        let bare = Track {
            name: "x".to_owned(),
            strand: Some(Strand::Reverse),
            ..Track::default()
        };
        assert_eq!(track(track_message(&bare)).unwrap(), bare);
        assert_eq!(junction_track(junction_track_message(&bare)).unwrap().name, "x");
        let row = GeneRow {
            gene: Arc::new(ScoredGene {
                id: "ENSG1.2".into(),
                name: None,
                biotype: Some("lncRNA".into()),
                strand: Some(Strand::Reverse),
            }),
            junction: Interval::from_bed(5, 9),
        };
        assert_eq!(gene_row(gene_message(&row)).unwrap(), row);
        assert_eq!(Resolution::BP_1.bp(), 1);
    }
}
