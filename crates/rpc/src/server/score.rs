//! The three methods that score: variants, every substitution of a stretch, intervals.
//!
//! The scores are those of the scorers of [`refalt_core`], the same that `refalt score` writes.

use super::model::{ServedModel, TrackMessages};
use super::outlet::{ChunkMessage, Outlet};
use super::place::{GenomePlace, Substituted};
use super::refusal::Refusal;
use crate::client::MOST_SCORERS;
use crate::genome::{interval_text, strand};
use crate::proto::{self, Tensor};
use crate::scorer_message;
use crate::track_message::{gene_message, track_message};
use refalt_core::interval_scorer::IntervalScorer;
use refalt_core::scorer::{Needs, ScoreError, ScoreRows, Scorer, ScoringInput, ScoringPlace, TrackScores};
use refalt_core::splice_candidate::Splicing;
use refalt_core::stranded_merge::merge_stranded;
use refalt_core::{
    Abandoned, Answer, Backend as _, BackendError, CheckedVariant, OutputRequest, Query, RefAlt, Reference,
    ReverseStrand, Sequence, Strand, TrackSet, Window, WindowError,
};

/// The most bases of a stretch of substitutions in one request, as the published client cuts them.
pub const MOST_ISM_BASES: i64 = 10;

/// What the scoring methods share.
pub(super) struct ScoringMethods<'a> {
    pub(super) model: &'a ServedModel,
    pub(super) messages: &'a TrackMessages,
}

/// Scorers of a request, admitted, with the tracks that they read.
type Admitted<'a> = Vec<(Box<dyn Scorer>, &'a TrackSet)>;

/// Scores as they are sent.
struct Scored {
    tracks: Vec<proto::TrackMetadata>,
    scores: TrackScores,
}

/// Reads the sequences of a variant; it lies in the window.
pub(super) fn sequences(
    window: &Window,
    variant: &CheckedVariant,
    reference: &dyn Reference,
) -> Result<RefAlt<Sequence>, Refusal> {
    window.sequences(variant, reference).map_err(|error| match error {
        WindowError::Reference(error) => error.into(),
        _ => Refusal::Outside {
            what: format!("the variant {variant}"),
            interval: window.to_string(),
        },
    })
}

/// Asks the model one question; the answer lies on the forward strand, whichever strand is read.
pub(super) fn one_answer(model: &ServedModel, strand: Strand, query: Query<'_>) -> Result<Answer, Refusal> {
    let queries = std::slice::from_ref(&query);
    let answer = match strand {
        Strand::Forward => model.backend.predict(queries).pop(),
        Strand::Reverse => ReverseStrand(model.backend.as_ref()).predict(queries).pop(),
    };
    let none = || BackendError::Query {
        model: model.card().name.clone(),
        window: query.window.to_string(),
        reason: "it gave no answer".to_owned(),
    };
    Ok(answer.unwrap_or_else(|| Err(none()))?)
}

