"""Writes occupancy_tert.tsv: expected numbers of bound sites in 128 bp bins, from the definition alone.

Every one of the 4^width words of a motif is scored to find the score with p-value 1e-4, so only motifs of at most
12 positions are taken. Needs numpy (2.4.6). Run in this folder: python make_occupancy.py
"""

import re

import numpy as np

MOTIFS = ["MA0062.4", "MA0098.4", "MA0079.5", "MA0006.2", "MA0147.4", "MA0740.2", "MA0099.4", "MA0017.3"]
FIRST = 1_294_490  # the slice is chr5:1294490-1296547

counts = {}
for block in open("../../../assets/motifs/jaspar2024_vertebrates.jaspar").read().split(">")[1:]:
    header, *rows = block.strip().split("\n")
    numbers = [[float(x) for x in re.findall(r"[\d.]+", row[1:])] for row in rows]
    counts[header.split()[0]] = np.array(numbers)  # [4 x width]

slice_ = "".join(open("hg38_chr5_tert_promoter.fa").read().split("\n")[1:]).upper()


def allele(position, ref, alt):
    at = position - FIRST
    assert slice_[at : at + len(ref)] == ref
    return (slice_[:at] + alt + slice_[at + len(ref) :])[:2048]


ALLELES = {
    "reference": slice_[:2048],
    "1295113:G>A": allele(1295113, "G", "A"),
    "1295135:G>A": allele(1295135, "G", "A"),
    "1295113:G>GTT": allele(1295113, "G", "GTT"),
}


def log_odds(motif):
    matrix = counts[motif] + 0.2
    return np.log2(matrix / matrix.sum(axis=0) / 0.25)


def half_occupied(odds):
    words = np.zeros(1)
    for column in odds.T:
        words = (words[:, None] + column[None, :]).ravel()
    words = np.sort(np.round(words, 9))[::-1]
    allowed = int(1e-4 * len(words))
    if allowed == 0:
        return words[0]
    # Words that tie with the first one too many are too many, too.
    rare = words[:allowed][words[:allowed] > words[allowed]]
    return rare[-1] if len(rare) else words[0]


def occupancy(odds, sequence, half):
    width = odds.shape[1]
    codes = np.array(["ACGT".index(base) for base in sequence])
    windows = np.lib.stride_tricks.sliding_window_view(codes, width)
    forward = odds[windows, np.arange(width)].sum(axis=1)
    reverse = odds[3 - windows[:, ::-1], np.arange(width)].sum(axis=1)
    p = 1 / (1 + 2 ** (half - forward))
    q = 1 / (1 + 2 ** (half - reverse))
    bound = 1 - (1 - p) * (1 - q)
    bins = (np.arange(len(bound)) + (width - 1) // 2) // 128
    return np.bincount(bins, weights=bound, minlength=len(sequence) // 128)


with open("occupancy_tert.tsv", "w") as out:
    print("motif", "width", "half_occupied", "allele", "bin", "expected_sites", sep="\t", file=out)
    for motif in MOTIFS:
        odds = log_odds(motif)
        if odds.shape[1] > 12:
            raise SystemExit(f"{motif} is {odds.shape[1]} wide")
        half = half_occupied(odds)
        for name, sequence in ALLELES.items():
            for bin, value in enumerate(occupancy(odds, sequence, half)):
                if name == "reference" or 3 <= bin <= 7:
                    print(motif, odds.shape[1], f"{half:.9f}", name, bin, f"{value:.10f}", sep="\t", file=out)
