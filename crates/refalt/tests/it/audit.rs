//! The audit on real rows: the TERT list as published, released QTL rows, and rows with faults put in.

use crate::audit_simulation::{Fault, OtherBuild, Random, Score, World};
use crate::{data, shared, study};
use refalt::io::variants::{ReadOptions, Source};
use refalt::vet::{VetReport, VetRequest, vet_files};
use refalt_core::Assembly;
use refalt_core::audit::{Convention, Repair};
use std::path::PathBuf;

fn chr1(variants: PathBuf) -> VetRequest {
    VetRequest::new(Source::Path(variants), data("hg38/hg38_chr1_1_1000000.fa.gz"))
}

fn tert() -> VetRequest {
    VetRequest {
        chain: Some(study("tert/hg19ToHg38.tert.chain")),
        genes: Some(study("tert/genes.bed")),
        ..VetRequest::new(
            Source::Path(study("tert_as_published.tsv")),
            study("tert/chr5_1294490_1296547.fa"),
        )
    }
}

fn count(report: &VetReport, verdict: &str) -> u64 {
    report.counts.get(verdict).copied().unwrap_or(0)
}

#[test]
fn the_tert_list_is_on_grch37_and_on_the_strand_of_the_gene() {
    let report = vet_files(&tert()).unwrap();
    assert_eq!(report.file.convention, "other_assembly + transcript_strand");
    assert!(
        report.file.is_sure && report.file.posterior > Some(0.9),
        "{:?}",
        report.file.posterior
    );
    let proposed: Vec<String> = report
        .listed
        .iter()
        .map(|row| row.proposed.as_ref().unwrap().to_string())
        .collect();
    assert_eq!(proposed, ["chr5:1295113:G>A", "chr5:1295135:G>A"]);
    assert_eq!(count(&report, "other_assembly+complement"), 2);
    assert_eq!((report.accepted, report.repaired), (0, 0));
}

#[test]
fn the_tert_list_is_repaired_when_both_repairs_are_named() {
    let one = VetRequest {
        apply: vec![Repair::OtherAssembly],
        ..tert()
    };
    assert_eq!(vet_files(&one).unwrap().accepted, 0);
    let both = VetRequest {
        apply: vec![Repair::OtherAssembly, Repair::Complement],
        ..tert()
    };
    let report = vet_files(&both).unwrap();
    assert_eq!((report.accepted, report.repaired), (2, 2));
}

