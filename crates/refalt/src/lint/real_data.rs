//! The rules on real files, and `docs/lint.md`, which shows what they find.
//!
//! Files that may not be shipped are read from the folder `REFALT_SHARED` names, else from `../shared/data` beside the
//! repository; without it that part is skipped with a note. `REFALT_BLESS=1 cargo test -p refalt lint` writes the page.

use super::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("REFALT_SHARED").map(PathBuf::from);
    let beside = ["../shared/data", "../../shared/data"].map(|path| root().join(path));
    let found = named.into_iter().chain(beside).find(|path| path.is_dir());
    if found.is_none() {
        #[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
        {
            eprintln!("skipped: no folder of data that is not shipped; set REFALT_SHARED");
        }
    }
    found
}

/// A file, `--columns`, and what else is given, by file: reference, peaks, chain, truth.
struct Case(&'static str, &'static str, [&'static str; 4], &'static str);

const fn plain(file: &'static str) -> Case {
    Case(file, "", ["", "", "", ""], "")
}

const fn against(file: &'static str, reference: &'static str) -> Case {
    Case(file, "", [reference, "", "", ""], "")
}

const CHR1: &str = "hg38_slices/hg38_chr1_1_1000000.fa.gz";
const TERT: &str = "hg38_slices/hg38_chr5_tert_promoter.fa";
const PEAKS: &str = "k562_dnase/k562_dnase_ENCFF860XAE_chr22_hg38.narrowPeak.gz";
const CHAIN: &str = "liftover/hg19ToHg38.over.chain.gz";

const CASES: &[Case] = &[
    plain("gtex_eqtl_study1/predictions_2kb.csv"),
    plain("gtex_eqtl_study1/predictions_16kb.csv"),
    plain("gtex_eqtl_study1/predictions_131kb.csv"),
    against(
        "igvf_samples/gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz",
        CHR1,
    ),
    against(
        "igvf_samples/gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz",
        CHR1,
    ),
    against("igvf_samples/afgr_caqtl_example.txt.gz", CHR1),
    against("igvf_samples/afgr_eqtl_example.txt.gz", CHR1),
    plain("igvf_samples/adastra_ATF1_HepG2.tsv"),
    plain("igvf_samples/gvatdb_sample.tsv"),
    against("igvf_samples/starr_seq_variant_example.tsv", CHR1),
    against("qtl_slices/gtex_v8_kidney_cortex_sqtl_chr1_chr9_first_mb.tsv", CHR1),
    against("qtl_slices/afgr_sqtl_example.tsv", CHR1),
    Case(
        "qtl_slices/caqtl_ENCFF103XRK_sample.bed",
        "id=4,chrom=1,start0=2,effect_allele=14,other_allele=15",
        ["", "", "", ""],
        "",
    ),
    plain("caqtl_chrombpnet/caqtls_african_lcls_subset.tsv"),
    against("borzoi_variants/baskerville_eqtl_chr1.vcf", CHR1),
    against("borzoi_variants/baskerville_eqtl_flip_chr1.vcf", CHR1),
    Case("tert_satmut_mpra/tert_satmut_grch38.tsv", "", [TERT, "", "", ""], ""),
    plain("tewhey2016_mpra/tewhey2016_variant_effects_hg19.tsv"),
    Case(
        "finemapping/high_pip_pairs_susie_finemap_chr1_5_22_hg19.tsv",
        "",
        ["", PEAKS, CHAIN, ""],
        "",
    ),
    Case(
        "finemapping/coloc_gwas_eqtl_pip_chr1_5_22_hg19.tsv",
        "",
        ["", PEAKS, CHAIN, ""],
        "",
    ),
    plain("finemapping/gentropy/QTD000584.credible_sets.tsv"),
    plain("finemapping/gentropy/finngen_R9_AB1_EBV.SUSIE.snp"),
    plain("gwas_vep_samples/new_format_GCST90293086.h.tsv.gz"),
    plain("gwas_vep_samples/old_format_GCST006090.h.tsv.gz"),
    plain("sem_tbp/SEM_TBP_predictions_chr10_head.tsv"),
    plain("saturation_study2/lfc_bin_comparison.csv"),
    plain("saturation_study2/matched_calibration_comparison.csv"),
    plain("saturation_study2/matched_recipes_comparison.csv"),
    plain("saturation_study2/mean_aggregation_comparison.csv"),
    plain("api_known_answers/known_answers_api.csv"),
    plain("variant_annotation/topmed_igvf_gwas_v2d_sample.tsv"),
    Case(
        "gtex_eqtl_study1/predictions_2kb.csv",
        "",
        ["", "", "", "gtex_eqtl_study1/predictions_16kb.csv"],
        "",
    ),
];

fn report(data: &Path, case: &Case) -> LintReport {
    let Case(file, columns, with, model) = case;
    let at = |name: &str| (!name.is_empty()).then(|| data.join(name));
    let request = LintRequest {
        input: data.join(file),
        columns: columns.parse().unwrap(),
        reference: at(with[0]),
        peaks: at(with[1]),
        chain: at(with[2]),
        truth: at(with[3]),
        model: (!model.is_empty()).then(|| (*model).to_owned()),
        allow: Vec::new(),
    };
    lint(&request).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn findings_table(data: &Path) -> String {
    let mut table = String::from("| file | rows | finding | column | what |\n| --- | --- | --- | --- | --- |\n");
    for case in CASES {
        let report = report(data, case);
        let mut file = format!("`{}`", case.0);
        for (option, given) in ["reference", "peaks", "chain", "truth"].iter().zip(case.2) {
            if let Some(name) = Path::new(given).file_name() {
                let _ = write!(file, " `--{option} {}`", name.to_string_lossy());
            }
        }
        if report.findings.is_empty() {
            let _ = writeln!(table, "| {file} | {} | none | | |", report.rows);
        }
        for finding in &report.findings {
            let column = finding
                .column
                .as_ref()
                .map_or(String::new(), |column| format!("`{column}`"));
            let _ = writeln!(
                table,
                "| {file} | {} | {} `{}` | {column} | {} |",
                report.rows,
                finding.severity,
                finding.rule,
                finding.message.replace('|', "\\|")
            );
        }
    }
    table
}

/// Compares a part of `docs/lint.md` between markers with what it should be, or writes it.
fn check_part(name: &str, expected: &str) {
    static PAGE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one_at_a_time = PAGE.lock();
    let path = root().join("docs/lint.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- begin {name} -->\n"), format!("<!-- end {name} -->"));
    let (before, rest) = page.split_once(&begin).unwrap();
    let (found, after) = rest.split_once(&end).unwrap();
    if std::env::var_os("REFALT_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
    } else {
        assert!(
            found == expected,
            "docs/lint.md is stale; `REFALT_BLESS=1 cargo test -p refalt lint` writes it:\n{expected}"
        );
    }
}

#[test]
fn the_reference_of_the_rules_is_up_to_date() {
    check_part("rules", &reference_page());
}

#[test]
fn every_rule_has_a_file_and_a_code_of_its_own() {
    let folder = root().join("crates/refalt/src/lint/rule");
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, RULES.len());
    for (index, rule) in RULES.iter().enumerate() {
        assert_eq!(rule.code, format!("RF{:03}", index + 1));
        assert!(rule.finds.len() > 20 && rule.why.len() > 20 && rule.remedy.len() > 20 && rule.source.len() > 20);
    }
}

