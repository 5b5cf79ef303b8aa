//! The bytes of an answer.
//!
//! A protobuf message of this crate's own, in one zstd frame. Scores are laid out as byte planes (all first bytes, all
//! second bytes, ...), because signs and exponents of neighbouring scores are alike and their last bytes are noise. Each
//! score keeps its 32 bits, of NaN, too. The tracks are kept once, under their digest.

use crate::answer::ScoredTracks;
use crate::proto;
use prost::Message as _;
use refalt_core::scorer::{GeneRow, ScoreRows, ScoredGene};
use refalt_core::{Interval, OutputType, Strand, Track, TrackSet};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;

/// Level of zstd: the fastest; higher ones gain next to nothing on floats.
const LEVEL: i32 = 1;

/// The digest of a list of tracks.
pub(super) type TracksKey = [u8; 32];

#[derive(Clone, PartialEq, prost::Message)]
struct StoredScores {
    #[prost(string, tag = "1")]
    output: String,
    #[prost(bytes = "vec", tag = "2")]
    tracks: Vec<u8>,
    #[prost(bool, tag = "3")]
    by_gene: bool,
    #[prost(message, repeated, tag = "4")]
    genes: Vec<StoredGene>,
    #[prost(bytes = "vec", tag = "5")]
    raw: Vec<u8>,
    #[prost(bytes = "vec", optional, tag = "6")]
    quantile: Option<Vec<u8>>,
    /// The window in which it was scored, where the answer and not the question says it.
    #[prost(message, optional, tag = "7")]
    window: Option<proto::Interval>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredGene {
    #[prost(string, tag = "1")]
    id: String,
    #[prost(string, optional, tag = "2")]
    name: Option<String>,
    #[prost(string, optional, tag = "3")]
    biotype: Option<String>,
    #[prost(enumeration = "StoredStrand", tag = "4")]
    strand: i32,
    /// Junction (0-based, half-open), both or none.
    #[prost(uint32, optional, tag = "5")]
    junction_start: Option<u32>,
    #[prost(uint32, optional, tag = "6")]
    junction_end: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
enum StoredStrand {
    None = 0,
    Forward = 1,
    Reverse = 2,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredTracks {
    #[prost(message, repeated, tag = "1")]
    tracks: Vec<StoredTrack>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct StoredTrack {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(enumeration = "StoredStrand", tag = "2")]
    strand: i32,
    #[prost(string, optional, tag = "3")]
    assay_title: Option<String>,
    #[prost(string, optional, tag = "4")]
    ontology_curie: Option<String>,
    #[prost(string, optional, tag = "5")]
    biosample_name: Option<String>,
    #[prost(string, optional, tag = "6")]
    biosample_type: Option<String>,
    #[prost(string, optional, tag = "7")]
    biosample_life_stage: Option<String>,
    #[prost(string, optional, tag = "8")]
    data_source: Option<String>,
    #[prost(string, optional, tag = "9")]
    endedness: Option<String>,
    #[prost(bool, optional, tag = "10")]
    genetically_modified: Option<bool>,
    #[prost(string, optional, tag = "11")]
    transcription_factor: Option<String>,
    #[prost(string, optional, tag = "12")]
    histone_mark: Option<String>,
    #[prost(string, optional, tag = "13")]
    gtex_tissue: Option<String>,
    #[prost(float, optional, tag = "14")]
    nonzero_mean: Option<f32>,
    #[prost(uint32, optional, tag = "15")]
    channel_index: Option<u32>,
}

fn stored_strand(strand: Option<Strand>) -> i32 {
    let stored = match strand {
        None => StoredStrand::None,
        Some(Strand::Forward) => StoredStrand::Forward,
        Some(Strand::Reverse) => StoredStrand::Reverse,
    };
    stored.into()
}

fn strand(stored: i32) -> Option<Option<Strand>> {
    Some(match StoredStrand::try_from(stored).ok()? {
        StoredStrand::None => None,
        StoredStrand::Forward => Some(Strand::Forward),
        StoredStrand::Reverse => Some(Strand::Reverse),
    })
}

/// Writes a list of tracks; its digest is its name.
pub(super) fn encode_tracks(tracks: &[Track]) -> (TracksKey, Vec<u8>) {
    let stored = tracks.iter().map(|track| StoredTrack {
        name: track.name.clone(),
        strand: stored_strand(track.strand),
        assay_title: track.assay_title.clone(),
        ontology_curie: track.ontology_curie.clone(),
        biosample_name: track.biosample_name.clone(),
        biosample_type: track.biosample_type.clone(),
        biosample_life_stage: track.biosample_life_stage.clone(),
        data_source: track.data_source.clone(),
        endedness: track.endedness.clone(),
        genetically_modified: track.genetically_modified,
        transcription_factor: track.transcription_factor.clone(),
        histone_mark: track.histone_mark.clone(),
        gtex_tissue: track.gtex_tissue.clone(),
        nonzero_mean: track.nonzero_mean,
        channel_index: track.channel_index,
    });
    let bytes = StoredTracks {
        tracks: stored.collect(),
    }
    .encode_to_vec();
    (Sha256::digest(&bytes).into(), bytes)
}

/// Reads a list of tracks; `None` when the bytes are not those of the digest.
pub(super) fn decode_tracks(key: &TracksKey, bytes: &[u8]) -> Option<Arc<[Track]>> {
    if Sha256::digest(bytes)[..] != key[..] {
        return None;
    }
    let track = |stored: StoredTrack| {
        Some(Track {
            strand: strand(stored.strand)?,
            name: stored.name,
            assay_title: stored.assay_title,
            ontology_curie: stored.ontology_curie,
            biosample_name: stored.biosample_name,
            biosample_type: stored.biosample_type,
            biosample_life_stage: stored.biosample_life_stage,
            data_source: stored.data_source,
            endedness: stored.endedness,
            genetically_modified: stored.genetically_modified,
            transcription_factor: stored.transcription_factor,
            histone_mark: stored.histone_mark,
            gtex_tissue: stored.gtex_tissue,
            nonzero_mean: stored.nonzero_mean,
            channel_index: stored.channel_index,
        })
    };
    let stored = StoredTracks::decode(bytes).ok()?;
    stored.tracks.into_iter().map(track).collect()
}

/// Lays scores out as byte planes.
fn planes(values: &[f32]) -> Vec<u8> {
    let mut planes = vec![0; 4 * values.len()];
    for (plane, bytes) in planes.chunks_exact_mut(values.len().max(1)).enumerate() {
        for (byte, value) in bytes.iter_mut().zip(values) {
            *byte = value.to_bits().to_be_bytes()[plane];
        }
    }
    planes
}

fn values(planes: &[u8]) -> Option<Vec<f32>> {
    let count = planes.len() / 4;
    if planes.len() != 4 * count {
        return None;
    }
    let (first, rest) = planes.split_at(count);
    let (second, rest) = rest.split_at(count);
    let (third, fourth) = rest.split_at(count);
    let bytes = first.iter().zip(second).zip(third.iter().zip(fourth));
    Some(
        bytes
            .map(|((&a, &b), (&c, &d))| f32::from_bits(u32::from_be_bytes([a, b, c, d])))
            .collect(),
    )
}

/// Writes an answer.
///
/// * `tracks`: the digest of its tracks.
/// * `window`: the window that the answer states, if it does.
pub(super) fn encode(
    scored: &ScoredTracks,
    tracks: &TracksKey,
    window: Option<&proto::Interval>,
) -> std::io::Result<Vec<u8>> {
    let gene = |row: &GeneRow| StoredGene {
        id: row.gene.id.to_string(),
        name: row.gene.name.as_deref().map(str::to_owned),
        biotype: row.gene.biotype.as_deref().map(str::to_owned),
        strand: stored_strand(row.gene.strand),
        junction_start: row.junction.map(Interval::bed_start),
        junction_end: row.junction.map(Interval::bed_end),
    };
    let (by_gene, genes) = match &scored.rows {
        ScoreRows::One => (false, Vec::new()),
        ScoreRows::Genes(rows) => (true, rows.iter().map(gene).collect()),
    };
    let stored = StoredScores {
        output: scored.tracks.output.name().to_owned(),
        tracks: tracks.to_vec(),
        by_gene,
        genes,
        raw: planes(&scored.raw),
        quantile: scored.quantile.as_deref().map(planes),
        window: window.cloned(),
    };
    zstd::bulk::compress(&stored.encode_to_vec(), LEVEL)
}

/// An answer without its tracks.
pub(super) struct Decoded {
    pub(super) tracks: TracksKey,
    /// The window that the answer stated.
    pub(super) window: Option<proto::Interval>,
    output: OutputType,
    rows: ScoreRows,
    raw: Vec<f32>,
    quantile: Option<Vec<f32>>,
}

/// Reads an answer; `None` when the bytes are none.
pub(super) fn decode(bytes: &[u8]) -> Option<Decoded> {
    let stored = StoredScores::decode(zstd::decode_all(bytes).ok()?.as_slice()).ok()?;
    let gene = |stored: StoredGene| {
        let junction = match (stored.junction_start, stored.junction_end) {
            (None, None) => None,
            (Some(start), Some(end)) => Some(Interval::from_bed(start, end)?),
            _ => return None,
        };
        Some(GeneRow {
            gene: Arc::new(ScoredGene {
                id: stored.id.into(),
                name: stored.name.map(Into::into),
                biotype: stored.biotype.map(Into::into),
                strand: strand(stored.strand)?,
            }),
            junction,
        })
    };
    let rows = if stored.by_gene {
        ScoreRows::Genes(stored.genes.into_iter().map(gene).collect::<Option<_>>()?)
    } else {
        ScoreRows::One
    };
    let quantile = match stored.quantile {
        None => None,
        Some(planes) => Some(values(&planes)?),
    };
    Some(Decoded {
        tracks: stored.tracks.try_into().ok()?,
        window: stored.window,
        output: OutputType::from_name(&stored.output)?,
        rows,
        raw: values(&stored.raw)?,
        quantile,
    })
}

impl Decoded {
    /// Puts the tracks beside the scores; `None` when they do not fit.
    pub(super) fn with(self, tracks: Arc<[Track]>) -> Option<ScoredTracks> {
        let size = self.rows.len() * tracks.len();
        let fits = self.raw.len() == size && self.quantile.as_ref().is_none_or(|quantile| quantile.len() == size);
        fits.then(|| ScoredTracks {
            tracks: TrackSet {
                output: self.output,
                resolution: self.output.resolution(),
                tracks,
            },
            rows: self.rows,
            raw: self.raw,
            quantile: self.quantile,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tracks(count: usize) -> Arc<[Track]> {
        (0..count)
            .map(|index| Track {
                name: format!("track {index}"),
                strand: [None, Some(Strand::Forward), Some(Strand::Reverse)][index % 3],
                gtex_tissue: (index % 2 == 0).then(String::new),
                nonzero_mean: (index % 4 == 1).then_some(0.25),
                genetically_modified: (index % 5 == 0).then_some(false),
                ..Track::default()
            })
            .collect()
    }

    pub(crate) fn scored(rows: ScoreRows, raw: Vec<f32>, quantile: Option<Vec<f32>>, of: usize) -> ScoredTracks {
        ScoredTracks {
            tracks: TrackSet {
                output: OutputType::RnaSeq,
                resolution: OutputType::RnaSeq.resolution(),
                tracks: tracks(of),
            },
            rows,
            raw,
            quantile,
        }
    }

    fn back(scored: &ScoredTracks) -> ScoredTracks {
        let (key, bytes) = encode_tracks(&scored.tracks.tracks);
        let decoded = decode(&encode(scored, &key, None).unwrap()).unwrap();
        let tracks = decode_tracks(&decoded.tracks, &bytes).unwrap();
        decoded.with(tracks).unwrap()
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    proptest! {
        #[test]
        fn every_bit_comes_back(
            bits_in in prop::collection::vec(any::<u32>(), 0..200),
            with_quantile in any::<bool>(),
            junction in prop::option::of((0_u32..1000, 0_u32..1000)),
        ) {
            let of = 4;
            let rows = bits_in.len() / of;
            let raw: Vec<f32> = bits_in[..rows * of].iter().map(|&bits| f32::from_bits(bits)).collect();
            let gene = |number: usize| GeneRow {
                gene: Arc::new(ScoredGene {
                    id: format!("ENSG{number}.1").into(),
                    name: number.is_multiple_of(2).then(|| "NAME".into()),
                    biotype: None,
                    strand: [None, Some(Strand::Forward), Some(Strand::Reverse)][number % 3],
                }),
                junction: junction.and_then(|(start, length)| Interval::from_bed(start, start + length)),
            };
            let rows = ScoreRows::Genes((0..rows).map(gene).collect());
            let quantile = with_quantile.then(|| raw.iter().map(|value| -value).collect());
            let scored = scored(rows, raw, quantile, of);
            let back = back(&scored);
            prop_assert_eq!(bits(&back.raw), bits(&scored.raw));
            prop_assert_eq!(back.quantile.as_deref().map(bits), scored.quantile.as_deref().map(bits));
            prop_assert_eq!(&back.rows, &scored.rows);
            prop_assert_eq!(&back.tracks, &scored.tracks);
        }

        #[test]
        fn bytes_that_are_no_answer_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(decode(&bytes).is_none());
        }
    }

    #[test]
    fn a_row_without_gene_and_no_rows_at_all_are_told_apart() {
        let one = scored(ScoreRows::One, vec![f32::NAN, 1.0], None, 2);
        assert_eq!(bits(&back(&one).raw), bits(&one.raw));
        assert_eq!(back(&one).rows, ScoreRows::One);
        let none = scored(ScoreRows::Genes(Vec::new()), Vec::new(), Some(Vec::new()), 2);
        assert_eq!(back(&none), none);
    }

    #[test]
    fn scores_that_do_not_fit_their_tracks_are_refused() {
        let scored = scored(ScoreRows::One, vec![1.0; 3], None, 3);
        let (key, _) = encode_tracks(&scored.tracks.tracks);
        let decoded = || decode(&encode(&scored, &key, None).unwrap()).unwrap();
        assert!(decoded().with(tracks(4)).is_none());
        assert!(decoded().with(tracks(3)).is_some());
        assert!(decode_tracks(&key, b"").is_none());
    }
}
