//! A service on loopback that answers by formula and fails by schedule.

use bytes::Bytes;
use refalt_core::stats::{Purpose, RandomStream};
use refalt_rpc::proto::{self, dna_model_service_server as server};
use refalt_rpc::tensor::{Array, Encoding, Packing, Values, encode};
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tonic::codegen::tokio_stream::{self, Stream, StreamExt};
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

/// A way to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// RESOURCE_EXHAUSTED with a hint.
    Exhausted,
    Unavailable,
    /// No answer at all.
    Hang,
    /// A message, then no more.
    Stall,
    /// An error after the first message.
    Reset,
    /// The end after the first message.
    Truncated,
    /// A chunk too many.
    Surplus,
    /// A chunk too few.
    Short,
    /// Another REF than asked for.
    WrongReference,
    /// Noise in place of a zstd frame.
    Garbage,
    /// A whole answer, slowly.
    SlowDrip,
    /// INVALID_ARGUMENT.
    Invalid,
    /// RESOURCE_EXHAUSTED until tomorrow.
    LongWait,
}

impl Trouble {
    /// Those that pass: the same request succeeds later.
    pub(crate) const PASSING: [Self; 11] = [
        Self::Exhausted,
        Self::Unavailable,
        Self::Hang,
        Self::Stall,
        Self::Reset,
        Self::Truncated,
        Self::Surplus,
        Self::Short,
        Self::WrongReference,
        Self::Garbage,
        Self::SlowDrip,
    ];
}

/// Says what goes wrong with the n-th attempt (0-based) at a variant; `None` when nothing does.
pub(crate) type Schedule = dyn Fn(&proto::Variant, u64) -> Option<Trouble> + Send + Sync;

/// Draws at most `most` troubles for each variant.
pub(crate) fn random_schedule(seed: u64, most: u64) -> Arc<Schedule> {
    Arc::new(move |variant, attempt| {
        let position = u64::try_from(variant.position).unwrap();
        let mut random = RandomStream::new(seed, Purpose::Sampling, position);
        let count = u64::from(random.below(u32::try_from(most).unwrap() + 1));
        let kinds = u32::try_from(Trouble::PASSING.len()).unwrap();
        let drawn = (0..=attempt)
            .map(|_| Trouble::PASSING[random.below(kinds) as usize])
            .last();
        drawn.filter(|_| attempt < count)
    })
}

pub(crate) struct FaultServer {
    pub(crate) address: String,
    pub(crate) seen: Arc<Seen>,
    _runtime: tokio::runtime::Runtime,
}

/// What the service has seen.
#[derive(Default)]
pub(crate) struct Seen {
    attempts: Mutex<HashMap<String, u64>>,
    pub(crate) calls: AtomicU64,
    pub(crate) troubles: AtomicU64,
    /// Calls under way, and the most there were.
    under_way: AtomicU64,
    pub(crate) most_under_way: AtomicU64,
    pub(crate) key: Mutex<Option<String>>,
    /// Answers that were whole and fitting, sent to their last message.
    pub(crate) answered: AtomicU64,
    /// The number of scorers of each request, in order.
    pub(crate) scorers: Mutex<Vec<usize>>,
    /// How many of the next requests for the tracks are answered UNAVAILABLE.
    pub(crate) metadata_troubles: AtomicU64,
}

struct Service {
    schedule: Arc<Schedule>,
    seen: Arc<Seen>,
}

/// The tracks of the service.
pub(crate) fn tracks(prefix: &str, count: u32) -> Vec<proto::TrackMetadata> {
    let track = |index| proto::TrackMetadata {
        name: format!("{prefix} {index}"),
        strand: 1 + index % 3,
        ..Default::default()
    };
    (0..i32::try_from(count).unwrap()).map(track).collect()
}

/// The score of a variant by a scorer at a place of the array: a formula that differs for all of them.
pub(crate) fn formula(variant: &proto::Variant, scorer: usize, element: usize) -> f32 {
    let alternate = u32::from(variant.alternate_bases.as_bytes()[0]);
    (variant.position as u32 * 64 + scorer as u32 * 16 + element as u32) as f32 + alternate as f32 / 256.0
}

