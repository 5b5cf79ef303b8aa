//! The Atlas's methods over a finished score folder.
//!
//! The variants are held in memory, the scores are not: an answer reads the row groups that hold its variants. The tidy table
//! has no row for a gene and a track on different strands; in the dense answer these are NaN. Indels of the folder are
//! served, too; the published client asks for substitutions only.

use super::field_mask::FieldMask;
use super::filter::{Cell, Filter};
use crate::genome::{ontology_message, span, variant_text};
use crate::proto;
use crate::proto::atlas::v1main as wire;
use crate::proto::atlas::v1main::atlas_service_server::{AtlasService, AtlasServiceServer};
use crate::server::refusal::status;
use crate::track_message::{gene_message, track_message};
use prost::Message as _;
use refalt::engine::SourceTally;
use refalt::score_folder::{RunModel, ScoreFolder, ScoreFolderError, ScoreLookup, StoredScores, StoredVariant};
use refalt_core::scorer::ScoreRows;
use sha2::{Digest as _, Sha256};
use std::path::Path;
use std::sync::Arc;
use tonic::{Code, Request, Response, Status};

/// A folder cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AtlasFolderError {
    /// The folder cannot be read.
    #[error(transparent)]
    Folder(#[from] ScoreFolderError),
    /// The scores are of another organism than the Atlas has.
    #[error("the scores in the folder are of `{organism}`; the Atlas is of Homo sapiens")]
    Organism {
        /// The organism of the model.
        organism: String,
    },
    /// Two scorers have one name.
    #[error("two scorers of the folder have the name `{name}`")]
    NameTwice {
        /// The name.
        name: String,
    },
}

impl refalt::Diagnostic for AtlasFolderError {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Folder(error) => refalt::Diagnostic::hint(error),
            _ => None,
        }
    }
}

/// A scorer of the folder as it is served.
#[derive(Debug)]
struct Served {
    info: wire::VariantScorerInfo,
    by_gene: bool,
    tracks: Vec<proto::TrackMetadata>,
    /// The ontology term of each track.
    terms: Vec<Option<proto::OntologyTerm>>,
}

/// A finished score folder, open for the Atlas's methods.
#[derive(Debug)]
pub struct AtlasFolder {
    lookup: ScoreLookup,
    model: RunModel,
    sources: Vec<SourceTally>,
    scorers: Vec<Served>,
    digest: String,
}

/// Variants that are held in memory at most: about 2 GB.
const MOST_VARIANTS: usize = 20_000_000;

/// Variants of a page when the caller does not say: all substitutions of 32 bases.
const PAGE: usize = 96;

/// Variants of a page at most.
const MOST_PAGE: usize = 1000;

/// Bytes after which a page ends: the published client takes 4 MiB.
const PAGE_BYTES: usize = 3 << 20;

/// Variants that are read from the folder at once.
const VARIANTS_AT_ONCE: usize = 24;

/// Bases of an interval at most.
const MOST_BP: u32 = 1 << 20;

impl AtlasFolder {
    /// Opens a finished score folder and compares its files with their digests.
    ///
    /// # Errors
    /// [`AtlasFolderError`] when it cannot be read or served.
    pub fn open(path: &Path) -> Result<Self, AtlasFolderError> {
        let folder = ScoreFolder::open(path)?;
        folder.require_tidy()?;
        folder.verify()?;
        let organism = folder.manifest().pointer("/model/organism");
        let organism = organism.and_then(|organism| organism.as_str()).unwrap_or_default();
        if organism != "Homo sapiens" {
            return Err(AtlasFolderError::Organism {
                organism: organism.to_owned(),
            });
        }
        let sets = folder.tracks()?;
        let mut scorers: Vec<Served> = Vec::new();
        for scorer in folder.scorers() {
            let name = scorer.short_name();
            if scorers.iter().any(|known| known.info.name == name) {
                return Err(AtlasFolderError::NameTwice { name });
            }
            let set = sets.iter().find(|set| set.output.name() == scorer.output_type);
            let tracks = set.map_or(&[][..], |set| &set.tracks);
            let term = |track: &refalt_core::Track| ontology_message(track.ontology_curie.as_deref()?).ok();
            scorers.push(Served {
                info: wire::VariantScorerInfo {
                    name,
                    is_signed: scorer.score_kind == "signed_effect",
                },
                by_gene: refalt_core::scorer::parse(&scorer.scorer)
                    .is_ok_and(|scorer| scorer.needs() != refalt_core::scorer::Needs::Nothing),
                tracks: tracks.iter().map(track_message).collect(),
                terms: tracks.iter().map(term).collect(),
            });
        }
        Ok(Self {
            lookup: ScoreLookup::open(&folder, MOST_VARIANTS)?,
            model: folder.model().clone(),
            sources: folder.sources().to_vec(),
            scorers,
            // The manifest has the digests of all files.
            digest: format!(
                "sha256:{}",
                refalt::provenance::hexadecimal(&Sha256::digest(folder.manifest().to_string()))
            ),
        })
    }

