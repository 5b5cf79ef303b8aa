//! Measured effects: real files with their known answers, alleles, refusals, and every row accounted for.

use crate::{data, shared};
use flate2::Compression;
use flate2::write::GzEncoder;
use refalt::core::Assembly;
use refalt::diagnostic::Diagnostic;
use refalt::io::variants::ColumnMap;
use refalt::measured::{
    CountOptions, EffectAllele, FORMATS, FreeColumns, MeasuredError, MeasuredReport, MeasuredRequest, MeasuredSource,
    Repeats, measure,
};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

const GTEX: &str = "igvf/gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz";

pub(crate) fn chr1() -> Option<PathBuf> {
    Some(data("hg38/hg38_chr1_1_1000000.fa.gz"))
}

pub(crate) fn request(path: PathBuf) -> MeasuredRequest {
    MeasuredRequest {
        source: MeasuredSource {
            path,
            format: "auto".to_owned(),
            ..MeasuredSource::default()
        },
        ..MeasuredRequest::default()
    }
}

/// With the first megabase of chromosome 1 of GRCh38.
pub(crate) fn on_chr1(path: PathBuf) -> MeasuredRequest {
    MeasuredRequest {
        reference: chr1(),
        ..request(path)
    }
}

fn of_allele(mut request: MeasuredRequest, allele: &str) -> MeasuredRequest {
    request.source.effect_allele = Some(EffectAllele::named(allele));
    request
}

/// A table as it was written: cells by column.
pub(crate) struct Table {
    pub(crate) rows: Vec<BTreeMap<String, String>>,
}

impl Table {
    fn numbers(&self, column: &str) -> Vec<f64> {
        self.rows.iter().map(|row| row[column].parse().unwrap()).collect()
    }

    pub(crate) fn texts(&self, column: &str) -> Vec<&str> {
        self.rows.iter().map(|row| row[column].as_str()).collect()
    }
}

pub(crate) fn measured(mut request: MeasuredRequest) -> (MeasuredReport, Table) {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("effects.tsv");
    request.out = Some(out.clone());
    let report = measure(&request, &|_| ()).unwrap();
    assert!(report.rows.is_complete(), "{:?}", report.rows);
    let text = std::fs::read_to_string(&out).unwrap();
    let mut lines = text.lines();
    assert!(lines.next().unwrap().starts_with("## refalt measured {"));
    let header: Vec<&str> = lines.next().unwrap().split('\t').collect();
    let rows = lines
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), header.len(), "{line}");
            header
                .iter()
                .zip(cells)
                .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
                .collect()
        })
        .collect();
    let record = std::fs::read_to_string(folder.path().join("effects.tsv.json")).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&record).unwrap()["rows"]["rows"],
        report.rows.rows
    );
    (report, Table { rows })
}

pub(crate) fn refused(request: &MeasuredRequest) -> MeasuredError {
    measure(request, &|_| ()).unwrap_err()
}

pub(crate) fn counted(counts: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    counts.iter().map(|(code, count)| (code.as_str(), *count)).collect()
}

/// A text in a temporary file.
pub(crate) fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::Builder::new().suffix(".tsv").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

#[test]
fn gtex_pairs_have_slopes_of_alt_and_every_row_a_fate() {
    let (report, table) = measured(on_chr1(data(GTEX)));
    assert_eq!(report.provenance.format, "gtex_eqtl");
    assert_eq!(report.provenance.effect_allele, "alt");
    // 57 of 100 rows lie in the slice, and REF agrees in all of them (igvf/README.md).
    assert_eq!(
        (report.rows.rows, report.rows.written, report.rows.as_written),
        (100, 57, 57)
    );
    assert_eq!(counted(&report.rows.dropped), [("not_in_reference", 43)]);
    assert_eq!(table.rows[0]["effect"], "2.04385");
    assert_eq!(
        (table.rows[0]["se"].as_str(), table.rows[0]["p"].as_str()),
        ("0.413032", "2.89394e-6")
    );
    assert_eq!(table.rows[0]["gene"], "ENSG00000225972.1");
    // Without a genome all rows stand, unchecked; the range is the one of the released file.
    let (report, table) = measured(request(data(GTEX)));
    assert_eq!((report.rows.written, report.rows.unchecked), (100, 100));
    let slopes = table.numbers("effect");
    let least = slopes.iter().copied().fold(f64::INFINITY, f64::min);
    let most = slopes.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!((least, most), (-2.3498, 2.14911));
    assert_eq!(slopes.iter().filter(|slope| **slope < 0.0).count(), 9);
}

