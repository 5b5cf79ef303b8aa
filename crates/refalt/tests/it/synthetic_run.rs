//! The tables of a run of made-up scores: against the rules of the tidy table, against each other, and resumed.

use crate::folder_contents::files;
use crate::synthetic::{Never, Synthetic, WINDOW, genome, identity, plan, variants};
use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type, Int64Type};
use arrow::record_batch::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use refalt::core::score::{Origin, SUMMARY_COLUMNS, ScoreBlock, UtcDay};
use refalt::core::strand::sign_or_dot;
use refalt::core::tidy::{RowOrder, TidyOptions, TrackColumn, rows};
use refalt::core::{InMemoryReference, Organism, OutputType, Strand, Track, TrackSet, Window, check};
use refalt::engine::{
    InputRow, Layout, Plan, RECOMMENDED_NAME, RunError, ScoreSource, Setting, Silent, SourceJob, Summary, TableOptions,
    run,
};
use refalt::reference_assembly::AssemblyRecord;
use refalt::track_catalogue::tracks;
use refalt::track_source::TrackSource;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Some tracks of every output type, on all strands, with and without metadata.
pub(crate) fn small_outputs() -> Vec<TrackSet> {
    let track = |index: usize, output: OutputType| Track {
        name: format!("{output} {}", index % 3),
        strand: [Some(Strand::Forward), Some(Strand::Reverse), None][index % 3],
        assay_title: (index != 1).then(|| "assay".to_owned()),
        ontology_curie: Some(format!("UBERON:{index}")),
        biosample_name: index.is_multiple_of(2).then(|| format!("tissue {}", index / 2)),
        gtex_tissue: Some(if index == 2 { "Liver".to_owned() } else { String::new() }),
        genetically_modified: [None, Some(false), Some(true)][index % 3],
        ..Track::default()
    };
    let set = |output: OutputType| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: (0..if output == OutputType::Atac { 1 } else { 5 })
            .map(|index| track(index, output))
            .collect(),
    };
    OutputType::ALL.into_iter().map(set).collect()
}

fn source() -> Synthetic {
    Synthetic::of_tracks(small_outputs(), 3, 4)
}

/// The same with four origins, three of which are of one version on three days.
fn mixed_source() -> Synthetic {
    let mut source = source();
    for day in ["2026-11-20", "2026-11-18", "2026-11-19"] {
        source.origins.push(Arc::new(Origin {
            source: "service".to_owned(),
            model_version: "of 2026".to_owned(),
            answered_on: UtcDay::parse(day),
        }));
    }
    source
}

pub(crate) fn score(
    source: &Synthetic,
    plan: &Plan,
    out: &Path,
    reference: &InMemoryReference,
    input: impl Iterator<Item = Result<InputRow, Never>> + Send,
    threads: usize,
) -> Result<Summary, RunError> {
    let setting = Setting {
        plan,
        identity: &identity(plan),
        assembly: &AssemblyRecord::default(),
        reference,
        source,
        out,
        threads,
    };
    run(&setting, input, &mut Silent)
}

/// Every row of the Parquet files of a folder, each column as text; floats as their bits.
pub(crate) fn table(folder: &Path) -> Vec<BTreeMap<String, Option<String>>> {
    let mut parts: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|part| part.unwrap().path())
        .collect();
    parts.sort();
    let mut found = Vec::new();
    for part in parts {
        let reader = ParquetRecordBatchReaderBuilder::try_new(std::fs::File::open(part).unwrap()).unwrap();
        for batch in reader.build().unwrap() {
            append(&batch.unwrap(), &mut found);
        }
    }
    found
}

