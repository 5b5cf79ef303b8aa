use super::*;
use crate::diagnostic::Diagnostic;
use noodles::bgzf;
use proptest::prelude::*;
use std::io::Write;
use tempfile::TempDir;

fn write(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn bgzip(text: &[u8]) -> Vec<u8> {
    let mut writer = bgzf::io::Writer::new(Vec::new());
    writer.write_all(text).unwrap();
    writer.finish().unwrap()
}

fn open(name: &str, bytes: &[u8]) -> Result<FastaReference, FastaError> {
    let folder = tempfile::tempdir().unwrap();
    let reference = FastaReference::open(write(&folder, name, bytes))?;
    // One handle is taken while the file is there; a removed file stays readable through it.
    let _ = fetch(&reference, reference.contigs()[0].name.as_str(), 0, 1);
    Ok(reference)
}

fn fetch(reference: &FastaReference, contig: &str, start: u32, end: u32) -> Result<String, ReferenceError> {
    let contig = reference.contig_id(contig).expect("the contig is there");
    let mut bases = b"before".to_vec();
    reference.fetch(contig, Interval::from_bed(start, end).unwrap(), &mut bases)?;
    assert_eq!(bases.len(), 6 + (end - start) as usize);
    Ok(String::from_utf8(bases.split_off(6)).unwrap())
}

#[test]
fn bases_are_upper_case_iupac_is_kept_and_outside_is_n() {
    let reference = open("a.fa", b">chr1 some text 1:5-9\nACgtN\nryk\n").unwrap();
    assert_eq!(fetch(&reference, "1", 0, 12).unwrap(), "ACGTNRYKNNNN");
    assert_eq!(fetch(&reference, "chr1", 4, 6).unwrap(), "NR");
    assert_eq!(fetch(&reference, "chr1", 8, 8).unwrap(), "");
    assert_eq!(fetch(&reference, "chr1", 90, 92).unwrap(), "NN");
    assert_eq!(reference.contigs()[0].length_bp, Some(8));
}

#[test]
fn slices_lie_where_their_names_say() {
    let reference = open("s.fa", b">chr5:11-16\nACGTAC\n>chr5:14-20\nTACCCCC\n>chr5:31-32\nGG\n").unwrap();
    assert_eq!(reference.contigs().len(), 1);
    assert_eq!(fetch(&reference, "5", 8, 34).unwrap(), "NNACGTACCCCCNNNNNNNNNNGGNN");
    assert_eq!(
        reference.assembly().to_string(),
        "assembly not proven (a slice has no digest of its contig)"
    );
    let error = open("s.fa", b">chr5:11-16\nACGTAC\n>chr5:14-20\nTAGCCCC\n").unwrap_err();
    assert!(
        error.to_string().ends_with("disagree at chr5:16: `C` and `G`"),
        "{error}"
    );
}

#[test]
fn plain_gzip_is_refused_with_the_remedy() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(b">chr1\nACGT\n").unwrap();
    let error = open("a.fa.gz", &gzip.finish().unwrap()).unwrap_err();
    assert!(matches!(error, FastaError::PlainGzip { .. }));
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("a.fa.gz | bgzip > ") && hint.contains("a.fa.bgz`"),
        "{hint}"
    );
}

#[test]
fn other_files_are_named_for_what_they_are() {
    for (bytes, expected) in [
        (
            b"@read\nACGT\n+\nIIII\n".as_slice(),
            "begins with `@`, as a FASTQ or SAM file does",
        ),
        (b"chr1\t0\t9\n", "begins with `chr1\\t0\\t9`"),
        (&[0x28, 0xb5, 0x2f, 0xfd, 0, 0], "zstd-compressed data"),
        (b"", "has no record"),
        (b"\n\n", "has no record"),
    ] {
        let error = open("x", bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(matches!(
        FastaReference::open("no/such.fa"),
        Err(FastaError::Io { action: "open", .. })
    ));
    assert!(matches!(
        FastaReference::open(std::env::temp_dir()),
        Err(FastaError::Io { .. })
    ));
}

#[test]
fn a_truncated_file_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<u8> = [b">chr1\n".to_vec(), b"ACGTACGTAC\n".repeat(30_000)].concat();
    // The index was made of the whole file.
    let path = write(&folder, "cut.fa", &text[..100_000]);
    write(&folder, "cut.fa.fai", b"chr1\t300000\t6\t10\t11\n");
    let error = FastaReference::open(path).unwrap_err();
    assert!(matches!(
        error,
        FastaError::Truncated {
            expected_bytes: 330_005,
            found_bytes: 100_000,
            ..
        }
    ));
    assert!(error.to_string().contains("cut.fa"));

    let whole = bgzip(&text);
    for cut in [whole.len() - 1, whole.len() - 28, whole.len() / 2, 20] {
        for with_indexes in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let path = write(&folder, "cut.fa.gz", &whole);
            if with_indexes {
                FastaReference::open(&path).unwrap().write_indexes().unwrap();
            }
            write(&folder, "cut.fa.gz", &whole[..cut]);
            let error = FastaReference::open(path).unwrap_err();
            assert!(matches!(error, FastaError::BgzipDamaged { .. }), "{cut}: {error}");
            assert!(error.to_string().contains("cut.fa.gz"), "{error}");
        }
    }
}

