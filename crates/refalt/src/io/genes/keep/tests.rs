use super::*;
use proptest::prelude::*;
use refalt_core::annotation::{AnnotationBuilder, GeneAttributes, Place, TranscriptAttributes, TranscriptTags};
use refalt_core::{Interval, Strand};
use std::io::Write as _;

const TEXT: &str = "##description: made up (GRCh38)\n\
    chr1\tx\tgene\t11\t60\t.\t-\t.\tgene_id \"G1\"; gene_type \"lncRNA\"; gene_name \"A\";\n\
    chr1\tx\ttranscript\t11\t60\t.\t-\t.\tgene_id \"G1\"; transcript_id \"T1\"; tag \"Ensembl_canonical\";\n\
    chr1\tx\texon\t41\t60\t.\t-\t.\tgene_id \"G1\"; transcript_id \"T1\";\n\
    chr1\tx\texon\t11\t20\t.\t-\t.\tgene_id \"G1\"; transcript_id \"T1\";\n";

fn folder_with(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("genes.gtf");
    fs::write(&path, text).unwrap();
    (folder, path)
}

fn open_default(path: &Path) -> (Genes, IndexUse) {
    open(path, &OpenOptions::default()).unwrap()
}

fn index_of(path: &Path) -> PathBuf {
    path.with_file_name("genes.gtf.refalt-genes")
}

#[test]
fn the_second_opening_loads_what_the_first_parsed() {
    let (_folder, path) = folder_with(TEXT);
    let (parsed, first) = open_default(&path);
    assert!(matches!(first, IndexUse::Built { replaced: None, .. }), "{first:?}");
    let (loaded, second) = open_default(&path);
    assert_eq!(second, IndexUse::Loaded { path: index_of(&path) });
    assert_eq!(parsed, loaded);
    assert_eq!(loaded.source.header.assembly.as_deref(), Some("GRCh38"));
    let identity = crate::provenance::FileIdentity::of(&path).unwrap();
    assert_eq!(loaded.source.identity, Some(identity));
}

#[test]
fn a_damaged_index_is_made_again_whichever_byte_is_wrong() {
    let (_folder, path) = folder_with(TEXT);
    let (parsed, _) = open_default(&path);
    let good = fs::read(index_of(&path)).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        assert!(index::read(&bad, "x").is_err(), "byte {at}");
        assert!(index::read(&good[..at], "x").is_err(), "cut at {at}");
    }
    fs::write(index_of(&path), &good[..good.len() / 2]).unwrap();
    let (again, built) = open_default(&path);
    assert_eq!(again, parsed);
    match built {
        IndexUse::Built { replaced, .. } => assert_eq!(replaced.unwrap(), "its digest does not fit its content"),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read(index_of(&path)).unwrap(), good);
}

#[test]
fn an_index_of_another_version_says_so() {
    let (_folder, path) = folder_with(TEXT);
    open_default(&path);
    let mut other = fs::read(index_of(&path)).unwrap();
    other[8] = 99;
    assert_eq!(
        index::read(&other, "x").unwrap_err(),
        format!("it has version 99 of the format; in use is {}", index::VERSION)
    );
}

#[test]
fn a_changed_file_is_parsed_again_even_with_its_size_and_time_kept() {
    let (_folder, path) = folder_with(TEXT);
    let (first, _) = open_default(&path);
    let modified = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, TEXT.replace("\"A\"", "\"B\"")).unwrap();
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(modified)
        .unwrap();
    let (second, used) = open_default(&path);
    assert!(matches!(used, IndexUse::Built { replaced: Some(_), .. }), "{used:?}");
    assert_ne!(first, second);
    assert_eq!(second.annotation.genes().next().unwrap().name, Some("B"));
}

#[test]
fn a_copy_with_another_time_keeps_its_index() {
    let (_folder, path) = folder_with(TEXT);
    open_default(&path);
    let later = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    File::options()
        .write(true)
        .open(&path)
        .unwrap()
        .set_modified(later)
        .unwrap();
    assert!(matches!(open_default(&path).1, IndexUse::Loaded { .. }));
    // The index has taken the time over.
    let index = index::read(&fs::read(index_of(&path)).unwrap(), "x").unwrap();
    assert_eq!(index.stamp.modified_s, 1_000_000_000);
}

#[test]
fn an_index_with_lines_left_out_does_not_serve_who_refuses_them() {
    let (_folder, path) = folder_with(&format!("{TEXT}chr1 x gene 1 2 . + . gene_id \"G2\";\n"));
    let leave_out = OpenOptions {
        malformed: MalformedLines::LeaveOut,
        ..OpenOptions::default()
    };
    assert_eq!(open(&path, &leave_out).unwrap().0.source.left_out, 1);
    let (loaded, used) = open(&path, &leave_out).unwrap();
    assert!(matches!(used, IndexUse::Loaded { .. }));
    assert_eq!(loaded.source.left_out_lines[0].line, 6);
    assert!(matches!(
        open(&path, &OpenOptions::default()),
        Err(GenesError::Lines { count: 1, .. })
    ));
}

