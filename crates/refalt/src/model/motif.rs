//! Transcription factor occupancy from motifs: a small, interpretable model.
//!
//! One CHIP_TF track for each motif; the value of a 128 bp bin is the expected number of bound sites
//! ([`refalt_core::motif::occupancy`] has the definition and its sources, `docs/motif-model.md` the known answers
//! and the limits). The motifs of JASPAR 2024 vertebrates are part of the program.

use std::num::NonZeroU32;
use std::path::Path;

use refalt_core::motif::{
    Background, Frequencies, LogOdds, MotifError, OccupancyModel, Pseudocount, Threshold, occupancy,
};
use refalt_core::{
    Answer, Backend, BackendError, ModelCard, OutputType, Outputs, Query, Track, TrackSet, TrackValues, WindowLengths,
};
use sha2::{Digest, Sha256};

use crate::Diagnostic;
use crate::io::motif::{DEFAULT_SITES, MotifReadError, MotifRecord, read, read_path};
use crate::provenance::hexadecimal;

/// Counts of the 739 motifs of JASPAR 2024 vertebrates, JASPAR text format (CC BY 4.0, `assets/motifs/ATTRIBUTION.md`).
pub const JASPAR_2024_VERTEBRATES: &[u8] = include_bytes!("../../assets/motifs/jaspar2024_vertebrates.jaspar");

/// Version of the definition of the model; a change of any predicted number changes it.
const VERSION: &str = "1";

