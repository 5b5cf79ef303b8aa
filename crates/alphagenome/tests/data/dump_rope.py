"""Angles of rotary position embeddings as the published program computes them, on a CPU.

usage: dump_rope.py CHECKOUT OUT.safetensors   (google-deepmind/alphagenome_research 3f79219, jax 0.10.2)

`bfloat16/P`, `float32/P`: apply_rope of a row of ones, 128 channels, at position P of a window of P + 1 tokens, in that type.
`junction/P`: of a row of ones, 768 channels, at base P, single precision, as in the head of splice junctions.
"""
import sys, os
os.environ["JAXTYPING_DISABLE"] = "1"
sys.path.insert(0, os.path.join(sys.argv[1], "src"))
import types
sys.modules.setdefault("tensorflow", types.ModuleType("tensorflow"))
import jax.numpy as jnp, numpy as np
from safetensors.numpy import save_file
from alphagenome_research.model import attention
out = {}
for kind in ("bfloat16", "float32"):
    x = jnp.ones((1, 8192, 1, 128), dtype=kind)
    y = np.asarray(attention.apply_rope(x, None, 8192).astype(jnp.float32))
    for p in (0, 1, 2, 100, 127, 255, 257, 1000, 1023, 4097, 8191):
        out[f"{kind}/{p}"] = np.ascontiguousarray(y[0, p, 0])
positions = (0, 1, 1000, 16383, 131071, 524287, 1048575)
y = attention.apply_rope(jnp.ones((1, len(positions), 1, 768), jnp.float32), jnp.asarray([positions]), 2**20)
for i, p in enumerate(positions):
    out[f"junction/{p}"] = np.ascontiguousarray(np.asarray(y)[0, i, 0])
save_file(out, sys.argv[2])