#[test]
fn where_the_folder_cannot_be_written_the_index_goes_to_the_cache() {
    let (folder, path) = folder_with(TEXT);
    // A folder in the place of the index: nothing can be written there, whoever asks.
    fs::create_dir(index_of(&path)).unwrap();
    fs::write(index_of(&path).join("x"), "").unwrap();
    let (_, used) = open_default(&path);
    assert!(
        matches!(&used, IndexUse::None { reason } if reason.contains("cannot write")),
        "{used:?}"
    );
    let options = OpenOptions {
        cache_folder: Some(folder.path().join("cache/genes")),
        ..OpenOptions::default()
    };
    let (_, used) = open(&path, &options).unwrap();
    let IndexUse::Built { path: place, .. } = used else {
        panic!("{used:?}")
    };
    assert!(place.starts_with(folder.path().join("cache/genes")));
    assert_eq!(open(&path, &options).unwrap().1, IndexUse::Loaded { path: place });
}

#[test]
fn gzip_and_bgzip_read_as_plain_text_does() {
    let (folder, path) = folder_with(TEXT);
    let plain = open_default(&path).0.annotation;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(TEXT.as_bytes()).unwrap();
    let mut bgzip = noodles::bgzf::io::Writer::new(Vec::new());
    bgzip.write_all(TEXT.as_bytes()).unwrap();
    for bytes in [gzip.finish().unwrap(), bgzip.finish().unwrap()] {
        let path = folder.path().join("genes.gtf.gz");
        fs::write(&path, bytes).unwrap();
        assert_eq!(open_default(&path).0.annotation, plain);
    }
}

#[test]
fn samples_reach_both_ends_of_a_large_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let size = (SAMPLES * SAMPLE_BYTES) as usize + 1_000_003;
    let mut bytes = vec![b'x'; size];
    fs::write(&path, &bytes).unwrap();
    let before = Quick::of(&path).unwrap().samples;
    for at in [0, size - 1] {
        bytes[at] = b'y';
        fs::write(&path, &bytes).unwrap();
        assert_ne!(Quick::of(&path).unwrap().samples, before, "byte {at}");
        bytes[at] = b'x';
    }
}

fn stamp() -> Stamp {
    Stamp {
        bytes: 1,
        modified_s: -2,
        modified_ns: 3,
        samples: [4; 32],
        digest: [5; 32],
    }
}

proptest! {
    #[test]
    fn an_index_holds_what_was_parsed(
        rows in prop::collection::vec((0..3_u8, 0..6_u8, 0..4_u8, 1..5_000_u32, 1..900_u32, any::<[bool; 5]>()), 1..60)
    ) {
        let mut builder = AnnotationBuilder::default();
        for (contig, gene, transcript, start, length, [tag, canonical, coding, row, named]) in rows {
            let (contig, gene) = (format!("chr{contig}"), format!("G{gene}"));
            let transcript = format!("{gene}T{transcript}");
            let gene = GeneAttributes { id: &gene, name: named.then_some("Ä"), biotype: tag.then_some("lncRNA") };
            let tags = TranscriptTags { mane_select: tag, ensembl_canonical: canonical, ..TranscriptTags::default() };
            let transcript = TranscriptAttributes { id: &transcript, biotype: None, tags };
            let span = Interval::from_bed(start, start + length).unwrap();
            // The strand follows from the gene, as in a real file.
            let strand = if gene.id.ends_with(['1', '3']) { Strand::Reverse } else { Strand::Forward };
            let place = Place { contig: &contig, strand, span };
            if row {
                // A second row for one gene is refused, which is not what this test is about.
                let _ = builder.gene(gene, place);
            }
            builder.exon(gene, transcript, place).unwrap();
            if coding {
                builder.coding(gene, transcript, place).unwrap();
            }
        }
        let mut source = parse("x", &mut TEXT.as_bytes(), MalformedLines::Refuse).unwrap().source;
        source.identity = Some(stamp().identity("x"));
        let genes = Genes { annotation: builder.build().unwrap(), source };
        let mut bytes = Vec::new();
        index::write(&mut bytes, &genes, &stamp()).unwrap();
        let index = index::read(&bytes, "x").unwrap();
        prop_assert_eq!(index.genes, genes);
        prop_assert_eq!(index.stamp, stamp());
    }
}
