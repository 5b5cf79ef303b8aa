//! The Atlas's service beside the model's: the key, the log, the metrics, the queue and the stop of the server hold for it.

use super::calls::{Calls, OpenCall};
use super::key_check::KeyCheck;
use super::queue::Queue;
use super::refusal::Refusal;
use super::service::{interval_about, variant_about};
use super::states::States;
use crate::atlas::AtlasOf;
use crate::proto::atlas::v1main as wire;
use crate::proto::atlas::v1main::atlas_service_server::AtlasService;
use std::sync::Arc;
use std::time::Instant;
use tonic::{Code, Request, Response, Status};

/// A folder's service in a server.
pub(super) struct GuardedAtlas {
    pub(super) inner: AtlasOf,
    pub(super) states: States,
    pub(super) calls: Arc<Calls>,
    pub(super) key: KeyCheck,
    pub(super) queue: Arc<Queue>,
}

impl GuardedAtlas {
    /// Opens a call of whoever has the key.
    fn begin<T>(&self, method: &'static str, request: &Request<T>) -> Result<OpenCall, Status> {
        let call = self.calls.begin(method)?;
        if let Err(refusal) = self.key.check(request.metadata()) {
            call.ends(refusal.code());
            return Err(refusal.into());
        }
        Ok(call)
    }

    /// Waits for a place, and for the answer in it.
    async fn in_turn<R>(&self, answer: impl Future<Output = Result<R, Status>>) -> Result<R, Status> {
        let _admitted = self.queue.admission.try_acquire().map_err(|_| self.queue.busy())?;
        let waiting = self.calls.metrics.waits();
        let _working = self.queue.workers.acquire().await.map_err(|_| Refusal::Stopping)?;
        drop(waiting);
        let begun = Instant::now();
        let answer = answer.await;
        if answer.is_ok() {
            self.queue.worked(begun.elapsed());
        }
        answer
    }

    /// Says how a call ends, and how much was sent, and adds what the server states of itself.
    fn told<R: prost::Message>(
        &self,
        call: &OpenCall,
        mut answer: Result<Response<R>, Status>,
    ) -> Result<Response<R>, Status> {
        match &mut answer {
            Ok(answer) => {
                call.sent(answer.get_ref().encoded_len());
                call.ends(Code::Ok);
                self.states.add_to(answer.metadata_mut());
            }
            Err(status) => call.ends(status.code()),
        }
        answer
    }
}

#[tonic::async_trait]
impl AtlasService for GuardedAtlas {
    async fn list_dense_variant_scores(
        &self,
        request: Request<wire::ListDenseVariantScoresRequest>,
    ) -> Result<Response<wire::ListDenseVariantScoresResponse>, Status> {
        let call = self.begin("ListDenseVariantScores", &request)?;
        call.about(interval_about(request.get_ref().interval.as_ref()));
        let answer = self.in_turn(self.inner.list_dense_variant_scores(request)).await;
        self.told(&call, answer)
    }

    async fn get_dense_variant_scores(
        &self,
        request: Request<wire::GetDenseVariantScoresRequest>,
    ) -> Result<Response<wire::DenseVariantScores>, Status> {
        let call = self.begin("GetDenseVariantScores", &request)?;
        call.about(variant_about(request.get_ref().variant.as_ref()));
        let answer = self.in_turn(self.inner.get_dense_variant_scores(request)).await;
        self.told(&call, answer)
    }

    async fn list_variant_scores_metadata(
        &self,
        request: Request<wire::ListVariantScoresMetadataRequest>,
    ) -> Result<Response<wire::ListVariantScoresMetadataResponse>, Status> {
        let call = self.begin("ListVariantScoresMetadata", &request)?;
        let answer = self.inner.list_variant_scores_metadata(request).await;
        self.told(&call, answer)
    }
}
