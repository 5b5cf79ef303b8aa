"""Scans the same sequence for the same motifs with refalt and with its peers, one after the other, in one run.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install MOODS-python==1.9.4.1 lightmotif==0.10.1 memelite==0.5.0
    /tmp/peers/bin/python benches/peers/motif_scan.py [MEGABASES]

Sequence: chr1:900,001-1,000,000 of hg38, repeated to MEGABASES (default 1). Motifs: the 739 of JASPAR 2024
vertebrates, both strands, at the exact thresholds of p 1e-4 (memelite takes p 1e-4 and finds its own thresholds in
bins of 0.1 bit). Reading files, building matrices and thresholds is not timed; encoding the sequence is. Every
program runs three times on one thread, the best time counts. Prints one row each: hits, seconds, Mb x motifs per
second.
"""

import gzip
import os
import pathlib
import subprocess
import sys
import tempfile
import time

os.environ["NUMBA_NUM_THREADS"] = "1"

ROOT = pathlib.Path(__file__).resolve().parents[2]
REPEATS = 3
megabases = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0

slice_ = gzip.open(ROOT / "crates/refalt/tests/data/motif/hg38_chr1_900001_1000000.fa.gz", "rt").read()
slice_ = "".join(slice_.split("\n")[1:])
length = int(megabases * 1e6)
sequence = (slice_ * (length // len(slice_) + 1))[:length]

rows = []


def report(name, motifs, hits, seconds):
    rows.append((name, hits, seconds, length / 1e6 * motifs / seconds))


def best(run):
    times, hits = [], None
    for _ in range(REPEATS):
        start = time.perf_counter()
        hits = run()
        times.append(time.perf_counter() - start)
    return hits, min(times)


def version(package):
    from importlib.metadata import version

    return f"{package} {version(package)}"


with tempfile.TemporaryDirectory() as folder:
    fasta, matrices = f"{folder}/sequence.fa", f"{folder}/matrices.tsv"
    with open(fasta, "w") as out:
        out.write(">sequence\n" + sequence + "\n")
    command = ["cargo", "run", "--release", "--quiet", "-p", "refalt", "--example", "motif_scan", "--", fasta, matrices]
    runs = [subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True) for _ in range(REPEATS)]
    fields = [run.stdout.split() for run in runs]
    report("refalt", int(fields[0][1]), int(fields[0][2]), min(float(f[3]) for f in fields))

    motifs = []
    for line in open(matrices):
        accession, threshold, weights = line.rstrip("\n").split("\t")
        weights = [float(w) for w in weights.split()]
        motifs.append((accession, float(threshold), [weights[i::4] for i in range(4)]))

try:
    import lightmotif

    scoring = []
    for _, threshold, (a, c, g, t) in motifs:
        matrix = lightmotif.ScoringMatrix({"A": a, "C": c, "G": g, "T": t, "N": [float("-inf")] * len(a)})
        # Weights are f32 there: without the slack, words that score the threshold exactly are lost.
        scoring += [(m, threshold - 1e-4) for m in (matrix, matrix.reverse_complement())]

    def run_lightmotif():
        striped = lightmotif.stripe(sequence)
        return sum(sum(1 for _ in lightmotif.scan(m, striped, threshold=t)) for m, t in scoring)

    report(version("lightmotif"), len(motifs), *best(run_lightmotif))
except ImportError:
    print("skipped: lightmotif is not installed", file=sys.stderr)

try:
    import MOODS.scan
    import MOODS.tools

    background = MOODS.tools.flat_bg(4)
    both = [m for _, _, matrix in motifs for m in (matrix, MOODS.tools.reverse_complement(matrix))]
    scanner = MOODS.scan.Scanner(7)
    scanner.set_motifs(both, background, [t for _, t, _ in motifs for _ in range(2)])
    report(version("MOODS-python"), len(motifs), *best(lambda: sum(len(hits) for hits in scanner.scan(sequence))))
except ImportError:
    print("skipped: MOODS-python is not installed", file=sys.stderr)

try:
    import numpy as np
    from memelite import fimo

    frequencies = {name: 0.25 * 2 ** np.array(matrix) for name, _, matrix in motifs}
    one_hot = (np.frombuffer(sequence.encode(), "S1")[None, :] == np.array([b"A", b"C", b"G", b"T"])[:, None])
    one_hot = one_hot.astype(np.int8)[None]
    fimo(frequencies, one_hot[:, :, :1000], threshold=1e-4, return_counts=True)  # compiles

    def run_memelite():
        return int(np.sum(fimo(frequencies, one_hot, threshold=1e-4, return_counts=True)))

    report(version("memelite"), len(motifs), *best(run_memelite))
except ImportError:
    print("skipped: memelite is not installed", file=sys.stderr)

print("program", "hits", "seconds", "Mb x motifs / s", sep="\t")
for name, hits, seconds, rate in rows:
    print(name, hits, f"{seconds:.3f}", f"{rate:.0f}", sep="\t")
