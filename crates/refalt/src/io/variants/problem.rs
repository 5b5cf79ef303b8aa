//! Why one row of the input is no variant. A refusal is data: the row is kept, with its reason.

use super::implied::ImpliedVariant;
use crate::Diagnostic;
use refalt_core::dna::NotNucleotide;
use refalt_core::{Assembly, VariantError};
use std::fmt;

/// The fields that make a variant, named as VCF names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// The contig.
    Contig,
    /// The position.
    Position,
    /// The name of the variant.
    Id,
    /// The reference allele.
    Reference,
    /// The alternate allele.
    Alternate,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Contig => "CHROM",
            Self::Position => "POS",
            Self::Id => "ID",
            Self::Reference => "REF",
            Self::Alternate => "ALT",
        })
    }
}

/// Why a row is no variant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowProblem {
    /// The line ends before the columns that make a variant.
    #[error("the line has {found} of the {needed} columns needed")]
    FieldsMissing {
        /// Columns found.
        found: usize,
        /// Columns needed.
        needed: usize,
    },
    /// A table line and the header differ in columns, so the cells may stand in the wrong column.
    #[error("the row has {found} columns and spans {lines} line(s), the header has {expected} columns")]
    FieldCount {
        /// Columns found.
        found: usize,
        /// Columns of the header.
        expected: usize,
        /// Lines of the file that the row takes, more than one with quoted line breaks.
        lines: u64,
    },
    /// A quoted cell is not closed, or text follows its closing mark.
    #[error("a cell begins with a quotation mark that is not closed before the next separator")]
    QuoteMalformed,
    /// A cell holds nothing: it is empty, `NA` or the like.
    #[error("{field} is missing: the cell is `{found}`")]
    FieldEmpty {
        /// The field.
        field: Field,
        /// The cell as written.
        found: Box<str>,
    },
    /// POS is no whole number.
    #[error("the position `{found}` is not a whole number")]
    PositionNotNumber {
        /// The cell as written.
        found: Box<str>,
    },
    /// POS is 0 where positions begin at 1.
    #[error("the position is 0; positions begin at 1")]
    PositionZero,
    /// POS does not fit 32 bits.
    #[error("the position `{found}` is past {}, the largest that is supported", u32::MAX)]
    PositionTooLarge {
        /// The cell as written.
        found: Box<str>,
    },
    /// A span that ends before it starts.
    #[error("the end {end} is before the start {start} (0-based)")]
    Inverted {
        /// Start (0-based).
        start: u32,
        /// End (exclusive).
        end: u32,
    },
    /// An allele has letters that are no nucleotide codes.
    #[error("{field} `{allele}`: {cause}")]
    AlleleLetters {
        /// REF or ALT.
        field: Field,
        /// The allele as written.
        allele: Box<str>,
        /// The first foreign letter.
        cause: Box<NotNucleotide>,
    },
    /// An allele begins like a symbolic one and is none.
    #[error("ALT `{allele}` is neither bases nor a symbolic allele such as `<DEL>` nor a breakend")]
    AlleleMalformed {
        /// The allele as written.
        allele: Box<str>,
    },
    /// A dbSNP name says neither place nor alleles.
    #[error("`{found}` is a name without coordinates and alleles")]
    NameOnly {
        /// The text as written.
        found: Box<str>,
    },
    /// HGVS on a transcript or protein.
    #[error("`{found}` counts along a transcript or protein, not along a chromosome")]
    TranscriptHgvs {
        /// The text as written.
        found: Box<str>,
    },
    /// A place without alleles.
    #[error("`{found}` names a place, but no alleles")]
    AllelesMissing {
        /// The text as written.
        found: Box<str>,
    },
    /// The text follows none of the grammars.
    #[error("`{found}` follows no form of a variant that is known")]
    IdUnreadable {
        /// The text as written.
        found: Box<str>,
        /// What it may stand for.
        nearest: Option<Box<str>>,
    },
    /// HGVS that describes no single, certain edit.
    #[error("HGVS `{found}` is not supported: {reason}")]
    HgvsUnsupported {
        /// The text as written.
        found: Box<str>,
        /// What is not supported.
        reason: &'static str,
    },
    /// HGVS that contradicts itself.
    #[error("HGVS `{found}` contradicts itself: {reason}")]
    HgvsInconsistent {
        /// The text as written.
        found: Box<str>,
        /// The contradiction.
        reason: &'static str,
    },
    /// The text leaves out bases that only the reference knows.
    #[error("`{0}` leaves out bases that only the reference knows")]
    NeedsReference(Box<ImpliedVariant>),
    /// The reference cannot give the bases that the text leaves out.
    #[error(transparent)]
    Reference(Box<VariantError>),
    /// The assembly column names no known assembly.
    #[error("the assembly column says `{found}`, which is none of the known assemblies (GRCh38, GRCh37, GRCm38)")]
    AssemblyUnknown {
        /// The cell as written.
        found: Box<str>,
    },
    /// The row states two assemblies.
    #[error("the row says {column} in its assembly column and {text} in its name or contig")]
    AssemblyContradiction {
        /// What the column says.
        column: Assembly,
        /// What the name, accession or contig says.
        text: Assembly,
    },
    /// The text implies more bases than refalt fills in.
    #[error(
        "the text implies {found_bp} bp that are not written out; at most {} bp are filled in",
        super::implied::MAX_FILLED_BP
    )]
    TooManyImpliedBases {
        /// The bases implied.
        found_bp: u32,
    },
}

