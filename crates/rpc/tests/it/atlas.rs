//! The Atlas: the client and the sources against the service over a folder of made-up scores, on loopback.

#[path = "../../../refalt/tests/it/synthetic.rs"]
mod made_up;

use arrow_free::{Table, table};
use made_up::{Never, Synthetic, WINDOW, genome, identity, plan, variants};
use refalt::core::{
    Alternate, ContigName, Dna, InMemoryReference, Interval, OutputType, Position, Reference as _, Strand, Track,
    TrackSet, Variant,
};
use refalt::engine::{InputRow, Plan, PlanOptions, ScoreSource, Setting, Silent, TableOptions, run};
use refalt::reference_assembly::AssemblyRecord;
use refalt_rpc::atlas::{AtlasFolder, AtlasOf, AtlasSource, AutoSource};
use refalt_rpc::cache::{AnswerCache, Kind};
use refalt_rpc::policy::RetryPolicy;
use refalt_rpc::proto::atlas::v1main as wire;
use refalt_rpc::proto::atlas::v1main::atlas_service_server::{AtlasService, AtlasServiceServer};
use refalt_rpc::{Address, ApiError, Client, ClientOptions};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

/// Reads tables through the exported text, so that this crate needs no Parquet of its own.
mod arrow_free {
    use refalt::export::{ExportOptions, Format, export};
    use refalt::score_folder::ScoreFolder;
    use std::collections::BTreeMap;
    use std::path::Path;

    pub(super) type Table = Vec<BTreeMap<String, String>>;

    pub(super) fn table(folder: &Path) -> Table {
        let place = tempfile::tempdir().unwrap();
        let out = place.path().join("table.tsv");
        let run = ScoreFolder::open(folder).unwrap();
        export(&run, Format::Tsv, &out, &ExportOptions::default()).unwrap();
        let text = std::fs::read_to_string(&out).unwrap();
        let mut lines = text.lines().map(|line| line.split('\t'));
        let header: Vec<&str> = lines.next().unwrap().collect();
        let row = |line: std::str::Split<'_, char>| {
            let cells = header.iter().zip(line);
            cells
                .map(|(name, cell)| ((*name).to_owned(), cell.to_owned()))
                .collect()
        };
        lines.map(row).collect()
    }
}

pub(crate) const SCORERS: [&str; 3] = ["ATAC", "RNA_SEQ", "RNA_SEQ_ACTIVE"];

fn outputs() -> Vec<TrackSet> {
    let track = |index: usize, output: OutputType| Track {
        name: format!("{output} {index}"),
        strand: [None, Some(Strand::Forward), Some(Strand::Reverse)][index],
        ontology_curie: Some(["EFO:0002067", "CL:0000084", "UBERON:0002048"][index].to_owned()),
        biosample_name: Some("cells".to_owned()),
        biosample_type: Some("cell_line".to_owned()),
        ..Track::default()
    };
    let set = |output: OutputType| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: (0..3).map(|index| track(index, output)).collect(),
    };
    [OutputType::Atac, OutputType::RnaSeq, OutputType::Dnase]
        .map(set)
        .into()
}

fn run_of(
    source: &dyn ScoreSource,
    plan: &Plan,
    out: &Path,
    reference: &InMemoryReference,
    rows: impl Iterator<Item = Result<InputRow, Never>> + Send,
) -> refalt::engine::Summary {
    let setting = Setting {
        plan,
        identity: &identity(plan),
        assembly: &AssemblyRecord::default(),
        reference,
        source,
        out,
        threads: 2,
    };
    run(&setting, rows, &mut Silent).unwrap()
}

/// Says what happens to an answer on its way.
type Change = dyn Fn(&mut wire::DenseVariantScores) + Send + Sync;

struct Changing {
    inner: AtlasOf,
    change: Arc<Change>,
    same_token: bool,
    page_size: i32,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    gets: AtomicU64,
    lists: AtomicU64,
}