/// TERT as its one transcript in `studies/tert/genes.bed`, written as GTF and as GFF3.
fn tert_annotation(folder: &std::path::Path, gff3: bool) -> PathBuf {
    let row = |kind: &str, first: u32, last: u32, attributes: &str| {
        format!("chr5\tx\t{kind}\t{first}\t{last}\t.\t-\t.\t{attributes}\n")
    };
    // BED 1253146-1295068, coding 1253727-1294989.
    let (whole, coding) = ((1_253_147, 1_295_068), (1_253_728, 1_294_989));
    let (name, text) = if gff3 {
        let text = [
            "##gff-version 3\n".to_owned(),
            row(
                "gene",
                whole.0,
                whole.1,
                "ID=gene:ENSG1;Name=TERT;gene_id=ENSG1;biotype=protein_coding",
            ),
            row(
                "mRNA",
                whole.0,
                whole.1,
                "ID=transcript:ENST1;Parent=gene:ENSG1;transcript_id=ENST1",
            ),
            row("exon", whole.0, whole.1, "Parent=transcript:ENST1"),
            row("CDS", coding.0, coding.1, "Parent=transcript:ENST1"),
        ];
        ("tert.gff3", text.concat())
    } else {
        let of = "gene_id \"ENSG1.2\"; transcript_id \"ENST1.1\"; gene_name \"TERT\";";
        let text = [
            row("transcript", whole.0, whole.1, of),
            row("exon", whole.0, whole.1, of),
            row("CDS", coding.0, coding.1, of),
        ];
        ("tert.gtf", text.concat())
    };
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn gtf_and_gff3_say_of_a_gene_what_bed_says() {
    let folder = tempfile::tempdir().unwrap();
    let by_bed = vet_files(&tert()).unwrap();
    for gff3 in [false, true] {
        let genes = Some(tert_annotation(folder.path(), gff3));
        let report = vet_files(&VetRequest { genes, ..tert() }).unwrap();
        assert_eq!(report.file.posterior, by_bed.file.posterior);
        assert_eq!(report.counts, by_bed.counts);
        let proposed = |report: &VetReport| -> Vec<String> {
            let listed = report.listed.iter();
            listed.map(|row| row.proposed.as_ref().unwrap().to_string()).collect()
        };
        assert_eq!(proposed(&report), proposed(&by_bed));
    }
    // A row that names its gene by identifier, and one that names the transcript: with this version, with none, with another.
    let genes = Some(tert_annotation(folder.path(), false));
    let header = "name\tchrom\tpos\tref\talt\tgene\thgvs\n";
    for (gene, hgvs, settled) in [
        ("ENSG1", "c.-124C>T", true),
        (".", "ENST1.1:c.-124C>T", true),
        (".", "ENST1:c.-124C>T", true),
        (".", "ENST1.7:c.-124C>T", false),
    ] {
        let text = format!("{header}x\t5\t1295228\tC\tT\t{gene}\t{hgvs}\n");
        let report = audit_of(
            &text,
            VetRequest {
                genes: genes.clone(),
                ..tert()
            },
        );
        let found = count(&report, "other_assembly+complement");
        assert_eq!(found, u64::from(settled), "{gene} {hgvs}: {:?}", report.counts);
    }
}

#[test]
fn released_gene_annotation_places_names_on_the_genome() {
    // A copy: the index of an annotation is written beside it.
    let folder = tempfile::tempdir().unwrap();
    let gtf = folder.path().join("genes.gtf");
    std::fs::copy(data("genes/gencode_v24_OR4F5.gtf"), &gtf).unwrap();
    // c.1 of OR4F5 is chr1:69,091: the start codon of the file. Its second base is a T.
    let header = "name\tchrom\tpos\tref\talt\tgene\thgvs\n";
    for (position, verdict) in [(69_092, "ok"), (69_093, "off_by_one")] {
        let text = format!("{header}x\tchr1\t{position}\tT\tC\tOR4F5\tENST00000335137.3:c.2T>C\n");
        let path = folder.path().join("one.tsv");
        std::fs::write(&path, &text).unwrap();
        let report = vet_files(&VetRequest {
            genes: Some(gtf.clone()),
            ..chr1(path)
        })
        .unwrap();
        assert_eq!(count(&report, verdict), 1, "{position}: {:?}", report.counts);
    }
    // Annotation of another assembly is refused.
    let other = folder.path().join("other.gtf");
    let text = std::fs::read_to_string(&gtf).unwrap();
    std::fs::write(&other, format!("#!genome-build GRCh37\n{text}")).unwrap();
    let request = VetRequest {
        genes: Some(other),
        assembly: Some(Assembly::GRCh38),
        ..chr1(folder.path().join("one.tsv"))
    };
    let error = vet_files(&request).unwrap_err();
    assert!(error.to_string().contains("GRCh37"), "{error}");
}

#[test]
fn one_variant_alone_is_told_what_would_decide() {
    let request = |assembly| VetRequest {
        assembly,
        ..VetRequest::new(Source::Stdin, study("tert/chr5_1294490_1296547.fa"))
    };
    let text = "chrom\tpos\tref\talt\nchr5\t1295113\tG\tA\n";
    let report = audit_of(text, request(Some(Assembly::GRCh38)));
    assert_eq!(count(&report, "ambiguous"), 1);
    assert_eq!(
        report.what_would_decide().unwrap(),
        "REF as written matches in 1 of 1 distinct variant, by chance in 0.25, which excludes no other reading; what would \
         decide: more variants of the list, rsIDs (--known), HGVS names (--genes), the other build (--chain)"
    );
    let report = audit_of(text, request(None));
    assert!(
        report
            .what_would_decide()
            .unwrap()
            .ends_with("what the reference is (--assembly)")
    );
    // A list that is settled needs no more.
    assert_eq!(vet_files(&tert()).unwrap().what_would_decide(), None);
}

#[test]
fn a_matching_ref_alone_is_not_innocence() {
    // C228T by itself: GRCh38 has C at 1,295,228, so REF matches as written; gene and name speak for the other reading.
    let text = "name\tchrom\tpos\tref\talt\tgene\nC228T\t5\t1295228\tC\tT\tTERT\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.tsv");
    std::fs::write(&path, text).unwrap();
    let report = vet_files(&VetRequest {
        variants: Source::Path(path),
        ..tert()
    })
    .unwrap();
    assert!(!report.file.is_sure);
    assert_eq!(count(&report, "ambiguous"), 1);
    assert_eq!(report.accepted, 0);
}