fn append(batch: &RecordBatch, found: &mut Vec<BTreeMap<String, Option<String>>>) {
    let first = found.len();
    found.resize(first + batch.num_rows(), BTreeMap::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let text = match field.data_type() {
            DataType::Float32 => {
                let floats = column.as_primitive::<Float32Type>().iter();
                floats
                    .map(|value| value.map(|value| value.to_bits().to_string()))
                    .collect()
            }
            DataType::Int64 => {
                let numbers = column.as_primitive::<Int64Type>().iter();
                numbers.map(|value| value.map(|value| value.to_string())).collect()
            }
            _ => {
                let texts = cast(column, &DataType::Utf8).unwrap();
                let texts = texts.as_string::<i32>().iter();
                texts
                    .map(|value| value.map(str::to_owned))
                    .collect::<Vec<Option<String>>>()
            }
        };
        for (row, value) in found[first..].iter_mut().zip(text) {
            row.insert(field.name().clone(), value);
        }
    }
}

/// The blocks of a variant, asked of the source once more.
pub(crate) fn blocks(
    source: &Synthetic,
    plan: &Plan,
    reference: &InMemoryReference,
    row: &InputRow,
) -> (String, Vec<ScoreBlock>) {
    let variant = check(row.variant.as_ref().unwrap(), reference).unwrap();
    let window = Window::around(variant.contig(), variant.reference_interval(), WINDOW);
    let sequences = window.sequences(&variant, reference).unwrap();
    let job = SourceJob {
        variant: &variant,
        window: &window,
        sequences: &sequences,
    };
    let blocks = source.score(plan, &[job]).remove(0).unwrap();
    (window.to_string(), blocks)
}

#[test]
fn parquet_read_back_equals_the_rules_of_the_tidy_table() {
    for (match_gene_strand, source) in [(true, source()), (false, mixed_source())] {
        let reference = genome(5);
        let options = TableOptions {
            match_gene_strand,
            ..TableOptions::default()
        };
        let plan = plan(&source, &[RECOMMENDED_NAME], options, Some(2));
        assert_eq!(plan.planned().len(), 19);
        let folder = tempfile::tempdir().unwrap();
        let summary = score(&source, &plan, folder.path(), &reference, variants(5), 2).unwrap();
        let found = table(&folder.path().join("scores"));
        assert_eq!(found.len() as u64, summary.manifest.score_rows);
        let mut found = found.iter();
        for row in variants(5).map(Result::unwrap) {
            let (window, blocks) = blocks(&source, &plan, &reference, &row);
            for (block, planned) in blocks.iter().zip(plan.planned()) {
                let tracks = &planned.tracks.tracks;
                let tidy = TidyOptions {
                    match_gene_strand,
                    order: RowOrder::TrackMajor,
                };
                for place in rows(&block.rows, tracks, tidy) {
                    let (track, gene) = (&tracks[place.track], place.gene.map(|row| &row.gene));
                    let junction = place.gene.and_then(|row| row.junction);
                    let index = place.row * tracks.len() + place.track;
                    let bits = |values: &[f32]| Some(values[index].to_bits().to_string());
                    let text = |text: &str| Some(text.to_owned());
                    let mut expected: BTreeMap<&str, Option<String>> = [
                        ("variant_id", text(&row.text)),
                        ("scored_interval", text(&window)),
                        ("gene_id", gene.map(|gene| gene.id_without_version().to_owned())),
                        (
                            "gene_name",
                            gene.and_then(|gene| gene.name.as_deref()).map(str::to_owned),
                        ),
                        (
                            "gene_type",
                            gene.and_then(|gene| gene.biotype.as_deref()).map(str::to_owned),
                        ),
                        ("gene_strand", gene.map(|gene| sign_or_dot(gene.strand).to_owned())),
                        ("junction_Start", junction.map(|span| span.bed_start().to_string())),
                        ("junction_End", junction.map(|span| span.bed_end().to_string())),
                        ("output_type", text(planned.scorer.output().name())),
                        ("variant_scorer", text(&planned.text)),
                        ("track_name", text(&track.name)),
                        ("track_strand", text(sign_or_dot(track.strand))),
                        ("raw_score", bits(&block.raw)),
                        ("quantile_score", bits(block.quantile.as_ref().unwrap())),
                        ("row", Some(row.row.to_string())),
                        ("chrom", text("chr1")),
                        ("pos", text(row.text.split(':').nth(1).unwrap())),
                        ("score_kind", text(planned.scorer.kind().name())),
                        ("window_known", Some(1.0_f32.to_bits().to_string())),
                        ("source", text(&block.origin.source)),
                        ("model_version", text(&block.origin.model_version)),
                        ("repair", None),
                        ("reference_term", None),
                        ("alternate_term", None),
                        ("answered_on", block.origin.answered_on.map(|day| day.to_string())),
                    ]
                    .into();
                    let (alleles, flag) = (&row.text[row.text.len() - 3..], track.genetically_modified);
                    expected.extend([("ref", text(&alleles[..1])), ("alt", text(&alleles[2..]))]);
                    for column in TrackColumn::ALL {
                        expected.insert(column.name(), column.of(track).map(str::to_owned));
                    }
                    expected.insert("genetically_modified", flag.map(|flag| flag.to_string()));
                    let found = found.next().unwrap();
                    let found: BTreeMap<&str, Option<String>> = found
                        .iter()
                        .map(|(name, value)| (name.as_str(), value.clone()))
                        .collect();
                    assert_eq!(found, expected);
                }
            }
        }
        assert_eq!(found.next(), None);
    }
}

