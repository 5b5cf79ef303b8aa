//! Predictions on the TERT promoter: against the definition of the model, in every format, and read by other programs.

use crate::study;
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float32Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::Diagnostic;
use refalt::predict::{Format, PredictError, PredictRequest, Predicting, SequenceInput, SubjectText, WorkManifest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const C228T: &str = "chr5:1295113:G>A";

fn reference() -> PathBuf {
    study("tert/chr5_1294490_1296547.fa")
}

fn request(place: &str) -> PredictRequest {
    PredictRequest {
        reference: Some(reference()),
        tracks: Some("tf in {GABPA, ETS1, ELK4}".to_owned()),
        window: std::num::NonZeroU32::new(2048),
        figure_tracks: 0,
        ..PredictRequest::new(SubjectText::Place(place.to_owned()))
    }
}

fn prepare(request: &PredictRequest) -> Result<Predicting, PredictError> {
    Predicting::prepare(request, &|_| {})
}

fn run(request: &PredictRequest, out: &Path) -> WorkManifest {
    prepare(request).unwrap().run(out).unwrap()
}

/// Rows of `prediction.parquet`: by track and position REF, ALT, difference, ALT in its own coordinates.
fn rows(path: &Path) -> BTreeMap<(String, i64), [Option<f32>; 4]> {
    let file = std::fs::File::open(path).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut rows = BTreeMap::new();
    for batch in reader {
        let batch = batch.unwrap();
        let text = |name: &str| {
            arrow::compute::cast(batch.column_by_name(name).unwrap(), &arrow::datatypes::DataType::Utf8).unwrap()
        };
        let tracks = text("track_name");
        let positions = batch
            .column_by_name("position")
            .unwrap()
            .as_primitive::<Int64Type>()
            .clone();
        let values = ["ref", "alt", "diff", "alt_own"].map(|name| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_primitive::<Float32Type>()
                .clone()
        });
        for row in 0..batch.num_rows() {
            let track = tracks.as_string::<i32>().value(row).to_owned();
            let values = values
                .each_ref()
                .map(|column| column.is_valid(row).then(|| column.value(row)));
            assert!(rows.insert((track, positions.value(row)), values).is_none());
        }
    }
    rows
}

#[test]
fn values_are_those_of_the_definition_of_the_model() {
    // Expected numbers of bound sites in the bins of chr5:1,294,490-1,296,537, from the definition alone.
    let oracle = include_str!("../data/motif/occupancy_tert.tsv");
    let folder = tempfile::tempdir().unwrap();
    // The window whose bins are those of the oracle lies around base 1,295,513.
    let request = PredictRequest {
        tracks: Some("tf=GABPA".to_owned()),
        ..request("chr5:1295513-1295513")
    };
    run(&request, folder.path());
    let found = rows(&folder.path().join("prediction.parquet"));
    let mut compared = 0;
    for line in oracle.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        if cells[0] != "MA0062.4" || cells[3] != "reference" {
            continue;
        }
        let bin: i64 = cells[4].parse().unwrap();
        let expected: f64 = cells[5].parse().unwrap();
        let [reference, alternate, difference, own] = found[&("MA0062.4 GABPA".to_owned(), 1_294_490 + 128 * bin)];
        assert!(
            (f64::from(reference.unwrap()) - expected).abs() < 1e-6 * expected.max(1.0),
            "{line}"
        );
        assert_eq!((alternate, difference, own), (None, None, None));
        compared += 1;
    }
    assert_eq!((compared, found.len()), (16, 16));
}

#[test]
fn the_hotspot_makes_an_ets_site_and_far_bins_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    run(&request(C228T), folder.path());
    let found = rows(&folder.path().join("prediction.parquet"));
    let gabpa: Vec<(i64, f32)> = found
        .iter()
        .filter(|((track, _), _)| track == "MA0062.4 GABPA")
        .map(|((_, position), values)| (*position, values[2].unwrap()))
        .collect();
    assert_eq!(gabpa.len(), 16);
    // The oracle's change of the expected number of sites, all bins together: 0.1190858416 (its bin 4).
    let sum: f32 = gabpa.iter().map(|(_, difference)| difference).sum();
    assert!((f64::from(sum) - 0.119_085_841_6).abs() < 1e-5, "{sum}");
    for (position, difference) in &gabpa {
        if *position > 1_295_113 + 128 || position + 256 < 1_295_113 {
            assert_eq!(*difference, 0.0, "{position}");
        }
    }
    // For a substitution ALT on reference coordinates is ALT as it is.
    assert!(found.values().all(|[_, alternate, _, own]| alternate == own));
}

