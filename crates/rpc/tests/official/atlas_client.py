"""The official Atlas client, unmodified, against a server of a score folder.

usage: atlas_client.py ADDRESS --table TSV [--key KEY]

The table is that of the folder as `refalt export --to tsv` writes it; its scores are of human substitutions. Every method of
the client is called: a variant, several, an interval and the metadata, with and without filters. Values are compared with
the table one by one. Prints counts as JSON and exits with 1 on the first difference.
"""

import argparse
import json

import grpc
import numpy as np
import pandas as pd
from alphagenome.atlas import atlas
from alphagenome.data import genome
from alphagenome.protos import atlas_service_pb2_grpc

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("--table", required=True)
parser.add_argument("--key", default="any")
args = parser.parse_args()


def client_with(key):
    """Makes what `atlas.create` returns, but for TLS."""
    stub = atlas_service_pb2_grpc.AtlasServiceStub(channel=grpc.insecure_channel(args.address))
    return atlas.AtlasClient(stub, metadata=[("x-goog-api-key", key)])


def refused(kind, words, call, *arguments, **named):
    """Checks that a call raises an error of a kind, with words."""
    try:
        call(*arguments, **named)
    except kind as error:
        assert words in str(error), error
        return
    raise AssertionError(f"not refused: {words}")


client = client_with(args.key)
table = pd.read_csv(args.table, sep="\t", dtype=str, keep_default_na=False)
names = list(dict.fromkeys(table["scorer"]))
variants = [genome.Variant.from_str(text) for text in dict.fromkeys(table["variant_id"])]
numbers = {}
for row in table.to_dict("records"):
    key = tuple(row[name] for name in ("scorer", "variant_id", "gene_id", "track_name", "track_strand"))
    assert key not in numbers, key
    numbers[key] = tuple(np.float32(row[name] or "nan") for name in ("raw_score", "quantile_score"))


def compare(answer, keep=lambda key: True):
    """Compares an answer with the rows of the table that `keep` is true of: all of them, and nothing else but NaN."""
    left = {key for key in numbers if keep(key)}
    for name, data in answer.items():
        assert data.X.dtype == np.float32 and data.X.shape == (len(data.obs), len(data.var))
        tracks = list(zip(data.var["name"], data.var["strand"]))
        for at, row in enumerate(data.obs.to_dict("records")):
            assert row["interval"].width == 2048, row
            for place, track in enumerate(tracks):
                key = (name, str(row["variant"]), row.get("gene_id", ""), *track)
                found = (data.X[at, place], data.layers["quantiles"][at, place])
                if key not in numbers:
                    # A gene and a track on different strands.
                    assert np.isnan(found).all(), (key, found)
                    continue
                assert found == numbers[key], (key, found, numbers[key])
                left.remove(key)
    assert not left, (len(left), sorted(left)[:3])


metadata = client.scorer_metadata()
assert list(metadata) == names
tracks = {name: list(zip(one.track_metadata["name"], one.track_metadata["strand"])) for name, one in metadata.items()}
for name, one in metadata.items():
    # Differences have a sign; what is active in either allele has none.
    assert one.is_signed == (not name.endswith("_ACTIVE")), name
    assert set(table[table["scorer"] == name]["track_name"]) == {track for track, _ in tracks[name]}
    assert {"ontology_curie", "biosample_name"} <= set(one.track_metadata.columns)

first = client.query_variant(variants[0], requested_scorers=names)
assert list(first) == names
compare(first, lambda key: key[1] == str(variants[0]))
compare(client.query_variants(variants[:7], requested_scorers=names, progress_bar=False),
        lambda key: key[1] in {str(variant) for variant in variants[:7]})  # fmt: skip
places = [variant.position for variant in variants]
# More than the client asks for at once.
interval = genome.Interval(variants[0].chromosome, min(places) - 1, max(places))
assert interval.width > 32
compare(client.query_interval(interval, requested_scorers=names, progress_bar=False))

one = client.query_interval(interval, requested_scorers=names[1:2], progress_bar=False)
assert list(one) == names[1:2]
compare(one, lambda key: key[0] == names[1])

columns = metadata[names[0]].track_metadata
term = columns["ontology_curie"].iloc[1]
assert (columns["ontology_curie"] == term).sum() < len(columns)
of_term = {
    (name, *track)
    for name, one in metadata.items()
    for track, curie in zip(tracks[name], one.track_metadata["ontology_curie"])
    if curie == term
}
for answer in (
    client.query_interval(interval, requested_scorers=names, ontology_terms=[term], progress_bar=False),
    client.query_variants(variants, requested_scorers=names, ontology_terms=[term], progress_bar=False),
):
    assert all(set(data.var["ontology_curie"]) == {term} for data in answer.values())
    compare(answer, lambda key: (key[0], key[3], key[4]) in of_term)
genes = sorted(set(table["gene_id"]) - {""})
by_gene = sorted(set(table[table["gene_id"] != ""]["scorer"]))
answer = client.query_variant(variants[0], requested_scorers=by_gene, gene_ids=genes[:1])
compare(answer, lambda key: key[1] == str(variants[0]) and key[2] == genes[0])

wrong = genome.Variant(
    variants[0].chromosome, variants[0].position, variants[0].alternate_bases, variants[0].reference_bases
)
has = variants[0].reference_bases
refused(ValueError, f"the reference has `{has}` there", client.query_variant, wrong, requested_scorers=names)
nowhere = genome.Variant("chr1", 1, "A", "C")
refused(ValueError, "has no scores here", client.query_variant, nowhere, requested_scorers=names)
elsewhere = genome.Interval("chr21", 0, 10)
refused(ValueError, "chr21", client.query_interval, elsewhere, requested_scorers=names, progress_bar=False)
if args.key != "any":
    refused(PermissionError, "", client_with("another").scorer_metadata)

print(json.dumps({"rows": len(numbers), "variants": len(variants), "scorers": names, "of_term": len(of_term)}))
