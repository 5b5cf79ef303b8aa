//! Benchmarks as data: `refalt validate --protocol NAME`, `refalt protocols`.
//!
//! A protocol is a TOML file that says where a benchmark's data come from, which rows count, how scores become
//! predictions, what is computed over what, how its interval is drawn, and what was published. Those that ship are
//! [`PROTOCOLS`]; a file of the user's is as good as any. `docs/protocols.md` defines every key and lists them.
//!
//! Predictions come as a table with targets (such as those that are released with AlphaGenome) or as a score folder,
//! which is joined with the protocol's truth table. The result says n, positives, independent units, chance, the interval,
//! and how the value stands to the published ones. A value of the opposite sign is said to be one; nothing is turned.
//!
//! Rejected: code for each benchmark. What differs between them are columns and settings, and a reader can compare two
//! files, but not two functions.

mod check;
mod error;
mod evaluate;
mod file;
mod folder;
mod one_class;
mod output;
mod predictions;
mod rows;
mod run;
mod truth_rows;
mod verdict;

pub use error::ProtocolError;
pub use evaluate::{Evaluation, MetricLine, ProtocolOptions};
pub use file::{
    Aggregation, Average, Baseline, Cluster, EffectAllele, ExcludedGroup, LabelOf, MetricPart, OneClass, Over,
    PredictionsPart, Protocol, PublishedValue, Repeats, ScoresPart, SourcePart, SplitPart, SplitRole, TruthPart,
};
pub use output::check_folder;
pub use rows::{RowCounts, SplitCheck};
pub use run::{Judged, ProtocolProvenance, ProtocolRequest, ProtocolResult, run};
pub use verdict::{Status, Verdict};

use refalt_core::nearest::nearest;
use std::path::Path;

/// A protocol that ships.
#[derive(Clone, Copy, Debug)]
pub struct ShippedProtocol {
    /// Its name.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// Lists files of `protocols/` by name.
macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        &[$(ShippedProtocol {
            name: $name,
            text: include_str!(concat!("../protocols/", $name, ".toml")),
        }),*]
    };
}

/// The protocols that ship, in the order of the documentation.
pub const PROTOCOLS: &[ShippedProtocol] = shipped![
    "eqtl_variant_borzoi_sign_human",
    "eqtl_variant_borzoi_coefficient_human",
    "eqtl_variant_catalogue_causality_gene_balanced_human",
    "caqtl_african_variant_coefficient_human",
    "caqtl_african_variant_causality_human",
    "caqtl_european_variant_coefficient_human",
    "caqtl_european_variant_causality_human",
    "caqtl_microglia_variant_coefficient_human",
    "caqtl_smc_variant_coefficient_human",
    "dsqtl_yoruba_variant_coefficient_human",
    "dsqtl_yoruba_variant_causality_human",
    "bqtl_spi1_variant_coefficient_human",
    "bqtl_spi1_variant_causality_human",
    "sqtl_variant_causality_gene_human",
    "paqtl_variant_causality_human",
    "clinvar_splice_site_region",
    "clinvar_noncoding",
    "clinvar_missense",
    "mfass_splicing",
    "enhancer_gene_linking_e2g",
    "traitgym_mendelian",
    "traitgym_complex",
    "cagi5_saturation_mutagenesis",
    "kircher_saturation_mutagenesis",
    "tewhey_mpra",
    "gtex_eqtl_slope",
];

/// Returns a protocol that ships.
///
/// # Errors
/// [`ProtocolError::Unknown`] with the names that come near.
///
/// ```
/// let protocol = refalt::protocol::find("dsqtl_yoruba_variant_coefficient_human")?;
/// assert_eq!(protocol.published[1].value, "-0.8323");
/// # Ok::<(), refalt::protocol::ProtocolError>(())
/// ```
pub fn find(name: &str) -> Result<Protocol, ProtocolError> {
    match PROTOCOLS.iter().find(|shipped| shipped.name == name) {
        Some(shipped) => Protocol::parse(shipped.text, shipped.name),
        None => Err(ProtocolError::Unknown {
            found: name.to_owned(),
            nearest: nearest(name, PROTOCOLS.iter().map(|shipped| shipped.name)),
        }),
    }
}

/// Returns a protocol by its name or, for a word that ends with `.toml` or holds a `/`, from a file.
///
/// # Errors
/// As [`find`] and [`Protocol::read`].
pub fn find_or_read(word: &str) -> Result<Protocol, ProtocolError> {
    if word.ends_with(".toml") || word.contains('/') {
        Protocol::read(Path::new(word))
    } else {
        find(word)
    }
}

#[cfg(test)]
mod tests;
