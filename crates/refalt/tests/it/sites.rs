//! Sites of polyadenylation and introns: tables that others made, against what follows from gene annotation.

use super::{data, shared};
use refalt::core::annotation::{Annotation, PolyaSites, SpliceSiteClass};
use refalt::core::{Interval, Strand};
use refalt::io::genes::{MalformedLines, OpenOptions, open};
use refalt::io::sites::{introns, polya};
use std::path::Path;

fn annotation(path: &Path) -> Annotation {
    let options = OpenOptions {
        malformed: MalformedLines::LeaveOut,
        without_index: true,
        cache_folder: None,
    };
    open(path, &options).unwrap().0.annotation
}

/// For each site of a table, the distance to the nearest end of a transcript of its gene, in bp; sorted.
fn distances(table: &PolyaSites, derived: &PolyaSites, annotation: &Annotation) -> Vec<u32> {
    let mut found = Vec::new();
    for gene in annotation.genes() {
        let ends: Vec<u32> = derived.of_gene(gene.id).map(|site| site.span.bed_start()).collect();
        for site in table.of_gene(gene.id).filter(|site| site.strand == gene.strand) {
            found.extend(ends.iter().map(|end| end.abs_diff(site.span.bed_start())).min());
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn predominant_polya_sites_lie_near_annotated_ends_and_are_far_fewer() {
    let Some(path) = shared("polya_sites/predominant_polya_sites_hg38.subset.bed") else {
        return;
    };
    let table = polya::read(&path).unwrap();
    assert_eq!(table.rows.len(), 1_014);
    let tert = table.rows.iter().find(|row| &*row.gene == "TERT").unwrap();
    assert_eq!(
        (tert.site, tert.strand),
        (Interval::from_bed(1_253_149, 1_253_150).unwrap(), Strand::Reverse)
    );

    let chr21 = annotation(&data("genes/ensembl_GRCh38_chr21.gff3.gz"));
    let (sites, report) = table.sites(&chr21);
    let derived = PolyaSites::of_transcript_ends(&chr21);
    let on_chr21 = table.rows.iter().filter(|row| row.contig.as_str() == "chr21").count() as u64;
    let distances = distances(&sites, &derived, &chr21);
    let within = |bp: u32| distances.partition_point(|&distance| distance <= bp);
    // Counted with Python from the two files: 125 of 137 sites have a gene of their symbol and strand; 16 of them are the
    // last base of a transcript, 86, 103, 106 and 115 lie within 10, 24, 100 and 1,000 bp of one.
    assert_eq!((on_chr21, report.matched, distances.len()), (137, 125, 125));
    assert_eq!([0, 10, 24, 100, 1_000].map(within), [16, 86, 103, 106, 115]);
    // The annotation has sixteen times as many ends as the table has sites.
    assert_eq!(derived.len(), 1_969);
    assert_eq!(report.matched + report.unmatched, 1_014);
}

#[test]
fn a_table_of_introns_gives_the_splice_sites_that_the_exons_give() {
    let Some(genes) = shared("hg38_chr9_1mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf.gz") else {
        return;
    };
    let table = introns::read(&shared("hg38_chr9_1mb/introns_from_gtf.tsv").unwrap()).unwrap();
    assert_eq!(table.introns.len(), 195);
    let derived = annotation(&genes);
    let given = derived.clone().with_splice_sites(table.sites());
    assert_eq!(table.outside(&derived), 0);
    let whole = Interval::from_bed(0, 1_000_000).unwrap();
    let mut sites = 0;
    for class in SpliceSiteClass::ALL {
        let of = |annotation: &Annotation| annotation.splice_sites("chr9", whole, class).collect::<Vec<_>>();
        assert_eq!(of(&given), of(&derived), "{class:?}");
        sites += of(&given).len();
    }
    // Introns share sites: 195 of them have 301, not 390.
    assert_eq!(sites, 301);
}
