//! The real slices of the genome, read as pyfaidx reads them.

use crate::{data, study};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use refalt::core::{Interval, Position, Reference};
use refalt::io::fasta::FastaReference;
use sha2::{Digest, Sha512};

fn sha512t24u(bases: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&Sha512::digest(bases)[..24])
}

#[test]
fn spans_of_chr1_are_those_that_pyfaidx_reads() {
    let reference = FastaReference::open(data("hg38/hg38_chr1_1_1000000.fa.gz")).unwrap();
    assert!(reference.notes().is_empty());
    let contig = reference.contig_id("1").unwrap();
    let table = std::fs::read_to_string(data("hg38/windows.tsv")).unwrap();
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let [start, end, first, last, digest] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let span = Interval::from_bed(start.parse().unwrap(), end.parse().unwrap()).unwrap();
        let mut bases = Vec::new();
        reference.fetch(contig, span, &mut bases).unwrap();
        assert_eq!(&bases[..20], first.as_bytes(), "{line}");
        assert_eq!(&bases[bases.len() - 20..], last.as_bytes(), "{line}");
        assert_eq!(sha512t24u(&bases), digest, "{line}");
        rows += 1;
    }
    assert_eq!(rows, 46);
}

#[test]
fn the_digest_of_chr1_is_the_one_that_python_computes() {
    let reference = FastaReference::open(data("hg38/hg38_chr1_1_1000000.fa.gz")).unwrap();
    let identity = reference.identify(&|_| ()).unwrap();
    // The first row of windows.tsv: the whole slice.
    assert_eq!(identity.contigs[0].refget, "SQ.H4v3AH3V2xO24wy6O85gkCjN00b1SZtv");
    assert_eq!(
        reference.assembly().to_string(),
        "assembly not proven (no contig has the digest of a known assembly's)"
    );
}

#[test]
fn the_bases_of_the_tert_slice_lie_at_their_coordinates() {
    let reference = FastaReference::open(study("tert/chr5_1294490_1296547.fa")).unwrap();
    let contig = reference.contig_id("NC_000005.10").unwrap();
    assert_eq!(
        reference.contig(contig).known,
        [Interval::from_bed(1_294_489, 1_296_547).unwrap()]
    );
    // The REF bases of the measured substitutions and of their neighbours; outside the slice N.
    for (position, expected) in [
        (1_295_068, b"G"),
        (1_295_113, b"G"),
        (1_295_135, b"G"),
        (1_295_228, b"C"),
        (1_295_234, b"A"),
        (1_295_250, b"G"),
        (1_294_489, b"N"),
        (1_296_548, b"N"),
    ] {
        let mut base = Vec::new();
        let span = Interval::at(Position::new(position).unwrap(), 1).unwrap();
        reference.fetch(contig, span, &mut base).unwrap();
        assert_eq!(base, expected, "{position}");
    }
    assert!(reference.assembly().proven().is_none());
}
