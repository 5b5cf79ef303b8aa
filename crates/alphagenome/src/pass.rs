//! One sequence through the network, as far as somebody reads its outputs.
//!
//! METHOD: encoder and decoder are local, and no statistic is taken over the sequence. So the encoder runs piece by piece, each
//! with what it must see beside it; the tower runs over all tokens; the decoder runs where bases are wanted. An alternate
//! sequence shares with its reference every token out of reach of the change: its encoder runs over the rest only. Products do
//! not depend on how many rows they have, so all of this gives the bits of a run over the whole.

use crate::decoder;
use crate::encoder::{self, Encoded, REACH_BP, TOKEN_BP};
use crate::matrix::Matrix;
use crate::network::Network;
use crate::probe::Probe;
use crate::tower::Towered;
use refalt_core::Abandoned;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// Tokens of a piece of the encoder: its widest map then takes 100 MB.
const ENCODED_AT_ONCE: usize = 256;

/// Tokens of a piece of the decoder.
const DECODED_AT_ONCE: usize = 128;

/// Pieces of the decoder whose maps are kept from the encoder (7 MB for a piece's kb); of more, the encoder runs again.
const PIECES_KEPT: usize = 8;

/// Where bases are decoded: pieces of tokens, ascending, apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Pieces(Vec<Range<usize>>);

impl Pieces {
    /// Returns the pieces that cover spans of bases.
    ///
    /// * `spans`: ascending. * `tokens`: of the sequence.
    pub(crate) fn over(spans: impl Iterator<Item = Range<usize>>, tokens: usize) -> Self {
        let mut joined: Vec<Range<usize>> = Vec::new();
        for span in spans.filter(|span| !span.is_empty()) {
            let span = span.start / TOKEN_BP..span.end.div_ceil(TOKEN_BP).min(tokens);
            match joined.last_mut() {
                // What lies between is decoded in any case, as what two pieces must see beside them.
                Some(last) if span.start <= last.end + 2 * decoder::HALO_TOKENS => last.end = last.end.max(span.end),
                _ => joined.push(span),
            }
        }
        let cut = |span: Range<usize>| {
            let starts = span.clone().step_by(DECODED_AT_ONCE);
            starts.map(move |start| start..(start + DECODED_AT_ONCE).min(span.end))
        };
        Self(joined.into_iter().flat_map(cut).collect())
    }

    /// Returns the pieces.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Range<usize>> {
        self.0.iter().cloned()
    }
}

/// A stretch of tokens with as many beside it, as far as there are.
fn with_halo(stretch: &Range<usize>, halo: usize, tokens: usize) -> Range<usize> {
    stretch.start.saturating_sub(halo)..(stretch.end + halo).min(tokens)
}

/// What passes are run with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) network: &'a Network,
    pub(crate) probe: Probe<'a>,
    pub(crate) abandoned: Abandoned<'a>,
}

/// Nobody waits for the pass any more.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopped;

impl Context<'_> {
    /// Ends the work when nobody waits for it: asked between pieces and layers, which take seconds at most.
    fn go_on(self) -> Result<(), Stopped> {
        if self.abandoned.is_so() { Err(Stopped) } else { Ok(()) }
    }
}

/// A sequence after the tower.
pub(crate) struct Pass {
    bases: Arc<[u8]>,
    decoded: Pieces,
    /// Tokens before the tower, without the organism.
    encoded: Matrix,
    pub(crate) towered: Towered,
    /// Maps of the pieces of the decoder with their halo, by the first token of the piece.
    maps: BTreeMap<usize, Encoded>,
}

