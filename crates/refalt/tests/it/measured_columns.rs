//! Columns of measured effects that hold something else: p-values, ratios, sizes, each other's numbers.

use crate::measured::{counted, file, free_table, measured, on_chr1, refused, request};
use refalt::core::Assembly;
use refalt::diagnostic::Diagnostic;
use refalt::measured::{EffectAllele, EffectKind, MeasuredError, MeasuredRequest};

/// A table with `value(row)` as the effect in `rows` rows.
fn table(rows: u32, value: impl Fn(u32) -> f64) -> tempfile::NamedTempFile {
    let mut text = String::from("chrom\tpos\tref\talt\tbeta\tse\tp\tea\n");
    for row in 0..rows {
        text.push_str(&format!("chr1\t{}\tA\tC\t{}\t0.1\t0.5\tC\n", row + 1, value(row)));
    }
    file(&text)
}

/// Ratios around 1: 0.5, 2/3, 1, 1.5, 2 and so on, the logarithm of each as often as its opposite.
fn ratio(row: u32) -> f64 {
    [0.5, 2.0, 2.0 / 3.0, 1.5, 1.0][row as usize % 5]
}

#[test]
fn a_column_is_carried_once_and_under_a_name_of_its_own() {
    let table = table(25, |row| f64::from(row) - 5.5);
    let carrying = |columns: &[&str]| {
        let mut request = free_table(table.path(), "alt");
        request.source.carry = columns.iter().map(|&column| column.to_owned()).collect();
        request
    };
    assert_eq!(measured(carrying(&["ea"])).0.rows.written, 25);
    for columns in [&["ea", "ea"][..], &["effect"], &["p"]] {
        let error = refused(&carrying(columns));
        assert!(
            matches!(error, MeasuredError::CarriedTwice { .. }) && error.is_usage(),
            "{error}"
        );
    }
}

#[test]
fn effects_without_a_sign_are_refused_until_the_user_says_what_they_are() {
    let ratios = table(25, ratio);
    let of_ratios = free_table(ratios.path(), "alt");
    let error = refused(&of_ratios);
    assert!(matches!(error, MeasuredError::OneSided { .. }), "{error}");
    assert!(error.hint().unwrap().contains("--effect-is ratio"));
    let mut logarithms = of_ratios.clone();
    logarithms.source.effect_is = EffectKind::Ratio;
    let (report, made) = measured(logarithms.clone());
    assert_eq!(report.provenance.effect, "natural logarithm of `beta`");
    // ln 0.5 = -0.693147..., and ln 2 its opposite.
    let effects: Vec<f64> = made.texts("effect").iter().map(|text| text.parse().unwrap()).collect();
    assert!((effects[0] + 2f64.ln()).abs() < 1e-15 && (effects[1] - 2f64.ln()).abs() < 1e-15);
    logarithms.source.columns.se = Some("se".to_owned());
    assert!(matches!(refused(&logarithms), MeasuredError::ErrorOfRatio));

    let sizes = table(25, |row| 0.1 + f64::from(row) * 0.01);
    let of_sizes = free_table(sizes.path(), "alt");
    assert!(matches!(refused(&of_sizes), MeasuredError::OneSided { .. }));
    let mut vouched = of_sizes.clone();
    vouched.source.effect_is = EffectKind::OneSided;
    assert_eq!(measured(vouched).0.rows.written, 25);
    // A column that names the allele may name the one that raises the trait; ratios stay ratios.
    let with_alleles = |mut request: MeasuredRequest| {
        request.source.effect_allele = Some(EffectAllele::Column("ea".to_owned()));
        request.reference = on_chr1(Default::default()).reference;
        request
    };
    let error = refused(&with_alleles(of_ratios));
    assert!(matches!(error, MeasuredError::OneSided { .. }), "{error}");
    let error = refused(&with_alleles(of_sizes));
    assert!(!matches!(error, MeasuredError::OneSided { .. }), "{error}");
    // One effect below 0 is enough.
    let signed = table(25, |row| f64::from(row) - 0.5);
    assert_eq!(measured(free_table(signed.path(), "alt")).0.rows.written, 25);
}

#[test]
fn a_few_p_values_are_told_and_copies_of_the_p_values_refused() {
    let few = table(12, |row| 10f64.powi(-1 - row as i32));
    let (report, _) = measured(free_table(few.path(), "alt"));
    assert!(
        report.notes[0].contains("may be p-values") && report.notes[0].contains("all 12 effects"),
        "{:?}",
        report.notes
    );
    let copies = table(3, |_| 0.5);
    let mut with_p = free_table(copies.path(), "alt");
    with_p.source.columns.p = Some("p".to_owned());
    let error = refused(&with_p);
    assert!(
        error.to_string().contains("each of 3 effects is the p-value"),
        "{error}"
    );
}

