//! A set of motifs with their exact thresholds: what they find in a sequence, and what a variant does to them.

mod columns;

pub use columns::{EFFECT_COLUMNS, LIST_COLUMNS, SCAN_COLUMNS, TableColumn, header};

use crate::diagnostic::Diagnostic;
use crate::io::motif::{DEFAULT_SITES, MotifReadError, MotifRecord, read, read_path};
use crate::model::motif::JASPAR_2024_VERTEBRATES;
use crate::motif_scan::MotifScanner;
use refalt_core::motif::{
    AlleleContext, AlleleSite, Background, LogOdds, MotifEffect, MotifError, MotifName, Pseudocount, ScoreDistribution,
    Threshold, effect, site_changes,
};
use refalt_core::nearest::{nearest, question};
use refalt_core::{CheckedVariant, ContigId, Interval, Position, Reference, ReferenceError, Strand};
use std::path::Path;

/// Bases scanned at a time: a chromosome is never held whole.
const BASES_PER_SCAN: u32 = 1 << 22;

/// A motif with the distribution of its scores.
#[derive(Debug, Clone)]
pub struct PreparedMotif {
    /// Log2 odds, in bits.
    pub log_odds: LogOdds,
    /// Exact distribution of the score of a random word.
    pub distribution: ScoreDistribution,
    /// The least score of a site; `None` when no word of the motif is rare enough.
    pub threshold: Option<Threshold>,
}

impl PreparedMotif {
    /// Returns what the motif is called.
    pub fn name(&self) -> &MotifName {
        self.log_odds.name()
    }
}

/// Motifs that were read, selected and prepared.
#[derive(Debug, Clone)]
pub struct MotifSet {
    motifs: Vec<PreparedMotif>,
}

/// A set of motifs cannot be made, or its variants not be looked up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MotifSetError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] MotifReadError),
    /// A matrix or the p-value cannot be used.
    #[error(transparent)]
    Motif(#[from] MotifError),
    /// The selection names a motif that is not there.
    #[error("no motif is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// Names that come near.
        nearest: Vec<String>,
    },
    /// The reference cannot be read.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
}

impl Diagnostic for MotifSetError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Motif(error) => error.hint(),
            Self::Unknown { nearest, .. } if nearest.is_empty() => Some(
                "`refalt motifs list` names them; a name is an accession or a factor, letter for letter".to_owned(),
            ),
            Self::Unknown { nearest, .. } => question(nearest),
            Self::Reference(_) => None,
        }
    }

    fn is_usage(&self) -> bool {
        matches!(self, Self::Unknown { .. } | Self::Motif(MotifError::Probability { .. }))
    }
}

/// A site of a motif on a contig.
#[derive(Debug, Clone, PartialEq)]
pub struct LocatedSite {
    /// The bases that the site covers. With ALT of an indel: counted from the left flank, as if ALT stood in the
    /// reference.
    pub interval: Interval,
    /// Strand on which the motif reads.
    pub strand: Strand,
    /// Log2 odds, in bits.
    pub score: f64,
    /// Probability that a random word scores at least as high, on one strand.
    pub p_value: f64,
    /// The bases of the site, read on `strand`.
    pub bases: String,
}

/// What a variant does to one motif.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantMotifEffect {
    /// The motif, as an index into [`MotifSet::motifs`].
    pub motif: usize,
    /// The best window with REF.
    pub reference: Option<LocatedSite>,
    /// The best window with ALT.
    pub alternate: Option<LocatedSite>,
    /// Best ALT score minus best REF score, in bits.
    pub delta_bits: Option<f64>,
    /// Sites that only ALT has.
    pub created: Vec<LocatedSite>,
    /// Sites that only REF has.
    pub destroyed: Vec<LocatedSite>,
}

