#!/usr/bin/env python3
"""Writes scorers.tsv, tracks.tsv, tensors.tsv: what the official client makes of scorers, tracks and arrays.

    VENV/bin/python make_conversions.py        (alphagenome==0.10.0, as for make_messages.py)
"""

import importlib.metadata
import itertools
import json
import pathlib
import sys

import ml_dtypes
import numpy as np
from alphagenome import tensor_utils
from alphagenome.models import dna_output, interval_scorers, variant_scorers
from alphagenome.models.v1 import track_data_utils
from alphagenome.protos import tensor_pb2
from alphagenome.protos.v1 import dna_model_pb2 as m

VERSION = importlib.metadata.version("alphagenome")
if VERSION != "0.10.0":
    sys.exit(f"alphagenome is {VERSION}; these files are of 0.10.0")
FOLDER = pathlib.Path(__file__).parent


def make(kind, **options):
    """Returns the scorers of a class that the client accepts."""
    for values in itertools.product(*options.values()):
        try:
            yield kind(**dict(zip(options, values)))
        except ValueError:
            pass


def scorers():
    outputs = list(dna_output.OutputType)
    widths = [None, 101, 501, 1001, 2001, 10001, 100001, 200001]
    v = variant_scorers
    yield from make(
        v.CenterMaskScorer, requested_output=outputs, width=widths, aggregation_type=list(v.AggregationType)
    )
    yield from make(v.GeneMaskLFCScorer, requested_output=outputs)
    yield from make(v.GeneMaskActiveScorer, requested_output=outputs)
    yield from make(v.GeneMaskSplicingScorer, requested_output=outputs, width=widths)
    yield from (v.ContactMapScorer(), v.PolyadenylationScorer(), v.SpliceJunctionScorer())
    i = interval_scorers
    yield from make(
        i.GeneMaskScorer, requested_output=outputs, width=widths, aggregation_type=list(i.IntervalAggregationType)
    )


def tracks():
    strands = itertools.cycle([m.STRAND_POSITIVE, m.STRAND_NEGATIVE, m.STRAND_UNSTRANDED])
    terms = itertools.cycle(
        [m.OntologyTerm(ontology_type=kind, id=number) for kind in range(1, 6) for number in (1187, 12345678)] + [None]
    )
    for index in range(60):
        samples = [
            None,
            m.Biosample(type=index % 7, name=f"sample {index}"),
            m.Biosample(type=index % 7, name="\u00e9", stage="adult"),
            m.Biosample(type=index % 7, stage=""),
        ]
        track = m.TrackMetadata(
            name=f"track {index}", strand=next(strands), ontology_term=next(terms), biosample=samples[index % 4]
        )
        for bit, (name, value) in enumerate(
            [
                ("assay", "TF ChIP-seq"),
                ("gtex_tissue", "" if index % 2 else "Liver"),
                ("histone_mark_code", "H3K27ac"),
                ("transcription_factor_code", "CTCF"),
                ("data_source", "encode"),
                ("endedness", 1 + index % 2),
            ]
        ):
            if index >> bit & 1:
                setattr(track, name, value)
        if index % 3:
            track.genetically_modified = index % 3 == 1
            track.nonzero_mean = 0.25 * index
        yield track


ARRAYS = {
    "bfloat16": np.array([0, -1.5, 3.140625, np.inf, 1e-40], ml_dtypes.bfloat16),
    "float16": np.array([0, -1.5, 65504, 6e-8, -np.inf], np.float16),
    "float32": np.array([[0.1, -2.5], [3e38, 1e-45]], np.float32),
    "float64": np.array(0.1, np.float64),
    "int8": np.array([-128, 127], np.int8),
    "int32": np.array([[-(2**31)], [2**31 - 1]], np.int32),
    "int64": np.array([-(2**63), 2**63 - 1], np.int64),
    "uint8": np.array([0, 255], np.uint8),
    "uint32": np.array([2**32 - 1, 7], np.uint32),
    "uint64": np.array([2**64 - 1, 7], np.uint64),
    "bool": np.array([True, False, True]),
    "empty": np.zeros((2, 0, 3), np.float32),
}


def tensors():
    for name, array in ARRAYS.items():
        for chunk in (0, 8):
            for packing in (tensor_pb2.COMPRESSION_TYPE_NONE, tensor_pb2.COMPRESSION_TYPE_ZSTD):
                header, chunks = tensor_utils.pack_tensor(array, bytes_per_chunk=chunk, compression_type=packing)
                chunks = list(chunks)
                again = tensor_utils.upcast_floating(tensor_utils.unpack_proto(header, chunks))
                values = [repr(value) for value in again.ravel().tolist()]
                yield (
                    name, str(chunk), str(packing), header.SerializeToString(deterministic=True).hex(),
                    ",".join(c.SerializeToString(deterministic=True).hex() for c in chunks),
                    str(again.dtype), ",".join(map(str, again.shape)), ",".join(values),
                )


def table(name, header, rows):
    with open(FOLDER / name, "w", encoding="utf-8") as out:
        out.write("\t".join(header) + "\n")
        for row in rows:
            out.write("\t".join(row) + "\n")


table(
    "scorers.tsv", ["text", "hex"],
    ((str(scorer), scorer.to_proto().SerializeToString(deterministic=True).hex()) for scorer in scorers()),
)
table(
    "tracks.tsv", ["hex", "columns"],
    (
        (
            track.SerializeToString(deterministic=True).hex(),
            json.dumps(
                track_data_utils.metadata_from_proto(m.TracksMetadata(metadata=[track])).to_dict("records")[0],
                default=str,
            ),
        )
        for track in tracks()
    ),
)
table(
    "tensors.tsv",
    ["array", "chunk_bytes", "packing", "header", "chunks", "read_type", "read_shape", "read_values"], tensors(),
)
