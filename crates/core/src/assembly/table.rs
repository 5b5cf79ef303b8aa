//! Contigs of the known assemblies: RefSeq accession, length in bp, refget digest.
//!
//! Accessions and lengths: NCBI assembly reports of GRCh38, GRCh37 and GRCm38. Digests: GA4GH refget,
//! SHA-512 of the upper-case sequence, first 24 bytes, base64url.
//!
//! Sources of the digests, each list compared entry by entry with the table:
//!
//! - GRCh38 1-22, X, Y and GRCh37 1-22, X, Y: the accession lists of GATK (`RefGetAccessionProvider`, read from a
//!   SeqRepo instance), of gnomad_methods (`VRS_CHROM_IDS`) and of agct (`assembly_registry`); all three agree.
//! - GRCh37 1-22, X and M again: the example sequence collection of refgenie/refget, made from a FASTA of Ensembl;
//!   and, but for 3, the digests that go-vmc printed for Ensembl's GRCh37 primary assembly.
//! - M of both human assemblies (the revised Cambridge sequence, shared): GATK, refgenie/refget and go-vmc.
//! - GRCm38: no published list was found, neither of these digests nor of MD5 (public repositories: sequence dictionaries,
//!   SAM and CRAM headers, data of refget and sequence-collection servers; the one M5 of a chromosome that turned up is of a
//!   masked copy). Its digests are empty and a mouse genome stays "not proven". Its mitochondrion alone would prove nothing,
//!   since GRCm39 has the same one.
//!
//! Copies with other content have other digests, which are not in the table: Y with its pseudoautosomal regions
//! masked (Ensembl's; for GRCh37 `SQ.fbS5kAwZUB5-1xVpa7xZ4s_lyDpLPVUo`). For GRCh37 3 go-vmc printed
//! `SQ.4NK8W1wiBx1e2iknrBRL7xJgTSPnZBPs`, the four other lists the value below; the chromosome holds IUPAC codes
//! that some copies write as N.

use super::AssemblyContig;

const fn contig(number: &'static str, accession: &'static str, length_bp: u32, refget: &'static str) -> AssemblyContig {
    AssemblyContig {
        number,
        accession,
        length_bp,
        refget,
    }
}

pub(super) const GRCH38: &[AssemblyContig] = &[
    contig("1", "NC_000001.11", 248_956_422, "SQ.Ya6Rs7DHhDeg7YaOSg1EoNi3U_nQ9SvO"),
    contig("2", "NC_000002.12", 242_193_529, "SQ.pnAqCRBrTsUoBghSD1yp_jXWSmlbdh4g"),
    contig("3", "NC_000003.12", 198_295_559, "SQ.Zu7h9AggXxhTaGVsy7h_EZSChSZGcmgX"),
    contig("4", "NC_000004.12", 190_214_555, "SQ.HxuclGHh0XCDuF8x6yQrpHUBL7ZntAHc"),
    contig("5", "NC_000005.10", 181_538_259, "SQ.aUiQCzCPZ2d0csHbMSbh2NzInhonSXwI"),
    contig("6", "NC_000006.12", 170_805_979, "SQ.0iKlIQk2oZLoeOG9P1riRU6hvL5Ux8TV"),
    contig("7", "NC_000007.14", 159_345_973, "SQ.F-LrLMe1SRpfUZHkQmvkVKFEGaoDeHul"),
    contig("8", "NC_000008.11", 145_138_636, "SQ.209Z7zJ-mFypBEWLk4rNC6S_OxY5p7bs"),
    contig("9", "NC_000009.12", 138_394_717, "SQ.KEO-4XBcm1cxeo_DIQ8_ofqGUkp4iZhI"),
    contig("10", "NC_000010.11", 133_797_422, "SQ.ss8r_wB0-b9r44TQTMmVTI92884QvBiB"),
    contig("11", "NC_000011.10", 135_086_622, "SQ.2NkFm8HK88MqeNkCgj78KidCAXgnsfV1"),
    contig("12", "NC_000012.12", 133_275_309, "SQ.6wlJpONE3oNb4D69ULmEXhqyDZ4vwNfl"),
    contig("13", "NC_000013.11", 114_364_328, "SQ._0wi-qoDrvram155UmcSC-zA5ZK4fpLT"),
    contig("14", "NC_000014.9", 107_043_718, "SQ.eK4D2MosgK_ivBkgi6FVPg5UXs1bYESm"),
    contig("15", "NC_000015.10", 101_991_189, "SQ.AsXvWL1-2i5U_buw6_niVIxD6zTbAuS6"),
    contig("16", "NC_000016.10", 90_338_345, "SQ.yC_0RBj3fgBlvgyAuycbzdubtLxq-rE0"),
    contig("17", "NC_000017.11", 83_257_441, "SQ.dLZ15tNO1Ur0IcGjwc3Sdi_0A6Yf4zm7"),
    contig("18", "NC_000018.10", 80_373_285, "SQ.vWwFhJ5lQDMhh-czg06YtlWqu0lvFAZV"),
    contig("19", "NC_000019.10", 58_617_616, "SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl"),
    contig("20", "NC_000020.11", 64_444_167, "SQ.-A1QmD_MatoqxvgVxBLZTONHz9-c7nQo"),
    contig("21", "NC_000021.9", 46_709_983, "SQ.5ZUqxCmDDgN4xTRbaSjN8LwgZironmB8"),
    contig("22", "NC_000022.11", 50_818_468, "SQ.7B7SHsmchAR0dFcDCuSFjJAo7tX87krQ"),
    contig("X", "NC_000023.11", 156_040_895, "SQ.w0WZEvgJF0zf_P4yyTzjjv9oW1z61HHP"),
    contig("Y", "NC_000024.10", 57_227_415, "SQ.8_liLu1aycC0tPQPFmUaGXJLDs5SbPZ5"),
    contig("M", "NC_012920.1", 16_569, "SQ.k3grVkjY-hoWcCUojHw6VU6GE3MZ8Sct"),
];

