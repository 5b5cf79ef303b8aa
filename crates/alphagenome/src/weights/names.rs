//! Names and layouts of arrays in files of weights: those of the released checkpoint, and those of alphagenome-pytorch.

/// Whose names a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// The released checkpoint: Haiku paths.
    Checkpoint,
    /// genomicsxai/alphagenome-pytorch, 2026.
    PyTorch,
}

/// An array under the name of its file.
pub(super) struct OwnName {
    pub(super) name: String,
    pub(super) layout: Layout,
}

/// How an array lies in its file, against the layout of the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The same.
    Same,
    /// Without or with other axes of extent 1.
    Squeezed,
    /// The axes in the opposite order, and an axis of one tap of a linear layer.
    Reversed,
    /// The last two axes exchanged.
    Exchanged,
    /// More axes than two, where the checkpoint has all but the first in one.
    Flat,
}

impl Naming {
    /// Recognises the naming by the names.
    pub(super) fn of<'a>(mut names: impl Iterator<Item = &'a str>) -> Self {
        if names.any(|name| name.starts_with("alphagenome/")) {
            Self::Checkpoint
        } else {
            Self::PyTorch
        }
    }

    /// Returns the name and layout in the file of what the checkpoint calls `name`.
    pub(super) fn own(self, name: &str) -> Option<OwnName> {
        match self {
            Self::Checkpoint => Some(OwnName {
                name: name.to_owned(),
                layout: Layout::Same,
            }),
            Self::PyTorch => in_pytorch(name),
        }
    }
}

impl Layout {
    /// Returns the extents in the checkpoint's layout.
    pub(super) fn shape(self, own: &[usize]) -> Vec<usize> {
        let mut shape = own.to_vec();
        match self {
            Self::Same => {}
            Self::Squeezed => shape.retain(|&extent| extent != 1),
            Self::Reversed => {
                shape.reverse();
                if shape.len() == 3 && shape[0] == 1 {
                    shape.remove(0);
                }
            }
            Self::Exchanged => {
                let last = shape.len().saturating_sub(2);
                shape[last..].reverse();
            }
            Self::Flat => shape = vec![own.first().copied().unwrap_or(0), own.iter().skip(1).product()],
        }
        shape
    }

    /// Brings values into the checkpoint's layout.
    pub(super) fn values(self, values: Vec<f32>, own: &[usize]) -> Vec<f32> {
        let rows_to_columns = |values: &[f32], rows: usize, columns: usize| -> Vec<f32> {
            let column = |column: usize| (0..rows).map(move |row| values[row * columns + column]);
            (0..columns).flat_map(column).collect()
        };
        match (self, own) {
            (Self::Reversed, &[outputs, inputs]) => rows_to_columns(&values, outputs, inputs),
            // (outputs, inputs, taps) to (taps, inputs, outputs).
            (Self::Reversed, &[outputs, inputs, taps]) => {
                let at = |tap: usize, input: usize, output: usize| values[(output * inputs + input) * taps + tap];
                let tap = |tap: usize| {
                    (0..inputs).flat_map(move |input| (0..outputs).map(move |output| at(tap, input, output)))
                };
                (0..taps).flat_map(tap).collect()
            }
            (Self::Exchanged, &[_, rows, columns]) => {
                let organisms = values.chunks_exact((rows * columns).max(1));
                organisms.flat_map(|one| rows_to_columns(one, rows, columns)).collect()
            }
            _ => values,
        }
    }
}

