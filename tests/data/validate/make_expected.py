"""Writes the expected values of `refalt validate`, computed by other people's software from the TERT measurements.

    python3 -m venv VENV && VENV/bin/pip install numpy scipy scikit-learn
    VENV/bin/python make_expected.py

Reads studies/tert/tert_satmut_snv_grch38.tsv. Writes beside this file predictions.tsv (made-up scores of the 777
variants on eight tracks) and expected.json.

Random numbers of resamples and permutations come from numpy.random.Philox in the layout that
`crates/core/src/stats/random.rs` documents, so that refalt and this script draw the same ones.
"""

import csv
import json
import pathlib
import platform

import numpy
import scipy
import sklearn
from scipy import stats
from sklearn import metrics

HERE = pathlib.Path(__file__).parent
STUDY = HERE / "../../../studies/tert/tert_satmut_snv_grch38.tsv"
EXPERIMENTS = ["TERT-HEK", "TERT-GBM", "TERT-GSc", "TERT-GAa"]
LABELS = {"|effect|>=0.5": lambda row: abs(row["effect"]) >= 0.5, "p_value<0.00001": lambda row: row["p"] < 1e-5}
SEED, PERMUTATIONS, REPLICATES = 11, 99, 200
BOOTSTRAP, PERMUTATION = 1, 2


# ---- random numbers, as refalt numbers them --------------------------------------------------------------------


class Halves:
    """32-bit words of Philox, low half of each 64-bit word first, and bounded integers by Lemire's method."""

    def __init__(self, purpose, replicate):
        # numpy steps the counter before it makes a block: start one below block 0.
        start = ((replicate << 64) - 1) % (1 << 256)
        self.generator = numpy.random.Philox(key=SEED + (purpose << 64), counter=start)
        self.left = []

    def next(self):
        if not self.left:
            words = self.generator.random_raw(1024)
            self.left = [half for word in map(int, words) for half in (word & 0xFFFFFFFF, word >> 32)][::-1]
        return self.left.pop()

    def below(self, bound):
        while True:
            product = self.next() * bound
            if product % 2**32 >= 2**32 % bound:
                return product >> 32


def permutation(replicate, rows):
    halves = Halves(PERMUTATION, replicate)
    order = list(range(rows))
    for last in range(rows - 1, 0, -1):
        other = halves.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


# ---- data ------------------------------------------------------------------------------------------------------


def measurements():
    with open(STUDY) as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        row.update(pos=int(row["pos"]), effect=float(row["effect_log2"]), p=float(row["p_value"]))
        row["variant"] = (row["pos"], row["ref"], row["alt"])
    return rows


def predictions(rows):
    """Eight tracks: related to HEK, against GBM, two of noise, tied, constant, with gaps, related in size only."""
    rng = numpy.random.default_rng(20240601)
    variants = sorted({row["variant"] for row in rows})
    hek = {row["variant"]: row["effect"] for row in rows if row["experiment"] == "TERT-HEK"}
    gbm = {row["variant"]: row["effect"] for row in rows if row["experiment"] == "TERT-GBM"}
    hek, gbm = (numpy.array([effects[variant] for variant in variants]) for effects in (hek, gbm))
    noise = lambda scale: rng.normal(scale=scale, size=len(variants))
    tracks = {
        "related": hek + noise(0.8),
        "against": -0.5 * gbm + noise(0.7),
        "noise1": noise(0.5),
        "noise2": noise(2.0),
        "tied": numpy.round(0.5 * gbm + noise(0.3), 1) + 0.0,
        "constant": numpy.zeros(len(variants)),
        "gaps": numpy.where(rng.random(len(variants)) < 0.1, numpy.nan, hek + noise(0.5)),
        "size": (numpy.abs(gbm) + numpy.abs(noise(0.3))) * rng.choice([-1.0, 1.0], len(variants)),
    }
    return variants, {name: column.astype(numpy.float32) for name, column in tracks.items()}


# ---- statistics -------------------------------------------------------------------------------------------------


