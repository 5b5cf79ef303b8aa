//! Alleles and positions from the text of a cell.

use super::problem::{Field, RowProblem};
use refalt_core::{Alternate, Dna, Position, Variant};

/// Reads REF.
pub(super) fn reference_bases(text: &[u8]) -> Result<Dna, RowProblem> {
    if text.is_empty() || text == b"." {
        return Err(RowProblem::FieldEmpty {
            field: Field::Reference,
            found: lossy(text),
        });
    }
    bases(Field::Reference, text)
}

/// Reads one ALT allele.
///
/// VCF 4.3 section 1.6.1.5: bases, `*`, `.`, an angle-bracketed name, or a breakend replacement string
/// (section 5.4), which holds `[` or `]`, or begins or ends with `.` when its mate is not known.
pub(super) fn alternate(text: &[u8]) -> Result<Alternate, RowProblem> {
    if let Ok(bases) = Dna::parse(text)
        && !bases.is_empty()
    {
        return Ok(Alternate::Bases(bases));
    }
    match text {
        b"" => Err(RowProblem::FieldEmpty {
            field: Field::Alternate,
            found: lossy(text),
        }),
        b"." => Ok(Alternate::Missing),
        b"*" => Ok(Alternate::Star),
        _ if text.iter().any(|b| matches!(b, b'[' | b']')) => Ok(Alternate::Breakend(breakend(text)?)),
        _ if text.iter().any(|b| matches!(b, b'<' | b'>')) => Ok(Alternate::Symbolic(symbolic(text)?)),
        [b'.', bases @ ..] | [bases @ .., b'.'] if Dna::parse(bases).is_ok() => Ok(Alternate::Breakend(lossy(text))),
        _ => bases(Field::Alternate, text).map(Alternate::Bases),
    }
}

/// Accepts `<DEL>`, `<INS:ME:ALU>`, and an inserted contig `C<ctg1>` (VCF 4.3 section 5.4.2).
fn symbolic(text: &[u8]) -> Result<Box<str>, RowProblem> {
    let malformed = || RowProblem::AlleleMalformed { allele: lossy(text) };
    let open = memchr::memchr(b'<', text).ok_or_else(malformed)?;
    let (before, name) = text.split_at(open);
    let name = name
        .strip_prefix(b"<")
        .and_then(|name| name.strip_suffix(b">"))
        .ok_or_else(malformed)?;
    let plain = name
        .iter()
        .all(|b| !matches!(b, b'<' | b'>') && !b.is_ascii_whitespace());
    if name.is_empty() || !plain || Dna::parse(before).is_err() {
        return Err(malformed());
    }
    Ok(lossy(text))
}

/// Accepts the four breakend forms `t[p[`, `t]p]`, `]p]t`, `[p[t` (VCF 4.3 section 5.4).
fn breakend(text: &[u8]) -> Result<Box<str>, RowProblem> {
    let malformed = || RowProblem::AlleleMalformed { allele: lossy(text) };
    let is_bracket = |b: &u8| matches!(b, b'[' | b']');
    let first = text.iter().position(is_bracket).ok_or_else(malformed)?;
    let last = text.iter().rposition(is_bracket).ok_or_else(malformed)?;
    let (left, mate, right) = (&text[..first], &text[(first + 1).min(last)..last], &text[last + 1..]);
    let one_side = left.is_empty() != right.is_empty();
    let bases = |side: &[u8]| Dna::parse(side).is_ok() || side == b"." || symbolic(side).is_ok();
    let same = text[first] == text[last] && !mate.iter().any(is_bracket);
    if first == last || !one_side || !same || mate.is_empty() || !bases(left) || !bases(right) {
        return Err(malformed());
    }
    Ok(lossy(text))
}

/// Reads bases, naming the first letter that is none.
pub(super) fn bases(field: Field, text: &[u8]) -> Result<Dna, RowProblem> {
    Dna::parse(text).map_err(|cause| RowProblem::AlleleLetters {
        field,
        allele: lossy(text),
        cause: Box::new(cause),
    })
}

/// Returns the number that decimal digits write, `None` when it does not fit or a letter is no digit.
pub(super) fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// Reads a 1-based position.
pub(super) fn position(text: &[u8]) -> Result<Position, RowProblem> {
    let number = position_number(text)?;
    if number == 0 {
        return Err(RowProblem::PositionZero);
    }
    u32::try_from(number)
        .ok()
        .and_then(Position::new)
        .ok_or_else(|| RowProblem::PositionTooLarge { found: lossy(text) })
}

/// Reads a 0-based position, as BED starts and SPDI write them.
pub(super) fn zero_based_position(text: &[u8]) -> Result<Position, RowProblem> {
    u32::try_from(position_number(text)?)
        .ok()
        .and_then(Position::from_zero_based)
        .ok_or_else(|| RowProblem::PositionTooLarge { found: lossy(text) })
}

