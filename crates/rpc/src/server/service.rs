//! The seven methods of the model's service: streams in, streams out, work on threads that may block.

use super::calls::{Calls, OpenCall};
use super::key_check::KeyCheck;
use super::model::{ServedModel, TrackMessages};
use super::outlet::{CHANNEL_MESSAGES, Outlet};
use super::predict::Predicting;
use super::queue::Queue;
use super::refusal::Refusal;
use super::score::ScoringMethods;
use super::states::States;
use crate::proto::{self, dna_model_service_server::DnaModelService};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tonic::codegen::tokio_stream::Stream;
use tonic::{Code, Request, Response, Status, Streaming};

/// What the methods share.
pub(super) struct Shared {
    pub(super) model: ServedModel,
    pub(super) messages: TrackMessages,
    pub(super) states: States,
    pub(super) calls: Arc<Calls>,
    pub(super) key: KeyCheck,
    pub(super) queue: Arc<Queue>,
    /// How long a client may read nothing.
    pub(super) patience: Duration,
}

/// The service.
pub(super) struct ModelService(pub(super) Arc<Shared>);

/// The messages of an answer, counted as they go.
pub(super) struct AnswerStream<R> {
    receiver: mpsc::Receiver<Result<R, Status>>,
    call: Arc<OpenCall>,
}

impl<R: prost::Message> Stream for AnswerStream<R> {
    type Item = Result<R, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.receiver.poll_recv(context);
        match &next {
            Poll::Ready(Some(Ok(message))) => self.call.sent(message.encoded_len()),
            Poll::Ready(Some(Err(status))) => self.call.ends(status.code()),
            Poll::Ready(None) => self.call.ends(Code::Ok),
            Poll::Pending => {}
        }
        next
    }
}

/// A method: how its requests are told, and how they are answered.
struct Method<Q, R> {
    name: &'static str,
    about: fn(&Q) -> String,
    answer: fn(&Shared, Q, &mut Outlet<R>) -> Result<(), Refusal>,
}

impl ModelService {
    /// Opens a call: its requests are read and answered one after the other.
    fn open<Q, R>(
        &self,
        method: Method<Q, R>,
        request: Request<Streaming<Q>>,
    ) -> Result<Response<AnswerStream<R>>, Status>
    where
        Q: Send + 'static,
        R: prost::Message + 'static,
    {
        let call = self.begin(method.name, &request)?;
        let (sender, receiver) = mpsc::channel(CHANNEL_MESSAGES);
        let answering = Answering {
            shared: Arc::clone(&self.0),
            call: Arc::clone(&call),
            method,
            sender,
        };
        tokio::spawn(answering.all(request.into_inner()));
        Ok(self.answer(AnswerStream { receiver, call }))
    }

    /// Makes an answer of a stream, with what the server states of itself.
    fn answer<R>(&self, stream: AnswerStream<R>) -> Response<AnswerStream<R>> {
        let mut response = Response::new(stream);
        self.0.states.add_to(response.metadata_mut());
        response
    }

    fn begin<T>(&self, method: &'static str, request: &Request<T>) -> Result<Arc<OpenCall>, Status> {
        let call = self.0.calls.begin(method)?;
        if let Err(refusal) = self.0.key.check(request.metadata()) {
            call.ends(refusal.code());
            return Err(refusal.into());
        }
        Ok(Arc::new(call))
    }
}

struct Answering<Q, R> {
    shared: Arc<Shared>,
    call: Arc<OpenCall>,
    method: Method<Q, R>,
    sender: mpsc::Sender<Result<R, Status>>,
}

impl<Q: Send + 'static, R: prost::Message + 'static> Answering<Q, R> {
    async fn all(self, mut requests: Streaming<Q>) {
        let mut answered = false;
        let status = loop {
            let next = tokio::select! {
                () = self.sender.closed() => return,
                next = requests.message() => next,
            };
            match next {
                Ok(Some(request)) => {
                    answered = true;
                    if let Err(refusal) = self.one(request).await {
                        break refusal.into();
                    }
                }
                Ok(None) if answered => return,
                Ok(None) => break Refusal::NoRequest.into(),
                Err(status) => break status,
            }
        };
        // A client that has gone away is told nothing.
        let _ = self.sender.send(Err(status)).await;
    }