#[test]
fn an_hgvs_name_settles_a_single_row() {
    let text = "name\tchrom\tpos\tref\talt\tgene\thgvs\nx\t5\t1295228\tC\tT\tTERT\tNM_198253.3:c.-124C>T\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one.tsv");
    std::fs::write(&path, text).unwrap();
    let report = vet_files(&VetRequest {
        variants: Source::Path(path),
        ..tert()
    })
    .unwrap();
    assert_eq!(count(&report, "other_assembly+complement"), 1);
    assert_eq!(
        report.listed[0].proposed.as_ref().unwrap().to_string(),
        "chr5:1295113:G>A"
    );
}

/// Audits a table written out, against a slice of GRCh38 at the TERT promoter.
fn audit_of(text: &str, request: VetRequest) -> VetReport {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("variants.txt");
    std::fs::write(&path, text).unwrap();
    vet_files(&VetRequest {
        variants: Source::Path(path),
        ..request
    })
    .unwrap()
}

#[test]
fn a_row_that_states_another_assembly_is_never_right() {
    // All rows have the REF of GRCh38; the second says that it counts on GRCh37.
    let table = "chrom\tpos\tref\talt\tgenome_build\n5\t1295113\tG\tA\thg38\n5\t1295135\tG\tA\thg19\n\
                 5\t1295228\tC\tT\thg38\n5\t1295046\tT\tG\thg38\n";
    let without_chain = VetRequest {
        assembly: Some(Assembly::GRCh38),
        chain: None,
        ..tert()
    };
    let report = audit_of(table, without_chain.clone());
    assert_eq!((count(&report, "states_other_assembly"), report.accepted), (1, 3));
    assert!(
        report.contradiction().unwrap().contains("1 of 4 rows say GRCh37"),
        "{}",
        report.sentence()
    );
    assert!(
        report
            .listed
            .iter()
            .any(|row| row.evidence.as_deref() == Some("the row says it is on GRCh37, the reference is GRCh38"))
    );

    // A chain makes it a hypothesis to be weighed; the row is not passed as right.
    let report = audit_of(
        table,
        VetRequest {
            assembly: Some(Assembly::GRCh38),
            ..tert()
        },
    );
    assert!(
        report.listed.iter().any(|row| row.text.contains("1295135")),
        "{:?}",
        report.counts
    );

    // Nobody says what the reference is: the rows contradict each other, and none is accepted.
    let unknown = VetRequest {
        assembly: None,
        ..without_chain
    };
    let report = audit_of(table, unknown.clone());
    assert_eq!(report.contradiction(), None);
    assert_eq!(report.stated_by_rows[&Assembly::GRCh37], 1);
    assert!(report.is_undecided() && report.accepted == 0);
    let told = report.sentence();
    assert!(
        told.starts_with("not settled") && told.contains("GRCh37 (row 2)") && told.contains("--assembly"),
        "{told}"
    );
}