def measures(predicted, effects, labels):
    """All metrics over the rows given; `labels`: name -> column of booleans."""
    found = {}
    pearson = lambda x, y: stats.pearsonr(x, y).statistic
    spearman = lambda x, y: stats.spearmanr(x, y).statistic
    for side, x, y in [("signed", predicted, effects), ("magnitude", abs(predicted), abs(effects))]:
        found[f"pearson {side}"] = pearson(x, y)
        found[f"spearman {side}"] = spearman(x, y)
    measured = effects != 0
    found["sign_accuracy signed"] = metrics.accuracy_score(numpy.sign(effects[measured]), numpy.sign(predicted[measured]))
    for name, label in labels.items():
        found[f"auroc {name}"] = metrics.roc_auc_score(label, abs(predicted))
        found[f"average_precision {name}"] = metrics.average_precision_score(label, abs(predicted))
    return {name: float(value) for name, value in found.items()}


def summaries(table):
    """Summaries of the rows of `table` [variants x tracks] that are numbers."""
    strongest = numpy.nanargmax(abs(table), axis=1)
    return {
        "max_abs": table[numpy.arange(len(table)), strongest],
        "sum": numpy.nansum(table, axis=1),
        "mean": numpy.nanmean(table, axis=1),
        "mean_abs": numpy.nanmean(abs(table), axis=1),
        "max": numpy.nanmax(table, axis=1),
        "min": numpy.nanmin(table, axis=1),
    }


def shares(observed, null, two_sided):
    """p-values of each column, alone and against the largest of all columns."""
    size = numpy.abs if two_sided else (lambda value: value)
    reached = lambda values: [float((numpy.sum(values[:, i] >= size(observed)[i] - 1e-13) + 1) / (len(null) + 1)) for i in range(len(observed))]
    largest = numpy.repeat(size(null).max(axis=1)[:, None], len(observed), axis=1)
    return reached(size(null)), reached(largest)


def correlations(columns, measured):
    """Pearson correlation of each column with `measured`, all at once."""
    unit = lambda values: (values - values.mean(axis=0)) / numpy.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=0))
    return unit(columns).T @ unit(measured)


def p_values(columns, effects, labels, orders, shifts):
    """Permutation and rotation p-values of a family: measure -> name -> [p, adjusted, rotation, rotation adjusted]."""
    table = numpy.array(list(columns.values())).T
    ranks = lambda values: stats.rankdata(values, axis=0)
    size = numpy.abs
    cases = [
        ("pearson signed", table, effects, True),
        ("spearman signed", ranks(table), ranks(effects), True),
        ("pearson magnitude", size(table), size(effects), False),
        ("spearman magnitude", ranks(size(table)), ranks(size(effects)), False),
    ]
    for name, label in labels.items():
        cases.append((f"auroc {name}", ranks(size(table)), label.astype(float), False))
    found = {}
    for name, x, y, two_sided in cases:
        observed = correlations(x, y)
        permuted = numpy.array([correlations(x, y[order]) for order in orders])
        rotated = numpy.array([correlations(x, numpy.roll(y, shift)) for shift in shifts])
        values = zip(*shares(observed, permuted, two_sided), *shares(observed, rotated, two_sided))
        found[name] = {track: list(value) for track, value in zip(columns, values)}
    return found


def single_p_values(columns, effects, labels, orders):
    """Permutation p-values of metrics that are no correlations: measure -> name -> p."""
    found = {"sign_accuracy signed": {}}
    agreement = lambda x, y: numpy.mean(numpy.sign(x[y != 0]) == numpy.sign(y[y != 0]))
    cases = [("sign_accuracy signed", agreement, effects, lambda x: x)]
    for name, label in labels.items():
        cases.append((f"average_precision {name}", lambda x, y: metrics.average_precision_score(y, x), label, numpy.abs))
    for name, metric, measured, side in cases:
        found[name] = {}
        for track, column in columns.items():
            observed = metric(side(column), measured)
            reached = sum(metric(side(column), measured[order]) >= observed - 1e-13 for order in orders)
            found[name][track] = float((reached + 1) / (len(orders) + 1))
    return found


def interval(predicted, effects, positions, metric):
    """scipy's BCa interval over whole positions, from replicates that are drawn as refalt draws them."""
    keys = list(dict.fromkeys(positions))
    members = [numpy.flatnonzero(positions == key) for key in keys]
    of_units = lambda units: float(metric(*(column[numpy.concatenate([members[int(unit)] for unit in units])] for column in (predicted, effects))))
    drawn = []
    for replicate in range(REPLICATES):
        halves = Halves(BOOTSTRAP, replicate)
        drawn.append(of_units([halves.below(len(keys)) for _ in keys]))

    class Distribution:
        bootstrap_distribution = numpy.asarray(drawn)

    result = stats.bootstrap(
        (numpy.arange(len(keys)),), of_units, n_resamples=0, bootstrap_result=Distribution(), vectorized=False,
        confidence_level=0.95, method="bca",
    )
    return [float(value) for value in result.confidence_interval]