    async fn one(&self, request: Q) -> Result<(), Refusal> {
        self.call.about((self.method.about)(&request));
        let shared = Arc::clone(&self.shared);
        let queue = &shared.queue;
        let admitted = Arc::clone(&queue.admission).try_acquire_owned();
        let admitted = admitted.map_err(|_| queue.busy())?;
        let waiting = shared.calls.metrics.waits();
        let working = tokio::select! {
            () = self.sender.closed() => return Err(Refusal::Cancelled),
            working = Arc::clone(&queue.workers).acquire_owned() => working.map_err(|_| Refusal::Stopping)?,
        };
        drop(waiting);
        let mut outlet = Outlet {
            sender: self.sender.clone(),
            handle: tokio::runtime::Handle::current(),
            workers: Arc::clone(&queue.workers),
            working: Some(working),
            patience: shared.patience,
            cut: shared.calls.cut(),
        };
        let answer = self.method.answer;
        let work = tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let answered = answer(&shared, request, &mut outlet);
            if answered.is_ok() {
                shared.queue.worked(begun.elapsed());
            }
            drop(admitted);
            answered
        });
        let broken = |_| Refusal::Internal {
            what: "the model broke off".to_owned(),
        };
        work.await.map_err(broken)?
    }
}

/// The longest name of a contig in the log.
const LONGEST_NAME: usize = 40;

/// Writes a contig's name as far as it can be a name: clients write what they want.
fn name(text: &str) -> String {
    let sign = |sign: char| if sign.is_ascii_graphic() { sign } else { '?' };
    text.chars().take(LONGEST_NAME).map(sign).collect()
}

pub(super) fn interval_about(interval: Option<&proto::Interval>) -> String {
    interval.map_or_else(
        || "no interval".to_owned(),
        |interval| format!("{}:{}-{}", name(&interval.chromosome), interval.start, interval.end),
    )
}

pub(super) fn variant_about(variant: Option<&proto::Variant>) -> String {
    variant.map_or_else(
        || "no variant".to_owned(),
        |variant| format!("{}:{}", name(&variant.chromosome), variant.position),
    )
}

#[tonic::async_trait]
impl DnaModelService for ModelService {
    type PredictSequenceStream = AnswerStream<proto::PredictSequenceResponse>;
    type PredictIntervalStream = AnswerStream<proto::PredictIntervalResponse>;
    type PredictVariantStream = AnswerStream<proto::PredictVariantResponse>;
    type ScoreIntervalStream = AnswerStream<proto::ScoreIntervalResponse>;
    type ScoreVariantStream = AnswerStream<proto::ScoreVariantResponse>;
    type ScoreIsmVariantStream = AnswerStream<proto::ScoreIsmVariantResponse>;
    type GetMetadataStream = AnswerStream<proto::MetadataResponse>;

    async fn predict_sequence(
        &self,
        request: Request<Streaming<proto::PredictSequenceRequest>>,
    ) -> Result<Response<Self::PredictSequenceStream>, Status> {
        let method = Method {
            name: "PredictSequence",
            about: |request: &proto::PredictSequenceRequest| {
                let outputs = request.requested_outputs.len();
                format!("length={} outputs={outputs}", request.sequence.len())
            },
            answer: |shared, request, outlet| shared.predicting().sequence(request, outlet),
        };
        self.open(method, request)
    }

    async fn predict_interval(
        &self,
        request: Request<Streaming<proto::PredictIntervalRequest>>,
    ) -> Result<Response<Self::PredictIntervalStream>, Status> {
        let method = Method {
            name: "PredictInterval",
            about: |request: &proto::PredictIntervalRequest| {
                let outputs = request.requested_outputs.len();
                format!("{} outputs={outputs}", interval_about(request.interval.as_ref()))
            },
            answer: |shared, request, outlet| shared.predicting().interval(request, outlet),
        };
        self.open(method, request)
    }

