use super::*;
use proptest::prelude::*;

fn bed(start: u32, end: u32) -> Interval {
    Interval::from_bed(start, end).unwrap()
}

fn position(one_based: u32) -> Position {
    Position::new(one_based).unwrap()
}

fn place(contig: &str, strand: Strand, start: u32, end: u32) -> Place<'_> {
    Place {
        contig,
        strand,
        span: bed(start, end),
    }
}

fn gene(id: &str) -> GeneAttributes<'_> {
    GeneAttributes {
        id,
        name: None,
        biotype: None,
    }
}

fn transcript(id: &str) -> TranscriptAttributes<'_> {
    TranscriptAttributes {
        id,
        ..Default::default()
    }
}

/// G1 (+) with T1 = 100-200, 300-400, 500-600 coding 150-550, and T2 = 320-600; G2 (-) with T3 = 1000-1100, 1200-1300.
fn small() -> Annotation {
    let mut builder = AnnotationBuilder::default();
    let (g1, g2) = (
        GeneAttributes {
            id: "G1.3",
            name: Some("ONE"),
            biotype: Some("protein_coding"),
        },
        GeneAttributes {
            id: "G2.1_PAR_Y",
            ..gene("")
        },
    );
    builder.gene(g1, place("chr1", Strand::Forward, 100, 600)).unwrap();
    for (start, end) in [(500, 600), (100, 200), (300, 400)] {
        builder
            .exon(g1, transcript("T1"), place("chr1", Strand::Forward, start, end))
            .unwrap();
    }
    builder
        .coding(g1, transcript("T1"), place("chr1", Strand::Forward, 150, 200))
        .unwrap();
    builder
        .coding(g1, transcript("T1"), place("chr1", Strand::Forward, 500, 550))
        .unwrap();
    let canonical = TranscriptAttributes {
        tags: TranscriptTags {
            basic: true,
            ..Default::default()
        },
        ..transcript("T2")
    };
    builder
        .transcript(g1, canonical, place("chr1", Strand::Forward, 320, 600))
        .unwrap();
    builder
        .exon(g1, transcript("T2"), place("chr1", Strand::Forward, 320, 600))
        .unwrap();
    for (start, end) in [(1000, 1100), (1200, 1300)] {
        builder
            .exon(g2, transcript("T3"), place("chr1", Strand::Reverse, start, end))
            .unwrap();
    }
    builder.build().unwrap()
}

#[test]
fn genes_and_transcripts_without_rows_are_the_hulls_of_their_parts() {
    let annotation = small();
    let genes: Vec<Gene<'_>> = annotation.genes().collect();
    assert_eq!((genes[0].name, genes[0].biotype), (Some("ONE"), Some("protein_coding")));
    assert_eq!(
        (genes[1].body, genes[1].name, genes[1].biotype),
        (bed(1000, 1300), None, None)
    );
    assert_eq!(genes[1].id_without_version(), "G2");
    let first = annotation.transcripts().next().unwrap();
    assert_eq!(
        (first.id, first.body, first.coding),
        ("T1", bed(100, 600), Some(bed(150, 550)))
    );
    let exons: Vec<Interval> = annotation.exons(first.index).collect();
    assert_eq!(exons, [bed(100, 200), bed(300, 400), bed(500, 600)]);
    // 300 exon bases in T1, 280 in T2.
    assert_eq!(annotation.canonical_transcript(genes[0].index), Some(first.index));
}

