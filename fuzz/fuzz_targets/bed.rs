//! Any text as BED: refused with a line, or read without an inverted interval.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = refalt::io::bed::parse("fuzz", &mut &bytes[..], None) {
        for record in &file.records {
            assert!(record.interval.bed_start() <= record.interval.bed_end());
        }
    }
});
