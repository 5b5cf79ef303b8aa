//! The three methods that predict.

use super::model::{ServedModel, TrackMessages};
use super::outlet::{ChunkMessage, Outlet};
use super::place::{GenomePlace, sequence};
use super::refusal::Refusal;
use crate::genome::{ontology_message, output_message, strand_message};
use crate::proto::{self, output::Payload};
use crate::track_message::junction_track_message;
use refalt_core::annotation::SpliceSiteClass;
use refalt_core::splice_candidate::Splicing;
use refalt_core::{
    Abandoned, Answer, BinSpan, CheckedVariant, Interval, JunctionValues, OutputRequest, OutputType, Outputs, Query,
    Sequence, Strand, Track, TrackSet, Window,
};

/// What the predicting methods share.
pub(super) struct Predicting<'a> {
    pub(super) model: &'a ServedModel,
    pub(super) messages: &'a TrackMessages,
}

/// An output type that is asked for, with the columns of the tracks that are.
struct Wanted<'a> {
    set: &'a TrackSet,
    /// `None` for all.
    columns: Option<Vec<usize>>,
}

impl Wanted<'_> {
    fn tracks(&self) -> Vec<&Track> {
        match &self.columns {
            None => self.set.tracks.iter().collect(),
            Some(columns) => columns.iter().map(|&column| &self.set.tracks[column]).collect(),
        }
    }
}

/// What a prediction lies on, for the answer.
struct Place<'a> {
    window: &'a Window,
    /// The interval as the client wrote it; `None` for a sequence without a place.
    interval: Option<&'a proto::Interval>,
}

impl Place<'_> {
    /// Returns the contig's name as the client wrote it.
    fn contig(&self) -> &str {
        self.interval
            .map_or_else(|| self.window.contig().as_str(), |interval| &interval.chromosome)
    }
}

