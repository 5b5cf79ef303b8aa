//! Any text as a variant in one word, as a column map, and as a file of words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refalt::Diagnostic;
use refalt::io::variants::{ColumnMap, Format, ReadOptions, VariantReader, ids};
use refalt::core::Alternate;
use std::io::Cursor;

fuzz_target!(|text: &str| {
    match ids::parse(text).variant {
        Ok(variant) => {
            // What is written out reads back, unless an allele has no bases or the contig holds separators.
            let plain = !variant.reference_bases.is_empty()
                && matches!(&variant.alternate, Alternate::Bases(bases) if !bases.is_empty())
                && !variant.contig.as_str().contains([':', ' ', '<', '>'])
                && !variant.contig.as_str().starts_with("rs");
            if plain {
                let again = ids::parse(&variant.to_string());
                assert_eq!(again.variant.as_ref(), Ok(&variant), "{text}");
            }
        }
        Err(problem) => {
            let _ = (problem.to_string(), problem.hint());
        }
    }
    if let Ok(map) = text.parse::<ColumnMap>() {
        assert_eq!(map.to_string().parse::<ColumnMap>().as_ref(), Ok(&map));
    }
    let options = ReadOptions {
        format: Some(Format::Ids),
        ..ReadOptions::default()
    };
    if let Ok(reader) = VariantReader::from_reader(Cursor::new(text.to_owned()), "fuzz", &options) {
        reader.for_each(|row| drop(row));
    }
});
