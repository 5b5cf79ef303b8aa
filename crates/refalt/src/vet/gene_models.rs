//! Gene models of an audit: BED, or gene annotation in GTF or GFF3, by the names that rows give.

use super::error::VetError;
use crate::io::bed;
use crate::io::genes::{self, Genes, OpenOptions};
use crate::io::gzip::{open_text, read_line};
use refalt_core::annotation::{GeneIndex, without_version};
use refalt_core::transcript::Transcript;
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Gene models as their file gives them.
pub(super) enum GeneModels {
    /// BED: a record is a gene or transcript, by its name.
    Bed(bed::BedFile),
    /// GTF or GFF3.
    Annotation(Box<Genes>),
}

impl GeneModels {
    /// Opens a file; what it is follows from its first line.
    pub(super) fn open(path: &Path, cache: Option<&Path>) -> Result<Self, VetError> {
        if is_annotation(path).unwrap_or(false) {
            let options = OpenOptions {
                cache_folder: cache.map(Path::to_owned),
                ..OpenOptions::default()
            };
            let (genes, _) = genes::open(path, &options).map_err(Box::new)?;
            return Ok(Self::Annotation(Box::new(genes)));
        }
        Ok(Self::Bed(bed::read(path, None)?))
    }

    /// Returns the models under the names that are wanted.
    ///
    /// Of a gene of an annotation, named by symbol or identifier, it is the canonical transcript; a transcript is named by
    /// its identifier, whose version counts where the name has one. BED is taken by name as it is written.
    pub(super) fn by_name(&self, wanted: &HashSet<String>) -> HashMap<String, Vec<Transcript>> {
        let mut found: HashMap<String, Vec<Transcript>> = HashMap::new();
        let mut keep = |names: &[&str], model: &dyn Fn() -> Option<Transcript>| {
            let mut kept: Vec<&str> = names.iter().copied().filter(|name| wanted.contains(*name)).collect();
            kept.sort_unstable();
            kept.dedup();
            for name in kept {
                if let Some(model) = model() {
                    found.entry(name.to_owned()).or_default().push(model);
                }
            }
        };
        match self {
            Self::Bed(file) => {
                for record in &file.records {
                    let (Some(name), Some(strand)) = (&record.name, record.strand) else {
                        continue;
                    };
                    keep(&[&**name], &|| {
                        Some(Transcript {
                            name: name.to_string(),
                            contig: record.contig.clone(),
                            strand,
                            span: record.interval,
                            // A thick part of no bases means "not coding" in BED.
                            coding: record.thick.filter(|thick| !thick.is_empty()),
                            exons: record.blocks.clone(),
                        })
                    });
                }
            }
            Self::Annotation(genes) => {
                let annotation = &genes.annotation;
                let canonical = |gene: GeneIndex| {
                    let transcript = annotation.canonical_transcript(gene)?;
                    Some(annotation.transcript_model(transcript))
                };
                for gene in annotation.genes() {
                    let names = [gene.name.unwrap_or(gene.id), gene.id, gene.id_without_version()];
                    keep(&names, &|| canonical(gene.index));
                }
                for transcript in annotation.transcripts() {
                    let names = [transcript.id, without_version(transcript.id)];
                    keep(&names, &|| Some(annotation.transcript_model(transcript.index)));
                }
            }
        }
        found
    }
}

/// Says whether a file is GTF or GFF3: BED has its numbers in the second and third column, they have them in the fourth and
/// fifth.
fn is_annotation(path: &Path) -> std::io::Result<bool> {
    let mut text = open_text(path)?;
    let mut line = Vec::new();
    while read_line(&mut text, &mut line)? {
        if line.starts_with(b"##gff-version") {
            return Ok(true);
        }
        if line.trim_ascii().is_empty() || line[0] == b'#' {
            continue;
        }
        let columns: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
        let is_number = |column: usize| {
            let text = columns.get(column).map(|text| text.trim_ascii());
            text.is_some_and(|text| !text.is_empty() && text.iter().all(u8::is_ascii_digit))
        };
        return Ok(columns.len() >= 8 && is_number(3) && is_number(4) && !is_number(1));
    }
    Ok(false)
}