#[test]
fn exchanged_columns_are_an_error_and_a_single_number_is_not() {
    let pairs = |header: &str, rows: u32| {
        let mut text = format!("{header}\n");
        for row in 0..rows {
            let slope = if row % 2 == 0 { 0.5 } else { -0.25 };
            text.push_str(&format!("chr1_{}_A_C_b38\tg\t0.001\t{slope}\t0.1\n", row + 1));
        }
        file(&text)
    };
    let of = |table: &tempfile::NamedTempFile| MeasuredRequest {
        assembly: Some(Assembly::GRCh38),
        ..request(table.path().to_owned())
    };
    let right = pairs("variant_id\tgene_id\tpval_nominal\tslope\tslope_se", 8);
    assert_eq!(measured(of(&right)).0.rows.written, 8);
    for (header, what) in [
        ("variant_id\tgene_id\tslope\tpval_nominal\tslope_se", "p-value"),
        ("variant_id\tgene_id\tpval_nominal\tslope_se\tslope", "standard error"),
    ] {
        let exchanged = pairs(header, 8);
        let error = refused(&of(&exchanged));
        assert!(
            error.to_string().starts_with("in 4 of 8 rows") && error.to_string().contains(what),
            "{error}"
        );
    }
    let one = pairs("variant_id\tgene_id\tslope\tpval_nominal\tslope_se", 2);
    let (report, _) = measured(of(&one));
    assert_eq!(counted(&report.rows.dropped), [("p_out_of_range", 1)]);
}

#[test]
fn what_is_left_says_what_to_do_by_what_was_lost() {
    let numbers = table(3, |_| f64::INFINITY);
    let error = refused(&free_table(numbers.path(), "alt"));
    assert!(
        error.hint().unwrap().contains("which columns hold the effect"),
        "{error}"
    );
    let rows = table(3, |row| f64::from(row) - 1.0);
    let mut kept = free_table(rows.path(), "alt");
    kept.keep = vec!["effect>=9".parse().unwrap()];
    assert!(refused(&kept).hint().unwrap().contains("--keep"));
    let outside = table(3, |row| f64::from(row) - 1.0);
    let mut on_other = free_table(outside.path(), "alt");
    on_other.reference = on_chr1(Default::default()).reference;
    // The first bases of chromosome 1 are N.
    let error = refused(&on_other);
    assert!(!error.hint().unwrap().contains("--keep"), "{error}");
}

#[test]
fn a_row_with_a_cell_too_few_or_too_many_is_dropped_and_not_shifted() {
    let table = file(
        "variant_id\tgene_id\tslope\tslope_se\tpval_nominal\n\
         chr1_14677_G_A_b38\tg\t0.5\t0.1\t0.01\n\
         chr1_54490_G_A_b38\t0.5\t0.1\t0.01\n\
         chr1_63671_G_A_b38\tg\tx\t0.5\t0.1\t0.01\n\
         chr1_63697_T_C_b38\tg\t-0.5\t0.1\t0.01\n",
    );
    let (report, made) = measured(on_chr1(table.path().to_owned()));
    assert_eq!(counted(&report.rows.dropped), [("field_count", 2)]);
    assert_eq!(made.texts("effect"), ["0.5", "-0.5"]);
}

#[test]
fn outputs_of_other_formats_and_members_of_no_archive_are_refused() {
    let rows = table(3, |row| f64::from(row) - 1.0);
    let folder = tempfile::tempdir().unwrap();
    for name in ["a.csv", "a.xlsx", "a.vcf.gz"] {
        let mut other = free_table(rows.path(), "alt");
        other.out = Some(folder.path().join(name));
        let error = refused(&other);
        assert!(
            matches!(error, MeasuredError::Ending { .. }) && error.is_usage(),
            "{error}"
        );
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let mut of_member = free_table(rows.path(), "alt");
    of_member.source.member = Some("Lung".to_owned());
    assert!(matches!(refused(&of_member), MeasuredError::NoArchive { .. }));
}

#[test]
fn eqtl_catalogue_summary_statistics_are_read_by_every_name_of_their_header() {
    // The columns of `QTD*.all.tsv.gz` and `QTD*.cc.tsv.gz` in their order; older releases spell variants without `chr`.
    let header = "molecular_trait_id\tchromosome\tposition\tref\talt\tvariant\tma_samples\tmaf\tpvalue\tbeta\tse\ttype\tac\tan\tr2\t\
                  molecular_trait_object_id\tgene_id\tmedian_tpm\trsid";
    let row = |variant: &str, beta: &str, rsid: &str| {
        format!(
            "ENSG00000237094\t1\t0\tN\tN\t{variant}\t10\t0.1\t0.02\t{beta}\t0.1\tSNP\t10\t100\tNA\tENSG00000237094\tENSG00000237094\t\
             0.5\t{rsid}\r\n"
        )
    };
    let text = [
        row("chr1_14677_G_A", "0.5", "rs201327123"),
        row("1_63697_T_C", "-0.25", "rs1"),
        row("1_63697_T_C", "-0.25", "rs2"),
    ];
    let table = file(&format!("{header}\r\n{}", text.concat()));
    let (report, made) = measured(MeasuredRequest {
        repeats: refalt::measured::Repeats::Identical,
        ..on_chr1(table.path().to_owned())
    });
    assert_eq!(report.provenance.format, "eqtl_catalogue");
    assert_eq!((report.rows.as_written, report.rows.merged), (3, 1));
    assert_eq!(made.texts("effect"), ["0.5", "-0.25"]);
    assert_eq!(made.texts("se"), ["0.1", "0.1"]);
    assert_eq!(made.texts("p"), ["0.02", "0.02"]);
    assert_eq!(made.texts("name"), ["rs201327123", "rs1"]);
}
