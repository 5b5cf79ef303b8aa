//! Any bytes as BCF: rows or a message, and no more memory than there are bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refalt::io::variants::{Format, ReadOptions, VariantReader};
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let options = ReadOptions {
        format: Some(Format::Bcf),
        ..ReadOptions::default()
    };
    if let Ok(reader) = VariantReader::from_reader(Cursor::new(bytes.to_vec()), "fuzz", &options) {
        for row in reader.flatten() {
            let _ = row.text();
        }
    }
});