impl RowProblem {
    /// Returns a short, fixed name for tables: `position_zero`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FieldsMissing { .. } => "fields_missing",
            Self::FieldCount { .. } => "field_count",
            Self::QuoteMalformed => "quote_malformed",
            Self::FieldEmpty { .. } => "field_empty",
            Self::PositionNotNumber { .. } => "position_not_number",
            Self::PositionZero => "position_zero",
            Self::PositionTooLarge { .. } => "position_too_large",
            Self::Inverted { .. } => "inverted",
            Self::AlleleLetters { .. } => "allele_letters",
            Self::AlleleMalformed { .. } => "allele_malformed",
            Self::NameOnly { .. } => "name_only",
            Self::TranscriptHgvs { .. } => "transcript_hgvs",
            Self::AllelesMissing { .. } => "alleles_missing",
            Self::IdUnreadable { .. } => "id_unreadable",
            Self::HgvsUnsupported { .. } => "hgvs_unsupported",
            Self::HgvsInconsistent { .. } => "hgvs_inconsistent",
            Self::NeedsReference(_) => "needs_reference",
            Self::Reference(_) => "reference",
            Self::AssemblyUnknown { .. } => "assembly_unknown",
            Self::AssemblyContradiction { .. } => "assembly_contradiction",
            Self::TooManyImpliedBases { .. } => "too_many_implied_bases",
        }
    }
}

impl Diagnostic for RowProblem {
    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::FieldsMissing { .. } => {
                "columns are separated by tabs; a last line that is cut short means that the file is incomplete"
                    .to_owned()
            }
            Self::QuoteMalformed => "double the quotation marks inside quoted cells, and close the cells".to_owned(),
            Self::FieldCount { found, expected, .. } if *found == expected + 1 => {
                "quote cells that contain the separator; a table that R wrote with row names lacks a name in its header: \
                 write it with `row.names = FALSE`"
                    .to_owned()
            }
            Self::FieldCount { .. } => {
                "quote cells that contain the separator, and write empty cells out to the last column".to_owned()
            }
            Self::FieldEmpty { field, .. } if *field == Field::Reference || *field == Field::Alternate => {
                "write `-` in a table for an allele without bases".to_owned()
            }
            Self::FieldEmpty { .. } => return None,
            Self::PositionNotNumber { found } => position_hint(found)?,
            Self::PositionZero => {
                "a table that counts from 0 names its column with `--columns start0=COLUMN`; in VCF, POS 0 is the telomere"
                    .to_owned()
            }
            Self::PositionTooLarge { .. } => return None,
            Self::Inverted { .. } => "the smaller coordinate comes first on both strands".to_owned(),
            Self::AlleleLetters { .. } => "write one allele of nucleotide letters in each cell".to_owned(),
            Self::AlleleMalformed { .. } => return None,
            Self::NameOnly { .. } => {
                "give coordinates and alleles, for example the VCF of dbSNP for these names".to_owned()
            }
            Self::TranscriptHgvs { .. } => {
                "give the genomic form, for example `NC_000005.10:g.1295113G>A`; refalt has no transcripts".to_owned()
            }
            Self::AllelesMissing { found } => format!("add REF and ALT, for example `{}:G>A`", place_of(found)),
            Self::IdUnreadable { nearest: Some(nearest), .. } => format!("is `{nearest}` meant?"),
            Self::IdUnreadable { nearest: None, .. } => {
                "forms: `chr5:1295113:G>A`, `5-1295113-G-A`, `chr5_1295113_G_A_b38`, `NC_000005.10:1295112:G:A`, `NC_000005.10:g.1295113G>A`"
                    .to_owned()
            }
            Self::HgvsUnsupported { .. } | Self::HgvsInconsistent { .. } => {
                "write the change as CHROM, POS, REF and ALT".to_owned()
            }
            Self::NeedsReference(_) => "give a reference, or write the bases out".to_owned(),
            Self::Reference(cause) => return cause.hint(),
            Self::AssemblyUnknown { .. } => {
                "name another column with `--columns assembly=COLUMN`; `assembly==.` says that no column states it"
                    .to_owned()
            }
            Self::AssemblyContradiction { .. } => {
                "find out which one the coordinates count on; `refalt vet` weighs it".to_owned()
            }
            Self::TooManyImpliedBases { .. } => "such a variant cannot be scored from its sequence".to_owned(),
        })
    }
}

/// Says what is wrong with a number that is none.
fn position_hint(found: &str) -> Option<String> {
    let exponent = found
        .split_once(['e', 'E'])
        .is_some_and(|(mantissa, _)| mantissa.starts_with(|c: char| c.is_ascii_digit()));
    if exponent {
        return Some("write positions out in full: an exponent may have rounded the number".to_owned());
    }
    if found.contains(',') && found.bytes().all(|b| b.is_ascii_digit() || b == b',') {
        return Some(format!("write it without separators: `{}`", found.replace(',', "")));
    }
    None
}

/// Returns the part of `chr5:100-200` that names its first base.
fn place_of(text: &str) -> &str {
    match text.rsplit_once(':') {
        Some((contig, span)) => {
            let first = span.find('-').unwrap_or(span.len());
            &text[..contig.len() + 1 + first]
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_name_the_likely_cause_of_a_bad_number() {
        let hint = |found: &str| RowProblem::PositionNotNumber { found: found.into() }.hint();
        assert!(hint("1e+06").unwrap().contains("exponent"));
        assert_eq!(hint("1,295,113").unwrap(), "write it without separators: `1295113`");
        assert_eq!(hint("abc"), None);
        assert_eq!(hint("e5"), None);
    }

    #[test]
    fn a_problem_stays_small_beside_a_variant() {
        assert!(size_of::<RowProblem>() <= size_of::<refalt_core::Variant>());
    }
}
