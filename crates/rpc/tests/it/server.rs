//! The server through refalt's own client: answers are those of the model and the scorers, whatever the method.

use crate::synthetic::{Files, Running, Synthetic, WINDOW_BP, genome};
use refalt::engine::{Plan, PlanOptions, Predictor, ScoreSource, SourceJob, TableOptions};
use refalt_core::interval_scorer::{IntervalAggregation, IntervalScorer};
use refalt_core::scorer::{Scorer, Width, parse, recommended};
use refalt_core::{
    Alternate, Annotation, Backend, BinSpan, CheckedVariant, ContigName, Dna, Interval, Organism, OutputRequest,
    OutputType, Outputs, Position, Query, Reference, Sequence, Variant, Window, check,
};
use refalt_rpc::answer::PredictedOutput;
use refalt_rpc::client::{Place, Requested};
use refalt_rpc::server::ServedModel;
use refalt_rpc::{Address, ApiError, Client, ClientOptions};
use std::num::NonZeroU32;
use std::sync::Arc;

fn client_with(server: &Running, change: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new(Address::parse(&server.uri()).unwrap(), None);
    change(&mut options);
    Client::new(options).unwrap()
}

/// A variant of the made-up genome; REF is read from it.
fn variant(reference: &dyn Reference, position: u32, reference_bp: usize, alternate: &str) -> CheckedVariant {
    let at = position as usize - 1;
    let variant = Variant {
        contig: ContigName::new("chr1"),
        position: Position::new(position).unwrap(),
        reference_bases: Dna::parse(&genome()[at..at + reference_bp]).unwrap(),
        alternate: Alternate::Bases(Dna::parse(alternate.as_bytes()).unwrap()),
    };
    check(&variant, reference).unwrap()
}

fn other_base(position: u32) -> &'static str {
    if genome()[position as usize - 1] == b'C' {
        "G"
    } else {
        "C"
    }
}

/// A substitution, an insertion and a deletion within genes, and one in a window that begins before the contig.
fn variants(reference: &dyn Reference) -> Vec<CheckedVariant> {
    let first = char::from(genome()[13_020 - 1]);
    vec![
        variant(reference, 12_100, 1, other_base(12_100)),
        variant(reference, 13_020, 1, &format!("{first}ACGTT")),
        variant(reference, 15_300, 7, &char::from(genome()[15_300 - 1]).to_string()),
        variant(reference, 500, 1, other_base(500)),
    ]
}

fn around(variant: &CheckedVariant) -> Window {
    Window::around(
        variant.contig(),
        variant.reference_interval(),
        NonZeroU32::new(WINDOW_BP).unwrap(),
    )
}

fn setting() -> (Files, ServedModel, Running) {
    let files = Files::write();
    let (model, _) = files.served();
    let server = Running::start(model.clone(), |_| {});
    (files, model, server)
}

fn human_scorers() -> Vec<Box<dyn Scorer>> {
    recommended(Organism::Human)
        .map(|named| parse(named.name).unwrap())
        .collect()
}

/// The engine's blocks of a variant, the scorers in order.
fn blocks(
    model: &ServedModel,
    annotation: &Arc<Annotation>,
    place: (&CheckedVariant, &Window),
    merge_stranded: bool,
) -> Vec<refalt_core::score::ScoreBlock> {
    let options = PlanOptions {
        scorers: human_scorers().iter().map(ToString::to_string).collect(),
        window: place.1.length(),
        tracks: None,
        rows_per_part: None,
        annotation: Some(Arc::clone(annotation)),
        table: TableOptions {
            merge_stranded,
            ..TableOptions::default()
        },
    };
    let plan = Plan::new(model.card(), &options).unwrap();
    let sequences = place.1.sequences(place.0, model.reference.as_ref()).unwrap();
    let job = SourceJob {
        variant: place.0,
        window: place.1,
        sequences: &sequences,
    };
    Predictor(model.backend.as_ref())
        .score(&plan, &[job])
        .remove(0)
        .unwrap()
}

