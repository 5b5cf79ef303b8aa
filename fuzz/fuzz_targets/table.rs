//! Any text as a table, with columns by name, by number and found: every line of it is in some row or the file is
//! refused.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refalt::io::variants::{Format, ReadOptions, VariantReader};
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, text)) = bytes.split_first() else { return };
    let map = ["", "chrom=1,pos=2,ref=3,alt=4", "id=1,gene=2", "chrom==5,start0=1,ref=2,alt=3"][usize::from(choice % 4)];
    let options = ReadOptions {
        format: [None, Some(Format::Tsv), Some(Format::Csv)][usize::from(choice / 4 % 3)],
        columns: map.parse().expect("the maps above are sound"),
        carry: Vec::new(),
    };
    let Ok(reader) = VariantReader::from_reader(Cursor::new(text.to_vec()), "fuzz", &options) else { return };
    let mut last = 0;
    for row in reader.flatten() {
        assert!(row.line >= last, "rows leave in the order of the file");
        last = row.line;
        let _ = row.text();
    }
});
