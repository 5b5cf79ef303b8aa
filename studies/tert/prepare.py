"""Cuts the measurements and the sequence of the TERT study from what others publish. Standard library only.

    python3 prepare.py --measurements elements.tsv.gz --sequence slice.fa

* --measurements: the table of Kircher et al. 2019, `data/elements.tsv.gz` of github.com/kircherlab/MPRA_SaturationMutagenesis,
  or any part of it that holds the four TERT experiments on GRCh38; plain or gzip.
* --sequence: FASTA with one record that holds chr5:1294490-1296547 of GRCh38, named like that (1-based, inclusive).

Writes beside this script: tert_satmut_snv_grch38.tsv, tert_variants.vcf, chr5_1294490_1296547.fa. Numbers are copied
letter for letter; nothing is computed from them. Stops when a count or a REF base is not what it should be.
"""

import argparse
import csv
import gzip
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
EXPERIMENTS = ["TERT-HEK", "TERT-GBM", "TERT-GSc", "TERT-GAa"]
SNVS = 777
FIRST, LAST = 1294490, 1296547
RENAMED = {
    "Barcodes": "barcodes",
    "DNA": "dna",
    "RNA": "rna",
    "Coefficient": "effect_log2",
    "pValue": "p_value",
}


def opened(path):
    return gzip.open(path, "rt") if open(path, "rb").read(2) == b"\x1f\x8b" else open(path)


def measurements(path):
    """Returns the single-base substitutions of the four experiments, in order of experiment, position, ALT."""
    with opened(path) as file:
        rows = [
            row
            for row in csv.DictReader(file, delimiter="\t")
            if row["Element"] in EXPERIMENTS and row["Release"] == "GRCh38"
        ]
    kept = [row for row in rows if len(row["Ref"]) == 1 and row["Alt"] in "ACGT" and row["Alt"]]
    for experiment in EXPERIMENTS:
        found = sum(row["Element"] == experiment for row in kept)
        if found != SNVS:
            sys.exit(f"{experiment}: {found} substitutions, {SNVS} expected")
    print(f"{len(rows)} rows, {len(rows) - len(kept)} single-base deletions left out, {len(kept)} substitutions kept")
    return sorted(kept, key=lambda row: (EXPERIMENTS.index(row["Element"]), int(row["Pos"]), row["Alt"]))


def sequence(path):
    with opened(path) as file:
        header, *lines = file.read().split("\n")
    if header != f">chr5:{FIRST}-{LAST}":
        sys.exit(f"the record is named `{header}`, expected `>chr5:{FIRST}-{LAST}`")
    bases = "".join(lines).upper()
    if len(bases) != LAST - FIRST + 1 or set(bases) - set("ACGT"):
        sys.exit(f"{len(bases)} bases, {LAST - FIRST + 1} of A, C, G, T expected")
    return bases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measurements", required=True)
    parser.add_argument("--sequence", required=True)
    given = parser.parse_args()
    rows, bases = measurements(given.measurements), sequence(given.sequence)
    for row in rows:
        if bases[int(row["Pos"]) - FIRST] != row["Ref"]:
            sys.exit(f"REF `{row['Ref']}` at {row['Pos']} is not the base of the sequence")
    with open(HERE / "tert_satmut_snv_grch38.tsv", "w") as out:
        print("chrom", "pos", "ref", "alt", "experiment", *RENAMED.values(), sep="\t", file=out)
        for row in rows:
            values = [row[name] for name in RENAMED]
            print(f"chr{row['Chrom']}", row["Pos"], row["Ref"], row["Alt"], row["Element"], *values, sep="\t", file=out)
    variants = sorted({(int(row["Pos"]), row["Ref"], row["Alt"]) for row in rows})
    if len(variants) != SNVS:
        sys.exit(f"{len(variants)} different variants, {SNVS} expected")
    with open(HERE / "tert_variants.vcf", "w") as out:
        print("##fileformat=VCFv4.3", "##reference=GRCh38", "##contig=<ID=chr5,length=181538259>", sep="\n", file=out)
        print("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", sep="\t", file=out)
        for position, reference, alternate in variants:
            print("chr5", position, ".", reference, alternate, ".", ".", ".", sep="\t", file=out)
    with open(HERE / f"chr5_{FIRST}_{LAST}.fa", "w") as out:
        print(f">chr5:{FIRST}-{LAST}", file=out)
        for start in range(0, len(bases), 60):
            print(bases[start : start + 60], file=out)


if __name__ == "__main__":
    main()
