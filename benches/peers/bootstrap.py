"""Compares refalt with scipy: bootstrap intervals of metrics over 100,000 rows, in one run.

    pip install numpy scipy scikit-learn mpmath && python benches/peers/bootstrap.py [rows replicates scipy_replicates]

REFALT_BOOTSTRAP_BENCH names a built benchmark to run instead of `cargo bench`.

refalt draws `replicates` (10,000) on two threads and makes a BCa interval. scipy.stats.bootstrap, on one thread as it is,
draws `scipy_replicates` (20) of the same columns and makes a percentile interval; it is not vectorised, which at this
size would need gigabytes. Its time grows in proportion and is extrapolated to as many replicates as refalt's. scipy's
statistics are `pearsonr` and `spearmanr`, scikit-learn's `roc_auc_score` and `average_precision_score`.

Processor time stands beside wall time: other work on the machine disturbs it least. Estimates must be equal, and
standard errors agree within what so few replicates allow.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy
from scipy import stats
from sklearn import metrics

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "crates/core/tests/data/stats"))
sys.dont_write_bytecode = True
from make_oracle import fractions  # noqa: E402

BENCH = os.environ.get("REFALT_BOOTSTRAP_BENCH", "cargo bench --quiet -p refalt-core --bench bootstrap --").split()
ROWS, REPLICATES, FEW = (int(word) for word in (sys.argv[1:] + ["100000", "10000", "20"][len(sys.argv) - 1 :])[:3])


def child_cpu():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def refalt(metric):
    before = child_cpu()
    command = [*BENCH, str(ROWS), str(REPLICATES), "2", metric]
    words = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    _, estimate, low, high, drawn, rest = words[:6]
    return float(estimate), float(low), float(high), float(drawn) + float(rest), child_cpu() - before


def peer(columns, statistic):
    start, cpu = time.perf_counter(), time.process_time()
    # The percentile method: BCa would add a jackknife of as many evaluations as rows.
    found = stats.bootstrap(
        columns, statistic, paired=True, vectorized=False, n_resamples=FEW, batch=1, method="percentile",
        rng=numpy.random.default_rng(1),
    )
    wall, cpu = time.perf_counter() - start, time.process_time() - cpu
    return found.standard_error, wall * REPLICATES / FEW, cpu * REPLICATES / FEW


def main():
    u, v = fractions(11, 0, ROWS), fractions(11, 1, ROWS)
    labels = fractions(11, 2, ROWS) < 0.2 * v
    y = 0.25 * u + v
    cases = [
        ("pearson", (u, y), lambda x, y: stats.pearsonr(x, y).statistic),
        ("spearman", (u, y), lambda x, y: stats.spearmanr(x, y).statistic),
        ("auroc", (labels, u), metrics.roc_auc_score),
        ("average_precision", (labels, u), metrics.average_precision_score),
    ]
    subprocess.run([*BENCH, "10", "10", "1", "pearson"], cwd=ROOT, check=True, capture_output=True)
    print(f"{ROWS} rows, {REPLICATES} replicates; load {os.getloadavg()[0]:.1f}")
    print("metric refalt_s refalt_processor_s scipy_s scipy_processor_s (extrapolated) processor_ratio estimate low high")
    for metric, columns, statistic in cases:
        estimate, low, high, seconds, cpu = refalt(metric)
        error, peer_seconds, peer_cpu = peer(columns, statistic)
        assert abs(estimate - statistic(*columns)) < 1e-10, metric
        # 95 % interval: 3.92 standard errors wide; a standard error of 20 replicates is off by a sixth, three times.
        assert 0.5 < (high - low) / 3.92 / error < 2, (metric, low, high, error)
        times = f"{seconds:.1f} {cpu:.1f} {peer_seconds:.0f} {peer_cpu:.0f} {peer_cpu / cpu:.0f}"
        print(f"{metric} {times} {estimate:.6f} {low:.6f} {high:.6f}")
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
