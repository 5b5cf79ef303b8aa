//! Backgrounds matched by distance to real starts, real GC and real allele frequencies, and what is said when none can be.

use crate::correlated::Correlated;
use crate::shared;
use crate::synthetic::WINDOW;
use refalt::Diagnostic;
use refalt::calibrate::{CalibrateError, CalibrateRequest, Calibration, Covariate, MatchRequest, Pooling, calibrate};
use refalt::core::{Alternate, ContigName, Dna, Position, Variant};
use refalt::engine::InputRow;
use refalt::io::fasta::FastaReference;
use refalt::io::variants::Source;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// Contig, position (1-based), REF, ALT.
type Change = (String, u32, String, String);

fn row(number: u64, change: &Change) -> InputRow {
    let (contig, position, reference, alternate) = change;
    let variant = Variant {
        contig: ContigName::new(contig),
        position: Position::new(*position).unwrap(),
        reference_bases: Dna::parse(reference.as_bytes()).unwrap(),
        alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
    };
    InputRow {
        row: number,
        line: number,
        id: None,
        text: variant.to_string(),
        variant: Ok(variant),
        repair: None,
    }
}

/// A folder with a reference and a scored background of these variants.
struct Bench {
    folder: tempfile::TempDir,
    reference: PathBuf,
}

impl Bench {
    fn new(contig: &str, bases: &str, background: &[Change]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reference = folder.path().join("reference.fa");
        fs::write(&reference, format!(">{contig}\n{bases}\n")).unwrap();
        let fasta = FastaReference::open(&reference).unwrap();
        let rows = background.iter().zip(1..).map(|(change, number)| row(number, change));
        Correlated::new(1, 0.0, 1).score_rows(
            rows.collect(),
            &fasta,
            Some(&reference),
            &folder.path().join("background"),
        );
        Self { folder, reference }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a table of variants, with another column where there is one.
    fn table(&self, name: &str, rows: &[Change], column: Option<(&str, &[String])>) -> PathBuf {
        let mut text = String::from("chrom\tpos\tref\talt");
        let _ = writeln!(text, "\t{}", column.map_or("note", |(name, _)| name));
        for (place, (contig, position, reference, alternate)) in rows.iter().enumerate() {
            let cell = column.map_or("-", |(_, cells)| cells[place].as_str());
            let _ = writeln!(text, "{contig}\t{position}\t{reference}\t{alternate}\t{cell}");
        }
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    fn calibrate(&self, targets: &Path, change: impl FnOnce(&mut MatchRequest)) -> Result<Calibration, CalibrateError> {
        let mut matching = MatchRequest {
            covariates: vec![Covariate::Gc],
            targets: Source::Path(targets.to_owned()),
            columns: "".parse().unwrap(),
            background: None,
            reference: self.reference.clone(),
            genes: None,
            maf_column: "AF".to_owned(),
            gc_window_bp: 501,
            per_target: 2.try_into().unwrap(),
            bins: 3.try_into().unwrap(),
        };
        change(&mut matching);
        // A table of another content would not be replaced.
        let _ = std::fs::remove_file(self.path("table.parquet"));
        let request = CalibrateRequest {
            background: self.path("background"),
            out: self.path("table.parquet"),
            pooling: Pooling::Track,
            matching: Some(matching),
            hold_out: 0.0,
            seed: 0,
            memory_bytes: 1 << 30,
        };
        calibrate(&request).map(|(made, _)| made)
    }
}

fn bases_of(path: &Path) -> String {
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::MultiGzDecoder::new(fs::File::open(path).unwrap()),
        &mut text,
    )
    .unwrap();
    text.lines().filter(|line| !line.starts_with('>')).collect()
}

/// The transversion of a base, A with C and G with T.
fn changed(contig: &str, bases: &str, position: u32) -> Option<Change> {
    let base = bases.as_bytes()[position as usize - 1].to_ascii_uppercase();
    let place = b"ACGT".iter().position(|&known| known == base)?;
    let text = |base: u8| char::from(base).to_string();
    Some((contig.to_owned(), position, text(base), text(b"CATG"[place])))
}

/// Means of targets and background and their standardised difference, by a script in Python from GTF and FASTA alone
/// (longest exons among a gene's transcripts of its biotype, log10(1 + bp) to the nearest start; G and C of 501 bases).
const TSS: [f64; 3] = [3.2503486919936373, 4.167237127496681, -1.8108674509801987];
const GC: [f64; 3] = [0.4380904856952759, 0.42495808383233535, 0.2081402582539812];

#[test]
fn distances_to_real_starts_and_real_gc_are_those_of_an_independent_script() {
    let folder = "hg38_chr9_1mb";
    let fasta = shared(&format!("{folder}/GRCh38_chr9_1_1000000.fa.gz"));
    let genes = shared(&format!("{folder}/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf.gz"));
    let (Some(fasta), Some(genes)) = (fasta, genes) else {
        return;
    };
    let bases = bases_of(&fasta);
    let list = |first: u32, step: u32, count: u32| -> Vec<Change> {
        let places = (0..count).map(|index| first + step * index);
        places.filter_map(|position| changed("9", &bases, position)).collect()
    };
    let (background, targets) = (list(12_001, 1_973, 500), list(466_000, 331, 60));
    let bench = Bench::new("9", &bases, &background);
    let targets = bench.table("targets.tsv", &targets, None);
    let copy = bench.path("genes.gtf.gz");
    fs::copy(genes, &copy).unwrap();
    let made = bench
        .calibrate(&targets, |matching| {
            matching.covariates = vec![Covariate::TssDistance, Covariate::Gc];
            matching.genes = Some(copy);
        })
        .unwrap();
    let matching = made.matching.unwrap();
    assert_eq!((matching.targets, matching.candidates), (60, 500));
    for (balance, expected) in matching.balance.iter().zip([TSS, GC]) {
        let found = [balance.targets, balance.before, balance.difference_before.unwrap()];
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{balance:?} {expected}");
        }
        // What is drawn is nearer to the targets than the whole background.
        assert!(
            balance.difference_after.unwrap().abs() < expected[2].abs(),
            "{balance:?}"
        );
    }
}

