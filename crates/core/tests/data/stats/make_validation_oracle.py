"""Writes the expected values of the statistics that validation stands on, computed by other people's software.

    python3 -m venv VENV && VENV/bin/pip install numpy scipy scikit-learn statsmodels mpmath
    VENV/bin/python make_validation_oracle.py

Output: weighted.json, grouped.json, jackknife.json, partial.json, shares.json, calibration.json, effective.json, curves.json,
maximum.json, quantile_table.json beside this file, in the conventions of make_oracle.py, whose random numbers are used.
"""

import json
import math
import warnings

import mpmath
import numpy
import scipy.sparse
import statsmodels
from scipy import integrate, special, stats
from sklearn import calibration, metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

import make_oracle
from make_oracle import fractions, resample, text

make_oracle.VERSIONS["statsmodels"] = statsmodels.__version__
TIES = 4


def write(name, content):
    make_oracle.write(name, content)


def flags(values):
    return "".join("1" if value else "0" for value in values)


# ---- weights ----------------------------------------------------------------------------------------------------


def weighted_correlation(x, y, weights):
    covariance = numpy.cov(x, y, aweights=weights)
    return covariance[0, 1] / math.sqrt(covariance[0, 0] * covariance[1, 1])


def weighted_ranks(values, weights):
    return numpy.array([weights[values < v].sum() + weights[values == v].sum() / 2 for v in values])


def weighted_file():
    rng = numpy.random.default_rng(20240601)
    n = 50
    x = rng.normal(size=n)
    y = 0.5 * x + rng.normal(size=n)
    tied_x, tied_y = rng.integers(0, 6, n).astype(float), rng.integers(0, 5, n).astype(float)
    real = rng.exponential(size=n)
    real[:5] = 0.0
    whole = rng.integers(0, 4, n).astype(float)
    cases = []
    for name, x, y, weights in [
        ("normal", x, y, real), ("whole", x, y, whole), ("tied", tied_x, tied_y, real), ("tied whole", tied_x, tied_y, whole),
        ("far from zero", 1e6 + x, y, real), ("spread weights", x, y, 10.0 ** rng.uniform(-6, 6, n)),
    ]:
        case = {
            "name": name, "x": text(x), "y": text(y), "weights": text(weights),
            "mean": repr(float(numpy.average(x, weights=weights))),
            "pearson": repr(float(weighted_correlation(x, y, weights))),
            "spearman": repr(float(weighted_correlation(weighted_ranks(x, weights), weighted_ranks(y, weights), weights))),
            "kish": repr(float(weights.sum() ** 2 / (weights**2).sum())),
        }
        if name.endswith("whole"):
            times = weights.astype(int)
            case["repeated_pearson"] = repr(float(stats.pearsonr(numpy.repeat(x, times), numpy.repeat(y, times)).statistic))
            case["repeated_spearman"] = repr(float(stats.spearmanr(numpy.repeat(x, times), numpy.repeat(y, times)).statistic))
        cases.append(case)
    write("weighted", {"cases": cases})


# ---- groups ----------------------------------------------------------------------------------------------------------


def over_groups(metric, keys, first, second, rows):
    """The published rule: per group drop incomplete rows, skip fewer than 2 rows or no finite value, weigh by rows."""
    values, weights, skipped = [], [], []
    for key in sorted(set(keys)):
        members = [row for row in rows if keys[row] == key]
        a, b = first[members], second[members]
        keep = ~(numpy.isnan(a) | numpy.isnan(b))
        a, b = a[keep], b[keep]
        value = float("nan")
        if len(a) >= 2:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    value = float(metric(a, b))
                except ValueError:
                    pass
        if math.isfinite(value):
            values.append(value)
            weights.append(len(a))
        else:
            skipped.append(key)
    mean = float(numpy.average(values, weights=weights)) if values else float("nan")
    return mean, values, weights, skipped


def one_class_is_nan(metric):
    return lambda labels, scores: metric(labels, scores) if len(set(labels)) == 2 else float("nan")


