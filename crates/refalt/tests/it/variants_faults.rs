//! Files that are cut, damaged, mislabelled or odd: each is refused or read, and says what it is.

use refalt::Diagnostic;
use refalt::io::variants::{Format, ReadCause, ReadError, ReadOptions, Source, VariantReader, VariantRow, open};
use std::io::{Read, Write};
use std::path::Path;

fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<Vec<VariantRow>, ReadError> {
    let own = std::io::Cursor::new(bytes.to_vec());
    VariantReader::from_reader(own, "test", options)?.collect()
}

fn read(bytes: impl AsRef<[u8]>) -> Result<Vec<VariantRow>, ReadError> {
    read_with(bytes.as_ref(), &ReadOptions::default())
}

fn outcome(bytes: impl AsRef<[u8]>) -> Vec<String> {
    let rows = read(bytes).unwrap();
    rows.iter()
        .map(|row| match &row.variant {
            Ok(variant) => format!("{} {variant}", row.line),
            Err(problem) => format!("{} {}", row.line, problem.code()),
        })
        .collect()
}

const HEADER: &str = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";

fn vcf(body: &str) -> String {
    format!("{HEADER}{body}")
}

#[test]
fn line_ends_of_any_system_and_empty_lines_change_nothing() {
    let unix = vcf("1\t5\t.\tA\tC\t.\t.\t.\n1\t6\t.\tA\tC\t.\t.\t.\n");
    let expected = ["3 1:5:A>C", "4 1:6:A>C"];
    assert_eq!(outcome(&unix), expected);
    assert_eq!(outcome(unix.replace('\n', "\r\n")), expected);
    assert_eq!(outcome(format!("\u{feff}{unix}\n\n")), expected);
    assert_eq!(outcome(unix.trim_end()), expected);
    let mac = unix.replace('\n', "\r");
    let error = read(mac).unwrap_err();
    assert_eq!(*error.cause, ReadCause::CarriageReturns);
}

#[test]
fn a_last_line_that_is_cut_short_is_refused() {
    let rows = outcome(vcf("1\t5\t.\tA\tC\t.\t.\t.\n1\t6\t.\tA\tC\t."));
    assert_eq!(rows, ["3 1:5:A>C", "4 fields_missing"]);
    assert_eq!(outcome(vcf("1\t5\t.\tA")), ["3 fields_missing"]);
}

#[test]
fn columns_separated_by_spaces_are_named_as_such() {
    assert_eq!(outcome(vcf("1 5 . A C . . .\n")), ["3 fields_missing"]);
    let error = read("##fileformat=VCFv4.2\n#CHROM POS ID REF ALT\n1 5 . A C\n").unwrap_err();
    assert!(error.to_string().contains("separated by spaces"), "{error}");
    assert_eq!(error.place().unwrap(), "test, line 2");
}

#[test]
fn files_put_one_after_the_other_are_read_through() {
    let one = vcf("1\t5\t.\tA\tC\t.\t.\t.\n");
    assert_eq!(outcome(one.repeat(2)), ["3 1:5:A>C", "6 1:5:A>C"]);
}

#[test]
fn odd_contig_names_and_iupac_letters_are_kept() {
    let rows = outcome(vcf(
        "HLA-A*01:01:01:01\t5\t.\tN\tR\t.\t.\t.\n<1>\t6\t.\ta\tc,<*>,A.\t.\t.\t.\n",
    ));
    assert_eq!(
        rows,
        [
            "3 HLA-A*01:01:01:01:5:N>R",
            "4 <1>:6:A>C",
            "4 <1>:6:A><*>",
            "4 <1>:6:A>A."
        ]
    );
}

