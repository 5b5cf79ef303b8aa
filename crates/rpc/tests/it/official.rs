//! The client against a service made of the official client's generated code; skipped with a note where Python or the
//! package is absent. `scripts/test` installs them in `target/official`.

use crate::client::variants;
use refalt_core::interval_scorer::{IntervalAggregation, IntervalScorer};
use refalt_core::scorer::{Scorer, Width, parse, recommended};
use refalt_core::{Interval, Organism, OutputType, Sequence, Strand};
use refalt_rpc::answer::{PredictedOutput, ScoredTracks};
use refalt_rpc::client::{Place, Requested};
use refalt_rpc::tensor::Values;
use refalt_rpc::{Address, ApiKey, Client, ClientOptions};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};

struct Official {
    child: Child,
    stdin: Option<ChildStdin>,
    port: u16,
}

/// Returns the Python that may have the official client.
pub(crate) fn python() -> String {
    let installed = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/official/bin/python");
    std::env::var("REFALT_PYTHON").unwrap_or_else(|_| {
        if std::path::Path::new(installed).exists() {
            installed.to_owned()
        } else {
            "python3".to_owned()
        }
    })
}

impl Official {
    /// Starts the service; `None` where it cannot be started.
    fn start() -> Option<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/official/server.py");
        let started = Command::new(python())
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut child) = started else {
            skipped("there is no Python");
            return None;
        };
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Ok(port) = line.trim().parse() else {
            child.wait().unwrap();
            skipped("alphagenome 0.10.0 is not installed");
            return None;
        };
        let stdin = child.stdin.take();
        Some(Self { child, stdin, port })
    }

    fn client(&self) -> Client {
        let address = Address::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        let key = ApiKey::parse("a-key", "the test").unwrap();
        let options = ClientOptions {
            model_version: Some("FOLD_0".to_owned()),
            merge_stranded_gene_tracks: true,
            ..ClientOptions::new(address, Some(key))
        };
        Client::new(options).unwrap()
    }
}