    /// Returns the digest of the folder's manifest, `sha256:...`, which is that of all of its scores.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Returns how many variants have scores.
    pub fn variants(&self) -> usize {
        self.lookup.len()
    }

    /// Returns the names of the scorers.
    pub fn scorers(&self) -> impl Iterator<Item = &str> {
        self.scorers.iter().map(|scorer| scorer.info.name.as_str())
    }

    /// Returns the model that made the scores, with its licence.
    pub fn model(&self) -> &RunModel {
        &self.model
    }

    /// Returns where the scores come from, by scorer.
    pub fn sources(&self) -> &[SourceTally] {
        &self.sources
    }

    /// Returns the service for a server of gRPC, without key, log and queue:
    /// [`Server::with_atlas`](crate::server::Server::with_atlas) has them.
    pub fn into_service(self) -> AtlasServiceServer<AtlasOf> {
        AtlasServiceServer::new(AtlasOf::from(self))
    }

    fn find(&self, asked: &proto::Variant) -> Result<&StoredVariant, Status> {
        let start = asked.position - 1;
        let place = span("position", start, asked.position).map_err(|error| invalid(&error))?;
        let there = self.lookup.within(&asked.chromosome, place);
        let same = |variant: &&StoredVariant| {
            *variant.reference_bases == *asked.reference_bases && *variant.alternate_bases == *asked.alternate_bases
        };
        if let Some(found) = there.iter().find(same) {
            return Ok(found);
        }
        // Variants of one base state what the reference has there.
        let stated = there.iter().find(|variant| variant.reference_bases.len() == 1);
        match stated {
            Some(other) if asked.reference_bases.len() == 1 && *other.reference_bases != *asked.reference_bases => {
                Err(invalid(&format_args!(
                    "{}: the reference has `{}` there",
                    variant_text(asked),
                    other.reference_bases
                )))
            }
            _ => Err(status(
                Code::NotFound,
                &format!("{} has no scores here", variant_text(asked)),
            )),
        }
    }

    /// Makes the answers for variants, in order.
    ///
    /// * `contig`: their contig as it was asked for, which may be another of its names than the folder's.
    fn answers(
        &self,
        contig: &str,
        variants: &[&StoredVariant],
        filter: &Filter,
        mask: &FieldMask,
        prefix: &str,
    ) -> Result<Vec<wire::DenseVariantScores>, Status> {
        let scores = self.lookup.scores(variants);
        let scores = scores.map_err(|error| Status::internal(error.to_string()))?;
        let answers = variants.iter().zip(scores).map(|(variant, scores)| {
            let mut answer = self.answer(contig, variant, &scores, filter);
            mask.apply(&mut answer, prefix);
            answer
        });
        Ok(answers.collect())
    }

    fn answer(
        &self,
        contig: &str,
        variant: &StoredVariant,
        scores: &[StoredScores],
        filter: &Filter,
    ) -> wire::DenseVariantScores {
        let pairs = self.scorers.iter().zip(scores);
        wire::DenseVariantScores {
            variant: Some(proto::Variant {
                chromosome: contig.to_owned(),
                position: variant.position.one_based().into(),
                reference_bases: variant.reference_bases.to_string(),
                alternate_bases: variant.alternate_bases.to_string(),
            }),
            interval: Some(proto::Interval {
                chromosome: contig.to_owned(),
                start: variant.window_start,
                end: variant.window_end,
                strand: proto::Strand::Unstranded.into(),
            }),
            scores: pairs
                .filter_map(|(scorer, scores)| scorer.score(scores, filter))
                .collect(),
        }
    }
}

