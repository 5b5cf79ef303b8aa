//! `--model alphagenome:PATH`: the network from weights of its shape, which are made of names and not trained.

use crate::serve::{Serving, official_client, scores, table};
use crate::{made_up, refalt};
use refalt_alphagenome::untrained::NamedWeights;
use std::path::{Path, PathBuf};

/// Writes weights of a small network of the same build, with the tracks of the published one.
fn write_weights(folder: &Path) -> PathBuf {
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../alphagenome/tests/data/tiny_fp32_16384.safetensors");
    let bytes = std::fs::read(oracle).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let shapes = &header.metadata().as_ref().unwrap()["shapes"];
    let path = folder.join("untrained.safetensors");
    NamedWeights::from_json(shapes)
        .unwrap()
        .with_published_columns()
        .write(&path)
        .unwrap();
    path
}

/// A gene on each strand around the made-up variants, of three exons and with two ends.
fn write_genes(folder: &Path) -> PathBuf {
    let mut text = String::new();
    for (id, strand, exons) in [
        ("ENSG1.1", '+', [(8_001, 9_000), (9_801, 10_200), (11_001, 12_000)]),
        ("ENSG2.3", '-', [(9_901, 10_500), (12_501, 13_000), (15_001, 16_000)]),
    ] {
        let mut line = |kind: &str, (start, end): (u32, u32), more: &str| {
            text.push_str(&format!(
                "chr1\tmade-up\t{kind}\t{start}\t{end}\t.\t{strand}\t.\tgene_id \"{id}\"; gene_name \"N{id}\"; gene_type \"protein_coding\"; {more}\n"
            ));
        };
        let whole = (exons[0].0, exons[2].1);
        line("gene", whole, "");
        let transcript = format!("transcript_id \"T{id}\"; transcript_type \"protein_coding\";");
        line("transcript", whole, &transcript);
        for exon in exons {
            line("exon", exon, &transcript);
        }
        // Another end, for the sites of polyadenylation.
        let (first, end) = (exons[0].0, exons[1].1);
        let transcript = format!("transcript_id \"S{id}\"; transcript_type \"protein_coding\";");
        line("transcript", (first, end), &transcript);
        for exon in &exons[..2] {
            line("exon", *exon, &transcript);
        }
    }
    let path = folder.join("genes.gtf");
    std::fs::write(&path, text).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn served_scores_are_those_of_score_and_of_the_official_client() {
    let folder = tempfile::tempdir().unwrap();
    let (weights, genes) = (write_weights(folder.path()), write_genes(folder.path()));
    let model = format!("alphagenome:{}", text(&weights));
    let with_genes = ["--genes", text(&genes), "--polya", "transcript-ends", "--model", &model];
    let serving = Serving::start(folder.path(), &with_genes);
    let wanted = ["--scorers", "recommended", "--merge-stranded"];
    let local = table(folder.path(), "local", &[&wanted[..], &with_genes].concat());
    let address = format!("http://{}", serving.address);
    let service = ["--model", "api", "--address", &address, "--no-cache"];
    let served = table(folder.path(), "served", &[&wanted[..], &service].concat());
    let scored = scores(&local);
    assert_eq!(scored, scores(&served));
    let rows = |scorer: &str| scored.iter().filter(|line| line.contains(scorer)).count();
    for scorer in [
        "CenterMaskScorer(requested_output=ATAC",
        "ContactMapScorer()",
        "GeneMaskLFCScorer(requested_output=RNA_SEQ)",
        "GeneMaskSplicingScorer(requested_output=SPLICE_SITE_USAGE",
        "SpliceJunctionScorer()",
        "PolyadenylationScorer()",
    ] {
        assert!(rows(scorer) > 0, "{scorer}");
    }
    if let Some(report) = official_client(&serving.address, &local) {
        assert_eq!(report["rows"].as_u64(), Some(scored.len() as u64 - 1));
        assert_eq!(report["scorers"], 19);
    }
}

#[test]
fn what_is_written_says_what_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let weights = write_weights(folder.path());
    made_up::write_genome(folder.path());
    let model = format!("alphagenome:{},angles=float32", text(&weights));
    let out = table(
        folder.path(),
        "out",
        &["--model", &model, "--scorers", "DNASE", "--window", "4096"],
    );
    assert!(std::fs::read_to_string(out).unwrap().contains("\talphagenome\t"));
    let manifest = std::fs::read_to_string(folder.path().join("out/manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    let model = &manifest["model"];
    assert_eq!(model["name"], "alphagenome");
    let digest = model["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    assert_eq!(model["version"], format!("weights {}, float32 angles", &digest[..12]));
    assert!(model["licence"].as_str().unwrap().contains("non-commercial use only"));
    // A variant may take minutes at full size: few of them are in a part.
    assert_eq!(manifest["identity"]["rows_per_part"], 4);
}

#[test]
fn predictions_and_mutagenesis_work_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let weights = write_weights(folder.path());
    made_up::write_genome(folder.path());
    let model = format!("alphagenome:{}", text(&weights));
    let run = |arguments: &[&str]| {
        let mut command = refalt();
        command.current_dir(folder.path()).args(arguments);
        let done = command
            .args(["--reference", "genome.fa", "--model", &model])
            .assert()
            .code(0);
        String::from_utf8(done.get_output().stderr.clone()).unwrap()
    };
    write_genes(folder.path());
    let variant = format!("chr1:10100:{}", made_up::substitution(10_100));
    let outputs = [
        "--outputs",
        "DNASE,SPLICE_JUNCTIONS,CONTACT_MAPS",
        "--genes",
        "genes.gtf",
    ];
    run(&[
        &["predict", &variant, "--window", "16384", "--out", "predicted"],
        &outputs[..],
    ]
    .concat());
    let written: Vec<String> = std::fs::read_dir(folder.path().join("predicted"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        ["tracks.png", "junctions.png", "contacts.png"]
            .iter()
            .all(|name| written.iter().any(|other| other == name)),
        "{written:?}"
    );
    run(&[
        "ism",
        "chr1:20000-20002",
        "--window",
        "2048",
        "--scorers",
        "DNASE",
        "--out",
        "ism",
    ]);
    assert!(folder.path().join("ism/manifest.json").exists());
    let tracks = refalt()
        .current_dir(folder.path())
        .args(["tracks", "count", "--model", &model])
        .assert()
        .code(0);
    let counted = String::from_utf8(tracks.get_output().stdout.clone()).unwrap();
    assert!(counted.contains("RNA_SEQ"), "{counted}");
}

#[test]
fn weights_of_another_shape_and_other_organisms_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let weights = write_weights(folder.path());
    made_up::write_genome(folder.path());
    std::fs::write(folder.path().join("variants.vcf"), made_up::vcf(2, 9)).unwrap();
    let refused = |model: &str, more: &[&str], code: i32| {
        let mut command = refalt();
        command.current_dir(folder.path());
        command.args([
            "score",
            "variants.vcf",
            "--reference",
            "genome.fa",
            "--out",
            "out",
            "--model",
            model,
        ]);
        let done = command.args(more).assert().code(code);
        assert!(!folder.path().join("out").exists());
        String::from_utf8(done.get_output().stderr.clone()).unwrap()
    };
    let bytes = std::fs::read(&weights).unwrap();
    std::fs::write(folder.path().join("cut.safetensors"), &bytes[..bytes.len() / 2]).unwrap();
    let message = refused("alphagenome:cut.safetensors", &[], 1);
    assert!(
        message.contains("`cut.safetensors` is no safetensors file: its header speaks of"),
        "{message}"
    );
    assert!(message.contains("scripts/convert_checkpoint.py"), "{message}");
    let mouse = format!("alphagenome:{},organism=mouse", text(&weights));
    let message = refused(&mouse, &["--assembly", "GRCh38", "--scorers", "DNASE"], 2);
    assert!(
        message.contains("predicts tracks of Mus musculus, and the reference is stated to be GRCh38"),
        "{message}"
    );
    let message = refused("alphagenome:cut.safetensors,organsim=mouse", &[], 2);
    assert!(
        message.contains("`organsim=mouse` is no option of `alphagenome`"),
        "{message}"
    );
    let message = refused("alphagenome:x,organism=rat", &[], 2);
    assert!(message.contains("organism is `human` or `mouse`"), "{message}");
    let message = refused(
        &format!("alphagenome:{}", text(&weights)),
        &["--window", "3000", "--scorers", "DNASE"],
        2,
    );
    assert!(message.contains("3000"), "{message}");
}
