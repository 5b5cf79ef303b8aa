//! Gene annotation: real files of GENCODE, Ensembl and RefSeq, with counts taken by others.

use super::{data, shared};
use refalt::Diagnostic;
use refalt::core::annotation::{GeneIndex, Region, SpliceSiteClass};
use refalt::core::{Assembly, Interval, Position, Reference, Strand};
use refalt::io::fasta::FastaReference;
use refalt::io::genes::{GeneFormat, Genes, GenesError, MalformedLines, OpenOptions, open};
use refalt::reference_assembly::ReferenceAssembly;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;

fn read(path: &Path) -> Result<Genes, GenesError> {
    read_as(path, MalformedLines::Refuse)
}

fn read_as(path: &Path, malformed: MalformedLines) -> Result<Genes, GenesError> {
    let options = OpenOptions {
        malformed,
        without_index: true,
        cache_folder: None,
    };
    open(path, &options).map(|(genes, _)| genes)
}

/// Genes, transcripts, exons.
fn counts(genes: &Genes) -> [usize; 3] {
    let annotation = &genes.annotation;
    let exons = annotation
        .transcripts()
        .map(|transcript| annotation.exons(transcript.index).count());
    [annotation.gene_count(), annotation.transcript_count(), exons.sum()]
}

fn rows(genes: &Genes, kind: &str) -> u64 {
    let found = genes.source.row_kinds.iter().find(|(known, _)| known == kind);
    found.map_or(0, |(_, count)| *count)
}

fn biotypes(genes: &Genes) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for gene in genes.annotation.genes() {
        *counts.entry(gene.biotype.unwrap_or("")).or_default() += 1;
    }
    counts
}

fn gene_named(genes: &Genes, name: &str) -> GeneIndex {
    let found = genes.annotation.genes().find(|gene| gene.name == Some(name));
    found.unwrap_or_else(|| panic!("no gene {name}")).index
}

/// Distinct introns with their strand.
fn introns(genes: &Genes) -> BTreeSet<(Interval, Strand)> {
    let annotation = &genes.annotation;
    let mut found = BTreeSet::new();
    for transcript in annotation.transcripts() {
        let strand = annotation.gene(transcript.gene).strand;
        let exons: Vec<Interval> = annotation.exons(transcript.index).collect();
        for pair in exons.windows(2) {
            found.insert((
                Interval::from_bed(pair[0].bed_end(), pair[1].bed_start()).unwrap(),
                strand,
            ));
        }
    }
    found
}

/// Counts introns by their first and last two bases, in the direction of the transcript.
fn dinucleotides(genes: &Genes, reference: &FastaReference, contig: &str) -> BTreeMap<String, usize> {
    let contig = reference.contig_id(contig).unwrap();
    let mut counts = BTreeMap::new();
    for (intron, strand) in introns(genes) {
        let mut bases = Vec::new();
        reference.fetch(contig, intron, &mut bases).unwrap();
        let complement = |base: &u8| match base {
            b'A' => 'T',
            b'C' => 'G',
            b'G' => 'C',
            b'T' => 'A',
            _ => 'N',
        };
        let text: String = match strand {
            Strand::Forward => bases.iter().map(|&base| base as char).collect(),
            Strand::Reverse => bases.iter().rev().map(complement).collect(),
        };
        let key = format!("{}-{}", &text[..2], &text[text.len() - 2..]);
        *counts.entry(key).or_default() += 1;
    }
    counts
}

#[test]
fn or4f5_of_gencode_24_has_its_codons_where_the_genome_has_them() {
    let genes = read(&data("genes/gencode_v24_OR4F5.gtf")).unwrap();
    assert_eq!(counts(&genes)[0], 1);
    assert_eq!(genes.assembly().unwrap().0, Assembly::GRCh38);
    let gene = genes.annotation.gene(gene_named(&genes, "OR4F5"));
    assert_eq!((gene.id, gene.strand), ("ENSG00000186092.4", Strand::Forward));
    // 69,091-70,008, 1-based and inclusive.
    assert_eq!(Some(gene.body), Interval::from_bed(69_090, 70_008));
    let transcript = genes.annotation.transcripts().next().unwrap();
    // ATG 69,091-69,093; TAG 70,006-70,008: the stop codon belongs to the coding part.
    assert_eq!(transcript.coding, Interval::from_bed(69_090, 70_008));
}