impl Pass {
    /// Runs encoder and tower.
    ///
    /// * `decoded`: where bases will be decoded, whose maps are kept if they are few.
    pub(crate) fn reference(context: Context<'_>, bases: &[u8], decoded: &Pieces) -> Result<Self, Stopped> {
        let count = bases.len() / TOKEN_BP;
        let mut encoded = Matrix::zeros(count, context.network.organism.len());
        let mut maps = BTreeMap::new();
        let mut next = 0;
        let encode = |stretch: Range<usize>, encoded: &mut Matrix| -> Result<(), Stopped> {
            for start in stretch.clone().step_by(ENCODED_AT_ONCE) {
                let stretch = start..(start + ENCODED_AT_ONCE).min(stretch.end);
                let made = encode_stretch(context, bases, &stretch)?;
                encoded.overwrite(stretch.start, &made.tokens.values);
            }
            Ok(())
        };
        if decoded.0.len() <= PIECES_KEPT {
            for piece in decoded.iter() {
                let seen = with_halo(&piece, decoder::HALO_TOKENS, count);
                encode(next..seen.start.max(next), &mut encoded)?;
                let made = encode_stretch(context, bases, &seen)?;
                encoded.overwrite(seen.start, &made.tokens.values);
                next = seen.end;
                maps.insert(piece.start, made);
            }
        }
        encode(next..count, &mut encoded)?;
        let towered = run_tower(context, &encoded)?;
        Ok(Self {
            bases: bases.into(),
            decoded: decoded.clone(),
            encoded,
            towered,
            maps,
        })
    }

    /// Returns the pass when it is one of these bases, ready to be decoded elsewhere.
    pub(crate) fn again(self, bases: &[u8], decoded: &Pieces) -> Option<Self> {
        if *self.bases != *bases {
            return None;
        }
        if self.decoded == *decoded {
            return Some(self);
        }
        // The maps are those of other pieces; those of the new ones are made when they are decoded.
        Some(Self {
            decoded: decoded.clone(),
            maps: BTreeMap::new(),
            ..self
        })
    }

    /// Runs encoder and tower for another sequence of the same length, as far as it is another; `None` when it is the same.
    pub(crate) fn alternate(&self, context: Context<'_>, bases: &[u8]) -> Result<Option<Self>, Stopped> {
        let Some(changed) = changed_tokens(&self.bases, bases) else {
            return Ok(None);
        };
        let mut encoded = self.encoded.clone();
        let mut maps = self.maps.clone();
        for start in changed.clone().step_by(ENCODED_AT_ONCE) {
            let stretch = start..(start + ENCODED_AT_ONCE).min(changed.end);
            let made = encode_stretch(context, bases, &stretch)?;
            encoded.overwrite(stretch.start, &made.tokens.values);
            for (&first, kept) in &mut maps {
                let seen = first.saturating_sub(decoder::HALO_TOKENS);
                let common = stretch.start.max(seen)..stretch.end.min(seen + kept.tokens.rows);
                if common.start < common.end {
                    let part = made.part(common.start - stretch.start, common.len());
                    kept.overwrite_maps(common.start - seen, &part);
                }
            }
        }
        let towered = run_tower(context, &encoded)?;
        Ok(Some(Self {
            bases: bases.into(),
            decoded: self.decoded.clone(),
            encoded,
            towered,
            maps,
        }))
    }

    /// Drops all but what [`decode`](Self::decode) needs to make the rest again.
    pub(crate) fn forget(mut self) -> Self {
        self.maps.clear();
        self.encoded = Matrix::default();
        self.towered.pairs = Matrix::default();
        self
    }

    /// Returns the embeddings of tokens.
    pub(crate) fn tokens(&self, context: Context<'_>, stretch: Range<usize>) -> Matrix {
        context.network.of_tokens.tokens(&self.towered.tokens.part(stretch))
    }

    /// Returns the decoded bases of a piece: one row for each, from the first base of its first token on.
    pub(crate) fn decode(&self, context: Context<'_>, piece: &Range<usize>) -> Result<Decoded, Stopped> {
        context.go_on()?;
        let network = context.network;
        let count = self.towered.tokens.rows;
        let seen = with_halo(piece, decoder::HALO_TOKENS, count);
        let made;
        let maps = match self.maps.get(&piece.start) {
            Some(kept) if kept.tokens.rows == seen.len() => &kept.maps,
            _ => {
                let context = Context {
                    probe: Probe::NONE,
                    ..context
                };
                made = encode_stretch(context, &self.bases, &seen)?;
                &made.maps
            }
        };
        let tokens = self.towered.tokens.part(seen.clone());
        let rows = network.decoder.decode(&tokens, maps, context.probe);
        let first = (piece.start - seen.start) * TOKEN_BP;
        Ok(Decoded {
            rows: rows.part(first..first + piece.len() * TOKEN_BP),
            terms: network.of_bases.terms_of_tokens(&self.tokens(context, piece.clone())),
            first_base: piece.start * TOKEN_BP,
        })
    }
}

