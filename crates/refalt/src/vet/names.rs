//! The names of a row, resolved to places and alleles of the reference.

use super::error::VetError;
use super::gene_models::GeneModels;
use crate::io::variants::{self, ReadOptions, Source, VariantRow};
use crate::spool::Spool;
use refalt_core::audit::hgvs::{NamedPlace, NamedSubstitution, read_name};
use refalt_core::audit::{KnownSite, RowNames};
use refalt_core::transcript::Transcript;
use refalt_core::{Alternate, Assembly, Chromosome, Dna, Reference, Strand};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Gene models and known variants, by name.
#[derive(Debug, Default)]
pub(super) struct NameResolver {
    genes: HashMap<String, Vec<Transcript>>,
    known: HashMap<Box<str>, Vec<KnownSite>>,
}

impl NameResolver {
    /// Takes the gene models that the rows of the input name.
    pub(super) fn new(genes: Option<&GeneModels>, input: &Spool, reading: &ReadOptions) -> Result<Self, VetError> {
        let mut resolver = Self::default();
        let Some(genes) = genes else { return Ok(resolver) };
        let mut wanted: HashSet<String> = HashSet::new();
        for row in input.open(reading)? {
            let row = row?;
            let mut want = |name: &str| {
                if !wanted.contains(name) {
                    wanted.insert(name.to_owned());
                }
            };
            if let Some(gene) = row.names.gene.as_deref() {
                want(gene);
            }
            for name in spoken_names(&row) {
                if let NamedPlace::Coding {
                    transcript: Some(transcript),
                    ..
                } = name.place
                {
                    want(&transcript);
                }
            }
        }
        resolver.genes = genes.by_name(&wanted);
        Ok(resolver)
    }

    /// Reads the known variants whose identifiers occur in the input.
    pub(super) fn read_known(
        &mut self,
        path: &Path,
        input: &Spool,
        reading: &ReadOptions,
        reference: &dyn Reference,
    ) -> Result<(), VetError> {
        let mut wanted: HashSet<Box<str>> = HashSet::new();
        for row in input.open(reading)? {
            if let Some(rsid) = row?.rsid() {
                wanted.insert(rsid.into());
            }
        }
        for row in variants::open(&Source::Path(path.to_owned()), &ReadOptions::default())? {
            let row = row?;
            let Some(rsid) = row.rsid().filter(|rsid| wanted.contains(*rsid)) else {
                continue;
            };
            let Ok(variant) = &row.variant else { continue };
            let (Some(contig), Alternate::Bases(alternate)) =
                (reference.contig_id(variant.contig.as_str()), &variant.alternate)
            else {
                continue;
            };
            self.known.entry(rsid.into()).or_default().push(KnownSite {
                contig,
                position: variant.position,
                reference_bases: variant.reference_bases.clone(),
                alternate_bases: alternate.clone(),
            });
        }
        Ok(())
    }

    /// Resolves what a row says of itself.
    ///
    /// * `assembly`: the reference's assembly, when known; a `g.` name bears witness on positions only when its
    ///   accession states this assembly, since else it counts like the row itself.
    ///
    /// A name that is the source of the row's coordinates bears no witness on them.
    pub(super) fn resolve(&self, row: &VariantRow, reference: &dyn Reference, assembly: Option<Assembly>) -> RowNames {
        let mut names = RowNames::default();
        let gene = row.names.gene.as_deref();
        let own_models = gene.and_then(|gene| self.genes.get(gene));
        let strand_of = |models: &[Transcript]| {
            let first = models.first()?.strand;
            models.iter().all(|model| model.strand == first).then_some(first)
        };
        names.gene_strand = row
            .names
            .gene_strand
            .or_else(|| own_models.and_then(|models| strand_of(models)));
        if let Some(sites) = row.rsid().and_then(|rsid| self.known.get(rsid)) {
            names.sites.clone_from(sites);
        }
        let mut alleles: Vec<[Dna; 2]> = Vec::new();
        for name in spoken_names(row) {
            let mut strand = Some(Strand::Forward);
            match name.place {
                NamedPlace::Genomic { contig, position } => {
                    let stated = contig.as_deref().and_then(|contig| Chromosome::of(contig)?.assembly);
                    if stated.is_some()
                        && stated == assembly
                        && let Some(contig) = contig.and_then(|contig| reference.contig_id(&contig))
                    {
                        names.places.push((contig, position));
                    }
                }
                NamedPlace::Coding { transcript, place } => {
                    let named = transcript.as_deref().and_then(|name| self.genes.get(name));
                    let models = named.or(own_models).map_or(&[][..], Vec::as_slice);
                    strand = strand_of(models).or(names.gene_strand);
                    for model in models {
                        if let (Some(contig), Some(position)) =
                            (reference.contig_id(model.contig.as_str()), model.locate(place))
                        {
                            names.places.push((contig, position));
                        }
                    }
                }
                NamedPlace::Unplaced => strand = names.gene_strand,
            }
            // Without the strand of the gene, alleles of a transcript say nothing about the forward strand.
            match strand {
                Some(Strand::Forward) => alleles.push([name.from, name.to]),
                Some(Strand::Reverse) => alleles.push([name.from.reverse_complement(), name.to.reverse_complement()]),
                None => {}
            }
        }
        names.places.sort_unstable();
        names.places.dedup();
        alleles.dedup();
        // Names that contradict each other are no evidence.
        if let [one] = alleles.as_slice() {
            names.alleles = Some(one.clone());
        }
        names
    }
}

/// Returns the names that a row gives its variant, without the one that is the source of its coordinates.
fn spoken_names(row: &VariantRow) -> impl Iterator<Item = NamedSubstitution> {
    let source = row.written.as_deref();
    let spoken = row.names.hgvs.iter().map(|name| &**name).chain(row.id.as_deref());
    spoken.filter(move |&name| Some(name) != source).filter_map(read_name)
}