#[test]
fn a_gene_is_stood_for_by_a_transcript_of_its_own_biotype() {
    let gene = |id| GeneAttributes {
        biotype: Some("protein_coding"),
        ..gene(id)
    };
    let of = |id, biotype, tags| TranscriptAttributes {
        id,
        biotype: Some(biotype),
        tags,
    };
    let canonical = TranscriptTags {
        ensembl_canonical: true,
        ..Default::default()
    };
    let mut builder = AnnotationBuilder::default();
    let mut exon = |gene, transcript, start, end| {
        builder
            .exon(gene, transcript, place("chr1", Strand::Forward, start, end))
            .unwrap();
    };
    // The retained intron is longer; in G2 it is tagged; in G3 there is nothing else.
    let none = TranscriptTags::default();
    for (id, tags) in [("G1", none), ("G2", canonical)] {
        exon(
            gene(id),
            of(["T1", "T3"][usize::from(id == "G2")], "protein_coding", none),
            100,
            200,
        );
        exon(
            gene(id),
            of(["T2", "T4"][usize::from(id == "G2")], "retained_intron", tags),
            300,
            600,
        );
    }
    exon(gene("G3"), of("T5", "retained_intron", none), 700, 800);
    exon(gene("G3"), of("T6", "retained_intron", none), 700, 900);
    let annotation = builder.build().unwrap();
    let chosen = annotation.genes().map(|gene| {
        let transcript = annotation.canonical_transcript(gene.index).unwrap();
        annotation.transcript(transcript).id
    });
    assert_eq!(chosen.collect::<Vec<_>>(), ["T1", "T4", "T6"]);
}

#[test]
fn a_mask_holds_the_exons_of_transcripts_that_start_in_the_interval() {
    let annotation = small();
    let spans = |start, end| {
        let masks = annotation.genes_with_tss_in("NC_000001.11", bed(start, end));
        masks
            .into_iter()
            .map(|mask| (annotation.gene(mask.gene).id.to_owned(), mask.spans))
            .collect::<Vec<_>>()
    };
    let g1 = |spans: &[Interval]| ("G1.3".to_owned(), spans.to_vec());
    assert_eq!(spans(100, 350), [g1(&[bed(100, 200), bed(300, 350)])]);
    // Only T2 starts there.
    assert_eq!(spans(101, 700), [g1(&[bed(320, 600)])]);
    // T1 alone: T2 starts at the exclusive end.
    assert_eq!(spans(90, 320), [g1(&[bed(100, 200), bed(300, 320)])]);
    // The bound of T3 is its exclusive end, 1300.
    assert_eq!(spans(700, 1300), []);
    assert_eq!(spans(1300, 1400), [("G2.1_PAR_Y".to_owned(), vec![])]);
    assert!(annotation.genes_with_tss_in("chr2", bed(0, 5000)).is_empty());
}

#[test]
fn a_variant_touches_a_gene_by_its_longer_allele() {
    let annotation = small();
    let touched = |at, r, a| annotation.genes_overlapping("1", position(at), r, a).len();
    // Base 100 is the last one before the gene (0-based start 100 is base 101).
    assert_eq!([touched(100, 1, 1), touched(101, 1, 1), touched(100, 1, 2)], [0, 1, 1]);
    // Base 600 is the last base.
    assert_eq!([touched(600, 1, 1), touched(601, 1, 1)], [1, 0]);
}

#[test]
fn splice_sites_are_the_exon_bases_beside_introns() {
    let annotation = small();
    let sites = |class| {
        let all = bed(0, 5000);
        annotation
            .splice_sites("chr1", all, class)
            .map(Position::one_based)
            .collect::<Vec<_>>()
    };
    // T1: introns 200-300 and 400-500 (0-based): donors are bases 200 and 400, acceptors 301 and 501.
    assert_eq!(sites(SpliceSiteClass::DonorForward), [200, 400]);
    assert_eq!(sites(SpliceSiteClass::AcceptorForward), [301, 501]);
    // T3 on -: intron 1100-1200; the donor is base 1201, the acceptor base 1100.
    assert_eq!(sites(SpliceSiteClass::DonorReverse), [1201]);
    assert_eq!(sites(SpliceSiteClass::AcceptorReverse), [1100]);
    let donor = SpliceSiteClass::DonorForward;
    let given = annotation.with_splice_sites([("1", donor, position(700)), ("chr9", donor, position(7))]);
    let found: Vec<u32> = given
        .splice_sites("chr1", bed(0, 5000), donor)
        .map(Position::one_based)
        .collect();
    assert_eq!(found, [700]);
}