def grouped_file():
    rng = numpy.random.default_rng(20240602)
    n = 90
    keys = [int(key) for key in rng.choice(7, n, p=[0.3, 0.25, 0.2, 0.15, 0.06, 0.03, 0.01])]
    keys[0], keys[1], keys[2], keys[3] = 7, 8, 8, 8
    x = numpy.round(rng.normal(size=n), 1)
    y = numpy.round(0.5 * x + rng.normal(size=n), 1)
    x[rng.random(n) < 0.1] = numpy.nan
    y[rng.random(n) < 0.05] = numpy.nan
    x[1:4] = 0.25
    y[1:4] = [1.0, 2.0, 3.0]
    labels = (rng.random(n) < 0.35).astype(float)
    labels[rng.random(n) < 0.05] = numpy.nan
    labels[1:4] = 0.0
    scores = numpy.where(numpy.isnan(labels), 0.0, labels) + rng.normal(size=n)
    spearman = lambda x, y: stats.spearmanr(x, y).statistic
    pearson = lambda x, y: stats.pearsonr(x, y).statistic
    cases = []
    for name, metric, first, second in [
        ("spearman", spearman, x, y), ("pearson", pearson, x, y),
        ("auroc", one_class_is_nan(metrics.roc_auc_score), labels, scores),
        ("average_precision", one_class_is_nan(metrics.average_precision_score), labels, scores),
    ]:
        mean, values, weights, skipped = over_groups(metric, keys, first, second, range(n))
        replicates = [over_groups(metric, keys, first, second, resample(31, replicate, n))[0] for replicate in range(60)]
        # TraitGym: draw groups of the table, each with its value and weight.
        table = numpy.array([values, weights])
        drawn = [resample(32, replicate, len(values)) for replicate in range(500)]
        tables = [float(numpy.average(table[0, d], weights=table[1, d])) for d in drawn]
        cases.append({
            "metric": name, "first": text(first), "second": text(second), "mean": repr(mean),
            "equal": repr(float(numpy.mean(values))), "values": text(values), "weights": text(weights),
            "skipped": " ".join(map(str, skipped)), "replicates": text(replicates),
            "group_standard_error": repr(float(numpy.std(tables, ddof=1))),
        })
    write("grouped", {"keys": " ".join(map(str, keys)), "cases": cases, "strata": strata_case(rng)})


def strata_case(rng):
    """Plain AUPRC with draws within each class, as TraitGym makes its standard error."""
    n = 60
    labels = rng.random(n) < 0.2
    scores = numpy.round(rng.normal(size=n) + labels, 1)
    classes = [numpy.flatnonzero(labels == value) for value in dict.fromkeys(labels.tolist())]

    def draw(replicate):
        halves = make_oracle.Halves(33, make_oracle.BOOTSTRAP, replicate)
        return [members[halves.below(len(members))] for members in classes for _ in members]

    replicates = [float(metrics.average_precision_score(labels[rows], scores[rows])) for rows in map(draw, range(100))]
    return {"labels": flags(labels), "scores": text(scores), "replicates": text(replicates)}


# ---- blocks -----------------------------------------------------------------------------------------------------------


def delete_m_jackknife(statistic, keys, n):
    """Busing, Meijer, van der Leeden 1999, equations as printed."""
    whole = statistic(numpy.arange(n))
    blocks = sorted(set(keys))
    keys = numpy.asarray(keys)
    g = len(blocks)
    h = numpy.array([n / numpy.sum(keys == b) for b in blocks])
    left = numpy.array([statistic(numpy.flatnonzero(keys != b)) for b in blocks])
    m = n / h
    jackknife = g * whole - numpy.sum((1 - m / n) * left)
    pseudo = h * whole - (h - 1) * left
    variance = numpy.sum((pseudo - jackknife) ** 2 / (h - 1)) / g
    half = stats.t.ppf(0.975, g - 1) * math.sqrt(variance)
    return {
        "estimate": repr(float(whole)), "bias_corrected": repr(float(jackknife)),
        "standard_error": repr(math.sqrt(variance)), "interval_95": text([whole - half, whole + half]), "blocks": g,
    }


