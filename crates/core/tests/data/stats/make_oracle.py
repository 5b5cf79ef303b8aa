"""Writes the expected values of the statistics of refalt-core, computed by other people's software.

    python3 -m venv VENV && VENV/bin/pip install numpy scipy scikit-learn mpmath
    VENV/bin/python make_oracle.py

Output: correlation.json, labels.json, bootstrap.json, permutation.json, distribution.json beside this file. Each
names the versions that made it. Columns of numbers are space-separated text in shortest round-trip form, because
readers of JSON numbers may round the last digit.

Random numbers come from numpy.random.Philox (an implementation of Philox 4x64-10 independent of refalt's) in the layout that
`stats/random.rs` documents: key (seed, purpose), counter (block, replicate, 0, 0), the low half of a word first.
"""

import json
import pathlib
import platform
from fractions import Fraction

import mpmath
import numpy
import scipy
import sklearn.dummy
from scipy import integrate, special, stats
from sklearn import metrics

HERE = pathlib.Path(__file__).parent
VERSIONS = {
    "python": platform.python_version(),
    "numpy": numpy.__version__,
    "scipy": scipy.__version__,
    "scikit-learn": sklearn.__version__,
    "mpmath": mpmath.__version__,
}
BOOTSTRAP, PERMUTATION, SAMPLING = 1, 2, 3
mpmath.mp.dps = 60


def text(values):
    return " ".join(repr(float(value)) for value in values)


def write(name, content):
    path = HERE / f"{name}.json"
    path.write_text(json.dumps({"versions": VERSIONS, **content}, indent=1) + "\n")
    print(path.name, path.stat().st_size)


# ---- random numbers -------------------------------------------------------------------------------------------


def philox(seed, purpose, replicate):
    # numpy steps the counter before it makes a block: start one below block 0.
    return numpy.random.Philox(key=seed + (purpose << 64), counter=((replicate << 64) - 1) % (1 << 256))


def fractions(seed, replicate, count):
    words = philox(seed, SAMPLING, replicate).random_raw(count)
    return (words >> numpy.uint64(11)).astype(float) / 2.0**53


class Halves:
    """32-bit words, low half of each 64-bit word first, and bounded integers by Lemire's method."""

    def __init__(self, seed, purpose, replicate):
        self.generator = philox(seed, purpose, replicate)
        self.left = []

    def next(self):
        if not self.left:
            word = int(self.generator.random_raw())
            self.left = [word & 0xFFFFFFFF, word >> 32]
        return self.left.pop(0)

    def below(self, bound):
        while True:
            product = self.next() * bound
            if product % 2**32 >= 2**32 % bound:
                return product >> 32


def resample(seed, replicate, units):
    halves = Halves(seed, BOOTSTRAP, replicate)
    return [halves.below(units) for _ in range(units)]


def permutation(seed, replicate, rows):
    halves = Halves(seed, PERMUTATION, replicate)
    order = list(range(rows))
    for last in range(rows - 1, 0, -1):
        other = halves.below(last + 1)
        order[last], order[other] = order[other], order[last]
    return order


# ---- correlations -----------------------------------------------------------------------------------------------


def exact_pearson(x, y):
    """Pearson correlation of the doubles given, in rational arithmetic up to the root."""
    x, y = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in y]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    xy = sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y))
    xx = sum((a - mean_x) ** 2 for a in x)
    yy = sum((b - mean_y) ** 2 for b in y)
    as_mp = lambda fraction: mpmath.mpf(fraction.numerator) / fraction.denominator
    return float(as_mp(xy) / mpmath.sqrt(as_mp(xx * yy)))


def correlations(x, y, exact=True):
    return {
        "pearson_scipy": repr(float(stats.pearsonr(x, y).statistic)),
        "pearson_exact": repr(exact_pearson(x, y)) if exact else None,
        "spearman": repr(float(stats.spearmanr(x, y).statistic)),
        "kendall": repr(float(stats.kendalltau(x, y).statistic)),
    }


