//! The part of HGVS names that bears witness on a row: substitutions in `c.` and `g.`, and the older `C228T`.
//!
//! Names of other changes, protein names and anything unreadable are no evidence, and no error: a name is a remark
//! beside the row, not its content.

use crate::dna::Dna;
use crate::position::Position;
use crate::transcript::{CodingAnchor, CodingPlace};

/// A substitution as a name states it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedSubstitution {
    /// Where, in the words of the name.
    pub place: NamedPlace,
    /// The base before the change, on the strand that the name speaks of.
    pub from: Dna,
    /// The base after the change.
    pub to: Dna,
}

/// Where a name puts its change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamedPlace {
    /// `c.`: counted from the start codon, on the strand of the gene.
    Coding {
        /// The gene or transcript that the name itself states, such as `TERT` or `NM_198253.3`.
        transcript: Option<String>,
        /// The place.
        place: CodingPlace,
    },
    /// `g.`: on a contig, forward strand.
    Genomic {
        /// The contig that the name states; `None` when it states none.
        contig: Option<String>,
        /// The base (1-based).
        position: Position,
    },
    /// `C228T`: the alleles on the strand of the gene and a number that is no coordinate.
    Unplaced,
}

/// Reads a name; `None` when it states no substitution of one base.
///
/// ```
/// use refalt_core::audit::hgvs::{NamedPlace, read_name};
///
/// let name = read_name("NM_198253.3(TERT):c.-124C>T").unwrap();
/// assert_eq!((name.from.as_str(), name.to.as_str()), ("C", "T"));
/// assert_eq!(read_name("C228T").unwrap().place, NamedPlace::Unplaced);
/// assert_eq!(read_name("p.Val600Glu"), None);
/// ```
pub fn read_name(text: &str) -> Option<NamedSubstitution> {
    let text = text.trim();
    let (owner, rest) = match text.rsplit_once(':') {
        Some((owner, rest)) => (Some(owner), rest),
        None => (None, text),
    };
    if let Some(rest) = rest.strip_prefix("c.") {
        let (place, [from, to]) = split_substitution(rest)?;
        return Some(NamedSubstitution {
            place: NamedPlace::Coding {
                transcript: owner.map(gene_of),
                place: coding_place(place)?,
            },
            from,
            to,
        });
    }
    if let Some(rest) = rest.strip_prefix("g.") {
        let (place, [from, to]) = split_substitution(rest)?;
        let position = Position::new(digits(place)?)?;
        return Some(NamedSubstitution {
            place: NamedPlace::Genomic {
                contig: owner.map(str::to_owned),
                position,
            },
            from,
            to,
        });
    }
    let (from, rest) = (rest.get(..1)?, rest.get(1..)?);
    let (number, to) = rest.split_at_checked(rest.len().checked_sub(1)?)?;
    digits(number)?;
    Some(NamedSubstitution {
        place: NamedPlace::Unplaced,
        from: base(from)?,
        to: base(to)?,
    })
}

/// `NM_198253.3(TERT)` names its gene in brackets; otherwise the text itself is the name.
fn gene_of(owner: &str) -> String {
    owner
        .split_once('(')
        .and_then(|(_, gene)| gene.strip_suffix(')'))
        .unwrap_or(owner)
        .to_owned()
}

fn split_substitution(text: &str) -> Option<(&str, [Dna; 2])> {
    let (left, to) = text.split_once('>')?;
    let (place, from) = left.split_at_checked(left.len().checked_sub(1)?)?;
    Some((place, [base(from)?, base(to)?]))
}

fn base(text: &str) -> Option<Dna> {
    let dna = Dna::parse(text.as_bytes()).ok()?;
    (dna.len() == 1 && dna.is_acgt() && text.as_bytes()[0].is_ascii_uppercase()).then_some(dna)
}

fn digits(text: &str) -> Option<u32> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn coding_place(text: &str) -> Option<CodingPlace> {
    let (kind, rest): (fn(u32) -> CodingAnchor, &str) = match text.as_bytes().first()? {
        b'-' => (CodingAnchor::Before, &text[1..]),
        b'*' => (CodingAnchor::After, &text[1..]),
        _ => (CodingAnchor::Coding, text),
    };
    let split = rest.find(['+', '-']).unwrap_or(rest.len());
    let (number, intron) = rest.split_at(split);
    let intron_offset_bp = match intron.as_bytes().first() {
        None => 0,
        Some(sign) => {
            let bases = i32::try_from(digits(&intron[1..])?).ok()?;
            if *sign == b'+' { bases } else { -bases }
        }
    };
    Some(CodingPlace {
        anchor: kind(digits(number)?),
        intron_offset_bp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coding_names_keep_their_anchor_and_intron_offset() {
        let place = |text: &str| match read_name(text).map(|name| name.place) {
            Some(NamedPlace::Coding { place, .. }) => Some((place.anchor, place.intron_offset_bp)),
            _ => None,
        };
        assert_eq!(place("c.-124C>T"), Some((CodingAnchor::Before(124), 0)));
        assert_eq!(place("TERT:c.1574-3777G>T"), Some((CodingAnchor::Coding(1574), -3777)));
        assert_eq!(place("c.88+2T>G"), Some((CodingAnchor::Coding(88), 2)));
        assert_eq!(place("c.-33+5A>G"), Some((CodingAnchor::Before(33), 5)));
        assert_eq!(place("c.*46T>C"), Some((CodingAnchor::After(46), 0)));
        assert_eq!(place("c.76_77delinsTT"), None);
        assert_eq!(place("c.C>T"), None);
    }

    #[test]
    fn genomic_names_keep_their_accession() {
        let name = read_name("NC_000005.9:g.1295228G>A").unwrap();
        assert_eq!(
            name.place,
            NamedPlace::Genomic {
                contig: Some("NC_000005.9".to_owned()),
                position: Position::new(1_295_228).unwrap()
            }
        );
    }

    #[test]
    fn what_is_no_substitution_is_no_evidence() {
        for text in [
            "",
            "rs2853669",
            "p.G12C",
            "V600E",
            "c228t",
            "C228",
            "228T",
            "C2b8T",
            "c.5dup",
            ">",
            "é1T",
        ] {
            assert_eq!(read_name(text), None, "{text}");
        }
    }
}
