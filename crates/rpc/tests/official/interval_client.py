"""The official client, unmodified: the tidy table of interval scores against the one that refalt wrote.

usage: interval_client.py ADDRESS TABLE [--unmerged] --window BP --scorer OUTPUT:WIDTH:AGGREGATION... -- INTERVAL...

Scores the intervals (`chr1:100-200`, 0-based, half-open) in windows of that length around their middles, and compares the
table with refalt's (TSV): the columns, the rows in their order, and every value. Prints the number of rows and columns as
JSON and exits with 1 on the first difference.
"""

import argparse
import json

import grpc
import numpy as np
import pandas as pd
from alphagenome.data import genome
from alphagenome.models import dna_client, interval_scorers, variant_scorers

parser = argparse.ArgumentParser()
parser.add_argument("address")
parser.add_argument("table")
parser.add_argument("--unmerged", action="store_true")
parser.add_argument("--window", type=int, required=True)
parser.add_argument("--scorer", action="append", required=True)
parser.add_argument("intervals", nargs="+")
args = parser.parse_args()

unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
client = dna_client.DnaClient(channel=grpc.insecure_channel(args.address, options=unlimited))


def interval(text):
    contig, bounds = text.split(":")
    start, end = bounds.split("-")
    return genome.Interval(contig, int(start), int(end)).resize(args.window)


def scorer(text):
    output, width, aggregation = text.split(":")
    return interval_scorers.GeneMaskScorer(
        requested_output=dna_client.OutputType[output],
        width=None if width == "None" else int(width),
        aggregation_type=interval_scorers.IntervalAggregationType[aggregation],
    )


intervals = [interval(text) for text in args.intervals]
scorers = [scorer(text) for text in args.scorer]
if args.unmerged:
    scores = [client.score_interval(one, scorers, merge_stranded_gene_tracks=False) for one in intervals]
else:
    scores = client.score_intervals(intervals, scorers, progress_bar=False)
tidy = variant_scorers.tidy_scores(scores)

table = pd.read_csv(args.table, sep="\t", dtype=str, keep_default_na=False)
ours = list(table.columns[: list(table.columns).index("quantile_score") + 1])
theirs = list(tidy.columns)
# refalt's table always has every column; those that are not in the official table have no value.
assert theirs[-1] == "raw_score" and "variant_id" not in theirs and "interval_scorer" in theirs
assert not set(theirs) - set(ours), set(theirs) - set(ours)
common = [name for name in ours if name in theirs]
assert common[:11] == theirs[:11], (common, theirs)
for name in set(ours) - set(theirs):
    assert (table[name] == "").all(), name
assert len(table) == len(tidy), (len(table), len(tidy))


def text(value):
    return "" if value is None or value != value else str(value)


for name in theirs[:-1]:
    for row, (own, other) in enumerate(zip(table[name], tidy[name])):
        assert own == text(other), (name, row, own, other)
own = table["raw_score"].map(np.float32).to_numpy(np.float32)
np.testing.assert_array_equal(own.view(np.uint32), tidy["raw_score"].to_numpy(np.float32).view(np.uint32))
print(json.dumps({"rows": len(tidy), "columns": len(theirs)}))
