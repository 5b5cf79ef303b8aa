//! Tracks and genes, to the wire: the reverse of [`crate::track_metadata`].

use crate::genome::{ontology_message, strand_message};
use crate::proto;
use refalt_core::Track;
use refalt_core::scorer::GeneRow;

/// Writes a track.
///
/// A field that the track does not have is absent. A term of an ontology that the protocol does not have is left out.
pub(super) fn track_message(track: &Track) -> proto::TrackMetadata {
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

/// Writes what a row of scores is about.
pub(super) fn gene_message(row: &GeneRow) -> proto::GeneScorerMetadata {
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
