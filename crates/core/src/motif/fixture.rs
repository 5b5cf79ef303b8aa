//! Matrices of known provenance for the tests of the neighbouring modules.
//!
//! The five JASPAR matrices (MA0062.3 GABPA, MA0098.3 ETS1, MA0474.2 ERG, MA0476.1 FOS, MA0099.3 FOS::JUN) are
//! CC BY 4.0, JASPAR 2020 and 2022; MA0045 (HMG-I/Y) is the example of Touzet & Varre 2007.

use super::matrix::{Background, CountMatrix, LogOdds, MotifName, Pseudocount};

/// Accession, factor, and one row of counts for each of A, C, G, T.
type Table = (&'static str, &'static str, [&'static [u32]; 4]);

#[rustfmt::skip]
const TABLES: [Table; 5] = [
    ("MA0062.3", "GABPA", [
        &[15887, 10981, 7639, 52260, 929, 3885, 862, 1398, 993, 1722, 2219, 5344, 11903, 13522],
        &[16922, 21679, 41398, 3988, 55664, 1443, 1230, 61373, 63107, 1542, 6328, 12006, 18154, 17382],
        &[15945, 13751, 6989, 4873, 2169, 965, 1633, 1150, 520, 4561, 51920, 7720, 15081, 13187],
        &[16725, 19068, 9453, 4358, 6717, 59186, 61754, 1558, 859, 57654, 5012, 40409, 20341, 21388],
    ]),
    ("MA0098.3", "ETS1", [
        &[2683, 180, 425, 0, 0, 2683, 2683, 1102, 89, 803],
        &[210, 2683, 2683, 21, 0, 0, 9, 21, 712, 401],
        &[640, 297, 7, 2683, 2683, 0, 31, 1580, 124, 1083],
        &[241, 22, 0, 0, 12, 0, 909, 12, 1970, 396],
    ]),
    ("MA0474.2", "ERG", [
        &[4566, 646, 635, 1, 0, 4566, 4566, 1990, 137, 1006],
        &[268, 4566, 4566, 0, 1, 20, 119, 100, 1586, 1100],
        &[848, 398, 22, 4566, 4566, 0, 7, 2576, 355, 1668],
        &[928, 97, 6, 0, 29, 7, 1245, 28, 4566, 792],
    ]),
    ("MA0476.1", "FOS", [
        &[7879, 7475, 0, 0, 29396, 998, 0, 0, 29396, 258, 4006],
        &[712, 10177, 0, 0, 0, 14079, 0, 29396, 0, 5823, 8236],
        &[9686, 10841, 0, 27108, 0, 11206, 0, 0, 0, 1538, 7897],
        &[11119, 903, 29396, 2288, 0, 3113, 29396, 0, 0, 21777, 9257],
    ]),
    ("MA0099.3", "FOS::JUN", [
        &[592, 3, 7, 820, 78, 5, 30, 992, 24, 277],
        &[111, 5, 1, 131, 180, 2, 963, 2, 313, 397],
        &[257, 2, 824, 4, 688, 2, 3, 2, 95, 164],
        &[40, 990, 168, 45, 54, 991, 4, 4, 568, 162],
    ]),
];

/// Motif, p-value, threshold of MOODS 1.9.4.1, exact threshold of lightmotif 0.10.1 (TFM-PVALUE).
pub(super) const PUBLISHED_THRESHOLDS: [(&str, f64, f64, f64); 15] = [
    ("MA0062.3", 1e-3, 6.0245, 6.024154),
    ("MA0062.3", 1e-4, 10.2855, 10.284827),
    ("MA0062.3", 1e-5, 13.7070, 13.707020),
    ("MA0098.3", 1e-3, 5.2815, 5.2838),
    ("MA0098.3", 1e-4, 10.8020, 10.8130),
    ("MA0098.3", 1e-5, 13.9735, 13.9870),
    ("MA0474.2", 1e-3, 5.7010, 5.7040),
    ("MA0474.2", 1e-4, 10.7885, 10.7919),
    ("MA0474.2", 1e-5, 13.7935, 13.7900),
    ("MA0476.1", 1e-3, -4.1280, -4.1200),
    ("MA0476.1", 1e-4, 10.3010, 10.3030),
    ("MA0476.1", 1e-5, 14.8455, 14.8770),
    ("MA0099.3", 1e-3, 5.6720, 5.6744),
    ("MA0099.3", 1e-4, 10.8320, 10.8310),
    ("MA0099.3", 1e-5, 13.7555, 13.8200),
];

/// The counts of one of the five matrices.
pub(super) fn counts(accession: &str) -> CountMatrix {
    let (accession, factor, bases) = TABLES.iter().find(|t| t.0 == accession).unwrap();
    let rows = (0..bases[0].len()).map(|j| std::array::from_fn(|b| f64::from(bases[b][j])));
    CountMatrix::new(MotifName::new(*accession, *factor), rows.collect()).unwrap()
}

/// Log odds with JASPAR's pseudocount and a uniform background, as MOODS was run.
pub(super) fn by_accession(accession: &str) -> LogOdds {
    counts(accession)
        .frequencies(Pseudocount::JASPAR)
        .log_odds(Background::UNIFORM)
}

pub(super) fn gabpa() -> LogOdds {
    by_accession("MA0062.3")
}

/// MA0045 with a pseudocount of 0.25 for each base; rows A, C, G, T.
pub(super) fn ma0045() -> LogOdds {
    #[rustfmt::skip]
    let bases = [
        [3, 7, 9, 3, 11, 11, 11, 3, 4, 3, 8, 8, 9, 9, 11, 2],
        [5, 0, 1, 6, 0, 0, 0, 3, 1, 4, 5, 1, 0, 5, 0, 7],
        [4, 3, 1, 4, 3, 2, 2, 2, 8, 6, 1, 4, 2, 0, 3, 0],
        [2, 4, 3, 1, 0, 1, 1, 6, 1, 1, 0, 1, 3, 0, 0, 5],
    ];
    let rows = (0..16).map(|j| std::array::from_fn(|b| f64::from(bases[b][j])));
    CountMatrix::new(MotifName::new("MA0045", "HMG-I/Y"), rows.collect())
        .unwrap()
        .frequencies(Pseudocount::per_base(0.25).unwrap())
        .log_odds(Background::UNIFORM)
}