def correlation_cases():
    rng = numpy.random.default_rng(20240501)
    n = 60
    base = rng.normal(size=n)
    yield "two rows", [1.0, 2.0], [5.0, 3.0]
    yield "three rows", [1.0, 2.0, 3.0], [1.0, 3.0, 2.0]
    yield "four rows, ties on both sides", [1, 1, 2, 3], [2, 1, 2, 2]
    yield "normal, positive", base, 0.7 * base + rng.normal(size=n)
    yield "normal, negative", base, -0.9 * base + 0.3 * rng.normal(size=n)
    yield "normal, unrelated", base, rng.normal(size=n)
    yield "many ties", rng.integers(0, 5, n), rng.integers(0, 4, n)
    yield "ties on one side", rng.integers(0, 3, n), rng.normal(size=n)
    yield "mostly zero", numpy.where(rng.random(n) < 0.8, 0.0, base), rng.normal(size=n)
    yield "perfect order, curved", base, numpy.exp(3 * base)
    yield "heavy tails", rng.standard_cauchy(n), rng.standard_cauchy(n)
    yield "one outlier", numpy.append(base, 1e6), numpy.append(rng.normal(size=n), -1e6)
    yield "far from zero", 1e8 + base, rng.normal(size=n) + 0.5 * base
    yield "very large", 1e200 * base, -1e250 * (base + rng.normal(size=n))
    yield "near the largest double", [1.7e308, -1.7e308, 1e308, 0.0], [1.0, -2.0, 3.0, 4.0]
    yield "very small", 1e-200 * base, 1e-250 * (base + rng.normal(size=n))
    yield "subnormal", [5e-324, 1e-323, 2e-323, 4e-323], [1.0, 2.0, 4.0, 7.0]
    yield "orders of magnitude", 10.0 ** rng.uniform(-12, 12, n), 10.0 ** rng.uniform(-12, 12, n)


def generated_pair(kind, rows):
    u = fractions(11, 0, rows)
    v = fractions(11, 1, rows)
    if kind == "positive":
        return u, 0.25 * u + v
    if kind == "negative":
        return u, v - 0.5 * u
    if kind == "tied":
        x = numpy.floor(u * 40.0)
        return x, numpy.floor(0.5 * x + v * 30.0)
    raise ValueError(kind)


def correlation_file():
    cases = [
        {"name": name, "x": text(x), "y": text(y), **correlations(numpy.asarray(x, float), numpy.asarray(y, float))}
        for name, x, y in correlation_cases()
    ]
    generated = [
        {"kind": kind, "rows": 20_000, **correlations(*generated_pair(kind, 20_000))}
        for kind in ["positive", "negative", "tied"]
    ]
    values = [3.0, -1.0, 3.0, 0.0, -3.0, 2.5, -1.0, 3.0, -2.5]
    ranks = {
        "values": text(values),
        "average": text(stats.rankdata(values, method="average")),
        "by_magnitude": text(stats.rankdata(-numpy.abs(values), method="min")),
    }
    write("correlation", {"cases": cases, "generated": generated, "ranks": ranks})


# ---- labels and scores ---------------------------------------------------------------------------------------------


def label_metrics(labels, scores):
    return {
        "auroc": repr(float(metrics.roc_auc_score(labels, scores))),
        "average_precision": repr(float(metrics.average_precision_score(labels, scores))),
    }


def label_cases():
    rng = numpy.random.default_rng(20240502)
    n = 80
    labels = rng.random(n) < 0.3
    yield "two rows", [True, False], [0.1, 0.2]
    yield "perfect", [True, True, False, False], [4.0, 3.0, 2.0, 1.0]
    yield "all scores equal", [True, False, False, False, True], [1.0] * 5
    yield "normal", labels, rng.normal(size=n) + labels
    yield "worse than chance", labels, rng.normal(size=n) - labels
    yield "tied", labels, rng.integers(0, 4, n) + labels
    yield "one positive", numpy.arange(n) == 17, rng.integers(0, 30, n)
    yield "one negative", numpy.arange(n) != 17, rng.integers(0, 30, n)
    yield "extreme scores", labels, numpy.where(rng.random(n) < 0.5, 1.0, -1.0) * 10.0 ** rng.uniform(-300, 300, n)