/// Bases after the decoder.
pub(crate) struct Decoded {
    rows: Matrix,
    /// What their tokens add to their embeddings.
    terms: Matrix,
    first_base: usize,
}

impl Decoded {
    /// Returns the embeddings of bases, which lie in the piece.
    pub(crate) fn embed(&self, context: Context<'_>, bases: Range<usize>) -> Matrix {
        let offset = bases.start - self.first_base;
        let rows = self.rows.part(offset..offset + bases.len());
        context.network.of_bases.bases(&rows, offset, &self.terms)
    }
}

fn run_tower(context: Context<'_>, encoded: &Matrix) -> Result<Towered, Stopped> {
    let Context { network, probe, .. } = context;
    let mut tokens = encoded.clone();
    crate::elementwise::for_rows(&mut tokens.values, network.organism.len(), |_, row| {
        for (value, &organism) in row.iter_mut().zip(&network.organism) {
            *value += organism;
        }
    });
    network.tower.run(tokens, probe, || context.go_on())
}

/// Encodes a stretch of tokens as within the whole sequence.
fn encode_stretch(context: Context<'_>, bases: &[u8], stretch: &Range<usize>) -> Result<Encoded, Stopped> {
    context.go_on()?;
    let Context { network, probe, .. } = context;
    let seen = with_halo(stretch, encoder::HALO_TOKENS, bases.len() / TOKEN_BP);
    let bases = &bases[seen.start * TOKEN_BP..seen.end * TOKEN_BP];
    let made = network.encoder.encode(bases, probe);
    if seen == *stretch {
        return Ok(made);
    }
    Ok(made.part(stretch.start - seen.start, stretch.len()))
}

/// Returns the tokens that a change of bases can reach, `None` when no base differs.
fn changed_tokens(reference: &[u8], alternate: &[u8]) -> Option<Range<usize>> {
    let differs = |(one, other): (&u8, &u8)| one != other;
    let pairs = || reference.iter().zip(alternate);
    let first = pairs().position(differs)?;
    let last = pairs().rposition(differs)?;
    let tokens = reference.len() / TOKEN_BP;
    Some(first.saturating_sub(REACH_BP) / TOKEN_BP..((last + REACH_BP) / TOKEN_BP + 1).min(tokens))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_spans_and_are_apart() {
        let over = |spans: &[[usize; 2]]| -> Vec<[usize; 2]> {
            let spans = spans.iter().map(|&[start, end]| start..end);
            Pieces::over(spans, 1000)
                .iter()
                .map(|piece| [piece.start, piece.end])
                .collect()
        };
        assert_eq!(over(&[[0, 1], [5, 5]]), [[0, 1]]);
        // 13 tokens between the two, one more than both must see beside them; then 12.
        assert_eq!(over(&[[0, 128], [14 * 128, 14 * 128 + 1]]), [[0, 1], [14, 15]]);
        assert_eq!(over(&[[0, 128], [13 * 128, 13 * 128 + 1]]), [[0, 14]]);
        assert_eq!(over(&[[0, 200 * 128]]), [[0, 128], [128, 200]]);
    }

    #[test]
    fn a_change_reaches_513_bases() {
        let reference = vec![b'A'; 1280];
        let changed = |at: usize| {
            let mut alternate = reference.clone();
            alternate[at] = b'C';
            changed_tokens(&reference, &alternate)
        };
        // 640 - 513 = 127 lies in token 0, 641 - 513 = 128 in token 1; 640 + 513 = 1153 in token 9.
        assert_eq!([changed(640), changed(641)], [Some(0..10), Some(1..10)]);
        assert_eq!(changed(638), Some(0..9));
        assert_eq!(changed_tokens(&reference, &reference), None);
    }
}