#[test]
fn a_score_folder_knows_of_its_tracks_what_the_catalogue_knows() {
    let (source, reference) = (Synthetic::of_tracks(tracks(Organism::Human).to_vec(), 1, 1), genome(1));
    let plan = plan(&source, &["DNASE", "CHIP_TF", "RNA_SEQ"], TableOptions::default(), None);
    let folder = tempfile::tempdir().unwrap();
    score(&source, &plan, folder.path(), &reference, variants(1), 1).unwrap();
    let found = TrackSource::Folder(folder.path().to_owned()).tracks().unwrap();
    assert_eq!(found, plan.written());
    assert!(found[0].tracks[0].nonzero_mean.is_some() && found[0].tracks[0].channel_index.is_some());
}

#[test]
fn summaries_equal_what_the_score_table_says() {
    let (source, reference) = (mixed_source(), genome(4));
    let plan = plan(&source, &[RECOMMENDED_NAME], TableOptions::default(), Some(3));
    let folder = tempfile::tempdir().unwrap();
    score(&source, &plan, folder.path(), &reference, variants(4), 2).unwrap();
    let scores = table(&folder.path().join("scores"));
    let summaries = table(&folder.path().join("summaries"));
    // A variant has a row for each of 19 scorers; for each output type and kind: 11 with the effects of one scorer, of
    // which RNA_SEQ has signed ones and those of polyadenylation, and 7 activities; for 3 genes by 6 scorers.
    assert_eq!(summaries.len(), 4 * (19 + 12 + 7 + 18));
    let get = |row: &BTreeMap<String, Option<String>>, name: &str| row[name].clone();
    let float = |row: &BTreeMap<String, Option<String>>, name: &str| {
        get(row, name)
            .map(|bits| f32::from_bits(bits.parse().unwrap()))
            .unwrap()
    };
    for summary in &summaries {
        assert_eq!(summary.len(), SUMMARY_COLUMNS.len());
        let keys: &[&str] = match get(summary, "level").unwrap().as_str() {
            "scorer" => &["variant_id", "variant_scorer"],
            "output_type" => &["variant_id", "output_type", "score_kind"],
            "gene" => &["variant_id", "variant_scorer", "gene_id", "gene_name"],
            other => panic!("unknown level {other}"),
        };
        let behind = scores
            .iter()
            .filter(|row| keys.iter().all(|key| row[*key] == summary[*key]));
        let behind: Vec<_> = behind.collect();
        let values: Vec<f32> = behind.iter().map(|row| float(row, "raw_score")).collect();
        assert_eq!(get(summary, "scores").unwrap(), values.len().to_string());
        let tracks: std::collections::BTreeSet<_> = behind
            .iter()
            .map(|row| {
                (
                    get(row, "track_name"),
                    get(row, "track_strand"),
                    get(row, "ontology_curie"),
                )
            })
            .collect();
        assert_eq!(get(summary, "tracks").unwrap(), tracks.len().to_string());
        let mean = values.iter().map(|value| f64::from(*value)).sum::<f64>() / values.len() as f64;
        assert!((f64::from(float(summary, "mean")) - mean).abs() <= 1e-6 * mean.abs().max(1e-3));
        assert_eq!(float(summary, "max"), values.iter().copied().fold(f32::MIN, f32::max));
        assert_eq!(float(summary, "min"), values.iter().copied().fold(f32::MAX, f32::min));
        let largest = values
            .iter()
            .copied()
            .max_by(|a, b| a.abs().total_cmp(&b.abs()))
            .unwrap();
        assert_eq!(float(summary, "signed_max"), largest);
        let at = behind[values.iter().position(|value| *value == largest).unwrap()];
        for (ours, column) in [
            ("signed_max_track", "track_name"),
            ("signed_max_strand", "track_strand"),
            ("signed_max_scorer", "variant_scorer"),
            ("signed_max_gene", "gene_id"),
            ("output_type", "output_type"),
            ("score_kind", "score_kind"),
        ] {
            assert_eq!(summary[ours], at[column], "{ours}");
        }
        let source = |row: &BTreeMap<String, Option<String>>| {
            let [source, version] = ["source", "model_version"].map(|name| get(row, name).unwrap());
            format!("{source} {version}")
        };
        assert_eq!(get(summary, "signed_max_source").unwrap(), source(at));
        // In the order of the scorers, which is that of the rows.
        let mut sources: Vec<String> = Vec::new();
        for row in &behind {
            if !sources.contains(&source(row)) {
                sources.push(source(row));
            }
        }
        assert_eq!(get(summary, "sources").unwrap(), sources.join("; "));
    }
}

