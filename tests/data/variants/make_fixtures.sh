#!/usr/bin/env bash
# Cuts the fixtures of this folder from the folders named in README.md and converts two of them with bcftools and
# pyarrow. Usage: make_fixtures.sh DATA, where DATA holds gnomad_vcf, onekg_vcf, igvf_samples and so on.
set -euo pipefail
data=$1
cd "$(dirname "$0")"

for name in gnomad_v4.0_exomes_chrX_253600_255239.slim gnomad_v4.0_genomes_chrY_2781500_2790000.slim \
            gnomad_v4.0_sv_chr1_10000_629981.slim gnomad_v4.0_cnv_chr1 gnomad_v3.1_chrM_GRCh38 \
            gnomad_v4.0_genomes_chr1_10031_10061; do
  cp "$data/gnomad_vcf/$name.vcf.gz" .
done
cp "$data/onekg_vcf/1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz" .
cp "$data/onekg_vcf/1000G_phase3_HG00096_chr21_GRCh38.vcf" .
cp "$data/variant_annotation/dbsnp_BRCA1_GRCh37.vcf" .
gzip -9nc "$data/variant_annotation/giab_HG001_chr19_edge_cases_GRCh38.vcf" > giab_HG001_chr19_edge_cases_GRCh38.vcf.gz
for name in STR.csv baskerville_eqtl_chr1.vcf baskerville_eqtl_flip_chr1.vcf chr6_41897087_SV.vcf snps_polya.vcf \
            snps_splice.vcf; do
  cp "$data/borzoi_variants/$name" .
done
for name in adastra_ATF1_HepG2.tsv afgr_caqtl_example.txt.gz afgr_eqtl_example.txt.gz gvatdb_sample.tsv \
            gtex_v8_brain_amygdala_example.signif_variant_gene_pairs.txt.gz \
            gtex_v8_brain_amygdala_example.sqtl_signifpairs.txt.gz \
            igvf_mpra_variant_effects_example.tsv starr_seq_variant_example.tsv; do
  cp "$data/igvf_samples/$name" .
done
head -n 40 "$data/qtl_slices/caqtl_ENCFF103XRK_sample.bed" > caqtl_ENCFF103XRK_head.bed
head -n 21 "$data/variant_annotation/pqtl_ukb_ppp_example.csv" > pqtl_ukb_ppp_head.csv
head -n 21 "$data/variant_annotation/topld_chr20_info_head.csv" | cut -c1-2000 | cut -d, -f1-6 > topld_chr20_head.csv
gzip -dc "$data/gwas_vep_samples/new_format_GCST90293086.h.tsv.gz" 2>/dev/null | sed -n '1,51p' > gwas_new_format_head.tsv
gzip -dc "$data/gwas_vep_samples/old_format_GCST006090.h.tsv.gz" 2>/dev/null | sed -n '1,51p' > gwas_old_format_head.tsv
head -n 6 "$data/gwas_vep_samples/gwas_catalog_associations.tsv" > gwas_catalog_head.tsv
cp "$data/caqtl_chrombpnet/caqtls_african_lcls_subset.tsv" .

# Binary forms of the chr12 and SV slices.
bcftools view --no-version -Ob -o onekg_chr12.bcf 1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz
bcftools view --no-version -Ou -o gnomad_sv.bcf gnomad_v4.0_sv_chr1_10000_629981.slim.vcf.gz
python3 make_parquet.py
chmod 644 ./*.vcf* ./*.bcf ./*.tsv ./*.csv ./*.txt.gz ./*.bed

# What bcftools makes of multi-allelic rows: one line for each ALT. The dbSNP file lacks its contig line.
split() { bcftools norm --no-version -m -any - 2>/dev/null | bcftools query -f '%CHROM:%POS:%REF>%ALT\n'; }
bcftools view 1kGP_high_coverage_chr12_66888_139103.20samples.vcf.gz | split > onekg_chr12.split.txt
sed 's/^#CHROM/##contig=<ID=17>\n#CHROM/' dbsnp_BRCA1_GRCh37.vcf | split > dbsnp.split.txt
chmod 644 ./*.txt