def generated_labels(rows):
    labels = fractions(12, 0, rows) < 0.1
    return labels, numpy.floor(fractions(12, 1, rows) * 50.0) + numpy.where(labels, 5.0, 0.0)


def sign_case():
    rng = numpy.random.default_rng(20240503)
    measured = rng.normal(size=50) + 0.3
    predicted = measured + 2.0 * rng.normal(size=50)
    dummy = sklearn.dummy.DummyClassifier(strategy="most_frequent")
    up = measured > 0
    return {
        "predicted": text(predicted),
        "measured": text(measured),
        "accuracy": repr(float(metrics.accuracy_score(up, predicted > 0))),
        "baseline": repr(float(dummy.fit(predicted[:, None], up).score(predicted[:, None], up))),
    }


def label_file():
    cases = [
        {
            "name": name,
            "labels": "".join("1" if label else "0" for label in labels),
            "scores": text(scores),
            **label_metrics(numpy.asarray(labels), numpy.asarray(scores, float)),
        }
        for name, labels, scores in label_cases()
    ]
    generated = {"rows": 20_000, **label_metrics(*generated_labels(20_000))}
    write("labels", {"cases": cases, "generated": generated, "sign": sign_case()})


# ---- bootstrap -------------------------------------------------------------------------------------------------------


class Distribution:
    """What scipy.stats.bootstrap takes as an earlier result: replicates made elsewhere."""

    def __init__(self, replicates):
        self.bootstrap_distribution = numpy.asarray(replicates)


def intervals(units, statistic, replicates):
    """scipy's intervals from given replicates; it computes estimate and jackknife itself."""
    found = {}
    for method in ["percentile", "bca"]:
        for level in [0.95, 0.8]:
            result = stats.bootstrap(
                (numpy.arange(units),),
                statistic,
                n_resamples=0,
                bootstrap_result=Distribution(replicates),
                vectorized=False,
                confidence_level=level,
                method=method,
            )
            low, high = result.confidence_interval
            found[f"{method}_{int(100 * level)}"] = text([low, high])
    found["standard_error"] = repr(float(numpy.std(replicates, ddof=1)))
    return found


def bootstrap_case(name, metric, columns, statistic, seed, replicates, clusters=None):
    rows = len(columns[0])
    if clusters is None:
        members = [[row] for row in range(rows)]
    else:
        order = list(dict.fromkeys(clusters))
        members = [[row for row in range(rows) if clusters[row] == key] for key in order]

    def of_units(units):
        drawn = numpy.array([row for unit in units for row in members[int(unit)]])
        return float(statistic(*(column[drawn] for column in columns)))

    values = [of_units(resample(seed, replicate, len(members))) for replicate in range(replicates)]
    return {
        "name": name,
        "metric": metric,
        "seed": seed,
        "first": text(columns[0]),
        "second": text(columns[1]),
        "clusters": None if clusters is None else " ".join(map(str, clusters)),
        "replicates": text(values),
        **intervals(len(members), of_units, values),
    }


