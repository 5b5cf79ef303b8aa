//! VEP takes exported scores as a custom annotation: each allele of each record finds its own.

use crate::made_up;
use crate::refalt;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Runs a program that must succeed; `None` when it is not installed.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn program(folder: &Path, name: &str, arguments: &[&str]) -> Option<()> {
    let output = match Command::new(name).current_dir(folder).args(arguments).output() {
        Ok(output) => output,
        Err(_) => {
            println!("skipped: `{name}` is not installed (VEP is looked for as `vep`; REFALT_VEP names another)");
            return None;
        }
    };
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} {arguments:?}: {told}");
    Some(())
}

fn score(folder: &Path) {
    made_up::write_genome(folder);
    let genome = made_up::genome();
    let bases = |start: usize, length: usize| {
        genome[start - 1..start - 1 + length]
            .iter()
            .map(|&base| char::from(base))
            .collect::<String>()
    };
    let others = |position: usize| -> Vec<&str> {
        let base = bases(position, 1);
        ["A", "C", "G", "T"]
            .into_iter()
            .filter(|other| *other != base)
            .collect()
    };
    let mut text =
        String::from("##fileformat=VCFv4.3\n##contig=<ID=chr1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
    for index in 0..40 {
        let position = 10_000 + index * 97;
        let base = bases(position, 1);
        let (reference, alternate) = match index % 4 {
            0 => (base, others(position)[index % 3].to_owned()),
            1 => (base, format!("{},{}", others(position)[0], others(position)[2])),
            2 => (base.clone(), format!("{base}{}", &"TGCATTG"[..1 + index % 7])),
            _ => (bases(position, 2 + index % 5), base),
        };
        text.push_str(&format!(
            "chr1\t{position}\tv{index}\t{reference}\t{alternate}\t.\t.\t.\n"
        ));
    }
    std::fs::write(folder.join("in.vcf"), text).unwrap();
    for arguments in [
        &["score", "in.vcf", "-r", "genome.fa", "--window", "512", "-o", "run"][..],
        &[
            "export",
            "run",
            "--to",
            "vcf",
            "-o",
            "scores.vcf.gz",
            "--summary",
            "signed_max,signed_max_track",
        ],
        &[
            "export",
            "run",
            "--to",
            "vcf",
            "-o",
            "plain.vcf",
            "--summary",
            "signed_max,signed_max_track",
        ],
    ] {
        let output = refalt().current_dir(folder).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// VEP's name of each alternate allele: without the first base where alleles of several lengths begin with the same one.
fn names_of_vep<'a>(reference: &str, alternates: &[&'a str]) -> Vec<&'a str> {
    let first = &reference[..1];
    let trimmed = alternates.iter().any(|allele| allele.len() != reference.len())
        && alternates.iter().all(|allele| allele.starts_with(first));
    let name = |allele: &&'a str| match (trimmed, &allele[1..]) {
        (true, "") => "-",
        (true, rest) => rest,
        (false, _) => allele,
    };
    alternates.iter().map(name).collect()
}

#[test]
fn each_allele_finds_its_scores() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let vep = std::env::var("REFALT_VEP").unwrap_or_else(|_| "vep".to_owned());
    if [(&*vep, "--help"), ("bgzip", "--version"), ("tabix", "--version")]
        .into_iter()
        .any(|(name, option)| program(folder, name, &[option]).is_none())
    {
        return;
    }
    score(folder);
    // VEP wants gene models of some kind.
    let exon = |feature: &str| {
        format!(
            "chr1\tmade_up\t{feature}\t10500\t12000\t.\t+\t.\tgene_id \"G1\"; transcript_id \"T1\"; gene_biotype \"lncRNA\"; \
             transcript_biotype \"lncRNA\"; exon_number \"1\";\n"
        )
    };
    let genes: String = ["gene", "transcript", "exon"].map(exon).concat();
    std::fs::write(folder.join("genes.gtf"), genes).unwrap();
    program(folder, "bgzip", &["genes.gtf"]).unwrap();
    program(folder, "tabix", &["-p", "gff", "genes.gtf.gz"]).unwrap();
    let custom = "file=scores.vcf.gz,short_name=refalt,format=vcf,type=exact,coords=0,\
                  fields=refalt_CHIP_TF_SIGNED_MAX%refalt_CHIP_TF_SIGNED_MAX_TRACK";
    let arguments = [
        "-i",
        "in.vcf",
        "--format",
        "vcf",
        "--vcf",
        "-o",
        "vep.vcf",
        "--no_stats",
        "--gtf",
        "genes.gtf.gz",
        "--fasta",
        "genome.fa",
        "--custom",
        custom,
    ];
    program(folder, &vep, &arguments).unwrap();

    let mut expected: BTreeMap<String, (f32, String)> = BTreeMap::new();
    for line in std::fs::read_to_string(folder.join("plain.vcf")).unwrap().lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let Some(info) = columns.get(7).filter(|_| !line.starts_with('#')) else {
            continue;
        };
        let field = |key: &str| {
            let mut fields = info.split(';').filter_map(|field| field.split_once('='));
            fields
                .find(|(name, _)| *name == format!("refalt_CHIP_TF_{key}"))
                .unwrap()
                .1
                .to_owned()
        };
        let key = [columns[1], columns[3], columns[4]].join(" ");
        expected.insert(key, (field("SIGNED_MAX").parse().unwrap(), field("SIGNED_MAX_TRACK")));
    }
    let text = std::fs::read_to_string(folder.join("vep.vcf")).unwrap();
    let header = text.lines().find(|line| line.starts_with("##INFO=<ID=CSQ")).unwrap();
    let names: Vec<&str> = header
        .split_once("Format: ")
        .unwrap()
        .1
        .trim_end_matches("\">")
        .split('|')
        .collect();
    let column = |name: &str| names.iter().position(|other| *other == name).unwrap();
    let (score, track) = (
        column("refalt_refalt_CHIP_TF_SIGNED_MAX"),
        column("refalt_refalt_CHIP_TF_SIGNED_MAX_TRACK"),
    );
    let mut found = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let alternates: Vec<&str> = columns[4].split(',').collect();
        let (_, entries) = columns[7].split_once("CSQ=").unwrap();
        for (name, alternate) in names_of_vep(columns[3], &alternates).into_iter().zip(&alternates) {
            let entries = entries.split(',').map(|entry| entry.split('|').collect::<Vec<_>>());
            let of_allele: Vec<_> = entries.filter(|entry| entry[0] == name).collect();
            assert!(!of_allele.is_empty(), "{line}");
            let (value, on) = &expected[&[columns[1], columns[3], alternate].join(" ")];
            for entry in of_allele {
                // VEP writes eight digits.
                assert!((entry[score].parse::<f32>().unwrap() - value).abs() < 1e-6, "{line}");
                assert_eq!(entry[track], on, "{line}");
            }
            found += 1;
        }
    }
    assert_eq!((found, expected.len()), (50, 50));
}
