//! A model of every output type, a genome and genes, all made up, and a server of them.
//!
//! The values are arithmetic on the sequence, so that every base, bin and track has its own and two places never agree by
//! accident; they mean nothing.

use refalt::io::fasta::FastaReference;
use refalt::reference_assembly::ReferenceAssembly;
use refalt::scoring::{GeneFiles, PolyaSource};
use refalt_core::annotation::SpliceSiteClass;
use refalt_core::backend::WindowLengths;
use refalt_core::{
    Abandoned, Answer, Backend, BackendError, BinSpan, ContactValues, JunctionValues, ModelCard, Offset, OutputRequest,
    OutputType, Outputs, Query, Strand, Track, TrackSet, TrackValues, Window,
};
use refalt_rpc::server::{Bound, ServedModel, Server, ServerOptions, Stopper, Summary};
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;

/// Length of the window that the tests use, in bp.
pub(crate) const WINDOW_BP: u32 = 16_384;

/// The made-up model.
pub(crate) struct Synthetic {
    card: ModelCard,
    /// Closed, the model waits before it answers.
    pub(crate) gate: Arc<Gate>,
}

/// Holds the model up.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    closed: bool,
    /// Whether the model gives up when nobody waits.
    heeds: bool,
    questions: u64,
}

impl Gate {
    pub(crate) fn set_closed(&self, closed: bool) {
        self.state.lock().unwrap().closed = closed;
        self.changed.notify_all();
    }

    /// Lets the model give up, closed as it is, when nobody waits for the answer.
    pub(crate) fn set_heeding(&self) {
        self.state.lock().unwrap().heeds = true;
    }

    /// Waits until the model was asked so often.
    pub(crate) fn wait_for_questions(&self, count: u64) {
        let state = self.state.lock().unwrap();
        let limit = std::time::Duration::from_secs(20);
        let (_state, out) = self
            .changed
            .wait_timeout_while(state, limit, |state| state.questions < count)
            .unwrap();
        assert!(!out.timed_out());
    }

    pub(crate) fn questions(&self) -> u64 {
        self.state.lock().unwrap().questions
    }

    /// Waits until the gate is open; says no when the model gives up.
    fn pass(&self, abandoned: Abandoned<'_>) -> bool {
        let mut state = self.state.lock().unwrap();
        state.questions += 1;
        self.changed.notify_all();
        while state.closed {
            if state.heeds && abandoned.is_so() {
                return false;
            }
            let moment = std::time::Duration::from_millis(5);
            state = self.changed.wait_timeout(state, moment).unwrap().0;
        }
        true
    }
}

fn track(name: &str, strand: Option<Strand>, curie: &str) -> Track {
    Track {
        name: name.to_owned(),
        strand,
        assay_title: Some("made-up assay".to_owned()),
        ontology_curie: Some(curie.to_owned()),
        biosample_name: Some("made-up cells".to_owned()),
        biosample_type: Some("cell_line".to_owned()),
        biosample_life_stage: Some("adult".to_owned()),
        data_source: Some("nowhere".to_owned()),
        ..Track::default()
    }
}

const PLUS: Option<Strand> = Some(Strand::Forward);
const MINUS: Option<Strand> = Some(Strand::Reverse);
const K562: &str = "EFO:0002067";
const HEPG2: &str = "EFO:0001187";
const LUNG: &str = "UBERON:0002048";

