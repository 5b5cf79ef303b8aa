//! Figures of contact maps and splice junctions, of a service that predicts them.

use crate::synthetic::{Files, Running, genome};
use refalt::predict::{PredictRequest, Predicting, SubjectText};
use refalt_core::OutputType;
use refalt_rpc::{Address, ApiSource, Client, ClientOptions};
use std::collections::BTreeMap;
use std::path::Path;

/// Reads a table: a row is its cells by column.
fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t'));
    let header: Vec<String> = lines.next().unwrap().map(str::to_owned).collect();
    lines
        .map(|cells| header.iter().cloned().zip(cells.map(str::to_owned)).collect())
        .collect()
}

fn number(row: &BTreeMap<String, String>, name: &str) -> f64 {
    row[name].parse().unwrap()
}

/// `REFALT_KEEP` names a folder where the figures are left for the eye.
#[test]
fn contacts_and_junctions_of_a_variant_have_figures_with_their_numbers() {
    let files = Files::write();
    let (model, _) = files.served();
    let server = Running::start(model, |_| {});
    let client = Client::new(ClientOptions::new(Address::parse(&server.uri()).unwrap(), None)).unwrap();
    let source = ApiSource::open(client, None).unwrap();
    let base = char::from(genome()[13_012 - 1]);
    let other = if base == 'C' { 'G' } else { 'C' };
    let request = PredictRequest {
        reference: Some(files.genome.clone()),
        genes: Some(files.genes.clone()),
        outputs: ["CONTACT_MAPS", "SPLICE_JUNCTIONS", "SPLICE_SITE_USAGE"]
            .map(str::to_owned)
            .into(),
        ..PredictRequest::new(SubjectText::Place(format!("chr1:13012:{base}>{other}")))
    };
    let work = Predicting::prepare_with(Box::new(source), &request, &|_| {}).unwrap();
    let out = match std::env::var_os("REFALT_KEEP") {
        Some(folder) => folder.into(),
        None => files.path().join("out"),
    };
    let prediction = work.predict().unwrap();
    let manifest = work.run(&out).unwrap();
    let names: Vec<&str> = manifest.files.iter().map(|file| file.path.as_str()).collect();
    for name in [
        "tracks.png",
        "contacts.svg",
        "contacts.png",
        "contacts.tsv",
        "junctions.svg",
        "junctions.tsv",
    ] {
        assert!(names.contains(&name), "{names:?}");
    }
    // Each pair of bins once: 8 bins, 36 pairs, with the numbers of the prediction.
    let contacts = prediction.contacts.as_ref().unwrap();
    assert_eq!(contacts.tracks.output, OutputType::ContactMaps);
    let table = rows(&out.join("contacts.tsv"));
    assert_eq!(table.len(), 36);
    let bins = contacts.span.len();
    let mut index = 0;
    for one in 0..bins {
        for two in one..bins {
            let (reference, alternate) = (
                f64::from(contacts.reference[one * bins + two]),
                f64::from(contacts.alternate.as_ref().unwrap()[one * bins + two]),
            );
            let row = &table[index];
            assert_eq!(number(row, "reference"), reference);
            assert_eq!(number(row, "difference"), alternate - reference);
            index += 1;
        }
    }
    let junctions = prediction.junctions.as_ref().unwrap();
    let table = rows(&out.join("junctions.tsv"));
    // The 40 greatest of each track.
    assert_eq!(
        table.len(),
        junctions.junctions.len().min(40) * junctions.tracks.tracks.len()
    );
    assert!(junctions.junctions.len() > 1);
    for row in &table {
        let first: u32 = row["intron_first"].parse().unwrap();
        let track = junctions
            .tracks
            .tracks
            .iter()
            .position(|track| track.name == row["track"])
            .unwrap();
        let found = junctions.junctions.iter().enumerate().filter(|(_, (intron, strand))| {
            let last: u32 = row["intron_last"].parse().unwrap();
            let sign = strand.map_or('.', refalt_core::Strand::sign);
            (intron.bed_start() + 1, intron.bed_end(), sign.to_string()) == (first, last, row["strand"].clone())
        });
        let [(place, _)] = found.collect::<Vec<_>>()[..] else {
            panic!("{row:?}")
        };
        let value = junctions.reference[place * junctions.tracks.tracks.len() + track];
        assert_eq!(number(row, "reference"), f64::from(value));
    }
    // Without figures none is written.
    let without = PredictRequest {
        figure_tracks: 0,
        ..request
    };
    let client = Client::new(ClientOptions::new(Address::parse(&server.uri()).unwrap(), None)).unwrap();
    let source = ApiSource::open(client, None).unwrap();
    let work = Predicting::prepare_with(Box::new(source), &without, &|_| {}).unwrap();
    let manifest = work.run(&files.path().join("none")).unwrap();
    assert!(!manifest.files.iter().any(|file| file.path.ends_with(".png")));
}
