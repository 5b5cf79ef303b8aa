//! `refalt tracks`: what people type, and what they read.

use crate::made_up;
use crate::refalt;

/// Runs a command and returns its exit code, standard output and standard error.
fn tracks(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = refalt().arg("tracks").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn options_are_short_for_a_selection() {
    let by_options = tracks(&["list", "--tf", "GABPA", "--output", "CHIP_TF", "--biosample", "HepG2"]);
    let by_text = tracks(&["list", "CHIP_TF & tf=GABPA & biosample=HepG2"]);
    assert_eq!(by_options.1, by_text.1);
    let lines: Vec<&str> = by_text.1.lines().collect();
    assert_eq!(lines[0], "output   strand  biosample  ontology     name");
    assert_eq!(
        lines[1],
        "CHIP_TF  .       HepG2      EFO:0001187  EFO:0001187 TF ChIP-seq GABPA"
    );
    assert_eq!(lines.len(), 3);
    assert_eq!(
        by_text.2,
        "the published human tracks, `output=CHIP_TF & tf=GABPA & biosample=HepG2`: 2 of 5563 tracks\n"
    );
    let (code, table, _) = tracks(&["list", "--tsv", "--ontology", "EFO:0001187", "--strand", "-"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split('\t').collect()).collect();
    // CAGE, two of RNA-seq and two of splice site usage.
    assert_eq!((code, rows.len(), rows[0].len()), (Some(0), 1 + 5, 17));
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
}

#[test]
fn counts_are_the_published_ones() {
    let (_, table, note) = tracks(&["count", "--by", "cell-line", "--tsv"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[1].starts_with("HepG2\tEFO:0001187\t565\tATAC 1, CAGE 2, DNASE 1, RNA_SEQ 5, CHIP_HISTONE 10,"));
    assert!(lines[2].starts_with("K562\tEFO:0002067\t333\t"));
    assert!(
        note.ends_with("250 values of cell-line, 5563 tracks, 3105 without\n"),
        "{note}"
    );
    let (_, json, _) = tracks(&["count", "--organism", "mouse", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["tracks"], 1_038);
    assert_eq!(json["rows"][0]["outputs"]["CAGE"], 188);
    let (_, table, _) = tracks(&["count", "--model", "motif", "--tsv"]);
    assert_eq!(table, "output\ttracks\nCHIP_TF\t739\n");
}

#[test]
fn what_there_is_not_is_refused_and_synonyms_are_stated() {
    let (code, out, error) = tracks(&["list", "--biosample", "hepg-2"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert_eq!(
        error,
        "error: no exact match for biosample=`hepg-2`; nearest is HepG2 (EFO:0001187, 565 tracks)\n\
         hint: is `biosample=HepG2` meant? `refalt tracks search` looks for names; `--organism mouse`, `--model` or `--from` makes it those of the mouse, a model or a run\n"
    );
    let (code, _, error) = tracks(&["count", "CHIP_TF & tf="]);
    assert_eq!(code, Some(2));
    assert!(
        error.contains("\n      CHIP_TF & tf=\n                   ^\n"),
        "{error}"
    );
    let (_, json, _) = tracks(&["list", "biosample=Hep-G2 & DNASE", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["tracks"].as_array().unwrap().len(), 1);
    assert!(
        json["statements"][0]
            .as_str()
            .unwrap()
            .starts_with("biosample=`Hep-G2` is taken for HepG2 (EFO:0001187,")
    );
    let (code, _, error) = tracks(&["count", "--by", "cellline"]);
    assert_eq!(code, Some(2));
    assert!(error.contains("is `cell-line` meant?"), "{error}");
    assert_eq!(tracks(&["count", "--from", "no/such/folder"]).0, Some(1));
    let (code, found, _) = tracks(&["search", "hepg-2", "--tsv"]);
    assert_eq!(code, Some(0));
    assert!(
        found
            .lines()
            .nth(1)
            .unwrap()
            .starts_with("near\tbiosample\tHepG2\tEFO:0001187\t565\t")
    );
}

#[test]
fn scores_can_be_narrowed_and_listed() {
    let folder = tempfile::tempdir().unwrap();
    made_up::write_genome(folder.path());
    std::fs::write(folder.path().join("variants.vcf"), made_up::vcf(5, usize::MAX)).unwrap();
    let run = |tracks: &str| {
        refalt()
            .current_dir(folder.path())
            .args("score variants.vcf -r genome.fa --window 512 -o run --tracks".split(' '))
            .arg(tracks)
            .output()
            .unwrap()
    };
    let refused = run("tf=GABPAA");
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("nearest is GABPA (1 track)"));
    assert!(!folder.path().join("run").exists());
    assert_eq!(run("tf=GABPA,ETV5").status.code(), Some(0));
    let from = folder.path().join("run");
    let (_, table, _) = tracks(&["count", "--by", "tf", "--tsv", "--from", from.to_str().unwrap()]);
    assert_eq!(table, "tf\ttracks\toutputs\nETV5\t1\tCHIP_TF 1\nGABPA\t1\tCHIP_TF 1\n");
    let manifest = std::fs::read_to_string(from.join("manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["identity"]["tracks"], "tf in {ETV5, GABPA}");
    assert_eq!(manifest["identity"]["tracks_given"], "tf=GABPA,ETV5");
    assert_eq!(run("tf in {etv5, GABPA}").status.code(), Some(0), "the same run");
    assert_eq!(manifest["score_rows"], 10);
}

#[test]
fn the_figure_is_written_three_times() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/folder");
    let (code, ..) = tracks(&["figure", "--out", out.to_str().unwrap(), "--rows", "5"]);
    assert_eq!(code, Some(0));
    let table = std::fs::read_to_string(out.join("tracks_by_cell_line.tsv")).unwrap();
    // Five cell lines in ten output types: splice sites are of no cell line.
    assert_eq!(table.lines().count(), 1 + 5 * 10);
    assert!(table.contains("K562\tEFO:0002067\tstart sites\tPROCAP\t1\t2\n"));
    assert!(out.join("tracks_by_cell_line.svg").is_file() && out.join("tracks_by_cell_line.png").is_file());
}
