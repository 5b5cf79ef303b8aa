#!/usr/bin/env python3
"""Makes human.tsv.gz and mouse.tsv.gz, the track catalogue that ships with refalt.

Input: the tables human_tracks_full.tsv and mouse_tracks_full.tsv, one row for each track, made from
OutputMetadataResponse_ORGANISM_*.textproto of github.com/google-deepmind/alphagenome_research (Apache-2.0)
with the rows named "padding" left out.

    python3 make_catalogue.py FOLDER_WITH_THE_TABLES

Output, for each organism: gzip of a text, one line for each field, the values of all tracks behind its name,
separated by tabs. Columns of equal values stand together, so that it is a ninth of the size of the table. An empty
value is a field that the track does not have; `""` is a field that is the empty text. The gzip header holds no time and no name:
the same tables give the same bytes.
"""

import csv
import gzip
import io
import pathlib
import sys

# In the metadata, every track of these outputs has gtex_tissue, the empty text for other sources than GTEx:
# 1,768 = 667 + 734 + 367 human and 443 = 173 + 180 + 90 mouse tracks.
WITH_TISSUE = {"RNA_SEQ", "SPLICE_SITE_USAGE", "SPLICE_JUNCTIONS"}
STRANDS = {"POSITIVE": "+", "NEGATIVE": "-", "UNSTRANDED": ".", "": "."}
MODIFIED = {"True": "true", "False": "false", "": ""}
COUNTS = {"human": 5563, "mouse": 1038}


def stored(column, row):
    value = row[column]
    if column == "strand":
        return STRANDS[value]
    if column == "genetically_modified":
        return MODIFIED[value]
    if column == "gtex_tissue" and not value and row["output_type"] in WITH_TISSUE:
        return '""'
    assert "\t" not in value and "\n" not in value and value != '""'
    return value


def main(folder):
    for organism, count in COUNTS.items():
        with open(folder / f"{organism}_tracks_full.tsv", newline="") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
        assert len(rows) == count
        lines = ["\t".join([column] + [stored(column, row) for row in rows]) for column in rows[0]]
        packed = io.BytesIO()
        with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=packed, mtime=0) as writer:
            writer.write(("\n".join(lines) + "\n").encode())
        out = pathlib.Path(__file__).parent / f"{organism}.tsv.gz"
        out.write_bytes(packed.getvalue())
        print(f"{out.name}: {count} tracks, {len(packed.getvalue())} bytes")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
