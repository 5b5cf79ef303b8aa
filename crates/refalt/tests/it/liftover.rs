//! Liftover against other programs, and the chain of the TERT study.

use crate::{data, shared, study};
use refalt::core::{Alternate, Assembly, ContigName, Dna, Position, Strand, Variant};
use refalt::io::fasta::FastaReference;
use refalt::liftover::{LiftError, Liftover, TargetReference};

fn position(one_based: u32) -> Position {
    Position::new(one_based).unwrap()
}

/// hg19 and hg38 positions of UCSC's chain for chr5 (1-based).
const KNOWN: [(u32, u32); 4] = [
    (1_295_228, 1_295_113),
    (1_295_250, 1_295_135),
    (1_295_349, 1_295_234),
    (1_295_104, 1_294_989),
];

#[test]
fn the_chain_of_the_study_lifts_the_hotspots_and_nothing_outside() {
    let liftover = Liftover::open(study("tert/hg19ToHg38.tert.chain")).unwrap();
    assert_eq!(
        (liftover.from_assembly(), liftover.to_assembly()),
        (Some(Assembly::GRCh37), Some(Assembly::GRCh38))
    );
    for (hg19, hg38) in KNOWN {
        let lifted = liftover.lift_position("5", position(hg19)).unwrap();
        assert_eq!(
            (lifted.place.position, lifted.place.strand),
            (position(hg38), Strand::Forward)
        );
        let back = liftover.inverted().lift_position("chr5", position(hg38)).unwrap();
        assert_eq!(back.place.position, position(hg19));
    }
    for (inside, outside) in [(1_294_605, 1_294_604), (1_296_662, 1_296_663)] {
        assert!(liftover.lift_position("chr5", position(inside)).is_ok());
        assert!(matches!(
            liftover.lift_position("chr5", position(outside)),
            Err(LiftError::NoPlace { .. })
        ));
    }
}

#[test]
fn the_hotspots_meet_the_bases_of_the_slice() {
    let liftover = Liftover::open(study("tert/hg19ToHg38.tert.chain")).unwrap();
    let reference = FastaReference::open(study("tert/chr5_1294490_1296547.fa")).unwrap();
    let lift = |hg19: u32, r: &str, a: &str| {
        let dna = |text: &str| Dna::parse(text.as_bytes()).unwrap();
        let variant = Variant {
            contig: ContigName::new("5"),
            position: position(hg19),
            reference_bases: dna(r),
            alternate: Alternate::Bases(dna(a)),
        };
        let lifted = liftover.lift_variant(&variant, &reference).unwrap();
        (lifted.variant.to_string(), lifted.reference)
    };
    // C228T and C250T on the gene's strand are G>A on the genome's.
    assert_eq!(
        lift(1_295_228, "G", "A"),
        ("chr5:1295113:G>A".to_owned(), TargetReference::Same)
    );
    assert_eq!(
        lift(1_295_250, "G", "A"),
        ("chr5:1295135:G>A".to_owned(), TargetReference::Same)
    );
    let changed = TargetReference::Changed { found: "G".to_owned() };
    assert_eq!(lift(1_295_228, "C", "T"), ("chr5:1295113:C>T".to_owned(), changed));
    assert_eq!(
        lift(1_295_228, "A", "G"),
        ("chr5:1295113:A>G".to_owned(), TargetReference::Swapped)
    );
}

#[test]
fn the_ucsc_chain_lifts_as_pyliftover_and_liftover_do() {
    let Some(path) = shared("liftover/hg19ToHg38.over.chain.gz") else {
        return;
    };
    let liftover = Liftover::open(path).unwrap();
    assert_eq!(
        (liftover.from_assembly(), liftover.to_assembly()),
        (Some(Assembly::GRCh37), Some(Assembly::GRCh38))
    );
    for (hg19, hg38) in KNOWN {
        assert_eq!(
            liftover.lift_position("chr5", position(hg19)).unwrap().place.position,
            position(hg38)
        );
    }
    let table = std::fs::read_to_string(data("liftover/hg19ToHg38.oracle.tsv")).unwrap();
    let mut lifted = 0;
    for line in table.lines().skip(1) {
        let [contig, at, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let found = match liftover.lift_position(contig, position(at.parse().unwrap())) {
            Ok(found) => {
                lifted += 1;
                let places = std::iter::once(&found.place).chain(&found.others);
                let texts: Vec<String> = places
                    .map(|place| format!("{}:{}:{}", place.contig, place.position, place.strand))
                    .collect();
                texts.join(",")
            }
            Err(LiftError::NoPlace { .. } | LiftError::InGap { .. }) => ".".to_owned(),
            Err(other) => panic!("{line}: {other}"),
        };
        assert_eq!(found, expected, "{line}");
    }
    assert_eq!(lifted, 3_121);
}
