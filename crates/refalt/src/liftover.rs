//! From one assembly to another: positions and variants through the chains of a UCSC chain file.
//!
//! A base is lifted when a block of a chain holds it; the chain with the highest score wins and the other places are
//! reported. A variant is lifted when one block holds all bases that say what it is, so an indel at a gap is an error
//! and not a guess. On a reverse-strand chain the alleles are reverse-complemented and the position is that of the
//! base that comes first on the target.
//!
//! Nothing is repaired: when the target has other bases than REF, [`TargetReference`] says so, and the alleles stay
//! what they were.

mod error;
pub(crate) mod find;

pub use error::LiftError;

use crate::io::chain::{self, Chain, ChainError};
use find::{Found, Stabbing};
use refalt_core::contig::same_contig;
use refalt_core::{Alternate, Assembly, Chromosome, ContigName, Dna, Interval, Position, Reference, Strand, Variant};
use std::path::Path;

/// A base on the assembly lifted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The contig, named as the chain file names it.
    pub contig: ContigName,
    /// The base (1-based).
    pub position: Position,
    /// The strand that reads like the forward strand of the source.
    pub strand: Strand,
    /// The score of the chain.
    pub score: f64,
    /// The number of the chain in its file, when it has one.
    pub chain: Option<u64>,
}

/// Where a base is on the other assembly.
#[derive(Clone, Debug, PartialEq)]
pub struct LiftedPosition {
    /// The place by the best chain.
    pub place: Place,
    /// The places by other chains, best first.
    pub others: Vec<Place>,
}

/// What the target has where REF is lifted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetReference {
    /// The same bases.
    Same,
    /// The bases of ALT: the two assemblies show the two alleles. Only said of alleles of one length.
    Swapped,
    /// Other bases: the reference changed here.
    Changed {
        /// The bases of the target.
        found: String,
    },
    /// N, or outside what is known of the target.
    Unknown,
}

/// A variant on the other assembly.
#[derive(Clone, Debug, PartialEq)]
pub struct LiftedVariant {
    /// The variant on the forward strand of the target; not in normal form, `check` brings it there.
    pub variant: Variant,
    /// The strand that reads like the forward strand of the source; the alleles are reverse-complemented on `Reverse`.
    pub strand: Strand,
    /// What the target has in place of REF.
    pub reference: TargetReference,
    /// The score of the chain.
    pub score: f64,
    /// The number of the chain in its file, when it has one.
    pub chain: Option<u64>,
    /// Where other chains put REF's first base, best first.
    pub others: Vec<Place>,
}

/// Chains, ready to be asked.
#[derive(Clone, Debug)]
pub struct Liftover {
    chains: Vec<Chain>,
    sources: Vec<Source>,
}

/// A contig lifted from.
#[derive(Clone, Debug)]
struct Source {
    contig: ContigName,
    length_bp: u32,
    blocks: Stabbing,
}