fn outputs() -> Vec<TrackSet> {
    let set = |output: OutputType, tracks: Vec<Track>| TrackSet {
        output,
        resolution: output.resolution(),
        tracks: tracks.into(),
    };
    let pair = |name: &str, curie: &str| [track(name, PLUS, curie), track(name, MINUS, curie)];
    let paired = |names: [(&str, &str); 2]| -> Vec<Track> {
        let [first, second] = names.map(|(name, curie)| pair(name, curie));
        let [[a, b], [c, d]] = [first, second];
        vec![a, c, b, d]
    };
    let mut rna = paired([("K562 total RNA-seq", K562), ("lung total RNA-seq", LUNG)]);
    // The first has the name of a stranded one, so that merging leaves it out.
    rna.push(track("K562 total RNA-seq", None, K562));
    rna.push(track("HepG2 polyA RNA-seq", None, HEPG2));
    for track in &mut rna {
        track.gtex_tissue = Some(if track.name.starts_with("lung") { "Lung" } else { "" }.to_owned());
        track.endedness = Some("paired".to_owned());
        track.genetically_modified = Some(false);
        track.nonzero_mean = Some(0.25);
    }
    let mut factors = vec![
        track("K562 GABPA", None, K562),
        track("HepG2 GABPA", None, HEPG2),
        track("K562 CTCF", None, K562),
    ];
    for track in &mut factors {
        track.transcription_factor = track.name.split(' ').nth(1).map(str::to_owned);
    }
    let mut marks = vec![track("K562 H3K27ac", None, K562), track("lung H3K4me3", None, LUNG)];
    for track in &mut marks {
        track.histone_mark = track.name.split(' ').nth(1).map(str::to_owned);
    }
    let bare = |name: &str, strand| Track {
        name: name.to_owned(),
        strand,
        ..Track::default()
    };
    vec![
        set(
            OutputType::Atac,
            vec![track("K562 ATAC-seq", None, K562), track("lung ATAC-seq", None, LUNG)],
        ),
        set(OutputType::Cage, paired([("hCAGE K562", K562), ("hCAGE lung", LUNG)])),
        set(OutputType::Dnase, vec![track("K562 DNase-seq", None, K562)]),
        set(OutputType::RnaSeq, rna),
        set(OutputType::ChipHistone, marks),
        set(OutputType::ChipTf, factors),
        set(
            OutputType::SpliceSites,
            vec![
                bare("donor", PLUS),
                bare("acceptor", PLUS),
                bare("donor", MINUS),
                bare("acceptor", MINUS),
            ],
        ),
        set(
            OutputType::SpliceSiteUsage,
            paired([("usage_K562", K562), ("usage_lung", LUNG)]),
        ),
        set(
            OutputType::SpliceJunctions,
            vec![track("K562", None, K562), track("lung", None, LUNG)],
        ),
        set(OutputType::ContactMaps, vec![track("HepG2 Hi-C", None, HEPG2)]),
        set(OutputType::Procap, pair("K562 PRO-cap", K562).to_vec()),
    ]
}

impl Synthetic {
    pub(crate) fn new() -> Self {
        let bp = |bp| NonZeroU32::new(bp).unwrap();
        Self {
            card: ModelCard {
                name: "made-up".to_owned(),
                version: "FOLD_0".to_owned(),
                digest: "sha256:0".to_owned(),
                organism: "Homo sapiens".to_owned(),
                licence: "none".to_owned(),
                citation: "none".to_owned(),
                lengths: WindowLengths::OneOf([WINDOW_BP, 131_072].map(bp).to_vec()),
                outputs: outputs(),
            },
            gate: Arc::default(),
        }
    }

    fn predict_one(
        &self,
        window: &Window,
        sequence: &[u8],
        sites: &[Vec<Offset>; 4],
        wanted: &[OutputRequest],
    ) -> Outputs {
        let signal = signal(sequence);
        let mut tracks = Vec::new();
        let (mut contacts, mut junctions) = (None, None);
        for request in wanted {
            let set = self.card.tracks(request.output).unwrap();
            let resolution = set.resolution.bp() as usize;
            let all = BinSpan::all(window, set.resolution);
            let binned: Vec<f32> = signal.chunks(resolution).map(|bin| bin.iter().sum()).collect();
            match request.output {
                OutputType::ContactMaps => {
                    let mut values = Vec::new();
                    for row in all.start()..all.end() {
                        for span in request.spans.as_slice() {
                            values.extend((span.start()..span.end()).map(|column| contact(&binned, row, column)));
                        }
                    }
                    contacts = Some(ContactValues::new(set.clone(), all, request.spans.clone(), values).unwrap());
                }
                OutputType::SpliceJunctions => {
                    let slots = sites.iter().map(Vec::len).max().unwrap_or(0);
                    let mut counts = vec![0.0; slots * slots * 4];
                    for (strand, [donors, acceptors]) in [[0, 1], [2, 3]].into_iter().enumerate() {
                        for (d, &donor) in sites[donors].iter().enumerate() {
                            for (a, &acceptor) in sites[acceptors].iter().enumerate() {
                                for tissue in 0..2 {
                                    let [x, y] = [donor, acceptor].map(|at| f64::from(near(&signal, at.index())));
                                    let count = x + (tissue + 1) as f64 * y;
                                    counts[((d * slots + a) * 2 + strand) * 2 + tissue] = count as f32;
                                }
                            }
                        }
                    }
                    junctions = Some(JunctionValues::new(set.clone(), sites.clone(), slots, counts).unwrap());
                }
                _ => {
                    let mut values = Vec::new();
                    for span in request.spans.as_slice() {
                        for (bin, &sum) in binned.iter().enumerate().take(span.end()).skip(span.start()) {
                            values.extend((0..set.tracks.len()).map(|track| value(sum, bin, track, request.output)));
                        }
                    }
                    tracks.push(TrackValues::new(set.clone(), request.spans.clone(), values).unwrap());
                }
            }
        }
        let mut outputs = Outputs::new(tracks);
        if let Some(contacts) = contacts {
            outputs = outputs.with_contacts(contacts);
        }
        if let Some(junctions) = junctions {
            outputs = outputs.with_junctions(junctions);
        }
        outputs
    }
}

