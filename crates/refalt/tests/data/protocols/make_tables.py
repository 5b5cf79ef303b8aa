#!/usr/bin/env python3
"""Makes small tables of the shape of the released prediction tables, and the values that outside programs get from them.

The columns and types are those that google-deepmind/alphagenome_research, colabs/variant_eval_examples.ipynb reads:
`target`, `prediction`, `tissue`, `PI`; `variant_id` names the variant. The numbers are random. Values by scipy,
scikit-learn, numpy, pandas. Needs numpy, pandas, pyarrow, scipy, scikit-learn.
"""

import itertools
import json
import platform
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow
import pyarrow.feather
import scipy
import sklearn
from scipy.stats import pearsonr, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score

HERE = Path(__file__).parent
TEST = ["chr3", "chr6", "chr9", "chr12", "chr16", "chr18", "chr19", "chr21"]
rng = np.random.default_rng(20261129)
expected = {
    "versions": {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "pandas": pd.__version__,
        "pyarrow": pyarrow.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
    }
}


def variants(count, chromosomes):
    """Distinct variants, in the form of the SDK."""
    places = rng.choice(np.arange(1_000_000, 90_000_000), size=count, replace=False)
    chroms = rng.choice(chromosomes, size=count)
    ref = rng.integers(0, 4, size=count)
    alt = (ref + rng.integers(1, 4, size=count)) % 4
    return [f"{c}:{p}:{'ACGT'[r]}>{'ACGT'[a]}" for c, p, r, a in zip(chroms, places, ref, alt)]


def by_tissue(frame, metric):
    """Weighted mean over tissues: incomplete rows out, tissues of fewer than 2 rows or without a finite value out.

    scikit-learn has no AUROC for one class, and an average precision of 0 without positives.
    """
    parts = []
    for tissue, rows in frame.groupby("tissue"):
        rows = rows.dropna(subset=["target", "prediction"])
        if len(rows) < 2:
            continue
        try:
            value = metric(rows["target"], rows["prediction"])
        except ValueError:
            continue
        value = getattr(value, "statistic", value)
        if np.isfinite(value):
            parts.append((tissue, len(rows), float(value)))
    weights = np.array([part[1] for part in parts], dtype=float)
    values = np.array([part[2] for part in parts])
    return {
        "value": float(np.average(values, weights=weights)),
        "rows": int(weights.sum()),
        "tissues": {tissue: value for tissue, _, value in parts},
    }


# Feather, LZ4, float32 predictions: causality by tissue, with missing cells, ties, a tissue of one row, one without
# positives, one that is empty once incomplete rows are out.
tissues = ["Whole_Blood"] * 60 + ["Liver"] * 41 + ["Brain_Cortex"] * 25 + ["Spleen"] * 1 + ["Testis"] * 6 + ["Lung"] * 3
frame = pd.DataFrame({"variant_id": variants(len(tissues), TEST), "tissue": tissues})
frame["target"] = rng.integers(0, 2, size=len(frame)).astype(float)
frame.loc[frame.tissue == "Testis", "target"] = 0.0
frame["prediction"] = np.round(np.abs(rng.normal(size=len(frame))) + 0.7 * frame.target, 1).astype(np.float32)
frame.loc[[3, 17, 70], "target"] = np.nan
frame.loc[[3, 18, 71, 101], "prediction"] = np.nan
frame.loc[frame.tissue == "Lung", "prediction"] = np.nan
pyarrow.feather.write_feather(frame, HERE / "causality_by_tissue.feather", compression="lz4")
expected["causality_by_tissue"] = {
    "auroc": by_tissue(frame, roc_auc_score),
    "average_precision": by_tissue(frame, average_precision_score),
}

# Feather, Zstandard: effect sizes by tissue, with ties and a constant tissue.
tissues = ["Whole_Blood"] * 80 + ["Liver"] * 30 + ["Skin"] * 5 + ["Ovary"] * 1
frame = pd.DataFrame({"variant_id": variants(len(tissues), TEST), "tissue": pd.Categorical(tissues)})
frame["target"] = rng.normal(size=len(frame))
frame["prediction"] = np.round(0.5 * frame.target + rng.normal(size=len(frame)), 1)
frame.loc[frame.tissue == "Skin", "prediction"] = 0.25
frame.loc[[5, 6, 90], "target"] = np.nan
pyarrow.feather.write_feather(frame, HERE / "coefficient_by_tissue.feather", compression="zstd")
expected["coefficient_by_tissue"] = {"spearman": by_tissue(frame.assign(tissue=frame.tissue.astype(str)), spearmanr)}

