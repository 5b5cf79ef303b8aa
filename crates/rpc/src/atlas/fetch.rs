//! The methods of the Atlas, blocking, and the choice between getting and listing.
//!
//! METHOD: variants on one contig are taken in the order of their positions. The longest run of them that lies within 32
//! bases and makes up at least a quarter of the three substitutions of every base from its first to its last position is
//! listed in one call; what is in no such run of two or more is got one by one. So a saturation mutagenesis takes a call for
//! 96 variants, and nothing is listed of which more than three quarters would be thrown away.

use super::answer::{AtlasScorer, AtlasScores, OneMessage, check_variant, scorers, scores};
use crate::client::{Caller, Client, Method, Taken, take};
use crate::error::ApiError;
use crate::genome::{organism_message, variant_message, variant_text};
use crate::proto;
use crate::proto::atlas::v1main as wire;
use crate::wire_error::WireError;
use refalt_core::{CheckedVariant, Interval};
use std::collections::HashSet;
use std::sync::Arc;
use tokio::task::JoinHandle;

macro_rules! method {
    ($name:literal) => {
        Method(concat!(
            "/google.gdm.gdmscience.alphagenome.atlas.v1main.AtlasService/",
            $name
        ))
    };
}

const GET: Method = method!("GetDenseVariantScores");
const LIST: Method = method!("ListDenseVariantScores");

/// The bases of a stretch that is listed, at most; that of the published client.
pub const STRETCH_BP: u32 = 32;

/// What of an answer is asked for: everything but the lists of tracks.
const GET_FIELDS: &str = "variant,interval,scores.variant_scorer,scores.metadata.gene_scorers,scores.shape,\
                          scores.scores,scores.calibrated_scores";
const LIST_FIELDS: &str = "interval,next_page_token,variant_scores.variant,variant_scores.interval,\
                           variant_scores.scores.variant_scorer,variant_scores.scores.metadata.gene_scorers,\
                           variant_scores.scores.shape,variant_scores.scores.scores,\
                           variant_scores.scores.calibrated_scores";

/// Returns the field mask that goes with a method, by its path.
pub(crate) fn field_mask(path: &str) -> Option<&'static str> {
    match path {
        _ if path == GET.0 => Some(GET_FIELDS),
        _ if path == LIST.0 => Some(LIST_FIELDS),
        _ => None,
    }
}

/// Returns the filter that keeps the scores of some scorers, by name.
pub(crate) fn scorer_filter(scorers: &[AtlasScorer]) -> String {
    let one = |scorer: &AtlasScorer| format!("scores.variant_scorer.name = \"{}\"", scorer.name);
    let all: Vec<String> = scorers.iter().map(one).collect();
    format!("({})", all.join(" OR "))
}

/// A stretch of bases with the variants in it, by index; one that is not listed has one variant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) variants: Vec<usize>,
    /// The stretch to list; `None` when the variant is got by itself.
    pub(crate) listed: Option<Interval>,
}

/// Groups variants into calls.
pub(crate) fn stretches(variants: &[&CheckedVariant]) -> Vec<Stretch> {
    let mut order: Vec<usize> = (0..variants.len()).collect();
    order.sort_by_key(|&index| (variants[index].contig_id(), variants[index].position()));
    let mut calls = Vec::new();
    let mut rest = order.as_slice();
    while let Some(&first) = rest.first() {
        let start = variants[first].position();
        let near = rest.iter().take_while(|&&index| {
            variants[index].contig_id() == variants[first].contig_id()
                && variants[index].position().one_based() - start.one_based() < STRETCH_BP
        });
        let near = near.count();
        let dense = (2..=near).rev().find_map(|count| {
            let stretch = Interval::from_bases(start, variants[rest[count - 1]].position())?;
            (4 * count >= 3 * stretch.len() as usize).then_some((count, stretch))
        });
        let (count, listed) = match dense {
            Some((count, stretch)) => (count, Some(stretch)),
            None => (1, None),
        };
        calls.push(Stretch {
            variants: rest[..count].to_vec(),
            listed,
        });
        rest = &rest[count..];
    }
    calls
}

impl Client {
    /// Lists the scorers of the Atlas with their tracks.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer.
    pub fn atlas_scorers(&self) -> Result<Vec<AtlasScorer>, ApiError> {
        let request = wire::ListVariantScoresMetadataRequest {
            organism: organism_message(self.options().organism).into(),
        };
        let open = || OneMessage::new(scorers);
        let method = method!("ListVariantScoresMetadata");
        self.block_on(self.caller().call(method, &request, "the scorers of the Atlas", open))
    }

    /// Gets the scores of variants, several calls at once; the answers are in the order of the variants.
    ///
    /// * Returns `None` for a variant of which the Atlas has no scores.
    pub fn atlas_scores(
        &self,
        variants: &[&CheckedVariant],
        scorers: &[AtlasScorer],
    ) -> Vec<Result<Option<AtlasScores>, ApiError>> {
        let taken = |_, found: OfVariants| Ok(found.into_iter().map(|(_, found)| found).collect());
        self.atlas_each(variants, scorers, Arc::new(taken))
    }