impl Liftover {
    /// Reads a chain file: plain, gzip or bgzip.
    ///
    /// # Errors
    /// [`ChainError`] with the file, the line and the value.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ChainError> {
        chain::read(path).map(Self::new)
    }

    /// Takes chains.
    pub fn new(chains: Vec<Chain>) -> Self {
        let mut sources: Vec<(ContigName, u32, Vec<Found>)> = Vec::new();
        for (number, chain) in chains.iter().enumerate() {
            let known = sources.iter().position(|(contig, ..)| *contig == chain.from.contig);
            let at = known.unwrap_or_else(|| {
                sources.push((chain.from.contig.clone(), chain.from.length_bp, Vec::new()));
                sources.len() - 1
            });
            let found = chain.blocks.iter().enumerate().map(|(block, at)| Found {
                interval: at.from,
                chain: number,
                block,
            });
            sources[at].2.extend(found);
        }
        let sources = sources
            .into_iter()
            .map(|(contig, length_bp, blocks)| Source {
                contig,
                length_bp,
                blocks: Stabbing::new(blocks),
            })
            .collect();
        Self { chains, sources }
    }

    /// Returns the liftover in the other direction, through the same blocks.
    pub fn inverted(&self) -> Self {
        Self::new(self.chains.iter().map(Chain::inverted).collect())
    }

    /// Returns the chains in file order.
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// Returns the assembly lifted from, when the lengths of all chromosomes in the chains are those of one.
    pub fn from_assembly(&self) -> Option<Assembly> {
        by_lengths(self.chains.iter().map(|chain| &chain.from))
    }

    /// Returns the assembly lifted to, when the lengths of all chromosomes in the chains are those of one.
    pub fn to_assembly(&self) -> Option<Assembly> {
        by_lengths(self.chains.iter().map(|chain| &chain.to))
    }

    /// Finds where a base (1-based) is on the other assembly.
    ///
    /// The contig may carry any name of the alias table (chr5 / 5 / NC_000005.9); an accession of an assembly in
    /// which the contig has another length is refused.
    ///
    /// # Errors
    /// [`LiftError`]: the contig is unknown, the base is past its end, in no chain, or in a gap of one.
    pub fn lift_position(&self, contig: &str, position: Position) -> Result<LiftedPosition, LiftError> {
        let source = self.source(contig)?;
        let base = Interval::at(position, 1).filter(|base| base.bed_end() <= source.length_bp);
        let Some(base) = base else {
            return Err(LiftError::PastEnd {
                contig: source.contig.clone(),
                position,
                length_bp: source.length_bp,
            });
        };
        let mut places = self.places(source, base).into_iter();
        match places.next() {
            Some(place) => Ok(LiftedPosition {
                place,
                others: places.collect(),
            }),
            None => Err(self.no_place(source, position, base)),
        }
    }

    /// Brings a variant to the other assembly and compares its REF with the target.
    ///
    /// All bases of REF must lie in one block, for an insertion also the bases on both sides of it.
    ///
    /// # Errors
    /// [`LiftError`]: as for a position; or the variant lies across a gap, names no bases, the target has no such
    /// contig or one of another length, or cannot be read.
    pub fn lift_variant(&self, variant: &Variant, target: &dyn Reference) -> Result<LiftedVariant, LiftError> {
        let Alternate::Bases(alternate) = &variant.alternate else {
            return Err(LiftError::NoBases {
                alternate: variant.alternate.clone(),
            });
        };
        let source = self.source(variant.contig.as_str())?;
        let past_end = || LiftError::PastEnd {
            contig: source.contig.clone(),
            position: variant.position,
            length_bp: source.length_bp,
        };
        let span = variant
            .reference_interval()
            .filter(|span| span.bed_end() <= source.length_bp);
        let span = span.ok_or_else(past_end)?;
        let needed = needed_bases(span, &variant.reference_bases, alternate, source.length_bp).ok_or_else(past_end)?;
        let (chain, start, others) = self.best_block(source, variant.position, span, needed)?;
        let (reference_bases, alternate_bases) = match chain.strand {
            Strand::Forward => (variant.reference_bases.clone(), alternate.clone()),
            Strand::Reverse => (
                variant.reference_bases.reverse_complement(),
                alternate.reverse_complement(),
            ),
        };
        let reference = compare(&reference_bases, &alternate_bases, start, chain, target)?;
        Ok(LiftedVariant {
            variant: Variant {
                contig: chain.to.contig.clone(),
                position: start,
                reference_bases,
                alternate: Alternate::Bases(alternate_bases),
            },
            strand: chain.strand,
            reference,
            score: chain.score,
            chain: chain.id,
            others,
        })
    }

    fn source(&self, contig: &str) -> Result<&Source, LiftError> {
        let exact = self.sources.iter().find(|source| source.contig.as_str() == contig);
        let source = exact
            .or_else(|| {
                self.sources
                    .iter()
                    .find(|source| same_contig(source.contig.as_str(), contig))
            })
            .ok_or_else(|| LiftError::ContigUnknown {
                contig: ContigName::new(contig),
                available: self
                    .sources
                    .iter()
                    .take(5)
                    .map(|source| source.contig.clone())
                    .collect(),
            })?;
        if let Some(chromosome) = Chromosome::of(contig)
            && let Some(assembly) = chromosome.assembly
            && let Some(known) = assembly
                .contigs()
                .iter()
                .find(|known| known.number == chromosome.number)
            && known.length_bp != source.length_bp
        {
            return Err(LiftError::OtherAssembly {
                contig: ContigName::new(contig),
                assembly,
                length_bp: known.length_bp,
                chain_bp: source.length_bp,
            });
        }
        Ok(source)
    }

    /// Returns the places of a base, best first.
    fn places(&self, source: &Source, base: Interval) -> Vec<Place> {
        let mut found = source.blocks.holding(base);
        self.best_first(&mut found);
        found.iter().filter_map(|found| self.place(found, base)).collect()
    }

    /// Sorts by score, best first; equal scores stay in file order.
    fn best_first(&self, found: &mut [Found]) {
        let score = |found: &Found| self.chains[found.chain].score;
        found.sort_by(|left, right| score(right).total_cmp(&score(left)).then(left.chain.cmp(&right.chain)));
    }

    /// Returns where the first base of a stretch inside a block comes to lie on the target's forward strand.
    fn place(&self, found: &Found, stretch: Interval) -> Option<Place> {
        let chain = &self.chains[found.chain];
        let block = chain.blocks[found.block];
        let index = match chain.strand {
            Strand::Forward => block.to.bed_start() + (stretch.bed_start() - block.from.bed_start()),
            // The last base of the stretch is the first on the other strand.
            Strand::Reverse => block.to.bed_start() + (block.from.bed_end() - stretch.bed_end()),
        };
        Some(Place {
            contig: chain.to.contig.clone(),
            position: Position::from_zero_based(index)?,
            strand: chain.strand,
            score: chain.score,
            chain: chain.id,
        })
    }

    /// Finds the best chain with one block for `needed`, the first base of `span` on the target, and other places.
    fn best_block(
        &self,
        source: &Source,
        position: Position,
        span: Interval,
        needed: Interval,
    ) -> Result<(&Chain, Position, Vec<Place>), LiftError> {
        let mut holding = source.blocks.holding(needed);
        self.best_first(&mut holding);
        let Some(best) = holding.first() else {
            let touching = source.blocks.touching(needed);
            if touching.is_empty() {
                return Err(self.no_place(source, position, needed));
            }
            let most = touching
                .iter()
                .filter_map(|found| found.interval.intersect(needed))
                .map(Interval::len)
                .max();
            return Err(LiftError::Split {
                contig: source.contig.clone(),
                needed,
                together_bp: most.unwrap_or(0),
            });
        };
        let past = || LiftError::NoPlace {
            contig: source.contig.clone(),
            position,
        };
        let start = self.place(best, span).map(|place| place.position).ok_or_else(past)?;
        let first = Interval::at(position, 1).unwrap_or(needed);
        let mut others = source.blocks.holding(first);
        others.retain(|found| found.chain != best.chain);
        self.best_first(&mut others);
        let others = others.iter().filter_map(|found| self.place(found, first));
        Ok((&self.chains[best.chain], start, others.collect()))
    }

    /// Says why a stretch has no place: in a gap of a chain, or in no chain at all.
    fn no_place(&self, source: &Source, position: Position, stretch: Interval) -> LiftError {
        let mut around: Vec<&Chain> = self
            .chains
            .iter()
            .filter(|chain| chain.from.contig == source.contig && chain.span().is_some_and(|span| span.covers(stretch)))
            .collect();
        around.sort_by(|left, right| right.score.total_cmp(&left.score));
        let gap = around.first().and_then(|chain| {
            let after = chain
                .blocks
                .partition_point(|block| block.from.bed_start() < stretch.bed_end());
            let (before, next) = (chain.blocks.get(after.checked_sub(1)?)?, chain.blocks.get(after)?);
            let gap = Interval::from_bed(before.from.bed_end(), next.from.bed_start())?;
            let (left, right) = match chain.strand {
                Strand::Forward => (before.to, next.to),
                Strand::Reverse => (next.to, before.to),
            };
            Some((gap, chain, left.last()?, right.first()?))
        });
        match gap {
            Some((gap, chain, before, after)) => LiftError::InGap {
                contig: source.contig.clone(),
                position,
                gap,
                target_contig: chain.to.contig.clone(),
                before,
                after,
            },
            None => LiftError::NoPlace {
                contig: source.contig.clone(),
                position,
            },
        }
    }
}

