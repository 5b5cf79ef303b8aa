"""Makes a safetensors file of a released AlphaGenome checkpoint, for `refalt score --model alphagenome:FILE`.

usage: convert_checkpoint.py CHECKPOINT OUT.safetensors

CHECKPOINT is the folder that Kaggle (google/alphagenome/jax/all_folds) or Hugging Face (google/alphagenome-all-folds) gives
after you have accepted the model's terms. Every array keeps its name, `alphagenome/...`, and its values; 1.8 GB are written.
The weights stay under the AlphaGenome Model Terms: non-commercial use, no redistribution, converted or not.

Needs Python 3.11 and: pip install orbax-checkpoint safetensors   (orbax-checkpoint 0.12, safetensors 0.8; brings JAX, CPU is enough)
"""
import os
import sys

os.environ.setdefault("JAX_PLATFORMS", "cpu")


def arrays(checkpoint):
    """Names and values of all arrays: the checkpoint is a pair of (parameters, state), module path -> leaf -> array."""
    import jax
    import numpy as np
    import orbax.checkpoint as ocp

    reader = ocp.PyTreeCheckpointer()
    try:
        described = reader.metadata(checkpoint)
        tree = getattr(described, "item_metadata", described)
        tree = getattr(tree, "tree", tree)
        # As numpy arrays: the checkpoint may speak of devices that this machine has not.
        as_numpy = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), tree)
        parts = reader.restore(checkpoint, restore_args=as_numpy)
    except FileNotFoundError as error:
        raise SystemExit(f"error: `{checkpoint}` is no checkpoint: {error}")
    parts = parts.values() if isinstance(parts, dict) else parts
    found = {}
    for part in parts:
        for module, leaves in part.items():
            for leaf, value in leaves.items():
                name = f"{module}/{leaf}"
                if name in found:
                    raise SystemExit(f"error: the checkpoint has two arrays `{name}`")
                found[name] = np.ascontiguousarray(value, dtype=np.float32)
    return found


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    checkpoint, out = sys.argv[1:]
    if not os.path.isdir(checkpoint):
        raise SystemExit(f"error: `{checkpoint}` is no folder; a checkpoint is one, with a file `_METADATA` in it")
    if os.path.exists(out):
        raise SystemExit(f"error: `{out}` exists; name another file, or remove it")
    found = arrays(os.path.abspath(checkpoint))
    if not any(name.startswith("alphagenome/") for name in found):
        raise SystemExit(f"error: `{checkpoint}` is no AlphaGenome checkpoint: no array is called `alphagenome/...`")
    from safetensors.numpy import save_file

    part = f"{out}.part"
    save_file(found, part)
    os.replace(part, out)
    print(f"{len(found)} arrays, {sum(a.size for a in found.values()):,} values: {out}")


if __name__ == "__main__":
    main()
