//! HGVS descriptions that count along a chromosome (`g.` and `m.`).
//!
//! Read: substitution `100A>G`, deletion `100del`, `100_102del`, duplication `100_102dup`, insertion
//! `100_101insAC`, deletion-insertion `100_102delinsAC`, inversion `100_102inv`, each with or without the bases of
//! the reference written out (`100_102delACG`). HGVS nomenclature version 21, "DNA recommendations"; positions are
//! 1-based, ranges inclusive.
//!
//! Refused with the reason: uncertain positions, repeats, alleles in brackets, conversions, several bases before `>`.
//! Descriptions on transcripts and proteins need a transcript model, which refalt does not have.

use super::allele::number;
use super::implied::{Edit, ImpliedVariant, after, empty};
use super::problem::RowProblem;
use refalt_core::{Alternate, ContigName, Dna, Interval, Position, Variant};

/// The kinds of reference sequence that HGVS knows, by the letter before the dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// `g.`, `m.`: the bases of a chromosome.
    Chromosome,
    /// `c.`, `n.`, `r.`, `p.`, `o.`: something else.
    Other,
}

/// Splits `NC_000005.10:g.100A>G` into the sequence name and `100A>G`.
pub(super) fn split(text: &str) -> Option<(&str, Axis, &str)> {
    let bytes = text.as_bytes();
    let colon = bytes
        .windows(3)
        .position(|three| three[0] == b':' && three[2] == b'.' && b"gmcnrpo".contains(&three[1]))?;
    let axis = if matches!(bytes[colon + 1], b'g' | b'm') {
        Axis::Chromosome
    } else {
        Axis::Other
    };
    Some((&text[..colon], axis, &text[colon + 3..]))
}

/// Reads what follows `g.`; `text` is the whole description, for messages.
///
/// Without the bases of the reference the result is [`RowProblem::NeedsReference`].
pub(super) fn parse(contig: ContigName, description: &str, text: &str) -> Result<Variant, RowProblem> {
    let reader = Reader { contig, text };
    let (first, last, edit) = reader.span(description)?;
    if let Some((reference, alternate)) = edit.split_once('>') {
        return reader.substitution(first, last, reference, alternate);
    }
    if let Some(rest) = edit.strip_prefix("del") {
        return match rest.split_once("ins") {
            Some((deleted, inserted)) => reader.replacement(first, last, deleted, inserted),
            None => {
                let stated = reader.stated(first, last, rest)?;
                reader.edit(first, last, stated, Edit::Delete)
            }
        };
    }
    if let Some(rest) = edit.strip_prefix("dup") {
        let stated = reader.stated(first, last, rest)?;
        return reader.edit(first, last, stated, Edit::Duplicate);
    }
    if let Some(rest) = edit.strip_prefix("inv") {
        let stated = reader.stated(first, last, rest)?;
        return reader.edit(first, last, stated, Edit::Invert);
    }
    if let Some(inserted) = edit.strip_prefix("ins") {
        return reader.insertion(first, last, inserted);
    }
    Err(if edit.ends_with('=') {
        reader.unsupported("it describes no change")
    } else if edit.contains(['[', ']', ';']) {
        reader.unsupported("repeats and lists of alleles are not one change")
    } else {
        reader.unsupported("the change is none of `>`, `del`, `dup`, `ins`, `delins`, `inv`")
    })
}

struct Reader<'a> {
    contig: ContigName,
    text: &'a str,
}