#[test]
fn findings_on_real_data_are_as_the_page_says() {
    if let Some(data) = shared() {
        check_part("findings", &findings_table(&data));
    }
}

fn of<'a>(report: &'a LintReport, rule: &str) -> Vec<&'a Finding> {
    report.findings.iter().filter(|finding| finding.rule == rule).collect()
}

#[test]
fn p_values_under_the_name_of_slopes_are_told() {
    let Some(data) = shared() else { return };
    let report = report(&data, &CASES[0]);
    let found = of(&report, "RF006");
    assert_eq!((found.len(), found[0].column.as_deref()), (1, Some("slope")));
    // README: all 1,000 above 0, from 2.5e-151 to 4.895e-4.
    assert_eq!(found[0].evidence["positive"], 1000);
    assert!((found[0].evidence["max"].as_f64().unwrap() - 4.895e-4).abs() < 1e-7);
    assert!(found[0].evidence["min"].as_f64().unwrap() < 2.6e-151);
    // README: 985 distinct variants, 778 genes.
    let found = of(&report, "RF014");
    assert_eq!(found[0].evidence["distinct_variants"], 985);
    assert_eq!(found[0].evidence["genes"], 778);
}

#[test]
fn peaks_of_the_other_assembly_are_told_and_fit_after_liftover() {
    let Some(data) = shared() else { return };
    let case = CASES.iter().find(|case| case.0.contains("coloc")).unwrap();
    let found = report(&data, case);
    let found = of(&found, "RF009")[0];
    // Counted independently on chromosome 22: 8 of 76 places in peaks, 10.41 when moved; lifted 21 against 9.84.
    assert_eq!(found.evidence["in_peaks"], 8);
    assert_eq!(found.evidence["in_peaks_lifted"], 21);
    assert!((found.evidence["in_peaks_when_moved"].as_f64().unwrap() - 10.41).abs() < 0.01);
    assert!((found.evidence["in_peaks_lifted_when_moved"].as_f64().unwrap() - 9.84).abs() < 0.01);
}

