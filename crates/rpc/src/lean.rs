//! Answers to scoring with the tracks left unread: the same bytes as in [`crate::proto`], where a message and its bytes
//! have one form on the wire. 5,563 tracks in an answer are then slices of it, not 5,563 structs of strings.

use crate::proto::{GeneScorerMetadata, Interval, Tensor, TensorChunk, Variant};
use bytes::Bytes;

/// What scores are about, of a variant or an interval: field 1 is the one or the other.
pub(crate) trait About: prost::Message + Default + Clone + PartialEq {
    const FIELD: &'static str;
    fn text(&self) -> String;
}

impl About for Variant {
    const FIELD: &'static str = "the variant of an answer";

    fn text(&self) -> String {
        crate::genome::variant_text(self)
    }
}

impl About for Interval {
    const FIELD: &'static str = "the interval of an answer";

    fn text(&self) -> String {
        crate::genome::interval_text(self)
    }
}

macro_rules! lean {
    ($about:ty, $metadata:ident, $data:ident, $output:ident, $response:ident) => {
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $metadata {
            #[prost(message, optional, tag = "1")]
            pub(crate) about: Option<$about>,
            #[prost(bytes = "bytes", repeated, tag = "2")]
            pub(crate) tracks: Vec<Bytes>,
            #[prost(message, repeated, tag = "3")]
            pub(crate) genes: Vec<GeneScorerMetadata>,
        }

        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $data {
            #[prost(message, optional, tag = "1")]
            pub(crate) values: Option<Tensor>,
            #[prost(message, optional, tag = "2")]
            pub(crate) metadata: Option<$metadata>,
        }

        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $output {
            #[prost(message, optional, tag = "1")]
            pub(crate) data: Option<$data>,
        }

        /// The alternatives are two fields: on the wire a oneof is no more than that.
        #[derive(Clone, PartialEq, prost::Message)]
        pub(crate) struct $response {
            #[prost(message, optional, tag = "1")]
            pub(crate) output: Option<$output>,
            #[prost(message, optional, tag = "2")]
            pub(crate) chunk: Option<TensorChunk>,
        }

        impl Scored for $response {
            type About = $about;

            fn part(self) -> Part<$about> {
                match (self.output, self.chunk) {
                    (None, Some(chunk)) => Part::Chunk(chunk),
                    (Some(output), None) => {
                        let data = output.data.unwrap_or_default();
                        let metadata = data.metadata.unwrap_or_default();
                        Part::Output {
                            header: data.values,
                            about: metadata.about,
                            tracks: metadata.tracks,
                            genes: metadata.genes,
                        }
                    }
                    (None, None) | (Some(_), Some(_)) => Part::Empty,
                }
            }
        }
    };
}

/// A message of an answer to scoring.
pub(crate) trait Scored: prost::Message + Default + 'static {
    type About: About;

    fn part(self) -> Part<Self::About>;
}

/// What a message of an answer to scoring holds.
pub(crate) enum Part<A> {
    Empty,
    Chunk(TensorChunk),
    Output {
        header: Option<Tensor>,
        about: Option<A>,
        tracks: Vec<Bytes>,
        genes: Vec<GeneScorerMetadata>,
    },
}

lean!(Variant, VariantAbout, VariantScores, VariantOutput, VariantResponse);
lean!(
    Interval,
    IntervalAbout,
    IntervalScores,
    IntervalOutput,
    IntervalResponse
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto;
    use prost::Message as _;

    #[test]
    fn the_lean_answer_has_the_bytes_of_the_full_one() {
        let track = proto::TrackMetadata {
            name: "a".to_owned(),
            strand: 3,
            ..Default::default()
        };
        let full = proto::ScoreVariantResponse {
            payload: Some(proto::score_variant_response::Payload::Output(
                proto::ScoreVariantOutput {
                    variant_data: Some(proto::VariantData {
                        values: Some(proto::Tensor::default()),
                        metadata: Some(proto::VariantMetadata {
                            variant: Some(proto::Variant {
                                position: 7,
                                ..Default::default()
                            }),
                            track_metadata: vec![track.clone(), proto::TrackMetadata::default()],
                            gene_metadata: vec![proto::GeneScorerMetadata::default()],
                        }),
                    }),
                },
            )),
        };
        let bytes = full.encode_to_vec();
        let lean = VariantResponse::decode(bytes.as_slice()).unwrap();
        assert_eq!(lean.encode_to_vec(), bytes);
        let Part::Output { tracks, .. } = lean.part() else {
            panic!()
        };
        assert_eq!(tracks[0], track.encode_to_vec());
        assert_eq!(tracks.len(), 2);
    }
}
