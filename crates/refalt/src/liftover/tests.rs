use super::*;
use crate::diagnostic::Diagnostic;
use proptest::prelude::*;
use refalt_core::InMemoryReference;
use refalt_core::dna::complement;

fn liftover(text: &str) -> Liftover {
    Liftover::new(chain::parse("x.chain", &mut text.as_bytes()).unwrap())
}

fn position(one_based: u32) -> Position {
    Position::new(one_based).unwrap()
}

fn variant(contig: &str, at: u32, reference: &str, alternate: &str) -> Variant {
    Variant {
        contig: ContigName::new(contig),
        position: position(at),
        reference_bases: Dna::parse(reference.as_bytes()).unwrap(),
        alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
    }
}

/// Lifts a variant and writes what became of it.
fn lift(chains: &str, target: &str, at: u32, reference: &str, alternate: &str) -> String {
    let target = InMemoryReference::of_contigs([("t", target.as_bytes())]);
    match liftover(chains).lift_variant(&variant("s", at, reference, alternate), &target) {
        Ok(lifted) => format!("{} {} {:?}", lifted.variant, lifted.strand, lifted.reference),
        Err(error) => error.to_string(),
    }
}

// Source  AACCGGTTAA, target CCGGTT after one filler base: offset -1.
const FORWARD: &str = "chain 9 s 10 + 2 8 t 7 + 1 7 1\n6\n";
// Source bases 3-8 CCGGTT are AACCGG, bases 1-6 of the target: read backwards.
const REVERSE: &str = "chain 9 s 10 + 2 8 t 7 - 1 7 1\n6\n";

#[test]
fn a_snv_keeps_its_alleles_on_the_forward_strand_and_complements_them_on_the_reverse() {
    assert_eq!(lift(FORWARD, "ACCGGTT", 3, "C", "T"), "t:2:C>T + Same");
    // Base 3 of the source is base 6 of the target: AACCGGA, read backwards from base 6: CCGGTT.
    assert_eq!(lift(REVERSE, "AACCGGA", 3, "C", "T"), "t:6:G>A - Same");
    assert_eq!(lift(REVERSE, "AACCGGA", 8, "T", "C"), "t:1:A>G - Same");
}

#[test]
fn alleles_of_several_bases_begin_at_the_base_that_comes_first_on_the_target() {
    // CG at bases 4-5 of the source: bases 4-5 of the target, where it reads CG again.
    assert_eq!(lift(REVERSE, "AACCGGA", 4, "CG", "TA"), "t:4:CG>TA - Same");
    assert_eq!(lift(REVERSE, "AACCGGA", 6, "GTT", "G"), "t:1:AAC>C - Same");
    assert_eq!(lift(REVERSE, "AACCGGA", 6, "G", "GAT"), "t:3:C>ATC - Same");
    // An insertion between bases 6 and 7 lies between bases 2 and 3 of the target, that is before 3.
    assert_eq!(lift(REVERSE, "AACCGGA", 7, "", "AC"), "t:3:>GT - Same");
    assert_eq!(lift(FORWARD, "ACCGGTT", 7, "", "AC"), "t:6:>AC + Same");
}

#[test]
fn what_the_target_has_instead_of_ref_is_said_and_nothing_is_repaired() {
    assert_eq!(lift(FORWARD, "ATCGGTT", 3, "C", "T"), "t:2:C>T + Swapped");
    assert_eq!(
        lift(FORWARD, "AGCGGTT", 3, "C", "T"),
        "t:2:C>T + Changed { found: \"G\" }"
    );
    assert_eq!(lift(FORWARD, "ANCGGTT", 3, "C", "T"), "t:2:C>T + Unknown");
    assert_eq!(lift(REVERSE, "AACCGAA", 3, "C", "T"), "t:6:G>A - Swapped");
}