    async fn predict_variant(
        &self,
        request: Request<Streaming<proto::PredictVariantRequest>>,
    ) -> Result<Response<Self::PredictVariantStream>, Status> {
        let method = Method {
            name: "PredictVariant",
            about: |request: &proto::PredictVariantRequest| {
                let (interval, variant) = (request.interval.as_ref(), request.variant.as_ref());
                let outputs = request.requested_outputs.len();
                format!(
                    "{} {} outputs={outputs}",
                    interval_about(interval),
                    variant_about(variant)
                )
            },
            answer: |shared, request, outlet| shared.predicting().variant(request, outlet),
        };
        self.open(method, request)
    }

    async fn score_interval(
        &self,
        request: Request<Streaming<proto::ScoreIntervalRequest>>,
    ) -> Result<Response<Self::ScoreIntervalStream>, Status> {
        let method = Method {
            name: "ScoreInterval",
            about: |request: &proto::ScoreIntervalRequest| {
                let scorers = request.interval_scorers.len();
                format!("{} scorers={scorers}", interval_about(request.interval.as_ref()))
            },
            answer: |shared, request, outlet| shared.scoring().interval(request, outlet),
        };
        self.open(method, request)
    }

    async fn score_variant(
        &self,
        request: Request<Streaming<proto::ScoreVariantRequest>>,
    ) -> Result<Response<Self::ScoreVariantStream>, Status> {
        let method = Method {
            name: "ScoreVariant",
            about: |request: &proto::ScoreVariantRequest| {
                let (interval, variant) = (request.interval.as_ref(), request.variant.as_ref());
                let scorers = request.variant_scorers.len();
                format!(
                    "{} {} scorers={scorers}",
                    interval_about(interval),
                    variant_about(variant)
                )
            },
            answer: |shared, request, outlet| shared.scoring().variant(request, outlet),
        };
        self.open(method, request)
    }

    async fn score_ism_variant(
        &self,
        request: Request<Streaming<proto::ScoreIsmVariantRequest>>,
    ) -> Result<Response<Self::ScoreIsmVariantStream>, Status> {
        let method = Method {
            name: "ScoreIsmVariant",
            about: |request: &proto::ScoreIsmVariantRequest| {
                let interval = interval_about(request.interval.as_ref());
                let stretch = interval_about(request.ism_interval.as_ref());
                format!("{interval} {stretch} scorers={}", request.variant_scorers.len())
            },
            answer: |shared, request, outlet| shared.scoring().ism(request, outlet),
        };
        self.open(method, request)
    }

    /// Answers at once: the messages are made, and no place is needed.
    async fn get_metadata(
        &self,
        request: Request<proto::MetadataRequest>,
    ) -> Result<Response<Self::GetMetadataStream>, Status> {
        let call = self.begin("GetMetadata", &request)?;
        call.about(String::new());
        if let Err(refusal) = self.0.model.check_organism(request.get_ref().organism) {
            call.ends(refusal.code());
            return Err(refusal.into());
        }
        let sets = self.0.messages.metadata();
        let (sender, receiver) = mpsc::channel(sets.len().max(1));
        for set in sets {
            let message = proto::MetadataResponse {
                output_metadata: vec![set.clone()],
            };
            // There is room for all of them.
            let _ = sender.try_send(Ok(message));
        }
        Ok(self.answer(AnswerStream { receiver, call }))
    }
}

impl Shared {
    fn predicting(&self) -> Predicting<'_> {
        Predicting {
            model: &self.model,
            messages: &self.messages,
        }
    }

    fn scoring(&self) -> ScoringMethods<'_> {
        ScoringMethods {
            model: &self.model,
            messages: &self.messages,
        }
    }
}
