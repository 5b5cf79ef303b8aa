//! Any text as GTF or GFF3: refused with a line, or read into gene models whose parts lie in the whole.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refalt::io::genes::{MalformedLines, parse};

fuzz_target!(|bytes: &[u8]| {
    for malformed in [MalformedLines::Refuse, MalformedLines::LeaveOut] {
        let Ok(genes) = parse("fuzz", &mut &bytes[..], malformed) else { continue };
        assert!(malformed == MalformedLines::LeaveOut || genes.source.left_out == 0);
        for transcript in genes.annotation.transcripts() {
            let gene = genes.annotation.gene(transcript.gene);
            assert!(gene.body.covers(transcript.body));
            for exon in genes.annotation.exons(transcript.index) {
                assert!(transcript.body.covers(exon));
            }
        }
    }
});