#[test]
fn places_are_told_apart_by_the_canonical_transcript() {
    let annotation = small();
    for (base, expected) in [
        (100, Region::Promoter),
        (101, Region::FivePrimeUtr),
        (151, Region::Coding),
        (201, Region::Promoter), // the 101st base: 100 after the first
        (202, Region::Intron),
        (551, Region::ThreePrimeUtr),
        (601, Region::Intergenic),
        (1001, Region::NonCodingExon),
        (1101, Region::Intron),
        (1200, Region::Promoter), // 100 bases after 1300, the first base of T3
        (1301, Region::Promoter),
        (2300, Region::Promoter),
        (2301, Region::Intergenic),
    ] {
        assert_eq!(annotation.region("1", position(base)).0, expected, "base {base}");
    }
}

#[test]
fn the_nearest_gene_and_its_signed_distance() {
    let annotation = small();
    let nearest = |base| {
        let found = annotation.nearest_gene("1", position(base)).unwrap();
        (
            annotation.gene(found.gene).id_without_version().to_owned(),
            found.distance_bp,
        )
    };
    // T1 starts at base 101, T3 at base 1300 and runs to the left.
    assert_eq!(nearest(1), ("G1".to_owned(), -100));
    assert_eq!(nearest(111), ("G1".to_owned(), 10));
    assert_eq!(nearest(1290), ("G2".to_owned(), 10));
    assert_eq!(nearest(1310), ("G2".to_owned(), -10));
    // 700 = 101 + 599 = 1300 - 600; 701 is 600 and 599 away.
    assert_eq!(nearest(700), ("G1".to_owned(), 599));
    assert_eq!(nearest(701), ("G2".to_owned(), 599));
    assert_eq!(annotation.nearest_gene("chr2", position(1)), None);
}

#[test]
fn a_transcript_is_handed_out_for_hgvs_places() {
    use crate::transcript::{CodingAnchor, CodingPlace};

    let annotation = small();
    let first = annotation.transcripts().next().unwrap();
    let locate = |anchor| {
        let place = CodingPlace {
            anchor,
            intron_offset_bp: 0,
        };
        annotation
            .transcript_model(first.index)
            .locate(place)
            .map(Position::one_based)
    };
    // Coding from base 151; 50 bases to the end of the exon, the next begins with base 301.
    assert_eq!(locate(CodingAnchor::Coding(1)), Some(151));
    assert_eq!(locate(CodingAnchor::Coding(51)), Some(301));
}

#[test]
fn polya_sites_are_found_by_id_without_version() {
    let site = |start, id| PolyaSite {
        span: bed(start, start + 1),
        strand: Strand::Forward,
        id,
    };
    let sites: PolyaSites = [("G2.7", site(5, "a")), ("G1", site(9, "b")), ("G2", site(3, "c"))]
        .into_iter()
        .collect();
    let ids = |gene| sites.of_gene(gene).map(|site| site.id).collect::<Vec<_>>();
    assert_eq!(
        (ids("G2.1"), ids("G1.9"), ids("G3")),
        (vec!["a", "c"], vec!["b"], vec![])
    );
    assert_eq!(PolyaSites::from_columns(sites.columns().clone()), Some(sites));
    let derived = PolyaSites::of_transcript_ends(&small());
    // T1 and T2 both end with base 600; T3 with base 1001.
    assert_eq!(
        derived.of_gene("G1").map(|site| site.span).collect::<Vec<_>>(),
        [bed(599, 600)]
    );
    assert_eq!(
        derived.of_gene("G2").map(|site| site.span).collect::<Vec<_>>(),
        [bed(1000, 1001)]
    );
}