impl ScoringMethods<'_> {
    pub(super) fn variant(
        &self,
        request: proto::ScoreVariantRequest,
        outlet: &mut Outlet<proto::ScoreVariantResponse>,
    ) -> Result<(), Refusal> {
        use proto::score_variant_response::Payload;
        self.check(request.organism, &request.model_version)?;
        let scorers = self.scorers(&request.variant_scorers)?;
        let place = GenomePlace::read(self.model, request.interval)?;
        let asked = request.variant.ok_or(Refusal::FieldMissing { field: "variant" })?;
        let reference = self.model.reference.as_ref();
        let variant = place.variant(reference, &asked)?;
        let is_abandoned = || outlet.is_abandoned();
        let mut scored = self.score(
            &scorers,
            &place,
            std::slice::from_ref(&variant),
            reference,
            request.merge_stranded_gene_tracks,
            Abandoned::when(&is_abandoned),
        )?;
        for scored in scored.pop().unwrap_or_default() {
            send_scored(outlet, scored, &asked, |output| proto::ScoreVariantResponse {
                payload: Some(Payload::Output(output)),
            })?;
        }
        Ok(())
    }

    /// Scores every substitution, base by base: the work of a call that is cancelled ends with the base.
    pub(super) fn ism(
        &self,
        request: proto::ScoreIsmVariantRequest,
        outlet: &mut Outlet<proto::ScoreIsmVariantResponse>,
    ) -> Result<(), Refusal> {
        use proto::score_ism_variant_response::Payload;
        self.check(request.organism, &request.model_version)?;
        let scorers = self.scorers(&request.variant_scorers)?;
        let place = GenomePlace::read(self.model, request.interval)?;
        let stretch = request
            .ism_interval
            .ok_or(Refusal::FieldMissing { field: "ism_interval" })?;
        self.check_stretch(&place, &stretch)?;
        let genome = self.model.reference.as_ref();
        let substituted = match &request.interval_variant {
            None => None,
            Some(variant) => Some(Substituted::new(genome, &place.variant(genome, variant)?)?),
        };
        let reference = substituted.as_ref().map_or(genome, |changed| changed as &dyn Reference);
        for position in stretch.start + 1..=stretch.end {
            outlet.check()?;
            let asked = substitutions(&place, position, reference)?;
            let variants = asked.iter().map(|asked| place.variant(reference, asked));
            let variants: Vec<CheckedVariant> = variants.collect::<Result<_, _>>()?;
            let merge = request.merge_stranded_gene_tracks;
            let is_abandoned = || outlet.is_abandoned();
            let abandoned = Abandoned::when(&is_abandoned);
            let all = self.score(&scorers, &place, &variants, reference, merge, abandoned)?;
            for (asked, scored) in asked.iter().zip(all) {
                for scored in scored {
                    send_scored(outlet, scored, asked, |output| proto::ScoreIsmVariantResponse {
                        payload: Some(Payload::Output(output)),
                    })?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn interval(
        &self,
        request: proto::ScoreIntervalRequest,
        outlet: &mut Outlet<proto::ScoreIntervalResponse>,
    ) -> Result<(), Refusal> {
        use proto::score_interval_response::Payload;
        self.check(request.organism, &request.model_version)?;
        check_count(request.interval_scorers.len())?;
        let place = GenomePlace::read(self.model, request.interval)?;
        let scorers = request.interval_scorers.iter().map(scorer_message::interval_scorer);
        let scorers: Vec<IntervalScorer> = scorers.collect::<Result<_, _>>()?;
        let window = &place.window;
        let mut requests = Vec::new();
        let mut sets = Vec::new();
        for scorer in &scorers {
            let text = scorer.to_string();
            let tracks = self.model.admit_text(&text, scorer.output, Needs::Genes)?;
            let wanted = scorer.request(tracks, window, self.annotation(&text)?);
            requests.push(wanted.map_err(ScoreError::from)?);
            sets.push(tracks);
        }
        let requests = OutputRequest::joined(requests);
        let sequence = window.reference_sequence(place.contig, self.model.reference.as_ref())?;
        let is_abandoned = || outlet.is_abandoned();
        let query = Query {
            window,
            reference: &sequence,
            alternates: &[],
            alignments: &[],
            known_sites: &[],
            abandoned: Abandoned::when(&is_abandoned),
            outputs: &requests,
        };
        let answer = one_answer(self.model, place.strand, query)?;
        for (scorer, tracks) in scorers.iter().zip(sets) {
            let annotation = self.annotation(&scorer.to_string())?;
            let scores = scorer.score(&answer.reference, window, annotation)?;
            let scored = self.merged(tracks, scores, request.merge_stranded_gene_tracks)?;
            let genes = genes(&scored.scores.rows);
            let metadata = proto::IntervalMetadata {
                interval: Some(place.interval.clone()),
                track_metadata: scored.tracks,
                gene_metadata: genes,
            };
            let shape = [1, scored.scores.rows.len(), metadata.track_metadata.len()];
            outlet.send_array(&shape, std::iter::once(&scored.scores.raw[..]), None, |tensor| {
                proto::ScoreIntervalResponse {
                    payload: Some(Payload::Output(proto::ScoreIntervalOutput {
                        interval_data: Some(proto::IntervalData {
                            values: Some(tensor),
                            metadata: Some(metadata),
                        }),
                    })),
                }
            })?;
        }
        Ok(())
    }

    fn check(&self, organism: i32, version: &str) -> Result<(), Refusal> {
        self.model.check_organism(organism)?;
        self.model.check_version(version)
    }

    fn annotation(&self, scorer: &str) -> Result<&refalt_core::Annotation, Refusal> {
        let missing = || ScoreError::AnnotationMissing {
            scorer: scorer.to_owned(),
            missing: "a gene annotation",
        };
        Ok(self.model.annotation.as_deref().ok_or_else(missing)?)
    }

    /// Reads the scorers and refuses those that cannot be served.
    fn scorers(&self, messages: &[proto::VariantScorer]) -> Result<Admitted<'_>, Refusal> {
        check_count(messages.len())?;
        let mut scorers = Vec::with_capacity(messages.len());
        for message in messages {
            let scorer = scorer_message::scorer(message)?;
            let tracks = self.model.admit(scorer.as_ref())?;
            scorers.push((scorer, tracks));
        }
        Ok(scorers)
    }

    /// Refuses a stretch of substitutions that does not lie in the interval; alleles are those of the forward strand,
    /// whatever strand it names.
    fn check_stretch(&self, place: &GenomePlace, stretch: &proto::Interval) -> Result<(), Refusal> {
        strand(stretch.strand)?;
        let found = stretch.end.saturating_sub(stretch.start);
        if !(1..=MOST_ISM_BASES).contains(&found) {
            return Err(Refusal::IsmWidth {
                found,
                most: MOST_ISM_BASES,
            });
        }
        let same = self.model.reference.contig_id(&stretch.chromosome) == Some(place.contig);
        if !same || stretch.start < place.window.bed_start() || place.window.bed_end() < stretch.end {
            return Err(Refusal::Outside {
                what: format!("the ism_interval {}", interval_text(stretch)),
                interval: interval_text(&place.interval),
            });
        }
        Ok(())
    }

    /// Scores variants of one window: one question to the model, the reference predicted once.
    fn score(
        &self,
        scorers: &Admitted<'_>,
        place: &GenomePlace,
        variants: &[CheckedVariant],
        reference: &dyn Reference,
        merge: bool,
        abandoned: Abandoned<'_>,
    ) -> Result<Vec<Vec<Scored>>, Refusal> {
        let (window, strand) = (&place.window, place.strand);
        let annotation = self.model.annotation.as_deref();
        let places: Vec<ScoringPlace<'_>> = variants
            .iter()
            .map(|variant| ScoringPlace {
                variant,
                window,
                annotation,
            })
            .collect();
        let wanted = places.iter().flat_map(|place| {
            scorers
                .iter()
                .map(move |(scorer, tracks)| scorer.request(tracks, place))
        });
        let outputs = OutputRequest::joined(wanted);
        let mut own = None;
        let mut alternates = Vec::with_capacity(variants.len());
        for variant in variants {
            let pair = sequences(window, variant, reference)?;
            own.get_or_insert(pair.reference);
            alternates.push(pair.alternate);
        }
        let Some(own) = own else { return Ok(Vec::new()) };
        let splicing = Splicing::of(&outputs, window, variants, annotation);
        let query = Query {
            window,
            reference: &own,
            alternates: &alternates,
            alignments: splicing.alignments(),
            known_sites: splicing.known_sites(),
            abandoned,
            outputs: &outputs,
        };
        let answer = one_answer(self.model, strand, query)?;
        if answer.alternates.len() != variants.len() {
            return Err(Refusal::Internal {
                what: "the model gave another number of predictions than sequences".to_owned(),
            });
        }
        let score = |(place, alternate)| -> Result<Vec<Scored>, Refusal> {
            let input = ScoringInput {
                outputs: RefAlt {
                    reference: &answer.reference,
                    alternate,
                },
                place,
            };
            let one = |(scorer, tracks): &(Box<dyn Scorer>, &TrackSet)| {
                let scores = scorer.score(&input)?;
                self.merged(tracks, scores, merge)
            };
            scorers.iter().map(one).collect()
        };
        places.into_iter().zip(&answer.alternates).map(score).collect()
    }

    /// Merges the tracks of the two strands where that is asked for and scores are by gene.
    fn merged(&self, tracks: &TrackSet, scores: TrackScores, merge: bool) -> Result<Scored, Refusal> {
        if !merge || scores.rows == ScoreRows::One {
            return Ok(Scored {
                tracks: self.messages.tracks(tracks.output).to_vec(),
                scores,
            });
        }
        let merged = merge_stranded(tracks, scores, None)?;
        Ok(Scored {
            tracks: merged.tracks.tracks.iter().map(track_message).collect(),
            scores: merged.scores,
        })
    }
}

fn check_count(scorers: usize) -> Result<(), Refusal> {
    if (1..=MOST_SCORERS).contains(&scorers) {
        return Ok(());
    }
    Err(Refusal::ScorerCount {
        found: scorers,
        most: MOST_SCORERS,
    })
}

fn genes(rows: &ScoreRows) -> Vec<proto::GeneScorerMetadata> {
    rows.iter().flatten().map(gene_message).collect()
}

/// Sends the scores of a scorer: an array `[1 x rows x tracks]`, for there are no quantiles.
fn send_scored<R: ChunkMessage>(
    outlet: &mut Outlet<R>,
    scored: Scored,
    variant: &proto::Variant,
    wrap: impl FnOnce(proto::ScoreVariantOutput) -> R,
) -> Result<(), Refusal> {
    let shape = [1, scored.scores.rows.len(), scored.tracks.len()];
    let metadata = proto::VariantMetadata {
        variant: Some(variant.clone()),
        gene_metadata: genes(&scored.scores.rows),
        track_metadata: scored.tracks,
    };
    outlet.send_array(
        &shape,
        std::iter::once(&scored.scores.raw[..]),
        None,
        |tensor: Tensor| {
            wrap(proto::ScoreVariantOutput {
                variant_data: Some(proto::VariantData {
                    values: Some(tensor),
                    metadata: Some(metadata),
                }),
            })
        },
    )
}

/// Returns the substitutions of a base (1-based), ALT in the order A, C, G, T.
fn substitutions(
    place: &GenomePlace,
    position: i64,
    reference: &dyn Reference,
) -> Result<Vec<proto::Variant>, Refusal> {
    let outside = || Refusal::Outside {
        what: format!("the base {position}"),
        interval: interval_text(&place.interval),
    };
    let base = crate::genome::span("base", position - 1, position).map_err(|_| outside())?;
    let mut bases = Vec::with_capacity(1);
    reference.fetch(place.contig, base, &mut bases)?;
    let own = bases.first().map(|&base| char::from(base)).ok_or_else(outside)?;
    let variant = |alternate: char| proto::Variant {
        chromosome: place.interval.chromosome.clone(),
        position,
        reference_bases: own.to_string(),
        alternate_bases: alternate.to_string(),
    };
    if !"ACGT".contains(own) {
        return Err(Refusal::BaseUnknown {
            place: format!("{}:{position}", place.interval.chromosome),
        });
    }
    Ok("ACGT"
        .chars()
        .filter(|&alternate| alternate != own)
        .map(variant)
        .collect())
}
