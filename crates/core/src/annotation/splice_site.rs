//! Annotated splice sites: the ends of exons that face an intron.

use super::columns::part;
use super::{Annotation, AnnotationColumns};
use crate::interval::Interval;
use crate::position::Position;
use crate::strand::Strand;

/// The four classes of splice sites, in the order of the published model's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpliceSiteClass {
    /// The last base of an exon of the forward strand.
    DonorForward,
    /// The first base of the next exon of the forward strand.
    AcceptorForward,
    /// The last base of an exon of the reverse strand: its lowest coordinate.
    DonorReverse,
    /// The first base of the next exon of the reverse strand: its highest coordinate.
    AcceptorReverse,
}

impl SpliceSiteClass {
    /// Every class, in the order of the model's output.
    pub const ALL: [Self; 4] = [
        Self::DonorForward,
        Self::AcceptorForward,
        Self::DonorReverse,
        Self::AcceptorReverse,
    ];

    /// Returns the class of the same site when the strand is read the other way.
    pub const fn other_strand(self) -> Self {
        match self {
            Self::DonorForward => Self::DonorReverse,
            Self::AcceptorForward => Self::AcceptorReverse,
            Self::DonorReverse => Self::DonorForward,
            Self::AcceptorReverse => Self::AcceptorForward,
        }
    }

    /// Returns the place in [`ALL`](Self::ALL) (0-based).
    pub const fn index(self) -> usize {
        self as usize
    }

    /// Returns the two bases (1-based) beside an intron, the one before it first, each with its class.
    ///
    /// Both belong to exons. There is none before an intron that begins with the contig, and none beside an empty one.
    ///
    /// ```
    /// use refalt_core::annotation::SpliceSiteClass;
    /// use refalt_core::{Interval, Position, Strand};
    ///
    /// // An intron of the bases 101 to 200: the exons beside it end with base 100 and begin with base 201.
    /// let [before, after] = SpliceSiteClass::beside(Interval::from_bed(100, 200).unwrap(), Strand::Reverse);
    /// assert_eq!(before, (SpliceSiteClass::AcceptorReverse, Position::new(100)));
    /// assert_eq!(after, (SpliceSiteClass::DonorReverse, Position::new(201)));
    /// ```
    pub fn beside(intron: Interval, strand: Strand) -> [(Self, Option<Position>); 2] {
        let before = intron.first().and_then(|first| first.checked_sub(1));
        let after = intron.last().and_then(|last| last.checked_add(1));
        match strand {
            Strand::Forward => [(Self::DonorForward, before), (Self::AcceptorForward, after)],
            Strand::Reverse => [(Self::AcceptorReverse, before), (Self::DonorReverse, after)],
        }
    }

    /// Returns the strand.
    pub const fn strand(self) -> Strand {
        match self {
            Self::DonorForward | Self::AcceptorForward => Strand::Forward,
            Self::DonorReverse | Self::AcceptorReverse => Strand::Reverse,
        }
    }
}

/// Sorts sites into the columns `splice_site` and `splice_site_end`.
fn fill(columns: &mut AnnotationColumns, mut sites: Vec<Vec<u32>>) {
    columns.splice_site.clear();
    columns.splice_site_end.clear();
    for part in &mut sites {
        part.sort_unstable();
        part.dedup();
        columns.splice_site.extend_from_slice(part);
        columns.splice_site_end.push(columns.splice_site.len() as u32);
    }
}

/// Derives the sites from the introns of all transcripts: the gaps between their exons.
pub(super) fn derive(columns: &mut AnnotationColumns) {
    let mut sites = vec![Vec::new(); 4 * columns.contigs.len()];
    for transcript in 0..columns.transcript_start.len() {
        let gene = columns.transcript_gene[transcript] as usize;
        let contig = columns.gene_contig[gene] as usize;
        let strand = super::strand_of(columns.gene_strand[gene]);
        let exons = part(&columns.transcript_exon_end, transcript);
        let mut reach: Option<u32> = None;
        for exon in exons {
            if let Some(intron) = reach.and_then(|end| Interval::from_bed(end, columns.exon_start[exon])) {
                for (class, site) in SpliceSiteClass::beside(intron, strand) {
                    sites[4 * contig + class.index()].extend(site.map(Position::zero_based));
                }
            }
            reach = reach.max(Some(columns.exon_end[exon]));
        }
    }
    fill(columns, sites);
}

impl Annotation {
    /// Puts given splice sites in the place of those derived from the exons.
    ///
    /// * `given`: contig, class and base (1-based) of each site; sites on contigs that the annotation does not have
    ///   are left out. [`SpliceSiteClass::beside`] finds the sites of an intron, as tables of junctions give them.
    ///
    /// The published model's own table has the sites of GENCODE; derived from the same file, the sites are those of
    /// all transcripts, whatever their biotype or support.
    #[must_use]
    pub fn with_splice_sites<'a>(
        mut self,
        given: impl IntoIterator<Item = (&'a str, SpliceSiteClass, Position)>,
    ) -> Self {
        let mut sites = vec![Vec::new(); 4 * self.columns.contigs.len()];
        let mut last: Option<(&str, Option<usize>)> = None;
        for (name, class, site) in given {
            let contig = match last {
                Some((known, contig)) if known == name => contig,
                _ => self.contig(name),
            };
            last = Some((name, contig));
            if let Some(contig) = contig {
                sites[4 * contig + class.index()].push(site.zero_based());
            }
        }
        fill(&mut self.columns, sites);
        self
    }

    /// Returns the annotated sites of a class in `interval`, ascending, each once (1-based).
    ///
    /// A donor is the last base of the exon before the intron, an acceptor the first base of the exon after it.
    pub fn splice_sites(
        &self,
        contig: &str,
        interval: Interval,
        class: SpliceSiteClass,
    ) -> impl Iterator<Item = Position> {
        let sites = self.contig(contig).map_or(&[][..], |contig| {
            &self.columns.splice_site[part(&self.columns.splice_site_end, 4 * contig + class.index())]
        });
        let start = sites.partition_point(|&site| site < interval.bed_start());
        let end = sites.partition_point(|&site| site < interval.bed_end());
        sites[start..end.max(start)]
            .iter()
            .filter_map(|&site| Position::from_zero_based(site))
    }
}