fn position_number(text: &[u8]) -> Result<u64, RowProblem> {
    if text.is_empty() {
        return Err(RowProblem::FieldEmpty {
            field: Field::Position,
            found: "".into(),
        });
    }
    match number(text) {
        Some(number) => Ok(number),
        None if text.iter().all(u8::is_ascii_digit) => Err(RowProblem::PositionTooLarge { found: lossy(text) }),
        None => Err(RowProblem::PositionNotNumber { found: lossy(text) }),
    }
}

/// Says whether writing the variant gives these letters again (position 1-based).
pub(super) fn is_verbatim(variant: &Variant, position: &[u8], reference: &[u8], alternate: &[u8]) -> bool {
    let same_number = number(position) == Some(u64::from(variant.position.one_based()));
    let plain_number = position.first() != Some(&b'0');
    same_number && plain_number && has_same_alleles(variant, reference, alternate)
}

/// Says whether writing the alleles gives these letters again.
pub(super) fn has_same_alleles(variant: &Variant, reference: &[u8], alternate: &[u8]) -> bool {
    let same_alternate = match &variant.alternate {
        Alternate::Bases(bases) => bases.as_bytes() == alternate,
        Alternate::Symbolic(text) | Alternate::Breakend(text) => text.as_bytes() == alternate,
        Alternate::Star | Alternate::Missing => true,
    };
    same_alternate && variant.reference_bases.as_bytes() == reference
}

/// Returns bytes as text for a message, with U+FFFD for what is no UTF-8.
pub(super) fn lossy(text: &[u8]) -> Box<str> {
    String::from_utf8_lossy(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(text: &str) -> &'static str {
        match alternate(text.as_bytes()) {
            Ok(Alternate::Bases(_)) => "bases",
            Ok(Alternate::Symbolic(_)) => "symbolic",
            Ok(Alternate::Breakend(_)) => "breakend",
            Ok(Alternate::Star) => "star",
            Ok(Alternate::Missing) => "missing",
            Err(problem) => problem.code(),
        }
    }

    #[test]
    fn every_kind_of_alternate_allele_is_told_apart() {
        for (text, expected) in [
            ("A", "bases"),
            ("acgtN", "bases"),
            ("R", "bases"),
            ("<DEL>", "symbolic"),
            ("<INS:ME:ALU>", "symbolic"),
            ("<*>", "symbolic"),
            ("<NON_REF>", "symbolic"),
            ("C<ctg1>", "symbolic"),
            ("*", "star"),
            (".", "missing"),
            ("G]17:198982]", "breakend"),
            ("]13:123456]T", "breakend"),
            ("C[2:321682[", "breakend"),
            ("[17:198983[A", "breakend"),
            ("C[<ctg1>:1[", "breakend"),
            ("A.", "breakend"),
            (".A", "breakend"),
            ("]1:1234]CTG", "breakend"),
            ("", "field_empty"),
            ("<INS>BLAH>", "allele_malformed"),
            ("<DEL", "allele_malformed"),
            ("DEL>", "allele_malformed"),
            ("<>", "allele_malformed"),
            ("X<a>", "allele_malformed"),
            ("G]17:198982[", "allele_malformed"),
            ("G]17:198982", "allele_malformed"),
            ("]", "allele_malformed"),
            ("]]", "allele_malformed"),
            ("G]1:2]G", "allele_malformed"),
            ("A T", "allele_letters"),
            ("P", "allele_letters"),
            ("-", "allele_letters"),
        ] {
            assert_eq!(kind(text), expected, "ALT `{text}`");
        }
    }

    #[test]
    fn positions_are_whole_numbers_of_32_bits() {
        assert_eq!(position(b"1").unwrap(), Position::FIRST);
        assert_eq!(position(b"0012").unwrap(), Position::new(12).unwrap());
        assert_eq!(position(b"4294967295").unwrap().one_based(), u32::MAX);
        assert_eq!(zero_based_position(b"0").unwrap(), Position::FIRST);
        for (text, code) in [
            ("0", "position_zero"),
            ("4294967296", "position_too_large"),
            ("99999999999999999999999", "position_too_large"),
            ("+5", "position_not_number"),
            ("-5", "position_not_number"),
            ("1e6", "position_not_number"),
            ("12 ", "position_not_number"),
            ("", "field_empty"),
        ] {
            assert_eq!(position(text.as_bytes()).unwrap_err().code(), code, "POS `{text}`");
        }
        assert_eq!(
            zero_based_position(b"4294967295").unwrap_err().code(),
            "position_too_large"
        );
    }
}
