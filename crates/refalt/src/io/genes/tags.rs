//! Tags of transcripts, as files write them.

use refalt_core::annotation::TranscriptTags;

/// Adds a tag; others than the four known are not kept. GENCODE and Ensembl write `MANE_Select`, RefSeq `MANE Select`.
pub(super) fn add(tags: &mut TranscriptTags, tag: &str) {
    match tag.trim() {
        "MANE_Select" | "MANE Select" => tags.mane_select = true,
        "MANE_Plus_Clinical" | "MANE Plus Clinical" => tags.mane_plus_clinical = true,
        "Ensembl_canonical" => tags.ensembl_canonical = true,
        "basic" | "gencode_basic" => tags.basic = true,
        _ => {}
    }
}