#[test]
fn borzoi_slices_have_no_gene_rows_and_genes_all_the_same() {
    for (file, name, contig, strand) in [
        ("borzoi_HBE1.gtf.gz", "HBE1", "chr11", Strand::Reverse),
        ("borzoi_CD99.gtf.gz", "CD99", "chrX", Strand::Forward),
        ("borzoi_CFHR2.gtf.gz", "CFHR2", "chr1", Strand::Forward),
        ("borzoi_GCFC2.gtf.gz", "GCFC2", "chr2", Strand::Reverse),
    ] {
        let genes = read(&data("genes").join(file)).unwrap();
        assert_eq!(rows(&genes, "gene"), 0, "{file}");
        let gene = genes.annotation.gene(gene_named(&genes, name));
        assert_eq!(
            (gene.contig, gene.strand, gene.biotype),
            (contig, strand, Some("protein_coding"))
        );
        assert_eq!(counts(&genes)[2] as u64, rows(&genes, "exon"), "{file}");
    }
    let genes = read(&data("genes/borzoi_HBE1.gtf.gz")).unwrap();
    let canonical = genes
        .annotation
        .canonical_transcript(gene_named(&genes, "HBE1"))
        .unwrap();
    let transcript = genes.annotation.transcript(canonical);
    assert_eq!(transcript.id, "ENST00000396895.3");
    assert!(transcript.tags.mane_select && transcript.tags.ensembl_canonical && transcript.tags.basic);
    // The gene runs to the left: its first base is the last of its span.
    assert_eq!(
        genes.annotation.transcription_start(canonical),
        Position::new(5_269_945)
    );
}

#[test]
fn chr21_of_ensembl_reads_with_its_children_before_their_parents() {
    let genes = read(&data("genes/ensembl_GRCh38_chr21.gff3.gz")).unwrap();
    assert_eq!(genes.source.format, GeneFormat::Gff3);
    // Eight exon rows name two transcripts, `ENST00000419219` and `ENST00000419219_1`: 13,966 + 8.
    assert_eq!(counts(&genes), [835, 2_414, 13_974]);
    assert_eq!((rows(&genes, "exon"), rows(&genes, "CDS")), (13_966, 7_406));
    // Not gene models, and counted.
    assert_eq!(rows(&genes, "biological_region"), 3_463);
    let biotypes = biotypes(&genes);
    for (biotype, count) in [
        ("protein_coding", 233),
        ("lincRNA", 191),
        ("processed_pseudogene", 143),
        ("antisense", 81),
    ] {
        assert_eq!(biotypes[biotype], count, "{biotype}");
    }
    for (name, first, last) in [("APP", 25_880_550, 26_171_128), ("RUNX1", 34_787_801, 36_004_667)] {
        let gene = genes.annotation.gene(gene_named(&genes, name));
        assert_eq!(gene.strand, Strand::Reverse);
        assert_eq!(gene.body.to_string(), format!("{first}-{last}"));
    }
    let app = genes.annotation.gene(gene_named(&genes, "APP"));
    assert_eq!(app.id, "ENSG00000142192");
    // The file has no header of an assembly, but a row for the whole chromosome.
    assert_eq!(
        genes.source.header.regions[0].1,
        Interval::from_bed(0, 46_709_983).unwrap()
    );
}

