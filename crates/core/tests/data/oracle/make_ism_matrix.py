"""Writes ism_matrix.tsv: effects of substitutions, and what the published client makes of them.

Run with alphagenome 0.10.0 (PyPI, Apache-2.0) and numpy 2.4.6:
    python make_ism_matrix.py > ism_matrix.tsv
"""

import sys

import numpy as np
from alphagenome.data import genome
from alphagenome.interpretation import ism

SEQUENCE = 'ACGTTGCAGGATC'
START = 1_295_100


def main():
    interval = genome.Interval('chr5', START, START + len(SEQUENCE))
    variants = ism.ism_variants(interval, SEQUENCE)
    random = np.random.default_rng(20261120)
    scores = random.normal(size=len(variants)).astype(np.float32)
    # The small numbers of real scores, and ties.
    scores[:12] *= np.float32(1e-4)
    scores[12:15] = 0
    matrix = ism.ism_matrix(scores, variants, interval, multiply_by_sequence=False)
    own = ism.ism_matrix(scores, variants, interval, multiply_by_sequence=True)
    print('position', 'ref', *(f'effect_{b}' for b in 'ACGT'), *(f'centred_{b}' for b in 'ACGT'), 'contribution', sep='\t')
    by_place = {(v.position, v.alternate_bases): s for v, s in zip(variants, scores)}
    for i, base in enumerate(SEQUENCE):
        position = START + i + 1
        effects = [by_place.get((position, b)) for b in 'ACGT']
        cells = ['' if e is None else repr(float(e)) for e in effects]
        centred = [repr(float(x)) for x in matrix[i]]
        contribution = repr(float(own[i, 'ACGT'.index(base)]))
        assert np.count_nonzero(own[i]) <= 1
        print(position, base, *cells, *centred, contribution, sep='\t')


if __name__ == '__main__':
    sys.exit(main())
