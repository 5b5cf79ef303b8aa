//! Heads: from embeddings to predictions, in the columns of the organism's own tracks only.
//!
//! A head has columns for the tracks of the organism with most of them, the others' being padding; and columns that are
//! padding for all. Only those that are tracks are read from the weights and computed: 1,697 of 2,176 at 1 bp for human, 446 for
//! mouse.
//!
//! Source: `model/heads.py` of alphagenome_research 3f79219.

mod contacts;
mod junctions;
mod sites;
mod tracks;

pub(crate) use contacts::ContactHead;
pub(crate) use junctions::{JunctionHead, SiteRows};
pub(crate) use sites::{SiteHead, UsageHead};
pub(crate) use tracks::TrackHead;

use crate::layer::Linear;
use crate::weights::{Scope, WeightsError};
use refalt_core::{OutputType, TrackSet};

/// What is published of a head.
pub(crate) struct HeadKind {
    pub(crate) output: OutputType,
    /// Name among the weights.
    pub(crate) name: &'static str,
    /// Columns, padding counted.
    pub(crate) columns: usize,
}

const fn kind(output: OutputType, name: &'static str, columns: usize) -> HeadKind {
    HeadKind { output, name, columns }
}

/// Every head, in the order of [`OutputType::ALL`].
pub(crate) const HEADS: [HeadKind; 11] = [
    kind(OutputType::Atac, "atac", 256),
    kind(OutputType::Cage, "cage", 640),
    kind(OutputType::Dnase, "dnase", 384),
    kind(OutputType::RnaSeq, "rna_seq", 768),
    kind(OutputType::ChipHistone, "chip_histone", 1152),
    kind(OutputType::ChipTf, "chip_tf", 1664),
    kind(OutputType::SpliceSites, "splice_sites_classification", 5),
    kind(OutputType::SpliceSiteUsage, "splice_sites_usage", 734),
    kind(OutputType::SpliceJunctions, "splice_sites_junction", 367),
    kind(OutputType::ContactMaps, "contact_maps", 28),
    kind(OutputType::Procap, "procap", 128),
];

/// A head's place among the weights.
pub(crate) struct HeadScope<'a> {
    pub(crate) scope: Scope<'a>,
    /// Number of the organism.
    pub(crate) organism: usize,
    /// Columns that are tracks.
    pub(crate) columns: Vec<usize>,
    /// Columns in all.
    width: usize,
}

impl<'a> HeadScope<'a> {
    /// * `width`: columns that the head must have, padding counted.
    pub(crate) fn new(scope: Scope<'a>, organism: usize, tracks: &TrackSet, width: usize) -> Self {
        // A list of tracks without column numbers has them in the order of the list.
        let column =
            |(place, track): (usize, &refalt_core::Track)| track.channel_index.map_or(place, |index| index as usize);
        Self {
            scope,
            organism,
            columns: tracks.tracks.iter().enumerate().map(column).collect(),
            width,
        }
    }

    /// Reads the layer `multi_organism_linear` below `part`, in these columns; `None` stands for all.
    pub(crate) fn linear(&self, part: &str, inputs: usize, columns: Option<&[usize]>) -> Result<Linear, WeightsError> {
        let scope = if part.is_empty() {
            self.scope.clone()
        } else {
            self.scope.at(part)
        };
        let scope = scope.at("multi_organism_linear");
        let shape = scope.shape("w")?;
        let [organisms, _, width] = shape[..] else {
            return Err(self.refused(&scope, "w", shape, "[organisms, inputs, columns]"));
        };
        let all = scope.read("w", &[0, inputs, 0])?;
        let biases = scope.read("b", &[organisms, width])?;
        if self.organism >= organisms {
            return Err(self.refused(&scope, "w", shape, "an array for each organism"));
        }
        let of_organism = &all[self.organism * inputs * width..][..inputs * width];
        let bias = &biases[self.organism * width..][..width];
        let Some(columns) = columns else {
            return Ok(Linear::new(of_organism.to_vec(), Some(bias.to_vec()), inputs, width));
        };
        self.check_width(&scope, "w", &shape, width)?;
        let rows = of_organism.chunks_exact(width);
        let weights = rows
            .flat_map(|row| columns.iter().map(move |&column| row[column]))
            .collect();
        let bias = columns.iter().map(|&column| bias[column]).collect();
        Ok(Linear::new(weights, Some(bias), inputs, columns.len()))
    }

    /// Refuses a head of another width than the published one: which of its columns are tracks would be a guess.
    pub(crate) fn check_width(
        &self,
        scope: &Scope<'_>,
        leaf: &str,
        shape: &[usize],
        width: usize,
    ) -> Result<(), WeightsError> {
        if width == self.width && self.columns.iter().all(|&column| column < width) {
            return Ok(());
        }
        Err(self.refused(scope, leaf, shape.to_vec(), &format!("{} columns", self.width)))
    }

    fn refused(&self, scope: &Scope<'_>, leaf: &str, found: Vec<usize>, wanted: &str) -> WeightsError {
        WeightsError::Shape {
            name: format!("{}/{leaf}", scope.path()),
            found,
            wanted: wanted.to_owned(),
        }
    }
}