#[test]
fn exons_and_cds_of_a_gtf_agree_with_the_gff3_of_the_same_release() {
    let genes = read(&data("genes/ensembl_GRCh38_chr21_24-27Mb_exons.gtf.gz")).unwrap();
    let whole = read(&data("genes/ensembl_GRCh38_chr21.gff3.gz")).unwrap();
    let exons: BTreeMap<&str, Vec<Interval>> = whole
        .annotation
        .transcripts()
        .map(|transcript| (transcript.id, whole.annotation.exons(transcript.index).collect()))
        .collect();
    let mut compared = 0;
    for transcript in genes.annotation.transcripts() {
        let own: Vec<Interval> = genes.annotation.exons(transcript.index).collect();
        let Some(theirs) = exons.get(transcript.id).filter(|theirs| theirs.len() == own.len()) else {
            continue;
        };
        assert_eq!(&own, theirs, "{}", transcript.id);
        compared += 1;
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn refseq_names_contigs_by_accession_and_states_its_assembly_so() {
    let genes = read(&data("genes/refseq_GRCh38_NC_000021.9_subset.gff3.gz")).unwrap();
    // 37 mRNA, 31 ncRNA, 8 transcript and 2 primary_transcript rows; three pseudogenes hold their exons themselves.
    assert_eq!(counts(&genes), [38, 78 + 3, 524]);
    assert_eq!((rows(&genes, "match"), rows(&genes, "CDS")), (12, 346));
    assert_eq!(genes.source.header.assembly.as_deref(), Some("GRCh38.p7"));
    assert_eq!(genes.annotation.contigs()[0].as_str(), "NC_000021.9");
    // Found by its other names.
    let app = gene_named(&genes, "APP");
    let body = genes.annotation.gene(app).body;
    assert!(genes.annotation.genes_in("chr21", body).contains(&app));
    assert!(genes.annotation.genes_in("NC_000021.8", body).is_empty());
    // An identifier that means nothing outside the file is replaced by that of NCBI Gene.
    let lnc = genes.annotation.gene(gene_named(&genes, "LOC101927869"));
    assert_eq!((lnc.id, lnc.biotype), ("GeneID:101927869", Some("lncRNA")));
    assert!(
        genes
            .annotation
            .transcripts()
            .any(|transcript| transcript.id == "NR_109963.1")
    );
}

#[test]
fn lines_separated_by_spaces_are_refused_with_their_number_or_left_out_by_name() {
    let path = data("genes/gencode_v43_chr20_sample.gtf.gz");
    let error = read(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        "8 lines cannot be used; the first: the columns are separated by spaces; GTF and GFF3 separate them by tabs"
    );
    assert!(
        error
            .place()
            .unwrap()
            .contains("line 1541: chrX    HAVANA  gene    1591604")
    );
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("perl -lpe") && hint.contains("1542, 1543, 1544, 1545, 1546, 1547, 1548"),
        "{hint}"
    );

    let genes = read_as(&path, MalformedLines::LeaveOut).unwrap();
    assert_eq!(counts(&genes), [50, 184, 870]);
    assert_eq!(rows(&genes, "CDS"), 225);
    assert_eq!(genes.source.left_out, 8);
    assert_eq!(genes.source.left_out_lines[7].line, 1_548);
    let biotypes = biotypes(&genes);
    for (biotype, count) in [
        ("lncRNA", 27),
        ("protein_coding", 10),
        ("processed_pseudogene", 10),
        ("misc_RNA", 2),
        ("miRNA", 1),
    ] {
        assert_eq!(biotypes[biotype], count, "{biotype}");
    }
    let pak5 = genes.annotation.gene(gene_named(&genes, "PAK5"));
    assert_eq!(
        (pak5.body.to_string().as_str(), pak5.strand),
        ("9537370-9839076", Strand::Reverse)
    );
}

#[test]
fn both_copies_of_a_pseudoautosomal_gene_are_there_when_the_lines_are_mended() {
    let file = std::fs::File::open(data("genes/gencode_v43_chr20_sample.gtf.gz")).unwrap();
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(file)
        .read_to_string(&mut text)
        .unwrap();
    // What the hint advises with Perl: the first eight runs of spaces are tabs.
    let mended: String = text
        .lines()
        .map(|line| {
            if line.starts_with('#') || line.contains('\t') {
                return format!("{line}\n");
            }
            let mut rest = line;
            let mut columns = Vec::new();
            for _ in 0..8 {
                let (column, after) = rest.split_once(' ').unwrap();
                columns.push(column);
                rest = after.trim_start();
            }
            format!("{}\t{rest}\n", columns.join("\t"))
        })
        .collect();
    let genes = refalt::io::genes::parse("mended", &mut mended.as_bytes(), MalformedLines::Refuse).unwrap();
    let copies: Vec<_> = genes
        .annotation
        .genes()
        .filter(|gene| gene.name == Some("AKAP17A"))
        .collect();
    assert_eq!(copies.len(), 2);
    assert_eq!((copies[0].contig, copies[0].id), ("chrX", "ENSG00000197976.12"));
    assert_eq!((copies[1].contig, copies[1].id), ("chrY", "ENSG00000197976.12_PAR_Y"));
    assert_eq!(counts(&genes)[0], 52);
}

#[test]
fn the_order_of_rows_changes_the_order_of_models_and_nothing_else() {
    for file in [
        "gencode_v43_chr20_sample.gtf.gz",
        "refseq_GRCh38_NC_000021.9_subset.gff3.gz",
    ] {
        let mut text = String::new();
        let packed = std::fs::File::open(data("genes").join(file)).unwrap();
        flate2::read::MultiGzDecoder::new(packed)
            .read_to_string(&mut text)
            .unwrap();
        let (header, mut rows): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| line.starts_with('#'));
        let models = |rows: &[&str]| {
            let text = header
                .iter()
                .chain(rows)
                .map(|line| format!("{line}\n"))
                .collect::<String>();
            let genes = refalt::io::genes::parse(file, &mut text.as_bytes(), MalformedLines::LeaveOut).unwrap();
            let annotation = &genes.annotation;
            let transcripts: BTreeSet<String> = annotation
                .transcripts()
                .map(|transcript| {
                    let gene = annotation.gene(transcript.gene);
                    let exons: Vec<Interval> = annotation.exons(transcript.index).collect();
                    let (body, coding, tags) = (transcript.body, transcript.coding, transcript.tags);
                    format!(
                        "{} {} {:?} {body} {coding:?} {tags:?} {exons:?}",
                        transcript.id, gene.id, gene.body
                    )
                })
                .collect();
            transcripts
        };
        let in_order = models(&rows);
        // Backwards, then in steps of 37 rows: parents after children, transcripts interleaved.
        rows.reverse();
        assert_eq!(models(&rows), in_order, "{file}, backwards");
        let count = rows.len();
        let steps: Vec<&str> = (0..37)
            .flat_map(|first| (first..count).step_by(37))
            .map(|row| rows[row])
            .collect();
        assert_eq!(models(&steps), in_order, "{file}, in steps");
    }
}

