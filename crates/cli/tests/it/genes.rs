//! `refalt genes`: real slices of GENCODE, the index beside the file, refusals.

use crate::refalt;
use std::path::{Path, PathBuf};
use std::process::Output;

fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns a copy of a file, so that its index goes to a folder of its own.
fn copy(name: &str, folder: &Path) -> PathBuf {
    let path = folder.join(name);
    std::fs::copy(repository().join("tests/data/genes").join(name), &path).unwrap();
    path
}

fn text(output: &Output) -> (String, String) {
    (
        String::from_utf8(output.stdout.clone()).unwrap(),
        String::from_utf8(output.stderr.clone()).unwrap(),
    )
}

#[test]
fn the_summary_counts_what_the_file_has_and_the_second_run_reads_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let file = copy("ensembl_GRCh38_chr21.gff3.gz", folder.path());
    let first = refalt().arg("genes").arg(&file).output().unwrap();
    assert!(first.status.success(), "{}", text(&first).1);
    let (out, _) = text(&first);
    for line in [
        // 13,966 exon rows, 8 of which name two transcripts.
        "835 genes, 2414 transcripts, 13974 exons",
        // The row of the chromosome has the length of chromosome 21 in GRCh38 alone.
        "assembly: GRCh38 (`21` is 46709983 bp long)",
        "CDS\t7406",
    ] {
        assert!(out.lines().any(|found| found == line), "{line}\n{out}");
    }
    assert!(
        out.lines().any(|line| line.starts_with("protein_coding\t233\t")),
        "{out}"
    );
    let second = refalt().arg("genes").arg(&file).output().unwrap();
    let without_index = |out: &str| {
        out.lines()
            .filter(|line| !line.starts_with("index:"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(without_index(&text(&second).0), without_index(&out));
    let index = folder.path().join("ensembl_GRCh38_chr21.gff3.gz.refalt-genes");
    std::fs::write(&index, "rubbish").unwrap();
    let third = refalt().arg("genes").arg(&file).output().unwrap();
    let (out, note) = text(&third);
    assert!(out.contains("835 genes"));
    assert!(
        note.contains("was made again: it is no index of gene annotation"),
        "{note}"
    );
}

#[test]
fn places_get_gene_strand_distance_and_region() {
    let output = refalt()
        .args([
            "genes",
            "--no-index",
            "--at",
            "11:5,269,890",
            "--at",
            "chr11:5270046",
            "--at",
            "chr2:1",
        ])
        .arg(repository().join("tests/data/genes/borzoi_HBE1.gtf.gz"))
        .output()
        .unwrap();
    assert!(output.status.success());
    let (out, _) = text(&output);
    // The first base of the start codon is 55 bases after the first base of the gene, 5,269,945, on the minus strand. Other
    // transcripts of HBE1 begin further upstream, so its span has the promoter of the canonical one.
    assert_eq!(
        out,
        "variant_id\trsid\tgene_id\tgene_name\tgene_type\tgene_strand\ttranscript_id\ttranscript_rule\ttss_distance_bp\
         \tregion\tregion_gene\toverlapping_genes\tnote\n\
         11:5,269,890\t.\tENSG00000213931.7\tHBE1\tprotein_coding\t-\tENST00000396895.3\tmane_select\t55\tcoding\tHBE1\tHBE1\t\n\
         chr11:5270046\t.\tENSG00000213931.7\tHBE1\tprotein_coding\t-\tENST00000396895.3\tmane_select\t-101\tpromoter\tHBE1\tHBE1\t\n\
         chr2:1\t.\t.\t.\t.\t.\t.\t.\t.\t.\t.\t.\tthe annotation has no contig `chr2`\n"
    );
}

#[test]
fn variants_come_out_as_they_went_in_and_refused_ones_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let variants = folder.path().join("variants.txt");
    std::fs::write(&variants, "chr11:5269846:G>A\nchr11_5269846_G_A_b37\nnonsense\n").unwrap();
    let output = refalt()
        .args(["genes", "--no-index", "--json", "--variants"])
        .arg(&variants)
        .arg(repository().join("tests/data/genes/borzoi_HBE1.gtf.gz"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (out, _) = text(&output);
    let rows: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0]["gene_name"], "HBE1");
    // 5,269,945 - 5,269,846 = 99
    assert_eq!(rows[0]["tss_distance_bp"], 99);
    // This slice does not say its assembly, so the row cannot contradict it.
    assert_eq!(rows[1]["gene_name"], "HBE1");
    assert!(rows[2]["gene_id"].is_null() && rows[2]["note"].is_string());
}

#[test]
fn variants_are_read_as_by_every_other_command() {
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("gwas.tsv");
    std::fs::write(&table, "CHR\tBP\tother_allele\teffect_allele\n11\t5269846\tG\tA\n").unwrap();
    let genes = repository().join("tests/data/genes/borzoi_HBE1.gtf.gz");
    let mut written = refalt();
    written.args([
        "genes",
        "--no-index",
        "--variants",
        "chr11:5269846:G>A",
        "--variants",
        "chr11:5269847:C>T",
    ]);
    let (out, _) = text(&written.arg(&genes).output().unwrap());
    assert_eq!(out.lines().filter(|row| row.contains("HBE1")).count(), 2, "{out}");
    let mut columns = refalt();
    columns.args([
        "genes",
        "--no-index",
        "--columns",
        "chrom=CHR,pos=BP,ref=other_allele,alt=effect_allele",
    ]);
    let (out, _) = text(&columns.arg("--variants").arg(&table).arg(&genes).output().unwrap());
    assert!(out.contains("ENSG00000213931.7\tHBE1"), "{out}");
}

#[test]
fn a_row_on_another_assembly_than_the_annotation_gets_no_gene() {
    let folder = tempfile::tempdir().unwrap();
    let variants = folder.path().join("variants.txt");
    std::fs::write(&variants, "chr1_69100_G_A_b37\nchr1_69100_G_A_b38\n").unwrap();
    let output = refalt()
        .args(["genes", "--no-index", "--variants"])
        .arg(&variants)
        .arg(repository().join("tests/data/genes/gencode_v24_OR4F5.gtf"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let (out, _) = text(&output);
    let rows: Vec<&str> = out.lines().collect();
    assert!(
        rows[1].ends_with("the row says it is on GRCh37, the annotation is on GRCh38"),
        "{out}"
    );
    assert!(rows[2].contains("\tOR4F5\t"), "{out}");
}

#[test]
fn spaces_between_columns_are_refused_with_line_and_remedy() {
    let file = repository().join("tests/data/genes/gencode_v43_chr20_sample.gtf.gz");
    let output = refalt().args(["genes", "--no-index"]).arg(&file).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let (_, message) = text(&output);
    assert!(
        message.contains("8 lines cannot be used") && message.contains("line 1541:"),
        "{message}"
    );
    assert!(message.contains("--malformed leave-out"), "{message}");
    let output = refalt()
        .args(["genes", "--no-index", "--malformed", "leave-out"])
        .arg(&file)
        .output()
        .unwrap();
    let (out, notes) = text(&output);
    assert!(output.status.success());
    assert!(out.contains("50 genes, 184 transcripts, 870 exons"), "{out}");
    assert!(notes.contains("8 lines of") && notes.contains("line 1548"), "{notes}");
}

#[test]
fn annotation_of_another_assembly_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let genes = folder.path().join("genes.gtf");
    let row = "chr1\tx\texon\t900000\t1000001\t.\t+\t.\tgene_id \"G\"; transcript_id \"T\";\n";
    let run = |text: &str, extra: &[&str]| {
        std::fs::write(&genes, text).unwrap();
        let output = refalt()
            .args(["genes", "--no-index"])
            .arg(&genes)
            .arg("--reference")
            .arg(repository().join("tests/data/hg38/hg38_chr1_1_1000000.fa.gz"))
            .args(extra)
            .output()
            .unwrap();
        (output.status.code(), text_of(&output))
    };
    let header = "##description: evidence-based annotation of the human genome (GRCh38), version 46 (Ensembl 112), mapped to \
                  GRCh37 with gencode-backmap\n";
    let (code, message) = run(&format!("{header}{row}"), &["--assembly", "GRCh38"]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("is on GRCh37 (header `##description:") && message.contains("the reference on GRCh38"),
        "{message}"
    );
    // The slice is a whole contig of 1,000,000 bp as far as the file says.
    let (code, message) = run(row, &[]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("the gene `G` of")
            && message.contains("ends at chr1:1000001, the contig of the reference at 1000000"),
        "{message}"
    );
    let (code, message) = run(&row.replace("chr1", "chrUn_1"), &[]);
    assert_eq!(code, Some(1));
    assert!(
        message.contains("no contig of") && message.contains("it has `chrUn_1`, the reference `chr1`"),
        "{message}"
    );
}

#[test]
fn without_a_reference_the_file_is_held_against_the_contigs_of_its_assembly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genes.gtf");
    let row = "chr1\tx\texon\t900000\t900100\t.\t+\t.\tgene_id \"G\"; transcript_id \"T\";\n";
    let run = |content: &str, extra: &[&str]| {
        std::fs::write(&path, content).unwrap();
        let output = refalt()
            .args(["genes", "--no-index"])
            .arg(&path)
            .args(extra)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text_of(&output));
        text(&output)
    };
    // Chromosome 1 is 248,956,422 bp long in GRCh38 and 249,250,621 bp in GRCh37.
    let of_37 = "##sequence-region chr1 1 249250621\n";
    let (out, told) = run(&format!("{of_37}{row}"), &[]);
    assert!(out.contains("assembly: GRCh37 (`chr1` is 249250621 bp long)"), "{out}");
    assert!(!told.contains("contradicts"), "{told}");
    let said = "#!genome-build GRCh38.p14\n";
    let (_, told) = run(&format!("{said}{of_37}{row}"), &[]);
    assert!(
        told.contains("contradicts itself: `chr1` is 249250621 bp long, as in GRCh37") && told.contains("is on GRCh38"),
        "{told}"
    );
    let (_, told) = run(&format!("{said}{}", row.replace("900100", "248956423")), &[]);
    assert!(
        told.contains("the gene `G` ends at chr1:248956423, chr1 in GRCh38 at 248956422"),
        "{told}"
    );
    // Part of a chromosome, or none of a known length, says nothing.
    let (out, _) = run(&format!("##sequence-region chr1 1 1000000\n{row}"), &[]);
    assert!(out.contains("assembly: the file does not say"), "{out}");
    let (out, _) = run(
        &format!("{said}{row}"),
        &["--at", "chr1:248956423", "--at", "chr1:248956422"],
    );
    let notes: Vec<&str> = out
        .lines()
        .skip(1)
        .map(|line| line.rsplit('\t').next().unwrap())
        .collect();
    assert_eq!(
        notes,
        ["`chr1` of GRCh38, which the annotation is on, ends at 248956422", ""]
    );
}

