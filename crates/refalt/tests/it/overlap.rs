//! Rows in peaks: against bedtools, over every format, and against files of another assembly.

use crate::{data, shared, study};
use flate2::read::MultiGzDecoder;
use refalt::core::{Assembly, Interval, Position, Strand};
use refalt::diagnostic::Diagnostic;
use refalt::io::bed;
use refalt::io::chain::{self};
use refalt::io::variants::Source;
use refalt::liftover::Liftover;
use refalt::output_files::record_path;
use refalt::overlap::{Output, OverlapError, Request, Summary, run};
use std::collections::BTreeMap;
use std::io::Read;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data/overlap")
        .join(name)
}

fn write(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

fn stream(request: &Request<'_>) -> Result<(Summary, String), OverlapError> {
    let mut out = Vec::new();
    let summary = run(request, Output::Stream(&mut out))?;
    Ok((summary, String::from_utf8(out).unwrap()))
}

fn request(table: PathBuf, peaks: PathBuf) -> Request<'static> {
    Request::new(Source::Path(table), vec![peaks])
}

fn counts() -> BTreeMap<String, usize> {
    let text = std::fs::read_to_string(fixture("counts.tsv")).unwrap();
    let pairs = text.lines().map(|line| line.split_once('\t').unwrap());
    pairs
        .map(|(id, count)| (id.to_owned(), count.parse().unwrap()))
        .collect()
}

#[test]
fn the_rows_kept_are_those_of_bedtools_and_as_they_are_written() {
    let counts = counts();
    let table = std::fs::read_to_string(fixture("rows.tsv")).unwrap();
    let (header, rows) = table.split_once('\n').unwrap();
    let is_in = |line: &&str| counts[line.split('\t').next().unwrap()] > 0;
    let mut inside = format!("{header}\n");
    inside.extend(rows.lines().filter(is_in).map(|line| format!("{line}\n")));
    let mut outside = format!("{header}\n");
    outside.extend(rows.lines().filter(|line| !is_in(line)).map(|line| format!("{line}\n")));
    for threads in [1, 3] {
        let mut request = request(fixture("rows.tsv"), fixture("peaks.narrowPeak"));
        request.threads = NonZeroUsize::new(threads).unwrap();
        let (summary, out) = stream(&request).unwrap();
        assert_eq!(out, inside);
        assert_eq!((summary.rows, summary.kept), (379, 79));
        request.inverted = true;
        let (summary, out) = stream(&request).unwrap();
        assert_eq!(out, outside);
        assert_eq!((summary.kept, summary.left_out, summary.refused_total()), (300, 79, 0));
        let only: Vec<_> = summary.only_in_table().map(|contig| contig.contig.as_str()).collect();
        assert_eq!(only, ["chr22"]);
        assert_eq!(summary.only_in_peaks[0].0, "chrX");
    }
}

#[test]
fn the_columns_count_the_peaks_as_bedtools_does() {
    let counts = counts();
    let mut request = request(fixture("rows.tsv"), fixture("peaks.narrowPeak"));
    request.annotate = true;
    let (_, out) = stream(&request).unwrap();
    let mut lines = out.lines();
    assert_eq!(
        lines.next(),
        Some("variant_id\tslope\tpeak_count\tpeak_name\tpeak_signal\tpeak_summit_distance")
    );
    let mut seen = 0;
    for line in lines {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 6);
        assert_eq!(cells[2].parse::<usize>().unwrap(), counts[cells[0]], "{line}");
        seen += 1;
    }
    assert_eq!(seen, 79);
}

#[test]
fn every_text_format_keeps_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let peaks = write(folder.path(), "p.bed", "5\t99\t110\n");
    for (name, text, expected) in [
        (
            "a.vcf",
            "##fileformat=VCFv4.2\r\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\r\nchr5\t100\t.\tA\tC,<DEL>\t.\t.\t.\r\n\
             chr5\t111\t.\tA\tC\t.\t.\t.\r\n",
            "##fileformat=VCFv4.2\r\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\r\nchr5\t100\t.\tA\tC,<DEL>\t.\t.\t.\r\n",
        ),
        // A record over two lines, a mark inside, no end of the last line.
        (
            "a.csv",
            "\u{feff}chrom,pos,ref,alt,note\nchr5,100,A,C,\"two\nlines, \"\"x\"\"\"\nchr5,111,A,C,\"a\nb\"\nchr5,110,a,c,x",
            "\u{feff}chrom,pos,ref,alt,note\nchr5,100,A,C,\"two\nlines, \"\"x\"\"\"\nchr5,110,a,c,x",
        ),
        (
            "a.bed",
            "track name=x\nchr5\t109\t110\tq\n\nchr5 110 111 r\nNC_000005.10\t98\t100\n",
            "track name=x\nchr5\t109\t110\tq\nNC_000005.10\t98\t100\n",
        ),
        (
            "a.txt",
            "# ids\n5-100-A-C\nNC_000005.10:g.110A>C\nchr5:111:A:C\nNC_000005.10:99:A:C\n",
            "# ids\n5-100-A-C\nNC_000005.10:g.110A>C\nNC_000005.10:99:A:C\n",
        ),
        (
            "positions.tsv",
            "## x\nchr\tposition\tp\n5\t100\t1\n5\t99\t1\n",
            "## x\nchr\tposition\tp\n5\t100\t1\n",
        ),
    ] {
        let table = write(folder.path(), name, text);
        let (summary, out) = stream(&request(table, peaks.clone())).unwrap();
        assert_eq!(out, expected, "{name}");
        assert_eq!(summary.rows, summary.kept + summary.left_out, "{name}");
        assert_eq!(summary.not_spelled_out, u64::from(name == "a.vcf"));
    }
}

