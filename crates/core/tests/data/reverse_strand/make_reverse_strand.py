"""Makes reverse_strand.json: predictions read on the reverse strand, by the published model's own code.

usage: make_reverse_strand.py PATH_OF_augmentation.py > reverse_strand.json

PATH is `src/alphagenome_research/model/augmentation.py` of google-deepmind/alphagenome_research (Apache License 2.0).
"""

import importlib.util
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models import dna_output

spec = importlib.util.spec_from_file_location("augmentation", sys.argv[1])
augmentation = importlib.util.module_from_spec(spec)
spec.loader.exec_module(augmentation)

# Tracks as the metadata has them: pairs by place among those of each strand.
strands = np.array(["+", "+", "-", ".", "-"])
reindexing = np.arange(len(strands))
plus, minus = np.flatnonzero(strands == "+"), np.flatnonzero(strands == "-")
reindexing[plus], reindexing[minus] = minus, plus


def flip(kind, values, reindexing):
    made = augmentation.reverse_complement_output_type(
        values, output_type=kind, strand_reindexing=reindexing, sequence_length=8
    )
    return made


rng = np.random.default_rng(7)
kinds = dna_output.OutputType
cage = rng.integers(0, 99, (1, 8, 5)).astype(np.float32)
dnase = rng.integers(1, 99, (1, 8, 1)).astype(np.float32)
contacts = rng.integers(0, 99, (1, 4, 4, 2)).astype(np.float32)
# Two tissues on two strands; sites of donor +, acceptor +, donor -, acceptor -, padded with -1.
sites = np.array([[[1, 4, -1], [3, 6, 7], [2, -1, -1], [0, 5, -1]]], dtype=np.int32)
counts = rng.integers(1, 99, (1, 3, 3, 4)).astype(np.float32)
junctions = flip(
    kinds.SPLICE_JUNCTIONS,
    {"predictions": jnp.array(counts), "splice_site_positions": jnp.array(sites)},
    jnp.array([2, 3, 0, 1]),
)
text = {
    "versions": {"jax": jax.__version__, "numpy": np.__version__, "alphagenome_research": "May 2026"},
    "strands": strands.tolist(),
    "cage": [cage[0].tolist(), np.asarray(flip(kinds.CAGE, jnp.array(cage), jnp.array(reindexing)))[0].tolist()],
    "dnase": [dnase[0].tolist(), np.asarray(flip(kinds.DNASE, jnp.array(dnase), jnp.array([0])))[0].tolist()],
    "contacts": [contacts[0].tolist(), np.asarray(flip(kinds.CONTACT_MAPS, jnp.array(contacts), None))[0].tolist()],
    "sites": [sites[0].tolist(), np.asarray(junctions["splice_site_positions"])[0].tolist()],
    "counts": [counts[0].tolist(), np.asarray(junctions["predictions"])[0].tolist()],
}
print(json.dumps(text))