def experiment(name, rows, variants, tracks):
    place = {variant: index for index, variant in enumerate(variants)}
    own = sorted((row for row in rows if row["experiment"] == name and int(row["barcodes"]) >= 10), key=lambda row: row["variant"])
    index = [place[row["variant"]] for row in own]
    effects = numpy.array([row["effect"] for row in own])
    labels = {name: numpy.array([rule(row) for row in own]) for name, rule in LABELS.items()}
    positions = numpy.array([row["pos"] for row in own])
    table = numpy.array([column.astype(float) for column in tracks.values()]).T
    columns = {name: table[index, number] for number, name in enumerate(tracks)}
    summary = {name: column[index] for name, column in summaries(table).items()}
    values, counts = {}, {}
    for kind, group in [("track", columns), ("summary", summary)]:
        for predictor, column in group.items():
            known = ~numpy.isnan(column)
            counts[f"{kind} {predictor}"] = int(known.sum())
            if predictor == "constant":
                continue
            found = measures(column[known], effects[known], {name: label[known] for name, label in labels.items()})
            values[f"{kind} {predictor}"] = found
    others = {}
    for other in EXPERIMENTS:
        if other != name:
            effect = {row["variant"]: row["effect"] for row in rows if row["experiment"] == other and int(row["barcodes"]) >= 10}
            column = numpy.array([effect.get(row["variant"], numpy.nan) for row in own])
            known = ~numpy.isnan(column)
            counts[f"experiment {other}"] = int(known.sum())
            values[f"experiment {other}"] = measures(column[known], effects[known], {name: label[known] for name, label in labels.items()})
    orders = [permutation(replicate, len(own)) for replicate in range(PERMUTATIONS)]
    shifts = [row for row in range(1, len(own)) if positions[row] != positions[row - 1]]
    family = {track: column for track, column in columns.items() if track not in ("constant", "gaps")}
    chosen = {track: summary[track] for track in ("max_abs", "sum", "mean_abs", "max", "min")}
    p = {"track": p_values(family, effects, labels, orders, shifts), "summary": p_values(chosen, effects, labels, orders, shifts)}
    singles = single_p_values(chosen, effects, labels, orders)
    known = ~numpy.isnan(columns["gaps"])
    gaps = p_values({"gaps": columns["gaps"][known]}, effects[known], {name: label[known] for name, label in labels.items()},
                    [permutation(replicate, int(known.sum())) for replicate in range(PERMUTATIONS)], [1])
    alone = [p["track"]["pearson signed"][track][0] if track in family else gaps["pearson signed"]["gaps"][0] for track in tracks if track != "constant"]
    q = dict(zip((track for track in tracks if track != "constant"), map(float, stats.false_discovery_control(alone, method="bh"))))
    result = {
        "n": len(own), "rotations": len(shifts), "counts": counts, "values": values, "p": p, "p_alone": singles,
        "gaps_p": {measure: found["gaps"][0] for measure, found in gaps.items()}, "q_pearson_signed": q,
    }
    if name == "TERT-HEK":
        spearman = lambda x, y: stats.spearmanr(x, y).statistic
        result["intervals"] = {
            "pearson signed": interval(summary["sum"], effects, positions, lambda x, y: stats.pearsonr(x, y).statistic),
            "spearman magnitude": interval(abs(summary["sum"]), abs(effects), positions, spearman),
        }
    return result


def main():
    rows = measurements()
    variants, tracks = predictions(rows)
    with open(HERE / "predictions.tsv", "w") as out:
        print("chrom", "pos", "ref", "alt", *tracks, sep="\t", file=out)
        for index, variant in enumerate(variants):
            scores = ["" if numpy.isnan(column[index]) else str(column[index]) for column in tracks.values()]
            print("chr5", *variant, *scores, sep="\t", file=out)
    expected = {
        "versions": {"python": platform.python_version(), "numpy": numpy.__version__, "scipy": scipy.__version__,
                     "scikit-learn": sklearn.__version__},
        "seed": SEED, "permutations": PERMUTATIONS, "replicates": REPLICATES,
        "experiments": {name: experiment(name, rows, variants, tracks) for name in EXPERIMENTS},
    }
    (HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
