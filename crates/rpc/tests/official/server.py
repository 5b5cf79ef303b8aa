"""A service on loopback made of the official client's generated code and its own packing of arrays.

Prints the port, then serves until standard input ends. Values are formulas of the request, so that the caller knows what
has to come back. A request that is not what the caller is known to send is refused with INVALID_ARGUMENT.
"""

import importlib.metadata
import sys
from concurrent import futures

import grpc
import ml_dtypes
import numpy as np
from alphagenome import tensor_utils
from alphagenome.protos import tensor_pb2
from alphagenome.protos.v1 import dna_model_pb2 as m
from alphagenome.protos.v1 import dna_model_service_pb2 as s
from alphagenome.protos.v1 import dna_model_service_pb2_grpc as g

if importlib.metadata.version("alphagenome") != "0.10.0":
    sys.exit("alphagenome 0.10.0 is needed")
ZSTD, PLAIN = tensor_pb2.COMPRESSION_TYPE_ZSTD, tensor_pb2.COMPRESSION_TYPE_NONE


def track(index, strand=m.STRAND_UNSTRANDED):
    return m.TrackMetadata(
        name=f"track {index}",
        strand=strand,
        ontology_term=m.OntologyTerm(ontology_type=m.ONTOLOGY_TYPE_CL, id=84 + index),
        biosample=m.Biosample(type=m.BIOSAMPLE_TYPE_CELL_LINE, name="cells"),
    )


def junction_track(index):
    return m.JunctionMetadata(name=f"tissue {index}", gtex_tissue="Liver")


def ramp(*shape):
    """Returns 0, 1, 2, ... as bfloat16 where whole numbers are exact, and modulo 251 beyond."""
    return (np.arange(np.prod(shape)) % 251).reshape(shape)


def expect(context, condition, what):
    if not condition:
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"unexpected {what}")


def one(requests, context):
    """Returns the one request of a stream."""
    first = next(requests)
    expect(context, next(requests, None) is None, "second request")
    metadata = dict(context.invocation_metadata())
    expect(context, metadata.get("x-goog-api-key") == "a-key", "key")
    expect(context, context.time_remaining() < 1e6, "deadline")
    expect(context, first.organism == m.ORGANISM_HOMO_SAPIENS, "organism")
    expect(context, first.model_version == "FOLD_0", "model version")
    return first


def check_interval(context, interval):
    expect(context, interval.strand == m.STRAND_UNSTRANDED, "strand of the interval")
    expect(context, interval.end - interval.start == 16384, "width of the interval")


def output(kind, interval):
    """Yields an output and its chunks."""
    bases = interval.end - interval.start
    if kind == m.OUTPUT_TYPE_SPLICE_JUNCTIONS:
        values, chunks = tensor_utils.pack_tensor(ramp(2, 3).astype(np.float32), bytes_per_chunk=0)
        junctions = [
            m.Interval(chromosome="chr1", start=10 * i, end=20 + 10 * i, strand=1 + i) for i in range(2)
        ]
        data = m.JunctionData(
            values=values, metadata=[junction_track(i) for i in range(3)], junctions=junctions, interval=interval
        )
        yield m.Output(output_type=kind, junction_data=data)
    elif kind == m.OUTPUT_TYPE_SPLICE_SITES:
        values, chunks = tensor_utils.pack_tensor(ramp(5).astype(np.int64), bytes_per_chunk=24, compression_type=ZSTD)
        yield m.Output(output_type=kind, data=values)
    else:
        bin_bp = {m.OUTPUT_TYPE_CHIP_TF: 128, m.OUTPUT_TYPE_CONTACT_MAPS: 2048}.get(kind, 1)
        bins = bases // bin_bp
        shape = (bins, bins, 2) if kind == m.OUTPUT_TYPE_CONTACT_MAPS else (bins, 2)
        array = ramp(*shape).astype(np.float16 if kind == m.OUTPUT_TYPE_CHIP_TF else ml_dtypes.bfloat16)
        values, chunks = tensor_utils.pack_tensor(array, bytes_per_chunk=10_000, compression_type=ZSTD)
        # 1 bp is what an absent size of bins means.
        resolution = None if bin_bp == 1 else bin_bp
        data = m.TrackData(
            values=values, metadata=[track(0), track(1)], resolution=resolution, interval=interval
        )
        yield m.Output(output_type=kind, track_data=data)
    yield from chunks


def responses(kind, field, parts):
    for part in parts:
        if isinstance(part, tensor_pb2.TensorChunk):
            yield kind(tensor_chunk=part)
        else:
            yield kind(**{field: part})


