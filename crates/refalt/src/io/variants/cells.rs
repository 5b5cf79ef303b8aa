//! Rows of a table, whatever wrote the table: from cells of text to variants.

use super::allele;
use super::columns::stated_assembly;
use super::contigs::Contigs;
use super::hgvs;
use super::ids;
use super::problem::{Field, RowProblem};
use super::resolve::{AssemblyFrom, Columns, ContigFrom, PositionFrom, VariantFrom};
use super::row::{RowNames, VariantRow, hgvs_list};
use super::vcf::strand;
use refalt_core::{Alternate, Assembly, ContigName, Dna, Position, Variant};
use std::collections::VecDeque;

/// Makes rows from the cells of one record.
pub(super) struct CellReader {
    pub(super) columns: Columns,
    pub(super) contigs: Contigs,
}

/// The variant of a record without its alternate allele.
type Place = (ContigName, Position, Dna);

impl CellReader {
    pub(super) fn new(columns: Columns) -> Self {
        let contigs = Contigs::default();
        Self { columns, contigs }
    }

    /// Appends the rows of a record; `cell` returns the text of a column, `None` for no value.
    pub(super) fn read<'t>(
        &mut self,
        line: u64,
        cell: impl Fn(usize) -> Option<&'t str>,
        rows: &mut VecDeque<VariantRow>,
    ) {
        let value = |column: usize| cell(column).map(str::trim).filter(|text| !ids::is_missing(text));
        let owned = |column: Option<usize>| column.and_then(value).map(Box::<str>::from);
        let mut names = RowNames {
            rsid: owned(self.columns.rsid),
            gene: owned(self.columns.gene),
            gene_strand: self.columns.strand.and_then(value).and_then(strand),
            hgvs: self.columns.hgvs.and_then(value).map_or_else(Vec::new, hgvs_list),
        };
        if let VariantFrom::Word(column) = self.columns.variant
            && let Some(word) = value(column).filter(|word| names.hgvs.is_empty() && hgvs::split(word).is_some())
        {
            names.hgvs.push(word.into());
        }
        let id = owned(self.columns.name);
        let carried: Box<[Option<Box<str>>]> = self.columns.carried.iter().map(|&column| owned(Some(column))).collect();
        let text = |column: usize| cell(column).unwrap_or("").trim();
        let stated = match self.columns.assembly {
            AssemblyFrom::Column(column) => stated_assembly(text(column)),
            AssemblyFrom::Constant(assembly) => Ok(assembly),
        };
        let shared: Box<[usize]> = match &self.columns.variant {
            VariantFrom::Columns { alternate, .. } if text(*alternate).contains(',') => (0..carried.len()).collect(),
            _ => Box::default(),
        };
        let mut push = |allele: u32, said_assembly, variant, written: Option<Box<str>>| {
            rows.push_back(VariantRow {
                row: 0,
                line,
                allele,
                id: id.clone(),
                said_assembly,
                names: names.clone(),
                written,
                variant,
                carried: carried.clone(),
                shared: shared.clone(),
            });
        };
        match &self.columns.variant {
            VariantFrom::Word(column) => {
                let word = text(*column);
                let parsed = ids::parse_with(word, &mut self.contigs);
                let said = agreed(stated, parsed.said_assembly);
                let variant = parsed.variant.and_then(|variant| said.clone().map(|_| variant));
                push(1, said.unwrap_or_default(), variant, Some(word.into()));
            }
            VariantFrom::Columns {
                contig,
                position,
                reference,
                alternate,
            } => {
                let contig = match contig {
                    ContigFrom::Column(column) => text(*column),
                    ContigFrom::Constant(value) => value,
                };
                let shown_position = text(position.column());
                let (reference, alternates) = (text(*reference), text(*alternate));
                let (name, said_by_contig) = contig_of(contig, &mut self.contigs);
                let said = said_by_contig.or_else(|| id.as_deref().and_then(|id| ids::assembly_suffix(id.as_bytes())));
                let said = agreed(stated, said);
                let name = name.ok_or_else(|| empty(Field::Contig, contig));
                let place = name
                    .and_then(|name| place(name, shown_position, *position, reference))
                    .and_then(|place| said.clone().map(|_| place));
                let said = said.unwrap_or_default();
                for (index, alternate) in alternates.split(',').enumerate() {
                    let variant = place.clone().and_then(|place| with_alternate(place, alternate));
                    let digits = shown_position.as_bytes();
                    let is_verbatim = variant.as_ref().is_ok_and(|variant| match position {
                        PositionFrom::Bases(_) => {
                            allele::is_verbatim(variant, digits, reference.as_bytes(), alternate.as_bytes())
                        }
                        PositionFrom::BedStart(_) => {
                            allele::has_same_alleles(variant, reference.as_bytes(), alternate.as_bytes())
                        }
                    });
                    let written = (!is_verbatim).then(|| {
                        let base = match position {
                            PositionFrom::Bases(_) => "",
                            PositionFrom::BedStart(_) => "start0=",
                        };
                        format!("{contig}:{base}{shown_position}:{reference}>{alternate}").into()
                    });
                    let allele = u32::try_from(index + 1).unwrap_or(u32::MAX);
                    push(allele, said, variant, written);
                }
            }
        }
    }
}

