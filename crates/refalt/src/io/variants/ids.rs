//! Variants written as one word: GTEx, gnomAD, SPDI, HGVS and plain forms.
//!
//! | form | example | position |
//! | --- | --- | --- |
//! | plain | `chr5:1295113:G>A`, `5:1295113:G:A`, `5:1295113_G_A` | 1-based |
//! | GTEx | `chr5_1295113_G_A_b38` | 1-based |
//! | gnomAD | `5-1295113-G-A` | 1-based |
//! | SPDI | `NC_000005.10:1295112:G:A` | 0-based |
//! | HGVS | `NC_000005.10:g.1295113G>A` | 1-based |
//!
//! SPDI is recognised by its accession (two letters, underscore, digits): `chr5:1295112:G:A` is plain and 1-based.
//! The plain forms are read from the right, because contig names contain `_`, `-` and `:`
//! (`chr1_KI270706v1_random_1234_A_G_b38`). An allele `-` or an empty SPDI allele has no bases.

use super::allele;
use super::contigs::Contigs;
use super::hgvs::{self, Axis};
use super::implied::{Edit, ImpliedVariant, empty};
use super::problem::{Field, RowProblem};
use refalt_core::{Alternate, Assembly, ContigName, Dna, Interval, Position, Variant};

/// What one word says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedId {
    /// The assembly that the word itself states: a suffix such as `_b38`, or the version of an accession.
    pub said_assembly: Option<Assembly>,
    /// The variant, or why it is none.
    pub variant: Result<Variant, RowProblem>,
}

/// Reads a variant written as one word, in any of the forms of this module.
///
/// ```
/// use refalt::io::variants::ids;
/// use refalt_core::Assembly;
///
/// // The same base: SPDI counts from 0.
/// let spdi = ids::parse("NC_000005.10:1295112:G:A");
/// let hgvs = ids::parse("NC_000005.10:g.1295113G>A");
/// assert_eq!(spdi, hgvs);
/// assert_eq!(spdi.said_assembly, Some(Assembly::GRCh38));
/// assert_eq!(spdi.variant.unwrap().to_string(), "NC_000005.10:1295113:G>A");
/// ```
pub fn parse(text: &str) -> ParsedId {
    parse_with(text, &mut Contigs::default())
}

/// As [`parse`], sharing contig names.
pub(super) fn parse_with(text: &str, contigs: &mut Contigs) -> ParsedId {
    let text = text.trim();
    let mut said_assembly = None;
    let mut contig_of = |name: &str| {
        let (contig, said) = contigs.intern(name.as_bytes()).unwrap_or((ContigName::new(name), None));
        said_assembly = said_assembly.or(said);
        contig
    };
    let variant = if is_missing(text) {
        Err(RowProblem::FieldEmpty {
            field: Field::Id,
            found: text.into(),
        })
    } else if is_dbsnp_name(text) {
        Err(RowProblem::NameOnly { found: text.into() })
    } else if let Some((sequence, axis, description)) = hgvs::split(text) {
        match axis {
            Axis::Chromosome if sequence.is_empty() => Err(unreadable(text)),
            Axis::Chromosome => hgvs::parse(contig_of(sequence), description, text),
            Axis::Other => Err(RowProblem::TranscriptHgvs { found: text.into() }),
        }
    } else if let Some(parts) = spdi_parts(text) {
        spdi(contig_of(parts[0]), parts)
    } else {
        let (body, said) = without_assembly(text);
        let parsed = delimited(body, text, &mut contig_of);
        if parsed.is_ok() && said.is_some() {
            said_assembly = said;
        }
        parsed
    };
    ParsedId { said_assembly, variant }
}

/// Says whether a word has the look of a variant or of a variant's name, readable or not.
pub(super) fn looks_like_id(text: &str) -> bool {
    let parsed = parse(text);
    match parsed.variant {
        Ok(_) => true,
        Err(problem) => {
            !matches!(
                problem,
                RowProblem::FieldEmpty { .. } | RowProblem::IdUnreadable { nearest: None, .. }
            ) || text.contains(':') && text.bytes().any(|b| b.is_ascii_digit()) && !text.contains(char::is_whitespace)
        }
    }
}

/// Says whether a cell stands for no value.
pub(super) fn is_missing(text: &str) -> bool {
    matches!(
        text,
        "" | "." | "NA" | "N/A" | "#N/A" | "na" | "nan" | "NaN" | "null" | "NULL" | "None" | "none"
    )
}