impl Reader<'_> {
    fn unsupported(&self, reason: &'static str) -> RowProblem {
        RowProblem::HgvsUnsupported {
            found: self.text.into(),
            reason,
        }
    }

    fn inconsistent(&self, reason: &'static str) -> RowProblem {
        RowProblem::HgvsInconsistent {
            found: self.text.into(),
            reason,
        }
    }

    /// Reads `100` or `100_102` and returns the first and last base (1-based, inclusive) and the rest.
    fn span<'t>(&self, description: &'t str) -> Result<(Position, Position, &'t str), RowProblem> {
        if description.starts_with(['(', '?', '[', '*', '-']) {
            return Err(self.unsupported("the position is uncertain, in brackets, or relative to a transcript"));
        }
        let (first, rest) = self.position(description)?;
        let Some(rest) = rest.strip_prefix('_') else {
            return Ok((first, first, rest));
        };
        if rest.starts_with(['(', '?']) {
            return Err(self.unsupported("the end is uncertain"));
        }
        let (last, rest) = self.position(rest)?;
        if last < first {
            return Err(self.inconsistent("the range ends before it begins"));
        }
        Ok((first, last, rest))
    }

    fn position<'t>(&self, text: &'t str) -> Result<(Position, &'t str), RowProblem> {
        let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
        let (digits, rest) = text.split_at(end);
        if digits.is_empty() {
            return Err(self.unsupported("a position is not a whole number"));
        }
        if rest.starts_with(['+', '-']) {
            return Err(self.unsupported("positions in introns need a transcript"));
        }
        let position = match number(digits.as_bytes()) {
            Some(0) => return Err(RowProblem::PositionZero),
            Some(number) => u32::try_from(number).ok().and_then(Position::new),
            None => None,
        };
        let position = position.ok_or_else(|| RowProblem::PositionTooLarge { found: digits.into() })?;
        Ok((position, rest))
    }

    /// Reads bases written out; other letters are lengths, accessions or repeats.
    fn bases(&self, text: &str) -> Result<Dna, RowProblem> {
        Dna::parse(text.as_bytes())
            .map_err(|_| self.unsupported("inserted or deleted bases are not written out as letters"))
    }

    /// Reads the optional bases after `del`, `dup` or `inv`; `del3` states their number alone.
    fn stated(&self, first: Position, last: Position, text: &str) -> Result<Option<Dna>, RowProblem> {
        let wanted = first.distance_to(last) + 1;
        let check = |found: i64| {
            if found == wanted {
                Ok(())
            } else {
                Err(self.inconsistent("the range and the bases written out differ in length"))
            }
        };
        if text.is_empty() {
            return Ok(None);
        }
        if let Some(length) = number(text.as_bytes()) {
            check(i64::try_from(length).unwrap_or(i64::MAX))?;
            return Ok(None);
        }
        let bases = self.bases(text)?;
        check(i64::from(bases.len_bp()))?;
        Ok(Some(bases))
    }

    fn edit(&self, first: Position, last: Position, stated: Option<Dna>, edit: Edit) -> Result<Variant, RowProblem> {
        let Some(bases) = stated else {
            return Err(RowProblem::NeedsReference(Box::new(ImpliedVariant {
                contig: self.contig.clone(),
                interval: Interval::from_bases(first, last)
                    .ok_or_else(|| self.inconsistent("the range ends before it begins"))?,
                edit,
            })));
        };
        Ok(match edit {
            Edit::Delete => self.variant(first, bases, empty()),
            Edit::Duplicate => self.variant(after(last)?, empty(), bases),
            Edit::Replace(inserted) => self.variant(first, bases, inserted),
            Edit::Invert => {
                let inverted = bases.reverse_complement();
                self.variant(first, bases, inverted)
            }
        })
    }

    fn substitution(
        &self,
        first: Position,
        last: Position,
        reference: &str,
        alternate: &str,
    ) -> Result<Variant, RowProblem> {
        if first != last || reference.len() != 1 || alternate.len() != 1 {
            return Err(self.unsupported("`>` replaces one base by one; for more, HGVS writes `delins`"));
        }
        Ok(self.variant(first, self.bases(reference)?, self.bases(alternate)?))
    }

    fn replacement(
        &self,
        first: Position,
        last: Position,
        deleted: &str,
        inserted: &str,
    ) -> Result<Variant, RowProblem> {
        if inserted.is_empty() {
            return Err(self.unsupported("no bases follow `ins`"));
        }
        let inserted = self.bases(inserted)?;
        let stated = self.stated(first, last, deleted)?;
        self.edit(first, last, stated, Edit::Replace(inserted))
    }

    fn insertion(&self, first: Position, last: Position, inserted: &str) -> Result<Variant, RowProblem> {
        if first.distance_to(last) != 1 {
            return Err(self.inconsistent("an insertion lies between two neighbouring bases, as in `100_101insA`"));
        }
        if inserted.is_empty() {
            return Err(self.unsupported("no bases follow `ins`"));
        }
        Ok(self.variant(last, empty(), self.bases(inserted)?))
    }

    fn variant(&self, position: Position, reference_bases: Dna, alternate_bases: Dna) -> Variant {
        Variant {
            contig: self.contig.clone(),
            position,
            reference_bases,
            alternate: Alternate::Bases(alternate_bases),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(description: &str) -> String {
        match parse(ContigName::new("5"), description, description) {
            Ok(variant) => variant.to_string(),
            Err(RowProblem::NeedsReference(implied)) => format!("needs {implied}"),
            Err(problem) => problem.code().to_owned(),
        }
    }

    #[test]
    fn edits_with_written_bases_are_complete() {
        for (description, expected) in [
            ("1295113G>A", "5:1295113:G>A"),
            ("100delA", "5:100:A>"),
            ("100_102delACG", "5:100:ACG>"),
            ("100_101insTT", "5:101:>TT"),
            ("100dupA", "5:101:>A"),
            ("100_102dupACG", "5:103:>ACG"),
            ("100delAinsGG", "5:100:A>GG"),
            ("100_101delACinsG", "5:100:AC>G"),
            ("100_102invAAC", "5:100:AAC>GTT"),
        ] {
            assert_eq!(read(description), expected, "g.{description}");
        }
    }

    #[test]
    fn edits_without_bases_wait_for_the_reference() {
        for (description, expected) in [
            ("100del", "needs 5:g.100del"),
            ("100_102del", "needs 5:g.100_102del"),
            ("100_102del3", "needs 5:g.100_102del"),
            ("100dup", "needs 5:g.100dup"),
            ("100_102delinsGT", "needs 5:g.100_102delinsGT"),
            ("100_102inv", "needs 5:g.100_102inv"),
        ] {
            assert_eq!(read(description), expected, "g.{description}");
        }
    }

    #[test]
    fn what_is_uncertain_or_contradictory_is_refused() {
        for (description, expected) in [
            ("(100_102)del", "hgvs_unsupported"),
            ("?_102del", "hgvs_unsupported"),
            ("100_?del", "hgvs_unsupported"),
            ("100+5G>A", "hgvs_unsupported"),
            ("100AC>GT", "hgvs_unsupported"),
            ("100_101AC>GT", "hgvs_unsupported"),
            ("100=", "hgvs_unsupported"),
            ("100A[12]", "hgvs_unsupported"),
            ("100_101insN[12]", "hgvs_unsupported"),
            ("100_101ins", "hgvs_unsupported"),
            ("100_102delins", "hgvs_unsupported"),
            ("100_102con5_7", "hgvs_unsupported"),
            ("100", "hgvs_unsupported"),
            ("", "hgvs_unsupported"),
            ("102_100del", "hgvs_inconsistent"),
            ("100_102delAC", "hgvs_inconsistent"),
            ("100_102del4", "hgvs_inconsistent"),
            ("100insA", "hgvs_inconsistent"),
            ("100_102insA", "hgvs_inconsistent"),
            ("0del", "position_zero"),
            ("99999999999del", "position_too_large"),
            ("4294967295dupA", "position_too_large"),
        ] {
            assert_eq!(read(description), expected, "g.{description}");
        }
    }

    #[test]
    fn the_axis_is_the_letter_before_the_dot() {
        assert_eq!(
            split("NC_000005.10:g.1A>G"),
            Some(("NC_000005.10", Axis::Chromosome, "1A>G"))
        );
        assert_eq!(
            split("NM_198253.3:c.-124C>T"),
            Some(("NM_198253.3", Axis::Other, "-124C>T"))
        );
        assert_eq!(split("chr5:1295113:G>A"), None);
    }
}
