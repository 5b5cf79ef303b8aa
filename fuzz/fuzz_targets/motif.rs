//! Any text as motifs in any format: refused with a line, or at least one motif.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(motifs) = refalt::io::motif::read("fuzz", bytes) {
        assert!(!motifs.is_empty());
    }
});