    /// Gets scores like [`atlas_scores`](Self::atlas_scores).
    ///
    /// * `taken`: is given what each call found as soon as it is there: the indices of its variants, and their scores.
    pub(crate) fn atlas_each<T: Send + 'static>(
        &self,
        variants: &[&CheckedVariant],
        scorers: &[AtlasScorer],
        taken: Taken<OfVariants, Picked<T>>,
    ) -> Vec<Result<T, ApiError>> {
        let asked: Arc<[AtlasScorer]> = scorers.into();
        let calls = stretches(variants);
        let organism: i32 = organism_message(self.options().organism).into();
        let mut running: Vec<JoinHandle<Result<Picked<T>, ApiError>>> = Vec::new();
        for (number, call) in calls.iter().enumerate() {
            let (caller, asked, taken) = (Arc::clone(self.caller()), Arc::clone(&asked), Arc::clone(&taken));
            let wanted: Vec<proto::Variant> = call
                .variants
                .iter()
                .map(|&index| variant_message(variants[index]))
                .collect();
            let (members, listed) = (call.variants.clone(), call.listed);
            running.push(self.spawn(async move {
                let found = match (listed, wanted.first()) {
                    (Some(stretch), Some(first)) => {
                        list(&caller, first.chromosome.clone(), stretch, organism, &asked).await
                    }
                    (None, Some(first)) => get(&caller, first.clone(), organism, &asked).await.map(|one| vec![one]),
                    (_, None) => Ok(Vec::new()),
                };
                let found = match found {
                    // A variant that is not there is no fault.
                    Err(ApiError::Refused { code: "NOT_FOUND", .. }) => Vec::new(),
                    found => found?,
                };
                let picked = members
                    .into_iter()
                    .zip(wanted.iter().map(|variant| pick(&found, variant)));
                take(taken, number, picked.collect()).await
            }));
        }
        let mut answers: Vec<Option<Result<T, ApiError>>> = variants.iter().map(|_| None).collect();
        for (call, answer) in calls.iter().zip(self.collect(running)) {
            match answer {
                Err(error) => {
                    for &index in &call.variants {
                        answers[index] = Some(Err(error.clone()));
                    }
                }
                Ok(found) => {
                    for (&index, found) in call.variants.iter().zip(found) {
                        answers[index] = Some(found);
                    }
                }
            }
        }
        let missing = || ApiError::Setup {
            reason: "a variant is in no call".to_owned(),
        };
        answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(missing())))
            .collect()
    }

    /// Returns the digest with which the Atlas's service states what it serves; `None` before its first answer, and of
    /// services that state nothing.
    pub fn atlas_states(&self) -> Option<String> {
        self.caller().states(GET)
    }

    /// Lists the scores of all variants in a stretch of bases, page after page.
    ///
    /// * `stretch`: 0-based, half-open; the Atlas may refuse long ones, and the published client lists 32 bases at once.
    ///
    /// # Errors
    /// [`ApiError`] when there is no answer, or the pages do not end.
    pub fn atlas_list(
        &self,
        contig: &str,
        stretch: Interval,
        scorers: &[AtlasScorer],
    ) -> Result<Vec<AtlasScores>, ApiError> {
        let organism = organism_message(self.options().organism).into();
        self.block_on(list(self.caller(), contig.to_owned(), stretch, organism, scorers))
    }
}

/// What is made of the scores of each variant of a call.
type Picked<T> = Vec<Result<T, ApiError>>;

/// Scores of variants by index; `None` where the Atlas has none.
pub(crate) type OfVariants = Vec<(usize, Result<Option<AtlasScores>, ApiError>)>;

/// Takes a variant out of a list.
fn pick(found: &[AtlasScores], asked: &proto::Variant) -> Result<Option<AtlasScores>, ApiError> {
    if let Some(scores) = found.iter().find(|scores| scores.variant == *asked) {
        return Ok(Some(scores.clone()));
    }
    let other = found.iter().find(|scores| {
        scores.variant.position == asked.position && scores.variant.reference_bases != asked.reference_bases
    });
    match other {
        None => Ok(None),
        Some(other) => Err(ApiError::Request {
            what: variant_text(asked),
            reason: format!("the Atlas has REF `{}` there", other.variant.reference_bases),
        }),
    }
}

async fn get(
    caller: &Arc<Caller>,
    variant: proto::Variant,
    organism: i32,
    asked: &Arc<[AtlasScorer]>,
) -> Result<AtlasScores, ApiError> {
    let request = wire::GetDenseVariantScoresRequest {
        variant: Some(variant.clone()),
        organism,
        filter: scorer_filter(asked),
    };
    let reader = {
        let (variant, asked) = (variant.clone(), Arc::clone(asked));
        move || {
            let (variant, asked) = (variant.clone(), Arc::clone(&asked));
            OneMessage::new(move |message| {
                let scores = scores(message, &asked)?;
                check_variant(&scores.variant, &variant)?;
                Ok(scores)
            })
        }
    };
    let answer = caller.call(GET, &request, &variant_text(&variant), &reader).await?;
    caller.remember(|| {
        Arc::new(move |caller: Arc<Caller>| {
            let (request, reader) = (request.clone(), reader());
            Box::pin(async move { caller.attempt(GET, &request, reader).await.map(drop) })
        })
    });
    Ok(answer)
}