#[test]
fn introns_of_gtex_name_their_gene() {
    let (report, table) = measured(on_chr1(data(
        "igvf/gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz",
    )));
    assert_eq!(report.provenance.format, "gtex_sqtl");
    assert_eq!((report.rows.as_written, report.rows.flipped), (45, 0));
    assert_eq!(table.rows[0]["gene"], "ENSG00000188290.10");
    assert_eq!(
        table.rows[0]["feature"],
        "chr1:999787:999866:clu_32583:ENSG00000188290.10"
    );
}

#[test]
fn afgr_does_not_say_its_allele_and_so_the_user_has_to() {
    let error = refused(&on_chr1(data("igvf/afgr_caqtl_example.txt.gz")));
    assert!(matches!(error, MeasuredError::EffectAlleleNeeded { .. }), "{error}");
    assert!(error.is_usage() && error.hint().unwrap().contains("--effect-allele"));
    let (report, table) = measured(of_allele(on_chr1(data("igvf/afgr_caqtl_example.txt.gz")), "alt"));
    assert_eq!(
        (report.provenance.format.as_str(), report.rows.as_written),
        ("afgr_caqtl", 11)
    );
    assert_eq!(report.provenance.effect_allele_stated_by, "the user");
    let as_alt = table.numbers("effect");
    let (report, table) = measured(of_allele(on_chr1(data("igvf/afgr_caqtl_example.txt.gz")), "ref"));
    assert_eq!((report.rows.flipped, report.rows.as_written), (11, 0));
    assert_eq!(
        table.numbers("effect"),
        as_alt.iter().map(|beta| -beta).collect::<Vec<_>>()
    );
    let (report, table) = measured(of_allele(request(data("igvf/afgr_caqtl_example.txt.gz")), "alt"));
    let betas = table.numbers("effect");
    assert_eq!(
        (report.rows.written, betas.iter().filter(|beta| **beta < 0.0).count()),
        (100, 47)
    );
    assert!(betas.contains(&-0.785_177) && betas.contains(&0.905_971));
    let (report, table) = measured(of_allele(on_chr1(data("igvf/afgr_eqtl_example.txt.gz")), "alt"));
    assert_eq!(
        (report.provenance.format.as_str(), report.rows.as_written),
        ("afgr_eqtl", 100)
    );
    assert_eq!(table.rows[0]["gene"], "ENSG00000169972.11");
}

#[test]
fn what_the_documentation_says_is_not_contradicted() {
    let error = refused(&of_allele(on_chr1(data(GTEX)), "ref"));
    assert!(matches!(error, MeasuredError::EffectAlleleStated { .. }), "{error}");
    assert!(measure(&of_allele(on_chr1(data(GTEX)), "alt"), &|_| ()).is_ok());
}

#[test]
fn allele_specific_binding_is_that_of_the_preferred_allele() {
    let (report, table) = measured(request(data("igvf/adastra_ATF1_HepG2.tsv")));
    assert_eq!((report.provenance.format.as_str(), report.rows.written), ("adastra", 9));
    // The first row prefers REF with 1.43 (rate 0.015 against 1), the fourth ALT with 1.79.
    assert_eq!(
        (table.rows[0]["effect"].as_str(), table.rows[0]["pos"].as_str()),
        ("-1.4349511461894011", "9435653")
    );
    assert_eq!(
        (table.rows[3]["effect"].as_str(), table.rows[3]["p"].as_str()),
        ("1.7854694265188629", "0.0371076955372283")
    );
    // SNP-SELEX: pbs is REF less ALT, so the effect of ALT is its negative, alt_auc - ref_auc.
    let (report, table) = measured(request(data("igvf/gvatdb_sample.tsv")));
    assert_eq!(
        (
            report.provenance.format.as_str(),
            report.provenance.effect_allele.as_str()
        ),
        ("gvatdb", "ref")
    );
    assert_eq!((report.rows.written, table.rows[0]["effect"].as_str()), (9, "-2.72179"));
    assert_eq!(table.rows[0]["experiment"], "ALX1");
}

