use refalt::Diagnostic;
use refalt::io::variants::*;
use std::collections::BTreeMap;
fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let mut options = ReadOptions::default();
    let mut verbose = false;
    while args.first().is_some_and(|a| a.starts_with("--")) {
        let flag = args.remove(0);
        match flag.as_str() {
            "--columns" => options.columns = args.remove(0).parse().unwrap(),
            "--carry" => options.carry = args.remove(0).split(',').map(str::to_owned).collect(),
            "-v" | "--v" => verbose = true,
            _ => panic!(),
        }
    }
    for path in args {
        let t = std::time::Instant::now();
        match open(&Source::from_argument(&path), &options) {
            Err(e) => println!("{path}\tREFUSED\t{}\t{e}\thint: {:?}", e.place().unwrap(), e.hint()),
            Ok(reader) => {
                let f = reader.format();
                let asm = reader.header_assembly();
                let mut n = 0;
                let mut lines = std::collections::BTreeSet::new();
                let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
                let mut err = None;
                let mut first = None;
                for row in reader {
                    match row {
                        Ok(row) => {
                            n += 1;
                            lines.insert(row.line);
                            if first.is_none() || verbose {
                                if verbose {
                                    println!("{} {:?}", row.text(), row)
                                };
                                first = Some(format!(
                                    "{} {:?} {:?} {:?}",
                                    row.text(),
                                    row.id,
                                    row.said_assembly,
                                    row.carried
                                ));
                            }
                            let k = match &row.variant {
                                Ok(v) => match &v.alternate {
                                    refalt_core::Alternate::Bases(_) => "bases".to_string(),
                                    o => format!("{o:?}").split('(').next().unwrap().into(),
                                },
                                Err(p) => {
                                    format!("!{}", p.code())
                                }
                            };
                            if let Err(p) = &row.variant {
                                if verbose {
                                    println!("   {p} | {:?}", p.hint());
                                }
                            }
                            *kinds.entry(k).or_default() += 1;
                        }
                        Err(e) => {
                            err = Some(format!("{} {e}", e.place().unwrap()));
                        }
                    }
                }
                println!(
                    "{path}\t{f}\t{asm:?}\trows {n} records {}\t{kinds:?}\t{err:?}\t{first:?}\t{:?}",
                    lines.len(),
                    t.elapsed()
                );
            }
        }
    }
}