impl MotifSet {
    /// Prepares the motifs of a file, or those that ship with refalt.
    ///
    /// * `select`: accessions or factor names to keep, letter for letter; all when empty.
    /// * `p_value`: probability, on one strand, of a site in random sequence.
    ///
    /// METHOD: pseudocount 0.8 in all and a uniform background, with which JASPAR's thresholds are published.
    ///
    /// # Errors
    /// [`MotifSetError`] when the file is not right, or a name is unknown.
    pub fn new(file: Option<&Path>, select: &[String], p_value: f64) -> Result<Self, MotifSetError> {
        let records = match file {
            Some(path) => read_path(path)?,
            None => read("jaspar2024_vertebrates.jaspar", JASPAR_2024_VERTEBRATES).map_err(MotifReadError::from)?,
        };
        for name in select {
            if !records.iter().any(|record| is_called(record, name)) {
                return Err(MotifSetError::Unknown {
                    name: name.clone(),
                    nearest: nearest(
                        name,
                        records
                            .iter()
                            .flat_map(|record| [record.name().accession.as_str(), record.name().factor.as_str()]),
                    ),
                });
            }
        }
        let chosen = records
            .iter()
            .filter(|record| select.is_empty() || select.iter().any(|name| is_called(record, name)));
        let motifs = chosen
            .map(|record| {
                let log_odds = record
                    .frequencies(Pseudocount::JASPAR, DEFAULT_SITES)?
                    .log_odds(Background::UNIFORM);
                let distribution = log_odds.distribution();
                let threshold = distribution.threshold(p_value)?;
                Ok(PreparedMotif {
                    log_odds,
                    distribution,
                    threshold,
                })
            })
            .collect::<Result<Vec<_>, MotifError>>()?;
        Ok(Self { motifs })
    }

    /// Returns the motifs, in the order of the file.
    pub fn motifs(&self) -> &[PreparedMotif] {
        &self.motifs
    }

    /// Finds the sites of every motif in a stretch of a contig, and hands them over by motif within blocks of some
    /// megabases.
    ///
    /// # Errors
    /// [`ReferenceError`] when the bases cannot be read.
    pub fn scan(
        &self,
        reference: &dyn Reference,
        contig: ContigId,
        interval: Interval,
        mut site: impl FnMut(usize, LocatedSite),
    ) -> Result<(), ReferenceError> {
        // Motifs without a rare enough word have no sites.
        let chosen: Vec<usize> = (0..self.motifs.len())
            .filter(|&index| self.motifs[index].threshold.is_some())
            .collect();
        let scanner = MotifScanner::new(chosen.iter().filter_map(|&index| {
            let motif = &self.motifs[index];
            Some((motif.log_odds.clone(), motif.threshold?.score))
        }));
        let widest = self.widest();
        let mut bases = Vec::new();
        let mut start = interval.bed_start();
        while start < interval.bed_end() {
            let end = start.saturating_add(BASES_PER_SCAN).min(interval.bed_end());
            let read_end = end.saturating_add(widest).min(interval.bed_end());
            let Some(block) = Interval::from_bed(start, read_end) else {
                break;
            };
            bases.clear();
            reference.fetch(contig, block, &mut bases)?;
            for found in scanner.scan(&bases) {
                let offset = found.hit.start.index();
                // A site belongs to the block in which it starts.
                if offset as u64 >= u64::from(end - start) {
                    continue;
                }
                let index = chosen[found.motif];
                let motif = &self.motifs[index];
                let word = &bases[offset..offset + motif.log_odds.width()];
                let Some(interval) = located(block, offset, word.len()) else {
                    continue;
                };
                site(
                    index,
                    LocatedSite {
                        interval,
                        strand: found.hit.strand,
                        score: found.hit.score,
                        p_value: motif.distribution.p_value(found.hit.score),
                        bases: on_strand(word, found.hit.strand),
                    },
                );
            }
            start = end;
        }
        Ok(())
    }

    /// Returns what a variant does to each motif, in the order of the motifs.
    ///
    /// # Errors
    /// [`ReferenceError`] when the bases around the variant cannot be read.
    pub fn effects(
        &self,
        variant: &CheckedVariant,
        reference: &dyn Reference,
    ) -> Result<Vec<VariantMotifEffect>, ReferenceError> {
        let flank = self.widest();
        let allele = variant.reference_interval();
        let left = Interval::from_bed(allele.bed_start().saturating_sub(flank), allele.bed_start());
        let right = Interval::from_bed(allele.bed_end(), allele.bed_end().saturating_add(flank));
        let (Some(left), Some(right)) = (left, right) else {
            return Ok(Vec::new());
        };
        let mut flanks = [Vec::new(), Vec::new()];
        reference.fetch(variant.contig_id(), left, &mut flanks[0])?;
        reference.fetch(variant.contig_id(), right, &mut flanks[1])?;
        let context = AlleleContext {
            left: &flanks[0],
            reference: variant.reference_bases().as_bytes(),
            alternate: variant.alternate_bases().as_bytes(),
            right: &flanks[1],
        };
        let locate = |site: &AlleleSite| {
            Some(LocatedSite {
                interval: located(left, site.start.index(), site.bases.len())?,
                strand: site.strand,
                score: site.score,
                p_value: site.p_value,
                bases: site.bases.clone(),
            })
        };
        let effects = self.motifs.iter().enumerate().map(|(index, motif)| {
            let best: MotifEffect = effect(&motif.log_odds, &motif.distribution, &context);
            let changes = motif
                .threshold
                .map(|threshold| site_changes(&motif.log_odds, &motif.distribution, &context, threshold))
                .unwrap_or_default();
            VariantMotifEffect {
                motif: index,
                delta_bits: best.delta_bits(),
                reference: best.reference.as_ref().and_then(locate),
                alternate: best.alternate.as_ref().and_then(locate),
                created: changes.created.iter().filter_map(locate).collect(),
                destroyed: changes.destroyed.iter().filter_map(locate).collect(),
            }
        });
        Ok(effects.collect())
    }