#[test]
fn reporter_effects_are_read_without_a_header_and_elements_are_refused() {
    let (report, table) = measured(request(data("igvf/igvf_mpra_variant_effects_example.tsv")));
    assert_eq!(
        (report.provenance.format.as_str(), report.rows.written),
        ("igvf_mpra", 10)
    );
    // BED starts count from 0: the base after chr9:135961939.
    assert_eq!(
        (table.rows[0]["pos"].as_str(), table.rows[0]["effect"].as_str()),
        ("135961940", "0.004")
    );
    assert_eq!(table.rows[1]["ref"], "CTTACTTAC");
    let p = table.numbers("p");
    assert!((p[0] - 10f64.powf(-0.1089)).abs() < 1e-15);
    assert_eq!(table.rows[3]["weight"], "0.992");
    let error = refused(&request(data("igvf/mpra_ENCFF802FUV_example.bed.gz")));
    assert!(
        matches!(
            error,
            MeasuredError::Refused {
                format: "element_bed",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_table_that_is_one_base_off_is_refused_and_not_flipped_into_place() {
    // 10 of 13 rows have another base where BED puts them (igvf/README.md).
    let error = refused(&on_chr1(data("igvf/starr_seq_variant_example.tsv")));
    let MeasuredError::NotOnThisGenome(found) = error else {
        panic!("{error}");
    };
    assert!(found.neither * 2 > found.compared, "{found:?}");
    assert!(error_hint(&on_chr1(data("igvf/starr_seq_variant_example.tsv"))).contains("refalt vet"));
}

#[test]
fn the_measurements_of_tert_are_refused_when_shifted_by_one() {
    let text = std::fs::read_to_string(crate::study("tert/tert_satmut_snv_grch38.tsv")).unwrap();
    let shifted: Vec<String> = text
        .lines()
        .map(|line| {
            let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            if let Ok(position) = cells[1].parse::<u32>() {
                cells[1] = (position + 1).to_string();
            }
            cells.join("\t")
        })
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let of = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let mut request = of_allele(request(path), "alt");
        request.reference = Some(crate::study("tert/chr5_1294490_1296547.fa"));
        request.source.format = "table".to_owned();
        request.source.columns.effect = Some("effect_log2".to_owned());
        request.source.columns.experiment = Some("experiment".to_owned());
        request.out = Some(folder.path().join("out.tsv"));
        request
    };
    let error = refused(&of("shifted.tsv", &shifted.join("\n")));
    let MeasuredError::NotOnThisGenome(found) = &error else {
        panic!("{error}");
    };
    // About a half: with three ALT at each place, one allele or the other is the next base by chance in a half of the rows.
    assert!(
        found.neither * 5 >= found.compared && found.compared > 1_000,
        "{found:?}"
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("refalt vet") && error.to_string().contains("shifted by one"),
        "{error} {hint}"
    );
    assert!(!folder.path().join("out.tsv").exists());
    let report = measure(&of("right.tsv", &text), &|_| {}).unwrap();
    assert_eq!(report.rows.dropped_total(), 0);
}

fn error_hint(request: &MeasuredRequest) -> String {
    refused(request).hint().unwrap()
}

#[test]
fn repeated_rows_are_an_error_until_a_rule_is_named() {
    let path = || data("measured/eqtl_catalogue_credible_sets.tsv");
    let error = refused(&request(path()));
    let MeasuredError::Repeated {
        total,
        shown,
        all_identical,
    } = &error
    else {
        panic!("{error}");
    };
    assert!(*all_identical);
    assert!(
        shown[0].contains("chr1:1005429:C>CA") && shown[0].ends_with("on lines 5 and 6"),
        "{shown:?}"
    );
    assert!(error.hint().unwrap().contains("--repeats identical"));
    let merged = MeasuredRequest {
        repeats: Repeats::Identical,
        ..request(path())
    };
    let (report, table) = measured(merged);
    assert_eq!((report.rows.rows, report.rows.merged), (44, *total));
    assert_eq!(report.rows.written + report.rows.merged, 44);
    assert_eq!(
        (table.rows[0]["weight"].as_str(), table.rows[0]["gene"].as_str()),
        ("0.0170703689724805", "ENSG00000162444")
    );
    // Other numbers are not the same measurement.
    let differing =
        file("chrom\tpos\tref\talt\tbeta\nchr1\t14677\tG\tA\t1\nchr1\t14677\tA\tG\t-3\nchr1\t63697\tT\tC\t5\n");
    let free = |repeats| MeasuredRequest {
        repeats,
        reference: chr1(),
        ..free_table(differing.path(), "alt")
    };
    assert!(matches!(
        refused(&free(Repeats::Identical)),
        MeasuredError::Repeated {
            all_identical: false,
            ..
        }
    ));
    let (report, table) = measured(free(Repeats::Mean));
    assert_eq!((report.rows.written, report.rows.merged), (2, 1));
    // -3 of G is 3 of A; (1 + 3) / 2 = 2; standard deviation sqrt(2), by the root of 2 = 1.
    assert_eq!(table.texts("effect"), ["2", "5"]);
    assert!((table.rows[0]["se"].parse::<f64>().unwrap() - 1.0).abs() < 1e-12);
    assert_eq!(table.rows[1]["se"], "");
    // Without the genome the two rows would be two variants.
    let unchecked = MeasuredRequest {
        reference: None,
        ..free(Repeats::Mean)
    };
    let error = refused(&unchecked);
    assert!(matches!(error, MeasuredError::MeanWithoutReference) && error.is_usage());
}

pub(crate) fn free_table(path: &Path, allele: &str) -> MeasuredRequest {
    let mut request = of_allele(request(path.to_owned()), allele);
    request.source.format = "table".to_owned();
    request.source.columns.effect = Some("beta".to_owned());
    request
}

#[test]
fn a_free_table_needs_its_allele_and_is_oriented_by_the_genome() {
    // The first megabase of chromosome 1 has C, A, T at 10001, 10002, 10003 after the leading N: TAACCC repeats begin there.
    let text = "chr\tbp\ta1\ta2\tbeta\tea\n1\t10001\tT\tC\t0.5\tC\n1\t10001\tT\tC\t0.25\tT\n1\t10002\tC\tA\t0.5\tC\n\
                1\t10002\tC\tA\t0.25\tA\n1\t10001\tA\tT\t0.5\tA\n1\t10001\tC\tG\t9\tC\n1\t10001\tT\tC\t9\tG\n";
    let table = file(text);
    let of = |allele: &str| {
        let mut request = free_table(table.path(), allele);
        request.source.columns.variant = "ref=a1,alt=a2".parse::<ColumnMap>().unwrap();
        request.reference = chr1();
        request.repeats = Repeats::Mean;
        request.source.carry = vec!["ea".to_owned()];
        request
    };
    let mut without = of("ea");
    without.source.effect_allele = None;
    assert!(matches!(
        refused(&without),
        MeasuredError::EffectAlleleNeeded { format: "table", .. }
    ));
    let (report, table) = measured(of("ea"));
    assert_eq!(
        (report.rows.as_written, report.rows.flipped, report.rows.reordered),
        (1, 2, 2)
    );
    assert_eq!(
        counted(&report.rows.dropped),
        [("effect_allele_unknown", 1), ("neither_allele_reference", 1)]
    );
    assert_eq!(report.rows.palindromic, 1);
    // T>C: +0.5 of C and -0.25 of C, mean 0.125; A>C: +0.5 of C, -0.25 of C.
    let found: Vec<(String, String)> = table
        .rows
        .iter()
        .map(|row| {
            (
                format!("{}{}>{}", row["pos"], row["ref"], row["alt"]),
                row["effect"].clone(),
            )
        })
        .collect();
    let expected = [("10001T>C", "0.125"), ("10002A>C", "0.125"), ("10001T>A", "0.5")];
    assert_eq!(
        found,
        expected.map(|(variant, effect)| (variant.to_owned(), effect.to_owned()))
    );
    let mut strict = of("ea");
    strict.drop_palindromic = true;
    let (report, _) = measured(strict);
    assert_eq!(report.rows.dropped["palindromic"], 1);
}

#[test]
fn p_values_under_the_name_of_slopes_are_an_error() {
    let mut text = String::from("variant_id\tgene_id\tslope\tslope_se\tpval_nominal\n");
    for row in 1..=50 {
        text.push_str(&format!(
            "chr1_{row}_A_C_b38\tENSG0000000000{row}\t1e-{row}\t0.1\t1e-{row}\n"
        ));
    }
    let table = file(&text);
    let error = refused(&request(table.path().to_owned()));
    assert!(matches!(error, MeasuredError::PValues { .. }), "{error}");
    assert!(error.hint().unwrap().contains("RF006"));
}

#[test]
fn headers_that_fit_no_format_or_several_are_told() {
    let table = file("variant_id\tgene_id\tslope\tref_score\nchr1_1_A_C_b38\tg\t0.5\t1\n");
    let error = refused(&request(table.path().to_owned()));
    let text = error.to_string();
    assert!(
        text.contains("`gtex_eqtl` comes nearest") && text.contains("slope_se, pval_nominal"),
        "{text}"
    );
    let mut named = request(table.path().to_owned());
    named.source.format = "gtex_eqtl".to_owned();
    assert!(matches!(refused(&named), MeasuredError::ColumnsMissing { .. }));
    named.source.format = "gtex_eqlt".to_owned();
    assert!(error_hint(&named).contains("`gtex_eqtl`"));
    let both = file(
        "variant_id\tgene_id\tslope\tslope_se\tpval_nominal\tname\tcounts.rna\tcounts.plasmid\n\
         chr1_1_A_C_b38\tg\t0.5\t1\t0.1\tx\t1\t1\n",
    );
    let error = refused(&request(both.path().to_owned()));
    assert!(error.to_string().contains("gtex_eqtl, element_counts"), "{error}");
    let twice = file("variant_id\tgene_id\tslope\tslope\tslope_se\tpval_nominal\nchr1_1_A_C_b38\tg\t0\t1\t1\t1\n");
    assert!(matches!(
        refused(&request(twice.path().to_owned())),
        MeasuredError::ColumnTwice { .. }
    ));
}

#[test]
fn hostile_files_are_errors_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let whole = std::fs::read(data(GTEX)).unwrap();
    let cases = [
        write("empty.tsv", b""),
        write(
            "header_only.tsv",
            b"variant_id\tgene_id\tslope\tslope_se\tpval_nominal\n",
        ),
        write("cut.txt.gz", &whole[..whole.len() - 400]),
        write("binary.tsv", &[0, 1, 2, 3, 4, 5, 6, 7, 8]),
        folder.path().join("absent.tsv"),
    ];
    for path in cases {
        let out = folder.path().join("out.tsv");
        let mut request = request(path.clone());
        request.out = Some(out.clone());
        let error = refused(&request);
        assert!(!error.to_string().is_empty(), "{}", path.display());
        assert!(!out.exists(), "{}", path.display());
        let partial = folder.path().join("out.tsv.partial");
        assert!(!partial.exists(), "{}", path.display());
    }
    let error = refused(&request(folder.path().join("header_only.tsv")));
    assert!(matches!(error, MeasuredError::NoRows { .. }), "{error}");
}

#[test]
fn an_input_is_never_the_output_and_columns_are_not_named_for_a_known_format() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("pairs.txt.gz");
    std::fs::copy(data(GTEX), &copy).unwrap();
    let before = std::fs::read(&copy).unwrap();
    let mut onto_itself = on_chr1(copy.clone());
    onto_itself.out = Some(copy.clone());
    let error = refused(&onto_itself);
    assert!(
        matches!(error, MeasuredError::SameFile { .. }) && error.is_usage(),
        "{error}"
    );
    let mut onto_reference = request(data(GTEX));
    onto_reference.reference = Some(copy.clone());
    onto_reference.out = Some(
        folder
            .path()
            .join("../")
            .join(folder.path().file_name().unwrap())
            .join("pairs.txt.gz"),
    );
    assert!(matches!(refused(&onto_reference), MeasuredError::SameFile { .. }));
    assert_eq!(std::fs::read(&copy).unwrap(), before);

    let mut named = on_chr1(copy.clone());
    named.source.columns.effect = Some("pval_nominal".to_owned());
    let error = refused(&named);
    assert!(error.to_string().contains("names of columns"), "{error}");
    assert!(error.hint().unwrap().contains("--format table"));
    let mut counts = on_chr1(copy);
    counts.source.counts.least_dna = Some(20.0);
    assert!(refused(&counts).to_string().contains("options of counts"));
}

#[test]
fn numbers_that_are_none_drop_their_row_with_the_reason() {
    let table = file(
        "variant_id\tgene_id\tslope\tslope_se\tpval_nominal\n\
         chr1_1_A_C_b38\tg\t0.5\t0.1\t0.1\n\
         chr1_2_A_C_b38\tg\tNA\t0.1\t0.1\n\
         chr1_3_A_C_b38\tg\tinf\t0.1\t0.1\n\
         chr1_4_A_C_b38\tg\t0.5\t-0.1\t0.1\n\
         chr1_5_A_C_b38\tg\t0.5\t0.1\t1.1\n\
         chr1_x_A_C_b38\tg\t0.5\t0.1\t0.1\n\
         rs12\tg\t0.5\t0.1\t0.1\n\
         chr1_7_A_C_b37\tg\t0.5\t0.1\t0.1\n",
    );
    let mut request = request(table.path().to_owned());
    request.assembly = Some(Assembly::GRCh38);
    let (report, _) = measured(request);
    assert_eq!(report.rows.written, 1);
    assert_eq!(
        counted(&report.rows.dropped),
        [
            ("effect_missing", 1),
            ("effect_not_number", 1),
            ("id_unreadable", 1),
            ("name_only", 1),
            ("other_assembly", 1),
            ("p_out_of_range", 1),
            ("se_below_zero", 1),
        ]
    );
    let first = &report.rows.dropped_first[0];
    assert_eq!((first.line, first.variant.as_str()), (3, "chr1_2_A_C_b38"));
}

#[test]
fn archives_of_tissues_are_read_by_member_and_conditions_leave_rows_out() {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |name: &str, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, bytes).unwrap();
    };
    let pairs = std::fs::read(data(GTEX)).unwrap();
    add("v8/Brain_Amygdala.v8.egenes.txt.gz", b"no table of pairs");
    add("v8/Brain_Amygdala.v8.signif_variant_gene_pairs.txt.gz", &pairs);
    add("v8/Lung.v8.signif_variant_gene_pairs.txt.gz", b"another");
    let tar = builder.into_inner().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&tar).unwrap();
    for (name, bytes) in [("eqtl.tar", tar), ("eqtl.tar.gz", gzip.finish().unwrap())] {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        let mut request = on_chr1(path);
        let error = refused(&request);
        assert!(
            error
                .hint()
                .unwrap()
                .contains("Lung.v8.signif_variant_gene_pairs.txt.gz"),
            "{error}"
        );
        request.source.member = Some("Brain_Amygdala".to_owned());
        request.keep = vec!["p<1e-5".parse().unwrap(), "tss_distance>=0".parse().unwrap()];
        let (report, table) = measured(request);
        assert_eq!(
            report.provenance.member.as_deref(),
            Some("v8/Brain_Amygdala.v8.signif_variant_gene_pairs.txt.gz")
        );
        assert!(
            table
                .texts("experiment")
                .iter()
                .all(|tissue| *tissue == "Brain_Amygdala")
        );
        assert!(table.numbers("p").iter().all(|p| *p < 1e-5));
        assert!(!table.rows[0].contains_key("tss_distance"));
        assert!(report.rows.left_out["p<0.00001"] > 0, "{:?}", report.rows.left_out);
    }
}

