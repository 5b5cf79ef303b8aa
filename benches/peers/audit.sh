#!/usr/bin/env bash
# Audit and normalisation of a million VCF rows: refalt against bcftools, one after the other, five times.
#
#     benches/peers/audit.sh [FOLDER]      needs bcftools, GNU time and target/release/refalt
set -euo pipefail
cd "$(dirname "$0")/../.."
work=${1:-$(mktemp -d)}
mkdir -p "$work"
gzip -dc tests/data/hg38/hg38_chr1_1_1000000.fa.gz > "$work/chr1.fa"
python3 - "$work/chr1.fa" "$work/variants.vcf" <<'PY'
import random, sys
sequence = "".join(line.strip() for line in open(sys.argv[1]) if line[0] != ">").upper()
random.seed(7)
rows = set()
while len(rows) < 1_000_000:
    position = random.randrange(20_000, 990_000)
    reference = sequence[position - 1]
    if random.random() < 0.1:
        length = random.randrange(1, 6)
        if random.random() < 0.5:
            alternate = reference + "".join(random.choice("ACGT") for _ in range(length))
        else:
            reference = sequence[position - 1 : position + length]
            alternate = reference[0]
    else:
        alternate = random.choice([base for base in "ACGT" if base != reference])
    if "N" not in reference:
        rows.add((position, reference, alternate))
with open(sys.argv[2], "w") as out:
    out.write('##fileformat=VCFv4.3\n##FILTER=<ID=PASS,Description="All filters passed">\n')
    out.write("##contig=<ID=chr1,length=1000000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n")
    for position, reference, alternate in sorted(rows):
        out.write(f"chr1\t{position}\t.\t{reference}\t{alternate}\t.\tPASS\t.\n")
PY
samtools faidx "$work/chr1.fa" 2>/dev/null || true
timed() { /usr/bin/time -f "$1  %e s wall  %U s user  %M kB" "${@:2}" 2>&1 >/dev/null | tail -1; }
for _ in 1 2 3 4 5; do
  timed "refalt vet            " target/release/refalt vet "$work/variants.vcf" --reference "$work/chr1.fa" --list 0 -q || true
  timed "refalt vet --out      " target/release/refalt vet "$work/variants.vcf" --reference "$work/chr1.fa" --list 0 -q --out "$work/out" || true
  timed "bcftools norm -c w -Oz" bcftools norm --check-ref w -f "$work/chr1.fa" "$work/variants.vcf" -Oz -o "$work/norm.vcf.gz"
done