#[tonic::async_trait]
impl AtlasService for Changing {
    async fn list_dense_variant_scores(
        &self,
        mut request: Request<wire::ListDenseVariantScoresRequest>,
    ) -> Result<Response<wire::ListDenseVariantScoresResponse>, Status> {
        self.seen.lists.fetch_add(1, Ordering::SeqCst);
        assert!(request.metadata().get("x-goog-fieldmask").is_some());
        request.get_mut().page_size = self.page_size;
        if self.same_token {
            request.get_mut().page_token.clear();
        }
        let mut answer = self.inner.list_dense_variant_scores(request).await?;
        if self.same_token {
            answer.get_mut().next_page_token = "again".to_owned();
        }
        answer
            .get_mut()
            .variant_scores
            .iter_mut()
            .for_each(|scores| (self.change)(scores));
        Ok(answer)
    }

    async fn get_dense_variant_scores(
        &self,
        request: Request<wire::GetDenseVariantScoresRequest>,
    ) -> Result<Response<wire::DenseVariantScores>, Status> {
        self.seen.gets.fetch_add(1, Ordering::SeqCst);
        let mut answer = self.inner.get_dense_variant_scores(request).await?;
        (self.change)(answer.get_mut());
        Ok(answer)
    }

    async fn list_variant_scores_metadata(
        &self,
        request: Request<wire::ListVariantScoresMetadataRequest>,
    ) -> Result<Response<wire::ListVariantScoresMetadataResponse>, Status> {
        self.inner.list_variant_scores_metadata(request).await
    }
}

/// A folder of made-up scores of 40 substitutions at neighbouring bases, served.
struct Served {
    folder: tempfile::TempDir,
    reference: InMemoryReference,
    address: String,
    seen: Arc<Seen>,
    _runtime: tokio::runtime::Runtime,
}

pub(crate) const VARIANTS: u32 = 40;

/// Writes a folder of made-up scores, and returns the genome that they are on.
pub(crate) fn write_scores(out: &Path) -> InMemoryReference {
    let source = Synthetic::of_tracks(outputs(), 3, 2);
    let reference = genome(VARIANTS + 10);
    let plan = plan(&source, &SCORERS, TableOptions::default(), Some(7));
    run_of(&source, &plan, out, &reference, variants(VARIANTS));
    reference
}

