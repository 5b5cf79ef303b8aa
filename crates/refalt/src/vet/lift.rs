//! Gapless blocks between two assemblies, searched by position: the form of a chain file that the audit reads.

use crate::io::chain::Chain;
use crate::liftover::find::{Found, Stabbing};
use refalt_core::audit::{Lift, Lifted, LiftedBase};
use refalt_core::{Assembly, Chromosome, ContigId, Interval, Position, Reference, Strand};
use std::collections::HashMap;

/// A stretch of bases that two assemblies share without a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// The bases on the other assembly (0-based, half-open).
    pub source: Interval,
    /// The contig of the reference.
    pub contig: ContigId,
    /// The same bases on the reference (0-based, half-open), as long as `source`.
    pub target: Interval,
    /// The strand of the reference along which the forward strand of the other assembly runs.
    pub strand: Strand,
}

/// Blocks by contig of the other assembly.
#[derive(Clone, Debug, Default)]
pub struct BlockLift {
    names: HashMap<Box<str>, usize>,
    contigs: Vec<SourceContig>,
    source: Option<Assembly>,
}

#[derive(Clone, Debug, Default)]
struct SourceContig {
    blocks: Vec<Block>,
    /// Finds the blocks by place; the number of a block is its index in `blocks`.
    search: Stabbing,
    covered: Vec<Interval>,
}

impl BlockLift {
    /// Adds the blocks of one alignment.
    ///
    /// * `contig`: the contig of the other assembly; its other names (chr5 / 5 / NC_000005.9) mean it, too.
    /// * `covered`: from the first to the last base of the alignment (0-based, half-open); what lies in it and in no
    ///   block is a gap, what lies outside is not spoken of.
    ///
    /// Blocks must not overlap on the other assembly, as in the chain files that liftOver reads; where they do, the
    /// one that begins later counts.
    pub fn add(&mut self, contig: &str, covered: Interval, blocks: impl IntoIterator<Item = Block>) {
        let next = self.contigs.len();
        let index = *self.names.entry(contig.into()).or_insert(next);
        if index == next {
            self.contigs.push(SourceContig::default());
            for alias in aliases(contig) {
                self.names.entry(alias).or_insert(next);
            }
        }
        let source = &mut self.contigs[index];
        source.covered.push(covered);
        source.blocks.extend(blocks);
        let found = source.blocks.iter().enumerate().map(|(block, known)| Found {
            interval: known.source,
            chain: 0,
            block,
        });
        source.search = Stabbing::new(found.collect());
    }

    /// Takes the blocks of a chain file; chains to contigs that the reference does not have are left out.
    pub fn of_chains(chains: &[Chain], reference: &dyn Reference) -> Self {
        let mut lift = Self {
            source: source_assembly(chains),
            ..Self::default()
        };
        for chain in chains {
            let (Some(contig), Some(span)) = (reference.contig_id(chain.to.contig.as_str()), chain.span()) else {
                continue;
            };
            let blocks = chain.blocks.iter().map(|block| Block {
                source: block.from,
                contig,
                target: block.to,
                strand: chain.strand,
            });
            lift.add(chain.from.contig.as_str(), span, blocks);
        }
        lift
    }

    /// Returns the assembly lifted from, where every chromosome of the chain file has its length.
    pub fn source_assembly(&self) -> Option<Assembly> {
        self.source
    }

    /// Returns the number of blocks.
    pub fn blocks(&self) -> usize {
        self.contigs.iter().map(|contig| contig.blocks.len()).sum()
    }
}

/// Finds the assembly that has every chromosome of the chains with the length that they state.
fn source_assembly(chains: &[Chain]) -> Option<Assembly> {
    let sides: Vec<(Chromosome, u32)> = chains
        .iter()
        .filter_map(|chain| Some((Chromosome::of(chain.from.contig.as_str())?, chain.from.length_bp)))
        .collect();
    let fits = |assembly: &Assembly| {
        sides.iter().all(|(chromosome, length_bp)| {
            // The mitochondrion of the UCSC files is another one.
            chromosome.number == "M"
                || assembly
                    .contigs()
                    .iter()
                    .any(|contig| contig.number == chromosome.number && contig.length_bp == *length_bp)
        })
    };
    if sides.is_empty() {
        return None;
    }
    Assembly::ALL.into_iter().find(fits)
}