impl Served {
    fn cell<'a>(&'a self, gene: Option<(&'a str, Option<&'a str>)>, track: Option<usize>) -> Cell<'a> {
        Cell {
            scorer: &self.info.name,
            has_ontology: self.terms.iter().any(Option::is_some),
            gene,
            ontology: track.and_then(|track| self.terms[track]),
        }
    }

    /// Makes the dense scores of what the filter is true of; `None` when that is nothing of this scorer.
    fn score(&self, scores: &StoredScores, filter: &Filter) -> Option<wire::DenseVariantScore> {
        let genes: Vec<Option<(&str, Option<&str>)>> = scores
            .rows
            .iter()
            .map(|row| row.map(|row| (row.gene.id.as_ref(), row.gene.name.as_deref())))
            .collect();
        // Without a row there is no gene to ask about: the scorer and its tracks decide.
        let asked: &[Option<(&str, Option<&str>)>] = if genes.is_empty() { &[None] } else { &genes };
        let width = self.tracks.len();
        let keeps = |row: usize, track: usize| filter.keeps(&self.cell(asked[row], Some(track)));
        let rows: Vec<usize> = (0..asked.len())
            .filter(|&row| (0..width).any(|track| keeps(row, track)))
            .collect();
        let tracks: Vec<usize> = (0..width)
            .filter(|&track| rows.iter().any(|&row| keeps(row, track)))
            .collect();
        if rows.is_empty() {
            return None;
        }
        let rows: &[usize] = if genes.is_empty() { &[] } else { &rows };
        let bytes = |values: &[f32]| {
            let cells = rows
                .iter()
                .flat_map(|row| tracks.iter().map(move |track| values[row * width + track]));
            cells.flat_map(f32::to_le_bytes).collect::<Vec<u8>>().into()
        };
        let mut metadata = vec![payload(wire::metadata::Payload::Tracks(proto::TracksMetadata {
            metadata: tracks.iter().map(|&track| self.tracks[track].clone()).collect(),
        }))];
        if self.by_gene {
            let list = match &scores.rows {
                ScoreRows::Genes(list) => list.as_slice(),
                ScoreRows::One => &[],
            };
            let list = rows.iter().filter_map(|&row| list.get(row)).map(gene_message).collect();
            let list = wire::GeneScorersMetadata { metadata: list };
            metadata.push(payload(wire::metadata::Payload::GeneScorers(list)));
        }
        let size = |size: usize| i32::try_from(size).unwrap_or(i32::MAX);
        Some(wire::DenseVariantScore {
            variant_scorer: Some(self.info.clone()),
            metadata,
            shape: vec![size(rows.len()), size(tracks.len())],
            scores: bytes(&scores.raw),
            calibrated_scores: scores.quantile.as_deref().map(bytes),
        })
    }
}

fn payload(payload: wire::metadata::Payload) -> wire::Metadata {
    wire::Metadata { payload: Some(payload) }
}

fn invalid(error: &dyn std::fmt::Display) -> Status {
    status(Code::InvalidArgument, &error.to_string())
}

/// The service over a folder.
#[derive(Clone, Debug)]
pub struct AtlasOf(Arc<AtlasFolder>);

impl From<AtlasFolder> for AtlasOf {
    fn from(folder: AtlasFolder) -> Self {
        Self(Arc::new(folder))
    }
}

fn human(organism: i32) -> Result<(), Status> {
    if organism == proto::Organism::HomoSapiens as i32 {
        return Ok(());
    }
    Err(Status::invalid_argument("the Atlas is of ORGANISM_HOMO_SAPIENS only"))
}

/// Reads the field mask of a request.
fn mask<T>(request: &Request<T>, prefix: &str) -> Result<FieldMask, Status> {
    match request.metadata().get("x-goog-fieldmask") {
        None => Ok(FieldMask::default()),
        Some(text) => {
            let text = text.to_str().map_err(|error| invalid(&error))?;
            FieldMask::parse(text, prefix).map_err(|error| invalid(&error))
        }
    }
}