/// Reads a variant from the cells of its contig, position, REF and one ALT; `-` stands for no bases.
///
/// * `counts_from_zero`: whether the position is 0-based, as the starts of BED are.
pub(crate) fn variant_of_cells(
    contig: &str,
    position: &str,
    counts_from_zero: bool,
    reference: &str,
    alternate: &str,
) -> ids::ParsedId {
    let (name, said_assembly) = contig_of(contig, &mut Contigs::default());
    let from = if counts_from_zero {
        PositionFrom::BedStart(0)
    } else {
        PositionFrom::Bases(0)
    };
    let variant = name
        .ok_or_else(|| empty(Field::Contig, contig))
        .and_then(|name| place(name, position, from, reference))
        .and_then(|place| with_alternate(place, alternate));
    ids::ParsedId { said_assembly, variant }
}

/// Brings together what the assembly column and the row's own text state; the row must not contradict itself.
fn agreed(
    column: Result<Option<Assembly>, RowProblem>,
    text: Option<Assembly>,
) -> Result<Option<Assembly>, RowProblem> {
    match (column?, text) {
        (Some(column), Some(text)) if column != text => Err(RowProblem::AssemblyContradiction { column, text }),
        (column, text) => Ok(column.or(text)),
    }
}

fn contig_of(text: &str, contigs: &mut Contigs) -> (Option<ContigName>, Option<Assembly>) {
    if ids::is_missing(text) {
        return (None, None);
    }
    match contigs.intern(text.as_bytes()) {
        Some((name, said)) => (Some(name), said),
        None => (None, None),
    }
}

fn empty(field: Field, found: &str) -> RowProblem {
    RowProblem::FieldEmpty {
        field,
        found: found.into(),
    }
}

fn place(contig: ContigName, position: &str, from: PositionFrom, reference: &str) -> Result<Place, RowProblem> {
    if ids::is_missing(position) {
        return Err(empty(Field::Position, position));
    }
    let digits = whole_number(position).as_bytes();
    let position = match from {
        PositionFrom::Bases(_) => allele::position(digits),
        PositionFrom::BedStart(_) => allele::zero_based_position(digits),
    }?;
    if ids::is_missing(reference) {
        return Err(empty(Field::Reference, reference));
    }
    Ok((contig, position, ids::reference_cell(reference)?))
}

fn with_alternate((contig, position, reference_bases): Place, alternate: &str) -> Result<Variant, RowProblem> {
    if alternate != "." && ids::is_missing(alternate) {
        return Err(empty(Field::Alternate, alternate));
    }
    let alternate: Alternate = ids::alternate_cell(alternate)?;
    Ok(Variant {
        contig,
        position,
        reference_bases,
        alternate,
    })
}

