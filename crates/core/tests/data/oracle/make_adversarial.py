"""Adversarial cases for the published scorers: values that are not finite, ties, 0 to 256 genes, both window ends.

Runs the published reference and stores what it answers; nothing is computed here. Writes `adversarial.json` and
`adversarial.safetensors` beside this script. Inputs are synthetic and described, not stored, by the rule of
`tests/it/oracle/generator.rs`; `put` sets single elements, `[flat index, value]`, afterwards.

    python make_adversarial.py PATH_TO_ALPHAGENOME_RESEARCH

Needs Python 3.12, alphagenome 0.10.0, jax[cpu] 0.12.0.1, pyranges 0.1.7, pandas 2.3.3, chex, einshape, and a checkout of
google-deepmind/alphagenome_research at 3f79219 (Apache-2.0).
"""

import importlib.metadata
import json
import pathlib
import struct
import sys

import numpy as np
import pandas as pd

sys.path.insert(0, str(pathlib.Path(sys.argv[1]) / "src"))

from alphagenome.data import genome  # noqa: E402
from alphagenome.models import dna_output, interval_scorers, variant_scorers  # noqa: E402
from alphagenome_research.model import splicing  # noqa: E402
from alphagenome_research.model.interval_scoring import gene_mask as interval_gene_mask  # noqa: E402
from alphagenome_research.model.variant_scoring import (  # noqa: E402
    center_mask,
    contact_map,
    gene_mask,
    gene_mask_extractor,
    splice_junction,
)

MASK = (1 << 64) - 1
OUTPUT = dna_output.OutputType
tensors = {}