def scores(seed, scorer, variant):
    """Yields the scores of a variant by a scorer: raw `seed + place`, quantiles a 1024th of it."""
    by_gene = scorer.WhichOneof("scorer") not in ("center_mask", "contact_map")
    junctions = scorer.WhichOneof("scorer") == "splice_junction"
    genes = 2 if by_gene else 0
    raw = seed + np.arange(max(genes, 1) * 3).reshape(-1, 3)
    packing = dict(bytes_per_chunk=16, compression_type=ZSTD) if by_gene else dict(bytes_per_chunk=0)
    values, chunks = tensor_utils.pack_tensor(np.stack([raw, raw / 1024]).astype(np.float32), **packing)
    metadata = m.VariantMetadata(
        variant=variant,
        track_metadata=[track(i, 1 + i) for i in range(3)],
        gene_metadata=[
            m.GeneScorerMetadata(
                gene_id=f"ENSG{i:011}.{i}", name=f"G{i}", strand=1 + i, type="lncRNA",
                **(dict(junction_start=5 + i, junction_end=50 + i) if junctions else {}),
            )
            for i in range(genes)
        ],
    )
    yield m.ScoreVariantOutput(variant_data=m.VariantData(values=values, metadata=metadata))
    yield from chunks


class Service(g.DnaModelServiceServicer):
    def PredictSequence(self, requests, context):
        request = one(requests, context)
        expect(context, set(request.sequence) <= set("ACGTN"), "sequence")
        interval = m.Interval(chromosome="x", start=0, end=len(request.sequence), strand=m.STRAND_UNSTRANDED)
        for kind in request.requested_outputs:
            yield from responses(s.PredictSequenceResponse, "output", output(kind, interval))

    def PredictInterval(self, requests, context):
        request = one(requests, context)
        check_interval(context, request.interval)
        terms = [(term.ontology_type, term.id) for term in request.ontology_terms]
        expect(context, terms == [(m.ONTOLOGY_TYPE_EFO, 1187), (m.ONTOLOGY_TYPE_UBERON, 2048)], "ontology terms")
        for kind in request.requested_outputs:
            yield from responses(s.PredictIntervalResponse, "output", output(kind, request.interval))

    def PredictVariant(self, requests, context):
        request = one(requests, context)
        check_interval(context, request.interval)
        for kind in request.requested_outputs:
            for field in ("alternate_output", "reference_output"):
                yield from responses(s.PredictVariantResponse, field, output(kind, request.interval))

    def ScoreVariant(self, requests, context):
        request = one(requests, context)
        check_interval(context, request.interval)
        inside = request.interval.start < request.variant.position <= request.interval.end
        expect(context, inside and request.variant.reference_bases == "A", "variant")
        expect(context, request.merge_stranded_gene_tracks, "merging")
        for index, scorer in enumerate(request.variant_scorers):
            parts = scores(100 * index + request.variant.position, scorer, request.variant)
            yield from responses(s.ScoreVariantResponse, "output", parts)

    def ScoreInterval(self, requests, context):
        request = one(requests, context)
        for index, scorer in enumerate(request.interval_scorers):
            expect(context, scorer.WhichOneof("scorer") == "gene_mask", "scorer")
            values, _ = tensor_utils.pack_tensor((index + ramp(1, 2, 3)).astype(np.float32))
            metadata = m.IntervalMetadata(
                interval=request.interval,
                track_metadata=[track(i) for i in range(3)],
                gene_metadata=[m.GeneScorerMetadata(gene_id=f"ENSG{i}", strand=2) for i in range(2)],
            )
            data = m.IntervalData(values=values, metadata=metadata)
            yield s.ScoreIntervalResponse(output=m.ScoreIntervalOutput(interval_data=data))

    def ScoreIsmVariant(self, requests, context):
        request = one(requests, context)
        piece = request.ism_interval
        expect(context, 0 < piece.end - piece.start <= 10, "width of the piece")
        for position in range(piece.end, piece.start, -1):
            for alternate in "CGT":
                variant = m.Variant(
                    chromosome=piece.chromosome, position=position, reference_bases="A", alternate_bases=alternate
                )
                for index, scorer in enumerate(request.variant_scorers):
                    parts = scores(100 * index + position, scorer, variant)
                    yield from responses(s.ScoreIsmVariantResponse, "output", parts)

    def GetMetadata(self, request, context):
        tracks = m.TracksMetadata(metadata=[track(i) for i in range(2)])
        junctions = m.JunctionsMetadata(metadata=[junction_track(i) for i in range(3)])
        yield s.MetadataResponse(
            output_metadata=[m.OutputMetadata(output_type=m.OUTPUT_TYPE_CHIP_TF, tracks=tracks)]
        )
        yield s.MetadataResponse(
            output_metadata=[m.OutputMetadata(output_type=m.OUTPUT_TYPE_SPLICE_JUNCTIONS, junctions=junctions)]
        )


def main():
    server = grpc.server(futures.ThreadPoolExecutor(8))
    g.add_DnaModelServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    server.stop(None)


main()
