"""Reads spans of the chr1 slice with pyfaidx 0.9.2.2 and digests the slice with hashlib: writes windows.tsv.

Run in this folder: pip install pyfaidx biopython && python make_windows.py
"""

import base64
import hashlib
import random

from pyfaidx import Fasta

NAME = "hg38_chr1_1_1000000.fa.gz"
genome = Fasta(NAME, sequence_always_upper=True, rebuild=False)
contig = genome["chr1"]
whole = str(contig[:])
assert len(whole) == 1_000_000

rows = [("bed_start", "bed_end", "first_20", "last_20", "sha512t24u")]


def add(start, end):
    bases = str(contig[start:end])
    digest = base64.urlsafe_b64encode(hashlib.sha512(bases.encode()).digest()[:24]).decode()
    rows.append((start, end, bases[:20], bases[-20:], digest))


add(0, 1_000_000)
random.seed(1)
for length in (20, 50, 51, 1000, 16_384, 65_536, 65_537, 200_000):
    for _ in range(5):
        start = random.randrange(0, 1_000_000 - length)
        add(start, start + length)
# Around the borders of blocks of 65,536 bases and of the bgzip blocks.
for border in (65_536, 131_072, 983_040, 64_000, 999_980):
    add(border - 20, border + 20)

with open("windows.tsv", "w") as out:
    for row in rows:
        print(*row, sep="\t", file=out)
