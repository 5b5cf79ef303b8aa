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
    /// Returns the assembly of the annotation and how it is known: by the header, by accessions as contig names, or by the
    /// lengths of whole contigs.
    ///
    /// `None` when the file does not say, or says an assembly that the table does not have.
    pub fn assembly(&self) -> Option<(Assembly, String)> {
        if let Some(assembly) = self.source.header.known_assembly() {
            let line = self.source.header.assembly_line.as_deref().unwrap_or_default();
            return Some((assembly, format!("header `{line}`")));
        }
        let of_contig = self.annotation.contigs().iter().find_map(|contig| {
            let assembly = header::assembly_of_contig(contig.as_str())?;
            Some((assembly, format!("contig `{contig}`")))
        });
        // A name that the table does not have is an assembly all the same.
        let unnamed = self.source.header.assembly.is_none();
        of_contig.or_else(|| self.assembly_of_lengths().filter(|_| unnamed))
    }

    /// Returns the one assembly that has every whole contig the header tells of, in its length.
    fn assembly_of_lengths(&self) -> Option<(Assembly, String)> {
        let whole = self.source.header.regions.iter();
        let mut whole = whole.filter(|(contig, region)| region.bed_start() == 0 && lengths_tell(contig));
        let (first, region) = whole
            .clone()
            .find(|(contig, region)| assembly_with(contig, region.bed_end()).is_some())?;
        let assembly = assembly_with(first, region.bed_end())?;
        let agrees =
            whole.all(|(contig, region)| assembly_with(contig, region.bed_end()).is_none_or(|other| other == assembly));
        agrees.then(|| {
            let evidence = format!("`{first}` is {} bp long", region.bed_end());
            (assembly, evidence)
        })
    }

    /// Returns the length of a contig in the assembly of the annotation, when both are known.
    pub fn contig_length_bp(&self, contig: &ContigName) -> Option<(Assembly, u32)> {
        let (assembly, _) = self.assembly()?;
        let number = Chromosome::of(contig.as_str()).filter(|_| lengths_tell(contig))?.number;
        let mut known = assembly.contigs().iter();
        Some((assembly, known.find(|known| known.number == number)?.length_bp))
    }

    /// Returns, in words, how the file contradicts the assembly that it names: contigs with the length of another
    /// assembly, and genes past the end of a contig. No reference is needed for that.
    pub fn contradictions(&self) -> Vec<String> {
        let Some((assembly, evidence)) = self.assembly() else {
            return Vec::new();
        };
        let regions = self.source.header.regions.iter().filter_map(|(contig, region)| {
            let other = (region.bed_start() == 0 && lengths_tell(contig))
                .then(|| assembly_with(contig, region.bed_end()))
                .flatten()
                .filter(|other| *other != assembly)?;
            Some(format!(
                "`{contig}` is {} bp long, as in {other}; by its {evidence} the file is on {assembly}",
                region.bed_end()
            ))
        });
        let mut found: Vec<String> = regions.collect();
        let past = self.annotation.genes().filter_map(|gene| {
            let (_, length_bp) = self.contig_length_bp(&ContigName::new(gene.contig))?;
            (gene.body.bed_end() > length_bp).then_some((gene, length_bp))
        });
        let past: Vec<_> = past.collect();
        if let Some((gene, length_bp)) = past.first() {
            // The exclusive end of BED is the last base, 1-based.
            found.push(format!(
                "the gene `{}` ends at {}:{}, {} in {assembly} at {length_bp}{}",
                gene.name.unwrap_or(gene.id),
                gene.contig,
                gene.body.bed_end(),
                gene.contig,
                match past.len() {
                    1 => String::new(),
                    more => format!(", and {} more end past their contigs", more - 1),
                }
            ));
        }
        found
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

/// Says whether the length of a contig tells its assembly; there are two mitochondria in use with GRCh37.
fn lengths_tell(contig: &ContigName) -> bool {
    Chromosome::of(contig.as_str()).is_some_and(|chromosome| chromosome.number != "M")
}

/// Returns the assembly in which alone a contig of this name has this length.
fn assembly_with(contig: &ContigName, length_bp: u32) -> Option<Assembly> {
    let number = Chromosome::of(contig.as_str())?.number;
    let mut found = Assembly::ALL.into_iter().filter(|assembly| {
        let mut contigs = assembly.contigs().iter();
        contigs.any(|known| known.number == number && known.length_bp == length_bp)
    });
    found.next().filter(|_| found.next().is_none())
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