def bootstrap_file():
    rng = numpy.random.default_rng(20240504)
    n = 40
    x = rng.normal(size=n)
    y = 0.6 * x + rng.normal(size=n)
    skewed = numpy.exp(1.5 * x)
    tied_x, tied_y = rng.integers(0, 6, n).astype(float), rng.integers(0, 5, n).astype(float)
    tied_y = tied_y + numpy.floor(tied_x / 2)
    labels = (rng.random(n) < 0.4).astype(float)
    scores = rng.normal(size=n) + labels
    tied_scores = numpy.round(2 * scores)
    clusters = [int(cluster) for cluster in rng.integers(0, 15, n)]
    pearson = lambda x, y: stats.pearsonr(x, y).statistic
    spearman = lambda x, y: stats.spearmanr(x, y).statistic
    kendall = lambda x, y: stats.kendalltau(x, y).statistic
    agreement = lambda x, y: numpy.mean(numpy.sign(x) == numpy.sign(y))
    cases = [
        bootstrap_case("normal", "pearson", (x, y), pearson, 1, 300),
        bootstrap_case("skewed", "pearson", (skewed, y), pearson, 2, 300),
        bootstrap_case("negative", "pearson", (x, -y), pearson, 1, 100),
        bootstrap_case("clusters", "pearson", (x, y), pearson, 3, 200, clusters),
        bootstrap_case("normal", "spearman", (x, y), spearman, 4, 300),
        bootstrap_case("tied", "spearman", (tied_x, tied_y), spearman, 5, 300),
        bootstrap_case("clusters", "spearman", (tied_x, tied_y), spearman, 6, 200, clusters),
        bootstrap_case("tied", "kendall", (tied_x, tied_y), kendall, 7, 200),
        bootstrap_case("normal", "auroc", (labels, scores), metrics.roc_auc_score, 8, 200),
        bootstrap_case("tied", "auroc", (labels, tied_scores), metrics.roc_auc_score, 9, 200),
        bootstrap_case("tied", "average_precision", (labels, tied_scores), metrics.average_precision_score, 10, 200),
        bootstrap_case("normal", "sign_accuracy", (x, y), agreement, 11, 200),
    ]
    own = stats.bootstrap(
        (x, y), lambda x, y, axis: stats.pearsonr(x, y, axis=axis).statistic, paired=True, n_resamples=20_000,
        method="bca", rng=numpy.random.default_rng(5),
    )
    scipy_draws = {
        "x": text(x), "y": text(y), "replicates": 20_000, "bca_95": text(own.confidence_interval),
        "standard_error": repr(float(own.standard_error)),
    }
    write("bootstrap", {"cases": cases, "scipy_draws": scipy_draws})


# ---- permutation -------------------------------------------------------------------------------------------------------


def permutation_file():
    rng = numpy.random.default_rng(20240505)
    rows, tracks, seed, count = 25, 6, 3, 400
    measured = rng.normal(size=rows)
    columns = [rng.normal(size=rows) + strength * measured for strength in numpy.linspace(-0.6, 0.6, tracks)]
    columns[2] = numpy.round(columns[2])
    orders = [permutation(seed, replicate, rows) for replicate in range(count)]
    families = {}
    for name, correlate in [
        ("pearson", lambda x, y: stats.pearsonr(x, y).statistic),
        ("spearman", lambda x, y: stats.spearmanr(x, y).statistic),
    ]:
        observed = numpy.array([correlate(column, measured) for column in columns])
        null = numpy.array([[correlate(column, measured[order]) for column in columns] for order in orders])
        for alternative, size in [("two-sided", numpy.abs), ("greater", lambda value: value)]:
            own = [int(numpy.sum(size(null[:, i]) >= size(observed[i]) - 1e-14)) for i in range(tracks)]
            family = [int(numpy.sum(size(null).max(axis=1) >= size(observed[i]) - 1e-14)) for i in range(tracks)]
            families[f"{name} {alternative}"] = {"own": own, "family": family}
        families[f"{name} observed"] = text(observed)
    small_x, small_y = rng.normal(size=7), rng.normal(size=7)
    small_y = small_y + small_x
    exact = {}
    for alternative in ["two-sided", "greater"]:
        # All 5,040 orders. |r| is tested for the two-sided case, as refalt does.
        size = abs if alternative == "two-sided" else (lambda value: value)
        result = stats.permutation_test(
            (small_x,), lambda x: size(stats.pearsonr(x, small_y).statistic), permutation_type="pairings",
            n_resamples=numpy.inf, alternative="greater",
        )
        exact[alternative] = repr(float(result.pvalue))
    p_values = numpy.concatenate([rng.random(20), 10.0 ** -rng.uniform(1, 12, 10), [1.0, 1.0, 0.5, 0.5, 0.0]])
    write(
        "permutation",
        {
            "seed": seed,
            "permutations": count,
            "measured": text(measured),
            "tracks": [text(column) for column in columns],
            "families": families,
            "first_order": " ".join(map(str, orders[0])),
            "small_x": text(small_x),
            "small_y": text(small_y),
            "exact_p": exact,
            "p_values": text(p_values),
            "benjamini_hochberg": text(stats.false_discovery_control(p_values, method="bh")),
        },
    )