#[test]
fn an_indel_at_the_end_of_a_block_is_not_lifted() {
    let needs = |span: &str, held: u32, all: u32| {
        format!("the variant needs s:{span} in one piece, but at most {held} of its {all} bases stay together")
    };
    // An insertion after base 8, the last of the block: its neighbour has no counterpart.
    assert_eq!(lift(FORWARD, "ACCGGTT", 8, "T", "TAA"), needs("8-9", 1, 2));
    assert_eq!(lift(FORWARD, "ACCGGTT", 7, "TTA", "T"), needs("7-9", 2, 3));
    // A deletion that ends with the block needs nothing beyond it.
    assert_eq!(lift(FORWARD, "ACCGGTT", 7, "TT", "T"), "t:6:TT>T + Same");
    let gap = "chain 9 s 10 + 0 10 t 12 + 0 12 1\n4 0 2\n6\n";
    assert_eq!(lift(gap, "AACCGGGGTTAA", 4, "CG", "C"), needs("4-5", 1, 2));
    assert_eq!(lift(gap, "AACCGGGGTTAA", 4, "C", "CT"), needs("4-5", 1, 2));
    assert_eq!(lift(gap, "AACCGGGGTTAA", 5, "", "T"), needs("4-5", 1, 2));
}

#[test]
fn a_place_without_counterpart_says_what_is_around_it() {
    let gap = liftover("chain 9 s 20 + 2 12 t 30 - 3 14 7\n5 1 2\n4\n");
    let error = gap.lift_position("s", position(8)).unwrap_err();
    // Base 8 is the gap; on the target's forward strand 16-20 comes before 22-27.
    assert_eq!(
        error.to_string(),
        "s:8 has no counterpart: s:8-8 is missing between t:20 and 23"
    );
    assert_eq!(
        gap.lift_position("s", position(1)).unwrap_err().to_string(),
        "s:1 has no counterpart: no chain passes over it"
    );
    assert_eq!(
        gap.lift_position("s", position(21)).unwrap_err().to_string(),
        "s:21 reaches past the end of the contig (20 bp)"
    );
    let error = gap.lift_position("r", position(1)).unwrap_err();
    assert_eq!(error.to_string(), "the chain file lifts nothing from contig `r`");
    assert!(error.hint().unwrap().starts_with("it lifts from s;"));
}

#[test]
fn the_best_chain_wins_and_the_others_are_reported() {
    let several = liftover(
        "chain 5 s 10 + 0 10 t 20 + 0 10\n10\nchain 7 s 10 + 2 8 t 20 + 12 18 2\n6\nchain 6 s 10 + 0 4 u 9 - 0 4\n4\n",
    );
    let lifted = several.lift_position("s", position(3)).unwrap();
    assert_eq!((lifted.place.position, lifted.place.chain), (position(13), Some(2)));
    let others: Vec<_> = lifted
        .others
        .iter()
        .map(|place| (place.contig.as_str(), place.position.one_based()))
        .collect();
    assert_eq!(others, [("u", 7), ("t", 3)]);
    assert_eq!(
        several.lift_position("s", position(1)).unwrap().place.contig.as_str(),
        "u"
    );
}

#[test]
fn names_lengths_and_alleles_that_do_not_fit_are_refused() {
    let chains = liftover("chain 9 chr5 180915260 + 0 6 chr5 181538259 + 0 6 1\n6\n");
    assert_eq!(chains.from_assembly(), Some(Assembly::GRCh37));
    assert_eq!(chains.to_assembly(), Some(Assembly::GRCh38));
    assert_eq!(chains.inverted().from_assembly(), Some(Assembly::GRCh38));
    for name in ["5", "chr5", "NC_000005.9"] {
        assert_eq!(
            chains.lift_position(name, position(1)).unwrap().place.position,
            position(1)
        );
    }
    assert_eq!(
        chains
            .lift_position("NC_000005.10", position(1))
            .unwrap_err()
            .to_string(),
        "`NC_000005.10` is of GRCh38 and has 181538259 bp; the chain file lifts from one of 180915260 bp"
    );
    let target = InMemoryReference::of_contigs([("5", b"ACGT".as_slice())]);
    let error = chains.lift_variant(&variant("5", 1, "A", "C"), &target).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the chain file lifts to a `chr5` of 181538259 bp; the target reference has one of 4 bp"
    );
    let symbolic = Variant {
        alternate: Alternate::Symbolic("<DEL>".into()),
        ..variant("5", 1, "A", "C")
    };
    assert!(matches!(
        chains.lift_variant(&symbolic, &target),
        Err(LiftError::NoBases { .. })
    ));
}

/// A source, a target made of it through a chain, and the chain's text.
#[derive(Clone, Debug)]
struct World {
    source: Vec<u8>,
    target: Vec<u8>,
    chains: String,
}

fn reverse_complement(bases: &[u8]) -> Vec<u8> {
    bases.iter().rev().map(|&base| complement(base)).collect()
}

