//! Variant lists as others released them; sources and known facts in `tests/data/variants/README.md`.

use refalt::io::variants::{
    ColumnName, Format, ReadCause, ReadError, ReadOptions, Role, RowProblem, Source, VariantReader, VariantRow, ids,
    open,
};
use refalt_core::{Alternate, Assembly};
use std::collections::BTreeMap;
use std::path::PathBuf;

fn data(name: &str) -> PathBuf {
    crate::data("variants").join(name)
}

fn open_with(name: &str, options: &ReadOptions) -> Result<VariantReader, ReadError> {
    open(&Source::Path(data(name)), options)
}

fn columns(map: &str) -> ReadOptions {
    ReadOptions {
        columns: map.parse().unwrap(),
        ..ReadOptions::default()
    }
}

fn rows_with(name: &str, map: &str) -> Vec<VariantRow> {
    open_with(name, &columns(map)).unwrap().map(Result::unwrap).collect()
}

fn rows(name: &str) -> Vec<VariantRow> {
    rows_with(name, "")
}

fn texts(rows: &[VariantRow]) -> Vec<String> {
    rows.iter().map(|row| row.text().into_owned()).collect()
}

fn variants(rows: &[VariantRow]) -> Vec<String> {
    rows.iter()
        .map(|row| match &row.variant {
            Ok(variant) => variant.to_string(),
            Err(problem) => problem.code().to_owned(),
        })
        .collect()
}

fn records(rows: &[VariantRow]) -> usize {
    let mut lines: Vec<u64> = rows.iter().map(|row| row.line).collect();
    lines.dedup();
    lines.len()
}

#[test]
fn gnomad_slices_have_their_released_number_of_records() {
    for (name, expected) in [
        ("gnomad_v4.0_exomes_chrX_253600_255239.slim.vcf.gz", 891),
        ("gnomad_v4.0_genomes_chrY_2781500_2790000.slim.vcf.gz", 507),
        ("gnomad_v4.0_genomes_chr1_10031_10061.vcf.gz", 7),
        ("gnomad_v4.0_cnv_chr1.vcf.gz", 71),
        ("gnomad_v3.1_chrM_GRCh38.vcf.gz", 4),
    ] {
        let rows = rows(name);
        assert_eq!(rows.len(), expected, "{name}");
        assert!(rows.iter().all(|row| row.variant.is_ok()), "{name}");
    }
    assert_eq!(
        texts(&rows("gnomad_v4.0_genomes_chr1_10031_10061.vcf.gz"))[0],
        "chr1:10031:T>C"
    );
}

#[test]
fn symbolic_alleles_are_kept_and_counted() {
    let rows = rows("gnomad_v4.0_sv_chr1_10000_629981.slim.vcf.gz");
    let mut kinds = BTreeMap::new();
    for row in &rows {
        let Ok(variant) = &row.variant else {
            panic!("{} is refused", row.text())
        };
        let Alternate::Symbolic(name) = &variant.alternate else {
            panic!("{} is not symbolic", row.text())
        };
        *kinds.entry(name.to_string()).or_insert(0) += 1;
    }
    let expected = [
        ("<BND>", 95),
        ("<CNV>", 9),
        ("<DEL>", 84),
        ("<DEL:ME:LINE1>", 1),
        ("<DUP>", 58),
        ("<INS>", 13),
        ("<INS:ME:ALU>", 2),
    ];
    assert_eq!(kinds, expected.map(|(name, count)| (name.to_owned(), count)).into());
}

