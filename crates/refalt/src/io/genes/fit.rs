//! Whether gene models fit themselves and the genome they are used with.

use super::error::GenesError;
use super::{Genes, header};
use crate::reference_assembly::ReferenceAssembly;
use refalt_core::annotation::Annotation;
use refalt_core::{Assembly, Chromosome, ContigName, Interval, Reference};

/// Checks that exons lie in their transcripts and transcripts in their genes.
pub(super) fn parts_in_wholes(name: &str, annotation: &Annotation) -> Result<(), GenesError> {
    let outside = |part: String, inner, whole: String, outer| GenesError::Outside {
        name: name.to_owned(),
        part,
        inner,
        whole,
        outer,
    };
    for transcript in annotation.transcripts() {
        if let Some(exon) = annotation
            .exons(transcript.index)
            .find(|&exon| !transcript.body.covers(exon))
        {
            let whole = format!("the transcript `{}`", transcript.id);
            return Err(outside("an exon".to_owned(), exon, whole, transcript.body));
        }
        let gene = annotation.gene(transcript.gene);
        if !gene.body.covers(transcript.body) {
            let part = format!("the transcript `{}`", transcript.id);
            return Err(outside(
                part,
                transcript.body,
                format!("the gene `{}`", gene.id),
                gene.body,
            ));
        }
    }
    Ok(())
}

impl Genes {
    /// Returns the assembly of the annotation and how it is known: by the header, or by accessions as contig names.
    ///
    /// `None` when the file does not say, or says an assembly that the table does not have.
    pub fn assembly(&self) -> Option<(Assembly, String)> {
        if let Some(assembly) = self.source.header.known_assembly() {
            let line = self.source.header.assembly_line.as_deref().unwrap_or_default();
            return Some((assembly, format!("header `{line}`")));
        }
        self.annotation.contigs().iter().find_map(|contig| {
            let assembly = header::assembly_of_contig(contig.as_str())?;
            Some((assembly, format!("contig `{contig}`")))
        })
    }

    /// Says whether the annotation fits a reference: its assembly, its contigs, their lengths.
    ///
    /// * `on`: the assembly of the reference, proven or stated.
    ///
    /// Genes on contigs that the reference does not have are no error: a genome without patches is a common choice.
    ///
    /// # Errors
    /// [`GenesError`] when the assemblies differ, when no contig is common, or when a gene ends past its contig.
    pub fn check_against(&self, reference: &dyn Reference, on: ReferenceAssembly) -> Result<(), GenesError> {
        let name = || self.source.name.clone();
        if let Some(reference_assembly) = on.known() {
            let header = &self.source.header;
            let annotation = match (self.assembly(), &header.assembly) {
                (Some((assembly, evidence)), _) if assembly != reference_assembly => {
                    Some((assembly.name().to_owned(), evidence))
                }
                // A name outside the table (GRCm39, T2T-CHM13v2.0) is at least none of those in it.
                (None, Some(text)) => {
                    let line = header.assembly_line.as_deref().unwrap_or_default();
                    Some((text.clone(), format!("header `{line}`")))
                }
                _ => None,
            };
            if let Some((annotation, evidence)) = annotation {
                return Err(GenesError::OtherAssembly {
                    name: name(),
                    annotation,
                    evidence,
                    reference: reference_assembly,
                });
            }
        }
        self.check_regions(reference)?;
        self.check_genes(reference)
    }

    fn check_regions(&self, reference: &dyn Reference) -> Result<(), GenesError> {
        for (contig, region) in &self.source.header.regions {
            let Some(length_bp) = length_of(reference, contig.as_str()) else {
                continue;
            };
            // A slice may begin at base 1, too; a length that is another assembly's is none.
            if region.bed_start() == 0 && region.bed_end() != length_bp && is_contig_length(contig, region.bed_end()) {
                return Err(GenesError::OtherLength {
                    name: self.source.name.clone(),
                    contig: contig.clone(),
                    said_bp: region.bed_end(),
                    length_bp,
                });
            }
            if region.bed_end() > length_bp {
                return Err(GenesError::PastContigEnd {
                    name: self.source.name.clone(),
                    what: "a sequence region".to_owned(),
                    contig: contig.clone(),
                    interval: *region,
                    length_bp,
                    others: 0,
                });
            }
        }
        Ok(())
    }

    fn check_genes(&self, reference: &dyn Reference) -> Result<(), GenesError> {
        let annotation = &self.annotation;
        let lengths: Vec<Option<Option<u32>>> = annotation
            .contigs()
            .iter()
            .map(|contig| {
                let id = reference.contig_id(contig.as_str())?;
                Some(reference.contigs()[id.index()].length_bp)
            })
            .collect();
        if lengths.iter().all(Option::is_none) {
            return Err(GenesError::NoCommonContig {
                name: self.source.name.clone(),
                annotation: annotation.contigs().to_vec(),
                reference: reference.contigs().iter().map(|contig| contig.name.clone()).collect(),
            });
        }
        let mut first: Option<(String, ContigName, Interval, u32)> = None;
        let mut others = 0;
        for gene in annotation.genes() {
            let Some(contig) = annotation
                .contigs()
                .iter()
                .position(|name| name.as_str() == gene.contig)
            else {
                continue;
            };
            let Some(Some(length_bp)) = lengths[contig] else {
                continue;
            };
            if gene.body.bed_end() > length_bp {
                match first {
                    Some(_) => others += 1,
                    None => {
                        let what = format!("the gene `{}`", gene.name.unwrap_or(gene.id));
                        first = Some((what, annotation.contigs()[contig].clone(), gene.body, length_bp));
                    }
                }
            }
        }
        let Some((what, contig, interval, length_bp)) = first else {
            return Ok(());
        };
        Err(GenesError::PastContigEnd {
            name: self.source.name.clone(),
            what,
            contig,
            interval,
            length_bp,
            others,
        })
    }
}

/// Returns the length of a contig that the reference has whole.
fn length_of(reference: &dyn Reference, contig: &str) -> Option<u32> {
    let id = reference.contig_id(contig)?;
    reference.contigs()[id.index()].length_bp
}

/// Says whether a known assembly has a contig of this name with this length.
fn is_contig_length(contig: &ContigName, length_bp: u32) -> bool {
    let Some(chromosome) = Chromosome::of(contig.as_str()) else {
        return false;
    };
    Assembly::ALL
        .iter()
        .flat_map(|assembly| assembly.contigs())
        .any(|known| known.number == chromosome.number && known.length_bp == length_bp)
}