async fn list(
    caller: &Arc<Caller>,
    contig: String,
    stretch: Interval,
    organism: i32,
    asked: &[AtlasScorer],
) -> Result<Vec<AtlasScores>, ApiError> {
    let interval = proto::Interval {
        chromosome: contig.clone(),
        start: stretch.bed_start().into(),
        end: stretch.bed_end().into(),
        strand: proto::Strand::Unstranded.into(),
    };
    let mut request = wire::ListDenseVariantScoresRequest {
        organism,
        filter: scorer_filter(asked),
        interval: Some(interval.clone()),
        ..Default::default()
    };
    let what = crate::genome::interval_text(&interval);
    let inside = |variant: &proto::Variant| {
        variant.chromosome == contig && variant.position > interval.start && variant.position <= interval.end
    };
    let read = |message: wire::ListDenseVariantScoresResponse| {
        let mut page = Vec::with_capacity(message.variant_scores.len());
        for one in message.variant_scores {
            let one = scores(one, asked)?;
            if !inside(&one.variant) {
                return Err(WireError::Other {
                    what: "the variant",
                    found: variant_text(&one.variant),
                    asked: crate::genome::interval_text(&interval),
                });
            }
            page.push(one);
        }
        Ok((page, message.next_page_token))
    };
    let mut listed = Vec::new();
    let mut tokens: HashSet<String> = HashSet::new();
    // A page may be empty, but there are no more pages than this that hold a variant.
    let most = 3 * stretch.len() as usize + 16;
    loop {
        let (page, token) = caller.call(LIST, &request, &what, || OneMessage::new(read)).await?;
        listed.extend(page);
        if token.is_empty() {
            return Ok(listed);
        }
        if !tokens.insert(token.clone()) || tokens.len() > most {
            return Err(ApiError::Failed {
                address: caller.options.address.to_string(),
                what,
                attempts: u32::try_from(tokens.len() + 1).unwrap_or(u32::MAX),
                reason: "its pages do not end".to_owned(),
            });
        }
        request.page_token = token;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use refalt_core::{Alternate, ContigName, Dna, InMemoryReference, Position, Variant, check};

    fn snvs(places: &[(&str, u32, &str)]) -> Vec<CheckedVariant> {
        let bases = vec![b'A'; 400];
        let reference = InMemoryReference::of_contigs([("chr1", bases.as_slice()), ("chr2", bases.as_slice())]);
        let one = |&(contig, position, alternate): &(&str, u32, &str)| {
            let variant = Variant {
                contig: ContigName::new(contig),
                position: Position::new(position).unwrap(),
                reference_bases: Dna::parse(b"A").unwrap(),
                alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
            };
            check(&variant, &reference).unwrap()
        };
        places.iter().map(one).collect()
    }

    /// The jobs of a call, and the first and last position of a list.
    type CallShape = (Vec<usize>, Option<(u32, u32)>);

    fn calls(places: &[(&str, u32, &str)]) -> Vec<CallShape> {
        let variants = snvs(places);
        let variants: Vec<&CheckedVariant> = variants.iter().collect();
        let calls = stretches(&variants).into_iter();
        calls
            .map(|call| {
                let listed = call.listed.map(|span| (span.bed_start(), span.bed_end()));
                (call.variants, listed)
            })
            .collect()
    }

    #[test]
    fn dense_runs_are_listed_and_scattered_variants_got() {
        // Three substitutions of one base, in any order of the input; then two variants five bases apart: 4 x 2 < 3 x 6.
        let places = [
            ("chr1", 50, "T"),
            ("chr1", 10, "C"),
            ("chr1", 10, "G"),
            ("chr1", 10, "T"),
            ("chr1", 55, "C"),
            ("chr2", 55, "C"),
        ];
        assert_eq!(
            calls(&places),
            [
                (vec![1, 2, 3], Some((9, 10))),
                (vec![0], None),
                (vec![4], None),
                (vec![5], None)
            ]
        );
        // Two variants within two bases: 4 x 2 >= 3 x 2; three bases: 8 < 9.
        assert_eq!(
            calls(&[("chr1", 5, "C"), ("chr1", 6, "C")]),
            [(vec![0, 1], Some((4, 6)))]
        );
        assert_eq!(
            calls(&[("chr1", 5, "C"), ("chr1", 7, "C")]),
            [(vec![0], None), (vec![1], None)]
        );
    }

    #[test]
    fn a_saturation_is_cut_into_stretches_of_32_bases() {
        let places: Vec<(&str, u32, &str)> = (1..=70)
            .flat_map(|position| ["C", "G", "T"].map(|base| ("chr1", position, base)))
            .collect();
        let lists: Vec<Option<(u32, u32)>> = calls(&places).into_iter().map(|(_, listed)| listed).collect();
        assert_eq!(lists, [Some((0, 32)), Some((32, 64)), Some((64, 70))]);
    }
}