#[test]
fn multi_allelic_rows_split_as_bcftools_splits_them() {
    for (name, expected, from) in [
        (
            "1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz",
            "onekg_chr12.split.txt",
            100,
        ),
        ("dbsnp_BRCA1_GRCh37.vcf", "dbsnp.split.txt", 40),
    ] {
        let rows = rows(name);
        assert_eq!(records(&rows), from, "{name}");
        let expected = std::fs::read_to_string(data(expected)).unwrap();
        assert_eq!(texts(&rows), expected.lines().collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn a_star_allele_is_a_row_of_its_own() {
    let rows = rows("1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz");
    let star = rows
        .iter()
        .find(|row| row.variant.as_ref().unwrap().alternate == Alternate::Star)
        .unwrap();
    assert_eq!((star.text().as_ref(), star.allele), ("chr12:138702:C>*", 1));
    let next = &rows[usize::try_from(star.row).unwrap()];
    assert_eq!(
        (next.text().as_ref(), next.allele, next.line),
        ("chr12:138702:C>A", 2, star.line)
    );
}

#[test]
fn bcf_holds_the_rows_of_the_vcf_it_was_made_from() {
    for (bcf, vcf) in [
        (
            "onekg_chr12.bcf",
            "1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz",
        ),
        ("gnomad_sv.bcf", "gnomad_v4.0_sv_chr1_10000_629981.slim.vcf.gz"),
    ] {
        let reader = open_with(bcf, &ReadOptions::default()).unwrap();
        assert_eq!(reader.format(), Format::Bcf);
        assert_eq!(reader.header_assembly(), Some(Assembly::GRCh38));
        let (binary, text): (Vec<_>, Vec<_>) = (reader.map(Result::unwrap).collect(), rows(vcf));
        let content = |row: &VariantRow| (row.row, row.allele, row.id.clone(), row.variant.clone());
        assert_eq!(
            binary.iter().map(content).collect::<Vec<_>>(),
            text.iter().map(content).collect::<Vec<_>>()
        );
    }
}

#[test]
fn headers_say_what_they_say_about_the_assembly() {
    for (name, expected) in [
        (
            "1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz",
            Some(Assembly::GRCh38),
        ),
        ("dbsnp_BRCA1_GRCh37.vcf", Some(Assembly::GRCh37)),
        (
            "gnomad_v4.0_genomes_chrY_2781500_2790000.slim.vcf.gz",
            Some(Assembly::GRCh38),
        ),
        // A file of GRCh38 whose contig line is `##contig=<ID=MT,length=16569,assembly=GRCh37>`.
        ("gnomad_v3.1_chrM_GRCh38.vcf.gz", Some(Assembly::GRCh37)),
        ("snps_polya.vcf", None),
    ] {
        let reader = open_with(name, &ReadOptions::default()).unwrap();
        assert_eq!(
            reader.header_assembly(),
            expected,
            "{name}: {:?}",
            reader.assembly_clues()
        );
    }
}

#[test]
fn a_record_with_a_letter_that_is_no_base_is_one_refused_row() {
    let rows = rows("giab_HG001_chr19_edge_cases_GRCh38.vcf.gz");
    assert_eq!(records(&rows), 8);
    let refused: Vec<_> = rows.iter().filter(|row| row.variant.is_err()).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(
        (refused[0].text().as_ref(), refused[0].allele),
        ("chr19:54221654:T>P", 2)
    );
}

#[test]
fn vcf_without_a_column_line_or_any_header_is_read() {
    let (as_is, flipped) = (
        rows("baskerville_eqtl_chr1.vcf"),
        rows("baskerville_eqtl_flip_chr1.vcf"),
    );
    assert_eq!((as_is.len(), flipped.len()), (8, 8));
    for (row, swapped) in as_is.iter().zip(&flipped) {
        assert_eq!(row.said_assembly, Some(Assembly::GRCh38));
        // The names in the ID column are the variants themselves, in both files.
        let named = ids::parse(row.id.as_deref().unwrap()).variant.unwrap();
        assert_eq!(row.variant.as_ref(), Ok(&named));
        let Ok(swapped) = &swapped.variant else {
            panic!("the swapped row is a variant, too")
        };
        assert_eq!(Alternate::Bases(swapped.reference_bases.clone()), named.alternate);
    }
    let long = rows("chr6_41897087_SV.vcf");
    assert_eq!(long.len(), 1);
    assert!(long[0].variant.as_ref().unwrap().reference_bases.len() > 300);
}

#[test]
fn a_file_without_a_final_line_end_keeps_its_last_row() {
    let rows = rows("snps_polya.vcf");
    assert_eq!(rows.len(), 5);
    assert_eq!(rows[4].id.as_deref(), Some("chr16_88857261_T_C"));
}

#[test]
fn info_values_travel_with_the_rows() {
    let options = ReadOptions {
        carry: vec!["AC".to_owned(), "INFO/AN".to_owned()],
        ..ReadOptions::default()
    };
    let reader = open_with("1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz", &options).unwrap();
    // 66915 C>A,T has AC=7,5 and AN=6404: AC is one value for each ALT.
    let carried: Vec<_> = reader
        .map(Result::unwrap)
        .filter(|row| row.text().starts_with("chr12:66915:"))
        .map(|row| {
            row.carried
                .iter()
                .map(|value| value.clone().unwrap().into_string())
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(carried, [["7", "6404"], ["5", "6404"]]);
    let unknown = ReadOptions {
        carry: vec!["ACX".to_owned()],
        ..ReadOptions::default()
    };
    let error = open_with("1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz", &unknown).unwrap_err();
    assert!(matches!(*error.cause, ReadCause::ColumnUnknown { nearest: ref near, .. } if near[0] == "AC"));
}

#[test]
fn qtl_tables_are_read_by_id_and_by_columns_alike() {
    for (name, map, count) in [
        (
            "gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz",
            "",
            100,
        ),
        ("gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz", "", 100),
        ("afgr_caqtl_example.txt.gz", "", 100),
        ("afgr_eqtl_example.txt.gz", "", 100),
        ("adastra_ATF1_HepG2.tsv", "", 9),
        ("gvatdb_sample.tsv", "", 9),
    ] {
        let rows = rows_with(name, map);
        assert_eq!(rows.len(), count, "{name}");
        assert!(rows.iter().all(|row| row.variant.is_ok()), "{name}");
    }
    for name in ["afgr_caqtl_example.txt.gz", "afgr_eqtl_example.txt.gz"] {
        let by_columns = rows_with(name, "chrom=chr,pos=snp_pos,ref=ref,alt=alt");
        assert_eq!(variants(&by_columns), variants(&rows(name)), "{name}");
    }
    // The same rows say chr10:112626980 C>T and NC_000010.11:112626979:C:T; SPDI counts from 0.
    let (by_columns, by_spdi) = (rows("gvatdb_sample.tsv"), rows_with("gvatdb_sample.tsv", "id=spdi"));
    for (column, spdi) in by_columns.iter().zip(&by_spdi) {
        let (column, spdi) = (column.variant.as_ref().unwrap(), spdi.variant.as_ref().unwrap());
        assert_eq!(
            (column.position, &column.reference_bases),
            (spdi.position, &spdi.reference_bases)
        );
        assert!(refalt_core::contig::same_contig(
            column.contig.as_str(),
            spdi.contig.as_str()
        ));
    }
    let gtex = rows("gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz");
    assert!(gtex.iter().all(|row| row.said_assembly == Some(Assembly::GRCh38)));
}

#[test]
fn effect_sizes_travel_with_the_rows() {
    let options = ReadOptions {
        carry: vec!["slope".to_owned()],
        ..ReadOptions::default()
    };
    let name = "gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz";
    let slopes: Vec<f64> = open_with(name, &options)
        .unwrap()
        .map(|row| row.unwrap().carried[0].as_deref().unwrap().parse().unwrap())
        .collect();
    // Known: slope -2.3498 to 2.14911, 9 negative.
    assert_eq!(slopes.iter().copied().fold(f64::INFINITY, f64::min), -2.3498);
    assert_eq!(slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max), 2.14911);
    assert_eq!(slopes.iter().filter(|slope| **slope < 0.0).count(), 9);
}

#[test]
fn tables_without_a_header_line_are_read_by_column_number() {
    let refused = open_with("igvf_mpra_variant_effects_example.tsv", &ReadOptions::default()).unwrap_err();
    // BED with columns of its own behind: the hint says how such columns are named.
    assert!(matches!(*refused.cause, ReadCause::Bed { .. }));
    assert!(refused.cause.hint().unwrap().contains("--columns chrom=1,start0=2"));
    let name = "igvf_mpra_variant_effects_example.tsv";
    let by_columns = rows_with(name, "chrom=1,start0=2,ref=18,alt=19");
    let by_spdi = rows_with(name, "id=4");
    assert_eq!(by_columns.len(), 10);
    for (column, spdi) in by_columns.iter().zip(&by_spdi) {
        let (column, spdi) = (column.variant.as_ref().unwrap(), spdi.variant.as_ref().unwrap());
        assert_eq!((column.position, &column.alternate), (spdi.position, &spdi.alternate));
    }
    // A BED line carries its own 1-based id beside the 0-based start.
    let (by_start, by_id) = (
        rows_with("caqtl_ENCFF103XRK_head.bed", "chrom=1,start0=2,ref=7,alt=8"),
        rows_with("caqtl_ENCFF103XRK_head.bed", "id=4"),
    );
    assert_eq!(by_start.len(), 40);
    assert_eq!(variants(&by_start), variants(&by_id));
}

#[test]
fn a_bed_like_table_needs_its_base_said() {
    let refused = open_with("starr_seq_variant_example.tsv", &ReadOptions::default()).unwrap_err();
    assert!(matches!(*refused.cause, ReadCause::ColumnsMissing { ref missing, .. } if *missing == [Role::Position]));
    let by_start = rows_with("starr_seq_variant_example.tsv", "start0=chromStart");
    let by_spdi = rows_with("starr_seq_variant_example.tsv", "id=name");
    assert_eq!(by_start.len(), 13);
    for (start, spdi) in by_start.iter().zip(&by_spdi) {
        assert_eq!(
            start.variant.as_ref().unwrap().position,
            spdi.variant.as_ref().unwrap().position
        );
    }
}

#[test]
fn gwas_tables_do_not_lend_their_effect_allele_to_alt() {
    let new = rows("gwas_new_format_head.tsv");
    assert_eq!((new.len(), new[0].text().as_ref()), (50, "1_1026830_A_G"));
    let mapped = rows_with("gwas_new_format_head.tsv", "ref=other_allele,alt=effect_allele");
    assert_eq!(mapped[0].text(), "1:1026830:A>G");
    assert_eq!(mapped[0].rsid(), Some("rs3128126"));
    // The last columns of the old format are not harmonised, and its `variant_id` is a dbSNP name.
    let old = rows("gwas_old_format_head.tsv");
    assert!(
        old.iter()
            .all(|row| matches!(row.variant, Err(RowProblem::NameOnly { .. })))
    );
    let harmonised = rows_with("gwas_old_format_head.tsv", "id=hm_variant_id");
    assert_eq!(harmonised.len(), 50);
    assert_eq!(harmonised[0].text(), "10_49413_G_A");
    assert_eq!(harmonised[1].variant.as_ref().unwrap_err().code(), "field_empty");
    let catalog = open_with("gwas_catalog_head.tsv", &ReadOptions::default()).unwrap_err();
    assert!(matches!(*catalog.cause, ReadCause::ColumnsMissing { .. }));
    let two_alleles = open_with("caqtls_african_lcls_subset.tsv", &ReadOptions::default()).unwrap_err();
    assert!(matches!(*two_alleles.cause, ReadCause::ColumnsMissing { .. }));
}

#[test]
fn quoted_cells_may_hold_the_separator() {
    let error = open_with("STR.csv", &ReadOptions::default()).unwrap_err();
    let ReadCause::ColumnsMissing { ref present, .. } = *error.cause else {
        panic!("{error}")
    };
    assert_eq!(present.len(), 23);
    // Motif for REF and ALT: only to see that the cells after the quoted ones are where the header says.
    let mut options = columns("pos=str.start,ref=str.motif.forward,alt=str.motif.reverse");
    options.carry = vec!["repeats".to_owned(), "vcf".to_owned()];
    let rows: Vec<_> = open_with("STR.csv", &options).unwrap().map(Result::unwrap).collect();
    assert_eq!(variants(&rows), ["chr1:28250549:A>T", "chr10:71984970:ATTT>AAAT"]);
    assert_eq!(rows[1].carried[1].as_deref(), Some("chr10_71984971"));
    assert_eq!(rows[1].carried[0].as_deref(), Some("1,2,3,4,6,7,8,9,10,11,12,13"));
}

#[test]
fn a_byte_order_mark_is_no_part_of_the_first_column() {
    let id = "Variant ID (CHROM:GENPOS (hg37):A0:A1:imp:v1)";
    let mut options = ReadOptions::default();
    options
        .columns
        .insert(Role::Id, ColumnName::Name(id.to_owned()))
        .unwrap();
    let rows: Vec<_> = open_with("pqtl_ukb_ppp_head.csv", &options)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(rows.len(), 20);
    // The ids go on after the alleles; the row says what it may mean.
    let problem = rows[0].variant.as_ref().unwrap_err();
    assert!(matches!(problem, RowProblem::IdUnreadable { nearest: Some(near), .. } if &**near == "2:27730940:T>C"));
    let reader = open_with(
        "pqtl_ukb_ppp_head.csv",
        &columns("pos=GENPOS (hg38),ref=IMPACT,alt=SIFT"),
    )
    .unwrap();
    assert_eq!(reader.header_assembly(), Some(Assembly::GRCh38));
}

#[test]
fn a_table_of_one_chromosome_takes_its_contig_from_the_user() {
    let refused = open_with("topld_chr20_head.csv", &ReadOptions::default()).unwrap_err();
    assert!(matches!(*refused.cause, ReadCause::ColumnsMissing { ref missing, .. } if *missing == [Role::Contig]));
    let rows = rows_with("topld_chr20_head.csv", "chrom==chr20");
    assert_eq!((rows.len(), rows[0].text().as_ref()), (20, "chr20:8549509:C>A"));
    assert_eq!(rows[0].rsid(), Some("rs1985697744"));
}

#[test]
fn parquet_holds_the_rows_of_the_text_it_was_made_from() {
    assert_eq!(
        open_with("gvatdb.parquet", &ReadOptions::default()).unwrap().format(),
        Format::Parquet
    );
    assert_eq!(variants(&rows("gvatdb.parquet")), variants(&rows("gvatdb_sample.tsv")));
    let gtex = "gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz";
    assert_eq!(texts(&rows("gtex.parquet")), texts(&rows(gtex)));
}

#[test]
fn parquet_positions_may_be_floating_point_and_missing() {
    let (whole, float) = (rows("gvatdb.parquet"), rows_with("gvatdb.parquet", "pos=pos_hg38"));
    for (index, (whole, float)) in whole.iter().zip(&float).enumerate() {
        if index == 1 {
            assert_eq!(float.variant.as_ref().unwrap_err().code(), "field_empty");
        } else {
            assert_eq!(whole.variant, float.variant);
        }
    }
    let reader = open_with("gvatdb.parquet", &columns("pos=pos_hg38")).unwrap();
    assert_eq!(reader.header_assembly(), Some(Assembly::GRCh38));
    let list = open_with("gvatdb.parquet", &columns("pos=spans")).unwrap_err();
    assert!(matches!(*list.cause, ReadCause::ColumnType { .. }));
}

/// Slices that are too large to ship or whose way here is not free to ship.
#[test]
fn larger_slices_have_their_known_number_of_records() {
    for (name, expected) in [
        ("gnomad_vcf/gnomad_v4.0_genomes_chrX_10000_20000.slim.vcf.gz", 5005),
        ("gnomad_vcf/gnomad_v4.0_exomes_chr1_55039893_55039951.vcf.gz", 101),
        ("gnomad_vcf/gnomad_v4.0_genomes_chr1_55039893_55039951.vcf.gz", 22),
        ("onekg_vcf/1kGP_phased_chr1_113969_839515.sites.vcf", 100),
        ("variant_annotation/favor_chr20_9564578_9567040.vcf.gz", 942),
        ("finemapping/high_pip_pairs_susie_finemap_chr1_5_22_hg19.tsv", 699),
        ("tert_satmut_mpra/tert_satmut_grch38.tsv", 3896),
        // 4 rows of each of two releases have no position.
        ("tert_satmut_mpra/satmut_elements.tsv.gz", 55_350 - 8),
    ] {
        let Some(path) = crate::shared(name) else { continue };
        let rows = open(&Source::Path(path), &ReadOptions::default()).unwrap();
        let accepted = rows.filter(|row| row.as_ref().unwrap().variant.is_ok()).count();
        assert_eq!(accepted, expected, "{name}");
    }
}
