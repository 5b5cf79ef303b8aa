//! Known answers of a real data set: the TERT promoter measured in two cell types (Kircher et al. 2019).

use refalt_core::stats::*;

struct Measurements {
    variants: Vec<String>,
    hek: Vec<f64>,
    gbm: Vec<f64>,
}

fn measurements() -> Measurements {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/stats/tert_hek_gbm.tsv");
    let text = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split('\t').collect()).collect();
    let column = |index: usize| rows.iter().map(|row| row[index].parse().unwrap()).collect();
    Measurements {
        variants: rows.iter().map(|row| row[0].to_owned()).collect(),
        hek: column(1),
        gbm: column(2),
    }
}

#[test]
fn the_two_cell_types_correlate_as_published_data_say() {
    let Measurements { hek, gbm, .. } = measurements();
    assert_eq!(hek.len(), 770);
    assert!((pearson(&hek, &gbm).unwrap() - 0.758517).abs() < 5e-7);
    assert!((spearman(&hek, &gbm).unwrap() - 0.591755).abs() < 5e-7);
}

#[test]
fn the_two_hotspots_rank_first_and_second_in_both() {
    let Measurements { variants, hek, gbm } = measurements();
    for (effects, common) in [(&hek, 667), (&gbm, 581)] {
        let standing = standing_by_magnitude(effects).unwrap();
        let rank = |name: &str| standing[variants.iter().position(|variant| variant == name).unwrap()];
        assert_eq!(rank("5:1295113:G>A").rank, 1);
        assert_eq!(rank("5:1295135:G>A").rank, 2);
        assert_eq!((rank("5:1295228:C>T").rank, rank("5:1295228:C>T").of), (common, 770));
    }
}

#[test]
fn resampling_positions_widens_the_interval_of_resampling_variants() {
    // The three variants of a position share its effect: about 259 independent units, not 770.
    let Measurements { variants, hek, gbm } = measurements();
    let positions: Vec<&str> = variants
        .iter()
        .map(|variant| variant.split(':').nth(1).unwrap())
        .collect();
    let clusters = Clusters::from_keys(&positions).unwrap();
    assert_eq!(clusters.count(), 259);
    let statistic = Spearman::new(&hek, &gbm).unwrap();
    let options = BootstrapOptions {
        replicates: 1_000,
        ..Default::default()
    };
    let rows = bootstrap(&statistic, Units::Rows, options).unwrap();
    let grouped = bootstrap(&statistic, Units::Clusters(&clusters), options).unwrap();
    assert_eq!(rows.estimate, grouped.estimate);
    assert!(
        grouped.standard_error > 1.15 * rows.standard_error,
        "{rows:?} {grouped:?}"
    );
    assert!(rows.interval.low < 0.591755 && 0.591755 < rows.interval.high);
}
