"""Measures gene annotation at the size of GENCODE v46, and compares with Python readers on a part of it, in one run.

    pip install pyranges==0.1.4 gtfparse==3.0.5 "pandas<3" setuptools && python benches/peers/genes.py [folder]

REFALT_GENES_BENCH names a built benchmark to run instead of `cargo bench`. The made-up file (1.6 GB, and 45 MB as gzip)
is written to the folder once; without a folder, to a temporary one.

Prints, for the whole file, seconds and peak memory of the first opening (parses, leaves an index) and of the next (loads
it), and what noodles takes for the rows alone. The Python peers keep every attribute of every row as a Python object and need tens of GB for the whole file, so they read
its first 300,000 rows; the number of exons must be the same.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = os.environ.get("REFALT_GENES_BENCH", "cargo bench --quiet -p refalt --bench genes --").split()
ROWS = 300_000

PEERS = {
    "pyranges": "import pyranges; rows = pyranges.read_gtf(path); exons = (rows.Feature == 'exon').sum()",
    "gtfparse": "import gtfparse; rows = gtfparse.read_gtf(path); exons = (rows['feature'] == 'exon').sum()",
}


def refalt(*arguments):
    done = subprocess.run([*BENCH, *map(str, arguments)], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.split()


def open_twice(path):
    Path(f"{path}.refalt-genes").unlink(missing_ok=True)
    for _ in range(2):
        seconds, what, index_bytes, peak_mb, genes, transcripts, exons = refalt("once", path)
        print(
            f"{path.name}: refalt {what} in {seconds} s, peak {peak_mb} MB, index {int(index_bytes) / 1e6:.1f} MB, "
            f"{genes} genes, {transcripts} transcripts, {exons} exons",
            flush=True,
        )
        if what == "built":
            built = float(seconds)
    return built, int(exons)


def peer(name, path):
    code = (
        "import sys, time, resource, logging; logging.disable(logging.CRITICAL); path = sys.argv[1]; "
        f"import {name}; begin = time.perf_counter(); {PEERS[name]}; "
        "print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, int(exons))"
    )
    limit = 12 << 30
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["killed"])[-1]
    return [float(word) for word in done.stdout.split()[-3:]], ""


def main():
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        folder.mkdir(parents=True, exist_ok=True)
        whole = folder / "made_up.gtf"
        if not whole.exists():
            refalt("prepare", folder)
        with open(whole, "rb") as text:
            print(f"{whole.name}: {whole.stat().st_size / 1e6:.0f} MB, {sum(1 for _ in text)} lines", flush=True)
        open_twice(whole)
        noodles_seconds, exons = refalt("noodles", whole)
        print(f"{whole.name}: noodles reads the rows in {noodles_seconds} s, {exons} exons", flush=True)
        open_twice(folder / "made_up.gtf.gz")
        part = folder / "part.gtf"
        with open(whole, "rb") as text, open(part, "wb") as out:
            for _, line in zip(range(ROWS), text):
                out.write(line)
        seconds, exons = open_twice(part)
        for name in PEERS:
            found, reason = peer(name, part)
            if found is None:
                print(f"part.gtf: {name} did not finish: {reason}", flush=True)
                continue
            peer_seconds, peak_mb, peer_exons = found
            assert peer_exons == exons, (peer_exons, exons)
            print(f"part.gtf: {name} {peer_seconds:.2f} s, peak {peak_mb:.0f} MB: {peer_seconds / seconds:.0f} x", flush=True)


main()