/// Takes `.0` off `9435653.0`, the way data frames with missing values write whole numbers; the value is the same.
fn whole_number(text: &str) -> &str {
    match text.split_once('.') {
        Some((digits, zeros)) if !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => digits,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::variants::columns::ColumnMap;
    use crate::io::variants::resolve::Resolver;

    fn read(header: &str, map: &str, cells: &str) -> Vec<VariantRow> {
        let header: Vec<String> = header.split('|').map(str::to_owned).collect();
        let map: ColumnMap = map.parse().unwrap();
        let resolver = Resolver {
            header: &header,
            map: &map,
            carry: &[],
        };
        let mut reader = CellReader::new(resolver.resolve().unwrap());
        let cells: Vec<&str> = cells.split('|').collect();
        let mut rows = VecDeque::new();
        reader.read(2, |column| cells.get(column).copied(), &mut rows);
        rows.into()
    }

    fn one(header: &str, map: &str, cells: &str) -> String {
        let rows = read(header, map, cells);
        match &rows[0].variant {
            Ok(variant) => variant.to_string(),
            Err(problem) => problem.code().to_owned(),
        }
    }

    #[test]
    fn cells_become_variants() {
        let header = "Chrom|Pos|Ref|Alt";
        for (cells, expected) in [
            ("5|1295247|G|T", "5:1295247:G>T"),
            ("5|1295247|G|-", "5:1295247:G>"),
            ("5|1295247|-|AC", "5:1295247:>AC"),
            ("5|1295247|g|t", "5:1295247:G>T"),
            ("chr19|9435653.0|C|A", "chr19:9435653:C>A"),
            ("5|1295247|G|.", "5:1295247:G>."),
            ("5|1295247|G|<DEL>", "5:1295247:G><DEL>"),
            ("5|NA|G|T", "field_empty"),
            ("NA|1|G|T", "field_empty"),
            ("|1|G|T", "field_empty"),
            // `NA` is two nucleotide codes, and in a table it is a missing value all the same.
            ("5|1|NA|T", "field_empty"),
            ("5|1|G|NA", "field_empty"),
            ("5|1||T", "field_empty"),
            ("5|1|G|", "field_empty"),
            ("5|1e+06|G|T", "position_not_number"),
            ("5|9435653.5|G|T", "position_not_number"),
            ("5|0|G|T", "position_zero"),
            ("5|1|G|I", "allele_letters"),
        ] {
            assert_eq!(one(header, "", cells), expected, "{cells}");
        }
    }

    #[test]
    fn a_bed_start_counts_from_zero() {
        assert_eq!(
            one("chrom|chromStart|REF|ALT", "start0=chromStart", "chr1|0|C|T"),
            "chr1:1:C>T"
        );
    }

    #[test]
    fn several_alternates_are_several_rows() {
        let rows = read("chrom|pos|ref|alt", "", "1|66915|C|A,*,<DEL>");
        let texts: Vec<_> = rows.iter().map(|row| (row.allele, row.text().into_owned())).collect();
        assert_eq!(
            texts,
            [
                (1, "1:66915:C>A".to_owned()),
                (2, "1:66915:C>*".to_owned()),
                (3, "1:66915:C><DEL>".to_owned())
            ]
        );
    }

    #[test]
    fn the_text_of_a_row_keeps_the_letters_of_the_file() {
        let rows = read("chrom|pos|ref|alt", "", "1|00100|c|a");
        assert_eq!(rows[0].text(), "1:00100:c>a");
        assert_eq!(read("chrom|pos|ref|alt", "", "1|100|C|A")[0].written, None);
    }

    #[test]
    fn the_assembly_column_is_what_the_row_states() {
        let header = "chrom|pos|ref|alt|genome_build|variant_id";
        let said = |build: &str, id: &str| {
            let rows = read(header, "", &format!("5|1|G|A|{build}|{id}"));
            match &rows[0].variant {
                Ok(_) => format!("{:?}", rows[0].said_assembly),
                Err(problem) => problem.code().to_owned(),
            }
        };
        for (build, id, expected) in [
            ("GRCh37", "x", "Some(GRCh37)"),
            ("hg38", "x", "Some(GRCh38)"),
            ("GRCh37.p13", "x", "Some(GRCh37)"),
            ("37", "x", "Some(GRCh37)"),
            ("38", "x", "Some(GRCh38)"),
            ("NA", "x", "None"),
            ("", "chr5_1_G_A_b37", "Some(GRCh37)"),
            ("b37", "chr5_1_G_A_b37", "Some(GRCh37)"),
            ("hg38", "chr5_1_G_A_b37", "assembly_contradiction"),
            // Builds that are not known are never taken for none stated.
            ("hg18", "x", "assembly_unknown"),
            ("hg19/hg38", "x", "assembly_unknown"),
        ] {
            assert_eq!(said(build, id), expected, "{build} {id}");
        }
        let word = read("id|assembly", "id=id", "chr5:1:G>A|hg19");
        assert_eq!(word[0].said_assembly, Some(Assembly::GRCh37));
        let named = read("chrom|pos|ref|alt|B", "assembly=B", "5|1|G|A|hg19");
        assert_eq!(named[0].said_assembly, Some(Assembly::GRCh37));
        let constant = read("chrom|pos|ref|alt|build", "assembly==hg38", "5|1|G|A|2019");
        assert_eq!(constant[0].said_assembly, Some(Assembly::GRCh38));
        let silent = read("chrom|pos|ref|alt|build", "assembly==.", "5|1|G|A|2019");
        assert_eq!(silent[0].said_assembly, None);
        assert!(silent[0].variant.is_ok());
    }

    #[test]
    fn a_row_says_what_its_names_say() {
        let rows = read(
            "chrom|pos|ref|alt|variant_id|gene|strand|hgvs",
            "",
            "5|1|G|A|chr5_1_G_A_b37|TERT|-|NM_198253.3:c.-124C>T",
        );
        assert_eq!(rows[0].said_assembly, Some(Assembly::GRCh37));
        assert_eq!(rows[0].names.gene.as_deref(), Some("TERT"));
        assert_eq!(rows[0].names.gene_strand, Some(refalt_core::Strand::Reverse));
        assert_eq!(&*rows[0].names.hgvs[0], "NM_198253.3:c.-124C>T");
    }
}
