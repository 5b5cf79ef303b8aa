#!/usr/bin/env python3
"""Makes rows.tsv, peaks.narrowPeak and counts.tsv: how many peaks each row lies in, by bedtools intersect -c."""

import random
import subprocess

rng = random.Random(7)
CONTIGS = {"chr1": 6000, "chr2": 3000, "chrX": 2000}

rows = []
for _ in range(400):
    contig = rng.choice(["chr1", "chr2", "chr22"])
    position = rng.randrange(1, CONTIGS.get(contig, 500))
    ref = "".join(rng.choices("ACGT", k=rng.choice([1, 1, 1, 2, 5, 40])))
    alt = "".join(rng.choices("ACGT", k=rng.choice([1, 1, 2, 5])))
    if alt != ref:
        rows.append((contig, position, ref, alt))
with open("rows.tsv", "w") as out:
    out.write("variant_id\tslope\n")
    for contig, position, ref, alt in rows:
        out.write(f"{contig}_{position}_{ref}_{alt}_b38\t{rng.gauss(0, 1):.4f}\n")
with open("peaks.narrowPeak", "w") as out:
    for number in range(150):
        contig = rng.choice(list(CONTIGS))
        start = rng.randrange(0, CONTIGS[contig])
        width = rng.choice([1, 5, 20, 60])
        summit = rng.choice([-1, rng.randrange(width)])
        out.write(f"{contig}\t{start}\t{start + width}\tpeak_{number + 1}\t{rng.randrange(1000)}\t.\t{rng.random() * 9:.3f}\t3.5\t-1\t{summit}\n")
bed = "".join(f"{c}\t{p - 1}\t{p - 1 + len(r)}\t{c}_{p}_{r}_{a}_b38\n" for c, p, r, a in rows)
counted = subprocess.run(["bedtools", "intersect", "-c", "-a", "-", "-b", "peaks.narrowPeak"],
                         input=bed, capture_output=True, text=True, check=True).stdout
with open("counts.tsv", "w") as out:
    for line in counted.splitlines():
        cells = line.split("\t")
        out.write(f"{cells[3]}\t{cells[4]}\n")
print(subprocess.run(["bedtools", "--version"], capture_output=True, text=True).stdout)
