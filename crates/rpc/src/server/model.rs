//! What is served: a model, the genome it reads, and the genes that scorers read.

use super::refusal::Refusal;
use crate::genome::{organism_message, output};
use crate::proto;
use crate::track_message::{track_message, track_set_message};
use refalt_core::scorer::{Needs, RECOMMENDED, Scorer, parse};
use refalt_core::{Annotation, Backend, ModelCard, Organism, OutputType, Reference, TrackSet};
use std::sync::Arc;

/// A model with what it reads.
#[derive(Clone)]
pub struct ServedModel {
    /// The model.
    pub backend: Arc<dyn Backend>,
    /// The genome that intervals and variants are on.
    pub reference: Arc<dyn Reference>,
    /// The gene annotation, for scorers by gene; without it they are refused.
    pub annotation: Option<Arc<Annotation>>,
    /// Digest of the model, the genome and the genes, `sha256:...`, which is stated with every answer, so that clients tell
    /// answers of another genome apart; nothing is stated when it is not given.
    pub states: Option<String>,
}

impl std::fmt::Debug for ServedModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServedModel")
            .field("model", &self.card().name)
            .field("genes", &self.annotation.as_ref().map(|genes| genes.gene_count()))
            .finish_non_exhaustive()
    }
}

impl ServedModel {
    /// Returns what is known of the model.
    pub fn card(&self) -> &ModelCard {
        self.backend.card()
    }

    /// Returns the recommended scorers that are served, by name, in the published order.
    pub fn served_scorers(&self) -> Vec<&'static str> {
        let served = RECOMMENDED.iter().filter(|named| {
            parse(named.text).is_ok_and(|scorer| self.lacks(scorer.output(), scorer.needs()).is_none())
        });
        served.map(|named| named.name).collect()
    }

    /// Says what is missing for a scorer, in words.
    pub(super) fn lacks(&self, output: OutputType, needs: Needs) -> Option<String> {
        if self.card().tracks(output).is_none() {
            return Some(format!("the model gives no {output}"));
        }
        let missing = needs.missing(self.annotation.as_deref())?;
        Some(format!("the server was started without {missing}"))
    }

    /// Refuses a scorer that cannot be served.
    pub(super) fn admit(&self, scorer: &dyn Scorer) -> Result<&TrackSet, Refusal> {
        self.admit_text(&scorer.to_string(), scorer.output(), scorer.needs())
    }

    pub(super) fn admit_text(&self, scorer: &str, output: OutputType, needs: Needs) -> Result<&TrackSet, Refusal> {
        let lacks = self.lacks(output, needs);
        match (self.card().tracks(output), lacks) {
            (Some(tracks), None) => Ok(tracks),
            (_, lacks) => {
                let served = self.served_scorers();
                Err(Refusal::Scorer {
                    scorer: scorer.to_owned(),
                    lacks: lacks.unwrap_or_default(),
                    served: if served.is_empty() {
                        "none".to_owned()
                    } else {
                        served.join(", ")
                    },
                })
            }
        }
    }

    /// Refuses another organism than the model's.
    pub(super) fn check_organism(&self, number: i32) -> Result<(), Refusal> {
        let card = self.card();
        let own = Organism::from_name(&card.organism).map(organism_message);
        let asked = proto::Organism::try_from(number);
        if let (Some(own), Ok(asked)) = (own, asked)
            && own == asked
        {
            return Ok(());
        }
        Err(Refusal::Organism {
            asked: asked.map_or_else(|_| number.to_string(), |asked| asked.as_str_name().to_owned()),
            model: card.name.clone(),
            has: card.organism.clone(),
        })
    }

    /// Refuses another version than the model's.
    pub(super) fn check_version(&self, asked: &str) -> Result<(), Refusal> {
        let card = self.card();
        // A version may be stated beside what identifies the weights: `ALL_FOLDS, weights 0f2c3a4b5c6d`.
        let is_named = || card.version.split(", ").any(|part| part == asked);
        if asked.is_empty() || asked == card.version || is_named() {
            return Ok(());
        }
        Err(Refusal::ModelVersion {
            asked: asked.to_owned(),
            model: card.name.clone(),
            has: card.version.clone(),
        })
    }

    /// Reads the output types asked for, each once, in order.
    pub(super) fn outputs(&self, numbers: &[i32]) -> Result<Vec<OutputType>, Refusal> {
        if numbers.is_empty() {
            return Err(Refusal::NoOutput { has: self.given() });
        }
        let mut outputs = Vec::new();
        for &number in numbers {
            let output = output(number)?;
            if self.card().tracks(output).is_none() {
                return Err(Refusal::OutputUnknown {
                    model: self.card().name.clone(),
                    output,
                    has: self.given(),
                });
            }
            if !outputs.contains(&output) {
                outputs.push(output);
            }
        }
        Ok(outputs)
    }

    /// Returns the output types of the model, as text.
    fn given(&self) -> String {
        let names: Vec<&str> = self.card().outputs.iter().map(|set| set.output.name()).collect();
        names.join(", ")
    }
}

/// The messages of a model's tracks, made once.
#[derive(Debug)]
pub(super) struct TrackMessages {
    sets: Vec<(OutputType, Vec<proto::TrackMetadata>)>,
    metadata: Vec<proto::OutputMetadata>,
}

impl TrackMessages {
    pub(super) fn of(card: &ModelCard) -> Self {
        let messages = |set: &TrackSet| (set.output, set.tracks.iter().map(track_message).collect());
        Self {
            sets: card.outputs.iter().map(messages).collect(),
            metadata: card.outputs.iter().map(track_set_message).collect(),
        }
    }

    /// Returns the tracks of an output type, unmerged.
    pub(super) fn tracks(&self, output: OutputType) -> &[proto::TrackMetadata] {
        let found = self.sets.iter().find(|(other, _)| *other == output);
        found.map_or(&[], |(_, messages)| messages)
    }

    /// Returns what `GetMetadata` answers, a message for each output type.
    pub(super) fn metadata(&self) -> &[proto::OutputMetadata] {
        &self.metadata
    }
}
