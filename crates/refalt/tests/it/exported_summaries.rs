//! The summaries of an export are those that the run wrote, value by value.

use crate::synthetic::{Synthetic, genome, plan, variants};
use crate::synthetic_run::{score, small_outputs, table};
use refalt::core::scorer::RECOMMENDED;
use refalt::engine::{RECOMMENDED_NAME, TableOptions};
use refalt::export::{ExportOptions, Format, export};
use refalt::score_folder::ScoreFolder;
use std::collections::BTreeMap;

/// The value of a summary table as VCF writes it: numbers that read back to the same bits, names with strand.
fn written(row: &BTreeMap<String, Option<String>>) -> [String; 6] {
    let bits = |column: &str| row[column].as_ref().unwrap().parse::<u32>().unwrap().to_string();
    let number = |column: &str| row[column].as_ref().unwrap().parse::<u64>().unwrap();
    let strand = match row["signed_max_strand"].as_deref().unwrap() {
        "." => String::new(),
        strand => format!("({strand})"),
    };
    let track = format!("{}{strand}", row["signed_max_track"].as_deref().unwrap());
    [
        bits("max"),
        bits("min"),
        bits("mean"),
        bits("signed_max"),
        track.replace(' ', "%20"),
        (number("scores") - number("nan")).to_string(),
    ]
}

/// The values of an export in the same form.
fn exported(values: &[&str]) -> [String; 6] {
    let bits = |text: &str| text.parse::<f32>().unwrap().to_bits().to_string();
    let [max, min, mean, signed_max, track, count] = values else {
        panic!("{values:?}")
    };
    [
        bits(max),
        bits(min),
        bits(mean),
        bits(signed_max),
        (*track).to_owned(),
        (*count).to_owned(),
    ]
}

#[test]
fn exported_summaries_are_those_of_the_summary_table() {
    let (source, reference) = (Synthetic::of_tracks(small_outputs(), 3, 4), genome(4));
    let plan = plan(&source, &[RECOMMENDED_NAME], TableOptions::default(), Some(3));
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    score(&source, &plan, &run, &reference, variants(4), 2).unwrap();
    let vcf = folder.path().join("out.vcf");
    let opened = ScoreFolder::open(&run).unwrap();
    export(&opened, Format::Vcf, &vcf, &ExportOptions::default()).unwrap();

    let text = std::fs::read_to_string(vcf).unwrap();
    let mut found = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let info: BTreeMap<&str, &str> = line
            .split('\t')
            .nth(7)
            .unwrap()
            .split(';')
            .filter_map(|field| field.split_once('='))
            .collect();
        for named in RECOMMENDED {
            let variant = info["refalt_VARIANT"].to_owned();
            let of = |summary: &str| info[format!("refalt_{}_{summary}", named.name).as_str()];
            let values = ["MAX", "MIN", "MEAN", "SIGNED_MAX", "SIGNED_MAX_TRACK", "COUNT"].map(of);
            found.insert((variant.clone(), named.text, None), exported(&values));
            let genes = info.get(format!("refalt_{}_GENES", named.name).as_str());
            for gene in genes.into_iter().flat_map(|genes| genes.split(',')) {
                let fields: Vec<&str> = gene.split('|').collect();
                let id = Some(fields[0].to_owned());
                found.insert((variant.clone(), named.text, id), exported(&fields[3..]));
            }
        }
    }

    let summaries = table(&run.join("summaries"));
    let mut expected = BTreeMap::new();
    for row in summaries
        .iter()
        .filter(|row| row["level"].as_deref() != Some("output_type"))
    {
        let text = row["variant_scorer"].as_deref().unwrap();
        let text = RECOMMENDED.iter().find(|named| named.text == text).unwrap().text;
        let key = (row["variant_id"].clone().unwrap(), text, row["gene_id"].clone());
        expected.insert(key, written(row));
    }
    // 4 variants by 19 scorers, and by 3 genes of 6 scorers.
    assert_eq!(expected.len(), 4 * (19 + 18));
    assert_eq!(found, expected);
}