#[test]
fn every_field_that_is_empty_is_named() {
    for (line, code) in [
        ("\t5\t.\tA\tC", "field_empty"),
        ("1\t\t.\tA\tC", "field_empty"),
        ("1\t5\t.\t\tC", "field_empty"),
        ("1\t5\t.\tA\t", "field_empty"),
        ("1\t.\t.\tA\tC", "position_not_number"),
        ("1\t-1\t.\tA\tC", "position_not_number"),
        ("1\t5e3\t.\tA\tC", "position_not_number"),
        ("1\t0\t.\tA\tC", "position_zero"),
        ("1\t4294967296\t.\tA\tC", "position_too_large"),
    ] {
        assert_eq!(outcome(vcf(&format!("{line}\n"))), [format!("3 {code}")], "{line:?}");
    }
    // One of two alternates is missing: one row of two.
    assert_eq!(outcome(vcf("1\t5\t.\tA\tC,\n")), ["3 1:5:A>C", "3 field_empty"]);
}

#[test]
fn a_row_with_a_refused_position_keeps_its_text() {
    let rows = read(vcf("1\tabc\trs1\tA\tC,G\t.\t.\t.\n")).unwrap();
    let texts: Vec<_> = rows.iter().map(VariantRow::text).collect();
    assert_eq!(texts, ["1:abc:A>C", "1:abc:A>G"]);
    assert_eq!(rows[1].rsid(), Some("rs1"));
}

#[test]
fn bytes_that_are_no_text_stop_the_reader_with_the_line() {
    let mut bytes = vcf("1\t5\t.\tA\tC\t.\t.\t.\n").into_bytes();
    bytes.extend(b"\xff\xfe\t6\t.\tA\tC\t.\t.\t.\n");
    let error = read(&bytes).unwrap_err();
    assert!(matches!(*error.cause, ReadCause::NotUtf8 { .. }));
    assert_eq!(error.place().unwrap(), "test, line 4");
    let mut bytes = HEADER.as_bytes().to_vec();
    bytes.extend(b"\0\0\0\x01\x02\n");
    assert_eq!(*read(&bytes).unwrap_err().cause, ReadCause::Binary);
    assert_eq!(*read(b"\x7fELF\0\0\0").unwrap_err().cause, ReadCause::Binary);
}