/// Returns the messages of a whole answer.
fn answer(request: &proto::ScoreVariantRequest) -> Vec<proto::ScoreVariantResponse> {
    use proto::score_variant_response::Payload;
    use proto::variant_scorer::Scorer;
    let variant = request.variant.clone().unwrap();
    let message = |payload| proto::ScoreVariantResponse { payload: Some(payload) };
    let mut messages = Vec::new();
    for (index, scorer) in request.variant_scorers.iter().enumerate() {
        let by_gene = !matches!(scorer.scorer, Some(Scorer::CenterMask(_) | Scorer::ContactMap(_)));
        // One variant in three has no gene.
        let genes: usize = if by_gene { (variant.position % 3) as usize } else { 0 };
        let (rows, tracks) = (if by_gene { genes } else { 1 }, tracks("track", 4));
        let size = 2 * rows * tracks.len();
        let values = (0..size).map(|element| formula(&variant, index, element)).collect();
        let array = Array::new(vec![2, rows, tracks.len()], Values::Float32(values)).unwrap();
        let encoding = Encoding {
            bfloat16: false,
            packing: if index % 2 == 0 {
                Packing::Zstd { level: 1 }
            } else {
                Packing::None
            },
            chunk_bytes: (index != 1).then(|| NonZeroUsize::new(12).unwrap()),
        };
        let sent = encode(&array, encoding).unwrap();
        let gene = |number: usize| proto::GeneScorerMetadata {
            gene_id: format!("ENSG{number:011}.1"),
            strand: Some(1),
            ..Default::default()
        };
        messages.push(message(Payload::Output(proto::ScoreVariantOutput {
            variant_data: Some(proto::VariantData {
                values: Some(sent.header),
                metadata: Some(proto::VariantMetadata {
                    variant: Some(variant.clone()),
                    track_metadata: tracks,
                    gene_metadata: (0..genes).map(gene).collect(),
                }),
            }),
        })));
        messages.extend(
            sent.chunks
                .into_iter()
                .map(|chunk| message(Payload::TensorChunk(chunk))),
        );
    }
    messages
}

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Counts a call as under way until its answer is dropped.
struct UnderWay(Arc<Seen>);

impl UnderWay {
    fn new(seen: &Arc<Seen>) -> Self {
        let now = seen.under_way.fetch_add(1, Ordering::SeqCst) + 1;
        seen.most_under_way.fetch_max(now, Ordering::SeqCst);
        Self(Arc::clone(seen))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// google.rpc.Status with RetryInfo of so many nanoseconds, by hand.
fn retry_info(nanos: u64) -> Bytes {
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat()
    }
    let mut duration = vec![2 << 3];
    prost::encoding::encode_varint(nanos, &mut duration);
    let any = [
        field(1, b"type.googleapis.com/google.rpc.RetryInfo"),
        field(2, &field(1, &duration)),
    ];
    field(3, &any.concat()).into()
}

#[tonic::async_trait]
impl server::DnaModelService for Service {
    type PredictSequenceStream = Answers<proto::PredictSequenceResponse>;
    type PredictIntervalStream = Answers<proto::PredictIntervalResponse>;
    type PredictVariantStream = Answers<proto::PredictVariantResponse>;
    type ScoreIntervalStream = Answers<proto::ScoreIntervalResponse>;
    type ScoreVariantStream = Answers<proto::ScoreVariantResponse>;
    type ScoreIsmVariantStream = Answers<proto::ScoreIsmVariantResponse>;
    type GetMetadataStream = Answers<proto::MetadataResponse>;