/// Returns what ties a page token to its request (FNV-1a).
fn fingerprint(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Reads where a page begins; a token is of one interval and filter.
fn page_start(token: &str, print: u64) -> Result<usize, Status> {
    if token.is_empty() {
        return Ok(0);
    }
    let parts = token.split_once('-');
    let found = parts.and_then(|(start, of)| {
        let (start, of) = (u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(of, 16).ok()?);
        (of == print).then_some(usize::try_from(start).ok()?)
    });
    found.ok_or_else(|| Status::invalid_argument("the page token is not of this interval and filter"))
}

impl AtlasFolder {
    fn page(
        &self,
        message: &wire::ListDenseVariantScoresRequest,
        mask: &FieldMask,
    ) -> Result<wire::ListDenseVariantScoresResponse, Status> {
        human(message.organism)?;
        let filter = Filter::parse(&message.filter).map_err(|error| invalid(&error))?;
        let asked = message.interval.as_ref();
        let asked = asked.ok_or_else(|| Status::invalid_argument("the interval is missing"))?;
        let stretch = span("interval", asked.start, asked.end).map_err(|error| invalid(&error))?;
        if stretch.len() > MOST_BP {
            return Err(Status::invalid_argument(format!(
                "the interval has {} bp; at most {MOST_BP} are listed at once",
                stretch.len()
            )));
        }
        if !self.lookup.has_contig(&asked.chromosome) {
            let reason = format!("no variant on `{}` has scores here", asked.chromosome);
            return Err(status(Code::NotFound, &reason));
        }
        let size = match message.page_size {
            0 => PAGE,
            size => usize::try_from(size)
                .map_err(|_| Status::invalid_argument("the page size is below 0"))?
                .min(MOST_PAGE),
        };
        let print = fingerprint(&[&asked.encode_to_vec(), message.filter.as_bytes()]);
        let start = page_start(&message.page_token, print)?;
        let there = self.lookup.within(&asked.chromosome, stretch);
        let rest = there.get(start..).unwrap_or_default();
        let wanted: Vec<&StoredVariant> = rest.iter().take(size).collect();
        let prefix = "variant_scores.";
        let (mut page, mut bytes) = (Vec::new(), 0);
        'page: for some in wanted.chunks(VARIANTS_AT_ONCE) {
            for answer in self.answers(&asked.chromosome, some, &filter, mask, prefix)? {
                bytes += answer.encoded_len() + 8;
                if bytes > PAGE_BYTES && !page.is_empty() {
                    break 'page;
                }
                page.push(answer);
            }
        }
        let end = start + page.len();
        if !mask.wants("variant_scores") {
            page.clear();
        }
        let has_more = end < there.len() && mask.wants("next_page_token");
        Ok(wire::ListDenseVariantScoresResponse {
            variant_scores: page,
            next_page_token: if has_more {
                format!("{end:x}-{print:x}")
            } else {
                String::new()
            },
            interval: mask.wants("interval").then(|| asked.clone()),
        })
    }
}

/// Runs what reads files where it holds up nobody.
async fn aside<T: Send + 'static>(read: impl FnOnce() -> Result<T, Status> + Send + 'static) -> Result<T, Status> {
    let done = tokio::task::spawn_blocking(read).await;
    done.map_err(|error| Status::internal(error.to_string()))?
}

#[tonic::async_trait]
impl AtlasService for AtlasOf {
    async fn list_dense_variant_scores(
        &self,
        request: Request<wire::ListDenseVariantScoresRequest>,
    ) -> Result<Response<wire::ListDenseVariantScoresResponse>, Status> {
        let mask = mask(&request, "variant_scores.")?;
        let (folder, message) = (Arc::clone(&self.0), request.into_inner());
        aside(move || folder.page(&message, &mask)).await.map(Response::new)
    }

    async fn get_dense_variant_scores(
        &self,
        request: Request<wire::GetDenseVariantScoresRequest>,
    ) -> Result<Response<wire::DenseVariantScores>, Status> {
        let mask = mask(&request, "")?;
        let (folder, message) = (Arc::clone(&self.0), request.into_inner());
        let answer = aside(move || {
            human(message.organism)?;
            let filter = Filter::parse(&message.filter).map_err(|error| invalid(&error))?;
            let asked = message.variant.as_ref();
            let asked = asked.ok_or_else(|| Status::invalid_argument("the variant is missing"))?;
            let variant = folder.find(asked)?;
            let answer = folder.answers(&asked.chromosome, &[variant], &filter, &mask, "")?.pop();
            answer.ok_or_else(|| Status::internal("a variant without an answer"))
        });
        answer.await.map(Response::new)
    }

    async fn list_variant_scores_metadata(
        &self,
        request: Request<wire::ListVariantScoresMetadataRequest>,
    ) -> Result<Response<wire::ListVariantScoresMetadataResponse>, Status> {
        human(request.into_inner().organism)?;
        let entry = |scorer: &Served| wire::VariantScorerMetadata {
            variant_scorer: Some(scorer.info.clone()),
            metadata: vec![payload(wire::metadata::Payload::Tracks(proto::TracksMetadata {
                metadata: scorer.tracks.clone(),
            }))],
        };
        Ok(Response::new(wire::ListVariantScoresMetadataResponse {
            variant_scorer_metadata: self.0.scorers.iter().map(entry).collect(),
        }))
    }
}
