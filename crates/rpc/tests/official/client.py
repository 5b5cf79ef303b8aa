"""The official client, unmodified, against `refalt serve` or a server of the same crate.

usage: client.py ADDRESS [--tls] [--table TSV] [--all --sequence BASES] [--window BP] VARIANT...

Scores the variants by every scorer the server gives and compares the tidy table with the one that refalt wrote (TSV), value
by value. With --all the server gives every output type, and every method is called. Prints sums of predictions as JSON
and exits with 1 on the first difference.
"""

import argparse
import json

import anndata
import grpc
import numpy as np
import pandas as pd
from alphagenome.data import genome, track_data
from alphagenome.models import dna_client, interval_scorers, variant_scorers

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("--tls", action="store_true")
parser.add_argument("--table")
parser.add_argument("--all", action="store_true")
parser.add_argument("--window", type=int, default=16384)
parser.add_argument("--sequence", help="the bases of the contig, for --all")
parser.add_argument("variants", nargs="+")
args = parser.parse_args()

if args.tls:
    client = dna_client.create("any", address=args.address, timeout=20)
else:
    unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    client = dna_client.DnaClient(channel=grpc.insecure_channel(args.address, options=unlimited))

variants = [genome.Variant.from_str(text) for text in args.variants]
intervals = [variant.reference_interval.resize(args.window) for variant in variants]
recommended = variant_scorers.get_recommended_scorers(dna_client.Organism.HOMO_SAPIENS.value)


def refused(code, words, call, *arguments, **named):
    """Checks that a call is refused by the server."""
    try:
        call(*arguments, **named)
    except grpc.RpcError as error:
        assert error.code() == code, error
        assert words in error.details(), error.details()
        return
    raise AssertionError(f"not refused: {words}")