#[test]
fn what_is_no_variant_list_is_named() {
    for (text, needle) in [
        ("<!DOCTYPE html><html>", "HTML"),
        ("{\"variants\": []}", "JSON"),
        ("the quick brown fox", "neither a VCF header"),
        (">chr1\nACGT\n", "neither a VCF header"),
        ("chr1\t100\t200\tpeak_1\t0\t.\n", "looks like BED"),
        ("browser position chr7:127471196-127495720\n", "looks like BED"),
        ("a\tb\tc\n1\t2\t3\n", "no column for"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.to_string().contains(needle), "{text}: {error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_folder_and_a_missing_file_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = open(&Source::Path(folder.path().to_owned()), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("folder"), "{error}");
    let missing = folder.path().join("no.vcf");
    let error = open(&Source::Path(missing.clone()), &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("No such file"), "{error}");
    assert_eq!(error.place().unwrap(), missing.display().to_string());
}

fn bgzip(text: &str) -> Vec<u8> {
    let mut writer = noodles::bgzf::io::Writer::new(Vec::new());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn save(folder: &Path, name: &str, bytes: &[u8]) -> Source {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    Source::Path(path)
}

#[test]
fn a_truncated_bgzip_file_is_refused_before_its_first_row_and_a_stream_at_the_cut() {
    let line = "1\t5\t.\tA\tC\t.\t.\tAC=123;AF=0.5\n";
    let whole = bgzip(&vcf(&line.repeat(20_000)));
    assert_eq!(read(&whole).unwrap().len(), 20_000);
    let folder = tempfile::tempdir().unwrap();
    for (name, length) in [
        ("marker.vcf.gz", whole.len() - 28),
        ("block.vcf.gz", whole.len() - 60),
        ("half.vcf.gz", whole.len() / 2),
        ("header.vcf.gz", 40),
    ] {
        let cut = &whole[..length];
        let error = open(&save(folder.path(), name, cut), &ReadOptions::default()).unwrap_err();
        assert!(matches!(*error.cause, ReadCause::Truncated { .. }), "{name}: {error}");
        // From a pipe the cut shows when it is reached; no row before it is lost, and the end is an error.
        let reader = VariantReader::from_reader(std::io::Cursor::new(cut.to_vec()), name, &ReadOptions::default());
        let error = reader.and_then(Iterator::collect::<Result<Vec<_>, _>>).unwrap_err();
        assert!(matches!(*error.cause, ReadCause::Truncated { .. }), "{name}: {error}");
    }
}

#[test]
fn after_an_error_the_reader_is_at_its_end() {
    let whole = bgzip(&vcf(&"1\t5\t.\tA\tC\t.\t.\t.\n".repeat(50_000)));
    let cut = std::io::Cursor::new(whole[..whole.len() - 100].to_vec());
    let mut reader = VariantReader::from_reader(cut, "cut", &ReadOptions::default()).unwrap();
    let errors = reader.by_ref().filter(Result::is_err).count();
    assert_eq!(errors, 1);
    assert!(reader.next().is_none());
}

#[test]
fn damaged_bcf_is_an_error_at_its_record() {
    let path = crate::data("variants/gnomad_sv.bcf");
    let mut whole = Vec::new();
    let mut packed = flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap());
    packed.read_to_end(&mut whole).unwrap();
    let all = read(&whole).unwrap().len();
    assert_eq!(all, 262);
    let error = read(&whole[..whole.len() - 10]).unwrap_err();
    assert!(matches!(*error.cause, ReadCause::Truncated { .. }));
    assert_eq!(error.place().unwrap(), "test, record 262");
    // Any single byte changed: an error or rows, never a panic.
    for index in (0..whole.len()).step_by(61) {
        let mut changed = whole.clone();
        changed[index] ^= 0xff;
        let _ = read(&changed);
    }
}

#[test]
fn damaged_parquet_is_an_error() {
    let path = crate::data("variants/gvatdb.parquet");
    let whole = std::fs::read(path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let cut = save(folder.path(), "cut.parquet", &whole[..whole.len() - 9]);
    let error = open(&cut, &ReadOptions::default()).unwrap_err();
    assert!(matches!(*error.cause, ReadCause::Parquet { .. }), "{error}");
    assert_eq!(*read(&whole).unwrap_err().cause, ReadCause::ParquetFromPipe);
}

#[test]
fn table_rows_of_another_width_are_refused_and_counted() {
    let rows = outcome("chrom,pos,ref,alt\n1,5,A,C\n1,6,A,C,extra\n1,7,A\n1,8,A,C\n");
    assert_eq!(rows, ["2 1:5:A>C", "3 field_count", "4 field_count", "5 1:8:A>C"]);
}

#[test]
fn lines_are_counted_through_quoted_line_ends_and_empty_lines() {
    let text = "## a comment with a \" mark\nchrom,pos,ref,alt,note\r\n1,5,A,C,\"two\r\nlines\"\r\n\r\n1,6,A,C,x\r\n";
    assert_eq!(outcome(text), ["3 1:5:A>C", "6 1:6:A>C"]);
    let tabs = "chrom\tpos\tref\talt\n1\t5\tA\tC\n\n\n1\t6\tA\tC\n";
    assert_eq!(outcome(tabs), ["2 1:5:A>C", "5 1:6:A>C"]);
}

#[test]
fn a_quotation_mark_that_is_never_closed_swallows_no_row() {
    for rows in ["1,6,A,C,\"5 inch\n", "1,6,A,\"C,x\n", "\"1,6,A,C,x\n"] {
        let text = format!("chrom,pos,ref,alt,note\n1,5,A,C,\n{rows}1,7,A,C,\n1,8,A,C,\"said \"\"so\"\"\"\n");
        let expected = ["2 1:5:A>C", "3 quote_malformed", "4 1:7:A>C", "5 1:8:A>C"];
        assert_eq!(outcome(text), expected, "{rows}");
    }
}

#[test]
fn tab_separated_cells_are_not_unquoted_unless_the_header_is_quoted() {
    assert_eq!(
        outcome("chrom\tpos\tref\talt\tnote\n1\t5\tA\tC\t5\" long\n"),
        ["2 1:5:A>C"]
    );
    assert_eq!(
        outcome("\"chrom\"\t\"pos\"\t\"ref\"\t\"alt\"\n\"1\"\t5\t\"A\"\t\"C\"\n"),
        ["2 1:5:A>C"]
    );
}

#[test]
fn ids_are_read_one_per_line_with_comments_between() {
    let text = "chr5_1295113_G_A_b38\n# the second hotspot\n\n5-1295135-G-A \nrs2853669\nNC_000005.10:g.1295113del\n";
    let rows = read(text).unwrap();
    let expected = [
        "1 chr5:1295113:G>A",
        "4 5:1295135:G>A",
        "5 name_only",
        "6 needs_reference",
    ];
    assert_eq!(outcome(text), expected);
    assert_eq!(rows[1].text(), "5-1295135-G-A");
}

#[test]
fn variants_on_the_command_line_are_rows() {
    let words = ["chr5:1295113:G>A", "rubbish"].map(str::to_owned).to_vec();
    let reader = open(&Source::Literals(words), &ReadOptions::default()).unwrap();
    assert_eq!((reader.format(), reader.name()), (Format::Ids, "<command line>"));
    let rows: Vec<_> = reader.map(Result::unwrap).collect();
    assert_eq!(rows[0].variant.as_ref().unwrap().to_string(), "chr5:1295113:G>A");
    assert_eq!(
        (rows[1].line, rows[1].variant.as_ref().unwrap_err().code()),
        (2, "id_unreadable")
    );
}

#[test]
fn a_named_format_is_not_guessed() {
    let options = |format| ReadOptions {
        format: Some(format),
        ..ReadOptions::default()
    };
    // Without a header and without a name that ends in .vcf only the user can say that this is VCF.
    let body = b"chr1\t100\t.\tA\tC\n";
    assert!(read(body).is_err());
    assert_eq!(
        read_with(body, &options(Format::Vcf)).unwrap()[0].text(),
        "chr1:100:A>C"
    );
    assert!(read_with(body, &options(Format::Csv)).is_err());
    let as_ids = read_with(b"hello\n", &options(Format::Ids)).unwrap();
    assert_eq!(as_ids[0].variant.as_ref().unwrap_err().code(), "id_unreadable");
}

#[test]
fn column_maps_do_not_touch_fixed_columns() {
    let options = ReadOptions {
        columns: "pos=POS".parse().unwrap(),
        ..ReadOptions::default()
    };
    let error = read_with(vcf("1\t5\t.\tA\tC\n").as_bytes(), &options).unwrap_err();
    assert!(matches!(*error.cause, ReadCause::ColumnsFixed { .. }));
}

#[test]
fn hgvs_without_bases_is_filled_from_a_reference() {
    let reference = refalt_core::InMemoryReference::of_contigs([("chr5", b"GATTACA".as_slice())]);
    let mut rows = read("chr5:g.3_4del\nchr5:g.7dup\nchr6:g.1del\n").unwrap();
    for row in &mut rows {
        row.resolve(&reference);
    }
    assert_eq!(rows[0].variant.as_ref().unwrap().to_string(), "chr5:3:TT>");
    let normal = refalt_core::check(rows[0].variant.as_ref().unwrap(), &reference).unwrap();
    assert_eq!(normal.to_string(), "chr5:2:ATT>A");
    assert_eq!(rows[1].variant.as_ref().unwrap().to_string(), "chr5:8:>A");
    assert_eq!(rows[2].variant.as_ref().unwrap_err().code(), "reference");
}

mod random {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_never_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for format in [None, Some(Format::Vcf), Some(Format::Bcf), Some(Format::Tsv), Some(Format::Csv), Some(Format::Ids)] {
                let _ = read_with(&bytes, &ReadOptions { format, ..ReadOptions::default() });
            }
        }

        #[test]
        fn lines_of_vcf_letters_keep_every_record(
            lines in proptest::collection::vec("[1X.\tACGT<>,*0-9NR]{1,30}", 0..20)
        ) {
            let text = vcf(&lines.iter().map(|line| format!("{line}\n")).collect::<String>());
            let rows = read(&text).unwrap();
            let mut numbers: Vec<u64> = rows.iter().map(|row| row.line).collect();
            numbers.dedup();
            let expected: Vec<u64> = (3..3 + lines.len() as u64).collect();
            prop_assert_eq!(numbers, expected);
        }
    }
}
