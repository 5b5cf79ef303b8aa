//! The header of an exported VCF: what every key is, and where it comes from. No time and no folder stands in it.

use super::selection::Selection;
use super::spelling::UNPLACED;
use super::summary::Summary;
use crate::provenance::VERSION;
use crate::reference_assembly::contig_length;
use crate::score_folder::ScoreFolder;
use refalt_core::Assembly;
use serde_json::Value;
use std::fmt::Write as _;

/// Scorers of these classes have no rows of genes; all others may.
const WITHOUT_GENES: [&str; 2] = ["CenterMaskScorer(", "ContactMapScorer("];

/// Says whether the rows of a scorer may be about genes.
pub(super) fn has_genes(text: &str) -> bool {
    !WITHOUT_GENES.iter().any(|class| text.starts_with(class))
}

/// Returns the INFO key of a summary, `refalt_CHIP_TF_MAX`.
pub(super) fn key(scorer: &str, summary: Summary) -> String {
    format!("refalt_{scorer}_{}", summary.name())
}

/// Returns the INFO key of the lists by gene, `refalt_RNA_SEQ_GENES`.
pub(super) fn genes_key(scorer: &str) -> String {
    format!("refalt_{scorer}_GENES")
}

/// Returns the lines of the header.
///
/// * `contigs`: in the order of the records.
pub(super) fn header(folder: &ScoreFolder, selection: &Selection, summaries: &[Summary], contigs: &[String]) -> String {
    let mut text = String::from("##fileformat=VCFv4.3\n");
    let model = folder.model();
    let fact = |pointer: &str| folder.manifest().pointer(pointer).and_then(Value::as_str);
    let assembly = fact("/assembly/reference");
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "##{key}={}", one_line(value));
    };
    line("source", &format!("refalt {VERSION}"));
    if let Some(name) = fact("/identity/reference/name") {
        line("reference", name);
    }
    if let Some(digest) = fact("/identity/reference/sha256") {
        line("refalt_reference_sha256", digest);
    }
    line(
        "refalt_assembly",
        &format!(
            "{} ({})",
            assembly.unwrap_or("unknown"),
            fact("/assembly/basis").unwrap_or("unknown")
        ),
    );
    line("refalt_model", &format!("{} {}", model.name, model.version));
    line("refalt_model_digest", &model.digest);
    line("refalt_licence", &model.licence);
    line("refalt_citation", &model.citation);
    if let Some(tracks) = &selection.tracks_text {
        line("refalt_tracks", tracks);
    }
    for mixed in selection.mixed_sources(folder) {
        line("refalt_mixed_sources", &mixed.to_string());
    }
    for contig in contigs {
        let _ = writeln!(text, "{}", contig_line(contig, assembly));
    }
    for (id, number, kind, description) in OWN {
        info(&mut text, id, number, kind, description);
    }
    for selected in &selection.scorers {
        let scorer = &selected.scorer;
        let origin = format!(
            "scorer {}; output {}; kind {}; model {} {}; licence {}",
            scorer.scorer, scorer.output_type, scorer.score_kind, model.name, model.version, model.licence
        );
        let over = if has_genes(&scorer.scorer) {
            "over all genes and tracks"
        } else {
            "over all tracks"
        };
        for &summary in summaries {
            let kind = match summary {
                Summary::SignedMaxTrack => "String",
                Summary::Count => "Integer",
                _ => "Float",
            };
            let description = format!("{} {over}: {origin}", summary.docs());
            info(&mut text, &key(&selected.name, summary), "A", kind, &description);
        }
        if has_genes(&scorer.scorer) {
            let fields: Vec<&str> = summaries.iter().map(|summary| summary.name()).collect();
            let description = format!(
                "one entry for each gene, in the order of the score table. Format: GENE_ID|GENE_NAME|GENE_STRAND|{}: {origin}",
                fields.join("|")
            );
            info(&mut text, &genes_key(&selected.name), ".", "String", &description);
        }
    }
    text.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n");
    text
}

/// The keys that do not depend on scorers.
const OWN: [(&str, &str, &str, &str); 8] = [
    (
        "refalt_STATUS",
        "1",
        "String",
        "what became of the input row: scored, duplicate, rejected or failed",
    ),
    (
        "refalt_ROW",
        "1",
        "Integer",
        "row of the input (1-based, each alternate allele counts)",
    ),
    (
        "refalt_VARIANT",
        "1",
        "String",
        "the variant in normal form: trimmed, left-aligned, position 1-based, contig as in the reference",
    ),
    ("refalt_CODE", "1", "String", "why the row was rejected, in a word"),
    (
        "refalt_REASON",
        "1",
        "String",
        "why the row has no scores, in a sentence",
    ),
    (
        "refalt_DUPLICATE_OF",
        "1",
        "Integer",
        "input row of the same variant, whose scores hold for this one",
    ),
    (
        "refalt_REPAIR",
        "1",
        "String",
        "the repair that was applied to the input row",
    ),
    (
        "refalt_WRITTEN",
        "1",
        "String",
        "the row as the input writes it, where the record does not stand as written",
    ),
];

fn info(text: &mut String, id: &str, number: &str, kind: &str, description: &str) {
    let description = one_line(description).replace('\\', "\\\\").replace('"', "\\\"");
    let _ = writeln!(
        text,
        "##INFO=<ID={id},Number={number},Type={kind},Description=\"{description}\",Source=\"refalt\",Version=\"{VERSION}\">"
    );
}

fn contig_line(name: &str, assembly: Option<&str>) -> String {
    if name == UNPLACED {
        return format!("##contig=<ID={name}>");
    }
    let known = assembly.and_then(|name| Some((name, Assembly::from_name(name)?)));
    let Some((assembly_name, assembly)) = known else {
        return format!("##contig=<ID={name}>");
    };
    match contig_length(name, assembly) {
        Some(length_bp) => format!("##contig=<ID={name},length={length_bp},assembly={assembly_name}>"),
        None => format!("##contig=<ID={name},assembly={assembly_name}>"),
    }
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r', '\t'], " ")
}
