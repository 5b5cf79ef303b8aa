//! Every message in the official client's encoding is read and written to the same bytes.

use prost::Message;
use refalt_rpc::proto::{atlas, v1main};

fn same<M: Message + Default>(bytes: &[u8]) -> Vec<u8> {
    M::decode(bytes).unwrap().encode_to_vec()
}

macro_rules! by_name {
    ($name:expr, $bytes:expr, { $($text:literal => $type:ty,)* }) => {
        match $name {
            $($text => same::<$type>($bytes),)*
            other => panic!("no message {other}"),
        }
    };
}

fn again(name: &str, bytes: &[u8]) -> Vec<u8> {
    by_name!(name, bytes, {
        "Tensor" => v1main::Tensor,
        "TensorChunk" => v1main::TensorChunk,
        "Interval" => v1main::Interval,
        "Variant" => v1main::Variant,
        "OntologyTerm" => v1main::OntologyTerm,
        "Biosample" => v1main::Biosample,
        "GeneScorerMetadata" => v1main::GeneScorerMetadata,
        "TrackMetadata" => v1main::TrackMetadata,
        "TracksMetadata" => v1main::TracksMetadata,
        "JunctionMetadata" => v1main::JunctionMetadata,
        "JunctionsMetadata" => v1main::JunctionsMetadata,
        "TrackData" => v1main::TrackData,
        "JunctionData" => v1main::JunctionData,
        "IntervalMetadata" => v1main::IntervalMetadata,
        "IntervalData" => v1main::IntervalData,
        "VariantMetadata" => v1main::VariantMetadata,
        "VariantData" => v1main::VariantData,
        "Output" => v1main::Output,
        "ScoreIntervalOutput" => v1main::ScoreIntervalOutput,
        "ScoreVariantOutput" => v1main::ScoreVariantOutput,
        "GeneMaskIntervalScorer" => v1main::GeneMaskIntervalScorer,
        "IntervalScorer" => v1main::IntervalScorer,
        "CenterMaskScorer" => v1main::CenterMaskScorer,
        "GeneMaskLFCScorer" => v1main::GeneMaskLfcScorer,
        "GeneMaskActiveScorer" => v1main::GeneMaskActiveScorer,
        "GeneMaskSplicingScorer" => v1main::GeneMaskSplicingScorer,
        "PolyadenylationScorer" => v1main::PolyadenylationScorer,
        "SpliceJunctionScorer" => v1main::SpliceJunctionScorer,
        "ContactMapScorer" => v1main::ContactMapScorer,
        "VariantScorer" => v1main::VariantScorer,
        "OutputMetadata" => v1main::OutputMetadata,
        "PredictSequenceRequest" => v1main::PredictSequenceRequest,
        "PredictSequenceResponse" => v1main::PredictSequenceResponse,
        "PredictIntervalRequest" => v1main::PredictIntervalRequest,
        "PredictIntervalResponse" => v1main::PredictIntervalResponse,
        "PredictVariantRequest" => v1main::PredictVariantRequest,
        "PredictVariantResponse" => v1main::PredictVariantResponse,
        "ScoreIntervalRequest" => v1main::ScoreIntervalRequest,
        "ScoreIntervalResponse" => v1main::ScoreIntervalResponse,
        "ScoreVariantRequest" => v1main::ScoreVariantRequest,
        "ScoreVariantResponse" => v1main::ScoreVariantResponse,
        "ScoreIsmVariantRequest" => v1main::ScoreIsmVariantRequest,
        "ScoreIsmVariantResponse" => v1main::ScoreIsmVariantResponse,
        "MetadataRequest" => v1main::MetadataRequest,
        "MetadataResponse" => v1main::MetadataResponse,
        "atlas.VariantScorerInfo" => atlas::v1main::VariantScorerInfo,
        "atlas.GeneScorersMetadata" => atlas::v1main::GeneScorersMetadata,
        "atlas.Metadata" => atlas::v1main::Metadata,
        "atlas.DenseVariantScore" => atlas::v1main::DenseVariantScore,
        "atlas.DenseVariantScores" => atlas::v1main::DenseVariantScores,
        "atlas.VariantScorerMetadata" => atlas::v1main::VariantScorerMetadata,
        "atlas.ListDenseVariantScoresRequest" => atlas::v1main::ListDenseVariantScoresRequest,
        "atlas.ListDenseVariantScoresResponse" => atlas::v1main::ListDenseVariantScoresResponse,
        "atlas.GetDenseVariantScoresRequest" => atlas::v1main::GetDenseVariantScoresRequest,
        "atlas.ListVariantScoresMetadataRequest" => atlas::v1main::ListVariantScoresMetadataRequest,
        "atlas.ListVariantScoresMetadataResponse" => atlas::v1main::ListVariantScoresMetadataResponse,
    })
}

#[test]
fn messages_of_the_official_client_come_back_byte_for_byte() {
    let mut count = 0;
    for line in crate::data("messages.tsv").lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        let name = cells[0].strip_prefix("google.gdm.gdmscience.alphagenome.").unwrap();
        let name = name
            .strip_prefix("v1main.")
            .map_or_else(|| name.replace("atlas.v1main.", "atlas."), str::to_owned);
        let bytes = crate::bytes_of(cells[2]);
        assert_eq!(again(&name, &bytes), bytes, "{name}, {}", cells[1]);
        count += 1;
    }
    assert_eq!(count, 74);
}
