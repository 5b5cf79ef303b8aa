//! From a pass to the outputs of the bins that are asked for.

use super::Failure;
use super::junctions::Sites;
use super::range;
use crate::matrix::Matrix;
use crate::network::Head;
use crate::pass::{Context, Pass, Pieces};
use refalt_core::{BinSpan, ContactValues, OutputType, Outputs, Query, Resolution, TrackValues};
use std::ops::Range;

/// Outputs, junctions still missing.
#[derive(Clone)]
pub(super) struct Assembled {
    tracks: Vec<TrackValues>,
    contacts: Option<ContactValues>,
}

impl Assembled {
    /// Predicts what the query asks for, and lets `sites` see the splice sites on the way.
    ///
    /// # Errors
    /// Why values do not make a prediction, which no check before would have let pass.
    pub(super) fn of(
        context: Context<'_>,
        pass: &Pass,
        query: &Query<'_>,
        decoded: &Pieces,
        mut sites: Option<Sites>,
    ) -> Result<(Self, Option<Sites>), Failure> {
        let network = context.network;
        let mut tracks = Vec::new();
        let mut contacts = None;
        let mut by_base: Vec<(usize, Vec<f32>)> = Vec::new();
        for (index, request) in query.outputs.iter().enumerate() {
            let Some((set, head)) = network.head(request.output) else {
                continue;
            };
            match (head, set.resolution) {
                (Head::Junctions(_), _) => {}
                (Head::Contacts(head), _) => {
                    let pairs = network.of_pairs.apply(&pass.towered.pairs);
                    let values = head.predict(&pairs);
                    let all = BinSpan::all(query.window, set.resolution);
                    let mut wanted = Vec::with_capacity(all.len() * request.spans.len() * values.width);
                    for row in 0..all.len() {
                        for span in request.spans.as_slice() {
                            wanted.extend_from_slice(
                                values.slice(row * all.len() + span.start()..row * all.len() + span.end()),
                            );
                        }
                    }
                    let made = ContactValues::new(set.clone(), all, request.spans.clone(), wanted);
                    contacts = Some(made.map_err(Failure::shape)?);
                }
                (Head::Tracks(head), Resolution::BP_128) => {
                    let mut values = Vec::with_capacity(request.spans.len() * set.tracks.len());
                    for span in request.spans.as_slice() {
                        values.extend(head.predict(&pass.tokens(context, range(span))).values);
                    }
                    let made = TrackValues::new(set.clone(), request.spans.clone(), values);
                    tracks.push(made.map_err(Failure::shape)?);
                }
                _ => by_base.push((index, Vec::with_capacity(request.spans.len() * set.tracks.len()))),
            }
        }
        for piece in decoded.iter() {
            let bases = pass.decode(context, &piece)?;
            let whole = piece.start * crate::encoder::TOKEN_BP..piece.end * crate::encoder::TOKEN_BP;
            // Spans of several outputs often are the same: embeddings of one are kept for the next.
            let mut last: Option<(Range<usize>, Matrix)> = None;
            for (index, values) in &mut by_base {
                let request = &query.outputs[*index];
                for span in request.spans.as_slice() {
                    let common = span.start().max(whole.start)..span.end().min(whole.end);
                    if common.start >= common.end {
                        continue;
                    }
                    let rows = embedded(&mut last, &common, || bases.embed(context, common.clone()));
                    let predicted = match network.head(request.output) {
                        Some((_, Head::Tracks(head))) => head.predict(rows),
                        Some((_, Head::Sites(head))) => head.predict(rows),
                        Some((_, Head::Usage(head))) => head.predict(rows),
                        _ => continue,
                    };
                    values.extend(predicted.values);
                }
            }
            if let (Some(sites), Some((_, Head::Sites(head)))) = (&mut sites, network.head(OutputType::SpliceSites)) {
                for common in sites.within(&whole) {
                    let rows = embedded(&mut last, &common, || bases.embed(context, common.clone()));
                    sites.see(common.start, &head.predict(rows), rows);
                }
            }
        }
        for (index, values) in by_base {
            let request = &query.outputs[index];
            let Some((set, _)) = network.head(request.output) else {
                continue;
            };
            let made = TrackValues::new(set.clone(), request.spans.clone(), values);
            tracks.push(made.map_err(Failure::shape)?);
        }
        Ok((Self { tracks, contacts }, sites))
    }

    /// Returns the outputs, without junctions.
    pub(super) fn into_outputs(self) -> Outputs {
        let outputs = Outputs::new(self.tracks);
        match self.contacts {
            Some(contacts) => outputs.with_contacts(contacts),
            None => outputs,
        }
    }
}

/// Returns the embeddings of some bases: those that were made last, if they are of the same, or made ones.
fn embedded<'a>(
    last: &'a mut Option<(Range<usize>, Matrix)>,
    wanted: &Range<usize>,
    make: impl FnOnce() -> Matrix,
) -> &'a Matrix {
    last.take_if(|(range, _)| range != wanted);
    &last.get_or_insert_with(|| (wanted.clone(), make())).1
}