/// Translates a name of the checkpoint.
fn in_pytorch(name: &str) -> Option<OwnName> {
    let path: Vec<&str> = name.strip_prefix("alphagenome/")?.split('/').collect();
    let (name, layout) = match path[..] {
        ["embed", "embeddings"] => ("organism_embed.weight".to_owned(), Layout::Same),
        ["sequence_encoder", "dna_embedder", "conv1_d", leaf] => {
            let (leaf, layout) = linear_leaf(leaf)?;
            (format!("encoder.dna_embedder.conv1.{leaf}"), layout)
        }
        ["sequence_encoder", "dna_embedder", "conv_block", layer, leaf] => {
            conv_block("encoder.dna_embedder.block", layer, leaf)?
        }
        ["sequence_encoder", block, part, layer, leaf] => {
            let index = block.strip_prefix("downres_block_")?;
            let part = if part == "conv_block" { "block1" } else { "block2" };
            conv_block(&format!("encoder.down_blocks.{index}.{part}"), layer, leaf)?
        }
        ["sequence_decoder", block, "residual_scale"] => {
            let index = numbered(block, "up_res_block")?;
            (format!("decoder.up_blocks.{index}.residual_scale"), Layout::Same)
        }
        ["sequence_decoder", block, part, layer, leaf] => {
            let index = numbered(block, "up_res_block")?;
            let part = if part == "pointwise_conv_unet_skip" {
                "pointwise"
            } else {
                part
            };
            conv_block(&format!("decoder.up_blocks.{index}.{part}"), layer, leaf)?
        }
        ["transformer_tower", block, ref rest @ ..] => tower(block, rest)?,
        ["output_embedder", layer, leaf] => embedder("embedder_128bp", layer, leaf)?,
        ["output_embedder_1", layer, leaf] => embedder("embedder_1bp", layer, leaf)?,
        ["output_pair", layer, leaf] => embedder("embedder_pair", layer, leaf)?,
        ["head", "contact_maps", "multi_organism_linear", leaf] => (
            format!("contact_maps_head.linear.{}", linear_leaf(leaf)?.0),
            Layout::Same,
        ),
        ["head", head, "multi_organism_linear", leaf] => {
            let (leaf, layout) = organisms_leaf(leaf)?;
            (format!("{head}_head.conv.{leaf}"), layout)
        }
        ["head", "splice_sites_junction", role, "embeddings"] => {
            let role = role.strip_suffix("_logits")?;
            (format!("splice_sites_junction_head.rope_params.{role}"), Layout::Flat)
        }
        ["head", head, resolution, "learnt_scale"] => {
            let resolution = resolution.strip_prefix("resolution_")?;
            (format!("heads.{head}.residual_scales.{resolution}"), Layout::Same)
        }
        ["head", head, resolution, "multi_organism_linear", leaf] => {
            let resolution = resolution.strip_prefix("resolution_")?;
            let (leaf, layout) = organisms_leaf(leaf)?;
            (format!("heads.{head}.convs.{resolution}.{leaf}"), layout)
        }
        _ => return None,
    };
    Some(OwnName { name, layout })
}

/// `block`, `block_1`, `block_2`: 0, 1, 2.
fn numbered(block: &str, name: &str) -> Option<usize> {
    match block.strip_prefix(name)? {
        "" => Some(0),
        rest => rest.strip_prefix('_')?.parse().ok(),
    }
}

fn linear_leaf(leaf: &str) -> Option<(&'static str, Layout)> {
    match leaf {
        "w" => Some(("weight", Layout::Reversed)),
        "b" => Some(("bias", Layout::Same)),
        _ => None,
    }
}

fn organisms_leaf(leaf: &str) -> Option<(&'static str, Layout)> {
    match leaf {
        "w" => Some(("weight", Layout::Exchanged)),
        "b" => Some(("bias", Layout::Same)),
        _ => None,
    }
}

fn norm_leaf(leaf: &str) -> Option<&'static str> {
    match leaf {
        "scale" => Some("weight"),
        "offset" => Some("bias"),
        "var_ema" => Some("running_var"),
        _ => None,
    }
}

fn conv_block(block: &str, layer: &str, leaf: &str) -> Option<(String, Layout)> {
    match (layer, leaf) {
        ("rms_batch_norm", leaf) => Some((format!("{block}.norm.{}", norm_leaf(leaf)?), Layout::Squeezed)),
        ("standardized_conv1_d", "w") => Some((format!("{block}.conv.weight"), Layout::Reversed)),
        ("standardized_conv1_d", leaf @ ("scale" | "bias")) => Some((format!("{block}.conv.{leaf}"), Layout::Squeezed)),
        ("linear", leaf) => {
            let (leaf, layout) = linear_leaf(leaf)?;
            Some((format!("{block}.conv.{leaf}"), layout))
        }
        _ => None,
    }
}

