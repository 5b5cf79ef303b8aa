//! Bases to the transcription start that a variant belongs to, from gene models: for strata and covariates.
//!
//! METHOD: a start is the first base of the transcript that stands for its gene (MANE Select, else Ensembl's canonical one, else
//! the longest), as `refalt genes` says it. Without a gene the nearest start on either strand counts; a row that names its
//! gene is measured from the start of that gene, however near others are. Distances have no sign. An insertion or deletion
//! is at the first base of its REF.

use super::truth::Unit;
use crate::io::genes::Genes;
use crate::provenance::FileIdentity;
use refalt_core::annotation::GeneIndex;
use refalt_core::contig::same_contig;
use std::collections::HashMap;

/// How the distance is called among columns: `--stratify '|tss_distance|:1000,10000'`, `--covariate '|tss_distance|'`.
pub(super) const TSS_DISTANCE: &str = "|tss_distance|";

/// Gene models, with the file for the record.
#[derive(Clone, Debug)]
pub struct GeneModels {
    /// The gene models.
    pub genes: Genes,
    /// Name and content of their file.
    pub file: FileIdentity,
}

/// Returns the distance of each unit in bp, NaN where the annotation has no start for it.
pub(super) fn of_units(units: &[Unit], models: &GeneModels) -> Vec<f64> {
    let annotation = &models.genes.annotation;
    let by_id: HashMap<&str, GeneIndex> = if units.iter().any(|unit| unit.gene.is_some()) {
        annotation
            .genes()
            .map(|gene| (gene.id_without_version(), gene.index))
            .collect()
    } else {
        HashMap::new()
    };
    let of_gene = |unit: &Unit, id: &str| {
        let gene = annotation.gene(*by_id.get(id)?);
        if !same_contig(gene.contig, unit.variant.contig().as_str()) {
            return None;
        }
        let start = annotation.transcription_start(annotation.canonical_transcript(gene.index)?)?;
        Some(start.one_based().abs_diff(unit.variant.position().one_based()))
    };
    let nearest = |unit: &Unit| {
        let context = models.genes.context(unit.variant.contig(), unit.variant.position());
        context.ok().map(|context| context.distance_bp.unsigned_abs() as f64)
    };
    units
        .iter()
        .map(|unit| match unit.gene.as_deref() {
            Some(id) => of_gene(unit, id).map(f64::from),
            None => nearest(unit),
        })
        .map(|distance| distance.unwrap_or(f64::NAN))
        .collect()
}