def jackknife_file():
    rng = numpy.random.default_rng(20240603)
    n = 70
    keys = [int(key) for key in rng.choice(8, n, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.07, 0.05, 0.03])]
    x = rng.normal(size=n)
    y = numpy.exp(0.6 * x + rng.normal(size=n))
    labels = (rng.random(n) < 0.4).astype(float)
    scores = rng.normal(size=n) + labels
    cases = []
    for name, first, second, statistic in [
        ("pearson", x, y, lambda rows: stats.pearsonr(x[rows], y[rows]).statistic),
        ("spearman", x, y, lambda rows: stats.spearmanr(x[rows], y[rows]).statistic),
        ("auroc", labels, scores, lambda rows: metrics.roc_auc_score(labels[rows], scores[rows])),
        ("average_precision", labels, scores, lambda rows: metrics.average_precision_score(labels[rows], scores[rows])),
    ]:
        cases.append({"metric": name, "first": text(first), "second": text(second), **delete_m_jackknife(statistic, keys, n)})
    # Blocks of one row are the ordinary jackknife, and for a mean its standard error is s / sqrt(n).
    ordinary = delete_m_jackknife(lambda rows: float(numpy.mean(y[rows])), list(range(n)), n)
    assert abs(float(ordinary["standard_error"]) - numpy.std(y, ddof=1) / math.sqrt(n)) < 1e-12
    runs = [len(run) for run in numpy.array_split(numpy.arange(n), 9)]
    write("jackknife", {
        "keys": " ".join(map(str, keys)), "cases": cases, "values": text(y),
        "sem": repr(float(stats.sem(y))), "runs_of_9": " ".join(map(str, runs)),
    })


# ---- covariates ---------------------------------------------------------------------------------------------------------


def partial(x, y, covariates):
    """Twice: residuals of least squares, and the inverse of the covariance matrix (what pingouin does)."""
    n, k = len(x), len(covariates)
    design = numpy.column_stack([numpy.ones(n), *covariates])
    residual = lambda column: column - design @ numpy.linalg.lstsq(design, column, rcond=None)[0]
    r = float(stats.pearsonr(residual(x), residual(y)).statistic)
    inverse = numpy.linalg.pinv(numpy.cov([x, y, *covariates]), hermitian=True)
    other = -inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1])
    assert abs(r - other) < 1e-8, (r, other)
    d = n - k - 2
    t = r * math.sqrt(d / (1 - r * r))
    half = stats.norm.ppf(0.975) / math.sqrt(n - k - 3)
    return {"r": repr(r), "p": repr(float(2 * stats.t.sf(abs(t), d))),
            "interval_95": text([math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)])}


def partial_file():
    rng = numpy.random.default_rng(20240604)
    n = 45
    a, b, c = rng.normal(size=(3, n))
    cases = []
    for name, x, y, covariates in [
        ("one", a + rng.normal(size=n), a + rng.normal(size=n), [a]),
        ("two", a + b + rng.normal(size=n), a - b + rng.normal(size=n), [a, b]),
        ("three, strong", 5 * a + b + 0.1 * c + rng.normal(size=n), 3 * a + rng.normal(size=n), [a, b, c]),
        ("none", a, b, []),
        ("alike", a + rng.normal(size=n), b + rng.normal(size=n), [a, a + 0.05 * b]),
        ("tied", rng.integers(0, 5, n).astype(float), rng.integers(0, 6, n).astype(float), [rng.integers(0, 3, n).astype(float)]),
        ("heavy tails", numpy.exp(2 * a), numpy.exp(2 * a + b), [1e3 + numpy.exp(a + 0.5 * c)]),
        ("very small p", a + 0.01 * b, a + 0.01 * c, [c]),
    ]:
        ranks = [stats.rankdata(column) for column in [x, y, *covariates]]
        cases.append({
            "name": name, "x": text(x), "y": text(y), "covariates": [text(column) for column in covariates],
            "pearson": partial(x, y, covariates), "spearman": partial(ranks[0], ranks[1], ranks[2:]),
        })
    write("partial", {"cases": cases})