#[test]
fn a_summary_over_scorers_of_two_sources_names_both() {
    let (source, reference) = (mixed_source(), genome(4));
    let other = "CenterMaskScorer(requested_output=ATAC, width=2001, aggregation_type=DIFF_LOG2_SUM)";
    let plan = plan(&source, &["ATAC", other], TableOptions::default(), None);
    let folder = tempfile::tempdir().unwrap();
    score(&source, &plan, folder.path(), &reference, variants(4), 1).unwrap();
    let summaries = table(&folder.path().join("summaries"));
    let over: Vec<&str> = summaries
        .iter()
        .filter(|row| row["level"].as_deref() == Some("output_type"))
        .map(|row| row["sources"].as_deref().unwrap())
        .collect();
    // Origins go round by the place of the variant plus the number of the scorer; the first of four is the odd one.
    let mut expected = [
        "made-up 1; service of 2026",
        "service of 2026",
        "service of 2026",
        "service of 2026; made-up 1",
    ];
    expected.rotate_left((WINDOW.get() as usize + 1) & 3);
    assert_eq!(over, expected);
}

#[test]
fn the_manifest_tallies_the_sources_of_each_scorer() {
    let (source, reference) = (mixed_source(), genome(8));
    let plan = plan(&source, &["ATAC", "DNASE"], TableOptions::default(), Some(3));
    let folder = tempfile::tempdir().unwrap();
    let summary = score(&source, &plan, folder.path(), &reference, variants(8), 2).unwrap();
    let rows = table(&folder.path().join("scores"));
    let mut expected: BTreeMap<[String; 3], std::collections::BTreeSet<(String, Option<String>)>> = BTreeMap::new();
    for row in &rows {
        let key = ["variant_scorer", "source", "model_version"].map(|name| row[name].clone().unwrap());
        let variant = row["variant_id"].clone().unwrap();
        expected
            .entry(key)
            .or_default()
            .insert((variant, row["answered_on"].clone()));
    }
    let tallies = &summary.manifest.sources;
    assert_eq!(tallies.len(), 4);
    assert_eq!(expected.len(), 4);
    for tally in tallies {
        let key = [&tally.scorer, &tally.source, &tally.model_version].map(String::clone);
        let variants = &expected[&key];
        assert_eq!(tally.variants, variants.len() as u64);
        let days: Vec<&String> = variants.iter().filter_map(|(_, day)| day.as_ref()).collect();
        let span = days.iter().min().zip(days.iter().max());
        let span = span.map(|(first, last)| [(*first).clone(), (*last).clone()]);
        assert_eq!(tally.answered, span);
    }
}