/// Says whether a word is a dbSNP name, alone or with an allele behind it (`rs123`, `rs123-A`, `rs123_T`).
pub(super) fn is_dbsnp_name(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("rs") else {
        return false;
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && !rest[digits..].starts_with(|c: char| c.is_alphanumeric()) && !rest.contains(':')
}

/// Takes an assembly suffix off: `_b38`, `:hg19`, `-GRCh38`.
fn without_assembly(text: &str) -> (&str, Option<Assembly>) {
    if let Some(cut) = text.rfind(['_', ':', '-'])
        && let Some(assembly) = Assembly::from_name(&text[cut + 1..])
    {
        return (&text[..cut], Some(assembly));
    }
    (text, None)
}

/// Returns the assembly that a name such as `chr5_1295113_G_A_b38` ends with.
pub(super) fn assembly_suffix(text: &[u8]) -> Option<Assembly> {
    let cut = text.iter().rposition(|&b| b == b'_')?;
    let suffix = &text[cut + 1..];
    if suffix.len() < 3 || suffix.len() > 6 || !suffix.last().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Assembly::from_name(std::str::from_utf8(suffix).ok()?)
}

/// Splits `NC_000005.10:1295112:G:A`; the sequence must be an accession.
fn spdi_parts(text: &str) -> Option<[&str; 4]> {
    let mut parts = text.split(':');
    let four = [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
    let [a, b, b'_', digits @ ..] = four[0].as_bytes() else {
        return None;
    };
    let accession = a.is_ascii_uppercase()
        && b.is_ascii_uppercase()
        && !digits.is_empty()
        && digits.iter().all(|c| c.is_ascii_digit() || *c == b'.');
    (parts.next().is_none() && accession).then_some(four)
}

/// Reads SPDI: "the position is a 0-based interbase coordinate"; the deletion is its bases or their number.
///
/// Holmes et al. 2020, doi:10.1093/bioinformatics/btz856.
fn spdi(contig: ContigName, [_, position, deleted, inserted]: [&str; 4]) -> Result<Variant, RowProblem> {
    let position = allele::zero_based_position(position.as_bytes())?;
    let inserted = allele::bases(Field::Alternate, inserted.as_bytes())?;
    let reference_bases = match allele::number(deleted.as_bytes()) {
        None => allele::bases(Field::Reference, deleted.as_bytes())?,
        Some(0) => empty(),
        Some(length) => {
            let interval = u32::try_from(length)
                .ok()
                .and_then(|length| Interval::at(position, length))
                .ok_or_else(|| RowProblem::PositionTooLarge { found: deleted.into() })?;
            return Err(RowProblem::NeedsReference(Box::new(ImpliedVariant {
                contig,
                interval,
                edit: if inserted.is_empty() {
                    Edit::Delete
                } else {
                    Edit::Replace(inserted)
                },
            })));
        }
    };
    if reference_bases.is_empty() && inserted.is_empty() {
        return Err(RowProblem::FieldEmpty {
            field: Field::Alternate,
            found: "".into(),
        });
    }
    Ok(Variant {
        contig,
        position,
        reference_bases,
        alternate: Alternate::Bases(inserted),
    })
}

/// Reads `contig SEP position SEP REF SEP ALT` from the right.
fn delimited(body: &str, text: &str, contig_of: &mut impl FnMut(&str) -> ContigName) -> Result<Variant, RowProblem> {
    let Some((contig, position, reference, alternate)) = four_parts(body) else {
        return Err(diagnose(body, text));
    };
    let position = match allele::position(position.as_bytes()) {
        Ok(position) => position,
        Err(problem) => {
            let numeric = position.starts_with(|c: char| c.is_ascii_digit());
            return Err(if numeric { problem } else { diagnose(body, text) });
        }
    };
    let reference_bases = reference_cell(reference)?;
    let alternate = alternate_cell(alternate)?;
    Ok(Variant {
        contig: contig_of(contig),
        position,
        reference_bases,
        alternate,
    })
}

/// Reads a REF cell in which `-` stands for no bases.
pub(super) fn reference_cell(text: &str) -> Result<Dna, RowProblem> {
    if text == "-" {
        return Ok(empty());
    }
    allele::reference_bases(text.as_bytes())
}

/// Reads an ALT cell in which `-` stands for no bases.
pub(super) fn alternate_cell(text: &str) -> Result<Alternate, RowProblem> {
    if text == "-" {
        return Ok(Alternate::Bases(empty()));
    }
    allele::alternate(text.as_bytes())
}

fn four_parts(body: &str) -> Option<(&str, &str, &str, &str)> {
    let (rest, alternate) = last_part(body, &['>', ':', '_', '-', '/'])?;
    let (rest, reference) = last_part(rest, &[':', '_', '-'])?;
    let (contig, position) = rest.rsplit_once([':', '_', '-'])?;
    let full = !(contig.is_empty() || position.is_empty() || reference.is_empty() || alternate.is_empty());
    full.then_some((contig, position, reference, alternate))
}

/// Splits off the last part; an angle-bracketed name and a lone `-` are parts.
fn last_part<'t>(text: &'t str, separators: &[char]) -> Option<(&'t str, &'t str)> {
    if text.ends_with('>') && separators.contains(&'>') {
        let open = text.find('<')?;
        let before = text[..open].strip_suffix(separators)?;
        return Some((before, &text[open..]));
    }
    if let Some(before) = text.strip_suffix('-')
        && let Some(rest) = before.strip_suffix([':', '_', '>', '/'])
    {
        return Some((rest, "-"));
    }
    text.rsplit_once(separators)
}

/// Says why a word is no variant.
fn diagnose(body: &str, text: &str) -> RowProblem {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit() || b == b',');
    if let Some((contig, place)) = body.rsplit_once([':', '_'])
        && !contig.is_empty()
    {
        let span = place.split_once('-').is_some_and(|(a, b)| digits(a) && digits(b));
        if digits(place) || span {
            return RowProblem::AllelesMissing { found: text.into() };
        }
    }
    unreadable(text)
}

