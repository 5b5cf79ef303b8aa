"""Compares the client of `refalt score --model api` with the official Python client: same service, same variants, in one run.

    cargo build --release -p refalt-cli
    python3 -m venv /tmp/apibench && /tmp/apibench/bin/pip install alphagenome==0.10.0 pyarrow
    /tmp/apibench/bin/python benches/peers/api.py [COUNTS_OF_REFALT COUNTS_OF_CLIENT]      # 50,500 20,100

The service (`api_service.py`, a process of its own on loopback) answers with bytes made beforehand: 19 recommended scorers,
true track counts. refalt goes from a VCF to a score folder; the client from variants to `score_variants`, `tidy_scores` and
`to_parquet` (zstd). Each count is a process of its own, whose user and system time and peak memory the operating system
gives. Time, CPU and memory for each variant are the differences between the two counts, so starting is not in them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFALT = os.environ.get("REFALT", str(ROOT / "target/release/refalt"))
CONTIG_BP = 12_000_000


def positions(count):
    """Positions (1-based) with base A on a contig of ACGT over and over."""
    return [4_000_001 + 4 * 1_000 * index for index in range(count)]


def client(port, count):
    import grpc
    from alphagenome.data import genome
    from alphagenome.models import dna_client, variant_scorers

    options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
    channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=options)
    grpc.channel_ready_future(channel).result(30)
    model = dna_client.DnaClient(channel=channel)
    variants = [genome.Variant("chr1", position, "A", "C") for position in positions(count)]
    intervals = [variant.reference_interval.resize(1_048_576) for variant in variants]
    scores = model.score_variants(intervals, variants, list(variant_scorers.RECOMMENDED_VARIANT_SCORERS.values()),
                                  progress_bar=False)
    table = variant_scorers.tidy_scores(scores)
    for column in ("variant_id", "scored_interval"):
        table[column] = table[column].astype(str)
    with tempfile.TemporaryDirectory() as folder:
        table.to_parquet(Path(folder) / "scores.parquet", compression="zstd")
    print(len(table))


def measured(command, env=None):
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
    out, told = process.stdout.read(), process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(told.decode())
    return {
        "seconds": time.perf_counter() - started, "cpu": usage.ru_utime + usage.ru_stime,
        "peak_mb": usage.ru_maxrss * 1024 / 1e6, "out": out.decode(), "told": told.decode(),
    }


def main():
    if sys.argv[1:2] == ["--client"]:
        return client(int(sys.argv[2]), int(sys.argv[3]))
    numbers = lambda text: [int(number) for number in text.split(",")]
    ours, theirs = map(numbers, sys.argv[1:3] if len(sys.argv) > 2 else ("50,500", "20,100"))
    service = subprocess.Popen([sys.executable, ROOT / "benches/peers/api_service.py"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    port = service.stdout.readline().strip()
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        (folder / "genome.fa").write_text(">chr1\n" + ("ACGT" * 15 + "\n") * (CONTIG_BP // 60))
        lines = ["##fileformat=VCFv4.3", "##contig=<ID=chr1>", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO"]

        def refalt(count, out, *extra):
            rows = [f"chr1\t{position}\t.\tA\tC\t.\t.\t." for position in positions(count)]
            (folder / f"{count}.vcf").write_text("\n".join(lines + rows) + "\n")
            return measured([
                REFALT, "score", folder / f"{count}.vcf", "--reference", folder / "genome.fa", "--model", "api",
                "--address", f"http://127.0.0.1:{port}", "--scorers", "recommended", "--window", "1048576",
                "--out", folder / out, "--json", *extra,
            ], {**os.environ, "XDG_CACHE_HOME": str(folder / f"cache{count}")})

        has_cache = "--no-cache" in subprocess.run([REFALT, "score", "--help"], capture_output=True, text=True).stdout
        # The service makes its answers at the first call.
        refalt(1, "warm")
        for count in ours:
            found["refalt", count] = refalt(count, f"out{count}", *(["--no-cache"] if has_cache else []))
            if has_cache:
                found["refalt, keeping", count] = refalt(count, f"keep{count}")
                found["refalt, kept", count] = refalt(count, f"kept{count}")
        for count in theirs:
            command = [sys.executable, "-W", "ignore", __file__, "--client", port, str(count)]
            found["client", count] = measured(command)
    service.stdin.close()
    service.wait()
    print("load", os.getloadavg())
    for (who, count), run in found.items():
        rows = json.loads(run["out"])["score_rows"] if who != "client" else int(run["out"])
        print(f"{who:16} {count:5} variants, {rows:9} rows: {run['seconds']:8.2f} s, {run['cpu']:8.2f} s CPU, peak {run['peak_mb']:8.1f} MB")
    for who in dict.fromkeys(who for who, _ in found):
        (few, first), (many, last) = ((count, run) for (name, count), run in found.items() if name == who)
        per = lambda what: (last[what] - first[what]) / (many - few)
        print(f"{who:16} per variant: {1e3 * per('cpu'):8.2f} ms CPU, {1e3 * per('seconds'):8.2f} ms, "
              f"{1 / per('seconds'):8.1f} variants/s, {per('peak_mb'):8.3f} MB")


main()
