//! `refalt calibrate` and `refalt saturation`: from a background to quantile scores to what they say.

use crate::made_up;
use crate::refalt;
use serde_json::Value;
use std::path::Path;

fn run(folder: &Path, arguments: &str, code: i32) -> (String, String) {
    let output = refalt()
        .current_dir(folder)
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments}\n{stdout}{stderr}");
    (stdout, stderr)
}

/// A background of 90 variants, of which the first 30 are the run, and a table of effects of these.
fn bench(folder: &Path) {
    made_up::write_genome(folder);
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let all = made_up::vcf(90, usize::MAX);
    write("background.vcf", &all);
    let (header, rows): (Vec<&str>, Vec<&str>) = all.lines().partition(|line| line.starts_with('#'));
    write(
        "run.vcf",
        &format!("{}\n{}\n", header.join("\n"), rows[..30].join("\n")),
    );
    let mut truth = String::from("chrom\tpos\tref\talt\teffect\tdepth\n");
    for (index, row) in rows.iter().enumerate() {
        let cells: Vec<&str> = row.split('\t').collect();
        let effect = f64::from(i32::try_from(index * 7 % 30).unwrap() - 15) / 20.0;
        truth.push_str(&format!(
            "{}\t{}\t{}\t{}\t{effect}\t{}\n",
            cells[0],
            cells[1],
            cells[3],
            cells[4],
            index % 10
        ));
    }
    write("truth.tsv", &truth);
    for list in ["background", "run"] {
        run(
            folder,
            &format!("score {list}.vcf -r genome.fa --window 512 -o {list}"),
            0,
        );
    }
}

#[test]
fn a_background_becomes_quantiles_and_quantiles_a_page() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    bench(folder);
    let targets = std::fs::read_to_string(folder.join("truth.tsv")).unwrap();
    let targets: Vec<&str> = targets.lines().take(31).collect();
    std::fs::write(folder.join("targets.tsv"), targets.join("\n")).unwrap();
    let (text, _) = run(
        folder,
        "calibrate background -o matched.parquet --match gc,depth --targets targets.tsv --variants-meta truth.tsv -r genome.fa \
         --per-target 2 --match-bins 2 --json",
        0,
    );
    let made: Value = serde_json::from_str(&text).unwrap();
    let matching = &made["matching"];
    assert_eq!(
        (
            &matching["targets"],
            &matching["background_in_targets"],
            &matching["candidates"]
        ),
        (&30.into(), &30.into(), &60.into())
    );
    assert_eq!(made["variants"], matching["drawn"]);
    assert_eq!(matching["balance"][1]["covariate"], "depth");
    // Both runs of 30 and 60 rows have depths 0 to 9 evenly.
    assert!(matching["balance"][1]["difference_before"].as_f64().unwrap().abs() < 1e-9);

    let (text, _) = run(folder, "calibrate background -o q.parquet --hold-out 0.3 --seed 3", 0);
    assert!(text.contains("739 tables"), "{text}");
    assert!(text.contains("held out: "), "{text}");
    let (text, _) = run(folder, "calibrate run --apply q.parquet -o run_q", 0);
    assert!(text.starts_with("22170 rows have quantile scores"), "{text}");

    let looked = "saturation run_q --truth truth.tsv --effect effect -r genome.fa --replicates 200 --draws 200 --permutations 20 \
                  --sample 25 --bins 0,0.3 --group all=CHIP_TF";
    let (text, note) = run(folder, looked, 0);
    assert!(text.contains("CHIP_TF\t0.9\t30\t739\t"), "{text}");
    assert!(text.contains("difference: selection\t30\t"), "{text}");
    assert!(
        note.contains("90 rows, 90 used; 30 variants scored, 30 of them measured"),
        "{note}"
    );
    let page = std::fs::read_to_string(folder.join("run_q/saturation/report.html")).unwrap();
    assert!(page.contains("Wilson interval") && page.contains("Overview"));
    for name in [
        "shares",
        "distribution-1",
        "predictors-1-1",
        "raw-1-1",
        "quantile-1-1",
        "bins-2-1",
    ] {
        assert!(
            folder.join(format!("run_q/saturation/figures/{name}.png")).is_file(),
            "{name}"
        );
    }
    let (text, _) = run(folder, &format!("{looked} --json -o again"), 0);
    let found: Value = serde_json::from_str(&text).unwrap();
    let agreement = &found["groups"][0]["agreement"][0];
    let contrast = |place: usize| agreement["contrasts"][place]["difference"].as_f64().unwrap();
    assert!((contrast(0) - contrast(1) - contrast(2)).abs() < 1e-12, "{agreement}");
    // The matched recipe of the run's own maxima is a monotone map of them.
    let rho = |place: usize| agreement["predictors"][place]["spearman"].as_f64().unwrap();
    assert!((rho(0) - rho(6)).abs() < 1e-12, "{agreement}");
    let same = |name: &str| {
        let read = |folder_name: &str| std::fs::read(folder.join(folder_name).join(name)).unwrap();
        assert_eq!(read("run_q/saturation"), read("again"), "{name}");
    };
    for name in ["report.html", "thresholds.tsv", "maxima.tsv", "contrasts.tsv"] {
        same(name);
    }
}

