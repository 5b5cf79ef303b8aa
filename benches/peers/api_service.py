"""A service on loopback that answers `ScoreVariant` with bytes made beforehand; for `api.py`.

Each scorer of a request has an answer with the true number of human tracks of its output type, ten genes for scorers by gene,
12 junctions, raw and quantile scores, random numbers of full entropy. Of an answer only the variant is written anew, in
place: its chromosome is chr1, its alleles one base each, its position 2^21 to 2^28 - 1, so that its bytes are as many.

Prints the port, then serves until standard input ends.
"""

import sys
import zlib
from concurrent import futures

import grpc
import numpy as np
from alphagenome import tensor_utils
from alphagenome.protos.v1 import dna_model_pb2 as m
from alphagenome.protos.v1 import dna_model_service_pb2 as s

# Tracks on +, on - and without strand.
TRACKS = {
    "ATAC": (0, 0, 167), "CAGE": (273, 273, 0), "DNASE": (0, 0, 305), "RNA_SEQ": (271, 271, 125),
    "CHIP_HISTONE": (0, 0, 1116), "CHIP_TF": (0, 0, 1617), "SPLICE_SITES": (2, 2, 0),
    "SPLICE_SITE_USAGE": (367, 367, 0), "SPLICE_JUNCTIONS": (0, 0, 367), "CONTACT_MAPS": (0, 0, 28), "PROCAP": (6, 6, 0),
}
GENES, JUNCTIONS = 10, 12
SENTINEL = m.Variant(chromosome="chr1", position=2**21, reference_bases="A", alternate_bases="C").SerializeToString()
# Outputs of scorers whose message does not name one.
OUTPUTS = {"splice_junction": "SPLICE_JUNCTIONS", "pa_qtl": "RNA_SEQ", "contact_map": "CONTACT_MAPS"}


def tracks(output):
    plus, minus, none = TRACKS[output]
    strands = [m.STRAND_POSITIVE] * plus + [m.STRAND_NEGATIVE] * minus + [m.STRAND_UNSTRANDED] * none
    numbers = [*range(plus), *range(minus), *range(1_000_000, 1_000_000 + none)]
    return [
        m.TrackMetadata(
            name=f"UBERON:{number:07d} {output}", strand=strand, assay=output.lower(), data_source="encode",
            endedness=m.ENDEDNESS_PAIRED, genetically_modified=False,
            ontology_term=m.OntologyTerm(ontology_type=m.ONTOLOGY_TYPE_UBERON, id=number),
            biosample=m.Biosample(type=m.BIOSAMPLE_TYPE_TISSUE, name=f"tissue {number}", stage="adult"),
            transcription_factor_code=f"TF{number}" if output == "CHIP_TF" else None,
            histone_mark_code="H3K27ac" if output == "CHIP_HISTONE" else None,
        )
        for number, strand in zip(numbers, strands)
    ]


def answer(scorer, made={}):
    key = scorer.SerializeToString()
    if key not in made:
        kind = scorer.WhichOneof("scorer")
        message = getattr(scorer, kind)
        number = getattr(message, "requested_output", 0)
        output = m.OutputType.Name(number).removeprefix("OUTPUT_TYPE_") if number else OUTPUTS[kind]
        listed = tracks(output)
        rows = JUNCTIONS if kind == "splice_junction" else 1 if kind in ("center_mask", "contact_map") else GENES
        genes = [] if rows == 1 else [
            m.GeneScorerMetadata(
                gene_id=f"ENSG{i % GENES:011d}.1", name=f"GENE{i % GENES}", type="protein_coding", strand=1 + i % 2,
                **({"junction_start": 1000 + i, "junction_end": 2000 + i} if rows == JUNCTIONS else {}),
            )
            for i in range(rows)
        ]
        # Seeded by the scorer, not by the order in which threads come.
        seed = zlib.crc32(key)
        values = np.random.default_rng(seed).standard_normal((2, rows, len(listed)), dtype=np.float32)
        tensor, chunks = tensor_utils.pack_tensor(values, bytes_per_chunk=0)
        assert not list(chunks)
        metadata = m.VariantMetadata(variant=m.Variant.FromString(SENTINEL), track_metadata=listed, gene_metadata=genes)
        sent = s.ScoreVariantResponse(
            output=m.ScoreVariantOutput(variant_data=m.VariantData(values=tensor, metadata=metadata))
        ) if hasattr(m, "ScoreVariantOutput") else s.ScoreVariantResponse(
            output=s.ScoreVariantOutput(variant_data=m.VariantData(values=tensor, metadata=metadata))
        )
        data = sent.SerializeToString()
        place = data.index(SENTINEL)
        made[key] = (data[:place], data[place + len(SENTINEL):])
    return made[key]


def score(requests, context):
    request = next(requests)
    variant = request.variant.SerializeToString()
    assert len(variant) == len(SENTINEL), request.variant
    for scorer in request.variant_scorers:
        before, after = answer(scorer)
        yield before + variant + after


def metadata(request, context):
    for output in TRACKS:
        number = m.OutputType.Value(f"OUTPUT_TYPE_{output}")
        if output == "SPLICE_JUNCTIONS":
            listed = [m.JunctionMetadata(name=track.name, assay=track.assay) for track in tracks(output)]
            one = m.OutputMetadata(output_type=number, junctions=m.JunctionsMetadata(metadata=listed))
        else:
            one = m.OutputMetadata(output_type=number, tracks=m.TracksMetadata(metadata=tracks(output)))
        yield s.MetadataResponse(output_metadata=[one]).SerializeToString()


def main():
    handlers = {
        "ScoreVariant": grpc.stream_stream_rpc_method_handler(
            score, request_deserializer=s.ScoreVariantRequest.FromString, response_serializer=bytes
        ),
        "GetMetadata": grpc.unary_stream_rpc_method_handler(
            metadata, request_deserializer=s.MetadataRequest.FromString, response_serializer=bytes
        ),
    }
    server = grpc.server(futures.ThreadPoolExecutor(16))
    name = s.DESCRIPTOR.services_by_name["DnaModelService"].full_name
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, handlers)])
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    server.start()
    sys.stdin.read()
    server.stop(None)


main()