#[test]
fn parquet_holds_what_the_text_holds() {
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("effects.parquet");
    let mut request = on_chr1(data(GTEX));
    request.source.carry = vec!["maf".to_owned()];
    let (_, table) = measured(request.clone());
    request.out = Some(out.clone());
    measure(&request, &|_| ()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&out).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata().key_value_metadata().unwrap();
    assert!(metadata.iter().any(|entry| entry.key == "refalt.measured"));
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    let effects = batches[0]
        .column_by_name("effect")
        .unwrap()
        .as_primitive::<Float64Type>();
    assert_eq!(effects.values().to_vec(), table.numbers("effect"));
    let frequencies = batches[0].column_by_name("maf").unwrap().as_string::<i32>();
    assert_eq!(frequencies.value(0), table.rows[0]["maf"]);
}

fn expected_counts() -> Value {
    let text = std::fs::read_to_string(data("measured/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[track_caller]
fn assert_like(found: &[f64], expected: &Value, relative: f64, what: &str) {
    let expected: Vec<f64> = expected
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value.as_f64().unwrap())
        .collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            (found - expected).abs() <= relative * expected.abs().max(1e-3),
            "{what}: {found} {expected}"
        );
    }
}

fn rs_only(path: PathBuf) -> MeasuredRequest {
    let mut request = request(path);
    request.source.counts = CountOptions {
        name_prefix: Some("rs".to_owned()),
        ..CountOptions::default()
    };
    request
}

