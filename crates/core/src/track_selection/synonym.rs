//! Other names of cell lines and tissues: a small table for [`super::Selection::resolve`], which states every use.
//!
//! Source of the spellings: the synonym lines of Cellosaurus (<https://www.cellosaurus.org>, Bairoch 2018,
//! doi:10.7171/jbt.18-2902-002) for the cell line of the given accession, and the names that the Coriell Institute and
//! the WiCell Research Institute give to lines they distribute. Only spellings of one and the same line are here;
//! a subclone or a line of the same kind is [`RELATED`], which is named in an error and never taken.
//!
//! GTEx tissues are written by the GTEx portal with spaces, hyphens and parentheses (`Brain - Cortex`); the published
//! track tables write the same names with underscores (`Brain_Cortex`). [`gtex_code`] is that rule.

/// Other spellings of one cell line.
#[derive(Clone, Copy, Debug)]
pub struct Synonym {
    /// Name of the biosample in the published track tables.
    pub biosample: &'static str,
    /// Accession in Cellosaurus.
    pub accession: &'static str,
    /// Other spellings, compared without regard to case.
    pub spellings: &'static [&'static str],
}

const fn line(biosample: &'static str, accession: &'static str, spellings: &'static [&'static str]) -> Synonym {
    Synonym {
        biosample,
        accession,
        spellings,
    }
}

/// Spellings that are taken for the name in the track tables.
pub const SYNONYMS: &[Synonym] = &[
    line("HepG2", "CVCL_0027", &["Hep-G2", "Hep G2"]),
    line("K562", "CVCL_0004", &["K-562", "K 562"]),
    line("MCF-7", "CVCL_0031", &["MCF7", "MCF 7"]),
    line("GM12878", "CVCL_7526", &["GM-12878", "GM 12878"]),
    line("HEK293", "CVCL_0045", &["HEK-293", "HEK 293"]),
    line("HEK293T", "CVCL_0063", &["HEK-293T", "HEK 293T", "293T"]),
    line("HeLa-S3", "CVCL_0058", &["HeLa S3", "HeLaS3"]),
    line("IMR-90", "CVCL_0347", &["IMR90", "IMR 90"]),
    line("SK-N-SH", "CVCL_0531", &["SKNSH", "SK N SH"]),
    line("A549", "CVCL_0023", &["A-549", "A 549"]),
    line("HCT116", "CVCL_0291", &["HCT-116", "HCT 116"]),
    line("Panc1", "CVCL_0480", &["PANC-1", "PANC 1"]),
    line("PC-3", "CVCL_0035", &["PC3", "PC 3"]),
    line("PC-9", "CVCL_B260", &["PC9", "PC 9"]),
    line("Caco-2", "CVCL_0025", &["CACO2", "CACO 2"]),
    line("HT1080", "CVCL_0317", &["HT-1080", "HT 1080"]),
    line("NCI-H460", "CVCL_0459", &["H460", "NCIH460"]),
    line("MCF 10A", "CVCL_0598", &["MCF10A", "MCF-10A"]),
    line("Calu3", "CVCL_0609", &["Calu-3", "Calu 3"]),
    line("HL-60", "CVCL_0002", &["HL60", "HL 60"]),
    line("HT-29", "CVCL_0320", &["HT29", "HT 29"]),
    line("T47D", "CVCL_0553", &["T-47D", "T 47D"]),
    line("DU 145", "CVCL_0105", &["DU145", "DU-145"]),
    line("U-87 MG", "CVCL_0022", &["U87MG", "U-87MG", "U87 MG", "U-87-MG"]),
    line("SH-SY5Y", "CVCL_0019", &["SHSY5Y", "SH SY5Y"]),
    line("THP-1", "CVCL_0006", &["THP1", "THP 1"]),
    line("HAP-1", "CVCL_Y019", &["HAP1", "HAP 1"]),
    line("WI38", "CVCL_0579", &["WI-38", "WI 38"]),
    line("A375", "CVCL_0132", &["A-375"]),
    line("NB4", "CVCL_0005", &["NB-4"]),
    line(
        "Jurkat, Clone E6-1",
        "CVCL_0367",
        &["Jurkat E6-1", "Jurkat E6.1", "Jurkat clone E6-1"],
    ),
    line("H1", "CVCL_9771", &["WA01", "WAe001-A"]),
    line("H9", "CVCL_9773", &["WA09", "WAe009-A"]),
    line("WTC11", "CVCL_Y803", &["WTC-11"]),
];