# ---- shares, and the distributions behind them ------------------------------------------------------------------------------


def shares_file():
    tests = []
    for k, n, p in [
        (7, 10, 0.5), (0, 12, 0.3), (12, 12, 0.3), (3, 10, 0.3), (4, 10, 0.3), (50, 100, 0.5), (61, 100, 0.5), (548, 1000, 0.58),
        (3427, 6258, 0.58), (3427, 6258, 0.5), (1, 50, 0.2), (19, 50, 0.2), (50_400, 100_000, 0.5), (52_000, 100_000, 0.5),
        (5, 1_000_000, 1e-6), (620, 1000, 0.5), (2045, 3271, 0.625),
    ]:
        tests.append({
            "successes": k, "trials": n, "share": repr(p),
            "two-sided": repr(float(stats.binomtest(k, n, p).pvalue)),
            "greater": repr(float(stats.binomtest(k, n, p, alternative="greater").pvalue)),
            "wilson_95": text(stats.binomtest(k, n, p).proportion_ci(0.95, method="wilson")),
            "wilson_statsmodels": text(proportion_confint(k, n, alpha=0.05, method="wilson")),
        })
    pairs = [
        {"first": b, "second": c, "p": repr(float(mcnemar([[0, b], [c, 0]], exact=True).pvalue))}
        for b, c in [(1, 9), (0, 5), (12, 12), (30, 55), (400, 500), (5000, 5200)]
    ]
    mpmath.mp.dps = 40
    student = []
    for t in [0.0, 1e-3, 0.5, 1.0, 1.96, 3.0, 8.0, 40.0, 1e3]:
        for d in [1, 2, 5, 30, 99, 1000, 99_998]:
            x = mpmath.mpf(d) / (d + mpmath.mpf(t) ** 2)
            exact = mpmath.betainc(mpmath.mpf(d) / 2, mpmath.mpf(1) / 2, 0, x, regularized=True)
            if exact > mpmath.mpf("1e-290"):
                student.append({"t": repr(t), "d": d, "two_sided": mpmath.nstr(exact, 17)})
    quantiles = [
        {"p": repr(p), "d": d, "t": repr(float(stats.t.ppf(p, d)))}
        for p in [0.005, 0.1, 0.4, 0.975, 0.9995] for d in [1, 3, 10, 60, 1000]
    ]
    rng = numpy.random.default_rng(20240605)
    measured = numpy.round(rng.normal(size=60) + 0.5, 2)
    predicted = numpy.round(measured * 0.5 + rng.normal(size=60), 2)
    measured[:3] = 0.0
    predicted[3:5] = 0.0
    used = measured != 0
    right = numpy.sign(predicted[used]) == numpy.sign(measured[used])
    up = (measured[used] > 0).sum() >= (measured[used] < 0).sum()
    majority = (measured[used] > 0) == up
    b, c = int((right & ~majority).sum()), int((majority & ~right).sum())
    sign = {
        "predicted": text(predicted), "measured": text(measured), "gain": repr(float(right.mean() - majority.mean())),
        "only_prediction": b, "only_majority": c, "mcnemar": repr(float(mcnemar([[0, b], [c, 0]], exact=True).pvalue)),
        "above_majority": repr(float(stats.binomtest(int(right.sum()), len(right), majority.mean(), "greater").pvalue)),
        "against_half": repr(float(stats.binomtest(int(right.sum()), len(right), 0.5).pvalue)),
    }

    # The paired difference on resamples of all rows, the majority direction fixed.
    def gain(rows):
        rows = [row for row in rows if measured[row] != 0]
        agree = numpy.mean([numpy.sign(predicted[row]) == numpy.sign(measured[row]) for row in rows])
        return float(agree - numpy.mean([(measured[row] > 0) == up for row in rows]))

    sign["replicates"] = text([gain(resample(41, replicate, 60)) for replicate in range(100)])
    write("shares", {"tests": tests, "mcnemar": pairs, "student": student, "quantiles": quantiles, "sign": sign})