    fn widest(&self) -> u32 {
        let widest = self
            .motifs
            .iter()
            .map(|motif| motif.log_odds.width())
            .max()
            .unwrap_or(1);
        u32::try_from(widest).unwrap_or(u32::MAX)
    }
}

/// Returns the bases of a contig that lie at an offset of a stretch read from it.
fn located(stretch: Interval, offset: usize, width: usize) -> Option<Interval> {
    let offset = u32::try_from(offset).ok()?;
    let first = Position::from_zero_based(stretch.bed_start().checked_add(offset)?)?;
    Interval::at(first, u32::try_from(width).ok()?)
}

fn on_strand(word: &[u8], strand: Strand) -> String {
    let letters: Vec<u8> = match strand {
        Strand::Forward => word.to_vec(),
        Strand::Reverse => word
            .iter()
            .rev()
            .map(|&base| refalt_core::dna::complement(base))
            .collect(),
    };
    String::from_utf8_lossy(&letters).into_owned()
}

fn is_called(record: &MotifRecord, name: &str) -> bool {
    let own = record.name();
    own.accession == name || own.factor == name
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::{Alternate, ContigName, Dna, InMemoryReference, Variant, check};

    #[test]
    fn a_created_site_lies_at_its_coordinates() {
        // 20 bases of T, CCGGAAGT from the 21st; the G at base 23 replaced by T breaks the ETS core CCGGAAGT.
        let genome = format!("{}CCGGAAGTG{}", "T".repeat(20), "T".repeat(30));
        let reference = InMemoryReference::of_contigs([("chr1", genome.as_bytes())]);
        let variant = Variant {
            contig: ContigName::new("chr1"),
            position: Position::new(23).unwrap(),
            reference_bases: Dna::parse(b"G").unwrap(),
            alternate: Alternate::Bases(Dna::parse(b"T").unwrap()),
        };
        let checked = check(&variant, &reference).unwrap();
        let set = MotifSet::new(None, &["GABPA".to_owned()], 1e-3).unwrap();
        let effects = set.effects(&checked, &reference).unwrap();
        let destroyed = &effects[0].destroyed;
        assert!(!destroyed.is_empty() && effects[0].created.is_empty());
        assert!(effects[0].delta_bits.unwrap() < 0.0);
        for site in destroyed {
            let (start, end) = (site.interval.bed_start() as usize, site.interval.bed_end() as usize);
            let word = &genome.as_bytes()[start..end];
            assert_eq!(on_strand(word, site.strand), site.bases);
        }
    }

    #[test]
    fn scanning_in_blocks_finds_each_site_once() {
        let genome = format!("{}CCGGAAGTG{}", "T".repeat(200), "A".repeat(200));
        let reference = InMemoryReference::of_contigs([("chr1", genome.as_bytes())]);
        let contig = reference.contig_id("chr1").unwrap();
        let set = MotifSet::new(None, &["GABPA".to_owned()], 1e-4).unwrap();
        let mut sites = Vec::new();
        let whole = Interval::from_bed(0, 409).unwrap();
        set.scan(&reference, contig, whole, |motif, site| sites.push((motif, site)))
            .unwrap();
        let starts: Vec<u32> = sites.iter().map(|(_, site)| site.interval.bed_start()).collect();
        assert_eq!(sites.len(), 1, "{starts:?}");
    }

    #[test]
    fn an_unknown_name_gets_near_ones() {
        let error = MotifSet::new(None, &["gabpa".to_owned()], 1e-4).unwrap_err();
        assert!(error.hint().unwrap().contains("GABPA"), "{:?}", error.hint());
    }
}