#[test]
fn the_wide_layout_holds_the_scores_of_the_tidy_one() {
    let (source, reference) = (source(), genome(4));
    let options = TableOptions {
        layout: Layout::Wide,
        ..TableOptions::default()
    };
    let [tidy, wide] = [TableOptions::default(), options].map(|table| {
        let plan = plan(&source, &["ATAC", "RNA_SEQ", "SPLICE_JUNCTIONS"], table, Some(3));
        let folder = tempfile::tempdir().unwrap();
        score(&source, &plan, folder.path(), &reference, variants(4), 2).unwrap();
        folder
    });
    assert_eq!(
        table(&tidy.path().join("summaries")),
        table(&wide.path().join("summaries"))
    );
    let tidy = table(&tidy.path().join("scores"));
    let keys = ["row", "gene_id", "junction_Start"];
    let mut matched = 0;
    for (name, output) in [
        ("ATAC", "ATAC"),
        ("RNA_SEQ", "RNA_SEQ"),
        ("SPLICE_JUNCTIONS", "SPLICE_JUNCTIONS"),
    ] {
        for (folder, column) in [
            (name.to_owned(), "raw_score"),
            (format!("{name}.quantile"), "quantile_score"),
        ] {
            for row in table(&wide.path().join("scores").join(folder)) {
                let of_row = tidy.iter().filter(|tidy| {
                    let same = |key: &&str| row.get(*key).cloned().flatten() == tidy[*key];
                    tidy["output_type"].as_deref() == Some(output) && keys.iter().all(same)
                });
                let expected: Vec<&Option<String>> = of_row.map(|tidy| &tidy[column]).collect();
                let mut scores: Vec<&Option<String>> = row
                    .iter()
                    .filter(|(name, _)| name.starts_with(output))
                    .map(|(_, value)| value)
                    .collect();
                scores.retain(|value| value.is_some());
                let (mut scores, mut expected) = (scores, expected);
                scores.sort();
                expected.sort();
                assert_eq!(scores, expected);
                matched += expected.len();
            }
        }
    }
    assert_eq!(matched, 2 * tidy.len());
}

#[test]
fn a_run_that_stopped_goes_on_and_ends_with_the_same_bytes_in_both_layouts() {
    for layout in Layout::ALL {
        let options = TableOptions {
            layout,
            ..TableOptions::default()
        };
        let reference = genome(40);
        let whole = tempfile::tempdir().unwrap();
        let source = source();
        let plan = plan(&source, &[RECOMMENDED_NAME], options, Some(7));
        score(&source, &plan, whole.path(), &reference, variants(40), 1).unwrap();
        let expected = files(whole.path());
        assert!(expected.keys().any(|name| name.starts_with("summaries/part-000005")));
        for left in [3, 14, 30] {
            let folder = tempfile::tempdir().unwrap();
            let failing = self::source().failing_after(left);
            let error = score(&failing, &plan, folder.path(), &reference, variants(40), 1).unwrap_err();
            assert!(matches!(error, RunError::Source(_)), "{error}");
            score(&source, &plan, folder.path(), &reference, variants(40), 3).unwrap();
            assert_eq!(files(folder.path()), expected, "{layout} after {left} variants");
        }
    }
}