#[test]
fn a_damaged_block_is_an_error_when_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<u8> = [b">chr1\n".to_vec(), b"ACGTACGTAC\n".repeat(30_000)].concat();
    let mut bytes = bgzip(&text);
    let path = write(&folder, "a.fa.gz", &bytes);
    FastaReference::open(&path).unwrap().write_indexes().unwrap();
    let last_block = bytes.len() - 28 - 40;
    bytes[last_block] ^= 0xff;
    write(&folder, "a.fa.gz", &bytes);
    let reference = FastaReference::open(&path).unwrap();
    assert_eq!(fetch(&reference, "chr1", 0, 4).unwrap(), "ACGT");
    let error = fetch(&reference, "chr1", 299_990, 300_000).unwrap_err().to_string();
    assert!(
        error.contains("a.fa.gz") && error.contains("truncated or damaged"),
        "{error}"
    );
    assert_eq!(fetch(&reference, "chr1", 4, 8).unwrap(), "ACGT");
}

#[test]
fn an_index_of_another_file_is_found_out() {
    let fasta = b">chr1\nACGTA\nCGTAC\nGTACG\n>chr2\nACGTA\n";
    for (index, expected) in [
        (
            "chr1\t15\t7\t5\t6\nchr2\t5\t30\t5\t6\n",
            "its header line does not end at byte 7",
        ),
        ("chr1\t14\t6\t7\t8\nchr2\t5\t30\t5\t6\n", "no line end after base 7"),
        ("chr1\t20\t6\t5\t6\nchr2\t5\t30\t5\t6\n", "`>` at base 16"),
        ("chr1\t16\t6\t8\t9\nchr2\t5\t30\t5\t6\n", "no line end after base 8"),
        ("chr1\t15\t6\t5\t7\nchr2\t5\t30\t5\t6\n", "no CR LF after base 5"),
        ("chr3\t15\t6\t5\t6\n", "its header line does not end at byte 6"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, "a.fa", fasta);
        write(&folder, "a.fa.fai", index.as_bytes());
        let reference = FastaReference::open(path).unwrap();
        let name = reference.contigs()[0].name.clone();
        let error = fetch(&reference, name.as_str(), 0, 20).unwrap_err().to_string();
        assert!(error.contains("does not fit it") && error.contains(expected), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "a.fa", fasta);
    write(&folder, "a.fa.fai", b"chr1\t15\t6\t5\n");
    let error = FastaReference::open(path).unwrap_err();
    assert!(
        error.to_string().contains("a.fa.fai` is malformed in line 1"),
        "{error}"
    );
}

#[test]
fn a_letter_that_is_none_is_placed() {
    let reference = open("a.fa", b">chr1\nACGT\nA-GT\n").unwrap();
    assert_eq!(fetch(&reference, "chr1", 0, 5).unwrap(), "ACGTA");
    let error = fetch(&reference, "chr1", 2, 8).unwrap_err().to_string();
    assert!(
        error.ends_with("has `-` at base 6 of record `chr1`, which is no nucleotide letter"),
        "{error}"
    );
}

#[test]
fn missing_indexes_are_made_in_memory_and_written_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let text: Vec<u8> = [b">chr1\n".to_vec(), b"ACGTACGTAC\n".repeat(30_000)].concat();
    let path = write(&folder, "a.fa.gz", &bgzip(&text));
    let reference = FastaReference::open(&path).unwrap();
    assert_eq!(reference.notes().len(), 2);
    assert!(
        reference.notes()[0]
            .to_string()
            .contains("a.fa.gz.gzi`: it was made in memory")
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let written = reference.write_indexes().unwrap();
    assert_eq!(written, [beside(&path, ".fai"), beside(&path, ".gzi")]);
    assert_eq!(
        std::fs::read_to_string(&written[0]).unwrap(),
        "chr1\t300000\t6\t10\t11\n"
    );
    let again = FastaReference::open(&path).unwrap();
    assert!(again.notes().is_empty());
    assert_eq!(
        fetch(&again, "chr1", 131_069, 131_074).unwrap(),
        fetch(&reference, "chr1", 131_069, 131_074).unwrap()
    );
}

#[test]
fn names_mean_contigs_through_the_alias_table() {
    let reference = open("a.fa", b">5\nACGT\n>chrM\nAC\n>chrMT\nAG\n>chrUn_1\nA\n").unwrap();
    let index = |name: &str| reference.contig_id(name).map(ContigId::index);
    assert_eq!(index("5"), Some(0));
    assert_eq!(index("chr5"), Some(0));
    assert_eq!(index("MT"), Some(1));
    assert_eq!(index("chrMT"), Some(2));
    assert_eq!(index("chrUn_1"), Some(3));
    assert_eq!(index("Un_1"), None);
    // Four bases are not the 181,538,259 of that accession.
    assert_eq!(index("NC_000005.10"), None);
    assert_eq!(
        reference.notes()[1].to_string(),
        "`chrM` and `chrMT` are one chromosome by name; other names of it mean `chrM`"
    );
}

#[test]
fn digests_are_stored_and_dropped_when_the_file_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "a.fa", b">chr1\nacgt\n>x:1-2\nAC\n");
    let reference = FastaReference::open(&path).unwrap();
    let seen = std::sync::Mutex::new(Vec::new());
    let identity = reference
        .identify(&|progress| seen.lock().unwrap().push(progress))
        .unwrap();
    // The digest of ACGT in the refget specification; the slice has none.
    assert_eq!(identity.contigs.len(), 1);
    assert_eq!(identity.contigs[0].refget, "SQ.aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2");
    assert_eq!(
        *seen.lock().unwrap(),
        [DigestProgress {
            bases_done: 4,
            bases: 4
        }]
    );
    reference.write_digests(&identity).unwrap();
    let again = FastaReference::open(&path).unwrap();
    assert_eq!(
        again.notes(),
        [FastaNote::IndexBuilt {
            missing: beside(&path, ".fai")
        }]
    );
    assert_eq!(again.assembly(), &identity.evidence);
    write(&folder, "a.fa", b">chr1\nacga\n>x:1-2\nAC\nn");
    let _ = FastaReference::open(&path).unwrap_err();
    write(&folder, "a.fa", b">chr1 x\nacga\n>x:1-2\nAC\n");
    let changed = FastaReference::open(&path).unwrap();
    assert!(matches!(&changed.notes()[1], FastaNote::DigestsIgnored { reason, .. } if reason.contains("changed")));
    write(&folder, "a.fa.refget.json", b"{}");
    assert!(matches!(
        &FastaReference::open(&path).unwrap().notes()[1],
        FastaNote::DigestsIgnored { .. }
    ));
}