#[test]
fn rows_without_a_place_are_counted_by_reason_and_kept_by_neither_way() {
    let folder = tempfile::tempdir().unwrap();
    let peaks = write(folder.path(), "p.bed", "chr1\t0\t100\n");
    let text = "chrom\tpos\tref\talt\nchr1\t10\tA\tC\nchr1\tNA\tA\tC\nchr1\t1e3\tA\tC\nchr1\t10\tA\nchr1\t10\tA\tC\n";
    let table = write(folder.path(), "a.tsv", text);
    for inverted in [false, true] {
        let mut request = request(table.clone(), peaks.clone());
        request.inverted = inverted;
        let (summary, _) = stream(&request).unwrap();
        assert_eq!((summary.rows, summary.kept), (5, if inverted { 0 } else { 2 }));
        let codes: Vec<_> = summary.refused.keys().map(String::as_str).collect();
        assert_eq!(codes, ["field_count", "field_empty", "position_not_number"]);
        let lines: Vec<u64> = summary.refused_rows.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 4, 5]);
    }
}

#[test]
fn a_file_is_whole_with_its_record_beside_it_and_bgzip_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("kept.tsv");
    let packed = folder.path().join("kept.tsv.gz");
    let mut request = request(fixture("rows.tsv"), fixture("peaks.narrowPeak"));
    request.peaks_assembly = Some(Assembly::GRCh38);
    let summary = run(&request, Output::File(&plain)).unwrap();
    assert_eq!(summary.assembly.assembly, Some("GRCh38"));
    for threads in [1, 2] {
        request.threads = NonZeroUsize::new(threads).unwrap();
        run(&request, Output::File(&packed)).unwrap();
        let bytes = std::fs::read(&packed).unwrap();
        assert_eq!(&bytes[12..16], b"BC\x02\0", "bgzip");
        let mut text = String::new();
        MultiGzDecoder::new(&bytes[..]).read_to_string(&mut text).unwrap();
        assert_eq!(text, std::fs::read_to_string(&plain).unwrap());
    }
    let record = std::fs::read_to_string(record_path(&plain)).unwrap();
    let record: serde_json::Value = serde_json::from_str(&record).unwrap();
    // sha256sum rows.tsv
    let identity = refalt::provenance::FileIdentity::of(&fixture("rows.tsv")).unwrap();
    assert_eq!(record["table"]["sha256"], identity.sha256.as_str());
    assert_eq!(record["output"]["bytes"], std::fs::metadata(&plain).unwrap().len());
    assert_eq!(record["peaks"][0]["peaks"], 150);
}

