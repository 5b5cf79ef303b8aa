//! The protocols that ship, and texts that are none.

use super::*;
use crate::diagnostic::Diagnostic;
use std::collections::BTreeSet;

#[test]
fn every_file_of_the_folder_ships_under_its_own_name() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/protocols");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let names: BTreeSet<String> = PROTOCOLS.iter().map(|shipped| shipped.name.to_owned()).collect();
    assert_eq!(files, names);
    for shipped in PROTOCOLS {
        let protocol = find(shipped.name).unwrap();
        assert_eq!(protocol.name, shipped.name);
        // Scorers and selections are of the published language, where they do not wait for a group.
        for scorer in protocol.scores.iter().flat_map(|scores| &scores.scorers) {
            refalt_core::scorer::parse(scorer).unwrap();
        }
        let tracks = protocol.scores.as_ref().and_then(|scores| scores.tracks.as_deref());
        if let Some(tracks) = tracks {
            let tracks = tracks.replace("{group}", "Whole_Blood");
            let human = crate::track_catalogue::tracks(refalt_core::Organism::Human);
            crate::track_source::select(&tracks, human).unwrap();
        }
    }
}

/// Metric, reported and recomputed value of the notebook of the open release, by file stem.
const RELEASED: [(&str, &str, &str, &str); 20] = [
    ("clinvar_splice_site_region", "average_precision", "0.5699", "0.5699"),
    ("clinvar_noncoding", "average_precision", "0.6588", "0.6588"),
    ("clinvar_missense", "average_precision", "0.1792", "0.1792"),
    (
        "sqtl_variant_causality_gene_human",
        "average_precision",
        "0.7644",
        "0.7645",
    ),
    ("mfass_splicing", "average_precision", "0.5120", "0.5124"),
    ("eqtl_variant_borzoi_sign_human", "auroc", "0.810077", "0.8101"),
    (
        "eqtl_variant_borzoi_coefficient_human",
        "spearman",
        "0.500588",
        "0.5006",
    ),
    (
        "eqtl_variant_catalogue_causality_gene_balanced_human",
        "auroc",
        "0.713255",
        "0.7133",
    ),
    ("enhancer_gene_linking_e2g", "average_precision", "0.7490", "0.7488"),
    ("paqtl_variant_causality_human", "average_precision", "0.6294", "0.6288"),
    (
        "caqtl_african_variant_causality_human",
        "average_precision",
        "0.5643",
        "0.5641",
    ),
    (
        "caqtl_european_variant_causality_human",
        "average_precision",
        "0.3638",
        "0.3637",
    ),
    (
        "dsqtl_yoruba_variant_causality_human",
        "average_precision",
        "0.6308",
        "0.6311",
    ),
    (
        "bqtl_spi1_variant_causality_human",
        "average_precision",
        "0.4952",
        "0.4948",
    ),
    ("caqtl_african_variant_coefficient_human", "pearson", "0.7368", "0.7367"),
    (
        "caqtl_european_variant_coefficient_human",
        "pearson",
        "0.5916",
        "0.5914",
    ),
    ("dsqtl_yoruba_variant_coefficient_human", "pearson", "0.8323", "-0.8323"),
    (
        "caqtl_microglia_variant_coefficient_human",
        "pearson",
        "0.6357",
        "-0.6354",
    ),
    ("caqtl_smc_variant_coefficient_human", "pearson", "0.687", "0.6870"),
    ("bqtl_spi1_variant_coefficient_human", "pearson", "0.549967", "0.5493"),
];

#[test]
fn the_twenty_evaluations_of_the_release_have_its_metrics_and_values() {
    for (stem, metric, reported, recomputed) in RELEASED {
        let protocol = find(stem).unwrap();
        assert_eq!(protocol.metric.name, metric, "{stem}");
        let values: Vec<&str> = protocol
            .published
            .iter()
            .map(|published| published.value.as_str())
            .collect();
        assert_eq!(values, [reported, recomputed], "{stem}");
        assert!(
            protocol
                .source
                .url
                .ends_with(&format!("/evals/{stem}_predictions.feather"))
        );
        let by_tissue = stem.starts_with("eqtl") || stem.starts_with("sqtl");
        assert_eq!(
            protocol.predictions.group.as_deref(),
            by_tissue.then_some("tissue"),
            "{stem}"
        );
        assert_eq!(protocol.metric.average, by_tissue.then_some(Average::Rows), "{stem}");
    }
}

fn refused(change: impl Fn(&str) -> String) -> ProtocolError {
    let shipped = PROTOCOLS
        .iter()
        .find(|shipped| shipped.name == "paqtl_variant_causality_human")
        .unwrap();
    let changed = change(shipped.text);
    assert_ne!(changed, shipped.text, "the change finds its place");
    Protocol::parse(&changed, "mine.toml").unwrap_err()
}

#[test]
fn keys_and_values_that_cannot_be_are_named() {
    let unknown = refused(|text| text.replace("prediction = ", "predicted = ")).to_string();
    assert!(
        unknown.contains("mine.toml") && unknown.contains("line 24") && unknown.contains("`predicted`"),
        "{unknown}"
    );
    assert!(unknown.contains("`prediction`"), "{unknown}");
    let setting = |from: &str, to: &str| refused(|text| text.replace(from, to)).to_string();
    for (from, to, told) in [
        ("name = \"average_precision\"", "name = \"auprc\"", "metric.name"),
        ("assembly = \"GRCh38\"", "assembly = \"hg99\"", "source.assembly"),
        ("\"21\"]", "\"99\"]", "split.chromosomes"),
        ("draws = 100", "draws = 0", "metric.draws"),
        ("draws = 100", "draws = 100\naverage = \"rows\"", "metric.over"),
        ("match_group = \"PI\"", "keep = [\"distance\"]", "keep"),
        ("tolerance = 0.02", "tolerance = -1.0", "metric.tolerance"),
        ("value = \"0.6294\"", "value = \"about 0.6\"", "published.value"),
        ("collapse = \"max_abs\"", "collapse = \"median\"", "scores.collapse"),
        ("scorers = [\"POLYADENYLATION\"]", "scorers = []", "scores.scorers"),
        ("name = \"paqtl_variant_causality_human\"", "name = \"pa QTL\"", "name"),
    ] {
        let message = setting(from, to);
        assert!(message.contains(told), "{told}: {message}");
    }
}

#[test]
fn a_near_name_is_suggested() {
    let error = find("caqtl_africa_variant_coefficient_human").unwrap_err();
    assert!(error.is_usage());
    assert!(
        error
            .hint()
            .unwrap()
            .contains("caqtl_african_variant_coefficient_human")
    );
    assert!(matches!(
        find_or_read("./none.toml"),
        Err(ProtocolError::Unreadable { .. })
    ));
}