fn bases(length: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"ACGT".as_slice()), length)
}

fn world() -> impl Strategy<Value = World> {
    let blocks = prop::collection::vec((1usize..12, 0usize..4, 0usize..4), 1..6);
    (
        bases(200..201),
        bases(200..201),
        blocks,
        0usize..5,
        0usize..5,
        any::<bool>(),
    )
        .prop_map(|(pool, filler, blocks, from_start, to_start, reverse)| {
            let last = blocks.len() - 1;
            let (mut from, mut lines) = (from_start, String::new());
            let mut strand = filler[..to_start].to_vec();
            for (number, &(size, from_gap, to_gap)) in blocks.iter().enumerate() {
                strand.extend(&pool[from..from + size]);
                from += size;
                if number == last {
                    lines += &format!("{size}\n");
                } else {
                    lines += &format!("{size} {from_gap} {to_gap}\n");
                    from += from_gap;
                    strand.extend(&filler[from..from + to_gap]);
                }
            }
            let to_end = strand.len();
            strand.extend(b"GATC");
            let source = pool[..from + 3].to_vec();
            let chains = format!(
                "chain 9 s {} + {from_start} {from} t {} {} {to_start} {to_end} 1\n{lines}",
                source.len(),
                strand.len(),
                if reverse { '-' } else { '+' },
            );
            let target = if reverse { reverse_complement(&strand) } else { strand };
            World { source, target, chains }
        })
}

proptest! {
    #[test]
    fn a_lifted_base_is_the_same_base_and_lifts_back(world in world()) {
        let there = liftover(&world.chains);
        let back = there.inverted();
        let blocks = there.chains()[0].blocks.clone();
        for at in 1..=u32::try_from(world.source.len()).unwrap() {
            let inside = blocks.iter().any(|block| block.from.contains(position(at)));
            match there.lift_position("s", position(at)) {
                Ok(lifted) => {
                    prop_assert!(inside);
                    let from = world.source[at as usize - 1];
                    let to = world.target[lifted.place.position.one_based() as usize - 1];
                    prop_assert_eq!(to, if lifted.place.strand == Strand::Forward { from } else { complement(from) });
                    let again = back.lift_position("t", lifted.place.position).unwrap();
                    prop_assert_eq!(again.place.position, position(at));
                }
                Err(_) => prop_assert!(!inside),
            }
        }
    }

    #[test]
    fn a_lifted_variant_makes_the_same_sequence(
        world in world(), at in 0usize..60, length in 0usize..4, alternate in bases(0..4)
    ) {
        let at = at % world.source.len();
        let end = (at + length).min(world.source.len());
        let reference = &world.source[at..end];
        let text = |bases: &[u8]| String::from_utf8(bases.to_vec()).unwrap();
        let given = variant("s", u32::try_from(at).unwrap() + 1, &text(reference), &text(&alternate));
        let there = liftover(&world.chains);
        let target = InMemoryReference::of_contigs([("t", world.target.as_slice())]);
        let blocks = &there.chains()[0].blocks;
        let holding = |first: usize, last: usize| blocks.iter().find(|block| {
            block.from.bed_start() as usize <= first && last <= block.from.bed_end() as usize
        });
        match there.lift_variant(&given, &target) {
            Ok(lifted) => {
                prop_assert_eq!(lifted.reference, TargetReference::Same);
                let block = holding(at, end).unwrap();
                let (from, to) = (block.from.bed_start() as usize, block.from.bed_end() as usize);
                let made = [&world.source[from..at], &alternate, &world.source[end..to]].concat();
                let (from, to) = (block.to.bed_start() as usize, block.to.bed_end() as usize);
                let start = lifted.variant.position.one_based() as usize - 1;
                let Alternate::Bases(lifted_alternate) = &lifted.variant.alternate else { panic!() };
                let rest = start + lifted.variant.reference_bases.len();
                let on_target = [&world.target[from..start], lifted_alternate.as_bytes(), &world.target[rest..to]].concat();
                let expected = if lifted.strand == Strand::Forward { made } else { reverse_complement(&made) };
                prop_assert_eq!(on_target, expected);
            }
            // Refused only when REF, with its neighbours for an insertion, is not in one block.
            Err(_) => prop_assert!(holding(at.saturating_sub(1), (end + 1).min(world.source.len())).is_none()),
        }
    }
}
