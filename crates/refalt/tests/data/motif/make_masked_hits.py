"""Writes moods_hits_chr1_masked_p1e-4.tsv: hits of MOODS on a slice of chr1 with N and lower case laid in.

Needs MOODS-python 1.9.4.1. Run in this folder: python make_masked_hits.py
"""

import gzip

import MOODS.scan
import MOODS.tools

MOTIFS = ["MA0062.3", "MA0098.3", "MA0474.2", "MA0476.1", "MA0099.3"]
FIRST = 900_001

bases = "".join(gzip.open("hg38_chr1_900001_1000000.fa.gz", "rt").read().split("\n")[1:])


def masked(i, base):
    if i % 101 == 0 or 50_000 <= i < 50_500:
        return "N"
    return base.lower() if i // 97 % 3 == 0 else base


sequence = "".join(masked(i, base) for i, base in enumerate(bases))
background = MOODS.tools.flat_bg(4)
complement = str.maketrans("ACGT", "TGCA")
rows = []
for motif in MOTIFS:
    counts = [[float(x) for x in line.split()] for line in open(f"{motif}.pfm")]
    odds = MOODS.tools.log_odds(counts, background, 0.8, 2)
    reverse = MOODS.tools.reverse_complement(odds)
    # The thresholds of moods_thresholds.tsv, that the unmasked table was made with.
    threshold = next(
        float(fields[4])
        for fields in (line.rstrip("\n").split("\t") for line in open("moods_thresholds.tsv"))
        if fields[0] == motif and fields[3] == "0.0001"
    )
    hits = MOODS.scan.scan_dna(sequence, [odds, reverse], background, [threshold] * 2, 7)
    width = len(counts[0])
    for strand, found in zip("+-", hits):
        for hit in found:
            word = sequence[hit.pos : hit.pos + width].upper()
            if strand == "-":
                word = word.translate(complement)[::-1]
            start = hit.pos + FIRST
            rows.append((motif, "chr1", start, start + width - 1, strand, f"{hit.score:.6f}", word))

with open("moods_hits_chr1_masked_p1e-4.tsv", "w") as out:
    print("motif", "chrom", "start1", "end1", "strand", "score_log2", "matched_sequence", sep="\t", file=out)
    for row in sorted(rows, key=lambda row: (MOTIFS.index(row[0]), row[2], row[4])):
        print(*row, sep="\t", file=out)
