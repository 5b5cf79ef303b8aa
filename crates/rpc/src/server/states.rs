//! What a server states of itself with every answer: a digest of what decides its answers, in a header.
//!
//! The protocol has no field for it. Published clients do not read the header.

use crate::client::SERVES_HEADER;
use refalt_core::ModelCard;
use sha2::{Digest as _, Sha256};
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

/// Returns the digest of what decides the answers of a served model, `sha256:...`.
///
/// * `genome`: digest of the reference.
/// * `assembly`: which assembly it is taken for.
/// * `genes`: digest of the gene annotation, if there is one.
///
/// The version of refalt is a part of it: another one may score otherwise.
pub fn served_digest(card: &ModelCard, genome: &str, assembly: &str, genes: Option<&str>) -> String {
    let lines = format!(
        "refalt {}\nmodel {} {} {}\ngenome {genome}\nassembly {assembly}\ngenes {}\n",
        env!("CARGO_PKG_VERSION"),
        card.name,
        card.version,
        card.digest,
        genes.unwrap_or("none")
    );
    format!("sha256:{}", refalt::provenance::hexadecimal(&Sha256::digest(lines)))
}

/// The statement of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct States(Option<MetadataValue<Ascii>>);

impl States {
    /// Makes a statement of a digest; one that no header can have is none.
    pub(super) fn of(digest: Option<&str>) -> Self {
        Self(digest.and_then(|digest| digest.parse().ok()))
    }

    /// Adds the statement to the headers of an answer.
    pub(super) fn add_to(&self, headers: &mut MetadataMap) {
        if let Some(value) = &self.0 {
            headers.insert(SERVES_HEADER, value.clone());
        }
    }
}
