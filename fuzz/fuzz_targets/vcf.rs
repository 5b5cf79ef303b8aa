//! Any bytes as VCF, plain or packed: rows or a message, every record a row, nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refalt::Diagnostic;
use refalt::io::variants::{Format, ReadOptions, VariantReader};
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    for format in [None, Some(Format::Vcf)] {
        let options = ReadOptions {
            format,
            ..ReadOptions::default()
        };
        let reader = match VariantReader::from_reader(Cursor::new(bytes.to_vec()), "fuzz", &options) {
            Ok(reader) => reader,
            Err(error) => {
                let _ = (error.to_string(), error.place(), error.hint());
                continue;
            }
        };
        for (index, row) in reader.enumerate() {
            match row {
                Ok(row) => {
                    assert_eq!(row.row, index as u64 + 1);
                    assert!(!row.text().is_empty());
                    let _ = row.rsid();
                    let _ = row.variant.map_err(|problem| (problem.to_string(), problem.hint()));
                }
                Err(error) => {
                    let _ = (error.to_string(), error.place(), error.hint());
                }
            }
        }
    }
});