    async fn score_variant(
        &self,
        request: Request<Streaming<proto::ScoreVariantRequest>>,
    ) -> Result<Response<Self::ScoreVariantStream>, Status> {
        use proto::score_variant_response::Payload;
        let key = request
            .metadata()
            .get("x-goog-api-key")
            .map(|key| key.to_str().unwrap().to_owned());
        *self.seen.key.lock().unwrap() = key.clone();
        let request = request.into_inner().message().await?.unwrap();
        let under_way = UnderWay::new(&self.seen);
        self.seen.calls.fetch_add(1, Ordering::SeqCst);
        let variant = request.variant.clone().unwrap();
        let attempt = {
            let mut attempts = self.seen.attempts.lock().unwrap();
            let count = attempts.entry(format!("{variant:?}")).or_default();
            *count += 1;
            *count - 1
        };
        self.seen.scorers.lock().unwrap().push(request.variant_scorers.len());
        let trouble = (self.schedule)(&variant, attempt);
        if trouble.is_some() {
            self.seen.troubles.fetch_add(1, Ordering::SeqCst);
        }
        let mut messages: Vec<Result<_, Status>> = answer(&request).into_iter().map(Ok).collect();
        let chunk = |data: Vec<u8>, packed: i32| proto::TensorChunk {
            data: data.into(),
            compression_type: packed,
        };
        let chunk_message = |chunk| {
            Ok(proto::ScoreVariantResponse {
                payload: Some(Payload::TensorChunk(chunk)),
            })
        };
        let first_chunk = messages.iter().position(|message| {
            let payload = message.as_ref().ok().and_then(|message| message.payload.as_ref());
            matches!(payload, Some(Payload::TensorChunk(_)))
        });
        let mut pause = Duration::ZERO;
        let mut hangs = false;
        match trouble {
            None => {}
            Some(Trouble::Exhausted) => {
                let details = retry_info(3_000_000);
                let text = format!("quota of {} exceeded", key.unwrap_or_default());
                return Err(Status::with_details(tonic::Code::ResourceExhausted, text, details));
            }
            Some(Trouble::LongWait) => {
                let mut status = Status::resource_exhausted(format!("quota of {} exceeded", key.unwrap_or_default()));
                status.metadata_mut().insert("retry-after", "86400".parse().unwrap());
                return Err(status);
            }
            Some(Trouble::Unavailable) => return Err(Status::unavailable("restarting")),
            Some(Trouble::Invalid) => return Err(Status::invalid_argument("no such chromosome")),
            Some(Trouble::Hang) => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
            }
            Some(Trouble::Stall) => {
                messages.truncate(1);
                hangs = true;
            }
            Some(Trouble::Reset) => {
                messages.truncate(1);
                messages.push(Err(Status::internal("stream reset")));
            }
            Some(Trouble::Truncated) => messages.truncate(1),
            Some(Trouble::Surplus) => messages.push(chunk_message(chunk(vec![0; 4], 0))),
            Some(Trouble::Short) => {
                drop(messages.remove(first_chunk.unwrap()));
            }
            Some(Trouble::WrongReference) => {
                for message in messages.iter_mut().flatten() {
                    if let Some(Payload::Output(output)) = &mut message.payload {
                        let metadata = output.variant_data.as_mut().unwrap().metadata.as_mut().unwrap();
                        metadata.variant.as_mut().unwrap().reference_bases = "N".to_owned();
                    }
                }
            }
            Some(Trouble::Garbage) => {
                messages[first_chunk.unwrap()] = chunk_message(chunk(vec![0xa5; 17], 1));
            }
            Some(Trouble::SlowDrip) => pause = Duration::from_millis(4),
        }
        let last = messages.len() - 1;
        let whole = matches!(trouble, None | Some(Trouble::SlowDrip));
        let numbered = messages.into_iter().enumerate();
        let stream = tokio_stream::iter(numbered).then(move |(number, message)| {
            let ends = (whole && number == last).then(|| Arc::clone(&under_way.0));
            async move {
                tokio::time::sleep(pause).await;
                if let Some(seen) = ends {
                    seen.answered.fetch_add(1, Ordering::SeqCst);
                }
                message
            }
        });
        if hangs {
            return Ok(Response::new(Box::pin(stream.chain(tokio_stream::pending()))));
        }
        Ok(Response::new(Box::pin(stream)))
    }