/// The same of min(AF, 1 - AF): every seventh of the 4,044 SNVs of gnomAD v4.0 at chrX:10,000-20,000, and the others.
const MAF: [f64; 3] = [0.00142038410365052, 0.001468573911673399, -0.0037657111321132935];

#[test]
fn real_allele_frequencies_are_those_of_an_independent_script() {
    let Some(path) = shared("gnomad_vcf/gnomad_v4.0_genomes_chrX_10000_20000.slim.vcf.gz") else {
        return;
    };
    let mut text = String::new();
    std::io::Read::read_to_string(
        &mut flate2::read::MultiGzDecoder::new(fs::File::open(&path).unwrap()),
        &mut text,
    )
    .unwrap();
    let (mut changes, mut kept) = (Vec::new(), [String::new(), String::new()]);
    // Bases of REF; what no record names is not known.
    let mut bases = vec![b'N'; 20_200];
    for line in text.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        if line.starts_with('#') {
            kept.iter_mut().for_each(|text| *text += &format!("{line}\n"));
        } else if cells[3].len() == 1 && cells[4].len() == 1 {
            let position: u32 = cells[1].parse().unwrap();
            bases[position as usize - 1] = cells[3].as_bytes()[0];
            kept[usize::from(changes.len() % 7 == 0)] += &format!("{line}\n");
            changes.push(("chrX".to_owned(), position, cells[3].to_owned(), cells[4].to_owned()));
        }
    }
    assert_eq!(changes.len(), 4_044);
    let background: Vec<Change> = changes
        .iter()
        .enumerate()
        .filter(|(place, _)| place % 7 > 0)
        .map(|(_, change)| change.clone())
        .collect();
    let bench = Bench::new("chrX", std::str::from_utf8(&bases).unwrap(), &background);
    let [others, targets] = ["others.vcf", "targets.vcf"].map(|name| bench.path(name));
    fs::write(&others, &kept[0]).unwrap();
    fs::write(&targets, &kept[1]).unwrap();
    let made = bench
        .calibrate(&targets, |matching| {
            matching.covariates = vec![Covariate::Maf];
            matching.background = Some(Source::Path(others));
        })
        .unwrap();
    let matching = made.matching.unwrap();
    assert_eq!((matching.targets, matching.candidates), (578, 3_466));
    let balance = &matching.balance[0];
    let found = [balance.targets, balance.before, balance.difference_before.unwrap()];
    for (found, expected) in found.iter().zip(MAF) {
        assert!((found - expected).abs() < 1e-7, "{balance:?} {expected}");
    }
}

