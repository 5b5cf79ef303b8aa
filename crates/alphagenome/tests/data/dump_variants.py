"""Oracle numbers for variant prediction: REF and ALT outputs of the JAX reference, at tiny widths, with no real weights.

usage: dump_variants.py CHECKOUT OUT.safetensors [--sites K] [--threshold T] [--report REPORT.json]
  CHECKOUT  a checkout of google-deepmind/alphagenome_research (made with 3f79219, Apache-2.0); nothing else is read

Made with Python 3.11.7 and jax 0.10.2, jaxlib 0.10.2, dm-haiku 0.0.17, jmp 0.0.4, chex 0.1.92, jaxtyping 0.3.11,
alphagenome 0.10.0, numpy 2.4.6, safetensors 0.8.0, einshape 1.0, anndata 0.12.19, pandas 2.3.3, pyfaidx 0.9.2.2,
pyranges 0.1.7, orbax-checkpoint 0.12.8, kagglehub 1.0.3, huggingface_hub 2.4.0, on CPU. tensorflow is stubbed.

What runs is the reference's own public `AlphaGenomeModel.predict_variant` and `predict_interval`; the script records what its
`_predict_variant` and `_predict` return: all 11 output types, after the reverse complement and before padding tracks are dropped.
Replaced: the width literals of the model source (SUBS, as for the tiny module golden), the compute type (float32 in place of
bfloat16), and the weights. Weights: element i (row-major, JAX layout) of tensor "module/param" is
  h = FNV-1a-64(name utf-8);  z = splitmix64 finaliser of (h + (i+1)*0x9E3779B97F4A7C15 mod 2^64)
  u = float32((z >> 40) - 2^23) * 2^-23                      (exact, in [-1, 1))
  value = float32(base + amp*u), the product and the sum each rounded to float32, (base, amp) from rule().

Sequence: contig "chr1", 20,480 bases of "ACGT"[s >> 62] with s <- s*6364136223846793005 + 1442695040888963407 mod 2^64 before
every base, s = 1 at first. The interval is chr1:0-16384 (0-based, half open).

Tracks: the first 6 rows of each head's metadata, as in the tiny module golden (splice sites keep 5). The first 6 rows of the
stranded heads are all "+", which the reference cannot reindex, so their strand column is overwritten with STRANDS.

Tensors, for a case C, an allele A in {reference, alternate} (or "prediction" for a case without variant) and an output type T:
  C/A/T          every stride-th element of the flattened array, at most KEEP, stride = max(1, size // KEEP); KEEP is 2,048, but 256
                 for negative_insertion and negative_deletion (save their junctions)
  C/A/T#shape    shape of the whole array without the batch axis
  C/A/splice_junctions/splice_site_positions   (4, K), whole
  C/A/atac#window   bp 8,000 to 8,400, all tracks, whole, for some cases
  C/gene_mask, C/splice_sites   what `_predict_variant` was given, as half-open runs and (class, position) rows
  reindex/T      the strand permutation, the same for both organisms but for mouse PRO-cap (all padding, not permuted)
All are float32 but for positions and shapes; splice site usage has passed through float16, as in the reference. Mouse PRO-cap is all
padding, has no `nonzero_mean` column, and is therefore scaled by 1 (finite, not NaN). Metadata of the file, as JSON: cases
(interval, variant, organism, FNV-1a-64 of the two sequences as given to the model), sites, threshold, and what the choice of splice
sites saw. Two runs give equal tensors, but not equal bytes: safetensors does not fix the order of the metadata.

The random weights put every class probability near 0.2, so that all 16,384 positions pass the released threshold of 0.1, and the
512th and 513th largest are 4e-7 apart, which is rounding. Hence 12 sites and a threshold of 0.17966: no probability is within 1e-5
of the threshold, nor, among those that pass it, the 12th within 1e-5 of the 13th. In human the first three classes fill all 12
places and the fourth only some of them. The junction counts (12 x 12 x 12) are thereby stored whole.

Alignment. Every ALT output is on the coordinates of the ALT sequence as it is (for a negative strand, of that sequence reversed),
save splice junctions: they come from the ALT embeddings and the ALT splice site probabilities after `align_alternate`, at positions
shared by both alleles, so they are on reference coordinates. The script asserts the first, and of the second the positions.
"""
import argparse, importlib.abc, importlib.util, json, os, re, sys, tempfile
from unittest import mock

os.environ["JAXTYPING_DISABLE"] = "1"  # the shape annotations carry the unscaled literals
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import numpy as np