/// Released rows of GRCh38 inside the slice, one under the other; `more` adds cells to each.
fn released(rows: usize, header: &str, more: impl Fn(usize) -> String) -> String {
    let world = World::load();
    let mut text = format!("chrom\tpos\tref\talt{header}\n");
    for (number, variant) in world.rows.iter().take(rows).enumerate() {
        text.push_str(&format!(
            "chr1\t{}\t{}\t{}{}\n",
            variant.position(),
            variant.reference_bases(),
            variant.alternate_bases(),
            more(number)
        ));
    }
    text
}

#[test]
fn rows_that_contradict_each_other_on_the_build_settle_nothing() {
    let table = released(40, "\tgenome_build", |row| {
        format!("\t{}", if row < 35 { "GRCh38" } else { "GRCh37" })
    });
    let report = audit_of(&table, chr1(PathBuf::new()));
    assert!(report.sentence().starts_with("not settled"), "{}", report.sentence());
    assert_eq!(
        (report.accepted, count(&report, "ok"), report.file.is_sure),
        (0, 0, false)
    );
}

#[test]
fn a_stated_build_that_cannot_be_compared_lowers_the_headline() {
    let by_rows = released(40, "\tgenome_build", |_| "\tGRCh37".to_owned());
    let by_header = released(40, "", |_| String::new())
        .replace(
            "chrom\tpos\tref\talt\n",
            "##fileformat=VCFv4.3\n##reference=hg19.fa\n#CHROM\tPOS\tID\tREF\tALT\n",
        )
        .lines()
        .map(|line| match line.split('\t').collect::<Vec<_>>().as_slice() {
            [chrom, pos, from, to] => format!("{chrom}\t{pos}\t.\t{from}\t{to}\n"),
            _ => format!("{line}\n"),
        })
        .collect::<String>();
    for table in [&by_rows, &by_header] {
        let report = audit_of(table, chr1(PathBuf::new()));
        let told = report.sentence();
        assert!(
            told.contains("consistent with the reference") && told.contains("GRCh37"),
            "{told}"
        );
        assert!(told.contains("--assembly") && report.is_undecided(), "{told}");
        assert_eq!(count(&report, "ok"), 40);
        // With the assembly of the reference both are refused alike.
        let known = VetRequest {
            assembly: Some(Assembly::GRCh38),
            ..chr1(PathBuf::new())
        };
        let report = audit_of(table, known);
        assert_eq!(
            (count(&report, "states_other_assembly"), report.accepted),
            (40, 0),
            "{}",
            report.sentence()
        );
    }
}

#[test]
fn a_variant_that_is_repeated_is_one_piece_of_evidence() {
    let Some(table) = shared("finemapping/coloc_gwas_eqtl_pip_chr1_5_22_hg19.tsv") else {
        return;
    };
    let text = std::fs::read_to_string(table).unwrap();
    let inside = |line: &&str| {
        let mut parts = line.split('\t').next().unwrap_or("").split(':');
        parts.next() == Some("1")
            && parts
                .next()
                .and_then(|pos| pos.parse().ok())
                .is_some_and(|pos: u32| pos < 1_000_000)
    };
    let header = text.lines().next().unwrap();
    let rows: Vec<&str> = text.lines().filter(inside).collect();
    let mut distinct: Vec<&str> = Vec::new();
    for row in &rows {
        let variant = |row: &str| row.split('\t').next().unwrap_or("").to_owned();
        if !distinct.iter().any(|known| variant(known) == variant(row)) {
            distinct.push(row);
        }
    }
    assert_eq!((rows.len(), distinct.len()), (9, 6));
    let table = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    let all = audit_of(&table(&rows), chr1(PathBuf::new()));
    let once = audit_of(&table(&distinct), chr1(PathBuf::new()));
    assert_eq!((all.compared, all.distinct, all.distinct_compared), (9, 6, 6));
    assert_eq!(all.file, once.file);
    // The list is on GRCh37, and no chain says where its positions lie.
    assert!(
        !all.file.is_sure && all.sentence().contains("another build is likely"),
        "{}",
        all.sentence()
    );
}