#[test]
fn counts_become_the_effects_and_errors_of_r_and_limma() {
    let expected = expected_counts();
    let (report, table) = measured(rs_only(data("measured/tewhey_counts.tsv")));
    assert_eq!(report.provenance.format, "allele_counts");
    // 5 of 60 rows are insertions and deletions by position.
    assert_eq!((report.rows.written, report.rows.dropped["other_name"]), (55, 5));
    let names: Vec<&str> = expected["names"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert_eq!(table.texts("name"), names);
    assert_like(&table.numbers("effect"), &expected["effect"], 1e-11, "effect");
    assert_like(&table.numbers("effect_1"), &expected["effect_1"], 1e-11, "effect_1");
    assert_like(
        &table.numbers("se_replicates"),
        &expected["se_replicates"],
        1e-10,
        "se_replicates",
    );
    assert_like(&table.numbers("se"), &expected["se"], 1e-7, "se");
    assert_like(
        &table.numbers("degrees_of_freedom"),
        &expected["degrees_of_freedom"],
        1e-6,
        "degrees_of_freedom",
    );
    assert_like(&table.numbers("p"), &expected["p"], 1e-5, "p");
}

#[test]
fn counts_of_elements_are_activities() {
    let (report, table) = measured(request(data("measured/gse84888_counts.txt")));
    assert_eq!(
        (
            report.provenance.format.as_str(),
            report.provenance.effect_allele.as_str()
        ),
        ("element_counts", "none")
    );
    assert_like(
        &table.numbers("effect"),
        &expected_counts()["activities"],
        1e-12,
        "activities",
    );
    assert!(
        report.notes.iter().any(|note| note.contains("no standard errors")),
        "{:?}",
        report.notes
    );
}

#[test]
fn variants_of_counts_come_by_name_and_one_name_has_one_variant() {
    let counts = "eid\tDNA_allele_A_1\tDNA_allele_A_2\tDNA_allele_B_1\tDNA_allele_B_2\tRNA_allele_A_1\tRNA_allele_A_2\t\
                  RNA_allele_B_1\tRNA_allele_B_2\n";
    let table = file(&format!(
        "{counts}a\t10\t20\t30\t40\t50\t60\t70\t80\nb\t11\t9\t12\t8\t20\t21\t22\t23\nc\t5\t5\t5\t5\t5\t5\t5\t5\n"
    ));
    let alleles = file("ID\tchrom\tpos\tref\talt\na\tchr1\t10001\tT\tC\nb\tchr1\t10002\tC\tA\n");
    let mut request = on_chr1(table.path().to_owned());
    request.alleles = Some((alleles.path().to_owned(), ColumnMap::default()));
    let (report, rows) = measured(request.clone());
    assert_eq!((report.rows.as_written, report.rows.flipped), (1, 1));
    assert_eq!(counted(&report.rows.dropped), [("name_unknown", 1)]);
    // The genome has A: oligo A is not its REF, and the effect of ALT is the negative.
    assert_eq!(
        (rows.rows[1]["ref"].as_str(), rows.rows[1]["orientation"].as_str()),
        ("A", "flipped")
    );
    let (_, plain) = measured(self::request(table.path().to_owned()));
    assert_eq!(rows.numbers("effect")[1], -plain.numbers("effect")[1]);
    let ambiguous = file("ID\tchrom\tpos\tref\talt\na\tchr1\t10001\tT\tC\na\tchr1\t10001\tT\tG\n");
    request.alleles = Some((ambiguous.path().to_owned(), ColumnMap::default()));
    let error = refused(&request);
    assert!(error.place().unwrap().ends_with("lines 2 and 3"), "{error}");
    for (rows, expected) in [
        ("a\t10\t20\t-30\t40\t50\t60\t70\t80\n", "`DNA_allele_B_1` is `-30`"),
        ("a\t10\t20\t3x\t40\t50\t60\t70\t80\n", "`DNA_allele_B_1` is `3x`"),
        (
            "a\t1\t1\t1\t1\t1\t1\t1\t1\na\t1\t1\t1\t1\t1\t1\t1\t1\n",
            "two rows of counts are named `a`",
        ),
    ] {
        let table = file(&format!("{counts}{rows}"));
        let error = refused(&self::request(table.path().to_owned()));
        assert!(error.to_string().contains(expected), "{error}");
    }
    let mut shallow = self::request(table.path().to_owned());
    shallow.source.counts.least_dna = Some(6.0);
    let (report, _) = measured(shallow);
    assert_eq!(counted(&report.rows.dropped), [("few_dna_counts", 1)]);
}

#[test]
fn every_format_is_documented() {
    for format in FORMATS {
        assert!(
            !format.source.is_empty() && !format.effect.is_empty(),
            "{}",
            format.name
        );
    }
    assert_eq!(FreeColumns::default().effect, None);
}

/// The values of a column over a whole file that is not shipped.
fn effects_of(name: &str, change: impl Fn(&mut MeasuredRequest)) -> Option<(MeasuredReport, Table)> {
    let path = shared(name)?;
    let mut request = request(path);
    change(&mut request);
    Some(measured(request))
}

#[test]
fn tewhey_counts_give_the_published_spread() {
    let name = "tewhey2016_mpra/gse75661_7p5k_na12878_allele_counts.tsv";
    let Some((report, table)) = effects_of(name, |request| {
        request.source.counts.name_prefix = Some("rs".to_owned());
    }) else {
        return;
    };
    assert_eq!(report.rows.written, 3_431);
    let effects = table.numbers("effect");
    let n = effects.len() as f64;
    let mean = effects.iter().sum::<f64>() / n;
    let sd = (effects.iter().map(|effect| (effect - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    assert!((mean + 0.001_317).abs() < 5e-7, "{mean}");
    assert!((sd - 0.171_287).abs() < 5e-7, "{sd}");
    let within = |low: f64, high: f64| {
        effects
            .iter()
            .filter(|effect| (low..high).contains(&effect.abs()))
            .count()
    };
    assert!((within(0.0, 0.1) as f64 / n - 0.739_143).abs() < 5e-7);
    let bins = [(0.0, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 9.0)];
    assert_eq!(bins.map(|(low, high)| within(low, high)), [1618, 918, 590, 247, 58]);
}

#[test]
fn credible_sets_and_published_effects_have_their_known_answers() {
    if let Some((report, table)) = effects_of("finemapping/gentropy/QTD000584.credible_sets.tsv", |request| {
        request.repeats = Repeats::Identical;
    }) {
        assert_eq!((report.rows.rows, report.rows.merged), (200, 15));
        let first = table.rows.iter().find(|row| row["weight"] == "1").unwrap();
        assert_eq!(
            (first["pos"].as_str(), first["effect"].as_str(), first["se"].as_str()),
            ("116947639", "0.996044", "0.0268832")
        );
    }
    if let Some((report, _)) = effects_of("tewhey2016_mpra/tewhey2016_variant_effects_hg19.tsv", |_| {}) {
        assert_eq!(
            (report.provenance.format.as_str(), report.rows.rows),
            ("tewhey_effects", 6_451)
        );
    }
    if let Some((report, table)) = effects_of("tert_satmut_mpra/tert_satmut_grch38.tsv", |request| {
        request.reference = Some(crate::study("tert/chr5_1294490_1296547.fa"));
        request.assembly = Some(Assembly::GRCh38);
        request.repeats = Repeats::Mean;
    }) {
        // Deletions of the bases of a run are one variant, measured under each of its positions.
        assert_eq!(
            (report.rows.rows, report.rows.written, report.rows.merged),
            (3_896, 3_662, 234)
        );
        let effect = |position: &str, alternate: &str, experiment: &str| {
            let wanted = |row: &&BTreeMap<String, String>| {
                row["pos"] == position && row["alt"] == alternate && row["experiment"] == experiment
            };
            table.rows.iter().find(wanted).unwrap()["effect"]
                .parse::<f64>()
                .unwrap()
        };
        assert!((effect("1295113", "A", "TERT-HEK") - 1.997_812).abs() < 5e-7);
        assert!((effect("1295135", "A", "TERT-GBM") - 2.418_421).abs() < 5e-7);
    }
    if let Some((report, _)) = effects_of(
        "qtl_slices/gtex_v8_kidney_cortex_sqtl_chr1_chr9_first_mb.tsv",
        |request| {
            request.reference = chr1();
        },
    ) {
        assert_eq!((report.rows.rows, report.rows.as_written), (4, 4));
    }
    if let Some((report, _)) = effects_of("qtl_slices/afgr_sqtl_example.tsv", |request| {
        request.reference = chr1();
        request.source.effect_allele = Some(EffectAllele::Alternate);
    }) {
        assert_eq!(
            (report.provenance.format.as_str(), report.rows.as_written),
            ("afgr_sqtl", 92)
        );
    }
}

#[test]
fn files_without_effects_or_with_p_values_for_them_are_refused() {
    if let Some(path) = shared("gtex_eqtl_study1/predictions_2kb.csv") {
        // The header lacks what a GTEx file has; told that it is a table of slopes, the values give it away.
        assert!(matches!(
            refused(&request(path.clone())),
            MeasuredError::NotRecognised { .. }
        ));
        let mut free = free_table(&path, "alt");
        free.source.columns.effect = Some("slope".to_owned());
        assert!(matches!(refused(&free), MeasuredError::PValues { .. }));
    }
    if let Some(path) = shared("qtl_slices/caqtl_ENCFF103XRK_sample.bed") {
        assert!(matches!(refused(&request(path)), MeasuredError::NotRecognised { .. }));
    }
    if let Some(path) = shared("finemapping/gentropy/finngen_R9_AB1_EBV.SUSIE.snp") {
        assert!(matches!(
            refused(&request(path.clone())),
            MeasuredError::EffectAlleleNeeded { .. }
        ));
        let error = refused(&of_allele(request(path), "alt"));
        assert!(matches!(error, MeasuredError::ReferenceNeeded { .. }), "{error}");
    }
}