impl Predicting<'_> {
    pub(super) fn sequence(
        &self,
        request: proto::PredictSequenceRequest,
        outlet: &mut Outlet<proto::PredictSequenceResponse>,
    ) -> Result<(), Refusal> {
        use proto::predict_sequence_response::Payload;
        self.check(request.organism, &request.model_version)?;
        let wanted = self.wanted(&request.requested_outputs, &request.ontology_terms)?;
        let (window, sequence) = sequence(self.model, &request.sequence)?;
        let is_abandoned = || outlet.is_abandoned();
        let abandoned = Abandoned::when(&is_abandoned);
        let answer = self.ask(&wanted, (&window, Strand::Forward), &sequence, None, abandoned)?;
        let place = Place {
            window: &window,
            interval: None,
        };
        self.send(&answer.reference, &wanted, &place, outlet, |output| {
            proto::PredictSequenceResponse {
                payload: Some(Payload::Output(output)),
            }
        })
    }

    pub(super) fn interval(
        &self,
        request: proto::PredictIntervalRequest,
        outlet: &mut Outlet<proto::PredictIntervalResponse>,
    ) -> Result<(), Refusal> {
        use proto::predict_interval_response::Payload;
        self.check(request.organism, &request.model_version)?;
        let wanted = self.wanted(&request.requested_outputs, &request.ontology_terms)?;
        let place = GenomePlace::read(self.model, request.interval)?;
        let sequence = place
            .window
            .reference_sequence(place.contig, self.model.reference.as_ref())?;
        let is_abandoned = || outlet.is_abandoned();
        let abandoned = Abandoned::when(&is_abandoned);
        let answer = self.ask(&wanted, (&place.window, place.strand), &sequence, None, abandoned)?;
        let place = Place {
            window: &place.window,
            interval: Some(&place.interval),
        };
        self.send(&answer.reference, &wanted, &place, outlet, |output| {
            proto::PredictIntervalResponse {
                payload: Some(Payload::Output(output)),
            }
        })
    }

    pub(super) fn variant(
        &self,
        request: proto::PredictVariantRequest,
        outlet: &mut Outlet<proto::PredictVariantResponse>,
    ) -> Result<(), Refusal> {
        use proto::predict_variant_response::Payload;
        self.check(request.organism, &request.model_version)?;
        let wanted = self.wanted(&request.requested_outputs, &request.ontology_terms)?;
        let place = GenomePlace::read(self.model, request.interval)?;
        let variant = request.variant.ok_or(Refusal::FieldMissing { field: "variant" })?;
        let reference = self.model.reference.as_ref();
        let variant = place.variant(reference, &variant)?;
        let pair = super::score::sequences(&place.window, &variant, reference)?;
        let is_abandoned = || outlet.is_abandoned();
        let answer = self.ask(
            &wanted,
            (&place.window, place.strand),
            &pair.reference,
            Some((&variant, &pair.alternate)),
            Abandoned::when(&is_abandoned),
        )?;
        let alternate = answer.alternates.first().ok_or_else(|| Refusal::Internal {
            what: "the model gave no alternate prediction".to_owned(),
        })?;
        let place = Place {
            window: &place.window,
            interval: Some(&place.interval),
        };
        self.send(&answer.reference, &wanted, &place, outlet, |output| {
            proto::PredictVariantResponse {
                payload: Some(Payload::ReferenceOutput(output)),
            }
        })?;
        self.send(alternate, &wanted, &place, outlet, |output| {
            proto::PredictVariantResponse {
                payload: Some(Payload::AlternateOutput(output)),
            }
        })
    }

    fn check(&self, organism: i32, version: &str) -> Result<(), Refusal> {
        self.model.check_organism(organism)?;
        self.model.check_version(version)
    }

    /// Finds the output types and the columns of the tracks whose ontology term is asked for.
    ///
    /// METHOD: splice sites are never filtered, and no term means all, as in the published model.
    fn wanted(&self, outputs: &[i32], terms: &[proto::OntologyTerm]) -> Result<Vec<Wanted<'_>>, Refusal> {
        for term in terms {
            crate::genome::ontology_curie(term)?;
        }
        let is_asked = |track: &Track| {
            let term = track
                .ontology_curie
                .as_deref()
                .and_then(|curie| ontology_message(curie).ok());
            term.is_some_and(|term| terms.contains(&term))
        };
        let outputs = self.model.outputs(outputs)?.into_iter();
        let wanted = outputs.filter_map(|output| {
            let set = self.model.card().tracks(output)?;
            let filtered = !terms.is_empty() && output != OutputType::SpliceSites;
            let columns = filtered.then(|| {
                let tracks = set.tracks.iter().enumerate();
                tracks
                    .filter(|(_, track)| is_asked(track))
                    .map(|(column, _)| column)
                    .collect()
            });
            Some(Wanted { set, columns })
        });
        Ok(wanted.collect())
    }

    /// Asks the model for whole windows of the outputs that have a track.
    ///
    /// * `window`: with the strand that the model reads. * `alternate`: with the variant that makes it.
    fn ask(
        &self,
        wanted: &[Wanted<'_>],
        (window, strand): (&Window, Strand),
        reference: &Sequence,
        alternate: Option<(&CheckedVariant, &Sequence)>,
        abandoned: Abandoned<'_>,
    ) -> Result<Answer, Refusal> {
        let mut outputs: Vec<OutputRequest> = wanted
            .iter()
            .filter(|wanted| wanted.columns.as_ref().is_none_or(|columns| !columns.is_empty()))
            .map(|wanted| OutputRequest {
                output: wanted.set.output,
                spans: BinSpan::all(window, wanted.set.resolution).into(),
            })
            .collect();
        let splicing = match alternate {
            Some((variant, _)) => {
                let annotation = self.model.annotation.as_deref();
                Splicing::of_predicted_variant(&mut outputs, window, variant, annotation)
            }
            None => Splicing::default(),
        };
        let query = Query {
            window,
            reference,
            alternates: alternate.map_or(&[], |(_, sequence)| std::slice::from_ref(sequence)),
            alignments: splicing.alignments(),
            known_sites: splicing.known_sites(),
            abandoned,
            outputs: &outputs,
        };
        super::score::one_answer(self.model, strand, query)
    }

    /// Sends the outputs in the order in which they were asked for.
    fn send<R: ChunkMessage>(
        &self,
        outputs: &Outputs,
        wanted: &[Wanted<'_>],
        place: &Place<'_>,
        outlet: &mut Outlet<R>,
        wrap: impl Fn(proto::Output) -> R,
    ) -> Result<(), Refusal> {
        for wanted in wanted {
            outlet.check()?;
            let output = wanted.set.output;
            let whole = |payload| {
                wrap(proto::Output {
                    output_type: output_message(output).into(),
                    payload: Some(payload),
                })
            };
            match output {
                OutputType::SpliceJunctions => send_junctions(outputs, wanted, place, outlet, whole)?,
                _ => self.send_tracks(outputs, wanted, place, outlet, whole)?,
            }
        }
        Ok(())
    }

    fn send_tracks<R: ChunkMessage>(
        &self,
        outputs: &Outputs,
        wanted: &Wanted<'_>,
        place: &Place<'_>,
        outlet: &mut Outlet<R>,
        whole: impl Fn(Payload) -> R,
    ) -> Result<(), Refusal> {
        let (output, resolution) = (wanted.set.output, wanted.set.resolution);
        let all = BinSpan::all(place.window, resolution);
        let messages = self.messages.tracks(output);
        let metadata: Vec<proto::TrackMetadata> = match &wanted.columns {
            None => messages.to_vec(),
            Some(columns) => columns.iter().map(|&column| messages[column].clone()).collect(),
        };
        let tracks = metadata.len();
        let header = |tensor| {
            whole(Payload::TrackData(proto::TrackData {
                values: Some(tensor),
                metadata,
                resolution: Some(resolution.bp().into()),
                interval: place.interval.cloned(),
            }))
        };
        let columns = wanted.columns.as_deref();
        let bins = all.len();
        let shape: &[usize] = match output {
            OutputType::ContactMaps => &[bins, bins, tracks],
            _ => &[bins, tracks],
        };
        if tracks == 0 {
            return outlet.send_array(shape, std::iter::empty(), None, header);
        }
        let missing = || missing(output);
        if output == OutputType::ContactMaps {
            let contacts = outputs.contacts().ok_or_else(missing)?;
            if contacts.columns().len() != bins {
                return Err(missing());
            }
            let rows = contacts.values().chunks_exact(wanted.set.tracks.len());
            return outlet.send_array(shape, rows, columns, header);
        }
        let values = outputs.get(output).ok_or_else(missing)?;
        let rows = values.rows(all).ok_or_else(missing)?;
        outlet.send_array(shape, rows, columns, header)
    }
}

fn missing(output: OutputType) -> Refusal {
    Refusal::Internal {
        what: format!("the model's prediction lacks bins of {output}"),
    }
}

/// Sends the junctions between all candidate sites of a strand that have a count in one of the tracks.
fn send_junctions<R: ChunkMessage>(
    outputs: &Outputs,
    wanted: &Wanted<'_>,
    place: &Place<'_>,
    outlet: &mut Outlet<R>,
    whole: impl Fn(Payload) -> R,
) -> Result<(), Refusal> {
    let tracks = wanted.tracks();
    let metadata: Vec<proto::JunctionMetadata> = tracks.iter().map(|track| junction_track_message(track)).collect();
    let columns = wanted.columns.as_deref();
    let found = match (tracks.is_empty(), outputs.junctions()) {
        (true, _) => Vec::new(),
        (false, Some(values)) => junctions(values, place.window, columns),
        (false, None) => return Err(missing(OutputType::SpliceJunctions)),
    };
    let message = |junction: &Junction<'_>| proto::Interval {
        chromosome: place.contig().to_owned(),
        start: junction.intron.bed_start().into(),
        end: junction.intron.bed_end().into(),
        strand: strand_message(Some(junction.strand)).into(),
    };
    let messages: Vec<proto::Interval> = found.iter().map(message).collect();
    let shape = [found.len(), tracks.len()];
    let rows = found.iter().map(|junction| junction.counts);
    outlet.send_array(&shape, rows, columns, |tensor| {
        whole(Payload::JunctionData(proto::JunctionData {
            values: Some(tensor),
            metadata,
            junctions: messages,
            interval: place.interval.cloned(),
        }))
    })
}

