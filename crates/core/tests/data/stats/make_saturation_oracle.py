"""Writes the expected values of the statistics of saturation and calibration, computed by other people's software.

    python3 -m venv VENV && VENV/bin/pip install numpy scipy scikit-learn statsmodels mpmath
    VENV/bin/python make_saturation_oracle.py

Output: saturation.json beside this file, in the conventions of make_oracle.py, whose random numbers are used.
"""

import math

import numpy
import statsmodels
from scipy import special, stats
from statsmodels.stats.proportion import confint_proportions_2indep

import make_oracle
from make_oracle import fractions, text

make_oracle.VERSIONS["statsmodels"] = statsmodels.__version__


def survival():
    x = [0.2, 0.5, 0.8276, 0.9999, 1.0, 1.2238, 1.3581, 2.0, 4.0]
    return {"x": text(x), "survival": text(special.kolmogorov(x))}


def differences():
    cases = []
    for first, second in [((56, 70), (48, 80)), ((9, 10), (3, 10)), ((0, 25), (4, 30)), ((775, 777), (3461, 3500))]:
        low, high = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff", alpha=0.05)
        cases.append({"first": list(first), "second": list(second), "low": repr(float(low)), "high": repr(float(high))})
    return cases


ROWS = 1000


def tracks(count, of_all, of_block, block):
    """Scores whose correlation is of_all + of_block within blocks; monotone maps of them, and two kinds of ties."""
    normal = lambda stream: stats.norm.ppf(numpy.maximum(fractions(61, stream, ROWS), 1e-16))
    shared, columns = normal(0), []
    for track in range(count):
        own, of = normal(100 + track), normal(50 + track // block)
        columns.append(math.sqrt(of_all) * shared + math.sqrt(of_block) * of + math.sqrt(1 - of_all - of_block) * own)
    columns[0] = numpy.exp(columns[0])
    columns[1] = numpy.round(columns[1], 1)
    return columns


def copulas():
    cases = []
    for count, of_all, of_block, block in [(6, 0.2, 0.5, 3), (5, 0.0, 0.0, 1), (6, 0.1, 0.85, 2)]:
        columns = tracks(count, of_all, of_block, block)
        scores = numpy.array([stats.norm.ppf((stats.rankdata(column) - 0.5) / ROWS) for column in columns])
        correlation = numpy.corrcoef(scores)
        off = correlation[~numpy.eye(count, dtype=bool)]
        adjusted = 1 - (1 - off**2) * (ROWS - 1) / (ROWS - 2)
        box = stats.multivariate_normal(cov=correlation, allow_singular=True)
        tails = {"magnitude": [], "signed": []}
        thresholds = [0.5, 0.9, 0.99]
        for t in thresholds:
            z = stats.norm.ppf((1 + t) / 2)
            upper = numpy.full(count, z)
            tails["magnitude"].append(1 - box.cdf(upper, lower_limit=-upper, rng=numpy.random.default_rng(1)))
            tails["signed"].append(1 - box.cdf(upper, rng=numpy.random.default_rng(1)))
        cases.append({
            "count": count, "of_all": repr(of_all), "of_block": repr(of_block), "block": block,
            "mean_correlation": repr(float(off.mean())),
            "effective_tracks": repr(float(count**2 / (count + adjusted.sum()))),
            "thresholds": text(thresholds), "magnitude": text(tails["magnitude"]), "signed": text(tails["signed"]),
        })
    return cases


def bins():
    rows = 2_000
    normal = lambda stream: stats.norm.ppf(numpy.maximum(fractions(62, stream, rows), 1e-16))
    measured = 0.17 * normal(0)
    predicted = 0.4 * measured / 0.17 + normal(1)
    edges = [0.0, 0.05, 0.1, 0.2, 0.5]
    place = numpy.searchsorted(edges, numpy.abs(measured), side="right") - 1
    overall = stats.spearmanr(predicted, measured).statistic
    r = 2 * math.sin(math.pi * overall / 6)
    scores = stats.norm.ppf((stats.rankdata(measured) - 0.5) / rows)
    rng = numpy.random.default_rng(20240701)
    members = [numpy.flatnonzero(place == bin) for bin in range(len(edges))]
    drawn = []
    for _ in range(4_000):
        x = r * scores + math.sqrt(1 - r * r) * rng.normal(size=rows)
        drawn.append([stats.spearmanr(x[m], measured[m]).statistic if len(m) > 2 else numpy.nan for m in members])
    drawn = numpy.array(drawn)
    found = [stats.spearmanr(predicted[m], measured[m]).statistic if len(m) > 2 else numpy.nan for m in members]
    return {
        "rows": rows, "edges": text(edges), "n": [len(m) for m in members], "spearman": text(found),
        "expected": text(drawn.mean(axis=0)), "low": text(numpy.quantile(drawn, 0.025, axis=0)),
        "high": text(numpy.quantile(drawn, 0.975, axis=0)), "sd": text(drawn.std(axis=0)),
    }


if __name__ == "__main__":
    make_oracle.write(
        "saturation", {"kolmogorov": survival(), "differences": differences(), "copulas": copulas(), "bins": bins()}
    )
