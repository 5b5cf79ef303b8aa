"""Writes the expected values of what `refalt validate` computes beside the metrics: Kendall, gain over the commoner
direction, weighted and partial correlations, strata, groups, clusters, effective rows, paired differences.

    python3 -m venv VENV && VENV/bin/pip install numpy scipy scikit-learn statsmodels
    VENV/bin/python make_expected_comparisons.py

Reads studies/tert/tert_satmut_snv_grch38.tsv, the scores of make_expected.py and its numbering of random draws. Writes
expected_comparisons.json beside this file.
"""

import json
import platform

import numpy
import scipy
import sklearn
import statsmodels
from scipy import stats
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar

from make_expected import (
    BOOTSTRAP, HERE, PERMUTATION, PERMUTATIONS, REPLICATES, Halves, measurements, permutation, predictions, shares, summaries,
)

SAMPLING = 3
EXPERIMENT = "TERT-HEK"
PROMOTER = 1295069

pearson = lambda x, y: float(stats.pearsonr(x, y).statistic)
spearman = lambda x, y: float(stats.spearmanr(x, y).statistic)
kendall = lambda x, y: float(stats.kendalltau(x, y, variant="b").statistic)


def directions(predicted, effects):
    """Accuracy, gain over the commoner direction, exact p-values."""
    measured = effects != 0
    x, y = numpy.sign(predicted[measured]), numpy.sign(effects[measured])
    up, down = int((y > 0).sum()), int((y < 0).sum())
    majority = 1.0 if up >= down else -1.0
    right, common = x == y, y == majority
    table = [[int((right & common).sum()), int((right & ~common).sum())], [int((~right & common).sum()), int((~right & ~common).sum())]]
    share = max(up, down) / (up + down)
    above = stats.binomtest(int(right.sum()), len(y), share, alternative="greater").pvalue
    return {"gain": float(right.mean() - share), "p_mcnemar": float(mcnemar(table, exact=True).pvalue), "p_above": float(above)}


def weighted_ranks(values, weights):
    """Weight of smaller values and half the weight of equal ones."""
    return numpy.array([weights[values < value].sum() + weights[values == value].sum() / 2 for value in values])


def weighted_pearson(x, y, weights):
    covariance = numpy.cov(numpy.array([x, y]), aweights=weights)
    return float(covariance[0, 1] / numpy.sqrt(covariance[0, 0] * covariance[1, 1]))


def partial_residuals(x, y, covariates):
    design = numpy.column_stack([numpy.ones(len(x)), *((c - c.mean()) / c.std() for c in covariates)])
    return [column - design @ numpy.linalg.lstsq(design, column, rcond=None)[0] for column in (x, y)]


def partial(x, y, covariates):
    """Correlation of the residuals of least squares on the covariates, with its two-sided p-value by Student's t."""
    rest = partial_residuals(x, y, covariates)
    r = pearson(*rest)
    freedom = len(x) - len(covariates) - 2
    t = r * numpy.sqrt(freedom / (1 - r * r))
    return {"value": r, "p": float(2 * stats.t.sf(abs(t), freedom))}


def members_of(keys):
    return [numpy.flatnonzero(keys == key) for key in dict.fromkeys(keys)]


def bca(statistic, keys):
    """scipy's BCa interval of a statistic of rows, whole clusters drawn as refalt draws them."""
    members = members_of(keys)
    of_units = lambda units: float(statistic(numpy.concatenate([members[int(unit)] for unit in units])))
    drawn = []
    for replicate in range(REPLICATES):
        halves = Halves(BOOTSTRAP, replicate)
        drawn.append(of_units([halves.below(len(members)) for _ in members]))

    class Distribution:
        bootstrap_distribution = numpy.asarray(drawn)

    result = stats.bootstrap((numpy.arange(len(members)),), of_units, n_resamples=0, bootstrap_result=Distribution(),
                             vectorized=False, confidence_level=0.95, method="bca")
    return [float(value) for value in result.confidence_interval]


def jackknife(statistic, keys):
    """Delete-m jackknife of Busing, Meijer and van der Leeden (1999), interval by Student's t around the estimate."""
    n, members = len(keys), members_of(keys)
    g = len(members)
    whole = statistic(numpy.arange(n))
    without = numpy.array([statistic(numpy.setdiff1d(numpy.arange(n), rows)) for rows in members])
    h = n / numpy.array([len(rows) for rows in members])
    estimate = g * whole - ((1 - 1 / h) * without).sum()
    pseudo = h * whole - (h - 1) * without
    error = numpy.sqrt(((pseudo - estimate) ** 2 / (h - 1)).sum() / g)
    half = stats.t.ppf(0.975, g - 1) * error
    return [float(whole - half), float(whole + half)]