impl Served {
    fn start(change: Arc<Change>, same_token: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let reference = write_scores(&folder.path().join("scores"));
        let served = AtlasFolder::open(&folder.path().join("scores")).unwrap();
        assert_eq!(served.variants(), VARIANTS as usize);
        assert_eq!(served.scorers().collect::<Vec<_>>(), SCORERS);
        let seen = Arc::new(Seen::default());
        let service = Changing {
            inner: served.into(),
            change,
            same_token,
            page_size: 5,
            seen: Arc::clone(&seen),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = tonic::transport::Server::builder().add_service(AtlasServiceServer::new(service));
        runtime.spawn(router.serve_with_incoming({
            let _entered = runtime.enter();
            TcpIncoming::from(listener)
        }));
        Self {
            folder,
            reference,
            address: format!("http://127.0.0.1:{port}"),
            seen,
            _runtime: runtime,
        }
    }

    fn clean() -> Self {
        Self::start(Arc::new(|_| {}), false)
    }

    fn client(&self) -> Client {
        let options = ClientOptions {
            retry: RetryPolicy {
                first_wait: Duration::from_millis(1),
                longest_wait: Duration::from_millis(2),
                ..RetryPolicy::default()
            },
            ..ClientOptions::new(Address::parse(&self.address).unwrap(), None)
        };
        Client::new(options).unwrap()
    }

    /// Returns the calls for scores so far.
    fn calls(&self) -> u64 {
        self.seen.gets.load(Ordering::SeqCst) + self.seen.lists.load(Ordering::SeqCst)
    }

    fn original(&self) -> Table {
        table(&self.folder.path().join("scores"))
    }

    fn plan(&self, source: &dyn ScoreSource, window: u32) -> Plan {
        let options = PlanOptions {
            scorers: SCORERS.map(str::to_owned).into(),
            window: window.try_into().unwrap(),
            tracks: None,
            rows_per_part: Some(16),
            annotation: None,
            table: TableOptions::default(),
        };
        Plan::for_source(source, &options).unwrap()
    }
}

fn wanted() -> Vec<String> {
    SCORERS.map(str::to_owned).into()
}

/// The columns that do not say where a score comes from, row by row, sorted.
fn scores(table: &Table, keep: impl Fn(&str) -> bool) -> Vec<Vec<String>> {
    let columns = [
        "variant_id",
        "gene_id",
        "variant_scorer",
        "track_name",
        "track_strand",
        "raw_score",
        "quantile_score",
    ];
    let rows = table.iter().filter(|row| keep(&row["variant_id"]));
    let mut rows: Vec<Vec<String>> = rows.map(|row| columns.map(|name| row[name].clone()).into()).collect();
    rows.sort();
    rows
}

#[test]
fn a_run_from_the_atlas_has_the_scores_of_the_folder_and_says_where_they_are_from() {
    let served = Served::clean();
    let source = AtlasSource::open(served.client(), None, &wanted()).unwrap();
    let plan = served.plan(&source, WINDOW.get());
    let out = served.folder.path().join("again");
    let summary = run_of(&source, &plan, &out, &served.reference, variants(VARIANTS));
    assert_eq!(summary.manifest.counts.scored, u64::from(VARIANTS));
    let (before, after) = (served.original(), table(&out));
    assert_eq!(scores(&before, |_| true), scores(&after, |_| true));
    assert!(
        after
            .iter()
            .all(|row| row["source"].starts_with("alphagenome-atlas@") && !row["answered_on"].is_empty())
    );
    assert!(
        before
            .iter()
            .all(|row| row["source"] == "made-up" && row["answered_on"].is_empty())
    );
    // One alternate of three at neighbouring bases is dense enough: everything is listed, in pages of five.
    assert_eq!(served.seen.gets.load(Ordering::SeqCst), 0);
    assert!(served.seen.lists.load(Ordering::SeqCst) >= u64::from(VARIANTS) / 5);
}

#[test]
fn a_contig_is_found_under_another_of_its_names() {
    let served = Served::clean();
    let contig = served.reference.contig_id("chr1").unwrap();
    let length = served.reference.contig(contig).length_bp.unwrap();
    let whole = Interval::from_bed(0, length).unwrap();
    let mut bases = Vec::new();
    served.reference.fetch(contig, whole, &mut bases).unwrap();
    let renamed = InMemoryReference::of_contigs([("1", bases.as_slice())]);
    let source = AtlasSource::open(served.client(), None, &wanted()).unwrap();
    let plan = served.plan(&source, WINDOW.get());
    let out = served.folder.path().join("renamed");
    let summary = run_of(&source, &plan, &out, &renamed, variants(VARIANTS));
    assert_eq!(summary.manifest.counts.scored, u64::from(VARIANTS));
    // The rows have the reference's own name.
    let mut after = table(&out);
    for row in &mut after {
        let named = format!("chr{}", row["variant_id"]);
        assert!(named.starts_with("chr1:"), "{named}");
        row.insert("variant_id".to_owned(), named);
    }
    assert_eq!(scores(&served.original(), |_| true), scores(&after, |_| true));
}

#[test]
fn a_wide_folder_is_refused_before_it_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scores");
    write_scores(&path);
    let manifest = path.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let wide = text.replacen("\"layout\": \"tidy\"", "\"layout\": \"wide\"", 1);
    assert_ne!(wide, text);
    std::fs::write(&manifest, wide).unwrap();
    let error = AtlasFolder::open(&path).unwrap_err();
    assert!(error.to_string().contains("in the wide layout"), "{error}");
    assert!(refalt::Diagnostic::hint(&error).unwrap().contains("--layout wide"));
}

