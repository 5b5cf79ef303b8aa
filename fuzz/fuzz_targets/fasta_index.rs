//! Any text as a FASTA index, and as a FASTA that is indexed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refalt::io::fasta::FastaIndex;

fuzz_target!(|bytes: &[u8]| {
    let _ = FastaIndex::parse(bytes);
    let _ = FastaIndex::build(bytes);
});