#[test]
fn one_row_says_the_same_twelve_times_as_once() {
    let row = "1\t901559\tG\tA\n";
    let table = |times: usize| format!("chrom\tpos\tref\talt\n{}", row.repeat(times));
    let apply = |table: String| {
        audit_of(
            &table,
            VetRequest {
                apply: Repair::ALL.to_vec(),
                ..chr1(PathBuf::new())
            },
        )
    };
    let (once, often) = (apply(table(1)), apply(table(12)));
    assert_eq!(once.file, often.file);
    assert_eq!((often.rows, often.distinct, often.accepted), (12, 1, 0));
    assert_eq!(once.listed[0].posterior, often.listed[0].posterior);
}

#[test]
fn lists_of_another_build_without_a_chain_are_never_settled() {
    let world = World::load();
    for (rows, repeats, files) in [
        (4, 1, 200),
        (4, 12, 20),
        (8, 1, 100),
        (20, 1, 30),
        (20, 12, 10),
        (200, 1, 5),
    ] {
        let found = OtherBuild::count(&world, rows, repeats, files, &mut Random::new(3));
        assert_eq!(
            (found.as_said, found.changed, found.accepted, found.repaired),
            (0, 0, 0, 0),
            "{rows} x {repeats}: {found:?}"
        );
    }
}

#[test]
fn one_base_that_matches_settles_nothing_with_and_without_a_chain() {
    // GRCh38 has C at 1,295,228, and G where GRCh37 has the place: the chain offers the other strand.
    let table = "chrom\tpos\tref\talt\n5\t1295228\tC\tT\n";
    for chain in [None, Some(study("tert/hg19ToHg38.tert.chain"))] {
        let report = audit_of(
            table,
            VetRequest {
                chain,
                genes: None,
                ..tert()
            },
        );
        assert!(
            report.file.rests_on_belief && !report.file.is_sure,
            "{}",
            report.sentence()
        );
        assert_eq!((count(&report, "ambiguous"), report.accepted), (1, 0));
    }
}

#[test]
fn where_nothing_was_compared_there_is_no_verdict() {
    let header = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
    let elsewhere = format!("{header}chr7\t100\t.\tA\tC\t.\t.\t.\n");
    for (text, why) in [(header, "no rows"), (elsewhere.as_str(), "no row could be compared")] {
        let report = audit_of(text, tert());
        assert!(
            report.sentence().starts_with("nothing to judge"),
            "{}",
            report.sentence()
        );
        assert!(report.sentence().contains(why), "{}", report.sentence());
        assert_eq!(
            (report.file.posterior, report.file.is_sure, report.file.as_said),
            (None, false, false)
        );
        assert!(report.to_json()["file"]["posterior"].is_null());
        assert!(report.file.conventions.is_empty());
    }
}

