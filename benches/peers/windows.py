"""Compares refalt with pyfaidx: 100,000 REF/ALT windows of 16,384 bp from the same files, in one run.

    pip install pyfaidx biopython && python benches/peers/windows.py [runs]

Prints, for each file and order of variants, the best time of each program over the runs and the ratio. refalt opens
the file, makes both windows of every variant and checks nothing else; pyfaidx does what its users write: one slice of
raw upper-case text, and ALT put together from it. The sums over the bases of the first 1,000 pairs must be equal.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyfaidx

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 16_384
BENCH = ["cargo", "bench", "--quiet", "-p", "refalt", "--bench", "windows", "--"]


def refalt(*arguments):
    done = subprocess.run([*BENCH, *map(str, arguments)], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


def read_variants(path):
    with open(path) as text:
        for line in text:
            contig, position, ref, alt = line.split()
            yield contig, int(position), ref, alt


def pairs(genome, variants):
    """Yields REF and ALT windows: the window of `Window::around` in crates/core/src/window.rs."""
    for contig, position, ref, alt in variants:
        start = position - 1
        end = start + len(ref)
        center = (start + end) // 2 + (end - start) % 2
        first = center - (WINDOW + 1) // 2
        more = max(0, len(ref) - len(alt))
        bases = genome[contig][first : first + WINDOW + more]
        at = start - first
        yield bases[:WINDOW], (bases[:at] + alt + bases[at + len(ref) :])[:WINDOW]


def peer(fasta, variants, **options):
    begin = time.perf_counter()
    genome = pyfaidx.Fasta(str(fasta), as_raw=True, sequence_always_upper=True, rebuild=False, **options)
    for ref, alt in pairs(genome, variants):
        pass
    seconds = time.perf_counter() - begin
    total = 0
    for ref, alt in pairs(genome, variants[:1000]):
        total += sum(ref.encode()) + sum(alt.encode())
    return seconds, total


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        refalt("prepare", folder)
        files = {
            "made_up": folder / "made_up.fa",
            "chr1": ROOT / "tests/data/hg38/hg38_chr1_1_1000000.fa.gz",
        }
        print(f"pyfaidx {pyfaidx.__version__}, best of {runs} runs, seconds for 100,000 pairs")
        print("file\torder\tpyfaidx\tpyfaidx read_ahead\trefalt\trefalt 2 threads\tratio (1 thread)")
        for name, fasta in files.items():
            for order in ("sorted", "shuffled"):
                table = folder / f"{name}.{order}.tsv"
                variants = list(read_variants(table))
                assert len(variants) == 100_000, len(variants)
                slow, ahead, one, two = [], [], [], []
                for _ in range(runs):
                    seconds, expected = peer(fasta, variants)
                    slow.append(seconds)
                    ahead.append(peer(fasta, variants, read_ahead=1_000_000)[0])
                    for threads, times in ((1, one), (2, two)):
                        seconds, total = refalt("once", fasta, table, threads)
                        assert int(total) == expected, (name, order, total, expected)
                        times.append(float(seconds))
                best = min(min(slow), min(ahead))
                cells = [f"{min(times):.3f}" for times in (slow, ahead, one, two)]
                print(name, order, *cells, f"{best / min(one):.1f}", sep="\t", flush=True)


if __name__ == "__main__":
    main()
