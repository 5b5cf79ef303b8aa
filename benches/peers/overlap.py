#!/usr/bin/env python3
"""refalt overlap against bedtools intersect: 2.4 million rows like those of GTEx, peaks like those of ENCODE.

    cargo build --release -p refalt-cli
    apt-get install bedtools tabix
    python3 benches/peers/overlap.py target/release/refalt [FOLDER]

Makes the files (seeded), runs both programs in turn, best of three, and compares the rows that they keep. Printed are
seconds of wall time and of processor time (user and system, of the process and its children).
"""

import os
import random
import resource
import subprocess
import sys
import time

REFALT = sys.argv[1] if len(sys.argv) > 1 else "target/release/refalt"
FOLDER = sys.argv[2] if len(sys.argv) > 2 else "/tmp/refalt-overlap"
ROWS, PEAKS, RUNS = 2_400_000, 200_000, 3

# GRCh38, chromosomes 1 to 22 and X: lengths of the Genome Reference Consortium.
LENGTHS = dict(zip(
    [f"chr{n}" for n in [*range(1, 23), "X"]],
    [248956422, 242193529, 198295559, 190214555, 181538259, 170805979, 159345973, 145138636, 138394717, 133797422,
     135086622, 133275309, 114364328, 107043718, 101991189, 90338345, 83257441, 80373285, 58617616, 64444167, 46709983,
     50818468, 156040895]))
# The header of a GTEx v8 file `*.signif_variant_gene_pairs.txt.gz`.
HEADER = ("variant_id gene_id tss_distance ma_samples ma_count maf pval_nominal slope slope_se pval_nominal_threshold "
          "min_pval_nominal pval_beta").split()