#[test]
fn gencode_44_on_chr1_splices_where_the_genome_says() {
    let Some(path) = shared("gene_annotation/gencode_v44_chr1_subset.gtf.gz") else {
        return;
    };
    let genes = read(&path).unwrap();
    assert_eq!(counts(&genes), [14, 112, 477]);
    let biotypes = biotypes(&genes);
    for (biotype, count) in [
        ("lncRNA", 7),
        ("unprocessed_pseudogene", 2),
        ("transcribed_processed_pseudogene", 2),
        ("transcribed_unprocessed_pseudogene", 2),
        ("processed_pseudogene", 1),
    ] {
        assert_eq!(biotypes[biotype], count, "{biotype}");
    }
    assert_eq!(introns(&genes).len(), 149);
    let reference = FastaReference::open(data("hg38/hg38_chr1_1_1000000.fa.gz")).unwrap();
    let found = dinucleotides(&genes, &reference, "chr1");
    assert_eq!((found["GT-AG"], found["GC-AG"]), (140, 5), "{found:?}");
    assert_eq!(found.values().sum::<usize>(), 149);
}

#[test]
fn chr9_of_ensembl_91_splices_where_the_genome_says() {
    let Some(path) = shared("hg38_chr9_1mb/Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf.gz") else {
        return;
    };
    let genes = read(&path).unwrap();
    assert_eq!(counts(&genes), [23, 105, 831]);
    assert_eq!((rows(&genes, "CDS"), rows(&genes, "start_codon")), (410, 33));
    assert_eq!(biotypes(&genes)["protein_coding"], 8);
    // The table of introns, 1-based and inclusive, was derived by another program.
    let table = std::fs::read_to_string(shared("hg38_chr9_1mb/introns_from_gtf.tsv").unwrap()).unwrap();
    let expected: BTreeSet<(Interval, Strand)> = table
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let base = |cell: &str| Position::new(cell.parse().unwrap()).unwrap();
            let intron = Interval::from_bases(base(cells[1]), base(cells[2])).unwrap();
            (intron, Strand::from_sign(cells[3].chars().next().unwrap()).unwrap())
        })
        .collect();
    assert_eq!(expected.len(), 195);
    assert_eq!(introns(&genes), expected);
    // The FASTA is compressed with gzip, which allows no random access.
    let packed = std::fs::File::open(shared("hg38_chr9_1mb/GRCh38_chr9_1_1000000.fa.gz").unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let fasta = folder.path().join("chr9.fa");
    std::io::copy(
        &mut flate2::read::MultiGzDecoder::new(packed),
        &mut std::fs::File::create(&fasta).unwrap(),
    )
    .unwrap();
    let reference = FastaReference::open(&fasta).unwrap();
    genes.check_against(&reference, ReferenceAssembly::Unknown).unwrap();
    let found = dinucleotides(&genes, &reference, "9");
    assert_eq!(
        (found["GT-AG"], found["GC-AG"], found["GT-AA"]),
        (193, 1, 1),
        "{found:?}"
    );
    let donors: BTreeSet<Position> = expected
        .iter()
        .filter(|(_, strand)| *strand == Strand::Forward)
        .map(|(intron, _)| intron.first().unwrap().checked_sub(1).unwrap())
        .collect();
    let whole = Interval::from_bed(0, 1_000_000).unwrap();
    let sites: BTreeSet<Position> = genes
        .annotation
        .splice_sites("chr9", whole, SpliceSiteClass::DonorForward)
        .collect();
    assert_eq!(sites, donors);
}