/// A contig whose first half is A and T and whose second half is G and C, with a background in the first half.
fn halves() -> (Bench, String) {
    let half = WINDOW.get() as usize * 4;
    let bases = "AT".repeat(half / 2) + &"GC".repeat(half / 2);
    let places = (0..60).map(|index| 600 + index * 7);
    let background: Vec<Change> = places.filter_map(|place| changed("chr1", &bases, place)).collect();
    (Bench::new("chr1", &bases, &background), bases)
}

#[test]
fn a_background_that_does_not_resemble_the_targets_is_named() {
    let (bench, bases) = halves();
    let last = u32::try_from(bases.len()).unwrap();
    let far: Vec<Change> = (0..12)
        .filter_map(|index| changed("chr1", &bases, last - 600 - index))
        .collect();
    let made = bench
        .calibrate(&bench.table("targets.tsv", &far, None), |_| {})
        .unwrap();
    let matching = made.matching.unwrap();
    // GC is 1 for every target and 0 for every background variant: neither side varies, and the means differ.
    let balance = &matching.balance[0];
    assert_eq!(
        (balance.targets, balance.after, balance.difference_after),
        (1.0, 0.0, None)
    );
    assert_eq!(matching.unbalanced, ["gc"]);
    let near: Vec<Change> = (0..12)
        .filter_map(|index| changed("chr1", &bases, 610 + index * 7))
        .collect();
    let made = bench.calibrate(&bench.table("near.tsv", &near, None), |_| {}).unwrap();
    assert!(made.matching.unwrap().unbalanced.is_empty());
}

#[test]
fn why_nothing_is_matched_is_said_with_what_to_do() {
    let (bench, bases) = halves();
    let good: Vec<Change> = (0..3)
        .filter_map(|index| changed("chr1", &bases, 602 + index * 7))
        .collect();
    let wrong: Vec<Change> = good
        .iter()
        .map(|(contig, position, reference, alternate)| {
            (contig.clone(), *position, alternate.clone(), reference.clone())
        })
        .collect();
    let told = |targets: &Path, change: &dyn Fn(&mut MatchRequest)| {
        let error = bench.calibrate(targets, change).unwrap_err();
        assert!(error.hint().is_some());
        error.to_string()
    };
    let text = told(&bench.table("wrong.tsv", &wrong, None), &|_| {});
    assert!(text.contains("all 3 rows of `wrong.tsv` are rejected: 3 "), "{text}");
    let text = told(&bench.table("none.tsv", &[], None), &|_| {});
    assert!(text.contains("`none.tsv` has no rows"), "{text}");
    let cells = ["".to_owned(), "".to_owned(), "".to_owned()];
    let empty = bench.table("empty.tsv", &good, Some(("depth", &cells)));
    let depth = |matching: &mut MatchRequest| {
        matching.covariates = vec![Covariate::Column("depth".to_owned())];
        matching.background = Some(Source::Path(bench.path("empty.tsv")));
    };
    let text = told(&empty, &depth);
    assert!(
        text.contains("none of 3 target variants has all covariates; without: 3 depth"),
        "{text}"
    );
    let cells = ["1".to_owned(), "2".to_owned(), "3".to_owned()];
    bench.table("full.tsv", &good, Some(("depth", &cells)));
    let text = told(&bench.path("full.tsv"), &depth);
    assert!(
        text.contains("no background variant is left: 0 are targets, 60 lack a covariate"),
        "{text}"
    );
    assert!(!bench.path("table.parquet").exists());
}