#[test]
fn what_the_atlas_lacks_is_said() {
    let served = Served::clean();
    let error = AtlasSource::open(served.client(), None, &["CAGE".to_owned()]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("the Atlas has ATAC, RNA_SEQ, RNA_SEQ_ACTIVE"),
        "{error}"
    );
    // Another window than that of the folder: every variant fails, and both windows are named.
    let source = AtlasSource::open(served.client(), None, &wanted()).unwrap();
    let plan = served.plan(&source, 1024);
    let out = served.folder.path().join("other");
    let summary = run_of(&source, &plan, &out, &served.reference, variants(4));
    assert_eq!((summary.manifest.counts.scored, summary.manifest.counts.failed), (0, 4));
    let reasons = refalt::engine::unscored(&out, 9).unwrap();
    assert!(
        reasons[0].reason.contains("scored it in the window `chr1:"),
        "{}",
        reasons[0].reason
    );
}

/// A row that deletes the base after `position`.
fn deletion(reference: &InMemoryReference, position: u32, row: u64) -> InputRow {
    let contig = reference.contig_id("chr1").unwrap();
    let interval = Interval::from_bed(position - 1, position + 1).unwrap();
    let mut bases = Vec::new();
    reference.fetch(contig, interval, &mut bases).unwrap();
    let variant = Variant {
        contig: ContigName::new("chr1"),
        position: Position::new(position).unwrap(),
        reference_bases: Dna::parse(&bases).unwrap(),
        alternate: Alternate::Bases(Dna::parse(&bases[..1]).unwrap()),
    };
    InputRow {
        row,
        line: row,
        id: None,
        text: variant.to_string(),
        variant: Ok(variant),
        repair: None,
    }
}

#[test]
fn auto_takes_substitutions_from_the_atlas_and_the_rest_from_elsewhere() {
    let served = Served::clean();
    let mut rest = Synthetic::of_tracks(outputs(), 3, 2);
    let mut origin = (*rest.origins[0]).clone();
    origin.source = "elsewhere".to_owned();
    rest.origins = vec![Arc::new(origin)];
    let source = AutoSource::open(served.client(), None, Box::new(rest), &wanted()).unwrap();
    assert!(
        source.notes()[0].contains("ATAC, RNA_SEQ, RNA_SEQ_ACTIVE"),
        "{:?}",
        source.notes()
    );
    let plan = served.plan(&source, WINDOW.get());
    // 42 substitutions, two of which are not in the folder, and two deletions among them.
    let count = VARIANTS + 2;
    let mut rows: Vec<InputRow> = variants(count).map(Result::unwrap).collect();
    for (row, position) in [(50, WINDOW.get() + 9), (51, WINDOW.get() + 20)] {
        rows.insert(10, deletion(&served.reference, position, row));
    }
    let given = rows.len() as u64;
    let out = served.folder.path().join("auto");
    let rows = rows.into_iter().map(Ok);
    let summary = run_of(&source, &plan, &out, &served.reference, rows);
    let counts = &summary.manifest.counts;
    assert_eq!((counts.rows, counts.scored, counts.failed), (given, given, 0));
    let found = table(&out);
    let original = served.original();
    let in_folder: std::collections::HashSet<&String> = original.iter().map(|row| &row["variant_id"]).collect();
    for row in &found {
        let expected = in_folder.contains(&row["variant_id"]);
        assert_eq!(row["source"].starts_with("alphagenome-atlas"), expected, "{row:?}");
        assert_eq!(row["source"] == "elsewhere", !expected);
        assert_eq!(row["answered_on"].is_empty(), !expected);
    }
    assert_eq!(
        scores(&original, |_| true),
        scores(&found, |name| in_folder.contains(&name.to_owned()))
    );
    // The manifest says for each scorer that there are two sources.
    assert_eq!(refalt::engine::sources::mixed(&summary.manifest.sources).len(), 3);
    let of_atlas: Vec<u64> = summary.manifest.sources.iter().map(|tally| tally.variants).collect();
    assert_eq!(of_atlas.iter().sum::<u64>(), 3 * given);
}

