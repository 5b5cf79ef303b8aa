//! The whole network: its parts, read from weights, and how they follow on one another.

use crate::decoder::Decoder;
use crate::embedding::{Embedder, PairEmbedder, of_organism};
use crate::encoder::Encoder;
use crate::head::{ContactHead, HEADS, HeadScope, JunctionHead, SiteHead, TrackHead, UsageHead};
use crate::rope::Angles;
use crate::tower::Tower;
use crate::weights::{Scope, Weights, WeightsError};
use refalt_core::{OutputType, TrackSet};

/// A head with the tracks that it predicts.
pub(crate) enum Head {
    Tracks(TrackHead),
    Sites(SiteHead),
    Usage(UsageHead),
    Junctions(JunctionHead),
    Contacts(ContactHead),
}

/// The network of one organism.
pub(crate) struct Network {
    pub(crate) encoder: Encoder,
    /// What is added to every token.
    pub(crate) organism: Vec<f32>,
    pub(crate) tower: Tower,
    pub(crate) decoder: Decoder,
    pub(crate) of_tokens: Embedder,
    pub(crate) of_bases: Embedder,
    pub(crate) of_pairs: PairEmbedder,
    heads: Vec<(TrackSet, Head)>,
}

impl Network {
    /// Reads the network.
    ///
    /// * `organism`: 0 human, 1 mouse. * `tracks`: of each output type; a type that is not there is not predicted.
    /// * `cut_to`: columns of heads that have been cut, which have as many as this or fewer.
    pub(crate) fn read(
        weights: &dyn Weights,
        organism: usize,
        tracks: &[TrackSet],
        angles: Angles,
        cut_to: Option<usize>,
    ) -> Result<Self, WeightsError> {
        let root = Scope::new(weights, "alphagenome");
        let encoder = Encoder::read(&root.at("sequence_encoder"))?;
        let tokens = encoder.channels.last().copied().unwrap_or(0);
        let bases = encoder.channels[0];
        let tower = Tower::read(&root.at("transformer_tower"), tokens, angles)?;
        let of_tokens = Embedder::read(&root.at("output_embedder"), organism, tokens, None)?;
        let of_bases = root.nth("output_embedder", 1);
        let of_bases = Embedder::read(&of_bases, organism, bases, Some(of_tokens.channels()))?;
        let mut heads = Vec::with_capacity(tracks.len());
        for set in tracks {
            let Some(kind) = HEADS.iter().find(|kind| kind.output == set.output) else {
                continue;
            };
            let width = cut_to.map_or(kind.columns, |cut_to| cut_to.min(kind.columns));
            let head = HeadScope::new(root.at("head").at(kind.name), organism, set, width);
            let head = match set.output {
                OutputType::SpliceSites => Head::Sites(SiteHead::read(&head, of_bases.channels())?),
                OutputType::SpliceSiteUsage => Head::Usage(UsageHead::read(&head, of_bases.channels())?),
                OutputType::SpliceJunctions => Head::Junctions(JunctionHead::read(&head, of_bases.channels())?),
                OutputType::ContactMaps => Head::Contacts(ContactHead::read(&head, tower.pair_channels)?),
                OutputType::ChipTf | OutputType::ChipHistone => {
                    Head::Tracks(TrackHead::read(&head, set, of_tokens.channels())?)
                }
                _ => Head::Tracks(TrackHead::read(&head, set, of_bases.channels())?),
            };
            heads.push((set.clone(), head));
        }
        Ok(Self {
            organism: of_organism(&root.at("embed"), organism, tokens)?,
            decoder: Decoder::read(&root.at("sequence_decoder"), tokens, &encoder.channels)?,
            of_pairs: PairEmbedder::read(&root.at("output_pair"), organism, tower.pair_channels)?,
            encoder,
            tower,
            of_tokens,
            of_bases,
            heads,
        })
    }

    /// Returns the head of an output type, with its tracks.
    pub(crate) fn head(&self, output: OutputType) -> Option<&(TrackSet, Head)> {
        self.heads.iter().find(|(tracks, _)| tracks.output == output)
    }
}