# ---- calibration --------------------------------------------------------------------------------------------------------------


def binned(scores, measured, edges):
    place = numpy.searchsorted(edges[1:-1], scores)
    found = []
    for number in range(len(edges) - 1):
        y, x = measured[place == number], scores[place == number]
        if len(y) == 0:
            continue
        bounds = stats.t.interval(0.95, len(y) - 1, y.mean(), stats.sem(y)) if len(y) > 1 else (numpy.nan, numpy.nan)
        found.append([x.min(), x.max(), len(y), x.mean(), y.mean(), *bounds])
    return [text(row) for row in found]


def calibration_file():
    rng = numpy.random.default_rng(20240606)
    cases = []
    for name, p, bins in [
        ("uniform", rng.random(120), 5), ("skewed", rng.beta(0.5, 2.0, 150), 10),
        ("tied", rng.integers(0, 11, 100) / 10.0, 10), ("ends", numpy.array([0.0, 1.0, 0.5, 0.2, 0.8, 1.0, 0.0]), 4),
        ("overconfident", numpy.where(rng.random(90) < 0.5, 0.98, 0.03), 8),
    ]:
        y = rng.random(len(p)) < 0.2 + 0.6 * p
        y[0], y[1] = True, False
        case = {"name": name, "labels": flags(y), "probabilities": text(p), "bins": bins,
                "brier": repr(float(metrics.brier_score_loss(y, p)))}
        for strategy, label in [("uniform", "equal_width"), ("quantile", "equal_count")]:
            share, mean = calibration.calibration_curve(y, p, n_bins=bins, strategy=strategy)
            edges = numpy.linspace(0, 1, bins + 1) if strategy == "uniform" else numpy.percentile(p, numpy.linspace(0, 1, bins + 1) * 100)
            place = numpy.searchsorted(edges[1:-1], p)
            sizes = numpy.array([(place == b).sum() for b in range(bins)])
            sizes = sizes[sizes > 0]
            low, high = zip(*[
                stats.binomtest(int(round(s * m)), int(m)).proportion_ci(0.95, method="wilson") for s, m in zip(share, sizes)
            ])
            case[label] = {
                "share": text(share), "mean": text(mean), "rows": " ".join(map(str, sizes)), "low": text(low), "high": text(high),
                "error": repr(float(numpy.sum(sizes / len(p) * numpy.abs(share - mean)))),
            }
        cases.append(case)
    scores = rng.normal(size=130)
    measured = numpy.tanh(scores) + rng.normal(size=130)
    tied = rng.integers(0, 4, 130).astype(float)
    means = []
    for name, s in [("normal", scores), ("tied", tied)]:
        means.append({
            "name": name, "scores": text(s), "measured": text(measured),
            "equal_count": binned(s, measured, numpy.quantile(s, numpy.linspace(0, 1, 7))),
            "equal_width": binned(s, measured, numpy.linspace(s.min(), s.max(), 7)),
        })
    write("calibration", {"cases": cases, "means": means})


# ---- effective sizes ----------------------------------------------------------------------------------------------------------