#[test]
fn swapped_alleles_of_real_variants_are_told_and_right_ones_are_silent() {
    let reference = root().join("tests/data/hg38/hg38_chr1_1_1000000.fa.gz");
    let run = |name: &str| {
        let request = LintRequest {
            input: root().join("tests/data/baskerville_eqtl").join(name),
            reference: Some(reference.clone()),
            ..LintRequest::default()
        };
        lint(&request).unwrap()
    };
    assert!(run("baskerville_eqtl_chr1.vcf").findings.is_empty());
    // README: 0 of 8 rows agree, every row is a swap.
    let report = run("baskerville_eqtl_flip_chr1.vcf");
    let found = of(&report, "RF020")[0];
    assert_eq!(
        (
            found.evidence["other_base"].clone(),
            found.evidence["agree_when_swapped"].clone()
        ),
        (8.into(), 8.into())
    );
    assert_eq!(of(&report, "RF008")[0].evidence["other_order"], 8);
}

#[test]
fn real_starts_that_count_from_1_are_told() {
    let request = LintRequest {
        input: root().join("tests/data/igvf/starr_seq_variant_example.tsv"),
        reference: Some(root().join("tests/data/hg38/hg38_chr1_1_1000000.fa.gz")),
        ..LintRequest::default()
    };
    let report = lint(&request).unwrap();
    // Counted by letters: 13 of 13 one to the left, 3 of 13 where BED puts them.
    let found = of(&report, "RF010")[0];
    let agree = ["places", "agree_one_left", "agree"].map(|name| found.evidence[name].as_u64().unwrap());
    assert_eq!(agree, [13, 13, 3]);
}

#[test]
fn real_slopes_are_silent_but_for_linkage() {
    let folder = root().join("tests/data/igvf");
    for name in [
        "gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz",
        "gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz",
        "afgr_caqtl_example.txt.gz",
        "afgr_eqtl_example.txt.gz",
    ] {
        let request = LintRequest {
            input: folder.join(name),
            ..LintRequest::default()
        };
        let report = lint(&request).unwrap();
        assert!(report.is_clean(), "{name}: {:?}", report.findings);
        assert!(
            report.findings.iter().all(|finding| finding.rule == "RF016"),
            "{name}: {:?}",
            report.findings
        );
    }
}

#[test]
fn the_study_that_ships_allows_its_baseline_with_a_reason() {
    let request = LintRequest {
        input: root().join("studies/tert.toml"),
        ..LintRequest::default()
    };
    let report = lint(&request).unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    let found = of(&report, "RF004");
    assert!(found[0].allowed.is_some());
    assert_eq!(found[0].evidence["output_type"], "CHIP_TF");
}

#[test]
fn a_saturation_mutagenesis_is_silent() {
    let request = LintRequest {
        input: root().join("studies/tert/tert_satmut_snv_grch38.tsv"),
        columns: "effect=effect_log2".parse().unwrap(),
        reference: Some(root().join("studies/tert/chr5_1294490_1296547.fa")),
        ..LintRequest::default()
    };
    let report = lint(&request).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}