impl Backend for Synthetic {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        let answer = |query: &Query<'_>| {
            if !self.gate.pass(query.abandoned) {
                return Err(BackendError::Abandoned {
                    model: self.card.name.clone(),
                    window: query.window.to_string(),
                });
            }
            let sites = sites(query.reference.as_bytes());
            let predict = |sequence: &[u8]| self.predict_one(query.window, sequence, &sites, query.outputs);
            Ok(Answer {
                reference: predict(query.reference.as_bytes()),
                alternates: query
                    .alternates
                    .iter()
                    .map(|alternate| predict(alternate.as_bytes()))
                    .collect(),
            })
        };
        queries.iter().map(answer).collect()
    }
}

/// A number from 0 to 1 for each base, from the five bases around it.
fn signal(sequence: &[u8]) -> Vec<f32> {
    let mut padded = vec![b'N'; 2];
    padded.extend_from_slice(sequence);
    padded.extend([b'N'; 2]);
    let hash = |bases: &[u8]| {
        // FNV-1a, 32 bits.
        let mix = |state: u32, &base: &u8| (state ^ u32::from(base)).wrapping_mul(16_777_619);
        bases.iter().fold(2_166_136_261, mix)
    };
    padded
        .windows(5)
        .map(|bases| ((hash(bases) >> 12) & 1023) as f32 / 1024.0)
        .collect()
}

fn value(sum: f32, bin: usize, track: usize, output: OutputType) -> f32 {
    let own = (bin * 7 + track * 13 + output as usize * 5) % 32;
    sum * (1.0 + track as f32 / 4.0) + own as f32 / 64.0
}

fn contact(binned: &[f32], row: usize, column: usize) -> f32 {
    (binned[row] + binned[column]) / 1024.0 - row.abs_diff(column) as f32
}

fn near(signal: &[f32], at: usize) -> f32 {
    let from = at.saturating_sub(20);
    signal[from..(at + 20).min(signal.len())].iter().sum()
}

/// Sites where six bases say so: some four of each class in a window.
fn sites(sequence: &[u8]) -> [Vec<Offset>; 4] {
    [b"AAGGTA", b"TTCAGG", b"TACCTT", b"CCTGAA"].map(|pattern| {
        let found = sequence.windows(6).enumerate().filter(|(_, bases)| bases == pattern);
        found
            .map(|(at, _)| Offset::new(u32::try_from(at + 2).unwrap()))
            .collect()
    })
}

#[test]
fn classes_of_sites_are_in_the_order_of_core() {
    assert_eq!(SpliceSiteClass::ALL.len(), 4);
    assert_eq!(sites(b"TTAAGGTATT")[0], [Offset::new(4)]);
}

/// Length of the made-up contig in bp.
pub(crate) const GENOME_BP: usize = 40_000;

/// Bases of the made-up contig `chr1`: a linear congruential generator, with the patterns of sites here and there.
pub(crate) fn genome() -> Vec<u8> {
    let mut state = 987_654_321_u64;
    let mut bases: Vec<u8> = (0..GENOME_BP)
        .map(|_| {
            // Constants of Knuth's MMIX generator.
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            b"ACGT"[(state >> 62) as usize]
        })
        .collect();
    for (at, pattern) in [
        (10_500, b"AAGGTA"),
        (12_000, b"TTCAGG"),
        (13_000, b"AAGGTA"),
        (14_500, b"TTCAGG"),
        (15_500, b"CCTGAA"),
        (17_500, b"TACCTT"),
    ] {
        bases[at..at + 6].copy_from_slice(pattern);
    }
    bases
}