#[test]
fn a_scorer_for_other_tracks_is_never_mixed() {
    let served = Served::clean();
    let mut other = outputs();
    other[0].tracks = other[0].tracks.iter().take(2).cloned().collect();
    let rest = Synthetic::of_tracks(other, 3, 2);
    let source = AutoSource::open(served.client(), None, Box::new(rest), &wanted()).unwrap();
    assert!(
        source
            .notes()
            .iter()
            .any(|note| note.contains("different tracks for ATAC"))
    );
    let plan = served.plan(&source, WINDOW.get());
    let out = served.folder.path().join("auto");
    let summary = run_of(&source, &plan, &out, &served.reference, variants(6));
    assert_eq!(summary.manifest.counts.scored, 6);
    for row in table(&out) {
        assert_eq!(row["source"] == "made-up", row["output_type"] == "ATAC", "{row:?}");
    }
}

/// Runs a few variants from a service whose answers are changed; the reasons of those that failed.
fn reasons(change: impl Fn(&mut wire::DenseVariantScores) + Send + Sync + 'static, same_token: bool) -> Vec<String> {
    let served = Served::start(Arc::new(change), same_token);
    let source = AtlasSource::open(served.client(), None, &wanted()).unwrap();
    let plan = served.plan(&source, WINDOW.get());
    let out = served.folder.path().join("again");
    run_of_failing(&source, &plan, &out, &served.reference)
}

fn run_of_failing(source: &AtlasSource, plan: &Plan, out: &Path, reference: &InMemoryReference) -> Vec<String> {
    let setting = Setting {
        plan,
        identity: &identity(plan),
        assembly: &AssemblyRecord::default(),
        reference,
        source,
        out,
        threads: 1,
    };
    match run(&setting, variants(3), &mut Silent) {
        Err(error) => vec![error.to_string()],
        Ok(_) => {
            let rows = refalt::engine::unscored(out, 9).unwrap();
            rows.into_iter().map(|row| row.reason).collect()
        }
    }
}

#[test]
fn damaged_answers_are_no_scores() {
    let said = |reasons: Vec<String>, what: &str| {
        assert!(
            !reasons.is_empty() && reasons.iter().all(|reason| reason.contains(what)),
            "{what}: {reasons:?}"
        );
    };
    let short = |scores: &mut wire::DenseVariantScores| {
        let bytes = scores.scores[0].scores.clone();
        scores.scores[0].scores = bytes.slice(..bytes.len() - 1);
    };
    said(reasons(short, false), "11 bytes of scores where the shape makes 12");
    let shape = |scores: &mut wire::DenseVariantScores| scores.scores[0].shape = vec![3, 1];
    said(
        reasons(shape, false),
        "an array of shape [3, 1] where [1, 3] is expected",
    );
    let scorer = |scores: &mut wire::DenseVariantScores| drop(scores.scores.pop());
    said(reasons(scorer, false), "2 answers for 3 scorers");
    let place = |scores: &mut wire::DenseVariantScores| scores.variant.as_mut().unwrap().position += 1000;
    said(reasons(place, false), "the answer is about the variant");
    let reference = |scores: &mut wire::DenseVariantScores| {
        scores.variant.as_mut().unwrap().reference_bases = "N".to_owned();
    };
    said(reasons(reference, false), "the Atlas has REF `N` there");
    let window = |scores: &mut wire::DenseVariantScores| scores.interval = None;
    said(reasons(window, false), "does not say in which window");
    said(reasons(|_| {}, true), "its pages do not end");
}

