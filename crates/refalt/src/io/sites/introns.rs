//! Tables of introns, from which splice sites follow.
//!
//! | layout | columns | coordinates |
//! | --- | --- | --- |
//! | named | `chrom`, `intron_start`, `intron_end`, `strand` | 1-based, inclusive |
//! | interval | `Chromosome`, `Start`, `End`, `Strand` | 0-based, end exclusive |
//! | STAR | no header, 9 columns of `SJ.out.tab`: contig, first base, last base, strand (1 `+`, 2 `-`, 0 unknown), ... | 1-based, inclusive |
//! | BED | no header, 6 columns and more: contig, start, end, name, score, strand | 0-based, end exclusive |
//!
//! A span is the intron itself: the donor site is the base before its first base, in the direction of the gene.
//! Twelve columns are not taken: `junctions.bed` of regtools and TopHat span the overhangs, too.

use super::{Base, Layouts, SiteProblem, SitesError, cell, column, number, open, span, strand, wrong};
use refalt_core::annotation::{Annotation, SpliceSiteClass};
use refalt_core::contig::same_contig;
use refalt_core::{ContigName, Interval, Position, Strand};
use std::collections::HashMap;
use std::io::BufRead;
use std::path::Path;

/// An intron.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intron {
    /// The contig, named as written.
    pub contig: ContigName,
    /// First to last base (0-based, half-open).
    pub span: Interval,
    /// The strand.
    pub strand: Strand,
}

/// A table of introns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IntronTable {
    /// The introns, in the order of the file.
    pub introns: Vec<Intron>,
    /// Rows of STAR whose strand is unknown; they are no introns here.
    pub without_strand: u64,
}

const LAYOUTS: Layouts<Layout> = Layouts {
    what: "introns",
    known: "`chrom intron_start intron_end strand` (1-based), `Chromosome Start End Strand` (0-based), SJ.out.tab of \
                     STAR, or BED with 6 to 9 columns",
    of: Layout::of,
};

#[derive(Clone, Copy, Debug)]
enum Layout {
    Named {
        contig: usize,
        start: usize,
        end: usize,
        strand: usize,
        base: Base,
    },
    Star,
    Bed,
}

impl Layout {
    fn of(first: &[&str]) -> Option<(Self, bool)> {
        let contig = column(first, &["Chromosome", "chrom"]);
        let sign = column(first, &["strand"]);
        if let (Some(contig), Some(strand)) = (contig, sign) {
            let named = column(first, &["intron_start"]).zip(column(first, &["intron_end"]));
            let plain = column(first, &["Start"]).zip(column(first, &["End"]));
            let (start, end, base) = match (named, plain) {
                (Some((start, end)), _) => (start, end, Base::One),
                (None, Some((start, end))) => (start, end, Base::Zero),
                (None, None) => return None,
            };
            return Some((
                Self::Named {
                    contig,
                    start,
                    end,
                    strand,
                    base,
                },
                true,
            ));
        }
        let numbers = |range: std::ops::Range<usize>| {
            first
                .get(range)
                .is_some_and(|cells| cells.iter().all(|cell| !cell.is_empty() && number(cell).is_some()))
        };
        if first.len() == 9 && numbers(1..9) {
            return Some((Self::Star, false));
        }
        let is_bed = (6..=9).contains(&first.len()) && numbers(1..3) && matches!(first[5], "+" | "-");
        is_bed.then_some((Self::Bed, false))
    }