    async fn get_metadata(
        &self,
        _: Request<proto::MetadataRequest>,
    ) -> Result<Response<Self::GetMetadataStream>, Status> {
        use proto::output_metadata::Payload;
        let troubles = &self.seen.metadata_troubles;
        if troubles
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
            .is_ok()
        {
            return Err(Status::unavailable("restarting"));
        }
        let set = |output: proto::OutputType, prefix: &str| proto::MetadataResponse {
            output_metadata: vec![proto::OutputMetadata {
                output_type: output.into(),
                payload: Some(Payload::Tracks(proto::TracksMetadata {
                    metadata: tracks(prefix, 4),
                })),
            }],
        };
        // The first list of RNA_SEQ is replaced by the second one.
        let sets = vec![
            Ok(set(proto::OutputType::RnaSeq, "old")),
            Ok(set(proto::OutputType::RnaSeq, "track")),
            Ok(set(proto::OutputType::Atac, "track")),
        ];
        Ok(Response::new(Box::pin(tokio_stream::iter(sets))))
    }

    async fn predict_sequence(
        &self,
        _: Request<Streaming<proto::PredictSequenceRequest>>,
    ) -> Result<Response<Self::PredictSequenceStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn predict_interval(
        &self,
        _: Request<Streaming<proto::PredictIntervalRequest>>,
    ) -> Result<Response<Self::PredictIntervalStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn predict_variant(
        &self,
        _: Request<Streaming<proto::PredictVariantRequest>>,
    ) -> Result<Response<Self::PredictVariantStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn score_interval(
        &self,
        _: Request<Streaming<proto::ScoreIntervalRequest>>,
    ) -> Result<Response<Self::ScoreIntervalStream>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn score_ism_variant(
        &self,
        _: Request<Streaming<proto::ScoreIsmVariantRequest>>,
    ) -> Result<Response<Self::ScoreIsmVariantStream>, Status> {
        Err(Status::unimplemented("not here"))
    }
}

impl FaultServer {
    /// Starts a service on a free port of loopback.
    pub(crate) fn start(schedule: Arc<Schedule>) -> Self {
        Self::start_with(schedule, "127.0.0.1:0", None)
    }

    /// Starts a service where an earlier one was.
    pub(crate) fn start_at(schedule: Arc<Schedule>, address: &str) -> Self {
        Self::start_with(schedule, address.strip_prefix("http://").unwrap(), None)
    }

    /// Starts a service, with TLS when a certificate and its key are given.
    pub(crate) fn start_with(
        schedule: Arc<Schedule>,
        place: &str,
        identity: Option<tonic::transport::Identity>,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let seen = Arc::new(Seen::default());
        let service = Service {
            schedule,
            seen: Arc::clone(&seen),
        };
        let scheme = if identity.is_some() {
            "https://localhost"
        } else {
            "http://127.0.0.1"
        };
        let listener = runtime.block_on(tokio::net::TcpListener::bind(place)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut builder = tonic::transport::Server::builder();
        if let Some(identity) = identity {
            let tls = tonic::transport::ServerTlsConfig::new().identity(identity);
            builder = builder.tls_config(tls).unwrap();
        }
        let service = server::DnaModelServiceServer::new(service);
        runtime.spawn(builder.add_service(service).serve_with_incoming({
            let _entered = runtime.enter();
            TcpIncoming::from(listener)
        }));
        Self {
            address: format!("{scheme}:{port}"),
            seen,
            _runtime: runtime,
        }
    }
}

#[test]
fn the_hand_made_retry_info_is_well_formed() {
    let status = Status::with_details(tonic::Code::ResourceExhausted, "", retry_info(3_000_000));
    let details = refalt_rpc::policy::StatusDetails::of(&status);
    assert_eq!(details.wait, Some(Duration::from_millis(3)));
}