/// A junction and its counts in all tissues.
struct Junction<'a> {
    strand: Strand,
    intron: Interval,
    counts: &'a [f32],
}

/// Returns the junctions of both strands, `+` first, donors outside, acceptors inside.
///
/// METHOD: the intron of a pair is that of the published splice-junction scorer: it begins after the last base of the
/// exon before it and ends before the first base of the exon after it. Pairs whose counts are all 0 are left out.
fn junctions<'a>(values: &'a JunctionValues, window: &Window, columns: Option<&[usize]>) -> Vec<Junction<'a>> {
    let mut found = Vec::new();
    for (strand, donors, acceptors) in [
        (
            Strand::Forward,
            SpliceSiteClass::DonorForward,
            SpliceSiteClass::AcceptorForward,
        ),
        (
            Strand::Reverse,
            SpliceSiteClass::DonorReverse,
            SpliceSiteClass::AcceptorReverse,
        ),
    ] {
        for (donor, &donor_at) in values.sites(donors).iter().enumerate() {
            for (acceptor, &acceptor_at) in values.sites(acceptors).iter().enumerate() {
                let (before, after) = match strand {
                    Strand::Forward => (donor_at, acceptor_at),
                    Strand::Reverse => (acceptor_at, donor_at),
                };
                let bounds = window.position_of(before).zip(window.position_of(after));
                // One-based, the base before the intron is its 0-based start.
                let intron =
                    bounds.and_then(|(before, after)| Interval::from_bed(before.one_based(), after.zero_based()));
                let Some(intron) = intron.filter(|intron| !intron.is_empty()) else {
                    continue;
                };
                let Some(counts) = values.counts(strand, donor, acceptor) else {
                    continue;
                };
                let is_counted = match columns {
                    None => counts.iter().any(|&count| count != 0.0),
                    Some(columns) => columns.iter().any(|&column| counts[column] != 0.0),
                };
                if is_counted {
                    found.push(Junction { strand, intron, counts });
                }
            }
        }
    }
    found
}