#[test]
fn threads_share_one_reference() {
    let text: Vec<u8> = [b">chr1\n".to_vec(), b"ACGTACGTAC\n".repeat(30_000)].concat();
    let folder = tempfile::tempdir().unwrap();
    let path = write(&folder, "a.fa.gz", &bgzip(&text));
    let reference = FastaReference::open(path).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let reference = &reference;
            scope.spawn(move || {
                for round in 0..200u32 {
                    let start = (round * 7_919 + thread * 65_537) % 299_000;
                    let bases = fetch(reference, "chr1", start, start + 900).unwrap();
                    let expected: String = (start..start + 900)
                        .map(|at| "ACGTACGTAC".as_bytes()[at as usize % 10] as char)
                        .collect();
                    assert_eq!(bases, expected);
                }
            });
        }
    });
}

/// A FASTA text and the bases of its one record.
fn layout() -> impl Strategy<Value = (String, String)> {
    (
        "[ACGTNacgtnRYK]{1,400}",
        1usize..80,
        prop::sample::select(vec!["\n", "\r\n"]),
        any::<bool>(),
    )
        .prop_map(|(bases, width, line_end, last_end)| {
            let lines: Vec<&str> = bases
                .as_bytes()
                .chunks(width)
                .map(|line| std::str::from_utf8(line).unwrap())
                .collect();
            let mut text = format!(">first x{line_end}A{line_end}>chr1 y{line_end}{}", lines.join(line_end));
            if last_end {
                text.push_str(line_end);
            }
            (text, bases.to_ascii_uppercase())
        })
}