def exchange(first, second, measured, metric, keys):
    """p-value by exchange of whole clusters, draws numbered as refalt's."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    unit = numpy.array([numbers[key] for key in keys])
    difference = lambda x, y: metric(x, measured) - metric(y, measured)
    observed = difference(first, second)
    reached = 0
    for draw in range(PERMUTATIONS):
        halves = Halves(SAMPLING, draw)
        swap = numpy.array([halves.below(2) == 1 for _ in numbers])[unit]
        reached += abs(difference(numpy.where(swap, second, first), numpy.where(swap, first, second))) >= abs(observed) - 1e-13
    return float((reached + 1) / (PERMUTATIONS + 1))


def difference(first, second, measured, metric, standard, keys):
    of_rows = lambda rows: metric(first[rows], measured[rows]) - metric(second[rows], measured[rows])
    return {
        "n": len(first), "first": float(metric(first, measured)), "second": float(metric(second, measured)),
        "value": float(of_rows(numpy.arange(len(first)))), "interval": bca(of_rows, keys),
        "p": exchange(standard(first), standard(second), measured, metric, keys),
    }


def scaled_columns(values):
    return (values - values.mean(axis=0)) / numpy.sqrt(((values - values.mean(axis=0)) ** 2).sum(axis=0))


def whole_clusters(keys):
    """Permutations of whole clusters among those of their size, sizes rising, one stream of draws for all sizes."""
    members = members_of(keys)
    sizes = sorted({len(rows) for rows in members})
    orders = []
    for draw in range(PERMUTATIONS):
        halves, order = Halves(PERMUTATION, draw), numpy.arange(len(keys))
        for size in sizes:
            of_size = [number for number, rows in enumerate(members) if len(rows) == size]
            sources = list(of_size)
            for last in range(len(sources) - 1, 0, -1):
                other = halves.below(last + 1)
                sources[last], sources[other] = sources[other], sources[last]
            for cluster, source in zip(of_size, sources):
                order[members[cluster]] = members[source]
        orders.append(order)
    return orders


def permuted(cases, columns, orders):
    """p-values of a family under permutations of the measurement: measure -> name -> [p, adjusted]."""
    found = {}
    for name, x, y, two_sided in cases:
        null = numpy.array([scaled_columns(x).T @ scaled_columns(y)[order] for order in orders])
        found[name] = {column: list(p) for column, p in zip(columns, zip(*shares(scaled_columns(x).T @ scaled_columns(y), null, two_sided)))}
    return found


def single(observed, null):
    return float((sum(value >= observed - 1e-13 for value in null) + 1) / (len(null) + 1))


def turned(cases, columns, keys):
    """p-values of a family from turned signs of what whole clusters add to a correlation: measure -> name -> [p, adjusted]."""
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    unit = numpy.array([numbers[key] for key in keys])
    signs = []
    for draw in range(PERMUTATIONS):
        halves = Halves(PERMUTATION, draw)
        signs.append([-1.0 if halves.below(2) == 1 else 1.0 for _ in numbers])
    found = {}
    for name, x, y, two_sided in cases:
        product = scaled_columns(x) * scaled_columns(y)[:, None]
        sums = numpy.array([product[unit == number].sum(axis=0) for number in numbers.values()])
        found[name] = {column: list(p) for column, p in zip(columns, zip(*shares(sums.sum(axis=0), numpy.array(signs) @ sums, two_sided)))}
    return found


def heterogeneity(x, y, strata, positions, metric):
    """Permutation p-value of equal metrics in all strata; the strata of whole positions are permuted."""
    def spread(of_row):
        parts = [(int((of_row == name).sum()), metric(x[of_row == name], y[of_row == name])) for name in dict.fromkeys(strata)]
        n, values = (numpy.array(column, dtype=float) for column in zip(*parts))
        return float((n * (values - (n * values).sum() / n.sum()) ** 2).sum())

    members = members_of(positions)
    of_cluster = numpy.array([strata[rows[0]] for rows in members])
    unit = numpy.empty(len(positions), dtype=int)
    for number, rows in enumerate(members):
        assert (strata[rows] == strata[rows[0]]).all()
        unit[rows] = number
    observed = spread(strata)
    null = [spread(of_cluster[permutation(draw, len(members))][unit]) for draw in range(PERMUTATIONS)]
    return float((sum(value >= observed - 1e-13 for value in null) + 1) / (PERMUTATIONS + 1))


def intraclass(values, keys):
    """Intraclass correlation from one-way analysis of variance, and the mean size of a cluster as a row sees it."""
    groups = [values[rows] for rows in members_of(keys)]
    n, k = len(values), len(groups)
    between = sum(len(g) * (g.mean() - values.mean()) ** 2 for g in groups) / (k - 1)
    within = sum(((g - g.mean()) ** 2).sum() for g in groups) / (n - k)
    squares = sum(len(g) ** 2 for g in groups)
    typical = (n - squares / n) / (k - 1)
    return float((between - within) / (between + (typical - 1) * within)), squares / n


def main():
    rows = measurements()
    variants, tracks = predictions(rows)
    place = {variant: index for index, variant in enumerate(variants)}
    own = sorted((row for row in rows if row["experiment"] == EXPERIMENT and int(row["barcodes"]) >= 10), key=lambda row: row["variant"])
    index = [place[row["variant"]] for row in own]
    table = numpy.array([column.astype(float) for column in tracks.values()]).T
    summary = {name: column[index] for name, column in summaries(table).items()}
    columns = {name: table[index, number] for number, name in enumerate(tracks) if name != "constant"}
    effects = numpy.array([row["effect"] for row in own])
    positions = numpy.array([row["pos"] for row in own])
    weights = numpy.array([float(row["barcodes"]) for row in own])
    dna = numpy.array([float(row["dna"]) for row in own])
    reference = numpy.array([row["ref"] for row in own])
    side = numpy.where(positions < PROMOTER, "below", "above")
    label = numpy.abs(effects) >= 0.5

    barcodes = numpy.array([row["barcodes"] for row in own])
    found = {}
    for name, column in {**columns, **summary}.items():
        known = ~numpy.isnan(column)
        x, y, w, p = column[known], effects[known], weights[known], positions[known]
        alike = lambda of: numpy.prod([max(intraclass(of(values), p)[0], 0) for values in (x, y)])
        worth = lambda of: float(len(x) / (1 + (intraclass(y, p)[1] - 1) * alike(of)))
        # Kish's number, and the size of a cluster as a weighted row sees it (Gabler, Haeder and Lahiri 1999).
        kish, size = w.sum() ** 2 / (w**2).sum(), sum(w[rows].sum() ** 2 for rows in members_of(p)) / (w**2).sum()
        found[name] = {
            "kendall signed": kendall(x, y), "kendall magnitude": kendall(abs(x), abs(y)), **directions(x, y),
            "effective_n pearson signed": worth(lambda values: values), "effective_n spearman signed": worth(stats.rankdata),
            "effective_n weighted_pearson signed": float(kish / (1 + (size - 1) * alike(lambda values: values))),
            "weighted_pearson signed": weighted_pearson(x, y, w),
            "weighted_spearman signed": weighted_pearson(weighted_ranks(x, w), weighted_ranks(y, w), w),
            "weighted_spearman magnitude": weighted_pearson(weighted_ranks(abs(x), w), weighted_ranks(abs(y), w), w),
        }
    total, strongest = summary["sum"], summary["max_abs"]
    rank = stats.rankdata
    known = ~numpy.isnan(columns["gaps"])
    area = lambda x, y: metrics.roc_auc_score(y > 0.5, x)
    scaled = lambda x: (x - x.mean()) / x.std()
    family = {name: column for name, column in columns.items() if name != "gaps"}
    matrix = numpy.array(list(family.values())).T
    ranked = stats.rankdata(matrix, axis=0)
    directed = effects != 0
    cases = [
        ("pearson signed", matrix, effects, True), ("spearman signed", ranked, rank(effects), True),
        ("spearman magnitude", stats.rankdata(abs(matrix), axis=0), rank(abs(effects)), False),
        ("auroc |effect|>=0.5", stats.rankdata(abs(matrix), axis=0), label.astype(float), False),
    ]
    orders = whole_clusters(positions)
    rest = partial_residuals(total, effects, [positions.astype(float), dna])
    accuracy = lambda x, y: numpy.mean(numpy.sign(x[y != 0]) == numpy.sign(y[y != 0]))
    precision = lambda x, y: metrics.average_precision_score(y, x)
    by_clusters = {
        "track": permuted(cases, family, orders),
        "summary": {
            "sign_accuracy signed": {"sum": [single(accuracy(total, effects), [accuracy(total, effects[order]) for order in orders])]},
            "average_precision |effect|>=0.5": {
                "sum": [single(precision(abs(total), label), [precision(abs(total), label[order]) for order in orders])]
            },
        },
        "partial": permuted([("pearson signed", rest[0][:, None], rest[1], True)], ["sum"], orders),
        # By base of REF every cluster has a size of its own: nothing to change places with.
        "signs": turned([case for case in cases if not case[0].startswith("pearson")], family, reference),
        "signs of directions": turned(
            [("sign_accuracy signed", numpy.sign(total[directed])[:, None], numpy.sign(effects[directed]), False)], ["sum"], reference[directed]
        ),
    }
    expected = {
        "clusters": by_clusters,
        "versions": {"python": platform.python_version(), "numpy": numpy.__version__, "scipy": scipy.__version__,
                     "scikit-learn": sklearn.__version__, "statsmodels": statsmodels.__version__},
        "metrics": found,
        "partial": {
            "pearson signed": partial(total, effects, [positions.astype(float), dna]),
            "spearman signed": partial(rank(total), rank(effects), [rank(positions), rank(dna)]),
            "spearman magnitude": partial(rank(abs(total)), rank(abs(effects)), [rank(positions), rank(dna)]),
        },
        "strata": {
            "ref": {
                **{base: {"n": int((reference == base).sum()), "spearman": spearman(total[reference == base], effects[reference == base]),
                          "interval": bca(lambda rows, of=numpy.flatnonzero(reference == base): spearman(total[of][rows], effects[of][rows]),
                                          positions[reference == base])} for base in "ACGT"},
                "p": heterogeneity(total, effects, reference, positions, spearman),
            },
            "pos": {
                **{name: {"n": int((side == name).sum()), "spearman": spearman(total[side == name], effects[side == name])} for name in ("below", "above")},
                "p": heterogeneity(total, effects, side, positions, spearman),
            },
        },
        "groups": {
            weighting: float(numpy.average([spearman(total[reference == base], effects[reference == base]) for base in "ACGT"],
                                           weights=[(reference == base).sum() if weighting == "rows" else 1 for base in "ACGT"]))
            for weighting in ("rows", "equal")
        },
        "jackknife": {"spearman": jackknife(lambda rows: spearman(total[rows], effects[rows]), positions),
                      "pearson": jackknife(lambda rows: pearson(total[rows], effects[rows]), positions)},
        "blocks": {"spearman": bca(lambda rows: spearman(total[rows], effects[rows]), barcodes), "clusters": len(set(barcodes))},
        "effective": {
            "n": len(own), "distinct_inputs": len({tuple(row) for row in numpy.nan_to_num(table[index], nan=1e9)}),
            "positions": len(set(positions)), "intraclass": intraclass(effects, positions)[0],
            "effective_weighted": float(
                weights.sum() ** 2 / (weights**2).sum()
                / (1 + (sum(weights[rows].sum() ** 2 for rows in members_of(positions)) / (weights**2).sum() - 1) * max(intraclass(effects, positions)[0], 0))
            ),
            "effective_rows": len(own) / (1 + (intraclass(effects, positions)[1] - 1) * max(intraclass(effects, positions)[0], 0)),
        },
        "differences": {
            "pearson signed": difference(total, strongest, effects, pearson, scaled, positions),
            "spearman signed": difference(total, strongest, effects, spearman, rank, positions),
            "kendall signed": difference(total, strongest, effects, kendall, rank, positions),
            "spearman magnitude": difference(abs(total), abs(strongest), abs(effects), spearman, rank, positions),
            "auroc": difference(abs(total), abs(strongest), label.astype(float), area, rank, positions),
            "average_precision": difference(abs(total), abs(strongest), label.astype(float), lambda x, y: metrics.average_precision_score(y > 0.5, x), rank, positions),
            "sign_accuracy": difference(total, strongest, effects, lambda x, y: numpy.mean(numpy.sign(x[y != 0]) == numpy.sign(y[y != 0])), lambda x: x, positions),
            "gaps spearman": difference(columns["gaps"][known], columns["tied"][known], effects[known], spearman, rank, positions[known]),
        },
    }
    (HERE / "expected_comparisons.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    main()