#[test]
fn a_file_without_gene_rows_and_biotypes_reads() {
    let Some(path) = shared("gene_annotation/gencode_v38_basic_chr22_transcripts_exons.gtf.gz") else {
        return;
    };
    let genes = read(&path).unwrap();
    assert_eq!(counts(&genes)[1..], [2_428, 16_782]);
    assert_eq!(rows(&genes, "gene"), 0);
    assert!(
        genes
            .annotation
            .genes()
            .all(|gene| gene.biotype.is_none() && gene.name.is_some())
    );
}

#[test]
fn places_in_and_around_hbe1_have_their_names() {
    let genes = read(&data("genes/borzoi_HBE1.gtf.gz")).unwrap();
    let annotation = &genes.annotation;
    // Minus strand: exon 1 is 5,269,799-5,269,945 with the start codon at 5,269,888-5,269,890.
    for (position, region, distance_bp) in [
        (5_269_945, Region::FivePrimeUtr, 0),
        (5_269_891, Region::FivePrimeUtr, 54),
        (5_269_890, Region::Coding, 55),
        (5_269_799, Region::Coding, 146),
        (5_269_798, Region::Intron, 147),
        (5_269_946, Region::Promoter, -1),
        (5_270_945, Region::Promoter, -1_000),
        (5_270_946, Region::Intergenic, -1_001),
        (5_268_345, Region::ThreePrimeUtr, 1_600),
    ] {
        let position = Position::new(position).unwrap();
        assert_eq!(annotation.region("11", position).0, region, "{position}");
        assert_eq!(
            annotation.nearest_gene("11", position).unwrap().distance_bp,
            distance_bp,
            "{position}"
        );
    }
}

#[test]
fn an_annotation_fits_its_own_genome_and_no_other() {
    let genes = read(&data("genes/refseq_GRCh38_NC_000021.9_subset.gff3.gz")).unwrap();
    let gencode = read(&data("genes/gencode_v24_OR4F5.gtf")).unwrap();
    let reference = FastaReference::open(data("hg38/hg38_chr1_1_1000000.fa.gz")).unwrap();
    gencode
        .check_against(&reference, ReferenceAssembly::Stated(Assembly::GRCh38))
        .unwrap();
    let error = gencode
        .check_against(&reference, ReferenceAssembly::Stated(Assembly::GRCh37))
        .unwrap_err();
    assert!(
        matches!(&error, GenesError::OtherAssembly { annotation, .. } if annotation == "GRCh38"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("GRCh37"));
    // chr1 alone: nothing in common with an annotation of chr21.
    let error = genes.check_against(&reference, ReferenceAssembly::Unknown).unwrap_err();
    assert!(
        matches!(
            error,
            GenesError::OtherLength { .. } | GenesError::NoCommonContig { .. }
        ),
        "{error}"
    );
}
