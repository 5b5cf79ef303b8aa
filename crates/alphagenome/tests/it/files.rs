//! Files of weights: both namings, and what is wrong with a file.

use crate::oracle::{Oracle, data, options};
use refalt_alphagenome::untrained::{NamedWeights, values};
use refalt_alphagenome::{AlphaGenome, Options, Weights, WeightsFile};
use refalt_core::Organism;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::path::Path;

fn weights() -> NamedWeights {
    Oracle::open("tiny_fp32_16384.safetensors").weights()
}

#[test]
fn a_file_gives_the_arrays_that_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.safetensors");
    let written = weights().with_published_columns();
    written.write(&path).unwrap();
    // The folder has one file of weights.
    let file = WeightsFile::open(folder.path()).unwrap();
    assert_eq!(file.path(), path);
    for (name, shape) in &written.0 {
        assert_eq!(file.shape(name).as_ref(), Some(shape), "{name}");
        if !name.contains("splice_sites_classification") {
            assert_eq!(file.read(name).unwrap(), values(name, shape), "{name}");
        }
    }
    // The first six tracks, and a head of 256 columns.
    let all = Options {
        cut_to: None,
        ..options(Organism::Human, 16, 0.1)
    };
    assert!(AlphaGenome::read(&file, all).is_ok());
    assert_eq!(file.sha256().unwrap().len(), 64);
}

/// Names and extents of alphagenome-pytorch (`state_dict` of a new model, commit 3c6b556).
fn pytorch_arrays() -> BTreeMap<String, Vec<usize>> {
    let text = std::fs::read_to_string(data("pytorch_names.tsv")).unwrap();
    let line = |line: &str| {
        let (name, shape) = line.split_once('\t').unwrap();
        let extents = shape.split(',').filter(|extent| !extent.is_empty());
        (name.to_owned(), extents.map(|extent| extent.parse().unwrap()).collect())
    };
    text.lines().map(line).collect()
}

/// Writes a file of zeros that has only its header: arrays of no bytes would not do, so the file is sparse.
fn sparse_file(path: &Path, arrays: &BTreeMap<String, Vec<usize>>) {
    use std::io::{Seek, SeekFrom, Write};
    let mut end = 0;
    let mut header = serde_json::Map::new();
    for (name, shape) in arrays {
        let bytes = shape.iter().product::<usize>() * 4;
        let entry = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [end, end + bytes]});
        header.insert(name.clone(), entry);
        end += bytes;
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.seek(SeekFrom::Current(end as i64 - 1)).unwrap();
    file.write_all(&[0]).unwrap();
}

#[test]
fn every_array_is_found_under_its_name_in_pytorch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port.safetensors");
    let arrays = pytorch_arrays();
    sparse_file(&path, &arrays);
    let file = WeightsFile::open(&path).unwrap();
    let checkpoint = Oracle::open("full_fp32_4096.safetensors").weights();
    for (name, shape) in &checkpoint.0 {
        // Axes of extent 1 are written or not.
        let squeezed =
            |shape: &[usize]| -> Vec<usize> { shape.iter().copied().filter(|&extent| extent != 1).collect() };
        let found = file.shape(name).unwrap_or_else(|| panic!("{name} is not found"));
        assert_eq!(squeezed(&found), squeezed(shape), "{name}");
    }
    assert_eq!(checkpoint.0.len(), 670);
    // What the port has besides: the means of tracks.
    assert_eq!(arrays.len(), 670 + 7);
    let (columns, means) = file.track_means("atac").unwrap().unwrap();
    assert_eq!((columns, means.len()), (256, 512));
}

#[test]
#[ignore = "needs a file of alphagenome-pytorch, which REFALT_PYTORCH_WEIGHTS names; tests/data/README.md says how to make it"]
fn a_file_of_the_port_has_the_values_of_the_checkpoint() {
    let path = std::env::var_os("REFALT_PYTORCH_WEIGHTS").unwrap();
    let file = WeightsFile::open(Path::new(&path)).unwrap();
    let checkpoint = Oracle::open("full_fp32_4096.safetensors").weights();
    for (name, shape) in &checkpoint.0 {
        assert!(file.read(name).unwrap() == values(name, shape), "{name}");
    }
}