#[test]
fn behind_an_indel_alt_is_laid_on_the_bases_of_ref() {
    let folder = tempfile::tempdir().unwrap();
    let insertion = format!("chr5:1295113:G>G{}", "T".repeat(128));
    run(&request(&insertion), folder.path());
    let found = rows(&folder.path().join("prediction.parquet"));
    let positions: Vec<i64> = found
        .keys()
        .filter(|(track, _)| track.ends_with("ELK4"))
        .map(|(_, at)| *at)
        .collect();
    let behind: Vec<i64> = positions
        .iter()
        .copied()
        .filter(|at| *at > 1_295_113 + 256 && *at + 128 < positions[15])
        .collect();
    assert!(behind.len() >= 4);
    let track = found
        .keys()
        .find(|(track, _)| track.ends_with("ELK4"))
        .unwrap()
        .0
        .clone();
    for at in behind {
        let [reference, alternate, difference, _] = found[&(track.clone(), at)];
        // 128 inserted bases are one bin: the value of the next bin of ALT is that of the same bases.
        let own = found[&(track.clone(), at + 128)][3];
        assert_eq!(alternate, own, "{at}");
        assert!(
            difference.unwrap().abs() < 1e-5 && (reference.unwrap() - own.unwrap()).abs() < 1e-5,
            "{at}"
        );
    }
}

#[test]
fn a_part_of_the_window_has_the_values_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let deletion = "chr5:1295113:GGGGGC>G";
    run(&request(deletion), &folder.path().join("whole"));
    let manifest = std::fs::read_to_string(folder.path().join("whole/manifest.json")).unwrap();
    assert!(manifest.contains("another phase of the bins right of an indel"));
    let part = PredictRequest {
        span: Some("chr5:1295000-1295400".parse().unwrap()),
        ..request(deletion)
    };
    run(&part, &folder.path().join("part"));
    let whole = rows(&folder.path().join("whole/prediction.parquet"));
    let part = rows(&folder.path().join("part/prediction.parquet"));
    assert!(!part.is_empty() && part.len() < whole.len());
    for (key, values) in &part {
        assert_eq!(&whole[key], values, "{key:?}");
        assert!(key.1 + 127 >= 1_295_000 && key.1 <= 1_295_400);
    }
}

#[test]
fn a_sequence_has_the_values_of_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let place = PredictRequest {
        ..request("chr5:1295513-1295513")
    };
    run(&place, &folder.path().join("place"));
    let text = std::fs::read_to_string(reference()).unwrap();
    let bases: String = text.lines().skip(1).collect();
    let sequence = PredictRequest {
        subject: SubjectText::Sequence(SequenceInput::Bases(bases[..2048].to_owned())),
        reference: None,
        window: None,
        ..place
    };
    run(&sequence, &folder.path().join("sequence"));
    let values = |name: &str| -> Vec<_> {
        rows(&folder.path().join(name).join("prediction.parquet"))
            .into_values()
            .collect()
    };
    assert_eq!(values("place"), values("sequence"));
}

/// Reads every file with numpy and pyBigWig and compares them; prints `same` and the numbers of comparisons.
const READ: &str = r#"
import glob, json, sys
import numpy as np
import pyBigWig
out = sys.argv[1]
data = np.load(out + "/prediction.npz")
names = list(data["CHIP_TF_track_names"])
start, end = data["CHIP_TF_interval"]
size = int(data["CHIP_TF_resolution_bp"][0])
assert data["CHIP_TF_ref"].dtype == np.float32 and data["CHIP_TF_ref"].shape == ((end - start) // size, len(names))
assert str(data["contig"][0]) == "chr5"
np.testing.assert_array_equal(data["CHIP_TF_alt"] - data["CHIP_TF_ref"], data["CHIP_TF_diff"])
files = 0
for track, name in enumerate(names):
    stem = "CHIP_TF." + name.replace(" ", "_").replace(".", "_")
    for allele in ("ref", "alt", "diff"):
        bw = pyBigWig.open(f"{out}/bigwig/{stem}.{allele}.bw")
        assert bw.chroms() == {"chr5": 181538259}, bw.chroms()
        values = bw.values("chr5", int(start), int(end))
        expected = np.repeat(data["CHIP_TF_" + allele][:, track], size)
        known = ~np.isnan(values)
        np.testing.assert_array_equal(np.float32(values)[known], expected[known])
        # The slice has chr5:1294490-1296547, the window less than that.
        assert known.sum() == min(end, 1296547) - max(start, 1294489), known.sum()
        files += 1
print("same", len(names), files)
"#;

#[test]
fn numpy_and_pybigwig_read_the_values_of_the_table() {
    let folder = tempfile::tempdir().unwrap();
    let request = PredictRequest {
        formats: vec![Format::BigWig, Format::Npz, Format::Parquet],
        assembly: Some(refalt::core::Assembly::GRCh38),
        ..request("chr5:1295113:G>GA")
    };
    let manifest = run(&request, folder.path());
    let bigwigs = manifest
        .files
        .iter()
        .filter(|file| file.path.starts_with("bigwig/"))
        .count();
    assert_eq!(bigwigs % 3, 0);
    for file in &manifest.files {
        assert_eq!(
            std::fs::metadata(folder.path().join(&file.path)).unwrap().len(),
            file.bytes,
            "{}",
            file.path
        );
    }
    let Some(python) = python() else { return };
    let output = Command::new(python)
        .args(["-c", READ])
        .arg(folder.path())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    if told.contains("ModuleNotFoundError") {
        println!("skipped: numpy or pyBigWig is not installed in target/official");
        return;
    }
    assert!(output.status.success(), "{told}");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        format!("same {} {bigwigs}", bigwigs / 3)
    );
}