#[test]
fn released_rows_raise_no_false_alarm() {
    for (file, columns, inside) in [
        (
            "igvf/gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz",
            "id=variant_id",
            57,
        ),
        (
            "igvf/gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz",
            "id=variant_id",
            45,
        ),
        (
            "igvf/afgr_caqtl_example.txt.gz",
            "chrom=chr,pos=snp_pos,ref=ref,alt=alt",
            11,
        ),
        (
            "igvf/afgr_eqtl_example.txt.gz",
            "chrom=chr,pos=snp_pos,ref=ref,alt=alt",
            100,
        ),
    ] {
        let request = VetRequest {
            reading: ReadOptions {
                columns: columns.parse().unwrap(),
                ..ReadOptions::default()
            },
            ..chr1(data(file))
        };
        let report = vet_files(&request).unwrap();
        // A variant may stand in several rows, one for each gene.
        let right = count(&report, "ok") + count(&report, "duplicate");
        assert_eq!(right, inside, "{file}: {:?}", report.counts);
        assert_eq!(
            right + count(&report, "not_in_reference"),
            report.rows,
            "{file}: {:?}",
            report.counts
        );
        assert!(
            report.file.as_said && report.file.is_sure && report.file.deviations.is_empty(),
            "{file}"
        );
    }
}

#[test]
fn real_rows_of_grch37_are_found_among_those_of_grch38_through_the_published_chain() {
    let Some(chain) = shared("liftover/hg19ToHg38.over.chain.gz") else {
        return;
    };
    let world = World::with_chain(&chain);
    assert!(world.movable() > 200, "{} rows are at another place", world.movable());
    let mut random = Random::new(21);
    let mut score = Score::default();
    for _ in 0..10 {
        let file = world.file(200, Fault::OtherAssembly, 0.2, &mut random);
        let (fit, judgements) = world.audit(&file, true);
        score.add(&world, &file, &fit, &judgements, Convention::AS_SAID);
    }
    assert_eq!(score.right, score.files);
    // Floors below what was measured, see `docs/audit.md`.
    let share = |part: u64, whole: u64| part as f64 / whole as f64;
    assert!(share(score.restored, score.damaged) > 0.6, "{score:?}");
    assert!(
        share(score.restored, score.restored + score.mistaken) > 0.98,
        "{score:?}"
    );
    assert!(
        share(score.repaired.0, score.repaired.0 + score.repaired.1) > 0.99,
        "{score:?}"
    );
}

#[test]
fn a_released_list_of_grch37_is_recognised_through_the_published_chain() {
    let (Some(chain), Some(table)) = (
        shared("liftover/hg19ToHg38.over.chain.gz"),
        shared("finemapping/coloc_gwas_eqtl_pip_chr1_5_22_hg19.tsv"),
    ) else {
        return;
    };
    let report = vet_files(&VetRequest {
        chain: Some(chain),
        listed_rows: 1000,
        ..chr1(table)
    })
    .unwrap();
    assert_eq!(
        (report.file.convention.as_str(), report.file.is_sure),
        ("other_assembly", true),
        "{}",
        report.sentence()
    );
    // dbSNP has rs13303010 at chr1:959193 of GRCh38, G>A.
    let row = report.listed.iter().find(|row| row.text.contains("894573")).unwrap();
    assert_eq!(row.proposed.as_ref().unwrap().to_string(), "chr1:959193:G>A");
    assert_eq!(row.verdict.name(), "other_assembly");
}

#[test]
fn a_known_rsid_settles_rows_that_their_bases_leave_open() {
    // Four released rows with rsIDs in the telomere, where every sixth base repeats, all written one too high.
    let known = data("variants/gnomad_v4.0_genomes_chr1_10031_10061.vcf.gz");
    let table = "rsid\tchrom\tpos\tref\talt\n\
                 rs1639542312\t1\t10032\tT\tC\n\
                 rs1639542418\t1\t10038\tT\tC\n\
                 rs892501864\t1\t10056\tT\tC\n\
                 rs1570391741\t1\t10058\tA\tC\n";
    let released = [10_031, 10_037, 10_055, 10_057];
    let with = audit_of(
        table,
        VetRequest {
            known: Some(known.clone()),
            ..chr1(PathBuf::new())
        },
    );
    assert_eq!(count(&with, "off_by_one"), 4, "{:?}", with.counts);
    for (row, position) in with.listed.iter().zip(released) {
        assert_eq!(row.proposed.as_ref().unwrap().position().one_based(), position);
        assert!(row.posterior > 0.99, "{row:?}");
    }
    let without = audit_of(table, chr1(PathBuf::new()));
    for (with, without) in with.listed.iter().zip(&without.listed) {
        assert!(with.posterior > without.posterior || without.verdict != with.verdict);
    }
    // One row by itself: only its name tells.
    let one: String = table.lines().take(2).map(|line| format!("{line}\n")).collect();
    let alone = audit_of(&one, chr1(PathBuf::new()));
    assert_eq!(alone.repaired + count(&alone, "off_by_one"), 0, "{:?}", alone.counts);
    let named = audit_of(
        &one,
        VetRequest {
            known: Some(known),
            ..chr1(PathBuf::new())
        },
    );
    assert_eq!(count(&named, "off_by_one"), 1, "{:?}", named.counts);
}

