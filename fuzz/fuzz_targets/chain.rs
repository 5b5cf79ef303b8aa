//! Any text as a chain file: refused with a line, or read into blocks of equal length on both sides.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(chains) = refalt::io::chain::parse("fuzz", &mut &bytes[..]) {
        for block in chains.iter().flat_map(|chain| &chain.blocks) {
            assert_eq!(block.from.len(), block.to.len());
        }
    }
});
