"""Compares refalt with the published Python client: scores of all 19 recommended scorers to a Parquet file, in one run.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install alphagenome==0.10.0 pyarrow
    cargo build --release -p refalt --example synthetic_scores
    /tmp/peers/bin/python benches/peers/tidy_scores.py [variants of the client] [variants of refalt]

Both begin with scores in memory and end with a Parquet file: the client has one AnnData for each scorer and variant, as
its `score_variants` returns them, and runs `tidy_scores` and `DataFrame.to_parquet` (zstd); refalt has the blocks of its
source, and runs its whole engine. Both have ten genes for each variant and scorer by gene, 12 junctions, stranded tracks,
raw and quantile scores: 27,528 rows a variant. The scores are random numbers of full entropy.

Each count of variants is a process of its own. Times are processor seconds: of the client from `tidy_scores` to the end of
`to_parquet` (making the AnnData is not timed), of refalt of the thread that sums up, encodes, compresses and writes.
Memory is the peak of the process above what it had before the first score, divided by the rows.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = os.environ.get("REFALT_SYNTHETIC", str(ROOT / "target/release/examples/synthetic_scores"))
# Tracks on +, on - and without strand.
TRACKS = {
    "ATAC": (0, 0, 167), "CAGE": (273, 273, 0), "DNASE": (0, 0, 305), "RNA_SEQ": (271, 271, 125),
    "CHIP_HISTONE": (0, 0, 1116), "CHIP_TF": (0, 0, 1617), "SPLICE_SITES": (2, 2, 0),
    "SPLICE_SITE_USAGE": (367, 367, 0), "SPLICE_JUNCTIONS": (0, 0, 367), "CONTACT_MAPS": (0, 0, 28), "PROCAP": (6, 6, 0),
}
GENES, JUNCTIONS = 10, 12


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def track_table(pandas, output):
    plus, minus, none = TRACKS[output]
    count = plus + minus + none
    # The strands of a pair share their name; 25 RNA tracks without strand have the name of a pair.
    number = [*range(plus), *range(minus), *(i if output == "RNA_SEQ" and i < 25 else i + 1_000_000 for i in range(none))]
    columns = {
        "name": [f"UBERON:{i:07d} {output}" for i in number],
        "strand": ["+"] * plus + ["-"] * minus + ["."] * none,
        "Assay title": [output.lower()] * count,
        "ontology_curie": [f"UBERON:{i:07d}" for i in number],
        "biosample_name": [f"tissue {i}" for i in number],
        "biosample_type": ["tissue"] * count,
        "biosample_life_stage": ["adult"] * count,
        "data_source": ["encode"] * count,
        "endedness": ["paired"] * count,
        "genetically_modified": [False] * count,
    }
    if output == "CHIP_TF":
        columns["transcription_factor"] = [f"TF{i}" for i in number]
    if output == "CHIP_HISTONE":
        columns["histone_mark"] = ["H3K27ac"] * count
    if output in ("RNA_SEQ", "SPLICE_SITE_USAGE", "SPLICE_JUNCTIONS"):
        columns["gtex_tissue"] = [f"Tissue_{i}" if i % 5 == 0 else "" for i in number]
    return pandas.DataFrame(columns, index=[str(i) for i in range(count)])


def client(variants):
    """One process of the client; prints JSON."""
    import anndata
    import numpy
    import pandas
    from alphagenome.data import genome
    from alphagenome.models import variant_scorers

    before = peak_mb()
    interval = genome.Interval("chr22", 35677410, 36725986)
    tables = {output: track_table(pandas, output) for output in TRACKS}
    random = numpy.random.default_rng(0)
    scores = []
    for index in range(variants):
        variant = genome.Variant("chr22", 36201698 + index, "A", "C")
        blocks = []
        for scorer in variant_scorers.RECOMMENDED_VARIANT_SCORERS.values():
            kind = scorer.base_variant_scorer.name
            var = tables[scorer.requested_output.name]
            junction = kind == "SPLICE_JUNCTION"
            by_gene = kind.startswith("GENE_MASK") or kind == "PA_QTL" or junction
            rows = JUNCTIONS if junction else GENES if by_gene else 1
            obs = pandas.DataFrame(index=[str(i) for i in range(rows)])
            if by_gene:
                genes = [i % GENES for i in range(rows)]
                obs["gene_id"] = [f"ENSG{g:011d}.{g + 1}" for g in genes]
                obs["strand"] = ["+" if g % 2 == 0 else "-" for g in genes]
                obs["gene_name"] = [f"GENE{g}" for g in genes]
                obs["gene_type"] = "protein_coding"
            if junction:
                obs["junction_Start"] = [1000 + i for i in range(rows)]
                obs["junction_End"] = [2000 + i for i in range(rows)]
            values = random.standard_normal((2, rows, len(var)), dtype=numpy.float32)
            blocks.append(anndata.AnnData(
                X=values[0], obs=obs, var=var, layers={"quantiles": values[1]},
                uns={"interval": interval, "variant": variant, "variant_scorer": scorer},
            ))
        scores.append(blocks)
    made = peak_mb()
    started = time.process_time()
    table = variant_scorers.tidy_scores(scores)
    tidied = time.process_time()
    for column in ("variant_id", "scored_interval"):
        table[column] = table[column].astype(str)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.parquet"
        table.to_parquet(path, compression="zstd")
        size = path.stat().st_size
    ended = time.process_time()
    print(json.dumps({
        "variants": variants, "rows": len(table), "tidy_seconds": tidied - started, "seconds": ended - started,
        "rows_per_second": len(table) / (ended - started), "bytes_per_row": size / len(table),
        "memory_bytes_per_row": (peak_mb() - before) * 1e6 / len(table), "peak_mb": peak_mb(), "made_mb": made - before,
    }))


def refalt(variants):
    with tempfile.TemporaryDirectory() as folder:
        out = subprocess.run([EXAMPLE, f"{folder}/out", str(variants)], check=True, capture_output=True, text=True)
    found = json.loads(out.stdout.splitlines()[-1])
    found["memory_bytes_per_row"] = (found["peak_mb"] - found["peak_mb_before"]) * 1e6 / found["rows"]
    return found


def main():
    if sys.argv[1:2] == ["--client"]:
        return client(int(sys.argv[2]))
    counts = [int(text) for text in sys.argv[1:]] or [200, 1000]
    out = subprocess.run([sys.executable, "-W", "ignore", __file__, "--client", str(counts[0])], check=True,
                         capture_output=True, text=True)
    theirs = json.loads(out.stdout.splitlines()[-1])
    ours = refalt(counts[1] if len(counts) > 1 else 1000)
    print("client", json.dumps(theirs))
    print("refalt", json.dumps(ours))
    print(f"rows a second: {ours['rows_per_writer_second'] / theirs['rows_per_second']:.1f} times the client's")
    print(f"memory a row: 1/{theirs['memory_bytes_per_row'] / ours['memory_bytes_per_row']:.0f} of the client's")


if __name__ == "__main__":
    main()