#[test]
fn two_assemblies_are_refused_and_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.tsv");
    let b38 = write(
        folder.path(),
        "b38.tsv",
        "variant_id\nchr22_100_A_C_b38\nchr22_200_A_C_b38\n",
    );
    let mixed = write(
        folder.path(),
        "mixed.tsv",
        "variant_id\nchr22_100_A_C_b38\nchr22_200_A_C_b37\n",
    );
    let vcf = write(
        folder.path(),
        "b37.vcf",
        "##fileformat=VCFv4.2\n##contig=<ID=22,length=51304566>\n#CHROM\tPOS\tID\tREF\tALT\n22\t51000000\t.\tA\tC\n",
    );
    let peaks = write(folder.path(), "p.bed", "chr22\t99\t100\n");
    let track = write(folder.path(), "track.bed", "track name=x db=hg19\nchr22\t99\t100\n");
    let far = write(folder.path(), "far.bed", "chr22\t50999999\t51000000\n");
    for (table, peaks, stated, expected) in [
        (&b38, &track, None, "the peaks are on GRCh37"),
        (&b38, &peaks, Some(Assembly::GRCh37), "the peaks are on GRCh37"),
        (&mixed, &peaks, None, "the row is on GRCh37, and the rows are on GRCh38"),
        (&vcf, &peaks, Some(Assembly::GRCh38), "the rows are on GRCh37"),
        // Nobody says what the peaks are on, and GRCh38 ends before one of them.
        (&b38, &far, None, "the peaks cannot be on GRCh38"),
        (&vcf, &far, None, ""),
    ] {
        let mut request = request(table.clone(), peaks.clone());
        request.peaks_assembly = stated;
        match run(&request, Output::File(&out)) {
            Err(error) => {
                assert!(!expected.is_empty() && error.to_string().contains(expected), "{error}");
                assert!(error.hint().is_some());
                assert!(!out.exists() && !record_path(&out).exists());
            }
            Ok(summary) => assert!(expected.is_empty() && !summary.assembly.is_known(), "{expected}"),
        }
    }
    let mut proof = request(vcf, far);
    proof.require_proof = true;
    let error = stream(&proof).unwrap_err();
    assert!(matches!(error, OverlapError::NotProven(_)) && error.is_usage());
    let same = request(b38.clone(), peaks);
    assert!(matches!(run(&same, Output::File(&b38)), Err(OverlapError::SameFile(_))));
}

#[test]
fn ref_bases_tell_whether_rows_are_on_the_reference() {
    let reference = refalt::io::fasta::FastaReference::open(study("tert/chr5_1294490_1296547.fa")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let peaks = write(folder.path(), "p.bed", "chr5\t1294490\t1296547\n");
    // REF of the 777 measured base changes is right; a shift by one base leaves chance.
    let table = study("tert/tert_satmut_snv_grch38.tsv");
    let text = std::fs::read_to_string(&table).unwrap();
    let header: Vec<&str> = text.lines().next().unwrap().split('\t').collect();
    let at = header.iter().position(|name| *name == "pos").unwrap();
    let shifted: String = text
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let mut cells: Vec<String> = line.split('\t').map(str::to_owned).collect();
            if number > 0 {
                cells[at] = (cells[at].parse::<u64>().unwrap() + 7).to_string();
            }
            cells.join("\t") + "\n"
        })
        .collect();
    let shifted = write(folder.path(), "shifted.tsv", shifted);
    let on = |assembly| refalt::overlap::RowsReference {
        reference: &reference,
        assembly,
        name: "chr5.fa",
    };
    let stated = refalt::reference_assembly::ReferenceAssembly::Stated(Assembly::GRCh38);
    let mut right = Request::new(Source::Path(table), vec![peaks.clone()]);
    right.reference = Some(on(stated));
    let (summary, _) = stream(&right).unwrap();
    let bases = summary.reference_bases.unwrap();
    assert!(bases.compared > 200 && bases.agree == bases.compared, "{bases:?}");
    assert!(summary.assembly.rows.unwrap().starts_with("REF of "));
    let mut wrong = Request::new(Source::Path(shifted), vec![peaks]);
    wrong.reference = Some(on(stated));
    assert!(matches!(stream(&wrong), Err(OverlapError::ReferenceBases { .. })));
}

/// Peaks lifted to the other assembly, as whole blocks of their first and last base.
fn lifted_peaks(peaks: &Path, lift: &Liftover, folder: &Path) -> PathBuf {
    let mut text = String::new();
    for record in bed::read(peaks, None).unwrap().records {
        let (Some(first), Some(last)) = (record.interval.first(), record.interval.last()) else {
            continue;
        };
        let lift = |base: Position| lift.lift_position(record.contig.as_str(), base).ok();
        let (Some(first), Some(last)) = (lift(first), lift(last)) else {
            continue;
        };
        let (first, last) = (first.place, last.place);
        if first.contig == last.contig
            && first.strand == Strand::Forward
            && let Some(interval) = Interval::from_bases(first.position, last.position)
        {
            text.push_str(&format!(
                "{}\t{}\t{}\n",
                first.contig,
                interval.bed_start(),
                interval.bed_end()
            ));
        }
    }
    write(folder, "lifted.bed", text)
}