def effective_file():
    rng = numpy.random.default_rng(20240607)
    n = 200
    contigs = rng.integers(1, 4, n)
    starts = rng.integers(0, 20_000, n)
    ends = starts + rng.integers(1, 300, n)
    loci = []
    for within in [0, 25, 100]:
        gap = numpy.maximum(starts[:, None] - ends[None, :], starts[None, :] - ends[:, None])
        joined = (gap <= within) & (contigs[:, None] == contigs[None, :])
        count, label = scipy.sparse.csgraph.connected_components(joined, directed=False)
        order = {}
        loci.append({"within": within, "count": int(count), "of_row": " ".join(str(order.setdefault(l, len(order))) for l in label)})
    keys = numpy.array([int(key) for key in rng.choice(12, 80)])
    values = rng.normal(size=12)[keys] + 0.8 * rng.normal(size=80)
    groups = [values[keys == key] for key in sorted(set(keys))]
    f = stats.f_oneway(*groups).statistic
    sizes = numpy.array([len(group) for group in groups])
    typical = (80 - (sizes**2).sum() / 80) / (len(groups) - 1)
    icc = (f - 1) / (f + typical - 1)
    weighted_size = (sizes**2).sum() / 80
    design = 1 + (weighted_size - 1) * icc
    spectra = []
    for tests, shared in [(3, 0.5), (8, 0.8), (20, 0.3), (12, 0.0)]:
        data = shared * rng.normal(size=(60, 1)) + rng.normal(size=(60, tests))
        if tests == 12:
            data[:, 6:] = data[:, :6]
        r = numpy.corrcoef(data, rowvar=False)
        r = (r + r.T) / 2
        numpy.fill_diagonal(r, 1.0)
        eigenvalues = numpy.linalg.eigvalsh(r)[::-1]
        clean = numpy.where(numpy.abs(eigenvalues - numpy.round(eigenvalues)) < 1e-9, numpy.round(eigenvalues), eigenvalues)
        spectra.append({
            "tests": tests, "matrix": text(r.ravel()), "eigenvalues": text(eigenvalues),
            "participation": repr(float(eigenvalues.sum() ** 2 / (eigenvalues**2).sum())),
            "li_ji": repr(float(((numpy.abs(clean) >= 1) + numpy.abs(clean) - numpy.floor(numpy.abs(clean))).sum())),
        })
    write("effective", {
        "contigs": " ".join(map(str, contigs)), "starts": " ".join(map(str, starts)), "ends": " ".join(map(str, ends)), "loci": loci,
        "design": {"keys": " ".join(map(str, keys)), "values": text(values), "icc": repr(float(icc)), "effect": repr(float(design)),
                   "effective": repr(float(80 / design))},
        "spectra": spectra,
    })


# ---- curves -----------------------------------------------------------------------------------------------------------------------


def curves_file():
    cases = []
    for name, labels, scores in make_oracle.label_cases():
        labels, scores = numpy.asarray(labels), numpy.asarray(scores, float)
        false, true, thresholds = metrics.roc_curve(labels, scores)
        precision, recall, cuts = metrics.precision_recall_curve(labels, scores)
        cases.append({
            "name": name, "labels": flags(labels), "scores": text(scores), "false": text(false), "true": text(true),
            "thresholds": text(thresholds), "precision": text(precision), "recall": text(recall), "cuts": text(cuts),
        })
    rng = numpy.random.default_rng(20240608)
    values = rng.integers(0, 9, 40).astype(float)
    found = stats.ecdf(values).cdf
    x, y = rng.normal(size=300), numpy.round(rng.normal(size=300), 1)
    counts, x_edges, y_edges = numpy.histogram2d(x, y, bins=[7, 10])
    write("curves", {
        "cases": cases,
        "ecdf": {"values": text(values), "at": text(found.quantiles), "shares": text(found.probabilities)},
        "grid": {"x": text(x), "y": text(y), "x_edges": text(x_edges), "y_edges": text(y_edges),
                 "counts": " ".join(str(int(count)) for count in counts.ravel())},
    })


# ---- maxima -----------------------------------------------------------------------------------------------------------------------


def tail_by_quadrature(signed, t, n, rho):
    a = stats.norm.ppf((1 + t) / 2)
    shared, own = math.sqrt(rho), math.sqrt(1 - rho)

    def reached(u):
        upper = special.ndtr((a - shared * u) / own)
        below = upper if signed else upper - special.ndtr((-a - shared * u) / own)
        return stats.norm.pdf(u) * (1 - below**n)

    points = [p for p in (a / shared, -a / shared) if abs(p) < 9]
    return integrate.quad(reached, -9, 9, points=points, limit=2000, epsabs=1e-13, epsrel=1e-12)[0]