pub(super) const GRCH37: &[AssemblyContig] = &[
    contig("1", "NC_000001.10", 249_250_621, "SQ.S_KjnFVz-FE7M0W6yoaUDgYxLPc1jyWU"),
    contig("2", "NC_000002.11", 243_199_373, "SQ.9KdcA9ZpY1Cpvxvg8bMSLYDUpsX6GDLO"),
    contig("3", "NC_000003.11", 198_022_430, "SQ.VNBualIltAyi2AI_uXcKU7M9XUOuA7MS"),
    contig("4", "NC_000004.11", 191_154_276, "SQ.iy7Zfceb5_VGtTQzJ-v5JpPbpeifHD_V"),
    contig("5", "NC_000005.9", 180_915_260, "SQ.vbjOdMfHJvTjK_nqvFvpaSKhZillW0SX"),
    contig("6", "NC_000006.11", 171_115_067, "SQ.KqaUhJMW3CDjhoVtBetdEKT1n6hM-7Ek"),
    contig("7", "NC_000007.13", 159_138_663, "SQ.IW78mgV5Cqf6M24hy52hPjyyo5tCCd86"),
    contig("8", "NC_000008.10", 146_364_022, "SQ.tTm7wmhz0G4lpt8wPspcNkAD_qiminj6"),
    contig("9", "NC_000009.11", 141_213_431, "SQ.HBckYGQ4wYG9APHLpjoQ9UUe9v7NxExt"),
    contig("10", "NC_000010.10", 135_534_747, "SQ.-BOZ8Esn8J88qDwNiSEwUr5425UXdiGX"),
    contig("11", "NC_000011.9", 135_006_516, "SQ.XXi2_O1ly-CCOi3HP5TypAw7LtC6niFG"),
    contig("12", "NC_000012.11", 133_851_895, "SQ.105bBysLoDFQHhajooTAUyUkNiZ8LJEH"),
    contig("13", "NC_000013.10", 115_169_878, "SQ.Ewb9qlgTqN6e_XQiRVYpoUfZJHXeiUfH"),
    contig("14", "NC_000014.8", 107_349_540, "SQ.5Ji6FGEKfejK1U6BMScqrdKJK8GqmIGf"),
    contig("15", "NC_000015.9", 102_531_392, "SQ.zIMZb3Ft7RdWa5XYq0PxIlezLY2ccCgt"),
    contig("16", "NC_000016.9", 90_354_753, "SQ.W6wLoIFOn4G7cjopxPxYNk2lcEqhLQFb"),
    contig("17", "NC_000017.10", 81_195_210, "SQ.AjWXsI7AkTK35XW9pgd3UbjpC3MAevlz"),
    contig("18", "NC_000018.9", 78_077_248, "SQ.BTj4BDaaHYoPhD3oY2GdwC_l0uqZ92UD"),
    contig("19", "NC_000019.9", 59_128_983, "SQ.ItRDD47aMoioDCNW_occY5fWKZBKlxCX"),
    contig("20", "NC_000020.10", 63_025_520, "SQ.iy_UbUrvECxFRX5LPTH_KPojdlT7BKsf"),
    contig("21", "NC_000021.8", 48_129_895, "SQ.LpTaNW-hwuY_yARP0rtarCnpCQLkgVCg"),
    contig("22", "NC_000022.10", 51_304_566, "SQ.XOgHwwR3Upfp5sZYk6ZKzvV25a4RBVu8"),
    contig("X", "NC_000023.10", 155_270_560, "SQ.v7noePfnNpK8ghYXEqZ9NukMXW7YeNsm"),
    contig("Y", "NC_000024.9", 59_373_566, "SQ.BT7QyW5iXaX_1PSX-msSGYsqRdMKqkj-"),
    contig("M", "NC_012920.1", 16_569, "SQ.k3grVkjY-hoWcCUojHw6VU6GE3MZ8Sct"),
];

pub(super) const GRCM38: &[AssemblyContig] = &[
    contig("1", "NC_000067.6", 195_471_971, ""),
    contig("2", "NC_000068.6", 182_113_224, ""),
    contig("3", "NC_000069.6", 160_039_680, ""),
    contig("4", "NC_000070.6", 156_508_116, ""),
    contig("5", "NC_000071.6", 151_834_684, ""),
    contig("6", "NC_000072.6", 149_736_546, ""),
    contig("7", "NC_000073.6", 145_441_459, ""),
    contig("8", "NC_000074.6", 129_401_213, ""),
    contig("9", "NC_000075.6", 124_595_110, ""),
    contig("10", "NC_000076.6", 130_694_993, ""),
    contig("11", "NC_000077.6", 122_082_543, ""),
    contig("12", "NC_000078.6", 120_129_022, ""),
    contig("13", "NC_000079.6", 120_421_639, ""),
    contig("14", "NC_000080.6", 124_902_244, ""),
    contig("15", "NC_000081.6", 104_043_685, ""),
    contig("16", "NC_000082.6", 98_207_768, ""),
    contig("17", "NC_000083.6", 94_987_271, ""),
    contig("18", "NC_000084.6", 90_702_639, ""),
    contig("19", "NC_000085.6", 61_431_566, ""),
    contig("X", "NC_000086.7", 171_031_299, ""),
    contig("Y", "NC_000087.7", 91_744_698, ""),
    contig("M", "NC_005089.1", 16_299, ""),
];