#[test]
fn without_calibrated_scores_quantiles_are_missing() {
    let served = Served::start(
        Arc::new(|scores| {
            scores
                .scores
                .iter_mut()
                .for_each(|score| score.calibrated_scores = None)
        }),
        false,
    );
    let source = AtlasSource::open(served.client(), None, &wanted()).unwrap();
    let plan = served.plan(&source, WINDOW.get());
    let out = served.folder.path().join("again");
    run_of(&source, &plan, &out, &served.reference, variants(3));
    assert!(
        table(&out)
            .iter()
            .all(|row| row["quantile_score"].is_empty() && !row["raw_score"].is_empty())
    );
}

#[test]
fn a_scattered_variant_is_got_and_a_wrong_reference_refused() {
    let served = Served::clean();
    let source = AtlasSource::open(served.client(), None, &wanted()).unwrap();
    let plan = served.plan(&source, WINDOW.get());
    let out = served.folder.path().join("one");
    run_of(&source, &plan, &out, &served.reference, variants(1));
    assert_eq!(served.seen.gets.load(Ordering::SeqCst), 1);
    let scorers = served.client().atlas_scorers().unwrap();
    // The whole folder, in several pages, in the order of positions.
    let all = Interval::from_bed(0, WINDOW.get() + VARIANTS).unwrap();
    let listed = served.client().atlas_list("chr1", all, &scorers).unwrap();
    assert_eq!(listed.len(), VARIANTS as usize);
    assert!(
        listed
            .windows(2)
            .all(|pair| pair[0].variant.position < pair[1].variant.position)
    );
    let error = served.client().atlas_list("chr9", all, &scorers).unwrap_err();
    assert!(matches!(error, ApiError::Refused { code: "NOT_FOUND", .. }), "{error}");
}

/// Runs over the served folder with a cache; returns the table and the calls that it made.
fn run_with_cache(served: &Served, cache: &Arc<AnswerCache>, scorers: &[String], out: &str) -> (Table, u64) {
    let before = served.calls();
    let source = AtlasSource::open(served.client(), Some(Arc::clone(cache)), scorers).unwrap();
    let options = PlanOptions {
        scorers: scorers.into(),
        window: WINDOW,
        tracks: None,
        rows_per_part: Some(16),
        annotation: None,
        table: TableOptions::default(),
    };
    let plan = Plan::for_source(&source, &options).unwrap();
    let out = served.folder.path().join(out);
    run_of(&source, &plan, &out, &served.reference, variants(VARIANTS));
    (table(&out), served.calls() - before)
}

#[test]
fn answers_of_the_atlas_are_kept_by_variant_and_scorer() {
    let served = Served::clean();
    let folder = tempfile::tempdir().unwrap();
    let cache = AnswerCache::open(folder.path(), None, Arc::new(|trouble| panic!("{trouble}"))).unwrap();
    let cache = Arc::new(cache);
    let (first, calls) = run_with_cache(&served, &cache, &wanted()[..2], "first");
    assert!(calls > 0);
    let count = |cache: &AnswerCache| cache.stats().unwrap().by_kind.of(Kind::Atlas).entries;
    assert_eq!(count(&cache), 2 * u64::from(VARIANTS));
    // The same again, and a part of it, cost nothing and are the same rows.
    let (again, calls) = run_with_cache(&served, &cache, &wanted()[..2], "again");
    assert_eq!((calls, &again), (0, &first));
    let (_, calls) = run_with_cache(&served, &cache, &wanted()[1..2], "part");
    assert_eq!(calls, 0);
    // One scorer more asks for that one only; all of it has the scores of the folder.
    let (all, calls) = run_with_cache(&served, &cache, &wanted(), "all");
    assert!(calls > 0);
    assert_eq!(count(&cache), 3 * u64::from(VARIANTS));
    assert_eq!(scores(&all, |_| true), scores(&served.original(), |_| true));
    assert!(cache.verify(false).unwrap().is_sound());
}
