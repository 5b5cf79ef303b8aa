//! Sites of polyadenylation: where transcripts end.

use super::{Annotation, Texts};
use crate::interval::Interval;
use crate::strand::Strand;

/// A site of polyadenylation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolyaSite<'a> {
    /// The site as its table writes it (0-based, half-open), mostly one base.
    pub span: Interval,
    /// The strand.
    pub strand: Strand,
    /// Id of the site; empty when the table has none.
    pub id: &'a str,
}

/// Sites of polyadenylation by gene, in the order of their table.
///
/// Genes are found by id without version, as PolyADB is mapped to GENCODE. The contig of a site is that of its gene.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolyaSites(PolyaColumns);

/// The columns of [`PolyaSites`], for writing them to an index and reading them back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolyaColumns {
    /// Ids of genes without version, ascending, each once.
    pub gene_id: Texts,
    /// For each gene, where its sites end in the other columns (exclusive).
    pub site_end: Vec<u32>,
    /// First base (0-based).
    pub start: Vec<u32>,
    /// End (0-based, exclusive).
    pub end: Vec<u32>,
    /// 0 for `+`, 1 for `-`.
    pub strand: Vec<u8>,
    /// Id of the site.
    pub id: Texts,
}

impl<'a> FromIterator<(&'a str, PolyaSite<'a>)> for PolyaSites {
    /// Collects sites with the id of their gene; a version (from the first `.`) is cut off.
    ///
    /// METHOD: within a gene, the order is that of the table, because the published scorer reads its windows so.
    /// Tables are expected in ascending order of the contig.
    fn from_iter<I: IntoIterator<Item = (&'a str, PolyaSite<'a>)>>(sites: I) -> Self {
        let mut sites: Vec<(&str, PolyaSite<'a>)> = sites
            .into_iter()
            .map(|(gene, site)| (super::without_version(gene), site))
            .collect();
        sites.sort_by_key(|(gene, _)| *gene);
        let mut columns = PolyaColumns::default();
        for group in sites.chunk_by(|one, next| one.0 == next.0) {
            columns.gene_id.push(group[0].0);
            for (_, site) in group {
                columns.start.push(site.span.bed_start());
                columns.end.push(site.span.bed_end());
                columns.strand.push(u8::from(site.strand == Strand::Reverse));
                columns.id.push(site.id);
            }
            columns.site_end.push(columns.start.len() as u32);
        }
        Self(columns)
    }
}

impl PolyaSites {
    /// Returns the sites with these columns, `None` when they do not fit each other.
    pub fn from_columns(columns: PolyaColumns) -> Option<Self> {
        let sites = columns.start.len();
        let fits = columns.gene_id.len() == columns.site_end.len()
            && [columns.end.len(), columns.strand.len(), columns.id.len()] == [sites; 3]
            && columns.site_end.is_sorted()
            && columns.site_end.last().map_or(0, |&last| last as usize) == sites
            && columns.strand.iter().all(|&strand| strand < 2)
            && columns.start.iter().zip(&columns.end).all(|(start, end)| start <= end)
            && columns.gene_id.iter().is_sorted_by(|one, next| one < next);
        fits.then_some(Self(columns))
    }

    /// Returns the columns.
    pub fn columns(&self) -> &PolyaColumns {
        &self.0
    }

    /// Returns the number of sites.
    pub fn len(&self) -> usize {
        self.0.start.len()
    }

    /// Says whether there is no site.
    pub fn is_empty(&self) -> bool {
        self.0.start.is_empty()
    }

    /// Returns the sites of a gene, by id with or without version, in the order of the table.
    pub fn of_gene(&self, gene_id: &str) -> impl Iterator<Item = PolyaSite<'_>> {
        let id = super::without_version(gene_id);
        let columns = &self.0;
        let (mut low, mut high) = (0, columns.gene_id.len());
        while low < high {
            let middle = low.midpoint(high);
            if columns.gene_id.get(middle).is_some_and(|other| other < id) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let sites = if columns.gene_id.get(low) == Some(id) {
            super::columns::part(&columns.site_end, low)
        } else {
            0..0
        };
        sites.filter_map(|site| {
            Some(PolyaSite {
                span: Interval::from_bed(columns.start[site], columns.end[site])?,
                strand: super::strand_of(columns.strand[site]),
                id: columns.id.get(site).unwrap_or_default(),
            })
        })
    }

    /// Derives sites from an annotation: the distinct last bases of the transcripts of each gene, ascending.
    ///
    /// They differ from PolyADB: that table has sites seen in 3' end sequencing, within 3' exons, also such at which
    /// no annotated transcript ends, and lacks annotated ends without reads. Scores of the two are not comparable.
    pub fn of_transcript_ends(annotation: &Annotation) -> Self {
        let mut sites: Vec<(&str, Interval, Strand)> = annotation
            .transcripts()
            .filter_map(|transcript| {
                let gene = annotation.gene(transcript.gene);
                let last = match gene.strand {
                    Strand::Forward => transcript.body.last()?,
                    Strand::Reverse => transcript.body.first()?,
                };
                Some((
                    gene.id_without_version(),
                    Interval::from_bases(last, last)?,
                    gene.strand,
                ))
            })
            .collect();
        sites.sort_unstable();
        sites.dedup();
        let site = |&(gene, span, strand)| (gene, PolyaSite { span, strand, id: "" });
        sites.iter().map(site).collect()
    }
}
