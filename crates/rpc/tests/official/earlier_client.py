"""The official client of June 2025, unmodified: earlier_client.py ADDRESS VARIANT.

It sends neither merge_stranded_gene_tracks nor optional widths, and knows no field that came later.
"""

import json
import sys

import grpc
import numpy as np
from alphagenome.data import genome
from alphagenome.models import dna_client, variant_scorers

address, text = sys.argv[1:]
client = dna_client.DnaClient(channel=grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)]))
variant = genome.Variant.from_str(text)
interval = variant.reference_interval.resize(16384)
metadata = client.output_metadata(dna_client.Organism.HOMO_SAPIENS)
assert len(metadata.rna_seq) == 6 and len(metadata.splice_junctions) == 2
scorers = list(variant_scorers.RECOMMENDED_VARIANT_SCORERS.values())
scores = client.score_variant(interval, variant, scorers)
assert len(scores) == len(scorers)
rna = scores[[str(scorer) for scorer in scorers].index("GeneMaskLFCScorer(requested_output=RNA_SEQ)")]
assert list(rna.var["strand"]) == ["+", "+", "-", "-", ".", "."]
tidy = variant_scorers.tidy_scores([scores])
assert len(tidy) > 50 and tidy["raw_score"].notna().any()
kinds = list(dna_client.OutputType)
pair = client.predict_variant(interval, variant, requested_outputs=kinds, ontology_terms=None)
assert pair.reference.cage.values.shape == (16384, 4)
assert np.any(pair.reference.cage.values != pair.alternate.cage.values)
print(json.dumps({"rows": len(tidy), "scorers": len(scorers)}))