def split_mix(stream, j):
    h = 0xCBF29CE484222325
    for byte in stream.encode():
        h = ((h ^ byte) * 0x100000001B3) & MASK
    z = (h + (j + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def dyadic(z):
    return 0.0 if (z >> 32) & 7 == 0 else ((z >> 54) & 1023) / 64


def coarse(z):
    return ((z >> 62) & 3) / 2


def array(shape, kind, stream, put=()):
    """Returns the array and its description."""
    function = {"dyadic": dyadic, "coarse": coarse}[kind]
    values = np.array([function(split_mix(stream, j)) for j in range(int(np.prod(shape)))], np.float32)
    for index, value in put:
        values[index] = float(value)
    description = {"kind": kind, "shape": list(shape), "stream": stream, "put": [list(p) for p in put]}
    return values.reshape(shape), description


def keep(name, values):
    tensors[name] = np.asarray(values, np.float32)
    return name


def metadata(output, strands):
    frame = pd.DataFrame({"name": [str(i) for i in range(len(strands))], "strand": list(strands), "gtex_tissue": ""})
    return dna_output.OutputMetadata(**{output.name.lower(): frame})


def gtf(genes):
    """Rows of genes `[id, strand, [[start, end], ...]]`, one transcript each."""
    rows = []
    for gene, strand, exons in genes:
        body = [min(e[0] for e in exons), max(e[1] for e in exons)]
        for feature, spans in (("gene", [body]), ("transcript", [body]), ("exon", exons)):
            for start, end in spans:
                rows.append(("chr1", start, end, strand, feature, gene, gene, "protein_coding",
                             "" if feature == "gene" else "T" + gene, "protein_coding"))
    columns = ["Chromosome", "Start", "End", "Strand", "Feature", "gene_id", "gene_name", "gene_type",
               "transcript_id", "transcript_type"]
    return pd.DataFrame(rows, columns=columns)


START, WIDTH = 5_000_000, 2048
INTERVAL = genome.Interval("chr1", START, START + WIDTH)
KIND = gene_mask_extractor.GeneMaskType
QUERY = gene_mask_extractor.GeneQueryType


def score(scorer, settings, output, strands, variant, ref, alt):
    """Runs the three steps of a scorer; an AnnData, or the name of the exception."""
    tracks = metadata(output, strands)
    try:
        masks, rows = scorer.get_masks_and_metadata(INTERVAL, variant, settings=settings, track_metadata=tracks)
        scores = scorer.score_variant({output: ref}, {output: alt}, masks=masks, settings=settings,
                                      variant=variant, interval=INTERVAL)
        scores = {key: np.asarray(value) for key, value in scores.items()}
        return scorer.finalize_variant(scores, track_metadata=tracks, mask_metadata=rows, settings=settings)
    except (ValueError, IndexError) as error:
        return type(error).__name__


def snv(index):
    return genome.Variant("chr1", START + index + 1, "A", "C")


def variant_json(variant):
    return [variant.chromosome, variant.position, variant.reference_bases, variant.alternate_bases]


VARIANTS = [
    snv(0), snv(WIDTH - 1), snv(1024), snv(1000),
    genome.Variant("chr1", START + 1, "A", "ACCGG"),
    genome.Variant("chr1", START + 1, "ACCGG", "A"),
    genome.Variant("chr1", START + WIDTH, "A", "ACCGG"),
    genome.Variant("chr1", START + WIDTH - 4, "ACCGG", "A"),
    genome.Variant("chr1", START + 1010, "A", "ACCGGT"),
    genome.Variant("chr1", START + 1010, "ACCGGT", "A"),
    genome.Variant("chr1", START + 1010, "ACG", "TTTTC"),
]
SPECIAL = {
    "finite": [],
    "nan_in_alt": [(1020 * 3, "nan")],
    "inf_in_alt": [(1020 * 3, "inf")],
    "inf_in_alt_minus_track": [(1020 * 3 + 1, "inf")],
    "minus_inf_in_alt": [(1020 * 3 + 2, "-inf")],
    "inf_at_the_indel": [(1009 * 3, "inf"), (1011 * 3 + 2, "nan")],
}


def gene_scorer(genes, settings):
    splicing_class = isinstance(settings, variant_scorers.GeneMaskSplicingScorer)
    kind, query = (KIND.BODY, QUERY.VARIANT_OVERLAPPING) if splicing_class else (KIND.EXONS, QUERY.INTERVAL_CONTAINED)
    return gene_mask.GeneVariantScorer(gene_mask_extractor.GeneMaskExtractor(gtf(genes), kind, gene_query_type=query))


def genes_of(count):
    """`count` genes with starts in the window, on both strands, most of them over its middle."""
    genes = []
    for i in range(count):
        start = START + 1 + (i * 7) % 900
        end = START + 1100 + (i * 11) % 900
        exons = [[start, start + 40], [start + 60, end - 30], [end - 20, end]]
        genes.append([f"ENSGN{i}.{i % 5}", "+-"[i % 2], exons])
    return genes


def gene_cases():
    cases = []
    one = [["ENSGONE.1", "+", [[START + 1000, START + 1030], [START + 1040, START + 1050]]]]
    for settings, output in (
        (variant_scorers.GeneMaskLFCScorer(requested_output=OUTPUT.RNA_SEQ), OUTPUT.RNA_SEQ),
        (variant_scorers.GeneMaskActiveScorer(requested_output=OUTPUT.RNA_SEQ), OUTPUT.RNA_SEQ),
        (variant_scorers.GeneMaskSplicingScorer(requested_output=OUTPUT.SPLICE_SITE_USAGE, width=None),
         OUTPUT.SPLICE_SITE_USAGE),
    ):
        for special, put in SPECIAL.items():
            ref, ref_description = array((WIDTH, 3), "dyadic", "adversarial/gene/ref")
            alt, alt_description = array((WIDTH, 3), "dyadic", "adversarial/gene/alt", put)
            for at, variant in enumerate(VARIANTS):
                answer = score(gene_scorer(one, settings), settings, output, "+-.", variant, ref, alt)
                name = f"gene/{settings.base_variant_scorer.name}/{special}/{at}"
                cases.append({
                    "id": name, "scorer": str(settings), "output": output.name, "strands": "+-.", "genes": one,
                    "ref": ref_description, "alt": alt_description, "variant": variant_json(variant),
                    "rows": list(answer.obs["gene_id"]), "tensor": keep(name, answer.X),
                })
        for count in (0, 1, 2, 22, 23, 255, 256, 257, 300):
            genes = genes_of(count)
            ref, ref_description = array((WIDTH, 3), "dyadic", "adversarial/gene/ref")
            alt, alt_description = array((WIDTH, 3), "dyadic", "adversarial/gene/alt")
            answer = score(gene_scorer(genes, settings), settings, output, "+-.", VARIANTS[8], ref, alt)
            name = f"gene/{settings.base_variant_scorer.name}/{count}_genes"
            case = {
                "id": name, "scorer": str(settings), "output": output.name, "strands": "+-.", "genes": count,
                "ref": ref_description, "alt": alt_description, "variant": variant_json(VARIANTS[8]),
            }
            if isinstance(answer, str):
                case["reference_fails"] = answer
            else:
                case["rows"] = list(answer.obs["gene_id"])
                case["tensor"] = keep(name, answer.X)
            cases.append(case)
    return cases


def center_cases():
    cases = []
    scorer = center_mask.CenterMaskVariantScorer()
    for special, put in {
        "nan_inside": [(1024 * 2, "nan")],
        "nan_outside": [(10, "nan")],
        "inf_inside": [(1024 * 2, "inf")],
        "minus_inf_inside": [(1024 * 2, "-inf")],
        "below_minus_one": [(1024 * 2, "-3.5")],
    }.items():
        for aggregation in variant_scorers.AggregationType:
            settings = variant_scorers.CenterMaskScorer(
                requested_output=OUTPUT.DNASE, width=501, aggregation_type=aggregation)
            ref, ref_description = array((WIDTH, 2), "dyadic", "adversarial/center/ref")
            alt, alt_description = array((WIDTH, 2), "dyadic", "adversarial/center/alt", put)
            answer = score(scorer, settings, OUTPUT.DNASE, "..", snv(1024), ref, alt)
            name = f"center/{aggregation.name}/{special}"
            cases.append({
                "id": name, "scorer": str(settings), "output": "DNASE", "strands": "..", "genes": None,
                "ref": ref_description, "alt": alt_description, "variant": variant_json(snv(1024)),
                "rows": None, "tensor": keep(name, answer.X),
            })
    return cases


def contact_cases():
    global INTERVAL
    whole, INTERVAL = INTERVAL, genome.Interval("chr1", START, START + 8 * 2048)
    cases = []
    settings = variant_scorers.ContactMapScorer()
    for special, put in {
        "nan_in_column": [(((2 * 8) + 3) * 2, "nan")],
        "nan_in_row": [(((3 * 8) + 2) * 2, "nan")],
        "inf_in_column": [(((2 * 8) + 3) * 2, "inf")],
        "minus_inf_in_column": [(((7 * 8) + 3) * 2 + 1, "-inf")],
    }.items():
        ref, ref_description = array((8, 8, 2), "dyadic", "adversarial/contact/ref")
        alt, alt_description = array((8, 8, 2), "dyadic", "adversarial/contact/alt", put)
        variant = snv(3 * 2048 + 77)
        answer = score(contact_map.ContactMapScorer(), settings, OUTPUT.CONTACT_MAPS, "..", variant, ref, alt)
        name = f"contact/{special}"
        cases.append({
            "id": name, "ref": ref_description, "alt": alt_description, "variant": variant_json(variant),
            "end": INTERVAL.end, "tensor": keep(name, answer.X),
        })
    INTERVAL = whole
    return cases


def junction_cases():
    cases = []
    settings = variant_scorers.SpliceJunctionScorer()
    genes = [["ENSGJ.1", "+", [[START + 10, START + 2000]]], ["ENSGK.1", "-", [[START + 5, START + 1900]]]]
    scorer = splice_junction.SpliceJunctionVariantScorer(gtf(genes))
    positions = np.array([[100, 300, 700, -1], [200, 500, 900, 1500], [400, 1000, -1, -1], [150, 350, 800, -1]], np.int32)
    for special, put in {
        "finite": [],
        "ties": [],
        "nan": [(((1 * 4) + 2) * 4, "nan"), (((0 * 4) + 0) * 4 + 3, "nan")],
        "inf": [(((0 * 4) + 3) * 4, "inf"), (((1 * 4) + 1) * 4 + 2, "inf")],
        "negative": [(((0 * 4) + 3) * 4, "-1")],
        "zero": [(((0 * 4) + 3) * 4, "0"), (((0 * 4) + 2) * 4 + 1, "0")],
        "tiny": [(((0 * 4) + 3) * 4, "1e-30"), (((0 * 4) + 2) * 4 + 1, "3e38")],
    }.items():
        kind = "coarse" if special == "ties" else "dyadic"
        ref, ref_description = array((4, 4, 4), kind, "adversarial/junction/ref")
        alt, alt_description = array((4, 4, 4), kind, "adversarial/junction/alt", put)
        tracks = metadata(OUTPUT.SPLICE_JUNCTIONS, "..")
        masks, rows = scorer.get_masks_and_metadata(INTERVAL, snv(1024), settings=settings, track_metadata=tracks)
        inputs = [{OUTPUT.SPLICE_JUNCTIONS: {"predictions": x, "splice_site_positions": positions}} for x in (ref, alt)]
        scores = scorer.score_variant(inputs[0], inputs[1], masks=masks, settings=settings)
        scores = {key: np.asarray(value) for key, value in scores.items()}
        answer = scorer.finalize_variant(scores, track_metadata=tracks, mask_metadata=rows, settings=settings)
        name = f"junction/{special}"
        obs = answer.obs
        cases.append({
            "id": name, "ref": ref_description, "alt": alt_description, "variant": variant_json(snv(1024)),
            "genes": genes, "positions": positions.tolist(),
            "rows": [[g, int(s), int(e)] for g, s, e in zip(obs["gene_id"], obs["junction_Start"], obs["junction_End"])],
            "tensor": keep(name, answer.X),
        })
    return cases


def interval_cases():
    cases = []
    genes = [["ENSGONE.1", "+", [[START + 1000, START + 1030], [START + 1040, START + 1050]]]]
    extractor = gene_mask_extractor.GeneMaskExtractor(gtf(genes), KIND.EXONS, gene_query_type=QUERY.INTERVAL_CONTAINED)
    scorer = interval_gene_mask.GeneIntervalScorer(extractor)
    for special, put in {"nan": [(1001 * 2, "nan")], "inf": [(1001 * 2, "inf")], "minus_inf": [(1001 * 2, "-inf")]}.items():
        for aggregation in interval_scorers.IntervalAggregationType:
            settings = interval_scorers.GeneMaskScorer(
                requested_output=OUTPUT.RNA_SEQ, width=501, aggregation_type=aggregation)
            values, description = array((WIDTH, 2), "dyadic", "adversarial/interval", put)
            tracks = metadata(OUTPUT.RNA_SEQ, "+.")
            masks, rows = scorer.get_masks_and_metadata(INTERVAL, settings=settings, track_metadata=tracks)
            scores = scorer.score_interval({OUTPUT.RNA_SEQ: values}, masks=masks, settings=settings, interval=INTERVAL)
            scores = {key: np.asarray(value) for key, value in scores.items()}
            answer = scorer.finalize_interval(scores, track_metadata=tracks, mask_metadata=rows, settings=settings)
            name = f"interval/{aggregation.name}/{special}"
            cases.append({"id": name, "scorer": str(settings), "genes": genes, "values": description,
                          "rows": list(answer.obs["gene_id"]), "tensor": keep(name, answer.X)})
    return cases


def site_cases():
    cases = []
    for k in (1, 7, 40, 100):
        for threshold in (0.0, 0.5, 1.0):
            ref, ref_description = array((100, 5), "coarse", "adversarial/sites/ref")
            alt, alt_description = array((100, 5), "coarse", "adversarial/sites/alt")
            found = splicing.generate_splice_site_positions(
                ref[None], alt[None], None, k=k, pad_to_length=k, threshold=threshold)
            cases.append({"id": f"sites/{k}/{threshold}", "ref": ref_description, "alt": alt_description, "k": k,
                          "threshold": threshold, "positions": np.asarray(found)[0].tolist()})
    return cases


def main():
    folder = pathlib.Path(__file__).parent
    groups = {
        "tracks": gene_cases() + center_cases(),
        "contacts": contact_cases(),
        "junctions": junction_cases(),
        "intervals": interval_cases(),
        "sites": site_cases(),
    }
    packages = ["alphagenome", "jax", "jaxlib", "numpy", "pandas", "anndata", "pyranges", "chex", "einshape"]
    versions = {package: importlib.metadata.version(package) for package in packages}
    versions |= {"alphagenome_research": "3f79219", "python": sys.version.split()[0]}
    interval = {"chromosome": "chr1", "start": START, "end": START + WIDTH}
    text = {"versions": versions, "interval": interval} | groups
    (folder / "adversarial.json").write_text(json.dumps(text, separators=(",", ":")) + "\n")
    header, data = {}, b""
    for name, values in tensors.items():
        part = np.ascontiguousarray(values, "<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [len(data), len(data) + len(part)]}
        data += part
    encoded = json.dumps(header, separators=(",", ":")).encode()
    (folder / "adversarial.safetensors").write_bytes(struct.pack("<Q", len(encoded)) + encoded + data)


main()
