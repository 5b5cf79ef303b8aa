"""Lifts positions from hg19 to hg38 with pyliftover 0.4.1 and liftover 1.5.0 (PyPI): writes hg19ToHg38.oracle.tsv.

The chain file is UCSC's hg19ToHg38.over.chain.gz, which is not shipped; positions and answers are facts.
Run: pip install pyliftover liftover && python make_oracle.py hg19ToHg38.over.chain.gz
Both tools must agree on every row.
"""

import gzip
import random
import sys

from liftover import ChainFile
from pyliftover import LiftOver

path = sys.argv[1]
random.seed(20)

chains = []
with gzip.open(path, "rt") as text:
    for line in text:
        fields = line.split()
        if not fields or line.startswith("#"):
            continue
        if fields[0] == "chain":
            chains.append((fields, []))
            at = int(fields[5])
        else:
            chains[-1][1].append((at, at + int(fields[0])))
            at += sum(map(int, fields[:2]))

places = {("chr5", position) for position in (1295228, 1295250, 1295349, 1295104)}
whole = [(chain, blocks) for chain, blocks in chains if chain[2] in {f"chr{n}" for n in [*range(1, 23), "X", "Y"]}]
# Anywhere.
sizes = {chain[2]: int(chain[3]) for chain, _ in whole}
for _ in range(1200):
    contig = random.choices(list(sizes), list(sizes.values()))[0]
    places.add((contig, random.randint(1, sizes[contig])))
# Inside chains to the reverse strand, and inside small chains.
reverse = [chain for chain, _ in whole if chain[9] == "-"]
small = [chain for chain, _ in whole if int(chain[6]) - int(chain[5]) < 100_000]
for pool in (reverse, small):
    for _ in range(500):
        chain = random.choice(pool)
        places.add((chain[2], random.randint(int(chain[5]) + 1, int(chain[6]))))
# At the ends of blocks: the last base inside, the first outside.
for _ in range(400):
    chain, blocks = random.choice(whole)
    start, end = random.choice(blocks)
    for zero_based in (start - 1, start, end - 1, end):
        if 0 <= zero_based < int(chain[3]):
            places.add((chain[2], zero_based + 1))

first = LiftOver(path)
second = ChainFile(path, one_based=True)
with open("hg19ToHg38.oracle.tsv", "w") as out:
    print("contig", "position", "lifted", sep="\t", file=out)
    for contig, position in sorted(places):
        answers = [(c, p + 1, s) for c, p, s, _ in first.convert_coordinate(contig, position - 1) or []]
        other = [(c, p, s) for c, p, s in second[contig][position]]
        assert sorted(answers) == sorted(other), (contig, position, answers, other)
        text = ",".join(f"{c}:{p}:{s}" for c, p, s in answers) or "."
        print(contig, position, text, sep="\t", file=out)