fn text_of(output: &Output) -> String {
    text(output).1
}

#[test]
fn a_place_beyond_the_end_of_the_reference_is_near_no_gene() {
    let folder = tempfile::tempdir().unwrap();
    crate::made_up::write_genome(folder.path());
    let row = "chr1\tx\tgene\t100\t900\t.\t+\t.\tgene_id \"G\"; gene_name \"G\"; gene_type \"lncRNA\";\n";
    let transcript = row
        .replace("\tgene\t", "\ttranscript\t")
        .replace("gene_name", "transcript_id \"T\"; gene_name");
    let exon = transcript.replace("\ttranscript\t", "\texon\t");
    std::fs::write(folder.path().join("genes.gtf"), format!("{row}{transcript}{exon}")).unwrap();
    let (last, beyond) = (crate::made_up::GENOME_BP, crate::made_up::GENOME_BP + 1);
    let run = |place: String, option: &str| {
        let output = refalt()
            .current_dir(folder.path())
            .args(["genes", "genes.gtf", "-r", "genome.fa", option, &place])
            .output()
            .unwrap();
        (output.status.code(), text(&output).0)
    };
    assert_eq!(run(format!("chr1:{last}"), "--at").0, Some(0));
    for (place, option) in [
        (format!("chr1:{beyond}"), "--at"),
        (format!("chr1:{beyond}:A>C"), "--variants"),
    ] {
        let (code, out) = run(place, option);
        assert_eq!(code, Some(3), "{out}");
        assert!(
            out.contains("`chr1` ends at 60000 in the reference") && !out.contains("\tG\t"),
            "{out}"
        );
    }
}
