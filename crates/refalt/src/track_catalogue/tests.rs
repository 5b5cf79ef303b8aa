//! Known answers: the numbers that the publishers of the tables and the readers of their API state.

use super::*;
use refalt_core::track_selection::synonym::{RELATED, SYNONYMS};
use refalt_core::track_selection::{Field, Selection};
use std::collections::BTreeSet;

fn count(organism: Organism, text: &str) -> usize {
    text.parse::<Selection>()
        .unwrap()
        .resolve(tracks(organism))
        .unwrap()
        .len()
}

fn human(text: &str) -> usize {
    count(Organism::Human, text)
}

fn distinct(organism: Organism, field: Field) -> usize {
    let sets = tracks(organism).iter();
    let values: BTreeSet<&str> = sets
        .flat_map(|set| set.tracks.iter().filter_map(move |track| field.of(set, track)))
        .collect();
    values.len()
}

#[test]
fn every_output_has_the_published_number_of_tracks() {
    let counts = |organism| -> Vec<(&str, usize)> {
        tracks(organism)
            .iter()
            .map(|set| (set.output.name(), set.tracks.len()))
            .collect()
    };
    let mut human = counts(Organism::Human);
    human.sort_unstable();
    assert_eq!(
        human,
        [
            ("ATAC", 167),
            ("CAGE", 546),
            ("CHIP_HISTONE", 1116),
            ("CHIP_TF", 1617),
            ("CONTACT_MAPS", 28),
            ("DNASE", 305),
            ("PROCAP", 12),
            ("RNA_SEQ", 667),
            ("SPLICE_JUNCTIONS", 367),
            ("SPLICE_SITES", 4),
            ("SPLICE_SITE_USAGE", 734),
        ]
    );
    let mut mouse = counts(Organism::Mouse);
    mouse.sort_unstable();
    assert_eq!(
        mouse,
        [
            ("ATAC", 18),
            ("CAGE", 188),
            ("CHIP_HISTONE", 183),
            ("CHIP_TF", 127),
            ("CONTACT_MAPS", 8),
            ("DNASE", 67),
            ("RNA_SEQ", 173),
            ("SPLICE_JUNCTIONS", 90),
            ("SPLICE_SITES", 4),
            ("SPLICE_SITE_USAGE", 180),
        ]
    );
    let total = |counts: &[(&str, usize)]| counts.iter().map(|(_, tracks)| tracks).sum::<usize>();
    assert_eq!((total(&human), total(&mouse)), (5_563, 1_038));
}

#[test]
fn cell_lines_have_the_published_number_of_tracks() {
    for (line, curie, all, factors) in [
        ("HepG2", "EFO:0001187", 565, 539),
        ("K562", "EFO:0002067", 333, 306),
        ("MCF-7", "EFO:0001203", 92, 71),
        ("GM12878", "EFO:0002784", 125, 101),
    ] {
        assert_eq!(human(&format!("biosample={line}")), all);
        assert_eq!(human(&format!("ontology={curie}")), all);
        assert_eq!(human(&format!("biosample={line} & CHIP_TF")), factors);
    }
    for (output, hepg2) in [
        ("CHIP_HISTONE", 10),
        ("RNA_SEQ", 5),
        ("CAGE", 2),
        ("ATAC", 1),
        ("DNASE", 1),
    ] {
        assert_eq!(human(&format!("{output} & HepG2")), hepg2);
    }
    assert_eq!(human("HepG2 & SPLICE_SITE_USAGE"), 4);
    assert_eq!(human("HepG2 & SPLICE_JUNCTIONS"), 2);
    assert_eq!(human("CONTACT_MAPS & HepG2,GM12878"), 2);
    assert_eq!(human("PROCAP & K562"), 2);
    let none = "CONTACT_MAPS & K562"
        .parse::<Selection>()
        .unwrap()
        .resolve(tracks(Organism::Human));
    assert_eq!(
        none.unwrap_err().to_string(),
        "no track meets `output=CONTACT_MAPS & K562` as a whole; by themselves: `output=CONTACT_MAPS` 28, `K562` 333"
    );
}

#[test]
fn factors_marks_and_biosamples_are_as_many_as_published() {
    assert_eq!(human("CHIP_TF & tf=GABPA"), 10);
    assert_eq!(human("CHIP_TF & tf=GABPA & biosample=HepG2"), 2);
    assert_eq!(distinct(Organism::Human, Field::Factor), 751);
    assert_eq!(distinct(Organism::Human, Field::Histone), 29);
    assert_eq!(distinct(Organism::Human, Field::Biosample), 714);
    assert_eq!(human("ATAC | DNASE | CHIP_TF | CHIP_HISTONE | CAGE | PROCAP"), 3_763);
    // K562 and HepG2 together, as the publishers' notebook of modalities prints it.
    assert_eq!(human("CHIP_TF & biosample=K562,HepG2"), 845);
}