fn unreadable(text: &str) -> RowProblem {
    RowProblem::IdUnreadable {
        found: text.into(),
        nearest: nearest(text).map(Into::into),
    }
}

/// Looks for a contig, a number and two runs of bases in a row, whatever separates them.
fn nearest(text: &str) -> Option<String> {
    let number_begins = |at: usize| {
        let bytes = text.as_bytes();
        bytes[at].is_ascii_digit() && at > 0 && matches!(bytes[at - 1], b':' | b'_' | b'-' | b' ' | b'.')
    };
    (0..text.len()).filter(|&at| number_begins(at)).find_map(|at| {
        let contig = text[..at].trim_end_matches([':', '_', '-', ' ', '.']);
        let contig = contig.strip_suffix(":g").unwrap_or(contig);
        let contig = contig.rsplit([' ', ':']).next()?;
        if matches!(contig, "" | "g" | "m" | "c" | "n") {
            return None;
        }
        let after = text[at..].trim_start_matches(|c: char| c.is_ascii_digit());
        let position = &text[at..text.len() - after.len()];
        let mut words = after
            .split(|c: char| !c.is_ascii_alphabetic())
            .filter(|word| !word.is_empty());
        let (reference, alternate) = (words.next()?, words.next()?);
        let bases = |word: &str| Dna::parse(word.as_bytes()).is_ok_and(|dna| dna.is_acgt());
        (bases(reference) && bases(alternate)).then(|| format!("{contig}:{position}:{reference}>{alternate}"))
    })
}

/// Writes a variant of bases in the GTEx form: `chr5_1295113_G_A_b38`, alleles as they are (1-based).
pub fn gtex(variant: &Variant, assembly: Assembly) -> Option<String> {
    let build = match assembly {
        Assembly::GRCh38 => "b38",
        Assembly::GRCh37 => "b37",
        Assembly::GRCm38 => return None,
    };
    Some(format!("{}_{build}", joined(variant, '_')))
}

/// Writes a variant in the gnomAD form: `5-1295113-G-A`, without the `chr` prefix (1-based).
pub fn gnomad(variant: &Variant) -> String {
    let text = joined(variant, '-');
    match text.strip_prefix("chr") {
        Some(bare) => bare.to_owned(),
        None => text,
    }
}

/// Writes a variant of bases in the SPDI form (0-based); `None` for other alleles.
pub fn to_spdi(variant: &Variant) -> Option<String> {
    let Alternate::Bases(alternate) = &variant.alternate else {
        return None;
    };
    let (contig, position) = (&variant.contig, zero_based(variant.position));
    Some(format!("{contig}:{position}:{}:{alternate}", variant.reference_bases))
}