/// Returns the bases that must stay together: REF, and the neighbours of the place where bases are inserted.
fn needed_bases(span: Interval, reference: &Dna, alternate: &Dna, length_bp: u32) -> Option<Interval> {
    let (r, a) = (reference.as_bytes(), alternate.as_bytes());
    let prefix = r.iter().zip(a).take_while(|(r, a)| r == a).count();
    let rest = r.len().min(a.len()) - prefix;
    let suffix = r
        .iter()
        .rev()
        .zip(a.iter().rev())
        .take(rest)
        .take_while(|(r, a)| r == a)
        .count();
    if prefix + suffix < r.len() {
        return Some(span);
    }
    // No base of REF changes: bases are inserted after the prefix, between two neighbours.
    let between = span.bed_start() + u32::try_from(prefix).ok()?;
    let start = span.bed_start().min(between.saturating_sub(1));
    let end = span.bed_end().max(between.checked_add(1)?.min(length_bp));
    Interval::from_bed(start, end).filter(|needed| !needed.is_empty())
}

/// Compares REF with the target.
fn compare(
    reference_bases: &Dna,
    alternate_bases: &Dna,
    start: Position,
    chain: &Chain,
    target: &dyn Reference,
) -> Result<TargetReference, LiftError> {
    let contig = &chain.to.contig;
    let id = target
        .contig_id(contig.as_str())
        .ok_or_else(|| LiftError::TargetContigUnknown {
            contig: contig.clone(),
            available: target
                .contigs()
                .iter()
                .take(5)
                .map(|contig| contig.name.clone())
                .collect(),
        })?;
    if let Some(reference_bp) = target.contig(id).length_bp
        && reference_bp != chain.to.length_bp
    {
        return Err(LiftError::TargetLength {
            contig: contig.clone(),
            chain_bp: chain.to.length_bp,
            reference_bp,
        });
    }
    let Some(span) = Interval::at(start, reference_bases.len_bp()).filter(|span| !span.is_empty()) else {
        return Ok(TargetReference::Same);
    };
    let mut found = Vec::with_capacity(reference_bases.len());
    target.fetch(id, span, &mut found)?;
    let r = reference_bases.as_bytes();
    Ok(if found == r {
        TargetReference::Same
    } else if found.contains(&b'N') {
        TargetReference::Unknown
    } else if found == alternate_bases.as_bytes() {
        TargetReference::Swapped
    } else {
        TargetReference::Changed {
            found: String::from_utf8_lossy(&found).into_owned(),
        }
    })
}

/// Returns the assembly whose chromosomes have these lengths.
fn by_lengths<'a>(sides: impl Iterator<Item = &'a chain::ChainSide>) -> Option<Assembly> {
    let named: Vec<(&str, u32)> = sides
        .filter_map(|side| Some((Chromosome::of(side.contig.as_str())?.number, side.length_bp)))
        .collect();
    let fits = |assembly: &Assembly| {
        named.iter().all(|&(number, length_bp)| {
            let contig = assembly.contigs().iter().find(|contig| contig.number == number);
            // hg19's mitochondrion is not that of GRCh37 and says nothing about the other chromosomes.
            number == "M" || contig.is_some_and(|contig| contig.length_bp == length_bp)
        })
    };
    let mut fitting = Assembly::ALL.into_iter().filter(fits);
    let only = fitting.next()?;
    (fitting.next().is_none() && !named.is_empty()).then_some(only)
}

#[cfg(test)]
mod tests;