proptest! {
    #[test]
    fn any_span_reads_as_the_text_says(
        (text, bases) in layout(), spans in prop::collection::vec((0usize..420, 0usize..420), 1..6), packed in any::<bool>()
    ) {
        let folder = tempfile::tempdir().unwrap();
        let bytes = if packed { bgzip(text.as_bytes()) } else { text.into_bytes() };
        let reference = FastaReference::open(write(&folder, "a.fa", &bytes)).unwrap();
        for (a, b) in spans {
            let (start, end) = (a.min(b), a.max(b));
            let expected: String = (start..end).map(|at| bases.as_bytes().get(at).map_or('N', |&base| char::from(base))).collect();
            prop_assert_eq!(fetch(&reference, "chr1", start as u32, end as u32).unwrap(), expected.clone());
            let mut masked = b"R".to_vec();
            let span = Interval::from_bed(start as u32, end as u32).unwrap();
            reference.fetch_masked(reference.contig_id("chr1").unwrap(), span, &mut masked).unwrap();
            let known = |letter| if "ACGT".contains(letter) { letter } else { 'N' };
            let expected: String = std::iter::once('R').chain(expected.chars().map(known)).collect();
            prop_assert_eq!(String::from_utf8(masked).unwrap(), expected);
        }
    }

    #[test]
    fn any_bytes_open_or_fail_without_a_panic(
        start in prop::sample::select(vec![b">".as_slice(), b"", b"\x1f\x8b", b">a\nAC\n"]),
        rest in prop::collection::vec(any::<u8>(), 0..80),
        index in prop::option::of("(a|b|c:1-2)\t[0-9]{1,3}\t[0-9]{1,2}\t[0-9]\t[0-9]\n"),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, "a.fa", &[start, &rest].concat());
        if let Some(index) = index {
            write(&folder, "a.fa.fai", index.as_bytes());
        }
        if let Ok(reference) = FastaReference::open(path) {
            let mut bases = Vec::new();
            let all = Interval::from_bed(0, 200).unwrap();
            let _ = reference.fetch(ContigId::new(0), all, &mut bases);
        }
    }

    #[test]
    fn any_bytes_as_a_block_table_open_or_fail_without_a_panic(
        entries in prop::collection::vec((0u64..400, 0u64..400), 0..4), junk in prop::collection::vec(any::<u8>(), 0..9)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = write(&folder, "a.fa.gz", &bgzip(b">chr1\nACGTACGT\n"));
        let mut table = (entries.len() as u64).to_le_bytes().to_vec();
        for (compressed, text) in entries {
            table.extend(compressed.to_le_bytes());
            table.extend(text.to_le_bytes());
        }
        table.extend(junk);
        write(&folder, "a.fa.gz.gzi", &table);
        if let Ok(reference) = FastaReference::open(path) {
            let _ = fetch(&reference, "chr1", 0, 9);
        }
    }
}

#[test]
fn lines_of_any_length_are_laid_out_without_their_ends() {
    for line in (1..300).chain([1000]) {
        for (ending, end) in [(1, "\n"), (2, "\r\n")] {
            for (skipped, count) in [(0, 1), (0, 777), (line / 2, 777), (line - 1, 2 * line + 1)] {
                let bases: Vec<u8> = (0..skipped + count).map(|at| b"ACGTN"[at * 7 % 11 % 5]).collect();
                let text: Vec<u8> = bases
                    .chunks(line)
                    .flat_map(|line| [line, end.as_bytes()].concat())
                    .collect();
                // From the first base wanted to the last one, as `decode` reads them.
                let last = skipped + count - 1;
                let raw = &text[skipped..=last + last / line * ending];
                let mut found = vec![b'x'; count];
                super::lay_out(raw, line - skipped, line, ending, &mut found).unwrap();
                assert_eq!(
                    found,
                    bases[skipped..],
                    "{count} bases from {skipped} in lines of {line}"
                );
            }
        }
    }
}