    fn row(self, cells: &[&str]) -> Result<Option<Intron>, SiteProblem> {
        let (contig, span, strand) = match self {
            Self::Named {
                contig,
                start,
                end,
                strand: sign,
                base,
            } => (
                cell(cells, contig)?,
                span(("start", cell(cells, start)?), ("end", cell(cells, end)?), base)?,
                strand("strand", cell(cells, sign)?)?,
            ),
            Self::Bed => (
                cell(cells, 0)?,
                span(("2", cell(cells, 1)?), ("3", cell(cells, 2)?), Base::Zero)?,
                strand(6, cell(cells, 5)?)?,
            ),
            Self::Star => {
                let strand = match cell(cells, 3)? {
                    "0" => return Ok(None),
                    "1" => Strand::Forward,
                    "2" => Strand::Reverse,
                    other => return Err(wrong(4, other, "0, 1 or 2")),
                };
                let span = span(("2", cell(cells, 1)?), ("3", cell(cells, 2)?), Base::One)?;
                (cell(cells, 0)?, span, strand)
            }
        };
        Ok(Some(Intron {
            contig: ContigName::new(contig),
            span,
            strand,
        }))
    }
}

/// Reads a table.
///
/// # Errors
/// [`SitesError`] when the file cannot be read, its layout is not known, or a line cannot be used.
pub fn read(path: &Path) -> Result<IntronTable, SitesError> {
    let (name, mut text) = open(path)?;
    parse(&name, &mut text)
}

/// Reads a table from a text; `name` is how errors call it.
///
/// # Errors
/// As [`read`].
pub fn parse(name: &str, text: &mut dyn BufRead) -> Result<IntronTable, SitesError> {
    let mut table = IntronTable::default();
    LAYOUTS.read(name, text, |layout, cells| {
        match layout.row(cells)? {
            Some(intron) => table.introns.push(intron),
            None => table.without_strand += 1,
        }
        Ok(())
    })?;
    Ok(table)
}

impl IntronTable {
    /// Returns the bases beside the introns, as
    /// [`Annotation::with_splice_sites`](refalt_core::annotation::Annotation::with_splice_sites) takes them.
    pub fn sites(&self) -> impl Iterator<Item = (&str, SpliceSiteClass, Position)> {
        self.introns.iter().flat_map(|intron| {
            let beside = SpliceSiteClass::beside(intron.span, intron.strand);
            let sites = beside.into_iter().filter_map(|(class, site)| Some((class, site?)));
            sites.map(|(class, site)| (intron.contig.as_str(), class, site))
        })
    }

    /// Returns how many introns lie on contigs that an annotation does not have; their sites cannot be put into it.
    pub fn outside(&self, annotation: &Annotation) -> usize {
        let mut known: HashMap<&str, bool> = HashMap::new();
        let mut is_known = |contig| {
            *known.entry(contig).or_insert_with(|| {
                let mut contigs = annotation.contigs().iter();
                contigs.any(|name| same_contig(name.as_str(), contig))
            })
        };
        self.introns
            .iter()
            .filter(|intron| !is_known(intron.contig.as_str()))
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_intron_in_every_layout_is_one_intron() {
        // Bases 11 to 20 are BED 10-20.
        for text in [
            "chrom\tintron_start\tintron_end\tstrand\tdonor\tacceptor\n9\t11\t20\t-\tGT\tAG\n",
            "Chromosome\tStart\tEnd\tStrand\n9\t10\t20\t-\n",
            "9\t11\t20\t2\t1\t1\t5\t0\t30\n9\t40\t50\t0\t0\t0\t1\t0\t8\n",
            "9\t10\t20\tx\t0\t-\n",
        ] {
            let table = parse("x", &mut text.as_bytes()).unwrap();
            let expected = Intron {
                contig: ContigName::new("9"),
                span: Interval::from_bed(10, 20).unwrap(),
                strand: Strand::Reverse,
            };
            assert_eq!(table.introns, [expected], "{text}");
        }
    }

    #[test]
    fn junctions_with_overhangs_are_not_taken_for_introns() {
        let bed12 = "9\t0\t30\tJ\t1\t-\t0\t30\t0\t2\t10,10\t0,20\n";
        assert!(matches!(
            parse("x", &mut bed12.as_bytes()),
            Err(SitesError::Layout { .. })
        ));
        let star = "9\t11\t20\t2\t1\t1\t5\t0\t30\n9\t21\t20\t2\t1\t1\t5\t0\t30\n";
        let error = parse("x", &mut star.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "`20` is not after `21`");
    }
}