#[test]
fn a_file_with_ref_and_alt_exchanged_is_seen_from_eight_rows() {
    let report = vet_files(&chr1(data("baskerville_eqtl/baskerville_eqtl_chr1.vcf"))).unwrap();
    assert_eq!((report.file.as_said, count(&report, "ok")), (true, 8));
    let report = vet_files(&chr1(data("baskerville_eqtl/baskerville_eqtl_flip_chr1.vcf"))).unwrap();
    assert_eq!(
        (report.file.convention.as_str(), report.file.is_sure),
        ("swapped", true)
    );
    assert_eq!(count(&report, "swapped"), 8);
}

#[test]
fn the_file_verdict_is_right_whatever_a_third_of_the_rows_suffers() {
    let world = World::load();
    let mut random = Random::new(11);
    for fault in Fault::EXPLAINABLE {
        for (rows, share) in [(20, 0.0), (20, 0.1), (20, 0.3), (50, 0.3)] {
            let mut score = Score::default();
            for _ in 0..8 {
                let file = world.file(rows, fault, share, &mut random);
                let (fit, judgements) = world.audit(&file, true);
                score.add(&world, &file, &fit, &judgements, Convention::AS_SAID);
            }
            let place = format!("{} {rows} {share}", fault.name());
            assert_eq!(score.right, score.files, "{place}");
            if share == 0.0 {
                assert_eq!(score.passed, score.clean, "{place}");
            }
        }
    }
}

#[test]
fn a_fault_of_every_row_is_seen_from_twenty_rows() {
    let world = World::load();
    let mut random = Random::new(12);
    for fault in Fault::EXPLAINABLE.into_iter().filter(|&fault| fault != Fault::Mixed) {
        let convention = fault.convention().unwrap();
        let mut score = Score::default();
        for _ in 0..10 {
            let file = world.file(20, fault, 1.0, &mut random);
            let (fit, judgements) = world.audit(&file, true);
            score.add(&world, &file, &fit, &judgements, convention);
        }
        assert_eq!(score.right, score.files, "{}", fault.name());
    }
}

#[test]
fn repairs_restore_and_hardly_ever_mislead() {
    let world = World::load();
    let mut random = Random::new(13);
    // Floors below the table of docs/audit.md: what chance matches leave, and what must not be done wrongly.
    for (fault, restored) in [
        (Fault::Swapped, 0.85),
        (Fault::Complement, 0.95),
        (Fault::TooLow, 0.7),
        (Fault::OtherAssembly, 0.7),
    ] {
        let mut score = Score::default();
        for _ in 0..4 {
            let file = world.file(200, fault, 0.1, &mut random);
            let (fit, judgements) = world.audit(&file, true);
            score.add(&world, &file, &fit, &judgements, Convention::AS_SAID);
        }
        let recall = score.restored as f64 / score.damaged as f64;
        let precision = score.restored as f64 / (score.restored + score.mistaken) as f64;
        assert!(recall >= restored, "{} restores {recall}", fault.name());
        assert!(precision >= 0.98, "{} has a precision of {precision}", fault.name());
    }
}
