"""Writes a file of alphagenome-pytorch whose weights follow from the names of the checkpoint's arrays.

usage: make_pytorch_file.py CHECKOUT FULL.safetensors OUT.safetensors
  CHECKOUT  a checkout of genomicsxai/alphagenome-pytorch (3c6b556); its own mapping of names and layouts is used
  FULL      full_fp32_4096.safetensors of this folder, for the extents of the checkpoint's arrays

Needs torch, numpy, safetensors. Writes 1.8 GB, for `a_file_of_the_port_has_the_values_of_the_checkpoint`.
"""
import json
import os
import struct
import sys

import numpy as np
from safetensors import safe_open


def uniform(name, size):
    """From -1 to 1, as `src/untrained.rs` describes."""
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.int64) - (1 << 23)).astype(np.float32) * np.float32(2.0**-23)


def rule(name, shape):
    """Base and amplitude of an array."""
    module, leaf = name.rsplit("/", 1)
    if leaf == "w":
        taps = shape[0] if module.endswith("conv1_d") else 1
        return 0.0, (1.5 if module.endswith("/conv1_d") else 0.6) / np.sqrt(shape[-2] * taps)
    if leaf == "scale" and module.endswith("standardized_conv1_d"):
        return 0.5, 0.125
    table = {"scale": (1.0, 0.25), "learnt_scale": (1.0, 0.25), "residual_scale": (0.75, 0.125), "var_ema": (1.0, 0.5)}
    table["embeddings"] = (0.0, 0.25)
    return table.get(leaf, (0.0, 0.1))


def values(name, shape):
    base, amplitude = (np.float32(value) for value in rule(name, shape))
    return (base + amplitude * uniform(name, int(np.prod(shape, dtype=np.int64)))).reshape(shape)


def main():
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    checkout, full, out = sys.argv[1:]
    sys.path.insert(0, os.path.join(checkout, "src"))
    import torch
    from alphagenome_pytorch import AlphaGenome
    from alphagenome_pytorch.jax_compat.transforms import apply_transform
    from alphagenome_pytorch.jax_compat.weight_mapping import map_pytorch_to_jax

    shapes = json.loads(safe_open(full, "np").metadata()["shapes"])
    arrays = AlphaGenome().eval().state_dict()
    header, end = {}, 0
    for name, tensor in arrays.items():
        checkpoint = map_pytorch_to_jax(name)
        if checkpoint in shapes:
            value = values(checkpoint, shapes[checkpoint])
            # The port's table of layouts names a transpose here, which its embedding does not have.
            if not name.endswith("organism_embed.weight"):
                value = apply_transform(name, value, tuple(tensor.shape))
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(value)))
        size = tensor.numel() * 4
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    with open(out, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in arrays.values():
            file.write(tensor.float().contiguous().numpy().tobytes())


if __name__ == "__main__":
    main()
