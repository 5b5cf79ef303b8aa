//! Files of outputs of the published program, and the model that they are compared with.

use refalt_alphagenome::untrained::NamedWeights;
use refalt_alphagenome::{AlphaGenome, Angles, Options};
use refalt_core::splice_candidate::CandidateOptions;
use refalt_core::{
    BinSpan, ContigName, Organism, OutputRequest, OutputType, Sequence, Strand, Track, TrackSet, Window,
};
use safetensors::SafeTensors;
use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

/// Samples of arrays, at a stride, with their extents.
pub(crate) struct Oracle {
    bytes: Vec<u8>,
    pub(crate) metadata: HashMap<String, String>,
}

impl Oracle {
    pub(crate) fn open(name: &str) -> Self {
        let bytes = std::fs::read(data(name)).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap_or_default();
        Self { bytes, metadata }
    }

    fn tensors(&self) -> SafeTensors<'_> {
        SafeTensors::deserialize(&self.bytes).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.tensors().tensor(name).is_ok()
    }

    pub(crate) fn floats(&self, name: &str) -> Vec<f32> {
        let all = self.tensors();
        let tensor = all.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tensor.dtype(), safetensors::Dtype::F32, "{name}");
        tensor
            .data()
            .as_chunks::<4>()
            .0
            .iter()
            .map(|&four| f32::from_le_bytes(four))
            .collect()
    }

    pub(crate) fn integers(&self, name: &str) -> Vec<i64> {
        let all = self.tensors();
        let tensor = all.tensor(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        match tensor.dtype() {
            safetensors::Dtype::I64 => tensor
                .data()
                .as_chunks::<8>()
                .0
                .iter()
                .map(|&eight| i64::from_le_bytes(eight))
                .collect(),
            safetensors::Dtype::I32 => {
                let four = tensor.data().as_chunks::<4>().0;
                four.iter().map(|&four| i64::from(i32::from_le_bytes(four))).collect()
            }
            other => panic!("{name}: {other:?}"),
        }
    }

    /// Number of values of the whole array.
    pub(crate) fn size(&self, name: &str) -> usize {
        self.integers(&format!("{name}#shape")).iter().product::<i64>() as usize
    }

    /// Extents of every array of weights.
    pub(crate) fn weights(&self) -> NamedWeights {
        NamedWeights::from_json(&self.metadata["shapes"]).unwrap()
    }

    /// Returns how many samples the file has of an array with this many or more.
    fn kept(&self, samples: usize) -> usize {
        [256, 2048].into_iter().find(|&kept| samples <= kept).unwrap_or(samples)
    }

    /// The length of the difference from the samples, by that of the samples, over the values that have samples.
    pub(crate) fn distance(&self, name: &str, found: &[f32]) -> f64 {
        assert_eq!(found.len(), self.size(name), "{name}: another number of values");
        let samples = self.floats(name);
        // Samples are every max(1, size / kept)-th value, `kept` being 256 but where the file says otherwise.
        let stride = (found.len() / self.kept(samples.len())).max(1);
        let taken = found.iter().step_by(stride).take(samples.len());
        relative(taken.copied(), samples.iter().copied())
    }
}

/// |a - b| / |b|, Euclidean.
pub(crate) fn relative(found: impl Iterator<Item = f32>, expected: impl Iterator<Item = f32>) -> f64 {
    let (mut difference, mut length) = (0.0f64, 0.0f64);
    for (found, expected) in found.zip(expected) {
        difference += (f64::from(found) - f64::from(expected)).powi(2);
        length += f64::from(expected).powi(2);
    }
    (difference / length.max(1e-300)).sqrt()
}

/// Tracks of the first six columns of each head.
pub(crate) fn tiny_tracks(organism: Organism) -> Vec<TrackSet> {
    let text = std::fs::read_to_string(data("tiny_tracks.tsv")).unwrap();
    OutputType::ALL
        .into_iter()
        .map(|output| {
            let rows = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
            let own = rows.filter(|row| row[0] == organism.common_name() && row[1] == output.name());
            let tracks = own.map(|row| Track {
                name: row[3].to_owned(),
                strand: row[4].chars().next().and_then(Strand::from_sign),
                nonzero_mean: row[5].parse().ok(),
                channel_index: row[2].parse().ok(),
                ..Track::default()
            });
            TrackSet {
                output,
                resolution: output.resolution(),
                tracks: tracks.collect(),
            }
        })
        .collect()
}

pub(crate) fn options(organism: Organism, per_class: usize, threshold: f32) -> Options {
    Options {
        organism,
        tracks: tiny_tracks(organism),
        angles: Angles::Float32,
        sites: CandidateOptions {
            per_class,
            threshold,
            within: None,
        },
        cut_to: Some(6),
        threads: NonZeroUsize::new(2).unwrap(),
        version: "tiny".to_owned(),
        digest: "none".to_owned(),
    }
}

pub(crate) fn tiny(options: Options) -> AlphaGenome {
    AlphaGenome::read(&Oracle::open("tiny_fp32_16384.safetensors").weights(), options).unwrap()
}

pub(crate) fn window(length: i64) -> Window {
    Window::from_bed(&ContigName::new("chr1"), 0, length).unwrap()
}

pub(crate) fn sequence(bases: &[u8]) -> Sequence {
    Sequence::from_bases(bases.to_vec())
}

/// All bins of every output type.
pub(crate) fn everything(window: &Window) -> Vec<OutputRequest> {
    let request = |output: OutputType| OutputRequest {
        output,
        spans: BinSpan::all(window, output.resolution()).into(),
    };
    OutputType::ALL.into_iter().map(request).collect()
}