#[test]
fn arrays_of_pytorch_are_brought_into_the_layout_of_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port.safetensors");
    let numbers = |count: usize| -> Vec<u8> { (0..count).flat_map(|i| (i as f32).to_le_bytes()).collect() };
    let arrays = [
        ("tower.blocks.0.mha.q_proj.weight", vec![2, 3]),
        ("encoder.dna_embedder.conv1.weight", vec![2, 3, 2]),
        ("decoder.up_blocks.1.pointwise.conv.weight", vec![2, 3, 1]),
        ("heads.atac.convs.1.weight", vec![2, 2, 3]),
        ("splice_sites_junction_head.rope_params.pos_donor", vec![2, 2, 1, 2]),
    ];
    let bytes: Vec<Vec<u8>> = arrays
        .iter()
        .map(|(_, shape)| numbers(shape.iter().product()))
        .collect();
    let views = arrays.iter().zip(&bytes);
    let views = views.map(|((name, shape), bytes)| (*name, TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, &path).unwrap();
    let file = WeightsFile::open(&path).unwrap();
    let check = |name: &str, shape: &[usize], expected: &[f32]| {
        let name = format!("alphagenome/{name}");
        assert_eq!(
            (
                file.shape(&name).unwrap().as_slice(),
                file.read(&name).unwrap().as_slice()
            ),
            (shape, expected)
        );
    };
    // (outputs, inputs) to (inputs, outputs).
    check(
        "transformer_tower/mha_block/q_layer/w",
        &[3, 2],
        &[0., 3., 1., 4., 2., 5.],
    );
    // (outputs, inputs, taps) to (taps, inputs, outputs): value o i t is 6 o + 2 i + t.
    let expected = [0., 6., 2., 8., 4., 10., 1., 7., 3., 9., 5., 11.];
    check("sequence_encoder/dna_embedder/conv1_d/w", &[2, 3, 2], &expected);
    let pointwise = "sequence_decoder/up_res_block_1/pointwise_conv_unet_skip/linear/w";
    check(pointwise, &[3, 2], &[0., 3., 1., 4., 2., 5.]);
    // (organisms, outputs, inputs) to (organisms, inputs, outputs).
    let expected = [0., 3., 1., 4., 2., 5., 6., 9., 7., 10., 8., 11.];
    check("head/atac/resolution_1/multi_organism_linear/w", &[2, 3, 2], &expected);
    let donors = "head/splice_sites_junction/pos_donor_logits/embeddings";
    check(donors, &[2, 4], &[0., 1., 2., 3., 4., 5., 6., 7.]);
}

#[test]
fn what_is_no_file_of_weights_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.safetensors");
    let refused = |path: &Path| WeightsFile::open(path).err().unwrap().to_string();
    assert!(refused(&path).starts_with("cannot read the weights `"));
    assert!(refused(folder.path()).ends_with("has no file of weights (.safetensors)"));
    std::fs::write(&path, b"abc").unwrap();
    assert!(refused(&path).ends_with("it has 3 bytes, fewer than the length of a header"));
    std::fs::write(&path, [b"\xff\xff\xff\xff\xff\xff\xff\xff".as_slice(), b"{}"].concat()).unwrap();
    assert!(refused(&path).ends_with("and the file has 10"), "{}", refused(&path));
    std::fs::write(&path, [&2u64.to_le_bytes()[..], b"[]"].concat()).unwrap();
    assert!(refused(&path).contains("its header: "));
    // Cut off.
    weights().write(&path).unwrap();
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 100]).unwrap();
    let text = refused(&path);
    assert!(
        text.contains(&format!("its header speaks of {} bytes", whole.len())),
        "{text}"
    );
    std::fs::write(folder.path().join("b.safetensors"), &whole).unwrap();
    assert!(refused(folder.path()).ends_with("has 2 files of weights (.safetensors): a.safetensors, b.safetensors"));
    // A value that is none.
    let mut damaged = whole.clone();
    let last = damaged.len();
    damaged[last - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    std::fs::write(&path, damaged).unwrap();
    let file = WeightsFile::open(&path).unwrap();
    let text = AlphaGenome::read(&file, options(Organism::Human, 16, 0.1))
        .err()
        .unwrap()
        .to_string();
    assert!(text.ends_with("has values that are NaN or infinite: 1"), "{text}");
}