impl Drop for Official {
    fn drop(&mut self) {
        // The end of its input ends the service.
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

fn ramp(count: usize) -> Vec<f32> {
    (0..count).map(|place| (place % 251) as f32).collect()
}

fn check_scores(scored: &ScoredTracks, scorer: &dyn Scorer, seed: u32) {
    let by_gene = scorer.needs() != refalt_core::scorer::Needs::Nothing;
    let rows = if by_gene { 2 } else { 1 };
    let raw: Vec<f32> = (0..rows * 3).map(|place| (seed + place) as f32).collect();
    assert_eq!(scored.raw, raw, "{scorer}");
    let quantile: Vec<f32> = raw.iter().map(|raw| raw / 1024.0).collect();
    assert_eq!(scored.quantile.as_ref(), Some(&quantile), "{scorer}");
    assert_eq!(scored.tracks.output, scorer.output());
    let strands: Vec<Option<Strand>> = scored.tracks.tracks.iter().map(|track| track.strand).collect();
    assert_eq!(strands, [Some(Strand::Forward), Some(Strand::Reverse), None]);
    assert_eq!(scored.tracks.tracks[1].ontology_curie.as_deref(), Some("CL:0000085"));
    for (index, row) in scored.rows.iter().enumerate().filter(|_| by_gene) {
        let row = row.unwrap();
        assert_eq!(row.gene.id.as_ref(), format!("ENSG{index:011}.{index}"));
        let start = 5 + u32::try_from(index).unwrap();
        let junction =
            (scorer.to_string() == "SpliceJunctionScorer()").then(|| Interval::from_bed(start, start + 45).unwrap());
        assert_eq!(row.junction, junction);
    }
}

#[allow(clippy::print_stdout, reason = "a skipped test says so")]
pub(crate) fn skipped(why: &str) {
    println!("skipped: {why}; scripts/test installs the official client");
}

/// One test, because the service takes a second to start.
#[test]
fn all_seven_methods_against_the_official_clients_own_code() {
    let Some(official) = Official::start() else { return };
    let client = official.client();

    let sets = client.metadata().unwrap();
    let described: Vec<_> = sets
        .iter()
        .map(|set| (set.output, set.tracks.len(), set.tracks[0].name.as_str()))
        .collect();
    let expected = [
        (OutputType::ChipTf, 2, "track 0"),
        (OutputType::SpliceJunctions, 3, "tissue 0"),
    ];
    assert_eq!(described, expected);
    assert_eq!(sets[1].tracks[0].gtex_tissue.as_deref(), Some("Liver"));

    let variants = variants(12);
    let places: Vec<Place<'_>> = variants
        .iter()
        .map(|(variant, window)| Place { variant, window })
        .collect();
    let scorers: Vec<Box<dyn Scorer>> = recommended(Organism::Human)
        .map(|named| parse(named.name).unwrap())
        .collect();
    let all: Vec<&dyn Scorer> = scorers.iter().map(AsRef::as_ref).collect();
    for (position, answer) in (1..).zip(client.score_variants(&places, &all)) {
        let answer = answer.unwrap();
        assert_eq!(answer.len(), 19);
        for ((index, scored), scorer) in (0..).zip(&answer).zip(&all) {
            check_scores(scored, *scorer, 100 * index + position);
        }
    }

    let window = &variants[0].1;
    let interval_scorer = |width| IntervalScorer {
        output: OutputType::RnaSeq,
        width,
        aggregation: IntervalAggregation::Mean,
    };
    let scored = client
        .score_interval(window, &[Width::Bp501, Width::Whole].map(interval_scorer))
        .unwrap();
    assert_eq!(scored[1].raw, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!((scored[0].quantile.as_ref(), scored[0].rows.len()), (None, 2));

    // 25 bases in pieces of 10, 10 and 5; the service answers each from its end.
    let stretch = Interval::from_bed(100, 125).unwrap();
    let substitutions = client.score_ism(window, stretch, &all[..2]).unwrap();
    let names: Vec<String> = substitutions.iter().map(|scores| scores.variant.to_string()).collect();
    let expected: Vec<String> = (101..=125)
        .flat_map(|position| ["C", "G", "T"].map(|base| format!("chr1:{position}:A>{base}")))
        .collect();
    assert_eq!(names, expected);
    for scores in &substitutions {
        check_scores(&scores.scores[1], all[1], 100 + scores.variant.position.one_based());
    }

    let outputs = [
        OutputType::Atac,
        OutputType::Atac,
        OutputType::ChipTf,
        OutputType::ContactMaps,
        OutputType::SpliceSites,
        OutputType::SpliceJunctions,
    ];
    let curies = ["EFO:0001187", "UBERON:0002048", "EFO:0001187"].map(str::to_owned);
    let requested = Requested {
        outputs: &outputs,
        ontology_curies: &curies,
    };
    let check = |predicted: &[PredictedOutput]| {
        assert_eq!(predicted.len(), 5);
        for output in predicted {
            match output {
                PredictedOutput::Tracks(tracks) => {
                    let (bins, bin_bp) = match tracks.tracks.output {
                        OutputType::Atac => (vec![16_384], 1),
                        OutputType::ChipTf => (vec![128], 128),
                        _ => (vec![8, 8], 2048),
                    };
                    assert_eq!((&tracks.bins, tracks.bin_bp), (&bins, bin_bp));
                    assert_eq!(tracks.values, ramp(bins.iter().product::<usize>() * 2));
                }
                PredictedOutput::Junctions(junctions) => {
                    let second = (Interval::from_bed(10, 30).unwrap(), Some(Strand::Reverse));
                    assert_eq!((junctions.junctions[1], junctions.values.clone()), (second, ramp(6)));
                }
                PredictedOutput::Bare { output, array } => {
                    assert_eq!(*output, OutputType::SpliceSites);
                    assert_eq!(*array.values(), Values::Int64(vec![0, 1, 2, 3, 4]));
                }
            }
        }
    };
    check(&client.predict_interval(window, requested).unwrap());
    let pair = client.predict_variant(places[0], requested).unwrap();
    check(&pair.reference);
    check(&pair.alternate);
    let sequence = Sequence::from_bases(vec![b'A'; 16_384]);
    check(&client.predict_sequence(&sequence, requested).unwrap());
}