# Parquet: a correlation whose alleles are named the other way, with rows outside the test chromosomes.
frame = pd.DataFrame({"variant_id": variants(70, TEST) + variants(12, ["chr1", "chr2", "chrX"])})
frame["target"] = rng.normal(size=len(frame))
frame["prediction"] = -frame.target + 0.6 * rng.normal(size=len(frame))
frame.loc[4, "prediction"] = np.nan
frame.to_parquet(HERE / "sign_flip.parquet", index=False)
inside = frame[frame.variant_id.str.split(":").str[0].isin(TEST)].dropna()
expected["sign_flip"] = {
    "pearson": float(pearsonr(inside.target, inside.prediction).statistic),
    "rows": len(inside),
    "outside": 12,
}

# Feather: matched pairs. The exact mean over all draws by enumeration; the mean of many draws by pandas.
sizes = [(1, 1), (1, 2), (2, 1), (1, 3), (2, 2), (1, 1), (3, 1), (1, 2), (0, 2), (2, 0)]
rows = []
for group, (positives, negatives) in enumerate(sizes):
    for number in range(positives + negatives):
        target = int(number < positives)
        rows.append((f"chr3:{1000 * (group + 1) + number}:A>G", target, round(float(rng.normal(0.6 * target)), 2), f"PI{group}"))
frame = pd.DataFrame(rows, columns=["variant_id", "target", "prediction", "PI"])
pyarrow.feather.write_feather(frame, HERE / "matched_pairs.feather")
choices = []
for _, group in frame.groupby("PI"):
    positive = group[group.target == 1].prediction.tolist()
    negative = group[group.target == 0].prediction.tolist()
    if positive and negative:
        choices.append(list(itertools.product(positive, negative)))
values = []
for drawn in itertools.product(*choices):
    labels = [1] * len(drawn) + [0] * len(drawn)
    values.append(average_precision_score(labels, [pair[0] for pair in drawn] + [pair[1] for pair in drawn]))
draws = []
for seed in range(1000):
    positive, negative = frame[frame.target == 1], frame[frame.target == 0]
    pairs = pd.merge(positive, negative, on="PI", suffixes=("_pos", "_neg"))
    pairs = pairs.groupby("PI").sample(n=1, random_state=seed)
    labels = [1] * len(pairs) + [0] * len(pairs)
    draws.append(average_precision_score(labels, pairs.prediction_pos.tolist() + pairs.prediction_neg.tolist()))
expected["matched_pairs"] = {
    "groups": len(choices),
    "without_pair": 2,
    "combinations": len(values),
    "mean": float(np.mean(values)),
    "sd": float(np.std(values)),
    "mean_of_1000_draws": float(np.mean(draws)),
}

# TSV: labels in words, by chromosome, match groups of one positive and three negatives.
rows = []
for group in range(30):
    chrom = str(rng.integers(1, 6))
    for number in range(4):
        score = round(float(rng.normal(0.8 * (number == 0))), 2)
        rows.append((chrom, 10_000 * (group + 1) + 10 * number, "A", "C", number == 0, f"g{group}", score))
frame = pd.DataFrame(rows, columns=["chrom", "pos", "ref", "alt", "label", "match_group", "score"])
frame.to_csv(HERE / "traitgym_shape.tsv", sep="\t", index=False)
by_chrom = [(len(part), average_precision_score(part.label, part.score)) for _, part in frame.groupby("chrom")]
expected["traitgym_shape"] = {
    "value": float(np.average([value for _, value in by_chrom], weights=[n for n, _ in by_chrom])),
    "rows": len(frame),
    "chromosomes": len(by_chrom),
}

# CSV: elements of saturation mutagenesis, equal weight, conditions, deletions.
rows = []
for element, start, release in [("F9", 100, "GRCh38"), ("LDLR", 5000, "GRCh38"), ("TERT-GBM", 9000, "GRCh38"), ("F9", 300, "GRCh37")]:
    for offset in range(12):
        for alt in ("A", "-"):
            barcodes = int(rng.integers(4, 40))
            effect = round(float(rng.normal()), 3)
            prediction = "" if rng.random() < 0.05 else round(0.7 * effect + float(rng.normal(0, 0.6)), 3)
            rows.append(("5", start + offset, "C", alt, barcodes, effect, element, release, prediction))
names = ["Chrom", "Pos", "Ref", "Alt", "Barcodes", "Coefficient", "Element", "Release", "prediction"]
frame = pd.DataFrame(rows, columns=names)
frame.to_csv(HERE / "saturation_shape.csv", index=False)
frame["prediction"] = pd.to_numeric(frame.prediction)
kept = frame[(frame.Release == "GRCh38") & (frame.Barcodes >= 10) & (frame.Element != "TERT-GBM")].dropna()
of_element = {name: float(pearsonr(part.Coefficient, part.prediction).statistic) for name, part in kept.groupby("Element")}
expected["saturation_shape"] = {
    "value": float(np.mean(list(of_element.values()))),
    "elements": of_element,
    "rows": len(kept),
}

(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