/// A word that is close to biosamples without being one of them.
#[derive(Clone, Copy, Debug)]
pub struct Related {
    /// The word, compared without regard to case.
    pub word: &'static str,
    /// Names of biosamples in the published track tables.
    pub biosamples: &'static [&'static str],
    /// Why they are close.
    pub reason: &'static str,
}

/// Words that name a kind of biosample, or the parent of a line that is in the tables.
pub const RELATED: &[Related] = &[
    Related {
        word: "HeLa",
        biosamples: &["HeLa-S3"],
        reason: "a subclone of HeLa",
    },
    Related {
        word: "LNCaP",
        biosamples: &["LNCaP clone FGC"],
        reason: "a subclone of LNCaP",
    },
    Related {
        word: "NA12878",
        biosamples: &["GM12878"],
        reason: "the lymphoblastoid line of the donor whose DNA is NA12878",
    },
    Related {
        word: "lymphoblastoid",
        biosamples: &["GM12878", "GM12891", "GM12892", "lymphoblast"],
        reason: "lymphoblastoid lines",
    },
    Related {
        word: "lymphoblastoid cell line",
        biosamples: &["GM12878", "GM12891", "GM12892", "lymphoblast"],
        reason: "lymphoblastoid lines",
    },
    Related {
        word: "LCL",
        biosamples: &["GM12878", "GM12891", "GM12892", "lymphoblast"],
        reason: "lymphoblastoid lines",
    },
    Related {
        word: "hESC",
        biosamples: &["H1", "H7", "H9", "HUES64"],
        reason: "lines of human embryonic stem cells",
    },
    Related {
        word: "ESC",
        biosamples: &["H1", "H7", "H9", "HUES64"],
        reason: "lines of human embryonic stem cells",
    },
];

/// Returns the biosample of another spelling.
pub fn synonym_of(spelling: &str) -> Option<&'static Synonym> {
    let is = |synonym: &&Synonym| synonym.spellings.iter().any(|s| s.eq_ignore_ascii_case(spelling));
    SYNONYMS.iter().find(is)
}

/// Returns the biosamples that are close to a word.
pub fn related_to(word: &str) -> Option<&'static Related> {
    RELATED.iter().find(|related| related.word.eq_ignore_ascii_case(word))
}

/// Writes the GTEx portal's name of a tissue as the published track tables do.
///
/// ```
/// use refalt_core::track_selection::synonym::gtex_code;
///
/// assert_eq!(gtex_code("Brain - Spinal cord (cervical c-1)"), "Brain_Spinal_cord_cervical_c-1");
/// ```
pub fn gtex_code(name: &str) -> String {
    name.replace(" - ", " ")
        .replace(['(', ')'], "")
        .split_whitespace()
        .collect::<Vec<_>>()
        .join("_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spelling_stands_for_one_line() {
        let mut spellings: Vec<String> = Vec::new();
        for synonym in SYNONYMS {
            spellings.push(synonym.biosample.to_lowercase());
            spellings.extend(synonym.spellings.iter().map(|spelling| spelling.to_lowercase()));
        }
        spellings.extend(RELATED.iter().map(|related| related.word.to_lowercase()));
        let all = spellings.len();
        spellings.sort_unstable();
        spellings.dedup();
        assert_eq!(spellings.len(), all);
        assert_eq!(synonym_of("hep g2").map(|s| s.biosample), Some("HepG2"));
        assert!(synonym_of("hepg-2").is_none() && synonym_of("HeLa").is_none());
    }
}