#[test]
fn what_cannot_be_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    bench(folder);
    let targets = std::fs::read_to_string(folder.join("run.vcf")).unwrap();
    let hint = |arguments: &str, code: i32, expected: &str| {
        let (_, stderr) = run(folder, arguments, code);
        assert!(stderr.contains(expected), "{arguments}: {stderr}");
    };
    hint("saturation run", 1, "refalt calibrate BACKGROUND --out TABLE");
    hint("saturation run --threshold 1.5", 2, "a threshold of |q| is `1.5`");
    hint("saturation run --group CHIP_TF", 2, "is no group of scorers");
    hint("saturation run --group a=CHIPTF", 2, "CHIP_TF");
    hint("saturation run --truth truth.tsv", 2, "--effect");
    hint("saturation run --bins 0,1", 2, "--truth");
    hint("saturation nowhere", 1, "holds no finished run");
    hint("calibrate nowhere -o q.parquet", 1, "holds no finished run");
    hint("calibrate run -o q.parquet --hold-out 1", 2, "cannot be held out");
    hint("calibrate run -o q.parquet --memory 10", 2, "give more with --memory");
    hint("calibrate run -o q.parquet --match gc", 2, "--targets");
    hint(
        "calibrate run -o q.parquet --match maf --targets truth.tsv -r genome.fa",
        2,
        "--variants-meta",
    );
    hint(
        "calibrate run -o q.parquet --match effect --maf-column effect --targets truth.tsv --variants-meta truth.tsv -r other.fa",
        1,
        "other.fa",
    );
    hint(
        "calibrate background -o q.parquet --match maf --maf-column effect --targets truth.tsv --variants-meta truth.tsv \
         -r genome.fa",
        1,
        "a frequency is 0 to 1",
    );
    hint("calibrate run --apply truth.tsv -o x", 1, "is no table of quantiles");
    let head: Vec<&str> = targets.lines().take(20).collect();
    std::fs::write(folder.join("few.vcf"), head.join("\n")).unwrap();
    run(folder, "score few.vcf -r genome.fa --window 256 -o narrow", 0);
    hint("calibrate narrow -o q.parquet", 2, "20 are the least");
    hint("calibrate background -o other.parquet", 0, "no variant was held out");
    hint(
        "calibrate narrow --apply other.parquet -o x",
        1,
        "scored otherwise than the run: window: 512 bp in the table, 256 bp in the run",
    );
    hint(
        "calibrate run --apply other.parquet -o run_q",
        0,
        "the assemblies were not compared",
    );
    hint("calibrate background --apply other.parquet -o background_q", 0, "");
    hint(
        "saturation run_q --controls background_q",
        1,
        "90 made the table of quantiles",
    );
    hint(
        "saturation run_q --threshold 0.99 --draws 10 --permutations 2",
        0,
        "up to 0.97777; what reaches 0.99",
    );
    assert!(!folder.join("q.parquet").exists() && !folder.join("x").exists());
}

/// The slice of the TERT promoter, its bases, and where it begins (1-based).
fn real_slice() -> (std::path::PathBuf, Vec<u8>, usize) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../studies/tert/chr5_1294490_1296547.fa");
    let text = std::fs::read_to_string(&path).unwrap();
    let (_, bases) = text.split_once('\n').unwrap();
    let bases = bases
        .bytes()
        .filter(u8::is_ascii_alphabetic)
        .map(|base| base.to_ascii_uppercase());
    (path, bases.collect(), 1_294_490)
}

#[test]
fn held_out_ranks_of_motif_scores_on_real_sequence_are_uniform() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (reference, bases, first) = real_slice();
    let mut list = String::from("chrom\tpos\tref\talt\n");
    // Every third base of the TERT promoter, one of its three substitutions.
    for index in (60..bases.len() - 60).step_by(3) {
        let base = bases[index];
        let other = b"ACGT"
            .iter()
            .copied()
            .filter(|&other| other != base)
            .nth(index % 3)
            .unwrap();
        list.push_str(&format!(
            "chr5\t{}\t{}\t{}\n",
            first + index,
            char::from(base),
            char::from(other)
        ));
    }
    std::fs::write(folder.join("list.tsv"), list).unwrap();
    run(
        folder,
        &format!("score list.tsv -r {} --window 256 -o run", reference.display()),
        0,
    );
    let (text, _) = run(folder, "calibrate run -o q.parquet --hold-out 0.4 --seed 1 --json", 0);
    let made: Value = serde_json::from_str(&text).unwrap();
    let held = &made["held_out"];
    let (fitted, out) = (made["variants"].as_f64().unwrap(), held["variants"].as_f64().unwrap());
    assert_eq!(held["tables"], 739);
    // Tables are correlated, so that the share of small p-values scatters around 0.05 more than 739 of them would say.
    assert!(held["below_0_05"].as_u64().unwrap() < 110, "{held}");
    assert!(held["least_p_adjusted"].as_f64().unwrap() > 0.05, "{held}");
    // The median of Kolmogorov's distribution is 0.8276.
    let expected = 0.8276 * (1.0 / fitted + 1.0 / out).sqrt();
    let median = held["median_distance"].as_f64().unwrap();
    assert!((median / expected - 1.0).abs() < 0.25, "{median} {expected}");
}