# ---- distributions ------------------------------------------------------------------------------------------------------


def exact_power(rows, rho, alpha):
    """Power of the two-sided t test of a Pearson correlation, from the exact distribution of r."""
    t = stats.t.ppf(1 - alpha / 2, rows - 2)
    critical = t / numpy.sqrt(rows - 2 + t * t)
    log_factor = (
        numpy.log(rows - 2) + special.gammaln(rows - 1) - special.gammaln(rows - 0.5)
        - 0.5 * numpy.log(2 * numpy.pi) + (rows - 1) / 2 * numpy.log1p(-rho * rho)
    )

    def density(r):
        return numpy.exp(
            log_factor + (rows - 4) / 2 * numpy.log1p(-r * r) - (rows - 1.5) * numpy.log1p(-rho * r)
        ) * special.hyp2f1(0.5, 0.5, rows - 0.5, (rho * r + 1) / 2)

    points = [rho - 6 / numpy.sqrt(rows), rho, rho + 6 / numpy.sqrt(rows)]
    missed = integrate.quad(density, -critical, critical, points=[p for p in points if -critical < p < critical])[0]
    return 1 - missed


def distribution_file():
    xs = numpy.concatenate([numpy.linspace(-37, 8, 91), [-0.66, -0.67, 0.66, 0.67, 1e-10, -1e-10, -5.65, -5.66]])
    ps = numpy.concatenate(
        [10.0 ** -numpy.linspace(1, 300, 24), numpy.linspace(0.005, 0.995, 34), [0.075, 0.925, 0.0749, 1 - 1e-12]]
    )
    normal = {
        "x": text(xs),
        "cdf_scipy": text(special.ndtr(xs)),
        "cdf_exact": text([mpmath.ncdf(mpmath.mpf(float(x))) for x in xs]),
        "probability": text(ps),
        "quantile_scipy": text(special.ndtri(ps)),
    }
    rng = numpy.random.default_rng(20240506)
    fisher = []
    for rows, slope, level in [(4, 0.5, 0.95), (10, -1.0, 0.95), (50, 0.3, 0.9), (50, 20.0, 0.99)]:
        x = rng.normal(size=rows)
        y = slope * x + rng.normal(size=rows)
        result = stats.pearsonr(x, y)
        fisher.append(
            {"r": repr(float(result.statistic)), "rows": rows, "level": repr(level),
             "interval": text(result.confidence_interval(level))}
        )
    power = []
    for rows, alpha, target in [
        (10, 0.05, 0.8), (10, 0.05, 0.9), (15, 0.01, 0.8), (30, 0.05, 0.8), (30, 0.05, 0.5), (100, 0.05, 0.8),
        (100, 0.001, 0.9), (770, 0.05, 0.8),
    ]:
        z = stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(target)
        rho = float(numpy.tanh(z / numpy.sqrt(rows - 3)))
        power.append({"rows": rows, "alpha": repr(alpha), "power": repr(target), "r": repr(rho),
                      "exact_power": repr(float(exact_power(rows, rho, alpha)))})
    values = rng.standard_cauchy(31)
    at = [0.0, 0.025, 0.1, 0.5, 0.77, 0.975, 1.0]
    quantiles = {"values": text(values), "at": text(at), "expected": text(numpy.quantile(values, at))}
    streams = [
        {"seed": seed, "replicate": replicate, "words": [str(w) for w in philox(seed, SAMPLING, replicate).random_raw(9)]}
        for seed, replicate in [(0, 0), (1, 0), (1, 1), (2**63 + 5, 2**40 + 7)]
    ]
    below = []
    for bound in [1, 2, 7, 1000, 3 << 30, 2**32 - 1]:
        halves = Halves(21, SAMPLING, bound)
        below.append({"bound": bound, "drawn": [halves.below(bound) for _ in range(12)]})
    write("distribution", {"normal": normal, "fisher": fisher, "power": power, "quantiles": quantiles,
                           "streams": streams, "below": below})


if __name__ == "__main__":
    correlation_file()
    label_file()
    bootstrap_file()
    permutation_file()
    distribution_file()
