"""Writes log_ratio.json: log-ratios of means over replicates with their variance, by numpy and scipy.

    python3 make_log_ratio_oracle.py > log_ratio.json

The variance is computed from the covariance matrix of the replicates and the gradient of the ratio, which is the
delta method as textbooks write it: g' S g / n for each side.
"""

import json

import numpy as np
import scipy
from scipy import stats

LN2 = np.log(2.0)


def side(columns, sign, pseudocount):
    """Value, variance and degrees of freedom of one side; columns is [replicates x states]."""
    columns = np.asarray(columns, float).T
    means = columns.mean(axis=1) + pseudocount
    states = len(means)
    signs = np.array([1.0]) if states == 1 else np.array([-1.0, 1.0])
    value = sign * float(signs @ np.log2(means))
    n = columns.shape[1]
    if n < 2:
        return value, None, None
    gradient = signs / (means * LN2)
    covariance = np.atleast_2d(np.cov(columns, ddof=1))
    return value, float(gradient @ covariance @ gradient) / n, n - 1


def case(name, rna, dna, pseudocount=1.0):
    above, below = side(rna, 1, pseudocount), side(dna, -1, pseudocount)
    known = [(v, d) for _, v, d in (above, below) if v is not None]
    variance = sum(v for v, _ in known) if known else None
    degrees = None
    if known and variance > 0:
        degrees = variance**2 / sum(v * v / d for v, d in known)
    return {
        "name": name,
        "rna": rna,
        "dna": dna,
        "pseudocount": pseudocount,
        "value": above[0] + below[0],
        "variance": variance,
        "degrees_of_freedom": degrees,
    }


def main():
    draw = np.random.default_rng(7)
    counts = lambda n, mean: np.round(draw.gamma(20, mean / 20, size=(n, 2)), 3).tolist()
    single = lambda n, mean: np.round(draw.gamma(20, mean / 20, size=(n, 1)), 3).tolist()
    cases = [
        case("five of each", counts(5, 180), counts(5, 90)),
        case("three and five", counts(3, 12), counts(5, 200)),
        case("one plasmid", counts(4, 50), counts(1, 60)),
        case("one of each", counts(1, 50), counts(1, 60)),
        case("small", counts(5, 0.4), counts(5, 0.7)),
        case("another pseudocount", counts(5, 3), counts(5, 4), 0.5),
        case("one state", single(4, 30), single(3, 40)),
        case("constant", [[5.0, 7.0]] * 3, [[2.0, 2.0]] * 3),
    ]
    # Two independent samples without logarithms in play: the degrees of freedom are those of scipy's Welch test when the
    # gradient is one and the same on both sides.
    first, second = draw.normal(10, 1, 6), draw.normal(10, 3, 9)
    welch = stats.ttest_ind(first, second, equal_var=False)
    v = [first.var(ddof=1) / 6, second.var(ddof=1) / 9]
    assert np.isclose(welch.df, sum(v) ** 2 / (v[0] ** 2 / 5 + v[1] ** 2 / 8), rtol=1e-12)
    print(json.dumps({"numpy": np.__version__, "scipy": scipy.__version__, "cases": cases}, indent=1))


main()