#[test]
fn scores_are_the_engines_own_for_every_scorer_and_either_way_of_strands() {
    let (_files, model, server) = setting();
    let annotation = model.annotation.clone().unwrap();
    let variants = variants(model.reference.as_ref());
    let windows: Vec<Window> = variants.iter().map(around).collect();
    let places: Vec<Place<'_>> = variants
        .iter()
        .zip(&windows)
        .map(|(variant, window)| Place { variant, window })
        .collect();
    let scorers = human_scorers();
    let all: Vec<&dyn Scorer> = scorers.iter().map(AsRef::as_ref).collect();
    assert_eq!(all.len(), 19);
    let mut junction_rows = 0;
    for merge in [false, true] {
        let client = client_with(&server, |options| options.merge_stranded_gene_tracks = merge);
        for (place, answer) in places.iter().zip(client.score_variants(&places, &all)) {
            let answer = answer.unwrap();
            let expected = blocks(&model, &annotation, (place.variant, place.window), merge);
            for ((scored, block), scorer) in answer.iter().zip(&expected).zip(&all) {
                assert_eq!(scored.rows, block.rows, "{scorer} {}", place.variant);
                assert_eq!(scored.quantile, None);
                let same = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
                assert!(
                    scored.raw.len() == block.raw.len() && scored.raw.iter().zip(&block.raw).all(same),
                    "{scorer} {}",
                    place.variant
                );
                if scorer.output() == OutputType::SpliceJunctions {
                    junction_rows += scored.rows.len();
                }
                // 6 tracks: 2 pairs, one without strand that has the name of a pair, one of its own.
                if scorer.to_string() == "GeneMaskLFCScorer(requested_output=RNA_SEQ)" {
                    assert_eq!(scored.tracks.tracks.len(), if merge { 3 } else { 6 });
                }
            }
        }
    }
    assert!(junction_rows >= 4, "{junction_rows}");
    // The line of a call: places, no bases.
    let line = server.logged("ScoreVariant");
    assert!(line.contains(" scorers=19 OK ") && line.contains("chr1:"), "{line}");
}

#[test]
fn tracks_are_the_models_own() {
    let (_files, model, server) = setting();
    let client = client_with(&server, |_| {});
    assert_eq!(client.metadata().unwrap(), model.card().outputs);
}

#[test]
fn interval_scores_are_cores_own() {
    let (_files, model, server) = setting();
    let annotation = model.annotation.clone().unwrap();
    let contig = ContigName::new("chr1");
    let scorers = [
        (OutputType::RnaSeq, Width::Whole, IntervalAggregation::Mean),
        (OutputType::ChipTf, Width::Bp10001, IntervalAggregation::Sum),
        (OutputType::Cage, Width::Bp501, IntervalAggregation::Mean),
    ]
    .map(|(output, width, aggregation)| IntervalScorer {
        output,
        width,
        aggregation,
    });
    let client = client_with(&server, |_| {});
    for start in [5_000, -3_000] {
        let window = Window::from_bed(&contig, start, start + i64::from(WINDOW_BP)).unwrap();
        let answer = client.score_interval(&window, &scorers).unwrap();
        for (scored, scorer) in answer.iter().zip(&scorers) {
            let tracks = model.card().tracks(scorer.output).unwrap();
            let wanted = [scorer.request(tracks, &window, &annotation).unwrap()];
            let id = model.reference.contig_id("chr1").unwrap();
            let sequence = window.reference_sequence(id, model.reference.as_ref()).unwrap();
            let outputs = predict(model.backend.as_ref(), &window, &sequence, &wanted);
            let expected = scorer.score(&outputs, &window, &annotation).unwrap();
            assert_eq!((&scored.rows, &scored.raw), (&expected.rows, &expected.raw), "{scorer}");
        }
        assert!(!answer[0].rows.is_empty());
    }
}

fn predict(backend: &dyn Backend, window: &Window, sequence: &Sequence, outputs: &[OutputRequest]) -> Outputs {
    let query = Query {
        window,
        reference: sequence,
        alternates: &[],
        alignments: &[],
        known_sites: &[],
        abandoned: Default::default(),
        outputs,
    };
    backend.predict(&[query]).remove(0).unwrap().reference
}

