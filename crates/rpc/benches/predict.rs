//! Decoding of predictions over loopback: `cargo bench -p refalt-rpc --bench predict`.
//!
//! A service that has its messages ready answers `PredictVariant` over a megabase for 500 tracks of 1 bp (`TRACKS` says
//! another number): 1,048,576 x 500 for each allele, 70 % zeros, in chunks of 1 MiB. What is timed is the client: network,
//! decoding, widening to 32-bit floats, checks. The values take 4.2 GB of memory for 500 tracks.
#![allow(clippy::unwrap_used, reason = "a benchmark stops where an expectation fails")]
#![allow(clippy::print_stdout, reason = "a benchmark says what it measured")]

use refalt_core::stats::{Purpose, RandomStream};
use refalt_core::{Alternate, ContigName, Dna, InMemoryReference, OutputType, Position, Variant, Window, check};
use refalt_rpc::answer::PredictedOutput;
use refalt_rpc::client::{Place, Requested};
use refalt_rpc::proto::{self, dna_model_service_server as server, predict_variant_response::Payload};
use refalt_rpc::tensor::{Array, Encoding, Packing, Values, encode};
use refalt_rpc::{Address, Client, ClientOptions};
use std::num::{NonZeroU32, NonZeroUsize};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;
use tonic::codegen::tokio_stream::{self, Stream};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

const BP: usize = 1_048_576;

type Answer<R> = Pin<Box<dyn Stream<Item = Result<R, Status>> + Send>>;

/// Messages that are ready.
struct Ready(Arc<Vec<proto::PredictVariantResponse>>);

macro_rules! unimplemented_methods {
    ($($name:ident, $stream:ident, $request:ident, $response:ident);+ $(;)?) => {
        #[tonic::async_trait]
        impl server::DnaModelService for Ready {
            type PredictVariantStream = Answer<proto::PredictVariantResponse>;
            type GetMetadataStream = Answer<proto::MetadataResponse>;
            $(type $stream = Answer<proto::$response>;)+

            $(async fn $name(
                &self,
                _request: Request<Streaming<proto::$request>>,
            ) -> Result<Response<Self::$stream>, Status> {
                Err(Status::unimplemented("not for this benchmark"))
            })+

            async fn get_metadata(
                &self,
                _request: Request<proto::MetadataRequest>,
            ) -> Result<Response<Self::GetMetadataStream>, Status> {
                Err(Status::unimplemented("not for this benchmark"))
            }

            async fn predict_variant(
                &self,
                _request: Request<Streaming<proto::PredictVariantRequest>>,
            ) -> Result<Response<Self::PredictVariantStream>, Status> {
                let messages = Arc::clone(&self.0);
                let each = (0..messages.len()).map(move |index| Ok(messages[index].clone()));
                Ok(Response::new(Box::pin(tokio_stream::iter(each))))
            }
        }
    };
}

unimplemented_methods! {
    predict_sequence, PredictSequenceStream, PredictSequenceRequest, PredictSequenceResponse;
    predict_interval, PredictIntervalStream, PredictIntervalRequest, PredictIntervalResponse;
    score_interval, ScoreIntervalStream, ScoreIntervalRequest, ScoreIntervalResponse;
    score_variant, ScoreVariantStream, ScoreVariantRequest, ScoreVariantResponse;
    score_ism_variant, ScoreIsmVariantStream, ScoreIsmVariantRequest, ScoreIsmVariantResponse;
}

fn messages(array: &Array, tracks: usize, encoding: Encoding) -> Vec<proto::PredictVariantResponse> {
    let sent = encode(array, encoding).unwrap();
    let track = |index| proto::TrackMetadata {
        name: format!("track {index}"),
        strand: 3,
        ..Default::default()
    };
    let output = proto::Output {
        output_type: proto::OutputType::RnaSeq.into(),
        payload: Some(proto::output::Payload::TrackData(proto::TrackData {
            values: Some(sent.header),
            metadata: (0..tracks).map(track).collect(),
            resolution: Some(1),
            interval: None,
        })),
    };
    let mut all = Vec::new();
    for begin in [
        Payload::ReferenceOutput(output.clone()),
        Payload::AlternateOutput(output),
    ] {
        all.push(begin);
        all.extend(sent.chunks.iter().cloned().map(Payload::TensorChunk));
    }
    let message = |payload| proto::PredictVariantResponse { payload: Some(payload) };
    all.into_iter().map(message).collect()
}

fn main() {
    let tracks: usize = std::env::var("TRACKS").map_or(500, |text| text.parse().unwrap());
    let mut random = RandomStream::new(1, Purpose::Sampling, 0);
    let mut value = || {
        let fraction = random.next_fraction() as f32;
        if fraction < 0.7 { 0.0 } else { fraction * fraction }
    };
    let values: Vec<f32> = (0..BP * tracks).map(|_| value()).collect();
    let array = Array::new(vec![BP, tracks], Values::Float32(values)).unwrap();
    let genome = InMemoryReference::of_contigs([("chr1", b"ACGT".repeat(BP / 2).as_slice())]);
    let variant = Variant {
        contig: ContigName::new("chr1"),
        position: Position::new(1_000_001).unwrap(),
        reference_bases: Dna::parse(b"A").unwrap(),
        alternate: Alternate::Bases(Dna::parse(b"C").unwrap()),
    };
    let variant = check(&variant, &genome).unwrap();
    let length = NonZeroU32::new(BP as u32).unwrap();
    let window = Window::around(variant.contig(), variant.reference_interval(), length);
    let decoded = 2.0 * 4.0 * (BP * tracks) as f64 / 1e9;
    println!(
        "{tracks} tracks, REF and ALT: {decoded:.2} GB of 32-bit floats; {} cores",
        cores()
    );
    for (name, bfloat16, packing) in [
        ("bfloat16, zstd", true, Packing::Zstd { level: 1 }),
        ("bfloat16", true, Packing::None),
        ("float32", false, Packing::None),
    ] {
        let encoding = Encoding {
            bfloat16,
            packing,
            chunk_bytes: NonZeroUsize::new(1 << 20),
        };
        let ready = messages(&array, tracks, encoding);
        let sent: usize = ready.iter().map(prost::Message::encoded_len).sum();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = server::DnaModelServiceServer::new(Ready(Arc::new(ready))).max_encoding_message_size(usize::MAX);
        let router = tonic::transport::Server::builder().add_service(service);
        runtime.spawn(router.serve_with_incoming({
            let _entered = runtime.enter();
            TcpIncoming::from(listener)
        }));
        let address = Address::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let client = Client::new(ClientOptions::new(address, None)).unwrap();
        let requested = Requested {
            outputs: &[OutputType::RnaSeq],
            ontology_curies: &[],
        };
        let place = Place {
            variant: &variant,
            window: &window,
        };
        let mut best = f64::INFINITY;
        for _ in 0..3 {
            let start = Instant::now();
            let answer = client.predict_variant(place, requested).unwrap();
            best = best.min(start.elapsed().as_secs_f64());
            let PredictedOutput::Tracks(found) = &answer.alternate[0] else {
                panic!("no tracks")
            };
            assert_eq!(found.values.len(), BP * tracks);
        }
        println!(
            "{name}: {:.2} GB on the wire, best of three {best:.2} s, {:.2} GB/s of values",
            sent as f64 / 1e9,
            decoded / best
        );
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
