"""Writes distances to transcription starts by bedtools, for substitutions all over the first megabase of chromosome 9.

    python3 make_expected.py FOLDER        # with GRCh38_chr9_1_1000000.fa.gz and the GTF of Ensembl 91 beside it
    (bedtools from Debian)

The start is the first base of the transcript with most exon bases among those of the gene's biotype, or among all where none
has it (of equals the first in the file): this release marks no canonical transcripts. Writes distances.tsv beside this file: variant, distance to the nearest start, and a
gene of the contig with the distance to its own start.
"""

import gzip
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
FOLDER = pathlib.Path(sys.argv[1])
EVERY, FIRST = 12_347, 11_000

with gzip.open(FOLDER / "GRCh38_chr9_1_1000000.fa.gz", "rt") as file:
    sequence = "".join(line.strip() for line in file if not line.startswith(">")).upper()

exon_bases, of_gene, strand, span, is_own = {}, {}, {}, {}, {}
with gzip.open(FOLDER / "Homo_sapiens.GRCh38.91_chr9_1_1000000.gtf.gz", "rt") as file:
    for line in file:
        cells = line.rstrip("\n").split("\t")
        if len(cells) < 9 or cells[2] not in ("transcript", "exon"):
            continue
        gene, transcript = (re.search(f'{key} "([^"]+)"', cells[8]).group(1) for key in ("gene_id", "transcript_id"))
        start, end = int(cells[3]), int(cells[4])
        if cells[2] == "transcript":
            of_gene.setdefault(gene, []).append(transcript)
            strand[gene], span[transcript] = cells[6], (start, end)
            biotypes = [re.search(f'{key} "([^"]+)"', cells[8]).group(1) for key in ("gene_biotype", "transcript_biotype")]
            is_own[transcript] = biotypes[0] == biotypes[1]
        else:
            exon_bases[transcript] = exon_bases.get(transcript, 0) + end - start + 1

starts = {}
for gene, transcripts in of_gene.items():
    longest = max(transcripts, key=lambda transcript: (is_own[transcript], exon_bases[transcript]))
    starts[gene] = span[longest][0] if strand[gene] == "+" else span[longest][1]

positions = [position for position in range(FIRST, len(sequence), EVERY) if sequence[position - 1] in "ACGT"]
with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    bed = lambda name, rows: (folder / name).write_text("".join(f"9\t{position - 1}\t{position}\n" for position in sorted(rows)))
    bed("variants.bed", positions)
    bed("starts.bed", starts.values())
    text = subprocess.run(["bedtools", "closest", "-a", folder / "variants.bed", "-b", folder / "starts.bed", "-d", "-t", "first"],
                          check=True, capture_output=True, text=True).stdout
nearest = {int(line.split("\t")[2]): int(line.split("\t")[-1]) for line in text.splitlines()}

genes = sorted(starts)
with open(HERE / "distances.tsv", "w") as out:
    print("chrom", "pos", "ref", "alt", "nearest_bp", "gene_id", "gene_bp", sep="\t", file=out)
    for number, position in enumerate(positions):
        base, gene = sequence[position - 1], genes[number % len(genes)]
        print(9, position, base, "C" if base == "A" else "A", nearest[position], gene, abs(position - starts[gene]), sep="\t", file=out)