#[test]
fn substitutions_have_the_scores_of_the_same_variants_one_by_one() {
    let (_files, model, server) = setting();
    let client = client_with(&server, |_| {});
    let contig = ContigName::new("chr1");
    let window = Window::from_bed(&contig, 5_000, 5_000 + i64::from(WINDOW_BP)).unwrap();
    let scorers: Vec<Box<dyn Scorer>> = ["CHIP_TF", "RNA_SEQ"].map(|name| parse(name).unwrap()).into();
    let scorers: Vec<&dyn Scorer> = scorers.iter().map(AsRef::as_ref).collect();
    // Pieces of 10 and 2 bases.
    let stretch = Interval::from_bed(12_000, 12_012).unwrap();
    let all = client.score_ism(&window, stretch, &scorers).unwrap();
    assert_eq!(all.len(), 36);
    for scores in [&all[0], &all[17], &all[35]] {
        let checked = check(&scores.variant, model.reference.as_ref()).unwrap();
        let place = Place {
            variant: &checked,
            window: &window,
        };
        let alone = client.score_variant(place, &scorers).unwrap();
        for (one, other) in alone.iter().zip(&scores.scores) {
            assert_eq!((&one.rows, one.raw.len()), (&other.rows, other.raw.len()));
            assert!(one.raw.iter().zip(&other.raw).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}

fn whole(model: &ServedModel, window: &Window, outputs: &[OutputType]) -> Vec<OutputRequest> {
    let request = |&output: &OutputType| OutputRequest {
        output,
        spans: BinSpan::all(window, model.card().tracks(output).unwrap().resolution).into(),
    };
    outputs.iter().map(request).collect()
}

/// Compares predictions with those of the model; `columns` says which tracks are expected.
fn check_prediction(
    found: &[PredictedOutput],
    expected: &Outputs,
    window: &Window,
    columns: impl Fn(OutputType, usize) -> bool,
) {
    assert_eq!(found.len(), 11);
    for output in found {
        match output {
            PredictedOutput::Tracks(tracks) if tracks.tracks.output == OutputType::ContactMaps => {
                assert_eq!(tracks.bins, [8, 8]);
                let contacts = expected.contacts().unwrap();
                let all: Vec<f32> = contacts.values().to_vec();
                let kept = columns(OutputType::ContactMaps, 0);
                assert_eq!(tracks.values, if kept { all } else { Vec::new() });
            }
            PredictedOutput::Tracks(tracks) => {
                let own = expected.get(tracks.tracks.output).unwrap();
                let width = own.tracks().tracks.len();
                let kept = |(place, _): &(usize, &f32)| columns(tracks.tracks.output, place % width);
                let values: Vec<f32> = own
                    .values()
                    .iter()
                    .enumerate()
                    .filter(kept)
                    .map(|(_, &value)| value)
                    .collect();
                assert!(tracks.values == values, "{}", tracks.tracks.output);
                let bins = own.tracks().resolution.bins_in(window) as usize;
                assert_eq!(tracks.bins, [bins]);
            }
            PredictedOutput::Junctions(junctions) => {
                let own = expected.junctions().unwrap();
                assert!(junctions.junctions.len() > 1);
                assert_eq!(
                    junctions.values.len(),
                    junctions.junctions.len() * junctions.tracks.tracks.len()
                );
                // The first: the first donor of `+` with the first acceptor behind it.
                use refalt_core::annotation::SpliceSiteClass::{AcceptorForward, DonorForward};
                let (intron, strand) = junctions.junctions[0];
                assert_eq!(strand, Some(refalt_core::Strand::Forward));
                let donor = own.sites(DonorForward)[0];
                let (acceptor, at) = own
                    .sites(AcceptorForward)
                    .iter()
                    .enumerate()
                    .find(|(_, at)| **at > donor)
                    .unwrap();
                // Half-open and 0-based, the intron is what lies between the two exon bases.
                let bounds = [donor, *at].map(|at| window.position_of(at).unwrap().one_based());
                assert_eq!(intron, Interval::from_bed(bounds[0], bounds[1] - 1).unwrap());
                let counts = own.counts(refalt_core::Strand::Forward, 0, acceptor).unwrap();
                let kept = |tissue: &usize| columns(OutputType::SpliceJunctions, *tissue);
                let counts: Vec<f32> = (0..counts.len()).filter(kept).map(|tissue| counts[tissue]).collect();
                assert_eq!(junctions.values[..counts.len()], counts);
            }
            PredictedOutput::Bare { .. } => panic!("a bare array"),
        }
    }
}

#[test]
fn predictions_are_the_models_own_for_intervals_variants_and_sequences() {
    let (_files, model, server) = setting();
    let client = client_with(&server, |_| {});
    let reference = model.reference.as_ref();
    let variants = variants(reference);
    // The insertion: REF and ALT have other sequences behind it.
    let (variant, window) = (&variants[1], around(&variants[1]));
    let requested = Requested {
        outputs: &OutputType::ALL,
        ontology_curies: &[],
    };
    let requests = whole(&model, &window, &OutputType::ALL);
    let pair = window.sequences(variant, reference).unwrap();
    let all = |_: OutputType, _: usize| true;
    let query = Query {
        window: &window,
        reference: &pair.reference,
        alternates: std::slice::from_ref(&pair.alternate),
        alignments: &[],
        known_sites: &[],
        abandoned: Default::default(),
        outputs: &requests,
    };
    let expected = model.backend.predict(&[query]).remove(0).unwrap();
    let found = client.predict_interval(&window, requested).unwrap();
    check_prediction(&found, &expected.reference, &window, all);
    let place = Place {
        variant,
        window: &window,
    };
    let found = client.predict_variant(place, requested).unwrap();
    check_prediction(&found.reference, &expected.reference, &window, all);
    check_prediction(&found.alternate, &expected.alternates[0], &window, all);
    assert_ne!(found.reference, found.alternate);
    // A sequence lies on a contig of its own, from its first base.
    let own = Window::from_bed(&ContigName::new("sequence"), 0, WINDOW_BP.into()).unwrap();
    let found = client.predict_sequence(&pair.alternate, requested).unwrap();
    let expected = predict(model.backend.as_ref(), &own, &pair.alternate, &requests);
    check_prediction(&found, &expected, &own, all);
    // Before the contig the model reads N.
    let window = Window::from_bed(&ContigName::new("chr1"), -8_000, -8_000 + i64::from(WINDOW_BP)).unwrap();
    let id = reference.contig_id("chr1").unwrap();
    let sequence = window.reference_sequence(id, reference).unwrap();
    assert!(sequence.as_bytes()[..8_000].iter().all(|&base| base == b'N'));
    let expected = predict(model.backend.as_ref(), &window, &sequence, &requests);
    check_prediction(
        &client.predict_interval(&window, requested).unwrap(),
        &expected,
        &window,
        all,
    );
}

#[test]
fn ontology_terms_choose_tracks_but_never_those_of_splice_sites() {
    let (_files, model, server) = setting();
    let client = client_with(&server, |_| {});
    let window = Window::from_bed(&ContigName::new("chr1"), 5_000, 5_000 + i64::from(WINDOW_BP)).unwrap();
    let id = model.reference.contig_id("chr1").unwrap();
    let sequence = window.reference_sequence(id, model.reference.as_ref()).unwrap();
    let requests = whole(&model, &window, &OutputType::ALL);
    let expected = predict(model.backend.as_ref(), &window, &sequence, &requests);
    let curies = ["UBERON:0002048".to_owned(), "CL:0000084".to_owned()];
    let requested = Requested {
        outputs: &OutputType::ALL,
        ontology_curies: &curies,
    };
    let kept = |output: OutputType, column: usize| {
        let track = &model.card().tracks(output).unwrap().tracks[column];
        output == OutputType::SpliceSites || track.ontology_curie.as_deref() == Some("UBERON:0002048")
    };
    let found = client.predict_interval(&window, requested).unwrap();
    check_prediction(&found, &expected, &window, kept);
    let tracks = |output: OutputType| {
        let found = found.iter().find(|found| found.output() == output).unwrap();
        match found {
            PredictedOutput::Tracks(tracks) => tracks.tracks.tracks.len(),
            PredictedOutput::Junctions(junctions) => junctions.tracks.tracks.len(),
            PredictedOutput::Bare { .. } => usize::MAX,
        }
    };
    use OutputType::{Cage, ChipTf, ContactMaps, Dnase, RnaSeq, SpliceJunctions, SpliceSites};
    let counts = [Cage, ChipTf, ContactMaps, Dnase, RnaSeq, SpliceJunctions, SpliceSites].map(tracks);
    assert_eq!(counts, [2, 0, 0, 0, 2, 1, 4]);
}

/// Asks what is refused, and returns the client's words.
fn refused<T>(answer: Result<T, ApiError>) -> String {
    match answer {
        Err(ApiError::Refused { code, reason, .. }) => format!("{code}: {reason}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("not refused"),
    }
}

#[test]
fn what_the_model_does_not_read_or_give_is_refused_with_what_it_does() {
    let (_files, model, server) = setting();
    let client = client_with(&server, |_| {});
    let window = |start: i64, length: i64| Window::from_bed(&ContigName::new("chr1"), start, start + length).unwrap();
    let cage = Requested {
        outputs: &[OutputType::Cage],
        ontology_curies: &[],
    };
    let text = refused(client.predict_interval(&window(0, 2_048), cage));
    assert!(text.contains("INVALID_ARGUMENT"), "{text}");
    assert!(text.contains("2048") && text.contains("16384, 131072"), "{text}");
    let text = refused(client.predict_interval(&window(50_000, 16_384), cage));
    assert!(text.contains("knows no base"), "{text}");
    let elsewhere = Window::from_bed(&ContigName::new("chr9"), 0, 16_384).unwrap();
    let text = refused(client.predict_interval(&elsewhere, cage));
    assert!(
        text.contains("NOT_FOUND") && text.contains("`chr9`") && text.contains("chr1"),
        "{text}"
    );
    let text = refused(client.predict_interval(&window(0, 16_384), Requested::default()));
    assert!(text.contains("no output type is requested"), "{text}");
    let mouse = client_with(&server, |options| options.organism = Organism::Mouse);
    let text = refused(mouse.metadata());
    assert!(
        text.contains("ORGANISM_MUS_MUSCULUS") && text.contains("Homo sapiens"),
        "{text}"
    );
    let other = client_with(&server, |options| options.model_version = Some("FOLD_1".to_owned()));
    // No call can succeed, so it is no fault of the interval.
    let error = other.predict_interval(&window(0, 16_384), cage).unwrap_err();
    assert!(
        matches!(&error, ApiError::ModelVersion { version, reason, .. } if version == "FOLD_1" && reason.contains("`FOLD_0`")),
        "{error}"
    );
    assert!(error.is_fatal() && error.hint().is_some());
    let same = client_with(&server, |options| options.model_version = Some("FOLD_0".to_owned()));
    assert!(same.predict_interval(&window(0, 16_384), cage).is_ok());
    // A variant outside of its interval.
    let variants = variants(model.reference.as_ref());
    let scorer = parse("CAGE").unwrap();
    let far = window(20_000, 16_384);
    let place = Place {
        variant: &variants[0],
        window: &far,
    };
    let text = refused(client.score_variant(place, &[scorer.as_ref()]));
    assert!(text.contains("does not lie in the interval"), "{text}");
}

#[test]
fn without_genes_scorers_by_gene_are_refused_and_the_others_named() {
    let files = Files::write();
    let model = ServedModel {
        backend: Arc::new(Synthetic::new()),
        reference: Arc::new(files.reference()),
        annotation: None,
        states: None,
    };
    let variants = variants(model.reference.as_ref());
    let server = Running::start(model, |_| {});
    let client = client_with(&server, |_| {});
    let window = around(&variants[0]);
    let place = Place {
        variant: &variants[0],
        window: &window,
    };
    let [by_gene, other] = ["RNA_SEQ", "DNASE"].map(|name| parse(name).unwrap());
    let text = refused(client.score_variant(place, &[other.as_ref(), by_gene.as_ref()]));
    assert!(
        text.contains("`GeneMaskLFCScorer(requested_output=RNA_SEQ)` is not served"),
        "{text}"
    );
    assert!(
        text.contains("without a gene annotation") && text.contains("served are ATAC, CONTACT_MAPS"),
        "{text}"
    );
    assert!(client.score_variant(place, &[other.as_ref()]).is_ok());
}