#[test]
fn peaks_of_hg19_under_variants_of_hg38_are_found_by_the_chain() {
    let (Some(chain), Some(table)) = (
        shared("liftover/hg19ToHg38.over.chain.gz"),
        shared("qtl_slices/caqtl_ENCFF103XRK_sample.bed"),
    ) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    // The accessible regions of the caQTL themselves, in columns 9 to 11, and once more on hg19.
    let text = std::fs::read_to_string(&table).unwrap();
    let mut peaks: Vec<String> = (text.lines())
        .map(|line| line.split('\t').skip(8).take(3).collect::<Vec<_>>().join("\t") + "\n")
        .collect();
    peaks.dedup();
    let here = write(folder.path(), "here.bed", peaks.concat());
    let to_hg38 = Liftover::new(chain::read(&chain).unwrap());
    let there = lifted_peaks(&here, &to_hg38.inverted(), folder.path());
    let mut right = request(table.clone(), here);
    right.chain = Some(chain.clone());
    let (summary, _) = stream(&right).unwrap();
    let (with, lifted) = (summary.enrichment.unwrap(), summary.enrichment_lifted.unwrap());
    assert!(with.in_peaks > 2 * lifted.in_peaks, "{with:?} {lifted:?}");
    let mut wrong = request(table, there);
    wrong.chain = Some(chain);
    let error = stream(&wrong).unwrap_err();
    assert!(matches!(error, OverlapError::OtherAssembly { .. }), "{error}");
}

#[test]
fn real_rows_and_real_peaks() {
    let names = [
        "igvf_samples/gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz",
        "regulatory_elements/encode_ccre_v4_ENCFF420VPZ_chr20.bed.gz",
        "finemapping/coloc_gwas_eqtl_pip_chr1_5_22_hg19.tsv",
        "k562_dnase/k562_dnase_ENCFF860XAE_chr22_hg38.narrowPeak.gz",
        "liftover/hg19ToHg38.over.chain.gz",
    ];
    let [Some(gtex), Some(elements), Some(finemapped), Some(k562), Some(chain)] = names.map(shared) else {
        return;
    };
    let mut none = request(gtex, elements);
    none.peaks_layout = Some(bed::BedLayout::Standard(9));
    let (summary, out) = stream(&none).unwrap();
    // The rows are on chromosome 1, the elements on 20.
    assert_eq!((summary.rows, summary.kept, out.lines().count()), (100, 0, 1));
    assert_eq!(summary.only_in_table().count(), summary.contigs.len());
    assert!(summary.assembly.rows.unwrap().starts_with("the rows themselves"));
    // GRCh37 variants in GRCh38 peaks, known from the linter: 8 of 76 places, after liftover 21.
    let mut wrong = request(finemapped, k562);
    wrong.chain = Some(chain);
    match stream(&wrong) {
        Err(OverlapError::OtherAssembly { hits, lifted, .. }) => assert!(hits < lifted, "{hits} {lifted}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn binary_formats_keep_their_records() {
    use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use std::sync::Arc;
    let folder = tempfile::tempdir().unwrap();
    let peaks = write(
        folder.path(),
        "p.narrowPeak",
        "chr5\t99\t110\tq\t0\t.\t7.5\t-1\t-1\t5\n",
    );
    let ids: ArrayRef = Arc::new(StringArray::from(vec![
        "chr5_100_A_C_b38",
        "chr5_111_A_C_b38",
        "chr5_110_A_AT_b38",
    ]));
    let beta: ArrayRef = Arc::new(Float64Array::from(vec![Some(0.5), None, Some(-0.25)]));
    let batch = RecordBatch::try_from_iter([("variant_id", ids), ("beta", beta)]).unwrap();
    let table = folder.path().join("a.parquet");
    let mut writer = ArrowWriter::try_new(std::fs::File::create(&table).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let out = folder.path().join("out.parquet");
    let mut request = request(table, peaks.clone());
    request.annotate = true;
    let summary = run(&request, Output::File(&out)).unwrap();
    assert_eq!((summary.rows, summary.kept), (3, 2));
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(&out).unwrap())
        .unwrap()
        .build()
        .unwrap();
    let kept = reader.next().unwrap().unwrap();
    assert_eq!(kept.num_rows(), 2);
    let distance = kept.column_by_name("peak_summit_distance").unwrap();
    let distance = distance.as_any().downcast_ref::<arrow::array::Int64Array>().unwrap();
    // The summit is BED 99 + 5, base 105.
    assert_eq!(distance.values(), &[-5, 5]);
    let beta = kept.column_by_name("beta").unwrap();
    assert_eq!(
        beta.as_any().downcast_ref::<Float64Array>().unwrap().values(),
        &[0.5, -0.25]
    );

    // BCF of bcftools, read back.
    let bcf = data("variants/onekg_chr12.bcf");
    let mut request = Request::new(Source::Path(bcf.clone()), vec![peaks]);
    request.inverted = true;
    let out = folder.path().join("out.bcf");
    let summary = run(&request, Output::File(&out)).unwrap();
    assert!(summary.rows > 0 && summary.rows == summary.kept);
    let unpacked = |path: &Path| {
        let mut bytes = Vec::new();
        MultiGzDecoder::new(std::fs::File::open(path).unwrap())
            .read_to_end(&mut bytes)
            .unwrap();
        bytes
    };
    assert!(
        unpacked(&bcf) == unpacked(&out),
        "the same bytes when every record is kept"
    );
}