#[test]
fn rows_that_contradict_each_other_are_refused() {
    let message = |rows: &dyn Fn(&mut AnnotationBuilder) -> Result<(), AnnotationError>| {
        rows(&mut AnnotationBuilder::default()).unwrap_err().to_string()
    };
    let (forward, reverse) = (place("1", Strand::Forward, 1, 9), place("1", Strand::Reverse, 1, 9));
    assert_eq!(
        message(&|b| b.gene(gene("G"), forward).and_then(|()| b.gene(gene("G"), forward))),
        "the gene `G` has two rows on 1"
    );
    assert_eq!(
        message(&|b| b
            .gene(gene("G"), forward)
            .and_then(|()| b.exon(gene("G"), transcript("T"), reverse))),
        "the gene `G` on 1 has rows on both strands"
    );
    assert_eq!(
        message(&|b| {
            b.exon(gene("G"), transcript("T"), forward)?;
            b.exon(gene("H"), transcript("T"), forward)
        }),
        "the transcript `T` on 1 has rows of two genes, `G` and `H`"
    );
    assert_eq!(
        message(&|b| b.gene(gene("G"), place("1", Strand::Forward, 5, 5))),
        "the row of `G` on 1 has no bases"
    );
    // The same id on another contig is another gene.
    let mut builder = AnnotationBuilder::default();
    for contig in ["chrX", "chrY"] {
        builder.gene(gene("G"), place(contig, Strand::Forward, 1, 9)).unwrap();
    }
    assert_eq!(builder.build().unwrap().gene_count(), 2);
}

#[test]
fn gene_rows_decide_the_order_of_the_table_wherever_they_stand() {
    let mut builder = AnnotationBuilder::default();
    builder
        .exon(gene("B"), transcript("TB"), place("1", Strand::Forward, 1, 9))
        .unwrap();
    builder
        .exon(gene("A"), transcript("TA"), place("1", Strand::Forward, 2, 9))
        .unwrap();
    builder.gene(gene("A"), place("1", Strand::Forward, 0, 9)).unwrap();
    builder.gene(gene("B"), place("1", Strand::Forward, 0, 9)).unwrap();
    let annotation = builder.build().unwrap();
    assert_eq!(annotation.genes().map(|gene| gene.id).collect::<Vec<_>>(), ["A", "B"]);
    let first = annotation.transcripts().next().unwrap();
    assert_eq!((first.id, annotation.gene(first.gene).id), ("TB", "B"));
}

#[test]
fn columns_are_read_back_and_damaged_ones_refused() {
    let annotation = small();
    assert_eq!(
        Annotation::from_columns(annotation.columns().clone()).as_ref(),
        Ok(&annotation)
    );
    let damaged = |damage: &dyn Fn(&mut AnnotationColumns)| {
        let mut columns = annotation.columns().clone();
        damage(&mut columns);
        Annotation::from_columns(columns).unwrap_err().column
    };
    assert_eq!(damaged(&|c| c.gene_contig[0] = 1), "gene_contig");
    assert_eq!(damaged(&|c| c.gene_end[0] = 99), "gene_end");
    assert_eq!(damaged(&|c| c.transcript_exon_end[0] = 9), "transcript_exon_end");
    assert_eq!(damaged(&|c| c.tss_order.push(0)), "contig_tss_end");
    assert_eq!(damaged(&|c| c.gene_canonical[0] = 3), "gene_canonical");
    assert_eq!(damaged(&|c| c.splice_site_end[3] = 9), "splice_site_end");
}

proptest! {
    #[test]
    fn genes_in_an_interval_are_those_that_a_scan_finds(
        bodies in proptest::collection::vec((0u32..300, 1u32..80, 0u8..2), 0..40), query in (0u32..300, 1u32..40)
    ) {
        let mut builder = AnnotationBuilder::default();
        for (index, &(start, length, contig)) in bodies.iter().enumerate() {
            let contig = ["chr1", "chr2"][usize::from(contig)];
            builder.gene(gene(&index.to_string()), place(contig, Strand::Forward, start, start + length)).unwrap();
        }
        let annotation = builder.build().unwrap();
        let query = bed(query.0, query.0 + query.1);
        let expected: Vec<GeneIndex> = annotation
            .genes()
            .filter(|gene| gene.contig == "chr2" && gene.body.intersect(query).is_some())
            .map(|gene| gene.index)
            .collect();
        prop_assert_eq!(annotation.genes_in("2", query), expected);
    }
}
