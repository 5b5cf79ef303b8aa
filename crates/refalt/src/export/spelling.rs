//! How an input row is spelt in a VCF record.
//!
//! METHOD: a record stands where the input says, with its alleles and under its contig name, so that an annotation by
//! exact match finds it. The normal form takes its place where the row was repaired, or is spelt in a way that VCF does
//! not know (an rsID, an HGVS deletion). Rows without either, and rows on another assembly, have no place in this genome:
//! they go to a contig of their own, `refalt_unplaced`.

use crate::io::variants::ids;
use crate::score_folder::VariantRow;
use refalt_core::contig::same_contig;
use refalt_core::{Alternate, Position};

/// The contig of rows without a place in the genome.
pub(super) const UNPLACED: &str = "refalt_unplaced";

/// A place and alleles, as VCF writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub(super) contig: String,
    pub(super) position: Position,
    pub(super) reference_bases: String,
    pub(super) alternate: String,
    /// Whether it is what the input says, letter for letter.
    pub(super) is_as_written: bool,
}

/// Returns the spelling of a row.
pub(super) fn spell(row: &VariantRow) -> Spelling {
    let written = written(&row.as_written);
    let is_elsewhere = row.code.as_deref() == Some("other_assembly");
    match (&row.normal_form, written) {
        _ if is_elsewhere => unplaced(),
        (_, Some(written)) if row.repair.is_none() => written,
        (Some(normal), written) => Spelling {
            contig: match written {
                Some(written) if same_contig(&written.contig, &normal.contig) => written.contig,
                _ => normal.contig.clone(),
            },
            position: normal.position,
            reference_bases: normal.reference_bases.clone(),
            alternate: normal.alternate_bases.clone(),
            is_as_written: false,
        },
        _ => unplaced(),
    }
}

fn unplaced() -> Spelling {
    Spelling {
        contig: UNPLACED.to_owned(),
        position: Position::FIRST,
        reference_bases: "N".to_owned(),
        alternate: ".".to_owned(),
        is_as_written: false,
    }
}

/// Reads a variant as written, when VCF can spell it.
fn written(text: &str) -> Option<Spelling> {
    let spelling = match ids::parse(text).variant {
        Ok(variant) => Spelling {
            contig: variant.contig.to_string(),
            position: variant.position,
            reference_bases: variant.reference_bases.to_string(),
            alternate: match &variant.alternate {
                Alternate::Bases(bases) => bases.to_string(),
                other => other.to_string(),
            },
            is_as_written: true,
        },
        Err(_) => colons(text)?,
    };
    let is_base = |letter: u8| letter.is_ascii_alphabetic();
    let is_reference = !spelling.reference_bases.is_empty() && spelling.reference_bases.bytes().all(is_base);
    let is_text = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let is_spelt = is_reference
        && is_text(&spelling.alternate)
        && !spelling.alternate.contains([',', ';', '='])
        && is_text(&spelling.contig)
        && !spelling.contains_forbidden();
    is_spelt.then_some(spelling)
}

impl Spelling {
    /// VCF 4.3, section 1.4.7: a contig name holds none of these, and begins with neither `*` nor `=`.
    fn contains_forbidden(&self) -> bool {
        self.contig
            .contains(['\\', ',', '"', '\'', '`', '(', ')', '[', ']', '{', '}', '<', '>'])
            || self.contig.starts_with(['*', '='])
    }
}

/// Reads `contig:position:REF>ALT` with any ALT: symbolic alleles and breakends, whose text holds colons, too.
fn colons(text: &str) -> Option<Spelling> {
    let (before, alternate) = text.split_once('>')?;
    let (place, reference_bases) = before.rsplit_once(':')?;
    let (contig, position) = place.rsplit_once(':')?;
    Some(Spelling {
        contig: contig.to_owned(),
        position: Position::new(position.parse().ok()?)?,
        reference_bases: reference_bases.to_owned(),
        alternate: alternate.to_owned(),
        is_as_written: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score_folder::NormalForm;

    fn row(as_written: &str) -> VariantRow {
        VariantRow {
            row: 1,
            id: None,
            as_written: as_written.to_owned(),
            status: "scored".to_owned(),
            code: None,
            reason: None,
            duplicate_of: None,
            repair: None,
            variant_id: None,
            normal_form: Some(NormalForm {
                contig: "chr5".to_owned(),
                position: Position::new(99).unwrap(),
                reference_bases: "CA".to_owned(),
                alternate_bases: "C".to_owned(),
            }),
            scored_interval: None,
        }
    }

    fn check(row: &VariantRow, expected: &str) {
        let found = spell(row);
        let text = format!(
            "{}:{}:{}>{}",
            found.contig, found.position, found.reference_bases, found.alternate
        );
        assert_eq!(text, expected, "{}", row.as_written);
    }

    #[test]
    fn a_row_stands_as_written_where_vcf_can_spell_it() {
        for (written, expected) in [
            ("5:100:CAA>CA", "5:100:CAA>CA"),
            ("chr5_100_CAA_CA_b38", "chr5:100:CAA>CA"),
            ("HLA-A*01:01:100:A>C", "HLA-A*01:01:100:A>C"),
            ("chr5:100:A><DEL>", "chr5:100:A><DEL>"),
            ("chr5:100:G>G]17:198982]", "chr5:100:G>G]17:198982]"),
            ("chr5:100:A>*", "chr5:100:A>*"),
            // No spelling of VCF: the normal form, under the input's name of the contig where it gives one.
            ("rs12345", "chr5:99:CA>C"),
            ("chr5:100:>A", "chr5:99:CA>C"),
        ] {
            check(&row(written), expected);
        }
    }

    #[test]
    fn a_repaired_row_stands_in_normal_form() {
        let mut repaired = row("5:100:T>G");
        repaired.repair = Some("strand".to_owned());
        check(&repaired, "5:99:CA>C");
    }

    #[test]
    fn rows_without_a_place_in_this_genome_are_unplaced() {
        let mut nowhere = row("rs12345");
        nowhere.normal_form = None;
        check(&nowhere, "refalt_unplaced:1:N>.");
        let mut elsewhere = row("chr5:100:A>C");
        elsewhere.code = Some("other_assembly".to_owned());
        check(&elsewhere, "refalt_unplaced:1:N>.");
    }
}
