//! `refalt query`: what it answers where it was built, and what it says where it was not.

use crate::made_up;
use crate::refalt;

fn run(folder: &std::path::Path, out: &str, options: &[&str]) {
    made_up::write_genome(folder);
    std::fs::write(folder.join("in.vcf"), made_up::vcf(12, 4)).unwrap();
    let output = refalt()
        .current_dir(folder)
        .args(["score", "in.vcf", "-r", "genome.fa", "--window", "512", "-o", out])
        .args(options)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

/// Asks a query; returns the exit code, what was written and what was told.
#[cfg(feature = "query")]
fn ask(folder: &std::path::Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = refalt()
        .current_dir(folder)
        .arg("query")
        .args(arguments)
        .output()
        .unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap(), told)
}

#[cfg(not(feature = "query"))]
#[test]
fn without_the_feature_it_says_how_to_get_it_and_what_else_reads_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "run", &[]);
    let output = refalt()
        .current_dir(folder.path())
        .args(["query", "SELECT 1", "run"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("--features query"), "{told}");
    assert!(
        told.contains("duckdb -c") && told.contains("'run/scores/*.parquet'"),
        "{told}"
    );
}

#[cfg(feature = "query")]
#[test]
fn counts_are_those_of_the_manifest() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "run", &[]);
    let ask = |arguments: &[&str]| ask(folder.path(), arguments);
    // 12 rows, each fourth with a wrong REF; 739 motifs.
    let (code, out, told) = ask(&["SELECT count(*) AS n FROM scores", "run"]);
    assert_eq!((code, out.as_str()), (Some(0), &*format!("n\n{}\n", 9 * 739)), "{told}");
    let (_, out, _) = ask(&[
        "SELECT code, count(*) AS n FROM variants GROUP BY code ORDER BY n",
        "run",
        "--json",
    ]);
    assert_eq!(out, "{\"code\":\"ref_mismatch\",\"n\":3}\n{\"n\":9}\n");
    let (code, ..) = ask(&["SELECT * FROM scores", "run", "-o", "all.parquet", "--memory", "100MB"]);
    assert_eq!(code, Some(0));
    assert!(folder.path().join("all.parquet").is_file());
    // The same answer is no other content; another one is.
    let (code, ..) = ask(&["SELECT * FROM scores", "run", "-o", "all.parquet"]);
    assert_eq!(code, Some(0));
    let (code, _, told) = ask(&["SELECT 1", "run", "-o", "all.parquet"]);
    assert_eq!(code, Some(1));
    assert!(told.contains("is there with another content"), "{told}");
    let (code, _, told) = ask(&["SELECT raw_scor FROM scores", "run"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("is `raw_score` meant?"), "{told}");
    let (code, ..) = ask(&["SELECT 1", "run", "--format", "parquet"]);
    assert_eq!(code, Some(2));
}

/// Two scorers of the motif model, one of effects and one of activities.
#[cfg(feature = "query")]
const SCORERS: [&str; 2] = ["--scorers", "CHIP_TF,CHIP_TF_ACTIVE"];

#[cfg(feature = "query")]
#[test]
fn summaries_are_those_of_the_score_table() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "run", &SCORERS);
    let (_, out, told) = ask(
        folder.path(),
        &[
            "SELECT level, count(*) AS n FROM summaries GROUP BY level ORDER BY level",
            "run",
        ],
    );
    // 9 scored variants; two scorers, whose kinds are two more summaries of the one output type.
    assert_eq!(out, "level\tn\noutput_type\t18\nscorer\t18\n", "{told}");
    let sums = "SELECT row, variant_scorer AS scorer, max(raw_score) AS most, min(raw_score) AS least, avg(raw_score) AS \
                middle, count(*) AS n FROM scores GROUP BY row, variant_scorer";
    let same = format!(
        "SELECT count(*) AS n FROM summaries s JOIN ({sums}) t ON s.row = t.row AND s.variant_scorer = t.scorer \
         WHERE s.level = 'scorer' AND s.max = t.most AND s.min = t.least AND abs(s.mean - t.middle) < 1e-6 \
         AND s.scores = t.n AND s.tracks = 739 AND s.signed_max IN (t.most, t.least) AND abs(s.signed_max) >= abs(t.most) \
         AND abs(s.signed_max) >= abs(t.least)"
    );
    let (_, out, told) = ask(folder.path(), &[&same, "run"]);
    assert_eq!(out, "n\n18\n", "{told}");
    // The track that is named has the score that is told.
    let (_, out, told) = ask(
        folder.path(),
        &[
            "SELECT count(*) AS n FROM summaries s JOIN scores t ON s.row = t.row AND s.variant_scorer = t.variant_scorer \
             AND s.signed_max_track = t.track_name WHERE s.level = 'scorer' AND s.signed_max = t.raw_score",
            "run",
        ],
    );
    assert_eq!(out, "n\n18\n", "{told}");
}

#[cfg(feature = "query")]
#[test]
fn a_wide_folder_has_a_table_for_each_scorer_with_the_scores_of_the_tidy_one() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "tidy", &SCORERS);
    run(
        folder.path(),
        "wide",
        &[&SCORERS[..], &["--layout", "wide", "--keep-ref-alt"]].concat(),
    );
    let (_, tidy, told) = ask(
        folder.path(),
        &[
            "SELECT row, variant_id, raw_score AS s FROM scores WHERE track_name = 'MA0062.4 GABPA' AND \
             score_kind = 'signed_effect' ORDER BY row",
            "tidy",
        ],
    );
    let (_, wide, _) = ask(
        folder.path(),
        &[
            "SELECT row, variant_id, \"MA0062.4 GABPA\" AS s FROM CHIP_TF ORDER BY row",
            "wide",
        ],
    );
    assert_eq!(tidy.lines().count(), 10, "{told}");
    assert_eq!(tidy, wide);
    // What the terms differ by is the effect; the names of their tables have a point.
    let (_, out, told) = ask(
        folder.path(),
        &[
            "SELECT count(*) AS n FROM CHIP_TF s JOIN \"CHIP_TF.reference\" r ON s.row = r.row JOIN \"CHIP_TF.alternate\" a \
             ON s.row = a.row WHERE abs(a.\"MA0062.4 GABPA\" - r.\"MA0062.4 GABPA\" - s.\"MA0062.4 GABPA\") < 1e-5",
            "wide",
        ],
    );
    assert_eq!(out, "n\n9\n", "{told}");
    let (_, out, told) = ask(
        folder.path(),
        &[
            "SELECT v.status, count(*) AS n FROM variants v LEFT JOIN CHIP_TF_ACTIVE s ON v.row = s.row GROUP BY v.status ORDER BY n",
            "wide",
        ],
    );
    assert_eq!(out, "status\tn\nrejected\t3\nscored\t9\n", "{told}");
    // `scores` is not there: the tables that are get named.
    let (code, _, told) = ask(folder.path(), &["SELECT * FROM scores", "wide"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("CHIP_TF, CHIP_TF.alternate"), "{told}");
    let (code, _, told) = ask(folder.path(), &["SELECT 1 FROM \"CHIP_TF.referenc\"", "wide"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("is `CHIP_TF.reference`"), "{told}");
}