#[test]
fn stranded_tracks_stand_in_blocks_of_pairs() {
    for organism in Organism::ALL {
        for set in tracks(organism) {
            let of = |strand| {
                set.tracks
                    .iter()
                    .filter(|track| track.strand == strand)
                    .collect::<Vec<_>>()
            };
            let (forward, reverse) = (of(Some(Strand::Forward)), of(Some(Strand::Reverse)));
            assert_eq!(forward.len(), reverse.len(), "{}", set.output);
            for (a, b) in forward.iter().zip(&reverse) {
                assert_eq!(
                    (&a.name, &a.ontology_curie),
                    (&b.name, &b.ontology_curie),
                    "{}",
                    set.output
                );
            }
        }
    }
    for (output, pairs) in [
        ("CAGE", 273),
        ("RNA_SEQ", 271),
        ("SPLICE_SITE_USAGE", 367),
        ("PROCAP", 6),
    ] {
        assert_eq!(human(&format!("{output} & strand=+")), pairs);
        assert_eq!(human(&format!("{output} & strand=-")), pairs);
    }
    assert_eq!(human("RNA_SEQ & strand=."), 125);
    assert_eq!(count(Organism::Mouse, "RNA_SEQ & strand=+"), 71);
}

#[test]
fn absent_fields_and_empty_texts_are_told_apart() {
    let sets = tracks(Organism::Human);
    let set = |output| sets.iter().find(|set| set.output == output).unwrap();
    let empty = |output| {
        set(output)
            .tracks
            .iter()
            .filter(|track| track.gtex_tissue.as_deref() == Some(""))
            .count()
    };
    assert_eq!(empty(OutputType::RnaSeq), 613);
    assert_eq!(empty(OutputType::ChipTf), 0);
    let first = &set(OutputType::Atac).tracks[0];
    assert_eq!(
        *first,
        Track {
            name: "CL:0000084 ATAC-seq".to_owned(),
            strand: None,
            assay_title: Some("ATAC-seq".to_owned()),
            ontology_curie: Some("CL:0000084".to_owned()),
            biosample_name: Some("T-cell".to_owned()),
            biosample_type: Some("primary_cell".to_owned()),
            biosample_life_stage: Some("adult".to_owned()),
            data_source: Some("encode".to_owned()),
            endedness: Some("paired".to_owned()),
            genetically_modified: Some(false),
            transcription_factor: None,
            histone_mark: None,
            gtex_tissue: None,
            nonzero_mean: Some(0.739_740_97),
            channel_index: Some(0),
        }
    );
    let sites = set(OutputType::SpliceSites);
    let names: Vec<&str> = sites.tracks.iter().map(|track| track.name.as_str()).collect();
    assert_eq!(names, ["donor", "acceptor", "donor", "acceptor"]);
    assert!(sites.tracks.iter().all(|track| track.biosample_name.is_none()));
}

#[test]
fn synonyms_stand_for_biosamples_that_there_are() {
    let sets = tracks(Organism::Human);
    let is_there = |name: &str| {
        let mut tracks = sets.iter().flat_map(|set| set.tracks.iter());
        tracks.any(|track| track.biosample_name.as_deref() == Some(name))
    };
    for synonym in SYNONYMS {
        assert!(is_there(synonym.biosample), "{}", synonym.biosample);
        for spelling in synonym.spellings {
            assert!(!is_there(spelling), "{spelling} is a biosample of its own");
        }
    }
    for name in RELATED.iter().flat_map(|related| related.biosamples) {
        assert!(is_there(name), "{name}");
    }
}

#[test]
fn near_names_are_stated() {
    let resolve = |text: &str| text.parse::<Selection>().unwrap().resolve(tracks(Organism::Human));
    let refused = |text: &str| resolve(text).unwrap_err().to_string();
    assert_eq!(
        refused("biosample=hepg-2"),
        "no exact match for biosample=`hepg-2`; nearest is HepG2 (EFO:0001187, 565 tracks)"
    );
    assert_eq!(
        refused("biosample=HeLa"),
        "no exact match for biosample=`HeLa`; related (a subclone of HeLa): HeLa-S3 (EFO:0002791, 59 tracks)"
    );
    assert_eq!(
        refused("lymphoblastoid"),
        "no exact match for `lymphoblastoid`; related (lymphoblastoid lines): GM12878 (EFO:0002784, 125 tracks), \
         GM12891 (EFO:0002785, 11 tracks), GM12892 (EFO:0002786, 8 tracks), lymphoblast (EFO:0000572, 4 tracks)"
    );
    let portal = resolve("tissue=\"Skin - Sun Exposed (Lower leg)\"").unwrap();
    assert_eq!(portal.len(), 4);
    assert_eq!(portal.statements.len(), 1);
    let liver: Vec<String> = resolve("biosample=liver")
        .unwrap()
        .statements
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        liver,
        [
            "not taken with biosample=`liver`: the GTEx tissue Liver, which is right lobe of liver (UBERON:0001114, 4 \
          tracks); `tissue=Liver` takes it"
        ]
    );
}

#[test]
fn a_broken_table_is_refused() {
    let pack = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    assert!(read(b"no gzip").is_err());
    let error = read(&pack("name\ta\tb\noutput_type\tATAC\n")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the column `output_type` is missing or has another length"
    );
}

#[test]
fn the_guide_lists_every_field() {
    let guide = include_str!("../../../../docs/tracks.md");
    for field in Field::ALL {
        let line = format!("| `{field}` | `{}` | {} |", field.column(), field.docs());
        assert!(guide.contains(&line), "docs/tracks.md lacks: {line}");
    }
}
