//! Weights that follow from the names of arrays: nothing trained, nothing shipped, for tests and for measuring time and memory.
//!
//! What such a model predicts means nothing. Only with the feature `untrained`.

use crate::weights::{Weights, WeightsError};
use refalt_core::OutputType;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::path::Path;

/// Arrays of given extents, whose values follow from their names.
pub struct NamedWeights(pub BTreeMap<String, Vec<usize>>);

impl NamedWeights {
    /// Reads the extents of arrays that an oracle file keeps as JSON, `{"name": [extents]}`.
    ///
    /// # Errors
    /// Why the text is none.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text).map(Self)
    }

    /// Gives the heads the columns of the published model, whatever the widths of the rest.
    #[must_use]
    pub fn with_published_columns(mut self) -> Self {
        let width = |arrays: &BTreeMap<String, Vec<usize>>, name: &str| {
            arrays.get(name).and_then(|shape| shape.last()).copied()
        };
        for kind in &crate::head::HEADS {
            let path = format!("alphagenome/head/{}/", kind.name);
            let channels = width(&self.0, &format!("{path}multi_organism_linear/b"));
            for (_, shape) in self.0.iter_mut().filter(|(name, _)| name.starts_with(&path)) {
                match (kind.output, shape.last_mut()) {
                    // A scale and an offset for each tissue and channel; the linear layer has channels, not columns.
                    (OutputType::SpliceJunctions, Some(last)) if Some(*last) != channels => {
                        *last = 2 * kind.columns * channels.unwrap_or(0);
                    }
                    (OutputType::SpliceJunctions, _) | (_, None) => {}
                    (_, Some(last)) => *last = kind.columns,
                }
            }
        }
        self
    }

    /// Writes the arrays to a file of weights.
    ///
    /// Splice sites are made rare, as they are in a genome: what is no site gets a bias.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), safetensors::SafeTensorError> {
        const CLASSES: &str = "alphagenome/head/splice_sites_classification/multi_organism_linear/b";
        let bytes = self.0.iter().map(|(name, shape)| {
            let mut numbers = values(name, shape);
            if name == CLASSES {
                // The last of five classes: e^6 times as probable.
                numbers.iter_mut().skip(4).step_by(5).for_each(|bias| *bias += 6.0);
            }
            let bytes: Vec<u8> = numbers.into_iter().flat_map(f32::to_le_bytes).collect();
            (name, shape, bytes)
        });
        let arrays: Vec<_> = bytes.collect();
        let mut views = Vec::with_capacity(arrays.len());
        for (name, shape, bytes) in &arrays {
            views.push((name.as_str(), TensorView::new(Dtype::F32, (*shape).clone(), bytes)?));
        }
        safetensors::serialize_to_file(views, None, path)
    }
}

impl Weights for NamedWeights {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.0.get(name).cloned()
    }

    fn read(&self, name: &str) -> Result<Vec<f32>, WeightsError> {
        let shape = self
            .0
            .get(name)
            .ok_or_else(|| WeightsError::Missing { name: name.to_owned() })?;
        Ok(values(name, shape))
    }
}

/// Returns the bases of the oracles: s = 1, then for each base s = s 6364136223846793005 + 1442695040888963407 modulo 2^64, and
/// the upper two bits of s are the base.
pub fn bases(count: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        b"ACGT"[(state >> 62) as usize]
    };
    std::iter::repeat_with(next).take(count).collect()
}

/// Element i of an array is base + amplitude u, each operation rounded to f32. With h the FNV-1a hash of the name, u is made
/// of the upper 24 bits of the splitmix64 finaliser of h + (i + 1) 0x9E3779B97F4A7C15, from -1 to 1.
pub fn values(name: &str, shape: &[usize]) -> Vec<f32> {
    let hash = fnv1a(name.as_bytes());
    let (base, amplitude) = rule(name, shape);
    (1..=shape.iter().product::<usize>() as u64)
        .map(|i| {
            let mut z = hash.wrapping_add(i.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^= z >> 31;
            let u = ((z >> 40) as i64 - (1 << 23)) as f32 * 2f32.powi(-23);
            base + amplitude * u
        })
        .collect()
}

fn fnv1a(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    bytes.iter().fold(0xCBF2_9CE4_8422_2325, step)
}

/// Base and amplitude of an array, by the kind of parameter; activations stay of order one through all blocks.
fn rule(name: &str, shape: &[usize]) -> (f32, f32) {
    let (module, leaf) = name.rsplit_once('/').unwrap_or(("", name));
    match leaf {
        "w" => {
            let taps = if module.ends_with("conv1_d") { shape[0] } else { 1 };
            let numerator = if module.ends_with("/conv1_d") { 1.5 } else { 0.6 };
            (
                0.0,
                (numerator / ((shape[shape.len() - 2] * taps) as f64).sqrt()) as f32,
            )
        }
        "scale" if module.ends_with("standardized_conv1_d") => (0.5, 0.125),
        "scale" | "learnt_scale" => (1.0, 0.25),
        "residual_scale" => (0.75, 0.125),
        "var_ema" => (1.0, 0.5),
        "embeddings" => (0.0, 0.25),
        _ => (0.0, 0.1),
    }
}