LENGTH, CONTIG, KEEP = 16384, 20480, 2048
TRACKS = 6
STRANDS = ["+", "+", "-", ".", "-", "."]  # permutation 2 4 0 3 1 5
SUBS = {  # module tail -> [(regex, replacement)]: c0 32, step 16, head dim 16, v 24, pair heads 4
    "convolutions": [(r"\b768\b", "32"), (r"\+ 128\b", "+ 16"), (r"\(0, 128\)", "(0, 16)")],
    "attention": [(r"\b128\b", "16"), (r"\b192\b", "24"), (r"\b32\b(?=[ ,*)])", "4")],
    "embeddings": [(r"(Embed\(self\._num_organisms, )128", r"\g<1>16")],
    "heads": [(r"(_hidden_dim = )768", r"\g<1>32")],
}


class Scaled(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Loads the four modules of SUBS with their width literals replaced."""

    def find_spec(self, name, path, target=None):
        tail = name.rsplit(".", 1)[-1]
        if name.startswith("alphagenome_research.model.") and name.count(".") == 2 and tail in SUBS:
            return importlib.util.spec_from_loader(name, self, origin=f"{path[0]}/{tail}.py")

    def exec_module(self, module):
        with open(module.__spec__.origin) as f:
            src = f.read()
        for pattern, replacement in SUBS[module.__name__.rsplit(".", 1)[-1]]:
            src, n = re.subn(pattern, replacement, src)
            assert n, pattern
        exec(compile(src, module.__spec__.origin, "exec"), module.__dict__)


def fnv1a64(text):
    h = 0xCBF29CE484222325
    for b in text.encode():
        h = ((h ^ b) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return h


def uniform(name, size):
    h = fnv1a64(name)
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(1, size + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return ((z >> np.uint64(40)).astype(np.int64) - (1 << 23)).astype(np.float32) * np.float32(2.0**-23)


def rule(mod, leaf, shape):
    """(base, amp) by parameter name, damped so that activations stay of order one to ten through all blocks."""
    if leaf == "w":
        taps = shape[0] if mod.endswith("conv1_d") else 1
        return 0.0, (1.5 if mod.endswith("/conv1_d") else 0.6) / np.sqrt(shape[-2] * taps)
    if leaf == "scale" and mod.endswith("standardized_conv1_d"):
        return 0.5, 0.125
    if leaf in ("scale", "learnt_scale"):
        return 1.0, 0.25
    if leaf == "residual_scale":
        return 0.75, 0.125
    if leaf == "var_ema":
        return 1.0, 0.5
    if leaf == "embeddings":
        return 0.0, 0.25
    return 0.0, 0.1  # b, bias, offset, q_r_bias, k_r_bias


def fill(tree):
    out = {}
    for mod, leaves in tree.items():
        out[mod] = {}
        for leaf, s in leaves.items():
            base, amp = (np.float32(v) for v in rule(mod, leaf, s.shape))
            size = int(np.prod(s.shape, dtype=np.int64))
            out[mod][leaf] = (base + amp * uniform(f"{mod}/{leaf}", size)).reshape(s.shape)
    return out


def lcg_bases(n):
    out, s = [], 1
    for _ in range(n):
        s = (s * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        out.append("ACGT"[s >> 62])
    return "".join(out)


parser = argparse.ArgumentParser()
parser.add_argument("checkout")
parser.add_argument("out")
parser.add_argument("--sites", type=int, default=12)
parser.add_argument("--threshold", type=float, default=0.17966)
parser.add_argument("--report")
args = parser.parse_args()
sys.path.insert(0, args.checkout.rstrip("/") + "/src")
sys.modules["tensorflow"] = mock.MagicMock(name="tensorflow")
sys.meta_path.insert(0, Scaled())
import jax, jax.numpy as jnp, jmp
from alphagenome.data import genome
from alphagenome.models import dna_model as api, dna_output
from alphagenome_research.io import fasta
from alphagenome_research.model import dna_model, splicing
from alphagenome_research.model.metadata import metadata as metadata_lib
from alphagenome_research.model.variant_scoring import variant_scoring
from safetensors.numpy import save_file

HUMAN, MOUSE = api.Organism.HOMO_SAPIENS, api.Organism.MUS_MUSCULUS
TYPES = tuple(dna_output.OutputType)


def cut(full):
    """The first TRACKS rows of every head, with a strand column that can be reindexed."""
    rows = {}
    for t in TYPES:
        table = full.get(t)
        if table is not None and t != dna_output.OutputType.SPLICE_SITES:
            table = table.iloc[:TRACKS].copy()
            if "strand" in table and (table["strand"] != ".").any():
                assert (table["strand"] == "+").all()
                table["strand"] = STRANDS
        rows[t.name.lower()] = table
    return metadata_lib.AlphaGenomeOutputMetadata(**rows)


class Fixed:
    """Stands in for an annotation extractor: returns the same arrays whatever it is asked."""

    def __init__(self, value):
        self.value = value

    def extract(self, *_):
        return self.value


metadata = {o: cut(metadata_lib.load(o)) for o in (HUMAN, MOUSE)}
get_policy = jmp.get_policy
with mock.patch.object(jmp, "get_policy", lambda _: get_policy("params=float32,compute=float32,output=float32")):
    init_fn, apply_fn, junctions_apply_fn = dna_model.create_model(
        metadata, num_splice_sites=args.sites, splice_site_threshold=args.threshold)
shapes = jax.eval_shape(init_fn, jax.random.PRNGKey(0), jax.ShapeDtypeStruct((1, 2048, 4), jnp.float32),
                        jax.ShapeDtypeStruct((1,), jnp.int32))
params, state = (fill(tree) for tree in shapes)

contig = lcg_bases(CONTIG)
folder = tempfile.TemporaryDirectory()
path = os.path.join(folder.name, "chr1.fa")
with open(path, "w") as f:
    f.write(">chr1\n" + contig + "\n")
with open(path + ".fai", "w") as f:
    f.write(f"chr1\t{CONTIG}\t6\t{CONTIG}\t{CONTIG + 1}\n")
extractor = fasta.FastaExtractor(path)
model = dna_model.AlphaGenomeModel(
    params=params, state=state, apply_fn=apply_fn, junctions_apply_fn=junctions_apply_fn, metadata=metadata,
    fasta_extractors={HUMAN: extractor, MOUSE: extractor}, num_splice_sites=args.sites,
    splice_site_threshold=args.threshold, device=jax.devices("cpu")[0])

recorded = {}


def recorder(name):
    wrapped = getattr(model, name)

    def call(*a, **kw):
        out = wrapped(*a, **kw)
        with jax.transfer_guard("allow"):
            recorded["args"], recorded["out"] = a, jax.tree.map(np.array, out)
        return out

    return call


model._predict, model._predict_variant = recorder("_predict"), recorder("_predict_variant")
tensors, cases, report = {}, {}, {}


def store(prefix, outputs, keep, windows=None):
    for t in TYPES:
        name, most = f"{prefix}/{t.name.lower()}", keep
        values = outputs[t]
        if t == dna_output.OutputType.SPLICE_JUNCTIONS:
            tensors[name + "/splice_site_positions"] = values["splice_site_positions"][0].astype(np.int32)
            values, most = values["predictions"], KEEP
        values = values[0].astype(np.float32)
        tensors[name] = np.ascontiguousarray(values.reshape(-1)[:: max(1, values.size // most)][:most])
        tensors[name + "#shape"] = np.array(values.shape, np.int64)
        if (window := (windows or {}).get(t)) is not None:
            tensors[name + "#window"] = np.ascontiguousarray(values[slice(*window)])


def selection(probabilities):
    """What the choice of splice sites depends on, for each of the four classes: (S, 4) -> lists of 4."""
    ordered = -np.sort(-probabilities, axis=0)
    k = min(args.sites, len(ordered) - 1)
    threshold = np.float32(args.threshold)
    return {
        "passing": (ordered >= threshold).sum(0).tolist(),
        "kept": np.minimum((ordered >= threshold).sum(0), args.sites).tolist(),
        "largest": ordered[0].tolist(),
        "last_kept_minus_first_dropped": (ordered[k - 1] - ordered[k]).tolist(),
        "distance_to_threshold": np.abs(probabilities - threshold).min(0).tolist(),
    }


def variant_case(name, variant, *, strand=".", genes=None, sites=None, keep=KEEP, windows=None):
    interval = genome.Interval("chr1", 0, LENGTH, strand)
    model._gene_mask_extractors = {} if genes is None else {HUMAN: Fixed((genes[:, None], None))}
    model._splice_site_extractors = {} if sites is None else {HUMAN: Fixed(sites.copy())}
    model.predict_variant(interval, variant, organism=HUMAN, requested_outputs=TYPES, ontology_terms=None)
    reference, alternate = recorded["out"]
    _, _, reference_sequence, alternate_sequence, masks, *_ = recorded["args"]
    store(f"{name}/reference", reference, keep, windows)
    store(f"{name}/alternate", alternate, keep, windows)
    cases[name] = {"interval": str(interval), "organism": 0, "position": variant.position,
                   "reference_bases": variant.reference_bases, "alternate_bases": variant.alternate_bases,
                   "negative_strand": interval.negative_strand, "keep": keep}
    given = np.array(masks.reference_genes)[0, :, 0]
    if genes is not None:
        edges = np.flatnonzero(np.diff(np.concatenate([[0], given.astype(np.int8), [0]])))
        tensors[f"{name}/gene_mask"] = edges.reshape(-1, 2).astype(np.int32)
    annotated = None if masks.splice_sites is None else np.array(masks.splice_sites)[0]
    if annotated is not None:
        rows = np.argwhere(annotated[:, :4].T)
        tensors[f"{name}/splice_sites"] = np.ascontiguousarray(rows, np.int32)

    # The same selection again from the stored outputs, put back into the orientation that the model saw.
    def seen(outputs):
        p = outputs[dna_output.OutputType.SPLICE_SITES][0]
        return p[::-1][:, [2, 3, 0, 1, 4]] if interval.negative_strand else p

    aligned = seen(alternate)
    indel = jax.tree.map(lambda x: np.array(x)[0], masks.indel_masks)
    if indel.variant_is_indel.any():
        aligned = np.asarray(variant_scoring.align_alternate(jnp.asarray(aligned), indel))
    union = np.maximum(seen(reference), aligned) * given[:, None]
    if annotated is not None:
        union = np.maximum(union, annotated)
    report[name] = selection(union[:, :4])
    positions = np.asarray(splicing.generate_splice_site_positions(
        jnp.asarray(union)[None], alt=None, splice_sites=None, k=args.sites, pad_to_length=args.sites,
        threshold=args.threshold))[0]
    if interval.negative_strand:
        positions = np.where(positions < 0, -1, LENGTH - 1 - positions)[[2, 3, 0, 1]]
    for outputs in (reference, alternate):
        stored = outputs[dna_output.OutputType.SPLICE_JUNCTIONS]["splice_site_positions"][0]
        assert (positions == stored).all(), name

    # Only the junctions of ALT are on reference coordinates: everything else is what the ALT sequence alone gives.
    plain = model._predict(params, state, alternate_sequence, np.zeros(1, np.int32), requested_outputs=TYPES,
                           strand_reindexing=metadata[HUMAN].strand_reindexing,
                           negative_strand_mask=np.array([interval.negative_strand]))
    for t in TYPES:
        if t != dna_output.OutputType.SPLICE_JUNCTIONS:
            np.testing.assert_allclose(alternate[t].astype(np.float32), np.asarray(plain[t]).astype(np.float32), rtol=1e-4,
                                       atol=1e-5)
    letters = ("".join("ACGT"[i] for i in np.array(x)[0].argmax(-1)) for x in (reference_sequence, alternate_sequence))
    cases[name]["sequences_fnv1a64"] = [f"{fnv1a64(x):016x}" for x in letters]


START = 8200  # 0-based; not on a 128 bp boundary
base = contig[START]
snv = genome.Variant("chr1", START + 1, base, {"A": "C", "C": "G", "G": "T", "T": "A"}[base])
insertion = genome.Variant("chr1", START + 1, base, base + "ACGTT")
deletion = genome.Variant("chr1", START + 1, contig[START : START + 8], base)
genes = np.zeros(LENGTH, bool)
genes[6000:10000] = True
ANNOTATED = {0: [5000, 6100, 7000, 9500], 1: [6500, 8300], 2: [7777, 9999], 3: [6000, 8888, 9001, 10000]}
sites = np.zeros((LENGTH, 5), bool)
for c, where in ANNOTATED.items():
    sites[where, c] = True
sites[:, 4] = ~sites[:, :4].any(-1)

atac = {dna_output.OutputType.ATAC: (8000, 8400)}
variant_case("snv", snv, windows=atac)
variant_case("insertion", insertion, windows=atac)
variant_case("deletion", deletion, windows=atac)
variant_case("gene", snv, genes=genes, sites=sites)
variant_case("negative", snv, strand="-", windows=atac)
variant_case("negative_insertion", insertion, strand="-", keep=256)
variant_case("negative_deletion", deletion, strand="-", keep=256)

interval = genome.Interval("chr1", 0, LENGTH)
model.predict_interval(interval, organism=MOUSE, requested_outputs=TYPES, ontology_terms=None)
store("mouse/prediction", recorded["out"], KEEP)
cases["mouse"] = {"interval": str(interval), "organism": 1, "keep": KEEP}
report["mouse"] = selection(recorded["out"][dna_output.OutputType.SPLICE_SITES][0, :, :4])
for t, order in metadata[HUMAN].strand_reindexing.items():
    tensors[f"reindex/{t.name.lower()}"] = np.asarray(order, np.int32)

save_file(tensors, args.out, metadata={
    "cases": json.dumps(cases), "sites": str(args.sites), "threshold": repr(args.threshold), "annotated": json.dumps(ANNOTATED),
    "selection": json.dumps(report), "jax": jax.__version__, "strands": json.dumps(STRANDS)})
if args.report:
    with open(args.report, "w") as f:
        json.dump({"cases": cases, "selection": report}, f, indent=1)
print(json.dumps({"tensors": len(tensors), "bytes": os.path.getsize(args.out)}))