/// Returns the other names of a chromosome of the alias table.
fn aliases(contig: &str) -> Vec<Box<str>> {
    let Some(chromosome) = Chromosome::of(contig) else {
        return Vec::new();
    };
    let number = chromosome.number;
    let mut names: Vec<Box<str>> = vec![number.into(), format!("chr{number}").into()];
    if number == "M" {
        names.push("MT".into());
        names.push("chrMT".into());
    }
    // A row may carry the accession of either assembly and still have the coordinates of the other.
    for assembly in Assembly::ALL {
        let accessions = assembly.contigs().iter().filter(|known| known.number == number);
        names.extend(accessions.map(|known| known.accession.into()));
    }
    names
}

impl Lift for BlockLift {
    fn lift(&self, contig: &str, position: Position) -> Lifted {
        let Some(&index) = self.names.get(contig) else {
            return Lifted::NotCovered;
        };
        let source = &self.contigs[index];
        if let Some(found) = source.search.last_holding(position) {
            return inside(source.blocks[found.block], position).map_or(Lifted::NotCovered, Lifted::At);
        }
        if source.covered.iter().any(|covered| covered.contains(position)) {
            Lifted::Gap
        } else {
            Lifted::NotCovered
        }
    }
}

/// Maps a base that lies in the block.
fn inside(block: Block, position: Position) -> Option<LiftedBase> {
    let before = u32::try_from(block.source.first()?.distance_to(position)).ok()?;
    let after = u32::try_from(position.distance_to(block.source.last()?)).ok()?;
    let mapped = match block.strand {
        Strand::Forward => block.target.first()?.checked_add(before)?,
        Strand::Reverse => block.target.last()?.checked_sub(before)?,
    };
    Some(LiftedBase {
        contig: block.contig,
        position: mapped,
        strand: block.strand,
        block_before_bp: before,
        block_after_bp: after,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lift() -> BlockLift {
        let block = |source: (u32, u32), target: (u32, u32), strand| Block {
            source: Interval::from_bed(source.0, source.1).unwrap(),
            contig: ContigId::new(0),
            target: Interval::from_bed(target.0, target.1).unwrap(),
            strand,
        };
        let mut lift = BlockLift::default();
        lift.add(
            "chr5",
            Interval::from_bed(10, 60).unwrap(),
            [
                block((10, 20), (110, 120), Strand::Forward),
                block((30, 60), (200, 230), Strand::Reverse),
            ],
        );
        lift
    }

    #[test]
    fn bases_lie_in_a_block_in_a_gap_or_nowhere() {
        let lift = lift();
        let at = |contig, position| lift.lift(contig, Position::new(position).unwrap());
        let Lifted::At(first) = at("chr5", 11) else {
            panic!("in the first block")
        };
        assert_eq!(
            (first.position.one_based(), first.block_before_bp, first.block_after_bp),
            (111, 0, 9)
        );
        // Reverse: source base 31 is the last base of the target, 230; source base 60 is 201.
        let Lifted::At(turned) = at("NC_000005.9", 31) else {
            panic!("in the second block")
        };
        assert_eq!((turned.position.one_based(), turned.strand), (230, Strand::Reverse));
        let Lifted::At(turned) = at("5", 60) else {
            panic!("in the second block")
        };
        assert_eq!((turned.position.one_based(), turned.block_after_bp), (201, 0));
        assert_eq!(at("chr5", 25), Lifted::Gap);
        assert_eq!(at("chr5", 10), Lifted::NotCovered);
        assert_eq!(at("chr5", 61), Lifted::NotCovered);
        assert_eq!(at("chr1", 15), Lifted::NotCovered);
    }
}