/// SPDI: "0-based interbase coordinate".
const fn zero_based(position: Position) -> u32 {
    position.zero_based()
}

fn joined(variant: &Variant, separator: char) -> String {
    let Variant {
        contig,
        position,
        reference_bases,
        alternate,
    } = variant;
    format!("{contig}{separator}{position}{separator}{reference_bases}{separator}{alternate}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Diagnostic;
    use proptest::prelude::*;

    /// Reads a word and writes the variant (1-based), the problem, or what is left to the reference.
    fn read(text: &str) -> String {
        let parsed = parse(text);
        let said = parsed.said_assembly.map_or("", Assembly::name);
        match parsed.variant {
            Ok(variant) => format!("{variant} {said}").trim_end().to_owned(),
            Err(RowProblem::NeedsReference(implied)) => format!("needs {implied}"),
            Err(RowProblem::IdUnreadable {
                nearest: Some(nearest), ..
            }) => format!("near {nearest}"),
            Err(problem) => problem.code().to_owned(),
        }
    }

    #[test]
    fn the_forms_in_use_are_read() {
        for (text, expected) in [
            ("chr5_1295113_G_A_b38", "chr5:1295113:G>A GRCh38"),
            ("5_1295228_G_A_b37", "5:1295228:G>A GRCh37"),
            ("5-1295113-G-A", "5:1295113:G>A"),
            ("chr5-1295113-G-A", "chr5:1295113:G>A"),
            ("NC_000005.10:1295112:G:A", "NC_000005.10:1295113:G>A GRCh38"),
            ("NC_000005.9:1295227:G:A", "NC_000005.9:1295228:G>A GRCh37"),
            ("NC_000005.10:1295112:G:", "NC_000005.10:1295113:G> GRCh38"),
            ("NC_000005.10:1295112::TT", "NC_000005.10:1295113:>TT GRCh38"),
            ("NC_000005.10:1295112:0:TT", "NC_000005.10:1295113:>TT GRCh38"),
            ("NC_000005.10:1295112:2:", "needs NC_000005.10:g.1295113_1295114del"),
            (
                "NC_000005.10:1295112:2:T",
                "needs NC_000005.10:g.1295113_1295114delinsT",
            ),
            ("NC_000005.10:g.1295113G>A", "NC_000005.10:1295113:G>A GRCh38"),
            ("NC_012920.1:m.73A>G", "NC_012920.1:73:A>G"),
            ("chr5:g.1295113G>A", "chr5:1295113:G>A"),
            ("chr5:1295113:G>A", "chr5:1295113:G>A"),
            ("chr5:1295113:G:A", "chr5:1295113:G>A"),
            ("5:1295113:G:A", "5:1295113:G>A"),
            ("5_1295113_G_A", "5:1295113:G>A"),
            ("5:1295113_G_A", "5:1295113:G>A"),
            ("5_1295113_G/A", "5:1295113:G>A"),
            (" 5:1295113:g:a ", "5:1295113:G>A"),
            ("chr5:1295113:G:-", "chr5:1295113:G>"),
            ("chr5_1295113_-_TT_b38", "chr5:1295113:>TT GRCh38"),
            ("chr5:1295113:G:<DEL>", "chr5:1295113:G><DEL>"),
            ("chr5-1295113-G-<INS:ME:ALU>", "chr5:1295113:G><INS:ME:ALU>"),
            ("5-1295113-G-*", "5:1295113:G>*"),
            (
                "chr1_KI270706v1_random_1234_A_G_b38",
                "chr1_KI270706v1_random:1234:A>G GRCh38",
            ),
            ("HLA-A*01:01:100:A>G", "HLA-A*01:01:100:A>G"),
            ("chr5:1295113:G>A:hg19", "chr5:1295113:G>A GRCh37"),
        ] {
            assert_eq!(read(text), expected, "`{text}`");
        }
    }

    #[test]
    fn what_is_no_variant_is_refused_with_its_reason() {
        for (text, expected) in [
            ("", "field_empty"),
            ("NA", "field_empty"),
            ("rs1242535815", "name_only"),
            ("rs28383314-C", "name_only"),
            ("NM_198253.3:c.-124C>T", "transcript_hgvs"),
            ("NP_000005.2:p.Gly12Asp", "transcript_hgvs"),
            ("chr5:100-200", "alleles_missing"),
            ("chr5:1,295,113-1,295,200", "alleles_missing"),
            ("chr5:1295113", "alleles_missing"),
            ("chr5:1,295,113:G>A", "position_not_number"),
            ("chr5:0:G>A", "position_zero"),
            ("chr5:5000000000:G>A", "position_too_large"),
            ("NC_000005.10:4294967295:G:A", "position_too_large"),
            ("chr5:1295113:G>X", "allele_letters"),
            ("NC_000005.10:1295112:G:X", "allele_letters"),
            ("NC_000005.10:1295112::", "field_empty"),
            ("chr5:1295113G>A", "near chr5:1295113:G>A"),
            ("2:27730940:T:C:imp:v1", "near 2:27730940:T>C"),
            ("chr5 1295113 G A", "near chr5:1295113:G>A"),
            ("chr1:161556950:I", "id_unreadable"),
            (":g.100A>G", "id_unreadable"),
            ("g.100A>G", "id_unreadable"),
            ("hello", "id_unreadable"),
            ("::::", "id_unreadable"),
            ("é5_1_A_é", "allele_letters"),
        ] {
            assert_eq!(read(text), expected, "`{text}`");
        }
    }

    #[test]
    fn assembly_suffixes_are_told_from_alleles() {
        assert_eq!(assembly_suffix(b"chr1_14677_G_A_b38"), Some(Assembly::GRCh38));
        assert_eq!(assembly_suffix(b"chr1_14677_G_A"), None);
        assert_eq!(assembly_suffix(b"rs123"), None);
        assert_eq!(assembly_suffix(b"_"), None);
    }

    fn variants() -> impl Strategy<Value = Variant> {
        let contig = prop_oneof![
            "[1-9]",
            "chr[1-9]",
            "chr[1-9]_KI[0-9]{6}v1_alt",
            "HLA-A\\*0[1-9]:01",
            "X"
        ];
        (contig, 1..=u32::MAX, "[ACGT]{1,12}", "[ACGT]{1,12}").prop_map(|(contig, position, reference, alternate)| {
            Variant {
                contig: ContigName::new(&contig),
                position: Position::new(position).unwrap(),
                reference_bases: Dna::parse(reference.as_bytes()).unwrap(),
                alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
            }
        })
    }

    proptest! {
        #[test]
        fn the_plain_and_gtex_forms_read_back(variant in variants()) {
            let plain = parse(&variant.to_string());
            prop_assert_eq!(plain.variant.as_ref(), Ok(&variant));
            let gtex = parse(&gtex(&variant, Assembly::GRCh38).unwrap());
            prop_assert_eq!(gtex.said_assembly, Some(Assembly::GRCh38));
            prop_assert_eq!(gtex.variant.as_ref(), Ok(&variant));
        }

        #[test]
        fn the_gnomad_form_reads_back_but_for_the_prefix(variant in variants()) {
            let read = parse(&gnomad(&variant)).variant.unwrap();
            prop_assert_eq!(read.contig.as_str(), variant.contig.as_str().trim_start_matches("chr"));
            prop_assert_eq!((read.position, &read.reference_bases, &read.alternate),
                (variant.position, &variant.reference_bases, &variant.alternate));
        }

        #[test]
        fn spdi_reads_back_on_accessions(
            position in 1..=u32::MAX, reference in "[ACGT]{0,6}", alternate in "[ACGT]{1,6}"
        ) {
            let variant = Variant {
                contig: ContigName::new("NC_000005.10"),
                position: Position::new(position).unwrap(),
                reference_bases: Dna::parse(reference.as_bytes()).unwrap(),
                alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
            };
            let parsed = parse(&to_spdi(&variant).unwrap());
            prop_assert_eq!(parsed.variant, Ok(variant));
        }

        #[test]
        fn no_word_makes_the_reader_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
            let _ = looks_like_id(&text);
        }

        #[test]
        fn no_word_of_the_grammar_s_letters_makes_the_reader_panic(text in "[ACGTchrNM0-9_:.>g<\\[\\]()=*/-]{0,24}") {
            let parsed = parse(&text);
            if let Err(problem) = parsed.variant {
                let _ = (problem.to_string(), problem.hint());
            }
        }
    }
}