fn python() -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/official/bin/python");
    if python.is_file() {
        return Some(python);
    }
    println!("skipped: there is no target/official");
    None
}

#[test]
fn the_same_prediction_gives_the_same_bytes_and_another_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let request = PredictRequest {
        formats: vec![Format::BigWig, Format::Npz, Format::Parquet],
        figure_tracks: 3,
        zoom: Some("512".parse().unwrap()),
        ..request(C228T)
    };
    let out = folder.path().join("a");
    let first = run(&request, &out);
    assert_eq!(run(&request, &out), first);
    assert_eq!(run(&request, &folder.path().join("b")), first);
    let other = PredictRequest {
        span: Some("512".parse().unwrap()),
        zoom: None,
        ..request
    };
    let error = prepare(&other).unwrap().run(&out).unwrap_err();
    assert!(error.to_string().contains("holds a run that differs"), "{error}");
    let foreign = folder.path().join("c");
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("notes.txt"), "mine").unwrap();
    let error = prepare(&other).unwrap().run(&foreign).unwrap_err();
    assert!(error.to_string().contains("`notes.txt`"), "{error}");
    assert_eq!(std::fs::read_dir(&foreign).unwrap().count(), 1);
}

#[test]
fn what_cannot_be_predicted_is_refused_before_anything_is_written() {
    let check = |request: PredictRequest, message: &str| {
        let error = prepare(&request).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.is_usage(), "{error}");
        error.hint()
    };
    let hint = check(
        request("chr5:1295113:C>A"),
        "REF does not match the reference: it has `G` at chr5:1295113",
    );
    assert!(hint.unwrap().contains("refalt vet"));
    check(
        request("chrX:1000-2000"),
        "the reference has no contig `chrX`; it has chr5",
    );
    check(
        request("chr5:5000-6000"),
        "the reference has no base of chr5:5000-6000; of chr5 it has 1294490-1296547",
    );
    check(request("chr5:1295113-1295000"), "is not a region");
    check(request("rs12345"), "is not accepted");
    check(
        request("chr5:1295000-1299000"),
        "has 4001 bp, more than the window of 2048 bp",
    );
    let with = |change: &dyn Fn(&mut PredictRequest)| {
        let mut request = request(C228T);
        change(&mut request);
        request
    };
    let window = with(&|request| request.window = std::num::NonZeroU32::new(1000));
    check(
        window,
        "does not read windows of 1000 bp; it reads multiples of 128 from 128 to 1048576",
    );
    let outputs = with(&|request| request.outputs = vec!["DNASE".to_owned()]);
    check(
        outputs,
        "the model `motif-jaspar2024` does not give `DNASE`; known: CHIP_TF",
    );
    let outputs = with(&|request| request.outputs = vec!["CHIP_TFF".to_owned()]);
    assert_eq!(
        check(outputs, "unknown output type `CHIP_TFF`").as_deref(),
        Some("is `CHIP_TF` meant?")
    );
    let ontology = with(&|request| request.ontology = vec!["EFO:0001187".to_owned()]);
    check(
        ontology,
        "has, of the outputs asked for, no track of the ontology term `EFO:0001187`; known: none",
    );
    let span = with(&|request| request.span = "4096".parse().ok());
    check(span, "--span `4096` does not lie in the window chr5:1294090-1296137");
    let zoom = with(&|request| {
        request.span = "512".parse().ok();
        request.zoom = "chr5:1294500-1294600".parse().ok();
    });
    check(zoom, "--zoom `chr5:1294500-1294600` does not lie in what is kept");
    let small = with(&|request| request.most_bytes = 1000);
    let hint = check(small, "values need 0 MB, more than the 0 MB that are allowed");
    assert!(hint.unwrap().contains("--span"));
    let without = with(&|request| request.reference = None);
    check(without, "is a place in a genome, and no reference is given");
}