def make():
    rng = random.Random(20260101)
    total = sum(LENGTHS.values())
    with open("pairs.txt", "w") as out:
        out.write("\t".join(HEADER) + "\n")
        left, gene = ROWS, 0
        for contig, length in LENGTHS.items():
            count = left if contig == "chrX" else round(ROWS * length / total)
            left -= count
            starts = sorted(rng.randrange(1_000_000, length - 1_000_000) for _ in range(max(1, count // 100)))
            for number, tss in enumerate(starts):
                gene += 1
                of_gene = count // len(starts) + (1 if number < count % len(starts) else 0)
                for position in sorted(rng.randrange(tss - 900_000, tss + 900_000) for _ in range(of_gene)):
                    ref, alt = rng.sample("ACGT", 2)
                    kind = rng.random()
                    if kind < 0.05:
                        ref += "".join(rng.choices("ACGT", k=rng.randrange(1, 8)))
                    elif kind < 0.1:
                        alt = ref + "".join(rng.choices("ACGT", k=rng.randrange(1, 8)))
                    carriers = rng.randrange(4, 200)
                    out.write(f"{contig}_{position}_{ref}_{alt}_b38\tENSG{gene:011d}.{gene % 9 + 1}\t{position - tss}\t"
                              f"{carriers}\t{carriers + 2}\t{carriers / 700:.6g}\t{rng.random() * 1e-5:.6g}\t"
                              f"{rng.gauss(0, 0.6):.6g}\t{rng.random() * 0.3:.6g}\t2.775e-05\t2.89394e-06\t0.00337661\n")
    peaks = []
    for contig, length in LENGTHS.items():
        for _ in range(round(PEAKS * length / total)):
            start, width = rng.randrange(10_000, length - 10_000), min(3000, int(rng.lognormvariate(5.6, 0.6)) + 50)
            peaks.append((contig, start, start + width, rng.lognormvariate(2, 1), rng.randrange(width)))
    order = {contig: index for index, contig in enumerate(LENGTHS)}
    peaks.sort(key=lambda peak: (order[peak[0]], peak[1], peak[2]))
    with open("peaks.narrowPeak", "w") as out:
        for number, (contig, start, end, signal, summit) in enumerate(peaks):
            out.write(f"{contig}\t{start}\t{end}\tpeak_{number + 1}\t{rng.randrange(1000)}\t.\t{signal:.5f}\t"
                      f"{signal * 2:.5f}\t{signal:.5f}\t{summit}\n")
    for name in ["pairs.txt", "peaks.narrowPeak"]:
        subprocess.run(f"bgzip -kf {name}", shell=True, check=True)


AWK_WHOLE = r"""awk 'BEGIN{OFS="\t"} NR>1{split($1,v,"_"); print v[1],v[2]-1,v[2]-1+length(v[3]),$0}'"""
AWK_THIN = r"""awk 'BEGIN{OFS="\t"} NR>1{split($1,v,"_"); print v[1],v[2]-1,v[2]-1+length(v[3]),$1}'"""


def timed(command):
    best = None
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        start = time.perf_counter()
        subprocess.run(command, shell=True, check=True, stderr=subprocess.DEVNULL)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        if best is None or wall < best[0]:
            best = (wall, cpu)
    return best


def main():
    refalt = os.path.abspath(REFALT)
    os.makedirs(FOLDER, exist_ok=True)
    os.chdir(FOLDER)
    if not os.path.exists("peaks.narrowPeak.gz"):
        make()
    known = "--assembly GRCh38 --peaks-assembly GRCh38 --quiet"
    for name, awk in [("whole.bed", AWK_WHOLE), ("thin.bed", AWK_THIN)]:
        subprocess.run(f"{awk} pairs.txt > {name} && bgzip -kf {name}", shell=True, check=True)
    print(subprocess.run(["bedtools", "--version"], capture_output=True, text=True).stdout.strip(),
          subprocess.run([refalt, "--version"], capture_output=True, text=True).stdout.split("\n")[0],
          f"load {os.getloadavg()[0]:.1f}", f"pairs.txt {os.path.getsize('pairs.txt') / 1e6:.0f} MB")
    jobs = [
        ("plain: awk to BED, whole rows", f"{AWK_WHOLE} pairs.txt > a.bed"),
        ("plain: bedtools, ready BED with whole rows", "bedtools intersect -u -a whole.bed -b peaks.narrowPeak > bt.txt"),
        ("plain: bedtools, ready BED with four columns", "bedtools intersect -u -a thin.bed -b peaks.narrowPeak > bt4.txt"),
        ("plain: refalt, 1 thread", f"{refalt} overlap pairs.txt --peaks peaks.narrowPeak {known} --threads 1 --out r1.txt"),
        ("plain: refalt, 2 threads", f"{refalt} overlap pairs.txt --peaks peaks.narrowPeak {known} --threads 2 --out r2.txt"),
        ("bgzip: zcat, awk to BED, whole rows", f"zcat pairs.txt.gz | {AWK_WHOLE} > a.bed"),
        ("bgzip: bedtools, ready BED with whole rows", "bedtools intersect -u -a whole.bed.gz -b peaks.narrowPeak.gz > btz.txt"),
        ("bgzip: bedtools, ready BED with four columns", "bedtools intersect -u -a thin.bed.gz -b peaks.narrowPeak.gz > bt4z.txt"),
        ("bgzip: refalt, 1 thread", f"{refalt} overlap pairs.txt.gz --peaks peaks.narrowPeak.gz {known} --threads 1 --out r1z.txt"),
        ("bgzip: refalt, 2 threads", f"{refalt} overlap pairs.txt.gz --peaks peaks.narrowPeak.gz {known} --threads 2 --out r2z.txt"),
    ]
    for name, command in jobs:
        wall, cpu = timed(command)
        print(f"{name}: {wall:.2f} s wall, {cpu:.2f} s processor", flush=True)
    for left in ["bt.txt", "btz.txt"]:
        for right in ["r1.txt", "r2.txt", "r1z.txt", "r2z.txt"]:
            subprocess.run(f"bash -c 'cmp <(cut -f4- {left}) <(tail -n +2 {right})'", shell=True, check=True)
    print(sum(1 for _ in open("bt.txt")), "rows kept, the same by every program, byte for byte")


main()
