#!/usr/bin/env python3
"""Writes matched.json: average precision and AUROC of matched pairs, draw for draw.

Pairs are drawn from numpy's Philox in the layout of `stats/random.rs` (stream of draw b: seed, SAMPLING, b), groups in order
of their keys, positive before negative; the metric of each draw is scikit-learn's. `exact` is the mean over all pairs.
Needs numpy, scikit-learn and what make_oracle.py imports.
"""

import itertools
import json
import pathlib
import platform

import numpy
import sklearn
from make_oracle import SAMPLING, Halves, fractions, text
from sklearn.metrics import average_precision_score, roc_auc_score

SEED, DRAWS = 5, 25
SIZES = [(2, 3), (1, 1), (3, 1), (0, 2), (1, 4), (2, 2), (2, 0), (1, 3)]


def main():
    keys, labels = [], []
    for group, (positives, negatives) in enumerate(SIZES):
        keys += [group] * (positives + negatives)
        labels += [1] * positives + [0] * negatives
    # Steps of 1/8: ties within and between classes.
    scores = [float(numpy.floor(8 * u) / 8 + label / 4) for u, label in zip(fractions(SEED, 1000, len(keys)), labels)]
    groups = []
    for group, sizes in enumerate(SIZES):
        if min(sizes) > 0:
            of = [[s for k, l, s in zip(keys, labels, scores) if (k, l) == (group, label)] for label in (1, 0)]
            groups.append(of)
    truth = [1] * len(groups) + [0] * len(groups)
    out = {
        "versions": {"python": platform.python_version(), "numpy": numpy.__version__, "scikit-learn": sklearn.__version__},
        "seed": SEED,
        "groups": keys,
        "labels": labels,
        "scores": text(scores),
        "unmatched": len(SIZES) - len(groups),
    }
    pairs = list(itertools.product(*[list(itertools.product(*of)) for of in groups]))
    for name, metric in (("average_precision", average_precision_score), ("auroc", roc_auc_score)):
        draws = []
        for draw in range(DRAWS):
            halves = Halves(SEED, SAMPLING, draw)
            positive, negative = [], []
            for positives, negatives in groups:
                positive.append(positives[halves.below(len(positives))])
                negative.append(negatives[halves.below(len(negatives))])
            draws.append(float(metric(truth, positive + negative)))
        everything = [metric(truth, [p for p, _ in drawn] + [n for _, n in drawn]) for drawn in pairs]
        out[name] = {
            "draws": text(draws),
            "error": text([float(numpy.std(draws, ddof=1) / numpy.sqrt(DRAWS))]),
            "exact": text([float(numpy.mean(everything))]),
        }
    path = pathlib.Path(__file__).parent / "matched.json"
    path.write_text(json.dumps(out, indent=1) + "\n")


main()