fn tower(block: &str, rest: &[&str]) -> Option<(String, Layout)> {
    let linear = |path: String, leaf: &str| {
        let (leaf, layout) = linear_leaf(leaf)?;
        Some((format!("{path}.{leaf}"), layout))
    };
    let norm = |path: String, leaf: &str| Some((format!("{path}.{}", norm_leaf(leaf)?), Layout::Squeezed));
    if let Some(index) = numbered(block, "mha_block") {
        let at = |layer: &str| format!("tower.blocks.{index}.mha.{layer}");
        return match *rest {
            ["q_layer", leaf] => linear(at("q_proj"), leaf),
            ["k_layer", leaf] => linear(at("k_proj"), leaf),
            ["v_layer", leaf] => linear(at("v_proj"), leaf),
            ["linear_embedding", leaf] => linear(at("linear_embedding"), leaf),
            ["rms_batch_norm", leaf] => norm(at("norm"), leaf),
            ["rms_batch_norm_1", leaf] => norm(at("final_norm"), leaf),
            [layer @ ("norm_q" | "norm_k" | "norm_v"), leaf] => norm(at(layer), leaf),
            _ => None,
        };
    }
    if let Some(index) = numbered(block, "mlp_block") {
        let at = |layer: &str| format!("tower.blocks.{index}.mlp.{layer}");
        return match *rest {
            ["linear", leaf] => linear(at("fc1"), leaf),
            ["linear_1", leaf] => linear(at("fc2"), leaf),
            ["rms_batch_norm", leaf] => norm(at("norm"), leaf),
            ["rms_batch_norm_1", leaf] => norm(at("final_norm"), leaf),
            _ => None,
        };
    }
    if let Some(index) = numbered(block, "attention_bias_block") {
        let at = |layer: &str| format!("tower.blocks.{index}.attn_bias.{layer}");
        return match *rest {
            ["linear", leaf] => linear(at("proj"), leaf),
            ["rms_batch_norm", leaf] => norm(at("norm"), leaf),
            _ => None,
        };
    }
    // Only every second layer has one.
    let index = 2 * numbered(block, "pair_update_block")?;
    let at = |part: &str, layer: &str| format!("tower.blocks.{index}.pair_update.{part}.{layer}");
    match *rest {
        ["sequence_to_pair_block", bias @ ("q_r_bias" | "k_r_bias")] => Some((at("seq2pair", bias), Layout::Same)),
        ["sequence_to_pair_block", "norm_seq2pair", leaf] => norm(at("seq2pair", "norm_seq2pair"), leaf),
        ["sequence_to_pair_block", layer, leaf] => linear(at("seq2pair", layer), leaf),
        ["row_attention_block", "layer_norm", leaf] => norm(at("row_attn", "norm"), leaf),
        ["row_attention_block", layer, leaf] => linear(at("row_attn", layer), leaf),
        ["pair_mlp_block", "layer_norm", leaf] => norm(at("pair_mlp", "norm"), leaf),
        ["pair_mlp_block", "linear", leaf] => linear(at("pair_mlp", "linear1"), leaf),
        ["pair_mlp_block", "linear_1", leaf] => linear(at("pair_mlp", "linear2"), leaf),
        _ => None,
    }
}

fn embedder(embedder: &str, layer: &str, leaf: &str) -> Option<(String, Layout)> {
    match layer {
        "embed" => Some((format!("{embedder}.organism_embed.weight"), Layout::Same)),
        "rms_batch_norm" | "layer_norm" => Some((format!("{embedder}.norm.{}", norm_leaf(leaf)?), Layout::Squeezed)),
        "linear" | "linear_1" => {
            let (leaf, layout) = linear_leaf(leaf)?;
            let layer = if layer == "linear" {
                "project_in"
            } else {
                "project_skip"
            };
            Some((format!("{embedder}.{layer}.{leaf}"), layout))
        }
        _ => None,
    }
}