/// A model could not be made of a motif file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MotifModelError {
    /// The file could not be read.
    #[error(transparent)]
    Read(#[from] MotifReadError),
    /// A motif cannot be used.
    #[error(transparent)]
    Motif(#[from] MotifError),
    /// Two motifs have the same name, so that their tracks could not be told apart.
    #[error("two motifs are called `{name}`")]
    NameTwice {
        /// Accession and factor.
        name: String,
    },
}

impl Diagnostic for MotifModelError {
    fn place(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.place(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Read(error) => error.hint(),
            Self::Motif(error) => error.hint(),
            Self::NameTwice { .. } => Some("give each motif an accession of its own".to_owned()),
        }
    }
}

/// Occupancy of transcription factors, predicted from their motifs.
#[derive(Debug, Clone)]
pub struct MotifModel {
    card: ModelCard,
    motifs: Vec<LogOdds>,
    model: OccupancyModel,
}

impl MotifModel {
    /// Returns the model of JASPAR 2024 vertebrates, which ships with refalt.
    ///
    /// # Errors
    /// None in practice: the file is part of the program and read by its tests.
    pub fn jaspar_2024() -> Result<Self, MotifModelError> {
        let records = read("jaspar2024_vertebrates.jaspar", JASPAR_2024_VERTEBRATES);
        let records = records.map_err(MotifReadError::from)?;
        let card = card(
            "motif-jaspar2024",
            JASPAR_2024_VERTEBRATES,
            "CC BY 4.0 (JASPAR 2024)",
            "Rauluseviciute et al. 2024, Nucleic Acids Research 52:D174, doi:10.1093/nar/gkad1059",
        );
        Self::new(card, &records, "JASPAR 2024")
    }

    /// Returns the model of the motifs of a file, in any format that [`read_path`] reads.
    ///
    /// # Errors
    /// [`MotifModelError::Read`] when the file is not right, else [`MotifModelError::Motif`] or
    /// [`MotifModelError::NameTwice`].
    pub fn from_file(path: &Path) -> Result<Self, MotifModelError> {
        let records = read_path(path)?;
        let bytes = std::fs::read(path).map_err(|source| MotifReadError::Io {
            path: path.to_owned(),
            source,
        })?;
        let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        let card = card(
            &format!("motif-{file}"),
            &bytes,
            "that of the motif file",
            "the source of the motif file",
        );
        Self::new(card, &records, &file)
    }

    fn new(mut card: ModelCard, records: &[MotifRecord], source: &str) -> Result<Self, MotifModelError> {
        // METHOD: JASPAR's pseudocount (0.8 in all) and a uniform background, with which the published scores and
        // thresholds were made.
        let frequencies = records
            .iter()
            .map(|record| record.frequencies(Pseudocount::JASPAR, DEFAULT_SITES));
        let frequencies: Vec<Frequencies> = frequencies.collect::<Result<_, _>>()?;
        let tracks: Vec<Track> = records.iter().map(|record| track(record, source)).collect();
        let mut names: Vec<&str> = tracks.iter().map(|track| track.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            let name = pair[0].to_owned();
            return Err(MotifModelError::NameTwice { name });
        }
        let motifs: Vec<LogOdds> = frequencies.iter().map(|f| f.log_odds(Background::UNIFORM)).collect();
        let half_occupied = half_occupied(&motifs)?;
        let pairs: Vec<(Frequencies, Threshold)> = frequencies.into_iter().zip(half_occupied).collect();
        let model = OccupancyModel::with_half_occupied(&pairs, Background::UNIFORM)?;
        card.outputs = vec![TrackSet {
            output: OutputType::ChipTf,
            resolution: occupancy::RESOLUTION,
            tracks: tracks.into(),
        }];
        Ok(Self { card, motifs, model })
    }

    /// Returns the log odds of each track, in the order of the tracks.
    pub fn motifs(&self) -> &[LogOdds] {
        &self.motifs
    }

    /// Returns, for each track, the score of a site that is bound half of the time, in bits, with its p-value.
    pub fn half_occupied(&self) -> &[Threshold] {
        self.model.half_occupied()
    }

    fn answer(&self, query: &Query<'_>) -> Result<Answer, BackendError> {
        let length = query.window.length();
        if !self.card.lengths.allow(length) {
            return Err(BackendError::LengthUnknown {
                model: self.card.name.clone(),
                length,
                allowed: self.card.lengths.to_string(),
            });
        }
        let mut reference = Vec::new();
        let mut alternates = vec![Vec::new(); query.alternates.len()];
        for request in query.outputs {
            let Some(tracks) = self.card.tracks(request.output) else {
                return Err(BackendError::OutputUnknown {
                    model: self.card.name.clone(),
                    output: request.output,
                });
            };
            let failed = |reason: String| BackendError::Query {
                model: self.card.name.clone(),
                window: query.window.to_string(),
                reason,
            };
            let wanted = |_| Vec::with_capacity(request.spans.len() * tracks.tracks.len());
            let mut of_reference: Vec<f32> = wanted(0);
            let mut of_alternates: Vec<Vec<f32>> = (0..query.alternates.len()).map(wanted).collect();
            for &span in request.spans.as_slice() {
                let predicted = self.model.predict(query.reference.as_bytes(), span);
                let predicted = predicted.map_err(|error| failed(error.to_string()))?;
                for (alternate, values) in query.alternates.iter().zip(&mut of_alternates) {
                    let beside = self.model.predict_beside(&predicted, alternate.as_bytes());
                    values.extend(beside.map_err(|error| failed(error.to_string()))?.into_bins());
                }
                of_reference.extend(predicted.into_bins());
            }
            let values = |values: Vec<f32>| {
                TrackValues::new(tracks.clone(), request.spans.clone(), values)
                    .map_err(|error| failed(error.to_string()))
            };
            reference.push(values(of_reference)?);
            for (outputs, of_alternate) in alternates.iter_mut().zip(of_alternates) {
                outputs.push(values(of_alternate)?);
            }
        }
        Ok(Answer {
            reference: Outputs::new(reference),
            alternates: alternates.into_iter().map(Outputs::new).collect(),
        })
    }
}

impl Backend for MotifModel {
    fn card(&self) -> &ModelCard {
        &self.card
    }

    fn predict(&self, queries: &[Query<'_>]) -> Vec<Result<Answer, BackendError>> {
        queries.iter().map(|query| self.answer(query)).collect()
    }
}

/// A card without tracks.
fn card(name: &str, bytes: &[u8], licence: &str, citation: &str) -> ModelCard {
    let bp = |length| NonZeroU32::new(length).expect("the length is written here and not 0");
    ModelCard {
        name: name.to_owned(),
        version: VERSION.to_owned(),
        digest: format!("sha256:{}", hexadecimal(&Sha256::digest(bytes))),
        organism: "Homo sapiens".to_owned(),
        licence: licence.to_owned(),
        citation: citation.to_owned(),
        lengths: WindowLengths::Multiples {
            step: bp(occupancy::RESOLUTION.bp()),
            least: bp(occupancy::RESOLUTION.bp()),
            most: bp(1 << 20),
        },
        outputs: Vec::new(),
    }
}

/// Accession and factor name the track; a factor has several motifs, a motif has one factor.
fn track(record: &MotifRecord, source: &str) -> Track {
    let name = record.name();
    Track {
        name: format!("{} {}", name.accession, name.factor),
        data_source: Some(source.to_owned()),
        transcription_factor: Some(name.factor.clone()),
        ..Track::default()
    }
}

/// Exact p-values take a third of a second for JASPAR's motifs, so they are shared out over the processors.
fn half_occupied(motifs: &[LogOdds]) -> Result<Vec<Threshold>, MotifError> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    // Wide motifs cost most and are not spread evenly over the file: motif i goes to thread i modulo threads.
    let work = |first: usize| -> Vec<Result<Threshold, MotifError>> {
        motifs
            .iter()
            .skip(first)
            .step_by(threads)
            .map(occupancy::half_occupied)
            .collect()
    };
    let shares: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || work(first))).collect();
        let joined = running.into_iter().map(|thread| thread.join());
        joined
            .map(|share| share.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    (0..motifs.len())
        .map(|i| shares[i % threads][i / threads].clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;
    use refalt_core::{Bin, BinSpan, ContigName, Interval, Position, Sequence, Window};

    fn model() -> &'static MotifModel {
        static MODEL: OnceLock<MotifModel> = OnceLock::new();
        MODEL.get_or_init(|| MotifModel::jaspar_2024().unwrap())
    }

    fn span(start: u32, end: u32) -> BinSpan {
        BinSpan::new(Bin::new(start), Bin::new(end))
    }

    /// The 2,048 bases of the TERT promoter from chr5:1,294,490.
    fn tert() -> String {
        let fasta = include_str!("../../tests/data/motif/hg38_chr5_tert_promoter.fa");
        fasta.lines().skip(1).collect()
    }

    fn sequence(bases: &str) -> Sequence {
        Sequence::from_bases(bases.as_bytes()[..2048].to_vec())
    }

    fn window(length: u32) -> Window {
        let middle = Interval::at(Position::new(1_295_514).unwrap(), 1).unwrap();
        Window::around(&ContigName::new("chr5"), middle, NonZeroU32::new(length).unwrap())
    }

    fn request(span: BinSpan) -> [refalt_core::OutputRequest; 1] {
        [refalt_core::OutputRequest {
            output: OutputType::ChipTf,
            spans: span.into(),
        }]
    }

    fn values(outputs: &Outputs) -> &TrackValues {
        outputs.get(OutputType::ChipTf).unwrap()
    }

    #[test]
    fn every_motif_is_a_track_with_its_factor() {
        let tracks = &model().card().tracks(OutputType::ChipTf).unwrap().tracks;
        assert_eq!(tracks.len(), 739);
        let gabpa = tracks.iter().find(|t| t.name == "MA0062.4 GABPA").unwrap();
        assert_eq!(gabpa.transcription_factor.as_deref(), Some("GABPA"));
        assert_eq!(model().motifs().len(), 739);
        assert_eq!(model().motifs()[0].name().factor, "Runx1");
        // sha256sum of the file.
        let digest = &model().card().digest;
        assert_eq!(
            digest,
            "sha256:c08c6cf806113b7e52d36dfbcf74815656dbb90cb444de302afd4ea0cf88a02e"
        );
    }

    #[test]
    fn half_occupied_sites_are_one_in_ten_thousand_words() {
        for (motif, half) in model().motifs().iter().zip(model().half_occupied()) {
            let one_word = 0.25_f64.powi(i32::try_from(motif.width()).unwrap());
            assert!(half.p_value >= one_word, "{:?}", motif.name());
            assert!(
                half.p_value <= 1e-4 || half.score == motif.maximum(),
                "{:?}",
                motif.name()
            );
        }
        // 4^-6 = 2.4e-4: the 90 motifs of five and six positions, and those that repeat their best score.
        let short = model().motifs().iter().filter(|m| m.width() <= 6).count();
        let common = model().half_occupied().iter().filter(|h| h.p_value > 1e-4).count();
        assert_eq!(short, 90);
        assert!(common >= short && common < 100, "{common}");
    }

    #[test]
    fn p_values_are_exact_but_for_four_wide_motifs() {
        let wide = model().motifs().iter().filter(|motif| motif.width() > 18);
        let resolutions: Vec<f64> = wide.map(|motif| motif.distribution().resolution()).collect();
        assert_eq!(resolutions.len(), 7);
        assert_eq!(resolutions.iter().filter(|&&r| r > 0.0).count(), 4);
        assert!(resolutions.iter().all(|&r| r < 0.001));
        let widest_exact = model().motifs().iter().find(|motif| motif.width() == 18).unwrap();
        assert_eq!(widest_exact.distribution().resolution(), 0.0);
    }

    #[test]
    fn bins_equal_the_definition_computed_with_numpy() {
        let table = include_str!("../../tests/data/motif/occupancy_tert.tsv");
        let tracks = &model().card().tracks(OutputType::ChipTf).unwrap().tracks;
        let reference = tert();
        let allele = |name: &str| match name.split_once(':') {
            None => reference.clone(),
            Some((position, change)) => {
                let (r, a) = change.split_once('>').unwrap();
                let at = position.parse::<usize>().unwrap() - 1_294_490;
                format!("{}{a}{}", &reference[..at], &reference[at + r.len()..])
            }
        };
        let names = ["1295113:G>A", "1295135:G>A", "1295113:G>GTT"];
        let alternates = names.map(|name| sequence(&allele(name)));
        let query = Query {
            window: &window(2048),
            reference: &sequence(&reference),
            alternates: &alternates,
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs: &request(span(0, 16)),
        };
        let answer = model().predict(&[query]).remove(0).unwrap();
        let mut rows = 0;
        for row in table.lines().skip(1) {
            let fields: Vec<&str> = row.split('\t').collect();
            let track = tracks.iter().position(|t| t.name.starts_with(fields[0])).unwrap();
            let half: f64 = fields[2].parse().unwrap();
            assert!((model().half_occupied()[track].score - half).abs() < 1e-8, "{row}");
            let outputs = match names.iter().position(|&name| name == fields[3]) {
                None => &answer.reference,
                Some(index) => &answer.alternates[index],
            };
            let bin: usize = fields[4].parse().unwrap();
            let found = f64::from(values(outputs).values()[bin * 739 + track]);
            let expected: f64 = fields[5].parse().unwrap();
            assert!((found - expected).abs() < 1e-5 * expected + 1e-9, "{found} {row}");
            rows += 1;
        }
        // 8 motifs x (16 bins of REF + 3 x 5 bins of ALT)
        assert_eq!(rows, 248);
    }

    #[test]
    fn queries_spans_and_alternates_do_not_influence_each_other() {
        let reference = sequence(&tert());
        let mut changed = tert();
        changed.replace_range(700..703, "ACGTA");
        let alternate = sequence(&changed);
        let window = window(2048);
        let narrow = request(span(4, 7));
        let wide = request(span(0, 16));
        let alternates = [alternate.clone(), reference.clone()];
        let query = |reference, alternates, outputs| Query {
            window: &window,
            reference,
            alternates,
            alignments: &[],
            known_sites: &[],
            abandoned: Default::default(),
            outputs,
        };
        let answers = model().predict(&[
            query(&reference, &alternates, &narrow),
            query(&alternate, &[], &narrow),
            query(&alternate, &[], &wide),
        ]);
        let answers: Vec<Answer> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers[0].alternates[0], answers[1].reference);
        assert_eq!(answers[0].alternates[1], answers[0].reference);
        let crop = &values(&answers[2].reference).values()[4 * 739..7 * 739];
        assert_eq!(crop, values(&answers[1].reference).values());
    }

    #[test]
    fn what_the_model_does_not_give_is_refused() {
        let reference = sequence(&tert());
        let dnase = [refalt_core::OutputRequest {
            output: OutputType::Dnase,
            spans: span(0, 1).into(),
        }];
        let ask = |window: &Window, outputs: &[_]| {
            let query = Query {
                window,
                reference: &reference,
                alternates: &[],
                alignments: &[],
                known_sites: &[],
                abandoned: Default::default(),
                outputs,
            };
            model().predict(&[query]).remove(0).unwrap_err().to_string()
        };
        assert_eq!(
            ask(&window(2048), &dnase),
            "the model `motif-jaspar2024` does not give DNASE"
        );
        assert_eq!(
            ask(&window(2000), &dnase),
            "the model `motif-jaspar2024` does not read windows of 2000 bp; it reads multiples of 128 from 128 to 1048576"
        );
        let error = ask(&window(2048), &request(span(15, 17)));
        assert!(
            error.ends_with("bins 15..17 of 128 bp reach outside the sequence of 2048 bases"),
            "{error}"
        );
    }

    #[test]
    fn a_motif_file_makes_a_model_of_its_own() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/motif/DREME.meme");
        let model = MotifModel::from_file(&path).unwrap();
        assert_eq!(model.card().name, "motif-DREME.meme");
        assert_eq!(model.card().outputs[0].tracks.len(), 16);
        let error = MotifModel::from_file(Path::new("no/such/file")).unwrap_err();
        assert!(error.to_string().starts_with("cannot read `no/such/file`"), "{error}");
    }

    #[test]
    fn two_motifs_of_one_name_are_refused() {
        let records = read("x", b">M f\n1\n1\n1\n1\n>M f\n1\n1\n1\n2\n").unwrap();
        let error = MotifModel::new(card("x", b"", "", ""), &records, "x").unwrap_err();
        assert_eq!(error.to_string(), "two motifs are called `M f`");
    }
}
