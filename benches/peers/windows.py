"""Compares refalt with pyfaidx: 100,000 REF/ALT windows of 16,384 bp from the same files, in one run.

    pip install pyfaidx biopython && python benches/peers/windows.py [runs]

REFALT_WINDOWS_BENCH names a built benchmark to run instead of `cargo bench`.

Prints, for each file and order of variants, the best time of each program over the runs, as wall / processor seconds,
and the ratio of the processor times (one thread each), which other work on the machine disturbs least. refalt opens
the file, makes both windows of every variant and checks nothing else; pyfaidx does what its users write: one slice of
raw upper-case text, and ALT put together from it. "Along the genome" is `refalt::windows::along_genome`, which sorts
the list (timed) and reads in that order. The sums over the bases of the first 1,000 pairs must be equal.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyfaidx

ROOT = Path(__file__).resolve().parents[2]
WINDOW = 16_384
BENCH = os.environ.get("REFALT_WINDOWS_BENCH", "cargo bench --quiet -p refalt --bench windows --").split()


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
    begin, cpu_begin = time.perf_counter(), time.process_time()
    genome = pyfaidx.Fasta(str(fasta), as_raw=True, sequence_always_upper=True, rebuild=False, **options)
    for ref, alt in pairs(genome, variants):
        pass
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu_begin
    total = 0
    for ref, alt in pairs(genome, variants[:1000]):
        total += sum(ref.encode()) + sum(alt.encode())
    return seconds, cpu, total


def best(times):
    return min(wall for wall, _ in times), min(cpu for _, cpu in times)


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        refalt("prepare", folder)
        files = {
            "200 Mb, plain": ("made_up", folder / "made_up.fa"),
            "chr1 slice, bgzip": ("chr1", ROOT / "tests/data/hg38/hg38_chr1_1_1000000.fa.gz"),
        }
        print(f"pyfaidx {pyfaidx.__version__}, best of {runs} runs, seconds for 100,000 pairs: wall / processor")
        print("file\torder\tpyfaidx\tpyfaidx read_ahead\trefalt\trefalt, 2 threads\trefalt, along the genome\tratio\tratio along the genome\tratio to read_ahead")
        for label, (name, fasta) in files.items():
            for order in ("sorted", "shuffled"):
                table = folder / f"{name}.{order}.tsv"
                variants = list(read_variants(table))
                assert len(variants) == 100_000, len(variants)
                slow, ahead, one, two, along = [], [], [], [], []
                for _ in range(runs):
                    wall, cpu, expected = peer(fasta, variants)
                    slow.append((wall, cpu))
                    if order == "sorted":
                        # Out of order a read-ahead reads a megabase for every window.
                        ahead.append(peer(fasta, variants, read_ahead=1_000_000)[:2])
                    for threads, times in ((1, one), (2, two), ("along", along)):
                        wall, cpu, total = refalt("once", fasta, table, threads)
                        assert int(total) == expected, (name, order, total, expected)
                        times.append((float(wall), float(cpu)))
                shown = [f"{best(times)[0]:.3f} / {best(times)[1]:.3f}" if times else "-" for times in (slow, ahead, one)]
                sorts = f"{best(along)[0]:.3f} / {best(along)[1]:.3f}"
                pairs_of = ((slow, one), (slow, along), (ahead, one))
                ratios = [f"{best(them)[1] / best(us)[1]:.1f}" if them else "-" for them, us in pairs_of]
                print(label, order, *shown, f"{best(two)[0]:.3f}", sorts, *ratios, sep="\t", flush=True)


if __name__ == "__main__":
    main()