def compare(tidy, path):
    """Compares the tidy table with refalt's, row by row by its keys."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    keys = [
        "variant_id", "variant_scorer", "gene_id", "gene_name", "gene_strand",
        "junction_Start", "junction_End", "output_type", "track_name", "track_strand",
    ]  # fmt: skip
    text = lambda value: "" if value is None or value != value else str(value)
    ours = {}
    for row in table.to_dict("records"):
        key = tuple(row[name] for name in keys)
        assert key not in ours, key
        ours[key] = np.float32(row["raw_score"] or "nan")
    theirs = {}
    for row in tidy.to_dict("records"):
        key = tuple(text(row[name]) for name in keys)
        assert key not in theirs, key
        theirs[key] = np.float32(row["raw_score"])
    only = set(ours) ^ set(theirs)
    assert not only, (len(only), sorted(only)[:3])
    for key, value in ours.items():
        assert value == theirs[key] or (np.isnan(value) and np.isnan(theirs[key])), (key, value, theirs[key])
    return len(ours)


metadata = client.output_metadata(dna_client.Organism.HOMO_SAPIENS)
given = {kind for kind in dna_client.OutputType if metadata.get(kind) is not None}
scorers = [scorer for scorer in recommended if scorer.requested_output in given]
scores = client.score_variants(intervals, variants, scorers, progress_bar=False)
assert [len(row) for row in scores] == [len(scorers)] * len(variants)
for variant, interval, row in zip(variants, intervals, scores):
    for scorer, data in zip(scorers, row):
        assert isinstance(data, anndata.AnnData)
        assert data.uns["variant_scorer"] == scorer
        assert str(data.uns["variant"]) == str(variant)
        assert data.uns["interval"] == interval
        assert data.X.dtype == np.float32 and not data.layers, "no quantiles"
        assert data.X.shape == (len(data.obs), len(data.var))
tidy = variant_scorers.tidy_scores(scores)
rows = compare(tidy, args.table) if args.table else len(tidy)
report = {"rows": rows, "scorers": len(scorers), "outputs": sorted(kind.name for kind in given)}

if args.all:
    assert len(scorers) == 19, len(scorers)
    assert list(metadata.rna_seq.columns)[:4] == ["name", "strand", "Assay title", "ontology_curie"]
    assert list(metadata.splice_sites["strand"]) == ["+", "+", "-", "-"]
    assert metadata.chip_tf["transcription_factor"].tolist() == ["GABPA", "GABPA", "CTCF"]
    assert "strand" not in metadata.splice_junctions.columns
    by_name = {str(scorer): data for scorer, data in zip(scorers, scores[0])}
    rna = by_name["GeneMaskLFCScorer(requested_output=RNA_SEQ)"]
    assert {"gene_id", "strand", "gene_name", "gene_type"} <= set(rna.obs.columns), rna.obs.columns
    assert set(rna.obs["gene_id"]) >= {"ENSG00000000003.7", "ENSG00000000001.2"}
    # Merged: two pairs, and the one without strand that no pair has the name of.
    assert list(rna.var["strand"]) == ["."] * 3
    assert "nonzero_mean" in rna.var.columns
    unmerged = client.score_variant(intervals[0], variants[0], [scorers[7]], merge_stranded_gene_tracks=False)
    assert list(unmerged[0].var["strand"]) == ["+", "+", "-", "-", ".", "."]
    junctions = by_name["SpliceJunctionScorer()"]
    assert {"junction_Start", "junction_End"} <= set(junctions.obs.columns) and len(junctions.obs) > 0
    # All recommended scorers when none are named.
    assert len(client.score_variant(intervals[0], variants[0])) == 19

    kinds = list(dna_client.OutputType)
    window = intervals[0]
    interval_output = client.predict_interval(window, requested_outputs=kinds, ontology_terms=None)
    pair = client.predict_variant(window, variants[0], requested_outputs=kinds, ontology_terms=None)
    sums = {}
    for kind in kinds:
        one, reference, alternate = (output.get(kind) for output in (interval_output, pair.reference, pair.alternate))
        np.testing.assert_array_equal(one.values, reference.values)
        assert one.interval == window and alternate.interval == window
        assert one.values.dtype == np.float32
        sums[kind.name] = [float(value.values.astype(np.float64).sum()) for value in (reference, alternate)]
        if isinstance(one, track_data.TrackData):
            assert one.width == args.window, kind
    assert interval_output.contact_maps.values.shape == (8, 8, 1)
    assert interval_output.chip_tf.resolution == 128 and interval_output.chip_tf.values.shape == (128, 3)
    assert len(interval_output.splice_junctions.junctions) > 1
    assert {j.strand for j in interval_output.splice_junctions.junctions} <= {"+", "-"}
    report["sums"] = sums
    lung = client.predict_interval(window, requested_outputs=kinds, ontology_terms=["UBERON:0002048"])
    assert [lung.get(kind).num_tracks for kind in kinds if kind.name in ("CAGE", "CHIP_TF", "SPLICE_SITES")] == [2, 0, 4]
    np.testing.assert_array_equal(
        lung.cage.values, interval_output.cage.values[:, (metadata.cage["ontology_curie"] == "UBERON:0002048").to_numpy()]
    )
    sequence = "ACGTTGCA" * (args.window // 8)
    alone = client.predict_sequence(
        sequence, requested_outputs=[dna_client.OutputType.DNASE], ontology_terms=None, interval=window
    )
    assert alone.dnase.interval == window and alone.dnase.values.shape == (args.window, 1)
    assert alone.atac is None

    scorer = interval_scorers.GeneMaskScorer(
        requested_output=dna_client.OutputType.RNA_SEQ, width=None, aggregation_type=interval_scorers.IntervalAggregationType.MEAN
    )
    scored = client.score_interval(window, [scorer])
    assert scored[0].uns["interval_scorer"] == scorer and len(scored[0].obs) >= 2
    table = variant_scorers.tidy_scores(scored)
    assert "interval_scorer" in table.columns and len(table) > 0

    place = variants[0].reference_interval.resize(25)
    ism = client.score_ism_variants(window, place, [scorers[2], scorers[7]], progress_bar=False)
    assert len(ism) == 75 and all(len(row) == 2 for row in ism)
    assert len({str(row[0].uns["variant"]) for row in ism}) == 75
    same = [row[0] for row in ism if str(row[0].uns["variant"]) == str(variants[0])]
    np.testing.assert_array_equal(same[0].X, scores[0][2].X)

    invalid = grpc.StatusCode.INVALID_ARGUMENT
    long = genome.Interval("chr1", 0, 524288)
    refused(invalid, "it reads 16384, 131072", client.predict_interval, long, requested_outputs=kinds, ontology_terms=None)
    wrong = genome.Variant("chr1", variants[0].position, variants[0].alternate_bases, variants[0].reference_bases)
    refused(invalid, "REF does not match the reference", client.score_variant, window, wrong, [scorers[0]])
    elsewhere = genome.Interval("chr21", 0, args.window)
    refused(grpc.StatusCode.NOT_FOUND, "chr21", client.score_interval, elsewhere, [scorer])
    mouse = dna_client.Organism.MUS_MUSCULUS
    refused(invalid, "MUS_MUSCULUS", client.output_metadata, mouse)
    # The minus strand: what the model says of the reverse complement, laid on the forward strand.
    minus = genome.Interval(window.chromosome, window.start, window.end, "-")
    reverse = client.predict_interval(minus, requested_outputs=kinds, ontology_terms=None)
    bases = args.sequence[window.start : window.end]
    complement = bases[::-1].translate(str.maketrans("ACGT", "TGCA"))
    read = client.predict_sequence(complement, requested_outputs=kinds, ontology_terms=None)
    for kind in kinds:
        own, other = reverse.get(kind), read.get(kind)
        assert own.interval == minus, kind
        if isinstance(own, track_data.TrackData):
            expected = other.values[::-1, ::-1] if other.values.ndim == 3 else other.values[::-1]
            strands = own.metadata["strand"].to_numpy()
            order = np.arange(len(strands))
            order[strands == "+"], order[strands == "-"] = np.flatnonzero(strands == "-"), np.flatnonzero(strands == "+")
            expected = expected[..., order]
            if kind.name == "DNASE":
                expected = np.concatenate([np.zeros_like(expected[:1]), expected[:-1]])
            np.testing.assert_array_equal(own.values, expected, err_msg=kind.name)
        else:
            ours = {(j.start - window.start, j.end - window.start, j.strand): row for j, row in zip(own.junctions, own.values)}
            theirs = {(j.start, j.end, j.strand): row for j, row in zip(other.junctions, other.values)}
            turned = {
                (args.window - end, args.window - start, {"+": "-", "-": "+"}[strand]): row
                for (start, end, strand), row in theirs.items()
            }
            assert ours.keys() == turned.keys() and len(ours) > 1
            for key, row in ours.items():
                np.testing.assert_array_equal(row, turned[key])
    scored = client.score_variant(minus, variants[0], [scorers[0]])
    assert scored[0].uns["interval"] == minus and scored[0].X.shape == scores[0][0].X.shape
    try:
        client.predict_sequence("ACGT" * 100, requested_outputs=kinds, ontology_terms=None)
        raise AssertionError("a sequence of 400 bases was taken")
    except ValueError:
        pass

print(json.dumps(report))
