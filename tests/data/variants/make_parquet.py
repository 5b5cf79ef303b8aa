"""Writes Parquet tables from text tables of this folder (pyarrow 26.0.1)."""

import gzip

import pyarrow as pa
import pyarrow.parquet as pq


def table(path, opener=open):
    with opener(path, "rt") as lines:
        header, *rows = [line.rstrip("\n").split("\t") for line in lines]
    return header, rows


# Text, dictionaries, 32- and 64-bit integers, floating point positions with a missing one, several row groups.
header, rows = table("gvatdb_sample.tsv")
column = {name: [row[index] for row in rows] for index, name in enumerate(header)}
positions = [int(text) for text in column["pos"]]
pq.write_table(
    pa.table(
        {
            "chr": pa.array(column["chr"]).dictionary_encode(),
            "pos": pa.array(positions, pa.int32()),
            "ref": pa.array(column["ref"], pa.large_string()),
            "alt": pa.array(column["alt"], pa.string_view()),
            "pos_hg38": pa.array([None if i == 1 else float(p) for i, p in enumerate(positions)], pa.float64()),
            "pbs": pa.array([float(text) for text in column["pbs"]], pa.float64()),
            "spans": pa.array([[p, p + 1] for p in positions]),
        }
    ),
    "gvatdb.parquet",
    compression="zstd",
    row_group_size=4,
)

header, rows = table("gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz", gzip.open)
columns = {name: [row[index] for row in rows] for index, name in enumerate(header)}
columns["slope"] = [float(text) for text in columns["slope"]]
pq.write_table(pa.table({name: columns[name] for name in ("variant_id", "gene_id", "slope")}), "gtex.parquet",
               compression="snappy")