def maximum_file():
    independent = [
        {"t": repr(t), "n": n, "magnitude": mpmath.nstr(1 - mpmath.mpf(t) ** n, 17),
         "signed": mpmath.nstr(1 - ((1 + mpmath.mpf(t)) / 2) ** n, 17)}
        for t in [0.5, 0.9, 0.99, 0.99998] for n in [1, 20, 739, 5000]
    ]
    equicorrelated = [
        {"t": repr(t), "n": n, "rho": repr(rho), "magnitude": repr(tail_by_quadrature(False, t, n, rho)),
         "signed": repr(tail_by_quadrature(True, t, n, rho))}
        for t in [0.5, 0.9, 0.99, 0.99998] for n in [2, 30, 739] for rho in [0.05, 0.3, 0.7, 0.95]
    ]
    # An independent route for few tracks: scipy's multivariate normal over the box.
    boxes = []
    for t in [0.6, 0.9]:
        for n in [2, 3, 4]:
            for rho in [0.2, 0.6]:
                a = stats.norm.ppf((1 + t) / 2)
                covariance = numpy.full((n, n), rho) + (1 - rho) * numpy.eye(n)
                normal = stats.multivariate_normal(mean=numpy.zeros(n), cov=covariance, maxpts=2_000_000, abseps=1e-8, releps=1e-8)
                boxes.append({"t": repr(t), "n": n, "rho": repr(rho),
                              "magnitude": repr(float(1 - normal.cdf(numpy.full(n, a), lower_limit=numpy.full(n, -a)))),
                              "signed": repr(float(1 - normal.cdf(numpy.full(n, a))))})
    # And simulation for many.
    rng = numpy.random.default_rng(20240609)
    draws, n, rho = 200_000, 40, 0.4
    z = math.sqrt(rho) * rng.normal(size=(draws, 1)) + math.sqrt(1 - rho) * rng.normal(size=(draws, n))
    q = 2 * special.ndtr(z) - 1
    simulated = {"draws": draws, "n": n, "rho": repr(rho), "t": repr(0.95),
                 "magnitude": repr(float((numpy.abs(q).max(axis=1) >= 0.95).mean())), "signed": repr(float((q.max(axis=1) >= 0.95).mean()))}
    write("maximum", {"independent": independent, "equicorrelated": equicorrelated, "boxes": boxes, "simulated": simulated})


# ---- quantile tables --------------------------------------------------------------------------------------------------------------


def quantile_table_file():
    mpmath.mp.dps = 40
    last = mpmath.log(mpmath.mpf("0.99999") / mpmath.mpf("0.00001"))
    grid = [1 / (1 + mpmath.exp(-(-last + 2 * last * j / 998))) for j in range(999)]
    p = numpy.array([float(value) for value in grid])
    # 30 % zeros, the rest uniform on both sides: both programs draw the same numbers.
    draw = lambda stream, count: numpy.where(
        fractions(51, stream + 1, count) < 0.3, 0.0, 2.0 * fractions(51, stream, count) - 1.0)
    background, held_out = draw(0, 20_000), draw(2, 2_000)
    knots = numpy.quantile(background, p, method="inverted_cdf")

    def point(raw, item):
        equal = numpy.flatnonzero(knots == raw)
        if len(equal) < 2:
            return max(int((knots <= raw).sum()), 1) - 1
        # One fraction per tied score, from the stream of ties.
        word = int(make_oracle.philox(52, TIES, item).random_raw())
        fraction = (word >> 11) / 2.0**53
        drawn = p[equal[0]] + (p[equal[-1]] - p[equal[0]]) * fraction
        return min(max(int((p <= drawn).sum()), equal[0] + 1), equal[-1] + 1) - 1

    points = [point(raw, item) for item, raw in enumerate(held_out)]
    uniform = stats.kstest(p[points], "uniform")
    print("KS of held-out quantiles:", uniform)
    write("quantile_table", {
        "grid": text(p), "knots": text(knots[::37]), "points": " ".join(map(str, points[:400])),
        "ks_statistic": repr(float(uniform.statistic)), "ks_p": repr(float(uniform.pvalue)),
    })


if __name__ == "__main__":
    weighted_file()
    grouped_file()
    jackknife_file()
    partial_file()
    shares_file()
    calibration_file()
    effective_file()
    curves_file()
    maximum_file()
    quantile_table_file()