/// A gene for a GTF: id, strand, biotype, exons (1-based, inclusive).
type Gene = (&'static str, char, &'static str, &'static [(u32, u32)]);

/// Genes on both strands.
const GENES: [Gene; 4] = [
    (
        "ENSG00000000003.7",
        '+',
        "protein_coding",
        &[(10_001, 10_600), (12_001, 12_300), (14_501, 18_000)],
    ),
    (
        "ENSG00000000001.2",
        '-',
        "protein_coding",
        &[(11_001, 11_900), (15_001, 15_600), (17_401, 19_000)],
    ),
    ("ENSG00000000002.1", '+', "lncRNA", &[(13_501, 13_900)]),
    ("ENSG00000000004.1", '-', "protein_coding", &[(30_001, 31_000)]),
];

/// Files of the made-up genome and genes.
pub(crate) struct Files {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) genome: PathBuf,
    pub(crate) genes: GeneFiles,
}

impl Files {
    pub(crate) fn write() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::from(">chr1\n");
        for line in genome().chunks(60) {
            text.push_str(std::str::from_utf8(line).unwrap());
            text.push('\n');
        }
        let path = folder.path().join("genome.fa");
        std::fs::write(&path, text).unwrap();
        let models = folder.path().join("genes.gtf");
        std::fs::write(&models, gtf()).unwrap();
        Self {
            genome: path,
            genes: GeneFiles {
                models,
                cache_folder: None,
                polya: Some(PolyaSource::TranscriptEnds),
            },
            folder,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn reference(&self) -> FastaReference {
        FastaReference::open(&self.genome).unwrap()
    }

    /// Returns a made-up model over the files.
    pub(crate) fn served(&self) -> (ServedModel, Arc<Gate>) {
        let reference = self.reference();
        let known = ReferenceAssembly::of(&reference, None).unwrap();
        let (annotation, _) = self.genes.annotation(&reference, known).unwrap();
        let backend = Synthetic::new();
        let gate = Arc::clone(&backend.gate);
        let served = ServedModel {
            backend: Arc::new(backend),
            reference: Arc::new(reference),
            annotation: Some(Arc::new(annotation)),
            states: None,
        };
        (served, gate)
    }
}

fn gtf() -> String {
    let mut text = String::new();
    for (number, (id, strand, biotype, exons)) in GENES.iter().enumerate() {
        let (start, end) = (exons[0].0, exons[exons.len() - 1].1);
        let mut row = |kind: &str, start: u32, end: u32, more: &str| {
            let _ = writeln!(
                text,
                "chr1\tmade-up\t{kind}\t{start}\t{end}\t.\t{strand}\t.\tgene_id \"{id}\"; {more}gene_type \"{biotype}\"; \
                 gene_name \"GENE{number}\";"
            );
        };
        row("gene", start, end, "");
        // A second transcript ends sooner, so that there are two sites of polyadenylation.
        for (name, exons) in [("A", *exons), ("B", &exons[..exons.len().min(2)])] {
            let transcript = format!("transcript_id \"ENST{number}{name}\"; transcript_type \"{biotype}\"; ");
            row("transcript", exons[0].0, exons[exons.len() - 1].1, &transcript);
            for &(start, end) in exons {
                row("exon", start, end, &transcript);
            }
        }
    }
    text
}

/// A server under way.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) metrics: Option<SocketAddr>,
    pub(crate) stopper: Stopper,
    pub(crate) log: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<Summary>>,
}

impl Running {
    /// Starts a server on a free port of loopback.
    pub(crate) fn start(model: ServedModel, change: impl FnOnce(&mut ServerOptions)) -> Self {
        Self::serve(|server| server.with_model(model), change)
    }

    /// Starts a server of any services on a free port of loopback.
    pub(crate) fn serve(add: impl FnOnce(Server) -> Server, change: impl FnOnce(&mut ServerOptions)) -> Self {
        let log: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut options = ServerOptions::new("127.0.0.1:0".parse().unwrap());
        let lines = Arc::clone(&log);
        options.log = Some(Arc::new(move |record| lines.lock().unwrap().push(record.to_string())));
        change(&mut options);
        Self::run(add(Server::new(options)).bind().unwrap(), log)
    }

    fn run(bound: Bound, log: Arc<Mutex<Vec<String>>>) -> Self {
        Self {
            address: bound.address(),
            metrics: bound.metrics_address(),
            stopper: bound.stopper(),
            log,
            thread: Some(std::thread::spawn(move || bound.run().unwrap())),
        }
    }

    pub(crate) fn uri(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn stop(mut self) -> Summary {
        self.stopper.stop();
        self.thread.take().unwrap().join().unwrap()
    }

    /// Waits until the log has a line with a text, and returns the line.
    pub(crate) fn logged(&self, text: &str) -> String {
        for _ in 0..1000 {
            if let Some(line) = self.log.lock().unwrap().iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        panic!("no `{text}` in {:?}", self.log.lock().unwrap());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stopper.stop();
        self.stopper.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
